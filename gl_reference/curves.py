"""A force curve Ω(d) from solved points: where they are taken, what lies between, its peak.

Between the points ln(Ω/F₀) is a spline, with F₀ the simplest law of the right sign and decay, in
the variable in which `potentials.gl_grid` spaces its own nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import BSpline, make_interp_spline
from scipy.optimize import minimize_scalar

from potentials.base import Array
from potentials.critical import Kind, annihilation_separation, stability_separation
from potentials.gl_grid import simplest_law, stretched

WINDINGS: dict[Kind, tuple[int, int]] = {"V-V": (1, 1), "V-GV": (1, 2), "V-AV": (1, -1)}

# The paper lets d go "from 0 to 15 λ" (its Fig. 11), on a grid of 0.1 λ with the pair centred on it.
CLOSEST, FURTHEST, GRID_STEP = 0.2, 15.0, 0.2
# Solved points per curve: the spline then errs by less than 1e-4 of the peak (V-GV at μ = 2.5:
# 6e-5; elsewhere 1e-5).
POINTS: dict[Kind, int] = {"V-V": 41, "V-GV": 41, "V-AV": 31}
SPLINE_DEGREE = 5
# Of the largest force: below it forces are solved to an absolute tolerance.
SMALL_PART = 1e-2


def largest_force(n1: int, n2: int, mu: float) -> float:
    """About the largest force that the table must hold, in Ω₀."""
    if n1 * n2 < 0:
        return 0.05
    return 0.1 * n1 * n2 * mu * abs(mu - 1) / (1 + mu / 3)


def default_separations(kind: Kind, mu: float) -> Array:
    """Separations to solve at, in λ, closer where the force bends more.

    From 0.2 (V-AV: from the paper's annihilation distance) to 15/min(1, μ), where the force is in
    its tail.
    """
    low = annihilation_separation(mu, extrapolate=True) if kind == "V-AV" else CLOSEST
    high = FURTHEST / min(1.0, mu)
    fine = np.geomspace(low, high, 2000)
    place = stretched(fine, mu)
    even = np.linspace(place[0], place[-1], POINTS[kind])
    return np.array([low, *np.interp(even[1:-1], place, fine), high])


def fit_separations(kind: Kind, mu: float, low: float, high: float) -> Array:
    """The paper's separations 0.2, 0.4 … 15 λ, as far as they lie within [low, high].

    For V-AV those beyond the paper's d_E only, where its Eq. 21 is fitted. The paper does not state
    its range; with this one the variances of our fits next to μ = 1, where all ways to hold vortices
    agree, come out as printed (0.9 … 1.2: within a factor 2).
    """
    if kind == "V-AV":
        low = max(low, stability_separation(mu, extrapolate=True))
    grid = (GRID_STEP * np.arange(1, round(FURTHEST / GRID_STEP) + 1)).astype(np.float64)
    slack = 1e-9
    return grid[(grid >= low - slack) & (grid <= high + slack)]


def simplest(kind: Kind, mu: float, d: Array) -> Array:
    """F₀ of `potentials.gl_grid` at separations d > 0, which has the sign that Ω must have."""
    amplitude, shape = simplest_law(*WINDINGS[kind], mu, d)
    result: Array = amplitude * np.exp(shape)
    return result


@dataclass(frozen=True, eq=False)
class ForceCurve:
    """Forces of one kind of pair at one μ (not 1 for V-V and V-GV).

    Attributes
    ----------
    kind : "V-V", "V-GV" or "V-AV"
    mu : float
        μ = √2 κ.
    d, force : (N ≥ 6,) arrays
        Separations in λ, increasing, and forces in Ω₀, none of the wrong sign.
    """

    kind: Kind
    mu: float
    d: Array
    force: Array

    def __post_init__(self) -> None:
        wrong = self.force * simplest(self.kind, self.mu, self.d) <= 0
        if wrong.any():
            raise ValueError(
                f"force at d = {self.d[wrong][0]:g}: {self.force[wrong][0]:.3g} has not the sign of "
                f"{self.kind} forces at mu = {self.mu:g}; solve to a smaller tolerance"
            )
        if self.d.size <= SPLINE_DEGREE:
            raise ValueError(f"d: {self.d.size} separations; give at least {SPLINE_DEGREE + 1}")

    @cached_property
    def _logarithm(self) -> BSpline:
        ratio = np.log(self.force / simplest(self.kind, self.mu, self.d))
        return make_interp_spline(stretched(self.d, self.mu), ratio, k=SPLINE_DEGREE)

    @overload
    def __call__(self, d: float) -> float: ...
    @overload
    def __call__(self, d: ArrayLike) -> Array: ...
    def __call__(self, d: ArrayLike) -> float | Array:
        """Force in Ω₀ at separations within the solved ones (ValueError outside)."""
        at = np.asarray(d, dtype=np.float64)
        low, high = float(self.d[0]), float(self.d[-1])
        outside = ~((at >= low * (1 - 1e-9)) & (at <= high * (1 + 1e-9)))
        if outside.any():
            raise ValueError(
                f"d = {at[outside].flat[0]}: this curve was solved for {low:g} … {high:g}"
            )
        ratio = np.exp(self._logarithm(stretched(at, self.mu)))
        force: Array = ratio * simplest(self.kind, self.mu, at)
        return force if at.ndim else float(force)

    def peak(self) -> tuple[float, float]:
        """(d_c, Ω_max): separation in λ and force in Ω₀ of the largest |Ω|.

        Raises ValueError where it lies at an end of the curve.
        """
        i = int(np.argmax(np.abs(self.force)))
        if not 0 < i < self.d.size - 1:
            raise ValueError(
                f"separations: the largest {self.kind} force at mu = {self.mu:g} is the one at the "
                f"end, d = {self.d[i]:g}; let them reach beyond its peak on both sides"
            )
        found = minimize_scalar(
            lambda d: -abs(self(d)),
            bounds=(self.d[i - 1], self.d[i + 1]),
            method="bounded",
            options={"xatol": 1e-9},
        )
        return float(found.x), float(self(found.x))
