"""The discrete energy of a pair with slits on one mesh, its gradient and its Hessian.

Unknown are Re Ψ, Im Ψ, A_x, A_y at the nodes; everything is weighed at the Gauss-Lobatto nodes.
Minimised is E + ½∫G² with

    G = ∇·A − Im(Ψ₀* Ψ),

Ψ₀ any smooth function with the phases of the pair and modulus 1 far away. Some gauge of every
state has G = 0, so that the minimum is that of E alone; yet the problem is elliptic and the
gauge, too, settles within λ, to Ψ = e^{iΘ} and A = ∇Θ at the edge of the mesh
('t Hooft, Nucl. Phys. B 35, 167 (1971), used this gauge for the same reason).
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import SuperLU, splu

from gl_reference.elements import derivative_matrix, gauss_lobatto
from gl_reference.obstacle.slit_mesh import SlitMesh
from potentials.base import Array

COPIES = 4  # quarters of the plane
RE, IM, A_X, A_Y = range(4)


def pair_phase(opposite: bool, d: float, z: np.ndarray) -> np.ndarray:
    """A polynomial in x, y with the zeros and the phases of a pair at ±d/2, complex."""
    if opposite:
        return np.asarray((z - d / 2) * (z.conj() + d / 2))
    return np.asarray((z - d / 2) * (z + d / 2))


class _Blocks:
    """Entries of a sparse matrix over (node, field), gathered piece by piece."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.int64]] = []
        self._columns: list[NDArray[np.int64]] = []
        self._entries: list[Array] = []

    def add(
        self,
        row_nodes: NDArray[np.int64],
        row: int,
        column_nodes: NDArray[np.int64],
        column: int,
        part: Array,
    ) -> None:
        """Add `part` at the nodes that broadcast to its shape, for one field by another."""
        self._rows.append(np.broadcast_to(4 * row_nodes + row, part.shape).ravel())
        self._columns.append(np.broadcast_to(4 * column_nodes + column, part.shape).ravel())
        self._entries.append(part.ravel())

    def matrix(self, index: NDArray[np.int64], size: int) -> sparse.csc_matrix:
        """The rows and columns `index` of the (size, size) matrix."""
        number = np.full(size, -1)
        number[index] = np.arange(len(index))
        row = number[np.concatenate(self._rows)]
        column = number[np.concatenate(self._columns)]
        inside = (row >= 0) & (column >= 0)
        triplets = (np.concatenate(self._entries)[inside], (row[inside], column[inside]))
        return sparse.coo_matrix(triplets, shape=(len(index), len(index))).tocsc()


