"""The same seed gives the same bits: threads, cuts of a run, looking at it, saving and resuming."""

import numpy as np
import pytest
from engine_twins import Recorder, same_bits

import potentials as pot
import vortexmd as vmd

SCHEMES = ("leimkuhler-matthews", "euler-maruyama")


def liquid(n=120, *, scheme=SCHEMES[0], seed=7, **options):
    """A thermal gas of both signs that annihilates now and then."""
    start = vmd.random_vortices(n, 0.8, winding={1: 0.7, -1: 0.3}, min_distance=0.3, seed=1)
    settings = {
        "pair_force": pot.London(f0=1.0, cutoff=3.0),
        "reactions": [vmd.Annihilation(distance=0.25)],
        "external": [vmd.UniformDrive((0.05, 0.02))],
        "temperature": 0.1,
        "dt": 0.005,
    }
    return vmd.Simulation(start, integrator=scheme, seed=seed, **(settings | options))


def large(threads):
    """More than one block: 6200 vortices, three of them."""
    return liquid(6200, threads=threads)


def test_one_and_two_threads():
    runs = [large(1), large(2)]
    for sim in runs:
        sim.run(60)
    assert same_bits(*runs)
    assert len(runs[0].events) > 100  # the annihilations changed the blocks on the way
    assert np.array_equal(runs[0].forces(), runs[1].forces())
    assert runs[0].energy() == runs[1].energy()


@pytest.mark.slow
def test_one_and_two_threads_long():
    runs = [large(1), large(2)]
    for sim in runs:
        sim.run(1500)
    assert same_bits(*runs)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_halves_are_a_whole(scheme):
    whole, halves, looked = (liquid(scheme=scheme) for _ in range(3))
    whole.run(200)
    halves.run(100)
    halves.run(100)
    for _ in range(40):
        looked.run(5)
        looked.energy(), looked.forces(), looked.state, looked.tail_correction()
        looked.description()
    assert same_bits(whole, halves) and same_bits(whole, looked)
    assert len(whole.events) > 3
    assert whole.energy() == looked.energy()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_looking_just_before_a_rebuild_changes_nothing(scheme):
    """Steps of one: energy() and forces() between any two may be the ones that renew the list."""
    quiet, looked = (liquid(scheme=scheme, temperature=1.0) for _ in range(2))
    quiet.run(150)
    for step in range(150):
        looked.run(1)
        if step % 3:
            looked.energy()
        if step % 2:
            looked.forces()
    assert same_bits(quiet, looked)


def test_writers_and_checkpoints_change_nothing(tmp_path):
    plain, watched = liquid(), liquid()
    plain.run(200)
    writers = [Recorder(lambda s: s.energy(), every=7), Recorder(lambda s: s.state, every=1)]
    watched.run(200, writers=writers, checkpoint=tmp_path / "run.chk", checkpoint_seconds=0.0)
    assert same_bits(plain, watched)
    assert writers[0].steps == list(range(0, 201, 7))
    assert writers[1].steps == list(range(201))
    assert all(w.started == w.finished == 1 for w in writers)


def test_threads_of_the_caller_do_not_matter_for_small_systems():
    runs = [liquid(threads=k) for k in (1, 2, 5)]
    for sim in runs:
        sim.run(50)
    assert same_bits(runs[0], runs[1]) and same_bits(runs[0], runs[2])


def test_another_seed_gives_another_run():
    runs = [liquid(seed=s) for s in (7, 8, 7 + 2**40)]
    for sim in runs:
        sim.run(5)
    positions = [sim.state.positions for sim in runs]
    assert not np.array_equal(positions[0], positions[1])
    assert not np.array_equal(positions[0], positions[2])


def test_the_order_of_the_start_does_not_matter_to_rounding():
    """The slots are sorted by cell and id: the rows of the start may come in any order."""
    start = vmd.random_vortices(150, 0.8, min_distance=0.3, seed=1)
    order = np.random.default_rng(1).permutation(150)
    other = vmd.Vortices(start.positions[order], 1, start.box, ids=order)
    runs = []
    for state in (start, other):
        sim = vmd.Simulation(
            state, pot.London(f0=1.0, cutoff=3.0), dt=0.005, temperature=0.1, seed=3
        )
        sim.run(100)
        runs.append(sim)
    assert np.array_equal(runs[0].state.positions, runs[1].state.positions)


def test_an_id_draws_the_same_noise_whoever_else_is_there():
    """Ideal vortices: taking half of them away leaves the paths of the others as they were."""
    box = vmd.Box((5.0, 5.0), "free")
    r = np.random.default_rng(0).random((10, 2)) * 5
    paths = []
    for keep in (slice(None), slice(0, None, 2)):
        start = vmd.Vortices(r[keep], 1, box, ids=np.arange(10)[keep])
        sim = vmd.Simulation(start, None, dt=0.1, temperature=1.0, seed=3)
        sim.run(20)
        paths.append(sim.state.positions)
    assert np.array_equal(paths[0][::2], paths[1])
