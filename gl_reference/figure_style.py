"""One look for all figures: colours that colour-blind viewers tell apart, type for a slide.

Matplotlib is imported when a figure is made, not with the package. Settings hold while a function
here draws and never leak into the caller's; figures belong to no window and no pyplot state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito's palette (Color Universal Design, 2008).
BLACK = "#1a1a1a"
VERMILLION = "#d55e00"
BLUE = "#0072b2"
GREY = "#7f7f7f"

SEPARATION = r"separation $d$ ($\lambda$)"
FORCE = r"force $\Omega$ ($\Omega_0$)"
STRENGTH = r"force $|\Omega|$ ($\Omega_0$)"
ENERGY = r"interaction energy $E$ ($\varepsilon_0$)"
MU = r"$\mu = \sqrt{2}\,\kappa$"
# Of symbols that are outlines: the colour of the outline comes with them.
OPEN: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 1.3, "markersize": 8.0}

# Keys are checked by matplotlib, whose releases type them differently.
SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 13,
    "axes.labelsize": 14,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-3, 4),
    "legend.fontsize": 12,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.5,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "figure.facecolor": "white",
    "figure.dpi": 150,
    "savefig.dpi": 150,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a function that draws or saves under these settings; the caller's hold again after."""

    @wraps(draw)
    def within_style(*args: P.args, **kwargs: P.kwargs) -> R:
        import matplotlib

        with matplotlib.rc_context(SETTINGS):
            return draw(*args, **kwargs)

    return within_style


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, which `savefig` writes without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def name_panel(ax: Axes, letter: str, text: str = "") -> None:
    """The panel's letter and what it shows, above its upper left corner."""
    ax.set_title(f"({letter})  {text}".rstrip(), loc="left")


def zero_line(ax: Axes) -> None:
    """A thin line at zero, behind everything."""
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)


def shades(count: int) -> list[str]:
    """Colours in an order that is also one of brightness, none too light for white paper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0.0, 0.85, count))]


def entry(label: str, line: str = "none", marker: str = "", **looks: Any) -> Line2D:
    """A legend entry of its own, for what many curves have in common; black unless told."""
    from matplotlib.lines import Line2D

    looks = {"color": BLACK, "linestyle": line, "marker": marker, "label": label} | looks
    return Line2D([], [], **looks)


def legend_below(figure: Figure, entries: Sequence[Line2D]) -> None:
    """The one legend of a figure, under its panels."""
    figure.legend(handles=list(entries), loc="outside lower center", ncols=len(entries))
