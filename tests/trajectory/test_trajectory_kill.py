"""kill -9 at any moment: no frame that was written is lost, and the run can be finished."""

import os
import random
import signal
import time

import h5py
import pytest
from trajectory_fake import (
    FakeSimulation,
    contents,
    growing_and_dying,
    start_process,
    write_in_process,
)

import vortexmd as vmd
from vortexmd.recovery import recover
from vortexmd.superblock import read_header

STEPS = 70


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "whole.h5"
    FakeSimulation(growing_and_dying).run(STEPS, vmd.TrajectoryWriter(path, 1))
    return contents(path)


def kill_while_writing(path, start, after, delay):
    """Kill a run from `start` some seconds after it wrote its `after`-th frame; the last it told of."""
    process, pipe = start_process(write_in_process, path, start, STEPS - start, 0.0)
    told = start
    for _ in range(after):
        told = pipe.recv()
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    try:
        while True:
            told = pipe.recv()
    except EOFError:
        return told


@pytest.mark.parametrize("seed", range(4))
def test_kills(tmp_path, whole, seed):
    """Three kills one after the other, each resumed from some checkpoint before."""
    draw = random.Random(seed)
    path = tmp_path / "run.h5"
    start = 0
    for _ in range(3):
        told = kill_while_writing(path, start, draw.randint(1, 12), draw.uniform(0, 0.004))
        trajectory = vmd.load(path)
        assert trajectory.steps.tolist() == list(range(len(trajectory)))
        assert trajectory.steps[-1] >= told
        for frame in trajectory[max(0, told - 2) :]:
            state = FakeSimulation(growing_and_dying).at(frame.step).state
            assert (frame.positions == state.positions).all()
        start = draw.randint(max(0, told - 6), told)
    sim = FakeSimulation(growing_and_dying).at(start)
    sim.run(STEPS - start, vmd.TrajectoryWriter(path, 1, resume=True))
    assert contents(path) == whole
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


def test_recovery_without_going_on(tmp_path):
    path = tmp_path / "run.h5"
    told = kill_while_writing(path, 0, 8, 0.0)
    assert read_header(path).swmr
    with pytest.raises(OSError, match="already open"), h5py.File(path, "r"):
        pass
    assert recover(path) >= told + 1
    with h5py.File(path, "r") as file:
        assert file["particles/trajectory/position/step"][-1] >= told


def test_reading_while_it_is_written(tmp_path):
    path = tmp_path / "run.h5"
    process, pipe = start_process(write_in_process, path, 0, 12, 5.0)
    pipe.recv()
    trajectory = vmd.load(path)
    assert trajectory.refresh() == 1
    with vmd.load(path) as opened:
        for step in range(1, 13):
            pipe.send("go on")
            assert pipe.recv() == step
            assert len(trajectory) == len(opened) == step
            for reader in (trajectory, opened):
                assert reader.refresh() == step + 1
                state = FakeSimulation(growing_and_dying).at(step).state
                assert (reader[-1].positions == state.positions).all()
                assert reader.energy.shape == (step + 1,)
        with pytest.raises(BlockingIOError, match=f"being written by process {process.pid} on"):
            recover(path)
        pipe.send("go on")
        assert pipe.recv() == "done"
        process.join()
        assert opened.refresh() == 13


def test_a_damaged_file_of_a_killed_run_is_told(tmp_path):
    """HDF5 alone would wait for its dead writer to mend it."""
    path = tmp_path / "run.h5"
    kill_while_writing(path, 0, 8, 0.0)
    data = bytearray(path.read_bytes())
    with h5py.File(path, "r", swmr=True, libver="latest", locking=False) as file:
        address = h5py.h5o.get_info(file["observables/energy/value"].id).addr
    data[address + 20] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"run\.h5: damaged or truncated"):
        vmd.load(path)
    with pytest.raises(ValueError, match=r"run\.h5: damaged or truncated"):
        recover(path)
    assert path.read_bytes() == bytes(data)


def leave_open(path, pipe):
    file = h5py.File(path, "r+", libver="latest")
    file.flush()
    os._exit(0)


def test_a_file_that_another_program_left_open(tmp_path):
    path = tmp_path / "run.h5"
    FakeSimulation().run(5, vmd.TrajectoryWriter(path, 1))
    process, _ = start_process(leave_open, path)
    process.join()
    with pytest.raises(ValueError, match=r"already open .*h5clear -s FILE"):
        vmd.load(path)
