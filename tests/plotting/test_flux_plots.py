"""Figures of flux exchange: the curves are the solution's, and what is said beside them is true."""

import itertools
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from vortexmd import flux_exchange as fx
from vortexmd.flux_exchange.approximate import ApproximateSolution, approximate
from vortexmd.plotting.flux import (
    plot_fields,
    plot_geometric_effect,
    plot_relaxation_rate,
    plot_total_field,
)
from vortexmd.plotting.flux_axes import label_ends
from vortexmd.plotting.flux_figures import figure_of_panels, plot_surface
from vortexmd.plotting.flux_portrait import plot_phase_portrait

LINEAR = [fx.ActivationLaw("linear", u, b) for u, b in ((15.0, 20.0), (75.0, 100.0))]
TIMES = np.geomspace(1e-2, 1e8, 41)


def two(epsilon=0.01):
    return fx.FluxNetwork.two_regions(*LINEAR, epsilon=epsilon)


def cylinder(radius=2.0):
    return fx.FluxNetwork.cylinder(
        radius,
        0.2,
        bulk=fx.ActivationLaw("logarithmic", 20.0, 1000.0),
        surface=fx.ActivationLaw("linear", 40.0, 200.0),
        attempt_rate=1e9,
        hop_distance=0.01,
    )


@pytest.fixture(scope="module")
def solution():
    return two().solve([20.0, 20.0], TIMES)


@pytest.fixture(scope="module")
def layers():
    times = np.geomspace(1e-10, 1.0, 60)
    return [
        cylinder(radius).solve([1000.0, 1000.0], times, surface="two_stage")
        for radius in (2.0, 20.0)
    ]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def test_one_solution_has_a_named_curve_a_region(solution):
    ax = plot_fields(solution, field_unit="G", time_unit="s")
    assert len(ax.lines) == 2
    for k, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xdata(), TIMES)
        np.testing.assert_array_equal(line.get_ydata(), solution.b[:, k])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time $t$ / s", "field $B$ / G")
    assert texts(ax) == [r"$B_{\mathrm{p}}$", r"$B_{\mathrm{q}}$"]
    for text, line in zip(ax.texts, ax.lines, strict=True):
        assert text.get_color() == line.get_color()
        assert text.xy[1] == line.get_ydata()[-1]
    assert ax.get_xscale() == "log" and ax.get_legend() is None
    assert plot_fields(solution).get_xlabel() == "time $t$"


def test_a_linear_axis_shows_time_zero_and_a_log_axis_does_not():
    solved = two().solve([20.0, 20.0], [0.0, 1.0, 100.0])
    assert plot_fields(solved, time_scale="linear").get_xlim() == (0.0, 100.0)
    assert plot_fields(solved).get_xlim() == (1.0, 100.0)


def test_several_solutions_have_a_colour_each():
    solutions = [two(epsilon).solve([20.0, 20.0], TIMES) for epsilon in (0.0, 0.01, 0.1)]
    ax = plot_fields(solutions, labels=["0", "0.01", "0.1"], legend_title="ε")
    assert legend(ax) == ["0", "0.01", "0.1"]
    assert ax.get_legend().get_title().get_text() == "ε"
    colours = [line.get_color() for line in ax.lines]
    assert colours[0::2] == colours[1::2] and len(set(colours)) == 3
    np.testing.assert_array_equal(ax.lines[5].get_ydata(), solutions[2].b[:, 1])


def test_an_approximation_is_drawn_while_it_holds(solution):
    b = approximate(solution.network.graph, [20.0, 20.0], TIMES)
    end = 3e5
    ax = plot_fields(solution, approximations=[ApproximateSolution(TIMES, b, 0, end, 0.02)])
    _, _, source, partner, circle = ax.lines
    for k, line in enumerate((source, partner)):
        np.testing.assert_array_equal(line.get_xdata(), TIMES[end >= TIMES])
        np.testing.assert_array_equal(line.get_ydata(), b[end >= TIMES, k])
    exact = approximate(solution.network.graph, [20.0, 20.0], [end])[0, 0]
    assert circle.get_xdata() == [end]
    assert circle.get_ydata()[0] == pytest.approx(exact, abs=0.05)
    assert legend(ax) == ["approximate, while it holds", "off by 2 % from here"]
    ax = plot_fields(solution, approximations=[ApproximateSolution(TIMES, b, 0, np.inf, 0.01)])
    assert legend(ax) == ["approximate, while it holds"]
    np.testing.assert_array_equal(ax.lines[2].get_xdata(), TIMES)


