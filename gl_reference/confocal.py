"""Two fixed vortices in the `coulomb` reading, on a mesh that has them at its foci.

Phase exact, Ψ = f e^{i(n₁θ₁ + n₂θ₂)} with f real; minimised is

    E_w = ∫ ½|∇f|² + ½f²Q² + ½(∇×A)² + (w/2)(∇·A)² + (μ²/8)(1−f²)²,   Q = A − V,

V = n₁θ̂₁/r₁ + n₂θ̂₂/r₂ (Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011),
Eqs. 11-13, with the gauge term that makes the problem well-posed; w = 1 turns 13b into
−∇²A + f²Q = 0). Because the mesh scales with d, the force is the derivative of the discrete
energy without any difference step:

    Ω = (2/πd) [ ½∫(∇×A)² + (w/2)∫(∇·A)² − (μ²/8)∫(1−f²)² ].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.sparse.linalg import SuperLU

from gl_reference.checks import check_range, check_winding
from gl_reference.confocal_mesh import ConfocalMesh, build_mesh
from gl_reference.confocal_problem import PairProblem, complex_velocity
from gl_reference.errors import ConvergenceError
from gl_reference.radial import single_vortex
from potentials.base import Array
from potentials.checks import check_positive

MU_RANGE = (0.1, 20.0)
SEPARATIONS = (1e-3, 200.0)
GAUGE_WEIGHTS = (0.01, 100.0)
TOLERANCES = (1e-9, 1e-1)

# Order and number of split-off elements at the vortices, from coarse to fine.
LEVELS = ((5, 0), (6, 0), (7, 0), (9, 1), (11, 2), (13, 3), (15, 4))

OFF_THE_VORTEX = 0.02  # in ξ: r = 1e-4 d

SMALLEST_ERROR = 1e-12  # of the force, in Ω₀: rounding

RESIDUAL = 1e-11
MAX_ITERATIONS = 60


class PairFields(NamedTuple):
    """Fields at points: order parameter f, A (x and y), B = ∇×A and ∇·A, in reduced units."""

    f: Array
    A_x: Array
    A_y: Array
    field: Array
    divergence: Array


@dataclass(frozen=True)
class ConfocalPair:
    """The solution for one pair; vortex 1 at (−d/2, 0), vortex 2 at (d/2, 0).

    Attributes
    ----------
    n1, n2, mu, d, gauge_weight
        What was asked.
    energy : float
        E_w / π in ε₀.
    force : float
        Ω in Ω₀, positive = repulsion.
    energy_error, force_error : float
        Upper estimates: the change since the next coarser mesh, and what the mesh's end leaves.
    residual : float
        Largest residual of the discrete equations at the end.
    iterations : int
        Newton steps on all meshes together.
    """

    n1: int
    n2: int
    mu: float
    d: float
    gauge_weight: float
    energy: float
    force: float
    energy_error: float
    force_error: float
    residual: float
    iterations: int
    mesh: ConfocalMesh = field(repr=False)
    nodal: Array = field(repr=False)  # f, A_x, A_y at the nodes, (3, ξ, η)

    def fields(self, x: Array, y: Array) -> PairFields:
        """Fields at points (x, y), any shape, in λ; beyond the mesh those of no vortex at all."""
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        shape = x.shape
        x, y = x.ravel(), y.ravel()
        mesh = self.mesh
        folded = x if mesh.half_plane else abs(x)
        w = np.arccosh((folded + 1j * abs(y)) / (mesh.d / 2))
        xi, eta = w.real, np.minimum(abs(w.imag), mesh.eta.breaks[-1])
        inside = xi <= mesh.xi.breaks[-1]

        def take(values: Array, first: tuple, second: tuple) -> Array:
            local = values[first[0][:, :, None], second[0][:, None, :]]
            return np.einsum("pi,pij,pj->p", first[1], local, second[1])

        at_xi, at_eta = mesh.xi.at(xi), mesh.eta.at(eta)
        f, A_x, A_y = (take(values, at_xi, at_eta) for values in self.nodal)

        # B and ∇·A divide by dz/dw, which vanishes at the vortices: keep off them by 1e-4 d.
        at_vortex = np.hypot(xi, np.minimum(eta, math.pi - eta)) < OFF_THE_VORTEX
        xi = np.where(at_vortex, OFF_THE_VORTEX, xi)
        at_xi, along_xi = mesh.xi.at(xi), mesh.xi.at(xi, slope=True)
        along_eta = mesh.eta.at(eta, slope=True)
        dz = mesh.d / 2 * np.sinh(xi + 1j * eta)
        slopes = []
        for values in self.nodal[1:]:
            both = take(values, along_xi, at_eta) - 1j * take(values, at_xi, along_eta)
            slopes.append(both / dz)  # ∂_x − i∂_y
        curl = slopes[1].real + slopes[0].imag
        divergence = slopes[0].real - slopes[1].imag

        odd_x = np.where((x < 0) & (not mesh.half_plane), -1.0, 1.0)
        odd_y = np.where(y < 0, -1.0, 1.0)
        opposite = self.n1 == -self.n2
        A_x *= odd_y * (odd_x if opposite else 1.0)
        A_y *= 1.0 if opposite else odd_x
        curl *= odd_x if opposite else 1.0
        divergence *= odd_y * (1.0 if opposite else odd_x)

        V = complex_velocity(self.n1, self.n2, self.d, x + 1j * y, ~inside)
        f = np.where(inside, f, 1.0)
        A_x, A_y = np.where(inside, A_x, V.real), np.where(inside, A_y, -V.imag)
        curl, divergence = np.where(inside, curl, 0.0), np.where(inside, divergence, 0.0)
        return PairFields(*(part.reshape(shape) for part in (f, A_x, A_y, curl, divergence)))


def confocal_pair(
    n1: int,
    n2: int,
    mu: float,
    d: float,
    *,
    gauge_weight: float = 1.0,
    tolerance: float = 1e-4,
    small_force: float = 3e-4,
) -> ConfocalPair:
    """Solve for a pair, on finer and finer meshes until the force has settled.

    Parameters
    ----------
    n1, n2 : int
        Windings, nonzero.
    mu : float
        μ = √2 κ, 0.1 … 20.
    d : float
        Separation in λ, 1e-3 … 200.
    gauge_weight : float
        w, 0.01 … 100. The tables are compared at w = 1.
    tolerance : float
        Relative accuracy of the force, 1e-9 … 0.1.
    small_force : float
        Forces below this (Ω₀) are resolved to `tolerance` times this, absolutely.

    Raises
    ------
    ValueError
        For anything outside these ranges.
    ConvergenceError
        Where Newton's iteration fails, or the finest mesh does not reach the tolerance.
    """
    n1, n2 = check_winding("n1", n1), check_winding("n2", n2)
    mu = check_range("mu", mu, *MU_RANGE)
    d = check_range("d", d, *SEPARATIONS)
    weight = check_range("gauge_weight", gauge_weight, *GAUGE_WEIGHTS)
    tolerance = check_range("tolerance", tolerance, *TOLERANCES)
    half_plane = abs(n1) != abs(n2)

    absolute = max(tolerance * check_positive("small_force", small_force), SMALLEST_ERROR)
    margin = _margin(n1, n2, mu, d, weight, absolute)
    previous: ConfocalPair | None = None
    change = math.inf
    for order, splits in LEVELS:
        mesh = build_mesh(d, mu, half_plane, order=order, splits=splits, margin=margin)
        start = _superposition(mesh, n1, n2, mu) if previous is None else _carry(previous, mesh)
        pair = _solve(mesh, n1, n2, mu, weight, start, previous, absolute)
        if previous is not None:
            change = abs(pair.force - previous.force)
            if change <= tolerance * max(abs(pair.force), absolute / tolerance):
                return pair
        previous = pair
    assert previous is not None
    raise ConvergenceError(
        f"pair ({n1}, {n2}), mu = {mu:.6g}, d = {d:.6g}: on the finest mesh the force "
        f"{previous.force:.6e} still moves by {change:.1e}; ask for a larger tolerance than "
        f"{tolerance:.1e}"
    )


def _margin(n1: int, n2: int, mu: float, d: float, weight: float, absolute: float) -> float:
    """How far the mesh must reach so that its end moves the force by less than `absolute`.

    Clamping the tails δf and δA at R costs about 2R(δf² + δA²); the end moves with d.
    """
    rate = min(1.0, mu)
    vortices = [single_vortex(abs(n), mu) for n in (n1, n2)]
    R = 4.0 / rate
    while True:
        r = np.array([R])
        clamped = sum(1 - float(vortex.amplitude(r)[0]) for vortex in vortices) ** 2
        clamped += (
            sum(abs(vortex.n) * (1 - float(vortex.flux_fraction(r)[0])) / R for vortex in vortices)
            ** 2
        )
        if 8 * R * rate * clamped * (0.5 + R / d) < absolute:
            break
        R += 0.5 / rate
    # The gauge term's own decay length is √w.
    return R * max(1.0, math.sqrt(weight))


def _superposition(mesh: ConfocalMesh, n1: int, n2: int, mu: float) -> Array:
    """The product of the single order parameters, the sum of the single vector potentials."""
    f = np.ones(mesh.z.shape)
    A = np.zeros(mesh.z.shape, dtype=complex)
    for n, centre in ((n1, -mesh.d / 2), (n2, mesh.d / 2)):
        vortex = single_vortex(abs(n), mu)
        distance = abs(mesh.z - centre)
        f *= vortex.amplitude(distance)
        # a/z, with a ∝ r² at the centre
        A += -1j * n * vortex.flux_fraction(distance) / np.where(distance > 0, mesh.z - centre, 1)
    return np.array([f, A.real, -A.imag])


def _carry(previous: ConfocalPair, mesh: ConfocalMesh) -> Array:
    """The fields of a coarser solution at the nodes of `mesh`."""
    old = previous.mesh
    xi = np.minimum(mesh.xi.nodes, old.xi.breaks[-1])
    rows, along_xi = old.xi.at(xi)
    columns, along_eta = old.eta.at(mesh.eta.nodes)
    half = np.einsum("pi,cpij->cpj", along_xi, previous.nodal[:, rows, :])
    return np.einsum("qj,cpqj->cpq", along_eta, half[:, :, columns])


def _solve(
    mesh: ConfocalMesh,
    n1: int,
    n2: int,
    mu: float,
    weight: float,
    start: Array,
    previous: ConfocalPair | None,
    end_error: float,
) -> ConfocalPair:
    """Newton's iteration on one mesh."""
    problem = PairProblem(mesh, n1, n2, mu, weight)
    nodal = problem.with_boundary_values(start)
    residual = problem.residual(nodal)
    norm, steps = np.linalg.norm(residual), 0
    factors: SuperLU | None = None
    while np.abs(residual).max() > RESIDUAL:
        if steps == MAX_ITERATIONS:
            raise _stalled(n1, n2, mu, mesh.d, np.abs(residual).max())
        factors = factors or problem.factored_hessian(nodal)
        step = problem.step(factors, residual)
        length = 1.0
        while True:
            trial = nodal - length * step
            trial_residual = problem.residual(trial)
            trial_norm = np.linalg.norm(trial_residual)
            # Rounding ends the descent where the residual no longer falls.
            if trial_norm < norm or trial_norm < RESIDUAL:
                break
            length /= 2
            if length < 1e-3:
                raise _stalled(n1, n2, mu, mesh.d, np.abs(residual).max())
        # Near the end the old Hessian serves as well, at a fraction of the cost.
        if trial_norm > 1e-3 * norm:
            factors = None
        nodal, residual, norm, steps = trial, trial_residual, trial_norm, steps + 1
    energy, force = problem.energy_and_force(nodal)
    return ConfocalPair(
        n1=n1,
        n2=n2,
        mu=mu,
        d=mesh.d,
        gauge_weight=weight,
        energy=energy,
        force=force,
        energy_error=end_error + (math.inf if previous is None else abs(energy - previous.energy)),
        force_error=end_error + (math.inf if previous is None else abs(force - previous.force)),
        residual=float(np.abs(residual).max()),
        iterations=steps + (0 if previous is None else previous.iterations),
        mesh=mesh,
        nodal=nodal,
    )


def _stalled(n1: int, n2: int, mu: float, d: float, residual: float) -> ConvergenceError:
    return ConvergenceError(
        f"pair ({n1}, {n2}), mu = {mu:.6g}, d = {d:.6g}: Newton's iteration stands at a residual "
        f"of {residual:.1e} instead of {RESIDUAL:.0e}; move d or mu a little, or reduce the windings"
    )
