"""The table behind GLTable: what ships against finer solutions, and its making in small."""

import numpy as np
import pytest

from gl_reference import force_grid
from gl_reference.confocal import confocal_pair
from potentials import gl_table


@pytest.mark.parametrize("seed", range(6))
def test_shipped_forces_are_as_good_as_they_say(seed):
    table = gl_table._table()
    rows = table[(np.abs(table[:, 0]) + np.abs(table[:, 1]) == 2 + seed % 2)]
    n1, n2, mu, d, force, error = rows[np.random.default_rng(seed).integers(len(rows))]
    finer = confocal_pair(
        int(n1), int(n2), mu, d, tolerance=1e-4, small_force=max(abs(force), 1e-4)
    )
    assert abs(finer.force - force) <= error + finer.force_error


def test_grid_is_written_and_gone_on_with(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(force_grid, "WINDINGS", ((1, 1),))
    monkeypatch.setattr(force_grid, "mu_nodes", lambda: np.array([1.7]))
    monkeypatch.setattr(force_grid, "separation_nodes", lambda mu: np.array([2.0, 3.0]))
    force_grid.main(["-o", str(tmp_path), "--jobs", "1"])
    first = (tmp_path / "gl_forces.csv").read_text()
    assert first.startswith("# python -m gl_reference.force_grid, vortexmd ")
    values = np.loadtxt(first.splitlines(), delimiter=",", comments=("#", "n1"))
    assert values[:, 3].tolist() == [2.0, 3.0]
    assert values[0, 4] == pytest.approx(0.062253, abs=2e-5)
    monkeypatch.setattr(force_grid, "confocal_pair", None)  # nothing is solved twice
    force_grid.main(["-o", str(tmp_path), "--jobs", "1"])
    assert (tmp_path / "gl_forces.csv").read_text() == first
    with pytest.raises(SystemExit):
        force_grid.main(["-o", str(tmp_path), "--jobs", "0"])
    assert "give at least 1" in capsys.readouterr().err
