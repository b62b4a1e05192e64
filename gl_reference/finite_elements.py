"""Lagrange elements of any order on triangles: values, gradients, matrices by quadrature.

Standard finite elements (see Karniadakis and Sherwin, Spectral/hp Element Methods, 2005); every
sum over elements is one numpy product. The vertices of each triangle ascend, so that two
triangles agree on the direction of their common edge, and so that a vortex (first in the mesh)
is its triangle's first vertex: there the quadrature is that of polar coordinates, which suits
the superfluid velocity's 1/r.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.polynomial import legendre

from gl_reference.mesh import Indices, Mesh
from potentials.base import Array

# The unit triangle is (0, 0), (1, 0), (0, 1); its local coordinates are called s and t.


@lru_cache(maxsize=16)
def triangle_rule(count: int) -> tuple[Array, Array]:
    """Points (count², 2) and weights of a rule on the unit triangle, exact to degree 2·count − 2.

    Gauss points along rays from the first vertex and across them (collapsed coordinates), so
    that a 1/r there does no harm.
    """
    ticks, widths = legendre.leggauss(count)
    u, v = (1 + ticks[:, None]) / 2, (1 + ticks) / 2
    points = np.stack([u * (1 - v), u * v], axis=-1).reshape(-1, 2)
    return points, (widths[:, None] * widths * u / 4).ravel()


@lru_cache(maxsize=16)
def reference_nodes(order: int) -> Array:
    """Nodes on the unit triangle: vertices, the edges 01, 02, 12 (inner nodes), the interior."""
    inner = range(1, order)
    nodes = [(0, 0), (order, 0), (0, order)]
    nodes += [(k, 0) for k in inner] + [(0, k) for k in inner] + [(order - k, k) for k in inner]
    nodes += [(i, j) for j in inner for i in range(1, order - j)]
    return np.array(nodes) / order


def _legendre_table(order: int, x: Array) -> tuple[Array, Array]:
    """Legendre polynomials on [0, 1] and their derivatives: two arrays (points, order + 1)."""
    z = 2 * x - 1
    derivatives = legendre.legder(np.eye(order + 1))  # a column for each polynomial
    values = np.asarray(legendre.legvander(z, order), dtype=np.float64)
    return values, 2 * np.asarray(legendre.legval(z, derivatives), dtype=np.float64).T


def _polynomials(order: int, points: Array) -> Array:
    """Products of Legendre polynomials of total degree ≤ order (3, points, functions).

    First the values, then the derivatives by s and t.
    """
    powers = np.array([(i, j) for i in range(order + 1) for j in range(order + 1 - i)]).T
    (s, ds), (t, dt) = (_legendre_table(order, points[:, axis]) for axis in (0, 1))
    i, j = powers
    return np.stack([s[:, i] * t[:, j], ds[:, i] * t[:, j], s[:, i] * dt[:, j]])


@lru_cache(maxsize=16)
def _to_lagrange(order: int) -> Array:
    return np.linalg.inv(_polynomials(order, reference_nodes(order))[0])


def lagrange_basis(order: int, points: Array) -> Array:
    """Values and local derivatives (3, P, B) of the B nodal functions at points (P, 2)."""
    return _polynomials(order, points) @ _to_lagrange(order)


class FunctionSpace:
    """Continuous functions on a mesh that are polynomials of one order on every triangle.

    A function is the array (size,) of its values at `nodes`; the first nodes are the mesh's
    vertices. Arrays over quadrature points are (T, Q), or have these as their last axes.

    Attributes
    ----------
    size : int
    nodes : (size, 2) array, λ
    points : (T, Q, 2) array, λ
        Quadrature points.
    weights : (T, Q) array, λ²
    """

    def __init__(self, mesh: Mesh, order: int) -> None:
        self.mesh, self.order = mesh, order
        self._dofs, self.size = _number_nodes(mesh, order)
        corners = mesh.corners()
        edges = corners[:, 1:] - corners[:, :1]  # (T, local, xy)
        self._inverse = np.linalg.inv(edges)  # (T, xy, local)
        self._area = np.abs(np.linalg.det(edges))
        self._local, weights = triangle_rule(order + 2)
        self._basis = lagrange_basis(order, self._local)
        self._weights_local = weights
        self.weights = weights * self._area[:, None]
        self.points = corners[:, :1] + self._local @ edges
        self.nodes = np.empty((self.size, 2))
        self.nodes[self._dofs] = corners[:, :1] + reference_nodes(order) @ edges
        self.nodes = mesh.box.snapped(self.nodes)

    # ---------------------------------------------------------------- functions
    def values(self, function: Array) -> Array:
        """At the quadrature points."""
        return function[self._dofs] @ self._basis[0].T

    def gradient(self, function: Array) -> Array:
        """∂x and ∂y at the quadrature points (2, T, Q)."""
        local = function[self._dofs] @ self._basis[1:].transpose(0, 2, 1)  # (2, T, Q)
        return np.einsum("tia,atq->itq", self._inverse, local)

    def evaluate(self, function: Array, triangles: Indices, local: Array) -> tuple[Array, Array]:
        """Values (P,) and gradients (2, P) at points given by `Mesh.locate`."""
        basis = lagrange_basis(self.order, local)
        at_nodes = function[self._dofs[triangles]]
        value, slopes = (basis[0] * at_nodes).sum(-1), (basis[1:] * at_nodes).sum(-1)
        return value, np.einsum("pia,ap->ip", self._inverse[triangles], slopes)

    def take(self, function: Array, other: FunctionSpace) -> Array:
        """A function of another order on the same mesh, at this space's nodes."""
        matrix = lagrange_basis(other.order, reference_nodes(self.order))[0]
        taken = np.empty(self.size)
        taken[self._dofs] = function[other._dofs] @ matrix.T
        return taken

    # ---------------------------------------------------------------- integrals
    def integral(self, density: Array) -> float:
        """∫ of a density known at the quadrature points."""
        return float(np.sum(self.weights * density))

    def load(self, coefficient: Array) -> Array:
        """∫ c φ_i for every node (size,)."""
        local = (coefficient * self.weights) @ self._basis[0]
        return _sums(self._dofs, local, self.size)

    def vertex_load(self, coefficient: Array) -> Array:
        """∫ c L_i with the mesh's piecewise linear functions (V,)."""
        linear = lagrange_basis(1, self._local)[0]
        return self._at_vertices((coefficient * self.weights) @ linear)

    def vertex_divergence(self, coefficient: Array) -> Array:
        """∫ c·∇L_i with the mesh's piecewise linear functions (V,); c is (2, T, Q)."""
        slopes = lagrange_basis(1, self._local[:1])[1:, 0]  # (local, 3), constant
        totals = (coefficient * self.weights).sum(-1)  # (2, T)
        return self._at_vertices(np.einsum("it,tia,av->tv", totals, self._inverse, slopes))

    def _at_vertices(self, local: Array) -> Array:
        return _sums(self.mesh.triangles, local, len(self.mesh.vertices))

    # ---------------------------------------------------------------- matrices
    @cached_property
    def _pattern(self) -> tuple[Indices, Indices, Indices]:
        """Columns and row starts of every matrix, and where each element's entries go."""
        rows = self._dofs[:, :, None]
        keys, places = np.unique(rows * self.size + self._dofs[:, None, :], return_inverse=True)
        starts = np.searchsorted(keys, np.arange(self.size + 1) * self.size)
        return keys % self.size, starts, places.ravel()

    def _matrix(self, local: Array) -> sp.csr_matrix:
        """The matrix of element matrices (T, B·B)."""
        columns, starts, places = self._pattern
        data = _sums(places, local, len(columns))
        return sp.csr_matrix((data, columns, starts), (self.size, self.size))

    def mass(self, coefficient: Array) -> sp.csr_matrix:
        """∫ c φ_i φ_j."""
        shape = self._basis[0]
        products = (shape[:, :, None] * shape[:, None, :]).reshape(len(shape), -1)
        return self._matrix((coefficient * self.weights) @ products)

    def stiffness(self, i: int, j: int) -> sp.csr_matrix:
        """∫ ∂_i φ_a ∂_j φ_b, with i and j 0 for x, 1 for y."""
        slopes = self._basis[1:]
        reference = np.einsum("q,cqa,dqb->cdab", self._weights_local, slopes, slopes)
        metric = np.einsum("t,tc,td->tcd", self._area, self._inverse[:, i], self._inverse[:, j])
        return self._matrix(metric.reshape(-1, 4) @ reference.reshape(4, -1))


def _sums(places: Indices, values: Array, size: int) -> Array:
    """Values added up where they belong (size,)."""
    return np.bincount(places.ravel(), values.ravel(), size).astype(np.float64, copy=False)


def _number_nodes(mesh: Mesh, order: int) -> tuple[Indices, int]:
    """Global numbers (T, B) of every triangle's nodes, and how many there are."""
    triangles = mesh.triangles
    pairs = triangles[:, [(0, 1), (0, 2), (1, 2)]].reshape(-1, 2)
    edges, owner = np.unique(pairs, axis=0, return_inverse=True)
    on_edge, inside = order - 1, (order - 1) * (order - 2) // 2
    first_inner = len(mesh.vertices) + len(edges) * on_edge
    edge_nodes = len(mesh.vertices) + owner.reshape(-1, 3, 1) * on_edge + np.arange(on_edge)
    inner_nodes = first_inner + np.arange(len(triangles))[:, None] * inside + np.arange(inside)
    numbers = np.concatenate(
        [triangles, edge_nodes.reshape(len(triangles), -1), inner_nodes], axis=1
    )
    return numbers, first_inner + len(triangles) * inside
