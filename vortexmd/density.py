"""Warnings where the density leaves the range in which a pair force means anything."""

from __future__ import annotations

import warnings
from math import inf, sqrt
from typing import Any

import numpy as np

import potentials
from vortexmd.lattices import TRIANGULAR
from vortexmd.vortices import Vortices

# Wave vectors a side of the reciprocal cell at which the lattice's stability is looked at.
WAVE_VECTORS = 24
# Step of the difference quotient for the second derivative of the energy, in λ.
STEP = 1e-4


class DensityWarning(UserWarning):
    """The density is outside the range in which the pair forces describe a superconductor."""


def check(start: Vortices, pair_force: Any) -> None:
    """Warn above n_c2 = μ²/4π, and where bounded repulsive vortices would pile up.

    Bulk superconductivity ends at B_c2, that is n_c2 vortices per λ². Bounded repulsion lets a
    lattice collapse into clusters where one of its modes goes soft (`softest_mode`). Boxes with a free
    axis have no density to speak of and are passed over.
    """
    if "free" in start.box.boundary or len(start) < 2 or pair_force is None:
        return
    mu = getattr(pair_force, "mu", None)
    limit = inf if mu is None else float(potentials.upper_critical_density(mu))
    cores = float(np.abs(start.winding).sum()) / start.box.area
    if cores > limit:
        warnings.warn(
            f"density {cores:.3g} per λ² is above n_c2 = mu**2/(4 pi) = {limit:.3g} per λ², where bulk "
            f"superconductivity ends: the pair forces mean nothing there; lower the density",
            DensityWarning,
            stacklevel=3,
        )
    kinds, counts = np.unique(start.winding, return_counts=True)
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        if count < 2 or not pair_force.covers(kind, kind):
            continue
        law, density = pair_force.pair(kind, kind), count / start.box.area
        # Attraction clusters, and is meant to; a diverging repulsion cannot.
        if law.bounded and law.energy(0.0) > 0 and softest_mode(law, density) < 0:
            note = "" if limit == inf else f" (n_c2 = mu**2/(4 pi) = {limit:.3g} per λ²)"
            warnings.warn(
                f"density {density:.3g} per λ² of winding {kind:+d}: under this bounded repulsion a "
                f"lattice is unstable and vortices pile up in clusters{note}; lower the density",
                DensityWarning,
                stacklevel=3,
            )


def softest_mode(law: Any, density: float) -> float:
    """Lowest eigenvalue of the dynamical matrix of a triangular lattice, in ε₀/λ².

    D(q) = Σ_R ∇∇U(R) (1 − cos q·R) over the lattice vectors R within the law's cutoff, on a grid of
    wave vectors; negative where the perfect lattice is unstable.

    Parameters
    ----------
    law
        A potential of r alone.
    density
        Vortices per λ².
    """
    a = sqrt(1 / (density * TRIANGULAR))
    basis = a * np.array([[1.0, 0.0], [0.5, TRIANGULAR]])
    shells = int(law.cutoff / (a * TRIANGULAR)) + 1
    steps = np.stack(np.meshgrid(*2 * [np.arange(-shells, shells + 1)]), axis=-1).reshape(-1, 2)
    lattice = steps @ basis
    r = np.hypot(*lattice.T)
    near = (r > 0) & (r <= law.cutoff)
    if not near.any():
        return 0.0
    lattice, r = lattice[near], r[near]
    along = (law.force(r - STEP) - law.force(r + STEP)) / (2 * STEP)
    across = -law.force(r) / r
    unit = lattice / r[:, None]
    outer = unit[:, :, None] * unit[:, None, :]
    stiffness = across[:, None, None] * np.eye(2) + (along - across)[:, None, None] * outer
    q = np.stack(np.meshgrid(*2 * [np.arange(WAVE_VECTORS) / WAVE_VECTORS]), axis=-1).reshape(-1, 2)
    phase = 2 * np.pi * q @ np.linalg.inv(basis).T @ lattice.T
    matrices = np.tensordot(1 - np.cos(phase), stiffness, axes=1)
    return float(np.linalg.eigvalsh(matrices[1:])[:, 0].min())
