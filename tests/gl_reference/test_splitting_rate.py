"""The splitting rate of a giant vortex, which judges the dynamics in the plane, judged itself."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gl_reference.moduli import moduli_friction
from gl_reference.taubes import near_critical_pair
from tests.gl_reference.splitting_rate import contact_friction, splitting_rate
from vortexmd.validation.vortex_pairs import CONTACT_FRICTIONS, SPLITTING_RATES

# Left to the long tests: the everyday ones hold their pieces.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("s", [0.1, 1.0, 10.0])
def test_nothing_splits_at_mu_1(s):
    assert abs(splitting_rate(1.0, s)) < 1e-9


@settings(max_examples=12)
@given(log_mu=st.floats(math.log(0.5), math.log(4.0)), log_s=st.floats(-2.0, 2.0))
def test_type_ii_splits_and_type_i_does_not(log_mu, log_s):
    mu = math.exp(log_mu)
    assert splitting_rate(mu, math.exp(log_s), order=8) * (mu - 1) >= -1e-9


def test_rate_next_to_mu_1():
    """d follows ηḋ = (μ − 1) dΩ/dμ, both known from the Taubes equation; d² grows at σ."""
    step = 1e-3
    slope = (splitting_rate(1 + step) - splitting_rate(1 - step)) / (2 * step)
    d = 0.1
    force = near_critical_pair(1, 1, d, tolerance=1e-10)
    assert slope == pytest.approx(2 * force / (moduli_friction(d) * d), rel=1e-5)


def test_force_next_to_mu_1():
    """½σ·contact_friction·d³ is the force of the Taubes equation, for any s."""
    step, d = 1e-3, 0.1
    force = near_critical_pair(1, 1, d, tolerance=1e-10)
    for s in (0.2, 1.0, 5.0):
        rise = splitting_rate(1 + step, s) - splitting_rate(1 - step, s)
        assert rise / (4 * step) * contact_friction(1.0, s) == pytest.approx(force / d**3, rel=1e-5)


def test_the_figures_of_the_validation():
    """To the digits that it states."""
    frictions = {mu: contact_friction(mu) for mu in CONTACT_FRICTIONS}
    assert frictions == pytest.approx(CONTACT_FRICTIONS, abs=6e-8)
    rates = {mu: splitting_rate(mu) for mu in SPLITTING_RATES}
    assert rates == pytest.approx(SPLITTING_RATES, abs=6e-8)


def test_rate_converges_exponentially_with_the_order():
    exact = splitting_rate(1.7, order=14)
    errors = [abs(splitting_rate(1.7, order=order) - exact) for order in (3, 4, 5, 6, 7)]
    assert all(later < 0.2 * earlier for earlier, later in pairwise(errors))
    assert errors[-1] < 1e-7


def test_a_worse_conductor_splits_faster():
    """Rates by Rayleigh's principle: less weight on A, a higher maximum."""
    rates = [splitting_rate(1.7, s, order=8) for s in (0.1, 0.3, 1.0, 3.0, 10.0)]
    assert np.all(np.diff(rates) > 0)


def test_a_far_stronger_penalty_changes_nothing(monkeypatch):
    before = [splitting_rate(mu) for mu in (0.8, 1.7)], contact_friction(1.7)
    monkeypatch.setattr("tests.gl_reference.splitting_rate.PENALTY", 40.0)
    after = [splitting_rate(mu) for mu in (0.8, 1.7)], contact_friction(1.7)
    assert after[0] == pytest.approx(before[0], abs=1e-9)
    assert after[1] == pytest.approx(before[1], rel=1e-6)
