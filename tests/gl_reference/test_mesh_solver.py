"""The mesh solver: forces against three other ways to them, errors, mirrors, iterations."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.interpolate import CubicSpline

from gl_reference import functional as functional_module
from gl_reference import mesh_solver
from gl_reference.confocal import confocal_pair
from gl_reference.errors import ConvergenceError
from gl_reference.finite_elements import FunctionSpace
from gl_reference.functional import Functional
from gl_reference.mesh import Mesh
from gl_reference.mesh_solver import solve_on_mesh
from gl_reference.solve import solve
from gl_reference.symmetry import Symmetry
from gl_reference.virtual_work import configurational_forces, vortex_forces, vortex_shares

SCALENE = np.array([[0.0, 0.0], [1.3, 0.2], [0.4, 1.7]])


def pair_at(d):
    return np.array([[-d / 2, 0.0], [d / 2, 0.0]])


def triangle(d):
    return d / np.sqrt(3) * np.array([[0.0, 1.0], [-np.sqrt(0.75), -0.5], [np.sqrt(0.75), -0.5]])


@cache
def scalene(mu=1.7, tolerance=1e-4):
    """Two vortices and a giant one, none of them like another."""
    winding = np.array([1, 1, 2])
    return solve_on_mesh(SCALENE, winding, mu, gauge_weight=1.0, tolerance=tolerance)


# ---------------------------------------------------------------- forces four ways
def test_forces_are_the_exact_derivative_of_the_discrete_energy():
    """Move the mesh with a vortex, keep the nodal values, and take the energy's difference."""
    found = scalene()
    functional, u, step = found.functional, found.nodal, 1e-4
    symmetry, mesh = functional.symmetry, functional.space.mesh
    box = mesh.box
    shares = vortex_shares(mesh.vertices, symmetry.positions)
    reach = np.array([box.right - box.left, box.top - box.bottom]) / 2
    centre = np.array([box.right + box.left, box.top + box.bottom]) / 2
    shares[(np.abs(mesh.vertices - centre) > 0.9 * reach).any(axis=1)] = 0.0  # the edge stays

    def energy(vortex, axis, shift):
        moved = np.where(np.arange(2) == axis, shift, 0.0)
        vertices = mesh.vertices + shares[:, vortex, None] * moved
        positions = symmetry.positions.copy()
        positions[vortex] += moved
        there = Symmetry(
            symmetry.centre, symmetry.axes, positions, symmetry.winding, symmetry.mirrors
        )
        space = FunctionSpace(Mesh(vertices, mesh.triangles, box), functional.space.order)
        return Functional(space, there, functional.mu, 1.0).energy(u)

    on_vertices, on_vortices = configurational_forces(functional, u)
    analytic = -(shares.T @ on_vertices + on_vortices) / np.pi
    for vortex, axis in ((0, 0), (1, 1), (2, 1)):
        difference = energy(vortex, axis, step) - energy(vortex, axis, -step)
        assert analytic[vortex, axis] == pytest.approx(-difference / (2 * step), abs=1e-7)
    np.testing.assert_allclose(vortex_forces(functional, u), analytic, atol=1e-6)


@pytest.mark.parametrize("mu", [0.7, 1.7])
def test_forces_are_those_of_hellmann_and_feynman(mu):
    """Only V depends on a vortex's position; f = 0 at a point costs nothing to move."""
    found = scalene(mu)
    _, on_vortices = configurational_forces(found.functional, found.nodal)
    atol = 1e-4 * np.abs(found.forces).max() + found.force_error
    in_frame = found.functional.symmetry.to_plane(-on_vortices.T / np.pi).T
    np.testing.assert_allclose(in_frame, found.forces, atol=atol)


def test_forces_are_the_stress_across_the_plane_between_two_vortices():
    """Ω = −(1/π)∫T_xx dy at x = 0, with T of the fields f and Q, in which E_w has no V."""
    found = solve(pair_at(2.0), 1, 1.7, method="mesh", tolerance=1e-5)
    y = np.linspace(-12, 12, 1201)
    at = found.sample(0.0, y)
    f, B = np.abs(at.psi), at.field
    Q_x = -at.current[0] / f**2
    f_y, Q_xy = (CubicSpline(y, values)(y, 1) for values in (f, Q_x))
    # f and Q_x are even in x, Q_y and the divergence are odd: ∂_xQ_y = B + ∂_yQ_x is left
    density = f_y**2 / 2 + f**2 * Q_x**2 / 2 + B**2 / 2 + 1.7**2 / 8 * (1 - f**2) ** 2
    stress = density - B * (B + Q_xy)
    assert -simpson(stress, x=y) / np.pi == pytest.approx(found.forces[1, 0], rel=1e-4)


def test_forces_are_central_differences_of_the_energy():
    def isosceles(height, tolerance):
        points = [[-0.7, 0.0], [0.7, 0.0], [0.0, height]]
        return solve(points, [1, 1, 2], 1.7, tolerance=tolerance)

    below, above = (isosceles(1.5 + shift, 1e-5).energy for shift in (-0.02, 0.02))
    force = isosceles(1.5, 1e-4).forces[2, 1]
    assert force == pytest.approx(-(above - below) / 0.04, rel=1e-3)


def test_nothing_pushes_or_turns_the_whole():
    found = scalene()
    allowed = 3 * found.force_error
    assert np.abs(found.forces.sum(axis=0)).max() < allowed
    torque = SCALENE[:, 0] @ found.forces[:, 1] - SCALENE[:, 1] @ found.forces[:, 0]
    assert abs(torque) < 3 * allowed
    assert np.abs(found.forces).max() > 100 * allowed


