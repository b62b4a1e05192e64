"""Triangle elements: exact for polynomials, of the expected order for everything else."""

import math

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from gl_reference.finite_elements import (
    FunctionSpace,
    lagrange_basis,
    reference_nodes,
    triangle_rule,
)
from gl_reference.mesh import Box, Mesh, Sizes, graded_mesh

BOX = Box(0.0, 2.0, -1.0, 1.0)


@pytest.fixture(scope="module")
def mesh():
    vortex = np.array([[0.8, 0.1]])
    return graded_mesh(vortex, np.array([0.3]), BOX, Sizes(0.1, 0.5, 1.0))


def regular_mesh(count: int) -> Mesh:
    """Squares cut in two, count × count of them."""
    ticks = np.linspace(0.0, 2.0, count + 1)
    x, y = np.meshgrid(ticks, ticks - 1, indexing="ij")
    corner = (np.arange(count)[:, None] * (count + 1) + np.arange(count)).ravel()
    right, up = corner + count + 1, corner + 1
    triangles = np.concatenate(
        [np.stack([corner, right, right + 1], 1), np.stack([corner, up, right + 1], 1)]
    )
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return Mesh(points, np.sort(triangles, axis=1), BOX)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_rule_is_exact_for_polynomials(count):
    points, weights = triangle_rule(count)
    assert points.min() > 0  # strictly inside: no value at a vortex
    assert points.sum(axis=1).max() < 1
    for i in range(2 * count - 1):
        for j in range(2 * count - 1 - i):
            exact = math.factorial(i) * math.factorial(j) / math.factorial(i + j + 2)
            found = weights @ (points[:, 0] ** i * points[:, 1] ** j)
            assert found == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("order", [1, 2, 5, 8])
def test_nodal_functions_are_one_at_their_node_and_add_up_to_one(order):
    values = lagrange_basis(order, reference_nodes(order))[0]
    np.testing.assert_allclose(values, np.eye(len(values)), atol=1e-9)
    inside = lagrange_basis(order, triangle_rule(4)[0])
    np.testing.assert_allclose(inside.sum(axis=2)[0], 1.0)
    np.testing.assert_allclose(inside.sum(axis=2)[1:], 0.0, atol=1e-8)  # rounding, at order 8


@pytest.mark.parametrize("order", [2, 3, 6])
def test_polynomials_up_to_the_order_are_represented_exactly(mesh, order):
    space = FunctionSpace(mesh, order)
    x, y = space.nodes.T
    u = x ** (order - 1) * y - 2 * x
    X, Y = np.moveaxis(space.points, -1, 0)
    np.testing.assert_allclose(space.values(u), X ** (order - 1) * Y - 2 * X, atol=1e-11)
    slopes = [(order - 1) * X ** (order - 2) * Y - 2, X ** (order - 1)]
    np.testing.assert_allclose(space.gradient(u), slopes, atol=1e-9)
    finer = FunctionSpace(mesh, order + 1)
    x, y = finer.nodes.T
    np.testing.assert_allclose(finer.take(u, space), x ** (order - 1) * y - 2 * x, atol=1e-11)


def test_matrices_and_loads_integrate_polynomials_exactly(mesh):
    space = FunctionSpace(mesh, 3)
    x, y = space.nodes.T
    u, v = x * y, x**2
    X, Y = np.moveaxis(space.points, -1, 0)
    # over 0 < x < 2, −1 < y < 1
    assert v @ space.mass(Y**2) @ v == pytest.approx(32 / 5 * 2 / 3)
    assert v @ space.load(X) == pytest.approx(8)
    assert v @ space.stiffness(0, 0) @ v == pytest.approx(4 * 8 / 3 * 2)
    assert u @ space.stiffness(1, 0) @ v == pytest.approx(2 * 8 / 3 * 2)
    assert u @ space.stiffness(0, 1) @ v == pytest.approx(0, abs=1e-12)
    assert space.integral(X * Y**2) == pytest.approx(2 * 2 / 3)


def test_linear_functions_of_the_mesh_integrate_polynomials_exactly(mesh):
    space = FunctionSpace(mesh, 2)
    X, Y = np.moveaxis(space.points, -1, 0)
    at = mesh.vertices
    assert at[:, 0] @ space.vertex_load(Y**2) == pytest.approx(2 * 2 / 3)
    field = np.stack([X, Y**2])
    assert at[:, 0] @ space.vertex_divergence(field) == pytest.approx(4)
    assert at[:, 1] @ space.vertex_divergence(field) == pytest.approx(2 * 2 / 3)
    assert space.vertex_divergence(field).sum() == pytest.approx(0, abs=1e-12)


def test_functions_are_continuous_across_edges(mesh):
    space = FunctionSpace(mesh, 4)
    u = np.random.default_rng(1).normal(size=space.size)
    by_edge: dict[tuple[int, int], list[float]] = {}
    places = np.array([[0.3, 0.0], [0.0, 0.3], [0.7, 0.3]])  # 0.3 along the edges 01, 02, 12
    for number, corners in enumerate(mesh.triangles):
        values, _ = space.evaluate(u, np.full(3, number), places)
        for (a, b), value in zip([(0, 1), (0, 2), (1, 2)], values, strict=True):
            by_edge.setdefault((corners[a], corners[b]), []).append(value)
    shared = np.array([pair for pair in by_edge.values() if len(pair) == 2])
    assert len(shared) > 50
    np.testing.assert_allclose(shared[:, 0], shared[:, 1], atol=1e-9)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_order_of_convergence(order):
    """−∇²u + u = g: the error falls as h^(order + 1), that of its gradient as h^order."""
    errors = []
    for count in (4, 8):
        space = FunctionSpace(regular_mesh(count), order)
        X, Y = np.moveaxis(space.points, -1, 0)
        # natural conditions on all edges
        exact = np.cos(np.pi * X) * np.sin(np.pi / 2 * Y)
        matrix = space.stiffness(0, 0) + space.stiffness(1, 1) + space.mass(np.ones_like(X))
        u = spsolve(matrix.tocsc(), space.load((1 + 1.25 * np.pi**2) * exact))
        slope = -np.pi * np.sin(np.pi * X) * np.sin(np.pi / 2 * Y)
        errors.append(
            [
                math.sqrt(space.integral((space.values(u) - exact) ** 2)),
                math.sqrt(space.integral((space.gradient(u)[0] - slope) ** 2)),
            ]
        )
    orders = np.log2(np.divide(*errors))
    np.testing.assert_allclose(orders, [order + 1, order], atol=0.25)


def test_integrals_next_to_a_vortex_see_its_singularity(mesh):
    """∫ e^(−24r²)/r around the vortex, which the force density meets."""
    space = FunctionSpace(mesh, 4)
    X, Y = np.moveaxis(space.points - mesh.vertices[0], -1, 0)
    r2 = X**2 + Y**2
    found = space.integral(np.exp(-24 * r2) / np.sqrt(r2))
    assert found == pytest.approx(2 * np.pi * math.sqrt(np.pi / 96), rel=1e-4)
