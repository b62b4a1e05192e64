"""Trajectory files that a killed run leaves, made whole again.

A run that is killed leaves its file in SWMR mode: readable by whoever knows how (`load` does),
refused by everybody else, and perhaps with a frame half written. It is mended by copying what
is complete into a new file that takes the old one's place at the very end, so that nothing is lost
whatever happens meanwhile. Chunks are copied as they are, without unpacking.
"""

from __future__ import annotations

import os
import shutil
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from vortexmd import checksums, h5md
from vortexmd.copying import copy, telling_damage
from vortexmd.files import (
    WriterLock,
    check_folder,
    free_name,
    is_locked,
    replace,
    sync_folder,
)
from vortexmd.h5md import Extent
from vortexmd.index_repair import RepairedFile
from vortexmd.soundness import check_as_made, sound_extent
from vortexmd.superblock import KilledFile, read_header

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
        Keep the first so many only (say, those before a frame that a power failure has damaged); the file
        with all of them stays as ``….damaged``. Default: all that are complete.

    Returns
    -------
    int
        The number of frames in the file.

    Raises
    ------
    BlockingIOError
        If the file is being written.
    FileNotFoundError, ValueError
        If it is missing, truncated or not a trajectory, or has fewer frames than that, or there is damage
        in what is to be kept.
    OSError
        If there is no room for the copy; the file is then as it was.
    """
    path = Path(os.path.realpath(path))
    read_header(path)
    check_folder(path, "trajectory")
    lock = WriterLock(path)
    try:
        return make_whole(path, frames, look=True)
    finally:
        lock.release()


def make_whole(
    path: Path, frames: int | None = None, *, certain: int | None = None, look: bool = False
) -> int:
    """As `recover`, for whoever holds the writer's lock already.

    Parameters
    ----------
    path, frames
        As there.
    certain
        The step of a checkpoint with which the run goes on. Frames after it that a power failure has
        damaged are no error then: from the first one on they are left out, to be computed again.
    look
        Hold all that is kept against its checksums, which takes as long as reading it.

    Warns
    -----
    UserWarning
        If frames are left out.
    """
    header = read_header(path)
    if header.writing and not (header.swmr or header.damaged or header.truncated):
        # Our own writers are in SWMR mode from the first byte on.
        raise ValueError(
            f"trajectory {path}: already open for writing in another program; if none has it open, "
            f"`h5clear -s FILE` mends it"
        )
    with open_to_read(path, alone=True) as file:
        with telling_damage(path):
            h5md.check_ours(file, path)
            kept = there = h5md.extent(file)
        if frames is not None:
            kept = _shorter(file, kept, frames, path)
        if certain is not None:
            kept = _sound(file, kept, certain, path)
        found = checksums.damage(file, kept) if look else None
        if found is not None:
            raise ValueError(
                f"trajectory {path}: damaged ({found[1]}); the frames before stay with "
                f"vortexmd.recovery.recover(path, frames={found[0]})"
            )
        if not header.writing and h5md.is_whole(file, kept):
            return kept.frames
        temporary = copy(file, path, kept)
    if frames is not None and kept.frames < there.frames:
        keep_damaged(path)
    replace(temporary, path)
    if certain is not None and kept.frames < there.frames:
        _tell(path, f"damaged from frame {kept.frames} on", "that")
    return kept.frames


def _sound(file: h5py.File, kept: Extent, certain: int, path: Path) -> Extent:
    """Without what comes after a step and is not as it was written."""
    with telling_damage(path):
        # Once it is open in SWMR mode, HDF5 would meet a damaged index by waiting for its writer.
        for table in h5md.layout_of(file).tables:
            for column in table.values():
                file[column.path].id.chunk_iter(lambda info: None)
        sound = sound_extent(file, certain)
        if (sound.frames, sound.events, sound.changes) == (kept.frames, kept.events, kept.changes):
            return kept
        return _shorter(file, sound, sound.frames, path, certain)


def mend(path: Path, certain: int) -> int:
    """Make a trajectory whole with which a run goes on, whatever a power failure has done to it.

    For whoever holds the writer's lock: `make_whole`, and where that is refused, `salvage`.

    Parameters
    ----------
    path
        The file.
    certain
        The step of the checkpoint from which the run goes on; −1 without one.

    Returns
    -------
    int
        The number of frames in the file.

    Raises
    ------
    ValueError
        If what is there up to `certain` cannot be saved, it is not a trajectory, or another program has it
        open; it is as it was then.
    OSError
        If there is no room for the copy; it is as it was then.

    Warns
    -----
    UserWarning
        If frames are left out.
    """
    path = Path(os.path.realpath(path))
    try:
        return make_whole(path, certain=certain)
    except ValueError as error:
        header = read_header(path)
        if header.writing and not (header.swmr or header.damaged):
            # Another program's, which may be writing it now.
            raise
        problem = str(error).removeprefix(f"trajectory {path}: ")
        kept = salvage(path, problem=problem, certain=certain)
        if kept is None:
            raise
        return kept


def salvage(path: Path, *, problem: str, certain: int = -1) -> int | None:
    """Save what can be read of a damaged trajectory; for whoever holds the writer's lock.

    Structures that a power failure has torn are read as they are, and frames kept up to the first that
    does not have its checksums. The damaged file stays as ``….damaged``.

    Parameters
    ----------
    path
        The file.
    problem
        What is wrong with it, in words: for the warning.
    certain
        The step of a good checkpoint of the same run; −1 without one.

    Returns
    -------
    int or None
        The number of frames that the file now has. None if something up to `certain` would be missing, or
        the file is one from before there were checksums, where nothing would tell what was repaired from what
        was written: nothing is changed then.

    Raises
    ------
    OSError
        If there is no room for the copy; the file is as it was then.

    Warns
    -----
    UserWarning
        In one line: what was wrong, what is kept, under which name the damaged file stays.
    """
    path = Path(os.path.realpath(path))
    with ExitStack() as stack:
        try:
            with telling_damage(path):
                file = stack.enter_context(RepairedFile(path))
                h5md.check_ours(file, path)
                check_as_made(file)
                kept = sound_extent(file, certain, all_frames=True)
                if not h5md.layout_of(file).checksums or _lacks(file, kept, certain):
                    return None
                kept = _shorter(file, kept, kept.frames, path, certain)
        except ValueError:
            return None
        temporary = copy(file, path, kept)
    damaged = keep_damaged(path)
    replace(temporary, path)
    _tell(path, problem, f"what comes after its first {kept.frames} frames", damaged)
    return kept.frames


def _lacks(file: h5py.File, kept: Extent, certain: int) -> bool:
    """Whether something up to the step of a checkpoint is not kept: the run would go on over a hole."""
    for path, count in ((h5md.STEP, kept.frames), (h5md.EVENT_STEP.path, kept.events)):
        steps = file[path][count:]
        if ((steps >= 0) & (steps <= certain)).any():
            return True
    return False


def description_of(path: Path) -> dict[str, Any]:
    """The description in a trajectory, however torn; ValueError if it cannot be read."""
    read_header(path)
    with telling_damage(path), RepairedFile(path) as file:
        h5md.check_ours(file, path)
        described: dict[str, Any] = h5md.read_json(file, h5md.DESCRIPTION)
    return described


def keep_damaged(path: Path) -> Path:
    """Give a damaged file that is to be replaced a second name, ``….damaged``, and tell it."""
    first = path.with_name(f"{path.name}.damaged")
    if first.exists() and first.samefile(path):
        return first
    new = free_name(path, "damaged")
    try:
        os.link(path, new)
    except OSError:
        # No links on this file system.
        shutil.copy2(path, new)
    sync_folder(path)
    return new


def _tell(path: Path, problem: str, lost: str, damaged: Path | None = None) -> None:
    kept = "" if damaged is None else f"; the damaged file is kept as {damaged.name}"
    warnings.warn(
        f"trajectory {path}: {problem} (a power failure?); {lost} is computed anew{kept}",
        UserWarning,
        stacklevel=4,
    )


def widen(path: Path, width: int) -> None:
    """Write a file anew whose particle arrays can grow to `width` and beyond."""
    with open_to_read(path, alone=True) as file:
        temporary = copy(file, path, h5md.extent(file), h5md.HEADROOM * width)
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
        if header.damaged:
            reason = "its first 48 bytes are damaged"
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


def _shorter(file: h5py.File, kept: Extent, frames: int, path: Path, certain: int = -1) -> Extent:
    """What is left when only the first frames are kept: events and changes up to the last one.

    Changes up to `certain`, a checkpoint's step, stay: they hold for the run that goes on from it.
    """
    if isinstance(frames, bool) or not 0 <= frames <= kept.frames:
        raise ValueError(f"frames = {frames!r}: {path} has {kept.frames}")
    last = int(file[h5md.STEP][frames - 1]) if frames else -1
    events = int(np.searchsorted(file["events/step"][: kept.events], last, side="right"))
    steps = file["parameters/changes/step"][: kept.changes]
    noted = int(np.searchsorted(steps, certain, side="right"))
    changes = max(int(np.searchsorted(steps, last)), noted)
    text = int(file["parameters/changes/end"][changes - 1]) if changes else 0
    return Extent(frames, kept.width, events, changes, text)
