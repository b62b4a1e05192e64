"""Pinning wells: shape, images, placement, and a sum over all wells as twin."""

import math
from itertools import pairwise

import numba
import numpy as np
import pytest
from engine_twins import pin_sum

import vortexmd as vmd
from vortexmd.kernels.wells import add_well_forces, well_energies

WELLS = {"gaussian": vmd.GaussianPins, "parabolic": vmd.ParabolicPins}
BOX = vmd.Box((10.0, 8.0))


def probe(pins, box, positions):
    """Forces (N, 2) and energies (N,) of vortices without interaction."""
    sim = vmd.Simulation(vmd.Vortices(positions, 1, box), None, dt=0.01, external=pins)
    energies = [
        vmd.Simulation(vmd.Vortices(r[None], 1, box), None, dt=0.01, external=pins).energy()
        for r in positions
    ]
    assert sim.energy() == pytest.approx(np.sum(energies), rel=1e-12, abs=1e-12)
    return sim.forces(), np.array(energies)


def forces_only(pins, box, positions):
    return vmd.Simulation(vmd.Vortices(positions, 1, box), None, dt=1.0, external=pins).forces()


def test_largest_force_of_a_gaussian_well():
    """√2·e^{−1/2} = 0.857764 of U₀/r_p, at r = r_p/√2."""
    depth, radius = 0.7, 0.6
    pins = vmd.GaussianPins([[5.0, 4.0]], depth=depth, radius=radius, box=BOX)
    r = np.linspace(0, 3, 30_001)
    force = forces_only(pins, BOX, np.column_stack((5 + r, np.full_like(r, 4.0))))
    assert not np.any(np.abs(force[:, 1]) > 0)
    assert -force[:, 0].min() == pytest.approx(0.857764 * depth / radius, rel=1e-6)
    assert r[np.argmin(force[:, 0])] == pytest.approx(radius / np.sqrt(2), abs=1e-3)


def test_parabolic_well():
    """−2U₀r/r_p² inside, nothing beyond the rim."""
    pins = vmd.ParabolicPins([[5.0, 4.0]], depth=0.7, radius=0.6, box=BOX)
    r = np.array([0.0, 0.1, 0.3, 0.599999, 0.600001, 2.0])
    force, energy = probe(pins, BOX, np.column_stack((np.full_like(r, 5.0), 4 - r)))
    inside = r < 0.6
    assert force[:, 1] == pytest.approx(np.where(inside, 2 * 0.7 * r / 0.36, 0), abs=1e-12)
    assert energy == pytest.approx(np.where(inside, -0.7 * (1 - r**2 / 0.36), 0), abs=1e-12)


@pytest.mark.parametrize("kind", WELLS)
def test_force_is_minus_the_gradient(kind):
    """Central differences in x and y, off the parabolic rim where the force jumps."""
    pins = WELLS[kind]([[5.0, 4.0], [5.9, 4.3]], depth=[0.5, -0.3], radius=[0.8, 1.1], box=BOX)
    rng = np.random.default_rng(1)
    points = rng.random((60, 2)) * [3, 2] + [3.8, 3.2]
    h = 1e-5
    if kind == "parabolic":
        for site, radius in zip(pins.positions, pins.radius, strict=True):
            rim = np.abs(np.hypot(*(points - site).T) - radius)
            points = points[rim > 3 * h]
    force = forces_only(pins, BOX, points)
    for axis in (0, 1):
        step = h * np.eye(2)[axis]
        slope = (probe(pins, BOX, points + step)[1] - probe(pins, BOX, points - step)[1]) / (2 * h)
        assert force[:, axis] == pytest.approx(-slope, abs=1e-8)


@pytest.mark.parametrize("kind", WELLS)
def test_a_well_reaches_across_the_boundary(kind):
    pins = WELLS[kind]([[0.1, 7.9]], depth=1.0, radius=1.0, box=BOX)
    inside = WELLS[kind]([[5.0, 4.0]], depth=1.0, radius=1.0, box=BOX)
    offsets = np.array([[-0.3, 0.4], [0.5, -0.2], [-0.6, -0.6], [0.2, 0.3]])
    here = probe(pins, BOX, np.array([0.1, 7.9]) + offsets)
    there = probe(inside, BOX, np.array([5.0, 4.0]) + offsets)
    assert here[0] == pytest.approx(there[0], abs=1e-12)
    assert here[1] == pytest.approx(there[1], abs=1e-12)


