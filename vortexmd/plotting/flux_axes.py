"""Axes of flux-exchange figures: time, units, names at the ends of curves, legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from vortexmd.plotting import style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
WIDTH, HEIGHT = 5.6, 4.2
LEGEND_SIZE = 12
TIME_SCALES = ("log", "linear")


def symbol(name: str) -> str:
    """A short name as an index, B_p; a longer one as it is."""
    short = name.isalnum() and len(name) <= 2
    return f"$B_{{\\mathrm{{{name}}}}}$" if short else name.replace("$", r"\$")


def label_ends(
    ax: Axes, values: Sequence[float], texts: Sequence[str], colours: Sequence[str]
) -> None:
    """Texts at the right edge, each at the height of a value, moved apart where they would overlap."""
    gap = 1.25 * style.SETTINGS["font.size"]
    scale = 72 / ax.figure.dpi
    low = ax.get_xlim()[0]
    heights = np.array([ax.transData.transform((low, value))[1] * scale for value in values])
    order = np.argsort(heights, kind="stable")
    placed = heights[order].copy()
    for _ in range(50):
        close = np.diff(placed) < gap - 1e-6
        if not close.any():
            break
        for k in np.flatnonzero(close):
            push = (gap - (placed[k + 1] - placed[k])) / 2
            placed[k] -= push
            placed[k + 1] += push
    for k, height in zip(order, placed, strict=True):
        ax.annotate(
            texts[k],
            xy=(1.0, values[k]),
            xycoords=("axes fraction", "data"),
            xytext=(7, height - heights[k]),
            textcoords="offset points",
            color=colours[k],
            va="center",
            annotation_clip=False,
        )


def set_time_axis(
    ax: Axes, times: Sequence[NDArray[np.float64]], scale: str, unit: str | None
) -> None:
    """The time axis over all of `times`; of a log axis, those above 0."""
    if scale not in TIME_SCALES:
        raise ValueError(f"time_scale = {scale!r}: give one of {', '.join(TIME_SCALES)}")
    every = np.concatenate([np.asarray(t, dtype=float) for t in times])
    if scale == "log":
        every = every[every > 0]
        if not every.size:
            raise ValueError("time_scale = 'log': no time above 0; give 'linear'")
        ax.set_xscale("log")
    if every.min() < every.max():
        ax.set_xlim(every.min(), every.max())
    ax.set_xlabel(with_unit("time $t$", unit))


def with_unit(text: str, unit: str | None) -> str:
    """A label with its unit, if that has a name."""
    return f"{text} / {unit}" if unit else text


def shades(count: int) -> list[Any]:
    """Colours of ordered curves: dark to bright, and told apart without colour vision."""
    if count == 1:
        return [style.BLACK]
    from matplotlib import colormaps

    return [colormaps["viridis"](x) for x in np.linspace(0.0, 0.88, count)]


def new_axes(ax: Axes | None) -> Axes:
    """`ax`, or axes in a figure of their own."""
    return style.add_axes(style.new_figure(), 0.0, 0.0, WIDTH, HEIGHT) if ax is None else ax


def finish(ax: Axes, own_figure: bool) -> Axes:
    """Tick labels in the style's size; a figure of its own is sized to what is in it."""
    style.dress(ax)
    if own_figure:
        style.fit(cast("Figure", ax.figure))
    return ax


def add_legend(ax: Axes, title: str | None, entries: Mapping[str, Artist], *, beside: bool) -> None:
    """Beside the axes, right of the names at the curves' ends; or in them, where it hides least."""
    if not entries:
        return
    place: dict[str, Any] = {"loc": "best"}
    if beside:
        place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "borderaxespad": _beside(ax)}
    ax.legend(
        *(entries.values(), entries.keys()),
        title=title,
        title_fontsize=LEGEND_SIZE,
        alignment="left",
        **place,
    )


def _beside(ax: Axes) -> float:
    """How far from the axes a legend stands, in its font size: clear of the names at the curves' ends."""
    right = ax.get_window_extent().x1
    taken = max([0.0, *(text.get_window_extent().x1 - right for text in ax.texts)])
    return 1.5 + taken * 72 / ax.figure.dpi / LEGEND_SIZE


def own_legend(ax: Axes, title: str | None, *, beside: bool) -> None:
    """`add_legend` of what the axes hold."""
    handles, labels = ax.get_legend_handles_labels()
    add_legend(ax, title, dict(zip(labels, handles, strict=True)), beside=beside)
