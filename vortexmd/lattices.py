"""Starting configurations: triangular and square lattices, random vortices."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd.box import LONGEST, SHORTEST, Box
from vortexmd.checks import fits_memory, measure, measure_or_zero, not_negative, shown, whole
from vortexmd.vortices import MAX_WINDING, Vortices

# Rows of a triangular lattice of spacing a are a√3/2 apart.
TRIANGULAR = sqrt(3) / 2
# A lattice whose box is longer than this many times its width counts as one that does not fit.
WIDEST_ASPECT = 2.0
# Random sequential addition jams at this covered fraction of the plane (disks).
JAMMING = 0.547
MAX_VORTICES = 2**31
# What a start takes while it is made; a simulation takes more.
BYTES_EACH = 200


def triangular_lattice(n: int, density: float, *, winding: int = 1) -> Vortices:
    """A perfect triangular lattice in a periodic box that it fits.

    Rows lie along x, a = √(2/(√3·density)) apart within a row; their number is even, and of the
    ways to write n = columns × rows the one whose box is nearest to a square is taken.

    Parameters
    ----------
    n
        Number of vortices. It fits if n = columns × (even rows) with a box of aspect up to 2.
    density
        Vortices per λ².
    winding
        Winding number of all.

    Raises
    ------
    ValueError
        If n does not fit (the nearest numbers that do are named), or density is not positive.
    """
    density = _density(n, density)
    columns, rows = _grid("triangular", n, TRIANGULAR, even_rows=True)
    a = sqrt(1 / (density * TRIANGULAR))
    box = Box((columns * a, rows * a * TRIANGULAR))
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    x = (column + 0.5 * (row % 2) + 0.25) * a
    y = (row + 0.5) * a * TRIANGULAR
    return Vortices(np.column_stack((x.ravel(), y.ravel())), winding, box)


def square_lattice(n: int, density: float, *, winding: int = 1) -> Vortices:
    """A perfect square lattice in a periodic box that it fits.

    As `triangular_lattice`, but the number of rows may be odd.
    """
    density = _density(n, density)
    columns, rows = _grid("square", n, 1.0, even_rows=False)
    a = sqrt(1 / density)
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    positions = (np.column_stack((column.ravel(), row.ravel())) + 0.5) * a
    return Vortices(positions, winding, Box((columns * a, rows * a)))


def random_vortices(
    n: int,
    density: float | None = None,
    *,
    box: Box | None = None,
    winding: int | Mapping[int, float] = 1,
    min_distance: float = 0.0,
    seed: int = 0,
) -> Vortices:
    """Vortices at random: Poisson points, or thrown in one by one with a minimum distance.

    Parameters
    ----------
    n
        Number of vortices.
    density
        Vortices per λ²; the box is then a periodic square. Give this or `box`, not both.
    box
        The box to fill (free axes are filled over their length).
    winding
        One winding number, or the fraction of each: ``{+1: 0.9, -1: 0.1}`` (counts are rounded so
        that they add up to n; who gets which is random).
    min_distance
        Smallest separation of any two, in λ, across periodic sides too. 0: Poisson points.
    seed
        Seed of the draw.

    Raises
    ------
    ValueError
        Naming the field: a bad number, fractions that do not add up to 1, or a `min_distance` at
        which no room is left (random throwing jams when disks of that diameter cover 54.7 %).
    """
    n = _count(n)
    if (density is None) == (box is None):
        raise ValueError("density, box: give one of the two")
    if box is None:
        box = Box((sqrt(n / _density(n, density)),) * 2)
    if not isinstance(box, Box):
        raise ValueError(f"box = {shown(box)}: give a vortexmd.Box((Lx, Ly))")
    min_distance = measure_or_zero("min_distance", min_distance)
    seed = whole("seed", seed, 0, 2**63)
    covered = n * np.pi * min_distance**2 / 4 / box.area
    if covered > JAMMING:
        raise ValueError(
            f"min_distance = {min_distance:g}: no room for {n} vortices (their disks would cover "
            f"{covered:.3g} of the box, {JAMMING} is the most); at most "
            f"{sqrt(4 * 0.5 * box.area / (np.pi * n)):.3g} works here"
        )
    rng = np.random.default_rng(seed)
    windings = _windings(n, winding, rng)
    lengths = np.array(box.lengths)
    if min_distance == 0:
        return Vortices(rng.random((n, 2)) * lengths, windings, box)
    return Vortices(_throw(n, box, min_distance, rng), windings, box)


def _throw(n: int, box: Box, min_distance: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random sequential addition."""
    lengths = np.array(box.lengths)
    # Cells at least min_distance wide, but no more of them than a few per vortex.
    cells = np.clip(np.floor(lengths / min_distance), 1, int(2 * sqrt(n)) + 1).astype(np.int64)
    # Chains of who is in a cell: the last to come, and for each the one before.
    last = np.full((cells[0], cells[1]), -1, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    positions = np.empty((n, 2))
    placed = 0
    for _ in range(2000):
        tries = rng.random((max(4 * n, 1000), 2)) * lengths
        placed = _accept(
            positions, placed, tries, last, before, lengths, np.array(box.periodic), min_distance
        )
        if placed == n:
            return positions
    raise ValueError(
        f"min_distance = {min_distance:g}: only {placed} of {n} vortices found room; "
        "lower min_distance or the density"
    )


@njit(cache=True)
def _accept(positions, placed, tries, last, before, lengths, periodic, min_distance):
    """Place tries one after the other where no placed point is nearer than min_distance."""
    n = positions.shape[0]
    nx, ny = last.shape
    for k in range(tries.shape[0]):
        if placed == n:
            break
        cx = min(int(tries[k, 0] / lengths[0] * nx), nx - 1)
        cy = min(int(tries[k, 1] / lengths[1] * ny), ny - 1)
        free = True
        for ox in range(-1, 2):
            for oy in range(-1, 2):
                ix = cx + ox
                iy = cy + oy
                if periodic[0]:
                    ix %= nx
                if periodic[1]:
                    iy %= ny
                if not free or ix < 0 or iy < 0 or ix >= nx or iy >= ny:
                    continue
                j = last[ix, iy]
                while j >= 0:
                    dx = tries[k, 0] - positions[j, 0]
                    dy = tries[k, 1] - positions[j, 1]
                    if periodic[0]:
                        dx -= lengths[0] * np.rint(dx / lengths[0])
                    if periodic[1]:
                        dy -= lengths[1] * np.rint(dy / lengths[1])
                    if dx * dx + dy * dy < min_distance * min_distance:
                        free = False
                        break
                    j = before[j]
        if free:
            positions[placed, 0] = tries[k, 0]
            positions[placed, 1] = tries[k, 1]
            before[placed] = last[cx, cy]
            last[cx, cy] = placed
            placed += 1
    return placed


def _windings(
    n: int, winding: int | Mapping[int, float], rng: np.random.Generator
) -> NDArray[np.int64]:
    if not isinstance(winding, Mapping):
        return np.full(n, whole("winding", winding, -MAX_WINDING, MAX_WINDING))
    kinds = np.array([whole("winding", kind, -MAX_WINDING, MAX_WINDING) for kind in winding])
    shares = [not_negative(f"winding[{kind}]", share) for kind, share in winding.items()]
    # Python adds to infinity, where numpy would warn of it.
    if abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"winding = {shown(dict(winding))}: the fractions must add up to 1")
    fractions = np.array(shares)
    counts = np.floor(fractions * n + 1e-9).astype(int)
    # Largest remainders take what rounding down left over.
    order = np.argsort(-(fractions * n - counts), kind="stable")
    counts[order[: n - counts.sum()]] += 1
    return rng.permutation(np.repeat(kinds, counts))


