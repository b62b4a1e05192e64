"""One look for every figure: colours that colour-blind viewers tell apart, type for a slide.

Matplotlib is imported when a figure is made, not with the package. Settings hold while a function
here draws and never leak into the caller's; figures belong to no window and no pyplot state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito's palette (Color Universal Design, 2008).
BLACK = "#1a1a1a"
VERMILLION = "#d55e00"
BLUE = "#0072b2"
ORANGE = "#e69f00"
SKY = "#56b4e9"
GREEN = "#009e73"
PURPLE = "#cc79a7"
YELLOW = "#f0e442"
GREY = "#7f7f7f"

# Dots per inch of a saved figure: sharp when it fills a slide.
RESOLUTION = 160
TICK_LABEL_SIZE = 12
# White space around a figure, inches.
MARGIN = 0.12

# Keys are checked by matplotlib, whose releases type them differently.
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 13,
    "axes.labelsize": 14,
    "axes.titlesize": 13,
    "axes.linewidth": 1.0,
    "axes.grid": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-3, 4),
    "axes.unicode_minus": True,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function under these settings and restore the caller's after it."""

    @wraps(draw)
    def within_style(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib

        with matplotlib.rc_context(SETTINGS):
            return draw(*args, **kwargs)

    return within_style


def new_figure() -> Figure:
    """An empty figure of its own, which `savefig` writes without a display.

    Place axes in inches with `add_axes`, then call `fit` to give it its size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.0, 1.0), dpi=RESOLUTION, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def add_axes(
    figure: Figure, left: float, bottom: float, width: float, height: float, **kwargs: Any
) -> Axes:
    """Axes at a place in inches, which may lie outside the figure until `fit` is called."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up), **kwargs)


def fit(figure: Figure) -> Figure:
    """Size the figure to what is in it, labels and legends included; axes keep theirs."""
    bounds = figure.get_tightbbox()
    old = figure.get_size_inches().copy()
    size = (bounds.width + 2 * MARGIN, bounds.height + 2 * MARGIN)
    # Twins move together: read all places before moving any.
    places = [(axes, axes.get_position(original=True).frozen()) for axes in figure.axes]
    for axes, place in places:
        left = place.x0 * old[0] - bounds.x0 + MARGIN
        bottom = place.y0 * old[1] - bounds.y0 + MARGIN
        axes.set_position(
            (
                left / size[0],
                bottom / size[1],
                place.width * old[0] / size[0],
                place.height * old[1] / size[1],
            )
        )
    figure.set_size_inches(*size)
    return figure


def dress(axes: Axes) -> Axes:
    """Tick labels in the style's size; ticks are made after the settings have been restored."""
    axes.tick_params(labelsize=TICK_LABEL_SIZE)
    return axes
