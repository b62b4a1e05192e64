"""A script in two stages that may be killed at any moment: started again, it goes on, to the same bits."""

import potentials as pot
import vortexmd as vmd

COOLED, DRIVEN = 4_000, 6_000  # steps at which the stages end
CHECKPOINT = "resumable.chk"

try:
    sim = vmd.Simulation.resume(CHECKPOINT)
    print(f"going on from step {sim.step}")
except FileNotFoundError:
    start = vmd.random_vortices(n=400, density=1.0, min_distance=0.3, seed=1)
    sim = vmd.Simulation(start, pot.London(f0=2.0), temperature=0.05, dt=0.01, seed=7)
    sim.set_ramp(0.0, COOLED)

writer = vmd.TrajectoryWriter("resumable.h5", every=100, resume=True)
files = {"writers": [writer], "checkpoint": CHECKPOINT}

# No step where the stage is over; the writer then sees the run before it is changed.
sim.run(max(0, COOLED - sim.step), **files)
if sim.step == COOLED:
    pins = vmd.GaussianPins.random(100, depth=0.2, radius=0.3, box=sim.box, seed=2)
    sim.external = [pins, vmd.UniformDrive((0.3, 0.0))]
sim.run(max(0, DRIVEN - sim.step), **files)

with vmd.load("resumable.h5") as trajectory:
    print(f"{len(trajectory)} frames to step {trajectory.steps[-1]}")
