"""The Delaunay triangulation of points on a torus, by ghost images around the home box.

A triangle among points and images belongs to the infinite periodic set if no point of that set
lies in its circumcircle, and the circle shows it: where it stays within the region that the images
cover, nothing beyond them can lie in it. The margin of images grows until every triangle at a home
point passes, so the result is right for any number of points and any shape of box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError

# Width of the first margin in mean spacings: the empty circles of random points stay within it.
FIRST_MARGIN = 3.0
# Cocircular points (a square lattice) leave a choice of diagonals that must be the same for all
# images of a square. Moving the points by this many mean spacings settles it; Qhull's rounding in
# the lifted coordinate, about 1e-16 of (box/spacing)², stays below. More is tried if that fails.
JITTERS = (1e-7, 1e-5, 1e-3)
# Boxes so long and narrow that more repetitions of them would be needed are refused.
MOST_REPETITIONS = 20_000


@dataclass(frozen=True)
class TorusTriangulation:
    """Bonds and cell corners around each point of the home box.

    Bonds are directed: each appears once from either end, and once for every image through which
    two points (or a point and itself) are neighbours.

    first, second : (6M,) the points that a bond joins, sorted by first
    shift : (6M, 2) the box in which `second` is met, in box lengths
    owner : (6M,) the point whose cell a corner belongs to, sorted
    corner : (6M, 2) circumcentres of the triangles at `owner`, counter-clockwise around it
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shift: NDArray[np.int64]
    owner: NDArray[np.int64]
    corner: NDArray[np.float64]


def triangulate_torus(
    positions: NDArray[np.float64], lengths: NDArray[np.float64]
) -> TorusTriangulation:
    """Delaunay triangulation of the periodic repetition of `positions`.

    Parameters
    ----------
    positions
        (M, 2) with M ≥ 1, within [0, Lx) × [0, Ly), no two closer than 1e-6 mean spacings.
    lengths
        (Lx, Ly).

    Raises
    ------
    ValueError
        If the box is so long and narrow that its images would not fit into memory.
    RuntimeError
        If rounding keeps Qhull from a consistent triangulation; no input is known that does.
    """
    spacing = np.sqrt(np.prod(lengths) / len(positions))
    noise = np.random.default_rng(0).random(positions.shape) - 0.5
    for jitter in JITTERS:
        try:
            found = _triangulate(positions + jitter * spacing * noise, lengths, jitter * spacing)
        except QhullError:
            continue
        if found is not None:
            return found
    raise RuntimeError(
        f"no consistent Delaunay triangulation of {len(positions)} points in a box of "
        f"{lengths[0]:g} × {lengths[1]:g}: are the positions finite and the box not degenerate?"
    )


def _triangulate(
    points: NDArray[np.float64], lengths: NDArray[np.float64], shear: float
) -> TorusTriangulation | None:
    # No empty circle is wider than the box's diagonal: every point has an image within half of it.
    widest = 1.01 * np.hypot(*lengths)
    margin = min(FIRST_MARGIN * np.sqrt(np.prod(lengths) / len(points)), widest)
    while True:
        cloud, owner, shift = _with_images(points, lengths, shear, margin)
        triangles, centres = _triangles_at_home(cloud, len(points), lengths, margin)
        if triangles is not None:
            return _bonds_and_corners(triangles, centres, owner, shift, points)
        if margin >= widest:
            return None
        margin = min(2 * margin, widest)


