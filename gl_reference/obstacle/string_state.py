"""The string between a vortex and an antivortex: Ψ real, zero on the whole segment, A = 0.

Left is ∇²Ψ + (μ²/2)(1−Ψ²)Ψ = 0 (Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516
(2011), Eq. 13 with Q = 0), whose energy depends on μd alone. In confocal coordinates the segment
is ξ = 0 and Ψ analytic, so a few spectral elements give it to nearly all digits. Long strings
cost 2/3π per unit of μd (two half kinks tanh(μy/2)), short ones 1/ln(1/μd) (a point costs
nothing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import overload

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike
from scipy.sparse.linalg import splu

from gl_reference.checks import check_range
from gl_reference.confocal_mesh import ConfocalMesh, build_mesh
from gl_reference.errors import ConvergenceError
from potentials.base import Array
from potentials.checks import real_array

STRING_RANGE = (1e-3, 500.0)  # of μd
ORDERS = (8, 11)  # the second for the result, the first for its error
MARGIN = 18.0  # in 1/μ
RESIDUAL = 1e-11
MAX_ITERATIONS = 30


@dataclass(frozen=True)
class StringState:
    """A string of length μd in units of 1/μ; energies in ε₀, force −dE/d(μd)."""

    mu_d: float
    energy: float
    energy_error: float
    force: float
    force_error: float
    mesh: ConfocalMesh = field(repr=False)
    psi: Array = field(repr=False)

    def amplitude(self, x: Array, y: Array) -> Array:
        """Ψ at points (P,) in units of 1/μ, 1 beyond the mesh."""
        w = np.arccosh((abs(x) + 1j * abs(y)) / (self.mu_d / 2) + 0j)
        xi, eta = w.real, np.minimum(abs(w.imag), math.pi / 2)
        rows, along_xi = self.mesh.xi.at(xi)
        columns, along_eta = self.mesh.eta.at(eta)
        local = self.psi[rows[:, :, None], columns[:, None, :]]
        inside = np.einsum("pi,pij,pj->p", along_xi, local, along_eta)
        return np.where(xi <= self.mesh.xi.breaks[-1], inside, 1.0)


def _solve(mesh: ConfocalMesh) -> Array:
    """Ψ at the nodes (ξ, η), by Newton's method, which falls from Ψ = 1 without a detour."""
    area = mesh.weights * abs(mesh.dz) ** 2
    free = np.zeros(mesh.z.shape, dtype=bool)
    free[1:-1] = True
    index = np.flatnonzero(free)
    stiffness = sparse.kron(sparse.csr_matrix(mesh.xi.stiffness), sparse.diags(mesh.eta.mass))
    stiffness += sparse.kron(sparse.diags(mesh.xi.mass), sparse.csr_matrix(mesh.eta.stiffness))
    stiffness = stiffness.tocsr()[index][:, index].tocsc()
    psi = np.ones(mesh.z.shape)
    psi[0] = 0.0
    for _ in range(MAX_ITERATIONS):
        residual = (mesh.laplace(psi) - area * (1 - psi**2) * psi / 2).ravel()[index]
        if np.abs(residual).max() < RESIDUAL:
            return psi
        well = sparse.diags((area * (3 * psi**2 - 1) / 2).ravel()[index])
        psi[free] -= splu((stiffness + well).tocsc()).solve(residual)
    raise ConvergenceError(
        f"string, mu·d = {mesh.d:.6g}: Newton's iteration stands at a residual of "
        f"{np.abs(residual).max():.1e} instead of {RESIDUAL:.0e}; move d a little"
    )


def _energy_and_force(mesh: ConfocalMesh, psi: Array) -> tuple[float, float]:
    area = mesh.weights * abs(mesh.dz) ** 2
    bending = float(np.sum(psi * mesh.laplace(psi))) / 2
    condensed = float(np.sum(area * (1 - psi**2) ** 2)) / 8
    scale = mesh.copies / math.pi
    return scale * (bending + condensed), -2 * scale / mesh.d * condensed


@lru_cache(maxsize=256)
def string_state(mu_d: float) -> StringState:
    """The string of length μd, in units of 1/μ; 1e-3 … 500."""
    length = check_range("mu_d", mu_d, *STRING_RANGE)
    found = []
    for order in ORDERS:
        mesh = build_mesh(length, 1.0, False, order=order, splits=0, margin=MARGIN)
        psi = _solve(mesh)
        found.append((*_energy_and_force(mesh, psi), mesh, psi))
    (rough, rough_force, *_), (energy, force, mesh, psi) = found
    return StringState(
        length, energy, abs(energy - rough), force, abs(force - rough_force), mesh, psi
    )


@overload
def string_energy(mu_d: float) -> float: ...
@overload
def string_energy(mu_d: ArrayLike) -> float | Array: ...
def string_energy(mu_d: ArrayLike) -> float | Array:
    """E/π of the string state in ε₀; μd (1e-3 … 500) a number or an array, same shape back.

    Raises ValueError outside that range. Source: Chaves et al., Phys. Rev. B 83, 054516 (2011),
    Eq. 13 with A = 0; tends to (2/3π) μd + 0.359979.
    """
    return _each("energy", mu_d)


@overload
def string_force(mu_d: float) -> float: ...
@overload
def string_force(mu_d: ArrayLike) -> float | Array: ...
def string_force(mu_d: ArrayLike) -> float | Array:
    """−dE/d(μd) of the string state, negative: times μ it is Ω in Ω₀. Otherwise as `string_energy`."""
    return _each("force", mu_d)


def _each(what: str, mu_d: ArrayLike) -> float | Array:
    lengths = real_array("mu_d", mu_d)
    # All are checked before the first is solved.
    checked = [check_range("mu_d", one, *STRING_RANGE) for one in lengths.ravel()]
    values = np.array([getattr(string_state(one), what) for one in checked])
    return values.reshape(lengths.shape) if lengths.ndim else float(values[0])
