"""Laws of counts, and what becomes of them when the total is given: exact, by convolution.

Independent counts n_1, n_2, … with laws p_i, given that they add up to N, have

    P(n_i = k) ∝ p_i(k) · P(Σ_{j ≠ i} n_j = N − k).

The laws of all but one come from a binary tree of partial sums, for R counts at the cost of some log₂R sums
of all. Every term is positive, so that the probabilities keep their relative precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Counts less likely than e^{−CUT} times the likeliest are left out: below the rounding of any moment.
CUT = 80.0
# Direct products keep the relative precision of small terms; beyond this many they take too long.
DIRECT_PRODUCTS = 10**8
FFT_NOISE = 1e-15


class CountLaw(NamedTuple):
    """Probabilities of the counts low, low + 1, …; also unnormalised weights on the way there."""

    low: int
    probability: NDArray[np.float64]

    @property
    def counts(self) -> NDArray[np.float64]:
        """The counts, as floats."""
        return self.low + np.arange(len(self.probability), dtype=float)

    def mean(self) -> float:
        """Mean count."""
        # About the first count, so that the spread keeps its digits beside a large mean.
        return self.low + float(np.arange(len(self.probability)) @ self.probability)

    def variance(self) -> float:
        """Variance of the count."""
        off = np.arange(len(self.probability)) - (self.mean() - self.low)
        return float(off**2 @ self.probability)


def conditioned(free: Sequence[CountLaw], total: int) -> list[CountLaw]:
    """The laws of independent counts, given that they add up to `total`."""
    laws = []
    for law, rest in zip(free, _rests(_tree(free), CountLaw(0, np.ones(1)), total), strict=True):
        p = _meeting(law, rest, total)
        inside = np.flatnonzero(p)
        first, last = int(inside[0]), int(inside[-1])
        laws.append(CountLaw(law.low + first, p[first : last + 1] / p.sum()))
    return laws


def conditioned_covariance(
    free: Sequence[CountLaw], laws: Sequence[CountLaw], total: int
) -> NDArray[np.float64]:
    """Covariances of independent counts, given that they add up to `total`; `laws` are then theirs."""
    n = len(free)
    result = np.zeros((n, n))
    # Weighted by the deviation from the exact mean: no differences of large numbers.
    off = [
        CountLaw(law.low, (law.counts - exact.mean()) * law.probability)
        for law, exact in zip(free, laws, strict=True)
    ]
    nothing = CountLaw(0, np.ones(1))
    for i in range(n):
        weighted = [*free[:i], off[i], *free[i + 1 :]]
        for j, rest in enumerate(_rests(_tree(weighted), nothing, total)):
            if j == i:
                norm = _meeting(free[i], rest, total).sum()
            else:
                result[i, j] = _meeting(off[j], rest, total).sum()
        result[i] /= norm
        result[i, i] = laws[i].variance()
    return 0.5 * (result + result.T)


class _Node(NamedTuple):
    """The law of the sum of some counts, and its two halves; none for a single count."""

    law: CountLaw
    halves: tuple[_Node, _Node] | None


def _tree(laws: Sequence[CountLaw]) -> _Node:
    if len(laws) == 1:
        return _Node(laws[0], None)
    half = len(laws) // 2
    left, right = _tree(laws[:half]), _tree(laws[half:])
    return _Node(_sum(left.law, right.law), (left, right))


def _rests(node: _Node, others: CountLaw, total: int) -> list[CountLaw]:
    """For each count below `node`, the law of the sum of all others there are.

    Parameters
    ----------
    node
        Some of the counts.
    others
        The law of the sum of those not below `node`.
    total
        What all add up to: only the part of a law that can meet it is kept.
    """
    if node.halves is None:
        return [others]
    left, right = node.halves
    rests = []
    for half, sibling in ((left, right), (right, left)):
        rest = _sum(others, sibling.law)
        highest = half.law.low + len(half.law.probability) - 1
        rests += _rests(half, _within(rest, total - highest, total - half.law.low), total)
    return rests


def _sum(a: CountLaw, b: CountLaw) -> CountLaw:
    """The law of the sum of two independent counts, without ends that are negligible."""
    if len(a.probability) * len(b.probability) <= DIRECT_PRODUCTS:
        p, negligible = np.convolve(a.probability, b.probability), np.exp(-CUT)
    else:
        # Imported here: it would make a quarter of the time that vortexmd takes to import.
        from scipy.signal import fftconvolve

        p, negligible = fftconvolve(a.probability, b.probability), FFT_NOISE
    size = np.abs(p)
    inside = np.flatnonzero(size >= size.max() * negligible)
    first, last = int(inside[0]), int(inside[-1])
    return CountLaw(a.low + b.low + first, p[first : last + 1])


def _within(law: CountLaw, low: int, high: int) -> CountLaw:
    """The part of `law` at counts low … high."""
    first = max(0, low - law.low)
    return CountLaw(law.low + first, law.probability[first : max(first, high + 1 - law.low)])


def _meeting(law: CountLaw, rest: CountLaw, total: int) -> NDArray[np.float64]:
    """law(k)·rest(total − k) at the counts k of `law`."""
    result = np.zeros_like(law.probability)
    partner = total - law.low - np.arange(len(result)) - rest.low
    there = (partner >= 0) & (partner < len(rest.probability))
    result[there] = law.probability[there] * rest.probability[partner[there]]
    return result
