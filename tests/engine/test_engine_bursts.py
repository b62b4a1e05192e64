"""Many steps in one compiled call: the same bits as step by step, whatever the threads, cuts and room."""

import os
import signal
from functools import cache

import numpy as np
import pytest
from engine_twins import brute_force, same_bits, switch

import potentials as pot
import vortexmd as vmd
from vortexmd import neighbors, pair_kinds
from vortexmd.kernels import burst as kernels
from vortexmd.simulation import UnstableStepError

LONDON = pot.London(f0=0.5, cutoff=2.5)
LENGTHS = (60.0, 14.0)
STEPS = 30
PRECISIONS = ("double", "mixed")
pytestmark = pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Cut the vortices into blocks of 16 and more, so that some hundreds fill many."""
    monkeypatch.setattr(neighbors, "MIN_BLOCK", 16)


def start(n=500, boundary="periodic", **options):
    box = vmd.Box(LENGTHS, boundary)
    return vmd.random_vortices(n, box=box, seed=1, **{"min_distance": 0.3, **options})


def simulation(begin, law=LONDON, **options):
    given = {"dt": 0.01, "temperature": 0.3, "seed": 7, "max_displacement": 1.5, **options}
    return vmd.Simulation(begin, law, **given)


def driven(**options):
    """Two drives, one of them swinging; folds and many lists."""
    drives = [vmd.UniformDrive((3.0, 0.5)), vmd.SinusoidalDrive((2.0, 1.0), frequency=3.0)]
    return simulation(start(), external=drives, **options)


def pinned(**options):
    begin = start()
    pins = vmd.GaussianPins.random(150, depth=0.3, radius=0.4, box=begin.box, seed=2)
    return simulation(begin, external=[pins, vmd.UniformDrive((0.5, 0.0))], **options)


def walled(**options):
    """Reflecting walls that vortices are driven against."""
    drive = vmd.UniformDrive((4.0, 3.0))
    return simulation(start(boundary="reflecting"), external=[drive], **options)


def leaving(**options):
    """Exits through open ends."""
    drive = vmd.UniformDrive((6.0, 0.0))
    return simulation(start(boundary=("open", "periodic")), external=[drive], **options)


def annihilating(**options):
    begin = start(winding={1: 0.6, -1: 0.4})
    drive = vmd.UniformDrive((1.0, 0.1))
    reactions = [vmd.Annihilation(distance=0.3)]
    return simulation(begin, external=[drive], reactions=reactions, **options)


def merging(**options):
    """Species with frictions of their own."""
    return simulation(
        start(winding={1: 0.8, -1: 0.2}),
        reactions=[vmd.Merging(0.25, max_winding=3), vmd.Annihilation(distance=0.2)],
        friction={n: 1.0 + 0.5 * abs(n) for n in range(-3, 4) if n},
        **options,
    )


def trapped(**options):
    """Free sides: rows are cut anew with every list."""
    trap = vmd.HarmonicTrap((0.2, 0.5), center=(30.0, 7.0))
    return simulation(start(boundary="free"), external=[trap], **options)


def cooled(**options):
    """A ramp that ends within the run; one side free, one with walls."""
    sim = simulation(start(boundary=("reflecting", "free")), **{"temperature": 1.0, **options})
    sim.set_ramp(0.05, 20)
    return sim


def endless(**options):
    """A force without a cutoff, in plain code for both precisions."""
    return simulation(start(200, "free"), pot.Log(q=0.3), **options)


def ideal(**options):
    """No pairs at all, many turns round the box."""
    drive = vmd.UniformDrive((900.0, -200.0))
    return simulation(start(), None, external=[drive], **{"max_displacement": None, **options})


def still(**options):
    """Temperature 0."""
    return simulation(start(winding={1: 0.5, 2: 0.5}), **{"temperature": 0.0, **options})


RUNS = {
    f.__name__: f
    for f in (
        driven,
        pinned,
        walled,
        leaving,
        annihilating,
        merging,
        trapped,
        cooled,
        endless,
        ideal,
        still,
    )
}
BOTH_PRECISIONS = pytest.mark.parametrize("precision", PRECISIONS)
INTEGRATORS = ("leimkuhler-matthews", "euler-maruyama")


def every_run():
    """Each run in one precision; in the other one too, and with both integrators, in the slow tests."""
    cases = [
        pytest.param(
            *(name, precision, integrator),
            marks=[] if k % 2 == p and (k // 2) % 2 == i else pytest.mark.slow,
        )
        for k, name in enumerate(RUNS)
        for p, precision in enumerate(PRECISIONS)
        for i, integrator in enumerate(INTEGRATORS)
    ]
    return pytest.mark.parametrize(("name", "precision", "integrator"), cases)


@cache
def undisturbed(name, precision="double", integrator=INTEGRATORS[0]):
    """The run in one call on one thread; the same for all tests, which leave it as it is."""
    sim = RUNS[name](precision=precision, integrator=integrator, threads=1)
    return at_once(sim, STEPS)


def same(one, other):
    """States and all that is computed from them."""
    return (
        same_bits(one, other)
        and np.array_equal(one.forces(), other.forces())
        and one.energies() == other.energies()
    )


def at_once(sim, steps):
    """Run in calls as long as there are."""
    sim._burst_steps, sim._burst_seconds = 10**6, 1e9
    sim.run(steps)
    return sim


# ------------------------------------------------------------------ against single steps


@every_run()
def test_many_steps_at_once_are_single_steps(name, precision, integrator):
    options = {"precision": precision, "integrator": integrator, "threads": 1}
    whole = undisturbed(name, precision, integrator)
    single = RUNS[name](**options)
    for _ in range(STEPS):
        single.run(1)
    assert same(whole, single)
    pieces = RUNS[name](**options)
    for length in (3, 1, 13, 0, 2, 5, 6):
        at_once(pieces, length)
    assert same(pieces, whole)


@every_run()
def test_many_steps_at_once_are_steps_in_python(name, precision, integrator):
    """Where a Python function pushes, each step is made by other code: equal but for rounding."""
    options = {"precision": precision, "integrator": integrator, "threads": 1}
    whole = undisturbed(name, precision, integrator)
    python = RUNS[name](**options)
    python._around = None
    python.run(STEPS)
    one, other = whole.state, python.state
    assert one.ids.tolist() == other.ids.tolist()
    # Forces of one list are the same sums; some elementwise sums may be rounded differently, and
    # coordinates of 32 bits then be one unit, 16 · 3.4 λ / 2³², off.
    allowed = 1e-11 if precision == "double" else 1e-8
    difference = one.box.minimum_image(one.positions - other.positions)
    assert np.abs(difference).max() < allowed
    turns = (one.image - other.image) * np.array(LENGTHS)
    assert np.abs(one.positions - other.positions + turns).max() < allowed
    assert [(e.kind, e.step, e.ids) for e in whole.events] == [
        (e.kind, e.step, e.ids) for e in python.events
    ]
    assert whole.displacement == pytest.approx(python.displacement, rel=1e-9, abs=allowed)
    assert whole.winding_displacement == pytest.approx(
        python.winding_displacement, rel=1e-9, abs=allowed
    )
    assert whole.temperature == python.temperature and whole.time == python.time


def test_the_runs_do_what_they_are_for():
    sims = {name: undisturbed(name, PRECISIONS[k % 2]) for k, name in enumerate(RUNS)}
    kinds = {name: {event.kind for event in sim.events} for name, sim in sims.items()}
    assert kinds["annihilating"] == {"annihilation"} and kinds["leaving"] == {"exit"}
    assert kinds["merging"] == {"merging", "annihilation"}
    assert min(len(sims[name].events) for name in ("annihilating", "leaving", "merging")) >= 10
    assert np.abs(sims["ideal"].state.image).max() >= 5
    assert np.abs(sims["driven"].state.image).max() == 1
    for name, sim in sims.items():
        _, listed, _ = sim._pairs.working()
        assert len(listed.halo) >= (1 if name == "endless" else 4), name
        assert sim._around is not None


# ------------------------------------------------------------------ threads


def everyday_threads():
    """(run, precision, numbers of threads); all of them in the slow tests."""
    many = (2, 3, 4, (os.cpu_count() or 1) + 3)
    everyday = [(name, PRECISIONS[k % 2], (3,)) for k, name in enumerate(RUNS)]
    everyday[0] = ("driven", "mixed", many)
    slow = [(name, precision, many) for name in RUNS for precision in PRECISIONS]
    return [*everyday, *(pytest.param(*each, marks=pytest.mark.slow) for each in slow)]


@pytest.mark.parametrize(("name", "precision", "numbers"), everyday_threads())
def test_threads_change_no_bit(name, precision, numbers):
    """1, 2, 3, 4, and more than there are processors."""
    one = undisturbed(name, precision)
    for threads in numbers:
        sim = RUNS[name](precision=precision, threads=threads)
        assert sim._pairs.threads == threads
        assert same(at_once(sim, STEPS), one)


@BOTH_PRECISIONS
def test_blocks_change_nothing_but_rounding(precision, monkeypatch):
    """One block, and many: the same forces and list."""
    many = driven(precision=precision, threads=2)
    forces, energy = many.forces(), many.energy()
    monkeypatch.setattr(neighbors, "MIN_BLOCK", 10**6)
    one = driven(precision=precision, threads=1)
    rounding = {"double": 1e-14, "mixed": 1e-5}[precision]
    assert one.forces() == pytest.approx(forces, abs=rounding * np.abs(forces).max())
    assert one.energy() == pytest.approx(energy, rel=1e-13)
    assert len(one._pairs.pairs.halo) == 1 and len(many._pairs.pairs.halo) >= 8


@pytest.mark.slow
@BOTH_PRECISIONS
@pytest.mark.parametrize("species", [1, 2])
def test_threads_in_a_large_run(precision, species, monkeypatch):
    """Twenty thousand in blocks of the usual size, many steps."""
    monkeypatch.undo()
    winding = 1 if species == 1 else {1: 0.5, 2: 0.5}
    begin = vmd.random_vortices(20_000, 1.0, min_distance=0.3, seed=3, winding=winding)
    options = {"precision": precision, "dt": 1e-3}
    runs = [simulation(begin, threads=threads, **options) for threads in (1, 2, 3, 7)]
    for sim in runs:
        sim.run(500)
    assert all(same(sim, runs[0]) for sim in runs[1:])


# ------------------------------------------------------------------ against an integrator in numpy


def hand_made(begin, steps, dt, push, trap, centre):
    """Euler steps at temperature 0 with all pairs; positions unfolded."""
    positions = begin.positions.copy()
    for step in range(steps):
        now = vmd.Vortices(
            positions if begin.box.boundary[0] == "free" else begin.box.wrap(positions)[0],
            begin.winding,
            begin.box,
        )
        force, _, _ = brute_force(now, LONDON)
        time = step * dt
        drive = np.array([push * np.sin(2 * np.pi * 3.0 * time + 0.4), 0.5])
        force += begin.winding[:, None] * drive
        force -= trap * (positions - centre)
        positions = positions + dt * force
    return positions


@pytest.mark.parametrize(
    ("precision", "boundary"),
    [
        ("mixed", "periodic"),
        ("double", "free"),
        pytest.param("double", "periodic", marks=pytest.mark.slow),
        pytest.param("mixed", "free", marks=pytest.mark.slow),
    ],
)
def test_steps_are_those_of_an_integrator_in_numpy(precision, boundary):
    """Pairs, drives and a trap, over several lists: a short skin, fast vortices."""
    begin = start(200, boundary, winding={1: 0.5, 2: 0.5}, min_distance=0.5)
    free = boundary == "free"
    trap, centre = (0.3 if free else 0.0), np.array([20.0, 5.0])
    fields = [
        vmd.SinusoidalDrive((8.0, 0.0), frequency=3.0, phase=0.4),
        vmd.UniformDrive((0.0, 0.5)),
        *([vmd.HarmonicTrap(trap, center=tuple(centre))] if free else []),
    ]
    options = {"precision": precision, "temperature": 0.0, "dt": 2e-3, "skin": 0.1}
    sim = at_once(simulation(begin, external=fields, **options), 40)
    expected = hand_made(begin, 40, 2e-3, 8.0, trap, centre)
    state = sim.state
    unfolded = state.positions + state.image * np.array(LENGTHS) * (not free)
    # All repel each other, so that errors do not grow: 40 steps' worth of those of the forces, which are
    # some 1e-8 of the largest (2) in double precision, 1e-6 in single.
    each = 40 * 2e-3 * 2.0 * (1e-8 if precision == "double" else 1e-6) * 4
    assert np.abs(unfolded - expected).max() < each
    travelled = (expected - begin.positions).mean(axis=0)
    assert sim.displacement == pytest.approx(travelled, abs=each)


@BOTH_PRECISIONS
def test_the_skin_changes_nothing_but_rounding(precision):
    """Lists at nearly every step, and hardly ever: no pair is met too late within a burst."""
    options = {"precision": precision, "temperature": 0.3, "dt": 2e-3}
    runs = [at_once(driven(skin=skin, **options), 150) for skin in (0.05, 2.0)]
    difference = runs[0].state.positions - runs[1].state.positions
    difference = runs[0].box.minimum_image(difference)
    assert np.abs(difference).max() < (1e-10 if precision == "double" else 1e-5)
    assert runs[0]._pairs.generation > 20 > runs[1]._pairs.generation


def test_a_pair_meets_head_on_within_one_burst():
    """From beyond the list's reach to contact in one call: forces as of all pairs at each end."""
    begin = vmd.Vortices([[10.0, 10.0], [13.5, 10.0]], [1, -1], vmd.Box((40.0, 30.0)))
    drive = vmd.UniformDrive((2.0, 0.0))
    law = pot.London(f0=1.0, cutoff=2.5)
    for steps in range(12, 66, 6):
        sim = at_once(simulation(begin, law, temperature=0.0, external=[drive], skin=0.6), steps)
        r = np.diff(sim.state.positions[:, 0])[0]
        attraction = law.force(np.array([r]))[0] * switch(2.5, np.array([r]))[0]
        expected = 2.0 + attraction
        assert sim.forces()[0, 0] == pytest.approx(expected, rel=1e-6)
    assert r < 1.0


