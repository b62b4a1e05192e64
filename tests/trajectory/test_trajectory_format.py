"""The file itself, read with h5py alone: H5MD 1.1, and what a writer may do to it when."""

import h5py
import numpy as np
from trajectory_fake import FakeSimulation, contents, growing_and_dying

import vortexmd as vmd

ELEMENTS = [
    *(
        f"particles/trajectory/{name}"
        for name in ("position", "image", "charge", "id", "box/edges")
    ),
    *(
        f"observables/{name}"
        for name in (
            "energy",
            "pair_energy",
            "external_energy",
            "temperature",
            "displacement",
            "winding_displacement",
            "count",
        )
    ),
]


def walk(group):
    """Every object, hard links as often as they occur."""
    for name in group:
        yield group[name]
        if isinstance(group[name], h5py.Group):
            yield from walk(group[name])


def structure(path):
    """Names, types, chunks, filters and attributes, without what grows."""
    with h5py.File(path, "r", swmr=True, locking=False) as file:
        return {
            item.name: (
                sorted(item.attrs),
                (item.dtype, item.chunks, item.compression, item.shuffle, item.maxshape[:1])
                if isinstance(item, h5py.Dataset)
                else sorted(item),
            )
            for item in (file, *walk(file))
        }


def test_h5md(tmp_path):
    sim = FakeSimulation(growing_and_dying, box=vmd.Box((10.0, 6.0), ("periodic", "open")))
    sim.run(60, vmd.TrajectoryWriter(tmp_path / "run.h5", 10))
    with h5py.File(tmp_path / "run.h5", "r") as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert file["h5md/creator"].attrs["name"] == b"vortexmd"
        for name in ("h5md/creator", "h5md/author"):
            # The standard wants fixed-length strings.
            assert h5py.check_string_dtype(file[name].attrs.get_id("name").dtype).length is not None
        box = file["particles/trajectory/box"].attrs
        assert box["dimension"] == 3
        assert box["boundary"].tolist() == [b"periodic", b"none", b"none"]
        assert box["vortexmd_boundary"].tolist() == [b"periodic", b"open"]
        for name in ELEMENTS:
            element = file[name]
            assert sorted(element) == ["step", "time", "value"]
            assert element["step"] == file["particles/trajectory/position/step"]
            assert element["time"] == file["particles/trajectory/position/time"]
            assert element["value"].shape[0] == 7
        for item in walk(file):
            assert "unit" not in item.attrs
        assert file["particles/trajectory/charge"].attrs["type"] == b"formal"
        assert file["particles/trajectory/charge/value"].dtype.kind == "i"
        assert file["particles/trajectory/id/value"].fillvalue == -1
        assert file["particles/trajectory/image/value"].dtype == np.int32
        assert np.all(file["particles/trajectory/box/edges/value"][:] == [10, 6, 1])
        position = file["particles/trajectory/position/value"][:]
        ids = file["particles/trajectory/id/value"][:]
        charge = file["particles/trajectory/charge/value"][:]
        count = file["observables/count/value"][:]
        assert h5py.check_enum_dtype(file["events/kind"].dtype)["exit"] == 3
    assert position.shape == (7, 60, 3)
    assert np.array_equal(np.isnan(position).all(axis=2), ids < 0)
    assert np.all(position[ids >= 0][:, 2] == 0)
    assert np.array_equal(charge != 0, ids >= 0)
    assert np.array_equal(np.sum(ids >= 0, axis=1), count)


def test_all_is_there_before_the_first_frame(tmp_path):
    path = tmp_path / "run.h5"
    sim = FakeSimulation(growing_and_dying)
    writer = vmd.TrajectoryWriter(path, 5)
    writer.start(sim)
    at_start = structure(path)
    sizes = {}
    with h5py.File(path, "r", swmr=True, locking=False) as file:
        assert file["particles/trajectory/position/value"].shape[0] == 0
    for step in range(0, 60, 5):
        writer.write(sim.at(step))
        sizes[step] = len(vmd.load(path))
    writer.finish(sim)
    assert sizes == {5 * k: k + 1 for k in range(12)}
    assert structure(path) == at_start


def test_a_vortex_keeps_its_column(tmp_path):
    """So that programs that go by index, like MDAnalysis, follow one vortex while it lives."""
    sim = FakeSimulation(growing_and_dying)
    sim.run(60, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    with h5py.File(tmp_path / "run.h5", "r") as file:
        ids = file["particles/trajectory/id/value"][:]
    places = {}
    for row in ids:
        for column in np.flatnonzero(row >= 0):
            assert places.setdefault(int(row[column]), column) == column


def test_two_runs_make_the_file_of_one(tmp_path):
    FakeSimulation(growing_and_dying).run(60, vmd.TrajectoryWriter(tmp_path / "one.h5", 4))
    sim = FakeSimulation(growing_and_dying)
    writer = vmd.TrajectoryWriter(tmp_path / "more.h5", 4)
    for steps in (0, 16, 3, 30, 11):
        sim.run(steps, writer)
        # Closed in between: anybody can open it.
        with h5py.File(tmp_path / "more.h5", "r") as file:
            assert file["particles/trajectory/position/step"][-1] == sim.step // 4 * 4
    assert contents(tmp_path / "one.h5") == contents(tmp_path / "more.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["more.h5", "one.h5"]


def test_size_of_small_frames(tmp_path):
    """One unlimited axis: no B-tree whose nodes pile up at every flush (16 kB a frame)."""
    path = tmp_path / "run.h5"
    sim = FakeSimulation(lambda step: 1)
    sim.run(0, vmd.TrajectoryWriter(path, 1))
    empty = path.stat().st_size
    FakeSimulation(lambda step: 1).run(200, vmd.TrajectoryWriter(path, 1, overwrite=True))
    assert (path.stat().st_size - empty) / 200 < 1000
