"""The pipeline of the tables on a law that is known, and the shipped tables against other methods."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import k1

from gl_reference import table_rows
from gl_reference.confocal import confocal_pair
from gl_reference.curves import ForceCurve, default_separations, fit_separations
from gl_reference.errors import ConvergenceError
from gl_reference.lattice_evidence import lattice_row
from gl_reference.radial import single_vortex
from gl_reference.table_files import load_generated, load_printed
from gl_reference.tables import TablesMismatchError, run_tables
from potentials.gl_fit import GLPair
from potentials.gl_tables import row_mus
from potentials.quadrature import peak

KINDS = {(1, 1): "V-V", (1, 2): "V-GV", (1, -1): "V-AV"}


class PaperForces:
    """Stands in for the solver: the paper's own law, counting; `fails` is called first."""

    def __init__(self, factor=1.0, fails=None):
        self.factor, self.fails, self.calls = factor, fails, []

    def __call__(self, n1, n2, mu, d, *, gauge_weight, tolerance, small_force):
        kind = KINDS[n1, n2]
        if self.fails:
            self.fails(kind, mu, d)
        self.calls.append((kind, mu, d))
        force = self.factor * float(GLPair(kind, mu).force(d))
        return SimpleNamespace(force=force, force_error=tolerance * abs(force))


@pytest.fixture
def solver(monkeypatch):
    """Put a stand-in in the solver's place (in this process: jobs = 1)."""

    def install(**how):
        forces = PaperForces(**how)
        monkeypatch.setattr(table_rows, "confocal_pair", forces)
        return forces

    return install


def read(file):
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


# ---------------------------------------------------------------- curves
def test_curve_meets_a_closed_form_between_its_points():
    for kind, mu in (("V-V", 0.4), ("V-V", 1.7), ("V-GV", 2.5), ("V-AV", 1.0)):
        law = GLPair(kind, mu)
        d = default_separations(kind, mu)
        curve = ForceCurve(kind, mu, d, law.force(d))
        between = (d[1:] + d[:-1]) / 2
        assert_allclose(curve(between), law.force(between), atol=1e-4 * np.abs(law.force(d)).max())
        if kind != "V-AV":
            assert_allclose(np.abs(curve.peak()), peak(law.force), rtol=1e-4)


def test_curve_refuses():
    d = np.linspace(3, 6, 8)
    curve = ForceCurve("V-V", 1.7, d, np.exp(-d))
    with pytest.raises(ValueError, match=r"d = 2\.9.*3 … 6"):
        curve(2.9)
    with pytest.raises(ValueError, match="end, d = 3"):
        curve.peak()
    with pytest.raises(ValueError, match=r"sign of V-V forces at mu = 0\.7"):
        ForceCurve("V-V", 0.7, d, np.exp(-d))


def test_separations_of_the_fits():
    assert_allclose(fit_separations("V-V", 1.7, 0.2, 99), 0.2 * np.arange(1, 76))
    assert fit_separations("V-AV", 1.7, 0.2, 99)[0] == pytest.approx(4.6)  # d_E = 4.57
    for kind in ("V-V", "V-AV"):
        assert (np.diff(default_separations(kind, 0.3)) > 0).all()


