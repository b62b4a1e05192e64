"""The true constrained minimum of a pair: the vortex stays where it is, A and |Ψ| are free.

The mirror y → −y makes Ψ real on the x axis, and what holds the vortex at d/2 is a sign there,
Re Ψ(x, 0)·sgn(x − d/2) ≥ 0: an obstacle problem (Signorini's). A slit with Ψ = 0 opens from the
vortex, outward where the pair repels, inward where it attracts, and ends where the √r of Re Ψ
vanishes. At the vortex itself the √r stays and is the force: Re Ψ = K√r gives Ω = ±K²/4, as the
stress intensity of a crack gives its energy release (Rice, J. Appl. Mech. 35, 379 (1968)).
A vortex and an antivortex have a second state, the slit all along: `string_state`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import check_range, check_winding
from gl_reference.confocal import confocal_pair
from gl_reference.errors import ConvergenceError
from gl_reference.obstacle.slit_mesh import SlitMesh, build_mesh
from gl_reference.obstacle.slit_newton import Slit, SlitState, solve_slit
from gl_reference.obstacle.slit_problem import pair_phase
from gl_reference.obstacle.string_state import StringState, string_state
from potentials.base import Array
from potentials.checks import check_choice, real_array, shown
from potentials.critical import mu_from

State = Literal["conventional", "string"]

MU_RANGE = (0.2, 5.0)
SEPARATIONS = (0.05, 60.0)
TOLERANCES = (1e-6, 1e-1)
AGREEMENT = 10.0  # of the two forces, in units of what the force may still change
SMALL_FORCE = 3e-4  # Ω₀: smaller ones are resolved to the tolerance times this
ORDERS = (5, 7, 9, 11)
MARGIN = 10.0  # in the longer of λ and 1/μ
HEAD_START = 1.2  # of d: from where a vortex and an antivortex are followed down
STEPS_DOWN = 12
SHORTEST_SLIT = 1e-7  # in d: shorter ones are this long
VIOLATION = 1e-5  # of the sign of Re Ψ on the axis: what rounding and coarse meshes may leave
CORE_SHARE = 0.02  # of a core, where the slope of the order parameter is read off


class AxisFields(NamedTuple):
    """Ψ (real, with its sign) and the supercurrent J_y along the x axis."""

    psi: Array
    current_y: Array


class PlaneFields(NamedTuple):
    """Ψ (complex), A and B at points, in reduced units."""

    psi: np.ndarray
    A_x: Array
    A_y: Array
    field: Array


@dataclass(frozen=True, eq=False)
class MinimumPair:
    """A pair in the `minimum` reading; vortex 1 at (−d/2, 0), vortex 2 at (d/2, 0).

    Attributes
    ----------
    n1, n2, mu, d, state
        What was asked; d in λ.
    energy, energy_error : float
        ∫F/π in ε₀, and an upper estimate of its numerical error.
    force, force_error : float
        Ω = −dE/dd in Ω₀, positive = repulsion, and an upper estimate of its error.
    slit : (float, float)
        Where Ψ = 0 on the axis, from the vortex at d/2 to the free end, in λ from the centre.
    """

    n1: int
    n2: int
    mu: float
    d: float
    state: State
    energy: float
    energy_error: float
    force: float
    force_error: float
    slit: tuple[float, float]
    solution: SlitState | StringState = field(repr=False)

    def axis(self, x: ArrayLike) -> AxisFields:
        """Ψ and J_y on the x axis at x (any shape, λ)."""
        points = real_array("x", x)
        if isinstance(self.solution, StringState):
            fields = self.fields(points, np.zeros_like(points))
            return AxisFields(fields.psi.real, np.zeros_like(points))
        u, _, _, A_y, slopes = self._quadrant(abs(points).ravel() + 0j)
        # ∇×∇×A = Im Ψ*(∇ − iA)Ψ, with Im Ψ = 0 here.
        current = u * (-slopes[1].imag - A_y * u)
        odd = np.where(points.ravel() < 0, -1.0 if self.n1 == self.n2 else 1.0, 1.0)
        current *= odd * self._orientation
        return AxisFields(u.reshape(points.shape), current.reshape(points.shape))

    def fields(self, x: ArrayLike, y: ArrayLike) -> PlaneFields:
        """Ψ, A and B at points (x, y) of any shape, in λ from the pair's centre."""
        x, y = np.broadcast_arrays(real_array("x", x), real_array("y", y))
        if isinstance(self.solution, StringState):
            values = self.solution.amplitude(self.mu * x.ravel(), self.mu * y.ravel())
            zero = np.zeros(x.shape)
            return PlaneFields(values.reshape(x.shape) + 0j, zero, zero, zero)
        u, v, A_x, A_y, slopes = self._quadrant((abs(x) + 1j * abs(y)).ravel())
        B = slopes[3].real + slopes[2].imag
        left, below = x.ravel() < 0, y.ravel() < 0
        if self.n1 == self.n2:
            v, A_y = np.where(left, -v, v), np.where(left, -A_y, A_y)
        else:
            A_x, B = np.where(left, -A_x, A_x), np.where(left, -B, B)
        v, A_x = np.where(below, -v, v), np.where(below, -A_x, A_x)
        parts = (u + 1j * self._orientation * v, *(self._orientation * a for a in (A_x, A_y, B)))
        return PlaneFields(*(part.reshape(x.shape) for part in parts))

    @property
    def _orientation(self) -> int:
        """1 where the vortex on the right has winding 1; −1 for the mirrored state Ψ*, −A."""
        return self.n2

    def _quadrant(self, z: np.ndarray) -> tuple[Array, Array, Array, Array, np.ndarray]:
        """The four fields at z (P,) with x, y ≥ 0, and ∂_x − i∂_y of each (4, P)."""
        assert isinstance(self.solution, SlitState)
        problem, nodal = self.solution.problem, self.solution.nodal
        mesh = problem.mesh
        t, s = mesh.locate(z)
        beyond = (t < mesh.t.breaks[mesh.cut[0]]) & (s > mesh.s.breaks[mesh.cut[1]])
        values = _interpolate(mesh, nodal, t, s)
        K, K1 = mesh.periods
        by_w = _interpolate(mesh, nodal, t, s, along="t") / K
        by_w = by_w - 1j * _interpolate(mesh, nodal, t, s, along="s") / K1
        dz = mesh.derivative(t, s)
        slopes = np.divide(by_w, dz, out=np.zeros_like(by_w), where=abs(dz) > 1e-9 * self.d)
        far = pair_phase(problem.opposite, self.d, z[beyond])
        far = far / abs(far)
        A = problem.edge_potential(z[beyond])
        values[:, beyond] = far.real, far.imag, A.real, A.imag
        # There ∇Ψ = iAΨ, and A is constant enough.
        slopes[:, beyond] = 0.0
        slopes[0, beyond], slopes[1, beyond] = -A.conj() * far.imag, A.conj() * far.real
        return (*values, slopes)


