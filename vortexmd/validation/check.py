"""One number of the physics validation: what it should be, who says so, and what was measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

# Statistical checks allow this many standard errors: one in 16 000 fails by chance.
STANDARD_ERRORS = 4.0


@dataclass(frozen=True)
class Measured:
    """A measured number, with its standard error where it is a statistical one."""

    value: float
    standard_error: float = 0.0


@dataclass(frozen=True)
class Check:
    """A number to be measured and what it is held against.

    Parameters
    ----------
    name
        What is measured, unique within its area, with its parameters.
    source
        Whose number it is: "exact: …" with the formula, or paper and equation or table, or the other
        method. Never the program itself.
    unit
        Of the number: "λ", "ε₀", "Ω₀", "τ", … or "" for a pure one.
    expected, tolerance
        The number, and how far from it the measured one may lie, in that unit; for statistical numbers in
        addition to `STANDARD_ERRORS` standard errors of the sample.
    measure
        Computes it.
    quick
        Whether it takes less than a second, and so belongs to the quick form.
    note
        What a reader should know: why this tolerance, say.
    sample
        Names what is computed once for all the checks of the area that name it; they are measured in the
        same process.
    """

    name: str
    source: str
    unit: str
    expected: float
    tolerance: float
    measure: Callable[[], Measured | float]
    quick: bool = True
    note: str = ""
    sample: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a check; `measured` is None where it ended with an `error`."""

    area: str
    check: Check
    measured: float | None
    standard_error: float
    allowed: float
    passed: bool
    seconds: float
    error: str = ""


def judge(area: str, check: Check) -> Outcome:
    """Measure and compare; whatever goes wrong on the way is a check that failed."""
    began = time.perf_counter()
    try:
        result = check.measure()
        measured = result if isinstance(result, Measured) else Measured(float(result))
    except Exception as error:
        problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
        seconds = time.perf_counter() - began
        return Outcome(area, check, None, 0.0, check.tolerance, False, seconds, problem)
    # Plain numbers from here on: numpy's cannot be written as JSON.
    value, standard_error = float(measured.value), float(measured.standard_error)
    allowed = check.tolerance + STANDARD_ERRORS * standard_error
    passed = bool(isfinite(allowed) and abs(value - check.expected) <= allowed)
    seconds = time.perf_counter() - began
    return Outcome(area, check, value, standard_error, allowed, passed, seconds)
