"""Thermal equilibrium of interacting vortices against integrals and the virial theorem."""

import numpy as np
import pytest
from engine_twins import Recorder, agrees, chi_square_tail, cut
from scipy.integrate import cumulative_simpson

import potentials as pot
import vortexmd as vmd

LAWS = {
    "London": (pot.London(f0=2.0, cutoff=5.0), 0.5),
    "GLFit type I": (3.0 * pot.GLFit(0.6, cutoff=6.0), 0.3),
}


def pairs_in_traps(law, temperature, pairs, dt, seed):
    """Many pairs, each in a harmonic trap of its own: an ensemble in one simulation.

    U = ½(r₁² + r₂²) about the site = R² + ¼r²: the separation r has p(r) ∝ r exp(−[U(r) + r²/4]/kT).
    """
    columns = int(np.ceil(np.sqrt(pairs)))
    site = 20.0 * np.stack(np.divmod(np.arange(pairs), columns), axis=1)
    centers = np.repeat(site, 2, axis=0)
    offsets = np.tile([[0.6, 0.0], [-0.6, 0.0]], (pairs, 1))
    nearest = vmd.ExternalForce.from_function(lambda r: 20.0 * np.round(r / 20.0) - r)
    side = 20.0 * columns
    start = vmd.Vortices(centers + offsets, 1, vmd.Box((side, side), "free"))
    return vmd.Simulation(start, law, dt=dt, temperature=temperature, external=nearest, seed=seed)


def separation(sim):
    r = sim.state.positions
    return np.hypot(*(r[0::2] - r[1::2]).T)


def radial_distribution(law, temperature):
    """r on a grid and P(separation < r), from the exact weight."""
    r = np.linspace(1e-3, 9, 20_001)
    energy = cut(law, r)[1] + r**2 / 4
    weight = r * np.exp(-(energy - energy.min()) / temperature)
    total = cumulative_simpson(weight, x=r, initial=0)
    return r, total / total[-1]


def check_distribution(name, pairs, snapshots, bins, dt):
    law, temperature = LAWS[name]
    sim = pairs_in_traps(law, temperature, pairs, dt, seed=5)
    sim.run(round(4 / dt))
    found = []
    for _ in range(snapshots):
        # r² forgets as e^{−2t} (the trap's rate is 1): after 3 τ, a quarter of a per cent is left.
        sim.run(round(3 / dt))
        found.append(separation(sim))
    sample = np.concatenate(found)
    r, total = radial_distribution(law, temperature)
    quantiles = np.interp(np.arange(1, bins) / bins, total, r)
    counts = np.histogram(sample, np.concatenate(([0], quantiles, [np.inf])))[0]
    # Equally likely bins; a fair sample falls below 1e-5 once in 100 000.
    assert chi_square_tail(counts, np.full(bins, len(sample) / bins)) > 1e-5, counts


