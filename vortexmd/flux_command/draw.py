"""The figure of a flux-exchange file from its solutions, as [figure] asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from vortexmd.flux_command.config import FluxConfig
from vortexmd.flux_command.solve import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(config: FluxConfig, results: Sequence[Result]) -> Figure:
    """The figure of all results."""
    from vortexmd.plotting.flux_figures import figure_of_panels, plot_surface

    figure = config.figure
    if figure.kind == "surface":
        return plot_surface(
            [result.solution for result in results],
            labels=_labels(results),
            legend_title=_legend_title(config),
            title=figure.title,
            field_unit=config.units.field,
            time_unit=config.units.time,
        )
    count = len(config.panel) or 1
    against_time = figure.kind == "fields"
    panel = _fields_panel if against_time else _portrait_panel
    painters: list[Callable[[Axes], Axes]] = []
    for k in range(count):
        inside = [result for result in results if result.case.panel == k]
        painters.append(partial(panel, config, inside))
    titles = [p.title for p in config.panel] or [""]
    return figure_of_panels(
        painters,
        titles,
        legend_title=_legend_title(config),
        shared=against_time,
        title=figure.title,
    )


def _fields_panel(config: FluxConfig, results: Sequence[Result], ax: Axes) -> Axes:
    """Fields against time of the cases of one panel."""
    from vortexmd.plotting.flux import plot_fields

    return plot_fields(
        [result.solution for result in results],
        ax,
        labels=_labels(results),
        legend=False,
        approximations=[result.approximation for result in results],
        sample=results[0].sample if len(results) == 1 else None,
        field_unit=config.units.field,
        time_unit=config.units.time,
        time_scale=config.figure.time_scale,
    )


def _portrait_panel(config: FluxConfig, results: Sequence[Result], ax: Axes) -> Axes:
    """Phase portraits of one panel: a network each varied value, all its starts in it."""
    from vortexmd.plotting.flux_portrait import plot_phase_portrait

    portraits, labels = [], []
    for curve in sorted({result.case.curve for result in results}):
        same = [result.case for result in results if result.case.curve == curve]
        portraits.append(same[0].network.phase_portrait([case.b0 for case in same]))
        labels.append(same[0].value)
    return plot_phase_portrait(
        portraits,
        ax,
        labels=labels if config.curves is not None else None,
        legend=False,
        names=results[0].case.network.names(),
        field_unit=config.units.field,
    )


def _labels(results: Sequence[Result]) -> list[str] | None:
    """What tells the solutions apart; None for one that needs no name."""
    labels = [result.case.label for result in results]
    return labels if any(labels) else None


def _legend_title(config: FluxConfig) -> str | None:
    return None if config.curves is None else config.curves.title or config.curves.vary
