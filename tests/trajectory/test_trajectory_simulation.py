"""With the engine itself: checkpoint and trajectory together, as scripts use them."""

import numpy as np
import pytest
from trajectory_fake import contents

import potentials as pot
import vortexmd as vmd


def make():
    start = vmd.random_vortices(60, 0.05, winding={1: 0.6, -1: 0.4}, min_distance=1.2, seed=3)
    return vmd.Simulation(
        start,
        pot.London(cutoff=5.0),
        dt=0.05,
        temperature=0.3,
        seed=11,
        reactions=[vmd.Annihilation(distance=0.9)],
    )


class Stopped(Exception):
    pass


class StopAt:
    """A writer that breaks the run off."""

    every = 1

    def __init__(self, step):
        self.at = step

    def start(self, sim):
        pass

    def write(self, sim):
        if sim.step == self.at:
            raise Stopped

    def sync(self):
        pass

    def finish(self, sim):
        pass


def stages(sim, path, *, resume=False, stop=None):
    """A liquid that is cooled, then driven: two runs, a change in between."""
    writer = vmd.TrajectoryWriter(path, 10, resume=resume)
    writers = [writer] if stop is None else [writer, StopAt(stop)]
    checkpoint = path.with_suffix(".chk")
    options = {"writers": writers, "checkpoint": checkpoint, "checkpoint_seconds": 0.02}
    if sim.step < 150:
        if sim.step == 0:
            sim.anneal(0.0, 150, **options)
        else:
            sim.run(150 - sim.step, **options)
    sim.external = [vmd.UniformDrive(force=(0.5, 0.0))]
    sim.temperature = 0.1
    sim.run(300 - sim.step, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run.h5"
    stages(make(), path)
    return path


@pytest.mark.parametrize("stop", [63, 150, 212])
def test_a_broken_run_is_resumed_to_the_same_file(tmp_path, whole, stop):
    path = tmp_path / "run.h5"
    with pytest.raises(Stopped):
        stages(make(), path, stop=stop)
    checkpoint = path.with_suffix(".chk")
    sim = vmd.Simulation.resume(checkpoint) if checkpoint.exists() else make()
    assert sim.step <= stop
    stages(sim, path, resume=True)
    assert contents(path) == contents(whole)


def test_what_the_file_says_of_the_run(whole):
    sim = make()
    stages(sim, whole.with_name("again.h5"))
    trajectory = vmd.load(whole)
    assert trajectory.events == sim.events
    assert len(sim.events) > 2
    assert np.array_equal(trajectory[-1].positions, sim.state.positions)
    assert np.array_equal(trajectory.displacement[-1], sim.displacement)
    assert trajectory.energy[-1] == sim.energy()
    assert trajectory.temperature[0] == 0.3
    ((step, changed),) = trajectory.changes
    assert step == 150
    assert changed["external"][0]["type"] == "UniformDrive"
    assert trajectory.parameters["external"] == []
