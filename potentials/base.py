"""What every pair potential offers: force, energy, cutoff, windings, transform, algebra.

A potential is a pure function of the separation r of two vortices. Units: lengths in the
penetration depth λ, forces in Ω₀ = ε₀/λ, energies (per unit vortex length) in ε₀. A positive
force repels; F = −dU/dr.
"""

from __future__ import annotations

import abc
import dataclasses
import math
import operator
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from potentials.checks import check_number, check_strength, nonnegative_array, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# Outside these radii the limits r → 0 and r → ∞ are returned, so that no law overflows inside.
SMALLEST_R = 1e-200
LARGEST_R = 1e200
LARGEST_WINDING = 10**9


class UncoveredPairError(ValueError):
    """A potential was asked for two windings between which it does not say how they act."""


def canonical_pair(n1: int, n2: int) -> tuple[int, int]:
    """One name for a pair of windings, whatever their order and common sign.

    The smaller |n| comes first and is positive: (2, 1) and (-1, -2) are both (1, 2), and
    (-1, 1) is (1, -1). Raises ValueError for anything but nonzero integers up to 10⁹.
    """
    checked = []
    for name, n in (("n1", n1), ("n2", n2)):
        try:
            winding = 0 if isinstance(n, bool) else operator.index(n)
        except TypeError:
            raise ValueError(f"winding {name} = {shown(n)}: give a nonzero integer") from None
        if winding == 0:
            raise ValueError(f"winding {name} = {n}: a vortex has a nonzero integer winding")
        if abs(winding) > LARGEST_WINDING:
            raise ValueError(f"winding {name} = {shown(n)}: give at most {LARGEST_WINDING:.0e}")
        checked.append(winding)
    first, second = sorted(checked, key=abs)
    return (first, second) if first > 0 else (-first, -second)


class CutoffField:
    """Dataclass field `cutoff`: the given value, or the potential's default worked out once."""

    @overload
    def __get__(self, obj: None, owner: type) -> None: ...
    @overload
    def __get__(self, obj: Potential, owner: type) -> float: ...
    def __get__(self, obj: Potential | None, owner: type) -> float | None:
        if obj is None:  # the dataclass decorator asks for the default
            return None
        state = obj.__dict__
        if state["_given_cutoff"] is not None:
            return float(state["_given_cutoff"])
        if "_default_cutoff_value" not in state:
            state["_default_cutoff_value"] = obj._default_cutoff()
        return float(state["_default_cutoff_value"])

    def __set__(self, obj: Potential, value: float | None) -> None:
        if value is not None:
            infinite = isinstance(value, (float, np.floating)) and value == math.inf
            number = math.inf if infinite else check_number("cutoff", value)
            if number <= 0:
                raise ValueError(f"cutoff = {number}: must be positive (in λ), inf, or None")
            value = number
        obj.__dict__["_given_cutoff"] = value


CUTOFF = CutoffField()


