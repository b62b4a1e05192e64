"""The uniform grid against the other solvers, exact results, and its own order of convergence."""

from dataclasses import replace

import numpy as np
import pytest

import gl_reference.lattice_newton as newton
import gl_reference.lattice_solution as lattice_solution
import potentials as pot
from gl_reference.confocal import confocal_pair
from gl_reference.errors import ConvergenceError
from gl_reference.lattice import SCHEMES, lattice_pair, lattice_solve
from gl_reference.lattice_axis import Axis
from gl_reference.lattice_layout import place
from gl_reference.lattice_newton import Hessian, minimise
from gl_reference.lattice_operators import Component
from gl_reference.lattice_schemes import find_scheme
from gl_reference.radial import single_vortex
from gl_reference.symmetry import Symmetry

WITH_GAUGE_TERM = ["staggered", "staggered-integral", "plaquette", "collocated"]
COULOMB, MINIMUM = 0.062253, 0.06580  # Ω at μ = 1.7, d = 2, of independent codes


def problem(scheme, winding=(1, -2), mu=1.3, h=0.25):
    """A small grid, cut off right of two vortices that share no mirror line with it."""
    specification = find_scheme(scheme)
    positions = np.array([[0.0, 0.0], [4 * h, 2 * h]])
    layout = place(positions, np.array(winding), mu, specification, h, margin=7.0)
    layout = replace(layout, axes=tuple(replace(axis, count=40) for axis in layout.axes))
    return layout, lattice_solution.discretise(layout, mu, specification)


# -------------------------------------------------------------------- stencils
@pytest.mark.parametrize("mirror, start", [("none", -1.25), ("node", 0.0), ("link", 0.25)])
@pytest.mark.parametrize("parity", [1, -1])
def test_stencils_of_one_axis_are_exact_on_parabolas_and_second_order_on_cubics(
    mirror, start, parity
):
    axis = Axis(start, 0.5, 6, mirror)
    nodes, links = axis.coordinates("node"), axis.coordinates("link")
    power = 2 if parity == 1 else 3
    error = 0.0 if parity == 1 else 0.5**2 / 4  # of a difference of x³ over ±h/2
    inner = slice(axis.mirror == "none", -1)
    assert axis.difference(parity) @ nodes**power == pytest.approx(
        power * links ** (power - 1) + error, abs=1e-12
    )
    assert (axis.divergence(parity) @ links**power)[inner] == pytest.approx(
        (power * nodes ** (power - 1) + error)[inner], abs=1e-12
    )
    assert (axis.central(parity) @ nodes**power)[inner] == pytest.approx(
        (power * nodes ** (power - 1) + 4 * error)[inner], abs=1e-12
    )
    assert axis.average(parity) @ nodes**power == pytest.approx(
        links**power + (0.0625 if parity == 1 else 0.1875 * links), abs=1e-12
    )


def test_weights_integrate_the_whole_axis():
    for mirror, start in (("none", -2.0), ("node", 0.0), ("link", 0.25)):
        axis = Axis(start, 0.5, 5, mirror)
        nodes = axis.coordinates("node")
        length = nodes[-1] - (start if mirror == "none" else -nodes[-1])
        assert axis.copies * axis.weights("node").sum() == pytest.approx(length)
        assert axis.copies * axis.weights("link").sum() == pytest.approx(length)


@pytest.mark.parametrize("places", [("node", "node"), ("link", "node"), ("node", "link")])
def test_the_inverse_of_a_component_solves_its_equation(places):
    axes = (Axis(0.15, 0.3, 9, "link"), Axis(-1.0, 0.3, 8))
    component = Component(axes, places, (-1, 1), True)
    rng = np.random.default_rng(1)
    load = np.where(component.free, rng.normal(size=component.size), 0.0)
    u = component.inverse(load, 0.7)
    image = (component.stiffness(0) + component.stiffness(1)) @ u + 0.7 * component.weights * u
    assert np.where(component.free, image, 0.0) == pytest.approx(load, abs=1e-10)
    assert not u[~component.free].any()