# ---------------------------------------------------------------- the whole of it
def test_the_papers_own_forces_give_the_papers_tables(tmp_path, solver):
    """With the printed laws in place of the solver all rows agree, in the printed layout."""
    solver()
    result = run_tables(tmp_path, mus=[0.6, 0.8, 0.9, 1.1, 1.7, 2.5], jobs=1)
    assert [v.word for v in result.verdicts] == ["agrees"] * 18
    assert max(v.deviation for v in result.verdicts) < 1e-3
    for name in ("table1_vv_eq17", "table3_vgv_eq17", "table5_vav_eq21"):
        ours, printed = read(tmp_path / f"{name}.csv"), load_printed(name)
        assert ours[0].keys() == printed[0].keys()
        printed = [row for row in printed if row["mu"] in {line["mu"] for line in ours}]
        for line, row in zip(ours, printed, strict=True):
            for key in list(row)[1:-1]:  # all but mu and the variance
                # rounding of η₄ in print; and the spline's error, amplified by correlation
                assert float(line[key]) == pytest.approx(float(row[key]), rel=0.02)
    for name in ("table2_vv_eq18", "table4_vgv_eq18"):
        ours, printed = read(tmp_path / f"{name}.csv"), load_printed(name)
        assert [row["parameter"] for row in ours] == [row["parameter"] for row in printed]
        assert ours[0].keys() == printed[0].keys()
        assert all(row["mu_below_0.5"] == "" for row in ours)  # no such rows were asked for
    for line in read(tmp_path / "peaks.csv"):
        d_c, largest = peak(GLPair(line["kind"], float(line["mu"])).force)
        assert float(line["d_c"]) == pytest.approx(d_c, rel=1e-3)
        assert abs(float(line["Omega_max"])) == pytest.approx(largest, rel=1e-3)
        assert float(line["d_c_table"]) == pytest.approx(d_c, rel=1e-3)


def test_a_deviation_is_found_where_it_is(tmp_path, solver):
    solver(factor=1 / 1.1)
    (verdict,) = run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1).verdicts
    d_c, _ = peak(GLPair("V-V", 1.7).force)
    assert verdict.word == "differs"
    assert verdict.deviation == pytest.approx(0.1, rel=0.01)
    assert verdict.deviation_at == pytest.approx(d_c, abs=0.2)
    assert verdict.paper_variance == pytest.approx(
        np.sum((GLPair("V-V", 1.7).force(0.2 * np.arange(1, 76)) / 11) ** 2) / 72, rel=1e-2
    )


def test_results_as_text_and_json(tmp_path, solver):
    solver()
    result = run_tables(tmp_path, mus=[1.7, 1.75], kinds=["V-V"], jobs=1)
    assert "mu = 1.7" in result.summary()
    assert "1 of 2 rows agree" in result.summary()
    rows = json.loads(result.to_json())["rows"]
    assert rows[0]["verdict"] == "agrees"
    assert rows[1]["verdict"] == "not in the paper"  # between its rows
    assert rows[1]["deviation"] is None
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["tolerance"] == 1e-4
    assert provenance["numpy"] == np.__version__


# ---------------------------------------------------------------- resuming
def test_an_interrupted_run_goes_on(tmp_path, solver):
    def stop_at_third_row(kind, mu, d):
        if mu == 1.3:
            raise KeyboardInterrupt

    solver(fails=stop_at_third_row)
    with pytest.raises(KeyboardInterrupt):
        run_tables(tmp_path, mus=[1.1, 1.2, 1.3, 1.4], kinds=["V-V"], jobs=1)
    kept = sorted((tmp_path / "rows").iterdir())
    assert len(kept) == 2
    forces = solver()
    result = run_tables(tmp_path, mus=[1.1, 1.2, 1.3, 1.4], kinds=["V-V"], jobs=1)
    assert {mu for _, mu, _ in forces.calls} == {1.3, 1.4}
    assert [v.mu for v in result.verdicts] == [1.1, 1.2, 1.3, 1.4]


def test_rows_of_other_settings_are_kept_apart(tmp_path, solver):
    forces = solver()
    run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1)
    once = len(forces.calls)
    run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1)
    assert len(forces.calls) == once
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    others = {"tolerance": 1e-3}, {"separations": np.linspace(0.5, 15, 30)}
    for other in others:
        with pytest.raises(
            FileExistsError, match=f"holds tables of other settings .{next(iter(other))}"
        ):
            run_tables(tmp_path, **{"mus": [1.7], "kinds": ["V-V"], "jobs": 1, **other})
    assert before == {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    for other in others:
        run_tables(
            tmp_path, **{"mus": [1.7], "kinds": ["V-V"], "jobs": 1, "overwrite": True, **other}
        )
    assert len(forces.calls) == 2 * once + 32
    run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1, overwrite=True)
    assert len(forces.calls) == 2 * once + 32
    assert len(list((tmp_path / "rows").iterdir())) == 3


