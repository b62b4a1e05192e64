"""Regions of rectangles and polygons against winding numbers, clipping and sums over sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partitions import (
    BOUNDARIES,
    area,
    guillotine,
    many,
    perimeter,
    rectangle,
    slow_labels,
)

import vortexmd as vmd
from vortexmd.description import describe
from vortexmd.regions.kernels import locate

SEEDS = st.integers(0, 10_000)


def lengths_of(regions):
    """{(i, j): length}, each pair once."""
    faces = regions.interfaces()
    pairs = {(i, j): length for i, j, length in faces}
    assert len(pairs) == len(faces)
    assert all(i < j and length > 0 for (i, j), length in pairs.items())
    return pairs


def rims(regions):
    """(R,) what interfaces and open ends say of each region's perimeter."""
    rim = np.zeros(len(regions))
    for (i, j), length in lengths_of(regions).items():
        rim[[i, j]] += length
    for i, length in regions.open_lengths().items():
        rim[i] += length
    return rim


@settings(max_examples=40)
@given(seed=SEEDS, cuts=st.integers(0, 60))
def test_rectangles_cut_at_random(seed, cuts):
    rng = np.random.default_rng(seed)
    cells = np.array(guillotine(rng, cuts))
    regions = vmd.Regions.rectangles(cells, vmd.Box((7.0, 5.0), "open"))
    sides = cells[:, 2:] - cells[:, :2]
    assert len(regions) == cuts + 1
    np.testing.assert_allclose(regions.area, sides.prod(axis=1), rtol=1e-13)
    np.testing.assert_allclose(regions.width, sides.min(axis=1), rtol=1e-12)
    # Every side is a neighbour's or the outside's.
    np.testing.assert_allclose(rims(regions), 2 * sides.sum(axis=1), rtol=1e-12)
    points = rng.uniform(0, 1, (500, 2)) * (7.0, 5.0)
    inside = (points[:, None] >= cells[:, :2]) & (points[:, None] < cells[:, 2:])
    np.testing.assert_array_equal(regions.label(points), inside.all(axis=2).argmax(axis=1))


@settings(max_examples=40)
@given(seed=SEEDS, cuts=st.integers(0, 30), boundary=st.sampled_from(BOUNDARIES))
def test_slanted_pieces_with_corners_on_others_sides(seed, cuts, boundary):
    regions, polygons, region_of = many(seed, cuts, boundary)
    np.testing.assert_allclose(regions.area.sum(), 35.0, rtol=1e-13)
    expected = np.bincount(region_of, [area(polygon) for polygon in polygons])
    np.testing.assert_allclose(regions.area, expected, rtol=1e-11)
    points = np.random.default_rng(seed).uniform(0, 1, (500, 2)) * (7.0, 5.0)
    np.testing.assert_array_equal(regions.label(points), slow_labels(points, polygons, region_of))


@settings(max_examples=30)
@given(seed=SEEDS, cuts=st.integers(1, 30))
def test_every_side_of_slanted_pieces_is_somebodys(seed, cuts):
    _, polygons, _ = many(seed, cuts)
    regions = vmd.Regions.polygons(polygons, vmd.Box((7.0, 5.0), "open"))
    np.testing.assert_allclose(rims(regions), [perimeter(p) for p in polygons], rtol=1e-10)


@settings(max_examples=30)
@given(seed=SEEDS, cuts=st.integers(0, 30), boundary=st.sampled_from(BOUNDARIES))
def test_no_point_falls_into_a_crack(seed, cuts, boundary):
    """On corners, sides and ends, a region that touches the point holds it."""
    regions, polygons, region_of = many(seed, cuts, boundary)
    t = np.random.default_rng(seed).random((3, 1, 1))
    for polygon, region in zip(polygons, region_of, strict=True):
        after = np.roll(polygon, -1, axis=0)
        points = np.concatenate([polygon, *(polygon + t * (after - polygon))])
        held = regions.label(points)
        assert held.min() >= 0
        # A little inside of any corner or side it is this polygon's.
        inward = points + 1e-9 * (polygon.mean(axis=0) - points)
        np.testing.assert_array_equal(regions.label(inward), region)


def test_a_point_on_a_side_belongs_to_the_region_right_of_it_or_above():
    regions = vmd.Regions.rectangles([[0, 0, 2, 2], [2, 0, 4, 2], [0, 2, 4, 4]])
    points = [[2, 1], [1, 2], [2, 2], [0, 0], [4, 1], [4, 4], [0, 4], [2, 0]]
    np.testing.assert_array_equal(regions.label(points), [1, 2, 2, 0, 1, 2, 2, 1])
    np.testing.assert_array_equal(regions.label([[-1e-12, 1], [4.000001, 1], [1, 5]]), -1)
    folded = regions.within(vmd.Box((4.0, 4.0), "periodic"))
    np.testing.assert_array_equal(folded.label([[-1, 1], [4, 1], [1, 5], [9, -1]]), [1, 0, 0, 2])


