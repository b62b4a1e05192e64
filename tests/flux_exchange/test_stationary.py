"""Stationary laws of whole vortices, against the master equation's null vector and known limits."""

from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from master_equation import MasterEquation

from vortexmd import flux_exchange as fx
from vortexmd.flux_exchange import count_laws
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.stationary import linear_noise, stationary

LINEAR = fx.ActivationLaw("linear", u0=5.0, b_max=20.0)
LOG = fx.ActivationLaw("logarithmic", u0=3.0, b_max=30.0)
POWER = fx.ActivationLaw("inverse_power", u0=1.0, b_max=25.0, exponent=0.5)
FREE = fx.ActivationLaw("linear", u0=0.0, b_max=20.0)


def network(laws, faces, areas=None, outside=None, above="clamp", temperature=None):
    areas = np.ones(len(laws)) if areas is None else areas
    return fx.FluxNetwork(
        [fx.Region(float(a), law) for a, law in zip(areas, laws, strict=True)],
        [fx.Interface(*face) for face in faces],
        1.0,
        1.0,
        outside,
        above_b_max=above,
        temperature=temperature,
    )


CHAIN = [(0, 1, 1.0), (1, 2, 3.0)]
# Three regions that meet at a corner.
CORNER = [(0, 1, 1.0), (1, 2, 2.0), (0, 2, 0.5)]


@pytest.mark.parametrize("above", ["clamp", "extend"])
@pytest.mark.parametrize(
    ("laws", "faces", "areas", "total", "quantum"),
    [
        ([LINEAR, LOG], [(0, 1, 1.0)], [1.0, 2.0], 25, 2.0),
        ([LINEAR, LINEAR], [(0, 1, 1.0)], [1.0, 1.0], 7, 4.0),
        ([LINEAR, LOG, POWER], CHAIN, [1.0, 2.0, 0.5], 12, 3.0),
        ([POWER, FREE, LINEAR], CORNER, [1.0, 0.7, 1.3], 12, 5.0),
    ],
)
def test_closed_networks_against_the_null_vector(laws, faces, areas, total, quantum, above):
    net = network(laws, faces, areas, above=above)
    master = MasterEquation(net, quantum, total)
    mean, covariance = master.moments(master.stationary())
    found = stationary(net.graph, total, quantum, covariance=True)
    np.testing.assert_allclose(found.count_mean, mean, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.count_variance, np.diag(covariance), rtol=1e-8)
    scale = quantum / np.array(areas)
    np.testing.assert_allclose(found.mean, mean * scale, rtol=1e-9)
    np.testing.assert_allclose(found.variance, np.diag(covariance) * scale**2, rtol=1e-8)
    p = master.stationary()
    for i, law in enumerate(found.marginals):
        expected = np.bincount(master.states[:, i], p, total + 1)
        given_law = np.zeros(total + 1)
        given_law[law.low : law.low + len(law.probability)] = law.probability
        np.testing.assert_allclose(given_law, expected, atol=1e-10)


def test_an_open_network_against_the_null_vector():
    # B_a = 6 makes 2 to 4 vortices a region; 22 are reached with a probability below 1e-9.
    outside = fx.Outside(6.0, {0: 1.0}, entry_barrier=1.0)
    net = network([LOG, LINEAR], [(0, 1, 2.0)], [1.0, 1.0], outside)
    master = MasterEquation(net, 4.0, most=22)
    p = master.stationary()
    mean, covariance = master.moments(p)
    assert p[master.states.max(axis=1) == 22].sum() < 1e-9
    found = stationary(net.graph, None, 4.0, covariance=True)
    np.testing.assert_allclose(found.count_mean, mean, rtol=1e-7)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-6, atol=1e-7)


def test_without_a_barrier_counts_are_multinomial():
    areas = np.array([1.0, 2.5, 0.5])
    net = network([FREE] * 3, CORNER, areas)
    share = areas / areas.sum()
    found = stationary(net.graph, 40, 1.0, covariance=True)
    np.testing.assert_allclose(found.count_mean, 40 * share, rtol=1e-12)
    expected = 40 * (np.diag(share) - np.outer(share, share))
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-11, atol=1e-12)


