"""The box: a rectangle, each axis periodic, reflecting, open or free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import numbers, shown

BOUNDARIES = ("periodic", "reflecting", "open", "free")
# Beyond these, double precision no longer tells neighbours apart, or areas vanish.
LONGEST, SHORTEST = 1e12, 1e-12


@dataclass(frozen=True)
class Box:
    """A rectangle [0, Lx) × [0, Ly).

    Parameters
    ----------
    lengths
        (Lx, Ly) in λ, both positive.
    boundary
        One word for both axes or a pair, one for each axis:

        - ``"periodic"``: the axis closes on itself;
        - ``"reflecting"``: vortices bounce off its two ends;
        - ``"open"``: a vortex that crosses an end leaves for good (an *exit* event);
        - ``"free"``: unbounded; the length then only sets the density.

    Raises
    ------
    ValueError
        If a length is not a positive number that doubles can bear, or a boundary is not one of the four.
    """

    lengths: tuple[float, float]
    boundary: tuple[str, str] = ("periodic", "periodic")

    def __post_init__(self) -> None:
        lengths = numbers("box.lengths", self.lengths, "two numbers in λ")
        if lengths.shape != (2,) or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise ValueError(f"box.lengths = {shown(self.lengths)}: give two positive numbers in λ")
        if lengths.max() > LONGEST or lengths.min() < SHORTEST:
            raise ValueError(
                f"box.lengths = {shown(self.lengths)}: at most {LONGEST:g} λ, at least {SHORTEST:g} λ"
            )
        words: Sequence[str] = self.boundary
        if isinstance(words, str):
            words = (words, words)
        boundary = tuple(words) if isinstance(words, Sequence) else ()
        known = all(isinstance(word, str) and word in BOUNDARIES for word in boundary)
        if len(boundary) != 2 or not known:
            raise ValueError(
                f"box.boundary = {shown(self.boundary)}: give one of {', '.join(BOUNDARIES)}, or two of "
                f"them"
            )
        object.__setattr__(self, "lengths", (float(lengths[0]), float(lengths[1])))
        object.__setattr__(self, "boundary", boundary)

    @property
    def area(self) -> float:
        """Lx·Ly in λ²."""
        return self.lengths[0] * self.lengths[1]

    @property
    def periodic(self) -> tuple[bool, bool]:
        """Which axes are periodic."""
        return self.boundary[0] == "periodic", self.boundary[1] == "periodic"

    def contains(self, positions: ArrayLike) -> NDArray[np.bool_]:
        """Whether each of the positions (N, 2) lies inside; free axes hold everything."""
        r = np.asarray(positions, dtype=float)
        inside = np.ones(r.shape[0], dtype=bool)
        for axis, word in enumerate(self.boundary):
            if word != "free":
                inside &= (r[:, axis] >= 0) & (r[:, axis] <= self.lengths[axis])
        return inside

    def wrap(self, positions: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Positions folded into the box along its periodic axes.

        Parameters
        ----------
        positions
            (N, 2) in λ.

        Returns
        -------
        wrapped : (N, 2) in λ, within [0, L) on periodic axes
        image : (N, 2) int32, the number of boxes taken off: positions = wrapped + image·L
        """
        wrapped = np.array(positions, dtype=float)
        image = np.zeros(wrapped.shape, dtype=np.int32)
        for axis in (0, 1):
            if self.periodic[axis]:
                length = self.lengths[axis]
                turns = np.floor(wrapped[:, axis] / length)
                wrapped[:, axis] -= turns * length
                # Rounding can leave -1e-17 + L == L; the box is half open.
                over = wrapped[:, axis] >= length
                wrapped[over, axis] = 0.0
                under = wrapped[:, axis] < 0.0
                wrapped[under, axis] = 0.0
                image[:, axis] = (turns + over).astype(np.int32)
        return wrapped, image

    def minimum_image(self, separations: ArrayLike) -> NDArray[np.float64]:
        """The shortest equivalent of each separation vector (..., 2) in λ."""
        d = np.array(separations, dtype=float)
        for axis in (0, 1):
            if self.periodic[axis]:
                length = self.lengths[axis]
                d[..., axis] -= length * np.rint(d[..., axis] / length)
        return d
