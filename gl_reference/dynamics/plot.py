"""Three panels of a pair in free motion: force, friction, separation against time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gl_reference.figure_style import (
    BLUE,
    FORCE,
    GREY,
    SEPARATION,
    VERMILLION,
    name_panel,
    new_figure,
    styled,
    zero_line,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gl_reference.dynamics.pairs import DynamicPair

TIME = r"time ($t_{\rm GL}$)"
FRICTION = r"friction $\eta$ ($\Omega_0\,t_{\rm GL}/\lambda$)"


@styled
def plot_pair(pair: DynamicPair) -> Figure:
    """Force and friction against separation with their values far apart, and d(t)."""
    figure = new_figure(13.0, 4.4)
    left, middle, right = figure.subplots(1, 3)
    left.plot(pair.d, pair.force, color=BLUE)
    zero_line(left)
    left.set_xlabel(SEPARATION)
    left.set_ylabel(FORCE)
    middle.plot(pair.d, pair.friction, color=VERMILLION)
    middle.axhline(pair.friction_apart, color=GREY, linestyle="--", linewidth=1.2)
    middle.annotate(
        "far apart", (pair.d[-1], pair.friction_apart), xytext=(0, -4),
        textcoords="offset points", ha="right", va="top", color=GREY, fontsize=12,
    )  # fmt: skip
    middle.set_ylim(bottom=0.0)
    middle.set_xlabel(SEPARATION)
    middle.set_ylabel(FRICTION)
    order = np.argsort(pair.time)
    right.plot(pair.time[order], pair.d[order], color=BLUE)
    right.set_xlabel(TIME)
    right.set_ylabel(SEPARATION)
    right.set_ylim(bottom=0.0)
    for ax, letter, text in (
        (left, "a", "force"),
        (middle, "b", "friction"),
        (right, "c", "motion"),
    ):
        name_panel(ax, letter, text)
    for ax in (left, middle):
        ax.set_xlim(left=0.0)
    figure.suptitle(
        f"windings {pair.n1} and {pair.n2},  μ = {pair.mu:.4g},  s = {pair.s:.4g}:  free motion"
    )
    return figure