# -------------------------------------------------------------------- energy and Newton
@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradient_and_hessian_are_derivatives_of_the_energy(scheme):
    layout, energy = problem(scheme)
    rng = np.random.default_rng(2)
    u = lattice_solution.start(energy, layout) + 0.1 * rng.normal(size=len(energy.free))
    v = rng.normal(size=len(u)) * energy.free
    step = 1e-5
    scale = energy.operators.copies / np.pi
    slope = (energy.value(u + step * v) - energy.value(u - step * v)) / (2 * step)
    assert scale * energy.gradient(u) @ v == pytest.approx(slope, rel=1e-7)
    change = (energy.gradient(u + step * v) - energy.gradient(u - step * v)) / (2 * step)
    product = Hessian.at(energy, u, convex=False).times(v)
    assert product == pytest.approx(change, abs=1e-6 * np.abs(change).max())


def test_conjugate_gradients_and_sparse_factors_give_the_same_step(monkeypatch):
    layout, energy = problem("staggered", winding=(1, 2))
    u = minimise(energy, lattice_solution.start(energy, layout), 1e-3).u
    gradient = np.random.default_rng(3).normal(size=len(u)) * energy.free
    hessian = Hessian.at(energy, u, convex=False)
    monkeypatch.setattr(newton, "LINEAR_TOLERANCE", 1e-20)
    iterative = hessian.step(gradient)
    object.__setattr__(energy.operators, "gauge_fixed", False)
    assert hessian.step(gradient) == pytest.approx(iterative, abs=1e-7 * np.abs(iterative).max())


@pytest.mark.parametrize(
    "scheme, winding",
    [
        ("staggered", (1, -1)),
        ("plaquette", (1, 1)),
        ("plaquette", (1, -1)),
        ("collocated", (1, -1)),
        ("collocated", (1, 2)),
        ("collocated-free", (1, 1)),
    ],
)
def test_mirrors_change_nothing(scheme, winding, monkeypatch):
    positions, options = [(-0.75, 0.0), (0.75, 0.0)], {"mu": 1.2, "scheme": scheme, "h": 0.25}
    folded = lattice_solve(positions, winding, tolerance=1e-10, margin=7.0, **options)
    monkeypatch.setattr(
        "gl_reference.lattice_layout.axes_symmetry",
        lambda points, n: Symmetry(np.zeros(2), np.eye(2), points, n, (0, 0)),
    )
    full = lattice_solve(positions, winding, tolerance=1e-10, margin=7.0, **options)
    assert folded.energy == pytest.approx(full.energy, abs=1e-9)
    assert folded.x == pytest.approx(full.x)
    for name in ("f", "A", "field"):
        assert getattr(folded, name) == pytest.approx(getattr(full, name), abs=1e-4)


# -------------------------------------------------------------------- against exact results
@pytest.mark.parametrize("n, mu", [(1, 0.8), (2, 1.7)])
@pytest.mark.parametrize("scheme", WITH_GAUGE_TERM)
def test_one_vortex_converges_to_the_radial_solution(scheme, n, mu):
    exact = single_vortex(n, mu).energy
    spacings = (0.25, 0.125)
    errors = [
        abs(lattice_solve([(0, 0)], n, mu, scheme=scheme, h=h).energy - exact) for h in spacings
    ]
    order = np.log2(errors[0] / errors[1])
    assert 1.0 < order < 2.5
    assert errors[1] < 0.02 * exact


@pytest.mark.parametrize("scheme", WITH_GAUGE_TERM)
def test_with_a_gauge_term_the_force_converges_to_coulomb(scheme):
    errors = [lattice_pair(1, 1, 1.7, 2.0, scheme=scheme, h=h).force - COULOMB for h in (0.2, 0.1)]
    assert 1.0 < np.log2(errors[0] / errors[1]) < 2.0
    assert abs(errors[1]) < 0.05 * COULOMB


