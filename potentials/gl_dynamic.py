"""`GLDynamic`: the force of vortices that nobody holds, and the friction that goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline, make_interp_spline
from scipy.special import k0

from potentials import gl_dynamic_grid, gl_grid
from potentials.base import CUTOFF, Array, CutoffField
from potentials.checks import check_positive, nonnegative_array
from potentials.critical import mu_from
from potentials.pair_friction import FrictionByPair, TabulatedFriction
from potentials.solved_law import ROUNDING, SolvedLaw, Windings

TABLE = "gl_dynamic.csv"
MU_RANGE = (gl_dynamic_grid.MUS[0], gl_dynamic_grid.MUS[-1])
S_RANGE = (gl_dynamic_grid.RATES[0], gl_dynamic_grid.RATES[-1])
# What interpolation adds to the error of the force, relative: fresh runs between the nodes stay below
# it (slow tests).
INTERPOLATION = 5e-3
# Errors are relative to forces that are not much smaller than the largest.
LARGE = 0.05
# Beyond the last separation γ − 1 decays as K₀, over λ or the reach 1/√s of an electric field; the
# separations, in L(μ), that are added to say so, the last with γ = 1.
BEYOND = (7.0, 7.5, 8.0, 8.5)


class _Rows(NamedTuple):
    """The table of one pair of windings: arrays (μ, s, separation), and the nodes of the first."""

    mus: Array
    shape: Array  # ln(F/F₀)
    friction: Array  # ln γ
    apart: Array  # η far apart, (μ, s)
    error: float  # largest relative error of the solver where forces are large


@lru_cache
def _table() -> Array:
    """The shipped table: columns n1, n2, mu, s, d, force, its error, friction, its error, apart."""
    with (files("potentials") / "data" / TABLE).open(encoding="utf-8") as stream:
        return np.loadtxt(stream, delimiter=",", comments=("#", "n1"))


@lru_cache
def _rows(n1: int, n2: int) -> _Rows:
    table = _table()
    mine = table[(table[:, 0] == n1) & (table[:, 1] == n2)]
    counts = -1, len(gl_dynamic_grid.RATES), gl_dynamic_grid.NODES
    mu, _, d, force, error, friction, _, apart = (c.reshape(counts) for c in mine[:, 2:].T)
    shape = np.empty_like(force)
    for i, value in enumerate(mu[:, 0, 0]):
        amplitude, logarithm = gl_grid.simplest_law(n1, n2, float(value), d[i, 0])
        shape[i] = np.log(force[i] / amplitude) - logarithm
    large = np.abs(force) > LARGE * np.abs(force).max(axis=2, keepdims=True)
    return _Rows(
        mu[:, 0, 0],
        shape,
        np.log(friction / apart),
        apart[:, :, 0],
        float((error / np.abs(force))[large].max()),
    )


def _between(rows: _Rows, values: Array, mu: float, s: float) -> Array:
    """`values` (μ, s, …) at this μ and s, by cubic splines in their logarithms."""
    at_mu = make_interp_spline(np.log(rows.mus), values, k=3)(math.log(mu))
    rates = np.log(gl_dynamic_grid.RATES)
    return make_interp_spline(rates, at_mu, k=3)(math.log(s))  # type: ignore[no-any-return]


@dataclass(frozen=True, repr=False, init=False)
class GLDynamic(SolvedLaw):
    """Ginzburg-Landau vortices in free motion: windings (1, 1), (1, -1), for μ ≤ 0.9 also (1, 2).

    The force from time-dependent Ginzburg-Landau theory (`gl_reference.dynamic_pair`), in which
    nothing holds the vortices in place, solved for 13 values of μ, five of s and 40 separations
    and interpolated by splines. With it comes the friction of the pair, which depends on the
    separation: `pair_friction()`, for `vortexmd.Simulation`.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two; 0.4 … 2.5.
    s : float
        Relaxation rate of the vector potential, 0.1 … 10: the inverse of the normal conductivity,
        s = u μ²/2 with the constant u of the usual time-dependent theory. From s = 1 on the
        force between windings of one sign depends on it by a few per cent, that between opposite
        windings near and below d_A by tens (the fields lag), the friction strongly.
    n1, n2 : int
        The windings between which `force` and `energy` act; `pair` gives all.
    cutoff : float, optional
        In λ, for every pair. Default where |F| falls below 1e-4 of its peak (opposite
        windings: of |F(d_A)|).

    Where cores have merged the force goes as r³ (opposite windings: as r), beyond
    6.5 √(1 + 1/μ²) as the tails of Eq. 10. `uncertainty(r)` states the error of the force.

    Raises ValueError for μ or s outside, `UncoveredPairError` for other windings.

    >>> round(GLDynamic(1.7).force(2.0), 4)
    0.0607
    """

    mu: float
    s: float = 1.0
    n1: int = 1
    n2: int = 1
    cutoff: CutoffField = CUTOFF
    _named = "the table of free motion"

    def __init__(
        self,
        mu: float | None = None,
        s: float = 1.0,
        n1: int = 1,
        n2: int = 1,
        *,
        kappa: float | None = None,
        cutoff: float | None = None,
    ) -> None:
        value = mu_from(mu, kappa)
        rate = check_positive("s", s)
        self._check_covers("mu", value, MU_RANGE, "gl_reference.dynamic_pair goes further")
        self._check_covers("s", rate, S_RANGE, "gl_reference.dynamic_pair goes further")
        first, second = self._covered(value, n1, n2)
        self._set(mu=value, s=rate, n1=first, n2=second, cutoff=cutoff)

    @classmethod
    def _windings(cls, mu: float) -> Windings:
        return tuple(
            pair
            for pair in gl_dynamic_grid.NEAREST
            if mu <= gl_dynamic_grid.table_mus(*pair)[-1] * (1 + ROUNDING)
        )

    @property
    def _tail_from(self) -> float:
        return gl_dynamic_grid.FURTHEST * gl_grid.scale(self.mu)

    @cached_property
    def _separations(self) -> Array:
        return gl_dynamic_grid.table_separations(self.n1, self.n2, self.mu)

    @cached_property
    def _spline(self) -> CubicSpline:
        """ln(F/F₀) against t = ln x + x/4."""
        rows = _rows(self.n1, self.n2)
        nodes = gl_grid.stretched(self._separations, self.mu)
        return CubicSpline(nodes, _between(rows, rows.shape, self.mu, self.s))

    def _near(self, r: Array) -> Array:
        first = self._separations[0]
        inside = np.maximum(r, first)
        amplitude, shape = gl_grid.simplest_law(self.n1, self.n2, self.mu, inside)
        S = self._spline(gl_grid.stretched(inside, self.mu))
        force: Array = (amplitude or 1.0) * np.exp(shape + S)
        nearer = r < first
        if nearer.any():
            force[nearer] = self._contact(r[nearer])
        return force

    def _contact(self, r: Array) -> Array:
        """F below the first node: r³(a + br²), opposite windings r(a + br²), smoothly joined."""
        power = 1 if self.n1 * self.n2 < 0 else 3
        first = self._separations[0]
        step = 1e-4 * first
        ends = np.array([first, first + step])
        a_first, a_next = self._near(ends) / ends**power
        b = (a_next - a_first) / (ends[1] ** 2 - first**2)
        return r**power * (a_first + b * (r**2 - first**2))  # type: ignore[no-any-return]

    def uncertainty(self, r: ArrayLike) -> Array:
        """Error of the force in Ω₀ at separations r ≥ 0 (λ), any shape: solver and interpolation.

        From above where the force is more than a twentieth of its peak; relative to the force.
        """
        radii = nonnegative_array("r", r)
        relative = _rows(self.n1, self.n2).error + INTERPOLATION
        return relative * np.abs(self.force(radii))

    # ---------------------------------------------------------------- friction
    def _apart(self, n1: int, n2: int) -> float:
        """Friction of the separation far apart, in Ω₀ per λ per GL time."""
        rows = _rows(n1, n2)
        return float(np.exp(_between(rows, np.log(rows.apart), self.mu, self.s)))

    @property
    def time_unit(self) -> float:
        """One τ = ηλ/Ω₀ in units of the time of the GL equations: the friction η₁ of a vortex."""
        return 2 * self._apart(1, 1)

    def _friction_of(self, n1: int, n2: int) -> TabulatedFriction:
        rows = _rows(n1, n2)
        d = gl_dynamic_grid.table_separations(n1, n2, self.mu)
        gamma = np.exp(_between(rows, rows.friction, self.mu, self.s))
        further = gl_grid.scale(self.mu) * np.array(BEYOND)
        slow = min(1.0, math.sqrt(self.s))
        tail = 1 + (gamma[-1] - 1) * k0(slow * further) / k0(slow * d[-1])
        tail[-1] = 1.0
        return TabulatedFriction(np.append(d, further), np.append(gamma, tail), n1, n2)  # type: ignore[arg-type]

    def pair_friction(self) -> FrictionByPair:
        """The relative friction γ(d) of every covered pair, for `vortexmd.Simulation`.

        γ is the friction of the separation over that of two vortices far apart. One vortex alone
        has friction 1 in the simulation's units whatever its winding (`friction=` changes that).
        """
        return FrictionByPair(
            {(n1, n2): self._friction_of(n1, n2) for n1, n2 in self._windings(self.mu)}
        )
