"""A gas between reflecting walls that is cooled; started again, the script goes on where it was."""

from pathlib import Path

import potentials as pot
import vortexmd as vmd

STEPS = 8_000
CHECKPOINT = Path("run.h5.chk")

if CHECKPOINT.exists():
    sim = vmd.Simulation.resume(CHECKPOINT)
else:
    sim = vmd.Simulation(
        vmd.random_vortices(
            n=120,
            box=vmd.Box((40.0, 20.0), boundary=("reflecting", "periodic")),
            winding={+1: 0.8, -1: 0.2},
            min_distance=0.9,
            seed=1,
        ),
        pair_force=pot.London(f0=2.0, cutoff=6.0),
        reactions=[vmd.Annihilation(distance=0.5)],
        temperature=0.1,
        dt=0.01,
        seed=7,
    )
    sim.set_ramp(to_temperature=0.0, steps=STEPS)
writer = vmd.TrajectoryWriter("run.h5", every=20, resume=True)
sim.run(STEPS - sim.step, writers=[writer], checkpoint=CHECKPOINT, checkpoint_seconds=0.2)
