"""Who is there: the engine's arrays, in slot order, and how they change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.vortices import Vortices

# What a checkpoint stores; the order of the rows is part of it.
ARRAYS = ("positions", "reference", "image", "winding", "ids")


def counts(winding: NDArray[np.int64]) -> dict[int, int]:
    """How many there are of each winding."""
    kinds, numbers = np.unique(winding, return_counts=True)
    return dict(zip(kinds.tolist(), numbers.tolist(), strict=True))


@dataclass
class Population:
    """Vortices as rows of arrays.

    Attributes
    ----------
    positions
        (N, 2) in λ; folded into the box when the neighbour list is made, and free to leave it along
        periodic axes until the next time.
    reference
        (N, 2) positions when the neighbour list was made.
    image
        (N, 2) how often each was folded.
    winding, ids
        (N,).
    next_id
        The id of the next vortex to appear.
    rest
        (N, 2) λ: what rounding has taken from the positions so far; nothing at first.
    mirrors
        (N, 2, 2) how reflections have turned each one's noise, where something reflects; else None.
    """

    box: Box
    positions: NDArray[np.float64]
    reference: NDArray[np.float64]
    image: NDArray[np.int32]
    winding: NDArray[np.int64]
    ids: NDArray[np.int64]
    next_id: int
    rest: NDArray[np.float64]
    mirrors: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, start: Vortices) -> Population:
        """A population that begins as `start`."""
        return cls(
            start.box,
            start.positions.copy(),
            start.positions.copy(),
            start.image.copy(),
            start.winding.copy(),
            start.ids.copy(),
            int(start.ids.max(initial=-1)) + 1,
            np.zeros((len(start), 2)),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def vortices(self, step: int, time: float) -> Vortices:
        """The state for the outside: sorted by id, folded."""
        order = np.argsort(self.ids)
        return Vortices(
            self.positions[order],
            self.winding[order],
            self.box,
            self.ids[order],
            self.image[order],
            step,
            time,
        )

    def folded(self) -> NDArray[np.float64]:
        """(N, 2) positions within the box, in slot order."""
        return self.box.wrap(self.positions)[0]

    def fold(self) -> None:
        """Fold the positions for good; what rounding takes from them goes to the rest."""
        folded, turns = self.box.wrap(self.positions)
        taken = turns * np.array(self.box.lengths)
        plain = self.positions - taken
        back = plain - self.positions
        lost = (self.positions - (plain - back)) - (taken + back)
        self.rest = self.rest + ((plain - folded) + lost)
        self.positions = folded
        self.image = self.image + turns

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Take the rows in the given order, here and for all arrays."""
        for name, array in self.arrays().items():
            setattr(self, name, array[order])

    def watch_reflections(self) -> None:
        """Keep `mirrors` from here on, if they are not kept yet."""
        if self.mirrors is None:
            self.mirrors = np.tile(np.eye(2), (len(self), 1, 1))

    def arrays(self) -> dict[str, NDArray]:
        """All arrays by name: what a checkpoint stores."""
        names = (*ARRAYS, "rest") if self.mirrors is None else (*ARRAYS, "rest", "mirrors")
        return {name: getattr(self, name) for name in names}

    def place(self, unwrapped: NDArray[np.float64]) -> None:
        """Put the vortices, in order of id, at (N, 2) unfolded positions in λ."""
        order = np.argsort(self.ids)
        self.positions[order] = unwrapped - self.image[order] * np.array(self.box.lengths)
        self.rest[:] = 0.0

    def moved(self) -> float:
        """Largest distance from the reference, in λ."""
        return float(np.sqrt(np.sum((self.positions - self.reference) ** 2, axis=1)).max(initial=0))

    def remove(self, slots: NDArray[np.int64]) -> None:
        """Take out the vortices in `slots`."""
        keep = np.ones(len(self), dtype=bool)
        keep[slots] = False
        self.reorder(np.flatnonzero(keep))

    def insert(self, winding: int, position: NDArray[np.float64]) -> None:
        """Put in a new vortex at `position` (2,) in λ, under the next id."""
        wrapped, image = self.box.wrap(position[None])
        self.positions = np.concatenate((self.positions, wrapped))
        self.reference = np.concatenate((self.reference, wrapped))
        self.image = np.concatenate((self.image, image))
        self.winding = np.append(self.winding, winding)
        self.ids = np.append(self.ids, self.next_id)
        self.rest = np.concatenate((self.rest, np.zeros((1, 2))))
        if self.mirrors is not None:
            self.mirrors = np.concatenate((self.mirrors, np.eye(2)[None]))
        self.next_id += 1