# ------------------------------------------------------------------ ends


class StopAt:
    """A writer that asks the run to end."""

    every = 1

    def __init__(self, step):
        self.step = step

    def start(self, sim):
        """Nothing to prepare."""

    def write(self, sim):
        if sim.step == self.step:
            sim.stop()

    def sync(self):
        """Nothing to keep."""

    def finish(self, sim):
        """Nothing to close."""


@pytest.mark.parametrize(
    ("name", "precision"),
    [("pinned", "mixed"), ("annihilating", "double"), ("cooled", "double"), ("leaving", "mixed")],
)
def test_stopped_saved_and_resumed(name, precision, tmp_path):
    whole = undisturbed(name, precision)
    for step in (1, 18):
        sim = RUNS[name](precision=precision, threads=2)
        sim.run(STEPS, writers=[StopAt(step)])
        assert sim.step == step and sim.remaining_steps == STEPS - step
        sim.save(tmp_path / "run.chk")
        sim = vmd.Simulation.resume(tmp_path / "run.chk", threads=2)
        assert sim.precision == precision
        at_once(sim, sim.remaining_steps)
        assert same(sim, whole)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_a_signal_between_bursts_ends_the_run_soon(tmp_path):
    """While a long run is under way: it stops at some step, and going on gives the same bits."""
    sim = pinned(threads=2)
    before = signal.signal(signal.SIGALRM, lambda *_: sim.stop())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        sim.run(10**9)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert 0 < sim.step < 10**9
    sim.save(tmp_path / "run.chk")
    other = vmd.Simulation.resume(tmp_path / "run.chk", threads=1)
    twin = pinned(threads=3)
    twin.run(sim.step)
    assert same(twin, sim)
    for each in (sim, other, twin):
        each.run(5)
    assert same(sim, other) and same(sim, twin)


