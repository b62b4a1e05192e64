"""A run goes on with a damaged file, or not: what was on the disk at the checkpoint is never cut off."""

import struct

import h5py
import pytest
from trajectory_fake import FakeSimulation, contents, growing_and_dying

import vortexmd as vmd
from vortexmd.recovery import mend, recover
from vortexmd.superblock import FLAGS, lookup3


def written(path, steps=60, **options):
    FakeSimulation(growing_and_dying).run(steps, vmd.TrajectoryWriter(path, 4, **options))


def goes_on(path, at=40, until=60):
    FakeSimulation(growing_and_dying).at(at).run(
        until - at, vmd.TrajectoryWriter(path, 4, resume=True)
    )


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def chunk(path, name, row):
    """Where the chunk of a dataset that holds a row begins."""
    with h5py.File(path) as file:
        dataset = file[name].id
        shape = dataset.get_create_plist().get_chunk()
        corner = (row // shape[0] * shape[0], *(0 for _ in shape[1:]))
        return dataset.get_chunk_info_by_coord(corner).byte_offset


def as_killed(path):
    """Mark a file as one whose writer was killed."""
    data = bytearray(path.read_bytes())
    head = data[:48]
    head[FLAGS] = 5
    head[-4:] = struct.pack("<I", lookup3(bytes(head[:-4])))
    path.write_bytes(bytes(head) + bytes(data[48:]))


def forget_a_frame(path, row):
    """Turn the address of a frame's images in their index into another."""
    address = struct.pack("<Q", chunk(path, "particles/trajectory/image/value", row))
    flip(path, path.read_bytes().index(address) + 1)


def test_an_event_of_before_the_checkpoint_is_not_cut_off(tmp_path):
    """The disk has changed it: it is told, and all the others are there still."""
    path = tmp_path / "run.h5"
    written(path, 44)
    flip(path, chunk(path, "events/position", 2) + 2 * 16 + 3)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="event 2 differs from its checksum"):
        goes_on(path)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="event 2 differs from its checksum"):
        vmd.load(path).events  # noqa: B018


def test_a_change_of_before_the_checkpoint_stays(tmp_path):
    """Also where the first frame under it is damaged."""

    def two_stages(path):
        sim = FakeSimulation(growing_and_dying)
        writer = vmd.TrajectoryWriter(path, 4, compression=None)
        sim.run(24, writer)
        sim.tilt = 0.3
        sim.run(36, writer)

    whole, path = tmp_path / "whole.h5", tmp_path / "run.h5"
    two_stages(whole)
    two_stages(path)
    flip(path, chunk(path, "particles/trajectory/position/value", 7) + 100)
    sim = FakeSimulation(growing_and_dying).at(26)
    sim.tilt = 0.3
    with pytest.warns(UserWarning, match="damaged from frame 7 on .*that is computed anew"):
        sim.run(34, vmd.TrajectoryWriter(path, 4, compression=None, resume=True))
    assert contents(path) == contents(whole)


def test_what_is_lost_before_the_checkpoint_is_not_gone_over(tmp_path):
    """A run that went on would leave a hole."""
    path = tmp_path / "run.h5"
    written(path)
    forget_a_frame(path, 5)
    as_killed(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="damaged"):
        goes_on(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]
    # From the start of the run on, all of it is computed again.
    with pytest.warns(UserWarning, match="after its first 5 frames is computed anew; .*damaged"):
        goes_on(path, at=0)
    written(tmp_path / "whole.h5")
    assert contents(path) == contents(tmp_path / "whole.h5")
    assert (tmp_path / "run.h5.damaged").read_bytes() == before


def test_without_checksums_nothing_is_repaired(tmp_path):
    """What was repaired could not be told from what was written."""
    path = tmp_path / "run.h5"
    written(path)
    with h5py.File(path, "r+", libver="latest") as file:
        del file["checksums"]
        del file["parameters/description"].attrs["crc32"]
    forget_a_frame(path, 5)
    as_killed(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="damaged"):
        mend(path, certain=-1)
    assert path.read_bytes() == before


def test_a_file_that_another_program_writes_is_left_to_it(tmp_path):
    path = tmp_path / "run.h5"
    written(path)
    with h5py.File(path, "r+", libver="latest") as file:
        file.attrs["mine"] = 1
        file.flush()
        with pytest.raises(ValueError, match="already open for writing in another program"):
            goes_on(path)
    with h5py.File(path) as file:
        assert file.attrs["mine"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


def test_cutting_a_file_keeps_all_of_it_under_another_name(tmp_path):
    path = tmp_path / "run.h5"
    written(path)
    before = path.read_bytes()
    assert recover(path, frames=5) == 5
    assert (tmp_path / "run.h5.damaged").read_bytes() == before


def test_a_damaged_series_spoils_its_frame_alone(tmp_path):
    path = tmp_path / "run.h5"
    written(path, compression=None)
    flip(path, chunk(path, "observables/energy/value", 9) + 8 * 9)
    trajectory = vmd.load(path)
    assert len(trajectory[:9].energy) == 9 and trajectory[10:].steps[0] == 40
    assert trajectory[8::-2].energy.tolist() == trajectory[:9].energy[::-2].tolist()
    with pytest.raises(ValueError, match="frame 9: a series differs"):
        trajectory.energy  # noqa: B018
