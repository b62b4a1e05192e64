"""Forces on fixed vortices: the exact derivative of the discrete energy when the mesh moves.

Move the mesh with a field that takes one vortex rigidly along, keep the nodal values: as the
energy is stationary in these, its derivative is the force, F = −(1/π) dE/dx. The field is
piecewise linear, so that everything reduces to one vector a mesh vertex (Eshelby's stress,
tested with the linear functions) and one a vortex (its own V, moved against the mesh).
"""

from __future__ import annotations

import numpy as np

from gl_reference.functional import Functional
from potentials.base import Array

# Powers of the distance in the shares below: flat to third order at every vortex.
POWER = 4


def vortex_shares(points: Array, positions: Array) -> Array:
    """How far each point (P, 2) moves with each vortex (P, N): 1 at its own, 0 at the others.

    Shares add up to 1 (inverse distances to the fourth power; Shepard's interpolation).
    """
    log_distance = np.empty((len(points), len(positions)))
    for j, position in enumerate(positions):
        r2 = ((points - position) ** 2).sum(axis=1)
        log_distance[:, j] = np.log(np.maximum(r2, 1e-300)) / 2
    nearest = log_distance.min(axis=1, keepdims=True)
    weights = np.exp(POWER * (nearest - log_distance))
    return weights / weights.sum(axis=1, keepdims=True)


def _fade(functional: Functional, vertices: Array) -> Array:
    """1 near the vortices, 0 from the outer edges on (V,)."""
    box = functional.space.mesh.box
    inside = np.full(len(vertices), 1.0)
    for axis, (low, high) in enumerate(((box.left, box.right), (box.bottom, box.top))):
        along = functional.symmetry.positions[:, axis]
        gaps = [(high - vertices[:, axis]) / (high - along.max())]
        if not functional.symmetry.mirrors[axis]:
            gaps.append((vertices[:, axis] - low) / (along.min() - low))
        for gap in gaps:
            # Half of the margin is left where it is.
            share = np.clip(2 * gap, 0.0, 1.0)
            inside *= share**2 * (3 - 2 * share)
    return inside


def configurational_forces(functional: Functional, u: Array) -> tuple[Array, Array]:
    """dE/dX of every mesh vertex (V, 2) and dE/dx of every vortex in V alone (N, 2), ∫ of the cell.

    The second is, up to its sign, the Hellmann-Feynman force of the cell.
    """
    space, symmetry, w = functional.space, functional.symmetry, functional.gauge_weight
    q = functional.quantities(u)
    curl, divergence = q.curl, w * q.divergence
    # Derivatives of the density by the gradients of f, A_x, A_y.
    momenta = np.stack(
        [q.gradients[0], np.stack([divergence, -curl]), np.stack([curl, divergence])]
    )
    current = -(q.f**2) * q.Q
    moved = np.zeros_like(current)  # the force density on all V together
    vortices = np.zeros((len(symmetry.winding), 2))
    for j, (position, n) in enumerate(zip(symmetry.positions, symmetry.winding, strict=True)):
        x, y = np.moveaxis(space.points - position, -1, 0)
        r4 = (x * x + y * y) ** 2
        diagonal, mixed = n * 2 * x * y / r4, n * (y * y - x * x) / r4
        on_vortex = np.stack(
            [current[0] * diagonal + current[1] * mixed, current[0] * mixed - current[1] * diagonal]
        )
        moved += on_vortex
        vortices[j] = [-space.integral(component) for component in on_vortex]
    vertices = np.empty((len(space.mesh.vertices), 2))
    for b in range(2):
        stress = -(momenta * q.gradients[:, b][:, None]).sum(axis=0)
        stress[b] += q.density
        vertices[:, b] = space.vertex_divergence(stress) + space.vertex_load(moved[b])
    return vertices, vortices


def vortex_forces(functional: Functional, u: Array) -> Array:
    """Forces (N, 2) in Ω₀, in the frame of the mesh."""
    symmetry = functional.symmetry
    mesh_vertices = functional.space.mesh.vertices
    on_vertices, on_vortices = configurational_forces(functional, u)
    shares = vortex_shares(mesh_vertices, symmetry.positions)
    shares *= _fade(functional, mesh_vertices)[:, None]
    work = shares.T @ on_vertices + on_vortices  # of each vortex, images standing still
    # Moving a vortex and its images together keeps the symmetry, and with it the cell.
    total = np.zeros_like(work)
    for operation in symmetry.operations():
        total += work[operation.images] * operation.flip
    return -total / np.pi
