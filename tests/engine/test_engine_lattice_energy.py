"""Energies of K₀ lattices against the exact infinite sums, through the smooth cutoff."""

import numpy as np
import pytest
from engine_twins import separations, switch
from scipy.integrate import simpson
from scipy.special import k0

import potentials as pot
import vortexmd as vmd

# Energy per vortex of the infinite lattice of density 1 under U = K₀(r), all pairs counted once.
EXACT = {"triangular": 2.41161764, "square": 2.41644454}
MAKE = {"triangular": vmd.triangular_lattice, "square": vmd.square_lattice}


def energy_per_vortex(kind, cutoff):
    side = 2 * (cutoff or 9.0) + 1.0
    columns = 2 * int(np.ceil(side / 2))
    n = columns * columns if kind == "square" else columns * (columns + 6)
    law = pot.London(f0=1.0) if cutoff is None else pot.London(f0=1.0, cutoff=cutoff)
    sim = vmd.Simulation(MAKE[kind](n, 1.0), law, dt=0.01)
    assert np.abs(sim.forces()).max() < 1e-9  # every site of a lattice is a centre of symmetry
    return sim.energy() / n, sim.tail_correction()


@pytest.mark.parametrize("kind", EXACT)
def test_the_exact_numbers_are_those_of_a_plain_sum(kind):
    step = np.arange(-45, 46)
    i, j = (grid.ravel() for grid in np.meshgrid(step, step))
    a = np.sqrt(2 / np.sqrt(3))
    x, y = (i, j) if kind == "square" else (a * (i + 0.5 * j), a * np.sqrt(3) / 2 * j)
    r = np.hypot(x, y)
    assert 0.5 * k0(r[r > 0]).sum() == pytest.approx(EXACT[kind], abs=1e-8)


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("cutoff", [None, 6.0, 8.0, 12.0])
def test_what_the_cutoff_leaves_out_is_reported(kind, cutoff):
    energy, tail = energy_per_vortex(kind, cutoff)
    missing = EXACT[kind] - energy
    assert tail > 0
    # Beyond the cutoff the lattice's own sum is that of a uniform background to a few per cent.
    assert missing == pytest.approx(tail, rel=0.03)


@pytest.mark.parametrize("kind", EXACT)
def test_the_corrected_energy_converges_with_the_cutoff(kind):
    errors = [abs(np.sum(energy_per_vortex(kind, cutoff)) - EXACT[kind]) for cutoff in (6, 8, 12)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 3e-6


@pytest.mark.parametrize("cutoff", [None, 6.0, 8.0, 12.0])
def test_the_square_lattice_lies_higher(cutoff):
    gap = np.sum(energy_per_vortex("square", cutoff)) - np.sum(
        energy_per_vortex("triangular", cutoff)
    )
    assert gap == pytest.approx(EXACT["square"] - EXACT["triangular"], rel=0.2)


@pytest.mark.parametrize("windings", [(1, 1), (1, -1)])
def test_a_lone_pair_gets_back_what_the_shift_took(windings):
    """Two vortices in an empty plane: energy and correction are K₀ itself, up to 0.9 cutoff."""
    box = vmd.Box((1e5, 1e5))
    for r in (0.5, 2.0, 5.0):
        start = vmd.Vortices([[10.0, 10.0], [10.0 + r, 10.0]], windings, box)
        sim = vmd.Simulation(start, pot.London(f0=1.0, cutoff=6.0), dt=0.01)
        exact = windings[0] * windings[1] * k0(r)
        assert sim.energy() + 2 * sim.tail_correction() == pytest.approx(exact, abs=1e-8)
        assert abs(sim.energy() - exact) > 1e-4


@pytest.mark.parametrize("minus", [0, 100, 200])
def test_correction_of_a_mixture(minus):
    """Σ U·S over the pairs there are, and a uniform background beyond that counts n₁n₂."""
    n, cutoff = 400, 6.0
    winding = {1: 1 - minus / n, -1: minus / n}
    box = vmd.Box((20.0, 20.0))
    start = vmd.random_vortices(n, box=box, winding=winding, min_distance=0.3, seed=1)
    sim = vmd.Simulation(start, pot.London(f0=1.0, cutoff=cutoff), dt=0.01)
    one = np.triu_indices(n, 1)
    r = np.hypot(*np.moveaxis(separations(start)[one], -1, 0))
    signs = np.multiply.outer(start.winding, start.winding)[one]
    near = r < cutoff
    pairs = (signs * k0(r) * switch(cutoff, r))[near].sum()
    grid = np.linspace(0.9 * cutoff, 40, 40_001)
    background = np.pi * simpson(k0(grid) * (1 - switch(cutoff, grid)) * grid, x=grid)
    exact = pairs + start.winding.sum() ** 2 / box.area * background
    assert sim.energy() + n * sim.tail_correction() == pytest.approx(exact, rel=1e-6)
