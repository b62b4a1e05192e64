"""Free Brownian motion: what the noise does without forces."""

import numpy as np
import pytest
from engine_twins import Recorder, agrees, ideal

import vortexmd as vmd

FREE = vmd.Box((1.0, 1.0), "free")
SCHEMES = ("euler-maruyama", "leimkuhler-matthews")


def mean_square(sim):
    return float(((sim.state.unwrapped - 0.5) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("box", [FREE, vmd.Box((1.0, 1.0))], ids=["free", "periodic"])
def test_mean_square_displacement(scheme, box):
    """4Dt for Euler-Maruyama, 4D(t − Δt/2) for averaged noises: their two ends count half.

    r²/(2Dt) is a sum of two squared normals: the mean over N vortices has σ = mean/√N.
    """
    n, dt, temperature, friction = 40_000, 0.1, 0.3, 1.5
    sim = ideal(
        n, box, dt=dt, temperature=temperature, friction=friction, integrator=scheme, seed=4
    )
    diffusion = temperature / friction
    for steps in (1, 3, 8):
        sim.run(steps)
        late = 0.5 * dt if scheme == "leimkuhler-matthews" else 0.0
        exact = 4 * diffusion * (sim.time - late)
        agrees(mean_square(sim), exact, exact / np.sqrt(n))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_increments(scheme):
    """Euler-Maruyama's are independent; averaged noises share one: correlation ½, then 0."""
    n, dt, temperature = 40_000, 0.02, 0.5
    sim = ideal(n, FREE, dt=dt, temperature=temperature, integrator=scheme, seed=12)
    path = Recorder(lambda s: s.state.positions)
    sim.run(4, writers=[path])
    x = np.diff(path.values, axis=0) / np.sqrt(2 * temperature * dt)
    share = {"euler-maruyama": (1.0, 0.0, 0.0), "leimkuhler-matthews": (0.5, 0.25, 0.0)}[scheme]
    for lag, expected in enumerate(share):
        # Products of normals of variance ≤ 1: σ of the mean at most √2/√n.
        agrees((x[0] * x[lag]).mean(axis=0), expected, np.sqrt(2 / n))


def test_each_winding_diffuses_with_its_own_friction():
    n, dt, temperature = 60_000, 0.05, 0.2
    winding = np.resize([1, -1, 2], n)
    eta = {1: 1.0, -1: 0.5, 2: 4.0}
    sim = ideal(
        n,
        FREE,
        winding=winding,
        dt=dt,
        temperature=temperature,
        friction=eta,
        integrator="euler-maruyama",
        seed=2,
    )
    sim.run(5)
    for kind, friction in eta.items():
        r = sim.state.positions[winding == kind] - 0.5
        exact = 4 * temperature / friction * sim.time
        agrees((r**2).sum(axis=1).mean(), exact, exact / np.sqrt(n / 3))


def test_friction_divides_the_drift():
    start = vmd.Vortices(np.full((3, 2), 0.5), [1, -1, 2], FREE)
    sim = vmd.Simulation(
        start,
        None,
        dt=0.1,
        friction={1: 1.0, -1: 0.5, 2: 4.0},
        external=vmd.UniformDrive((0.3, -0.2)),
    )
    sim.run(10)
    drift = np.array([1.0, -1 / 0.5, 2 / 4.0])[:, None] * [0.3, -0.2]
    assert sim.state.positions - 0.5 == pytest.approx(drift, rel=1e-12)


def test_displacement_follows_the_mean_path():
    """Sums over steps of the mean Δr and n·Δr, whatever is folded along the way."""
    n = 64
    winding = np.resize([1, 1, -1], n)
    sim = ideal(n, vmd.Box((1.0, 1.0)), winding=winding, dt=0.1, temperature=0.5, seed=6)
    sim.run(50)
    moved = sim.state.unwrapped - 0.5
    assert sim.displacement == pytest.approx(moved.mean(axis=0), abs=1e-12)
    assert sim.winding_displacement == pytest.approx(
        (winding[:, None] * moved).mean(axis=0), abs=1e-12
    )


def test_temperature_zero_does_not_move():
    sim = ideal(10, FREE, dt=0.1)
    sim.run(10)
    assert np.array_equal(sim.state.positions, np.full((10, 2), 0.5))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_mean_square_displacement_sharp(scheme):
    """A million vortices: 0.1 % in the mean square."""
    n, dt, temperature = 1_000_000, 0.1, 0.3
    sim = ideal(n, FREE, dt=dt, temperature=temperature, integrator=scheme, seed=14)
    sim.run(20)
    late = 0.5 * dt if scheme == "leimkuhler-matthews" else 0.0
    exact = 4 * temperature * (sim.time - late)
    agrees(mean_square(sim), exact, exact / np.sqrt(n))