class Potential(abc.ABC):
    """A law F(r), U(r) between two vortices; base of everything in this package.

    Subclasses are frozen dataclasses that give `_force`, `_energy`, `_fourier`, `_tail` on
    1-d arrays (or numbers) of ordinary radii, `_default_cutoff`, and how the law behaves at
    both ends:

    * r → 0:  F → _core/r + _force_offset,  U → −_core ln r + _energy_offset()
    * r → ∞:  U → −_far_log ln r

    Attributes
    ----------
    cutoff : float
        Where the engine lets the force end, in λ. `force` and `energy` themselves are never
        truncated. Default: beyond it |F| stays below 1e-4 of |F(1)|, or of the largest |F|
        for a law that is bounded at r = 0.
    mu : float or None
        μ = √2 κ of the superconductor, where the law has one.
    """

    cutoff = CUTOFF
    mu: float | None = None
    __array_ufunc__ = None  # numpy scalars leave `factor * potential` to us

    _scales_with_product: bool = False
    _core: float = 0.0
    _force_offset: float = 0.0
    _far_log: float = 0.0

    @abc.abstractmethod
    def _force(self, r: Array) -> Array: ...

    @abc.abstractmethod
    def _energy(self, r: Array) -> Array: ...

    @abc.abstractmethod
    def _fourier(self, k: Array) -> Array: ...

    @abc.abstractmethod
    def _tail(self, cutoff: float) -> float: ...

    @abc.abstractmethod
    def _energy_offset(self) -> float: ...

    @abc.abstractmethod
    def _default_cutoff(self) -> float: ...

    # ---------------------------------------------------------------- the law
    @overload
    def force(self, r: float) -> float: ...
    @overload
    def force(self, r: ArrayLike) -> Array: ...
    def force(self, r: ArrayLike) -> float | Array:
        """F(r) = −dU/dr in Ω₀, positive = repulsion; r ≥ 0 in λ, any shape (same shape back)."""
        return _evaluate("r", r, self._force, self._force_at_zero, 0.0)

    @overload
    def energy(self, r: float) -> float: ...
    @overload
    def energy(self, r: ArrayLike) -> Array: ...
    def energy(self, r: ArrayLike) -> float | Array:
        """U(r) in ε₀, zero at infinity (for `Log`: at r = 1); r ≥ 0 in λ, any shape."""
        far = -math.copysign(math.inf, self._far_log) if self._far_log else 0.0
        return _evaluate("r", r, self._energy, self._energy_at_zero, far)

    def _force_at_zero(self) -> float:
        return math.copysign(math.inf, self._core) if self._core else self._force_offset

    def _energy_at_zero(self) -> float:
        return math.copysign(math.inf, self._core) if self._core else self._energy_offset()

    @property
    def bounded(self) -> bool:
        """Whether |F| stays finite as r → 0."""
        return self._core == 0 and math.isfinite(self._force_offset)

    @overload
    def fourier(self, k: float) -> float: ...
    @overload
    def fourier(self, k: ArrayLike) -> Array: ...
    def fourier(self, k: ArrayLike) -> float | Array:
        """2π∫U(r) J₀(kr) r dr in ε₀λ², k ≥ 0 in 1/λ.

        Where it is negative a density wave of that k lowers the energy of a uniform liquid, and
        dense vortices pile up into clusters. A lattice can still be (meta)stable somewhat
        beyond: see docs/potentials.md.
        """
        return _evaluate("k", k, self._fourier, None, 0.0)

    def tail_energy(self, cutoff: float | None = None) -> float:
        """π∫_cutoff^∞ U(r) r dr in ε₀λ²: what a cutoff drops, per vortex, at unit density.

        Times the density n (vortices per λ²) it is the dropped energy per vortex. `inf` where
        the integral does not exist (laws too long-ranged to be cut).
        """
        if cutoff is None:
            cutoff = self.cutoff
        elif not (isinstance(cutoff, (float, np.floating)) and cutoff == math.inf):
            cutoff = check_number("cutoff", cutoff)
            if cutoff < 0:
                raise ValueError(f"cutoff = {cutoff}: must be zero or positive")
        # An infinite cutoff is a very large one: laws that decay leave nothing, the others inf.
        with np.errstate(over="ignore", under="ignore"):
            return float(self._tail(min(max(float(cutoff), SMALLEST_R), 1e100)))

    # ---------------------------------------------------------------- windings
    def pair(self, n1: int, n2: int) -> Potential:
        """The law, of r alone, between windings n1 and n2 (order and common sign do not matter).

        Raises `UncoveredPairError` where this potential says nothing about the pair. Unless a
        class states otherwise only (1, 1) is covered; laws that scale with n1·n2 cover all.
        """
        first, second = canonical_pair(n1, n2)
        if self._scales_with_product:
            from potentials.algebra import PairLaw  # algebra builds on this module

            return PairLaw(self if first * second == 1 else first * second * self)
        if (first, second) == (1, 1):
            return self
        raise UncoveredPairError(
            f"windings ({n1}, {n2}): {self!r} covers only (1, 1); combine laws by winding pair "
            "with potentials.Interaction"
        )

    def covers(self, n1: int, n2: int) -> bool:
        """Whether `pair(n1, n2)` exists."""
        try:
            self.pair(n1, n2)
        except UncoveredPairError:
            return False
        return True

    def _for_key(self, n1: int, n2: int) -> Potential:
        """What `Interaction` takes when this object is given for the pair (n1, n2)."""
        return self.pair(n1, n2) if self._scales_with_product else self

    # ---------------------------------------------------------------- algebra
    def __add__(self, other: Any) -> Potential:
        from potentials.algebra import add

        if isinstance(other, Potential):
            return add(self, other)
        return self if _is_zero(other) else NotImplemented  # zero: what sum() starts from

    __radd__ = __add__

    def __sub__(self, other: Any) -> Potential:
        return self + -other if isinstance(other, Potential) else NotImplemented

    def __neg__(self) -> Potential:
        return self * -1.0

    def __mul__(self, factor: Any) -> Potential:
        from potentials.algebra import scale

        if isinstance(factor, (int, float, np.integer, np.floating)):
            return scale(self, check_strength("factor", factor))
        return NotImplemented

    __rmul__ = __mul__

    # ---------------------------------------------------------------- show and store
    def __repr__(self) -> str:
        shown = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name) if field.name != "cutoff" else self._given_cutoff
            # Numbers are always shown; options only where they differ from the default.
            if field.repr and (isinstance(value, float) or value != field.default):
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})".replace("=inf", "=float('inf')")

    @property
    def _given_cutoff(self) -> float | None:
        return self.__dict__["_given_cutoff"]  # type: ignore[no-any-return]

    def arguments(self) -> dict[str, Any]:
        """What makes this potential again: ``type(law)(**law.arguments())`` equals it.

        The cutoff is None where it was left to the default.
        """
        names = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        return {
            name: self._given_cutoff if name == "cutoff" else getattr(self, name) for name in names
        }

    def __getstate__(self) -> dict[str, Any]:
        """Only what was given: cached tables are rebuilt on the other side."""
        return {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def plot(self, ax: Axes | None = None, r: ArrayLike | None = None) -> Axes:
        """Draw force and energy against r; returns the axes.

        Default r: up to the cutoff, for a diverging law from 0.3 to at most 12 λ.
        """
        from potentials.plot import plot_potential

        return plot_potential(self, ax, r)


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _evaluate(
    name: str,
    values: ArrayLike,
    function: Callable[[Array], Array],
    at_zero: Callable[[], float] | None,
    at_infinity: float,
) -> float | Array:
    """Apply `function` away from the two ends, put the limits there, keep the shape.

    Without a limit at zero (`at_zero` None) the function is called there too.
    """
    array = nonnegative_array(name, values)
    out = np.full(array.shape, at_infinity)
    inside = array <= LARGEST_R
    if at_zero is not None:
        small = array < SMALLEST_R
        inside &= ~small
        if small.any():
            out[small] = at_zero()
    if inside.any():
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            out[inside] = function(array[inside])
    return out if array.ndim or isinstance(values, np.ndarray) else float(out)
