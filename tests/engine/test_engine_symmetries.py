"""What must hold for every configuration: invariance under shifts, relabelling, sign flips, turns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot
import vortexmd as vmd

SHORT, LONG = pot.Log(q=2.0, cutoff=1.5), pot.Log(q=1.0, cutoff=2.5)
LAWS = (
    LONG,
    pot.Interaction(
        {(1, 1): LONG, (1, -1): LONG, (1, 2): SHORT, (2, 2): LONG, (2, -1): SHORT, (2, -2): LONG}
    ),
)
WORDS = ("periodic", "free", "open", "reflecting")
MANY = settings(max_examples=20)


ANY_BOUNDARY = st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS))


@st.composite
def configurations(draw, boundary=ANY_BOUNDARY):
    """Up to 30 vortices, at least 0.05 λ apart, of windings ±1, ±2, in any box that is large enough."""
    lengths = (draw(st.floats(25.0, 60.0)), draw(st.floats(25.0, 60.0)))
    box = vmd.Box(lengths, draw(boundary))
    n = draw(st.integers(1, 30))
    seed = draw(st.integers(0, 2**32 - 1))
    # Crowded into a corner, so that there are pairs and periodic sides matter.
    r = vmd.random_vortices(n, box=vmd.Box((6.0, 6.0)), min_distance=0.05, seed=seed).positions
    shift = np.where(box.periodic, -3.0, 0.0)
    winding = draw(st.lists(st.sampled_from([1, -1, 2, -2]), min_size=n, max_size=n))
    return vmd.Vortices(r + shift, winding, box)


def answers(start, law):
    sim = vmd.Simulation(start, law, dt=1e-9)
    return sim.forces(), sim.energy()


def close(one, other):
    scale = max(1.0, np.abs(one[0]).max())
    assert np.abs(one[0] - other[0]).max() <= 1e-10 * scale
    assert one[1] == pytest.approx(other[1], rel=1e-10, abs=1e-10 * scale)


@MANY
@given(
    configurations(st.sampled_from([("periodic", "periodic"), ("free", "free")])),
    st.floats(-100, 100),
    st.floats(-100, 100),
    st.sampled_from(LAWS),
)
def test_translation(start, dx, dy, law):
    moved = vmd.Vortices(start.positions + np.array([dx, dy]), start.winding, start.box)
    close(answers(start, law), answers(moved, law))


@MANY
@given(configurations(), st.randoms(use_true_random=False), st.sampled_from(LAWS))
def test_relabelling(start, random, law):
    order = list(range(len(start)))
    random.shuffle(order)
    ids = random.sample(range(2**32), len(start))
    other = vmd.Vortices(start.positions[order], start.winding[order], start.box, ids)
    forces, energy = answers(start, law)
    by_id = np.array(order)[np.argsort(ids)]
    close((forces[by_id], energy), answers(other, law))


@MANY
@given(configurations(), st.sampled_from(LAWS))
def test_flipping_every_winding_changes_nothing(start, law):
    flipped = vmd.Vortices(start.positions, -start.winding, start.box)
    close(answers(start, law), answers(flipped, law))


@MANY
@given(configurations(), st.sampled_from(LAWS))
def test_exchanging_the_axes(start, law):
    box = vmd.Box(start.box.lengths[::-1], start.box.boundary[::-1])
    turned = vmd.Vortices(start.positions[:, ::-1], start.winding, box)
    forces, energy = answers(turned, law)
    close(answers(start, law), (forces[:, ::-1], energy))


@MANY
@given(configurations(), st.sampled_from(LAWS))
def test_third_law(start, law):
    forces, _ = answers(start, law)
    assert np.abs(forces.sum(axis=0)).max() <= 1e-12 * max(1.0, np.abs(forces).sum())


@MANY
@given(configurations(), st.sampled_from([(1, 1), (-1, 1), (2, -1)]))
def test_a_flipped_run_of_a_driven_gas_mirrors(start, turn):
    """Drives couple to winding: flipping all windings and the drive leaves the motion as it was."""
    drive = np.array([0.3, -0.2]) * turn
    flipped = vmd.Vortices(start.positions, -start.winding, start.box, image=start.image)
    finals = []
    for state, force in ((start, drive), (flipped, -drive)):
        sim = vmd.Simulation(
            state,
            LAWS[0],
            dt=1e-5,
            external=vmd.UniformDrive(tuple(force)),
            temperature=0.1,
            seed=5,
        )
        sim.run(5)
        finals.append(sim.state.unwrapped)
    assert finals[0] == pytest.approx(finals[1], abs=1e-12)
