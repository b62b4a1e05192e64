"""Runs that are killed and resumed end with the same bits; the comparison that says so sees every one."""

import json
import random
import shutil
import signal
from collections.abc import Callable

import h5py
import numpy as np
import pytest

import vortexmd as vmd
from tests.crash import __main__ as harness
from tests.crash import campaign, power_loss, random_kills, report, witness
from tests.crash.compare import differences, run_differences
from tests.crash.forked import Forked
from tests.crash.result import Result
from tests.crash.scenarios import CHECKPOINT, SCENARIOS, TRAJECTORY, Scenario
from tests.crash.whole import STDERR, held, run_whole

# A fourth of the steps will do here.
SHORT = {"friction": ("4_000", "1_000"), "one_stage": ("8_000", "2_000")}


class ShortScenario(Scenario):
    """One with fewer steps."""

    def prepare(self, folder):
        super().prepare(folder)
        steps, fewer = SHORT[self.name]
        file = folder / self.file_name
        text = file.read_text()
        assert steps in text
        file.write_text(text.replace(steps, fewer))


@pytest.fixture(
    scope="module", params=[pytest.param("friction", marks=pytest.mark.slow), "one_stage"]
)
def whole(request, tmp_path_factory):
    """A scenario and the folder of its uninterrupted run."""
    scenario = ShortScenario(**vars(SCENARIOS[request.param]))
    return scenario, run_whole(scenario, tmp_path_factory.mktemp(request.param) / "whole", Forked)


def test_killed_runs_end_with_the_same_bits(whole, tmp_path):
    scenario, folder = whole
    results = random_kills.random_kills(scenario, tmp_path, folder, 2, seed=1, start=Forked)
    assert len(results) == 2
    assert not [r for r in results if report.is_failure(r)]


@pytest.mark.slow
def test_the_whole_harness(tmp_path):
    """As the command does it, a few crashes of each kind of every scenario."""
    code = harness.main(["--kills", "40", "--seed", "2", "--json", str(tmp_path / "crash.json")])
    counts = json.loads((tmp_path / "crash.json").read_text())["all"]
    assert code == 0
    assert counts["crashes"]["random"] + counts["crashes"]["syscall"] >= 40
    assert counts["frames"]["lost"] == counts["events"]["lost"] == 0
    assert counts["equal"] == counts["runs"]


# ------------------------------------------------------------------ the comparison


def make(folder, dt=0.05):
    """A small finished run with events, and its checkpoint."""
    start = vmd.random_vortices(n=12, density=0.1, winding={+1: 0.5, -1: 0.5}, seed=1)
    sim = vmd.Simulation(
        start, reactions=[vmd.Annihilation(distance=0.8)], temperature=1.0, dt=dt, seed=1
    )
    sim.run(
        60,
        writers=[vmd.TrajectoryWriter(folder / TRAJECTORY, every=10)],
        checkpoint=folder / CHECKPOINT,
    )
    assert sim.events
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made"))


def names_of(path) -> tuple[list[str], list[str]]:
    """Datasets with values but where they come from, and attributes as (object@name)."""
    datasets, attributes = [], []

    def visit(name, item):
        attributes.extend(f"{name}@{key}" for key in item.attrs)
        if isinstance(item, h5py.Dataset) and item.size and name != "parameters/provenance":
            datasets.append(name)

    with h5py.File(path, "r") as file:
        visit("", file)
        file.visititems(visit)
    return datasets, attributes


def flip(array: np.ndarray) -> np.ndarray:
    """The same with one bit changed, of the last value."""
    flipped = np.array(array, copy=True, order="C").reshape(-1)
    flipped.view(np.uint8)[-1] ^= 1
    return flipped.reshape(np.shape(array))


def changed(made, folder, change: Callable[[h5py.File], None]) -> list[str]:
    """The differences that a change to a copy of the trajectory makes."""
    shutil.copy(made / TRAJECTORY, folder / TRAJECTORY)
    with h5py.File(folder / TRAJECTORY, "r+") as file:
        change(file)
    return differences(folder / TRAJECTORY, made / TRAJECTORY)


def test_a_copy_does_not_differ(made, tmp_path):
    assert changed(made, tmp_path, lambda file: None) == []
    shutil.copy(made / CHECKPOINT, tmp_path)
    assert differences(tmp_path / CHECKPOINT, made / CHECKPOINT) == []


