"""Every command with every option given nonsense: one line and exit 2, nothing computed, no file touched."""

from __future__ import annotations

import argparse
import importlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import vortexmd as vmd
from potentials import London
from tests.input_physics.catalogue import report
from vortexmd import cli

NUMBERS = [
    "nan",
    "inf",
    "-inf",
    "0",
    "-1",
    "1e308",
    "5e-324",
    "two",
    "",
    "1" + "0" * 400,
    "1,5",
    "0x10",
]
PATHS = [
    "",
    "missing.h5",
    "folder",
    "missing/file.png",
    "a\0b",
    "x" * 300,
    "mine.png",
    "run.h5",
    "run.toml",
]
# What begins the work of the commands ``gl``.
SOLVERS = [
    ("branches", "reading_branches"),
    ("figures", "_draw"),
    ("radial", "_vortex"),
    ("tables", "solve_rows"),
    ("dynamics.pairs", "follow"),
    ("confocal", "_margin"),
    ("confocal", "build_mesh"),
    ("lattice", "solve_grid"),
    ("lattice", "_pair_solution"),
    ("obstacle.minimum", "_first_guess"),
]


class Computing(BaseException):
    """A command has begun its work: the options have been taken."""


def parsers(parser, words=()):
    """Every command of an argparse tree: the words that call it, and its parser."""
    branches = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not branches:
        yield words, parser
    for name, child in branches[0].choices.items() if branches else ():
        yield from parsers(child, (*words, name))


