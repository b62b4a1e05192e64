"""Whole vortices in two regions, written out state by state: what sampled counts are held against.

The state is the count of region 0, the rest are in region 1. Nothing here comes from `flux_exchange`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

Array = NDArray[np.float64]


def plain_flux(kind: str, alpha: float, b_max: float, b: float) -> float:
    """W = B e^{−U/kT} of the linear or logarithmic law, U not below 0, in the unit of B; 0 at B = 0."""
    if b == 0.0:
        return 0.0
    u = alpha * (1.0 - b / b_max) if kind == "linear" else alpha * log(b_max / b)
    return b * exp(-max(u, 0.0))


def moments(p: Array) -> tuple[float, float]:
    """Mean and variance of a number k that has the probability p[k]."""
    k = np.arange(len(p))
    mean = float(p @ k)
    return mean, float(p @ (k - mean) ** 2)


@dataclass(frozen=True)
class TwoRegions:
    """A closed pair of regions.

    Parameters
    ----------
    total
        Vortices in both.
    leave
        ``leave(region, count)``: the rate of hops out of a region with so many, 1/time.
    """

    total: int
    leave: Callable[[int, int], float]

    def stationary(self) -> Array:
        """(total + 1,) by detailed balance of neighbouring states."""
        p = np.ones(self.total + 1)
        for k in range(1, self.total + 1):
            p[k] = p[k - 1] * self.leave(1, self.total - k + 1) / self.leave(0, k)
        return p / p.sum()

    def after(self, time: float, start: int) -> Array:
        """(total + 1,) at `time`, from `start` vortices in region 0: the exponential of the generator."""
        generator = np.zeros((self.total + 1, self.total + 1))
        for k in range(self.total + 1):
            for step, rate in ((-1, self.leave(0, k)), (1, self.leave(1, self.total - k))):
                if 0 <= k + step <= self.total:
                    generator[k + step, k] += rate
                    generator[k, k] -= rate
        return np.asarray(expm(generator * time)[:, start])
