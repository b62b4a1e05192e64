"""One vortex in a cosine, level or tilted, at T > 0: transport, and the order of the integrators in Δt.

Standard errors come from the samples: vortices that do not interact.
"""

from __future__ import annotations

from math import log, log2, pi

import numpy as np
from scipy.special import i0, iv

import vortexmd as vmd
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.samples import mean

WAVES = vmd.Box((2.0 * pi, 2.0 * pi))
# Of v on a washboard over kT at Δt, λ/τ: the largest of what the transfer matrices of the two schemes give
# for the F and kT below (the tests compute them). Leimkuhler–Matthews is of second order in equilibrium only.
TRANSPORT_STEP = {"euler-maruyama": 0.05, "leimkuhler-matthews": 0.02}
TRANSPORT_ERROR = {"euler-maruyama": 3e-4, "leimkuhler-matthews": 2e-3}


def checks() -> list[Check]:
    """Checks of transport and of orders in Δt; part of the area thermal."""
    return [*periodic_checks(), *order_checks()]


# ---------------------------------------------------------------------- cosines and washboards


def periodic_checks() -> list[Check]:
    """One vortex in U = −U₀ cos x, level or tilted; x and y are two samples."""
    return [
        Check(
            "diffusion in a cosine of U₀ = kT, D/D₀",
            "exact: Lifson–Jackson, 1/I₀(U₀/kT)²",
            "",
            1.0 / i0(1.0) ** 2,
            5e-4,
            _cosine_diffusion,
            quick=False,
            note="Euler–Maruyama, Δt = 0.05 τ: second order in transport.",
        ),
        *[
            Check(
                f"mean velocity on a washboard at kT = {temperature}, F = {drive} F_c, {scheme}",
                "exact: Stratonovich/Ambegaokar–Halperin integral, by quadrature",
                "λ/τ",
                washboard_velocity(drive, temperature),
                TRANSPORT_ERROR[scheme] * temperature,
                lambda drive=drive, temperature=temperature, scheme=scheme: _tilted(  # type: ignore[misc]
                    drive, temperature, scheme
                ),
                quick=False,
                note=f"Δt = {TRANSPORT_STEP[scheme]} τ; the tolerance is what the transfer matrix of the "
                f"scheme is off by: Δt² in transport for Euler–Maruyama, Δt for Leimkuhler–Matthews.",
            )
            for drive, temperature, scheme in (
                (0.5, 0.5, "euler-maruyama"),
                (1.0, 0.2, "euler-maruyama"),
                (1.0, 1.0, "euler-maruyama"),
                (1.0, 1.0, "leimkuhler-matthews"),
            )
        ],
    ]


def washboard_velocity(drive: float, temperature: float) -> float:
    """⟨v⟩ under F − sin x: 2πkT(1 − e^{−2πF/kT}) / ∫₀^{2π}dx e^{V(x)/kT} ∫_{x−2π}^x dy e^{−V(y)/kT}.

    V = −cos x − Fx, η = 1. The outer integrand is periodic (trapezoids), the inner one smooth (Gauss's rule).
    """
    x = 2.0 * pi * np.arange(128) / 128
    nodes, weights = np.polynomial.legendre.leggauss(128)
    lag = pi * (1.0 - nodes)
    y = x[:, None] - lag
    exponent = (-np.cos(x)[:, None] + np.cos(y) - drive * lag) / temperature
    inner = pi * (weights * np.exp(exponent)).sum(axis=1)
    top = 2.0 * pi * temperature * (1.0 - np.exp(-2.0 * pi * drive / temperature))
    return float(top / (2.0 * pi * inner.mean()))


def _cosine(n: int, temperature: float, drive: float, scheme: str, seed: int) -> vmd.Simulation:
    field = vmd.ExternalForce.from_function(lambda r: drive - np.sin(r))
    return vmd.Simulation(
        vmd.Vortices(np.full((n, 2), pi), 1, WAVES),
        None,
        dt=TRANSPORT_STEP[scheme],
        temperature=temperature,
        external=field,
        integrator=scheme,
        seed=seed,
    )


def _cosine_diffusion() -> Measured:
    sim = _cosine(20_000, 1.0, 0.0, "euler-maruyama", 6)
    sim.run(400)
    first = (sim.state.unwrapped - pi) ** 2
    sim.run(800)
    second = (sim.state.unwrapped - pi) ** 2
    return mean((second - first) / (2.0 * 40.0))


def _tilted(drive: float, temperature: float, scheme: str) -> Measured:
    seed = 10 + round(10 * (drive + 2 * temperature))
    sim = _cosine(6_000, temperature, drive, scheme, seed)
    sim.run(round(15 / sim.dt))
    first, began = sim.state.unwrapped, sim.time
    sim.run(round(45 / sim.dt))
    return mean((sim.state.unwrapped - first) / (sim.time - began))


# ---------------------------------------------------------------------- order in Δt


def order_checks() -> list[Check]:
    """How ⟨cos 3x⟩ in U = −3 cos x at kT = 1 tends to I₃(3)/I₀(3) as Δt → 0."""
    exact = float(iv(3, 3.0) / iv(0, 3.0))
    return [
        Check(
            "⟨cos 3x⟩ in a cosine of 3 kT, Leimkuhler–Matthews, Δt = 0.05 τ",
            "exact: I₃(3)/I₀(3)",
            "",
            exact,
            2e-3,
            lambda: _harmonic(0.05, "leimkuhler-matthews", 10_000, 4),
            quick=False,
            note="The tolerance is what Δt = 0.05 τ may change: of the order of Δt².",
        ),
        *[
            Check(
                f"order in Δt of averages over configurations, {scheme}",
                "exact: " + source,
                "",
                order,
                0.4,
                lambda scheme=scheme, dt=dt, n=n, snapshots=snapshots: _order(  # type: ignore[misc]
                    scheme, dt, exact, n, snapshots
                ),
                quick=False,
                note=f"From Δt = {dt} and {dt / 2} τ; the next order changes it by some tenths.",
            )
            # The error of the second order is the smaller one: its ratio needs the larger sample.
            for scheme, dt, n, snapshots, order, source in (
                ("euler-maruyama", 0.2, 50_000, 12, 1.0, "Euler's scheme, first order"),
                (
                    "leimkuhler-matthews",
                    0.4,
                    400_000,
                    48,
                    2.0,
                    "Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34: second order",
                ),
            )
        ],
    ]


def _harmonic(dt: float, scheme: str, n: int, snapshots: int) -> Measured:
    field = vmd.ExternalForce.from_function(lambda r: -3.0 * np.sin(r))
    start = vmd.Vortices(np.zeros((n, 2)), 1, WAVES)
    sim = vmd.Simulation(
        start, None, dt=dt, temperature=1.0, integrator=scheme, external=field, seed=7
    )
    sim.run(round(4 / dt))
    seen = []
    for _ in range(snapshots):
        sim.run(round(1 / dt))
        seen.append(np.cos(3.0 * sim.state.positions))
    return mean(np.mean(seen, axis=0))


def _order(scheme: str, dt: float, exact: float, n: int, snapshots: int) -> Measured:
    coarse, fine = (_harmonic(step, scheme, n, snapshots) for step in (dt, dt / 2))
    a, b = coarse.value - exact, fine.value - exact
    error = np.hypot(coarse.standard_error / a, fine.standard_error / b) / log(2.0)
    return Measured(log2(abs(a / b)), float(error))
