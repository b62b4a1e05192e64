"""Curves against time and the picture of a run."""

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import LineCollection

from vortexmd.analysis import global_hexatic_order, sixfold_fraction
from vortexmd.box import Box
from vortexmd.lattices import random_vortices
from vortexmd.plotting import plot_count, plot_energy, plot_order, plot_run, plot_velocity
from vortexmd.vortices import Vortices

PLOTS = [plot_energy, plot_velocity, plot_order, plot_count]


def curves(ax):
    return {
        line.get_label(): (line.get_xdata(), line.get_ydata())
        for line in ax.lines
        if not line.get_label().startswith("_")
    }


def pairs(n=20, seed=1, box=None):
    return random_vortices(n, box=box or Box((8.0, 8.0)), winding={1: 0.5, -1: 0.5}, seed=seed)


def test_energy_per_vortex(drifting):
    run = drifting(random_vortices(10, density=1.0))
    ax = plot_energy(run)
    times, energy = curves(ax)["energy"]
    np.testing.assert_allclose(times, [0, 2, 4, 6, 8])
    np.testing.assert_allclose(energy, 2 + np.exp(-np.arange(5) / 5))
    assert ax.get_ylabel().split() == ["energy", "per", "vortex", "/", "ε₀"]
    assert ax.get_xlabel() == "time / τ"
    assert len(ax.figure.axes) == 1


def test_energy_is_the_total_where_the_number_varies(thinning):
    run = thinning(pairs())
    ax = plot_energy(run)
    np.testing.assert_allclose(curves(ax)["energy"][1], run.energy)
    assert ax.get_ylabel().split() == ["total", "energy", "/", "ε₀"]


def test_temperature_appears_when_it_changes(drifting):
    run = drifting(random_vortices(10, density=1.0))
    run.temperature = np.linspace(0.1, 0, 5)
    ax, twin = plot_energy(run).figure.axes
    np.testing.assert_allclose(curves(twin)["temperature"][1], run.temperature)
    assert "kT / ε₀" in twin.get_ylabel()
    assert ax.get_position().bounds == pytest.approx(twin.get_position().bounds)


def test_velocity(drifting):
    run = drifting(pairs())
    ax = plot_velocity(run)
    assert list(curves(ax)) == [r"$\langle v_x\rangle$", r"$\langle v_y\rangle$"]
    np.testing.assert_array_equal(curves(ax)[r"$\langle v_x\rangle$"][1], run.mean_velocity[:, 0])
    run.winding_velocity = -0.5 * run.mean_velocity
    weighted = curves(plot_velocity(run))[r"$\langle n\,v_y\rangle$"][1]
    np.testing.assert_array_equal(weighted, run.winding_velocity[:, 1])
    assert "(λ/τ)" in ax.get_ylabel()


def test_order_at_no_more_than_sixty_times(drifting):
    run = drifting(random_vortices(30, density=1.0, seed=2), frames=150)
    shown = curves(plot_order(run))
    times, sixfold = shown["P₆"]
    assert len(times) == 60
    assert times[0] == run.times[0]
    assert times[-1] == run.times[-1]
    # Straight common drift: order stays what it is at the start.
    np.testing.assert_allclose(sixfold, sixfold_fraction(run[0]))
    np.testing.assert_allclose(shown["|⟨ψ₆⟩|"][1], global_hexatic_order(run[0]), atol=1e-9)


def test_count_by_sign(thinning):
    start = random_vortices(20, density=1.0, seed=1)
    run = thinning(Vortices(start.positions, [1] * 12 + [2] + [-1] * 7, start.box), frames=4)
    shown = curves(plot_count(run))
    np.testing.assert_array_equal(shown["vortices"][1], [13, 12, 11, 10])
    np.testing.assert_array_equal(shown["antivortices"][1], [7, 6, 5, 4])
    alone = curves(plot_count(thinning(start, frames=3)))
    assert list(alone) == ["vortices"]


def test_count_on_logarithmic_axes(thinning):
    run = thinning(pairs(8), frames=5)
    ax = plot_count(run, loglog=True)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    times, count = curves(ax)["vortices"]
    np.testing.assert_array_equal(times, [2, 4, 6, 8])
    np.testing.assert_array_equal(count, [3, 2, 1, np.nan])
    ax.figure.canvas.draw()


def test_logarithmic_axes_need_a_time_above_zero(drifting):
    with pytest.raises(ValueError, match="loglog = True: no frame at a time above 0"):
        plot_count(drifting(pairs(), frames=1), loglog=True)


@pytest.mark.parametrize("draw", [*PLOTS, plot_run])
def test_no_frames(draw, drifting):
    with pytest.raises(ValueError, match="trajectory: it holds no frames"):
        draw(drifting(pairs(), frames=0))


