"""Checks of what users hand to the solvers: windings, separations, positions, readings."""

from __future__ import annotations

import operator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from potentials.base import Array
from potentials.checks import check_choice, check_positive, real_array, shown

Reading = Literal["coulomb", "lattice", "minimum"]

# Vortices nearer to each other than this (in λ) are one vortex of their summed winding.
MERGE_DISTANCE = 1e-6
# Further out (in λ) floats do not tell positions that near apart any more.
FARTHEST = 1e6
LARGEST_WINDING = 1000


def check_winding(name: str, n: int) -> int:
    """`n` as a nonzero int up to 1000, or a ValueError that names the field."""
    try:
        winding = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        raise ValueError(f"{name} = {shown(n)}: a winding number is a nonzero integer") from None
    if winding == 0:
        raise ValueError(f"{name} = {n}: a vortex has a nonzero winding number")
    if abs(winding) > LARGEST_WINDING:
        raise ValueError(f"{name} = {shown(n)}: the solver covers 1 ≤ |n| ≤ {LARGEST_WINDING}")
    return winding


def check_list(name: str, values: Any) -> list[Any]:
    """`values` as a list, or a ValueError that names the field."""
    try:
        return list(values)
    except TypeError:
        raise ValueError(f"{name} = {shown(values)}: give a list") from None


def check_range(name: str, value: float, low: float, high: float) -> float:
    """`value` as a float between `low` and `high`, or a ValueError that names the field."""
    number = check_positive(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name} = {number:.6g}: the solver covers {low:g} … {high:g}")
    return number


def check_reading(reading: str) -> Reading:
    """The reading, or a ValueError that lists those that exist."""
    return check_choice("reading", reading, get_args(Reading))  # type: ignore[return-value]


def check_vortices(positions: ArrayLike, winding: ArrayLike) -> tuple[Array, np.ndarray]:
    """Positions (N, 2) in λ and windings (N,), merged where closer than `MERGE_DISTANCE`.

    A single winding is given to all. Merged vortices sit at the mean of their positions, in the
    order of their first member; those whose windings add up to zero vanish. Raises ValueError
    for wrong shapes, NaN, zero or fractional windings, and where nothing is left.
    """
    points = real_array("positions", positions)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"positions: give an (N, 2) array of numbers, not {points.shape}")
    bad = ~(np.abs(points) <= FARTHEST).all(axis=1)
    if bad.any():
        raise ValueError(
            f"positions[{int(np.argmax(bad))}] = {points[bad][0]}: must be finite, up to "
            f"{FARTHEST:g} λ"
        )
    try:
        given = np.asarray(winding)
    except ValueError:  # rows of different lengths
        raise ValueError(f"winding = {shown(winding)}: give one number, or one of each") from None
    if given.ndim == 0:
        given = np.full(len(points), given)
    if given.shape != (len(points),):
        raise ValueError(f"winding: {given.shape} for {len(points)} positions; give one of each")
    windings = [check_winding(f"winding[{i}]", n) for i, n in enumerate(given.tolist())]

    groups: list[list[int]] = []
    for i, point in enumerate(points):
        for group in groups:
            if np.hypot(*(point - points[group[0]])) < MERGE_DISTANCE:
                group.append(i)
                break
        else:
            groups.append([i])
    centres, sums = [], []
    for group in groups:
        total = sum(windings[i] for i in group)
        if total:
            centres.append(points[group].mean(axis=0))
            sums.append(total)
    if not sums:
        raise ValueError("winding: the vortices coincide and their windings add up to 0")
    return np.array(centres), np.array(sums)
