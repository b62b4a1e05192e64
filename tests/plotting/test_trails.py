"""Paths folded into the box."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vortexmd.box import Box
from vortexmd.lattices import random_vortices
from vortexmd.plotting.trails import recent_trails, wrap_trails
from vortexmd.vortices import Vortices

coordinate = st.floats(-30, 30)


@given(
    trail=st.lists(st.tuples(coordinate, coordinate), min_size=0, max_size=8),
    periodic=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=150, deadline=None)
def test_pieces_lie_in_the_box_and_keep_length_and_direction(trail, periodic):
    box = Box((4.0, 7.0), tuple("periodic" if p else "free" for p in periodic))
    path = np.array(trail, dtype=float).reshape(-1, 2)
    pieces, age = wrap_trails([path], box)
    assert len(pieces) == len(age)
    for axis in np.flatnonzero(periodic):
        assert (pieces[:, :, axis] >= -1e-9).all()
        assert (pieces[:, :, axis] <= box.lengths[axis] + 1e-9).all()
    steps = np.diff(path, axis=0) if len(path) > 1 else np.empty((0, 2))
    runs = pieces[:, 1] - pieces[:, 0]
    np.testing.assert_allclose(runs.sum(axis=0), steps.sum(axis=0), atol=1e-8)
    length = np.hypot(*steps.T).sum()
    assert np.hypot(*runs.T).sum() == pytest.approx(length, abs=1e-8)
    assert (np.diff(age) >= 0).all()


def test_gaps_and_short_trails():
    nan = np.nan
    path = [[1, 1], [2, 1], [nan, nan], [3, 3], [3, 2]]
    pieces, age = wrap_trails([path, [[1, 1]], np.empty((0, 2))], Box((4.0, 4.0)))
    assert pieces.tolist() == [[[1, 1], [2, 1]], [[3, 3], [3, 2]]]
    assert age.tolist() == [0.25, 1.0]


def test_recent_paths_follow_ids():
    box = Box((4.0, 4.0))
    frames = [
        Vortices([[1, 1], [3, 3]], 1, box, ids=[4, 9]),
        Vortices([[3.5, 1], [0.5, 2]], 1, box, ids=[9, 12]),
        Vortices([[1, 2], [4.5, 1]], 1, box, ids=[12, 9]),
    ]
    of_12, of_9 = recent_trails(frames, 2, 20)
    np.testing.assert_array_equal(of_12, [[np.nan, np.nan], [0.5, 2], [1, 2]])
    np.testing.assert_array_equal(of_9, [[3, 3], [3.5, 1], [4.5, 1]])
    assert [len(path) for path in recent_trails(frames, 2, 1)] == [2, 2]


def test_recent_paths_of_none():
    empty = Vortices([], 1, Box((1.0, 1.0)))
    assert recent_trails([empty, empty], 1, 5) == []
    assert recent_trails([random_vortices(3, density=1.0), empty], 1, 5) == []
