"""Run files are data: nothing in them is executed, fetched or waited for, and no input is written over."""

import os
import re

import h5py
import numpy as np
import pytest

import vortexmd as vmd
from tests.input.base_runs import BASES, as_toml, changed, parent, places
from tests.input.catalogue import CODE
from tests.input.command_line import ask, only_build

ATTACKS = [
    CODE,
    "$(touch executed)",
    "`touch executed`",
    "| touch executed",
    "; touch executed",
    "!!python/object/apply:os.system ['touch executed']",
    "cos\nsystem\n(S'touch executed'\ntR.",
    "{0.__class__.__init__.__globals__}",
    "file:///etc/passwd",
    "../../etc/passwd",
]
# Where a run file may name a file to read.
READ = {
    "start.file": {"start": {"kind": "file", "file": ...}, "run": {"steps": 2, "dt": 0.01}},
    "pair_force.file": changed(
        BASES["lattice"], ("pair_force",), {"type": "Tabulated", "file": ...}
    ),
    "pair_friction.file": changed(
        BASES["friction"], ("pair_friction",), {"type": "TabulatedFriction", "file": ...}
    ),
    "regions.raster": changed(BASES["raster"], ("regions", "raster"), ...),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def filled(data, name):
    """The run file with this name where a file is read."""
    place = next(place for place in places(data) if parent(data, place)[place[-1]] is ...)
    return changed(data, place, name)


def run(data, *options):
    with open("run.toml", "w", encoding="utf-8") as file:
        file.write(as_toml(data))
    answer = ask("run", "run.toml", "--quiet", *options)
    assert answer.clean, answer
    return answer


def test_nothing_that_a_text_says_is_executed(folder, monkeypatch):
    """Every text and every name of a key in its turn is code."""
    only_build(monkeypatch)
    for k, (base, data) in enumerate(BASES.items()):
        for place in places(data):
            if isinstance(parent(data, place)[place[-1]], str) and place != ("output", "file"):
                answer = run(changed(data, place, ATTACKS[k % len(ATTACKS)]))
                # What is not looked up anywhere may be any text: a name of a region.
                assert answer.code == 2 or "names" in place, (base, place)
            if isinstance(parent(data, place)[place[-1]], dict):
                run(changed(data, (*place, CODE), 1))
    assert [path.name for path in folder.iterdir()] == ["run.toml"]


@pytest.mark.parametrize("key", READ)
@pytest.mark.parametrize(
    "name",
    [*ATTACKS, "", ".", "..", "missing", "a\0b", "x" * 5000, "/dev/zero", "/dev/null", "pipe"],
)
def test_files_that_are_none_are_refused_at_once(folder, key, name):
    os.mkfifo("pipe")
    answer = run(filled(READ[key], name))
    assert answer.code == 2 and key in answer.text
    assert sorted(path.name for path in folder.iterdir()) == ["pipe", "run.toml"]


@pytest.mark.parametrize("key", READ)
def test_addresses_are_not_fetched(folder, monkeypatch, key):
    """numpy would: a table's name goes through its loader of text files."""

    def fetch(*arguments, **rest):
        raise AssertionError(f"fetched {arguments}")

    monkeypatch.setattr("urllib.request.urlopen", fetch)
    for name in ("http://localhost:9/a.csv", "https://localhost:9/a.txt", "ftp://localhost/a.npy"):
        answer = run(filled(READ[key], name))
        assert answer.code == 2 and key in answer.text


CONTENTS = {
    "empty": b"",
    "words": b"one two\nthree four\n",
    "one column": b"1\n2\n3\n",
    "three columns": b"1 2 3\n4 5 6\n",
    "ragged": b"1 2\n3\n",
    "not UTF-8": b"\xff\xfe\x00\x01\n",
    "NaN": b"1 nan\n2 1\n",
    "infinite": b"1 1\ninf 1\n",
    "beyond doubles": b"1 1\n2 1e999\n",
    "falling": b"2 1\n1 1\n",
    "a comment": b"# 1 2\n",
    "a pickle": b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
}


@pytest.mark.parametrize("key", ["pair_force.file", "pair_friction.file", "regions.raster"])
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", ["table.csv", "table.txt", "table.npy"])
def test_tables_that_are_none_are_refused(folder, key, content, name):
    (folder / name).write_bytes(CONTENTS[content])
    answer = run(filled(READ[key], name))
    assert answer.code == 2 and re.search(r"\b(file|raster) = .table", answer.text)


def test_arrays_of_objects_are_not_unpacked(folder):
    """A .npy file of objects holds a pickle, which is a program."""

    class Trap:
        def __reduce__(self):
            return os.system, ("touch executed",)

    array = np.empty((2, 2), dtype=object)
    array[:] = 0
    array[0, 0] = Trap()
    np.save("table.npy", array, allow_pickle=True)
    for key in ("regions.raster", "pair_force.file"):
        answer = run(filled(READ[key], "table.npy"))
        assert answer.code == 2 and "Object arrays" in answer.text
    assert not (folder / "executed").exists()


def test_a_table_that_says_it_is_huge_is_not_believed(folder):
    with open("table.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<i8", "fortran_order": False, "shape": (10**6, 10**6)}
        )
    assert "regions.raster" in run(filled(READ["regions.raster"], "table.npy")).text


