"""Pair forces and energies against brute force, k-d trees and Newton's third law."""

import numpy as np
import pytest
from engine_twins import brute_force, separations, tree_forces
from scipy.special import k0, k1

import potentials as pot
import vortexmd as vmd
from vortexmd.forces import PairForces
from vortexmd.pair_kinds import sort_kinds
from vortexmd.pair_tables import R_MIN, build_tables
from vortexmd.population import Population

CUTOFF = 4.0
LAW = pot.London(f0=1.0, cutoff=CUTOFF)
# Bounded, and not yet weak where it is cut: a pair that is missed shows.
SOFT = pot.FromFunction(lambda r: np.exp(-((r / 2) ** 2)), cutoff=CUTOFF)


def cloud(n, lengths, boundary="periodic", *, seed=0, min_distance=0.05, winding=1):
    box = vmd.Box(lengths, boundary)
    return vmd.random_vortices(n, box=box, winding=winding, min_distance=min_distance, seed=seed)


def dense():
    """Two hundred vortices within one cell, a handful elsewhere."""
    box = vmd.Box((30.0, 25.0))
    clump = np.random.default_rng(3).random((200, 2)) * 0.9 + 7.0
    rest = np.random.default_rng(4).random((5, 2)) * box.lengths
    return vmd.Vortices(np.concatenate((clump, rest)), 1, box)


def spread_out_free():
    """Free axes take positions anywhere, far outside the nominal box and below zero too."""
    r = np.random.default_rng(5).normal(size=(120, 2)) * [40.0, 3.0] - [100.0, 7.0]
    return vmd.Vortices(r, 1, vmd.Box((1.0, 1.0), "free"))


CASES = {
    "random": lambda: cloud(400, (19.0, 23.0)),
    "many cells": lambda: cloud(600, (61.0, 47.0)),
    "dense": dense,
    "nearly empty": lambda: cloud(4, (300.0, 200.0), min_distance=0.0, seed=2),
    "close to the corners": lambda: vmd.Vortices(
        [[0.1, 0.1], [29.9, 0.2], [0.2, 24.9], [29.8, 24.8], [15.0, 12.0]], 1, vmd.Box((30.0, 25.0))
    ),
    "one cell": lambda: cloud(70, (8.01, 8.02)),
    "strip along x": lambda: cloud(300, (90.0, 8.001)),
    "strip along y": lambda: cloud(300, (8.001, 90.0)),
    "narrow open strip": lambda: cloud(150, (80.0, 0.5), ("periodic", "open"), min_distance=0.01),
    "narrow reflecting strip": lambda: cloud(
        150, (0.3, 70.0), ("reflecting", "periodic"), min_distance=0.01
    ),
    "reflecting": lambda: cloud(200, (25.0, 15.0), "reflecting"),
    "open": lambda: cloud(200, (15.0, 25.0), "open"),
    "open smaller than the cutoff": lambda: cloud(40, (2.0, 3.0), "open"),
    "periodic and free": lambda: cloud(200, (15.0, 25.0), ("periodic", "free")),
    "open and reflecting": lambda: cloud(200, (15.0, 25.0), ("open", "reflecting")),
    "free": spread_out_free,
    "on one line": lambda: vmd.Vortices(
        np.column_stack((np.linspace(0, 40, 90), np.full(90, 3.0))), 1, vmd.Box((1.0, 1.0), "free")
    ),
    "two": lambda: vmd.Vortices([[0.5, 0.5], [19.0, 0.2]], 1, vmd.Box((20.0, 20.0))),
}


def largest_force(pair_force, start):
    """Of any pair of windings present, on r ≥ 0.05 λ: what the tables' 1e-6 refers to."""
    kinds = np.unique(start.winding)
    laws = [pair_force.pair(a, b) for a in kinds for b in kinds if pair_force.covers(a, b)]
    return max(np.abs(law.force(np.geomspace(R_MIN, 10, 100))).max() for law in laws)


