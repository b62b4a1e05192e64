"""The two states of vortex and antivortex on a uniform grid, one separation at a time.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Sec. IV.4 and Fig. 12: the
conventional state and, where A is free (no gauge term), the string, whose order parameter all but
vanishes between the two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gl_reference.checks import check_range
from gl_reference.errors import ConvergenceError
from gl_reference.functional import superfluid_velocity
from gl_reference.lattice import PAPER_SCHEME
from gl_reference.lattice_energy import LatticeEnergy
from gl_reference.lattice_layout import Layout, check_step
from gl_reference.lattice_schemes import SPECIFICATIONS, find_scheme
from gl_reference.lattice_solution import Grid, Initial, LatticeSolution, solve_grid
from gl_reference.lattice_solution import start as superposition_start
from gl_reference.radial import MU_RANGE
from potentials.base import Array
from potentials.checks import check_positive
from potentials.critical import mu_from

PAPER_SPACING = 0.1
TOLERANCE = 1e-6  # promised by the last step, in ε₀; what is left is about its square
WINDING = np.array([1, -1])
# Amplitude in the middle: ≤ 0.1 in strings, ≥ 0.6 in conventional states, wherever they are stable.
STRING_AMPLITUDE = 0.3
SMALLEST_PAIR = 4  # steps of h


class Profile(NamedTuple):
    """Along the line y = 0 through both: x (λ), f = |Ψ|, supercurrent J_y (Φ₀/2πμ₀λ³; ∇×∇×A)."""

    x: Array
    f: Array
    current: Array


class FromString(NamedTuple):
    """Where a scheme with a gauge term ends that is started in the string state.

    Energies (ε₀) of what it makes of the string and of the state it reaches from a superposition of
    vortices; f in the middle of the string given and of what became of it.
    """

    d: float
    energy_reached: float
    energy_conventional: float
    middle_given: float
    middle_reached: float


def check_free(scheme: str) -> None:
    """ValueError for schemes with a gauge term, which have one state only, or that do not exist."""
    if find_scheme(scheme).gauge_weight:
        free = [name for name, one in SPECIFICATIONS.items() if not one.gauge_weight]
        raise ValueError(
            f"scheme = {scheme!r}: has a gauge term, so that there is one state only; give one of "
            f"{', '.join(map(repr, free))}"
        )


def make_grid(
    mu: float | None, kappa: float | None, scheme: str, h: float, margin: float | None
) -> Grid:
    """The grid, or ValueErrors that name what is wrong."""
    value = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    check_free(scheme)
    reach = None if margin is None else check_positive("margin", margin)
    return Grid(value, scheme, check_step(h, value), reach, TOLERANCE)


def state_at(
    steps: int, grid: Grid, initial: Initial, most_steps: int | None = None
) -> LatticeSolution:
    """The state that Newton's method reaches from `initial` at d = steps · h."""
    half = steps * grid.h / 2
    return solve_grid(
        np.array([[-half, 0.0], [half, 0.0]]),
        WINDING,
        grid,
        initial=initial,
        most_steps=most_steps,
    )


def string_start(energy: LatticeEnergy, layout: Layout) -> Array:
    """Ψ real, zero on the segment, no current: f of a wall, A = V but for its 2π across the segment.

    The phase Σ n_jθ_j jumps by 2π there; A takes the jump up, so that in the gauge where Ψ is
    real A = 0.
    """
    o = energy.operators
    half, h = layout.positions[-1, 0], layout.axes[1].h
    points = o.f.points
    distance = np.hypot(np.maximum(np.abs(points[:, 0]) - half, 0.0), points[:, 1])
    f = np.tanh(energy.mu / 2 * distance)
    x, y = np.abs(o.A[1].points).T
    near = (x < half - h / 4) & (y < 0.75 * h)
    rows = 1 if (y < h / 4).any() else 2  # on the segment, or on either side of it
    Q = np.concatenate([np.zeros(o.A[0].size), np.where(near, -2 * np.pi / (rows * h), 0.0)])
    A = np.where(o.free_A, Q, 0.0) + energy.velocity
    return np.concatenate([np.where(energy.pinned, 0.0, f), A])


def middle(solution: LatticeSolution) -> float:
    """f half-way between the two."""
    return float(solution.f[len(solution.y) // 2, len(solution.x) // 2])


def is_string(solution: LatticeSolution) -> bool:
    """Whether the order parameter is suppressed all the way between the two."""
    return middle(solution) < STRING_AMPLITUDE


def _steps(d: float, h: float) -> int:
    steps = round(check_positive("d", d) / h)
    if steps < SMALLEST_PAIR:
        raise ValueError(f"d = {d:.6g}: give at least {SMALLEST_PAIR} h = {SMALLEST_PAIR * h:.6g}")
    return steps


def lattice_profiles(
    mu: float, d: float, *, scheme: str = PAPER_SCHEME, h: float = PAPER_SPACING
) -> tuple[Profile, Profile]:
    """Conventional state and string at one separation (rounded to whole h), along y = 0.

    The schemes have nodes on that line where vortices sit on nodes. ValueError as
    `lattice_branches`; ConvergenceError where one of the two is not stable at this d.
    """
    grid = make_grid(mu, None, scheme, h, None)
    steps = _steps(d, grid.h)
    found = []
    for initial, string in ((superposition_start, False), (string_start, True)):
        solution = state_at(steps, grid, initial)
        if is_string(solution) != string or not solution.stable:
            name = "string" if string else "conventional state"
            raise ConvergenceError(
                f"d = {d:.6g}, mu = {grid.mu:.6g}, h = {grid.h:g}: there is no stable {name} here; "
                "give a d between d_A and the end of the string"
            )
        found.append(_profile(solution))
    return found[0], found[1]


def _profile(solution: LatticeSolution) -> Profile:
    x = solution.x
    f, A, _ = solution.fields(x, np.zeros_like(x))
    off = f > 0  # at the vortices V is infinite, the current 0
    V = np.zeros_like(x)
    points = np.stack([x[off], np.zeros(off.sum())], axis=-1)
    V[off] = superfluid_velocity(points, solution.positions, solution.winding)[1]
    return Profile(x, f, f**2 * (V - A[1]))


def coulomb_returns(
    mu: float, d: float, *, h: float = PAPER_SPACING, margin: float | None = None
) -> FromString:
    """The string's fields given to the scheme with a gauge term, which has no such state.

    The string of "collocated-free" is the start of a descent in the energy of "collocated" (the same
    grid with w = 1), which tends to the `coulomb` reading as h → 0. A string needs the jump of A by
    (2π/h) ŷ on the segment, which costs (w/2)∫(∇·A)² ~ d/h³; with A smooth instead, V crosses the
    segment and nothing holds f = 0 on a line. Errors as `lattice_branches`.
    """
    grid = make_grid(mu, None, PAPER_SCHEME, h, margin)
    steps = _steps(d, grid.h)
    string = state_at(steps, grid, string_start)
    fixed = grid._replace(scheme="collocated")
    reached = state_at(steps, fixed, string.carried)
    return FromString(
        d=steps * grid.h,
        energy_reached=reached.energy,
        energy_conventional=state_at(steps, fixed, superposition_start).energy,
        middle_given=middle(string),
        middle_reached=middle(reached),
    )
