"""What the compiled loops are given: cells against distances and labels worked out one by one."""

import numpy as np
import pytest
from partitions import BOUNDARIES, copies, guillotine, many

import vortexmd as vmd


def gap(points, walls):
    """(N, W) distances of points from stretches."""
    a, e = walls[:, :2], walls[:, 2:] - walls[:, :2]
    to = points[:, None] - a
    t = np.clip((to * e).sum(axis=2) / (e * e).sum(axis=1), 0, 1)
    return np.hypot(*np.moveaxis(to - t[..., None] * e, 2, 0))


def partitions():
    for seed, boundary in enumerate(BOUNDARIES):
        rng = np.random.default_rng(seed)
        yield vmd.Regions.rectangles(guillotine(rng, 10), vmd.Box((7.0, 5.0), boundary))
        yield many(seed, 10, boundary)[0]
        yield vmd.Regions.polygons(
            [[[1, 1], [3, 2], [2.5, 4]], [[4, 1], [6.5, 1], [5, 3], [5, 1.5]]],
            vmd.Box((7.0, 5.0), boundary),
            background=True,
        )


@pytest.mark.parametrize("regions", list(partitions()), ids=repr)
def test_cells_know_their_region_and_the_walls_near_them(regions):
    box, grid = regions.box, regions.grid
    rng = np.random.default_rng(9)
    points = rng.uniform(0, 1, (1500, 2)) * box.lengths
    place = (points / grid.width).astype(int)
    cell = place[:, 0] * grid.cells[1] + place[:, 1]
    label = regions.label(points)
    alike = grid.uniform[cell] >= 0
    assert alike.mean() > 0.5
    np.testing.assert_array_equal(grid.uniform[cell][alike], label[alike])

    shifts = copies(box)
    distance = np.stack([gap(points, grid.walls + np.tile(shift, 2)) for shift in shifts])
    assert (distance.min(axis=(0, 2)) >= grid.clearance[cell]).all()
    listed = np.zeros(distance.shape, dtype=bool)
    order = {tuple(np.rint(shift / box.lengths).astype(int)): k for k, shift in enumerate(shifts)}
    for n, c in enumerate(cell):
        for k in range(grid.near_start[c], grid.near_start[c + 1]):
            ends = grid.near_ends[k] - grid.walls[grid.near[k]]
            turns = np.rint(ends[:2] / regions.box.lengths).astype(int)
            listed[order[tuple(turns.tolist())], n, grid.near[k]] = True
    assert listed[distance < grid.margin].all()


def test_walls_have_the_regions_on_their_sides():
    for regions in partitions():
        walls, sides = regions.grid.walls, regions.grid.sides
        middle = 0.5 * (walls[:, :2] + walls[:, 2:])
        along = walls[:, 2:] - walls[:, :2]
        left = 1e-7 * np.column_stack((-along[:, 1], along[:, 0])) / np.hypot(*along.T)[:, None]
        for side, step in ((sides[:, 0], left), (sides[:, 1], -left)):
            np.testing.assert_array_equal(
                np.maximum(side, -1), np.where(side < 0, -1, regions.label(middle + step))
            )


@pytest.mark.parametrize("lengths", [(1000.0, 0.5), (0.01, 3.0), (1e6, 1e6)])
def test_boxes_of_any_shape(lengths):
    lx, ly = lengths
    cells = [[0, 0, 0.3 * lx, ly], [0.3 * lx, 0, lx, 0.5 * ly], [0.3 * lx, 0.5 * ly, lx, ly]]
    regions = vmd.Regions.rectangles(cells, vmd.Box(lengths, "periodic"))
    assert 1000 < np.prod(regions.grid.cells) < 10_000
    assert regions.grid.margin <= min(lengths)
    points = np.random.default_rng(0).uniform(0, 1, (2000, 2))
    expected = np.where(points[:, 0] < 0.3, 0, np.where(points[:, 1] < 0.5, 1, 2))
    np.testing.assert_array_equal(regions.label(points * lengths), expected)
    np.testing.assert_allclose(regions.area / (lx * ly), [0.3, 0.35, 0.35], rtol=1e-12)


def test_thousands_of_regions_get_no_more_cells_than_fit():
    labels = np.arange(150 * 150).reshape(150, 150)
    regions = vmd.Regions.raster(labels, pixel=0.5)
    assert np.prod(regions.grid.cells) <= 1_000_000
    assert len(regions) == 22_500
