"""What must hold for every potential, whatever its law."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot

inf = float("inf")


def screened(r):
    return np.exp(-r) * (1 + r) / r**2


def gaussian(r):
    return r * np.exp(-(r**2))


def gaussian_energy(r):
    return 0.5 * np.exp(-(r**2))


GRID = np.linspace(0, 12, 300)
BESSEL = pot.TwoBessel(1.7, 1, 1, gamma1=(-1.9, -1.9), gamma2=(-1.33, -1.33))
INTERACTION = pot.Interaction(
    {(1, 1): pot.GLFit(1.35), (1, -1): pot.London(), (2, 2): pot.Tabulated(GRID, gaussian(GRID))}
)

# Everything that a script can make; all have a force at (1, 1).
ALL = {
    "London": pot.London(),
    "London attracting": pot.London(f0=-0.3, cutoff=4.0),
    "Log": pot.Log(q=0.7),
    "Pearl": pot.Pearl(pearl_length=5.0),
    "Pearl short": pot.Pearl(f0=1.0, pearl_length=0.2),
    "TwoBessel": BESSEL,
    "TwoBessel V-AV": pot.TwoBessel(0.6, 1, -1, gamma1=(-1.2, -1.2), gamma2=(-2.5, -2.5)),
    "Tabulated": pot.Tabulated(GRID, gaussian(GRID)),
    "FromFunction": pot.FromFunction(gaussian),
    "FromFunction with energy": pot.FromFunction(gaussian, gaussian_energy),
    "FromFunction diverging": pot.FromFunction(screened, scales_with_winding=True),
    "sum": pot.London() + pot.GLFit(1.7) - 0.5 * pot.Log(),
    "multiple": -2.5 * pot.GLFit(0.6),
    "multiple of a sum": 3 * (pot.GLFit(0.6) + pot.London(0.1)),
    "Interaction": INTERACTION,
    "Interaction (-1, 1)": INTERACTION.pair(-1, 1),
    "Interaction (2, 2)": INTERACTION.pair(2, 2),
    "GLFit mu = 1": pot.GLFit(1.0),
    "extrapolated": pot.GLFit(3.0, extrapolate=True),
    "extrapolated V-AV": pot.GLFit(0.15, extrapolate=True).pair(1, -1),
}
for _mu in (0.2, 0.47, 0.8, 0.97, 1.04, 1.7, 2.5):
    ALL[f"GLFit {_mu}"] = pot.GLFit(_mu)
    ALL[f"V-GV {_mu}"] = pot.GLFit(_mu).pair(2, 1)
for _mu in (0.3, 0.77, 1.0, 1.7, 2.33):
    ALL[f"V-AV {_mu}"] = pot.GLFit(_mu).pair(1, -1)
for _mu in (0.2, 0.97, 1.0, 1.7, 10.0):
    for _pair in ((1, 1), (1, 2), (2, -1)):
        ALL[f"GLTable {_pair} {_mu}"] = pot.GLTable(_mu, *_pair)
for _mu, _s, _n2 in ((0.4, 0.1, 2), (0.97, 3.0, 1), (1.0, 1.0, -1), (1.7, 1.0, 1), (2.5, 10.0, -1)):
    ALL[f"GLDynamic {_n2} {_mu}"] = pot.GLDynamic(_mu, _s, 1, _n2)
for _mu in (0.3, 0.77, 1.0, 1.7):
    for _kind in ("V-V", "V-GV", "V-AV"):
        ALL[f"formula {_kind} {_mu}"] = pot.GLPair(_kind, _mu, source="formula")

every = pytest.mark.parametrize("law", ALL.values(), ids=ALL.keys())
X, W = np.polynomial.legendre.leggauss(16)


@every
def test_energy_differences_are_the_work_of_the_force(law):
    # ∫F over [a, b] by Gauss's rule against U(a) − U(b): the finite form of F = −dU/dr.
    edges = np.geomspace(1e-3, 40.0, 241)
    half = 0.5 * np.diff(edges)
    r = edges[:-1] + half + np.multiply.outer(X, half)
    work = W @ law.force(r) * half
    drop = -np.diff(law.energy(edges))
    scale = np.abs(law.force(np.geomspace(0.2, 40, 300))).max()
    # Splines are not smooth at their knots, solved tables where they end: Gauss's rule itself is
    # good to 1e-7 there.
    accuracy = 1e-6 if "Tab" in repr(law) or "Dynamic" in repr(law) else 1e-9
    assert np.all(np.abs(work - drop) <= accuracy * half * (scale + np.abs(work) / half) + 1e-14)


@every
def test_force_is_minus_the_slope_of_the_energy(law):
    r = np.geomspace(0.05, 25, 200)
    h = 2e-3 * r
    e = law.energy
    slope = (8 * (e(r + h) - e(r - h)) - (e(r + 2 * h) - e(r - 2 * h))) / (12 * h)
    force = law.force(r)
    assert np.all(np.abs(force + slope) <= 1e-6 * np.abs(force).max() * np.maximum(1, 0.2 / r))


@every
def test_limits(law):
    at_zero = law.force(0.0)
    assert law.bounded == math.isfinite(at_zero)
    if law.bounded:
        assert law.force(1e-9) == pytest.approx(at_zero, abs=1e-7)
        assert law.energy(0.0) == pytest.approx(law.energy(1e-9), rel=1e-7, abs=1e-12)
    else:
        assert at_zero == math.copysign(inf, law.force(1e-9))
        assert law.energy(0.0) == math.copysign(inf, law.energy(1e-12))
    assert law.force(inf) == 0.0
    far = law.energy(inf)
    if "Log" in repr(law):
        assert far == math.copysign(inf, law.energy(1e6))
    else:
        assert far == 0.0
        assert abs(law.energy(1e5)) < 1e-3 * abs(law.energy(0.5)) + 1e-15


@every
def test_shapes(law):
    assert type(law.force(1.0)) is float
    assert type(law.energy(np.float64(1.0))) is float
    assert type(law.force(2)) is float
    for shape in ((), (0,), (3,), (2, 3), (2, 0)):
        r = np.full(shape, 1.3)
        for values in (law.force(r), law.energy(r)):
            assert isinstance(values, np.ndarray) and values.shape == shape
    assert law.force([1.3, 0.0])[0] == law.force(1.3)
    assert law.fourier(np.full((2, 1), 0.7)).shape == (2, 1)
    assert type(law.fourier(0.7)) is float


@every
def test_extreme_radii_give_no_floating_point_warning(law):
    r = np.array([0, 5e-324, 1e-250, 1e-150, 1e-30, 1e-9, 700, 1e4, 1e30, 1e150, 1e300, inf])
    assert not np.isnan(law.force(r)).any()
    assert not np.isnan(law.energy(r)).any()


@every
@pytest.mark.parametrize("bad", [-1.0, math.nan, -1e-300])
def test_bad_radii_are_named(law, bad):
    for function in (law.force, law.energy):
        with pytest.raises(ValueError, match=f"r = {bad}"):
            function(np.array([[1.0, bad]]))
    with pytest.raises(ValueError, match=f"k = {bad}"):
        law.fourier(bad)


def test_radii_that_are_no_numbers():
    for bad in ("1.0", 1j, None, ["a"]):
        with pytest.raises(ValueError, match="real numbers"):
            pot.London().force(bad)


@every
def test_repr_evaluates_back_and_equality_is_by_value(law):
    names = vars(pot) | {"inf": inf} | {f.__name__: f for f in (gaussian, screened)}
    names |= {"gaussian_energy": gaussian_energy}
    again = eval(repr(law), names)
    assert again == law and hash(again) == hash(law)
    assert again.cutoff == law.cutoff
    assert law != "law" and law != pot.London(f0=123.0)


@every
def test_frozen_and_copied_by_value(law):
    with pytest.raises(dataclasses.FrozenInstanceError):
        law.cutoff = 1.0
    law.energy(1.0)  # fills the caches that must not travel
    for again in (pickle.loads(pickle.dumps(law)), copy.deepcopy(law)):
        assert again == law
        assert again.energy(1.7) == law.energy(1.7)
        assert again.mu == law.mu and again.bounded == law.bounded


@every
def test_default_cutoff_is_where_the_force_has_fallen(law):
    if law._given_cutoff is not None or isinstance(law, (pot.Sum, pot.Scaled, pot.Interaction)):
        return
    if isinstance(law, pot.PairLaw) or law.cutoff == inf or law.force(2.0) == 0:
        return
    reference = np.abs(law.force(np.linspace(0, 40, 40001))).max() if law.bounded else None
    if reference is None or (isinstance(law, (pot.GLTable, pot.GLDynamic)) and law.n2 < 0):
        # A vortex and an antivortex never come nearer than d_A: that is where their force peaks.
        antipair = isinstance(law, (pot.GLPair, pot.GLTable, pot.GLDynamic))
        nearest = pot.annihilation_separation(law.mu, extrapolate=True) if antipair else 1.0
        reference = abs(law.force(float(nearest)))
    assert abs(law.force(law.cutoff)) == pytest.approx(1e-4 * reference, rel=1e-5)
    assert np.abs(law.force(law.cutoff * np.linspace(1.0001, 3, 50))).max() < 1e-4 * reference


@every
def test_explicit_cutoffs(law):
    if isinstance(law, (pot.Tabulated, pot.FromFunction, pot.Interaction)):
        return  # their constructors take other names than their fields; tested on their own
    assert dataclasses.replace(law, cutoff=3.5).cutoff == 3.5
    assert dataclasses.replace(law, cutoff=inf).cutoff == inf
    for bad in (0, -1.0, math.nan, -inf, "far"):
        with pytest.raises(ValueError, match="cutoff = "):
            dataclasses.replace(law, cutoff=bad)


@every
def test_tail_energy_is_the_integral_beyond_the_cutoff(law):
    tail = law.tail_energy(3.0)
    if any(name in repr(law) for name in ("Log", "Pearl")):
        assert tail == inf and law.tail_energy(inf) == inf
        return
    edges = np.linspace(3.0, 403.0, 4001)
    half = 0.5 * np.diff(edges)
    r = edges[:-1] + half + np.multiply.outer(X, half)
    expected = math.pi * np.sum(W @ (law.energy(r) * r) * half)
    assert tail == pytest.approx(expected, rel=1e-6, abs=1e-10)
    assert law.tail_energy(inf) == 0.0
    assert law.tail_energy() == law.tail_energy(law.cutoff)
    with pytest.raises(ValueError, match="cutoff = -1"):
        law.tail_energy(-1.0)


@every
def test_plot(law):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    assert law.plot(ax) is ax
    assert ax.get_xlabel() == "r / λ" and "force / Ω₀" in ax.get_ylabel()
    assert [line.get_label() for line in ax.lines[1:]] == ["force / Ω₀", "energy / ε₀"]
    plt.close(figure)


@settings(max_examples=60, deadline=None)
@given(
    r=st.floats(0.01, 30),
    factor=st.floats(-10, 10),
    names=st.tuples(
        *[st.sampled_from(["London", "Pearl", "GLFit 1.7", "V-AV 0.77", "Tabulated"])] * 2
    ),
)
def test_algebra_is_pointwise(r, factor, names):
    a, b = (ALL[name] for name in names)
    for combined, value in (
        (a + b, lambda law: getattr(a, law)(r) + getattr(b, law)(r)),
        (a - b, lambda law: getattr(a, law)(r) - getattr(b, law)(r)),
        (factor * a, lambda law: factor * getattr(a, law)(r)),
        (a * np.float64(factor), lambda law: factor * getattr(a, law)(r)),
        (-a, lambda law: -getattr(a, law)(r)),
        (sum([a, b]), lambda law: getattr(a, law)(r) + getattr(b, law)(r)),
    ):
        for law in ("force", "energy", "fourier"):
            assert getattr(combined, law)(r) == pytest.approx(value(law), rel=1e-12, abs=1e-13)
    assert (a + b).cutoff == max(a.cutoff, b.cutoff)
    assert (np.float64(factor) * a).cutoff == a.cutoff


def test_algebra_details():
    london = pot.London()
    assert 2 * (3 * london) == 6 * london
    assert (london + pot.Log()) + pot.GLFit(1.7) == london + (pot.Log() + pot.GLFit(1.7))
    assert (london + pot.GLFit(1.7)).mu == 1.7
    assert (pot.GLFit(0.6) + pot.GLFit(1.7)).mu is None
    # Equal cores cancel exactly, and the sum is then bounded: its limits are finite.
    difference = pot.London() - pot.Pearl(pearl_length=3.0)
    assert difference.bounded
    assert difference.force(0.0) == pytest.approx(2 / 3)
    assert difference.energy(0.0) == pytest.approx(difference.energy(1e-7), abs=1e-6)
    assert (0 * london).force(0.0) == 0.0
    for nonsense in (lambda: london + 1, lambda: london * "2", lambda: london - 3.0):
        with pytest.raises(TypeError):
            nonsense()
    with pytest.raises(ValueError, match="factor = nan"):
        math.nan * london
    with pytest.raises(ValueError, match="at least one potential"):
        pot.Sum(())
    with pytest.raises(ValueError, match="give a potential"):
        pot.Scaled(2.0, "London")
