"""Whatever befalls a checkpoint: the run goes on exactly as it would have, or there is one clear line."""

import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

import vortexmd as vmd
from tests.corruption import originals, readings
from tests.corruption.forgeries import STRANGE, closed, opened, places, replaced
from tests.corruption.mutations import MUTATIONS, damaged


def failures(examiner, original, seeds):
    """What goes wrong with damaged checkpoints, each with the mutation that did it."""
    right = examiner.read("checkpoint", original.data)
    assert sorted(right) == ["later", "load", "state"]
    for name in MUTATIONS:
        for seed in seeds:
            data = damaged(original.data, name, seed, original.targets)
            problem = readings.difference(examiner.read("checkpoint", data), right)
            if problem:
                yield f"{original.name}, {name} {seed}: {problem}"


@pytest.mark.parametrize("name", originals.CHECKPOINTS)
def test_a_few(examiner, checkpoints, name):
    assert list(failures(examiner, checkpoints[name], range(3))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", originals.CHECKPOINTS)
def test_many(examiner, checkpoints, name):
    assert list(failures(examiner, checkpoints[name], range(100, 160))) == []


def forged(examiner, original, share):
    """What goes wrong with checkpoints one of whose values somebody made up, or left out."""
    header, arrays = opened(original.data)
    draw = random.Random(1)
    for at in places(header):
        for value in (..., *STRANGE):
            if draw.random() < share:
                found = examiner.read("forgery", closed(replaced(header, at, value), arrays))
                for name, result in found.items():
                    if result != "None" and not result.startswith(readings.ERROR):
                        yield f"{at} = {value}: {name}: {result}"


@pytest.mark.parametrize("name", originals.CHECKPOINTS)
def test_a_few_forged_headers(examiner, checkpoints, name):
    assert list(forged(examiner, checkpoints[name], 0.015)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", originals.CHECKPOINTS)
def test_all_forged_headers(examiner, checkpoints, name):
    assert list(forged(examiner, checkpoints[name], 1.0)) == []


# ---------------------------------------------------------------------- one by one


def changed(name, change):
    """A change of one array."""

    def apply(header, arrays):
        arrays[name] = change(arrays[name].copy())

    return apply


def put(value, *at):
    def change(array):
        array[at] = value
        return array

    return change


def header_entry(name, value):
    def apply(header, arrays):
        header[name] = value

    return apply


CASES = {
    "no positions": (lambda h, a: a.pop("positions"), "no positions"),
    "no header entry": (lambda h, a: h.pop("step"), "step: missing"),
    "no event column": (lambda h, a: a.pop("event_ids"), "no event_ids"),
    "step -1": (header_entry("step", -1), "step = -1: a whole number, 0 or more, belongs there"),
    "step text": (header_entry("step", "7"), "step = '7'"),
    "negative number": (header_entry("start_counts", [[1, -1]]), r"start_counts = \[\[1, -1\]\]"),
    "huge number": (header_entry("start_counts", [[1, 2**32]]), "start_counts .* takes about"),
    "winding 0 at first": (header_entry("start_counts", [[0, 5]]), "start_counts"),
    "ramp from later": (header_entry("ramp", [99, 5, 0.1, 0.0]), "ramp .*begins after step 40"),
    "heat NaN": (header_entry("temperature", float("nan")), "temperature = nan"),
    "next id": (header_entry("next_id", 3), "ids: from 0 to 59, where the next is 3"),
    "format": (header_entry("format", 99), "format 99, this reads 1, 2"),
    "format table": (header_entry("format", {}), r"format \{\}, this reads"),
    "shape": (changed("winding", lambda w: w[:-1]), r"winding: shape \(\d+,\) of int64, where"),
    "type": (changed("positions", lambda r: r.astype("f4")), "positions: shape .* of float32"),
    "text": (changed("ids", lambda ids: ids.astype("U4")), "ids: shape .* of <U4"),
    "NaN": (changed("positions", put(np.nan, 3, 1)), "positions: not all finite"),
    "far": (changed("positions", put(1e300, 3, 0)), "positions: a vortex stands outside the box"),
    "outside": (changed("positions", put(-0.1, 3, 1)), "positions: a vortex stands outside the"),
    "reference": (changed("reference", put(-1.0, 3, 0)), "reference: a vortex stands outside"),
    "ids twice": (lambda h, a: a["ids"].__setitem__(1, a["ids"][0]), "ids: one occurs more than"),
    "negative id": (changed("ids", put(-5, 0)), "ids: from -5"),
    "no winding": (changed("winding", put(0, 0)), "winding: 0, or beyond"),
    "mirrors": (changed("mirrors", put(np.inf, 0)), "mirrors: not all finite"),
    "event kind": (changed("event_kind", put(-1, 0)), "event_kind: from 0 to 4"),
    "event order": (changed("event_step", lambda s: s[::-1].copy()), "event_step: not in order"),
    "event before": (changed("event_step", put(-1, 0)), "event_step: not in order, from 0 on"),
    "event rows": (changed("event_ids", lambda i: i[1:]), r"event_ids: shape \("),
    "event region": (changed("event_regions", put(1, 0, 0)), "event_regions: of an event that is"),
    "event of nobody": (changed("event_ids", put(-1, 0, 0)), "event_ids: an event befell nobody"),
}


@pytest.mark.parametrize("case", CASES)
def test_states_that_cannot_be(tmp_path, checkpoints, case):
    change, message = CASES[case]
    header, arrays = opened(checkpoints["annealed"].data)
    change(header, arrays)
    path = tmp_path / "run.chk"
    path.write_bytes(closed(header, arrays))
    with pytest.raises(ValueError, match=message) as caught:
        vmd.Simulation.resume(path)
    line = str(caught.value)
    assert line.startswith(f"checkpoint {path}: ")
    assert "\n" not in line


class Executed:
    """Whoever unpickles it leaves a file."""

    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_nothing_is_executed(tmp_path, monkeypatch, checkpoints):
    monkeypatch.chdir(tmp_path)
    header, arrays = opened(checkpoints["annealed"].data)
    pickled = np.array([Executed()], dtype=object)
    for extra in ({"ids": pickled}, {"extra": pickled}):
        Path("run.chk").write_bytes(closed(header, {**arrays, **extra}, pickled=True))
        with pytest.raises(ValueError, match=r"run\.chk: .*holds Python objects, which are not"):
            vmd.Simulation.resume("run.chk")
    for value in ({"type": "os.system", "command": "touch executed"}, {"type": "eval", "x": "1"}):
        for at in (("pair_force",), ("external", 0), ("reactions", 0), ("box",)):
            spoiled = replaced(header, ("description", *at), value)
            Path("run.chk").write_bytes(closed(spoiled, arrays))
            with pytest.raises(ValueError, match=r"run\.chk: .*not known"):
                vmd.Simulation.resume("run.chk")
    assert not Path("executed").exists()


def test_nothing_is_unpacked(tmp_path):
    """A few kilobytes would fill the memory."""
    path = tmp_path / "run.chk"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(10**6))
    with pytest.raises(ValueError, match=r"header\.npy: compressed, which checkpoints are not"):
        vmd.Simulation.resume(path)


def test_a_size_that_nobody_has(tmp_path):
    """The array's own header promises petabytes."""
    path = tmp_path / "run.chk"
    member = b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999,), }"
    member = b"\x93NUMPY\x01\x00" + (len(member) + 1).to_bytes(2, "little") + member + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.npy", member)
    with pytest.raises(ValueError, match=r"header\.npy: 0 bytes for shape \(999999999999999,\)"):
        vmd.Simulation.resume(path)