@pytest.mark.parametrize("name", LAWS)
def test_separation_of_two_vortices(name):
    """p(r) ∝ r exp(−U/kT): repelling under K₁, and bound by the attraction of type I."""
    check_distribution(name, pairs=900, snapshots=4, bins=16, dt=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_separation_of_two_vortices_sharp(name):
    check_distribution(name, pairs=2000, snapshots=20, bins=40, dt=0.005)


def test_two_vortices_in_a_periodic_box():
    """The whole vector, not only its length: exp(−U/kT) over the box, each quadrant alike."""
    law, temperature, side = pot.London(f0=1.0, cutoff=2.0), 1.0, 4.0
    start = vmd.Vortices([[1.0, 1.0], [3.0, 3.0]], 1, vmd.Box((side, side)))
    # Relative diffusion 2kT/η: the slowest mode of a box decays at 2kT(2π/L)² = 4.9 per τ.
    sim = vmd.Simulation(start, law, dt=0.01, temperature=temperature, seed=3)
    apart = Recorder(lambda s: s.state.positions[0] - s.state.positions[1], every=100)
    sim.run(60_000, writers=[apart])
    d = start.box.minimum_image(np.array(apart.values[1:]))
    n = len(d)
    grid = (np.arange(400) + 0.5) / 400 * side - side / 2
    x, y = np.meshgrid(grid, grid)
    r = np.hypot(x, y)
    weight = np.exp(-cut(law, r)[1] / temperature)
    for edge in (0.7, 1.2, 1.7):
        exact = weight[r < edge].sum() / weight.sum()
        # One sample a τ: e^{−4.9} of a correlation is left.
        agrees((np.hypot(*d.T) < edge).mean(), exact, np.sqrt(exact * (1 - exact) / n))
    quadrant = 2 * (d[:, 0] > 0) + (d[:, 1] > 0)
    assert chi_square_tail(np.bincount(quadrant, minlength=4), np.full(4, n / 4)) > 1e-5


def virial_check(n, temperature, seed, steps, dt=0.01):
    """The log gas in a trap: Σr² obeys a closed equation, so that its mean and its σ are exact.

    d⟨I⟩ = 2k(Ī − I)dt + 2√(2kT·I)dW with I = Σr² and Ī = N[2kT + q(N − 1)/2]/k: variance 2kT·Ī/k,
    correlation time 1/(2k), hence a time average over t has σ² = 2kT·Ī/(k²t).
    """
    k, q = 1.0, 1.0
    mean = n * (2 * temperature + q * (n - 1) / 2) / k
    angle = 2 * np.pi * np.arange(n) / n
    start = np.sqrt(mean / n) * np.column_stack((np.cos(angle), np.sin(angle)))
    sim = vmd.Simulation(
        vmd.Vortices(start, 1, vmd.Box((10.0, 10.0), "free")),
        pot.Log(q),
        dt=dt,
        temperature=temperature,
        external=vmd.HarmonicTrap(k, center=(0.0, 0.0)),
        max_displacement=2.0,
        seed=seed,
    )
    sim.run(500)
    squares = Recorder(lambda s: (s.state.positions**2).sum(), every=5)
    sim.run(steps, writers=[squares])
    agrees(np.mean(squares.values), mean, np.sqrt(2 * temperature * mean / (k**2 * steps * dt)))


@pytest.mark.parametrize(
    "n, temperature", [pytest.param(2, 0.5, marks=pytest.mark.slow), (6, 0.3), (19, 0.1)]
)
def test_virial_of_the_log_gas(n, temperature):
    virial_check(n, temperature, seed=n, steps=20_000)


@pytest.mark.slow
@pytest.mark.parametrize("n, temperature", [(2, 0.5), (5, 0.5), (12, 0.3)])
def test_virial_of_the_log_gas_sharp(n, temperature):
    virial_check(n, temperature, seed=n, steps=600_000, dt=0.004)


def test_equipartition_of_a_crystal():
    """−⟨Σ u·F⟩ = (2N − 2)kT, u the displacements about the centre of mass: for any forces at all."""
    lattice = vmd.triangular_lattice(120, 1.0)
    law, temperature = pot.London(f0=2.0, cutoff=5.0), 1e-4
    sim = vmd.Simulation(lattice, law, dt=0.03, temperature=temperature, seed=2)

    def virial(sim):
        u = sim.state.unwrapped - lattice.positions
        return -np.sum((u - u.mean(axis=0)) * sim.forces())

    sim.run(1_000)
    seen = Recorder(virial, every=20)
    sim.run(16_000, writers=[seen])
    exact = 2 * (len(lattice) - 1) * temperature
    # The slowest mode forgets within c₆₆q² = ¼(2π/11)² → 12 τ: 16 blocks of 30 τ each.
    blocks = np.array(seen.values)[1:].reshape(16, -1).mean(axis=1)
    sigma = blocks.std(ddof=1) / 4
    assert sigma < 0.02 * exact
    # Student's t with 15 degrees of freedom: 7 σ for the odds of 4.5.
    agrees(blocks.mean(), exact, sigma, sigmas=7)
