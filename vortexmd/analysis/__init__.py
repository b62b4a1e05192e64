"""Structure of a vortex configuration: neighbours, order, correlations.

>>> from vortexmd import analysis
>>> analysis.sixfold_fraction(vortices)
"""

from vortexmd.analysis.delaunay import DelaunayNeighbors, delaunay_neighbors, voronoi_cells
from vortexmd.analysis.order import (
    coordination_numbers,
    global_hexatic_order,
    hexatic_order,
    mean_occupancy,
    sixfold_fraction,
)
from vortexmd.analysis.pair_correlation import radial_distribution

__all__ = [
    "DelaunayNeighbors",
    "coordination_numbers",
    "delaunay_neighbors",
    "global_hexatic_order",
    "hexatic_order",
    "mean_occupancy",
    "radial_distribution",
    "sixfold_fraction",
    "voronoi_cells",
]
