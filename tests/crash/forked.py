"""Commands started as forks of a process that has imported vortexmd already: in a tenth of a second."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path

from tests.crash import witness
from tests.crash.scenarios import Scenario
from tests.crash.whole import STDERR


class Forked:
    """A scenario's command in a fork, as `subprocess.Popen` would have it.

    Parameters
    ----------
    scenario, folder
        As `whole.start`.
    """

    def __init__(self, scenario: Scenario, folder: Path):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.crash.forked", "vortexmd", "vortexmd.cli"])
        self._process = context.Process(target=_run, args=(scenario, folder))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended.

        Raises
        ------
        TimeoutError
            If it has not in time.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _run(scenario: Scenario, folder: Path) -> None:
    """In the fork: what the command does, with its errors where a command's go."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    errors = os.open(STDERR, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(errors, sys.stderr.fileno())
    log = witness.Log(Path(witness.LOG))
    log.note("begin")
    witness.watch(log)
    try:
        scenario.call()
    finally:
        log.note("end")
