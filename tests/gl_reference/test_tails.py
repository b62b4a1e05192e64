"""Tail amplitudes: exact relations, the profiles themselves, the approach to μ = 2, the table."""

import csv
import math
from importlib.resources import files

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import k0, k1

import potentials as pot
from gl_reference import gammas
from gl_reference.radial import single_vortex
from potentials.tail_amplitudes import table_amplitudes


@pytest.mark.parametrize("n", [1, 2, 3, -5])
def test_gammas_at_mu_1(n):
    """f' = n(1 − a)f/r there, so that γ₁ = |n|γ₂."""
    vortex = single_vortex(n, 1.0)
    assert vortex.gamma1 == pytest.approx(abs(n) * vortex.gamma2, rel=3e-11)
    assert vortex.gamma1_reason is None


def test_published_gammas():
    assert single_vortex(1, 1.0).gamma1 == pytest.approx(-1.70786, abs=5e-6)
    assert single_vortex(2, 1.0).gamma1 == pytest.approx(-5.3366, abs=5e-5)
    assert single_vortex(1, 1.7).gamma2 == pytest.approx(-1.32665, abs=5e-6)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mu", [0.1, 0.3, 0.8, 1.3])
def test_gammas_are_the_ratios_far_out(n, mu):
    """The ratio to the tail tends to γ; its deviation falls like the first correction."""
    vortex = single_vortex(n, mu)
    core = vortex.r[np.searchsorted(vortex.f, 0.9)]
    r = core + np.array([4, 8, 12]) / mu
    ratio = (vortex.amplitude(r) - 1) / k0(mu * r) / vortex.gamma1 - 1
    # Corrections: γ₁² of relative size e^{−μr} and the field's drive, e^{−(2−μ)r}.
    rate = min(mu, 2 - mu)
    assert np.all(np.abs(ratio) < 2 * np.exp(-rate * (r - core)))

    # B = −nγ₂K₀(r) far out, to relative precision, with corrections e^{−μr}.
    field = -vortex.field(r) / (n * k0(r)) / vortex.gamma2 - 1
    assert np.all(np.abs(field) < 2 * np.exp(-min(mu, 1.0) * (r - core)) + 1e-8)


def test_gamma2_becomes_londons():
    """−γ₂ − 1 → (n/μ)²(ln μ + …): ∫I₁(r)(1 − f²)K₁(r) r dr with 1 − f² → 2(n/μr)², I₁K₁ → ½."""
    for n in (1, 2):
        mu = np.array([10.0, 14.0, 20.0])
        scaled = [(-single_vortex(n, m).gamma2 - 1) * m**2 for m in mu]
        slopes = np.diff(scaled) / np.diff(np.log(mu)) / n**2
        assert slopes[0] < slopes[1] < 1
        assert slopes[1] == pytest.approx(1, abs=0.05 * n**2)


def test_gamma1_diverges_at_mu_2_as_derived():
    """γ₁√(2 − μ) → −(π/4)n²γ₂², corrections in powers of √(2 − μ)."""
    for n in (1, 2):
        root = np.sqrt([4e-4, 1e-4, 2.5e-5])
        scaled = []
        for gap in root**2:
            vortex = single_vortex(n, 2 - gap)
            scaled.append(vortex.gamma1 * math.sqrt(gap) / (n * vortex.gamma2) ** 2)
        assert np.polyfit(root, scaled, 2)[-1] == pytest.approx(-math.pi / 4, rel=1e-5)


def test_no_gamma1_from_mu_2_on():
    for mu in (2.0, 5.0):
        vortex = single_vortex(1, mu)
        assert math.isnan(vortex.gamma1) and math.isnan(vortex.gamma1_error)
        assert "driven by the field" in vortex.gamma1_reason
        assert vortex.gamma2 < -1
    # What drives it: g → γ₂²K₁²/(μ² − 4), a particular solution that overtakes K₀(μr).
    vortex = single_vortex(1, 5.0)
    r = np.array([6.0, 8.0])
    driven = (1 - vortex.amplitude(r)) / (vortex.gamma2 * k1(r)) ** 2
    assert driven == pytest.approx(1 / (25 - 4), rel=0.05)


