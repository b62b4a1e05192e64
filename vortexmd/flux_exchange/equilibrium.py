"""Where flux exchange ends: one flux density w = W_i(B_i) in all regions that are connected.

R. Ma, Eqs. 12–14, for any number of regions and any laws. Regions that touch the outside, however indirectly,
come to w = W_e. A closed part keeps its flux, which fixes w as the root of Σ A_i B_i(w) = Φ; the left side
rises with w, so there is one, and every solution tends to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray

ROUNDS = 200
# Of ln Φ, an order above the rounding of a sum.
PRECISION = 1e-14


@dataclass(frozen=True)
class Equilibrium:
    """The fields at which nothing changes any more.

    Parameters
    ----------
    b
        (R,) fields.
    log_w
        (R,) ln W, the same in all connected regions; −∞ where no flux is left.
    component
        (R,) which connected part each region is in.
    flux
        (R,) A_i B_i.
    flux_error
        By how much Σ A_i B_i of a closed part differs from what it began with, relative, at worst.
    """

    b: NDArray[np.float64]
    log_w: NDArray[np.float64]
    component: NDArray[np.int64]
    flux: NDArray[np.float64]
    flux_error: float

    @property
    def w(self) -> NDArray[np.float64]:
        """(R,) W, in the unit of fields; 0 where it is too small for a float (`log_w` is not)."""
        with np.errstate(under="ignore"):
            return np.exp(self.log_w)


def equilibrium(graph: ExchangeGraph, b0: ArrayLike) -> Equilibrium:
    """The equilibrium that the fields `b0` (R,) end in.

    Raises
    ------
    ValueError
        Temperature 0; under `above_b_max` = "raise", a region whose field ends above B_m.
    """
    b0 = np.asarray(b0, dtype=float)
    graph.laws.refuse_frozen()
    count, label = graph.components()
    flux0 = np.bincount(label, graph.area * b0, count).astype(float)
    touches = np.bincount(label, graph.outside_conductance, count) > 0
    empty = np.where(touches, graph.outside_flux == 0, flux0 == 0)
    log_w = np.zeros(count)
    if graph.outside_flux > 0:
        log_w[touches] = np.log(graph.outside_flux)
    closed = ~touches & ~empty
    if closed.any():
        part = closed[label]
        number = np.cumsum(closed) - 1
        log_w[closed] = _roots(
            graph.area[part], _some(graph.laws, part), number[label[part]], flux0[closed]
        )
    b = np.where(empty[label], 0.0, graph.laws.inverse(log_w[label]))
    flux = graph.area * b
    after = np.bincount(label, flux, count)
    error = np.abs(after[closed] / flux0[closed] - 1.0).max(initial=0.0)
    _refuse_above(graph.laws, b)
    return Equilibrium(
        b, np.where(empty, -np.inf, log_w)[label], label, flux, flux_error=float(error)
    )


def _some(laws: LawArray, chosen: NDArray[np.bool_]) -> LawArray:
    if chosen.all():
        return laws
    return LawArray([laws.laws[k] for k in np.flatnonzero(chosen)], laws.above_b_max)


def _refuse_above(laws: LawArray, b: NDArray[np.float64]) -> None:
    if laws.above_b_max != "raise":
        return
    over = np.flatnonzero(b > laws.b_max * (1.0 + 1e-12))
    if over.size:
        k = int(over[0])
        raise ValueError(
            f"region {k}: its equilibrium B = {b[k]:.6g} exceeds B_m = {laws.b_max[k]:g}, where vortices "
            f"flow; above_b_max = 'clamp' or 'extend' goes on"
        )


def _roots(
    area: NDArray[np.float64],
    laws: LawArray,
    label: NDArray[np.int64],
    flux: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(K,) ln w of K closed parts: roots of ln ΣA_iB_i(w) − ln Φ, all at once.

    Some region holds at least the mean field of its part and some at most, so ln w lies between the least and
    the greatest ln W_i of the mean field. Regula falsi with Illinois' halving, and a bisection every fourth
    round in case the function bends too much for it.
    """
    count = len(flux)
    mean = (flux / np.bincount(label, area, count))[label]
    log_w_mean = np.log(mean) - laws.energy(mean)
    if laws.above_b_max == "clamp":
        log_w_mean = np.where(mean > laws.b_max, np.log(mean), log_w_mean)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, label, log_w_mean)
    np.maximum.at(high, label, log_w_mean)

    def excess(log_w: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log(np.bincount(label, area * laws.inverse(log_w[label]), count) / flux)

    width = 1e-12 * (1.0 + np.abs(low) + np.abs(high))
    low, high = low - width, high + width
    below, above = excess(low), excess(high)
    best, error = np.where(-below < above, low, high), np.minimum(-below, above)
    side = np.zeros(count, dtype=int)
    for k in range(ROUNDS):
        narrow = high - low <= 2e-16 * np.maximum(np.abs(low), np.abs(high))
        if ((error <= PRECISION) | narrow).all():
            break
        share = 0.5 if k % 4 == 3 else below / np.minimum(below - above, -1e-300)
        middle = np.clip(low + share * (high - low), low, high)
        value = excess(middle)
        better = np.abs(value) < error
        best, error = np.where(better, middle, best), np.where(better, np.abs(value), error)
        rises = value > 0
        # Illinois: the end that stays put twice running counts half.
        below = np.where(rises, np.where(side == 1, 0.5 * below, below), value)
        above = np.where(rises, value, np.where(side == -1, 0.5 * above, above))
        low, high = np.where(rises, low, middle), np.where(rises, middle, high)
        side = np.where(rises, 1, -1)
    return best
