"""What whole vortices settle to: exact stationary laws of the counts, and their linear-noise limit.

The hopping of whole vortices is a reversible zero-range process: a region is left at a rate that depends on
its own count alone. Its stationary law is a product (F. Spitzer, Adv. Math. 5, 246 (1970)),

    P(N_1, …, N_R) ∝ Π_i Π_{k ≤ N_i} w/W_i(kΦ₀/A_i).

Where the outside is in reach, w = W_e and the regions are independent. A closed part holds a given number of
vortices: the law is conditioned on it, exactly, by convolving the laws of the regions. w then drops out; it
is chosen such that the mean total is the given one, which keeps every number within reach of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from vortexmd.checks import flag, measure, numbers, shown, whole
from vortexmd.flux_exchange.count_laws import (
    CUT,
    CountLaw,
    conditioned,
    conditioned_covariance,
)
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import MAX_ALPHA, LawArray
from vortexmd.flux_exchange.rate_windows import ROUNDING

MAX_COUNT = 10**12
# A share of time that rounding could make.
NEGLIGIBLE = 1e-15
# Relative spread of W over a closed part that still counts as equilibrium.
EQUILIBRIUM = 1e-6


@dataclass(frozen=True, eq=False)
class StationaryLaw:
    """Stationary law of the counts of whole vortices.

    Attributes
    ----------
    area
        (R,) of the regions.
    flux_quantum
        Φ₀.
    marginals
        The law of each region's count.
    covariance
        (R, R) of the counts; None unless asked for.
    """

    area: NDArray[np.float64]
    flux_quantum: float
    marginals: tuple[CountLaw, ...]
    covariance: NDArray[np.float64] | None

    @property
    def count_mean(self) -> NDArray[np.float64]:
        """(R,) mean counts."""
        return np.array([law.mean() for law in self.marginals])

    @property
    def count_variance(self) -> NDArray[np.float64]:
        """(R,) variances of the counts."""
        return np.array([law.variance() for law in self.marginals])

    @property
    def mean(self) -> NDArray[np.float64]:
        """(R,) mean fields."""
        return self.count_mean * (self.flux_quantum / self.area)

    @property
    def variance(self) -> NDArray[np.float64]:
        """(R,) variances of the fields."""
        return self.count_variance * (self.flux_quantum / self.area) ** 2


def stationary(
    graph: ExchangeGraph,
    total_count: int | Sequence[int] | None,
    flux_quantum: float,
    *,
    covariance: bool = False,
) -> StationaryLaw:
    """The exact law to which the counts of whole vortices settle.

    Parameters
    ----------
    graph
        Regions and interfaces.
    total_count
        Vortices in each connected part that does not touch the outside, in the order of its first region
        (one number if there is one such part); None if every part touches the outside.
    flux_quantum
        Φ₀ in the unit of field times area.
    covariance
        Also the covariances of the counts: R times the work, for some 50 regions.

    Raises
    ------
    ValueError
        Naming the argument; if the law reaches counts above B_m and above_b_max = "raise".
    """
    flux_quantum = measure("flux_quantum", flux_quantum)
    flag("covariance", covariance)
    parts = _parts(graph)
    totals = _totals([closed for _, closed in parts], total_count)
    _check_mobile(graph)
    regions = [_Region(graph, i, flux_quantum) for i in range(len(graph))]
    marginals: dict[int, CountLaw] = {}
    spread = np.zeros((len(graph), len(graph))) if covariance else None
    for (members, closed), total in zip(parts, totals, strict=True):
        free = _independent(graph, regions, members, closed, total)
        laws = conditioned(free, total) if closed else free
        marginals.update(zip(members.tolist(), laws, strict=True))
        if spread is not None and closed:
            spread[np.ix_(members, members)] = conditioned_covariance(free, laws, total)
        elif spread is not None:
            spread[members, members] = [law.variance() for law in laws]
    ordered = tuple(marginals[i] for i in range(len(graph)))
    _check_above(graph, regions, ordered)
    return StationaryLaw(graph.area, flux_quantum, ordered, spread)


def linear_noise(graph: ExchangeGraph, b: ArrayLike, flux_quantum: float) -> NDArray[np.float64]:
    """(R, R) covariance of the counts around an equilibrium, to leading order in Φ₀.

    C = diag(χ) − χχᵀ/Σχ in a closed part, diag(χ) where the outside is in reach, with χ_i = A_iW_i/(Φ₀W_i′):
    less than the mean counts, as ln W rises faster than ln B.

    Parameters
    ----------
    graph
        Regions and interfaces.
    b
        (R,) fields in equilibrium (`FluxNetwork.equilibrium`).
    flux_quantum
        Φ₀ in the unit of field times area.

    Raises
    ------
    ValueError
        If `b` is no equilibrium, or W underflows.
    """
    flux_quantum = measure("flux_quantum", flux_quantum)
    b = numbers("b", b, f"{len(graph)} fields")
    if b.shape != (len(graph),) or not (np.isfinite(b) & (b >= 0)).all():
        raise ValueError(f"b: give {len(graph)} finite fields, 0 or more")
    w, slope = graph.laws.flux(b), graph.laws.slope(b)
    lost = np.flatnonzero((b > 0) & ((w < 1e-300) | (slope < 1e-300)))
    if lost.size:
        raise ValueError(
            f"b[{lost[0]}] = {b[lost[0]]:.6g}: W = {w[lost[0]]:.3g} there is below the range of floats; use "
            f"stationary, which works with logarithms"
        )
    chi = np.divide(graph.area * w, flux_quantum * slope, out=np.zeros_like(w), where=b > 0)
    result = np.diag(chi)
    for members, closed in _parts(graph):
        level = w[members] if closed else np.append(w[members], graph.outside_flux)
        if np.ptp(level) > EQUILIBRIUM * level.max():
            raise ValueError(
                f"b: W differs by {np.ptp(level) / level.max():.2g} of itself among regions that exchange "
                f"flux; give an equilibrium (network.equilibrium(b0).b)"
            )
        part = chi[members]
        if closed and part.sum() > 0:
            result[np.ix_(members, members)] -= np.outer(part, part) / part.sum()
    return result


def _check_mobile(graph: ExchangeGraph) -> None:
    """Refuse barriers that nothing ever climbs, as at temperature 0."""
    still = np.flatnonzero(graph.laws.alpha > MAX_ALPHA)
    if still.size:
        raise ValueError(
            f"regions[{still[0]}].law: U₀/kT = {graph.laws.alpha[still[0]]:.3g}: nothing leaves, and counts "
            f"settle to no law; give at most {MAX_ALPHA:g}"
        )


def _check_above(
    graph: ExchangeGraph, regions: Sequence[_Region], marginals: Sequence[CountLaw]
) -> None:
    """Refuse laws of which a part that counts lies above B_m, where above_b_max = "raise"."""
    if graph.laws.above_b_max != "raise":
        return
    for i, (region, law) in enumerate(zip(regions, marginals, strict=True)):
        b_max = graph.laws.b_max[i]
        share = float(law.probability[law.counts * region.quantum > b_max * (1.0 + ROUNDING)].sum())
        if share > NEGLIGIBLE:
            raise ValueError(
                f"region {i}: {share:.3g} of its time it would be above its B_m = {b_max:g}, and "
                f"above_b_max = 'raise'; 'clamp' or 'extend' goes on"
            )


def _parts(graph: ExchangeGraph) -> list[tuple[NDArray[np.int64], bool]]:
    """The regions of each connected part, and whether it is closed."""
    n, label = graph.components()
    groups = [np.flatnonzero(label == k) for k in range(n)]
    return [(members, not graph.outside_conductance[members].any()) for members in groups]


def _totals(closed: list[bool], total_count: int | Sequence[int] | None) -> list[int]:
    """Vortices of each part; 0 where the outside decides."""
    needed = sum(closed)
    given = [] if total_count is None else [total_count]
    if isinstance(total_count, (Sequence, np.ndarray)):
        given = list(total_count)
    if len(given) != needed:
        raise ValueError(
            f"total_count = {shown(total_count)}: give the number of vortices in each part that does not "
            f"touch the outside; there are {needed}"
        )
    numbers = iter([whole("total_count", value, 0, MAX_COUNT) for value in given])
    return [next(numbers) if is_closed else 0 for is_closed in closed]


class _Region:
    """One region: its law of counts at a given w, were it on its own."""

    def __init__(self, graph: ExchangeGraph, number: int, flux_quantum: float):
        law, mode = graph.laws.laws[number], graph.laws.above_b_max
        self.quantum = flux_quantum / float(graph.area[number])
        self.kind = (law, self.quantum)
        # What must not be is looked for in the end, not on the way there.
        self._laws = LawArray([law], "clamp" if mode == "raise" else mode)

    def log_flux(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln W at counts of 1 or more: finite however small W is."""
        b = counts * self.quantum
        u = self._laws.energy(b)
        if self._laws.above_b_max == "clamp":
            u = np.where(b > self._laws.b_max[0], 0.0, u)
        return np.log(b) - u

    def law(self, log_w: float, most: int) -> CountLaw:
        """P(k) ∝ Π_{l ≤ k} w/W(lΦ₀/A) over k = 0 … `most`, where it is not negligible."""
        likely = self._laws.inverse(log_w)[0] / self.quantum
        likeliest = int(min(likely, most))
        reach = 32 + int(1.5 * np.sqrt(2.0 * CUT * likely if likely < most else 2.0 * CUT * most))
        while True:
            low, high = max(0, likeliest - reach), min(most, likeliest + reach)
            # W rises, so that ln P is concave: what is left out falls off at least as fast as at the ends.
            log_p = np.concatenate(
                ([0.0], np.cumsum(log_w - self.log_flux(np.arange(low + 1, high + 1, dtype=float))))
            )
            log_p -= log_p.max()
            inside = np.flatnonzero(log_p > -CUT)
            first, last = int(inside[0]), int(inside[-1])
            if (first > 0 or low == 0) and (last < high - low or high == most):
                break
            reach *= 2
        p = np.exp(log_p[first : last + 1])
        return CountLaw(low + first, p / p.sum())


