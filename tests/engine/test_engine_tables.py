"""Tables in r² against the potentials themselves, and force against energy."""

import numpy as np
import pytest
from engine_twins import cut
from scipy.special import k0, k1

import potentials as pot
import vortexmd as vmd
from vortexmd.forces import PairForces
from vortexmd.pair_kinds import sort_kinds
from vortexmd.pair_tables import R_MIN, TableAccuracyWarning, build_tables
from vortexmd.population import Population

LAWS = {
    "London": (pot.London(f0=2.0), 1, 1),
    "London cut short": (pot.London(f0=2.0, cutoff=2.0), 1, 1),
    "London cut within 1": (pot.London(f0=1.0, cutoff=0.7), 1, 1),
    "London V-AV": (pot.London(f0=1.0), 1, -1),
    "London n=3, n=2": (pot.London(f0=1.0), 3, 2),
    "Pearl": (pot.Pearl(pearl_length=8.0, cutoff=12.0), 1, 1),
    "Log": (pot.Log(q=1.5, cutoff=9.0), 1, 1),
    "endless Log": (pot.Log(q=1.5), 1, 1),
    "GLFit 0.5": (pot.GLFit(0.5), 1, 1),
    "GLFit 0.9": (pot.GLFit(0.9), 1, 1),
    "GLFit 1.1": (pot.GLFit(1.1), 1, 1),
    "GLFit 1.7": (pot.GLFit(1.7), 1, 1),
    "GLFit 1.7 V-GV": (pot.GLFit(1.7), 2, 1),
    "GLFit 1.7 V-AV": (pot.GLFit(1.7), -1, 1),
    "GLFit 2.5": (pot.GLFit(2.5), 1, 1),
    "sum": (pot.London(f0=1.0) + -0.5 * pot.London(f0=1.0, cutoff=3.0), 1, 1),
    "sum with GLFit": (pot.GLFit(2.0) + 0.1 * pot.London(f0=1.0), 1, 1),
    "soft": (pot.FromFunction(lambda r: np.exp(-((r / 2) ** 2)), cutoff=8.0), 1, 1),
}


class Pair:
    """Two vortices, put at any distance: what the engine makes of them."""

    def __init__(self, law, n1, n2):
        self.tables = build_tables(law, [n1, n2], [(n1, n2)])
        start = vmd.Vortices([[0.0, 0.0], [1.0, 0.0]], [n1, n2], vmd.Box((1.0, 1.0), "free"))
        self.here = Population.of(start)
        none = np.zeros_like(self.tables.index, dtype=float)
        kinds = sort_kinds(self.tables, none, none, "double")
        self.pairs = PairForces(self.here, self.tables, kinds, 1.0, 1)

    def at(self, r):
        """Force on the outer one, and the energy."""
        self.here.place(np.array([[0.0, 0.0], [r, 0.0]]))
        self.pairs.positions_changed(self.here.moved())
        out = np.zeros((2, 2))
        self.pairs.write_forces(out)
        assert out[0, 0] == -out[1, 0] and not out[:, 1].any()
        return out[np.argsort(self.here.ids)][1, 0], self.pairs.energy()

    def along(self, r):
        return np.array([self.at(x) for x in r]).T


@pytest.mark.parametrize("name", LAWS)
def test_force_within_a_millionth_of_the_largest(name):
    law, n1, n2 = LAWS[name]
    pair, exact = Pair(law, n1, n2), law.pair(n1, n2)
    end = min(exact.cutoff, 60.0)
    # Everywhere, and the neighbourhoods of the switch's two ends and of the octaves of r².
    special = np.array([0.9 * end, end, 1.0, np.sqrt(2.0), 2.0])
    r = np.concatenate((np.geomspace(R_MIN, 1.05 * end, 4001), special * (1 - 1e-9), special))
    force, energy = pair.along(r)
    true_force, true_energy = cut(exact, r)
    # The largest magnitude on r ≥ 0.05 that the table counts from.
    scale = np.abs(true_force).max()
    assert np.abs(force - true_force).max() <= 1e-6 * scale
    assert np.abs(energy - true_energy).max() <= 1e-6 * max(scale, np.ptp(true_energy))
    assert pair.tables.relative_error <= 1e-6


