"""Boxes, states and starting configurations."""

import numpy as np
import pytest
from engine_twins import agrees, chi_square_tail
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

import vortexmd as vmd

finite = st.floats(-1e6, 1e6, allow_nan=False)
length = st.floats(0.1, 1e3)


@given(st.lists(st.tuples(finite, finite), max_size=20), length, length)
def test_folding(points, lx, ly):
    """wrapped + image·L gives the positions back, and wrapped lies in [0, L)."""
    box = vmd.Box((lx, ly))
    r = np.array(points).reshape(-1, 2)
    wrapped, image = box.wrap(r)
    assert np.all((wrapped >= 0) & (wrapped < box.lengths))
    assert wrapped + image * np.array(box.lengths) == pytest.approx(r, abs=1e-9)
    assert np.array_equal(box.wrap(wrapped)[1], np.zeros_like(image))


@given(finite, finite, length, length)
def test_minimum_image_is_the_shortest(dx, dy, lx, ly):
    box = vmd.Box((lx, ly))
    d = box.minimum_image([dx, dy])
    turns = np.arange(-1, 2)
    others = d + np.stack(np.meshgrid(turns, turns), axis=-1).reshape(-1, 2) * [lx, ly]
    assert np.hypot(*d) <= np.hypot(*others.T).min() * (1 + 1e-9) + 1e-9
    assert (d - [dx, dy]) / [lx, ly] == pytest.approx(np.round((d - [dx, dy]) / [lx, ly]), abs=1e-6)
    assert np.array_equal(vmd.Box((lx, ly), "free").minimum_image([dx, dy]), [dx, dy])


def test_a_state_folds_and_counts_turns():
    box = vmd.Box((2.0, 3.0), ("periodic", "free"))
    state = vmd.Vortices([[5.0, -7.0], [-0.5, 1.0]], [1, -2], box)
    assert state.positions.tolist() == [[1.0, -7.0], [1.5, 1.0]]
    assert state.image.tolist() == [[2, 0], [-1, 0]]
    assert state.unwrapped.tolist() == [[5.0, -7.0], [-0.5, 1.0]]
    assert state.ids.tolist() == [0, 1] and state.density == pytest.approx(2 / 6)
    assert "1 of -2" in repr(state) and "1 of +1" in repr(state)
    with pytest.raises(ValueError):
        state.positions[0, 0] = 9.0
    with pytest.raises(TypeError, match="positions"):
        iter(state)


def neighbours(state):
    """Distances to the others, sorted row by row."""
    d = state.box.minimum_image(state.positions[:, None] - state.positions[None])
    r = np.hypot(d[..., 0], d[..., 1])
    np.fill_diagonal(r, np.inf)
    return np.sort(r, axis=1)


@pytest.mark.parametrize("n", [24, 30, 120, 1024, 1000])
@pytest.mark.parametrize("density", [0.05, 1.0, 7.0])
def test_triangular_lattice(n, density):
    """Six neighbours at a = √(2/√3n), six more at √3a, across the periodic sides too."""
    if n == 1000:
        n = 1008
    state = vmd.triangular_lattice(n, density)
    assert len(state) == n and state.density == pytest.approx(density, rel=1e-12)
    a = np.sqrt(2 / (np.sqrt(3) * density))
    r = neighbours(state)
    assert r[:, :6] == pytest.approx(a, rel=1e-9)
    if n >= 120:
        assert r[:, 6:12] == pytest.approx(np.sqrt(3) * a, rel=1e-9)
    rows = len(np.unique(np.round(state.positions[:, 1], 9)))
    assert rows % 2 == 0 and n % rows == 0
    assert 0.5 <= state.box.lengths[0] / state.box.lengths[1] <= 2


@pytest.mark.parametrize("n", [9, 20, 400, 1024])
def test_square_lattice(n):
    state = vmd.square_lattice(n, 2.0, winding=-1)
    assert len(state) == n and np.all(state.winding == -1)
    r = neighbours(state)
    assert r[:, :2] == pytest.approx(np.sqrt(0.5), rel=1e-9)
    if n >= 25:
        assert r[:, :4] == pytest.approx(np.sqrt(0.5), rel=1e-9)
        assert r[:, 4:8] == pytest.approx(1.0, rel=1e-9)
    assert 0.5 <= state.box.lengths[0] / state.box.lengths[1] <= 2


