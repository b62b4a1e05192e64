"""Numbers, words and arrays from users: each check returns the value or says what is allowed."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Strengths and lengths of laws: between the smallest and the largest radius forces are then floats still.
SMALLEST, LARGEST = 1e-100, 1e100
# Characters of a refused value that a message repeats.
MOST_SHOWN = 80


def shown(value: object) -> str:
    """`value` as an error message repeats it: on one line, and not all of a long one."""
    if isinstance(value, int) and value.bit_length() > 4 * MOST_SHOWN:
        return f"{'-' * (value < 0)}(a whole number of {value.bit_length()} bits)"
    if isinstance(value, np.ndarray) and value.size > MOST_SHOWN:
        return f"<array of shape {value.shape}>"
    if isinstance(value, str):
        value = value[: MOST_SHOWN + 1]
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):
        return f"<{type(value).__name__}>"
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 2] + " …"


def check_number(name: str, value: Any) -> float:
    """`value` as a finite float, or a ValueError that names the field; no text, no true or false."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} = {shown(value)}: give a real number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{name} = {shown(value)}: must be finite as a float") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} = {number}: must be finite")
    return number


def check_positive(name: str, value: Any) -> float:
    """`value` as a positive finite float, or an error that names the field."""
    number = check_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} = {number}: must be positive")
    return number


def check_strength(name: str, value: Any) -> float:
    """`value` as a float of either sign, up to 1e100 so that no force overflows."""
    number = check_number(name, value)
    if abs(number) > LARGEST:
        raise ValueError(f"{name} = {number:g}: give at most {LARGEST:g} in magnitude")
    return number


def check_length(name: str, value: Any) -> float:
    """`value` as a float of 1e-100 … 1e100, between which no law over- or underflows."""
    number = check_positive(name, value)
    if not SMALLEST <= number <= LARGEST:
        raise ValueError(f"{name} = {number:g}: give {SMALLEST:g} … {LARGEST:g}")
    return number


def check_flag(name: str, value: Any) -> bool:
    """True or False, or an error: what merely counts as true in Python may be a slip."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} = {shown(value)}: give true or false")
    return bool(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in low … high, or an error that names the field."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, (bool, np.timedelta64)):
        raise ValueError(f"{name} = {shown(value)}: give a whole number")
    if not low <= value <= high:
        raise ValueError(f"{name} = {shown(value)}: give a whole number from {low} to {high}")
    return int(value)


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> str:
    """`value` if it is one of the words `known`, or an error that lists them."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} = {shown(value)}: give one of {', '.join(map(repr, known))}")
    return value


def real_array(name: str, values: Any, form: str = "real numbers") -> NDArray[np.float64]:
    """A new float array of `values`, of any shape, NaN and infinities included.

    Raises
    ------
    ValueError
        Naming `name` and the `form` wanted, if there is anything in it but real numbers: text, true and
        false, complex numbers, objects, rows of different length.
    """
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, OverflowError, RecursionError):
        given = np.empty(0, dtype=object)
    empty = given.size == 0 and given.dtype == np.float64
    if not empty and (given.dtype.kind not in "iuf" or _holds_bool(values)):
        raise ValueError(f"{name} = {shown(values)}: give {form}")
    with np.errstate(over="ignore"):  # of more than double precision
        return given.astype(np.float64)


def _holds_bool(value: Any) -> bool:
    """Whether nested lists hold a bool: numpy takes it for 0 or 1 among numbers."""
    if isinstance(value, (list, tuple)):
        return any(_holds_bool(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype == np.bool_
    return isinstance(value, (bool, np.bool_))


def nonnegative_array(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """`values` as a float array without negative entries or NaN (the first bad one is named)."""
    array = real_array(name, values)
    bad = ~(array >= 0)
    if bad.any():
        raise ValueError(f"{name} = {array[bad].flat[0]}: must be zero or positive, not NaN")
    return array
