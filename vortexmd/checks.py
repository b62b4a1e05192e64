"""Numbers from users: each check returns the value or says what is allowed."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np


def positive(name: str, value: Any) -> float:
    """`value` as a finite float above 0; ValueError naming `name` otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise ValueError(f"{name} = {value!r}: give a number")
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{name} = {value!r}: give a finite number, more than 0")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """`value` as a finite float, 0 or more; ValueError naming `name` otherwise."""
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and value == 0:
        return 0.0
    try:
        return positive(name, value)
    except ValueError:
        raise ValueError(f"{name} = {value!r}: give a finite number, 0 or more") from None


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low … high; ValueError naming `name` otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} = {value!r}: give a whole number")
    if not low <= value <= high:
        raise ValueError(f"{name} = {value!r}: give a whole number from {low} to {high}")
    return int(value)
