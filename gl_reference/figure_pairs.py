"""Figures 1-8 and 13: forces of V-V, V-GV and V-AV pairs and the parameters of their fits.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). Lines are the paper's fits
(in Figs. 2 and 6, whose coefficients its text does not give, ours of the same form), full symbols
are solutions in the `coulomb` reading or fits to them, open symbols the paper's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gl_reference import figure_style as style
from gl_reference.curves import ForceCurve
from potentials.base import Array
from potentials.critical import peak_force, peak_separation
from potentials.gl_fit import GLPair
from potentials.gl_laws import eq17
from potentials.gl_tables import formula_deltas, formula_etas, printed_etas, table_deltas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gl_reference.figure_data import PairTables

# The μ shown in Figs. 1 and 5, and the two of Figs. 2, 3, 6 and 7.
TYPE_TWO = (1.2, 1.5, 1.7, 2.0, 2.5)
TYPE_ONE = (0.2, 0.4, 0.6, 0.8, 0.9)
TWO_MUS = {1.7: style.BLUE, 0.6: style.VERMILLION}
# Where the axes end, in λ.
END_TYPE_TWO, END_TYPE_ONE, END_LIMITS, END_FITS = 8.0, 20.0, 15.0, 12.0

SOLVED = "GL solution (coulomb)"
PAPER_FIT = "paper's fit"


def draw_forces(tables: PairTables) -> Figure:
    """Figs. 1 and 5: Ω(d) in type II (a) and type I (b), peak force and separation (c)."""
    figure = style.new_figure(15.0, 5.4)
    panels = figure.subplots(1, 3)
    _force_panel(panels[0], tables, TYPE_TWO, END_TYPE_TWO)
    style.name_panel(panels[0], "a", f"{tables.kind}, type II")
    _force_panel(panels[1], tables, TYPE_ONE, END_TYPE_ONE)
    style.name_panel(panels[1], "b", f"{tables.kind}, type I")
    _peak_panel(panels[2], tables)
    style.name_panel(panels[2], "c", "peak")
    style.legend_below(figure, [style.entry(SOLVED, marker="o"), style.entry(PAPER_FIT, "-")])
    return figure


def _force_panel(ax: Axes, tables: PairTables, mus: tuple[float, ...], end: float) -> None:
    """Several curves; each has its colour, and its μ in the panel's legend."""
    d = np.linspace(0.0, end, 400)
    for mu, colour in zip(mus, style.shades(len(mus)), strict=True):
        curve = tables.curves[mu]
        at = _symbols_at(curve, end)
        ax.plot(d, GLPair(tables.kind, mu).force(d), color=colour)
        ax.plot(at, curve(at), "o", color=colour, label=f"μ = {mu:.1f}")
    style.zero_line(ax)
    ax.set(xlabel=style.SEPARATION, ylabel=style.FORCE, xlim=(0, end))
    ax.legend(loc="upper right" if mus[0] > 1 else "lower right")


def _symbols_at(curve: ForceCurve, end: float) -> Array:
    """Separations for symbols that stand apart, within the solved ones."""
    return np.arange(curve.d[0], min(end, curve.d[-1]), end / 30)


def _peak_panel(ax: Axes, tables: PairTables) -> None:
    """Largest force (left scale) and where it is (right) against μ."""
    mus = np.array(sorted(tables.curves))
    peaks = np.array([tables.curves[mu].peak() for mu in mus])
    fine = np.linspace(0.2, 2.5, 300)
    right = ax.twinx()
    for axes, values, fit, marker, colour in (
        (ax, peaks[:, 1], peak_force(fine, tables.kind), "^", style.BLUE),
        (right, peaks[:, 0], peak_separation(fine, tables.kind), "s", style.VERMILLION),
    ):
        axes.plot(fine, fit, color=colour)
        axes.plot(mus, values, marker, color=colour)
        axes.tick_params(axis="y", colors=colour)
    style.zero_line(ax)
    ax.set(xlabel=style.MU, xlim=(0.1, 2.6))
    ax.set_ylabel(r"peak force $\Omega_{\max}$ ($\Omega_0$)", color=style.BLUE)
    right.set_ylabel(r"at separation $d_c$ ($\lambda$)", color=style.VERMILLION)
    right.spines["right"].set_visible(True)
    right.set_ylim(bottom=0)


