"""Pinning regions in pictures, and what theory says beside the fields of a run."""

import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import FrameList
from matplotlib.collections import LineCollection
from scipy.stats import binom

import vortexmd as vmd
from vortexmd.flux_exchange import ActivationLaw, FluxNetwork, Interface, Region
from vortexmd.hopping import ArrheniusHopping
from vortexmd.plotting import plot_configuration, plot_exchange, plot_run
from vortexmd.plotting.exchange import BAND, NoTheoryError, theory_of
from vortexmd.reader import load
from vortexmd.regions import Regions

BOX = vmd.Box((10.0, 6.0), ("periodic", "reflecting"))


def strips(edges, box=BOX, names=()):
    """Regions side by side along x."""
    ly = box.lengths[1]
    return Regions.rectangles([[a, 0.0, b, ly] for a, b in pairwise(edges)], box=box, names=names)


def vortices(counts, edges, box=BOX, seed=1, time=0.0):
    """So many in each strip, anywhere in it."""
    rng = np.random.default_rng(seed)
    x = [rng.uniform(a, b, n) for (a, b), n in zip(pairwise(edges), counts, strict=True)]
    x = np.concatenate(x)
    return vmd.Vortices(np.stack((x, rng.uniform(0, box.lengths[1], len(x))), 1), 1, box, time=time)


# Barriers of 0: single vortices go back and forth independently, at ε = ½Lsν₀/A = 0.05 and 0.0125 a τ.
EDGES = (0.0, 2.0, 10.0)
RATE_OUT, RATE_BACK = 0.05, 0.0125
FREE = ActivationLaw("linear", u0=0.0, b_max=100.0)


def network(laws=(FREE, FREE)):
    regions = [Region(12.0, laws[0]), Region(48.0, laws[1])]
    return FluxNetwork(regions, [Interface(0, 1, 6.0)], attempt_rate=0.4, hop_distance=0.5)


def run(counts=((240, 0), (200, 40), (170, 70)), times=(5.0, 15.0, 25.0), rule=None, **changes):
    """A trajectory with the given counts in two strips."""
    frames = [
        vortices(n, EDGES, time=t, seed=k)
        for k, (n, t) in enumerate(zip(counts, times, strict=True))
    ]
    made = FrameList(frames)
    made.regions = strips(EDGES, names=["narrow", "wide"])
    made.region_counts = np.array(counts)
    made.hopping = SimpleNamespace(
        allow_above=False,
        weigh_energy=False,
        laws=(FREE, FREE),
        network=rule or (lambda effective, temperature: network()),
    )
    for name, value in changes.items():
        setattr(made.hopping, name, value)
    return made


