"""A run under observation: what it has acknowledged stands in a log that survives its death.

``python -m tests.crash.witness run run.toml`` is ``vortexmd run run.toml``, and with a script's name it is
``python script.py``; besides, each frame and checkpoint is noted in `LOG` as its writing begins or has
returned. A line is one `write` to a file opened to append: it is there once that call has returned, killed
or not.
"""

from __future__ import annotations

import atexit
import os
import runpy
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOG = "witness.log"


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Parameters
    ----------
    time
        In s, of the system's monotonic clock.
    what
        ``begin``, ``end`` (of the process); ``opening``, ``frame`` (has been written, or was there and the
        same), ``closing`` (of a trajectory); ``saving``, ``saved`` (a checkpoint).
    file
        Name of the trajectory or checkpoint; ``-`` for the process.
    step
        Of the simulation.
    events
        How many events it has had.
    """

    time: float
    what: str
    file: str
    step: int
    events: int


def read(log: Path, start: int = 0) -> list[Entry]:
    """All entries from a byte of the file on; none if there is no log yet."""
    try:
        with open(log, "rb") as file:
            file.seek(start)
            text = file.read().decode()
    except FileNotFoundError:
        return []
    rows = (line.split() for line in text.splitlines())
    return [Entry(float(t), what, file, int(s), int(e)) for t, what, file, s, e in rows]


def length(log: Path) -> int:
    """Of the log so far, in bytes."""
    return log.stat().st_size if log.exists() else 0


class Log:
    """A log open to append."""

    def __init__(self, path: Path):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

    def note(self, what: str, path: Any = "-", sim: Any = None) -> None:
        """Add an entry."""
        step, events = (0, 0) if sim is None else (sim.step, len(sim.events))
        line = f"{time.monotonic():.6f} {what} {Path(path).name or '-'} {step} {events}\n"
        os.write(self._descriptor, line.encode())


def watch(log: Log) -> None:
    """From now on, let writers and checkpoints of this process note what they do."""
    from vortexmd import TrajectoryWriter, checkpoint

    start, write, finish, save = (
        TrajectoryWriter.start,
        TrajectoryWriter.write,
        TrajectoryWriter.finish,
        checkpoint.save,
    )

    def noted_start(self: Any, sim: Any) -> None:
        log.note("opening", self.path, sim)
        start(self, sim)

    def noted_write(self: Any, sim: Any) -> None:
        write(self, sim)
        log.note("frame", self.path, sim)

    def noted_finish(self: Any, sim: Any) -> None:
        log.note("closing", self.path, sim)
        finish(self, sim)

    def noted_save(sim: Any, path: Path, *rest: Any, **options: Any) -> Any:
        log.note("saving", path, sim)
        result = save(sim, path, *rest, **options)
        log.note("saved", path, sim)
        return result

    TrajectoryWriter.start = noted_start  # type: ignore[method-assign]
    TrajectoryWriter.write = noted_write  # type: ignore[method-assign]
    TrajectoryWriter.finish = noted_finish  # type: ignore[method-assign]
    checkpoint.save = noted_save


def main(arguments: list[str]) -> int:
    """Run the command or script; returns its exit code."""
    log = Log(Path(LOG))
    log.note("begin")
    atexit.register(log.note, "end")
    watch(log)
    if arguments[0].endswith(".py"):
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        return 0
    from vortexmd.cli import main as command

    return command(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
