"""Which force should molecular dynamics use? All readings of two vortices side by side.

    python -m benchmarks.gl_laws [--json FILE] [--plot FILE] [--jobs N]

V-V and V-AV at several μ: free motion (`dynamic`), fixed with smooth A (`coulomb`), the constrained
minimum (`minimum`), the paper's grid (`lattice`), and the paper's fits (Eqs. 17, 21). Deviations are from
`dynamic`, in per cent of its peak, of V-AV from the paper's d_A on. Seven minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

import potentials as pot
from gl_reference import ConvergenceError, DynamicPair, dynamic_pair, pair_force
from gl_reference.curves import WINDINGS
from gl_reference.figure_style import (
    BLACK,
    BLUE,
    FORCE,
    GREY,
    OPEN,
    SEPARATION,
    VERMILLION,
    name_panel,
    new_figure,
    styled,
    zero_line,
)
from gl_reference.row_runner import THREAD_VARIABLES, cores

DRAWN = (("V-V", 1.7), ("V-V", 0.6), ("V-AV", 1.7), ("V-AV", 0.6))
CASES = (*DRAWN, ("V-V", 0.8), ("V-V", 1.2), ("V-V", 2.5))
LINES = ("coulomb", "minimum", "fit")
LINE_NODES, LATTICE_NODES = 36, 12
H = 0.1  # the paper's grid; its separations are whole multiples of 2 H here


def least_separation(kind: str, mu: float) -> float:
    """From where on deviations count, λ: the dynamics annihilates nearer vortices and antivortices."""
    return float(pot.annihilation_separation(mu)) if kind == "V-AV" else 0.0


def lattice_separations(kind: str, mu: float) -> np.ndarray:
    """Where the paper's grid is compared, in λ, and the first place from d_A on."""
    length = np.hypot(1.0, 1 / mu)
    d = length * np.linspace(0.5 if kind == "V-V" else 0.3, 6.0, LATTICE_NODES)
    places = np.maximum(1, np.round(d / (2 * H)))
    least = np.ceil(least_separation(kind, mu) / (2 * H))
    return 2 * H * np.unique([*places, *([least] if least else [])])


def line_separations(free: DynamicPair, kind: str) -> np.ndarray:
    """Where the readings without a grid are compared, in λ: close enough to draw lines; d_A too."""
    d = np.linspace(free.d[0], free.d[-1], LINE_NODES)
    least = least_separation(kind, free.mu)
    return np.unique([*d, *([least] if least else [])])


def solve_case(case: tuple[str, float]) -> dict[str, Any]:
    """All readings of one kind and μ; None where a reading has no such state."""
    kind, mu = case
    n1, n2 = WINDINGS[kind]  # type: ignore[index]
    free = dynamic_pair(n1, n2, mu)
    d = line_separations(free, kind)
    line: dict[str, list[float | None]] = {
        reading: [_force(n1, n2, mu, float(one), reading) for one in d]
        for reading in ("coulomb", "minimum")
    }
    line["fit"] = pot.GLFit(mu).pair(n1, n2).force(d).tolist()
    grid = lattice_separations(kind, mu)
    on_grid = [_force(n1, n2, mu, float(one), "lattice") for one in grid]
    return row_of(case, free, d, line, grid, on_grid)


def row_of(
    case: tuple[str, float],
    free: DynamicPair,
    d: np.ndarray,
    line: dict[str, list[float | None]],
    grid: np.ndarray,
    on_grid: list[float | None],
) -> dict[str, Any]:
    """Forces of all readings, and how far they are from free motion."""
    kind, mu = case
    peak, least = float(np.abs(free.force).max()), least_separation(kind, mu)
    off = {
        name: _off(line[name], np.interp(d, free.d, free.force), peak, d >= least) for name in LINES
    }
    off["lattice"] = _off(on_grid, np.interp(grid, free.d, free.force), peak, grid >= least)
    return {
        "kind": kind,
        "mu": mu,
        "peak": peak,
        "d": d.tolist(),
        "dynamic": np.interp(d, free.d, free.force).tolist(),
        **line,
        "lattice_d": grid.tolist(),
        "lattice": on_grid,
        "off": off,
    }


