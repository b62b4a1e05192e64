"""Two fixed vortices: against radial solutions, asymptotics, exact theory, and second methods."""

import math

import numpy as np
import pytest
from numpy.polynomial import legendre

from gl_reference import pair_force, single_vortex, solve_pair
from gl_reference.confocal import LEVELS, confocal_pair
from gl_reference.errors import ConvergenceError
from gl_reference.taubes import near_critical_pair
from potentials import TwoBessel

PEAK = 0.0691  # of the V-V force at mu = 1.7, in Ω₀

# windings, mu, d, force: an independent code's values, to the digits it gave.
REFERENCES = [
    (1, 1, 1.7, 2.0, 0.062253),
    (1, 1, 0.6, 4.0, -0.019271),
    (1, 2, 1.7, 2.8, 0.087182),
]


@pytest.mark.parametrize(("n1", "n2", "mu", "d", "force"), REFERENCES)
def test_reference_forces(n1, n2, mu, d, force):
    pair = confocal_pair(n1, n2, mu, d, tolerance=1e-7)
    assert pair.force == pytest.approx(force, abs=1e-6)
    # The looser default is as good as it says.
    loose = confocal_pair(n1, n2, mu, d)
    assert abs(loose.force - pair.force) <= loose.force_error <= 2e-4 * abs(force)
    assert abs(loose.energy - pair.energy) <= loose.energy_error


@pytest.mark.parametrize(("weight", "force"), [(0.1, 0.063025), (1.0, 0.062253), (10.0, 0.062056)])
def test_gauge_weight(weight, force):
    assert pair_force(1, 1, mu=1.7, d=2.0, gauge_weight=weight) == pytest.approx(force, abs=1e-6)


@pytest.mark.parametrize(
    ("n1", "n2", "mu", "d"),
    [(1, 1, 1.7, 2.0), (1, 2, 1.3, 3.0), (1, -1, 1.7, 4.0)],
)
@pytest.mark.parametrize("weight", [1.0, pytest.param(3.0, marks=pytest.mark.slow)])
def test_force_is_the_slope_of_the_energy(n1, n2, mu, d, weight):
    step = 0.04 * d
    energies = [
        confocal_pair(n1, n2, mu, d + k * step, tolerance=1e-6, gauge_weight=weight).energy
        for k in (-2, -1, 1, 2)
    ]
    slope = (energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * step)
    pair = confocal_pair(n1, n2, mu, d, tolerance=1e-6, gauge_weight=weight)
    assert pair.force == pytest.approx(-slope, rel=1e-4)


@pytest.mark.parametrize(
    ("n1", "n2"),
    [
        (1, 1),
        pytest.param(1, 2, marks=pytest.mark.slow),
        (2, 2),
        pytest.param(1, 3, marks=pytest.mark.slow),
        (2, -1),
    ],
)
@pytest.mark.parametrize("mu", [1.7])
def test_contact_energy_is_that_of_the_merged_vortex(n1, n2, mu):
    # E(d) − E(0) ∝ d⁴ for equal signs; a remaining −1 pulls its +2 apart by a distance only.
    merged = single_vortex(abs(n1 + n2), mu).energy
    near, nearer = (
        confocal_pair(n1, n2, mu, d, tolerance=1e-3).energy - merged for d in (0.1, 0.03)
    )
    if n1 * n2 > 0:
        assert abs(near) < 2e-5
        assert abs(nearer) < 2e-6
    else:
        assert abs(nearer) < 0.35 * abs(near)


def test_vortex_and_antivortex_leave_nothing_behind():
    # Two points where f = 0 and A = V = 0 have no capacity: E falls as 1/ln(1/d).
    energies = np.array([confocal_pair(1, -1, 1.7, d).energy for d in (1.0, 0.1, 0.01)])
    assert energies[0] > 2.5 * energies[1] > 4 * energies[2] > 0


@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (1, 2), (1, -1), (2, 2)])
@pytest.mark.parametrize(("mu", "d"), [(0.6, 12.0), (1.3, 7.0)])
def test_far_apart_the_tails_interact(n1, n2, mu, d):
    asymptotic = TwoBessel(mu, n1, n2)
    pair = solve_pair(n1, n2, mu=mu, d=d)
    # What is dropped is of second order in the tails.
    assert pair.force == pytest.approx(asymptotic.force(d), rel=0.02)
    assert pair.interaction_energy == pytest.approx(asymptotic.energy(d), rel=0.02)