@pytest.mark.parametrize("kind", WELLS)
@pytest.mark.parametrize("boundary", ["periodic", ("periodic", "open"), "free"])
def test_wells_wider_than_the_box(kind, boundary):
    """A vortex feels several images of one well, or none where there are none."""
    box = vmd.Box((3.0, 2.5), boundary)
    sites = np.array([[0.2, 0.3], [2.0, 2.2]])
    radius = np.array([2.0, 4.1])
    depth = np.array([0.4, 0.1])
    points = np.random.default_rng(2).random((40, 2)) * box.lengths
    pins = WELLS[kind](sites, depth=depth, radius=radius, box=box)
    force, energy = probe(pins, box, points)
    exact_force, exact_energy = pin_sum(points, box, sites, depth, radius, kind == "gaussian", 12)
    assert force == pytest.approx(exact_force, abs=1e-10)
    assert energy == pytest.approx(exact_energy, abs=1e-10)


def by_the_loops(pins, box, positions):
    """Forces (N, 2) and energies (N,) from the compiled loops, all rows at once."""
    wells = pins.bind(box).wells
    forces, energies = np.zeros_like(positions), np.zeros(len(positions))
    add_well_forces(positions, 0, len(positions), wells, forces)
    well_energies(positions, 0, len(positions), wells, energies)
    return forces, energies


def agree(measured, exact, scale=1e-13):
    """To 1e-13 of the largest: some 40 wells of the largest size, each with three roundings."""
    assert np.abs(measured - exact).max() <= scale * np.abs(exact).max()


@pytest.mark.parametrize("kind", WELLS)
@pytest.mark.parametrize(
    "boundary", ["periodic", ("periodic", "open"), ("reflecting", "periodic"), "open", "free"]
)
def test_thousands_of_wells(kind, boundary):
    """Wells of all depths, signs and widths, against the sum over every one of them."""
    rng = np.random.default_rng(3)
    box = vmd.Box((40.0, 23.0), boundary)
    sites = rng.random((3000, 2)) * box.lengths
    depth, radius = rng.normal(size=3000), rng.uniform(0.1, 0.9, 3000)
    pins = WELLS[kind](sites, depth=depth, radius=radius, box=box)
    points = rng.random((300, 2)) * box.lengths
    if boundary == "free":
        points[:20] += [70.0, -50.0]  # far outside everything
    exact = pin_sum(points, box, sites, depth, radius, kind == "gaussian", 1)
    for measured, summed in zip(by_the_loops(pins, box, points), exact, strict=True):
        agree(measured, summed)


@pytest.mark.parametrize("kind", WELLS)
@pytest.mark.parametrize("lengths", [(300.0, 0.7), (0.7, 300.0), (3.0, 2.0), (1e3, 1e3)])
@pytest.mark.parametrize("alike", [True, False])
def test_wells_in_boxes_of_all_shapes(kind, lengths, alike):
    """Thin, tall, small and nearly empty boxes; radii from a hundredth of the largest."""
    rng = np.random.default_rng(4)
    box = vmd.Box(lengths)
    sites = rng.random((60, 2)) * lengths
    radius = 0.3 if alike else 10 ** rng.uniform(-2, 0, 60)
    depth = 0.7 if alike else rng.normal(size=60)
    pins = WELLS[kind](sites, depth=depth, radius=radius, box=box)
    points = np.concatenate((rng.random((40, 2)) * lengths, sites + rng.normal(size=(60, 2)) / 9))
    points = box.wrap(points)[0]
    turns = math.ceil(6 * np.max(radius) / min(lengths)) + 1
    exact = pin_sum(points, box, sites, depth, radius, kind == "gaussian", turns)
    for measured, summed in zip(by_the_loops(pins, box, points), exact, strict=True):
        agree(measured, summed)


