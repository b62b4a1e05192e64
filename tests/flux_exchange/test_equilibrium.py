"""Equilibria against the paper's Eqs. 12–14, bracketed roots, the variational principle and special cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import flux_density, graph_of, random_graph, random_laws
from scipy.optimize import brentq

from vortexmd.flux_exchange import ActivationLaw
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray


def log_flux(law, b):
    """ln W, where W itself underflows."""
    x = b / law.b_max
    if law.kind == "linear":
        return np.log(b) - law.u0 * (1 - x)
    if law.kind == "logarithmic":
        return np.log(b) + law.u0 * np.log(x)
    return np.log(b) - law.u0 / law.exponent * (x**-law.exponent - 1)


@pytest.mark.parametrize(
    ("kind", "published"),
    [("linear", (3.74304919e-12, 40.0)), ("logarithmic", (0.27557469, 39.72442531))],
)
def test_figure_3(kind, published):
    """Where the curves of the paper's Fig. 3 end, and its Eqs. 13 and 14 there."""
    laws = [ActivationLaw(kind, u0=15.0, b_max=20.0), ActivationLaw(kind, u0=75.0, b_max=100.0)]
    p, q = equilibrium(graph_of(laws), [20.0, 20.0]).b
    assert (p, q) == pytest.approx(published, rel=2e-8)
    assert p + q == pytest.approx(40.0, rel=1e-13)
    if kind == "linear":
        assert np.log(p / q) + 15 / 20 * p - 75 / 100 * q == pytest.approx(15 - 75, rel=1e-12)
    else:
        left = 16 * np.log(p) - 76 * np.log(q)
        assert left == pytest.approx(15 * np.log(20) - 75 * np.log(100), rel=1e-12)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30)
def test_two_regions_by_a_bracketed_root(seed):
    """W_p(B_p) = W_q on the straight line of Eq. 11, in logarithms."""
    rng = np.random.default_rng(seed)
    p, q = laws = random_laws(rng, 2, strongest=60.0)
    gamma = 10 ** rng.uniform(-1, 1)
    b0 = np.array([p.b_max, q.b_max]) * rng.uniform(0.1, 0.9, 2)
    total = b0[0] + gamma * b0[1]
    found = equilibrium(graph_of(laws, area=[1.0, gamma], above="extend"), b0)

    def excess(log_ratio):
        """Along the line, by ln(B_p / γB_q), which has room for both ends."""
        b_p = total / (1 + np.exp(-log_ratio))
        b_q = total / (1 + np.exp(log_ratio)) / gamma
        return log_flux(p, b_p) - log_flux(q, b_q)

    # A field of e^{−40} of the other: no law here has U so steep below that.
    low, high = -40.0, 40.0
    if excess(low) > 0 or excess(high) < 0:
        return
    ratio = brentq(excess, low, high, xtol=1e-13)
    # Rounding of U, up to some hundreds, in ln W.
    assert np.log(found.b[0] / (gamma * found.b[1])) == pytest.approx(ratio, abs=1e-10)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20)
