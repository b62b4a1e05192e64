"""Where the table of `GLDynamic` has its nodes in μ, in the relaxation rate s and in separation.

Separations are nodes in x = d/L(μ), evenly spaced in t = ln x + x/4 (see `gl_grid`).
"""

from __future__ import annotations

import numpy as np

from potentials.base import Array
from potentials.gl_grid import STRETCH, scale, stretched_back

# Without 1, where windings of one sign do not move.
MUS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.35, 1.5, 1.7, 2.0, 2.5)
RATES = (0.1, 10**-0.5, 1.0, 10**0.5, 10.0)
NODES = 40
# In L(μ): the nearest separation of a pair of windings, and the furthest of all.
NEAREST = {(1, 1): 0.25, (1, -1): 0.15, (1, 2): 0.4}
FURTHEST = 6.5


def table_mus(n1: int, n2: int) -> tuple[float, ...]:
    """The values of μ at which a pair was solved: giant vortices last below μ = 1 only."""
    if n2 == 2:
        return tuple(mu for mu in MUS if mu < 1)
    return MUS if n1 * n2 > 0 else tuple(sorted((*MUS, 1.0)))


def table_separations(n1: int, n2: int, mu: float) -> Array:
    """The separations (NODES,) in λ at which a pair was solved."""
    low, high = (np.log(x) + x / STRETCH for x in (NEAREST[n1, n2], FURTHEST))
    return scale(mu) * stretched_back(np.linspace(low, high, NODES))