@pytest.mark.parametrize("n, mu", [(1, 0.1), (3, 0.1), (2, 1.0), (1, 1.7), (1, 1.99), (10, 1.3)])
def test_errors_are_small_and_not_too_small(n, mu):
    vortex = single_vortex(n, mu)
    assert 1e-12 <= vortex.gamma1_error / -vortex.gamma1 < 2e-9
    assert 1e-12 <= vortex.gamma2_error / -vortex.gamma2 < 1e-9
    if mu == 1:  # one and the same number, found in two ways
        gap = abs(vortex.gamma1 - n * vortex.gamma2)
        assert gap <= vortex.gamma1_error + n * vortex.gamma2_error


# ------------------------------------------------------------------ the table
def rows(n):
    text = (files("potentials") / "data" / "tail_amplitudes.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [row for row in csv.DictReader(lines) if int(row["n"]) == n]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_table_is_what_the_generator_makes(n):
    table = rows(n)
    assert [float(row["mu"]) for row in table] == gammas.table_mus()
    for row in table[::19]:
        vortex = single_vortex(n, float(row["mu"]))
        assert float(row["gamma2"]) == pytest.approx(vortex.gamma2, rel=1e-9)
        if vortex.mu < 2:
            assert float(row["gamma1"]) == pytest.approx(vortex.gamma1, rel=1e-9)
        else:
            assert row["gamma1"] == row["gamma1_error"] == ""


@pytest.mark.parametrize("n", [1, 2, -3])
def test_interpolation_between_the_rows(n):
    for mu in (0.1021, 0.1133, 0.21, 0.37, 0.777, 1.0249, 1.6, 1.82, 1.9, 1.94):
        vortex = single_vortex(n, mu)
        assert table_amplitudes(n, mu) == pytest.approx((vortex.gamma1, vortex.gamma2), rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_gamma2_can_be_interpolated_to_mu_10(n):
    table = [(float(row["mu"]), float(row["gamma2"])) for row in rows(n)]
    mu, gamma2 = np.array(table).T
    spline = CubicSpline(-1 / np.sqrt(mu), np.log(-gamma2))
    for between in (2.05, 2.6, 3.7, 5.2, 7.5, 9.5):
        expected = single_vortex(n, between).gamma2
        assert -math.exp(spline(-1 / math.sqrt(between))) == pytest.approx(expected, rel=1e-5)


def test_two_bessel_takes_its_gammas_from_the_table():
    law = pot.TwoBessel(1.3, 2, -1)
    two, one = single_vortex(2, 1.3), single_vortex(1, 1.3)
    assert law.gamma1 == pytest.approx((two.gamma1, one.gamma1), rel=1e-6)
    assert law.gamma2 == pytest.approx((two.gamma2, one.gamma2), rel=1e-6)


def test_generator_writes_where_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gammas, "table_mus", lambda: [0.5, 2.5])
    monkeypatch.setattr(gammas, "WINDINGS", (1,))
    output = tmp_path / "new" / "g.csv"
    gammas.main(["-o", str(output)])
    assert capsys.readouterr().out == f"{output}\n"
    first, second, header, *body = output.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# Tail amplitudes") and "python -m gl_reference.gammas" in second
    assert header.split(",") == list(gammas.COLUMNS)
    assert body[0].startswith("0.5,1,-1.0") and body[1].startswith("2.5,1,,,-1.1")


def test_generator_names_a_place_it_cannot_write_to(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit):
        gammas.main(["-o", str(tmp_path / "file" / "g.csv")])
    assert "cannot be written into" in capsys.readouterr().err
