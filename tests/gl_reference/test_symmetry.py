"""Mirror lines: found where they are, and only there."""

import numpy as np
import pytest

from gl_reference.functional import superfluid_velocity
from gl_reference.symmetry import axes_symmetry, find_symmetry


def turned(points, angle, shift=(0.3, -1.2)):
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points, dtype=float) @ np.array([[c, s], [-s, c]]) + shift


SQUARE = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
CASES = [
    ("one", [(0, 0)], [1], [1, 1]),
    ("pair", [(-1, 0), (1, 0)], [1, 1], [1, 1]),
    ("giant pair", [(-1, 0), (1, 0)], [1, 2], [0, 1]),
    ("antivortex pair", [(-1, 0), (1, 0)], [1, -1], [-1, 1]),
    ("antivortex and giant", [(-1, 0), (1, 0)], [-1, 2], [0, 1]),
    ("collinear", [(-1, 0), (0.8, 0), (2, 0)], [1, 1, 1], [0, 1]),
    ("isosceles", [(-1, 0), (1, 0), (0, 3)], [1, 1, -2], [0, 1]),
    ("scalene", [(-1, 0), (1, 0), (0.2, 3)], [1, 1, 1], [0, 0]),
    ("square", SQUARE, [1, 1, 1, 1], [1, 1]),
    ("quadrupole", SQUARE, [1, -1, 1, -1], [1, 1]),  # its diagonals, or −1, −1 its sides
    ("parallelogram", [(0, 0), (2, 0), (0.5, 1), (2.5, 1)], [1, 1, 1, 1], [0, 0]),
]


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.1])
@pytest.mark.parametrize(("name", "points", "winding", "expected"), CASES)
def test_mirrors_are_found_at_any_angle(name, points, winding, expected, angle):
    points, winding = turned(points, angle), np.array(winding)
    found = find_symmetry(points, winding)
    if name == "quadrupole":
        assert np.abs(found.mirrors).tolist() == [1, 1]
    else:
        assert sorted(found.mirrors) == expected
    # the frame holds the same vortices
    back = found.to_plane(found.positions.T).T + found.centre
    np.testing.assert_allclose(back, points, atol=1e-12)
    np.testing.assert_allclose(found.to_frame(points), found.positions, atol=1e-12)


@pytest.mark.parametrize(("name", "points", "winding", "expected"), CASES)
def test_operations_map_vortices_to_the_last_bit(name, points, winding, expected):
    symmetry = find_symmetry(turned(points, 0.7), np.array(winding))
    operations = list(symmetry.operations())
    assert len(operations) == 2 ** np.count_nonzero(symmetry.mirrors)
    for operation in operations:
        images = symmetry.positions[operation.images]
        np.testing.assert_array_equal(images, symmetry.positions * operation.flip)


@pytest.mark.parametrize(("name", "points", "winding", "expected"), CASES)
def test_folding_takes_the_superfluid_velocity_along(name, points, winding, expected):
    """V is one field that transforms as A does: its values in the cell give those everywhere."""
    symmetry = find_symmetry(turned(points, 0.7), np.array(winding))
    places = np.random.default_rng(2).uniform(-4, 4, (50, 2))
    folded, factor, _ = symmetry.fold(places)
    for axis, mirror in enumerate(symmetry.mirrors):
        assert not mirror or (folded[:, axis] >= 0).all()
    there = superfluid_velocity(folded, symmetry.positions, symmetry.winding)
    here = superfluid_velocity(places, symmetry.positions, symmetry.winding)
    np.testing.assert_allclose(there * factor, here, atol=1e-12)


def test_fold_takes_the_field_along():
    """B is the same on both sides of a mirror that keeps windings, opposite where it flips them."""
    places = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]])
    pair = find_symmetry(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([1, -1]))
    assert pair.mirrors == (-1, 1)
    np.testing.assert_array_equal(pair.fold(places)[2], [1, -1, -1])


def test_given_axes_are_the_only_ones_used():
    winding = np.array([1, 1])
    assert axes_symmetry(np.array([[-1.0, 0.0], [1.0, 0.0]]), winding).mirrors == (1, 1)
    assert axes_symmetry(np.array([[-1.0, 0.5], [1.0, 0.5]]), winding).mirrors == (1, 0)
    assert axes_symmetry(np.array([[-1.0, -1.0], [1.0, 1.0]]), winding).mirrors == (0, 0)


def test_a_vortex_off_its_place_by_more_than_rounding_breaks_the_symmetry():
    winding = np.array([1, 1, 1])
    for shift, mirrors in ((1e-12, 1), (1e-6, 0)):
        points = np.array([[-1.0, 0.0], [1.0, shift], [0.0, 3.0]])
        assert np.count_nonzero(find_symmetry(points, winding).mirrors) == mirrors
