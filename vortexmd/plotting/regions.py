"""Pinning regions in a picture of vortices: the walls between them, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from vortexmd.box import Box
from vortexmd.plotting import style
from vortexmd.plotting.layers import MOST_SHAPES, number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

    from vortexmd.regions import Regions

# More names than this would hide the vortices.
MOST_NAMED = 12
# Points along each axis at which regions are looked up, to place their names.
LOOKUPS = 120
# Width of a bold letter in units of the font size.
LETTER = 0.65


def draw_regions(
    ax: Axes, frame: Rectangle, regions: Regions, box: Box, points_per_length: float
) -> list[Artist]:
    """The walls between regions, above cells and pins, and up to 12 names.

    Parameters
    ----------
    ax, frame
        Where, and what to cut it off at.
    regions
        The partition.
    box
        A wall along a periodic side is drawn on both ends.
    points_per_length
        Scale of the picture: points of paper per λ.

    Returns
    -------
    list
        The entry for the legend; none for a single region.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    if len(regions) < 2:
        return []
    size = points_per_length * float(np.sqrt(np.mean(regions.area)))
    width = float(np.clip(0.03 * size, 0.5, 2.4))
    walls = _on_both_ends(np.asarray(regions.walls, dtype=float), box).reshape(-1, 2, 2)
    # A pale rim sets the wall off from the outlines of cells.
    for colour, line in (("white", 1.9 * width), (style.BLACK, width)):
        lines = LineCollection(
            list(walls),
            colors=colour,
            linewidths=line,
            capstyle="projecting",
            zorder=2.5,
            rasterized=len(walls) > MOST_SHAPES,
            gid="regions",
        )
        ax.add_collection(lines, autolim=False)
        lines.set_clip_path(frame)
    if len(regions) <= MOST_NAMED:
        _write_names(ax, regions, box, points_per_length)
    label = f"walls of {number(len(regions))} regions"
    return [Line2D([], [], color=style.BLACK, linewidth=2.4, label=label)]


def _on_both_ends(walls: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Walls (W, 4), those that run along a periodic side on the other side too."""
    for axis in np.flatnonzero(box.periodic):
        length = box.lengths[axis]
        ends = walls[:, [axis, axis + 2]]
        for side, shift in ((0.0, length), (length, -length)):
            along = (np.abs(ends - side) < 1e-9 * length).all(axis=1)
            moved = walls[: len(ends)][along].copy()
            moved[:, [axis, axis + 2]] += shift
            walls = np.concatenate((walls, moved))
    return walls


def _write_names(ax: Axes, regions: Regions, box: Box, points_per_length: float) -> None:
    """The name of each region where it is widest, smaller where it is narrow."""
    from matplotlib.patheffects import withStroke

    lengths = np.array(box.lengths)
    steps = (np.arange(LOOKUPS) + 0.5) / LOOKUPS
    points = np.stack(np.meshgrid(*(steps[:, None] * lengths).T, indexing="ij"), axis=-1)
    labels = regions.label(points.reshape(-1, 2)).reshape(LOOKUPS, LOOKUPS)
    for k, name in enumerate(regions.names):
        # Beyond the box counts as elsewhere, so that names keep off its sides.
        room = distance_transform_edt(np.pad(labels == k, 1), sampling=lengths / LOOKUPS)
        wide = points[room[1:-1, 1:-1] >= 0.9 * room.max()]
        size = 2.0 * room.max() * points_per_length / (LETTER * max(1, len(name)))
        middle = np.argmin(((wide - wide.mean(axis=0)) ** 2).sum(axis=1))
        x, y = wide[middle]
        ax.text(
            x,
            y,
            name,
            ha="center",
            va="center",
            fontsize=float(np.clip(size, 7.0, 12.0)),
            fontweight="bold",
            color=style.BLACK,
            path_effects=[withStroke(linewidth=3.5, foreground="white")],
            zorder=5.5,
            clip_on=True,
            gid="region name",
        )
