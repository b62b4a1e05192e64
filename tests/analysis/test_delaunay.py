"""Neighbours and cells against brute force, Euler's theorem, lattices and freud."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from vortexmd.analysis import delaunay_neighbors, voronoi_cells
from vortexmd.box import Box
from vortexmd.lattices import random_vortices, square_lattice, triangular_lattice
from vortexmd.vortices import Vortices

BOUNDARIES = ["periodic", "reflecting", "open", "free"]


def polygon_area(corners):
    x, y = corners.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def brute_force_bonds(vortices, copies):
    """Bond vectors of every vortex, rounded and sorted, from Delaunay of a large patch of images."""
    lengths = np.array(vortices.box.lengths)
    shifts = [
        np.array([sx, sy])
        for sx in range(-copies[0], copies[0] + 1)
        for sy in range(-copies[1], copies[1] + 1)
    ]
    shifts.sort(key=lambda shift: np.abs(shift).sum())
    cloud = np.concatenate([vortices.positions + shift * lengths for shift in shifts])
    start, ends = Delaunay(cloud).vertex_neighbor_vertices
    return [
        sorted(map(tuple, np.round(cloud[ends[start[i] : start[i + 1]]] - cloud[i], 6).tolist()))
        for i in range(len(vortices))
    ]


def bonds_of(found):
    return [
        sorted(map(tuple, np.round(found.separations[a:b], 6).tolist()))
        for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)
    ]


@pytest.mark.parametrize("n", [2, 3, 4, 7, 30, 200])
@pytest.mark.parametrize(
    ("lengths", "copies"), [((10.0, 10.0), (6, 6)), ((2.0, 30.0), (40, 4)), ((30.0, 2.0), (4, 40))]
)
def test_periodic_bonds_are_those_of_a_large_patch(n, lengths, copies):
    vortices = random_vortices(n, box=Box(lengths), seed=n)
    if n > 30:
        copies = tuple(c // 3 + 1 for c in copies)
    assert bonds_of(delaunay_neighbors(vortices)) == brute_force_bonds(vortices, copies)


@pytest.mark.parametrize("n", [4, 10, 100])
def test_neighbors_away_from_the_edge_are_those_of_scipy(n):
    """In a free box, scipy's own triangulation of the points is right for interior vortices."""
    rng = np.random.default_rng(n)
    vortices = Vortices(rng.normal(size=(n, 2)), 1, Box((1.0, 1.0), "free"))
    found = delaunay_neighbors(vortices)
    start, ends = Delaunay(vortices.positions).vertex_neighbor_vertices
    for i in np.flatnonzero(~found.at_edge):
        ours = found.neighbors[found.offsets[i] : found.offsets[i + 1]]
        assert sorted(ours) == sorted(ends[start[i] : start[i + 1]])
    # Every corner of the hull is at the edge.
    assert found.at_edge[Delaunay(vortices.positions).convex_hull.ravel()].all()


@given(
    n=st.integers(1, 40),
    aspect=st.floats(0.02, 50),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=60, deadline=None)
def test_torus_has_mean_coordination_six_and_cells_fill_it(n, aspect, seed):
    vortices = random_vortices(n, box=Box((3.0 * aspect, 3.0)), seed=seed)
    found = delaunay_neighbors(vortices)
    assert found.coordination.sum() == 6 * n
    assert not found.at_edge.any()
    areas = [polygon_area(cell) for cell in voronoi_cells(found)]
    assert min(areas) > 0
    assert sum(areas) == pytest.approx(vortices.box.area, rel=1e-6)


@given(
    n=st.integers(1, 30),
    boundary=st.tuples(st.sampled_from(BOUNDARIES), st.sampled_from(BOUNDARIES)),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=80, deadline=None)
def test_bonds_run_both_ways_and_cells_share_out_any_box(n, boundary, seed):
    vortices = random_vortices(n, box=Box((4.0, 7.0), boundary), seed=seed)
    found = delaunay_neighbors(vortices)
    assert len(found) == n
    owner = np.repeat(np.arange(n), found.coordination)
    there = np.column_stack((owner, found.neighbors, np.round(found.separations, 6) + 0.0))
    back = np.column_stack((found.neighbors, owner, np.round(-found.separations, 6) + 0.0))
    assert sorted(map(tuple, there.tolist())) == sorted(map(tuple, back.tolist()))
    if "free" not in boundary:
        total = sum(polygon_area(cell) for cell in voronoi_cells(found))
        assert total == pytest.approx(vortices.box.area, rel=1e-5)


def test_cells_hold_what_is_nearest_to_their_vortex():
    """A point drawn at random in a cell is nearer to its vortex than to any other."""
    vortices = random_vortices(60, box=Box((8.0, 5.0), ("periodic", "reflecting")), seed=3)
    rng = np.random.default_rng(0)
    for i, cell in enumerate(voronoi_cells(vortices)):
        inside = rng.dirichlet(np.ones(len(cell)), 5) @ cell
        gap = vortices.box.minimum_image(inside[:, None] - vortices.positions[None])
        assert (np.hypot(gap[..., 0], gap[..., 1]).argmin(axis=1) == i).all()


def test_triangular_lattice():
    found = delaunay_neighbors(triangular_lattice(100, 1.0))
    assert (found.coordination == 6).all()
    spacing = np.sqrt(2 / np.sqrt(3))
    np.testing.assert_allclose(np.hypot(*found.separations.T), spacing, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 4, 9, 10_000])
def test_ties_of_a_square_lattice_are_settled_alike_for_all_images(n):
    found = delaunay_neighbors(square_lattice(n, 0.3))
    assert found.coordination.sum() == 6 * n
    assert found.coordination.min() >= 4
    assert found.coordination.max() <= 8