@pytest.mark.parametrize("make", [vmd.triangular_lattice, vmd.square_lattice])
@pytest.mark.parametrize("n", [1, 7, 97, 1019])
def test_a_number_that_does_not_fit_names_neighbours(make, n):
    if n == 1 and make is vmd.square_lattice:
        assert len(make(n, 1.0)) == 1
        return
    with pytest.raises(ValueError, match=f"n = {n}") as error:
        make(n, 1.0)
    named = [int(w) for w in str(error.value).split("n = ")[-1].split() if w.isdigit()]
    assert named
    for m in named:
        assert len(make(m, 1.0)) == m
    # None between is passed over.
    for m in range(min([*named, n]) + 1, max([*named, n])):
        with pytest.raises(ValueError):
            make(m, 1.0)


@settings(max_examples=25)
@given(
    st.integers(1, 200),
    st.sampled_from(["periodic", "open", ("periodic", "reflecting"), "free"]),
    st.floats(0.05, 0.6),
    st.integers(0, 2**32 - 1),
)
def test_minimum_distance(n, boundary, fraction, seed):
    """Respected across periodic sides, at up to 60 % of the closest packing's spacing."""
    box = vmd.Box((7.0, 4.0), boundary)
    distance = fraction * np.sqrt(2 / np.sqrt(3) * box.area / n)
    distance = min(distance, 3.0)
    state = vmd.random_vortices(n, box=box, min_distance=distance, seed=seed)
    assert len(state) == n and box.contains(state.positions).all()
    if n > 1:
        assert neighbours(state).min() >= distance


def test_minimum_distance_near_jamming():
    """Random throwing covers up to 54.7 % of the plane: 50 % is hard and found."""
    n = 400
    distance = np.sqrt(4 * 0.5 * 1.0 / np.pi)
    state = vmd.random_vortices(n, 1.0, min_distance=distance, seed=1)
    assert neighbours(state).min() >= distance


@given(st.integers(1, 500), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=50)
def test_winding_fractions(n, a, b):
    """Counts add up to n and are within one of the fractions."""
    total = a + b + 1
    fractions = {1: a / total, -1: b / total, 2: 1 / total}
    state = vmd.random_vortices(n, 1.0, winding=fractions, seed=3)
    assert len(state) == n
    for kind, share in fractions.items():
        assert abs(np.sum(state.winding == kind) - share * n) < 1


def test_exact_fractions_are_exact():
    state = vmd.random_vortices(1000, 1.0, winding={+1: 0.9, -1: 0.1}, seed=1)
    assert np.sum(state.winding == 1) == 900 and np.sum(state.winding == -1) == 100


def test_poisson_points():
    """Counts in cells: mean and variance alike; nearest neighbours: 1 − exp(−πnr²)."""
    n = 20_000
    state = vmd.random_vortices(n, 2.0, seed=4)
    side = state.box.lengths[0]
    counts = np.histogram2d(*state.positions.T, bins=25, range=[[0, side]] * 2)[0].ravel()
    assert chi_square_tail(counts, np.full(625, n / 625)) > 1e-5
    assert chi_square_tail(counts, np.full(625, n / 625)) < 1 - 1e-5
    small = vmd.random_vortices(1500, 2.0, seed=5)
    r = neighbours(small)[:, 0]
    for q in (0.2, 0.4, 0.6):
        exact = 1 - np.exp(-np.pi * 2.0 * q**2)
        # Nearest neighbours are shared: the fluctuation is up to √2 times the binomial one.
        agrees((r < q).mean(), exact, np.sqrt(2 * exact * (1 - exact) / 1500))


def test_seeds():
    one, again, other = (
        vmd.random_vortices(50, 1.0, winding={1: 0.5, -1: 0.5}, min_distance=0.2, seed=s)
        for s in (1, 1, 2)
    )
    assert np.array_equal(one.positions, again.positions)
    assert np.array_equal(one.winding, again.winding)
    assert not np.array_equal(one.positions, other.positions)


def test_who_gets_which_winding_is_random():
    state = vmd.random_vortices(2000, 1.0, winding={1: 0.5, -1: 0.5}, seed=1)
    left = state.positions[:, 0] < state.box.lengths[0] / 2
    share = (state.winding[left] == 1).mean()
    agrees(share, 0.5, 0.5 / np.sqrt(left.sum()))


def test_thrown_vortices_in_a_nearly_empty_plane_and_in_a_crowd():
    """Neither cells nor chains grow with the emptiness, nor with how many share a cell."""
    empty = vmd.random_vortices(30, 1e-20, min_distance=2.0, seed=1)
    assert np.isfinite(empty.positions).all()
    with pytest.raises(ValueError, match="at most 1e"):
        vmd.random_vortices(30, 1e-300, min_distance=2.0, seed=1)
    crowd = vmd.random_vortices(200_000, 1.0, min_distance=0.02, seed=1)
    nearest = cKDTree(crowd.positions, boxsize=crowd.box.lengths).query(crowd.positions, 2)[0]
    assert nearest[:, 1].min() >= 0.02
