"""Numbers from users: each check returns the value or says what is allowed."""

from __future__ import annotations

import os
import sys
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A few physical quantities between these, multiplied or squared, neither overflow nor vanish.
SMALLEST, LARGEST = 1e-30, 1e30
# Longer values are cut in messages.
SHOWN = 80


def shown(value: Any) -> str:
    """`value` for a message: its repr on one line, cut where it is long."""
    if isinstance(value, int) and value.bit_length() > 4 * SHOWN:
        return f"{'-' * (value < 0)}(a whole number of {value.bit_length()} bits)"
    if isinstance(value, np.ndarray) and value.size > SHOWN:
        return f"<array of shape {value.shape}>"
    if isinstance(value, str):
        value = value[: SHOWN + 1]
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):
        return f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN else text[: SHOWN - 2] + " …"


def _is_number(value: Any) -> bool:
    real = (int, float, np.integer, np.floating)
    return isinstance(value, real) and not isinstance(value, (bool, np.timedelta64))


def _finite(value: Any) -> bool:
    """Whether a number is finite as a float: a whole number may be too long for one."""
    try:
        return isfinite(value)
    except OverflowError:
        return False


def positive(name: str, value: Any) -> float:
    """`value` as a finite float above 0; ValueError naming `name` otherwise."""
    if not _is_number(value):
        raise ValueError(f"{name} = {shown(value)}: give a number")
    if not (_finite(value) and value > 0):
        raise ValueError(f"{name} = {shown(value)}: give a finite number, more than 0")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """`value` as a finite float, 0 or more; ValueError naming `name` otherwise."""
    if _is_number(value) and value == 0:
        return 0.0
    try:
        return positive(name, value)
    except ValueError:
        raise ValueError(f"{name} = {shown(value)}: give a finite number, 0 or more") from None


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
    if not _is_number(value):
        raise ValueError(f"{name} = {shown(value)}: give a number")
    if not (_finite(value) and abs(value) <= limit):
        within = "" if limit == sys.float_info.max else f" within ±{limit:g}"
        raise ValueError(f"{name} = {shown(value)}: give a finite number{within}")
    return float(value)


def pair(name: str, value: Any, limit: float = LARGEST) -> tuple[float, float]:
    """`value` as two floats within ±`limit`; ValueError naming `name` otherwise."""
    both = numbers(name, value, "two numbers (x, y)")
    if both.shape != (2,):
        raise ValueError(f"{name} = {shown(value)}: give two numbers (x, y)")
    if not (np.abs(both) <= limit).all():
        raise ValueError(f"{name} = {shown(value)}: give two finite numbers within ±{limit:g}")
    return float(both[0]), float(both[1])


def numbers(name: str, value: Any, form: str) -> NDArray[np.float64]:
    """A new float array of `value`, of any shape, NaN and infinities included.

    Raises
    ------
    ValueError
        Naming `name` and the `form` wanted, if there is anything in it but real numbers: text, true and
        false, complex numbers, objects, rows of different length.
    """
    try:
        given = np.asarray(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        given = np.empty(0, dtype=object)
    empty = given.size == 0 and given.dtype == np.float64
    if not empty and (given.dtype.kind not in "iuf" or _holds_bool(value)):
        raise ValueError(f"{name} = {shown(value)}: give {form}")
    with np.errstate(over="ignore"):
        return given.astype(np.float64)


def _holds_bool(value: Any) -> bool:
    """Whether nested lists hold a bool: numpy takes it for 0 or 1 among numbers."""
    if isinstance(value, (list, tuple)):
        return any(_holds_bool(item) for item in value)
    return isinstance(value, (bool, np.bool_))


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low … high; ValueError naming `name` otherwise."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, (bool, np.timedelta64)):
        raise ValueError(f"{name} = {shown(value)}: give a whole number")
    if not low <= value <= high:
        raise ValueError(f"{name} = {shown(value)}: give a whole number from {low} to {high}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """`value` if it is a bool; ValueError naming `name` otherwise."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} = {shown(value)}: give true or false")
    return value


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
