"""Who is near whom: slot order, cells, and neighbour lists.

Vortices are kept in *slot order*: sorted by cell, row after row of cells along the longer side of
the box, and by id within a cell. Neighbours in space are then neighbours in memory, and the order is a
function of (positions, ids) alone.

The slots are cut into a few *blocks* whose number depends on the number of vortices only. Within a
block each pair is listed once and its force acts on both partners; a pair that straddles two blocks
is listed on both sides. So no two blocks ever write to the same vortex, they can be worked on by any
number of threads, and every sum is made in the same order: the bits do not depend on the threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isinf
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd.box import Box

MIN_BLOCK = 2048
MAX_BLOCKS = 8
# The stencil reaches two cells to either side; cells are half the list's reach wide.
STENCIL = 2
MAX_ALL_PAIRS = 20_000


def block_edges(n: int) -> NDArray[np.int64]:
    """First slot of each block, and n: a function of n alone."""
    blocks = max(1, min(MAX_BLOCKS, n // MIN_BLOCK))
    return np.arange(blocks + 1, dtype=np.int64) * n // blocks


@dataclass(frozen=True)
class Cells:
    """How the box is cut: number, origin and width of the cells along (major, minor) axis."""

    major: int
    count: NDArray[np.int64]
    origin: NDArray[np.float64]
    width: NDArray[np.float64]
    periodic: NDArray[np.bool_]
    lengths: NDArray[np.float64]


@dataclass(frozen=True)
class BlockPairs:
    """Neighbours of one block's vortices.

    For slot ``first + k``: ``neighbors[start[k]:middle[k]]`` are partners in the same block with a
    higher slot, ``neighbors[middle[k]:start[k + 1]]`` are partners in other blocks.
    """

    first: int
    last: int
    start: NDArray[np.int64]
    middle: NDArray[np.int64]
    neighbors: NDArray[np.int32]


class SlotCells(NamedTuple):
    """Which slots stand in which cell, for compiled loops that look around a point.

    Attributes
    ----------
    valid
        Whether the rest holds.
    start
        (cells + 1,) first slot of each.
    major
        The axis along which rows of cells follow each other.
    cells, origin, width, periodic
        Number, origin (λ), width (λ) and periodicity of the cells along (major, minor) axis.
    reference
        (N, 2) λ: the positions by which they were sorted.
    slack
        λ: how far vortices may have gone from there.
    """

    valid: bool
    start: NDArray[np.int64]
    major: int
    cells: tuple[int, int]
    origin: tuple[float, float]
    width: tuple[float, float]
    periodic: tuple[bool, bool]
    reference: NDArray[np.float64]
    slack: float


def cut_cells(positions: NDArray[np.float64], box: Box, reach: float) -> Cells:
    """Cells at least reach/2 wide; one cell along an axis that is too short for the stencil.

    Parameters
    ----------
    positions
        (N, 2) in λ, wrapped.
    reach
        Largest distance of listed pairs in λ (``inf``: every pair).
    """
    lengths = np.array(box.lengths)
    periodic = np.array(box.periodic)
    low, high = np.zeros(2), lengths.copy()
    if len(positions):
        # Free axes have no ends: the cells cover what is there.
        low = np.where(periodic, 0.0, positions.min(axis=0))
        high = np.where(periodic, lengths, positions.max(axis=0))
    extent = np.maximum(high - low, 1e-9)
    count = np.ones(2, dtype=np.int64)
    if not isinf(reach):
        wanted = extent * STENCIL / reach
        # Many more cells than vortices cost time and help nobody.
        crowd = np.sqrt(max(1.0, np.prod(np.maximum(wanted, 1.0)) / (4.0 * len(positions) + 64)))
        count = np.maximum(1, np.floor(wanted / crowd)).astype(np.int64)
        # One long axis takes it all where the other is too short to be cut.
        count = np.minimum(count, 64 * len(positions) + 4096)
        count[periodic & (count < 2 * STENCIL + 1)] = 1
    major = 0 if extent[0] > extent[1] else 1
    axes = [major, 1 - major]
    return Cells(major, count[axes], low[axes], (extent / count)[axes], periodic[axes], lengths)


def slot_order(positions: NDArray[np.float64], ids: NDArray[np.int64], cells: Cells) -> tuple:
    """(order (N,), first slot of each cell): sorted by cell, then by id."""
    return _sort(positions, ids, cells.major, cells.count, cells.origin, cells.width)


def list_pairs(
    positions: NDArray[np.float64],
    cell_start: NDArray[np.int64],
    cells: Cells,
    reach: float,
    first: int,
    last: int,
) -> BlockPairs:
    """The neighbours within `reach` of slots first … last − 1 (positions in slot order)."""
    start = np.zeros(last - first + 1, dtype=np.int64)
    middle = np.zeros(last - first, dtype=np.int64)
    # What an even spread would need, and a tenth; clusters ask for a second try.
    area = float(np.prod(cells.count * cells.width))
    share = min(1.0, 0.5 * np.pi * reach * reach / area)
    capacity = int(1.1 * share * len(positions) * (last - first)) + 1024
    while True:
        neighbors = np.empty(capacity, dtype=np.int32)
        needed = _list_pairs(
            positions,
            cell_start,
            cells.major,
            cells.count,
            cells.origin,
            cells.width,
            cells.periodic,
            cells.lengths,
            reach * reach,
            first,
            last,
            start,
            middle,
            neighbors,
        )
        if needed <= capacity:
            return BlockPairs(first, last, start, middle, neighbors[:needed])
        capacity = int(needed * 1.05) + 64


def check_reach(box: Box, cutoff: float, reaction_distance: float, n: int) -> None:
    """Refuse boxes in which one vortex would meet two images of another.

    Raises
    ------
    ValueError
        If a periodic side is shorter than twice the cutoff or a reaction's distance (both in λ), or an
        infinite cutoff meets a periodic side or too many vortices for a list of all pairs.
    """
    for axis, name in enumerate("xy"):
        side = (
            f"box.lengths[{axis}] = {box.lengths[axis]:.6g}: a periodic side must be at least twice"
        )
        if not box.periodic[axis]:
            continue
        if isinf(cutoff):
            raise ValueError(
                f"pair_force: its force never ends (cutoff = inf) and the box is periodic along {name}; "
                f"pass cutoff= to the potential, or make the axis open or free"
            )
        if box.lengths[axis] < 2 * cutoff:
            raise ValueError(
                f"{side} the cutoff of the forces, {2 * cutoff:.6g} λ; enlarge the box or pass a smaller "
                f"cutoff= to the potential"
            )
        if box.lengths[axis] < 2 * reaction_distance:
            raise ValueError(
                f"{side} the distance of the reactions, {2 * reaction_distance:.6g} λ; enlarge the box or "
                f"shorten the distance"
            )
    if cutoff == inf and n > MAX_ALL_PAIRS:
        raise ValueError(
            f"pair_force: an infinite cutoff lists all pairs, possible up to {MAX_ALL_PAIRS} "
            f"vortices, not {n}; pass cutoff= to the potential"
        )


@njit(cache=True, error_model="numpy")
def _sort(positions, ids, major, count, origin, width):
    n = positions.shape[0]
    minor = 1 - major
    cell = np.empty(n, dtype=np.int64)
    start = np.zeros(count[0] * count[1] + 1, dtype=np.int64)
    for i in range(n):
        a = min(max(int((positions[i, major] - origin[0]) / width[0]), 0), count[0] - 1)
        b = min(max(int((positions[i, minor] - origin[1]) / width[1]), 0), count[1] - 1)
        cell[i] = a * count[1] + b
        start[cell[i] + 1] += 1
    for c in range(count[0] * count[1]):
        start[c + 1] += start[c]
    order = np.empty(n, dtype=np.int64)
    filled = start[:-1].copy()
    for i in range(n):
        order[filled[cell[i]]] = i
        filled[cell[i]] += 1
    # By insertion: the rows come in the order of the last list, where few have changed places.
    for c in range(count[0] * count[1]):
        for k in range(start[c] + 1, start[c + 1]):
            moving = order[k]
            slot = k
            while slot > start[c] and ids[order[slot - 1]] > ids[moving]:
                order[slot] = order[slot - 1]
                slot -= 1
            order[slot] = moving
    return order, start


@njit(cache=True, nogil=True, error_model="numpy")
def _list_pairs(
    positions,
    cell_start,
    major,
    count,
    origin,
    width,
    periodic,
    lengths,
    reach2,
    first,
    last,
    start,
    middle,
    neighbors,
):
    """Fill start, middle, neighbors; returns the room needed (more than there is: try again)."""
    minor = 1 - major
    room = neighbors.shape[0]
    turn_a = lengths[major] if periodic[0] else np.inf
    turn_b = lengths[minor] if periodic[1] else np.inf
    # An axis of one cell has no neighbouring cells; its periodic images come by the distance.
    reach_a = STENCIL if count[0] > 1 else 0
    reach_b = STENCIL if count[1] > 1 else 0
    used = 0
    for i in range(first, last):
        start[i - first] = used
        pa = positions[i, major]
        pb = positions[i, minor]
        a = min(max(int((pa - origin[0]) / width[0]), 0), count[0] - 1)
        b = min(max(int((pb - origin[1]) / width[1]), 0), count[1] - 1)
        low = b - reach_b
        high = b + reach_b
        for own in (True, False):
            if not own:
                middle[i - first] = used
            for da in range(-reach_a, reach_a + 1):
                row = a + da
                if periodic[0]:
                    row %= count[0]
                elif row < 0 or row >= count[0]:
                    continue
                # Cells of a row hold one run of slots; what wraps round its ends is a second.
                for piece in range(3):
                    if piece == 0:
                        c0 = max(low, 0)
                        c1 = min(high, count[1] - 1)
                    elif piece == 1:
                        c0 = low + count[1]
                        c1 = count[1] - 1
                    else:
                        c0 = 0
                        c1 = high - count[1]
                    if (piece > 0 and not periodic[1]) or c0 > c1:
                        continue
                    s0 = cell_start[row * count[1] + c0]
                    s1 = cell_start[row * count[1] + c1 + 1]
                    # Own block: higher slots. Other blocks: what lies before it, and after it.
                    for part in range(1 if own else 2):
                        if own:
                            j0 = max(s0, i + 1)
                            j1 = min(s1, last)
                        elif part == 0:
                            j0 = s0
                            j1 = min(s1, first)
                        else:
                            j0 = max(s0, last)
                            j1 = s1
                        if j0 >= j1:
                            continue
                        if used + j1 - j0 > room:
                            used += j1 - j0
                            continue
                        for j in range(j0, j1):
                            d_a = abs(pa - positions[j, major])
                            d_b = abs(pb - positions[j, minor])
                            d_a = min(d_a, turn_a - d_a)
                            d_b = min(d_b, turn_b - d_b)
                            # Written always, kept if near: no branch to mispredict.
                            neighbors[used] = j
                            used += d_a * d_a + d_b * d_b < reach2
    start[last - first] = used
    return used
