"""A process that reads damaged files, and can be lost: to a crash of the interpreter, or for good."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.corruption import readings
from tests.corruption.commands import Outcome, execute

# Whoever takes longer over a small file hangs.
PATIENCE = 60.0
# No file here is above a megabyte.
MEMORY = 16 * 2**30
READINGS = {
    "trajectory": readings.of_trajectory,
    "recovered": readings.of_recovered,
    "checkpoint": readings.of_checkpoint,
    "forgery": readings.of_forgery,
}


def _serve(pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.file"
        while True:
            try:
                kind, data, options = pipe.recv()
            except EOFError:
                return
            if kind == "command":
                pipe.send(execute(data, **options))
                continue
            path.write_bytes(data)
            pipe.send(READINGS[kind](path, **options))
            for left in Path(folder).iterdir():
                left.unlink()


class Examiner:
    """Reads files one after the other, in one process for as long as it lasts.

    >>> with Examiner() as examiner:
    ...     found = examiner.read("trajectory", data)
    """

    def __init__(self) -> None:
        self._context: Any = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["vortexmd", "tests.corruption.readings"])
        self._process: Any = None

    def __enter__(self) -> Examiner:
        self._begin()
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def _begin(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def _end(self) -> None:
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def read(self, kind: str, data: bytes, **options: Any) -> dict[str, str]:
        """What is read of a file of these bytes; the entry ``load`` tells if the process was lost."""
        answer = self._ask(kind, data, options)
        return {"load": answer} if isinstance(answer, str) else answer

    def execute(self, files: dict[str, bytes], arguments: list[str]) -> Outcome:
        """What a command leaves of these files; `Outcome.code` tells if the process was lost."""
        answer = self._ask("command", files, {"arguments": arguments})
        return Outcome(answer, "", "", {}, None) if isinstance(answer, str) else answer

    def _ask(self, kind: str, data: Any, options: dict[str, Any]) -> Any:
        self._pipe.send((kind, data, options))
        try:
            if self._pipe.poll(PATIENCE):
                return self._pipe.recv()
            lost = f"hangs: no answer in {PATIENCE:g} s"
        except (EOFError, ConnectionResetError):
            self._process.join()
            lost = f"crash: exit status {self._process.exitcode}"
        self._process.kill()
        self._end()
        self._begin()
        return lost
