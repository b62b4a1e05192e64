"""Frames as rows of arrays: what a simulation gives, in the columns and types of a file; and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import isfinite
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd import checksums
from vortexmd.events import EVENT_KINDS, Event
from vortexmd.h5md import EVENT_REGIONS, HEAD, PARTICLE_COLUMNS, Layout, read_box
from vortexmd.vortices import Vortices

Row = dict[str, NDArray[Any]]


class Source(Protocol):
    """What is read of a simulation."""

    step: int
    events: list[Event]

    @property
    def state(self) -> Vortices: ...
    @property
    def time(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def displacement(self) -> Any: ...
    @property
    def winding_displacement(self) -> Any: ...
    @property
    def region_labels(self) -> NDArray[np.int32] | None: ...
    def energies(self) -> dict[str, float]: ...
    def description(self) -> dict[str, Any]: ...


def assign_columns(before: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where each vortex stands in the arrays: in its column of the frame before, for life.

    Newcomers, in the order of their ids, take the first columns that are free. A column thus holds
    one vortex as long as it lives, and arrays are never wider than the most vortices there were at
    once.

    Parameters
    ----------
    before
        (width,) ids of the frame before, −1 where there is none.
    ids
        (N,) ids now.

    Returns
    -------
    (N,) column of each.
    """
    columns = np.full(len(ids), -1, dtype=np.intp)
    held = np.flatnonzero(before >= 0)
    if held.size and len(ids):
        by_id = held[np.argsort(before[held])]
        place = np.minimum(np.searchsorted(before[by_id], ids), len(by_id) - 1)
        stayed = before[by_id][place] == ids
        columns[stayed] = by_id[place[stayed]]
    newcomers = np.flatnonzero(columns < 0)
    newcomers = newcomers[np.argsort(ids[newcomers])]
    free = np.ones(len(before) + len(newcomers), dtype=bool)
    free[columns[columns >= 0]] = False
    columns[newcomers] = np.flatnonzero(free)[: len(newcomers)]
    return columns


def frame_row(sim: Source, before: NDArray[np.int64], dtype: np.dtype[Any], layout: Layout) -> Row:
    """What a file keeps of a simulation at one step.

    Parameters
    ----------
    sim
        A `Simulation`.
    before
        (width,) ids of the frame before.
    dtype
        Of positions.
    layout
        The columns of the file.

    Returns
    -------
    dict
        Array by name as in `Layout.frames`; per-vortex arrays reach to the last one in use.
    """
    state = sim.state
    columns = assign_columns(before, state.ids)
    width = int(columns.max(initial=-1)) + 1
    row = {
        name: np.full(
            (width, *column.tail), column.fill, dtype if name == "position" else column.dtype
        )
        for name, column in layout.particles.items()
    }
    row["position"][columns, :2] = _inside(state, dtype)
    row["position"][columns, 2] = 0
    row["image"][columns, :2] = state.image
    row["charge"][columns] = state.winding
    row["id"][columns] = state.ids
    # Regions that the user has taken away meanwhile leave the column empty.
    if layout.regions and sim.region_labels is not None:
        row["region"][columns] = sim.region_labels
    energies = sim.energies()
    series = {
        "energy": energies["pair"] + energies["external"],
        "pair_energy": energies["pair"],
        "external_energy": energies["external"],
        "temperature": sim.temperature,
        "count": len(state),
        "displacement": sim.displacement,
        "winding_displacement": sim.winding_displacement,
        "edges": (*state.box.lengths, 1.0),
        "time": sim.time,
        "step": sim.step,
    }
    row.update(
        (name, np.array(value, dtype=layout.frames[name].dtype)) for name, value in series.items()
    )
    if layout.checksums:
        row["checksum"] = checksums.of_frame(row, layout)
    return row


