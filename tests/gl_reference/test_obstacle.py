"""Pairs at the constrained minimum: against limits, other solvers, and its own conditions."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest

import gl_reference as gl
from gl_reference.confocal import confocal_pair
from gl_reference.errors import ConvergenceError
from gl_reference.obstacle import MinimumPair, follow, minimum_pair
from gl_reference.obstacle.slit_mesh import build_mesh
from gl_reference.obstacle.slit_newton import SlitState
from gl_reference.obstacle.slit_problem import SlitProblem


@lru_cache
def pair(n1: int, n2: int, mu: float, d: float, tolerance: float = 1e-3) -> MinimumPair:
    return minimum_pair(n1, n2, mu, d, tolerance=tolerance)


@pytest.mark.parametrize(
    ("n2", "mu", "d", "force"), [(1, 1.7, 2.0, 0.06580), (1, 0.6, 4.0, -0.01692)]
)
def test_forces_of_an_independent_code(n2: int, mu: float, d: float, force: float) -> None:
    assert pair(1, n2, mu, d).force == pytest.approx(force, rel=1e-3)


def test_slits_point_where_the_vortex_wants_to_go() -> None:
    repelled, attracted, annihilated = (
        pair(1, 1, 1.7, 2.0),
        pair(1, 1, 0.6, 4.0),
        pair(1, -1, 1.7, 5.0),
    )
    assert repelled.slit[1] - repelled.slit[0] == pytest.approx(0.1, rel=0.05)
    assert attracted.slit[1] < attracted.slit[0] == 2.0
    assert 0 < annihilated.slit[1] < annihilated.slit[0] == 2.5


@pytest.mark.parametrize(
    ("n2", "mu", "d"),
    [
        (1, 1.7, 2.0),
        pytest.param(1, 0.6, 4.0, marks=pytest.mark.slow),
        pytest.param(-1, 1.7, 5.0, marks=pytest.mark.slow),
    ],
)
def test_force_is_the_slope_of_the_energy_and_the_scaling_of_lengths(
    n2: int, mu: float, d: float
) -> None:
    h = 0.02 * d
    below, above = pair(1, n2, mu, d - h), pair(1, n2, mu, d + h)
    here = pair(1, n2, mu, d)
    # The central difference misses h²/6 of the third derivative; the forces beside tell it.
    third = (above.force - 2 * here.force + below.force) / h**2
    slope = (below.energy - above.energy) / (2 * h) - third * h**2 / 6
    assert here.force == pytest.approx(slope, rel=1e-3)
    assert isinstance(here.solution, SlitState)
    assert here.force == pytest.approx(here.solution.energy_and_force[1], rel=1e-4)


@pytest.mark.parametrize(("n2", "mu", "d"), [(1, 1.7, 2.0), (1, 0.6, 4.0), (-1, 1.7, 5.0)])
def test_signs_hold_on_the_axis_and_the_slit_is_held_against_its_will(
    n2: int, mu: float, d: float
) -> None:
    found = pair(1, n2, mu, d)
    fixed, tip = found.slit
    low, high = sorted(found.slit)
    x = np.linspace(0, 3 * d, 1201)
    psi = found.axis(x).psi
    assert np.all(psi[x < low] < 1e-9)
    assert np.all(psi[x > high] > -1e-9)
    on_slit = np.linspace(low, high, 12)[1:-1]
    assert np.allclose(found.axis(on_slit).psi, 0, atol=1e-12)
    # Just above an outward slit Re Ψ is negative: it would be on the slit, too, if it were free.
    above = found.fields(on_slit, np.full(10, 1e-3 * (high - low))).psi.real
    assert np.all(above * (1 if tip > fixed else -1) < 0)
    # Beyond the free end it starts as r^(3/2), at the vortex as √r.
    r = (high - low) * np.array([1e-4, 1e-3])
    away = math.copysign(1, tip - fixed)
    at_tip, at_vortex = found.axis(tip + away * r).psi, found.axis(fixed - away * r).psi
    assert math.log10(abs(at_tip[1] / at_tip[0])) == pytest.approx(1.5, abs=0.02)
    assert math.log10(abs(at_vortex[1] / at_vortex[0])) == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
def test_touching_vortices_cost_what_the_radial_solver_says() -> None:
    contact = gl.single_vortex(2, 1.7).energy
    near = pair(1, 1, 1.7, 0.2)
    assert near.energy == pytest.approx(contact, abs=4e-5)
    assert near.energy < contact


@pytest.mark.parametrize(("n2", "mu", "d"), [(1, 1.7, 7.0), (-1, 1.7, 7.0)])
def test_far_apart_the_tails_decide(n2: int, mu: float, d: float) -> None:
    from scipy.special import k0, k1

    vortex = gl.single_vortex(1, mu)
    tails = 2 * (n2 * vortex.gamma2**2 * k0(d) - vortex.gamma1**2 * k0(mu * d))
    force = 2 * (n2 * vortex.gamma2**2 * k1(d) - mu * vortex.gamma1**2 * k1(mu * d))
    found = pair(1, n2, mu, d)
    assert found.energy - 2 * vortex.energy == pytest.approx(tails, rel=0.03)
    assert found.force == pytest.approx(force, rel=0.03)


@pytest.mark.slow
def test_no_force_at_the_bogomolny_point_and_the_taubes_slope_beside_it() -> None:
    still = pair(1, 1, 1.0, 2.0)
    assert abs(still.force) < 1e-6
    assert still.energy == pytest.approx(2, abs=1e-6)
    slope = (pair(1, 1, 1.01, 2.0).force - pair(1, 1, 0.99, 2.0).force) / 0.02
    assert slope == pytest.approx(gl.near_critical_pair(1, 1, 2.0), rel=0.01)


@pytest.mark.parametrize(("n2", "mu", "d"), [(1, 1.7, 2.0), (1, 0.6, 4.0), (-1, 1.7, 5.0)])
def test_no_smooth_state_costs_less(n2: int, mu: float, d: float) -> None:
    # `coulomb` fields keep the zeros in place, and its energy has the gauge term on top.
    assert pair(1, n2, mu, d).energy < confocal_pair(1, n2, mu, d).energy


@pytest.mark.slow
def test_finer_meshes_agree_within_the_stated_errors() -> None:
    rough, fine = pair(1, 1, 1.7, 2.0, 1e-2), pair(1, 1, 1.7, 2.0, 1e-4)
    assert abs(rough.force - fine.force) < rough.force_error
    assert abs(rough.energy - fine.energy) < rough.energy_error + 1e-8
    assert fine.force_error < 2e-4 * fine.force
    assert fine.slit[1] == pytest.approx(rough.slit[1], rel=1e-4)


def test_hessian_is_the_slope_of_the_residual() -> None:
    problem = SlitProblem(build_mesh(1.0, 1.2, 1.3, order=4, margin=6.0), True, True, 1.3, 2.0)
    rng = np.random.default_rng(7)
    nodal = problem.with_boundary_values(rng.normal(size=(4, *problem.mesh.shape)))
    step = problem.nodal_step(rng.normal(size=len(problem.index)))
    h = 1e-5
    slope = (problem.residual(nodal + h * step) - problem.residual(nodal - h * step)) / (2 * h)
    exact = problem.hessian(nodal) @ problem.free_values(step)
    assert np.abs(slope - exact).max() < 1e-7 * np.abs(exact).max()


@pytest.mark.parametrize(("n1", "n2"), [(1, 1), (-1, -1), (1, -1), (-1, 1)])
def test_windings_mirrors_and_fields(n1: int, n2: int) -> None:
    d = 2.0 if n1 == n2 else 5.0
    found = pair(n1, n2, 1.7, d)
    angle = np.linspace(0, 2 * np.pi, 201)
    for n, centre in ((n1, -d / 2), (n2, d / 2)):
        psi = found.fields(centre + 0.4 * np.cos(angle), 0.4 * np.sin(angle)).psi
        turns = np.unwrap(np.angle(psi))
        assert (turns[-1] - turns[0]) / (2 * np.pi) == pytest.approx(n)
    # B is the curl of A, and J_y on the axis is −∂B/∂x: another equation than Im Ψ*(∇ − iA)Ψ.
    x, y, h = np.array([0.4, 1.9, -0.7]), np.array([0.5, -0.3, 0.2]), 1e-4
    curl = found.fields(x + h, y).A_y - found.fields(x - h, y).A_y
    curl = curl - found.fields(x, y + h).A_x + found.fields(x, y - h).A_x
    assert np.allclose(curl / (2 * h), found.fields(x, y).field, atol=1e-6)
    zero = np.zeros(3)
    slope = (found.fields(x + h, zero).field - found.fields(x - h, zero).field) / (2 * h)
    assert np.allclose(found.axis(x).current_y, -slope, atol=3e-4)


def test_fields_far_away_are_those_of_no_vortex() -> None:
    far = pair(1, 1, 1.7, 2.0).axis([30.0, -30.0])
    assert np.allclose(far.psi, 1) and np.allclose(far.current_y, 0)


@pytest.mark.slow
def test_a_start_leads_to_the_same_state() -> None:
    direct, led = pair(1, 1, 1.7, 2.0), minimum_pair(1, 1, 1.7, 2.0, start=pair(1, 1, 1.7, 1.96))
    assert led.force == pytest.approx(direct.force, rel=1e-5)
    states = follow(1.7, [2.03, 2.0], kind="V-V")
    assert [one.d for one in states] == [2.03, 2.0]
    assert states[1].energy == pytest.approx(direct.energy, abs=1e-7)


def test_pair_force_takes_the_reading() -> None:
    assert gl.pair_force(1, 1, 1.7, 2.0, reading="minimum") == pair(1, 1, 1.7, 2.0).force
    with pytest.raises(ValueError, match="gauge_weight"):
        gl.solve_pair(1, 1, 1.7, 2.0, reading="minimum", gauge_weight=1.0)
    with pytest.raises(ValueError, match="only for pairs"):
        gl.solve([(0, 0), (2, 0)], 1, 1.7, reading="minimum")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n1": 2}, "n1 = 2"),
        ({"n2": 0}, "n2 = 0"),
        ({"mu": 9.0}, "mu = 9"),
        ({"mu": None}, "mu"),
        ({"d": None}, "d = None"),
        ({"d": 1e-3}, "d = 0.001"),
        ({"d": math.nan}, "d"),
        ({"tolerance": 1.0}, "tolerance"),
        ({"state": "rope"}, "state = 'rope'"),
        ({"state": "string"}, "state = 'string'"),
    ],
)
def test_bad_input(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        minimum_pair(**{"n1": 1, "n2": 1, "mu": 1.7, "d": 2.0, **arguments})


def test_bad_starts_and_branches() -> None:
    with pytest.raises(ValueError, match="start"):
        minimum_pair(1, -1, 1.7, 5.0, start=pair(1, 1, 1.7, 2.0))
    with pytest.raises(ValueError, match="kind"):
        follow(1.7, [5.0], kind="AV-AV")
    with pytest.raises(ValueError, match="d_values"):
        follow(1.7, [])


@pytest.mark.slow
def test_no_conventional_state_below_the_end_of_its_branch() -> None:
    with pytest.raises(gl.ConvergenceError, match="no conventional state"):
        minimum_pair(1, -1, 1.7, 3.6)


@pytest.mark.slow
def test_far_apart_nothing_is_left() -> None:
    """Where the slit is held at its shortest its own small force is not reported."""
    assert abs(minimum_pair(1, 1, 5.0, 30.0).force) < 3e-7


@pytest.mark.slow
def test_cores_far_larger_than_the_separation_are_refused() -> None:
    """At this d a mesh gives 7 % more energy than the giant vortex has."""
    with pytest.raises(ConvergenceError, match="two forms disagree"):
        minimum_pair(1, 1, 0.2, 0.05)


def test_starts_are_solutions() -> None:
    with pytest.raises(ValueError, match="start = 'x'"):
        minimum_pair(1, -1, 1.7, 6.0, start="x")  # type: ignore[arg-type]
