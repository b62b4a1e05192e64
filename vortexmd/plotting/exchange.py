"""Flux exchange in a run: the field of each region against time, beside the theory of the same network.

R. Ma, "Flux exchange between contacting pinning regions": the mean fields follow Eq. 21 (the line), whole
vortices the exact stochastic process behind it (the band), if molecular dynamics mixes each region faster
than vortices leave it.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid

from vortexmd.flux_exchange import ActivationLaw, FluxExchangeWarning, FluxNetwork
from vortexmd.flux_exchange.sampling import sample
from vortexmd.plotting import style
from vortexmd.plotting.series import MOST_MARKERS, finish, panel_axes, spread
from vortexmd.plotting.trajectory_like import ExchangeLike, check_trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vortexmd.hopping import ArrheniusHopping

COLOURS = (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE)
# Frames drawn, and times at which theory is evaluated.
MOST_FRAMES, TIMES = 400, 101
# The band: so many runs, unless they have too many hops or regions to be sampled while one waits.
RUNS, MOST_SAMPLED, MOST_HOPS = 200, 64, 1e7
BAND = (0.025, 0.975)


@dataclass(frozen=True)
class Theory:
    """What the network of a run says.

    Attributes
    ----------
    times
        (T,) in τ, closer at first.
    b
        (T, R) solution of the equations.
    band
        (2, T, R) quantiles of the process; None if sampling it would take too long.
    notes
        What to know about them.
    """

    times: NDArray[np.float64]
    b: NDArray[np.float64]
    band: NDArray[np.float64] | None
    notes: tuple[str, ...]


class NoTheoryError(Exception):
    """Why a run cannot be compared with its network, in words for the figure."""


@style.styled
def plot_exchange(trajectory: ExchangeLike, ax: Axes | None = None) -> Axes:
    """The field of each pinning region (vortices per λ²) against time, and what theory says of it.

    Points or a thin line: the run. Thick line: the solution of the flux-exchange equations (Eq. 21) from
    the first frame's fields, with the conductances of the hops as they are (`ArrheniusHopping.network`).
    Band: where 95 % of 200 exact count-level runs of the same network lie; a single run should stay in it
    most of the time. Of more than four regions, the four that change most are shown. A note says why a line
    or a band is missing: vortices other than +1, hopping that was changed, fields above B_m at the start,
    networks too large to be sampled.

    Parameters
    ----------
    trajectory
        As `vortexmd.load` gives it, of a run with `ArrheniusHopping`.
    ax
        Axes to draw in; those of a new figure if left out (``ax.figure``).

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If the trajectory holds no frame, or has no pinning regions or not the same throughout.
    """
    check_trajectory(trajectory)
    regions = trajectory.regions
    if regions is None:
        raise ValueError(
            "trajectory: of a run without pinning regions; there is nothing to exchange"
        )
    own_figure = ax is None
    ax = panel_axes(ax)
    times = np.asarray(trajectory.times, dtype=float)
    fields = np.asarray(trajectory.region_counts) / np.asarray(regions.area)
    theory = None
    try:
        theory = theory_of(trajectory, fields[0])
        notes = list(theory.notes)
    except NoTheoryError as why:
        notes = [f"MD alone: {why}"]
    shown = _most_changed(fields)
    if len(shown) < len(regions):
        notes.append(f"the {len(shown)} of {len(regions)} regions that change most")
    frames = spread(len(times), MOST_FRAMES)
    for colour, k in zip(COLOURS, shown, strict=False):
        _draw_region(ax, colour, times[frames], fields[frames, k], theory, k)
    ax.set_ylabel("B / (vortices\nper λ²)")
    _explain(ax, [regions.names[k] for k in shown], theory, len(frames))
    _write_notes(ax, notes)
    return finish(ax, own_figure)


def theory_of(trajectory: ExchangeLike, start: NDArray[np.float64]) -> Theory:
    """The equations from fields `start` (R,) at the first frame on, and the process behind them.

    Raises
    ------
    NoTheoryError
        If they do not apply to the run.
    """
    rule = _rule_that_holds(trajectory)
    frames = np.asarray(trajectory.times, dtype=float)
    times = (frames[-1] - frames[0]) * np.linspace(0.0, 1.0, TIMES if len(frames) > 1 else 1) ** 2
    notes = ["hops are weighed by energy, which theory is not"] if rule.weigh_energy else []
    band = None
    try:
        with warnings.catch_warnings():
            # Parts that exchange nothing are what the run has, too.
            warnings.simplefilter("ignore", FluxExchangeWarning)
            network = rule.network(effective=True, temperature=float(trajectory.temperature[0]))
            b = network.solve(start, times, allow_above=rule.allow_above).b
            excess = _excess(network, times, b)
            if excess is None:
                runs = sample(network.graph, start, times, flux_quantum=1.0, n_runs=RUNS)
                band = runs.quantiles(BAND)
            else:
                notes.append(f"no band: {excess}")
    except ValueError as error:
        raise NoTheoryError(str(error)) from None
    return Theory(frames[0] + times, b, band, tuple(notes))


def _rule_that_holds(trajectory: ExchangeLike) -> ArrheniusHopping:
    """The hopping, if vortices +1 alone do nothing but hop, at rates that stay as they are."""
    if any((trajectory[k].winding != 1).any() for k in (0, len(trajectory) - 1)):
        raise NoTheoryError("there are windings other than +1")
    try:
        rule = trajectory.hopping
    except ValueError:
        raise NoTheoryError(
            "the hopping was changed on the way, or rests on a Python function"
        ) from None
    varies = np.ptp(np.asarray(trajectory.temperature)) > 0
    # Made a tuple, one a region, by the rule itself.
    laws = cast(Sequence[ActivationLaw], rule.laws)
    if varies and any(law.u0_energy is not None for law in laws):
        raise NoTheoryError("the temperature changes, and with it the laws")
    return rule


def _excess(network: FluxNetwork, times: NDArray[np.float64], b: NDArray[np.float64]) -> str | None:
    """What is too much to sample the process, in words."""
    if len(network) > MOST_SAMPLED:
        return f"more than {MOST_SAMPLED} regions"
    graph = network.graph
    w = np.array([graph.laws.flux(fields) for fields in b])
    i, j = graph.pairs.T
    rate = (w[:, i] + w[:, j]) @ graph.conductance
    rate += (w + graph.outside_flux) @ graph.outside_conductance
    if RUNS * trapezoid(rate, times) > MOST_HOPS:
        return f"{RUNS} sampled runs would have more than {MOST_HOPS:.0e} hops"
    return None


def _most_changed(fields: NDArray[np.float64]) -> NDArray[np.int64]:
    """Up to four regions, those whose field changes most, in their own order."""
    change = np.ptp(fields, axis=0)
    return np.sort(np.argsort(-change, kind="stable")[: len(COLOURS)])


def _draw_region(
    ax: Axes,
    colour: str,
    times: NDArray[np.float64],
    field: NDArray[np.float64],
    theory: Theory | None,
    k: int,
) -> None:
    if theory is not None and theory.band is not None:
        ax.fill_between(
            theory.times, *theory.band[:, :, k], color=colour, alpha=0.2, linewidth=0, zorder=1
        )
    points = len(times) <= MOST_MARKERS
    ax.plot(times, field, color=colour, zorder=4 if points else 2, gid="MD", **_run_style(points))
    if theory is not None:
        for paint, width, above in (("white", 4.0, 0.0), (colour, 2.2, 0.1)):
            ax.plot(
                theory.times,
                theory.b[:, k],
                color=paint,
                linewidth=width,
                zorder=3 + above,
                gid="ODE",
            )


def _run_style(points: bool) -> dict[str, Any]:
    """Points if there are few, else a thin line."""
    if points:
        return {"linestyle": "none", "marker": "o", "markersize": 5.5, "markeredgecolor": "white"}
    return {"linewidth": 1.0}


def _explain(ax: Axes, names: list[str], theory: Theory | None, frames: int) -> None:
    """Above the axes: colours in one row, and below it what lines, points and bands are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    kinds: list[Any] = [
        Line2D([], [], color=style.GREY, label="MD", **_run_style(frames <= MOST_MARKERS))
    ]
    if theory is not None:
        kinds.append(Line2D([], [], color=style.GREY, linewidth=2.2, label="ODE"))
        if theory.band is not None:
            kinds.append(Patch(facecolor=style.GREY, alpha=0.3, linewidth=0, label="SSA, 95 %"))
    colours = [Patch(facecolor=c, label=n) for c, n in zip(COLOURS, names, strict=False)]
    for row, entries in enumerate((kinds, colours)):
        legend = ax.legend(
            handles=entries,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(entries),
            borderaxespad=0.1 + 1.4 * row,
            handlelength=1.4,
            columnspacing=1.0,
            handletextpad=0.4,
        )
        if row == 0:
            ax.add_artist(legend)
            # What is clipped to the axes does not count for the size of the figure.
            legend.set_clip_on(False)


def _write_notes(ax: Axes, notes: list[str]) -> None:
    """In a strip of their own at the top of the axes."""
    if not notes:
        return
    lines = [line for note in notes for line in textwrap.wrap(textwrap.shorten(note, 150), 62)]
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + (high - low) * 0.14 * len(lines))
    ax.text(
        0.99,
        0.98,
        "\n".join(lines),
        transform=ax.transAxes,
        ha="right",
        va="top",
        fontsize=10,
        color=style.GREY,
        gid="note",
    )
