"""Programs run so that every system call with which they change a folder is seen, or is their last one.

`run_and_kill` kills a program right before or after its n-th such call, or within one that writes;
`record` lets it end, and tells all calls with what they wrote. A program is an argument list; one of
Python is run in a fork of this process, which may have imported and compiled all it needs: that takes a
tenth of a second instead of seconds.
"""

from __future__ import annotations

import os
import platform
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash import ptrace
from tests.crash.children import Deadline, fork
from tests.crash.witness import LOG

ALL = 0x40000000  # __WALL: threads too
# What the harness itself writes.
UNCOUNTED = {LOG}


@dataclass(frozen=True)
class Operation:
    """A system call that changes a file of the folder, or makes one last.

    Parameters
    ----------
    kind
        ``"create"``, ``"truncate"`` (to nothing, as it is opened), ``"write"``, ``"resize"``,
        ``"reserve"``, ``"sync"``, ``"rename"``, ``"link"``, ``"unlink"``.
    name
        The file, relative to the folder; ``"."`` for the folder itself.
    inode
        Which file that is, whatever it is called; 0 where there is none yet.
    offset, length
        Of writes and reservations; of ``"resize"`` the new length.
    target
        The new name, of ``"rename"`` and ``"link"``.
    data
        What was written, where that is recorded.
    error
        Number of the error if the call failed.
    """

    kind: str
    name: str
    inode: int = 0
    offset: int = 0
    length: int = 0
    target: str = ""
    data: bytes = b""
    error: int = 0

    def __str__(self) -> str:
        if self.target:
            return f"{self.kind} {self.name} -> {self.target}"
        if self.kind in ("write", "reserve"):
            return f"{self.kind} {self.name} [{self.offset}:{self.offset + self.length}]"
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Killed:
    """How a program was killed: at which call; or None and how it ended, if it made fewer."""

    operation: Operation | None
    status: int
    output: str


@dataclass(frozen=True)
class Recording:
    """All that a program did to its folder, its exit status (−9: killed by signal 9) and output."""

    operations: list[Operation]
    status: int
    output: str


def available() -> str | None:
    """Why programs cannot be traced here; None if they can."""
    return ptrace.available()


def run_and_kill(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    at: int,
    before: bool = True,
    part: float | None = None,
) -> Killed:
    """Run a program and kill it, with all its threads and children, at its `at`-th call (from 1 on).

    Parameters
    ----------
    argv, cwd, env
        The program; calls on files under `cwd` count.
    at
        Which call.
    before
        Kill before it is carried out; else right after.
    part
        Let a write through with this part of its bytes only, then kill.

    Raises
    ------
    TimeoutError
        If it takes minutes.
    """
    count = 0
    fatal: Operation | None = None

    def entered(thread: int, call: ptrace.Call, operation: Operation) -> str:
        nonlocal count, fatal
        count += 1
        if count != at:
            return "go" if count < at else "kill"
        fatal = operation
        if part is not None and operation.kind == "write" and call.length is not None:
            kept = int(part * operation.length)
            if kept:
                ptrace.set_argument(thread, call.length, kept)
                fatal = replace(operation, length=kept)
                return "watch"
            return "kill"
        return "kill" if before else "watch"

    status, output = _follow(argv, cwd, env, entered, lambda operation: "kill")
    return Killed(fatal, status, output)


