"""One-sided closed forms against the equation they solve, quadrature and the full solution."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.special import exp1, factorial

from vortexmd.flux_exchange import ActivationLaw, FluxNetwork
from vortexmd.flux_exchange.approximate import (
    approximate,
    approximate_solution,
    departure_time,
)
from vortexmd.flux_exchange.solver import integrate

LAWS = [
    ("linear", None),
    ("logarithmic", None),
    ("inverse_power", 0.5),
    ("inverse_power", 1.0),
    ("inverse_power", 2.0),
]
IDS = [f"{kind}{'' if m is None else m}" for kind, m in LAWS]


def barrier(kind, m, alpha, b_max, b):
    """U/kT as the paper writes it (Eqs. 6, 7)."""
    if kind == "linear":
        return alpha * (1 - b / b_max)
    if kind == "logarithmic":
        return alpha * np.log(b_max / b)
    return alpha / m * ((b_max / b) ** m - 1)


def pair(p, q=None, *, epsilon=1.0, gamma=1.0, above="clamp"):
    q = q or ActivationLaw("linear", u0=75.0, b_max=100.0)
    return FluxNetwork.two_regions(p, q, epsilon=epsilon, gamma=gamma, above_b_max=above).graph


def figure_3(kind, epsilon=1.0):
    return pair(
        ActivationLaw(kind, u0=15.0, b_max=20.0),
        ActivationLaw(kind, u0=75.0, b_max=100.0),
        epsilon=epsilon,
    )


def time_by_quadrature(kind, m, alpha, b_max, b0, b, epsilon):
    """t = ∫ dB/(εW), in ln B and relative to the largest integrand, piece by piece."""
    top = barrier(kind, m, alpha, b_max, b)
    total = 0.0
    edges = np.linspace(np.log(b), np.log(b0), 41)
    for low, high in pairwise(edges):
        total += quad(
            lambda x: np.exp(barrier(kind, m, alpha, b_max, np.exp(x)) - top),
            *(low, high),
            epsabs=0,
            epsrel=1e-12,
        )[0]
    return np.exp(np.log(total) + top - np.log(epsilon))


@pytest.mark.parametrize("alpha", [0.3, 15.0, 200.0])
@pytest.mark.parametrize(("kind", "m"), LAWS, ids=IDS)
def test_closed_form_satisfies_the_equation(kind, m, alpha):
    """dB/d ln t by an eighth-order difference of the closed form, against −ε t W(B) of Eq. 15."""
    law = ActivationLaw(kind, u0=alpha, b_max=20.0, exponent=m)
    epsilon = 0.37
    weights = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
    for time in (0.5, 30.0, 1e4, 1e9):
        middle = approximate(pair(law, epsilon=epsilon), [17.0, 3.0], [time])[0, 0]
        if middle < 1e-100:
            continue  # gone
        # Steps over which neither ln t nor ln B changes by more than 0.02.
        fall = epsilon * time * np.exp(-barrier(kind, m, alpha, 20.0, middle))
        h = 0.02 / max(1.0, fall)
        t = time * np.exp(h * np.arange(-4, 5))
        b = approximate(pair(law, epsilon=epsilon), [17.0, 3.0], t)[:, 0]
        slope = weights @ b / h
        expected = -epsilon * time * b[4] * np.exp(-barrier(kind, m, alpha, 20.0, b[4]))
        assert slope == pytest.approx(expected, rel=1e-8, abs=1e-12 * b[4] / h)


@pytest.mark.parametrize("alpha", [0.3, 15.0, 500.0])
@pytest.mark.parametrize(("kind", "m"), LAWS, ids=IDS)
def test_time_by_quadrature(kind, m, alpha):
    """How long it takes to fall to B is ∫dB/(εW); the closed form has to be at B then."""
    law = ActivationLaw(kind, u0=alpha, b_max=20.0, exponent=m)
    b0, epsilon = 18.0, 2.3
    for b in (17.999, 15.0, 5.0, 0.3):
        if barrier(kind, m, alpha, 20.0, b) > 690:
            continue  # longer than any double
        t = time_by_quadrature(kind, m, alpha, 20.0, b0, b, epsilon)
        got = approximate(pair(law, epsilon=epsilon), [b0, 1.0], [t])[0, 0]
        assert got == pytest.approx(b, rel=1e-11)


@pytest.mark.parametrize(
    ("kind", "tau", "b_p"),
    [
        ("linear", 0.1, 18.80619672154),
        ("linear", 1.0, 16.46991505922),
        ("linear", 100.0, 10.91537486937),
        ("logarithmic", 0.1, 18.81484573112),
        ("logarithmic", 1.0, 16.62475792286),
        ("logarithmic", 100.0, 12.28206192851),
    ],
)
def test_figure_3(kind, tau, b_p):
    """In Fig. 3's setting they are the full solution to all its digits, in τ = εt alone."""
    for epsilon in (0.001, 0.5):
        b = approximate(figure_3(kind, epsilon), [20.0, 20.0], [tau / epsilon])[0]
        assert b == pytest.approx([b_p, 40.0 - b_p], rel=1e-12)


