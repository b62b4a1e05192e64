"""vortexmd: molecular dynamics of vortices in superconductors.

>>> import vortexmd as vmd
>>> import potentials as pot
>>> start = vmd.random_vortices(n=1024, density=1.0, min_distance=0.3, seed=1)
>>> sim = vmd.Simulation(start, pair_force=pot.London(f0=2.0), temperature=0.05, dt=0.01, seed=7)
>>> sim.run(1000)

Reduced units: length λ, force Ω₀ = ε₀/λ, energy ε₀ (per length of vortex), time τ = ηλ/Ω₀.
"""

import potentials as _potentials

if getattr(_potentials, "OWNER", None) != "vortexmd":
    raise ImportError(
        f"the package 'potentials' found at {getattr(_potentials, '__file__', '?')} is not vortexmd's "
        f"but another of the same name: uninstall it, or use an environment of its own for vortexmd"
    )

__version__ = "0.1.0"

# First: it finds out where compiled code can be kept.
import vortexmd.kernels as _kernels  # noqa: F401
from vortexmd import flux_exchange
from vortexmd.box import Box
from vortexmd.density import DensityWarning
from vortexmd.events import Event
from vortexmd.external import ExternalForce, HarmonicTrap, SinusoidalDrive, UniformDrive
from vortexmd.flux_exchange import FluxExchangeWarning
from vortexmd.gl_validation import FrameValidation, validate_frame
from vortexmd.hopping import ArrheniusHopping
from vortexmd.lattices import random_vortices, square_lattice, triangular_lattice
from vortexmd.pair_friction import ClippedFrictionWarning, MobilityError
from vortexmd.pinning import GaussianPins, ParabolicPins
from vortexmd.reactions import Annihilation, Merging
from vortexmd.reader import Trajectory, load
from vortexmd.regions import Regions
from vortexmd.simulation import Simulation, UnstableStepError
from vortexmd.trajectory import TrajectoryWriter
from vortexmd.vortices import Vortices

__all__ = [
    "Annihilation",
    "ArrheniusHopping",
    "Box",
    "ClippedFrictionWarning",
    "DensityWarning",
    "Event",
    "ExternalForce",
    "FluxExchangeWarning",
    "FrameValidation",
    "GaussianPins",
    "HarmonicTrap",
    "Merging",
    "MobilityError",
    "ParabolicPins",
    "Regions",
    "Simulation",
    "SinusoidalDrive",
    "Trajectory",
    "TrajectoryWriter",
    "UniformDrive",
    "UnstableStepError",
    "Vortices",
    "flux_exchange",
    "load",
    "random_vortices",
    "square_lattice",
    "triangular_lattice",
    "validate_frame",
]
