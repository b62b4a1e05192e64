"""The liquid stage of the surface layer against quadrature, conservation and limits of geometry."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from vortexmd.flux_exchange import ActivationLaw, FluxExchangeWarning, FluxNetwork
from vortexmd.flux_exchange.approximate import approximate
from vortexmd.flux_exchange.solver import integrate
from vortexmd.flux_exchange.surface import two_stage

BULK = ActivationLaw("linear", u0=10.0, b_max=100.0)
LAYER = ActivationLaw("linear", u0=20.0, b_max=40.0)
# Of the layer in the standard sample, δ = 1, R = 10, s ν₀ = 1: ε_sb and ε_se of the closed forms.
BACK, OUT = 9.0 / 19.0, 10.0 / 19.0


def sample(radius=10.0, bulk=BULK, surface=LAYER, **others):
    return FluxNetwork.cylinder(
        *(radius, 1.0), bulk=bulk, surface=surface, attempt_rate=2.0, hop_distance=0.5, **others
    )


def swapped(graph):
    """The same sample with the layer as region 0."""
    return type(graph)(
        area=graph.area[::-1],
        laws=type(graph.laws)(graph.laws.laws[::-1], graph.laws.above_b_max),
        pairs=graph.pairs,
        conductance=graph.conductance,
        outside_conductance=graph.outside_conductance[::-1],
        outside_flux=graph.outside_flux,
    )


def bulk_alone(b0, times, bulk=BULK):
    """Eq. 22 by the closed forms of Eqs. 18 and 20: ε_bs = s ν₀/(R − δ)."""
    graph = FluxNetwork.two_regions(bulk, bulk, epsilon=1.0 / 9.0).graph
    return approximate(graph, [b0, 0.0], times)[:, 0]


def liquid_layer(b0, time, w_e=0.0):
    """B_s(t) of dB_s/dt = ε_sb W_b(t) − ε_se (B_s − W_e) by its integral, W_b from the closed form."""

    def inflow(when):
        b = bulk_alone(b0[0], [when])[0]
        return np.exp(-OUT * (time - when)) * b * np.exp(-10.0 * (1 - b / 100.0))

    gained = quad(inflow, 0.0, time, epsabs=1e-12, epsrel=1e-11)[0]
    return w_e + (b0[1] - w_e) * np.exp(-OUT * time) + BACK * gained


def test_coefficients_of_the_cylinder():
    """ε_bs = sν₀/(R − δ), ε_sb = (R − δ)sν₀/[(2R − δ)δ], ε_se = R sν₀/[(2R − δ)δ]."""
    graph = sample().graph
    assert graph.conductance / graph.area == pytest.approx([1.0 / 9.0, BACK])
    assert graph.outside_conductance / graph.area == pytest.approx([0.0, OUT])


@pytest.mark.parametrize("law", ["linear", "logarithmic"])
def test_first_stage_of_the_bulk_is_the_closed_form(law):
    """Eq. 22 is Eq. 15."""
    bulk = ActivationLaw(law, u0=10.0, b_max=100.0)
    times = np.linspace(0.05, 1.4, 8)
    b, switch = two_stage(sample(bulk=bulk).graph, 0, 1, [90.0, 80.0], times)
    assert switch is None
    assert b[:, 0] == pytest.approx(bulk_alone(90.0, times, bulk), rel=1e-8)


@pytest.mark.parametrize("w_e", [0.0, 15.0])
def test_first_stage_of_the_layer(w_e):
    graph = sample(b_applied=w_e).graph
    times = np.array([0.2, 0.7, 1.1])
    b, _ = two_stage(graph, 0, 1, [90.0, 80.0], times)
    expected = [liquid_layer((90.0, 80.0), t, w_e) for t in times]
    assert b[:, 1] == pytest.approx(expected, rel=1e-8)


def test_switch_time():
    """Where the quadrature comes down to B_sm, the better the smaller rtol."""
    start = (90.0, 60.0)
    expected = brentq(lambda t: liquid_layer(start, t) - 40.0, 0.5, 3.0, xtol=1e-13)
    errors = []
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        _, switch = two_stage(sample().graph, 0, 1, start, [1e3], rtol)
        errors.append(abs(switch / expected - 1))
        assert errors[-1] < rtol
    assert errors[-1] < 1e-4 * errors[0]


def test_fields_are_continuous_and_the_full_system_follows():
    graph, start = sample().graph, [90.0, 60.0]
    _, switch = two_stage(graph, 0, 1, start, [1e3], 1e-10)
    tiny = 1e-9
    b, _ = two_stage(graph, 0, 1, start, [switch - tiny, switch, switch + tiny], 1e-10)
    assert b[1, 1] == pytest.approx(40.0, rel=1e-9)
    assert np.abs(np.diff(b, axis=0)).max() < 60 * tiny
    later = switch + np.geomspace(1e-3, 1e6, 10)
    both, _ = two_stage(graph, 0, 1, start, later, 1e-10)
    alone, _ = integrate(graph, b[1], later - switch, 1e-10)
    assert both == pytest.approx(alone, rel=1e-8)


def test_flux_balance():
    """What the sample has lost has gone out: ∫ c_se (B_s − W_e), then ∫ c_se (W_s − W_e), by Gauss's rule."""
    graph, start, end = sample(b_applied=5.0).graph, [90.0, 60.0], 30.0
    _, switch = two_stage(graph, 0, 1, start, [end], 1e-11)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    lost = 0.0
    edges = [0.0, switch / 2, switch]
    edges += [switch + 0.4, switch + 2.0, switch + 8.0, end]
    for k, (low, high) in enumerate(pairwise(edges)):
        times = low + (high - low) * (nodes + 1) / 2
        b_s = two_stage(graph, 0, 1, start, times, 1e-11)[0][:, 1]
        w_s = b_s if k < 2 else b_s * np.exp(-20.0 * (1 - b_s / 40.0))
        lost += (high - low) / 2 * weights @ (2 * np.pi * 10.0 * 0.5 * (w_s - 5.0))
    final = two_stage(graph, 0, 1, start, [end], 1e-11)[0][0]
    assert graph.area @ (np.array(start) - final) == pytest.approx(lost, rel=1e-9)


