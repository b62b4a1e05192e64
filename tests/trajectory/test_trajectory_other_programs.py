"""MDAnalysis opens the trajectory, ASE the export: they see what was written."""

import os

import numpy as np
import pytest
from trajectory_fake import FakeSimulation, growing_and_dying

import vortexmd as vmd
from vortexmd.export import write_extxyz

BOX = vmd.Box((10.0, 6.0), ("periodic", "reflecting"))


@pytest.fixture
def trajectory(tmp_path):
    sim = FakeSimulation(growing_and_dying, box=BOX, windings=(1, -1, 2, -3))
    sim.run(60, vmd.TrajectoryWriter(tmp_path / "run.h5", 5))
    return vmd.load(tmp_path / "run.h5")


def state(step):
    return FakeSimulation(growing_and_dying, box=BOX, windings=(1, -1, 2, -3)).at(step).state


@pytest.mark.filterwarnings("ignore")
def test_mdanalysis(trajectory):
    with np.errstate(all="warn"):
        from MDAnalysis.coordinates.H5MD import H5MDReader

        reader = H5MDReader(str(trajectory.path), convert_units=False)
    assert reader.n_frames == 13
    assert reader.n_atoms == 60
    seen = {}
    for k, frame in enumerate(reader):
        expected = state(5 * k)
        group = reader._particle_group
        ids = group["id/value"][k]
        there = ids >= 0
        assert there.sum() == len(expected)
        assert np.isnan(frame.positions[~there]).all()
        order = np.argsort(ids[there])
        # MDAnalysis keeps positions in single precision.
        np.testing.assert_allclose(
            frame.positions[there][order, :2], expected.positions, rtol=1e-6, atol=1e-30
        )
        assert np.array_equal(group["charge/value"][k][there][order], expected.winding)
        assert np.array_equal(frame.dimensions, [10, 6, 1, 90, 90, 90])
        assert frame.time == expected.time
        assert frame.data["step"] == expected.step
        assert frame.data["count"] == len(expected)
        for column in np.flatnonzero(there):
            assert seen.setdefault(int(ids[column]), column) == column
    reader.close()


@pytest.mark.filterwarnings("ignore")
def test_mdanalysis_universe(trajectory):
    with np.errstate(all="warn"):
        import MDAnalysis

        universe = MDAnalysis.Universe.empty(60, trajectory=False)
        universe.load_new(str(trajectory.path), format="H5MD", convert_units=False)
        assert len(universe.trajectory) == 13
        universe.trajectory[4]
        assert np.isfinite(universe.atoms.positions).all(axis=1).sum() == 40
        universe.trajectory.close()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("frames", [slice(None), slice(1, None, 3), slice(12, 13)])
def test_ase(trajectory, tmp_path, frames):
    import ase.io

    path = tmp_path / "run.xyz"
    write_extxyz(trajectory, path, frames)
    images = ase.io.read(path, index=":", format="extxyz")
    steps = range(0, 65, 5)[frames]
    assert len(images) == len(steps)
    names = {1: "V", -1: "At", 2: "Gd", -3: "Ag"}
    for atoms, step in zip(images, steps, strict=True):
        expected = state(step)
        assert len(atoms) == len(expected)
        assert np.array_equal(atoms.cell.array, np.diag([10.0, 6.0, 1.0]))
        assert atoms.pbc.tolist() == [True, False, False]
        assert atoms.info["step"] == step
        assert atoms.info["time"] == expected.time
        assert atoms.info["boundary"] == "periodic reflecting"
        if len(expected):
            assert np.array_equal(atoms.positions[:, :2], expected.positions)
            assert np.all(atoms.positions[:, 2] == 0)
            assert np.array_equal(atoms.arrays["id"], expected.ids)
            assert np.array_equal(atoms.arrays["winding"], expected.winding)
            assert atoms.get_chemical_symbols() == [names[n] for n in expected.winding.tolist()]


def test_export_of_plain_frames(tmp_path):
    frames = [vmd.Vortices([[0.1, 0.2]], -1, vmd.Box((1.0, 2.0)), step=3, time=0.3)]
    write_extxyz(frames, tmp_path / "one.xyz")
    assert (tmp_path / "one.xyz").read_text() == (
        "1\n"
        'Lattice="1.0 0 0 0 2.0 0 0 0 1" Properties=species:S:1:pos:R:3:id:I:1:winding:I:1 '
        'pbc="T T F" boundary="periodic periodic" step=3 time=0.3\n'
        "At 0.1 0.2 0 0 -1\n"
    )


def test_export_overwrites_nothing(trajectory, tmp_path):
    path = tmp_path / "run.xyz"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="exists; choose another name or pass overwrite=True"):
        write_extxyz(trajectory, path)
    assert path.read_text() == "precious"

    class Breaking(list):
        def __getitem__(self, key):
            yield from trajectory[:2]
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_extxyz(Breaking(), path, overwrite=True)
    assert path.read_text() == "precious"
    write_extxyz(trajectory, path, overwrite=True)
    assert path.read_text().startswith("20\nLattice=")
    with pytest.raises(ValueError, match="the trajectory itself"):
        write_extxyz(trajectory, trajectory.path, overwrite=True)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        write_extxyz(trajectory, tmp_path / "no" / "run.xyz")
    assert sorted(os.listdir(tmp_path)) == ["run.h5", "run.xyz"]
