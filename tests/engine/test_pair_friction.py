"""Friction that depends on the separation of pairs: v = M F against ODEs, dense matrices and symmetries."""

import numpy as np
import pytest
from engine_twins import same_bits, separations
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import potentials as pot
import vortexmd as vmd
from potentials.pair_friction import FrictionByPair, PairFriction, TabulatedFriction
from vortexmd.pair_friction import ClippedFrictionWarning

NODES = np.concatenate((np.linspace(0.05, 1.0, 39), np.linspace(1.05, 6.0, 100)))
ETA = {1: 1.0, -1: 0.6, 2: 2.3}


def narrow(d):
    """A γ with cores of 1 λ: ∝ d² at first, 1 − 10⁻¹³ at 6 λ."""
    return d**2 / (d**2 + 1.3 * np.exp(-0.8 * d**2))


def wide(d):
    return d**2 / (d**2 + 3.0 * np.exp(-0.8 * d**2))


LIKE, UNLIKE = TabulatedFriction(NODES, narrow(NODES)), TabulatedFriction(NODES, wide(NODES))
BOTH = FrictionByPair({(1, 1): LIKE, (1, -1): UNLIKE})
FREE = vmd.Box((40.0, 40.0), "free")


def two(separation, winding, box=FREE):
    """Two vortices about the middle of the box."""
    half = 0.5 * np.asarray(separation)
    return vmd.Vortices(20.0 + np.array([half, -half]), np.array(winding), box)


def cloud(n, seed, side=8.0, kinds=(1, -1)):
    """Vortices anywhere in a periodic box 12 λ tall, those at its edges close to images of others."""
    rng = np.random.default_rng(seed)
    box = vmd.Box((max(side, 12.5), 12.5), "periodic")
    points = rng.uniform(0, 1, (n, 2)) * np.array([side, 12.5]) - np.array([side / 2, 0])
    return vmd.Vortices(box.wrap(points)[0], rng.choice(kinds, n), box)


def mobility(start, gammas, eta, reach=6.0):
    """(2N, 2N): M from its definition, one pair after the other."""
    n = len(start)
    apart = separations(start)
    inverse = np.array([1 / eta[w] for w in start.winding.tolist()])
    matrix = np.diag(np.repeat(inverse, 2))
    for i in range(n):
        for j in range(i):
            r = np.hypot(*apart[i, j])
            sign = int(np.sign(start.winding[i] * start.winding[j]))
            if r >= reach:
                continue
            c = (1 / gammas[sign](r) - 1) / (inverse[i] + inverse[j])
            u = np.zeros((2 * n, 2))
            u[2 * i : 2 * i + 2] = inverse[i] * np.eye(2)
            u[2 * j : 2 * j + 2] = -inverse[j] * np.eye(2)
            along = np.eye(2) if sign > 0 else np.outer(apart[i, j], apart[i, j]) / r**2
            matrix += c * u @ along @ u.T
    return matrix


def engine_mobility(sim):
    """M column by column: the velocities under a unit force on one vortex."""
    where = sim.state.positions
    columns = []
    for k in range(len(where)):
        for axis in (0, 1):

            def push(positions, k=k, axis=axis):
                out = np.zeros_like(positions)
                out[np.abs(positions - where[k]).sum(axis=1).argmin(), axis] = 1.0
                return out

            sim.external = [vmd.ExternalForce.from_function(push)]
            columns.append(sim.velocities().ravel())
    return np.array(columns).T


