"""The log gas in a trap, the two-dimensional one-component plasma: virial theorem and Ginibre's ensemble."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

import potentials as pot
import vortexmd as vmd
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.samples import block_mean

Array = NDArray[np.float64]


def checks() -> list[Check]:
    """N vortices of a logarithmic law, q = 1, in a trap, k = 1; part of the area thermal."""
    ginibre = "exact: Ginibre's ensemble, J. Math. Phys. 6, 440 (1965): "
    disc = gammainc(np.arange(10) + 1.0, 1.0)
    return [
        *[
            Check(
                f"⟨r²⟩ of a log gas in a trap, N = {n}, kT = {temperature}",
                "exact: the virial theorem, [2kT + q(N − 1)/2]/k",
                "λ²",
                2.0 * temperature + 0.5 * (n - 1),
                1e-3,
                lambda n=n, temperature=temperature: _log_gas_square(n, temperature),  # type: ignore[misc]
                quick=False,
                note="The tolerance is what Δt = 0.01 τ may change.",
            )
            for n, temperature in ((2, 0.5), (6, 0.3), (19, 0.1))
        ],
        Check(
            "⟨r²⟩ of the log gas at Γ = 2, N = 10",
            ginibre + "(N + 1)/2",
            "λ²",
            5.5,
            2e-3,
            lambda: block_mean([(r**2).sum(axis=1).mean() for r in _ginibre()]),
            quick=False,
            sample="Ginibre",
        ),
        Check(
            "density at the centre of the log gas at Γ = 2, N = 10, mean over r < 1",
            ginibre + "Σ_{j<N} P(j + 1, 1)/π, which is 1/π to 10⁻⁸",
            "1/λ²",
            float(disc.sum()) / pi,
            1e-3,
            lambda: _inside(lambda counts: counts / pi),
            quick=False,
            sample="Ginibre",
            note="The tolerance is what Δt = 0.005 τ may change.",
        ),
        Check(
            "variance of the number within r < 1 of the log gas at Γ = 2, N = 10",
            ginibre + "independent Bernoulli numbers, Σ_j P_j(1 − P_j)",
            "",
            float((disc * (1.0 - disc)).sum()),
            2e-3,
            lambda: _inside(lambda counts: (counts - disc.sum()) ** 2),
            quick=False,
            sample="Ginibre",
            note="Random vortices of that density would have 1.",
        ),
        Check(
            "number beyond r = √N of the log gas at Γ = 2, N = 10",
            ginibre + "Σ_{j<N} Q(j + 1, N)",
            "",
            float((1.0 - gammainc(np.arange(10) + 1.0, 10.0)).sum()),
            4e-3,
            lambda: block_mean([(np.hypot(*r.T) > sqrt(10.0)).sum() for r in _ginibre()]),
            quick=False,
            sample="Ginibre",
        ),
    ]


def _log_gas(n: int, temperature: float, dt: float, seed: int) -> vmd.Simulation:
    radius = sqrt(2.0 * temperature + 0.5 * (n - 1))
    angle = 2.0 * pi * np.arange(n) / n
    start = radius * np.column_stack((np.cos(angle), np.sin(angle)))
    return vmd.Simulation(
        vmd.Vortices(start, 1, vmd.Box((10.0, 10.0), ("free", "free"))),
        pot.Log(1.0),
        dt=dt,
        temperature=temperature,
        external=vmd.HarmonicTrap(1.0, center=(0.0, 0.0)),
        max_displacement=2.0,
        seed=seed,
    )


def _log_gas_square(n: int, temperature: float) -> Measured:
    # Σr² forgets as e^{−2t}: 50 blocks of 25 τ.
    sim = _log_gas(n, temperature, 0.01, seed=n)
    sim.run(500)
    seen = []
    for _ in range(5_000):
        sim.run(25)
        seen.append(float((sim.state.positions**2).sum(axis=1).mean()))
    return block_mean(seen)


@cache
def _ginibre() -> list[Array]:
    """Positions of 10 vortices at kT = q/2, 5000 snapshots ¼ τ apart; drawn once."""
    sim = _log_gas(10, 0.5, 0.005, seed=10)
    sim.run(2_000)
    snapshots = []
    for _ in range(5_000):
        sim.run(50)
        snapshots.append(sim.state.positions)
    return snapshots


def _inside(measure: Callable[[Array], Array]) -> Measured:
    counts = np.array([(np.hypot(*r.T) < 1.0).sum() for r in _ginibre()], dtype=float)
    return block_mean(measure(counts))
