"""The energy of fixed vortices in the `coulomb` reading on a finite-element space.

Minimised is, over a real f and a smooth A (Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83,
054516 (2011), Eqs. 11-13 and 20, with the gauge term that makes the problem well-posed),

    E_w = ∫ ½|∇f|² + ½f²Q² + ½(∇×A)² + (w/2)(∇·A)² + (μ²/8)(1−f²)²,   Q = A − V,

V = Σ n_j θ̂_j/r_j, f = 0 at the vortices. Outside the mesh f = 1 and Q = 0. As
B² + (∇·A)² = |∇A_x|² + |∇A_y|² up to a boundary term that the boundary values fix, the two
components of A meet only through f where w = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from gl_reference.errors import ConvergenceError
from gl_reference.finite_elements import FunctionSpace
from gl_reference.radial import single_vortex
from gl_reference.symmetry import Integers, Symmetry
from potentials.base import Array

# Newton's next step would change the energy by about the square of this (in ∫, not over π).
DECREMENT = 1e-9
# Old factors are replaced where a step with them leaves more of the decrement than this.
SLOW = 0.01
MOST_FACTORS = 40


def superfluid_velocity(points: Array, positions: Array, winding: Integers) -> Array:
    """V = Σ n_j θ̂_j/r_j at points (…, 2): (2, …), in 1/λ; a vortex's own term is 0 on it."""
    total = np.zeros((2, *points.shape[:-1]))
    for position, n in zip(positions, winding, strict=True):
        x, y = np.moveaxis(points - position, -1, 0)
        r2 = x * x + y * y
        total += n * np.stack([-y, x]) / np.where(r2 > 0, r2, 1.0)
    return total


def superposition(points: Array, positions: Array, winding: Integers, mu: float) -> Array:
    """f, A_x, A_y (3, P) at points (P, 2): product of the single f, sum of the single A."""
    fields = np.zeros((3, len(points)))
    fields[0] = 1.0
    for position, n in zip(positions, winding, strict=True):
        vortex = single_vortex(abs(int(n)), mu)
        x, y = (points - position).T
        r2 = x * x + y * y
        r = np.sqrt(r2)
        fields[0] *= vortex.amplitude(r)
        fields[1:] += n * vortex.flux_fraction(r) * np.stack([-y, x]) / np.where(r > 0, r2, 1.0)
    return fields


class Quantities(NamedTuple):
    """Fields at the quadrature points, (T, Q) or with the components in front."""

    f: Array
    Q: Array  # (2, T, Q)
    gradients: Array  # (3, 2, T, Q): of f, A_x, A_y
    density: Array

    @property
    def curl(self) -> Array:
        return self.gradients[2, 0] - self.gradients[1, 1]

    @property
    def divergence(self) -> Array:
        return self.gradients[1, 0] + self.gradients[2, 1]


