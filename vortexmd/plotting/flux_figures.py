"""Whole figures of flux exchange: panels side by side, and the surface layer with its relaxation.

R. Ma, "Flux exchange between contacting pinning regions", Figs. 2 and 3 and Eqs. 22–24.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vortexmd.plotting import style
from vortexmd.plotting.flux import (
    plot_fields,
    plot_geometric_effect,
    plot_relaxation_rate,
    plot_total_field,
)
from vortexmd.plotting.flux_axes import HEIGHT, WIDTH, add_legend

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vortexmd.flux_exchange.solution import FluxSolution

# Inches: between the axes of two panels, and most panels side by side.
BESIDE, ABOVE = 1.25, 1.1
COLUMNS = 2
SMALL = 3.0
# Between panels one above the other that each have an axis of their own.
BELOW = 0.95


@style.styled
def figure_of_panels(
    draw: Sequence[Callable[[Axes], Axes]],
    titles: Sequence[str],
    *,
    legend_title: str | None = None,
    shared: bool = False,
    size: tuple[float, float] = (WIDTH, HEIGHT),
    title: str | None = None,
) -> Figure:
    """A figure of equal panels, two in a row, with one legend for all of them.

    Parameters
    ----------
    draw
        What draws each panel in the axes that it is given.
    titles
        Over each panel; "" for none.
    legend_title
        Over the legend, which holds what the curves of all panels are labelled.
    shared
        Whether all panels have the same vertical scale.
    size
        Width and height of the axes in inches.
    title
        Over the figure.

    Returns
    -------
    The figure.

    Raises
    ------
    ValueError
        If there is no panel, or not one title each.
    """
    if not draw or len(draw) != len(titles):
        raise ValueError(
            f"titles: {len(titles)} for {len(draw)} panels; give one each, at least one"
        )
    figure = style.new_figure()
    width, height = size
    entries: dict[str, Artist] = {}
    for k, (paint, words) in enumerate(zip(draw, titles, strict=True)):
        left, bottom = (k % COLUMNS) * (width + BESIDE), -(k // COLUMNS) * (height + ABOVE)
        first = figure.axes[0] if shared and k else None
        panel = paint(style.add_axes(figure, left, bottom, width, height, sharey=first))
        if words:
            panel.set_title(words, loc="left")
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    last_of_row = figure.axes[min(len(draw), COLUMNS) - 1]
    add_legend(last_of_row, legend_title, entries, beside=len(entries) > 3 or len(draw) > 1)
    style.fit(figure)
    return _crown(figure, title)


@style.styled
def plot_surface(
    solutions: Sequence[FluxSolution],
    *,
    labels: Sequence[str] | None = None,
    legend_title: str | None = None,
    title: str | None = None,
    field_unit: str | None = None,
    time_unit: str | None = None,
) -> Figure:
    """Bulk, surface layer and outside (Eqs. 22–24): fields of one solution, B_t and its rate of all.

    The first panel shows B_b, B_s and B_t of the first solution, with a grey line where its layer begins to
    pin; the right ones B_t and the relaxation rate −d ln B_t/d ln t of every solution, such as cylinders of
    several radii; with three or more, the geometric effect B_t/B_b against R/δ stands below the first.

    Parameters
    ----------
    solutions
        Of networks made by `FluxNetwork.cylinder`.
    labels, legend_title, field_unit, time_unit
        As in `plot_fields`.
    title
        Over the figure.

    Returns
    -------
    The figure.

    Raises
    ------
    ValueError
        As `plot_fields` does.
    """
    figure = style.new_figure()
    several = len({solution.network.surface_fraction for solution in solutions}) > 2
    whole = 2 * SMALL + 0.35
    high = (whole - BELOW) / 2 if several else whole
    fields = style.add_axes(figure, 0.0, whole - high, WIDTH, high)
    plot_fields(solutions[:1], fields, field_unit=field_unit, time_unit=time_unit)
    if labels is not None and len(labels) > 1:
        fields.set_title(f"{legend_title} = {labels[0]}" if legend_title else labels[0], loc="left")
    left = WIDTH + 2.1
    rate = style.add_axes(figure, left, 0.0, WIDTH, SMALL)
    plot_relaxation_rate(solutions, rate, labels=labels, legend=False, time_unit=time_unit)
    total = style.add_axes(figure, left, SMALL + 0.35, WIDTH, SMALL, sharex=rate)
    plot_total_field(
        solutions, total, labels=labels, legend_title=legend_title, field_unit=field_unit
    )
    total.set_xlabel("")
    total.tick_params(labelbottom=False)
    if several:
        effect = style.add_axes(figure, 0.0, 0.0, WIDTH, high)
        plot_geometric_effect(solutions, effect, time_unit=time_unit)
    for panel in (rate, total):
        panel.yaxis.set_label_coords(-0.13, 0.5)
    style.fit(figure)
    return _crown(figure, title)


def _crown(figure: Figure, title: str | None) -> Figure:
    """The title over a finished figure."""
    if not title:
        return figure
    figure.text(0.5, 1.0, title, ha="center", va="bottom", fontsize=15)
    return style.fit(figure)
