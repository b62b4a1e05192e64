"""Overdamped Langevin steps.

η dr/dt = F + √(2ηk_BT) ξ(t). Both schemes move by Δr = F Δt/η + √(2k_BT Δt/η) R:

- *Euler–Maruyama*: R = ξ_n, weak order 1 (Maruyama 1955);
- *Leimkuhler–Matthews*: R = (ξ_n + ξ_{n+1})/2, second order in configurational averages and exact for
  a harmonic trap (Leimkuhler & Matthews, Appl. Math. Res. eXpress 2013, 34, Eq. 10).

Whoever is reflected keeps a mirror image of what is left of its displacement. The second half of
Leimkuhler–Matthews' noise is the first half of the next step's, so that it has to be mirrored too: else the
two disagree, and walls gather a layer half again as dense. Each vortex therefore has an orthogonal matrix,
the product of its reflections, that turns all its noise.

What rounding takes from a position is kept (`rest`) and added to the next displacement: position and rest
together are the exact sum of the displacements, and displacements far below the last digit of a position
are not lost, however many steps there are (Kahan, Commun. ACM 8, 40 (1965); Knuth, TAOCP 2, 4.2.2).

A step is made in two halves, so that a step that is too large can be refused with the last good
state still in place: `propose` writes the displacements, `accept` carries them out.
"""

from __future__ import annotations

import numpy as np
from numba import njit

INTEGRATORS = ("leimkuhler-matthews", "euler-maruyama")
# How `accept` is told what happens at the ends of an axis.
SIDES = {"periodic": 0, "free": 0, "reflecting": 1, "open": 2}


@njit(cache=True, nogil=True, error_model="numpy")
def propose(forces, noise, mobility, species, dt, temperature, rest, out):
    """Displacements F Δt/η + √(2k_BT Δt/η) R of all vortices.

    Parameters
    ----------
    forces
        (N, 2) in Ω₀.
    noise
        R, (N, 2) standard normal (or their averages); ignored at temperature 0.
    mobility
        (S,) 1/η of each species.
    species
        (N,) species of each vortex.
    dt, temperature
        Δt in τ, k_BT in ε₀.
    rest
        (N, 2) in λ, added.
    out
        (N, 2) in λ, overwritten.

    Returns
    -------
    worst : slot with the largest displacement (or the first that is not a number), −1 if N = 0
    largest : its square in λ²
    """
    worst = -1
    largest = -1.0
    for i in range(forces.shape[0]):
        m = mobility[species[i]]
        dx = m * dt * forces[i, 0]
        dy = m * dt * forces[i, 1]
        if temperature > 0.0:
            amplitude = np.sqrt(2.0 * temperature * dt * m)
            dx += amplitude * noise[i, 0]
            dy += amplitude * noise[i, 1]
        dx += rest[i, 0]
        dy += rest[i, 1]
        out[i, 0] = dx
        out[i, 1] = dy
        size = dx * dx + dy * dy
        if not size <= largest:
            largest = size
            worst = i
            if size != size:
                break
    return worst, largest


@njit(cache=True, nogil=True, error_model="numpy")
def accept(positions, moves, winding, reference, lengths, sides, drift, drift_rest, mirrors, rest):
    """Carry the displacements out, bounce off reflecting ends, find who left through open ones.

    Parameters
    ----------
    positions
        (N, 2) in λ, moved in place; not folded along periodic axes.
    moves
        (N, 2) in λ.
    winding
        (N,).
    reference
        (N, 2) positions at the last rebuild of the neighbour list.
    lengths, sides
        (2,) λ; (2,) codes of `SIDES`.
    drift
        (2, 2), added to: the mean of Δr and of n·Δr over the vortices, in λ.
    drift_rest
        (2, 2) λ: what rounding takes from the drift, as `rest` of the positions.
    mirrors
        (N, 2, 2), changed in place where somebody bounces; (0, 2, 2) where nobody can.
    rest
        (N, 2) in λ, overwritten: position + move before, less the position now.

    Returns
    -------
    moved : largest squared distance from the reference, λ²
    leaving : how many lie beyond an open end
    """
    n = positions.shape[0]
    moved = 0.0
    leaving = 0
    sx = 0.0
    sy = 0.0
    wx = 0.0
    wy = 0.0
    for i in range(n):
        left = False
        for axis in range(2):
            old = positions[i, axis]
            move = moves[i, axis]
            new = old + move
            carried = new - old
            rest[i, axis] = (old - (new - carried)) + (move - carried)
            if sides[axis] == 1 and (new < 0.0 or new > lengths[axis]):
                # Folded first: a step longer than the box bounces several times.
                bounces = int(np.floor(new / lengths[axis]))
                new = abs(new) % (2.0 * lengths[axis])
                new = min(new, 2.0 * lengths[axis] - new)
                rest[i, axis] = 0.0
                if bounces % 2 != 0:
                    mirrors[i, axis, 0] = -mirrors[i, axis, 0]
                    mirrors[i, axis, 1] = -mirrors[i, axis, 1]
            elif sides[axis] == 2 and (new < 0.0 or new > lengths[axis]):
                left = True
            positions[i, axis] = new
            step = new - old
            if axis == 0:
                sx += step
                wx += winding[i] * step
            else:
                sy += step
                wy += winding[i] * step
        if left:
            leaving += 1
        dx = positions[i, 0] - reference[i, 0]
        dy = positions[i, 1] - reference[i, 1]
        moved = max(moved, dx * dx + dy * dy)
    if n > 0:
        _add(drift, drift_rest, 0, 0, sx / n)
        _add(drift, drift_rest, 0, 1, sy / n)
        _add(drift, drift_rest, 1, 0, wx / n)
        _add(drift, drift_rest, 1, 1, wy / n)
    return moved, leaving


@njit(cache=True, nogil=True, error_model="numpy")
def _add(total, rest, row, axis, value):
    """Add to a total and what rounding has taken from it before."""
    old = total[row, axis]
    value += rest[row, axis]
    new = old + value
    carried = new - old
    total[row, axis] = new
    rest[row, axis] = (old - (new - carried)) + (value - carried)


@njit(cache=True, nogil=True, error_model="numpy")
def mirror_noise(mirrors, noise):
    """Turn the noise of each vortex (N, 2), in place, as its reflections have turned it."""
    for i in range(noise.shape[0]):
        x, y = noise[i, 0], noise[i, 1]
        noise[i, 0] = mirrors[i, 0, 0] * x + mirrors[i, 0, 1] * y
        noise[i, 1] = mirrors[i, 1, 0] * x + mirrors[i, 1, 1] * y
