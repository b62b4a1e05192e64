"""Triangle meshes graded to the vortices: rings around each, a quadtree's corners elsewhere.

Near a fixed vortex the amplitude has a cone and weak corner terms r^√(n²+1) (the force); rings
of geometrically falling radius resolve both at the price of a few triangles a vortex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from potentials.base import Array

Indices = NDArray[np.int64]

SECTORS = 8  # points on a ring; a multiple of four, so that rings meet both mirror lines
RING_RATIO = 1.7  # radius of a ring over that of the next inner one
RING_REACH = 0.35  # of the distance to the next vortex: what the rings may cover
SLOPE = 0.6  # triangle size over the distance to the nearest vortex, close to it
GROWTH = 0.3  # the same, far from it
GAP = 0.3  # no other point this near to the outer ring, in its radii
SMOOTHING = 4  # passes
ROUNDING = 1e-14  # relative


class Box(NamedTuple):
    """A rectangle along the axes, in λ."""

    left: float
    right: float
    bottom: float
    top: float

    def snapped(self, points: Array) -> Array:
        """`points` (…, 2) with those that rounding keeps off an edge put there."""
        edges = np.array([[self.left, self.right], [self.bottom, self.top]])
        for edge in edges.T:
            points = np.where(np.abs(points - edge) < ROUNDING * np.abs(edges).max(), edge, points)
        return points

    def on_edge(self, points: Array) -> NDArray[np.bool_]:
        """Which of the points (…, 2) lie on the four edges, to the last bit."""
        x, y = points[..., 0], points[..., 1]
        return (x == self.left) | (x == self.right) | (y == self.bottom) | (y == self.top)

    def holds(self, points: Array) -> NDArray[np.bool_]:
        """Which of the points (…, 2) lie inside or on an edge."""
        x, y = points[..., 0], points[..., 1]
        return (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)


class Sizes(NamedTuple):
    """How fine a mesh is: lengths in λ.

    innermost is the radius of the first ring, core the triangle size on the scale of a core,
    largest that of the far triangles.
    """

    innermost: float
    core: float
    largest: float

    def at(self, distance: Array) -> Array:
        """Triangle size at a distance from the nearest vortex."""
        growing = np.minimum(self.core + GROWTH * distance, self.largest)
        return np.minimum(SLOPE * distance, growing)


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices (V, 2) in λ, the vortices first, and triangles (T, 3) of ascending vertex index."""

    vertices: Array
    triangles: Indices
    box: Box

    def corners(self) -> Array:
        """Vertices of each triangle (T, 3, 2)."""
        return self.vertices[self.triangles]

    def quality(self) -> Array:
        """Shape of each triangle (T,): 1 equilateral, 0 flat."""
        corners = self.corners()
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        sides = (a**2).sum(1) + (b**2).sum(1) + ((a - b) ** 2).sum(1)
        return 2 * np.sqrt(3) * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / sides

    def locate(self, points: Array) -> tuple[Indices, Array]:
        """Triangle (P,) that holds each point (P, 2) of the box, and its coordinates (P, 2) there.

        The coordinates are those along the first triangle's edges from its first vertex. Points
        outside every triangle by rounding go to the nearest.
        """
        search = Delaunay(self.vertices)
        # The same points give the same triangles; only the order of vertices is ours.
        owner = search.find_simplex(points, tol=1e-10)
        lost = owner < 0
        if lost.any():
            middles = self.corners().mean(axis=1)
            gaps = np.hypot(*(points[lost][:, None] - middles).transpose(2, 0, 1))
            owner[lost] = np.argmin(gaps, axis=1)
        corners = np.sort(search.simplices, axis=1)[owner]
        origin = self.vertices[corners[:, 0]]
        edges = self.vertices[corners[:, 1:]] - origin[:, None]  # (P, edge, xy)
        local = np.linalg.solve(edges.transpose(0, 2, 1), (points - origin)[..., None])
        return owner.astype(np.int64), local[..., 0]


def nearest_distance(points: Array, vortices: Array) -> Array:
    """Distance (P,) from each point (P, 2) to the nearest vortex (N, 2)."""
    best = np.full(len(points), np.inf)
    for vortex in vortices:
        np.minimum(best, np.hypot(*(points - vortex).T), out=best)
    return best


