"""Bad input: one clear error each, naming the field and the remedy, before anything is written."""

import numpy as np
import pytest
from engine_twins import Recorder

import potentials as pot
import vortexmd as vmd

BOX = vmd.Box((10.0, 12.0))
LAW = pot.London(f0=1.0, cutoff=4.0)
TWO = vmd.Vortices([[1.0, 1.0], [4.0, 4.0]], 1, BOX)


def vortices(positions, winding=1, box=BOX, **options):
    return lambda: vmd.Vortices(positions, winding, box, **options)


def box(lengths=(1.0, 1.0), boundary="periodic"):
    return lambda: vmd.Box(lengths, boundary)


def simulation(start=TWO, law=LAW, **options):
    return lambda: vmd.Simulation(start, law, **({"dt": 0.01} | options))


def random(*args, **options):
    return lambda: vmd.random_vortices(*args, **options)


def pins(positions=((1.0, 1.0),), **options):
    return lambda: vmd.GaussianPins(positions, **({"depth": 1.0, "radius": 1.0} | options))


REFUSED = {
    # box
    "length 0": (box((0.0, 1.0)), r"box\.lengths"),
    "length negative": (box((-1.0, 1.0)), r"box\.lengths"),
    "length NaN": (box((np.nan, 1.0)), r"box\.lengths"),
    "length infinite": (box((np.inf, 1.0)), r"box\.lengths"),
    "one length": (box((1.0,)), r"box\.lengths"),
    "length a number": (box(5.0), r"box\.lengths"),
    "length a word": (box(("a", 1.0)), r"box\.lengths"),
    "unknown boundary": (box(boundary="closed"), r"box\.boundary = 'closed'.*periodic.*open"),
    "one unknown boundary": (box(boundary=("open", "wall")), r"box\.boundary.*periodic"),
    "three boundaries": (box(boundary=("open",) * 3), r"box\.boundary"),
    "boundary None": (box(boundary=None), r"box\.boundary"),
    "boundary a number": (box(boundary=3), r"box\.boundary"),
    # vortices
    "no box": (lambda: vmd.Vortices([[1.0, 1.0]], 1), "box"),
    "box a tuple": (vortices([[1.0, 1.0]], box=(10.0, 10.0)), "box"),
    "NaN position": (vortices([[1.0, 1.0], [np.nan, 2.0]]), r"positions\[1\].*not finite"),
    "infinite position": (vortices([[np.inf, 1.0]]), r"positions\[0\].*not finite"),
    "three columns": (vortices([[1.0, 1.0, 0.0]]), r"positions: shape \(1, 3\)"),
    "flat positions": (vortices([1.0, 2.0]), "positions: shape"),
    "words as positions": (vortices([["a", "b"]]), "positions"),
    "ragged positions": (vortices([[1.0, 2.0], [3.0]]), "positions"),
    "winding 0": (vortices([[1.0, 1.0], [2.0, 2.0]], [1, 0]), r"winding\[1\] = 0"),
    "winding 1.5": (vortices([[1.0, 1.0]], [1.5]), "winding: give integers"),
    "winding NaN": (vortices([[1.0, 1.0]], [np.nan]), "winding: give integers"),
    "winding infinite": (vortices([[1.0, 1.0]], [np.inf]), "winding"),
    "winding a word": (vortices([[1.0, 1.0]], ["+"]), r"winding = \['\+'\]: give integers"),
    "winding True": (vortices([[1.0, 1.0]], True), "winding = True: give integers"),
    "too few windings": (vortices([[1.0, 1.0], [2.0, 2.0]], [1]), "winding: shape"),
    "winding beyond the limit": (vortices([[1.0, 1.0]], 10_000), r"winding\[0\] = 10000"),
    "duplicate ids": (vortices([[1.0, 1.0], [2.0, 2.0]], ids=[3, 3]), "ids: 3 occurs"),
    "negative id": (vortices([[1.0, 1.0]], ids=[-1]), "ids"),
    "huge id": (vortices([[1.0, 1.0]], ids=[2**53]), "ids"),
    "too many ids": (vortices([[1.0, 1.0]], ids=[1, 2]), "ids: shape"),
    "image of another shape": (vortices([[1.0, 1.0]], image=[[0, 0], [0, 0]]), "image: shape"),
    "outside a reflecting side": (
        vortices([[1.0, 1.0], [1.0, 13.0]], box=vmd.Box((10.0, 12.0), ("periodic", "reflecting"))),
        r"positions\[1\].*reflecting",
    ),
    # lattices
    "density 0": (lambda: vmd.triangular_lattice(12, 0.0), "density"),
    "density NaN": (lambda: vmd.square_lattice(9, np.nan), "density"),
    "density a word": (lambda: vmd.square_lattice(9, "1"), "density"),
    "n = 0": (lambda: vmd.triangular_lattice(0, 1.0), "n = 0"),
    "n = 2.5": (random(2.5, 1.0), r"n = 2\.5"),
    "n True": (random(True, 1.0), "n = True"),
    "n NaN": (random(np.nan, 1.0), "n = nan"),
    "n infinite": (random(np.inf, 1.0), "n = inf"),
    "n a word": (random("ten", 1.0), "n = 'ten'"),
    "n None": (random(None, 1.0), "n = None"),
    "density and box": (random(5, 1.0, box=BOX), "density, box"),
    "neither density nor box": (random(5), "density, box"),
    "box a word": (random(5, box="large"), "box"),
    "negative distance": (random(5, 1.0, min_distance=-0.1), "min_distance"),
    "distance NaN": (random(5, 1.0, min_distance=np.nan), "min_distance"),
    "distance a word": (random(5, 1.0, min_distance="1"), "min_distance"),
    "no room": (random(500, 1.0, min_distance=1.0), r"min_distance = 1.*at most"),
    "fractions not 1": (random(5, 1.0, winding={1: 0.5, -1: 0.4}), "winding.*add up to 1"),
    "negative fraction": (random(5, 1.0, winding={1: 1.5, -1: -0.5}), "winding"),
    "fraction NaN": (random(5, 1.0, winding={1: np.nan, -1: 0.5}), "winding"),
    "fraction a word": (random(5, 1.0, winding={1: "half", -1: 0.5}), "winding"),
    "no fractions": (random(5, 1.0, winding={}), "winding"),
    "winding 0 at random": (random(5, 1.0, winding=0), "winding"),
    # pins
    "pin NaN": (pins([[np.nan, 1.0]]), r"pins\.positions"),
    "pins flat": (pins([1.0, 2.0]), r"pins\.positions"),
    "pins words": (pins([["a", "b"]]), r"pins\.positions"),
    "depth NaN": (pins(depth=np.nan), r"pins\.depth"),
    "depth a word": (pins(depth="deep"), r"pins\.depth"),
    "depths too many": (pins(depth=[1.0, 2.0]), r"pins\.depth: shape"),
    "radius 0": (pins(radius=0.0), r"pins\.radius"),
    "radius negative": (pins(radius=-1.0), r"pins\.radius"),
    "radius infinite": (pins(radius=np.inf), r"pins\.radius"),
    "pin outside": (
        pins([[1.0, 9.0]], box=vmd.Box((4.0, 4.0), "open")),
        r"pins\.positions\[0\].*outside",
    ),
    "pins without a box": (
        lambda: vmd.GaussianPins.square(9, depth=1.0, radius=1.0, box=None),
        r"pins\.box",
    ),
    "pins n NaN": (
        lambda: vmd.GaussianPins.square(np.nan, depth=1.0, radius=1.0, box=BOX),
        r"pins\.n",
    ),
    "pins n negative": (
        lambda: vmd.GaussianPins.triangular(-2, depth=1.0, radius=1.0, box=BOX),
        r"pins\.n",
    ),
    "pins too close": (
        lambda: vmd.GaussianPins.random(500, depth=1.0, radius=1.0, box=BOX, min_distance=1.0),
        "min_distance",
    ),
    # simulation
    "start an array": (simulation(TWO.positions), "start"),
    "nobody": (simulation(vmd.Vortices(np.empty((0, 2)), 1, BOX)), "start: no vortices"),
    "law a function": (simulation(law=lambda r: r), "pair_force.*FromFunction"),
    "law a word": (simulation(law="London"), "pair_force"),
    "dt 0": (simulation(dt=0.0), "dt = 0.0"),
    "dt negative": (simulation(dt=-0.1), "dt"),
    "dt NaN": (simulation(dt=np.nan), "dt"),
    "dt infinite": (simulation(dt=np.inf), "dt"),
    "dt a word": (simulation(dt="0.1"), "dt = '0.1'"),
    "dt True": (simulation(dt=True), "dt = True"),
    "dt None": (simulation(dt=None), "dt = None"),
    "temperature negative": (simulation(temperature=-0.1), "temperature"),
    "temperature NaN": (simulation(temperature=np.nan), "temperature"),
    "temperature infinite": (simulation(temperature=np.inf), "temperature"),
    "temperature a word": (simulation(temperature="cold"), "temperature"),
    "temperature True": (simulation(temperature=True), "temperature"),
    "temperature False": (simulation(temperature=False), "temperature"),
    "seed negative": (simulation(seed=-1), "seed"),
    "seed 1.5": (simulation(seed=1.5), "seed"),
    "seed too large": (simulation(seed=2**64), "seed"),
    "seed None": (simulation(seed=None), "seed"),
    "unknown integrator": (simulation(integrator="euler"), "integrator = 'euler'.*euler-maruyama"),
    "precision of a float": (
        simulation(precision="float32"),
        "precision = 'float32'.*double, mixed",
    ),
    "precision None": (simulation(precision=None), "precision"),
    "threads 0": (simulation(threads=0), "threads = 0"),
    "threads negative": (simulation(threads=-2), "threads"),
    "threads 1.5": (simulation(threads=1.5), "threads"),
    "threads a word": (simulation(threads="two"), "threads"),
    "threads True": (simulation(threads=True), "threads"),
    "friction 0": (simulation(friction=0.0), "friction"),
    "friction NaN": (simulation(friction=np.nan), "friction"),
    "friction negative": (simulation(friction={1: -1.0}), r"friction\[1\]"),
    "friction for another winding": (
        simulation(friction={2: 1.0}),
        "friction: no value for winding 1",
    ),
    "friction a word": (simulation(friction="sticky"), "friction"),
    "skin 0": (simulation(skin=0.0), "skin"),
    "skin NaN": (simulation(skin=np.nan), "skin"),
    "skin a word": (simulation(skin="thin"), "skin"),
    "limit 0": (simulation(max_displacement=0.0), "max_displacement"),
    "limit a word": (simulation(max_displacement="far"), "max_displacement"),
    "external a function": (simulation(external=[lambda r: r]), "external.*from_function"),
    "external a word": (simulation(external="pins"), "external"),
    "external None": (simulation(external=None), "external"),
    "reactions a word": (simulation(reactions=["annihilation"]), "reactions"),
    "reactions None": (simulation(reactions=None), "reactions"),
    "uncovered windings": (
        simulation(vmd.Vortices(TWO.positions, 2, vmd.Box((60.0, 60.0))), pot.GLFit(1.7)),
        r"pair_force: windings \(2, 2\).*Interaction",
    ),
    "uncovered opposite windings": (
        simulation(vmd.Vortices(TWO.positions, [1, -2], vmd.Box((60.0, 60.0))), pot.GLFit(1.7)),
        r"pair_force: windings",
    ),
    "uncovered in an Interaction": (
        simulation(vmd.Vortices(TWO.positions, [1, -1], BOX), pot.Interaction({(1, 1): LAW})),
        r"pair_force: windings \(-?1, -?1\).*covers \(1, 1\)",
    ),
    "box below twice the cutoff": (
        simulation(law=pot.London(f0=1.0, cutoff=5.001)),
        r"box\.lengths\[0\] = 10.*twice the cutoff.*10\.002.*cutoff=",
    ),
    "the other side too": (
        simulation(
            vmd.Vortices(TWO.positions, 1, vmd.Box((12.0, 9.0))), pot.London(f0=1.0, cutoff=5.0)
        ),
        r"box\.lengths\[1\]",
    ),
    "endless force in a periodic box": (
        simulation(law=pot.Log(q=1.0)),
        r"pair_force.*never ends.*periodic along x.*cutoff=",
    ),
    "endless force in a half-periodic box": (
        simulation(
            vmd.Vortices(TWO.positions, 1, vmd.Box((10.0, 12.0), ("open", "periodic"))),
            pot.Log(q=1.0),
        ),
        "periodic along y",
    ),
    "endless force on too many": (
        simulation(
            vmd.Vortices(
                np.random.default_rng(0).random((20_001, 2)), 1, vmd.Box((1.0, 1.0), "free")
            ),
            pot.Log(q=1.0),
        ),
        "pair_force.*20000",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_a_box_of_exactly_twice_the_cutoff_is_large_enough():
    simulation(law=pot.London(f0=1.0, cutoff=5.0))().run(3)


class TestRun:
    """What is refused when a run starts, and what is left behind: nothing."""

    def writer(self, path):
        class Touch(Recorder):
            def start(self, sim):
                path.write_text("started")

        return Touch(lambda s: None)

    def check_nothing_written(self, sim, path, error, match):
        before = sim.state
        with pytest.raises(error, match=match) as caught:
            sim.run(10, writers=[self.writer(path)])
        assert "\n" not in str(caught.value)
        assert not path.exists()
        assert sim.step == 0 and np.array_equal(sim.state.positions, before.positions)

    def test_steps(self):
        for bad in (-1, 1.5, "ten", True, None, np.nan):
            with pytest.raises(ValueError, match="steps"):
                simulation()().run(bad)
            with pytest.raises(ValueError, match="steps"):
                simulation()().anneal(0.1, bad)

    def test_anneal_temperature(self):
        for bad in (-1.0, np.nan, "cold", np.inf):
            with pytest.raises(ValueError, match="to_temperature"):
                simulation()().anneal(bad, 10)

    @pytest.mark.parametrize("law", [LAW, pot.Log(q=1.0, cutoff=4.0), pot.GLFit(1.7, cutoff=5.0)])
    def test_overlapping_vortices(self, law, tmp_path):
        """A diverging force refuses them, by id; a bounded one (Eq. 17) does not mind."""
        where = [[2.5, 3.0], [6.0, 6.0], [2.5, 3.0]]
        start = vmd.Vortices(where, 1, vmd.Box((30.0, 30.0)), ids=[4, 5, 9])
        sim = vmd.Simulation(start, law, dt=1e-3)
        if isinstance(law, pot.GLFit):
            sim.run(5)
            assert sim.step == 5
            return
        self.check_nothing_written(
            sim,
            tmp_path / "out",
            ValueError,
            r"start: vortices [49] and [49].*diverges.*min_distance",
        )
        with pytest.raises(ValueError, match="one spot"):
            sim.minimize()

    def test_overlap_across_the_boundary_and_between_signs(self, tmp_path):
        start = vmd.Vortices([[0.0, 3.0], [10.0, 3.0]], [1, -1], BOX)
        self.check_nothing_written(
            vmd.Simulation(start, LAW, dt=1e-3), tmp_path / "out", ValueError, "one spot"
        )

    def test_dt_far_too_large(self, tmp_path):
        start = vmd.random_vortices(50, box=vmd.Box((10.0, 10.0)), min_distance=0.3, seed=1)
        sim = vmd.Simulation(start, LAW, dt=100.0)
        self.check_nothing_written(
            sim,
            tmp_path / "out",
            vmd.UnstableStepError,
            r"dt = 100: at step 0 vortex \d+.*use dt below",
        )

    def test_dt_far_too_large_for_the_noise(self, tmp_path):
        """A perfect lattice has no forces: it is the noise that would throw it over."""
        sim = vmd.Simulation(vmd.triangular_lattice(120, 1.0), LAW, dt=1e4, temperature=0.1)
        self.check_nothing_written(sim, tmp_path / "out", vmd.UnstableStepError, "dt")

    def test_dt_made_too_large_between_runs(self, tmp_path):
        start = vmd.random_vortices(50, box=vmd.Box((10.0, 10.0)), min_distance=0.3, seed=1)
        sim = vmd.Simulation(start, LAW, dt=1e-3)
        sim.run(5)
        sim.dt = 100.0
        path = tmp_path / "out"
        with pytest.raises(vmd.UnstableStepError, match="dt = 100"):
            sim.run(10, writers=[self.writer(path)])
        assert not path.exists() and sim.step == 5

    def test_a_close_pair_asks_for_a_smaller_step_that_works(self, tmp_path):
        import re

        start = vmd.Vortices([[2.0, 2.0], [2.02, 2.0]], 1, BOX)
        sim = vmd.Simulation(start, LAW, dt=0.05)
        with pytest.raises(vmd.UnstableStepError) as error:
            sim.run(1)
        smaller = float(re.search(r"use dt below about (\S+),", str(error.value))[1])
        assert 0 < smaller < 0.05
        vmd.Simulation(start, LAW, dt=smaller).run(100)

    def test_a_runaway_stops_at_the_last_good_state(self):
        """Unstable drift: x' = x·Δt·k grows without end until the guard stops it."""
        box = vmd.Box((10.0, 10.0), "free")
        push = vmd.ExternalForce.from_function(lambda r: 5.0 * r)
        start = vmd.Vortices([[1.0, 1.0], [5.0, 5.0]], 1, box)
        sim = vmd.Simulation(start, LAW, dt=0.01, external=push)
        with pytest.raises(vmd.UnstableStepError, match=r"step (\d+) vortex 1"):
            sim.run(1000)
        assert 0 < sim.step < 1000 and np.isfinite(sim.state.positions).all()

    def test_a_force_that_is_not_a_number(self):
        """Seen by the function's own check, with the position."""
        bad = vmd.ExternalForce.from_function(lambda r: np.where(r > 3, np.nan, 0.0))
        sim = simulation(external=bad)()
        with pytest.raises(ValueError, match=r"force: returned .* at r = .*not finite"):
            sim.run(3)
        assert sim.step == 0

    def test_a_trajectory_does_not_appear_either(self, tmp_path):
        path = tmp_path / "out.h5"
        start = vmd.random_vortices(50, box=vmd.Box((10.0, 10.0)), min_distance=0.3, seed=1)
        sim = vmd.Simulation(start, LAW, dt=100.0)
        with pytest.raises(vmd.UnstableStepError):
            sim.run(10, writers=[vmd.TrajectoryWriter(path, every=1)])
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name, bad",
    [("dt", 0.0), ("dt", np.nan), ("dt", "1"), ("temperature", -1.0), ("temperature", np.nan)],
)
def test_setters_refuse_and_keep(name, bad):
    sim = simulation(temperature=0.1)()
    before = getattr(sim, name)
    with pytest.raises(ValueError, match=name):
        setattr(sim, name, bad)
    assert getattr(sim, name) == before
