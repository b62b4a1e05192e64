"""One run into two files, a few steps apart and many."""

from pathlib import Path

import potentials as pot
import vortexmd as vmd

STEPS = 5_000
CHECKPOINT = Path("run.h5.chk")

if CHECKPOINT.exists():
    sim = vmd.Simulation.resume(CHECKPOINT)
else:
    start = vmd.random_vortices(
        n=120, density=0.01, winding={+1: 0.6, -1: 0.4}, min_distance=3.7, seed=1
    )
    sim = vmd.Simulation(
        start,
        pair_force=pot.GLFit(mu=1.7),
        reactions=[vmd.Annihilation(mu=1.7)],
        temperature=0.02,
        dt=0.5,
        seed=7,
        integrator="euler-maruyama",
    )
often = vmd.TrajectoryWriter("run.h5", every=7, resume=True)
seldom = vmd.TrajectoryWriter("seldom.h5", every=100, dtype="float32", resume=True)
sim.run(STEPS - sim.step, writers=[often, seldom], checkpoint=CHECKPOINT, checkpoint_seconds=0.15)
