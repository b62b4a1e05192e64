"""Checkpoints: the whole state of a simulation in one file, written at once or not at all.

A temporary file is written, synced and renamed over the old one, which is kept beside it under
``.previous``; then the folder is synced. The file is a numpy archive without pickles: arrays in slot
order as the engine holds them, events as columns (``event_kind``, …), and the rest as JSON. Format 1 had
the events in the JSON.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numba
import numpy as np

from vortexmd.density import DensityWarning
from vortexmd.description import restore
from vortexmd.events import Event
from vortexmd.files import check_folder, replace
from vortexmd.frames import event_rows, events_from
from vortexmd.h5md import Layout
from vortexmd.population import ARRAYS
from vortexmd.vortices import Vortices

FORMAT = 2
READABLE = (1, 2)
EVENT_COLUMNS = tuple(Layout(regions=True).events)


def check_writable(path: str | Path | None) -> None:
    """Refuse a checkpoint path that cannot be written, or that holds something else, at once.

    Raises
    ------
    OSError
        Naming the folder, or the file if there is one that is no checkpoint.
    """
    if path is None:
        return
    path = Path(path)
    check_folder(path, "checkpoint")
    if path.exists():
        try:
            read(path)
        except ValueError as error:
            raise FileExistsError(f"{error}; choose another name or remove it") from None


def previous(path: Path) -> Path:
    """Where the checkpoint before the last is kept."""
    return path.with_name(path.name + ".previous")


def save(sim: Any, path: Path) -> None:
    """Write `sim` to `path` atomically, keeping what was there as `previous`."""
    header = {
        "format": FORMAT,
        "step": sim.step,
        "time_origin": sim._time_origin,
        "target": sim._target,
        "next_id": sim._here.next_id,
        "drift": sim._drift.tolist(),
        "temperature": sim._temperature,
        "ramp": sim._ramp,
        "list_valid": sim._pairs.valid,
        "reactions_due": sim._reactions_due,
        "start_counts": list(sim._start_counts.items()),
        "threads": sim._threads,
        "description": sim.description(),
        "hopping": None if sim.hopping is None else sim.hopping.state(),
        "half_done": sim._half_done,
        "made_with": made_with(),
    }
    arrays = {**sim._here.arrays(), **_event_arrays(sim.events)}
    temporary = path.with_name(path.name + ".writing")
    with open(temporary, "wb") as file:
        np.savez(file, header=np.array(json.dumps(header)), **arrays)
    if path.exists():
        # A link (a copy, where there are none), not a rename: at no moment is the name without one.
        old = previous(path)
        old.unlink(missing_ok=True)
        try:
            os.link(path, old)
        except OSError:
            shutil.copy2(path, old)
    replace(temporary, path)


def load(cls: Any, path: Path, passed: dict[str, Any], threads: int | None) -> Any:
    """See `Simulation.resume`; what is None in `passed` comes from the file."""
    header, arrays = read(path)
    given = header["description"]
    objects = {
        name: restore(given.get(name), name) if value is None else value
        for name, value in passed.items()
    }
    box = restore(given["box"], "box")
    # Tables and limits follow from who was there at the start; the state itself comes after.
    winding = np.repeat(*np.array(header["start_counts"], dtype=np.int64).reshape(-1, 2).T)
    origin = np.zeros((len(winding), 2))
    friction = given["friction"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DensityWarning)
        sim = cls(
            Vortices(origin, winding, box),
            **objects,
            dt=given["dt"],
            seed=given["seed"],
            integrator=given["integrator"],
            friction=dict(friction) if isinstance(friction, list) else friction,
            precision=given["precision"],
            threads=threads if threads is not None else header["threads"],
            skin=given["skin"],
            max_displacement=given["max_displacement"],
        )
    if header["made_with"] != made_with():
        warnings.warn(
            f"checkpoint {path}: made with {header['made_with']}, resumed with {made_with()}; the run "
            f"goes on, but perhaps not to the same bits",
            UserWarning,
            stacklevel=3,
        )
    watched = sim._here.mirrors is not None
    for name in (*ARRAYS, "mirrors"):
        setattr(sim._here, name, arrays.get(name))
    if watched:
        # Where the file is older than they are.
        sim._here.watch_reflections()
    sim.configuration = given["configuration"]
    sim.step = header["step"]
    sim._time_origin = tuple(header["time_origin"])
    sim._target = header["target"]
    sim._here.next_id = header["next_id"]
    sim._drift = np.array(header["drift"])
    sim._refuse_heat("temperature", header["temperature"])
    sim._temperature = header["temperature"]
    sim._ramp = None if header["ramp"] is None else tuple(header["ramp"])
    sim.events = _events(header, arrays)
    sim._unchecked, sim._reactions_due = False, header["reactions_due"]
    if sim.hopping is not None and header.get("hopping") is not None:
        sim._half_done = header["half_done"]
        sim.hopping.restore(header["hopping"])
    elif sim.hopping is not None:
        # Hops that begin with the resumption.
        sim.hopping.recount()
    sim._pairs.restore(header["list_valid"])
    return sim


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a checkpoint: those of the population by their names, and of events.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is none, or the file is not one of ours or damaged.
    """
    if not path.exists():
        raise FileNotFoundError(f"checkpoint {path}: no such file")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            arrays = {name: archive[name] for name in archive.files if name != "header"}
            missing = set(ARRAYS) - set(arrays)
            if missing:
                raise KeyError(*missing)
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"checkpoint {path}: not a vortexmd checkpoint, or damaged ({error}); the one before may "
            f"stand in {previous(path).name}"
        ) from None
    if header.get("format") not in READABLE:
        raise ValueError(
            f"checkpoint {path}: format {header.get('format')}, this reads "
            f"{', '.join(map(str, READABLE))}"
        )
    return header, arrays


def made_with() -> dict[str, str]:
    """What the bits of a run depend on besides its configuration."""
    from vortexmd import __version__

    return {
        "vortexmd": __version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "machine": platform.machine(),
    }


def _event_arrays(events: list[Event]) -> dict[str, np.ndarray]:
    """Events as columns; numpy warns of types with names for their values, and keeps the numbers."""
    rows = event_rows(events, Layout(regions=True))
    return {f"event_{name}": array.view(array.dtype.str) for name, array in rows.items()}


def _events(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> list[Event]:
    if header["format"] > 1:
        return events_from({name: arrays[f"event_{name}"] for name in EVENT_COLUMNS})
    events = []
    for data in header["events"]:
        for name in ("ids", "windings", "position"):
            data[name] = tuple(data[name])
        events.append(Event(**data))
    return events
