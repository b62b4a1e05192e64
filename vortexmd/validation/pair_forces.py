"""Pair potentials against Bessel functions, exact limits and other solvers.

"Chaves" is Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011); its fits are the area
`published_fits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.special import k1

import potentials as pot
from vortexmd.validation.check import Check
from vortexmd.validation.published_fits import ROUNDING, rounded

CHAVES = "Chaves 2011"
CORE = math.hypot(1.0, 1.0 / 1.7)  # √(1 + 1/μ²) λ at μ = 1.7

# r; K₀, K₁ (Abramowitz and Stegun, Table 9.8; here from ∫ exp(−r cosh t) cosh nt dt).
BESSEL = (
    (0.1, 2.4270690247020164, 9.853844780870604),
    (1.0, 0.42102443824070834, 0.6019072301972346),
    (2.0, 0.11389387274953343, 0.1398658818165224),
    (10.0, 1.778006231616765e-05, 1.8648773453825585e-05),
)
# H₀(1), H₁(1) of Struve (Abramowitz and Stegun, Table 12.1) and Y₀(1), Y₁(1); here from the series.
STRUVE_0, STRUVE_1 = 0.5686566270482879, 0.19845733620194436
WEBER_0, WEBER_1 = 0.08825696421567697, -0.7812128213002887


def checks() -> list[Check]:
    """All of them, simple laws first."""
    return [
        *_bessel_laws(),
        *_pearl(),
        *_asymptotic_law(),
        *_energies(),
        *_ginzburg_landau_table(),
        *_free_motion(),
    ]


# ------------------------------------------------------------------ laws of Bessel functions
def _bessel_laws() -> list[Check]:
    source = "exact: 2 K₁(r) and 2 K₀(r), Abramowitz and Stegun, Table 9.8"
    found = []
    for r, k_0, k_1 in BESSEL:
        force, energy = partial(pot.London().force, r), partial(pot.London().energy, r)
        found += [
            rounded(f"London: force at r = {r:g}", source, "Ω₀", 2 * k_1, force),
            rounded(f"London: energy at r = {r:g}", source, "ε₀", 2 * k_0, energy),
        ]
    found += [
        Check(
            "London: transform at k = 1, by quadrature of the force",
            "exact: 4π/(1 + k²)",
            "",
            2 * math.pi,
            1e-8,
            lambda: pot.FromFunction(pot.London().force).fourier(1.0),
        ),
        Check(
            "London: energy at r = 1 of 90 nm, in ε₀ = Φ₀²/4πμ₀λ²",
            "exact: London's Φ₀² K₀(r/λ)/2πμ₀λ²",
            "J/m",
            *_london_in_si(),
        ),
        rounded("Log: force at r = 3", "exact: q/r", "Ω₀", 0.5, partial(pot.Log(1.5).force, 3.0)),
    ]
    return found


def _london_in_si() -> tuple[float, float, Any]:
    flux, vacuum, depth = 2.067833848e-15, 4e-7 * math.pi, 90e-9
    expected = flux**2 / (2 * math.pi * vacuum * depth**2) * BESSEL[1][1]
    unit = flux**2 / (4 * math.pi * vacuum * depth**2)
    return expected, ROUNDING * expected, lambda: pot.London().energy(1.0) * unit


def _pearl() -> list[Check]:
    law, short = pot.Pearl(f0=2.0, pearl_length=1.0), pot.Pearl(f0=2.0, pearl_length=0.05)
    source = "exact: Struve and Weber functions, Abramowitz and Stegun, Table 12.1"
    return [
        rounded(
            "Pearl: force at r = Λ = 1",
            source,
            "Ω₀",
            math.pi * (STRUVE_1 - WEBER_1 - 2 / math.pi),
            partial(law.force, 1.0),
        ),
        rounded(
            "Pearl: energy at r = Λ = 1",
            source,
            "ε₀",
            math.pi * (STRUVE_0 - WEBER_0),
            partial(law.energy, 1.0),
        ),
        Check(
            "Pearl: force × r at r = Λ/10 000",
            "exact limit: f0 (Pearl, Appl. Phys. Lett. 5, 65 (1964))",
            "",
            2.0,
            4e-4,
            lambda: law.force(1e-4) * 1e-4,
            note="the next term is of the order of r/Λ",
        ),
        Check(
            "Pearl: force × r²/Λ at r = 800 Λ",
            "exact: f0 (1 − 3 (Λ/r)²) (Pearl 1964)",
            "",
            2 * (1 - 3 / 800**2),
            1e-8,
            lambda: short.force(40.0) * 40.0**2 / 0.05,
        ),
    ]


def _asymptotic_law() -> list[Check]:
    amplitude, k_1 = 1.7079, BESSEL[3][2]
    return [
        Check(
            "TwoBessel: force of V-AV at mu = 1, r = 10",
            "Chaves Eq. 10 with the amplitude 1.7079 of de Vega and Schaposnik, PRD 14, 1100 (1976)",
            "Ω₀",
            -4 * amplitude**2 * k_1,
            8 * amplitude * 5e-5 * k_1,
            lambda: pot.TwoBessel(1.0, 1, -1).force(10.0),
            note="tolerance: the last digit of the amplitude",
        ),
        Check(
            "TwoBessel: force of V-V at mu = 1, r = 6",
            "exact: no force at the Bogomolny point",
            "Ω₀",
            0.0,
            1e-6 * 4 * amplitude**2 * k1(6.0),
            lambda: pot.TwoBessel(1.0).force(6.0),
            note="tolerance: that of the tabulated amplitudes",
        ),
        Check(
            "TwoBessel: force over London's for γ₁ = 0, γ₂ = −1, r = 2",
            "exact: Chaves Eq. 10, the limit mu → ∞",
            "",
            1.0,
            ROUNDING,
            lambda: (
                pot.TwoBessel(1.7, gamma1=(-1e-9, -1e-9), gamma2=(-1.0, -1.0)).force(2.0)
                / pot.London().force(2.0)
            ),
        ),
    ]


# ------------------------------------------------------------------ energies
def _energies() -> list[Check]:
    laws: dict[str, tuple[Callable[[], Any], float]] = {
        "London, r = 0.5": (pot.London, 0.5),
        "GLFit of V-V, mu = 1.7, r = 1": (partial(pot.GLPair, "V-V", 1.7), 1.0),
        "GLFit of V-GV, mu = 0.6, r = 2": (partial(pot.GLPair, "V-GV", 0.6), 2.0),
        "GLFit of V-AV, mu = 1.7, r = 4": (partial(pot.GLPair, "V-AV", 1.7), 4.0),
        "GLTable of V-V, mu = 1.7, r = 1": (partial(pot.GLTable, 1.7), 1.0),
        "GLTable of 2 and -1, mu = 1.7, r = 3": (partial(pot.GLTable, 1.7, 2, -1), 3.0),
    }
    return [
        Check(
            f"energy over ∫ force: {name}",
            "exact: U(r) = ∫ F dr from r to ∞, by adaptive quadrature",
            "",
            1.0,
            1e-6,
            partial(_energy_over_integral, law, r),
        )
        for name, (law, r) in laws.items()
    ]


def _energy_over_integral(make: Callable[[], Any], r: float) -> float:
    law = make()
    breaks = r + np.array([0.0, 1.0, 3.0, 8.0, 20.0, 60.0])
    pieces = [
        quad(law.force, low, high, epsabs=1e-13, epsrel=1e-10, limit=200)[0]
        for low, high in pairwise(breaks)
    ]
    return float(law.energy(r) / sum(pieces))


# ------------------------------------------------------------------ Ginzburg–Landau as solved
def _ginzburg_landau_table() -> list[Check]:
    solved = "separate solver of fixed vortices (coulomb, w = 1), to the digits it gave"
    giant = "exact: E₂ − 2 E₁ of a separate radial solver (2.6797977 − 2·1.2509089)"
    found = [
        Check(
            f"GLTable: force of {n1} and {n2} at mu = {mu:g}, d = {d:g}",
            solved,
            "Ω₀",
            expected,
            1e-6 + stated * abs(expected),
            partial(_table, n1, n2, mu, d),
            note="tolerance: the table's stated error (docs/potentials.md) and the last digit",
        )
        for n1, n2, mu, d, expected, stated in (
            (1, 1, 1.7, 2.0, 0.062253, 5e-4),
            (1, 1, 0.6, 4.0, -0.019271, 5e-4),
            (1, 2, 1.7, 2.8, 0.087182, 1e-3),
        )
    ]
    found += [
        Check(
            f"GLTable: force of {n1} and {n2} at mu = {mu:g}, d = {d:g}, over one solved now: "
            "interpolation between nodes of the table",
            "second method: the solver that the table is made with, at a point between its nodes",
            "",
            1.0,
            tolerance,
            partial(_table_over_solver, n1, n2, mu, d),
        )
        for n1, n2, mu, d, tolerance in (
            (1, 1, 1.23, 1.7, 1e-3),
            (1, -1, 1.7, 3.3, 4e-3),
            (2, 2, 0.83, 4.1, 5e-3),
        )
    ]
    found += [
        Check("GLTable: energy of V-V at contact, mu = 1.7", giant, "ε₀", 0.1779799, 2e-4,
              lambda: pot.GLTable(1.7).energy(0.0), note="the whole force, integrated"),
        Check("GLTable: dΩ/dmu of V-V at mu = 1, d = 2",
              "exact to first order in mu − 1: Taubes equation, two separate solvers", "Ω₀",
              0.0342239, 1e-3 * 0.0342239, partial(_slope, 1, 1)),
        Check("GLTable: dΩ/dmu of V-GV at mu = 1, d = 2",
              "exact to first order in mu − 1: Taubes equation, two separate solvers", "Ω₀",
              0.0163563, 2e-3 * 0.0163563, partial(_slope, 1, 2)),
    ]  # fmt: skip
    return found


def _free_motion() -> list[Check]:
    prototype = "separate program for the gradient flow (grids of 0.1 and 0.2 λ), two digits"
    return [
        Check(
            f"GLDynamic: force of V-V at mu = 1.7, d = {d:g}",
            prototype,
            "Ω₀",
            expected,
            5e-4,
            partial(_free, d),
        )
        for d, expected in ((2.0, 0.061), (3.0, 0.060))
    ] + [
        Check(
            "GLDynamic: force of V-V at mu = 1.7, d = 7.54, over Eq. 10",
            f"{CHAVES}, Eq. 10: the tails of two vortices",
            "",
            1.0,
            0.015,
            lambda: float(
                pot.GLDynamic(1.7).force(6.5 * CORE) / pot.TwoBessel(1.7).force(6.5 * CORE)
            ),
            note="tolerance: the stated error of the table where the force has decayed",
        )
    ]


# ------------------------------------------------------------------ helpers
def _table(n1: int, n2: int, mu: float, d: float) -> float:
    return float(pot.GLTable(mu, n1, n2).force(d))


def _free(d: float) -> float:
    return float(pot.GLDynamic(1.7).force(d))


def _table_over_solver(n1: int, n2: int, mu: float, d: float) -> float:
    from gl_reference import pair_force

    return _table(n1, n2, mu, d) / float(pair_force(n1, n2, mu, d))


def _slope(n1: int, n2: int) -> float:
    above, below = (pot.GLTable(1 + side * 1e-3, n1, n2).force(2.0) for side in (1, -1))
    return float((above - below) / 2e-3)
