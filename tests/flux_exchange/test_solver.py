"""Solutions in time against quadrature, matrix exponentials, published numbers and conservation laws."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import flux_density, graph_of, random_graph, random_laws
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import brentq

from vortexmd.flux_exchange import ActivationLaw, FluxNetwork
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray
from vortexmd.flux_exchange.solver import SolverError, integrate

# B_p of the paper's Fig. 3 at τ = εt, converged with arbitrary precision elsewhere.
FIG3 = {
    "linear": {0.1: 18.80619672154, 1.0: 16.46991505922, 100.0: 10.91537486937},
    "logarithmic": {0.1: 18.81484573112, 1.0: 16.62475792286, 100.0: 12.28206192851},
}


def fig3(kind, epsilon=1.0, above="clamp"):
    laws = [ActivationLaw(kind, u0=15.0, b_max=20.0), ActivationLaw(kind, u0=75.0, b_max=100.0)]
    return graph_of(laws, conductance=epsilon, above=above)


def time_to_reach(graph, b0, b, above="clamp"):
    """t = ∫dB_p/(ε(W_q − W_p)) of two regions of equal area: the two equations are one, by quadrature."""
    p, q = graph.laws.laws
    total = sum(b0)

    def slowness(x):
        drift = flux_density(q, total - x, above) - flux_density(p, x, above)
        return 1.0 / (float(graph.conductance[0]) * float(drift))

    return quad(slowness, b0[0], b, epsabs=0, epsrel=1e-12, limit=400)[0]


@pytest.mark.parametrize("kind", FIG3)
@pytest.mark.parametrize("rtol", [1e-6, 1e-9, 1e-11, 1e-12])
def test_figure_3(kind, rtol):
    """Within the tolerance asked for, and 5·10⁻¹³ that the printed digits leave open."""
    b, _ = integrate(fig3(kind), [20.0, 20.0], list(FIG3[kind]), rtol)
    np.testing.assert_allclose(b[:, 0], list(FIG3[kind].values()), rtol=rtol + 5e-13)


@pytest.mark.parametrize("kind", FIG3)
def test_time_by_quadrature(kind):
    """Times of the solution, found back from its fields by an integral, over ten decades."""
    times = np.geomspace(1e-3, 1e7, 11)
    graph = fig3(kind, epsilon=0.1)
    b, _ = integrate(graph, [20.0, 20.0], times, 1e-10)
    again = [time_to_reach(graph, (20.0, 20.0), x) for x in b[:, 0]]
    # d ln t / d ln B_p: how much an error of the field weighs in the time.
    weight = np.abs(b[:, 0] / (times * np.array([graph.rates(x)[0] for x in b])))
    assert (np.abs(np.array(again) / times - 1.0) / (1.0 + weight) < 1e-10).all()


@pytest.mark.parametrize("kind", FIG3)
def test_only_the_product_of_time_and_rate_matters(kind):
    """ε = 0.001 … 0.5 s⁻¹ of Fig. 3 fall on one curve in τ = εt; ε = 0 changes nothing."""
    tau = np.array([0.0, 0.03, 1.0, 50.0])
    curves = [
        integrate(fig3(kind, eps), [20.0, 20.0], tau / eps, 1e-10)[0]
        for eps in (1e-3, 0.01, 0.1, 0.5)
    ]
    for curve in curves[1:]:
        np.testing.assert_allclose(curve, curves[0], rtol=2e-10)
    still, _ = integrate(fig3(kind, 0.0), [20.0, 20.0], tau, 1e-10)
    np.testing.assert_array_equal(still, 20.0)


def test_no_barrier_is_an_exponential():
    """α = 0: B_p − B_q decays at the rate ε_pq + ε_qp."""
    law = ActivationLaw("linear", u0=0.0, b_max=100.0)
    graph = graph_of([law, law], area=[1.0, 4.0], conductance=0.3)
    times = np.array([0.0, 0.5, 3.0, 20.0])
    b, _ = integrate(graph, [50.0, 10.0], times, 1e-10)
    difference = 40.0 * np.exp(-(0.3 + 0.3 / 4) * times)
    mean = (50.0 + 4 * 10.0) / 5
    np.testing.assert_allclose(b[:, 0], mean + 0.8 * difference, rtol=1e-10)
    np.testing.assert_allclose(b[:, 1], mean - 0.2 * difference, rtol=1e-10)


def test_no_barrier_is_a_matrix_exponential():
    """Six unequal regions, two of them open to B_a = 7, against expm of the Laplacian."""
    rng = np.random.default_rng(4)
    closed = random_graph(rng, 6)
    leak = np.array([0.0, 0.5, 0.0, 0.0, 0.2, 0.0])
    laws = LawArray([ActivationLaw("logarithmic", u0=0.0, b_max=100.0)] * 6)
    graph = ExchangeGraph(closed.area, laws, closed.pairs, closed.conductance, leak, 7.0)
    matrix = np.zeros((6, 6))
    for (i, j), c in zip(closed.pairs, closed.conductance, strict=True):
        matrix[[i, j], [j, i]] += c
        matrix[[i, j], [i, j]] -= c
    matrix = (matrix - np.diag(leak)) / closed.area[:, None]
    b0 = rng.uniform(0, 50, 6)
    for t in (0.1, 3.0, 100.0):
        b, _ = integrate(graph, b0, [t], 1e-9)
        np.testing.assert_allclose(b[0], 7.0 + expm(matrix * t) @ (b0 - 7.0), rtol=1e-9)


@given(seed=st.integers(0, 10**6), above=st.sampled_from(["clamp", "extend"]))
@settings(max_examples=15)
def test_jacobian(seed, above):
    """∂(dB_i/dt)/∂B_j by Richardson's differences of the right-hand side."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 5, above=above)
    b = graph.laws.b_max * rng.uniform(0.3, 1.8, 5)
    # Not across the kink of clamped laws.
    b = np.where(np.abs(b / graph.laws.b_max - 1) < 0.1, 0.8 * graph.laws.b_max, b)
    exact = graph.jacobian(b).toarray()
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-3 * b[j]

        def slope(h, step=step):
            return (graph.rates(b + h * step) - graph.rates(b - h * step)) / (2 * h)

        # The three orders leave h⁶; what remains is rounding.
        one, half, quarter = slope(1.0), slope(0.5), slope(0.25)
        second = (4 * half - one) / 3, (4 * quarter - half) / 3
        numerical = (16 * second[1] - second[0]) / 15 / step[j]
        currents = np.abs(np.diag(exact)) * b
        rounding = 30 * np.finfo(float).eps * currents.max() / step[j]
        np.testing.assert_allclose(
            numerical, exact[:, j], atol=1e-7 * np.abs(exact[:, j]).max() + rounding, rtol=0
        )


