"""Motion at T = 0 against closed forms and quadratures: pairs, rings, drives, what holds for any forces.

Every number is measured through the public interface, as a user's script would.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, log2, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import k1

import potentials as pot
import vortexmd as vmd
from vortexmd.validation import depinning
from vortexmd.validation.check import Check

FREE = vmd.Box((10.0, 10.0), ("free", "free"))
# ∫ dr/2K₁(r) from 0.1 to 1, by Gauss's rule (40 nodes) and adaptive quadrature, which agree to 10⁻¹⁵.
LONDON_COLLAPSE = 0.337017941684014


def checks() -> list[Check]:
    """All checks of this area."""
    return [*pair_checks(), *ring_checks(), *depinning.checks(), *law_checks()]


# ---------------------------------------------------------------------- pairs


def pair_checks() -> list[Check]:
    """Two vortices, by quadrature of dr/dt = 2F(r)."""
    return [
        Check(
            "V–AV collapse under K₁, r from 1 to 0.1, Δt → 0",
            "exact: t = ∫ dr/2K₁(r), Gauss's rule and adaptive quadrature",
            "τ",
            LONDON_COLLAPSE,
            2e-6,
            lambda: _extrapolated(_collapse_time, 2e-4),
            note="The table is good to 10⁻⁶ of the force, the straight line between steps to 25Δt² = 10⁻⁶.",
        ),
        Check(
            "V–AV annihilation under K₁ at 0.1 λ, the step that logs it, Δt = 10⁻⁵",
            "exact: the same quadrature and Euler's delay ½Δt ln[K₁(0.1)/K₁(1)]",
            "τ",
            LONDON_COLLAPSE + 0.5e-5 * log(k1(0.1) / k1(1.0)),
            1e-5,
            lambda: _annihilation_time(pot.London(1.0), 1e-5, 0.1),
            note="Logged at the first step inside, up to Δt after the crossing.",
        ),
        Check(
            "V–AV annihilation under a logarithmic law at 0.2 λ, from 1 λ, Δt = 10⁻⁴",
            "exact: t = (1 − 0.2²)/4q and Euler's delay −½Δt ln 0.2",
            "τ",
            0.24 - 0.5e-4 * log(0.2),
            1e-4,
            lambda: _annihilation_time(pot.Log(1.0), 1e-4, 0.2),
        ),
        Check(
            "two like vortices under a logarithmic law: r² after 1 τ, Δt → 0",
            "exact: r² = r₀² + 4qt",
            "λ²",
            5.0,
            1e-5,
            lambda: _extrapolated(_parted_square),
        ),
        Check(
            "two like vortices under K₁ of f₀ = 2: r from 0.5 λ after 0.8 τ, Δt → 0",
            "exact: the root of ∫ dr/4K₁(r) = 0.8, quadrature",
            "λ",
            _parted_distance(0.5, 0.8),
            1e-5,
            lambda: _extrapolated(_parted_london),
        ),
        Check(
            "order in Δt of the explicit scheme at T = 0 (r² under a logarithmic law)",
            "exact: Euler's scheme is of first order",
            "",
            1.0,
            0.02,
            _euler_order,
            note="Measured at Δt = 1/250 and 1/500 τ; the next order changes it by about Δt.",
        ),
    ]


def _pair(law: pot.Potential, distance: float, winding: int, dt: float) -> vmd.Simulation:
    half = 0.5 * distance
    start = vmd.Vortices([[5.0 - half, 5.0], [5.0 + half, 5.0]], [1, winding], FREE)
    return vmd.Simulation(start, law, dt=dt)


def _dipole(law: pot.Potential, dt: float) -> vmd.Simulation:
    """Vortex and antivortex 1 λ apart."""
    return _pair(law, 1.0, -1, dt)


def separation(sim: vmd.Simulation) -> float:
    """Distance of the first two vortices, λ."""
    a, b = sim.state.positions[:2]
    return float(np.hypot(*(b - a)))


def _collapse_time(dt: float) -> float:
    """When the dipole is 0.1 λ short, τ, between steps as the scheme draws it: a straight line."""
    sim = _dipole(pot.London(1.0), dt)
    sim.run(round(0.33 / dt))
    before = now = separation(sim)
    while now > 0.1:
        before = now
        sim.run(1)
        now = separation(sim)
    return sim.time - dt * (0.1 - now) / (before - now)


def _extrapolated(measure: Callable[[float], float], dt: float = 5e-4) -> float:
    """A measured number at Δt → 0, from Δt and Δt/2 of a first-order scheme."""
    return 2.0 * measure(0.5 * dt) - measure(dt)


def _annihilation_time(law: pot.Potential, dt: float, distance: float) -> float:
    sim = _dipole(law, dt)
    sim.reactions = [vmd.Annihilation(distance=distance)]
    while len(sim.state):
        sim.run(round(0.02 / dt))
    return sim.events[0].time


def _parted_square(dt: float) -> float:
    sim = _pair(pot.Log(1.0), 1.0, 1, dt)
    sim.run(round(1.0 / dt))
    return separation(sim) ** 2


def _euler_order() -> float:
    coarse, fine = (abs(_parted_square(dt) - 5.0) for dt in (4e-3, 2e-3))
    return log2(coarse / fine)


def _parted_london(dt: float) -> float:
    sim = _pair(pot.London(2.0, cutoff=12.0), 0.5, 1, dt)
    sim.run(round(0.8 / dt))
    return separation(sim)


def _parted_distance(start: float, time: float) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(40)

    def excess(r: float) -> float:
        half = 0.5 * (r - start)
        return float(half * np.sum(weights / (4.0 * k1(start + half * (1.0 + nodes))))) - time

    return brentq(excess, start, 5.0, xtol=1e-14)


# ---------------------------------------------------------------------- rings


def ring_checks() -> list[Check]:
    """N vortices in a trap ½kr², k = 1."""
    ring = 7.5 - 7.5 * log(2.5) - 3.0 * log(6.0)
    pentagon = 7.5 - 7.5 * log(3.0) - 2.5 * log(5.0)
    kept = "exact: U = ½NkR² − q[½N(N − 1) ln R + ½N ln N] at R² = (N − 1)q/2k"
    return [
        *[
            Check(
                f"radius of a ring of {n} vortices in a trap, logarithmic law",
                "exact: R² = (N − 1)q/2k",
                "λ",
                sqrt((n - 1) / 2.0),
                1e-6,
                lambda n=n: _ring_radius(pot.Log(1.0), n),  # type: ignore[misc]
            )
            for n in (2, 3, 5)
        ],
        Check(
            "radius of a ring of 4 vortices in a trap, K₁",
            "exact: the root of kR = Σ_j K₁(2R sin(πj/N)) sin(πj/N)",
            "λ",
            _london_ring(4),
            1e-6,
            lambda: _ring_radius(pot.London(1.0, cutoff=20.0), 4),
        ),
        Check(
            "energy of the ring of 6, shaken and relaxed: metastable",
            kept,
            "ε₀",
            ring,
            1e-6,
            lambda: _relaxed(_ring(6, 1.6)).energy(),
        ),
        Check(
            "energy of 5 vortices on a ring about a sixth, shaken and relaxed",
            "exact: R² = 3q/k, U = ½·5kR² − q[15 ln R + ½·5 ln 5]",
            "ε₀",
            pentagon,
            1e-6,
            lambda: _relaxed(np.vstack((_ring(5, 1.7), [[0.0, 0.0]]))).energy(),
        ),
        Check(
            "energy of the centred pentagon below the ring of 6",
            "exact: the difference of the two closed forms",
            "ε₀",
            ring - pentagon,
            1e-6,
            lambda: (
                _relaxed(_ring(6, 1.6)).energy()
                - _relaxed(np.vstack((_ring(5, 1.7), [[0.0, 0.0]]))).energy()
            ),
        ),
    ]


def _ring(n: int, radius: float) -> NDArray[np.float64]:
    angle = 2.0 * pi * np.arange(n) / n
    return radius * np.column_stack((np.cos(angle), np.sin(angle)))


def _relaxed(positions: NDArray[np.float64], law: pot.Potential | None = None) -> vmd.Simulation:
    """Shaken by 0.05 λ, then 60 τ of motion in the trap."""
    shaken = positions + 0.05 * np.random.default_rng(3).normal(size=positions.shape)
    trap = vmd.HarmonicTrap(1.0, center=(0.0, 0.0))
    sim = vmd.Simulation(vmd.Vortices(shaken, 1, FREE), law or pot.Log(1.0), dt=0.02, external=trap)
    sim.run(3_000)
    return sim


def _ring_radius(law: pot.Potential, n: int) -> float:
    r = _relaxed(_ring(n, 1.0), law).state.positions
    return float(np.hypot(*r.T).mean())


def _london_ring(n: int) -> float:
    angle = np.sin(pi * np.arange(1, n) / n)
    return brentq(lambda r: r - float(np.sum(k1(2.0 * r * angle) * angle)), 0.1, 3.0, xtol=1e-14)


# ---------------------------------------------------------------------- laws


def law_checks() -> list[Check]:
    """What holds for any forces: momentum, dissipation, drift."""
    return [
        Check(
            "ΣF of 200 vortices and antivortices under K₁, over Σ|F|",
            "exact: Newton's third law",
            "",
            0.0,
            1e-13,
            _net_force,
            note="Rounding of a sum of 200 numbers.",
        ),
        Check(
            "energy lost on the way down at T = 0 over ∫ ΣF²/η dt",
            "exact: dE/dt = −ΣF²/η",
            "",
            1.0,
            1e-6,
            _dissipation,
            note="Simpson's rule over time, Δt of two sizes extrapolated.",
        ),
        Check(
            "steps at T = 0 in which the energy rises, of 300",
            "exact: gradient descent, Δt below the limit of stability",
            "",
            0.0,
            0.0,
            lambda: float(np.count_nonzero(np.diff(_descent(2e-3, 300)[0]) > 0)),
        ),
        *[
            Check(
                f"drift of winding {n:+d} at η = {eta} under F = 0.3 Ω₀ in 10 τ",
                "exact: x = nFt/η",
                "λ",
                3.0 * n / eta,
                1e-12,
                lambda k=k: float(_drift()[k]),  # type: ignore[misc]
            )
            for k, (n, eta) in enumerate(FRICTION.items())
        ],
        Check(
            "a driven liquid in its own frame against the same one at rest, largest difference",
            "exact: Galilean, r(t) + Ft/η",
            "λ",
            0.0,
            1e-9,
            _galilean,
            note="50 thermal steps of 100 vortices; rounding grows meanwhile.",
        ),
        Check(
            "path under a drive 0.7 sin 2πft, f = 0.5/τ, over half a period, Δt → 0",
            "exact: F/πfη",
            "λ",
            0.7 / (0.5 * pi),
            1e-6,
            lambda: _extrapolated(_half_swing, 2e-3),
        ),
        Check(
            "distance left in a trap after 30 steps, kΔt/η = 0.025",
            "exact: the scheme's own (1 − kΔt/η)³⁰",
            "",
            (1.0 - 0.025) ** 30,
            1e-12,
            _geometric,
        ),
    ]


FRICTION = {1: 1.0, -1: 0.5, 2: 4.0}


def _gas(dt: float, antivortices: float = 0.0) -> vmd.Simulation:
    mixture = {1: 1.0 - antivortices, -1: antivortices}
    start = vmd.random_vortices(200, 0.5, winding=mixture, min_distance=0.5, seed=4)
    return vmd.Simulation(start, pot.London(1.0, cutoff=8.0), dt=dt)


def _net_force() -> float:
    force = _gas(0.01, antivortices=0.4).forces()
    return float(np.abs(force.sum(axis=0)).max() / np.abs(force).sum())


def _descent(dt: float, steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Energy and ΣF² after each step."""
    sim = _gas(dt)
    energy, power = [], []
    for k in range(steps + 1):
        if k:
            sim.run(1)
        energy.append(sim.energy())
        power.append(float((sim.forces() ** 2).sum()))
    return np.array(energy), np.array(power)


