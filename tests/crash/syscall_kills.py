"""Runs killed at their n-th system call that changes a file, then continued and compared."""

from __future__ import annotations

import shutil
import signal
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.crash import tracing
from tests.crash.compare import run_differences
from tests.crash.result import Result
from tests.crash.scenarios import CHECKPOINT, Scenario, environment
from tests.crash.tracing import Operation
from tests.crash.whole import Held, held
from vortexmd import checkpoint
from vortexmd.recovery import mend

# Blocks of HDF5's chunk indexes: header, index block, super block, data block.
INDEX = (b"EAHD", b"EAIB", b"EASB", b"EADB")
FIRST_FRAMES = 200


@dataclass(frozen=True)
class Calls:
    """The calls of an uninterrupted run, counted from 1; what some of them do.

    Parameters
    ----------
    total
        How many there are.
    creation
        Until the trajectory stands under its name.
    first_frames
        The first of those that write to it.
    index_growth
        Those that write a block of a chunk index where there was none.
    renames
        Those that rename, link and unlink.
    """

    total: int
    creation: list[int]
    first_frames: list[int]
    index_growth: list[int]
    renames: list[int]

    def __int__(self) -> int:
        return self.total


def call_count(scenario: Scenario, folder: Path) -> Calls:
    """Which calls an uninterrupted run makes.

    Parameters
    ----------
    scenario
        The run.
    folder
        Where it is done; taken away afterwards.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    operations = recorded(scenario, folder)
    shutil.rmtree(folder)
    return sort_calls(operations, set(scenario.outputs))


def recorded(scenario: Scenario, folder: Path) -> list[Operation]:
    """All calls of an uninterrupted run in a new folder, with what they write.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    scenario.prepare(folder)
    recording = tracing.record(scenario.command(), folder, environment())
    if recording.status:
        raise RuntimeError(
            f"{scenario.name}, traced, ends with {recording.status}: {recording.output.strip()}"
        )
    return recording.operations


def sort_calls(operations: list[Operation], trajectories: set[str]) -> Calls:
    """What calls do, going by their names and by what they write."""
    numbered = list(enumerate(operations, start=1))
    placed = [n for n, o in numbered if o.target in trajectories]
    begun = placed[0] if placed else 0
    grown: dict[tuple[str, int], int] = {}
    for n, o in numbered:
        if o.kind == "write" and o.data[:4] in INDEX:
            grown.setdefault((o.name, o.offset), n)
    return Calls(
        len(operations),
        list(range(1, begun + 1)),
        [n for n, o in numbered if n > begun and o.name in trajectories][:FIRST_FRAMES],
        sorted(grown.values()),
        [n for n, o in numbered if o.kind in ("rename", "link", "unlink")],
    )


def syscall_kills(
    scenario: Scenario,
    folder: Path,
    whole: Path,
    ns: Iterable[int],
    *,
    after: bool = False,
    part: float | None = None,
) -> list[Result]:
    """Kill runs at their n-th call, for each n; continue each by the same command; compare.

    Parameters
    ----------
    scenario
        The run.
    folder
        Each n has a folder in it, which goes again if nothing was wrong.
    whole
        Folder of the uninterrupted run.
    ns
        Which calls, from 1 on.
    after
        Kill as the call has returned; else before it is carried out.
    part
        Let a write through in part only (the others not at all): what no kill does, but a power failure
        may. What is kept is then what can be mended, and a damaged file may stay beside the run.
    """
    results = []
    for n in ns:
        place = folder / f"call-{n}"
        scenario.prepare(place)
        killed = tracing.run_and_kill(
            scenario.command(), place, environment(), n, before=not after, part=part
        )
        how = "within" if part is not None else "after" if after else "before"
        detail = f"{how} call {n} ({killed.operation or 'it ended before'})"
        torn = part is not None
        results.append(_continued(scenario, place, whole, detail, killed, torn))
        if not results[-1].problem:
            shutil.rmtree(place)
    return results


def _unexpected(killed: tracing.Killed) -> str:
    if killed.status not in (0, -signal.SIGKILL):
        return f"ends with {killed.status} before it is killed: {killed.output.strip()}"
    return ""


def _continued(
    scenario: Scenario,
    folder: Path,
    whole: Path,
    detail: str,
    killed: tracing.Killed,
    torn: bool,
) -> Result:
    """What was there after a kill, and how the run ends when it is continued."""
    there = _held_mended(scenario, folder, whole) if torn else held(scenario, folder, whole)
    problems = [text for text in (_unexpected(killed), there.problem) if text]
    ended = tracing.run(scenario.command(), folder, environment())
    found = [f"resumed, it ends with {ended.status}: {ended.output.strip()}"]
    if ended.status == 0:
        allowed = [f"left behind: {name}.damaged" for name in scenario.outputs] if torn else []
        found = [t for t in run_differences(scenario, folder, whole) if t not in allowed]
    return Result(
        scenario=scenario.name,
        kind="syscall",
        detail=detail,
        acknowledged=there.frames,
        kept=there.frames - there.frames_lost,
        lost=there.frames_lost,
        equal=not found,
        problem="; ".join([*problems, *found[:3]]),
        events=there.events,
        events_lost=there.events_lost,
        signal="SIGKILL" if killed.status == -signal.SIGKILL else "",
    )


def _held_mended(scenario: Scenario, folder: Path, whole: Path) -> Held:
    """As `held`, of a copy in which what is torn is mended."""
    copy = folder.with_name(f"{folder.name}-mended")
    shutil.copytree(folder, copy)
    certain = -1
    with warnings.catch_warnings(), suppress(OSError, ValueError):
        warnings.simplefilter("ignore")
        if checkpoint.exists(copy / CHECKPOINT):
            certain = checkpoint.newest(copy / CHECKPOINT)[1]["step"]
        for name in scenario.outputs:
            mend(copy / name, certain)
    there = held(scenario, copy, whole)
    shutil.rmtree(copy)
    return there