@pytest.mark.parametrize(
    ("winding", "law", "gamma", "eta"),
    [
        ((1, 1), pot.GLFit(1.7), narrow, 1.0),
        ((-1, -1), pot.GLFit(0.7), narrow, 1.7),
        ((1, -1), pot.Log(0.3, cutoff=30.0), wide, {1: 1.0, -1: 0.6}),
    ],
)
def test_a_pair_follows_its_equation_of_motion(winding, law, gamma, eta):
    start = two((0.9, 1.2) if winding == (1, 1) else (1.8, 2.4), winding)
    duration, ends = 3.0, []
    for dt in (0.02, 0.01, 0.005):
        sim = vmd.Simulation(start, law, dt=dt, friction=eta, pair_friction=BOTH)
        sim.run(round(duration / dt))
        ends.append(np.hypot(*np.diff(sim.state.positions, axis=0)[0]))
    inverse = 2 / eta if isinstance(eta, float) else sum(1 / value for value in eta.values())

    def rate(t, d):
        return law.pair(*winding).force(d) * inverse / gamma(d)

    distance = np.hypot(*np.diff(start.positions, axis=0)[0])
    exact = solve_ivp(rate, (0, duration), [distance], rtol=1e-11, atol=1e-12).y[0, -1]
    errors = np.array(ends) - exact
    orders = np.log2(errors[:-1] / errors[1:])
    assert abs(exact - distance) > 0.03
    # First order, down to the accuracy of the tables.
    np.testing.assert_allclose(orders, 1, atol=0.05)
    assert abs(2 * ends[2] - ends[1] - exact) < 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_the_mobility_is_its_definition_symmetric_and_positive(seed):
    start = cloud(14, seed)
    friction = {n: ETA[n] for n in (1, -1)}
    sim = vmd.Simulation(start, None, dt=1e-3, friction=friction, pair_friction=BOTH)
    measured = engine_mobility(sim)
    gammas = {
        1: lambda d: LIKE.relative_friction(1, 1, d),
        -1: lambda d: BOTH.relative_friction(1, -1, d),
    }
    expected = mobility(start, gammas, ETA)
    np.testing.assert_allclose(measured, expected, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_allclose(measured, measured.T, atol=1e-13 * np.abs(expected).max())
    smallest = np.linalg.eigvalsh(0.5 * (measured + measured.T))[0]
    assert smallest >= (1 - 1e-9) * min(1 / eta for eta in friction.values())
    # A step is what the velocities say.
    before = sim.state.unwrapped
    velocities = sim.velocities()
    sim.run(1)
    np.testing.assert_allclose(sim.state.unwrapped - before, 1e-3 * velocities, atol=1e-14)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 9),
    angle=st.floats(0, 2 * np.pi),
)
def test_rotation_relabelling_and_momentum(seed, n, angle):
    """The same laws in every direction, under any numbering; Σηv = ΣF with any friction."""
    rng = np.random.default_rng(seed)
    points, winding = 20 + rng.normal(0, 1.5, (n, 2)), rng.choice([1, -1, 2], n)
    push, order = rng.normal(size=2), rng.permutation(n)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def velocities(where, force, kinds):
        # Every vortex at its own stiffness, so that all relative forces differ.
        pull = vmd.ExternalForce.from_function(
            lambda r: force * (1 + np.sum((r - 20) ** 2, axis=1))[:, None]
        )
        start = vmd.Vortices(where, kinds, FREE)
        sim = vmd.Simulation(
            start, None, dt=1e-6, friction=ETA, external=[pull], pair_friction=BOTH
        )
        return sim.velocities(), sim.forces()

    plain, forces = velocities(points, push, winding)
    scale = np.abs(plain).max()
    turned, _ = velocities(20 + (points - 20) @ turn.T, push @ turn.T, winding)
    np.testing.assert_allclose(turned, plain @ turn.T, atol=1e-9 * scale)
    shuffled, _ = velocities(points[order], push, winding[order])
    np.testing.assert_allclose(shuffled, plain[order], atol=1e-12 * scale)
    eta = np.array([ETA[w] for w in winding.tolist()])
    total = (eta[:, None] * plain).sum(axis=0)
    np.testing.assert_allclose(total, forces.sum(axis=0), atol=1e-12 * scale * n)


@pytest.mark.parametrize("winding", [(1, 1), (1, -1)])
def test_along_and_across_the_pair(winding):
    """One sign: γ in both directions; unlike signs: across the pair the friction is constant."""
    distance, across = 0.8, np.array([-0.6, 0.8])
    along = np.array([0.8, 0.6])
    for direction, factor in (
        (along, 1 / narrow(distance) if winding == (1, 1) else 1 / wide(distance)),
        (across, 1 / narrow(distance) if winding == (1, 1) else 1.0),
    ):
        apart = vmd.ExternalForce.from_function(
            lambda r, direction=direction: np.sign((r - 20) @ along)[:, None] * direction
        )
        start = two(distance * along, winding)
        sim = vmd.Simulation(start, None, dt=1e-3, external=[apart], pair_friction=BOTH)
        expected = factor * np.array([direction, -direction])
        np.testing.assert_allclose(sim.velocities(), expected, rtol=1e-5, atol=1e-12)