@pytest.mark.parametrize("d", [0.3, 1.0, 3.0, 8.0])
@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (1, 2)])
def test_no_force_at_the_critical_point(n1, n2, d):
    pair = confocal_pair(n1, n2, 1.0, d)
    assert abs(pair.force) < 1e-6 * PEAK
    assert pair.energy == pytest.approx(n1 + n2, abs=1e-6)


@pytest.mark.parametrize(("n1", "n2", "d"), [(1, 1, 2.0), (1, 1, 5.0), (1, 2, 2.0), (2, 2, 3.0)])
def test_first_order_in_mu_minus_one_is_exact(n1, n2, d):
    step = 0.02
    above, below = (
        confocal_pair(n1, n2, 1 + side * step, d, tolerance=1e-5, small_force=1e-4).force
        for side in (1, -1)
    )
    slope = near_critical_pair(n1, n2, d)
    assert (above - below) / (2 * step) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (1, 2)])
def test_windings_may_be_exchanged_and_flipped(n1, n2):
    forces = [
        confocal_pair(*windings, 1.7, 2.0).force
        for windings in ((n1, n2), (n2, n1), (-n1, -n2), (-n2, -n1))
    ]
    assert forces == pytest.approx([forces[0]] * 4, rel=1e-9)


def test_force_at_small_separations_is_nearly_cubic():
    forces = pair_force(1, 1, mu=1.7, d=[0.2, 0.4])
    assert math.log2(forces[1] / forces[0]) == pytest.approx(3.0, abs=0.03)


# ---------------------------------------------------------------- fields
def _integrate(pair, function, quarter=False):
    """∫ function(x, y) over the plane (or x > 0) with Gauss nodes of our own, finest at the foci."""
    points, weights = legendre.leggauss(12)
    small = np.array([0, 0.003, 0.01, 0.03, 0.1, 0.2])

    def nodes(end):
        breaks = np.concatenate(
            [small, np.linspace(0.2, end, 1 + math.ceil((end - 0.2) / 0.25))[1:]]
        )
        half = np.diff(breaks)[:, None] / 2
        return (breaks[:-1, None] + half * (points + 1)).ravel(), (half * weights).ravel()

    xi, xi_weights = nodes(pair.mesh.xi.breaks[-1])
    eta, eta_weights = nodes(math.pi / 2)
    total = 0.0
    for side in (1, -1):
        w = xi[:, None] + 1j * eta
        z = side * pair.d / 2 * np.cosh(w)
        area = np.abs(pair.d / 2 * np.sinh(w)) ** 2 * xi_weights[:, None] * eta_weights
        if side == 1 or not quarter:
            total += np.sum(area * function(z.real, z.imag))
            total += np.sum(area * function(z.real, -z.imag))
    return total


def _flow(pair, x, y):
    """f² Q and the fields."""
    fields = pair.fields(x, y)
    V = -1j * (pair.n1 / (x + 1j * y + pair.d / 2) + pair.n2 / (x + 1j * y - pair.d / 2))
    return fields.f**2 * (fields.A_x - V.real), fields.f**2 * (fields.A_y + V.imag), fields


PAIRS = [(1, 1, 1.7, 2.0), (1, 2, 1.3, 2.5), (1, -1, 1.7, 4.0), (1, 1, 0.6, 4.0)]


@pytest.mark.parametrize(("n1", "n2", "mu", "d"), PAIRS)
def test_energy_and_flux_of_the_fields(n1, n2, mu, d):
    pair = confocal_pair(n1, n2, mu, d, tolerance=1e-6)
    flux = _integrate(pair, lambda x, y: pair.fields(x, y).field)
    assert flux == pytest.approx(2 * math.pi * (n1 + n2), abs=2e-4)

    def virial(x, y):
        fields = pair.fields(x, y)
        condensation = mu**2 / 8 * (1 - fields.f**2) ** 2
        return fields.field**2 / 2 + fields.divergence**2 / 2 - condensation

    assert pair.force == pytest.approx(2 / (math.pi * d) * _integrate(pair, virial), abs=3e-7)


