"""Figs. 11 and 12: vortex and antivortex in two states.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). Open symbols: the conventional
state, followed towards smaller d; full symbols: the string, followed towards larger d, on the
paper's grid (`lattice`, h = 0.1 λ); lines: the same states in the resolved constrained `minimum`
(in Fig. 12, broken lines).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gl_reference import figure_style as style
from gl_reference.lattice_branches import Branch
from gl_reference.lattice_states import Profile
from potentials.critical import annihilation_separation, stability_separation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gl_reference.branches import Branches

COLOURS = {"minimum": style.BLACK, "lattice": style.VERMILLION, "coulomb": style.BLUE}
TWO_MUS = {0.6: style.VERMILLION, 1.7: style.BLUE}
MARKERS = {0.6: "^", 1.7: "s"}
RESOLVED = (style.BLUE, style.VERMILLION)
APART = 0.35  # symbols of a branch, in λ, at least about


class Point(NamedTuple):
    """d_E, d_A and where the string is lost at one μ; of `minimum`, scheme is empty and h NaN."""

    reading: str
    scheme: str
    mu: float
    h: float
    d_E: float
    d_E_error: float
    d_A: float
    d_A_error: float
    string_end: float


class TwoStates(NamedTuple):
    """Both branches at one μ, and where the string is lost (infinite where it was not)."""

    reading: str
    mu: float
    conventional: Branch
    string: Branch
    string_end: float


class Sections(NamedTuple):
    """Profiles along y = 0 at one separation: of conventional state and string, in both readings."""

    mu: float
    d: float
    lattice: tuple[Profile, Profile]
    minimum: tuple[Profile, Profile]


@style.styled
def draw_branches(branches: Branches) -> Figure:
    """Interaction energy (a) and |force| (b) against d of every reading at one μ."""
    figure = style.new_figure(12.5, 5.8)
    energies, forces = figure.subplots(1, 2)
    for one in branches.readings:
        colour = COLOURS[one.reading]
        both = [(one.conventional, "-")] + ([(one.string, "--")] if one.string else [])
        for branch, line in both:
            energies.plot(branch.d, branch.interaction_energy, line, color=colour)
            forces.plot(branch.d, np.abs(branch.force), line, color=colour)
        if one.string is None:
            continue
        energies.plot(one.d_E, one.interaction_at_d_E, "o", color=colour)
        _jump(energies, one.conventional, 0, one.string, colour)
        if np.isfinite(one.string_end):
            _jump(energies, one.string, -1, one.conventional, colour)
    for value, name in ((branches.paper_d_E, "$d_E$"), (branches.paper_d_A, "$d_A$")):
        for ax in (energies, forces):
            ax.axvline(value, color=style.GREY, linestyle=":", linewidth=1.0)
        energies.text(value, 1.0, name, transform=energies.get_xaxis_transform(), ha="center")
    style.zero_line(energies)
    energies.set(xlabel=style.SEPARATION, ylabel=style.ENERGY)
    forces.set(xlabel=style.SEPARATION, ylabel=style.STRENGTH, yscale="log")
    style.name_panel(energies, "a", f"μ = {branches.mu:.4g}")
    style.name_panel(forces, "b")
    entries = [
        style.entry(one.reading, "-", color=COLOURS[one.reading]) for one in branches.readings
    ]
    entries += [
        style.entry("string", "--"),
        style.entry("equal energies", marker="o"),
        style.entry("paper's fits", ":", color=style.GREY, linewidth=1.0),
    ]
    style.legend_below(figure, entries)
    return figure


def _jump(ax: Axes, lost: Branch, end: int, other: Branch, colour: str) -> None:
    """An arrow from one end of a branch, where it is lost, to the other branch."""
    d, start = lost.d[end], lost.interaction_energy[end]
    reached = np.interp(d, other.d, other.interaction_energy)
    looks = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.2, "shrinkA": 4, "shrinkB": 2}
    ax.annotate("", xy=(d, reached), xytext=(d, start), arrowprops=looks)


def draw_two_states(states: list[TwoStates], points: list[Point]) -> Figure:
    """Fig. 11: energies (a), |force| (b) at two μ, and d_E and d_A against μ (c)."""
    figure = style.new_figure(16.0, 5.8)
    energies, forces, critical = figure.subplots(1, 3)
    for one in states:
        _states(energies, forces, one)
    style.zero_line(energies)
    energies.set(xlabel=style.SEPARATION, ylabel=style.ENERGY, xlim=(0, 15))
    forces.set(xlabel=style.SEPARATION, ylabel=style.STRENGTH, yscale="log", xlim=(0, 15))
    style.name_panel(energies, "a", "V-AV")
    style.name_panel(forces, "b", "V-AV")
    _critical_panel(critical, points)
    mus = [
        style.entry(f"μ = {mu:g}", marker=MARKERS[mu], color=colour)
        for mu, colour in TWO_MUS.items()
    ]
    style.legend_below(
        figure,
        [
            *mus,
            style.entry("conventional", marker="o", **style.OPEN),
            style.entry("string (paper's grid)", marker="o"),
            style.entry("resolved minimum", "-"),
        ],
    )
    return figure


def _states(energies: Axes, forces: Axes, one: TwoStates) -> None:
    colour, marker = TWO_MUS[one.mu], MARKERS[one.mu]
    for branch, filled in ((one.conventional, False), (one.string, True)):
        force = np.abs(branch.force)
        if one.reading == "minimum":
            energies.plot(branch.d, branch.interaction_energy, color=colour, linewidth=1.2)
            forces.plot(branch.d, force, color=colour, linewidth=1.2)
            continue
        looks = {"color": colour} if filled else {"markeredgecolor": colour, **style.OPEN}
        looks |= {"markersize": 5.0}
        even = np.arange(branch.d[0], branch.d[-1], APART)
        at = np.unique([0, *np.abs(branch.d - even[:, None]).argmin(axis=1), len(branch.d) - 1])
        energies.plot(branch.d[at], branch.interaction_energy[at], marker, **looks)
        forces.plot(branch.d[at], force[at], marker, **looks)
    if one.reading == "minimum":
        return
    _jump(energies, one.conventional, 0, one.string, colour)
    if np.isfinite(one.string_end):
        _jump(energies, one.string, -1, one.conventional, colour)


def _critical_panel(ax: Axes, points: list[Point]) -> None:
    """The paper's fits as lines; its grid's and the resolved values as symbols."""
    mu = np.linspace(0.35, 2.5, 200)
    ax.plot(mu, stability_separation(mu), color=style.BLUE)
    ax.plot(mu, annihilation_separation(mu), color=style.VERMILLION)
    for point in points:
        for value, error, marker, colour in (
            (point.d_E, point.d_E_error, "s", style.BLUE),
            (point.d_A, point.d_A_error, "^", style.VERMILLION),
        ):
            looks = style.OPEN if point.reading == "minimum" else {}
            ax.errorbar(point.mu, value, error, fmt=marker, color=colour, elinewidth=1.0, **looks)
    ax.set(
        xlabel=style.MU, ylabel=r"critical separation ($\lambda$)", xlim=(0.3, 2.6), ylim=(0, None)
    )
    ax.legend(
        handles=[
            style.entry("$d_E$, paper's fit", "-", color=style.BLUE),
            style.entry("$d_A$, paper's fit", "-", color=style.VERMILLION),
            style.entry("paper's grid", marker="s"),
            style.entry("resolved minimum", marker="s", **style.OPEN),
        ],
        loc="upper right",
    )
    style.name_panel(ax, "c")


def draw_sections(sections: list[Sections]) -> Figure:
    """Fig. 12: supercurrent (top) and order parameter (bottom) along y = 0 in both states."""
    figure = style.new_figure(12.5, 8.0)
    panels = figure.subplots(2, len(sections), sharex="col", squeeze=False)
    for column, (one, letters) in enumerate(zip(sections, ("ac", "bd"), strict=True)):
        current, amplitude = panels[:, column]
        for i, colour in enumerate((style.BLACK, style.GREY)):
            grid, resolved = one.lattice[i], one.minimum[i]
            for ax, values, limit in (
                (current, grid.current, resolved.current),
                (amplitude, grid.f, resolved.f),
            ):
                ax.plot(grid.x, values, color=colour, zorder=2 - i)
                ax.plot(resolved.x, limit, "--", color=RESOLVED[i], linewidth=1.2, zorder=3)
        for ax in (current, amplitude):
            for x in (-one.d / 2, one.d / 2):
                ax.axvline(x, color=style.GREY, linestyle=":", linewidth=1.0, zorder=0)
        style.zero_line(current)
        reach = one.d / 2 + 4.0
        amplitude.set(xlabel=r"$x$ ($\lambda$)", xlim=(-reach, reach), ylim=(0, 1.05))
        style.name_panel(current, letters[0], f"μ = {one.mu:g}, d = {one.d:g} λ")
        style.name_panel(amplitude, letters[1])
    panels[0, 0].set_ylabel(r"supercurrent $J_y$ ($\Phi_0/2\pi\mu_0\lambda^3$)")
    panels[1, 0].set_ylabel(r"order parameter $|\Psi|$")
    style.legend_below(
        figure,
        [
            style.entry("grid, conventional", "-"),
            style.entry("grid, string", "-", color=style.GREY),
            style.entry("resolved, conventional", "--", color=RESOLVED[0], linewidth=1.2),
            style.entry("resolved, string", "--", color=RESOLVED[1], linewidth=1.2),
            style.entry("vortex, antivortex", ":", color=style.GREY, linewidth=1.0),
        ],
    )
    return figure