def test_a_drive_moves_the_centre_as_before():
    start = vmd.random_vortices(60, 0.1, min_distance=1.0, seed=3)
    runs = [
        vmd.Simulation(
            start, pot.GLFit(1.7), dt=0.05, external=[vmd.UniformDrive((0.2, -0.1))], **friction
        )
        for friction in ({}, {"pair_friction": LIKE})
    ]
    for sim in runs:
        sim.run(200)
        np.testing.assert_allclose(sim.displacement, [2.0, -1.0], rtol=1e-10)
    assert np.abs(runs[0].state.unwrapped - runs[1].state.unwrapped).max() > 0.01


def test_energy_only_falls_and_feeds_the_dissipation():
    start = vmd.random_vortices(80, 0.12, winding={1: 0.8, -1: 0.2}, min_distance=1.2, seed=5)
    law = pot.Log(0.2, cutoff=9.0)
    sim = vmd.Simulation(start, law, dt=0.002, pair_friction=BOTH)
    energies = [sim.energy()]
    for _ in range(40):
        sim.run(5)
        energies.append(sim.energy())
    assert np.diff(energies).max() < 0
    losses = []
    for dt in (2e-3, 1e-3):
        # The same state at two steps: dE/dt = −FᵀMF up to the first order in the step.
        short = vmd.Simulation(sim.state, law, dt=dt, pair_friction=BOTH)
        power, before = float(np.sum(short.forces() * short.velocities())), short.energy()
        short.run(1)
        losses.append((short.energy() - before) / dt)
    assert power > 0
    np.testing.assert_allclose(2 * losses[1] - losses[0], -power, rtol=1e-3)


def test_friction_of_one_changes_no_bit():
    start = vmd.random_vortices(300, 0.3, winding={1: 0.6, -1: 0.4}, min_distance=0.5, seed=2)
    settings = {"dt": 0.005, "reactions": [vmd.Annihilation(distance=0.4)]}
    law = pot.London(1.0, cutoff=6.0)
    none = vmd.Simulation(start, law, **settings)
    ones = {pair: TabulatedFriction(NODES, np.ones(NODES.size)) for pair in ((1, 1), (1, -1))}
    unit = vmd.Simulation(start, law, pair_friction=ones, **settings)
    for sim in (none, unit):
        sim.run(200)
    assert len(none.events) > 3
    assert same_bits(none, unit)


def gas(n, threads=None, density=0.6):
    """A gas of both signs that annihilates, under friction that reaches beyond the forces."""
    start = vmd.random_vortices(n, density, winding={1: 0.7, -1: 0.3}, min_distance=0.4, seed=1)
    return vmd.Simulation(
        start,
        pot.London(f0=1.0, cutoff=3.0),
        dt=0.001,
        reactions=[vmd.Annihilation(distance=0.35)],
        external=[vmd.UniformDrive((0.5, 0.2))],
        pair_friction=BOTH,
        threads=threads,
    )


def test_threads_change_no_bit():
    runs = [gas(8200, threads) for threads in (1, 2, 4)]
    for sim in runs:
        sim.run(15)
    assert all(same_bits(runs[0], other) for other in runs[1:])
    assert len(runs[0].events) > 50
    assert np.array_equal(runs[0].velocities(), runs[2].velocities())


def test_blocks_and_old_lists_make_no_difference():
    """Two blocks, the list made steps ago, friction reaching further than forces: M F as defined."""
    sim = gas(4500, density=0.3)
    sim.run(12)
    state, forces, velocities = sim.state, sim.forces(), sim.velocities()
    pick = np.random.default_rng(0).choice(len(state), 40, replace=False)
    for k in pick:
        apart = state.box.minimum_image(state.positions[k] - state.positions)
        r = np.hypot(*apart.T)
        near = np.flatnonzero((r > 0) & (r < 6.0))
        like = state.winding[near] == state.winding[k]
        c = 0.5 * (1 / np.where(like, narrow(r[near]), wide(r[near])) - 1)
        relative = forces[k] - forces[near]
        unit = apart[near] / r[near, None]
        along = np.sum(unit * relative, axis=1)[:, None] * unit
        expected = forces[k] + (c[:, None] * np.where(like[:, None], relative, along)).sum(axis=0)
        np.testing.assert_allclose(velocities[k], expected, rtol=1e-4, atol=1e-4)


