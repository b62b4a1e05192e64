"""Measures of structure on configurations whose structure is known: lattices, Poisson points, known noise."""

from __future__ import annotations

from functools import cache
from math import asin, pi, sqrt

import numpy as np

import potentials as pot
import vortexmd as vmd
from vortexmd import analysis
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.samples import mean

# Poisson points in the plane: the number, its accuracy, and whose it is.
TRIANGULATED = "second method: SciPy's triangulations of 3.6·10⁶ Poisson points, edges left out"
POISSON = (
    ("P₆", 0.2949, 0.0003, TRIANGULATED),
    ("mean local |ψ₆|", 0.3611, 0.0003, TRIANGULATED),
    (
        "share with three neighbours",
        0.0112400,
        5e-8,
        "Hilhorst, J. Phys. A 40, 2615 (2007): 0.0112400",
    ),
    (
        "share with four neighbours",
        0.1068454,
        5e-8,
        "Hilhorst, J. Phys. A 40, 2615 (2007): 0.1068454",
    ),
    (
        "variance of the number of neighbours",
        1.7808117,
        5e-8,
        "Brakke, Statistics of random plane Voronoi tessellations (1986): 1.7808117",
    ),
)
# Spacing of the triangular lattice of density 1, λ.
SPACING = sqrt(2.0 / sqrt(3.0))


def checks() -> list[Check]:
    """All checks of this area."""
    return [*poisson_checks(), *lattice_checks(), *topology_checks(), *correlation_checks()]


# ---------------------------------------------------------------------- Poisson points


def poisson_checks() -> list[Check]:
    """Order of vortices at random, from samples of two sizes."""
    found = []
    for points, samples, quick in ((2_000, 20, True), (20_000, 24, False)):
        total = f"{points * samples:,}".replace(",", " ")
        found += [
            Check(
                f"{name} of {total} random vortices",
                source,
                "",
                value,
                accuracy,
                lambda points=points, samples=samples, k=k: _poisson(points, samples)[k],  # type: ignore[misc]
                quick=quick,
                note="The tolerance is the accuracy of the number.",
                sample=total,
            )
            for k, (name, value, accuracy, source) in enumerate(POISSON)
            # What is rare can be told from the large sample only.
            if value > 0.02 or not quick
        ]
    return [
        *found,
        Check(
            "mean occupancy of 80 000 random vortices",
            "exact: 1 + π/(2√3)",
            "",
            1.0 + pi / (2.0 * sqrt(3.0)),
            0.0,
            lambda: mean([analysis.mean_occupancy(_random(4_000, seed)) for seed in range(20, 40)]),
            note="20 samples of 4 000.",
        ),
    ]


def _random(n: int, seed: int) -> vmd.Vortices:
    return vmd.random_vortices(n, density=1.0, seed=seed)


@cache
def _poisson(points: int, samples: int) -> list[Measured]:
    """The numbers of POISSON, in that order; standard errors from sample to sample."""
    rows = []
    for seed in range(samples):
        near = analysis.delaunay_neighbors(_random(points, 1_000 + seed))
        neighbours = analysis.coordination_numbers(near)
        rows.append(
            (
                analysis.sixfold_fraction(near),
                float(np.abs(analysis.hexatic_order(near)).mean()),
                float((neighbours == 3).mean()),
                float((neighbours == 4).mean()),
                float(((neighbours - 6.0) ** 2).mean()),
            )
        )
    return [mean(column) for column in np.transpose(rows)]


# ---------------------------------------------------------------------- lattices


def lattice_checks() -> list[Check]:
    """Perfect, turned and slightly shaken lattices."""
    p = 0.5 + asin(-0.25) / pi
    return [
        Check(
            "P₆ of a triangular lattice",
            "exact: 1",
            "",
            1.0,
            0.0,
            lambda: analysis.sixfold_fraction(vmd.triangular_lattice(240, 0.7)),
        ),
        Check(
            "|⟨ψ₆⟩| of a triangular lattice",
            "exact: 1",
            "",
            1.0,
            1e-12,
            lambda: analysis.global_hexatic_order(vmd.triangular_lattice(240, 0.7)),
        ),
        Check(
            "mean occupancy of stacks of five on a triangular lattice",
            "exact: 5",
            "",
            5.0,
            0.0,
            _stacks,
        ),
        Check(
            "phase of ψ₆ of a lattice turned by 0.1",
            "exact: six times the angle",
            "rad",
            0.6,
            1e-9,
            _turned_phase,
        ),
        Check(
            "P₆ of a square lattice with the least noise",
            "exact: p = ½ + arcsin(−¼)/π for like draws of opposite diagonals, (1 − p)² + p²/2",
            "",
            (1.0 - p) ** 2 + 0.5 * p**2,
            0.0,
            _noisy_square,
            note="16 samples of 2 500.",
        ),
    ]