@pytest.mark.parametrize(("n1", "n2", "mu", "d"), PAIRS)
@pytest.mark.parametrize("weight", [1.0, 4.0])
def test_hellmann_feynman_force(n1, n2, mu, d, weight):
    # −(1/π) ∂E/∂x₂ at fixed fields: only V knows where the vortex is.
    pair = confocal_pair(n1, n2, mu, d, tolerance=1e-6, gauge_weight=weight)

    def integrand(x, y):
        flow_x, flow_y, _ = _flow(pair, x, y)
        slope = 1j * n2 / (x + 1j * y - d / 2) ** 2  # ∂_x (V_x − iV_y) of vortex 2
        return flow_x * slope.real - flow_y * slope.imag

    assert pair.force == pytest.approx(-_integrate(pair, integrand) / math.pi, rel=1e-4)


@pytest.mark.parametrize(("n1", "n2", "mu", "d"), PAIRS)
def test_stress_on_the_mid_plane(n1, n2, mu, d):
    """What crosses x = 0, and the body force where a phase is not that of a rigid half plane.

    With T the canonical stress at w = 1, ∂_a T_ax = f²Q·∂ₓV:
    πΩ = ∫_{x=0} T_xx dy + ∫_{x>0} f²Q·∂ₓV₁ − ∫_{x<0} f²Q·∂ₓV₂. No core is integrated over.
    """
    pair = confocal_pair(n1, n2, mu, d, tolerance=1e-7)
    points, weights = legendre.leggauss(16)
    breaks = 25 / min(1, mu) * np.linspace(0, 1, 25) ** 2
    half = np.diff(breaks)[:, None] / 2
    y = (breaks[:-1, None] + half * (points + 1)).ravel()
    dy = 2 * (half * weights).ravel()  # both sides of the axis
    x, step = np.zeros_like(y), 1e-4
    right, left = pair.fields(x + step, y), pair.fields(x - step, y)
    up, down = pair.fields(x, y + step), pair.fields(x, y - step)
    stress = np.zeros_like(y)
    for part in ("f", "A_x", "A_y"):
        across = (getattr(right, part) - getattr(left, part)) / (2 * step)
        along = (getattr(up, part) - getattr(down, part)) / (2 * step)
        stress += (across**2 - along**2) / 2
    flow_x, flow_y, here = _flow(pair, x, y)
    stress -= (flow_x**2 + flow_y**2) / (2 * np.maximum(here.f, 1e-12) ** 2)
    stress -= mu**2 / 8 * (1 - here.f**2) ** 2

    def body(x, y):
        flow_x, flow_y, _ = _flow(pair, x, y)
        z = x + 1j * y
        slope = np.where(x > 0, 1j * n1 / (z + d / 2) ** 2, -1j * n2 / (z - d / 2) ** 2)
        return flow_x * slope.real - flow_y * slope.imag

    force = (np.sum(dy * stress) + _integrate(pair, body)) / math.pi
    assert force == pytest.approx(pair.force, rel=1e-4)


def test_far_vortices_have_their_radial_profiles():
    pair = confocal_pair(1, 2, 1.7, 16.0, tolerance=1e-6, small_force=1.0)
    r = np.array([0.0, 0.1, 0.5, 1.0, 2.0])
    for n, centre in ((1, -8.0), (2, 8.0)):
        alone = single_vortex(n, 1.7)
        for angle in (0.3, 2.0, 4.0):
            fields = pair.fields(centre + r * np.cos(angle), r * np.sin(angle))
            np.testing.assert_allclose(fields.f, alone.amplitude(r), atol=2e-5)
            np.testing.assert_allclose(fields.field, alone.field(r), atol=1e-4)
    outside = pair.fields(1000.0, 0.0)
    assert (outside.f, outside.field) == (1.0, 0.0)
    assert outside.A_y == pytest.approx(3 / 1000, rel=0.01)