COMMANDS = {" ".join(words): parser for words, parser in parsers(cli._parser())}
# What each command needs besides the option that is tried; computing is caught.
NEEDED = {
    "run": {"file": ["run.toml"]},
    "info": {"file": ["run.h5"]},
    "plot": {"file": ["run.h5"], "-o": ["new.png"]},
    "export": {"file": ["run.h5"], "output": ["new.xyz"]},
    "flux": {"file": ["flux.toml"], "-o": ["new"]},
    "gl vortex": {"--mu": ["1.7"]},
    "gl pair": {"--mu": ["1.7"], "--d": ["2.0"]},
    "gl dynamic": {"--mu": ["1.7"]},
    "gl branches": {"--mu": ["1.7"]},
    "gl tables": {"-o": ["tables"]},
    "gl figures": {"-o": ["figures"]},
    "gl validate": {"file": ["run.h5"], "--window": ["8.0"], "--mu": ["1.7"]},
    "validate": {"-o": ["validation"]},
}
# Options that others replace: κ for μ.
INSTEAD = {"--kappa": "--mu"}
RUN = """
[start]
kind = "random"
n = 8
density = 0.01
min_distance = 0.5
seed = 1
[run]
steps = 4
dt = 0.01
[pair_force]
type = "London"
"""
FLUX = """
[network]
kind = "two_regions"
epsilon = 0.01
p = { kind = "linear", u0 = 5.0, b_max = 20.0 }
q = { kind = "linear", u0 = 7.0, b_max = 30.0 }
[start]
b = [20.0, 20.0]
[times]
values = [1.0]
[figure]
kind = "none"
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with a run, its configuration, a flux file, a picture of the user's and a folder."""
    folder = tmp_path_factory.mktemp("inputs")
    start = vmd.random_vortices(n=8, density=0.01, min_distance=0.5, seed=1)
    sim = vmd.Simulation(start, pair_force=London(), dt=0.01, seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sim.run(4, writers=[vmd.TrajectoryWriter(folder / "run.h5", every=2)])
    (folder / "run.toml").write_text(RUN)
    (folder / "flux.toml").write_text(FLUX)
    (folder / "mine.png").write_text("mine")
    (folder / "folder").mkdir()
    (folder / "folder" / "inside").write_text("mine")
    return folder


@pytest.fixture
def nothing_is_computed(monkeypatch, inputs):
    """What takes long raises `Computing`; the working folder is that of `inputs`."""

    def begins(*arguments, **options):
        raise Computing

    from vortexmd import gl_validation, job, plotting
    from vortexmd.validation import suite

    modules = {n: importlib.import_module(f"gl_reference.{n}") for n, _ in SOLVERS}
    for name, solver in SOLVERS:
        monkeypatch.setattr(modules[name], solver, begins)

    monkeypatch.setattr(gl_validation, "_solve", begins)
    monkeypatch.setattr(job, "run", begins)
    monkeypatch.setattr(suite, "run", begins)
    draw = plotting.plot_run

    def plot_run(trajectory, frame, *, trails, pins):
        # Paths are checked as they are drawn, and no picture differs otherwise.
        return draw(trajectory, frame, trails=trails, pins=pins) if trails else begins()

    monkeypatch.setattr(plotting, "plot_run", plot_run)
    monkeypatch.chdir(inputs)


def contents(folder):
    """Every file below a folder, with its bytes."""
    return {p: p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def judged(arguments, capsys):
    """What is wrong with how the command line took its arguments; what it printed on stderr."""
    before = contents(".")
    code, computing = None, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            code = cli.main(arguments)
        except SystemExit as end:
            code = end.code
        except Computing:
            computing = True
        except Exception as error:  # whatever would be a traceback
            return f"{type(error).__name__}: {error!s:.200}"
    said = capsys.readouterr()
    after = contents(".")
    changed = [str(p) for p in before if after.get(p) != before[p]]
    for path in after.keys() - before.keys():
        os.unlink(path)
    if changed:
        return f"changed {changed}"
    if computing or code == 0:
        return None
    lines = said.err.splitlines()
    usage = lines and lines[0].startswith("usage: ")
    if code not in (1, 2) or not lines or (len(lines) != 1 and not usage):
        return f"exit {code}: {said.err!r:.200}"
    last = lines[-1]
    if not last.startswith("vortexmd") or len(last) > 1000 or "Traceback" in said.err:
        return f"says {last!r:.200}"
    return None if not (after.keys() - before.keys()) else f"left {after.keys() - before.keys()}"


def call(command, option=None, values=()):
    """The words of a command with one option given other values."""
    needed = dict(NEEDED[command])
    if option is not None:
        needed[option] = list(values)
        needed.pop(INSTEAD.get(option, ""), None)
    words = command.split()
    for name, given in needed.items():
        # `--mu=-1` is a value, `--mu -1` might be taken for an option.
        several = name.startswith("-") and len(given) > 1
        if several:
            words += [name, *given]
        elif name.startswith("--"):
            words += [f"{name}={given[0]}"]
        else:
            words += [name, *given] if name.startswith("-") else given
    return words


def options(command):
    """(name, how many values, bad values) of a command's options and arguments."""
    for action in COMMANDS[command]._actions:
        if isinstance(action, (argparse._HelpAction, argparse._StoreTrueAction)):
            continue
        name = action.option_strings[0] if action.option_strings else action.dest
        count = action.nargs if isinstance(action.nargs, int) else 1
        yield name, count, PATHS if action.type is Path else NUMBERS


def test_every_command_is_tried():
    assert set(COMMANDS) == set(NEEDED)


@pytest.mark.parametrize("command", NEEDED)
def test_any_option_with_any_bad_value(command, nothing_is_computed, capsys):
    found = []
    for name, count, values in options(command):
        for value in values:
            fault = judged(call(command, name, [value] * count), capsys)
            if fault is not None:
                found.append(f"{name} {value[:40]!r}: {fault}")
    assert not found, report(found)


@pytest.mark.parametrize("command", NEEDED)
def test_the_good_call_is_taken(command, nothing_is_computed, capsys):
    try:
        code = cli.main(call(command))
    except Computing:
        code = 0
    assert code == 0, capsys.readouterr().err
    for path in Path().glob("new*"):
        path.unlink()
    for name in ("tables", "figures", "validation"):
        if Path(name).is_dir():
            Path(name).rmdir()


@pytest.mark.parametrize("command", NEEDED)
def test_unknown_options(command, nothing_is_computed, capsys):
    for word in ("--no-such-option", "surplus", "--output"):
        with pytest.raises(SystemExit) as end:
            cli.main([*call(command), word])
        assert end.value.code == 2
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, reason",
    [
        (["--only", "weather"], "weather"),
        (["--jobs=0"], "jobs = 0: give at least 1"),
        (["--jobs=-1"], "jobs = -1: give at least 1"),
        (["--jobs=nan"], "--jobs: invalid int value"),
        (["-o", "mine.png"], "folder = 'mine.png': cannot be written into"),
        (["-o", "theirs"], "output theirs/validation.json: exists and is not of a validation"),
    ],
)
def test_validations_that_cannot_be_are_refused(options, reason, nothing_is_computed, capsys):
    theirs = Path("theirs", "validation.json")
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("{}")
    try:
        code = cli.main(["validate", *options])
    except SystemExit as end:
        code = end.code
    assert code == 2 and reason in capsys.readouterr().err
    assert theirs.read_text() == "{}"


BROKEN = {
    "empty": b"",
    "text": b"not a run\n",
    "zeros": bytes(4096),
    "head alone": b"\x89HDF\r\n\x1a\n",
    "bytes": bytes(np.random.default_rng(1).integers(0, 256, 3000, dtype=np.uint8)),
}


@pytest.mark.parametrize("command", [c for c in NEEDED if "file" in NEEDED[c]])
@pytest.mark.parametrize("what", BROKEN)
def test_files_that_are_something_else(command, what, nothing_is_computed, capsys, tmp_path):
    for name in ("broken.h5", "broken.toml"):
        Path(name).write_bytes(BROKEN[what])
        try:
            assert judged(call(command, "file", [name]), capsys) is None
            assert Path(name).read_bytes() == BROKEN[what]
        finally:
            Path(name).unlink()


@pytest.mark.parametrize(
    "command", ["plot", "export", "flux", "gl vortex", "gl pair", "gl validate"]
)
def test_the_output_is_never_the_input(command, nothing_is_computed, capsys):
    option = "output" if command == "export" else "-o"
    for name in ("run.h5", "flux.toml", "run.toml"):
        for force in ([], ["--force"]):
            fault = judged([*call(command, option, [name]), *force], capsys)
            assert fault is None, f"{name} {force}: {fault}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("command", ["plot", "export", "flux", "gl tables", "gl figures"])
def test_folders_that_cannot_be_written(command, nothing_is_computed, capsys, tmp_path):
    tmp_path.chmod(0o500)
    option = "output" if command == "export" else "-o"
    ending = {"plot": "new.png", "export": "new.xyz"}.get(command, "new")
    assert judged(call(command, option, [str(tmp_path / ending)]), capsys) is None
    assert list(tmp_path.iterdir()) == []
