"""The command line as a user meets it: runs, resumes, refuses in one line, never loses a file."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from vortexmd import build, config, report
from vortexmd.cli import main

RUN = """
[start]
kind = "random"
n = 80
density = 0.05
winding = { "+1" = 0.8, "-1" = 0.2 }
min_distance = 3.0
seed = 3
[pair_force]
type = "GLFit"
mu = 1.7
[[external]]
type = "GaussianPins"
arrangement = "random"
n = 10
depth = 0.1
radius = 0.5
seed = 1
[[reactions]]
type = "Annihilation"
distance = 2.0
[run]
steps = 300
dt = 0.2
temperature = 1e-3
anneal = { to_temperature = 0.0, steps = 200 }
seed = 7
[output]
file = "run.h5"
every = 20
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text(RUN)
    return tmp_path


def datasets(path):
    """Every dataset that a run decides, by name."""
    found = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("parameters"):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(collect)
    return found


def assert_same_run(one, other):
    a, b = datasets(one), datasets(other)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def fails(capsys, *arguments):
    """The one line that a mistake prints."""
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1 and error.startswith("vortexmd: ")
    return error


def test_run_info_plot_export(folder, capsys):
    assert main(["run", "run.toml"]) == 0
    assert "16 frames to step 300" in capsys.readouterr().out
    assert main(["info", "run.h5", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    trajectory = vmd.load("run.h5")
    assert about["frames"] == len(trajectory) == 16
    assert about["vortices"] == len(trajectory[-1])
    assert about["vortices_at_start"] - about["vortices"] == 2 * about["events"].get(
        "annihilation", 0
    )
    assert about["upper_critical_density"] == pytest.approx(1.7**2 / (4 * np.pi))
    assert main(["info", "run.h5"]) == 0
    text = capsys.readouterr().out
    assert "GLFit(" in text and "mu=1.7" in text and "mean occupancy" in text
    assert main(["plot", "run.h5"]) == 0 and Path("run.png").stat().st_size > 10_000
    assert main(["plot", "run.h5", "-o", "first.pdf", "--frame", "0", "--trails", "3"]) == 0
    assert main(["export", "run.h5", "run.xyz"]) == 0
    assert Path("run.xyz").read_text().count("Lattice=") == 16


def test_run_equals_script(folder):
    main(["run", "run.toml", "--quiet"])
    start = vmd.random_vortices(80, 0.05, winding={1: 0.8, -1: 0.2}, min_distance=3.0, seed=3)
    sim = vmd.Simulation(
        start,
        pot.GLFit(1.7),
        external=[vmd.GaussianPins.random(10, depth=0.1, radius=0.5, box=start.box, seed=1)],
        reactions=[vmd.Annihilation(distance=2.0)],
        dt=0.2,
        temperature=1e-3,
        seed=7,
    )
    sim.anneal(0.0, 200)
    sim.run(100)
    np.testing.assert_array_equal(vmd.load("run.h5")[-1].positions, sim.state.positions)
    assert vmd.load("run.h5").events == sim.events


def test_second_run_says_complete_and_touches_nothing(folder, capsys):
    main(["run", "run.toml"])
    before = Path("run.h5").read_bytes()
    capsys.readouterr()
    assert main(["run", "run.toml"]) == 0
    assert "complete" in capsys.readouterr().out
    assert Path("run.h5").read_bytes() == before
    os.remove("run.h5.chk")
    os.remove("run.h5.chk.previous")
    assert main(["run", "run.toml"]) == 0
    assert "complete" in capsys.readouterr().out
    assert Path("run.h5").read_bytes() == before


def test_changed_configuration_is_refused_with_the_difference(folder, capsys):
    main(["run", "run.toml"])
    before = Path("run.h5").read_bytes()
    Path("run.toml").write_text(RUN.replace("dt = 0.2", "dt = 0.1"))
    line = fails(capsys, "run", "run.toml")
    assert "run.dt was 0.2, is now 0.1" in line and "--force" in line
    assert Path("run.h5").read_bytes() == before
    assert main(["run", "run.toml", "--force"]) == 0
    assert vmd.load("run.h5").times[-1] == pytest.approx(30.0)


def test_old_checkpoint_beside_a_young_trajectory_is_not_taken(folder, capsys):
    """A run started over with --force and killed at once leaves such a pair."""
    main(["run", "run.toml", "--quiet"])
    whole = datasets("run.h5")
    old = Path("run.h5.chk").read_bytes()
    os.remove("run.h5")
    sim = build.simulation(config.read(Path("run.toml")))
    sim.set_ramp(0.0, 200)
    sim.run(60, writers=[vmd.TrajectoryWriter("run.h5", every=20)])
    Path("run.h5.chk").write_bytes(old)
    capsys.readouterr()
    assert main(["run", "run.toml"]) == 0
    # The one before it is of step 0: as good as none.
    assert "continuing run.h5 from step 0" in capsys.readouterr().out
    assert vmd.Simulation.resume("run.h5.chk.replaced").step == 300
    for name, values in datasets("run.h5").items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)


def test_forced_run_that_cannot_start_leaves_all_as_it_was(folder, capsys):
    main(["run", "run.toml", "--quiet"])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    Path("run.toml").write_text(RUN.replace("dt = 0.2", "dt = 2000.0"))
    fails(capsys, "run", "run.toml", "--force")
    Path("run.toml").write_text(RUN)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_info_and_plot_know_what_was_changed_between_runs(folder, capsys):
    start = vmd.triangular_lattice(16, 1.0)
    sim = vmd.Simulation(start, None, dt=0.1)
    writer = vmd.TrajectoryWriter("script.h5", every=10)
    sim.run(10, writers=[writer])
    pins = vmd.GaussianPins.random(5, depth=0.2, radius=0.3, box=start.box, seed=2)
    sim.external = [pins]
    sim.run(10, writers=[writer])
    assert main(["info", "script.h5"]) == 0
    assert "GaussianPins" in capsys.readouterr().out
    trajectory = vmd.load("script.h5")
    assert report.pins_of(trajectory, 20) == [pins] and report.pins_of(trajectory, 0) == []
    assert main(["plot", "script.h5"]) == 0


def test_a_run_may_end_with_nobody_left(folder, capsys):
    text = RUN.replace('"+1" = 0.8, "-1" = 0.2', '"+1" = 0.5, "-1" = 0.5').replace(
        "n = 80", "n = 2"
    )
    text = text.replace("density = 0.05", "density = 0.002").replace(
        "distance = 2.0", "distance = 15.0"
    )
    Path("run.toml").write_text(text.replace("min_distance = 3.0", "min_distance = 0.0"))
    assert main(["run", "run.toml"]) == 0
    assert "0 vortices" in capsys.readouterr().out
    assert main(["info", "run.h5"]) == 0
    assert "0 (none); 0 at first" in capsys.readouterr().out
    assert main(["plot", "run.h5"]) == 0
    assert main(["export", "run.h5", "run.xyz"]) == 0


def test_foreign_output_is_refused(folder, capsys):
    Path("run.h5").write_text("my thesis")
    assert "--force" in fails(capsys, "run", "run.toml")
    assert Path("run.h5").read_text() == "my thesis"


def test_script_output_is_not_continued(folder, capsys):
    sim = vmd.Simulation(vmd.triangular_lattice(16, 1.0), None, dt=0.1)
    sim.run(10, writers=[vmd.TrajectoryWriter("run.h5", every=5)])
    assert "script" in fails(capsys, "run", "run.toml")


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_stopped_run_is_continued_to_the_same_bits(folder, capsys, number):
    Path("run.toml").write_text(RUN.replace("steps = 300", "steps = 10_000"))
    command = [sys.executable, "-m", "vortexmd.cli", "run", "run.toml"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not Path("run.h5").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error.count("\n") == 1
    assert "the same command goes on from there" in error
    stopped = vmd.load("run.h5").steps[-1]
    assert 0 < stopped < 10_000
    assert main(["run", "run.toml"]) == 0
    assert "continuing run.h5 from step" in capsys.readouterr().out
    assert main(["run", "run.toml", "-o", "whole.h5", "--quiet"]) == 0
    assert_same_run("run.h5", "whole.h5")


@pytest.mark.slow
def test_killed_run_is_continued_to_the_same_bits(folder, capsys):
    text = RUN.replace("steps = 300", "steps = 10_000").replace(
        "seed = 7", "seed = 7\ncheckpoint_seconds = 0.2"
    )
    Path("run.toml").write_text(text)
    command = [sys.executable, "-m", "vortexmd.cli", "run", "run.toml"]
    process = subprocess.Popen(command)
    while not Path("run.h5.chk").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.2)
    process.kill()
    process.wait()
    acknowledged = len(vmd.load("run.h5"))
    assert acknowledged > 0
    assert main(["run", "run.toml"]) == 0
    assert main(["run", "run.toml", "-o", "whole.h5", "--quiet"]) == 0
    assert_same_run("run.h5", "whole.h5")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("n = 80", "n = 0"), "start.n = 0"),
        (("mu = 1.7", "mu = 3.4"), "0.2 … 2.5"),
        (("dt = 0.2", "dt = 2000.0"), "dt = 2000"),
        (("dt = 0.2", "dt = nan"), "run.dt = nan"),
        (("density = 0.05", "density = 0.5"), "min_distance"),
        (("n = 80", "n = 4"), "at least twice the cutoff"),
        (('type = "GLFit"', 'type = "GLfit"'), "did you mean 'GLFit'"),
        (('"+1" = 0.8', '"+2" = 0.8'), "windings (2, 2)"),
        (("every = 20", "evry = 20"), "did you mean output.every"),
        (('dtype = "int"', 'dtype = "int"'), "dtype"),
    ],
)
def test_mistakes_write_nothing(folder, capsys, change, message):
    text = RUN + 'dtype = "int"\n' if "dtype" in change[0] else RUN
    assert change[0] in text
    Path("run.toml").write_text(text.replace(*change))
    assert message in fails(capsys, "run", "run.toml")
    assert sorted(p.name for p in folder.iterdir()) == ["run.toml"]


