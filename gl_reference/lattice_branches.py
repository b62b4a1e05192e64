"""Vortex and antivortex on the paper's grid: two states, each followed until it is lost.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Sec. IV.4 and Fig. 11. Where A is
free (no gauge term) there are a conventional state and a string state, whose order parameter
all but vanishes between the two. The first is followed downward in d and the second upward, every
solution from the fields of its neighbour; where one ceases to be a minimum of the energy the fields
fall into the other. On a grid the string is lost too, at large d: it lets some current through.

>>> from gl_reference.lattice_branches import lattice_branches
>>> found = lattice_branches(1.7)
>>> found.d_E, found.d_A
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from gl_reference.errors import ConvergenceError
from gl_reference.lattice import PAPER_SCHEME
from gl_reference.lattice_energy import LatticeEnergy
from gl_reference.lattice_layout import Layout
from gl_reference.lattice_solution import Grid, Initial, LatticeSolution, isolated_energy
from gl_reference.lattice_solution import start as superposition_start
from gl_reference.lattice_states import (
    PAPER_SPACING,
    SMALLEST_PAIR,
    is_string,
    make_grid,
    state_at,
    string_start,
)
from potentials.base import Array
from potentials.checks import check_positive
from potentials.critical import annihilation_separation, stability_separation

# From one separation to the next this part of d; where that is too far, less, down to h.
CONVENTIONAL_SHARE, STRING_SHARE = 0.04, 0.08
MOST_STEPS = 5  # of Newton's method from its neighbours: within a branch 2 or 3 suffice
# The string begins at this part of the paper's d_A; both branches end at this multiple of its d_E.
FIRST, LAST = 0.25, 1.6
FEWEST_POINTS = 4  # of a branch, for its spline


@dataclass(frozen=True, eq=False)
class Branch:
    """One state of vortex and antivortex against their separation.

    Attributes
    ----------
    d : (K,) array, λ, ascending
    energy, interaction_energy : (K,) arrays, ε₀
        ∫F/π, and the same less the energies of the two vortices alone.
    force : (K,) array, Ω₀
        Positive = repulsion. NaN where it is not known (at the ends of a branch that has it from
        differences of its energies).
    """

    d: Array
    energy: Array
    interaction_energy: Array
    force: Array

    def __post_init__(self) -> None:
        shapes = {np.shape(values) for values in vars(self).values()}
        if len(shapes) != 1 or np.ndim(self.d) != 1 or not (np.diff(self.d) > 0).all():
            raise ValueError(
                f"d: {self.d!r} is not one ascending row, as long as energies and force"
            )


@dataclass(frozen=True, eq=False)
class LatticeBranches:
    """Both states on one grid.

    Attributes
    ----------
    mu, scheme, h
        What was asked.
    conventional, string : Branch
        Each where it is stable.
    annihilation : (float, float), λ
        The conventional state is stable at the second, one step h nearer, at the first, not.
    string_end : (float, float) or None, λ
        The string is stable at the first, one step h farther not; None where it was followed to the
        end without being lost.
    """

    mu: float
    scheme: str
    h: float
    conventional: Branch
    string: Branch
    annihilation: tuple[float, float]
    string_end: tuple[float, float] | None

    @property
    def d_A(self) -> float:
        """Separation in λ below which there is no conventional state on this grid."""
        return sum(self.annihilation) / 2

    @property
    def d_A_error(self) -> float:
        """Half the bracket, in λ. What h itself does to d_A is far more: compare spacings."""
        return (self.annihilation[1] - self.annihilation[0]) / 2

    @cached_property
    def _crossing(self) -> tuple[float, float, float]:
        """d_E, the energy there, and by how much d_E moves with straight interpolation."""
        low = max(self.conventional.d[0], self.string.d[0])
        high = min(self.conventional.d[-1], self.string.d[-1])
        ours = CubicSpline(self.conventional.d, self.conventional.energy)
        other = CubicSpline(self.string.d, self.string.energy)

        def straight(d: float) -> float:
            first, second = (
                np.interp(d, branch.d, branch.energy) for branch in (self.conventional, self.string)
            )
            return float(first - second)

        def smooth(d: float) -> float:
            return float(ours(d) - other(d))

        if smooth(low) <= 0 or smooth(high) >= 0:
            raise ConvergenceError(
                f"d_E at mu = {self.mu:.6g}, h = {self.h:g}: the energies of the two states do not "
                f"cross between d = {low:.3g} and {high:.3g}; give a larger d_max or a smaller h"
            )
        d_E = brentq(smooth, low, high)
        return d_E, float(ours(d_E)), abs(d_E - brentq(straight, low, high))

    @property
    def d_E(self) -> float:
        """Separation in λ at which both states have the same energy.

        Raises ConvergenceError where none was met.
        """
        return self._crossing[0]

    @property
    def d_E_error(self) -> float:
        """What interpolating between the solutions does to d_E, in λ; not what h does."""
        return self._crossing[2]

    @property
    def energy_at_d_E(self) -> float:
        """That energy, in ε₀."""
        return self._crossing[1]


def _predicted(state: LatticeSolution, before: LatticeSolution | None, ratio: float) -> Initial:
    """The straight line through the last two states of a branch, `ratio` times as far again."""

    def initial(energy: LatticeEnergy, layout: Layout) -> Array:
        u = state.carried(energy, layout)
        return u if before is None else u + ratio * (u - before.carried(energy, layout))

    return initial


class _Followed(NamedTuple):
    steps: list[int]
    energies: list[float]
    lost: int | None


def _follow(first: LatticeSolution, steps: int, last: int, share: float, bar: Any) -> _Followed:
    """From a stable state at d = steps · h towards last · h, to where it is lost (by a single h).

    Where Newton's method leaves the branch, or does not stand after `MOST_STEPS`, it sets out again
    from the last state of the branch, half as far.
    """
    grid, kind = first.grid, is_string(first)
    sign = 1 if last > steps else -1
    state, at, longest = first, steps, abs(last - steps)
    before: LatticeSolution | None = None
    found, energies = [at], [first.energy]
    while at != last:
        stride = min(longest, max(1, round(share * at)), abs(last - at))
        target = at + sign * stride
        ratio = (target - at) / (at - found[-2]) if before else 0.0
        try:
            new = state_at(target, grid, _predicted(state, before, ratio), MOST_STEPS)
            kept = is_string(new) == kind and new.stable
        except ConvergenceError:
            kept = False
        bar.update()
        if kept:
            state, before, at = new, state, target
            found.append(at)
            energies.append(new.energy)
        elif stride == 1:
            return _Followed(found, energies, target)
        else:
            longest = stride // 2
    return _Followed(found, energies, None)


def _branch(followed: _Followed, grid: Grid) -> Branch:
    order = np.argsort(followed.steps)
    if len(order) < FEWEST_POINTS:
        raise ConvergenceError(
            f"a branch at mu = {grid.mu:.6g}, h = {grid.h:g} has only {len(order)} separations "
            "before it is lost; give a larger d_max or a smaller h"
        )
    d = np.array(followed.steps)[order] * grid.h
    energy = np.array(followed.energies)[order]
    force = -CubicSpline(d, energy)(d, 1)
    force[[0, -1]] = np.nan  # differences to one side only
    return Branch(d, energy, energy - 2 * isolated_energy(1, grid), force)


def lattice_branches(
    mu: float | None = None,
    *,
    kappa: float | None = None,
    scheme: str = PAPER_SCHEME,
    h: float = PAPER_SPACING,
    d_max: float | None = None,
    margin: float | None = None,
    progress: bool = False,
) -> LatticeBranches:
    """Follow the conventional state down and the string up, on the paper's grid.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 … 20.
    scheme : str
        One of `gl_reference.lattice.SCHEMES` without a gauge term; by default the one nearest to
        the paper.
    h : float
        Spacing in λ, at most 0.5/max(1, μ); the paper's is 0.1.
    d_max : float, optional
        Where the conventional branch begins and the string ends if it is not lost before; by
        default 1.6 times the paper's d_E.
    margin : float, optional
        From the vortices to the edge of the grid, in λ; default 8/min(1, μ).
    progress : bool
        Show a bar on a terminal.

    Raises
    ------
    ValueError
        For anything outside these ranges, schemes with a gauge term, and a d_max at which
        the conventional state does not exist.
    ConvergenceError
        Where Newton's method does not converge, or a branch is too short to have a force.
    """
    from tqdm import tqdm

    grid = make_grid(mu, kappa, scheme, h, margin)
    first = FIRST * annihilation_separation(grid.mu, extrapolate=True)
    if d_max is None:
        d_max = LAST * stability_separation(grid.mu, extrapolate=True)
    begin = max(SMALLEST_PAIR, round(first / grid.h))
    end = round(check_positive("d_max", d_max) / grid.h)
    if end <= begin:
        raise ValueError(f"d_max = {d_max:.6g}: give more than {begin * grid.h:.6g}")
    with tqdm(unit="solution", disable=None if progress else True) as bar:
        conventional = state_at(end, grid, superposition_start)
        if is_string(conventional):
            raise ValueError(
                f"d_max = {d_max:.6g}: vortex and antivortex have joined already; give more"
            )
        down = _follow(conventional, end, begin, CONVENTIONAL_SHARE, bar)
        string = state_at(begin, grid, string_start)
        if not (is_string(string) and string.stable):
            raise ConvergenceError(
                f"mu = {grid.mu:.6g}, h = {grid.h:g}: there is no string at d = {begin * grid.h:.6g}, "
                "where its branch begins; give a smaller h"
            )
        up = _follow(string, begin, end, STRING_SHARE, bar)
    if down.lost is None:
        raise ConvergenceError(
            f"mu = {grid.mu:.6g}, h = {grid.h:g}: the conventional state is stable down to "
            f"d = {begin * grid.h:.6g}; give a smaller h"
        )
    return LatticeBranches(
        mu=grid.mu,
        scheme=scheme,
        h=grid.h,
        conventional=_branch(down, grid),
        string=_branch(up, grid),
        annihilation=(down.lost * grid.h, down.steps[-1] * grid.h),
        string_end=None if up.lost is None else (up.steps[-1] * grid.h, up.lost * grid.h),
    )
