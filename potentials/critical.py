"""Separations, peak force and critical density as functions of μ = √2 κ: the paper's fits.

Source of all but the last: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011).
"""

from __future__ import annotations

import math
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from potentials.base import Array
from potentials.checks import LARGEST, check_flag, check_positive, real_array, shown

Kind = Literal["V-V", "V-GV", "V-AV"]

# The range of μ over which the paper fitted each kind of pair.
MU_RANGE: dict[str, tuple[float, float]] = {
    "V-V": (0.2, 2.5),
    "V-GV": (0.2, 2.5),
    "V-AV": (0.3, 2.5),
}


def mu_from(mu: float | None, kappa: float | None) -> float:
    """μ from exactly one of μ and κ (μ = √2 κ); ValueError for none, both, or not positive."""
    if (mu is None) == (kappa is None):
        raise ValueError(
            f"mu = {shown(mu)}, kappa = {shown(kappa)}: give exactly one of them (mu = √2 kappa)"
        )
    if kappa is not None:
        return math.sqrt(2.0) * check_positive("kappa", kappa)
    assert mu is not None
    return check_positive("mu", mu)


def range_problem(mu: float, kind: str) -> str | None:
    """What to tell the user whose μ lies outside the fits of one kind of pair, or None."""
    low, high = MU_RANGE[kind]
    # Rounding of √2 κ must not push μ off the ends.
    if low * (1 - 1e-12) <= mu <= high * (1 + 1e-12):
        return None
    return f"mu = {mu:.6g}: the {kind} fits cover {low} … {high}; pass extrapolate=True"


def _mu_array(
    mu: ArrayLike | None, kappa: ArrayLike | None, kind: str, extrapolate: bool
) -> tuple[Array, bool]:
    if (mu is None) == (kappa is None):
        raise ValueError(
            f"mu = {shown(mu)}, kappa = {shown(kappa)}: give exactly one of them (mu = √2 kappa)"
        )
    check_flag("extrapolate", extrapolate)
    name, given = ("mu", mu) if kappa is None else ("kappa", kappa)
    assert given is not None
    values = real_array(name, given)
    bad = ~((values > 0) & (values <= LARGEST))
    if bad.any():
        raise ValueError(
            f"{name} = {values[bad].flat[0]}: must be positive and finite, at most {LARGEST:g}"
        )
    if kappa is not None:
        values = math.sqrt(2.0) * values
    if not extrapolate:
        for value in values.flat:
            problem = range_problem(float(value), kind)
            if problem:
                raise ValueError(problem)
    return values, values.ndim == 0 and not isinstance(given, np.ndarray)


def _result(values: Array, scalar: bool) -> float | Array:
    return float(values) if scalar else np.asarray(values)


def _check_peaked(kind: str) -> None:
    if not isinstance(kind, str) or kind not in ("V-V", "V-GV"):
        raise ValueError(
            f"kind = {shown(kind)}: give 'V-V' or 'V-GV' (the V-AV force has no peak: it grows "
            "without bound towards r = 0)"
        )


@overload
def peak_separation(
    mu: float | None = None,
    kind: Kind = "V-V",
    *,
    kappa: float | None = None,
    extrapolate: bool = False,
) -> float: ...
@overload
def peak_separation(
    mu: ArrayLike | None = None,
    kind: Kind = "V-V",
    *,
    kappa: ArrayLike | None = None,
    extrapolate: bool = False,
) -> float | Array: ...
def peak_separation(
    mu: ArrayLike | None = None,
    kind: Kind = "V-V",
    *,
    kappa: ArrayLike | None = None,
    extrapolate: bool = False,
) -> float | Array:
    """Separation d_c of the largest force, in λ, as the paper fits it.

    V-V: 22.203 (1 + 10.504 μ)^−0.774; V-GV: 25.043 (1 + 6.632 μ)^−0.8862. The V-V fit runs
    0.05 … 0.1 λ below the peaks of Eq. 17 with Table 1. μ (or κ) scalar or array, 0.2 … 2.5
    unless `extrapolate`; ValueError outside, and for kind "V-AV".
    """
    _check_peaked(kind)
    m, scalar = _mu_array(mu, kappa, kind, extrapolate)
    if kind == "V-V":
        return _result(22.203 * (1 + 10.504 * m) ** -0.774, scalar)
    return _result(25.043 * (1 + 6.632 * m) ** -0.8862, scalar)


