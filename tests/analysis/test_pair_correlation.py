"""g(r) against Poisson points, lattice shells, freud and brute force."""

import numpy as np
import pytest

from vortexmd.analysis import radial_distribution
from vortexmd.box import Box
from vortexmd.lattices import random_vortices, triangular_lattice
from vortexmd.vortices import Vortices

BOXES = [
    Box((12.0, 12.0)),
    Box((12.0, 9.0), ("periodic", "reflecting")),
    Box((7.0, 12.0), ("open", "periodic")),
    Box((9.0, 7.0), "open"),
]


@pytest.mark.parametrize("box", BOXES, ids=lambda box: "-".join(box.boundary))
def test_random_points_have_none(box):
    """Also near walls, where rings are cut off: exact, so at every r within the counting error."""
    frames = [random_vortices(60, box=box, seed=seed) for seed in range(150)]
    r_max = min(
        length / 2 if periodic else length
        for length, periodic in zip(box.lengths, box.periodic, strict=True)
    )
    _, g = radial_distribution(frames, r_max, bins=12)
    # All ordered pairs over the frames share out among about 12 bins; the first holds least.
    weight = 150 * 60 * 59 / 2 * np.diff(np.linspace(0, r_max, 13) ** 2) * np.pi / box.area
    np.testing.assert_array_less(np.abs(g - 1), 5 / np.sqrt(weight / 4))


@pytest.mark.slow
def test_few_vortices_are_normalised_by_pairs_not_by_n_squared():
    frames = [random_vortices(2, density=0.02, seed=seed) for seed in range(20_000)]
    _, g = radial_distribution(frames, 5.0, bins=1)
    # One pair a frame, within r_max with the chance π 25/100.
    assert g[0] == pytest.approx(1, abs=0.02)


def test_lattice_shells():
    lattice = triangular_lattice(900, 1.0)
    a = np.sqrt(2 / np.sqrt(3))
    bins = 400
    r_max = 4.1 * a
    r, g = radial_distribution(lattice, r_max, bins)
    edges = np.linspace(0, r_max, bins + 1)
    neighbors = g * 899 / lattice.box.area * np.pi * np.diff(edges**2)
    found = {round(x / a, 2): round(c) for x, c in zip(r, neighbors, strict=True) if c > 0.5}
    distances = np.array(sorted(found))
    shells = [1, np.sqrt(3), 2, np.sqrt(7), 3, np.sqrt(12), np.sqrt(13), 4]
    np.testing.assert_allclose(distances, shells, atol=0.01)
    assert [found[d] for d in distances] == [6, 6, 6, 12, 6, 6, 12, 6]


@pytest.mark.parametrize("pairs", ["all", "like", "unlike"])
def test_signs_by_brute_force(pairs):
    vortices = random_vortices(90, density=1.0, winding={1: 0.5, 2: 0.1, -1: 0.4}, seed=8)
    _, g = radial_distribution(vortices, 4.0, bins=8, pairs=pairs)
    i, j = np.triu_indices(90, 1)
    gap = vortices.box.minimum_image(vortices.positions[i] - vortices.positions[j])
    same = np.sign(vortices.winding[i]) == np.sign(vortices.winding[j])
    wanted = {"all": same | True, "like": same, "unlike": ~same}[pairs]
    edges = np.linspace(0, 4, 9)
    found, _ = np.histogram(np.hypot(*gap[wanted].T), edges)
    chance = np.pi * np.diff(edges**2) / vortices.box.area
    np.testing.assert_allclose(g, found / (wanted.sum() * chance), rtol=1e-12)


def test_frames_of_varying_number_weigh_by_their_pairs():
    """One frame of 50 and one of none: the same as the one of 50."""
    full = random_vortices(50, density=1.0, seed=1)
    empty = Vortices([], 1, full.box)
    _, alone = radial_distribution(full, 3.0, 6)
    _, both = radial_distribution([full, empty], 3.0, 6)
    np.testing.assert_array_equal(alone, both)


@pytest.mark.parametrize("n", [0, 1])
def test_no_pairs_is_nan(n):
    few = Vortices(np.ones((n, 2)), 1, Box((4.0, 4.0)))
    r, g = radial_distribution(few, 2.0, 4)
    np.testing.assert_allclose(r, [0.25, 0.75, 1.25, 1.75])
    assert np.isnan(g).all()
    assert np.isnan(radial_distribution(few, 2.0, 4, pairs="unlike")[1]).all()


def test_g_is_that_of_freud():
    freud = pytest.importorskip("freud")
    vortices = random_vortices(1500, density=1.0, min_distance=0.4, seed=3)
    length = vortices.box.lengths[0]
    points = np.column_stack((vortices.positions - length / 2, np.zeros(1500)))
    rdf = freud.density.RDF(bins=40, r_max=8.0)
    rdf.compute((freud.box.Box.square(length), points))
    _, g = radial_distribution(vortices, 8.0, 40)
    # freud normalises by N², we by N (N - 1); a pair at an edge may fall to the other bin.
    np.testing.assert_allclose(g * 1499 / 1500, rdf.rdf, atol=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r_max": 2.6}, r"r_max = 2.6: at most 2.5 λ"),
        ({"r_max": 0.0}, "r_max = 0.0: give a length"),
        ({"r_max": float("nan")}, "r_max = nan"),
        ({"bins": 0}, "bins = 0"),
        ({"bins": 2.5}, "bins = 2.5"),
        ({"pairs": "same"}, "pairs = 'same': give one of all, like, unlike"),
        ({"frames": []}, "frames: none given"),
        ({"frames": Vortices([], 1, Box((5.0, 9.0), ("periodic", "free")))}, "free axis"),
        ({"frames": Vortices([], 1, Box((2.0, 9.0), "open"))}, "at most 2 λ"),
    ],
)
def test_what_cannot_be_counted_is_refused(change, message):
    given = {"frames": random_vortices(5, box=Box((5.0, 9.0))), "r_max": 2.5, "bins": 5} | change
    with pytest.raises(ValueError, match=message):
        radial_distribution(**given)
