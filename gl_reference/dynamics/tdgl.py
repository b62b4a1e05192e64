"""Time-dependent Ginzburg-Landau theory on a grid: gradient flow of the energy, gauge-invariant.

    ∂_t Ψ = D²Ψ + (μ²/2)(1 − |Ψ|²)Ψ,   ∂_t A = s [Im(Ψ* DΨ) − ∇×B],   D = ∇ − iA,

in the gauge without electric potential; 1/s is the normal conductivity. Ψ lives on nodes, A on
links as U = e^{−ihA}, B on plaquettes, so that the flow is that of a lattice energy which no gauge
transformation changes.

State and rates are arrays (4, Nx + 2, Ny + 2) of Re Ψ, Im Ψ, A_x, A_y with ghost lines; the link
[i, j] leads from the node [i, j] to the next.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from gl_reference.dynamics.grid import Grid
from gl_reference.errors import ConvergenceError
from potentials.base import Array

# Phases of links are taken from series; beyond this they lose digits (1e-9 there).
LARGEST_PHASE = 0.8
_LEFT = {"none": 0, "conjugate": 1, "even": 2}


class Flow:
    """Rates of change and energy on one grid.

    Parameters
    ----------
    grid : Grid
    mu, s : float
        μ, and the relaxation rate of A.
    """

    def __init__(self, grid: Grid, mu: float, s: float) -> None:
        self.grid = grid
        self.mu, self.s = mu, s
        self._left = _LEFT[grid.left]
        self._scratch = np.zeros((5, *grid.shape[1:]))

    @property
    def spectral_radius(self) -> float:
        """An upper bound of the rates with which small disturbances decay."""
        steepest = [
            float((2 * (inverse[:-1] + inverse[1:]) / widths[1:-1]).max())
            for inverse, widths in zip(self.grid.inverse_links, self.grid.widths, strict=True)
        ]
        finest = max(float(inverse.max()) for inverse in self.grid.inverse_links)
        own = max(1.0, self.s) * sum(steepest)
        return own + 6 * finest * self.s**0.5 + self.s + self.mu**2

    def rates(self, state: Array, out: Array) -> Array:
        """∂_t of `state` into `out`; fills the state's ghost lines on the way."""
        (ix, iy), (wx, wy) = self.grid.inverse_links, self.grid.widths
        (lx, ly) = self.grid.links
        _rates(state, out, self._scratch, lx, ly, ix, iy, wx, wy, self.mu, self.s, self._left)
        return out

    def energy(self, state: Array) -> float:
        """∫F/π of the whole plane in ε₀; the state as `rates` left it."""
        (ix, iy), (wx, wy) = self.grid.inverse_links, self.grid.weights
        (lx, ly), (vx, vy) = self.grid.links, self.grid.link_weights
        return _energy(state, lx, ly, ix, iy, wx, wy, vx, vy, self.mu) / np.pi  # type: ignore[no-any-return]

    def check_phases(self, state: Array) -> None:
        """Raises ConvergenceError where a link's phase is too large for the series that we use."""
        (lx, ly), (ix, iy) = self.grid.links, self.grid.inverse_links
        along_x = np.where(ix > 0, lx, 0.0)[:, None] * state[2, :-1]
        along_y = np.where(iy > 0, ly, 0.0) * state[3, :, :-1]
        largest = max(float(np.abs(along_x).max()), float(np.abs(along_y).max()))
        if not largest < LARGEST_PHASE:
            raise ConvergenceError(
                f"time-dependent GL: a link has the phase {largest:.3g}, more than "
                f"{LARGEST_PHASE:g}; give a smaller h"
            )

    def dissipation(self, rates: Array) -> float:
        """(1/π)[∫|∂_tΨ|² + (1/s)∫|∂_tA|²] = −(1/π) dE/dt of the whole plane."""
        (wx, wy), (vx, vy) = self.grid.weights, self.grid.link_weights
        condensate = wx @ (rates[0] ** 2 + rates[1] ** 2) @ wy
        normal = _padded(vx) @ rates[2] ** 2 @ wy + wx @ rates[3] ** 2 @ _padded(vy)
        return float(condensate + normal / self.s) / np.pi


