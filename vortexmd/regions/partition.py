"""Pinning regions: a labelled partition of the box into rectangles, polygons or pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from vortexmd.box import Box
from vortexmd.checks import flag, measure, numbers
from vortexmd.regions import checks as checked
from vortexmd.regions.grid import build
from vortexmd.regions.kernels import OUTSIDE, RegionGrid, label_all
from vortexmd.regions.polygons import EXACT, PolygonPartition
from vortexmd.regions.raster import RasterPartition
from vortexmd.regions.walls import mean_chords


@dataclass(frozen=True, eq=False, repr=False)
class Regions:
    """The box as regions that fill it and touch along interfaces.

    Made by `rectangles`, `polygons` or `raster`; the fields are what remakes it.

    Parameters
    ----------
    box
        What is partitioned. Its boundary says whether regions touch across an end, or the outside is there.
    corners
        The polygons, each (n, 2) in λ, in either direction; None for a raster. They may share corners and
        sides, not more.
    region_of
        (P,) the region of each polygon, 0 … R − 1; one each if None.
    names
        R of them, different; ``"region 0"``, … if none are given.
    background
        What no polygon covers is one more region, the last.
    labels
        (nx, ny) the region of each pixel, [ix·Lx/nx, (ix + 1)·Lx/nx) × …; None for polygons.

    Raises
    ------
    ValueError
        If the box has a free axis; if polygons leave the box, have no area, cross or touch themselves,
        overlap or leave a gap (naming them); if a pixel has no region or a region no pixel.
    """

    box: Box
    corners: Sequence[ArrayLike] | None = None
    region_of: ArrayLike | None = None
    names: Sequence[str] = ()
    background: bool = False
    labels: ArrayLike | None = None
    _partition: PolygonPartition | RasterPartition = field(init=False)

    def __post_init__(self) -> None:
        box = checked.box_of(self.box)
        background = flag("regions.background", self.background)
        object.__setattr__(self, "background", background)
        if (self.corners is None) == (self.labels is None):
            raise ValueError("regions: give either the corners of polygons or the labels of pixels")
        partition: PolygonPartition | RasterPartition
        if self.labels is not None:
            if self.region_of is not None or self.background:
                raise ValueError(
                    "regions: region_of and background are for polygons, not for pixels"
                )
            labels = checked.labels(self.labels)
            labels.flags.writeable = False
            object.__setattr__(self, "labels", labels)
            partition = RasterPartition.build(box, labels)
        else:
            polygons = checked.polygons(self.corners)
            region_of = checked.region_numbers(self.region_of, len(polygons))
            for array in (*polygons, region_of):
                array.flags.writeable = False
            object.__setattr__(self, "corners", tuple(polygons))
            object.__setattr__(self, "region_of", region_of)
            partition = PolygonPartition.build(box, polygons, region_of, self.background)
        object.__setattr__(self, "_partition", partition)
        object.__setattr__(self, "names", checked.names(self.names, len(partition.area)))

    @classmethod
    def rectangles(
        cls,
        rectangles: ArrayLike,
        box: Box | None = None,
        names: Sequence[str] = (),
        background: bool = False,
        regions: ArrayLike | None = None,
    ) -> Regions:
        """Regions made of rectangles.

        Parameters
        ----------
        rectangles
            (P, 4): x0, y0, x1, y1 of each, in λ.
        box
            What they fill; None: a reflecting box from the origin to their farthest corner.
        names, background
            As for the class.
        regions
            (P,) the region of each rectangle; one each if None.
        """
        polygons = checked.rectangles(rectangles)
        try:
            return cls(_around(polygons, box), polygons, regions, names, background)
        except ValueError as error:
            # They have become polygons; their maker knows them as rectangles.
            raise ValueError(str(error).replace("polygons", "rectangles")) from None

    @classmethod
    def polygons(
        cls,
        polygons: Sequence[ArrayLike],
        box: Box | None = None,
        names: Sequence[str] = (),
        regions: ArrayLike | None = None,
        background: bool = False,
    ) -> Regions:
        """Regions made of polygons.

        Parameters
        ----------
        polygons
            Each (n, 2), its corners in λ, one after the other in either direction; they need not be convex.
        box
            What they fill; None: a reflecting box from the origin to their farthest corner.
        names, background
            As for the class.
        regions
            (P,) the region of each polygon; one each if None.
        """
        corners = checked.polygons(polygons)
        return cls(_around(corners, box), corners, regions, names, background)

    @classmethod
    def raster(
        cls,
        labels: ArrayLike,
        box: Box | None = None,
        pixel: float | tuple[float, float] | None = None,
        names: Sequence[str] = (),
    ) -> Regions:
        """Regions made of pixels, as an image gives them.

        Parameters
        ----------
        labels
            (nx, ny) the region of each pixel, 0 … R − 1; the first index runs along x.
        box
            What the pixels fill.
        pixel
            Instead of a box: the side of a pixel in λ, or both sides; the box is reflecting.
        names
            As for the class.
        """
        if (box is None) == (pixel is None):
            raise ValueError(
                "regions: a raster needs either box= or pixel=, the side of a pixel in λ"
            )
        numbers = checked.labels(labels)
        if box is None:
            box = checked.pixel_sides(pixel, numbers.shape)
        return cls(box, labels=numbers, names=names)

    def within(self, box: Box) -> Regions:
        """The same regions in a box of the same lengths, whose boundary is taken over."""
        checked.same_lengths(self.box, checked.box_of(box), EXACT)
        return self if box == self.box else replace(self, box=box)

    def __len__(self) -> int:
        return len(self.area)

    def __repr__(self) -> str:
        return f"<Regions: {len(self)} in {self.box}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Regions):
            return NotImplemented
        mine, theirs = self._remakes(), other._remakes()
        return len(mine) == len(theirs) and all(
            np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True)
        )

    def __hash__(self) -> int:
        return hash((self.box, self.names, self.background, self.area.tobytes()))

    def _remakes(self) -> list[Any]:
        """What is compared: the fields, one array after the other."""
        shapes = [self.labels] if self.corners is None else [self.region_of, *self.corners]
        return [self.box, self.names, self.background, self.corners is None, *shapes]

    @property
    def area(self) -> NDArray[np.float64]:
        """(R,) in λ²."""
        return self._partition.area

    @cached_property
    def width(self) -> NDArray[np.float64]:
        """(R,) the shorter of a region's mean chords along x and along y, in λ.

        Of a rectangle, its shorter side. Hops should be shorter, or they pass over the region.
        """
        return mean_chords(self.area, self._partition.walls, self.box)

    @property
    def walls(self) -> NDArray[np.float64]:
        """(W, 4) x1, y1, x2, y2 of the interfaces in λ, for drawing; across a periodic axis, at its start."""
        walls = self._partition.walls
        return walls.ends[walls.sides.min(axis=1) >= 0]

    @cached_property
    def grid(self) -> RegionGrid:
        """The partition for the compiled loops of `kernels`."""
        return build(self._partition)

    def label(self, positions: ArrayLike) -> NDArray[np.int32]:
        """(N,) the region of each position (N, 2) in λ; −1 beyond an end of the box.

        Positions are folded into the box along periodic axes. On an interface, the region on its right or
        above it has the point.
        """
        r = np.ascontiguousarray(numbers("positions", positions, "an (N, 2) array in λ"))
        if r.ndim != 2 or r.shape[1] != 2:
            raise ValueError(f"positions: an array of shape {r.shape}; give (N, 2)")
        out = np.empty(len(r), dtype=np.int32)
        label_all(r, self.grid, out)
        return out

    def interfaces(self) -> list[tuple[int, int, float]]:
        """(i, j, length in λ) of regions that touch, i < j, each pair once.

        True lengths, across periodic ends too. Those of a raster are estimates (`lengths`): exact for
        rectangles along the axes; straight lines and circles within 1 % at 100 pixels and falling with the
        pixel size; ends and blunt corners are good to about a pixel.
        """
        return [
            (int(i), int(j), float(length)) for (i, j), length in zip(*self._faces, strict=True)
        ]

    @cached_property
    def _faces(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return self._partition.interfaces()

    def open_lengths(self) -> dict[int, float]:
        """{region: its length in λ along the open ends of the box}."""
        walls = self._partition.walls
        lengths: dict[int, float] = {}
        outer = (walls.sides == OUTSIDE).any(axis=1)
        for region, length in zip(
            walls.sides[outer].max(axis=1).tolist(), walls.lengths[outer].tolist(), strict=True
        ):
            lengths[region] = lengths.get(region, 0.0) + length
        return dict(sorted(lengths.items()))

    def hop_areas(self, distance: float) -> tuple[csr_array, NDArray[np.float64]]:
        """The areas from which hops by `distance` along the axes lead from region to region.

        M_ij = Σ_d |{x in i: x + d in j}| over d = ±s x̂, ±s ŷ, exact: L s (|cos θ| + |sin θ|) at a straight
        interface inclined by θ to an axis, while regions are wider than s. The conductance is ½ν₀M_ij.

        Parameters
        ----------
        distance
            s in λ.

        Returns
        -------
        area : (R, R) sparse, symmetric, without diagonal, in λ²
        out : (R,) λ²: landing beyond an open end (nobody lands beyond a reflecting one)
        """
        area, out = self._partition.hops(measure("distance", distance))
        return area, out


def _around(polygons: list[NDArray[np.float64]], box: Box | None) -> Box:
    """The box given, or the one that ends at the farthest corner."""
    if box is not None:
        return box
    far = np.max([polygon.max(axis=0) for polygon in polygons], axis=0)
    return checked.box_around(far, "polygons")
