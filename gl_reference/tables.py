"""The paper's Tables 1-5 regenerated from the Ginzburg-Landau equations: `run_tables`.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). Forces are those of the
`coulomb` reading with gauge weight 1 (`gl_reference.confocal`).
"""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike

from gl_reference.checks import check_list, check_range
from gl_reference.confocal import MU_RANGE, TOLERANCES
from gl_reference.curves import SPLINE_DEGREE, WINDINGS, fit_separations
from gl_reference.row_runner import MOST_JOBS, cores, solve_rows
from gl_reference.table_files import check_folder, load_generated, write_whole
from gl_reference.table_output import SHORT, write_tables
from gl_reference.table_rows import Settings, SolvedRow, Task
from gl_reference.verdicts import AGREES, Verdict, judge
from potentials.checks import check_flag, real_array, shown, whole
from potentials.critical import Kind
from potentials.gl_tables import row_mus

KINDS: tuple[Kind, ...] = ("V-V", "V-GV", "V-AV")
PROVENANCE = "provenance.json"
QUICK_MUS = (0.6, 1.7)  # the paper's own examples, one of each type
QUICK_EVERY = 2
FEWEST_FITTED = 6  # separations, for four parameters


class TablesMismatchError(RuntimeError):
    """Forces of a quick check are not those of the tables that ship with the package."""


@dataclass(frozen=True)
class TablesResult:
    """What `run_tables` found.

    Attributes
    ----------
    folder : Path
        Where the files are (see `gl_reference.table_output`).
    verdicts : tuple of Verdict
        One for each row.
    tolerance : float
        Relative accuracy that the forces were computed to.
    quick : bool
        Whether this is the quick check.
    seconds : float
        What it took, rows that were there before not counted.
    """

    folder: Path
    verdicts: tuple[Verdict, ...]
    tolerance: float
    quick: bool
    seconds: float

    def summary(self) -> str:
        """A line for each row: the largest deviation of the paper's force, and the verdict."""
        lines = []
        for kind in KINDS:
            rows = [v for v in self.verdicts if v.kind == kind]
            if not rows:
                continue
            table = {"V-V": "Table 1", "V-GV": "Table 3", "V-AV": "Table 5"}[kind]
            agreeing = sum(v.word == "agrees" for v in rows)
            lines.append(
                f"{table}, {kind}: {agreeing} of {len(rows)} rows agree with the Ginzburg-Landau "
                f"forces to {AGREES:.0%} of the largest"
            )
            for v in rows:
                far = (
                    ""
                    if math.isnan(v.deviation)
                    else f"{v.deviation:7.1%} at {v.deviation_at:4.1f}"
                )
                lines.append(f"  mu = {v.mu:<5g} {far:>15} λ  {v.word}: {v.evidence}")
        lines.append(f"files in {self.folder} ({self.seconds:.0f} s)")
        return "\n".join(lines)

    def to_json(self) -> str:
        """All of it as JSON; NaN as null."""
        rows = [{**asdict(v), "verdict": v.word, "evidence": v.evidence} for v in self.verdicts]
        whole = {
            "folder": str(self.folder),
            "tolerance": self.tolerance,
            "quick": self.quick,
            "seconds": self.seconds,
            "rows": rows,
        }
        return json.dumps(_without_nan(whole), indent=1, ensure_ascii=False)


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def run_tables(
    folder: str | os.PathLike[str],
    mus: Sequence[float] | None = None,
    kinds: Sequence[Kind] = KINDS,
    tolerance: float = 1e-4,
    jobs: int | None = None,
    quick: bool = False,
    progress: bool = False,
    separations: ArrayLike | None = None,
    overwrite: bool = False,
) -> TablesResult:
    """Compute forces, fit them, and write the paper's tables anew beside comparisons.

    Every row (a kind of pair at one μ) is kept in `folder`/rows as soon as it is done: an
    interrupted run goes on where it was. Rows of other tolerances, separations or versions stay,
    and are not used.

    Parameters
    ----------
    folder : path
        Made where missing.
    mus : sequence of float, optional
        μ = √2 κ, 0.1 … 20, not 1 (except V-AV alone). Default: the paper's rows of each kind.
    kinds : sequence of "V-V", "V-GV", "V-AV"
        Tables 1 and 2, 3 and 4, and 5.
    tolerance : float
        Relative accuracy of the forces, 1e-9 … 0.1; below about a hundredth of the row's largest
        force it is the accuracy relative to that hundredth.
    jobs : int, optional
        Processes; default: one for each core.
    quick : bool
        Only μ = 0.6 and 1.7 of each kind, at half of the separations, against the tables that
        ship with the package: `TablesMismatchError` where a force differs by more than the
        tolerances of the two together, of the row's largest force.
    progress : bool
        A bar, on a terminal.
    separations : (N ≥ 6,) array, optional
        In λ, increasing. Default: 0.2 … 15/min(1, μ) (V-AV from the paper's d_A), spaced as
        the force bends.
    overwrite : bool
        Replace tables of other rows or settings that are in `folder` (solved rows always stay).

    Raises ValueError for the above and FileExistsError for tables of other settings, before anything
    is computed; `ConvergenceError` where a row fails (after all others are done and kept).
    """
    tasks = _tasks(mus, kinds, tolerance, quick, separations)
    if jobs is not None:
        jobs = whole("jobs", jobs, 1, MOST_JOBS)
    check_flag("progress", progress)
    check_flag("overwrite", overwrite)
    path = check_folder(folder)
    about = _provenance(tasks, quick)
    if not overwrite:
        _check_same(path, about)
    start = time.perf_counter()
    rows = solve_rows(tasks, path, jobs or cores(), progress)
    verdicts = tuple(judge(row) for row in rows)
    write_tables(path, rows, verdicts)
    write_whole(path / PROVENANCE, json.dumps(about, indent=1) + "\n")
    if quick:
        for row in rows:
            _check_shipped(row, tolerance)
    return TablesResult(path, verdicts, tolerance, quick, time.perf_counter() - start)