class Functional:
    """E_w/π of the functions u = (f, A_x, A_y), an array (3, size), on one cell of the plane.

    Parameters
    ----------
    space
        On the mesh of the cell; the mesh's first vertices are the cell's vortices.
    symmetry
        All vortices, in the frame of the mesh, and the mirror lines that bound the cell.
    mu, gauge_weight
        μ and w.
    """

    def __init__(
        self, space: FunctionSpace, symmetry: Symmetry, mu: float, gauge_weight: float
    ) -> None:
        self.space, self.symmetry, self.mu, self.gauge_weight = space, symmetry, mu, gauge_weight
        self.copies = 2 ** np.count_nonzero(symmetry.mirrors)
        self.velocity = superfluid_velocity(space.points, symmetry.positions, symmetry.winding)
        self._outer = self._on_outer_edge()
        self._free = self._free_values()
        self._linear = self._linear_part()

    # ---------------------------------------------------------------- boundary
    def _on_outer_edge(self) -> np.ndarray:
        box, nodes = self.space.mesh.box, self.space.nodes
        outer = (nodes[:, 0] == box.right) | (nodes[:, 1] == box.top)
        for axis, edge in enumerate((box.left, box.bottom)):
            if not self.symmetry.mirrors[axis]:
                outer |= nodes[:, axis] == edge
        return outer

    def _free_values(self) -> np.ndarray:
        """Which of (f, A_x, A_y) at which node (3, size) is not given."""
        free = np.tile(~self._outer, (3, 1))
        nodes = self.space.nodes
        for position in self.symmetry.positions:
            free[0] &= (nodes != position).any(axis=1)
        for axis, sign in enumerate(self.symmetry.mirrors):
            if sign:  # the component of A that is odd
                odd = 1 - axis if sign > 0 else axis
                free[1 + odd] &= nodes[:, axis] != 0
        return free

    def with_boundary_values(self, u: Array) -> Array:
        """`u` with all given values put in."""
        winding, positions = self.symmetry.winding, self.symmetry.positions
        u = np.where(self._free, u, 0.0)
        u[0, self._outer] = 1.0
        u[1:, self._outer] = superfluid_velocity(self.space.nodes[self._outer], positions, winding)
        return u

    def start(self) -> Array:
        """The superposition of single vortices."""
        winding, positions = self.symmetry.winding, self.symmetry.positions
        return self.with_boundary_values(
            superposition(self.space.nodes, positions, winding, self.mu)
        )

    # ---------------------------------------------------------------- energy
    def quantities(self, u: Array) -> Quantities:
        """Everything the energy and the forces are made of."""
        space, mu = self.space, self.mu
        f, A_x, A_y = (space.values(component) for component in u)
        Q = np.stack([A_x, A_y]) - self.velocity
        gradients = np.stack([space.gradient(component) for component in u])
        part = Quantities(f, Q, gradients, np.empty(0))
        density = (
            (gradients[0] ** 2).sum(0) / 2
            + f**2 * (Q**2).sum(0) / 2
            + part.curl**2 / 2
            + self.gauge_weight * part.divergence**2 / 2
            + mu**2 / 8 * (1 - f**2) ** 2
        )
        return part._replace(density=density)

    def energy(self, u: Array) -> float:
        """E_w/π of the whole plane, in ε₀."""
        return self.copies * self.space.integral(self.quantities(u).density) / np.pi

    # ---------------------------------------------------------------- Newton
    def _linear_part(self) -> list[list[sp.csr_matrix | None]]:
        """The blocks of the Hessian that do not depend on u."""
        space, w = self.space, self.gauge_weight
        xx, yy = space.stiffness(0, 0), space.stiffness(1, 1)
        laplacian = xx + yy
        if w == 1:
            return [[laplacian, None, None], [None, laplacian, None], [None, None, laplacian]]
        mixed = w * space.stiffness(0, 1) - space.stiffness(1, 0)
        return [
            [laplacian, None, None],
            [None, yy + w * xx, mixed],
            [None, mixed.T.tocsr(), xx + w * yy],
        ]

    def _gradient(self, q: Quantities, u: Array) -> Array:
        """Derivative (3·size,) of ∫ over the cell."""
        space, mu, f = self.space, self.mu, q.f
        loads = [space.load(f * (q.Q**2).sum(0) - mu**2 / 2 * f * (1 - f**2))]
        loads += [space.load(f**2 * component) for component in q.Q]
        for row, blocks in enumerate(self._linear):
            for function, block in zip(u, blocks, strict=True):
                if block is not None:
                    loads[row] = loads[row] + block @ function
        return np.concatenate(loads)

    def _hessian(self, q: Quantities, *, convex: bool) -> sp.csc_matrix:
        """Second derivative of ∫ over the cell; `convex`: the Gauss-Newton part, definite anywhere.

        ½f²Q² and (μ²/8)(1−f²)² are squares; that part leaves out their second derivatives.
        """
        space, mu, f = self.space, self.mu, q.f
        (ff, _, _), (_, xx, xy), (_, yx, yy) = self._linear
        coupling = 1 if convex else 2
        condensation = f**2 if convex else (3 * f**2 - 1) / 2
        ff = ff + space.mass((q.Q**2).sum(0) + mu**2 * condensation)
        fx, fy = (space.mass(coupling * f * component) for component in q.Q)
        screening = space.mass(f**2)
        blocks = [[ff, fx, fy], [fx, xx + screening, xy], [fy, yx, yy + screening]]
        return sp.bmat(blocks, format="csc")

    def _solver(self, hessian: sp.csc_matrix) -> Callable[[Array], Array]:
        """Gives the step (3, size) that would take a gradient to zero, were the energy quadratic."""
        free = self._free.ravel()
        # Symmetric, and definite near a minimum: no pivoting, and far less fill.
        factors = splu(
            hessian[free][:, free].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

        def step(gradient: Array) -> Array:
            full = np.zeros(free.shape)
            full[free] = -factors.solve(gradient[free])
            return full.reshape(self._free.shape)

        return step

    def minimise(self, u: Array) -> Array:
        """The minimum near `u`.

        Newton's steps, with the same factors for as long as they serve; where one would raise
        the energy, a Gauss-Newton step instead. Raises ConvergenceError where this does not end.
        """
        energy = self.energy(u)
        decrement = np.inf
        for _ in range(MOST_FACTORS):
            q = self.quantities(u)
            gradient = self._gradient(q, u)
            newton = self._solver(self._hessian(q, convex=False))
            step = newton(gradient)
            decrement = -float(gradient @ step.ravel())
            rises = decrement < 0 or self.energy(u + step) > energy
            if rises and abs(decrement) > DECREMENT:
                u = u + self._solver(self._hessian(q, convex=True))(gradient)
            else:
                u, decrement = self._with_same_factors(u, step, decrement, newton)
                if abs(decrement) < DECREMENT:
                    return u
            energy = self.energy(u)
        raise ConvergenceError(
            f"Newton's iteration for {len(self.symmetry.winding)} vortices at mu = {self.mu:.6g} "
            f"factorised {MOST_FACTORS} times and the energy still changes by {decrement:.1e} ε₀; "
            "move vortices of opposite sign farther apart, or split giant vortices"
        )

    def _with_same_factors(
        self, u: Array, step: Array, decrement: float, solve: Callable[[Array], Array]
    ) -> tuple[Array, float]:
        """`u` after this step and all further ones that shrink fast; the last one's decrement."""
        while True:
            u = u + step
            if abs(decrement) < DECREMENT:
                return u, decrement
            gradient = self._gradient(self.quantities(u), u)
            step = solve(gradient)
            previous, decrement = decrement, -float(gradient @ step.ravel())
            if abs(decrement) > SLOW * abs(previous):
                return u, decrement