def _independent(
    graph: ExchangeGraph,
    regions: list[_Region],
    members: NDArray[np.int64],
    closed: bool,
    total: int,
) -> list[CountLaw]:
    """The laws of a part's regions at w = W_e, or at that w which makes the mean total `total`."""
    if not closed:
        if graph.outside_flux == 0:
            return [CountLaw(0, np.ones(1))] * len(members)
        log_w = float(np.log(graph.outside_flux))
        return [regions[i].law(log_w, MAX_COUNT) for i in members]
    if total == 0:
        return [CountLaw(0, np.ones(1))] * len(members)
    if len(members) == 1:
        return [CountLaw(total, np.ones(1))]

    def at(log_w: float) -> list[CountLaw]:
        # Regions that are alike are computed once.
        known: dict[tuple, CountLaw] = {}
        for i in members:
            if regions[i].kind not in known:
                known[regions[i].kind] = regions[i].law(log_w, total)
        return [known[regions[i].kind] for i in members]

    def excess(log_w: float) -> float:
        return sum(law.mean() for law in at(log_w)) - total

    # At equal fields, the level of the mean-field equilibrium lies between the regions' W.
    share = total / sum(1.0 / regions[i].quantum for i in members)
    alone = [regions[i].log_flux(np.array([share / regions[i].quantum]))[0] for i in members]
    low, high, step = float(min(alone)) - 0.5, float(max(alone)) + 0.5, 1.0
    while excess(low) > 0:
        low, step = low - step, 2.0 * step
    while excess(high) < 0:
        high, step = high + step, 2.0 * step
    return at(float(brentq(excess, low, high, xtol=1e-9)))
