"""d_E and d_A of vortex and antivortex against μ: the values of Fig. 11, which ship with the package.

    python -m gl_reference.branch_rows [-o FOLDER] [--jobs N]

Follows both states on the paper's grid and in the resolved `minimum` at the μ of `MUS`, at two
μ also on other grids, and writes critical_separations.csv (d_E, d_A, where the string is lost, by
reading, μ, scheme and h) and branches.csv (the branches themselves at the μ of `SHOWN`). About 6
minutes on two cores, most of them for the smallest μ and h. Each row is kept in FOLDER/rows when
it is done; an interrupted run goes on from there.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from gl_reference.branches import COLUMNS, BranchReading, branch_rows, reading_branches
from gl_reference.lattice import PAPER_SCHEME
from gl_reference.lattice_states import PAPER_SPACING
from gl_reference.row_runner import Interrupted, cores, solve_rows
from gl_reference.table_files import check_folder, write_csv

MUS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.1, 2.5)
SHOWN = (0.6, 1.7)  # in Fig. 11 (a, b)
OTHER_SPACINGS = {0.6: (0.2,), 1.7: (0.2, 0.05)}
# On its way to the resolved `minimum`, at one μ.
INVARIANT_SCHEME, INVARIANT_MU, INVARIANT_SPACINGS = "plaquette-free", 1.7, (0.2, 0.1, 0.05)
POINT_COLUMNS = (
    "mu",
    "reading",
    "scheme",
    "h",
    "d_E",
    "d_E_error",
    "d_A",
    "d_A_error",
    "string_end",
)


@dataclass(frozen=True)
class BranchRow:
    """One reading at one μ: a line of critical_separations.csv, and its lines of branches.csv."""

    point: tuple[object, ...]
    lines: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class BranchTask:
    """A row to be solved; without a grid the scheme is empty and h is NaN."""

    reading: BranchReading
    mu: float
    scheme: str
    h: float

    @property
    def heavy(self) -> bool:
        """Whether the row takes longer than most."""
        return self.mu < 1 or self.h < PAPER_SPACING

    def file(self, folder: Path) -> Path:
        grid = "" if math.isnan(self.h) else f"_{self.scheme}_h{self.h:g}"
        return folder / "rows" / f"branches_{self.reading}_mu{self.mu:g}{grid}.json"

    def solve(self, stop: Event | None = None) -> BranchRow:
        """Follow both states; `Interrupted` where `stop` is set before."""
        if stop is not None and stop.is_set():
            raise Interrupted
        found = reading_branches(self.reading, self.mu, self.scheme, self.h)
        point = (
            self.mu,
            self.reading,
            self.scheme,
            self.h,
            found.d_E,
            found.d_E_error,
            found.d_A,
            found.d_A_error,
            found.string_end,
        )
        return BranchRow(point, tuple(branch_rows(self.mu, found)))

    def read(self, file: Path) -> BranchRow:
        """The row as it was written."""
        fields = json.loads(file.read_text(encoding="utf-8"))
        return BranchRow(tuple(fields["point"]), tuple(map(tuple, fields["lines"])))

    @property
    def shown(self) -> bool:
        """Whether its branches are drawn."""
        paper = self.scheme == PAPER_SCHEME and self.h == PAPER_SPACING
        return self.mu in SHOWN and (self.reading != "lattice" or paper)


def tasks() -> list[BranchTask]:
    """All rows that ship."""
    lattice = [
        BranchTask("lattice", mu, PAPER_SCHEME, h)
        for mu in MUS
        for h in sorted((PAPER_SPACING, *OTHER_SPACINGS.get(mu, ())), reverse=True)
    ]
    lattice += [
        BranchTask("lattice", INVARIANT_MU, INVARIANT_SCHEME, h) for h in INVARIANT_SPACINGS
    ]
    return lattice + [BranchTask("minimum", mu, "", math.nan) for mu in MUS]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command above."""
    parser = argparse.ArgumentParser(prog="python -m gl_reference.branch_rows")
    parser.add_argument("-o", "--folder", default="gl_branches", help="default: gl_branches")
    parser.add_argument("--jobs", type=int, default=cores())
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    folder = check_folder(options.folder)
    wanted = tasks()
    rows = solve_rows(wanted, folder, options.jobs, progress=True)
    write_csv(folder / "critical_separations.csv", POINT_COLUMNS, [row.point for row in rows])
    lines = [
        line for task, row in zip(wanted, rows, strict=True) if task.shown for line in row.lines
    ]
    write_csv(folder / "branches.csv", COLUMNS, lines)
    print(folder / "critical_separations.csv", folder / "branches.csv", sep="\n")


if __name__ == "__main__":
    main()
