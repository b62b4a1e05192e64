"""Whatever befalls a trajectory on a disk: what is read of it is right, or there is one clear line."""

import h5py
import pytest

from tests.corruption import originals, readings
from tests.corruption.mutations import MUTATIONS, damaged
from tests.trajectory.trajectory_fake import FakeSimulation
from vortexmd import TrajectoryWriter, load
from vortexmd.recovery import recover


def failures(examiner, original, kind, seeds, names=tuple(MUTATIONS), **options):
    """What is read wrongly of damaged files, each with the mutation that did it."""
    right = examiner.read(kind, original.data, **options)
    assert not [value for value in right.values() if value.startswith(readings.ERROR)]
    for name in names:
        for seed in seeds:
            data = damaged(original.data, name, seed, original.targets)
            found = examiner.read(kind, data, **options)
            problem = readings.difference(found, right)
            if problem:
                yield f"{original.name}, {name} {seed}: {problem}"


@pytest.mark.parametrize("name", originals.KINDS)
def test_a_few(examiner, trajectories, name):
    """Of each file every other way, the ways that are left in the next file."""
    some = list(MUTATIONS)[list(originals.KINDS).index(name) % 2 :: 2]
    assert list(failures(examiner, trajectories[name], "trajectory", range(1), some)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", originals.KINDS)
def test_many(examiner, trajectories, name):
    assert list(failures(examiner, trajectories[name], "trajectory", range(100, 125))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", originals.KINDS)
def test_many_made_whole(examiner, trajectories, name):
    assert list(failures(examiner, trajectories[name], "recovered", range(200, 206))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", originals.KINDS)
def test_many_in_every_way(examiner, trajectories, name):
    """Summaries, exports, iteration, too."""
    assert (
        list(failures(examiner, trajectories[name], "trajectory", range(300, 304), thoroughly=True))
        == []
    )


@pytest.mark.parametrize("thoroughly", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_data_is_without_a_checksum(examiner, trajectories, thoroughly):
    """HDF5 has none of unpacked data: a flip there is told by the file's own, in every stretch of data."""
    original = trajectories["plain"]
    silent = []
    for offset, size in original.targets[:: 1 if thoroughly else 7]:
        data = bytearray(original.data)
        data[offset + 1] ^= 0x10
        found = examiner.read("trajectory", bytes(data))
        if not any(value.startswith(readings.ERROR) for value in found.values()):
            silent.append((offset, size))
    assert silent == []


def test_damage_is_told_by_name_and_the_rest_is_read(tmp_path):
    path = tmp_path / "run.h5"
    FakeSimulation(lambda step: 500).run(5, TrajectoryWriter(path, 1, compression=None))
    with h5py.File(path, "r") as file:
        chunk = file["particles/trajectory/position/value"].id.get_chunk_info(3)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset + 100] ^= 1
    path.write_bytes(data)
    trajectory = load(path)
    assert len(trajectory[2]) == len(trajectory[4]) == 500
    assert trajectory.energy.shape == (6,)
    message = r"run\.h5: damaged or truncated \(frame 3: position differs from its checksum\)"
    with pytest.raises(ValueError, match=message):
        trajectory[3]
    with pytest.raises(ValueError, match=r"frame 3: .*recover\(path, frames=3\)"):
        recover(path)
    assert path.read_bytes() == bytes(data)
    # What was on the disk at a checkpoint is not looked through as a run goes on from there.
    FakeSimulation(lambda step: 500).at(4).run(3, TrajectoryWriter(path, 1, resume=True))
    trajectory = load(path)
    assert len(trajectory) == 8 and len(trajectory[7]) == 500
    with pytest.raises(ValueError, match="frame 3: position differs"):
        trajectory[3]
    assert recover(path, frames=3) == 3
    assert load(path)[2].step == 2


def from_before(path):
    """Make a file one of those from before checksums were introduced."""
    with h5py.File(path, "r+", libver="latest") as file:
        del file["checksums"]
        del file["parameters/description"].attrs["crc32"]


@pytest.mark.parametrize("strips", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_files_from_before_are_read_and_continued(tmp_path, strips):
    right = readings.of_trajectory(_run(tmp_path / "right.h5", strips, 40))
    path = _run(tmp_path / "run.h5", strips, 20)
    from_before(path)
    sim = FakeSimulation(originals.coming_and_going, strips=strips).at(10)
    sim.run(30, TrajectoryWriter(path, 5, resume=True))
    found = readings.of_trajectory(path)
    assert "checksums" not in h5py.File(path, "r")
    for name in right.keys() - {"provenance"}:
        assert found[name] == right[name]
    recover(path, frames=3)
    assert len(load(path)) == 3


def _run(path, strips, steps):
    FakeSimulation(originals.coming_and_going, strips=strips).run(steps, TrajectoryWriter(path, 5))
    return path
