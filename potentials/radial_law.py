"""Laws of which only the force is known in closed form: energy and Fourier transform by quadrature."""

from __future__ import annotations

from functools import cached_property

from potentials.base import Array, Potential
from potentials.quadrature import RadialForce


class RadialLaw(Potential):
    """A potential whose subclasses give `_force` (and `_core`, where it diverges) alone."""

    @cached_property
    def _radial(self) -> RadialForce:
        return RadialForce(self._force)

    def _energy_offset(self) -> float:
        return self._radial.energy_offset(self._core)

    def _energy(self, r: Array) -> Array:
        return self._radial.energy(r)

    def _fourier(self, k: Array) -> Array:
        return self._radial.fourier(k)

    def _tail(self, cutoff: float) -> float:
        return self._radial.tail(cutoff)