def ring_radii(vortices: Array, core: float) -> Array:
    """Radius of the outermost ring around each vortex (N,), clear of all others."""
    radii = np.full(len(vortices), core)
    for i, vortex in enumerate(vortices):
        others = np.delete(vortices, i, axis=0)
        if len(others):
            radii[i] = min(core, RING_REACH * np.hypot(*(others - vortex).T).min())
    return radii


def _rings(vortex: Array, radius: float, innermost: float, box: Box) -> Array:
    """Points of the rings around one vortex that lie in the box."""
    angles = 2 * np.pi * np.arange(SECTORS) / SECTORS
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    circle[np.abs(circle) < 1e-12] = 0.0  # rings around a vortex on an edge meet that edge
    count = max(2, int(np.ceil(np.log(radius / innermost) / np.log(RING_RATIO))))
    radii = radius * RING_RATIO ** -np.arange(count + 1.0)
    points = (vortex + radii[:, None, None] * circle).reshape(-1, 2)
    return points[box.holds(points)]


def _quadtree_corners(vortices: Array, radii: Array, box: Box, sizes: Sizes) -> Array:
    """Corners (P, 2) of the leaves of a quadtree whose cells are no larger than `sizes` asks."""
    spans = np.array([box.right - box.left, box.top - box.bottom])
    counts = np.maximum(1, np.round(spans / sizes.largest)).astype(np.int64)
    origin, step = np.array([box.left, box.bottom]), spans / counts
    offsets = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
    cells = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 2)
    leaves: list[Indices] = []
    while len(cells):
        side = step / 2 ** len(leaves)
        middles = origin + (cells + 0.5) * side
        split = side.max() > sizes.at(nearest_distance(middles, vortices))
        for vortex, radius in zip(vortices, radii, strict=True):  # rings cover the rest
            split &= np.hypot(*(middles - vortex).T) > radius - np.hypot(*side) / 2
        leaves.append((cells[~split][:, None] + offsets).reshape(-1, 2))
        cells = (2 * cells[split][:, None] + offsets).reshape(-1, 2)
    finest = len(leaves) - 1
    keys = np.unique(
        np.concatenate([leaf << (finest - level) for level, leaf in enumerate(leaves)]), axis=0
    )
    points = origin + keys * (step / 2**finest)
    last = keys == counts << finest
    points[last[:, 0], 0] = box.right
    points[last[:, 1], 1] = box.top
    return points


def _smoothed(points: Array, movable: NDArray[np.bool_]) -> Array:
    """`points` after moving the movable ones towards the mean of their neighbours."""
    points = points.copy()
    for _ in range(SMOOTHING):
        starts, neighbours = Delaunay(points).vertex_neighbor_vertices
        means = np.add.reduceat(points[neighbours], starts[:-1]) / np.diff(starts)[:, None]
        points[movable] = (points[movable] + means[movable]) / 2
    return points


def graded_mesh(vortices: Array, radii: Array, box: Box, sizes: Sizes) -> Mesh:
    """The mesh of a rectangle that holds the vortices (M, 2).

    Parameters
    ----------
    vortices : (M, 2) array, λ
        On an edge, or at least their ring's radius away from it.
    radii : (M,) array, λ
        Of the outermost rings; see `ring_radii`.
    box, sizes
        The rectangle, and how fine.

    Returns
    -------
    Mesh
        Delaunay; its first M vertices are the vortices.
    """
    rings = [
        _rings(v, r, min(sizes.innermost, r), box) for v, r in zip(vortices, radii, strict=True)
    ]
    fixed = np.concatenate([vortices, *rings])
    free = _quadtree_corners(vortices, radii, box, sizes)
    for vortex, radius in zip(vortices, radii, strict=True):
        free = free[np.hypot(*(free - vortex).T) > (1 + GAP) * radius]
    points = np.concatenate([fixed, free])
    movable = ~box.on_edge(points)
    movable[: len(fixed)] = False
    points = _smoothed(points, movable)
    triangles = np.sort(Delaunay(points).simplices, axis=1).astype(np.int64)
    return Mesh(points, triangles, box)
