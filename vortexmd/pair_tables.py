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
from math import inf, isinf, sqrt
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
# Coefficients of tables, and sums of pairs, exceed what they are made of by less.
STEEPEST = 1e20
GAUSS_NODES, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(20)


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
    force, energy, whole_energy
        (T, bins, 4 or 5) coefficients in t, the position within the bin (0 … 2⁻ᵏ): of F/r, of the energy
        whose slope F is, and of the law's own energy (see `switched`, `whole_energy`).
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
    laws
        The potentials behind tables 1, 2, ….
    """

    windings: NDArray[np.int64]
    index: NDArray[np.int64]
    force: NDArray[np.float64]
    energy: NDArray[np.float64]
    whole_energy: NDArray[np.float64]
    bits: int
    cutoff: float
    cutoffs: NDArray[np.float64]
    relative_error: float
    diverges: NDArray[np.bool_]
    laws: tuple[Any, ...]


def switch(cutoff: float, r: NDArray[np.float64]) -> NDArray[np.float64]:
    """S(r): 1, then over the last tenth before the cutoff a quintic step down to 0."""
    if isinf(cutoff):
        return np.ones_like(r)
    x = np.clip((r / cutoff - SWITCH_FROM) / (1 - SWITCH_FROM), 0, 1)
    return 1 - x**3 * (10 - 15 * x + 6 * x**2)


def switched(potential: Any, r: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Force and energy as the engine uses them: F·S, and the energy whose slope that is.

    Switching the force bends it gently and never beyond the law's own; switching the energy instead
    (U·S) would add a bump −U·dS/dr, several times as strong as the force there, under which the
    triangular lattice of London's law at density 1 keeps a third and a tenth of the stiffness of its
    softest mode at cutoffs of 6 and 7 λ. The energy ∫_r^∞ F·S dr is lower than U by a constant inside;
    `PairTables.whole_energy`
    is there to put that right.
    """
    cutoff = potential.cutoff
    force = potential.force(r) * switch(cutoff, r)
    if isinf(cutoff):
        return force, potential.energy(r)
    begin = SWITCH_FROM * cutoff
    zone = np.clip(r, begin, cutoff)
    half = 0.5 * (cutoff - zone)
    at = zone[..., None] + half[..., None] * (GAUSS_NODES + 1)
    work = half * np.sum(GAUSS_WEIGHTS * potential.force(at) * switch(cutoff, at), axis=-1)
    inside = np.where(
        r < begin, potential.energy(np.minimum(r, begin)) - potential.energy(begin), 0
    )
    return force, work + inside


def whole_energy(potential: Any, r: NDArray[np.float64]) -> NDArray[np.float64]:
    """U·S: the law's own energy, fading out; what sums over pairs are compared with theory by."""
    weight = switch(potential.cutoff, r)
    return np.where(weight > 0, potential.energy(r), 0) * weight


def tail_energy(potential: Any) -> float:
    """π∫(1 − S)U r dr in ε₀λ²: what `whole_energy` leaves out, per vortex, at unit density.

    That of partners spread evenly; inf for laws without an end.
    """
    cutoff = potential.cutoff
    if isinf(cutoff):
        return 0.0
    width = (1 - SWITCH_FROM) * cutoff
    r = SWITCH_FROM * cutoff + 0.5 * width * (GAUSS_NODES + 1)
    missing = potential.energy(r) * (1 - switch(cutoff, r))
    within = 0.5 * width * np.sum(GAUSS_WEIGHTS * missing * r)
    return float(np.pi * within + potential.tail_energy(cutoff))


