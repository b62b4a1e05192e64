"""Friction of one vortex: exact at s = 1, limits in s and κ, other methods, bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_bvp, trapezoid

from gl_reference.moving_vortex import vortex_friction
from gl_reference.radial import single_vortex
from gl_reference.radial_equations import solve_radial
from tests.gl_reference.splitting_rate import lowest_modes
from vortexmd.validation.ginzburg_landau import EXTREME_FRICTIONS, FRICTIONS

LOG_MU = st.floats(math.log(0.1), math.log(20.0))
LOG_S = st.floats(math.log(1e-3), math.log(1e4))


# ------------------------------------------------------------------ exact results
@settings(max_examples=30)
@given(n=st.integers(1, 60), log_mu=LOG_MU)
def test_friction_at_s_1_is_the_energy(n, log_mu):
    """The relativistic model has the same kinetic energy, and there mass is energy."""
    mu = min(max(math.exp(log_mu), 0.1), 20.0)
    vortex = vortex_friction(n, mu)
    assert vortex.friction == pytest.approx(single_vortex(n, mu).energy, rel=2e-11)
    assert vortex.friction_error < 1e-9 * vortex.friction


def test_bogomolny_point():
    """η₁ = n at μ = 1 = s, and that is Bardeen and Stephen's estimate, too."""
    for n in (1, 2, 7):
        vortex = vortex_friction(n, 1.0)
        assert vortex.friction == pytest.approx(n, rel=1e-10)
        assert vortex.bardeen_stephen == n


@pytest.mark.parametrize(
    "n, mu, s", [(1, 0.6, 0.3), (1, 1.7, 0.1), (1, 1.7, 10.0), (2, 1.7, 10.0), (3, 0.8, 0.5)]
)
def test_against_the_zero_mode_of_translation(n, mu, s):
    """The linearised equations, four fields at φ = 0, have a mode that moves the vortex.

    Its x is f' times an amplitude, its norm that amplitude² times the friction.
    """
    mode, fields = zero_mode(n, mu, s), solve_radial(n, mu, 12)
    assert abs(mode.rate) < 1e-8
    amplitude = fields.mesh.integrate(mode.x)  # ∫f' = 1
    assert mode.x / amplitude == pytest.approx(fields.mesh.derivative(fields.f), abs=1e-6)
    assert amplitude**-2 == pytest.approx(vortex_friction(n, mu, s=s).friction, rel=1e-7)


@pytest.mark.parametrize("case", FRICTIONS)
def test_the_frictions_of_the_validation(case):
    n, mu, s = case
    amplitude = solve_radial(n, mu, 12).mesh.integrate(zero_mode(n, mu, s).x)
    assert amplitude**-2 == pytest.approx(FRICTIONS[case], rel=2e-8)


def zero_mode(n, mu, s):
    return min(lowest_modes(n, 1, mu, s, count=2), key=lambda one: abs(one.rate))


# ------------------------------------------------------------------ another method
@pytest.mark.parametrize(
    "n, mu, s", [(1, 1.7, 0.1), (1, 1.7, 10.0), (2, 0.6, 5.0), (1, 5.0, 0.3), (3, 3.0, 20.0)]
)
def test_against_the_work_of_the_potential(n, mu, s):
    """Solve the equation of w by scipy's collocation; then η₁ = E + (1/s − 1)∫(2B² + Jw) r dr."""
    vortex = single_vortex(n, mu)
    start, end = 1e-3, 12 / min(1.0, mu, math.sqrt(s)) + 5

    def equations(r, y):
        w, slope = y
        source = (1 - s) * vortex.current(r)
        return np.array([slope, source - slope / r + (1 / r**2 + s * vortex.amplitude(r) ** 2) * w])

    def ends(left, right):
        return np.array([start * left[1] - left[0], right[0]])

    r = np.geomspace(start, end, 300)
    solution = solve_bvp(equations, ends, r, np.zeros((2, 300)), tol=1e-7, max_nodes=20_000)
    assert solution.success

    def density(x):
        return x * (2 * vortex.field(x) ** 2 + vortex.current(x) * solution.sol(x)[0])

    work = quad(density, 0, end, limit=300)[0]
    expected = vortex.energy + (1 / s - 1) * work
    assert vortex_friction(n, mu, s=s).friction == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("n, mu, s", [(1, 1.7, 0.2), (2, 0.7, 10.0)])
