"""Eq. 17 at μ = 1.7: a lattice that stays, one that collapses, and the warning that says so."""

import warnings
from math import pi

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd

MU = 1.7
LIMIT = MU**2 / (4 * pi)


def lattice_at(density):
    side = 2 * pot.GLFit(MU).cutoff
    columns = 2 * int(np.ceil(side * np.sqrt(density) / 2)) + 2
    return vmd.triangular_lattice(columns * (columns + 2), density)


def shaken(lattice, amplitude, seed=0):
    kick = np.random.default_rng(seed).normal(size=(len(lattice), 2)) * amplitude
    return vmd.Vortices(lattice.positions + kick, 1, lattice.box)


def nearest(state):
    d = state.box.minimum_image(state.positions[:, None] - state.positions[None])
    r = np.hypot(d[..., 0], d[..., 1])
    np.fill_diagonal(r, np.inf)
    return r.min(axis=1)


def test_the_lattice_stays_at_density_005():
    """Shaken by 5 % of a spacing, it falls back onto its sites (up to a common shift)."""
    lattice = lattice_at(0.05)
    sim = vmd.Simulation(shaken(lattice, 0.25), pot.GLFit(MU), dt=0.2)  # no warning: those raise
    perfect = vmd.Simulation(lattice, pot.GLFit(MU), dt=0.2).energy()
    assert sim.energy() > perfect
    assert sim.minimize(force_tolerance=1e-7)
    moved = lattice.box.minimum_image(sim.state.positions - lattice.positions)
    assert np.abs(moved - moved.mean(axis=0)).max() < 0.01
    assert sim.energy() == pytest.approx(perfect, abs=1e-6)


def test_the_lattice_stays_under_dynamics_too():
    lattice = lattice_at(0.05)
    sim = vmd.Simulation(shaken(lattice, 0.25), pot.GLFit(MU), dt=0.5)
    before = sim.energy()
    sim.run(4_000)
    moved = lattice.box.minimum_image(sim.state.unwrapped - lattice.positions)
    assert np.abs(moved - moved.mean(axis=0)).max() < 0.3
    assert sim.energy() < before


def test_vortices_cluster_at_density_02_and_the_warning_says_so():
    lattice = lattice_at(0.2)
    with pytest.warns(vmd.DensityWarning, match=rf"cluster.*{LIMIT:.3g} per λ²"):
        sim = vmd.Simulation(shaken(lattice, 0.05), pot.GLFit(MU), dt=0.2)
    with pytest.warns(vmd.DensityWarning):
        perfect = vmd.Simulation(lattice, pot.GLFit(MU), dt=0.2).energy()
    spacing = np.sqrt(2 / (np.sqrt(3) * 0.2))
    assert nearest(sim.state).min() > 0.7 * spacing
    sim.minimize(force_tolerance=1e-5)
    assert sim.energy() < perfect - 1e-3 * abs(perfect)
    # Most vortices sit in a stack: another is within a third of the lattice's spacing.
    assert np.mean(nearest(sim.state) < spacing / 3) > 0.5


@pytest.mark.parametrize("density", [0.02, 0.05])
def test_no_warning_where_the_lattice_is_stable(density):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vmd.Simulation(lattice_at(density), pot.GLFit(MU), dt=0.2)


@pytest.mark.parametrize("density", [0.15, 0.2, 0.22])
def test_warning_where_it_clusters(density):
    with pytest.warns(vmd.DensityWarning, match="cluster"):
        vmd.Simulation(lattice_at(density), pot.GLFit(MU), dt=0.2)


def test_above_the_upper_critical_density():
    """The number is μ²/4π."""
    assert pytest.approx(0.22998, abs=1e-5) == LIMIT
    start = vmd.random_vortices(300, 1.02 * LIMIT, min_distance=0.3, seed=1)
    with pytest.warns(vmd.DensityWarning) as caught:
        vmd.Simulation(start, pot.GLFit(MU), dt=0.2)
    assert any("above n_c2" in str(w.message) and "0.23" in str(w.message) for w in caught)


def test_giant_vortices_count_as_often_as_they_wind():
    """n_c2 is a flux density: half as many vortices of winding 2 reach it."""
    start = vmd.random_vortices(130, 0.6 * LIMIT, min_distance=0.3, seed=1, winding=-2)
    laws = pot.Interaction({(2, 2): pot.GLPair("V-V", MU)})
    with pytest.warns(vmd.DensityWarning) as caught:
        vmd.Simulation(start, laws, dt=0.2)
    assert any("above n_c2" in str(w.message) for w in caught)


def test_diverging_forces_and_free_boxes_are_not_judged():
    dense = vmd.triangular_lattice(900, 2.0)
    vmd.Simulation(dense, pot.London(f0=1.0), dt=1e-4)
    free = vmd.Vortices(dense.positions, 1, vmd.Box(dense.box.lengths, "free"))
    vmd.Simulation(free, pot.GLFit(MU), dt=1e-4)