def test_jacobian_keeps_the_flux():
    """Columns of A·J sum to zero, so that Newton steps that do not converge conserve all the same."""
    graph = random_graph(np.random.default_rng(0), 30)
    b = graph.laws.b_max * np.random.default_rng(1).uniform(0, 1, 30)
    jacobian = graph.jacobian(b)
    assert np.abs(graph.area @ jacobian).max() < 1e-15 * np.abs(jacobian).max() * graph.area.max()


@pytest.mark.parametrize("method", [None, "dense", "banded", "sparse", "radau"])
def test_flux_is_conserved(method):
    """Σ A_i B_i to 10⁻¹², for every solver, loose tolerance or tight."""
    rng = np.random.default_rng(7)
    graph = random_graph(rng, 12)
    b0 = graph.laws.b_max * rng.uniform(0, 1, 12)
    for rtol in (1e-3, 1e-6):
        b, _ = integrate(graph, b0, np.geomspace(1e-3, 1e8, 12), rtol, method=method)
        np.testing.assert_allclose(b @ graph.area, b0 @ graph.area, rtol=1e-12)


def test_flux_of_every_part_is_conserved():
    one, two = (random_graph(np.random.default_rng(k), 5) for k in (1, 2))
    graph = ExchangeGraph(
        np.r_[one.area, two.area],
        LawArray([*one.laws.laws, *two.laws.laws]),
        np.vstack((one.pairs, two.pairs + 5)),
        np.r_[one.conductance, two.conductance],
        np.zeros(10),
        0.0,
    )
    b0 = 0.8 * graph.laws.b_max
    b, _ = integrate(graph, b0, [10.0, 1e5], 1e-6)
    for part in (slice(0, 5), slice(5, 10)):
        np.testing.assert_allclose(
            b[:, part] @ graph.area[part], b0[part] @ graph.area[part], rtol=1e-12
        )
    apart, _ = integrate(one, b0[:5], [10.0, 1e5], 1e-9)
    np.testing.assert_allclose(b[:, :5], apart, rtol=1e-6)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=6)
