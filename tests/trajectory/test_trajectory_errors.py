"""What users get wrong: one clear line, before anything is computed, and no file harmed."""

import os
import shutil

import h5py
import pytest
from trajectory_fake import FakeSimulation, contents

import vortexmd as vmd


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every = 0"),
        ({"every": 2.5}, r"every = 2\.5"),
        ({"dtype": "float16"}, "dtype = 'float16': give one of float64, float32"),
        ({"compression": "lzf"}, "compression = 'lzf': give 'gzip', a level 0 … 9, or None"),
        ({"compression": 10}, "compression = 10"),
        ({"overwrite": True, "resume": True}, "overwrite, resume: give one of the two"),
    ],
)
def test_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        vmd.TrajectoryWriter(tmp_path / "run.h5", **options)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused(tmp_path):
    path = tmp_path / "run.h5"
    path.write_text("precious")
    with pytest.raises(
        FileExistsError, match=r"run\.h5: exists; pass overwrite=True .*resume=True"
    ):
        FakeSimulation().run(1, vmd.TrajectoryWriter(path, 1))
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["run.h5"]


def test_a_file_made_meanwhile_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    monkeypatch.setattr("vortexmd.h5md.canonical", lambda _: path.write_text("precious") and "{}")
    with pytest.raises(FileExistsError, match="exists; pass overwrite=True"):
        FakeSimulation().run(1, vmd.TrajectoryWriter(path, 1))
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["run.h5"]


def test_what_a_kill_left_is_not_written_through(tmp_path):
    """A file is made under a temporary name, linked to its own, and the first name dropped."""
    path = tmp_path / "run.h5"
    FakeSimulation().run(3, vmd.TrajectoryWriter(path, 1))
    os.link(path, tmp_path / ".run.h5.new")
    kept = path.rename(tmp_path / "kept.h5")
    before = kept.read_bytes()
    FakeSimulation().run(1, vmd.TrajectoryWriter(path, 1))
    assert kept.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["kept.h5", "run.h5"]


def test_folders(tmp_path):
    for path, error, message in (
        (tmp_path / "no" / "run.h5", FileNotFoundError, "the folder .*no does not exist"),
        (tmp_path, IsADirectoryError, "a folder; give a file name"),
    ):
        with pytest.raises(error, match=message):
            FakeSimulation().run(1, vmd.TrajectoryWriter(path, 1))


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="cannot be written"):
        FakeSimulation().run(1, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))


def test_overwriting_keeps_the_old_file_until_there_is_a_new_frame(tmp_path):
    path = tmp_path / "run.h5"
    path.write_text("old")
    sim = FakeSimulation().at(3)
    writer = vmd.TrajectoryWriter(path, 10, overwrite=True)
    sim.run(4, writer)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.h5"]
    writer.start(sim)
    assert path.read_text() == "old"
    writer.write(sim.at(10))
    assert vmd.load(path).steps.tolist() == [10]
    writer.write(sim.at(20))
    writer.finish(sim)
    sim.run(10, writer)
    assert vmd.load(path).steps.tolist() == [10, 20, 30]
    assert os.listdir(tmp_path) == ["run.h5"]


def test_an_error_before_the_first_frame_keeps_the_old_file(tmp_path):
    path = tmp_path / "run.h5"
    path.write_text("old")
    sim = FakeSimulation()
    sim.energies = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        sim.run(4, vmd.TrajectoryWriter(path, 2, overwrite=True))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.h5"]


def test_a_link_stays_a_link(tmp_path):
    """As to a scratch disk."""
    (tmp_path / "scratch").mkdir()
    real = tmp_path / "scratch" / "run.h5"
    real.write_text("old")
    link = tmp_path / "run.h5"
    link.symlink_to(real)
    FakeSimulation().run(2, vmd.TrajectoryWriter(link, 1, overwrite=True))
    assert link.is_symlink()
    assert len(vmd.load(real)) == 3


def test_two_writers_for_one_file(tmp_path):
    path = tmp_path / "run.h5"
    sim = FakeSimulation()
    writer = vmd.TrajectoryWriter(path, 1)
    writer.start(sim)
    with pytest.raises(BlockingIOError, match=r"being written by process \d+ on"):
        FakeSimulation().run(1, vmd.TrajectoryWriter(path, 1, resume=True))
    with pytest.raises(RuntimeError, match="at work; give it once"):
        writer.start(sim)
    writer.write(sim)
    writer.finish(sim)
    with pytest.raises(RuntimeError, match=r"not open; Simulation\.run"):
        writer.write(sim.at(1))
    assert len(vmd.load(path)) == 1


def test_a_reader_does_not_stand_in_the_way(tmp_path):
    path = tmp_path / "run.h5"
    sim = FakeSimulation()
    writer = vmd.TrajectoryWriter(path, 1)
    sim.run(2, writer)
    trajectory = vmd.load(path)
    frames = iter(trajectory)
    next(frames)
    sim.run(2, writer)
    with (
        trajectory,
        pytest.raises(OSError, match="open for reading in this process; close it first"),
    ):
        sim.run(2, writer)
    sim.run(2, writer)
    assert trajectory.refresh() == 7