@settings(max_examples=25)
@given(
    bulk=st.floats(1.0, 100.0),
    layer=st.floats(1.0, 90.0),
    alpha=st.floats(0.0, 20.0),
    radius=st.floats(1.5, 50.0),
    w_e=st.floats(0.0, 39.0),
)
def test_the_liquid_stage_comes_once(bulk, layer, alpha, radius, w_e):
    """A layer that fell below B_sm stays below; one that has not is above as long as it is liquid."""
    law = ActivationLaw("linear", u0=alpha, b_max=100.0)
    graph = sample(radius, bulk=law, b_applied=w_e).graph
    times = np.geomspace(1e-4, 1e7, 60)
    b, switch = two_stage(graph, 0, 1, [bulk, layer], times, 1e-7)
    assert (b >= 0).all()
    if switch is not None:
        assert (b[times > switch, 1] < 40.0).all()
        flooded = (times < switch) & (np.maximum.accumulate(b[:, 1]) > 40.0)
        assert (b[flooded, 1] > 40.0).all()
    else:
        assert layer <= 40.0
        assert (b[:, 1] <= 40.0).all()


def test_cooled_in_a_uniform_field_there_is_no_liquid_stage():
    """B(0) ≤ min(B_bm, B_sm) is the paper's start: Eq. 23 then holds from the beginning."""
    times = np.geomspace(1e-3, 1e5, 9)
    for start in ([40.0, 40.0], [35.0, 10.0]):
        b, switch = two_stage(sample().graph, 0, 1, start, times)
        assert switch is None
        full, _ = integrate(sample().graph, start, times, 1e-10)
        assert b == pytest.approx(full, rel=1e-8)


def test_a_full_bulk_floods_the_layer():
    """The condition is c_bs W_b > (c_bs + c_se) B_sm: here W_b = B_b = 84.44 (no barrier)."""
    bulk = ActivationLaw("linear", u0=0.0, b_max=100.0)
    graph, limit = sample(bulk=bulk).graph, 40.0 * 19.0 / 9.0
    times = np.geomspace(1e-6, 1e3, 200)
    for share, floods in ((0.9999, False), (1.01, True)):
        b, switch = two_stage(graph, 0, 1, [limit * share, 40.0], times)
        assert (switch is not None) == floods
        assert (b[:, 1].max() > 40.0) == floods
    # From further below the layer comes to B_sm first; total flux only ever falls.
    b, switch = two_stage(graph, 0, 1, [100.0, 38.0], times)
    assert b[:, 1].max() > 40.0 > b[-1, 1]
    assert switch is not None
    assert (np.diff(b @ graph.area) < 0).all()