def test_one_bit_in_any_dataset(made, tmp_path):
    datasets, _ = names_of(made / TRAJECTORY)
    assert len(datasets) > 20
    for name in datasets:

        def change(file, name=name):
            item = file[name]
            if item.dtype.kind == "O":
                item[()] = item[()][:-1] + bytes([item[()][-1] ^ 1])
            else:
                item[()] = flip(item[()])

        assert changed(made, tmp_path, change) == [f"{TRAJECTORY}: {name} has other values"], name


def test_one_bit_in_any_attribute(made, tmp_path):
    _, attributes = names_of(made / TRAJECTORY)
    assert len(attributes) > 5
    for full in attributes:
        name, _, key = full.partition("@")

        def change(file, name=name, key=key):
            attribute = file[name or "/"].attrs.get_id(key)
            value = file[name or "/"].attrs[key]
            if isinstance(value, str):
                value = value[:-1] + chr(ord(value[-1]) ^ 1)
            elif np.asarray(value).dtype.kind == "O":
                value = [*value[:-1], value[-1][:-1] + chr(ord(value[-1][-1]) ^ 1)]
            else:
                value = flip(np.asarray(value))
            file[name or "/"].attrs.create(key, value, attribute.shape, attribute.dtype)

        assert changed(made, tmp_path, change) == [f"{TRAJECTORY}: {full} has other values"], full


def remake(file: h5py.File, name: str, **options) -> None:
    """A dataset anew, with other options."""
    old = file[name]
    values, made = old[()], {"chunks": old.chunks, "maxshape": old.maxshape, "dtype": old.dtype}
    made["fillvalue"] = old.fillvalue
    del file[name]
    file.create_dataset(name, data=values, **{**made, **options})


ENERGY = "observables/energy/value"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.__delitem__(ENERGY), f"{ENERGY} is missing"),
        (lambda file: file.create_group("more"), "more should not be there"),
        (lambda file: remake(file, ENERGY, chunks=(7,)), "has chunks (7,), not"),
        (lambda file: remake(file, ENERGY, dtype=">f8"), "has type"),
        (lambda file: remake(file, ENERGY, maxshape=(999,)), "has limits (999,), not (None,)"),
        (lambda file: remake(file, ENERGY, compression="gzip"), "has filters"),
        (lambda file: remake(file, ENERGY, fillvalue=0.0), "has fill value"),
        (lambda file: file[ENERGY].resize((3,)), "has shape (3,), not"),
        (lambda file: file.attrs.__setitem__("new", 1), "@new should not be there"),
        (lambda file: file["h5md"].attrs.__delitem__("version"), "h5md@version is missing"),
    ],
)
def test_another_layout(made, tmp_path, change, words):
    found = changed(made, tmp_path, change)
    assert any(words in text for text in found), found


def test_a_copy_instead_of_a_shared_step(made, tmp_path):
    """H5MD shares `step` between the elements; equal values of their own are not the same file."""
    name = "observables/energy/step"

    def change(file):
        values = file[name][()]
        del file[name]
        file[name] = values

    assert any(name in text for text in changed(made, tmp_path, change))


def test_where_it_comes_from_does_not_count(made, tmp_path):
    def change(file):
        del file["parameters/provenance"]
        file["parameters/provenance"] = "elsewhere"

    assert changed(made, tmp_path, change) == []


def test_one_bit_in_a_checkpoint(made, tmp_path):
    with np.load(made / CHECKPOINT) as archive:
        arrays = dict(archive)
    for name, array in arrays.items():
        if not array.size:
            continue
        if name == "header":
            header = json.loads(str(array))
            header["step"] ^= 1
            other = np.array(json.dumps(header))
        else:
            other = flip(array)
        with open(tmp_path / CHECKPOINT, "wb") as file:
            np.savez(file, **{**arrays, name: other})
        found = differences(tmp_path / CHECKPOINT, made / CHECKPOINT)
        assert len(found) == 1 and ("header step" if name == "header" else name) in found[0]