@pytest.mark.parametrize("offset", [0.0, 1 / 3, 0.7])
def test_stripes_on_a_torus_touch_twice(offset):
    """Two stripes in a periodic box, the seam anywhere: the same lengths, areas and widths."""
    box = vmd.Box((6.0, 4.0), "periodic")
    cells = [[0, 0, offset, 4], [offset, 0, offset + 2, 4], [offset + 2, 0, 6, 4]]
    regions = (
        vmd.Regions.rectangles(cells[1:], box)
        if offset == 0
        else vmd.Regions.rectangles(cells, box, regions=[1, 0, 1])
    )
    assert regions.interfaces() == [(0, 1, pytest.approx(8.0, rel=1e-14))]
    np.testing.assert_allclose(regions.area, [8, 16], rtol=1e-14)
    np.testing.assert_allclose(regions.width, [2, 4], rtol=1e-14)
    assert regions.open_lengths() == {}
    closed = regions.within(vmd.Box((6.0, 4.0), ("periodic", "open")))
    assert closed.open_lengths() == {0: pytest.approx(4.0), 1: pytest.approx(8.0)}


def test_a_region_that_meets_itself_over_the_seam_has_no_interface_there():
    regions = vmd.Regions.rectangles([[0, 0, 3, 2]], vmd.Box((3.0, 2.0), "periodic"))
    assert regions.interfaces() == []
    assert regions.walls.shape == (0, 4)
    np.testing.assert_array_equal(regions.width, [2.0])
    np.testing.assert_array_equal(regions.label([[5.0, -7.0], [0.0, 0.0]]), 0)


def test_offset_halves_across_the_seam():
    """Left half cut at y = 1, right half at y = 3: across the seam regions 0 and 3 share 1 λ, and so on."""
    cells = [[0, 0, 2, 1], [0, 1, 2, 4], [2, 0, 4, 3], [2, 3, 4, 4]]
    regions = vmd.Regions.rectangles(cells, vmd.Box((4.0, 4.0), ("periodic", "reflecting")))
    expected = {(0, 1): 2.0, (0, 2): 2.0, (1, 2): 4.0, (1, 3): 2.0, (2, 3): 2.0}
    assert lengths_of(regions) == pytest.approx(expected)


def test_regions_that_are_not_convex():
    """An L and what it leaves; and a star in its background."""
    corner = [[0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4]]
    regions = vmd.Regions.polygons([corner, [[1, 1], [4, 1], [4, 4], [1, 4]]], names=["L", "rest"])
    np.testing.assert_allclose(regions.area, [7, 9])
    assert lengths_of(regions) == {(0, 1): pytest.approx(6.0)}
    # Mean chords of the L along either axis: 7 / 4.
    np.testing.assert_allclose(regions.width, [7 / 4, 3])
    assert list(regions.names) == ["L", "rest"]

    angle = np.pi * np.arange(10) / 5
    star = 5 + np.array([2.0, 4.0])[np.arange(10) % 2, None] * np.column_stack(
        (np.cos(angle), np.sin(angle))
    )
    box = vmd.Box((10.0, 10.0))
    regions = vmd.Regions.polygons([star[::-1]], box, background=True)
    assert len(regions) == 2
    np.testing.assert_allclose(regions.area, [area(star), 100 - area(star)], rtol=1e-13)
    assert lengths_of(regions) == {(0, 1): pytest.approx(perimeter(star), rel=1e-13)}
    points = np.random.default_rng(0).uniform(0, 10, (4000, 2))
    np.testing.assert_array_equal(regions.label(points), slow_labels(points, [star], [0], 1))


def test_triangles_that_meet_in_a_corner():
    """Eight triangles about a point: neighbours share a spoke, opposite ones only the corner."""
    rim = [[0, 0], [3, 0], [6, 0], [6, 2], [6, 4], [3, 4], [0, 4], [0, 2]]
    hub = [2.3, 1.9]
    cells = [[rim[k], rim[(k + 1) % 8], hub] for k in range(8)]
    regions = vmd.Regions.polygons(cells)
    assert regions.box == vmd.Box((6.0, 4.0), "reflecting")
    spokes = {
        tuple(sorted((k, (k + 1) % 8))): np.hypot(*np.subtract(rim[(k + 1) % 8], hub))
        for k in range(8)
    }
    assert lengths_of(regions) == pytest.approx(spokes)


