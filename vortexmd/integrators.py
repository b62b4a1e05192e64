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
The loops are in `vortexmd.kernels.update`; here they run over all vortices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vortexmd.kernels import update

INTEGRATORS = ("leimkuhler-matthews", "euler-maruyama")
# How `accept` is told what happens at the ends of an axis.
SIDES = {"periodic": 0, "free": 0, "reflecting": 1, "open": 2}
NO_NOISE = np.empty((0, 2))


def propose(
    forces: NDArray[np.float64],
    noise: NDArray[np.float64],
    mobility: NDArray[np.float64],
    species: NDArray[np.integer],
    dt: float,
    temperature: float,
    rest: NDArray[np.float64],
    out: NDArray[np.float64],
) -> tuple[int, float]:
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
    return update.propose(
        forces, noise, NO_NOISE, mobility, species, dt, temperature, rest, 0, len(forces), out
    )


def accept(
    positions: NDArray[np.float64],
    moves: NDArray[np.float64],
    winding: NDArray[np.int64],
    reference: NDArray[np.float64],
    lengths: NDArray[np.float64],
    sides: NDArray[np.integer],
    drift: NDArray[np.float64],
    drift_rest: NDArray[np.float64],
    mirrors: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> tuple[float, int]:
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
    n = len(positions)
    sums = np.empty((2, 2))
    moved, leaving = update.accept(
        positions, moves, winding, reference, lengths, sides, mirrors, rest, 0, n, sums
    )
    if n > 0:
        for row in range(2):
            for axis in range(2):
                update.add_compensated(drift, drift_rest, row, axis, sums[row, axis] / n)
    return moved, leaving


def mirror_noise(mirrors: NDArray[np.float64], noise: NDArray[np.float64]) -> None:
    """Turn the noise of each vortex (N, 2), in place, as its reflections have turned it."""
    update.mirror_noise(mirrors, noise, NO_NOISE, 0, len(noise), noise)
