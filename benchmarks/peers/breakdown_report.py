"""Where the time of our step goes, as lines, as a table, and as bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.engine_breakdown import PHASES
from benchmarks.peers.report import table
from benchmarks.peers.workload import FRAME_EVERY

COLORS = {
    "sort": "#999999",
    "segments": "#f0e442",
    "pairs": "#0072b2",
    "pins": "#009e73",
    "noise": "#cc79a7",
    "update": "#e69f00",
    "write": "#d55e00",
    "other": "white",
}
PANELS = {
    "plain": "one winding, noise",
    "full": "two windings, pins, drive, noise, trajectory",
}


def line(row: dict[str, Any]) -> str:
    """One breakdown for the terminal."""
    each = "  ".join(f"{name} {row['ns'][name]:.1f}" for name in (*PHASES, "other"))
    return (
        f"N = {row['n']}, {row['precision']}, {row['workload']}: {row['whole']:.1f} ns per vortex: {each}  "
        f"({row['lists_per_step']:.3f} lists a step)"
    )


def markdown(content: dict[str, Any]) -> str:
    """The table and what its columns mean."""
    about = content["about"]
    body = [
        [
            str(row["n"]),
            row["workload"],
            row["precision"],
            *(f"{row['ns'][name]:.1f}" for name in PHASES),
            f"{sum(row['ns'][name] for name in PHASES):.1f}",
            f"{row['whole']:.1f}",
            f"{row['ns']['other']:.1f}",
            f"{row['lists_per_step']:.3f}",
        ]
        for row in content["rows"]
    ]
    head = ["N", "workload", "precision", *PHASES, "sum", "whole step", "other", "lists a step"]
    parts = [
        "# Where the time of a step goes",
        f"`python -m benchmarks.engine --breakdown` on {about['processor']}, one thread, load "
        f"{about['load'][0]:.1f} at the end: CPU ns per vortex and step, the best of several turns. *plain* "
        f"is {PANELS['plain']}; *full* is {PANELS['full']}.",
        table(head, body),
        f"sort: folding, sorting and bringing all arrays into order; segments: the list itself; of both, "
        f"their share in a step. pairs: their forces. pins, noise: wells, normal numbers. update: adding up "
        f"forces, drive, displacements, positions and their whole numbers. write: a frame (wall time) over "
        f"{FRAME_EVERY} steps. Each was measured by itself in a row of calls; the whole step in runs "
        f"between them, plus write. other is what the whole takes beyond the sum.",
    ]
    return "\n\n".join(parts) + "\n"


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """ns a vortex as stacked bars, one a precision for each N; a panel for each workload."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.artist import Artist

    panels = [name for name in PANELS if any(row["workload"] == name for row in rows)]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(6.5 * len(panels), 5.4), sharey=True, layout="constrained", squeeze=False
    )  # fmt: skip
    for ax, workload in zip(axes[0], panels, strict=True):
        here = [row for row in rows if row["workload"] == workload]
        sizes = list(dict.fromkeys(row["n"] for row in here))
        kinds = list(dict.fromkeys(row["precision"] for row in here))
        width = 0.8 / len(kinds)
        for row in here:
            x = (
                sizes.index(row["n"])
                + (kinds.index(row["precision"]) - (len(kinds) - 1) / 2) * width
            )
            height = 0.0
            for name, color in COLORS.items():
                ns = max(row["ns"][name], 0.0)
                hatch = "////" if name == "other" else None
                ax.bar(
                    x, ns, 0.9 * width, height, color=color, edgecolor="0.3", lw=0.6, hatch=hatch
                )
                height += ns
            ax.plot([x - width / 2, x + width / 2], 2 * [row["whole"]], color="black", lw=2.5)
            ax.annotate(
                f"{row['precision']}\n{row['whole']:.0f}",
                (x, max(height, row["whole"])),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=10,
            )
        ax.set_xticks(range(len(sizes)), [f"{n:,}".replace(",", " ") for n in sizes], fontsize=12)
        ax.set_xlabel("number of vortices N", fontsize=14)
        ax.set_title(PANELS[workload], fontsize=13)
        ax.grid(True, axis="y", color="0.9")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", labelsize=12)
    heights = [max(row["whole"], sum(max(ns, 0.0) for ns in row["ns"].values())) for row in rows]
    axes[0, 0].set_ylim(0.0, 1.15 * max(heights))
    axes[0, 0].set_ylabel("CPU time per vortex and step / ns", fontsize=14)
    marks: list[Artist] = [
        plt.Rectangle((0, 0), 1, 1, fc=color, ec="0.3", hatch="////" if name == "other" else None)
        for name, color in COLORS.items()
    ]
    marks.append(plt.Line2D([], [], color="black", lw=2.5))
    figure.legend(
        marks,
        [*COLORS, "whole step"],
        loc="outside lower center",
        frameon=False,
        fontsize=12,
        ncols=len(COLORS) + 1,
    )
    figure.savefig(path, dpi=150)
    plt.close(figure)
