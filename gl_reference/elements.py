"""Gauss-Lobatto nodes, weights, derivatives and interpolation on [-1, 1].

The building blocks of the spectral elements; see Berrut and Trefethen, SIAM Rev. 46, 501 (2004)
for the barycentric forms.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre

from potentials.base import Array


@lru_cache(maxsize=64)
def gauss_lobatto(order: int) -> tuple[Array, Array]:
    """Nodes (order + 1,) with both ends, and the weights that integrate degree 2·order − 1."""
    basis = np.zeros(order + 1)
    basis[-1] = 1.0
    nodes = np.concatenate([[-1.0], legendre.legroots(legendre.legder(basis)), [1.0]])
    nodes = (nodes - nodes[::-1]) / 2  # symmetric to the last bit
    weights = 2 / (order * (order + 1) * legendre.legval(nodes, basis) ** 2)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


def barycentric_weights(nodes: Array) -> Array:
    """Weights of the barycentric formula for distinct nodes (n,)."""
    differences = nodes[:, None] - nodes[None, :]
    np.fill_diagonal(differences, 1.0)
    return 1 / differences.prod(axis=1)


def derivative_matrix(nodes: Array) -> Array:
    """D (n, n): (D u)_i is the derivative at node i of the polynomial through u."""
    weights = barycentric_weights(nodes)
    differences = nodes[:, None] - nodes[None, :]
    np.fill_diagonal(differences, 1.0)
    matrix = weights[None, :] / weights[:, None] / differences
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def interpolation_matrix(nodes: Array, points: Array) -> Array:
    """P (m, n): values at `points` (m,) of the polynomial through values at `nodes` (n,)."""
    weights = barycentric_weights(nodes)
    differences = points[:, None] - nodes[None, :]
    hit = differences == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = weights[None, :] / differences
        matrix = terms / terms.sum(axis=1, keepdims=True)
    rows = hit.any(axis=1)
    matrix[rows] = hit[rows]
    return matrix
