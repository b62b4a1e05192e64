"""Tail amplitudes of a vortex: f → 1 + γ₁K₀(μr), a → 1 + γ₂ r K₁(r), both negative.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eq. 7. With g = 1 − f and
q = 1 − a the radial equations are linear tails driven by sources,

    g'' + g'/r − μ²g = −S,  S = n²q²f/r² + (μ²/2) g²(3 − g);
    u'' + u'/r − (1 + 1/r²)u = −(1 − f²)u,  u = q/r,

and their Green's functions give, without any fit,

    −γ₁ = ∫₀^∞ I₀(μr) S r dr,    −γ₂ = 1 + ∫₀^∞ I₁(r) (1 − f²) q dr.

The first converges for μ < 2 only. From μ = 2 on the field drives f outside the core
(g ∝ K₁², e^{−2r}) and γ₁ does not exist. Below, its integrand falls like e^{−(2−μ)r}/√r and γ₁
diverges: −γ₁ → (π/4) n²γ₂²/√(2 − μ).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import legendre
from scipy.special import i0e, i1e, k1e

from gl_reference.radial_equations import RadialFields
from potentials.base import Array

GAMMA1_LIMIT = 2.0  # μ from which γ₁ does not exist
NOISE = 1e-13  # 1 − f is not known better; smaller, it adds less than that to ln γ₁
SMALL = 40.0  # e^{−40} is nothing
_X, _W = legendre.leggauss(80)


def field_amplitude(fields: RadialFields) -> float:
    """γ₂, negative: the source seen by the decaying solution, summed."""
    r = fields.mesh.r
    growth = i1e(r) * np.exp(r - fields.chi(r))
    return -1.0 - fields.mesh.integrate(growth * (1 - fields.f**2) * fields.v)


def field_amplitude_at_edge(fields: RadialFields) -> float:
    """γ₂ as the ratio −q/(r K₁(r)) at the mesh's outer end."""
    r = fields.mesh.r[-1]
    return -float(fields.v[-1] * np.exp(r - fields.chi(r)) / (r * k1e(r)))


def condensate_amplitude(fields: RadialFields, gamma2: float) -> float:
    """γ₁, negative, for μ < 2."""
    n, mu, r = fields.n, fields.mu, fields.mesh.r
    g = 1 - fields.f
    g = np.where(g > NOISE, g, 0.0)  # else I₀ would make the rounding errors' squares matter
    driven = n**2 * fields.q**2 * fields.f_over_r  # source times r
    source = driven + mu**2 / 2 * g**2 * (3 - g) * r
    inside = fields.mesh.integrate(i0e(mu * r) * np.exp(mu * r) * source)
    return -inside - n**2 * gamma2**2 * _driven_beyond(mu, float(r[-1]))


def _driven_beyond(mu: float, radius: float) -> float:
    """∫_R^∞ I₀(μr) K₁(r)² r dr: beyond the mesh only q's own tail drives f (μ < 2).

    Smooth in ln r, however slowly it decays.
    """
    rate = 2 - mu
    low, high = math.log(radius), math.log(radius + SMALL / rate)
    r: Array = np.exp(low + (high - low) * (1 + _X) / 2)
    values = i0e(mu * r) * k1e(r) ** 2 * np.exp(-rate * r) * r * r
    return float(_W @ values) * (high - low) / 2
