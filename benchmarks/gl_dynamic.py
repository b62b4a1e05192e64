"""Vortices in free motion: the whole table, what grid, box and step do to it, and the relaxation rate.

    python -m benchmarks.gl_dynamic [--json FILE] [--plot FILE] [--jobs N]

The table (7 values of μ, V-V, V-AV, V-GV, s = 1) is timed as a whole; the rest takes a few minutes more.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np

import gl_reference as gl
import potentials as pot
import vortexmd as vmd
from gl_reference.curves import WINDINGS
from gl_reference.dynamics import DynamicPair, dynamic_pair
from gl_reference.figure_style import (
    BLACK,
    FORCE,
    GREY,
    SEPARATION,
    name_panel,
    new_figure,
    shades,
    styled,
)
from gl_reference.row_runner import THREAD_VARIABLES, cores

MUS = (0.4, 0.6, 0.8, 1.2, 1.7, 2.0, 2.5)
RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
LARGE = 0.05  # of the peak: where two grids are to agree


def solve(task: tuple[str, float, float, dict[str, float]]) -> tuple[DynamicPair, float]:
    """One motion (kind, μ, s, options), and its time in s."""
    kind, mu, s, options = task
    start = time.perf_counter()
    pair = dynamic_pair(*WINDINGS[kind], mu, s=s, **options)  # type: ignore[arg-type]
    return pair, time.perf_counter() - start


def solve_all(tasks: list[Any], jobs: int) -> list[tuple[DynamicPair, float]]:
    """All motions, side by side."""
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(solve, tasks))


def at(pair: DynamicPair, d: float, what: str = "force") -> float:
    return float(np.interp(d, pair.d, getattr(pair, what)))


def row_of(kind: str, pair: DynamicPair, seconds: float) -> dict[str, Any]:
    """Peak, errors and ends of one motion."""
    size = np.abs(pair.force)
    large = size > LARGE * size.max()
    k = int(size.argmax())
    return {
        "kind": kind,
        "mu": pair.mu,
        "s": pair.s,
        "h": pair.h,
        "peak": float(pair.force[k]),
        "peak_at": float(pair.d[k]),
        "force_error": float((pair.force_error / size)[large].max()),
        "friction_error": float((pair.friction_error / pair.friction)[large].max()),
        "friction_apart": pair.friction_apart,
        "largest_gamma": float(pair.relative_friction.max()),
        "gamma": {d: at(pair, d, "relative_friction") for d in (1.0, 2.0, 3.0, 5.0)},
        "seconds": seconds,
    }


def table(jobs: int) -> tuple[list[dict[str, Any]], float]:
    """The whole table at s = 1, and what it took."""
    tasks = [
        (kind, mu, 1.0, {})
        for kind in ("V-GV", "V-V", "V-AV")
        for mu in MUS
        if not (kind == "V-GV" and mu > 1)
    ]
    start = time.perf_counter()
    found = solve_all(tasks, jobs)
    seconds = time.perf_counter() - start
    return [row_of(task[0], *one) for task, one in zip(tasks, found, strict=True)], seconds


def settings(jobs: int) -> list[dict[str, Any]]:
    """What spacing, box and time step do to V-V at μ = 1.7 (largest changes where the force is large)."""
    reference, _ = solve(("V-V", 1.7, 1.0, {}))
    size = np.abs(reference.force)
    large = size > LARGE * size.max()
    options: list[dict[str, float]] = [
        {"h": 0.04},
        {"h": 0.08},
        {"h": 0.12},
        {"margin": 5.0},
        {"margin": 10.0},
        {"tolerance": 1e-5},
        {"tolerance": 1e-7},
    ]
    found = solve_all([("V-V", 1.7, 1.0, one) for one in options], jobs)
    rows = []
    for one, (pair, seconds) in zip(options, found, strict=True):
        rows.append(
            {
                **one,
                "force_change": float(np.abs(pair.force / reference.force - 1)[large].max()),
                "friction_change": float(
                    np.abs(pair.friction / reference.friction - 1)[large].max()
                ),
                "two_grids": float((pair.force_error / np.abs(pair.force))[large].max()),
                "seconds": seconds,
            }
        )
    return rows


def rates(jobs: int) -> tuple[list[dict[str, Any]], list[DynamicPair]]:
    """V-V at μ = 1.7 by s, with the friction of one vortex and Bardeen and Stephen's."""
    pairs = [pair for pair, _ in solve_all([("V-V", 1.7, s, {}) for s in RATES], jobs)]
    rows = []
    for pair in pairs:
        alone = gl.vortex_friction(1, 1.7, s=pair.s)
        rows.append(
            {
                "s": pair.s,
                "u": alone.u,
                "friction": alone.friction,
                "normal_share": alone.normal / alone.friction,
                "over_bardeen_stephen": alone.friction / alone.bardeen_stephen,
                "force": {d: at(pair, d) for d in (1.0, 2.0, 3.0)},
                "gamma": {d: at(pair, d, "relative_friction") for d in (1.0, 2.0, 3.0, 5.0)},
            }
        )
    return rows, pairs


def near_critical(jobs: int) -> list[dict[str, Any]]:
    """Means over μ = 1 ± 0.06 against Taubes' force and Samols' friction."""
    step = 0.06
    (above, _), (below, _) = solve_all(
        [("V-V", 1 + step, 1.0, {}), ("V-V", 1 - step, 1.0, {})], jobs
    )
    rows = []
    for d in (1.0, 2.0, 3.0, 4.0, 5.0):
        slope = (at(above, d) - at(below, d)) / (2 * step)
        friction = (at(above, d, "friction") + at(below, d, "friction")) / 2
        rows.append(
            {
                "d": d,
                "force": slope / gl.near_critical_pair(1, 1, d),
                "friction": friction / float(gl.moduli_friction(d)),
            }
        )
    return rows


