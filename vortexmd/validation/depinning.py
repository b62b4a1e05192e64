"""Driven vortices on washboards and pins at T = 0: velocities, Shapiro steps, critical forces."""

from __future__ import annotations

from collections.abc import Callable
from math import asin, e, pi, sqrt

import numpy as np

import potentials as pot
import vortexmd as vmd
from vortexmd.validation.check import Check

FREE = vmd.Box((10.0, 10.0), ("free", "free"))
# The force of a well −U₀ exp(−r²/r_p²) peaks at r = r_p/√2.
GAUSSIAN_PEAK = sqrt(2.0 / e)


def checks() -> list[Check]:
    """Checks of washboards and pins; part of the area dynamics."""
    return [*washboard_checks(), *pin_checks()]


# ---------------------------------------------------------------------- washboards


def washboard_checks() -> list[Check]:
    """One vortex under F − sin x: Adler's equation."""
    return [
        *[
            Check(
                f"mean velocity on a washboard, F = {drive} F_c",
                "exact: v = √(F² − 1)",
                "λ/τ",
                sqrt(drive**2 - 1.0),
                1e-5,
                lambda drive=drive: _washboard_velocity(drive),  # type: ignore[misc]
                note="Over whole periods first-order errors of Δt cancel; two steps are extrapolated.",
            )
            for drive in (1.05, 1.5, 3.0)
        ],
        Check(
            "where a washboard holds a vortex, F = 0.99 F_c",
            "exact: sin x = F",
            "λ",
            asin(0.99),
            1e-8,
            lambda: _washboard(0.99, 0.05, 4_000).state.positions[0, 0],
        ),
        Check(
            "Shapiro step: mean velocity on a washboard driven by √2 + sin ωt, ω = 1",
            "exact: v = naω/2π with a = 2π, n = 1",
            "λ/τ",
            1.0,
            1e-6,
            _shapiro_velocity,
            note="Averaged over 40 periods of the drive, once locked.",
        ),
    ]


def _washboard(
    drive: float, dt: float, steps: int, more: tuple[vmd.ExternalForce, ...] = ()
) -> vmd.Simulation:
    box = vmd.Box((2.0 * pi, 1.0))
    board = vmd.ExternalForce.from_function(
        lambda r: np.column_stack((-np.sin(r[:, 0]), np.zeros(len(r)))),
        lambda r: -np.cos(r[:, 0]),
    )
    start = vmd.Vortices([[0.0, 0.5]], 1, box)
    forces = [board, vmd.UniformDrive((drive, 0.0)), *more]
    sim = vmd.Simulation(start, None, dt=dt, external=forces)
    sim.run(steps)
    return sim


def _washboard_velocity(drive: float) -> float:
    turns, period = 2, 2.0 * pi / sqrt(drive**2 - 1.0)
    found = []
    for steps in (2_000, 4_000):
        dt = turns * period / steps
        sim = _washboard(drive, dt, steps)
        found.append(float(sim.displacement[0]) / sim.time)
    return (4.0 * found[1] - found[0]) / 3.0


def _shapiro_velocity() -> float:
    steps = 200
    drive = vmd.SinusoidalDrive((1.0, 0.0), frequency=1.0 / (2.0 * pi))
    sim = _washboard(sqrt(2.0), 2.0 * pi / steps, 30 * steps, (drive,))
    before, began = float(sim.displacement[0]), sim.time
    sim.run(40 * steps)
    return (float(sim.displacement[0]) - before) / (sim.time - began)


# ---------------------------------------------------------------------- pins


def pin_checks() -> list[Check]:
    """Where a drive tears vortices off Gaussian wells."""
    note = "Bisected to 4·10⁻⁴; a drive within that of F_c takes longer than the run to get away."
    return [
        Check(
            "critical force of one Gaussian well of depth 1 ε₀, radius 1 λ",
            "exact: √2 e^{−1/2} U₀/r_p",
            "Ω₀",
            GAUSSIAN_PEAK,
            1e-3,
            _one_pin,
            note=note,
        ),
        Check(
            "critical force of a square array of wells, one vortex a well, over that of one well",
            "exact: by symmetry the pair forces cancel, 1",
            "",
            1.0,
            1e-3,
            _pin_array,
            note=note,
        ),
    ]


def critical_force(driven: Callable[[float], vmd.Simulation], steps: int, free: float) -> float:
    """The least drive that carries vortices further than `free` (λ) in so many steps, in GAUSSIAN_PEAK."""
    low, high = 0.9, 1.1
    while high - low > 4e-4:
        middle = 0.5 * (low + high)
        sim = driven(middle)
        sim.run(steps)
        if sim.displacement[0] > free:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def _one_pin() -> float:
    def driven(factor: float) -> vmd.Simulation:
        start = vmd.Vortices([[5.0, 5.0]], 1, FREE)
        pin = vmd.GaussianPins(np.array([[5.0, 5.0]]), depth=1.0, radius=1.0, box=FREE)
        drive = vmd.UniformDrive((factor * GAUSSIAN_PEAK, 0.0))
        return vmd.Simulation(start, None, dt=0.1, external=[pin, drive])

    return GAUSSIAN_PEAK * critical_force(driven, 2_000, 2.0)


def _pin_array() -> float:
    lattice = vmd.square_lattice(64, 1.0)
    depth, radius = 0.2, 0.2
    pins = vmd.GaussianPins(lattice.positions, depth=depth, radius=radius, box=lattice.box)

    def driven(factor: float) -> vmd.Simulation:
        drive = vmd.UniformDrive((factor * GAUSSIAN_PEAK * depth / radius, 0.0))
        law = pot.London(0.2, cutoff=3.5)
        return vmd.Simulation(lattice, law, dt=0.02, external=[pins, drive])

    return critical_force(driven, 1_500, 0.5)
