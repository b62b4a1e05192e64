"""Activation laws against the paper's formulas in complex arithmetic, brackets, limits, published numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from vortexmd.flux_exchange import ActivationLaw
from vortexmd.flux_exchange.laws import LawArray

# m of the family of laws, and the law.
POWERS = {
    -1.0: lambda u0, b_max: ActivationLaw("linear", u0=u0, b_max=b_max),
    0.0: lambda u0, b_max: ActivationLaw("logarithmic", u0=u0, b_max=b_max),
    0.5: lambda u0, b_max: ActivationLaw("inverse_power", u0=u0, b_max=b_max, exponent=0.5),
    1.0: lambda u0, b_max: ActivationLaw("inverse_power", u0=u0, b_max=b_max, exponent=1.0),
    1.7: lambda u0, b_max: ActivationLaw("inverse_power", u0=u0, b_max=b_max, exponent=1.7),
}


def log_flux(m, u0, b_max, b):
    """ln W by Eqs. 4, 6, 7, for real and complex fields."""
    if m == -1.0:
        return np.log(b) - u0 * (1 - b / b_max)
    if m == 0.0:
        return np.log(b) - u0 * np.log(b_max / b)
    return np.log(b) - u0 / m * ((b_max / b) ** m - 1)


@pytest.mark.parametrize(
    ("m", "w"), [(-1.0, 5.53084e-3), (0.0, 10 / 2**15), (0.5, 4.01125e-5), (1.0, 3.05902e-6)]
)
def test_flux_density_of_the_note(m, w):
    """Values worked out by hand at B = 10, B_m = 20, α = 15; six digits are given."""
    assert POWERS[m](15.0, 20.0).flux(10.0) == pytest.approx(w, rel=2e-6)


@pytest.mark.parametrize("m", POWERS)
def test_nothing_holds_vortices_at_b_max(m):
    law = POWERS[m](15.0, 20.0)
    assert law.energy(20.0) == pytest.approx(0.0, abs=1e-14)
    assert law.flux(20.0) == pytest.approx(20.0, rel=1e-14)


@pytest.mark.parametrize("m", POWERS)
@pytest.mark.parametrize("above", ["clamp", "extend"])
def test_slope_is_the_derivative(m, above):
    """Complex step through the paper's formula: no differences, no cancellation."""
    laws = LawArray([POWERS[m](7.0, 30.0)], above)
    b = np.geomspace(1.5, 29.9, 50)
    step = 1e-15
    w = np.exp(log_flux(m, 7.0, 30.0, b + 1j * step))
    np.testing.assert_allclose(laws.slope(b), w.imag / step, rtol=1e-12)
    np.testing.assert_allclose(laws.flux(b), w.real, rtol=1e-12)


@pytest.mark.parametrize("m", POWERS)
def test_above_b_max(m):
    """`clamp`: every attempt is a hop; `extend`: the formula; `raise`: an error that says where."""
    b = np.array([31.0, 45.0])
    law = POWERS[m](7.0, 30.0)
    np.testing.assert_array_equal(LawArray([law], "clamp").flux(b), b)
    np.testing.assert_array_equal(LawArray([law], "clamp").slope(b), 1.0)
    extended = LawArray([law], "extend")
    np.testing.assert_allclose(extended.flux(b), np.exp(log_flux(m, 7.0, 30.0, b)), rtol=1e-12)
    assert (extended.flux(b) > b).all()
    with pytest.raises(ValueError, match=r"region 0: B = 31 exceeds B_m = 30.*'clamp' or 'extend'"):
        LawArray([law], "raise").flux(b)


