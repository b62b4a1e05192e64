"""The report on the states of vortex and antivortex, and what ships for Figs. 11 and 12."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from gl_reference import branch_rows, figure_data
from gl_reference import branches as module
from gl_reference.branches import Branches, ReadingBranches, vav_branches
from gl_reference.figure_branches import draw_sections, draw_two_states
from gl_reference.figure_style import styled
from gl_reference.lattice_branches import Branch
from gl_reference.lattice_states import Profile
from gl_reference.radial import single_vortex
from gl_reference.table_files import load_generated
from potentials import TwoBessel, annihilation_separation, stability_separation

# Left to the long tests: the everyday ones hold their pieces.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report():
    return vav_branches(2.0, readings=("lattice", "coulomb"), h=0.25)


def made_up(reading="minimum", string=True):
    """Two straight branches that cross at d = 4."""
    d = np.linspace(2.0, 6.0, 9)
    flat = Branch(d[2:], 2.0 + 0 * d[2:], 0 * d[2:], 0 * d[2:])
    rising = Branch(d, 1.0 + d / 4, d / 4 - 1.0, 0 * d - 0.25)
    other = dict.fromkeys(("d_E", "d_E_error", "d_A", "d_A_error", "string_end"), math.nan)
    if string:
        other = {"d_E": 4.0, "d_E_error": 2e-3, "d_A": 2.96, "d_A_error": 0.04, "string_end": 6.0}
    return ReadingBranches(
        reading=reading,
        scheme="",
        h=math.nan,
        conventional=flat,
        string=rising if string else None,
        note="made up",
        **other,
    )


def made_up_report():
    readings = (made_up(), made_up("coulomb", string=False))
    return Branches(mu=1.7, readings=readings, paper_d_E=4.57, paper_d_A=3.65)


# -------------------------------------------------------------------- solved
def test_the_lattice_has_two_states_and_coulomb_one(report):
    lattice, coulomb = report["lattice"], report["coulomb"]
    assert lattice.d_A < lattice.d_E < lattice.string_end
    assert lattice.interaction_at_d_E < 0
    assert coulomb.string is None and math.isnan(coulomb.d_E) and math.isnan(coulomb.hysteresis)
    assert "returns to the conventional state" in coulomb.note
    # coarse as it is, the grid is not far from the paper's
    assert lattice.d_E == pytest.approx(stability_separation(2.0), rel=0.2)
    assert lattice.d_A == pytest.approx(annihilation_separation(2.0), rel=0.1)


def test_the_one_branch_is_smooth_from_far_to_near(report):
    """Its forces are the slopes of its energies: it never leaves for another state."""
    branch = report["coulomb"].conventional
    assert branch.d[0] < 0.2 * annihilation_separation(2.0)
    slope = CubicSpline(branch.d, branch.energy)(branch.d, 1)
    assert branch.force[1:-1] == pytest.approx(-slope[1:-1], rel=0.02, abs=1e-4)
    assert (np.diff(branch.energy) > 0).all()
    alone = 2 * single_vortex(1, 2.0).energy
    assert branch.interaction_energy == pytest.approx(branch.energy - alone)


def test_far_apart_the_readings_agree(report):
    d = 6.0
    forces = [np.interp(d, one.conventional.d, one.conventional.force) for one in report.readings]
    assert forces[0] == pytest.approx(forces[1], rel=0.05)


# -------------------------------------------------------------------- the report
def test_summary_says_what_there_is():
    text = made_up_report().summary()
    assert "mu = 1.7 (kappa = 1.2021)" in text
    lines = {line.split()[0]: line for line in text.splitlines()[2:]}
    assert lines["paper"].split()[-2:] == ["4.57", "3.65"]
    assert "4.000 ± 0.002" in text and "2.96 ± 0.04" in text and "2.96 … 6.00" in text
    assert any(line.split() == ["coulomb", "none", "none"] for line in text.splitlines())
    assert text.count("made up") == 2


def test_json_holds_the_figures_and_null_for_none():
    whole = json.loads(made_up_report().to_json())
    assert whole["mu"] == 1.7 and whole["paper"] == {"d_E": 4.57, "d_A": 3.65}
    minimum, coulomb = whole["readings"]
    assert minimum["d_E"] == 4.0 and minimum["hysteresis"] == pytest.approx(3.04)
    assert minimum["interaction_energy_at_d_E"] == 0.0 and minimum["h"] is None
    assert coulomb["d_E"] is None and coulomb["d_A_error"] is None


def test_saved_and_read_back(tmp_path):
    report = made_up_report()
    paths = report.save(tmp_path / "new")
    assert sorted(path.name for path in paths) == ["branches.csv", "summary.json", "summary.txt"]
    rows = list(csv.DictReader(paths[0].read_text("utf-8").splitlines()))
    assert len(rows) == 7 + 9 + 7
    string = [row for row in rows if row["state"] == "string"]
    assert [float(row["energy"]) for row in string] == report["minimum"].string.energy.tolist()
    assert {row["h"] for row in rows} == {""}
    with pytest.raises(FileExistsError, match=r"holds branches.csv, summary.txt, summary.json"):
        report.save(tmp_path / "new")
    report.save(tmp_path / "new", overwrite=True)
    (tmp_path / "taken").write_text("")
    with pytest.raises(ValueError, match="folder"):
        report.save(tmp_path / "taken")


def test_readings_by_name():
    report = made_up_report()
    assert report["minimum"].d_E == 4.0
    with pytest.raises(KeyError, match="lattice: not among minimum, coulomb"):
        report["lattice"]


def test_plot_shows_both_states(tmp_path):
    energies, forces = made_up_report().plot().axes
    lines = [line for line in energies.get_lines() if len(line.get_xdata()) > 2]
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]
    (mark,) = [line for line in energies.get_lines() if line.get_marker() == "o"]
    assert mark.get_xydata().tolist() == [[4.0, 0.0]]
    assert forces.get_yscale() == "log"


@pytest.mark.parametrize(
    "change, said",
    [
        ({"mu": 0.2}, r"mu = 0.2: the solver covers 0.3 … 2.5"),
        ({"mu": None}, "give exactly one"),
        ({"kappa": 1.0}, "give exactly one"),
        ({"readings": ["dynamic"]}, "readings: 'dynamic' is not one of 'minimum'"),
        ({"readings": []}, "readings = .*: give each"),
        ({"readings": ["lattice", "lattice"]}, "once"),
        ({"h": 0.5}, "h = 0.5: too coarse"),
        ({"scheme": "collocated"}, "scheme = 'collocated': has a gauge term"),
    ],
)
def test_what_it_refuses(change, said):
    with pytest.raises(ValueError, match=said):
        vav_branches(**({"mu": 1.7, "readings": ["lattice"]} | change))


def test_one_reading_may_be_named_alone(monkeypatch):
    monkeypatch.setitem(module._READINGS, "minimum", lambda mu, scheme, h, progress: made_up())
    (one,) = vav_branches(kappa=1.2, readings="minimum").readings
    assert one.reading == "minimum"


# -------------------------------------------------------------------- what ships
def test_rows_that_ship_are_those_of_the_command():
    lines = load_generated("critical_separations")
    keys = [(line["reading"], float(line["mu"]), line["scheme"], line["h"]) for line in lines]
    expected = [
        (task.reading, task.mu, task.scheme, "" if math.isnan(task.h) else f"{task.h:g}")
        for task in branch_rows.tasks()
    ]
    assert keys == expected
    drawn = {(line["reading"], float(line["mu"])) for line in load_generated("branches")}
    assert drawn == {(name, mu) for name in ("lattice", "minimum") for mu in (0.6, 1.7)}


def test_the_command_writes_both_tables_and_goes_on(tmp_path, monkeypatch, capsys):
    task = branch_rows.BranchTask("minimum", 1.7, "", math.nan)
    monkeypatch.setattr(branch_rows, "tasks", lambda: [task])
    solved = []

    def solve(*arguments):
        solved.append(arguments)
        return made_up()

    monkeypatch.setattr(branch_rows, "reading_branches", solve)
    for _ in range(2):
        branch_rows.main(["-o", str(tmp_path), "--jobs", "1"])
    assert len(solved) == 1 and solved[0][:3] == ("minimum", 1.7, "")
    points, lines = (
        list(csv.DictReader((tmp_path / name).read_text("utf-8").splitlines()))
        for name in ("critical_separations.csv", "branches.csv")
    )
    assert [(row["d_E"], row["d_A"], row["h"]) for row in points] == [("4", "2.96", "")]
    assert len(lines) == 7 + 9
    assert str(tmp_path / "branches.csv") in capsys.readouterr().out
    with pytest.raises(SystemExit):
        branch_rows.main(["--jobs", "0"])
    assert "give at least 1" in capsys.readouterr().err


def shipped_points():
    """Lines by reading, scheme, μ and h."""
    return {
        (line["reading"], line["scheme"], float(line["mu"]), line["h"]): line
        for line in load_generated("critical_separations")
    }


def test_the_grid_that_ships_is_near_the_paper():
    for (_, scheme, mu, h), line in shipped_points().items():
        if scheme == "collocated-free" and h == "0.1":
            assert float(line["d_E"]) == pytest.approx(stability_separation(mu), rel=0.08)
            assert float(line["d_A"]) == pytest.approx(annihilation_separation(mu), rel=0.08)


def test_finer_grids_go_to_the_minimum():
    points = shipped_points()
    minimum = points["minimum", "", 1.7, ""]
    assert float(minimum["d_E"]) == pytest.approx(5.92, abs=0.02)
    assert float(minimum["d_A"]) == pytest.approx(4.28, abs=0.03)
    for scheme in ("collocated-free", "plaquette-free"):
        d_E = [float(points["lattice", scheme, 1.7, h]["d_E"]) for h in ("0.2", "0.1", "0.05")]
        assert d_E == sorted(d_E) and d_E[-1] < float(minimum["d_E"])
    # The gauge-invariant grid is of first order in h, and finds the same d_A.
    assert 2 * d_E[2] - d_E[1] == pytest.approx(float(minimum["d_E"]), abs=0.1)
    d_A = float(points["lattice", "plaquette-free", 1.7, "0.05"]["d_A"])
    assert d_A == pytest.approx(float(minimum["d_A"]), abs=0.06)


def test_branches_that_ship_meet_the_tails():
    for one in figure_data.two_states():
        d, force = one.conventional.d[1:-1], one.conventional.force[1:-1]
        far = d > 7.0 / min(1.0, one.mu)
        if far.any():
            tails = TwoBessel(one.mu, n1=1, n2=-1).force(d[far])
            assert force[far] == pytest.approx(tails, rel=0.05)
        slope = np.polyfit(one.string.d[5:], one.string.energy[5:], 1)[0]
        # the wall's tension, from which the grid is off by what it adds
        assert slope == pytest.approx(2 * one.mu / (3 * np.pi), rel=0.15)


# -------------------------------------------------------------------- figures
def test_figure_11_shows_states_and_separations():
    figure = styled(draw_two_states)(figure_data.two_states(), figure_data.critical_points())
    _, forces, critical = figure.axes
    assert forces.get_yscale() == "log" and len(figure.legends) == 1
    fits = [line for line in critical.get_lines() if len(line.get_xdata()) > 100]
    for line, law in zip(fits, (stability_separation, annihilation_separation), strict=True):
        assert line.get_ydata() == pytest.approx(law(line.get_xdata()))
    assert "kappa" in critical.get_xlabel() and r"$\lambda$" in critical.get_ylabel()


def test_figure_12_marks_the_vortices():
    x = np.linspace(-8, 8, 17)
    profile = Profile(x, np.abs(np.tanh(x)), np.sin(x))
    sections = [
        figure_data.Sections(mu, 6.0, (profile, profile), (profile, profile)) for mu in (0.6, 1.7)
    ]
    figure = styled(draw_sections)(sections)
    assert len(figure.axes) == 4
    for ax in figure.axes:
        marks = [line.get_xdata()[0] for line in ax.get_lines() if line.get_linestyle() == ":"]
        assert marks == [-3.0, 3.0]
