"""The forces that `potentials.GLTable` interpolates, solved at its nodes.

    python -m gl_reference.force_grid [-o FOLDER] [--jobs N]

Every (windings, μ) is a row, kept when it is done; an interrupted run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gl_reference.confocal import confocal_pair
from gl_reference.table_files import write_whole
from potentials.gl_grid import separation_nodes

TOLERANCE = 3e-4
SMALL_PART = 1e-2  # of the largest force: below, forces are solved to an absolute tolerance


@dataclass(frozen=True)
class GridRow:
    """Forces (Ω₀) and their errors at the nodes of one pair of windings and one μ."""

    n1: int
    n2: int
    mu: float
    d: tuple[float, ...]
    force: tuple[float, ...]
    error: tuple[float, ...]


def largest_force(n1: int, n2: int, mu: float) -> float:
    """About the largest force that the table must hold, in Ω₀, from below."""
    if n1 * n2 < 0:
        return 0.05
    return 0.1 * n1 * n2 * mu * abs(mu - 1) / (1 + mu / 3)


def solve_grid_row(n1: int, n2: int, mu: float) -> GridRow:
    """All separations of one row."""
    small = SMALL_PART * largest_force(n1, n2, mu)
    nodes = tuple(float(d) for d in separation_nodes(mu))
    pairs = [confocal_pair(n1, n2, mu, d, tolerance=TOLERANCE, small_force=small) for d in nodes]
    return GridRow(
        n1,
        n2,
        mu,
        nodes,
        tuple(pair.force for pair in pairs),
        tuple(pair.force_error for pair in pairs),
    )


def write_grid(path: Path, rows: Iterable[GridRow], made_by: str) -> None:
    """The table of `potentials.GLTable`, with a first line that says what made it."""
    lines = [f"# {made_by}", "n1,n2,mu,d,force,error"]
    for row in rows:
        for d, force, error in zip(row.d, row.force, row.error, strict=True):
            lines.append(f"{row.n1},{row.n2},{row.mu:.10g},{d:.10g},{force:.10g},{error:.1e}")
    write_whole(path, "\n".join(lines) + "\n")
