"""The near-critical theory: published numbers, one vortex, far and near limits, invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import k0, k1

from gl_reference import taubes
from gl_reference.errors import ConvergenceError
from gl_reference.radial import single_vortex
from gl_reference.taubes import near_critical, near_critical_pair

SCALENE = np.array([(0.0, 0.0), (2.3, 0.4), (0.7, 1.9)])
# Slopes of the interaction at d = 2 from two independent solvers of the pair problem.
PUBLISHED = {(1, 1): 0.0342239, (1, 2): 0.0163563}


@pytest.mark.parametrize(("windings", "slope"), PUBLISHED.items())
def test_published_pair_slopes(windings, slope):
    assert near_critical_pair(*windings, 2.0) == pytest.approx(slope, abs=6e-8)
    assert near_critical_pair(*reversed(windings), 2.0) == pytest.approx(slope, abs=6e-8)
    assert near_critical_pair(-windings[0], -windings[1], 2.0) == pytest.approx(slope, abs=6e-8)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_vortex_has_the_slope_of_the_radial_energy(n):
    step = 0.02
    below, above, near_below, near_above = (
        single_vortex(n, mu=1 + k * step).energy for k in (-2, 2, -1, 1)
    )
    radial = (8 * (near_above - near_below) - (above - below)) / (12 * step)
    alone = near_critical([(0.3, -0.2)], n)
    assert alone.energy_slope == pytest.approx(radial, abs=2e-7)
    assert abs(alone.interaction_slope) <= alone.error
    assert np.abs(alone.force_slopes).max() < 1e-10


def test_giant_vortex_is_a_disc_of_normal_metal_with_a_wall():
    # A flat wall has h'²/2 = e^h − h − 1; its cost on a circle of radius 2√n is −wall √n.
    def along_wall(depth):
        return np.exp(-depth) * -np.expm1(-depth) / np.sqrt(2 * (np.expm1(-depth) + depth))

    wall = quad(along_wall, 0, 60)[0]
    rest = [near_critical([(0, 0)], n).energy_slope - n + wall * np.sqrt(n) for n in (40, 160)]
    assert rest == pytest.approx([rest[1], rest[1]], abs=0.015)  # the curvature of the wall
    assert 0 < rest[1] < 0.2


@pytest.mark.slow
def test_forces_are_the_derivative_of_the_energy():
    windings = [1, 2, 1]
    given_forces = near_critical(SCALENE, windings, tolerance=1e-10).force_slopes
    step = 0.01
    for j in range(2):
        for axis in range(2):
            moved = []
            for k in (-2, -1, 1, 2):
                points = SCALENE.copy()
                points[j, axis] += k * step
                moved.append(near_critical(points, windings, tolerance=1e-10).energy_slope)
            derivative = (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * step)
            assert given_forces[j, axis] == pytest.approx(-derivative, abs=5e-9)


@pytest.mark.parametrize("windings", [(1, 1), (1, 2)])
def test_merging_pair_becomes_one_giant_vortex(windings):
    def slope_alone(n):
        return near_critical([(0, 0)], n, tolerance=1e-11).energy_slope

    contact = slope_alone(sum(windings)) - sum(slope_alone(n) for n in windings)
    rest = [
        contact - near_critical([(0, 0), (d, 0)], windings, tolerance=1e-11).interaction_slope
        for d in (0.2, 0.4)
    ]
    assert np.log2(rest[1] / rest[0]) == pytest.approx(4, abs=0.1)  # the force goes as d³
    assert 0 < rest[0] < 2e-5


def test_vortices_that_coincide_are_one():
    merged = near_critical([(0, 0), (1e-7, 0)])
    assert merged.winding.tolist() == [2]
    assert near_critical_pair(1, 1, 1e-7) == 0


@pytest.mark.parametrize("windings", [(1, 1), (1, 2)])
def test_far_pair_follows_the_tails(windings):
    # Eq. 10 derived by μ at 1, where γ₁ = |n| γ₂; the slopes of the γ's by differences.
    step = 0.02
    first, second = windings

    def prefactors(mu):
        one, two = single_vortex(first, mu=mu), single_vortex(second, mu=mu)
        return np.array([first * second * one.gamma2 * two.gamma2, one.gamma1 * two.gamma1])

    slopes = (prefactors(1 + step) - prefactors(1 - step)) / (2 * step)
    product = prefactors(1.0)[1]
    for d, accuracy in ((8.0, 0.02), (12.0, 2e-3)):
        tails = 2 * ((slopes[0] - slopes[1]) * k1(d) + product * d * k0(d))
        force = near_critical_pair(first, second, d, tolerance=1e-11)
        assert force == pytest.approx(tails, rel=accuracy)


def test_solution_solves_the_taubes_equation_and_carries_the_flux():
    s = near_critical(SCALENE, [1, 2, 1], tolerance=1e-9)
    step = s.x[1] - s.x[0], s.y[1] - s.y[0]
    assert (s.field.sum() * step[0] * step[1]) == pytest.approx(2 * np.pi * 4, abs=1e-8)
    # Six-point differences of h, away from the vortices, where it is −∞.
    second = np.array([2, -27, 270, -490, 270, -27, 2]) / 180
    here = s.h[3:-3, 3:-3]
    wide, high = here.shape[1], here.shape[0]
    laplacian = sum(
        second[k] * s.h[3:-3, k : k + wide] / step[0] ** 2
        + second[k] * s.h[k : k + high, 3:-3] / step[1] ** 2
        for k in range(7)
    )
    x, y = np.meshgrid(s.x[3:-3], s.y[3:-3])
    distance = np.min([np.hypot(x - a, y - b) for a, b in SCALENE], axis=0)
    residual = np.abs(laplacian + 1 - np.exp(here))
    assert residual[distance > 1.5].max() < 2e-4
    assert residual[distance > 3].max() < 2e-6


def test_grid_converges_exponentially():
    points, count = np.array([(-1.0, 0.0), (1.0, 0.0)]), np.array([1, 1])
    spacings = np.array([1.2, 0.9, 0.6, 0.3])
    slopes = []
    for spacing in spacings:
        grid = taubes._Grid(points, 15.0, spacing)
        slopes.append(
            taubes._slopes(grid, taubes._solve_taubes(grid, points, count), points, count)
        )
    energies = np.array([energy for energy, _ in slopes])
    errors = np.abs(energies[:-1] - energies[-1])
    orders = np.log(errors[:-1] / errors[1:]) / np.log(spacings[:-2] / spacings[1:-1])
    assert orders[0] > 8
    assert orders[1] > 1.4 * orders[0]  # a power law would keep its order
    assert errors[-1] < 1e-8


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-8])
def test_error_bounds_what_is_missing(tolerance):
    best = near_critical(SCALENE, 1, tolerance=1e-11)
    s = near_critical(SCALENE, 1, tolerance=tolerance)
    assert s.error <= tolerance * 1.01
    assert abs(s.energy_slope - best.energy_slope) <= s.error
    assert abs(s.interaction_slope - best.interaction_slope) <= s.error
    assert np.abs(s.force_slopes - best.force_slopes).max() <= s.error


@settings(max_examples=15, deadline=None)
@given(
    offsets=st.lists(
        st.tuples(st.floats(-4, 4), st.floats(-4, 4)), min_size=2, max_size=4, unique=True
    ),
    winding=st.lists(st.integers(1, 3), min_size=4, max_size=4),
    shift=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    angle=st.floats(-np.pi, np.pi),
)
def test_symmetries(offsets, winding, shift, angle):
    points = np.array(offsets)
    n = np.array(winding[: len(points)])
    s = near_critical(points, n, tolerance=1e-6)
    if len(s.winding) < len(points):
        return
    # No net force, no net torque.
    accuracy = 4e-6 * n.sum()
    assert np.abs(s.force_slopes.sum(axis=0)).max() < accuracy
    x, y = points.T
    torque = x * s.force_slopes[:, 1] - y * s.force_slopes[:, 0]
    assert abs(torque.sum()) < 4 * accuracy
    # Turned, moved, relabelled, with all signs changed.
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    other = near_critical((points @ turn.T + shift)[::-1], -n[::-1], tolerance=1e-6)
    assert other.energy_slope == pytest.approx(s.energy_slope, abs=4e-6)
    assert other.force_slopes[::-1] == pytest.approx(s.force_slopes @ turn.T, abs=4e-6)
    assert other.field.min() >= -0.5
    assert other.field.max() <= 1e-6


def test_pairs_do_not_add_up():
    triangle = 1.5 * np.array([(0, 0), (1, 0), (0.5, np.sqrt(0.75))])
    three = near_critical(triangle)
    pairs = 3 * near_critical(triangle[:2]).interaction_slope
    assert three.interaction_slope == pytest.approx(0.85 * pairs, rel=0.1)
    inward = np.einsum("ij,ij->i", three.force_slopes, triangle - triangle.mean(axis=0))
    assert inward == pytest.approx(inward[0])  # threefold symmetry
    assert inward[0] > 0


def test_fifty_vortices():
    points = np.random.default_rng(5).uniform(0, 15, (50, 2))
    s = near_critical(points)
    assert s.error < 1.1e-8
    assert np.abs(s.force_slopes.sum(axis=0)).max() < 1e-10
    one, giant = (near_critical([(0, 0)], n).energy_slope for n in (1, 50))
    assert 50 * one < s.energy_slope < giant


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(positions=[(0, 0), (1, 0)], winding=[1, -1]), "one sign"),
        (dict(positions=[(0, 0), (1, 0)], winding=[1, 0]), r"winding\[1\] = 0"),
        (dict(positions=[(0, 0), (np.nan, 0)]), r"positions\[1\]"),
        (dict(positions=[0.0, 1.0]), "positions: give an"),
        (dict(positions=[(0, 0)], tolerance=0.5), "tolerance = 0.5: the solver covers"),
        (dict(positions=[(0, 0)], tolerance=-1), "tolerance"),
        (dict(positions=[(0, 0), (900, 900)]), "give them one by one"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        near_critical(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 1, 2.0), "n1 = 0"), ((1, 1.5, 2.0), "n2 = 1.5"), ((1, 1, 0.0), "d = 0"),
     ((1, -1, 2.0), "one sign")],
)  # fmt: skip
def test_bad_pair(arguments, message):
    with pytest.raises(ValueError, match=message):
        near_critical_pair(*arguments)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MOST_NEWTON", 2, "Newton"),
        ("MOST_CONJUGATE", 2, "linear solve"),
        ("MOST_BOXES", 0, "images"),
        ("SPACINGS", (1.2, 1.0), "raise tolerance"),
    ],
)
def test_iterations_that_end_early_say_so(monkeypatch, limit, value, message):
    monkeypatch.setattr(taubes, limit, value)
    with pytest.raises(ConvergenceError, match=message):
        near_critical([(0, 0), (1.3, 0)], 2)