def test_series_of_eq_18_cancels():
    """The paper's series is E₁ at small x; in doubles it is worthless where Fig. 3 starts, at x = 15."""
    n = np.arange(1, 100)

    def series(x):
        return -np.euler_gamma - np.log(x) - np.sum((-x) ** n / (n * factorial(n)))

    for x in (0.01, 0.5, 2.0):
        assert series(x) == pytest.approx(exp1(x), rel=1e-13)
    # E₁ falls as e^{−x}: this is the error of x, and of B.
    assert abs(series(12.0) / exp1(12.0) - 1) > 1e-7
    assert abs(series(15.0) / exp1(15.0) - 1) > 1e-5
    assert abs(series(25.0) / exp1(25.0) - 1) > 1
    # At small x the closed form satisfies it: α = 2, from B_m.
    law = ActivationLaw("linear", u0=2.0, b_max=20.0)
    for t in (0.1, 3.0, 20.0):
        x = 2.0 * approximate(pair(law), [20.0, 20.0], [t])[0, 0] / 20.0
        assert series(x) - series(2.0) == pytest.approx(t * np.exp(-2.0), rel=1e-12)


@pytest.mark.parametrize("kind", ["linear", "logarithmic", "inverse_power"])
def test_no_barrier(kind):
    """α → 0 is the exponential, as long as U(B) is still small: the inverse power grows without bound."""
    m = 1.5 if kind == "inverse_power" else None
    t = np.array([0.0, 0.1, 1.0, 5.0])
    for alpha, tolerance in ((0.0, 1e-14), (1e-9, 1e-6)):
        law = ActivationLaw(kind, u0=alpha, b_max=30.0, exponent=m)
        b = approximate(pair(law, epsilon=0.7), [25.0, 0.0], t)[:, 0]
        assert b == pytest.approx(25.0 * np.exp(-0.7 * t), rel=tolerance)


def test_inverse_power_becomes_logarithmic():
    """m → 0, with an error of order m."""
    t = np.geomspace(1e-3, 1e12, 20)
    log_law = ActivationLaw("logarithmic", u0=12.0, b_max=20.0)
    b = approximate(pair(log_law), [19.0, 1.0], t)[:, 0]
    errors = []
    for m in (1e-3, 1e-5, 1e-7):
        law = ActivationLaw("inverse_power", u0=12.0, b_max=20.0, exponent=m)
        errors.append(np.abs(approximate(pair(law), [19.0, 1.0], t)[:, 0] / b - 1).max())
    # U differs by αmL²/2 and ln B by U/α: m L²/2, L = ln(B_m/B) ≤ 3.
    assert all(e < 4.5 * m for e, m in zip(errors, (1e-3, 1e-5, 1e-7), strict=True))
    assert errors[0] > 50 * errors[1] > 2500 * errors[2]


