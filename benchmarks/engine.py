"""Cost of a step against the number of vortices, and against LAMMPS and OpenMM in the same session.

    python -m benchmarks.engine [--sizes 1000 10000 …] [--rounds 5] [--precision mixed double] [--threads 1 2]
    python -m benchmarks.engine --breakdown
    python -m benchmarks.engine --memory

The workload is that of `benchmarks.peers.workload`. All programs start from the same state with the same
force, cutoff, step and temperature; they first show their forces, held against brute force over all pairs,
and then take turns of some steps each. Beside it our side runs with all that the peers' workload lacks: two
windings, pins, a drive, a trajectory. Programs that are not installed are left out
(``pip install 'vortexmd[crosscheck]'``). Written are engine.json, engine.md and engine.png in ``--out``.
Instead of all that, ``--breakdown`` tells where our time goes (engine_breakdown.json, .md and .png), and
``--memory`` measures bytes per vortex (engine_memory.json).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import vortexmd as vmd
from benchmarks import engine_breakdown
from benchmarks.peers import (
    accuracy,
    breakdown_report,
    lammps_side,
    memory,
    openmm_side,
    report,
    targets,
)
from benchmarks.peers.plot import plot
from benchmarks.peers.workload import (
    FRAME_EVERY,
    LAYERS,
    SECOND_ORDER,
    clocked,
    frame_seconds,
    offers,
    ours,
    start_state,
)

SIZES = [1000, 10_000, 100_000, 1_000_000]
MEMORY_SIZES = [100_000, 1_000_000]
PRECISIONS = ("mixed", "double")
ROUNDS = 5
# From here on a turn takes so long that three of them do.
LARGE, LARGE_ROUNDS = 300_000, 3
# Turns of a breakdown where they are short: there are many.
BREAKDOWN_ROUNDS = 9
# LAMMPS's variants are tried on so many vortices at most.
TRIAL = 100_000
OPENMM_LARGEST = 100_000
# An r.m.s. force error that no table and no rounding explains: another force.
ANOTHER_FORCE = 1e-3


@dataclass(frozen=True)
class Side:
    """One program that takes turns of so many `steps`: `run` answers with CPU and wall seconds a step."""

    threads: int
    run: Callable[[int], dict[str, float]]
    steps: int


def say(text: str) -> None:
    """Progress, at once."""
    print(text, flush=True)


def turn_steps(n: int) -> int:
    """Steps of a turn: about a second of LAMMPS, and always some list rebuilds."""
    return int(np.clip(2_000_000 / n, 20, 1000))


def own_steps(n: int) -> int:
    """Steps of a turn of ours: lists are made less often."""
    return max(turn_steps(n), 60 if n < LARGE else 30)


def warm_up(steps: int) -> int:
    """Steps before the first turn: what is compiled, is compiled; lists and caches are as they will be."""
    return steps // 4


def run_ours(sim: vmd.Simulation, steps: int) -> dict[str, float]:
    """A turn of ours."""
    cpu, wall = clocked(sim.run, steps)
    return {"cpu": cpu, "wall": wall}


def check_forces(
    start: vmd.Vortices, named: dict[str, Callable[[], np.ndarray]]
) -> tuple[dict[str, dict[str, float]], int]:
    """Errors of everybody's forces against brute force, and on how many vortices they were looked at."""
    rows = accuracy.sample(len(start))
    exact = accuracy.exact_forces(start, rows)
    found = {name: accuracy.errors(forces()[rows], exact) for name, forces in named.items()}
    for name, error in found.items():
        if not error["rms"] < ANOTHER_FORCE:
            raise RuntimeError(
                f"{name} computes another force: r.m.s. error {error['rms']:.1e} of F_rms"
            )
    return found, len(rows)


