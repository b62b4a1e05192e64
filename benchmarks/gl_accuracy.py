"""How good the Ginzburg-Landau solvers are: orders of convergence, exact checks, times, memory.

    python -m benchmarks.gl_accuracy [--json FILE] [--plot FILE]

Every number is measured here and now; what it is compared with is said beside it. A few minutes on one
core. The cost of plain relaxation on the paper's grid is `benchmarks.gl_relaxation`.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gl_reference as gl
from gl_reference import confocal
from gl_reference.confocal import confocal_pair
from gl_reference.lattice import SCHEMES, lattice_pair
from potentials import GLFit, peak_force

MU, D = 1.7, 2.0
EXACT = 0.06225351113  # Ω of V-V there, `coulomb`: meshes of orders 9 to 15 agree to the last digit
PEAK = float(peak_force(MU))


def timed(call: Callable[[], Any], repeats: int = 5) -> tuple[Any, float]:
    """Result and median time in s."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return result, statistics.median(times)


def order_of(steps: list[float], errors: list[float]) -> float:
    """p of error ∝ step^p, fitted."""
    return float(np.polyfit(np.log(steps), np.log(np.abs(errors)), 1)[0])


def radial() -> list[dict[str, Any]]:
    """E_n(μ = 1) against the exact n."""
    rows = []
    for n in (1, 2, 3):
        energy = gl.single_vortex(n, 1.0).energy
        rows.append({"n": n, "energy": energy, "off": energy - n})
    return rows


def pair_orders() -> list[dict[str, Any]]:
    """The pair solver at fixed polynomial orders."""
    rows = []
    levels = confocal.LEVELS
    try:
        for order in range(3, 11):
            confocal.LEVELS = ((order, 0),) * 2  # type: ignore[assignment]
            pair = confocal_pair(1, 1, MU, D, tolerance=1e-7)
            none = confocal_pair(1, 1, 1.0, D, tolerance=1e-7)
            rows.append({"order": order, "off": pair.force - EXACT, "at_mu_1": none.force})
    finally:
        confocal.LEVELS = levels
    return rows


def pair_times() -> list[dict[str, Any]]:
    """Time of one pair by tolerance."""
    rows = []
    for n1, n2, mu, d in ((1, 1, 1.7, 2.0), (1, 1, 0.6, 4.0), (1, 2, 1.7, 2.8), (1, -1, 1.7, 5.0)):
        for tolerance in (1e-4, 1e-6, 1e-8):
            pair, seconds = timed(
                lambda: confocal_pair(n1, n2, mu, d, tolerance=tolerance)  # noqa: B023
            )
            rows.append(
                {
                    "pair": [n1, n2, mu, d],
                    "tolerance": tolerance,
                    "force": pair.force,
                    "force_error": pair.force_error,
                    "seconds": seconds,
                }
            )
    return rows


def mesh_errors() -> list[dict[str, Any]]:
    """The solver for N vortices, on a pair whose force is known."""
    rows = []
    positions = [[-D / 2, 0.0], [D / 2, 0.0]]
    for tolerance in (1e-2, 1e-3, 1e-4, 1e-5):
        found, seconds = timed(
            lambda: gl.solve(positions, 1, MU, method="mesh", tolerance=tolerance),  # noqa: B023
            repeats=1,
        )
        rows.append(
            {
                "tolerance": tolerance,
                "off": float(found.forces[1, 0]) - EXACT,
                "stated": found.force_error,
                "seconds": seconds,
            }
        )
    return rows


def lattice_orders() -> list[dict[str, Any]]:
    """Spurious force at μ = 1, and what each scheme makes of μ = 1.7."""
    steps = [0.2, 0.1, 0.05]
    rows = []
    for scheme in SCHEMES:
        spurious = [lattice_pair(1, 1, 1.0, D, scheme=scheme, h=h).force for h in steps]
        forces = [lattice_pair(1, 1, MU, D, scheme=scheme, h=h).force for h in steps]
        rows.append(
            {
                "scheme": scheme,
                "h": steps,
                "at_mu_1": spurious,
                "order_at_mu_1": order_of(steps, spurious),
                "force": forces,
                "off_coulomb": [force - EXACT for force in forces],
                "off_table_1": [force - GLFit(MU).force(D) for force in forces],
            }
        )
        print(f"  {scheme}", file=sys.stderr, flush=True)
    return rows


def gauge_weights() -> list[dict[str, Any]]:
    """What the weight of the gauge term does to the force."""
    rows = []
    for n1, n2, mu, d in ((1, 1, 1.7, 2.0), (1, 1, 0.6, 4.0), (1, 2, 1.7, 2.8), (1, -1, 1.7, 5.0)):
        forces = {
            weight: confocal_pair(n1, n2, mu, d, gauge_weight=weight).force
            for weight in (0.1, 0.3, 1.0, 3.0, 10.0)
        }
        rows.append({"pair": [n1, n2, mu, d], "force": forces})
    return rows


