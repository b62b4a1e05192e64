"""The forces and frictions that `potentials.GLDynamic` interpolates, solved at its nodes.

    python -m gl_reference.dynamics.table [-o FOLDER] [--jobs N] [--quick]

About 15 minutes on two cores, with --quick (s = 1 alone) 4. Every (windings, μ, s) is a row, kept when
it is done; an interrupted run goes on where it was.
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

from gl_reference.dynamics.pairs import GIANT_SPACING, SPACING, dynamic_pair
from gl_reference.row_runner import cores, solve_rows
from gl_reference.table_files import check_folder, write_whole
from potentials.gl_dynamic_grid import NEAREST, RATES, table_mus, table_separations

TABLE = "gl_dynamic.csv"
TOLERANCE = 1e-6


@dataclass(frozen=True)
class DynamicRow:
    """Force (Ω₀) and friction over that far apart, with errors, at the nodes of one motion."""

    n1: int
    n2: int
    mu: float
    s: float
    d: tuple[float, ...]
    force: tuple[float, ...]
    force_error: tuple[float, ...]
    friction: tuple[float, ...]
    friction_error: tuple[float, ...]
    friction_apart: float


@dataclass(frozen=True)
class DynamicTask:
    """One row to solve."""

    n1: int
    n2: int
    mu: float
    s: float

    @property
    def heavy(self) -> bool:
        """Whether the row takes longer than most: the half plane instead of the quarter."""
        return self.n2 == 2

    def file(self, folder: Path) -> Path:
        """Named after what it was solved with: rows of other settings are other files."""
        spacing = GIANT_SPACING if self.heavy else SPACING
        nodes = table_separations(self.n1, self.n2, self.mu)
        stated = json.dumps([TOLERANCE, spacing, *nodes])
        digest = hashlib.sha256(stated.encode()).hexdigest()[:10]
        name = f"{self.n1}_{self.n2}_mu{self.mu:.6g}_s{self.s:.6g}_{digest}.json"
        return folder / "rows" / name

    def solve(self, stop: Event | None = None) -> DynamicRow:
        """The whole row, in some seconds."""
        nodes = table_separations(self.n1, self.n2, self.mu)
        pair = dynamic_pair(self.n1, self.n2, self.mu, s=self.s, d=nodes, tolerance=TOLERANCE)
        return DynamicRow(
            self.n1,
            self.n2,
            self.mu,
            self.s,
            tuple(nodes.tolist()),
            tuple(pair.force.tolist()),
            tuple(pair.force_error.tolist()),
            tuple(pair.friction.tolist()),
            tuple(pair.friction_error.tolist()),
            pair.friction_apart,
        )

    def read(self, file: Path) -> DynamicRow:
        """The row as it was written."""
        return DynamicRow(**json.loads(file.read_text(encoding="utf-8")))


def write_table(path: Path, rows: Iterable[DynamicRow], made_by: str) -> None:
    """The table of `potentials.GLDynamic`, with a first line that says what made it."""
    lines = [
        f"# {made_by}",
        "n1,n2,mu,s,d,force,force_error,friction,friction_error,friction_apart",
    ]
    for row in rows:
        nodes = zip(
            row.d, row.force, row.force_error, row.friction, row.friction_error, strict=True
        )
        for d, force, force_error, friction, friction_error in nodes:
            lines.append(
                f"{row.n1},{row.n2},{row.mu:.10g},{row.s:.10g},{d:.10g},{force:.7g},"
                f"{force_error:.1e},{friction:.7g},{friction_error:.1e},{row.friction_apart:.8g}"
            )
    write_whole(path, "\n".join(lines) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command above."""
    parser = argparse.ArgumentParser(prog="python -m gl_reference.dynamics.table")
    parser.add_argument("-o", "--folder", default="gl_dynamic", help="default: gl_dynamic")
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="s = 1 alone")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    folder = check_folder(options.folder)
    tasks = [
        DynamicTask(n1, n2, mu, s)
        for n1, n2 in NEAREST
        for mu in table_mus(n1, n2)
        for s in ((1.0,) if options.quick else RATES)
    ]
    rows = solve_rows(tasks, folder, options.jobs, progress=True)
    made_by = f"python -m gl_reference.dynamics.table, vortexmd {version('vortexmd')}"
    write_table(folder / TABLE, rows, made_by)
    print(folder / TABLE)


if __name__ == "__main__":
    main()