def test_missing_and_unwritable_files(folder, capsys):
    assert "no such file" in fails(capsys, "run", "nothing.toml")
    assert "nowhere" in fails(capsys, "run", "run.toml", "-o", "nowhere/run.h5")
    assert "nothing.h5" in fails(capsys, "info", "nothing.h5")
    assert "nothing.h5" in fails(capsys, "plot", "nothing.h5")
    assert "nothing.h5" in fails(capsys, "export", "nothing.h5", "out.xyz")
    assert "run.toml" in fails(capsys, "info", "run.toml")
    main(["run", "run.toml", "--quiet"])
    Path("run.png").write_text("mine")
    assert "--force" in fails(capsys, "plot", "run.h5")
    assert Path("run.png").read_text() == "mine"
    assert "--frame = 99" in fails(capsys, "plot", "run.h5", "-o", "x.png", "--frame", "99")
    assert "x.nothing" in fails(capsys, "plot", "run.h5", "-o", "x.nothing")
    assert ".xyz" in fails(capsys, "export", "run.h5", "out.doc")
    Path("out.xyz").write_text("mine")
    fails(capsys, "export", "run.h5", "out.xyz")
    assert Path("out.xyz").read_text() == "mine"


def test_warning_is_one_line(folder):
    text = RUN.replace('winding = { "+1" = 0.8, "-1" = 0.2 }', "winding = 1")
    for old, new in (
        ("n = 80", "n = 200"),
        ("density = 0.05", "density = 0.2"),
        ("min_distance = 3.0", "min_distance = 1.5"),
        ("steps = 300", "steps = 20"),
        ("steps = 200", "steps = 20"),
    ):
        text = text.replace(old, new)
    Path("run.toml").write_text(text)
    command = [sys.executable, "-m", "vortexmd.cli", "run", "run.toml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.startswith("vortexmd: warning: ") and done.stderr.count("\n") == 1
    assert "0.23" in done.stderr and "clusters" in done.stderr


@pytest.mark.parametrize("name", ["run.chk", "run.h5.chk", "run"])
def test_checkpoint_and_trajectory_never_share_a_file(folder, capsys, name):
    assert main(["run", "run.toml", "-o", name]) == 0
    assert len(vmd.load(name)) == 16 and Path(name + ".chk").exists()
    assert main(["run", "run.toml", "-o", name]) == 0
    assert "complete" in capsys.readouterr().out
