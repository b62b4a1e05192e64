"""Cost of a step against the number of vortices, log–log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import targets

OURS, OURS_DOUBLE, LAMMPS, OPENMM = "#0072b2", "#56b4e9", "#d55e00", "#009e73"
SERIES = (
    (targets.own("mixed", 1), "vortexmd mixed, 1 thread", OURS, "o-"),
    (targets.own("mixed", 2), "vortexmd mixed, 2 threads", OURS, "o--"),
    (targets.own("double", 1), "vortexmd double, 1 thread", OURS_DOUBLE, "D-"),
    (targets.own("double", 2), "vortexmd double, 2 threads", OURS_DOUBLE, "D--"),
    (targets.lammps(1), "LAMMPS, 1 rank", LAMMPS, "s-"),
    (targets.lammps(2), "LAMMPS, 2 ranks", LAMMPS, "s--"),
    (targets.openmm(1), "OpenMM, 1 thread", OPENMM, "^-"),
)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """µs a step, and beside it ns a vortex and step."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (whole, each) = plt.subplots(1, 2, figsize=(12, 5.2), layout="constrained")
    for name, label, color, style in SERIES:
        points = [(row["n"], cost) for row in rows if (cost := targets.cost(row, name)) is not None]
        if not points:
            continue
        n, cost = np.array(points).T
        look: dict[str, Any] = {"color": color, "lw": 2, "ms": 7}
        if style.endswith("--"):
            look["mfc"] = "white"
        whole.loglog(n, cost, style, label=label, **look)
        each.loglog(n, 1e3 * cost / n, style, **look)
    whole.set_ylabel("time per step / µs")
    each.set_ylabel("time per vortex and step / ns")
    each.yaxis.set_major_formatter("{x:g}")
    each.yaxis.set_minor_formatter("")
    low, high = each.get_ylim()
    ticks = [m * 10**k for k in range(0, 5) for m in (1, 2, 5) if low <= m * 10**k <= high]
    each.set_yticks(ticks)
    for ax in (whole, each):
        ax.set_xlabel("number of vortices N")
        ax.grid(True, which="major", color="0.9")
        ax.tick_params(labelsize=12)
        ax.xaxis.label.set_size(14)
        ax.yaxis.label.set_size(14)
        ax.set_axisbelow(True)
    figure.legend(loc="outside lower center", frameon=False, fontsize=12, ncols=4)
    figure.savefig(path, dpi=150)
    plt.close(figure)
