"""Friction that depends on the separation of pairs: v = M F with a mobility of the configuration.

With the velocities at constant friction V_i = F_i/η_i, and u_ij = |i⟩/η_i − |j⟩/η_j,

    M = Σ_i (1/η_i)|i⟩⟨i| + Σ_pairs c_ij(d) u_ij u_ijᵀ ⊗ P,    c = (1/γ(d) − 1)/(1/η_i + 1/η_j).

An isolated pair then obeys ḋ = Ω(1/η_i + 1/η_j)/γ(d) exactly (but for γ > 1 of one sign, below), and
pairs leave Σ_i η_i v_i = Σ_i F_i as it was. P is 1 for windings of one sign: at μ = 1 and s = 1 Samols'
metric is conformal (Commun. Math. Phys. 145, 149 (1992)), and for every μ the pair's smooth coordinate z²
makes it so as d → 0. For opposite signs only the motion along the pair is known, and P = r̂r̂ᵀ. M is
symmetric. It is positive definite where no c is below 0: for windings of one sign, where γ exceeds 1, the
engine takes 1. Opposite signs keep γ > 1 (a few per cent at middle distance), and M is positive as long
as 2Σ_j|c_ij| < η_i over the partners with c < 0; every neighbour list is checked for that, up to partners
whose c is below a twentieth of the largest. Sums over pairs are an approximation where three or more
cores meet.

In the engine this is a force more, G_i = Σ_j c_ij P(V_i − V_j), equal and opposite for the two: what a
vortex of constant friction would have to feel to move as it does. c is tabulated in r² like the forces.
It diverges as d⁻² and is held at its value at `NEAREST`, so that vortices on one spot stay finite.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from potentials.pair_friction import PairFriction
from vortexmd.box import Box
from vortexmd.forces import PairForces
from vortexmd.population import Population

# No reassociation that could depend on anything but the order of the list: sums stay as written.
FAST = {"contract", "nsz"}
# Tables begin at r² = 2⁻¹⁰ λ²; nearer than that, mobilities grow no more.
LOWEST_OCTAVE = -10
NEAREST = sqrt(2.0**LOWEST_OCTAVE)
# Bins to an octave of r²: with 2⁶ the mobilities of smooth tables are right to 1e-8.
BITS = 6
# γ above 1 by no more is not worth a word.
CLIPPED = 0.05
# Of γ − 1 > 0 of opposite signs: what counts towards the bound above, and how much of it is spent.
SMALL_PART, BOUND = 0.05, 0.9


class ClippedFrictionWarning(UserWarning):
    """A relative friction above 1 of windings of one sign, which the engine takes as 1."""


class MobilityError(RuntimeError):
    """So many pairs with γ > 1 meet in a vortex that the mobility may not be positive."""


@dataclass(frozen=True)
class FrictionTables:
    """c of all pairs of species.

    Attributes
    ----------
    index
        (S, S) int64: which table holds between two species; 0 is the empty one.
    isotropic
        (T,) 1 where P = 1, 0 where P = r̂r̂ᵀ.
    mobility
        (T, bins, 4) coefficients in t, the position within a bin of r²: of c (isotropic), or of c/r².
    reach
        λ: no pair further apart counts.
    least
        (T,) the most negative c (or 0).
    band
        (T,) λ: beyond it c is above a twentieth of that.
    """

    index: NDArray[np.int64]
    isotropic: NDArray[np.float64]
    mobility: NDArray[np.float64]
    reach: float
    least: NDArray[np.float64]
    band: NDArray[np.float64]


def build_friction(
    pair_friction: PairFriction,
    windings: NDArray[np.int64],
    mobility: NDArray[np.float64],
    needed: Iterable[tuple[int, int]],
) -> FrictionTables:
    """Tabulate c between the given windings.

    Parameters
    ----------
    pair_friction
        The law.
    windings
        (S,) the winding of each species, ascending.
    mobility
        (S,) 1/η of each species.
    needed
        The pairs of windings that can meet.

    Raises
    ------
    ValueError
        If the law gives anything but positive numbers.

    Warns
    -----
    ClippedFrictionWarning
        If γ of windings of one sign exceeds 1 by more than 5 % somewhere.
    """
    index = np.zeros((len(windings), len(windings)), dtype=np.int64)
    reach = float(pair_friction.reach)
    if not NEAREST < reach < np.inf:
        raise ValueError(
            f"pair_friction.reach = {reach}: give a finite separation, more than {NEAREST:.4g} λ, below "
            f"which mobilities grow no more"
        )
    edge, octave = _bins(reach)
    tables, isotropic = [np.zeros((len(edge), 4))], [1.0]
    least, band = [0.0], [0.0]
    for n1, n2 in sorted({(min(pair), max(pair)) for pair in needed}):
        if not pair_friction.covers(n1, n2):
            continue
        a, b = np.searchsorted(windings, [n1, n2])
        index[a, b] = index[b, a] = len(tables)
        same_sign = n1 * n2 > 0
        scale = 1.0 / float(mobility[a] + mobility[b])
        r, excess, table = _tabulate(pair_friction, (n1, n2), same_sign, edge, octave)
        tables.append(scale * table)
        isotropic.append(float(same_sign))
        lowest = min(float(excess.min()), 0.0)
        least.append(scale * lowest)
        band.append(float(r[excess <= SMALL_PART * lowest].max()) if lowest < 0 else 0.0)
    return FrictionTables(
        index, np.array(isotropic), np.array(tables), reach, np.array(least), np.array(band)
    )


def check_box(box: Box, reach: float) -> None:
    """Refuse boxes in which one vortex would meet two images of another within the friction's reach (λ).

    Raises
    ------
    ValueError
        If a periodic side is shorter than twice the reach.
    """
    for axis in (0, 1):
        if box.periodic[axis] and box.lengths[axis] < 2 * reach:
            raise ValueError(
                f"box.lengths[{axis}] = {box.lengths[axis]:.6g}: a periodic side must be at least twice the "
                f"reach of pair_friction, {2 * reach:.6g} λ; enlarge the box or end the table sooner"
            )


def _bins(reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower edge in r² of each bin and the octave it lies in, up to and including the reach."""
    octaves = max(1, int(np.floor(np.log2(reach * reach))) + 1 - LOWEST_OCTAVE)
    bins = np.arange(octaves << BITS)
    octave = np.ldexp(1.0, LOWEST_OCTAVE + (bins >> BITS))
    return octave * (1 + (bins & ((1 << BITS) - 1)) / (1 << BITS)), octave


