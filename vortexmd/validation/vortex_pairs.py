"""Pairs and groups of Ginzburg–Landau vortices, fixed and free, against exact results and other methods.

Energies in ε₀, lengths in λ, forces in Ω₀. Numbers of the "separate" programs are the reference figures
that the solvers were judged by when they were written: other discretisations, other codes. Not here, as
they are known to carry the grid of 0.1 λ that they come from (docs/gl_reference.md): the d_A, d_E and
Tables 1 to 5 of Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011).
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import k0, k1

from vortexmd.validation.check import Check
from vortexmd.validation.ginzburg_landau import BVP, ENERGIES

if TYPE_CHECKING:
    from gl_reference import DynamicPair, PairSolution
    from gl_reference.obstacle import MinimumBranches

BOGOMOLNY = "exact: Bogomolny, Sov. J. Nucl. Phys. 24, 449 (1976)"
CHAVES = "Chaves et al., PRB 83, 054516 (2011)"
DE_VEGA = "de Vega and Schaposnik, PRD 14, 1100 (1976)"
SEPARATE = "separate program, to the digits it gave"
AMPLITUDE = 1.7079  # −γ₂ of one vortex at μ = 1, de Vega and Schaposnik
E_1, E_2, E_3 = (
    1.2509089,
    2.6797977,
    ENERGIES[3, 1.7],
)  # at μ = 1.7, sources as in `ginzburg_landau`
# η/d² and 2Ω/(ηd) of a pair for d → 0, by μ; tests/gl_reference computes them anew.
CONTACT_FRICTIONS = {1.0: 0.05027364, 1.7: 0.0934141}
SPLITTING_RATES = {0.6: -0.0514257, 1.7: 0.2281880}
K1_10 = 1.8648773453825585e-05  # K₁(10)


def checks() -> list[Check]:
    """All of them: next to μ = 1, two vortices, several, held at a point, in free motion."""
    return [
        *_near_critical(),
        *_pairs(),
        *_limits_of_pairs(),
        *_several(),
        *_minimum(),
        *_free_motion(),
    ]


# ------------------------------------------------------------------ next to μ = 1
def _near_critical() -> list[Check]:
    slope = "exact to first order in mu − 1: two separate solvers of the pair problem"
    metric = "Manton and Speight, Commun. Math. Phys. 236, 535 (2003): 1 − (q/π)² K₀(d)"
    return [
        Check("dΩ/dmu of V-V at mu = 1, d = 2 (Taubes)", slope, "Ω₀", 0.0342239, 1e-7,
              partial(_taubes, 1, 1)),
        Check("dΩ/dmu of V-GV at mu = 1, d = 2 (Taubes)", slope, "Ω₀", 0.0163563, 1e-7,
              partial(_taubes, 1, 2)),
        Check("dE/dmu of one vortex at mu = 1, Taubes over radial", "second method: differences of E(mu)",
              "", 1.0, 1e-6, _taubes_alone),
        Check("(q/2π)² of the moduli space, from d = 8", f"{metric} with q = 2π·1.7079, {DE_VEGA}",
              "", AMPLITUDE**2, 1e-3, _charge, quick=False,
              note="tolerance: the second order, e^(−2d)"),
        Check("friction over d² of two vortices at mu = 1, d = 0.05",
              "second method: radial eigenvalue problem of the n = 2 vortex's zero modes", "",
              CONTACT_FRICTIONS[1.0], 2e-6,
              _contact_metric, quick=False),
    ]  # fmt: skip


# ------------------------------------------------------------------ two vortices
def _pairs() -> list[Check]:
    found = [
        Check(
            f"force of {n1} and {n2}, mu = {mu:g}, d = {d:g}, w = {weight:g}",
            f"{SEPARATE}, coulomb",
            "Ω₀",
            expected,
            1e-6,
            partial(_force, n1, n2, mu, d, gauge_weight=weight, tolerance=1e-6),
        )
        for n1, n2, mu, d, weight, expected in (
            (1, 1, 1.7, 2.0, 1.0, 0.062253),
            (1, 1, 1.7, 2.0, 0.1, 0.063025),
            (1, 1, 1.7, 2.0, 10.0, 0.062056),
            (1, 1, 0.6, 4.0, 1.0, -0.019271),
            (1, 2, 1.7, 2.8, 1.0, 0.087182),
        )
    ]
    found += [
        Check(
            f"force of {n1} and {n2} over −dE/dd, mu = {mu:g}, d = {d:g}",
            "exact: five-point difference of the energies",
            "",
            1.0,
            1e-4,
            partial(_force_over_slope, n1, n2, mu, d),
        )
        for n1, n2, mu, d in ((1, 1, 1.7, 2.0), (1, -1, 1.7, 4.0))
    ]
    return found


def _limits_of_pairs() -> list[Check]:
    # Each tail squared, between vortices 10 λ apart, over the product of the tails.
    next_term = AMPLITUDE**2 * 10 * math.exp(-10)
    return [
        Check("force of 1 and 2, mu = 1, d = 1", f"{BOGOMOLNY}: no force", "Ω₀", 0.0, 1e-7,
              partial(_force, 1, 2, 1.0, 1.0)),
        Check("energy of 1 and 2, mu = 1, d = 1", BOGOMOLNY, "ε₀", 3.0, 1e-6,
              partial(_pair_energy, 1, 2, 1.0, 1.0)),
        Check("energy of 1 and 1, mu = 1.7, d = 0.03", f"{SEPARATE}, for n = 2", "ε₀", E_2, 2e-6,
              partial(_pair_energy, 1, 1, 1.7, 0.03)),
        Check("energy of 1 and 2, mu = 1.7, d = 0.03", f"{BVP}, for n = 3", "ε₀", E_3, 2e-6,
              partial(_pair_energy, 1, 2, 1.7, 0.03), quick=False),
        Check("exponent of the force in d, mu = 1.7, d = 0.1 … 0.2",
              "exact: E ∝ d⁴, Speight and Winyard, arXiv:2507.10438", "", 3.0, 0.01, _exponent,
              note="the next power is two higher: 0.03 at twice the separation"),
        Check("(Ω(1.02) − Ω(0.98))/0.04 of V-V, d = 2", "exact to first order in mu − 1: Taubes",
              "Ω₀", 0.0342239, 1e-3 * 0.0342239, _slope_at_1),
        Check("force of 1 and -1, mu = 1, d = 10", f"{CHAVES}, Eq. 10 with 1.7079 of {DE_VEGA}", "Ω₀",
              -4 * AMPLITUDE**2 * K1_10, 2 * next_term * 4 * AMPLITUDE**2 * K1_10,
              partial(_force, 1, -1, 1.0, 10.0),
              note="tolerance: twice the next order in the tails, γ₂² d e^(−d) = 1.3e-3 of the force"),
        Check("force of 1 and 1, mu = 1.3, d = 7, over Eq. 10", f"{CHAVES}, Eq. 10", "", 1.0, 0.02,
              partial(_over_tails, 1, 1, 1.3, 7.0), note="the second order in the tails"),
        Check("force of 1 and 2, mu = 0.6, d = 12, over Eq. 10", f"{CHAVES}, Eq. 10", "", 1.0, 0.02,
              partial(_over_tails, 1, 2, 0.6, 12.0), note="the second order in the tails"),
    ]  # fmt: skip


# ------------------------------------------------------------------ several vortices
def _several() -> list[Check]:
    return [
        Check("force of 1 and 1, mu = 1.7, d = 2, on triangles", f"{SEPARATE}, coulomb", "Ω₀",
              0.062253, 6e-6, _force_on_triangles, note="tolerance: 1e-4 of the force, as asked for"),
        Check("energy of three vortices anywhere, mu = 1", BOGOMOLNY, "ε₀", 3.0, 1e-5,
              lambda: _three(1.0, [(0, 0), (1.3, 0.2), (0.4, 1.7)])),
        Check("energy of a triangle of side 0.03, mu = 1.7", f"{BVP}, for n = 3", "ε₀", E_3, 5e-6,
              lambda: _three(1.7, _triangle(0.03))),
        Check("interaction of a triangle of side 1, mu = 1.7",
              "separate program, two digits (Fig. 9 of Chaves et al.)", "ε₀", 0.41, 0.01,
              lambda: _three(1.7, _triangle(1.0)) - 3 * E_1),
    ]  # fmt: skip


# ------------------------------------------------------------------ the constrained minimum
def _minimum() -> list[Check]:
    tension = 2 / (3 * math.pi)
    crossing = f"{SEPARATE}, minimum"
    note = "Chaves' fits, 4.57 and 3.65, carry the grid of 0.1 λ"
    return [
        Check("minimum: force of V-V, mu = 1.7, d = 2", crossing, "Ω₀", 0.06580, 1e-5,
              partial(_force, 1, 1, 1.7, 2.0, reading="minimum"), quick=False),
        Check("minimum: force of V-V, mu = 0.6, d = 4", crossing, "Ω₀", -0.01692, 1e-5,
              partial(_force, 1, 1, 0.6, 4.0, reading="minimum"), quick=False),
        Check("minimum: length of the slit, mu = 1.7, d = 2", crossing, "λ", 0.1, 0.05, _slit,
              quick=False, note="tolerance: half of the one digit that the program gave"),
        Check("string: force of a long one", "exact: −2/3π for μ = 1, two half kinks", "Ω₀",
              -tension, 1e-7, _string_force),
        Check("string: energy of its two ends", crossing, "ε₀", 0.36051, 6e-4, _string_ends,
              note="that program resolved it to 6e-4"),
        Check("minimum: d_E of V-AV, mu = 1.7", crossing, "λ", 5.92, 5e-3, lambda: _branches().d_E,
              quick=False, sample="branches", note=note),
        Check("minimum: d_A of V-AV, mu = 1.7", crossing, "λ", 4.28, 0.01, lambda: _branches().d_A,
              quick=False, sample="branches", note=note),
    ]  # fmt: skip


# ------------------------------------------------------------------ free motion
def _free_motion() -> list[Check]:
    prototype = "separate program for the gradient flow (grids of 0.1 and 0.2 λ), two digits"
    radial = "second method: radial eigenvalue problem of the giant vortex's splitting"
    friction, rates = CONTACT_FRICTIONS, SPLITTING_RATES
    return [
        Check("free motion: force of V-V, mu = 1.7, d = 2", prototype, "Ω₀", 0.061, 5e-4,
              lambda: _moving(1.7).force[2], sample="in motion"),
        Check("free motion: force of V-V, mu = 1.7, d = 3", prototype, "Ω₀", 0.060, 5e-4,
              lambda: _moving(1.7).force[3], sample="in motion"),
        Check("free motion: friction over d² for d → 0, mu = 1.7", radial, "", friction[1.7],
              0.01 * friction[1.7], lambda: _at_contact(1.7)[0],
              note="extrapolated from d = 0.3 and 0.6", sample="in motion"),
        Check("free motion: splitting rate for d → 0, mu = 1.7", radial, "", rates[1.7],
              0.02 * rates[1.7], lambda: _at_contact(1.7)[1], note="extrapolated alike",
              sample="in motion"),
        Check("free motion: splitting rate for d → 0, mu = 0.6", radial, "", rates[0.6],
              -0.02 * rates[0.6], lambda: _at_contact(0.6)[1], quick=False,
              note="extrapolated from d = 0.5 and 1"),
    ]  # fmt: skip


# ------------------------------------------------------------------ measurements
def _taubes(n1: int, n2: int) -> float:
    from gl_reference import near_critical_pair

    return float(near_critical_pair(n1, n2, 2.0))


def _taubes_alone() -> float:
    from gl_reference import near_critical, single_vortex

    step = 0.02
    energy = [single_vortex(1, 1 + k * step).energy for k in (-2, -1, 1, 2)]
    slope = (energy[0] - 8 * energy[1] + 8 * energy[2] - energy[3]) / (12 * step)
    return float(near_critical([(0.3, -0.2)], 1).energy_slope / slope)


def _charge() -> float:
    from gl_reference import moduli_friction

    return float((1 - 2 * moduli_friction(8.0)) / (4 * k0(8.0)))


def _contact_metric() -> float:
    from gl_reference import moduli_friction

    return float(moduli_friction(0.05) / 0.05**2)


def _solve_pair(n1: int, n2: int, mu: float, d: float, **options: Any) -> PairSolution:
    from gl_reference import solve_pair

    return solve_pair(n1, n2, mu=mu, d=d, **options)


def _force(n1: int, n2: int, mu: float, d: float, **options: Any) -> float:
    return _solve_pair(n1, n2, mu, d, **options).force


def _pair_energy(n1: int, n2: int, mu: float, d: float) -> float:
    return _solve_pair(n1, n2, mu, d, tolerance=1e-3).energy


def _force_over_slope(n1: int, n2: int, mu: float, d: float) -> float:
    step = 0.04 * d
    energy = [_solve_pair(n1, n2, mu, d + k * step, tolerance=1e-6).energy for k in (-2, -1, 1, 2)]
    slope = (energy[0] - 8 * energy[1] + 8 * energy[2] - energy[3]) / (12 * step)
    return _force(n1, n2, mu, d, tolerance=1e-6) / -slope


def _exponent() -> float:
    return math.log2(_force(1, 1, 1.7, 0.2) / _force(1, 1, 1.7, 0.1))


def _slope_at_1() -> float:
    above, below = (_force(1, 1, 1 + side * 0.02, 2.0, tolerance=1e-5) for side in (1, -1))
    return (above - below) / 0.04


def _over_tails(n1: int, n2: int, mu: float, d: float) -> float:
    from gl_reference import single_vortex

    one, two = single_vortex(n1, mu), single_vortex(n2, mu)
    field = n1 * n2 * one.gamma2 * two.gamma2 * k1(d)
    condensate = mu * one.gamma1 * two.gamma1 * k1(mu * d)
    return float(_force(n1, n2, mu, d) / (2 * (field - condensate)))


def _force_on_triangles() -> float:
    from gl_reference import solve

    return float(solve([(-1, 0), (1, 0)], 1, 1.7, method="mesh").forces[1, 0])


def _triangle(side: float) -> list[tuple[float, float]]:
    return [(0.0, 0.0), (side, 0.0), (side / 2, side * math.sqrt(0.75))]


def _three(mu: float, positions: list[tuple[float, float]]) -> float:
    from gl_reference import solve

    return float(solve(positions, 1, mu).energy)


def _slit() -> float:
    from gl_reference import minimum_pair

    fixed, tip = minimum_pair(1, 1, 1.7, 2.0).slit
    return float(tip - fixed)


def _string_force() -> float:
    from gl_reference import string_force

    return float(string_force(40.0))


def _string_ends() -> float:
    from gl_reference import string_energy

    return float(string_energy(30.0)) - 2 / (3 * math.pi) * 30.0


@cache
def _branches() -> MinimumBranches:
    from gl_reference.obstacle import minimum_branches

    return minimum_branches(1.7)


@cache
def _moving(mu: float) -> DynamicPair:
    """A pair in free motion, at d = 0.3, 0.6 (type I: 0.5, 1), 2 and 3 λ, on coarse grids."""
    from gl_reference import dynamic_pair

    h = 0.14 * math.hypot(1.0, 1.0 / mu)
    near = 0.3 if mu > 1 else 0.5
    d = [near, 2 * near, 2.0, 3.0]
    return dynamic_pair(1, 1, mu, d=d, h=h, margin=5.0 / min(1.0, mu))


def _at_contact(mu: float) -> tuple[float, float]:
    """η/d² and 2Ω/(ηd) for d → 0: corrections are of the order of d²."""
    pair = _moving(mu)
    d, force, friction = (np.asarray(values)[:2] for values in (pair.d, pair.force, pair.friction))

    def limit(near: float, far: float) -> float:
        return near - (far - near) / 3

    return limit(*(friction / d**2)), limit(*(2 * force / (friction * d)))