def test_extremes_of_w_close_in(seed):
    """Closed network: max W never rises, min W never falls, V = Σ A_i∫W_i dB falls."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, int(rng.integers(2, 9)))
    b0 = graph.laws.b_max * rng.uniform(0.05, 1, len(graph))
    b, _ = integrate(graph, b0, np.r_[0, np.geomspace(1e-2, 1e7, 15)], 1e-9)
    w = np.array(
        [[flux_density(law, x) for law, x in zip(graph.laws.laws, row, strict=True)] for row in b]
    )
    # W of a field that is right to 10⁻⁹: its logarithmic slope, 1 + α y, is below 400 here.
    slack = 4e-7
    assert (np.diff(w.max(axis=1)) <= slack * w.max(axis=1)[:-1]).all()
    assert (np.diff(w.min(axis=1)) >= -slack * w.min(axis=1)[1:]).all()
    node, weight = np.polynomial.legendre.leggauss(20)
    for low, high in pairwise(b):
        half, middle = 0.5 * (high - low), 0.5 * (high + low)
        fall = sum(
            a * h * (weight @ flux_density(law, m + h * node))
            for a, law, h, m in zip(graph.area, graph.laws.laws, half, middle, strict=True)
        )
        assert fall <= 1e-8 * graph.area @ low * w.max()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=6)
def test_solutions_do_not_move_apart(seed):
    """Σ A_i |B_i − B̃_i| never rises: solutions are unique, logarithmic laws at B = 0 included.

    The paper denies that (Sec. III A 2). It follows from W being monotone and flux being conserved alone.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    graph = random_graph(rng, n)
    laws = [ActivationLaw("logarithmic", u0=law.u0, b_max=law.b_max) for law in graph.laws.laws]
    graph = ExchangeGraph(
        graph.area, LawArray(laws), graph.pairs, graph.conductance, np.zeros(n), 0.0
    )
    b0 = graph.laws.b_max * rng.uniform(0, 1, n)
    b0[rng.integers(n)] = 0.0
    times = np.r_[0, np.geomspace(1e-3, 1e5, 9)]
    b, _ = integrate(graph, b0, times, 1e-10)
    for size in (1e-2, 1e-6):
        near = b0 + size * rng.uniform(0, 1, n)
        other, _ = integrate(graph, near, times, 1e-10)
        apart = np.abs(b - other) @ graph.area
        error = 2e-10 * (b @ graph.area)
        assert (np.diff(apart) <= error[1:]).all()
        assert apart[-1] <= apart[0] + error[-1]


def test_flux_enters_an_empty_region():
    """B_q(0) = 0 under the logarithmic law: B_q grows at ε W_p at once, and W_q is of higher order."""
    graph = graph_of([ActivationLaw("logarithmic", u0=3.0, b_max=20.0)] * 2)
    w = float(flux_density(graph.laws.laws[0], 10.0))
    for t in (1e-8, 1e-6, 1e-4):
        b, _ = integrate(graph, [10.0, 0.0], [t], 1e-11)
        # dB_q/dt = W_p − W_q, and W_p falls by W_p′ W_p t, W_p′ = (1 + α)(B/B_m)^α = 1/2.
        assert b[0, 1] == pytest.approx(w * t * (1 - 0.25 * t), rel=1e-8)


def test_numbers_of_regions_mean_nothing():
    rng = np.random.default_rng(11)
    graph = random_graph(rng, 9)
    b0 = graph.laws.b_max * rng.uniform(0, 1, 9)
    order = rng.permutation(9)
    place = np.argsort(order)
    other = ExchangeGraph(
        graph.area[order],
        LawArray([graph.laws.laws[k] for k in order]),
        place[graph.pairs][:, ::-1],
        graph.conductance,
        np.zeros(9),
        0.0,
    )
    times = [0.1, 10.0, 1e4]
    b, _ = integrate(graph, b0, times, 1e-9)
    again, _ = integrate(other, b0[order], times, 1e-9)
    np.testing.assert_allclose(again, b[:, order], rtol=2e-9)


