"""`GLTable`: pair forces taken straight from full Ginzburg-Landau solutions, no fit between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

from potentials import gl_grid
from potentials.base import CUTOFF, Array, CutoffField
from potentials.checks import nonnegative_array
from potentials.critical import mu_from
from potentials.solved_law import SolvedLaw, Windings

TABLE = "gl_forces.csv"
TAIL_FROM = 7.0  # in L(μ): from there on the tail law, scaled to continue the table


class _Surface(NamedTuple):
    """Chebyshev coefficients (μ, d) of S = ln(F/F₀), and the solver's largest relative error."""

    series: Array
    solver_error: float


@lru_cache
def _table() -> Array:
    """The shipped table: columns n1, n2, mu, d, force, error."""
    with (files("potentials") / "data" / TABLE).open(encoding="utf-8") as stream:
        return np.loadtxt(stream, delimiter=",", comments=("#", "n1"))


@lru_cache
def _surface(n1: int, n2: int) -> _Surface:
    """What is interpolated for one pair of windings."""
    table = _table()
    rows = table[(table[:, 0] == n1) & (table[:, 1] == n2)]
    _, _, force, error = rows[:, 2:].T.reshape(4, gl_grid.MU_NODES, gl_grid.SEPARATION_NODES)
    values = np.empty_like(force)
    for row, value in enumerate(gl_grid.mu_nodes()):
        d = gl_grid.separation_nodes(value)
        amplitude, shape = gl_grid.simplest_law(n1, n2, float(value), d)
        values[row] = np.log(force[row] / amplitude) - shape
    for _ in ("mu", "d"):  # one axis after the other
        order = len(values) - 1
        values = chebyshev.chebfit(chebyshev.chebpts1(order + 1), values, order).T
    near = np.abs(force) > 0.1 * np.abs(force).max(axis=1, keepdims=True)
    return _Surface(values, float((error / np.abs(force))[near].max()))


@dataclass(frozen=True, repr=False, init=False)
class GLTable(SolvedLaw):
    """Ginzburg-Landau vortices as solved: windings (1, 1), (1, 2), (1, -1), (2, 2), (1, 3), (2, -1).

    Forces between fixed vortices from the two-dimensional Ginzburg-Landau equations (exact
    phase, Coulomb gauge term of weight 1: the `coulomb` reading of docs/gl_reference.md), solved
    at 32 values of μ and 41 separations and interpolated by Chebyshev polynomials in ln μ and a
    stretched ln r. Any μ in 0.2 … 10. Same-sign windings repel above μ = 1 and attract below, with
    no force at μ = 1; opposite windings attract (the conventional branch, at every r).

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two.
    n1, n2 : int
        The windings between which `force` and `energy` act; `pair` gives all six.
    cutoff : float, optional
        In λ, for every pair. Default where |F| falls below 1e-4 of its peak (opposite
        windings: of |F(d_A)|, the strongest that such a pair feels).

    `uncertainty(r)` states the error of the force. Against Eq. 17 this law is nearer to the
    solver wherever compared (docs/potentials.md); what holding the vortices fixed leaves open, the
    weight of the gauge term, moves the forces by about 1 % near their peak.
    Below r ≈ 0.2 √(1 + 1/μ²) the force goes on as a power of r (opposite windings: as a
    straight line), beyond 7 √(1 + 1/μ²) as the tails
    of Eq. 10.

    Raises ValueError for a μ outside, `UncoveredPairError` for other windings. Source: model of
    Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 11-13 and 19.

    >>> round(GLTable(1.7).force(2.0), 5)
    0.06225
    """

    mu: float
    n1: int = 1
    n2: int = 1
    cutoff: CutoffField = CUTOFF
    _named = "the GL table"

    def __init__(
        self,
        mu: float | None = None,
        n1: int = 1,
        n2: int = 1,
        *,
        kappa: float | None = None,
        cutoff: float | None = None,
    ) -> None:
        value = mu_from(mu, kappa)
        remedy = "use London for larger mu, gl_reference.pair_force for others"
        self._check_covers("mu", value, gl_grid.MU_RANGE, remedy)
        first, second = self._covered(value, n1, n2)
        self._set(mu=value, n1=first, n2=second, cutoff=cutoff)

    @cached_property
    def _series(self) -> tuple[Array, float]:
        """Chebyshev series of S in the stretched separation at this μ; error of its truncation."""
        surface = _surface(self.n1, self.n2).series
        where = np.clip(gl_grid.stretched_mu(self.mu), -1, 1)
        basis = chebyshev.chebvander(np.array([where]), len(surface) - 1)[0]
        series = basis @ surface
        # The last terms kept tell what the terms left out amount to, and the noise of the rest.
        dropped = 3 * math.hypot(np.linalg.norm(surface[-3:]), np.linalg.norm(series[-3:]))
        return series, dropped

    @classmethod
    def _windings(cls, mu: float) -> Windings:
        return gl_grid.WINDINGS

    @property
    def _tail_from(self) -> float:
        return TAIL_FROM * gl_grid.scale(self.mu)

    def _near(self, r: Array) -> Array:
        force = self._interpolated(r)
        start = gl_grid.REACH[0] * gl_grid.scale(self.mu)
        nearer = r < start
        if self.n1 * self.n2 < 0 and nearer.any():
            # Opposite windings, which are never as near: straight on.
            first, second = self._interpolated(start * np.array([1.0, 1.0 + 1e-4]))
            force[nearer] = first + (second - first) / (1e-4 * start) * (r[nearer] - start)
        return force

    def _interpolated(self, r: Array) -> Array:
        """F by the series; below its first node S goes on linearly, F as a power of r."""
        series = self._series[0]
        t = gl_grid.stretched(r, self.mu)
        S = chebyshev.chebval(np.maximum(t, -1.0), series)
        S += chebyshev.chebval(-1.0, chebyshev.chebder(series)) * np.minimum(t + 1.0, 0.0)
        amplitude, shape = gl_grid.simplest_law(self.n1, self.n2, self.mu, r)
        return (amplitude or 1.0) * np.exp(shape + S)  # type: ignore[no-any-return]

    def uncertainty(self, r: ArrayLike) -> Array:
        """Error of the force in Ω₀ at separations r ≥ 0 (λ), any shape: solver and interpolation.

        An estimate from above: the largest relative error of the solved forces, and the size of
        the last terms of the interpolating series.
        """
        radii = nonnegative_array("r", r)
        relative = self._series[1] + _surface(self.n1, self.n2).solver_error
        return relative * np.abs(self.force(radii))
