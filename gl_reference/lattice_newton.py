"""Newton's method for the discrete energy of fixed vortices.

With a gauge term the Hessian is close to that of no vortices, which each axis' eigenvectors
invert: conjugate gradients. Without one, A is held by f² alone and f may vanish along slits:
sparse factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import SuperLU, splu

from gl_reference.errors import ConvergenceError
from gl_reference.lattice_energy import LatticeEnergy
from potentials.base import Array

MOST_STEPS = 60
MOST_HALVINGS = 40
MOST_CONJUGATE_STEPS = 500
# A step leaves this part of its decrement (the fall it promises), near the minimum the decrement.
LINEAR_TOLERANCE = 1e-2
ROUNDING = 1e-13  # of the energy


@dataclass(frozen=True)
class Minimum:
    """Fields u = (f, A_x, A_y), and how they were found.

    `residual` is the fall of the energy (ε₀) that the last step promised; what is left is about
    its square. `stable`: no direction lowers the energy (of schemes with a gauge term: none was met).
    """

    u: Array
    residual: float
    iterations: int
    stable: bool


@dataclass(frozen=True, eq=False)
class Hessian:
    """Second derivative of the energy: stiffnesses, diagonals, factor_A M factor_f between A and f."""

    energy: LatticeEnergy
    diagonal_f: Array
    diagonal_A: Array
    factor_f: Array
    factor_A: Array

    @classmethod
    def at(cls, energy: LatticeEnergy, u: Array, *, convex: bool) -> Hessian:
        """The Hessian at u; `convex`: the part that is definite everywhere.

        ½f²Q² and (μ²/8)(1−f²)² are squares; that part leaves out their second derivatives.
        """
        o = energy.operators
        f, A = energy.split(u)
        Q = A - energy.velocity
        condensation = f**2 if convex else (3 * f**2 - 1) / 2
        return cls(
            energy=energy,
            diagonal_f=energy.mu**2 * o.f.weights * condensation
            + o.average.T @ (o.weights_A * Q**2),
            diagonal_A=o.weights_A * (o.average @ f**2),
            factor_f=(1.0 if convex else 2.0) * f,
            factor_A=o.weights_A * Q,
        )

    def times(self, v: Array) -> Array:
        """Its product with v; 0 for values that are given."""
        o = self.energy.operators
        f, A = self.energy.split(v)
        by_f = o.stiffness_f @ f + self.diagonal_f * f
        by_f += self.factor_f * (o.average.T @ (self.factor_A * A))
        by_A = o.stiffness_A @ A + self.diagonal_A * A
        by_A += self.factor_A * (o.average @ (self.factor_f * f))
        return np.concatenate([by_f, by_A]) * self.energy.free

    def step(self, gradient: Array) -> Array | None:
        """The step to the minimum of the quadratic model, or None where it has none."""
        if self.energy.operators.gauge_fixed:
            return self._conjugate_gradients(gradient)
        step = self._direct(gradient)
        return step if gradient @ step <= 0 else None

    @property
    def definite(self) -> bool:
        """Whether no direction lowers the energy: then a state without a gradient is stable.

        Without pivoting the factors are those of L D Lᵀ, and the signs of D are those of the
        eigenvalues (Sylvester). Conjugate gradients refuse directions of falling energy themselves.
        """
        if self.energy.operators.gauge_fixed:
            return True
        return bool((self._factors.U.diagonal() > 0).all())

    def _direct(self, gradient: Array) -> Array:
        free = np.flatnonzero(self.energy.free)
        step = np.zeros_like(gradient)
        step[free] = -self._factors.solve(gradient[free])
        return step

    @cached_property
    def _factors(self) -> SuperLU:
        """Sparse factors of its part for the values that are sought."""
        o, free = self.energy.operators, np.flatnonzero(self.energy.free)
        coupling = sp.diags_array(self.factor_A) @ o.average @ sp.diags_array(self.factor_f)
        by_f = o.stiffness_f + sp.diags_array(self.diagonal_f)
        by_A = o.stiffness_A + sp.diags_array(self.diagonal_A)
        matrix = sp.csr_array(sp.block_array([[by_f, coupling.T], [coupling, by_A]]))
        # Symmetric, and definite near a minimum: no pivoting, and far less fill.
        return splu(
            sp.csc_matrix(matrix[free][:, free]),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def _without_vortices(self, load: Array) -> Array:
        """The inverse Hessian of the uniform state: (−∇² + μ²)⁻¹ for f, (−∇² + 1)⁻¹ for A."""
        o = self.energy.operators
        f, A_x, A_y = np.split(load, np.cumsum([o.f.size, o.A[0].size]))
        parts = [
            o.f.inverse(f, self.energy.mu**2),
            o.A[0].inverse(A_x, 1.0),
            o.A[1].inverse(A_y, 1.0),
        ]
        return np.concatenate(parts) * self.energy.free

    def _conjugate_gradients(self, gradient: Array) -> Array | None:
        step, residual = np.zeros_like(gradient), -gradient
        direction = z = self._without_vortices(residual)
        size = first = float(residual @ z)
        target = first * min(LINEAR_TOLERANCE, first)
        for _ in range(MOST_CONJUGATE_STEPS):
            if size <= target:
                return step
            image = self.times(direction)
            curvature = float(direction @ image)
            if curvature <= 0:
                return None
            step = step + size / curvature * direction
            residual = residual - size / curvature * image
            z = self._without_vortices(residual)
            previous, size = size, float(residual @ z)
            direction = z + size / previous * direction
        raise ConvergenceError(
            f"conjugate gradients at mu = {self.energy.mu:.6g}: {MOST_CONJUGATE_STEPS} steps leave "
            f"{size / first:.1e} of the residual; give a smaller h"
        )


def minimise(
    energy: LatticeEnergy, u: Array, tolerance: float, most_steps: int | None = None
) -> Minimum:
    """The minimum of the energy that Newton's method reaches from u.

    Where a step would raise the energy, one with the convex part of the Hessian is taken, halved
    until the energy falls. Ends after the step whose promised fall is below `tolerance` (ε₀).
    Raises ConvergenceError where `most_steps` (default `MOST_STEPS`) do not lead there.
    """
    most_steps = most_steps or MOST_STEPS
    scale = energy.operators.copies / np.pi
    value = energy.value(u)
    residual = np.inf
    for iteration in range(1, most_steps + 1):
        gradient = energy.gradient(u)
        hessian = Hessian.at(energy, u, convex=False)
        step = hessian.step(gradient)
        if step is not None:
            residual = -scale * float(gradient @ step) / 2
            if residual <= tolerance:
                return Minimum(u + step, residual, iteration, hessian.definite)
        if step is None or energy.value(u + step) > value:
            step = _downhill(energy, u, gradient, value)
        u = u + step
        value = energy.value(u)
    raise ConvergenceError(
        f"Newton's method at mu = {energy.mu:.6g}: after {most_steps} steps the energy would still "
        f"fall by {residual:.1e} ε₀ (tolerance {tolerance:.1e}); move vortices of opposite sign "
        "farther apart, or take a smaller h or another scheme"
    )


def _downhill(energy: LatticeEnergy, u: Array, gradient: Array, value: float) -> Array:
    """A step along which the energy falls."""
    step = Hessian.at(energy, u, convex=True).step(gradient)
    assert step is not None, "the convex part is definite"
    for _ in range(MOST_HALVINGS):
        if energy.value(u + step) <= value * (1 + ROUNDING):
            return step
        step = step / 2
    raise ConvergenceError(
        f"Newton's method at mu = {energy.mu:.6g}: no step lowers the energy further, with a slope "
        f"of {np.abs(gradient).max():.1e} left; give a larger tolerance"
    )