def test_a_field_outside_above_b_sm():
    """The layer stays liquid, at W_e in the end, and Eq. 22 empties the bulk: no switch."""
    with pytest.warns(FluxExchangeWarning, match="exceeds the smallest B_m"):
        graph = sample(b_applied=45.0).graph
    b, switch = two_stage(graph, 0, 1, [90.0, 60.0], [1.0, 1e4, 1e7])
    assert switch is None
    assert b[-1] == pytest.approx([0.0, 45.0], abs=1e-6)
    assert b[:, 0] == pytest.approx(bulk_alone(90.0, [1.0, 1e4, 1e7]), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("entry_barrier", [0.0, 3.0])
def test_equilibrium_with_the_outside(entry_barrier):
    """W_b = W_s = B_a e^{−U_e/kT}, from above in two stages as from below in one."""
    bulk = ActivationLaw("linear", u0=3.0, b_max=100.0)
    layer = ActivationLaw("linear", u0=5.0, b_max=40.0)
    graph = sample(bulk=bulk, surface=layer, b_applied=8.0, entry_barrier=entry_barrier).graph
    w_e = 8.0 * np.exp(-entry_barrier)
    for start in ([95.0, 80.0], [1.0, 2.0]):
        b, switch = two_stage(graph, 0, 1, start, [1e6])
        assert (switch is not None) == (start[1] > 40.0)
        assert b[0, 0] * np.exp(-3.0 * (1 - b[0, 0] / 100.0)) == pytest.approx(w_e, rel=1e-7)
        assert b[0, 1] * np.exp(-5.0 * (1 - b[0, 1] / 40.0)) == pytest.approx(w_e, rel=1e-7)


def test_large_samples_show_their_bulk():
    """B_t → B_b as 2δ/R: the layer's share, whatever its field."""
    for radius in (10.0, 1e3, 1e6):
        network = sample(radius)
        share = network.surface_fraction
        assert share == pytest.approx(2.0 / radius - 1.0 / radius**2, rel=1e-9)
        solution = network.solve([90.0, 60.0], [0.1, 10.0, 1e3], surface="two_stage")
        b = solution.b
        total = (1 - share) * b[:, 0] + share * b[:, 1]
        assert solution.mean_field == pytest.approx(total, rel=1e-9)
        assert np.abs(total / b[:, 0] - 1).max() < 2.0 / radius


def test_region_order_and_laws_above_b_max():
    """The layer may be region 0; what laws do above B_m does not matter to a layer without barrier."""
    times, start = np.geomspace(1e-2, 1e4, 12), [90.0, 60.0]
    b, switch = two_stage(sample().graph, 0, 1, start, times)
    turned, same = two_stage(swapped(sample().graph), 1, 0, start[::-1], times)
    assert turned[:, ::-1] == pytest.approx(b, rel=1e-7)
    assert same == pytest.approx(switch, rel=1e-7)
    for above in ("extend", "raise"):
        other, when = two_stage(sample(above_b_max=above).graph, 0, 1, start, times)
        assert other == pytest.approx(b, rel=1e-7)
        assert when == pytest.approx(switch, rel=1e-7)
    # The same through the network.
    solution = sample().solve(start, times, surface="two_stage", allow_above=True)
    assert solution.b == pytest.approx(b, rel=1e-7)
    assert solution.switch_time == pytest.approx(switch, rel=1e-7)
    for end in (1e-200, 1e-300):
        b, when = two_stage(sample().graph, 0, 1, start, [end])
        assert (b == [start]).all() and when is None
    # The start alone.
    b, switch = two_stage(sample().graph, 0, 1, start, [0.0])
    assert (b == [start]).all()
    assert switch is None


def test_bad_input():
    closed = FluxNetwork.two_regions(BULK, LAYER, epsilon=1.0).graph
    with pytest.raises(ValueError, match="has to touch the outside"):
        two_stage(closed, 0, 1, [1.0, 1.0], [1.0])
    graph = sample().graph
    with pytest.raises(ValueError, match="region 1, the bulk, must not"):
        two_stage(graph, 1, 0, [1.0, 1.0], [1.0])
    for bulk, layer in ((0, 0), (0, 2)):
        with pytest.raises(ValueError, match="two regions, 0 and 1"):
            two_stage(graph, bulk, layer, [1.0, 1.0], [1.0])
    for b0 in ([1.0], [1.0, -1.0], [np.inf, 1.0]):
        with pytest.raises(ValueError, match="b0"):
            two_stage(graph, 0, 1, b0, [1.0])
    for times in ([-1.0], [2.0, 1.0], []):
        with pytest.raises(ValueError, match="times"):
            two_stage(graph, 0, 1, [1.0, 1.0], times)
