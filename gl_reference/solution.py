"""What the solver of fixed vortices returns: energies, forces and fields of one configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gl_reference.checks import Reading
from gl_reference.functional import superfluid_velocity
from gl_reference.mesh import Box
from potentials.base import Array
from potentials.checks import LARGEST, real_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# (x, y) → f, A (2, …) and B at points of any shape.
FieldFunction = Callable[[Array, Array], tuple[Array, Array, Array]]


class Sample(NamedTuple):
    """Fields at points of shape S.

    psi (S, complex) is Ψ; A (2, S) in Φ₀/(2πλ), current (2, S) in Φ₀/(2πμ₀λ³), field (S) in
    Φ₀/(2πλ²).
    """

    psi: NDArray[np.complex128]
    A: Array
    current: Array
    field: Array


@dataclass(frozen=True, eq=False)
class Solution:
    """Fixed vortices, solved.

    Attributes
    ----------
    mu : float
        μ = √2 κ.
    positions : (N, 2) array, λ
    winding : (N,) int array
        Merged vortices are one; see `gl_reference.checks.check_vortices`.
    reading : str
        "coulomb" or "lattice".
    gauge_weight : float
        w of the gauge term; 0 in lattice schemes that have none.
    method : str
        "radial", "confocal", "mesh", or the scheme of the lattice.
    energy : float
        E_w/π in ε₀; N at μ = 1 for N vortices.
    interaction_energy : float
        Energy less that of the vortices alone, in ε₀ (on a lattice: alone on the same grid).
    forces : (N, 2) array
        −(1/π) dE/dx of every vortex, in Ω₀.
    error, force_error : float
        Estimated errors of the energies (ε₀) and of the largest component of the forces (Ω₀);
        NaN where no estimate was asked for.
    domain : Box
        The region of the grid that the field attributes below are given on, in λ.
    step : float
        About the spacing of that grid, in λ.

    The fields on a grid, made when first asked for: `x` (Nx,), `y` (Ny,), `psi` (Ny, Nx), `A` and
    `current` (2, Ny, Nx), `field` (Ny, Nx), in the units of `Sample`.
    """

    mu: float
    positions: Array
    winding: NDArray[np.int64]
    reading: Reading
    gauge_weight: float
    method: str
    energy: float
    interaction_energy: float
    forces: Array
    error: float
    force_error: float
    domain: Box
    step: float
    _fields: FieldFunction = field(repr=False)

    def sample(self, x: ArrayLike, y: ArrayLike) -> Sample:
        """Ψ, A, current and field at points (x, y) in λ, broadcast against each other.

        The phase of Ψ is Σ n_j θ_j exactly. Beyond the solver's mesh Ψ has amplitude 1 and
        nothing flows. Raises ValueError for points that are not finite.
        """
        x, y = np.broadcast_arrays(real_array("x", x), real_array("y", y))
        for name, values in (("x", x), ("y", y)):
            if not (np.abs(values) <= LARGEST).all():
                raise ValueError(f"{name}: sample points must be finite, up to {LARGEST:g} λ")
        f, A, B = self._fields(x, y)
        points = np.stack([x, y], axis=-1)
        phase = np.zeros(x.shape)
        for position, n in zip(self.positions, self.winding, strict=True):
            phase += n * np.arctan2(y - position[1], x - position[0])
        Q = A - superfluid_velocity(points, self.positions, self.winding)
        return Sample(f * np.exp(1j * phase), A, -(f**2) * Q, B)

    # ---------------------------------------------------------------- the grid
    @cached_property
    def x(self) -> Array:
        return self._points(self.domain.left, self.domain.right)

    @cached_property
    def y(self) -> Array:
        return self._points(self.domain.bottom, self.domain.top)

    def _points(self, low: float, high: float) -> Array:
        return np.linspace(low, high, round((high - low) / self.step) + 1)

    @cached_property
    def _grid(self) -> Sample:
        return self.sample(self.x, self.y[:, None])

    @property
    def psi(self) -> NDArray[np.complex128]:
        return self._grid.psi

    @property
    def A(self) -> Array:
        return self._grid.A

    @property
    def current(self) -> Array:
        return self._grid.current

    @property
    def field(self) -> Array:
        return self._grid.field

    def plot(self) -> Figure:
        """Order parameter, field, current and phase around the vortices, in a new figure."""
        from gl_reference.solution_plot import plot_solution

        return plot_solution(self)
