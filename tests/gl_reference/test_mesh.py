"""Graded meshes: they cover their box, hold the vortices, are well shaped and fine where asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gl_reference.mesh import RING_RATIO, Box, Sizes, graded_mesh, nearest_distance, ring_radii

SIZES = Sizes(innermost=0.03, core=0.6, largest=3.0)
BOX = Box(-8.0, 9.0, -7.0, 8.0)


def areas(mesh):
    a, b, c = mesh.corners().transpose(1, 0, 2)
    return np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2


def make(vortices, box=BOX, sizes=SIZES):
    vortices = np.asarray(vortices, dtype=float)
    return graded_mesh(vortices, ring_radii(vortices, sizes.core), box, sizes)


coordinates = st.floats(-3, 3).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=6, unique=True))
@settings(max_examples=15)
def test_any_configuration_is_covered_by_well_shaped_triangles(points):
    mesh = make(points)
    assert np.array_equal(mesh.vertices[: len(points)], points)
    assert areas(mesh).sum() == pytest.approx((BOX.right - BOX.left) * (BOX.top - BOX.bottom))
    assert mesh.quality().min() > 0.3
    assert (np.diff(mesh.triangles, axis=1) > 0).all()
    assert BOX.holds(mesh.vertices).all()


def test_triangles_shrink_towards_vortices_and_grow_outward():
    vortices = np.array([[-1.0, 0.0], [1.0, 0.3]])
    mesh = make(vortices)
    middle = mesh.corners().mean(axis=1)
    distance = nearest_distance(middle, vortices)
    size = np.sqrt(areas(mesh))
    assert size[distance < 0.03].max() < 0.03
    assert size.max() < SIZES.largest
    assert (size < 0.9 * (distance + SIZES.innermost)).all()
    assert size[distance > 5].mean() > 2 * size[distance < 1].mean()


def test_rings_fall_geometrically_to_the_innermost():
    mesh = make([[0.0, 0.0]])
    radii = np.unique(np.hypot(*mesh.vertices.T).round(12))
    radii = radii[(radii > 0) & (radii < SIZES.core + 1e-9)]
    assert radii[0] <= SIZES.innermost
    np.testing.assert_allclose(radii[1:] / radii[:-1], RING_RATIO)


def test_close_pairs_cost_only_the_logarithm_of_their_distance():
    counts = [len(make([[-d / 2, 0.0], [d / 2, 0.0]]).triangles) for d in (1e-1, 1e-2, 1e-3)]
    np.testing.assert_allclose(np.diff(counts), 220, atol=30)


def test_vortices_on_edges_and_corners_have_half_and_quarter_rings():
    box = Box(0.0, 8.0, 0.0, 7.0)
    mesh = make([[0.0, 0.0], [2.0, 0.0], [0.0, 3.0], [3.0, 3.0]], box)
    around = (mesh.triangles == np.arange(4)[:, None, None]).any(axis=2).sum(axis=1)
    np.testing.assert_array_equal(around, [2, 4, 4, 8])
    assert areas(mesh).sum() == pytest.approx(56.0)


def test_outer_rings_stay_clear_of_other_vortices():
    radii = ring_radii(np.array([[0.0, 0.0], [0.5, 0.0], [9.0, 0.0]]), 0.8)
    np.testing.assert_allclose(radii, [0.35 * 0.5, 0.35 * 0.5, 0.8])


def test_locate_finds_the_triangle_and_the_place_in_it():
    mesh = make([[-1.0, 0.0], [1.0, 0.3]])
    rng = np.random.default_rng(5)
    points = rng.uniform((BOX.left, BOX.bottom), (BOX.right, BOX.top), (500, 2))
    points[:3] = [[BOX.left, BOX.bottom], [BOX.right, 0.0], [-1.0, 0.0]]
    triangles, local = mesh.locate(points)
    a, b, c = mesh.corners()[triangles].transpose(1, 0, 2)
    s, t = local.T
    found = a + s[:, None] * (b - a) + t[:, None] * (c - a)
    np.testing.assert_allclose(found, points, atol=1e-12)
    assert s.min() > -1e-9
    assert t.min() > -1e-9
    assert (s + t).max() < 1 + 1e-9


def test_snapping_moves_only_what_rounding_moved():
    points = np.array([[8.0 * (1 + 1e-16), 1.0], [8.0 - 1e-15, -3e-16], [8.0 - 1e-9, 1e-9]])
    snapped = Box(0.0, 8.0, 0.0, 8.0).snapped(points)
    np.testing.assert_array_equal(snapped, [[8.0, 1.0], [8.0, 0.0], points[2]])
