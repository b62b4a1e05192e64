"""How much of the paper's deviations its own grid explains.

    python -m gl_reference.lattice_evidence [-o FOLDER] [--jobs N]

For every row of the shipped verdicts with μ ≥ 0.7 (below, the grid takes many minutes for a row) the
force is solved once more where the paper is furthest from the `coulomb` reading, now as the paper
describes its calculation: Eq. 13 as printed, with A free, on a grid of 0.1 λ (scheme
"collocated-free" of `gl_reference.lattice`). Writes lattice_evidence.csv.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from gl_reference.curves import WINDINGS
from gl_reference.errors import ConvergenceError
from gl_reference.lattice import lattice_pair
from gl_reference.row_runner import cores
from gl_reference.table_files import SHIPPED, check_folder, load_generated, write_csv
from potentials.critical import Kind
from potentials.gl_fit import GLPair

SCHEME, SPACING = "collocated-free", 0.1
SMALLEST_MU = 0.4  # below, the cores need grids that take minutes a row
COLUMNS = ("kind", "mu", "d", "largest_force", "lattice", "paper", "lattice_percent")


def lattice_row(kind: Kind, mu: float, d: float, scale: float) -> tuple[object, ...] | None:
    """One line of the file, or None where the grid's iteration does not converge.

    `scale` is the row's largest force, of which the last column is a share.
    """
    try:
        force = lattice_pair(*WINDINGS[kind], mu, d, scheme=SCHEME, h=SPACING).force
    except ConvergenceError:
        return None
    paper = float(GLPair(kind, mu).force(d))
    return kind, mu, d, scale, force, paper, 100 * abs(paper - force) / scale


def main(arguments: Sequence[str] | None = None) -> None:
    """The command above."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m gl_reference.lattice_evidence")
    parser.add_argument("-o", "--folder", default=str(SHIPPED), help="default: the package's data")
    parser.add_argument("--jobs", type=int, default=cores())
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    folder: Path = check_folder(options.folder)
    tasks = [
        (row["kind"], float(row["mu"]), float(row["at_d"]), float(row["largest_force"]))
        for row in load_generated("verdicts")
        if row["at_d"] and float(row["mu"]) >= SMALLEST_MU
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, context) as pool:
        found = pool.map(lattice_row, *zip(*tasks, strict=True))
        rows = list(tqdm(found, total=len(tasks), unit="row", disable=None))
    write_csv(folder / "lattice_evidence.csv", COLUMNS, filter(None, rows))


if __name__ == "__main__":
    main()
