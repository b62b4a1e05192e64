"""Counts of well mixed boxes whose vortices hop, against the count process: relaxation, equilibrium, outside.

Vortices without forces, with thermal steps longer than the box, so that places are forgotten from step to
step. Standard errors are those of independent boxes, or of blocks of a run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

import vortexmd as vmd
from vortexmd import flux_exchange as fx
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.hopping_boxes import (
    FREE,
    MIXING,
    STRONG,
    WEAK,
    halves,
    hops_of,
    law_flux,
    mixed,
    squares,
)
from vortexmd.validation.samples import block_mean, mean, variance
from vortexmd.validation.two_regions import TwoRegions, moments

Array = NDArray[np.float64]


def checks() -> list[Check]:
    """Checks of the counts; part of the area hopping."""
    return [*relaxation_checks(), *stationary_checks(), *outside_checks()]


# ---------------------------------------------------------------------- relaxation


def relaxation_checks() -> list[Check]:
    """Well mixed vortices on the way to equilibrium."""
    epsilon = 0.5 * 0.02 * 1.0 / 4.0
    return [
        *[
            Check(
                f"no barrier: vortices of 2000 left in the region they filled, t = {time}",
                "exact: N/2·(1 + e^{−2εt}), ε = ½Lsν₀/A",
                "",
                1000.0 * (1.0 + exp(-2.0 * epsilon * time)),
                2000.0 * epsilon * time * exp(-2.0 * epsilon * time) * 0.5 * 0.02,
                lambda time=time: _unhindered(time),  # type: ignore[misc]
                note="Within a step a vortex that has hopped is still near the wall and may hop back: the "
                "tolerance is ½ν₀Δt of the change.",
            )
            for time in (50, 200)
        ],
        *[
            Check(
                f"two regions with barriers: {word} of the count of the weak one at t = {time}",
                "second method: the master equation of the 29 states (expm)",
                "",
                moments(_process(28, 0.04).after(time, 24))[which],
                0.05,
                lambda time=time, which=which: _box_moments(time)[which],  # type: ignore[misc]
                quick=False,
                note="3400 boxes; the tolerance is ½ν₀Δt of the change.",
                sample="boxes",
            )
            for time in (60, 180)
            for which, word in enumerate(("mean", "variance"))
        ],
    ]


def _unhindered(time: int) -> Measured:
    hops = vmd.ArrheniusHopping(halves(8.0, 4.0), FREE, 0.02, 1.0, record_events=False)
    sim = mixed(hops, (2_000, 0), seed=9)
    sim.run(time)
    left = int(hops_of(sim).counts[0])
    # Independent vortices: a binomial number.
    return Measured(float(left), sqrt(left * (1.0 - left / 2_000.0)))


def _leaving(region: int, count: int, rate: float) -> float:
    """Hops out of a square with so many vortices, per τ: c W(N/A), c = ½Lsν₀."""
    return 0.5 * 4.0 * 1.0 * rate * law_flux((WEAK, STRONG)[region], count / 16.0)


def _process(total: int, rate: float) -> TwoRegions:
    return TwoRegions(total, lambda region, count: _leaving(region, count, rate))


@cache
def _boxes() -> dict[int, Array]:
    """Counts of the weak region in 3400 boxes at two times."""
    seen: dict[int, list[int]] = {60: [], 180: []}
    hops = squares(0.04)
    for seed in range(3_400):
        sim = mixed(hops, (24, 4), seed=seed)
        for time in seen:
            sim.run(time - sim.step)
            seen[time].append(int(hops_of(sim).counts[0]))
    return {time: np.array(counts, dtype=float) for time, counts in seen.items()}


def _box_moments(time: int) -> tuple[Measured, Measured]:
    counts = _boxes()[time]
    return mean(counts), variance(counts)


# ---------------------------------------------------------------------- in the long run


def stationary_checks() -> list[Check]:
    """Equilibrium of well mixed vortices: the product form, whatever the step."""
    p = _process(28, 1.0).stationary()
    average, spread = moments(p)
    product = "exact: the product form of the zero-range process"
    # ν₀, Δt, least distance, samples and the steps between them.
    slow, fast = (0.4, 0.2, 0.0, 7_000, 60), (5.0, 1.0, 0.0, 6_000, 10)
    exclusive = (1.5, 0.2, 0.4, 300, 60)
    found = [
        Check(
            f"{word} of the count in equilibrium, {name}",
            product,
            "",
            value,
            0.0,
            lambda run=run, which=which: _long_run(*run)[which],  # type: ignore[misc]
            quick=False,
            note="Hops and mixing both keep the law, so that Δt does not matter.",
            sample=name,
        )
        for name, run in (("ν₀Δt = 0.08", slow), ("ν₀Δt = 5", fast))
        for which, (word, value) in enumerate((("mean", average), ("variance", spread)))
    ]
    return [
        *found,
        Check(
            "mean of the count in equilibrium with hops held back within 0.4 λ of another",
            product + ": exclusion at both ends keeps detailed balance",
            "",
            average,
            0.0,
            lambda: _long_run(*exclusive)[0],
            quick=False,
        ),
        Check(
            "hops from the weak region per τ in equilibrium",
            "exact: ½Lsν₀⟨W⟩ over the product form",
            "1/τ",
            float(sum(p[k] * _leaving(0, k, 0.02) for k in range(29))),
            0.0,
            _equilibrium_flow,
            quick=False,
        ),
        Check(
            "current round a corner of three regions in equilibrium, over its standard deviation",
            "exact: detailed balance, 0",
            "",
            0.0,
            0.0,
            _corner_current,
            quick=False,
        ),
    ]


@cache
def _long_run(
    rate: float, dt: float, min_distance: float, samples: int, every: int
) -> tuple[Measured, Measured]:
    """Mean and variance of the count of the weak region; blocks last many relaxation times."""
    sim = mixed(squares(rate, min_distance), (14, 14), seed=11, dt=dt)
    sim.run(500)
    seen = []
    for _ in range(samples):
        sim.run(every)
        seen.append(float(hops_of(sim).counts[0]))
    average = moments(_process(28, 1.0).stationary())[0]
    return block_mean(seen, 30), block_mean((np.array(seen) - average) ** 2, 30)


def _equilibrium_flow() -> Measured:
    sim = mixed(squares(0.02), (16, 12), seed=12)
    sim.run(500)
    ends = [hops_of(sim).tallies.get((0, 1), 0)]
    for _ in range(500):
        sim.run(300)
        ends.append(hops_of(sim).tallies[0, 1])
    return mean(np.diff(ends) / 300.0)


def _corner_current() -> Measured:
    box = vmd.Box((6.0, 6.0), ("reflecting", "reflecting"))
    cells = [[0, 0, 3, 3], [3, 0, 6, 3], [0, 3, 6, 6]]
    regions = vmd.Regions.rectangles(cells, box=box)
    hops = vmd.ArrheniusHopping(
        regions, [WEAK, STRONG, WEAK], 0.5, 0.9, effective=True, record_events=False
    )
    start = vmd.random_vortices(24, box=box, seed=13)
    sim = vmd.Simulation(
        start, None, dt=1.0, temperature=MIXING, seed=13, reactions=[hops], threads=1
    )
    sim.run(300)
    before = dict(hops_of(sim).tallies)
    sim.run(6_000)
    total = current = 0
    for there in ((0, 1), (1, 2), (2, 0)):
        forth, back = (hops_of(sim).tallies[p] - before.get(p, 0) for p in (there, there[::-1]))
        current += forth - back
        total += forth + back
    return Measured(current / sqrt(total), 1.0)


# ---------------------------------------------------------------------- an outside


def outside_checks() -> list[Check]:
    """A box open to a field."""
    barrier = 0.3
    mean_count = 32.0 * 0.6 * exp(-barrier)
    return [
        Check(
            "mean number in an open box without barriers inside, B_a = 0.6, U_e = 0.3 kT",
            "exact: Poisson's law, A B_a e^{−U_e/kT}",
            "",
            mean_count,
            0.0,
            lambda: _open_box(lambda n: n),
            quick=False,
            sample="open box",
        ),
        Check(
            "variance of the number in that box",
            "exact: Poisson's law, its mean",
            "",
            mean_count,
            0.0,
            lambda: _open_box(lambda n: (n - mean_count) ** 2),
            quick=False,
            sample="open box",
        ),
        Check(
            "vortices entering an empty box per τ",
            "exact: ½ν₀s L B_a",
            "1/τ",
            0.5 * 0.1 * 1.0 * 8.0 * 6.0,
            0.0,
            _entries,
        ),
    ]


def _open_hops(rate: float, b: float, barrier: float) -> vmd.ArrheniusHopping:
    regions = halves(8.0, 4.0, ("open", "reflecting"))
    outside = fx.Outside(b, entry_barrier=barrier)
    return vmd.ArrheniusHopping(regions, FREE, rate, 1.0, outside=outside, record_events=False)


@cache
def _numbers() -> Array:
    sim = mixed(_open_hops(0.5, 0.6, 0.3), (7, 7), seed=14)
    sim.run(300)
    seen = []
    for _ in range(5_500):
        sim.run(20)
        seen.append(float(len(sim.state)))
    return np.array(seen)


def _open_box(measure: Callable[[Array], Array]) -> Measured:
    return block_mean(measure(_numbers()))


def _entries() -> Measured:
    sim = mixed(_open_hops(0.1, 6.0, 0.0), (0, 0), seed=15)
    sim.run(1_000)
    entered = sum(n for (i, _), n in hops_of(sim).tallies.items() if i == -1)
    return Measured(entered / sim.time, sqrt(entered) / sim.time)
