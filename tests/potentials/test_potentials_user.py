"""Tabulated and FromFunction: the user's own laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot

R = np.linspace(0, 22, 800)


def yukawa(r):
    return np.exp(-r) * (1 / r + 1 / r**2)


def yukawa_energy(r):
    return np.exp(-r) / r


def test_tabulated_restores_a_smooth_law():
    source = pot.GLFit(1.7)
    law = pot.Tabulated(R, source.force(R))
    r = np.linspace(0, 11, 777)
    assert law.force(r) == pytest.approx(source.force(r), abs=2e-6 * pot.peak_force(1.7))
    assert law.energy(r) == pytest.approx(source.energy(r) - source.energy(22.0), abs=1e-7)
    assert law.cutoff == pytest.approx(source.cutoff, rel=1e-3)
    k = np.array([0.0, 1.0, 2.0, 5.0])
    assert law.fourier(k) == pytest.approx(source.fourier(k), abs=1e-6 * source.fourier(0.0))
    assert law.tail_energy(3.0) == pytest.approx(source.tail_energy(3.0), rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.floats(0.05, 2.0), min_size=4, max_size=12),
    values=st.lists(st.floats(-5, 5), min_size=12, max_size=12),
    start=st.floats(0, 1),
)
def test_tabulated_passes_through_its_points(steps, values, start):
    r = start + np.cumsum(steps)
    force = np.array(values[: r.size])
    force[-1] = 0.0
    law = pot.Tabulated(r, force)
    assert law.force(r) == pytest.approx(force, abs=1e-12)
    assert law.force(r[-1] + 0.1) == 0.0 and law.energy(r[-1] + 0.1) == 0.0
    assert law.energy(r[-1]) == 0.0
    assert law.force(0.0) == law.force(r[0] / 2) == force[0]  # constant below the table
    assert law.energy(0.0) - law.energy(r[0]) == pytest.approx(r[0] * force[0], abs=1e-9)
    assert law.cutoff <= r[-1]
    assert eval(repr(law), {"Tabulated": pot.Tabulated}) == law


def test_tabulated_cutoff_of_a_diverging_law():
    r = np.linspace(0.05, 14, 800)
    law = pot.Tabulated(r, pot.London().force(r))
    assert law.cutoff == pytest.approx(pot.London().cutoff, rel=1e-3)
    assert pot.Tabulated(r, pot.London().force(r), cutoff=3).cutoff == 3.0
    assert pot.Tabulated(r, 0 * r).cutoff == 14.0


def test_tabulated_warns_when_cut_short():
    with pytest.warns(pot.TruncatedTableWarning, match=r"at r = 2: .*extend the table"):
        pot.Tabulated([0, 1, 1.5, 2], [1, 1, 1, 0.5])


@pytest.mark.parametrize(
    "r, force, message",
    [
        ([0, 1, 2], [0, 0, 0], "3 radii; a table needs at least 4"),
        ([0, 1, 2, 3], [0, 0, 0], "3 values for 4 radii"),
        ([0, 1, 1, 3], [0, 0, 0, 0], r"r\[2\] = 1.0 follows 1.0: radii must strictly increase"),
        ([-1, 1, 2, 3], [0, 0, 0, 0], r"r\[0\] = -1.0"),
        ([0, 1, 2, math.inf], [0, 0, 0, 0], r"r\[3\] = inf: must be finite"),
        ([0, 1, 2, 3], [0, math.nan, 0, 0], r"force\[1\] = nan"),
        ([[0, 1, 2, 3]], [0, 0, 0, 0], "one row"),
        (["a", "b", "c", "d"], [0, 0, 0, 0], "real numbers"),
        ([0.1, True, 2, 3, 4], [0, 0, 0, 0, 0], "r = .*True.*: give real numbers"),
        ([0, 1, 2, 3], [0, 0, np.True_, 0], "force = .*True.*: give real numbers"),
    ],
)
def test_tabulated_rejects(r, force, message):
    with pytest.raises(ValueError, match=message):
        pot.Tabulated(r, force)


# ------------------------------------------------------------------ FromFunction
def test_function_energy_by_quadrature():
    law = pot.FromFunction(yukawa)
    r = np.geomspace(1e-6, 200, 300)
    assert law.energy(r[r < 25]) == pytest.approx(yukawa_energy(r[r < 25]), rel=1e-9)
    assert law.energy(r) == pytest.approx(yukawa_energy(r), rel=1e-9, abs=1e-12)
    assert law.energy(0.0) == law.force(0.0) == math.inf and not law.bounded
    assert law.fourier(1.3) == pytest.approx(2 * math.pi / math.sqrt(1 + 1.3**2), rel=1e-9)


@pytest.mark.parametrize("power", [2.0, 3.5])
def test_power_laws_keep_their_power_at_both_ends(power):
    law = pot.FromFunction(lambda r: r**-power)
    r = np.array([1e-12, 1e-3, 1.0, 1e3, 1e12])
    assert law.energy(r) == pytest.approx(r ** (1 - power) / (power - 1), rel=1e-9)
    expected = math.inf
    if power > 3:
        expected = math.pi / (power - 1) / (power - 3) * 2.0 ** (3 - power)
    assert law.tail_energy(2.0) == pytest.approx(expected, rel=1e-9)


def test_function_with_a_jump():
    law = pot.FromFunction(lambda r: np.where(r < 2.5, 1.0, 0.0))
    assert law.energy(np.array([0.0, 1.0, 2.4, 3.0])) == pytest.approx([2.5, 1.5, 0.1, 0], abs=1e-9)
    assert law.cutoff == pytest.approx(2.5)


def test_function_value_at_zero():
    assert pot.FromFunction(lambda r: np.sin(r) / r * np.exp(-r)).force(0.0) == pytest.approx(1.0)
    assert pot.FromFunction(lambda r: -np.exp(-r) / r).force(0.0) == -math.inf
    assert pot.FromFunction(lambda r: np.exp(-r)).energy(0.0) == pytest.approx(1.0)


def test_given_energy():
    law = pot.FromFunction(yukawa, yukawa_energy)
    assert law.energy(2.0) == yukawa_energy(2.0)
    log = pot.FromFunction(lambda r: 1 / r, lambda r: -np.log(r))
    assert log.energy(math.inf) == -math.inf and log.energy(0.0) == math.inf
    with pytest.raises(ValueError, match=r"energy must be −∫force"):
        pot.FromFunction(yukawa, lambda r: 2 * yukawa_energy(r))
    with pytest.raises(ValueError, match=r"energy must be −∫force"):
        pot.FromFunction(yukawa, lambda r: -yukawa_energy(r))


@pytest.mark.parametrize(
    "force, message",
    [
        (3.0, "force = 3.0: give a function"),
        (lambda r: 1.0, r"returns shape \(\) for radii of shape \(3,\)"),
        (lambda r: math.exp(-r), "fails on an array"),
        (lambda r: r + np.inf, "must be finite"),
        (lambda r: np.sqrt(1 - r), "= nan: must be finite"),
    ],
)
def test_function_rejects(force, message):
    with pytest.raises(ValueError, match=message):
        pot.FromFunction(force)


def test_functions_whose_integrals_do_not_exist():
    with pytest.raises(ValueError, match="falls no faster than 1/r"):
        pot.FromFunction(lambda r: 1 / r).energy(1.0)
    with pytest.raises(ValueError, match="oscillates too far out"):
        pot.FromFunction(lambda r: np.cos(30 * r) / (1 + r) ** 2).energy(1.0)
    with pytest.raises(ValueError, match="reaches too far"):
        pot.FromFunction(lambda r: 1 / (1 + r) ** 4).fourier(1.0)
    with pytest.raises(ValueError, match="diverges too fast"):
        pot.FromFunction(lambda r: np.exp(-r) / r**3).fourier(1.0)
    with pytest.raises(ValueError, match="is not finite"):
        pot.FromFunction(lambda r: np.where(r > 100, np.nan, np.exp(-r))).energy(1.0)


def test_cutoffs():
    assert pot.FromFunction(lambda r: 1 / r).cutoff == pytest.approx(1e4)
    assert pot.FromFunction(lambda r: np.exp(-r), cutoff=7).cutoff == 7.0
    assert pot.FromFunction(lambda r: np.exp(-r)).cutoff == pytest.approx(4 * math.log(10))
    assert pot.FromFunction(lambda r: 0 * r + 1.0).cutoff == math.inf
    with pytest.raises(ValueError, match=r"the force is zero.*give cutoff="):
        pot.FromFunction(lambda r: 0 * r).cutoff  # noqa: B018
    with pytest.raises(ValueError, match="cutoff = -2"):
        pot.FromFunction(yukawa, cutoff=-2)
