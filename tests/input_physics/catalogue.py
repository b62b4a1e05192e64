"""Values that no argument should be given, and what a call may do with them.

A call is sound if it gives a value, or refuses with one ValueError of one line that names the argument.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np

from potentials import FitRangeWarning, TruncatedTableWarning
from vortexmd.flux_exchange import FluxExchangeWarning

# What a constructor may warn of and go on.
ANNOUNCED = (FitRangeWarning, TruncatedTableWarning, FluxExchangeWarning)

# Numbers at the ends of what a float holds.
EXTREME: dict[str, Any] = {
    "nan": nan,
    "inf": inf,
    "-inf": -inf,
    "zero": 0,
    "minus zero": -0.0,
    "minus one": -1,
    "huge": 1e308,
    "minus huge": -1e308,
    "tiny": 5e-324,
    "whole and huge": 10**400,
    "whole and long": 10**5000,
    "past int64": 2**63,
    "a huge fraction": Fraction(10**400, 3),
}
# What is no real number at all.
WRONG_TYPE: dict[str, Any] = {
    "None": None,
    "true": True,
    "false": np.False_,
    "text": "two",
    "a number in text": "1.0",
    "bytes": b"1",
    "complex": 1 + 2j,
    "numpy complex": np.complex128(1j),
    "list": [1.0],
    "empty": [],
    "dict": {},
    "set": {1.0},
    "object": object(),
    "class": float,
    "array": np.array([1.0, 2.0]),
    "ragged": [[1.0], [1.0, 2.0]],
    "objects": np.array([object(), None]),
    "time": np.timedelta64(1, "s"),
    "date": np.datetime64("2011-02-01"),
    "lines": "one\ntwo",
}
BAD: dict[str, Any] = {**EXTREME, **WRONG_TYPE}

# Arrays of separations or wave numbers, good and bad.
ARRAYS: dict[str, Any] = {
    "ends": np.array([0.0, 5e-324, 1e-200, 1e-30, 1.0, 50.0, 1e12, 1e200, 1e308, inf]),
    "nothing": np.array([]),
    "nothing in rows": np.zeros((0, 3)),
    "rows": np.ones((2, 1, 3)),
    "whole": np.array([1, 2], dtype=np.int8),
    "single": np.array([1.0, 2.0], dtype=np.float32),
    "with nan": np.array([1.0, nan]),
    "with a negative": np.array([1.0, -1.0]),
    "of text": np.array(["1.0", "two"]),
    "of objects": np.array([1.0, None], dtype=object),
    "of complex": np.array([1.0 + 0j]),
    "ragged list": [[1.0], [1.0, 2.0]],
    "long doubles": np.array([1.0, 2.0], dtype=np.longdouble),
}


def outcome(call: Callable[[], Any], names: str | tuple[str, ...]) -> tuple[Any, str | None]:
    """What `call` gives, and what is wrong with how it took its argument.

    Parameters
    ----------
    call
        To be tried.
    names
        Words of which a refusal has to hold one.

    Returns
    -------
    value, fault
        The value (None after a refusal), and None for a sound call, else the fault in words.
    """
    with warnings.catch_warnings():
        for category in ANNOUNCED:
            warnings.simplefilter("ignore", category)
        try:
            return call(), None
        except ValueError as refusal:
            return None, refused_badly(str(refusal), names)
        except Exception as error:  # nothing else is allowed, so nothing else may pass
            return None, f"{type(error).__name__}: {error!s:.200}"


def refused_badly(message: str, names: str | tuple[str, ...]) -> str | None:
    """What is wrong with a refusal: it has to be one line, and to name the argument."""
    names = (names,) if isinstance(names, str) else names
    if "\n" in message:
        return f"more than one line: {message!r:.200}"
    if len(message) > 600:
        return f"{len(message)} characters: {message!r:.200}"
    if not any(name in message for name in names):
        return f"does not name {' or '.join(names)}: {message!r:.200}"
    return None


def faults(
    make: Callable[..., Any],
    good: Mapping[str, Any],
    *,
    values: Mapping[str, Any] = BAD,
    called: Mapping[str, tuple[str, ...]] | None = None,
    use: Callable[[Any], str | None] = lambda value: None,
) -> list[str]:
    """All unsound answers of `make` when one argument after another of `good` is replaced.

    Parameters
    ----------
    make
        A constructor or function, called with keywords.
    good
        Arguments that it takes.
    values
        What takes their place, by name.
    called
        Other words for an argument in messages.
    use
        What is done with what `make` gives: the fault in words, or None.
    """
    found = []
    for argument in good:
        for what, value in values.items():
            names = (argument, *(called or {}).get(argument, ()))

            def call(argument: str = argument, value: Any = value) -> Any:
                return make(**{**good, argument: value})

            made, fault = outcome(call, names)
            if fault is None and made is not None:
                fault = use(made)
            if fault is not None:
                found.append(f"{argument} = {what}: {fault}")
    return found


def report(found: list[str]) -> str:
    """Faults one a line, for an assertion's message."""
    return f"{len(found)} faults\n" + "\n".join(found)
