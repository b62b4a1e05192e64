"""Where vortices are on a grid, and how fast they move, to a small fraction of its spacing.

On the mirror line y = 0 Ψ is real, so that a vortex there is a change of sign: the root of a
polynomial through the nodes next to it. Two mirror images off the line are the root of Re Ψ and
(Im Ψ)/y, which are smooth functions of x and y².
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.interpolate import BarycentricInterpolator

from gl_reference.dynamics.grid import Grid
from potentials.base import Array

STENCIL = 8  # nodes
ITERATIONS = 60


class Crossing(NamedTuple):
    """A vortex on the axis: its place x (λ) and velocity (λ per unit of time)."""

    x: float
    velocity: float


def axis_crossings(grid: Grid, state: Array, rates: Array) -> list[Crossing]:
    """All vortices on y = 0 (x > 0 where x = 0 is a mirror), from left to right.

    Parameters
    ----------
    state, rates : (4, Nx + 2, Ny + 2) arrays
        Fields and their rates of change.
    """
    x, psi, change = grid.x, state[0, 1:-1, 1], rates[0, 1:-1, 1]
    if grid.left != "none":
        # The mirror images, so that the polynomial has nodes on both sides near x = 0.
        images = STENCIL
        x, psi, change = (
            np.concatenate([sign * a[images:0:-1], a])
            for sign, a in ((-1, x), (1, psi), (1, change))
        )
    found = []
    for k in np.flatnonzero(np.signbit(psi[:-1]) != np.signbit(psi[1:])):
        first = int(np.clip(k - STENCIL // 2 + 1, 0, len(x) - STENCIL))
        near = slice(first, first + STENCIL)
        crossing = _crossing(x[near], psi[near], change[near], x[k], x[k + 1])
        if grid.left == "none" or crossing.x > 0:
            found.append(crossing)
    return found


def _crossing(x: Array, psi: Array, change: Array, low: float, high: float) -> Crossing:
    """The root between `low` and `high`, by Newton's method kept in there by bisection."""
    function = BarycentricInterpolator(x, psi)
    sign = np.sign(function(high))
    root = (low + high) / 2
    for _ in range(ITERATIONS):
        value, slope = float(function(root)), float(function.derivative(root))
        if value * sign > 0:
            high = root
        else:
            low = root
        better = root - value / slope if slope else low
        if not low < better < high:
            better = (low + high) / 2
        if abs(better - root) <= 1e-14 * max(1.0, abs(root)):
            break
        root = better
    velocity = -float(BarycentricInterpolator(x, change)(root)) / float(function.derivative(root))
    return Crossing(root, velocity)


class ClosePair(NamedTuple):
    """Two vortices with their centre at (x, 0): x and `split` in λ, and the velocity of x.

    `split` is their distance, negative where they lie off the axis at (x, ±|split|/2).
    """

    x: float
    split: float
    velocity: float


def close_pair(grid: Grid, state: Array, rates: Array, start: float) -> ClosePair | None:
    """The pair nearest to (start, 0), off the axis or within a spacing on it; None if there is none.

    Where it lies on the axis, y² is found negative, and the centre is exact to first order in it.
    """
    first = int(np.clip(np.searchsorted(grid.x, start) - STENCIL // 2, 0, len(grid.x) - STENCIL))
    x, y = grid.x[first : first + STENCIL], grid.y[: STENCIL + 1]
    block = np.s_[1 + first : 1 + first + STENCIL, 1 : 2 + STENCIL]
    even, odd = y[:-1] ** 2, y[1:] ** 2

    def value(field: Array, at: tuple[float, float]) -> Array:
        """Re and (Im)/y of a field (2, …) at x and w = y²."""
        along_x = [BarycentricInterpolator(x, part)(at[0]) for part in (field[0], field[1])]
        return np.array(
            [
                BarycentricInterpolator(even, along_x[0][:-1])(at[1]),
                BarycentricInterpolator(odd, along_x[1][1:] / y[1:])(at[1]),
            ]
        )

    psi, change = state[:2, *block], rates[:2, *block]
    here, steps = np.array([start, 0.0]), (1e-4, 1e-4)
    for _ in range(ITERATIONS):
        slopes = np.column_stack(
            [
                (value(psi, tuple(here + e)) - value(psi, tuple(here - e))) / (2 * step)
                for step, e in zip(steps, np.diag(steps), strict=True)
            ]
        )
        move = np.linalg.solve(slopes, value(psi, tuple(here)))
        here = here - move
        if not (x[0] <= here[0] <= x[-1] and abs(here[1]) <= odd[-1]):
            return None
        if np.abs(move).max() < 1e-12:
            break
    velocity = -np.linalg.solve(slopes, value(change, tuple(here)))[0]
    split = -2 * np.sign(here[1]) * np.sqrt(abs(here[1]))
    return ClosePair(float(here[0]), float(split), float(velocity))
