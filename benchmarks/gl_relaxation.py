"""The force between two vortices: relaxation on the paper's grid against Newton's method.

    python -m benchmarks.gl_relaxation [--sweeps 4000] [--json FILE]

Workload: two vortices at μ = 1.7, d = 2 λ. Baseline: lexicographic Gauss-Seidel relaxation (numba,
one thread) of the discrete equations of the scheme "collocated" on the paper's 601 × 601 grid
(60 λ × 60 λ, h = 0.1 λ; 602 × 601 as the vortices are to sit on nodes), from the superposition of
single vortices, for d ± h; the force is the difference of the two energies. Counted are the sweeps
after which it stays as near to the converged discrete force as a tenth of the grid's own error.
Against it, in the same process:

  lattice    `gl_reference.lattice`: the same two energies, the same equations (its own, smaller
             grid; and the full 60 λ × 60 λ)
  confocal   `gl_reference.confocal.confocal_pair`: the continuum's force, at its loosest tolerance
             and at its default

Errors are against `confocal_pair` at 1e-7. CPU seconds, compiled code and caches warm unless they
hold the answer.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from gl_reference import lattice
from gl_reference.confocal import confocal_pair
from gl_reference.lattice_energy import LatticeEnergy
from gl_reference.lattice_layout import place
from gl_reference.lattice_schemes import find_scheme
from gl_reference.lattice_solution import discretise, isolated_energy, start

MU, D, H, BOX = 1.7, 2.0, 0.1, (60.0, 60.0)
SCHEME = "collocated"
CHUNK = 100  # sweeps between two looks at the force


@numba.njit(cache=True)
def sweep(
    f: np.ndarray,
    A_x: np.ndarray,
    A_y: np.ndarray,
    V_x: np.ndarray,
    V_y: np.ndarray,
    pinned: np.ndarray,
    h: float,
    mu: float,
) -> None:
    """One Gauss-Seidel sweep of Eq. 13 with −∇²A; values on the edge stay."""
    n, m = f.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            h2 = h * h
            Q2 = (A_x[i, j] - V_x[i, j]) ** 2 + (A_y[i, j] - V_y[i, j]) ** 2
            if not pinned[i, j]:
                around = f[i - 1, j] + f[i + 1, j] + f[i, j - 1] + f[i, j + 1]
                f[i, j] = around / (4 + h2 * (Q2 - mu * mu / 2 * (1 - f[i, j] ** 2)))
            screening = h2 * f[i, j] ** 2
            around = A_x[i - 1, j] + A_x[i + 1, j] + A_x[i, j - 1] + A_x[i, j + 1]
            A_x[i, j] = (around + screening * V_x[i, j]) / (4 + screening)
            around = A_y[i - 1, j] + A_y[i + 1, j] + A_y[i, j - 1] + A_y[i, j + 1]
            A_y[i, j] = (around + screening * V_y[i, j]) / (4 + screening)


class Relaxation:
    """One pair on the whole grid; its energy is that of a quarter, which is all there is to it."""

    def __init__(self, d: float) -> None:
        positions, winding = np.array([[-d / 2, 0.0], [d / 2, 0.0]]), np.array([1, 1])
        scheme = find_scheme(SCHEME)
        self.layout = place(positions, winding, MU, scheme, H, domain=BOX)
        self.quarter: LatticeEnergy = discretise(self.layout, MU, scheme)
        o = self.quarter.operators
        u = start(self.quarter, self.layout)
        f, A_x, A_y = (part.reshape(o.f.shape) for part in np.split(u, 3))
        V_x, V_y = (part.reshape(o.f.shape) for part in np.split(self.quarter.velocity, 2))
        self.fields = [self.whole(f, 1, 1), self.whole(A_x, 1, -1), self.whole(A_y, -1, 1)]
        self.velocity = [self.whole(V_x, 1, -1), self.whole(V_y, -1, 1)]
        self.pinned = self.whole(self.quarter.pinned.reshape(o.f.shape), 1, 1) > 0

    def whole(self, quarter: np.ndarray, parity_x: int, parity_y: int) -> np.ndarray:
        """The field on the whole grid; the node on a mirror is there once."""
        once_x, once_y = (int(axis.mirror == "node") for axis in self.layout.axes)
        half = np.concatenate([parity_x * quarter[once_x:][::-1], quarter])
        return np.concatenate([parity_y * half[:, once_y:][:, ::-1], half], axis=1)

    def run(self, sweeps: int) -> None:
        """Relax."""
        for _ in range(sweeps):
            sweep(*self.fields, *self.velocity, self.pinned, H, MU)

    def energy(self) -> float:
        """E/π in ε₀, as the scheme reports it."""
        n, m = self.quarter.operators.f.shape
        u = np.concatenate([field[-n:, -m:].ravel() for field in self.fields])
        return self.quarter.value(u, reported=True)


def timed(run: Callable[[], float], rounds: int = 3) -> tuple[float, float]:
    """Result, and the median of CPU seconds."""
    seconds = []
    for _ in range(rounds):
        lattice._pair_energy.cache_clear()
        isolated_energy.cache_clear()
        began = time.process_time()
        result = run()
        seconds.append(time.process_time() - began)
    return result, float(np.median(seconds))


def lattice_force(domain: tuple[float, float] | None) -> float:
    """Ω from the two energies, without the solution in the middle that `lattice_pair` adds."""
    energies = [
        lattice.lattice_solve(
            [(-d / 2, 0.0), (d / 2, 0.0)], 1, MU, scheme=SCHEME, h=H, domain=domain
        ).energy
        for d in (D - H, D + H)
    ]
    return (energies[0] - energies[1]) / (2 * H)


def relax(target: float, largest: float, sweeps: int) -> dict[str, Any]:
    """Sweep, and find from when on the force stays within `largest` of `target`."""
    Relaxation(D).run(1)  # compiles
    pairs = [Relaxation(d) for d in (D - H, D + H)]
    seconds, history = 0.0, []
    for done in range(0, sweeps + 1, CHUNK):
        force = (pairs[0].energy() - pairs[1].energy()) / (2 * H)
        history.append({"sweeps": done, "force": force, "cpu_s": seconds})
        began = time.process_time()
        for pair in pairs:
            pair.run(CHUNK)
        seconds += time.process_time() - began
    far = [k for k, row in enumerate(history) if abs(row["force"] - target) > largest]
    if far[-1] == len(history) - 1:
        raise SystemExit(f"{sweeps} sweeps are too few: {history[-1]}; give more by --sweeps")
    return {**history[far[-1] + 1], "history": history}


def measure(sweeps: int) -> dict[str, Any]:
    """All sides of the comparison."""
    exact = confocal_pair(1, 1, MU, D, tolerance=1e-7).force
    discrete = lattice_force(BOX)
    grid_error = abs(discrete - exact)
    rows = {"gauss-seidel 601²": relax(discrete, grid_error / 10, sweeps)}
    for name, run in {
        "lattice": lambda: lattice_force(None),
        "lattice, 60 λ × 60 λ": lambda: lattice_force(BOX),
        "confocal, 1e-2": lambda: confocal_pair(1, 1, MU, D, tolerance=1e-2).force,
        "confocal, default": lambda: confocal_pair(1, 1, MU, D).force,
    }.items():
        force, seconds = timed(run)
        rows[name] = {"force": force, "cpu_s": seconds}
    baseline = rows["gauss-seidel 601²"]["cpu_s"]
    for row in rows.values():
        row["error"] = row["force"] - exact
        row["ratio"] = baseline / row["cpu_s"]
    return {"exact": exact, "discrete": discrete, "rows": rows}


def report(result: dict[str, Any]) -> str:
    """The table as text."""
    relaxed = result["rows"]["gauss-seidel 601²"]
    left = relaxed["force"] - result["discrete"]
    lines = [f"{'':24} {'Ω':>10} {'error':>9} {'CPU s':>9} {'ratio':>8}"]
    for name, row in result["rows"].items():
        lines.append(
            f"{name:24} {row['force']:>10.6f} {row['error']:>9.1e} {row['cpu_s']:>9.3f} "
            f"{row['ratio']:>8.0f}"
        )
    lines.append(
        f"exact {result['exact']:.7f}; the grid's own {result['discrete']:.7f}, which "
        f"{relaxed['sweeps']} sweeps of each pair miss by {left:.1e}"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sweeps", type=int, default=2000, help="of the baseline")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gl_relaxation.json"))
    arguments = parser.parse_args()
    result = measure(arguments.sweeps)
    print(report(result))
    about = {
        "processor": platform.processor() or platform.machine(),
        "python": sys.version.split()[0],
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"about": about, **result}, indent=1))


if __name__ == "__main__":
    main()