def _interpolate(
    mesh: SlitMesh, nodal: Array, t: Array, s: Array, along: str | None = None
) -> Array:
    """Nodal values (F, t, s) at points t, s (P,), or their slopes along one of them: (F, P)."""
    rows, by_t = mesh.t.at(t, slope=along == "t")
    columns, by_s = mesh.s.at(s, slope=along == "s")
    local = nodal[:, rows[:, :, None], columns[:, None, :]]
    return np.asarray(np.einsum("pi,fpij,pj->fp", by_t, local, by_s, optimize=True))


def minimum_pair(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: float | None = None,
    *,
    kappa: float | None = None,
    tolerance: float = 1e-3,
    state: str = "conventional",
    start: MinimumPair | None = None,
) -> MinimumPair:
    """The true constrained minimum of two vortices of winding ±1 at separation d.

    Parameters
    ----------
    n1, n2 : int
        1 or −1.
    mu, kappa : float
        μ = √2 κ, one of the two; 0.2 … 5.
    d : float
        Separation in λ, 0.05 … 60. Cores far larger than d (d below 0.2/μ) and small d above
        μ = 3 may not be reached; a ConvergenceError says so.
    tolerance : float
        Relative accuracy of the force, 1e-6 … 0.1; forces below 3e-4 Ω₀ are resolved to this
        fraction of that.
    state : "conventional" or "string"
        Of a vortex and an antivortex: both their own zeros, or one zero all along the segment.
    start : MinimumPair, optional
        A conventional solution at nearby μ and d, to continue from; on the same side of μ = 1.

    Returns
    -------
    MinimumPair

    Raises
    ------
    ValueError
        For anything outside these ranges.
    ConvergenceError
        Where the state does not exist (the conventional one below d_A), is not reached, or the
        tolerance is not met.

    Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 3, 11-13,
    with A and |Ψ| free.
    """
    n1, n2 = _check_windings(n1, n2)
    value = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    if d is None:
        raise ValueError("d = None: give the separation in λ")
    d = check_range("d", d, *SEPARATIONS)
    tolerance = check_range("tolerance", tolerance, *TOLERANCES)
    check_choice("state", state, get_args(State))
    if state == "string":
        if n1 == n2:
            raise ValueError(
                f"state = 'string': only for a vortex and an antivortex, not {n1}, {n2}"
            )
        return _string_pair(n1, n2, value, d)
    opposite = n1 != n2
    if start is not None and not (
        isinstance(start, MinimumPair) and isinstance(start.solution, SlitState)
    ):
        raise ValueError(f"start = {shown(start)}: give a conventional MinimumPair, or None")
    if start is not None:
        return _refined(n1, n2, value, d, tolerance, _continued(start, opposite, value, d))
    try:
        return _refined(n1, n2, value, d, tolerance, _first_guess(opposite, value, d))
    except ConvergenceError:
        if not opposite:
            raise
    return _from_above(n1, n2, value, d, tolerance)