def test_exponential_of_a_gaussian_well():
    """−U = exp(−r²) to the last places up to six radii, and nothing beyond.

    r² is rounded once and log₂e is, which e^−q multiplies by q; two more units are the polynomial's and
    the quotient's that gives the energy.
    """
    box = vmd.Box((1.0, 1.0), "free")
    pins = vmd.GaussianPins([[0.0, 0.0]], depth=1.0, radius=1.0, box=box)
    r = np.linspace(0.0, 6.0, 20_001)
    force, energy = by_the_loops(pins, box, np.column_stack((r, np.zeros_like(r))))
    for x, fx, u in zip(r, force[:, 0], energy, strict=True):
        exact = math.exp(-x * x)
        allowed = 2.0**-52 * (2 * x * x + 4)
        assert abs(-u / exact - 1) <= allowed
        assert abs(-fx - 2 * x * exact) <= allowed * 2 * x * exact
    beyond = np.array([[6.0000001, 0.0], [0.0, -7.0], [1e30, 1e30], [-1e30, 0.0]])
    assert not any(measured.any() for measured in by_the_loops(pins, box, beyond))


def test_no_well_is_missed_at_its_rim():
    """Just inside, a parabolic well pulls hardest, wherever cells end; just outside, not at all."""
    rng = np.random.default_rng(5)
    box = vmd.Box((13.0, 7.0))
    i, j = np.divmod(np.arange(60), 6)
    sites = np.column_stack((1.3 * i, 7 / 6 * j)) + 0.3
    radius = rng.uniform(0.05, 0.3, 60)
    pins = vmd.ParabolicPins(sites, depth=1.0, radius=radius, box=box)
    angle = np.concatenate((np.arange(4) * np.pi / 2, rng.uniform(0, 2 * np.pi, 60)))
    way = np.column_stack((np.cos(angle), np.sin(angle)))
    for factor in (1 - 1e-12, 1 + 1e-12):
        ring = sites[:, None] + (factor * radius)[:, None, None] * way
        force = by_the_loops(pins, box, ring.reshape(-1, 2))[0].reshape(ring.shape)
        pull = (2 / radius)[:, None, None] * way if factor < 1 else np.zeros_like(ring)
        assert force == pytest.approx(-pull, abs=1e-9)


@pytest.mark.parametrize("kind", WELLS)
def test_a_vortex_feels_the_same_bits_in_any_range(kind):
    """Rows one by one, in pieces, all at once and in another order; other rows stay untouched."""
    rng = np.random.default_rng(6)
    box = vmd.Box((32.0, 16.0))
    pins = WELLS[kind](
        rng.random((700, 2)) * box.lengths,
        depth=rng.normal(size=700),
        radius=rng.uniform(0.2, 0.8, 700),
        box=box,
    )
    wells = pins.bind(box).wells
    points = rng.random((1300, 2)) * box.lengths
    force, energy = by_the_loops(pins, box, points)
    assert np.count_nonzero(energy) > 800
    for cuts in ([0, 1, 2, 700, 1300], range(0, 1301, 13), [400, 401, 1100]):
        parts, sums = np.zeros_like(points), np.zeros(1300)
        for first, last in pairwise(cuts):
            add_well_forces(points, first, last, wells, parts)
            well_energies(points, first, last, wells, sums)
        rows = slice(cuts[0], cuts[-1])
        assert np.array_equal(parts[rows], force[rows]) and np.array_equal(sums[rows], energy[rows])
        assert np.count_nonzero(sums) == np.count_nonzero(energy[rows])
    order = rng.permutation(1300)
    assert np.array_equal(by_the_loops(pins, box, points[order])[0], force[order])
    # Lengths are powers of two and places multiples of 2⁻²⁰, so that folding is exact.
    points = np.round(points * 2**20) / 2**20
    turns = rng.integers(-1000, 1000, points.shape) * box.lengths
    for near, far in zip(
        by_the_loops(pins, box, points), by_the_loops(pins, box, points + turns), strict=True
    ):
        assert np.array_equal(near, far)


def test_loops_take_all_kinds_of_pins_as_one_type():
    sites = [[1.0, 1.0], [2.0, 2.0]]
    free = vmd.Box((10.0, 8.0), "free")
    kinds = {
        numba.typeof(pins.bind(pins.box).wells)
        for pins in (
            vmd.GaussianPins(sites, depth=1.0, radius=1.0, box=BOX),
            vmd.ParabolicPins(sites, depth=[1.0, 2.0], radius=0.3, box=free),
            vmd.GaussianPins(np.empty((0, 2)), depth=1.0, radius=1.0, box=BOX),
        )
    }
    assert len(kinds) == 1


