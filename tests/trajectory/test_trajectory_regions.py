"""Files of runs with pinning regions: who stood where, who hopped, and nothing new in all other files."""

import dataclasses
import json

import h5py
import numpy as np
import pytest
from trajectory_fake import FakeSimulation, contents, growing_and_dying

import vortexmd as vmd
from vortexmd import reader, report
from vortexmd.events import EVENT_KINDS
from vortexmd.export import write_extxyz
from vortexmd.frames import digest, event_rows, events_from, frame_row
from vortexmd.h5md import Layout
from vortexmd.recovery import recover
from vortexmd.trajectory import TrajectoryMismatchError

LABELS = "particles/trajectory/region"
WINDINGS = (1, -1, 2, 1, -3)


def parted(strips=3, counts=growing_and_dying):
    return FakeSimulation(counts, windings=WINDINGS, strips=strips)


@pytest.fixture
def path(tmp_path):
    """60 steps of a run with three strips, a frame every 4."""
    parted().run(60, vmd.TrajectoryWriter(tmp_path / "run.h5", 4))
    return tmp_path / "run.h5"


def strip_of(vortices, strips=3):
    """By comparison with the walls, one by one."""
    walls = [vortices.box.lengths[0] * k / strips for k in range(1, strips)]
    return [sum(x >= wall for wall in walls) for x in vortices.positions[:, 0]]


# ---------------------------------------------------------------------- the file


def test_columns(path):
    with h5py.File(path, "r") as file:
        labels, ids = file[LABELS]["value"], file["particles/trajectory/id/value"][:]
        assert labels.dtype == np.int32
        assert labels.fillvalue == -1
        assert labels.chunks == file["particles/trajectory/id/value"].chunks
        assert file[LABELS]["step"] == file["particles/trajectory/position/step"]
        assert np.array_equal(labels[:] < 0, ids < 0)
        regions, kinds = file["events/regions"], file["events/kind"][:]
        assert (regions.dtype, regions.fillvalue) == (np.int32, -2)
        hops = kinds == EVENT_KINDS.index("hop")
        assert hops.sum() == 20
        assert np.all(regions[:][~hops] == -2)
        steps = file["events/step"][:][hops]
        assert regions[:][hops].tolist() == [[s % 3, (s + 1) % 3] for s in steps]


def test_files_of_runs_without_regions_have_nothing_new(path, tmp_path):
    parted(strips=0).run(60, vmd.TrajectoryWriter(tmp_path / "plain.h5", 4))
    names = []
    for name in (path, tmp_path / "plain.h5"):
        with h5py.File(name, "r") as file:
            found = []
            file.visit(found.append)
        names.append(set(found))
    # Hard links are visited once, under whichever name comes first.
    assert names[0] - names[1] == {LABELS, f"{LABELS}/value", "events/regions"}
    assert names[1] < names[0]
    plain = vmd.load(tmp_path / "plain.h5")
    assert plain.regions is plain.hopping is None
    assert not plain.has_regions
    for ask in (lambda: plain.region_counts, lambda: plain.region_labels(0)):
        with pytest.raises(ValueError, match="of a run without pinning regions"):
            ask()


class Exact(FakeSimulation):
    """Numbers that every machine computes alike."""

    displacement = (0.5, -0.25)
    winding_displacement = (0.0, 8.0)

    time = 2.5
    step = 8

    def _move_to(self, step):
        pass

    @property
    def state(self):
        return vmd.Vortices(
            [[1.5, 2.0], [3.0, 0.25]], [1, -2], self.box, ids=[4, 9], step=8, time=2.5
        )

    def energies(self):
        return {"pair": 1.25, "external": -0.5}


def test_fingerprints_are_those_of_files_written_before_there_were_regions():
    """Files note them where a description changes, and are checked against them when they go on."""
    frame = frame_row(Exact(), np.array([9, -1]), np.dtype("f8"), Layout(regions=False))
    assert digest(frame).tobytes().hex() == (
        "e0f19831d256597ea4045cfaa58adff56f5ec390866a2dd7172eaa8f270d8ff8"
    )


# ---------------------------------------------------------------------- reading


def test_labels_stand_by_their_vortices(path):
    trajectory = vmd.load(path)
    assert len(trajectory) == 16
    for k, frame in enumerate(trajectory):
        assert trajectory.region_labels(k).tolist() == strip_of(frame)
        assert trajectory.region_labels(k).dtype == np.int32
    assert trajectory[::-2].region_labels(1).tolist() == strip_of(trajectory[-3])
    assert trajectory.region_labels(-1).tolist() == strip_of(trajectory[-1])
    with pytest.raises(IndexError, match=r"frame 16: .* has 16 here"):
        trajectory.region_labels(16)