def check(start, law, sim=None):
    sim = sim or vmd.Simulation(start, law, dt=1e-6)
    forces, weight, energy = brute_force(start, law)
    measured = sim.forces()
    # Each pair is good to 1e-6 of the largest force; only the few in a switch come near that.
    each = 1e-6 * np.maximum(largest_force(law, start), weight)
    assert np.all(np.abs(measured - forces).max(axis=1) <= 5 * each)
    assert sim.energies()["pair"] == pytest.approx(energy, rel=1e-6, abs=1e-9)
    # Newton's third law: nothing but rounding is left of the sum.
    assert np.abs(measured.sum(axis=0)).max() <= 1e-13 * weight.sum()


@pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")
@pytest.mark.parametrize("case", CASES)
def test_forces_and_energy_are_those_of_brute_force(case):
    check(CASES[case](), LAW)
    check(CASES[case](), SOFT)


@pytest.mark.parametrize("case", CASES)
def test_the_list_holds_every_pair_once(case):
    """All are near enough to react, so that each is shown as it is found."""
    start = CASES[case]()
    reach, here = 4.0, Population.of(start)
    tables = build_tables(None, [1], ())
    kinds = sort_kinds(tables, np.array([[reach]]), np.zeros((1, 1)), "double")
    pairs = PairForces(here, tables, kinds, 0.1, 1)
    found, apart = pairs.close_pairs(np.array([[reach]]))
    first = np.lexsort((found[:, 1], found[:, 0]))
    found, apart = found[first], apart[first]
    r = np.sqrt((separations(start)[here.ids][:, here.ids] ** 2).sum(axis=2))
    i, j = np.nonzero(np.triu(r < reach, k=1))
    assert sorted(map(tuple, found.tolist())) == list(zip(i.tolist(), j.tolist(), strict=True))
    assert apart == pytest.approx(r[found[:, 0], found[:, 1]], rel=1e-12)


@pytest.mark.parametrize("case", ["random", "strip along x", "open", "periodic and free"])
def test_the_list_stays_good_while_vortices_move(case):
    """After steps that do and do not rebuild, the forces are still those of all pairs."""
    sim = vmd.Simulation(CASES[case](), LAW, dt=2e-4, temperature=1.0, seed=1)
    for steps in (1, 7, 30, 100):
        sim.run(steps)
        check(sim.state, LAW, sim)


def test_the_list_is_renewed_in_time():
    """Head on from beyond the list's reach, each at the same speed: no partner is met too late."""
    skin = 0.6
    gap = CUTOFF + skin + 0.01
    start = vmd.Vortices([[10.0, 10.0], [10.0 + gap, 10.0]], [1, -1], vmd.Box((40.0, 30.0)))
    drive = vmd.UniformDrive((2.0, 0.0))
    sim = vmd.Simulation(start, LAW, dt=0.01, external=drive, skin=skin)
    push = np.array([[2.0, 0.0], [-2.0, 0.0]])
    for _ in range(100):
        sim.run(1)
        pair, weight, _ = brute_force(sim.state, LAW)
        assert sim.forces() - push == pytest.approx(pair, abs=2e-5)
    assert weight.max() > 0.5


def test_one_vortex_feels_nothing():
    start = vmd.Vortices([[0.1, 0.2]], 1, vmd.Box((9.0, 9.0)))
    sim = vmd.Simulation(start, LAW, dt=0.01)
    assert np.array_equal(sim.forces(), [[0.0, 0.0]]) and sim.energy() == 0.0
    sim.run(5)
    assert np.array_equal(sim.state.positions, start.positions)


def test_two_vortices_by_hand():
    """F = K₁(r) along the line between them, across the periodic side, unswitched at r < 0.9 r_c."""
    start = vmd.Vortices([[0.5, 1.0], [19.3, 0.1]], [1, -1], vmd.Box((20.0, 20.0)))
    r = np.hypot(1.2, 0.9)
    toward = np.array([-1.2, -0.9]) / r
    sim = vmd.Simulation(start, LAW, dt=0.01)
    assert sim.forces() == pytest.approx(k1(r) * np.array([toward, -toward]), rel=1e-6)
    # The energy is measured from the cutoff: a constant that is the same for any near pair.
    close = vmd.Vortices([[0.5, 1.0], [19.9, 0.1]], [1, -1], start.box)
    gain = sim.energy() - vmd.Simulation(close, LAW, dt=0.01).energy()
    assert gain == pytest.approx(k0(np.hypot(0.6, 0.9)) - k0(r), rel=1e-6)


