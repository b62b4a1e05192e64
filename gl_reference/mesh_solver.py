"""Any number of fixed vortices in the `coulomb` reading, on a graded triangle mesh.

One mesh, elements of rising order: each solution starts the next, and what the last step changed
tells the error. The functional and its source are in `gl_reference.functional`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from gl_reference.errors import ConvergenceError
from gl_reference.finite_elements import FunctionSpace
from gl_reference.functional import Functional, superfluid_velocity
from gl_reference.mesh import Box, Mesh, Sizes, graded_mesh, ring_radii
from gl_reference.radial import single_vortex
from gl_reference.symmetry import Integers, Symmetry, axes_symmetry, find_symmetry
from gl_reference.virtual_work import vortex_forces
from potentials.base import Array

FIRST_ORDER, LAST_ORDER = 2, 8

# Energies (per vortex) and forces below this, in ε₀ and Ω₀, are resolved to the tolerance times it.
SMALL = 0.05

# Error over the change from the next lower order: 0.04 … 0.15 measured against radial solutions
# and confocal pairs, more where the innermost ring limits it.
ERROR_SHARE = 0.2

EDGE_AMPLITUDE = 40.0

# Below this separation (in λ) the triangulation meets the rounding of the coordinates' squares.
NEAREST = 1e-3

# Keeps the factors below 2 GiB (0.9 GiB measured at 150 000 unknowns).
MOST_UNKNOWNS = 400_000


@dataclass(frozen=True, eq=False)
class MeshSolution:
    """What `solve_on_mesh` returns, in the plane's own axes.

    Attributes
    ----------
    energy, error : float
        E_w/π and its estimated error in ε₀ (NaN where no estimate was asked for).
    forces : (N, 2) array
        In Ω₀.
    force_error : float
        Estimated largest error of a component, in Ω₀.
    order : int
        Of the elements.
    """

    energy: float
    error: float
    forces: Array
    force_error: float
    order: int
    functional: Functional = field(repr=False)
    nodal: Array = field(repr=False)  # f, A_x, A_y in the frame of the mesh (3, size)

    @property
    def mesh(self) -> Mesh:
        """The triangles, in the frame of `symmetry`."""
        return self.functional.space.mesh

    def fields(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """f, A (2, …) and B at points, any shape; beyond the mesh f = 1, Q = 0, B = 0."""
        symmetry, space = self.functional.symmetry, self.functional.space
        points = symmetry.to_frame(np.stack([x, y], axis=-1).reshape(-1, 2))
        folded, factor_A, factor_B = symmetry.fold(points)
        inside = self.mesh.box.holds(folded)
        f, A, B = np.ones(len(points)), np.empty((2, len(points))), np.zeros(len(points))
        A[:, ~inside] = superfluid_velocity(points[~inside], symmetry.positions, symmetry.winding)
        triangles, local = self.mesh.locate(folded[inside])
        f[inside], _ = space.evaluate(self.nodal[0], triangles, local)
        A_x, slopes_x = space.evaluate(self.nodal[1], triangles, local)
        A_y, slopes_y = space.evaluate(self.nodal[2], triangles, local)
        A[:, inside] = np.stack([A_x, A_y]) * factor_A[:, inside]
        B[inside] = (slopes_y[0] - slopes_x[1]) * factor_B[inside]
        shape = np.shape(x)
        return f.reshape(shape), symmetry.to_plane(A).reshape(2, *shape), B.reshape(shape)


def check_separations(positions: Array) -> None:
    """ValueError where two vortices (N, 2) are too near each other for a mesh."""
    near = np.hypot(*(positions[:, None] - positions).transpose(2, 0, 1))
    near[np.triu_indices(len(positions))] = np.inf
    if near.min() < NEAREST:
        i, j = np.unravel_index(np.argmin(near), near.shape)
        raise ValueError(
            f"positions[{j}] and positions[{i}] are {near.min():.3g} λ apart: the mesh resolves "
            f"{NEAREST:g}; make them one vortex of their summed winding, or move one"
        )


def margin(winding: Integers, mu: float, gauge_weight: float, tolerance: float) -> float:
    """How far, in λ, a domain must reach beyond the vortices for its edge not to be felt.

    An edge at R costs up to 40 e^{−2(R−r)·rate} (measured, at summed windings from 2 to 9), where
    r is the radius of a giant vortex of all windings and ln n its tail; rate is that of the
    slowest field: 1 for B, μ for f, 1/√w for ∇·A.
    """
    total = int(np.abs(winding).sum())
    rate = min(1.0, mu, 1 / math.sqrt(gauge_weight))
    decay = math.log(EDGE_AMPLITUDE / _edge_cost(tolerance)) / (2 * rate)
    return 2 * math.sqrt(total / mu) + math.log(total) + decay


def _edge_cost(tolerance: float) -> float:
    """What the edge of the domain may add to an energy or a force."""
    return tolerance * SMALL / 10


def _sizes(mu: float, gauge_weight: float, tolerance: float) -> tuple[Sizes, float]:
    """How fine the mesh is, and the largest radius of the rings."""
    core = 0.8 * min(1.0, 1.7 / mu, math.sqrt(gauge_weight))
    innermost = 2.5 * core * math.sqrt(tolerance)
    return Sizes(min(innermost, core / 3), core, 4 / min(1.0, mu)), core


def build_mesh(
    symmetry: Symmetry, mu: float, gauge_weight: float, tolerance: float, box: Box | None
) -> Mesh:
    """The mesh of one cell: all of `box` (default: as far as needed), or the part that mirrors cut."""
    positions = symmetry.positions
    if box is None:
        reach = margin(symmetry.winding, mu, gauge_weight, tolerance)
        low, high = positions.min(axis=0) - reach, positions.max(axis=0) + reach
        box = Box(low[0], high[0], low[1], high[1])
    if symmetry.mirrors[0]:
        box = box._replace(left=0.0)
    if symmetry.mirrors[1]:
        box = box._replace(bottom=0.0)
    sizes, core = _sizes(mu, gauge_weight, tolerance)
    here = box.holds(positions)
    return graded_mesh(positions[here], ring_radii(positions, core)[here], box, sizes)


def solve_on_mesh(
    positions: Array,
    winding: Integers,
    mu: float,
    *,
    gauge_weight: float,
    tolerance: float,
    box: Box | None = None,
    symmetric: bool = True,
    estimate_error: bool = True,
) -> MeshSolution:
    """Solve for checked vortices (N, 2) of windings (N,).

    Parameters
    ----------
    tolerance
        Aim for the error of the energy, relative to the larger of the interaction energy and
        0.05 ε₀ a vortex, and for that of the forces, relative to the larger of the largest
        force and 0.05 Ω₀.
    box
        The domain, centred on the origin; None: as large as needed.
    symmetric
        Whether mirror lines are made use of.
    estimate_error
        Whether orders rise until the estimate meets the tolerance. Otherwise the order is
        chosen beforehand, and the errors are NaN.

    Raises
    ------
    ValueError
        Where the mesh would need more than about 2 GiB.
    ConvergenceError
        Where Newton's iteration fails or the highest order does not meet the tolerance.
    """
    check_separations(positions)
    symmetry = (
        find_symmetry(positions, winding) if box is None else axes_symmetry(positions, winding)
    )
    if not symmetric:
        symmetry = Symmetry(symmetry.centre, symmetry.axes, symmetry.positions, winding, (0, 0))
    mesh = build_mesh(symmetry, mu, gauge_weight, tolerance, box)
    order = max(FIRST_ORDER + 1, round(-math.log10(tolerance)))
    if unknowns(mesh, order) > MOST_UNKNOWNS:
        raise ValueError(
            f"positions: {len(winding)} vortices need about {unknowns(mesh, order)} unknowns at "
            f"order {order}, more than the {MOST_UNKNOWNS} that fit in 2 GiB; give fewer vortices "
            "or a larger tolerance"
        )
    if not estimate_error:
        coarse = _solve_order(mesh, FIRST_ORDER, symmetry, mu, gauge_weight, None)
        return _solve_order(mesh, order, symmetry, mu, gauge_weight, coarse)
    isolated = sum(single_vortex(abs(int(n)), mu).energy for n in winding)
    previous: MeshSolution | None = None
    for order in range(FIRST_ORDER, LAST_ORDER + 1):
        if unknowns(mesh, order) > MOST_UNKNOWNS:
            break
        solution = _solve_order(mesh, order, symmetry, mu, gauge_weight, previous)
        if previous is not None:
            solution = _with_errors(solution, previous, tolerance)
            energy_scale = max(abs(solution.energy - isolated), SMALL * len(winding))
            force_scale = max(np.abs(solution.forces).max(), SMALL)
            if (
                solution.error <= tolerance * energy_scale
                and solution.force_error <= tolerance * force_scale
            ):
                return solution
        previous = solution
    assert previous is not None
    raise ConvergenceError(
        f"{len(winding)} vortices at mu = {mu:.6g}: elements of order {previous.order}, the last "
        f"that is allowed or fits in 2 GiB, still leave {previous.error:.1e} ε₀ and "
        f"{previous.force_error:.1e} Ω₀; ask for a larger tolerance than {tolerance:.1e}"
    )


def unknowns(mesh: Mesh, order: int) -> int:
    """About how many numbers a solution of this order consists of."""
    return 3 * order**2 * len(mesh.triangles) // 2


def _solve_order(
    mesh: Mesh,
    order: int,
    symmetry: Symmetry,
    mu: float,
    gauge_weight: float,
    start: MeshSolution | None,
) -> MeshSolution:
    space = FunctionSpace(mesh, order)
    functional = Functional(space, symmetry, mu, gauge_weight)
    if start is None:
        nodal = functional.start()
    else:
        taken = [space.take(component, start.functional.space) for component in start.nodal]
        nodal = functional.with_boundary_values(np.stack(taken))
    nodal = functional.minimise(nodal)
    forces = symmetry.to_plane(vortex_forces(functional, nodal).T).T
    energy = functional.energy(nodal)
    return MeshSolution(energy, math.nan, forces, math.nan, order, functional, nodal)


def _with_errors(solution: MeshSolution, coarser: MeshSolution, tolerance: float) -> MeshSolution:
    """`solution` with the errors that its distance from the next lower order tells."""
    edge = _edge_cost(tolerance)
    change = abs(solution.energy - coarser.energy)
    force_change = np.abs(solution.forces - coarser.forces).max()
    # Two orders may agree in a force by chance: no better than in a vortex's share of the energy.
    force_change = max(float(force_change), change / len(solution.forces))
    return replace(
        solution,
        error=ERROR_SHARE * change + edge,
        force_error=ERROR_SHARE * force_change + edge,
    )
