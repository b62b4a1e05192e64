"""Every field of every kind of run file, given everything that it should not be given.

A run file either runs, and then its trajectory is right, or is refused in one line that names the field,
before anything is written.
"""

import copy
import dataclasses
import inspect
import re

import numpy as np
import pytest

import vortexmd as vmd
from tests.input.base_runs import BASES, as_toml, changed, parent, places, without
from tests.input.catalogue import VALUES
from tests.input.command_line import MOST_STEPS, ask, only_build
from vortexmd import config, report
from vortexmd.description import EXTERNALS, PAIR_FRICTIONS, REACTIONS

# A spoiled field that another one refuses: what of it the message speaks of instead. The box, by whatever
# does not fit in it any more; how many there are of one, by the other.
SPEAKS_OF = {
    "start": "kind|type|file|pair_force|external|regions|reactions",
    "kind": "start",
    "lengths": "box|corner|attempts",
    "boundary": "box|outside|HarmonicTrap|regions",
    "density": "min_distance|sides|box|region",
    "fits_lattice": "a triangular lattice",
    "n": "min_distance|density",
    "d": "separations",
    "gamma": "separations",
    "rectangles": "regions|background",
    "polygons": "regions|background",
    "raster": "names|regions",
    "regions": "rectangles|names|reactions",
    "background": "names",
    "names": "regions",
    "reactions": "regions",
    "laws": "law",
    "arrangement": "positions",
    "temperature": "step",
    "dt": "step",
    "mu": "source",
    "b_max": "B_m",
}


def cases():
    """(base, place, what it is given)."""
    for base, data in BASES.items():
        for place in places(data):
            for label in (*VALUES, "missing"):
                yield base, place, label


def spoiled(base, place, label):
    data = BASES[base]
    return without(data, place) if label == "missing" else changed(data, place, VALUES[label])


def names_field(text, place):
    """Whether a message names the last key of the place that has a name, or what it is refused by."""
    keys = [key for key in place if isinstance(key, str) and key.isidentifier()]
    # A step too far may have many reasons: the message gives the dt that would do.
    others = "|".join(filter(None, ["dt", SPEAKS_OF.get(keys[-1])]))
    return re.search(rf"\b(?:{re.escape(keys[-1])})\b|\b(?:{others})", text) is not None


def check(folder, data, place, label):
    """Run, and hold the answer and what is left against the rules."""
    case = f"{place} given {label}"
    (folder / "run.toml").write_text(as_toml(data), encoding="utf-8")
    answer = ask("run", "run.toml", "--quiet")
    left = sorted(path for path in folder.iterdir() if path.name != "run.toml")
    assert answer.clean, f"{case}: {answer}"
    if answer.code:
        assert names_field(answer.text, place), f"{case}: {answer.text}"
        # A run that has begun keeps what it has got to.
        begun = re.search(r"\bstep [1-9]", answer.text)
        assert not left or begun, f"{case}: {answer.text}: left {left}"
    elif left:
        check_result(left, data, case)
    for path in left:
        path.unlink()
    return answer.code == 0


def check_result(left, data, case):
    """The trajectory of a run that has been taken."""
    table = data["output"] if isinstance(data.get("output"), dict) else {}
    (path,) = [path for path in left if ".chk" not in path.name]
    assert path.name == table.get("file", "run.h5"), case
    trajectory = vmd.load(path)
    steps = data["run"]["steps"]
    assert trajectory.steps.tolist() == list(range(0, steps + 1, table.get("every", 100))), case
    n = data["start"].get("n")
    # Reactions come before the first frame.
    assert len(trajectory[0]) == n or data.get("reactions"), case
    assert len(trajectory[0]) <= n, case
    for frame in trajectory:
        assert np.isfinite(frame.positions).all(), case
        assert np.isfinite(frame.unwrapped).all(), case


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("base", BASES)
def test_the_run_files_to_be_spoiled_are_right(folder, base):
    """Else the refusals below would prove nothing."""
    assert check(folder, BASES[base], ("start",), "nothing")


def test_every_key_stands_in_one_of_them():
    """New keys of a table must get into the run files here."""
    given = {
        (*(key for key in place if isinstance(key, str)), type_of(data, place))
        for data in BASES.values()
        for place in places(data)
    }
    for table, cls in (
        ("start", config.StartTable),
        ("run", config.RunTable),
        ("output", config.OutputTable),
    ):
        wanted = {f.name for f in dataclasses.fields(cls)} - {"file", "frame"}
        wanted |= {"file"} if table == "output" else set()
        assert wanted <= {place[1] for place in given if place[0] == table and len(place) > 2}
    for table, classes in (("external", EXTERNALS), ("reactions", REACTIONS)):
        for name, cls in classes.items():
            known = {place[1] for place in given if place[0] == table and place[-1] == name}
            wanted = set(inspect.signature(cls).parameters) - {"box", "regions", "mu", "kappa"}
            if name == "ArrheniusHopping":
                wanted |= {"laws"}
            pins = {"positions"} if "Pins" in name else set()
            assert wanted - pins <= known, name
    assert "pair_friction" in {place[0] for place in given}
    assert "TabulatedFriction" in PAIR_FRICTIONS


def type_of(data, place):
    """The type of the table that a place of [[external]] or [[reactions]] lies in."""
    if place[0] in ("external", "reactions") and len(place) > 1:
        return data[place[0]][place[1]].get("type")
    return None


