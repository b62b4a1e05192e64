"""Pictures of configurations: what is drawn, counted and written."""

import re
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import EllipseCollection, LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure

from vortexmd.analysis import coordination_numbers, sixfold_fraction
from vortexmd.box import Box
from vortexmd.lattices import random_vortices, triangular_lattice
from vortexmd.plotting import plot_configuration
from vortexmd.plotting.layers import COLOURS
from vortexmd.vortices import Vortices

BOUNDARIES = [
    ("periodic", "periodic"),
    ("periodic", "reflecting"),
    ("open", "periodic"),
    ("open", "open"),
    ("free", "free"),
    ("periodic", "free"),
]


def layers(ax, kind):
    return [artist for artist in ax.collections if type(artist) is kind]


def legend(ax):
    """The legend's counts by their words."""
    shown = ax.get_legend()
    texts = [text.get_text() for text in shown.get_texts()] if shown else []
    return {
        word: int(count.replace("\u2009", "")) for word, count in (t.split(": ") for t in texts)
    }


def clipped_area(polygon, lengths):
    """Area of the part of a convex polygon inside the box (Sutherland and Hodgman)."""
    for axis in (0, 1):
        for sign, bound in ((1, 0.0), (-1, -lengths[axis])):
            kept = []
            for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
                da, db = sign * a[axis] - bound, sign * b[axis] - bound
                if da >= 0:
                    kept.append(a)
                if da * db < 0:
                    kept.append(a + (b - a) * da / (da - db))
            if not kept:
                return 0.0
            polygon = np.array(kept)
    x, y = polygon.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


@pytest.mark.parametrize("boundary", BOUNDARIES, ids="-".join)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 40])
def test_any_number_in_any_box(n, boundary, tmp_path):
    rng = np.random.default_rng(n)
    box = Box((6.0, 4.0), boundary)
    vortices = Vortices(rng.random((n, 2)) * box.lengths, rng.choice([-2, -1, 1, 2, 3], n), box)
    ax = plot_configuration(vortices, trails=[vortices.positions])
    ax.figure.savefig(tmp_path / "picture.png", dpi=40)
    assert ax.get_title().startswith(f"N = {n}")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x / λ", "y / λ")
    assert ax.get_aspect() == 1
    drawn = sum(len(dots.get_offsets()) for dots in layers(ax, PathCollection))
    assert drawn == n
    counts = legend(ax)
    words = ("neighbours", "other numbers", "at the edge")
    assert sum(c for word, c in counts.items() if word.endswith(words)) == n
    assert sum(c for word, c in counts.items() if word.endswith("vortices")) == n


@pytest.mark.parametrize("lengths", [(8.0, 8.0), (3.0, 40.0)])
@pytest.mark.parametrize("n", [1, 2, 5, 300])
def test_drawn_cells_fill_a_periodic_box(n, lengths):
    vortices = random_vortices(n, box=Box(lengths), seed=n)
    (cells,) = layers(plot_configuration(vortices), PolyCollection)
    total = sum(clipped_area(path.vertices[:-1], lengths) for path in cells.get_paths())
    assert total == pytest.approx(lengths[0] * lengths[1], rel=1e-6)


def test_colours_counts_and_sixfold_fraction():
    vortices = random_vortices(300, density=1.0, seed=1)
    ax = plot_configuration(vortices)
    numbers = coordination_numbers(vortices)
    counts = legend(ax)
    for k in COLOURS:
        assert counts[f"{k} neighbours"] == (numbers == k).sum()
    assert counts["other numbers"] == (~np.isin(numbers, list(COLOURS))).sum()
    assert f"P₆ = {sixfold_fraction(vortices):.3f}" in ax.get_title()
    # As much area in the colour of fivefold cells as these have.
    (cells,) = layers(ax, PolyCollection)
    for k, colour in COLOURS.items():
        rgba = matplotlib.colors.to_rgba(colour)
        drawn = [
            path.vertices[:-1]
            for path, face in zip(cells.get_paths(), cells.get_facecolors(), strict=True)
            if np.allclose(face, rgba)
        ]
        centres = vortices.positions[numbers == k]
        for x in centres:
            assert any(matplotlib.path.Path(polygon).contains_point(x) for polygon in drawn)


def test_kinds_of_vortices_are_told_apart():
    winding = [1] * 20 + [-1] * 7 + [2, 3, -2]
    vortices = random_vortices(30, density=0.1, seed=3)
    mixed = Vortices(vortices.positions, winding, vortices.box, time=12.5)
    ax = plot_configuration(mixed)
    counts = legend(ax)
    assert counts["vortices"] == 20
    assert counts["antivortices"] == 7
    assert counts["giant vortices"] == 2
    assert counts["giant antivortices"] == 1
    assert sorted(text.get_text() for text in ax.texts) == ["2", "3", "−2"]
    assert "t = 12.5 τ" in ax.get_title()
    looks = {
        dots.get_label(): (dots.get_paths()[0].vertices.shape, tuple(dots.get_facecolor()[0]))
        for dots in layers(ax, PathCollection)
    }
    assert looks["vortices: 20"] != looks["antivortices: 7"]
    sizes = {dots.get_label(): dots.get_sizes()[0] for dots in layers(ax, PathCollection)}
    assert sizes["giant vortices: 2"] > sizes["vortices: 20"]


