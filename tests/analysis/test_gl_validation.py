"""Frames judged by Ginzburg-Landau theory: against the pair solver, symmetry, exact results."""

import json
import math

import numpy as np
import pytest

import gl_reference as gl
import potentials as pot
import vortexmd as vmd
from vortexmd.gl_pair_sums import run_forces, run_pair_sums
from vortexmd.gl_validation import frame_of_run, validate_frame
from vortexmd.gl_window import cut_window


def in_the_open(points, winding=1):
    """Vortices around the middle of a box without sides."""
    return vmd.Vortices(np.array(points) + 20.0, winding, vmd.Box((40.0, 40.0), "free"))


def triangle(d):
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    return d / math.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])


def crowd(n=40, lengths=(24.0, 20.0), seed=4):
    box = vmd.Box(lengths)
    return vmd.random_vortices(n, box=box, min_distance=1.5, winding={+1: 0.7, -1: 0.3}, seed=seed)


# ---------------------------------------------------------------------- sums over pairs


def test_the_run_s_own_forces_are_those_of_the_engine():
    state, law = crowd(), pot.GLTable(1.7, cutoff=9.0)
    sim = vmd.Simulation(state, pair_force=law, dt=0.1, temperature=0.0, seed=1)
    rows = np.arange(0, len(state), 3)
    forces = run_forces(law, state, rows)
    # The engine's tables hold a force to 1e-6 of its largest value.
    assert forces == pytest.approx(sim.forces()[rows], abs=1e-5)


def test_sums_over_a_cluster_are_sums_over_its_pairs():
    state, law = crowd(), pot.GLFit(1.7, cutoff=50.0)
    cluster = cut_window(state, 13.0, (3.0, 4.0), most=40)
    winding = state.winding[cluster.rows]
    sums = run_pair_sums(law, cluster.positions, winding)
    net, energy = np.zeros((len(winding), 2)), 0.0
    for i in range(len(winding)):
        for j in range(i):
            x = cluster.positions[i] - cluster.positions[j]
            d = math.hypot(*x)
            part = law.pair(int(winding[i]), int(winding[j]))
            net[i] += part.force(d) * x / d
            net[j] -= part.force(d) * x / d
            energy += part.energy(d)
    assert len(winding) > 5 and len(set(winding)) == 2
    assert sums.forces == pytest.approx(net, abs=1e-14)
    assert sums.energy == pytest.approx(energy, rel=1e-12)


def test_a_kind_that_is_alone_needs_no_law_for_itself():
    state = in_the_open([(0, 0), (3, 0)], [1, 2])
    found = validate_frame(state, pot.GLFit(1.7), window=8)
    assert found.force_md[1, 0] == pytest.approx(pot.GLFit(1.7).pair(1, 2).force(3.0), rel=1e-12)


# ---------------------------------------------------------------------- Ginzburg-Landau theory


@pytest.mark.parametrize("winding", [(1, 1), (1, 2), (1, -1)])
def test_two_vortices_are_a_pair(winding):
    """Nothing is left for three-body forces, and the force is that of the pair solver."""
    state = in_the_open([(0, 0), (1.8, 2.4)], winding)
    found = validate_frame(state, pot.London(), window=10, kappa=1.7 / math.sqrt(2))
    force = gl.pair_force(*winding, 1.7, 3.0, tolerance=1e-6)
    known = found.force_error + found.pairs_error
    assert np.abs(found.additivity_error).max() <= known < 1e-3 * abs(force)
    assert found.force_gl == pytest.approx(force * np.array([[-0.6, -0.8], [0.6, 0.8]]), abs=known)
    assert abs(found.energy_pairs - found.energy_gl) <= found.energy_error
    assert not found.to_dict()["additivity_resolved"]


def test_a_pair_on_the_mesh_beside_a_far_vortex():
    """The same with a third vortex so far off that it is not felt: now the mesh must do it."""
    state = in_the_open([(0, 0), (2.0, 0), (0, 17.0)])
    found = validate_frame(state, pot.GLTable(1.7), window=36)
    known = found.force_error + found.pairs_error
    assert np.abs(found.additivity_error).max() <= known
    assert found.force_gl[1, 0] == pytest.approx(gl.pair_force(1, 1, 1.7, 2.0), abs=known)
    assert np.abs(found.law_error).max() < 1e-5


@pytest.mark.slow
def test_a_triangle_costs_less_than_its_pairs():
    """Fig. 9: 0.525 against 0.416 ε₀ at μ = 1.7, d = 1 (docs/gl_reference.md)."""
    found = validate_frame(in_the_open(triangle(1.0)), pot.GLTable(1.7), window=6)
    assert found.energy_pairs == pytest.approx(0.525, abs=5e-4)
    assert found.energy_gl == pytest.approx(0.416, abs=5e-4)
    # The force is the slope of the energy; each vortex is d/√3 from the middle.
    around = {
        step: validate_frame(in_the_open(triangle(1.0 + step)), pot.London(), window=6, mu=1.7)
        for step in (-0.2, -0.1, 0.1, 0.2)
    }
    for energy, forces in (("energy_gl", found.force_gl), ("energy_pairs", found.force_pairs)):
        near, far = (
            (getattr(around[h], energy) - getattr(around[-h], energy)) / (2 * h) for h in (0.1, 0.2)
        )
        slope = (4 * near - far) / 3
        assert np.hypot(*forces.T) == pytest.approx(-slope / math.sqrt(3), rel=5e-3)
    assert found.to_dict()["additivity_resolved"]


