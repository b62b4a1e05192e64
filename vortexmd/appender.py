"""Rows into an H5MD file that is open in SWMR mode: each frame at once or not at all.

A frame is there once its step is: everything else is written and flushed before. Whoever reads the
file while it is written, or after a kill, goes by the steps.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from math import inf, prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd import checksums, h5md
from vortexmd.copying import telling_damage
from vortexmd.files import reserve, same_file, sync
from vortexmd.frames import Row, same
from vortexmd.h5md import CHANGE_COLUMNS
from vortexmd.recovery import widen
from vortexmd.superblock import read_header

# Room for indexes and for closing the file, claimed beyond what a frame itself takes.
MARGIN = 2**20


@dataclass(frozen=True)
class Change:
    """From `step` on another description holds; `digest` is the frame at that step under it."""

    step: int
    digest: NDArray[np.uint8]
    text: str


class Appender:
    """A whole trajectory file, open to be continued.

    Parameters
    ----------
    path
        The file: closed by its last writer, or made whole.

    Raises
    ------
    OSError
        If it is open for reading in this process.
    """

    def __init__(self, path: Path):
        self.path = path
        self._open()
        extent = h5md.extent(self._file)
        self.frames, self.events = extent.frames, extent.events
        self._text_end = extent.text
        self.steps: NDArray[np.int64] = self._file[h5md.STEP][: self.frames]
        self.event_steps: NDArray[np.int64] = self._file[h5md.EVENT_STEP.path][: self.events]
        self.last_step = int(self.steps[-1]) if self.frames else -1
        self.changes = self._read_changes(extent)
        self.dtype: np.dtype[Any] = self._columns["position"].dtype
        self._last_ids = self._read_ids(self.frames - 1)

    def _open(self) -> None:
        access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
        access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
        access.set_file_locking(False, True)
        # In SWMR mode from the first byte: opened plainly and switched over, a file whose writer is
        # killed in between could not be opened again.
        flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
        try:
            self._file = h5py.File(h5py.h5f.open(os.fsencode(self.path), flags, access))
        except OSError as error:
            if "read-only" in str(error):
                raise OSError(
                    f"trajectory {self.path}: open for reading in this process; close it first "
                    f"(leave the `with` block, close the h5py.File)"
                ) from None
            raise OSError(
                f"trajectory {self.path}: cannot be opened to be written ({error})"
            ) from None
        h5md.check_ours(self._file, self.path)
        self._descriptor = os.open(self.path, os.O_RDWR)
        self.layout = h5md.layout_of(self._file)
        self._columns = {name: self._file[c.path] for name, c in self.layout.frames.items()}
        self._width = self._columns["id"].shape[1]

    def close(self) -> None:
        """Close the file, readable by all and on the disk; once it is closed, do nothing."""
        if not self._file:
            return
        try:
            self._file.close()
            if not self.is_in_place():
                return
            end = read_header(self.path).end
            if os.fstat(self._descriptor).st_size > end:
                os.truncate(self.path, end)
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)

    def sync(self) -> None:
        """Everything on the disk."""
        self._file.flush()
        os.fsync(self._descriptor)

    def is_in_place(self) -> bool:
        """Whether the file still stands under its name: nobody removed or replaced it."""
        return same_file(self._descriptor, self.path)

    def close_elsewhere(self, path: Path) -> None:
        """Close a file that was removed, and copy what it holds to a new file.

        Raises
        ------
        OSError
            If there is one, the folder is gone, or there is no room.
        """
        with open(os.dup(self._descriptor), "rb") as held:
            self.close()
            with open(path, "xb") as copy:
                held.seek(0)
                shutil.copyfileobj(held, copy, 2**20)
        sync(path)

    # ------------------------------------------------------------------ what is there

    def index(self, step: int) -> int | None:
        """Which frame was, when the file was opened, at that step."""
        k = int(np.searchsorted(self.steps, step))
        return k if k < len(self.steps) and self.steps[k] == step else None

    def ids_before(self, frame: int) -> NDArray[np.int64]:
        """(width,) ids of the frame before, −1 where there is none."""
        return self._last_ids if frame == self.frames else self._read_ids(frame - 1)

    def difference(self, frame: int, row: Row) -> str | None:
        """How a stored frame differs from a computed one, in words; None if in no bit."""
        for name, column in self._columns.items():
            stored, fresh = column[frame], row[name]
            if name in self.layout.particles:
                if len(fresh) > len(stored):
                    return "more vortices than the file has room for"
                padded = np.full(stored.shape, self.layout.particles[name].fill, stored.dtype)
                padded[: len(fresh)] = fresh
                fresh = padded
            stored = np.asarray(stored, dtype=fresh.dtype)
            if not same(stored, fresh):
                return f"{name} {_by_how_much(stored, fresh)}"
        return None

    def event_rows(self, start: int, stop: int) -> Row:
        """Stored events start … stop − 1; ValueError if they are not as they were written."""
        rows = {name: self._file[c.path][start:stop] for name, c in self.layout.events.items()}
        with telling_damage(self.path):
            checksums.check_events(rows, self.layout, start)
        return rows

    def descriptions_at(self, step: int) -> list[str]:
        """Descriptions that hold at a step: where one changes into another, both do."""
        begins = [-1, *(change.step for change in self.changes)]
        ends = [*begins[1:], inf]
        first = h5md.read_text(self._file, h5md.DESCRIPTION)
        texts = [first, *(change.text for change in self.changes)]
        return [t for t, b, e in zip(texts, begins, ends, strict=True) if b <= step <= e]

    # ------------------------------------------------------------------ what is added

    def append(self, row: Row | None, events: Row) -> None:
        """Add a frame, events, or both.

        If it is interrupted before `last_step` says that the frame is there, it may be called again.

        Raises
        ------
        OSError
            If there is no room; nothing has been touched then.
        """
        tables: list[tuple[dict[str, h5py.Dataset], int, Row]] = []
        if row is not None:
            self._widen(len(row["id"]))
        self._reserve(row, events)
        if len(events["step"]):
            columns = {name: self._file[c.path] for name, c in self.layout.events.items()}
            tables.append((columns, self.events, events))
        if row is not None:
            frame = {name: row[name][None] for name in self.layout.frames}
            tables.append((self._columns, self.frames, frame))
        for columns, start, values in tables:
            for name, column in columns.items():
                if name != "step":
                    self._put(column, start, values[name])
        self._file.flush()
        for columns, start, values in tables:
            self._put(columns["step"], start, values["step"])
            columns["step"].flush()
        now = (self.events + len(events["step"]), self.frames, self.last_step, self._last_ids)
        if row is not None:
            now = (now[0], self.frames + 1, int(row["step"]), row["id"])
        # In one go: Ctrl-C comes before or after.
        self.events, self.frames, self.last_step, self._last_ids = now

    def append_change(self, change: Change) -> None:
        """Note that from a step on another description holds."""
        text = np.frombuffer(change.text.encode(), dtype=np.uint8)
        reserve(self._descriptor, self.path, self._file.id.get_filesize(), MARGIN + text.size)
        self._put(self._file[h5md.CHANGE_TEXT], self._text_end, text)
        start = len(self.changes)
        end = self._text_end + text.size
        self._put(self._file[CHANGE_COLUMNS["digest"].path], start, change.digest[None])
        self._put(self._file[CHANGE_COLUMNS["end"].path], start, np.array([end]))
        if self.layout.checksums:
            seal = checksums.of_change(change.step, end, change.digest, text.tobytes())
            column = self._file[self.layout.changes["checksum"].path]
            noted = [[seal, h5md.count_checksum(self.frames)]]
            self._put(column, start, np.array(noted, dtype="u4"))
        self._file.flush()
        self._put(self._file[CHANGE_COLUMNS["step"].path], start, np.array([change.step]))
        self._file.flush()
        self.changes.append(change)
        self._text_end = end

    def _put(self, dataset: h5py.Dataset, start: int, values: NDArray[Any]) -> None:
        """Rows of one dataset from `start` on; h5py's own indexing takes three times as long."""
        values = np.ascontiguousarray(values)
        tail = dataset.shape[1:]
        if len(tail) and dataset.maxshape[1] != tail[0]:
            tail = (self._width, *tail[1:])
        dataset.id.set_extent((start + len(values), *tail))
        if values.size:
            space = dataset.id.get_space()
            space.select_hyperslab((start,) + (0,) * (values.ndim - 1), values.shape)
            dataset.id.write(h5py.h5s.create_simple(values.shape), space, values)

    def _widen(self, width: int) -> None:
        """Make the particle arrays `width` wide, if they are narrower."""
        if width > self._columns["id"].maxshape[1]:
            self.close()
            widen(self.path, width)
            self._open()
        self._width = max(self._width, width)

    def _reserve(self, row: Row | None, events: Row) -> None:
        size = MARGIN + sum(array.nbytes for array in events.values())
        if row is not None:
            for name in self.layout.particles:
                column = self._columns[name]
                chunks = -(-len(row[name]) // column.chunks[1])
                size += chunks * prod(column.chunks) * column.dtype.itemsize
        reserve(self._descriptor, self.path, self._file.id.get_filesize(), size)

    def _read_ids(self, frame: int) -> NDArray[np.int64]:
        if frame < 0:
            return np.empty(0, dtype=np.int64)
        return self._columns["id"][frame]

    def _read_changes(self, extent: h5md.Extent) -> list[Change]:
        return read_changes(self._file, extent)


def read_changes(file: h5py.File, extent: h5md.Extent) -> list[Change]:
    """The changes of description that a file notes."""
    columns = {name: file[c.path][: extent.changes] for name, c in CHANGE_COLUMNS.items()}
    text = file[h5md.CHANGE_TEXT][: extent.text].tobytes()
    begins = [0, *columns["end"].tolist()]
    stored = checksums.of_changes(file, extent.changes)
    changes = []
    for k, (step, digest) in enumerate(
        zip(columns["step"].tolist(), columns["digest"], strict=True)
    ):
        part = text[begins[k] : begins[k + 1]]
        checksums.check_change(k, stored[k], step, begins[k + 1], digest, part)
        changes.append(Change(step, digest, part.decode()))
    return changes


def _by_how_much(stored: NDArray[Any], fresh: NDArray[Any]) -> str:
    if stored.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            gap = np.abs(stored.astype(float) - fresh)
        if np.isfinite(gap).any():
            return f"differs by up to {np.nanmax(gap):.3g}"
    elif stored.ndim == 0:
        return f"is {stored} in the file, {fresh} now"
    return "differs"