def _tabulate(
    pair_friction: PairFriction,
    pair: tuple[int, int],
    same_sign: bool,
    edge: NDArray[np.float64],
    octave: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Separations, 1/γ − 1 there, and coefficients (bins, 4) of it; of it over r² for unlike signs.

    Clipped at 0 for windings of one sign.
    """
    nodes = 0.5 * (1 + np.cos(np.pi * (np.arange(4) + 0.5) / 4)) * 2.0**-BITS
    to_coefficients = np.linalg.inv(np.vander(nodes, 4, increasing=True)).T
    s = edge[:, None] + octave[:, None] * nodes
    r = np.sqrt(s)
    gamma = pair_friction.relative_friction(*pair, r)
    bad = ~(np.isfinite(gamma) & (gamma > 0))
    if bad.any():
        raise ValueError(
            f"pair_friction: γ{pair} = {gamma[bad].flat[0]} at d = {r[bad].flat[0]:.6g} λ; give finite "
            f"numbers, more than 0"
        )
    if same_sign and gamma.max() > 1 + CLIPPED:
        warnings.warn(
            f"pair_friction: γ{pair} rises to {gamma.max():.4g} at d = {r.flat[gamma.argmax()]:.3g} λ; the "
            f"engine takes γ > 1 as 1, as positive mobilities of many vortices are certain only so",
            ClippedFrictionWarning,
            stacklevel=5,
        )
    excess = 1 / gamma - 1
    if same_sign:
        return r, np.maximum(excess, 0.0), np.maximum(excess, 0.0) @ to_coefficients
    return r, excess, (excess / s) @ to_coefficients


class PairMobility:
    """Turns forces into those under which constant friction gives the velocities M F.

    Parameters
    ----------
    here
        The population.
    pairs
        Its neighbour list, which reaches as far as the friction.
    tables
        c of all pairs of species.
    mobility
        (S,) 1/η of each species.
    """

    def __init__(
        self,
        here: Population,
        pairs: PairForces,
        tables: FrictionTables,
        mobility: NDArray[np.float64],
    ):
        self._here = here
        self._pairs = pairs
        self._tables = tables
        self._mobility = mobility
        self._lengths = np.array(here.box.lengths)
        # 0 along axes without images.
        self._per_length = np.where(here.box.periodic, 1 / self._lengths, 0.0)
        # The generation of the list, and the pairs of it that the friction can reach: start and partners.
        self._near: tuple[int, NDArray[np.int64], NDArray[np.int32]] | None = None

    def add(self, forces: NDArray[np.float64]) -> None:
        """Add G to the total forces (N, 2) in Ω₀, slot order, in place."""
        here, tables, species = self._here, self._tables, self._pairs.species
        start, partners = self._within_reach()
        free = forces * self._mobility[species][:, None]
        _add_relative_forces(
            here.positions,
            free,
            species,
            start,
            partners,
            self._lengths,
            self._per_length,
            tables.index,
            tables.isotropic,
            tables.mobility,
            BITS,
            LOWEST_OCTAVE,
            tables.reach**2,
            forces,
        )

    def _within_reach(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The pairs that can come within reach before the list is made anew, each once.

        Partners of slot i are partners[start[i]:start[i + 1]]. Friction mostly ends well before the forces;
        the shorter list is kept as long as the neighbours' is.
        """
        self._pairs.ensure()
        if self._near is not None and self._near[0] == self._pairs.generation:
            return self._near[1:]
        tables, skin = self._tables, self._pairs.skin
        species = self._pairs.species
        start, partners = self._pairs.pairs_within(tables.reach + skin)
        negative = _negative_parts(
            self._here.reference,
            species,
            start,
            partners,
            self._lengths,
            self._per_length,
            tables.index,
            tables.least,
            np.where(tables.least < 0, (tables.band + skin) ** 2, 0.0),
        )
        self._check_positive(negative * self._mobility[species])
        self._near = self._pairs.generation, start, partners
        return start, partners

    def _check_positive(self, negative: NDArray[np.float64]) -> None:
        """Raises MobilityError where 2Σ|c|/η over partners with c < 0 comes near to 1."""
        if len(negative) and 2 * negative.max() > BOUND:
            k = int(negative.argmax())
            raise MobilityError(
                f"pair_friction: around vortex {self._here.ids[k]} so many antivortices (or vortices) have "
                "relative frictions above 1 that the mobility may not be positive; the density is beyond "
                "what friction of pairs can say: give tables with γ ≤ 1, or pair_friction=None"
            )


@njit(cache=True, nogil=True, error_model="numpy")
def _negative_parts(
    reference,
    species,
    start,
    partners,
    lengths,
    per_length,
    index,
    least,
    band2,
):
    """By vortex, the sum of −`least` over its partners within the band of their law."""
    negative = np.zeros(len(species))
    for i in range(len(species)):
        for k in range(start[i], start[i + 1]):
            j = partners[k]
            dx = reference[i, 0] - reference[j, 0]
            dy = reference[i, 1] - reference[j, 1]
            dx -= lengths[0] * np.rint(dx * per_length[0])
            dy -= lengths[1] * np.rint(dy * per_length[1])
            law = index[species[i], species[j]]
            if dx * dx + dy * dy < band2[law]:
                negative[i] -= least[law]
                negative[j] -= least[law]
    return negative


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _add_relative_forces(
    positions,
    free,
    species,
    start,
    partners,
    lengths,
    per_length,
    index,
    isotropic,
    table,
    bits,
    octave,
    reach2,
    out,
):
    """Σ_j c_ij P(V_i − V_j) of all vortices."""
    shift = 52 - bits
    lowest = np.int64(octave + 1023) << bits
    below = (np.int64(1) << shift) - 1
    one = np.int64(1023) << 52
    floor2 = 2.0**octave
    for i in range(len(species)):
        row = index[species[i]]
        gx = 0.0
        gy = 0.0
        for k in range(start[i], start[i + 1]):
            j = partners[k]
            dx = positions[i, 0] - positions[j, 0]
            dy = positions[i, 1] - positions[j, 1]
            dx -= lengths[0] * np.rint(dx * per_length[0])
            dy -= lengths[1] * np.rint(dy * per_length[1])
            s = dx * dx + dy * dy
            law = row[species[j]]
            pattern = np.float64(min(max(s, floor2), reach2)).view(np.int64)
            coefficients = table[law, (pattern >> shift) - lowest]
            t = np.int64((pattern & below) | one).view(np.float64) - 1.0
            c = coefficients[0] + t * (
                coefficients[1] + t * (coefficients[2] + t * coefficients[3])
            )
            c = c if s < reach2 else 0.0
            wx = free[i, 0] - free[j, 0]
            wy = free[i, 1] - free[j, 1]
            if isotropic[law] == 0.0:
                along = dx * wx + dy * wy
                wx = along * dx
                wy = along * dy
            gx += c * wx
            gy += c * wy
            out[j, 0] -= c * wx
            out[j, 1] -= c * wy
        out[i, 0] += gx
        out[i, 1] += gy