@pytest.mark.parametrize("seed", range(4))
def test_solutions_end_in_the_equilibrium(seed):
    """From two starts of equal flux: the equilibrium, which knows nothing of time, attracts both."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 5, strongest=8.0)
    b0 = graph.laws.b_max * rng.uniform(0.2, 0.6, 5)
    swap = np.zeros(5)
    swap[:2] = np.array([1.0, -1.0]) * 0.1 * min(b0[:2] * graph.area[:2]) / graph.area[:2]
    end = equilibrium(graph, b0)
    for start in (b0, b0 + swap):
        b, _ = integrate(graph, start, [1e14], 1e-10)
        np.testing.assert_allclose(b[0], end.b, rtol=1e-9)


OVERSHOOT = [
    ActivationLaw("linear", u0=5.0, b_max=20.0),
    ActivationLaw("linear", u0=5.0, b_max=100.0),
]


def test_fields_may_come_to_exceed_b_max():
    """B(0) ≤ B_m does not keep B(t) ≤ B_m (the paper asks no more): 15 → 22.8 by a root of W_p = W_q."""
    p, q = OVERSHOOT

    def excess(b):
        return float(flux_density(p, b, "extend") - flux_density(q, 110.0 - b, "extend"))

    end = brentq(excess, 15.0, 40.0, xtol=1e-13)
    assert end == pytest.approx(22.8, abs=0.05)
    b, _ = integrate(graph_of(OVERSHOOT, above="extend"), [15.0, 95.0], [1.0, 1e6], 1e-10)
    assert b[-1, 0] == pytest.approx(end, rel=1e-9)


@pytest.mark.parametrize("above", ["clamp", "extend"])
def test_through_b_max(above):
    """Accuracy across the kink that clamped laws have at B_m, against quadrature in two pieces."""
    graph = graph_of(OVERSHOOT, above=above)
    for b_p in (19.0, 20.5, 22.0):
        t = time_to_reach(graph, (15.0, 95.0), min(b_p, 20.0), above)
        if b_p > 20.0:
            t += time_to_reach(graph, (20.0, 90.0), b_p, above)
        b, _ = integrate(graph, [15.0, 95.0], [t], 1e-9)
        assert b[0, 0] == pytest.approx(b_p, rel=1e-9)


def test_where_fields_may_not_exceed_b_max():
    """`raise` names the region and the time, which quadrature confirms."""
    graph = graph_of(OVERSHOOT, above="raise")
    crossing = time_to_reach(graph, (15.0, 95.0), 20.0)
    with pytest.raises(
        ValueError, match=r"region 0: B comes to exceed B_m = 20.* at t = "
    ) as error:
        integrate(graph, [15.0, 95.0], [1e3], 1e-9)
    told = float(str(error.value).split("at t = ")[1].split(";")[0])
    assert told == pytest.approx(crossing, rel=1e-5)
    b, _ = integrate(graph, [15.0, 95.0], [0.9 * crossing], 1e-9)
    clamped, _ = integrate(graph_of(OVERSHOOT), [15.0, 95.0], [0.9 * crossing], 1e-9)
    np.testing.assert_array_equal(b, clamped)
    with pytest.raises(ValueError, match=r"region 1: .* at t = 0"):
        integrate(graph, [15.0, 101.0], [1.0], 1e-9)
    # The banded solver renumbers the regions; the message must not.
    law = ActivationLaw("linear", u0=5.0, b_max=100.0)
    row = graph_of([law, law, OVERSHOOT[0], law, law], above="raise")
    with pytest.raises(ValueError, match="region 2: B comes"):
        integrate(row, [95.0, 95.0, 15.0, 95.0, 95.0], [1e3], 1e-6, method="banded")


def test_resting_at_b_max_is_allowed():
    """Fig. 3 begins at B_p = B_pm; a region fed by W_e = B_m rests there."""
    integrate(fig3("linear", above="raise"), [20.0, 20.0], [1.0, 1e8], 1e-8)
    law = ActivationLaw("linear", u0=2.0, b_max=20.0)
    graph = graph_of([law], outside=[1.0], outside_flux=20.0, above="raise")
    b, _ = integrate(graph, [5.0], [1e4], 1e-8)
    assert b[0, 0] == pytest.approx(20.0, rel=1e-7)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=6)
def test_what_keeps_fields_below_b_max(seed):
    """max_i W_i(0) ≤ min_k B_km does."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 6, above="extend", strongest=10.0)
    b0 = graph.laws.b_max * rng.uniform(0, 1, 6)
    limit = graph.laws.b_max.min()
    most = graph.laws.inverse(np.log(limit))
    b, _ = integrate(graph, np.minimum(b0, most), np.geomspace(1e-2, 1e8, 12), 1e-9)
    assert (b <= graph.laws.b_max * (1 + 1e-8)).all()


