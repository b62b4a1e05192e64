"""Solving for the fields of fixed vortices on a grid, and what comes out.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 11-13 and 20.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from gl_reference.functional import superfluid_velocity, superposition
from gl_reference.lattice_axis import Axis, Place
from gl_reference.lattice_energy import LatticeEnergy
from gl_reference.lattice_layout import Layout, place
from gl_reference.lattice_newton import Minimum, minimise
from gl_reference.lattice_operators import Component, assemble
from gl_reference.lattice_schemes import Scheme, find_scheme
from gl_reference.symmetry import Integers, axes_symmetry
from potentials.base import Array

# A node this near to a vortex (in h) is its node.
ON_NODE = 1e-3
EDGE_POINTS = 200  # for an integral along each edge of the grid


class Grid(NamedTuple):
    """All that a solution depends on beside the vortices; see `gl_reference.lattice`."""

    mu: float
    scheme: str
    h: float
    margin: float | None
    tolerance: float


# Fields u = (f, A_x, A_y) to begin with, of a discrete energy on a laid-out grid.
Initial = Callable[[LatticeEnergy, Layout], Array]


def mean_velocity(component: Component, along: int, layout: Layout) -> Array:
    """V along its link, averaged over it: the phase difference over h (P,), in 1/λ.

    A link that ends on a vortex is radial to it, and has no share of it.
    """
    h = layout.axes[along].h
    plane = np.array([1, 1j])
    half = h / 2 * plane[along]
    total = np.zeros(component.size)
    for position, n in zip(layout.positions, layout.winding, strict=True):
        middle = (component.points - position) @ plane
        start, end = middle - half, middle + half
        radial = np.minimum(np.abs(start), np.abs(end)) < ON_NODE * h
        total += n * np.where(radial, 0.0, np.angle(end * np.conj(start)))
    return total / h


def sites(component: Component, layout: Layout) -> Array:
    """Where a component lives (P, 2), in λ; to the last bit on a vortex that is there."""
    points = component.points
    for position in layout.positions:
        there = np.hypot(*(points - position).T) < ON_NODE * layout.axes[0].h
        points[there] = position
    return points


def energy_outside(layout: Layout) -> float:
    """½∫|∇V|² over the plane beyond the grid, in ε₀.

    In the whole plane ∫|∇A|² = ∫(∇×A)² + (∇·A)², but its outer part is not zero where A = V and
    both derivatives on the right are. V_y + iV_x = W = Σ n_j/(z − z_j), |∇V|² = 2|W'|², and by
    Green's theorem ∫|W'|² = ∮ W̄ W' dz/2i.
    """
    corners = [
        _unfold(axis.coordinates("node"), axis, "node", -1, 0)[[0, -1]] for axis in layout.axes
    ]
    (left, right), (bottom, top) = corners
    turns = np.array([left + 1j * bottom, right + 1j * bottom, right + 1j * top, left + 1j * top])
    t, weights = np.polynomial.legendre.leggauss(EDGE_POINTS)
    total = 0j
    for start, end in zip(turns, np.roll(turns, -1), strict=True):
        z = (start + end) / 2 + (end - start) / 2 * t
        W, slope = np.zeros_like(z), np.zeros_like(z)
        for position, n in zip(layout.positions @ np.array([1, 1j]), layout.winding, strict=True):
            W += n / (z - position)
            slope -= n / (z - position) ** 2
        total += (end - start) / 2 * (weights @ (np.conj(W) * slope))
    return float(-(total / 2j).real / np.pi)


def discretise(layout: Layout, mu: float, scheme: Scheme) -> LatticeEnergy:
    """The energy of the scheme on a laid-out grid."""
    operators = assemble(layout.axes, layout.mirrors, scheme)
    velocities = []
    for along, component in enumerate(operators.A):
        if scheme.velocity == "integral":
            velocities.append(mean_velocity(component, along, layout))
        else:
            points = sites(component, layout)
            velocities.append(superfluid_velocity(points, layout.positions, layout.winding)[along])
    nodes = sites(operators.f, layout)
    pinned = (nodes[:, None] == layout.positions).all(axis=2).any(axis=1)
    outside = 0.0
    if scheme.layout == "collocated":
        outside = scheme.gauge_weight * energy_outside(layout)
    return LatticeEnergy(operators, mu, np.concatenate(velocities), pinned, outside)


def start(energy: LatticeEnergy, layout: Layout) -> Array:
    """The superposition of single vortices, with all given values put in."""
    o = energy.operators
    f, A_x, A_y = (
        superposition(sites(component, layout), layout.positions, layout.winding, energy.mu)[row]
        for row, component in enumerate((o.f, *o.A))
    )
    A = np.where(o.free_A, np.concatenate([A_x, A_y]), energy.velocity)
    return np.concatenate([np.where(energy.pinned, 0.0, f), A])


def solve_grid(
    positions: Array,
    winding: Integers,
    grid: Grid,
    domain: tuple[float, float] | None = None,
    initial: Initial = start,
    most_steps: int | None = None,
) -> LatticeSolution:
    """Fields of vortices at positions (N, 2) in λ; errors as `gl_reference.lattice`.

    `initial` chooses among several states: the one that Newton's method reaches from there, in
    `most_steps`.
    """
    scheme = find_scheme(grid.scheme)
    layout = place(positions, winding, grid.mu, scheme, grid.h, domain=domain, margin=grid.margin)
    energy = discretise(layout, grid.mu, scheme)
    minimum = minimise(energy, initial(energy, layout), grid.tolerance, most_steps)
    return LatticeSolution(
        positions=positions,
        winding=winding,
        grid=grid,
        energy=energy.value(minimum.u, reported=True),
        _domain=domain,
        _layout=layout,
        _discrete=energy,
        _minimum=minimum,
    )


@lru_cache(maxsize=256)
def isolated_energy(n: int, grid: Grid) -> float:
    """Energy in ε₀ of one vortex, alone on the same kind of grid."""
    return solve_grid(np.zeros((1, 2)), np.array([n]), grid).energy


def _unfold(values: Array, axis: Axis, place: Place, parity: int, k: int) -> Array:
    """The whole from the stored half, along dimension k."""
    if axis.mirror == "none":
        return values
    kept = np.moveaxis(values, k, 0)
    image = parity * kept[::-1]
    if axis.mirror == place:  # the first value lies on the mirror
        image = image[:-1]
    return np.moveaxis(np.concatenate([image, kept]), 0, k)


def _onto_nodes(values: Array, k: int) -> Array:
    """Means of the neighbouring links along dimension k; at the ends the last link's value."""
    ends = [(1, 1) if j == k else (0, 0) for j in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, ends, mode="edge"), k, 0)
    return np.moveaxis((padded[1:] + padded[:-1]) / 2, 0, k)


