"""The state: where the vortices are, how they wind, and who they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.box import LONGEST, Box
from vortexmd.checks import number, numbers, shown, whole

MAX_WINDING = 1000
# Images are 32-bit.
MAX_TURNS = 10**9
MAX_STEP = 2**62
MAX_TIME = 1e100
# Whole numbers up to here are exact as floats.
LARGEST_WHOLE = 2**53
MAX_ID = LARGEST_WHOLE - 1


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Vortices:
    """Vortices in a box at one instant.

    Parameters
    ----------
    positions
        (N, 2) in λ. Folded into the box along periodic axes; elsewhere they must lie inside
        (free axes take any position).
    winding
        Winding numbers, (N,) integers or one for all: +1 a vortex, −1 an antivortex, |n| ≥ 2 a
        giant vortex; never 0.
    box
        The `Box`.
    ids
        (N,) distinct integers from 0 to 2⁵³ − 1; counted from 0 if left out. An id belongs to one
        vortex for ever.
    image
        (N, 2) integers: how many boxes each vortex has gone round along periodic axes.
    step, time
        When (time in τ).

    Raises
    ------
    ValueError
        Naming the field and the first bad entry.
    """

    positions: NDArray[np.float64]
    winding: NDArray[np.int64]
    box: Box
    ids: NDArray[np.int64]
    image: NDArray[np.int32]
    step: int
    time: float

    def __init__(
        self,
        positions: ArrayLike,
        winding: ArrayLike = 1,
        box: Box | None = None,
        ids: ArrayLike | None = None,
        image: ArrayLike | None = None,
        step: int = 0,
        time: float = 0.0,
    ) -> None:
        if not isinstance(box, Box):
            raise ValueError(f"box = {shown(box)}: give a vortexmd.Box((Lx, Ly))")
        positions = _positions(positions)
        n = len(positions)
        winding = _integers("winding", winding, n)
        bad = np.flatnonzero((winding == 0) | (np.abs(winding) > MAX_WINDING))
        if bad.size:
            raise ValueError(
                f"winding[{bad[0]}] = {winding[bad[0]]}: a winding number is a nonzero integer "
                f"within ±{MAX_WINDING}"
            )
        ids = np.arange(n) if ids is None else _integers("ids", ids, n)
        bad = np.flatnonzero((ids < 0) | (ids > MAX_ID))
        if bad.size:
            raise ValueError(f"ids[{bad[0]}] = {ids[bad[0]]}: each lies between 0 and 2**53 - 1")
        values, counts = np.unique(ids, return_counts=True)
        if np.any(counts > 1):
            raise ValueError(f"ids: {values[counts > 1][0]} occurs more than once")
        outside = np.flatnonzero(~box.contains(positions))
        for k in outside:
            for axis in (0, 1):
                word, x = box.boundary[axis], positions[k, axis]
                if word in ("open", "reflecting") and not 0 <= x <= box.lengths[axis]:
                    raise ValueError(
                        f"positions[{k}] = {tuple(positions[k].tolist())}: outside the box "
                        f"{box.lengths} across its {word} side"
                    )
        far = np.flatnonzero((np.abs(positions) > MAX_TURNS * np.array(box.lengths)).any(axis=1))
        if far.size and any(box.periodic):
            raise ValueError(
                f"positions[{far[0]}] = {tuple(positions[far[0]].tolist())}: more than {MAX_TURNS:.0e} "
                f"times round the box {box.lengths}"
            )
        far = np.flatnonzero((np.abs(positions) > LONGEST).any(axis=1))
        if far.size:
            raise ValueError(
                f"positions[{far[0]}] = {tuple(positions[far[0]].tolist())}: more than {LONGEST:.0e} λ from "
                f"the origin, where positions are nothing but rounding"
            )
        wrapped, turns = box.wrap(positions)
        turns = turns + _image(image, n)
        if n and np.abs(turns).max() > MAX_TURNS:
            most = int(np.argmax(np.abs(turns).max(axis=1)))
            raise ValueError(
                f"image[{most}] = {turns[most].tolist()}: at most {MAX_TURNS:.0e} turns"
            )
        step = whole("step", step, 0, MAX_STEP)
        time = number("time", time, MAX_TIME)
        for name, value in (
            ("positions", wrapped),
            ("winding", winding),
            ("ids", ids.astype(np.int64)),
            ("image", turns.astype(np.int32)),
        ):
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        for name, plain in (("box", box), ("step", step), ("time", time)):
            object.__setattr__(self, name, plain)

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[None]:
        raise TypeError("Vortices is not a sequence: use .positions, .winding, .ids")

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.winding, return_counts=True)
        species = ", ".join(f"{c} of {k:+d}" for k, c in zip(kinds, counts, strict=True))
        lx, ly = self.box.lengths
        return (
            f"<Vortices: {len(self)} ({species or 'none'}) in {lx:.6g} × {ly:.6g} λ² "
            f"{'/'.join(self.box.boundary)}, step {self.step}, time {self.time:.6g}>"
        )

    @property
    def density(self) -> float:
        """Vortices of any winding per λ²."""
        return len(self) / self.box.area

    @property
    def unwrapped(self) -> NDArray[np.float64]:
        """(N, 2) positions in λ with the turns around periodic axes added back."""
        return self.positions + self.image * np.array(self.box.lengths)


def _positions(value: ArrayLike) -> NDArray[np.float64]:
    positions = numbers("positions", value, "an (N, 2) array of numbers in λ")
    if positions.size == 0:
        positions = positions.reshape(0, 2)
    if positions.ndim != 2 or positions.shape[1] != 2:
        raise ValueError(f"positions: shape {positions.shape}, expected (N, 2)")
    bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if bad.size:
        raise ValueError(f"positions[{bad[0]}] = {tuple(positions[bad[0]].tolist())}: not finite")
    return positions


def _integers(name: str, value: ArrayLike, n: int) -> NDArray[np.int64]:
    given = _whole_numbers(name, value)
    if given.ndim == 0:
        given = np.full(n, given)
    if given.shape != (n,):
        raise ValueError(f"{name}: shape {given.shape}, expected ({n},) like positions")
    return given


def _image(value: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if value is None:
        return np.zeros((n, 2), dtype=np.int64)
    given = _whole_numbers("image", value)
    if given.shape != (n, 2):
        raise ValueError(f"image: shape {given.shape}, expected {(n, 2)}")
    return given


def _whole_numbers(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Integers, or floats that are, of any shape."""
    given = numbers(name, value, "integers")
    bad = ~(np.abs(given) <= LARGEST_WHOLE) | (given != np.rint(given))
    if bad.any():
        raise ValueError(f"{name}: give integers, not {given[bad].flat[0]} (from {shown(value)})")
    return given.astype(np.int64)