def test_resumed_to_the_bit(tmp_path):
    whole, cut = gas(120), gas(120)
    whole.run(240)
    cut.run(100)
    cut.save(tmp_path / "run.chk")
    resumed = vmd.Simulation.resume(tmp_path / "run.chk")
    assert resumed.pair_friction == BOTH
    resumed.run(140)
    assert same_bits(whole, resumed) and len(whole.events) > 3
    # The file says what was run.
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", every=10)
    resumed.run(10, writers=[writer])
    with vmd.load(tmp_path / "run.h5") as trajectory:
        assert trajectory.parameters["pair_friction"]["type"] == "FrictionByPair"
    assert "pair_friction" not in vmd.Simulation(whole.state, None, dt=1.0).description()


def test_vortices_on_one_spot_stay_finite():
    for winding in ((1, 1), (1, -1)):
        for separation in ((0.0, 0.0), (1e-9, 0.0)):
            start = two(separation, winding)
            # Relative forces of order one however near.
            tear = vmd.ExternalForce.from_function(lambda r: np.where(r > 20, 1.0, -1.0))
            sim = vmd.Simulation(start, None, dt=1e-6, external=[tear], pair_friction=BOTH)
            assert np.isfinite(sim.velocities()).all()
            # What 1/γ is at 2⁻⁵ λ is the most.
            assert np.abs(sim.velocities()).max() < 1.01 / narrow(1 / 32)


class Constant(PairFriction):
    """A law of a script's own, which no file can hold."""

    reach = 3.0

    def covers(self, n1, n2):
        return n1 * n2 > 0

    def _gamma(self, pair, d):
        return np.where(d < self.reach, 0.5, 1.0)


def test_a_law_of_ones_own(tmp_path):
    start = two((2.0, 0.0), (1, 1))
    sim = vmd.Simulation(start, pot.GLFit(1.7), dt=0.1, pair_friction=Constant())
    np.testing.assert_allclose(sim.velocities(), 2 * sim.forces(), rtol=1e-12)
    sim.save(tmp_path / "own.chk")
    with pytest.raises(ValueError, match=r"pair_friction: .*'Constant'.*pass pair_friction="):
        vmd.Simulation.resume(tmp_path / "own.chk")
    again = vmd.Simulation.resume(tmp_path / "own.chk", pair_friction=Constant())
    sim.run(20), again.run(20)
    assert same_bits(sim, again)


def test_minima_do_not_know_friction():
    start = vmd.random_vortices(40, 0.2, min_distance=1.0, seed=4)
    law = pot.London(1.0, cutoff=6.0)
    plain = vmd.Simulation(start, law, dt=0.1)
    slow = vmd.Simulation(start, law, dt=0.1, pair_friction=LIKE)
    assert plain.minimize() and slow.minimize()
    assert same_bits(plain, slow)


def test_hops_keep_clear_of_whom_they_would_throw_too_far():
    box = vmd.Box((40.0, 20.0), "periodic")
    regions = vmd.Regions.rectangles([[0, 0, 20, 20], [20, 0, 40, 20]], box=box)
    laws = [vmd.flux_exchange.ActivationLaw("linear", u0=1.0, b_max=1.0)] * 2
    hops = vmd.ArrheniusHopping(regions, laws, attempt_rate=20.0, hop_distance=0.5)
    steps = []
    for friction in (None, LIKE):
        settings = {"dt": 0.01, "max_displacement": 0.5, "pair_friction": friction}
        law = pot.London(2.0, cutoff=6.0)
        start = vmd.random_vortices(30, box=box, min_distance=1.5, seed=1)
        clear = vmd.Simulation(start, law, reactions=[hops], **settings).hopping.min_distance
        pair = vmd.Simulation(two((1.05 * clear, 0.0), (1, 1)), law, **settings)
        steps.append(0.01 * np.abs(pair.velocities()).max())
    # Half the limit is what two may be thrown apart by.
    np.testing.assert_allclose(steps, 0.25, rtol=0.25)


# -------------------------------------------------------------------------------- the tables