def _with_images(
    points: NDArray[np.float64], lengths: NDArray[np.float64], shear: float, margin: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The home points, then their images up to `margin` beyond the box.

    The images of one point alone are rectangles, which no displacement of it unsquares: hence the
    shear of the box, by as much as the points are moved.
    """
    if np.prod(1 + 2 * np.ceil(margin / lengths)) > MOST_REPETITIONS:
        raise ValueError(
            f"box = {lengths[0]:g} × {lengths[1]:g} λ²: too long and narrow to find the neighbours of "
            f"{len(points)} vortices in"
        )
    reach = np.ceil(margin / lengths).astype(int)
    clouds, owners, shifts = [points], [np.arange(len(points))], [np.zeros_like(points, dtype=int)]
    for sx in range(-reach[0], reach[0] + 1):
        for sy in range(-reach[1], reach[1] + 1):
            if sx == 0 and sy == 0:
                continue
            image = points + np.array([sx * lengths[0] + sy * shear, sy * lengths[1]])
            near = np.flatnonzero(((image >= -margin) & (image < lengths + margin)).all(axis=1))
            clouds.append(image[near])
            owners.append(near)
            shifts.append(np.tile([sx, sy], (len(near), 1)))
    return np.concatenate(clouds), np.concatenate(owners), np.concatenate(shifts)


def _triangles_at_home(
    cloud: NDArray[np.float64], m: int, lengths: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64]]:
    """Triangles with a home corner and their circumcentres; None if the margin is too narrow."""
    none = np.empty((0, 2))
    if len(cloud) < 4:
        return None, none
    try:
        mesh = Delaunay(cloud)
    except QhullError:
        # Images along one line only, as one vortex in a long box has them at first.
        return None, none
    at_home = (mesh.simplices < m).any(axis=1)
    triangles = mesh.simplices[at_home].astype(np.int64)
    open_side = mesh.neighbors[at_home] == -1
    for k in range(3):
        others = triangles[:, [(k + 1) % 3, (k + 2) % 3]]
        if (open_side[:, k] & (others < m).any(axis=1)).any():
            return None, none
    a, b, c = (cloud[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    cross = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    if not cross.all():
        return None, none
    uu, vv = (u**2).sum(axis=1), (v**2).sum(axis=1)
    from_a = np.column_stack((v[:, 1] * uu - u[:, 1] * vv, u[:, 0] * vv - v[:, 0] * uu))
    from_a /= 2 * cross[:, None]
    radius = np.hypot(from_a[:, 0], from_a[:, 1])[:, None]
    centres = a + from_a
    covered = (centres - radius >= -margin) & (centres + radius <= lengths + margin)
    return (triangles if covered.all() else None), centres


def _bonds_and_corners(
    triangles: NDArray[np.int64],
    centres: NDArray[np.float64],
    owner: NDArray[np.int64],
    shift: NDArray[np.int64],
    points: NDArray[np.float64],
) -> TorusTriangulation | None:
    """What the triangles say about home points; None if images of a bond do not agree."""
    m = len(points)
    corners, keys = [], []
    for k in range(3):
        home = np.flatnonzero(triangles[:, k] < m)
        apex = triangles[home, k]
        corners.append(np.column_stack((apex, home)))
        for other in (1, 2):
            keys.append(apex * len(owner) + triangles[home, (k + other) % 3])
    # A bond is shared by two triangles; in the cloud it is told by its home end and its other end.
    first, other_end = np.divmod(np.unique(np.concatenate(keys)), len(owner))
    bonds = np.column_stack((first, owner[other_end], shift[other_end]))
    corner = np.concatenate(corners)
    # Euler on the torus: three bonds and two triangles a point. Every bond must have its reverse.
    if len(bonds) != 6 * m or len(corner) != 6 * m or not _symmetric(bonds, m):
        return None
    at, centre = corner[:, 0], centres[corner[:, 1]]
    ray = centre - points[at]
    order = np.lexsort((np.arctan2(ray[:, 1], ray[:, 0]), at))
    return TorusTriangulation(bonds[:, 0], bonds[:, 1], bonds[:, 2:], at[order], centre[order])


def _symmetric(bonds: NDArray[np.int64], m: int) -> bool:
    reach = np.abs(bonds[:, 2:]).max()
    width = 2 * reach + 1
    i, j, sx, sy = bonds.T
    there = ((i * m + j) * width + sx + reach) * width + sy + reach
    back = ((j * m + i) * width - sx + reach) * width - sy + reach
    return np.array_equal(np.sort(there), np.sort(back))