def test_any_other_potential_loses_more(n, mu, s):
    """The loss, evaluated on a plain grid, of potentials that do not conserve charge."""
    vortex, least = single_vortex(n, mu), vortex_friction(n, mu, s=s)
    r = np.linspace(1e-4, 40.0, 200_001)
    f, field = vortex.amplitude(r), vortex.field(r)
    flow = n * (1 - vortex.flux_fraction(r)) / r

    def loss(w):
        slope_f, slope_w = np.gradient(f, r), np.gradient(w, r)
        condensate = slope_f**2 + (flow - w) ** 2 * f**2
        electric = (field + slope_w) ** 2 + (field + w / r) ** 2
        return trapezoid(r * (condensate + electric / s), r)

    # w = 0 is a trial as well: it is best at s = 1, where it loses the energy.
    shapes = [r * np.exp(-r / length) for length in (0.3, 1.0, 3.0)]
    losses = [loss(size * shape) for shape in shapes for size in (-2, -0.5, 0.0, 0.5, 2)]
    assert min(losses) > least.friction
    # Good ones come near.
    trials = [*shapes, flow * (1 - np.exp(-(r**2))), flow * f**2]
    base = loss(0 * r)
    linear = np.array([(loss(w) - loss(-w)) / 2 for w in trials])
    square = np.array(
        [[(loss(v + w) - loss(v) - loss(w) + base) / 2 for v in trials] for w in trials]
    )
    best = base - linear @ np.linalg.solve(square, linear) / 4
    assert least.friction < best < 1.02 * least.friction


# ------------------------------------------------------------------ dependence on s
@settings(max_examples=40)
@given(n=st.integers(1, 30), log_mu=LOG_MU, log_s=LOG_S, log_factor=st.floats(0.05, 2.0))
def test_loss_in_the_conductivity(n, log_mu, log_s, log_factor):
    """A least loss linear in 1/s grows with 1/s and is concave: tangents lie above it."""
    mu = min(max(math.exp(log_mu), 0.1), 20.0)
    s = min(max(math.exp(log_s), 1e-3), 1e4)
    other = min(s * math.exp(log_factor), 1e4)
    good, bad = vortex_friction(n, mu, s=s), vortex_friction(n, mu, s=other)
    slack = good.friction_error + bad.friction_error
    assert bad.friction <= good.friction + slack
    assert bad.friction <= good.condensate + s / other * good.normal + slack
    assert good.friction <= bad.condensate + other / s * bad.normal + slack
    assert good.friction_error < 1e-5 * good.friction
    assert good.condensate + good.normal == good.friction


@pytest.mark.parametrize("n, mu, s", [(1, 1.7, 0.05), (2, 0.8, 1.0), (1, 6.0, 30.0)])
def test_parts_are_the_envelope(n, mu, s):
    """dη₁/d ln(1/s) is the normal current's part: w need not be followed."""
    step = 1e-3
    above, below = (vortex_friction(n, mu, s=s * math.exp(k * step)).friction for k in (-1, 1))
    slope = (above - below) / (2 * step)
    assert slope == pytest.approx(vortex_friction(n, mu, s=s).normal, rel=1e-6)


@pytest.mark.parametrize("n", [1, 2])
def test_good_conductor(n):
    """s → 0: η₁ → E_field/s + (n²/2) ln(1/s): induced currents, screened beyond 1/√s."""
    mu = 1.7
    field_energy = (
        mu / 2 * (single_vortex(n, mu + 1e-4).energy - single_vortex(n, mu - 1e-4).energy)
    )
    field_energy /= 2e-4  # virial: as large as the condensate's
    rest = [vortex_friction(n, mu, s=s).friction - field_energy / s for s in (1e-3, 4e-3, 16e-3)]
    growth = -np.diff(rest) / (n**2 / 2 * math.log(4))
    assert growth == pytest.approx([1, 1], abs=0.08)
    assert abs(growth[0] - 1) < abs(growth[1] - 1) / 2