# ---------------------------------------------------------------- accuracy
def test_errors_fall_with_the_order():
    """Each order takes off a factor of ten or so; estimates are upper ones, but not by much."""
    exact = confocal_pair(1, 1, 1.7, 2.0, tolerance=1e-8)
    errors = []
    for tolerance in (1e-3, 1e-4, 1e-5):
        found = solve_on_mesh(
            pair_at(2.0),
            np.array([1, 1]),
            1.7,
            gauge_weight=1.0,
            tolerance=tolerance,
            estimate_error=False,
        )
        assert np.isnan(found.error)
        errors.append(
            abs(np.array([found.energy - exact.energy, found.forces[1, 0] - exact.force]))
        )
    assert (np.divide(errors[0], errors[1]) > 8).all()
    assert (np.divide(errors[1], errors[2]) > 8).all()
    for tolerance in (1e-2, 1e-4, 1e-6):
        found = solve(pair_at(2.0), 1, 1.7, method="mesh", tolerance=tolerance)
        actual = abs(found.energy - exact.energy)
        assert actual < found.error < 60 * actual


@pytest.mark.parametrize(
    ("points", "winding"),
    [
        (pair_at(2.0), (1, 1)),  # a quarter
        (pair_at(2.0), (1, -1)),
        (triangle(1.5), (1, 1, 1)),  # a half
        (np.array([[-1.5, -1.0], [0.0, 0.2], [1.5, 1.4]]), (1, 2, -1)),
    ],
)
def test_mirrors_change_nothing_but_the_time(points, winding):
    cells = [
        solve_on_mesh(
            points, np.array(winding), 1.7, gauge_weight=0.5, tolerance=1e-3, symmetric=symmetric
        )
        for symmetric in (True, False)
    ]
    assert cells[0].functional.space.size < 0.6 * cells[1].functional.space.size
    allowed = cells[0].error + cells[1].error
    assert cells[0].energy == pytest.approx(cells[1].energy, abs=allowed)
    allowed = cells[0].force_error + cells[1].force_error
    np.testing.assert_allclose(cells[0].forces, cells[1].forces, atol=allowed)
    x, y = np.random.default_rng(3).uniform(-3, 3, (2, 40))
    for a, b in zip(cells[0].fields(x, y), cells[1].fields(x, y), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-2)


@given(
    angle=st.floats(0, 6.28),
    shift=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    order=st.permutations(range(3)),
    sign=st.sampled_from([1, -1]),
)
@settings(max_examples=3)
def test_turned_shifted_renamed_or_reversed_vortices_are_the_same(angle, shift, order, sign):
    winding = np.array([1, -1, 2])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = (SCALENE @ turn + shift)[order]
    first = solve(SCALENE, winding, 1.4, tolerance=1e-3)
    second = solve(points, sign * winding[order], 1.4, tolerance=1e-3)
    assert second.energy == pytest.approx(first.energy, abs=first.error + second.error)
    allowed = 2 * (first.force_error + second.force_error)
    np.testing.assert_allclose(second.forces, (first.forces @ turn)[order], atol=allowed)


def test_a_given_domain_changes_nothing_where_it_is_large_enough():
    free = solve(SCALENE, 1, 1.7)
    boxed = solve(SCALENE, 1, 1.7, domain=(40.0, 30.0))
    assert boxed.energy == pytest.approx(free.energy, abs=free.error + boxed.error)
    np.testing.assert_allclose(boxed.forces, free.forces, atol=free.force_error + boxed.force_error)
    assert boxed.domain == (-20.0, 20.0, -15.0, 15.0)


def test_small_and_large_gauge_weights_agree_with_pairs():
    for weight in (0.01, 30.0):
        exact = confocal_pair(1, 1, 1.7, 2.0, gauge_weight=weight, tolerance=1e-6)
        found = solve(pair_at(2.0), 1, 1.7, gauge_weight=weight, method="mesh", tolerance=1e-3)
        assert abs(found.energy - exact.energy) < found.error
        assert abs(found.forces[1, 0] - exact.force) < found.force_error


# ---------------------------------------------------------------- iterations
@pytest.mark.parametrize("factors", [(0.05, 1, 1), (1e-3, -3, -3)])
def test_bad_starts_reach_the_same_minimum(factors):
    """Where Newton's step would climb, the Gauss-Newton step descends."""
    found = scalene(1.7, 1e-2)
    functional = found.functional
    start = functional.start() * np.array(factors)[:, None]  # too little order; A reversed
    u = functional.minimise(functional.with_boundary_values(start))
    assert functional.energy(u) == pytest.approx(found.energy, abs=1e-9)


def test_what_does_not_converge_raises(monkeypatch):
    monkeypatch.setattr(functional_module, "MOST_FACTORS", 1)
    with pytest.raises(ConvergenceError, match="factorised 1 times"):
        solve(SCALENE, 1, 1.7)
    monkeypatch.undo()
    monkeypatch.setattr(mesh_solver, "LAST_ORDER", 3)
    with pytest.raises(ConvergenceError, match=r"order 3, .* still leave .* larger tolerance"):
        solve(SCALENE, 1, 1.7, tolerance=1e-5)
    monkeypatch.setattr(mesh_solver, "MOST_UNKNOWNS", 1000)
    with pytest.raises(ValueError, match=r"3 vortices need about .* fewer vortices"):
        solve(SCALENE, 1, 1.7)