@given(
    m=st.sampled_from(list(POWERS)),
    u0=st.floats(0.01, 200.0),
    b_max=st.floats(0.1, 1e3),
    share=st.floats(1e-6, 1.0),
)
def test_inverse_against_a_bracketed_root(m, u0, b_max, share):
    """ln W, found back by bisection of the paper's formula: no Wright function."""
    if m > 0 and u0 / m * share**-m > 1e5:
        share = 0.2
    log_w = float(log_flux(m, u0, b_max, share * b_max))
    found = float(LawArray([POWERS[m](u0, b_max)]).inverse(log_w)[0])

    def excess(log_b):
        return float(log_flux(m, u0, b_max, np.exp(log_b))) - log_w

    middle = np.log(share * b_max)
    root = np.exp(brentq(excess, middle - 1.0, middle + 1.0, xtol=1e-15, rtol=1e-15))
    # ln W carries the rounding of U, which 1/(1 + αy) < 1 brings back to ln B.
    assert found == pytest.approx(root, rel=1e-12)


def test_inverse_where_w_is_no_number_any_more():
    """W = e^{−10⁴} underflows; its field by the closed form of the logarithmic law."""
    laws = LawArray([POWERS[0.0](999.0, 20.0)])
    assert float(laws.inverse(-1e4)[0]) == pytest.approx(
        np.exp((-1e4 + 999 * np.log(20)) / 1000), rel=1e-13
    )


def test_inverse_of_many_laws_each_at_its_own_w():
    laws = LawArray([make(9.0, 30.0) for make in POWERS.values()])
    b = np.array([1.0, 2.0, 3.0, 10.0, 29.0])
    log_w = np.array([log_flux(m, 9.0, 30.0, x) for m, x in zip(POWERS, b, strict=True)])
    np.testing.assert_allclose(laws.inverse(log_w), b, rtol=1e-13)


def test_inverse_above_b_max():
    clamp, extend = (LawArray([POWERS[-1.0](5.0, 20.0)], above) for above in ("clamp", "extend"))
    assert clamp.inverse(np.log(30.0)) == pytest.approx(30.0, rel=1e-14)
    b = float(extend.inverse(np.log(30.0))[0])
    assert 20 < b < 30
    assert log_flux(-1.0, 5.0, 20.0, b) == pytest.approx(np.log(30.0), rel=1e-13)


def test_small_exponents_tend_to_the_logarithm():
    """U differs from the logarithmic law by (α/2) m x² to first order in m."""
    b, u0, b_max = 3.0, 8.0, 20.0
    x = np.log(b_max / b)
    for m in (1e-3, 1e-5, 1e-7):
        law = ActivationLaw("inverse_power", u0=u0, b_max=b_max, exponent=m)
        difference = float(law.energy(b)) - u0 * x
        # The next term is m x/3 of it; u0·x has 15 digits after it.
        assert difference == pytest.approx(0.5 * u0 * m * x**2, rel=m * x, abs=1e-14 * u0 * x)


def test_misprint_of_the_inverse_power():
    """The paper prints (B_bm/B_m)^μ, which is 1: no barrier at any field. Meant is (B_bm/B_b)^μ."""
    law = POWERS[1.0](12.0, 30.0)
    np.testing.assert_allclose(law.energy([30.0, 15.0, 10.0, 3.0]), [0.0, 12.0, 24.0, 108.0])


@pytest.mark.parametrize("m", POWERS)
def test_empty_regions(m):
    """W(0) = 0; W′(0) = 0 too but for the linear law, whose barrier stays finite: W′(0) = e^{−α}."""
    laws = LawArray([POWERS[m](4.0, 20.0)])
    assert laws.flux(np.zeros(1))[0] == 0.0
    assert laws.slope(np.zeros(1))[0] == pytest.approx(np.exp(-4.0) if m == -1 else 0.0)


def test_logarithmic_law_is_smooth_at_zero():
    """W′ exists and is continuous at B = 0, against the paper's Sec. III A 2: (W(h) − W(0))/h → 0 as h^α."""
    laws = LawArray([POWERS[0.0](2.0, 20.0)])
    h = np.array([1e-2, 1e-4, 1e-6])
    np.testing.assert_allclose(laws.flux(h) / h, (h / 20.0) ** 2, rtol=1e-12)
    np.testing.assert_allclose(laws.slope(h), 3 * (h / 20.0) ** 2, rtol=1e-12)


