"""What a power failure leaves of a run's folder, and whether the run goes on from there.

The model, of a file system that keeps its own order but writes data when it likes:

- What a file held when it was synced is on the disk, and the names that the folder had when that was.
- Of later writes each page of 4096 bytes may be on the disk as it was at any moment since: before all of
  them, between, or after. The file's length is the old one or the new one; what is not there reads as 0.
- Of later names (files made, renamed, linked, taken away) the first so many are there: they keep their order.
"""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.crash import tracing
from tests.crash.compare import run_differences
from tests.crash.result import Result
from tests.crash.scenarios import CHECKPOINT, Scenario, environment
from tests.crash.syscall_kills import recorded
from tests.crash.tracing import Operation
from vortexmd import checkpoint, load
from vortexmd.copying import telling_damage
from vortexmd.recovery import mend

PAGE = 4096
DRAWS = ("nothing", "all", "lengths and names", "some")


class StoredFile:
    """A file: what the program has made of it, and what of that is certain.

    Parameters
    ----------
    data
        What is on the disk.
    """

    def __init__(self, data: bytes = b""):
        self.data = bytearray(data)
        self.sync()

    def sync(self) -> None:
        """All of it is on the disk."""
        self._certain = bytes(self.data)
        # As each page was after each write since.
        self._later: dict[int, list[bytes]] = {}

    def write(self, offset: int, data: bytes) -> None:
        """Bytes at a place; zeros up to there."""
        end = offset + len(data)
        if end > len(self.data):
            self.resize(end)
        self.data[offset:end] = data
        self._note(offset, end)

    def resize(self, length: int) -> None:
        """Cut it, or let zeros follow."""
        before = len(self.data)
        del self.data[length:]
        self.data.extend(bytes(length - len(self.data)))
        if length < before:
            self._note(length, before)
        elif before % PAGE:
            # Zeros, even where something else stood before.
            self._note(before, before + 1)

    def _note(self, start: int, end: int) -> None:
        for page in range(start // PAGE, -(-end // PAGE)):
            now = bytes(self.data[page * PAGE : (page + 1) * PAGE])
            self._later.setdefault(page, []).append(now)

    def draw(self, how: str, chance: random.Random) -> bytes:
        """What may be on the disk."""
        if how == "nothing":
            return self._certain
        if how == "all":
            return bytes(self.data)
        new = how == "lengths and names" or chance.random() < 0.5
        length = len(self.data) if new else len(self._certain)
        drawn = bytearray(self._certain[:length])
        drawn.extend(bytes(length - len(drawn)))
        # All of the disk may be ahead, or behind, or half and half.
        share = 0.0 if how == "lengths and names" else chance.random()
        for page, versions in self._later.items():
            if chance.random() < share:
                start = page * PAGE
                data = chance.choice(versions[-8:])[: max(0, length - start)]
                drawn[start : start + len(data)] = data
        return bytes(drawn)


class Disk:
    """A folder, to which recorded operations are done one after the other.

    Parameters
    ----------
    files
        What it held at first, all of it certain: contents by name.
    """

    def __init__(self, files: dict[str, bytes]):
        self.names = {name: StoredFile(data) for name, data in files.items()}
        self._inodes: dict[int, StoredFile] = {}
        self._certain = dict(self.names)
        # Names given and taken since the folder was synced, in order.
        self._later: list[tuple[tuple[str, StoredFile | None], ...]] = []

    def do(self, operation: Operation) -> None:
        """One more operation.

        Raises
        ------
        KeyError
            If it is about a file that was not there: the record is not complete.
        """
        kind, name = operation.kind, operation.name
        if operation.error:
            return
        if kind == "create":
            self._inodes[operation.inode] = StoredFile()
            self._name((name, self._inodes[operation.inode]))
        elif kind == "rename":
            self._name((name, None), (operation.target, self.names[name]))
        elif kind == "link":
            self._name((operation.target, self.names[name]))
        elif kind == "unlink":
            self._name((name, None))
        elif kind == "sync" and name == ".":
            self._certain, self._later = dict(self.names), []
        else:
            self._change(operation)

    def _change(self, operation: Operation) -> None:
        file = self._inodes.get(operation.inode)
        if file is None:
            file = self._inodes[operation.inode] = self.names[operation.name]
        if operation.kind == "write":
            file.write(operation.offset, operation.data)
        elif operation.kind == "resize":
            file.resize(operation.length)
        elif operation.kind == "truncate":
            file.resize(0)
        elif operation.kind == "reserve":
            file.resize(max(len(file.data), operation.offset + operation.length))
        else:
            file.sync()

    def _name(self, *changes: tuple[str, StoredFile | None]) -> None:
        """Names given or taken, all at once."""
        _rename(self.names, changes)
        self._later.append(changes)

    def draw(self, how: str, seed: int = 0) -> dict[str, bytes]:
        """What may be found after a power failure now: contents by name.

        Parameters
        ----------
        how
            One of `DRAWS`: nothing of what is not certain, all of it, lengths and names without data, or
            a part that `seed` draws.
        """
        chance = random.Random(seed)
        names = dict(self._certain)
        count = {"nothing": 0, "some": chance.randint(0, len(self._later))}
        for changes in self._later[: count.get(how, len(self._later))]:
            _rename(names, changes)
        return {name: file.draw(how, chance) for name, file in sorted(names.items())}


def _rename(names: dict[str, StoredFile], changes: Sequence[tuple[str, StoredFile | None]]) -> None:
    for name, file in changes:
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def power_losses(
    scenario: Scenario, folder: Path, whole: Path, count: int, seed: int
) -> list[Result]:
    """Let the power fail at moments of a run; continue by the same command; compare.

    Parameters
    ----------
    scenario
        The run.
    folder
        Each failure has a folder in it, which goes again if nothing was wrong.
    whole
        Folder of the uninterrupted run.
    count, seed
        How many failures, and which moments, every other one about a checkpoint.
    """
    scenario.prepare(folder / "recorded")
    before = contents(folder / "recorded")
    operations = recorded(scenario, folder / "recorded")
    rng = random.Random(f"{scenario.name} {seed}")
    renames = [n for n, o in enumerate(operations) if o.kind in ("rename", "link", "sync")]
    moments = sorted(
        rng.randrange(len(operations) + 1) if k % 2 else rng.choice(renames) + rng.randint(0, 1)
        for k in range(count)
    )
    results, disk, done = [], Disk(before), 0
    for k, moment in enumerate(moments):
        for operation in operations[done:moment]:
            disk.do(operation)
        done = moment
        how = rng.choices(DRAWS, (1, 1, 1, 5))[0]
        place = folder / f"power-{k}"
        detail = f"after call {moment}, of what was not synced {how}"
        results.append(
            _continued(scenario, place, whole, detail, disk.draw("nothing"), disk.draw(how, k))
        )
        if not results[-1].problem:
            shutil.rmtree(place)
    shutil.rmtree(folder / "recorded")
    return results


def _continued(
    scenario: Scenario,
    folder: Path,
    whole: Path,
    detail: str,
    certain: dict[str, bytes],
    left: dict[str, bytes],
) -> Result:
    """What a checkpoint that was certain promises, what of that can be read, how the run goes on."""
    step, problem = _checkpoint_step(folder / "certain", certain)
    promised = sum(int((load(whole / name).steps <= step).sum()) for name in scenario.outputs)
    kept = _readable(folder / "left", left, step, scenario)
    for name, data in left.items():
        (folder / name).write_bytes(data)
    ended = tracing.run(scenario.command(), folder, environment())
    found = [f"resumed, it ends with {ended.status}: {ended.output.strip()}"]
    for place in (folder / "certain", folder / "left"):
        shutil.rmtree(place)
    if ended.status == 0:
        # A damaged file is kept beside the run.
        expected = [f"left behind: {name}.damaged" for name in scenario.outputs]
        found = [text for text in run_differences(scenario, folder, whole) if text not in expected]
    lost = max(0, promised - kept)
    problems = [problem] if problem else []
    problems += [f"{lost} frames that a checkpoint covers are lost"] if lost else []
    return Result(
        scenario=scenario.name,
        kind="power",
        detail=detail,
        acknowledged=promised,
        kept=kept,
        lost=lost,
        equal=not found,
        problem="; ".join([*problems, *found[:3]]),
    )


def _checkpoint_step(folder: Path, files: dict[str, bytes]) -> tuple[int, str]:
    """The step of the newest checkpoint, −1 without; what is wrong with it, empty if nothing is."""
    _fill(folder, files)
    try:
        return checkpoint.newest(folder / CHECKPOINT)[1]["step"], ""
    except FileNotFoundError:
        return -1, ""
    except (OSError, ValueError) as error:
        return -1, str(error)


def _readable(folder: Path, files: dict[str, bytes], step: int, scenario: Scenario) -> int:
    """How many frames up to a step can be read of what is left, mended as a run does it."""
    _fill(folder, files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = [folder / name for name in scenario.outputs if name in files]
        return sum(_mended(path, step) for path in there)


def _fill(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _mended(path: Path, certain: int) -> int:
    """How many frames up to the step of a checkpoint can be saved of a file."""
    kept = 0
    with suppress(ValueError), telling_damage(path):
        mend(path, certain)
        with load(path) as trajectory:
            for k in range(int((trajectory.steps <= certain).sum())):
                # Its step alone may be there: what was never written reads as fill values.
                _ = trajectory[k]
                kept += 1
    return kept
