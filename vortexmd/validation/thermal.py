"""Motion at T > 0 against equilibrium integrals and the virial theorem: free, in traps, pins and pairs.

Samples have fixed seeds. Standard errors come from the samples: from vortices that do not interact, or from
blocks of one run much longer than its memory.
"""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import k0

import potentials as pot
import vortexmd as vmd
from vortexmd.validation import log_gas, thermal_waves
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.samples import block_mean, mean

Array = NDArray[np.float64]

FREE = vmd.Box((10.0, 10.0), ("free", "free"))


def checks() -> list[Check]:
    """All checks of this area."""
    return [
        *free_checks(),
        *trap_checks(),
        *pin_and_pair_checks(),
        *thermal_waves.checks(),
        *log_gas.checks(),
    ]


def ideal(n: int, box: vmd.Box = FREE, **options: object) -> vmd.Simulation:
    """`n` vortices without interaction, all in the middle of the box."""
    middle = 0.5 * np.array(box.lengths)
    return vmd.Simulation(vmd.Vortices(np.tile(middle, (n, 1)), 1, box), None, **options)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- free diffusion


def free_checks() -> list[Check]:
    """Vortices without forces."""
    temperature, friction, time = 0.3, 1.5, 1.2
    spread = 4.0 * temperature / friction

    def squares(scheme: str) -> Array:
        sim = ideal(
            20_000, dt=0.1, temperature=temperature, friction=friction, integrator=scheme, seed=4
        )
        sim.run(12)
        return ((sim.state.positions - 5.0) ** 2).sum(axis=1)

    return [
        Check(
            "mean square displacement after 1.2 τ, D = 0.2, Euler–Maruyama",
            "exact: 4Dt, D = kT/η",
            "λ²",
            spread * time,
            0.0,
            lambda: mean(squares("euler-maruyama")),
        ),
        Check(
            "mean square displacement after 1.2 τ, D = 0.2, Leimkuhler–Matthews",
            "exact: 4D(t − Δt/2), the first and last of the averaged noises counting half",
            "λ²",
            spread * (time - 0.05),
            0.0,
            lambda: mean(squares("leimkuhler-matthews")),
        ),
        Check(
            "share of free vortices within √(4Dt ln 2) of their start",
            "exact: a normal law in the plane, ½",
            "",
            0.5,
            0.0,
            lambda: mean(squares("euler-maruyama") < spread * time * log(2.0)),
        ),
        Check(
            "⟨r⁴⟩/(4Dt)² of free vortices",
            "exact: a normal law in the plane, 2",
            "",
            2.0,
            0.0,
            lambda: mean((squares("euler-maruyama") / (spread * time)) ** 2),
        ),
    ]


# ---------------------------------------------------------------------- harmonic traps


def trap_checks() -> list[Check]:
    """One vortex in ½kr², far from the limit of small steps."""
    k, dt, temperature, friction = 1.0, 0.5, 0.7, 1.25
    variance = temperature / k

    def squares(scheme: str) -> Measured:
        sim = ideal(
            5_000,
            dt=dt,
            temperature=temperature,
            friction=friction,
            integrator=scheme,
            external=vmd.HarmonicTrap(k),
            seed=3,
        )
        sim.run(40)
        seen = []
        for _ in range(6):
            sim.run(12)
            seen.append((sim.state.positions - 5.0) ** 2)
        # A mean of each coordinate over the snapshots: what they remember of each other is in its spread.
        return mean(np.mean(seen, axis=0))

    return [
        Check(
            "variance in a trap at kΔt/η = 0.4, Euler–Maruyama",
            "exact: (kT/k)/(1 − kΔt/2η)",
            "λ²",
            variance / (1.0 - k * dt / (2.0 * friction)),
            0.0,
            lambda: squares("euler-maruyama"),
        ),
        Check(
            "variance in a trap at kΔt/η = 0.4, Leimkuhler–Matthews",
            "exact: kT/k at any Δt",
            "λ²",
            variance,
            0.0,
            lambda: squares("leimkuhler-matthews"),
        ),
        Check(
            "energy per vortex in an anisotropic trap, k = 1 and 3, kT = 0.5",
            "exact: equipartition, kT",
            "ε₀",
            0.5,
            0.0,
            _trap_energy,
        ),
    ]


def _trap_energy() -> Measured:
    trap = vmd.HarmonicTrap((1.0, 3.0))
    sim = ideal(20_000, dt=0.1, temperature=0.5, external=trap, seed=5)
    sim.run(80)
    # Each vortex's energy is exponentially distributed: σ = kT.
    return Measured(sim.energy() / 20_000, 0.5 / sqrt(20_000))


# ---------------------------------------------------------------------- pins and pairs