def lines(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def note(ax):
    return " ".join(text.get_text() for text in ax.texts if text.get_gid() == "note").replace(
        "\n", " "
    )


# ---------------------------------------------------------------------- theory


def test_line_is_the_exact_solution():
    run_ = run()
    theory = theory_of(run_, run_.region_counts[0] / run_.regions.area)
    assert theory.times[0] == 5.0
    assert theory.times[-1] == 25.0
    total = RATE_OUT + RATE_BACK
    stay = (RATE_BACK + RATE_OUT * np.exp(-total * (theory.times - 5.0))) / total
    np.testing.assert_allclose(theory.b[:, 0], 20.0 * stay, rtol=1e-6)
    np.testing.assert_allclose(theory.b[:, 1], 5.0 * (1 - stay), rtol=1e-6, atol=1e-8)


def test_band_is_that_of_the_exact_distribution():
    """All start in one region, so that their number in it is binomial.

    A quantile q from 200 runs has the standard error √(q(1 − q)/200)/f, f the density there: 0.19 σ for a
    normal one at 2.5 %. 12 comparisons within 4 of them and half a vortex: false alarms below 1 in 1000.
    """
    run_ = run()
    theory = theory_of(run_, run_.region_counts[0] / run_.regions.area)
    total = RATE_OUT + RATE_BACK
    for k in (30, 50, 60, 70, 85, 100):
        stay = (RATE_BACK + RATE_OUT * np.exp(-total * (theory.times[k] - 5.0))) / total
        exact = binom(240, stay)
        for low_high, q in enumerate(BAND):
            number = 12.0 * theory.band[low_high, k, 0]
            assert abs(number - exact.ppf(q)) < 4 * 0.19 * exact.std() + 0.5


def test_what_the_network_is_asked_for():
    asked = []

    def make(effective, temperature):
        asked.append((effective, temperature))
        return network()

    run_ = run(rule=make)
    theory_of(run_, run_.region_counts[0] / run_.regions.area)
    assert asked == [(True, 0.05)]


@pytest.mark.parametrize("frames", [1, 2])
def test_few_frames(frames, tmp_path):
    counts, times = ((240, 0), (200, 40))[:frames], (5.0, 15.0)[:frames]
    ax = plot_exchange(run(counts, times))
    ax.figure.savefig(tmp_path / "exchange.png", dpi=40)
    assert len(lines(ax, "MD")) == 2


def refuse(effective, temperature):
    raise ValueError("above_b_max = 'flow': one-sided flow has no counterpart in the network")


def windings(run_):
    run_[0] = vmd.Vortices([[1.0, 1.0]], -1, BOX, time=5.0)


def heated(run_):
    run_.temperature = np.linspace(0.1, 0.2, 3)
    run_.hopping.laws = (ActivationLaw("linear", u0_energy=1.0, b_max=100.0), FREE)


class Changed(FrameList):
    @property
    def hopping(self):
        raise ValueError("hopping changed between these frames")


def changed(run_):
    run_.__class__ = Changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (windings, "MD alone: there are windings other than [+]1"),
        (heated, "MD alone: the temperature changes, and with it the laws"),
        (changed, "MD alone: the hopping was changed on the way"),
        (lambda r: setattr(r.hopping, "network", refuse), "MD alone: above_b_max = 'flow'"),
        (lambda r: setattr(r, "region_counts", 100 * r.region_counts), "MD alone: .* B_m = 100"),
    ],
)
def test_runs_without_theory(change, words):
    run_ = run()
    change(run_)
    ax = plot_exchange(run_)
    assert len(lines(ax, "MD")) == 2
    assert not lines(ax, "ODE")
    assert not ax.collections
    assert re.search(words, note(ax))


def test_constant_temperature_and_laws_by_energy():
    run_ = run()
    run_.hopping.laws = (ActivationLaw("linear", u0_energy=1.0, b_max=100.0), FREE)
    assert note(plot_exchange(run_)) == ""


def test_start_above_the_maximum_where_it_was_asked_for():
    low = ActivationLaw("linear", u0=0.0, b_max=10.0)

    def make(effective, temperature):
        return network((low, low))

    with pytest.raises(NoTheoryError, match="exceeds B_m = 10"):
        theory_of(run(rule=make), np.array([20.0, 0.0]))
    theory = theory_of(run(rule=make, allow_above=True), np.array([20.0, 0.0]))
    assert theory.b[0, 0] == 20.0


def test_weighed_hops_are_told():
    assert note(plot_exchange(run(weigh_energy=True))).startswith("hops are weighed by energy")


def test_too_many_hops_to_sample():
    fast = FluxNetwork(network().regions, network().interfaces, attempt_rate=1e5, hop_distance=0.5)
    ax = plot_exchange(run(rule=lambda effective, temperature: fast))
    assert note(ax) == "no band: 200 sampled runs would have more than 1e+07 hops"
    assert lines(ax, "ODE")
    assert not ax.collections