def draw_limits(tables: PairTables) -> Figure:
    """Figs. 2 and 6: |Ω| with its forms close together (Eq. 16) and far apart (Eq. 15)."""
    figure = style.new_figure(12.5, 5.6)
    d = np.geomspace(0.1, END_LIMITS, 400)
    for ax, letter, (mu, colour) in zip(figure.subplots(1, 2), "ab", TWO_MUS.items(), strict=True):
        curve = tables.curves[mu]
        p, q, gamma, delta = tables.limits[mu]
        power = np.abs(p * d**q)
        close = power < 2 * np.abs(curve.force).max()
        ax.plot(d[close], power[close], "--", color=style.BLACK)
        beyond = d[d > 1.3 * curve.peak()[0]]  # nearer, Eq. 15 passes through zero
        tails = delta * np.exp(-beyond) - np.sqrt(mu) * np.exp(-mu * beyond)
        ax.plot(beyond, np.abs(gamma * tails / np.sqrt(beyond)), color=style.BLACK)
        ax.plot(curve.d, np.abs(curve.force), "o", color=colour)
        said = f"p = {p:.3g}, q = {q:.3f}\nγ = {gamma:.3g}, δ = {delta:.3g}".replace("-", "−")
        ax.text(0.97, 0.95, said, transform=ax.transAxes, ha="right", va="top")
        _log_axes(ax, curve, END_LIMITS)
        style.name_panel(ax, letter, f"{tables.kind}, μ = {mu:g}")
    style.legend_below(
        figure,
        [
            style.entry(SOLVED, marker="o"),
            style.entry(r"Eq. 16, $\Omega = p\,d^{\,q}$", "--"),
            style.entry(
                r"Eq. 15, $\Omega = \gamma d^{-1/2}(\delta e^{-d} - \sqrt{\mu}\,e^{-\mu d})$", "-"
            ),
        ],
    )
    return figure


def _log_axes(ax: Axes, curve: ForceCurve, end: float) -> None:
    """|Ω| on a logarithmic scale, as far as the solutions shown reach."""
    strength = np.abs(curve.force[curve.d <= end])
    ax.set(xlabel=style.SEPARATION, ylabel=style.STRENGTH, yscale="log")
    ax.set(xlim=(0, 1.02 * end), ylim=(strength.min() / 3, 4 * strength.max()))


def draw_fits(tables: PairTables) -> Figure:
    """Figs. 3 and 7: Eq. 17 with the paper's parameters and with ours, and the solutions."""
    figure = style.new_figure(15.0, 5.4)
    both, *single = figure.subplots(1, 3)
    d = np.linspace(0.2, END_FITS, 400)
    for ax, letter, (mu, colour) in zip(single, "bc", TWO_MUS.items(), strict=True):
        curve = tables.curves[mu]
        ours = eq17(tables.etas[mu], d)
        at = _symbols_at(curve, END_FITS)
        for axes, scale in ((both, 1.0), (ax, np.sign(mu - 1))):
            axes.plot(d, scale * GLPair(tables.kind, mu).force(d), color=colour)
            axes.plot(d, scale * ours, "--", color=style.BLACK, linewidth=1.3)
            axes.plot(at, scale * curve(at), "o", color=colour, label=f"μ = {mu:g}")
        _log_axes(ax, curve, END_FITS)
        style.name_panel(ax, letter, f"{tables.kind}, μ = {mu:g}")
    style.zero_line(both)
    both.set(xlabel=style.SEPARATION, ylabel=style.FORCE, xlim=(0, END_FITS))
    both.legend()
    style.name_panel(both, "a", tables.kind)
    style.legend_below(
        figure,
        [
            style.entry(SOLVED, marker="o"),
            style.entry(f"Eq. 17, {PAPER_FIT}", "-"),
            style.entry("Eq. 17, our fit", "--"),
        ],
    )
    return figure


