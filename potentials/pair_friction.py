"""Friction of a pair's relative motion against the separation, for dynamics without constant friction.

Two vortices that move past each other share their cores and fields, so that the friction of their
separation is not half that of one vortex: it follows from time-dependent Ginzburg–Landau theory (at
μ = 1 from Samols' metric of the two-vortex moduli space, Commun. Math. Phys. 145, 149 (1992)), tends
to η₁/2 far apart and vanishes as d² where two cores merge. Chaves et al. say nothing of it.

The *relative friction* γ(d) is that of the separation over what two vortices of constant friction
would have: ḋ = Ω(1/η₁ + 1/η₂)/γ(d), which is 2Ω/γ(d) at η = 1. Lengths in λ.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from potentials.base import Array, canonical_pair
from potentials.checks import nonnegative_array, shown
from potentials.user import table_column

Pair = tuple[int, int]

FEWEST_NODES = 4
SMALLEST_GAMMA, LARGEST_GAMMA = 1e-9, 1.25
NEAREST, FARTHEST = 1e-9, 1e6  # λ
# How far the last value may be from 1, and over what part of the last separation the rest is joined.
OPEN_END = 0.02
CLOSED_END = 1e-6
JOIN = 0.25


class PairFriction(abc.ABC):
    """What the engine asks of a law of pair friction; `vortexmd.Simulation(pair_friction=…)` takes it."""

    @property
    @abc.abstractmethod
    def reach(self) -> float:
        """Separation in λ from which on γ = 1 for every pair."""

    @abc.abstractmethod
    def covers(self, n1: int, n2: int) -> bool:
        """Whether this says anything about windings n1 and n2; γ = 1 where it does not."""

    @overload
    def relative_friction(self, n1: int, n2: int, d: float) -> float: ...
    @overload
    def relative_friction(self, n1: int, n2: int, d: ArrayLike) -> Array: ...
    def relative_friction(self, n1: int, n2: int, d: ArrayLike) -> float | Array:
        """γ of windings n1, n2 (order and common sign do not matter) at separations d ≥ 0 in λ.

        Any shape, the same shape back; 1 for pairs that are not covered.
        """
        array = nonnegative_array("d", d)
        pair = canonical_pair(n1, n2)
        gamma = self._gamma(pair, array) if self.covers(*pair) else np.ones(array.shape)
        return gamma if array.ndim or isinstance(d, np.ndarray) else float(gamma)

    @abc.abstractmethod
    def _gamma(self, pair: Pair, d: Array) -> Array: ...


@dataclass(frozen=True, repr=False)
class TabulatedFriction(PairFriction):
    """γ of one winding pair, given at some separations.

    Between them p = d²(1/γ − 1), a smooth function of d² that is what a mobility needs, is joined by
    monotone cubics (PCHIP) in d², so that γ = d²/(d² + p) stays positive and has a continuous slope.
    Below the first separation p goes on to its limit at d = 0, and γ ∝ d²; where the first γ is 1 or
    more, γ keeps it. Beyond the last, γ is brought to 1 within a quarter of that separation (at once
    where it is 1 to 1e-6).

    Parameters
    ----------
    d : sequence of float
        Separations in λ, at least 4, strictly increasing, 1e-9 … 1e6; the first should lie
        well within the cores.
    gamma : sequence of float
        γ at each of them, 1e-9 ≤ γ ≤ 1.25; the last within 2 % of 1.
    n1, n2 : int
        The windings it is for.

    Raises
    ------
    ValueError
        For malformed tables, naming the field.
    """

    d: tuple[float, ...]
    gamma: tuple[float, ...]
    n1: int = 1
    n2: int = 1

    def __post_init__(self) -> None:
        d, gamma = table_column("d", self.d), table_column("gamma", self.gamma)
        object.__setattr__(self, "d", tuple(d.tolist()))
        object.__setattr__(self, "gamma", tuple(gamma.tolist()))
        n1, n2 = canonical_pair(self.n1, self.n2)
        object.__setattr__(self, "n1", n1)
        object.__setattr__(self, "n2", n2)
        if d.size != gamma.size:
            raise ValueError(f"gamma: {gamma.size} values for {d.size} separations; give as many")
        if d.size < FEWEST_NODES:
            raise ValueError(f"d: {d.size} separations; a table needs at least {FEWEST_NODES}")
        if d[-1] > FARTHEST:
            raise ValueError(f"d[{d.size - 1}] = {d[-1]}: give separations up to {FARTHEST:g} λ")
        if d[0] < NEAREST:
            raise ValueError(
                f"d[0] = {d[0]}: must be positive, {NEAREST:g} λ or more; γ(0) follows from the first "
                f"values"
            )
        steps = np.flatnonzero(np.diff(d) <= 0)
        if steps.size:
            i = int(steps[0])
            raise ValueError(
                f"d[{i + 1}] = {d[i + 1]} follows {d[i]}: separations must strictly increase"
            )
        bad = np.flatnonzero((gamma < SMALLEST_GAMMA) | (gamma > LARGEST_GAMMA))
        if bad.size:
            i = int(bad[0])
            raise ValueError(
                f"gamma[{i}] = {gamma[i]} at d = {d[i]}: give {SMALLEST_GAMMA:g} ≤ γ ≤ {LARGEST_GAMMA}, "
                f"the friction of the separation over that of two vortices far apart"
            )
        if abs(gamma[-1] - 1) > OPEN_END:
            raise ValueError(
                f"gamma[-1] = {gamma[-1]} at d = {d[-1]}: must have come within {OPEN_END:.0%} of 1; extend "
                f"the table, or divide by the friction far apart"
            )
        s, p = d**2, d**2 * (1 / gamma - 1)
        wide = np.flatnonzero(s[:-1] + np.minimum(p[:-1], p[1:]) <= 0)
        if wide.size:
            i = int(wide[0])
            raise ValueError(
                f"gamma[{i + 1}] = {gamma[i + 1]} at d = {d[i + 1]}: too far from d[{i}] = {d[i]} to be "
                f"joined at γ > 1; add separations between them"
            )

    @property
    def reach(self) -> float:
        closed = abs(self.gamma[-1] - 1) <= CLOSED_END
        return self.d[-1] if closed else (1 + JOIN) * self.d[-1]

    def covers(self, n1: int, n2: int) -> bool:
        return canonical_pair(n1, n2) == (self.n1, self.n2)

    @cached_property
    def _p(self) -> PchipInterpolator:
        """p = d²(1/γ − 1) in λ² as a function of d²."""
        s = np.array(self.d) ** 2
        p = s * (1 / np.array(self.gamma) - 1)
        if p[0] > 0:
            at_zero = p[0] - (p[1] - p[0]) * s[0] / (s[1] - s[0])
            # Kept near the first value, so that γ ∝ d² whatever the scatter of the table.
            s, p = np.append(0.0, s), np.append(np.clip(at_zero, 0.5 * p[0], 2 * p[0]), p)
        # Nodes that hold the end at 0, with slope 0.
        end = self.reach**2
        inside = s < end
        s, p = np.append(s[inside], [end, 1.5 * end]), np.append(p[inside], [0.0, 0.0])
        return PchipInterpolator(s, p)

    def _gamma(self, pair: Pair, d: Array) -> Array:
        s = np.minimum(d, self.reach) ** 2
        first = self.d[0]
        if self.gamma[0] >= 1:
            s = np.maximum(s, first**2)
        gamma: Array = np.where(d < self.reach, s / (s + self._p(s)), 1.0)
        return gamma

    def __repr__(self) -> str:
        return (
            f"TabulatedFriction(d={list(self.d)}, gamma={list(self.gamma)}, "
            f"n1={self.n1}, n2={self.n2})"
        )


@dataclass(frozen=True, init=False)
class FrictionByPair(PairFriction):
    """Friction by winding pair: `FrictionByPair({(1, 1): a, (1, -1): b})`.

    Order and a common sign flip are implied. A table made without n1, n2 is taken for the pair of its
    key. Pairs without a table have γ = 1.

    Parameters
    ----------
    laws : mapping of (n1, n2) to TabulatedFriction

    Attributes
    ----------
    laws : dict
        The table of each covered pair.

    Raises
    ------
    ValueError
        For a pair given twice, a winding that is not a nonzero integer, or a table for another pair.
    """

    items: tuple[tuple[Pair, TabulatedFriction], ...]

    def __init__(self, laws: Mapping[Pair, TabulatedFriction]) -> None:
        if not isinstance(laws, Mapping) or not laws:
            raise ValueError(
                f"laws = {shown(laws)}: give a non-empty dict {{(n1, n2): TabulatedFriction}}"
            )
        resolved: dict[Pair, TabulatedFriction] = {}
        for key, law in laws.items():
            try:
                n1, n2 = key
            except (TypeError, ValueError):
                raise ValueError(
                    f"laws: key {shown(key)}; give pairs of windings (n1, n2)"
                ) from None
            if not isinstance(law, TabulatedFriction):
                raise ValueError(f"laws[{shown(key)}] = {shown(law)}: give a TabulatedFriction")
            pair = canonical_pair(n1, n2)
            if (law.n1, law.n2) not in ((1, 1), pair):
                raise ValueError(
                    f"laws[{key}]: this table is for the windings {(law.n1, law.n2)}; give it under them"
                )
            if pair in resolved:
                raise ValueError(
                    f"laws[{key}]: the pair {pair} is given twice (order and common sign do not matter)"
                )
            resolved[pair] = TabulatedFriction(law.d, law.gamma, *pair)
        object.__setattr__(self, "items", tuple(sorted(resolved.items(), key=lambda item: item[0])))

    @property
    def laws(self) -> dict[Pair, TabulatedFriction]:
        return dict(self.items)

    def arguments(self) -> dict[str, Any]:
        """What makes this object again: ``FrictionByPair(**friction.arguments())`` equals it."""
        return {"laws": self.laws}

    @property
    def reach(self) -> float:
        return max(law.reach for _, law in self.items)

    def covers(self, n1: int, n2: int) -> bool:
        return canonical_pair(n1, n2) in self.laws

    def _gamma(self, pair: Pair, d: Array) -> Array:
        return self.laws[pair]._gamma(pair, d)


def as_pair_friction(value: Any) -> PairFriction | None:
    """`value` as a law of pair friction: one itself, a mapping by winding pair, or None.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if value is None or isinstance(value, PairFriction):
        return value
    if isinstance(value, Mapping):
        try:
            return FrictionByPair(value)
        except ValueError as error:
            raise ValueError(f"pair_friction: {error}") from None
    raise ValueError(
        f"pair_friction = {shown(value)}: give potentials.TabulatedFriction(d, gamma), a dict "
        f"{{(1, 1): …, (1, -1): …}} of them, what a potential's pair_friction() returns, or None"
    )
