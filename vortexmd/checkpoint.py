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
from vortexmd.files import check_folder, free_name, sync, sync_folder
from vortexmd.frames import event_rows, events_from
from vortexmd.h5md import Layout
from vortexmd.population import ARRAYS
from vortexmd.vortices import Vortices

FORMAT = 2
READABLE = (1, 2)
EVENT_COLUMNS = tuple(Layout(regions=True).events)


class DamagedCheckpointError(ValueError):
    """A file that is no checkpoint, or no longer."""


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
        except DamagedCheckpointError as error:
            if not is_good(previous(path)):
                raise FileExistsError(f"{error}; choose another name or remove it") from None
            step_back(path, "damaged")


def previous(path: Path) -> Path:
    """Where the checkpoint before the last is kept."""
    # Beside the file itself, where the path is a link.
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + ".previous")


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
    except (FileNotFoundError, DamagedCheckpointError):
        if not is_good(previous(path)):
            raise
    return previous(path), *read(previous(path))


def is_good(path: Path) -> bool:
    """Whether there is an undamaged checkpoint. What keeps it from being read is raised."""
    try:
        read(path)
    except (FileNotFoundError, DamagedCheckpointError):
        return False
    return True


def step_back(path: Path, suffix: str) -> None:
    """Put the checkpoint before in the place of the newest, which gets a name with that suffix."""
    # Beside the file itself, where the path is a link.
    real = Path(os.path.realpath(path))
    _link(real, free_name(real, suffix))
    _put_link(previous(real), real)
    sync_folder(real)


def stamp(path: Path) -> tuple[int, int] | None:
    """What tells a checkpoint from one that somebody else has put in its place; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def save(sim: Any, path: Path, *, keep: bool) -> None:
    """Write `sim` to `path` atomically.

    Parameters
    ----------
    sim
        The simulation.
    path
        The checkpoint.
    keep
        What is there is of the same run: it stays as `previous`. Otherwise the newest of it becomes
        ``….replaced``, and the `previous` goes, lest it be taken for an earlier state of this run.

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
    # Links, not renames: at no moment is the name without a checkpoint.
    if keep and path.exists():
        _put_link(path, previous(path))
    elif not keep and exists(path):
        _link(path if path.exists() else previous(path), free_name(path, "replaced"))
    os.replace(temporary, path)
    if not keep:
        previous(path).unlink(missing_ok=True)
    sync_folder(path)


def _put_link(old: Path, new: Path) -> None:
    """Let `new`, whatever it was, be the file that `old` is."""
    between = old.with_name(old.name + ".linking")
    between.unlink(missing_ok=True)
    _link(old, between)
    os.replace(between, new)
    # Two names of one file, as a kill leaves them, are not renamed into each other.
    between.unlink(missing_ok=True)


def _link(old: Path, new: Path) -> None:
    """A second name for a file (a copy, where there are no links)."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copy2(old, new)


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
        sim._stamp = stamp(found)
    else:
        sim.earlier_seeds.append((sim.step, given["seed"]))
        if sim.configuration is not None:
            sim.configuration["run"]["seed"] = seed
    return sim


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a checkpoint: those of the population by their names, and of events.

    Raises
    ------
    FileNotFoundError
        If there is none.
    DamagedCheckpointError
        If the file is not one of ours, or damaged.
    ValueError
        If it is of another format, or too large for this machine.
    OSError
        If it cannot be read now, which says nothing of the file.
    """
    if not path.exists():
        raise FileNotFoundError(f"checkpoint {path}: no such file")
    if path.is_dir():
        raise IsADirectoryError(f"checkpoint {path}: a folder; give a file")
    try:
        header, arrays = unpack(path)
        if header.get("format") in READABLE:
            check_state(header, arrays)
            return header, arrays
    except MemoryError as error:
        raise ValueError(f"checkpoint {path}: {error}") from None
    except ValueError as error:
        raise DamagedCheckpointError(
            f"checkpoint {path}: not a vortexmd checkpoint, or damaged ({error})"
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
