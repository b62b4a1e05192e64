"""Vortices that walls hold back: nobody passes, the density stays even, every path can be walked back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partitions import BOUNDARIES, area, guillotine, many, part, rectangle
from scipy.stats import chi2

import vortexmd as vmd
from vortexmd.regions.kernels import INSULATED, OUTSIDE, confine


def moved(regions, positions, moves, flowing=None):
    """(displacements, mirrors, how many passed a wall) of free displacements `moves`."""
    bent = np.array(moves, dtype=float)
    mirrors = np.tile(np.eye(2), (len(bent), 1, 1))
    flowing = np.zeros(len(regions), dtype=bool) if flowing is None else flowing
    at = np.array(positions, dtype=float)
    passed = confine(at, bent, mirrors, flowing, at, np.zeros(len(at)), regions.grid)
    return bent, mirrors, passed


def kinds(seed):
    """Partitions of every sort, 7 × 5 λ."""
    rng = np.random.default_rng(seed)
    boundary = BOUNDARIES[seed % len(BOUNDARIES)]
    box = vmd.Box((7.0, 5.0), boundary)
    yield vmd.Regions.rectangles(guillotine(rng, 12), box)
    yield many(seed, 12, boundary)[0]
    yield vmd.Regions.raster(np.kron(np.arange(12).reshape(4, 3), np.ones((5, 4), int)), box)
    star = np.exp(2j * np.pi * np.arange(9) / 9) * (1.2 + 0.8 * (np.arange(9) % 2))
    yield vmd.Regions.polygons(
        [np.column_stack((3.3 + star.real, 2.4 + star.imag))], box, background=True
    )


def points_in(rng, n):
    return rng.uniform(0, 1, (n, 2)) * (7.0, 5.0)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([0.03, 0.4, 2.5]))
def test_nobody_changes_region(seed, size):
    rng = np.random.default_rng(seed)
    for regions in kinds(seed):
        positions = points_in(rng, 400)
        home = regions.label(positions)
        for _ in range(20):
            moves, _, passed = moved(regions, positions, rng.normal(0, size, positions.shape))
            assert passed == 0
            positions = regions.box.wrap(positions + moves)[0]
            np.testing.assert_array_equal(regions.label(positions), home)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([0.05, 0.5]))
def test_every_path_can_be_walked_back(seed, size):
    """From where a path ends, with its last velocity reversed, back to where it began."""
    rng = np.random.default_rng(seed)
    for regions in kinds(seed):
        positions = points_in(rng, 400)
        free = rng.normal(0, size, positions.shape)
        there, mirrors, _ = moved(regions, positions, free)
        last = np.einsum("nij,nj->ni", mirrors, free)
        back, again, _ = moved(regions, positions + there, -last)
        stuck = (there == 0).all(axis=1)
        # Only what meets a corner on its way gives up.
        assert stuck.mean() < 0.02
        np.testing.assert_allclose(back[~stuck], -there[~stuck], atol=1e-12)
        # The mirrors of the way back, in reverse order, undo those of the way there.
        turned = np.einsum("nij,njk->nik", again, mirrors)[~stuck]
        np.testing.assert_allclose(
            np.einsum("nij,nj->ni", turned, free[~stuck]), free[~stuck], atol=1e-12
        )


def test_mirrors_are_orthogonal_and_add_up():
    """The matrix of two steps is the product; it turns the free displacement into the last velocity."""
    rng = np.random.default_rng(1)
    regions, _, _ = many(3, 12, "periodic")
    positions = points_in(rng, 2000)
    mirrors = np.tile(np.eye(2), (2000, 1, 1))
    one_by_one = mirrors.copy()
    shut = np.zeros(len(regions), dtype=bool)
    for _ in range(5):
        moves = rng.normal(0, 0.5, positions.shape)
        confine(positions, moves, mirrors, shut, positions, np.zeros(len(positions)), regions.grid)
        moves = rng.normal(0, 0.5, positions.shape)
        bent, step, _ = moved(regions, positions, moves)
        confine(positions, moves, mirrors, shut, positions, np.zeros(len(positions)), regions.grid)
        np.testing.assert_array_equal(moves, bent)
        one_by_one = step
        positions = regions.box.wrap(positions + bent)[0]
    square = np.einsum("nij,nkj->nik", mirrors, mirrors)
    np.testing.assert_allclose(square, np.broadcast_to(np.eye(2), square.shape), atol=1e-13)
    assert set(np.rint(np.linalg.det(one_by_one)).tolist()) == {-1.0, 1.0}


def test_one_reflection_by_hand():
    """Off a wall along an axis, off a slanted one, and off a corner of both ends of the box."""
    halves = vmd.Regions.rectangles([[0, 0, 2, 4], [2, 0, 4, 4]])
    bent, mirrors, _ = moved(
        halves, [[1.5, 1.0], [2.5, 1.0], [3.9, 3.8]], [[1.2, 0.6], [-0.7, 0.1], [0.3, 0.5]]
    )
    np.testing.assert_allclose(bent, [[-0.2, 0.6], [-0.3, 0.1], [-0.1, -0.1]], atol=1e-14)
    np.testing.assert_allclose(
        mirrors, [np.diag([-1, 1]), np.diag([-1, 1]), np.diag([-1, -1])], atol=1e-15
    )
    # The diagonal of a square exchanges x and y: from (3, 1) by (−2, 1) over (2, …).
    corners = [[[0, 0], [4, 0], [4, 4]], [[0, 0], [4, 4], [0, 4]]]
    diagonal = vmd.Regions.polygons(corners)
    bent, mirrors, _ = moved(diagonal, [[3.0, 1.0]], [[-2.0, 1.0]])
    # Meets x = y after 2/3 of the way, at (5/3, 5/3); the rest (−2/3, 1/3) becomes (1/3, −2/3).
    np.testing.assert_allclose(bent, [[5 / 3 + 1 / 3 - 3, 5 / 3 - 2 / 3 - 1]], atol=1e-14)
    np.testing.assert_allclose(mirrors, [[[0, 1], [1, 0]]], atol=1e-15)


@pytest.mark.parametrize("boundary", ["reflecting", "open", "periodic"])
def test_rectangles_fold_long_paths_like_a_ruler(boundary):
    """In a rectangle each coordinate is a triangle wave; moves longer than cells and regions."""
    cells = np.array(guillotine(np.random.default_rng(5), 9))
    regions = vmd.Regions.rectangles(cells, vmd.Box((7.0, 5.0), boundary))
    rng = np.random.default_rng(6)
    positions = points_in(rng, 3000)
    moves = rng.normal(0, 1.0, positions.shape)
    bent, _, _ = moved(regions, positions, moves)
    low, high = np.split(cells[regions.label(positions)], 2, axis=1)
    side = high - low
    phase = np.mod(positions + moves - low, 2 * side)
    expected = low + np.where(phase > side, 2 * side - phase, phase)
    # More walls than a step may meet: those stay.
    done = ~(bent == 0).all(axis=1)
    assert done.mean() > 0.98
    if boundary == "periodic":
        # What spans the box has no wall at the seam.
        done &= (side < (7.0, 5.0)).all(axis=1)
    np.testing.assert_allclose((positions + bent)[done], expected[done], atol=1e-11)


def brute(position, move, walls, copies):
    """Where a path ends among walls (W, 4), all of them looked at every time."""
    ends = np.concatenate([walls + np.tile(copy, 2) for copy in copies])
    a, e = ends[:, :2], ends[:, 2:] - ends[:, :2]
    x, v, last = np.array(position), np.array(move), None
    while True:
        det = e[:, 0] * v[1] - e[:, 1] * v[0]
        det[det == 0] = np.nan
        gap = x - a
        t = (e[:, 1] * gap[:, 0] - e[:, 0] * gap[:, 1]) / det
        q = (v[1] * gap[:, 0] - v[0] * gap[:, 1]) / det
        t[~((t >= 0) & (t < 1) & (q >= 0) & (q <= 1))] = np.inf
        if last is not None:
            t[last] = np.inf
        last = int(np.argmin(t))
        if not t[last] < 1:
            return x + v
        x = x + t[last] * v
        along = e[last] / np.hypot(*e[last])
        v = (1 - t[last]) * (2 * (v @ along) * along - v)


@pytest.mark.parametrize("seed", range(5))
def test_slanted_walls_against_a_slow_twin(seed):
    rng = np.random.default_rng(seed)
    for regions in kinds(seed):
        box, grid = regions.box, regions.grid
        shifts = [
            np.array([i, j]) * box.lengths
            for i in (range(-2, 3) if box.periodic[0] else (0,))
            for j in (range(-2, 3) if box.periodic[1] else (0,))
        ]
        positions = points_in(rng, 40)
        moves = rng.normal(0, 0.7, positions.shape)
        bent, _, _ = moved(regions, positions, moves)
        expected = [
            brute(p, m, grid.walls, shifts) - p for p, m in zip(positions, moves, strict=True)
        ]
        stuck = (bent == 0).all(axis=1)
        assert stuck.mean() < 0.05
        np.testing.assert_allclose(bent[~stuck], np.array(expected)[~stuck], atol=1e-11)


def bins(polygon):
    """(K, probability) of convex pieces: four layers next to every side of the polygon, and slices."""
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        normal = np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
        reach = (normal @ a - polygon @ normal).max()
        # Depth from the side at which each layer ends.
        yield normal, normal @ a, reach * np.array([0, 0.01, 0.03, 0.1, 0.3, 1.0])


@pytest.mark.parametrize("size", [0.05, 0.6])
def test_an_even_density_stays_even_next_to_the_walls_too(size):
    """Counts in layers along every side, χ²: the smallest p of about 40, false alarm 4e-4 at 1e-5."""
    rng = np.random.default_rng(2)
    regions, polygons, region_of = many(6, 6, "periodic")
    lone = [k for k in range(len(polygons)) if np.sum(region_of == region_of[k]) == 1]
    n = 20_000
    positions = points_in(rng, n)
    for _ in range(60):
        moves, _, _ = moved(regions, positions, rng.normal(0, size, positions.shape))
        positions = regions.box.wrap(positions + moves)[0]
    labels = regions.label(positions)
    smallest = 1.0
    for k in lone:
        inside = positions[labels == region_of[k]]
        for normal, at, depth in bins(polygons[k]):
            counts, _ = np.histogram(at - inside @ normal, depth)
            below = [area(part(polygons[k], -normal, d - at)) for d in depth]
            expected = len(inside) * np.diff(below) / area(polygons[k])
            expected *= counts.sum() / expected.sum()
            statistic = ((counts - expected) ** 2 / expected).sum()
            smallest = min(smallest, chi2.sf(statistic, len(counts) - 1))
    assert smallest > 1e-5


def test_open_walls_let_pass():
    """All regions flowing: free paths, except at insulated ends; one flowing side opens its walls only."""
    rng = np.random.default_rng(3)
    box = vmd.Box((6.0, 4.0), ("periodic", "reflecting"))
    regions = vmd.Regions.rectangles([[0, 0, 2, 4], [2, 0, 4, 4], [4, 0, 6, 4]], box)
    positions = rng.uniform(0, 1, (3000, 2)) * (6.0, 4.0)
    moves = rng.normal(0, 0.5, positions.shape)
    bent, _, passed = moved(regions, positions, moves, np.ones(3, dtype=bool))
    ends = positions + moves
    np.testing.assert_allclose(bent[:, 0], moves[:, 0], atol=1e-12)
    folded = 4.0 - np.abs(4.0 - np.abs(ends[:, 1]))
    np.testing.assert_allclose(positions[:, 1] + bent[:, 1], folded, atol=1e-12)
    crossed = np.abs(np.floor(ends[:, 0] / 2) - np.floor(positions[:, 0] / 2)).sum()
    assert passed == crossed > 0

    bent, _, passed = moved(regions, positions, moves, np.array([True, False, False]))
    before = regions.label(positions)
    after = regions.label(positions + bent)
    assert not ((before == 1) & (after == 2)).any()
    assert not ((before == 2) & (after == 1)).any()
    for i, j in ((0, 1), (1, 0), (0, 2), (2, 0)):
        assert ((before == i) & (after == j)).any()


def test_out_of_an_open_end_only_where_it_flows():
    box = vmd.Box((4.0, 4.0), ("open", "reflecting"))
    regions = vmd.Regions.rectangles([[0, 0, 2, 4], [2, 0, 4, 4]], box)
    starts, moves = [[0.3, 1.0], [3.7, 1.0]], [[-0.5, 0.2], [0.5, 0.2]]
    bent, _, passed = moved(regions, starts, moves)
    np.testing.assert_allclose(bent, [[-0.1, 0.2], [0.1, 0.2]], atol=1e-14)
    assert passed == 0
    bent, _, passed = moved(regions, starts, moves, np.array([True, False]))
    np.testing.assert_allclose(bent, [[-0.5, 0.2], [0.1, 0.2]], atol=1e-14)
    assert passed == 1
    sides = set(regions.grid.sides.ravel().tolist())
    assert {OUTSIDE, INSULATED} < sides


def test_a_single_region_on_a_torus_has_no_walls():
    regions = vmd.Regions.rectangles([[0, 0, 3, 2]], vmd.Box((3.0, 2.0), "periodic"))
    positions = np.random.default_rng(0).uniform(0, 2, (50, 2))
    moves = np.random.default_rng(1).normal(0, 0.6, (50, 2))
    bent, mirrors, _ = moved(regions, positions, moves)
    np.testing.assert_allclose(bent, moves, atol=1e-12)
    np.testing.assert_array_equal(mirrors, np.broadcast_to(np.eye(2), (50, 2, 2)))


def test_a_start_on_a_wall_gets_away():
    """From a point of the wall itself, within a few steps, into the region that holds the point."""
    regions = vmd.Regions.rectangles([[0, 0, 2, 4], [2, 0, 4, 4]])
    rng = np.random.default_rng(4)
    positions = np.column_stack((np.full(50, 2.0), rng.uniform(0.5, 3.5, 50)))
    for _ in range(40):
        moves, _, _ = moved(regions, positions, rng.normal(0, 0.05, positions.shape))
        positions = positions + moves
        np.testing.assert_array_equal(regions.label(positions), 1)
    assert (positions[:, 0] > 2.0).all()


def test_corners_of_a_square_hold():
    """Aimed at the corners from everywhere inside."""
    regions = vmd.Regions.rectangles([[1, 1, 2, 2]], vmd.Box((3.0, 3.0)), background=True)
    rng = np.random.default_rng(5)
    positions = rng.uniform(1, 2, (500, 2))
    targets = rectangle(1, 1, 2, 2)[rng.integers(0, 4, 500)]
    for factor in (1.0, 1.1, 3.0):
        bent, _, _ = moved(regions, positions, factor * (targets - positions))
        np.testing.assert_array_equal(regions.label(positions + bent), 0)