def build_tables(
    pair_force: Any, windings: Sequence[int], needed: Iterable[tuple[int, int]]
) -> PairTables:
    """Tabulate what acts between the given windings.

    Parameters
    ----------
    pair_force
        A potential or Interaction; None for no force at all.
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
    for law in laws:
        if ENDLESS < law.cutoff < inf:
            raise ValueError(
                f"pair_force: cutoff = {law.cutoff:g}: give at most {ENDLESS:g} λ, or inf"
            )
    cutoffs = np.array([0.0] + [ENDLESS if isinf(law.cutoff) else law.cutoff for law in laws])
    cutoff = float(cutoffs.max())
    # Below k = 6 the cubic would be too coarse; kinks in a user's force may ask for more.
    for bits in range(6, FINEST_BINS + 1):
        tabulated = [_tabulate(law, cutoff, bits) for law in laws]
        worst = max((error for *_, error in tabulated), default=0.0)
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
    columns = [np.zeros((1 + len(laws), bins, order)) for order in (4, 5, 5)]
    for k, law in enumerate(tabulated):
        for column, table in zip(columns, law[:3], strict=True):
            column[1 + k] = table
    force, energy, whole = columns
    return PairTables(
        species, index, force, energy, whole, bits, cutoff, cutoffs, worst, diverges, tuple(laws)
    )


def _edges(cutoff: float, bits: int) -> tuple[NDArray, NDArray]:
    """Lower edge in s of each bin and the octave it lies in, up to and including the cutoff."""
    octaves = int(np.floor(np.log2(cutoff * cutoff))) + 1 - LOWEST_OCTAVE
    bins = np.arange(octaves << bits)
    octave = np.ldexp(1.0, LOWEST_OCTAVE + (bins >> bits))
    return octave * (1 + (bins & ((1 << bits) - 1)) / (1 << bits)), octave


@np.errstate(over="ignore", invalid="ignore")
def _tabulate(law: Any, cutoff: float, bits: int) -> tuple[NDArray, NDArray, NDArray, float]:
    """Coefficients of the three tables (bins, 4), and the measured relative error of the force."""
    edge, octave = _edges(max(cutoff, 1.0), bits)
    nodes = 0.5 * (1 + np.cos(np.pi * (np.arange(4) + 0.5) / 4)) * 2.0**-bits
    # Where the error peaks: at the ends and half way between the nodes.
    between = np.array([0.0, 0.15, 0.5, 0.85, 1.0]) * 2.0**-bits
    to_coefficients = np.linalg.inv(np.vander(nodes, 4, increasing=True)).T
    r = np.sqrt(edge[:, None] + octave[:, None] * nodes)
    force = law.force(r) * switch(law.cutoff, r)
    whole = whole_energy(law, r)
    # Of force and energy, and of the numbers that tables are made of.
    finite = np.isfinite(force / r * STEEPEST) & np.isfinite(whole * STEEPEST)
    if not finite.all():
        bad = r[~finite][0]
        raise ValueError(
            f"pair_force: {law!r} is not finite at r = {bad:.6g} λ, or too large for tables; give a "
            f"force below about {1e300 / STEEPEST * bad:.1g} Ω₀ there"
        )
    force_coefficients = (force / r) @ to_coefficients
    r_test = np.sqrt(edge[:, None] + octave[:, None] * between)
    exact = law.force(r_test) * switch(law.cutoff, r_test)
    table = force_coefficients @ np.vander(between, 4, increasing=True).T * r_test
    counted = r_test >= R_MIN
    largest = np.abs(exact[counted]).max(initial=0.0)
    error = float(np.abs(table - exact)[counted].max() / largest) if largest > 0 else 0.0
    energy = _integral(law, force_coefficients, octave, 2.0**-bits)
    whole_coefficients = np.pad(whole @ to_coefficients, ((0, 0), (0, 1)))
    return force_coefficients, energy, whole_coefficients, error


def _integral(law: Any, force: NDArray, octave: NDArray, width: float) -> NDArray:
    """Coefficients (bins, 5) of the energy, exactly the integral of the tabulated force.

    U = U(end) + ½∫(F/r) ds from s to the end of the table: forces and energies agree to rounding, which
    a minimisation needs.
    """
    slopes = -0.5 * octave[:, None] * force / np.arange(1, 5)
    drops = slopes @ width ** np.arange(1, 5)
    # The table ends with its last octave, somewhat beyond ENDLESS.
    last = law.energy(sqrt(2 * octave[-1])) if isinf(law.cutoff) else 0.0
    at_start = last - np.cumsum(drops[::-1])[::-1]
    return np.column_stack((at_start, slopes))


def hard_core_radius(tables: PairTables) -> float:
    """Distance in λ below which two vortices under a diverging force count as overlapping."""
    return sqrt(2.0**LOWEST_OCTAVE) if tables.diverges.any() else 0.0
