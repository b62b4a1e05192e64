"""One vortex of winding n: its profiles, energy and tails, and the lower critical field.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 4-6, 9 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import check_range, check_winding
from gl_reference.figure_style import new_figure, styled, zero_line
from gl_reference.radial_equations import RadialFields, solve_radial
from gl_reference.radial_mesh import read_only
from gl_reference.tails import (
    GAMMA1_LIMIT,
    condensate_amplitude,
    field_amplitude,
    field_amplitude_at_edge,
)
from potentials.base import Array
from potentials.checks import nonnegative_array
from potentials.critical import mu_from

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MU_RANGE = (0.1, 20.0)
ORDER = 12  # of the elements
LOWER_ORDER = 11  # of the second solution, from which errors are estimated
ROUNDING = 1e-12  # relative, what Newton's iteration leaves


@dataclass(frozen=True, eq=False)
class RadialVortex:
    """A vortex Ψ = f(r) e^{inθ}, A = n a(r)/r θ̂, as `single_vortex` returns it.

    Attributes
    ----------
    n : int
        Winding, nonzero; −n has the f, a, energy and γ's of n, and field and current reversed.
    mu : float
        μ = √2 κ.
    energy : float
        Energy per length in ε₀, n at μ = 1 (Eq. 9 over π).
    energy_error : float
        Its error, from a second solution of lower order.
    gamma1, gamma2 : float
        Tail amplitudes, f → 1 + γ₁K₀(μr) and a → 1 + γ₂ r K₁(r), both negative. γ₁ is NaN
        where it does not exist (μ ≥ 2).
    gamma1_error, gamma2_error : float
        Their errors, from the second solution and, for γ₂, from the ratio at the outer edge.
    gamma1_reason : str or None
        Why γ₁ is NaN.
    r, f, a : (K,) arrays
        Nodes from 0 (in λ), |Ψ| and the share of the flux inside r there.
    """

    n: int
    mu: float
    energy: float
    _fields: RadialFields

    def __repr__(self) -> str:
        return f"RadialVortex(n={self.n}, mu={self.mu!r}, energy={self.energy:.10g})"

    # ---------------------------------------------------------------- numbers
    @cached_property
    def _second(self) -> RadialFields:
        return solve_radial(abs(self.n), self.mu, LOWER_ORDER)

    @cached_property
    def energy_error(self) -> float:
        return abs(self.energy - sum(self._second.energies)) + ROUNDING * self.energy

    @cached_property
    def gamma2(self) -> float:
        return field_amplitude(self._fields)

    @cached_property
    def gamma2_error(self) -> float:
        other_order = abs(self.gamma2 - field_amplitude(self._second))
        other_method = abs(self.gamma2 - field_amplitude_at_edge(self._fields))
        return max(other_order, other_method) + ROUNDING * abs(self.gamma2)

    @property
    def gamma1_reason(self) -> str | None:
        if self.mu < GAMMA1_LIMIT:
            return None
        return (
            f"mu = {self.mu:.6g}: gamma1 exists below mu = 2 only; from there on the tail of the "
            "order parameter is driven by the field (1 - f ∝ K1(r)², e^(-2r))"
        )

    @cached_property
    def gamma1(self) -> float:
        if self.gamma1_reason:
            return math.nan
        return condensate_amplitude(self._fields, self.gamma2)

    @cached_property
    def gamma1_error(self) -> float:
        if self.gamma1_reason:
            return math.nan
        second = condensate_amplitude(self._second, field_amplitude(self._second))
        # γ₁ is up to quadratic in γ₂.
        from_gamma2 = 2 * self.gamma2_error / abs(self.gamma2)
        return abs(self.gamma1 - second) + (from_gamma2 + ROUNDING) * abs(self.gamma1)

    # ---------------------------------------------------------------- profiles
    @property
    def r(self) -> Array:
        return self._fields.mesh.r

    @property
    def f(self) -> Array:
        return self._fields.f

    @cached_property
    def a(self) -> Array:
        return read_only(1 - self._fields.q)

    def amplitude(self, r: ArrayLike) -> Array:
        """f = |Ψ| at r ≥ 0 in λ, any shape (same shape back), 1 at infinity."""
        return self._evaluate(r, lambda inside: self._interpolate(self._fields.f, inside), 1.0)

    def flux_fraction(self, r: ArrayLike) -> Array:
        """a: the share of the flux 2πn within r ≥ 0 in λ, any shape, 1 at infinity."""
        return self._evaluate(r, lambda inside: 1 - self._outer_share(inside), 1.0)

    def field(self, r: ArrayLike) -> Array:
        """B = n a'/r in Φ₀/(2πλ²) at r ≥ 0 in λ, any shape."""
        solution = self._fields
        # Slowly varying, unlike B, and so to be interpolated far out.
        slow = solution.field * np.exp(solution.chi(solution.mesh.r))

        def at(inside: Array) -> Array:
            decay = np.exp(-solution.chi(inside))
            return self._sign * self._interpolate(slow, inside) * decay

        return self._evaluate(r, at, 0.0)

    def current(self, r: ArrayLike) -> Array:
        """J_θ = −dB/dr = n f²(1 − a)/r in Φ₀/(2πμ₀λ³) at r ≥ 0 in λ, any shape."""

        def at(inside: Array) -> Array:
            f = self._interpolate(self._fields.f, inside)
            f_over_r = self._interpolate(self._fields.f_over_r, inside)
            return self.n * f * f_over_r * self._outer_share(inside)

        return self._evaluate(r, at, 0.0)

    @property
    def _sign(self) -> int:
        return 1 if self.n > 0 else -1

    def _interpolate(self, values: Array, r: Array) -> Array:
        return self._fields.mesh.interpolate(values, r)

    def _outer_share(self, r: Array) -> Array:
        return self._interpolate(self._fields.v, r) * np.exp(-self._fields.chi(r))

    def _evaluate(self, r: ArrayLike, at: Callable[[Array], Array], far: float) -> Array:
        """`at` inside the mesh, `far` beyond it, where all has decayed to rounding."""
        radii = nonnegative_array("r", r)
        out = np.full(radii.shape, far)
        inside = radii < self.r[-1]
        out[inside] = at(radii[inside])
        return out

    @styled
    def plot(self) -> Figure:
        """Order parameter and flux (above), field and current (below) against r; the figure."""
        recovered = (1 - self.f < 0.01) & (1 - self.a < 0.01)
        r = np.linspace(0, self.r[np.argmax(recovered)], 400)
        figure = new_figure(7.0, 6.0)
        above, below = figure.subplots(2, sharex=True)
        above.plot(r, self.amplitude(r), label="f = |Ψ|")
        above.plot(r, self.flux_fraction(r), "--", label="a, share of the flux within r")
        below.plot(r, self.field(r), label=r"$B$ ($\Phi_0/2\pi\lambda^2$)")
        below.plot(r, self.current(r), "--", label=r"$J$ ($\Phi_0/2\pi\mu_0\lambda^3$)")
        above.set_ylabel("f,  a")
        below.set_ylabel("B,  J")
        below.set_xlabel("r (λ)")
        above.set_title(f"n = {self.n}, μ = {self.mu:.4g}")
        for panel in (above, below):
            zero_line(panel)
            panel.legend()
        return figure


