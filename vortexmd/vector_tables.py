"""Pair laws for the vector code: few bins, steep polynomials, all in registers.

The variable is s = s₀ + (r/unit)², which is 1 where the force begins to be switched off
(`pair_tables.switch`). Bins are a fixed part of an octave of s below 1, and finer ones above, where the
switch bends the law. With s₀ at the lower edge of the first bin all r ≥ 0 are in bins: for laws that are
smooth at 0. Those that diverge take s₀ = 0, where bins follow them closer. Either way, the fine tables take
over below the first bin whose polynomial, and those of all bins further out, are good enough.

Rows (`vortexmd.kernels.vector`): 1/unit, s of the cutoff, s of the nearest pair, s₀; then, for each power,
two vectors of coefficients of F/r times the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from vortexmd.kernels.vector import Lanes
from vortexmd.pair_tables import SWITCH_FROM, switch

# Where each bin's polynomial meets the law, and where it is compared with it.
NODES = 0.5 * (1 + np.cos(np.pi * (np.arange(32) + 0.5) / 32))
BETWEEN = np.linspace(0.0, 1.0, 41)
# Below this s, a twentieth of the cutoff squared, the fine tables may take over.
FORGIVEN = 0.0625


@dataclass(frozen=True)
class VectorTable:
    """One law.

    Attributes
    ----------
    row
        (lanes.row,) in the precision of the lanes.
    nearest
        λ: nearer pairs than that are no business of the polynomials.
    error
        Largest error of the force beyond that over its largest magnitude beyond a tenth of the cutoff.
    """

    row: NDArray[Any]
    nearest: float
    error: float


def vector_table(law: Any, lanes: Lanes, good: float) -> VectorTable:
    """Tabulate a potential for the vector code.

    Parameters
    ----------
    law
        A potential with a finite cutoff.
    lanes
        `kernels.vector.SINGLE` or `DOUBLE`.
    good
        An error over the largest force beyond a tenth of the cutoff: bins near r = 0 that are worse are left
        to the fine tables.
    """
    octaves = (lanes.bins - _outer(lanes)) // 2**lanes.inner
    plain = _tabulate(law, lanes, good, 0.0)
    if not law.bounded:
        return plain
    shifted = _tabulate(law, lanes, good, 2.0**-octaves)
    return shifted if shifted.nearest < plain.nearest else plain


def _outer(lanes: Lanes) -> int:
    """Bins beyond s = 1, up to the cutoff."""
    return ceil((SWITCH_FROM**-2 - 1.0) * 2.0**lanes.outer)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _tabulate(law: Any, lanes: Lanes, good: float, origin: float) -> VectorTable:
    """As `vector_table`, for one s₀."""
    number = np.float32 if lanes.bits == 32 else np.float64
    fine, coarse = 2.0**-lanes.outer, 2.0**-lanes.inner
    outer = _outer(lanes)
    unit = SWITCH_FROM * law.cutoff / sqrt(1.0 - origin)
    cut = origin + (law.cutoff / unit) ** 2
    row = np.zeros(lanes.row, dtype=number)
    powers = row[lanes.count :].reshape(lanes.degree + 1, lanes.bins)
    # Edges in s of each bin, from the cutoff inwards, and the octave it lies in.
    bins = [(1.0 + k * fine, 1.0 + (k + 1) * fine, 1.0) for k in reversed(range(outer))]
    for k in range(lanes.bins - outer):
        octave = 2.0 ** (-1 - k // 2**lanes.inner)
        low = 2.0 - (1 + k % 2**lanes.inner) * coarse
        bins.append((octave * low, octave * (low + coarse), octave))
    largest = float(np.abs(_switched(law, np.linspace(0.1, 1.0, 2000) * law.cutoff)).max())
    low, high, octave = np.array(bins).T[:, :, None]
    middle = 1 + (np.floor((low / octave - 1) / coarse) + 0.5) * coarse
    at = low + (high - low) * NODES
    r = unit * np.sqrt(at - origin)
    ratio = _switched(law, r) / r * unit
    between = np.minimum(low + (high - low) * BETWEEN, cut)
    r_between = unit * np.sqrt(between - origin)
    exact = _switched(law, r_between)
    fit = np.linalg.pinv(chebvander(2 * NODES - 1, lanes.degree))
    nearest, worst = cut, 0.0
    for k in range(len(bins)):
        if not np.isfinite(ratio[k]).all():
            break
        # From the middle of the coarse bin, in parts of its octave.
        ends = (np.array([low[k], high[k]]) / octave[k] - middle[k]).ravel()
        polynomial = Chebyshev(fit @ ratio[k], domain=ends).convert(kind=Polynomial).coef
        index = _bin(float(0.5 * (low[k, 0] + high[k, 0])), lanes)
        powers[: len(polynomial), index] = polynomial
        rounded = Polynomial(powers[:, index].astype(float))
        found = rounded(between[k] / octave[k] - middle[k]) * r_between[k] / unit
        errors = np.abs(found - exact[k])[r_between[k] > 0]
        error = float(errors.max()) / largest if largest > 0 else 0.0
        # A law that is not smooth further out is none for these polynomials.
        if not error <= good and high[k, 0] <= FORGIVEN:
            break
        nearest, worst = float(low[k, 0]), max(worst, error)
    row[:4] = 1.0 / unit, cut, nearest, origin
    return VectorTable(row, unit * sqrt(nearest - origin), worst)


def with_nearest(table: VectorTable, distance: float) -> NDArray[Any]:
    """The row of a table whose pairs nearer than a distance (λ) are close ones too."""
    row = table.row.copy()
    if distance > 0:
        row[2] = max(row[2], _edge(distance * float(row[0]), float(row[3]), row.dtype))
    return row


def nothing(lanes: Lanes, distance: float) -> NDArray[Any]:
    """The row of pairs that do not act on each other, but are close ones below a distance (λ)."""
    row = np.zeros(lanes.row, dtype=np.float32 if lanes.bits == 32 else np.float64)
    row[:4] = 1.0, 0.0, _edge(distance, 0.0, row.dtype), 0.0
    return row


def _edge(distance: float, origin: float, dtype: np.dtype) -> float:
    """s of a distance in units, so that rounding lets nobody pass who is nearer."""
    return distance**2 * (1 + 1e-5) + origin * (1 + 8 * float(np.finfo(dtype).eps))


def _switched(law: Any, r: NDArray[np.float64]) -> NDArray[np.float64]:
    """F·S; a little beyond the cutoff, where the last bin ends, S goes on as its polynomial does."""
    inside = law.force(r)
    x = (r / law.cutoff - SWITCH_FROM) / (1 - SWITCH_FROM)
    beyond = 1 - x**3 * (10 - 15 * x + 6 * x**2)
    return inside * np.where(r > law.cutoff, beyond, switch(law.cutoff, r))


def _bin(s: float, lanes: Lanes) -> int:
    """Which of the bins the vector code takes for s."""
    octave = int(np.floor(np.log2(s)))
    place = s / 2.0**octave - 1
    coarse = ((octave + lanes.bias) << lanes.inner) + int(place * 2**lanes.inner)
    fine = ((octave + lanes.bias) << lanes.outer) + int(place * 2**lanes.outer) - lanes.shift
    return max(coarse, fine) % lanes.bins
