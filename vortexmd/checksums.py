"""Checksums of the rows of a trajectory file: so that damage is told, and never passes for data.

CRC-32 as in zlib and zip. Of a frame, each particle array has one, taken of the bytes up to the last
column in use and begun with the CRC of the step, so that no frame passes for another; one is of
what every reading of a frame needs, one of the whole row of series (`h5md.Layout.sealed`).
Of an event it is taken of its columns in their order, of a change of its columns and its text.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd import h5md
from vortexmd.h5md import FRAME_CHECKSUMS, Extent, Layout

Row = Mapping[str, NDArray[Any]]
# Frames whose arrays are checked in one go.
BLOCK = 64


def of_rows(columns: Sequence[NDArray[Any]], seeds: Sequence[int]) -> NDArray[np.uint32]:
    """(T,) the CRC-32 of each row, its columns one after the other.

    Parameters
    ----------
    columns
        (T, …) each.
    seeds
        (T,) what each begins with.
    """
    count = len(seeds)
    packed = [np.ascontiguousarray(c).reshape(count, -1) if count else c for c in columns]
    rows = np.concatenate([c.view(np.uint8) for c in packed], axis=1) if count else ()
    return np.array([zlib.crc32(row, seed) for row, seed in zip(rows, seeds, strict=True)], "u4")


def of_steps(steps: NDArray[np.int64]) -> list[int]:
    """What the checksums of the frames at these steps begin with."""
    return [zlib.crc32(step.to_bytes(8, "little")) for step in steps.tolist()]


def of_frame(row: Row, layout: Layout) -> NDArray[np.uint32]:
    """The checksums of a frame, in the order of `Layout.sealed`."""
    seed = of_steps(row["step"].reshape(1))
    return np.concatenate(
        [of_rows([row[name][None] for name in part], seed) for part in layout.sealed.values()]
    )


def of_events(rows: Row, layout: Layout) -> NDArray[np.uint32]:
    """(E,) the checksums of events."""
    columns = [rows[name] for name in layout.events if name != "checksum"]
    return of_rows(columns, [0] * len(rows["step"]))


def of_change(step: int, end: int, digest: NDArray[np.uint8], text: bytes) -> int:
    """The checksum of a change of description, whose text ends at `end`."""
    head = step.to_bytes(8, "little") + end.to_bytes(8, "little") + digest.tobytes()
    return zlib.crc32(head + text)


# ---------------------------------------------------------------------- looked at on reading


class Seals:
    """Steps and checksums of some frames, to hold against what else is read of them.

    Parameters
    ----------
    file
        The file.
    layout
        Its columns; without checksums, nothing is checked.
    frames
        Which frames of the file, in ascending order.

    Attributes
    ----------
    steps
        (T,) the steps.
    """

    def __init__(self, file: h5py.File, layout: Layout, frames: range):
        self.steps: NDArray[np.int64] = pick(file[h5md.STEP], frames)
        self._frames = frames
        self._layout = layout
        if layout.checksums:
            self._stored = dict(
                zip(layout.sealed, pick(file[FRAME_CHECKSUMS], frames).T, strict=True)
            )

    def check_arrays(self, arrays: Row) -> None:
        """Are these the particle arrays that were written?

        Parameters
        ----------
        arrays
            (T, width, …) by name, ``id`` among them.

        Raises
        ------
        OSError
            Naming the frame and the array.
        """
        if not self._layout.checksums:
            return
        for k, (seed, ids) in enumerate(zip(of_steps(self.steps), arrays["id"], strict=True)):
            used = int(np.flatnonzero(ids >= 0).max(initial=-1)) + 1
            for name, array in arrays.items():
                held = np.ascontiguousarray(array[k, :used]).tobytes()
                if zlib.crc32(held, seed) != self._stored[name][k]:
                    raise OSError(f"frame {self._frames[k]}: {name} differs from its checksum")

    def check_rows(self, part: str, rows: Row) -> None:
        """The same of the columns of ``head`` or ``series``, (T, …) by name."""
        if not self._layout.checksums:
            return
        columns = [rows[name] for name in self._layout.sealed[part]]
        bad = np.flatnonzero(of_rows(columns, of_steps(self.steps)) != self._stored[part])
        if bad.size:
            raise OSError(f"frame {self._frames[int(bad[0])]}: a series differs from its checksum")


def pick(dataset: h5py.Dataset, frames: range) -> NDArray[Any]:
    """The rows of a dataset at some frames, in ascending order."""
    return dataset[frames.start : frames.stop : frames.step]


def check_events(rows: Row, layout: Layout, start: int = 0) -> None:
    """Are these, from `start` on, the events that were written? OSError naming the first that is not."""
    if not layout.checksums:
        return
    bad = np.flatnonzero(of_events(rows, layout) != rows["checksum"])
    if bad.size:
        raise OSError(f"event {start + int(bad[0])} differs from its checksum")


def of_changes(file: h5py.File, count: int) -> list[int | None]:
    """What a file holds as the checksums of its first changes; None where it is of before there were any."""
    column = h5md.layout_of(file).changes.get("checksum")
    return [None] * count if column is None else file[column.path][:count, 0].tolist()


def check_change(
    k: int, stored: int | None, step: int, end: int, digest: NDArray[np.uint8], text: bytes
) -> None:
    """Is this the k-th change of description as it was written? OSError if not."""
    if stored is not None and of_change(step, end, digest, text) != stored:
        raise OSError(f"change {k} of the description differs from its checksum")


def damage(file: h5py.File, extent: Extent, first: int = 0) -> tuple[int, str] | None:
    """The first frame, from `first` on, that cannot be read as it was written, with what is wrong.

    None if all can.

    Events and series are looked at as well as frames: what is wrong with an event counts for the first
    frame after it. Of a file without checksums, only what HDF5 itself finds is found.
    """
    layout = h5md.layout_of(file)
    # Of many vortices, fewer frames at a time.
    many = max(1, min(BLOCK, 2**20 // max(1, extent.width)))
    for start in range(first, extent.frames, many):
        block = range(start, min(start + many, extent.frames))
        try:
            _check_block(file, layout, block)
        except OSError:
            for frame in block:
                try:
                    _check_block(file, layout, range(frame, frame + 1))
                except OSError as error:
                    return _earlier(_damaged_event(file, layout, extent), (frame, str(error)))
    return _damaged_event(file, layout, extent)


def _check_block(file: h5py.File, layout: Layout, frames: range) -> None:
    seals = Seals(file, layout, frames)
    rows = {name: pick(file[layout.frames[name].path], frames) for name in h5md.ALL_SERIES}
    seals.check_rows("series", rows)
    seals.check_rows("head", rows)
    seals.check_arrays({n: pick(file[c.path], frames) for n, c in layout.particles.items()})


def _damaged_event(file: h5py.File, layout: Layout, extent: Extent) -> tuple[int, str] | None:
    try:
        stored = {name: file[c.path][: extent.events] for name, c in layout.events.items()}
    except OSError as error:
        # Which event it is, HDF5 does not say.
        return 0, str(error)
    if not layout.checksums:
        return None
    bad = np.flatnonzero(of_events(stored, layout) != stored["checksum"])
    if not bad.size:
        return None
    first = int(bad[0])
    # Its own step may be what is wrong; those before it are not.
    before = int(stored["step"][first - 1]) if first else -1
    frame = int(np.searchsorted(file[h5md.STEP][: extent.frames], before, side="right"))
    return frame, f"event {first} differs from its checksum"


def _earlier(a: tuple[int, str] | None, b: tuple[int, str]) -> tuple[int, str]:
    return b if a is None else min(a, b)