def test_either_source():
    """p ↔ q, and what one region loses the other gains, area by area."""
    p = ActivationLaw("linear", u0=15.0, b_max=20.0)
    q = ActivationLaw("logarithmic", u0=9.0, b_max=50.0)
    t = np.geomspace(1e-2, 1e6, 9)
    forth = pair(p, q, epsilon=1.0, gamma=2.5)
    # The same network told the other way round: ε_qp = ε_pq/γ.
    back = pair(q, p, epsilon=1.0 / 2.5, gamma=1.0 / 2.5)
    for source in (0, 1):
        b = approximate(forth, [18.0, 40.0], t, source=source)
        assert approximate(back, [40.0, 18.0], t, source=1 - source) == pytest.approx(
            b[:, ::-1], rel=1e-13
        )
        assert b @ [1.0, 2.5] == pytest.approx(np.full(9, 118.0), rel=1e-14)
        assert (np.diff(b[:, source]) < 0).all()


def test_above_b_max():
    """ "clamp" falls exponentially to B_m and then by the law; "extend" by the formula; "raise" refuses."""
    law = ActivationLaw("linear", u0=8.0, b_max=20.0)
    down = np.log(30.0 / 20.0) / 0.4
    t = np.array([0.0, 0.3 * down, down, down + 5.0, down + 1e4])
    b = approximate(pair(law, epsilon=0.4), [30.0, 0.0], t)[:, 0]
    assert b[:3] == pytest.approx(30.0 * np.exp(-0.4 * t[:3]), rel=1e-14)
    from_b_max = approximate(pair(law, epsilon=0.4), [20.0, 0.0], [5.0, 1e4])[:, 0]
    assert b[3:] == pytest.approx(from_b_max, rel=1e-12)
    for b_end in (25.0, 10.0):
        time = time_by_quadrature("linear", None, 8.0, 20.0, 30.0, b_end, 0.4)
        extended = approximate(pair(law, epsilon=0.4, above="extend"), [30.0, 0.0], [time])
        assert extended[0, 0] == pytest.approx(b_end, rel=1e-11)
    with pytest.raises(ValueError, match="exceeds B_m = 20"):
        approximate(pair(law, above="raise"), [30.0, 0.0], [1.0])


@settings(max_examples=80)
@given(
    law=st.sampled_from(LAWS),
    alpha=st.floats(0.0, 700.0),
    share=st.floats(1e-6, 1.0),
    epsilon=st.floats(1e-6, 1e6),
    gamma=st.floats(1e-3, 1e3),
)
def test_any_solution_empties_the_source(law, alpha, share, epsilon, gamma):
    """From the first instant to 1e300: between 0 and the start, never rising, no flux lost."""
    kind, m = law
    graph = pair(
        ActivationLaw(kind, u0=alpha, b_max=20.0, exponent=m), epsilon=epsilon, gamma=gamma
    )
    t = np.concatenate(([0.0], np.geomspace(1e-12, 1e300, 60)))
    b = approximate(graph, [20.0 * share, 7.0], t)
    assert b[0] == pytest.approx([20.0 * share, 7.0], rel=1e-15)
    assert (b >= 0).all()
    assert (np.diff(b[:, 0]) <= 0).all()
    assert b @ [1.0, gamma] == pytest.approx(20.0 * share + 7.0 * gamma, rel=1e-13)


def test_extremes():
    """No hops at all (temperature 0) and an empty source: nothing moves."""
    frozen = ActivationLaw("linear", u0_energy=1.0, b_max=20.0).at(0.0)
    assert (approximate(pair(frozen), [15.0, 1.0], [0.0, 1.0, 1e300]) == [15.0, 1.0]).all()
    law = ActivationLaw("logarithmic", u0=3.0, b_max=20.0)
    assert (approximate(pair(law), [0.0, 1.0], [0.0, 1e9]) == [0.0, 1.0]).all()
    # At 600 kT from B_m the first hops are as free as ever: B = B_m − (B_m/α) ln(1 + αεt).
    steep = ActivationLaw("linear", u0=600.0, b_max=20.0)
    b = approximate(pair(steep), [20.0, 1.0], [1.0])[0, 0]
    assert b == pytest.approx(20.0 - 20.0 / 600.0 * np.log(601.0), rel=1e-4)


