"""Walls of a partition: the straight stretches of boundary between regions, and at the ends of the box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.box import Box
from vortexmd.regions.kernels import INSULATED, OUTSIDE

# Corners nearer to each other than this part of the longer side of the box are one.
SAME = 1e-9


class Walls(NamedTuple):
    """Stretches of boundary.

    Attributes
    ----------
    ends
        (W, 4) x1, y1, x2, y2 in λ.
    sides
        (W, 2) the region on the left and on the right of that direction; OUTSIDE or INSULATED beyond an end.
    """

    ends: NDArray[np.float64]
    sides: NDArray[np.int32]

    @property
    def lengths(self) -> NDArray[np.float64]:
        """(W,) in λ."""
        return np.hypot(self.ends[:, 2] - self.ends[:, 0], self.ends[:, 3] - self.ends[:, 1])


class End(NamedTuple):
    """What lies along one end of the box: region[k] from breaks[k] to breaks[k + 1]."""

    breaks: NDArray[np.float64]
    region: NDArray[np.int64]


def joined(parts: list[Walls]) -> Walls:
    """All of them in one."""
    return Walls(
        np.concatenate([part.ends for part in parts]).reshape(-1, 4),
        np.concatenate([part.sides for part in parts]).reshape(-1, 2).astype(np.int32),
    )


def line(
    axis: int, at: ArrayLike, begin: NDArray, end: NDArray, before: NDArray, after: NDArray
) -> Walls:
    """Stretches across `axis` at the coordinate `at`, between the regions before and after it.

    Parameters
    ----------
    axis
        0: upright stretches at x = at; 1: level ones at y = at.
    at
        In λ, one or (n,).
    begin, end
        (n,) from where to where, in λ.
    before, after
        (n,) the regions at smaller and larger coordinates.
    """
    place = np.broadcast_to(at, np.shape(begin))
    if axis == 0:
        return Walls(np.column_stack((place, begin, place, end)), np.column_stack((before, after)))
    return Walls(np.column_stack((begin, place, end, place)), np.column_stack((after, before)))


def end_walls(box: Box, ends: list[tuple[End, End]]) -> Walls:
    """Walls at the ends of the box, or across its seams where it is periodic.

    Parameters
    ----------
    box
        Its boundary says what lies behind.
    ends
        Of each axis, the near and the far end.
    """
    parts = []
    for axis, (near, far) in enumerate(ends):
        length = box.lengths[axis]
        if box.boundary[axis] == "periodic":
            parts.append(_seam(axis, near, far, SAME * max(box.lengths)))
            continue
        behind = OUTSIDE if box.boundary[axis] == "open" else INSULATED
        for at, end, first in ((0.0, near, False), (length, far, True)):
            beyond = np.full(len(end.region), behind)
            sides = (end.region, beyond) if first else (beyond, end.region)
            parts.append(line(axis, at, end.breaks[:-1], end.breaks[1:], *sides))
    return joined(parts)


def _seam(axis: int, near: End, far: End, same: float) -> Walls:
    """Where different regions meet across a periodic end."""
    breaks = np.sort(np.concatenate((near.breaks, far.breaks)))
    breaks = breaks[np.concatenate(([True], np.diff(breaks) > same))]
    middle = 0.5 * (breaks[1:] + breaks[:-1])
    before = far.region[np.searchsorted(far.breaks, middle) - 1]
    after = near.region[np.searchsorted(near.breaks, middle) - 1]
    keep = before != after
    return line(axis, 0.0, breaks[:-1][keep], breaks[1:][keep], before[keep], after[keep])


def between(walls: Walls) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (I, 2) of regions with a common wall, i < j, sorted, and the total length (I,) in λ."""
    inner = walls.sides.min(axis=1) >= 0
    return total(np.sort(walls.sides[inner], axis=1), walls.lengths[inner])


def total(
    pairs: NDArray, amounts: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each different pair (K, 2) once, sorted, and the sum of its amounts."""
    if len(pairs) == 0:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    most = int(pairs.max()) + 1
    keys, which = np.unique(pairs[:, 0].astype(np.int64) * most + pairs[:, 1], return_inverse=True)
    return np.column_stack((keys // most, keys % most)), np.bincount(which, amounts).astype(float)


def mean_chords(area: NDArray[np.float64], walls: Walls, box: Box) -> NDArray[np.float64]:
    """(R,) the shorter of a region's mean chords along x and along y, in λ.

    The mean chord along x is A / (½∮|dy|) (Cauchy). A region that has no end along a periodic axis is as
    long there as the box.
    """
    width = np.full(len(area), np.inf)
    for axis in (0, 1):
        across = np.abs(walls.ends[:, 3 - axis] - walls.ends[:, 1 - axis])
        shadow = np.zeros(len(area))
        for side in walls.sides.T:
            there = side >= 0
            shadow += 0.5 * np.bincount(side[there], across[there], minlength=len(area))
        chord = area / np.maximum(shadow, area / box.lengths[axis])
        width = np.minimum(width, chord)
    return width