def test_a_row_that_fails_leaves_the_others(tmp_path, solver):
    def no_convergence(kind, mu, d):
        if mu == 1.1:
            raise ConvergenceError("mu = 1.1: no")

    solver(fails=no_convergence)
    with pytest.raises(ConvergenceError, match=r"mu = 1\.1"):
        run_tables(tmp_path, mus=[1.1, 1.2, 1.3], kinds=["V-V"], jobs=1)
    assert len(list((tmp_path / "rows").iterdir())) == 2


def test_a_foreign_row_file_is_named(tmp_path, solver):
    solver()
    run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1)
    (file,) = (tmp_path / "rows").iterdir()
    file.write_text("{}")
    with pytest.raises(ValueError, match=f"{file.name}.*remove it"):
        run_tables(tmp_path, mus=[1.7], kinds=["V-V"], jobs=1)


@pytest.mark.slow
def test_processes_give_what_one_process_gives(tmp_path):
    d = np.geomspace(0.8, 12, 8)
    how = {"mus": [1.5, 1.7], "kinds": ["V-V"], "tolerance": 1e-2, "separations": d}
    alone = run_tables(tmp_path / "one", jobs=1, **how)
    together = run_tables(tmp_path / "two", jobs=2, **how)
    assert together.verdicts == alone.verdicts


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(tmp_path):
    """Both processes end soon after an interrupt; rows that were finished are there."""
    script = tmp_path / "run.py"
    script.write_text(
        "from gl_reference.tables import run_tables\n"
        "if __name__ == '__main__':\n"
        f"    run_tables({str(tmp_path / 'out')!r}, kinds=['V-V'], jobs=2)\n"
    )
    process = subprocess.Popen([sys.executable, script], start_new_session=True)
    rows = tmp_path / "out" / "rows"
    end = time.monotonic() + 120
    while not (rows.exists() and list(rows.glob("*.json"))) and time.monotonic() < end:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) != 0
    for file in rows.iterdir():
        table_rows.SolvedRow.read(file)


# ---------------------------------------------------------------- the quick check
def test_quick_check_notices_another_force(tmp_path, solver):
    """The paper's forces are not the shipped ones."""
    solver()
    with pytest.raises(TablesMismatchError, match=r"V-V, mu = 0\.6, d = .*shipped"):
        run_tables(tmp_path, quick=True, jobs=1)


@pytest.mark.slow
def test_quick_check_passes(tmp_path):
    result = run_tables(tmp_path, quick=True)
    assert len(result.verdicts) == 6


# ---------------------------------------------------------------- what ships
@pytest.mark.parametrize(
    ("name", "kind"),
    [("table1_vv_eq17", "V-V"), ("table3_vgv_eq17", "V-GV"), ("table5_vav_eq21", "V-AV")],
)
def test_shipped_tables_have_all_rows(name, kind):
    rows = load_generated(name)
    assert rows[0].keys() == load_printed(name)[0].keys()
    assert_allclose([float(row["mu"]) for row in rows], row_mus(kind))
    forces = load_generated(f"forces_{name.split('_')[1]}")
    assert_allclose(np.unique([float(row["mu"]) for row in forces]), row_mus(kind))


def shipped(kind, mu):
    rows = [row for row in load_generated(f"forces_{kind}") if float(row["mu"]) == mu]
    return np.array([[float(row[key]) for key in ("d", "force", "error")] for row in rows]).T


