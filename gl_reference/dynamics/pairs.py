"""`dynamic_pair`: the force and friction of two vortices that nobody holds.

Time-dependent Ginzburg-Landau theory carries a pair through its separations: a giant vortex splits
(type II), or a distant pair closes (type I; vortex and antivortex). The trajectories from different
starts run into one curve, on which force and friction are functions of d alone.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import check_range, check_winding
from gl_reference.dynamics.curve import curve, extrapolated
from gl_reference.dynamics.track import Motion, Track, follow
from gl_reference.moving_vortex import vortex_friction
from potentials.base import Array
from potentials.checks import nonnegative_array
from potentials.critical import mu_from
from potentials.gl_dynamic_grid import FURTHEST, NEAREST
from potentials.gl_grid import scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MU_RANGE = (0.3, 5.0)
S_RANGE = (0.05, 20.0)
CRITICAL = 0.02  # |μ − 1| below which windings of one sign hardly move
TOLERANCES = (1e-8, 1e-4)
STEP = 0.1  # λ, between the separations given by default
ROUNDING = 1e-9
# The finer spacing, in L(μ) and in core radii √2/μ; that of the coarser grid is √2 times it.
SPACING, CORE_SPACING = 0.05, 0.095
GIANT_SPACING = 0.06  # in L(μ), where the grid spans half the plane
RATIO = math.sqrt(2.0)
# From the vortices to the edge of the grid, in 1/min(1, μ).
MARGIN = 7.0


@dataclass(frozen=True, eq=False)
class DynamicPair:
    """A pair of vortices in free motion, as `dynamic_pair` returns it. Arrays are (K,), d rising.

    Attributes
    ----------
    n1, n2, mu, s
        What was asked.
    h : float
        Spacing of the finer of the two grids, λ.
    d : array
        Separations in λ. That of a giant vortex is measured from the centre of its zeros.
    force, force_error : arrays
        Ω = −(1/π) dE/dd in Ω₀, positive = repulsion, extrapolated to spacing 0, and what the
        extrapolation added to the finer grid's.
    friction, friction_error : arrays
        η in Ω₀ per λ per unit of time: ḋ = Ω/η.
    energy, energy_error : arrays
        ∫F/π in ε₀.
    time : array
        When the pair is at d, from the first of these separations on its way.
    split : array
        Distance in λ between the zeros of a giant vortex, negative where they lie across the
        line to the other vortex; 0 without one.
    friction_apart : float
        What η is far apart, η₁η₂/(η₁ + η₂) of the two vortices alone.
    track : Track
        The run on the finer grid itself.
    """

    n1: int
    n2: int
    mu: float
    s: float
    h: float
    d: Array
    force: Array
    force_error: Array
    friction: Array
    friction_error: Array
    energy: Array
    energy_error: Array
    time: Array
    split: Array
    friction_apart: float
    track: Track

    def __repr__(self) -> str:
        return (
            f"DynamicPair(n1={self.n1}, n2={self.n2}, mu={self.mu!r}, s={self.s!r}, "
            f"d={self.d[0]:.3g} … {self.d[-1]:.3g})"
        )

    @property
    def relative_friction(self) -> Array:
        """η(d) over its value far apart."""
        return self.friction / self.friction_apart

    def summary(self) -> str:
        """The pair in words and a table of some separations."""
        from gl_reference.dynamics.report import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """All numbers and curves as plain values."""
        from gl_reference.dynamics.report import as_dict

        return as_dict(self)

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write d, force, friction, energy, time and split, with errors, as CSV; replaces a file."""
        from gl_reference.dynamics.report import write_curves

        write_curves(self, Path(path))

    def plot(self) -> Figure:
        """Force, friction and d(t)."""
        from gl_reference.dynamics.plot import plot_pair

        return plot_pair(self)


