"""Sums and multiples of potentials, and laws taken as they stand for one pair of windings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from potentials.base import CUTOFF, Array, CutoffField, Potential, UncoveredPairError
from potentials.checks import check_strength, shown


def add(first: Potential, second: Potential) -> Potential:
    """`first + second`, flat: a sum of sums has all the terms as its parts."""
    parts: list[Potential] = []
    for term in (first, second):
        plain_sum = isinstance(term, Sum) and term._given_cutoff is None
        parts.extend(term.parts if isinstance(term, Sum) and plain_sum else (term,))
    return Sum(tuple(parts))


def scale(potential: Potential, factor: float) -> Potential:
    """`factor * potential`, flat: a multiple of a multiple has one factor."""
    if isinstance(potential, Scaled) and potential._given_cutoff is None:
        return Scaled(factor * potential.factor, potential.part)
    return Scaled(factor, potential)


def common_mu(parts: tuple[Potential, ...]) -> float | None:
    """The μ that all parts which have one agree on, else None."""
    values = {part.mu for part in parts if part.mu is not None}
    return values.pop() if len(values) == 1 else None


class _Multiple(Potential):
    """A factor times another potential: what `Scaled` and `PairLaw` share."""

    factor: float
    part: Potential

    def __post_init__(self) -> None:
        if not isinstance(self.part, Potential):
            raise ValueError(f"part = {shown(self.part)}: give a potential")
        object.__setattr__(self, "factor", check_strength("factor", self.factor))
        for name in ("_core", "_force_offset", "_far_log"):
            value = getattr(self.part, name)
            object.__setattr__(self, name, self.factor * value if self.factor else 0.0)
        object.__setattr__(self, "mu", self.part.mu)

    def _force(self, r: Array) -> Array:
        return self.factor * self.part._force(r)

    def _energy(self, r: Array) -> Array:
        return self.factor * self.part._energy(r)

    def _fourier(self, k: Array) -> Array:
        return self.factor * self.part._fourier(k) if self.factor else np.zeros_like(k)

    def _tail(self, cutoff: float) -> float:
        tail = self.part._tail(cutoff)
        return self.factor * tail if math.isfinite(tail) else tail  # inf means: does not exist

    def _energy_offset(self) -> float:
        return self.factor * self.part._energy_offset() if self.factor else 0.0

    def _default_cutoff(self) -> float:
        return self.part.cutoff


@dataclass(frozen=True, repr=False)
class Scaled(_Multiple):
    """factor · part, pair by pair. Made by `2.0 * potential` and `-potential`.

    The cutoff is that of the part. `(factor * part).pair(n1, n2)` is
    `factor * part.pair(n1, n2)`.
    """

    factor: float
    part: Potential
    cutoff: CutoffField = CUTOFF

    def pair(self, n1: int, n2: int) -> Potential:
        return Scaled(self.factor, self.part.pair(n1, n2), cutoff=self._given_cutoff)

    def _for_key(self, n1: int, n2: int) -> Potential:
        return Scaled(self.factor, self.part._for_key(n1, n2), cutoff=self._given_cutoff)

    def __repr__(self) -> str:
        if self._given_cutoff is not None:
            return super().__repr__()
        part = repr(self.part)
        return f"{self.factor!r} * " + (f"({part})" if isinstance(self.part, Sum) else part)


@dataclass(frozen=True, repr=False)
class PairLaw(_Multiple):
    """A law taken as it stands, of r alone: what `pair` returns of laws that scale with n₁n₂.

    `London().pair(1, -1)` attracts; it must not change sign once more when it is then given to
    `Interaction` for the pair (1, -1). Covers only (1, 1), which returns itself.
    """

    part: Potential
    cutoff: CutoffField = CUTOFF
    factor = 1.0

    def pair(self, n1: int, n2: int) -> Potential:
        try:
            return super().pair(n1, n2)
        except UncoveredPairError:
            raise UncoveredPairError(
                f"windings ({n1}, {n2}): {self!r} is the law of one pair only; ask the potential "
                "it came from"
            ) from None

    def __repr__(self) -> str:
        if self._given_cutoff is not None:
            return super().__repr__()
        return f"PairLaw({self.part!r})"


@dataclass(frozen=True, repr=False)
class Sum(Potential):
    """The sum of several laws, pair by pair. Made by `a + b`.

    The cutoff is the largest of the parts. A pair of windings is covered where every part
    covers it. `tail_energy` is inf where that of any part is.
    """

    parts: tuple[Potential, ...]
    cutoff: CutoffField = CUTOFF

    def __post_init__(self) -> None:
        try:
            parts = tuple(self.parts)
        except TypeError:
            parts = ()
        if not parts or not all(isinstance(part, Potential) for part in parts):
            raise ValueError(f"parts = {shown(self.parts)}: give at least one potential")
        object.__setattr__(self, "parts", parts)
        for name in ("_core", "_force_offset", "_far_log"):
            object.__setattr__(self, name, sum(getattr(part, name) for part in parts))
        object.__setattr__(self, "mu", common_mu(parts))

    def pair(self, n1: int, n2: int) -> Potential:
        return Sum(tuple(part.pair(n1, n2) for part in self.parts), cutoff=self._given_cutoff)

    def _for_key(self, n1: int, n2: int) -> Potential:
        parts = tuple(part._for_key(n1, n2) for part in self.parts)
        return Sum(parts, cutoff=self._given_cutoff)

    def _force(self, r: Array) -> Array:
        return np.sum([part._force(r) for part in self.parts], axis=0)

    def _energy(self, r: Array) -> Array:
        return np.sum([part._energy(r) for part in self.parts], axis=0)

    def _fourier(self, k: Array) -> Array:
        with np.errstate(invalid="ignore"):  # at k = 0 two infinities may meet: NaN is the answer
            return np.sum([part._fourier(k) for part in self.parts], axis=0)

    def _tail(self, cutoff: float) -> float:
        tails = [part._tail(cutoff) for part in self.parts]
        return math.inf if math.inf in tails else math.fsum(tails)

    def _energy_offset(self) -> float:
        return sum(part._energy_offset() for part in self.parts)

    def _default_cutoff(self) -> float:
        return max(part.cutoff for part in self.parts)

    def __repr__(self) -> str:
        if self._given_cutoff is not None:
            return super().__repr__()
        return " + ".join(map(repr, self.parts))
