"""A picture of one configuration: Voronoi cells by coordination, vortices, pins, trails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.analysis.delaunay import (
    DelaunayNeighbors,
    cell_domain,
    delaunay_neighbors,
    mean_spacing,
)
from vortexmd.analysis.order import sixfold_fraction
from vortexmd.plotting import layers, style
from vortexmd.plotting.layers import Pins
from vortexmd.plotting.regions import draw_regions
from vortexmd.vortices import Vortices

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    from vortexmd.regions import Regions

# Above this many vortices single cells, dots and paths can no longer be told apart on a slide.
MOST_LEGIBLE = 20_000
# Inches that a column of the legend takes.
COLUMN_WIDTH = 1.9
# How the sides of the box are drawn: matplotlib line style and width. Free sides are not.
SIDES: dict[str, tuple[object, float]] = {
    "periodic": ((0, (6, 4)), 1.2),
    "reflecting": ("solid", 3.0),
    "open": ((0, (1, 1.5)), 2.2),
}


@style.styled
def plot_configuration(
    vortices: Vortices,
    ax: Axes | None = None,
    *,
    defects: bool = True,
    voronoi: bool = True,
    pins: Pins | Sequence[Pins] | None = None,
    trails: Sequence[ArrayLike] | None = None,
    regions: Regions | None = None,
) -> Axes:
    """Draw vortices in their box.

    Dots are vortices, yellow diamonds antivortices; giant vortices are larger and carry their
    winding number. Voronoi cells are filled by the number of Delaunay neighbours: grey for six,
    vermillion for five, blue for seven. Cells at the edge of a box that is not periodic stay white
    and are not counted. A periodic side is dashed, a reflecting one solid, an open one dotted.
    Above 20 000 vortices only the cells of defects are drawn, and neither dots nor trails; a note
    above the picture says so. Vortices stacked on one spot show as one dot, and the title counts
    the spots.

    Parameters
    ----------
    vortices
        Any number of them, in any box.
    ax
        Axes to draw in, at their final size (dots scale with it); those of a new figure if left
        out (the figure is then ``ax.figure``).
    defects
        Colour by coordination; the legend then counts each kind, and the title gives P₆.
    voronoi
        Draw the cells. Without them, a defect is marked by a disc under its vortex.
    pins
        Wells, drawn as circles beneath the vortices: an object with ``positions`` (M, 2) and
        ``radius`` in λ, such as `vortexmd.GaussianPins`, or several.
    trails
        Unwrapped paths (K, 2) in λ, fading towards their start; rows of NaN are gaps.
    regions
        Pinning regions, whose walls are drawn beneath the vortices; up to 12 are named.

    Returns
    -------
    The axes.

    Raises
    ------
    ValueError
        If a trail is not of shape (K, 2).
    """
    low, high = cell_domain(vortices)
    own_figure = ax is None
    if ax is None:
        ax = style.add_axes(style.new_figure(), 0.0, 0.0, *picture_size(high - low, 7.0, 7.0))
    frame = _prepare(ax, vortices, low, high)
    legible = len(vortices) <= MOST_LEGIBLE
    entries: list[Artist] = []
    found = delaunay_neighbors(vortices)
    scale = _points_per_length(ax, high - low)
    gap = scale * _typical_gap(vortices, found)
    dot = float(np.clip(0.34 * gap, 0.7, 12.0))
    if voronoi:
        line = float(np.clip(0.03 * gap, 0.15, 0.9))
        layers.draw_cells(
            ax, frame, vortices, found, filled=defects, only_defects=not legible, line=line
        )
    elif defects:
        layers.draw_defect_marks(ax, vortices, found, 2.2 * dot if legible else 1.5)
    if defects:
        entries += layers.coordination_entries(found)
    if pins is not None:
        wells = [cast(Pins, pins)] if hasattr(pins, "positions") else cast(Sequence[Pins], pins)
        entries += layers.draw_pins(ax, frame, wells, vortices.box)
    if regions is not None:
        entries += draw_regions(ax, frame, regions, vortices.box, scale)
    if trails is not None and legible:
        layers.draw_trails(ax, frame, trails, vortices.box, float(np.clip(0.3 * dot, 0.4, 1.8)))
    if legible:
        entries += layers.draw_vortices(ax, vortices, dot)

    title = [f"N = {layers.number(len(vortices))}"]
    spots = len(np.unique(found.site))
    if spots < len(vortices):
        title[0] += f" on {layers.number(spots)} spots"
    if defects and not found.at_edge.all():
        title.append(f"P₆ = {sixfold_fraction(found):.3f}")
    title.append(f"t = {vortices.time:.6g} τ")
    notes = (
        []
        if legible
        else [f"N > {layers.number(MOST_LEGIBLE)}: only cells that are not sixfold are drawn"]
    )
    ax.set_title("\n".join([*notes, "    ".join(title)]), pad=10)
    if entries:
        _legend(ax, entries)
    if own_figure:
        style.fit(cast("Figure", ax.figure))
    return ax


def picture_size(extent: NDArray[np.float64], widest: float, highest: float) -> tuple[float, float]:
    """Inches for a picture of this shape within the given ones; a thin one gets 0.8 at least."""
    width, height = extent * (np.array([widest, highest]) / extent).min()
    return max(float(width), 0.8), max(float(height), 0.8)


def _prepare(
    ax: Axes, vortices: Vortices, low: NDArray[np.float64], high: NDArray[np.float64]
) -> Rectangle:
    """Scales, labels and the sides of the box; the region drawn, to cut layers off at."""
    from matplotlib.patches import Rectangle

    box = vortices.box
    ax.set_aspect("equal")
    ax.set_xlabel("x / λ")
    ax.set_ylabel("y / λ")
    style.dress(ax)
    ax.spines[:].set_visible(False)
    # Half of the thickest side must fit beside the region.
    margin = 0.006 * float((high - low).max())
    ax.set_xlim(low[0] - margin, high[0] + margin)
    ax.set_ylim(low[1] - margin, high[1] + margin)
    for axis, word in enumerate(box.boundary):
        if word == "free":
            continue
        line, width = SIDES[word]
        for level in (0.0, box.lengths[axis]):
            ends = np.array([low, high])
            ends[:, axis] = level
            ax.plot(
                *ends.T,
                color=style.BLACK,
                linestyle=line,
                linewidth=width,
                zorder=3.5,
                solid_capstyle="butt",
                clip_on=False,
                gid=f"side {word}",
            )
    # The cells' own outline along a free side would look like a wall.
    inset = np.where([word == "free" for word in box.boundary], margin, 0.0)
    corner = tuple(low + inset)
    frame = Rectangle(corner, *(high - low - 2 * inset), transform=ax.transData, visible=False)
    ax.add_artist(frame)
    return frame


def _typical_gap(vortices: Vortices, found: DelaunayNeighbors) -> float:
    """Distance in λ that dots must fit into: smaller where vortices stand in clusters."""
    if len(vortices) == 0:
        return 0.0
    spacing = mean_spacing(vortices)
    several = np.flatnonzero(np.diff(found.offsets))
    if not several.size:
        return spacing
    bonds = np.hypot(found.separations[:, 0], found.separations[:, 1])
    return min(spacing, 1.5 * float(np.median(np.minimum.reduceat(bonds, found.offsets[several]))))


def _points_per_length(ax: Axes, extent: NDArray[np.float64]) -> float:
    """Scale of the picture: points of paper per λ."""
    return float(72 * (_size_in_inches(ax) / extent).min())


def _size_in_inches(ax: Axes) -> NDArray[np.float64]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    cell = ax.get_position(original=True)
    return np.array(figure.get_size_inches() * (cell.width, cell.height))


def _legend(ax: Axes, entries: Sequence[Artist]) -> None:
    """Below the axis label, in as many columns as the picture is wide, up to three."""
    from matplotlib.collections import PathCollection

    width = _size_in_inches(ax)[0]
    columns = min(3, max(1, int(width / COLUMN_WIDTH)))
    if columns == 3 and len(entries) == 4:
        columns = 2
    legend = ax.legend(
        handles=entries,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        # In units of the font size: clear of tick labels and axis label.
        borderaxespad=4.0,
        ncols=columns,
        handlelength=1.2,
        columnspacing=1.4,
        handletextpad=0.5,
    )
    # Dots of a crowded picture are too small to be seen in its legend.
    for entry, handle in zip(entries, legend.legend_handles, strict=True):
        if isinstance(handle, PathCollection):
            handle.set_sizes([150.0 if "giant" in str(entry.get_label()) else 60.0])
