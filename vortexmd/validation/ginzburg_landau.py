"""One Ginzburg–Landau vortex against exact results, published numbers and other methods.

μ = √2 κ; energies ∫F/π in ε₀, so that a vortex costs 1 at μ = 1 (Bogomolny). Numbers of the "separate"
program are the reference figures that the solver was judged by when it was written: another
discretisation, another code. Where "solve_bvp" is named, scipy's collocation solved the same equations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import quad

from vortexmd.validation.check import Check

if TYPE_CHECKING:
    from gl_reference.radial import RadialVortex

BOGOMOLNY = "exact: Bogomolny, Sov. J. Nucl. Phys. 24, 449 (1976)"
DE_VEGA = "de Vega and Schaposnik, PRD 14, 1100 (1976)"
HU = "Hu, PRB 6, 1756 (1972), for κ → ∞"
BRANDT = "Brandt, PRB 68, 054506 (2003): interpolated H_c1"
SEPARATE = "separate program, to the digits it gave"
BVP = "second method: the same radial equations by scipy's solve_bvp, to 1e-9"
ZERO_MODE = "second method: norm of the zero mode of the linearised equations"
EXTREME = "second method: equations of that limit by scipy's solve_bvp"
# By n and μ; by n, μ and s; by u. tests/gl_reference computes them anew, by the methods named.
ENERGIES = {
    (1, 0.3): 0.6271268282,
    (1, 0.6): 0.8130521490,
    (1, 1.7): 1.25090888148,
    (1, 3.0): 1.5915150331,
    (2, 0.6): 1.5262505297,
    (3, 1.7): 4.1693112865,
}
FRICTIONS = {(1, 1.7, 0.1): 4.4475825, (1, 1.7, 10.0): 0.58059745, (2, 1.7, 10.0): 0.94545154}
EXTREME_FRICTIONS = {1.0: 0.380074, 5.79: 1.452292, 12.0: 2.625816}


def checks() -> list[Check]:
    """All of them: energies, fields, critical field, tails, friction."""
    return [*_energies(), *_one_vortex(), *_critical_field(), *_tails(), *_friction()]


# ------------------------------------------------------------------ one vortex
def _energies() -> list[Check]:
    found = [
        Check(f"energy of a vortex, n = {n}, mu = 1", BOGOMOLNY, "ε₀", n, 1e-10 * n,
              partial(_energy, n, 1.0))
        for n in (1, 2, 3, 10)
    ]  # fmt: skip
    found += [
        Check(
            f"energy of a vortex, n = {n}, mu = {mu:g}",
            source,
            "ε₀",
            expected,
            tolerance,
            partial(_energy, n, mu),
        )
        for n, mu, source, expected, tolerance in (
            (1, 1.7, SEPARATE, 1.2509089, 5e-8),
            (2, 1.7, SEPARATE, 2.6797977, 5e-8),
            *(
                (n, mu, BVP, ENERGIES[n, mu], 1e-8)
                for n, mu in ((1, 0.3), (1, 0.6), (1, 3.0), (2, 0.6), (3, 1.7))
            ),
        )
    ]
    return found


def _one_vortex() -> list[Check]:
    virial = "exact: virial theorem, field energy = condensate energy"
    return [
        Check("B at the centre, n = 2, mu = 1", f"{BOGOMOLNY}: B = ½(1 − f²)", "", 0.5, 1e-10,
              partial(_field_at_centre, 2, 1.0)),
        Check("∫B d²r over 2π, n = 3, mu = 1.3", "exact: flux quantisation", "", 3.0, 1e-9, _flux),
        Check("field energy over condensate energy, n = 1, mu = 1.7", virial, "", 1.0, 1e-9,
              partial(_virial, 1, 1.7)),
        Check("field energy over condensate energy, n = 10, mu = 0.3", virial, "", 1.0, 1e-9,
              partial(_virial, 10, 0.3)),
        Check("dE/dmu over (μ/2)∫(1 − f²)² r dr, mu = 1.7", "exact: envelope theorem", "", 1.0,
              1e-6, _envelope),
    ]  # fmt: skip


def _critical_field() -> list[Check]:
    found = [
        Check("H_c1 at mu = 1", "exact: H_c1 = H_c = H_c2 = Φ₀/4πμ₀λ²", "", 0.5, 1e-10,
              partial(_critical, 1 / math.sqrt(2)))
    ]  # fmt: skip
    for kappa in (1.0, 2.0, 5.0, 10.0):
        log = math.log(kappa)
        alpha = 0.49693 + math.exp(-0.41477 - 0.775 * log - 0.1303 * log**2)
        found.append(
            Check(
                f"H_c1 at kappa = {kappa:g}",
                BRANDT,
                "",
                (log + alpha) / 2,
                1e-3 * (log + alpha) / 2,
                partial(_critical, kappa),
                note="its formula is off by 1e-3 at κ = 1/√2, where H_c1 is known exactly",
            )
        )
    found += [
        Check("2 H_c1 − ln κ", HU, "", 0.4968, 5e-4,
              partial(_at_large_kappa, lambda kappa: 2 * _critical(kappa)),
              note="extrapolated from κ = 6 … 14 in 1, 1/κ², ln κ/κ², ln² κ/κ²"),
        Check("B at the centre − ln κ", HU, "", -0.2823, 1e-3,
              partial(_at_large_kappa, lambda kappa: _field_at_centre(1, math.sqrt(2) * kappa)),
              note="extrapolated alike"),
    ]  # fmt: skip
    return found


def _tails() -> list[Check]:
    return [
        Check("γ₂ of n = 1, mu = 1", DE_VEGA, "", -1.7079, 5e-5, lambda: _vortex(1, 1.0).gamma2,
              note="Speight, PRD 55, 3830 (1997), has 10.6/2π: 1.2 % lower"),
        Check("γ₁ over γ₂ of n = 3, mu = 1", f"{BOGOMOLNY}: f' = n(1 − a)f/r", "", 3.0, 1e-9,
              lambda: _vortex(3, 1.0).gamma1 / _vortex(3, 1.0).gamma2),
        Check("γ₁ of n = 2, mu = 1", SEPARATE, "", -5.3366, 5e-5, lambda: _vortex(2, 1.0).gamma1),
        Check("γ₂ of n = 1, mu = 1.7", SEPARATE, "", -1.32665, 5e-6, lambda: _vortex(1, 1.7).gamma2),
        Check("γ₁ √(2 − μ)/γ₂² of n = 1 for mu → 2", "exact: −π/4, the tail driven by K₁²", "",
              -math.pi / 4, 1e-5, _divergence, note="extrapolated from 2 − μ = 4e-4 … 2.5e-5"),
    ]  # fmt: skip


# ------------------------------------------------------------------ a vortex that moves
def _friction() -> list[Check]:
    found = [
        Check(
            f"friction of a vortex, n = {n}, mu = {mu:g}, s = {s:g}",
            source,
            "",
            expected,
            tolerance,
            partial(_friction_of, n, mu, s),
        )
        for n, mu, s, source, expected, tolerance in (
            (1, 1.0, 1.0, "exact: its energy at s = 1", 1.0, 1e-9),
            (1, 1.7, 1.0, "exact: its energy at s = 1", ENERGIES[1, 1.7], 1e-9),
            (1, 1.7, 0.1, ZERO_MODE, FRICTIONS[1, 1.7, 0.1], 1e-6),
            (1, 1.7, 10.0, ZERO_MODE, FRICTIONS[1, 1.7, 10.0], 1e-7),
            (2, 1.7, 10.0, ZERO_MODE, FRICTIONS[2, 1.7, 10.0], 1e-7),
        )
    ]
    found += [
        Check(
            f"friction over Bardeen and Stephen's, u = {u:g}, for κ → ∞",
            EXTREME,
            "",
            expected,
            1e-3 * expected,
            partial(_bardeen_stephen, u),
            note="extrapolated from κ = 6 … 14 in 1, 1/κ², ln κ/κ²",
        )
        for u, expected in EXTREME_FRICTIONS.items()
    ]
    return found


# ------------------------------------------------------------------ measurements
def _vortex(n: int, mu: float) -> RadialVortex:
    from gl_reference import single_vortex

    return single_vortex(n, mu)


def _energy(n: int, mu: float) -> float:
    return float(_vortex(n, mu).energy)


def _field_at_centre(n: int, mu: float) -> float:
    return float(_vortex(n, mu).field(0.0))


def _flux() -> float:
    vortex = _vortex(3, 1.3)
    return float(quad(lambda r: float(vortex.field(r)) * r, 0, 60, limit=200, epsabs=1e-11)[0])


def _virial(n: int, mu: float) -> float:
    from gl_reference.radial_equations import solve_radial

    _, field, condensate = solve_radial(n, mu, 12).energies
    return float(field / condensate)


def _envelope() -> float:
    mu, step = 1.7, 1.7e-4
    slope = (_energy(1, mu + step) - _energy(1, mu - step)) / (2 * step)
    amplitude = _vortex(1, mu).amplitude
    integral = quad(lambda r: r * (1 - float(amplitude(r)) ** 2) ** 2, 0, 40, limit=200)[0]
    return float(slope / (mu / 2 * integral))


def _critical(kappa: float) -> float:
    from gl_reference import lower_critical_field

    return float(lower_critical_field(kappa=kappa))


def _at_large_kappa(measure: Callable[[float], float]) -> float:
    """The limit of `measure` − ln κ."""
    kappa = np.array([6.0, 8.0, 10.0, 12.0, 14.0])
    log = np.log(kappa)
    terms = np.stack([np.ones(5), 1 / kappa**2, log / kappa**2, log**2 / kappa**2], axis=1)
    values = np.array([measure(float(k)) for k in kappa]) - log
    return float(np.linalg.lstsq(terms, values, rcond=None)[0][0])


def _divergence() -> float:
    root = np.sqrt([4e-4, 1e-4, 2.5e-5])
    vortices = [_vortex(1, 2 - gap) for gap in root**2]
    scaled = [v.gamma1 * x / v.gamma2**2 for v, x in zip(vortices, root, strict=True)]
    return float(np.polyfit(root, scaled, 2)[-1])


def _friction_of(n: int, mu: float, s: float) -> float:
    from gl_reference import vortex_friction

    return float(vortex_friction(n, mu, s=s).friction)


def _bardeen_stephen(u: float) -> float:
    from gl_reference import vortex_friction

    kappa = np.array([6.0, 8.0, 10.0, 12.0, 14.0])
    vortices = [vortex_friction(kappa=k, s=u * k * k) for k in kappa]
    ratio = np.array([vortex.friction / vortex.bardeen_stephen for vortex in vortices])
    terms = np.stack([np.ones(5), 1 / kappa**2, np.log(kappa) / kappa**2], axis=1)
    return float(np.linalg.lstsq(terms, ratio, rcond=None)[0][0])