def _inside(state: Vortices, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Positions in the file's precision, none of them rounded across a side of the box."""
    positions = state.positions.astype(dtype)
    for axis, word in enumerate(state.box.boundary):
        x, length = positions[:, axis], state.box.lengths[axis]
        if word == "free":
            continue
        exact = x.astype(float)
        beyond = exact >= length if word == "periodic" else exact > length
        x[beyond] = np.nextafter(x[beyond], dtype.type(0))
    return positions


def digest(row: Row) -> NDArray[np.uint8]:
    """(32,) SHA-256 of what `frame_row` gave, to know it again."""
    text = hashlib.sha256()
    for array in row.values():
        text.update(np.ascontiguousarray(array).data)
    return np.frombuffer(text.digest(), dtype=np.uint8)


def event_rows(events: Sequence[Event], layout: Layout) -> Row:
    """Events as arrays by name as in `Layout.events`, (E, …) each.

    Column by column, because there may be millions of them.
    """
    nobody = EVENT_REGIONS.fill
    kinds = {kind: k for k, kind in enumerate(EVENT_KINDS)}
    values: dict[str, Iterable[Any]] = {
        "kind": (kinds[e.kind] for e in events),
        "time": (e.time for e in events),
        "ids": (i for e in events for i in (*e.ids, -1)[:2]),
        "windings": (n for e in events for n in (*e.windings, 0)[:2]),
        "position": (x for e in events for x in e.position),
        "product_id": (-1 if e.product_id is None else e.product_id for e in events),
        "product_winding": (e.product_winding for e in events),
        "regions": (r for e in events for r in e.regions or (nobody, nobody)),
        "step": (e.step for e in events),
    }
    rows = {
        name: np.fromiter(
            values[name], np.dtype(column.dtype), len(events) * (column.tail or (1,))[0]
        ).reshape(len(events), *column.tail)
        for name, column in layout.events.items()
        if name != "checksum"
    }
    if layout.checksums:
        rows["checksum"] = checksums.of_events(rows, layout)
    return rows


def events_from(rows: Row) -> list[Event]:
    """The inverse of `event_rows`; files without regions give events without.

    Raises
    ------
    ValueError
        If there is an event that cannot be.
    """
    given = (rows[name].tolist() for name in Layout(regions=False).events)
    nobody = EVENT_REGIONS.fill
    strange = np.flatnonzero((rows["kind"] < 0) | (rows["kind"] >= len(EVENT_KINDS)))
    if strange.size:
        raise ValueError(f"event {strange[0]}: kind {rows['kind'][strange[0]]} is none of ours")
    regions = rows["regions"].tolist() if "regions" in rows else repeat([nobody, nobody])
    return [
        Event(
            EVENT_KINDS[kind],
            step,
            time,
            tuple(ids) if ids[1] >= 0 else (ids[0],),
            tuple(windings) if ids[1] >= 0 else (windings[0],),
            (position[0], position[1]),
            None if product_id < 0 else product_id,
            product_winding,
            None if pair[0] == nobody else (pair[0], pair[1]),
        )
        for (kind, time, ids, windings, position, product_id, product_winding, step), pair in zip(
            zip(*given, strict=True), regions, strict=False
        )
    ]


def read_arrays(
    file: h5py.File, layout: Layout, width: int, frames: range, *names: str
) -> tuple[NDArray[np.int64], Row]:
    """What a file has of these frames, found to be as it was written.

    Parameters
    ----------
    file
        A trajectory.
    layout
        Its columns.
    width
        How many of each frame's columns are complete.
    frames
        In ascending order.
    names
        Particle arrays; ``id`` among them.

    Returns
    -------
    steps : (T,)
    arrays : (T, width, …) by name, and (T, …) of `h5md.HEAD`

    Raises
    ------
    OSError
        Naming the frame that is damaged.
    """
    seals = checksums.Seals(file, layout, frames)
    rows = slice(frames.start, frames.stop, frames.step)
    arrays = {name: file[layout.particles[name].path][rows, :width] for name in names}
    seals.check_arrays(arrays)
    head = {name: file[layout.frames[name].path][rows] for name in HEAD}
    seals.check_rows("head", head)
    return seals.steps, arrays | head


def read_frame(file: h5py.File, layout: Layout, width: int, frame: int) -> Vortices:
    """One frame of a file, its vortices sorted by id.

    Raises
    ------
    OSError
        If it is damaged, or holds what cannot be.
    """
    step, arrays = read_arrays(file, layout, width, range(frame, frame + 1), *PARTICLE_COLUMNS)
    count, edges, time = (arrays[name][0] for name in HEAD)
    ids = arrays["id"][0]
    there = np.flatnonzero(ids >= 0)
    there = there[np.argsort(ids[there])]
    if len(there) != count:
        raise OSError(f"frame {frame}: {count} vortices, of whom {len(there)} are there")
    if not isfinite(time):
        raise OSError(f"frame {frame}: time = {time}")
    try:
        return Vortices(
            arrays["position"][0, there, :2],
            arrays["charge"][0, there],
            read_box(file, edges),
            ids[there],
            arrays["image"][0, there, :2],
            int(step[0]),
            float(time),
        )
    except ValueError as error:
        raise OSError(f"frame {frame}: {error}") from None


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays hold the same bits (so that NaN equals NaN, and 0.0 not −0.0)."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