# ---------------------------------------------------------------- what to compute
def _tasks(
    mus: Sequence[float] | None,
    kinds: Sequence[Kind],
    tolerance: float,
    quick: bool,
    separations: ArrayLike | None,
) -> list[Task]:
    kinds = check_list("kinds", kinds)
    for kind in kinds:
        if not isinstance(kind, str) or kind not in WINDINGS:
            raise ValueError(f"kinds: {shown(kind)}; give some of {', '.join(map(repr, KINDS))}")
    if mus is not None:
        mus = check_list("mus", mus)
    if not kinds:
        raise ValueError("kinds: empty; give some of 'V-V', 'V-GV', 'V-AV'")
    if check_flag("quick", quick) and (mus is not None or separations is not None):
        raise ValueError("quick = True: takes its own mus and separations; give none")
    settings = Settings(
        check_range("tolerance", tolerance, *TOLERANCES),
        None if separations is None else _checked_separations(separations),
        QUICK_EVERY if quick else 1,
        _version(),
    )
    tasks = []
    for kind in dict.fromkeys(kinds):
        chosen = QUICK_MUS if quick else row_mus(kind) if mus is None else mus
        for mu in sorted({check_range("mus", mu, *MU_RANGE) for mu in chosen}):
            if mu == 1 and kind != "V-AV":
                raise ValueError(
                    f"mus: 1, where {kind} pairs do not act on each other; leave it out"
                )
            task = Task(kind, mu, settings)
            _check_reach(task)
            tasks.append(task)
    if not tasks:
        raise ValueError("mus: empty; give some, or None for the paper's rows")
    return tasks


def _check_reach(task: Task) -> None:
    low, high = task.separations[0], task.separations[-1]
    fitted = fit_separations(task.kind, task.mu, low, high)
    if fitted.size < FEWEST_FITTED:
        raise ValueError(
            f"separations: {low:g} … {high:g} holds {fitted.size} of those that {task.kind} is "
            f"fitted on at mu = {task.mu:g}; give a wider range"
        )


def _checked_separations(separations: ArrayLike) -> tuple[float, ...]:
    d = real_array("separations", separations)
    if d.ndim != 1 or d.size <= SPLINE_DEGREE:
        raise ValueError(f"separations: {d.shape}; give at least {SPLINE_DEGREE + 1} in one row")
    if not (np.isfinite(d).all() and (d > 0).all() and (np.diff(d) > 0).all()):
        raise ValueError("separations: must be positive, finite and increasing (in λ)")
    return tuple(map(float, d))


# ---------------------------------------------------------------- where it comes from
def _version() -> str:
    try:
        return version("vortexmd")
    except PackageNotFoundError:
        return "not installed"


def _provenance(tasks: Sequence[Task], quick: bool) -> dict[str, Any]:
    settings = tasks[0].settings
    command = ["vortexmd gl tables"]
    command += ["--quick"] if quick else []
    command += [f"--tolerance {settings.tolerance:g}"]
    return {
        "command": " ".join(command),
        "kinds": sorted({task.kind for task in tasks}),
        "mus": sorted({task.mu for task in tasks}),
        "tolerance": settings.tolerance,
        "separations": settings.separations or "default",
        "reading": "coulomb, gauge weight 1",
        "vortexmd": settings.version,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _check_same(folder: Path, about: dict[str, Any]) -> None:
    """Refuse to replace the tables of other rows or settings."""
    file = folder / PROVENANCE
    if not file.exists():
        return
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        there = {}
    for name in ("kinds", "mus", "separations", "tolerance", "command"):
        # As JSON has it: a tuple comes back as a list.
        if there.get(name) != json.loads(json.dumps(about[name])):
            raise FileExistsError(
                f"folder = {str(folder)!r}: holds tables of other settings ({name}: "
                f"{there.get(name)}); choose another, or overwrite them (--force)"
            )


def _check_shipped(row: SolvedRow, tolerance: float) -> None:
    """Raise `TablesMismatchError` where forces are not the shipped ones, which are no worse."""
    shipped = [
        (float(line["d"]), float(line["force"]))
        for line in load_generated(f"forces_{SHORT[row.kind]}")
        if math.isclose(float(line["mu"]), row.mu, rel_tol=1e-9)
    ]
    allowed = 2 * tolerance * max(map(abs, row.force))
    for d, force in zip(row.d, row.force, strict=True):
        match = [there for at, there in shipped if math.isclose(at, d, rel_tol=1e-9)]
        if not match or not abs(force - match[0]) <= allowed:
            there = f"{match[0]:.6g}" if match else "missing"
            raise TablesMismatchError(
                f"{row.kind}, mu = {row.mu:g}, d = {d:.4g}: {force:.6g} Ω₀, shipped {there} "
                f"(allowed {allowed:.1e}); if the solver was changed on purpose, generate "
                "gl_reference/data anew"
            )