def test_equilibrium_is_the_least_of_all_states(seed):
    """V = Σ A_i∫W_i dB is convex; of all states of one flux the equilibrium has the least."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 5, strongest=15.0)
    b0 = graph.laws.b_max * rng.uniform(0.1, 0.9, 5)
    found = equilibrium(graph, b0)
    assert found.flux_error < 1e-12
    assert found.flux.sum() == pytest.approx(graph.area @ b0, rel=1e-12)
    node, weight = np.polynomial.legendre.leggauss(60)
    for _ in range(3):
        other = rng.uniform(0, 1, 5)
        other *= graph.area @ b0 / (graph.area @ other)
        half, middle = 0.5 * (other - found.b), 0.5 * (other + found.b)
        rise = sum(
            a * h * (weight @ flux_density(law, m + h * node))
            for a, law, h, m in zip(graph.area, graph.laws.laws, half, middle, strict=True)
        )
        assert rise > 0


def test_ten_thousand_regions():
    """Flux to 10⁻¹², one W everywhere by the formula written out, α up to 100."""
    rng = np.random.default_rng(5)
    n = 10_000
    laws = random_laws(rng, n, strongest=100.0)
    area = 10 ** rng.uniform(-2, 2, n)
    graph = graph_of(laws, area=area, above="extend")
    b0 = graph.laws.b_max * rng.uniform(0, 1, n)
    found = equilibrium(graph, b0)
    assert found.flux_error <= 1e-12
    assert area @ found.b == pytest.approx(area @ b0, rel=1e-12)
    log_w = np.array([log_flux(law, b) for law, b in zip(laws, found.b, strict=True)])
    np.testing.assert_allclose(log_w, found.log_w, atol=1e-10)
    assert np.ptp(found.log_w) == 0.0


def test_clamped_and_extended_laws_above_b_max():
    """More flux than the regions hold below B_m: clamped, W = B in those that overflow."""
    laws = [
        ActivationLaw("linear", u0=5.0, b_max=20.0),
        ActivationLaw("linear", u0=5.0, b_max=100.0),
    ]
    clamp = equilibrium(graph_of(laws), [15.0, 95.0])
    # W_p = B_p there: one equation in B_q.
    b_q = brentq(lambda b: b * np.exp(-5 * (1 - b / 100)) - (110 - b), 50, 100, xtol=1e-13)
    np.testing.assert_allclose(clamp.b, [110 - b_q, b_q], rtol=1e-12)
    assert clamp.w[0] == pytest.approx(clamp.b[0], rel=1e-13)
    extend = equilibrium(graph_of(laws, above="extend"), [15.0, 95.0])
    assert extend.b[0] == pytest.approx(22.8, abs=0.05)
    assert extend.b[0] < clamp.b[0]
    with pytest.raises(ValueError, match=r"region 0: its equilibrium B = 22.* exceeds B_m = 20"):
        equilibrium(graph_of(laws, above="raise"), [15.0, 95.0])


def test_all_flowing():
    """Every region above its B_m: one field for all."""
    laws = random_laws(np.random.default_rng(3), 6)
    found = equilibrium(graph_of(laws, area=np.arange(1.0, 7.0)), np.full(6, 500.0))
    np.testing.assert_allclose(found.b, 500.0, rtol=1e-13)


def test_equal_laws_make_equal_fields():
    law = ActivationLaw("inverse_power", u0=12.0, b_max=50.0, exponent=0.7)
    found = equilibrium(graph_of([law] * 3, area=[1.0, 2.0, 5.0]), [10.0, 20.0, 6.0])
    np.testing.assert_allclose(found.b, 80.0 / 8, rtol=1e-13)


def test_no_barrier():
    laws = [
        ActivationLaw("linear", u0=0.0, b_max=30.0),
        ActivationLaw("logarithmic", u0=0.0, b_max=9.0),
    ]
    found = equilibrium(graph_of(laws, area=[1.0, 3.0]), [4.0, 8.0])
    np.testing.assert_allclose(found.b, 7.0, rtol=1e-13)
    np.testing.assert_allclose(found.w, 7.0, rtol=1e-13)


def test_no_flux():
    laws = random_laws(np.random.default_rng(0), 4)
    found = equilibrium(graph_of(laws), np.zeros(4))
    np.testing.assert_array_equal(found.b, 0.0)
    np.testing.assert_array_equal(found.log_w, -np.inf)
    np.testing.assert_array_equal(found.w, 0.0)
    assert found.flux_error == 0.0


def test_regions_at_the_outside_follow_it():
    """W = W_e in all that is connected to the outside, whatever was there before."""
    laws = random_laws(np.random.default_rng(8), 4)
    graph = graph_of(laws, outside=[0.0, 0.0, 0.0, 0.3], outside_flux=2.5)
    for b0 in ([1.0, 2.0, 3.0, 4.0], np.zeros(4)):
        found = equilibrium(graph, b0)
        log_w = [log_flux(law, b) for law, b in zip(laws, found.b, strict=True)]
        np.testing.assert_allclose(log_w, np.log(2.5), rtol=1e-12)
        assert found.flux_error == 0.0
    # An empty outside empties the sample, logarithmic laws too.
    laws[0] = ActivationLaw("logarithmic", u0=20.0, b_max=30.0)
    empty = equilibrium(graph_of(laws, outside=[1.0, 0, 0, 0]), [5.0, 5.0, 5.0, 5.0])
    np.testing.assert_array_equal(empty.b, 0.0)


def test_parts_that_exchange_nothing():
    """Two closed parts, a region alone, an empty part and one at the outside: each as if by itself."""
    laws = random_laws(np.random.default_rng(12), 9)
    graph = ExchangeGraph(
        area=np.arange(1.0, 10.0),
        laws=LawArray(laws),
        pairs=np.array([[0, 1], [1, 4], [2, 3], [5, 6], [7, 8]]),
        # The interface between 7 and 8 has no length.
        conductance=np.array([1.0, 0.5, 2.0, 1.0, 0.0]),
        outside_conductance=np.eye(9)[8],
        outside_flux=3.0,
    )
    b0 = np.array([5.0, 1.0, 4.0, 9.0, 2.0, 0.0, 0.0, 8.0, 3.0])
    found = equilibrium(graph, b0)
    chain = ExchangeGraph(
        np.array([1.0, 2.0, 5.0]),
        LawArray([laws[0], laws[1], laws[4]]),
        np.array([[0, 1], [1, 2]]),
        np.ones(2),
        np.zeros(3),
        0.0,
    )
    np.testing.assert_allclose(found.b[[0, 1, 4]], equilibrium(chain, b0[[0, 1, 4]]).b, rtol=1e-12)
    pair = graph_of([laws[2], laws[3]], area=[3.0, 4.0])
    np.testing.assert_allclose(found.b[[2, 3]], equilibrium(pair, b0[[2, 3]]).b, rtol=1e-12)
    np.testing.assert_array_equal(found.b[[5, 6]], 0.0)
    assert found.b[7] == pytest.approx(8.0, rel=1e-13)
    assert log_flux(laws[8], found.b[8]) == pytest.approx(np.log(3.0), rel=1e-12)
    assert len(set(found.component[[0, 1, 4]])) == 1
    assert len(set(found.component)) == 5


def own_law(b):
    return 9.0 * (1.0 - np.sqrt(b / 30.0))


def test_laws_from_functions_beside_others():
    laws = [
        ActivationLaw.from_function(own_law, b_max=30.0),
        ActivationLaw("linear", u0=12.0, b_max=60.0),
    ]
    found = equilibrium(graph_of(laws, area=[1.0, 0.5]), [10.0, 20.0])
    p, q = found.b
    assert p + 0.5 * q == pytest.approx(20.0, rel=1e-12)
    assert np.log(p) - own_law(p) == pytest.approx(log_flux(laws[1], q), rel=1e-11)


def test_coldest_equilibrium_is_the_limit():
    """T → 0 of linear laws: equal U, that is equal α(1 − B/B_m). At T = 0 nothing moves."""
    laws = [ActivationLaw("linear", u0_energy=e, b_max=b) for e, b in ((1.0, 20.0), (3.0, 50.0))]
    # 1 − x/20 = 3(1 − y/50), x + y = 40.
    y = (40 / 20 + 2) / (1 / 20 + 3 / 50)
    for temperature, rel in ((1e-4, 1e-3), (1e-8, 1e-7)):
        cold = graph_of([law.at(temperature) for law in laws])
        np.testing.assert_allclose(equilibrium(cold, [20.0, 20.0]).b, [40 - y, y], rtol=rel)
    with pytest.raises(ValueError, match="temperature = 0: below B_m nothing hops"):
        equilibrium(graph_of([law.at(0.0) for law in laws]), [20.0, 20.0])
