"""The results of a session as text: lines for a terminal, tables for Markdown."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import targets
from benchmarks.peers.workload import (
    FIRST_ORDER,
    FRAME_EVERY,
    LAYERS,
    PAIRS_PER_VORTEX,
    SECOND_ORDER,
)

# Below this share of a processor, wall times are those of the machine's other work.
QUIET = 0.9
LAYER_NAMES = {
    "plain": "one winding, noise (what the peers run)",
    "windings": "+ half of them of winding 2",
    "pins": "+ a well per vortex",
    "drive": "+ uniform drive",
}


def lines(row: dict[str, Any]) -> str:
    """One N for the terminal: every side's cost, spread and ratio."""
    n = row["n"]
    text = [f"N = {n}"]
    for name, side in row["sides"].items():
        values = np.array(side[side["clock"] + "_us"])
        median = float(np.median(values))
        line = (
            f"  {name:<20} {side['clock']:>4} {median:>11.1f} µs/step "
            f"({values.min():.1f}–{values.max():.1f})  {1e3 * median / n:>8.1f} ns/vortex "
            f"{1e3 * median / n / PAIRS_PER_VORTEX:>6.2f} ns/pair"
        )
        program, *rest = name.split()
        compared = targets.ratio(row, rest[0], int(rest[1])) if program == "vortexmd" else None
        text.append(line + (f"   LAMMPS/ours {compared}" if compared else ""))
    if (share := targets.processor_share(row)) is not None:
        text.append(f"  {_share(share)}")
    text += [
        f"  force error {name:<18} max {e['max']:.1e}  rms {e['rms']:.1e} (over F_rms)"
        for name, e in row["force_errors"].items()
    ]
    if "layers" in row:
        text.append("  " + "; ".join(f"{LAYER_NAMES[k]}: {v}" for k, v in _layers(row).items()))
        text.append(f"  + a frame every {FRAME_EVERY} steps: {_frame(row)}")
        text.append("  plain: " + "; ".join(f"{k} {v}" for k, v in _integrators(row).items()))
    return "\n".join(text)


def memory_line(row: dict[str, Any]) -> str:
    """One measurement of memory for the terminal."""
    return (
        f"N = {row['n']:.0f}, {row['precision']}, {row['layer']}: {row['steady']:.0f} B per vortex running, "
        f"{row['peak']:.0f} at the peak, {row['writing']:.0f} while writing"
    )


def markdown(session: dict[str, Any], memory: dict[str, Any] | None) -> str:
    """The whole report; `memory` is what the memory benchmark wrote, if it has been run."""
    about, rows = session["about"], session["rows"]
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    parts = [
        "# Cost of a step",
        f"`python -m benchmarks.engine` on {about['processor']}, {about['processors']} processors, load "
        f"{about['load'][0]:.1f} before the start; {versions}. One thread: CPU time; two: wall time. Medians "
        f"of turns. Ratios are LAMMPS's cost over ours (`pair_style table linear 4096`, the fastest of "
        f"serial and OPENMP styles with skin 0.3 and 0.5): of the medians, in brackets the least and largest "
        f"of a round; beside it that of the fastest turns, which a busy machine disturbs least.",
        "## Against the targets",
        _target_table(rows, memory),
        *_busy(rows),
        "## All costs",
        _cost_table(rows),
        "## Force errors",
        "Against brute force over all pairs in float64; largest and r.m.s. error of a component over F_rms.",
        _error_table(rows),
    ]
    if any("layers" in row for row in rows):
        parts += [
            "## What the full engine adds",
            _layer_table(rows),
            f"In all of this ours runs {FIRST_ORDER}, as LAMMPS's `fix brownian` and OpenMM's "
            f"BrownianIntegrator are Euler–Maruyama. The workload of the peers with our default beside it:",
            _integrator_table(rows),
        ]
    if memory is not None:
        parts += [
            "## Memory",
            _memory_table(memory["rows"]),
            "The last column: once the C library gives back what it keeps of freed memory. Arrays of the "
            "largest runs, as far as they are in memory, B per vortex:",
            _array_table(memory["rows"]),
        ]
    return "\n\n".join(parts) + "\n"


def _share(share: float) -> str:
    return f"LAMMPS's two ranks had {100 * share:.0f} % of a processor each"


def _busy(rows: list[dict[str, Any]]) -> list[str]:
    shares = {row["n"]: targets.processor_share(row) for row in rows}
    low = {n: share for n, share in shares.items() if share is not None and share < QUIET}
    if not low:
        return []
    cases = "; ".join(f"N = {n}: {_share(share)}" for n, share in low.items())
    return [
        f"**The machine was busy.** {cases}. Ranks that wait for each other lose far more than their share: "
        f"take the ratios on two threads with caution."
    ]


def _against(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads against {threads} MPI ranks"


def table(head: list[str], body: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *body])