def test_below_the_smallest_radius_the_relative_error_stays():
    pair = Pair(pot.London(f0=1.0, cutoff=5.0), 1, 1)
    r = np.geomspace(2e-6, R_MIN, 400)
    force, energy = pair.along(r)
    assert np.abs(force / k1(r) - 1).max() < 1e-6
    assert np.ptp(energy - k0(r)) < 1e-6


def test_the_switch_acts_over_the_last_tenth_only():
    """Untouched below 0.9 r_c, nothing beyond r_c, half the force in the middle, falling between."""
    cutoff = 6.0
    r = np.linspace(0.5, 6.5, 1001)
    pair = Pair(pot.London(f0=1.0, cutoff=cutoff), 1, 1)
    force, energy = pair.along(r)
    inside, beyond = r < 0.89 * cutoff, r >= cutoff
    assert force[inside] == pytest.approx(k1(r[inside]), rel=1e-5)
    # Inside, the energy is the law's but for one constant: that of K₀ about the middle of the switch.
    shift = k0(r[inside]) - energy[inside]
    assert np.ptp(shift) < 1e-7 and k0(cutoff) < shift[0] < k0(0.9 * cutoff)
    assert not force[beyond].any() and not energy[beyond].any()
    step = force[~beyond] / k1(r[~beyond])
    assert np.all(np.diff(step) < 1e-3) and step[-1] == pytest.approx(0.0, abs=1e-3)
    middle = 0.95 * cutoff
    assert pair.at(middle)[0] == pytest.approx(0.5 * k1(middle), rel=1e-3)


@pytest.mark.parametrize(
    "name",
    ["London", "London V-AV", "GLFit 0.5", "GLFit 1.7", "GLFit 1.7 V-AV", "Pearl", "Log", "sum"],
)
def test_force_is_minus_the_slope_of_the_energy(name):
    """E(a) − E(b) = ∫F dr, by Simpson's rule on the engine's own numbers, through the switch."""
    law, n1, n2 = LAWS[name]
    pair = Pair(law, n1, n2)
    cutoff = law.pair(n1, n2).cutoff
    for a, b in ((0.3, 1.0), (1.0, 0.88 * cutoff), (0.88 * cutoff, 1.02 * cutoff)):
        r = np.linspace(a, b, 2001)
        force, energy = pair.along(r)
        h = r[1] - r[0]
        work = h / 3 * (force[:-2:2] + 4 * force[1:-1:2] + force[2::2])
        # Over every little stretch, and over the whole.
        scale = np.abs(energy).max()
        assert np.abs(energy[:-2:2] - energy[2::2] - work).max() < 6e-6 * scale
        assert energy[0] - energy[-1] == pytest.approx(work.sum(), abs=1e-5 * scale)


def test_a_kink_is_announced():
    with pytest.warns(TableAccuracyWarning, match="kink or a jump"):
        build_tables(
            pot.FromFunction(lambda r: np.where(r < 1.03, 1.0, 0.0), cutoff=3.0), [1], [(1, 1)]
        )


def test_a_force_that_is_not_finite_is_refused():
    law = pot.FromFunction(
        lambda r: np.where(np.abs(r - 2.345) < 1e-3, np.nan, 1 / (1 + r**4)), cutoff=4.0
    )
    with pytest.raises(ValueError, match="finite"):
        build_tables(law, [1], [(1, 1)])


@pytest.mark.parametrize("cutoff", [0.7, 2.0, 3.9, 8.0])
@pytest.mark.parametrize(
    "law", [pot.London, pot.Log, lambda **c: pot.GLFit(0.6, **c), lambda **c: pot.GLFit(2.5, **c)]
)
def test_a_cutoff_of_ones_own(law, cutoff):
    """No warning (they are errors here), and as exact where the switch begins and ends."""
    law = law(cutoff=cutoff)
    pair = Pair(law, 1, 1)
    r = np.concatenate((np.linspace(0.88, 0.93, 1201), np.linspace(0.99, 1.001, 301))) * cutoff
    scale = np.abs(law.force(np.linspace(R_MIN, cutoff, 400))).max()
    error = np.abs(pair.along(r)[0] - cut(law, r)[0]).max() / scale
    assert error <= 1e-6
    # What the tables report is what is there, not less.
    assert error <= 1.2 * pair.tables.relative_error + 1e-12
