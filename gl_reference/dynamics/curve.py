"""Force and friction against separation, from runs on two grids.

Along the way the energy falls as −(1/π) dE/dt = Ω ḋ = η ḋ², so that

    Ω(d) = −(1/π) dE/dd,   η(d) = Ω/ḋ.

Both follow from E and t as functions of d: the energy of a slow motion hardly feels small errors of
the fields, the instantaneous dissipation does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from gl_reference.dynamics.track import Track
from potentials.base import Array


class Curve(NamedTuple):
    """Arrays (K,) at given separations: Ω (Ω₀), η, E (ε₀), t less that at the first, split (λ)."""

    force: Array
    friction: Array
    energy: Array
    time: Array
    split: Array


def curve(track: Track, d: Array) -> Curve:
    """What a run says at separations d (K,) in λ, inside its range."""
    order = np.argsort(track.d)
    # A step back, as the start's disturbances may cause, is no function of d.
    rising = np.concatenate([[True], np.diff(track.d[order]) > 0])
    order = order[rising]
    own = track.d[order]
    energy = CubicSpline(own, track.energy[order])
    time = CubicSpline(own, track.time[order])
    force, slowness = -energy(d, 1), time(d, 1)
    elapsed = time(d) - float(time(d[0] if slowness[0] > 0 else d[-1]))
    return Curve(force, force * slowness, energy(d), elapsed, np.interp(d, own, track.split[order]))


def extrapolated(coarse: Curve, fine: Curve, ratio: float) -> tuple[Curve, Curve]:
    """Values for spacing 0 from those of two grids, whose errors fall as h², and their errors.

    `ratio` is that of the spacings. The error is what was added to the finer grid's value, an
    upper estimate where the law holds.
    """
    added = [(f - c) / (ratio**2 - 1) for c, f in zip(coarse, fine, strict=True)]
    values = [f + more for f, more in zip(fine, added, strict=True)]
    return Curve(*values), Curve(*(np.abs(more) for more in added))
