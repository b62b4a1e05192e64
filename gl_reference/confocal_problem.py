"""The discrete energy of two fixed vortices on a confocal mesh, its gradient and its Hessian.

Everything is weighed at the Gauss-Lobatto nodes, so that what is not a derivative is local: the
Hessian is the Laplacian's stiffness plus 3 × 3 blocks. See `gl_reference.confocal`.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import SuperLU, splu

from gl_reference.confocal_mesh import ConfocalMesh
from potentials.base import Array


def complex_velocity(n1: int, n2: int, d: float, z: np.ndarray, where: np.ndarray) -> np.ndarray:
    """V_x − iV_y = −i Σ n_j/(z − z_j) where asked, zero elsewhere."""
    first = np.divide(n1, z + d / 2, out=np.zeros_like(z), where=where)
    return -1j * (first + np.divide(n2, z - d / 2, out=np.zeros_like(z), where=where))


class PairProblem:
    """The discrete energy of one mesh, its gradient and its Hessian."""

    def __init__(self, mesh: ConfocalMesh, n1: int, n2: int, mu: float, weight: float) -> None:
        self.mesh, self.mu, self.d = mesh, mu, mesh.d
        V = complex_velocity(n1, n2, mesh.d, mesh.z, ~mesh.foci)
        self.V = np.array([V.real, -V.imag])
        # Area weights; without those at the vortices, where f²V² tends to 0.
        self.area = mesh.weights * np.abs(mesh.dz) ** 2
        self.free = self._free(n1, n2)
        self.index = np.flatnonzero(self.free.transpose(1, 2, 0))
        self.outer = _outer_integral(mesh, n1, n2)
        self.gauge = None if weight == 1 else (weight - 1) * _divergence_matrix(mesh)
        self.linear = self._linear_part()

    def _free(self, n1: int, n2: int) -> np.ndarray:
        """Which of f, A_x, A_y are unknown at which node: all but boundary values and odd ones."""
        free = np.ones((3, *self.mesh.z.shape), dtype=bool)
        f, A_x, A_y = free
        f[self.mesh.foci] = False
        A_x[0, :] = A_x[:, 0] = False  # the line through the vortices, y = 0
        if self.mesh.half_plane or n1 == -n2:
            A_x[:, -1] = False  # that line again, or the mid-plane of vortex and antivortex
        else:
            A_y[:, -1] = False  # the mid-plane of equal vortices
        free[:, -1] = False
        return free

    def with_boundary_values(self, nodal: Array) -> Array:
        """`nodal` with f = 1 and A = V on the outer ellipse, zero where symmetry or a core asks."""
        result = np.where(self.free, nodal, 0.0)
        result[0, -1] = 1.0
        result[1:, -1] = self.V[:, -1]
        return result

    def _linear_part(self) -> sparse.csc_matrix:
        mesh = self.mesh
        stiffness = sparse.kron(sparse.csr_matrix(mesh.xi.stiffness), sparse.diags(mesh.eta.mass))
        stiffness += sparse.kron(sparse.diags(mesh.xi.mass), sparse.csr_matrix(mesh.eta.stiffness))
        linear = sparse.kron(stiffness, sparse.identity(3))
        if self.gauge is not None:
            linear = linear + self.gauge
        return linear.tocsr()[self.index][:, self.index].tocsc()

    def _velocity(self, nodal: Array) -> Array:
        """Q = A − V, (2, ξ, η)."""
        return nodal[1:] - self.V

    def _gauge_gradient(self, nodal: Array) -> Array:
        """Gradient of the part (w−1)/2 ∫(∇·A)² of the energy, (3, ξ, η)."""
        flat = self.gauge @ nodal.transpose(1, 2, 0).ravel()  # type: ignore[operator]
        return flat.reshape(*self.mesh.z.shape, 3).transpose(2, 0, 1)

    def residual(self, nodal: Array) -> Array:
        """Gradient of the discrete energy with respect to the unknowns (index,)."""
        f, Q = nodal[0], self._velocity(nodal)
        gradient = np.array([self.mesh.laplace(values) for values in nodal])
        gradient[0] += self.area * f * (Q[0] ** 2 + Q[1] ** 2 - self.mu**2 / 2 * (1 - f * f))
        gradient[1:] += self.area * f * f * Q
        if self.gauge is not None:
            gradient += self._gauge_gradient(nodal)
        return gradient.transpose(1, 2, 0).ravel()[self.index]

    def factored_hessian(self, nodal: Array) -> SuperLU:
        """LU factors of the second derivatives of the energy."""
        f, Q = nodal[0].ravel(), self._velocity(nodal).reshape(2, -1)
        area = self.area.ravel()
        local = np.zeros((len(f), 3, 3))
        local[:, 0, 0] = area * (Q[0] ** 2 + Q[1] ** 2 - self.mu**2 / 2 * (1 - 3 * f * f))
        local[:, 0, 1:] = local[:, 1:, 0] = (2 * area * f * Q).T
        local[:, 1, 1] = local[:, 2, 2] = area * f * f
        count = np.arange(len(f) + 1)
        blocks = sparse.bsr_matrix((local, count[:-1], count)).tocsr()
        hessian = self.linear + blocks[self.index][:, self.index].tocsc()
        return splu(
            hessian,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def step(self, factors: SuperLU, residual: Array) -> Array:
        """Hessian⁻¹ · residual, as nodal values."""
        step = np.zeros(self.free.size)
        step[self.index] = factors.solve(residual)
        return step.reshape(*self.mesh.z.shape, 3).transpose(2, 0, 1)

    def energy_and_force(self, nodal: Array) -> tuple[float, float]:
        """E_w/π (ε₀) and Ω (Ω₀): the derivative of this very energy with the mesh scaled by d."""
        mesh = self.mesh
        f, Q = nodal[0], self._velocity(nodal)
        bending = np.sum(f * mesh.laplace(f))
        flow = np.sum(self.area * f * f * (Q[0] ** 2 + Q[1] ** 2))
        magnetic = sum(np.sum(part * mesh.laplace(part)) for part in nodal[1:]) / 2 + self.outer
        if self.gauge is not None:
            magnetic += np.sum(nodal * self._gauge_gradient(nodal)) / 2
        condensation = self.mu**2 / 8 * np.sum(self.area * (1 - f * f) ** 2)
        energy = mesh.copies / math.pi * (bending / 2 + flow / 2 + magnetic + condensation)
        force = 2 * mesh.copies / (math.pi * self.d) * (magnetic - condensation)
        return float(energy), float(force)


def _outer_integral(mesh: ConfocalMesh, n1: int, n2: int) -> float:
    """∮ V_x dV_y along the outer ellipse.

    ½∫(B² + (∇·A)²) is ½∫|∇A_x|² + ½∫|∇A_y|² plus this: the determinant of ∇A is a divergence.
    """
    points, weights = np.polynomial.legendre.leggauss(256)
    eta = mesh.eta.breaks[-1] * (points + 1) / 2
    w = mesh.xi.breaks[-1] + 1j * eta
    z, dz = mesh.d / 2 * np.cosh(w), 1j * mesh.d / 2 * np.sinh(w)
    V = complex_velocity(n1, n2, mesh.d, z, np.ones(z.shape, dtype=bool))
    slope = 1j * (n1 / (z + mesh.d / 2) ** 2 + n2 / (z - mesh.d / 2) ** 2) * dz
    return float(np.sum(mesh.eta.breaks[-1] / 2 * weights * V.real * -slope.imag))


def _divergence_matrix(mesh: ConfocalMesh) -> sparse.csr_matrix:
    """The matrix of ∫(∇·A)² for nodal vectors (f, A_x, A_y), node by node."""
    xi, d_xi, xi_weights = (sparse.csr_matrix(part) for part in mesh.xi.by_element())
    eta, d_eta, eta_weights = (sparse.csr_matrix(part) for part in mesh.eta.by_element())
    nodes = (xi @ mesh.xi.nodes)[:, None] + 1j * (eta @ mesh.eta.nodes)
    dz = (mesh.d / 2 * np.sinh(nodes)).ravel()
    # ∇·A = Re[(∂_ξ − i∂_η)A_x/z'] − Im[(∂_ξ − i∂_η)A_y/z'], and the area element is |z'|²;
    # at a focus the product of both vanishes.
    scale = np.sqrt(np.kron(xi_weights.toarray(), eta_weights.toarray())).ravel()
    direction = np.divide(abs(dz), dz, out=np.zeros_like(dz), where=abs(dz) > 1e-14) * scale
    along_xi, along_eta = sparse.kron(d_xi, eta), sparse.kron(xi, d_eta)
    cos, sin = sparse.diags(direction.real), sparse.diags(direction.imag)
    of_x = cos @ along_xi + sin @ along_eta
    of_y = -(sin @ along_xi) + cos @ along_eta
    pick = np.eye(3)
    divergence = sparse.kron(of_x, pick[1:2]) + sparse.kron(of_y, pick[2:3])
    return (divergence.T @ divergence).tocsr()
