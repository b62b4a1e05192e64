"""Single vortices: exact results at μ = 1, virial identity, limits, another solver, bad input."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_bvp
from scipy.special import k0

from gl_reference.errors import ConvergenceError
from gl_reference.radial import lower_critical_field, single_vortex
from gl_reference.radial_equations import solve_radial
from vortexmd.validation.ginzburg_landau import ENERGIES

R = np.array([0.0, 0.05, 0.3, 1.0, 2.5, 6.0])


# ------------------------------------------------------------------ energies
@pytest.mark.parametrize("n", [1, 2, 3, 10, 50])
def test_energy_is_n_at_mu_1(n):
    vortex = single_vortex(n, 1.0)
    assert vortex.energy == pytest.approx(n, rel=1e-10)
    # The estimate covers the true error and is itself small.
    assert abs(vortex.energy - n) <= vortex.energy_error < 1e-10 * n


def test_published_energies():
    assert single_vortex(1, 1.7).energy == pytest.approx(1.2509089, abs=5e-8)
    assert single_vortex(2, 1.7).energy == pytest.approx(2.6797977, abs=5e-8)
    assert single_vortex(1, kappa=1.7 / math.sqrt(2)).energy == pytest.approx(1.2509089, abs=5e-8)


@pytest.mark.parametrize("mu", [0.1, 0.5, 1.7, 20.0])
@pytest.mark.parametrize("n", [1, 2, 10, 50])
def test_virial_identity(n, mu):
    """Stretching the vortex changes nothing to first order: field energy = condensate energy."""
    gradient, field, condensate = solve_radial(n, mu, 12).energies
    total = gradient + field + condensate
    assert field == pytest.approx(condensate, abs=1e-10 * total)
    assert single_vortex(n, mu).energy_error < 1e-10 * total


@settings(max_examples=25)
@given(n=st.integers(1, 200), log_mu=st.floats(math.log(0.1), math.log(20.0)))
def test_any_vortex_is_found(n, log_mu):
    vortex = single_vortex(n, min(max(math.exp(log_mu), 0.1), 20.0))
    assert vortex.energy_error < 1e-9 * vortex.energy
    assert np.all(np.diff(vortex.f) > -1e-13) and np.all(np.diff(vortex.a) > -1e-11)
    # Type I gains by joining vortices, type II loses.
    ratio = vortex.energy / (n * single_vortex(1, vortex.mu).energy)
    assert (ratio - 1) * (vortex.mu - 1) >= -1e-12


def test_energy_converges_exponentially_with_the_order():
    exact = 3.0
    errors = [abs(sum(solve_radial(3, 1.0, order).energies) - exact) for order in (3, 5, 7, 9)]
    assert all(later < 0.15 * earlier for earlier, later in pairwise(errors))
    assert errors[-1] < 1e-8


@pytest.mark.parametrize("n, mu", [(1, 0.4), (2, 1.7), (1, 8.0)])
def test_energy_slope_is_the_condensate_energy(n, mu):
    """dE/dμ = (μ/4π)∫(1 − f²)² d²r: the fields need not be followed (envelope theorem)."""
    step = 1e-4 * mu
    slope = (single_vortex(n, mu + step).energy - single_vortex(n, mu - step).energy) / (2 * step)
    f = single_vortex(n, mu).amplitude
    end = 40 / min(1.0, mu)
    integral = quad(lambda r: r * (1 - float(f(r)) ** 2) ** 2, 0, end, limit=200)[0]
    assert slope == pytest.approx(mu / 2 * integral, rel=1e-6)


# ------------------------------------------------------------------ profiles
@pytest.mark.parametrize("n", [1, 2])
def test_bogomolny_equations_at_mu_1(n):
    """B = ½(1 − f²) and f' = n(1 − a)f/r, of first order, hold at μ = 1 only."""
    vortex = single_vortex(n, 1.0)
    assert vortex.field(R) == pytest.approx((1 - vortex.amplitude(R) ** 2) / 2, abs=1e-10)
    r, step = R[1:], 1e-3
    slope = (vortex.amplitude(r + step) - vortex.amplitude(r - step)) / (2 * step)
    expected = n * (1 - vortex.flux_fraction(r)) * vortex.amplitude(r) / r
    assert slope == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n, mu", [(1, 1.7), (2, 0.6), (3, 3.0)])
