"""One picture of a run: where the vortices are, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from vortexmd.analysis.delaunay import cell_domain
from vortexmd.plotting import style
from vortexmd.plotting.configuration import MOST_LEGIBLE, picture_size, plot_configuration
from vortexmd.plotting.exchange import plot_exchange
from vortexmd.plotting.layers import Pins
from vortexmd.plotting.series import plot_count, plot_energy, plot_order, plot_velocity
from vortexmd.plotting.trails import recent_trails
from vortexmd.plotting.trajectory_like import TrajectoryLike, check_trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vortexmd.regions import Regions

# Inches. The picture is as large as this allows; the curves stand beside it, or below one that is
# more than WIDE times as wide as high.
PICTURE = 6.4
WIDE_PICTURE = 12.0
WIDE = 2.2
PANEL_WIDTH, PANEL_HEIGHT, PANEL_GAP = 4.6, 1.75, 0.5
# Where a legend has two rows.
WIDE_GAP = 0.72
# From the picture's side to the panels' axes: room for tick labels and a label of two lines.
BESIDE = 1.45
# What a temperature axis takes more, between panels side by side.
TWIN = 1.0
# From the panels' axes to the labels of their y axes.
LABEL_DISTANCE = 0.68
# From the legend of a wide picture to the panels' axes, with room for their legends.
BELOW = 0.55


@style.styled
def plot_run(
    trajectory: TrajectoryLike,
    frame: int = -1,
    *,
    trails: int = 20,
    pins: Pins | Sequence[Pins] | None = None,
) -> Figure:
    """A figure of a run: the configuration, and energy, mean velocity and order against time.

    If the number of vortices changed, their numbers take the place of P₆ and |⟨ψ₆⟩|; in a run with pinning
    regions the field of each does, beside what theory says of it (`plot_exchange`), and the picture has their
    walls. Regions that changed on the way are left out: plot a slice. A grey line
    in the curves marks the time of the picture. The picture of a strip more than 2.2 times as wide as high
    stands above the curves, any other beside them. Above 20 000 vortices, cells other than
    those of defects, dots and trails are left out, and a note says so.

    Parameters
    ----------
    trajectory
        As `vortexmd.load` gives it.
    frame
        Which frame to show; negative from the end.
    trails
        Over how many frames back the paths of the vortices are drawn; 0 for none.
    pins
        As in `plot_configuration`.

    Returns
    -------
    The figure: ``plot_run(trajectory).savefig("run.png")``.

    Raises
    ------
    ValueError
        If the trajectory holds no frame, or `trails` is negative.
    IndexError
        If there is no such frame.
    """
    check_trajectory(trajectory)
    if isinstance(trails, bool) or index(trails) < 0:
        raise ValueError(f"trails = {trails!r}: give a number of frames, 0 or more")
    if not -len(trajectory) <= frame < len(trajectory):
        raise IndexError(f"frame = {frame}: the trajectory holds {len(trajectory)} frames")
    frame %= len(trajectory)
    state = trajectory[frame]
    low, high = cell_domain(state)
    wide = (high - low)[0] > WIDE * (high - low)[1]
    width, height = picture_size(high - low, WIDE_PICTURE if wide else PICTURE, PICTURE)

    figure = style.new_figure()
    picture = style.add_axes(figure, 0.0, 0.0, width, height)
    paths = (
        recent_trails(trajectory, frame, trails) if trails and len(state) <= MOST_LEGIBLE else None
    )
    regions = _regions(trajectory)
    plot_configuration(state, picture, pins=pins, trails=paths, regions=regions)

    draw = (plot_energy, plot_velocity, _last_panel(trajectory, regions))
    if wide:
        twin = TWIN * bool(np.ptp(np.asarray(trajectory.temperature)))
        across = (width - 2 * BESIDE - twin) / 3
        around = picture.get_tightbbox()
        lowest = around.y0 / figure.dpi if around is not None else 0.0
        bottom = lowest - BELOW - PANEL_HEIGHT
        places = [(k * (across + BESIDE) + twin * (k > 0), bottom, across) for k in range(3)]
        panel_height = PANEL_HEIGHT
    else:
        # As high as the picture beside them, but never flat: a low box has room above and below.
        gap = PANEL_GAP if regions is None else WIDE_GAP
        panel_height = max(PANEL_HEIGHT, (height - 2 * gap) / 3)
        top = (height + 3 * panel_height + 2 * gap) / 2
        places = [
            (width + BESIDE, top - (k + 1) * panel_height - k * gap, PANEL_WIDTH) for k in range(3)
        ]
    panels: list[Axes] = []
    for (left, bottom, across), draw_panel in zip(places, draw, strict=True):
        shared = panels[0] if panels else None
        panel = style.add_axes(figure, left, bottom, across, panel_height, sharex=shared)
        panels.append(draw_panel(trajectory, panel))
        panel.yaxis.set_label_coords(-LABEL_DISTANCE / across, 0.5)
        panel.axvline(state.time, color=style.GREY, linewidth=1.2, zorder=0.6, gid="now")
    if not wide:
        for panel in panels[:-1]:
            panel.set_xlabel("")
            panel.tick_params(labelbottom=False)
    return style.fit(figure)


def _regions(trajectory: TrajectoryLike) -> Regions | None:
    """Those of all frames; none if they are not the same in all."""
    try:
        return trajectory.regions
    except ValueError:
        return None


def _last_panel(trajectory: TrajectoryLike, regions: Regions | None) -> Callable[[Any, Axes], Axes]:
    if regions is not None:
        return plot_exchange
    varies = bool(np.ptp(np.asarray(trajectory.count)))
    return plot_count if varies else plot_order
