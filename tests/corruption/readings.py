"""All that can be read of a file, each reading by itself: its value as text, or the error it gave."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import vortexmd as vmd
from vortexmd.description import describe
from vortexmd.export import write_extxyz
from vortexmd.h5md import SERIES
from vortexmd.recovery import recover
from vortexmd.report import summary
from vortexmd.simulation import UnstableStepError

ERROR = "error: "
# What a reading may raise; anything else is a failure of the reader.
ALLOWED = (ValueError, OSError)
# A run whose vortices hop more often in a step does what it is asked to, for ever.
MOST_HOPS = 1e6


def told(path: Path, read: Callable[[], Any]) -> str:
    """What a reading gave, or its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _text(read())
    except ALLOWED as error:
        line = str(error)
        good = "\n" not in line and (path.name in line or path.stem in line)
        return ERROR + line if good else f"no clear line: {type(error).__name__}: {line}"
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return repr(value)


def _frame(vortices: vmd.Vortices) -> str:
    arrays = (vortices.positions, vortices.winding, vortices.ids, vortices.image)
    return f"{[_text(array) for array in arrays]} {vortices.box} {vortices.step} {vortices.time!r}"


def of_trajectory(path: Path, *, thoroughly: bool = False) -> dict[str, str]:
    """Every reading of a trajectory.

    Parameters
    ----------
    path
        The file.
    thoroughly
        Read it as `vortexmd info` and `export` do, too.
    """
    found: dict[str, str] = {}
    opened: list[vmd.Trajectory] = []
    found["load"] = told(path, lambda: opened.append(vmd.load(path)))
    if not opened:
        return found
    with opened[0] as trajectory:
        found["len"] = repr(len(trajectory))
        for name in ("steps", "times", "mean_velocity", "events", "parameters", "changes"):
            found[name] = told(path, lambda name=name: getattr(trajectory, name))
        for name in SERIES:
            found[name] = told(path, lambda name=name: trajectory.series(name))
        for k in range(len(trajectory)):
            found[f"frame {k}"] = told(path, lambda k=k: _frame(trajectory[k]))
        if trajectory.has_regions:
            found["regions"] = told(path, lambda: describe(trajectory.regions))
            found["region counts"] = told(path, lambda: trajectory.region_counts)
            for k in range(len(trajectory)):
                found[f"labels {k}"] = told(path, lambda k=k: trajectory.region_labels(k))
        found["provenance"] = told(path, lambda: json.dumps(trajectory.provenance))
        if thoroughly:
            found["iteration"] = told(path, lambda: [_frame(frame) for frame in trajectory[::-1]])
            found["summary"] = told(path, lambda: summary(trajectory))
            found["export"] = told(path, lambda: _exported(trajectory, path))
    return found


def _exported(trajectory: vmd.Trajectory, path: Path) -> bytes:
    target = path.with_suffix(".xyz")
    try:
        write_extxyz(trajectory, target)
        return target.read_bytes()
    finally:
        target.unlink(missing_ok=True)


def of_recovered(path: Path) -> dict[str, str]:
    """The same after `recover`; if it gives up, the file must be as it was."""
    before = path.read_bytes()
    result = told(path, lambda: recover(path))
    if result.startswith(ERROR):
        same = path.read_bytes() == before
        return {"load": result if same else f"the file was changed: {result}"}
    return of_trajectory(path)


def of_checkpoint(path: Path) -> dict[str, str]:
    """The state that a checkpoint gives, and what three steps make of it."""
    found: dict[str, str] = {}
    resumed: list[vmd.Simulation] = []
    found["load"] = told(path, lambda: resumed.append(vmd.Simulation.resume(path)))
    if not resumed:
        return found
    sim = resumed[0]
    found["state"] = _state(sim)
    sim.run(3)
    found["later"] = _state(sim)
    return found


def _state(sim: vmd.Simulation) -> str:
    arrays = {name: _text(array) for name, array in sim._here.arrays().items()}
    numbers = (sim.step, sim.time, sim.seed, sim.temperature, sim.remaining_steps)
    return f"{arrays} {numbers} {sim._here.next_id} {sim.description()} {sim.events}"


def difference(found: dict[str, str], right: dict[str, str]) -> str | None:
    """What was read wrongly, or not told clearly; None if all is right or told."""
    for name, value in found.items():
        if value.startswith(ERROR):
            continue
        if value != right.get(name):
            return f"{name}: {value[:300]} instead of {str(right.get(name))[:300]}"
    missing = right.keys() - found.keys()
    if missing and not found["load"].startswith(ERROR):
        return f"not read: {sorted(missing)[:5]}"
    return None


def of_forgery(path: Path) -> dict[str, str]:
    """What comes of a checkpoint whose values somebody made up: one line, or a run of three steps.

    A value may be as good as the one that it replaced; then the run may still find that it cannot go.
    """
    resumed: list[vmd.Simulation] = []
    found = {"load": told(path, lambda: resumed.append(vmd.Simulation.resume(path)))}
    if resumed:
        found["run"] = told(path, lambda: _stepped(resumed[0]))
    return found


def _stepped(sim: vmd.Simulation) -> None:
    if sim.hopping is not None and sim.dt * sim.hopping.rule.attempt_rate > MOST_HOPS:
        return
    try:
        sim.run(3)
    except (UnstableStepError, ValueError):
        # Of the run and not of the file, which it need not name.
        return
