"""Steps without Python: what of a simulation `kernels.burst` takes over, and how it goes on afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.external import ExternalForce, HarmonicTrap, SinusoidalDrive, UniformDrive
from vortexmd.kernels.burst import CLOSE, LEFT, LIST, REFUSED, ROOM, Around, Course, burst
from vortexmd.pinning import BoundPins, GaussianPins

NO_WELLS = BoundPins(GaussianPins(np.empty((0, 2)), 1.0, 1.0, Box((1.0, 1.0)))).wells
__all__ = ["LEFT", "REFUSED", "Around", "Course", "around", "make_steps"]


def around(fields: Sequence[ExternalForce], mobility: NDArray[np.float64]) -> Around | None:
    """External forces for compiled loops; None if one of them is a Python function, or there are two kinds
    of pins.
    """
    drives: list[tuple[float, ...]] = []
    traps: list[tuple[float, ...]] = []
    wells = []
    for field in fields:
        if type(field) is UniformDrive:
            drives.append((*field.force, 0.0, 0.0, 0.0))
        elif type(field) is SinusoidalDrive:
            drives.append((*field.amplitude, field.frequency, field.phase, 1.0))
        elif type(field) is HarmonicTrap:
            traps.append((*field.k, *field.center))  # type: ignore[misc]
        elif type(field) is BoundPins:
            wells.append(field.wells)
        else:
            return None
    if len(wells) > 1:
        return None
    return Around(
        mobility,
        np.array(drives, dtype=float).reshape(-1, 5),
        np.array(traps, dtype=float).reshape(-1, 4),
        len(wells),
        wells[0] if wells else NO_WELLS,
    )


class End:
    """How a burst ended.

    Attributes
    ----------
    why
        One of `kernels.burst`'s reasons.
    steps
        How many were made.
    moved
        Largest distance from the reference in λ, if a step was made; else −1.
    noisy
        Whether `PairForces.noise` holds the noise of that step.
    checked
        Whether there is nobody near enough to react.
    """

    def __init__(self, numbers: NDArray[np.float64]):
        self.why, self.steps = int(numbers[0]), int(numbers[1])
        self.moved = float(numbers[2]) ** 0.5 if numbers[2] >= 0 else -1.0
        self.noisy, self.checked = bool(numbers[5]), bool(numbers[7])


def make_steps(
    pairs: Any,
    around: Around,
    course: Course,
    distance2: NDArray[np.float64],
    drift: NDArray[np.float64],
    drift_rest: NDArray[np.float64],
) -> End:
    """Make steps on all threads until `course` ends or something must be done first.

    Parameters
    ----------
    pairs
        `PairForces`, whose state is kept up to date.
    around, course
        What acts, and how long.
    distance2
        (S, S) λ²: squared distances of reactions.
    drift, drift_rest
        (2, 2) λ, as for `vortexmd.integrators.accept`.
    """
    kinds = pairs.kinds
    rows, listed, close = pairs.working()
    blocks = len(listed.halo)
    needed, parts, numbers = np.zeros(blocks), np.zeros((blocks, 7)), np.zeros(8)
    pairs.together(
        burst,
        pairs.slots(),
        pairs.sides,
        around,
        rows,
        listed,
        pairs.listed_reach,
        kinds.kind_of,
        distance2,
        *pairs.whole_numbers,
        *pairs.buffers,
        kinds.laws,
        kinds.fine,
        close,
        kinds.lanes,
        kinds.vector,
        course,
        needed,
        parts,
        drift,
        drift_rest,
        numbers,
    )
    end = End(numbers)
    pairs.went_on(bool(numbers[3]), bool(numbers[4]), int(numbers[6]))
    if end.why == ROOM:
        pairs.more_room(float(needed.max()))
    elif end.why == CLOSE:
        pairs.enlarge_close()
    elif end.why == LIST:
        pairs.ensure()
    return end