@pytest.mark.parametrize("block", [2**20, 128, 1])
@pytest.mark.parametrize(
    "part", [slice(None), slice(2, 11, 3), slice(None, None, -1), slice(9, 1, -4), slice(5, 5)]
)
def test_counts_are_quanta_of_flux(path, part, block, monkeypatch):
    monkeypatch.setattr(reader, "BLOCK", block)
    trajectory = vmd.load(path)[part]
    expected = np.zeros((len(trajectory), 3), dtype=int)
    for k, frame in enumerate(trajectory):
        for strip, winding in zip(strip_of(frame), frame.winding.tolist(), strict=True):
            expected[k, strip] += abs(winding)
    counts = trajectory.region_counts
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, expected)


def test_what_the_run_was_made_of(path):
    trajectory = vmd.load(path)
    assert len(trajectory.regions) == 3
    np.testing.assert_allclose(trajectory.regions.area, [20.0, 20.0, 20.0])
    assert trajectory.hopping.attempt_rate == 0.1
    assert trajectory.hopping.laws[2].u0 == 5.0
    assert trajectory[3:5].regions is trajectory.regions


def test_an_unfinished_file_without_frames(tmp_path):
    sim = parted()
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", 7)
    sim.at(1).run(2, writer)
    trajectory = vmd.load(tmp_path / "run.h5")
    assert len(trajectory) == 0
    assert len(trajectory.regions) == 3
    assert trajectory.region_counts.shape == (0, 3)


def test_while_it_is_written(tmp_path):
    sim, writer = parted(), vmd.TrajectoryWriter(tmp_path / "run.h5", 4)
    writer.start(sim)
    writer.write(sim)
    trajectory = vmd.load(tmp_path / "run.h5")
    for step in range(4, 24, 4):
        writer.write(sim.at(step))
    assert trajectory.region_counts.shape == (1, 3)
    trajectory.refresh()
    assert trajectory.region_labels(-1).tolist() == strip_of(sim.state)
    assert trajectory.events == [event for event in sim.events if event.step <= 20]
    writer.finish(sim)


def test_regions_changed_between_two_runs(tmp_path):
    path = tmp_path / "run.h5"
    sim, writer = parted(strips=3), vmd.TrajectoryWriter(path, 4)
    sim.run(20, writer)
    sim.strips = 2
    sim.run(12, writer)
    sim.strips = 0
    sim.run(8, writer)
    trajectory = vmd.load(path)
    assert [step for step, _ in trajectory.changes] == [20, 32]
    for ask in (lambda: trajectory.regions, lambda: trajectory[4:7].region_counts):
        with pytest.raises(ValueError, match="regions changed between these frames; take a slice"):
            ask()
    with pytest.raises(ValueError, match="hopping changed between these frames"):
        _ = trajectory.hopping
    # The frame at the turn belongs to the run that ended there.
    assert trajectory[5].step == 20
    assert trajectory[:6].region_counts.shape == (6, 3)
    assert trajectory[6:9].region_counts.shape == (3, 2)
    assert trajectory.region_labels(7).tolist() == strip_of(trajectory[7], 2)
    assert trajectory[9:].regions is None
    assert trajectory[9:].region_counts.shape == (2, 0)
    assert np.all(trajectory.region_labels(10) == -1)


def test_a_rate_changed_between_two_runs(tmp_path):
    path = tmp_path / "run.h5"
    sim, writer = parted(), vmd.TrajectoryWriter(path, 4)
    sim.run(20, writer)
    rule = {**sim.description()["reactions"][0], "attempt_rate": 0.5}
    sim._hopping = lambda: rule
    sim.run(20, writer)
    trajectory = vmd.load(path)
    assert trajectory.region_counts.shape == (11, 3)
    with pytest.raises(ValueError, match="hopping changed between these frames"):
        _ = trajectory.hopping
    assert trajectory[:6].hopping.attempt_rate == 0.1
    assert trajectory[6:].hopping.attempt_rate == 0.5