def friction_cost(n: int = 10_000, rounds: int = 7, steps: int = 40) -> dict[str, float]:
    """Time of a step of the dynamics with and without friction of pairs, in turns, one thread."""
    law = pot.GLDynamic(1.7)
    start = vmd.random_vortices(n=n, density=0.05, min_distance=2.0, seed=1)
    sims = [
        vmd.Simulation(start, law, dt=0.01, threads=1, pair_friction=friction)
        for friction in (None, law.pair_friction())
    ]
    times: list[list[float]] = [[], []]
    for k in range(rounds + 1):
        for sim, mine in zip(sims, times, strict=True):
            begin = time.perf_counter()
            sim.run(steps)
            if k:  # the first compiles and makes the lists
                mine.append((time.perf_counter() - begin) / steps)
    without, with_friction = (statistics.median(mine) for mine in times)
    return {
        "n": n,
        "microseconds": 1e6 * without,
        "with_friction": 1e6 * with_friction,
        "ratio": with_friction / without,
    }


@styled
def draw(pairs: list[DynamicPair], path: Path) -> None:
    """Force and relative friction of V-V at μ = 1.7 by s."""
    figure = new_figure(11.0, 4.4)
    left, right = figure.subplots(1, 2)
    for pair, colour in zip(pairs, shades(len(pairs)), strict=True):
        left.plot(pair.d, pair.force, color=colour, label=f"s = {pair.s:g}")
        right.plot(pair.d, pair.relative_friction, color=colour)
    right.axhline(1.0, color=GREY, linestyle="--", linewidth=1.2)
    right.annotate("two vortices apart", (0.15, 1.0), xytext=(0, 4), textcoords="offset points",
                   color=BLACK, fontsize=11)  # fmt: skip
    left.set_ylabel(FORCE)
    right.set_ylabel(r"relative friction $\gamma = \eta/\eta_\infty$")
    left.legend()
    for ax, letter in ((left, "a"), (right, "b")):
        ax.set_xlabel(SEPARATION)
        ax.set_xlim(left=0.0)
        ax.set_ylim(bottom=0.0)
        name_panel(ax, letter, "V-V in free motion, μ = 1.7")
    figure.savefig(path)


def _table_line(row: dict[str, Any]) -> str:
    gammas = "  ".join(f"{value:.3f}" for value in row["gamma"].values())
    return (
        f"  {row['kind']:5} {row['mu']:.1f}   {row['peak']:+.5f} at {row['peak_at']:.1f}   "
        f"{row['force_error']:.1%}  {row['friction_error']:.1%}   {row['friction_apart']:.5f}   "
        f"{gammas}   {row['largest_gamma']:.3f}   {row['seconds']:.0f} s"
    )


def _setting_line(row: dict[str, Any]) -> str:
    name = next(name for name in ("h", "margin", "tolerance") if name in row)
    return (
        f"  {name} = {row[name]:<8g} force {row['force_change']:.2%}  friction "
        f"{row['friction_change']:.2%}  two grids {row['two_grids']:.2%}  {row['seconds']:.0f} s"
    )


def _rate_line(row: dict[str, Any]) -> str:
    forces = "  ".join(f"{value:.5f}" for value in row["force"].values())
    gammas = "  ".join(f"{value:.3f}" for value in row["gamma"].values())
    return (
        f"  {row['s']:<5g} {row['u']:6.3f}  {row['friction']:.4f}  {row['normal_share']:.0%}  "
        f"{row['over_bardeen_stephen']:.3f}   {forces}   {gammas}"
    )


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    cost = figures["friction_cost"]
    lines = [
        f"whole table at s = 1: {figures['table_seconds']:.0f} s with {figures['jobs']} processes",
        "  kind  mu    peak (Ω₀)          two grids: Ω, η   η apart   γ(1)   γ(2)   γ(3)   γ(5)   largest",
        *map(_table_line, figures["table"]),
        "V-V, mu = 1.7: largest changes where |Ω| > 5 % of its peak, by",
        *map(_setting_line, figures["settings"]),
        "V-V, mu = 1.7, by s: u, friction of one vortex, normal share, over Bardeen-Stephen; "
        "Ω(1, 2, 3); γ(1, 2, 3, 5)",
        *map(_rate_line, figures["rates"]),
        "mu = 1 ± 0.06 over moduli space: d, force, friction",
        *starmap(
            "  {:.0f}   {:.4f}   {:.4f}".format,
            ((row["d"], row["force"], row["friction"]) for row in figures["near_critical"]),
        ),
        f"a step of {cost['n']} vortices, density 0.05: {cost['microseconds']:.0f} µs, with friction of "
        f"pairs {cost['with_friction']:.0f} µs, ratio {cost['ratio']:.2f}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gl_dynamic")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gl_dynamic.json"))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/gl_dynamic.png"))
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    solve(("V-V", 1.7, 1.0, {"h": 0.15}))  # compile
    rows, seconds = table(options.jobs)
    print(f"table: {seconds:.0f} s", file=sys.stderr, flush=True)
    by_rate, pairs = rates(options.jobs)
    figures = {
        "processor": platform.processor() or platform.machine(),
        "jobs": options.jobs,
        "table_seconds": seconds,
        "table": rows,
        "settings": settings(options.jobs),
        "rates": by_rate,
        "near_critical": near_critical(options.jobs),
        "friction_cost": friction_cost(),
    }
    print(report(figures))
    options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    draw(pairs, options.plot)


if __name__ == "__main__":
    main()
