"""Solved rows of the tables: the forces of one kind of pair at one μ, computed once and kept.

Each row is a file of its own in the folder `rows`, written whole when it is done. Its name
carries what it was computed with, so that rows of other settings stay beside it untouched, and an
interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np

from gl_reference.confocal import ConfocalPair, confocal_pair
from gl_reference.curves import (
    SMALL_PART,
    WINDINGS,
    ForceCurve,
    default_separations,
    fit_separations,
    largest_force,
    simplest,
)
from gl_reference.row_runner import Interrupted
from potentials.base import Array
from potentials.critical import Kind, range_problem
from potentials.gl_fit import GLPair

FORMAT = 1  # of the row files; a change makes old ones invisible, not wrong
GAUGE_WEIGHTS = (0.1, 10.0)


@dataclass(frozen=True)
class Settings:
    """What a row is computed with: rows of other settings are other rows.

    `separations` are those given, or None for the default ones of each row; `every` keeps one of
    so many of these.
    """

    tolerance: float
    separations: tuple[float, ...] | None
    every: int
    version: str


@dataclass(frozen=True)
class Task:
    """One row to solve."""

    kind: Kind
    mu: float
    settings: Settings

    @property
    def separations(self) -> tuple[float, ...]:
        """Where the row is solved, in λ."""
        given = self.settings.separations or default_separations(self.kind, self.mu)
        return tuple(map(float, given[:: self.settings.every]))

    def file(self, folder: Path) -> Path:
        settings = self.settings
        stated = json.dumps(
            [FORMAT, self.kind, self.mu, settings.tolerance, settings.version, *self.separations]
        )
        digest = hashlib.sha256(stated.encode()).hexdigest()[:10]
        return folder / "rows" / f"{self.kind.replace('-', '')}_mu{self.mu:.6g}_{digest}.json"

    @property
    def heavy(self) -> bool:
        """Whether the row takes longer than most."""
        return self.kind == "V-GV"

    def solve(self, stop: Event | None = None) -> SolvedRow:
        """Solve the row; `Interrupted` where `stop` is set in between."""
        return solve_row(self, stop)

    def read(self, file: Path) -> SolvedRow:
        """The row as it was written."""
        return SolvedRow.read(file)


@dataclass(frozen=True)
class SolvedRow:
    """Forces of one kind of pair at one μ.

    Attributes
    ----------
    kind, mu
        As in the tables.
    d, force, error : tuples
        Separations in λ, forces in Ω₀ (gauge weight 1) and their numerical uncertainty.
    probe : float
        The separation where the force differs most from the paper's law, within the range of its
        fit (for μ beyond the paper: where the force is largest).
    probe_forces : tuple
        The forces there at gauge weights 0.1 and 10.
    seconds : float
        What the row took.
    """

    kind: Kind
    mu: float
    d: tuple[float, ...]
    force: tuple[float, ...]
    error: tuple[float, ...]
    probe: float
    probe_forces: tuple[float, ...]
    seconds: float

    @property
    def curve(self) -> ForceCurve:
        """The row as a function of d."""
        d, force = np.array(self.d), np.array(self.force)
        # Close together V-GV forces can drown in their error: those of the wrong sign say nothing.
        right = force * simplest(self.kind, self.mu, d) > 0
        return ForceCurve(self.kind, self.mu, d[right], force[right])

    @classmethod
    def read(cls, file: Path) -> SolvedRow:
        """A row that was written before; ValueError where the file is not one."""
        try:
            fields: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            for name in ("d", "force", "error", "probe_forces"):
                fields[name] = tuple(fields[name])
            return cls(**fields)
        except (ValueError, KeyError, TypeError) as problem:
            raise ValueError(f"{file}: not a row of these tables ({problem}); remove it") from None


def _probe(kind: Kind, mu: float, d: Array, force: Array) -> int:
    """Which separation of the fits differs most from the paper's law (or has the largest force)."""
    compared = fit_separations(kind, mu, float(d[0]), float(d[-1]))
    if compared.size == 0:
        return int(np.argmax(np.abs(force)))
    inside = (d >= compared[0]) & (d <= compared[-1])
    known = range_problem(mu, kind) is None
    off = np.abs(force - GLPair(kind, mu).force(d)) if known else np.abs(force)
    return int(np.argmax(np.where(inside, off, -1.0)))


def solve_row(task: Task, stop: Event | None = None) -> SolvedRow:
    """Solve one row; `Interrupted` where `stop` is set in between."""
    start = time.perf_counter()
    n1, n2 = WINDINGS[task.kind]
    tolerance = task.settings.tolerance
    small = SMALL_PART * largest_force(n1, n2, task.mu)

    def solved(d: float, weight: float = 1.0) -> ConfocalPair:
        if stop is not None and stop.is_set():
            raise Interrupted
        return confocal_pair(
            n1, n2, task.mu, d, gauge_weight=weight, tolerance=tolerance, small_force=small
        )

    separations = task.separations
    pairs = [solved(d) for d in separations]
    forces = tuple(pair.force for pair in pairs)
    probe = separations[_probe(task.kind, task.mu, np.array(separations), np.array(forces))]
    return SolvedRow(
        task.kind,
        task.mu,
        separations,
        forces,
        tuple(pair.force_error for pair in pairs),
        probe,
        tuple(solved(probe, weight).force for weight in GAUGE_WEIGHTS),
        time.perf_counter() - start,
    )
