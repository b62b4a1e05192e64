"""The phase portrait of two regions that exchange flux: R. Ma, Fig. 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vortexmd.plotting import style
from vortexmd.plotting.flux_axes import finish, own_legend, symbol, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vortexmd.flux_exchange.phase_portrait import PhasePortrait

SIZE = 4.6
COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY)


@style.styled
def plot_phase_portrait(
    portraits: PhasePortrait | Sequence[PhasePortrait],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    legend_title: str | None = None,
    legend: bool = True,
    names: Sequence[str] = ("p", "q"),
    field_unit: str | None = None,
) -> Axes:
    """B_p against B_q: the straight line of slope −γ (Eq. 11) from each start to its equilibrium.

    Rings are starts, dots equilibria, arrows the direction of time. The grey line is where W_p = W_q: there
    the regions exchange no net flux, whatever γ is.

    Parameters
    ----------
    portraits
        One, or several of the same two laws, such as of several γ, a colour each.
    ax
        Axes to draw in; those of a new figure if left out (``ax.figure``).
    labels
        What tells the portraits apart; their γ if left out.
    legend_title
        What the labels are values of.
    legend
        Whether there is one.
    names
        Of the two regions.
    field_unit
        Name of the unit, for the labels.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If there is no portrait, or not one label each.
    """
    curves = list(portraits) if isinstance(portraits, Sequence) else [portraits]
    if not curves:
        raise ValueError("portraits: none; give at least one")
    names_of_curves = [f"{p.gamma:.3g}" for p in curves] if labels is None else list(labels)
    if len(names_of_curves) != len(curves):
        raise ValueError(
            f"labels: {len(names_of_curves)} for {len(curves)} portraits; give one each"
        )
    own_figure = ax is None
    ax = style.add_axes(style.new_figure(), 0.0, 0.0, SIZE, SIZE) if ax is None else ax
    p, q = (symbol(name) for name in names)
    ax.set_xlabel(with_unit(q, field_unit))
    ax.set_ylabel(with_unit(p, field_unit))
    _draw_plane(ax, curves)
    for k, (portrait, name) in enumerate(zip(curves, names_of_curves, strict=True)):
        _draw_lines(ax, portrait, COLOURS[k % len(COLOURS)], name)
    _draw_equilibria(ax, curves)
    if legend:
        own_legend(ax, "γ" if labels is None else legend_title, beside=True)
    return finish(ax, own_figure)


def _draw_plane(ax: Axes, portraits: Sequence[PhasePortrait]) -> None:
    """The axes' limits, and of a single portrait the flow around its lines."""
    top_p, top_q = np.max([portrait.limits for portrait in portraits], axis=0)
    # A little below 0: there the curve lies on the axis.
    ax.set_xlim(-0.02 * top_q, top_q)
    ax.set_ylim(-0.02 * top_p, top_p)
    ax.locator_params(nbins=6)
    if len(portraits) == 1:
        (portrait,) = portraits
        b_p, b_q = np.meshgrid(*portrait.grid, indexing="ij")
        along_p, along_q = portrait.direction[..., 0], portrait.direction[..., 1]
        ax.quiver(
            *(b_q, b_p, along_q, along_p),
            angles="xy",
            pivot="mid",
            color=style.GREY,
            alpha=0.45,
            width=0.004,
        )


def _draw_equilibria(ax: Axes, portraits: Sequence[PhasePortrait]) -> None:
    """The curve of all equilibria, which two laws have in common."""
    longest = max(portraits, key=lambda portrait: float(portrait.curve[-1].sum()))
    ax.plot(
        *(longest.curve[:, 1], longest.curve[:, 0]),
        color=style.GREY,
        linewidth=2.0,
        zorder=1.5,
        label="no net exchange, $W_p = W_q$",
    )


def _draw_lines(ax: Axes, portrait: PhasePortrait, colour: str, name: str) -> None:
    """The line of each start with its ring, its dot and an arrow half-way."""
    for k, (start, end) in enumerate(zip(portrait.starts, portrait.ends, strict=True)):
        middle = (start + end) / 2
        ax.plot(
            *([start[1], end[1]], [start[0], end[0]]),
            color=colour,
            label=name if k == 0 else "_",
        )
        ax.annotate(
            "",
            xy=(middle + 0.02 * (end - start))[::-1],
            xytext=(middle - 0.02 * (end - start))[::-1],
            arrowprops={"arrowstyle": "-|>", "color": colour, "mutation_scale": 18},
        )
        ax.plot(end[1], end[0], "o", color=colour, markersize=7, clip_on=False)
        ax.plot(
            *(start[1], start[0], "o"),
            color=style.BLACK,
            markerfacecolor="white",
            markersize=8,
            clip_on=False,
            zorder=3,
        )
