"""Annihilation and merging: who meets whom, what is left, what is logged, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot
import vortexmd as vmd

BOX = vmd.Box((40.0, 40.0))
LAW = pot.London(f0=1.0, cutoff=4.0)


def simulate(positions, winding, *, distance=1.0, law=LAW, box=BOX, dt=1e-4, **options):
    reactions = options.pop("reactions", [vmd.Annihilation(distance=distance)])
    start = vmd.Vortices(positions, winding, box, options.pop("ids", None))
    return vmd.Simulation(start, law, dt=dt, reactions=reactions, **options)


def test_pairs_inside_the_distance_react_at_step_0_and_are_logged():
    sim = simulate([[1.0, 1.0], [1.9, 1.0], [10.0, 1.0]], [1, -1, 1], ids=[7, 3, 5])
    assert len(sim.state) == 3 and sim.events == []
    sim.run(0)
    (event,) = sim.events
    assert (event.kind, event.step, event.time) == ("annihilation", 0, 0.0)
    assert event.ids == (3, 7) and event.windings == (-1, 1)
    assert event.position == pytest.approx((1.45, 1.0))
    assert event.product_id is None and event.product_winding == 0
    assert sim.state.ids.tolist() == [5]


def test_the_default_distance_is_d_A_of_mu():
    for reaction in (vmd.Annihilation(mu=1.7), vmd.Annihilation(kappa=1.7 / np.sqrt(2))):
        assert reaction.distance == pytest.approx(
            float(pot.annihilation_separation(1.7)), rel=1e-12
        )
        assert reaction.distance == pytest.approx(3.65, abs=0.005)
        gl = pot.GLFit(1.7)
        for gap, left in ((reaction.distance - 1e-6, 0), (reaction.distance + 1e-6, 2)):
            sim = simulate(
                [[10.0, 10.0], [10.0 + gap, 10.0]], [1, -1], law=gl, reactions=[reaction]
            )
            sim.run(0)
            assert len(sim.state) == left


def test_across_a_periodic_corner():
    sim = simulate([[0.2, 39.9], [39.9, 0.3]], [1, -1])
    sim.run(0)
    assert len(sim.state) == 0
    assert sim.events[0].position == pytest.approx((0.05, 0.1))


def test_like_signs_are_left_alone():
    r = np.random.default_rng(1).random((20, 2)) * 0.5 + 5.0
    for winding in (1, -1, 2):
        sim = simulate(r, winding, dt=1e-9)
        sim.run(3)
        assert len(sim.state) == 20 and not sim.events


def test_two_and_minus_one_leave_one_at_the_place_of_the_two():
    sim = simulate([[5.0, 5.0], [5.6, 5.0], [20.0, 20.0]], [-1, 2, 1], ids=[4, 9, 11])
    sim.run(0)
    (event,) = sim.events
    assert event.ids == (4, 9) and event.windings == (-1, 2)
    assert event.product_winding == 1 and event.product_id == 12
    assert event.position == pytest.approx((5.6, 5.0))
    state = sim.state
    assert state.ids.tolist() == [11, 12] and state.winding.tolist() == [1, 1]
    assert state.positions[1] == pytest.approx([5.6, 5.0])


def test_equal_giants_vanish():
    sim = simulate([[5.0, 5.0], [5.6, 5.0]], [-2, 2])
    sim.run(0)
    assert len(sim.state) == 0 and sim.events[0].product_id is None


def test_the_closest_pair_goes_first():
    """+ at 0, − at 0.6, + at 1.0: the pair 0.4 apart reacts, the one 0.6 apart does not."""
    sim = simulate([[5.0, 5.0], [5.6, 5.0], [6.0, 5.0]], [1, -1, 1])
    sim.run(0)
    assert sim.state.ids.tolist() == [0]
    assert sim.events[0].ids == (1, 2)


def test_a_chain_reacts_in_pairs():
    """Equally spaced + − + − + −: ties go by id, each vortex reacts once a step."""
    x = 5 + 0.75 * np.arange(6)
    sim = simulate(np.column_stack((x, np.full(6, 5.0))), [1, -1, 1, -1, 1, -1], dt=1e-6)
    sim.run(0)
    assert [event.ids for event in sim.events] == [(0, 1), (2, 3), (4, 5)]
    assert len(sim.state) == 0


def test_what_is_left_may_react_at_the_next_step():
    """+3 among three −1: one at step 0, one at step 1, one at step 2; ids are never used again."""
    r = [[5.0, 5.0], [5.5, 5.0], [5.0, 5.6], [4.3, 5.0]]
    law = pot.Interaction(
        {
            (a, b): pot.London(f0=1.0, cutoff=4.0)
            for a, b in ((1, 1), (1, -1), (2, -1), (3, -1), (2, 1), (3, 1), (3, 2), (2, 2))
        }
    )
    sim = simulate(r, [3, -1, -1, -1], law=law, dt=1e-9)
    sim.run(3)
    assert [event.step for event in sim.events] == [0, 1, 2]
    assert [event.ids for event in sim.events] == [(0, 1), (2, 4), (3, 5)]
    assert [event.product_id for event in sim.events] == [4, 5, None]
    assert [event.product_winding for event in sim.events] == [2, 1, 0]
    assert len(sim.state) == 0
    assert all(event.position == pytest.approx((5.0, 5.0), abs=1e-6) for event in sim.events[:2])


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from([1, -1, 2, -2]), min_size=1, max_size=40),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["periodic", "free", "reflecting"]),
)
def test_total_winding_is_conserved(winding, seed, boundary):
    """Whatever is thrown in; and nobody is left within the distance of an opposite sign."""
    box = vmd.Box((12.0, 12.0), boundary)
    start = vmd.random_vortices(len(winding), box=box, min_distance=0.05, seed=seed)
    sim = simulate(start.positions, winding, box=box, dt=1e-7, distance=0.8)
    sim.run(6)
    assert sim.state.winding.sum() == sum(winding)
    for event in sim.events:
        assert event.windings[0] * event.windings[1] < 0
        assert sum(event.windings) == event.product_winding
        assert event.ids == tuple(sorted(event.ids))
    used = [i for event in sim.events for i in event.ids]
    assert len(set(used)) == len(used) and not set(used) & set(sim.state.ids.tolist())
    d = box.minimum_image(sim.state.positions[:, None] - sim.state.positions[None])
    close = np.hypot(d[..., 0], d[..., 1]) < 0.8 - 1e-5
    opposite = np.multiply.outer(sim.state.winding, sim.state.winding) < 0
    assert not np.any(close & opposite)


def test_a_gas_decays_to_its_net_winding():
    start = vmd.random_vortices(300, 0.5, winding={1: 0.6, -1: 0.4}, min_distance=0.4, seed=3)
    sim = vmd.Simulation(
        start, pot.London(f0=1.0), dt=0.01, reactions=[vmd.Annihilation(distance=0.3)]
    )
    sim.run(4_000)
    assert sim.state.winding.sum() == 60
    assert len(sim.state) == 300 - 2 * len(sim.events)
    assert len(sim.events) > 60
    steps = [event.step for event in sim.events]
    assert steps == sorted(steps)
    assert all(e.time == pytest.approx(0.01 * e.step, rel=1e-12) for e in sim.events)


@pytest.mark.parametrize("n", [2, 60])
def test_particles_without_a_force_react_all_the_same(n):
    """Diffusion-limited annihilation: only the reaction needs neighbours."""
    start = vmd.random_vortices(n, 1.0, winding={1: 0.5, -1: 0.5}, seed=2)
    box = vmd.Box((12.0, 12.0))
    start = vmd.Vortices(start.positions, start.winding, box)
    sim = vmd.Simulation(
        start, None, dt=0.02, temperature=1.0, reactions=[vmd.Annihilation(distance=0.5)], seed=1
    )
    assert not sim.forces().any() and sim.energy() == 0
    sim.run(6_000)
    assert sim.state.winding.sum() == 0 and len(sim.state) == n - 2 * len(sim.events)
    assert len(sim.state) == 0


def test_merging_in_type_one():
    """They attract, join at their winding-weighted middle, and stop at max_winding."""
    law = pot.Interaction(
        {
            (1, 1): pot.GLFit(0.6),
            (1, 2): pot.GLFit(0.6),
            (2, 2): pot.GLPair("V-GV", 0.6),
        }
    )
    box = vmd.Box((60.0, 60.0))
    r = [[10.0, 10.0], [12.0, 10.0], [11.0, 13.0]]
    sim = simulate(r, 1, law=law, box=box, dt=0.2, reactions=[vmd.Merging(distance=1.0)])
    sim.run(6_000)
    (event,) = sim.events
    assert event.kind == "merging" and event.windings == (1, 1) and event.product_winding == 2
    assert event.ids == (0, 1) and event.product_id == 3
    assert sorted(sim.state.winding.tolist()) == [1, 2]


def test_a_merger_stands_at_the_weighted_middle():
    law = pot.Interaction(
        {(a, b): LAW for a, b in ((1, 1), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3))}
    )
    merging = vmd.Merging(distance=0.5, max_winding=3)
    sim = simulate([[39.9, 10.0], [0.2, 10.0]], [2, 1], law=law, reactions=[merging])
    sim.run(0)
    assert sim.state.winding.tolist() == [3]
    assert sim.state.positions[0] == pytest.approx([0.0, 10.0], abs=1e-12) or sim.state.positions[
        0
    ] == pytest.approx([40.0, 10.0], abs=1e-12)
    # 3 is the most: two of them stay apart.
    sim = simulate([[10.0, 10.0], [10.2, 10.0]], [3, 1], law=law, reactions=[merging])
    sim.run(0)
    assert len(sim.state) == 2 and not sim.events


def test_annihilation_and_merging_together():
    """The closest pair first, whichever reaction takes it."""
    law = pot.Interaction(
        {(a, b): LAW for a, b in ((1, 1), (1, 2), (2, 2), (1, -1), (2, -1), (2, -2))}
    )
    reactions = [vmd.Annihilation(distance=0.5), vmd.Merging(distance=1.0)]
    r = [[5.0, 5.0], [5.3, 5.0], [5.7, 5.0]]
    sim = simulate(r, [1, 1, -1], law=law, reactions=reactions)
    sim.run(0)
    assert [(e.kind, e.ids) for e in sim.events] == [("merging", (0, 1))]
    sim = simulate(r, [1, -1, 1], law=law, reactions=reactions)
    sim.run(0)
    assert [(e.kind, e.ids) for e in sim.events] == [("annihilation", (0, 1))]


class TestReachableWindings:
    """Pairs that can meet must be covered, and are named; others need not be."""

    def test_merging_with_the_gl_fits_lacks_two_and_two(self):
        start = vmd.random_vortices(20, 0.02, min_distance=1.0, seed=1)
        with pytest.raises(ValueError, match=r"pair_force: windings \(2, 2\).*\(1, 2\)"):
            vmd.Simulation(start, pot.GLFit(0.6), dt=0.1, reactions=[vmd.Merging(distance=0.5)])

    def test_three_needs_all_its_pairs(self):
        start = vmd.random_vortices(20, 0.02, min_distance=1.0, seed=1)
        with pytest.raises(ValueError) as error:
            vmd.Simulation(
                start, pot.GLFit(0.6), dt=0.1, reactions=[vmd.Merging(distance=0.5, max_winding=3)]
            )
        for pair in ("(1, 3)", "(2, 2)", "(2, 3)", "(3, 3)"):
            assert pair in str(error.value)

    def test_one_giant_among_singles_is_allowed(self):
        winding = [2] + [1] * 19
        start = vmd.random_vortices(20, 0.02, min_distance=2.0, seed=1)
        start = vmd.Vortices(start.positions, winding, start.box)
        vmd.Simulation(start, pot.GLFit(1.7), dt=0.1).run(3)
        two = vmd.Vortices(start.positions, [2, 2] + [1] * 18, start.box)
        with pytest.raises(ValueError, match=r"\(2, 2\)"):
            vmd.Simulation(two, pot.GLFit(1.7), dt=0.1)

    def test_a_single_giant_and_a_single_vortex_of_opposite_sign(self):
        """+2 and −1 leave one +1: no pair of equals can ever meet, (2, −1) must be covered."""
        start = vmd.Vortices([[5.0, 5.0], [9.0, 5.0]], [2, -1], BOX)
        reactions = [vmd.Annihilation(distance=1.0)]
        with pytest.raises(ValueError, match=r"windings \(-1, 2\)"):
            vmd.Simulation(start, pot.GLFit(1.7), dt=0.1, reactions=reactions)

    def test_setting_reactions_later_is_checked_and_undone(self):
        start = vmd.random_vortices(20, 0.01, min_distance=2.0, seed=1)
        sim = vmd.Simulation(start, pot.GLFit(0.6), dt=0.1)
        before = sim.forces()
        with pytest.raises(ValueError, match=r"\(2, 2\)"):
            sim.reactions = [vmd.Merging(distance=0.5)]
        assert sim.reactions == ()
        assert np.array_equal(sim.forces(), before)
        sim.run(5)
        with pytest.raises(ValueError, match="reactions"):
            sim.reactions = ["merging"]

    def test_friction_for_every_winding_that_can_occur(self):
        start = vmd.Vortices([[5.0, 5.0], [9.0, 5.0]], [2, -1], BOX)
        law = pot.London(f0=1.0, cutoff=4.0)
        reactions = [vmd.Annihilation(distance=1.0)]
        with pytest.raises(ValueError, match="friction: no value for winding 1"):
            vmd.Simulation(start, law, dt=0.1, reactions=reactions, friction={2: 2.0, -1: 1.0})
        vmd.Simulation(start, law, dt=0.1, reactions=reactions, friction={2: 2.0, -1: 1.0, 1: 1.0})


def test_reactions_can_be_set_between_runs():
    sim = simulate([[5.0, 5.0], [5.6, 5.0]], [1, -1], reactions=[])
    sim.run(5)
    assert len(sim.state) == 2
    sim.reactions = [vmd.Annihilation(distance=1.0)]
    sim.run(1)
    assert len(sim.state) == 0 and sim.events[0].step == 5


def test_reactions_can_be_set_when_nobody_is_left():
    sim = simulate([[5.0, 5.0], [5.6, 5.0]], [1, -1])
    sim.run(1)
    sim.reactions = []
    sim.run(2)
    assert sim.step == 3 and len(sim.state) == 0


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: vmd.Annihilation(), "annihilation: give one of"),
        (lambda: vmd.Annihilation(distance=1.0, mu=1.7), "annihilation: give one of"),
        (lambda: vmd.Annihilation(distance=-1.0), "annihilation.distance"),
        (lambda: vmd.Annihilation(distance=np.nan), "annihilation.distance"),
        (lambda: vmd.Annihilation(distance=np.inf), "annihilation.distance"),
        (lambda: vmd.Annihilation(distance="1"), "annihilation.distance"),
        (lambda: vmd.Annihilation(mu=0.1), "annihilation"),
        (lambda: vmd.Annihilation(mu=np.nan), "annihilation"),
        (lambda: vmd.Merging(distance=0.0), "merging.distance"),
        (lambda: vmd.Merging(distance=1.0, max_winding=1), "merging.max_winding"),
        (lambda: vmd.Merging(distance=1.0, max_winding=2.5), "merging.max_winding"),
        (lambda: vmd.Merging(distance=1.0, max_winding="3"), "merging.max_winding"),
        (lambda: simulate([[1.0, 1.0], [5.0, 5.0]], [1, -1], distance=21.0), "distance|twice"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
