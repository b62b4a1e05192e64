"""A partition made of pixels: walls along their edges, and where hops lead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from vortexmd.box import Box
from vortexmd.regions.lengths import raster_lengths
from vortexmd.regions.overlap import Hops
from vortexmd.regions.walls import End, Walls, end_walls, joined, line, total


@dataclass(frozen=True, eq=False)
class RasterPartition:
    """The box as equal pixels, each in a region.

    Attributes
    ----------
    box
        It.
    labels
        (nx, ny) the region of the pixel from (ix·Lx/nx, iy·Ly/ny) on.
    area
        (R,) in λ².
    inner
        Walls between different regions inside the box: edges of pixels, straight runs in one piece.
    walls
        The inner ones, and those at the ends of the box.
    """

    box: Box
    labels: NDArray[np.int32]
    area: NDArray[np.float64]
    inner: Walls
    walls: Walls

    @classmethod
    def build(cls, box: Box, labels: NDArray[np.int32]) -> RasterPartition:
        """From labels that have been checked."""
        area = np.bincount(labels.ravel()).astype(float) * (box.area / labels.size)
        inner = joined([_edges(labels, box, axis) for axis in (0, 1)])
        ends = [
            (_end(side[0], box.lengths[1 - axis]), _end(side[-1], box.lengths[1 - axis]))
            for axis, side in enumerate((labels, labels.T))
        ]
        return cls(box, labels, area, inner, joined([inner, end_walls(box, ends)]))

    @property
    def pixel(self) -> tuple[float, float]:
        """Sides of a pixel in λ."""
        return (
            self.box.lengths[0] / self.labels.shape[0],
            self.box.lengths[1] / self.labels.shape[1],
        )

    def interfaces(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Pairs (I, 2) of touching regions, and the lengths (I,) of what they share in λ."""
        return raster_lengths(self.labels, self.pixel, self.box.periodic)

    def hops(self, distance: float) -> Hops:
        """Areas from which a hop by `distance` (λ) leads from region to region.

        A shift that is no whole number of pixels is the weighted mean of the two next to it, which is exact:
        a shifted pixel covers two others.
        """
        number = len(self.area)
        pairs, amounts = [], []
        out = np.zeros(number)
        for axis, labels in enumerate((self.labels, self.labels.T)):
            pixels, part = divmod(distance / self.pixel[axis], 1.0)
            for shift, weight in ((int(pixels), 1.0 - part), (int(pixels) + 1, part)):
                scale = weight * self.box.area / labels.size
                if weight == 0.0:
                    continue
                start, end = _shifted(labels, shift, self.box.boundary[axis] == "periodic")
                found, counts = total(
                    np.column_stack((start.ravel(), end.ravel())), np.ones(start.size)
                )
                pairs.append(found)
                amounts.append(counts * scale)
                if self.box.boundary[axis] == "open":
                    rim = min(shift, len(labels))
                    for lost in (labels[:rim], labels[len(labels) - rim :]):
                        out += scale * np.bincount(lost.ravel(), minlength=number)
        i, j = np.concatenate(pairs).T
        apart = i != j
        i, j, data = i[apart], j[apart], np.concatenate(amounts)[apart]
        both = (np.concatenate((data, data)), (np.r_[i, j], np.r_[j, i]))
        return Hops(coo_array(both, shape=(number, number)).tocsr(), out)


def _shifted(labels: NDArray, shift: int, periodic: bool) -> tuple[NDArray, NDArray]:
    """Labels before and after a shift along the first axis, of the pixels that stay in the box."""
    if periodic:
        return labels, np.roll(labels, -shift, axis=0)
    return labels[: max(len(labels) - shift, 0)], labels[shift:]


def _edges(labels: NDArray[np.int32], box: Box, axis: int) -> Walls:
    """Straight runs of pixel edges across an axis with the same regions on both sides."""
    if axis == 1:
        labels = labels.T
    before, after = labels[:-1], labels[1:]
    different = before != after
    goes_on = (
        different[:, 1:]
        & different[:, :-1]
        & (before[:, 1:] == before[:, :-1])
        & (after[:, 1:] == after[:, :-1])
    )
    first, last = different.copy(), different.copy()
    first[:, 1:] &= ~goes_on
    last[:, :-1] &= ~goes_on
    row, begin = np.nonzero(first)
    end = np.nonzero(last)[1] + 1
    length, across = box.lengths[axis], box.lengths[1 - axis]
    return line(
        axis,
        (row + 1) * length / labels.shape[0],
        begin * across / labels.shape[1],
        end * across / labels.shape[1],
        before[row, begin],
        after[row, begin],
    )


def _end(labels: NDArray[np.int32], length: float) -> End:
    """What the pixels along one end of the box say."""
    changes = np.flatnonzero(np.diff(labels)) + 1
    places = np.concatenate(([0], changes, [len(labels)]))
    return End(places * length / len(labels), labels[places[:-1]].astype(np.int64))
