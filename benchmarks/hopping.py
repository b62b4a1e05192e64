"""What hops between pinning regions add to a step of molecular dynamics.

    python -m benchmarks.hopping [--n 100000] [--regions 10000] [--rounds 7] [--json FILE]

The workload of `benchmarks.peers` (K₁ cut at 6 λ, density 1, kT = 0.05, Δt = 0.005, one thread), the box
parted into equal rectangles with random activation laws. The same start runs with and without hopping in
turns of a few steps; the figure is the ratio of the medians. Events are counted, with and without their log.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

import potentials as pot
import vortexmd as vmd
from benchmarks.peers.workload import CUTOFF, DT, TEMPERATURE, start_state, timed
from vortexmd import flux_exchange as fx

ALLOWED = 1.30


def partition(box: vmd.Box, count: int) -> vmd.Regions:
    """About `count` equal rectangles."""
    lx, ly = box.lengths
    nx = max(1, round(np.sqrt(count * lx / ly)))
    ny = max(1, round(count / nx))
    x, y = np.linspace(0, lx, nx + 1), np.linspace(0, ly, ny + 1)
    return vmd.Regions.rectangles(
        [[x[i], y[j], x[i + 1], y[j + 1]] for i in range(nx) for j in range(ny)], box=box
    )


def hopping(regions: vmd.Regions, *, rate: float, record: bool) -> vmd.ArrheniusHopping:
    """Linear laws with U₀/kT between 1 and 5 and B_m = 3 λ⁻²."""
    rng = np.random.default_rng(3)
    laws = [fx.ActivationLaw("linear", u0=u0, b_max=3.0) for u0 in rng.uniform(1, 5, len(regions))]
    return vmd.ArrheniusHopping(
        regions,
        laws,
        attempt_rate=rate,
        hop_distance=0.2,
        allow_above=True,
        record_events=record,
    )


def simulation(start: vmd.Vortices, reactions: list[Any]) -> vmd.Simulation:
    """One side of the comparison."""
    return vmd.Simulation(
        start,
        pot.London(1.0, cutoff=CUTOFF),
        dt=DT,
        temperature=TEMPERATURE,
        seed=1,
        threads=1,
        reactions=reactions,
    )


def measure(n: int, count: int, rate: float, rounds: int) -> dict[str, Any]:
    """Microseconds a step without hops, with hops, and with their events kept."""
    start = start_state(n)
    regions = partition(start.box, count)
    sides = {
        "without": simulation(start, []),
        "with": simulation(start, [hopping(regions, rate=rate, record=False)]),
        "with_log": simulation(start, [hopping(regions, rate=rate, record=True)]),
    }
    for sim in sides.values():
        sim.run(20)
    steps = int(np.clip(2_000_000 / n, 5, 1000))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, sim in sides.items():
            times[name].append(1e6 * timed(sim.run, steps))
    counted = sides["with"].hopping
    assert counted is not None
    hops = sum(counted.tallies.values()) / sides["with"].step
    return {
        "n": len(start),
        "regions": len(regions),
        "attempt_rate": rate,
        "hops_per_step": hops,
        **{f"{name}_us": values for name, values in times.items()},
    }


def report(rows: list[dict[str, Any]]) -> str:
    """The table as text."""
    lines = [
        f"{'N':>8} {'regions':>8} {'ν₀':>6} {'hops/step':>10} {'µs/step':>10} {'with hops':>10} "
        f"{'ratio':>6} {'spread':>11} {'with log':>9}"
    ]
    for row in rows:
        base, with_hops, with_log = (
            np.array(row[f"{name}_us"]) for name in ("without", "with", "with_log")
        )
        ratio = np.median(with_hops) / np.median(base)
        spread = with_hops / base
        lines.append(
            f"{row['n']:>8} {row['regions']:>8} {row['attempt_rate']:>6g} {row['hops_per_step']:>10.2f} "
            f"{np.median(base):>10.0f} {np.median(with_hops):>10.0f} {ratio:>6.2f} "
            f"{spread.min():>5.2f}–{spread.max():<5.2f} {np.median(with_log) / np.median(base):>8.2f}"
            f"{'' if ratio <= ALLOWED else '  above the ' + format(ALLOWED, '.2f') + ' allowed'}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--regions", type=int, default=10_000)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.02, 0.2, 2.0, 20.0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/hopping.json"))
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = [
        measure(arguments.n, arguments.regions, rate, arguments.rounds) for rate in arguments.rates
    ]
    print(report(rows))
    about = {"machine": platform.machine(), "processors": os.cpu_count(), "allowed": ALLOWED}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"rows": rows, **about}, indent=1) + "\n")


if __name__ == "__main__":
    main()
