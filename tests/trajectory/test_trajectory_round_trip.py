"""What goes into a file comes out of it: frames, series, events, and what a slice of it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trajectory_fake import FakeSimulation, growing_and_dying

import vortexmd as vmd
from vortexmd.frames import assign_columns


def assert_same_frame(frame, state, *, exact=True):
    assert np.array_equal(frame.ids, state.ids)
    assert np.array_equal(frame.winding, state.winding)
    assert (frame.step, frame.time) == (state.step, state.time)
    assert frame.box == state.box
    if exact:
        assert np.array_equal(frame.positions, state.positions)
        assert np.array_equal(frame.image, state.image)
    else:
        error = np.abs(frame.unwrapped - state.unwrapped)
        largest = max(*state.box.lengths, np.abs(state.positions).max(initial=0.0))
        assert error.max(initial=0.0) <= 2.0**-23 * largest


@pytest.mark.parametrize("compression", ["gzip", 6, None])
@pytest.mark.parametrize(
    "boundary", [("periodic", "periodic"), ("periodic", "open"), ("reflecting", "free")]
)
def test_every_frame_comes_back_to_the_bit(tmp_path, boundary, compression):
    sim = FakeSimulation(growing_and_dying, box=vmd.Box((10.0, 6.0), boundary))
    sim.run(72, vmd.TrajectoryWriter(tmp_path / "run.h5", 6, compression=compression))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert len(trajectory) == 13
    assert trajectory.count.max() > 2 * trajectory.count[0]
    assert trajectory.count[-1] == 0
    for k, frame in enumerate(trajectory):
        assert_same_frame(frame, sim.at(6 * k).state)


def test_growth_beyond_what_the_arrays_were_made_for(tmp_path):
    """3 vortices at first, 400 at last: wider than the file could be resized to."""
    sim = FakeSimulation(lambda step: 3 + 397 * (step > 4))
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", 1)
    sim.run(4, writer)
    sim.run(6, writer)
    trajectory = vmd.load(tmp_path / "run.h5")
    assert trajectory.count.tolist() == [3] * 5 + [400] * 6
    for frame in trajectory:
        assert_same_frame(frame, sim.at(frame.step).state)


def test_no_vortex_at_all(tmp_path):
    FakeSimulation(lambda step: 0).run(2, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert [len(frame) for frame in trajectory] == [0, 0, 0]


@pytest.mark.parametrize("boundary", ["periodic", "reflecting", "open", "free"])
def test_single_precision(tmp_path, boundary):
    sim = FakeSimulation(box=vmd.Box((3.3, 0.7), boundary))
    sim.run(40, vmd.TrajectoryWriter(tmp_path / "run.h5", 1, dtype="float32"))
    for frame in vmd.load(tmp_path / "run.h5"):
        assert_same_frame(frame, sim.at(frame.step).state, exact=False)


@pytest.mark.parametrize("boundary", ["periodic", "reflecting"])
def test_single_precision_at_the_very_edge(tmp_path, boundary):
    """float32 rounds 3.3 − 1e-12 to 3.29999995 or, for other lengths, beyond the side."""
    for length in (3.3, 0.7, 10.1, 1e3 / 7):

        class AtTheEdge(FakeSimulation):
            @property
            def state(self):
                positions = [[np.nextafter(self.box.lengths[0], 0), 0.0]]
                return vmd.Vortices(positions, 1, self.box, step=self.step, time=self.time)

        sim = AtTheEdge(box=vmd.Box((length, 1.0), boundary))
        path = tmp_path / f"{length}.h5"
        sim.run(0, vmd.TrajectoryWriter(path, 1, dtype="float32"))
        (frame,) = vmd.load(path)
        assert 0 < length - frame.positions[0, 0] < 1e-6 * length
        assert frame.image[0, 0] == 0


def test_series_and_velocities(tmp_path):
    sim = FakeSimulation(growing_and_dying)
    sim.run(30, vmd.TrajectoryWriter(tmp_path / "run.h5", 10))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert trajectory.steps.tolist() == [0, 10, 20, 30]
    assert np.array_equal(trajectory.times, np.array([0, 10, 20, 30]) * 0.01)
    assert trajectory.count.tolist() == [20, 30, 40, 50]
    assert trajectory.pair_energy[1] == np.sin(10) + 30
    assert np.array_equal(trajectory.energy, trajectory.pair_energy + trajectory.external_energy)
    assert np.all(trajectory.temperature == 0.25)
    # λ = (0.02 t², −t): between t and t' the mean velocity is (0.02 (t + t'), −1).
    velocity = trajectory.mean_velocity
    assert np.isnan(velocity[0]).all()
    np.testing.assert_allclose(velocity[1:], [[0.002, -1], [0.006, -1], [0.01, -1]], rtol=1e-12)
    np.testing.assert_allclose(trajectory.winding_velocity[1:], [[0.5, 0]] * 3, rtol=1e-12)
    np.testing.assert_allclose(trajectory[::3].mean_velocity[1], [0.006, -1], rtol=1e-12)
    with pytest.raises(ValueError, match=r"series 'entropy': give one of energy, .*count"):
        trajectory.series("entropy")


def test_indexing(tmp_path):
    FakeSimulation().run(9, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert trajectory[-1].step == 9
    assert trajectory[-10].step == 0
    part = trajectory[2:8:2]
    assert [frame.step for frame in part] == part.steps.tolist() == [2, 4, 6]
    assert part[::-1][0].step == 6
    assert len(trajectory[5:5]) == 0
    for wrong in (10, -11):
        with pytest.raises(IndexError, match=f"frame {wrong}: .*run.h5 has 10 here"):
            trajectory[wrong]
    with pytest.raises(ValueError, match="refresh the whole one"):
        part.refresh()
    assert "10 frames, steps 0 … 9, 7 vortices" in repr(trajectory)
    with trajectory as opened:
        assert opened[3].step == 3
        assert opened.refresh() == 10


def test_events(tmp_path):
    sim = FakeSimulation(growing_and_dying)
    sim.run(45, vmd.TrajectoryWriter(tmp_path / "run.h5", 10))
    # Those since the last frame, at step 40, too.
    assert sim.events[-1].step == 45
    assert {event.kind for event in sim.events} == {"entry", "annihilation"}
    assert vmd.load(tmp_path / "run.h5").events == sim.events


def test_every_sort_of_event(tmp_path):
    events = [
        vmd.Event("hop", 1, 0.1, (3,), (-2,), (0.5, 1.5)),
        vmd.Event("merging", 2, 0.2, (4294967295, 0), (1, 2), (0.5, 1.5), 4294967294, 3),
        vmd.Event("annihilation", 2, 0.2, (1, 2), (1, -3), (0.0, 0.0), 7, -2),
        vmd.Event("exit", 3, 0.3, (9,), (1,), (-4.0, 0.0)),
    ]
    sim = FakeSimulation().at(4)
    sim.events = events
    sim.run(0, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    assert vmd.load(tmp_path / "run.h5").events == events


def test_an_event_checks_itself():
    with pytest.raises(
        ValueError, match=r"event\.kind = 'birth': give one of annihilation, merging"
    ):
        vmd.Event("birth", 0, 0.0, (1,), (1,), (0.0, 0.0))
    for ids, windings in (((), ()), ((1, 2), (1,)), ((1, 2, 3), (1, 1, 1))):
        with pytest.raises(ValueError, match="give one of each, or two"):
            vmd.Event("merging", 0, 0.0, ids, windings, (0.0, 0.0))


def test_parameters_and_provenance(tmp_path):
    sim = FakeSimulation(seed=5)
    sim.run(1, vmd.TrajectoryWriter(tmp_path / "run.h5", 1))
    trajectory = vmd.load(tmp_path / "run.h5")
    assert trajectory.parameters == sim.description()
    assert trajectory.changes == []
    about = trajectory.provenance
    assert about["numpy"] == np.__version__
    assert about["vortexmd"] == vmd.__version__
    assert {"python", "numba", "scipy", "h5py", "processor", "started"} <= set(about)
    assert about["git_revision"] is None or len(about["git_revision"]) >= 40


@given(st.lists(st.sets(st.integers(0, 30), max_size=12), min_size=1, max_size=12))
def test_a_column_is_for_life(frames):
    """Against the plainest bookkeeping: a dictionary of who sits where."""
    before = np.empty(0, dtype=np.int64)
    seats = {}
    most = 0
    for present in frames:
        ids = np.array(sorted(present), dtype=np.int64)
        columns = assign_columns(before, ids)
        seats = {i: seats[i] for i in seats if i in present}
        taken = dict(zip(ids.tolist(), columns.tolist(), strict=True))
        assert len(set(taken.values())) == len(taken)
        assert all(taken[i] == seat for i, seat in seats.items())
        seats = taken
        most = max(most, len(ids))
        assert max(seats.values(), default=-1) < most
        before = np.full(most, -1)
        before[columns] = ids