def draw_parameters(tables: PairTables) -> Figure:
    """Figs. 4 and 8: η₁ … η₄ of Eq. 17 against μ, and the paper's Eq. 18 for them."""
    figure = style.new_figure(12.5, 9.0)
    ours = np.array(list(tables.etas.values()))
    paper = np.array(printed_etas(tables.kind))
    fine = [np.array([formula_etas(tables.kind, mu) for mu in part]) for part in _three_ranges()]
    for i, ax in enumerate(figure.subplots(2, 2).ravel(), start=1):
        for formula in fine:
            ax.plot(formula[:, 0], formula[:, i], color=style.BLACK)
        ax.plot(ours[:, 0], ours[:, i], "o", color=style.BLUE)
        ax.plot(paper[:, 0], paper[:, i], "s", **style.OPEN, markeredgecolor=style.VERMILLION)
        for mu in (0.5, 1.0):
            ax.axvline(mu, color=style.GREY, linestyle=":", linewidth=1.0)
        ax.set(xlabel=style.MU, ylabel=rf"$\eta_{i}$", xlim=(0.1, 2.6))
        if i < 3:
            ax.set_yscale("log")
        elif i == 4:  # of both signs, over decades
            ax.set_yscale("symlog", linthresh=1.0)
            ax.margins(y=0.15)
        style.name_panel(ax, "abcd"[i - 1], tables.kind)
    style.legend_below(
        figure,
        [
            style.entry("our fit of Eq. 17", marker="o", color=style.BLUE),
            style.entry(
                "paper's table", marker="s", markeredgecolor=style.VERMILLION, **style.OPEN
            ),
            style.entry("paper's Eq. 18", "-"),
        ],
    )
    return figure


def _three_ranges() -> list[np.ndarray]:
    """μ within each of the three ranges of Eq. 18."""
    return [np.linspace(0.2, 0.5, 60), np.linspace(0.501, 0.999, 60), np.linspace(1.001, 2.5, 60)]


def draw_deltas(tables: PairTables) -> Figure:
    """Fig. 13: Δ₁ and Δ₂ of Eq. 21 against μ, and the paper's Eq. 22 for them."""
    figure = style.new_figure(12.5, 5.6)
    ours = np.array(list(tables.deltas.values()))
    paper = np.array(table_deltas())
    formula = np.array([formula_deltas(mu) for mu in np.linspace(0.3, 2.5, 200)])
    for i, ax in enumerate(figure.subplots(1, 2), start=1):
        ax.plot(formula[:, 0], formula[:, i], color=style.BLACK)
        ax.plot(ours[:, 0], ours[:, i], "o", color=style.BLUE)
        ax.plot(paper[:, 0], paper[:, i], "s", markeredgecolor=style.VERMILLION, **style.OPEN)
        ax.set(xlabel=style.MU, ylabel=rf"$\Delta_{i}$ ($\Omega_0$)", yscale="log", xlim=(0.2, 2.6))
        style.name_panel(ax, "ab"[i - 1], tables.kind)
        below = [f"μ = {row[0]:g}: {row[i]:.3g}" for row in ours if row[i] <= 0]
        if below:  # a logarithmic scale has no place for them
            said = "\n".join(["our fit, off the scale:", *below]).replace("-", "−")
            ax.text(0.97, 0.95, said, transform=ax.transAxes, ha="right", va="top")
    style.legend_below(
        figure,
        [
            style.entry("our fit of Eq. 21", marker="o", color=style.BLUE),
            style.entry(
                "paper's Table 5", marker="s", markeredgecolor=style.VERMILLION, **style.OPEN
            ),
            style.entry("paper's Eq. 22", "-"),
        ],
    )
    return figure
