"""An empty trajectory file: all that `vortexmd.h5md` says it has, made before the first frame."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.h5md import (
    CHANGE_TEXT,
    CRC,
    DESCRIPTION,
    EDGES,
    HEADROOM,
    PARTICLES,
    PROVENANCE,
    SERIES,
    SERIES_CHUNK,
    STEP,
    TIME,
    UNITS,
    Column,
    Layout,
    chunk_width,
)
from vortexmd.provenance import author, version


def create(
    path: Path,
    layout: Layout,
    box: Box,
    n: int,
    dtype: str,
    gzip: int | None,
    description: str,
    provenance: str,
) -> None:
    """An empty trajectory with every group, dataset and attribute that it will ever have.

    With checksums, whether the layout asks for them or not.
    """
    layout = replace(layout, checksums=True)
    with h5py.File(path, "w", libver="latest", locking=False) as file:
        _metadata(file, box)
        width = chunk_width(n)
        filters = {} if gzip is None else {"compression": "gzip", "compression_opts": gzip}
        for name, column in layout.particles.items():
            file.create_dataset(
                column.path,
                (0, max(1, n), *column.tail),
                dtype if name == "position" else column.dtype,
                maxshape=(None, HEADROOM * max(n, width), *column.tail),
                chunks=(1, width, *column.tail),
                fillvalue=column.fill,
                shuffle=gzip is not None,
                **filters,
            )
        for table in layout.tables:
            for column in table.values():
                if column.path not in file:
                    _growing(file, column)
        _growing(file, Column(CHANGE_TEXT, (), "u1", 0), chunk=4096)
        for path_of_value in (
            EDGES,
            *(c.path for c in (*layout.particles.values(), *SERIES.values())),
        ):
            element = file[path_of_value].parent
            for name, dataset in (("step", file[STEP]), ("time", file[TIME])):
                if name not in element:
                    element[name] = dataset
        file[f"{PARTICLES}/charge"].attrs["type"] = np.bytes_("formal")
        file[DESCRIPTION] = np.bytes_(description)
        file[DESCRIPTION].attrs[CRC] = np.uint32(zlib.crc32(description.encode()))
        _compact(file, PROVENANCE, np.array(provenance.encode()))
        file["parameters"].attrs["reduced_units"] = np.bytes_(UNITS)


def _metadata(file: h5py.File, box: Box) -> None:
    file.create_group("h5md").attrs["version"] = np.array([1, 1])
    file.create_group("h5md/author").attrs["name"] = _fixed(author())
    creator = file.create_group("h5md/creator")
    creator.attrs["name"] = np.bytes_("vortexmd")
    creator.attrs["version"] = np.bytes_(version())
    group = file.create_group(f"{PARTICLES}/box")
    group.attrs["dimension"] = 3
    group.attrs["boundary"] = np.array(
        [b"periodic" if periodic else b"none" for periodic in (*box.periodic, False)]
    )
    group.attrs["vortexmd_boundary"] = np.array([word.encode() for word in box.boundary])


def _compact(file: h5py.File, name: str, value: NDArray[Any]) -> None:
    """A small scalar dataset within its object header, which HDF5 has a checksum of, as of attributes."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    kind = h5py.h5t.py_create(value.dtype, logical=True)
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5d.create(file.id, name.encode(), kind, space, properties).write(space, space, value)


def _fixed(text: str) -> NDArray[Any]:
    raw = text.encode() or b" "
    return np.array(raw, dtype=h5py.string_dtype("utf-8", len(raw)))


def _growing(file: h5py.File, column: Column, chunk: int = SERIES_CHUNK) -> None:
    file.create_dataset(
        column.path,
        (0, *column.tail),
        column.dtype,
        maxshape=(None, *column.tail),
        chunks=(chunk, *column.tail),
        fillvalue=column.fill,
    )