HEADERS = {
    "nested sums": ("(" + "+".join(["1"] * 4000) + ",)", "too large, or nested too deep|recursion"),
    "nested signs": ("(" + "-" * 9000 + "1,)", "too large, or nested too deep|recursion"),
    "long": ("(" + " " * 20_000 + "1,)", "large"),
}


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_python_cannot_read_are_refused_with_a_reason(folder, header):
    shape, reason = HEADERS[header]
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    (folder / "table.npy").write_bytes(
        b"\x93NUMPY\x02\x00" + len(text).to_bytes(4, "little") + text
    )
    for key in ("regions.raster", "pair_force.file"):
        answer = run(filled(READ[key], "table.npy"))
        assert answer.code == 2 and re.search(f"{key} = .table.npy.: .*({reason})", answer.text)
        assert "pickle" not in answer.text


@pytest.mark.parametrize("name", ["start.h5", "start.txt"])
def test_starts_that_are_no_trajectories_are_refused(folder, name):
    for content in (b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(200)):
        (folder / name).write_bytes(content)
        answer = run(filled(READ["start.file"], name))
        assert answer.code == 2 and "start.file" in answer.text
    with h5py.File("other.h5", "w") as file:
        file["x"] = 1
    assert "start.file" in run(filled(READ["start.file"], "other.h5")).text


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a\0b", "x" * 300, "missing/run.h5", "pipe", "/dev/null"]
)
@pytest.mark.parametrize("option", [(), ("--force",)])
def test_outputs_that_are_none_are_refused(folder, name, option):
    os.mkfifo("pipe")
    answer = run(changed(BASES["lattice"], ("output", "file"), name), *option)
    assert answer.code == 2 and "output" in answer.text, answer
    assert sorted(path.name for path in folder.iterdir()) == ["pipe", "run.toml"]


@pytest.mark.parametrize("option", [(), ("--force",)])
def test_the_run_file_is_never_written_over(folder, option):
    for name in (
        "run.toml",
        "./run.toml",
        str(folder / "run.toml"),
        "../" + folder.name + "/run.toml",
    ):
        data = changed(BASES["lattice"], ("output", "file"), name)
        assert "the configuration itself" in run(data, *option).text
        assert (folder / "run.toml").read_text(encoding="utf-8") == as_toml(data)
    os.symlink("run.toml", "link.h5")
    data = changed(BASES["lattice"], ("output", "file"), "link.h5")
    assert "the configuration itself" in run(data, *option).text
    assert "the configuration itself" in run(BASES["lattice"], "-o", "run.toml", *option).text


@pytest.mark.parametrize("option", [(), ("--force",)])
def test_nor_by_its_own_checkpoint(folder, option):
    """``run.h5.chk`` may be the name of a run file, too."""
    text = as_toml(BASES["lattice"])
    (folder / "run.h5.chk").write_text(text, encoding="utf-8")
    answer = ask("run", "run.h5.chk", *option)
    assert answer.clean and answer.code == 2 and "the configuration itself" in answer.text
    assert (folder / "run.h5.chk").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("option", [(), ("--force",)])
def test_what_a_run_reads_is_never_written_over(folder, option):
    start = vmd.square_lattice(9, 0.1)
    writer = vmd.TrajectoryWriter("before.h5", every=1)
    vmd.Simulation(start, dt=0.1).run(1, writers=[writer])
    before = (folder / "before.h5").read_bytes()
    data = filled(READ["start.file"], "before.h5") | {"output": {"file": "before.h5"}}
    assert "start.file, which the run reads" in run(data, *option).text
    assert (folder / "before.h5").read_bytes() == before


def test_a_run_from_a_file_runs(folder):
    """What is refused above is not refused for the wrong reason."""
    vmd.Simulation(vmd.square_lattice(9, 0.1), dt=0.1).run(
        1, writers=[vmd.TrajectoryWriter("before.h5", every=1)]
    )
    assert run(filled(READ["start.file"], "before.h5")).code == 0
    assert len(vmd.load("run.h5")[0]) == 9
