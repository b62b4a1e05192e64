"""Figures 9 and 10: three vortices on an equilateral triangle, beside the pair.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), section IV.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from gl_reference import figure_style as style
from gl_reference.radial import single_vortex
from potentials.base import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The paper's two examples: μ, and the side of the triangle in Fig. 10 (in λ).
EXAMPLES = {0.8: 3.2, 1.7: 1.8}
COLOURS = {0.8: style.VERMILLION, 1.7: style.BLUE}
# The sides of Fig. 9, in λ.
SIDES = {
    0.8: (0.7, 1.4, 2.1, 2.8, 3.5, 4.2, 5.0, 6.0, 7.0, 8.5, 10.0),
    1.7: (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.5, 10.0),
}
REACH = 3.5  # of a map beyond the vortices, in λ
POINTS = 201
CONTOURS = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class TriangleEnergies:
    """Interaction energies against the side d (in λ) at one μ, in ε₀: arrays (K,).

    `three` is that of three vortices, `pair` that of two of them alone.
    """

    mu: float
    d: Array
    three: Array
    pair: Array


@dataclass(frozen=True)
class Map:
    """|Ψ| (P, P) of vortices at `positions` (N, 2), at x and y (P,), all in λ."""

    mu: float
    d: float
    positions: Array
    x: Array
    y: Array
    amplitude: Array


def pair(d: float) -> Array:
    """Two points (2, 2) at distance d, their centre at 0."""
    return np.array([(-d / 2, 0.0), (d / 2, 0.0)])


def triangle(d: float) -> Array:
    """Corners (3, 2) of an equilateral triangle of side d, its centre at 0."""
    angles = np.pi / 2 + 2 * np.pi / 3 * np.arange(3)
    return d / math.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])


def contact_energy(mu: float, n: int) -> float:
    """Energy of one n-fold vortex less that of n single ones, in ε₀."""
    return single_vortex(n, mu).energy - n * single_vortex(1, mu).energy


def draw_triangle(energies: Sequence[TriangleEnergies]) -> Figure:
    """Fig. 9: interaction energy of three vortices and of the three pairs among them."""
    figure = style.new_figure(8.5, 6.4)
    ax = figure.subplots()
    for row in energies:
        colour = COLOURS[row.mu]
        together = contact_energy(row.mu, 3)
        d = np.linspace(0.0, row.d[-1], 400)
        ax.plot(d, _smooth(row.d, row.three, together)(d), "--", color=colour)
        ax.plot(d, _smooth(row.d, 3 * row.pair, 3 * contact_energy(row.mu, 2))(d), color=colour)
        ax.plot(row.d, row.three, "o", color=colour)
        ax.plot(0.0, together, "*", color=colour, markersize=14, clip_on=False, zorder=3)
        half = int(np.argmin(np.abs(row.three - together / 2)))
        ax.annotate(
            f"μ = {row.mu:g}",
            (row.d[half], row.three[half]),
            (10, math.copysign(10, together)),
            textcoords="offset points",
            color=colour,
            va="center",
        )
    style.zero_line(ax)
    ax.set(xlabel=r"side of the triangle $d$ ($\lambda$)", ylabel=style.ENERGY)
    ax.set_xlim(0.0, max(row.d[-1] for row in energies))
    ax.legend(
        handles=[
            style.entry("three vortices (GL, coulomb)", "--", "o"),
            style.entry("sum over pairs", "-"),
            style.entry("one 3-fold vortex", marker="*", markersize=14),
        ]
    )
    return figure


def _smooth(d: Array, energies: Array, contact: float) -> CubicSpline:
    """A curve through the points that starts level at d = 0, where the force vanishes."""
    return CubicSpline(np.r_[0.0, d], np.r_[contact, energies], bc_type=((1, 0.0), "not-a-knot"))


def draw_maps(maps: Sequence[Map]) -> Figure:
    """Fig. 10: |Ψ| of two vortices (a, c) and of three (b, d); given as a, b, c, d."""
    figure = style.new_figure(10.0, 9.0)
    panels = figure.subplots(2, 2)
    for ax, letter, shown in zip(panels.T.flat, "abcd", maps, strict=True):
        image = ax.imshow(
            shown.amplitude,
            origin="lower",
            extent=(shown.x[0], shown.x[-1], shown.y[0], shown.y[-1]),
            vmin=0.0,
            vmax=1.0,
            cmap="cividis",
            interpolation="bilinear",
        )
        ax.contour(shown.x, shown.y, shown.amplitude, CONTOURS, colors="white", linewidths=0.7)
        ax.plot(*shown.positions.T, "+", color="white", markersize=9)
        ax.set(xlabel=r"$x$ ($\lambda$)", ylabel=r"$y$ ($\lambda$)")
        style.name_panel(ax, letter, f"μ = {shown.mu:g}, d = {shown.d:g} λ")
    figure.colorbar(image, ax=panels, label=r"order parameter $|\Psi|$", shrink=0.8)
    return figure