def dynamic_pair(
    n1: int,
    n2: int,
    mu: float | None = None,
    *,
    kappa: float | None = None,
    s: float = 1.0,
    d: ArrayLike | None = None,
    h: float | None = None,
    margin: float | None = None,
    tolerance: float = 1e-6,
) -> DynamicPair:
    """Force and friction of a free pair against separation, from time-dependent GL theory.

    ∂_tΨ = D²Ψ + (μ²/2)(1 − |Ψ|²)Ψ and ∂_tA = s [Im(Ψ*DΨ) − ∇×B], by link variables on two grids.

    Parameters
    ----------
    n1, n2 : int
        (1, 1), (1, −1), for μ < 1 also (1, 2), in either order and with either common sign.
        (A giant vortex at μ > 1 splits by itself before it has gone anywhere.)
    mu, kappa : float
        μ = √2 κ, one of the two; 0.3 … 5. Windings of one sign: at least 0.02 from μ = 1, where
        they do not move (`moduli_friction` has their friction there).
    s : float
        Relaxation rate of A, 0.05 … 20: the inverse normal conductivity, s = u μ²/2 with the u of
        the usual time-dependent theory. A property of the material.
    d : (K,) array, optional
        Separations to give, in λ, rising, within x = 0.25 (opposite signs 0.15, with a giant
        vortex 0.4) … 6.5 in units of √(1 + 1/μ²). Default: every 0.1 λ of these.
    h : float, optional
        Spacing of the finer grid in λ; the coarser one's is √2 h. Default 0.05 √(1 + 1/μ²), at
        most 0.134/μ (with a giant vortex 0.06 √(1 + 1/μ²)).
    margin : float, optional
        From the vortices to the edge of the grid in λ, at least 4/min(1, μ); default 7/min(1, μ).
    tolerance : float
        Root mean square of the error of one time step, 1e-8 … 1e-4.

    Raises
    ------
    ValueError
        For anything outside these ranges.
    ConvergenceError
        Where the pair does not move through its range.

    >>> pair = dynamic_pair(1, 1, mu=1.7)
    >>> round(float(np.interp(2.0, pair.d, pair.force)), 4)
    0.0607
    """
    first, second = _check_pair(n1, n2)
    value = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    _check_moves(first, second, value)
    rate = check_range("s", s, *S_RANGE)
    length, slow = scale(value), 1 / min(1.0, value)
    core = math.sqrt(2.0) / value
    usual = min((GIANT_SPACING if second == 2 else SPACING) * length, CORE_SPACING * core)
    spacing = usual if h is None else check_range("h", h, 0.25 * usual, 3 * usual)
    edge = MARGIN * slow if margin is None else check_range("margin", margin, 4 * slow, 20 * slow)
    motion = Motion(
        n1=first,
        n2=second,
        mu=value,
        s=rate,
        near=NEAREST[first, second] * length,
        far=FURTHEST * length,
        margin=edge,
        tolerance=check_range("tolerance", tolerance, *TOLERANCES),
    )
    separations = _separations(d, motion.near, motion.far)
    coarse, fine = follow(motion, RATIO * spacing), follow(motion, spacing)
    values, errors = extrapolated(curve(coarse, separations), curve(fine, separations), RATIO)
    alone = [vortex_friction(abs(n), value, s=rate).friction for n in (first, second)]
    return DynamicPair(
        n1=n1,
        n2=n2,
        mu=value,
        s=rate,
        h=spacing,
        d=separations,
        force=values.force,
        force_error=errors.force,
        friction=values.friction,
        friction_error=errors.friction,
        energy=values.energy,
        energy_error=errors.energy,
        time=values.time,
        split=values.split,
        friction_apart=1 / sum(1 / friction for friction in alone),
        track=fine,
    )


def _separations(d: ArrayLike | None, near: float, far: float) -> Array:
    """The separations asked for (K,), or those given by default."""
    if d is None:
        first, last = math.ceil(near / STEP), math.floor(far / STEP)
        return STEP * np.arange(first, last + 1, dtype=np.float64)
    asked = nonnegative_array("d", d)
    low, high = near * (1 - ROUNDING), far * (1 + ROUNDING)
    if asked.ndim != 1 or not asked.size or (np.diff(asked) <= 0).any():
        raise ValueError("d: give an array of separations in λ, rising")
    outside = (asked < low) | (asked > high)
    if outside.any():
        raise ValueError(
            f"d = {asked[outside][0]:.6g}: this motion is followed from {near:.4g} to {far:.4g} λ"
        )
    return asked


def _check_pair(n1: int, n2: int) -> tuple[int, int]:
    """The pair as (1, ±1) or (1, 2)."""
    first, second = sorted((check_winding("n1", n1), check_winding("n2", n2)), key=abs)
    if first < 0:
        first, second = -first, -second
    if first != 1 or (first, second) not in NEAREST:
        raise ValueError(
            f"n1 = {n1}, n2 = {n2}: free motion is followed for (1, 1), (1, -1) and, below mu = 1, "
            "(1, 2); fixed vortices of other windings: pair_force"
        )
    return first, second


def _check_moves(n1: int, n2: int, mu: float) -> None:
    if n2 == 2 and mu > 1:
        raise ValueError(
            f"mu = {mu:.6g}: above mu = 1 a giant vortex splits by itself, so that its free motion "
            "near another vortex means nothing; use mu below 1, or pair_force"
        )
    if n1 * n2 > 0 and abs(mu - 1) < CRITICAL:
        raise ValueError(
            f"mu = {mu:.6g}: windings of one sign hardly act on each other next to mu = 1; keep "
            f"{CRITICAL:g} away, or use near_critical_pair (force) and moduli_friction (friction)"
        )
