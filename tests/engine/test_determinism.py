"""Equal bits in files and states: any number of threads, any writers, any cuts, any process.

Each run of `determinism_runs` is compared with itself made in other ways; files by every dataset and
attribute, where they came from apart.
"""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from determinism_runs import MAKE, small_blocks
from engine_twins import same_bits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import potentials as pot
import vortexmd as vmd
from tests.crash.compare import differences

STEPS = 60
ROOT = Path(__file__).parents[2]
EVERY_RUN = pytest.mark.parametrize("name", MAKE)


def everyday(*names):
    """Every run, those that are not named only in the slow tests."""
    slow = pytest.mark.slow
    return pytest.mark.parametrize(
        "name", [name if name in names else pytest.param(name, marks=slow) for name in MAKE]
    )


@pytest.fixture(autouse=True)
def blocks(monkeypatch):
    small_blocks(monkeypatch)


@cache
def undisturbed(name):
    """The run on one thread, nobody looking; the same for all tests, which leave it as it is."""
    sim = MAKE[name](1)
    sim.run(STEPS)
    return sim


def same_figures(one, other):
    """Whether all that is computed from two states is the same to the bit."""
    return (
        one.energies() == other.energies()
        and one.energy() == other.energy()
        and np.array_equal(one.forces(), other.forces())
        and np.array_equal(one.velocities(), other.velocities())
    )


def tallies(sim):
    return None if sim.hopping is None else (sim.hopping.tallies, sim.hopping.exposure.tolist())


def same(one, other):
    return same_bits(one, other) and tallies(one) == tallies(other)


def written(sim, path, every):
    sim.run(STEPS, writers=[vmd.TrajectoryWriter(path, every=every)])
    return path


def test_the_runs_do_what_they_are_for():
    kinds = {name: {event.kind for event in undisturbed(name).events} for name in MAKE}
    assert kinds["annihilating"] == kinds["rubbing"] == {"annihilation"}
    assert kinds["merging"] == {"merging", "annihilation"}
    assert kinds["hopping"] == {"hop", "entry", "exit"}
    assert kinds["weighed"] == {"hop"}
    assert kinds["strip"] == {"exit"}
    for name in set(MAKE) - {"walls", "ideal"}:
        assert len(undisturbed(name).events) >= 5
    assert abs(undisturbed("ideal").state.image).max() >= 3
    assert undisturbed("walls").temperature == 0.05


# ------------------------------------------------------------------ threads


@everyday("annihilating", "hopping")
def test_threads_change_no_bit_of_the_file(name, tmp_path):
    """1, 2 and 4 threads, and more than there are processors or blocks."""
    one = MAKE[name](1)
    first = written(one, tmp_path / "one.h5", 5)
    for threads in (2, 4, (os.cpu_count() or 1) + 60):
        sim = MAKE[name](threads)
        blocks = len(vmd.neighbors.even_edges(len(sim.state))) - 1
        assert sim._pairs.threads == min(threads, blocks)
        file = written(sim, tmp_path / f"{threads}.h5", 5)
        assert differences(file, first) == []
        assert same(sim, one) and same_figures(sim, one)
        if name != "ideal":
            assert blocks >= 4
    assert same(one, undisturbed(name))


def test_threads_at_the_size_where_they_are_used(monkeypatch):
    """16384 vortices, many blocks of the default size."""
    monkeypatch.undo()
    begin = vmd.triangular_lattice(16_384, density=1.0)
    runs = [
        vmd.Simulation(
            begin,
            pot.London(f0=1.0, cutoff=3.0),
            dt=0.005,
            temperature=0.3,
            seed=3,
            threads=threads,
        )
        for threads in (1, 2, 4)
    ]
    assert runs[2]._pairs.threads == 4
    for sim in runs:
        sim.run(12)
        assert len(sim._pairs.pairs.halo) >= 8
    for sim in runs[1:]:
        assert same_bits(sim, runs[0]) and same_figures(sim, runs[0])


# ------------------------------------------------------------------ writers and onlookers


@everyday("hopping")
def test_writers_change_no_bit(name, tmp_path):
    """Frames at every step, every 7, every 50, two writers at once: the same state, the same frames."""
    every = MAKE[name](2)
    coarse = vmd.TrajectoryWriter(tmp_path / "two_7.h5", every=7)
    every.run(STEPS, writers=[vmd.TrajectoryWriter(tmp_path / "1.h5"), coarse][::-1])
    assert same(every, undisturbed(name)) and same_figures(every, undisturbed(name))
    fine = MAKE[name](1)
    written(fine, tmp_path / "fine.h5", 1)
    assert same(fine, every)
    with vmd.load(tmp_path / "fine.h5") as whole:
        for cadence in (7, 50):
            sim = MAKE[name](1)
            file = written(sim, tmp_path / f"{cadence}.h5", cadence)
            assert same(sim, fine)
            with vmd.load(file) as part:
                assert part.steps.tolist() == list(range(0, STEPS + 1, cadence))
                assert_same_frames(part, whole)
    assert differences(tmp_path / "two_7.h5", tmp_path / "7.h5") == []


