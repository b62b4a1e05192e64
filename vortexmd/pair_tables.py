"""Pair forces as tables in r²: what the engine takes from any potential.

A potential is asked once, at the start, for its force and energy; between the nodes stand cubic
polynomials in s = r². The bins are 2⁻ᵏ of an octave of s wide, so that their number is read off the
bits of s and the *relative* resolution is the same from 10⁻⁶ λ to the cutoff: a diverging K₁ is as
well resolved at contact as at its tail.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isinf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potentials import UncoveredPairError

# Tables begin at r = 2⁻²⁰ λ ≈ 10⁻⁶ λ; a force without an end is tabulated up to 2²⁰ λ.
LOWEST_OCTAVE = -40
ENDLESS = 2.0**20
# The force is switched off over the last tenth before the cutoff.
SWITCH_FROM = 0.9
FORCE_TOLERANCE = 1e-6
# Where the accuracy of a diverging law is counted from, in λ.
R_MIN = 0.05
FINEST_BINS = 9


class TableAccuracyWarning(UserWarning):
    """A force that no table follows to the promised accuracy: it has a kink or a jump."""


@dataclass(frozen=True)
class PairTables:
    """Force and energy tables of all pairs of species.

    Attributes
    ----------
    windings
        (S,) the winding number of each species.
    index
        (S, S) int64: which table acts between two species.
    force, energy
        (T, bins, 4) coefficients in t, the position within the bin (0 … 2⁻ᵏ): of F/r and of U.
    bits
        k: there are 2ᵏ bins to an octave of r².
    cutoff
        Largest cutoff in λ; beyond it no pair acts (``ENDLESS`` for a force without an end).
    cutoffs
        (T,) each table's own.
    relative_error
        Largest error of any tabulated force over its largest magnitude on r ≥ 0.05 λ, measured.
    diverges
        (S, S) bool: whether the force diverges as the pair meets.
    """

    windings: NDArray[np.int64]
    index: NDArray[np.int64]
    force: NDArray[np.float64]
    energy: NDArray[np.float64]
    bits: int
    cutoff: float
    cutoffs: NDArray[np.float64]
    relative_error: float
    diverges: NDArray[np.bool_]


def switched(potential: Any, r: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Force and energy as the engine uses them: U·S with S falling from 1 to 0.

    S(r) is the quintic step over the last tenth before the cutoff, F = −d(US)/dr: no jump in force
    or stiffness, no shift of the energy inside. A law whose energy has no zero at infinity is
    measured from the cutoff instead.
    """
    cutoff = potential.cutoff
    force, energy = potential.force(r), potential.energy(r)
    if isinf(cutoff):
        return force, energy
    if potential.energy(np.inf) != 0:
        energy = energy - potential.energy(cutoff)
    width = (1 - SWITCH_FROM) * cutoff
    x = np.clip((r - SWITCH_FROM * cutoff) / width, 0, 1)
    step = 1 - x**3 * (10 - 15 * x + 6 * x**2)
    slope = -30 * x**2 * (1 - x) ** 2 / width
    return np.where(x < 1, force * step - energy * slope, 0), np.where(x < 1, energy * step, 0)


def tail_energy(potential: Any) -> float:
    """Energy per vortex at unit density that the smooth cutoff leaves out: π∫(1 − S)U r dr, ε₀.

    Multiply by the density of partners; a lattice at density n has n·tail_energy more energy per
    vortex under the full law, up to the difference between its sum and an integral.
    """
    cutoff = potential.cutoff
    if isinf(cutoff):
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(24)
    width = (1 - SWITCH_FROM) * cutoff
    r = SWITCH_FROM * cutoff + 0.5 * width * (nodes + 1)
    missing = potential.energy(r) - switched(potential, r)[1]
    return float(
        np.pi * 0.5 * width * np.sum(weights * missing * r) + potential.tail_energy(cutoff)
    )