def test_one_vortex_is_its_own_neighbor_six_times():
    found = delaunay_neighbors(Vortices([[0.3, 0.4]], 1, Box((1.0, 1.3))))
    assert found.neighbors.tolist() == [0] * 6


def test_lattice_strip_lacks_neighbors_only_in_its_outer_rows():
    lattice = triangular_lattice(120, 1.0)
    strip = Vortices(lattice.positions, 1, Box(lattice.box.lengths, ("periodic", "open")))
    found = delaunay_neighbors(strip)
    y = strip.positions[:, 1]
    outer = np.isclose(y, y.min()) | np.isclose(y, y.max())
    np.testing.assert_array_equal(found.at_edge, outer)
    np.testing.assert_array_equal(found.coordination, np.where(outer, 4, 6))


@pytest.mark.parametrize("boundary", ["free", "reflecting"])
@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ([], []),
        ([[2, 2]], [0]),
        ([[1, 1], [3, 2]], [1, 1]),
        ([[1, 1], [2, 2], [3, 3], [4, 4]], [1, 2, 2, 1]),
        ([[1, 2], [2, 2], [4, 2]], [1, 2, 1]),
        ([[1, 1], [3, 1], [2, 3]], [2, 2, 2]),
    ],
)
def test_few_and_collinear_vortices_are_all_at_the_edge(positions, expected, boundary):
    found = delaunay_neighbors(Vortices(positions, 1, Box((5.0, 5.0), boundary)))
    assert found.coordination.tolist() == expected
    assert found.at_edge.all()
    assert len(voronoi_cells(found)) == len(expected)


def test_centre_of_a_hexagon_is_the_only_one_inside():
    angle = np.arange(6) * np.pi / 3
    hexagon = np.vstack(([[0, 0]], np.column_stack((np.cos(angle), np.sin(angle)))))
    found = delaunay_neighbors(Vortices(hexagon, 1, Box((1.0, 1.0), "free")))
    assert found.coordination[0] == 6
    assert found.at_edge.tolist() == [False] + [True] * 6


def test_vortices_on_a_wall_and_in_its_corners():
    box = Box((4.0, 4.0), "reflecting")
    on_walls = Vortices([[0, 0], [4, 4], [0, 4], [4, 0], [2, 0], [2, 2.1]], 1, box)
    found = delaunay_neighbors(on_walls)
    # The one in the middle sees all four corners and the one on the side.
    assert found.coordination[5] == 5
    assert found.at_edge[:5].all()


def test_stacks_stand_as_one():
    lattice = triangular_lattice(30, 0.1)
    rng = np.random.default_rng(1)
    where = np.repeat(lattice.positions, 4, axis=0) + rng.normal(0, 1e-9, (120, 2))
    found = delaunay_neighbors(Vortices(where, 1, lattice.box))
    assert (found.coordination == 6).all()
    np.testing.assert_array_equal(found.site, 4 * (np.arange(120) // 4))
    cells = voronoi_cells(found)
    assert [len(cell) for cell in cells[:8]] == [6, 0, 0, 0, 6, 0, 0, 0]
    areas = [polygon_area(cell) for cell in cells if len(cell)]
    np.testing.assert_allclose(areas, lattice.box.area / 30, rtol=1e-6)


def test_stack_across_a_periodic_side():
    box = Box((5.0, 5.0))
    pair = Vortices([[1e-9, 2.0], [5.0 - 1e-9, 2.0], [2.5, 3.0]], 1, box)
    assert delaunay_neighbors(pair).site.tolist() == [0, 0, 2]


def test_crowd_in_an_empty_box():
    """All vortices in one corner: empty circles far wider than the first margin of images."""
    rng = np.random.default_rng(2)
    vortices = Vortices(rng.random((300, 2)), 1, Box((200.0, 50.0)))
    found = delaunay_neighbors(vortices)
    assert found.coordination.sum() == 1800
    total = sum(polygon_area(cell) for cell in voronoi_cells(found))
    assert total == pytest.approx(10_000, rel=1e-6)


@given(seed=st.integers(0, 2**20), x=st.floats(-20, 20), y=st.floats(-20, 20))
@settings(max_examples=25, deadline=None)
def test_neither_place_nor_order_matters(seed, x, y):
    vortices = random_vortices(50, box=Box((6.0, 9.0)), seed=seed)
    found = delaunay_neighbors(vortices)
    moved = delaunay_neighbors(Vortices(vortices.positions + np.array([x, y]), 1, vortices.box))
    np.testing.assert_array_equal(moved.coordination, found.coordination)
    order = np.random.default_rng(seed).permutation(50)
    shuffled = delaunay_neighbors(Vortices(vortices.positions[order], 1, vortices.box))
    np.testing.assert_array_equal(shuffled.coordination, found.coordination[order])
    for i in range(50):
        here = shuffled.neighbors[shuffled.offsets[i] : shuffled.offsets[i + 1]]
        there = found.neighbors[found.offsets[order[i]] : found.offsets[order[i] + 1]]
        assert sorted(order[here]) == sorted(there)


def test_coordination_is_that_of_freud():
    freud = pytest.importorskip("freud")
    vortices = random_vortices(2000, density=1.0, seed=5)
    length = vortices.box.lengths[0]
    points = np.column_stack((vortices.positions - length / 2, np.zeros(2000)))
    voronoi = freud.locality.Voronoi()
    voronoi.compute((freud.box.Box.square(length), points))
    theirs = voronoi.nlist.neighbor_counts
    # freud works in single precision and may decide a near tie the other way.
    assert np.mean(delaunay_neighbors(vortices).coordination != theirs) < 0.01
