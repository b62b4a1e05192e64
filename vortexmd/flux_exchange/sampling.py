"""Flux exchange of whole vortices: exact samples of the stochastic process.

Each vortex carries Φ₀, and region i holds N_i = B_iA_i/Φ₀ of them. One hops from i to j at the rate
c_ij W_i(N_iΦ₀/A_i)/Φ₀ (N_i before the hop), leaves the sample at c_ie W_i/Φ₀ and enters at c_ie W_e/Φ₀. The
mean follows R. Ma's Eqs. 3–5, 21 up to a bias of order 1/N. Drawn event by event (`sampling_kernel`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import inf
from queue import SimpleQueue

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import measure, shown, whole
from vortexmd.flux_exchange import sampling_kernel as kernel
from vortexmd.flux_exchange.channels import node_channels
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.flux_sample import FluxSample
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import FROZEN, LawArray
from vortexmd.flux_exchange.rate_windows import ROUNDING, RateWindows
from vortexmd.flux_exchange.solver import rising_times
from vortexmd.random_numbers import SSA

KEEP = ("runs", "moments")
MAX_RUNS = 2**31
MAX_THREADS = 1024
# Counts stay exact as floats up to here.
MAX_COUNT = 2**52
# Months of computing.
MOST_HOPS = 1e13
# Records held in memory, bytes.
MAX_BYTES = 4 * 2**30
BLOCK_BYTES = 2**25
# Events between two returns from compiled code, where Ctrl-C is heard: a fraction of a second.
BUDGET = 2**20


def sample(
    graph: ExchangeGraph,
    b0: ArrayLike,
    times: ArrayLike,
    flux_quantum: float,
    n_runs: int = 1,
    seed: int = 0,
    *,
    threads: int | None = None,
    keep: str = "runs",
) -> FluxSample:
    """Sample whole vortices hopping between regions, exactly (Gillespie's direct method).

    Run r draws its random numbers from (seed, r, number of the event) alone: its counts depend neither on
    how many runs there are, nor on the threads, nor on which times are recorded.

    Parameters
    ----------
    graph
        Regions and interfaces.
    b0
        (R,) fields at the start; b0·A/Φ₀ is made whole by `whole_counts`.
    times
        (T,) when to record, increasing, 0 or more.
    flux_quantum
        Φ₀ in the unit of field times area.
    n_runs
        Independent runs.
    seed
        0 … 2⁶⁴ − 1.
    threads
        Runs go on side by side in at most this many; default one a processor.
    keep
        ``"runs"``: the counts of every run; ``"moments"``: their mean and variance alone, for networks or
        ensembles too large to keep.

    Raises
    ------
    ValueError
        Naming the argument; during the run, if a region comes above B_m and above_b_max = "raise" (naming
        region and run), or a rate is not finite.
    """
    t = rising_times(times).copy()
    flux_quantum = measure("flux_quantum", flux_quantum)
    n_runs = whole("n_runs", n_runs, 1, MAX_RUNS)
    seed = whole("seed", seed, 0, 2**64 - 1)
    if not isinstance(keep, str) or keep not in KEEP:
        raise ValueError(f"keep = {shown(keep)}: give one of {', '.join(KEEP)}")
    if threads is not None:
        whole("threads", threads, 1, MAX_THREADS)
    _check_memory(n_runs, keep, len(t), len(graph))
    counts = whole_counts(graph, b0, flux_quantum)
    _check_start(graph, counts, flux_quantum)
    _check_work(graph, counts, flux_quantum, n_runs * float(t[-1]))
    process = _Process(graph, counts, t, flux_quantum, seed)
    moments = _Moments()
    kept = np.empty((n_runs, len(t), len(graph)), dtype=np.int64) if keep == "runs" else None
    entered = np.empty((n_runs, len(t)), dtype=np.int64)
    left = np.empty_like(entered)
    events = np.empty(n_runs, dtype=np.int64)
    for first, records in process.run(n_runs, threads or os.cpu_count() or 1):
        block = slice(first, first + len(records.events))
        entered[block], left[block], events[block] = records.entered, records.left, records.events
        if kept is not None:
            kept[block] = records.counts
        moments.add(records.counts)
    return FluxSample(
        times=t,
        area=graph.area,
        flux_quantum=flux_quantum,
        seed=seed,
        initial_counts=counts,
        count_mean=moments.mean(),
        count_variance=moments.variance(),
        counts=kept,
        entered=entered,
        left=left,
        events=events,
    )


def whole_counts(graph: ExchangeGraph, b0: ArrayLike, flux_quantum: float) -> NDArray[np.int64]:
    """(R,) whole vortices nearest to the fields `b0` (R,), 0 or more.

    Every connected part keeps its flux to half a quantum: its total is rounded, and those regions get one
    more than the whole part whose remainder is largest (Hamilton's method), so that no count is off by one
    or more.

    Raises
    ------
    ValueError
        If there are more vortices than floats can count.
    """
    exact = np.asarray(b0, dtype=float) * graph.area / flux_quantum
    if not exact.sum() < MAX_COUNT:
        raise ValueError(
            f"flux_quantum = {flux_quantum:g}: the fields make {exact.sum():.3g} vortices; at most 2^52 can "
            f"be counted, and so many follow the mean-field equations (solve)"
        )
    n = np.floor(exact).astype(np.int64)
    part_count, part = graph.components()
    for k in range(part_count):
        members = np.flatnonzero(part == k)
        more = round(float(exact[members].sum())) - int(n[members].sum())
        order = np.argsort(n[members] - exact[members], kind="stable")
        n[members[order[:more]]] += 1
    return n


def _check_memory(n_runs: int, keep: str, n_times: int, n_regions: int) -> None:
    # Of every run come also two tallies a time.
    size = 8 * n_times * ((n_runs if keep == "runs" else 1) * n_regions + 2 * n_runs)
    if size > MAX_BYTES:
        raise ValueError(
            f"n_runs, times: {n_runs} runs of {n_regions} regions at {n_times} times need "
            f"{size / 2**30:.1f} GiB, more than {MAX_BYTES / 2**30:.0f}; ask for fewer runs or times"
            + (", or keep='moments'" if keep == "runs" else "")
        )


def _check_start(graph: ExchangeGraph, counts: NDArray[np.int64], flux_quantum: float) -> None:
    """Refuse regions above B_m at the start where above_b_max = "raise"."""
    if graph.laws.above_b_max != "raise":
        return
    b, b_max = counts * flux_quantum / graph.area, graph.laws.b_max
    above = np.flatnonzero(b > b_max * (1.0 + ROUNDING))
    if above.size:
        k = above[0]
        raise ValueError(
            f"b0[{k}]: {counts[k]} whole vortices make B = {b[k]:.6g}, more than B_m = {b_max[k]:.6g}; lower "
            f"b0, or above_b_max = 'clamp' or 'extend' goes on"
        )


def _check_work(
    graph: ExchangeGraph, counts: NDArray[np.int64], flux_quantum: float, duration: float
) -> None:
    """Refuse ensembles that would take years: by the hops in the mean-field equilibrium."""
    if (graph.laws.alpha >= FROZEN).any():
        return
    if graph.laws.above_b_max == "raise":
        # It has its say when a run comes there.
        graph = replace(graph, laws=LawArray(graph.laws.laws, "clamp"))
    try:
        log_w = equilibrium(graph, counts * flux_quantum / graph.area).log_w
    except ValueError:
        # Laws that are no numbers somewhere are named where a run meets them.
        return
    leaving = graph.outside_conductance + np.asarray(graph.exchange().sum(axis=1)).ravel()
    with np.errstate(over="ignore", under="ignore"):
        hops = float(leaving @ np.exp(log_w)) / flux_quantum * duration
    # So are rates that are not finite.
    if MOST_HOPS < hops < inf:
        raise ValueError(
            f"times, n_runs: some {hops:.1g} hops of single vortices, more than the {MOST_HOPS:g} that can "
            f"be drawn; give earlier times, fewer runs or a larger flux_quantum, or solve the mean fields"
        )


class _Moments:
    """Mean and variance of counts, block after block: sums of whole numbers, so that no order matters."""

    def __init__(self) -> None:
        self._n = 0
        self._first = self._sum = self._squares = np.zeros(1, dtype=np.int64)

    def add(self, counts: NDArray[np.int64]) -> None:
        """Add a block of runs (n, T, R)."""
        if self._n == 0:
            # Runs differ from one another by far less than from nothing: the sums stay small.
            self._first = counts[0].copy()
        off = counts - self._first
        self._n += len(counts)
        self._sum = self._sum + off.sum(axis=0)
        self._squares = self._squares + (off * off).sum(axis=0)

    def mean(self) -> NDArray[np.float64]:
        """(T, R)."""
        return self._first + self._sum / self._n

    def variance(self) -> NDArray[np.float64]:
        """(T, R), unbiased; NaN from one run."""
        if self._n < 2:
            return np.full(self._first.shape, np.nan)
        return (self._squares - self._sum * (self._sum / self._n)) / (self._n - 1)


class _Process:
    """What all runs share, and the threads that carry them out."""

    def __init__(
        self,
        graph: ExchangeGraph,
        counts: NDArray[np.int64],
        times: NDArray[np.float64],
        flux_quantum: float,
        seed: int,
    ):
        self._channels, leaving = node_channels(graph)
        n = len(graph)
        insertion = float(leaving[n] * graph.outside_flux / flux_quantum)
        self._plan = kernel.Plan(counts, times, insertion, np.uint64(seed), np.uint32(SSA), 0)
        most = None if insertion > 0 else int(counts.sum())
        self._windows = RateWindows(graph, leaving[:n], counts, flux_quantum, most)
        leaves = 4
        while leaves < n + 1:
            leaves *= 4
        # One more than a third of the leaves above them: the tree has (4·leaves − 1)/3 nodes.
        self._nodes = (4 * leaves - 1) // 3
        self._stop = threading.Event()

    def run(self, n_runs: int, threads: int) -> Iterator[tuple[int, kernel.Records]]:
        """The first run and the records of one block after another, in order."""
        per_run = 8 * len(self._plan.times) * len(self._plan.counts)
        size = int(np.clip(BLOCK_BYTES // per_run, 1, -(-n_runs // threads)))
        blocks = [(k, min(size, n_runs - k)) for k in range(0, n_runs, size)]
        threads = min(threads, len(blocks))
        spare: SimpleQueue[RateWindows] = SimpleQueue()
        for _ in range(threads):
            spare.put(self._windows.copy())

        def work(block: tuple[int, int]) -> tuple[int, kernel.Records]:
            windows = spare.get()
            try:
                return block[0], self._block(*block, windows)
            finally:
                spare.put(windows)

        if threads == 1:
            yield from map(work, blocks)
            return
        with ThreadPoolExecutor(threads) as pool:
            try:
                # Few at a time: finished blocks wait in memory for their turn.
                for k in range(0, len(blocks), 4 * threads):
                    yield from pool.map(work, blocks[k : k + 4 * threads])
            finally:
                self._stop.set()

    def _block(self, first: int, n: int, windows: RateWindows) -> kernel.Records:
        """Carry out runs first … first + n − 1."""
        plan = self._plan._replace(first_run=first)
        n_times, n_regions = len(plan.times), len(plan.counts)
        records = kernel.Records(
            np.empty((n, n_times, n_regions), dtype=np.int64),
            np.empty((n, n_times), dtype=np.int64),
            np.empty((n, n_times), dtype=np.int64),
            np.empty(n, dtype=np.int64),
        )
        state = np.array([0, -1, 0, 0], dtype=np.int64)
        clock, tree = np.zeros(1), np.zeros(self._nodes)
        counts, tally = plan.counts.copy(), np.zeros(2, dtype=np.int64)
        while not self._stop.is_set():
            reason = kernel.advance(
                plan,
                self._channels,
                windows.rates,
                state,
                clock,
                counts,
                tally,
                tree,
                records,
                BUDGET,
            )
            if reason == kernel.DONE:
                break
            region, run = int(state[kernel.REGION]), first + int(state[kernel.RUN])
            if reason == kernel.UNCOVERED:
                windows.cover(region, int(counts[region]))
            elif reason == kernel.ABOVE:
                raise ValueError(
                    f"region {region} of run {run} comes above its B_m with {counts[region] + 1} vortices at "
                    f"time {clock[0]:.6g}, and above_b_max = 'raise'; 'clamp' or 'extend' goes on"
                )
            elif reason == kernel.UNBOUNDED:
                raise ValueError(
                    f"run {run}: the rate of hops is not finite at time {clock[0]:.6g}; above_b_max = "
                    f"'clamp' bounds it"
                )
        return records
