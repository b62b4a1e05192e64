"""Four panels of one solution: order parameter, field, current, phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gl_reference.figure_style import name_panel, new_figure, styled
from potentials.base import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gl_reference.solution import Solution

POINTS = 240  # along the longer side
REACH = 4.0  # λ beyond the outermost vortices


@styled
def plot_solution(solution: Solution) -> Figure:
    """|Ψ|, B, |J| with its streamlines, and the phase around the vortices; the figure.

    Vortices are white dots with a dark rim, antivortices diamonds; giant ones carry their
    winding.
    """
    x, y = _window(solution)
    at = solution.sample(x, y[:, None])
    width, height = np.ptp(x), np.ptp(y)
    figure = new_figure(11.0, float(np.clip(9.5 * height / width, 6.0, 14.0)))
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    strength = np.hypot(*at.current)
    top = max(float(at.field.max()), -float(at.field.min()))
    signed = at.field.min() < -0.05 * top
    field_look: dict[str, Any] = (
        {"cmap": "RdBu_r", "vmin": -top, "vmax": top} if signed else {"cmap": "magma", "vmin": 0}
    )
    _map(panels[0, 0], x, y, np.abs(at.psi), "a", "order parameter", "|Ψ|", cmap="viridis", vmin=0)
    _map(panels[0, 1], x, y, at.field, "b", "magnetic field", "B  (Φ₀/2πλ²)", **field_look)
    _map(panels[1, 0], x, y, strength, "c", "current", "|J|  (Φ₀/2πμ₀λ³)", cmap="cividis", vmin=0)
    _map(
        panels[1, 1], x, y, np.angle(at.psi), "d", "phase", "arg Ψ",
        cmap="twilight", vmin=-np.pi, vmax=np.pi,
    )  # fmt: skip
    panels[1, 0].streamplot(
        x, y, *at.current, color="white", density=0.9, linewidth=0.8, arrowsize=0.9
    )
    for panel in panels.flat:
        _mark(panel, solution)
        panel.set_xlim(x[0], x[-1])
        panel.set_ylim(y[0], y[-1])
    for panel in panels[1]:
        panel.set_xlabel("x (λ)")
    for panel in panels[:, 0]:
        panel.set_ylabel("y (λ)")
    figure.suptitle(
        f"μ = {solution.mu:.4g},  interaction energy {solution.interaction_energy:.5g} ε₀"
    )
    return figure


def _window(solution: Solution) -> tuple[Array, Array]:
    """The grid that is drawn: around the vortices, within the solution's domain."""
    box = solution.domain
    reach = REACH * max(1.0, 0.7 / solution.mu)
    low = np.maximum(solution.positions.min(axis=0) - reach, (box.left, box.bottom))
    high = np.minimum(solution.positions.max(axis=0) + reach, (box.right, box.top))
    step = (high - low).max() / POINTS
    counts = np.round((high - low) / step).astype(int) + 1
    return np.linspace(low[0], high[0], counts[0]), np.linspace(low[1], high[1], counts[1])


def _map(
    panel: Axes, x: Array, y: Array, values: Array, letter: str, name: str, unit: str, **look: Any
) -> None:
    """One quantity in colour, with its bar."""
    image = panel.imshow(
        values,
        origin="lower",
        extent=(x[0], x[-1], y[0], y[-1]),
        interpolation="bilinear" if letter != "d" else "nearest",
        **look,
    )
    panel.set_aspect("equal")
    name_panel(panel, letter, name)
    bar = panel.figure.colorbar(image, ax=panel, label=unit, shrink=0.85)
    if letter == "d":
        bar.set_ticks([-np.pi, 0.0, np.pi], labels=["−π", "0", "π"])


def _mark(panel: Axes, solution: Solution) -> None:
    """The vortices."""
    for position, n in zip(solution.positions, solution.winding, strict=True):
        panel.plot(
            *position,
            marker="o" if n > 0 else "D",
            markersize=5,
            color="white",
            markeredgecolor="black",
        )
        if abs(n) > 1:
            panel.annotate(
                f"{n:+d}",
                position,
                xytext=(5, 5),
                textcoords="offset points",
                color="white",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "black", "alpha": 0.5, "lw": 0},
            )