def test_whole_vortices_are_a_band_of_one_standard_deviation(solution):
    runs = solution.network.sample([20.0, 20.0], TIMES, 1.0, n_runs=30, seed=2)
    ax = plot_fields(solution, sample=runs)
    bands = [c for c in ax.collections if isinstance(c, PolyCollection)][:2]
    for k, band in enumerate(bands):
        (path,) = band.get_paths()
        heights = path.vertices[np.isclose(path.vertices[:, 0], TIMES[20]), 1]
        expected = runs.fields[:, 20, k]
        np.testing.assert_allclose(
            [heights.min(), heights.max()],
            expected.mean() + np.array([-1, 1]) * expected.std(ddof=1),
            rtol=1e-12,
        )
    assert legend(ax) == ["whole vortices, 30 runs: mean ± s.d."]
    single = solution.network.sample([20.0, 20.0], TIMES, 1.0, seed=2)
    ax = plot_fields(solution, sample=single)
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), single.mean[:, 0])
    assert legend(ax) == ["whole vortices, one run"]


def test_many_regions_are_lines_of_one_colour_and_their_mean():
    law = fx.ActivationLaw("logarithmic", 3.0, 30.0)
    net = fx.FluxNetwork.chain(law, 1.0, 1.0, 0.5, cells=400)
    solved = net.solve(np.linspace(1.0, 29.0, 400), [0.1, 1.0, 10.0])
    ax = plot_fields(solved)
    assert len(ax.lines) == 301
    assert legend(ax) == ["300 of 400 regions"]
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), solved.mean_field)
    assert texts(ax) == ["total $B_t$"]
    ax = plot_fields([solved, solved], labels=["a", "b"])
    assert len(ax.lines) == 2 and len(ax.collections) == 2


def test_surface_layer(layers):
    figure = plot_surface(
        layers,
        labels=["2", "20"],
        legend_title="R / µm",
        field_unit="G",
        time_unit="s",
        title="Aging",
    )
    fields, rate, total = figure.axes
    assert "Aging" in [text.get_text() for text in figure.texts]
    (switch,) = [line for line in fields.lines if line.get_gid() == "switch"]
    assert set(switch.get_xdata()) == {layers[0].switch_time}
    assert fields.get_title(loc="left") == "R / µm = 2"
    for line, solved in zip(total.lines, layers, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), solved.mean_field)
    # The rate drawn is the slope of the total drawn (midpoints; the steepest stretch of the first stage).
    for k in range(2):
        times, b = total.lines[k].get_data()
        slope = -np.diff(np.log(b)) / np.diff(np.log(times))
        drawn = rate.lines[k].get_ydata()
        between = (drawn[1:] + drawn[:-1]) / 2
        quiet = times[:-1] > 3 * layers[k].switch_time
        np.testing.assert_allclose(slope[quiet], between[quiet], rtol=0.02)
    assert total.get_legend().get_title().get_text() == "R / µm"
    assert rate.get_legend() is None
    assert total.get_ylabel() == "total field $B_t$ / G"


def test_phase_portrait_is_straight_lines_to_equilibria():
    def portrait(gamma):
        net = fx.FluxNetwork.two_regions(*LINEAR, epsilon=0.01, gamma=gamma)
        return net.phase_portrait([[20.0, 20.0], [10.0, 10.0]])

    ax = plot_phase_portrait([portrait(0.5), portrait(2.0)], field_unit="G")
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        r"$B_{\mathrm{q}}$ / G",
        r"$B_{\mathrm{p}}$ / G",
    )
    assert legend(ax) == ["0.5", "2", "no net exchange, $W_p = W_q$"]
    assert ax.get_legend().get_title().get_text() == "γ"
    lines = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) == 2]
    # The strong region takes nearly all of the flux, B_q = B_q(0) + B_p(0)/γ; what W_p = W_q then leaves
    # to the weak one is B_p = B_q exp(15 − 75 (1 − B_q/100)), to first order.
    expected = []
    for gamma, start in ((0.5, 20.0), (0.5, 10.0), (2.0, 20.0), (2.0, 10.0)):
        b_q = start + start / gamma
        b_p = b_q * np.exp(15 - 75 * (1 - b_q / 100))
        expected.append([[start, start], [b_q - b_p / gamma, b_p]])
    np.testing.assert_allclose(lines, expected, atol=1e-8)
    # On the grey curve W_p = W_q.
    (curve,) = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 2]
    b_q, b_p = curve[1:].T
    np.testing.assert_allclose(
        np.log(b_p) - 15 * (1 - b_p / 20), np.log(b_q) - 75 * (1 - b_q / 100), atol=1e-8
    )
    ax = plot_phase_portrait(portrait(1.0), labels=["one"], names=["weak", "strong"], legend=False)
    assert ax.get_xlabel() == "strong" and ax.get_legend() is None
    (flow,) = [c for c in ax.collections if hasattr(c, "U")]
    # Every arrow of the flow has the lines' slope, −γ.
    moving = (flow.U != 0) | (flow.V != 0)
    np.testing.assert_allclose((flow.V / flow.U)[moving], -1.0, rtol=1e-12)


