"""Regions of pixels: labels, and true lengths of slanted and curved interfaces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from partitions import BOUNDARIES

import vortexmd as vmd


def centres(n, size=1.0):
    """(n, n) x and y of the pixels' centres of a square."""
    at = (np.arange(n) + 0.5) * size / n
    return np.meshgrid(at, at, indexing="ij")


def length_of(labels, lengths=(1.0, 1.0), boundary="reflecting"):
    """The one interface of a raster."""
    ((i, j, length),) = vmd.Regions.raster(labels, vmd.Box(lengths, boundary)).interfaces()
    assert (i, j) == (0, 1)
    return length


def line_errors(n):
    """Relative errors of straight lines through a square at many angles."""
    x, y = centres(n)
    errors = []
    for theta in np.radians(np.arange(0, 180, 3.0)):
        for off in (0.0031, -0.0021):
            u = np.array([np.cos(theta), np.sin(theta)])
            middle = np.array([0.5017, 0.5 + off])
            labels = (u[0] * (y - middle[1]) > u[1] * (x - middle[0])).astype(int)
            with np.errstate(divide="ignore"):
                ends = np.sort([-middle / u, (1 - middle) / u], axis=0)
            errors.append(length_of(labels) / (ends[1].min() - ends[0].max()) - 1)
    return np.array(errors)


def circle(n, radius, at):
    """Labels of a disc in the unit square."""
    x, y = centres(n)
    return (np.hypot(x - at[0], y - at[1]) < radius).astype(int)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    boundary=st.sampled_from(BOUNDARIES),
)
def test_labels_and_areas_of_random_pixels(seed, shape, boundary):
    rng = np.random.default_rng(seed)
    _, labels = np.unique(rng.integers(0, 4, shape), return_inverse=True)
    labels = labels.reshape(shape)
    regions = vmd.Regions.raster(labels, vmd.Box((3.0, 2.0), boundary))
    points = rng.uniform(0, 1, (300, 2)) * (3.0, 2.0)
    place = (points / (3.0, 2.0) * shape).astype(int)
    np.testing.assert_array_equal(regions.label(points), labels[tuple(place.T)])
    np.testing.assert_allclose(regions.area, np.bincount(labels.ravel()) * 6.0 / labels.size)
    # Walls are the pixels' edges, each once.
    across = (labels[1:] != labels[:-1]).sum() + (
        regions.box.periodic[0] and (labels[0] != labels[-1]).sum()
    )
    up = (labels[:, 1:] != labels[:, :-1]).sum() + (
        regions.box.periodic[1] and (labels[:, 0] != labels[:, -1]).sum()
    )
    drawn = np.abs(regions.walls[:, 2:] - regions.walls[:, :2]).sum(axis=0)
    np.testing.assert_allclose(drawn, [up * 3.0 / shape[0], across * 2.0 / shape[1]], atol=1e-12)
    # No estimate is longer than the edges, and every pair that shares one has a length.
    pairs = {(i, j): length for i, j, length in regions.interfaces()}
    assert all(length > 0 for length in pairs.values())
    assert sum(pairs.values()) <= drawn.sum() + 1e-9
    touching = set()
    for axis in (0, 1):
        moved = np.roll(labels, 1, axis=axis)
        keep = slice(None) if regions.box.periodic[axis] else slice(1, None)
        a, b = (np.moveaxis(k, axis, 0)[keep].ravel() for k in (labels, moved))
        touching |= {tuple(sorted(pair)) for pair in zip(a.tolist(), b.tolist(), strict=True)}
    assert set(pairs) == {pair for pair in touching if pair[0] != pair[1]}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_rectangles_of_pixels_are_exact(boundary):
    """Two pixels across or more: lengths of a grid of rectangles, as polygons give them."""
    xs, ys = np.cumsum([0, 3, 2, 7, 4]), np.cumsum([0, 5, 2, 3])
    labels = np.empty((xs[-1], ys[-1]), dtype=int)
    cells = []
    for ix in range(4):
        for iy in range(3):
            labels[xs[ix] : xs[ix + 1], ys[iy] : ys[iy + 1]] = len(cells)
            cells.append([xs[ix] * 0.5, ys[iy] * 0.7, xs[ix + 1] * 0.5, ys[iy + 1] * 0.7])
    box = vmd.Box((8.0, 7.0), boundary)
    found = vmd.Regions.raster(labels, box).interfaces()
    expected = vmd.Regions.rectangles(cells, box).interfaces()
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    np.testing.assert_allclose([f[2] for f in found], [e[2] for e in expected], rtol=1e-13)


def test_corners_are_kept():
    """An island, an L and a ring: nothing is cut off at right angles."""
    labels = np.zeros((12, 9), dtype=int)
    labels[3:7, 2:4] = 1
    assert length_of(labels, (12.0, 9.0)) == pytest.approx(12.0)
    labels[3:5, 2:8] = 1
    assert length_of(labels, (12.0, 9.0)) == pytest.approx(20.0)
    # Pixels twice as long as they are high.
    assert length_of(labels, (24.0, 9.0)) == pytest.approx(2 * 8 + 12)
    ring = np.zeros((9, 9), dtype=int)
    ring[1:8, 1:8] = 1
    ring[3:6, 3:6] = 0
    assert length_of(ring, (9.0, 9.0)) == pytest.approx(28 + 12)