def test_against_another_solver(n, mu):
    """scipy's fourth-order collocation with adaptive points, in f, f', a, a'."""

    def equations(r, y):
        f, df, a, da = y
        ddf = -df / r + n**2 * (a - 1) ** 2 * f / r**2 + mu**2 / 2 * f * (f**2 - 1)
        return np.array([df, ddf, da, da / r + (a - 1) * f**2])

    start, end = 1e-3, 25.0

    def ends(left, right):  # f ~ rⁿ, a ~ r² at the centre
        return np.array(
            [
                start * left[1] - n * left[0],
                start * left[3] - 2 * left[2],
                right[0] - 1,
                right[2] - 1,
            ]
        )

    r = np.geomspace(start, end, 200)
    guess = np.array([np.tanh(r), 1 / np.cosh(r.clip(max=50)) ** 2, np.tanh(r) ** 2, 0 * r])
    other = solve_bvp(equations, ends, r, guess, tol=1e-8, max_nodes=20_000)
    assert other.success
    vortex = single_vortex(n, mu)
    f, _, a, da = other.sol(R[1:])
    assert vortex.amplitude(R[1:]) == pytest.approx(f, abs=2e-6)
    assert vortex.flux_fraction(R[1:]) == pytest.approx(a, abs=2e-6)
    assert vortex.field(R[1:]) == pytest.approx(n * da / R[1:], abs=2e-6)


@pytest.mark.parametrize("case", ENERGIES)
def test_the_energies_of_the_validation(case):
    """scipy's collocation in g = f/rⁿ and h = a/r², which are regular at the centre."""
    n, mu = case
    end = 14 / min(1.0, mu)

    def equations(r, y):
        g, dg, h, dh = y
        a, f = r**2 * h, r**n * g
        ddg = n**2 * h * (a - 2) * g + mu**2 / 2 * g * (f**2 - 1)
        return np.array([dg, ddg, dh, (a - 1) * r ** (2 * n - 2) * g**2])

    def ends(left, right):
        return np.array([left[1], left[3], right[0] * end**n - 1, right[2] * end**2 - 1])

    r = end * np.linspace(0, 1, 400) ** 2
    ratio = np.append(1, np.tanh(r[1:]) / r[1:])
    g, h = ratio**n, ratio**2
    guess = np.array([g, np.gradient(g, r), h, np.gradient(h, r)])
    singular = np.diag([0, -2 * n - 1, 0, -3])  # times y/r
    other = solve_bvp(equations, ends, r, guess, S=singular, tol=1e-9, max_nodes=20_000)
    assert other.success
    points, weights = np.polynomial.legendre.leggauss(4)
    half = np.diff(other.x)[:, None] / 2
    r = other.x[:-1, None] + half + half * points
    g, dg, h, dh = other.sol(r)
    f, a = r**n * g, r**2 * h
    gradient = (r**n * dg + n * f / r) ** 2 + n**2 * (1 - a) ** 2 * f**2 / r**2
    field = n**2 * (r * dh + 2 * h) ** 2
    energy = np.sum(half * weights * r * (gradient + field + mu**2 / 4 * (1 - f**2) ** 2))
    assert energy == pytest.approx(ENERGIES[case], abs=5e-10)


@pytest.mark.parametrize("n, mu", [(1, 0.2), (-2, 1.7), (4, 12.0)])
def test_field_and_current_belong_together(n, mu):
    vortex = single_vortex(n, mu)
    flux = quad(lambda r: float(vortex.field(r)) * r, 0, 60, limit=200, epsabs=1e-11)[0]
    assert flux == pytest.approx(n, rel=1e-9)
    r = np.array([0.2, 0.4, 1.5, 7.0, 20.0])
    step = 1e-3 * r
    slope = (vortex.field(r + step) - vortex.field(r - step)) / (2 * step)
    assert vortex.current(r) == pytest.approx(-slope, rel=1e-4)
    expected = n * vortex.amplitude(r) ** 2 * (1 - vortex.flux_fraction(r)) / r
    assert vortex.current(r)[:3] == pytest.approx(expected[:3], rel=1e-9)


def test_london_limit():
    """Outside a core that is small, the field is K₀(r) and the order parameter nearly one."""
    vortex = single_vortex(1, 20.0)
    r = np.array([1.0, 3.0, 10.0])
    assert vortex.field(r) / k0(r) == pytest.approx(vortex.field(1.0) / k0(1.0), rel=1e-3)
    assert vortex.field(r) == pytest.approx(k0(r), rel=0.01)
    assert vortex.amplitude(1.0) == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("n", [1, 3])
def test_giant_core_holds_the_critical_field(n):
    """A large type-I vortex is a normal region at H_c = μ/2, to the wall energy (~ n^−½)."""
    small, large = (single_vortex(n * k, 0.3) for k in (16, 64))
    excess = [vortex.field(0.0) / 0.15 - 1 for vortex in (small, large)]
    assert 0 < excess[1] < 0.2
    assert excess[0] / excess[1] == pytest.approx(2, rel=0.15)


