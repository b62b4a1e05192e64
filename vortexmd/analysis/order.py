"""How ordered vortices are: coordination, sixfold fraction, hexatic order, occupancy.

Every measure of neighbours takes `Vortices` or their `delaunay_neighbors`, so that several can
share one triangulation. Vortices at the edge (`DelaunayNeighbors.at_edge`) are left out of
averages: they lack neighbours on one side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vortexmd.analysis.delaunay import DelaunayNeighbors, neighbors_of
from vortexmd.vortices import Vortices


def coordination_numbers(vortices: Vortices | DelaunayNeighbors) -> NDArray[np.int64]:
    """Number of Delaunay neighbours of each vortex.

    Returns
    -------
    (N,) int. Also for vortices at the edge, where it means nothing: see
    `DelaunayNeighbors.at_edge`.
    """
    return neighbors_of(vortices).coordination


def sixfold_fraction(vortices: Vortices | DelaunayNeighbors) -> float:
    """P₆: the fraction of vortices, those at the edge aside, with exactly six neighbours.

    1 for a triangular lattice, 0.2949 for vortices at random. NaN if all are at the edge (as one
    or two in a free box are) or there are none.
    """
    found = neighbors_of(vortices)
    inside = found.coordination[~found.at_edge]
    return float(np.mean(inside == 6)) if inside.size else float("nan")


def hexatic_order(vortices: Vortices | DelaunayNeighbors) -> NDArray[np.complex128]:
    """ψ₆ of each vortex: the mean of exp(6iθ) over its Delaunay bonds, θ their angles to x.

    Every bond has the same weight (D. R. Nelson and B. I. Halperin, Phys. Rev. B 19, 2457
    (1979)). |ψ₆| = 1 for six neighbours at equal angles; 0.3611 on average for vortices at random.
    A turn of the lattice by α turns ψ₆ by 6α.

    Returns
    -------
    (N,) complex; at the edge over the neighbours there are; NaN for a vortex without neighbours
    (alone in a box that is not periodic)
    """
    found = neighbors_of(vortices)
    bonds = found.coordination
    theta = np.arctan2(found.separations[:, 1], found.separations[:, 0])
    owner = np.repeat(np.arange(len(found)), bonds)
    psi = np.full(len(found), complex(np.nan, np.nan))
    some = bonds > 0
    real = np.bincount(owner, np.cos(6 * theta), len(found))
    imaginary = np.bincount(owner, np.sin(6 * theta), len(found))
    psi[some] = (real[some] + 1j * imaginary[some]) / bonds[some]
    return psi


def global_hexatic_order(vortices: Vortices | DelaunayNeighbors) -> float:
    """|⟨ψ₆⟩| over the vortices that are not at the edge.

    1 for one crystal of any orientation, about 1/√N where orientations are random. NaN if all are
    at the edge or there are none.
    """
    found = neighbors_of(vortices)
    inside = hexatic_order(found)[~found.at_edge]
    return float(abs(inside.mean())) if inside.size else float("nan")


def mean_occupancy(vortices: Vortices) -> float:
    """Mean number of vortices, itself included, within half a lattice spacing of a vortex.

    The spacing is that of the triangular lattice of the box's density, a = √(2/(√3 n)). 1 for a
    lattice, k for one of k-fold stacks, 1 + π/(2√3) ≈ 1.907 for vortices at random: above that,
    vortices cluster. All windings count alike; along periodic axes each vortex counts once,
    whatever the number of its images within reach.

    Returns
    -------
    float, at least 1; NaN without vortices
    """
    if len(vortices) == 0:
        return float("nan")
    spacing = np.sqrt(2 / (np.sqrt(3) * vortices.density))
    lengths = np.where(vortices.box.periodic, vortices.box.lengths, 0.0)
    tree = cKDTree(vortices.positions, boxsize=lengths)
    # Counts ordered pairs, each vortex with itself among them.
    return float(tree.count_neighbors(tree, spacing / 2)) / len(vortices)