def test_table_between_and_beyond_its_nodes():
    d = np.linspace(1e-3, 7.9, 2000)
    np.testing.assert_allclose(LIKE.relative_friction(1, 1, d), narrow(d), atol=2e-4)
    np.testing.assert_allclose(LIKE.relative_friction(-1, -1, NODES), narrow(NODES), rtol=1e-12)
    # ∝ d² below the first node, as γ itself.
    small = LIKE.relative_friction(1, 1, np.array([1e-4, 1e-3, 1e-2])) / narrow(
        np.array([1e-4, 1e-3, 1e-2])
    )
    np.testing.assert_allclose(small, 1, rtol=1e-5)
    assert LIKE.relative_friction(1, 1, 0.0) == 0.0
    assert LIKE.relative_friction(1, -1, 0.5) == LIKE.relative_friction(1, 1, 99.0) == 1.0
    assert np.shape(LIKE.relative_friction(1, 1, np.ones((2, 3)))) == (2, 3)


def test_an_open_end_is_joined_smoothly():
    d = np.linspace(0.5, 4.0, 30)
    law = TabulatedFriction(d, 1 - 0.9 * np.exp(-d))
    assert law.gamma[-1] < 0.99 and law.reach == 5.0
    x = np.linspace(3.5, 5.5, 20001)
    gamma = law.relative_friction(1, 1, x)
    slopes = np.diff(gamma) / np.diff(x)
    assert (slopes >= 0).all() and (gamma[x >= 5.0] == 1).all()
    assert np.abs(np.diff(slopes)).max() < 1e-4


@given(
    gamma=st.lists(st.floats(0.01, 1.2), min_size=4, max_size=12),
    first=st.floats(0.01, 1.0),
    ratio=st.floats(1.05, 1.9),
)
def test_any_table_stays_between_its_values(gamma, first, ratio):
    d = first * ratio ** np.arange(len(gamma) + 1)
    law = TabulatedFriction(d, [*gamma, 1.0])
    x = np.linspace(0, 1.1 * d[-1], 3001)[1:]
    made = law.relative_friction(1, 1, x)
    assert (made > 0).all() and made.max() <= max(*gamma, 1.0) * 2
    np.testing.assert_allclose(law.relative_friction(1, 1, d), [*gamma, 1.0], rtol=1e-9)


def test_more_than_one_is_taken_as_one_with_a_word():
    law = TabulatedFriction(NODES, 1 + 0.1 * np.exp(-((NODES - 2) ** 2)))
    with pytest.warns(ClippedFrictionWarning, match=r"γ\(1, 1\) rises to 1\.1"):
        sim = vmd.Simulation(two((2.0, 0.0), (1, 1)), pot.GLFit(1.7), dt=0.1, pair_friction=law)
    np.testing.assert_array_equal(sim.velocities(), sim.forces())


ABOVE = TabulatedFriction(NODES, 1 + 0.1 * np.exp(-2 * (NODES - 3) ** 2), 1, -1)


def test_opposite_signs_keep_what_exceeds_one():
    """ḋ = 2Ω/γ with γ = 1.1 at 3 λ, and M as defined, positive, in a mixture."""
    law = pot.Log(0.3, cutoff=30.0)
    sim = vmd.Simulation(two((3.0, 0.0), (1, -1)), law, dt=0.1, pair_friction=ABOVE)
    relative = np.diff(sim.velocities()[:, 0])[0]
    constant = np.diff(sim.forces()[:, 0])[0]
    assert relative == pytest.approx(constant / 1.1, rel=1e-6)
    start = cloud(14, 3)
    sim = vmd.Simulation(start, None, dt=1e-3, pair_friction=ABOVE)
    measured = engine_mobility(sim)
    gammas = {1: np.ones_like, -1: lambda d: ABOVE.relative_friction(1, -1, d)}
    expected = mobility(start, gammas, {1: 1.0, -1: 1.0}, reach=ABOVE.reach)
    np.testing.assert_allclose(measured, expected, atol=1e-7)
    assert 0 < np.linalg.eigvalsh(measured)[0] < 1


