"""The forces that `potentials.GLTable` interpolates, solved at its nodes.

    python -m gl_reference.force_grid [-o FOLDER] [--jobs N]

Every (windings, μ) is a row, kept when it is done; an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.synchronize import Event
from pathlib import Path

from gl_reference.confocal import confocal_pair
from gl_reference.curves import SMALL_PART, largest_force
from gl_reference.row_runner import Interrupted, cores, solve_rows
from gl_reference.table_files import check_folder, write_whole
from potentials.gl_grid import WINDINGS, mu_nodes, separation_nodes

TOLERANCE = 3e-4
TABLE = "gl_forces.csv"


@dataclass(frozen=True)
class GridRow:
    """Forces (Ω₀) and their errors at the nodes of one pair of windings and one μ."""

    n1: int
    n2: int
    mu: float
    d: tuple[float, ...]
    force: tuple[float, ...]
    error: tuple[float, ...]


@dataclass(frozen=True)
class GridTask:
    """One row to solve."""

    n1: int
    n2: int
    mu: float

    @property
    def heavy(self) -> bool:
        """Whether the row takes longer than most: the half plane instead of the quarter."""
        return abs(self.n1) != abs(self.n2)

    def file(self, folder: Path) -> Path:
        """Named after what it was solved with: rows of other settings are other files."""
        stated = json.dumps([TOLERANCE, SMALL_PART, *separation_nodes(self.mu)])
        digest = hashlib.sha256(stated.encode()).hexdigest()[:10]
        return folder / "rows" / f"{self.n1}_{self.n2}_mu{self.mu:.6g}_{digest}.json"

    def solve(self, stop: Event | None = None) -> GridRow:
        """All separations of the row; `Interrupted` where `stop` is set in between."""
        small = SMALL_PART * largest_force(self.n1, self.n2, self.mu)
        nodes = tuple(float(d) for d in separation_nodes(self.mu))
        pairs = []
        for d in nodes:
            if stop is not None and stop.is_set():
                raise Interrupted
            pairs.append(
                confocal_pair(self.n1, self.n2, self.mu, d, tolerance=TOLERANCE, small_force=small)
            )
        return GridRow(
            self.n1,
            self.n2,
            self.mu,
            nodes,
            tuple(pair.force for pair in pairs),
            tuple(pair.force_error for pair in pairs),
        )

    def read(self, file: Path) -> GridRow:
        """The row as it was written."""
        return GridRow(**json.loads(file.read_text(encoding="utf-8")))


def write_grid(path: Path, rows: Iterable[GridRow], made_by: str) -> None:
    """The table of `potentials.GLTable`, with a first line that says what made it."""
    lines = [f"# {made_by}", "n1,n2,mu,d,force,error"]
    for row in rows:
        for d, force, error in zip(row.d, row.force, row.error, strict=True):
            lines.append(f"{row.n1},{row.n2},{row.mu:.10g},{d:.10g},{force:.10g},{error:.1e}")
    write_whole(path, "\n".join(lines) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command above."""
    parser = argparse.ArgumentParser(prog="python -m gl_reference.force_grid")
    parser.add_argument("-o", "--folder", default="gl_forces", help="default: gl_forces")
    parser.add_argument("--jobs", type=int, default=cores())
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    folder = check_folder(options.folder)
    tasks = [GridTask(n1, n2, float(mu)) for n1, n2 in WINDINGS for mu in mu_nodes()]
    rows = solve_rows(tasks, folder, options.jobs, progress=True)
    made_by = f"python -m gl_reference.force_grid, vortexmd {version('vortexmd')}"
    write_grid(folder / TABLE, rows, made_by)
    print(folder / TABLE)


if __name__ == "__main__":
    main()
