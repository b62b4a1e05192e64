"""The paper's figures: every one is drawn, shows what it says, and computes only what is missing."""

from __future__ import annotations

import math
from functools import partial

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from gl_reference import figure_data, figures
from gl_reference import figure_pairs as pairs
from gl_reference.confocal import confocal_pair
from gl_reference.curves import ForceCurve, default_separations
from gl_reference.figure_data import PairTables
from gl_reference.figure_style import SETTINGS, new_figure, styled
from gl_reference.figure_triangle import (
    TriangleEnergies,
    contact_energy,
    draw_maps,
    draw_triangle,
    triangle,
)
from gl_reference.figures import FIGURES, draw_figures
from gl_reference.lattice_states import lattice_profiles
from gl_reference.tables import run_tables
from potentials.gl_fit import GLPair
from potentials.gl_laws import eq17, eq21
from potentials.gl_tables import row_mus, table_deltas, table_etas

SEPARATIONS = np.geomspace(0.5, 9.0, 8)


def paper_tables(kind, mus=None):
    """What solving would give if the paper's fits were exact, in all rows or at some μ."""
    mus = row_mus(kind).tolist() if mus is None else mus
    curves = {}
    for mu in mus:
        d = default_separations(kind, mu)
        curves[mu] = ForceCurve(kind, mu, d, GLPair(kind, mu).force(d))
    if kind == "V-AV":
        deltas = {row.mu: row for row in table_deltas() if row.mu in mus}
        return PairTables(kind, curves, {}, {}, deltas)
    etas = {row.mu: row for row in table_etas(kind) if row.mu in mus}
    return PairTables(kind, curves, etas, dict.fromkeys(mus, (1e-3, 3.0, 5.0, 0.5)), {})


def effort(folder, **changes):
    given = {"tolerance": 1e-2, "jobs": 1, "progress": False} | changes
    return figure_data.Effort(folder, **given)


@pytest.fixture
def tiny(monkeypatch):
    """No tables are read or made, two sides of the triangle are solved; few pixels."""
    monkeypatch.setattr(figures, "pair_tables", lambda kind, effort: paper_tables(kind))
    monkeypatch.setitem(SETTINGS, "savefig.dpi", 50)
    monkeypatch.setattr(figure_data, "SIDES", {0.8: (3.0, 9.0), 1.7: (1.0, 3.0)})
    monkeypatch.setattr(figure_data, "POINTS", 31)
    monkeypatch.setattr(figure_data, "SECTIONS", {1.3: 5.6, 1.7: 5.0})
    monkeypatch.setattr(figure_data, "lattice_profiles", partial(lattice_profiles, h=0.2))


def check_drawn(path):
    pixels = imread(path)[:, :, :3]
    assert min(pixels.shape[:2]) > 200
    assert 0.02 < (pixels < 0.9).any(axis=2).mean() < 0.9
    assert (pixels[[0, -1]] == 1).all()  # nothing runs off the edge
    assert (pixels[:, [0, -1]] == 1).all()


# 5 to 8 are drawn by what draws 1 to 4, with other data.
@pytest.mark.parametrize("number", [1, 2, 3, 4, 9, 10, 11, 12, 13])
def test_figure_is_drawn(tmp_path, tiny, number):
    before = dict(matplotlib.rcParams)
    (path,) = draw_figures(tmp_path / "new", only=[number], tolerance=1e-2, jobs=1)
    assert path == tmp_path / "new" / f"fig{number:02d}.png"
    check_drawn(path)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
def test_all_figures_with_what_ships(tmp_path):
    paths = draw_figures(tmp_path, jobs=1)
    assert [path.name for path in paths] == [f"fig{n:02d}.png" for n in FIGURES]
    for path in paths:
        check_drawn(path)
    assert not (tmp_path / "tables").exists()  # what ships is enough