def test_files_missing_and_left_behind(made, tmp_path):
    scenario = SCENARIOS["gas"]
    shutil.copy(made / CHECKPOINT, tmp_path)
    (tmp_path / ".run.h5.recovering").touch()
    assert run_differences(scenario, tmp_path, made) == [
        f"{TRAJECTORY}: missing",
        "left behind: .run.h5.recovering",
    ]


@pytest.mark.parametrize("name", [TRAJECTORY, CHECKPOINT])
def test_damaged_files_differ(made, tmp_path, name):
    """Where they can be opened, too, but not read to their end."""
    data = (made / name).read_bytes()
    (tmp_path / name).write_bytes(data[:2000] + bytes(len(data) - 2000))
    (difference,) = differences(tmp_path / name, made / name)
    assert name in difference and "damaged" in difference


# ------------------------------------------------------------------ how it ends


@pytest.fixture
def stopped(tmp_path):
    """A run of 100 steps that has not been touched yet."""
    (tmp_path / witness.LOG).write_text(
        f"0.0 begin - 0 0\n0.1 frame {TRAJECTORY} 0 0\n0.2 frame {TRAJECTORY} 100 0\n0.3 end - 0 0\n"
    )
    (tmp_path / STDERR).write_text("vortexmd: stopped\n")
    return lambda name: random_kills._Run(
        SCENARIOS[name], tmp_path, tmp_path, random.Random(1), Forked
    )


def log_to(step):
    """Of a command that was at work until a signal came: `end` is noted however it ends."""
    return [
        witness.Entry(0.1, "frame", TRAJECTORY, step, 0),
        witness.Entry(0.2, "end", "-", 0, 0),
    ]


def test_how_a_command_may_end_after_a_signal(stopped, made, tmp_path):
    shutil.copy(made / CHECKPOINT, tmp_path)
    run, script = stopped("gas"), stopped("one_stage")
    assert "ends with 1, not 130" in run._check_end(1, log_to(50))
    assert run._check_end(130, log_to(60)) == ""
    assert run._check_end(130, log_to(70)) == "checkpoint of step 60 only"
    assert script._check_end(-signal.SIGTERM, log_to(70)) == "checkpoint of step 60 only"
    # Not yet at work, at its end.
    assert run._check_end(1, log_to(70)[1:]) == run._check_end(1, log_to(100)) == ""
    (tmp_path / STDERR).write_text("Traceback\n…\n")
    assert "and one line" in run._check_end(130, log_to(50))
    (tmp_path / CHECKPOINT).unlink()
    assert "no such file" in script._check_end(130, log_to(50))


class Deaf:
    """A process that ends when it is killed only."""

    pid = 0

    def __init__(self, scenario, folder):
        self._code = None

    def poll(self):
        return self._code

    def wait(self, timeout=None):
        if self._code is None:
            raise TimeoutError
        return self._code

    def send_signal(self, number):
        self._code = -number if number == signal.SIGKILL else None


def test_a_command_that_hangs_is_ended(stopped, monkeypatch):
    """It does not come to the moment at which the signal was to be sent."""
    monkeypatch.setattr(random_kills, "LIMIT_S", 0.01)
    run = stopped("gas")
    run._start = Deaf
    assert not run._stop_once()
    (result,) = run._results
    assert result.detail.startswith("no signal") and not result.signal
    assert "still there after 0.01 s" in result.problem


def test_too_few_signals_are_a_failure(tmp_path, stopped, monkeypatch):
    """Every command has ended before its moment."""
    monkeypatch.setattr(random_kills._Run, "all", lambda run, kills: [])
    results = random_kills.random_kills(SCENARIOS["gas"], tmp_path / "runs", tmp_path, 3, 1)
    assert [r.problem for r in results] == ["only 0 of 3 signals hit in 30 runs"]
    assert report.is_failure(results[0])


