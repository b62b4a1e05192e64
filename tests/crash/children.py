"""Children that do what a program does, without starting it anew where that can be had.

A program of Python is run in a fork of this process, which may have imported and compiled all it needs.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 300.0


def fork(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    output: int,
    begin: Callable[[], None],
) -> int:
    """A child in a process group of its own, which does `begin` first."""
    here = can_be_forked(argv)
    process = os.fork()
    if process == 0:
        try:
            os.setpgid(0, 0)
            os.chdir(cwd)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            begin()
            if here:
                os._exit(_as_python(argv, env))
            os.execvpe(argv[0], list(argv), dict(env))
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        os._exit(127)
    # Whichever of the two is first.
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(process, process)
    return process


def can_be_forked(argv: Sequence[str]) -> bool:
    """Whether a fork of this process may take the place of a new one."""
    alone = len(os.listdir("/proc/self/task")) == 1 if sys.platform == "linux" else False
    return alone and argv[0] == sys.executable and len(argv) > 1 and argv[1] != "-c"


def _as_python(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Do what ``python …`` would do, in this process; the exit status."""
    os.environ.clear()
    os.environ.update(env)
    sys.stdin, sys.stdout, sys.stderr = (
        open(k, mode, closefd=False)  # noqa: SIM115
        for k, mode in enumerate("rww")
    )
    for number in (signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.resetwarnings()
    status = 0
    try:
        if argv[1] == "-m":
            sys.argv = list(argv[2:])
            sys.path.insert(0, os.getcwd())
            # Here it is imported already, perhaps: there it would not be.
            sys.modules.pop(argv[2], None)
            runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(argv[1:])
            sys.path.insert(0, os.path.dirname(os.path.abspath(argv[1])))
            runpy.run_path(argv[1], run_name="__main__")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


class Deadline:
    """Kills a process group that takes minutes, and whatever is left of it at the end."""

    def __init__(self, process: int, argv: Sequence[str]):
        self._process, self._argv, self._late = process, argv, False
        self._timer = threading.Timer(PATIENCE, self._end)

    def _end(self) -> None:
        self._late = True
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        # The next fork must not find it.
        self._timer.join()
        if self._late:
            raise TimeoutError(f"{' '.join(self._argv)}: not ended after {PATIENCE:g} s")
        if error[0] is not None:
            self._end()