def test_vortices_alone_need_no_entry():
    assert set(legend(plot_configuration(triangular_lattice(30, 1.0)))) == {"6 neighbours"}


def test_dots_shrink_with_number():
    def diameter(n):
        (dots,) = layers(plot_configuration(random_vortices(n, density=1.0)), PathCollection)
        return np.sqrt(dots.get_sizes()[0])

    few, some, many = diameter(2), diameter(400), diameter(5000)
    assert few > some > many > 0.5


def test_pins_are_beneath_the_vortices_and_on_both_sides_of_the_box():
    vortices = random_vortices(30, box=Box((10.0, 6.0), ("periodic", "reflecting")), seed=1)
    pins = SimpleNamespace(positions=np.array([[0.2, 3.0], [5.0, 0.1]]), radius=0.5)
    more = SimpleNamespace(positions=np.array([[7.0, 3.0]]), radius=np.array([0.3]))
    ax = plot_configuration(vortices, pins=[pins, more])
    (circles,) = layers(ax, EllipseCollection)
    places = circles.get_offsets().tolist()
    assert sorted(places) == [[0.2, 3.0], [5.0, 0.1], [7.0, 3.0], [10.2, 3.0]]
    assert sorted(circles.get_widths()) == pytest.approx([0.6, 1.0, 1.0, 1.0])
    (dots,) = layers(ax, PathCollection)
    (cells,) = layers(ax, PolyCollection)
    assert cells.get_zorder() < circles.get_zorder() < dots.get_zorder()
    assert legend(ax)["pins"] == 3
    alone = plot_configuration(vortices, pins=pins)
    assert legend(alone)["pins"] == 2


def test_trails_do_not_cross_the_box():
    vortices = random_vortices(4, box=Box((5.0, 4.0)), seed=1)
    trail = np.column_stack((np.linspace(1, 13, 30), np.linspace(1, -9, 30)))
    lines = layers(plot_configuration(vortices, trails=[trail]), LineCollection)
    for line in lines:
        segments = np.array(line.get_segments())
        assert (segments > -1e-9).all()
        assert (segments < np.array([5, 4]) + 1e-9).all()
        assert np.hypot(*np.diff(segments, axis=1)[:, 0].T).max() < 0.6


def test_without_cells_and_without_defects():
    vortices = random_vortices(50, density=1.0, seed=1)
    marked = plot_configuration(vortices, voronoi=False)
    assert not layers(marked, PolyCollection)
    marks, dots = layers(marked, PathCollection)
    assert len(marks.get_offsets()) == (coordination_numbers(vortices) != 6).sum()
    assert marks.get_zorder() < dots.get_zorder()
    plain = plot_configuration(vortices, defects=False)
    assert len(np.unique(layers(plain, PolyCollection)[0].get_facecolors(), axis=0)) == 1
    assert "P₆" not in plain.get_title()
    assert plain.get_legend() is None
    bare = plot_configuration(vortices, defects=False, voronoi=False)
    assert len(bare.collections) == 1


def test_stacks_are_announced():
    lattice = triangular_lattice(30, 0.1)
    stacked = Vortices(np.repeat(lattice.positions, 4, axis=0), 1, lattice.box)
    assert "N = 120 on 30 spots" in plot_configuration(stacked).get_title()


def test_more_than_is_legible():
    lattice = triangular_lattice(150 * 150, 1.0)
    rng = np.random.default_rng(1)
    noisy = Vortices(lattice.positions + rng.normal(0, 0.12, (22_500, 2)), 1, lattice.box)
    ax = plot_configuration(noisy, trails=[noisy.positions[:9]])
    assert re.search("only cells that are not sixfold", ax.get_title())
    assert not layers(ax, PathCollection)
    assert not layers(ax, LineCollection)
    (cells,) = layers(ax, PolyCollection)
    defects = (coordination_numbers(noisy) != 6).sum()
    assert 0 < defects <= len(cells.get_paths()) < defects + 200


def test_sides_of_the_box():
    for boundary, drawn in (
        (("periodic", "open"), ["side open"] * 2 + ["side periodic"] * 2),
        (("free", "reflecting"), ["side reflecting"] * 2),
        (("free", "free"), []),
    ):
        ax = plot_configuration(random_vortices(9, box=Box((3.0, 3.0), boundary)))
        assert sorted(line.get_gid() for line in ax.lines) == drawn


def test_figures_hold_everything_and_nothing_leaks(tmp_path):
    before = dict(matplotlib.rcParams)
    figure = Figure(figsize=(5, 5))
    ax = figure.add_subplot()
    assert plot_configuration(random_vortices(20, density=1.0), ax) is ax
    np.testing.assert_array_equal(figure.get_size_inches(), [5, 5])
    own = plot_configuration(random_vortices(20, density=1.0)).figure
    bounds, size = own.get_tightbbox(), own.get_size_inches()
    assert bounds.x0 > 0
    assert bounds.y0 > 0
    assert bounds.x1 < size[0]
    assert bounds.y1 < size[1]
    assert dict(matplotlib.rcParams) == before
    assert matplotlib._pylab_helpers.Gcf.figs == {}


def test_malformed_trails_are_refused():
    with pytest.raises(ValueError, match=r"trails\[1\]: shape \(3,\), expected \(K, 2\)"):
        plot_configuration(random_vortices(3, density=1.0), trails=[[[0, 0]], [1, 2, 3]])