def test_a_law_that_no_file_holds(tmp_path):
    sim = parted()
    rule = sim.description()["reactions"][0]
    rule["laws"][0] = {
        "type": "ActivationLaw",
        "kind": "function",
        "function": {"function": "mine"},
    }
    sim._hopping = lambda: rule
    sim.run(8, vmd.TrajectoryWriter(tmp_path / "run.h5", 4))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert trajectory.region_counts.shape == (3, 3)
    with pytest.raises(ValueError, match="hopping: it rests on the Python function 'mine'"):
        _ = trajectory.hopping


# ---------------------------------------------------------------------- going on


@pytest.mark.parametrize("checkpoint", [0, 13, 36, 40])
def test_resumed_runs_make_the_same_file(path, tmp_path, checkpoint):
    part = tmp_path / "part.h5"
    parted().run(40, vmd.TrajectoryWriter(part, 4))
    sim = parted().at(checkpoint)
    sim.run(60 - checkpoint, vmd.TrajectoryWriter(part, 4, resume=True))
    assert contents(part) == contents(path)


def test_another_region_is_another_run(path):
    class Elsewhere(FakeSimulation):
        region_labels = property(lambda self: FakeSimulation.region_labels.fget(self)[::-1])

    sim = Elsewhere(growing_and_dying, windings=WINDINGS, strips=3).at(20)
    with pytest.raises(TrajectoryMismatchError, match=r"step 20 does not repeat frame 5 .*region"):
        sim.run(8, vmd.TrajectoryWriter(path, 4, resume=True))


def test_another_hop_is_another_run(path):
    sim = parted().at(20)
    k = next(k for k, event in enumerate(sim.events) if event.kind == "hop")
    sim.events[k] = dataclasses.replace(sim.events[k], regions=(2, 0))
    with pytest.raises(TrajectoryMismatchError, match=rf"instead of event {k} there is .*\(2, 0\)"):
        sim.run(8, vmd.TrajectoryWriter(path, 4, resume=True))


def test_regions_need_a_file_begun_with_them(tmp_path):
    path = tmp_path / "run.h5"
    sim, writer = parted(strips=0), vmd.TrajectoryWriter(path, 4)
    sim.run(8, writer)
    before = path.read_bytes()
    sim.strips = 3
    for again in (writer, vmd.TrajectoryWriter(path, 4, resume=True)):
        with pytest.raises(
            TrajectoryMismatchError, match=r"begun without pinning regions.*another"
        ):
            sim.run(8, again)
    assert path.read_bytes() == before
    sim.run(8, vmd.TrajectoryWriter(tmp_path / "other.h5", 4))
    assert vmd.load(tmp_path / "other.h5").has_regions


def test_recovery_keeps_them(path):
    whole = vmd.load(path).region_counts
    assert recover(path, frames=7) == 7
    trajectory = vmd.load(path)
    np.testing.assert_array_equal(trajectory.region_counts, whole[:7])
    assert {event.regions for event in trajectory.events} >= {None, (1, 2)}
    sim = parted().at(24)
    sim.run(36, vmd.TrajectoryWriter(path, 4, resume=True))
    np.testing.assert_array_equal(vmd.load(path).region_counts, whole)


def test_a_killed_run_goes_on(path, tmp_path):
    """What stands on the disk in the middle of a run is what a kill leaves."""
    sim, writer = parted(), vmd.TrajectoryWriter(tmp_path / "alive.h5", 4)
    writer.start(sim)
    for step in range(0, 32, 4):
        writer.write(sim.at(step))
    killed = tmp_path / "killed.h5"
    killed.write_bytes((tmp_path / "alive.h5").read_bytes())
    writer.finish(sim)
    assert vmd.load(killed).region_counts.shape == (8, 3)
    parted().at(20).run(40, vmd.TrajectoryWriter(killed, 4, resume=True))
    assert contents(killed) == contents(path)


def test_a_crowd_beyond_the_first_width(tmp_path):
    """The file is written anew with wider arrays on the way."""
    path = tmp_path / "run.h5"
    sim = parted(counts=lambda step: 3 + 60 * step)
    sim.run(6, vmd.TrajectoryWriter(path, 1))
    trajectory = vmd.load(path)
    for k, frame in enumerate(trajectory):
        assert trajectory.region_labels(k).tolist() == strip_of(frame)


# ---------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("kind", "regions"),
    [
        ("annihilation", (0, 1)),
        ("merging", (0, 1)),
        ("hop", (0,)),
        ("hop", (0, 1, 2)),
        ("exit", (0, -2)),
    ],
)
def test_regions_that_an_event_cannot_have(kind, regions):
    with pytest.raises(ValueError, match=r"event\.regions = .* kind"):
        vmd.Event(kind, 1, 0.1, (1,), (1,), (0.0, 0.0), regions=regions)


