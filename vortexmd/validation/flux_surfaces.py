"""Approximate solutions of two regions, and a bulk behind a surface layer, against their closed forms."""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import exp1

from vortexmd import flux_exchange as fx
from vortexmd.validation.check import Check
from vortexmd.validation.flux_networks import MA, figure_3

Array = NDArray[np.float64]

# Of the cylinder: R and δ at sν₀ = 1.
RADIUS, LAYER = 10.0, 1.0


def checks() -> list[Check]:
    """Checks of Eqs. 15–20 and 22–24; part of the area flux."""
    return [*approximation_checks(), *cylinder_checks()]


# ---------------------------------------------------------------------- approximations


def approximation_checks() -> list[Check]:
    """Eqs. 15–20, only what leaves region p kept."""
    linear = "E₁(x) = E₁(x₀) + εe^{−α}t, x = αB/B_m, by a root of SciPy's E₁"
    return [
        Check(
            "approximate solution, linear law: B_p at εt = 1000",
            MA + "Eqs. 15–18: " + linear,
            "G",
            _approximate_linear(1000.0),
            1e-9,
            lambda: _approximate("linear", 1000.0),
        ),
        Check(
            "approximate solution, logarithmic law: B_p at εt = 1000",
            MA + "Eqs. 19, 20: B₀(1 + t/τ)^{−1/α}",
            "G",
            20.0 * (1.0 + 15.0 * 1000.0) ** (-1.0 / 15.0),
            1e-9,
            lambda: _approximate("logarithmic", 1000.0),
        ),
        Check(
            "full solution of Fig. 3 over the approximate one at εt = 10⁵, linear law",
            "exact: B_q gives back e^{−60} of what it gets, 1",
            "",
            1.0,
            1e-8,
            lambda: float(
                figure_3("linear", 1.0).solve([20.0, 20.0], [1e5], rtol=1e-10).b[0, 0]
                / _approximate("linear", 1e5)
            ),
        ),
    ]


def _approximate(kind: str, tau: float) -> float:
    found = figure_3(kind, 1.0).approximate([20.0, 20.0], [tau], source=0, horizon=1.0)
    return float(found.b[0, 0])


def _approximate_linear(tau: float) -> float:
    goal = exp1(15.0) + exp(-15.0) * tau
    return 20.0 / 15.0 * brentq(lambda x: log(exp1(x) / goal), 1e-6, 15.0, xtol=1e-14)


# ---------------------------------------------------------------------- bulk and surface


def cylinder_checks() -> list[Check]:
    """A bulk behind a surface layer, R = 10, δ = 1, sν₀ = 1."""
    inner, ring = RADIUS - LAYER, (2.0 * RADIUS - LAYER) * LAYER
    early = 1e-4
    return [
        Check(
            "cylinder: share of the area in the surface layer",
            MA + "Eq. 24: 1 − (1 − δ/R)²",
            "",
            0.19,
            1e-12,
            lambda: _cylinder(10.0).surface_fraction,
        ),
        Check(
            "cylinder without barriers: rate of the bulk, from its first 10⁻⁴",
            MA + "Eq. 23: −ε_bs(B_b − B_s), ε_bs = sν₀/(R − δ)",
            "G",
            -30.0 / inner,
            2e-2,
            lambda: float((_open_cylinder(early)[0] - 50.0) / early),
            note="Half of the second derivative times 10⁻⁴, and rounding.",
        ),
        Check(
            "cylinder without barriers: rate of the layer, from its first 10⁻⁴",
            MA + "Eq. 23: ε_sb(B_b − B_s) − ε_se(B_s − B_a), (R − δ, R)·sν₀/[(2R − δ)δ]",
            "G",
            (30.0 * inner - 13.0 * RADIUS) / ring,
            2e-2,
            lambda: float((_open_cylinder(early)[1] - 20.0) / early),
            note="Half of the second derivative times 10⁻⁴, and rounding.",
        ),
        Check(
            "cylinder, two stages: bulk at t = 1 while the layer is liquid",
            MA + "Eq. 22: E₁(x) = E₁(x₀) + ε_bs e^{−α}t, by a root of SciPy's E₁",
            "G",
            _liquid_bulk(90.0, 1.0),
            1e-6,
            lambda: float(
                _cylinder(10.0)
                .solve([90.0, 80.0], [1.0], surface="two_stage", allow_above=True)
                .b[0, 0]
            ),
        ),
        Check(
            "cylinder, B_a = 7: bulk in equilibrium under the linear law",
            "exact: B e^{−α(1 − B/B_m)} = 7 (a root)",
            "G",
            brentq(lambda b: b * exp(-10.0 * (1.0 - b / 100.0)) - 7.0, 1.0, 100.0, xtol=1e-13),
            1e-9,
            lambda: float(_cylinder(10.0, b_applied=7.0).equilibrium([5.0, 5.0]).b[0]),
        ),
    ]


def _cylinder(alpha: float, b_applied: float = 0.0) -> fx.FluxNetwork:
    return fx.FluxNetwork.cylinder(
        RADIUS,
        LAYER,
        bulk=fx.ActivationLaw("linear", u0=alpha, b_max=100.0),
        surface=fx.ActivationLaw("linear", u0=2.0 * alpha, b_max=40.0),
        attempt_rate=2.0,
        hop_distance=0.5,
        b_applied=b_applied,
    )


def _open_cylinder(time: float) -> Array:
    return _cylinder(0.0, b_applied=7.0).solve([50.0, 20.0], [time], rtol=1e-10).b[0]


def _liquid_bulk(b0: float, time: float) -> float:
    alpha, b_max, epsilon = 10.0, 100.0, 1.0 / (RADIUS - LAYER)
    goal = exp1(alpha * b0 / b_max) + epsilon * exp(-alpha) * time
    root = brentq(lambda x: log(exp1(x) / goal), 1e-3, alpha * b0 / b_max, xtol=1e-14)
    return root * b_max / alpha