def test_without_a_barrier_an_open_region_holds_a_poisson_number():
    net = network([FREE], [], [2.0], fx.Outside(5.0, {0: 1.0}))
    found = stationary(net.graph, None, 1.0)
    law = found.marginals[0]
    assert law.low == 0
    expected = [exp(-10.0) * 10.0**k / factorial(k) for k in range(30)]
    np.testing.assert_allclose(law.probability[:30], expected, rtol=1e-12)
    assert found.count_variance[0] == pytest.approx(10.0, rel=1e-12)


@pytest.mark.parametrize("total", [1, 30, 3000])
def test_detailed_balance_of_two_regions(total):
    # With two regions the marginal is the joint law.
    net = network([LINEAR, POWER], [(0, 1, 1.0)], [1.0, 1.5])
    quantum = 40.0 / total
    law = stationary(net.graph, total, quantum).marginals[0]
    k = law.low + np.arange(1, len(law.probability))
    out = LINEAR.flux(k * quantum)
    back = POWER.flux((total - k + 1) * quantum / 1.5)
    np.testing.assert_allclose(law.probability[1:] * out, law.probability[:-1] * back, rtol=1e-9)


def test_many_regions_against_plain_sequential_convolution():
    rng = np.random.default_rng(3)
    n, total, quantum = 9, 45, 2.0
    laws = [
        fx.ActivationLaw("linear", u0=u, b_max=b)
        for u, b in zip(rng.uniform(1, 8, n), rng.uniform(10, 30, n), strict=True)
    ]
    areas = rng.uniform(0.5, 2.0, n)
    net = network(laws, [(i, i + 1, 1.0) for i in range(n - 1)], areas)
    k = np.arange(1, total + 1)
    weights = [
        np.concatenate(([1.0], np.cumprod(2.0 / law.flux(k * quantum / a))))
        for law, a in zip(laws, areas, strict=True)
    ]
    means = []
    for i in range(n):
        rest = np.eye(1, total + 1)[0]
        for j in range(n):
            if j != i:
                rest = np.convolve(rest, weights[j])[: total + 1]
        p = weights[i] * rest[::-1]
        means.append(p @ np.arange(total + 1) / p.sum())
    found = stationary(net.graph, total, quantum, covariance=True)
    np.testing.assert_allclose(found.count_mean, means, rtol=1e-11)
    np.testing.assert_allclose(found.covariance.sum(axis=1), 0.0, atol=1e-11)
    np.testing.assert_allclose(np.diag(found.covariance), found.count_variance, rtol=1e-12)


def test_fourier_products_agree_with_direct_ones(monkeypatch):
    net = network([LINEAR, LOG, POWER], CHAIN, [1.0, 2.0, 0.5])
    direct = stationary(net.graph, 2000, 0.02, covariance=True)
    monkeypatch.setattr(count_laws, "DIRECT_PRODUCTS", 0)
    fourier = stationary(net.graph, 2000, 0.02, covariance=True)
    np.testing.assert_allclose(fourier.count_mean, direct.count_mean, rtol=1e-11)
    np.testing.assert_allclose(fourier.covariance, direct.covariance, rtol=1e-9)


@settings(max_examples=60)
@given(
    u0=st.lists(st.floats(0.1, 60.0), min_size=2, max_size=4),
    total=st.integers(1, 60),
    area=st.floats(0.2, 5.0),
)
def test_any_closed_network_is_sub_poissonian_and_keeps_its_total(u0, total, area):
    laws = [fx.ActivationLaw("linear", u0=u, b_max=20.0) for u in u0]
    net = network(
        laws, [(i, i + 1, 1.0) for i in range(len(u0) - 1)], [area] + [1.0] * (len(u0) - 1)
    )
    found = stationary(net.graph, total, 1.0)
    assert found.count_mean.sum() == pytest.approx(total, rel=1e-10)
    # Equal to the last bit where a vortex is hardly ever.
    assert (found.count_variance <= found.count_mean * (1 + 1e-12)).all()
    for law in found.marginals:
        assert law.low >= 0
        assert law.low + len(law.probability) - 1 <= total
        assert law.probability.sum() == pytest.approx(1.0, rel=1e-12)


def test_an_open_region_with_a_barrier_is_sub_poissonian():
    net = network([LINEAR], [], [3.0], fx.Outside(15.0, {0: 1.0}))
    found = stationary(net.graph, None, 0.1)
    # Linear noise: the variance is the mean over d ln W/d ln B = 1 + αB/B_m.
    b = equilibrium(net.graph, [0.0]).b[0]
    assert found.count_variance[0] == pytest.approx(
        found.count_mean[0] / (1 + 5 * b / 20), rel=0.01
    )


