"""Lattices: energies, shear moduli and phonons against sums over the infinite lattice, and which are stable.

The sums beside the engine are plain ones over all sites within 45 λ, of Bessel functions or of Eq. 17.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import k0, k1

import potentials as pot
import vortexmd as vmd
from vortexmd import analysis
from vortexmd.validation.check import Check

Array = NDArray[np.float64]

# Energy per vortex of the infinite lattice of density 1 under K₀.
ENERGY = {"triangular": 2.41161764, "square": 2.41644454}
MAKE = {"triangular": vmd.triangular_lattice, "square": vmd.square_lattice}
SUM = "second method: a sum over all sites of the infinite lattice within 45 λ"
REACH = 45.0
STRAIN = 0.01
SWITCHED = "The tolerance is a pair's energy at 0.9 of the cutoff, over 4ε²."
MU = 1.7


def checks() -> list[Check]:
    """All checks of this area."""
    return [*energy_checks(), *modulus_checks(), *phonon_checks(), *stability_checks()]


# ---------------------------------------------------------------------- energies


def energy_checks() -> list[Check]:
    """K₀ lattices at density 1, tail correction included."""
    table = [
        Check(
            f"energy per vortex of the {kind} lattice under K₀, density 1, cutoff {cutoff or 'default'}",
            "exact: the infinite lattice sum",
            "ε₀",
            exact,
            float(k0(0.9 * (cutoff or pot.London(1.0).cutoff))),
            lambda kind=kind, cutoff=cutoff: _corrected(kind, cutoff),  # type: ignore[misc]
            note="The tolerance is the energy of one pair at 0.9 of the cutoff, where the switch begins.",
        )
        for kind, exact in ENERGY.items()
        for cutoff in (6.0, 8.0, None, 12.0)
    ]
    return [
        *table,
        Check(
            "energy of the square lattice above the triangular one, K₀, density 1, cutoff 12",
            "exact: the infinite lattice sums",
            "ε₀",
            ENERGY["square"] - ENERGY["triangular"],
            float(k0(0.9 * 12.0)),
            lambda: _corrected("square", 12.0) - _corrected("triangular", 12.0),
        ),
        Check(
            "force on a vortex of a perfect triangular lattice, the largest",
            "exact: every site is a centre of symmetry",
            "Ω₀",
            0.0,
            1e-10,
            lambda: float(np.abs(_lattice("triangular", 1.0, 12.0)[0].forces()).max()),
            note="Rounding of sums of some 450 forces.",
        ),
    ]


def _lattice(
    kind: str, density: float, cutoff: float | None, strain: float = 0.0
) -> tuple[vmd.Simulation, int]:
    """A simulation of K₀ vortices on a lattice that its cutoff fits, stretched along x at constant area."""
    law = pot.London(1.0) if cutoff is None else pot.London(1.0, cutoff=cutoff)
    side = (2.0 * law.cutoff + 1.0) * sqrt(density)
    columns = 2 * int(np.ceil(0.5 * side))
    n = columns * columns if kind == "square" else columns * 2 * int(np.ceil(0.5 * columns * 1.2))
    lattice = _stretched(MAKE[kind](n, density), strain)
    return vmd.Simulation(lattice, law, dt=0.01), n


def _stretched(lattice: vmd.Vortices, strain: float) -> vmd.Vortices:
    factors = np.array([exp(strain), exp(-strain)])
    sides = np.array(lattice.box.lengths) * factors
    return vmd.Vortices(lattice.positions * factors, 1, vmd.Box((float(sides[0]), float(sides[1]))))


def _corrected(kind: str, cutoff: float | None, density: float = 1.0, strain: float = 0.0) -> float:
    sim, n = _lattice(kind, density, cutoff, strain)
    return sim.energy() / n + sim.tail_correction()


def _sites(kind: str, density: float) -> Array:
    """(2, M) sites of the infinite lattice within `REACH` of the one at the origin, that one left out."""
    a = sqrt(1.0 / density) if kind == "square" else sqrt(2.0 / (sqrt(3.0) * density))
    most = int(1.2 * REACH / a) + 2
    i, j = np.meshgrid(np.arange(-most, most + 1), np.arange(-most, most + 1))
    x, y = (i, j) if kind == "square" else (i + 0.5 * j, 0.5 * sqrt(3.0) * j)
    sites = a * np.stack((x.ravel(), y.ravel()))
    r = np.hypot(*sites)
    return sites[:, (r > 0) & (r < REACH)]


def lattice_energy(sites: Array, strain: float) -> float:
    """½ΣK₀ over sites (2, M), λ, stretched by e^{strain} along x and e^{−strain} along y; ε₀ per vortex."""
    return float(0.5 * k0(np.hypot(sites[0] * exp(strain), sites[1] * exp(-strain))).sum())


# ---------------------------------------------------------------------- shear moduli


def modulus_checks() -> list[Check]:
    """c₆₆/n from ΔE = 2(c₆₆/n)ε² per vortex, ε = ±0.01 at constant area."""
    return [
        Check(
            "c₆₆/n of the triangular K₀ lattice, density 1, cutoff 16",
            SUM,
            "ε₀",
            _modulus(lambda strain: lattice_energy(_sites("triangular", 1.0), strain)),
            float(k0(0.9 * 16.0)) / (4.0 * STRAIN**2),
            lambda: _modulus(lambda strain: _corrected("triangular", 16.0, 1.0, strain)),
            note=SWITCHED,
        ),
        Check(
            "c₆₆/n of the triangular K₀ lattice, extrapolated from densities 2 and 4 to ∞",
            "exact: 1/8 of f₀, the logarithmic law's (Tkachenko, Sov. Phys. JETP 23, 1049 (1966))",
            "ε₀",
            0.125,
            3e-4,
            _dense_modulus,
            quick=False,
            note="The infinite sums leave a remainder of 9·10⁻⁵ at order 1/n²; cutoffs of 16 and 14 λ.",
        ),
        Check(
            "c₆₆/n of the square K₀ lattice along its soft shear, density 1: unstable",
            SUM + "; below 0",
            "ε₀",
            _modulus(lambda strain: lattice_energy(_turned_square(), strain)),
            float(k0(0.9 * 15.0)) / (4.0 * STRAIN**2),
            _square_modulus,
            note=SWITCHED,
        ),
    ]


def _modulus(energy: Callable[[float], float]) -> float:
    """Per vortex, from the energies (ε₀ per vortex) at ±`STRAIN` and without."""
    return (energy(STRAIN) + energy(-STRAIN) - 2.0 * energy(0.0)) / (4.0 * STRAIN**2)


def _dense_modulus() -> float:
    at = {
        density: _modulus(
            lambda strain, n=density, c=cutoff: _corrected("triangular", c, n, strain)  # type: ignore[misc]
        )
        for density, cutoff in ((2.0, 16.0), (4.0, 14.0))
    }
    return 2.0 * at[4.0] - at[2.0]


def _turned_square() -> Array:
    """The square lattice with its diagonals along the axes: stretched, its cells become rhombi."""
    x, y = _sites("square", 1.0)
    return np.stack((x + y, x - y)) / sqrt(2.0)


def _square_modulus() -> float:
    side = sqrt(2.0)
    corner = np.stack(np.meshgrid(np.arange(22), np.arange(22)), axis=-1).reshape(-1, 2) * side
    positions = np.vstack((corner, corner + 0.5 * side)) + 0.25 * side
    lattice = vmd.Vortices(positions, 1, vmd.Box((22 * side, 22 * side)))

    def energy(strain: float) -> float:
        sim = vmd.Simulation(_stretched(lattice, strain), pot.London(1.0, cutoff=15.0), dt=0.01)
        return sim.energy() / len(lattice) + sim.tail_correction()

    return _modulus(energy)


# ---------------------------------------------------------------------- phonons


def phonon_checks() -> list[Check]:
    """How fast neighbouring rows that were shifted against each other, by 10⁻⁴ of a spacing, go back."""
    fit = pot.GLFit(MU, cutoff=20.0)
    sets: list[tuple[str, pot.Potential, float, float, Callable[[Array], Array]]] = [
        ("K₁", pot.London(1.0, cutoff=14.0), 1.0, 0.05, k1),
        ("Eq. 17 at μ = 1.7", fit, 0.05, 1.0, fit.force),
        ("Eq. 17 at μ = 1.7", fit, 0.15, 1.0, fit.force),
    ]
    return [
        Check(
            f"decay rate of {along} waves at the edge of the zone, {name}, density {density}",
            "second method: the dynamical matrix, " + SUM.split(": ", 1)[1],
            "1/τ",
            phonon_rate(force, density, axis),
            2e-4 * abs(phonon_rate(force, density, axis)) + 2e-6,
            lambda law=law, density=density, axis=axis, dt=dt: _measured_rate(  # type: ignore[misc]
                law, density, axis, dt
            ),
            note="2·10⁻⁴ of it and 2·10⁻⁶ are left to cutoffs of 14 and 20 λ and to the finite amplitude."
            + (" Below 0 the lattice falls apart." if density == 0.15 and axis == 0 else ""),
        )
        for name, law, density, dt, force in sets
        for axis, along in ((0, "transverse"), (1, "longitudinal"))
    ]


def phonon_rate(force: Callable[[Array], Array], density: float, axis: int) -> float:
    """Σ(1 − cos k·r)(−∂F_axis/∂axis), 1/τ at η = 1, of rows that alternate along y."""
    sites = _sites("triangular", density)
    row = sqrt(0.5 * sqrt(3.0) / density)
    odd = np.round(sites[1] / row).astype(int) % 2 == 1
    sites = sites[:, odd]
    r = np.hypot(*sites)
    step = 1e-4 * r
    slope = (force(r + step) - force(r - step)) / (2.0 * step)
    share = (sites[axis] / r) ** 2
    return float(-2.0 * np.sum(slope * share + force(r) / r * (1.0 - share)))


def _measured_rate(law: pot.Potential, density: float, axis: int, dt: float) -> float:
    columns = 2 * int(np.ceil((law.cutoff + 0.5) * sqrt(density)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", vmd.DensityWarning)
        lattice = vmd.triangular_lattice(columns * 2 * int(np.ceil(0.6 * columns)), density)
        row = sqrt(0.5 * sqrt(3.0) / density)
        sign = np.where(np.floor(lattice.positions[:, 1] / row).astype(int) % 2 == 0, 1.0, -1.0)
        wave = np.zeros((len(lattice), 2))
        wave[:, axis] = 1e-4 / sqrt(density) * sign
        start = vmd.Vortices(lattice.positions + wave, 1, lattice.box)
        sim = vmd.Simulation(start, law, dt=dt)
    steps = 10
    sim.run(steps)
    left = float(np.sum(lattice.box.minimum_image(sim.state.positions - lattice.positions) * wave))
    # The explicit scheme multiplies the wave by 1 − rate·Δt a step.
    return (1.0 - (left / float(np.sum(wave**2))) ** (1.0 / steps)) / dt


# ---------------------------------------------------------------------- what is stable


def stability_checks() -> list[Check]:
    """Where lattices stay and where they do not, shaken and slid down to the nearest minimum."""
    claim = "second method: the sign of the softest mode, from the Fourier transform of Eq. 17"
    return [
        Check(
            "Eq. 17 at μ = 1.7, density 0.05: largest distance from the lattice after shaking by 5 %",
            claim + " (stable)",
            "λ",
            0.0,
            1e-2,
            lambda: _after_shaking(0.05)[0],
            note="What the minimizer's tolerance leaves of the softest mode.",
        ),
        Check(
            "Eq. 17 at μ = 1.7, density 0.05: energy above the lattice's after shaking",
            claim + " (stable)",
            "ε₀",
            0.0,
            1e-6,
            lambda: _after_shaking(0.05)[1],
        ),
        Check(
            "Eq. 17 at μ = 1.7, density 0.05: vortices within half a spacing of each",
            claim + " (stable: 1)",
            "",
            1.0,
            0.0,
            lambda: _after_shaking(0.05)[2],
        ),
        Check(
            "Eq. 17 at μ = 1.7, density 0.15: whether vortices cluster (occupancy above 1.5)",
            claim + " (unstable: 1, yes)",
            "",
            1.0,
            0.0,
            lambda: float(_after_shaking(0.15)[2] > 1.5),
        ),
        Check(
            "square lattice under K₀, shaken: energy per vortex left above the triangular lattice",
            "exact: the square lattice is unstable (c₆₆ < 0), so less than its own 0.0048269; half of it",
            "ε₀",
            0.0,
            0.5 * (ENERGY["square"] - ENERGY["triangular"]),
            _square_relaxed,
        ),
        *[
            Check(
                f"peak force of Eq. 17 between {name} at μ = 1.7",
                "Chaves et al., Phys. Rev. B 83, 054516 (2011), Ω_max as fitted: " + text,
                "Ω₀",
                value,
                0.02 * value,
                lambda n=n: _peak_force(n),  # type: ignore[misc]
                note=note,
            )
            for name, n, text, value, note in (
                (
                    "two vortices",
                    1,
                    "0.0961μ(μ − 1)/(1 + 0.2863μ)^1.341",
                    0.0961 * MU * (MU - 1.0) / (1.0 + 0.2863 * MU) ** 1.341,
                    "The fit of the peaks is good to 2 % for μ ≥ 1.1.",
                ),
                (
                    "a vortex and a giant one",
                    2,
                    "0.1709μ(μ − 1)/(1 + 1.854μ)^0.6087",
                    0.1709 * MU * (MU - 1.0) / (1.0 + 1.854 * MU) ** 0.6087,
                    "Taken to be as good as the fit for two vortices: the 2 % are known of that one only.",
                ),
            )
        ],
    ]


def _after_shaking(density: float) -> tuple[float, float, float]:
    """Distance from the lattice (λ), energy above it (ε₀) and occupancy, slid down from 5 % off."""
    law = pot.GLFit(MU)
    columns = 2 * int(np.ceil(law.cutoff * sqrt(density))) + 2
    lattice = vmd.triangular_lattice(columns * (columns + 2), density)
    kick = np.random.default_rng(0).normal(size=(len(lattice), 2)) * 0.05 / sqrt(density)
    start = vmd.Vortices(lattice.positions + kick, 1, lattice.box)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", vmd.DensityWarning)
        perfect = vmd.Simulation(lattice, law, dt=0.2).energy()
        sim = vmd.Simulation(start, law, dt=0.2)
    sim.minimize(force_tolerance=1e-7, max_iterations=400)
    moved = lattice.box.minimum_image(sim.state.positions - lattice.positions)
    away = float(np.abs(moved - moved.mean(axis=0)).max())
    return away, sim.energy() - perfect, float(analysis.mean_occupancy(sim.state))


def _square_relaxed() -> float:
    lattice = vmd.square_lattice(400, 1.0)
    kick = np.random.default_rng(1).normal(size=(400, 2)) * 0.05
    start = vmd.Vortices(lattice.positions + kick, 1, lattice.box)
    sim = vmd.Simulation(start, pot.London(1.0), dt=0.05)
    sim.minimize(max_iterations=2_000)
    return sim.energy() / 400 + sim.tail_correction() - ENERGY["triangular"]


def _peak_force(winding: int) -> float:
    """The largest force on a vortex beside one of winding 1 or 2, as the engine has it, Ω₀."""
    r = np.arange(0.5, 6.0, 0.02)
    # Pairs too far from each other to matter, so that what two giant vortices do to each other is left open.
    site = np.column_stack((100.0 * np.arange(len(r)), np.zeros(len(r))))
    beside = site + np.column_stack((r, np.zeros(len(r))))
    box = vmd.Box((60.0, 60.0), ("free", "free"))
    start = vmd.Vortices(np.vstack((site, beside)), np.repeat([winding, 1], len(r)), box)
    alike = pot.GLPair("V-V", MU)
    law = pot.Interaction({(1, 1): alike, (1, 2): pot.GLPair("V-GV", MU), (2, 2): alike})
    sim = vmd.Simulation(start, law, dt=0.1)
    return float(sim.forces()[len(r) :, 0].max())
