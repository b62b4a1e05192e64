"""Fits against known parameters, published numbers and the statistics of noise."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import k1

from gl_reference.curves import ForceCurve
from gl_reference.fits import fit_eq15, fit_eq16, fit_eq17, fit_eq21, variance
from gl_reference.lattice import lattice_pair
from gl_reference.parameter_fits import (
    RANGES,
    fit_eq18,
    fit_eq22a,
    fit_eq22b,
    fit_peak_force,
    fit_peak_separation,
    range_of,
)
from gl_reference.table_files import load_generated
from gl_reference.table_output import PRINTED_EQ22, PRINTED_PEAKS
from potentials.critical import peak_force, peak_separation
from potentials.gl_laws import eq17
from potentials.gl_tables import (
    Etas,
    formula_deltas,
    formula_etas,
    printed_etas,
    table_deltas,
    table_etas,
)

D = 0.2 * np.arange(1, 76)


# ---------------------------------------------------------------- Eq. 14
def test_variance_by_hand():
    assert variance([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], 1) == 5.0  # (0 + 1 + 9)/(3 − 1)
    assert math.isnan(variance([1.0, 2.0], [0.0, 0.0], 2))


# ---------------------------------------------------------------- Eq. 17
ROWS = [(kind, mu) for kind in ("V-V", "V-GV") for mu in (0.2, 0.6, 0.9, 1.1, 2.5)]


@pytest.mark.parametrize(("kind", "mu"), ROWS)
def test_printed_rows_are_recovered_from_their_curves(kind, mu):
    row = next(row for row in table_etas(kind) if row.mu == mu)
    fit = fit_eq17(mu, D, eq17(row, D))
    assert_allclose(fit.values, row[1:], rtol=1e-8)
    assert fit.variance < 1e-24
    assert fit.fixed == (("eta4",) if mu > 1 else ())


def test_written_out_formula():
    """Eq. 17 typed once more, as printed."""
    eta1, eta2, eta3, mu = 0.06, 0.02, 3.3, 1.7
    force = eta1 * D**eta3 / (1 + eta2 * D ** (eta3 + 0.5))
    force *= math.sqrt(mu) * (np.exp(-D) - np.exp(-mu * D))
    assert_allclose(fit_eq17(mu, D, force).values, (eta1, eta2, eta3, math.sqrt(mu)), rtol=1e-9)


@pytest.mark.parametrize(("mu", "free"), [(0.7, 4), (1.7, 3)])
def test_errors_and_variance_are_those_of_noise(mu, free):
    """Over many noisy copies: deviations over errors have unit variance, ν that of the noise."""
    row = next(row for row in table_etas("V-V") if row.mu == mu)
    clean = eq17(row, D)
    sigma = 1e-4 * np.abs(clean).max()
    rng = np.random.default_rng(3)
    copies = 25
    pulls, nus = [], []
    for _ in range(copies):
        fit = fit_eq17(mu, D, clean + sigma * rng.normal(size=D.size))
        pulls.append([(fit.values[i] - row[1 + i]) / fit.errors[i] for i in range(free)])
        nus.append(fit.variance / sigma**2)
    # χ² of (N − N_p)·copies degrees of freedom, and Student's t; both to four standard errors
    assert abs(np.mean(nus) - 1) < 4 * math.sqrt(2 / (copies * (D.size - free)))
    assert_allclose(np.mean(np.square(pulls), axis=0), 1, atol=4 * math.sqrt(2 / copies))
    assert_allclose(np.mean(pulls, axis=0), 0, atol=4 / math.sqrt(copies))


def test_type_one_never_repels():
    """Data whose best η₄ lies above √μ end on the bound, and say so."""
    beyond = Etas(0.8, 4e-3, 9e-4, 3.8, 1.0)  # √0.8 = 0.894
    fit = fit_eq17(0.8, D, eq17(beyond, D))
    assert fit["eta4"] == pytest.approx(math.sqrt(0.8), rel=1e-12)
    assert fit.fixed == ("eta4",)
    assert fit.error("eta4") == 0


def test_of_two_minima_the_one_that_continues_to_critical():
    """The solved V-V forces at μ = 0.4: two minima, and the lower one is reported as the other."""
    rows = [row for row in load_generated("forces_vv") if float(row["mu"]) == 0.4]
    d, force = np.array([[float(row[key]) for key in ("d", "force")] for row in rows]).T
    fit = fit_eq17(0.4, D, ForceCurve("V-V", 0.4, d, force)(D))
    assert fit.alternative is not None
    assert fit["eta4"] > -3 > -10 > fit.alternative["eta4"]
    assert fit.alternative.variance < fit.variance < 4.01 * fit.alternative.variance


def test_a_form_that_cannot_follow_says_so():
    """η₃ that steps between rows leaves Eq. 18c on the bound of its exponent."""
    row = Etas(1.5, 0.04, 0.01, 3.3, math.sqrt(1.5))
    rows = [row._replace(mu=1.1 + 0.2 * i, eta3=3.0 + (i > 5)) for i in range(7)]
    fit = fit_eq18(rows)["eta3"]
    assert fit.fixed == fit.names
    assert math.isnan(fit.error("C3"))


@pytest.mark.slow
def test_table_1_from_the_papers_own_grid():
    """Eq. 13 as printed (A free) on a grid of 0.1 λ, fitted: the printed row, not the solver's.

    3 % is left to details of the calculation that the paper does not give; the `coulomb` reading
    gives an η₁ 17 % lower.
    """
    d = 0.4 * np.arange(1, 21)
    force = [lattice_pair(1, 1, 1.7, x, scheme="collocated-free", h=0.1).force for x in d.round(9)]
    row = next(row for row in table_etas("V-V") if row.mu == 1.7)
    assert_allclose(fit_eq17(1.7, d, force).values, row[1:], rtol=0.03)


def test_the_scale_of_the_force_only_moves_eta1():
    row = table_etas("V-GV")[5]
    noisy = eq17(row, D) * (1 + 0.01 * np.sin(D))
    one, ten = fit_eq17(row.mu, D, noisy), fit_eq17(row.mu, D, 10 * noisy)
    assert ten["eta1"] == pytest.approx(10 * one["eta1"], rel=1e-4)
    assert_allclose(ten.values[1:], one.values[1:], rtol=1e-4)


def test_correlated_parameters_say_so():
    """η₁ and η₂ hang together in type I: the condition tells, and grows for a short range."""
    row = next(row for row in table_etas("V-V") if row.mu == 0.4)
    whole = fit_eq17(row.mu, D, eq17(row, D))
    head = fit_eq17(row.mu, D[D < 5], eq17(row, D[D < 5]))
    assert 100 < whole.condition < head.condition


# ---------------------------------------------------------------- Eqs. 15, 16, 21
def test_eq15_recovers_its_form():
    mu, gamma, delta = 0.6, 0.9, 4.2
    d = np.linspace(8, 20, 13)
    force = gamma / np.sqrt(d) * (delta * np.exp(-d) - math.sqrt(mu) * np.exp(-mu * d))
    fit = fit_eq15(mu, d, force)
    assert_allclose(fit.values, (gamma, delta), rtol=1e-6)


def test_eq15_meets_bessel_functions_far_out():
    """K₁(z) → √(π/2z) e^{−z}, next term 3/8z: δ of a Bessel law is right to that order."""
    mu = 1.3
    d = np.linspace(40, 60, 21)
    fit = fit_eq15(mu, d, 5.0 * k1(d) - 2.0 * mu * k1(mu * d))
    assert fit["gamma"] * fit["delta"] == pytest.approx(5 * math.sqrt(math.pi / 2), rel=3 / 8 / 40)


def test_eq16_recovers_powers_and_their_noise():
    d = np.geomspace(0.2, 1, 40)
    assert_allclose(fit_eq16(d, -0.07 * d**2.8).values, (-0.07, 2.8), rtol=1e-12)
    rng = np.random.default_rng(5)
    fits = [fit_eq16(d, 0.07 * d**2.8 * np.exp(0.01 * rng.normal(size=40))) for _ in range(200)]
    pulls = [(fit["q"] - 2.8) / fit.error("q") for fit in fits]
    assert np.mean(np.square(pulls)) == pytest.approx(1, abs=0.45)


def test_eq21_recovers_rows_of_table_5():
    d = np.arange(4.6, 15, 0.2)
    row = next(row for row in table_deltas() if row.mu == 1.7)
    force = -row.delta1 * k1(d) - row.delta2 * k1(1.7 * d)
    assert_allclose(fit_eq21(1.7, d, force).values, row[1:], rtol=1e-9)


def test_eq21_at_critical_coupling_knows_only_the_sum():
    d = np.arange(6.4, 15, 0.2)
    fit = fit_eq21(1.0, d, -9.0 * k1(d) - 3.0 * k1(d))
    assert_allclose(fit.values, (6.0, 6.0), rtol=1e-9)
    assert fit.condition > 1e6


# ---------------------------------------------------------------- functions of μ
def test_published_eq18_from_the_published_table():
    """η₂, range 3, of Tables 2 and 4, out of the rows of Tables 1 and 3 to the printed digits."""
    expected = {"V-V": (-0.9843, -379.321, -1.057e-2), "V-GV": (-0.5461, -18.823, -0.3461)}
    for kind, printed in expected.items():
        rows = [row for row in printed_etas(kind) if row.mu > 1]
        assert_allclose(fit_eq18(rows)["eta2"].values, printed, rtol=3e-4)


@pytest.mark.parametrize("kind", ["V-V", "V-GV"])
@pytest.mark.parametrize("column", RANGES)
def test_eq18_recovers_its_printed_forms(kind, column):
    """From values of the printed formula, the formula again: its values, and well within errors."""
    mus = {"mu_below_0.5": np.linspace(0.2, 0.5, 7), "mu_0.5_to_1": np.linspace(0.55, 0.95, 9)}
    rows = [formula_etas(kind, float(mu)) for mu in mus.get(column, np.linspace(1.1, 2.5, 15))]
    fits = fit_eq18(rows)
    for i, name in enumerate(("eta1", "eta2", "eta3", "eta4"), start=1):
        scale = max(abs(row[i]) for row in rows)
        assert fits[name].variance < (1e-9 * scale) ** 2
    assert all(range_of(row.mu) == column for row in rows)


def test_eq22_and_peak_fits_recover_their_printed_forms():
    mus = np.linspace(0.3, 2.5, 23)
    rows = [formula_deltas(float(mu)) for mu in mus]
    first = fit_eq22a(mus, [row.delta1 for row in rows])
    second = fit_eq22b(mus, [row.delta2 for row in rows])
    assert_allclose(first.values, PRINTED_EQ22["Delta1"], rtol=1e-7)
    assert_allclose(second.values, PRINTED_EQ22["Delta2"], rtol=1e-7)
    mus = mus[np.abs(mus - 1) > 0.01]
    for kind in ("V-V", "V-GV"):
        separations, forces = peak_separation(mus, kind), peak_force(mus, kind)
        found = fit_peak_separation(mus, separations).values
        assert_allclose(found, PRINTED_PEAKS[kind, "d_c"], rtol=1e-6)
        assert_allclose(
            fit_peak_force(mus, forces).values, PRINTED_PEAKS[kind, "Omega_max"], rtol=1e-6
        )


# ---------------------------------------------------------------- bad input
GOOD = eq17(table_etas("V-V")[-1], D)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_eq17(1.0, D, GOOD), "mu = 1"),
        (lambda: fit_eq17(-1.0, D, GOOD), "mu = -1.0"),
        (lambda: fit_eq17(0.5, D, GOOD), "repels at mu = 0.5"),
        (lambda: fit_eq17(2.5, D, -GOOD), "attracts at mu = 2.5"),
        (lambda: fit_eq17(2.5, D[:5], GOOD[:5]), "at least 6"),
        (lambda: fit_eq17(2.5, D[::-1], GOOD), "increasing"),
        (lambda: fit_eq17(2.5, D, GOOD[1:]), "one for each"),
        (lambda: fit_eq17(2.5, D, np.append(GOOD[:-1], np.nan)), r"force\[74\]"),
        (lambda: fit_eq17(2.5, D, 0 * GOOD), "all zero"),
        (lambda: fit_eq15(2.5, D, GOOD - 0.05), "changes sign"),
        (lambda: fit_eq16(D[:3], np.array([1.0, -1.0, 1.0])), "changes sign"),
        (lambda: fit_eq21(0.0, D, GOOD), "mu = 0.0"),
        (lambda: fit_eq18(table_etas("V-V")), "more than one range"),
        (lambda: fit_eq18(table_etas("V-V")[-2:]), "at least 3"),
        (lambda: fit_peak_separation([0.2, 0.2, 0.3], [1, 1, 1]), "different"),
        (lambda: fit_peak_separation([0.2, 0.3, 0.4], [1, -1, 1]), "positive"),
        (lambda: fit_peak_force([1.2, 1.3, 0.4], [1, 1, 1]), "at mu = 0.4"),
        (lambda: fit_eq22a([0.2, 0.3, 0.4], [1, np.inf, 1]), "delta1"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