def assert_same_frames(part, whole):
    rows = np.searchsorted(whole.steps, part.steps)
    names = ("times", "energy", "pair_energy", "external_energy", "temperature", "count")
    for name in (*names, "displacement", "winding_displacement"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[rows]), name
    for k, row in enumerate(rows.tolist()):
        one, other = part[k], whole[row]
        for name in ("positions", "image", "winding", "ids"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), (k, name)
    assert part.events == whole.events


@EVERY_RUN
def test_looking_between_any_two_steps_changes_no_bit(name):
    """Whoever asks for forces or energies first has the list made: it must not matter who."""
    looks = (
        lambda sim: sim.energy(),
        lambda sim: (sim.forces(), sim.velocities()),
        lambda sim: sim.energies(),
        lambda sim: (sim.state, sim.tail_correction(), sim.region_labels),
    )
    for first in range(2):
        sim = MAKE[name](1)
        for step in range(STEPS):
            sim.run(1)
            if step % 5 != first:
                looks[(first + step) % 4](sim)
        assert same(sim, undisturbed(name))


# ------------------------------------------------------------------ cuts


def cut_and_resumed(name, cuts, folder):
    """The run in pieces: (length, resume from a file?, threads, look before saving?)."""
    sim = MAKE[name](1)
    path = folder / "cut.chk"
    for length, resume, threads, look in cuts:
        length = min(length, STEPS - sim.step)
        if length == 0:
            sim.energy()
            continue
        sim.run(length, checkpoint=path if look else None)
        if resume:
            sim.save(path)
            if look:
                sim.forces()
            sim = vmd.Simulation.resume(path, threads=threads)
    sim.run(STEPS - sim.step)
    return sim


CUTS = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.sampled_from([1, 2, 4]), st.booleans()),
    min_size=1,
    max_size=4,
)
IN_ONE_FOLDER = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


@given(st.sampled_from(list(MAKE)), CUTS)
@settings(max_examples=8, **IN_ONE_FOLDER)
def test_cuts_anywhere_change_no_bit(tmp_path, name, cuts):
    sim = cut_and_resumed(name, cuts, tmp_path)
    assert same(sim, undisturbed(name)) and same_figures(sim, undisturbed(name))


@pytest.mark.slow
@EVERY_RUN
@settings(max_examples=60, **IN_ONE_FOLDER)
@given(cuts=CUTS)
def test_many_cuts_change_no_bit(tmp_path, name, cuts):
    sim = cut_and_resumed(name, cuts, tmp_path)
    assert same(sim, undisturbed(name)) and same_figures(sim, undisturbed(name))


@everyday("hopping", "rubbing")
def test_a_resumption_at_every_step(name, tmp_path):
    """Each state is saved and read again; in between nothing is left but the file."""
    path = tmp_path / "run.chk"
    sim = MAKE[name](1)
    for _ in range(8):
        sim.run(1)
        sim.save(path)
        sim = vmd.Simulation.resume(path, threads=2)
    sim.run(STEPS - 8)
    assert same(sim, undisturbed(name))


# ------------------------------------------------------------------ processes

CHILD = """
import json, sys
sys.path[:0] = [{root!r}, {here!r}]
import vortexmd.neighbors
vortexmd.neighbors.MIN_BLOCK = 16
from determinism_runs import MAKE
from test_determinism import STEPS, fingerprint
found = {{}}
for name in MAKE:
    sim = MAKE[name](4)
    sim.run(STEPS)
    found[name] = fingerprint(sim)
print(json.dumps(found))
"""


def fingerprint(sim):
    """A hash of all that a run leaves in memory."""
    state = sim.state
    arrays = (state.positions, state.image, state.ids, state.winding)
    figures = (sim.forces(), sim.displacement, sim.winding_displacement)
    content = hashlib.sha256()
    for array in (*arrays, *figures):
        content.update(np.ascontiguousarray(array).tobytes())
    content.update(repr((sim.step, sim.time, sim.energies(), sim.events, tallies(sim))).encode())
    return content.hexdigest()


@pytest.mark.slow
def test_another_process_computes_the_same_bits():
    """A fresh interpreter, four threads, and an environment that grants numba's own pool only one."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD.format(root=str(ROOT), here=str(Path(__file__).parent))],
        env=os.environ | {"NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout) == {name: fingerprint(undisturbed(name)) for name in MAKE}