def test_seven_vortices_close_together_are_one_of_winding_seven():
    """Exact at contact: E₇ − 7 E₁ of the radial solver, where 21 pairs say more than twice as much."""
    hexagon = 0.8 * np.array([[math.cos(k * np.pi / 3), math.sin(k * np.pi / 3)] for k in range(6)])
    found = validate_frame(in_the_open([*hexagon, (0, 0)]), pot.GLTable(1.7), window=6)
    contact = gl.single_vortex(7, 1.7).energy - 7 * gl.single_vortex(1, 1.7).energy
    assert found.energy_gl == pytest.approx(contact, abs=1e-4)
    assert found.energy_pairs > 2 * contact


def test_no_forces_at_mu_1():
    """Bogomolny: vortices of one sign do not act on each other, however many they are."""
    state = in_the_open([(0, 0), (1.3, 0.4), (-0.7, 1.9), (0.2, -2.2)], [1, 2, 1, 1])
    found = validate_frame(state, pot.London(), window=9, mu=1.0)
    assert np.abs(found.force_gl).max() < 2 * found.force_error < 2e-4
    assert abs(found.energy_gl) < 1e-4
    assert np.abs(found.pair_strength).max() < 1e-6
    json.dumps(found.to_dict(), allow_nan=False)


def test_errors_add_up_and_a_lattice_is_judged_by_its_pair_forces():
    lattice = vmd.triangular_lattice(64, 0.08)
    found = validate_frame(lattice, pot.GLFit(1.7), window=10.5)
    assert found.total_error == pytest.approx(found.additivity_error + found.law_error, abs=1e-15)
    middle = np.argmin(np.hypot(*(found.positions - found.centre).T))
    assert found.inner.tolist() == [k == middle for k in range(7)]
    about = found.to_dict()
    # Six neighbours at the lattice constant, and further ones.
    a = math.sqrt(2 / (math.sqrt(3) * 0.08))
    nearest = gl.pair_force(1, 1, 1.7, a)
    assert found.pair_scale[middle] == pytest.approx(math.sqrt(6) * nearest, rel=0.01)
    assert about["largest_pair_force"] == pytest.approx(nearest, rel=1e-3)
    assert np.hypot(*found.force_md_all[middle]) < 1e-12


# ---------------------------------------------------------------------- windows


def test_a_window_across_the_seam_is_the_shifted_one():
    state, law = crowd(), pot.GLTable(1.7, cutoff=9.0)
    options = {"window": 7.0, "tolerance": 1e-2}
    across = validate_frame(state, law, centre=(23.5, 19.0), **options)
    moved = vmd.Vortices(state.positions + np.array([12.0, 10.0]), state.winding, state.box)
    within = validate_frame(moved, law, centre=(11.5, 9.0), **options)
    assert np.array_equal(across.ids, within.ids) and len(across.ids) > 3
    assert np.ptp(across.positions, axis=0).max() <= 7.0
    assert across.force_gl == pytest.approx(within.force_gl, abs=across.force_error)
    for name in ("force_pairs", "force_md", "force_md_all", "pair_strength"):
        assert getattr(across, name) == pytest.approx(getattr(within, name), abs=1e-8), name
    assert np.array_equal(across.inner, within.inner)


def test_the_default_window_is_around_the_middle_vortex():
    state = vmd.triangular_lattice(64, 0.08)
    cluster = cut_window(state, 7.0, None, most=20)
    nearest = np.hypot(*(state.positions - 0.5 * np.array(state.box.lengths)).T).min()
    assert np.hypot(*(cluster.centre - 0.5 * np.array(state.box.lengths))) == nearest
    assert cluster.room.max() == pytest.approx(3.5)


@pytest.mark.parametrize(("window", "count"), [(0.3, 2), (30.0, 20)])
def test_a_window_that_will_not_do_names_one_that_does(window, count):
    state = vmd.random_vortices(300, box=vmd.Box((40.0, 40.0)), min_distance=1.2, seed=8)
    with pytest.raises(ValueError, match=r"give at (most|least) ") as caught:
        cut_window(state, window, (5.0, 5.0), most=20)
    proposed = float(str(caught.value).split("give at ")[1].split()[1].rstrip(","))
    assert len(cut_window(state, proposed, (5.0, 5.0), most=20).rows) == count


def test_free_sides_set_no_limit():
    cluster = cut_window(in_the_open([(-60, 0), (60, 0)]), 500.0, None, most=20)
    assert len(cluster.rows) == 2


