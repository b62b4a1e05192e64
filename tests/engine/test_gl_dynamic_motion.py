"""Two points under `GLDynamic` with the friction of pairs retrace time-dependent GL theory."""

import functools

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from gl_reference import dynamic_pair

# Left to the long tests: the everyday ones hold their pieces.
pytestmark = pytest.mark.slow


@functools.cache
def fields(n2, mu, s=1.0):
    """Time and separation of the solved fields, d rising."""
    track = dynamic_pair(1, n2, mu, s=s, h=0.07 * np.hypot(1, 1 / mu)).track
    order = np.argsort(track.d)
    return track.time[order], track.d[order]


def points(n2, mu, start, end, dt, pair_friction, s=1.0):
    """Time (of the GL equations) and separation of two points."""
    law = pot.GLDynamic(mu, s)
    pair = vmd.Vortices(
        [[30 - start / 2, 30.0], [30 + start / 2, 30.0]],
        [1, n2],
        box=vmd.Box((60.0, 60.0), boundary=("free", "free")),
    )
    sim = vmd.Simulation(
        pair, law, dt=dt, pair_friction=law.pair_friction() if pair_friction else None
    )
    times, separations = [0.0], [start]
    while (separations[-1] - end) * (start - end) > 0:
        sim.run(25)
        times.append(sim.time * law.time_unit)
        separations.append(float(np.ptp(sim.state.positions[:, 0])))
    return np.array(times), np.array(separations)


def deviation(n2, mu, start, end, dt, pair_friction, s=1.0):
    """Largest relative deviation of d at equal times while the fields go from start to end."""
    time, d = fields(n2, mu, s)
    begin, finish = np.interp([start, end], d, time)
    t, separation = points(n2, mu, start, end, dt, pair_friction, s)
    order = np.argsort(time)
    during = t <= finish - begin
    exact = np.interp(begin + t[during], time[order], d[order])
    return np.abs(separation[during] / exact - 1).max()


@pytest.mark.parametrize("mu", [1.7, pytest.param(2.3, marks=pytest.mark.slow)])
def test_splitting_giant_vortex(mu):
    """d(t) from 1 to 5 λ to 2 %; with constant friction it is far off."""
    assert deviation(1, mu, 1.0, 5.0, 0.05, True) < 0.02
    assert deviation(1, mu, 1.0, 5.0, 0.05, False) > 0.3


@pytest.mark.slow
def test_another_conductivity():
    """s = 3: another friction, and another unit of time."""
    assert deviation(1, 1.7, 1.0, 5.0, 0.05, True, s=3.0) < 0.02
    assert deviation(1, 1.7, 1.0, 5.0, 0.05, False, s=3.0) > 0.2


@pytest.mark.slow
def test_closing_pair_of_a_type_one_superconductor():
    assert deviation(1, 0.6, 8.0, 1.0, 0.2, True) < 0.02
    assert deviation(1, 0.6, 8.0, 1.0, 0.2, False) > 0.2


@pytest.mark.parametrize("mu", [pytest.param(0.8, marks=pytest.mark.slow), 1.7])
def test_annihilating_pair(mu):
    """When it comes by separations down to 0.5 λ, far below d_A: to 0.5 % of the whole time."""
    time, d = fields(-1, mu)
    whole = np.ptp(np.interp([5.0, 0.5], d, time))

    def late(pair_friction):
        t, separation = points(-1, mu, 5.0, 0.5, 0.005, pair_friction)
        stops = np.array([4.0, 3.0, 2.0, 1.0, 0.5])
        exact = np.interp(stops, d, time) - np.interp(5.0, d, time)
        return np.abs(np.interp(-stops, -separation, t) - exact).max() / whole

    assert late(True) < 0.005
    assert late(False) > 0.05
