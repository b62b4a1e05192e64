"""What the figures show: shipped tables, new ones where these are not enough, and solutions."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from gl_reference.curves import ForceCurve
from gl_reference.figure_branches import Point, Sections, TwoStates
from gl_reference.figure_triangle import (
    EXAMPLES,
    POINTS,
    REACH,
    SIDES,
    Map,
    TriangleEnergies,
    pair,
    triangle,
)
from gl_reference.lattice import PAPER_SCHEME
from gl_reference.lattice_branches import Branch
from gl_reference.lattice_states import PAPER_SPACING, Profile, lattice_profiles
from gl_reference.obstacle import minimum_pair
from gl_reference.solve import solve
from gl_reference.table_files import load_generated
from gl_reference.table_output import ROW_TABLE, SHORT
from gl_reference.tables import run_tables
from potentials.base import Array
from potentials.critical import Kind
from potentials.gl_tables import Deltas, Etas, row_mus

TWO = ("conventional", "string")
# The separations of Fig. 12, in λ by μ.
SECTIONS = {0.6: 9.2, 1.7: 5.2}
SECTION_POINTS = 1201

Load = Callable[[str], list[dict[str, str]]]
T = TypeVar("T")


@dataclass(frozen=True)
class Effort:
    """How solutions are made.

    Attributes
    ----------
    folder : Path
        Where figures go, and tables that are more accurate than those that ship.
    tolerance : float
        Relative, of forces and energies.
    jobs : int
        Processes that make tables.
    progress : bool
        Whether bars run on a terminal.
    """

    folder: Path
    tolerance: float
    jobs: int
    progress: bool


@dataclass(frozen=True, eq=False)
class PairTables:
    """What was solved and fitted for one kind of pair.

    Attributes
    ----------
    kind : "V-V", "V-GV" or "V-AV"
    curves : dict
        Force curves by μ, for all rows of the paper's table.
    etas : dict
        Eq. 17 fitted to them, by μ; empty for V-AV.
    limits : dict
        p, q, γ, δ of Eqs. 16 and 15, by μ; empty for V-AV.
    deltas : dict
        Eq. 21 fitted to them, by μ; empty but for V-AV.
    """

    kind: Kind
    curves: dict[float, ForceCurve]
    etas: dict[float, Etas]
    limits: dict[float, tuple[float, ...]]
    deltas: dict[float, Deltas]


@cache
def pair_tables(kind: Kind, effort: Effort) -> PairTables:
    """The tables that ship with the package; where they are less accurate than asked, new ones.

    New ones are made and kept in the folder `tables`.
    """
    curves = _curves(load_generated, kind, effort.tolerance)
    if curves is not None:
        return _read(load_generated, kind, curves)
    folder = effort.folder / "tables" / SHORT[kind]
    run_tables(
        folder,
        kinds=[kind],
        tolerance=effort.tolerance,
        jobs=effort.jobs,
        progress=effort.progress,
        overwrite=True,
    )

    def load(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines()))

    curves = _curves(load, kind, math.inf)
    assert curves is not None
    return _read(load, kind, curves)


def _curves(load: Load, kind: Kind, tolerance: float) -> dict[float, ForceCurve] | None:
    """Curves by μ, or None where a row is missing or its error above the share of its peak."""
    lines = load(f"forces_{SHORT[kind]}")
    table = np.array(
        [[float(line[key]) for key in ("mu", "d", "force", "error")] for line in lines]
    )
    curves = {}
    for mu in row_mus(kind).tolist():
        _, d, force, error = table[np.isclose(table[:, 0], mu, rtol=1e-9)].T
        if not d.size or error.max() > tolerance * np.abs(force).max():
            return None
        curves[mu] = ForceCurve(kind, mu, d, force)
    return curves


def _read(load: Load, kind: Kind, curves: dict[float, ForceCurve]) -> PairTables:
    """The tables beside the curves."""
    lines = load(ROW_TABLE[kind])
    if kind == "V-AV":
        deltas = [Deltas(*_numbers(line, ("mu", "Delta1", "Delta2"))) for line in lines]
        return PairTables(kind, curves, {}, {}, {row.mu: row for row in deltas})
    etas = [Etas(*_numbers(line, Etas._fields)) for line in lines]
    limits = {
        float(line["mu"]): tuple(_numbers(line, ("p", "q", "gamma", "delta")))
        for line in load("asymptotics")
        if line["kind"] == kind
    }
    return PairTables(kind, curves, {row.mu: row for row in etas}, limits, {})


def _numbers(line: dict[str, str], names: Sequence[str]) -> list[float]:
    return [float(line[name] or "nan") for name in names]


def triangle_energies(effort: Effort) -> list[TriangleEnergies]:
    """Interaction energies on the triangle and in the pair, one row for each example μ."""

    def energy(positions: Array, mu: float) -> float:
        return solve(positions, 1, mu, tolerance=effort.tolerance).interaction_energy

    tasks = [(mu, d) for mu in EXAMPLES for d in SIDES[mu]]
    found: dict[float, list[tuple[float, float]]] = {mu: [] for mu in EXAMPLES}
    for mu, d in _with_bar(tasks, effort):
        found[mu].append((energy(triangle(d), mu), energy(pair(d), mu)))
    return [
        TriangleEnergies(mu, np.array(SIDES[mu]), *np.array(rows).T) for mu, rows in found.items()
    ]


def maps(effort: Effort) -> list[Map]:
    """|Ψ| of the pair and of the triangle for each example μ: a, b, c, d of Fig. 10."""
    tasks = [(mu, d, at(d)) for mu, d in EXAMPLES.items() for at in (pair, triangle)]
    found = []
    for mu, d, positions in _with_bar(tasks, effort):
        reach = np.hypot(*positions.T).max() + REACH
        side = np.linspace(-reach, reach, POINTS)
        solution = solve(positions, 1, mu, tolerance=effort.tolerance)
        psi = solution.sample(side, side[:, None]).psi
        found.append(Map(mu, d, positions, side, side, np.abs(psi)))
    return found


def critical_points() -> list[Point]:
    """d_E and d_A that ship, of the paper's grid and of the `minimum`."""
    lines = load_generated("critical_separations")
    points = [
        Point(line["reading"], line["scheme"], *_numbers(line, Point._fields[2:])) for line in lines
    ]
    paper = (PAPER_SCHEME, PAPER_SPACING)
    return [one for one in points if one.reading != "lattice" or (one.scheme, one.h) == paper]