@pytest.mark.parametrize(("kind", "n2"), [("vv", 1), ("vgv", 2), ("vav", -1)])
def test_shipped_forces_against_finer_solutions(kind, n2):
    d, force, error = shipped(kind, 1.7)
    i = d.size // 2
    finer = confocal_pair(1, n2, 1.7, d[i], tolerance=1e-6)
    assert abs(force[i] - finer.force) <= error[i] + 1e-6 * abs(finer.force)


def test_shipped_forces_near_critical_coupling():
    """(Ω(1.1) − Ω(0.9))/0.2 → dΩ/dμ = 0.0342239 at d = 2, of the exact theory, to O(0.1²)."""
    slopes = [ForceCurve("V-V", mu, *shipped("vv", mu)[:2])(2.0) / (mu - 1) for mu in (0.9, 1.1)]
    assert np.mean(slopes) == pytest.approx(0.0342239, rel=0.01)


@pytest.mark.parametrize(("kind", "n2"), [("vv", 1), ("vgv", 2), ("vav", -1)])
def test_shipped_forces_far_apart(kind, n2):
    """Eq. 10 with the tails of single vortices, beyond 9 λ."""
    mu = 1.7
    one, other = single_vortex(1, mu), single_vortex(n2, mu)
    d, force, _ = shipped(kind, mu)
    far = (d > 9) & (d < 14)
    expected = 2 * n2 * one.gamma2 * other.gamma2 * k1(d)
    expected -= 2 * mu * one.gamma1 * other.gamma1 * k1(mu * d)
    assert_allclose(force[far], expected[far], rtol=0.02)


def test_shipped_evidence_from_the_papers_grid():
    """Eq. 13 as printed on the paper's grid meets the paper where the `coulomb` reading does not."""
    evidence = load_generated("lattice_evidence")
    apart = {(row["kind"], row["mu"]): row for row in load_generated("verdicts")}
    off = np.array([float(row["lattice_percent"]) for row in evidence])
    coulomb = [float(apart[row["kind"], row["mu"]]["deviation_percent"]) for row in evidence]
    assert len(off) > 40
    assert np.median(off) < np.median(coulomb) / 2
    row = next(row for row in evidence if (row["kind"], row["mu"]) == ("V-V", "2.5"))
    again = lattice_row("V-V", 2.5, float(row["d"]), float(row["largest_force"]))
    assert again[4] == pytest.approx(float(row["lattice"]), rel=1e-4)


# ---------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"kinds": ["V-X"]}, "kinds: 'V-X'"),
        ({"kinds": []}, "kinds: empty"),
        ({"mus": []}, "mus: empty"),
        ({"mus": [1.0]}, "mus: 1,"),
        ({"mus": [-0.3]}, "mus = -0.3"),
        ({"mus": [50]}, r"mus = 50.*0\.1 … 20"),
        ({"mus": [float("nan")]}, "mus = nan"),
        ({"tolerance": 0.0}, "tolerance = 0.0"),
        ({"tolerance": 0.5}, "tolerance = 0.5"),
        ({"jobs": 0}, "jobs = 0"),
        ({"separations": [1, 2, 3]}, "at least 6"),
        ({"separations": [1, 2, 3, 3, 4, 5]}, "increasing"),
        ({"quick": True, "mus": [0.6]}, "quick"),
    ],
)
def test_bad_input(tmp_path, solver, how, words):
    forces = solver()
    with pytest.raises(ValueError, match=words):
        run_tables(tmp_path / "new", **how)
    assert not forces.calls
    assert not (tmp_path / "new").exists()


def test_narrow_separations_are_refused_with_the_reason(tmp_path, solver):
    forces = solver()
    with pytest.raises(ValueError, match="give a wider range"):
        run_tables(tmp_path, mus=[1.7], separations=np.linspace(1, 1.5, 8), jobs=1)
    assert not forces.calls


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"folder = .*cannot be written"):
        run_tables(tmp_path / "file" / "below", mus=[1.7])


def test_unknown_shipped_table():
    with pytest.raises(ValueError, match=r"'table9'.*table1_vv_eq17"):
        load_generated("table9")
