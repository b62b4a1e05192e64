"""A step against plain arithmetic; the integrators' own stationary distributions, and their order."""

from fractions import Fraction
from math import fsum, inf, isnan, nan, sqrt

import numpy as np
import pytest
from engine_twins import agrees, ideal
from scipy.special import iv

import vortexmd as vmd
from vortexmd.integrators import SIDES, accept
from vortexmd.kernels import update

EPS = np.finfo(float).eps
NONE = np.empty((0, 2))
FREE = vmd.Box((1.0, 1.0), "free")
SCHEMES = ("euler-maruyama", "leimkuhler-matthews")


# ------------------------------------------------------------------ one step


def normal(seed, n, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, 2))


def pieces(n, seed):
    """Ranges that make up 0 … n, some of them short, some empty."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, n, 9)).tolist()
    return list(zip([0, *cuts], [*cuts, n], strict=True))


@pytest.mark.parametrize("mobility", [[0.8], [0.8, 0.8], [0.8, 0.5, 1.7]])
@pytest.mark.parametrize("temperature", [0.0, 0.3])
@pytest.mark.parametrize("drawn", ["now", "now and later"])
def test_displacements(mobility, temperature, drawn):
    """Bit by bit what the same sums of Python's floats give, however the slots are cut."""
    n, dt = 700, 0.01
    forces, now, rest = normal(1, n), normal(2, n), normal(4, n, 1e-17)
    later = normal(3, n) if drawn == "now and later" else NONE
    species = np.random.default_rng(5).integers(0, len(mobility), n)
    expected = np.empty((n, 2))
    for i in range(n):
        m = mobility[species[i]]
        for axis in range(2):
            r = float(now[i, axis])
            if len(later):
                r = 0.5 * (r + float(later[i, axis]))
            kick = sqrt(2.0 * temperature * dt * m) * r
            expected[i, axis] = m * dt * float(forces[i, axis]) + kick + float(rest[i, axis])
    sizes = [x * x + y * y for x, y in expected.tolist()]
    out = np.full((n, 2), nan)
    args = forces, now, later, np.array(mobility), species, dt, temperature, rest
    found = [update.propose(*args, first, last, out) for first, last in pieces(n, 6)]
    assert np.array_equal(out, expected)
    for (first, last), (worst, largest) in zip(pieces(n, 6), found, strict=True):
        assert largest == max(sizes[first:last], default=-1.0)
        assert worst == (sizes.index(largest) if first < last else -1)
    assert update.propose(*args, 0, n, out) == (sizes.index(max(sizes)), max(sizes))
    assert np.array_equal(out, expected)


@pytest.mark.parametrize(
    "sizes, worst, largest",
    [
        ({}, 0, 0.0),
        ({3: 2.0, 650: -2.0}, 3, 4.0),
        ({400: 1.0, 699: 1.5}, 699, 2.25),
        ({255: inf, 256: inf}, 255, inf),
        ({20: inf, 300: nan, 301: -nan, 650: nan}, 300, nan),
        ({699: nan}, 699, nan),
    ],
)
def test_the_worst_slot(sizes, worst, largest):
    """The first of those not a number, else of the largest."""
    forces = np.zeros((700, 2))
    for slot, force in sizes.items():
        forces[slot, slot % 2] = force
    still, out = np.zeros((700, 2)), np.empty((700, 2))
    found = update.propose(
        forces, still, NONE, np.ones(1), np.zeros(700, int), 1.0, 0.0, still, 0, 700, out
    )
    assert found == (worst, largest) or (found[0] == worst and isnan(largest) and isnan(found[1]))


def folded(x, length):
    """Between reflecting ends, and how often it bounced."""
    bounces = 0
    while not 0 <= x <= length:
        x = -x if x < 0 else 2 * length - x
        bounces += 1
    return x, bounces