@pytest.mark.parametrize("kind", WELLS)
def test_the_largest_and_smallest_wells(kind):
    """At the ends of what is allowed, numbers stay finite and right."""
    box = vmd.Box((10.0, 8.0), "free")
    sites = np.array([[0.0, 0.0], [1e30, -1e30]])
    points = np.array([[0.0, 0.0], [5e-31, 0.0], [1e30, -1e30], [3.0, 4.0], [-1e30, 1e30]])
    pins = WELLS[kind](sites, depth=1e30, radius=1e-30, box=box)
    force, energy = by_the_loops(pins, box, points)
    slope, well = (math.exp(-0.25), math.exp(-0.25)) if kind == "gaussian" else (1.0, 0.75)
    assert force == pytest.approx(np.array([[0, 0], [-1e60 * slope, 0], *[[0, 0]] * 3]), rel=1e-13)
    assert energy == pytest.approx(-1e30 * np.array([1, well, 1, 0, 0]), rel=1e-13)
    alone = WELLS[kind](sites[1:], depth=1.0, radius=1e-30, box=box)
    energy = by_the_loops(alone, box, points)[1]
    assert energy == pytest.approx([0, 0, -1, 0, 0], rel=1e-13, abs=0)
    wide = WELLS[kind](sites[:1], depth=-1e30, radius=1e30, box=box)
    force, energy = by_the_loops(wide, box, np.array([[3.0, -4.0], [5e29, 0.0]]))
    assert force == pytest.approx(2e-30 * np.array([[3, -4], [5e29 * slope, 0]]), rel=1e-13)
    assert energy == pytest.approx(1e30 * np.array([1, well]), rel=1e-13)


def test_one_narrow_well_in_a_huge_box_and_none_at_all():
    box = vmd.Box((1e5, 1e5))
    pins = vmd.GaussianPins([[1.0, 1.0]], depth=1.0, radius=1e-2, box=box)
    r = np.array([[1.005, 1.0], [99999.0, 5.0], [50000.0, 50000.0]])
    force = forces_only(pins, box, r)
    assert force[0, 0] == pytest.approx(-2 * 0.005 / 1e-4 * np.exp(-0.25), rel=1e-8)
    assert not force[1:].any()
    none = vmd.GaussianPins(np.empty((0, 2)), depth=1.0, radius=1.0, box=box)
    assert not forces_only(none, box, r).any() and len(none) == 0


def test_positions_are_folded_along_periodic_axes():
    """Also in a strip, whose other side is open; and what was given stays the caller's own."""
    strip = vmd.Box((10.0, 8.0), ("periodic", "open"))
    sites, depth = np.array([[-0.5, 4.0], [10.5, 2.0]]), np.array([1.0, 2.0])
    pins = vmd.GaussianPins(sites, depth=depth, radius=1.0, box=strip)
    inside = vmd.GaussianPins([[9.5, 4.0], [0.5, 2.0]], depth=depth, radius=1.0, box=strip)
    r = np.random.default_rng(1).random((30, 2)) * strip.lengths
    assert forces_only(pins, strip, r) == pytest.approx(forces_only(inside, strip, r), abs=1e-12)
    depth[0] = sites[0, 0] = 5.0
    assert pins.depth[0] == 1.0 and pins.positions[0, 0] == -0.5


def test_pins_act_alike_on_every_winding():
    pins = vmd.GaussianPins([[5.0, 4.0]], depth=1.0, radius=1.0, box=BOX)
    start = vmd.Vortices(np.tile([[5.3, 4.1]], (3, 1)), [1, -1, 2], BOX)
    force = vmd.Simulation(start, None, dt=0.01, external=pins).forces()
    assert np.array_equal(force[0], force[1]) and np.array_equal(force[0], force[2])


def test_a_vortex_far_round_the_box_still_feels_its_well():
    """Positions are not folded while nothing needs a neighbour list: images must count all the same."""
    pins = vmd.GaussianPins([[5.0, 4.0]], depth=1.0, radius=1.0, box=BOX)
    drive = vmd.UniformDrive((1.0, 0.0))
    sim = vmd.Simulation(vmd.Vortices([[5.3, 4.0]], 1, BOX), None, dt=0.1, external=drive)
    sim.run(1000)
    assert sim.state.image[0, 0] == 10
    sim.external = pins
    r = sim.state.positions[0, 0] - 5
    assert sim.forces()[0, 0] == pytest.approx(-2 * r * np.exp(-(r**2)), rel=1e-9)


