"""What the engine is asked to reach against LAMMPS, and whether a session reached it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np

# (precision, threads) -> {decade of N: (committed, goal)} in times LAMMPS's speed.
SPEED = {
    ("mixed", 1): {3: (7, 11), 4: (8, 12), 5: (9, 14), 6: (10, 16)},
    ("double", 1): {4: (4, 6), 5: (5, 7)},
    ("mixed", 2): {4: (8, 11), 5: (9, 13)},
}
# Largest force error over F_rms.
FORCE_ERROR = {"mixed": 1e-5, "double": 1e-6}
# Bytes a vortex.
MEMORY = (300, 200)


@dataclass(frozen=True)
class Ratio:
    """How many times as long LAMMPS takes.

    Attributes
    ----------
    median
        Ratio of the medians of all turns.
    best
        Ratio of the fastest turns.
    least, largest
        Of the ratios of single rounds.
    """

    median: float
    best: float
    least: float
    largest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.largest:.2f})"


def decade(n: int) -> int:
    """The power of ten that N stands for."""
    return round(log10(n))


def own(precision: str, threads: int) -> str:
    """The name of our side in a row of results."""
    return f"vortexmd {precision} {threads}"


def lammps(threads: int) -> str:
    """The name of LAMMPS's side with as many ranks."""
    return f"LAMMPS {threads}"


def openmm(threads: int) -> str:
    """The name of OpenMM's side."""
    return f"OpenMM {threads}"


def cost(row: dict[str, Any], name: str) -> float | None:
    """Median µs a step: CPU time on one thread, wall time on several; None if it was not run."""
    side = row["sides"].get(name)
    return None if side is None else float(np.median(side[side["clock"] + "_us"]))


def ratio(row: dict[str, Any], precision: str, threads: int) -> Ratio | None:
    """LAMMPS's cost over ours, same workload, same number of threads."""
    sides = row["sides"]
    mine, theirs = sides.get(own(precision, threads)), sides.get(lammps(threads))
    if mine is None or theirs is None:
        return None
    a, b = (np.array(side[side["clock"] + "_us"]) for side in (mine, theirs))
    each = b / a
    return Ratio(
        float(np.median(b) / np.median(a)),
        float(b.min() / a.min()),
        float(each.min()),
        float(each.max()),
    )


def processor_share(row: dict[str, Any]) -> float | None:
    """CPU time over wall time of LAMMPS's ranks when there are two: 1 on a quiet machine."""
    side = row["sides"].get(lammps(2))
    if side is None:
        return None
    return float(np.median(np.array(side["cpu_us"]) / np.array(side["wall_us"])))


def full_cost(row: dict[str, Any]) -> float | None:
    """Our median µs a step with windings, pins, drive and writer; None if that was not run."""
    layers = row.get("layers")
    if layers is None:
        return None
    return float(np.median(layers["us"]["drive"]) + np.median(layers["frame_us_per_step"]))


def verdict(value: float, committed: float, goal: float) -> str:
    """``"goal"``, ``"committed"`` or ``"short"``, of a figure to reach."""
    if value >= goal:
        return "goal"
    return "committed" if value >= committed else "short"


def verdict_below(value: float, committed: float, goal: float) -> str:
    """The same for a figure to stay below."""
    return verdict(-value, -committed, -goal)
