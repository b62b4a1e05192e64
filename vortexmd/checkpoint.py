"""Checkpoints: the whole state of a simulation in one file, written at once or not at all.

A temporary file is written, synced and renamed over the old one, which is kept beside it under
``.previous``; then the folder is synced. Where the newest is missing or damaged, `newest` takes the one
before. The file is a numpy archive without pickles: arrays in slot
order as the engine holds them, events as columns (``event_kind``, …), and the rest as JSON. Format 1 had
the events in the JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import warnings
from pathlib import Path
from typing import Any

import numba
import numpy as np

from vortexmd.checkpoint_checks import check_state, unpack
from vortexmd.checks import shown
from vortexmd.density import DensityWarning
from vortexmd.description import restore
from vortexmd.events import Event
from vortexmd.files import check_folder, set_aside, sync, sync_folder
from vortexmd.frames import event_rows, events_from
from vortexmd.h5md import Layout
from vortexmd.population import ARRAYS
from vortexmd.vortices import Vortices

FORMAT = 2
READABLE = (1, 2)
EVENT_COLUMNS = tuple(Layout(regions=True).events)


def check_writable(path: str | Path | None) -> None:
    """Refuse a checkpoint path that cannot be written, or that holds something else, at once.

    A damaged one beside which a good older one stands is set aside.

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
            if _is_good(previous(path)):
                set_aside(path)
                return
            raise FileExistsError(f"{error}; choose another name or remove it") from None


def previous(path: Path) -> Path:
    """Where the checkpoint before the last is kept."""
    # Beside the file itself, where the path is a link.
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + ".previous")


def replaced(path: Path) -> Path:
    """Where a checkpoint goes that another run's takes the place of."""
    return path.with_name(path.name + ".replaced")


def exists(path: Path) -> bool:
    """Whether there is a checkpoint of that name, or the one before it."""
    return path.exists() or previous(path).exists()


def newest(path: Path) -> tuple[Path, dict[str, Any], dict[str, np.ndarray]]:
    """The file, header and arrays of the newest good checkpoint of that name.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read` for `path`, where the one before is no better.
    """
    try:
        return path, *read(path)
    except (FileNotFoundError, ValueError):
        if not _is_good(previous(path)):
            raise
    return previous(path), *read(previous(path))


def _is_good(path: Path) -> bool:
    try:
        read(path)
    except (OSError, ValueError):
        return False
    return True


def save(sim: Any, path: Path, *, keep: bool) -> None:
    """Write `sim` to `path` atomically.

    Parameters
    ----------
    sim
        The simulation.
    path
        The checkpoint.
    keep
        What is there is of the same run: it stays as `previous`. Otherwise it goes to `replaced`, and the
        `previous` with it is removed, lest it be taken for an earlier state of this run.

    Raises
    ------
    OSError
        If there is no room, say; what was there stays.
    """
    header = {
        "format": FORMAT,
        "step": sim.step,
        "time_origin": sim._time_origin,
        "target": sim._target,
        "next_id": sim._here.next_id,
        "drift": sim._drift.tolist(),
        "drift_rest": sim._drift_rest.tolist(),
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
    try:
        with open(temporary, "wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)
        sync(temporary)
        _put_in_place(temporary, path, keep)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OSError(
            error.errno,
            f"checkpoint of step {sim.step} cannot be written ({error.strerror or error}); what was "
            f"written before stands; mend that and go on from there",
            str(path),
        ) from None


def _put_in_place(temporary: Path, path: Path, keep: bool) -> None:
    if path.exists():
        # A link (a copy, where there are none), not a rename: at no moment is the name without one; and
        # renamed in turn, so that neither is the older one's.
        link = path.with_name(path.name + ".linking")
        link.unlink(missing_ok=True)
        try:
            os.link(path, link)
        except OSError:
            shutil.copy2(path, link)
        os.replace(link, previous(path) if keep else replaced(path))
        # Two names of one file, as a kill between the renames leaves them, are not renamed into each other.
        link.unlink(missing_ok=True)
    os.replace(temporary, path)
    if not keep:
        previous(path).unlink(missing_ok=True)
    sync_folder(path)


def load(
    cls: Any, path: Path, passed: dict[str, Any], seed: int | None, threads: int | None
) -> Any:
    """See `Simulation.resume`; what is None in `passed` comes from the file."""
    found, header, arrays = newest(path)
    if found != path:
        warnings.warn(
            f"checkpoint {path}: missing or damaged; going on from the one before it, {found.name}, at "
            f"step {header['step']}",
            UserWarning,
            stacklevel=3,
        )
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
            seed=given["seed"] if seed is None else seed,
            integrator=given["integrator"],
            friction=dict(friction) if isinstance(friction, list) else friction,
            precision=given["precision"],
            threads=threads if threads is not None else header["threads"],
            skin=given["skin"],
            max_displacement=given["max_displacement"],
        )
    if header["made_with"] != made_with():
        warnings.warn(
            f"checkpoint {found}: made with {header['made_with']}, resumed with {made_with()}; the run "
            f"goes on, but perhaps not to the same bits",
            UserWarning,
            stacklevel=3,
        )
    watched = sim._here.mirrors is not None
    for name in (*ARRAYS, "mirrors"):
        setattr(sim._here, name, arrays.get(name))
    # Where the file is older than they are.
    sim._here.rest = arrays.get("rest", np.zeros((len(arrays["ids"]), 2)))
    if watched:
        sim._here.watch_reflections()
    sim.configuration = given["configuration"]
    sim.step = header["step"]
    sim._time_origin = tuple(header["time_origin"])
    sim._target = header["target"]
    sim._here.next_id = header["next_id"]
    sim._drift = np.array(header["drift"])
    sim._drift_rest = np.array(header.get("drift_rest", [[0.0, 0.0], [0.0, 0.0]]))
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
    sim.earlier_seeds = [(step, before) for step, before in given.get("earlier_seeds", [])]
    if seed is None:
        step = sim.step if found == path else -1
        sim._saved = (os.path.realpath(path), step, sim._target)
    else:
        sim.earlier_seeds.append((sim.step, given["seed"]))
        if sim.configuration is not None:
            sim.configuration["run"]["seed"] = seed
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
        header, arrays = unpack(path)
        if header.get("format") in READABLE:
            check_state(header, arrays)
            return header, arrays
    except (OSError, ValueError) as error:
        raise ValueError(
            f"checkpoint {path}: not a vortexmd checkpoint, or damaged ({error}); the one before may "
            f"stand in {previous(path).name}"
        ) from None
    raise ValueError(
        f"checkpoint {path}: format {shown(header.get('format'))}, this reads "
        f"{', '.join(map(str, READABLE))}"
    )


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
