"""`GLDynamic`: against fresh runs off its nodes, Taubes and Samols at μ = 1, contact modes, Eq. 10."""

import numpy as np
import pytest

import potentials as pot
from gl_reference import dynamic_pair, moduli_friction, single_vortex, vortex_friction
from gl_reference.dynamics.pairs import CORE_SPACING, SPACING
from gl_reference.dynamics.table import DynamicRow, DynamicTask, write_table
from gl_reference.taubes import near_critical_pair
from potentials.gl_dynamic import TABLE, _table
from potentials.gl_dynamic_grid import NODES, RATES, table_mus, table_separations
from tests.gl_reference.splitting_rate import contact_friction, splitting_rate


def fresh(n2, mu, s, coarser=1.5):
    """A run of its own at this μ and s."""
    h = coarser * min(SPACING * np.hypot(1, 1 / mu), CORE_SPACING * np.sqrt(2) / mu)
    return dynamic_pair(1, n2, mu, s=s, h=h)


def worst(law, pair):
    """Largest deviation of force and of γ from a run, where the force is large."""
    large = np.abs(pair.force) > 0.05 * np.abs(pair.force).max()
    force = law.pair(pair.n1, pair.n2).force(pair.d)
    gamma = law.pair_friction().relative_friction(pair.n1, pair.n2, pair.d)
    return (
        np.abs(force / pair.force - 1)[large].max(),
        np.abs(gamma / pair.relative_friction - 1).max(),
    )


@pytest.mark.parametrize(
    ("n2", "mu", "s"),
    [
        (1, 1.6, 1.8),
        pytest.param(-1, 0.55, 0.2, marks=pytest.mark.slow),
        pytest.param(1, 2.2, 6.0, marks=pytest.mark.slow),
    ],
)
def test_between_its_nodes_it_is_a_run_of_its_own(n2, mu, s):
    law = pot.GLDynamic(mu, s)
    force, gamma = worst(law, fresh(n2, mu, s))
    # What it states, and what the coarser grid of this run leaves.
    stated = float(law.pair(1, n2).part.uncertainty(2.0) / abs(law.pair(1, n2).force(2.0)))
    assert stated < 0.02
    assert force < stated + 0.003
    assert gamma < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n2", "mu", "s"),
    [
        (1, 0.45, 1.0),
        (1, 0.75, 5.0),
        (1, 0.95, 1.0),
        (1, 1.05, 0.2),
        (1, 1.27, 2.0),
        (1, 1.85, 1.0),
        (1, 2.25, 0.18),
        (-1, 0.45, 1.0),
        (-1, 0.95, 5.0),
        (-1, 1.6, 0.2),
        (-1, 2.25, 1.0),
        (2, 0.45, 1.0),
        (2, 0.65, 5.0),
        (2, 0.85, 0.2),
    ],
)
def test_interpolation_everywhere(n2, mu, s):
    """The stated error holds between all nodes."""
    law = pot.GLDynamic(mu, s)
    pair = dynamic_pair(1, n2, mu, s=s)
    large = np.abs(pair.force) > 0.05 * np.abs(pair.force).max()
    off = np.abs(law.pair(1, n2).force(pair.d) - pair.force)[large]
    stated = law.pair(1, n2).part.uncertainty(pair.d)[large]
    assert (off < stated + pair.force_error[large]).all()
    gamma = law.pair_friction().relative_friction(1, n2, pair.d)
    assert np.abs(gamma / pair.relative_friction - 1).max() < 0.01


@pytest.mark.parametrize("d", [1.0, 2.0, 3.0, 5.0])
def test_at_mu_1_it_is_moduli_space(d):
    """No row of the table is at μ = 1: the Taubes equation and Samols' metric judge it there."""
    step = 1e-3
    slope = (pot.GLDynamic(1 + step).force(d) - pot.GLDynamic(1 - step).force(d)) / (2 * step)
    assert slope == pytest.approx(near_critical_pair(1, 1, d), rel=0.01)
    gamma = pot.GLDynamic(1.0).pair_friction().relative_friction(1, 1, d)
    assert gamma / 2 == pytest.approx(float(moduli_friction(d)), rel=0.005)
    assert pot.GLDynamic(1.0).force(d) == 0.0