@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (1, -1), (1, 2)])
def test_fields_are_smooth_across_the_axes_and_obey_the_equations(n1, n2):
    pair = confocal_pair(n1, n2, 1.3, 3.0, tolerance=1e-8)
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-4, 4, 60), np.concatenate([rng.uniform(-3, 3, 40), np.zeros(20)])
    x[:10] = 0.0
    apart = np.hypot(abs(x) - 1.5, y) > 0.4
    x, y = x[apart], y[apart]
    h = 0.02

    def laplacian(part):
        def value(dx, dy):
            return getattr(pair.fields(x + dx, y + dy), part)

        second = sum(
            -(value(2 * h * u, 2 * h * v) + value(-2 * h * u, -2 * h * v))
            + 16 * (value(h * u, h * v) + value(-h * u, -h * v))
            for u, v in ((1, 0), (0, 1))
        )
        return (second - 60 * value(0, 0)) / (12 * h * h)

    flow_x, flow_y, fields = _flow(pair, x, y)
    f = fields.f
    speed = (flow_x**2 + flow_y**2) / f**4
    np.testing.assert_allclose(laplacian("A_x"), flow_x, atol=2e-4)
    np.testing.assert_allclose(laplacian("A_y"), flow_y, atol=2e-4)
    expected = speed * f - 1.3**2 / 2 * (1 - f * f) * f
    np.testing.assert_allclose(laplacian("f"), expected, atol=1e-3)


# ---------------------------------------------------------------- convergence and mistakes
def test_error_falls_exponentially_with_the_order(monkeypatch):
    exact = 0.062253511
    errors = []
    for order in (3, 4, 5, 6):
        monkeypatch.setattr("gl_reference.confocal.LEVELS", ((order, 0),) * 2)
        errors.append(abs(confocal_pair(1, 1, 1.7, 2.0, tolerance=1e-6).force - exact))
    assert errors[0] > 2 * errors[1] > 8 * errors[2]
    assert errors[3] < 1e-2 * errors[0]
    assert len(LEVELS) > 2


def test_a_tolerance_out_of_reach_is_said(monkeypatch):
    monkeypatch.setattr("gl_reference.confocal.LEVELS", ((3, 0), (4, 0)))
    with pytest.raises(ConvergenceError, match=r"still moves by .* larger tolerance"):
        confocal_pair(1, 1, 1.7, 2.0, tolerance=1e-8)


def test_an_iteration_that_stalls_is_said(monkeypatch):
    monkeypatch.setattr("gl_reference.confocal.MAX_ITERATIONS", 1)
    with pytest.raises(ConvergenceError, match="residual"):
        confocal_pair(1, 1, 1.7, 2.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n1": 0}, "n1 = 0: a vortex has a nonzero winding"),
        ({"n2": 1.5}, "n2 = 1.5: a winding number is a nonzero integer"),
        ({"mu": 0.0}, "mu = 0.0: must be positive"),
        ({"mu": math.nan}, "mu = nan: must be finite"),
        ({"mu": 30.0}, r"mu = 30: the solver covers 0.1 … 20"),
        ({"mu": None}, "give exactly one of them"),
        ({"kappa": 1.0}, "give exactly one of them"),
        ({"d": 0.0}, "d = 0.0: must be positive"),
        ({"d": 1e-4}, r"d = 0.0001: the solver covers 0.001 … 200"),
        ({"d": None}, "d = None: give the separation"),
        (
            {"reading": "minimal"},
            "reading = 'minimal': give one of 'coulomb', 'lattice', 'minimum'",
        ),
        ({"gauge_weight": -1.0}, "gauge_weight = -1.0: must be positive"),
        ({"tolerance": 0.5}, r"tolerance = 0.5: the solver covers 1e-09 … 0.1"),
    ],
)
def test_bad_input(change, message):
    arguments = {"n1": 1, "n2": 1, "mu": 1.7, "d": 2.0, **change}
    with pytest.raises(ValueError, match=message):
        solve_pair(arguments.pop("n1"), arguments.pop("n2"), **arguments)


def test_separations_that_are_no_numbers():
    with pytest.raises(ValueError, match="d = 'far': give real numbers"):
        pair_force(1, 1, mu=1.7, d="far")


def test_forces_keep_the_shape_of_the_separations():
    forces = pair_force(1, 1, mu=1.7, d=[[1.0, 2.0]])
    assert forces.shape == (1, 2)
    assert pair_force(1, 1, kappa=1.7 / math.sqrt(2), d=2.0) == pytest.approx(forces[0, 1])
