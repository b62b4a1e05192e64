"""Random numbers that are functions of (seed, stream, step, id) alone: Philox4x32-10.

The loops are in `vortexmd.kernels.noise`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vortexmd.kernels.noise import normal_pairs, philox4x32, uniform_blocks

__all__ = ["HOPS", "SSA", "THERMAL_NOISE", "philox4x32", "thermal_noise", "uniform_rows"]

# Streams keep the uses of randomness apart.
THERMAL_NOISE = 0
HOPS = 1
SSA = 3


def thermal_noise(seed: int, step: int, ids: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Two independent standard normal numbers for each vortex, written to `out` (N, 2), contiguous."""
    names = np.ascontiguousarray(ids)
    normal_pairs(
        np.uint64(seed), np.uint64(step), np.uint32(THERMAL_NOISE), names, 0, len(names), out
    )


def uniform_rows(seed: int, step: int, stream: int, first: int, count: int) -> NDArray[np.float64]:
    """(count, 4) independent numbers in (0, 1], 53 bits each: rows first … of a stream at a step."""
    rows = np.empty((count, 4))
    uniform_blocks(np.uint64(seed), np.uint64(step), np.uint32(stream), np.uint64(first), rows)
    return rows
