"""Spectral elements on a radius: nodes, derivative, integrals, interpolation, and where they lie.

Elements of one polynomial degree on Gauss-Lobatto nodes, uniform over a vortex's core and growing
outside it. Lengths in λ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial import legendre

from gl_reference.elements import derivative_matrix, gauss_lobatto, interpolation_matrix
from potentials.base import Array

DECAY_LENGTHS = 36.0  # e^{−36} is the rounding of one
GROWTH = 1.4  # of successive elements outside the core
LONGEST = 3.0  # decay lengths in the longest element


def read_only(values: Array) -> Array:
    """The same array, protected: cached solutions are shared by all who ask for them."""
    values.flags.writeable = False
    return values


@lru_cache(maxsize=8)
def reference_derivatives(order: int) -> tuple[Array, Array]:
    """First and second derivative (order + 1, order + 1) on [−1, 1]."""
    nodes, _ = gauss_lobatto(order)
    first = derivative_matrix(nodes)
    return first, first @ first


@lru_cache(maxsize=8)
def _integral_to_the_right_end(order: int) -> Array:
    """(order + 1, order + 1): ∫ from node i to 1 of the polynomial through nodal values."""
    nodes, _ = gauss_lobatto(order)
    to_series = np.linalg.inv(legendre.legvander(nodes, order))
    antiderivative = legendre.legint(to_series, lbnd=1.0, axis=0)
    return np.asarray(-legendre.legval(nodes, antiderivative).T)


@dataclass(frozen=True, eq=False)
class RadialMesh:
    """Elements on 0 ≤ r ≤ R that share their end nodes.

    Attributes
    ----------
    ends : (M + 1,) array
        Ends of the elements in λ, from 0 to R.
    order : int
        Polynomial degree of an element.
    """

    ends: Array
    order: int

    @cached_property
    def half(self) -> Array:
        """Half the length (M,) of each element."""
        return np.diff(self.ends) / 2

    @cached_property
    def nodes(self) -> Array:
        """Radii (M, order + 1) by element; end nodes stand twice."""
        reference, _ = gauss_lobatto(self.order)
        return self.ends[:-1, None] + self.half[:, None] * (1 + reference)

    @cached_property
    def r(self) -> Array:
        """Radii (M·order + 1,), each once."""
        return read_only(self.join(self.nodes))

    def join(self, values: Array) -> Array:
        """Values (M, order + 1) by element as (M·order + 1,), each node once."""
        return np.append(values[:, :-1].ravel(), values[-1, -1])

    def split(self, values: Array) -> Array:
        """Values (M·order + 1,) as (M, order + 1) by element."""
        return np.lib.stride_tricks.sliding_window_view(values, self.order + 1)[:: self.order]

    def derivative(self, values: Array) -> Array:
        """d/dr at the nodes (M·order + 1,) of nodal values (M·order + 1,)."""
        first, _ = reference_derivatives(self.order)
        return self.join(self.split(values) @ first.T / self.half[:, None])

    def integrate(self, values: Array) -> float:
        """∫₀^R of nodal values (M·order + 1,)."""
        _, weights = gauss_lobatto(self.order)
        return float(self.half @ (self.split(values) @ weights))

    def integral_from_outside(self, values: Array) -> Array:
        """∫_r^R at the nodes (M·order + 1,) of nodal values (M·order + 1,)."""
        matrix = _integral_to_the_right_end(self.order)
        pieces = self.split(values) @ matrix.T * self.half[:, None]
        beyond = np.append(np.cumsum(pieces[:0:-1, 0])[::-1], 0.0)
        return self.join(pieces + beyond[:, None])

    def interpolate(self, values: Array, r: Array) -> Array:
        """Nodal values (M·order + 1,) at any 0 ≤ r ≤ R, (K,)."""
        element = np.searchsorted(self.ends[1:-1], r, side="right")
        reference, _ = gauss_lobatto(self.order)
        rows = interpolation_matrix(reference, (r - self.ends[element]) / self.half[element] - 1)
        return np.einsum("ki,ki->k", rows, self.split(values)[element])


def core_radius(n: int, mu: float) -> float:
    """Where the order parameter of winding n ≥ 1 has recovered, roughly, in λ.

    A small core ends where the velocity n/r breaks pairs; in a large one the flux 2πn stands at
    the critical field H_c = μ/2.
    """
    return min(1.5 * n / mu, 2 * math.sqrt(n / mu))


def radial_mesh(n: int, mu: float, order: int) -> RadialMesh:
    """Elements for a vortex of winding n ≥ 1: fine over its core, then growing outwards."""
    core = 1.5 * core_radius(n, mu)
    decay = max(1.0, 1 / mu)
    count = math.ceil(core * max(1.0, mu))
    ends = list(np.linspace(0, core, count + 1))
    size = core / count
    while ends[-1] < core + DECAY_LENGTHS * decay:
        size = min(size * GROWTH, LONGEST * decay)
        ends.append(ends[-1] + size)
    return RadialMesh(np.array(ends), order)