def _padded(lengths: Array) -> Array:
    """Link weights (N + 1,) for the N + 2 columns of a field with ghosts."""
    return np.concatenate([lengths, [0.0]])


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_ghosts(state, left):
    """Ghost lines from the mirror lines y = 0 and, if there is one, x = 0; axis values exact."""
    re, im, ax, ay = state[0], state[1], state[2], state[3]
    nx, ny = re.shape
    for i in range(nx):
        im[i, 1] = 0.0
        ax[i, 1] = 0.0
        re[i, 0] = re[i, 2]
        im[i, 0] = -im[i, 2]
        ax[i, 0] = -ax[i, 2]
        ay[i, 0] = ay[i, 1]
    if left == 1:
        for j in range(ny):
            im[1, j] = 0.0
            ay[1, j] = 0.0
            re[0, j] = re[2, j]
            im[0, j] = -im[2, j]
            ay[0, j] = -ay[2, j]
            ax[0, j] = ax[1, j]
    elif left == 2:
        for j in range(ny):
            re[0, j] = re[2, j]
            im[0, j] = im[2, j]
            ay[0, j] = ay[2, j]
            ax[0, j] = -ax[1, j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
def _rates(state, out, scratch, lx, ly, ix, iy, wx, wy, mu, s, left):
    _fill_ghosts(state, left)
    re, im, ax, ay = state[0], state[1], state[2], state[3]
    cx, sx, cy, sy, field = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    nx, ny = re.shape
    for i in range(nx - 1):
        # Links that lead out of the domain have no length and no phase.
        hx = lx[i] if ix[i] > 0.0 else 0.0
        for j in range(ny):
            p = hx * ax[i, j]
            q = p * p
            cx[i, j] = 1 + q * (-1 / 2 + q * (1 / 24 + q * (-1 / 720 + q * (1 / 40320))))
            sx[i, j] = p * (1 + q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q / 362880))))
    for i in range(nx):
        for j in range(ny - 1):
            p = (ly[j] if iy[j] > 0.0 else 0.0) * ay[i, j]
            q = p * p
            cy[i, j] = 1 + q * (-1 / 2 + q * (1 / 24 + q * (-1 / 720 + q * (1 / 40320))))
            sy[i, j] = p * (1 + q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q / 362880))))
    for i in range(nx - 1):
        for j in range(ny - 1):
            # Nothing beyond the edge: B = 0 there.
            inside = 1.0 if ix[i] * iy[j] > 0.0 else 0.0
            field[i, j] = inside * (
                (ay[i + 1, j] - ay[i, j]) * ix[i] - (ax[i, j + 1] - ax[i, j]) * iy[j]
            )
    growth = mu * mu / 2
    for i in range(1, nx - 1):
        a, b, w = ix[i], ix[i - 1], 1.0 / wx[i]
        for j in range(1, ny - 1):
            r, m = re[i, j], im[i, j]
            # U Ψ of the neighbour after, U* Ψ of the neighbour before, along x and y.
            xr = cx[i, j] * re[i + 1, j] + sx[i, j] * im[i + 1, j]
            xi = cx[i, j] * im[i + 1, j] - sx[i, j] * re[i + 1, j]
            br = cx[i - 1, j] * re[i - 1, j] - sx[i - 1, j] * im[i - 1, j]
            bi = cx[i - 1, j] * im[i - 1, j] + sx[i - 1, j] * re[i - 1, j]
            yr = cy[i, j] * re[i, j + 1] + sy[i, j] * im[i, j + 1]
            yi = cy[i, j] * im[i, j + 1] - sy[i, j] * re[i, j + 1]
            dr = cy[i, j - 1] * re[i, j - 1] - sy[i, j - 1] * im[i, j - 1]
            di = cy[i, j - 1] * im[i, j - 1] + sy[i, j - 1] * re[i, j - 1]
            v = 1.0 / wy[j]
            grow = growth * (1.0 - r * r - m * m)
            out[0, i, j] = (
                w * (a * (xr - r) - b * (r - br))
                + v * (iy[j] * (yr - r) - iy[j - 1] * (r - dr))
                + grow * r
            )
            out[1, i, j] = (
                w * (a * (xi - m) - b * (m - bi))
                + v * (iy[j] * (yi - m) - iy[j - 1] * (m - di))
                + grow * m
            )
            out[2, i, j] = s * (a * (r * xi - m * xr) - v * (field[i, j] - field[i, j - 1]))
            out[3, i, j] = s * (iy[j] * (r * yi - m * yr) + w * (field[i, j] - field[i - 1, j]))
    for i in range(nx):
        out[1, i, 1] = 0.0
        out[2, i, 1] = 0.0
        out[3, i, ny - 2] = 0.0
    for j in range(ny):
        out[2, nx - 2, j] = 0.0
        if left == 1:
            out[1, 1, j] = 0.0
            out[3, 1, j] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _energy(state, lx, ly, ix, iy, wx, wy, vx, vy, mu):
    """∫F over all images: `wx`, `wy` node and `vx`, `vy` link weights."""
    re, im, ax, ay = state[0], state[1], state[2], state[3]
    nx, ny = re.shape
    total = 0.0
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            r, m = re[i, j], im[i, j]
            lack = 1.0 - r * r - m * m
            total += wx[i] * wy[j] * mu * mu / 8 * lack * lack
            if i < nx - 2:
                p = lx[i] * ax[i, j]
                dr = np.cos(p) * re[i + 1, j] + np.sin(p) * im[i + 1, j] - r
                di = np.cos(p) * im[i + 1, j] - np.sin(p) * re[i + 1, j] - m
                total += 0.5 * vx[i] * wy[j] * (dr * dr + di * di) * ix[i] ** 2
            if j < ny - 2:
                p = ly[j] * ay[i, j]
                dr = np.cos(p) * re[i, j + 1] + np.sin(p) * im[i, j + 1] - r
                di = np.cos(p) * im[i, j + 1] - np.sin(p) * re[i, j + 1] - m
                total += 0.5 * wx[i] * vy[j] * (dr * dr + di * di) * iy[j] ** 2
            if i < nx - 2 and j < ny - 2:
                b = (ay[i + 1, j] - ay[i, j]) * ix[i] - (ax[i, j + 1] - ax[i, j]) * iy[j]
                total += 0.5 * vx[i] * vy[j] * b * b
    return total