EVENTS = [
    vmd.Event("hop", 3, 0.25, (7,), (1,), (0.5, 1.0), regions=(0, 12)),
    vmd.Event("annihilation", 3, 0.3, (1, 2), (2, -1), (0.1, 0.2), 9, 1),
    vmd.Event("exit", 4, 0.4, (2**32 - 1,), (-3,), (0.0, 0.0), regions=(5, -1)),
    vmd.Event("entry", 4, 0.4, (0,), (1,), (0.0, 5.0), regions=(-1, 2)),
    vmd.Event("exit", 5, 0.5, (3,), (1,), (4.0, 0.0)),
    vmd.Event("merging", 6, 0.6, (4, 5), (1, 1), (4.0, 0.0), 10, 2),
]


def test_events_as_columns_and_back():
    for events in (EVENTS, []):
        assert events_from(event_rows(events, Layout(regions=True))) == events
    plain = events_from(event_rows(EVENTS, Layout(regions=False)))
    assert plain == [dataclasses.replace(event, regions=None) for event in EVENTS]


@pytest.fixture
def simulation():
    return vmd.Simulation(vmd.random_vortices(5, 1.0, seed=1), dt=0.01)


def test_checkpoints_hold_events(simulation, tmp_path):
    simulation.events = list(EVENTS)
    simulation.save(tmp_path / "run.chk")
    assert vmd.Simulation.resume(tmp_path / "run.chk").events == EVENTS
    small = (tmp_path / "run.chk").stat().st_size
    simulation.events = EVENTS * 2000
    simulation.save(tmp_path / "run.chk")
    # Two ids of 8 bytes, two windings of 4, a position, two regions, kind, time, step, product.
    assert (tmp_path / "run.chk").stat().st_size - small == 77 * 6 * 1999


def test_checkpoints_of_the_first_format_resume(simulation, tmp_path):
    path = tmp_path / "run.chk"
    simulation.events = [event for event in EVENTS if event.regions is None]
    simulation.save(path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if not name.startswith("event_")}
    header = json.loads(str(arrays.pop("header")))
    header["format"] = 1
    header["events"] = [dataclasses.asdict(event) for event in simulation.events]
    for event in header["events"]:
        del event["regions"]
    with open(path, "wb") as file:
        np.savez(file, header=np.array(json.dumps(header)), **arrays)
    assert vmd.Simulation.resume(path).events == simulation.events


# ---------------------------------------------------------------------- for other programs, and in words


def test_extended_xyz(path, tmp_path):
    trajectory = vmd.load(path)
    write_extxyz(trajectory, tmp_path / "run.xyz", frames=slice(None, None, 5))
    with np.errstate(all="warn"):
        from ase.io import read

        frames = read(tmp_path / "run.xyz", index=":", format="extxyz")
    assert len(frames) == 4
    for k, frame in enumerate(frames):
        assert frame.arrays["region"].tolist() == strip_of(trajectory[5 * k])
        assert frame.arrays["winding"].tolist() == trajectory[5 * k].winding.tolist()
    parted(strips=0).run(4, vmd.TrajectoryWriter(tmp_path / "plain.h5", 4))
    write_extxyz(vmd.load(tmp_path / "plain.h5"), tmp_path / "plain.xyz")
    assert "region" not in (tmp_path / "plain.xyz").read_text()
    assert trajectory._handle is None


@pytest.mark.parametrize(("strips", "words"), [(3, "3, 2 and 4"), (9, "9, with")])
def test_in_words(tmp_path, strips, words):
    sim = parted(strips, counts=lambda step: 6)
    sim.run(8, vmd.TrajectoryWriter(tmp_path / "run.h5", 4))
    trajectory = vmd.load(tmp_path / "run.h5")
    about = report.summary(trajectory)
    counts = trajectory.region_counts[-1].tolist()
    assert [region["vortices"] for region in about["regions"]] == counts
    assert sum(counts) == np.abs(trajectory[-1].winding).sum()
    (line,) = [row for row in report.as_text(about).splitlines() if row.startswith("regions")]
    if strips == 3:
        names = trajectory.regions.names
        assert line.split(None, 1)[1] == ", ".join(
            f"{count} in {name}" for count, name in zip(counts, names, strict=True)
        )
    else:
        assert line.split(None, 1)[1] == f"9, with {min(counts)} … {max(counts)} vortices each"
    assert about["events"]["hop"] == 3
    json.dumps(about)