def test_how_long_it_holds_in_figure_3():
    """ε = 0.5 s⁻¹, linear: 1e-12 up to 1e6 s, all wrong at 2e8 s; the logarithmic law holds for ever."""
    graph, start = figure_3("linear", 0.5), np.array([20.0, 20.0])
    t = np.array([1e4, 1e5, 1e6, 2e8])
    full, _ = integrate(graph, start, t, 1e-12)
    off = approximate(graph, start, t)[:, 0] / full[:, 0] - 1
    assert np.abs(off[:3]).max() < 1e-12
    # What comes back is W_q ≤ W_q(40 G) at all times, so this bound needs no solver.
    assert 0.5 * 1e6 * 40.0 * np.exp(-75 * (1 - 0.4)) / full[2, 0] < 1e-12
    assert off[3] == pytest.approx(-0.99, abs=0.005)
    departure = departure_time(graph, start)
    assert departure == pytest.approx(1.40e8, rel=0.005)
    # Solutions depend on εt alone.
    assert departure_time(figure_3("linear", 0.1), start) == pytest.approx(5 * departure, rel=2e-5)
    assert departure_time(graph, start, horizon=0.9 * departure) == np.inf
    assert departure_time(graph, start, horizon=2 * departure) == pytest.approx(departure, rel=2e-5)
    assert departure_time(figure_3("logarithmic", 0.5), start) > 1e26


def deviation_by_its_own_equation(graph, start, law_p, law_q, time):
    """1 − B_approximate/B from y = ln(B/B_approximate), y′ = ε(e^{−U_a} − e^{−U}) + εW_q/B, in ln t."""
    kind, alpha, b_max = law_p
    ratio = graph.area[0] / graph.area[1]
    epsilon = graph.conductance[0] / graph.area[0]

    def rates(log_t, state):
        log_b, y = state
        b = np.exp(log_b + y)
        b_q = start[1] + ratio * (start[0] - b)
        u, u_a = (barrier(kind, None, alpha, b_max, x) for x in (b, np.exp(log_b)))
        w_q = b_q * np.exp(-barrier(law_q[0], None, law_q[1], law_q[2], b_q))
        gain = np.exp(-u_a) * -np.expm1(u_a - u) + w_q / b
        return epsilon * np.exp(log_t) * np.array([-np.exp(-u_a), gain])

    first = -30.0 - np.log(epsilon)
    found = solve_ivp(
        rates,
        (first, np.log(time)),
        [np.log(start[0]), 0.0],
        "Radau",
        rtol=1e-9,
        atol=[1e-12, 1e-13],
    )
    return -np.expm1(-found.y[1, -1])


@pytest.mark.parametrize(
    ("law_p", "law_q", "start"),
    [
        (("linear", 15.0, 20.0), ("linear", 75.0, 100.0), (20.0, 20.0)),
        (("linear", 5.0, 20.0), ("linear", 12.0, 60.0), (20.0, 20.0)),
        (("logarithmic", 4.0, 20.0), ("logarithmic", 6.0, 30.0), (15.0, 20.0)),
    ],
)
def test_departure_time(law_p, law_q, start):
    """At the time found, the deviation's own equation has come to the fraction asked for."""
    graph = pair(*(ActivationLaw(k, u0=a, b_max=b) for k, a, b in (law_p, law_q)), gamma=1.7)
    for fraction in (1e-4, 0.01, 0.5):
        time = departure_time(graph, start, fraction=fraction)
        off = deviation_by_its_own_equation(graph, start, law_p, law_q, time)
        assert off == pytest.approx(fraction, rel=1e-3)


