"""Regions as users give them: checked arrays, or which rectangle, polygon or pixel is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.checks import positive


def box_of(box: Any) -> Box:
    """A box without free axes."""
    if not isinstance(box, Box):
        raise ValueError(f"regions.box = {box!r}: give a vortexmd.Box")
    if "free" in box.boundary:
        raise ValueError(
            f"regions.box.boundary = {box.boundary}: a free axis has no end, and regions must fill the box; "
            f"give periodic, reflecting or open"
        )
    return box


def box_around(far: NDArray[np.float64], what: str) -> Box:
    """A reflecting box from the origin to the corner `far` (2,) of what is in it."""
    if not (np.isfinite(far) & (far > 0)).all():
        raise ValueError(
            f"{what}: the box [0, {far[0]:g}] × [0, {far[1]:g}] that would hold them is none; give box="
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
    numbers = _numbers("rectangles", value, 4, "[x0, y0, x1, y1]")
    wrong = np.flatnonzero((numbers[:, :2] >= numbers[:, 2:]).any(axis=1))
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"rectangles[{k}] = {numbers[k].tolist()}: give [x0, y0, x1, y1] with x0 < x1 and y0 < y1"
        )
    return list(numbers[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))


def polygons(value: Any) -> list[NDArray[np.float64]]:
    """Polygons, each (n, 2) with n ≥ 3; a last corner that repeats the first is dropped."""
    if isinstance(value, str) or not isinstance(value, (Sequence, np.ndarray)) or len(value) == 0:
        raise ValueError("polygons: none; give a list of lists of corners [x, y]")
    result = []
    for k, polygon in enumerate(value):
        corners = _numbers(f"polygons[{k}]", polygon, 2, "[x, y]")
        if len(corners) > 1 and (corners[0] == corners[-1]).all():
            corners = corners[:-1]
        if len(corners) < 3:
            raise ValueError(f"polygons[{k}]: {len(corners)} corners; give at least 3")
        result.append(corners)
    return result


def _numbers(name: str, value: Any, columns: int, form: str) -> NDArray[np.float64]:
    """(n, columns) finite numbers, n ≥ 1."""
    try:
        numbers = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: give a list of {form}, numbers in λ") from None
    if numbers.ndim != 2 or numbers.shape[1] != columns or len(numbers) == 0:
        raise ValueError(f"{name}: an array of shape {numbers.shape}; give a list of {form}")
    wrong = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(f"{name}[{k}] = {numbers[k].tolist()}: give finite numbers in λ")
    return numbers


def region_numbers(value: Any, polygons: int) -> NDArray[np.int64]:
    """(P,) the region of each polygon, every one from 0 on present."""
    if value is None:
        return np.arange(polygons)
    numbers = np.array(value)
    if numbers.shape != (polygons,) or not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(
            f"regions: give {polygons} whole numbers, the region of each polygon or rectangle"
        )
    if numbers.min() < 0:
        k = int(np.argmin(numbers))
        raise ValueError(f"regions[{k}] = {numbers[k]}: regions are numbered from 0")
    _none_empty(numbers, "polygon")
    return numbers.astype(np.int64)


def labels(value: Any) -> NDArray[np.int32]:
    """(nx, ny) labels of pixels, every one from 0 on present."""
    try:
        numbers = np.array(value)
    except ValueError:
        raise ValueError("labels: give an (nx, ny) array of whole numbers") from None
    if numbers.ndim != 2 or numbers.size == 0:
        raise ValueError(f"labels: an array of shape {numbers.shape}; give (nx, ny) whole numbers")
    if not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"labels: numbers of type {numbers.dtype}; give whole numbers from 0 on")
    wrong = np.argwhere(numbers < 0)
    if len(wrong):
        ix, iy = wrong[0]
        raise ValueError(
            f"labels[{ix}, {iy}] = {numbers[ix, iy]}: every pixel needs a region, numbered from 0"
        )
    _none_empty(numbers, "pixel")
    return numbers.astype(np.int32)


def _none_empty(numbers: NDArray, what: str) -> None:
    """Every region up to the highest number has something."""
    present = np.unique(numbers)
    if present[-1] + 1 != len(present):
        empty = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise ValueError(
            f"regions: region {empty} is empty, though region {present[-1]} exists; give it a {what}, or "
            f"number them without gaps"
        )


def pixel_sides(value: Any, shape: tuple[int, ...]) -> Box:
    """The reflecting box of pixels with these sides."""
    try:
        sides = np.broadcast_to(np.asarray(value, dtype=float), (2,)).tolist()
    except (TypeError, ValueError):
        raise ValueError(f"pixel = {value!r}: give its side in λ, or both sides") from None
    far = [positive("pixel", side) * number for side, number in zip(sides, shape, strict=True)]
    return box_around(np.array(far), "labels")


def names(value: Any, count: int) -> tuple[str, ...]:
    """Names of the regions, all different."""
    if isinstance(value, Sequence) and len(value) == 0:
        return tuple(f"region {k}" for k in range(count))
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != count:
        raise ValueError(f"regions.names = {value!r}: give {count} strings, one a region")
    for k, name in enumerate(value):
        if not isinstance(name, str):
            raise ValueError(f"regions.names[{k}] = {name!r}: give a string")
        if name in value[:k]:
            raise ValueError(f"regions.names[{k}] = {name!r}: the name is taken; give another")
    return tuple(value)
