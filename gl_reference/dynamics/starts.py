"""Where the motion of a pair begins: product states of single vortices, a giant vortex about to split."""

from __future__ import annotations

import numpy as np

from gl_reference.dynamics.grid import Grid
from gl_reference.radial import single_vortex
from potentials.base import Array


def superposed(grid: Grid, mu: float, vortices: list[tuple[int, float]]) -> Array:
    """Ψ = Π Ψ_k, A = Σ A_k of vortices alone, given as (winding, x in λ) on the axis y = 0."""
    z = grid.x[:, None] + 1j * grid.y[None, :]
    psi = np.ones(z.shape, dtype=complex)
    state = np.zeros(grid.shape)
    for n, place in vortices:
        offset = z - place
        r = np.abs(offset)
        phase = np.where(r > 0, offset / np.where(r > 0, r, 1.0), 1.0)
        if n < 0:
            phase = phase.conj()
        psi *= single_vortex(abs(n), mu).amplitude(r) * phase ** abs(n)
        _add_potential(state, grid, mu, n, place)
    _put(state, psi)
    return state


def splitting(grid: Grid, mu: float, d: float) -> Array:
    """The giant vortex of winding 2 with its zeros at ±d/2 (λ), d well below a core's size."""
    z = grid.x[:, None] + 1j * grid.y[None, :]
    # f/r² from where it is well defined on: it is constant to d² below.
    r = np.maximum(np.abs(z), d / 10)
    state = np.zeros(grid.shape)
    _put(state, single_vortex(2, mu).amplitude(r) / r**2 * (z**2 - (d / 2) ** 2))
    _add_potential(state, grid, mu, 2, 0.0)
    return state


def _put(state: Array, psi: Array) -> None:
    state[0, 1:-1, 1:-1] = psi.real
    state[1, 1:-1, 1:-1] = psi.imag


def _add_potential(state: Array, grid: Grid, mu: float, n: int, place: float) -> None:
    """Add A = n a(r)/r θ̂ of a vortex at (place, 0), at the middles of the links."""
    vortex = single_vortex(abs(n), mu)
    x = grid.x - place
    middle_x, middle_y = (x[:-1] + x[1:]) / 2, (grid.y[:-1] + grid.y[1:]) / 2
    for field, along_x, along_y, own in (
        (2, middle_x, grid.y, lambda x, y: -y),
        (3, x, middle_y, lambda x, y: x),
    ):
        squared = along_x[:, None] ** 2 + along_y[None, :] ** 2
        share = n * vortex.flux_fraction(np.sqrt(squared)) / np.where(squared > 0, squared, 1.0)
        values = share * own(along_x[:, None], along_y[None, :])
        state[field, 1 : 1 + values.shape[0], 1 : 1 + values.shape[1]] += values