class SlitProblem:
    """The discrete energy on one mesh.

    Parameters
    ----------
    mesh : SlitMesh
    opposite : bool
        Windings (1, −1), the antivortex on the left; otherwise (1, 1).
    outward : bool
        The vortex is the inner end of the slit.
    mu, d : float
        Separation d in λ: the vortices are at ±d/2 whatever the mesh.
    """

    def __init__(self, mesh: SlitMesh, opposite: bool, outward: bool, mu: float, d: float) -> None:
        self.mesh, self.opposite, self.outward = mesh, opposite, outward
        self.mu, self.d = mu, d
        self.z = mesh.z.reshape(-1)[mesh.elements]
        self.dz = mesh.dz.reshape(-1)[mesh.elements]
        widths = mesh.widths
        weights = gauss_lobatto(mesh.t.order)[1]
        self.weights = np.einsum("e,i,j->eij", widths[0] * widths[1] / 4, weights, weights)
        slope = derivative_matrix(gauss_lobatto(mesh.t.order)[0])
        self.along_t = 2 / widths[0][:, None, None] * slope  # (E, n, n)
        self.along_s = 2 / widths[1][:, None, None] * slope
        self.area = abs(self.dz) ** 2
        phase = pair_phase(opposite, d, self.z)
        core = min(1.0, 1 / mu)
        self.background = phase / np.sqrt(abs(phase) ** 2 + core**2 * (d + core) ** 2)

    # ---------------------------------------------------------------- unknowns
    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """Which of the four fields are unknown at which node (4, t, s)."""
        free = np.ones((4, *self.mesh.shape), dtype=bool)
        free[RE, -1, :] = False  # the slit
        for edge in (np.s_[:, 0], np.s_[-1, :], np.s_[:, -1]):  # the x axis
            free[(IM, *edge)] = free[(A_X, *edge)] = False
        if self.opposite:
            free[A_X, 0, :] = False
        else:
            free[IM, 0, :] = free[A_Y, 0, :] = False
        free[:, self.mesh.outside] = False
        return free

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """Unknowns as positions in the nodal array (t, s, 4)."""
        return np.flatnonzero(self.free.transpose(1, 2, 0))

    def with_boundary_values(self, nodal: Array) -> Array:
        """`nodal` (4, t, s) with the fields of the far edge, and zeros where symmetry asks."""
        result = np.where(self.free, nodal, 0.0)
        far = self.mesh.outside & np.isfinite(self.mesh.z)
        z = self.mesh.z[far]
        phase = pair_phase(self.opposite, self.d, z)
        phase = phase / abs(phase)
        A = self.edge_potential(z)
        edge = np.array([phase.real, phase.imag, A.real, A.imag])
        result[:, far] = edge
        result[IM, :, -1] = result[A_X, :, -1] = 0.0  # exactly, where edge and axis meet
        return result

    def edge_potential(self, z: np.ndarray) -> np.ndarray:
        """A_x + iA_y far away, the gradient of the pair's phase."""
        left = -1 if self.opposite else 1
        return np.asarray(1j / (z - self.d / 2).conj() + left * 1j / (z + self.d / 2).conj())

    def free_values(self, nodal: Array) -> Array:
        """The unknowns of nodal values (4, t, s)."""
        return nodal.transpose(1, 2, 0).ravel()[self.index]

    def nodal_step(self, step: Array) -> Array:
        """Nodal values (4, t, s) that hold `step` at the unknowns, 0 elsewhere."""
        full = np.zeros(self.free.size)
        full[self.index] = step
        return full.reshape(*self.mesh.shape, 4).transpose(2, 0, 1)

    # ---------------------------------------------------------------- the energy
    def _gather(self, nodal: Array) -> tuple[Array, Array, Array]:
        """Values and slopes by t and s at the elements' nodes, each (4, E, n, n)."""
        values = nodal.reshape(4, -1)[:, self.mesh.elements]
        by_t = np.einsum("eik,fekj->feij", self.along_t, values, optimize=True)
        by_s = np.einsum("ejk,feik->feij", self.along_s, values, optimize=True)
        return values, by_t, by_s

    def _covariant(self, values: Array) -> tuple[Array, Array]:
        """A_t and A_s."""
        p, q = values[A_X], values[A_Y]
        return (
            p * self.dz.real + q * self.dz.imag,
            q * self.dz.real - p * self.dz.imag,
        )

    def residual(self, nodal: Array) -> Array:
        """Gradient of the discrete energy with respect to the unknowns."""
        values, by_t, by_s = self._gather(nodal)
        u, v, p, q = values
        zr, zi, area = self.dz.real, self.dz.imag, self.area
        a_t, a_s = self._covariant(values)
        flow_t, flow_s = u * by_t[IM] - v * by_t[RE], u * by_s[IM] - v * by_s[RE]
        density = u * u + v * v
        gauge = self.background.real * v - self.background.imag * u
        pull = area * gauge - self._divergence(by_t, by_s)
        well = area * (p * p + q * q - self.mu**2 / 2 * (1 - density))

        local = np.empty_like(values)
        local[RE] = well * u - a_t * by_t[IM] - a_s * by_s[IM] - self.background.imag * pull
        local[IM] = well * v + a_t * by_t[RE] + a_s * by_s[RE] + self.background.real * pull
        local[A_X] = area * density * p - zr * flow_t + zi * flow_s
        local[A_Y] = area * density * q - zi * flow_t - zr * flow_s
        by_t[RE] += a_t * v
        by_s[RE] += a_s * v
        by_t[IM] -= a_t * u
        by_s[IM] -= a_s * u
        by_t[A_X] -= zr * gauge
        by_s[A_X] += zi * gauge
        by_t[A_Y] -= zi * gauge
        by_s[A_Y] -= zr * gauge
        local *= self.weights
        local += np.einsum("eki,fekj->feij", self.along_t, self.weights * by_t, optimize=True)
        local += np.einsum("ekj,feik->feij", self.along_s, self.weights * by_s, optimize=True)
        total = np.empty((4, self.mesh.shape[0] * self.mesh.shape[1]))
        for component, part in zip(total, local, strict=True):
            component[:] = np.bincount(
                self.mesh.elements.ravel(), part.ravel(), minlength=len(component)
            )
        return total.T.ravel()[self.index]

    def _divergence(self, by_t: Array, by_s: Array) -> Array:
        """|z'|² ∇·A."""
        zr, zi = self.dz.real, self.dz.imag
        return np.asarray(zr * (by_t[A_X] + by_s[A_Y]) + zi * (by_t[A_Y] - by_s[A_X]))

    def curl(self, by_t: Array, by_s: Array) -> Array:
        """|z'|² B."""
        zr, zi = self.dz.real, self.dz.imag
        return np.asarray(zr * (by_t[A_Y] - by_s[A_X]) - zi * (by_t[A_X] + by_s[A_Y]))

    def energy_and_force(self, nodal: Array) -> tuple[float, float, float]:
        """E/π (ε₀), Ω (Ω₀) by the scaling of lengths, and what the gauge term adds to E/π."""
        values, by_t, by_s = self._gather(nodal)
        u, v = values[RE], values[IM]
        a_t, a_s = self._covariant(values)
        kinetic = (by_t[RE] + a_t * v) ** 2 + (by_s[RE] + a_s * v) ** 2
        kinetic += (by_t[IM] - a_t * u) ** 2 + (by_s[IM] - a_s * u) ** 2
        inverse = np.divide(1.0, self.area, out=np.zeros_like(self.area), where=self.area > 0)
        magnetic = float(np.sum(self.weights * self.curl(by_t, by_s) ** 2 * inverse)) / 2
        condensation = self.area * (1 - u * u - v * v) ** 2
        condensed = self.mu**2 / 8 * float(np.sum(self.weights * condensation))
        gauge = self._divergence(by_t, by_s) - self.area * (
            self.background.real * v - self.background.imag * u
        )
        scale = COPIES / math.pi
        energy = scale * (float(np.sum(self.weights * kinetic)) / 2 + magnetic + condensed)
        gauge_cost = scale * float(np.sum(self.weights * gauge**2 * inverse)) / 2
        return energy, 2 * scale / self.d * (magnetic - condensed), gauge_cost

    # ---------------------------------------------------------------- the Hessian
    def factored_hessian(self, nodal: Array) -> SuperLU:
        """LU factors of the second derivatives of the energy."""
        return splu(
            self.hessian(nodal),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def hessian(self, nodal: Array) -> sparse.csc_matrix:
        """Second derivatives of the energy by the unknowns."""
        values, by_t, by_s = self._gather(nodal)
        nodes = self.mesh.elements
        blocks = _Blocks()
        for (i, j), part in self._local_blocks(values, by_t, by_s).items():
            blocks.add(nodes, i, nodes, j, self.weights * part)
            if i != j:
                blocks.add(nodes, j, nodes, i, self.weights * part)
        # Couplings along lines: (E, i, k, j) in t and (E, i, j, k) in s, the two nodes being
        # i, k of one s, and j, k of one t.
        of_t, of_s = self._slope_blocks(values)
        row, column = nodes[:, :, None, :], nodes[:, None, :, :]
        stiff = np.einsum("eki,ekj,ekl->eilj", self.along_t, self.weights, self.along_t)
        for component in range(4):
            blocks.add(row, component, column, component, stiff)
        for (i, j), part in of_t.items():
            mixed = np.einsum("eki,ekj->eikj", self.along_t, self.weights * part)
            blocks.add(row, i, column, j, mixed)
            blocks.add(column, j, row, i, mixed)
        row, column = nodes[:, :, :, None], nodes[:, :, None, :]
        stiff = np.einsum("ekj,eik,ekl->eijl", self.along_s, self.weights, self.along_s)
        for component in range(4):
            blocks.add(row, component, column, component, stiff)
        for (i, j), part in of_s.items():
            mixed = np.einsum("ekj,eik->eijk", self.along_s, self.weights * part)
            blocks.add(row, i, column, j, mixed)
            blocks.add(column, j, row, i, mixed)
        return blocks.matrix(self.index, self.free.size)

    def _local_blocks(
        self, values: Array, by_t: Array, by_s: Array
    ) -> dict[tuple[int, int], Array]:
        """Second derivatives of the energy density by two values."""
        u, v, p, q = values
        zr, zi, area = self.dz.real, self.dz.imag, self.area
        density = u * u + v * v
        well = area * (p * p + q * q - self.mu**2 / 2 * (1 - density))
        stiff = self.mu**2 * area
        gr, gi = self.background.real, self.background.imag
        return {
            (RE, RE): well + stiff * u * u + area * gi * gi,
            (IM, IM): well + stiff * v * v + area * gr * gr,
            (RE, IM): stiff * u * v - area * gr * gi,
            (RE, A_X): 2 * area * p * u - zr * by_t[IM] + zi * by_s[IM],
            (RE, A_Y): 2 * area * q * u - zi * by_t[IM] - zr * by_s[IM],
            (IM, A_X): 2 * area * p * v + zr * by_t[RE] - zi * by_s[RE],
            (IM, A_Y): 2 * area * q * v + zi * by_t[RE] + zr * by_s[RE],
            (A_X, A_X): area * density,
            (A_Y, A_Y): area * density,
        }

    def _slope_blocks(
        self, values: Array
    ) -> tuple[dict[tuple[int, int], Array], dict[tuple[int, int], Array]]:
        """Second derivatives by a slope (in t; in s) of the first field and a value of the second."""
        u, v = values[RE], values[IM]
        zr, zi = self.dz.real, self.dz.imag
        a_t, a_s = self._covariant(values)
        gr, gi = self.background.real, self.background.imag
        of_t = {
            (RE, IM): a_t,
            (RE, A_X): v * zr,
            (RE, A_Y): v * zi,
            (IM, RE): -a_t,
            (IM, A_X): -u * zr,
            (IM, A_Y): -u * zi,
            (A_X, RE): zr * gi,
            (A_X, IM): -zr * gr,
            (A_Y, RE): zi * gi,
            (A_Y, IM): -zi * gr,
        }
        of_s = {
            (RE, IM): a_s,
            (RE, A_X): -v * zi,
            (RE, A_Y): v * zr,
            (IM, RE): -a_s,
            (IM, A_X): u * zi,
            (IM, A_Y): -u * zr,
            (A_X, RE): -zi * gi,
            (A_X, IM): zi * gr,
            (A_Y, RE): zr * gi,
            (A_Y, IM): -zr * gr,
        }
        return of_t, of_s

    # ---------------------------------------------------------------- the ends of the slit
    @cached_property
    def _last_slope(self) -> Array:
        """∂/∂t at t = K from the last nodes (order + 1,) in t."""
        order = self.mesh.t.order
        width = np.diff(self.mesh.t.breaks)[-1] * self.mesh.periods[0]
        return np.asarray(2 / width * derivative_matrix(gauss_lobatto(order)[0])[-1])

    def slit_slope(self, nodal: Array) -> Array:
        """∂(Re Ψ)/∂t along the slit (s,)."""
        return np.asarray(self._last_slope @ nodal[RE, -len(self._last_slope) :])

    def end_slope(self, tip: bool) -> sparse.csr_matrix:
        """The row (unknowns,) that takes ∂(Re Ψ)/∂t at the free end of the slit, or at the vortex."""
        column = self.mesh.shape[1] - 1 if tip == self.outward else 0
        full = np.zeros((*self.mesh.shape, 4))
        full[-len(self._last_slope) :, column, RE] = self._last_slope
        return sparse.csr_matrix(full.ravel()[self.index])

    def end_coefficient(self, nodal: Array, tip: bool) -> float:
        """K in Re Ψ = K √r on the axis off an end of the slit, λ^(−1/2)."""
        a, b = self.mesh.a, self.mesh.b
        at_inner = tip != self.outward
        curvature = (a if at_inner else b) * (b - a) * (b + a) / b**2  # |d²z/dw²| there
        slope = float((self.end_slope(tip) @ self.free_values(nodal))[0])
        # t falls from the end on, whichever it is.
        return -slope * math.sqrt(2 / curvature)
