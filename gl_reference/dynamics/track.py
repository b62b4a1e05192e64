"""One run of time-dependent GL: separation and energy of a pair as they change.

Giant vortices under tidal forces of a neighbour come apart into single zeros on the axis; where a
giant vortex is, is then their centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gl_reference.dynamics.chebyshev import Stepper
from gl_reference.dynamics.grid import Grid, Mirror
from gl_reference.dynamics.starts import splitting, superposed
from gl_reference.dynamics.tdgl import Flow
from gl_reference.dynamics.zeros import axis_crossings, close_pair
from gl_reference.errors import ConvergenceError
from potentials.base import Array
from potentials.gl_grid import scale

# In units of L(μ) = √(1 + 1/μ²) where not said otherwise.
SEED = 0.08  # first separation of a giant vortex that splits
FARTHEST_STEP = 0.04  # of the separation, in one step
CLOSING_STEP = 0.03  # of the separation, relative to it
BREADTH = 2.5  # of the uniform part of the grid about the axis
BEYOND = 2.5  # of the uniform part of the grid beyond the vortices
MOST_STEPS = 20_000
FEWEST = 20  # rows that make a curve


class Motion(NamedTuple):
    """What moves, and how it is computed."""

    n1: int
    n2: int
    mu: float
    s: float
    near: float  # separations λ between which it is followed
    far: float
    margin: float  # λ, from the vortices to the edge of the grid
    tolerance: float


@dataclass(frozen=True, eq=False)
class Track:
    """A run: arrays (K,) in the order of time.

    Attributes
    ----------
    time, d : arrays
        Time from the start; separation in λ.
    velocity, dissipation : arrays
        ḋ, and (1/π)[∫|∂_tΨ|² + (1/s)∫|∂_tA|²] = −(1/π) dE/dt, both from the rates at that moment.
    energy : array
        ∫F/π in ε₀.
    split : array
        Distance in λ between the zeros of the giant vortex, negative where they lie across the
        line to the other vortex; 0 without one.
    """

    time: Array
    d: Array
    velocity: Array
    dissipation: Array
    energy: Array
    split: Array


class _Pair(NamedTuple):
    d: float
    velocity: float
    split: float
    giant: float  # x of the giant vortex, λ


def _mirror(n1: int, n2: int) -> Mirror:
    if n1 == n2:
        return "conjugate"
    return "even" if n1 == -n2 else "none"


def follow(motion: Motion, h: float) -> Track:
    """The pair from its start until it has crossed the range near … far, on a grid of spacing h.

    Raises ConvergenceError where the vortices do not move through that range.
    """
    opens = motion.mu > 1 and motion.n1 * motion.n2 > 0
    length = scale(motion.mu)
    first = SEED * length if opens else motion.far + length
    grid = Grid.around(
        max(first, motion.far) / 2 + BEYOND * length,
        BREADTH * length,
        motion.margin,
        h,
        _mirror(motion.n1, motion.n2),
    )
    state = (
        splitting(grid, motion.mu, first)
        if opens
        else superposed(grid, motion.mu, [(motion.n2, -first / 2), (motion.n1, first / 2)])
    )
    flow = Flow(grid, motion.mu, motion.s)
    stepper = Stepper(state, flow.rates, flow.spectral_radius, motion.tolerance)
    rows: list[tuple[float, ...]] = []
    longest, where = math.inf, -first / 2
    for _ in range(MOST_STEPS):
        stepper.step(longest)
        pair = _locate(grid, stepper, where)
        if pair is None:
            break
        where = pair.giant
        rows.append(
            (
                stepper.time,
                pair.d,
                pair.velocity,
                flow.dissipation(stepper.rates),
                flow.energy(stepper.state),
                pair.split,
            )
        )
        if (opens and pair.d > motion.far) or (not opens and pair.d < motion.near):
            break
        step = min(FARTHEST_STEP * length, CLOSING_STEP * pair.d)
        longest = step / max(abs(pair.velocity), 1e-30)
    # In this gauge phases only drift as fields rearrange: the last are the largest.
    flow.check_phases(stepper.state)
    track = Track(*np.array(rows).reshape(-1, 6).T)
    _check(track, motion)
    return track


def _check(track: Track, motion: Motion) -> None:
    """Raises ConvergenceError unless the pair has crossed its range."""
    about = f"windings {motion.n1} and {motion.n2} at mu = {motion.mu:.6g}, s = {motion.s:.6g}"
    d = track.d
    if len(d) < FEWEST or d.min() > motion.near or d.max() < motion.far:
        reached = f"{d.min():.4g} … {d.max():.4g} λ" if len(d) else "nowhere"
        raise ConvergenceError(
            f"{about}: followed {reached}, not through {motion.near:.4g} … {motion.far:.4g} λ; "
            "give a smaller h or a larger margin"
        )


def _locate(grid: Grid, stepper: Stepper, guess: float) -> _Pair | None:
    """Separation, its rate of change and the giant vortex's split; None if not all are there.

    `guess` is where the giant vortex was last, x in λ.
    """
    found = axis_crossings(grid, stepper.state, stepper.rates)
    if grid.left != "none":
        return _Pair(2 * found[-1].x, 2 * found[-1].velocity, 0.0, 0.0) if found else None
    if len(found) == 3:
        left, middle, right = found
        centre, velocity = (left.x + middle.x) / 2, (left.velocity + middle.velocity) / 2
        return _Pair(right.x - centre, right.velocity - velocity, middle.x - left.x, centre)
    if len(found) != 1:
        return None
    right = found[0]
    pair = close_pair(grid, stepper.state, stepper.rates, guess)
    if pair is None:
        return None
    return _Pair(right.x - pair.x, right.velocity - pair.velocity, pair.split, pair.x)
