"""What pair forces add up to on a few vortices: those of Ginzburg-Landau theory, and a run's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import potentials
from vortexmd.pair_tables import switch, whole_energy
from vortexmd.vortices import Vortices

# e^{−40}: a pair further apart than this many of its slower decay lengths feels nothing.
DECAYS = 40.0


@dataclass(frozen=True, eq=False)
class PairSums:
    """Pair forces within a cluster, and their sums.

    Attributes
    ----------
    strength : (N, N) array
        Force between two vortices in Ω₀, positive = repulsion; 0 on the diagonal.
    forces : (N, 2) array
        Net force on each in Ω₀.
    energy : float
        Sum over pairs, in ε₀.
    error, energy_error : float
        Upper estimates for a component of the forces (Ω₀) and the energy (ε₀).
    """

    strength: NDArray[np.float64]
    forces: NDArray[np.float64]
    energy: float
    error: float
    energy_error: float


def gl_pair_sums(
    positions: NDArray[np.float64],
    winding: NDArray[np.int64],
    mu: float,
    tolerance: float,
    *,
    progress: bool,
) -> PairSums:
    """Ginzburg-Landau forces of all pairs of a cluster, each pair solved as if it were alone.

    A separation that occurs again is solved once (lattices).

    Parameters
    ----------
    positions : (N, 2) array, λ
    winding : (N,) array
    mu : float
        μ = √2 κ.
    tolerance : float
        Relative accuracy of each force.
    progress : bool
        Show a bar.

    Raises
    ------
    ConvergenceError
        Where a pair's iteration fails.
    """
    from tqdm import tqdm

    from gl_reference import PairSolution, solve_pair
    from gl_reference.confocal import SEPARATIONS

    furthest = min(SEPARATIONS[1], DECAYS / min(1.0, mu))
    apart = positions[:, None] - positions
    d = np.hypot(apart[..., 0], apart[..., 1])
    first, second = np.nonzero(np.triu(d <= furthest, k=1))
    solved: dict[tuple[int, int, float], PairSolution] = {}
    strength, error = np.zeros_like(d), np.zeros_like(d)
    energy = energy_error = 0.0
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    for i, j in tqdm(pairs, desc="pairs", unit="", leave=False, disable=not progress):
        n1, n2 = potentials.base.canonical_pair(int(winding[i]), int(winding[j]))
        key = (n1, n2, round(float(d[i, j]), 9))
        if key not in solved:
            solved[key] = solve_pair(n1, n2, mu, key[2], tolerance=tolerance)
        found = solved[key]
        strength[i, j] = strength[j, i] = found.force
        error[i, j] = error[j, i] = found.force_error
        energy += found.interaction_energy
        energy_error += found.energy_error
    return PairSums(
        strength, _net(strength, apart, d), energy, float(error.sum(axis=1).max()), energy_error
    )


def run_pair_sums(
    pair_force: Any, positions: NDArray[np.float64], winding: NDArray[np.int64]
) -> PairSums:
    """A potential's forces of all pairs of a cluster in the open plane, cut off as in the engine.

    The energy is the law's own, faded out at the cutoff (`pair_tables.whole_energy`). Parameters
    as `gl_pair_sums`.

    Raises
    ------
    potentials.UncoveredPairError
        For windings that the potential says nothing about.
    """
    apart = positions[:, None] - positions
    d = np.hypot(apart[..., 0], apart[..., 1])
    strength, energy = np.zeros_like(d), np.zeros_like(d)
    for (n1, n2), law in _laws(pair_force, winding, winding).items():
        meet = (winding[:, None] == n1) & (winding == n2) & ~np.eye(len(d), dtype=bool)
        strength[meet] = _strength(law, d[meet])
        energy[meet] = whole_energy(law, d[meet])
    return PairSums(strength, _net(strength, apart, d), 0.5 * float(energy.sum()), 0.0, 0.0)


def run_forces(pair_force: Any, vortices: Vortices, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Pair forces (N, 2) in Ω₀ of all vortices of a frame on those of the given rows (N,).

    Nearest images, cutoff and switch, as in the engine.
    """
    laws = _laws(pair_force, vortices.winding[rows], vortices.winding)
    forces = np.zeros((len(rows), 2))
    for k, row in enumerate(rows.tolist()):
        apart = vortices.box.minimum_image(vortices.positions[row] - vortices.positions)
        d = np.hypot(*apart.T)
        for (n1, n2), law in laws.items():
            if n1 != vortices.winding[row]:
                continue
            near = (vortices.winding == n2) & (d < law.cutoff)
            near[row] = False
            pull = _strength(law, d[near]) / d[near]
            forces[k] += pull @ apart[near]
    return forces


def _laws(
    pair_force: Any, here: NDArray[np.int64], there: NDArray[np.int64]
) -> dict[tuple[int, int], Any]:
    """The law of each pair of windings that meet; a vortex alone of its kind does not meet itself."""
    kinds, counts = np.unique(there, return_counts=True)
    return {
        (n1, n2): pair_force.pair(n1, n2)
        for n1 in np.unique(here).tolist()
        for n2, count in zip(kinds.tolist(), counts.tolist(), strict=True)
        if n1 != n2 or count > 1
    }


def _strength(law: Any, d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Force of a law in Ω₀ as the engine applies it."""
    strength: NDArray[np.float64] = law.force(d) * switch(law.cutoff, d)
    return strength


def _net(
    strength: NDArray[np.float64], apart: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum (N, 2) of central forces (N, N)."""
    over_d = np.divide(strength, d, out=np.zeros_like(d), where=d > 0)
    net: NDArray[np.float64] = np.einsum("ij,ijk->ik", over_d, apart)
    return net
