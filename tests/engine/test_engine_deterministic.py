"""Motion at T = 0 with a known answer: washboard, collapse, drives."""

import numpy as np
import pytest
from engine_twins import Recorder
from scipy.integrate import quad
from scipy.special import k1

import potentials as pot
import vortexmd as vmd


def washboard(drive, dt, steps, winding=(1,), x=(0.0,), periods=3):
    """−sin x on any winding, n·F from the drive, in a periodic box of whole periods."""
    box = vmd.Box((2 * np.pi * periods, 1.0))
    potential = vmd.ExternalForce.from_function(
        lambda r: np.column_stack((-np.sin(r[:, 0]), np.zeros(len(r)))),
        lambda r: -np.cos(r[:, 0]),
    )
    start = vmd.Vortices(np.column_stack((x, np.full(len(x), 0.5))), winding, box)
    sim = vmd.Simulation(start, None, dt=dt, external=[potential, vmd.UniformDrive((drive, 0.0))])
    sim.run(steps)
    return sim


@pytest.mark.parametrize("drive", [1.05, 1.5, 3.0])
def test_washboard_velocity(drive):
    """v = √(F² − 1): over m whole periods of time the path is 2πm.

    The scheme's error is first order in Δt, ½Δt f f' per unit of path: over a period it adds up to
    nothing, and Δt² is left.
    """
    exact = np.sqrt(drive**2 - 1)
    period, turns = 2 * np.pi / exact, 4
    errors = []
    for steps in (4_000, 8_000):
        dt = turns * period / steps
        sim = washboard(drive, dt, steps)
        velocity = sim.state.unwrapped[0, 0] / sim.time
        assert sim.displacement[0] == pytest.approx(velocity * sim.time, rel=1e-9)
        errors.append(velocity - exact)
    assert abs(errors[1]) < 5e-3 * exact
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_below_the_critical_force_it_stops():
    for drive in (0.3, 0.99):
        sim = washboard(drive, 0.05, 4_000)
        assert sim.state.positions[0, 0] == pytest.approx(np.arcsin(drive), abs=1e-6)
        assert abs(sim.forces()[0, 0]) < 1e-6


def test_an_antivortex_runs_the_other_way():
    sim = washboard(1.5, 0.01, 3_000, winding=(1, -1), x=(1.0, 6 * np.pi - 1.0))
    plus, minus = sim.state.unwrapped[:, 0]
    assert plus > 20
    assert minus - 6 * np.pi == pytest.approx(-plus, abs=1e-9)
    # Both carry the same electric field: n·v has one sign.
    assert sim.displacement[0] == pytest.approx(0, abs=1e-9)
    assert sim.winding_displacement[0] == pytest.approx(plus - 1.0, rel=1e-9)


def test_sinusoidal_drive():
    """∫n·F sin(2πft + φ)dt, as the explicit scheme sums it, to O(Δt)."""
    f, phase, amplitude, dt = 0.5, 0.4, np.array([0.7, -0.2]), 1e-3
    start = vmd.Vortices([[0.5, 0.5], [0.5, 0.5]], [1, -2], vmd.Box((1.0, 1.0), "free"))
    drive = vmd.SinusoidalDrive(tuple(amplitude), frequency=f, phase=phase)
    sim = vmd.Simulation(start, None, dt=dt, external=drive)
    sim.run(3_456)
    w = 2 * np.pi * f
    path = amplitude * (np.cos(phase) - np.cos(w * sim.time + phase)) / w
    moved = sim.state.positions - 0.5
    assert moved == pytest.approx(np.outer([1, -2], path), abs=2 * dt)
    assert moved[1] == pytest.approx(-2 * moved[0], rel=1e-12)


def collapse(dt, scheme="leimkuhler-matthews"):
    """A pair 1 λ apart under K₁: the annihilation at 0.1, and when exactly r = 0.1 was crossed."""
    start = vmd.Vortices([[4.5, 5.0], [5.5, 5.0]], [1, -1], vmd.Box((10.0, 10.0), "free"))
    sim = vmd.Simulation(
        start,
        pot.London(f0=1.0),
        dt=dt,
        reactions=[vmd.Annihilation(distance=0.1)],
        integrator=scheme,
    )
    gap = Recorder(lambda s: np.ptp(s.state.positions[:, 0]) if len(s.state) else np.nan)
    while len(sim.state):
        sim.run(round(0.01 / dt), writers=[gap])
    (event,) = sim.events
    r = np.array(gap.values)
    last = int(np.flatnonzero(r >= 0.1)[-1])
    speed = 2 * k1(r[last])
    return event, dt * gap.steps[last] + (r[last] - 0.1) / speed


@pytest.mark.slow
def test_collapse_time():
    """t = ∫dr/2K₁(r) from 0.1 to 1, both moving: 0.33702; first order in Δt."""
    exact = quad(lambda r: 1 / (2 * k1(r)), 0.1, 1)[0]
    assert exact == pytest.approx(0.33702, abs=5e-6)
    errors = []
    for dt in (4e-4, 2e-4, 1e-4):
        event, crossing = collapse(dt)
        assert event.kind == "annihilation" and event.ids == (0, 1) and event.windings == (1, -1)
        assert event.product_id is None and event.product_winding == 0
        assert event.time == pytest.approx(event.step * dt, rel=1e-12)
        assert event.position == pytest.approx((5.0, 5.0), abs=1e-9)
        # Logged at the first step with r < 0.1.
        assert -2e-9 <= event.time - crossing <= dt * 1.001
        errors.append(crossing - exact)
    assert abs(errors[2]) < 2e-4
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.25)
    assert 2 * errors[2] - errors[1] == pytest.approx(0, abs=2e-5)  # what is left as Δt → 0


def test_two_repelling_vortices_part_as_the_integral_says():
    """Same signs, K₁ of strength 2: r(t) from the same integral, outwards."""
    start = vmd.Vortices([[0.0, 0.0], [0.3, 0.4]], 1, vmd.Box((1.0, 1.0), "free"))
    sim = vmd.Simulation(start, pot.London(f0=2.0, cutoff=12.0), dt=1e-4)
    sim.run(8_000)
    a, b = sim.state.positions
    r = np.hypot(*(b - a))
    assert quad(lambda s: 1 / (4 * k1(s)), 0.5, r)[0] == pytest.approx(0.8, abs=5e-4)
    assert (b - a) / r == pytest.approx([0.6, 0.8], abs=1e-9)
    assert a + b == pytest.approx([0.3, 0.4], abs=1e-12)
