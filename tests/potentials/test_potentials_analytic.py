"""London, Log, Pearl, TwoBessel against integral representations and known limits."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j0, jn_zeros

import potentials as pot


def bessel_k(order, x):
    """K_n(x) = ∫₀^∞ e^{−x cosh t} cosh(nt) dt: the trapezoidal rule converges geometrically."""
    t = np.linspace(0, 12, 4001)
    with np.errstate(over="ignore"):
        values = np.exp(-x * np.cosh(t)) * np.cosh(order * t)
    return t[1] * (values.sum() - 0.5 * values[0])


@pytest.mark.parametrize("r", [0.01, 0.5, 2.0, 9.0, 30.0])
def test_london(r):
    law = pot.London(f0=2.0)
    assert law.force(r) == pytest.approx(2 * bessel_k(1, r), rel=1e-12)
    assert law.energy(r) == pytest.approx(2 * bessel_k(0, r), rel=1e-12)


def test_london_in_si():
    """f0 = 2 is Φ₀²/(2πμ₀λ²) K₀(r/λ) with energies in ε₀ = Φ₀²/(4πμ₀λ²)."""
    flux, vacuum, depth = 2.067833848e-15, 4e-7 * math.pi, 90e-9
    energy_unit = flux**2 / (4 * math.pi * vacuum * depth**2)
    london = flux**2 / (2 * math.pi * vacuum * depth**2) * bessel_k(0, 3.0)
    assert pot.London().energy(3.0) * energy_unit == pytest.approx(london, rel=1e-12)


def test_london_tail_and_cutoff():
    assert pot.London().tail_energy(3.0) == pytest.approx(2 * math.pi * 3 * bessel_k(1, 3.0))
    assert pot.London(f0=7).cutoff == pot.London(f0=-0.1).cutoff
    assert bessel_k(1, pot.London().cutoff) == pytest.approx(1e-4 * bessel_k(1, 1.0), rel=1e-9)


def test_fourier_of_london_is_the_numerical_hankel_transform():
    k = np.array([0.0, 0.3, 1.0, 4.0, 15.0])
    numerical = pot.FromFunction(pot.London().force).fourier(k)
    assert numerical == pytest.approx(4 * math.pi / (k**2 + 1), abs=1e-9 * 4 * math.pi)


def test_fourier_of_a_gaussian():
    law = pot.FromFunction(lambda r: r * np.exp(-0.5 * r**2))
    k = np.array([0.0, 0.5, 2.0, 6.0])
    expected = 2 * math.pi * np.exp(-0.5 * k**2)
    assert law.fourier(k) == pytest.approx(expected, abs=1e-11)


def test_fourier_of_vav_fit_is_that_of_its_bessel_functions():
    law = pot.GLFit(1.7).pair(1, -1)  # Table 5: 3.632, 43.173
    k = np.array([0.0, 0.7, 3.0, 20.0])
    expected = -2 * math.pi * (3.632 / (k**2 + 1) + 43.173 / 1.7 / (k**2 + 1.7**2))
    assert law.fourier(k) == pytest.approx(expected, rel=1e-9)
    assert law.energy(2.0) == pytest.approx(
        -3.632 * bessel_k(0, 2.0) - 43.173 / 1.7 * bessel_k(0, 3.4), rel=1e-10
    )


def test_fourier_of_long_ranged_laws():
    assert pot.Log(q=3).fourier(2.0) == pytest.approx(2 * math.pi * 3 / 4)
    assert pot.Log().fourier(0.0) == math.inf
    assert pot.Log(q=-1).fourier(0.0) == -math.inf
    assert pot.Pearl(pearl_length=2.0).fourier(0.0) == math.inf
    assert math.isnan((pot.Log() - pot.Log()).fourier(0.0))
    assert pot.London().fourier(math.inf) == 0.0


def test_log():
    law = pot.Log(q=1.5)
    assert law.force(3.0) == 0.5
    assert law.energy(1.0) == 0.0 and law.energy(math.e) == pytest.approx(-1.5)
    assert law.cutoff == math.inf


@pytest.mark.parametrize("x", [1e-3, 0.3, 2.0, 9.99, 10.01, 40.0, 300.0])
def test_pearl_force_and_energy_are_positive_integrals(x):
    """H₀ − Y₀ = (2/π)∫e^{−xt}(1+t²)^{−½}dt and H₁ − Y₁ − 2/π = (2/π)∫e^{−xt} t(1+t²)^{−½}dt."""
    length = 4.0
    law = pot.Pearl(f0=2.0, pearl_length=length)

    def integral(power):
        def integrand(u):
            return math.exp(-u) * (u / x) ** power / math.hypot(1, u / x) / x

        pieces = [0, min(x, 1.0), 1.0 + x, 60.0 + x, 800.0 + x]
        return sum(quad(integrand, a, b, epsrel=1e-13)[0] for a, b in pairwise(pieces))

    assert law.energy(x * length) == pytest.approx(2 * integral(0), rel=1e-10)
    assert law.force(x * length) == pytest.approx(2 / length * integral(1), rel=1e-10)


@pytest.mark.parametrize("r", [0.5, 3.0, 25.0])
def test_pearl_energy_is_the_fourier_integral_of_its_transform(r):
    """U(r) = (1/2π)∫Û(k) J₀(kr) k dk, summed between the zeros of J₀ and Euler-averaged."""
    law = pot.Pearl(f0=2.0, pearl_length=5.0)
    zeros = jn_zeros(0, 60) / r
    edges = np.concatenate([np.linspace(0, zeros[0], 60), zeros[1:]])  # 1/(1 + kΛ) is steep at 0
    x, w = np.polynomial.legendre.leggauss(24)
    half = 0.5 * np.diff(edges)
    k = edges[:-1] + half + np.multiply.outer(x, half)
    sums = np.cumsum(w @ (law.fourier(k) * k * j0(k * r)) * half) / (2 * math.pi)
    sums = sums[-40:]
    while sums.size > 1:
        sums = 0.5 * (sums[1:] + sums[:-1])
    assert law.energy(r) == pytest.approx(sums[0], rel=1e-9)


def test_pearl_limits():
    law = pot.Pearl(f0=2.0, pearl_length=50.0)
    assert law.force(1e-3) * 1e-3 == pytest.approx(2.0, rel=1e-4)  # f0/r, as London and Log
    assert law.energy(1e-3) - law.energy(2e-3) == pytest.approx(2 * math.log(2), rel=1e-4)
    far = pot.Pearl(f0=2.0, pearl_length=0.05)
    # H₀ − Y₀ → (2/π)(1/x − 1/x³ + 9/x⁵): U → f0 Λ/r.
    x = 40.0 / 0.05
    assert far.energy(40.0) == pytest.approx(2 * (1 / x - 1 / x**3), rel=1e-10)
    assert far.force(40.0) == pytest.approx(2 / 0.05 * (1 / x**2 - 3 / x**4), rel=1e-9)
    for bad in (0.0, -1.0, math.nan, math.inf, "long"):
        with pytest.raises(ValueError, match="pearl_length = "):
            pot.Pearl(pearl_length=bad)


def two_bessel(**changes):
    arguments = {"mu": 1.7, "gamma1": (-1.9, -1.9), "gamma2": (-1.3, -1.3)} | changes
    return pot.TwoBessel(**arguments)


def test_two_bessel_is_equation_10():
    law = pot.TwoBessel(1.7, 1, 2, gamma1=(-1.9, -4.0), gamma2=(-1.3, -2.1))
    d = 6.5
    field, condensate = 2 * 2 * 1.3 * 2.1, 2 * 1.9 * 4.0
    force = field * bessel_k(1, d) - 1.7 * condensate * bessel_k(1, 1.7 * d)
    assert law.force(d) == pytest.approx(force, rel=1e-11)
    k = np.array([0.0, 1.3])
    expected = 2 * math.pi * (field / (k**2 + 1) - condensate / (k**2 + 1.7**2))
    assert law.fourier(k) == pytest.approx(expected)
    assert law.energy(d) == pytest.approx(
        field * bessel_k(0, d) - condensate * bessel_k(0, 1.7 * d), rel=1e-11
    )


def test_two_bessel_becomes_london_without_condensate():
    law = two_bessel(gamma1=(-1e-9, -1e-9), gamma2=(-1.0, -1.0))
    assert law.force(2.0) == pytest.approx(pot.London(2.0).force(2.0), rel=1e-12)


def test_two_bessel_vanishes_at_mu_1():
    gamma = (-1.70786, -1.70786)
    law = two_bessel(mu=1.0, gamma1=gamma, gamma2=gamma)
    assert law.force(3.0) == 0.0
    assert law.cutoff == pytest.approx(pot.London().cutoff)
    mixed = pot.TwoBessel(1.0, 1, -1, gamma1=gamma, gamma2=gamma)
    assert mixed.force(3.0) == pytest.approx(-4 * 1.70786**2 * bessel_k(1, 3.0))


def test_two_bessel_knows_the_gammas_of_small_windings():
    """At μ = 1 γ₁ = |n|γ₂, γ₂ = −1.70786 (n = 1) and −2.66829 (n = 2): V-V forces cancel."""
    law = pot.TwoBessel(1.0, 1, -2)
    assert law.gamma1 == pytest.approx((-1.70786, -2 * 2.66829), abs=1e-5)
    assert law.gamma2 == pytest.approx((-1.70786, -2.66829), abs=1e-5)
    assert pot.TwoBessel(1.0, 2, 3).force(3.0) == pytest.approx(0, abs=1e-4)
    # What is given stays.
    assert pot.TwoBessel(1.0, gamma2=(-1.5, -1.6)).gamma2 == (-1.5, -1.6)
    assert pot.TwoBessel(1.0, gamma2=(-1.5, -1.6)).gamma1 == pot.TwoBessel(1.0).gamma1
    assert pot.TwoBessel(kappa=0.5) == pot.TwoBessel(0.5 * math.sqrt(2))


def test_fits_are_weaker_than_equation_10_far_out():
    """γ₂ = −1.32665, γ₁ ≈ −3.3 at μ = 1.7: Eq. 17 with Table 1 has 0.8 of the tail (documented)."""
    law = two_bessel(gamma2=(-1.32665, -1.32665), gamma1=(-3.3, -3.3))
    r = np.array([8.0, 10.0, 12.0])
    fit = pot.GLFit(1.7).force(r)
    assert np.all((fit / law.force(r) > 0.81) & (fit / law.force(r) < 0.84))
    assert np.abs(fit - law.force(r)).max() < 0.002 * pot.peak_force(1.7)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"mu": 2.0}, "needs mu < 2.*gamma1 does not exist"),
        ({"mu": None, "kappa": 1.5}, "mu = 2.12.*needs mu < 2"),
        ({"mu": 1.96, "gamma1": None}, r"mu = 1.96: the table .* 1.95; give gamma1=\(…, …\)"),
        ({"mu": 0.09, "gamma2": None}, r"mu = 0.09: the table .* 0.1 ≤ mu"),
        ({"n2": 4, "gamma1": None}, r"winding 4, mu = 1.7: the table .* \|n\| ≤ 3"),
        ({"gamma2": (-1.0,)}, r"gamma2 = \(-1.0,\): give two numbers"),
        ({"gamma2": (-1.0, 0.5)}, "must be negative"),
        ({"gamma1": (math.nan, -1)}, "gamma1 = nan: must be finite"),
        ({"n1": 0}, "winding n1 = 0"),
        ({"mu": -1.0}, "mu = -1.0: must be positive"),
        ({"kappa": 1.0}, "exactly one"),
    ],
)
def test_two_bessel_rejects(changes, message):
    with pytest.raises(ValueError, match=message):
        two_bessel(**changes)


@pytest.mark.parametrize("bad", [math.nan, math.inf, "two", None])
def test_strengths_must_be_finite(bad):
    with pytest.raises(ValueError, match="f0 = "):
        pot.London(f0=bad)
    with pytest.raises(ValueError, match="q = "):
        pot.Log(q=bad)
    with pytest.raises(ValueError, match="f0 = "):
        pot.Pearl(f0=bad, pearl_length=1.0)