def single_vortex(
    n: int = 1, mu: float | None = None, *, kappa: float | None = None
) -> RadialVortex:
    """Solve Eqs. 5 and 6 for a vortex of winding n.

    Parameters
    ----------
    n : int
        Winding, 1 ≤ |n| ≤ 1000, negative for an antivortex.
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 ≤ μ ≤ 20.

    Returns
    -------
    RadialVortex
        Cached: the same object for the same n and μ.

    Raises ValueError for a winding or μ that is not allowed, `ConvergenceError` where Newton's
    iteration fails.
    """
    winding = check_winding("n", n)
    return _vortex(winding, check_range("mu", mu_from(mu, kappa), *MU_RANGE))


@lru_cache(maxsize=256)
def _vortex(n: int, mu: float) -> RadialVortex:
    fields = solve_radial(abs(n), mu, ORDER)
    return RadialVortex(n, mu, sum(fields.energies), fields)


def lower_critical_field(mu: float | None = None, *, kappa: float | None = None) -> float:
    """H_c1, at which a first vortex lowers the Gibbs energy, in units of Φ₀/(2πμ₀λ²).

    A vortex of energy E ε₀ per length carries one Φ₀: Φ₀H_c1 = E ε₀ with ε₀ = Φ₀²/(4πμ₀λ²)
    gives H_c1 = E/2 in these units (in Gaussian ones F = Φ₀H_c1/4π). The thermodynamic field is
    H_c = μ/2 and the upper one H_c2 = μ²/2, so that H_c1/H_c = E/μ and H_c1/H_c2 = E/μ². All
    three are ½ at μ = 1, and (ln κ + 0.497)/2 is reached as κ → ∞. Below μ = 1 the value exceeds
    H_c: type I has no vortices in equilibrium.

    Parameters and errors as for `single_vortex`.
    """
    return single_vortex(1, mu, kappa=kappa).energy / 2
