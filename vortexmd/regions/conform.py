"""Polygons made to fit: corners that coincide are one, sides are cut where others' corners lie on them.

After that, neighbours share whole sides, bit by bit, so that rounding leaves neither cracks nor overlaps
between them, and every side has exactly one polygon, or nothing, on its other hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from vortexmd.box import Box
from vortexmd.regions.cells import cells_near, cut, ranges
from vortexmd.regions.walls import SAME


class Loops(NamedTuple):
    """Polygons with shared corners, anticlockwise.

    Attributes
    ----------
    start, vertex
        (P + 1,), (V,): polygon p runs through points[vertex[start[p]:start[p + 1]]].
    points
        (M, 2) all corners, each once, in λ.
    """

    start: NDArray[np.int64]
    vertex: NDArray[np.int64]
    points: NDArray[np.float64]

    @property
    def owner(self) -> NDArray[np.int64]:
        """(V,) the polygon of each corner, and of the side that begins there."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @property
    def following(self) -> NDArray[np.int64]:
        """(V,) the corner at the other end of the side that begins at each."""
        after = np.arange(1, len(self.vertex) + 1)
        after[self.start[1:] - 1] = self.start[:-1]
        return self.vertex[after]

    @property
    def corners(self) -> NDArray[np.float64]:
        """(V, 2) in λ."""
        return self.points[self.vertex]

    def areas(self) -> NDArray[np.float64]:
        """(P,) in λ², negative where a polygon runs clockwise."""
        # About its own first corner, so that a small polygon far out keeps its digits.
        base = self.points[self.vertex[self.start[:-1]]][self.owner]
        a, b = self.corners - base, self.points[self.following] - base
        return 0.5 * np.add.reduceat(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], self.start[:-1])


def conform(polygons: list[NDArray[np.float64]], box: Box, name: Callable[[int], str]) -> Loops:
    """The polygons as loops that fit together.

    Parameters
    ----------
    polygons
        Each (n, 2), n ≥ 3, finite, in λ.
    box
        They lie in it.
    name
        What to call polygon k in messages.

    Raises
    ------
    ValueError
        Naming the polygon that leaves the box, has no area, or crosses or touches itself.
    """
    start = np.concatenate(([0], np.cumsum([len(p) for p in polygons])))
    corners = np.concatenate(polygons)
    same = SAME * max(box.lengths)
    corners = _within(start, corners, box, same, name)
    points, vertex = _merge(corners, same)
    loops = Loops(start, vertex, points)
    _check_corners(loops, name)
    areas = loops.areas()
    rim = np.add.reduceat(np.hypot(*(points[loops.following] - loops.corners).T), start[:-1])
    flat = np.flatnonzero(np.abs(areas) <= same * rim)
    if flat.size:
        raise ValueError(
            f"{name(int(flat[0]))} has no area: its corners lie on one line, or its sides cross"
        )
    loops = _anticlockwise(loops, areas < 0)
    edge, on = _corners_on_sides(loops, box, same)
    _check_touching(loops, edge, on, name)
    crossing = _first_crossing(*_sorted_sides(loops))
    if crossing >= 0:
        raise ValueError(f"{name(crossing)} crosses itself: its sides may only meet at its corners")
    return _insert(loops, edge, on)


def _within(
    start: NDArray, corners: NDArray, box: Box, same: float, name: Callable[[int], str]
) -> NDArray[np.float64]:
    """Corners that are at an end of the box but for rounding lie there exactly."""
    corners = corners.copy()
    for axis, length in enumerate(box.lengths):
        x = corners[:, axis]
        beyond = np.flatnonzero((x < -same) | (x > length + same))
        if beyond.size:
            k = beyond[0]
            raise ValueError(
                f"{name(int(np.searchsorted(start, k, side='right')) - 1)} leaves the box: corner "
                f"({corners[k, 0]:g}, {corners[k, 1]:g}) is outside 0 … {box.lengths[0]:g} × 0 … "
                f"{box.lengths[1]:g} λ; cut it at the end of the box (the rest of a region across a "
                f"periodic end is another polygon of the same region)"
            )
        x[np.abs(x) <= same] = 0.0
        x[np.abs(x - length) <= same] = length
    return corners


