"""Linear dynamics of one vortex, for comparison: how fast a giant vortex begins to split.

Small changes of Ψ = f e^{inθ}, A = n a/r θ̂ with m waves around the vortex,

    δΨ = e^{inθ} (x cos mθ + i y sin mθ),    δA = α sin mθ r̂ + β cos mθ θ̂,

follow ∂_t(x, y, α/s, β/s) = −(second variation of E) in the gauge φ = 0. On radial elements that is
K c = λ M c with symmetric matrices, and modes go as e^{−λt}. Nothing here is two-dimensional.

Changes of gauge have λ = 0. All others leave charge conserved, g = f y − (1/s)∇·δA = 0: a penalty
on g² moves the changes of gauge out of the way and leaves the rest as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.linalg import eigh

from gl_reference.elements import gauss_lobatto, interpolation_matrix
from gl_reference.radial import ORDER
from gl_reference.radial_equations import RadialFields, solve_radial
from gl_reference.radial_mesh import reference_derivatives

PENALTY = 4.0  # times the larger of 1 and s: above the modes in question


@dataclass(frozen=True, eq=False)
class Mode:
    """One mode: λ, and x, y, α, β (K,) at the nodes r of the elements, of norm cᵀMc = 1."""

    rate: float
    r: np.ndarray
    x: np.ndarray
    y: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray


def lowest_modes(
    n: int, m: int, mu: float, s: float = 1.0, *, count: int = 1, order: int = ORDER
) -> list[Mode]:
    """The `count` modes of smallest λ with m waves around a vortex of winding n ≥ 1."""
    fields = solve_radial(n, mu, order)
    stiffness, mass = _matrices(fields, m, s)
    # Powers of r at the centre of x + y, x − y, β + α, β − α: those that are not 0 there vanish.
    vanishing = np.array([n + m, abs(n - m), m - 1, m + 1]) > 0
    nodes = len(fields.mesh.r)
    free = np.ones((nodes, 4), dtype=bool)
    free[0] = ~vanishing
    free[-1] = False
    keep = np.flatnonzero(free)
    rates, vectors = eigh(
        stiffness[np.ix_(keep, keep)], mass[np.ix_(keep, keep)], subset_by_index=[0, count - 1]
    )
    modes = []
    for rate, vector in zip(rates, vectors.T, strict=True):
        full = np.zeros(nodes * 4)
        full[keep] = vector
        plus, minus, outer, inner = full.reshape(nodes, 4).T
        fields_of_mode = (plus + minus) / 2, (plus - minus) / 2, (outer - inner) / 2
        modes.append(Mode(float(rate), fields.mesh.r, *fields_of_mode, (outer + inner) / 2))
    return modes


def splitting_rate(mu: float, s: float = 1.0, *, order: int = ORDER) -> float:
    """σ of the mode in which an n = 2 vortex becomes a pair, δΨ ∝ e^{σt}: d² ∝ e^{σt}.

    Positive where the giant vortex is unstable (μ > 1), zero at μ = 1.
    """
    return -lowest_modes(2, 2, mu, s, order=order)[0].rate


def contact_friction(mu: float, s: float = 1.0) -> float:
    """Limit of η(d)/d² as two vortices meet, in Ω₀ per λ³ per unit of time.

    On its way out (in, for μ < 1) the pair moves along the splitting mode: Ψ = c (z² − d²/4) near
    the centre gives the mode's amplitude, and its norm the loss. The force there is
    Ω = ηḋ = ½σ·contact_friction·d³.
    """
    fields = solve_radial(2, mu, ORDER)
    curvature = fields.mesh.derivative(fields.f_over_r)[0]  # c, of f = c r² + …
    mode = lowest_modes(2, 2, mu, s)[0]
    return float((curvature / (mode.x[0] - mode.y[0])) ** 2)


def _matrices(fields: RadialFields, m: int, s: float) -> tuple[np.ndarray, np.ndarray]:
    """K and M (4·nodes, 4·nodes); unknowns x + y, x − y, β + α, β − α node by node."""
    mesh, n, mu = fields.mesh, fields.n, fields.mu
    p = mesh.order
    points, weights = leggauss(p + 3)  # none at r = 0
    reference, _ = gauss_lobatto(p)
    value = interpolation_matrix(reference, points)
    slope = value @ reference_derivatives(p)[0]
    size = 4 * len(mesh.r)
    stiffness, mass = np.zeros((size, size)), np.zeros((size, size))
    f_slope = mesh.derivative(fields.f)
    # What x, y, α, β are of the four unknowns.
    parts = np.array([(1, 1, 0, 0), (1, -1, 0, 0), (0, 0, 1, -1), (0, 0, 1, 1)])[:, None] / 2
    for k, half in enumerate(mesh.half):
        nodes = slice(k * p, (k + 1) * p + 1)
        r, f, df, q = (
            (value @ values[nodes])[:, None] for values in (mesh.r, fields.f, f_slope, fields.q)
        )
        flow = n * q / r
        x, y, alpha, beta = (np.kron(value, part) for part in parts)
        dx, dy, dalpha, dbeta = (np.kron(slope / half, part) for part in parts)

        gauge = f * y - (dalpha + alpha / r - m * beta / r) / s
        squares = [
            (1.0, dx),
            (1.0, dy - f * alpha),
            (1.0, m * x / r + flow * y),
            (1.0, m * y / r + flow * x - f * beta),
            (1.0, dbeta + beta / r - m * alpha / r),
            (mu**2 * (3 * f**2 - 1) / 2, x),
            (mu**2 * (f**2 - 1) / 2, y),
            (PENALTY * max(1.0, s), gauge),
        ]
        products = [(df, alpha, y), (-flow * f, beta, x)]
        weight = weights[:, None] * half * r
        window = slice(4 * k * p, 4 * ((k + 1) * p + 1))
        for factor, left in squares:
            stiffness[window, window] += left.T @ (weight * factor * left)
        for factor, left, right in products:
            product = left.T @ (weight * factor * right)
            stiffness[window, window] += product + product.T
        for factor, shape in ((1.0, x), (1.0, y), (1 / s, alpha), (1 / s, beta)):
            mass[window, window] += shape.T @ (weight * factor * shape)
    return stiffness, mass
