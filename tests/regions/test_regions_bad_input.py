"""What is no partition is refused before anything is computed, and the message says where."""

import numpy as np
import pytest

import vortexmd as vmd

BOX = vmd.Box((4.0, 4.0), "reflecting")
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4]]


def polygons(*shapes, **rest):
    return lambda: vmd.Regions.polygons(list(shapes), BOX, **rest)


def rectangles(*cells, **rest):
    return lambda: vmd.Regions.rectangles(list(cells), BOX, **rest)


def raster(labels, **rest):
    return lambda: vmd.Regions.raster(labels, **{"pixel": 1.0, **rest})


HALVES = ([0, 0, 2, 4], [2, 0, 4, 4])
BAD = {
    "overlap": (
        rectangles([0, 0, 2.5, 4], [2, 0, 4, 4]),
        r"rectangles\[0\] and rectangles\[1\] overlap by 2 λ²",
    ),
    "one inside another": (rectangles([0, 0, 4, 4], [1, 1, 2, 2]), "overlap by 1 λ²"),
    "the same twice": (
        rectangles(*HALVES, HALVES[1]),
        r"rectangles\[1\] and rectangles\[2\] overlap by 8",
    ),
    "overlap on a background": (
        rectangles([0, 0, 2, 2], [1, 1, 3, 3], background=True),
        r"rectangles\[0\] and rectangles\[1\] overlap by 1 λ²",
    ),
    "gap": (rectangles([0, 0, 2, 4], [2.5, 0, 4, 4]), r"2 λ² of the box \(16 λ²\) belong to none"),
    "crack": (
        polygons(
            [[0, 0], [2, 0], [2, 4], [0, 4]],
            [[2, 0], [4, 0], [4, 4], [2, 4], [2.0, 3.0], [2 + 1e-8, 2.999]],
        ),
        r"polygons\[0\]: nothing fits its side from \(2, 0\)",
    ),
    "beyond the box": (
        rectangles([0, 0, 2, 4], [2, 0, 4.1, 4]),
        r"rectangles\[1\] leaves the box: corner \(4.1, 0\)",
    ),
    "before the box": (rectangles([-1, 0, 4, 4]), r"rectangles\[0\] leaves the box: corner \(-1, "),
    "bow tie": (polygons([[0, 0], [4, 4], [4, 0], [0, 4]]), r"polygons\[0\]"),
    "crossing sides": (
        polygons([[0, 0], [4, 0], [1, 3], [1, 1], [4, 3], [0, 4]], background=True),
        r"polygons\[0\] crosses itself",
    ),
    "pinched": (
        polygons([[0, 0], [2, 2], [4, 0], [4, 4], [2, 2], [0, 4]]),
        r"polygons\[0\] touches itself at \(2, 2\)",
    ),
    "touching its own side": (
        polygons([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]]),
        r"polygons\[0\] touches itself at \(2, 0\)",
    ),
    "spike": (polygons([[0, 0], [4, 0], [4, 4], [4, 2], [0, 2]]), r"polygons\[0\] touches itself"),
    "corner twice": (
        polygons([[0, 0], [4, 0], [4, 0], [4, 4], [0, 4]]),
        r"polygons\[0\] has the same corner twice at \(4, 0\)",
    ),
    "flat": (polygons([[0, 0], [2, 1], [4, 2]], SQUARE), r"polygons\[0\] has no area"),
    "two corners": (polygons([[0, 0], [4, 0]]), r"polygons\[0\]: 2 corners; give at least 3"),
    "no polygons": (polygons(), "polygons: none"),
    "polygons of words": (polygons("abc"), r"polygons\[0\] = .abc.: give a list of \[x, y\]"),
    "three coordinates": (polygons([[0, 0, 0]] * 4), r"polygons\[0\]: an array of shape \(4, 3\)"),
    "not a number": (polygons([[0, 0], [np.nan, 0], [4, 4]]), r"polygons\[0\]\[1\] = .*finite"),
    "rectangle inside out": (rectangles([2, 0, 0, 4]), r"rectangles\[0\] = .* with x0 < x1"),
    "rectangle without area": (rectangles([0, 0, 4, 4], [1, 1, 1, 2]), r"rectangles\[1\]"),
    "rectangle of three": (rectangles([0, 0, 4]), r"rectangles: an array of shape \(1, 3\)"),
    "infinite rectangle": (rectangles([0, 0, np.inf, 4]), r"rectangles\[0\] = .*finite"),
    "background without room": (rectangles(*HALVES, background=True), "cover the whole box"),
    "empty region": (rectangles(*HALVES, regions=[0, 2]), "region 1 is empty"),
    "negative region": (rectangles(*HALVES, regions=[0, -1]), r"regions\[1\] = -1"),
    "regions missing": (rectangles(*HALVES, regions=[0]), "give 2 whole numbers"),
    "half a region": (rectangles(*HALVES, regions=[0, 0.5]), "give 2 whole numbers"),
    "too few names": (rectangles(*HALVES, names=["a"]), "regions.names = .*give 2 strings"),
    "a name that is a number": (rectangles(*HALVES, names=["a", 2]), r"regions.names\[1\] = 2"),
    "a name twice": (rectangles(*HALVES, names=["a", "a"]), r"regions.names\[1\] = 'a': .*taken"),
    "unlabelled pixel": (raster([[0, 1], [1, -1]]), r"labels\[1, 1\] = -1"),
    "no pixel in a region": (raster([[0, 1], [3, 3]]), "region 2 is empty"),
    "half labels": (raster([[0.0, 1.0]]), "numbers of type float64"),
    "labels in a row": (raster([0, 1]), r"labels: an array of shape \(2,\)"),
    "labels of different lengths": (raster([[0, 1], [0]]), "labels"),
    "no labels": (raster(np.zeros((0, 3), dtype=int)), r"labels: an array of shape \(0, 3\)"),
    "pixel below 0": (raster([[0]], pixel=-1.0), "pixel = -1.0"),
    "pixel of three": (raster([[0]], pixel=(1, 2, 3)), "pixel = "),
    "box and pixel": (raster([[0]], box=BOX), "either box= or pixel="),
    "neither": (raster([[0]], pixel=None), "either box= or pixel="),
    "no box": (lambda: vmd.Regions.raster([[0]], box=(4.0, 4.0)), "give a vortexmd.Box"),
    "free": (
        lambda: vmd.Regions.rectangles([[0, 0, 4, 4]], vmd.Box((4.0, 4.0), "free")),
        "free axis has no end",
    ),
    "both kinds": (
        lambda: vmd.Regions(BOX, corners=[SQUARE], labels=[[0]]),
        "either the corners of polygons or the labels",
    ),
    "neither kind": (lambda: vmd.Regions(BOX), "either the corners of polygons or the labels"),
    "background of pixels": (
        lambda: vmd.Regions(BOX, labels=[[0]], background=True),
        "for polygons, not for pixels",
    ),
    "rectangles below the origin": (
        lambda: vmd.Regions.rectangles([[-2, -2, -1, -1]]),
        "give box=",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_the_message_says_what_is_wrong(case):
    make, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        make()


def test_a_box_of_other_lengths_is_refused():
    regions = vmd.Regions.rectangles(HALVES)
    with pytest.raises(ValueError, match="lengths must agree"):
        regions.within(vmd.Box((4.0, 4.1), "periodic"))
    with pytest.raises(ValueError, match="free axis"):
        regions.within(vmd.Box((4.0, 4.0), ("free", "open")))
    near = regions.within(vmd.Box((4.0 + 1e-10, 4.0 - 1e-10), "periodic"))
    assert near.interfaces() == [(0, 1, pytest.approx(8.0))]


@pytest.mark.parametrize("distance", [0.0, -1.0, np.inf, np.nan, "far", True])
def test_hops_need_a_distance(distance):
    with pytest.raises(ValueError, match="distance"):
        vmd.Regions.rectangles(HALVES).hop_areas(distance)


@pytest.mark.parametrize("positions", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [[[1.0, 2.0]]]])
def test_positions_have_two_coordinates(positions):
    with pytest.raises(ValueError, match=r"give \(N, 2\)"):
        vmd.Regions.rectangles(HALVES).label(positions)