@BOTH_PRECISIONS
def test_a_step_that_is_too_long_is_refused_in_time(precision):
    """The state is the last good one, and the words are those of a single step."""
    begin = start(100, "free")

    def fall():
        drive = vmd.HarmonicTrap(-40.0, center=(30.0, 7.0))
        return simulation(
            begin, precision=precision, temperature=0.0, external=[drive], max_displacement=30.0
        )

    whole, python = fall(), fall()
    python._around = None
    words = []
    for sim in (whole, python):
        with pytest.raises(UnstableStepError) as refused:
            at_once(sim, 1000)
        words.append(str(refused.value))
    assert whole.step == python.step > 0 and words[0] == words[1]
    assert whole.state.positions == pytest.approx(python.state.positions, rel=1e-9)


# ------------------------------------------------------------------ room


@pytest.mark.parametrize(("precision", "threads"), [("double", 1), ("mixed", 3)])
def test_a_list_that_has_too_little_room_gets_more(precision, threads, monkeypatch):
    usual = undisturbed("driven", precision)
    monkeypatch.setattr(neighbors, "expected_room", lambda *_: 0.01)
    tight = driven(precision=precision, threads=threads)
    assert same(at_once(tight, STEPS), usual)
    assert tight._pairs._room > 1.0


def collapsing(**options):
    """Vortices that a trap draws into one spot: partners of all, then close pairs of most."""
    rng = np.random.default_rng(4)
    begin = vmd.Vortices(
        rng.random((400, 2)) * [40.0, 14.0], 1, vmd.Box((40.0, 14.0), "reflecting")
    )
    weak = pot.London(f0=1e-3, cutoff=4.0)
    trap = vmd.HarmonicTrap(1.0, center=(20.0, 7.0))
    return simulation(begin, weak, temperature=0.0, external=[trap], dt=0.02, **options), weak


