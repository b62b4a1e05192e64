"""Pinning wells: shape, images, placement, and a sum over all wells as twin."""

import numpy as np
import pytest
from engine_twins import pin_sum

import vortexmd as vmd

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
    force = forces_only(pins, box, points)
    exact = pin_sum(points, box, sites, depth, radius, kind == "gaussian", 1)[0]
    assert force == pytest.approx(exact, abs=1e-10)


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
