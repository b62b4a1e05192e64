"""The result object: fields on points and grids, plots."""

import pickle

import numpy as np
import pytest
from scipy.integrate import simpson

from gl_reference.radial import single_vortex
from gl_reference.solve import solve

SCALENE = np.array([[0.0, 0.0], [1.3, 0.2], [0.4, 1.7]])


def test_grid_fields():
    found = solve(SCALENE, [1, -1, 2], 1.7, tolerance=1e-3)
    ny, nx = len(found.y), len(found.x)
    assert found.psi.shape == found.field.shape == (ny, nx)
    assert found.A.shape == found.current.shape == (2, ny, nx)
    assert found.x[1] - found.x[0] == pytest.approx(0.1, rel=0.02)
    # flux 2πn in all, and ∇×A = B where A is smooth
    total = simpson(simpson(found.field, x=found.x), x=found.y)
    assert total == pytest.approx(2 * np.pi * 2, rel=1e-3)
    slopes = [np.gradient(found.A[1], found.x, axis=1), np.gradient(found.A[0], found.y, axis=0)]
    np.testing.assert_allclose(slopes[0] - slopes[1], found.field, atol=0.02)
    # nothing is left at the edge
    edge = np.abs(found.current[:, 0]).max()
    assert edge < 1e-3
    assert np.abs(found.psi[0]).min() > 0.999


def test_phase_and_current_wind_about_every_vortex():
    winding = [1, -1, 2]
    found = solve(SCALENE, winding, 1.7, tolerance=1e-3)
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    for position, n in zip(SCALENE, winding, strict=True):
        around = np.stack([np.cos(angle), np.sin(angle)])
        at = found.sample(*(position[:, None] + 0.02 * around))
        turns = np.angle(np.roll(at.psi, -1) / at.psi).sum() / (2 * np.pi)
        assert turns == pytest.approx(n)
        along = at.current[1] * around[0] - at.current[0] * around[1]
        assert (np.sign(along) == np.sign(n)).all()
        at = found.sample(*position)
        assert abs(at.psi) < 1e-12
        assert np.abs(at.current).max() < 1e-12


def test_samples_beyond_the_mesh_are_those_of_no_vortex_near():
    at = solve(SCALENE, 1, 1.7, tolerance=1e-2).sample([60.0, -70.0], [0.0, 5.0])
    np.testing.assert_allclose(np.abs(at.psi), 1.0)
    np.testing.assert_allclose(at.field, 0.0)
    np.testing.assert_allclose(at.current, 0.0, atol=1e-15)
    with pytest.raises(ValueError, match="y: sample points must be finite"):
        solve(SCALENE, 1, 1.7, tolerance=1e-2).sample(0.0, np.nan)


def test_solutions_survive_pickling():
    found = solve(SCALENE, 1, 1.2, tolerance=1e-2)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.sample(0.1, 0.2).psi, found.sample(0.1, 0.2).psi)
    np.testing.assert_array_equal(again.forces, found.forces)


def test_coinciding_vortices_are_one():
    found = solve([[0.0, 0.0], [0.0, 1e-8]], 1, 1.7)
    assert found.winding.tolist() == [2]
    assert found.energy == single_vortex(2, 1.7).energy
    assert found.method == "radial"
    assert found.interaction_energy == 0


@pytest.mark.parametrize("winding", [(1, 1, 1), (1, -1, 2)])
def test_plot_shows_four_labelled_maps(winding, tmp_path):
    figure = solve(SCALENE, winding, 1.7, tolerance=1e-2).plot()
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 4
    assert all(axes.get_aspect() == 1 for axes in panels)
    assert all("(λ)" in axes.get_xlabel() for axes in panels[2:])
    labels = [axes.get_ylabel() for axes in figure.axes if axes not in panels]
    assert [label[0] for label in labels] == ["|", "B", "|", "a"]
    figure.savefig(tmp_path / "plot.png", dpi=40)
    assert (tmp_path / "plot.png").stat().st_size > 10_000
