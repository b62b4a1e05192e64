"""`vortexmd gl …`: what is printed and written, and one line for each mistake."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from gl_reference import ConvergenceError, pair, single_vortex
from vortexmd.cli import main


def test_vortex(capsys, tmp_path):
    picture = tmp_path / "vortex.png"
    assert main(["gl", "vortex", "--mu", "1.0", "--n", "2", "-o", str(picture)]) == 0
    assert "energy    2.0000000000 ε₀" in capsys.readouterr().out
    assert picture.stat().st_size > 10_000
    assert main(["gl", "vortex", "--kappa", "2.0", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["energy"] == single_vortex(1, kappa=2.0).energy
    assert about["gamma1"] is None and "mu = 2" in about["gamma1_reason"]


def test_pair(capsys, tmp_path):
    command = ["gl", "pair", "--n1", "1", "--n2", "1", "--mu", "1.7", "--d", "2.0"]
    assert main([*command, "--reading", "coulomb"]) == 0
    assert "0.062253" in capsys.readouterr().out
    assert main([*command, "--reading", "lattice", "--scheme", "staggered", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["force"] == pytest.approx(0.06035, abs=1e-4)
    picture = tmp_path / "pair.png"
    assert main([*command, "-o", str(picture)]) == 0
    written = picture.read_bytes()
    assert main([*command, "-o", str(picture)]) == 2
    assert "exists" in capsys.readouterr().err
    assert picture.read_bytes() == written


@pytest.mark.slow
def test_tables_and_figures(capsys, tmp_path):
    folder = tmp_path / "tables"
    command = ["gl", "tables", "-o", str(folder), "--kind", "V-V", "--mu", "1.7", "--jobs", "1"]
    assert main([*command, "--tolerance", "1e-3"]) == 0
    assert "Table 1, V-V" in capsys.readouterr().out
    assert main([*command, "--tolerance", "1e-2"]) == 2
    assert "holds tables of other settings (tolerance: 0.001)" in capsys.readouterr().err
    assert main([*command, "--tolerance", "1e-3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tolerance"] == 1e-3
    figures = ["gl", "figures", "-o", str(tmp_path / "figures"), "--only", "2"]
    assert main(figures) == 0
    assert capsys.readouterr().out.strip().endswith("fig02.png")
    assert main(figures) == 2
    assert main([*figures, "--force"]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM to answer")
def test_a_request_to_end_is_answered(tmp_path):
    command = [sys.executable, "-m", "vortexmd.cli", "gl", "tables", "-o", "tables", "--jobs", "2"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "tables" / "rows").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    error = process.communicate(timeout=60)[1]
    assert (process.returncode, error) == (130, "vortexmd: interrupted\n")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["vortex"], "give exactly one of them"),
        (["vortex", "--mu", "0"], "mu = 0.0: must be positive"),
        (["vortex", "--mu", "nan"], "mu = nan: must be finite"),
        (["vortex", "--mu", "1.7", "--n", "0"], "n = 0: a vortex has a nonzero winding"),
        (["vortex", "--mu", "1.7", "-o", "x.foo"], "output = x.foo: give a name that ends in"),
        (["pair", "--mu", "1.7", "--d", "-1"], "d = -1.0: must be positive"),
        (["pair", "--mu", "1.7", "--d", "2", "--n1", "0"], "n1 = 0"),
        (
            ["pair", "--mu", "1.7", "--d", "2", "--reading", "grid"],
            "give one of 'coulomb', 'lattice', 'minimum'",
        ),
        (
            ["pair", "--mu", "1.7", "--d", "2", "--reading", "minimum", "-o", "x.png"],
            "no picture of the reading",
        ),
        (["dynamic", "--mu", "1.7", "--kind", "V-X"], "kind = 'V-X': give one of V-V"),
        (["dynamic", "--mu", "1.7", "--kind", "V-GV"], "splits by itself"),
        (["dynamic"], "give exactly one of them"),
        (["dynamic", "--mu", "1.7", "-o", "x.png", "--csv", "x.png"], "the picture's name too"),
        (
            ["branches", "--mu", "1.7", "--readings", "coulomb", "--h", "0.05"],
            "only for the reading",
        ),
        (["dynamic", "--mu", "1.7", "--s", "0"], "s = 0.0: must be positive"),
        (["dynamic", "--mu", "1.7", "-o", "x.foo"], "output = x.foo: give a name that ends in"),
        (["dynamic", "--mu", "1.7", "--csv", "no/x.csv"], "does not exist"),
        (["branches", "--mu", "9"], "mu = 9"),
        (["branches", "--mu", "1.7", "--readings", "grid"], "grid"),
        (["pair", "--mu", "1.7", "--d", "2", "--h", "0.1"], "h = 0.1: only for reading"),
        (["pair", "--mu", "1.7", "--d", "2.03", "--reading", "lattice"], "a whole multiple of h"),
        (["tables", "--kind", "V-X"], "give some of 'V-V', 'V-GV', 'V-AV'"),
        (["tables", "--mu", "30"], "mus = 30: the solver covers"),
        (["tables", "--jobs", "0"], "jobs = 0"),
        (["figures", "--only", "14"], "is not among the figures"),
    ],
)
def test_mistakes_are_one_line(capsys, tmp_path, monkeypatch, command, message):
    monkeypatch.chdir(tmp_path)
    assert main(["gl", *command]) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("vortexmd: ") and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_solver_that_fails_is_said(capsys, monkeypatch):
    def fail(*arguments, **options):
        raise ConvergenceError("pair (1, 1): the iteration stands at 1e-3")

    monkeypatch.setattr(pair, "confocal_pair", fail)
    assert main(["gl", "pair", "--mu", "1.7", "--d", "2"]) == 1
    assert capsys.readouterr().err == "vortexmd: pair (1, 1): the iteration stands at 1e-3\n"


@pytest.mark.slow
def test_free_motion_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["gl", "dynamic", "--mu", "1.7", "--kind", "V-AV", "--h", "0.15"]
    assert main([*given, "--csv", "d.csv", "-o", "d.png", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    rows = np.loadtxt("d.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(rows[:, 1], about["force"], rtol=1e-5)
    assert (tmp_path / "d.png").stat().st_size > 10_000
    assert main([*given, "--csv", "d.csv"]) != 0
    assert "exists; choose another" in capsys.readouterr().err
    assert main([*given, "--csv", "d.csv", "--force"]) == 0
    assert "the pair closes" in capsys.readouterr().out


@pytest.mark.slow
def test_branches_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["gl", "branches", "--mu", "1.7", "--readings", "coulomb", "--folder", "out"]
    assert main(given) == 0
    assert "one branch" in capsys.readouterr().out
    assert (tmp_path / "out" / "branches.csv").exists()
    assert main(given) != 0
    assert "holds branches.csv" in capsys.readouterr().err
