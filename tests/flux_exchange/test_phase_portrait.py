"""Lines and equilibria of the phase portrait against solutions of the full equations (R. Ma, Fig. 2)."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from vortexmd.flux_exchange import ActivationLaw, FluxNetwork
from vortexmd.flux_exchange.phase_portrait import phase_portrait
from vortexmd.flux_exchange.solver import integrate

STARTS = [[20.0, 20.0], [10.0, 10.0]]
KINDS = ["linear", "logarithmic"]


def figure_2(kind, gamma, above="clamp"):
    """γ and the starts are the caption's; laws and B_m those of Fig. 3, the caption has none."""
    return FluxNetwork.two_regions(
        ActivationLaw(kind, u0=15.0, b_max=20.0),
        ActivationLaw(kind, u0=75.0, b_max=100.0),
        epsilon=0.1,
        gamma=gamma,
        above_b_max=above,
    ).graph


def weak(kind, gamma):
    """Laws so weak that equilibria lie well inside the plane."""
    return FluxNetwork.two_regions(
        ActivationLaw(kind, u0=2.0, b_max=30.0),
        ActivationLaw(kind, u0=4.0, b_max=60.0),
        epsilon=1.0,
        gamma=gamma,
    ).graph


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_solutions_stay_on_their_lines(kind, gamma):
    """Eq. 11, to rounding, whatever the accuracy of the solver."""
    graph = figure_2(kind, gamma)
    portrait = phase_portrait(graph, STARTS)
    assert portrait.gamma == pytest.approx(gamma, rel=1e-15)
    for k, start in enumerate(STARTS):
        b, _ = integrate(graph, start, np.geomspace(1e-2, 1e9, 30), 1e-6)
        assert b[:, 0] == pytest.approx(portrait.line(k, b[:, 1]), abs=1e-12 * 20)
        # They start and end where the portrait says.
        assert portrait.starts[k].tolist() == start
        assert portrait.ends[k, 0] == pytest.approx(
            portrait.line(k, portrait.ends[k, 1]), abs=1e-12 * 20
        )


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_lines_end_in_equilibria(kind, gamma):
    """From either side of the curve, the equations of the paper come to rest at the ends."""
    graph = weak(kind, gamma)
    starts = [[28.0, 3.0], [1.0, 50.0], [5.0, 5.0]]
    portrait = phase_portrait(graph, starts)
    for start, end in zip(starts, portrait.ends, strict=True):

        def rates(_, b):
            u = [2.0 * (1 - b[0] / 30.0), 4.0 * (1 - b[1] / 60.0)]
            if kind == "logarithmic":
                u = [2.0 * np.log(30.0 / b[0]), 4.0 * np.log(60.0 / b[1])]
            net = b[0] * np.exp(-u[0]) - b[1] * np.exp(-u[1])
            return [-net, net / gamma]

        found = solve_ivp(rates, (0.0, 1e4), start, "LSODA", rtol=1e-10, atol=1e-12)
        assert found.y[:, -1] == pytest.approx(end, rel=1e-8)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("kind", KINDS)
def test_arrows_point_where_solutions_go(kind, gamma):
    """Along the lines, of length 1, and towards the equilibrium from both sides of the curve."""
    graph = weak(kind, gamma)
    portrait = phase_portrait(graph, [[28.0, 3.0]], limits=(30.0, 60.0), arrows=6)
    along = np.array([gamma, -1.0]) / np.hypot(gamma, 1.0)
    assert np.abs(portrait.direction @ along) == pytest.approx(np.ones((6, 6)), rel=1e-12)
    for i, b_p in enumerate(portrait.grid[0]):
        for j, b_q in enumerate(portrait.grid[1]):
            b, _ = integrate(graph, [b_p, b_q], [1e-3], 1e-10)
            moved = b[0] - [b_p, b_q]
            assert moved @ portrait.direction[i, j] > 0
    # Rich in p, poor in q: flux leaves p.
    assert portrait.direction[-1, 0] == pytest.approx(-along)
    assert portrait.direction[0, -1] == pytest.approx(along)


