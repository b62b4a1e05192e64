"""Friction of one slowly moving vortex in time-dependent Ginzburg-Landau theory.

Schmid, Phys. Kond. Mat. 5, 302 (1966); Gor'kov and Kopnin, Sov. Phys. Usp. 18, 496 (1975). With
∂_tΨ + iφΨ = −δE/δΨ and (1/s)(∂_tA + ∇φ) = −δE/δA a state loses energy at the rate

    −dE/dt = ∫|D_tΨ|² + (1/s)∫E²,    D_t = ∂_t + iφ,    E = −∂_tA − ∇φ,

1/s being the conductivity of the normal state. A vortex Ψ = f e^{inθ}, A = n a/r θ̂ that moves along
x at a small velocity v keeps its shape to first order, and φ = v(A_x − w(r) sin θ) leaves

    D_tΨ = −v e^{inθ} [f' cos θ − i (nq/r − w) f sin θ],    q = 1 − a,
    E = v [(B + w') sin θ r̂ + (B + w/r) cos θ θ̂].

Charge conservation ∇·(J_s + J_n) = 0 makes the loss least in w, and the friction is that minimum:

    η₁ = min_w ∫ r dr { f'² + (nq/r − w)² f² + (1/s) [(B + w')² + (B + w/r)²] },
    w'' + w'/r − w/r² − s f² w = (1 − s) J,    J = n f² q/r.

At s = 1 w = 0, and η₁ is the energy of the vortex (divided by π), for any μ and n.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import solveh_banded

from gl_reference.checks import check_range
from gl_reference.elements import gauss_lobatto
from gl_reference.radial import LOWER_ORDER, ORDER, ROUNDING, single_vortex
from gl_reference.radial_equations import RadialFields, solve_radial
from gl_reference.radial_mesh import (
    DECAY_LENGTHS,
    GROWTH,
    LONGEST,
    RadialMesh,
    reference_derivatives,
)
from potentials.base import Array

S_RANGE = (1e-3, 1e4)


@dataclass(frozen=True)
class VortexFriction:
    """What a vortex of winding n loses as it moves, as `vortex_friction` returns it.

    Frictions are in units of force over velocity: Ω₀ per λ per unit of time of the equations,
    i.e. (1/π)·(rate of energy loss)/v².

    Attributes
    ----------
    n : int
        Winding.
    mu : float
        μ = √2 κ.
    s : float
        1/s is the conductivity of the normal state.
    friction : float
        η₁; a force F moves the vortex at F/η₁.
    friction_error : float
        Its error, from a second solution of lower order.
    condensate : float
        The part of `friction` from the relaxation of Ψ, ∫|D_tΨ|².
    normal : float
        The part from the normal current, (1/s)∫E²; the two add up to `friction`.
    """

    n: int
    mu: float
    s: float
    friction: float
    friction_error: float
    condensate: float
    normal: float

    @property
    def conductivity(self) -> float:
        """σ_n = 1/s of the normal state."""
        return 1 / self.s

    @property
    def u(self) -> float:
        """u = ξ²/ζ² = 2s/μ², with ζ = 1/√s the length over which an electric field penetrates.

        The constant of the usual time-dependent theory: 12 with many magnetic impurities
        (gapless), 5.79 in its dirty limit.
        """
        return 2 * self.s / self.mu**2

    @property
    def bardeen_stephen(self) -> float:
        """Bardeen and Stephen's estimate |n|Φ₀ H_c2 σ_n of the friction: |n|μ²/s.

        From ρ_f = ρ_n B/H_c2: a current J drives with JΦ₀ per length, and E = ρ_f J = vB. Here
        Φ₀ = 2π, H_c2 = μ²/2, and frictions are divided by π (Phys. Rev. 140, A1197 (1965)).
        """
        return abs(self.n) * self.mu**2 / self.s


def vortex_friction(
    n: int = 1, mu: float | None = None, *, kappa: float | None = None, s: float = 1.0
) -> VortexFriction:
    """Friction of one vortex of winding n in slow, steady motion.

    Parameters
    ----------
    n : int
        Winding, 1 ≤ |n| ≤ 1000, negative for an antivortex.
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 ≤ μ ≤ 20.
    s : float
        The inverse of the normal conductivity, 1e-3 … 1e4.

    Raises ValueError for arguments that are not allowed, `ConvergenceError` where the profiles of
    the vortex are not found.

    >>> round(vortex_friction(1, 1.7).friction, 7)  # s = 1: the energy of the vortex
    1.2509089
    """
    s = check_range("s", s, *S_RANGE)
    vortex = single_vortex(n, mu, kappa=kappa)
    return _friction(vortex.n, vortex.mu, s)


@lru_cache(maxsize=256)
def _friction(n: int, mu: float, s: float) -> VortexFriction:
    condensate, normal = _least_loss(solve_radial(abs(n), mu, ORDER), s)
    friction = condensate + normal
    second = sum(_least_loss(solve_radial(abs(n), mu, LOWER_ORDER), s))
    error = abs(friction - second) + ROUNDING * friction
    return VortexFriction(n, mu, s, friction, error, condensate, normal)


def _least_loss(fields: RadialFields, s: float) -> tuple[float, float]:
    """The condensate's and the normal current's parts of η₁ (see above)."""
    mesh = _extended(fields.mesh, s)
    missing = len(mesh.r) - len(fields.f)
    f = np.pad(fields.f, (0, missing), constant_values=1.0)
    slope = np.pad(fields.mesh.derivative(fields.f), (0, missing))
    field = np.pad(fields.field, (0, missing))
    # f nq/r, finite at r = 0
    flow = np.pad(fields.n * fields.f_over_r * fields.q, (0, missing))

    w = _potential(mesh, f, flow, field, s)
    across = np.append(mesh.derivative(w)[:1], w[1:] / mesh.r[1:])  # w/r
    condensate = mesh.integrate(mesh.r * (slope**2 + (flow - f * w) ** 2))
    electric = (field + mesh.derivative(w)) ** 2 + (field + across) ** 2
    return condensate, mesh.integrate(mesh.r * electric) / s


def _extended(mesh: RadialMesh, s: float) -> RadialMesh:
    """The mesh of the profiles, carried on until e^{−√s r} has decayed."""
    ends = list(mesh.ends)
    end = ends[-1] + DECAY_LENGTHS * max(0.0, 1 / np.sqrt(s) - 1)
    size = ends[-1] - ends[-2]
    while ends[-1] < end:
        size = min(size * GROWTH, LONGEST / np.sqrt(s))
        ends.append(ends[-1] + size)
    return RadialMesh(np.array(ends), mesh.order)


def _potential(mesh: RadialMesh, f: Array, flow: Array, field: Array, s: float) -> Array:
    """w at the nodes: minimises the loss among the functions of the elements with w(0) = 0.

    Twice s times the loss is wᵀKw − 2bᵀw + const; K is symmetric and as wide as an element.
    """
    p = mesh.order
    first, _ = reference_derivatives(p)
    _, weights = gauss_lobatto(p)
    r, half = mesh.nodes, mesh.half[:, None]
    stiffness = np.einsum("qi,qj,mq->mij", first, first, weights * r / half)
    over_r = np.where(r > 0, 1 / np.where(r > 0, r, 1.0), 0.0)  # w(0) = 0: nothing is left out
    local = weights * half * (over_r + s * r * mesh.split(f) ** 2)
    load = weights * half * (s * r * mesh.split(f * flow) - mesh.split(field))
    load -= (weights * r * mesh.split(field)) @ first

    columns = p * np.arange(len(mesh.half))[:, None] + np.arange(p + 1)
    band = np.zeros((p + 1, len(mesh.r)))  # K[i, j], i ≥ j, stands in band[i − j, j]
    lower, upper = np.tril_indices(p + 1)
    np.add.at(band, (lower - upper, columns[:, upper]), stiffness[:, lower, upper])
    np.add.at(band[0], columns, local)
    right = np.zeros(len(mesh.r))
    np.add.at(right, columns, load)
    return np.append(0.0, solveh_banded(band[:, 1:], right[1:], lower=True))