@pytest.mark.parametrize("draw", PLOTS)
def test_in_given_axes_and_for_no_vortices(draw, drifting):
    figure = matplotlib.figure.Figure()
    ax = figure.add_subplot()
    assert draw(drifting(Vortices([], 1, Box((3.0, 3.0)))), ax) is ax
    figure.canvas.draw()


def panels(figure):
    return [axes for axes in figure.axes if axes.get_xlabel() != "x / λ"]


def test_run_of_constant_number(drifting, tmp_path):
    run = drifting(random_vortices(30, density=1.0, seed=2))
    run.temperature = np.linspace(0.1, 0, 5)
    figure = plot_run(run, frame=1)
    figure.savefig(tmp_path / "run.png", dpi=40)
    picture, energy, temperature, velocity, order = figure.axes
    assert "t = 2 τ" in picture.get_title()
    assert set(curves(order)) == {"P₆", "|⟨ψ₆⟩|"}
    for panel in (energy, velocity, order):
        (now,) = [line for line in panel.lines if line.get_gid() == "now"]
        assert now.get_xdata()[0] == 2
    assert energy.get_shared_x_axes().joined(energy, order)
    assert order.get_xlabel() == "time / τ"
    assert velocity.get_xlabel() == ""
    assert picture.get_position().x1 < energy.get_position().x0
    assert temperature.get_position().bounds == pytest.approx(energy.get_position().bounds)
    bounds, size = figure.get_tightbbox(), figure.get_size_inches()
    assert min(bounds.x0, bounds.y0) > 0
    assert bounds.x1 < size[0]
    assert bounds.y1 < size[1]


def test_run_of_varying_number(thinning):
    figure = plot_run(thinning(pairs()))
    assert set(curves(figure.axes[-1])) == {"vortices", "antivortices"}


def test_run_that_ends_empty(thinning, tmp_path):
    figure = plot_run(thinning(pairs(4), frames=5))
    figure.savefig(tmp_path / "run.png", dpi=40)
    assert "N = 0" in figure.axes[0].get_title()


def test_run_of_one_frame(drifting, tmp_path):
    figure = plot_run(drifting(pairs(), frames=1))
    figure.savefig(tmp_path / "run.png", dpi=40)
    assert [text.get_text() for text in figure.axes[2].texts] == ["two frames are needed"]


@pytest.mark.parametrize("boundary", [("periodic", "reflecting"), ("open", "free"), "free"])
@pytest.mark.parametrize("lengths", [(40.0, 6.0), (5.0, 30.0)])
def test_run_in_strips_and_free_boxes(boundary, lengths, drifting, tmp_path):
    start = pairs(40, box=Box(lengths, boundary))
    figure = plot_run(drifting(start, velocity=(0, 0)))
    figure.savefig(tmp_path / "run.png", dpi=40)
    picture, curve = figure.axes[0].get_position(), figure.axes[1].get_position()
    if lengths[0] > lengths[1]:
        assert picture.y0 > curve.y1
    else:
        assert picture.x1 < curve.x0


def test_trails_of_a_run(drifting):
    run = drifting(random_vortices(10, density=1.0), frames=30, velocity=(0.01, 0.0))
    (rims, lines) = [
        c for c in plot_run(run, trails=7).axes[0].collections if type(c) is LineCollection
    ]
    length = sum(np.hypot(*np.diff(s, axis=0)[0]) for s in lines.get_segments())
    # Ten vortices over seven intervals of 2 τ at 0.01 λ/τ.
    assert length == pytest.approx(10 * 7 * 0.02)
    assert len(rims.get_segments()) == len(lines.get_segments())
    without = plot_run(run, trails=0).axes[0]
    assert not [c for c in without.collections if type(c) is LineCollection]


def test_large_run_has_its_note(drifting):
    figure = plot_run(drifting(random_vortices(20_001, density=1.0), frames=1))
    assert "N > 20\u2009000: only cells that are not sixfold" in figure.axes[0].get_title()


def test_frames_and_trails_that_are_not_there(drifting):
    run = drifting(pairs())
    with pytest.raises(IndexError, match="frame = 5: the trajectory holds 5 frames"):
        plot_run(run, frame=5)
    with pytest.raises(ValueError, match="trails = -1: give a number of frames"):
        plot_run(run, trails=-1)


def test_curves_leave_no_trace_in_matplotlib(drifting):
    before = dict(matplotlib.rcParams)
    plot_run(drifting(pairs()))
    assert dict(matplotlib.rcParams) == before
    assert matplotlib._pylab_helpers.Gcf.figs == {}
