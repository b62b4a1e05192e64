"""Who is next to whom: Delaunay neighbours and Voronoi cells of vortices in any box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError, cKDTree

from vortexmd.analysis.torus import triangulate_torus
from vortexmd.vortices import Vortices

# Vortices nearer than this many mean spacings stand on one spot for the triangulation.
SAME_SPOT = 1e-6


@dataclass(frozen=True, eq=False)
class DelaunayNeighbors:
    """Delaunay neighbours of every vortex, as compressed rows, and its Voronoi cell.

    Row i is ``neighbors[offsets[i]:offsets[i + 1]]``, its bond vectors the same slice of
    ``separations``. A bond counts once for every periodic image through which it runs: in a tiny
    periodic box a vortex can have another as a neighbour twice, or itself. With this multiplicity
    the mean coordination of a fully periodic box is exactly 6 for every N ≥ 1.

    Attributes
    ----------
    offsets : (N + 1,) int
    neighbors : (K,) int, rows of `Vortices`
    separations : (K, 2) in λ, from the vortex to that image of the neighbour
    at_edge : (N,) bool
        Vortices on the rim along non-periodic axes: their Voronoi cell reaches as far as, or
        beyond, the convex hull of all vortices (in a strip, the band from the first to the last).
        They lack neighbours on one side, so their coordination number means nothing.
    site : (N,) int
        The first row on the same spot: vortices nearer than 1e-6 spacings (stacks, as bounded
        pair forces make them) are triangulated as one point and all carry its neighbours, listed
        by their sites. Without stacks, ``site[i] == i``.
    cell_offsets, cell_corners : (N + 1,) int, (C, 2) in λ
        Corners of the Voronoi cells, counter-clockwise, as compressed rows; see `voronoi_cells`.
    """

    offsets: NDArray[np.int64]
    neighbors: NDArray[np.int64]
    separations: NDArray[np.float64]
    at_edge: NDArray[np.bool_]
    site: NDArray[np.int64]
    cell_offsets: NDArray[np.int64]
    cell_corners: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.site)

    @property
    def coordination(self) -> NDArray[np.int64]:
        """(N,) number of neighbours, with multiplicity; also for vortices at the edge."""
        return np.diff(self.offsets)


def delaunay_neighbors(vortices: Vortices) -> DelaunayNeighbors:
    """Delaunay neighbours: vortices whose Voronoi cells share a side.

    Periodic axes are periodic, with every image that matters. Along other axes the cells end at
    the sides of the box (reflecting, open) or half a mean spacing beyond the outermost vortices
    (free), and vortices are neighbours if their cells touch this side of it; that also settles
    collinear vortices, and one or two of them. `DelaunayNeighbors.at_edge` marks the rim.

    Where four or more vortices lie on one empty circle, as in a perfect square lattice, the
    triangulation is not unique; the choice then made is always the same one but has no meaning.

    Parameters
    ----------
    vortices
        Any number in any box; the windings do not matter.

    Returns
    -------
    DelaunayNeighbors
    """
    n = len(vortices)
    if n == 0:
        empty = np.zeros(0, dtype=np.int64)
        start, plane = np.zeros(1, dtype=np.int64), np.zeros((0, 2))
        return DelaunayNeighbors(start, empty, plane, empty.astype(bool), empty, start, plane)
    spacing = mean_spacing(vortices)
    site = _sites(vortices, SAME_SPOT * spacing)
    rows = np.unique(site)
    positions, m = vortices.positions[rows], len(rows)
    low, high = cell_domain(vortices)
    cloud, lengths = positions - low, high - low
    periodic = np.array(vortices.box.periodic)
    for axis in np.flatnonzero(~periodic):
        # Mirrored at its two sides, an axis becomes periodic, and no cell crosses a side.
        mirrored = cloud.copy()
        mirrored[:, axis] = 2 * lengths[axis] - cloud[:, axis]
        cloud = np.concatenate((cloud, mirrored))
        lengths[axis] *= 2
    mesh = triangulate_torus(cloud, lengths)

    real = (mesh.first < m) & (mesh.second < m) & (mesh.shift[:, ~periodic] == 0).all(axis=1)
    first, second = mesh.first[real], mesh.second[real]
    bonds = positions[second] + mesh.shift[real] * lengths - positions[first]
    owner, corner = mesh.owner[mesh.owner < m], mesh.corner[mesh.owner < m] + low

    beyond = _outside_hull(corner, positions, vortices.box.periodic, SAME_SPOT * spacing)
    at_edge = np.zeros(m, dtype=bool)
    at_edge[owner[beyond]] = True

    # Back from sites to vortices: all of a stack carry its neighbours, its first row the cell.
    of_vortex = np.searchsorted(rows, site)
    start = np.searchsorted(first, np.arange(m + 1))
    offsets, take = _repeat_rows(start, of_vortex)
    corners_of_site = np.bincount(owner, minlength=m)
    corners = np.zeros(n, dtype=np.int64)
    corners[rows] = corners_of_site
    return DelaunayNeighbors(
        offsets=offsets,
        neighbors=rows[second[take]],
        separations=bonds[take],
        at_edge=at_edge[of_vortex],
        site=site,
        cell_offsets=np.concatenate(([0], np.cumsum(corners))),
        cell_corners=corner,
    )


def neighbors_of(vortices: Vortices | DelaunayNeighbors) -> DelaunayNeighbors:
    """The neighbours themselves if given, so that several measures share one triangulation."""
    return vortices if isinstance(vortices, DelaunayNeighbors) else delaunay_neighbors(vortices)


def voronoi_cells(vortices: Vortices | DelaunayNeighbors) -> list[NDArray[np.float64]]:
    """The Voronoi cell of every vortex as a polygon.

    A cell surrounds its vortex and so reaches over the periodic sides of the box; at reflecting
    and open sides it ends, along free axes half a mean spacing beyond the outermost vortices. Of
    vortices on one spot the first has the cell. In a fully periodic box, and in one with walls,
    the areas add up to that of the box.

    Parameters
    ----------
    vortices
        `Vortices`, or their `delaunay_neighbors`.

    Returns
    -------
    list of N arrays (C_i, 2) in λ, corners counter-clockwise; (0, 2) for the rest of a stack
    """
    found = neighbors_of(vortices)
    return np.split(found.cell_corners, found.cell_offsets[1:-1]) if len(found) else []


def mean_spacing(vortices: Vortices) -> float:
    """√(area per vortex) in λ, N ≥ 1; along free axes the area ends at the outermost vortices."""
    extent = np.ptp(vortices.positions, axis=0)
    free = np.array([word == "free" for word in vortices.box.boundary])
    area = float(np.prod(np.where(free, extent, vortices.box.lengths)))
    # On a line there is no area, and the box's must do.
    return float(np.sqrt((area or vortices.box.area) / len(vortices)))


def _sites(vortices: Vortices, distance: float) -> NDArray[np.int64]:
    """First row of those that stand on the same spot, for every vortex."""
    n = len(vortices)
    lengths = np.where(vortices.box.periodic, vortices.box.lengths, 0.0)
    pairs = cKDTree(vortices.positions, boxsize=lengths).query_pairs(
        distance, output_type="ndarray"
    )
    if not len(pairs):
        return np.arange(n)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, stack = connected_components(graph, directed=False)
    _, first = np.unique(stack, return_index=True)
    return first[stack]


def cell_domain(vortices: Vortices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower left and upper right corner, in λ, of the region that the Voronoi cells share out.

    The box, and along free axes half a mean spacing beyond the outermost vortices.
    """
    low, high = np.zeros(2), np.array(vortices.box.lengths)
    if len(vortices) == 0:
        return low, high
    spacing = mean_spacing(vortices)
    for axis, word in enumerate(vortices.box.boundary):
        least, most = vortices.positions[:, axis].min(), vortices.positions[:, axis].max()
        if word == "free":
            low[axis], high[axis] = least - spacing / 2, most + spacing / 2
        elif word != "periodic":
            # A vortex on a wall would coincide with its own mirror image.
            low[axis] = min(0.0, least - 1e-3 * spacing)
            high[axis] = max(high[axis], most + 1e-3 * spacing)
    return low, high


