"""Forces from outside: drives, traps, and the user's own function of position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.checks import flag, measure, number, numbers, pair, shown

Array = NDArray[np.float64]


class ExternalForce:
    """A force that each vortex feels by where it is, how it winds, and when.

    Subclasses add to ``out`` in `add_forces`, and give `energy` if the force has a potential.
    """

    has_energy = True

    def bind(self, box: Box) -> ExternalForce:
        """The same force, checked against a box and prepared for it."""
        return self

    def add_forces(self, positions: Array, winding: NDArray, time: float, out: Array) -> None:
        """Add the force in Ω₀ on each of the positions (N, 2) in λ to `out` (N, 2)."""
        raise NotImplementedError

    def energy(self, positions: Array, winding: NDArray, time: float) -> float:
        """Total potential energy in ε₀; 0 for a drive, whose work is done against friction."""
        return 0.0

    @staticmethod
    def from_function(
        force: Callable[..., Any],
        energy: Callable[..., Any] | None = None,
        *,
        couples_to_winding: bool = False,
        time_dependent: bool = False,
    ) -> FunctionForce:
        """A force from a Python function.

        Parameters
        ----------
        force
            ``force(positions)``, or ``force(positions, time)`` if `time_dependent`: (N, 2) in λ,
            folded into the box, to (N, 2) in Ω₀.
        energy
            The matching energies (N,) in ε₀; without it `Simulation.energy` leaves the force out
            and `Simulation.minimize` refuses.
        couples_to_winding
            Multiply both by the winding number.

        Raises
        ------
        ValueError
            Naming the argument; later, when the function returns something else than finite numbers.
        """
        return FunctionForce(force, energy, couples_to_winding, time_dependent)


@dataclass(frozen=True)
class UniformDrive(ExternalForce):
    """n·F on a vortex of winding n: the Lorentz force of a uniform current.

    Parameters
    ----------
    force
        (Fx, Fy) in Ω₀ on a vortex of winding +1; −1 feels the opposite.
    """

    force: tuple[float, float]
    has_energy = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "force", pair("force", self.force))

    def add_forces(self, positions: Array, winding: NDArray, time: float, out: Array) -> None:
        out += np.multiply.outer(winding, np.array(self.force))


@dataclass(frozen=True)
class SinusoidalDrive(ExternalForce):
    """n·F·sin(2πft + φ) on a vortex of winding n.

    Parameters
    ----------
    amplitude
        (Fx, Fy) in Ω₀ on a vortex of winding +1.
    frequency
        f in 1/τ, more than 0.
    phase
        φ in radians.
    """

    amplitude: tuple[float, float]
    frequency: float
    phase: float = 0.0
    has_energy = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "amplitude", pair("amplitude", self.amplitude))
        object.__setattr__(self, "frequency", measure("frequency", self.frequency))
        object.__setattr__(self, "phase", number("phase", self.phase))

    def add_forces(self, positions: Array, winding: NDArray, time: float, out: Array) -> None:
        now = np.sin(2 * pi * self.frequency * time + self.phase)
        out += np.multiply.outer(winding, now * np.array(self.amplitude))


@dataclass(frozen=True)
class HarmonicTrap(ExternalForce):
    """U = ½k|r − c|², the same for every winding.

    Parameters
    ----------
    k
        Stiffness in ε₀/λ²: one number, or (kx, ky). Along a periodic axis it must be 0.
    center
        c in λ; the middle of the box if left out.
    """

    k: float | tuple[float, float]
    center: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        k = numbers("k", self.k, "one number, or two (kx, ky)")
        object.__setattr__(self, "k", pair("k", (float(k), float(k)) if k.ndim == 0 else self.k))
        if self.center is not None:
            object.__setattr__(self, "center", pair("center", self.center))

    def bind(self, box: Box) -> HarmonicTrap:
        for axis, name in enumerate("xy"):
            if box.periodic[axis] and self.k[axis] != 0:  # type: ignore[index]
                raise ValueError(
                    f"HarmonicTrap.k = {self.k}: the box is periodic along {name}, where a trap has "
                    f"no place; make the axis free, or give k = 0 along it"
                )
        if self.center is None:
            return HarmonicTrap(self.k, (0.5 * box.lengths[0], 0.5 * box.lengths[1]))
        return self

    def add_forces(self, positions: Array, winding: NDArray, time: float, out: Array) -> None:
        out -= np.array(self.k) * (positions - np.array(self.center))

    def energy(self, positions: Array, winding: NDArray, time: float) -> float:
        return float(0.5 * np.sum(np.array(self.k) * (positions - np.array(self.center)) ** 2))


@dataclass(frozen=True)
class FunctionForce(ExternalForce):
    """See `ExternalForce.from_function`."""

    function: Callable[..., Any]
    energy_function: Callable[..., Any] | None = None
    couples_to_winding: bool = False
    time_dependent: bool = False
    box: Box | None = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ValueError(f"force = {shown(self.function)}: give a function of positions")
        if self.energy_function is not None and not callable(self.energy_function):
            raise ValueError(
                f"energy = {shown(self.energy_function)}: give a function of positions, or None"
            )
        for name in ("couples_to_winding", "time_dependent"):
            object.__setattr__(self, name, flag(name, getattr(self, name)))

    @property
    def has_energy(self) -> bool:  # type: ignore[override]
        return self.energy_function is not None

    def bind(self, box: Box) -> FunctionForce:
        return FunctionForce(
            self.function, self.energy_function, self.couples_to_winding, self.time_dependent, box
        )

    def _evaluate(
        self, name: str, function: Callable[..., Any], positions: Array, time: float, shape: tuple
    ) -> Array:
        folded = positions if self.box is None else self.box.wrap(positions)[0]
        returned = function(folded, time) if self.time_dependent else function(folded)
        values = numbers(f"ExternalForce {name}", returned, "an array of numbers")
        if values.shape != shape:
            raise ValueError(f"ExternalForce {name}: returned shape {values.shape}, not {shape}")
        if not np.isfinite(values).all():
            bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0]
            raise ValueError(
                f"ExternalForce {name}: returned {values[bad]} at r = {folded[bad]}, not finite"
            )
        return values

    def add_forces(self, positions: Array, winding: NDArray, time: float, out: Array) -> None:
        force = self._evaluate("force", self.function, positions, time, positions.shape)
        out += winding[:, None] * force if self.couples_to_winding else force

    def energy(self, positions: Array, winding: NDArray, time: float) -> float:
        if self.energy_function is None:
            return 0.0
        u = self._evaluate("energy", self.energy_function, positions, time, positions.shape[:1])
        return float(np.sum(winding * u if self.couples_to_winding else u))
