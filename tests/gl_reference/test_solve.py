"""Any number of fixed vortices against one vortex, pairs and exact limits; bad input."""

import numpy as np
import pytest

from gl_reference.confocal import confocal_pair
from gl_reference.lattice import SCHEMES, lattice_solve
from gl_reference.radial import single_vortex
from gl_reference.solve import solve
from gl_reference.taubes import near_critical
from potentials import TwoBessel

SCALENE = np.array([[0.0, 0.0], [1.3, 0.2], [0.4, 1.7]])


def pair_at(d):
    return np.array([[-d / 2, 0.0], [d / 2, 0.0]])


def triangle(d):
    return d / np.sqrt(3) * np.array([[0.0, 1.0], [-np.sqrt(0.75), -0.5], [np.sqrt(0.75), -0.5]])


@pytest.mark.parametrize(
    ("winding", "mu", "d", "weight", "force"),
    [
        ((1, 1), 1.7, 2.0, 1.0, 0.062253),
        ((1, 2), 1.7, 2.8, 1.0, 0.087182),
        ((1, 1), 0.6, 4.0, 1.0, -0.019271),
        ((1, 1), 1.7, 2.0, 0.1, 0.063025),
        ((1, 1), 1.7, 2.0, 10.0, 0.062056),
    ],
)
def test_forces_known_from_other_codes(winding, mu, d, weight, force):
    found = solve(pair_at(d), winding, mu, gauge_weight=weight, method="mesh")
    assert found.method == "mesh"
    expected = np.array([[-force, 0.0], [force, 0.0]])
    np.testing.assert_allclose(found.forces, expected, atol=1e-4 * abs(force))


@pytest.mark.parametrize(
    ("winding", "mu"), [((1, 1), 0.7), ((1, 2), 1.7), ((1, -1), 1.7), ((2, 2), 1.7)]
)
def test_mesh_and_confocal_pairs_agree_within_their_error_estimates(winding, mu):
    exact = confocal_pair(*winding, mu, 1.5, tolerance=1e-7)
    found = solve(pair_at(1.5), winding, mu, method="mesh")
    scale = max(abs(found.interaction_energy), 0.05)
    assert abs(found.energy - exact.energy) <= found.error <= 1e-4 * max(scale, 0.1)
    difference = abs(found.forces - [[-exact.force, 0], [exact.force, 0]]).max()
    assert difference <= found.force_error <= 1e-4 * max(abs(exact.force), 0.05)