def test_emptying_to_nothing():
    """An open region without barrier: B = B₀ e^{−t}, to the tolerance down to 10⁻⁸ B₀, and never below 0."""
    law = ActivationLaw("linear", u0=0.0, b_max=100.0)
    graph = graph_of([law], outside=[1.0])
    times = np.array([1.0, 10.0, 18.0, 1e3, 1e10])
    b, _ = integrate(graph, [80.0], times, 1e-8)
    np.testing.assert_allclose(b[:3, 0], 80 * np.exp(-times[:3]), rtol=1e-8)
    assert (b >= 0).all()
    assert (b[3:] < 1e-18).all()


def test_nearly_empty_regions_keep_their_digits():
    """Fields of one network over 25 decades of rates: B_p → 3.7·10⁻¹² of Fig. 3, linear, to the tolerance."""
    b, _ = integrate(fig3("linear"), [20.0, 20.0], [1e12], 1e-9)
    end = equilibrium(fig3("linear"), [20.0, 20.0]).b
    np.testing.assert_allclose(b[0], end, rtol=1e-8)


def grid_graph(n, seed=3):
    """n × n cells whose areas span a decade, α from 1 to 30."""
    rng = np.random.default_rng(seed)
    cell = 10 ** rng.uniform(-0.25, 0.25, (2, n))
    laws = random_laws(rng, n * n, strongest=29.0)
    laws = [
        ActivationLaw(law.kind, u0=1.0 + law.u0, b_max=law.b_max, exponent=law.exponent)
        for law in laws
    ]
    net = FluxNetwork.grid((n, n), cell, laws, attempt_rate=1.0, hop_distance=0.2)
    return net.graph, net.graph.laws.b_max * rng.uniform(0.3, 1.0, n * n)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (None, "LSODA, banded"),
        ("dense", "LSODA"),
        ("banded", "LSODA, banded"),
        ("sparse", "BDF, sparse"),
    ],
)
def test_solvers_of_larger_networks(method, name):
    """81 regions at 10⁻⁶ against Radau at 10⁻⁹: another method, other matrices."""
    graph, b0 = grid_graph(9)
    times = [0.0, 0.1, 10.0, 1e3, 1e6]
    b, used = integrate(graph, b0, times, 1e-6, method=method)
    assert used == name
    reference, _ = integrate(graph, b0, times, 1e-9, method="radau")
    np.testing.assert_allclose(b, reference, rtol=1e-6)


def test_a_thousand_regions_are_true_to_the_tolerance():
    """All 1024 fields to t = 10⁶ at 10⁻⁶, against another method, ten times tighter."""
    graph, b0 = grid_graph(32)
    times = np.r_[0.0, np.geomspace(1e-2, 1e6, 9)]
    b, _ = integrate(graph, b0, times, 1e-6)
    reference, _ = integrate(graph, b0, times, 1e-7, method="sparse")
    np.testing.assert_allclose(b, reference, rtol=1e-6)
    np.testing.assert_allclose(b @ graph.area, b0 @ graph.area, rtol=1e-12)


def test_large_networks_without_a_band_are_solved_sparse():
    """Every region joined to others at random: no order of them makes a narrow band."""
    rng = np.random.default_rng(2)
    n = 1000
    i, j = np.triu_indices(n, 1)
    chosen = rng.choice(len(i), 1500, replace=False)
    pairs = np.column_stack((np.r_[i[chosen], np.arange(n - 1)], np.r_[j[chosen], np.arange(1, n)]))
    pairs = np.unique(pairs, axis=0)
    law = ActivationLaw("logarithmic", u0=5.0, b_max=50.0)
    graph = ExchangeGraph(
        np.ones(n), LawArray([law] * n), pairs, np.full(len(pairs), 0.1), np.zeros(n), 0.0
    )
    b, used = integrate(graph, rng.uniform(5, 40, n), [1e9], 1e-4)
    assert used == "BDF, sparse"
    # Equal laws: equal fields in the end.
    np.testing.assert_allclose(b[0], b[0].mean(), rtol=1e-4)


@pytest.mark.slow
def test_ten_thousand_regions_are_true_to_the_tolerance():
    graph, b0 = grid_graph(100)
    times = np.geomspace(1e-2, 1e6, 9)
    b, _ = integrate(graph, b0, times, 1e-6)
    reference, _ = integrate(graph, b0, times, 1e-7, method="sparse")
    np.testing.assert_allclose(b, reference, rtol=1e-6)