def test_own_figures_of_rate_and_total(layers):
    ax = plot_relaxation_rate(layers[0], time_unit="s")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), layers[0].relaxation_rate)
    ax = plot_total_field(layers, labels=["a", "b"], legend_title="R")
    assert legend(ax) == ["a", "b"]


def test_panels_have_one_legend(solution):
    def panel(labels):
        return lambda ax: plot_fields([solution] * len(labels), ax, labels=labels, legend=False)

    figure = figure_of_panels(
        [panel("ab"), panel("bc"), panel("c")], ["one", "two", ""], shared=True
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["one", "two", ""]
    assert [legend(ax) for ax in figure.axes] == [[], ["a", "b", "c"], []]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    places = [ax.get_position() for ax in figure.axes]
    assert places[0].x1 < places[1].x0 and places[2].y1 < places[0].y0


def test_names_that_would_overlap_are_moved_apart(solution):
    ax = plot_fields(solution)
    before = len(ax.texts)
    label_ends(ax, [20.0, 20.1, 20.2, 35.0], list("abcd"), ["k"] * 4)
    figure = ax.figure
    heights = [t.get_window_extent(figure.canvas.get_renderer()) for t in ax.texts[before:]]
    for low, high in itertools.pairwise(heights):
        assert (low.y0 + low.y1) / 2 < (high.y0 + high.y1) / 2 - 12 * figure.dpi / 72


def test_settings_do_not_leak_and_nothing_is_warned_of(solution):
    before = matplotlib.rcParams.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_fields(solution).figure.canvas.draw()
    assert matplotlib.rcParams == before


def test_bad_input(solution):
    with pytest.raises(ValueError, match="solutions: none"):
        plot_fields([])
    with pytest.raises(ValueError, match="labels: 2 for 1 solutions"):
        plot_fields(solution, labels=["a", "b"])
    with pytest.raises(ValueError, match="approximations: 2 for 1"):
        plot_fields(solution, approximations=[None, None])
    with pytest.raises(ValueError, match="time_scale = 'sqrt'"):
        plot_fields(solution, time_scale="sqrt")
    with pytest.raises(ValueError, match="no time above 0"):
        plot_fields(two().solve([20.0, 20.0], [0.0]))
    with pytest.raises(ValueError, match="sample: goes with a single solution"):
        runs = solution.network.sample([20.0, 20.0], TIMES, 1.0)
        plot_fields([solution, solution], sample=runs)
    with pytest.raises(ValueError, match="of \\[1, 2\\] regions"):
        alone = fx.FluxNetwork([fx.Region(1.0, LINEAR[0])], [], 1.0, 1.0)
        plot_fields([solution, alone.solve([1.0], TIMES)])
    with pytest.raises(ValueError, match="portraits: none"):
        plot_phase_portrait([])
    with pytest.raises(ValueError, match="labels: 2 for 1 portraits"):
        plot_phase_portrait(solution.network.phase_portrait([20.0, 20.0]), labels=["a", "b"])
    with pytest.raises(ValueError, match="titles: 1 for 0 panels"):
        figure_of_panels([], ["a"])


def test_the_geometric_effect_is_the_area_of_the_layer():
    """B_t/B_b = 1 − a (1 − B_s/B_b) with a = 1 − (1 − δ/R)² (Eq. 24), at the R/δ of the cylinders."""
    law = fx.ActivationLaw("logarithmic", u0=10.0, b_max=100.0)
    times = [0.0, 0.1, 1.0, 10.0, 100.0]
    radii = [30.0, 2.0, 5.0]
    solutions = [
        fx.FluxNetwork.cylinder(
            radius, 0.5, bulk=law, surface=law, attempt_rate=1.0, hop_distance=0.1
        ).solve([90.0, 80.0], times)
        for radius in radii
    ]
    ax = plot_geometric_effect(solutions, time_unit="s")
    curves = [line for line in ax.lines if line.get_marker() in "o^s"]
    assert [line.get_label() for line in curves][-1] == "$t = 10^{2}$ s" and len(curves) == 3
    for line, k in zip(curves, (2, 3, 4), strict=True):
        np.testing.assert_allclose(line.get_xdata(), [4.0, 10.0, 60.0], rtol=1e-12)
        expected = [
            1 - (1 - (1 - 0.5 / radius) ** 2) * (1 - s.b[k, 1] / s.b[k, 0])
            for radius, s in sorted(zip(radii, solutions, strict=True), key=lambda pair: pair[0])
        ]
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="different times"):
        plot_geometric_effect([solutions[0], solutions[1].network.solve([90.0, 80.0], [1.0])])
