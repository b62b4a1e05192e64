"""Vortices in a thin film: Pearl's law, exact at every distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import roots_laguerre, struve, y0, y1

from potentials.base import CUTOFF, Array, CutoffField, Potential
from potentials.checks import check_length, check_strength
from potentials.quadrature import decay_radius

# Beyond this x the differences H − Y lose digits and 80 Gauss-Laguerre nodes lose none.
SWITCH = 10.0
NODES, WEIGHTS = roots_laguerre(80)
NODES, WEIGHTS = NODES[WEIGHTS > 1e-22], WEIGHTS[WEIGHTS > 1e-22]


@dataclass(frozen=True, repr=False)
class Pearl(Potential):
    """Thin-film vortices:  U = (π/2) f0 [H₀(x) − Y₀(x)],  x = r/Λ,

        F = (π/2)(f0/Λ) [H₁(x) − Y₁(x) − 2/π],

    with H Struve's and Y Neumann's function. Near (r ≪ Λ) F → f0/r and U → −f0 ln r + const,
    the same core as `London(f0)` and `Log(f0)`; far (r ≫ Λ) U → f0 Λ/r and F → f0 Λ/r²,
    too long-ranged for a tail energy (inf). Transform: 2π f0 Λ / [k (1 + kΛ)].

    For x > 10 the equivalent positive integrals are used, which do not cancel:
    U = f0 ∫₀^∞ e^{−u} (x² + u²)^{−1/2} du,  F = (f0/Λ) ∫₀^∞ e^{−u} (u/x) (x² + u²)^{−1/2} du.

    Parameters
    ----------
    f0 : float
        Strength in Ω₀λ; 2 with energies in ε₀ times the film thickness d. May be negative.
    pearl_length : float
        Pearl's length Λ = 2λ²/d in units of the bulk λ (so that Λ/λ = 2λ/d); not λ²/d,
        which some authors call Λ. Positive.
    cutoff : float, optional
        In λ; default where F falls below 1e-4 F(1), far out because of the 1/r² tail.

    Any windings: the force scales with n₁n₂. Raises ValueError for the above.
    Source: J. Pearl, Appl. Phys. Lett. 5, 65 (1964).
    """

    f0: float = 2.0
    pearl_length: float = field(kw_only=True)
    cutoff: CutoffField = CUTOFF

    _scales_with_product = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "f0", check_strength("f0", self.f0))
        length = check_length("pearl_length", self.pearl_length)
        object.__setattr__(self, "pearl_length", length)

    @property
    def _core(self) -> float:  # type: ignore[override]
        return self.f0

    @property
    def _force_offset(self) -> float:  # type: ignore[override]
        return -self.f0 / self.pearl_length

    def _energy_offset(self) -> float:
        return self.f0 * (math.log(2 * self.pearl_length) - float(np.euler_gamma))

    def _force(self, r: Array) -> Array:
        return self.f0 * _shape_force(r, self.pearl_length)

    def _energy(self, r: Array) -> Array:
        x = r / self.pearl_length
        near = x < SWITCH
        result = np.empty_like(x)
        result[near] = 0.5 * math.pi * (struve(0, x[near]) - y0(x[near]))
        result[~near] = (1 / np.hypot.outer(x[~near], NODES)) @ WEIGHTS
        return self.f0 * result

    def _fourier(self, k: Array) -> Array:
        if not self.f0:
            return np.zeros_like(k)
        return 2 * math.pi * self.f0 * self.pearl_length / (k * (1 + k * self.pearl_length))

    def _tail(self, cutoff: float) -> float:
        return math.inf

    def _default_cutoff(self) -> float:
        def shape(r: Array) -> Array:
            return _shape_force(r, self.pearl_length)

        return decay_radius(shape, float(shape(np.array([1.0]))[0]), 1.0)


def _shape_force(r: Array, length: float) -> Array:
    """F/f0."""
    x = r / length
    near = x < SWITCH
    result = np.empty_like(x)
    small = x[near]
    result[near] = 0.5 * math.pi * (struve(1, small) - y1(small) - 2 / math.pi)
    large = x[~near]
    result[~near] = (1 / np.hypot.outer(large, NODES)) @ (WEIGHTS * NODES) / large
    return result / length