def _merge(corners: NDArray, same: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(points (M, 2), which of them each corner is): those nearer than `same` are one."""
    exact, which = np.unique(corners, axis=0, return_inverse=True)
    close = cKDTree(exact).query_pairs(same, output_type="ndarray")
    links = coo_array((np.ones(len(close)), (close[:, 0], close[:, 1])), shape=2 * (len(exact),))
    number, group = connected_components(links, directed=False)
    first = np.full(number, len(exact))
    np.minimum.at(first, group, np.arange(len(exact)))
    return exact[first], group[which.ravel()].astype(np.int64)


def _check_corners(loops: Loops, name: Callable[[int], str]) -> None:
    """No corner twice in a polygon."""
    key = loops.owner * len(loops.points) + loops.vertex
    order = np.argsort(key, kind="stable")
    twice = order[1:][np.diff(key[order]) == 0]
    if twice.size:
        k = twice.min()
        x, y = loops.corners[k]
        neighbours = loops.vertex[k] in (loops.vertex[k - 1], loops.following[k])
        raise ValueError(
            f"{name(int(loops.owner[k]))} "
            + ("has the same corner twice" if neighbours else "touches itself")
            + f" at ({x:g}, {y:g}); give each corner once, and several polygons for a region with holes"
        )


def _anticlockwise(loops: Loops, clockwise: NDArray[np.bool_]) -> Loops:
    owner = loops.owner
    place = np.arange(len(loops.vertex))
    mirrored = loops.start[owner] + loops.start[owner + 1] - 1 - place
    return loops._replace(vertex=loops.vertex[np.where(clockwise[owner], mirrored, place)])


def _corners_on_sides(
    loops: Loops, box: Box, same: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sides (K,) and points (K,) that lie on them without being their ends, in order along each side."""
    points = loops.points
    a, b = loops.vertex, loops.following
    ends = np.column_stack((points[a], points[b]))
    count, width = cut(np.array(box.lengths), len(points))
    side, cell = cells_near(ends, 2 * same, count, width)
    index = np.clip((points / width).astype(np.int64), 0, count - 1)
    of_point = index[:, 0] * count[1] + index[:, 1]
    order = np.argsort(of_point, kind="stable")
    first = np.searchsorted(of_point[order], cell)
    last = np.searchsorted(of_point[order], cell, side="right") - 1
    which, place = ranges(first, last)
    side, point = side[which], order[place]
    other = (point != a[side]) & (point != b[side])
    side, point = side[other], point[other]
    # From the lower-numbered end, so that both owners of a side find the same.
    low, high = points[np.minimum(a, b)[side]], points[np.maximum(a, b)[side]]
    along = high - low
    length = np.hypot(*along.T)
    offset = points[point] - low
    t = np.einsum("ki,ki->k", offset, along) / length**2
    gap = np.abs(offset[:, 0] * along[:, 1] - offset[:, 1] * along[:, 0]) / length
    on = (gap <= same) & (t > 0) & (t < 1)
    side, point, t = side[on], point[on], t[on]
    forward = np.where(a[side] < b[side], t, -t)
    order = np.lexsort((forward, side))
    return side[order], point[order]


def _check_touching(loops: Loops, side: NDArray, on: NDArray, name: Callable[[int], str]) -> None:
    """No corner of a polygon on a side of its own."""
    owner = loops.owner
    own = owner * len(loops.points) + loops.vertex
    touching = np.flatnonzero(np.isin(owner[side] * len(loops.points) + on, own))
    if touching.size:
        k = touching[0]
        x, y = loops.points[on[k]]
        raise ValueError(
            f"{name(int(owner[side[k]]))} touches itself at ({x:g}, {y:g}); give several polygons for a "
            f"region with holes"
        )


def _sorted_sides(loops: Loops) -> tuple[NDArray, NDArray, NDArray]:
    """Sides (V, 4), their polygons (V,) and corners (V, 2), polygon by polygon from left to right."""
    a, b = loops.vertex, loops.following
    ends = np.column_stack((loops.points[a], loops.points[b]))
    order = np.lexsort((np.minimum(ends[:, 0], ends[:, 2]), loops.owner))
    return ends[order], loops.owner[order], np.column_stack((a, b))[order]


@njit(cache=True, error_model="numpy")
def _between(ends, side, other):
    """Whether a side's two ends lie on different hands of another one."""
    x, y = ends[other, 0], ends[other, 1]
    dx, dy = ends[other, 2] - x, ends[other, 3] - y
    first = dx * (ends[side, 1] - y) - dy * (ends[side, 0] - x)
    second = dx * (ends[side, 3] - y) - dy * (ends[side, 2] - x)
    return (first < 0.0 and second > 0.0) or (first > 0.0 and second < 0.0)


@njit(cache=True, error_model="numpy")
def _first_crossing(ends, owner, corner):
    """The first polygon with two sides that cross; −1 if there is none."""
    for e in range(ends.shape[0]):
        far = max(ends[e, 0], ends[e, 2])
        for f in range(e + 1, ends.shape[0]):
            if owner[f] != owner[e] or min(ends[f, 0], ends[f, 2]) > far:
                break
            # Neighbours meet at their corner, whatever rounding says.
            if (
                corner[e, 0] != corner[f, 1]
                and corner[e, 1] != corner[f, 0]
                and _between(ends, e, f)
                and _between(ends, f, e)
            ):
                return owner[e]
    return -1


def _insert(loops: Loops, side: NDArray[np.int64], on: NDArray[np.int64]) -> Loops:
    """The loops with a corner wherever another polygon's lies on a side."""
    # np.insert keeps the order of what goes to the same place.
    vertex = np.insert(loops.vertex, side + 1, on)
    added = np.bincount(loops.owner[side], minlength=len(loops.start) - 1)
    return Loops(loops.start + np.concatenate(([0], np.cumsum(added))), vertex, loops.points)
