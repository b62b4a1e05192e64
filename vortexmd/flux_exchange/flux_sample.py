"""An ensemble of sampled flux exchange: counts, fields, and what their spread says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import numbers, shown, whole


@dataclass(frozen=True, eq=False)
class FluxSample:
    """Runs of whole vortices hopping between regions (`FluxNetwork.sample`).

    Attributes
    ----------
    times
        (T,) when counts were recorded.
    area
        (R,) of the regions.
    flux_quantum
        Φ₀.
    seed
        Of the random numbers.
    initial_counts
        (R,) vortices at time 0: the whole numbers nearest to the fields asked for.
    count_mean, count_variance
        (T, R) over the runs; the variance is unbiased, and NaN from one run.
    counts
        (n_runs, T, R) int64; None with keep="moments".
    entered, left
        (n_runs, T) vortices that came from outside, and that left, since time 0:
        counts.sum(axis=2) = initial_counts.sum() + entered − left.
    events
        (n_runs,) hops, entries and exits up to the last time.
    """

    times: NDArray[np.float64]
    area: NDArray[np.float64]
    flux_quantum: float
    seed: int
    initial_counts: NDArray[np.int64]
    count_mean: NDArray[np.float64]
    count_variance: NDArray[np.float64]
    counts: NDArray[np.int64] | None
    entered: NDArray[np.int64]
    left: NDArray[np.int64]
    events: NDArray[np.int64]

    def __repr__(self) -> str:
        runs, times = self.entered.shape
        return (
            f"<FluxSample: {runs} runs, {times} times, {len(self.area)} regions, seed {self.seed}>"
        )

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return len(self.events)

    @property
    def initial_fields(self) -> NDArray[np.float64]:
        """(R,) the fields of `initial_counts`: where the mean-field solution to compare with starts."""
        return self.initial_counts * (self.flux_quantum / self.area)

    @property
    def fields(self) -> NDArray[np.float64]:
        """(n_runs, T, R) B of every run; ValueError with keep="moments"."""
        return self._kept() * (self.flux_quantum / self.area)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(T, R) mean field over the runs."""
        return self.count_mean * (self.flux_quantum / self.area)

    @property
    def variance(self) -> NDArray[np.float64]:
        """(T, R) variance of the field from run to run, unbiased; NaN from one run."""
        return self.count_variance * (self.flux_quantum / self.area) ** 2

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """(T, R) of `mean`: √(variance/n_runs); NaN from one run."""
        return np.sqrt(self.variance / self.n_runs)

    def covariance(self, k: int) -> NDArray[np.float64]:
        """(R, R) covariance of the fields at times[k] over the runs, unbiased.

        Raises
        ------
        ValueError
            From fewer than two runs, or with keep="moments".
        """
        if self.n_runs < 2:
            raise ValueError("covariance: takes two runs or more; sample with n_runs = 2 or more")
        k = whole("k", k, -len(self.times), len(self.times) - 1)
        return np.atleast_2d(np.cov(self.fields[:, k], rowvar=False))

    def quantiles(self, q: ArrayLike) -> NDArray[np.float64]:
        """(…, T, R) quantiles `q` (0 … 1) of the fields over the runs; ValueError with keep="moments"."""
        levels = numbers("q", q, "levels from 0 to 1")
        if not levels.size or not ((levels >= 0) & (levels <= 1)).all():
            raise ValueError(f"q = {shown(q)}: give levels from 0 to 1")
        return np.quantile(self.fields, levels, axis=0)

    def _kept(self) -> NDArray[np.int64]:
        if self.counts is None:
            raise ValueError("counts: not kept; sample with keep='runs'")
        return self.counts
