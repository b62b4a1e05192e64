"""Two panels of a validated frame: the order parameter with the forces, the field with the errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.plotting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gl_reference import Solution
    from vortexmd.gl_validation import FrameValidation

# Inches: a panel's side, from one panel to the next, and its colour bar.
SIDE, STEP, BAR = 5.4, 7.3, 0.16
POINTS = 240  # of the maps, along a side
# The longest arrow, of the mean spacing.
LONGEST = 0.75
# What is shown beyond the window, of the same.
BORDER = 0.5


@style.styled
def plot_validation(found: FrameValidation, solution: Solution) -> Figure:
    """|Ψ| in the window with the net forces; B with the errors, on a scale of their own; the figure.

    Dots are vortices, diamonds antivortices, giant ones carry their winding; inner ones have a ring.
    The window is outlined, its inner part dashed.
    """
    half = 0.5 * found.window + BORDER * _spacing(found)
    low, high = found.centre - half, found.centre + half
    x, y = (np.linspace(low[axis], high[axis], POINTS) for axis in (0, 1))
    at = solution.sample(x, y[:, None])
    figure = style.new_figure()
    panels = [style.add_axes(figure, k * STEP, 0.0, SIDE, SIDE) for k in (0, 1)]
    extent = (x[0], x[-1], y[0], y[-1])
    top = float(np.abs(at.field).max())
    _map(panels[0], np.abs(at.psi), extent, r"order parameter $|\Psi|$", "bone", 0.0, 1.0)
    if at.field.min() < -0.05 * top:
        _map(panels[1], at.field, extent, _FIELD, "PuOr", -top, top)
    else:
        _map(panels[1], at.field, extent, _FIELD, "bone_r", 0.0, 1.6 * top)
    _arrows(
        panels[0],
        found,
        "net forces",
        [
            ("GL", found.force_gl, style.SKY, 2.6),
            ("MD", found.force_md, style.ORANGE, 1.0),
        ],
    )
    _arrows(
        panels[1],
        found,
        "errors of the forces",
        [
            ("additivity: pairs of GL − GL", found.additivity_error, style.VERMILLION, 2.6),
            ("pair law: MD − pairs of GL", found.law_error, style.BLUE, 1.0),
        ],
    )
    return style.fit(figure)


_FIELD = r"field $B$ ($\Phi_0/2\pi\lambda^2$)"


def _spacing(found: FrameValidation) -> float:
    """Mean distance of neighbours in the window, in λ."""
    return found.window / math.sqrt(len(found.ids))


def _map(
    ax: Axes,
    values: NDArray[np.float64],
    extent: tuple[float, float, float, float],
    name: str,
    colours: str,
    lowest: float,
    highest: float,
) -> None:
    """One quantity in colour, with its bar beside it."""
    image = ax.imshow(
        values,
        origin="lower",
        extent=extent,
        cmap=colours,
        vmin=lowest,
        vmax=highest,
        interpolation="bilinear",
    )
    ax.set(xlabel=r"$x$ ($\lambda$)", ylabel=r"$y$ ($\lambda$)")
    style.dress(ax)
    bar = ax.inset_axes((1.03, 0.0, BAR / SIDE, 1.0))
    figure = ax.figure
    figure.colorbar(image, cax=bar, label=name)
    style.dress(bar)


def _arrows(
    ax: Axes,
    found: FrameValidation,
    title: str,
    forces: list[tuple[str, NDArray[np.float64], str, float]],
) -> None:
    """Vortices, the inner square, and one set of arrows over the other, all on one scale."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    for inset, line in ((0.0, "-"), (found.margin, "--")):
        side = found.window - 2 * inset
        corner = found.centre - 0.5 * side
        if side > 0:
            ax.add_patch(
                Rectangle(tuple(corner), side, side, fill=False, ls=line, ec=style.GREY, lw=0.9)
            )
    longest = max(float(np.hypot(*vectors.T).max()) for _, vectors, _, _ in forces)
    per_length = longest / (LONGEST * _spacing(found)) if longest > 0 else 1.0
    handles = []
    for label, vectors, colour, width in forces:
        outline: list[AbstractPathEffect] = [withStroke(linewidth=1.6, foreground="white")]
        looks: dict[str, Any] = {"color": colour, "width": 0.004 * width, "headwidth": 3.2}
        quiver = ax.quiver(
            *found.positions.T, *vectors.T, angles="xy", scale_units="xy", scale=per_length, **looks
        )
        quiver.set_path_effects(outline)
        handles.append((quiver, label))
    for row, winding, is_inner in zip(found.positions, found.winding, found.inner, strict=True):
        ax.plot(
            *row,
            marker="o" if winding > 0 else "D",
            markersize=6.5 if is_inner else 5,
            color="white",
            markeredgecolor=style.BLACK,
            markeredgewidth=1.6 if is_inner else 0.8,
        )
        if abs(winding) > 1:
            ax.annotate(
                f"{winding:+d}",
                row,
                (7, -14),
                textcoords="offset points",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.7, "lw": 0},
            )
    size = _round(longest)
    tip = size / per_length / float(np.ptp(ax.get_xlim()))
    for k, (quiver, label) in enumerate(handles):
        up = 1.09 - 0.055 * k
        ax.quiverkey(quiver, tip, up, size, label, labelpos="E", coordinates="axes")
    ax.set_title(f"{title} (keys: {size:.2g} Ω₀)", loc="left", pad=56)


def _round(size: float) -> float:
    """A round number, half of `size` to all of it."""
    if size == 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(size))
    return max(step for step in (1.0, 2.0, 5.0) if step * power <= size) * power
