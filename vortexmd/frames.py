"""Frames as rows of arrays: what a simulation gives, in the columns and types of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vortexmd.events import EVENT_KINDS, Event
from vortexmd.h5md import EVENT_COLUMNS, FRAME_COLUMNS, PARTICLE_COLUMNS
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


def frame_row(sim: Source, before: NDArray[np.int64], dtype: np.dtype[Any]) -> Row:
    """What a file keeps of a simulation at one step.

    Parameters
    ----------
    sim
        A `Simulation`.
    before
        (width,) ids of the frame before.
    dtype
        Of positions.

    Returns
    -------
    dict
        Array by name as in `h5md.FRAME_COLUMNS`; per-vortex arrays reach to the last one in use.
    """
    state = sim.state
    columns = assign_columns(before, state.ids)
    width = int(columns.max(initial=-1)) + 1
    row = {
        name: np.full(
            (width, *column.tail), column.fill, dtype if name == "position" else column.dtype
        )
        for name, column in PARTICLE_COLUMNS.items()
    }
    row["position"][columns, :2] = _inside(state, dtype)
    row["position"][columns, 2] = 0
    row["image"][columns, :2] = state.image
    row["charge"][columns] = state.winding
    row["id"][columns] = state.ids
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
        (name, np.array(value, dtype=FRAME_COLUMNS[name].dtype)) for name, value in series.items()
    )
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
    """(32,) SHA-256 of a frame, to know it again."""
    text = hashlib.sha256()
    for name in FRAME_COLUMNS:
        text.update(np.ascontiguousarray(row[name]).data)
    return np.frombuffer(text.digest(), dtype=np.uint8)


def event_rows(events: Sequence[Event]) -> Row:
    """Events as arrays by name as in `h5md.EVENT_COLUMNS`, (E, …) each."""
    rows = {
        name: np.full((len(events), *column.tail), column.fill, column.dtype)
        for name, column in EVENT_COLUMNS.items()
    }
    for k, event in enumerate(events):
        rows["kind"][k] = EVENT_KINDS.index(event.kind)
        rows["step"][k] = event.step
        rows["time"][k] = event.time
        rows["ids"][k, : len(event.ids)] = event.ids
        rows["windings"][k, : len(event.windings)] = event.windings
        rows["position"][k] = event.position
        rows["product_id"][k] = -1 if event.product_id is None else event.product_id
        rows["product_winding"][k] = event.product_winding
    return rows


def events_from(rows: Row) -> list[Event]:
    """The inverse of `event_rows`."""
    data = {name: array.tolist() for name, array in rows.items()}
    events = []
    for k in range(len(data["step"])):
        present = [id_ >= 0 for id_ in data["ids"][k]]
        events.append(
            Event(
                kind=EVENT_KINDS[data["kind"][k]],
                step=data["step"][k],
                time=data["time"][k],
                ids=tuple(i for i, there in zip(data["ids"][k], present, strict=True) if there),
                windings=tuple(
                    w for w, there in zip(data["windings"][k], present, strict=True) if there
                ),
                position=(data["position"][k][0], data["position"][k][1]),
                product_id=None if data["product_id"][k] < 0 else data["product_id"][k],
                product_winding=data["product_winding"][k],
            )
        )
    return events


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays hold the same bits (so that NaN equals NaN, and 0.0 not −0.0)."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