def test_a_file_that_went_away(tmp_path):
    path = tmp_path / "run.h5"
    sim = FakeSimulation()
    writer = vmd.TrajectoryWriter(path, 1)
    sim.run(2, writer)
    trajectory = vmd.load(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="gone since this writer wrote it"):
        sim.run(2, writer)
    with pytest.raises(FileNotFoundError, match="no such file"):
        trajectory[0]
    FakeSimulation().run(5, vmd.TrajectoryWriter(path, 1))
    with pytest.raises(ValueError, match="replaced by another run since it was loaded"):
        trajectory[0]


def removed_at_step_3(path, remove):
    sim = FakeSimulation()
    sim.run(
        9,
        vmd.TrajectoryWriter(path, 1),
        after_frame=lambda step: remove() if step == 3 else None,
    )


def test_a_file_removed_while_it_is_written(tmp_path):
    """What is written to a file without a name is gone with the process: it gets its name back."""
    path = tmp_path / "run.h5"
    with pytest.raises(FileNotFoundError, match=r"its 4 frames were put back as .*run\.h5"):
        removed_at_step_3(path, path.unlink)
    FakeSimulation().at(3).run(6, vmd.TrajectoryWriter(path, 1, resume=True))
    FakeSimulation().run(9, vmd.TrajectoryWriter(tmp_path / "whole.h5", 1))
    assert contents(path) == contents(tmp_path / "whole.h5")


def test_a_file_replaced_while_it_is_written(tmp_path):
    path, mine = tmp_path / "run.h5", tmp_path / "mine"
    mine.write_text("mine")
    with pytest.raises(FileNotFoundError, match=r"were put back as .*run\.h5\.rescued"):
        removed_at_step_3(path, lambda: mine.replace(path))
    assert path.read_text() == "mine"
    assert len(vmd.load(tmp_path / "run.h5.rescued")) == 4


def test_a_folder_removed_while_it_is_written(tmp_path):
    path = tmp_path / "folder" / "run.h5"
    path.parent.mkdir()
    with pytest.raises(FileNotFoundError, match="its 4 frames could not be put back"):
        removed_at_step_3(path, lambda: shutil.rmtree(path.parent))


def test_a_description_that_no_file_can_hold(tmp_path):
    sim = FakeSimulation()
    sim.description = lambda: {"law": lambda r: r}
    with pytest.raises(ValueError, match="not plain data"):
        sim.run(1, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    assert os.listdir(tmp_path) == []


def test_loading_what_is_no_trajectory(tmp_path):
    good = tmp_path / "good.h5"
    FakeSimulation().run(30, vmd.TrajectoryWriter(good, 1))
    data = good.read_bytes()
    bad = tmp_path / "bad.h5"
    with pytest.raises(FileNotFoundError, match=r"bad\.h5: no such file"):
        vmd.load(bad)
    with pytest.raises(IsADirectoryError, match="a folder"):
        vmd.load(tmp_path)
    for content in (b"", b"hello", b"x" * 4096):
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=r"bad\.h5: not an HDF5 file"):
            vmd.load(bad)
    # A killed run's file, marked as open, cut short as well.
    marked = data[:11] + b"\x05" + data[12:]
    for content in (data[:-1], data[: len(data) // 2], data[:100], marked[:-1], marked[:5000]):
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=r"bad\.h5: cannot be opened \(truncated"):
            vmd.load(bad)
        assert bad.read_bytes() == content
    # A run goes on with what is left of it, if anything is; the file itself is kept.
    with pytest.raises(ValueError, match="truncated"):
        FakeSimulation().run(1, vmd.TrajectoryWriter(bad, 1, resume=True))
    assert bad.read_bytes() == content
    bad.write_bytes(data[:-1])
    with pytest.warns(UserWarning, match="truncated.*the damaged file is kept as bad.h5.damaged"):
        FakeSimulation().run(30, vmd.TrajectoryWriter(bad, 1, resume=True))
    assert contents(bad) == contents(good)
    assert (tmp_path / "bad.h5.damaged").read_bytes() == data[:-1]
    for libver in ("earliest", "latest"):
        with h5py.File(bad, "w", libver=libver) as file:
            file["x"] = [1.0]
        with pytest.raises(ValueError, match="not a vortexmd trajectory"):
            vmd.load(bad)


def test_a_damaged_frame_is_told(tmp_path):
    path = tmp_path / "run.h5"
    sim = FakeSimulation(lambda step: 500)
    sim.run(5, vmd.TrajectoryWriter(path, 1))
    with h5py.File(path, "r") as file:
        chunk = file["particles/trajectory/position/value"].id.get_chunk_info(3)
    with open(path, "r+b") as raw:
        raw.seek(chunk.byte_offset + 10)
        raw.write(b"\0" * 100)
    trajectory = vmd.load(path)
    assert len(trajectory[2]) == len(trajectory[4]) == 500
    with pytest.raises(ValueError, match=r"run\.h5: damaged or truncated"):
        trajectory[3]