@cache
def choose_lammps(n: int) -> dict[str, Any]:
    """The fastest way to run LAMMPS, tried on `n` vortices."""
    with tempfile.TemporaryDirectory() as name:
        start = start_state(n)
        lammps_side.write_input(start, Path(name))
        return lammps_side.fastest(Path(name), turn_steps(len(start)) // 2)


def measure(n: int, rounds: int, precisions: list[str], threads: list[int]) -> dict[str, Any]:
    """One N: forces, then turns; all samples raw, in µs a step."""
    start = start_state(n)
    steps = turn_steps(n)
    row: dict[str, Any] = {"n": len(start)}
    sides: dict[str, Side] = {}
    forces: dict[str, Callable[[], np.ndarray]] = {}
    if n >= LARGE:
        rounds = min(rounds, LARGE_ROUNDS)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        for precision in precisions:
            for count in threads:
                sim = ours(start, precision=precision, threads=count)
                forces.setdefault(f"vortexmd {precision}", sim.forces)
                sides[targets.own(precision, count)] = Side(
                    count, partial(run_ours, sim), own_steps(n)
                )
        if lammps_side.installed():
            row["lammps"] = chosen = choose_lammps(min(n, TRIAL))
            say(f"LAMMPS runs as {chosen['suffix']}, skin {chosen['skin']}: {chosen['trials_us']}")
            lammps_side.write_input(start, folder)
            way = {"suffix": chosen["suffix"], "skin": chosen["skin"]}
            for count in threads:
                if count > 1 and lammps_side.mpiexec() is None:
                    say("no mpiexec (pip install mpich): LAMMPS runs on one rank only")
                    continue
                engine = stack.enter_context(lammps_side.Lammps(folder, ranks=count, **way))
                forces.setdefault("LAMMPS linear", engine.forces)
                sides[targets.lammps(count)] = Side(count, engine.run, steps)
            if n < LARGE:
                fine = stack.enter_context(lammps_side.Lammps(folder, style="spline", **way))
                forces["LAMMPS spline"] = fine.forces
        if openmm_side.installed() and n <= OPENMM_LARGEST:
            rival = openmm_side.OpenMM(start)
            forces["OpenMM"] = rival.forces
            sides[targets.openmm(1)] = Side(1, rival.run, max(steps // 4, 10))
        row["force_errors"], row["checked"] = check_forces(start, forces)
        row["sides"] = take_turns(sides, rounds)
    return row


def take_turns(sides: dict[str, Side], rounds: int) -> dict[str, dict[str, Any]]:
    """Everybody's µs a step, round by round."""
    found: dict[str, dict[str, Any]] = {}
    for name, side in sides.items():
        side.run(warm_up(side.steps))
        clock = "cpu" if side.threads == 1 else "wall"
        found[name] = {
            "threads": side.threads,
            "clock": clock,
            "steps": side.steps,
            "cpu_us": [],
            "wall_us": [],
        }
    for _ in range(rounds):
        for name, side in sides.items():
            sample = side.run(side.steps)
            for clock in ("cpu", "wall"):
                found[name][clock + "_us"].append(1e6 * sample[clock])
            if "builds" in sample:
                found[name].setdefault("builds_per_step", []).append(sample["builds"])
    return found


def measure_layers(n: int, rounds: int, precision: str) -> dict[str, Any]:
    """What windings, pins, a drive and a trajectory add to our step on one thread, in turns.

    And what the plain step takes with the integrator that is our default.
    """
    start = start_state(n)
    steps = own_steps(n)
    sims = {layer: ours(start, precision=precision, layer=layer) for layer in LAYERS}
    sims[SECOND_ORDER] = ours(start, precision=precision, integrator=SECOND_ORDER)
    us: dict[str, list[float]] = {layer: [] for layer in sims}
    for sim in sims.values():
        sim.run(warm_up(steps))
    for _ in range(min(rounds, LARGE_ROUNDS)):
        for layer, sim in sims.items():
            us[layer].append(1e6 * clocked(sim.run, steps)[0])
    with tempfile.TemporaryDirectory() as folder:
        taken = frame_seconds(sims[LAYERS[-1]], Path(folder), LARGE_ROUNDS)
    frame = [1e6 * seconds / FRAME_EVERY for seconds in taken]
    return {"precision": precision, "us": us, "frame_us_per_step": frame}


def about() -> dict[str, Any]:
    """The machine and the versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [s for s in cpuinfo.read_text().splitlines() if s.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = {"Python": platform.python_version()}
    for package in ("vortexmd", "numpy", "numba", "lammps", "mpich", "openmm"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else (float("nan"),) * 3,
        "versions": versions,
    }


def write(out: Path, name: str, content: dict[str, Any]) -> None:
    """`content` as ``name.json``, and the Markdown of all that is there."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    session, used = out / "engine.json", out / "engine_memory.json"
    if session.exists():
        read = json.loads(session.read_text(encoding="utf-8"))
        sizes = json.loads(used.read_text(encoding="utf-8")) if used.exists() else None
        (out / "engine.md").write_text(report.markdown(read, sizes), encoding="utf-8")


def run_memory(sizes: list[int], precisions: list[str], out: Path) -> None:
    """The benchmark of memory."""
    if not memory.available():
        sys.exit("memory is measured on Linux only")
    rows = []
    for precision in precisions:
        for n in sizes:
            for layer in (LAYERS[0], LAYERS[-1]):
                found = memory.measure(n, precision, layer)
                rows.append({"precision": precision, "layer": layer, **found})
                say(report.memory_line(rows[-1]))
    write(out, "engine_memory", {"about": about(), "rows": rows})


def run_breakdown(sizes: list[int], precisions: list[str], rounds: int | None, out: Path) -> None:
    """The benchmark of the phases of a step."""
    rows = []
    for n in sizes:
        turns = rounds or (LARGE_ROUNDS if n >= LARGE else BREAKDOWN_ROUNDS)
        for workload in engine_breakdown.WORKLOADS:
            for precision in precisions:
                rows.append(engine_breakdown.breakdown(n, precision, workload, turns))
                say(breakdown_report.line(rows[-1]))
    content = {"about": about(), "rows": rows}
    write(out, "engine_breakdown", content)
    text = breakdown_report.markdown(content)
    (out / "engine_breakdown.md").write_text(text, encoding="utf-8")
    breakdown_report.plot(rows, out / "engine_breakdown.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of vortices")
    parser.add_argument("--rounds", type=int, help=f"turns of each program ({ROUNDS})")
    parser.add_argument("--precision", nargs="+", default=list(PRECISIONS), choices=PRECISIONS)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="and ranks")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--breakdown", action="store_true", help="the phases of our step instead")
    instead.add_argument("--memory", action="store_true", help="bytes per vortex instead")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    precisions = [name for name in arguments.precision if offers(name)]
    for name in set(arguments.precision) - set(precisions):
        say(f"precision {name!r} is not offered by this version: left out")
    if not precisions:
        sys.exit("nothing to measure")
    if arguments.memory:
        run_memory(arguments.sizes or MEMORY_SIZES, precisions, arguments.out)
        return
    if arguments.breakdown:
        run_breakdown(arguments.sizes or SIZES, precisions, arguments.rounds, arguments.out)
        return
    rounds = arguments.rounds or ROUNDS
    for name, side in (("LAMMPS", lammps_side), ("OpenMM", openmm_side)):
        if not side.installed():
            say(f"{name} is not installed (pip install 'vortexmd[crosscheck]'): left out")
    began = time.monotonic()
    session: dict[str, Any] = {"about": about(), "rows": []}
    for n in arguments.sizes or SIZES:
        row = measure(n, rounds, precisions, arguments.threads)
        row["layers"] = measure_layers(n, rounds, precisions[0])
        session["rows"].append(row)
        say(report.lines(row))
    session["about"]["seconds"] = round(time.monotonic() - began)
    write(arguments.out, "engine", session)
    plot(session["rows"], arguments.out / "engine.png")


if __name__ == "__main__":
    main()
