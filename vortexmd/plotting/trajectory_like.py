"""What plots need of a trajectory: frames, and series with one entry a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from vortexmd.vortices import Vortices

if TYPE_CHECKING:
    from vortexmd.hopping import ArrheniusHopping
    from vortexmd.regions import Regions


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

    @property
    def regions(self) -> Regions | None:
        """The pinning regions; None without. ValueError if they are not the same in all frames."""


class ExchangeLike(TrajectoryLike, Protocol):
    """What is needed besides of a run with pinning regions."""

    @property
    def region_counts(self) -> NDArray[np.int64]:
        """(T, R) vortices in each region."""

    @property
    def hopping(self) -> ArrheniusHopping:
        """The rule; ValueError if it is not one throughout, or cannot be made again."""


def check_trajectory(trajectory: TrajectoryLike) -> None:
    """ValueError if there is no frame to draw."""
    if len(trajectory) == 0:
        raise ValueError("trajectory: it holds no frames yet; nothing to plot")
