"""The layout of a trajectory file: H5MD 1.1, what stands where, in which type.

P. de Buyl, P. H. Colberg, F. Höfling, Comput. Phys. Commun. 185, 1546 (2014); version 1.1 of the
format at https://www.nongnu.org/h5md/h5md.html. Writer, reader and recovery all go by this table.

Particle arrays grow along time only, as far as HDF5 is concerned: their width is resized within a
fixed limit. Two unlimited axes would index the chunks in a B-tree, which SWMR mode copies at every
flush and never reclaims (16 kB a frame, whatever the number of vortices); one unlimited axis makes
it an array that is updated in place.

Two columns are for pinning regions, and only in files of runs that have some: `Layout` is what one file has.

HDF5 has checksums of its own structures, but none of unpacked data; and where it offers one (Fletcher-32, a
chunk at a time), a chunk of 256 rows of which a kill has torn the last would be lost whole, and a stretch of
−1 that turns into 0 would pass. Hence a CRC-32 of each row, in columns of its own (`vortexmd.checksums`).
Files from before they were introduced lack them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.events import EVENT_KINDS

PARTICLES = "particles/trajectory"
STEP = f"{PARTICLES}/position/step"
TIME = f"{PARTICLES}/position/time"
EDGES = f"{PARTICLES}/box/edges/value"
DESCRIPTION = "parameters/description"
PROVENANCE = "parameters/provenance"
CHANGE_TEXT = "parameters/changes/text"

SERIES_CHUNK = 256
WIDEST_CHUNK = 65536
NARROWEST_CHUNK = 64
# How many times wider than at first the arrays can get before the file is written anew.
HEADROOM = 4
# Bytes: deflate packs at most 1032 to one, so that a file promises no more than so many times its size;
# where little is at stake, nobody asks.
MOST_PACKED, MOST_MEMORY = 1032, 2**30
UNITS = (
    "reduced: length lambda, force Omega_0, energy epsilon_0 = Omega_0 lambda (per length of vortex), "
    "time tau = eta lambda / Omega_0; charge is the winding number"
)


@dataclass(frozen=True)
class Column:
    """One growing dataset: a row a frame (or an event, or a change)."""

    path: str
    tail: tuple[int, ...]
    dtype: Any
    fill: Any = 0


def _per_particle(name: str, tail: tuple[int, ...], dtype: Any, fill: Any) -> Column:
    return Column(f"{PARTICLES}/{name}/value", tail, dtype, fill)


def _series(name: str, tail: tuple[int, ...] = (), dtype: Any = "f8", fill: Any = np.nan) -> Column:
    return Column(f"observables/{name}/value", tail, dtype, fill)


PARTICLE_COLUMNS = {
    "position": _per_particle("position", (3,), "f8", np.nan),
    "image": _per_particle("image", (3,), "i4", 0),
    "charge": _per_particle("charge", (), "i4", 0),
    "id": _per_particle("id", (), "i8", -1),
}
SERIES = {
    "energy": _series("energy"),
    "pair_energy": _series("pair_energy"),
    "external_energy": _series("external_energy"),
    "temperature": _series("temperature"),
    "count": _series("count", (), "i8", -1),
    "displacement": _series("displacement", (2,)),
    "winding_displacement": _series("winding_displacement", (2,)),
}
EDGES_COLUMN = Column(EDGES, (3,), "f8", np.nan)
TIME_COLUMN = Column(TIME, (), "f8", np.nan)
STEP_COLUMN = Column(STEP, (), "i8", -1)
KIND = h5py.enum_dtype({name: k for k, name in enumerate(EVENT_KINDS)}, basetype="i1")
EVENT_COLUMNS = {
    "kind": Column("events/kind", (), KIND),
    "time": Column("events/time", (), "f8", np.nan),
    "ids": Column("events/ids", (2,), "i8", -1),
    "windings": Column("events/windings", (2,), "i4", 0),
    "position": Column("events/position", (2,), "f8", np.nan),
    "product_id": Column("events/product_id", (), "i8", -1),
    "product_winding": Column("events/product_winding", (), "i4", 0),
}
EVENT_STEP = Column("events/step", (), "i8", -1)
CHANGE_COLUMNS = {
    "digest": Column("parameters/changes/digest", (32,), "u1", 0),
    "end": Column("parameters/changes/end", (), "i8", -1),
    "step": Column("parameters/changes/step", (), "i8", -1),
}
# A row of each table has one; a frame has several, so that a part of it can be read and checked.
FRAME_CHECKSUMS = "checksums/frames"
EVENT_CHECKSUM = Column("checksums/events", (), "u4")
# Of a change also one of the number of frames at the time: should its step be lost, this tells.
CHANGE_CHECKSUM = Column("checksums/changes", (2,), "u4")
# What every reading of a frame needs, and what is read as series.
HEAD, ALL_SERIES = ("count", "edges", "time"), (*SERIES, "edges", "time")
# The attribute of a text that has the CRC-32 of its bytes.
CRC = "crc32"
# Of all vortices of a frame at once.
_UNIFORM = (EDGES, TIME, STEP)
# Only where the box is parted into pinning regions.
REGION = _per_particle("region", (), "i4", -1)
EVENT_REGIONS = Column("events/regions", (2,), "i4", -2)


@dataclass(frozen=True)
class Layout:
    """The columns of a file, by name; the step comes last, because a row is there once it has its step."""

    regions: bool
    checksums: bool = False

    @cached_property
    def sealed(self) -> dict[str, tuple[str, ...]]:
        """Which columns of a frame each of its checksums is of, in their order in the file."""
        return {**{name: (name,) for name in self.particles}, "head": HEAD, "series": ALL_SERIES}

    @cached_property
    def particles(self) -> dict[str, Column]:
        """What there is of each vortex: (T, width, …)."""
        return {**PARTICLE_COLUMNS, **({"region": REGION} if self.regions else {})}

    @cached_property
    def frames(self) -> dict[str, Column]:
        """All that a frame has."""
        last = {"edges": EDGES_COLUMN, "time": TIME_COLUMN, "step": STEP_COLUMN}
        sums = Column(FRAME_CHECKSUMS, (len(self.sealed),), "u4")
        return {
            **self.particles,
            **SERIES,
            **({"checksum": sums} if self.checksums else {}),
            **last,
        }

    @cached_property
    def events(self) -> dict[str, Column]:
        """All that an event has."""
        regions = {"regions": EVENT_REGIONS} if self.regions else {}
        sums = {"checksum": EVENT_CHECKSUM} if self.checksums else {}
        return {**EVENT_COLUMNS, **regions, **sums, "step": EVENT_STEP}

    @cached_property
    def changes(self) -> dict[str, Column]:
        """All that a change of description has."""
        sums = {"checksum": CHANGE_CHECKSUM} if self.checksums else {}
        return {**sums, **CHANGE_COLUMNS}

    @property
    def tables(self) -> tuple[dict[str, Column], dict[str, Column], dict[str, Column]]:
        """Frames, events, changes of description."""
        return self.frames, self.events, self.changes


def layout_of(file: h5py.File) -> Layout:
    """Which columns a file has."""
    return Layout(REGION.path in file, FRAME_CHECKSUMS in file)


@dataclass(frozen=True)
class Extent:
    """How much of a file is complete: rows that stand in every dataset."""

    frames: int
    width: int
    events: int
    changes: int
    text: int


def chunk_width(n: int) -> int:
    """Vortices per chunk for frames of n: a frame shares no chunk with another."""
    pieces = -(-n // WIDEST_CHUNK) or 1
    return max(NARROWEST_CHUNK, -(-n // pieces))


def check_ours(file: h5py.File, path: Path) -> None:
    """Refuse an HDF5 file that lacks what a trajectory has, or has it in another form.

    Links that lead elsewhere, in this file or out of it, are not followed.

    Raises
    ------
    ValueError
        Naming what is missing, or not as it should be.
    """
    layout = layout_of(file)
    wanted = {column.path: column for table in layout.tables for column in table.values()}
    wanted[CHANGE_TEXT] = Column(CHANGE_TEXT, (), "u1")
    for name in (*wanted, DESCRIPTION, PROVENANCE):
        problem = _misfit(file, name, wanted.get(name))
        if problem:
            raise ValueError(
                f"trajectory {path}: an HDF5 file, but not a vortexmd trajectory ({problem} /{name})"
            )
    words = file[f"{PARTICLES}/box"].attrs.get("vortexmd_boundary")
    if not isinstance(words, np.ndarray) or words.shape != (2,) or words.dtype.kind != "S":
        raise ValueError(
            f"trajectory {path}: an HDF5 file, but not a vortexmd trajectory (no boundary of its box)"
        )


def _misfit(file: h5py.File, name: str, column: Column | None) -> str | None:
    """What is wrong with a dataset; None for a text stands for its column."""
    parts = name.split("/")
    for k in range(len(parts)):
        link = file.get("/".join(parts[: k + 1]), getlink=True)
        if not isinstance(link, h5py.HardLink):
            return "no" if link is None else "a link in place of"
    item = file[name]
    if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
        return "no plain dataset"
    if column is None:
        return None if item.shape == () and item.dtype.kind == "S" else "no text in"
    # Positions come in two precisions.
    types = ("f4", "f8") if column is PARTICLE_COLUMNS["position"] else (column.dtype,)
    width = 1 if column.path.startswith(f"{PARTICLES}/") and column.path not in _UNIFORM else 0
    if not any(item.dtype == np.dtype(kind) for kind in types):
        return f"values of type {item.dtype} in"
    if item.ndim != 1 + width + len(column.tail) or item.shape[1 + width :] != column.tail:
        return f"shape {item.shape} of"
    return None if item.chunks else "no chunks in"


def extent(file: h5py.File) -> Extent:
    """What is complete in a file, however its writer ended.

    Raises
    ------
    OSError
        If rows are missing from the middle, out of order, or more than the file has room for.
    """
    layout = layout_of(file)
    frames, rows = _complete(file, layout.frames, strictly=True)
    if rows - frames > 1:
        raise OSError(f"frame {frames} has no step, but there are later ones")
    events, rows = _complete(file, layout.events, strictly=False)
    if events < rows and frames:
        # Whatever happened up to a frame is there before it is.
        happened = file[EVENT_COLUMNS["time"].path][events:rows]
        if (happened < (1 - 1e-9) * file[TIME][frames - 1]).any():
            raise OSError(f"event {events} has no step, but there are later frames")
    changes, rows = _complete(file, layout.changes, strictly=False)
    if changes < rows and layout.checksums:
        noted = file[CHANGE_CHECKSUM.path][changes]
        if noted.any() and noted[1] != count_checksum(frames):
            raise OSError(
                f"change {changes} of the description has no step, but there are later frames"
            )
    width = min(file[column.path].shape[1] for column in layout.particles.values())
    widest = max(MOST_MEMORY, MOST_PACKED * file.id.get_filesize())
    if width * 3 * 8 > widest:
        raise OSError(f"frames of {width:,} vortices are more than the file can hold")
    text = int(file[CHANGE_COLUMNS["end"].path][changes - 1]) if changes else 0
    if not 0 <= text <= file[CHANGE_TEXT].shape[0]:
        raise OSError("the text of a change of description is missing")
    return Extent(frames, width, events, changes, text)


def count_checksum(frames: int) -> int:
    """The CRC-32 of the number of frames as a change is noted."""
    return zlib.crc32(frames.to_bytes(8, "little"))


def _complete(file: h5py.File, table: Mapping[str, Column], strictly: bool) -> tuple[int, int]:
    """How many rows of a table are complete, and how many have been begun."""
    rows = min(file[column.path].shape[0] for column in table.values())
    column = table["step"]
    for path in (column.path, CHANGE_TEXT):
        item = file[path]
        if item.id.get_storage_size() < item.dtype.itemsize * item.shape[0]:
            raise OSError(f"/{path} is shorter than it says")
    steps = file[column.path][:rows]
    # A row may be allocated before its step is written.
    missing = np.flatnonzero(steps < 0)
    n = int(missing[0]) if missing.size else rows
    gaps = np.diff(steps[:n])
    if (steps[missing] != column.fill).any() or (gaps < (1 if strictly else 0)).any():
        raise OSError(f"the steps in /{column.path} are out of order")
    return n, rows


def is_whole(file: h5py.File, extent: Extent) -> bool:
    """Whether a file holds nothing beyond what is complete."""
    layout = layout_of(file)
    rows = (extent.frames, extent.events, extent.changes)
    return (
        all(
            file[column.path].shape[0] == n
            for table, n in zip(layout.tables, rows, strict=True)
            for column in table.values()
        )
        and all(file[c.path].shape[1] == extent.width for c in layout.particles.values())
        and file[CHANGE_TEXT].shape[0] == extent.text
    )


def read_box(file: h5py.File, edges: NDArray[np.float64]) -> Box:
    """The box of a frame whose edges are (3,) λ."""
    words = file[f"{PARTICLES}/box"].attrs["vortexmd_boundary"]
    return Box((float(edges[0]), float(edges[1])), (words[0].decode(), words[1].decode()))


def read_text(file: h5py.File, name: str) -> str:
    """The text of a scalar dataset; OSError if it is not the one that was written."""
    raw: bytes = file[name][()]
    if CRC in file[name].attrs and zlib.crc32(raw) != file[name].attrs[CRC]:
        raise OSError(f"/{name} does not have its checksum")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise OSError(f"/{name}: {error}") from None


def read_json(file: h5py.File, name: str) -> dict[str, Any]:
    """The JSON text of a scalar dataset, parsed; OSError if it is damaged."""
    return parse(read_text(file, name), name)


def read_description(file: h5py.File) -> dict[str, Any]:
    """The description of the run; OSError if it is damaged."""
    return description_of(read_text(file, DESCRIPTION), DESCRIPTION)


def description_of(text: str, name: str) -> dict[str, Any]:
    """A description from its text, with tables where there are to be tables; OSError if it is none."""
    found = parse(text, name)
    for key in ("external", "reactions"):
        items = found.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise OSError(f"/{name}: {key} is no list of tables")
    return found


def parse(text: str, name: str) -> dict[str, Any]:
    """The JSON text of a table; OSError if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OSError(f"/{name}: {error}") from None
    if not isinstance(found, dict):
        raise OSError(f"/{name}: no table of keys and values")
    return found


def canonical(description: Mapping[str, Any]) -> str:
    """A description as text that is equal for equal descriptions.

    Raises
    ------
    ValueError
        If it is not plain data.
    """
    try:
        return json.dumps(description, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sim.description(): not plain data ({error})") from None
