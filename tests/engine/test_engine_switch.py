"""What ending the force does to a lattice: the figures that docs/engine.md gives."""

import numpy as np
import pytest
from scipy.special import k0, k1

import potentials as pot
from vortexmd.density import softest_mode
from vortexmd.pair_tables import switch, switched


class Law:
    """A force with its end, as `softest_mode` takes it."""

    def __init__(self, force, cutoff):
        self.force, self.cutoff = force, cutoff


def whole():
    return softest_mode(Law(k1, 25.0), 1.0)


def by_force(cutoff):
    law = pot.London(f0=1.0, cutoff=cutoff)
    return softest_mode(Law(lambda r: switched(law, r)[0], law.cutoff), 1.0)


def by_energy(cutoff):
    def force(r, h=1e-5):
        ends = [k0(r + d) * switch(cutoff, r + d) for d in (-h, h)]
        return (ends[0] - ends[1]) / (2 * h)

    return softest_mode(Law(force, cutoff), 1.0)


@pytest.mark.parametrize(("cutoff", "off"), [(None, 0.05), (8.0, 0.17), (7.0, 0.36)])
def test_softest_mode_with_the_force_switched(cutoff, off):
    assert abs(by_force(cutoff) / whole() - 1) < off


def test_switching_the_energy_would_soften_the_lattice():
    assert by_energy(6.0) / whole() == pytest.approx(0.31, abs=0.02)
    assert by_energy(7.0) / whole() == pytest.approx(0.08, abs=0.02)


def test_forces_end_continuously_and_energies_are_their_work():
    law = pot.London(f0=1.0, cutoff=6.0)
    r = np.linspace(5.0, 6.1, 2201)
    force, energy = switched(law, r)
    assert force[-1] == energy[-1] == 0 and np.all(np.abs(np.diff(force)) < 1e-4)
    slope = -(energy[2:] - energy[:-2]) / (r[2:] - r[:-2])
    np.testing.assert_allclose(slope, force[1:-1], atol=1e-7)
