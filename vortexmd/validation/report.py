"""What the validation found, for people (lines of a table, Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from vortexmd.validation.check import STANDARD_ERRORS, Outcome

TITLE = "Validation of vortexmd"
PROGRAM = "vortexmd validate"
PROVENANCE = (
    "vortexmd",
    "git_revision",
    "started",
    "python",
    "numpy",
    "scipy",
    "numba",
    "processor",
)


def header() -> str:
    """The names of the columns of `line`."""
    return _columns("", "area", "what", "expected", "measured", "unit", "s", "source")


def line(outcome: Outcome) -> str:
    """One outcome as a line of the table; with the error below it where there was one."""
    check = outcome.check
    text = _columns(
        word(outcome),
        outcome.area,
        check.name,
        expected(outcome),
        measured(outcome),
        check.unit,
        f"{outcome.seconds:.1f}",
        check.source,
    )
    return f"{text}\n      {outcome.error}" if outcome.error else text


def word(outcome: Outcome) -> str:
    """pass or FAIL."""
    return "pass" if outcome.passed else "FAIL"


def expected(outcome: Outcome) -> str:
    """The expected number and how far from it the measured one may lie."""
    return f"{outcome.check.expected:.9g} ± {outcome.check.tolerance:.2g}"


def measured(outcome: Outcome) -> str:
    """The measured number, with its standard error where it has one."""
    if outcome.measured is None:
        return "error"
    error = f" ({outcome.standard_error:.1g})" if outcome.standard_error else ""
    return f"{outcome.measured:.9g}{error}"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many passed, in one line; below it those that did not."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    seconds = sum(outcome.seconds for outcome in outcomes)
    lines = [f"{len(outcomes) - len(failed)} of {len(outcomes)} checks pass ({seconds:.0f} s)"]
    lines += [f"FAIL  {outcome.area}: {outcome.check.name}" for outcome in failed]
    return "\n".join(lines)


def as_data(
    outcomes: Sequence[Outcome], planned: int, quick: bool, about: dict[str, Any]
) -> dict[str, Any]:
    """All of it as what JSON can hold; `about` is `vortexmd.provenance.provenance()`.

    Incomplete where there are fewer outcomes than checks were `planned`.
    """
    return {
        "program": PROGRAM,
        "quick": quick,
        "complete": len(outcomes) == planned,
        "planned": planned,
        "provenance": about,
        "passed": sum(outcome.passed for outcome in outcomes),
        "failed": sum(not outcome.passed for outcome in outcomes),
        "seconds": sum(outcome.seconds for outcome in outcomes),
        "checks": [_row(outcome) for outcome in outcomes],
    }


def as_json(data: dict[str, Any]) -> str:
    """`as_data` as text."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(
    outcomes: Sequence[Outcome], planned: int, quick: bool, about: dict[str, Any]
) -> str:
    """A page with one table an area; arguments as of `as_data`."""
    failed = sum(not outcome.passed for outcome in outcomes)
    form = "quick form" if quick else "all checks"
    lines = [f"# {TITLE}", ""]
    lines += [f"{len(outcomes) - failed} of {len(outcomes)} pass ({form}).", ""]
    if len(outcomes) < planned:
        lines += [f"**Incomplete**: stopped after {len(outcomes)} of {planned} checks.", ""]
    lines += [f"- {name}: {about[name]}" for name in PROVENANCE if about.get(name) is not None]
    lines += [
        "",
        "± is the tolerance; a standard error in brackets belongs to a statistical number, which may be "
        f"{STANDARD_ERRORS:g} of them further off.",
    ]
    for area in dict.fromkeys(outcome.area for outcome in outcomes):
        lines += ["", f"## {area.replace('_', ' ').capitalize()}", ""]
        lines += _markdown_row(["", "what", "expected", "measured", "unit", "s", "source"])
        lines += _markdown_row(["---"] * 7)
        for outcome in outcomes:
            if outcome.area == area:
                lines += _markdown_row(_cells(outcome))
    return "\n".join(lines) + "\n"


def _cells(outcome: Outcome) -> list[str]:
    check = outcome.check
    what = f"{check.name} ({check.note})" if check.note else check.name
    found = f"{measured(outcome)}: {outcome.error}" if outcome.error else measured(outcome)
    seconds = f"{outcome.seconds:.1f}"
    return [word(outcome), what, expected(outcome), found, check.unit, seconds, check.source]


def _markdown_row(cells: Iterable[str]) -> list[str]:
    return ["| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"]


def _columns(
    verdict: str, area: str, what: str, expected: str, measured: str, unit: str, s: str, source: str
) -> str:
    return f"{verdict:4}  {area:16}  {what:56}  {expected:24}  {measured:24}  {unit:4}  {s:>5}  {source}"


def _row(outcome: Outcome) -> dict[str, Any]:
    check = outcome.check
    return {
        "area": outcome.area,
        "name": check.name,
        "source": check.source,
        "unit": check.unit,
        "expected": _finite(check.expected),
        "tolerance": _finite(check.tolerance),
        "measured": _finite(outcome.measured),
        "standard_error": _finite(outcome.standard_error),
        "allowed": _finite(outcome.allowed),
        "passed": outcome.passed,
        "quick": check.quick,
        "seconds": outcome.seconds,
        "error": outcome.error,
        "note": check.note,
    }


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinities."""
    return float(value) if value is not None and isfinite(value) else None
