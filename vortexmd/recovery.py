"""Trajectory files that a killed run leaves, made whole again.

A run that is killed leaves its file in SWMR mode: readable by whoever knows how (`load` does),
refused by everybody else, and perhaps with a frame half written. It is mended by copying what
is complete into a new file that takes the old one's place at the very end, so that nothing is lost
whatever happens meanwhile. Chunks are copied as they are, without unpacking.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from vortexmd import h5md
from vortexmd.files import WriterLock, beside, check_folder, is_locked, make_room, replace
from vortexmd.h5md import Extent
from vortexmd.superblock import KilledFile, read_header

# More than the groups, attributes and indexes of a file ever take.
OVERHEAD = 2**20
ATTEMPTS = 4


def recover(path: str | Path, *, frames: int | None = None) -> int:
    """Make a trajectory whole after its run was killed.

    `TrajectoryWriter(..., resume=True)` does this by itself; call it to open the file of a run that
    will not be continued with other programs.

    Parameters
    ----------
    path
        The file.
    frames
        Keep the first so many only (say, those before a frame that a power failure has damaged).
        Default: all that are complete.

    Returns
    -------
    int
        The number of frames in the file.

    Raises
    ------
    BlockingIOError
        If the file is being written.
    FileNotFoundError, ValueError
        If it is missing, truncated or not a trajectory, or has fewer frames than that.
    OSError
        If there is no room for the copy; the file is then as it was.
    """
    path = Path(os.path.realpath(path))
    read_header(path)
    check_folder(path, "trajectory")
    lock = WriterLock(path)
    try:
        return make_whole(path, frames)
    finally:
        lock.release()


def make_whole(path: Path, frames: int | None = None) -> int:
    """As `recover`, for whoever holds the writer's lock already."""
    header = read_header(path)
    with open_to_read(path, alone=True) as file:
        with telling_damage(path):
            h5md.check_ours(file, path)
            kept = h5md.extent(file)
        if frames is not None:
            kept = _shorter(file, kept, frames, path)
        if not header.writing and h5md.is_whole(file, kept):
            return kept.frames
        temporary = _copy(file, path, kept)
    replace(temporary, path)
    return kept.frames


def widen(path: Path, width: int) -> None:
    """Write a file anew whose particle arrays can grow to `width` and beyond."""
    with open_to_read(path, alone=True) as file:
        temporary = _copy(file, path, h5md.extent(file), h5md.HEADROOM * width)
    replace(temporary, path)


def open_to_read(path: Path, *, alone: bool = False) -> h5py.File:
    """Open for reading, whatever state the file is in, and without standing in a writer's way.

    Parameters
    ----------
    path
        The file.
    alone
        Nobody is writing it: the caller holds the writer's lock.

    Raises
    ------
    FileNotFoundError, ValueError
        In one line: missing, not HDF5, truncated, damaged, or open elsewhere in a mode that shuts
        readers out.
    """
    locking: bool | None = False
    for attempt in range(ATTEMPTS):
        # Its writer may be opening or closing it at this moment.
        time.sleep(0.02 * attempt)
        header = read_header(path)
        if header.truncated:
            # HDF5 would give zeros for what is missing.
            reason = "truncated; a copy or download that was cut short?"
            continue
        try:
            if header.swmr and (alone or is_locked(path) is False):
                return KilledFile(path)
            return h5py.File(path, "r", libver="latest", swmr=header.swmr, locking=locking)
        except OSError as error:
            reason = str(error)
            if "locking flag" in reason:
                # This process has it open by another way, and HDF5 wants the two alike.
                locking = None
            if "already open" in reason:
                reason += "; if no program has it open, `h5clear -s FILE` mends it"
    raise ValueError(f"trajectory {path}: cannot be opened ({reason})")


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """What h5py raises over damaged data, as one line."""
    try:
        yield
    except (OSError, KeyError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"trajectory {path}: damaged or truncated ({error})") from None