@pytest.mark.parametrize(("mu", "s"), [(1.7, 1.0), (1.45, 3.0), (0.65, 0.5)])
def test_contact_is_the_splitting_mode(mu, s):
    law = pot.GLDynamic(mu, s)
    d = 0.02
    gamma = law.pair_friction().relative_friction(1, 1, d)
    eta = gamma * law.time_unit / 2
    assert eta / d**2 == pytest.approx(contact_friction(mu, s), rel=0.02)
    rate = law.force(d) / (contact_friction(mu, s) * d**3 / 2)
    assert rate == pytest.approx(splitting_rate(mu, s), rel=0.03)
    near = table_separations(1, 1, mu)[0]
    slopes = np.diff(law.force(near + np.array([-2e-4, -1e-4, 1e-4, 2e-4])))[[0, 2]]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-2)


def test_time_unit_is_the_friction_of_one_vortex():
    assert pot.GLDynamic(1.7).time_unit == pytest.approx(single_vortex(1, 1.7).energy, rel=1e-6)
    # Between nodes.
    exact = vortex_friction(1, 1.6, s=2.0).friction
    assert pot.GLDynamic(1.6, 2.0).time_unit == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize(("n2", "mu"), [(1, 1.7), (-1, 1.7), (1, 0.6), (2, 0.6)])
def test_far_out_eq_10_takes_over(n2, mu):
    law = pot.GLDynamic(mu).pair(1, n2)
    d = np.array([1.2, 1.6]) * 6.5 * np.hypot(1, 1 / mu)
    np.testing.assert_allclose(law.force(d), pot.TwoBessel(mu, 1, n2).force(d), rtol=0.015)


def test_energy_is_the_integral_of_the_force():
    law = pot.GLDynamic(1.7)
    r = np.linspace(0.3, 8.0, 40)
    slope = (law.energy(r + 1e-4) - law.energy(r - 1e-4)) / 2e-4
    np.testing.assert_allclose(-slope, law.force(r), rtol=1e-5, atol=1e-9)
    # The whole energy of the pair is E₂ − 2E₁.
    whole = single_vortex(2, 1.7).energy - 2 * single_vortex(1, 1.7).energy
    assert law.energy(0.0) == pytest.approx(whole, rel=0.005)


def test_windings():
    law = pot.GLDynamic(0.8)
    assert law.pair(1, 2).force(3.0) == law.pair(-2, -1).force(3.0) < 0
    assert law.pair_friction().covers(1, 2)
    with pytest.raises(pot.UncoveredPairError, match=r"windings \(2, 2\)"):
        law.pair(2, 2)
    with pytest.raises(pot.UncoveredPairError, match=r"windings \(1, 2\)"):
        pot.GLDynamic(1.7).pair(1, 2)
    assert not pot.GLDynamic(1.7).pair_friction().covers(1, 2)
    assert type(law)(**law.arguments()) == law
    assert pot.GLDynamic(kappa=1.7 / np.sqrt(2)).force(2.0) == pytest.approx(
        pot.GLDynamic(1.7).force(2.0)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give exactly one"),
        ({"mu": 3.0}, "mu = 3: the table covers 0.4 … 2.5"),
        ({"mu": 0.3}, "mu = 0.3: the table covers"),
        ({"mu": 1.7, "s": 0.01}, "s = 0.01: the table covers 0.1 … 10"),
        ({"mu": 1.7, "s": -1.0}, "s = -1"),
        ({"mu": 1.7, "s": np.nan}, "s = nan"),
        ({"mu": 1.7, "cutoff": -1.0}, "cutoff"),
        ({"mu": 1.7, "n2": 2}, "windings"),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        pot.GLDynamic(**arguments)


def test_shipped_table_is_whole_and_its_command_writes_the_same_kind(tmp_path):
    table = _table()
    rows = sum(len(table_mus(*pair)) for pair in ((1, 1), (1, -1), (1, 2))) * len(RATES)
    assert len(table) == rows * NODES
    task = DynamicTask(1, 1, 1.7, 1.0)
    mine = table[(table[:, 1] == 1) & (table[:, 2] == 1.7) & (table[:, 3] == 1.0)].T
    row = DynamicRow(1, 1, 1.7, 1.0, *map(tuple, mine[4:9].tolist()), float(mine[9, 0]))
    write_table(tmp_path / TABLE, [row], "a test")
    with (tmp_path / TABLE).open() as stream:
        again = np.loadtxt(stream, delimiter=",", comments=("#", "n1"))
    np.testing.assert_allclose(again, mine.T, rtol=1e-6)
    assert task.file(tmp_path).parent == tmp_path / "rows"