def test_polygons_of_one_region_have_no_wall_between_them():
    cells = [[0, 0, 1, 3], [1, 0, 2, 1], [1, 1, 2, 2], [1, 2, 2, 3]]
    regions = vmd.Regions.rectangles(cells, regions=[0, 0, 1, 0])
    assert len(regions) == 2
    # A C around a square: three sides are shared, the fourth is the end of the box.
    assert lengths_of(regions) == {(0, 1): pytest.approx(3.0)}
    assert np.hypot(*(regions.walls[:, 2:] - regions.walls[:, :2]).T).sum() == pytest.approx(3.0)
    ring = vmd.Regions.rectangles([[1, 1, 2, 2]], vmd.Box((3.0, 3.0), "open"), background=True)
    assert lengths_of(ring) == {(0, 1): pytest.approx(4.0)}
    assert ring.open_lengths() == {1: pytest.approx(12.0)}


def test_many_islands_in_a_background_that_reaches_the_ends():
    rng = np.random.default_rng(3)
    at = 0.5 + np.stack(np.meshgrid(np.arange(8), np.arange(6), indexing="ij"), axis=-1)
    angle = 2 * np.pi * np.arange(7) / 7
    shape = np.column_stack((np.cos(angle), np.sin(angle)))
    islands = [p + rng.uniform(0.2, 0.5) * shape for p in at.reshape(-1, 2)]
    islands.append(rectangle(0, 0, 0.1, 0.1))
    regions = vmd.Regions.polygons(islands, vmd.Box((8.0, 6.0), "open"), background=True)
    points = rng.uniform(0, 1, (5000, 2)) * (8, 6)
    labels = slow_labels(points, islands, range(49), 49)
    np.testing.assert_array_equal(regions.label(points), labels)
    sizes = [area(p) for p in islands]
    np.testing.assert_allclose(regions.area, [*sizes, 48 - sum(sizes)], rtol=1e-12)
    assert regions.open_lengths() == pytest.approx({48: 0.2, 49: 27.8})


def test_the_order_and_direction_of_corners_do_not_matter():
    regions, polygons, region_of = many(11, 15, "periodic")
    turned = [
        np.roll(polygon, k, axis=0)[:: (-1) ** k].tolist() for k, polygon in enumerate(polygons)
    ]
    closed = [[*polygon, polygon[0]] for polygon in turned]
    other = vmd.Regions.polygons(closed, regions.box, regions=region_of)
    np.testing.assert_allclose(other.area, regions.area, rtol=1e-12)
    assert lengths_of(other) == pytest.approx(lengths_of(regions))
    points = np.random.default_rng(0).uniform(0, 20, (2000, 2))
    np.testing.assert_array_equal(other.label(points), regions.label(points))


def test_described_and_made_again_they_are_equal():
    first, _, _ = many(5, 8, "periodic")
    data = describe(first)
    assert data.pop("type") == "Regions"
    data["box"] = vmd.Box(data["box"]["lengths"], tuple(data["box"]["boundary"]))
    again = vmd.Regions(**data)
    assert again == first
    assert hash(again) == hash(first)
    assert again != many(6, 8, "periodic")[0]
    assert again != first.within(vmd.Box((7.0, 5.0), "open"))
    assert again != "regions"
    raster = vmd.Regions.raster([[0, 1], [1, 1]], pixel=2.0, names=["a", "b"])
    data = describe(raster)
    assert data["labels"] == [[0, 1], [1, 1]]
    assert vmd.Regions(raster.box, labels=data["labels"], names=data["names"]) == raster
    assert raster != first


def test_they_cannot_be_changed():
    regions = vmd.Regions.rectangles([[0, 0, 1, 1]])
    with pytest.raises(AttributeError):
        regions.box = vmd.Box((2.0, 2.0))
    with pytest.raises(ValueError):
        regions.corners[0][0, 0] = 5.0
    assert repr(regions).startswith("<Regions: 1 in Box(")


def test_ten_thousand_rectangles():
    """Labels of a large grid by arithmetic, and its interfaces."""
    edges = np.arange(101) / 10
    x, y = (e.ravel() for e in np.meshgrid(edges[:-1], edges[:-1], indexing="ij"))
    ends = (e.ravel() for e in np.meshgrid(edges[1:], edges[1:], indexing="ij"))
    cells = np.column_stack((x, y, *ends))
    regions = vmd.Regions.rectangles(cells, vmd.Box((10.0, 10.0), "periodic"))
    faces = regions.interfaces()
    assert len(faces) == 20_000
    assert sum(length for *_, length in faces) == pytest.approx(2000.0)
    points = np.random.default_rng(1).uniform(0, 10, (20_000, 2))
    place = np.searchsorted(edges, points, side="right") - 1
    np.testing.assert_array_equal(regions.label(points), place[:, 0] * 100 + place[:, 1])


def test_single_points_and_many_are_labelled_alike():
    regions, _, _ = many(2, 10, "periodic")
    points = np.random.default_rng(2).uniform(-10, 10, (200, 2))
    one_by_one = [locate(x, y, regions.grid) for x, y in points]
    np.testing.assert_array_equal(one_by_one, regions.label(points))
