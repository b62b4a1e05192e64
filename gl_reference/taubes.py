"""Forces between vortices next to μ = 1, from the exact solutions of the Taubes equation.

At μ = 1 vortices of one sign do not act on each other, and N of them anywhere solve

    ∇²h + 1 − e^h = 4π Σ_j n_j δ(x − x_j),    h = ln|Ψ|²

(Taubes, Commun. Math. Phys. 72, 277 (1980); Eq. 8 of Chaves et al., Phys. Rev. B 83, 054516
(2011) put together). Away from μ = 1 only the prefactor of (μ²/8)(1 − |Ψ|²)² changes to first
order, because the fields are a minimum:

    E(μ) = Σ n_j + (μ − 1) S + …,    S = (1/4π) ∫ (1 − e^h)².

Every reading of "vortices held in place" has this slope. The force slopes −∂S/∂x_j need one
linear solve for all vortices: with −∇²w + e^h w = e^h (1 − e^h) they are −2 n_j ∇w(x_j).

Numerics: h = u − Σ n_j E₁(r_j²/c²) leaves an analytic u that decays, so a Fourier grid converges
exponentially in spacing and in the size of its box. The equation is convex in u: Newton's
iterations fall monotonically to the one solution from the second on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft
from scipy.special import exp1

from gl_reference.checks import FARTHEST, check_range, check_vortices, check_winding
from gl_reference.errors import ConvergenceError
from potentials.base import Array

# Width c (λ) of what is split off around each vortex; between 1 and 3 it makes no difference.
SPLIT_WIDTH = 1.5
# It is below rounding further out (in c).
SPLIT_REACH = 6.0
# Grid spacings (λ) tried in turn until two of them agree; four digits come with each.
SPACINGS = (0.6, 0.45, 0.34, 0.25, 0.19, 0.14)
# A grid of this many points takes about 1 GiB.
MOST_POINTS = 2**22
MOST_NEWTON = 100
MOST_CONJUGATE = 1000
MOST_BOXES = 20


@dataclass(frozen=True, eq=False)
class NearCritical:
    """Vortices held in place to first order in μ − 1.

    Attributes
    ----------
    positions, winding : (N, 2) array in λ, (N,) int array
        The vortices, those that coincide merged.
    energy_slope : float
        dE/dμ at μ = 1, in ε₀. The energy itself is there Σ|n_j|.
    interaction_slope : float
        The same less that of the vortices far apart.
    force_slopes : (N, 2) array
        dF/dμ at μ = 1 on each vortex, in Ω₀.
    error : float
        Bound on the error of each of these slopes: what the last refinement of the grid changed,
        and what the periodic images of the vortices can add.
    x, y : (Nx,), (Ny,) arrays
        The grid, in λ.
    h : (Ny, Nx) array
        ln|Ψ|² at μ = 1; −inf where a vortex lies on a grid point.
    """

    positions: Array
    winding: np.ndarray
    energy_slope: float
    interaction_slope: float
    force_slopes: Array
    error: float
    x: Array
    y: Array
    h: Array

    @property
    def field(self) -> Array:
        """B (Ny, Nx) at μ = 1, in Φ₀/2πλ²: ±½(1 − |Ψ|²) (Eq. 8b)."""
        return np.sign(self.winding[0]) * -np.expm1(self.h) / 2


def near_critical(
    positions: ArrayLike, winding: ArrayLike = 1, *, tolerance: float = 1e-8
) -> NearCritical:
    """Energy and forces of N vortices of one sign to first order in μ − 1, exactly.

    Parameters
    ----------
    positions : (N, 2) array
        In λ. Vortices nearer than 1e-6 λ to each other count as one.
    winding : int or (N,) ints
        All of one sign: vortices with antivortices have no such solutions.
    tolerance : float
        For each slope, in ε₀ and Ω₀; 1e-11 … 1e-2.

    Raises
    ------
    ValueError
        For malformed vortices, windings of both signs, or vortices spread too far for one grid.
    ConvergenceError
        If the tolerance is not reached.

    Notes
    -----
    On one core a pair takes 0.05 s, fifty vortices in a square of 15 λ take 0.6 s.

    >>> s = near_critical([(-1, 0), (1, 0)])
    >>> round(float(s.force_slopes[1, 0]), 7)
    0.0342239
    """
    points, windings = check_vortices(positions, winding)
    tolerance = check_range("tolerance", tolerance, 1e-11, 1e-2)
    if windings.min() < 0 < windings.max():
        raise ValueError(
            f"winding: {windings.min()} and {windings.max()} together; at μ = 1 only vortices of "
            "one sign have exact solutions (use gl_reference.solve for mixed signs)"
        )
    count = np.abs(windings)
    centre = points.mean(axis=0)
    solution = _solve(points - centre, count, tolerance)
    alone = [_isolated(int(n)) for n in count]
    return NearCritical(
        positions=points,
        winding=windings,
        energy_slope=solution.slope,
        interaction_slope=solution.slope - sum(slope for slope, _ in alone),
        force_slopes=solution.force_slopes,
        error=solution.error + sum(error for _, error in alone),
        x=solution.grid.x + centre[0],
        y=solution.grid.y + centre[1],
        h=solution.h,
    )


def near_critical_pair(n1: int, n2: int, d: float, *, tolerance: float = 1e-8) -> float:
    """dΩ/dμ at μ = 1 between windings n1 and n2 at a separation d in λ; in Ω₀, repulsion > 0.

    Ω is this times (μ − 1) to first order. Errors and `tolerance` as for `near_critical`.
    """
    pair = [check_winding("n1", n1), check_winding("n2", n2)]
    d = check_range("d", d, 0.0, FARTHEST)
    slopes = near_critical([(-d / 2, 0.0), (d / 2, 0.0)], pair, tolerance=tolerance).force_slopes
    # Closer than vortices merge there is no pair left to pull at.
    return float(slopes[1, 0]) if len(slopes) == 2 else 0.0


@lru_cache(maxsize=256)
def _isolated(n: int) -> tuple[float, float]:
    """Energy slope of one vortex, and its error: so small that those of fifty may add up."""
    solution = _solve(np.zeros((1, 2)), np.array([n]), 1e-12 * n)
    return solution.slope, solution.error


class _Grid:
    """A periodic grid around the vortices, with its wave numbers; arrays are (Ny, Nx)."""

    def __init__(self, points: Array, margin: float, spacing: float) -> None:
        self.low = points.min(axis=0) - margin
        self.lengths = np.ptp(points, axis=0) + 2 * margin
        self.counts = [fft.next_fast_len(int(n), real=True) for n in self.lengths // spacing + 1]
        steps = self.lengths / self.counts
        self.cell = float(steps.prod())
        self.x, self.y = (self.low[i] + steps[i] * np.arange(self.counts[i]) for i in range(2))
        self.kx = 2 * np.pi * fft.rfftfreq(self.counts[0], steps[0])
        self.ky = 2 * np.pi * fft.fftfreq(self.counts[1], steps[1])
        self.shifted_laplacian = 1 + self.ky[:, None] ** 2 + self.kx**2  # of 1 − ∇²

    def multiply(self, symbol: Array, values: Array) -> Array:
        """The operator with this Fourier symbol."""
        return fft.irfft2(symbol * fft.rfft2(values), s=values.shape)  # type: ignore[no-any-return]

    def gradient_at(self, values: Array, points: Array) -> Array:
        """Gradients (N, 2) of the Fourier series through `values`."""
        # rfft2 keeps half of the waves in x; the others are their conjugates.
        weights = np.full(len(self.kx), 2.0)
        weights[0] = 1.0
        if self.counts[0] % 2 == 0:
            weights[-1] = 0.0  # the highest wave has no slope of its own
        series = fft.rfft2(values, norm="forward")
        in_x = weights * np.exp(1j * self.kx * (points[:, :1] - self.low[0]))
        in_y = np.exp(1j * self.ky * (points[:, 1:] - self.low[1]))
        along_x = np.einsum("py,yx,px->p", in_y, series, in_x * 1j * self.kx, optimize=True)
        along_y = np.einsum("py,yx,px->p", in_y * 1j * self.ky, series, in_x, optimize=True)
        return np.stack([along_x.real, along_y.real], axis=1)


@dataclass(frozen=True, eq=False)
class _Solved:
    grid: _Grid
    h: Array
    slope: float
    force_slopes: Array
    error: float


def _solve(points: Array, count: np.ndarray, tolerance: float) -> _Solved:
    """Solve on finer grids until two agree, in a box that its walls do not disturb."""
    margin, edge_error = _margin(points, count, tolerance)
    spacing, previous, change = SPACINGS[0], None, np.inf
    for spacing in SPACINGS:
        grid = _Grid(points, margin, spacing)
        h = _solve_taubes(grid, points, count)
        slope, forces = _slopes(grid, h, points, count)
        if previous is not None:
            change = max(abs(slope - previous[0]), float(np.abs(forces - previous[1]).max()))
            if change <= tolerance / 2:
                return _Solved(grid, h, slope, forces, change + edge_error)
        previous = slope, forces
    raise ConvergenceError(
        f"slopes still change by {change:.1e} at a spacing of {spacing} λ: raise tolerance above it"
    )


def _margin(points: Array, count: np.ndarray, tolerance: float) -> tuple[float, float]:
    """Space to leave around the vortices (λ), and the error that it leaves.

    1 − |Ψ|² at the walls, squared, is the overlap between the vortices and their periodic images;
    times the longest side it is three to four times the error of a pair's slopes.
    """
    extent = float(np.ptp(points, axis=0).max())
    # One vortex decays like 5 K₀(r) beyond its core, whose radius is 2√n for a large n.
    margin = 0.5 * np.log(100 * (extent + 30) / tolerance) + 2 * np.sqrt(count.max())
    error = np.inf
    for _ in range(MOST_BOXES):
        _check_size(points, margin)
        grid = _Grid(points, margin, SPACINGS[0])
        h = _solve_taubes(grid, points, count)
        edge = max(float(np.abs(np.expm1(wall)).max()) for wall in (h[0], h[:, 0]))
        error = float(grid.lengths.max()) * edge**2
        if error <= tolerance / 2:
            return margin, error
        margin += max(0.5, 0.5 * np.log(2 * error / tolerance))
    raise ConvergenceError(
        f"images of the vortices still add {error:.1e} with {margin:.3g} λ around them: raise "
        "tolerance above it"
    )


def _check_size(points: Array, margin: float) -> None:
    lengths = np.ptp(points, axis=0) + 2 * margin
    if lengths.prod() > MOST_POINTS * SPACINGS[-1] ** 2:
        raise ValueError(
            f"positions: {lengths[0]:.4g} × {lengths[1]:.4g} λ with the space around the vortices "
            f"is too large for one grid; below {MOST_POINTS * SPACINGS[-1] ** 2:.0f} λ² it can be "
            "done. Groups further than 30 λ apart do not act on each other: give them one by one"
        )


def _solve_taubes(grid: _Grid, points: Array, count: np.ndarray) -> Array:
    """h on the grid, by Newton's method."""
    core = np.zeros((len(grid.y), len(grid.x)))
    source = np.zeros_like(core)
    for (x, y), n in zip(points, count, strict=True):
        across, up = (grid.x - x) / SPLIT_WIDTH, (grid.y - y) / SPLIT_WIDTH
        near = np.ix_(np.abs(up) < SPLIT_REACH, np.abs(across) < SPLIT_REACH)
        square = (up[:, None] ** 2 + across**2)[near]
        core[near] -= n * exp1(square)
        source[near] += 4 * n / SPLIT_WIDTH**2 * np.exp(-square)
    u = np.zeros_like(core)
    step = np.inf
    for _ in range(MOST_NEWTON):
        missing = -np.expm1(core + u)  # 1 − |Ψ|²
        residual = missing - source - grid.multiply(grid.shifted_laplacian - 1, u)
        change = _conjugate_gradients(grid, missing, residual, 1e-7)
        u += change
        step = float(np.abs(change).max())
        if step < 1e-7:  # the next one would be its square
            return core + u
    raise ConvergenceError(
        f"Taubes equation: still moving by {step:.1e} after {MOST_NEWTON} Newton steps; spread "
        "the vortices, or lower their winding"
    )


