"""Vortices cooled, then driven over pins; started again, the script goes on in whichever stage it was."""

from pathlib import Path

import potentials as pot
import vortexmd as vmd

COOL, DRIVE = 3_000, 3_000
CHECKPOINT = Path("run.h5.chk")

if CHECKPOINT.exists():
    sim = vmd.Simulation.resume(CHECKPOINT)
else:
    start = vmd.random_vortices(n=150, density=1.0, min_distance=0.3, seed=1)
    sim = vmd.Simulation(start, pot.London(f0=2.0, cutoff=5.0), temperature=0.05, dt=0.01, seed=7)
    sim.set_ramp(to_temperature=0.0, steps=COOL)
writer = vmd.TrajectoryWriter("run.h5", every=20, resume=True)
saving = {"writers": [writer], "checkpoint": CHECKPOINT, "checkpoint_seconds": 0.2}

sim.run(max(0, COOL - sim.step), **saving)
if sim.step == COOL:
    pins = vmd.GaussianPins.random(40, depth=0.2, radius=0.3, box=sim.box, seed=2)
    sim.external = [pins, vmd.UniformDrive(force=(0.1, 0.0))]
sim.run(COOL + DRIVE - sim.step, **saving)
