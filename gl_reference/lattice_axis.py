"""One axis of a uniform grid, cut at its mirror line: nodes, links, differences, weights.

The two-dimensional operators of the `lattice` reading are Kronecker products of these. A field
on the whole axis that is even (parity 1) or odd (−1) about the middle is stored on one half;
sums over that half with the weights given here, times `copies`, are sums over the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp

from potentials.base import Array

Mirror = Literal["none", "node", "link"]
Place = Literal["node", "link"]


def quadratic_form(matrix: sp.csr_array, weights: Array) -> sp.csr_array:
    """K with uᵀK u = Σ weights (matrix u)²."""
    return sp.csr_array(matrix.T @ sp.diags_array(weights) @ matrix)


@dataclass(frozen=True)
class Axis:
    """`count` nodes a step `h` apart, the first at `start` (both in λ).

    `mirror` says what lies at coordinate 0, where the left half has been folded onto the right:
    a node ("node", start = 0), the middle of a link ("link", start = h/2), or nothing ("none").
    With "link" the zeroth link lies on the mirror; otherwise link i joins nodes i and i + 1.
    """

    start: float
    h: float
    count: int
    mirror: Mirror = "none"

    @property
    def copies(self) -> int:
        """How many times the stored part fits into the whole axis."""
        return 1 if self.mirror == "none" else 2

    def coordinates(self, place: Place) -> Array:
        """Coordinates of the nodes, or of the middles of the links, in λ."""
        last = self.start + self.h * (self.count - 1)
        nodes = np.linspace(self.start, last, self.count)
        if place == "node":
            return nodes
        first = [0.0] if self.mirror == "link" else []
        return np.concatenate([first, (nodes[1:] + nodes[:-1]) / 2])

    def weights(self, place: Place) -> Array:
        """Trapezium weights in λ: half for nodes at the ends, and for what lies on the mirror."""
        weights = np.full(len(self.coordinates(place)), self.h)
        if place == "node":
            weights[-1] /= 2
        if self.mirror == place or (self.mirror == "none" and place == "node"):
            weights[0] /= 2
        return weights

    @property
    def edges(self) -> list[int]:
        """Indices of the nodes on the outer edges."""
        return [0, self.count - 1] if self.mirror == "none" else [self.count - 1]

    def odd_zeros(self, place: Place, parity: int) -> list[int]:
        """Indices of nodes or links on which a field of this parity vanishes by symmetry."""
        return [0] if self.mirror == place and parity == -1 else []

    # ---------------------------------------------------------------- operators
    def _to_links(self, left: float, right: float, parity: int) -> sp.csr_array:
        """(links × nodes): left · u_i + right · u_{i+1}, with u_{−1} = parity · u_0."""
        n = self.count
        if self.mirror != "link":
            return sp.csr_array(sp.diags_array([left, right], offsets=[0, 1], shape=(n - 1, n)))
        matrix = sp.lil_array(sp.diags_array([left, right], offsets=[-1, 0], shape=(n, n)))
        matrix[0, 0] = right + parity * left
        return sp.csr_array(matrix)

    def difference(self, parity: int) -> sp.csr_array:
        """(links × nodes): (u_{i+1} − u_i)/h, of a node field of this parity."""
        return self._to_links(-1 / self.h, 1 / self.h, parity)

    def average(self, parity: int) -> sp.csr_array:
        """(links × nodes): (u_{i+1} + u_i)/2, of a node field of this parity."""
        return self._to_links(0.5, 0.5, parity)

    def divergence(self, parity: int) -> sp.csr_array:
        """(nodes × links): (u_{i+½} − u_{i−½})/h, of a link field; the outer ends get 0."""
        shape = (self.count, len(self.coordinates("link")))
        first = 0 if self.mirror == "link" else -1
        steps = [-1 / self.h, 1 / self.h]
        matrix = sp.lil_array(sp.diags_array(steps, offsets=[first, first + 1], shape=shape))
        for edge in self.edges:
            matrix[edge] = 0.0
        if self.mirror == "node":
            matrix[0, 0] = (1 - parity) / self.h
        return sp.csr_array(matrix)

    def central(self, parity: int) -> sp.csr_array:
        """(nodes × nodes): (u_{i+1} − u_{i−1})/2h, of a node field; the outer ends get 0."""
        return sp.csr_array(self.divergence(parity) @ self.average(parity))

    def stiffness(self, place: Place, parity: int) -> sp.csr_array:
        """K with uᵀK u = ∫(du/dx)² of a field on the nodes or on the links."""
        if place == "node":
            return quadratic_form(self.difference(parity), self.weights("link"))
        return quadratic_form(self.divergence(parity), self.weights("node"))
