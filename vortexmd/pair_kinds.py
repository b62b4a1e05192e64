"""Which law acts between two species, in the form that the processor and the precision ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numpy.typing import NDArray

from vortexmd.kernels.pairs import PLAIN_LANES, DoubleLaws, FineTables, PlainLaws, SingleLaws
from vortexmd.kernels.vector import DOUBLE, SINGLE
from vortexmd.pair_tables import ENDLESS, LOWEST_OCTAVE, PairTables
from vortexmd.vector_tables import nothing, vector_table, with_nearest

PRECISIONS = ("double", "mixed")
# Largest error of the vector code's laws over their largest force; what is worse goes by the fine tables.
TOLERANCE = {"double": 1e-6, "mixed": 4e-6}
# What is asked of them near r = 0, where the fine tables can take over at the price of some time.
GOOD = {"double": 3e-8, "mixed": 3e-7}


def has_vector_code() -> bool:
    """Whether this processor has the instructions that `kernels.vector` is written in."""
    settings: Any = numba.config
    if settings.CPU_NAME or settings.CPU_FEATURES or not settings.ENABLE_AVX:
        # Numba is told to compile for another one.
        return False
    features = llvmlite.binding.get_host_cpu_features()
    return all(features.get(name, False) for name in ("avx512f", "avx512dq", "avx512vl"))


@dataclass(frozen=True)
class PairKinds:
    """Kinds of pairs: species that share law, distance of reactions and reach.

    Attributes
    ----------
    kind_of
        (S, S) kind of each pair of species; 0 is for those that need not be found.
    reach
        (kinds,) λ: how far pairs count, without the skin.
    laws
        What the loops of `kernels.pairs` take.
    fine
        The fine tables of the same kinds.
    lanes
        Slots of a chunk in the list.
    code
        ``"vector float32"``, ``"vector float64"`` or ``"plain float64"``: what the forces are computed with.
    """

    kind_of: NDArray[np.int64]
    reach: NDArray[np.float64]
    laws: SingleLaws | DoubleLaws | PlainLaws
    fine: FineTables
    lanes: int
    code: str

    @property
    def vector(self) -> tuple[int, ...]:
        """Of something where there is vector code (`kernels.listing.near_bits`)."""
        return (1,) if has_vector_code() else ()


def sort_kinds(
    tables: PairTables,
    close: NDArray[np.float64],
    wanted: NDArray[np.float64],
    precision: str,
) -> PairKinds:
    """The kinds of pairs, and their laws for this processor.

    Parameters
    ----------
    tables
        The tabulated laws.
    close
        (S, S) λ: nearer pairs must be set aside (for reactions, or as overlapping); 0 for none.
    wanted
        (S, S) λ: how far pairs must be found whatever their law; 0 for not at all.
    precision
        ``"double"`` or ``"mixed"``.
    """
    index = np.zeros_like(tables.index)
    found: dict[tuple[int, float, float], int] = {}
    for a, b in np.ndindex(index.shape):
        kind = int(tables.index[a, b]), float(close[a, b]), float(wanted[a, b])
        if any(kind):
            index[a, b] = found.setdefault(kind, 1 + len(found))
    keys = [(0, 0.0, 0.0), *found]
    reach = np.array([max(tables.cutoffs[law], near, least) for law, near, least in keys])
    reach[reach >= ENDLESS] = np.inf
    fine = FineTables(
        tables.force,
        tables.bits,
        LOWEST_OCTAVE,
        float(tables.cutoff),
        np.array([law for law, *_ in keys], dtype=np.int64),
    )
    if has_vector_code() and np.isfinite(reach).all():
        lanes = SINGLE if precision == "mixed" else DOUBLE
        laws = [vector_table(law, lanes, GOOD[precision]) for law in tables.laws]
        if all(law.error <= TOLERANCE[precision] for law in laws):
            rows = [
                with_nearest(laws[law - 1], near) if law else nothing(lanes, near)
                for law, near, _ in keys
            ]
            packed = np.concatenate(rows)
            if precision == "mixed":
                return PairKinds(
                    index, reach, SingleLaws(packed), fine, lanes.count, "vector float32"
                )
            return PairKinds(index, reach, DoubleLaws(packed), fine, lanes.count, "vector float64")
    near2 = np.array([near * near * (1 + 1e-5) for _, near, _ in keys])
    return PairKinds(index, reach, PlainLaws(near2), fine, PLAIN_LANES, "plain float64")
