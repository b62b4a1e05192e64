"""Counter-based random numbers: Philox4x32-10.

Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011). A number is a
function of (seed, stream, step, id) alone, so that neither threads nor restarts can change it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Streams keep the uses of randomness apart.
THERMAL_NOISE = 0
HOPS = 1
SSA = 3


def thermal_noise(seed: int, step: int, ids: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Two independent standard normal numbers for each vortex, written to `out` (N, 2)."""
    normal_pairs(np.uint64(seed), np.uint64(step), np.uint32(THERMAL_NOISE), ids, out)


def uniform_rows(seed: int, step: int, stream: int, first: int, count: int) -> NDArray[np.float64]:
    """(count, 4) independent numbers in (0, 1], 53 bits each: rows first … of a stream at a step."""
    rows = np.empty((count, 4))
    uniform_blocks(np.uint64(seed), np.uint64(step), np.uint32(stream), np.uint64(first), rows)
    return rows


@njit(cache=True, nogil=True, error_model="numpy")
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox on counter (c0, c1, c2, c3) and key (k0, k1): four uint32."""
    low = np.uint64(0xFFFFFFFF)
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * x0
        p1 = np.uint64(0xCD9E8D57) * x2
        x0, x1, x2, x3 = (
            (p1 >> np.uint64(32)) ^ x1 ^ key0,
            p1 & low,
            (p0 >> np.uint64(32)) ^ x3 ^ key1,
            p0 & low,
        )
        key0 = (key0 + np.uint64(0x9E3779B9)) & low
        key1 = (key1 + np.uint64(0xBB67AE85)) & low
    return np.uint32(x0), np.uint32(x1), np.uint32(x2), np.uint32(x3)


@njit(cache=True, nogil=True, error_model="numpy")
def normal_pairs(seed, step, stream, ids, out):
    """Box–Muller on the four words of counter (id low, step low, step high, stream and id high)."""
    low = np.uint64(0xFFFFFFFF)
    for i in range(ids.shape[0]):
        name = np.uint64(ids[i])
        w0, w1, w2, w3 = philox4x32(
            name & low,
            step & low,
            step >> np.uint64(32),
            # Streams are few: ids beyond 32 bits use the rest of their word.
            np.uint64(stream) | ((name >> np.uint64(32)) << np.uint64(8)),
            seed & low,
            seed >> np.uint64(32),
        )
        # 53-bit uniforms, u in (0, 1] so that its logarithm is finite.
        a = (np.uint64(w0) << np.uint64(21)) ^ (np.uint64(w1) >> np.uint64(11))
        b = (np.uint64(w2) << np.uint64(21)) ^ (np.uint64(w3) >> np.uint64(11))
        radius = np.sqrt(-2.0 * np.log((np.float64(a) + 1.0) * 2.0**-53))
        angle = 2.0 * np.pi * (np.float64(b) * 2.0**-53)
        out[i, 0] = radius * np.cos(angle)
        out[i, 1] = radius * np.sin(angle)


@njit(cache=True, nogil=True, error_model="numpy")
def uniform_blocks(seed, step, stream, first, out):
    """Row k: the eight words of counters (2(first + k), …) and (2(first + k) + 1, …), two a number."""
    low = np.uint64(0xFFFFFFFF)
    for k in range(out.shape[0]):
        for half in range(2):
            counter = np.uint64(2) * (first + np.uint64(k)) + np.uint64(half)
            w0, w1, w2, w3 = philox4x32(
                counter & low,
                step & low,
                step >> np.uint64(32),
                stream,
                seed & low,
                seed >> np.uint64(32),
            )
            a = (np.uint64(w0) << np.uint64(21)) ^ (np.uint64(w1) >> np.uint64(11))
            b = (np.uint64(w2) << np.uint64(21)) ^ (np.uint64(w3) >> np.uint64(11))
            out[k, 2 * half] = (np.float64(a) + 1.0) * 2.0**-53
            out[k, 2 * half + 1] = (np.float64(b) + 1.0) * 2.0**-53