def test_too_many_regions_to_sample():
    edges = np.linspace(0, 10, 71)
    counts = np.ones((3, 70), dtype=int)
    counts[:, :35] = [[3], [2], [1]]
    made = FrameList([vortices(n, edges, time=float(k)) for k, n in enumerate(counts)])
    made.regions, made.region_counts = strips(edges), counts
    chain = FluxNetwork(
        [Region(60 / 70, FREE)] * 70, [Interface(k, k + 1, 6.0) for k in range(69)], 0.4, 0.1
    )
    made.hopping = SimpleNamespace(
        allow_above=False, weigh_energy=False, laws=(FREE,), network=lambda **options: chain
    )
    ax = plot_exchange(made)
    assert note(ax) == "no band: more than 64 regions the 4 of 70 regions that change most"


# ---------------------------------------------------------------------- drawing


def test_fields_of_the_run():
    run_ = run()
    ax = plot_exchange(run_)
    for k, (line, area) in enumerate(zip(lines(ax, "MD"), (12.0, 48.0), strict=True)):
        np.testing.assert_array_equal(line.get_xdata(), run_.times)
        np.testing.assert_allclose(line.get_ydata(), run_.region_counts[:, k] / area)
    rows = [legend.get_texts() for legend in ax.artists] + [ax.get_legend().get_texts()]
    words = [[text.get_text() for text in row] for row in rows]
    assert words == [["MD", "ODE", "SSA, 95 %"], ["narrow", "wide"]]
    assert ax.get_xlabel() == "time / τ"
    assert ax.get_ylabel().split() == ["B", "/", "(vortices", "per", "λ²)"]
    # One band a region, in its colour, as is the line on its pale rim.
    assert len(ax.collections) == 2
    colours = [line.get_color() for line in lines(ax, "MD")]
    assert [line.get_color() for line in lines(ax, "ODE")][1::2] == colours


def test_legends_lie_within_the_figure(tmp_path):
    figure = plot_exchange(run()).figure
    figure.savefig(tmp_path / "exchange.png", dpi=40)
    (ax,) = figure.axes
    for legend in (*ax.artists, ax.get_legend()):
        extent = legend.get_window_extent()
        assert extent.x0 >= 0
        assert extent.y1 <= figure.bbox.y1


def test_four_regions_that_change_most():
    edges = np.linspace(0, 10, 7)
    counts = np.array([[30, 5, 5, 20, 5, 15], [10, 5, 5, 30, 25, 5], [12, 6, 4, 25, 23, 10]])
    made = FrameList([vortices(n, edges, time=float(k)) for k, n in enumerate(counts)])
    made.regions, made.region_counts = strips(edges), counts
    made.hopping = SimpleNamespace(network=refuse, laws=(), allow_above=False, weigh_energy=False)
    ax = plot_exchange(made)
    shown = [line.get_ydata()[0] * 10.0 for line in lines(ax, "MD")]
    np.testing.assert_allclose(shown, [30, 20, 5, 15])
    assert "the 4 of 6 regions that change most" in note(ax)
    assert len(ax.get_legend().get_texts()) == 4


def test_no_regions_no_exchange(drifting):
    plain = drifting(vmd.random_vortices(10, density=1.0))
    with pytest.raises(ValueError, match="trajectory: of a run without pinning regions"):
        plot_exchange(plain)
    with pytest.raises(ValueError, match="it holds no frames"):
        plot_exchange(FrameList([]))


# ---------------------------------------------------------------------- pictures


def walls(ax):
    """The segments of the upper of the two collections, sorted."""
    found = [c for c in ax.collections if c.get_gid() == "regions"]
    assert len(found) == 2
    return sorted(np.round(segment, 9).tolist() for segment in found[1].get_segments())


def names(ax):
    return {t.get_text(): t.get_position() for t in ax.texts if t.get_gid() == "region name"}


