"""The figures of the paper, drawn anew: its fits as lines, our solutions as symbols.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Figs. 1-13. (Figs. 11 and 12 show
the string state of vortex and antivortex, which the `coulomb` reading does not have: they are drawn
in `lattice`, the paper's grid, and in the `minimum`.)
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gl_reference import figure_pairs as pairs
from gl_reference.checks import check_list, check_range
from gl_reference.figure_branches import draw_sections, draw_two_states
from gl_reference.figure_data import (
    Effort,
    PairTables,
    critical_points,
    maps,
    pair_tables,
    sections,
    triangle_energies,
    two_states,
)
from gl_reference.figure_style import styled
from gl_reference.figure_triangle import draw_maps, draw_triangle
from gl_reference.row_runner import MOST_JOBS
from gl_reference.table_files import check_folder
from potentials.checks import check_flag, shown, whole
from potentials.critical import Kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOLERANCES = (1e-6, 1e-2)


def draw_figures(
    folder: str | os.PathLike[str],
    only: Iterable[int] | None = None,
    tolerance: float = 1e-3,
    progress: bool = False,
    jobs: int = 2,
    overwrite: bool = False,
) -> list[Path]:
    """Draw figures of the paper into `folder` as fig01.png, fig02.png …; returns their paths.

    Figures 1-8 and 13 take their symbols from the tables that ship with the package; where these
    do not meet the tolerance, new ones are made (in minutes) and kept in ``folder/tables``.
    Figures 9, 10 and 12 are always solved, in about twenty seconds each on one core. Figure 11 shows
    what ships with the package, whatever the tolerance (``python -m gl_reference.branch_rows``).

    Parameters
    ----------
    folder
        Where to; made if it does not exist.
    only : ints, optional
        Which: of 1 … 13. Default: all.
    tolerance : float
        Relative accuracy of forces and energies, 1e-6 … 1e-2.
    progress : bool
        Show bars on a terminal.
    jobs : int
        Processes that make new tables, where these are needed.
    overwrite : bool
        Replace figures that are there.

    Raises
    ------
    FileExistsError
        If a figure is there already and `overwrite` is not set.
    ValueError
        For figures that do not exist here, a tolerance or a number of jobs that is not allowed,
        or a folder that cannot be written into.
    ConvergenceError
        If a solution does not reach the tolerance.
    """
    numbers = _check_numbers(only)
    tolerance = check_range("tolerance", tolerance, *TOLERANCES)
    jobs = whole("jobs", jobs, 1, MOST_JOBS)
    check_flag("progress", progress)
    check_flag("overwrite", overwrite)
    path = check_folder(folder)
    there = [name for name in map(_name, numbers) if (path / name).exists()]
    if there and not overwrite:
        raise FileExistsError(
            f"folder = {str(path)!r}: holds {', '.join(there)}; choose another, or overwrite them "
            "(--force)"
        )
    effort = Effort(path, tolerance, jobs, progress)
    return [_draw(number, effort) for number in numbers]


def _check_numbers(only: Iterable[int] | None) -> list[int]:
    known = ", ".join(map(str, FIGURES))
    numbers = set()
    for item in FIGURES if only is None else check_list("only", only):
        try:
            number = 0 if isinstance(item, bool) else operator.index(item)
        except TypeError:
            number = 0
        if number not in FIGURES:
            raise ValueError(
                f"only: {shown(item)} is not among the figures that can be drawn: {known}"
            )
        numbers.add(number)
    if not numbers:
        raise ValueError(f"only: no figure asked for; give some of {known}, or None for all")
    return sorted(numbers)


def _name(number: int) -> str:
    return f"fig{number:02d}.png"


@styled
def _draw(number: int, effort: Effort) -> Path:
    path = effort.folder / _name(number)
    FIGURES[number](effort).savefig(path)
    return path


def _of_pairs(draw: Callable[[PairTables], Figure], kind: Kind, effort: Effort) -> Figure:
    return draw(pair_tables(kind, effort))


FIGURES: dict[int, Callable[[Effort], Figure]] = {
    1: partial(_of_pairs, pairs.draw_forces, "V-V"),
    2: partial(_of_pairs, pairs.draw_limits, "V-V"),
    3: partial(_of_pairs, pairs.draw_fits, "V-V"),
    4: partial(_of_pairs, pairs.draw_parameters, "V-V"),
    5: partial(_of_pairs, pairs.draw_forces, "V-GV"),
    6: partial(_of_pairs, pairs.draw_limits, "V-GV"),
    7: partial(_of_pairs, pairs.draw_fits, "V-GV"),
    8: partial(_of_pairs, pairs.draw_parameters, "V-GV"),
    9: lambda effort: draw_triangle(triangle_energies(effort)),
    10: lambda effort: draw_maps(maps(effort)),
    11: lambda effort: draw_two_states(two_states(), critical_points()),
    12: lambda effort: draw_sections(sections(effort)),
    13: partial(_of_pairs, pairs.draw_deltas, "V-AV"),
}
