"""The discrete energy of fixed vortices on one cell of a grid, and its gradient.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 12 and 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gl_reference.lattice_operators import Operators
from potentials.base import Array


@dataclass(frozen=True, eq=False)
class LatticeEnergy:
    """E of u = (f, A_x, A_y) on one cell.

    Parameters
    ----------
    operators
        Stencils and weights.
    mu
        μ.
    velocity
        V where A lives, (A_x.size + A_y.size,), in 1/λ.
    pinned
        Nodes (f.size,) on which f = 0.
    outside
        What the scheme reports for the plane beyond the grid, in ε₀.
    """

    operators: Operators
    mu: float
    velocity: Array
    pinned: NDArray[np.bool_]
    outside: float

    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """Which values of u are sought."""
        return np.concatenate([self.operators.f.free & ~self.pinned, self.operators.free_A])

    def split(self, u: Array) -> tuple[Array, Array]:
        """f and A of u."""
        return u[: self.operators.f.size], u[self.operators.f.size :]

    def value(self, u: Array, *, reported: bool = False) -> float:
        """E/π of the whole plane in ε₀: what is minimised, or what the scheme reports."""
        o = self.operators
        f, A = self.split(u)
        K_f, K_A = (o.reported_f, o.reported_A) if reported else (o.stiffness_f, o.stiffness_A)
        kinetic = o.weights_A @ ((o.average @ f**2) * (A - self.velocity) ** 2)
        condensation = self.mu**2 / 4 * (o.f.weights @ (1 - f**2) ** 2)
        total = f @ (K_f @ f) + A @ (K_A @ A) + kinetic + condensation
        inside = float(o.copies * total / (2 * np.pi))
        return inside + self.outside if reported else inside

    def gradient(self, u: Array) -> Array:
        """∂E/∂u of the cell; 0 for values that are given."""
        o = self.operators
        f, A = self.split(u)
        Q = A - self.velocity
        screening = o.weights_A * (o.average @ f**2)
        by_f = o.stiffness_f @ f + f * (
            o.average.T @ (o.weights_A * Q**2) - self.mu**2 / 2 * o.f.weights * (1 - f**2)
        )
        by_A = o.stiffness_A @ A + screening * Q
        return np.concatenate([by_f, by_A]) * self.free