@pytest.mark.parametrize(("precision", "threads"), [("double", 1), ("mixed", 2)])
def test_room_grows_while_vortices_gather(precision, threads):
    """Within a burst; single steps then have the same bits, and forces are those of all pairs."""
    sim, weak = collapsing(precision=precision, threads=threads)
    sim.forces()
    room, close = sim._pairs._room, sim._pairs._close_room
    at_once(sim, 220)
    assert sim._pairs._room > 3 * room and sim._pairs._close_room > close
    exact, weight, _ = brute_force(sim.state, weak)
    trap = -(sim.state.positions - [20.0, 7.0])
    unit = 1e-12 if precision == "double" else 2.0**-20
    error = np.abs(sim.forces() - trap - exact).max(axis=1)
    assert np.all(error <= 1e-6 * weight + unit * weight.max())
    single, _ = collapsing(precision=precision, threads=1)
    for length in (1, 60, 9, 100, 50):
        at_once(single, length)
    assert same(sim, single)


@BOTH_PRECISIONS
def test_crowds_at_the_start_get_their_room(precision):
    """Nine hundred in one spot, where each pair is a close one."""
    rng = np.random.default_rng(5)
    r = np.concatenate((20 + 0.05 * rng.random((900, 2)), rng.random((20, 2)) * [40.0, 14.0]))
    begin = vmd.Vortices(r, 1, vmd.Box((40.0, 30.0)))
    weak = pot.London(f0=1e-3, cutoff=4.0)
    sim = simulation(begin, weak, precision=precision, dt=1e-5, threads=2)
    exact, weight, energy = brute_force(begin, weak)
    unit = 1e-12 if precision == "double" else 2.0**-19
    assert np.all(np.abs(sim.forces() - exact).max(axis=1) <= 1e-6 * weight + unit * weight.max())
    assert sim.energy() == pytest.approx(energy, rel=1e-6)
    at_once(sim, 5)


