"""Vortex pairs at the true constrained minimum, with their slits and strings."""

from gl_reference.obstacle.branches import Branch, MinimumBranches, follow, minimum_branches
from gl_reference.obstacle.minimum import AxisFields, MinimumPair, PlaneFields, minimum_pair
from gl_reference.obstacle.string_state import string_energy, string_force

__all__ = [
    "AxisFields",
    "Branch",
    "MinimumBranches",
    "MinimumPair",
    "PlaneFields",
    "follow",
    "minimum_branches",
    "minimum_pair",
    "string_energy",
    "string_force",
]
