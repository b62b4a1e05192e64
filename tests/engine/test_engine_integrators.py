"""The integrators' own stationary distributions, and their order."""

import numpy as np
import pytest
from engine_twins import agrees, ideal
from scipy.special import iv

import vortexmd as vmd

FREE = vmd.Box((1.0, 1.0), "free")
SCHEMES = ("euler-maruyama", "leimkuhler-matthews")


def stationary_squares(sim, snapshots, apart):
    """(snapshots, 2): ⟨x²⟩ and ⟨y²⟩ about the middle, in snapshots `apart` steps apart."""
    squares = []
    for _ in range(snapshots):
        sim.run(apart)
        squares.append(((sim.state.positions - 0.5) ** 2).mean(axis=0))
    return np.array(squares)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("k, dt", [(1.0, 0.5), (2.0, 0.6)])
def test_harmonic_trap(scheme, k, dt):
    """Euler-Maruyama (kT/k)/(1 − kΔt/2η), Leimkuhler-Matthews kT/k, both exact at any Δt.

    The positions are normal: the mean of n squares has σ = √(2/n)·mean; 30 steps decorrelate.
    """
    n, temperature, eta = 8_000, 0.7, 1.25
    sim = ideal(
        n,
        FREE,
        dt=dt,
        temperature=temperature,
        friction=eta,
        integrator=scheme,
        external=vmd.HarmonicTrap(k),
        seed=3,
    )
    sim.run(40)
    squares = stationary_squares(sim, 8, 30)
    exact = temperature / k
    if scheme == "euler-maruyama":
        exact /= 1 - k * dt / (2 * eta)
    agrees(squares.mean(), exact, np.sqrt(2 / (2 * 8 * n)) * exact)
    agrees(squares.mean(axis=0), exact, np.sqrt(2 / (8 * n)) * exact)


def test_anisotropic_trap():
    n, temperature = 8_000, 0.5
    sim = ideal(n, FREE, dt=0.1, temperature=temperature, external=vmd.HarmonicTrap((1.0, 3.0)))
    sim.run(60)
    squares = stationary_squares(sim, 4, 60).mean(axis=0)
    for axis, k in enumerate((1.0, 3.0)):
        agrees(squares[axis], temperature / k, np.sqrt(2 / (4 * n)) * temperature / k)
    agrees(sim.energy() / n, temperature, temperature / np.sqrt(n))


def test_relaxation_in_a_trap_is_a_geometric_series():
    """T = 0: each step multiplies the distance by 1 − kΔt/η."""
    start = vmd.Vortices([[3.0, -2.0]], 1, FREE)
    for scheme in SCHEMES:
        trap = vmd.HarmonicTrap(2.0, center=(1.0, 1.0))
        sim = vmd.Simulation(start, None, dt=0.05, external=trap, integrator=scheme, friction=4.0)
        sim.run(30)
        assert sim.state.positions[0] == pytest.approx(
            1 + np.array([2.0, -3.0]) * (1 - 2.0 * 0.05 / 4.0) ** 30, rel=1e-12
        )


def quartic_error(dt, scheme, n, snapshots, seed):
    """⟨x⁴⟩ − 1 in U = x⁴/4 at kT = 1, where ⟨x⁴⟩ = 1 exactly (virial), and its σ.

    ⟨x⁸⟩ = 5⟨x⁴⟩: x⁴ has variance 4; a snapshot every τ is as good as independent (σ taken 1.3 times
    that of independent ones).
    """

    def force(r):
        x = r - 0.5
        return -x * x * x

    trap = vmd.ExternalForce.from_function(force)
    sim = ideal(n, FREE, dt=dt, temperature=1.0, integrator=scheme, external=trap, seed=seed)
    sim.run(round(6 / dt))
    fourth = []
    for _ in range(snapshots):
        sim.run(round(1 / dt))
        x = sim.state.positions - 0.5
        fourth.append((x**4).mean())
    return np.mean(fourth) - 1, 1.3 * 2 / np.sqrt(2 * n * snapshots)


def test_quartic_trap():
    """Where nothing is linear: Euler-Maruyama is off by Δt + O(Δt²), Leimkuhler-Matthews hardly."""
    dt = 0.1
    first, sigma = quartic_error(dt, "euler-maruyama", 10_000, 6, 1)
    second, _ = quartic_error(dt, "leimkuhler-matthews", 10_000, 6, 1)
    # From ⟨x²⟩ standing still: ⟨x⁴⟩ = 1 + Δt⟨x⁶⟩/2 for Euler-Maruyama, ⟨x⁶⟩ = 3⟨x²⟩ = 2.03.
    assert dt - 4.5 * sigma < first < 1.6 * dt + 4.5 * sigma
    assert abs(second) < 0.1 * dt + 4.5 * sigma


def cosine_error(dt, scheme, n, snapshots, seed):
    """⟨cos 3x⟩ in U = −3 cos x at kT = 1, against I₃(3)/I₀(3), and its σ."""
    field = vmd.ExternalForce.from_function(lambda r: -3 * np.sin(r))
    box = vmd.Box((2 * np.pi, 2 * np.pi))
    sim = ideal(n, box, dt=dt, temperature=1.0, integrator=scheme, external=field, seed=seed)
    sim.run(round(6 / dt))
    mean = []
    for _ in range(snapshots):
        sim.run(round(2 / dt))
        mean.append(np.cos(3 * sim.state.positions).mean())
    exact, second = iv(3, 3.0) / iv(0, 3.0), 0.5 * (1 + iv(6, 3.0) / iv(0, 3.0))
    return np.mean(mean) - exact, np.sqrt((second - exact**2) / (2 * n * snapshots))


@pytest.mark.slow
@pytest.mark.parametrize(
    "scheme, dt, order", [("euler-maruyama", 0.2, 1), ("leimkuhler-matthews", 0.4, 2)]
)
def test_measured_order(scheme, dt, order):
    """Halving Δt: the error halves for Euler-Maruyama, quarters for Leimkuhler-Matthews."""
    a, sigma_a = cosine_error(dt, scheme, 100_000, 60, 7)
    b, sigma_b = cosine_error(dt / 2, scheme, 100_000, 60, 8)
    slack = 4.5 * np.hypot(sigma_a / a, sigma_b / b) / np.log(2)
    assert slack < 0.4, f"the sample is too small to tell: {a} ± {sigma_a}, {b} ± {sigma_b}"
    assert order - 0.2 - slack < np.log2(abs(a / b)) < order + 0.5 + slack, (a, b, slack)
