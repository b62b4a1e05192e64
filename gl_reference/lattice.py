"""The `lattice` reading: fixed vortices on a uniform grid, as the paper solved them.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 11-13 and 20, on a grid of
spacing h (theirs: 0.1 λ, 601 × 601). What comes out depends on the discretisation by several per
cent of the largest force at that h: see `SCHEMES`. With a gauge term (w = 1) a scheme converges
to the `coulomb` reading; without one it creeps towards the energy's constrained minimum, and
vortex and antivortex join by a string of Ψ = 0 below some d. At h = 0.1 the scheme
"collocated-free", Eq. 13 as printed, is nearest to the paper: to Table 1, and to its annihilation
distance (3.6 … 3.8 at μ = 1.7, in the paper 3.65), which the resolved equations put at 4.28.

>>> from gl_reference.lattice import lattice_pair
>>> lattice_pair(1, 1, mu=1.7, d=2.0).force
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import FARTHEST, check_range, check_vortices, check_winding
from gl_reference.errors import ConvergenceError
from gl_reference.lattice_layout import ALIGNED, check_step
from gl_reference.lattice_schemes import SCHEMES, find_scheme
from gl_reference.lattice_solution import Grid, LatticeSolution, isolated_energy, solve_grid
from gl_reference.radial import MU_RANGE
from potentials.base import Array
from potentials.checks import check_positive
from potentials.critical import mu_from

__all__ = ["SCHEMES", "LatticePair", "lattice_pair", "lattice_solve"]

# Fast, well-posed for any vortices, near to `coulomb`; and the nearest to the paper's pairs.
DEFAULT_SCHEME = "collocated"
PAPER_SCHEME = "collocated-free"
# A fall of the energy between neighbouring d by more than both is another state's (in ε₀; as a
# ratio of the two slopes).
JUMP, JUMP_RATIO = 0.02, 5.0
TOLERANCES = (1e-12, 1e-3)


def _check_grid(
    mu: float | None,
    kappa: float | None,
    scheme: str,
    h: float,
    margin: float | None,
    tolerance: float,
) -> Grid:
    value = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    find_scheme(scheme)
    return Grid(
        mu=value,
        scheme=scheme,
        h=check_step(h, value),
        margin=None if margin is None else check_positive("margin", margin),
        tolerance=check_range("tolerance", tolerance, *TOLERANCES),
    )


def lattice_solve(
    positions: ArrayLike,
    winding: ArrayLike,
    mu: float | None = None,
    *,
    kappa: float | None = None,
    scheme: str = DEFAULT_SCHEME,
    h: float = 0.1,
    domain: tuple[float, float] | None = None,
    margin: float | None = None,
    tolerance: float = 1e-7,
) -> LatticeSolution:
    """Solve Eq. 13 for vortices held at given points of a uniform grid.

    Parameters
    ----------
    positions : (N, 2) array, λ
        Whole multiples of h from each other along x and y. Nearer than 1e-6 λ they are one.
    winding : (N,) or scalar of nonzero integers
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 … 20.
    scheme : str
        One of `SCHEMES`.
    h : float
        Spacing in λ, at most 0.5/max(1, μ).
    domain : (Lx, Ly) in λ, or None
        Rectangle centred on the origin, (60, 60) in the paper, rounded up to the grid, on whose
        edge A is that of full flux; it must be 6.9/min(1, μ) from all vortices.
    margin : float, optional
        Instead of `domain`: the least distance from a vortex to the edge; default 8/min(1, μ).
    tolerance : float
        Newton's method ends with the step that promises a smaller fall of the energy (ε₀),
        1e-12 … 1e-3; what is then left is about its square.

    Raises
    ------
    ValueError
        For anything outside these ranges, vortices off the grid or outside the domain, and grids
        that need more than 2 GiB.
    ConvergenceError
        Where Newton's method does not converge.
    """
    points, windings = check_vortices(positions, winding)
    grid = _check_grid(mu, kappa, scheme, h, margin, tolerance)
    if domain is not None and margin is not None:
        raise ValueError(f"domain = {domain}, margin = {margin}: give only one of them")
    return solve_grid(points, windings, grid, domain)


@lru_cache(maxsize=1024)
def _pair_energy(n1: int, n2: int, steps: int, grid: Grid) -> float:
    """Energy in ε₀ of a pair at d = steps · h; at 0 of the merged vortex."""
    if steps == 0:
        return isolated_energy(abs(n1 + n2), grid) if n1 + n2 else 0.0
    return _pair_solution(n1, n2, steps, grid).energy


def _pair_solution(n1: int, n2: int, steps: int, grid: Grid) -> LatticeSolution:
    half = steps * grid.h / 2
    return solve_grid(np.array([[-half, 0.0], [half, 0.0]]), np.array([n1, n2]), grid)


def _check_one_state(d: float, before: float, here: float, after: float) -> None:
    """Raises ConvergenceError where the energies at d − h, d, d + h belong to different states."""
    falls = sorted([abs(before - here), abs(here - after)])
    if falls[1] - falls[0] > JUMP and falls[1] > JUMP_RATIO * falls[0]:
        raise ConvergenceError(
            f"d = {d:.6g}: the energy jumps by {falls[1]:.3g} ε₀ between this separation and the "
            "next, as vortex and antivortex join by a string of Ψ = 0; there is no force here: "
            "give another d, or a scheme with a gauge term"
        )


def _pair_force(n1: int, n2: int, steps: int, grid: Grid) -> float:
    """Ω in Ω₀ at d = steps · h, by central differences."""
    before, after = (_pair_energy(n1, n2, steps + k, grid) for k in (-1, 1))
    return (before - after) / (2 * grid.h)


@dataclass(frozen=True, eq=False)
class LatticePair:
    """Two vortices on a uniform grid.

    Attributes
    ----------
    n1, n2, mu, d, scheme, h
        What was asked; lengths in λ. Vortex 1 sits at (−d/2, 0), vortex 2 at (d/2, 0).
    energy : float
        ∫F/π in ε₀ (with its gauge term where the scheme has one).
    force : float
        Ω in Ω₀ by central differences of energies at d ± h, positive = repulsion.
    solution : LatticeSolution
        The fields at d; `f`, `A`, `residual` and `iterations` are its.
    """

    n1: int
    n2: int
    mu: float
    d: float
    scheme: str
    h: float
    energy: float
    force: float
    solution: LatticeSolution

    @property
    def f(self) -> Array:
        """|Ψ| on the nodes, (Ny, Nx)."""
        return self.solution.f

    @property
    def A(self) -> Array:
        """Vector potential on the nodes, (2, Ny, Nx), in Φ₀/(2πλ)."""
        return self.solution.A

    @property
    def residual(self) -> float:
        """The fall of the energy (ε₀) that the last Newton step promised."""
        return self.solution.residual

    @property
    def iterations(self) -> int:
        """Newton steps."""
        return self.solution.iterations

    @property
    def interaction_energy(self) -> float:
        """Energy less that of each vortex alone on the same kind of grid, in ε₀."""
        return self.solution.interaction_energy

    @cached_property
    def _differences(self) -> tuple[float, float]:
        """Of interaction energy and force from a grid 2 to 3 times as coarse, over (ratio − 1)."""
        steps = round(self.d / self.h)
        if steps < 2:
            return self.interaction_energy, self.force
        ratio = steps / (steps // 2)
        coarse = self.solution.grid._replace(h=ratio * self.h)
        alone = isolated_energy(abs(self.n1), coarse) + isolated_energy(abs(self.n2), coarse)
        energy = _pair_energy(self.n1, self.n2, steps // 2, coarse) - alone
        force = _pair_force(self.n1, self.n2, steps // 2, coarse)
        return (
            (self.interaction_energy - energy) / (ratio - 1),
            (self.force - force) / (ratio - 1),
        )

    @property
    def energy_error(self) -> float:
        """What the spacing is estimated to do to the interaction energy, in ε₀.

        From a second grid, 2 to 3 times as coarse, taking the error as of first order in h. At
        d = h, where there is no such grid, the energy itself.
        """
        return abs(self._differences[0])

    @property
    def force_error(self) -> float:
        """The same for the force, in Ω₀."""
        return abs(self._differences[1])


def lattice_pair(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: float | None = None,
    *,
    kappa: float | None = None,
    scheme: str = PAPER_SCHEME,
    h: float = 0.1,
    margin: float | None = None,
    tolerance: float = 1e-7,
) -> LatticePair:
    """Force and energy of two vortices held at separation d on a uniform grid.

    Parameters
    ----------
    n1, n2 : int
        Windings, nonzero.
    d : float
        Separation in λ, a whole multiple of h.
    scheme : str
        One of `SCHEMES`; by default the one nearest to the paper, not that of `lattice_solve`.

    The others, and errors, as `lattice_solve`; ConvergenceError also where vortex and antivortex
    annihilate between d − h and d + h. Three solutions: at d and at d ± h.
    """
    first, second = check_winding("n1", n1), check_winding("n2", n2)
    grid = _check_grid(mu, kappa, scheme, h, margin, tolerance)
    if d is None:
        raise ValueError("d = None: give the separation in λ")
    separation = check_range("d", d, 0.0, FARTHEST)
    steps = round(separation / grid.h)
    if steps < 1 or abs(separation / grid.h - steps) > ALIGNED:
        below = int(separation / grid.h)
        options = " or ".join(f"{k * grid.h:.6g}" for k in (below, below + 1) if k)
        raise ValueError(
            f"d = {separation:.6g}: a whole multiple of h = {grid.h:g}; give {options}, or change h"
        )
    solution = _pair_solution(first, second, steps, grid)
    before, after = (_pair_energy(first, second, steps + k, grid) for k in (-1, 1))
    _check_one_state(separation, before, solution.energy, after)
    return LatticePair(
        n1=first,
        n2=second,
        mu=grid.mu,
        d=separation,
        scheme=scheme,
        h=grid.h,
        energy=solution.energy,
        force=(before - after) / (2 * grid.h),
        solution=solution,
    )
