"""Flux exchange: how fast and how exact, each figure beside what it is required to be.

    python -m benchmarks.flux_exchange [--quick] [--only SECTION …] [--results FOLDER]

Sections: *sampling* (events a second of whole vortices hopping), *equations* (mean fields of large networks
over eight decades of time, and their error against a solution 100 times tighter), *equilibrium* (of 10⁴
regions), *bias* (how far the mean of whole vortices is from the equations, against how many there are). One
thread, CPU time, median of the rounds; compiling is not counted, what a call builds each time is. Writes
flux_exchange.json and flux_exchange.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np

from vortexmd import flux_exchange as fx
from vortexmd.flux_exchange.sampling import sample
from vortexmd.flux_exchange.stationary import stationary

EVENTS = 4_000_000


@dataclass(frozen=True)
class Figure:
    """One measured number; `at_least` or `at_most` if something is required of it."""

    section: str
    case: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def required(self) -> str:
        """What is required, in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:.3g}"
        return "" if self.at_most is None else f"≤ {self.at_most:.3g}"

    @property
    def verdict(self) -> str:
        """pass, short, or nothing where nothing is required."""
        if self.at_least is not None:
            return "pass" if self.value >= self.at_least else "short"
        if self.at_most is not None:
            return "pass" if self.value <= self.at_most else "short"
        return ""