@pytest.mark.slow
@pytest.mark.parametrize("scheme", WITH_GAUGE_TERM)
def test_the_force_goes_on_converging(scheme):
    errors = np.array(
        [
            lattice_pair(1, 1, 1.7, 2.0, scheme=scheme, h=h).force - COULOMB
            for h in (0.1, 0.05, 0.025)
        ]
    )
    orders = np.log2(errors[:-1] / errors[1:])
    assert (orders > 1.0).all() and (orders < 2.0).all()
    assert abs(errors[2]) < 0.006 * COULOMB


def test_without_a_gauge_term_the_force_creeps_towards_the_minimum():
    forces = [
        lattice_pair(1, 1, 1.7, 2.0, scheme="staggered-free", h=h).force for h in (0.25, 0.2, 1 / 6)
    ]
    assert (np.diff(forces) > 0).all()
    assert forces[-1] < MINIMUM


@pytest.mark.slow
def test_without_a_gauge_term_the_force_passes_coulomb_and_nears_the_minimum():
    forces = [
        lattice_pair(1, 1, 1.7, 2.0, scheme="staggered-free", h=h).force for h in (0.2, 0.1, 0.05)
    ]
    assert (np.diff(forces) > 0).all()
    assert 0.97 * MINIMUM < forces[-1] < MINIMUM


@pytest.mark.parametrize("n1, n2", [(1, 1), (1, 2)])
@pytest.mark.parametrize("scheme", ["staggered", "collocated"])
def test_the_force_at_the_critical_point_vanishes_with_h(scheme, n1, n2):
    forces = np.array(
        [lattice_pair(n1, n2, 1.0, 2.0, scheme=scheme, h=h).force for h in (0.25, 0.125)]
    )
    assert abs(forces[0]) > 1.5 * abs(forces[1])
    assert abs(forces[1]) < 0.002


@pytest.mark.parametrize("n1, n2, mu", [(1, 1, 1.7), (1, 2, 0.7), (1, -1, 1.3)])
def test_far_apart_the_force_is_that_of_the_tails(n1, n2, mu):
    d = 7.0
    far = pot.TwoBessel(mu, n1=n1, n2=n2).force(d)
    assert lattice_pair(n1, n2, mu, d, scheme="collocated", h=0.2).force == pytest.approx(
        far, rel=0.05
    )


@pytest.mark.parametrize("n1, n2, mu, d", [(1, -1, 1.3, 3.0), (2, 1, 0.8, 2.0), (1, -2, 1.0, 4.0)])
def test_fields_are_those_of_the_spectral_solution(n1, n2, mu, d):
    pair = lattice_pair(n1, n2, mu, d, scheme="collocated", h=0.2)
    exact = confocal_pair(n1, n2, mu, d)
    x, y = np.meshgrid(np.linspace(-3, 3, 13) + 0.06, np.linspace(-2, 2, 9) + 0.09)
    f, A, field = pair.solution.fields(x, y)
    reference = exact.fields(x, y)
    assert f == pytest.approx(reference.f, abs=0.02)
    assert A[0] == pytest.approx(reference.A_x, abs=0.02)
    assert A[1] == pytest.approx(reference.A_y, abs=0.02)
    assert field == pytest.approx(reference.field, abs=0.02)
    assert pair.force == pytest.approx(exact.force, abs=2 * pair.force_error)
    energy = exact.energy - single_vortex(abs(n1), mu).energy - single_vortex(abs(n2), mu).energy
    assert pair.interaction_energy == pytest.approx(energy, abs=2 * pair.energy_error)


