"""A weak and a strong pinning region exchange flux: mean fields, and the spread of whole vortices about them.

R. Ma, "Flux exchange between contacting pinning regions": the linear law of Fig. 3 at ε = 0.1 per second.
The equations are for mean fields; where a region holds but 20 vortices its field fluctuates, and the exact
process of whole vortices shows by how much: less than √N, since a region that has lost some loses fewer.
Their mean (dotted) is off the equations' by a part in N.

Writes flux_exchange.png; takes a few seconds.
"""

import numpy as np

from vortexmd import flux_exchange as fx
from vortexmd.plotting.flux import plot_fields

weak = fx.ActivationLaw("linear", u0=15.0, b_max=20.0)  # U₀/kT, and B_m in G
strong = fx.ActivationLaw("linear", u0=75.0, b_max=100.0)
net = fx.FluxNetwork.two_regions(weak, strong, epsilon=0.1)  # 1/s; areas 1 and γ = 1

start, times = [20.0, 20.0], np.geomspace(1e-2, 1e6, 200)
solution = net.solve(start, times)
print("t / s       B_p / G    B_q / G")
for t, (b_p, b_q) in zip(times[::40], solution.b[::40], strict=True):
    print(f"{t:8.2e} {b_p:10.4f} {b_q:10.4f}")
print("equilibrium: B_p = {:.4g} G, B_q = {:.4g} G".format(*net.equilibrium(start).b))

quantum = 1.0  # the flux of one vortex, G times the unit of area
runs = net.sample(start, times, quantum, n_runs=500, seed=1)
mean, spread = runs.mean[120, 0], np.sqrt(runs.variance[120, 0])
print(f"at {times[120]:.0f} s: {mean:.2f} ± {spread:.2f} vortices in p; √N = {np.sqrt(mean):.2f}")

axes = plot_fields(solution, sample=runs, field_unit="G", time_unit="s")
axes.figure.savefig("flux_exchange.png")
print("flux_exchange.png")
