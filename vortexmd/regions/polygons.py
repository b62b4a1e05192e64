"""A partition made of polygons: what lies on either hand of every side, and whether they fill the box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.regions.conform import Loops, conform
from vortexmd.regions.overlap import Hops, overlapping, polygon_hops
from vortexmd.regions.walls import SAME, End, Walls, between, end_walls, joined

# Areas must add up to that of the box to this part of it.
EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class PolygonPartition:
    """The box as polygons that fill it, or leave the rest to a background region.

    Attributes
    ----------
    box
        It.
    loops
        The polygons, anticlockwise and fitting together.
    region_of
        (P,) the region of each.
    background
        The region of what they leave, or −1.
    area
        (R,) in λ².
    inner
        Walls between different regions inside the box.
    ends
        What lies along the near and the far end of each axis.
    walls
        The inner ones, and those at the ends of the box.
    """

    box: Box
    loops: Loops
    region_of: NDArray[np.int64]
    background: int
    area: NDArray[np.float64]
    inner: Walls
    ends: list[tuple[End, End]]
    walls: Walls

    @classmethod
    def build(
        cls,
        box: Box,
        polygons: list[NDArray[np.float64]],
        region_of: NDArray[np.int64],
        background: bool,
    ) -> PolygonPartition:
        """From polygons that have been checked one by one.

        Raises
        ------
        ValueError
            If they do not fit in the box, overlap, or leave gaps.
        """

        def name(k: int) -> str:
            return f"polygons[{k}]"

        loops = conform(polygons, box, name)
        areas = loops.areas()
        overlap = overlapping(loops)
        if overlap is not None:
            p, q, amount = overlap
            raise ValueError(
                f"{name(p)} and {name(q)} overlap by {amount:.6g} λ²; regions may only touch"
            )
        number = int(region_of.max()) + 1
        area = np.bincount(region_of, areas, minlength=number).astype(float)
        left = box.area - float(areas.sum())
        if background:
            if left <= EXACT * box.area:
                raise ValueError(
                    "background = True, but the polygons cover the whole box; leave it out"
                )
            area = np.append(area, left)
        elif abs(left) > EXACT * box.area:
            raise ValueError(
                f"polygons: {left:.6g} λ² of the box ({box.area:g} λ²) belong to none; leave no gap, or "
                f"pass background=True to make it one more region"
            )
        behind = number if background else -1
        inner, ends = _sort_sides(loops, box, region_of, behind)
        walls = joined([inner, end_walls(box, ends)])
        return cls(box, loops, region_of, behind, area, inner, ends, walls)

    def interfaces(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Pairs (I, 2) of touching regions, and the lengths (I,) of what they share in λ."""
        return between(self.walls)

    def hops(self, distance: float) -> Hops:
        """Areas from which a hop by `distance` leads from region to region."""
        return polygon_hops(
            self.loops, self.region_of, self.background, self.area, self.box, distance
        )


def _sort_sides(
    loops: Loops, box: Box, region_of: NDArray[np.int64], background: int
) -> tuple[Walls, list[tuple[End, End]]]:
    """(walls between different regions, what lies along the ends of the box).

    Raises
    ------
    ValueError
        At a side with nothing on its other hand.
    """
    a, b = loops.vertex, loops.following
    key = np.minimum(a, b) * len(loops.points) + np.maximum(a, b)
    order = np.argsort(key, kind="stable")
    pair = np.flatnonzero(np.diff(key[order]) == 0)
    one, two = order[pair], order[pair + 1]
    if len(np.unique(key)) + len(pair) != len(key) or (a[one] == a[two]).any():
        raise ValueError(
            "polygons: two of them lie on the same hand of a side; regions may only touch"
        )
    alone = np.ones(len(a), dtype=bool)
    alone[one] = alone[two] = False
    ends = np.column_stack((loops.points[a], loops.points[b]))
    region = region_of[loops.owner]
    between_two = Walls(ends[one], np.column_stack((region[one], region[two])))
    sides = np.flatnonzero(alone)
    taken = np.zeros(len(sides), dtype=bool)
    along: list[tuple[End, End]] = []
    for axis, length in enumerate(box.lengths):
        pieces = []
        for at in (0.0, length):
            there = (ends[sides, axis] == at) & (ends[sides, axis + 2] == at)
            taken |= there
            across = np.sort(ends[sides[there]][:, [1 - axis, 3 - axis]], axis=1)
            pieces.append(_end(across, region[sides[there]], box.lengths[1 - axis], background))
        along.append((pieces[0], pieces[1]))
    bare = sides[~taken]
    if background < 0 and bare.size:
        x1, y1, x2, y2 = ends[bare[0]]
        raise ValueError(
            f"polygons[{int(loops.owner[bare[0]])}]: nothing fits its side from ({x1:g}, {y1:g}) to "
            f"({x2:g}, {y2:g}); corners of neighbours must agree to {SAME:g} of the box"
        )
    rest = Walls(ends[bare], np.column_stack((region[bare], np.full(len(bare), background))))
    walls = joined([between_two, rest])
    different = walls.sides[:, 0] != walls.sides[:, 1]
    return Walls(walls.ends[different], walls.sides[different]), along


def _end(stretches: NDArray, region: NDArray[np.int64], length: float, background: int) -> End:
    """Stretches (n, 2) of one end of the box and their regions, in order, gaps filled with the background."""
    order = np.argsort(stretches[:, 0])
    begin, end = stretches[order].T
    breaks = np.unique(np.concatenate(([0.0], begin, end, [length])))
    middle = 0.5 * (breaks[1:] + breaks[:-1])
    if len(begin) == 0:
        return End(breaks, np.full(len(middle), background))
    place = np.maximum(np.searchsorted(begin, middle) - 1, 0)
    inside = (begin[place] < middle) & (middle < end[place])
    if background < 0 and not inside.all():
        at = middle[~inside][0]
        raise ValueError(f"polygons: none lies along an end of the box at {at:g} λ; leave no gap")
    return End(breaks, np.where(inside, region[order][place], background))
