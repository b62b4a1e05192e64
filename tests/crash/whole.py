"""The uninterrupted run that crashed ones are held against: made once, in a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tests.crash import witness
from tests.crash.scenarios import CHECKPOINT, Scenario, environment
from vortexmd import h5md
from vortexmd.checkpoint import newest
from vortexmd.copying import telling_damage
from vortexmd.recovery import open_to_read

LIMIT_S = 300
STDERR = "stderr.txt"


class Process(Protocol):
    """A command that runs: what of `subprocess.Popen` is needed."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int) -> None: ...


Start = Callable[[Scenario, Path], Process]


def start(scenario: Scenario, folder: Path) -> Process:
    """Start, or continue, the run in a folder by its command; errors go to `STDERR` there."""
    with open(folder / STDERR, "wb") as errors:
        return subprocess.Popen(
            scenario.command(),
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def last_words(folder: Path) -> str:
    """What the last command in a folder said at last, in one line."""
    lines = (folder / STDERR).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing said"


@dataclass(frozen=True)
class Held:
    """What of the acknowledged is there.

    Parameters
    ----------
    frames, events
        Frames and rows of the event log that were acknowledged, in all files.
    frames_lost, events_lost
        Of those, how many are not there, or with other bits.
    problem
        In one line, what else is wrong; empty if nothing is.
    """

    frames: int
    frames_lost: int
    events: int
    events_lost: int
    problem: str


def run_whole(scenario: Scenario, folder: Path, start: Start = start) -> Path:
    """Run a scenario to its end without a stop; gives its folder.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    scenario.prepare(folder)
    code = start(scenario, folder).wait(LIMIT_S)
    if code:
        raise RuntimeError(
            f"{scenario.name}: the uninterrupted run ends with {code}: {last_words(folder)}"
        )
    return folder


@lru_cache(maxsize=8)
def columns(path: Path) -> dict[str, np.ndarray]:
    """Every column of every table of a trajectory, whatever state its file is in, up to its last row."""
    with open_to_read(path) as file, telling_damage(path):
        layout, extent = h5md.layout_of(file), h5md.extent(file)
        rows = (extent.frames, extent.events, extent.changes)
        return {
            column.path: file[column.path][:n]
            for table, n in zip(layout.tables, rows, strict=True)
            for column in table.values()
        }


def held(scenario: Scenario, folder: Path, whole: Path) -> Held:
    """What of the acknowledged is there after a crash, before anything is mended.

    Every frame and event that a file has is compared with the uninterrupted run's, bit for bit,
    acknowledged or not; the newest checkpoint must be readable and no older than the last acknowledged.
    """
    entries = witness.read(folder / witness.LOG)
    frames = frames_lost = events = events_lost = 0
    problems: list[str] = []
    for name in scenario.outputs:
        noted = [entry for entry in entries if entry.file == name and entry.what == "frame"]
        steps = np.unique([entry.step for entry in noted])
        rows = max((entry.events for entry in noted), default=0)
        frames, events = frames + len(steps), events + rows
        if not (folder / name).exists():
            frames_lost, events_lost = frames_lost + len(steps), events_lost + rows
            continue
        try:
            there, there_rows, wrong = _compare_rows(folder / name, whole / name)
        except (OSError, ValueError) as error:
            there, there_rows, wrong = np.empty(0, dtype=np.int64), 0, str(error)
        frames_lost += int((~np.isin(steps, there)).sum())
        events_lost += max(0, rows - there_rows)
        problems += [wrong] if wrong else []
    problems += _check_checkpoint(folder, entries)
    return Held(frames, frames_lost, events, events_lost, "; ".join(problems))


def _compare_rows(path: Path, whole: Path) -> tuple[np.ndarray, int, str]:
    """Steps whose frames are there with the right bits, rows of the event log likewise, what is wrong."""
    import vortexmd as vmd

    ours, theirs = columns.__wrapped__(path), columns(whole)
    trajectory = vmd.load(path)
    steps = trajectory.steps
    layout = h5md.Layout(trajectory.has_regions)
    good = [np.ones(len(steps), dtype=bool), np.ones(len(trajectory.events), dtype=bool)]
    wrong = ""
    for table, rows in zip(layout.tables, good, strict=False):
        for name, column in table.items():
            same = _same_rows(ours[column.path], theirs[column.path], column.fill)[: len(rows)]
            if not same.all() and not wrong:
                wrong = f"{path.name}: {name} differs from row {int(np.argmin(same))} on"
            rows[:] = rows & same
    if len(steps):
        # As its users read it, too.
        ids = theirs[layout.particles["id"].path][len(steps) - 1]
        if len(trajectory[-1]) != int((ids >= 0).sum()):
            wrong = wrong or f"{path.name}: the last frame lacks vortices"
    bad = np.flatnonzero(~good[1])
    return steps[good[0]], int(bad[0]) if len(bad) else len(good[1]), wrong


def _same_rows(ours: np.ndarray, theirs: np.ndarray, fill: Any) -> np.ndarray:
    """(rows of ours,) whether each is that of the other, which may be wider."""
    n = len(ours)
    if n > len(theirs):
        more = np.zeros(n, dtype=bool)
        more[: len(theirs)] = _same_rows(ours[: len(theirs)], theirs, fill)
        return more
    part = theirs[:n]
    if ours.ndim > 1 and ours.shape[1] < part.shape[1]:
        padded = np.full(part.shape, fill, part.dtype)
        padded[:, : ours.shape[1]] = ours
        ours = padded
    if n == 0 or ours.shape != part.shape or ours.dtype != part.dtype:
        return np.zeros(n, dtype=bool)
    bits = (np.ascontiguousarray(a).view(np.uint8).reshape(n, -1) for a in (ours, part))
    return np.all(np.equal(*bits), axis=1)


def _check_checkpoint(folder: Path, entries: list[witness.Entry]) -> list[str]:
    saved = [entry.step for entry in entries if entry.what == "saved"]
    if not saved:
        return []
    try:
        step = newest(folder / CHECKPOINT)[1]["step"]
    except (OSError, ValueError) as error:
        return [str(error)]
    if step < max(saved):
        return [f"{CHECKPOINT}: at step {step}, that of step {max(saved)} is gone"]
    return []