@pytest.mark.parametrize("mu", [0.5, 1.7])
def test_bad_conductor(mu):
    """s → ∞: the condensate's ∫ r f'² remains, and a current in a core of s^(−1/4)."""
    fields = solve_radial(1, mu, 12)
    remaining = fields.mesh.integrate(fields.mesh.r * fields.mesh.derivative(fields.f) ** 2)
    s = np.array([1e2, 4e2, 1.6e3])
    rest = np.array([vortex_friction(1, mu, s=x).friction for x in s]) - remaining
    assert rest[:-1] / rest[1:] == pytest.approx([2, 2], rel=0.02)


# ------------------------------------------------------------------ large κ
def _extreme(u):
    """η₁/(Φ₀H_c2σ_n/π) as κ → ∞: no field, lengths in ξ, w measured in 1/ξ."""

    def equations(x, y):
        f, df, w, dw = y
        ddf = -df / x + f / x**2 - f + f**3
        return np.array([df, ddf, dw, -dw / x + w / x**2 + u * f**2 * (w - 1 / x)])

    start, end = 1e-3, 60.0

    def ends(left, right):
        at_end = right[0] - 1 + 0.5 / end**2, right[2] - 1 / end
        return np.array([start * left[1] - left[0], start * left[3] - left[2], *at_end])

    x = np.geomspace(start, end, 400)
    guess = np.array(
        [np.tanh(0.58 * x), 0.58 / np.cosh(0.58 * x) ** 2, x / (1 + x**2), 1 / (1 + x**2)]
    )
    solution = solve_bvp(equations, ends, x, guess, tol=1e-8, max_nodes=50_000)
    assert solution.success
    x = np.geomspace(start, end, 20_001)
    f, df, w, dw = solution.sol(x)
    loss = u * (df**2 + (1 / x - w) ** 2 * f**2) + dw**2 + w**2 / x**2
    # beyond the end w = 1/x
    return trapezoid(x * loss, x) / 2 + 0.5 / end**2, trapezoid(x * df**2, x)


@pytest.mark.parametrize("u, stated", EXTREME_FRICTIONS.items())
def test_extreme_type_ii(u, stated):
    """In Bardeen and Stephen's units, as the validation states it."""
    limit, gradient = _extreme(u)
    assert limit == pytest.approx(stated, abs=6e-7)
    assert gradient == pytest.approx(0.279, abs=2e-4)  # ∫ f'² x dx of the classical vortex
    kappa = np.array([6.0, 8.0, 10.0, 12.0, 14.0])
    vortices = [vortex_friction(kappa=k, s=u * k * k) for k in kappa]
    assert [v.u for v in vortices] == pytest.approx([u] * 5)
    ratio = np.array([v.friction / v.bardeen_stephen for v in vortices])
    terms = np.stack([np.ones(5), 1 / kappa**2, np.log(kappa) / kappa**2], axis=1)
    assert np.linalg.lstsq(terms, ratio)[0][0] == pytest.approx(limit, rel=1e-3)


# ------------------------------------------------------------------ the object
def test_antivortex_and_attributes():
    vortex, anti = vortex_friction(2, 0.9, s=0.5), vortex_friction(-2, kappa=0.9 / 2**0.5, s=0.5)
    assert (anti.n, anti.mu, anti.s) == (-2, pytest.approx(0.9), 0.5)
    assert anti.friction == pytest.approx(vortex.friction, rel=1e-12)
    assert anti.bardeen_stephen == pytest.approx(2 * 0.81 / 0.5)
    assert anti.conductivity == 2
    assert vortex_friction(2, 0.9, s=0.5) is vortex


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": 0, "mu": 1.0}, "n = 0: a vortex has a nonzero winding"),
        ({"mu": 0.09}, "mu = 0.09: the solver covers 0.1 … 20"),
        ({"mu": 1.0, "kappa": 1.0}, "exactly one"),
        ({}, "exactly one"),
        ({"mu": 1.0, "s": 0.0}, "s = 0.0: must be positive"),
        ({"mu": 1.0, "s": -1.0}, "s = -1.0: must be positive"),
        ({"mu": 1.0, "s": math.nan}, "s = nan: must be finite"),
        ({"mu": 1.0, "s": 1e-4}, "s = 0.0001: the solver covers 0.001 … 10000"),
        ({"mu": 1.0, "s": 2e4}, "s = 20000: the solver covers"),
        ({"mu": 1.0, "s": "slow"}, "s = 'slow': give a real number"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        vortex_friction(**arguments)