def test_profiles_at_any_radius():
    vortex = single_vortex(2, 1.3)
    grid = np.array([[0.0, 0.5], [200.0, np.inf]])
    for profile, far in (("amplitude", 1), ("flux_fraction", 1), ("field", 0), ("current", 0)):
        values = getattr(vortex, profile)(grid)
        assert values.shape == (2, 2)
        assert np.all(values[1] == far)
        assert getattr(vortex, profile)(0.5).shape == ()
        assert getattr(vortex, profile)(0.5) == values[0, 1]
    assert vortex.amplitude(0.0) == vortex.flux_fraction(0.0) == vortex.current(0.0) == 0
    assert np.all(vortex.amplitude(vortex.r) == pytest.approx(vortex.f, abs=1e-13))
    assert np.all(vortex.flux_fraction(vortex.r) == pytest.approx(vortex.a, abs=1e-13))
    with pytest.raises(ValueError, match="zero or positive"):
        vortex.amplitude(-1.0)


def test_antivortex():
    vortex, anti = single_vortex(2, 0.9), single_vortex(-2, 0.9)
    assert (anti.n, anti.energy, anti.gamma1) == (-2, vortex.energy, vortex.gamma1)
    assert np.array_equal(anti.amplitude(R), vortex.amplitude(R))
    assert np.array_equal(anti.flux_fraction(R), vortex.flux_fraction(R))
    assert np.array_equal(anti.field(R), -vortex.field(R))
    assert np.array_equal(anti.current(R), -vortex.current(R))


def test_solutions_are_shared_and_protected():
    vortex = single_vortex(1, 1.7)
    assert single_vortex(n=1, mu=1.7) is vortex
    assert repr(vortex) == "RadialVortex(n=1, mu=1.7, energy=1.250908881)"
    for array in (vortex.r, vortex.f, vortex.a):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_plot():
    figure = single_vortex(-1, 1.7).plot()
    above, below = figure.axes
    assert below.get_xlabel() == "r (λ)"
    labels = [line.get_label() for line in below.lines]
    assert labels[0].startswith(r"$B$ ($\Phi_0/2\pi") and labels[1].startswith("$J$")
    assert len(above.get_legend().get_texts()) == 2


# ------------------------------------------------------------------ critical field
def test_lower_critical_field_meets_the_others_at_mu_1():
    assert lower_critical_field(1.0) == pytest.approx(0.5, abs=1e-10)  # = H_c = H_c2
    assert lower_critical_field(0.8) > 0.8 / 2
    assert lower_critical_field(1.2) < 1.2 / 2


def test_lower_critical_field_for_large_kappa():
    """H_c1 → (ln κ + C)/2, C = 0.4968 (Hu, Phys. Rev. B 6, 1756 (1972)); next terms ∝ 1/κ²."""
    kappa = np.array([6.0, 8.0, 10.0, 12.0, 14.0])
    log = np.log(kappa)
    constant = np.array([2 * lower_critical_field(kappa=k) for k in kappa]) - log
    assert np.all(np.diff(constant) < 0) and constant[-1] == pytest.approx(0.4968, abs=0.04)
    terms = np.stack([np.ones(5), 1 / kappa**2, log / kappa**2, log**2 / kappa**2], axis=1)
    assert np.linalg.lstsq(terms, constant)[0][0] == pytest.approx(0.4968, abs=5e-4)


# ------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": 0, "mu": 1.0}, "n = 0: a vortex has a nonzero winding"),
        ({"n": 1.5, "mu": 1.0}, "n = 1.5: a winding number is a nonzero integer"),
        ({"n": 1001, "mu": 1.0}, "n = 1001: the solver covers"),
        ({"mu": 0.0}, "mu = 0.0: must be positive"),
        ({"mu": -1.0}, "mu = -1.0: must be positive"),
        ({"mu": math.nan}, "mu = nan: must be finite"),
        ({"mu": 0.09}, "mu = 0.09: the solver covers 0.1 … 20"),
        ({"kappa": 15.0}, "mu = 21.2132: the solver covers"),
        ({"mu": 1.0, "kappa": 1.0}, "exactly one"),
        ({}, "exactly one"),
        ({"mu": "much"}, "mu = 'much': give a real number"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        single_vortex(**arguments)


def test_no_convergence_is_said():
    with pytest.raises(ConvergenceError, match=r"n = 500, mu = 0.1: Newton's last step.*smaller"):
        single_vortex(500, 0.1)
