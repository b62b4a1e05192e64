"""Fields and free end of a slit together: Newton's iteration on one set of elements.

Where the free end belongs, the √r of Re Ψ beyond it vanishes (Signorini's condition). The end
is moved there by Newton's method; between its moves the fields settle, led by the same factors
of the Hessian.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse.linalg import SuperLU

from gl_reference.errors import ConvergenceError
from gl_reference.obstacle.slit_mesh import SlitMesh
from gl_reference.obstacle.slit_problem import SlitProblem
from potentials.base import Array

RESIDUAL = 1e-9
MAX_ITERATIONS = 40
CONTRACTION = 1e-2  # of the residual, below which the Hessian is kept
SHORTEST_STEP = 1e-3
MAX_MOVES = 25
LAST_MOVE = 1e-6  # of ln(slit length)
LARGEST_MOVE = 0.7  # of the same, in a step
SHORTEST = math.log(1e-7)  # of ln(slit length): what is shorter is left at this
DIFFERENCE = 1e-5  # of ln(slit length), for the derivative by it


@dataclass(frozen=True)
class Slit:
    """Where the slit of the vortex at x = d/2 is.

    Attributes
    ----------
    d : float
        Separation in λ.
    outward : bool
        Away from the other vortex, or towards it.
    log_length : float
        ln(L/(d/2)) of an outward slit of length L, ln(L/(d/2 − L)) of an inward one: any number.
    """

    d: float
    outward: bool
    log_length: float

    @classmethod
    def of_length(cls, d: float, outward: bool, length: float) -> Slit:
        """The slit of a length in λ."""
        return cls(d, outward, math.log(length / (d / 2 if outward else d / 2 - length)))

    @property
    def length(self) -> float:
        """L in λ."""
        if self.outward:
            return self.d / 2 * math.exp(self.log_length)
        return self.d / 2 / (1 + math.exp(-self.log_length))

    @property
    def ends(self) -> tuple[float, float]:
        """The end nearer to the centre and the other, in λ."""
        if self.outward:
            return self.d / 2, self.d / 2 + self.length
        return self.d / 2 / (1 + math.exp(self.log_length)), self.d / 2

    @property
    def shortest(self) -> bool:
        """Whether it is as short as slits are made."""
        return self.log_length <= SHORTEST

    def moved(self, step: float) -> Slit:
        """The slit with `log_length` changed."""
        return replace(self, log_length=self.log_length + step)


@dataclass(frozen=True)
class SlitState:
    """A solution on one mesh: fields at the nodes (4, t, s), Re Ψ, Im Ψ, A_x, A_y.

    negative counts the directions in which the energy falls while the slit is held; below a
    fold of the branch there is one.
    """

    problem: SlitProblem
    slit: Slit
    nodal: Array
    residual: float
    iterations: int
    negative: int

    @cached_property
    def energy_and_force(self) -> tuple[float, float, float]:
        """See `SlitProblem.energy_and_force`."""
        return self.problem.energy_and_force(self.nodal)

    @property
    def violation(self) -> float:
        """How far Re Ψ has the wrong sign on the axis, or is held on the slit the wrong way."""
        u = self.nodal[0]
        inner, outer = u[:, 0], np.where(self.problem.mesh.outside[:, -1], 0.0, u[:, -1])
        held = self.problem.slit_slope(self.nodal) * (-1 if self.slit.outward else 1)
        return float(max(inner.max(), -outer.min(), held.max()))

    @property
    def force(self) -> float:
        """Ω: by the singularity, or where the slit is held at its shortest by the scaling of lengths."""
        return self.energy_and_force[1] if self.slit.shortest else self.stress_force

    @property
    def stress_force(self) -> float:
        """Ω from the singularity at the vortex, K²/4: the energy that a longer slit releases."""
        K = self.problem.end_coefficient(self.nodal, tip=False)
        return (1 if self.slit.outward else -1) * K**2 / 4


def problem_on(mesh: SlitMesh, slit: Slit, opposite: bool, mu: float) -> SlitProblem:
    """The discrete problem on the elements of `mesh`, moved to the slit."""
    return SlitProblem(mesh.moved(*slit.ends), opposite, slit.outward, mu, slit.d)


def solve_slit(mesh: SlitMesh, slit: Slit, opposite: bool, mu: float, nodal: Array) -> SlitState:
    """Fields and free end from a first guess of both.

    Raises ConvergenceError where either iteration stalls.
    """
    iterations = 0
    for _ in range(MAX_MOVES):
        state, factors = solve_fields(mesh, slit, opposite, mu, nodal)
        iterations += state.iterations
        problem, row = state.problem, state.problem.end_slope(tip=True)
        tip = float((row @ problem.free_values(state.nodal))[0])
        shifted = problem_on(mesh, slit.moved(DIFFERENCE), opposite, mu)
        there = shifted.with_boundary_values(state.nodal)
        by_length = shifted.residual(there) - problem.residual(state.nodal)
        along = factors.solve(by_length / DIFFERENCE)
        here = float((shifted.end_slope(tip=True) @ shifted.free_values(there))[0])
        stiffness = (here - tip) / DIFFERENCE - float((row @ along)[0])
        # The right way whatever the slope: an end that stops short leaves a √r of the wrong sign.
        move = (tip if slit.outward else -tip) / abs(stiffness)
        if abs(move) < LAST_MOVE:
            return _counted(state, factors, iterations)
        move = math.copysign(min(abs(move), LARGEST_MOVE), move)
        if slit.shortest and move < 0:
            return _counted(state, factors, iterations)
        move = max(move, SHORTEST - slit.log_length)
        slit, nodal = slit.moved(move), state.nodal - move * problem.nodal_step(along)
    raise ConvergenceError(
        f"minimum, mu = {mu:.6g}, d = {slit.d:.6g}: the free end of the slit does not settle; it "
        f"stands {slit.length:.3g} λ from the vortex; give a nearer solution as start, or move d"
    )


def solve_fields(
    mesh: SlitMesh, slit: Slit, opposite: bool, mu: float, nodal: Array
) -> tuple[SlitState, SuperLU]:
    """The fields around a slit that is held, and the factors of the last Hessian.

    Raises ConvergenceError where the iteration stalls.
    """
    problem = problem_on(mesh, slit, opposite, mu)
    nodal = problem.with_boundary_values(nodal)
    residual = problem.residual(nodal)
    norm = float(np.linalg.norm(residual))
    factors: SuperLU | None = None
    for iterations in range(1, MAX_ITERATIONS + 1):
        factors = factors or problem.factored_hessian(nodal)
        step = problem.nodal_step(factors.solve(residual))
        length = 1.0
        while True:
            trial = nodal - length * step
            trial_residual = problem.residual(trial)
            trial_norm = float(np.linalg.norm(trial_residual))
            if trial_norm < norm or trial_norm < RESIDUAL:
                break
            length /= 2
            if length < SHORTEST_STEP:
                raise _stalled(slit, mu, norm)
        if trial_norm < RESIDUAL:
            return SlitState(problem, slit, trial, trial_norm, iterations, 0), factors
        # Near the end the old Hessian serves as well, at a fraction of the cost.
        if trial_norm > CONTRACTION * norm:
            factors = None
        nodal, residual, norm = trial, trial_residual, trial_norm
    raise _stalled(slit, mu, norm)


def _counted(state: SlitState, factors: SuperLU, iterations: int) -> SlitState:
    # Without pivoting the signs of the pivots are those of the eigenvalues (Sylvester).
    negative = int(np.sum(factors.U.diagonal() < 0))
    return replace(state, iterations=iterations, negative=negative)


def _stalled(slit: Slit, mu: float, residual: float) -> ConvergenceError:
    return ConvergenceError(
        f"minimum, mu = {mu:.6g}, d = {slit.d:.6g}: Newton's iteration stands at a residual of "
        f"{residual:.1e} instead of {RESIDUAL:.0e}, with a slit of {slit.length:.3g} λ; give a "
        "nearer solution as start, or move d or mu a little"
    )
