"""Cells over a partition that know their region, the polygons in them and the walls near them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.regions.cells import cells_near, cut, ranges
from vortexmd.regions.kernels import RegionGrid
from vortexmd.regions.polygons import PolygonPartition
from vortexmd.regions.raster import RasterPartition
from vortexmd.regions.walls import SAME, Walls

# Cells for each wall, so that few walls are near a cell, and few cells near no wall at all.
CELLS_PER_WALL = 24
FEWEST_CELLS, MOST_CELLS = 4_096, 1_000_000


def build(partition: PolygonPartition | RasterPartition) -> RegionGrid:
    """The partition as `kernels` reads it."""
    box, walls = partition.box, partition.walls
    lengths = np.array(box.lengths)
    wanted = int(np.clip(CELLS_PER_WALL * len(walls.ends), FEWEST_CELLS, MOST_CELLS))
    count, width = cut(lengths, wanted)
    # No more than a cell, so that one periodic copy to either side is enough.
    margin = float(width.min())
    cells = int(np.prod(count))
    near_start, near, near_ends, clearance = _near(walls, box, count, width, margin)
    uniform = np.full(cells, -1, dtype=np.int32)
    candidate_start = np.zeros(cells + 1, dtype=np.int64)
    candidates = np.zeros(0, dtype=np.int32)
    corner_start, corners = np.zeros(1, dtype=np.int64), np.zeros((0, 2))
    region_of, background = np.zeros(0, dtype=np.int32), -1
    pixels = np.zeros((0, 0), dtype=np.int32)
    if isinstance(partition, RasterPartition):
        pixels = np.ascontiguousarray(partition.labels, dtype=np.int32)
    else:
        crossed = _crossed(partition.walls, count, width, SAME * lengths.max())
        label = _centres(partition, count, width)
        uniform = np.where(crossed, -1, label).astype(np.int32)
        candidate_start, candidates = _candidates(
            partition, crossed, count, width, SAME * lengths.max()
        )
        corner_start, corners = partition.loops.start, partition.loops.corners
        region_of = partition.region_of.astype(np.int32)
        background = partition.background
    return RegionGrid(
        lengths=(float(lengths[0]), float(lengths[1])),
        periodic=box.periodic,
        cells=(int(count[0]), int(count[1])),
        width=(float(width[0]), float(width[1])),
        uniform=uniform,
        clearance=clearance,
        margin=margin,
        near_start=near_start,
        near=near,
        near_ends=near_ends,
        walls=np.ascontiguousarray(walls.ends),
        sides=np.ascontiguousarray(walls.sides, dtype=np.int32),
        candidate_start=candidate_start,
        candidates=candidates,
        corner_start=corner_start,
        corners=np.ascontiguousarray(corners),
        region_of=region_of,
        background=int(background),
        pixels=pixels,
    )


def _near(
    walls: Walls, box: Box, count: NDArray, width: NDArray, margin: float
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """(near_start, near, near_ends, clearance) of a `RegionGrid`."""
    lengths = np.array(box.lengths)
    cells = int(np.prod(count))
    found = []
    for tx in (-1, 0, 1) if box.periodic[0] else (0,):
        for ty in (-1, 0, 1) if box.periodic[1] else (0,):
            copy = walls.ends + np.tile(np.array([tx, ty]) * lengths, 2)
            wall, cell = cells_near(copy, margin, count, width)
            gap = _gap(copy[wall], cell, count, width)
            close = gap < margin
            found.append((cell[close], wall[close], copy[wall[close]], gap[close]))
    cell, wall, ends, gap = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(cell, kind="stable")
    clearance = np.full(cells, margin)
    np.minimum.at(clearance, cell, gap)
    # A point that rounding puts into the next cell keeps its distance.
    clearance = np.maximum(clearance - SAME * lengths.max(), 0.0)
    start = np.searchsorted(cell[order], np.arange(cells + 1))
    near = wall[order].astype(np.int32)
    return start, near, np.ascontiguousarray(ends[order]), clearance


def _gap(ends: NDArray, cell: NDArray, count: NDArray, width: NDArray) -> NDArray[np.float64]:
    """(K,) distance between stretch k and cell k, in λ."""
    low = np.column_stack((cell // count[1], cell % count[1])) * width
    high = low + width
    a, b = ends[:, :2], ends[:, 2:]
    along = b - a
    square = np.einsum("ki,ki->k", along, along)
    # Both apart: the nearest points are a corner of one and any point of the other.
    gap = np.full(len(cell), np.inf)
    hand = []
    for point in (a, b):
        beyond = np.maximum(np.maximum(low - point, point - high), 0.0)
        gap = np.minimum(gap, np.einsum("ki,ki->k", beyond, beyond))
    for upper in ((False, False), (True, False), (True, True), (False, True)):
        offset = np.where(upper, high, low) - a
        t = np.clip(np.einsum("ki,ki->k", offset, along) / square, 0.0, 1.0)
        away = offset - t[:, None] * along
        gap = np.minimum(gap, np.einsum("ki,ki->k", away, away))
        hand.append(along[:, 0] * offset[:, 1] - along[:, 1] * offset[:, 0])
    meet = np.all((np.minimum(a, b) <= high) & (np.maximum(a, b) >= low), axis=1)
    meet &= (np.min(hand, axis=0) <= 0) & (np.max(hand, axis=0) >= 0)
    return np.where(meet, 0.0, np.sqrt(gap))


def _crossed(walls: Walls, count: NDArray, width: NDArray, same: float) -> NDArray[np.bool_]:
    """(C,) whether a wall may pass through or along a cell."""
    crossed = np.zeros(int(np.prod(count)), dtype=bool)
    inner = walls.sides.min(axis=1) >= 0
    ends = walls.ends[inner]
    wall, cell = cells_near(ends, same, count, width)
    crossed[cell[_gap(ends[wall], cell, count, width) <= same]] = True
    return crossed


def _centres(partition: PolygonPartition, count: NDArray, width: NDArray) -> NDArray[np.int64]:
    """(C,) the region of each cell's centre: that on the right of the last wall to the left of it."""
    x1, y1, x2, y2 = partition.inner.ends.T
    first = np.ceil(np.minimum(y1, y2) / width[1] - 0.5).astype(np.int64)
    last = np.ceil(np.maximum(y1, y2) / width[1] - 0.5).astype(np.int64) - 1
    which, row = ranges(np.maximum(first, 0), np.minimum(last, count[1] - 1))
    y = (row + 0.5) * width[1]
    x = x1[which] + (y - y1[which]) / (y2 - y1)[which] * (x2 - x1)[which]
    left, right = partition.inner.sides[which].T
    east = np.where((y2 > y1)[which], right, left)
    # Every row begins at the near end of the box.
    near = partition.ends[0][0]
    middle = (np.arange(count[1]) + 0.5) * width[1]
    begins = near.region[np.searchsorted(near.breaks, middle) - 1]
    row = np.concatenate((np.arange(count[1]), row))
    x = np.concatenate((np.full(count[1], -np.inf), x))
    east = np.concatenate((begins, east))
    order = np.lexsort((x, row))
    column = np.clip(np.ceil(x[order] / width[0] - 0.5), 0, count[0]).astype(np.int64)
    # The last wall before the centre of each column holds until the next.
    label = np.full((count[1], count[0] + 1), -1, dtype=np.int64)
    label[row[order], column] = np.arange(len(order))
    label = np.maximum.accumulate(label[:, :-1], axis=1)
    return east[order][label].T.ravel()


def _candidates(
    partition: PolygonPartition,
    crossed: NDArray[np.bool_],
    count: NDArray,
    width: NDArray,
    same: float,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(candidate_start, candidates) of a `RegionGrid`: the polygons with sides in each crossed cell."""
    loops = partition.loops
    ends = np.column_stack((loops.corners, loops.points[loops.following]))
    side, cell = cells_near(ends, same, count, width)
    wanted = crossed[cell]
    number = len(loops.start) - 1
    key = np.unique(cell[wanted] * number + loops.owner[side[wanted]])
    cell, polygon = key // number, key % number
    return np.searchsorted(cell, np.arange(len(crossed) + 1)), polygon.astype(np.int32)
