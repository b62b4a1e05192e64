"""Where `GLTable` has its nodes in separation and μ, and what it interpolates between them.

What is interpolated is S = ln(F/F₀), with F₀ the simplest law of the right sign, zero at μ = 1 and
of about the right decay:

    F₀ = e^{−d} − e^{−μd} (windings of one sign),   F₀ = −(e^{−d} + e^{−μd}) (opposite signs).

S is smooth in t = ln x + x/4, x = d/L(μ), L = √(1 + 1/μ²), and in ln μ, so a Chebyshev
polynomial in both holds it.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import lambertw

from potentials.base import Array

MU_RANGE = (0.2, 10.0)
REACH = (0.2, 8.5)  # of x
MU_NODES = 32
SEPARATION_NODES = 41
WINDINGS = ((1, 1), (1, 2), (1, -1), (2, 2), (1, 3), (2, -1))
STRETCH = 4.0


def scale(mu: float) -> float:
    """L(μ) in λ: the longer of core and penetration depth, smoothly."""
    return float(np.hypot(1.0, 1 / mu))


def stretched(d: Array, mu: float) -> Array:
    """t of separations d > 0 (λ), scaled so that −1 … 1 is the range of the nodes."""
    x = d / scale(mu)
    low, high = (np.log(end) + end / STRETCH for end in REACH)
    return (2 * (np.log(x) + x / STRETCH) - low - high) / (high - low)


def stretched_mu(mu: float) -> float:
    """ln μ, scaled so that −1 … 1 is the range of the nodes."""
    low, high = np.log(MU_RANGE)
    return float((2 * np.log(mu) - low - high) / (high - low))


def mu_nodes() -> Array:
    """The values of μ (MU_NODES,) at which the table was made."""
    low, high = np.log(MU_RANGE)
    return np.exp((low + high + (high - low) * chebyshev.chebpts1(MU_NODES)) / 2)


def separation_nodes(mu: float) -> Array:
    """The separations (SEPARATION_NODES,) in λ at which the table was made."""
    low, high = (np.log(end) + end / STRETCH for end in REACH)
    t = (low + high + (high - low) * chebyshev.chebpts1(SEPARATION_NODES)) / 2
    return scale(mu) * stretched_back(t)


def stretched_back(t: Array) -> Array:
    """x of t = ln x + x/4."""
    # ln x + x/s = t  ⇔  x = s W(e^t/s)
    return STRETCH * lambertw(np.exp(t) / STRETCH).real  # type: ignore[no-any-return]


def simplest_law(n1: int, n2: int, mu: float, d: Array) -> tuple[float, Array]:
    """F₀ at separations d > 0 (λ) as an amplitude and the logarithm of a positive shape."""
    slow, gap = min(1.0, mu), abs(mu - 1)
    if n1 * n2 < 0:
        return -1.0, np.log1p(np.exp(-gap * d)) - slow * d
    # (1 − e^{−gap·d})/gap, which is d at μ = 1.
    shape = np.log(-np.expm1(-gap * d) / gap) if gap else np.log(d)
    return mu - 1, shape - slow * d