@pytest.mark.slow
def test_the_paper_s_annihilation_distance_is_that_of_its_grid():
    """d_A = 3.65 at μ = 1.7: below it a string of Ψ = 0 joins vortex and antivortex."""
    middles = []
    for d in (3.6, 3.8):
        solution = lattice_solve(
            [(-d / 2, 0), (d / 2, 0)], [1, -1], 1.7, scheme="collocated-free", h=0.1
        )
        middles.append(solution.f[len(solution.y) // 2, len(solution.x) // 2])
    assert middles[0] < 0.1 and middles[1] > 0.5
    assert 3.6 < pot.annihilation_separation(1.7) < 3.8
    with pytest.raises(ConvergenceError, match="the energy jumps"):
        lattice_pair(1, -1, 1.7, 3.7)


@pytest.mark.slow
@pytest.mark.parametrize("mu, share", [(0.6, 0.01), (1.7, 0.04), (2.5, 0.04)])
def test_the_paper_s_scheme_is_near_table_1(mu, share):
    d = np.array([0.6, 1.4, 2.2, 3.0, 4.4, 6.0])
    table = pot.GLFit(mu)
    peak = np.abs(table.force(np.linspace(0.2, 8, 200))).max()
    forces = [lattice_pair(1, 1, mu, one).force for one in d]
    assert forces == pytest.approx(table.force(d), abs=share * peak)


def test_beyond_the_grid_nothing_flows():
    solution = lattice_solve([(0, 0)], 1, 1.5, h=0.25)
    f, A, field = solution.fields(np.array([30.0]), np.array([40.0]))
    assert (f, field) == (1.0, 0.0)
    assert A[:, 0] == pytest.approx([-40 / 2500, 30 / 2500])


# -------------------------------------------------------------------- many vortices
def test_forces_on_three_vortices():
    """Balanced, of the symmetry of the triangle, and minus the slope of the energy."""
    h = 0.125
    positions = np.array([(-0.75, 0.0), (0.75, 0.0), (0.0, 1.25)])
    solution = lattice_solve(positions, 1, 1.5, scheme="staggered", h=h)
    forces = solution.forces
    assert forces.sum(axis=0) == pytest.approx([0, 0], abs=0.02 * np.abs(forces).max())
    assert forces[0] == pytest.approx(forces[1] * [-1, 1])
    assert forces[2, 0] == pytest.approx(0, abs=1e-6)
    wider, narrower = (
        lattice_solve(positions * [1 + s / 6, 1], 1, 1.5, scheme="staggered", h=h).energy
        for s in (1, -1)
    )
    # Vortices 0 and 1 go ±h: a difference over the same distances as in the forces.
    work = (wider - narrower) / 2
    assert -h * (forces[1, 0] - forces[0, 0]) == pytest.approx(work, rel=0.05)


def test_a_pair_has_the_same_force_in_both_entries():
    options = {"scheme": "staggered", "h": 0.25}
    one = lattice_pair(1, 2, 1.5, 2.0, **options)
    many = lattice_solve([(1.0, -1.0), (1.0, 1.0)], [1, 2], 1.5, **options)
    assert many.energy == pytest.approx(one.energy, abs=1e-8)
    assert many.interaction_energy == pytest.approx(one.interaction_energy, abs=1e-8)
    assert many.forces == pytest.approx(np.array([[0, -one.force], [0, one.force]]), abs=1e-6)


def test_the_gauge_invariant_scheme_knows_only_the_plaquette():
    specification = find_scheme("plaquette-free")
    positions, winding = np.array([[0.1, 0.2], [2.1, 1.7]]), np.array([1, 1])
    layout = place(positions, winding, 1.4, specification, 0.25, margin=7.0)
    assert layout.mirrors == (0, 0)
    energies = []
    for shift in ([0.0, 0.0], [0.03, -0.05]):
        moved = replace(layout, positions=layout.positions + shift)
        energy = lattice_solution.discretise(moved, 1.4, specification)
        energies.append(minimise(energy, lattice_solution.start(energy, moved), 1e-8).u)
        energies[-1] = energy.value(energies[-1])
    assert energies[1] == pytest.approx(energies[0], abs=1e-6)


# -------------------------------------------------------------------- options and refusals
@pytest.mark.parametrize("scheme", ["plaquette", "collocated", "collocated-free"])
def test_the_domain_of_the_paper_and_the_default_agree(scheme):
    options = {"mu": 2.0, "scheme": scheme, "h": 0.25}
    pair = lattice_solve([(-1, 0), (1, 0)], 1, **options)
    box = lattice_solve([(-1, 0), (1, 0)], 1, domain=(60.0, 60.0), **options)
    assert box.x[0] == box.y[0] == pytest.approx(-30, abs=0.2)
    assert len(box.x) == len(box.y) == round(60 / 0.25) + (1 if scheme != "plaquette" else 2)
    assert box.energy == pytest.approx(pair.energy, abs=1e-5)


def test_kappa_and_large_tolerance():
    by_mu = lattice_pair(1, 1, np.sqrt(2.0), 1.0, h=0.25)
    by_kappa = lattice_pair(1, 1, kappa=1.0, d=1.0, h=0.25, tolerance=1e-3)
    assert by_kappa.energy == pytest.approx(by_mu.energy, abs=1e-4)
    assert by_mu.iterations >= by_kappa.iterations
    assert by_mu.residual < 1e-7 and by_mu.f.shape == by_mu.A.shape[1:]


def test_the_nearest_separation_starts_at_the_merged_vortex():
    pair = lattice_pair(1, 1, 1.7, 0.25, h=0.25)
    two = lattice_pair(1, 1, 1.7, 0.5, h=0.25).energy
    merged = lattice_solve([(0, 0)], 2, 1.7, scheme=pair.scheme, h=0.25).energy
    assert pair.force == pytest.approx((merged - two) / 0.5)
    assert pair.force_error == abs(pair.force)
    assert pair.energy_error == pytest.approx(abs(pair.interaction_energy))


@pytest.mark.parametrize(
    "change, said",
    [
        ({"h": 0.0}, "h = 0.0: must be positive"),
        ({"h": 0.3}, "h = 0.3: too coarse for mu = 2"),
        ({"scheme": "links"}, "scheme = 'links': give one of 'staggered'"),
        ({"winding": 0}, r"winding\[0\] = 0"),
        ({"positions": [(0, 0), (1.03, 0)]}, r"positions\[1\] = .* the nearest place is \[1"),
        ({"positions": [(0, 0), (7, 0)], "domain": (20, 20)}, "would be felt"),
        ({"positions": [(0, 0), (7, 0)], "domain": (12, 40)}, r"positions\[1\] .* outside"),
        ({"margin": 5.0}, r"e\^\(−min\(1, mu\) r\) = 6.7e-03\); leave at least 6.91"),
        ({"margin": -1.0}, "margin = -1.0"),
        ({"margin": 8.0, "domain": (40, 40)}, "give only one"),
        ({"domain": 40}, "domain = 40: give"),
        ({"domain": (600, 600)}, "GiB"),
        ({"mu": 0.05}, "mu = 0.05"),
        ({"mu": None}, "give exactly one"),
        ({"tolerance": 1.0}, "tolerance = 1"),
    ],
)
def test_what_solve_refuses(change, said):
    given = {"positions": [(0.0, 0.0), (1.0, 0.0)], "winding": 1, "mu": 2.0, "h": 0.1} | change
    with pytest.raises(ValueError, match=said):
        lattice_solve(**given)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"d": 1.05}, "d = 1.05: a whole multiple of h = 0.1; give 1 or 1.1"),
        ({"d": 0.04}, "give 0.1"),
        ({"d": None}, "d = None"),
        ({"d": -1.0}, "d = -1.0"),
        ({"n1": 0}, "n1 = 0"),
        ({"n2": 1.5}, "n2 = 1.5"),
    ],
)
def test_what_pair_refuses(change, said):
    with pytest.raises(ValueError, match=said):
        lattice_pair(**({"n1": 1, "n2": 1, "mu": 1.5, "d": 1.0} | change))


def test_no_number_without_convergence(monkeypatch):
    monkeypatch.setattr(newton, "MOST_STEPS", 1)
    with pytest.raises(ConvergenceError, match="after 1 steps the energy would still fall"):
        lattice_solve([(0, 0)], 1, 1.55, h=0.25)
    monkeypatch.setattr(newton, "MOST_CONJUGATE_STEPS", 1)
    with pytest.raises(ConvergenceError, match="1 steps leave"):
        lattice_solve([(0, 0)], 1, 1.56, scheme="collocated", h=0.25)
