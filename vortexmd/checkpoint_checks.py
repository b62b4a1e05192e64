"""What a checkpoint may hold: every byte of it looked at, and every value, before a run goes on from it.

The zip format has a CRC-32 of each member, which Python looks at only when the member is read to its end,
and numpy stops at what the member's own header promises: hence a reader of our own for ``.npz`` files.
No pickles are read, and nothing is unpacked: a member is no larger than the file.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.checks import fits_memory, shown
from vortexmd.description import restore
from vortexmd.events import EVENT_KINDS, HOPPING_KINDS, OUTSIDE, Event
from vortexmd.h5md import EVENT_REGIONS, Layout
from vortexmd.vortices import MAX_ID, MAX_TURNS, MAX_WINDING

Arrays = Mapping[str, NDArray[Any]]
# Shape beyond (N,), type; the last two are in newer files, or where something reflects.
STATE: dict[str, tuple[tuple[int, ...], str]] = {
    "positions": ((2,), "f8"),
    "reference": ((2,), "f8"),
    "image": ((2,), "i4"),
    "winding": ((), "i8"),
    "ids": ((), "i8"),
    "mirrors": ((2, 2), "f8"),
    "rest": ((2,), "f8"),
}
OPTIONAL = ("mirrors", "rest")
# Entries of the header that the first files lack.
NEWER = ("half_done", "hopping", "drift_rest")
MOST_STEPS = 2**63 - 1
MOST_IDS = MAX_ID + 1
# What a vortex costs a simulation, in bytes, at the least.
BYTES = 100


def unpack(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header of a checkpoint and its arrays, whose bytes are those that were written.

    Raises
    ------
    ValueError
        If it is no such file, or damaged.
    OSError
        If it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {
                m.filename.removesuffix(".npy"): _array(archive, m) for m in archive.infolist()
            }
        header = json.loads(str(arrays.pop("header")))
    except KeyError as error:
        raise ValueError(f"no {error}") from None
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError) as error:
        raise ValueError(str(error) or "cut short") from None
    except (RuntimeError, OverflowError, TypeError, SyntaxError) as error:
        raise ValueError(f"{error or type(error).__name__}") from None
    if not isinstance(header, dict):
        raise ValueError(f"header = {shown(header)}: give a table")
    return header, arrays


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename}: compressed, which checkpoints are not")
    # To its end, where its checksum is looked at.
    raw = archive.read(member)
    stream = io.BytesIO(raw)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(stream)
    if version not in read:
        raise ValueError(f"{member.filename}: format {version}")
    shape, fortran, dtype = read[version](stream)
    if dtype.hasobject:
        raise ValueError(f"{member.filename}: holds Python objects, which are not read")
    data = raw[stream.tell() :]
    count = 1
    for n in shape:
        count *= n
    if min(shape, default=0) < 0 or count * dtype.itemsize != len(data) or not dtype.itemsize:
        raise ValueError(f"{member.filename}: {len(data)} bytes for shape {shape} of {dtype}")
    array = np.frombuffer(data, dtype).reshape(shape[::-1] if fortran else shape)
    return (array.T if fortran else array).copy()


# ---------------------------------------------------------------------- what must hold


def check_state(header: Mapping[str, Any], arrays: Arrays) -> None:
    """Refuse a state that no run can be in.

    Parameters
    ----------
    header
        What stands in a checkpoint as JSON.
    arrays
        Those of the population, by name, and the columns of events (``event_kind``, …).

    Raises
    ------
    ValueError
        Naming the entry and its value.
    """
    n = _check_shapes(arrays)
    _check_header(header)
    _check_population(header, arrays, n)
    _check_events(header, arrays)


def _check_shapes(arrays: Arrays) -> int:
    """The number of vortices."""
    for name in STATE:
        if name not in arrays and name not in OPTIONAL:
            raise ValueError(f"no {name}")
    n = arrays["ids"].size
    for name, (tail, kind) in STATE.items():
        if name in arrays:
            _check_column(name, arrays[name], (n, *tail), np.dtype(kind))
    return n


def _check_column(
    name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"{name}: shape {array.shape} of {array.dtype}, where {shape} of {dtype} belongs"
        )
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name}: not all finite")


def _check_header(header: Mapping[str, Any]) -> None:
    step: Any = header.get("step")
    for name, (is_good, what) in HEADER.items():
        if name not in header and name in NEWER:
            continue
        if name not in header:
            raise ValueError(f"{name}: missing")
        if not is_good(header.get(name)):
            raise ValueError(f"{name} = {shown(header.get(name))}: {what} belongs there")
    for name, first in (("time_origin", header["time_origin"]), ("ramp", header["ramp"])):
        if first is not None and first[0] > step:
            raise ValueError(f"{name} = {shown(first)}: begins after step {step}")
    counts = header["start_counts"]
    try:
        fits_memory("start_counts", counts, BYTES * sum(number for _, number in counts))
    except ValueError as error:
        # It may be a good one of a larger machine.
        raise MemoryError(str(error)) from None
    _check_description(header["description"])


def _check_description(given: Mapping[str, Any]) -> None:
    """Its values are looked at by the constructors that they are for; here, that they are there."""
    described = (dict, type(None))
    wanted: dict[str, tuple[type, ...]] = {
        "box": (dict,),
        "pair_force": described,
        "external": (list,),
        "reactions": (list,),
        "integrator": (str,),
        "friction": (int, float, list, dict),
        "dt": (int, float),
        "seed": (int,),
        "precision": (str,),
        "skin": (int, float),
        "max_displacement": (int, float),
        "configuration": described,
    }
    for name, kinds in wanted.items():
        value = given.get(name, ...)
        if not isinstance(value, kinds) or isinstance(value, bool):
            found = "nothing" if value is ... else shown(value)
            raise ValueError(f"description.{name}: {found} stands there")
    for name in ("external", "reactions"):
        if not all(isinstance(item, dict) for item in given[name]):
            raise ValueError(
                f"description.{name} = {shown(given[name])}: a list of tables belongs there"
            )
    seeds = given.get("earlier_seeds", [])
    if not isinstance(seeds, list) or not all(
        _is_list(s, 2) and _is_whole(s[0], 0, MOST_STEPS) and _is_whole(s[1], 0, 2**64 - 1)
        for s in seeds
    ):
        raise ValueError(
            f"description.earlier_seeds = {shown(seeds)}: [[step, seed], …] belongs there"
        )


def _check_population(header: Mapping[str, Any], arrays: Arrays, n: int) -> None:
    box = restore(header["description"]["box"], "box")
    if not isinstance(box, Box):
        raise ValueError(f"description.box = {shown(box)}: a box belongs there")
    ids, winding = arrays["ids"], arrays["winding"]
    if n and (ids.min() < 0 or ids.max() >= header["next_id"]):
        raise ValueError(
            f"ids: from {ids.min()} to {ids.max()}, where the next is {header['next_id']}"
        )
    if len(np.unique(ids)) < n:
        raise ValueError("ids: one occurs more than once")
    if ((winding == 0) | (np.abs(winding) > MAX_WINDING)).any():
        raise ValueError(f"winding: 0, or beyond ±{MAX_WINDING}")
    if not box.contains(arrays["reference"]).all():
        raise ValueError("reference: a vortex stands outside the box")
    for axis, word in enumerate(box.boundary):
        x, length = arrays["positions"][:, axis], box.lengths[axis]
        low, high = {"periodic": (-MAX_TURNS * length, MAX_TURNS * length)}.get(word, (0.0, length))
        if word != "free" and not ((x >= low) & (x <= high)).all():
            raise ValueError("positions: a vortex stands outside the box")


def _check_events(header: Mapping[str, Any], arrays: Arrays) -> None:
    if header.get("format") == 1:
        _check_first_format(header)
        return
    columns = Layout(regions=True).events
    steps = arrays.get("event_step", np.empty(0))
    for name, column in columns.items():
        if f"event_{name}" not in arrays:
            raise ValueError(f"no event_{name}")
        # An enumeration is stored as its numbers.
        dtype = np.dtype(np.dtype(column.dtype).str)
        _check_column(f"event_{name}", arrays[f"event_{name}"], (len(steps), *column.tail), dtype)
    if len(steps) == 0:
        return
    if (np.diff(steps) < 0).any() or steps[0] < 0:
        raise ValueError("event_step: not in order, from 0 on")
    kinds, regions = arrays["event_kind"], arrays["event_regions"]
    if kinds.min() < 0 or kinds.max() >= len(EVENT_KINDS):
        raise ValueError(f"event_kind: from 0 to {len(EVENT_KINDS) - 1} are kinds")
    if arrays["event_ids"][:, 0].min() < 0:
        raise ValueError("event_ids: an event befell nobody")
    hops = regions[:, 0] != EVENT_REGIONS.fill
    known = np.isin(kinds, [EVENT_KINDS.index(kind) for kind in HOPPING_KINDS])
    if (hops & ~(known & (regions.min(axis=1) >= OUTSIDE))).any():
        raise ValueError("event_regions: of an event that is no hop, or of no region")


def _check_first_format(header: Mapping[str, Any]) -> None:
    events = header.get("events")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("events: a list of tables belongs there")
    try:
        for data in events:
            Event(**data)
    except TypeError as error:
        raise ValueError(f"events: {error}") from None


# ---------------------------------------------------------------------- forms of values


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == length


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_step(value: Any) -> bool:
    return _is_whole(value, 0, MOST_STEPS)


def _is_real(value: Any) -> bool:
    return (isinstance(value, float) and isfinite(value)) or _is_whole(value, -(2**63), 2**63)


def _is_heat(value: Any) -> bool:
    return _is_real(value) and value >= 0


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_pairs(value: Any) -> bool:
    return _is_list(value, 2) and all(_is_list(v, 2) and all(map(_is_real, v)) for v in value)


def _is_origin(value: Any) -> bool:
    return _is_list(value, 2) and _is_step(value[0]) and _is_real(value[1])


def _is_ramp(value: Any) -> bool:
    return value is None or (
        _is_list(value, 4)
        and _is_step(value[0])
        and _is_whole(value[1], 1, MOST_STEPS)
        and all(map(_is_heat, value[2:]))
    )


def _is_counts(value: Any) -> bool:
    return isinstance(value, list) and all(
        _is_list(row, 2)
        and _is_whole(row[0], -MAX_WINDING, MAX_WINDING)
        and row[0] != 0
        and _is_whole(row[1], 1, MOST_IDS)
        for row in value
    )


def _is_hopping(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, dict) or not isinstance(value.get("started"), bool):
        return False
    exposure: Any = value.get("exposure")
    tallies: list[Any] = [value.get("tallies"), value.get("flows")]
    return (
        isinstance(exposure, list)
        and all(map(_is_real, exposure))
        and all(isinstance(rows, list) for rows in tallies)
        and all(_is_list(row, 3) and all(map(_is_real, row)) for rows in tallies for row in rows)
    )


HEADER: dict[str, tuple[Callable[[Any], bool], str]] = {
    "step": (_is_step, "a whole number, 0 or more,"),
    "target": (_is_step, "a whole number, 0 or more,"),
    "next_id": (lambda value: _is_whole(value, 0, MOST_IDS), "a whole number up to 2**53"),
    "time_origin": (_is_origin, "(step, time)"),
    "drift": (_is_pairs, "two vectors"),
    "drift_rest": (_is_pairs, "two vectors"),
    "temperature": (_is_heat, "a number, 0 or more,"),
    "ramp": (_is_ramp, "(first step, steps, from, to)"),
    "list_valid": (_is_flag, "true or false"),
    "reactions_due": (_is_flag, "true or false"),
    "half_done": (_is_flag, "true or false"),
    "start_counts": (_is_counts, "[[winding, number], …]"),
    "threads": (
        lambda value: value is None or _is_whole(value, 1, 2**20),
        "a whole number, or null,",
    ),
    "made_with": (lambda value: isinstance(value, dict), "a table"),
    "hopping": (_is_hopping, "what hops have been counted"),
    "description": (lambda value: isinstance(value, dict), "a table"),
}
