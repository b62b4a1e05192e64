"""How far Ginzburg-Landau forces are from sums over pairs: three and seven vortices, documented cases.

    python -m benchmarks.gl_validation [--json FILE] [--plot FILE]

An equilateral triangle (Fig. 9 of Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516) and a
hexagon with a vortex at its centre, of side d, at μ = 0.8 and 1.7. "MD" is the paper's fit, GLFit.
About 25 s on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import potentials as pot
import vortexmd as vmd

SIDES = {0.8: (1.0, 2.0, 3.0, 4.0, 6.0, 8.0), 1.7: (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)}
BOX = vmd.Box((40.0, 40.0), "free")


def triangle(d: float) -> np.ndarray:
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    return d / math.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])


def hexagon(d: float) -> np.ndarray:
    angles = np.pi / 3 * np.arange(6)
    corners = d * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.vstack([corners, np.zeros((1, 2))])


CLUSTERS = {"triangle": triangle, "hexagon": hexagon}


def measure(name: str, mu: float, d: float) -> dict[str, Any]:
    """One cluster: energies, the force outward on a corner, and the errors of sums over pairs."""
    points = CLUSTERS[name](d) + 20.0
    start = time.perf_counter()
    found = vmd.validate_frame(
        vmd.Vortices(points, 1, BOX), pot.GLFit(mu), window=3 * d, centre=(20.0, 20.0), margin=0.0
    )
    seconds = time.perf_counter() - start
    outward = (points[0] - 20.0) / np.hypot(*(points[0] - 20.0))
    about = found.to_dict()
    return {
        "cluster": name,
        "mu": mu,
        "d": d,
        "energy": about["energy"],
        "corner_force": {
            "gl": float(found.force_gl[0] @ outward),
            "pairs": float(found.force_pairs[0] @ outward),
            "md": float(found.force_md[0] @ outward),
        },
        "errors": about["errors"],
        "solver_error": found.force_error + found.pairs_error,
        "seconds": seconds,
    }


def report(rows: list[dict[str, Any]]) -> str:
    """The figures as text."""
    lines = [
        f"{'':8}  {'mu':>4} {'d':>4}   {'E, GL (ε₀)':>11}  pairs/GL    MD/GL   "
        f"{'corner: GL':>11} {'pairs':>10} {'MD':>10}   additivity  pair law"
        f"   {'solver':>7}  {'time':>5}",
        "errors: of √(Σ_j F_ij²), root mean square",
    ]
    for row in rows:
        energy, force, errors = row["energy"], row["corner_force"], row["errors"]
        parts = [errors[name]["of_pair_scale"] for name in ("additivity", "pair_law")]
        lines.append(
            f"{row['cluster']:8}  {row['mu']:4.1f} {row['d']:4.1f}   {energy['gl']:+11.6f}  "
            f"{energy['pairs_over_gl']:8.4f} {energy['md_over_gl']:8.4f}   {force['gl']:+11.6f} "
            f"{force['pairs']:+10.6f} {force['md']:+10.6f}   {100 * parts[0]:8.2f} %  "
            f"{100 * parts[1]:6.2f} %   {row['solver_error']:7.0e}  {row['seconds']:3.1f} s"
        )
    return "\n".join(lines)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Energy of the pairs over the whole's, and both errors of the forces, against d."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for mu, colour in ((0.8, "#d55e00"), (1.7, "#0072b2")):
        for name, marker in (("triangle", "^"), ("hexagon", "h")):
            mine = [row for row in rows if (row["cluster"], row["mu"]) == (name, mu)]
            d = [row["d"] for row in mine]
            looks = {"color": colour, "marker": marker, "mfc": "none"}
            left.plot(
                d,
                [row["energy"]["pairs_over_gl"] for row in mine],
                label=f"{name}, μ = {mu}",
                **looks,
            )
            for error, style in (("additivity", "-"), ("pair_law", ":")):
                values = [100 * row["errors"][error]["of_pair_scale"] for row in mine]
                right.semilogy(d, values, style, **looks)
    left.axhline(1.0, color="#7f7f7f", lw=0.8)
    left.set(xlabel="side d (λ)", ylabel="interaction energy, sum over pairs / GL")
    left.legend(frameon=False)
    right.set(xlabel="side d (λ)", ylabel=r"rms error over $\sqrt{\Sigma_j F_{ij}^2}$ (%)")
    right.plot([], [], "k-", label="additivity: pairs of GL − GL")
    right.plot([], [], "k:", label="pair law: Eq. 17 (Table 1) − pairs of GL")
    right.set_ylim(0.1, 3000)
    right.legend(frameon=False, loc="upper right")
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gl_validation.json"))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/gl_validation.png"))
    arguments = parser.parse_args()
    for path in (arguments.json, arguments.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in CLUSTERS:
        for mu, sides in SIDES.items():
            for d in sides:
                print(f"{name}, mu = {mu}, d = {d}", file=sys.stderr, flush=True)
                rows.append(measure(name, mu, d))
    print(report(rows))
    about = {
        "processor": platform.processor() or platform.machine(),
        "python": sys.version.split()[0],
    }
    arguments.json.write_text(json.dumps({"rows": rows, "about": about}, indent=1))
    plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
