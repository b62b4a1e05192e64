"""A run that goes on with its file: the file ends as if nothing had happened, or nothing is touched."""

import h5py
import numpy as np
import pytest
from trajectory_fake import FakeSimulation, contents, growing_and_dying, start_process

import vortexmd as vmd
from vortexmd.appender import Appender
from vortexmd.recovery import recover
from vortexmd.trajectory import TrajectoryMismatchError


@pytest.fixture
def whole(tmp_path):
    """What an uninterrupted run of 60 steps leaves, a frame every 4."""
    path = tmp_path / "whole.h5"
    FakeSimulation(growing_and_dying).run(60, vmd.TrajectoryWriter(path, 4))
    return contents(path)


def part(path, steps=40):
    FakeSimulation(growing_and_dying).run(steps, vmd.TrajectoryWriter(path, 4))


@pytest.mark.parametrize("checkpoint", [0, 13, 36, 40])
def test_recomputed_frames_are_compared_and_the_rest_is_added(tmp_path, whole, checkpoint):
    path = tmp_path / "run.h5"
    part(path)
    sim = FakeSimulation(growing_and_dying).at(checkpoint)
    sim.run(60 - checkpoint, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == whole


def test_resume_starts_where_there_is_no_file(tmp_path, whole):
    path = tmp_path / "run.h5"
    FakeSimulation(growing_and_dying).run(60, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == whole


def test_in_single_precision(tmp_path):
    for name, cuts in (("one", (60,)), ("two", (25, 35))):
        sim = FakeSimulation(growing_and_dying)
        for steps in cuts:
            writer = vmd.TrajectoryWriter(tmp_path / name, 4, dtype="float32", resume=True)
            sim.run(steps, writer)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nudge": 1e-15}, r"step 40 does not repeat frame 10 .*position differs by up to .*e-1"),
        ({"temperature": 0.5}, r"step 40 .*temperature differs by up to 0.25"),
        ({"tilt": 0.5}, r"external\[0\].force\[0\]: 0.0 in the file, 0.5 now.*run\(0, writers="),
        ({"seed": 1}, "seed: 0 in the file, 1 now"),
        ({"events": []}, r"does not repeat the events .*event 0 at step 1 has not happened"),
    ],
)
def test_another_run_is_refused_at_once(tmp_path, change, message):
    path = tmp_path / "run.h5"
    part(path, 48)
    before = path.read_bytes()
    sim = FakeSimulation(growing_and_dying).at(40)
    for name, value in change.items():
        setattr(sim, name, value)
    with pytest.raises(TrajectoryMismatchError, match=message):
        sim.run(20, vmd.TrajectoryWriter(path, 4, resume=True))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


