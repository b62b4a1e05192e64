"""Areas from which hops lead from region to region, against clipping, closed forms, dice and sums."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partitions import BOUNDARIES, copies, guillotine, many, overlap, rectangle

import vortexmd as vmd

FAR = 100.0


def displacements(s):
    """The four."""
    return np.array([[s, 0.0], [-s, 0.0], [0.0, s], [0.0, -s]])


def clipped(polygons, region_of, box, s):
    """(M, M_out) of convex polygons, piece by piece."""
    number = max(region_of) + 1
    inside, out = np.zeros((number, number)), np.zeros(number)
    for d in displacements(s):
        axis = int(d[1] != 0)
        low, high = np.full(2, -FAR), np.full(2, FAR)
        (low if d[axis] > 0 else high)[axis] = box.lengths[axis] if d[axis] > 0 else 0.0
        for p, i in zip(polygons, region_of, strict=True):
            for shift in copies(box):
                for q, j in zip(polygons, region_of, strict=True):
                    inside[i, j] += overlap(p + d + shift, q)
            if box.boundary[axis] == "open":
                out[i] += overlap(p + d, rectangle(*low, *high))
    np.fill_diagonal(inside, 0.0)
    return inside, out


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    cuts=st.integers(0, 12),
    boundary=st.sampled_from(BOUNDARIES),
    s=st.floats(0.01, 4.9),
)
@pytest.mark.slow
def test_slanted_pieces_against_clipping(seed, cuts, boundary, s):
    regions, polygons, region_of = many(seed, cuts, boundary)
    area, out = regions.hop_areas(s)
    expected, beyond = clipped(polygons, region_of, regions.box, s)
    np.testing.assert_allclose(area.toarray(), expected, atol=1e-12)
    np.testing.assert_allclose(out, beyond, atol=1e-12)
    np.testing.assert_array_equal(area.toarray(), area.T.toarray())


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), boundary=st.sampled_from(BOUNDARIES), s=st.floats(0.01, 12.0))
def test_what_does_not_leave_stays(seed, boundary, s):
    """M summed over a row, what stays, and what would land beyond the ends: four times the area."""
    rng = np.random.default_rng(seed)
    cells = np.array(guillotine(rng, 15))
    box = vmd.Box((7.0, 5.0), boundary)
    regions = vmd.Regions.rectangles(cells, box)
    area, out = regions.hop_areas(s)
    stays, lost = np.zeros((2, len(cells)))
    for axis, length in enumerate(box.lengths):
        low, high = cells[:, axis], cells[:, axis + 2]
        across = regions.area / (high - low)
        turn = s % length if box.periodic[axis] else s
        for step in {turn, turn - length} if box.periodic[axis] else {turn}:
            stays += 2 * across * np.maximum(high - low - abs(step), 0.0)
        if not box.periodic[axis]:
            passed = high - np.clip(length - s, low, high) + np.clip(s, low, high) - low
            lost += across * passed
            if box.boundary[axis] == "open":
                out = out - across * passed
    np.testing.assert_allclose(out, 0.0, atol=1e-12)
    np.testing.assert_allclose(area.sum(axis=1), 4 * regions.area - stays - lost, atol=1e-11)


@pytest.mark.parametrize("degrees", [0, 10, 45, 73, 90, 120])
def test_a_straight_interface_gives_the_product_of_length_and_hop(degrees):
    """M = L s (|cos θ| + |sin θ|) on a torus that two slanted bands fill."""
    theta = np.radians(degrees)
    if degrees in (0, 90):
        lengths = (8.0, 8.0)
        bands = [rectangle(0, 0, 8, 4), rectangle(0, 4, 8, 8)]
        if degrees == 90:
            bands = [band[:, ::-1] for band in bands]
        regions = vmd.Regions.polygons(bands, vmd.Box(lengths, "periodic"))
    else:
        # Once round x, once round y: the sides of a parallelogram, cut at the ends of the box.
        rise = 8.0 * abs(np.tan(theta))
        lengths = (8.0, rise)
        half = [[4, 0], [8, 0], [8, rise / 2]]
        middle = [[0, 0], [4, 0], [8, rise / 2], [8, rise]]
        triangle = [[0, rise / 2], [4, rise], [0, rise]]
        band = [[0, 0], [8, rise], [4, rise], [0, rise / 2]]
        shapes = [np.array(shape, dtype=float) for shape in (half, middle, triangle, band)]
        if degrees > 90:
            shapes = [shape * [-1, 1] + [8, 0] for shape in shapes]
        regions = vmd.Regions.polygons(shapes, vmd.Box(lengths, "periodic"), regions=[1, 0, 0, 1])
    ((_, _, length),) = regions.interfaces()
    s = 0.3
    area, out = regions.hop_areas(s)
    expected = length * s * (abs(np.cos(theta)) + abs(np.sin(theta)))
    np.testing.assert_allclose(area.toarray(), [[0, expected], [expected, 0]], rtol=1e-12)
    np.testing.assert_array_equal(out, 0.0)


def test_rectangles_side_by_side():
    """Wider than s: exactly L s; narrower: what jumps over; diagonal neighbours: nothing."""
    cells = [[0, 0, 2, 2], [2, 0, 2.25, 2], [2.25, 0, 5, 2], [0, 2, 2, 3], [2, 2, 5, 3]]
    regions = vmd.Regions.rectangles(cells, vmd.Box((5.0, 3.0), "open"))
    area, out = regions.hop_areas(0.5)
    expected = np.zeros((5, 5))
    # Over the narrow strip: 0.25 lands in it from either side, 0.25 beyond it.
    expected[0, 1] = expected[1, 2] = 2 * 0.25
    expected[0, 2] = 2 * 0.25
    expected[0, 3] = 2 * 0.5
    expected[1, 4], expected[2, 4] = 0.25 * 0.5, 2.75 * 0.5
    expected[3, 4] = 1 * 0.5
    np.testing.assert_allclose(area.toarray(), expected + expected.T, rtol=1e-13)
    np.testing.assert_allclose(out, [2.0, 0.125, 2.375, 1.5, 2.0], rtol=1e-13)


def test_a_background_gets_what_the_polygons_do_not():
    """Islands on a background against the same background written out as polygons."""
    box = vmd.Box((6.0, 5.0), ("open", "periodic"))
    island = [np.array([[1.0, 1.0], [2.5, 1.5], [2.0, 3.0]]), rectangle(4, 0, 5, 2)]
    islands = vmd.Regions.polygons(island, box, background=True)
    rest = [
        rectangle(0, 0, 1, 5),
        rectangle(5, 0, 6, 5),
        rectangle(4, 2, 5, 5),
        rectangle(1, 3, 4, 5),
        rectangle(1, 0, 4, 1),
        rectangle(2.5, 1, 4, 3),
        np.array([[1.0, 1.0], [2.5, 1.0], [2.5, 1.5]]),
        np.array([[2.5, 1.5], [2.5, 3.0], [2.0, 3.0]]),
        np.array([[1.0, 1.0], [2.0, 3.0], [1.0, 3.0]]),
    ]
    filled = vmd.Regions.polygons(island + rest, box, regions=[0, 1] + 9 * [2])
    assert islands.area == pytest.approx(filled.area)
    faces = {(i, j): length for i, j, length in filled.interfaces()}
    assert {(i, j): length for i, j, length in islands.interfaces()} == pytest.approx(faces)
    for s in (0.1, 0.7, 1.9, 5.5):
        area, out = islands.hop_areas(s)
        expected, beyond = filled.hop_areas(s)
        np.testing.assert_allclose(area.toarray(), expected.toarray(), atol=2e-12)
        np.testing.assert_allclose(out, beyond, atol=2e-12)


def test_a_far_background_gets_nothing():
    """No hop reaches the background from the innermost region: no pair, not even one of rounding."""
    regions = vmd.Regions.rectangles(
        [[1, 1, 5, 5], [1, 5, 5, 6], [5, 1, 6, 6], [0.1, 0, 1, 6], [1, 0.1, 5, 1]],
        vmd.Box((7.1, 6.3)),
        background=True,
    )
    area, _ = regions.hop_areas(0.3)
    assert (0, 5) not in set(zip(*(k.tolist() for k in area.nonzero()), strict=True))


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("s", [0.25, 0.4, 1.0, 2.35, 6.1])
def test_a_raster_against_the_same_pixels_as_rectangles(boundary, s):
    rng = np.random.default_rng(4)
    labels = np.concatenate((np.arange(5), rng.integers(0, 5, 15))).reshape(5, 4)
    box = vmd.Box((2.5, 3.0), boundary)
    raster = vmd.Regions.raster(labels, box)
    x, y = (k.ravel() for k in np.meshgrid(np.arange(5) * 0.5, np.arange(4) * 0.75, indexing="ij"))
    cells = np.column_stack((x, y, x + 0.5, y + 0.75))
    same = vmd.Regions.rectangles(cells, box, regions=labels.ravel())
    area, out = raster.hop_areas(s)
    expected, beyond = same.hop_areas(s)
    np.testing.assert_allclose(area.toarray(), expected.toarray(), atol=1e-12)
    np.testing.assert_allclose(out, beyond, atol=1e-12)
    np.testing.assert_allclose(raster.area, same.area)
    np.testing.assert_allclose(raster.width, same.width)
    assert raster.open_lengths() == pytest.approx(same.open_lengths())


def test_hops_thrown_at_random_land_where_the_areas_say():
    """10⁶ hops; the largest of at most 200 z-scores, false alarm below 0.2 % at 4.5."""
    regions, _, _ = many(8, 14, ("periodic", "open"))
    rng = np.random.default_rng(1)
    n, s = 1_000_000, 0.8
    points = rng.uniform(0, 1, (n, 2)) * (7.0, 5.0)
    before = regions.label(points)
    after = regions.label(points + displacements(s)[rng.integers(0, 4, n)])
    number = len(regions)
    hits = np.zeros((number, number + 1))
    np.add.at(hits, (before, after), 1)
    area, out = regions.hop_areas(s)
    chance = np.column_stack((area.toarray(), out)) / (4 * 35.0)
    np.fill_diagonal(hits, 0)
    assert not hits[chance == 0].any()
    expected = n * chance[chance > 0]
    assert len(expected) < 200
    z = (hits[chance > 0] - expected) / np.sqrt(expected * (1 - chance[chance > 0]))
    # Where fewer than ten are expected the count is no normal number.
    assert np.abs(z[expected > 10]).max() < 4.5


def test_the_diagonal_mirrors_the_areas():
    """Mirrored in the diagonal, the four displacements are the same four."""
    regions, polygons, region_of = many(21, 10, "reflecting")
    mirrored = vmd.Regions.polygons(
        [polygon[:, ::-1] for polygon in polygons],
        vmd.Box((5.0, 7.0), "reflecting"),
        regions=region_of,
    )
    for one, two in zip(regions.hop_areas(0.6), mirrored.hop_areas(0.6), strict=True):
        np.testing.assert_allclose((one - two).sum(), 0.0, atol=1e-12)
        np.testing.assert_allclose(abs(one - two).max(), 0.0, atol=1e-12)
