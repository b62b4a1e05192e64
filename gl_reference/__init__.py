"""Ginzburg-Landau vortices solved in full: the reference for the pair forces.

Units: lengths in the penetration depth λ, energies ∫F/π per vortex length in ε₀, forces in
Ω₀ = ε₀/λ (positive = repulsion). Guide: docs/gl_reference.md.
"""

from gl_reference.branches import Branches, vav_branches
from gl_reference.dynamics import DynamicPair, dynamic_pair
from gl_reference.errors import ConvergenceError
from gl_reference.figures import draw_figures
from gl_reference.moduli import moduli_friction
from gl_reference.moving_vortex import VortexFriction, vortex_friction
from gl_reference.obstacle import MinimumPair, minimum_pair, string_energy, string_force
from gl_reference.pair import PairSolution, pair_force, solve_pair
from gl_reference.radial import lower_critical_field, single_vortex
from gl_reference.solution import Solution
from gl_reference.solve import solve
from gl_reference.table_files import load_generated
from gl_reference.tables import TablesMismatchError, run_tables
from gl_reference.taubes import near_critical, near_critical_pair

__all__ = [
    "Branches",
    "ConvergenceError",
    "DynamicPair",
    "MinimumPair",
    "PairSolution",
    "Solution",
    "TablesMismatchError",
    "VortexFriction",
    "draw_figures",
    "dynamic_pair",
    "load_generated",
    "lower_critical_field",
    "minimum_pair",
    "moduli_friction",
    "near_critical",
    "near_critical_pair",
    "pair_force",
    "run_tables",
    "single_vortex",
    "solve",
    "solve_pair",
    "string_energy",
    "string_force",
    "vav_branches",
    "vortex_friction",
]
