"""Friction of two vortices at μ = 1, s = 1: Samols' metric on the space of their positions.

Samols, Commun. Math. Phys. 145, 149 (1992). At μ = 1 vortices of one sign rest wherever they are
(`gl_reference.taubes`). What they lose when something moves them slowly is, at s = 1, twice the
kinetic energy of the same motion in the relativistic model: (1/π)(−dE/dt) = η ḋ² for two of winding
one at (±σ, 0), σ = d/2. With the expansion of h = ln|Ψ|² about the one on the right,

    h = 2 ln|r| + const + b x + O(r²),    η = ½ [1 + (1/σ) d(σb)/dσ],

where b holds 1/σ from the other vortex. η is ½ far out, where each vortex has η₁ = 1, and goes as d²
to 0 where they meet. The metric is conformal: a pair that turns at the rate ω loses η(d) (ωd)².
Far out (Manton and Speight, Commun. Math. Phys. 236, 535 (2003))

    η → ½ − 2γ₂² K₀(d).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from scipy import fft
from scipy.special import k0

from gl_reference.radial import single_vortex
from gl_reference.taubes import near_critical
from potentials.base import Array
from potentials.checks import nonnegative_array

SPLIT_WIDTH = 1.5  # λ; between 1 and 3 it makes no difference
ACCURACY = 1e-9  # of the fields
LARGEST_SOLVED = 10.0  # λ
NODES = 32
FAR = 9.0  # λ, beyond which the far form is exact to 1e-8


def moduli_friction(d: ArrayLike) -> Array:
    """Friction η of the separation of two like vortices at μ = 1, s = 1.

    Parameters
    ----------
    d : array
        Separations ≥ 0 in λ, any shape (same shape back).

    Returns
    -------
    array
        η = −(1/π)(dE/dt)/ḋ², in Ω₀ per λ per unit of time; to 1e-7. ½ at infinity, 0.050274 d²
        near 0. It holds for sideways velocities also.

    Notes
    -----
    The first call solves for 32 pairs (two seconds).

    Raises ValueError for negative separations or NaN.
    """
    separations = nonnegative_array("d", d)
    out = np.full(separations.shape, 0.5)
    far = separations > FAR
    out[far] -= 2 * single_vortex(1, 1.0).gamma2 ** 2 * k0(separations[far])
    series = _series()
    t = separations[~far] ** 2
    # σb = 1 + σ²(−½ + tG), t = d² = 4σ², G(t) the series.
    out[~far] = 2 * t * series(t) + t**2 * series.deriv()(t)
    return out


@lru_cache(maxsize=1)
def _series() -> Chebyshev:
    """G(d²): the regular part b − 1/σ of b is σ(−½ + d²G), −½ because ∇²h → −1 between the two."""
    span = LARGEST_SOLVED**2
    t = span / 2 * (1 + np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES))
    values = [(_regular_slope(float(d)) / (d / 2) + 0.5) / d**2 for d in np.sqrt(t)]
    return Chebyshev.fit(t, values, NODES - 1, domain=[0, span])


def _regular_slope(d: float) -> float:
    """∂_x at the vortex (d/2, 0) of h − Σ ln r_j², λ⁻¹.

    h = u − Σ E₁(r_j²/c²) with ∇²u = e^h − 1 + Σ (4/c²) e^{−r_j²/c²}, which is smooth and periodic.
    """
    pair = near_critical([(-d / 2, 0.0), (d / 2, 0.0)], tolerance=ACCURACY)
    x, y = pair.x, pair.y
    source = -np.expm1(pair.h)
    across = sum(np.exp(-(((x - centre) / SPLIT_WIDTH) ** 2)) for centre in (-d / 2, d / 2))
    source -= 4 / SPLIT_WIDTH**2 * np.exp(-((y / SPLIT_WIDTH) ** 2))[:, None] * across

    kx = 2 * np.pi * fft.fftfreq(len(x), x[1] - x[0])
    ky = 2 * np.pi * fft.fftfreq(len(y), y[1] - y[0])
    square = kx**2 + ky[:, None] ** 2
    square[0, 0] = np.inf  # the mean of u has no slope
    series = fft.fft2(source, norm="forward") / square
    in_x = 1j * kx * np.exp(1j * kx * (d / 2 - x[0]))
    in_y = np.exp(-1j * ky * y[0])
    slope = float((in_y @ series @ in_x).real)
    # −E₁ of the other vortex less its logarithm
    return slope + 2 * float(np.expm1(-((d / SPLIT_WIDTH) ** 2))) / d