def test_three_species_with_laws_and_cutoffs_of_their_own():
    laws = pot.Interaction(
        {
            (1, 1): pot.London(f0=1.0, cutoff=4.0),
            (1, -1): pot.London(f0=2.0, cutoff=3.0),
            (1, 2): pot.London(f0=0.5, cutoff=2.5),
            (2, 2): pot.London(f0=0.25, cutoff=4.5),
            (2, -1): pot.London(f0=3.0, cutoff=2.0),
        }
    )
    for boundary in ("periodic", ("periodic", "open"), "free"):
        start = cloud(400, (20.0, 17.0), boundary, winding={1: 0.5, -1: 0.3, 2: 0.2})
        check(start, laws)


def test_gl_windings_of_every_kind():
    start = cloud(60, (60.0, 55.0), winding={1: 0.6, -1: 0.4}, min_distance=1.0)
    winding = start.winding.copy()
    winding[int(np.argmax(winding == 1))] = 2
    start = vmd.Vortices(start.positions, np.where(winding == -1, 1, winding), start.box)
    check(start, pot.GLFit(1.7))
    start = cloud(60, (60.0, 55.0), winding={1: 0.6, -1: 0.4}, min_distance=1.0)
    check(start, pot.GLFit(1.7))


@pytest.mark.parametrize("n", [4095, 4096, 4097, 6143, 6144, 8191, 8192])
def test_block_boundaries(n):
    """Where the number of blocks changes: every pair still counted once, from both sides."""
    law = pot.London(f0=1.0, cutoff=2.0)
    start = vmd.random_vortices(n, 1.0, min_distance=0.2, seed=n)
    forces, energy = tree_forces(start, law)
    for threads in (1, 2):
        sim = vmd.Simulation(start, law, dt=1e-4, threads=threads)
        assert np.abs(sim.forces() - forces).max() < 5e-6 * law.force(R_MIN)
        assert sim.energy() == pytest.approx(energy, rel=1e-7)


@pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")
def test_many_vortices_in_one_cell_across_blocks():
    """Blocks cut through a single cell: 4200 vortices, a box barely two cutoffs wide."""
    law = pot.FromFunction(lambda r: np.exp(-((4 * r) ** 2)), cutoff=0.5)
    start = cloud(4200, (1.02, 6.0), min_distance=1e-3)
    forces, energy = tree_forces(start, law)
    sim = vmd.Simulation(start, law, dt=1e-6)
    assert np.abs(sim.forces() - forces).max() < 1e-6 * np.abs(forces).max()
    assert sim.energy() == pytest.approx(energy, rel=1e-6)


@pytest.mark.parametrize("lengths", [(170.0, 177.0), (3000.0, 10.0)])
def test_thirty_thousand(lengths):
    law = pot.London(f0=1.0, cutoff=3.0)
    start = cloud(30_000, lengths, min_distance=0.2)
    forces, energy = tree_forces(start, law)
    sim = vmd.Simulation(start, law, dt=1e-4)
    assert np.abs(sim.forces() - forces).max() < 5e-6 * law.force(R_MIN)
    assert sim.energy() == pytest.approx(energy, rel=1e-7)
    assert np.abs(sim.forces().sum(axis=0)).max() < 1e-12 * np.abs(forces).sum()


def test_the_centre_of_mass_stays():
    """Momentum conservation over a run at T = 0, in which the energy falls."""
    sim = vmd.Simulation(cloud(300, (20.0, 15.0), min_distance=0.2), LAW, dt=1e-3)
    before = sim.energy()
    sim.run(300)
    assert np.abs(sim.displacement).max() < 1e-12
    assert sim.energy() < before
