"""Energy, forces and fields of fixed vortices: one entry to all the solvers.

>>> from gl_reference.solve import solve
>>> triangle = [(0.0, 0.0), (2.0, 0.0), (1.0, 1.732)]
>>> solution = solve(triangle, winding=1, mu=1.7)
>>> solution.interaction_energy, solution.forces, solution.error
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import check_range, check_reading, check_vortices
from gl_reference.confocal import GAUGE_WEIGHTS, MU_RANGE, SEPARATIONS, confocal_pair
from gl_reference.field_sources import PairSource, RadialSource
from gl_reference.lattice import DEFAULT_SCHEME, lattice_solve
from gl_reference.lattice_schemes import find_scheme
from gl_reference.mesh import Box
from gl_reference.mesh_solver import margin, solve_on_mesh
from gl_reference.radial import single_vortex
from gl_reference.solution import Solution
from gl_reference.symmetry import Integers
from potentials.base import Array
from potentials.checks import check_choice, check_flag, check_positive, shown
from potentials.critical import mu_from

Method = Literal["auto", "mesh"]

TOLERANCES = (1e-7, 1e-1)

GRID_STEP = 0.1  # λ, the paper's
MOST_POINTS = 401  # a side


def solve(
    positions: ArrayLike,
    winding: ArrayLike,
    mu: float | None = None,
    *,
    kappa: float | None = None,
    reading: str = "coulomb",
    gauge_weight: float = 1.0,
    tolerance: float = 1e-4,
    domain: tuple[float, float] | None = None,
    method: str = "auto",
    estimate_error: bool = True,
    scheme: str | None = None,
    h: float | None = None,
) -> Solution:
    """Solve the Ginzburg-Landau equations for vortices held at given points.

    Parameters
    ----------
    positions : (N, 2) array, λ
        Vortices nearer than 1e-6 λ are merged into one.
    winding : (N,) or scalar of nonzero integers
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 … 20.
    reading : "coulomb" or "lattice"
        How fixed vortices are understood; see docs/gl_reference.md.
    gauge_weight : float
        w of `coulomb`'s gauge term, 0.01 … 100.
    tolerance : float
        `coulomb` only. Aim for the relative error of interaction energy and forces, 1e-7 … 0.1;
        energies below 0.05 ε₀ a vortex and forces below 0.05 Ω₀ are resolved to this fraction
        of these.
    domain : (Lx, Ly) in λ, or None
        A rectangle centred on the origin, on whose edge f = 1 and A = Σ n_j θ̂_j/r_j; None: one
        whose edge is not felt.
    method : "auto" or "mesh"
        "auto" takes the special solvers for one vortex and for two (without `domain`), the mesh
        of triangles otherwise; "mesh" always takes the latter.
    estimate_error : bool
        False: about 30 % faster, with `error` and `force_error` NaN.
    scheme, h
        `lattice` only: discretisation (default "collocated"; see `gl_reference.lattice.SCHEMES`)
        and grid spacing in λ (default 0.1). Forces are then differences of energies, up to 4 N
        more solutions, and errors NaN: what the spacing does shows at another one.

    Returns
    -------
    Solution

    Raises
    ------
    ValueError
        For anything outside these ranges; vortices outside the domain; a domain whose edge
        would be felt.
    ConvergenceError
        Where an iteration does not converge, or the tolerance is not met.

    Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 11-13, 19, 20.
    """
    points, windings = check_vortices(positions, winding)
    mu = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    weight = check_range("gauge_weight", gauge_weight, *GAUGE_WEIGHTS)
    tolerance = check_range("tolerance", tolerance, *TOLERANCES)
    check_choice("method", method, get_args(Method))
    check_flag("estimate_error", estimate_error)
    how = check_reading(reading)
    if how == "minimum":
        raise ValueError(
            "reading = 'minimum': only for pairs; take gl_reference.solve_pair, or 'coulomb' here"
        )
    if how == "lattice":
        if method != "auto" or weight != 1:
            raise ValueError(
                f"method = {method!r}, gauge_weight = {weight:g}: only for reading = 'coulomb'; a "
                "lattice has its scheme instead"
            )
        return _solve_lattice(points, windings, mu, domain, scheme, h)
    if scheme is not None or h is not None:
        raise ValueError(f"scheme = {shown(scheme)}, h = {shown(h)}: only for reading = 'lattice'")
    reach = margin(windings, mu, weight, tolerance)
    box = None if domain is None else check_domain(domain, points, reach)
    if method == "auto" and box is None:
        if len(points) == 1:
            return _solve_one(points, windings, mu, weight, reach)
        if len(points) == 2 and math.dist(*points) >= SEPARATIONS[0]:
            return _solve_two(points, windings, mu, weight, tolerance, reach)
    found = solve_on_mesh(
        points,
        windings,
        mu,
        gauge_weight=weight,
        tolerance=tolerance,
        box=box,
        estimate_error=estimate_error,
    )
    box = box or _around(points, reach)
    return Solution(
        mu=mu,
        positions=points,
        winding=windings,
        reading="coulomb",
        gauge_weight=weight,
        method="mesh",
        energy=found.energy,
        interaction_energy=found.energy - isolated_energy(windings, mu),
        forces=found.forces,
        error=found.error,
        force_error=found.force_error,
        domain=box,
        step=_step(box),
        _fields=found.fields,
    )


def isolated_energy(winding: Integers, mu: float) -> float:
    """Energy in ε₀ of the vortices (N,), each alone."""
    return sum(single_vortex(abs(int(n)), mu).energy for n in winding)


def check_domain(domain: tuple[float, float], positions: Array, reach: float) -> Box:
    """The rectangle, or a ValueError where it is not one or ends within `reach` of a vortex."""
    try:
        width, height = domain
    except (TypeError, ValueError):
        raise ValueError(f"domain = {shown(domain)}: give (Lx, Ly) in λ, or None") from None
    half = np.array([check_positive("domain[0]", width), check_positive("domain[1]", height)]) / 2
    room = half - np.abs(positions)
    outside = (room <= 0).any(axis=1)
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(
            f"positions[{i}] = {positions[i]}: outside the domain |x| < {half[0]:g}, |y| < "
            f"{half[1]:g}; move the vortex or enlarge the domain"
        )
    if room.min() < reach:
        least = 2 * (np.abs(positions).max(axis=0) + reach)
        raise ValueError(
            f"domain = ({width:g}, {height:g}): its edge is {room.min():.3g} λ from a vortex and "
            f"would be felt; give at least ({least[0]:.4g}, {least[1]:.4g}), or None"
        )
    return Box(-half[0], half[0], -half[1], half[1])


def _around(positions: Array, reach: float) -> Box:
    low, high = positions.min(axis=0) - reach, positions.max(axis=0) + reach
    return Box(low[0], high[0], low[1], high[1])


def _step(box: Box) -> float:
    """Of the grid that fields are given on: the paper's, or coarser where that is too many points."""
    longest = max(box.right - box.left, box.top - box.bottom)
    return max(GRID_STEP, longest / (MOST_POINTS - 1))


