"""Forces of a state by brute force over all pairs, and how far others are from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import vortexmd as vmd
from benchmarks.peers.workload import law
from vortexmd.pair_tables import switch

WHOLE, SAMPLE = 10_000, 2000


def sample(n: int) -> NDArray[np.int64]:
    """Whom forces are checked on: all of up to 10⁴ vortices, 2000 of more."""
    if n <= WHOLE:
        return np.arange(n)
    return np.sort(np.random.default_rng(5).choice(n, SAMPLE, replace=False))


def exact_forces(start: vmd.Vortices, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Forces (len(rows), 2) in Ω₀ of the law itself times the engine's switch, float64, pair by pair."""
    potential = law()
    x, y = start.positions.T
    lx, ly = start.box.lengths
    forces = np.empty((len(rows), 2))
    for k, i in enumerate(rows):
        dx = x[i] - x
        dx -= lx * np.round(dx / lx)
        # Everybody is looked at; those too far in x need no distance.
        near = np.flatnonzero(np.abs(dx) < potential.cutoff)
        near = near[near != i]
        dx, dy = dx[near], y[i] - y[near]
        dy -= ly * np.round(dy / ly)
        r = np.hypot(dx, dy)
        inside = r < potential.cutoff
        dx, dy, r = dx[inside], dy[inside], r[inside]
        strength = potential.force(r) * switch(potential.cutoff, r) / r
        forces[k] = (strength * dx).sum(), (strength * dy).sum()
    return forces


def errors(forces: NDArray[np.float64], exact: NDArray[np.float64]) -> dict[str, float]:
    """Largest and r.m.s. difference of a component over the r.m.s. of all components."""
    scale = np.sqrt((exact**2).mean())
    difference = forces - exact
    return {
        "max": float(np.abs(difference).max() / scale),
        "rms": float(np.sqrt((difference**2).mean()) / scale),
    }
