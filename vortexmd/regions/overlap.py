"""Areas that polygons share, also after a shift: overlaps, and where hops lead.

A polygon is the signed sum of the columns below its sides, and two columns share ∫ min(y₁, y₂) dx where their
sides overlap in x. So the shared area is a double sum over sides, exact for any simple polygons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from vortexmd.box import Box
from vortexmd.regions.conform import Loops

# Shared areas below this part of the room they were looked for in are rounding.
ROUNDING = 1e-12


class Hops(NamedTuple):
    """Areas of {x in i: x + d in j}, summed over the displacements d = ±s x̂, ±s ŷ.

    Attributes
    ----------
    area
        (R, R) sparse, symmetric, without diagonal, in λ².
    out
        (R,) λ²: landing beyond an open end.
    """

    area: csr_array
    out: NDArray[np.float64]


def overlapping(loops: Loops) -> tuple[int, int, float] | None:
    """Two polygons that overlap and by how much (λ²); None if there are none."""
    p, q, shared = _shared(loops, (0.0, 0.0))
    twice = np.flatnonzero(p < q)
    if twice.size == 0:
        return None
    k = twice[np.argmax(shared[twice])]
    return int(p[k]), int(q[k]), float(shared[k])


def polygon_hops(
    loops: Loops,
    region_of: NDArray[np.int64],
    background: int,
    area: NDArray[np.float64],
    box: Box,
    distance: float,
) -> Hops:
    """Where hops of `distance` (λ) along the axes lead.

    Parameters
    ----------
    loops, region_of, background, area
        As in a `PolygonPartition`.
    box
        Periodic ends wrap; beyond a reflecting end nobody lands.
    distance
        s in λ.
    """
    number = len(area)
    moved = csr_array((number, number))
    out = np.zeros(number)
    for axis, length in enumerate(box.lengths):
        word = box.boundary[axis]
        steps = [distance]
        if word == "periodic":
            forward = distance % length
            steps = [forward, forward - length]
        found = [_shared(loops, (step, 0.0) if axis == 0 else (0.0, step)) for step in steps]
        p, q, shared = (np.concatenate(column) for column in zip(*found, strict=True))
        there = coo_array((shared, (region_of[p], region_of[q])), shape=(number, number)).tocsr()
        beyond = _beyond(loops, region_of, number, axis, length, distance, word)
        if background >= 0:
            # A hop forward starts from the background, or ends in it, where no polygon is found.
            strip = 0.0
            if word != "periodic":
                strip = min(distance, length) * box.lengths[1 - axis]
                beyond[:, background] = np.maximum(strip - beyond.sum(axis=1), 0.0)
            there = there + _remainder(there, background, area, beyond)
        moved = moved + there
        if word == "open":
            out += beyond.sum(axis=0)
    both = (moved + moved.T).tocoo()
    apart = both.row != both.col
    both = coo_array((both.data[apart], (both.row[apart], both.col[apart])), shape=both.shape)
    return Hops(both.tocsr(), out)


def _beyond(
    loops: Loops,
    region_of: NDArray[np.int64],
    number: int,
    axis: int,
    length: float,
    distance: float,
    word: str,
) -> NDArray[np.float64]:
    """(2, R) λ² of the regions from which a hop backward, forward, leads past the end of the axis."""
    if word == "periodic":
        return np.zeros((2, number))
    whole = loops.areas()
    low = _area_before(loops, axis, min(distance, length))
    high = whole - _area_before(loops, axis, max(length - distance, 0.0))
    return np.array([np.bincount(region_of, part, minlength=number) for part in (low, high)])


def _remainder(
    there: csr_array, background: int, area: NDArray[np.float64], beyond: NDArray[np.float64]
) -> csr_array:
    """Hops forward from regions into the background, and from there into regions."""
    into = area - beyond[1] - np.asarray(there.sum(axis=1)).ravel()
    from_it = area - beyond[0] - np.asarray(there.sum(axis=0)).ravel()
    rows, columns, data = [], [], []
    for left, inward in ((into, True), (from_it, False)):
        left[background] = 0.0
        some = np.flatnonzero(left > ROUNDING * area)
        all_background = np.full(len(some), background)
        rows.append(some if inward else all_background)
        columns.append(all_background if inward else some)
        data.append(left[some])
    place = (np.concatenate(rows), np.concatenate(columns))
    return coo_array((np.concatenate(data), place), shape=there.shape).tocsr()


def _area_before(loops: Loops, axis: int, at: float) -> NDArray[np.float64]:
    """(P,) λ² of each polygon where the coordinate along `axis` is below `at`."""
    a, b = loops.corners, loops.points[loops.following]
    base = a[loops.start[:-1], 1 - axis][loops.owner]
    x1, x2 = a[:, axis], b[:, axis]
    y1, y2 = a[:, 1 - axis] - base, b[:, 1 - axis] - base
    run = x2 - x1
    slope = np.where(run == 0, 0.0, (y2 - y1) / np.where(run == 0, 1.0, run))
    c1, c2 = np.minimum(x1, at), np.minimum(x2, at)
    mean = 0.5 * (y1 + slope * (c1 - x1) + y1 + slope * (c2 - x1))
    sign = -1.0 if axis == 0 else 1.0
    return np.maximum(sign * np.add.reduceat(mean * (c2 - c1), loops.start[:-1]), 0.0)


def _shared(
    loops: Loops, shift: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Polygons p and q and the area (λ²) that p, shifted, shares with q, where it is more than rounding."""
    corners = loops.corners
    low = np.minimum.reduceat(corners, loops.start[:-1])
    high = np.maximum.reduceat(corners, loops.start[:-1])
    order = np.argsort(low[:, 0], kind="stable")
    widest = float((high - low)[:, 0].max())
    move = np.array(shift)
    room = np.empty((0, 2), dtype=np.int64)
    while True:
        needed = _meeting(low + move, high + move, low[order], high[order], order, widest, room)
        if needed <= len(room):
            break
        room = np.empty((needed, 2), dtype=np.int64)
    shared = np.empty(len(room))
    _areas(room, loops.start, corners, move, low, high, ROUNDING, shared)
    some = shared > 0
    return room[some, 0], room[some, 1], shared[some]


