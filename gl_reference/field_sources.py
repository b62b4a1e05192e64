"""Fields of the special solvers, one vortex and two, in the plane's own axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gl_reference.confocal import ConfocalPair
from gl_reference.radial import RadialVortex
from potentials.base import Array


@dataclass(frozen=True, eq=False)
class RadialSource:
    """A single vortex at a centre (2,)."""

    vortex: RadialVortex
    centre: Array

    def __call__(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """f, A (2, …) and B."""
        x, y = x - self.centre[0], y - self.centre[1]
        r = np.hypot(x, y)
        around = self.vortex.n * self.vortex.flux_fraction(r) / np.where(r > 0, r * r, 1.0)
        return self.vortex.amplitude(r), around * np.stack([-y, x]), self.vortex.field(r)


@dataclass(frozen=True, eq=False)
class PairSource:
    """A pair whose first and second vortex sit at the given positions (2, 2)."""

    pair: ConfocalPair
    positions: Array

    def __call__(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """f, A (2, …) and B."""
        middle = self.positions.mean(axis=0)
        along = self.positions[1] - self.positions[0]
        c, s = along / np.hypot(*along)
        x, y = x - middle[0], y - middle[1]
        found = self.pair.fields(c * x + s * y, c * y - s * x)
        A = np.stack([c * found.A_x - s * found.A_y, s * found.A_x + c * found.A_y])
        return found.f, A, found.field