@pytest.mark.parametrize("sides", ["free", "periodic", "open", "reflecting", "mixed"])
def test_acceptance(sides):
    """Position and rest are the exact sum; bounces, mirrors, exits, drift and the way moved as counted."""
    n, lengths = 700, (5.0, 3.0)
    sides = ("reflecting", "open") if sides == "mixed" else (sides, sides)
    positions = np.random.default_rng(7).random((n, 2)) * lengths
    # Some far beyond the ends, some not moving at all.
    moves = normal(8, n, 1e-3)
    moves[::5] *= 4e3
    moves[::7] = 0.0
    winding = np.random.default_rng(9).choice([-2, -1, 1], n)
    reference = positions + normal(10, n, 0.2)
    walls = "reflecting" in sides
    old, new = positions.tolist(), []
    mirrors = np.tile(np.eye(2), (n if walls else 0, 1, 1))
    expected_mirrors = mirrors.copy()
    beyond = [False] * n
    for i in range(n):
        for axis, length in enumerate(lengths):
            x, inside = Fraction(old[i][axis]) + Fraction(float(moves[i, axis])), True
            if sides[axis] == "reflecting":
                x, bounces = folded(x, Fraction(length))
                inside = bounces == 0
                expected_mirrors[i, axis] *= (-1) ** bounces
            elif sides[axis] == "open" and not 0 <= x <= length:
                beyond[i] = True
            new.append((x, inside))

    def fresh():
        return positions.copy(), mirrors.copy(), np.full((n, 2), nan), np.full((2, 2), nan)

    where = np.array(lengths), np.array([SIDES[word] for word in sides])
    p, m, rest, drift = fresh()
    moved, leaving = update.accept(p, moves, winding, reference, *where, m, rest, 0, n, drift)
    for (x, inside), found, left in zip(
        new, p.ravel().tolist(), rest.ravel().tolist(), strict=True
    ):
        if inside:
            assert found == float(x)
            assert Fraction(found) + Fraction(left) == x
        else:
            # Two roundings, of numbers below 20.
            assert abs(found - x) <= 20 * EPS
            assert left == 0.0
    assert np.array_equal(m, expected_mirrors)
    assert leaving == sum(beyond)
    away = p - reference
    assert moved == (away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1]).max()
    steps = p - positions
    for row, terms in enumerate((steps, winding[:, None] * steps)):
        for axis in range(2):
            # Three blocks, then eight halvings: eleven roundings in a row at most.
            bound = 11 * EPS * np.abs(terms[:, axis]).sum()
            assert abs(drift[row, axis] - fsum(terms[:, axis].tolist())) <= bound

    # However the slots are cut.
    q, k, other, part = fresh()
    parts = []
    for first, last in pieces(n, 11):
        parts.append(
            update.accept(q, moves, winding, reference, *where, k, other, first, last, part)
        )
        assert np.array_equal(part == 0.0, np.full((2, 2), first == last))
    assert np.array_equal(q, p) and np.array_equal(other, rest) and np.array_equal(k, m)
    assert max(part[0] for part in parts) == moved
    assert sum(part[1] for part in parts) == leaving


def test_the_drift_of_many_steps_is_compensated():
    """The mean's sum keeps what a float would lose: 10⁻²⁰ added 200 times to 1."""
    n = 8
    positions, winding = np.zeros((n, 2)), np.full(n, -3)
    drift, lost, rest = np.ones((2, 2)), np.zeros((2, 2)), np.empty((n, 2))
    box = np.ones(2), np.zeros(2, int)
    for _ in range(200):
        positions[:] = 0.0
        moves = np.full((n, 2), 1e-20)
        accept(positions, moves, winding, positions, *box, drift, lost, np.empty((0, 2, 2)), rest)
    assert np.array_equal(drift, np.ones((2, 2)))
    assert lost == pytest.approx(np.array([[2e-18] * 2, [-6e-18] * 2]), rel=1e-13)


def test_mirrored_noise():
    n = 700
    now, later = normal(12, n), normal(13, n)
    mirrors = np.random.default_rng(14).normal(size=(n, 2, 2))
    for noise, next_noise in ((now, NONE), (0.5 * (now + later), later)):
        expected = np.einsum("iab,ib->ia", mirrors, noise)
        out = np.empty((n, 2))
        update.mirror_noise(mirrors, now, next_noise, 0, n, out)
        # Two products and a sum of numbers below 5.
        assert np.abs(out - expected).max() <= 75 * EPS
        cut = now.copy()
        for first, last in pieces(n, 15):
            update.mirror_noise(mirrors, cut, next_noise, first, last, cut)
        assert np.array_equal(cut, out)


# ------------------------------------------------------------------ what many steps lead to


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
