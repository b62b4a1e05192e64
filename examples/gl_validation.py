"""What a pair force is worth as vortices close up: a lattice at rising density, judged by GL theory.

At mu = 1.7 seven vortices of a triangular lattice, one and its six neighbours, each displaced a little
at random, are solved for as a whole. Their forces are compared with sums over pairs: the pairs of the
theory itself, each solved alone (what no pair law can give), and the paper's fit, which the dynamics
use by default (what this pair law lacks).

Writes gl_validation.png, the window at the highest density; takes about 15 s.
"""

import matplotlib

matplotlib.use("Agg")
import numpy as np

import potentials as pot
import vortexmd as vmd

mu = 1.7
law = pot.GLFit(mu)
random = np.random.default_rng(1)
n_c2 = float(pot.upper_critical_density(mu))

print("rms errors of the forces, in % of √(Σ_j F_ij²) (inner and outer vortices)")
print("density/n_c2   spacing (λ)   additivity   pair law   energy, pairs/GL")
for part in (0.1, 0.2, 0.4, 0.7):
    lattice = vmd.triangular_lattice(36, part * n_c2)
    spacing = (2 / (3**0.5 * lattice.density)) ** 0.5
    shaken = lattice.positions + random.normal(0.0, 0.08 * spacing, (36, 2))
    frame = vmd.Vortices(shaken, 1, lattice.box)
    found = vmd.validate_frame(frame, law, window=2.5 * spacing, margin=0.0)
    about = found.to_dict()
    errors = about["errors"]
    print(
        f"{part:12.1f}   {spacing:11.2f}   {100 * errors['additivity']['of_pair_scale']:10.2f}   "
        f"{100 * errors['pair_law']['of_pair_scale']:8.2f}   {about['energy']['pairs_over_gl']:16.3f}"
    )

print()
print(found.summary())
found.plot().savefig("gl_validation.png")
print("gl_validation.png")
