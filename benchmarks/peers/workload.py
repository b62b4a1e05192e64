"""The workload that every program runs, and our side of it.

Periodic rectangle, triangular lattice with noise, density 1 per λ², force K₁(r) cut at 6 λ (switched off over
the last tenth), kT = 0.05, Δt = 0.005: a full step with integrator, noise and list rebuilds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import potentials as pot
import vortexmd as vmd

CUTOFF, DT, TEMPERATURE = 6.0, 0.005, 0.05
PAIRS_PER_VORTEX = np.pi * CUTOFF**2 / 2
FRAME_EVERY = 1000
LAYERS = ("plain", "windings", "pins", "drive")
# LAMMPS's Brownian dynamics and OpenMM's go by the first, ours by the second unless it is told to.
FIRST_ORDER, SECOND_ORDER = "euler-maruyama", "leimkuhler-matthews"


def law() -> pot.London:
    """The pair force."""
    return pot.London(1.0, cutoff=CUTOFF)


def start_state(n: int) -> vmd.Vortices:
    """A triangular lattice at density 1, shaken by 0.1 λ."""
    columns = 2 * round(np.sqrt(n * np.sqrt(3) / 2) / 2)
    lattice = vmd.triangular_lattice(columns * 2 * round(n / columns / 2), 1.0)
    rng = np.random.default_rng(0)
    shaken = lattice.positions + 0.1 * rng.standard_normal((len(lattice), 2))
    return vmd.Vortices(shaken, 1, lattice.box)


def ours(
    start: vmd.Vortices,
    *,
    precision: str = "double",
    threads: int = 1,
    layer: str = "plain",
    integrator: str = FIRST_ORDER,
) -> vmd.Simulation:
    """Our side of the workload.

    Parameters
    ----------
    layer
        ``"plain"`` is what the peers run. Each of the others adds one thing to all before it: half of the
        vortices of winding 2, a Gaussian well of radius 0.2 λ and depth 0.1 per vortex, a uniform drive.
    """
    depth = LAYERS.index(layer)
    if depth >= 1:
        winding = np.random.default_rng(1).integers(1, 3, len(start))
        start = vmd.Vortices(start.positions, winding, start.box)
    external: list[vmd.ExternalForce] = []
    if depth >= 2:
        pins = vmd.GaussianPins.random(len(start), depth=0.1, radius=0.2, box=start.box, seed=2)
        external.append(pins)
    if depth >= 3:
        external.append(vmd.UniformDrive(force=(0.1, 0.0)))
    return vmd.Simulation(
        start,
        law(),
        dt=DT,
        temperature=TEMPERATURE,
        seed=1,
        external=external,
        precision=precision,
        threads=threads,
        integrator=integrator,
    )


def offers(precision: str) -> bool:
    """Whether this version of the engine computes in that precision."""
    try:
        ours(start_state(1000), precision=precision)
    except ValueError as error:
        if "precision" not in str(error):
            raise
        return False
    return True


def clocked(run: Callable[[int], object], steps: int) -> tuple[float, float]:
    """CPU seconds and wall seconds a step."""
    wall, cpu = time.perf_counter(), time.process_time()
    run(steps)
    return (time.process_time() - cpu) / steps, (time.perf_counter() - wall) / steps


def timed(run: Callable[[int], object], steps: int) -> float:
    """CPU seconds a step."""
    return clocked(run, steps)[0]


def frame_seconds(sim: vmd.Simulation, folder: Path, frames: int) -> list[float]:
    """Wall seconds that writing one frame of a trajectory takes, for each of some."""
    writer = vmd.TrajectoryWriter(folder / "frames.h5", every=1, overwrite=True)
    taken = []
    writer.start(sim)
    try:
        # The first one also creates what the file is made of.
        writer.write(sim)
        for _ in range(frames):
            sim.run(1)
            began = time.perf_counter()
            writer.write(sim)
            taken.append(time.perf_counter() - began)
    finally:
        writer.finish(sim)
        writer.path.unlink(missing_ok=True)
    return taken