def cpu_time(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median CPU seconds of `work`, and what it returned last."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        result = work()
        taken.append(time.process_time() - began)
    return float(np.median(taken)), result


def random_grid(columns: int, rows: int, rng: np.random.Generator) -> fx.FluxNetwork:
    """Cells whose laws are all different: linear, α from 5 to 40 and B_m from 20 to 100."""
    n = columns * rows
    laws = [
        fx.ActivationLaw("linear", u0=u0, b_max=b_max)
        for u0, b_max in zip(rng.uniform(5, 40, n), rng.uniform(20, 100, n), strict=True)
    ]
    return fx.FluxNetwork.grid((columns, rows), (1.0, 1.0), laws, 1.0, 1.0)


def sampling(quick: bool) -> list[Figure]:
    """Events a second with 150 vortices a region on average, all that `sample` does included."""
    figures = []
    for columns, rows in [(2, 1), (10, 10), (32, 32), (100, 100)]:
        net = random_grid(columns, rows, np.random.default_rng(1))
        b0 = np.full(len(net), 15.0)

        def run(until: float, net: fx.FluxNetwork = net, b0: np.ndarray = b0) -> int:
            return int(sample(net.graph, b0, [until], 0.1, seed=1, threads=1).events[0])

        until = 1e-3
        while (events := run(until)) < 0.5 * EVENTS:
            until *= min(100.0, 1.2 * EVENTS / max(events, 1))
        seconds, events = cpu_time(lambda run=run, until=until: run(until), 1 if quick else 5)
        case = f"{len(net)} regions, {events / 1e6:.1f} million events"
        figures.append(
            Figure("sampling", case, events / seconds / 1e6, "million events/s", at_least=2.0)
        )
    return figures


def equations(quick: bool) -> list[Figure]:
    """Mean fields from 0.01 to 10⁶ times the attempt time, in a grid of random laws."""
    figures = []
    times = np.geomspace(1e-2, 1e6, 25)
    cases = [((32, 32), 1.0)] if quick else [((32, 32), 1.0), ((100, 100), 10.0)]
    random_grid(4, 4, np.random.default_rng(0)).solve(np.full(16, 15.0), times, rtol=1e-6)
    for shape, limit in cases:
        rng = np.random.default_rng(2)
        net = random_grid(*shape, rng)
        b0 = rng.uniform(5.0, 20.0, len(net))
        seconds, found = cpu_time(
            lambda net=net, b0=b0: net.solve(b0, times, rtol=1e-6), 1 if quick else 3
        )
        name = f"{len(net)} regions to 1e6 at rtol 1e-6"
        figures.append(Figure("equations", name, seconds, "s", at_most=limit))
        tight = net.solve(b0, times, rtol=1e-8)
        error = float(np.abs(found.b / tight.b - 1.0).max())
        case = f"{name}: largest error of any field at any time"
        figures.append(Figure("equations", case, error, "relative", at_most=1e-6))
        drift = float(np.abs(found.total_flux / fsum(net.graph.area * b0) - 1.0).max())
        figures.append(Figure("equations", f"{name}: drift of the total flux", drift, "relative"))
    return figures


def equilibrium(quick: bool) -> list[Figure]:
    """The equilibrium of 10⁴ regions with all three laws mixed."""
    rng = np.random.default_rng(3)
    n = 10_000
    kinds = rng.choice(["linear", "logarithmic", "inverse_power"], n)
    laws = [
        fx.ActivationLaw(
            kind, u0=u0, b_max=b_max, exponent=0.7 if kind == "inverse_power" else None
        )
        for kind, u0, b_max in zip(
            kinds, rng.uniform(1, 75, n), rng.uniform(20, 100, n), strict=True
        )
    ]
    widths = rng.uniform(1.0, 3.0, 100)
    net = fx.FluxNetwork.grid((100, 100), (widths, widths), laws, 1.0, 1.0)
    b0 = rng.uniform(0.0, 20.0, n)
    net.equilibrium(b0)
    seconds, found = cpu_time(lambda: net.equilibrium(b0), 3 if quick else 9)
    error = abs(fsum(net.graph.area * found.b) / fsum(net.graph.area * b0) - 1.0)
    w = net.graph.laws.flux(found.b)
    return [
        Figure("equilibrium", "10⁴ random regions", seconds, "s", at_most=0.1),
        Figure("equilibrium", "error of the total flux", error, "relative", at_most=1e-12),
        Figure("equilibrium", "spread of W", float(np.ptp(w) / w.mean()), "relative"),
    ]


def bias(quick: bool) -> list[Figure]:
    """Mean of whole vortices minus mean field, in a closed pair, and the exponent of its fall with N."""
    law, other = (fx.ActivationLaw("linear", u0=5.0, b_max=b) for b in (20.0, 40.0))
    net = fx.FluxNetwork.two_regions(law, other, epsilon=1.0)
    b0 = np.array([16.0, 16.0])
    settled = net.equilibrium(b0).b[0]
    later = net.solve(b0, [1.0], rtol=1e-10).b[0, 0]
    totals = np.array([8, 16, 32, 64, 128, 256, 512])
    figures, exact, seen, error = [], [], [], []
    for total in totals:
        quantum = 32.0 / total
        exact.append(settled - stationary(net.graph, int(total), quantum).mean[0])
        # Noise is some 1/√N of the field: the bias of large N would drown in it.
        runs = sample(
            net.graph, b0, [1.0], quantum, 20_000 if quick else 200_000, seed=int(total), threads=1
        )
        seen.append(later - runs.mean[0, 0])
        error.append(runs.standard_error[0, 0])
        figures.append(Figure("bias", f"N = {total}, in equilibrium, exact", exact[-1], "field"))
        case = f"N = {total}, at εt = 1, sampled (± {error[-1]:.1g})"
        figures.append(Figure("bias", case, seen[-1], "field"))
    order = np.log2(exact[-2] / exact[-1])
    figures.append(
        Figure(
            "bias", "exponent in equilibrium: distance from −1", abs(order - 1.0), "", at_most=0.01
        )
    )
    # The smallest are not yet in the limit, of the largest the noise shows.
    part = (totals >= 16) & (totals <= 128)
    weight = (np.array(seen) / np.array(error))[part]
    fit, covariance = np.polyfit(
        np.log(totals[part]), np.log(np.array(seen)[part]), 1, w=weight, cov="unscaled"
    )
    spread = float(np.sqrt(covariance[0, 0]))
    figures.append(
        Figure("bias", f"exponent at εt = 1, N = 16 … 128 (± {spread:.1g})", float(fit[0]), "")
    )
    case = "exponent at εt = 1: distance from −1 in standard errors"
    figures.append(Figure("bias", case, abs(fit[0] + 1.0) / spread, "", at_most=4.0))
    return figures


# A section is a function of `quick` that returns figures.
SECTIONS: dict[str, Callable[[bool], list[Figure]]] = {
    "sampling": sampling,
    "equations": equations,
    "equilibrium": equilibrium,
    "bias": bias,
}


def row(figure: Figure) -> list[str]:
    """One row of the table."""
    value = f"{figure.value:.3g} {figure.unit}".strip()
    return [figure.section, figure.case, value, figure.required, figure.verdict]


def markdown(figures: list[Figure], about: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = [
        "# Flux exchange: measured and required",
        "",
        f"`python -m benchmarks.flux_exchange{' --quick' if about['quick'] else ''}` on "
        f"{about['processor']}, one thread, Python {about['python']}, NumPy {about['numpy']}.",
        "",
        "| section | case | measured | required | |",
        "|---|---|---:|---:|---|",
    ]
    return "\n".join([*lines, *("| " + " | ".join(row(f)) + " |" for f in figures)]) + "\n"


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, runs and large cases")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    figures: list[Figure] = []
    for name in arguments.only:
        for figure in SECTIONS[name](arguments.quick):
            figures.append(figure)
            section, case, *rest = row(figure)
            print(f"{section:<12} {case:<66} " + " ".join(f"{x:>22}" for x in rest), flush=True)
    about = {
        "processor": processor(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "quick": arguments.quick,
    }
    data = [{**asdict(f), "verdict": f.verdict} for f in figures]
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / "flux_exchange.json"
    path.write_text(json.dumps({"about": about, "figures": data}, indent=1, ensure_ascii=False))
    (arguments.results / "flux_exchange.md").write_text(markdown(figures, about))


if __name__ == "__main__":
    main()
