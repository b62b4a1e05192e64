"""Fields of pinning regions against time, as solved, approximated and sampled.

R. Ma, "Flux exchange between contacting pinning regions": the quantities of Fig. 3 and of Eq. 24.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vortexmd.plotting import style
from vortexmd.plotting.flux_axes import (
    finish,
    label_ends,
    new_axes,
    own_legend,
    set_time_axis,
    shades,
    symbol,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vortexmd.flux_exchange.approximate import ApproximateSolution
    from vortexmd.flux_exchange.sampling import FluxSample
    from vortexmd.flux_exchange.solution import FluxSolution

# Up to so many regions each has its colour and its name; of more, so many are drawn in one colour.
MOST_NAMED = 7
MOST_DRAWN = 300
COLOURS = (
    style.VERMILLION,
    style.BLUE,
    style.GREEN,
    style.ORANGE,
    style.PURPLE,
    style.SKY,
    style.GREY,
)
DASHES: tuple[Any, ...] = (
    "-",
    (0, (6, 2)),
    (0, (1, 1.5)),
    (0, (6, 2, 1, 2)),
    (0, (2.5, 1.5)),
    (0, (8, 2, 1, 2, 1, 2)),
    (0, (1, 4)),
)
SOLUTION, APPROXIMATION = 2.4, 1.3


@style.styled
def plot_fields(
    solutions: FluxSolution | Sequence[FluxSolution],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    legend_title: str | None = None,
    legend: bool = True,
    approximations: Sequence[ApproximateSolution | None] | None = None,
    sample: FluxSample | None = None,
    field_unit: str | None = None,
    time_unit: str | None = None,
    time_scale: str = "log",
) -> Axes:
    """The field of every region against time.

    One solution has a colour a region; several have a colour each, and a line style a region beyond two. Of
    an open network the total B_t (Eq. 24) is drawn too. A grey line marks where the first of two stages ends.
    More than seven regions are thin lines of one colour with their mean, or, of several solutions, bands from
    the smallest field to the largest.

    Parameters
    ----------
    solutions
        One, or several of networks with the same regions.
    ax
        Axes to draw in; those of a new figure if left out (``ax.figure``).
    labels
        What tells the solutions apart, for the legend.
    legend_title
        What the labels are values of.
    legend
        Whether there is one.
    approximations
        One a solution, or None: drawn dashed for as long as they hold, with a circle where they leave the
        full solution.
    sample
        Of a single solution: an ensemble of whole vortices, drawn as a band of one standard deviation about
        its mean.
    field_unit, time_unit
        Names of the units, for the labels.
    time_scale
        ``"log"`` (times above 0 are shown) or ``"linear"``.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If there is no solution, the lengths of lists differ, a log axis has no time above 0, or the scale is
        unknown.
    """
    curves = _several(solutions)
    if sample is not None and len(curves) > 1:
        raise ValueError(f"sample: goes with a single solution, not {len(curves)}")
    names = _labels(labels, curves)
    closed_forms = list(approximations) if approximations is not None else [None] * len(curves)
    if len(closed_forms) != len(curves):
        raise ValueError(f"approximations: {len(closed_forms)} for {len(curves)} solutions")
    own_figure = ax is None
    ax = new_axes(ax)
    set_time_axis(ax, [s.times for s in curves], time_scale, time_unit)
    ax.set_ylabel(with_unit("field $B$", field_unit))
    if len(curves) == 1:
        _draw_one(ax, curves[0], sample)
    else:
        _draw_several(ax, curves, names)
    for closed_form in closed_forms:
        if closed_form is not None:
            _draw_approximation(ax, closed_form)
    ax.margins(y=0.06)
    if len(curves) == 1:
        _mark_switch(ax, curves[0])
    _name_curves(ax, curves)
    if legend:
        own_legend(ax, legend_title, beside=len(curves) > 1)
    return finish(ax, own_figure)


@style.styled
def plot_relaxation_rate(
    solutions: FluxSolution | Sequence[FluxSolution],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    legend_title: str | None = None,
    legend: bool = True,
    time_unit: str | None = None,
) -> Axes:
    """The relaxation rate −d ln B_t / d ln t of the total field (Eq. 24) against time.

    Parameters
    ----------
    solutions, ax, labels, legend_title, legend, time_unit
        As in `plot_fields`.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        As `plot_fields` does.
    """
    own_figure = ax is None
    ax = _draw_totals(solutions, ax, labels, time_unit, "relaxation_rate")
    ax.set_ylabel(r"$-d\ln B_t\,/\,d\ln t$")
    if legend:
        own_legend(ax, legend_title, beside=False)
    return finish(ax, own_figure)


@style.styled
def plot_total_field(
    solutions: FluxSolution | Sequence[FluxSolution],
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    legend_title: str | None = None,
    legend: bool = True,
    field_unit: str | None = None,
    time_unit: str | None = None,
) -> Axes:
    """The total field B_t = ΣA_iB_i/ΣA_i (Eq. 24) against time.

    Parameters
    ----------
    solutions, ax, labels, legend_title, legend, field_unit, time_unit
        As in `plot_fields`.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        As `plot_fields` does.
    """
    own_figure = ax is None
    ax = _draw_totals(solutions, ax, labels, time_unit, "mean_field")
    ax.set_ylabel(with_unit("total field $B_t$", field_unit))
    if legend:
        own_legend(ax, legend_title, beside=False)
    return finish(ax, own_figure)


@style.styled
def plot_geometric_effect(
    solutions: Sequence[FluxSolution], ax: Axes | None = None, *, time_unit: str | None = None
) -> Axes:
    """B_t/B_b against R/δ: how much the surface layer shows in the total field of cylinders (Eq. 24).

    At three of the times of the solutions; 1 where the sample is large, as the paper says.

    Parameters
    ----------
    solutions
        Two or more of networks made by `FluxNetwork.cylinder`, at the same times.
    ax, time_unit
        As in `plot_fields`.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If a network is no bulk behind a surface layer, or the times differ.
    """
    own_figure = ax is None
    ax = new_axes(ax)
    times = solutions[0].times
    if any(not np.array_equal(times, other.times) for other in solutions):
        raise ValueError("solutions: of different times; a curve needs the fields at one time")
    slenderness, ratio = [], []
    for solution in solutions:
        bulk, _ = solution.network.bulk_and_layer()
        # a = 1 − (1 − δ/R)² of the area lies in the layer.
        slenderness.append(1.0 / (1.0 - np.sqrt(1.0 - solution.network.surface_fraction)))
        ratio.append(solution.mean_field / solution.b[:, bulk])
    order = np.argsort(slenderness)
    x, y = np.array(slenderness)[order], np.array(ratio)[order]
    later = np.flatnonzero(times > 0)
    chosen = np.unique(later[np.linspace(0, len(later) - 1, 4).round().astype(int)])[-3:]
    colours = (style.SKY, style.BLUE, style.BLACK)
    for k, colour, marker in zip(chosen, colours, "o^s", strict=False):
        words = f"$t = 10^{{{np.log10(times[k]):.3g}}}$" + (f" {time_unit}" if time_unit else "")
        ax.plot(x, y[:, k], marker + "-", color=colour, linewidth=APPROXIMATION, label=words)
    ax.axhline(1.0, color=style.GREY, linewidth=0.9, zorder=0)
    ax.set_xscale("log")
    ax.set_xlabel(r"$R\,/\,\delta$")
    ax.set_ylabel(r"$B_t\,/\,B_{\mathrm{b}}$")
    ax.legend(loc="lower right")
    return finish(ax, own_figure)


def _draw_totals(
    solutions: FluxSolution | Sequence[FluxSolution],
    ax: Axes | None,
    labels: Sequence[str] | None,
    time_unit: str | None,
    quantity: str,
) -> Axes:
    """One quantity of the whole network, a curve a solution."""
    curves = _several(solutions)
    ax = new_axes(ax)
    set_time_axis(ax, [s.times for s in curves], "log", time_unit)
    names = _labels(labels, curves)
    for solution, colour, name in zip(curves, shades(len(curves)), names, strict=True):
        values = getattr(solution, quantity)
        ax.plot(solution.times, values, color=colour, linewidth=SOLUTION, label=name or "_")
    ax.margins(y=0.06)
    return ax


def _draw_one(ax: Axes, solution: FluxSolution, sample: FluxSample | None) -> None:
    """The regions of one solution, a colour each, or all in one where they are many."""
    regions = len(solution.network)
    if regions > MOST_NAMED:
        shown = np.unique(np.linspace(0, regions - 1, min(regions, MOST_DRAWN)).round().astype(int))
        lines = ax.plot(
            solution.times, solution.b[:, shown], color=style.SKY, linewidth=0.7, alpha=0.5
        )
        some = "" if len(shown) == regions else f"{len(shown)} of "
        lines[0].set_label(f"{some}{regions} regions")
    else:
        for k in range(regions):
            ax.plot(solution.times, solution.b[:, k], color=_colour(k), linewidth=SOLUTION)
    if _shows_total(solution):
        ax.plot(
            solution.times,
            solution.mean_field,
            color=style.BLACK,
            linewidth=1.6,
            linestyle=DASHES[1],
        )
    if sample is not None and regions <= MOST_NAMED:
        _draw_sample(ax, sample)


def _draw_sample(ax: Axes, sample: FluxSample) -> None:
    """Mean and standard deviation of an ensemble, region by region; of a single run, its fields."""
    if sample.n_runs == 1:
        for k in range(sample.mean.shape[1]):
            words = "whole vortices, one run" if k == 0 else "_"
            ax.step(
                sample.times,
                sample.mean[:, k],
                where="post",
                color=_colour(k),
                linewidth=0.9,
                label=words,
            )
        return
    spread = np.sqrt(sample.variance)
    for k in range(sample.mean.shape[1]):
        ax.plot(
            *(sample.times, sample.mean[:, k]),
            color=style.BLACK,
            linewidth=1.0,
            linestyle=DASHES[2],
            zorder=3,
        )
        ax.fill_between(
            sample.times,
            sample.mean[:, k] - spread[:, k],
            sample.mean[:, k] + spread[:, k],
            color=_colour(k),
            alpha=0.25,
            linewidth=0,
        )
    words = f"whole vortices, {sample.n_runs} runs: mean ± s.d."
    # The legend speaks of all regions: grey.
    ax.fill_between([], [], [], color=style.GREY, alpha=0.4, linewidth=0, label=words)


def _draw_several(ax: Axes, curves: Sequence[FluxSolution], names: Sequence[str | None]) -> None:
    """A colour a solution; more than two regions have line styles, many are a band with their mean."""
    for solution, colour, name in zip(curves, shades(len(curves)), names, strict=True):
        regions = len(solution.network)
        line: dict[str, Any] = {"color": colour, "linewidth": SOLUTION}
        if regions > MOST_NAMED:
            low, high = solution.b.min(axis=1), solution.b.max(axis=1)
            ax.fill_between(solution.times, low, high, color=colour, alpha=0.2, linewidth=0)
            ax.plot(solution.times, solution.mean_field, label=name or "_", **line)
            continue
        for k in range(regions):
            dashes = DASHES[k] if regions > 2 else "-"
            label = name if name and k == 0 else "_"
            ax.plot(solution.times, solution.b[:, k], linestyle=dashes, label=label, **line)
    if 2 < len(curves[0].network) <= MOST_NAMED:
        for k, region in enumerate(curves[0].network.names()):
            words = symbol(region)
            ax.plot([], [], color=style.GREY, linewidth=1.6, linestyle=DASHES[k], label=words)


def _draw_approximation(ax: Axes, closed_form: ApproximateSolution) -> None:
    """The closed forms while they hold, and a circle on the source where they no longer do."""
    words = "approximate, while it holds"
    known = ax.get_legend_handles_labels()[1]
    end = closed_form.departure_time
    held = closed_form.times <= end
    for k in range(2):
        ax.plot(
            closed_form.times[held],
            closed_form.b[held, k],
            color=style.BLACK,
            linewidth=APPROXIMATION,
            linestyle=(0, (3, 2.4)),
            label=words if k == 0 and words not in known else "_",
            zorder=3,
        )
    after = closed_form.times > 0
    times, fields = closed_form.times[after], closed_form.b[after, closed_form.source]
    if not (times.size and times[0] <= end <= times[-1]):
        return
    words = f"off by {100 * closed_form.fraction:.3g} % from here"
    ax.plot(
        *([end], [np.interp(np.log(end), np.log(times), fields)]),
        "o",
        color=style.BLACK,
        markerfacecolor="white",
        markersize=7,
        label=words if words not in known else "_",
        zorder=4,
    )


def _shows_total(solution: FluxSolution) -> bool:
    """Whether B_t says more than that flux is conserved, or than the curves can show."""
    return bool(solution.network.graph.open) or len(solution.network) > MOST_NAMED


def _mark_switch(ax: Axes, solution: FluxSolution) -> None:
    """A grey line at the time when the first of two stages ends."""
    switch = solution.switch_time
    if switch is None or not switch > 0:
        return
    ax.axvline(switch, color=style.GREY, linewidth=1.2, zorder=0.6, gid="switch")
    ax.annotate(
        "$B_s = B_{sm}$:\nthe layer pins",
        xy=(switch, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        color=style.GREY,
        fontsize=12,
    )


def _name_curves(ax: Axes, curves: Sequence[FluxSolution]) -> None:
    """Names of the regions at the right ends of their curves (of several curves: at their median).

    Where several curves have more than two regions, line styles in the legend tell these apart.
    """
    one = len(curves) == 1
    ends = np.median([solution.b[-1] for solution in curves], axis=0)
    names = curves[0].network.names()
    values, texts, colours = [], [], []
    if len(names) <= (MOST_NAMED if one else 2):
        values, texts = list(ends), [symbol(name) for name in names]
        colours = [_colour(k) if one else style.BLACK for k in range(len(names))]
    if one and _shows_total(curves[0]):
        values.append(curves[0].mean_field[-1])
        texts.append("total $B_t$")
        colours.append(style.BLACK)
    label_ends(ax, values, texts, colours)


def _colour(region: int) -> str:
    return COLOURS[region % len(COLOURS)]


def _several(solutions: FluxSolution | Sequence[FluxSolution]) -> list[FluxSolution]:
    curves = list(solutions) if isinstance(solutions, Sequence) else [solutions]
    if not curves:
        raise ValueError("solutions: none; give at least one")
    regions = {len(solution.network) for solution in curves}
    if len(regions) > 1:
        raise ValueError(f"solutions: of {sorted(regions)} regions; give networks of equally many")
    return curves


def _labels(labels: Sequence[str] | None, curves: Sequence[FluxSolution]) -> list[str | None]:
    if labels is None:
        return [None] * len(curves)
    if len(labels) != len(curves):
        raise ValueError(f"labels: {len(labels)} for {len(curves)} solutions; give one each")
    return list(labels)
