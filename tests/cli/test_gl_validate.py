"""`vortexmd gl validate`: a run's frame judged, as a user meets it."""

import json

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from vortexmd.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two short runs: under the fit, and under London's force, which knows no μ."""
    folder = tmp_path_factory.mktemp("runs")
    start = vmd.random_vortices(n=60, density=0.08, min_distance=2.0, seed=2)
    for name, law in (("fit.h5", pot.GLFit(1.7)), ("london.h5", pot.London(cutoff=7.0))):
        writer = vmd.TrajectoryWriter(folder / name, every=10)
        sim = vmd.Simulation(start, pair_force=law, temperature=1e-3, dt=0.1, seed=1)
        sim.run(20, writers=[writer])
    return folder


def test_a_frame_is_judged(folder, capsys, tmp_path):
    picture = tmp_path / "window.png"
    command = ["gl", "validate", str(folder / "fit.h5"), "--frame", "1", "--window", "8"]
    assert main([*command, "--tolerance", "1e-2", "-o", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "step 10, " in out and "MD   GLFit(mu=1.7), cutoff" in out
    assert "additivity: pairs of GL − GL" in out and "interaction energy per vortex" in out
    written = picture.read_bytes()
    assert len(written) > 50_000
    assert main([*command, "-o", str(picture)]) == 2
    assert "exists" in capsys.readouterr().err
    assert picture.read_bytes() == written


def test_json(folder, capsys):
    command = ["gl", "validate", str(folder / "london.h5"), "--window", "7", "--kappa", "1.2"]
    assert main([*command, "--json", "--margin", "1", "--centre", "1", "2"]) == 0

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    about = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert about["step"] == 20 and about["mu"] == pytest.approx(1.2 * 2**0.5)
    assert about["centre"] == [1.0, 2.0] and about["margin"] == 1.0
    with vmd.load(folder / "london.h5") as trajectory:
        state = trajectory[-1]
    shifted = state.box.minimum_image(state.positions - np.array([1.0, 2.0]))
    within = state.ids[(np.abs(shifted) <= 3.5).all(axis=1)]
    assert [row["id"] for row in about["vortices"]] == within.tolist()
    total = sum(np.array(row["force_md"]) for row in about["vortices"])
    assert total == pytest.approx([0, 0], abs=1e-12)
    assert about["pair_force"] == {"type": "London", "f0": 2.0, "cutoff": 7.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["fit.h5", "--window", "0"], "window = 0.0: give a finite number, more than 0"),
        (["fit.h5", "--window", "nan"], "window = nan: must be finite"),
        (["fit.h5", "--window", "1"], "fewer than two; give at least"),
        (["fit.h5", "--window", "20"], "more than the 20 allowed; give at most"),
        (["fit.h5", "--window", "8", "--most", "3"], "more than the 3 allowed; give at most"),
        (["fit.h5", "--window", "90"], "does not fit into the box"),
        (["fit.h5", "--window", "8", "--frame", "3"], "frame = 3: "),
        (["fit.h5", "--window", "8", "--frame", "-4"], "has frames 0 … 2"),
        (["fit.h5", "--window", "8", "--mu", "2"], "has mu = 1.7; leave mu and kappa out"),
        (["fit.h5", "--window", "8", "--mu", "1.7", "--kappa", "1.2"], "give exactly one"),
        (["fit.h5", "--window", "8", "--centre", "nan", "0"], "give two finite numbers"),
        (["fit.h5", "--window", "8", "--margin", "4"], "margin = 4 λ"),
        (["fit.h5", "--window", "8", "--tolerance", "2"], "tolerance = 2: the solver covers"),
        (["fit.h5", "--window", "8", "-o", "x.foo"], "give a name that ends in .png"),
        (["london.h5", "--window", "7"], "mu= or kappa= (--mu, --kappa)"),
        (["none.h5", "--window", "7"], "none.h5"),
    ],
)
def test_mistakes_are_one_line(folder, capsys, monkeypatch, options, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert main(["gl", "validate", *options]) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("vortexmd: ") and error.count("\n") == 1
    assert sorted(folder.iterdir()) == before