def test_mobilities_that_may_not_be_positive_are_refused():
    """Forty antivortices around a vortex at the separation of γ = 1.1."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = 20.0 + 3.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    start = vmd.Vortices(np.vstack([[20.0, 20.0], ring]), [1] + [-1] * 40, FREE)
    sim = vmd.Simulation(start, None, dt=0.1, pair_friction=ABOVE)
    with pytest.raises(vmd.MobilityError, match="around vortex 0 so many antivortices"):
        sim.run(1)


# -------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d": [1, 2, 3]}, "gamma: 4 values for 3"),
        ({"d": [1, 2, 3], "gamma": [0.5, 0.9, 1]}, "at least 4"),
        ({"d": [0, 1, 2, 3]}, r"d\[0\] = 0.0: must be positive"),
        ({"d": [1, 2, 2, 3]}, r"d\[2\] = 2.0 follows 2.0"),
        ({"d": [1, 2, np.nan, 3]}, r"d\[2\] = nan"),
        ({"d": "abc"}, "d = 'abc': give real numbers"),
        ({"d": [[1, 2], [3, 4]]}, "one row"),
        ({"gamma": [0.0, 0.5, 0.9, 1]}, r"gamma\[0\] = 0.0 at d = 1.0"),
        ({"gamma": [0.5, 0.6, 1.3, 1]}, r"gamma\[2\] = 1.3"),
        ({"gamma": [0.5, 0.6, np.inf, 1]}, r"gamma\[2\] = inf"),
        ({"gamma": [0.5, 0.6, 0.8, 0.97]}, r"gamma\[-1\] = 0.97 .*extend"),
        ({"d": [1, 2, 9, 10], "gamma": [0.5, 0.9, 1.2, 1.0]}, "too far from"),
        ({"n1": 0}, "winding n1 = 0"),
        ({"n2": 1.5}, "winding n2 = 1.5"),
    ],
)
def test_bad_tables(arguments, message):
    good = {"d": [1.0, 2.0, 3.0, 4.0], "gamma": [0.5, 0.7, 0.9, 1.0]}
    with pytest.raises(ValueError, match=message):
        TabulatedFriction(**(good | arguments))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.5, "pair_friction = 0.5: give potentials.TabulatedFriction"),
        ({}, "pair_friction: laws = {}"),
        ({(1, 1): 0.5}, r"pair_friction: laws\[\(1, 1\)\] = 0.5"),
        ({1: LIKE}, "pair_friction: laws: key 1"),
        ({(1, 0): LIKE}, "winding n2 = 0"),
        ({(1, -1): LIKE, (-1, 1): LIKE}, "twice"),
        ({(1, 1): TabulatedFriction(NODES, narrow(NODES), 1, 2)}, r"windings \(1, 2\)"),
    ],
)
def test_bad_friction(value, message):
    with pytest.raises(ValueError, match=message):
        vmd.Simulation(two((2.0, 0.0), (1, 1)), None, dt=0.1, pair_friction=value)


def test_separations_must_be_separations():
    with pytest.raises(ValueError, match="d = -1"):
        LIKE.relative_friction(1, 1, -1.0)


def test_short_boxes_are_refused():
    start = vmd.Vortices([[1.0, 1.0]], [1], vmd.Box((11.0, 20.0), "periodic"))
    with pytest.raises(ValueError, match=r"box.lengths\[0\] = 11: .*reach of pair_friction, 1[25]"):
        vmd.Simulation(start, None, dt=0.1, pair_friction=LIKE)


def test_heat_is_refused(tmp_path):
    start, law = two((2.0, 0.0), (1, 1)), pot.GLFit(1.7)
    with pytest.raises(ValueError, match=r"temperature = 0.1: with pair_friction"):
        vmd.Simulation(start, law, dt=0.1, temperature=0.1, pair_friction=LIKE)
    sim = vmd.Simulation(start, law, dt=0.1, pair_friction=LIKE)
    with pytest.raises(ValueError, match=r"temperature = 0.1: with pair_friction"):
        sim.temperature = 0.1
    with pytest.raises(ValueError, match=r"to_temperature = 0.1: with pair_friction"):
        sim.anneal(0.1, 10)
    sim.anneal(0.0, 10)
    assert sim.temperature == 0 and sim.step == 10
    vmd.Simulation(start, law, dt=0.1, temperature=0.1).save(tmp_path / "hot.chk")
    with pytest.raises(ValueError, match=r"temperature = 0.1: with pair_friction"):
        vmd.Simulation.resume(tmp_path / "hot.chk", pair_friction=LIKE)
