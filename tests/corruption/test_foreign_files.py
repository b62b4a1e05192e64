"""HDF5 files that are sound and no trajectories of ours, or hold what cannot be: refused in one line."""

import h5py
import numpy as np
import pytest

import vortexmd as vmd
from tests.corruption import originals, readings
from tests.trajectory.trajectory_fake import FakeSimulation
from vortexmd import h5md
from vortexmd.cli import main
from vortexmd.recovery import recover

POSITION = "particles/trajectory/position/value"
ENERGY = "observables/energy/value"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The bytes of a trajectory with events."""
    path = tmp_path_factory.mktemp("original") / "run.h5"
    sim = FakeSimulation(originals.coming_and_going)
    sim.run(20, vmd.TrajectoryWriter(path, 5, compression=None))
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, original):
    (tmp_path / "run.h5").write_bytes(original)
    return tmp_path / "run.h5"


def edited(path, edit, *, before_checksums=True):
    """Change a file by hand; one of those from before there were checksums, which would tell."""
    with h5py.File(path, "r+", libver="latest") as file:
        if before_checksums:
            del file["checksums"]
            del file["parameters/description"].attrs["crc32"]
        edit(file)


def refused(path, read, message):
    """One line that names the file."""
    with pytest.raises((ValueError, OSError), match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_h5md_of_another_program(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.create_group("h5md").attrs["version"] = np.array([1, 1])
        file["particles/all/position/value"] = np.zeros((3, 5, 3))
        file["particles/all/position/step"] = np.arange(3)
    refused(
        path, vmd.load, r"not a vortexmd trajectory \(no /particles/trajectory/position/value\)"
    )
    refused(path, recover, "not a vortexmd trajectory")


# ---------------------------------------------------------------------- links and other forms


def put_link(name, link):
    def edit(file):
        del file[name]
        file[name] = link

    return edit


def put_dataset(name, *arguments, **options):
    def edit(file):
        del file[name]
        file.create_dataset(name, *arguments, **options)

    return edit


def put_virtual(file):
    shape = file[ENERGY].shape
    del file[ENERGY]
    layout = h5py.VirtualLayout(shape, "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape)
    file.create_virtual_dataset(ENERGY, layout)


FORMS = {
    "an external link": (put_link(ENERGY, h5py.ExternalLink("/etc/passwd", "/")), "a link in"),
    "an external group": (
        put_link("events", h5py.ExternalLink("o.h5", "/e")),
        "a link in place of",
    ),
    "a link to itself": (put_link(ENERGY, h5py.SoftLink(f"/{ENERGY}")), "a link in place of"),
    "a link into the file": (put_link(ENERGY, h5py.SoftLink("/events/time")), "a link in place of"),
    "a group": (lambda f: (f.pop(ENERGY), f.create_group(ENERGY)), "no plain dataset"),
    "a file of its own": (
        put_dataset(ENERGY, (5,), "f8", external=[("/etc/passwd", 0, 40)]),
        "no plain dataset",
    ),
    "a virtual dataset": (put_virtual, "no plain dataset"),
    "text": (put_dataset(ENERGY, data=np.array([b"a"] * 5)), r"values of type \|S1 in"),
    "integers": (put_dataset(ENERGY, data=np.arange(5), chunks=(5,)), "values of type int64 in"),
    "two axes": (put_dataset(ENERGY, (5, 2), "f8", chunks=(5, 2)), r"shape \(5, 2\) of"),
    "no chunks": (put_dataset(ENERGY, data=np.zeros(5)), "no chunks in"),
    "a flat position": (put_dataset(POSITION, (5, 40), "f8", chunks=(1, 40)), "shape"),
    "a number for a text": (put_dataset(h5md.DESCRIPTION, data=7), "no text in"),
    "an object for a text": (put_dataset(h5md.DESCRIPTION, data="{}"), "no text in"),
    "no boundary": (
        lambda f: f["particles/trajectory/box"].attrs.pop("vortexmd_boundary"),
        "no boundary of its box",
    ),
    "a number for a boundary": (
        lambda f: f["particles/trajectory/box"].attrs.__setitem__("vortexmd_boundary", 3.0),
        "no boundary of its box",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms(path, form):
    edit, message = FORMS[form]
    edited(path, edit)
    for read in (vmd.load, recover):
        refused(path, read, rf"an HDF5 file, but not a vortexmd trajectory \({message}")


def test_groups_in_a_circle(path):
    """Nobody who goes by names runs in it."""
    right = readings.of_trajectory(path)
    edited(path, lambda f: f["events"].__setitem__("circle", f["events"]), before_checksums=False)
    assert readings.of_trajectory(path) == right
    assert recover(path, frames=2) == 2
    assert len(vmd.load(path)) == 2


# ---------------------------------------------------------------------- values that cannot be


def put(name, at, value):
    def edit(file):
        file[name][at] = value

    return edit


def grown(name, axis, size):
    """As if there were more than the file holds."""

    def edit(file):
        kind, fill = file[name].dtype, file[name].fillvalue
        chunks, shape = file[name].chunks, list(file[name].shape)
        shape[axis] = size
        del file[name]
        most = [None, *shape[1:]]
        file.create_dataset(name, shape, kind, maxshape=most, chunks=chunks, fillvalue=fill)

    return edit


def endless(file):
    for table in h5md.layout_of(file).tables[:1]:
        for column in table.values():
            file[column.path].resize(10**12, axis=0)


def wide(file):
    for column in h5md.layout_of(file).particles.values():
        grown(column.path, 1, 10**12)(file)


STEP, TIME = "particles/trajectory/position/step", "particles/trajectory/position/time"
ID, CHARGE = "particles/trajectory/id/value", "particles/trajectory/charge/value"
AT_LOAD = {
    "steps that go back": (put(STEP, 3, 2), "the steps in /.* are out of order"),
    "one step twice": (put(STEP, 3, 10), "the steps in /.* are out of order"),
    "a negative step": (put(STEP, 3, -7), "the steps in /.* are out of order"),
    "a frame lost": (put(STEP, 2, -1), "frame 2 has no step, but there are later ones"),
    "events that go back": (put("events/step", 5, 0), "the steps in /events/step are out of"),
    "events lost": (put("events/step", slice(3, None), -1), "event 3 has no step, but there are"),
    "endless frames": (endless, "is shorter than it says"),
    "endless vortices": (wide, "more than the file can hold"),
    "provenance": (put_dataset(h5md.PROVENANCE, data=np.bytes_("[]")), "no table of keys"),
    "nested text": (put_dataset(h5md.PROVENANCE, data=np.bytes_("[" * 10**5)), "/parameters/prov"),
    "no JSON": (put_dataset(h5md.PROVENANCE, data=np.bytes_("import os")), "/parameters/prov"),
    "no UTF-8": (put_dataset(h5md.PROVENANCE, data=np.bytes_(b"\xff\xfe")), "/parameters/prov"),
    "no run": (put_dataset(h5md.PROVENANCE, data=np.bytes_("{}")), "run"),
}


@pytest.mark.parametrize("case", AT_LOAD)
def test_files_that_cannot_be(path, case):
    edit, message = AT_LOAD[case]
    edited(path, edit)
    refused(path, vmd.load, message)


EDGES = "particles/trajectory/box/edges/value"
IN_FRAMES = {
    "NaN": (put(POSITION, (2, 3, 0), np.nan), r"frame 2: positions\[3\] = \(nan"),
    "ids twice": (put(ID, (2, 3), 4), "frame 2: ids: 4 occurs more than once"),
    "one lost": (put(ID, (2, 3), -1), "frame 2: 40 vortices, of whom 39 are there"),
    "no winding": (put(CHARGE, (2, 3), 0), r"frame 2: winding\[3\] = 0"),
    "no edge": (put(EDGES, (2, 0), 0.0), r"frame 2: box\.lengths"),
    "a negative edge": (put(EDGES, (2, 0), -1.0), r"frame 2: box\.lengths"),
    "an endless edge": (put(EDGES, (2, 0), np.inf), r"frame 2: box\.lengths"),
    "time": (put(TIME, 2, np.nan), "frame 2: time = nan"),
    "a boundary": (
        lambda f: f["particles/trajectory/box"].attrs.__setitem__(
            "vortexmd_boundary", np.array([b"open", b"wide"])
        ),
        r"frame 2: box\.boundary",
    ),
}


@pytest.mark.parametrize("case", IN_FRAMES)
def test_frames_that_cannot_be(path, case):
    edit, message = IN_FRAMES[case]
    edited(path, edit)
    trajectory = vmd.load(path)
    refused(path, lambda p: trajectory[2], rf"damaged or truncated \({message}")


def test_a_change_that_lost_its_step(path):
    """As if it had not been noted."""
    sim = FakeSimulation(originals.coming_and_going).at(20)
    writer = vmd.TrajectoryWriter(path, 5, resume=True)
    sim.run(0, writer)
    sim.tilt = 0.5
    sim.run(5, writer)
    edited(path, put("parameters/changes/step", 0, -1), before_checksums=False)
    refused(path, vmd.load, "change 0 of the description has no step, but there are later frames")


def test_events_that_cannot_be(path):
    edited(path, put("events/kind", 2, 77))
    refused(path, lambda p: vmd.load(p).events, "event 2: kind 77 is none of ours")


@pytest.mark.parametrize("text", ["[1, 2]", '{"external": 5}', '{"reactions": [5]}', "{"])
def test_descriptions_that_cannot_be(path, capsys, text):
    edited(path, put_dataset(h5md.DESCRIPTION, data=np.bytes_(text)), before_checksums=False)
    refused(path, lambda p: vmd.load(p).parameters, "damaged or truncated")
    assert main(["info", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_text_is_checked(path):
    with h5py.File(path, "r+", libver="latest") as file:
        file[h5md.DESCRIPTION][()] = file[h5md.DESCRIPTION][()].replace(b"0.01", b"0.02")
    refused(path, lambda p: vmd.load(p).parameters, "description does not have its checksum")


def test_a_trajectory_without_frames(tmp_path, capsys):
    path = tmp_path / "run.h5"
    writer = vmd.TrajectoryWriter(path, 5)
    writer.start(FakeSimulation())
    writer.finish(FakeSimulation())
    assert len(vmd.load(path)) == 0
    assert vmd.load(path).energy.shape == (0,)
    for arguments in (["info", str(path)], ["plot", str(path)]):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("vortexmd: ")
        assert error.count("\n") == 1
    assert main(["export", str(path), str(tmp_path / "run.xyz")]) == 0