def _force(n1: int, n2: int, mu: float, d: float, reading: str) -> float | None:
    try:
        return float(pair_force(n1, n2, mu, d, reading=reading))
    except ConvergenceError:
        return None


def _off(
    values: list[float | None], free: np.ndarray, peak: float, counts: np.ndarray
) -> dict[str, float]:
    """Largest and rms deviation over the peak where it counts, and where there is no such state."""
    pairs = [(v, f) for v, f, c in zip(values, free, counts, strict=True) if c]
    off = np.array([v - f for v, f in pairs if v is not None]) / peak
    return {
        "largest": float(off[np.abs(off).argmax()]),
        "rms": float(np.sqrt(np.mean(off**2))),
        "missing": len(pairs) - len(off),
    }


@styled
def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Four panels of forces."""
    figure = new_figure(12.0, 9.0)
    panels = figure.subplots(2, 2)
    looks: dict[str, dict[str, Any]] = {
        "dynamic": {"color": BLACK, "label": "free motion (dynamic)"},
        "coulomb": {"color": BLUE, "linestyle": "--", "label": "fixed, smooth A (coulomb)"},
        "minimum": {"color": VERMILLION, "linestyle": "-.", "label": "fixed, A free (minimum)"},
        "lattice": {
            "color": GREY, "linestyle": "none", "marker": "s", **OPEN, "markersize": 6,
            "label": "the paper's grid (lattice)",
        },
        "fit": {"color": GREY, "linestyle": ":", "label": "the paper's Eqs. 17, 21"},
    }  # fmt: skip
    for panel, row, letter in zip(panels.flat, rows, "abcd", strict=True):
        for name, look in looks.items():
            if name == "lattice":
                panel.plot(
                    row["lattice_d"], [np.nan if f is None else f for f in row[name]], **look
                )
                continue
            there = [(d, f) for d, f in zip(row["d"], row[name], strict=True) if f]
            line = CubicSpline(*np.transpose(there))
            smooth = np.linspace(line.x[0], line.x[-1], 400)
            panel.plot(smooth, line(smooth), **look)
        zero_line(panel)
        name_panel(panel, letter, f"{row['kind']},  μ = {row['mu']:g}")
        panel.set_xlabel(SEPARATION)
        panel.set_ylabel(FORCE)
        panel.set_xlim(left=0.0)
        if row["kind"] == "V-AV":
            panel.set_ylim(-1.6 * row["peak"], 0.08 * row["peak"])
    panels[0, 0].legend()
    figure.savefig(path)


def report(rows: list[dict[str, Any]]) -> str:
    """A table: rms (largest) deviation from free motion in % of its peak."""
    lines = [
        "deviation from free motion in % of its peak, rms (largest); V-AV from the paper's d_A on",
        f"  {'':12} {'peak':>8}  " + "".join(f"{name:>18}" for name in (*LINES, "lattice")),
    ]
    for row in rows:
        cells = []
        for name in (*LINES, "lattice"):
            off = row["off"][name]
            star = "*" if off["missing"] else ""
            cells.append(f"{100 * off['rms']:.1f} ({100 * off['largest']:+.1f}){star}".rjust(18))
        lines.append(f"  {row['kind']:5} {row['mu']:<6g} {row['peak']:8.5f}  " + "".join(cells))
    lines.append("  * where that state exists only: from its own d_A on")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gl_laws")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gl_laws.json"))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/gl_laws.png"))
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: give at least 1")
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(solve_case, CASES))
    print(report(rows))
    figures = {"processor": platform.processor() or platform.machine(), "rows": rows}
    options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    draw(rows[: len(DRAWN)], options.plot)


if __name__ == "__main__":
    main()
