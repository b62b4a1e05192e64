"""Curves against time: energy, mean velocity, order, number of vortices."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from vortexmd.analysis.delaunay import delaunay_neighbors
from vortexmd.analysis.order import global_hexatic_order, sixfold_fraction
from vortexmd.plotting import style
from vortexmd.plotting.trajectory_like import TrajectoryLike, check_trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TIME = "time / τ"
# Of long trajectories this many frames are read: a triangulation each, or only the windings.
MOST_ORDER = 60
MOST_COUNTS = 400
# Markers help where there are few points, and a single one shows by nothing else.
MOST_MARKERS = 25


@style.styled
def plot_energy(trajectory: TrajectoryLike, ax: Axes | None = None) -> Axes:
    """Energy against time, with the temperature on a second axis if it changes.

    Energy per vortex while their number stays the same; once it changes, the total, since the
    energy per vortex then also moves as vortices come and go.

    Parameters
    ----------
    trajectory
        As `vortexmd.load` gives it.
    ax
        Axes to draw in; those of a new figure if left out (``ax.figure``).

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If the trajectory holds no frame.
    """
    check_trajectory(trajectory)
    own_figure = ax is None
    ax = panel_axes(ax)
    count = np.asarray(trajectory.count)
    energy = np.asarray(trajectory.energy, dtype=float)
    if (count == count[0]).all() and count[0] > 0:
        _curve(ax, trajectory.times, energy / count, style.BLACK, "energy")
        ax.set_ylabel("energy per\nvortex / ε₀")
    else:
        _curve(ax, trajectory.times, energy, style.BLACK, "energy")
        ax.set_ylabel("total energy\n/ ε₀")
    temperature = np.asarray(trajectory.temperature, dtype=float)
    if not (temperature == temperature[0]).all():
        twin = ax.twinx()
        _curve(twin, trajectory.times, temperature, style.VERMILLION, "temperature", "--")
        twin.set_ylabel("temperature\nkT / ε₀", color=style.VERMILLION)
        style.dress(twin)
        twin.tick_params(axis="y", colors=style.VERMILLION)
        twin.spines["right"].set(visible=True, color=style.VERMILLION)
    return finish(ax, own_figure)


@style.styled
def plot_velocity(trajectory: TrajectoryLike, ax: Axes | None = None) -> Axes:
    """Mean velocity ⟨v⟩ against time; with antivortices or giants also ⟨n v⟩, which is what the
    electric field follows.

    A point is the mean over the time since the frame before.

    Parameters
    ----------
    trajectory, ax
        As in `plot_energy`.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If the trajectory holds no frame.
    """
    check_trajectory(trajectory)
    own_figure = ax is None
    ax = panel_axes(ax)
    plain = np.asarray(trajectory.mean_velocity, dtype=float)
    weighted = np.asarray(trajectory.winding_velocity, dtype=float)
    times = np.asarray(trajectory.times, dtype=float)
    ax.axhline(0.0, color=style.GREY, linewidth=0.8, zorder=0.5)
    _curve(ax, times, plain[:, 0], style.BLUE, r"$\langle v_x\rangle$")
    _curve(ax, times, plain[:, 1], style.VERMILLION, r"$\langle v_y\rangle$")
    known = np.isfinite(plain) & np.isfinite(weighted)
    if not np.array_equal(plain[known], weighted[known]):
        _curve(ax, times, weighted[:, 0], style.SKY, r"$\langle n\,v_x\rangle$", "--")
        _curve(ax, times, weighted[:, 1], style.ORANGE, r"$\langle n\,v_y\rangle$", "--")
    if not np.isfinite(plain).any():
        ax.text(0.5, 0.6, "two frames are needed", transform=ax.transAxes, ha="center")
    ax.set_ylabel("mean velocity\n/ (λ/τ)")
    _legend(ax)
    return finish(ax, own_figure)


@style.styled
def plot_order(trajectory: TrajectoryLike, ax: Axes | None = None) -> Axes:
    """Sixfold fraction P₆ and global hexatic order |⟨ψ₆⟩| against time.

    Up to 60 frames, evenly spread, are analysed. Neither is defined in frames where all vortices
    are at an edge; the curves have gaps there.

    Parameters
    ----------
    trajectory, ax
        As in `plot_energy`.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If the trajectory holds no frame.
    """
    check_trajectory(trajectory)
    own_figure = ax is None
    ax = panel_axes(ax)
    frames = spread(len(trajectory), MOST_ORDER)
    found = [delaunay_neighbors(trajectory[int(k)]) for k in frames]
    times = np.asarray(trajectory.times, dtype=float)[frames]
    hexatic = np.array([global_hexatic_order(neighbors) for neighbors in found])
    sixfold = np.array([sixfold_fraction(neighbors) for neighbors in found])
    _curve(ax, times, sixfold, style.BLUE, "P₆")
    _curve(ax, times, hexatic, style.VERMILLION, "|⟨ψ₆⟩|", "--")
    ax.set_ylim(-0.03, 1.05)
    ax.set_ylabel("order")
    _legend(ax)
    return finish(ax, own_figure)


@style.styled
def plot_count(trajectory: TrajectoryLike, ax: Axes | None = None, *, loglog: bool = False) -> Axes:
    """Number of vortices and of antivortices against time.

    Up to 400 frames are read. Giants count once each.

    Parameters
    ----------
    trajectory, ax
        As in `plot_energy`.
    loglog
        Both axes logarithmic, for power laws of decay; frames at times up to 0 and counts of 0
        have no place there.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If the trajectory holds no frame, or with `loglog` none at a time above 0.
    """
    from matplotlib.ticker import LogFormatter

    check_trajectory(trajectory)
    own_figure = ax is None
    ax = panel_axes(ax)
    times = np.asarray(trajectory.times, dtype=float)
    frames = _spread_in_log(times, MOST_COUNTS) if loglog else spread(len(times), MOST_COUNTS)
    windings = [trajectory[int(k)].winding for k in frames]
    positive = np.array([np.count_nonzero(winding > 0) for winding in windings])
    negative = np.array([np.count_nonzero(winding < 0) for winding in windings])
    for count, colour, word, line in (
        (positive, style.BLACK, "vortices", "-"),
        (negative, style.ORANGE, "antivortices", "--"),
    ):
        if count.any():
            shown = np.where(count > 0, count, np.nan) if loglog else count.astype(float)
            _curve(ax, times[frames], shown, colour, word, line, steps=not loglog)
    if loglog:
        ax.set_xscale("log")
        ax.set_yscale("log")
        # Plain 30, 40, 60: counts seldom span decades.
        ax.yaxis.set_major_formatter(LogFormatter())
        ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))
    else:
        ax.set_ylim(0, 1.08 * max(1, positive.max(), negative.max()))
    ax.set_ylabel("number")
    if positive.any() or negative.any():
        _legend(ax)
    return finish(ax, own_figure)


def panel_axes(ax: Axes | None) -> Axes:
    """The given axes, or those of a new figure."""
    return style.add_axes(style.new_figure(), 0.0, 0.0, 6.5, 3.6) if ax is None else ax


def finish(ax: Axes, own_figure: bool) -> Axes:
    """Label the time axis; size the figure if it was made for this panel."""
    ax.set_xlabel(TIME)
    style.dress(ax)
    if ax.get_yscale() == "linear":
        ax.locator_params(axis="y", nbins=5)
    if own_figure:
        style.fit(cast("Figure", ax.figure))
    return ax


def _curve(
    ax: Axes,
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    colour: str,
    label: str,
    line: str = "-",
    *,
    steps: bool = False,
) -> None:
    ax.plot(
        times,
        values,
        line,
        color=colour,
        label=label,
        marker="o" if len(values) <= MOST_MARKERS else "",
        markersize=4.5,
        drawstyle="steps-post" if steps else "default",
    )


def _legend(ax: Axes) -> None:
    """Above the axes, in one row: no curve runs through it."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        borderaxespad=0.1,
        handlelength=1.6,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def spread(frames: int, most: int) -> NDArray[np.int64]:
    """At most `most` frame numbers, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, frames - 1, min(frames, most)).round().astype(np.int64))


def _spread_in_log(times: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """At most `most` frames at times above 0, evenly spread in log t."""
    after = np.flatnonzero(times > 0)
    if not after.size:
        raise ValueError("loglog = True: no frame at a time above 0; leave it out")
    wanted = np.geomspace(times[after[0]], times[after[-1]], min(len(after), most))
    # Rounding must not lose the last frame.
    wanted[-1] = times[after[-1]]
    return np.unique(after[np.searchsorted(times[after], wanted)])