def record(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Recording:
    """Run a program to its end and note all its calls, with what they wrote.

    Raises
    ------
    TimeoutError
        If it takes minutes.
    """
    operations: list[Operation] = []

    def left(operation: Operation) -> str:
        operations.append(operation)
        return "go"

    status, output = _follow(argv, cwd, env, lambda *_: "watch", left)
    return Recording(operations, status, output)


def run(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Recording:
    """Run a program to its end, as `record`, without looking at what it does.

    Raises
    ------
    TimeoutError
        If it takes minutes.
    """
    with tempfile.TemporaryFile() as output:
        process = fork(argv, cwd, env, output.fileno(), lambda: None)
        with Deadline(process, argv):
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        return Recording([], status, _text(output.fileno()))


# ---------------------------------------------------------------------- following a program


def _follow(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    entered: Callable[[int, ptrace.Call, Operation], str],
    left: Callable[[Operation], str],
) -> tuple[int, str]:
    """Exit status and output; `entered` and `left` say "go", "watch" (stop at its end) or "kill"."""
    folder = Path(os.path.realpath(cwd))
    calls = ptrace.PROCESSORS[platform.machine()][1]
    under_way: dict[int, tuple[ptrace.Call, list[int], Operation]] = {}
    known: set[int] = set()
    final, wish = 0, "go"
    with tempfile.TemporaryFile() as output:
        process = fork(argv, cwd, env, output.fileno(), ptrace.traced)
        with Deadline(process, argv):
            os.waitpid(process, ALL)
            ptrace.ptrace(ptrace.SETOPTIONS, process, 0, ptrace.OPTIONS)
            ptrace.ptrace(ptrace.CONT, process)
            known.add(process)
            while True:
                try:
                    thread, status = os.waitpid(-process, ALL)
                except ChildProcessError:
                    return final, _text(output.fileno())
                if not os.WIFSTOPPED(status):
                    if thread == process:
                        final = os.waitstatus_to_exitcode(status)
                    continue
                if wish == "kill":
                    continue
                event, number, wish, deliver = status >> 16, os.WSTOPSIG(status), "go", 0
                if event == ptrace.EVENT_FILTER:
                    name, words = ptrace.arguments(thread)
                    found = _operation(thread, calls[name], words, folder)
                    if found is not None:
                        wish = entered(thread, calls[name], found)
                        under_way[thread] = calls[name], words, found
                elif number == ptrace.MARKED:
                    wish = left(_finished(thread, *under_way.pop(thread)))
                elif not event and (number != signal.SIGSTOP or thread in known):
                    deliver = number
                known.add(thread)
                if wish == "kill":
                    os.killpg(process, signal.SIGKILL)
                    continue
                how = ptrace.SYSCALL if wish == "watch" else ptrace.CONT
                with suppress(ProcessLookupError):
                    ptrace.ptrace(how, thread, 0, deliver)


def _operation(thread: int, call: ptrace.Call, words: list[int], folder: Path) -> Operation | None:
    """What a call is about to do; None if not to the folder, or nothing."""
    try:
        names = [_path(thread, call, words, k) for k in range(max(1, len(call.paths)))]
    except OSError:
        return None
    path = names[0]
    if not any(p == folder or p.is_relative_to(folder) for p in names) or path.name in UNCOUNTED:
        return None
    kind, length, offset = call.kind, 0, 0
    there = path.exists()
    if kind == "open":
        assert call.flags is not None
        kind = "truncate" if there else "create"
        if there and not words[call.flags] & os.O_TRUNC:
            return None
    if call.length is not None:
        length = words[call.length]
    if call.offset is not None:
        offset = words[call.offset]
    elif kind == "write":
        assert call.descriptor is not None
        offset = _position(thread, words[call.descriptor])
    if call.descriptor is not None:
        inode = os.stat(f"/proc/{thread}/fd/{words[call.descriptor]}").st_ino
    else:
        inode = path.stat().st_ino if there else 0
    return Operation(
        kind,
        os.path.relpath(path, folder),
        inode,
        offset,
        length,
        os.path.relpath(names[1], folder) if len(names) > 1 else "",
    )


def _finished(thread: int, call: ptrace.Call, words: list[int], operation: Operation) -> Operation:
    """The same after it was carried out: with what it wrote, or its error."""
    value = ptrace.result(thread)
    if value < 0:
        return replace(operation, error=-value)
    if call.kind == "open":
        return replace(operation, inode=os.stat(f"/proc/{thread}/fd/{value}").st_ino)
    if call.kind != "write":
        return operation
    # From the file, not from memory: it is the same for every spelling of a write.
    assert call.descriptor is not None
    with open(f"/proc/{thread}/fd/{words[call.descriptor]}", "rb") as file:
        file.seek(operation.offset)
        data = file.read(value)
    return replace(operation, length=value, data=data)


def _path(thread: int, call: ptrace.Call, words: list[int], which: int) -> Path:
    """The file that a call is about, with folders resolved (and not the name itself)."""
    if call.descriptor is not None:
        return Path(os.readlink(f"/proc/{thread}/fd/{words[call.descriptor]}"))
    base, where = call.paths[which]
    name = ptrace.text_at(thread, words[where])
    here = f"/proc/{thread}/cwd"
    if base is not None and words[base] & 0xFFFFFFFF != 0xFFFFFF9C:  # AT_FDCWD
        here = f"/proc/{thread}/fd/{words[base] & 0xFFFFFFFF}"
    path = Path(os.readlink(here), name)
    return Path(os.path.realpath(path.parent), path.name)


def _position(thread: int, descriptor: int) -> int:
    """Where the next write to a descriptor goes."""
    with open(f"/proc/{thread}/fdinfo/{descriptor}") as file:
        fields = dict(line.split(":", 1) for line in file)
    if int(fields["flags"], 8) & os.O_APPEND:
        return os.stat(f"/proc/{thread}/fd/{descriptor}").st_size
    return int(fields["pos"])


def _text(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0).decode(errors="replace")
