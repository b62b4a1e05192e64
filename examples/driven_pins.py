"""Depinning: the mean velocity of vortices driven across random pins.

400 vortices at density 0.5 per λ² among 200 Gaussian wells. Each drive starts from the same pinned
minimum; the velocity is the net displacement over the second half of the run, over its time. (A velocity
read off just after the drive is switched on would show motion that soon stops.)

Writes driven_pins.png; takes about 20 s.
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import potentials as pot
import vortexmd as vmd

start = vmd.random_vortices(n=400, density=0.5, min_distance=0.8, seed=1)
pins = vmd.GaussianPins.random(200, depth=0.3, radius=0.3, box=start.box, min_distance=0.6, seed=2)
relaxed = vmd.Simulation(
    start, pair_force=pot.London(f0=2.0), external=[pins], temperature=0.02, dt=0.05, seed=1
)
relaxed.anneal(to_temperature=0.0, steps=4_000)
relaxed.minimize(force_tolerance=1e-5)
pinned = vmd.Vortices(relaxed.state.positions, 1, start.box)

drives = np.array([0.02, 0.05, 0.08, 0.11, 0.14, 0.17, 0.2, 0.25, 0.3, 0.4, 0.5])
velocities = []
for drive in drives:
    sim = vmd.Simulation(
        pinned,
        pair_force=pot.London(f0=2.0),
        external=[pins, vmd.UniformDrive(force=(drive, 0.0))],
        dt=0.05,
    )
    sim.run(3_000)
    half = sim.displacement[0]
    sim.run(3_000)
    velocities.append((sim.displacement[0] - half) / (3_000 * sim.dt))
    print(f"drive {drive:.2f} Ω₀: ⟨v⟩ = {velocities[-1]:.4f} λ/τ")

single = 0.857764 * 0.3 / 0.3  # the largest force of one well
figure, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
ax.plot(drives, velocities, "o-", color="#0072b2", label="with pins")
ax.plot([0, drives[-1]], [0, drives[-1]], "k--", lw=1, label="free flow, v = F/η")
ax.set_xlabel(r"drive / $\Omega_0$")
ax.set_ylabel(r"mean velocity / ($\lambda/\tau$)")
ax.set_xlim(0, None)
ax.set_ylim(0, None)
ax.legend(frameon=False, title=f"one well alone holds up to {single:.2f}" + r" $\Omega_0$")
figure.savefig("driven_pins.png", dpi=150)
print("driven_pins.png")
