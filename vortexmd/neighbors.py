"""Who is near whom: how the box is cut into rows and cells, and the arrays that the list needs.

The loops, and what slot order is, are in `vortexmd.kernels.listing`. Rows lie across the longer side of what
there is; *blocks* are runs of whole rows, about equal in vortices, whose number depends on the state alone.
"""

from __future__ import annotations

from math import ceil, inf, isinf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.kernels.listing import PairList, Rows

# A block has about this many vortices at least; and there are no more blocks.
MIN_BLOCK = 1024
MAX_BLOCKS = 16
MAX_ALL_PAIRS = 20_000
# Whole-number coordinates repeat themselves after so many times the list's reach.
REPEAT = 8.0


class SlotCells(NamedTuple):
    """Which slots stand in which cell, for compiled loops that look around a point.

    Attributes
    ----------
    valid
        Whether the rest holds.
    start
        (rows·species·columns + 1,) first slot of each cell of a species; rows follow along `major`.
    species
        How many there are.
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
    start: NDArray[np.int32]
    species: int
    major: int
    cells: tuple[int, int]
    origin: tuple[float, float]
    width: tuple[float, float]
    periodic: tuple[bool, bool]
    reference: NDArray[np.float64]
    slack: float


def even_edges(n: int) -> NDArray[np.int64]:
    """First slot of each block where there is no list, and n: a function of n alone."""
    blocks = max(1, min(MAX_BLOCKS, n // MIN_BLOCK))
    return np.arange(blocks + 1, dtype=np.int64) * n // blocks


def cut_rows(
    positions: NDArray[np.float64], box: Box, reach: float, species: int, lanes: int
) -> Rows:
    """Rows and cells for a list.

    Parameters
    ----------
    positions
        (N, 2) in λ; folded or not along periodic axes.
    reach
        Largest distance of listed pairs in λ (``inf``: every pair).
    species
        How many there are.
    lanes
        Slots of a chunk: runs of slots in a row should be longer than that.
    """
    n = len(positions)
    lengths, periodic = np.array(box.lengths), np.array(box.periodic)
    low, high = np.zeros(2), lengths.copy()
    if n and "free" in box.boundary:
        # Free axes have no ends: the cells cover what is there.
        free = np.array([word == "free" for word in box.boundary])
        low = np.where(free, positions.min(axis=0), 0.0)
        high = np.where(free, positions.max(axis=0), lengths)
    extent = np.maximum(high - low, 1e-9)
    major = 0 if extent[0] > extent[1] else 1
    minor = 1 - major
    count = columns = 1
    if 0 < reach < inf:
        density = max(n, 1) / (extent[0] * extent[1]) / species
        # Rows of about half the reach, or of all of it where the runs in them would be short.
        part = 0.58 if lanes == 16 else 0.45
        tall = part * reach if density * reach * reach > 1.5 * lanes else reach
        # Many more rows and cells than vortices cost time and help nobody.
        count = int(min(max(1.0, extent[major] // tall), 2 * n + 64))
        # About one vortex in a cell, none wider than a quarter of the reach needs.
        width = min(max(1.0 / (density * extent[major] / count), reach / 64), reach / 4)
        columns = int(min(max(1.0, extent[minor] // width), max(1.0, (4.0 * n + 64) / count)))
    height, width = extent[major] / count, extent[minor] / columns
    above = 0 if count == 1 else min(ceil(reach / height), count - 1)
    ring = bool(periodic[major]) and count > 2 * above
    single = bool(periodic[major]) and not ring
    largest = max(height, width)
    far = reach if 0 < reach < inf else float(extent.max())
    # Halves of halves of a periodic side: rounding takes nothing from them.
    periods = [
        lengths[axis] / 2.0 ** max(0.0, np.floor(np.log2(lengths[axis] / (REPEAT * far))))
        if periodic[axis]
        else REPEAT * far
        for axis in (major, minor)
    ]
    # In a period of the whole box differences are the nearest ones anyway.
    aliased = any(
        2 * (largest + far) > period and not (periodic[axis] and period == lengths[axis])
        for axis, period in zip((major, minor), periods, strict=True)
    )
    return Rows(
        major=major,
        count=count,
        columns=columns,
        species=species,
        origin_across=float(low[major]),
        origin_along=float(low[minor]),
        height=float(height),
        width=float(width),
        length_across=float(lengths[major]) if periodic[major] else inf,
        length_along=float(lengths[minor]) if periodic[minor] else inf,
        above=int(above),
        ring=int(ring),
        single=int(single),
        exact=int(aliased),
        period_across=float(periods[0]),
        period_along=float(periods[1]),
    )


def empty_list(n: int, rows: Rows, room: float, lanes: int) -> PairList:
    """A list of `n` vortices with room for so many chunks a slot, to be filled."""
    # What a block's vortices reach must end in the next block.
    most = 1 if rows.single else max(1, rows.count // (2 * max(1, rows.above)))
    blocks = max(1, min(MAX_BLOCKS, n // MIN_BLOCK, most))
    chunks = ceil(room * n) + 1
    return PairList(
        cell_start=np.zeros(rows.count * rows.species * rows.columns + 1, dtype=np.int32),
        edges=np.zeros(blocks + 1, dtype=np.int64),
        row_edges=np.zeros(blocks + 1, dtype=np.int64),
        halo=np.zeros(blocks, dtype=np.int64),
        buffers=np.zeros(blocks + 1, dtype=np.int64),
        ghosts=np.zeros(1, dtype=np.int64),
        start=np.zeros(n * rows.species + blocks, dtype=np.int32),
        chunk=np.empty(chunks, dtype=np.int32),
        mask=np.empty(chunks, dtype=np.uint16 if lanes == 16 else np.uint8),
        room=float(room),
    )


def expected_room(n: int, box_area: float, reach: float, rows: Rows, lanes: int) -> float:
    """Chunks a slot of an even spread: a first guess."""
    partners = 0.5 * n
    if reach * reach < box_area:
        partners = min(partners, 0.5 * np.pi * reach * reach * n / box_area)
    runs = rows.species * (1.5 + rows.above)
    return 1.2 * partners / lanes + 0.6 * min(runs, partners) + 0.2


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