def test_curve_of_equilibria():
    """Eqs. 13 and 14 as the paper prints them, for the weak laws."""
    b_p, b_q = phase_portrait(weak("linear", 1.0), [[28.0, 40.0]]).curve[1:].T
    left = np.log(b_p / b_q) + (2.0 / 30.0 * b_p - 4.0 / 60.0 * b_q)
    assert left == pytest.approx(np.full(len(b_p), 2.0 - 4.0), abs=1e-11)
    b_p, b_q = phase_portrait(weak("logarithmic", 1.0), [[28.0, 40.0]]).curve[1:].T
    assert b_p**3.0 / b_q**5.0 == pytest.approx(np.full(len(b_p), 30.0**2 / 60.0**4), rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_curve_rises_fills_the_plane_and_holds_the_ends(kind):
    for graph in (weak(kind, 0.7), figure_2(kind, 2.0)):
        portrait = phase_portrait(graph, STARTS)
        curve = portrait.curve
        assert (curve[0] == 0).all()
        assert (np.diff(curve, axis=0) >= 0).all()
        assert (curve <= np.multiply(portrait.limits, 1 + 1e-9)).all()
        # It leaves the plane at an edge, and no step is longer than two of the grid's 200.
        assert np.isclose(curve[-1], portrait.limits, rtol=1e-6).any()
        assert (np.diff(curve, axis=0) <= np.multiply(portrait.limits, 1.01 / 200)).all()
        for b_p, b_q in portrait.ends:
            between = np.interp(b_q, curve[:, 1], curve[:, 0])
            assert between == pytest.approx(b_p, abs=2e-4 * portrait.limits[0])


def test_limits():
    """By default a tenth beyond the lines; an empty plane has size 1."""
    portrait = phase_portrait(weak("linear", 1.0), [[28.0, 0.0]])
    assert portrait.limits[0] == pytest.approx(1.1 * 28.0)
    assert portrait.limits[1] == pytest.approx(1.1 * portrait.ends[0, 1])
    assert phase_portrait(weak("linear", 1.0), [0.0, 0.0]).limits == (1.0, 1.0)
    assert phase_portrait(weak("linear", 1.0), [9.0, 9.0], limits=(5.0, 7.0)).limits == (5.0, 7.0)


@pytest.mark.parametrize("above", ["clamp", "extend", "raise"])
def test_above_b_max(above):
    """The plane may reach beyond B_pm = 20: what holds there is the law's choice."""
    portrait = phase_portrait(figure_2("linear", 2.0, above), STARTS, limits=(40.0, 100.0))
    beyond = portrait.grid[0] > 20.0
    assert np.isnan(portrait.direction[beyond]).all() == (above == "raise")
    assert np.isfinite(portrait.direction[~beyond]).all()
    b_p, b_q = portrait.curve[1:].T
    w_q = b_q * np.exp(-75.0 * (1 - b_q / 100.0))
    u_p = 15.0 * (1 - b_p / 20.0)
    if above == "clamp":
        u_p = np.maximum(u_p, 0.0)
    assert np.log(w_q) == pytest.approx(np.log(b_p) - u_p, abs=1e-9)
    assert (b_p.max() > 20.0) == (above != "raise")


def test_bad_input():
    law = ActivationLaw("linear", u0=5.0, b_max=30.0)
    graph = weak("linear", 1.0)
    parted = FluxNetwork.two_regions(law, law, epsilon=0.0).graph
    three = FluxNetwork.chain(law, 1.0, 1.0, 0.5, cells=3).graph
    cylinder = FluxNetwork.cylinder(
        10.0, 1.0, bulk=law, surface=law, attempt_rate=1.0, hop_distance=0.5
    ).graph
    for wrong in (parted, three, cylinder):
        with pytest.raises(ValueError, match="two joined regions"):
            phase_portrait(wrong, STARTS)
    with pytest.raises(ValueError, match=r"starts\[1\]"):
        phase_portrait(graph, [[1.0, 1.0], [1.0, -1.0]])
    for starts in ([], [[1.0, 2.0, 3.0]], [1.0], [[np.nan, 1.0]]):
        with pytest.raises(ValueError, match="starts"):
            phase_portrait(graph, starts)
    with pytest.raises(ValueError, match=r"limits\[1\]"):
        phase_portrait(graph, STARTS, limits=(1.0, 0.0))
    for arrows in (1, 201, 2.5):
        with pytest.raises(ValueError, match="arrows"):
            phase_portrait(graph, STARTS, arrows=arrows)
