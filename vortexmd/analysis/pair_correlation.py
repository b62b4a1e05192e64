"""The radial distribution function g(r)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vortexmd.box import Box
from vortexmd.vortices import Vortices

PAIRS = ("all", "like", "unlike")


def radial_distribution(
    frames: Vortices | Iterable[Vortices],
    r_max: float,
    bins: int = 100,
    pairs: Literal["all", "like", "unlike"] = "all",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """g(r): pairs found at distance r over those that vortices at random would have.

    Both are counted per bin and added up over the frames, each frame with its own number of pairs
    (N(N − 1)/2 in all, not N²/2), so g = 1 for vortices at random whatever N. Between reflecting
    or open sides the expectation is that for vortices spread evenly over the box, exactly: a ring
    around a vortex near a wall is cut by it. A density profile across such a box therefore shows
    in g(r).

    Parameters
    ----------
    frames
        One `Vortices` or many (a list, a trajectory, a slice of one).
    r_max
        Largest distance, λ. At most half the box along periodic axes, the whole along others.
    bins
        Number of equal bins from 0 to r_max.
    pairs
        ``"all"``; ``"like"``: windings of the same sign; ``"unlike"``: of opposite signs.

    Returns
    -------
    r : (bins,) middles of the bins, λ
    g : (bins,); NaN everywhere if no frame has such a pair

    Raises
    ------
    ValueError
        If r_max, bins or pairs is out of range, there are no frames, or an axis is free (there is
        no area over which the vortices could be spread evenly).
    """
    if pairs not in PAIRS:
        raise ValueError(f"pairs = {pairs!r}: give one of {', '.join(PAIRS)}")
    if isinstance(bins, bool) or int(bins) != bins or bins < 1:
        raise ValueError(f"bins = {bins!r}: give a whole number, 1 or more")
    if not (np.isfinite(r_max) and r_max > 0):
        raise ValueError(f"r_max = {r_max!r}: give a length in λ, more than 0")
    edges = np.linspace(0, r_max, int(bins) + 1)
    found, expected = np.zeros(len(edges)), np.zeros(len(edges))
    count = 0
    for frame in [frames] if isinstance(frames, Vortices) else frames:
        _check_range(frame.box, r_max)
        pairs_found, pairs_in_all = _pairs_within(frame, edges, pairs)
        found += pairs_found
        expected += pairs_in_all * _chance_within(frame.box, edges)
        count += 1
    if count == 0:
        raise ValueError("frames: none given; g(r) needs at least one")
    g = np.full(int(bins), np.nan)
    if expected[-1] > 0:
        g = np.diff(found) / np.diff(expected)
    return (edges[1:] + edges[:-1]) / 2, g


def _check_range(box: Box, r_max: float) -> None:
    for axis, word in zip("xy", box.boundary, strict=True):
        if word == "free":
            raise ValueError(
                f"box.boundary = {box.boundary!r}: g(r) is normalised by a uniform density, which "
                f"a free axis ({axis}) does not have; count distances with scipy's cKDTree instead"
            )
    limits = [
        length / 2 if periodic else length
        for length, periodic in zip(box.lengths, box.periodic, strict=True)
    ]
    if r_max > min(limits) * (1 + 1e-12):
        raise ValueError(
            f"r_max = {r_max:g}: at most {min(limits):g} λ in a box of {box.lengths[0]:g} × "
            f"{box.lengths[1]:g} {'/'.join(box.boundary)} (half a periodic axis, a whole other one)"
        )


def _pairs_within(
    frame: Vortices, edges: NDArray[np.float64], pairs: str
) -> tuple[NDArray[np.float64], float]:
    """Ordered pairs nearer than each edge, and in all."""
    lengths = np.where(frame.box.periodic, frame.box.lengths, 0.0)
    if pairs == "all":
        species = [frame.positions]
    else:
        species = [frame.positions[frame.winding > 0], frame.positions[frame.winding < 0]]
    # Trees count distances up to and including r; bins are closed below.
    below = np.nextafter(edges[1:], 0.0)
    trees = [cKDTree(positions, boxsize=lengths) for positions in species if len(positions)]
    if pairs == "unlike":
        if len(trees) < 2:
            return np.zeros(len(edges)), 0.0
        unlike = 2.0 * trees[0].count_neighbors(trees[1], below)
        return np.concatenate(([0.0], unlike)), 2.0 * trees[0].n * trees[1].n
    found = np.zeros(len(edges))
    for tree in trees:
        # Less each vortex with itself.
        found[1:] += tree.count_neighbors(tree, below) - tree.n
    return found, float(sum(tree.n * (tree.n - 1) for tree in trees))


def _chance_within(box: Box, r: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance that two points at random in the box are nearer than r.

    The mean over their separation of π r²/A, less what walls cut off: the separation d of two
    points on a length L has the density (L − |d|)/L², and the disc integral of the product for the
    two axes is elementary while r ≤ L.
    """
    (lx, ly), (px, py) = box.lengths, box.periodic
    area = lx * ly
    chance = np.pi * r**2 / area
    chance -= 4 / 3 * r**3 * ((not px) * ly + (not py) * lx) / area**2
    chance += (not px) * (not py) * r**4 / 2 / area**2
    return chance
