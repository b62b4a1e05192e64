"""Laws of the user's own: a table of forces, or a function."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.interpolate import CubicSpline, PPoly

from potentials.base import CUTOFF, LARGEST_R, Array, CutoffField, Potential
from potentials.checks import LARGEST, check_flag, real_array, shown
from potentials.quadrature import RADII, RadialForce, decay_radius, fourier_by_force, peak

ForceLike = Callable[[Array], ArrayLike]

CLOSE = 1e-8  # λ: stands in for r = 0 where a function has no value there


class TruncatedTableWarning(UserWarning):
    """A tabulated force has not decayed at the last radius, where the table lets it end."""


@dataclass(frozen=True, repr=False, init=False)
class Tabulated(Potential):
    """A force given at some radii, joined by a cubic spline (C²; energy = its exact integral).

    Below the first radius the force keeps its first value, so that the law is bounded. Beyond
    the last it is zero, and so is the energy.

    Parameters
    ----------
    r : sequence of float
        Radii in λ, at least 4, strictly increasing, ≥ 0.
    force : sequence of float
        Force in Ω₀ at each of them, positive = repulsion.
    cutoff : float, optional
        In λ. Default where |F| falls below 1e-4 of its peak (of |F(1)| if the table, starting
        at r > 0, is largest at its first radius, as of a diverging law), at most the last
        radius.
    scales_with_winding : bool
        True: the force times n₁n₂ acts between windings n₁ and n₂. False: covers only (1, 1)
        (and any pair for which `Interaction` is given this object).

    Raises ValueError for malformed tables; warns (`TruncatedTableWarning`) when the last force
    exceeds 1e-3 of the largest.
    """

    r: tuple[float, ...]
    values: tuple[float, ...]
    cutoff: CutoffField = CUTOFF
    scales_with_winding: bool = False

    def __init__(
        self,
        r: ArrayLike,
        force: ArrayLike,
        cutoff: float | None = None,
        scales_with_winding: bool = False,
    ) -> None:
        radii, forces = table_column("r", r), table_column("force", force)
        if radii.size != forces.size:
            raise ValueError(f"force: {forces.size} values for {radii.size} radii; give as many")
        if radii.size < 4:
            raise ValueError(f"r: {radii.size} radii; a table needs at least 4")
        if radii[0] < 0:
            raise ValueError(f"r[0] = {radii[0]}: must be zero or positive")
        steps = np.flatnonzero(np.diff(radii) <= 0)
        if steps.size:
            i = int(steps[0])
            raise ValueError(
                f"r[{i + 1}] = {radii[i + 1]} follows {radii[i]}: radii must strictly increase"
            )
        if radii[-1] > RADII[1]:
            raise ValueError(f"r[-1] = {radii[-1]:g}: give radii up to {RADII[1]:g} λ")
        object.__setattr__(self, "r", tuple(radii.tolist()))
        object.__setattr__(self, "values", tuple(forces.tolist()))
        self._check_spline()
        object.__setattr__(self, "cutoff", cutoff)
        scales = check_flag("scales_with_winding", scales_with_winding)
        object.__setattr__(self, "scales_with_winding", scales)
        if abs(forces[-1]) > 1e-3 * np.abs(forces).max():
            warnings.warn(
                f"force[-1] = {forces[-1]:g} at r = {radii[-1]:g}: the force drops to zero there, "
                "though it has not decayed; extend the table",
                TruncatedTableWarning,
                stacklevel=2,
            )

    def arguments(self) -> dict[str, Any]:
        arguments = super().arguments()
        return {"force": arguments.pop("values"), **arguments}

    def _check_spline(self) -> None:
        """ValueError where radii lie too near each other for their forces to be joined in floats."""
        try:
            with np.errstate(all="ignore"):
                usable = np.abs(self._integral.c).max() < LARGEST_R
        except ValueError:  # scipy's own, of infinite slopes
            usable = False
        if not usable:
            raise ValueError(
                "r, force: no spline joins them, radii are too near each other for these forces; "
                "leave some out"
            )

    @property
    def _scales_with_product(self) -> bool:  # type: ignore[override]
        return self.scales_with_winding

    @cached_property
    def _spline(self) -> PPoly:
        return CubicSpline(self.r, self.values)

    @cached_property
    def _integral(self) -> PPoly:
        return self._spline.antiderivative()

    @property
    def _force_offset(self) -> float:  # type: ignore[override]
        return self.values[0]

    def _energy_offset(self) -> float:
        total = float(self._integral(self.r[-1]))  # the antiderivative is zero at r[0]
        return total + self.r[0] * self.values[0]

    def _force(self, r: Array) -> Array:
        inside = self._spline(np.clip(r, self.r[0], self.r[-1]))
        return np.where(r > self.r[-1], 0.0, inside)

    def _energy(self, r: Array) -> Array:
        clipped = np.clip(r, self.r[0], self.r[-1])
        below = np.maximum(self.r[0] - r, 0.0) * self.values[0]
        result: Array = self._integral(self.r[-1]) - self._integral(clipped) + below
        return result

    def _edges(self, start: float = 0.0) -> Array:
        edges = np.unique(np.concatenate([[start], self.r]))
        return edges[edges >= start]

    def _fourier(self, k: Array) -> Array:
        return fourier_by_force(self._force, self._edges(), k)

    def _tail(self, cutoff: float) -> float:
        if cutoff >= self.r[-1]:
            return 0.0
        # On each piece U r is a polynomial of degree 5: three Gauss points are exact.
        x, w = np.polynomial.legendre.leggauss(3)
        edges = self._edges(cutoff)
        half = 0.5 * np.diff(edges)
        r = (edges[:-1] + half) + np.multiply.outer(x, half)
        return math.pi * float(np.sum(np.multiply.outer(w, half) * self._energy(r) * r))

    def _default_cutoff(self) -> float:
        last = self.r[-1]
        where, largest = peak(self._force)
        if self.r[0] > 0 and abs(self.values[0]) == max(map(abs, self.values)):
            where = min(max(1.0, self.r[0]), last)
            largest = abs(float(self._force(np.array([where]))[0]))
        return min(decay_radius(self._force, largest, where), last) if largest else last

    def __repr__(self) -> str:
        options = f", cutoff={self._given_cutoff!r}" if self._given_cutoff is not None else ""
        options += ", scales_with_winding=True" if self.scales_with_winding else ""
        text = f"Tabulated(r={list(self.r)}, force={list(self.values)}{options})"
        return text.replace("=inf", "=float('inf')")


def table_column(name: str, values: ArrayLike) -> Array:
    """`values` as a row of floats up to 1e100, or a ValueError that names the first bad one."""
    column = real_array(name, values)
    if column.ndim != 1:
        raise ValueError(f"{name}: shape {column.shape}; give one row of numbers")
    bad = np.flatnonzero(~(np.abs(column) <= LARGEST))
    if bad.size:
        raise ValueError(
            f"{name}[{bad[0]}] = {column[bad[0]]}: must be finite, at most {LARGEST:g}"
        )
    return column


@dataclass(frozen=True, repr=False, init=False)
class FromFunction(Potential):
    """A force given as a function of r, F(r) in Ω₀, positive = repulsion.

    Parameters
    ----------
    force : callable
        Takes an array of positive radii (in λ), returns the forces in the same shape.
    energy : callable, optional
        U(r) in ε₀ with −dU/dr = F (checked between 0.5 and 8 λ). Default: ∫_r^∞ F dr by
        quadrature, for which F must be smooth but for a few jumps and fall faster than 1/r.
    cutoff : float, optional
        In λ; default by the rule of all potentials (see `Potential`), inf where the force
        never falls so far.
    scales_with_winding : bool
        True: the force times n₁n₂ acts between windings n₁ and n₂. False: covers only (1, 1)
        (and any pair for which `Interaction` is given this object).

    The value at r = 0 is what the function gives there, else its limit is judged from smaller
    and smaller r. `fourier` and `tail_energy` are computed from the force and refuse (or return
    inf for) laws that reach too far. Raises ValueError for functions that are not vectorised or
    not finite. Its repr shows the function's name.
    """

    function: ForceLike
    energy_function: ForceLike | None = None
    cutoff: CutoffField = CUTOFF
    scales_with_winding: bool = False

    def __init__(
        self,
        force: ForceLike,
        energy: ForceLike | None = None,
        cutoff: float | None = None,
        scales_with_winding: bool = False,
    ) -> None:
        object.__setattr__(self, "function", force)
        object.__setattr__(self, "energy_function", energy)
        object.__setattr__(self, "cutoff", cutoff)
        scales = check_flag("scales_with_winding", scales_with_winding)
        object.__setattr__(self, "scales_with_winding", scales)
        _probe("force", force)
        if energy is not None:
            _probe("energy", energy)
            self._check_energy()

    def arguments(self) -> dict[str, Any]:
        arguments = super().arguments()
        names = {"force": "function", "energy": "energy_function"}
        return {**{new: arguments.pop(old) for new, old in names.items()}, **arguments}

    def _check_energy(self) -> None:
        edges = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
        energies = self._energy(edges)
        for a, b, drop in zip(edges, edges[1:], -np.diff(energies), strict=False):
            work = quad(lambda x: float(self._force(np.array([x]))[0]), a, b, limit=200)[0]
            if abs(work - drop) > 1e-4 * max(abs(work), abs(drop), 1e-6):
                raise ValueError(
                    f"energy: U({a}) − U({b}) = {drop:g}, but the force does the work {work:g} "
                    "between them; energy must be −∫force, or leave it out"
                )

    @property
    def _scales_with_product(self) -> bool:  # type: ignore[override]
        return self.scales_with_winding

    def _force(self, r: Array) -> Array:
        return _call("force", self.function, r)

    def _energy(self, r: Array) -> Array:
        if self.energy_function is None:
            return self._radial.energy(r)
        return _call("energy", self.energy_function, r)

    @cached_property
    def _radial(self) -> RadialForce:
        return RadialForce(self._force, floor=1e-14)

    @cached_property
    def _force_offset(self) -> float:  # type: ignore[override]
        return _limit_at_zero(self._force)

    def _energy_offset(self) -> float:
        if self.energy_function is None:
            return self._radial.energy_offset(0.0)
        return _limit_at_zero(self._energy)

    @cached_property
    def _far_log(self) -> float:  # type: ignore[override]
        """Sign of a given energy that does not vanish at infinity."""
        if self.energy_function is None:
            return 0.0
        near, far = self._energy(np.array([LARGEST_R**0.5, LARGEST_R]))
        return -float(far) if abs(far) > abs(near) > 1 else 0.0

    def _fourier(self, k: Array) -> Array:
        return self._radial.fourier(k)

    def _tail(self, cutoff: float) -> float:
        return self._radial.tail(cutoff)

    def _default_cutoff(self) -> float:
        where, reference = 1.0, float(self._force(np.array([1.0]))[0])
        if self.bounded:
            where, reference = peak(self._force)
        if reference == 0:
            raise ValueError("cutoff: the force is zero where the default is taken; give cutoff=")
        return decay_radius(self._force, reference, where)

    def __repr__(self) -> str:
        parts = [_name(self.function)]
        if self.energy_function is not None:
            parts.append(f"energy={_name(self.energy_function)}")
        if self._given_cutoff is not None:
            parts.append(f"cutoff={self._given_cutoff!r}".replace("=inf", "=float('inf')"))
        if self.scales_with_winding:
            parts.append("scales_with_winding=True")
        return f"FromFunction({', '.join(parts)})"


def _name(function: ForceLike) -> str:
    return getattr(function, "__name__", None) or repr(function)


def _call(name: str, function: ForceLike, r: Array) -> Array:
    """The user's function of radii (N,): (N,) floats, or a ValueError that names it."""
    with np.errstate(all="ignore"):  # the user's arithmetic is the user's
        values = real_array(name, function(r))
    if values.shape != r.shape:
        raise ValueError(
            f"{name}: returns shape {values.shape} for radii of shape {r.shape}; it must work on "
            "arrays (numpy functions, np.where instead of if)"
        )
    return values


def _probe(name: str, function: ForceLike) -> None:
    if not callable(function):
        raise ValueError(f"{name} = {shown(function)}: give a function of r")
    r = np.array([0.5, 1.0, 2.0])
    try:
        values = _call(name, function, r)
    except Exception as problem:  # whatever the user's function raises
        raise ValueError(f"{name}: fails on an array of radii ({problem!s:.200})") from problem
    bad = ~np.isfinite(values)
    if bad.any():
        raise ValueError(f"{name}(r = {r[bad][0]}) = {values[bad][0]}: must be finite")


def _limit_at_zero(function: Callable[[Array], Array]) -> float:
    """The value at r = 0, else ±inf if it grows tenfold from 1e-4 to CLOSE, else that at CLOSE."""
    at_zero, close, further = function(np.array([0.0, CLOSE, 1e-4]))
    if not math.isnan(at_zero):
        return float(at_zero)
    if abs(close) > 10 * abs(further):
        return math.copysign(math.inf, close)
    return float(close)
