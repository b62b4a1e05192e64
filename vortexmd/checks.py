"""Numbers from users: each check returns the value or says what is allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from potentials.checks import MOST_SHOWN as SHOWN
from potentials.checks import check_flag as flag
from potentials.checks import check_number, shown, whole
from potentials.checks import real_array as numbers

__all__ = [
    "LARGEST",
    "SHOWN",
    "SMALLEST",
    "file_path",
    "fits_memory",
    "flag",
    "measure",
    "measure_or_zero",
    "not_negative",
    "number",
    "numbers",
    "pair",
    "positive",
    "shown",
    "whole",
]

# A few physical quantities between these, multiplied or squared, neither overflow nor vanish.
SMALLEST, LARGEST = 1e-30, 1e30


def positive(name: str, value: Any) -> float:
    """`value` as a finite float above 0; ValueError naming `name` otherwise."""
    number = check_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} = {shown(value)}: give a finite number, more than 0")
    return number


def not_negative(name: str, value: Any) -> float:
    """`value` as a finite float, 0 or more; ValueError naming `name` otherwise."""
    number = check_number(name, value)
    if number < 0:
        raise ValueError(f"{name} = {shown(value)}: give a finite number, 0 or more")
    # -0.0 is 0.0.
    return abs(number)


def measure(name: str, value: Any, low: float = SMALLEST, high: float = LARGEST) -> float:
    """`value` as a positive float that arithmetic can bear; ValueError naming `name` otherwise.

    As `positive`, from `low` to `high`: beyond these products of a few such quantities overflow or
    vanish.
    """
    number = positive(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name} = {shown(value)}: give at least {low:g}, at most {high:g}")
    return number


def measure_or_zero(name: str, value: Any) -> float:
    """`value` as 0 or a `measure`; ValueError naming `name` otherwise."""
    number = not_negative(name, value)
    return measure(name, value) if number else 0.0


def number(name: str, value: Any, limit: float = LARGEST) -> float:
    """`value` as a float within ±`limit`; ValueError naming `name` otherwise."""
    number = check_number(name, value)
    if abs(number) > limit:
        raise ValueError(f"{name} = {shown(value)}: give a finite number within ±{limit:g}")
    return number


def pair(name: str, value: Any, limit: float = LARGEST) -> tuple[float, float]:
    """`value` as two floats within ±`limit`; ValueError naming `name` otherwise."""
    both = numbers(name, value, "two numbers (x, y)")
    if both.shape != (2,):
        raise ValueError(f"{name} = {shown(value)}: give two numbers (x, y)")
    if not (np.abs(both) <= limit).all():
        raise ValueError(f"{name} = {shown(value)}: give two finite numbers within ±{limit:g}")
    return float(both[0]), float(both[1])


def file_path(name: str, value: Any) -> Path:
    """`value` as a path; ValueError naming `name` if it is no text, or cannot be a file's name."""
    try:
        path = os.fspath(value)
    except TypeError:
        path = None
    if not isinstance(path, str) or not path or "\0" in path:
        raise ValueError(f"{name} = {shown(value)}: give the name of a file")
    return Path(path)


def fits_memory(name: str, value: Any, size: float) -> None:
    """ValueError naming `name` if `size` bytes are more than this machine has (where it says)."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    if size > memory > 0:
        raise ValueError(
            f"{name} = {shown(value)}: takes about {size / 2**30:.3g} GiB of memory, and this machine "
            f"has {memory / 2**30:.3g} GiB; give less"
        )
