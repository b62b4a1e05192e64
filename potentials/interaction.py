"""Different laws for different pairs of windings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from potentials.algebra import common_mu
from potentials.base import (
    CUTOFF,
    Array,
    CutoffField,
    Potential,
    UncoveredPairError,
    canonical_pair,
)
from potentials.checks import shown

Pair = tuple[int, int]


@dataclass(frozen=True, repr=False, init=False)
class Interaction(Potential):
    """Laws by winding pair: `Interaction({(1, 1): a, (1, -1): b, (1, 2): c})`.

    Order and a common sign flip are implied: (1, 2) also stands for (2, 1), (-1, -2), (-2, -1).

    A value that knows windings acts as its own law for that key: `London()` given for (1, -1)
    attracts, `GLFit(mu)` gives its V-AV law. A value of r alone (`Tabulated`, `FromFunction`
    unless they scale with winding; `GLPair`; anything `pair` returned) acts as it stands. In
    sums and multiples each part follows its own rule, so `-1.0 * London()` for (1, -1) repels.

    Parameters
    ----------
    laws : mapping of (n1, n2) to Potential
    cutoff : float, optional
        In λ; default the largest of the laws.

    Attributes
    ----------
    laws : dict
        The law of each covered pair.
    mu : float or None
        The μ on which all laws that have one agree.

    `force`, `energy`, `fourier` and `tail_energy` are those of (1, 1), if covered. Raises
    ValueError for a pair given twice, a winding that is not a nonzero integer, or a value that
    does not cover its key.
    """

    items: tuple[tuple[Pair, Potential], ...]
    cutoff: CutoffField = CUTOFF

    def __init__(self, laws: Mapping[Pair, Potential], cutoff: float | None = None) -> None:
        if not isinstance(laws, Mapping) or not laws:
            raise ValueError(f"laws = {shown(laws)}: give a non-empty dict {{(n1, n2): potential}}")
        resolved: dict[Pair, Potential] = {}
        for key, law in laws.items():
            try:
                n1, n2 = key
            except (TypeError, ValueError):
                raise ValueError(
                    f"laws: key {shown(key)}; give pairs of windings (n1, n2)"
                ) from None
            if not isinstance(law, Potential):
                raise ValueError(f"laws[{shown(key)}] = {shown(law)}: give a potential")
            pair = canonical_pair(n1, n2)
            if pair in resolved:
                raise ValueError(
                    f"laws[{shown(key)}]: the pair {pair} is given twice (order and common sign do not "
                    "matter)"
                )
            resolved[pair] = law._for_key(n1, n2)
        object.__setattr__(self, "items", tuple(sorted(resolved.items(), key=lambda x: x[0])))
        object.__setattr__(self, "cutoff", cutoff)
        object.__setattr__(self, "mu", common_mu(tuple(resolved.values())))

    def arguments(self) -> dict[str, Any]:
        return {"laws": self.laws, "cutoff": self._given_cutoff}

    @property
    def laws(self) -> dict[Pair, Potential]:
        return dict(self.items)

    def pair(self, n1: int, n2: int) -> Potential:
        law = self.laws.get(canonical_pair(n1, n2))
        if law is None:
            covered = ", ".join(str(pair) for pair, _ in self.items)
            raise UncoveredPairError(
                f"windings ({n1}, {n2}): this Interaction covers {covered}; add a law for the pair"
            )
        return law

    def _for_key(self, n1: int, n2: int) -> Potential:
        return self.pair(n1, n2)

    @property
    def _own(self) -> Potential:
        return self.pair(1, 1)

    @property
    def _core(self) -> float:  # type: ignore[override]
        return self._own._core

    @property
    def _force_offset(self) -> float:  # type: ignore[override]
        return self._own._force_offset

    @property
    def _far_log(self) -> float:  # type: ignore[override]
        return self._own._far_log

    def _energy_offset(self) -> float:
        return self._own._energy_offset()

    def _force(self, r: Array) -> Array:
        return self._own._force(r)

    def _energy(self, r: Array) -> Array:
        return self._own._energy(r)

    def _fourier(self, k: Array) -> Array:
        return self._own._fourier(k)

    def _tail(self, cutoff: float) -> float:
        return self._own._tail(cutoff)

    def _default_cutoff(self) -> float:
        return max(law.cutoff for _, law in self.items)

    def __repr__(self) -> str:
        laws = ", ".join(f"{pair}: {law!r}" for pair, law in self.items)
        end = "" if self._given_cutoff is None else f", cutoff={self._given_cutoff!r}"
        return f"Interaction({{{laws}}}{end})".replace("=inf", "=float('inf')")