def slopes() -> list[dict[str, Any]]:
    """dΩ/dμ at μ = 1 of the pair solver against the Taubes equation."""
    rows = []
    for n1, n2, d in ((1, 1, 1.0), (1, 1, 2.0), (1, 1, 5.0), (1, 2, 2.0), (2, 2, 3.0)):
        step = 0.02
        above, below = (
            confocal_pair(n1, n2, 1 + sign * step, d, tolerance=1e-6, small_force=1e-3).force
            for sign in (1, -1)
        )
        exact = gl.near_critical_pair(n1, n2, d)
        slope = (above - below) / (2 * step)
        rows.append({"pair": [n1, n2, d], "taubes": exact, "ratio": slope / exact})
    return rows


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    lines = ["E_n(mu = 1) − n:  " + "  ".join(f"{row['off']:+.1e}" for row in figures["radial"])]
    lines.append(f"pair, V-V, mu = {MU}, d = {D}; off {EXACT}, and the force left at mu = 1:")
    lines += [
        f"  order {row['order']:2d}   {row['off']:+.1e}   {row['at_mu_1']:+.1e}"
        for row in figures["pair_orders"]
    ]
    lines.append("one pair (n1, n2, mu, d), tolerance: force, stated error, time")
    lines += [
        f"  {tuple(row['pair'])!s:20} {row['tolerance']:.0e}   {row['force']:+.9f}   "
        f"{row['force_error']:.0e}   {row['seconds']:.3f} s"
        for row in figures["pair_times"]
    ]
    lines.append("mesh of triangles, same pair: tolerance, off, stated error, time")
    lines += [
        f"  {row['tolerance']:.0e}   {row['off']:+.1e}   {row['stated']:.0e}   {row['seconds']:.1f} s"
        for row in figures["mesh"]
    ]
    steps = ", ".join(f"{h}" for h in figures["lattice"][0]["h"])
    lines.append(
        f"lattice, h = {steps}: force at mu = 1 (its order); off coulomb, in % of the peak"
    )
    for row in figures["lattice"]:
        spurious = "  ".join(f"{force:+.1e}" for force in row["at_mu_1"])
        off = "  ".join(f"{100 * force / PEAK:+6.2f}" for force in row["off_coulomb"])
        lines.append(f"  {row['scheme']:20} {spurious} ({row['order_at_mu_1']:.2f})   {off}")
    lines.append("gauge weight: force at w = " + ", ".join(map(str, figures["gauge"][0]["force"])))
    lines += [
        f"  {tuple(row['pair'])!s:20} "
        + "  ".join(f"{force:+.6f}" for force in row["force"].values())
        for row in figures["gauge"]
    ]
    lines.append("dΩ/dmu at mu = 1: Taubes, pair solver over it")
    lines += [
        f"  {tuple(row['pair'])!s:14} {row['taubes']:.7f}   {row['ratio']:.6f}"
        for row in figures["slopes"]
    ]
    lines.append(f"largest memory: {figures['memory_GiB']:.2f} GiB")
    return "\n".join(lines)


def plot(figures: dict[str, Any], path: Path) -> None:
    """Convergence of the three solvers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    orders = [row["order"] for row in figures["pair_orders"]]
    left.semilogy(
        orders, [abs(row["off"]) for row in figures["pair_orders"]], "o-", label="μ = 1.7"
    )
    left.semilogy(
        orders,
        [abs(row["at_mu_1"]) for row in figures["pair_orders"]],
        "s--",
        label="μ = 1 (no force)",
    )
    left.set(
        xlabel="polynomial order", ylabel="error of Ω (Ω₀)", title="coulomb, pair, V-V, d = 2 λ"
    )
    for k, row in enumerate(figures["lattice"]):
        # Schemes that differ in the gauge alone have nearly the same force at μ = 1.
        style = "s--" if "free" in row["scheme"] else "o-"
        spurious = np.abs(row["at_mu_1"]) / PEAK
        right.loglog(row["h"], spurious, style, label=row["scheme"], markersize=9 - k, mfc="none")
    right.set_xticks(figures["lattice"][0]["h"], [str(h) for h in figures["lattice"][0]["h"]])
    right.minorticks_off()
    right.set(
        xlabel="grid spacing h (λ)",
        ylabel="|Ω| at μ = 1 / peak at μ = 1.7",
        title="lattice, V-V, d = 2 λ",
    )
    for ax in (left, right):
        ax.grid(alpha=0.3)
    left.legend()
    right.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gl_accuracy.json"))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/gl_accuracy.png"))
    arguments = parser.parse_args()
    for path in (arguments.json, arguments.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    confocal_pair(1, 1, MU, D)  # the first call pays for imports
    figures: dict[str, Any] = {}
    for name, measure in (
        ("radial", radial),
        ("pair_orders", pair_orders),
        ("pair_times", pair_times),
        ("mesh", mesh_errors),
        ("gauge", gauge_weights),
        ("slopes", slopes),
        ("lattice", lattice_orders),
    ):
        print(name, file=sys.stderr, flush=True)
        figures[name] = measure()
    figures["memory_GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    figures["about"] = {
        "processor": platform.processor() or platform.machine(),
        "python": sys.version.split()[0],
    }
    print(report(figures))
    arguments.json.write_text(json.dumps(figures, indent=1))
    plot(figures, arguments.plot)


if __name__ == "__main__":
    main()
