"""OpenMM's side: CPU platform, CustomNonbondedForce, Brownian integrator.

OpenMM is fastest with an expression that it can evaluate with vector instructions (a tabulated function takes
it several times as long), so it gets one that is fitted to the workload's force here: 10⁻⁴ of it, the
accuracy of LAMMPS's linear table. Its space has three dimensions; a spring keeps the vortices in a plane.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vortexmd as vmd
from benchmarks.peers.workload import CUTOFF, DT, TEMPERATURE, clocked, law
from vortexmd.pair_tables import SWITCH_FROM, switch

# e⁻ʳ r⁻½ Σ aₖ (r + SHIFT)⁻ᵏ stands for K₀(r) on r ≥ CLOSEST.
SHIFT, TERMS, CLOSEST = 0.2, 6, 0.15
SWITCH_TERMS = 7
# Third side of the box, in λ; it must hold two cutoffs.
HEIGHT = 4 * CUTOFF
GAS_CONSTANT = 8.31446261815324e-3  # kJ/(mol K), as OpenMM has it


def installed() -> bool:
    """Whether there is an OpenMM for this Python."""
    return importlib.util.find_spec("openmm") is not None


def pair_energy() -> str:
    """The pair energy as an expression of r, fitted so that its slope is the workload's force."""
    r = np.geomspace(CLOSEST, CUTOFF, 4000)
    envelope, u = np.exp(-r) / np.sqrt(r), 1 / (r + SHIFT)
    slopes = [envelope * (u**k * (1 + 0.5 / r) + k * u ** (k + 1)) for k in range(TERMS)]
    weight = 1 / (law().force(r) + 0.01)
    a = np.linalg.lstsq(np.array(slopes).T * weight[:, None], law().force(r) * weight)[0]
    # What switching the force off takes from it: −dq/dr on the last tenth before the cutoff.
    begin = SWITCH_FROM * CUTOFF
    x = np.linspace(0, CUTOFF - begin, 200)
    taken = law().force(begin + x) * (1 - switch(CUTOFF, begin + x))
    powers = np.arange(2, SWITCH_TERMS + 2)
    q = np.linalg.lstsq(powers * x[:, None] ** (powers - 1), taken)[0]

    def horner(coefficients: NDArray[np.floating], variable: str) -> str:
        text = f"{coefficients[-1]:.10g}"
        for value in coefficients[-2::-1]:
            text = f"({value:.10g}+{variable}*{text})"
        return text

    return (
        f"exp(-r)/sqrt(r)*{horner(a, 'u')} + step(x)*x*x*{horner(q, 'x')};"
        f" u=1/(r+{SHIFT}); x=r-{begin:.10g}"
    )


class OpenMM:
    """OpenMM with the workload loaded, on `threads` threads."""

    def __init__(self, start: vmd.Vortices, threads: int = 1):
        import openmm as mm

        lx, ly = start.box.lengths
        n = len(start)
        system = mm.System()
        for _ in range(n):
            system.addParticle(1.0)
        system.setDefaultPeriodicBoxVectors((lx, 0, 0), (0, ly, 0), (0, 0, HEIGHT))
        pairs = mm.CustomNonbondedForce(pair_energy())
        pairs.setNonbondedMethod(mm.CustomNonbondedForce.CutoffPeriodic)
        pairs.setCutoffDistance(CUTOFF)
        plane = mm.CustomExternalForce(f"{0.5 / DT}*z*z")
        for i in range(n):
            pairs.addParticle([])
            plane.addParticle(i, [])
        system.addForce(pairs)
        system.addForce(plane)
        # dx = F Δt/(mγ) + √(2kTΔt/(mγ)) R: with m = γ = 1 our step, kT in kJ/mol.
        integrator = mm.BrownianIntegrator(TEMPERATURE / GAS_CONSTANT, 1.0, DT)
        integrator.setRandomNumberSeed(1)
        platform = mm.Platform.getPlatformByName("CPU")
        self._context = mm.Context(system, integrator, platform, {"Threads": str(threads)})
        self._context.setPositions(np.column_stack([start.positions, np.zeros(n)]))
        self._integrator = integrator
        self.version: str = mm.__version__

    def run(self, steps: int) -> dict[str, float]:
        """CPU seconds and wall seconds a step."""
        cpu, wall = clocked(self._integrator.step, steps)
        return {"cpu": cpu, "wall": wall}

    def forces(self) -> NDArray[np.float64]:
        """Forces (N, 2) on the vortices where they are."""
        state: Any = self._context.getState(getForces=True)
        return np.asarray(state.getForces(asNumpy=True))[:, :2]

    def positions(self) -> NDArray[np.float64]:
        """Where they are, (N, 3)."""
        state: Any = self._context.getState(getPositions=True)
        return np.asarray(state.getPositions(asNumpy=True))
