"""The mesh of the pair solver: spectral elements in confocal elliptic coordinates.

x + iy = (d/2) cosh(ξ + iη) puts the two vortices at the foci. The map is conformal, so the
Laplacian keeps its form, and near a focus r ∝ |ξ + iη|²: what is a corner r^√2 of the order
parameter in the plane is a mild |w|^{2√2} here. The elements follow the cores and widen with the
distance from them, so that a few hundred nodes hold a pair at any separation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gl_reference.elements import derivative_matrix, gauss_lobatto, interpolation_matrix
from potentials.base import Array

WIDEST_ELEMENT = 0.8  # in ξ and η: polar elements far from a close pair stay this fine
WIDENING = 2.0  # an element's length doubles at this many core sizes from its vortex
FIRST_ELEMENT = 0.35  # of the element at a focus, where it is split off


@dataclass(frozen=True)
class Axis:
    """Gauss-Lobatto elements along one coordinate.

    Attributes
    ----------
    breaks : (n + 1,)
        Ends of the elements.
    order : int
        Polynomial order.
    """

    breaks: Array
    order: int

    @cached_property
    def nodes(self) -> Array:
        """All nodes (n·order + 1,), shared ends once."""
        half = np.diff(self.breaks) / 2
        inner = self.breaks[:-1, None] + half[:, None] * (gauss_lobatto(self.order)[0] + 1)
        return np.append(inner[:, :-1].ravel(), self.breaks[-1])

    @cached_property
    def mass(self) -> Array:
        """Lumped mass: the weights of the nodes."""
        weights = np.diff(self.breaks)[:, None] / 2 * gauss_lobatto(self.order)[1]
        total = np.zeros(len(self.nodes))
        np.add.at(total, self._of_element, weights)
        return total

    @cached_property
    def stiffness(self) -> Array:
        """∫u'v' as a matrix (nodes, nodes)."""
        points, weights = gauss_lobatto(self.order)
        slopes = derivative_matrix(points)
        local = (slopes.T * weights) @ slopes
        total = np.zeros((len(self.nodes), len(self.nodes)))
        for nodes, width in zip(self._of_element, np.diff(self.breaks), strict=True):
            total[np.ix_(nodes, nodes)] += 2 / width * local
        return total

    @cached_property
    def _of_element(self) -> np.ndarray:
        first = self.order * np.arange(len(self.breaks) - 1)
        return first[:, None] + np.arange(self.order + 1)

    def by_element(self) -> tuple[Array, Array, Array]:
        """Values and slopes at the nodes of every element, its ends apart from its neighbours'.

        Returns
        -------
        values, slopes : (n·(order + 1), nodes)
        weights : (n·(order + 1),)
        """
        points, weights = gauss_lobatto(self.order)
        widths = np.diff(self.breaks)
        shape = (len(widths), self.order + 1, len(self.nodes))
        values, slopes = np.zeros(shape), np.zeros(shape)
        local = derivative_matrix(points)
        for element, (nodes, width) in enumerate(zip(self._of_element, widths, strict=True)):
            values[element, np.arange(self.order + 1), nodes] = 1
            slopes[element][:, nodes] = 2 / width * local
        size = (-1, len(self.nodes))
        return values.reshape(size), slopes.reshape(size), (widths[:, None] / 2 * weights).ravel()

    def at(self, points: Array, *, slope: bool = False) -> tuple[np.ndarray, Array]:
        """Nodes and coefficients (points, order + 1) that give the value (or slope) at `points`.

        Points beyond the ends take the polynomial of the last element.
        """
        element = np.searchsorted(self.breaks[1:-1], points, side="right")
        widths = np.diff(self.breaks)[element]
        local = 2 * (points - self.breaks[element]) / widths - 1
        nodes = gauss_lobatto(self.order)[0]
        matrix = interpolation_matrix(nodes, local)
        if slope:
            matrix = matrix @ derivative_matrix(nodes) * (2 / widths)[:, None]
        return self._of_element[element], matrix


@dataclass(frozen=True)
class ConfocalMesh:
    """The quarter plane (equal |windings|) or half plane around a pair at separation d.

    Attributes
    ----------
    d : float
        Separation in λ; vortex 1 at (−d/2, 0), vortex 2 at (d/2, 0).
    xi, eta : Axis
        η runs to π/2 (x ≥ 0, y ≥ 0) or to π (y ≥ 0).
    half_plane : bool
        Whether η runs to π.
    """

    d: float
    xi: Axis
    eta: Axis
    half_plane: bool

    @cached_property
    def z(self) -> np.ndarray:
        """x + iy of the nodes (ξ, η), complex."""
        return self.d / 2 * np.cosh(self.xi.nodes[:, None] + 1j * self.eta.nodes)

    @cached_property
    def dz(self) -> np.ndarray:
        """dz/dw of the nodes; its modulus squared is the area element."""
        return self.d / 2 * np.sinh(self.xi.nodes[:, None] + 1j * self.eta.nodes)

    @cached_property
    def weights(self) -> Array:
        """Weights in ξ and η of the nodes; times |dz|² they integrate over the plane."""
        return self.xi.mass[:, None] * self.eta.mass

    @cached_property
    def foci(self) -> np.ndarray:
        """True where a node is a vortex."""
        at = np.zeros(self.z.shape, dtype=bool)
        at[0, 0] = True
        at[0, -1] = self.half_plane
        return at

    @property
    def copies(self) -> int:
        """How many times the domain covers the plane."""
        return 2 if self.half_plane else 4

    def laplace(self, values: Array) -> Array:
        """The stiffness matrix times `values`: −∇² in weak form; (ξ, η) as everything."""
        first = self.xi.stiffness @ values * self.eta.mass
        return first + self.xi.mass[:, None] * (values @ self.eta.stiffness)


def build_mesh(
    d: float, mu: float, half_plane: bool, *, order: int, splits: int, margin: float
) -> ConfocalMesh:
    """A mesh for separation d at μ; the outer ellipse passes `margin` (λ) beyond the vortices.

    `splits` elements are split off at each focus, each `FIRST_ELEMENT` of the one before.
    """
    half = d / 2
    core = min(1.0, 1 / mu)

    def density(gradient: Array, distance: Array) -> Array:
        allowed = core * (1 + distance / (WIDENING * core))
        return np.maximum(1 / WIDEST_ELEMENT, half * gradient / allowed)

    end = math.acosh(1 + margin / half)
    xi = _breaks(lambda t: density(np.cosh(t), half * np.sinh(t)), end, splits)
    eta = _breaks(lambda t: density(np.sin(t), half * (1 - np.cos(t))), math.pi / 2, splits)
    if half_plane:
        eta = np.concatenate([eta, math.pi - eta[-2::-1]])
    return ConfocalMesh(d, Axis(xi, order), Axis(eta, order), half_plane)


def _breaks(density: Callable[[Array], Array], end: float, splits: int) -> Array:
    """Ends of elements on [0, end] whose widths are at most 1/density; the first one split."""
    fine = np.linspace(0.0, end, 2001)
    values = density(fine)
    count = np.append(0.0, np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(fine)))
    elements = max(2, math.ceil(count[-1]))
    breaks = np.interp(np.linspace(0.0, count[-1], elements + 1), count, fine)
    first = breaks[1] * FIRST_ELEMENT ** np.arange(splits, 0, -1)
    return np.concatenate([[0.0], first, breaks[1:]])