def test_no_barrier():
    laws = LawArray([make(0.0, 20.0) for make in POWERS.values()])
    b = np.array([0.0, 1e-3, 1.0, 5.0, 20.0])
    np.testing.assert_array_equal(laws.flux(b), b)
    np.testing.assert_allclose(laws.slope(b), 1.0)
    np.testing.assert_allclose(laws.inverse(np.log(7.0)), 7.0)


def test_barrier_as_an_energy_follows_the_temperature():
    law = ActivationLaw("linear", u0_energy=3.0, b_max=20.0)
    assert law.at(0.2).u0 == pytest.approx(15.0)
    assert law.at(0.2).flux(10.0) == pytest.approx(5.53084e-3, rel=2e-6)
    # No hops at all without temperature.
    assert law.at(0.0).flux(10.0) == 0.0
    with pytest.raises(ValueError, match="temperature: missing"):
        law.at(None)


def sample_function(b):
    return 9.0 * (1.0 - (b / 30.0) ** 2)


def test_law_from_a_function():
    """U = 9(1 − (B/30)²) against its own formula, derivative by complex step, inverse by substitution."""
    laws = LawArray([ActivationLaw.from_function(sample_function, b_max=30.0)])
    b = np.geomspace(0.1, 29.0, 20)
    w = (b + 1e-30j) * np.exp(-sample_function(b + 1e-30j))
    np.testing.assert_allclose(laws.flux(b), w.real, rtol=1e-13)
    # Central differences with a step of 10⁻⁵ B.
    np.testing.assert_allclose(laws.slope(b), w.imag / 1e-30, rtol=1e-7)
    for field in b:
        log_w = float(np.log(field) - sample_function(field))
        assert float(laws.inverse(log_w)[0]) == pytest.approx(field, rel=1e-12)
    assert laws.flux(np.array([40.0]))[0] == 40.0


def falling(b):
    return 100.0 * b / 30.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ActivationLaw("cubic", u0=1.0, b_max=1.0),
            "law.kind = 'cubic': give one of linear",
        ),
        (lambda: ActivationLaw("linear", u0=1.0), "law.b_max: missing"),
        (lambda: ActivationLaw("linear", u0=1.0, b_max=0.0), "law.b_max = 0.0"),
        (lambda: ActivationLaw("linear", u0=1.0, b_max=np.nan), "law.b_max = nan"),
        (lambda: ActivationLaw("linear", u0=-1.0, b_max=1.0), "law.u0 = -1.0"),
        (lambda: ActivationLaw("linear", u0=np.inf, b_max=1.0), "law.u0 = inf"),
        (lambda: ActivationLaw("linear", b_max=1.0), "give one of the two"),
        (lambda: ActivationLaw("linear", u0=1.0, u0_energy=1.0, b_max=1.0), "give one of the two"),
        (
            lambda: ActivationLaw("linear", u0=1.0, b_max=1.0, exponent=1.0),
            "law.exponent: does not",
        ),
        (lambda: ActivationLaw("inverse_power", u0=1.0, b_max=1.0), "law.exponent: missing"),
        (
            lambda: ActivationLaw("inverse_power", u0=1.0, b_max=1.0, exponent=-1.0),
            "law.exponent = -1.0",
        ),
        (lambda: ActivationLaw("function", b_max=1.0), "use ActivationLaw.from_function"),
        (
            lambda: ActivationLaw("linear", u0=1.0, b_max=1.0, function=falling),
            "law.function: does not go",
        ),
        (lambda: ActivationLaw.from_function(falling, 30.0), "does not rise at B = "),
        (lambda: ActivationLaw.from_function(lambda b: 1.0, 30.0), "an array of the shape of B"),
        (lambda: ActivationLaw.from_function(lambda b: b * np.nan, 30.0), "601 NaN"),
        (lambda: LawArray([POWERS[0.0](1.0, 1.0)], "flow"), "above_b_max = 'flow': give one of"),
        (
            lambda: LawArray([ActivationLaw("linear", u0_energy=1.0, b_max=1.0)]),
            "temperature: missing",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        make()