def _shorter(file: h5py.File, kept: Extent, frames: int, path: Path) -> Extent:
    """What is left when only the first frames are kept: events and changes up to the last one."""
    if isinstance(frames, bool) or not 0 <= frames <= kept.frames:
        raise ValueError(f"frames = {frames!r}: {path} has {kept.frames}")
    last = int(file[h5md.STEP][frames - 1]) if frames else -1
    events = int(np.searchsorted(file["events/step"][: kept.events], last, side="right"))
    changes = int(np.searchsorted(file["parameters/changes/step"][: kept.changes], last))
    text = int(file["parameters/changes/end"][changes - 1]) if changes else 0
    return Extent(frames, kept.width, events, changes, text)


def _copy(source: h5py.File, path: Path, kept: Extent, limit: int = 0) -> Path:
    """A copy of what is kept, under a temporary name in the same folder."""
    temporary = beside(path, "recovering")
    try:
        make_room(temporary, path.stat().st_size + OVERHEAD)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{error.strerror}; making the file whole takes a copy of it: free some room and try again",
            str(path),
        ) from None
    layout = h5md.layout_of(source)
    rows = {
        column.path: n
        for table, n in zip(layout.tables, (kept.frames, kept.events, kept.changes), strict=True)
        for column in table.values()
    }
    rows[h5md.CHANGE_TEXT] = kept.text
    wide = {column.path for column in layout.particles.values()}
    made: dict[Any, str] = {}

    def visit(name: str) -> None:
        link = source.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            target[name] = link
            return
        item = source[name]
        if isinstance(item, h5py.Group):
            _copy_attributes(item, target.require_group(name))
            for child in item:
                visit(f"{name}/{child}")
            return
        address = h5py.h5o.get_info(item.id).addr
        if address in made:
            target[name] = target[made[address]]
            return
        made[address] = name
        growing = next((p for p in rows if source[p] == item), None)
        if growing is None:
            source.copy(item, target, name=name)
            return
        width = kept.width if growing in wide else None
        _copy_rows(item, target, name, rows[growing], width, limit)

    try:
        with (
            telling_damage(path),
            h5py.File(temporary, "w", libver="latest", locking=False) as target,
        ):
            _copy_attributes(source, target)
            for child in source:
                visit(child)
        shutil.copymode(path, temporary)
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def _copy_attributes(source: h5py.HLObject, target: h5py.HLObject) -> None:
    for name in source.attrs:
        # The value alone would lose a fixed length or a character set.
        attribute = source.attrs.get_id(name)
        target.attrs.create(name, source.attrs[name], attribute.shape, attribute.dtype)


def _copy_rows(
    source: h5py.Dataset, target: h5py.File, name: str, rows: int, width: int | None, limit: int
) -> None:
    """The first rows of a growing dataset, cut to `width`; full chunks as they are."""
    shape = (rows, *source.shape[1:]) if width is None else (rows, width, *source.shape[2:])
    most = list(source.maxshape)
    if width is not None:
        most[1] = max(most[1], limit)
    target.require_group(name.rpartition("/")[0])
    dataset = h5py.Dataset(
        h5py.h5d.create(
            target.id,
            name.encode(),
            source.id.get_type(),
            h5py.h5s.create_simple(
                shape, tuple(h5py.h5s.UNLIMITED if m is None else m for m in most)
            ),
            source.id.get_create_plist(),
        )
    )
    _copy_attributes(source, dataset)
    depth = source.chunks[0]
    whole = rows - rows % depth
    chunks: list[tuple[int, ...]] = []
    source.id.chunk_iter(lambda info: chunks.append(info.chunk_offset))
    for offset in chunks:
        if offset[0] < whole and all(o < n for o, n in zip(offset, shape, strict=True)):
            mask, raw = source.id.read_direct_chunk(offset)
            dataset.id.write_direct_chunk(offset, raw, mask)
    # A chunk that also holds what is not kept is unpacked.
    if whole < rows:
        dataset[whole:rows] = source[whole:rows]
