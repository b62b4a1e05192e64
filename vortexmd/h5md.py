"""The layout of a trajectory file: H5MD 1.1, what stands where, in which type.

P. de Buyl, P. H. Colberg, F. Höfling, Comput. Phys. Commun. 185, 1546 (2014); version 1.1 of the
format at https://www.nongnu.org/h5md/h5md.html. Writer, reader and recovery all go by this table.

Particle arrays grow along time only, as far as HDF5 is concerned: their width is resized within a
fixed limit. Two unlimited axes would index the chunks in a B-tree, which SWMR mode copies at every
flush and never reclaims (16 kB a frame, whatever the number of vortices); one unlimited axis makes
it an array that is updated in place.

Two columns are for pinning regions, and only in files of runs that have some: `Layout` is what one file has.
"""

from __future__ import annotations

import json
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
from vortexmd.provenance import author, version

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
# Only where the box is parted into pinning regions.
REGION = _per_particle("region", (), "i4", -1)
EVENT_REGIONS = Column("events/regions", (2,), "i4", -2)


@dataclass(frozen=True)
class Layout:
    """The columns of a file, by name; the step comes last, because a row is there once it has its step."""

    regions: bool

    @cached_property
    def particles(self) -> dict[str, Column]:
        """What there is of each vortex: (T, width, …)."""
        return {**PARTICLE_COLUMNS, **({"region": REGION} if self.regions else {})}

    @cached_property
    def frames(self) -> dict[str, Column]:
        """All that a frame has."""
        last = {"edges": EDGES_COLUMN, "time": TIME_COLUMN, "step": STEP_COLUMN}
        return {**self.particles, **SERIES, **last}

    @cached_property
    def events(self) -> dict[str, Column]:
        """All that an event has."""
        regions = {"regions": EVENT_REGIONS} if self.regions else {}
        return {**EVENT_COLUMNS, **regions, "step": EVENT_STEP}

    @property
    def tables(self) -> tuple[dict[str, Column], dict[str, Column], dict[str, Column]]:
        """Frames, events, changes of description."""
        return self.frames, self.events, CHANGE_COLUMNS


def layout_of(file: h5py.File) -> Layout:
    """Which columns a file has."""
    return Layout(REGION.path in file)


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
    """An empty trajectory with every group, dataset and attribute that it will ever have."""
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
        file[PROVENANCE] = np.bytes_(provenance)
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


def check_ours(file: h5py.File, path: Path) -> None:
    """Refuse an HDF5 file that lacks what a trajectory has.

    Raises
    ------
    ValueError
        Naming what is missing.
    """
    wanted = [column.path for table in layout_of(file).tables for column in table.values()]
    for name in (*wanted, CHANGE_TEXT, DESCRIPTION, PROVENANCE):
        if name not in file:
            raise ValueError(
                f"trajectory {path}: an HDF5 file, but not a vortexmd trajectory (no /{name})"
            )


def extent(file: h5py.File) -> Extent:
    """What is complete in a file, however its writer ended."""
    layout = layout_of(file)
    counts = {}
    for label, table in zip(("frames", "events", "changes"), layout.tables, strict=True):
        rows = min(file[column.path].shape[0] for column in table.values())
        steps = file[table["step"].path][:rows]
        # A row may be allocated before its step is written.
        missing = np.flatnonzero(steps < 0)
        counts[label] = int(missing[0]) if missing.size else rows
    width = min(file[column.path].shape[1] for column in layout.particles.values())
    changes = counts["changes"]
    text = int(file[CHANGE_COLUMNS["end"].path][changes - 1]) if changes else 0
    return Extent(counts["frames"], width, counts["events"], changes, text)


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


def read_json(file: h5py.File, name: str) -> Any:
    """The JSON text of a scalar dataset, parsed."""
    return json.loads(file[name][()])


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