def test_bias_of_the_mean_and_of_linear_noise_fall_as_one_over_n():
    net = network(
        [fx.ActivationLaw("linear", u0=8.0, b_max=20.0), POWER, LOG], CORNER, [1.0, 2.0, 1.5]
    )
    totals = 80 * 2 ** np.arange(6)
    b0 = np.full(3, 12.0)
    exact = equilibrium(net.graph, b0).b
    bias, noise = [], []
    for total in totals:
        quantum = 12.0 * 4.5 / total
        found = stationary(net.graph, int(total), quantum, covariance=True)
        bias.append(found.mean - exact)
        linear = linear_noise(net.graph, exact, quantum)
        noise.append(np.abs(linear / found.covariance - 1.0).max())
    for error in (np.abs(bias).max(axis=1), np.array(noise)):
        order = np.log2(error[:-1] / error[1:])
        # The exponent itself tends to 1 with an error of order 1/N, which extrapolation removes.
        assert abs(order[-1] - 1.0) < 0.01
        assert abs(2 * order[-1] - order[-2] - 1.0) < 1e-3


def test_linear_noise_of_a_closed_part_keeps_the_total_and_of_an_open_one_does_not():
    closed = network([LINEAR, LOG], [(0, 1, 1.0)])
    b = equilibrium(closed.graph, [15.0, 5.0]).b
    c = linear_noise(closed.graph, b, 0.1)
    np.testing.assert_allclose(c.sum(axis=1), 0.0, atol=1e-12 * c.max())
    opened = network([LINEAR, LOG], [(0, 1, 1.0)], outside=fx.Outside(8.0, {0: 1.0}))
    b = equilibrium(opened.graph, [15.0, 5.0]).b
    c = linear_noise(opened.graph, b, 0.1)
    assert np.count_nonzero(c - np.diag(np.diag(c))) == 0
    exact = stationary(opened.graph, None, 0.1).count_variance
    np.testing.assert_allclose(np.diag(c), exact, rtol=0.02)


def test_an_empty_network_has_no_noise():
    net = network([LOG, LOG], [(0, 1, 1.0)])
    assert not linear_noise(net.graph, [0.0, 0.0], 1.0).any()
    found = stationary(net.graph, 0, 1.0, covariance=True)
    assert not found.count_mean.any()
    assert not found.covariance.any()


def test_rates_far_below_the_range_of_floats():
    # W is e^{−1000} and less: only logarithms know the ratio of the two regions' rates.
    steep = fx.ActivationLaw("linear", u0=2000.0, b_max=20.0)
    found = stationary(network([steep, steep], [(0, 1, 1.0)]).graph, 11, 1.0)
    np.testing.assert_allclose(found.count_mean, 5.5, rtol=1e-12)
    assert found.count_variance[0] == pytest.approx(0.25, rel=1e-9)


def test_many_steep_regions_share_evenly():
    steep = fx.ActivationLaw("linear", u0=3000.0, b_max=20.0)
    net = network([steep] * 40, [(i, i + 1, 1.0) for i in range(39)])
    # 40 regions, 60 vortices: half hold two and half hold one.
    found = stationary(net.graph, 60, 1.0)
    np.testing.assert_allclose(found.count_mean, 1.5, rtol=1e-12)
    np.testing.assert_allclose(found.count_variance, 0.25, rtol=1e-9)


def test_parts_have_their_own_totals():
    law = LINEAR
    with pytest.warns(fx.FluxExchangeWarning, match="3 parts"):
        net = network(
            [law] * 6,
            [(0, 3, 1.0), (1, 4, 1.0), (2, 5, 1.0)],
            outside=fx.Outside(10.0, {1: 1.0}),
        )
    found = stationary(net.graph, [10, 4], 1.0, covariance=True)
    np.testing.assert_allclose(found.count_mean[[0, 3]], 5.0, rtol=1e-12)
    np.testing.assert_allclose(found.count_mean[[2, 5]], 2.0, rtol=1e-12)
    assert found.count_mean[1] == pytest.approx(found.count_mean[4])
    assert found.covariance[0, 3] < 0
    assert found.covariance[0, 1] == found.covariance[1, 4] == 0