def test_a_campaign_that_fails_tells_where_its_files_are(tmp_path, monkeypatch, capsys):
    def crash(*arguments):
        raise RuntimeError("gas: two uninterrupted runs differ")

    monkeypatch.setattr(campaign, "crash", crash)
    monkeypatch.setattr(harness.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    with pytest.raises(RuntimeError, match="differ"):
        harness.main(["--kills", "1"])
    assert capsys.readouterr().out == f"what there is so far stands in {tmp_path}\n"


def test_frames_without_values_are_not_kept(made, tmp_path):
    """All steps are there, and nothing of the last frames' positions: zeros, as never written."""
    data = bytearray((made / TRAJECTORY).read_bytes())
    files = {TRAJECTORY: bytes(data)}
    count = power_loss._readable(tmp_path / "whole", files, 60, SCENARIOS["gas"])
    assert count == len(vmd.load(made / TRAJECTORY))
    with h5py.File(made / TRAJECTORY) as file:
        dataset = file["particles/trajectory/position/value"].id
        info = dataset.get_chunk_info_by_coord((2, 0, 0))
    data[info.byte_offset : info.byte_offset + info.size] = bytes(info.size)
    files[TRAJECTORY] = bytes(data)
    assert power_loss._readable(tmp_path / "hollow", files, 60, SCENARIOS["gas"]) == 2


def test_a_damaged_checkpoint_is_told(made, tmp_path):
    """One that was on the disk for certain."""
    data = (made / CHECKPOINT).read_bytes()
    step, problem = power_loss._checkpoint_step(tmp_path / "whole", {CHECKPOINT: data})
    assert (step, problem) == (60, "")
    assert power_loss._checkpoint_step(tmp_path / "none", {}) == (-1, "")
    step, problem = power_loss._checkpoint_step(tmp_path / "torn", {CHECKPOINT: data[:500]})
    assert step == -1 and "damaged" in problem


# ------------------------------------------------------------------ what is counted


def test_acknowledged_frames_that_are_gone(made, tmp_path):
    """A witness of frames that the file lacks, of events it lacks, of a checkpoint that was newer."""
    for name in (TRAJECTORY, CHECKPOINT):
        shutil.copy(made / name, tmp_path)
    rows = len(vmd.load(made / TRAJECTORY).events)
    (tmp_path / witness.LOG).write_text(
        f"0.0 begin - 0 0\n0.1 frame {TRAJECTORY} 60 {rows}\n0.2 frame {TRAJECTORY} 70 {rows + 2}\n"
        f"0.3 saved {CHECKPOINT} 65 0\n"
    )
    there = held(SCENARIOS["gas"], tmp_path, made)
    assert (there.frames, there.frames_lost) == (2, 1)
    assert (there.events, there.events_lost) == (rows + 2, 2)
    assert "that of step 65 is gone" in there.problem


def test_a_frame_with_other_bits_is_lost(made, tmp_path):
    """The file of another run, in which nothing is damaged."""
    make(tmp_path, dt=0.04)
    (tmp_path / witness.LOG).write_text(
        f"0.1 frame {TRAJECTORY} 0 0\n0.2 frame {TRAJECTORY} 20 0\n"
    )
    there = held(SCENARIOS["gas"], tmp_path, made)
    assert (there.frames, there.frames_lost) == (2, 1)
    assert "position differs from row 1 on" in there.problem


def test_reports(tmp_path):
    good = Result(
        "gas", "random", "in step 3", 10, 10, 0, True, run="random-0", events=4, signal="SIGTERM"
    )
    bad = Result(
        "gas", "syscall", "write 7", 5, 4, 1, True, events=3, events_lost=1, signal="SIGKILL"
    )
    power = Result("exits", "power", "write 9", 8, 8, 0, True)
    assert [report.is_failure(r) for r in (good, bad, power)] == [False, True, False]
    text = report.as_text([good, good, bad, power], 1.0)
    assert (
        "3 signals (1 SIGKILL, 2 SIGTERM, 0 SIGINT; 2 at random times, 1 at write calls) and "
        "1 power losses in 3 runs" in text
    )
    assert "33 frames acknowledged, 32 kept, 1 lost" in text
    assert "FAILED gas , syscall, write 7: 1 frames lost; 1 event rows lost" in text
    assert text.endswith("1 FAILED")
    page = report.as_markdown([good, power], 2.0)
    assert "| all | 1 | 0 | 1 | 18 | 0 | 4 | 0 | 2 | 2 |" in page
    assert "nothing lost, all equal" in page
    report.write_json(tmp_path / "out.json", [good, bad], 3.0, seed=5)
    data = json.loads((tmp_path / "out.json").read_text())
    assert data["scenarios"]["gas"]["frames"] == {"acknowledged": 15, "kept": 14, "lost": 1}
    assert data["seed"] == 5 and len(data["crashes"]) == 2