def _from_above(n1: int, n2: int, mu: float, d: float, tolerance: float) -> MinimumPair:
    """The conventional state near the end of its branch, followed from wider separations."""
    apart = HEAD_START * d
    try:
        found = _refined(n1, n2, mu, apart, tolerance, _first_guess(True, mu, apart))
        for apart in np.geomspace(HEAD_START * d, d, STEPS_DOWN + 1)[1:].tolist():
            found = _refined(n1, n2, mu, apart, tolerance, _continued(found, True, mu, apart))
    except ConvergenceError as error:
        raise ConvergenceError(
            f"minimum ({n1}, {n2}), mu = {mu:.6g}, d = {d:.6g}: no conventional state was reached; "
            f"followed down from {HEAD_START * d:.4g} λ it is lost at {apart:.4g}. Either d is below d_A "
            "(minimum_branches gives it), where only state = 'string' is left, or next to it: give a "
            "solution a little further out as start"
        ) from error
    return found


def _refined(
    n1: int,
    n2: int,
    value: float,
    d: float,
    tolerance: float,
    first: tuple[Slit, SlitMesh, Array],
) -> MinimumPair:
    """The pair from a first guess, on finer and finer meshes until the force has settled."""
    guess, mesh, nodal = first
    slit, opposite = guess, n1 != n2
    previous: SlitState | None = None
    change = math.inf
    for order in ORDERS:
        if previous is not None:
            mesh, nodal = _on_mesh(previous, slit, value, order)
        found = solve_slit(mesh, slit, opposite, value, nodal)
        if found.negative or found.violation > VIOLATION:
            raise ConvergenceError(
                f"minimum ({n1}, {n2}), mu = {value:.6g}, d = {d:.6g}: the iteration ended in a state "
                f"that is none ({found.negative} falling directions; the sign of Ψ is broken by "
                f"{found.violation:.1e}); give a nearer solution as start"
            )
        if previous is not None:
            change = abs(found.force - previous.force)
            aim = tolerance * max(abs(found.force), SMALL_FORCE)
            # A mesh too coarse for the pair shows where its two forces disagree.
            apart = abs(found.force - found.energy_and_force[1])
            if change <= aim and apart <= AGREEMENT * aim:
                return _pair(n1, n2, value, d, found, previous)
        # A coarse mesh may miss a tiny slit altogether.
        previous, slit = found, guess if found.slit.shortest else found.slit
    raise ConvergenceError(
        f"minimum ({n1}, {n2}), mu = {value:.6g}, d = {d:.6g}: at order {ORDERS[-1]} the force "
        f"still moves by {change:.1e} Ω₀, or its two forms disagree; ask for a larger tolerance than "
        f"{tolerance:.1e}"
    )