def test_a_region_on_its_own_keeps_its_vortices():
    found = stationary(network([LINEAR], []).graph, 9, 1.0, covariance=True)
    assert found.count_mean[0] == 9
    assert found.covariance[0, 0] == 0


def test_ten_million_vortices_follow_the_mean_field_law():
    net = network([LINEAR, LOG, POWER], CORNER, [1.0, 2.0, 0.5])
    quantum = 52.5 / 10**7
    found = stationary(net.graph, 10**7, quantum)
    exact = equilibrium(net.graph, [15.0, 15.0, 15.0]).b
    # The bias of order 1/N is a fraction of one vortex.
    assert np.abs((found.mean - exact) * [1.0, 2.0, 0.5] / quantum).max() < 0.5
    expected = np.diag(linear_noise(net.graph, exact, quantum))
    np.testing.assert_allclose(found.count_variance, expected, rtol=1e-5)


def test_laws_from_functions_serve_as_well():
    own = fx.ActivationLaw.from_function(lambda b: 5.0 * (1.0 - b / 20.0), 20.0)
    total, quantum = 30, 1.0
    given_law = stationary(network([LINEAR, LOG], [(0, 1, 1.0)]).graph, total, quantum)
    from_function = stationary(network([own, LOG], [(0, 1, 1.0)]).graph, total, quantum)
    np.testing.assert_allclose(from_function.count_mean, given_law.count_mean, rtol=1e-10)


@pytest.mark.parametrize(
    ("total", "quantum", "message"),
    [
        (None, 1.0, "total_count = None: give the number"),
        ([3, 4], 1.0, "there are 1"),
        (-1, 1.0, "total_count = -1"),
        (2.5, 1.0, "total_count"),
        ([2.5], 1.0, "total_count = 2.5: give a whole number"),
        (3, 0.0, "flux_quantum = 0.0"),
        (3, np.nan, "flux_quantum = nan"),
    ],
)
def test_bad_arguments_are_named(total, quantum, message):
    net = network([LINEAR, LOG], [(0, 1, 1.0)])
    with pytest.raises(ValueError, match=message):
        stationary(net.graph, total, quantum)


def test_a_total_for_an_open_network_is_refused():
    net = network([LINEAR], [], outside=fx.Outside(10.0, {0: 1.0}))
    with pytest.raises(ValueError, match="there are 0"):
        stationary(net.graph, 5, 1.0)


def test_counts_above_b_max_are_refused_where_that_raises():
    net = network([LINEAR, LOG], [(0, 1, 1.0)], above="raise")
    with pytest.raises(ValueError, match=r"region 0: .* above its B_m = 20"):
        stationary(net.graph, 30, 1.0)
    # Far from B_m the law is that of the others.
    low = stationary(net.graph, 60, 0.1)
    clamped = stationary(network([LINEAR, LOG], [(0, 1, 1.0)]).graph, 60, 0.1)
    np.testing.assert_array_equal(low.count_mean, clamped.count_mean)


def test_temperature_zero_is_refused():
    frozen = fx.ActivationLaw("linear", u0_energy=1.0, b_max=20.0)
    net = network([frozen, frozen], [(0, 1, 1.0)], temperature=0.0)
    with pytest.raises(ValueError, match="nothing leaves"):
        stationary(net.graph, 5, 1.0)


@pytest.mark.parametrize(
    ("b", "message"),
    [
        ([15.0, 5.0], "give an equilibrium"),
        ([15.0], "b: give 2 finite fields"),
        ([15.0, np.nan], "b: give 2 finite fields"),
        ([15.0, -1.0], "b: give 2 finite fields"),
    ],
)
def test_linear_noise_refuses_what_is_no_equilibrium(b, message):
    net = network([LINEAR, LOG], [(0, 1, 1.0)])
    with pytest.raises(ValueError, match=message):
        linear_noise(net.graph, b, 1.0)


def test_linear_noise_refuses_what_floats_cannot_hold():
    steep = fx.ActivationLaw("linear", u0=2000.0, b_max=20.0)
    net = network([steep, steep], [(0, 1, 1.0)])
    with pytest.raises(ValueError, match="below the range of floats"):
        linear_noise(net.graph, [5.0, 5.0], 1.0)
