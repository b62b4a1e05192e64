"""Trajectory files as a simulation writes them: H5MD, whole after every frame, resumable.

Layout and promises: docs/trajectory_format.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from vortexmd import h5md
from vortexmd.appender import Appender, Change
from vortexmd.checks import file_path, flag, shown, whole
from vortexmd.copying import OVERHEAD
from vortexmd.differences import first_difference
from vortexmd.files import (
    WriterLock,
    beside,
    check_folder,
    free_name,
    make_room,
    place_new,
    replace,
)
from vortexmd.frames import Row, Source, digest, event_rows, frame_row, same
from vortexmd.new_file import create
from vortexmd.provenance import provenance
from vortexmd.recovery import make_whole, mend
from vortexmd.superblock import read_header

DTYPES = ("float64", "float32")
# Level 1 takes 60 % of the time of level 4 and leaves 4 % more bytes.
GZIP_LEVEL = 1


class TrajectoryMismatchError(RuntimeError):
    """A run does not repeat, or does not continue, what its trajectory file holds."""


class TrajectoryWriter:
    """Writes frames of a run to an H5MD file.

    >>> writer = vmd.TrajectoryWriter("run.h5", every=100)
    >>> sim.run(10_000, writers=[writer])

    The file is whole after every frame: a kill at any moment loses nothing that was written, another
    process can read it meanwhile (`load`), and between runs it is closed. A second `run` with the same
    writer goes on in the same file; what was changed in between (drives, pins, reactions, dt) is noted
    in it.

    Parameters
    ----------
    path
        The file. It appears as the first run begins.
    every
        Steps between frames: those that `every` divides are written.
    dtype
        Of positions: ``"float64"`` or ``"float32"`` (half the size; about 7 digits). All else is exact.
    compression
        ``"gzip"`` (level 1), a gzip level 0 … 9, or None.
    overwrite
        Replace an existing file, once the new one has a frame.
    resume
        Go on with an existing file, mended first if its run was killed. Frames and events that it
        already has are compared with the recomputed ones, bit for bit; nothing is ever overwritten.

    Raises
    ------
    ValueError
        Naming the argument.
    """

    def __init__(
        self,
        path: str | Path,
        every: int = 100,
        *,
        dtype: str = "float64",
        compression: str | int | None = "gzip",
        overwrite: bool = False,
        resume: bool = False,
    ):
        self.path = file_path("path", path).absolute()
        self.every = whole("every", every, 1, 2**62)
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ValueError(f"dtype = {shown(dtype)}: give one of {', '.join(DTYPES)}")
        if isinstance(compression, str) and compression == "gzip":
            compression = GZIP_LEVEL
        elif isinstance(compression, str):
            raise ValueError(
                f"compression = {shown(compression)}: give 'gzip', a level 0 … 9, or None"
            )
        self.overwrite = flag("overwrite", overwrite)
        self.resume = flag("resume", resume)
        if self.overwrite and self.resume:
            raise ValueError("overwrite, resume: give one of the two, not both")
        self.dtype = np.dtype(dtype)
        self.compression = None if compression is None else whole("compression", compression, 0, 9)
        self._lock: WriterLock | None = None
        self._file: Appender | None = None
        # Where the file is to be; one that replaces another grows under another name at first.
        self._target = self.path
        # The file there is the one that this writer writes.
        self._published = False
        self._failed = self._diverged = False
        # The frame at this step needs no further attention.
        self._done = -1
        self._events_compared = 0
        # Which simulation this writer has followed, and to what step.
        self._left: tuple[Any, int] | None = None

    # ------------------------------------------------------------------ what a simulation calls

    def start(self, sim: Source) -> None:
        """Open the file; called as a run begins.

        Raises
        ------
        FileExistsError
            If there is a file and neither `overwrite` nor `resume` was given.
        TrajectoryMismatchError
            If the file holds another run (description or frame differ), or one without pinning regions.
        ValueError
            If the file is not a trajectory, truncated, or of another dtype.
        BlockingIOError
            If another process is writing it.
        OSError
            If the folder cannot be written, or there is no room.
        """
        if self._file is not None:
            raise RuntimeError(f"trajectory {self.path}: this writer is at work; give it once only")
        self._target = Path(os.path.realpath(self.path))
        check_folder(self._target, "trajectory")
        self._failed = self._diverged = False
        self._done = -1
        if self._left is None or self._left[0] is not sim:
            self._events_compared = 0
        self._lock = WriterLock(self._target)
        try:
            if self._published or (self.resume and self._target.exists()):
                self._continue(sim)
            else:
                self._create(sim)
        except BaseException:
            self._failed = True
            self._close()
            raise

    def write(self, sim: Source) -> None:
        """Add the present frame, or compare it with the one that the file has.

        Raises
        ------
        TrajectoryMismatchError
            If the file has another one.
        OSError
            If there is no room left, or somebody has removed the file; the frames before are safe.
        """
        if int(sim.step) == self._done:
            return
        try:
            self._write(sim, self._open_file())
        except BaseException as error:
            self._failed = True
            self._diverged = isinstance(error, TrajectoryMismatchError)
            raise
        self._done = int(sim.step)

    def sync(self) -> None:
        """Make everything written so far last through a power loss.

        Raises
        ------
        FileNotFoundError
            If somebody has removed the file; what it held is put back first.
        """
        if self._file is not None:
            self._check_in_place(self._file)
            self._file.sync()

    def finish(self, sim: Source) -> None:
        """Close the file; called as a run ends, however it does."""
        if self._lock is None:
            return
        try:
            if self._file is not None and not self._failed:
                self._check_in_place(self._file)
                events = self._new_events(sim, self._file)
                if len(events["step"]):
                    self._file.append(None, events)
        except BaseException as error:
            self._failed = True
            self._diverged = isinstance(error, TrajectoryMismatchError)
            raise
        finally:
            # A run that went astray must not pass for a change when it is tried again.
            self._left = None if self._diverged else (sim, int(sim.step))
            self._close()

    # ------------------------------------------------------------------ beginning

    def _create(self, sim: Source) -> None:
        target = self._target
        replaces = target.exists()
        if replaces and not self.overwrite:
            raise FileExistsError(_exists(target))
        new = beside(target, "new")
        state = sim.state
        description = h5md.canonical(sim.description())
        try:
            make_room(new, OVERHEAD + len(description))
            create(
                new,
                h5md.Layout(regions=sim.region_labels is not None),
                state.box,
                len(state),
                self.dtype.str,
                self.compression,
                description,
                json.dumps(provenance()),
            )
            if replaces:
                self._file = Appender(new)
                return
            place_new(new, target)
        except FileExistsError:
            raise FileExistsError(_exists(target)) from None
        finally:
            if self._file is None:
                new.unlink(missing_ok=True)
        self._published = True
        self._file = Appender(target)

    def _publish(self, file: Appender) -> None:
        """The new file has its first frame: it takes the old one's place."""
        file.close()
        replace(file.path, self._target)
        self._published = True
        self._file = Appender(self._target)

    def _continue(self, sim: Source) -> None:
        target = self._target
        if not target.exists():
            raise FileNotFoundError(
                f"trajectory {target}: gone since this writer wrote it; put it back, or go on with a new "
                f"TrajectoryWriter"
            )
        if not self._published or read_header(target).writing:
            mend(target, int(sim.step))
        file = self._file = Appender(target)
        if file.dtype != self.dtype:
            raise ValueError(
                f"dtype = {self.dtype.name!r}: {target} holds {file.dtype.name}; give that one"
            )
        if sim.region_labels is not None and not file.layout.regions:
            raise TrajectoryMismatchError(
                f"trajectory {target}: begun without pinning regions, it has no place for which region a "
                f"vortex is in; write to another file"
            )
        self._check_run(sim, file)
        self._new_events(sim, file)
        self._published = True

    def _check_run(self, sim: Source, file: Appender) -> None:
        """Is this the run that the file holds? A change is taken only where it can be meant."""
        step = int(sim.step)
        text = h5md.canonical(sim.description())
        texts = file.descriptions_at(step)
        frame = file.index(step)
        row: Row | None = None
        problem = None
        if frame is not None:
            row = frame_row(sim, file.ids_before(frame), file.dtype, file.layout)
            problem = file.difference(frame, row)
            fingerprint = digest(row)
            if any(c.step == step and same(c.digest, fingerprint) for c in file.changes):
                problem = None
            self._done = step
        if text in texts and problem is None:
            self._check_gap(step, file)
            return
        # The very simulation that this writer has followed to here: its user has changed it.
        followed = self._left is not None and self._left[0] is sim and self._left[1] <= step
        if followed and file.last_step <= step:
            mark = np.zeros(32, dtype=np.uint8) if row is None else digest(row)
            file.append_change(Change(step, mark, text))
            return
        if text not in texts:
            raise TrajectoryMismatchError(
                f"trajectory {self._target}: holds a run with another description "
                f"({first_difference(texts[-1], text)}); write to another file, or, if the change is "
                f"meant, call sim.run(0, writers=[writer]) before making it"
            )
        assert frame is not None
        raise TrajectoryMismatchError(_not_repeated(self._target, step, frame, str(problem)))

    def _check_gap(self, step: int, file: Appender) -> None:
        if self._left is None and file.frames and step > file.last_step + self.every:
            warnings.warn(
                f"trajectory {self._target}: ends at step {file.last_step}, the simulation is at {step}; "
                f"there will be no frames between",
                UserWarning,
                stacklevel=4,
            )

    # ------------------------------------------------------------------ going on

    def _write(self, sim: Source, file: Appender) -> None:
        step = int(sim.step)
        events = self._new_events(sim, file)
        frame = file.index(step)
        if frame is None and step <= file.last_step:
            raise TrajectoryMismatchError(
                f"trajectory {self._target}: has no frame at step {step}, but later ones (was `every` "
                f"another? it is {self.every} now); write to another file"
            )
        before = file.ids_before(file.frames if frame is None else frame)
        row = frame_row(sim, before, file.dtype, file.layout)
        if frame is not None:
            problem = file.difference(frame, row)
            if problem is not None:
                raise TrajectoryMismatchError(_not_repeated(self._target, step, frame, problem))
            return
        self._check_in_place(file)
        interrupt = None
        try:
            file.append(row, events)
        except KeyboardInterrupt as error:
            # Not in the middle of a frame.
            interrupt = error
            if file.last_step != step:
                file.append(row, events)
        self._events_compared = file.events
        if file.path != self._target:
            self._publish(file)
        if interrupt is not None:
            raise interrupt

    def _check_in_place(self, file: Appender) -> None:
        """Stop where the file was removed or replaced: what is written now would be gone at the end."""
        if file.is_in_place():
            return
        self._failed = True
        frames, path = file.frames, file.path
        if path.exists():
            path = free_name(path, "rescued")
        try:
            file.close_elsewhere(path)
            rescued = f"its {frames} frames were put back as {path}"
        except OSError as error:
            rescued = f"its {frames} frames could not be put back ({error})"
        raise FileNotFoundError(
            f"trajectory {self._target}: removed or replaced while it was being written; {rescued}"
        )

    def _new_events(self, sim: Source, file: Appender) -> Row:
        """Events that the file lacks, after those that it has were compared.

        Events of a step at which one run ends and the next begins may have happened in either, so that
        what must be there is told by earlier and later steps alone.
        """
        total, stored = len(sim.events), file.events
        due = int(np.searchsorted(file.event_steps, int(sim.step)))
        common = min(total, stored)
        fresh = event_rows(sim.events[self._events_compared : common], file.layout)
        kept = file.event_rows(self._events_compared, common)
        if any(not same(kept[name], fresh[name]) for name in kept):
            k = next(
                k
                for k in range(common - self._events_compared)
                if any(not same(kept[name][k], fresh[name][k]) for name in kept)
            )
            k += self._events_compared
            problem = f"instead of event {k} there is {sim.events[k]}"
        elif total < due:
            problem = f"event {total} at step {file.event_steps[total]} has not happened"
        elif total > stored and sim.events[stored].step < file.last_step:
            problem = f"it lacks {sim.events[stored]}"
        else:
            self._events_compared = common
            return event_rows(sim.events[stored:], file.layout)
        raise TrajectoryMismatchError(
            f"trajectory {self._target}: up to step {sim.step} the run does not repeat the events of the "
            f"file ({problem}); {_REMEDY}"
        )

    # ------------------------------------------------------------------ ending

    def _close(self) -> None:
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
                if file.path != self._target:
                    # It never had a frame; what it was to replace stays.
                    file.path.unlink(missing_ok=True)
                elif self._failed:
                    # Perhaps in the middle of a frame. If that cannot be mended now (no room, say),
                    # it will be as the file is next continued, and is left out by readers until then.
                    with contextlib.suppress(OSError, ValueError):
                        make_whole(self._target)
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _open_file(self) -> Appender:
        if self._file is None:
            raise RuntimeError(
                f"trajectory {self.path}: not open; Simulation.run(writers=[…]) opens it"
            )
        return self._file


_REMEDY = (
    "nothing was overwritten; was it started, or continued, in another way or on another machine? Write "
    "to another file"
)


def _not_repeated(path: Path, step: int, frame: int, problem: str) -> str:
    return (
        f"trajectory {path}: step {step} does not repeat frame {frame} of the file ({problem}); "
        f"{_REMEDY}, or drop what the file has from there with "
        f"vortexmd.recovery.recover(path, frames={frame})"
    )


def _exists(path: Path) -> str:
    return (
        f"trajectory {path}: exists; pass overwrite=True to replace it, resume=True to go on with it, or "
        f"choose another name"
    )