@overload
def peak_force(
    mu: float | None = None,
    kind: Kind = "V-V",
    *,
    kappa: float | None = None,
    extrapolate: bool = False,
) -> float: ...
@overload
def peak_force(
    mu: ArrayLike | None = None,
    kind: Kind = "V-V",
    *,
    kappa: ArrayLike | None = None,
    extrapolate: bool = False,
) -> float | Array: ...
def peak_force(
    mu: ArrayLike | None = None,
    kind: Kind = "V-V",
    *,
    kappa: ArrayLike | None = None,
    extrapolate: bool = False,
) -> float | Array:
    """Largest force Ω_max in Ω₀, negative (attraction) for μ < 1, as the paper fits it.

    V-V: 0.0961 μ(μ−1) (1 + 0.2863 μ)^−1.341; V-GV: 0.1709 μ(μ−1) (1 + 1.854 μ)^−0.6087. The
    V-V fit agrees with Table 1 to 2 % for μ ≥ 1.1 and is 7 … 24 % low in magnitude for μ < 1.
    μ (or κ) scalar or array, 0.2 … 2.5 unless `extrapolate`; ValueError outside, and for kind
    "V-AV".
    """
    _check_peaked(kind)
    m, scalar = _mu_array(mu, kappa, kind, extrapolate)
    if kind == "V-V":
        return _result(0.0961 * m * (m - 1) * (1 + 0.2863 * m) ** -1.341, scalar)
    return _result(0.1709 * m * (m - 1) * (1 + 1.854 * m) ** -0.6087, scalar)


@overload
def annihilation_separation(
    mu: float | None = None, *, kappa: float | None = None, extrapolate: bool = False
) -> float: ...
@overload
def annihilation_separation(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None, extrapolate: bool = False
) -> float | Array: ...
def annihilation_separation(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None, extrapolate: bool = False
) -> float | Array:
    """Separation d_A in λ below which a vortex and an antivortex annihilate.

    d_A = 0.337 + 12.222 (1 + 2.461 μ)^−0.7931, as the paper fits it on its grid (h = 0.1 λ);
    resolved solutions give about 4.28 at μ = 1.7 where the fit gives 3.65. μ (or κ) scalar or
    array, 0.3 … 2.5 unless `extrapolate`; ValueError outside.
    """
    m, scalar = _mu_array(mu, kappa, "V-AV", extrapolate)
    return _result(0.337 + 12.222 * (1 + 2.461 * m) ** -0.7931, scalar)


@overload
def stability_separation(
    mu: float | None = None, *, kappa: float | None = None, extrapolate: bool = False
) -> float: ...
@overload
def stability_separation(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None, extrapolate: bool = False
) -> float | Array: ...
def stability_separation(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None, extrapolate: bool = False
) -> float | Array:
    """Separation d_E in λ below which a vortex-antivortex pair is only metastable.

    d_E = 0.337 + 31.249 (1 + 10.264 μ)^−0.6855, as the paper fits it on its grid (h = 0.1 λ);
    resolved solutions give 5.92 at μ = 1.7 where the fit gives 4.57. μ (or κ) scalar or array,
    0.3 … 2.5 unless `extrapolate`; ValueError outside.
    """
    m, scalar = _mu_array(mu, kappa, "V-AV", extrapolate)
    return _result(0.337 + 31.249 * (1 + 10.264 * m) ** -0.6855, scalar)


@overload
def upper_critical_density(mu: float | None = None, *, kappa: float | None = None) -> float: ...
@overload
def upper_critical_density(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None
) -> float | Array: ...
def upper_critical_density(
    mu: ArrayLike | None = None, *, kappa: ArrayLike | None = None
) -> float | Array:
    """Vortices per λ² at the upper critical field B_c2 = Φ₀/2πξ²: n_c2 = μ²/4π.

    No vortex lattice of the bulk is denser (ξ = √2 λ/μ). Any μ > 0; ValueError otherwise.
    """
    m, scalar = _mu_array(mu, kappa, "V-V", extrapolate=True)
    return _result(m * m / (4 * math.pi), scalar)