def two_states() -> list[TwoStates]:
    """The branches that ship, by reading and μ."""
    found: dict[tuple[str, float], dict[str, list[list[float]]]] = {}
    for line in load_generated("branches"):
        states = found.setdefault((line["reading"], float(line["mu"])), {})
        columns = ("d", "energy", "interaction_energy", "force")
        states.setdefault(line["state"], []).append(_numbers(line, columns))
    ends = {(point.reading, point.mu): point.string_end for point in critical_points()}
    rows = []
    for (reading, mu), states in found.items():
        conventional, string = (Branch(*np.array(states[name]).T) for name in TWO)
        rows.append(TwoStates(reading, mu, conventional, string, ends[reading, mu]))
    return rows


def sections(effort: Effort) -> list[Sections]:
    """Both states along y = 0 at the separations of Fig. 12, on the paper's grid and resolved."""
    found = []
    for mu, d in _with_bar(list(SECTIONS.items()), effort):
        grid = lattice_profiles(mu, d)
        x = np.linspace(grid[0].x[0], grid[0].x[-1], SECTION_POINTS)
        resolved = [
            minimum_pair(1, -1, mu, d, state=state).axis(x) for state in ("conventional", "string")
        ]
        first, second = (Profile(x, np.abs(one.psi), one.current_y) for one in resolved)
        found.append(Sections(mu, d, grid, (first, second)))
    return found


def _with_bar(tasks: Sequence[T], effort: Effort) -> Iterator[T]:
    from tqdm import tqdm

    yield from tqdm(tasks, unit="solution", disable=None if effort.progress else True)
