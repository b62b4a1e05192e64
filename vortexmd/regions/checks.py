"""Regions as users give them: checked arrays, or which rectangle, polygon or pixel is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import LONGEST, SHORTEST, Box
from vortexmd.checks import measure, numbers, shown


def box_of(box: Any) -> Box:
    """A box without free axes."""
    if not isinstance(box, Box):
        raise ValueError(f"regions.box = {shown(box)}: give a vortexmd.Box")
    if "free" in box.boundary:
        raise ValueError(
            f"regions.box.boundary = {box.boundary}: a free axis has no end, and regions must fill the box; "
            f"give periodic, reflecting or open"
        )
    return box


def box_around(far: NDArray[np.float64], what: str) -> Box:
    """A reflecting box from the origin to the corner `far` (2,) of what is in it."""
    if not ((far >= SHORTEST) & (far <= LONGEST)).all():
        raise ValueError(
            f"{what}: the box [0, {far[0]:g}] × [0, {far[1]:g}] that would hold them is none, as sides lie "
            f"between {SHORTEST:g} and {LONGEST:g} λ; give box="
        )
    return Box((float(far[0]), float(far[1])), ("reflecting", "reflecting"))


def same_lengths(old: Box, new: Box, tolerance: float) -> None:
    """ValueError unless two boxes have equal sides."""
    if not np.allclose(old.lengths, new.lengths, rtol=tolerance, atol=0.0):
        raise ValueError(
            f"regions: they fill a box of {old.lengths}, but this box is {new.lengths}; lengths must agree"
        )


def rectangles(value: Any) -> list[NDArray[np.float64]]:
    """Rectangles [x0, y0, x1, y1] as polygons."""
    sides = _table("rectangles", value, 4, "[x0, y0, x1, y1]")
    wrong = np.flatnonzero((sides[:, :2] >= sides[:, 2:]).any(axis=1))
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"rectangles[{k}] = {sides[k].tolist()}: give [x0, y0, x1, y1] with x0 < x1 and y0 < y1"
        )
    return list(sides[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))


def polygons(value: Any) -> list[NDArray[np.float64]]:
    """Polygons, each (n, 2) with n ≥ 3; a last corner that repeats the first is dropped."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = list(value)
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise ValueError(f"polygons = {shown(value)}: give a list of lists of corners [x, y]")
    if len(value) == 0:
        raise ValueError("polygons: none; give a list of lists of corners [x, y]")
    result = []
    for k, polygon in enumerate(value):
        corners = _table(f"polygons[{k}]", polygon, 2, "[x, y]")
        if len(corners) > 1 and (corners[0] == corners[-1]).all():
            corners = corners[:-1]
        if len(corners) < 3:
            raise ValueError(f"polygons[{k}]: {len(corners)} corners; give at least 3")
        result.append(corners)
    return result


def _table(name: str, value: Any, columns: int, form: str) -> NDArray[np.float64]:
    """(n, columns) finite numbers, n ≥ 1."""
    rows = numbers(name, value, f"a list of {form}, numbers in λ")
    if rows.ndim != 2 or rows.shape[1] != columns or len(rows) == 0:
        raise ValueError(f"{name}: an array of shape {rows.shape}; give a list of {form}")
    wrong = np.flatnonzero(~(np.abs(rows) <= LONGEST).all(axis=1))
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"{name}[{k}] = {rows[k].tolist()}: give finite numbers in λ, at most {LONGEST:g}"
        )
    return rows


def region_numbers(value: Any, polygons: int) -> NDArray[np.int64]:
    """(P,) the region of each polygon, every one from 0 on present."""
    if value is None:
        return np.arange(polygons)
    form = f"{polygons} whole numbers, the region of each polygon or rectangle"
    regions = numbers("regions", value, form)
    if regions.shape != (polygons,) or not (regions == np.rint(regions)).all():
        raise ValueError(f"regions = {shown(value)}: give {form}")
    if regions.min() < 0:
        k = int(np.argmin(regions))
        raise ValueError(f"regions[{k}] = {regions[k]:.0f}: regions are numbered from 0")
    _none_empty(regions, "polygon")
    return regions.astype(np.int64)


def labels(value: Any) -> NDArray[np.int32]:
    """(nx, ny) labels of pixels, every one from 0 on present."""
    pixels = numbers("labels", value, "an (nx, ny) array of whole numbers")
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"labels: an array of shape {pixels.shape}; give (nx, ny) whole numbers")
    given = np.asarray(value).dtype
    if given.kind not in "iu":
        raise ValueError(f"labels: numbers of type {given}; give whole numbers from 0 on")
    wrong = np.argwhere(pixels < 0)
    if len(wrong):
        ix, iy = wrong[0]
        raise ValueError(
            f"labels[{ix}, {iy}] = {pixels[ix, iy]:.0f}: every pixel needs a region, numbered from 0"
        )
    _none_empty(pixels, "pixel")
    return pixels.astype(np.int32)


def _none_empty(numbers: NDArray, what: str) -> None:
    """Every region up to the highest number has something."""
    present = np.unique(numbers)
    if present[-1] + 1 != len(present):
        empty = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise ValueError(
            f"regions: region {empty} is empty, though region {present[-1]:.15g} exists; give it a "
            f"{what}, or number them without gaps"
        )


def pixel_sides(value: Any, shape: tuple[int, ...]) -> Box:
    """The reflecting box of pixels with these sides."""
    form = "its side in λ, or both sides"
    sides = numbers("pixel", value, form)
    if sides.shape not in ((), (2,)):
        raise ValueError(f"pixel = {shown(value)}: give {form}")
    both = np.broadcast_to(sides, (2,)).tolist()
    far = [measure("pixel", side) * number for side, number in zip(both, shape, strict=True)]
    return box_around(np.array(far), "labels")


def names(value: Any, count: int) -> tuple[str, ...]:
    """Names of the regions, all different."""
    if isinstance(value, (list, tuple)) and len(value) == 0:
        return tuple(f"region {k}" for k in range(count))
    listed = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    if not listed or len(value) != count:
        raise ValueError(f"regions.names = {shown(value)}: give {count} strings, one a region")
    taken: set[str] = set()
    for k, name in enumerate(value):
        if not isinstance(name, str):
            raise ValueError(f"regions.names[{k}] = {shown(name)}: give a string")
        if name in taken:
            raise ValueError(f"regions.names[{k}] = {shown(name)}: the name is taken; give another")
        taken.add(name)
    return tuple(value)
