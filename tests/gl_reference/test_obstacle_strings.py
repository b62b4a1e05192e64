"""String states and the two branches of a vortex and an antivortex."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gl_reference.obstacle import (
    minimum_branches,
    minimum_pair,
    string_energy,
    string_force,
)


def test_long_strings_cost_two_half_kinks_a_length() -> None:
    # ½∫|Ψ'|² = (μ²/8)∫(1−Ψ²)² for tanh(μy/2): 2·(2/3)·μ/2 a length, over π.
    tension = 2 / (3 * math.pi)
    assert string_force(40.0) == pytest.approx(-tension, rel=1e-7)
    # 0.36051 was read off an independent code, which resolved it to 6e-4.
    lengths = np.array([5.0, 8.0, 12.0, 60.0])
    assert np.allclose(string_energy(lengths), tension * lengths + 0.36051, rtol=0, atol=1.5e-3)
    # Once the ends know nothing of each other they cost the same at any length.
    ends = string_energy(np.array([30.0, 60.0])) - tension * np.array([30.0, 60.0])
    assert ends[0] == pytest.approx(ends[1], abs=1e-7)


def test_short_strings_cost_what_their_capacity_says() -> None:
    # Far smaller than a core: E/π → 1/ln(C/μd), so that d(1/E)/d ln(μd) = −1.
    low, high = string_energy(2e-3), string_energy(4e-3)
    assert (1 / low - 1 / high) / math.log(2) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("mu_d", [0.3, 2.0, 10.0])
def test_force_is_the_slope_of_the_energy(mu_d: float) -> None:
    h = 1e-3 * mu_d
    slope = (string_energy(mu_d - h) - string_energy(mu_d + h)) / (2 * h)
    assert string_force(mu_d) == pytest.approx(slope, rel=1e-5)


def test_energy_depends_on_mu_d_alone_and_is_subadditive() -> None:
    one, other = (minimum_pair(1, -1, mu, 3.4 / mu, state="string") for mu in (0.5, 1.7))
    assert one.energy == pytest.approx(other.energy, abs=1e-12)
    assert other.force / 1.7 == pytest.approx(one.force / 0.5, rel=1e-10)
    assert other.energy_error < 1e-8
    # The smaller of two strings' Ψ is zero on both, and E(min) + E(max) = E + E.
    assert string_energy(3.4) < 2 * string_energy(1.7)


def test_a_string_is_real_and_zero_on_its_segment() -> None:
    string = minimum_pair(1, -1, 1.7, 4.0, state="string")
    assert string.slit == (2.0, -2.0)
    psi, current = string.axis([-2.5, -1.0, 0.0, 1.9, 2.1, 30.0])
    assert np.allclose(psi[1:4], 0, atol=1e-12)
    assert np.all(psi[[0, 4]] > 0) and psi[5] == 1
    assert np.all(current == 0)
    # In the middle of a long one it is the kink.
    y = np.array([0.3, 1.0, 2.0])
    long = minimum_pair(1, -1, 1.7, 20.0, state="string").fields(0.0, y)
    assert np.allclose(long.psi.real, np.tanh(1.7 * y / 2), atol=1e-6)
    assert np.all(long.field == 0)


@pytest.mark.parametrize("mu_d", [1e-4, 1e4, math.nan, -1.0])
def test_bad_lengths(mu_d: float) -> None:
    with pytest.raises(ValueError, match="mu_d"):
        string_energy(mu_d)


def test_lengths_are_numbers() -> None:
    with pytest.raises(ValueError, match="mu_d"):
        string_force("long")  # type: ignore[call-overload]


@pytest.mark.slow
def test_branches_cross_and_end_where_an_independent_code_says() -> None:
    branches = minimum_branches(1.7)
    assert branches.d_E == pytest.approx(5.92, abs=0.005)
    assert branches.d_A == pytest.approx(4.28, abs=0.02)
    assert branches.d_A_error < 0.02
    assert np.all(np.diff(branches.conventional.energy) > 0)
    assert np.all(branches.conventional.force < 0)