def nearest(sites, box):
    d = box.minimum_image(sites[:, None] - sites[None])
    r = np.hypot(d[..., 0], d[..., 1])
    np.fill_diagonal(r, np.inf)
    return np.sort(r, axis=1)


def test_random_pins():
    pins = vmd.GaussianPins.random(200, depth=0.2, radius=0.3, box=BOX, seed=2, min_distance=0.35)
    assert len(pins) == 200 and BOX.contains(pins.positions).all()
    assert nearest(pins.positions, BOX).min() >= 0.35
    again = vmd.GaussianPins.random(200, depth=0.2, radius=0.3, box=BOX, seed=2, min_distance=0.35)
    other = vmd.GaussianPins.random(200, depth=0.2, radius=0.3, box=BOX, seed=3, min_distance=0.35)
    assert again == pins and other != pins
    poisson = vmd.GaussianPins.random(2000, depth=0.2, radius=0.3, box=BOX, seed=2)
    assert nearest(poisson.positions, BOX).min() < 0.02


def test_square_pins():
    pins = vmd.GaussianPins.square(80, depth=0.2, radius=0.3, box=BOX)
    r = nearest(pins.positions, BOX)
    assert r[:, :4] == pytest.approx(1.0, rel=1e-9)
    assert r[:, 4:8] == pytest.approx(np.sqrt(2), rel=1e-9)


def test_triangular_pins():
    """Six neighbours at the same distance, within the strain that fits the box."""
    lattice = vmd.triangular_lattice(120, 1.3)
    pins = vmd.ParabolicPins.triangular(120, depth=0.2, radius=0.3, box=lattice.box)
    r = nearest(pins.positions, lattice.box)
    assert r[:, :6] == pytest.approx(np.sqrt(2 / (np.sqrt(3) * 1.3)), rel=1e-9)
    assert r[:, 6].min() > 1.7 * r[0, 0]
    strained = vmd.ParabolicPins.triangular(72, depth=1, radius=1, box=vmd.Box((10.0, 7.5)))
    spread = nearest(strained.positions, vmd.Box((10.0, 7.5)))[:, :6]
    assert np.ptp(spread) < 0.06 * spread.mean()


@pytest.mark.parametrize("make", ["square", "triangular"])
def test_a_number_that_does_not_fit_names_those_that_do(make):
    place = getattr(vmd.GaussianPins, make)
    with pytest.raises(ValueError, match=r"pins\.n = 83: .* does not fit") as error:
        place(83, depth=1.0, radius=1.0, box=vmd.Box((10.0, 8.0)))
    for n in (int(word) for word in str(error.value).split("n = ")[-1].split() if word.isdigit()):
        assert len(place(n, depth=1.0, radius=1.0, box=vmd.Box((10.0, 8.0)))) == n


def test_a_pinned_vortex_settles_at_the_centre():
    pins = vmd.GaussianPins([[5.0, 4.0]], depth=1.0, radius=1.0, box=BOX)
    sim = vmd.Simulation(vmd.Vortices([[5.6, 3.8]], 1, BOX), None, dt=0.05, external=pins)
    sim.run(600)
    assert sim.state.positions[0] == pytest.approx([5.0, 4.0], abs=1e-9)
    assert sim.energy() == pytest.approx(-1.0, rel=1e-12)


@pytest.mark.parametrize("factor, pinned", [(0.99, True), (1.01, False)])
def test_critical_force_of_a_square_array(factor, pinned):
    """One vortex a pin: by symmetry the pair forces cancel, F_c is a single pin's largest force."""
    import potentials as pot

    start = vmd.square_lattice(100, 1.0)
    depth, radius = 0.2, 0.2
    pins = vmd.GaussianPins(start.positions, depth=depth, radius=radius, box=start.box)
    drive = vmd.UniformDrive((factor * 0.857764 * depth / radius, 0.0))
    law = pot.London(f0=0.2, cutoff=4.0)
    sim = vmd.Simulation(start, law, dt=0.01, external=[pins, drive])
    sim.run(1_500)
    path = sim.displacement[0]
    if pinned:
        assert path < radius / np.sqrt(2)
    else:
        assert path > 1.0
    assert sim.displacement[1] == pytest.approx(0.0, abs=1e-9)