def pin_and_pair_checks() -> list[Check]:
    """Boltzmann's law by quadrature."""
    return [
        Check(
            "share of vortices within the radius of a Gaussian pin of 2 kT, box 6 λ",
            "exact: Boltzmann's law, quadrature",
            "",
            _pinned_share(2.0),
            5e-4,
            _pinned,
            quick=False,
            note="The tolerance is what Δt = 0.02 τ may change: of the order of (ΔtU″/η)².",
        ),
        *[
            Check(
                f"⟨r²⟩ of two vortices in a trap, k = 1, K₁ of f₀ = 2, kT = {temperature}",
                "exact: Boltzmann's law, r exp[−(2K₀(r) + r²/4)/kT], quadrature",
                "λ²",
                _pair_square(temperature),
                2e-3,
                lambda temperature=temperature: _trapped_pairs(temperature),  # type: ignore[misc]
                quick=False,
                note="The tolerance is what Δt = 0.01 τ may change.",
            )
            for temperature in (0.2, 0.6)
        ],
        Check(
            "−⟨Σu·F⟩ of a crystal of 120 vortices under K₁ over kT",
            "exact: the virial theorem, 2N − 2 (two of them move as one)",
            "",
            238.0,
            0.0,
            _crystal_virial,
            quick=False,
        ),
    ]


def _pinned_share(depth: float) -> float:
    """∫ over r < 1 of exp(depth·e^{−r²}) over that over the box of 6 λ."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x, w = 3.0 * nodes, 3.0 * weights
    r2 = x[:, None] ** 2 + x[None] ** 2
    whole = float((w[:, None] * w[None] * np.exp(depth * np.exp(-r2))).sum())
    r, wr = 0.5 * (1.0 + nodes), 0.5 * weights
    return float(2.0 * pi * (wr * r * np.exp(depth * np.exp(-(r**2)))).sum()) / whole


def _pinned() -> Measured:
    box = vmd.Box((6.0, 6.0))
    pin = vmd.GaussianPins(np.array([[3.0, 3.0]]), depth=1.0, radius=1.0, box=box)
    start = vmd.random_vortices(8_000, box=box, seed=8)
    sim = vmd.Simulation(start, None, dt=0.02, temperature=0.5, external=pin, seed=8)
    # The slowest mode of the box decays at kT(2π/6)² = 0.55 per τ.
    sim.run(600)
    inside = []
    for _ in range(6):
        sim.run(100)
        inside.append(np.hypot(*(sim.state.positions - 3.0).T) < 1.0)
    return mean(np.mean(inside, axis=0))


def _pair_square(temperature: float) -> float:
    r = np.linspace(1e-3, 12.0, 40_001)
    energy = 2.0 * k0(r) + 0.25 * r**2
    weight = r * np.exp(-(energy - energy.min()) / temperature)
    return float((weight * r**2).sum() / weight.sum())


def _trapped_pairs(temperature: float) -> Measured:
    """Many pairs 40 λ apart, each in a trap of its own: K₁ cut at 16 λ joins no two of them."""
    pairs, spacing, columns = 900, 40.0, 30
    site = spacing * np.stack(np.divmod(np.arange(pairs), columns), axis=1)
    offset = np.tile([[0.6, 0.0], [-0.6, 0.0]], (pairs, 1))
    box = vmd.Box((spacing * columns,) * 2, ("free", "free"))
    start = vmd.Vortices(np.repeat(site, 2, axis=0) + offset, 1, box)
    traps = vmd.ExternalForce.from_function(lambda r: spacing * np.round(r / spacing) - r)
    law = pot.London(2.0, cutoff=16.0)
    sim = vmd.Simulation(start, law, dt=0.01, temperature=temperature, external=traps, seed=9)
    sim.run(400)
    seen = []
    for _ in range(10):
        sim.run(100)
        r = sim.state.positions
        seen.append(((r[0::2] - r[1::2]) ** 2).sum(axis=1))
    return mean(np.mean(seen, axis=0))


def _crystal_virial() -> Measured:
    lattice = vmd.triangular_lattice(120, 1.0)
    temperature = 1e-4
    law = pot.London(2.0, cutoff=5.0)
    sim = vmd.Simulation(lattice, law, dt=0.03, temperature=temperature, seed=2)
    sim.run(1_000)
    seen = []
    # The softest mode forgets within 12 τ: 50 blocks of 18 τ.
    for _ in range(1_500):
        sim.run(20)
        u = sim.state.unwrapped - lattice.positions
        seen.append(-float(np.sum((u - u.mean(axis=0)) * sim.forces())))
    found = block_mean(seen)
    return Measured(found.value / temperature, found.standard_error / temperature)
