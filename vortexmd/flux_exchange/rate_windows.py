"""How fast regions are left against how many vortices they hold, tabulated around the counts in use.

A region of N vortices loses one at the rate u(N) = Σ_j c_ij W(NΦ₀/A)/Φ₀. Reading a table takes less time than
an exponential, and serves laws from functions as well. The tables are windows that follow the counts, so that
10⁸ vortices in a region need no more memory than 10³. Compiled code moves the windows of the family's laws;
those of functions are moved here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray
from vortexmd.flux_exchange.sampling_kernel import Rates, cover, window_start

# Entries in all windows together, and in one.
MAX_ENTRIES = 2**19
MIN_WIDTH, MAX_WIDTH = 64, 1024
# A region filled to B_m in whole vortices may exceed it by rounding.
ROUNDING = 1e-12


class RateWindows:
    """A window of rates for each region; every thread has its own.

    Parameters
    ----------
    graph
        The regions.
    leaving
        (R,) Σ_j c_ij + c_ie, area per time.
    counts
        (R,) the counts to begin with.
    flux_quantum
        Φ₀.
    most
        No region can hold more vortices than this; None: there is no bound.

    Attributes
    ----------
    rates
        The windows as compiled code reads and moves them.

    Raises
    ------
    ValueError
        If a law from a function gives no number.
    """

    def __init__(
        self,
        graph: ExchangeGraph,
        leaving: NDArray[np.float64],
        counts: NDArray[np.int64],
        flux_quantum: float,
        most: int | None,
    ):
        laws, n = graph.laws, len(graph)
        width = int(np.clip(MAX_ENTRIES // n, MIN_WIDTH, MAX_WIDTH))
        self._laws = laws
        self.rates = Rates(
            low=np.zeros(n, dtype=np.int64),
            table=np.empty((n, width if most is None else min(width, most + 1))),
            most=-1 if most is None else most,
            quantum=flux_quantum / graph.area,
            scale=leaving / flux_quantum,
            power=laws.power,
            alpha=laws.alpha,
            b_max=laws.b_max,
            clamp=laws.above_b_max != "extend",
            allowed=laws.b_max * (1.0 + ROUNDING if laws.above_b_max == "raise" else np.inf),
        )
        for region, count in enumerate(counts):
            if not cover(self.rates, region, count):
                self.cover(region, int(count))

    def cover(self, region: int, count: int) -> None:
        """Move the window of `region`, whose law is a function, to around `count`."""
        rates = self.rates
        low = window_start(rates, count)
        counts = low + np.arange(rates.table.shape[1])
        b = np.maximum(counts, 1) * rates.quantum[region]
        alone = LawArray([self._laws.laws[region]], "clamp" if rates.clamp else "extend")
        flux = np.where(counts > 0, alone.flux(b), 0.0)
        wrong = np.flatnonzero(np.isnan(flux))
        if wrong.size:
            raise ValueError(
                f"regions[{region}].law: U is not a number at B = {b[wrong[0]]:.6g}; give a law for all "
                f"fields that occur"
            )
        flux[b > rates.allowed[region]] = np.nan
        rates.low[region] = low
        rates.table[region] = flux * rates.scale[region]

    def copy(self) -> RateWindows:
        """The same windows, to be moved by another thread."""
        other = object.__new__(RateWindows)
        other._laws = self._laws
        other.rates = self.rates._replace(low=self.rates.low.copy(), table=self.rates.table.copy())
        return other
