"""The vortices of a frame that lie in a square window, as one cluster in the open plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vortexmd.checks import positive
from vortexmd.vortices import Vortices

# Windows (λ) and centres (box lengths) beyond which numbers mean nothing.
NARROWEST, FARTHEST = 1e-3, 1e6


@dataclass(frozen=True, eq=False)
class Cluster:
    """The vortices in a window.

    Attributes
    ----------
    centre : (2,) array, λ
        Of the window.
    window : float
        Its side, λ.
    rows : (N,) int array
        Which of the frame's vortices these are.
    positions : (N, 2) array, λ
        Nearest images to the centre: across a periodic side they go on beyond it.
    """

    centre: NDArray[np.float64]
    window: float
    rows: NDArray[np.intp]
    positions: NDArray[np.float64]

    @property
    def room(self) -> NDArray[np.float64]:
        """(N,) distance of each vortex from the window's edge, in λ."""
        off_centre = np.abs(self.positions - self.centre).max(axis=1)
        room: NDArray[np.float64] = 0.5 * self.window - off_centre
        return room


def cut_window(
    vortices: Vortices, window: float, centre: Sequence[float] | None, most: int
) -> Cluster:
    """The vortices within a square of side `window`, edges included.

    Parameters
    ----------
    vortices
        The frame.
    window
        Side in λ, at most that of the box along every axis that is not free.
    centre
        (x, y) in λ; None: the vortex nearest to the middle of the box.
    most
        More than these are refused.

    Raises
    ------
    ValueError
        For a window that is no positive number, does not fit into the box, or holds fewer than two
        vortices or more than `most`; the message says which window would do.
    """
    side = positive("window", window)
    if side < NARROWEST:
        raise ValueError(f"window = {side:g} λ: give {NARROWEST:g} λ or more")
    box = vortices.box
    limits = [
        length for length, word in zip(box.lengths, box.boundary, strict=True) if word != "free"
    ]
    widest = min(limits, default=math.inf)
    if side > widest:
        raise ValueError(
            f"window = {side:g} λ: does not fit into the box {box.lengths[0]:.6g} × "
            f"{box.lengths[1]:.6g} λ²; give at most {_down(widest):g}"
        )
    if len(vortices) < 2:
        raise ValueError(f"vortices: the frame holds {len(vortices)}; give one with two or more")
    middle = _centre(vortices, centre)
    shifted = box.minimum_image(vortices.positions - middle)
    off_centre = np.abs(shifted).max(axis=1)
    rows = np.flatnonzero(off_centre <= 0.5 * side)
    if not 2 <= len(rows) <= most:
        where = f"around ({middle[0]:.6g}, {middle[1]:.6g})"
        held = (
            f"window = {side:g} λ: holds {len(rows)} of {len(vortices)} vortices {where}, "
            f"{len(rows) / side / side:.3g} per λ²"
        )
        nearest = 2 * np.sort(off_centre)
        if len(rows) > most:
            raise ValueError(
                f"{held}, more than the {most} allowed; give at most {_down(nearest[most]):g}, or "
                f"raise most (--most), which costs time and memory"
            )
        needed = _up(nearest[1])
        remedy = f"give at least {needed:g}" if needed <= widest else "give another centre"
        raise ValueError(f"{held}, fewer than two; {remedy}")
    return Cluster(middle, side, rows, middle + shifted[rows])


def _centre(vortices: Vortices, centre: Sequence[float] | None) -> NDArray[np.float64]:
    """The middle of the window, within the box along periodic axes."""
    box = vortices.box
    if centre is None:
        off_middle = vortices.positions - 0.5 * np.array(box.lengths)
        nearest: NDArray[np.float64] = vortices.positions[np.argmin(np.hypot(*off_middle.T))]
        return nearest
    try:
        point = np.array(centre, dtype=float)
    except (TypeError, ValueError):
        point = np.empty(0)
    if point.shape != (2,) or not np.isfinite(point).all():
        raise ValueError(f"centre = {centre!r}: give two finite numbers, x and y in λ")
    if (np.abs(point) > FARTHEST * np.array(box.lengths)).any():
        raise ValueError(
            f"centre = {centre!r}: far outside the box {box.lengths[0]:.6g} × {box.lengths[1]:.6g} λ²; "
            f"give a point in it"
        )
    return box.wrap(point[None])[0][0]


def _down(value: float) -> float:
    """`value`, rounded down to four digits and a little below: an edge counts as inside."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    return (math.ceil(value / unit) - 1) * unit if value < math.inf else value


def _up(value: float) -> float:
    """`value`, rounded up to four digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    return math.ceil(value / unit) * unit
