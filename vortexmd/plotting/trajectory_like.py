"""What plots need of a trajectory: frames, and series with one entry a frame."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vortexmd.vortices import Vortices


class TrajectoryLike(Protocol):
    """Frames in time order with T entries in every series, as `vortexmd.load` gives them."""

    def __len__(self) -> int: ...

    def __getitem__(self, frame: int, /) -> Vortices: ...

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) in τ."""

    @property
    def energy(self) -> NDArray[np.float64]:
        """(T,) pair and external energy of all vortices, ε₀."""

    @property
    def temperature(self) -> NDArray[np.float64]:
        """(T,) kT in ε₀."""

    @property
    def count(self) -> NDArray[np.int64]:
        """(T,) number of vortices."""

    @property
    def mean_velocity(self) -> NDArray[np.float64]:
        """(T, 2) mean over vortices since the frame before, λ/τ; NaN first."""

    @property
    def winding_velocity(self) -> NDArray[np.float64]:
        """(T, 2) the same mean of n_i v_i."""


def check_trajectory(trajectory: TrajectoryLike) -> None:
    """ValueError if there is no frame to draw."""
    if len(trajectory) == 0:
        raise ValueError("trajectory: it holds no frames yet; nothing to plot")