def _stacks() -> float:
    lattice = vmd.triangular_lattice(30, 0.1)
    stacked = vmd.Vortices(np.repeat(lattice.positions, 5, axis=0), 1, lattice.box)
    return float(analysis.mean_occupancy(stacked))


def _turned_phase() -> float:
    lattice = vmd.triangular_lattice(400, 1.0)
    turn = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    crystal = vmd.Vortices(lattice.positions @ turn.T, 1, vmd.Box((20.0, 20.0), ("free", "free")))
    near = analysis.delaunay_neighbors(crystal)
    return float(np.angle(analysis.hexatic_order(near)[~near.at_edge].mean()))


def _noisy_square() -> Measured:
    lattice = vmd.square_lattice(2_500, 1.0)
    found = []
    for seed in range(16):
        noise = np.random.default_rng(seed).normal(0, 1e-3, (2_500, 2))
        noisy = vmd.Vortices(lattice.positions + noise, 1, lattice.box)
        found.append(analysis.sixfold_fraction(noisy))
    return mean(found)


# ---------------------------------------------------------------------- topology


def topology_checks() -> list[Check]:
    """Euler's theorem on the torus, whatever the configuration."""
    return [
        Check(
            "Σ(6 − z) over 3 000 random vortices in a periodic box",
            "exact: Euler's theorem on the torus, 0",
            "",
            0.0,
            0.0,
            lambda: float((6 - analysis.coordination_numbers(_random(3_000, 5))).sum()),
        ),
        Check(
            "Σ(6 − z) over 900 vortices after a quench under K₁",
            "exact: Euler's theorem on the torus, 0",
            "",
            0.0,
            0.0,
            _quenched_defects,
        ),
        Check(
            "area of the Voronoi cells of 400 random vortices over that of the box",
            "exact: they cover it once, 1",
            "",
            1.0,
            1e-12,
            _voronoi_area,
        ),
    ]


def _quenched_defects() -> float:
    start = vmd.random_vortices(900, density=1.0, min_distance=0.4, seed=3)
    sim = vmd.Simulation(start, pot.London(2.0, cutoff=6.0), dt=0.02)
    sim.run(100)
    return float((6 - analysis.coordination_numbers(sim.state)).sum())


def _voronoi_area() -> float:
    vortices = _random(400, 6)
    total = 0.0
    for cell in analysis.voronoi_cells(vortices):
        x, y = np.asarray(cell).T
        total += 0.5 * abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))
    return total / vortices.box.area


# ---------------------------------------------------------------------- g(r)


def correlation_checks() -> list[Check]:
    """The radial distribution of random vortices and of the lattice."""
    shells = [
        Check(
            f"vortices within {reach:.2f} spacings of one in a triangular lattice, from g(r)",
            f"exact: shells of 6, 6, 6, 12 at 1, √3, 2, √7 spacings: {count}",
            "",
            float(count),
            1e-9,
            lambda reach=reach: _running_count(reach),  # type: ignore[misc]
        )
        for reach, count in ((1.4, 6), (1.9, 12), (2.3, 18), (2.8, 30))
    ]
    return [
        *shells,
        Check(
            "first peak of g(r) of a triangular lattice of density 1",
            "exact: √(2/√3)",
            "λ",
            SPACING,
            0.005,
            _first_peak,
            note="Half a bin of 0.01 λ.",
        ),
        Check(
            "g(r) of random vortices, mean over 1 < r < 6 λ, periodic box",
            "exact: 1",
            "",
            1.0,
            0.0,
            lambda: _random_g("periodic"),
            note="20 samples of 2 000.",
        ),
        Check(
            "g(r) of random vortices, mean over 1 < r < 6 λ, between walls",
            "exact: 1",
            "",
            1.0,
            0.0,
            lambda: _random_g("reflecting"),
            note="20 samples of 2 000.",
        ),
    ]


def _running_count(reach: float) -> float:
    """∫ g(r) 2πr dr (N − 1)/A up to `reach` spacings."""
    lattice = vmd.triangular_lattice(480, 1.0)
    r, g = analysis.radial_distribution(lattice, reach * SPACING, bins=1_000)
    width = r[1] - r[0]
    return float((g * 2.0 * pi * r).sum() * width * (len(lattice) - 1) / lattice.box.area)


def _first_peak() -> float:
    r, g = analysis.radial_distribution(vmd.triangular_lattice(480, 1.0), 1.5, bins=150)
    return float(r[np.argmax(g)])


def _random_g(boundary: str) -> Measured:
    box = vmd.Box((45.0, 45.0), (boundary, boundary))
    found = []
    for seed in range(20):
        vortices = vmd.random_vortices(2_000, box=box, seed=seed)
        r, g = analysis.radial_distribution(vortices, 6.0, bins=60)
        found.append(float(np.average(g[r > 1.0], weights=r[r > 1.0])))
    return mean(found)
