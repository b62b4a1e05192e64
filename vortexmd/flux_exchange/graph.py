"""The equations of flux exchange as arrays: a nonlinear Laplacian on a graph of regions.

    A_i dB_i/dt = −Σ_j c_ij (W_i − W_j) − c_ie (W_i − W_e)

(R. Ma, Eqs. 3–5, 21, 23), with the conductance c_ij = ½ L_ij s ν₀ stored once an interface, so that ΣA_iB_i
is conserved by construction. The outside is a node of infinite area with W_e = B_a e^{−U_e/kT}.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.csgraph import connected_components

from vortexmd.flux_exchange.laws import LawArray


@dataclass(frozen=True)
class ExchangeGraph:
    """Regions, what connects them, and how strongly.

    Parameters
    ----------
    area
        (R,) A_i.
    laws
        The activation laws of the regions.
    pairs
        (I, 2) which regions each interface joins.
    conductance
        (I,) c_ij, area per time.
    outside_conductance
        (R,) c_ie, area per time; 0 inside.
    outside_flux
        W_e, in the unit of fields.
    """

    area: NDArray[np.float64]
    laws: LawArray
    pairs: NDArray[np.int64]
    conductance: NDArray[np.float64]
    outside_conductance: NDArray[np.float64]
    outside_flux: float
    # (R, R) ∂(dB_i/dt)/∂W_j, constant: ε_ij off the diagonal, −Σ_j ε_ij − ε_ie on it.
    _coupling: csc_array = field(init=False, repr=False)
    _column: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        c = self.exchange()
        total = c.sum(axis=1) + self.outside_conductance
        coupling = csc_array(diags_array(1.0 / self.area) @ (c - diags_array(total)))
        coupling.sort_indices()
        column = np.repeat(np.arange(len(self.area)), np.diff(coupling.indptr))
        object.__setattr__(self, "_coupling", coupling)
        object.__setattr__(self, "_column", column)

    def __len__(self) -> int:
        return len(self.area)

    @property
    def open(self) -> bool:
        """Whether anything is exchanged with the outside."""
        return bool(self.outside_conductance.any())

    def exchange(self) -> csc_array:
        """(R, R) c_ij between regions, symmetric and sparse; interfaces without conductance are left out."""
        i, j = self.pairs[self.conductance > 0].T
        c = self.conductance[self.conductance > 0]
        n = len(self)
        return csc_array(coo_array((np.r_[c, c], (np.r_[i, j], np.r_[j, i])), shape=(n, n)))

    def rates(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """(R,) dB_i/dt at fields `b` (R,)."""
        w = self.laws.flux(b)
        i, j = self.pairs.T
        # Interface by interface: what leaves one side enters the other, to the last bit.
        current = self.conductance * (w[i] - w[j])
        n = len(self)
        gain = np.bincount(j, current, n) - np.bincount(i, current, n)
        return (gain - self.outside_conductance * (w - self.outside_flux)) / self.area

    def jacobian(self, b: NDArray[np.float64]) -> csc_array:
        """(R, R) ∂(dB_i/dt)/∂B_j, sparse and always of one pattern (Eq. 9 for any number of regions)."""
        coupling = self._coupling
        data = coupling.data * self.laws.slope(b)[self._column]
        return csc_array((data, coupling.indices, coupling.indptr), shape=coupling.shape)

    def components(self) -> tuple[int, NDArray[np.int64]]:
        """How many parts exchange nothing with each other, and (R,) which part each region is in."""
        count, label = connected_components(self.exchange(), directed=False)
        return int(count), label.astype(np.int64)
