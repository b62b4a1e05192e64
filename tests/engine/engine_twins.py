"""Slow, obvious numpy twins of the engine's kernels, and the yardsticks of the stochastic tests."""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
from scipy.integrate import cumulative_simpson
from scipy.spatial import cKDTree

import vortexmd as vmd

# 4.5 σ of a normal estimator: a sound program fails one check in 150 000.
SIGMAS = 4.5


def agrees(measured, exact, sigma, sigmas=SIGMAS):
    """Whether a measured mean lies within `sigmas` standard errors of the exact value."""
    deviation = (np.asarray(measured) - exact) / sigma
    assert np.all(np.abs(deviation) <= sigmas), (
        f"measured {measured}, exact {exact}: off by {deviation} σ (σ = {sigma})"
    )


def chi_square_tail(counts, expected):
    """Probability of a χ² this large or larger, by the Wilson-Hilferty normal approximation."""
    counts, expected = np.asarray(counts, float), np.asarray(expected, float)
    free = len(counts) - 1
    chi2 = np.sum((counts - expected) ** 2 / expected)
    z = ((chi2 / free) ** (1 / 3) - (1 - 2 / (9 * free))) / sqrt(2 / (9 * free))
    return 0.5 * erfc(z / sqrt(2))


def switch(cutoff, r):
    """S(r): 1 up to 0.9 r_c, then the quintic step to 0 at r_c (f = f' = f'' = 0 at both ends)."""
    if np.isinf(cutoff):
        return np.ones_like(r)
    x = np.clip(10 * r / cutoff - 9, 0, 1)
    return 1 - 10 * x**3 + 15 * x**4 - 6 * x**5


def cut(law, r):
    """What acts between two vortices: the force F·S and the energy whose slope it is, ∫F·S to r_c."""
    force = law.force(r) * switch(law.cutoff, r)
    if np.isinf(law.cutoff):
        return force, law.energy(r)
    grid = np.linspace(0.9 * law.cutoff, law.cutoff, 4001)
    work = cumulative_simpson(law.force(grid) * switch(law.cutoff, grid), x=grid, initial=0)
    within = np.interp(r, grid, work[-1] - work)
    below = np.minimum(r, grid[0])
    return force, within + law.energy(below) - law.energy(grid[0])


def separations(start):
    """(N, N, 2): r_i − r_j by the minimum image, axis by axis."""
    d = start.positions[:, None] - start.positions[None]
    for axis in (0, 1):
        if start.box.boundary[axis] == "periodic":
            length = start.box.lengths[axis]
            d[..., axis] -= length * np.round(d[..., axis] / length)
    return d


def brute_force(start, pair_force):
    """All pairs, one matrix: forces (N, 2), the sum of |F_ij| over j (N,), total energy."""
    n = len(start)
    d = separations(start)
    r = np.sqrt((d**2).sum(axis=2))
    magnitude, energy = np.zeros((n, n)), np.zeros((n, n))
    different = ~np.eye(n, dtype=bool)
    for n1 in np.unique(start.winding):
        for n2 in np.unique(start.winding):
            pairs = different & np.logical_and.outer(start.winding == n1, start.winding == n2)
            if pairs.any():
                law = pair_force.pair(int(n1), int(n2))
                magnitude[pairs], energy[pairs] = cut(law, r[pairs])
    unit = d / np.where(different, r, 1.0)[..., None]
    return (
        (magnitude[..., None] * unit).sum(axis=1),
        np.abs(magnitude).sum(axis=1),
        energy.sum() / 2,
    )


def tree_forces(start, law):
    """Forces and energy of one species under a law with a cutoff, by scipy's k-d tree."""
    box = start.box
    sides = [length if p else 0.0 for length, p in zip(box.lengths, box.periodic, strict=True)]
    tree = cKDTree(start.positions, boxsize=sides if any(box.periodic) else None)
    i, j = tree.query_pairs(law.cutoff, output_type="ndarray").T
    d = box.minimum_image(start.positions[i] - start.positions[j])
    r = np.sqrt((d**2).sum(axis=1))
    magnitude, energy = cut(law, r)
    pull = d * (magnitude / r)[:, None]
    forces = np.zeros((len(start), 2))
    np.add.at(forces, i, pull)
    np.add.at(forces, j, -pull)
    return forces, energy.sum()


def pin_sum(positions, box, sites, depth, radius, gaussian, turns=6):
    """Forces (N, 2) and energies (N,) of wells and all their images, one after the other."""
    forces, energies = np.zeros((len(positions), 2)), np.zeros(len(positions))
    ranges = [range(-turns, turns + 1) if p else (0,) for p in box.periodic]
    for i in ranges[0]:
        for j in ranges[1]:
            shift = np.array([i, j]) * box.lengths
            d = positions[:, None] - (sites + shift)[None]
            q = (d**2).sum(axis=2) / radius**2
            if gaussian:
                well = depth * np.exp(-np.minimum(q, 700.0))
                slope = well
            else:
                well = np.where(q < 1, depth * (1 - q), 0.0)
                slope = np.where(q < 1, depth, 0.0)
            forces -= ((2 * slope / radius**2)[..., None] * d).sum(axis=1)
            energies -= well.sum(axis=1)
    return forces, energies


def ideal(n, box, **options):
    """A simulation of `n` vortices without interaction, all in the middle of the box."""
    middle = np.tile(np.array(box.lengths) / 2, (n, 1))
    winding = options.pop("winding", 1)
    return vmd.Simulation(vmd.Vortices(middle, winding, box), None, **options)


class Recorder:
    """A writer that keeps what `look` says of the simulation at each call."""

    def __init__(self, look, every=1):
        self.look, self.every = look, every
        self.steps, self.values = [], []
        self.started = self.finished = 0

    def start(self, sim):
        self.started += 1

    def write(self, sim):
        self.steps.append(sim.step)
        self.values.append(self.look(sim))

    def sync(self):
        pass

    def finish(self, sim):
        self.finished += 1


def same_bits(a, b):
    """Whether two simulations are in the same state, to the last bit, events included."""
    one, other = a.state, b.state
    return (
        one.step == other.step
        and one.time == other.time
        and all(
            np.array_equal(getattr(one, name), getattr(other, name))
            for name in ("positions", "winding", "ids", "image")
        )
        and a.events == b.events
        and a.temperature == b.temperature
        and np.array_equal(a.displacement, b.displacement)
        and np.array_equal(a.winding_displacement, b.winding_displacement)
    )