def _slopes(grid: _Grid, h: Array, points: Array, count: np.ndarray) -> tuple[float, Array]:
    """Energy slope and force slopes (N, 2) of a solution."""
    missing = -np.expm1(h)
    slope = float((missing**2).sum()) * grid.cell / (4 * np.pi)
    adjoint = _conjugate_gradients(grid, missing, missing * (1 - missing), 1e-13)
    return slope, -2 * count[:, None] * grid.gradient_at(adjoint, points)


def _conjugate_gradients(grid: _Grid, missing: Array, right: Array, accuracy: float) -> Array:
    """Solve −∇²v + (1 − missing) v = right, preconditioned with 1 − ∇².

    `accuracy` is the largest residual left, relative to the right-hand side.
    """
    solution = np.zeros_like(right)
    residual = right.copy()
    target = accuracy * float(np.abs(right).max())
    inverse = 1 / grid.shifted_laplacian
    # (1 − ∇²) of the direction follows from the residuals: one pair of transforms a step.
    direction = image = np.zeros_like(right)
    norm = 1.0
    for _ in range(MOST_CONJUGATE):
        if float(np.abs(residual).max()) <= target:
            return solution
        smooth = grid.multiply(inverse, residual)
        previous, norm = norm, float(np.vdot(residual, smooth))
        direction = smooth + norm / previous * direction
        image = residual + norm / previous * image
        applied = image - missing * direction
        step = norm / float(np.vdot(direction, applied))
        solution += step * direction
        residual -= step * applied
    raise ConvergenceError(
        f"linear solve: residual {np.abs(residual).max():.1e} above {target:.1e} after "
        f"{MOST_CONJUGATE} steps; spread the vortices, or lower their winding"
    )