def test_small_islands_are_no_points():
    """A pixel alone is as long as the circle of its area."""
    labels = np.zeros((5, 5), dtype=int)
    labels[2, 2] = 1
    assert length_of(labels, (5.0, 5.0)) == pytest.approx(2 * np.sqrt(np.pi))


@pytest.mark.slow
def test_lines_at_every_angle_within_one_percent_at_a_hundred_pixels():
    errors = {n: np.abs(line_errors(n)) for n in (50, 100, 200)}
    assert errors[100].max() < 0.01
    assert errors[100].mean() < 0.003
    # First order in the size of a pixel.
    assert errors[200].max() < 0.6 * errors[100].max() < 0.36 * errors[50].max()


def test_circles_within_one_percent_at_fifty_pixels_of_radius():
    rng = np.random.default_rng(0)
    worst, arcs = [], []
    for radius in (25, 50, 100):
        n = 3 * radius
        lengths, halves = [], []
        for at in 0.5 + rng.uniform(-0.5, 0.5, (8, 2)) / n:
            labels = circle(n, 1 / 3, at)
            lengths.append(length_of(labels))
            # In three quarters of the plane and the rest, so that arcs have ends.
            x, y = centres(n)
            labels = labels * (1 + ((x > 0.5) & (y > 0.5)))
            faces = vmd.Regions.raster(labels, pixel=1 / n).interfaces()
            halves.append(sum(length for i, _, length in faces if i == 0))
        worst.append(np.abs(np.array(lengths) / (2 * np.pi / 3) - 1).max())
        arcs.append(np.abs(np.array(halves) / (2 * np.pi / 3) - 1).max())
    assert worst[1] < 0.002
    assert arcs[1] < 0.01
    assert arcs[2] < 0.6 * arcs[1] < 0.4 * arcs[0]


def test_lines_that_close_on_themselves_around_the_torus():
    """Slopes 1 and 1/3 through the seams; a band has two of them."""
    for n, (rise, run) in ((60, (1, 1)), (60, (1, 3))):
        x, y = centres(n)
        labels = (np.mod(run * y - rise * x + 0.01 / n, 1.0) < 0.5).astype(int)
        expected = 2 * np.hypot(rise, run)
        assert length_of(labels, boundary="periodic") == pytest.approx(expected, rel=2e-3)


def test_where_the_seam_lies_does_not_matter():
    """A circle moved over the ends of a periodic box keeps its length to rounding."""
    labels = circle(60, 0.3, (0.51, 0.48))
    expected = length_of(labels, boundary="periodic")
    for shift in ((7, 0), (30, 0), (0, 31), (29, 44)):
        moved = np.roll(labels, shift, axis=(0, 1))
        assert length_of(moved, boundary="periodic") == pytest.approx(expected, rel=2e-3)


def test_mirroring_and_turning_do_not_matter():
    rng = np.random.default_rng(5)
    x, y = centres(40)
    bumps = sum(
        a * np.sin(2 * np.pi * (k * x + m * y) + f)
        for a, k, m, f in zip(
            rng.normal(size=5), *rng.integers(-3, 4, (2, 5)), rng.random(5) * 6, strict=True
        )
    )
    labels = (bumps > 0.1).astype(int)
    expected = length_of(labels)
    for turned in (labels.T, labels[::-1], labels[:, ::-1], np.rot90(labels), 1 - labels):
        assert length_of(np.ascontiguousarray(turned)) == pytest.approx(expected, rel=5e-3)


def test_boxes_and_names():
    regions = vmd.Regions.raster([[0, 1, 1], [0, 0, 1]], pixel=(2.0, 1.0), names=["a", "b"])
    assert regions.box == vmd.Box((4.0, 3.0), "reflecting")
    assert list(regions.names) == ["a", "b"]
    np.testing.assert_allclose(regions.area, [6.0, 6.0])
    opened = regions.within(vmd.Box((4.0, 3.0), "open"))
    assert opened.open_lengths() == pytest.approx({0: 1 + 2 + 4, 1: 2 + 1 + 2 + 2})


def test_a_large_raster():
    """10⁶ pixels in 400 squares: interfaces and labels by arithmetic."""
    block = np.arange(400).reshape(20, 20)
    labels = np.kron(block, np.ones((50, 50), dtype=int))
    regions = vmd.Regions.raster(labels, vmd.Box((20.0, 20.0), "periodic"))
    faces = regions.interfaces()
    assert len(faces) == 800
    np.testing.assert_allclose([length for *_, length in faces], 1.0, rtol=1e-12)
    assert len(regions.grid.walls) == 800
    np.testing.assert_allclose(regions.width, 1.0, rtol=1e-12)