def _outside_hull(
    corner: NDArray[np.float64],
    positions: NDArray[np.float64],
    periodic: tuple[bool, bool],
    tolerance: float,
) -> NDArray[np.bool_]:
    """Which points lie on or beyond the convex hull of the positions along non-periodic axes."""
    if all(periodic):
        return np.zeros(len(corner), dtype=bool)
    if any(periodic):
        across = 1 if periodic[0] else 0
        least, most = positions[:, across].min(), positions[:, across].max()
        y = corner[:, across]
        return (y <= least + tolerance) | (y >= most - tolerance)
    try:
        hull = ConvexHull(positions)
    except (QhullError, ValueError):
        # Fewer than three vortices, or all on a line: the hull has no inside.
        return np.ones(len(corner), dtype=bool)
    outside = np.zeros(len(corner), dtype=bool)
    for normal_x, normal_y, offset in hull.equations:
        outside |= corner[:, 0] * normal_x + corner[:, 1] * normal_y + offset >= -tolerance
    return outside


def _repeat_rows(
    start: NDArray[np.int64], row: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Compressed rows in another order or repeated: new offsets, and the entries to take."""
    lengths = np.diff(start)[row]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    take = np.arange(offsets[-1]) + np.repeat(start[row] - offsets[:-1], lengths)
    return offsets, take