def test_only_some_and_which_pair_they_show(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(figures, "pair_tables", lambda kind, effort: asked.append(kind))
    blank = {
        n: partial(draw.func, lambda tables: new_figure(1.0, 1.0), draw.args[1])
        for n, draw in FIGURES.items()
        if isinstance(draw, partial)
    }
    monkeypatch.setattr(figures, "FIGURES", blank)
    draw_figures(tmp_path, only=[7, 2, 5, 7, 13, 1])
    assert asked == ["V-V", "V-V", "V-GV", "V-GV", "V-AV"]
    names = [f"fig{n:02d}.png" for n in (1, 2, 5, 7, 13)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@pytest.mark.parametrize("draw", [pairs.draw_forces, pairs.draw_fits, pairs.draw_limits])
def test_axes_carry_units_and_figures_one_legend(draw):
    figure = styled(draw)(paper_tables("V-V"))
    assert len(figure.legends) == 1
    for ax in figure.axes:
        twin = ax.get_ylabel().startswith("at separation")
        assert twin or any(unit in ax.get_xlabel() for unit in (r"($\lambda$)", "kappa"))
        assert any(unit in ax.get_ylabel() for unit in (r"($\Omega_0$)", r"($\lambda$)"))


def test_symbols_lie_on_lines_where_the_solution_is_the_paper():
    figure = styled(pairs.draw_forces)(paper_tables("V-V"))
    for ax in figure.axes[:2]:
        lines = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
        for fit, symbols in zip(lines[::2], lines[1::2], strict=True):
            assert fit.get_color() == symbols.get_color()
            on_line = np.interp(symbols.get_xdata(), *fit.get_data())
            assert symbols.get_ydata() == pytest.approx(on_line, abs=2e-4)
    paper_rows = [line for line in figure.axes[2].get_lines() if line.get_marker() == "^"]
    assert np.sign(paper_rows[0].get_ydata()).tolist() == [-1.0] * 8 + [1.0] * 15


@pytest.mark.parametrize(
    ("draw", "kind", "values"),
    [
        (pairs.draw_parameters, "V-GV", lambda row: (row.eta1, row.eta2, row.eta3, row.eta4)),
        (pairs.draw_deltas, "V-AV", lambda row: (row.delta1, row.delta2)),
    ],
)
def test_parameters_stand_at_their_mu(draw, kind, values):
    tables = paper_tables(kind, [0.5, 1.7])
    rows = tables.etas or tables.deltas
    for i, ax in enumerate(styled(draw)(tables).axes):
        ours, paper = (
            next(line for line in ax.get_lines() if line.get_marker() == marker)
            for marker in ("o", "s")
        )
        printed = dict(zip(*paper.get_data(), strict=True))
        assert ours.get_xdata().tolist() == [0.5, 1.7]
        assert ours.get_ydata().tolist() == [values(rows[mu])[i] for mu in (0.5, 1.7)]
        assert ours.get_ydata() == pytest.approx([printed[mu] for mu in (0.5, 1.7)], rel=1e-3)


def test_negative_parameters_are_told_in_words():
    tables = paper_tables("V-AV", [0.3, 1.7])
    tables.deltas[0.3] = tables.deltas[0.3]._replace(delta1=-23.5)
    first, second = styled(pairs.draw_deltas)(tables).axes
    assert "μ = 0.3: −23.5" in first.texts[0].get_text()
    assert not second.texts


def test_triangle_is_equilateral():
    corners = triangle(2.5)
    sides = [math.dist(corners[i], corners[i - 1]) for i in range(3)]
    assert sides == pytest.approx([2.5] * 3)
    assert corners.sum(axis=0) == pytest.approx([0, 0], abs=1e-12)


def test_pair_sum_overestimates_three_close_vortices(tmp_path, monkeypatch):
    monkeypatch.setattr(figure_data, "SIDES", {0.8: (8.0,), 1.7: (1.0,)})
    far, near = figure_data.triangle_energies(effort(tmp_path))
    assert far.three == pytest.approx(3 * far.pair, rel=0.1)
    assert near.three == pytest.approx([0.41], abs=0.01)
    assert 3 * near.pair == pytest.approx([0.52], abs=0.01)


def test_contact_energies_join_the_curves():
    d = np.linspace(0.5, 8, 9)
    rows = [TriangleEnergies(mu, d, contact_energy(mu, 3) * np.exp(-d), d * 0) for mu in (0.8, 1.7)]
    ax = styled(draw_triangle)(rows).axes[0]
    stars = [line for line in ax.get_lines() if line.get_marker() == "*"]
    # E₃ − 3E₁: type I gains by merging, type II loses.
    assert stars[0].get_ydata()[0] < 0 < stars[1].get_ydata()[0]


def test_maps_vanish_at_the_vortices(tmp_path):
    shown = figure_data.maps(effort(tmp_path))
    assert [(map.mu, map.d, len(map.positions)) for map in shown] == [
        (0.8, 3.2, 2), (0.8, 3.2, 3), (1.7, 1.8, 2), (1.7, 1.8, 3),
    ]  # fmt: skip
    for map in shown:
        for x, y in map.positions:
            i, j = np.argmin(np.abs(map.y - y)), np.argmin(np.abs(map.x - x))
            assert map.amplitude[i, j] < 0.05
        assert map.amplitude[0, 0] == pytest.approx(1, abs=0.05)
    assert len(styled(draw_maps)(shown).axes) == 5  # four maps, one colour bar


@pytest.mark.parametrize(("kind", "windings"), [("V-V", (1, 1)), ("V-AV", (1, -1))])
def test_what_ships_is_read(tmp_path, kind, windings):
    tables = figure_data.pair_tables(kind, effort(tmp_path, tolerance=1e-3))
    assert list(tables.curves) == row_mus(kind).tolist()
    curve = tables.curves[1.7]
    largest = np.abs(curve.force).max()
    force = confocal_pair(*windings, 1.7, 5.0, tolerance=1e-5).force
    assert curve(5.0) == pytest.approx(force, abs=1e-4 * largest)
    d = np.linspace(5.0, 9.0, 20)
    fitted = eq21(tables.deltas[1.7], d) if kind == "V-AV" else eq17(tables.etas[1.7], d)
    assert fitted == pytest.approx(curve(d), abs=0.03 * largest)
    if kind == "V-V":
        p, q, gamma, delta = tables.limits[1.7]
        assert p * 0.3**q == pytest.approx(curve(0.3), rel=0.02)
        tail = gamma / 3 * (delta * np.exp(-9) - np.sqrt(1.7) * np.exp(-1.7 * 9))
        assert tail == pytest.approx(curve(9.0), rel=0.02)
    assert not list(tmp_path.iterdir())


def test_tables_are_made_where_those_that_ship_are_too_coarse(tmp_path, monkeypatch):
    def make(folder, kinds, tolerance, jobs, progress, overwrite):
        assert overwrite
        asked.append((kinds, tolerance, jobs, progress))
        run_tables(folder, mus=[1.7], kinds=kinds, separations=SEPARATIONS, tolerance=1e-2)

    asked = []
    coarse = [{"mu": 1.7, "d": d, "force": 1.0, "error": 1e-3} for d in SEPARATIONS]
    monkeypatch.setattr(figure_data, "load_generated", lambda name: coarse)
    monkeypatch.setattr(figure_data, "row_mus", lambda kind: np.array([1.7]))
    monkeypatch.setattr(figure_data, "run_tables", make)
    tables = figure_data.pair_tables("V-V", effort(tmp_path, tolerance=1e-4))
    assert asked == [(["V-V"], 1e-4, 1, False)]
    assert list(tables.curves) == list(tables.etas) == [1.7]
    assert tables.curves[1.7](2.0) == pytest.approx(0.062253, rel=0.02)
    assert (tmp_path / "tables" / "vv" / "forces_vv.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"only": [14]}, "only: 14 is not among .* 1, 2, .*13"),
        ({"only": ["2"]}, "only: '2'"),
        ({"only": []}, "no figure"),
        ({"tolerance": 0.5}, "tolerance = 0.5"),
        ({"tolerance": math.nan}, "tolerance"),
        ({"jobs": 0}, "jobs = 0"),
        ({"jobs": 1.5}, "jobs = 1.5"),
    ],
)
def test_bad_input(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_figures(tmp_path / "none", **arguments)
    assert not (tmp_path / "none").exists()


def test_figures_that_are_there_stay(tmp_path):
    (tmp_path / "fig02.png").write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds fig02.png"):
        draw_figures(tmp_path, only=[1, 2])
    assert [file.name for file in tmp_path.iterdir()] == ["fig02.png"]
    draw_figures(tmp_path, only=[2], overwrite=True)
    assert (tmp_path / "fig02.png").stat().st_size > 1000


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ValueError, match="folder"):
        draw_figures(tmp_path / "taken", only=[2])


def test_figures_are_numbered_as_in_the_paper():
    assert list(FIGURES) == list(range(1, 14))
