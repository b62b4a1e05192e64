"""Pinning regions: a partition of the box into rectangles, polygons or pixels, measured and made ready.

`partition.Regions` is what users see; beside it areas, true interface lengths, the areas from which hops
reach another region, walls, and the grid of cells that the compiled loops in `kernels` read.
"""

from vortexmd.regions.partition import Regions

__all__ = ["Regions"]