def _dissipation() -> float:
    def measure(dt: float) -> float:
        energy, power = _descent(dt, round(0.4 / dt))
        work = dt / 3.0 * (power[0] + power[-1] + 4 * power[1::2].sum() + 2 * power[2:-1:2].sum())
        return float((energy[0] - energy[-1]) / work)

    coarse, middle, fine = (measure(dt) for dt in (4e-3, 2e-3, 1e-3))
    return (8.0 * fine - 6.0 * middle + coarse) / 3.0


def _drift() -> NDArray[np.float64]:
    start = vmd.Vortices(np.full((3, 2), 5.0), list(FRICTION), FREE)
    drive = vmd.UniformDrive((0.3, 0.0))
    sim = vmd.Simulation(start, None, dt=0.1, friction=FRICTION, external=drive)
    sim.run(100)
    return sim.state.positions[:, 0] - 5.0


def _galilean() -> float:
    force = np.array([0.3, -0.2])
    start = vmd.random_vortices(100, 0.5, min_distance=0.5, seed=6)
    ends = []
    for drive in (np.zeros(2), force):
        sim = vmd.Simulation(
            start,
            pot.London(1.0, cutoff=6.0),
            dt=0.01,
            temperature=0.1,
            seed=2,
            external=vmd.UniformDrive((float(drive[0]), float(drive[1]))),
        )
        sim.run(50)
        ends.append(sim.state.unwrapped - drive * sim.time)
    return float(np.abs(ends[1] - ends[0]).max())


def _half_swing(dt: float) -> float:
    drive = vmd.SinusoidalDrive((0.7, 0.0), frequency=0.5)
    sim = vmd.Simulation(vmd.Vortices([[5.0, 5.0]], 1, FREE), None, dt=dt, external=drive)
    sim.run(round(1.0 / dt))
    return float(sim.displacement[0])


def _geometric() -> float:
    trap = vmd.HarmonicTrap(2.0, center=(5.0, 5.0))
    start = vmd.Vortices([[6.0, 5.0]], 1, FREE)
    sim = vmd.Simulation(start, None, dt=0.05, external=trap, friction=4.0)
    sim.run(30)
    return float(sim.state.positions[0, 0] - 5.0)
