"""Where arithmetic ends: overlaps, overflows, extreme boxes, nobody left, more than there was room for.

In every case the run is right, or it stops with a sentence that names what is wrong, and state and files
are those of the last good step.
"""

import numpy as np
import pytest
from engine_twins import brute_force, cut, same_bits

import potentials as pot
import vortexmd as vmd
from potentials.pair_friction import TabulatedFriction
from vortexmd import analysis, neighbors
from vortexmd import flux_exchange as fx
from vortexmd.cli import main
from vortexmd.simulation import UnstableStepError

BOX = vmd.Box((12.0, 12.0))
R = np.linspace(0.5, 20.0, 200)
D = np.linspace(0.05, 4.0, 80)
DIVERGING = {
    "London": pot.London(f0=1.0, cutoff=5.0),
    "Log": pot.Log(q=1.0, cutoff=5.0),
    "Pearl": pot.Pearl(f0=1.0, pearl_length=2.0, cutoff=5.0),
}
LAWS = DIVERGING | {
    "GLFit": pot.GLFit(1.7, cutoff=6.0),
    "Tabulated": pot.Tabulated(R, np.exp(-R), cutoff=5.0),
}


def two(apart, law, box=BOX, winding=1, **options):
    """Two vortices, one `apart` (λ) right of the other, which lies on the left edge."""
    start = vmd.Vortices([[0.0, 6.0], [apart, 6.0]], winding, box)
    return vmd.Simulation(start, law, **{"dt": 0.01, "seed": 3, **options})


def finite(sim):
    return np.isfinite(sim.forces()).all() and np.isfinite(list(sim.energies().values())).all()


# ------------------------------------------------------------------ overlaps


@pytest.mark.parametrize("name", DIVERGING)
@pytest.mark.parametrize("apart", [0.0, 1e-300, 1e-160, 1e-12])
def test_overlaps_under_diverging_forces_are_refused_by_name(name, apart):
    sim = two(apart, DIVERGING[name])
    assert finite(sim)
    before = sim.state
    with pytest.raises(ValueError, match="vortices 0 and 1 lie on one spot"):
        sim.run(10)
    with pytest.raises(ValueError, match="vortices 0 and 1 lie on one spot"):
        sim.minimize()
    assert np.array_equal(sim.state.positions, before.positions) and sim.step == 0


@pytest.mark.parametrize("name", DIVERGING)
@pytest.mark.parametrize("apart", [2e-6, 1e-4])
def test_all_but_overlapping_is_too_large_a_step(name, apart):
    """10⁴ … 10⁶ Ω₀: no dt is small enough, and the message says which would be."""
    sim = two(apart, DIVERGING[name])
    with pytest.raises(UnstableStepError, match="use dt below about"):
        sim.run(10)
    assert sim.step == 0 and np.isfinite(sim.state.positions).all() and finite(sim)


@pytest.mark.parametrize("apart", [0.0, 1e-300, 1e-160, 1e-12])
def test_bounded_forces_on_one_spot(apart):
    """The fit's force goes to zero there: two stay one giant vortex when cold, and part when warm."""
    law = LAWS["GLFit"]
    cold, warm = two(apart, law), two(apart, law, temperature=1e-3)
    assert np.abs(cold.forces()).max() <= 1e-9 and finite(cold)
    for sim in (cold, warm):
        sim.run(200)
        assert finite(sim)
    assert np.abs(cold.box.minimum_image(np.diff(cold.state.positions, axis=0))).max() <= 1e-9
    assert np.hypot(*warm.box.minimum_image(np.diff(warm.state.positions, axis=0))[0]) > 1e-3


@pytest.mark.parametrize("apart", [0.0, 1e-300, 1e-160, 1e-12, 0.1])
def test_tables_that_end_before_contact(apart):
    """A tabulated force below its first node: finite, or refused."""
    try:
        sim = two(apart, LAWS["Tabulated"])
        sim.run(20)
    except (ValueError, UnstableStepError) as error:
        assert "\n" not in str(error)
    else:
        assert finite(sim)