def _check_windings(n1: int, n2: int) -> tuple[int, int]:
    windings = check_winding("n1", n1), check_winding("n2", n2)
    for name, n in zip(("n1", "n2"), windings, strict=True):
        if abs(n) != 1:
            raise ValueError(
                f"{name} = {n}: the minimum reading covers windings 1 and -1; take 'coulomb' for others"
            )
    return windings


def _first_guess(opposite: bool, mu: float, d: float) -> tuple[Slit, SlitMesh, Array]:
    """The `coulomb` fields, and a slit of length Ω/f'²."""
    pair = confocal_pair(-1 if opposite else 1, 1, mu, d)
    step = CORE_SHARE * min(d / 2, 1 / mu)
    slope = float(pair.fields(np.array(d / 2 + step), np.array(0.0)).f) / step
    length = min(max(abs(pair.force) / slope**2, SHORTEST_SLIT * d), d / 4)
    slit = Slit.of_length(d, pair.force > 0, length)
    mesh = build_mesh(*slit.ends, mu, order=ORDERS[0], margin=MARGIN / min(1.0, mu))
    z = np.where(np.isfinite(mesh.z), mesh.z, 2 * d)
    fields = pair.fields(z.real, z.imag)
    phase = pair_phase(opposite, d, z)
    psi = fields.f * np.divide(phase, abs(phase), out=np.ones_like(phase), where=phase != 0)
    return slit, mesh, np.array([psi.real, psi.imag, fields.A_x, fields.A_y])


def _continued(
    start: MinimumPair, opposite: bool, mu: float, d: float
) -> tuple[Slit, SlitMesh, Array]:
    """A neighbour's fields on its own elements, moved to d; A falls as 1/d there."""
    solution = start.solution
    if not isinstance(solution, SlitState) or (start.n1 != start.n2) != opposite:
        raise ValueError(
            f"start: a {start.state} solution for windings {start.n1}, {start.n2}; give a "
            "conventional one for the same kind of pair"
        )
    slit = Slit(d, solution.slit.outward, solution.slit.log_length)
    return slit, *_on_mesh(solution, slit, mu, ORDERS[0], stretch=d / start.d)


def _on_mesh(
    state: SlitState, slit: Slit, mu: float, order: int, *, stretch: float = 1.0
) -> tuple[SlitMesh, Array]:
    """A new mesh for `slit`, and the fields of `state`, stretched, at its nodes."""
    mesh = build_mesh(*slit.ends, mu, order=order, margin=MARGIN / min(1.0, mu))
    inside = ~mesh.outside
    t, s = state.problem.mesh.locate(mesh.z[inside] / stretch)
    nodal = np.zeros((4, *mesh.shape))
    nodal[:, inside] = _interpolate(state.problem.mesh, state.nodal, t, s)
    nodal[2:] /= stretch
    return mesh, nodal


def _pair(
    n1: int, n2: int, mu: float, d: float, found: SlitState, previous: SlitState
) -> MinimumPair:
    energy, scaling_force, gauge = found.energy_and_force
    force = found.force
    ends = found.slit.ends if found.slit.outward else found.slit.ends[::-1]
    return MinimumPair(
        n1=n1,
        n2=n2,
        mu=mu,
        d=d,
        state="conventional",
        energy=energy,
        energy_error=abs(energy - previous.energy_and_force[0]) + gauge,
        force=force,
        force_error=abs(force - previous.force) + abs(force - scaling_force),
        slit=ends,
        solution=found,
    )


def _string_pair(n1: int, n2: int, mu: float, d: float) -> MinimumPair:
    string = string_state(mu * d)
    return MinimumPair(
        n1=n1,
        n2=n2,
        mu=mu,
        d=d,
        state="string",
        energy=string.energy,
        energy_error=string.energy_error,
        force=mu * string.force,
        force_error=mu * string.force_error,
        slit=(d / 2, -d / 2),
        solution=string,
    )
