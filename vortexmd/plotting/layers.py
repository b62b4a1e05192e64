"""The layers of a picture of vortices, from the cells at the bottom to the dots on top.

Every layer returns its entries for the legend and is cut off at `frame`, the region drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.analysis.delaunay import DelaunayNeighbors, voronoi_cells
from vortexmd.box import Box
from vortexmd.plotting import style
from vortexmd.plotting.trails import wrap_trails
from vortexmd.vortices import Vortices

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

SIXFOLD = "#ececec"
COLOURS = {4: style.ORANGE, 5: style.VERMILLION, 6: SIXFOLD, 7: style.BLUE, 8: style.SKY}
OTHER = style.PURPLE
EDGE = "#ffffff"
CELL_LINE = "#a8a8a8"
# Translucent: the coordination stays readable underneath.
PIN_FILL = "#ccf5e866"
# Above this many giant vortices the numbers in them would hide the picture.
MOST_WRITTEN = 300
# Vector files with more shapes than this are slow to open: such layers become images in them.
MOST_SHAPES = 5000


class Pins(Protocol):
    """What is drawn of pinning wells."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """(M, 2) in λ."""

    @property
    def radius(self) -> float | NDArray[np.float64]:
        """One radius in λ, or (M,)."""


def draw_cells(
    ax: Axes,
    frame: Rectangle,
    vortices: Vortices,
    found: DelaunayNeighbors,
    *,
    filled: bool,
    only_defects: bool,
    line: float,
) -> None:
    """Voronoi cells, each also on the far side where it reaches over a periodic one.

    `line` is the width of their outline in points; `only_defects` leaves out the rest and the
    outlines.
    """
    from matplotlib.collections import PolyCollection

    cells = voronoi_cells(found)
    colour = _cell_colours(found) if filled else np.full(len(cells), EDGE, dtype=object)
    if only_defects:
        keep = (found.coordination != 6) & ~found.at_edge
        cells = [cell for cell, kept in zip(cells, keep, strict=True) if kept]
        colour = colour[keep]
    polygons, source = _with_wrapped_copies(cells, vortices.box)
    collection = PolyCollection(
        polygons,
        facecolors=colour[source],
        edgecolors="none" if only_defects else CELL_LINE,
        linewidths=line,
        zorder=1,
        rasterized=len(polygons) > MOST_SHAPES,
    )
    ax.add_collection(collection, autolim=False)
    collection.set_clip_path(frame)


def draw_defect_marks(
    ax: Axes, vortices: Vortices, found: DelaunayNeighbors, diameter: float
) -> None:
    """A disc, `diameter` points wide, at every vortex that is not sixfold; none at the edge."""
    marked = (found.coordination != 6) & ~found.at_edge
    x, y = vortices.positions[marked].T
    ax.scatter(x, y, s=diameter**2, c=list(_cell_colours(found)[marked]), linewidths=0, zorder=1)


def coordination_entries(found: DelaunayNeighbors) -> list[Artist]:
    """Legend entries with the number of vortices of each coordination."""
    from matplotlib.patches import Patch

    counts = np.bincount(found.coordination[~found.at_edge])
    several = {k: int(c) for k, c in enumerate(counts) if c and k in COLOURS}
    others = int(counts.sum()) - sum(several.values())
    at_edge = int(found.at_edge.sum())
    entries: list[Artist] = [
        Patch(facecolor=COLOURS[k], edgecolor=CELL_LINE, label=f"{k} neighbours: {number(c)}")
        for k, c in several.items()
    ]
    if others:
        label = f"other numbers: {number(others)}"
        entries.append(Patch(facecolor=OTHER, edgecolor=CELL_LINE, label=label))
    if at_edge:
        label = f"at the edge: {number(at_edge)}"
        entries.append(Patch(facecolor=EDGE, edgecolor=CELL_LINE, label=label))
    return entries


def draw_pins(ax: Axes, frame: Rectangle, pins: Sequence[Pins], box: Box) -> list[Artist]:
    """Wells as circles of their radius, those on a periodic side on both ends of the box."""
    from matplotlib.collections import EllipseCollection
    from matplotlib.lines import Line2D

    centres, radii = [np.empty((0, 2))], [np.empty(0)]
    for wells in pins:
        centres.append(np.asarray(wells.positions, dtype=float).reshape(-1, 2))
        radii.append(np.broadcast_to(np.asarray(wells.radius, dtype=float), len(centres[-1])))
    centre, radius = np.concatenate(centres), np.concatenate(radii)
    if not len(centre):
        return []
    count = len(centre)
    for axis in np.flatnonzero(box.periodic):
        length = box.lengths[axis]
        step = np.eye(2)[axis] * length
        copies = [centre]
        sizes = [radius]
        for turns in (-1, 1):
            moved = centre + turns * step
            seen = (moved[:, axis] + radius > 0) & (moved[:, axis] - radius < length)
            copies.append(moved[seen])
            sizes.append(radius[seen])
        centre, radius = np.concatenate(copies), np.concatenate(sizes)
    collection = EllipseCollection(
        2 * radius,
        2 * radius,
        np.zeros(len(radius)),
        units="xy",
        offsets=centre,
        offset_transform=ax.transData,
        facecolors=PIN_FILL,
        edgecolors=style.GREEN,
        linewidths=1.8,
        zorder=2,
        rasterized=len(centre) > MOST_SHAPES,
    )
    ax.add_collection(collection, autolim=False)
    collection.set_clip_path(frame)
    entry = Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=11,
        markerfacecolor=PIN_FILL,
        markeredgecolor=style.GREEN,
        markeredgewidth=1.8,
        label=f"pins: {number(count)}",
    )
    return [entry]


def draw_trails(
    ax: Axes, frame: Rectangle, trails: Sequence[ArrayLike], box: Box, width: float
) -> None:
    """Paths, `width` points wide, fainter the older they are."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    pieces, age = wrap_trails(trails, box)
    if not len(pieces):
        return
    colours = np.tile(to_rgba(style.BLACK), (len(pieces), 1))
    colours[:, 3] = 0.15 + 0.55 * age
    # A pale rim keeps the path visible on the dark cells.
    rim = np.tile(to_rgba("white"), (len(pieces), 1))
    rim[:, 3] = 0.6 * age
    for colour, extra in ((rim, 1.4), (colours, 0.0)):
        lines = LineCollection(
            list(pieces),
            colors=colour,
            linewidths=width + extra,
            capstyle="butt",
            zorder=3,
            rasterized=len(pieces) > MOST_SHAPES,
        )
        ax.add_collection(lines, autolim=False)
        lines.set_clip_path(frame)


