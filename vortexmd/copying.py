"""A trajectory file copied, up to the last row that is to be kept: chunks as they are, without unpacking."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from vortexmd import h5md
from vortexmd.files import beside, make_room
from vortexmd.h5md import Extent

# More than the groups, attributes and indexes of a file ever take.
OVERHEAD = 2**20
# What a full disk, a quota and a limit on file sizes say: nothing of the file that is read.
NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """What h5py raises over damaged data, as one line."""
    try:
        yield
    except (OSError, KeyError, RuntimeError, json.JSONDecodeError) as error:
        if getattr(error, "errno", None) in NO_ROOM:
            raise
        raise ValueError(f"trajectory {path}: damaged or truncated ({error})") from None


def copy(source: h5py.File, path: Path, kept: Extent, limit: int = 0) -> Path:
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
    # By address: groups may stand in a circle.
    made: dict[Any, str] = {h5py.h5o.get_info(source.id).addr: "/"}

    def visit(name: str) -> None:
        link = source.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            target[name] = link
            return
        item = source[name]
        address = h5py.h5o.get_info(item.id).addr
        if address in made:
            target[name] = target[made[address]]
            return
        made[address] = name
        if isinstance(item, h5py.Group):
            _copy_attributes(item, target.require_group(name))
            for child in item:
                visit(f"{name}/{child}")
            return
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