def test_notes():
    state = in_the_open([(0, 0), (2.0, 0)], [1, -1])
    found = validate_frame(state, pot.GLFit(1.7), window=6, margin=0.0, tolerance=1e-2)
    assert found.inner.all() and len(found.notes) == 2
    assert "1 vortex-antivortex pair is nearer than d_A = 3.65 λ" in found.notes[-1]
    found = validate_frame(in_the_open([(0, 0), (1, 0)]), pot.London(), window=2.0, mu=1.7)
    assert "no vortex is inner" in found.notes[0]
    assert "0.5 flux quanta per λ² in the window are more than n_c2" in found.notes[1]
    assert all(note in found.summary() for note in found.notes)


# ---------------------------------------------------------------------- mistakes

PAIR = in_the_open([(0, 0), (2.0, 0)])


@pytest.mark.parametrize(
    ("state", "law", "options", "message"),
    [
        (PAIR, None, {}, "pair_force = None: give the potential"),
        (PAIR, pot.London(), {}, "has none .* mu= or kappa="),
        (PAIR, pot.London(), {"mu": 1.0, "kappa": 1.0}, "give exactly one"),
        (PAIR, pot.London(), {"mu": -1.0}, "mu = -1.0: must be positive"),
        (PAIR, pot.London(), {"mu": 30.0}, "mu = 30: the solver covers"),
        (PAIR, pot.GLFit(1.7), {"mu": 1.8}, r"mu = 1.8: the run's GLFit\(mu=1.7\) has mu = 1.7"),
        (PAIR, pot.GLFit(1.7), {"window": math.nan}, "window = nan: must be finite"),
        (PAIR, pot.GLFit(1.7), {"window": 1.0}, "holds 1 of 2 vortices .* give at least 4"),
        (PAIR, pot.GLFit(1.7), {"centre": (1.0,)}, "centre = .*give two finite numbers"),
        (PAIR, pot.GLFit(1.7), {"centre": (math.inf, 0)}, "centre = .*give two finite numbers"),
        (PAIR, pot.GLFit(1.7), {"margin": -1}, "margin = -1: give a finite number, 0 or more"),
        (PAIR, pot.GLFit(1.7), {"margin": 4}, "margin = 4 λ: .* give less than 4"),
        (PAIR, pot.GLFit(1.7), {"most": 1}, "most = 1: give a whole number from 2"),
        (PAIR, pot.GLFit(1.7), {"tolerance": 0}, "tolerance = 0.0: must be positive"),
        (PAIR, pot.GLFit(1.7), {"tolerance": 1}, "tolerance = 1: the solver covers"),
        (crowd(), pot.GLFit(1.7), {"window": 20.5}, "does not fit into the box 24 × 20 λ²"),
        (crowd(), pot.GLFit(1.7), {"window": 20}, "holds .* of 40 vortices .* more than the 20"),
        (
            in_the_open([(0, 0), (5e-4, 0)]),
            pot.GLFit(1.7),
            {},
            "vortices 0 and 1 are 0.0005 λ apart",
        ),
        (in_the_open([(0, 0), (0, 0)]), pot.GLFit(1.7), {}, "vortices 0 and 1 are 0 λ apart"),
        (in_the_open([(0, 0), (2, 0)], [3, 2]), pot.GLFit(1.7), {}, r"windings \(2, 3\)"),
    ],
)
def test_mistakes_are_named(state, law, options, message):
    with pytest.raises(ValueError, match=message):
        validate_frame(state, law, **{"window": 8.0, **options})


def test_runs_that_cannot_be_judged(tmp_path):
    state = in_the_open([(0, 0), (3.0, 0)])

    def force(r):
        return np.exp(-r)

    for name, law, message in (
        ("free.h5", None, "its vortices do not interact"),
        ("own.h5", pot.FromFunction(force, cutoff=10.0), "Python function"),
    ):
        writer = vmd.TrajectoryWriter(tmp_path / name)
        vmd.Simulation(state, pair_force=law, dt=0.1, seed=1).run(0, writers=[writer])
        with pytest.raises(ValueError, match=message):
            frame_of_run(tmp_path / name)
    with pytest.raises(ValueError, match=r"frame = 3: .* has frames 0 … 0"):
        frame_of_run(tmp_path / "free.h5", 3)
    with pytest.raises(FileNotFoundError):
        frame_of_run(tmp_path / "none.h5")


@pytest.mark.slow
def test_frames_of_a_run(tmp_path):
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", every=1)
    sim = vmd.Simulation(in_the_open([(0, 0), (3, 0)]), pair_force=pot.GLFit(1.7), dt=0.1, seed=1)
    sim.run(2, writers=[writer])
    for frame, step in ((0, 0), (-1, 2)):
        vortices, law = frame_of_run(tmp_path / "run.h5", frame)
        assert law == pot.GLFit(1.7) and vortices.step == step
