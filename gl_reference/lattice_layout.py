"""Where the grid of the `lattice` reading lies around given vortices, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gl_reference.lattice_axis import Axis
from gl_reference.lattice_schemes import Scheme
from gl_reference.symmetry import Integers, axes_symmetry
from potentials.base import Array
from potentials.checks import check_positive, shown

# Nodes, as a share of h, count as hit within this.
ALIGNED = 1e-6
SMALLEST_STEP = 1e-6  # λ: nodes are counted in integers; memory ends far above
# What the vortices' tails e^(−min(1, μ) r) may still be at the edge.
LARGEST_AT_EDGE = 1e-3
DECAY_LENGTHS = 8.0  # from the vortices to the edge, by default
MEMORY_LIMIT = 2 * 2**30
# Measured, with and without a gauge term; without one the sparse factors dominate, and grow.
BYTES_PER_NODE = {True: 1_500, False: 14_000}


@dataclass(frozen=True, eq=False)
class Layout:
    """The stored cell of the grid: its axes, mirrors, and all vortices in its coordinates.

    `mirrors` as in `gl_reference.symmetry.Symmetry`; `centre` (2,) is the origin of the cell.
    """

    axes: tuple[Axis, Axis]
    mirrors: tuple[int, int]
    centre: Array
    positions: Array
    winding: Integers


def check_step(h: float, mu: float) -> float:
    """The grid spacing, or a ValueError where it is not positive or cannot resolve a core."""
    step = check_positive("h", h)
    largest = 0.5 / max(1.0, mu)
    if step < SMALLEST_STEP:
        raise ValueError(f"h = {step:g}: give {SMALLEST_STEP:g} λ or more")
    if step > largest:
        raise ValueError(
            f"h = {step:g}: too coarse for mu = {mu:.6g}; give at most 0.5/max(1, mu) = {largest:.3g}"
        )
    return step


def default_margin(winding: Integers, mu: float) -> float:
    """Distance in λ from the vortices to the edge at which the edge is not felt."""
    # The core of a giant vortex, filled with its critical field, has radius 2√(n/μ).
    core = 2 * (math.sqrt(np.abs(winding).max()) - 1) / math.sqrt(mu)
    return DECAY_LENGTHS / min(1.0, mu) + core


def place(
    positions: Array,
    winding: Integers,
    mu: float,
    scheme: Scheme,
    h: float,
    *,
    domain: tuple[float, float] | None = None,
    margin: float | None = None,
) -> Layout:
    """The grid for vortices at positions (N, 2), cut at the mirror lines it shares with them.

    The edge runs through the first nodes beyond `domain` (centred on the origin), or `margin`
    from the outermost vortices. Raises ValueError for vortices that do not fit on one grid, lie
    outside the domain or too near to its edge, and for grids that need more than 2 GiB.
    """
    centre = (
        np.zeros(2) if domain is not None else (positions.min(axis=0) + positions.max(axis=0)) / 2
    )
    symmetry = axes_symmetry(positions - centre, winding)
    if margin is None:
        margin = default_margin(winding, mu)
    low, high = symmetry.positions.min(axis=0) - margin, symmetry.positions.max(axis=0) + margin
    if domain is not None:
        low, high = _domain_corners(domain)
    _check_room(positions, symmetry.positions, low, high, mu)
    _check_aligned(positions, h)
    anchors = symmetry.positions[0] + (h / 2 if scheme.vortices == "plaquette" else 0.0)
    x, y = (_axis(low[k], high[k], anchors[k], h, symmetry.mirrors[k]) for k in range(2))
    needed = x.count * y.count * BYTES_PER_NODE[scheme.gauge_weight > 0]
    if needed > MEMORY_LIMIT:
        raise ValueError(
            f"h = {h:g}: {x.count} × {y.count} nodes need about {needed / 2**30:.1f} GiB, more "
            f"than {MEMORY_LIMIT / 2**30:g}; give a larger h or a smaller domain"
        )
    return Layout((x, y), symmetry.mirrors, centre, symmetry.positions, winding)


def _domain_corners(domain: tuple[float, float]) -> tuple[Array, Array]:
    try:
        width, height = domain
    except (TypeError, ValueError):
        raise ValueError(f"domain = {shown(domain)}: give (Lx, Ly) in λ, or None") from None
    half = np.array([check_positive("domain[0]", width), check_positive("domain[1]", height)]) / 2
    return -half, half


def _check_room(positions: Array, local: Array, low: Array, high: Array, mu: float) -> None:
    room = np.minimum(local - low, high - local).min(axis=1)
    i = int(np.argmin(room))
    if room[i] <= 0:
        raise ValueError(
            f"positions[{i}] = {positions[i]}: outside the domain; move the vortex or enlarge it"
        )
    left = math.exp(-min(1.0, mu) * room[i])
    if left > LARGEST_AT_EDGE:
        least = -math.log(LARGEST_AT_EDGE) / min(1.0, mu)
        raise ValueError(
            f"domain: its edge is {room[i]:.3g} λ from positions[{i}] and would be felt (its tails "
            f"are still e^(−min(1, mu) r) = {left:.1e}); leave at least {least:.3g} λ"
        )


def _check_aligned(positions: Array, h: float) -> None:
    steps = (positions - positions[0]) / h
    off = np.abs(steps - np.round(steps)).max(axis=1)
    if (off > ALIGNED).any():
        i = int(np.argmax(off > ALIGNED))
        nearest = positions[0] + h * np.round(steps[i])
        raise ValueError(
            f"positions[{i}] = {positions[i]}: not a whole number of steps h = {h:g} from "
            f"positions[0] along x and y; the nearest place is {nearest}, or change h"
        )


def _axis(low: float, high: float, anchor: float, h: float, mirror: int) -> Axis:
    if not mirror:
        start = anchor - h * math.ceil((anchor - low) / h - ALIGNED)
        return Axis(start, h, math.ceil((high - start) / h - ALIGNED) + 1)
    on_node = abs(anchor / h - round(anchor / h)) < 0.25
    start = 0.0 if on_node else h / 2
    count = math.ceil((high - start) / h - ALIGNED) + 1
    return Axis(start, h, count, "node" if on_node else "link")
