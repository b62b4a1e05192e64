"""Vortex and antivortex at the constrained minimum: two branches, where they cross and where one ends.

The conventional branch is followed downward in d. It ends at a fold: the second variation of the
energy around the slit loses its last positive direction, the slit lengthens as √(d − d_A), and
below nothing is left but the string (Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516
(2011), Figs. 11 and 12, from a grid).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from gl_reference.errors import ConvergenceError
from gl_reference.obstacle.minimum import MinimumPair, minimum_pair
from gl_reference.obstacle.slit_newton import SlitState
from gl_reference.obstacle.string_state import string_state
from gl_reference.radial import single_vortex
from potentials.base import Array
from potentials.checks import check_positive
from potentials.critical import mu_from

Kind = Literal["V-V", "V-AV"]

LARGEST_STEP = 0.02  # of d
SMALLEST_STEP = 4e-4
LARGEST_STRETCH = 0.5  # of ln(slit length), from one solution to the next
STRING_ENDS = 0.36  # ε₀
HEAD_START = 1.1  # over the separation where a long string costs as much as two vortices
STRING_POINTS = 40
SHORTEST_STRING = 0.05  # of the longest


@dataclass(frozen=True)
class Branch:
    """d (n,) in λ, ascending; energy (n,) in ε₀; force (n,) in Ω₀."""

    d: Array
    energy: Array
    force: Array


@dataclass(frozen=True)
class MinimumBranches:
    """Conventional and string state of a vortex and an antivortex.

    Attributes
    ----------
    mu : float
    d_E, d_E_error : float
        Separation in λ where both cost the same; the string is the ground state below.
    d_A, d_A_error : float
        Separation in λ where the conventional state ends.
    conventional, string : Branch
    """

    mu: float
    d_E: float
    d_E_error: float
    d_A: float
    d_A_error: float
    conventional: Branch
    string: Branch


def follow(
    mu: float | None,
    d_values: Iterable[float],
    kind: str = "V-AV",
    *,
    kappa: float | None = None,
    tolerance: float = 1e-3,
) -> list[MinimumPair]:
    """The conventional state at each separation in turn, each continued from the one before.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two.
    d_values : separations in λ
        In the order to go; larger steps than 2 % are divided.
    kind : "V-AV" or "V-V"
    tolerance : float
        Of the forces, as in `minimum_pair`.

    Raises
    ------
    ValueError
        For an unknown kind, no separations, and what `minimum_pair` refuses.
    ConvergenceError
        Where the branch ends on the way.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind = {kind!r}: give 'V-V' or 'V-AV'")
    windings = (1, 1) if kind == "V-V" else (1, -1)
    goals = [check_positive("d_values", d) for d in d_values]
    if not goals:
        raise ValueError("d_values: give at least one separation, in λ")
    found = [minimum_pair(*windings, mu, goals[0], kappa=kappa, tolerance=tolerance)]
    for here, goal in pairwise(goals):
        count = max(1, int(np.ceil(abs(np.log(goal / here)) / LARGEST_STEP)))
        state = found[-1]
        for d in np.geomspace(here, goal, count + 1)[1:]:
            state = _next(state, float(d), tolerance)
        found.append(state)
    return found


def minimum_branches(
    mu: float | None = None, *, kappa: float | None = None, tolerance: float = 1e-3
) -> MinimumBranches:
    """Both states of a vortex and an antivortex, d_E and d_A, at the constrained minimum.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two.
    tolerance : float
        Of the forces, as in `minimum_pair`.

    Raises ValueError and ConvergenceError as `minimum_pair`.
    """
    value = mu_from(mu, kappa)
    # A long string costs (2/3π)μd + 0.36.
    excess = 2 * single_vortex(1, value).energy - STRING_ENDS
    top = HEAD_START * excess * 3 * np.pi / (2 * value)
    states = [minimum_pair(1, -1, value, top, tolerance=tolerance)]
    step = LARGEST_STEP
    while step >= SMALLEST_STEP:
        try:
            states.append(_next(states[-1], states[-1].d * (1 - step), tolerance))
        except ConvergenceError:
            step /= 2
    d_A, d_A_error = _fold(states)
    states.reverse()
    conventional = _branch(states)
    lengths = np.geomspace(SHORTEST_STRING * top, top, STRING_POINTS)
    strings = [string_state(float(value * d)) for d in lengths]
    string = Branch(
        lengths,
        np.array([one.energy for one in strings]),
        np.array([value * one.force for one in strings]),
    )
    d_E, d_E_error = _crossing(value, states, conventional)
    return MinimumBranches(value, d_E, d_E_error, d_A, d_A_error, conventional, string)


def _next(state: MinimumPair, d: float, tolerance: float) -> MinimumPair:
    """The state at d, or ConvergenceError where the iteration left the branch."""
    found = minimum_pair(state.n1, state.n2, state.mu, d, tolerance=tolerance, start=state)
    if abs(_log_length(found) - _log_length(state)) > LARGEST_STRETCH:
        raise ConvergenceError(
            f"minimum, mu = {state.mu:.6g}: from d = {state.d:.6g} to {d:.6g} the slit grows from "
            f"{abs(state.slit[1] - state.slit[0]):.3g} to {abs(found.slit[1] - found.slit[0]):.3g} λ:"
            " another state; take smaller steps"
        )
    return found


def _log_length(state: MinimumPair) -> float:
    assert isinstance(state.solution, SlitState)
    return state.solution.slit.log_length


def _branch(states: list[MinimumPair]) -> Branch:
    return Branch(
        np.array([one.d for one in states]),
        np.array([one.energy for one in states]),
        np.array([one.force for one in states]),
    )


def _fold(states: list[MinimumPair]) -> tuple[float, float]:
    """d_A and its error: where the parabola d(ln slit length) through the last states turns."""
    vertices = []
    for last in (states[-3:], states[-4:-1]):
        x = np.array([_log_length(one) for one in last])
        curvature, slope, base = np.polyfit(x - x[-1], [one.d for one in last], 2)
        vertices.append(base - slope**2 / (4 * curvature))
    reached = states[-1].d
    d_A = min(float(vertices[0]), reached)
    return d_A, max(abs(vertices[0] - vertices[1]), reached - d_A)


def _crossing(mu: float, states: list[MinimumPair], branch: Branch) -> tuple[float, float]:
    """d_E and its error from that of the energies."""
    energy = CubicHermiteSpline(branch.d, branch.energy, -branch.force)

    def excess(d: float) -> float:
        return float(energy(d)) - string_state(mu * d).energy

    d_E = float(brentq(excess, branch.d[0], branch.d[-1], xtol=1e-8))
    nearest = min(states, key=lambda one: abs(one.d - d_E))
    slope = abs(mu * string_state(mu * d_E).force - float(np.interp(d_E, branch.d, branch.force)))
    return d_E, nearest.energy_error / slope
