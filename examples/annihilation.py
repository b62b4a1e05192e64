"""Vortices and antivortices annihilate: the decay law of a dilute gas at mu = 1.7.

Start: 10 000 vortices of either sign at random, at a density of 0.01 per λ². Pairs closer than
d_A = 3.65 λ annihilate; what remains diffuses and attracts under the Ginzburg-Landau fits. Equal
numbers of two species that annihilate on contact segregate into domains, and in two dimensions their
density then falls as t^(-1/2) (Toussaint & Wilczek, J. Chem. Phys. 78, 2642 (1983)), more slowly than
the 1/t of a well-mixed gas.

Writes annihilation.png; takes about 15 s.
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import potentials as pot
import vortexmd as vmd

mu, n = 1.7, 10_000
start = vmd.random_vortices(n=n, density=0.01, winding={+1: 0.5, -1: 0.5}, seed=1)
sim = vmd.Simulation(
    start,
    pair_force=pot.GLFit(mu),
    reactions=[vmd.Annihilation(mu=mu)],
    temperature=0.1,
    dt=1.0,
    max_displacement=3.0,
    seed=1,
)
sim.run(20_000, progress=True)

at_start = sum(event.step == 0 for event in sim.events)
print(f"d_A = {float(pot.annihilation_separation(mu)):.2f} λ; {at_start} pairs annihilated at once")
assert sim.state.winding.sum() == start.winding.sum()

# Every event removes two vortices.
event_times = np.array([event.time for event in sim.events])
times = np.logspace(0, np.log10(sim.time), 40)
counts = n - 2 * np.searchsorted(event_times, times, side="right")
density = counts / start.box.area
late = times > 0.1 * sim.time
exponent = np.polyfit(np.log(times[late]), np.log(density[late]), 1)[0]
print(f"{counts[-1]} left at t = {sim.time:g} τ; over the last decade n ~ t^{exponent:.2f}")

figure, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
ax.loglog(times, density, "o", ms=4, color="#0072b2", label="simulation")
guide = density[-1] * (times[late] / times[-1]) ** -0.5
ax.loglog(times[late], 1.35 * guide, "k--", lw=1, label=r"$t^{-1/2}$ (Toussaint & Wilczek)")
ax.set_xlabel(r"time / $\tau$")
ax.set_ylabel(r"vortices and antivortices / $\lambda^{-2}$")
ax.legend(frameon=False)
figure.savefig("annihilation.png", dpi=150)
print("annihilation.png")
