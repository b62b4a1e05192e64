"""What laws have in common that were solved at nodes and interpolated: `GLTable`, `GLDynamic`.

ln(F/F₀) is interpolated, F₀ as in `gl_grid`. Beyond the last node the tails of Eq. 10 (Chaves,
Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011)) continue the force.
"""

from __future__ import annotations

import abc
from typing import ClassVar, Self

import numpy as np
from scipy.special import k1

from potentials.algebra import PairLaw
from potentials.base import Array, Potential, UncoveredPairError, canonical_pair
from potentials.bessel import TwoBessel
from potentials.critical import annihilation_separation
from potentials.quadrature import decay_radius, peak
from potentials.radial_law import RadialLaw
from potentials.tail_amplitudes import TABLE_RANGE

Windings = tuple[tuple[int, int], ...]
ROUNDING = 1e-12


class SolvedLaw(RadialLaw):
    """A force given at nodes for some pairs of windings; subclasses are frozen dataclasses.

    They have the fields mu, n1, n2, cutoff and say how the force goes at short and middle range
    (`_near`) and from which separation its tail is taken (`_tail_from`, λ).
    """

    mu: float
    n1: int
    n2: int
    _named: ClassVar[str]  # what holds the forces, for messages

    @classmethod
    @abc.abstractmethod
    def _windings(cls, mu: float) -> Windings:
        """The pairs that are covered at this μ."""

    @property
    @abc.abstractmethod
    def _tail_from(self) -> float: ...

    @abc.abstractmethod
    def _near(self, r: Array) -> Array:
        """F up to `_tail_from`; at μ = 1, where same-sign windings have none, F/(μ − 1)."""

    @staticmethod
    def _check_covers(name: str, value: float, bounds: tuple[float, float], remedy: str) -> None:
        """ValueError where the table ends before `value`."""
        low, high = bounds
        # Rounding of √2 κ must not push μ off the ends.
        if not low * (1 - ROUNDING) <= value <= high * (1 + ROUNDING):
            raise ValueError(f"{name} = {value:.6g}: the table covers {low} … {high}; {remedy}")

    def _set(self, **fields: object) -> None:
        """Give the fields of the frozen dataclass their values."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @classmethod
    def _covered(cls, mu: float, n1: int, n2: int) -> tuple[int, int]:
        """The pair as it is tabulated, or an `UncoveredPairError`."""
        pair = canonical_pair(n1, n2)
        covered = cls._windings(mu)
        for first, second in covered:
            if canonical_pair(first, second) == pair:
                return first, second
        listed = ", ".join(str(pair) for pair in covered)
        raise UncoveredPairError(
            f"windings ({n1}, {n2}): {cls._named} covers {listed}, in either order and with "
            "either common sign; give other pairs a law of their own with potentials.Interaction"
        )

    def _shape(self, r: Array) -> Array:
        """F; at μ = 1, where same-sign windings have none, the limit of F/(μ − 1)."""
        end = self._tail_from
        force = self._near(np.minimum(r, end))
        beyond = r > end
        if beyond.any():
            force[beyond] *= self._tail_law(r[beyond]) / self._tail_law(np.array([end]))
        return force

    def _tail_law(self, r: Array) -> Array:
        """What F is proportional to far out: Eq. 10, and from μ ≈ 2 on its field part alone."""
        if self.mu > TABLE_RANGE[1]:
            return k1(r)
        # At μ = 1 both parts of Eq. 10 cancel; their ratio at two r hardly depends on μ.
        beside = 1.001 if abs(self.mu - 1) < 1e-3 else self.mu
        return TwoBessel(beside, self.n1, self.n2)._force(r)

    def _force(self, r: Array) -> Array:
        vanishes = self.mu == 1 and self.n1 * self.n2 > 0
        return np.zeros_like(r) if vanishes else self._shape(r)

    def _force_at_zero(self) -> float:
        return float(self._force(np.array([1e-30]))[0])

    def _default_cutoff(self) -> float:
        if self.n1 * self.n2 < 0:
            nearest = annihilation_separation(self.mu, extrapolate=True)
            strongest = float(self._shape(np.array([nearest]))[0])
            return decay_radius(self._shape, strongest, nearest)
        where, largest = peak(self._shape)
        return decay_radius(self._shape, largest, where)

    def pair(self, n1: int, n2: int) -> Potential:
        first, second = self._covered(self.mu, n1, n2)
        if (first, second) == (self.n1, self.n2):
            return PairLaw(self)
        return PairLaw(self._of(first, second))

    def _of(self, n1: int, n2: int) -> Self:
        """The same law for other windings."""
        given = self.arguments() | {"n1": n1, "n2": n2}
        return type(self)(**given)

    def _for_key(self, n1: int, n2: int) -> Potential:
        return self.pair(n1, n2)