def _whole(values: Array, component: Component) -> Array:
    """A component (size,) of the cell on the nodes of the whole grid, (Nx, Ny)."""
    values = values.reshape(component.shape)
    for k, (axis, where, parity) in enumerate(
        zip(component.axes, component.places, component.parities, strict=True)
    ):
        values = _unfold(values, axis, where, parity, k)
        if where == "link":
            values = _onto_nodes(values, k)
    return values


@dataclass(frozen=True, eq=False)
class LatticeSolution:
    """Fixed vortices, solved on a uniform grid.

    Attributes
    ----------
    positions : (N, 2) array, λ
    winding : (N,) int array
    grid : Grid
        mu, scheme, h, margin, tolerance.
    energy : float
        ∫F/π in ε₀ (with its gauge term where the scheme has one).

    On the nodes of the whole grid: `x` (Nx,), `y` (Ny,) in λ; |Ψ| as `f` (Ny, Nx), `A` (2, Ny, Nx)
    in Φ₀/(2πλ), `field` (Ny, Nx) in Φ₀/(2πλ²).
    """

    positions: Array
    winding: Integers
    grid: Grid
    energy: float
    _domain: tuple[float, float] | None
    _layout: Layout
    _discrete: LatticeEnergy
    _minimum: Minimum

    @property
    def residual(self) -> float:
        """The fall of the energy (ε₀) that the last Newton step promised."""
        return self._minimum.residual

    @property
    def iterations(self) -> int:
        """Newton steps."""
        return self._minimum.iterations

    @property
    def stable(self) -> bool:
        """Whether no direction lowers the energy (of schemes with a gauge term: none was met)."""
        return self._minimum.stable

    def carried(self, energy: LatticeEnergy, layout: Layout) -> Array:
        """Its fields for a mirror-symmetric pair on the x axis a few h wider or closer.

        f and Q are moved rigidly with the vortex of the stored half: no interpolation. Columns at
        the mid-plane are doubled or dropped. To be given to `solve_grid` as `initial`.
        """
        old, h = self._discrete, self.grid.h
        f, A = old.split(self._minimum.u)
        size = old.operators.A[0].size
        parts = []
        for values, source, target in zip(
            (f, *np.split(A - old.velocity, [size])),
            (old.operators.f, *old.operators.A),
            (energy.operators.f, *energy.operators.A),
            strict=True,
        ):
            x_old = source.axes[0].coordinates(source.places[0]) - self._layout.positions[-1, 0]
            x_new = target.axes[0].coordinates(target.places[0]) - layout.positions[-1, 0]
            columns = np.rint((x_new - x_old[0]) / h).astype(int)
            kept = np.clip(columns, 0, len(x_old) - 1)
            parts.append(values.reshape(source.shape)[kept].ravel())
        Q = np.where(energy.operators.free_A, np.concatenate(parts[1:]), 0.0)
        return np.concatenate([np.where(energy.pinned, 0.0, parts[0]), Q + energy.velocity])

    # ---------------------------------------------------------------- fields
    def _coordinates(self, k: int) -> Array:
        axis = self._layout.axes[k]
        return _unfold(axis.coordinates("node"), axis, "node", -1, 0) + self._layout.centre[k]

    @cached_property
    def x(self) -> Array:
        return self._coordinates(0)

    @cached_property
    def y(self) -> Array:
        return self._coordinates(1)

    @cached_property
    def f(self) -> Array:
        values, _ = self._discrete.split(self._minimum.u)
        return _whole(values, self._discrete.operators.f).T

    @cached_property
    def A(self) -> Array:
        o = self._discrete.operators
        _, both = self._discrete.split(self._minimum.u)
        parts = np.split(both, [o.A[0].size])
        return np.stack([_whole(part, one).T for part, one in zip(parts, o.A, strict=True)])

    @cached_property
    def field(self) -> Array:
        o = self._discrete.operators
        _, both = self._discrete.split(self._minimum.u)
        return _whole(o.curl @ both, o.field).T

    @cached_property
    def _interpolator(self) -> RegularGridInterpolator:
        values = np.stack([self.f, *self.A, self.field], axis=-1)
        return RegularGridInterpolator(
            (self.y, self.x), values, bounds_error=False, fill_value=np.nan
        )

    def fields(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """f, A (2, …) and B at points of any shape in λ, linear between nodes.

        Beyond the grid f = 1, B = 0 and nothing flows.
        """
        f, A_x, A_y, field = np.moveaxis(self._interpolator(np.stack([y, x], axis=-1)), -1, 0)
        points = np.stack([x, y], axis=-1)
        inside = np.isfinite(f)
        outer = superfluid_velocity(points, self.positions, self.winding)
        A = np.where(inside, np.stack([A_x, A_y]), outer)
        return np.where(inside, f, 1.0), A, np.where(inside, field, 0.0)

    # ---------------------------------------------------------------- energies
    @cached_property
    def interaction_energy(self) -> float:
        """Energy less that of each vortex alone on the same kind of grid, in ε₀."""
        return self.energy - sum(isolated_energy(abs(int(n)), self.grid) for n in self.winding)

    @cached_property
    def forces(self) -> Array:
        """Forces (N, 2) in Ω₀, by central differences of energies with one vortex moved by ±h.

        4 N more solutions, fewer where mirrors map vortices onto each other.
        """
        forces = np.full((len(self.winding), 2), np.nan)
        symmetry = axes_symmetry(self._layout.positions, self.winding)
        for j in range(len(forces)):
            for operation in symmetry.operations():
                image = operation.images[j]
                if np.isfinite(forces[image]).all():
                    forces[j] = forces[image] * operation.flip
                    break
            else:
                forces[j] = [self._force(j, k) for k in range(2)]
        return forces

    def _force(self, j: int, k: int) -> float:
        """On vortex j along axis k."""
        energies = []
        for step in (-self.grid.h, self.grid.h):
            moved = self.positions.copy()
            moved[j, k] += step
            energies.append(solve_grid(moved, self.winding, self.grid, self._domain).energy)
        return (energies[0] - energies[1]) / (2 * self.grid.h)