def test_fields_of_mesh_and_confocal_pair_agree():
    points, winding = np.array([[-1.0, 0.5], [0.8, -0.3]]), [1, -2]
    mesh, pair = (solve(points, winding, 0.8, method=m) for m in ("mesh", "auto"))
    assert pair.method == "confocal"
    x = np.linspace(-4, 5, 38)
    for a, b in zip(mesh.sample(x, x[:, None]), pair.sample(x, x[:, None]), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
    np.testing.assert_allclose(mesh.forces, pair.forces, atol=1e-4 * np.abs(pair.forces).max())


@pytest.mark.parametrize(("n", "mu"), [(1, 0.5), (1, 1.7), (-3, 1.2), (2, 6.0)])
def test_one_vortex_is_the_radial_one(n, mu):
    vortex = single_vortex(n, mu)
    found = solve([[0.4, -0.2]], n, mu, method="mesh", tolerance=1e-5)
    assert found.energy == pytest.approx(vortex.energy, abs=1e-6)
    assert abs(found.energy - vortex.energy) <= found.error
    assert np.abs(found.forces).max() == 0  # by symmetry, exactly
    r = np.linspace(0.05, 4, 30)
    at = found.sample(0.4 + r, -0.2)
    np.testing.assert_allclose(np.abs(at.psi), vortex.amplitude(r), atol=1e-5)
    np.testing.assert_allclose(at.field, vortex.field(r), atol=1e-3 * abs(vortex.field(0.0)))
    np.testing.assert_allclose(at.current[1], vortex.current(r), atol=1e-5)
    np.testing.assert_allclose(at.A[1], n * vortex.flux_fraction(r) / r, atol=1e-5)


@pytest.mark.parametrize("winding", [(1, 1, 1), (1, 2, 1)])
def test_nothing_acts_at_the_critical_point(winding):
    """μ = 1 (Bogomolny): E = N for vortices of one sign anywhere, and no forces."""
    found = solve(SCALENE, winding, 1.0)
    assert abs(found.energy - sum(winding)) <= found.error < 1e-5
    assert np.abs(found.forces).max() <= found.force_error < 5e-6


@pytest.mark.slow
def test_first_order_about_the_critical_point_is_that_of_the_exact_theory():
    step = 0.01
    exact = near_critical(SCALENE, [1, 1, 2])
    above, below = (solve(SCALENE, [1, 1, 2], 1 + s * step, tolerance=1e-5) for s in (1, -1))
    slopes = (above.forces - below.forces) / (2 * step)
    largest = np.abs(exact.force_slopes).max()
    np.testing.assert_allclose(slopes, exact.force_slopes, atol=1e-3 * largest)
    slope = (above.energy - below.energy) / (2 * step)
    assert slope == pytest.approx(exact.energy_slope, rel=1e-3)


def test_triangle_of_the_papers_figure_9():
    """The sum over pairs overestimates; at no side at all three vortices are one of winding 3."""
    found = solve(triangle(1.0), 1, 1.7)
    pairs = 3 * solve(pair_at(1.0), 1, 1.7).interaction_energy
    assert found.interaction_energy == pytest.approx(0.41, abs=0.01)
    assert found.interaction_energy / pairs == pytest.approx(0.41 / 0.51, abs=0.02)
    at_once = solve(triangle(0.03), 1, 1.7)
    assert at_once.energy == pytest.approx(single_vortex(3, 1.7).energy, abs=at_once.error + 1e-6)
    # by symmetry outward, all of one size
    outward = triangle(1.0) * np.sqrt(3)
    sizes = (found.forces * outward).sum(axis=1)
    np.testing.assert_allclose(found.forces, sizes[:, None] * outward, atol=found.force_error)
    np.testing.assert_allclose(sizes, sizes[0], atol=2 * found.force_error)


def test_far_apart_the_pairs_add_up():
    mu, winding = 1.3, np.array([1, 2, -1])
    points = 7 * np.array([[0.0, 0.0], [1.0, 0.1], [0.3, 1.1]])
    found = solve(points, winding, mu)
    expected = np.zeros((3, 2))
    for i in range(3):
        for j in set(range(3)) - {i}:
            apart = points[i] - points[j]
            r = np.hypot(*apart)
            expected[i] += TwoBessel(mu, winding[i], winding[j]).force(r) * apart / r
    np.testing.assert_allclose(found.forces, expected, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"winding": [1, 0, 1]}, r"winding\[1\] = 0"),
        ({"winding": 1.5}, "nonzero integer"),
        ({"winding": [1, 1]}, "one of each"),
        ({"positions": [[0.0, np.nan]]}, "must be finite"),
        ({"positions": [1.0, 2.0]}, r"\(N, 2\)"),
        ({"mu": -1.0}, "mu = -1.0: must be positive"),
        ({"mu": np.nan}, "mu = nan"),
        ({"mu": 30.0}, "mu = 30: the solver covers 0.1 … 20"),
        ({"kappa": 1.0}, "exactly one"),
        ({"reading": "exact"}, "reading = 'exact'"),
        ({"method": "fast"}, "method = 'fast': give one of 'auto', 'mesh'"),
        ({"gauge_weight": 0.0}, "gauge_weight"),
        ({"tolerance": 0.5}, "tolerance = 0.5"),
        ({"tolerance": 1e-9}, "tolerance = 1e-09"),
        ({"domain": 30.0}, r"give \(Lx, Ly\)"),
        ({"domain": (30.0, -1.0)}, r"domain\[1\]"),
        ({"domain": (2.0, 40.0)}, r"positions\[1\] = .*: outside the domain"),
        ({"domain": (8.0, 40.0)}, r"would be felt; give at least \(2.\.\d+, 2.\.\d+\)"),
        ({"positions": [[0.0, 0.0], [0.0, 1e-4], [2.0, 0.0]]}, "make them one vortex"),
    ],
)
def test_bad_input_is_named(changes, message):
    arguments = {"positions": SCALENE, "winding": 1, "mu": 1.7} | changes
    with pytest.raises(ValueError, match=message):
        solve(**arguments)


def test_kappa_is_mu_over_root_two():
    assert solve([[0.0, 0.0]], 1, kappa=1 / np.sqrt(2)).energy == pytest.approx(1.0)


# ---------------------------------------------------------------- the lattice reading
@pytest.fixture(scope="module")
def on_lattice():
    return solve(
        1.2 * np.array([[0, 0], [2, 0], [1, 2]]), [1, 1, -1], 1.2, reading="lattice", h=0.2
    )


def test_the_lattice_comes_near_to_the_other_reading(on_lattice):
    smooth = solve(on_lattice.positions, on_lattice.winding, 1.2)
    assert on_lattice.method in SCHEMES
    assert on_lattice.interaction_energy == pytest.approx(smooth.interaction_energy, rel=0.1)
    largest = np.abs(smooth.forces).max()
    np.testing.assert_allclose(on_lattice.forces, smooth.forces, atol=0.1 * largest)
    assert np.isnan(on_lattice.error)
    assert np.isnan(on_lattice.force_error)


def test_lattice_fields_stand_on_the_grid_itself(on_lattice):
    direct = lattice_solve(on_lattice.positions, on_lattice.winding, 1.2, h=0.2)
    np.testing.assert_allclose(on_lattice.x, direct.x, atol=1e-12)
    np.testing.assert_allclose(on_lattice.y, direct.y, atol=1e-12)
    np.testing.assert_allclose(np.abs(on_lattice.psi), np.abs(direct.f), atol=1e-9)
    np.testing.assert_allclose(on_lattice.A, direct.A, atol=1e-9)
    np.testing.assert_allclose(on_lattice.field, direct.field, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reading": "lattice", "method": "mesh"}, "only for reading = 'coulomb'"),
        ({"reading": "lattice", "gauge_weight": 2.0}, "only for reading = 'coulomb'"),
        ({"reading": "lattice", "scheme": "best"}, "scheme = 'best'"),
        ({"reading": "lattice", "h": 0.7}, "h = 0.7"),
        ({"scheme": "staggered"}, "only for reading = 'lattice'"),
        ({"h": 0.1}, "only for reading = 'lattice'"),
    ],
)
def test_options_of_one_reading_are_refused_by_the_other(changes, message):
    with pytest.raises(ValueError, match=message):
        solve(**({"positions": SCALENE, "winding": 1, "mu": 1.2} | changes))