# ------------------------------------------------------------------ what runs where


def test_python_functions_and_two_kinds_of_pins_go_step_by_step():
    """Whatever compiled loops know nothing of is left to Python; the rest is not."""
    begin = start(60)
    pins = [
        vmd.GaussianPins.random(20, depth=0.3, radius=0.4, box=begin.box, seed=seed)
        for seed in (2, 3)
    ]
    function = vmd.ExternalForce.from_function(lambda r: 0.1 * np.ones_like(r))
    assert simulation(begin, external=pins[:1])._around is not None
    for fields in (pins, [function]):
        sim = simulation(begin, external=fields)
        assert sim._around is None
        twin = simulation(begin, external=fields)
        sim.run(6)
        for _ in range(6):
            twin.run(1)
        assert same(sim, twin)


@pytest.mark.slow
def test_processors_without_the_instructions_run_the_same_way(monkeypatch):
    """Plain code: bursts and threads change no bit there either, and it agrees to rounding of forces."""
    vector = at_once(annihilating(threads=1), 12)
    monkeypatch.setattr(pair_kinds, "has_vector_code", lambda: False)
    one = at_once(annihilating(threads=1), 12)
    three = annihilating(threads=3)
    for _ in range(12):
        three.run(1)
    assert one._pairs.kinds.code == "plain float64" and same(one, three)
    difference = one.box.minimum_image(one.state.positions - vector.state.positions)
    assert np.abs(difference).max() < 1e-6
    assert [event.ids for event in one.events] == [event.ids for event in vector.events]


def test_blocks_are_each_taken_once_by_many_threads():
    """Threads share counters and barriers: the forces of many threads, many times over, are one set."""
    sim = driven(threads=6)
    first = sim.forces()
    for _ in range(200):
        sim._pairs.found = False
        assert np.array_equal(sim.forces(), first)
    assert kernels.SYNC >= kernels.SHARED + 1