@njit(cache=True, error_model="numpy")
def _meeting(low, high, low_sorted, high_sorted, order, widest, pairs):
    """Pairs of rectangles that overlap, as far as there is room for them; how many there are."""
    found = 0
    for p in range(low.shape[0]):
        k = np.searchsorted(low_sorted[:, 0], low[p, 0] - widest)
        while k < low_sorted.shape[0] and low_sorted[k, 0] < high[p, 0]:
            if (
                high_sorted[k, 0] > low[p, 0]
                and low_sorted[k, 1] < high[p, 1]
                and high_sorted[k, 1] > low[p, 1]
            ):
                if found < pairs.shape[0]:
                    pairs[found, 0] = p
                    pairs[found, 1] = order[k]
                found += 1
            k += 1
    return found


@njit(cache=True, error_model="numpy")
def _areas(pairs, start, corners, move, low, high, rounding, out):
    """Shared area of each pair of polygons, the first one shifted; 0 where it is within rounding."""
    for k in range(pairs.shape[0]):
        p, q = pairs[k, 0], pairs[k, 1]
        # From a corner of the common room, so that shared areas keep their digits far out.
        ox, oy = low[q, 0], low[q, 1]
        begin = max(low[p, 0] + move[0], ox)
        end = min(high[p, 0] + move[0], high[q, 0])
        total = 0.0
        for e in range(start[p], start[p + 1]):
            f = e + 1 if e + 1 < start[p + 1] else start[p]
            ax, ay = corners[e, 0] + move[0] - ox, corners[e, 1] + move[1] - oy
            bx, by = corners[f, 0] + move[0] - ox, corners[f, 1] + move[1] - oy
            if ax == bx:
                continue
            for g in range(start[q], start[q + 1]):
                h = g + 1 if g + 1 < start[q + 1] else start[q]
                cx, cy = corners[g, 0] - ox, corners[g, 1] - oy
                dx, dy = corners[h, 0] - ox, corners[h, 1] - oy
                x1 = max(min(ax, bx), min(cx, dx))
                x2 = min(max(ax, bx), max(cx, dx))
                if x1 >= x2:
                    continue
                up1 = ay + (x1 - ax) / (bx - ax) * (by - ay)
                up2 = ay + (x2 - ax) / (bx - ax) * (by - ay)
                down1 = cy + (x1 - cx) / (dx - cx) * (dy - cy)
                down2 = cy + (x2 - cx) / (dx - cx) * (dy - cy)
                gap1, gap2 = up1 - down1, up2 - down2
                column = 0.5 * (x2 - x1) * (min(up1, down1) + min(up2, down2))
                if gap1 * gap2 < 0.0:
                    # The lower one changes at the crossing.
                    t = gap1 / (gap1 - gap2)
                    cross = up1 + t * (up2 - up1)
                    column = (
                        0.5
                        * (x2 - x1)
                        * (t * (min(up1, down1) + cross) + (1.0 - t) * (cross + min(up2, down2)))
                    )
                if (bx > ax) == (dx > cx):
                    total += column
                else:
                    total -= column
        height = max(high[p, 1] + move[1], high[q, 1]) - min(low[p, 1] + move[1], low[q, 1])
        out[k] = total if total > rounding * (end - begin) * height else 0.0