def draw_vortices(ax: Axes, vortices: Vortices, diameter: float) -> list[Artist]:
    """Dots and diamonds, `diameter` points wide, and larger ones with a number for giants.

    Legend entries only where there is something to tell apart.
    """
    entries: list[Artist] = []
    giant = np.abs(vortices.winding) > 1
    large = float(np.clip(2.0 * diameter, 10.0, 20.0))
    for sign, marker, colour, ink, word in (
        (1, "o", style.BLACK, "white", "vortices"),
        (-1, "D", style.YELLOW, style.BLACK, "antivortices"),
    ):
        alike = np.sign(vortices.winding) == sign
        for members, width, prefix in (
            (alike & ~giant, diameter, ""),
            (alike & giant, large, "giant "),
        ):
            if not members.any():
                continue
            x, y = vortices.positions[members].T
            entries.append(
                ax.scatter(
                    x,
                    y,
                    s=width**2,
                    c=colour,
                    marker=marker,
                    edgecolors="white" if sign > 0 else style.BLACK,
                    linewidths=float(np.clip(0.1 * width, 0.0, 0.9)),
                    zorder=5 if prefix else 4,
                    label=f"{prefix}{word}: {number(int(members.sum()))}",
                    rasterized=len(x) > MOST_SHAPES,
                )
            )
            if prefix and members.sum() <= MOST_WRITTEN:
                _write_windings(ax, vortices, members, ink, 0.6 * large)
    return entries if bool((vortices.winding != 1).any()) else []


def number(count: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,}".replace(",", "\u2009")


def _write_windings(
    ax: Axes, vortices: Vortices, members: NDArray[np.bool_], ink: str, size: float
) -> None:
    for k in np.flatnonzero(members):
        x, y = vortices.positions[k]
        figures = str(vortices.winding[k]).replace("-", "\u2212")
        ax.text(
            x,
            y,
            figures,
            color=ink,
            fontsize=size if len(figures) == 1 else size * 1.5 / len(figures),
            fontweight="bold",
            ha="center",
            va="center_baseline",
            zorder=6,
            clip_on=True,
        )


def _cell_colours(found: DelaunayNeighbors) -> NDArray[np.object_]:
    colours = np.full(len(found), OTHER, dtype=object)
    for neighbours, colour in COLOURS.items():
        colours[found.coordination == neighbours] = colour
    colours[found.at_edge] = EDGE
    return colours


def _with_wrapped_copies(
    cells: list[NDArray[np.float64]], box: Box
) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """Every copy of a cell that shows in the box, and which cell each comes from."""
    source = np.array([k for k, cell in enumerate(cells) if len(cell)], dtype=np.int64)
    low = np.array([cells[k].min(axis=0) for k in source]).reshape(-1, 2)
    high = np.array([cells[k].max(axis=0) for k in source]).reshape(-1, 2)
    shift = np.zeros_like(low)
    for axis in np.flatnonzero(box.periodic):
        length = box.lengths[axis]
        # In a box of few vortices a cell can be longer than the box.
        first = np.ceil(-high[:, axis] / length).astype(np.int64)
        copies = np.ceil((length - low[:, axis]) / length).astype(np.int64) - first
        parent = np.repeat(np.arange(len(source)), copies)
        turn = np.arange(len(parent)) - np.repeat(np.cumsum(copies) - copies, copies)
        low, high, source, shift = low[parent], high[parent], source[parent], shift[parent]
        shift[:, axis] += (first[parent] + turn) * length
    polygons = [cells[k] + moved for k, moved in zip(source, shift, strict=True)]
    return polygons, source
