"""Where vortices go that leave a region, drawn by the alias method.

A. J. Walker, ACM Trans. Math. Softw. 3, 253 (1977): one multiplication and one comparison, however many
neighbours a region has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd.flux_exchange.graph import ExchangeGraph


class Channels(NamedTuple):
    """Where a vortex goes that leaves node i: the alternatives start[i] … start[i + 1] − 1.

    Attributes
    ----------
    start
        (R + 2,) first alternative of each region and of the outside.
    target
        (K,) the node reached; R is the outside.
    accept, alias
        (K,) alternatives are drawn evenly; one gives way to its alias with probability 1 − accept.
    """

    start: NDArray[np.int64]
    target: NDArray[np.int64]
    accept: NDArray[np.float64]
    alias: NDArray[np.int64]


def node_channels(graph: ExchangeGraph) -> tuple[Channels, NDArray[np.float64]]:
    """Where vortices go, and (R + 1,) the conductance out of each region and into the sample."""
    n = len(graph)
    i, j = graph.pairs.T
    edge = np.flatnonzero(graph.outside_conductance)
    outside = np.full(len(edge), n)
    c = graph.outside_conductance[edge]
    source = np.concatenate((i, j, edge, outside))
    target = np.concatenate((j, i, outside, edge))
    weight = np.concatenate((graph.conductance, graph.conductance, c, c))
    # Node by node, and by target within: the path does not depend on the order of the interfaces.
    order = np.lexsort((target, source))
    order = order[weight[order] > 0]
    source, target, weight = source[order], target[order], weight[order]
    start = np.searchsorted(source, np.arange(n + 2)).astype(np.int64)
    accept, alias = np.empty(len(weight)), np.empty(len(weight), dtype=np.int64)
    build_aliases(start, weight, accept, alias)
    return (
        Channels(start, target.astype(np.int64), accept, alias),
        np.bincount(source, weight, n + 1).astype(float),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def build_aliases(start, weight, accept, alias):
    """Fill `accept` and `alias` (K,) of each node from the alternatives' weights (M. D. Vose, 1991)."""
    for node in range(start.shape[0] - 1):
        first, last = start[node], start[node + 1]
        n = last - first
        mean = 0.0
        for e in range(first, last):
            mean += weight[e] / n
        small = np.empty(n, dtype=np.int64)
        large = np.empty(n, dtype=np.int64)
        n_small = n_large = 0
        for e in range(first, last):
            accept[e] = weight[e] / mean
            alias[e] = e
            if accept[e] < 1.0:
                small[n_small] = e
                n_small += 1
            else:
                large[n_large] = e
                n_large += 1
        while n_small > 0 and n_large > 0:
            n_small -= 1
            poor, rich = small[n_small], large[n_large - 1]
            alias[poor] = rich
            accept[rich] -= 1.0 - accept[poor]
            if accept[rich] < 1.0:
                n_large -= 1
                small[n_small] = rich
                n_small += 1
        # Rounding leaves some a hair off 1.
        for k in range(n_small):
            accept[small[k]] = 1.0
        for k in range(n_large):
            accept[large[k]] = 1.0
