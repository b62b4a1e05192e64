"""Ginzburg-Landau vortices solved in full: the reference for the pair forces.

Units: lengths in the penetration depth λ, energies ∫F/π per vortex length in ε₀, forces in
Ω₀ = ε₀/λ (positive = repulsion). Guide: docs/gl_reference.md.
"""

from gl_reference.errors import ConvergenceError
from gl_reference.pair import PairSolution, pair_force, solve_pair
from gl_reference.radial import lower_critical_field, single_vortex

__all__ = [
    "ConvergenceError",
    "PairSolution",
    "lower_critical_field",
    "pair_force",
    "single_vortex",
    "solve_pair",
]
