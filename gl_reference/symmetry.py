"""Mirror lines of a set of vortices: solve on a half or a quarter of the plane.

Under a reflection M the superfluid velocity V = Σ n_j θ̂_j/r_j turns into −M V where the image of
every vortex has the same winding, and into +M V where it has the opposite one. A follows V, the
amplitude f is even either way, B is even or odd.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potentials.base import Array

Integers = NDArray[np.int64]

# An image this near to a vortex is that vortex: in λ, or in the extent of all where that is larger.
MATCH = 1e-9


class Operation(NamedTuple):
    """One element of the group: x → flip·x (diagonal), windings times `sign`, vortex j → images[j]."""

    flip: Array  # (2,) of ±1
    sign: int
    images: Integers  # (N,)


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A frame whose axes are mirror lines, where there are any.

    Attributes
    ----------
    centre : (2,) array, λ
        Origin of the frame.
    axes : (2, 2) array
        Its unit vectors, in columns.
    positions : (N, 2) array, λ
        Of the vortices in the frame, symmetric to the last bit.
    winding : (N,) int array
    mirrors : (int, int)
        For the reflections x → −x and y → −y of the frame: 1 (windings stay), −1 (all windings
        change sign), 0 (no symmetry).
    """

    centre: Array
    axes: Array
    positions: Array
    winding: Integers
    mirrors: tuple[int, int]

    def to_frame(self, points: Array) -> Array:
        """Points (…, 2) of the plane in the frame."""
        return (points - self.centre) @ self.axes

    def to_plane(self, vectors: Array) -> Array:
        """Vectors (2, …) of the frame in the plane."""
        return np.tensordot(self.axes, vectors, axes=1)

    def operations(self) -> Iterator[Operation]:
        """The group: 1, 2 or 4 elements, the identity first."""
        choices = [(1, -1) if sign else (1,) for sign in self.mirrors]
        for flips in product(*choices):
            signs = [s for s, flip in zip(self.mirrors, flips, strict=True) if flip < 0]
            flip, sign = np.array(flips, dtype=float), int(np.prod(signs))
            yield Operation(flip, sign, nearest(self.positions * flip, self.positions))

    def fold(self, points: Array) -> tuple[Array, Array, Array]:
        """Images (P, 2) of points in the cell; what A (2, P) and B (P,) there are to be taken by."""
        points = points.copy()
        factor_A, factor_B = np.ones(points.T.shape), np.ones(len(points))
        for axis, sign in enumerate(self.mirrors):
            if sign:
                outside = points[:, axis] < 0
                points[outside, axis] *= -1
                factor_A[axis, outside] *= sign  # A → −s M A
                factor_A[1 - axis, outside] *= -sign
                factor_B[outside] *= sign
        return points, factor_A, factor_B


def nearest(points: Array, positions: Array) -> Integers:
    """Index (P,) of the position nearest to each point."""
    gaps = np.hypot(*(points[:, None] - positions).transpose(2, 0, 1))
    return np.argmin(gaps, axis=1)


def _mirror(positions: Array, winding: Integers, axis: int) -> int:
    """1 or −1 where reflecting one coordinate maps the vortices onto themselves, else 0."""
    flip = np.where(np.arange(2) == axis, -1.0, 1.0)
    images = nearest(positions * flip, positions)
    gaps = np.hypot(*(positions * flip - positions[images]).T)
    if (gaps > MATCH * max(1.0, np.abs(positions).max())).any():
        return 0
    for sign in (1, -1):
        if (winding[images] == sign * winding).all():
            return sign
    return 0


def _snapped(positions: Array, mirrors: tuple[int, int]) -> Array:
    """Positions that are symmetric to the last bit."""
    for axis, sign in enumerate(mirrors):
        if sign:
            flip = np.where(np.arange(2) == axis, -1.0, 1.0)
            images = nearest(positions * flip, positions)
            positions = (positions + positions[images] * flip) / 2
    return positions


def _rotation(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def axes_symmetry(positions: Array, winding: Integers) -> Symmetry:
    """The mirror lines among x = 0 and y = 0; for domains that have these two."""
    mirrors = (_mirror(positions, winding, 0), _mirror(positions, winding, 1))
    return Symmetry(np.zeros(2), np.eye(2), _snapped(positions, mirrors), winding, mirrors)


def find_symmetry(positions: Array, winding: Integers) -> Symmetry:
    """A mirror line through the vortices (N, 2), two at right angles where they exist.

    A mirror line runs through the mean position weighted by |n|, and bisects the angle between
    the vortex farthest from there and one of the vortices.
    """
    weights = np.abs(winding)
    centre = weights @ positions / weights.sum()
    local = positions - centre
    polar = np.arctan2(local[:, 1], local[:, 0])
    farthest = np.argmax(np.hypot(*local.T))
    best = Symmetry(centre, np.eye(2), local, winding, (0, 0))
    for angle in [0.0, *((polar + polar[farthest]) / 2)]:
        axes = _rotation(angle)
        turned = local @ axes
        mirrors = (_mirror(turned, winding, 0), _mirror(turned, winding, 1))
        if np.count_nonzero(mirrors) > np.count_nonzero(best.mirrors):
            best = Symmetry(centre, axes, _snapped(turned, mirrors), winding, mirrors)
    return best