def test_weak_contrast_departs_within_seconds():
    """Two regions nearly alike at ε = 0.5 s⁻¹; of two exactly alike, at once: B(t) stays, δ = εt."""
    p = ActivationLaw("linear", u0=15.0, b_max=20.0)
    near = pair(p, ActivationLaw("linear", u0=16.0, b_max=21.0), epsilon=0.5)
    assert 0.01 < departure_time(near, [20.0, 20.0]) < 1.0
    alike = departure_time(pair(p, p, epsilon=0.5), [20.0, 20.0], fraction=1e-4)
    # From W = B: B_approximate = B (1 − εt + …), the next term α (εt)²/2.
    assert alike == pytest.approx(1e-4 / 0.5, rel=1e-3)


def test_the_wrong_source_departs_at_once():
    """In Fig. 3 q gains: without what comes from p it is off by 1 % when p has lost 0.2 G."""
    time = departure_time(figure_3("linear", 0.5), [20.0, 20.0], source=1)
    full, _ = integrate(figure_3("linear", 0.5), np.array([20.0, 20.0]), np.array([time]), 1e-10)
    assert full[0] == pytest.approx([20.0 - 0.2 / 0.99, 20.0 + 0.2 / 0.99], rel=1e-5)


def test_departures_that_never_are():
    p = ActivationLaw("linear", u0=15.0, b_max=20.0)
    assert departure_time(pair(p, epsilon=0.0), [20.0, 20.0]) == np.inf
    # Nothing can come back: the partner's barrier is beyond any double.
    deep = ActivationLaw("linear", u0=3000.0, b_max=100.0)
    assert departure_time(pair(p, deep), [20.0, 20.0]) == np.inf
    # An empty source is off as soon as anything enters.
    assert departure_time(pair(p), [0.0, 20.0]) == 0.0
    assert departure_time(pair(p), [0.0, 0.0]) == np.inf


def test_solution_object():
    graph = figure_3("linear", 0.5)
    found = approximate_solution(graph, [20.0, 20.0], [1.0, 2.0], fraction=0.02)
    assert (found.b == approximate(graph, [20.0, 20.0], [1.0, 2.0])).all()
    assert found.times.tolist() == [1.0, 2.0]
    assert (found.source, found.fraction) == (0, 0.02)
    assert found.departure_time == departure_time(graph, [20.0, 20.0], fraction=0.02)
    soon = approximate_solution(graph, [20.0, 20.0], [1.0, 2.0], fraction=0.02, horizon=2.0)
    assert soon.departure_time == np.inf


def test_bad_input():
    law = ActivationLaw("linear", u0=15.0, b_max=20.0)
    graph = pair(law)
    own = ActivationLaw.from_function(lambda b: 5 * (1 - b / 20.0), b_max=20.0)
    with pytest.raises(ValueError, match="no closed form; give the source a linear"):
        approximate(pair(own), [10.0, 10.0], [1.0])
    # A partner may have any law.
    assert approximate(pair(law, own), [10.0, 10.0], [1.0]).shape == (1, 2)
    three = FluxNetwork.chain(law, 1.0, 1.0, 0.5, cells=3)
    with pytest.raises(ValueError, match="3 regions; the approximate solutions are of two"):
        approximate(three.graph, [1.0, 1.0, 1.0], [1.0])
    cylinder = FluxNetwork.cylinder(
        10.0, 1.0, bulk=law, surface=law, attempt_rate=1.0, hop_distance=0.5
    )
    with pytest.raises(ValueError, match="open network"):
        departure_time(cylinder.graph, [1.0, 1.0])
    for b0 in ([1.0], [1.0, -1.0], [1.0, np.nan], "full"):
        with pytest.raises(ValueError, match=r"b0 = .*give two"):
            approximate(graph, b0, [1.0])
    for times in ([-1.0], [np.inf], [2.0, 1.0], []):
        with pytest.raises(ValueError, match="times"):
            approximate(graph, [10.0, 10.0], times)
    with pytest.raises(ValueError, match="source = 2"):
        approximate(graph, [10.0, 10.0], [1.0], source=2)
    for fraction in (0.0, 1e-7, 1.0):
        with pytest.raises(ValueError, match="fraction"):
            departure_time(graph, [10.0, 10.0], fraction=fraction)
    with pytest.raises(ValueError, match="horizon"):
        departure_time(graph, [10.0, 10.0], horizon=-1.0)