def _grid(kind: str, n: int, row_height: float, *, even_rows: bool) -> tuple[int, int]:
    """(columns, rows) with columns·rows = n and a box nearest to a square."""
    best = _nearest_square(n, row_height, even_rows)
    if best is None:
        fitting = [
            next(m for m in candidates if _nearest_square(m, row_height, even_rows))
            for candidates in (range(n - 1, 1, -1), range(n + 1, 2 * n + 10))
            if any(_nearest_square(m, row_height, even_rows) for m in candidates)
        ]
        raise ValueError(
            f"n = {n}: a {kind} lattice of {n} vortices{' in an even number of rows' * even_rows} "
            f"fits no box of aspect up to {WIDEST_ASPECT:g}; n = "
            f"{' or '.join(map(str, fitting))} does"
        )
    return best


def _nearest_square(n: int, row_height: float, even_rows: bool) -> tuple[int, int] | None:
    best, best_aspect = None, WIDEST_ASPECT
    # The aspect is rows²·row_height/n or its inverse.
    fewest = int(sqrt(n / (WIDEST_ASPECT * row_height)))
    most = int(sqrt(n * WIDEST_ASPECT / row_height)) + 1
    for rows in range(max(fewest, 1), most + 1):
        if n % rows == 0 and not (even_rows and rows % 2):
            columns = n // rows
            aspect = max(columns / (rows * row_height), rows * row_height / columns)
            if aspect <= best_aspect:
                best, best_aspect = (columns, rows), aspect
    return best


def _count(n: int) -> int:
    n = whole("n", n, 1, MAX_VORTICES)
    fits_memory("n", n, BYTES_EACH * float(n))
    return n


def _density(n: int, density: float | None) -> float:
    """The density, if n vortices at it fill a box that there may be."""
    density = measure("density", density)
    side = sqrt(_count(n) / density)
    # A lattice's box is wider than it is high, or higher than wide.
    if not WIDEST_ASPECT * SHORTEST <= side <= LONGEST / WIDEST_ASPECT:
        raise ValueError(
            f"density = {density:g}: the box of {n} vortices would have sides of {side:.3g} λ; they lie "
            f"between {SHORTEST:g} and {LONGEST:g} λ"
        )
    return density