@pytest.mark.parametrize("base", BASES)
def test_spoiled_fields_are_refused_by_name_or_taken(folder, monkeypatch, base):
    """A fixed choice of the cases, built but not run: the long test runs all of them."""
    only_build(monkeypatch)
    chosen = [case for case in cases() if case[0] == base]
    rng = np.random.default_rng(1)
    for k in rng.choice(len(chosen), 15, replace=False):
        _, place, label = chosen[k]
        check(folder, spoiled(base, place, label), place, label)


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES)
def test_every_spoiled_field_is_refused_by_name_or_runs(folder, monkeypatch, base):
    """All fields, all values; runs of more than a few steps are built only."""
    only_build(monkeypatch, above=MOST_STEPS)
    taken, faults = [], []
    for case in cases():
        if case[0] == base and case[1] != ("output", "file"):
            try:
                taken.append(check(folder, spoiled(*case), *case[1:]))
            except Exception as error:
                faults.append(f"{type(error).__name__}: {str(error)[:400]}")
                for path in folder.iterdir():
                    path.unlink()
    assert not faults, "\n".join([f"{len(faults)} faults", *faults[:20]])
    # Both happen, or the catalogue is not worth its name.
    assert 0.005 * len(taken) < sum(taken) < 0.5 * len(taken)


@pytest.mark.parametrize("base", BASES)
def test_unknown_keys_are_refused_with_the_nearest_known_one(folder, monkeypatch, base):
    only_build(monkeypatch)
    data = BASES[base]
    tables = [(), *(place for place in places(data) if isinstance(at(data, place), dict))]
    for place in tables:
        if place and place[-1] in ("winding", "friction"):
            continue
        near = next(key for key in at(data, place))
        for key in (f"{near}x", "", "__class__"):
            answer = refuse(folder, changed(data, (*place, key), 1))
            assert "unknown" in answer.text or key in answer.text, (place, key, answer.text)
            if key == f"{near}x" and near != "type" and near not in ("rectangles", "raster"):
                assert near in answer.text, (place, key, answer.text)


def at(data, place):
    return parent(data, place)[place[-1]] if place else data


def refuse(folder, data):
    """The answer to a file that must be refused."""
    (folder / "run.toml").write_text(as_toml(data), encoding="utf-8")
    answer = ask("run", "run.toml", "--quiet")
    assert answer.clean, answer
    assert answer.code == 2, answer
    assert [path.name for path in folder.iterdir()] == ["run.toml"]
    return answer


HOPELESS = {
    "a thousand million vortices": (("start", "n"), 10**9, r"start\.n|start\.density"),
    "more steps than can be counted": (("run", "steps"), 10**30, r"run\.steps = 1000"),
    "frames further apart than that": (("output", "every"), 10**30, r"output\.every"),
    "a box of 1e150 λ": (("start", "density"), 1e-300, r"start\.density = 1e-300"),
    "a box of 1e-14 λ": (("start", "density"), 1e30, r"start\.density = 1e\+30"),
    "threads": (("run", "threads"), 10**9, r"threads = 1000000000"),
    "seed": (("run", "seed"), 2**64, r"seed = 18446744073709551616"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_what_no_machine_can_do_is_refused_at_once(folder, monkeypatch, name):
    place, value, message = HOPELESS[name]
    only_build(monkeypatch)
    assert re.search(message, refuse(folder, changed(BASES["lattice"], place, value)).text)


def test_pins_beyond_the_memory_are_refused_before_they_are_made(folder, monkeypatch):
    only_build(monkeypatch)
    for k, kind in ((4, "random"), (5, "square")):
        data = changed(BASES["strip"], ("external", k, "n"), 2 * 10**9)
        assert re.search(rf"external\[{k}\]: pins\.n", refuse(folder, data).text), kind
    data = changed(BASES["strip"], ("external", 4, "radius"), 1e9)
    assert "pins.radius" in refuse(folder, data).text


@pytest.mark.parametrize("distance", [1e9, pytest.param(0.8345, marks=pytest.mark.slow)])
def test_crowds_give_up_with_what_would_fit(folder, monkeypatch, distance):
    """Beyond the jamming density at once, just below it after so many tries."""
    only_build(monkeypatch)
    data = copy.deepcopy(BASES["gas"])
    del data["pair_force"], data["reactions"]
    data["start"] |= {"n": 2000, "density": 1.0, "winding": 1}
    data["run"]["friction"] = 1.0
    data["start"]["min_distance"] = distance
    assert "start.min_distance" in refuse(folder, data).text


def test_boxes_too_narrow_to_find_neighbours_in_run_without_a_structure(folder):
    data = {
        "start": {"kind": "random", "n": 8, "lengths": [1e9, 1e-3], "seed": 1},
        "run": {"steps": 2, "dt": 1e-3},
        "output": {"every": 2},
    }
    (folder / "run.toml").write_text(as_toml(data), encoding="utf-8")
    answer = ask("run", "run.toml")
    assert answer.clean and answer.code == 0, answer
    about = report.summary(vmd.load("run.h5"))
    assert about["step"] == 2
    assert about["sixfold_fraction"] is about["hexatic_order"] is None


@pytest.mark.parametrize("key", ["start.winding", "run.friction"])
def test_one_winding_under_two_names_is_refused(folder, monkeypatch, key):
    only_build(monkeypatch)
    data = changed(BASES["gas"], tuple(key.split(".")), {"1": 0.5, "+1": 0.5})
    assert f"{key}: the winding 1 is given twice" in refuse(folder, data).text