def test_walls_and_names():
    regions = strips((0.0, 2.0, 7.0, 10.0), names=["a", "b", "c"])
    ax = plot_configuration(vortices((5, 10, 5), (0.0, 2.0, 7.0, 10.0)), regions=regions)
    # The first and the last strip touch across the periodic side: a wall at both ends of the box.
    x = [segment[0][0] for segment in walls(ax)]
    assert sorted(x) == [0.0, 2.0, 7.0, 10.0]
    for segment in walls(ax):
        assert segment[0][0] == segment[1][0]
        assert sorted((segment[0][1], segment[1][1])) == [0.0, 6.0]
    assert list(names(ax)) == ["a", "b", "c"]
    for k, place in enumerate(names(ax).values()):
        assert regions.label(np.array([place]))[0] == k
        assert abs(place[1] - 3.0) < 1.0
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-1] == "walls of 3 regions"
    layer = [c.get_zorder() for c in ax.collections if c.get_gid() == "regions"]
    cells, *_, dots = sorted(c.get_zorder() for c in ax.collections if c.get_gid() != "regions")
    assert cells < min(layer) <= max(layer) < dots


def test_one_region_has_no_walls_and_many_have_no_names():
    state = vortices((20,), (0.0, 10.0))
    whole = Regions.rectangles([[0, 0, 10, 6]], box=vmd.Box((10.0, 6.0)))
    ax = plot_configuration(state, regions=whole)
    assert not [c for c in ax.collections if type(c) is LineCollection]
    ax = plot_configuration(state, regions=strips(np.linspace(0, 10, 14)))
    assert names(ax) == {}
    assert len(walls(ax)) == 14


def test_run_with_regions(tmp_path):
    for times in ((5.0, 15.0, 25.0), np.linspace(0, 40, 3)):
        figure = plot_run(run(times=tuple(times)), frame=1)
        figure.savefig(tmp_path / "run.png", dpi=40)
        # One between the strips, and where they touch across the periodic side, at both ends.
        assert len(walls(figure.axes[0])) == 3
        panel = figure.axes[-1]
        assert len(lines(panel, "MD")) == 2
        (now,) = lines(panel, "now")
        assert now.get_xdata()[0] == times[1]
        assert panel.get_shared_x_axes().joined(panel, figure.axes[1])


class Torn(FrameList):
    """Regions that were changed between two frames."""

    @property
    def regions(self):
        raise ValueError("regions changed between these frames; take a slice")

    @regions.setter
    def regions(self, value):
        pass


def test_run_whose_regions_changed():
    run_ = run()
    run_.__class__ = Torn
    figure = plot_run(run_)
    assert not [c for c in figure.axes[0].collections if c.get_gid() == "regions"]
    assert not lines(figure.axes[-1], "MD")
    with pytest.raises(ValueError, match="take a slice"):
        plot_exchange(run_)


def test_a_simulation_from_start_to_picture(tmp_path):
    """The engine, the file, the network and the figure together."""
    rule = ArrheniusHopping(strips(EDGES), FREE, attempt_rate=0.4, hop_distance=0.5)
    sim = vmd.Simulation(
        vortices((60, 20), EDGES), dt=0.05, temperature=0.2, seed=3, reactions=[rule]
    )
    sim.run(200, writers=[vmd.TrajectoryWriter(tmp_path / "run.h5", 10)])
    trajectory = load(tmp_path / "run.h5")
    assert trajectory.region_counts[0].tolist() == [60, 20]
    figure = plot_run(trajectory)
    figure.savefig(tmp_path / "run.png", dpi=40)
    panel = figure.axes[-1]
    assert note(panel) == ""
    np.testing.assert_allclose(
        lines(panel, "MD")[1].get_ydata(), trajectory.region_counts[:, 1] / 48
    )
    # Two interfaces in a box that is periodic along x: the rates are doubled.
    total = 2 * (RATE_OUT + RATE_BACK)
    ode = lines(panel, "ODE")[1]
    decay = np.exp(-total * ode.get_xdata())
    np.testing.assert_allclose(ode.get_ydata(), 4 / 3 + (5 - 4 / 3) * decay, rtol=1e-6)
