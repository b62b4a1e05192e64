"""Pair potentials of superconducting vortices: pure functions of the separation r.

Every object has `force(r)`, `energy(r)`, `cutoff`, `pair(n1, n2)`, `fourier(k)`,
`tail_energy()` and `plot()`; they add and scale. Units: r in the penetration depth λ, force in
Ω₀ = ε₀/λ, energy per vortex length in ε₀ = Φ₀²/4πμ₀λ². Guide: docs/potentials.md.
"""

from potentials.algebra import PairLaw, Scaled, Sum
from potentials.base import Potential, UncoveredPairError
from potentials.bessel import Log, London, TwoBessel
from potentials.critical import (
    annihilation_separation,
    peak_force,
    peak_separation,
    stability_separation,
    upper_critical_density,
)
from potentials.gl_dynamic import GLDynamic
from potentials.gl_fit import FitRangeWarning, GLFit, GLPair
from potentials.gl_table import GLTable
from potentials.interaction import Interaction
from potentials.pair_friction import FrictionByPair, PairFriction, TabulatedFriction
from potentials.pearl import Pearl
from potentials.user import FromFunction, Tabulated, TruncatedTableWarning

# Another package of this name exists (NIST's interatomic potentials); this marks ours.
OWNER = "vortexmd"

__all__ = [
    "OWNER",
    "FitRangeWarning",
    "FrictionByPair",
    "FromFunction",
    "GLDynamic",
    "GLFit",
    "GLPair",
    "GLTable",
    "Interaction",
    "Log",
    "London",
    "PairFriction",
    "PairLaw",
    "Pearl",
    "Potential",
    "Scaled",
    "Sum",
    "Tabulated",
    "TabulatedFriction",
    "TruncatedTableWarning",
    "TwoBessel",
    "UncoveredPairError",
    "annihilation_separation",
    "peak_force",
    "peak_separation",
    "stability_separation",
    "upper_critical_density",
]