@pytest.mark.parametrize("apart", [0.0, 1e-300, 1e-160, 1e-12, 1e-3])
def test_friction_of_pairs_that_overlap(apart):
    """Mobilities grow as d⁻² and are held below 0.03 λ; opposite signs, whose force diverges, are refused."""
    friction = TabulatedFriction(D, D**2 / (D**2 + np.exp(-(D**2))))
    like = two(apart, LAWS["GLFit"], pair_friction=friction)
    like.run(50)
    assert finite(like) and np.isfinite(like.velocities()).all()
    unlike = two(apart, LAWS["GLFit"], winding=(1, -1), pair_friction=friction)
    assert finite(unlike) and np.isfinite(unlike.velocities()).all()
    with pytest.raises((ValueError, UnstableStepError), match=r"lie on one spot|use dt below"):
        unlike.run(50)
    assert unlike.step == 0 and np.array_equal(unlike.state.positions[1], [apart, 6.0])


def test_a_heap_on_one_spot():
    """A hundred vortices at the same place: one cell, the energy of 4950 pairs, no force."""
    start = vmd.Vortices(np.full((100, 2), 5.0), 1, vmd.Box((40.0, 40.0)))
    sim = vmd.Simulation(start, LAWS["GLFit"], dt=0.01)
    sim.run(20)
    assert np.array_equal(sim.state.positions, start.positions) and not sim.forces().any()
    _, energy = cut(LAWS["GLFit"].pair(1, 1), np.array([1e-6]))
    assert sim.energy() == pytest.approx(4950 * energy[0], rel=1e-6)


# ------------------------------------------------------------------ overflow


def test_files_and_checkpoint_end_with_the_last_good_step(tmp_path):
    """A user's force that is infinite from x = 5.1 λ on, in the middle of a written run."""
    start = vmd.Vortices([[5.0, 5.0], [2.0, 2.0]], 1, BOX)
    field = vmd.ExternalForce.from_function(
        lambda r: np.stack((np.where(r[:, 0] < 5.1, 1.0, np.inf), np.zeros(len(r))), axis=1)
    )
    sim = vmd.Simulation(start, LAWS["London"], dt=0.005, external=[field])
    with pytest.raises(ValueError, match=r"force: returned \[inf +0\.\] at r = \[5\.1"):
        sim.run(
            1000,
            writers=[vmd.TrajectoryWriter(tmp_path / "run.h5", every=1)],
            checkpoint=tmp_path / "run.chk",
            checkpoint_seconds=1e-9,
        )
    assert 10 < sim.step < 30 and np.isfinite(sim.state.positions).all()
    with vmd.load(tmp_path / "run.h5") as trajectory:
        assert trajectory.steps.tolist() == list(range(sim.step + 1))
        assert np.array_equal(trajectory[-1].positions, sim.state.positions)
        assert np.isfinite(trajectory.energy).all()
    resumed = vmd.Simulation.resume(tmp_path / "run.chk", external=[vmd.UniformDrive((0.1, 0.0))])
    assert resumed.step == sim.step
    assert np.array_equal(resumed.state.positions, sim.state.positions)
    resumed.run(10)


def huge(force):
    return vmd.ExternalForce.from_function(lambda r: np.full_like(r, force))


