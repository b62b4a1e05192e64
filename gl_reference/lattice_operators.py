"""Stencils and weights of the discrete energy of f and A, for each scheme.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eq. 12, becomes

    E = ½ fᵀK_f f + ½ AᵀK_A A + ½ Σ c (M f²)(A − V)² + (μ²/8) Σ w (1 − f²)²;

schemes differ in where A lives (weights c), in K_A and in the average M from nodes to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from gl_reference.lattice_axis import Axis, Place, quadratic_form
from gl_reference.lattice_schemes import Scheme
from potentials.base import Array


def _product(x: sp.csr_array, y: sp.csr_array) -> sp.csr_array:
    return sp.csr_array(sp.kron(x, y))


@dataclass(frozen=True)
class Component:
    """One of f, A_x, A_y: where it lives on the two axes, and how it behaves under reflections.

    `given_edges`: its values on nodes of the outer edges are boundary values.
    """

    axes: tuple[Axis, Axis]
    places: tuple[Place, Place]
    parities: tuple[int, int]
    given_edges: bool

    @property
    def shape(self) -> tuple[int, int]:
        sizes = [len(a.coordinates(p)) for a, p in zip(self.axes, self.places, strict=True)]
        return sizes[0], sizes[1]

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def points(self) -> Array:
        """(size, 2), in λ."""
        x, y = (a.coordinates(p) for a, p in zip(self.axes, self.places, strict=True))
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)

    @property
    def weights(self) -> Array:
        """(size,), areas in λ²."""
        x, y = (a.weights(p) for a, p in zip(self.axes, self.places, strict=True))
        return np.outer(x, y).ravel()

    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """Which values (size,) neither symmetry nor the edge gives."""
        mask = np.zeros(self.shape, dtype=bool)
        mask[np.ix_(*self._free_indices)] = True
        return mask.ravel()

    @property
    def _free_indices(self) -> list[NDArray[np.int64]]:
        found = []
        for axis, place, parity, size in zip(
            self.axes, self.places, self.parities, self.shape, strict=True
        ):
            given = axis.odd_zeros(place, parity)
            if self.given_edges and place == "node":
                given = given + axis.edges
            found.append(np.setdiff1d(np.arange(size), given))
        return found

    def along(self, axis: int, matrix: sp.csr_array) -> sp.csr_array:
        """The operator that acts on one axis only."""
        other = sp.csr_array(sp.eye_array(self.shape[1 - axis]))
        return _product(matrix, other) if axis == 0 else _product(other, matrix)

    def stiffness(self, axis: int) -> sp.csr_array:
        """K with uᵀK u = ∫(∂u)², the derivative along one axis."""
        one, other = self.axes[axis], self.axes[1 - axis]
        own = one.stiffness(self.places[axis], self.parities[axis])
        weights = sp.csr_array(sp.diags_array(other.weights(self.places[1 - axis])))
        return _product(own, weights) if axis == 0 else _product(weights, own)

    @cached_property
    def inverse(self) -> Callable[[Array, float], Array]:
        """(load, shift) → u with −∇²u + shift·u = load/weights, exact, by diagonalising each axis.

        Lynch, Rice, Thomas, Numer. Math. 6, 185 (1964). Values that are given stay 0.
        """
        indices = self._free_indices
        values, vectors = [], []
        for axis, place, parity, kept in zip(
            self.axes, self.places, self.parities, indices, strict=True
        ):
            scale = 1 / np.sqrt(axis.weights(place)[kept])
            own = axis.stiffness(place, parity).toarray()[np.ix_(kept, kept)]
            eigenvalues, eigenvectors = scipy.linalg.eigh(scale[:, None] * own * scale)
            values.append(eigenvalues)
            vectors.append(scale[:, None] * eigenvectors)
        total = values[0][:, None] + values[1]
        X, Y = vectors
        where = np.ix_(*indices)

        def apply(load: Array, shift: float) -> Array:
            u = np.zeros(self.shape)
            u[where] = X @ ((X.T @ load.reshape(self.shape)[where] @ Y) / (total + shift)) @ Y.T
            return u.ravel()

        return apply


@dataclass(frozen=True, eq=False)
class Operators:
    """The matrices of the energy; A stands for A_x and A_y, one after the other.

    `reported_f` and `reported_A` are the K_f and K_A of the energy that the scheme reports. `curl`
    gives B from A, on the places that `field` names.
    """

    f: Component
    A: tuple[Component, Component]
    stiffness_f: sp.csr_array
    stiffness_A: sp.csr_array
    reported_f: sp.csr_array
    reported_A: sp.csr_array
    average: sp.csr_array
    curl: sp.csr_array
    field: Component
    gauge_fixed: bool

    @cached_property
    def weights_A(self) -> Array:
        return np.concatenate([component.weights for component in self.A])

    @cached_property
    def free_A(self) -> NDArray[np.bool_]:
        return np.concatenate([component.free for component in self.A])

    @property
    def copies(self) -> int:
        """How many times the stored cell fits into the whole domain."""
        return self.f.axes[0].copies * self.f.axes[1].copies


@lru_cache(maxsize=4)
def assemble(axes: tuple[Axis, Axis], mirrors: tuple[int, int], scheme: Scheme) -> Operators:
    """Operators on a cell of the grid.

    `mirrors` holds, for each axis that is cut at a mirror, 1 where the reflection leaves all
    windings as they are and −1 where it reverses them. A then turns into −s M A, M being the
    reflection and s that sign: the component along the axis has parity s, the other −s.
    """
    sx, sy = (sign or 1 for sign in mirrors)
    f = Component(axes, ("node", "node"), (1, 1), False)
    build = _staggered if scheme.layout == "staggered" else _collocated
    return build(f, ((sx, -sy), (-sx, sy)), scheme)


def _field_parities(A_x: Component, A_y: Component) -> tuple[int, int]:
    """Of B: opposite to those of the component across the mirror."""
    return -A_y.parities[0], -A_x.parities[1]


def _staggered(f: Component, parities: tuple[tuple[int, int], ...], scheme: Scheme) -> Operators:
    """A on the links, B on the plaquettes, ∇·A on the nodes."""
    x, y = axes = f.axes
    A_x = Component(axes, ("link", "node"), parities[0], True)
    A_y = Component(axes, ("node", "link"), parities[1], True)
    dy_A_x = A_x.along(1, y.difference(A_x.parities[1]))
    dx_A_y = A_y.along(0, x.difference(A_y.parities[0]))
    curl = sp.csr_array(sp.hstack([-dy_A_x, dx_A_y]))
    field = replace(f, places=("link", "link"), parities=_field_parities(A_x, A_y))
    stiffness = quadratic_form(curl, field.weights)
    if scheme.gauge_weight:
        divergences = [
            A_x.along(0, x.divergence(A_x.parities[0])),
            A_y.along(1, y.divergence(A_y.parities[1])),
        ]
        # On an edge only one of the two terms is known.
        inside = f.weights * replace(f, given_edges=True, parities=(1, 1)).free
        divergence = sp.csr_array(sp.hstack(divergences))
        stiffness = stiffness + scheme.gauge_weight * quadratic_form(divergence, inside)
    averages = [f.along(0, x.average(1)), f.along(1, y.average(1))]
    stiffness_f = f.stiffness(0) + f.stiffness(1)
    return Operators(
        f=f,
        A=(A_x, A_y),
        stiffness_f=stiffness_f,
        stiffness_A=stiffness,
        reported_f=stiffness_f,
        reported_A=stiffness,
        average=sp.csr_array(sp.vstack(averages)),
        curl=curl,
        field=field,
        gauge_fixed=scheme.gauge_weight > 0,
    )


def _collocated(f: Component, parities: tuple[tuple[int, int], ...], scheme: Scheme) -> Operators:
    """All on the nodes: three-point second derivatives, central first and mixed ones."""
    x, y = f.axes
    A_x, A_y = (replace(f, parities=both, given_edges=True) for both in parities)
    dy_A_x = A_x.along(1, y.central(A_x.parities[1]))
    dx_A_y = A_y.along(0, x.central(A_y.parities[0]))
    curl = sp.csr_array(sp.hstack([-dy_A_x, dx_A_y]))
    w = scheme.gauge_weight
    # As in the continuum, ∫∂_xA_x ∂_yA_y = ∫∂_yA_x ∂_xA_y where the edge is given. Summed over
    # plaquettes, which cover the grid to its edges, this is the central ∂_x∂_y on the nodes.
    slope_x = _product(x.average(A_x.parities[0]), y.difference(A_x.parities[1]))
    slope_y = _product(x.difference(A_y.parities[0]), y.average(A_y.parities[1]))
    plaquettes = sp.diags_array(replace(f, places=("link", "link")).weights)
    mixed = (w - 1) * sp.csr_array(slope_x.T @ plaquettes @ slope_y)
    along_x = w * A_x.stiffness(0) + A_x.stiffness(1)
    along_y = A_y.stiffness(0) + w * A_y.stiffness(1)
    stiffness = sp.csr_array(sp.block_array([[along_x, mixed], [mixed.T, along_y]]))
    stiffness.eliminate_zeros()
    stiffness_f = reported_f = f.stiffness(0) + f.stiffness(1)
    reported_A = stiffness
    if scheme.energy == "central":
        slopes = [f.along(0, x.central(1)), f.along(1, y.central(1))]
        reported_f = sum(quadratic_form(slope, f.weights) for slope in slopes)
        reported_A = quadratic_form(curl, f.weights)
    return Operators(
        f=f,
        A=(A_x, A_y),
        stiffness_f=stiffness_f,
        stiffness_A=stiffness,
        reported_f=reported_f,
        reported_A=reported_A,
        average=sp.csr_array(sp.vstack([sp.eye_array(f.size)] * 2)),
        curl=curl,
        field=replace(f, parities=_field_parities(A_x, A_y)),
        gauge_fixed=scheme.gauge_weight > 0,
    )