def test_tightest_tolerance_changes_solver_where_it_must():
    """10⁻¹²: an explicit method first; where it would crawl, Radau goes on from there."""
    _, used = integrate(fig3("linear"), [20.0, 20.0], [100.0], 1e-12)
    assert used == "DOP853"
    # Exchange with a large region at the rate 10⁵, for long: stiff.
    law = ActivationLaw("linear", u0=0.0, b_max=100.0)
    graph = graph_of([law, law], area=[1e-5, 1.0])
    b, used = integrate(graph, [1.0, 2.0], [0.3], 1e-12)
    assert used == "DOP853, then Radau"
    np.testing.assert_allclose(b[0], (1e-5 + 2.0) / (1.0 + 1e-5), rtol=1e-12)


def test_times():
    graph = fig3("linear")
    start, used = integrate(graph, [20.0, 20.0], [0.0], 1e-8)
    np.testing.assert_array_equal(start, [[20.0, 20.0]])
    assert "none" in used
    # What is recorded changes no digit that was promised.
    many, _ = integrate(graph, [20.0, 20.0], np.linspace(0, 10, 101), 1e-9)
    one, _ = integrate(graph, [20.0, 20.0], 10.0, 1e-9)
    np.testing.assert_array_equal(many[0], [20.0, 20.0])
    np.testing.assert_allclose(many[-1], one[0], rtol=1e-9)


def nothing_below_one(b):
    return np.where(b < 1e-7, np.nan, 0.0)


def test_solver_that_gives_up_says_when():
    """A law from a function that is no number at small fields, reached after a while."""
    law = ActivationLaw.from_function(nothing_below_one, b_max=20.0)
    graph = graph_of([law], outside=[1.0])
    with pytest.raises(SolverError, match=r"gave up at t = 1[0-9.]+: .*larger rtol"):
        integrate(graph, [1.0], [1e3], 1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"times": []}, "times: shape"),
        ({"times": [[1.0]]}, "times: shape"),
        ({"times": ["soon"]}, "times = .*rising numbers"),
        ({"times": [-1.0]}, "times: -1.0; give finite numbers, 0 or more"),
        ({"times": [np.nan]}, "times: nan"),
        ({"times": [np.inf]}, "times: inf"),
        ({"times": [1.0, 1.0]}, r"times\[1\] = 1 does not exceed times\[0\] = 1"),
        ({"times": [2.0, 1.0]}, r"times\[1\] = 1 does not exceed times\[0\] = 2"),
        ({"rtol": 0.0}, "rtol = 0.0"),
        ({"rtol": 1e-13}, "rtol = 1e-13: give 1e-12 to 0.01"),
        ({"rtol": 0.5}, "rtol = 0.5: give"),
        ({"rtol": 1e-12, "method": "sparse"}, "rtol = 1e-12: method = 'sparse'.*'radau'"),
        ({"atol": -1.0}, "atol = -1.0"),
        ({"method": "euler"}, "method = 'euler': give one of dense"),
    ],
)
def test_refused(arguments, message):
    given = {"times": [1.0], "rtol": 1e-6, **arguments}
    with pytest.raises(ValueError, match=message):
        integrate(fig3("linear"), [20.0, 20.0], **given)


def test_temperature_zero_is_refused():
    law = ActivationLaw("linear", u0_energy=1.0, b_max=20.0).at(0.0)
    with pytest.raises(ValueError, match="temperature = 0: below B_m nothing hops"):
        integrate(graph_of([law, law]), [20.0, 5.0], [1.0], 1e-6)


def test_times_next_to_zero():
    """B = B(0) + t f(B(0)) to rounding, and at once: multistep solvers can stall there."""
    graph = random_graph(np.random.default_rng(3), 5)
    b0 = 0.7 * graph.laws.b_max
    for end in (1e-300, 1e-200, 1e-40):
        b, _ = integrate(graph, b0, [0.1 * end, end], 1e-8)
        np.testing.assert_array_equal(b, [b0, b0])
    # A region that was empty holds what has come in.
    law = ActivationLaw("logarithmic", u0=3.0, b_max=20.0)
    pair = FluxNetwork.two_regions(law, law, epsilon=0.5)
    assert pair.solve([20.0, 0.0], [1e-30]).b[0, 1] == pytest.approx(0.5 * 20.0 * 1e-30, rel=1e-12)