def build_tables(
    pair_force: Any, windings: Sequence[int], needed: Iterable[tuple[int, int]]
) -> PairTables:
    """Tabulate what acts between the given windings.

    Parameters
    ----------
    pair_force
        A potential or Interaction: anything with ``.pair(n1, n2)``; None for no force at all.
    windings
        Every winding that is present or that reactions can make.
    needed
        The pairs of windings that can meet.

    Raises
    ------
    ValueError
        If a needed pair is not covered, by name, or a force is not finite where the table needs it.

    Warns
    -----
    TableAccuracyWarning
        If even the finest table misses `FORCE_TOLERANCE`.
    """
    species = np.array(sorted(set(windings)), dtype=np.int64)
    index = np.zeros((len(species), len(species)), dtype=np.int64)
    diverges = np.zeros((len(species), len(species)), dtype=bool)
    laws: list[Any] = []
    uncovered = []
    for n1, n2 in sorted({(min(pair), max(pair)) for pair in needed}):
        if pair_force is None:
            continue
        try:
            law = pair_force.pair(n1, n2)
        except UncoveredPairError as error:
            uncovered.append(str(error))
            continue
        a, b = np.searchsorted(species, [n1, n2])
        if law not in laws:
            laws.append(law)
        # Table 0 is the empty one, for pairs that never meet.
        index[a, b] = index[b, a] = 1 + laws.index(law)
        diverges[a, b] = diverges[b, a] = not law.bounded
    if uncovered:
        raise ValueError("pair_force: " + "; ".join(dict.fromkeys(uncovered)))
    cutoffs = np.array([0.0] + [ENDLESS if isinf(law.cutoff) else law.cutoff for law in laws])
    cutoff = float(cutoffs.max())
    # Below k = 6 the cubic would be too coarse; kinks in a user's force may ask for more.
    for bits in range(6, FINEST_BINS + 1):
        tabulated = [_tabulate(law, cutoff, bits) for law in laws]
        worst = max((error for _, _, error in tabulated), default=0.0)
        if worst <= FORCE_TOLERANCE:
            break
    else:
        warnings.warn(
            f"pair_force: the tabulated force is off by up to {worst:.1e} of its maximum (aim "
            f"{FORCE_TOLERANCE:g}): it has a kink or a jump",
            TableAccuracyWarning,
            stacklevel=4,
        )
    bins = _edges(max(cutoff, 1.0), bits)[0].size
    empty = np.zeros((1, bins, 4))
    force = np.concatenate([empty] + [f[None] for f, _, _ in tabulated])
    energy = np.concatenate([empty] + [u[None] for _, u, _ in tabulated])
    return PairTables(species, index, force, energy, bits, cutoff, cutoffs, worst, diverges)


def _edges(cutoff: float, bits: int) -> tuple[NDArray, NDArray]:
    """Lower edge in s of each bin and the octave it lies in, up to and including the cutoff."""
    octaves = int(np.floor(np.log2(cutoff * cutoff))) + 1 - LOWEST_OCTAVE
    bins = np.arange(octaves << bits)
    octave = np.ldexp(1.0, LOWEST_OCTAVE + (bins >> bits))
    return octave * (1 + (bins & ((1 << bits) - 1)) / (1 << bits)), octave


def _tabulate(law: Any, cutoff: float, bits: int) -> tuple[NDArray, NDArray, float]:
    """Coefficients of F/r and U per bin (bins, 4), and the measured relative error of F."""
    edge, octave = _edges(max(cutoff, 1.0), bits)
    nodes = 0.5 * (1 + np.cos(np.pi * (np.arange(4) + 0.5) / 4)) * 2.0**-bits
    between = np.array([0.02, 0.35, 0.65, 0.98]) * 2.0**-bits
    to_coefficients = np.linalg.inv(np.vander(nodes, 4, increasing=True)).T
    r = np.sqrt(edge[:, None] + octave[:, None] * nodes)
    force, energy = switched(law, r)
    if not (np.isfinite(force).all() and np.isfinite(energy).all()):
        bad = r[~(np.isfinite(force) & np.isfinite(energy))].flat[0]
        raise ValueError(f"pair_force: {law!r} is not finite at r = {bad:.6g} λ")
    force_coefficients = (force / r) @ to_coefficients
    r_test = np.sqrt(edge[:, None] + octave[:, None] * between)
    exact = switched(law, r_test)[0]
    table = force_coefficients @ np.vander(between, 4, increasing=True).T * r_test
    counted = r_test >= R_MIN
    largest = np.abs(exact[counted]).max(initial=0.0)
    error = float(np.abs(table - exact)[counted].max() / largest) if largest > 0 else 0.0
    return force_coefficients, energy @ to_coefficients, error


def hard_core_radius(tables: PairTables) -> float:
    """Distance in λ below which two vortices under a diverging force count as overlapping."""
    return sqrt(2.0**LOWEST_OCTAVE) if tables.diverges.any() else 0.0