FAULTS = {
    "a force near the end of numbers": ({"external": [huge(1e308)]}, "1.41e\\+306 λ in one step"),
    "two that add up to more": ({"external": [huge(1e308), huge(1e308)]}, "not a finite number"),
    "a displacement whose square overflows": ({"external": [huge(1e200)]}, "1.41e\\+198 λ in one"),
    "a time step beyond all": ({"dt": 1e30}, "dt = 1e\\+30: .* use dt below"),
    "heat beyond all": ({"temperature": 1e30}, "use dt below"),
    "a drive beyond all": ({"external": [vmd.UniformDrive((1e30, 0.0))]}, "1e\\+28 λ in one step"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("law", [None, LAWS["London"]], ids=["free", "London"])
@pytest.mark.parametrize("boundary", ["periodic", "free", "reflecting"])
def test_steps_beyond_all_bounds_are_refused(fault, law, boundary):
    """With and without an interaction, whose step limit is infinite otherwise."""
    options, message = FAULTS[fault]
    sim = two(3.0, law, vmd.Box((12.0, 12.0), boundary), **options)
    if law is None and options == {"dt": 1e30}:
        sim.external = [vmd.UniformDrive((1.0, 0.0))]
    before = sim.state
    with pytest.raises(UnstableStepError, match=message):
        sim.run(5)
    assert np.array_equal(sim.state.positions, before.positions)
    assert sim.step == 0 and sim.time == 0.0 and not sim.displacement.any()


def test_a_vortex_that_leaves_the_range_of_positions_is_stopped():
    """No interaction, no limit of a step: 10⁹ turns round the box, or 10¹² λ, are the end."""
    for boundary in ("periodic", "free"):
        box = vmd.Box((10.0, 10.0), boundary)
        start = vmd.Vortices([[5.0, 5.0]], 1, box)
        sim = vmd.Simulation(start, None, dt=1.0, external=[vmd.UniformDrive((3e9, 0.0))])
        with pytest.raises(UnstableStepError, match=r"vortex 0 .* nothing but rounding"):
            sim.run(1000)
        assert sim.step == (3 if boundary == "periodic" else 333)
        state = sim.state
        assert state.unwrapped[0, 0] == pytest.approx(sim.step * 3e9, rel=1e-8)
        assert abs(state.image).max() <= 10**9


@pytest.mark.parametrize("force", [lambda r: 1e290 * np.exp(-r), lambda r: 1e285 * np.exp(-r) / r])
def test_laws_too_large_for_tables_are_refused(force):
    with pytest.raises(ValueError, match="too large for tables"):
        two(3.0, pot.FromFunction(force, cutoff=5.0))


@pytest.mark.parametrize("f0", [1e20, 1e30, 1e300, 1e308])
def test_strengths_beyond_all_are_refused(f0):
    """By the law itself, or as too large a step: never as a number that is none."""
    with pytest.raises((ValueError, UnstableStepError)) as refusal:
        two(1.0, pot.London(f0=f0, cutoff=5.0)).run(10)
    assert "\n" not in str(refusal.value) and "nan" not in str(refusal.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_laws_that_are_not_finite_somewhere_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        two(3.0, pot.FromFunction(lambda r: np.where(r < 2.0, bad, np.exp(-r)), cutoff=5.0))


def test_steps_of_next_to_no_time():
    """dt = 10⁻³⁰: a million steps are 10⁻²⁴ τ, and nobody has visibly moved."""
    sim = two(1.0, LAWS["London"], dt=1e-30, temperature=1.0)
    before = sim.state.positions
    sim.run(1000)
    assert sim.time == 1000 * 1e-30
    assert np.abs(BOX.minimum_image(sim.state.positions - before)).max() <= 1e-12


def test_temperature_zero_draws_nothing_and_heat_later_goes_on_as_if_it_had():
    """Noise depends on the step alone, whatever the temperature was before."""
    runs = [two(1.0, None, temperature=t) for t in (0.0, 0.7)]
    for sim in runs:
        sim.run(10)
        sim.temperature = 0.5
    assert np.array_equal(runs[0].state.positions, [[0.0, 6.0], [1.0, 6.0]])
    moved = []
    for sim in runs:
        before = sim.state.unwrapped
        sim.run(10)
        moved.append(sim.state.unwrapped - before)
    assert np.allclose(*moved, rtol=0, atol=1e-14)


# ------------------------------------------------------------------ few


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_one_vortex_does_not_feel_its_images(law):
    start = vmd.Vortices([[11.9, 0.1]], 1, BOX)
    sim = vmd.Simulation(start, law, dt=0.01, seed=1)
    assert not sim.forces().any() and sim.energy() == 0.0
    assert sim.tail_correction() >= 0.0
    sim.run(10)
    assert np.array_equal(sim.state.positions, start.positions)
    assert sim.minimize()
    sim.temperature = 0.1
    sim.run(50)
    assert not sim.forces().any() and sim.energy() == 0.0


def written(sim, path, steps=40, every=10):
    sim.run(steps, writers=[vmd.TrajectoryWriter(path, every=every)])
    return path


def test_one_vortex_can_be_looked_at(tmp_path, capsys):
    sim = vmd.Simulation(
        vmd.Vortices([[1.0, 1.0]], 1, BOX), LAWS["London"], dt=0.01, temperature=0.1
    )
    path = written(sim, tmp_path / "one.h5")
    look_at_everything(sim.state, path, capsys)


def look_at_everything(state, path, capsys, *, plot=True):
    """Analysis: an answer, or a refusal in one line. What is reported, drawn and exported of the file."""
    for command in (["info"], ["info", "--json"], ["plot"])[: 2 + plot]:
        assert main([*command, str(path)]) == 0, command
    assert main(["export", str(path), str(path.with_suffix(".xyz"))]) == 0
    told = capsys.readouterr()
    assert f'"count": {len(state)}' in told.out or str(len(state)) in told.out
    assert "Traceback" not in told.err and path.with_suffix(".png").exists() == plot
    looks = {name: getattr(analysis, name) for name in analysis.__all__ if name[0].islower()}
    for name, look in looks.items():
        try:
            look(state, 3.0) if name == "radial_distribution" else look(state)
        except ValueError as error:
            assert "\n" not in str(error), name
    with vmd.load(path) as trajectory:
        assert np.isfinite(trajectory.mean_velocity[1:]).all() or len(state) == 0
        assert np.isfinite(trajectory.energy).all() and trajectory.count[-1] == len(state)
        assert len(trajectory[-1]) == len(state)


def test_two_vortices_in_the_smallest_box():
    """Exactly twice the cutoff: each has one image of the other within reach, at most."""
    law = pot.London(f0=1.0, cutoff=5.0)
    box = vmd.Box((10.0, 10.0))
    for apart in (0.5, 4.999, 5.0, 5.001, 9.5):
        sim = two(apart, law, box)
        exact, _, energy = brute_force(sim.state, law)
        assert np.allclose(sim.forces(), exact, rtol=0, atol=1e-6)
        assert sim.energy() == pytest.approx(energy, abs=1e-6)
    with pytest.raises(ValueError, match="twice the cutoff"):
        two(1.0, law, vmd.Box((9.99, 10.0)))


# ------------------------------------------------------------------ boxes of any shape


SHAPES = {
    "10⁶ × 10": (1e6, 10.0),
    "10 × 10⁵": (10.0, 1e5),
    "10¹¹ × 10": (1e11, 10.0),
    "1 × 10³": (1.0, 1e3),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("boundary", ["periodic", "open", ("free", "periodic")])
@pytest.mark.parametrize("n", [3, 200])
def test_extreme_boxes(shape, boundary, n):
    """Cells in proportion to the vortices, forces of brute force; some pairs across the ends."""
    lengths = SHAPES[shape]
    law = pot.London(f0=1.0, cutoff=0.5 * min(lengths))
    rng = np.random.default_rng(1)
    box = vmd.Box(lengths, boundary)
    # Half of them anywhere, half in a clump at the corner.
    r = rng.random((n, 2)) * box.lengths
    r[::2] = rng.random((len(r[::2]), 2)) * min(lengths)
    start = vmd.Vortices(r, 1, box)
    sim = vmd.Simulation(start, law, dt=1e-7, seed=1)
    exact, size, energy = brute_force(start, law)
    tolerance = 2e-6 * size.max() + 1e-12
    assert np.abs(sim.forces() - exact).max() <= tolerance
    assert sim.energy() == pytest.approx(energy, rel=1e-5, abs=1e-9)
    assert sim._pairs.rows.count * sim._pairs.rows.columns <= 64 * n + 4096
    sim.temperature = 1.0
    sim.run(20)
    assert finite(sim)


def test_cells_are_bounded_where_one_axis_cannot_be_cut():
    positions = np.array([[1.0, 1.0], [1e12 - 1, 2.0]])
    rows = neighbors.cut_rows(positions, vmd.Box((1e12, 10.0)), 6.0, 1, 8)
    assert rows.count * rows.columns <= 64 * 2 + 4096
    # About one for each vortex where they are many.
    positions = np.random.default_rng(1).random((1000, 2)) * [500.0, 10.0]
    rows = neighbors.cut_rows(positions, vmd.Box((500.0, 10.0)), 4.0, 1, 8)
    assert 500 <= rows.count * rows.columns <= 4064


@pytest.mark.parametrize("lengths", [(1e15, 10.0), (10.0, 1e300), (1e-15, 10.0)])
def test_boxes_that_numbers_cannot_fill_are_refused(lengths):
    with pytest.raises(ValueError, match=r"box\.lengths"):
        vmd.Box(lengths)


@pytest.mark.parametrize("x", [1e18, -1e18, 1e300])
@pytest.mark.parametrize("boundary", ["periodic", "free", "open"])
def test_positions_of_nothing_but_rounding_are_refused(x, boundary):
    with pytest.raises(ValueError, match=r"positions\[1\]"):
        vmd.Vortices([[1.0, 1.0], [x, 2.0]], 1, vmd.Box((10.0, 10.0), boundary))


def test_the_largest_box_resolves_what_it_says():
    """At 10¹² λ positions are 10⁻⁴ λ apart: forces are those of the rounded positions, steps add up."""
    box = vmd.Box((1e12, 1e12))
    start = vmd.Vortices([[9e11, 5.0], [9e11 + 1.0, 5.0]], 1, box)
    sim = vmd.Simulation(
        start, LAWS["London"], dt=0.001, external=[vmd.UniformDrive((0.01, 0.0))], seed=1
    )
    exact, _, _ = brute_force(start, LAWS["London"])
    assert np.abs(sim.forces() - [0.01, 0.0] - exact).max() <= 1e-6
    apart = 1.0
    sim.run(2000)
    # By hand: the same two from the origin, where rounding is 10⁻¹⁶ λ.
    near = vmd.Simulation(
        vmd.Vortices([[5.0, 5.0], [6.0, 5.0]], 1, BOX), LAWS["London"], dt=0.001, seed=1
    )
    near.run(2000)
    apart = np.diff(near.state.positions[:, 0])[0]
    assert np.diff(sim.state.positions[:, 0])[0] == pytest.approx(apart, abs=5e-4)


def test_a_skin_longer_than_the_box():
    """The list then lasts for several turns: separations are those of the nearest images all the same."""
    law = pot.London(f0=0.1, cutoff=1.0)
    box = vmd.Box((2.5, 2.5))
    start = vmd.random_vortices(8, box=box, min_distance=0.5, winding={1: 0.5, -1: 0.5}, seed=1)
    settings = {"dt": 0.02, "external": [vmd.UniformDrive((5.0, 1.0))], "max_displacement": 1.0}
    law = pot.Interaction({(1, 1): law, (1, -1): -0.01 * law})
    sim = vmd.Simulation(start, law, skin=40.0, seed=1, **settings)
    for _ in range(12):
        sim.run(4)
        anew = vmd.Simulation(sim.state, law, **settings)
        assert np.allclose(sim.forces(), anew.forces(), rtol=0, atol=1e-12)
        assert sim.energy() == pytest.approx(anew.energy(), rel=1e-11)
        close = np.full((2, 2), 0.9)
        assert len(sim._pairs.close_pairs(close)[0]) == len(anew._pairs.close_pairs(close)[0])
    assert sim._pairs.valid and np.abs(sim._here.positions - sim._here.reference).max() > 4.0


# ------------------------------------------------------------------ nobody left, and many more


def gone_by_annihilation():
    start = vmd.Vortices([[1.0, 1.0], [1.6, 1.0], [5.0, 5.0], [5.5, 5.0]], [1, -1, 1, -1], BOX)
    law = pot.London(f0=1.0, cutoff=5.0)
    return vmd.Simulation(
        start,
        law,
        dt=0.01,
        temperature=0.01,
        reactions=[vmd.Annihilation(distance=0.3)],
        max_displacement=2.0,
    )


def gone_by_exit():
    start = vmd.random_vortices(5, box=vmd.Box((12.0, 12.0), "open"), min_distance=1.0, seed=1)
    return vmd.Simulation(
        start,
        LAWS["London"],
        dt=0.1,
        temperature=0.01,
        external=[vmd.UniformDrive((3.0, 0.0))],
        max_displacement=2.0,
    )


@pytest.mark.parametrize("make", [gone_by_annihilation, gone_by_exit])
def test_a_run_goes_on_with_nobody(make, tmp_path, capsys):
    sim = make()
    path = written(sim, tmp_path / "run.h5", steps=200)
    assert len(sim.state) == 0 and sim.step == 200
    assert sim.energy() == 0.0 and sim.forces().shape == (0, 2)
    assert sim.tail_correction() == 0.0
    assert sim.velocities().shape == (0, 2)
    sim.save(tmp_path / "run.chk")
    resumed = vmd.Simulation.resume(tmp_path / "run.chk")
    for other in (sim, resumed):
        other.run(30)
    assert same_bits(sim, resumed)
    sim.external = []
    assert sim.minimize()
    look_at_everything(sim.state, path, capsys, plot=make is gone_by_exit)


def filling(start_with=2, threads=None):
    """A sample with open ends that fills from outside: 2 vortices become some 500."""
    box = vmd.Box((20.0, 20.0), "open")
    regions = vmd.Regions.rectangles([[0, 0, 20, 20]], box=box)
    law = fx.ActivationLaw("linear", u0=0.0, b_max=50.0)
    rule = vmd.ArrheniusHopping(
        regions, [law], attempt_rate=1.5, hop_distance=0.5, outside=40.0, allow_above=True
    )
    start = vmd.Vortices(
        np.linspace(5.0, 15.0, start_with)[:, None] * [1.0, 0.9], 1, box, ids=np.arange(start_with)
    )
    return vmd.Simulation(
        start,
        pot.London(f0=0.05, cutoff=1.5),
        dt=0.02,
        temperature=0.5,
        seed=4,
        reactions=[rule],
        threads=threads,
        max_displacement=5.0,
    )


def test_growing_far_beyond_the_start(tmp_path, monkeypatch):
    """Arrays and file grow on the way; cut and resumed, on more threads, the bits are the same."""
    monkeypatch.setattr("vortexmd.neighbors.MIN_BLOCK", 32)
    whole = filling()
    path = tmp_path / "run.h5"
    whole.run(35, writers=[vmd.TrajectoryWriter(path, every=5)])
    assert len(whole.state) > 500 and len(whole._pairs.pairs.halo) > 1
    ids = [i for event in whole.events if event.kind == "entry" for i in event.ids]
    assert len(set(ids)) == len(ids) and min(ids) == 2
    assert whole._here.next_id == max(ids) + 1 > len(whole.state)
    cut = filling()
    parts = tmp_path / "parts.h5"
    for steps, threads in ((8, 4), (15, 2), (12, 1)):
        cut.run(steps, writers=[vmd.TrajectoryWriter(parts, every=5, resume=cut.step > 0)])
        cut.save(tmp_path / "run.chk")
        cut = vmd.Simulation.resume(tmp_path / "run.chk", threads=threads)
    assert same_bits(whole, cut) and whole.energies() == cut.energies()
    with vmd.load(path) as one, vmd.load(parts) as other:
        assert one.count.tolist() == other.count.tolist()
        assert one.count.max() > 500
        for a, b in zip(one, other, strict=True):
            assert np.array_equal(a.positions, b.positions) and np.array_equal(a.ids, b.ids)
        assert np.array_equal(one.energy, other.energy)
        assert one.events == other.events


def test_ids_of_the_gone_are_not_given_again():
    """Filled, emptied by a drive through the open ends, filled again."""
    sim = filling()
    sim.run(20)
    first = set(sim.state.ids.tolist())
    sim.external = [vmd.UniformDrive((200.0, 0.0))]
    sim.run(5)
    sim.external = []
    sim.run(20)
    seen = [i for event in sim.events if event.kind == "entry" for i in event.ids]
    assert len(set(seen)) == len(seen)
    assert first.isdisjoint(
        i for e in sim.events if e.step > 25 and e.kind == "entry" for i in e.ids
    )