def _target_table(rows: list[dict[str, Any]], memory: dict[str, Any] | None) -> str:
    body = []
    for (precision, threads), cells in targets.SPEED.items():
        for row in rows:
            asked = cells.get(targets.decade(row["n"]))
            reached = targets.ratio(row, precision, threads)
            if asked is None or reached is None:
                continue
            full = targets.full_cost(row)
            theirs = targets.cost(row, targets.lammps(1))
            measured = full is not None and threads == 1 and precision == row["layers"]["precision"]
            body.append(
                [
                    f"{precision}, {_against(threads)}, N = {row['n']}",
                    f"≥ {asked[0]}×",
                    f"≥ {asked[1]}×",
                    f"{reached}×",
                    f"{reached.best:.2f}×",
                    targets.verdict(reached.median, *asked),
                    f"{theirs / full:.2f}×" if measured and full and theirs else "",
                ]
            )
    for precision, bound in targets.FORCE_ERROR.items():
        found = [
            row["force_errors"][f"vortexmd {precision}"]["max"]
            for row in rows
            if f"vortexmd {precision}" in row["force_errors"]
        ]
        if found:
            worst = max(found)
            said = "goal" if worst <= bound else "short"
            body.append(
                [
                    f"force error max/F_rms, {precision}",
                    f"≤ {bound:g}",
                    "",
                    f"{worst:.1e}",
                    said,
                    "",
                ]
            )
    for row in memory["rows"] if memory else []:
        if row["layer"] == "plain":
            committed, goal = targets.MEMORY
            said = targets.verdict_below(row["steady"], committed, goal)
            what = f"memory per vortex, {row['precision']}, N = {row['n']:.0f}"
            body.append(
                [what, f"≤ {committed} B", f"≤ {goal} B", f"{row['steady']:.0f} B", "", said, ""]
            )
    head = [
        "",
        "committed",
        "goal",
        "measured",
        "fastest turns",
        "reached",
        "ours with everything on",
    ]
    return table(head, body)


def _cost_table(rows: list[dict[str, Any]]) -> str:
    body = [
        [
            str(row["n"]),
            name,
            f"{targets.cost(row, name):.1f}",
            f"{1e3 * (targets.cost(row, name) or 0) / row['n']:.1f}",
            side["clock"],
        ]
        for row in rows
        for name, side in row["sides"].items()
    ]
    return table(["N", "program, threads", "µs per step", "ns per vortex", "clock"], body)


def _error_table(rows: list[dict[str, Any]]) -> str:
    body = [
        [str(row["n"]), name, f"{e['max']:.1e}", f"{e['rms']:.1e}", str(row["checked"])]
        for row in rows
        for name, e in row["force_errors"].items()
    ]
    return table(["N", "program", "max", "r.m.s.", "vortices checked"], body)


def _layers(row: dict[str, Any]) -> dict[str, str]:
    us = {name: float(np.median(row["layers"]["us"][name])) for name in LAYERS}
    return {name: f"{value:.1f} µs ({value / us['plain']:.2f}×)" for name, value in us.items()}


def _frame(row: dict[str, Any]) -> str:
    frame = float(np.median(row["layers"]["frame_us_per_step"]))
    plain = float(np.median(row["layers"]["us"]["plain"]))
    return f"{frame:.1f} µs ({100 * frame / plain:.1f} %)"


def _integrators(row: dict[str, Any]) -> dict[str, str]:
    us = row["layers"]["us"]
    median = {FIRST_ORDER: np.median(us["plain"]), SECOND_ORDER: np.median(us[SECOND_ORDER])}
    return {k: f"{v:.1f} µs ({v / median[FIRST_ORDER]:.2f}×)" for k, v in median.items()}


def _integrator_table(rows: list[dict[str, Any]]) -> str:
    body = [
        [str(row["n"]), row["layers"]["precision"], name, cost]
        for row in rows
        if "layers" in row
        for name, cost in _integrators(row).items()
    ]
    return table(["N", "precision", "integrator", "per step"], body)


def _layer_table(rows: list[dict[str, Any]]) -> str:
    with_layers = [row for row in rows if "layers" in row]
    body = [
        [str(row["n"]), row["layers"]["precision"], *_layers(row).values(), _frame(row)]
        for row in with_layers
    ]
    head = ["N", "precision", *LAYER_NAMES.values(), f"a frame every {FRAME_EVERY} steps adds"]
    return table(head, body)


def _memory_table(rows: list[dict[str, Any]]) -> str:
    body = [
        [
            f"{row['n']:.0f}",
            row["precision"],
            LAYER_NAMES[row["layer"]],
            *(f"{row[key]:.0f}" for key in ("steady", "peak", "writing", "trimmed")),
        ]
        for row in rows
    ]
    head = [
        "N",
        "precision",
        "workload",
        "running, B per vortex",
        "peak",
        "peak while writing",
        "freed memory given back",
    ]
    return table(head, body)


def _array_table(rows: list[dict[str, Any]]) -> str:
    most = max(row["n"] for row in rows)
    columns = [row for row in rows if row["n"] == most]
    names = list(dict.fromkeys(name for row in columns for name in row["arrays"]))
    names.sort(key=lambda name: -max(_bytes(row, name) for row in columns))
    body = [[f"`{name}`", *(f"{_bytes(row, name):.1f}" for row in columns)] for name in names]
    sums = (sum(_bytes(row, name) for name in names) for row in columns)
    body.append(["all", *(f"{each:.0f}" for each in sums)])
    head = ["array", *(f"{row['precision']}, {LAYER_NAMES[row['layer']]}" for row in columns)]
    return table(head, body)


def _bytes(row: dict[str, Any], name: str) -> float:
    return row["arrays"].get(name, {"in_memory": 0.0})["in_memory"]
