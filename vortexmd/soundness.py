"""How much of a trajectory, from its start on, is as it was written: after a power failure, say.

Frames, events and changes of description are held against their checksums (`vortexmd.checksums`). What
is wrong with an event or a change counts for all frames that it may concern.
"""

from __future__ import annotations

from collections.abc import Mapping

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd import checksums, h5md
from vortexmd.h5md import CHANGE_TEXT, Column, Extent

# Rows of events looked at in one go.
BLOCK = 256


def sound_extent(file: h5py.File, certain: int, *, all_frames: bool = False) -> Extent:
    """What can be read as it was written, and is complete.

    Parameters
    ----------
    file
        An open trajectory.
    certain
        A checkpoint's step: frames, events and changes up to it were on the disk before it was.
    all_frames
        Look at these, too.

    Raises
    ------
    OSError, KeyError
        If a dataset cannot be read at all.
    """
    layout = h5md.layout_of(file)
    steps = _leading(_steps(file, layout.frames), strictly=True)
    first = 0 if all_frames else int(np.searchsorted(steps, certain, side="right"))
    looked_at = -1 if all_frames else certain
    event_steps, events = _sound_events(file, layout, looked_at)
    change_steps, changes, text = _sound_changes(file, layout, looked_at)
    last = float("inf")
    if changes < len(change_steps):
        last = certain
    elif events < len(event_steps):
        # The missing one may have happened at the step of the last that is there.
        last = max(certain, int(event_steps[events - 1]) - 1 if events else -1)
    frames = int(np.searchsorted(steps, last, side="right"))
    width = min(file[column.path].shape[1] for column in layout.particles.values())
    kept = Extent(frames, width, events, changes, text)
    # Events have been looked at: without them, it is the frames that are wrong.
    found = checksums.damage(file, Extent(frames, width, 0, changes, text), first)
    return kept if found is None else Extent(found[0], width, events, changes, text)


def check_as_made(file: h5py.File) -> None:
    """What no checksum of a frame covers: texts, fill values, names of kinds, limits of datasets.

    Raises
    ------
    OSError
        If one of them is not as the file was made.
    """
    for name in (h5md.DESCRIPTION, h5md.PROVENANCE):
        h5md.read_json(file, name)
    for table in h5md.layout_of(file).tables:
        for column in table.values():
            dataset = file[column.path]
            fill = np.asarray(column.fill, dtype=dataset.dtype)
            kinds = [h5py.check_enum_dtype(np.dtype(d)) for d in (dataset.dtype, column.dtype)]
            if (
                np.asarray(dataset.fillvalue).tobytes() != fill.tobytes()
                or kinds[0] != kinds[1]
                or dataset.maxshape[0] is not None
            ):
                raise OSError(f"/{column.path} is not as it was made")


def _steps(file: h5py.File, table: Mapping[str, Column]) -> NDArray[np.int64]:
    """Steps of all rows that have been begun."""
    rows = min(file[column.path].shape[0] for column in table.values())
    steps: NDArray[np.int64] = file[table["step"].path][:rows]
    return steps


def _leading(steps: NDArray[np.int64], *, strictly: bool) -> NDArray[np.int64]:
    """The first so many that are steps and follow one another."""
    good = steps >= 0
    good[1:] &= np.diff(steps) >= (1 if strictly else 0)
    bad = np.flatnonzero(~good)
    return steps[: bad[0]] if bad.size else steps


def _sound_events(
    file: h5py.File, layout: h5md.Layout, certain: int
) -> tuple[NDArray[np.int64], int]:
    """Steps of all events begun, and how many of them, from the first on, are as they were written.

    Those up to `certain` are taken to be.
    """
    steps = _steps(file, layout.events)
    good = _leading(steps, strictly=False)
    count = len(good)
    for start in range(int(np.searchsorted(good, certain, side="right")), count, BLOCK):
        part = slice(start, min(start + BLOCK, count))
        try:
            rows = {name: file[column.path][part] for name, column in layout.events.items()}
        except OSError:
            return steps, start
        if layout.checksums:
            bad = np.flatnonzero(checksums.of_events(rows, layout) != rows["checksum"])
            if bad.size:
                return steps, start + int(bad[0])
    return steps, count


def _sound_changes(
    file: h5py.File, layout: h5md.Layout, certain: int
) -> tuple[NDArray[np.int64], int, int]:
    """The same of changes of description, and how much text they have."""
    steps = _steps(file, layout.changes)
    good = _leading(steps, strictly=False)
    first = int(np.searchsorted(good, certain, side="right"))
    ends = file[layout.changes["end"].path]
    begin = int(ends[first - 1]) if first else 0
    stored = checksums.of_changes(file, len(good))
    for k in range(first, len(good)):
        try:
            end = int(ends[k])
            text = file[CHANGE_TEXT][begin:end].tobytes()
            digest = file[layout.changes["digest"].path][k]
            checksums.check_change(k, stored[k], int(good[k]), end, digest, text)
        except OSError:
            return steps, k, begin
        if len(text) != end - begin:
            return steps, k, begin
        begin = end
    return steps, len(good), begin