def _solve_one(
    positions: Array, winding: Integers, mu: float, gauge_weight: float, reach: float
) -> Solution:
    vortex = single_vortex(int(winding[0]), mu)
    box = _around(positions, reach)
    return Solution(
        mu=mu,
        positions=positions,
        winding=winding,
        reading="coulomb",
        gauge_weight=gauge_weight,
        method="radial",
        energy=vortex.energy,
        interaction_energy=0.0,
        forces=np.zeros((1, 2)),
        error=vortex.energy_error,
        force_error=0.0,
        domain=box,
        step=_step(box),
        _fields=RadialSource(vortex, positions[0]),
    )


def _solve_two(
    positions: Array,
    winding: Integers,
    mu: float,
    gauge_weight: float,
    tolerance: float,
    reach: float,
) -> Solution:
    apart = positions[1] - positions[0]
    d = math.hypot(*apart)
    n1, n2 = map(int, winding)
    box = _around(positions, reach)
    pair = confocal_pair(n1, n2, mu, d, gauge_weight=gauge_weight, tolerance=tolerance)
    return Solution(
        mu=mu,
        positions=positions,
        winding=winding,
        reading="coulomb",
        gauge_weight=gauge_weight,
        method="confocal",
        energy=pair.energy,
        interaction_energy=pair.energy - isolated_energy(winding, mu),
        forces=pair.force * np.outer([-1, 1], apart / d),
        error=pair.energy_error,
        force_error=pair.force_error,
        domain=box,
        step=_step(box),
        _fields=PairSource(pair, positions),
    )


def _solve_lattice(
    positions: Array,
    winding: Integers,
    mu: float,
    domain: tuple[float, float] | None,
    scheme: str | None,
    h: float | None,
) -> Solution:
    scheme = DEFAULT_SCHEME if scheme is None else scheme
    h = GRID_STEP if h is None else h
    found = lattice_solve(positions, winding, mu, scheme=scheme, h=h, domain=domain)
    return Solution(
        mu=mu,
        positions=positions,
        winding=winding,
        reading="lattice",
        gauge_weight=find_scheme(scheme).gauge_weight,
        method=scheme,
        energy=found.energy,
        interaction_energy=found.interaction_energy,
        forces=found.forces,
        error=math.nan,
        force_error=math.nan,
        domain=Box(found.x[0], found.x[-1], found.y[0], found.y[-1]),
        step=h,
        _fields=found.fields,
    )