class Diverging(FakeSimulation):
    """Goes astray after step 40."""

    def __init__(self, **changes):
        super().__init__(growing_and_dying)
        self.changes = changes

    def _move_to(self, step):
        super()._move_to(step)
        for name, value in getattr(self, "changes", {}).items() if step > 40 else ():
            setattr(self, name, value(self))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nudge": lambda sim: 1e-9}, r"step 44 does not repeat frame 11 .*position differs"),
        ({"ids": lambda sim: sim.ids[:-1]}, "step 44 .*differs"),
        ({"events": lambda sim: sim.events[:-9]}, r"event \d+ at step \d+ has not happened"),
        (
            {
                "events": lambda sim: [
                    *sim.events[:-1],
                    vmd.Event("exit", 1, 0.0, (0,), (1,), (0, 0)),
                ]
            },
            r"instead of event \d+ there is Event\(kind='exit'",
        ),
    ],
)
def test_a_run_that_goes_astray_is_stopped(tmp_path, changes, message):
    path = tmp_path / "run.h5"
    part(path, 48)
    before = contents(path)
    with pytest.raises(TrajectoryMismatchError, match=message):
        Diverging(**changes).at(36).run(24, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == before


@pytest.mark.parametrize("steps", [44, 60])
def test_trying_again_does_not_help(tmp_path, steps):
    """Not even where the frame in question is the last one of the file."""
    path = tmp_path / "run.h5"
    part(path, steps)
    before = contents(path)
    writer = vmd.TrajectoryWriter(path, 4, resume=True)
    sim = Diverging(nudge=lambda sim: 1e-9).at(36)
    for _ in range(2):
        with pytest.raises(TrajectoryMismatchError, match="step 44 does not repeat frame 11"):
            sim.run(24, writer)
    assert contents(path) == before


def test_more_events_than_the_file_has_are_refused(tmp_path):
    path = tmp_path / "run.h5"
    quiet = FakeSimulation()
    quiet.run(20, vmd.TrajectoryWriter(path, 4))
    again = FakeSimulation().at(8)
    again.events = [vmd.Event("hop", 3, 0.03, (1,), (1,), (0.0, 0.0))]
    with pytest.raises(TrajectoryMismatchError, match=r"it lacks Event\(kind='hop'"):
        again.run(12, vmd.TrajectoryWriter(path, 4, resume=True))


def test_frames_between_frames_are_refused(tmp_path):
    path = tmp_path / "run.h5"
    part(path)
    writer = vmd.TrajectoryWriter(path, 2, resume=True)
    with pytest.raises(TrajectoryMismatchError, match="no frame at step 38, but later ones"):
        FakeSimulation(growing_and_dying).at(36).run(20, writer)


def test_a_gap_is_told(tmp_path):
    path = tmp_path / "run.h5"
    part(path)
    with pytest.warns(
        UserWarning, match="ends at step 40, the simulation is at 45; there will be no"
    ):
        FakeSimulation(growing_and_dying).at(45).run(5, vmd.TrajectoryWriter(path, 4, resume=True))
    assert vmd.load(path).steps[-2:].tolist() == [40, 48]


def test_the_dtype_must_be_the_files(tmp_path):
    path = tmp_path / "run.h5"
    part(path)
    with pytest.raises(ValueError, match=r"dtype = 'float32': .* holds float64"):
        part_writer = vmd.TrajectoryWriter(path, 4, dtype="float32", resume=True)
        FakeSimulation(growing_and_dying).at(40).run(4, part_writer)


# ---------------------------------------------------------------------- changes between two runs


def two_stages(path, *, resume_at=None):
    """24 steps, then the drive is changed and the temperature set, then 24 more."""
    sim = FakeSimulation(growing_and_dying)
    writer = vmd.TrajectoryWriter(path, 4, resume=resume_at is not None)
    if resume_at is None or resume_at < 24:
        sim.at(resume_at or 0).run(24 - (resume_at or 0), writer)
    else:
        sim.at(resume_at)
    sim.tilt, sim.temperature = 0.3, 0.0
    sim.run(48 - sim.step, writer)


def test_changes_between_two_runs_are_noted(tmp_path):
    path = tmp_path / "run.h5"
    two_stages(path)
    trajectory = vmd.load(path)
    assert trajectory.steps.tolist() == list(range(0, 52, 4))
    assert trajectory.parameters["external"][0]["force"] == [0.0, 0.0]
    ((step, description),) = trajectory.changes
    assert step == 24
    assert description["external"][0]["force"] == [0.3, 0.0]
    # The frame at the turn is that of the run that ended there.
    assert trajectory.temperature.tolist() == [0.25] * 7 + [0.0] * 6


@pytest.mark.parametrize("resume_at", [0, 10, 20, 24, 30, 48])
def test_a_run_in_two_stages_resumes(tmp_path, resume_at):
    """From checkpoints before the change, at its very step, and after it."""
    two_stages(tmp_path / "one.h5")
    two_stages(tmp_path / "two.h5")
    two_stages(tmp_path / "two.h5", resume_at=resume_at)
    assert contents(tmp_path / "one.h5") == contents(tmp_path / "two.h5")


def test_a_change_of_state_alone_is_noted_too(tmp_path):
    """As after `minimize`, which moves vortices while the step stands still."""
    path = tmp_path / "run.h5"

    def run(**options):
        sim = FakeSimulation()
        writer = vmd.TrajectoryWriter(path, 4, **options)
        sim.run(8, writer)
        sim.nudge = 0.5
        sim.run(8, writer)
        return sim

    run()
    before = contents(path)
    assert [step for step, _ in vmd.load(path).changes] == [8]
    run(resume=True)
    sim = FakeSimulation().at(8)
    sim.nudge = 0.5
    sim.run(8, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == before
    sim = FakeSimulation().at(8)
    sim.nudge = 0.25
    with pytest.raises(TrajectoryMismatchError, match="step 8 does not repeat frame 2"):
        sim.run(8, vmd.TrajectoryWriter(path, 4, resume=True))


def test_no_change_is_taken_from_another_simulation(tmp_path):
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", 4)
    FakeSimulation().run(8, writer)
    other = FakeSimulation(seed=1).at(8)
    with pytest.raises(TrajectoryMismatchError, match="seed: 0 in the file, 1 now"):
        other.run(8, writer)


# ---------------------------------------------------------------------- interruptions


def test_ctrl_c_at_the_very_first_frame_of_a_replacement(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    path.write_text("old")
    put = Appender._put

    def interrupted(self, *arguments):
        monkeypatch.setattr(Appender, "_put", put)
        raise KeyboardInterrupt

    monkeypatch.setattr(Appender, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        FakeSimulation().run(60, vmd.TrajectoryWriter(path, 4, overwrite=True))
    assert vmd.load(path).steps.tolist() == [0]
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


@pytest.mark.parametrize("nth", range(1, 60, 6))
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_error_in_the_middle_of_a_frame(tmp_path, monkeypatch, whole, error, nth):
    """Whatever stops a frame half way: the file is whole, and the run can go on with it."""
    path = tmp_path / "run.h5"
    put, calls = Appender._put, []

    def interrupted(self, *arguments):
        calls.append(None)
        if len(calls) == nth + 40:
            raise error("now")
        put(self, *arguments)

    sim = FakeSimulation(growing_and_dying)
    monkeypatch.setattr(Appender, "_put", interrupted)
    with pytest.raises(error, match="now"):
        sim.run(60, vmd.TrajectoryWriter(path, 4))
    monkeypatch.undo()
    expected = list(range(0, sim.step + (error is KeyboardInterrupt), 4))
    assert vmd.load(path).steps.tolist() == expected
    with h5py.File(path, "r") as file:
        assert file["particles/trajectory/position/value"].shape[0] == len(expected)
    sim.run(60 - sim.step, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == whole


def write_in_little_room(path, pipe):
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
    sim = FakeSimulation(lambda step: 2000)
    steps = []
    try:
        sim.run(100, vmd.TrajectoryWriter(path, 1, compression=None), after_frame=steps.append)
    except OSError as error:
        pipe.send((str(error), steps))


def test_no_room_left(tmp_path):
    """HDF5 would take the process down with it; here it is an error, and the file is whole."""
    path = tmp_path / "run.h5"
    process, pipe = start_process(write_in_little_room, path)
    message, steps = pipe.recv()
    process.join()
    assert process.exitcode == 0
    assert "no room for" in message and "run.h5" in message
    assert len(steps) > 1
    assert vmd.load(path).steps.tolist() == steps
    sim = FakeSimulation(lambda step: 2000).at(steps[-1])
    sim.run(3, vmd.TrajectoryWriter(path, 1, compression=None, resume=True))
    assert len(vmd.load(path)) == len(steps) + 3


def test_cutting_a_file(tmp_path, whole):
    path = tmp_path / "run.h5"
    two_stages(path)
    assert recover(path) == 13
    assert recover(path, frames=4) == 4
    assert vmd.load(path).steps.tolist() == [0, 4, 8, 12]
    assert vmd.load(path).changes == []
    assert max(event.step for event in vmd.load(path).events) == 12
    with pytest.raises(ValueError, match=r"frames = 5: .* has 4"):
        recover(path, frames=5)
    sim = FakeSimulation(growing_and_dying).at(12)
    sim.run(48, vmd.TrajectoryWriter(path, 4, resume=True))
    assert contents(path) == whole


def test_what_others_put_into_a_file_survives(tmp_path):
    path = tmp_path / "run.h5"
    part(path)
    with h5py.File(path, "r+") as file:
        file["notes/mine"] = np.arange(5)
        file["notes"].attrs["who"] = "me"
        file["notes/gone"] = h5py.SoftLink("/nowhere")
    recover(path, frames=3)
    with h5py.File(path, "r") as file:
        assert file["notes/mine"][:].tolist() == [0, 1, 2, 3, 4]
        assert file["notes"].attrs["who"] == "me"
        assert file["notes"].get("gone", getlink=True).path == "/nowhere"
