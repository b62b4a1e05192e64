"""Linux's ptrace by ctypes alone: a child that stops at the system calls that change files.

A seccomp filter in the child lets only those calls stop, so that all else runs at full speed. See
ptrace(2), seccomp(2); the numbers of the calls are those of the kernel's tables.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from dataclasses import dataclass

TRACEME, CONT, GETREGSET, SETREGSET, SYSCALL = 0, 7, 0x4204, 0x4205, 24
SETOPTIONS, GET_SYSCALL_INFO = 0x4200, 0x420E
# System-call stops marked, forks, threads and exec followed, filter stops, killed with the tracer.
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
EVENT_FILTER = 7
MARKED = signal.SIGTRAP | 0x80
NT_PRSTATUS = 1
NO_NEW_PRIVILEGES, SET_FILTER, FILTER_MODE = 38, 22, 2
LET, STOP = 0x7FFF0000, 0x7FF00000
# Of struct seccomp_data.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
CREATES = os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Call:
    """Where a system call has its file.

    Parameters
    ----------
    kind
        What it does, however it is spelt: openat and open are both "open".
    descriptor
        The argument that is a file descriptor.
    paths
        Arguments (folder's descriptor or None, path), of one file or two.
    flags
        Of open: the argument with the flags.
    length
        Of writes: the argument that says how many bytes.
    offset
        The argument that says where; None: at the descriptor's position.
    """

    kind: str
    descriptor: int | None = None
    paths: tuple[tuple[int | None, int], ...] = ()
    flags: int | None = None
    length: int | None = None
    offset: int | None = None


_WRITE = Call("write", descriptor=0, length=2)
_PWRITE = Call("write", descriptor=0, length=2, offset=3)
_WRITEV = Call("write", descriptor=0)
_PWRITEV = Call("write", descriptor=0, offset=3)
_SENDFILE = Call("write", descriptor=0, length=3)
_COPY = Call("write", descriptor=2, length=4)
_SYNC = Call("sync", descriptor=0)
_FTRUNCATE = Call("resize", descriptor=0, length=1)
_TRUNCATE = Call("resize", paths=((None, 0),), length=1)
_FALLOCATE = Call("reserve", descriptor=0, length=3, offset=2)
_RENAMEAT = Call("rename", paths=((0, 1), (2, 3)))
_LINKAT = Call("link", paths=((0, 1), (2, 3)))
_UNLINKAT = Call("unlink", paths=((0, 1),))
_OPENAT = Call("open", paths=((0, 1),), flags=2)

X86_64 = {
    1: _WRITE,
    2: Call("open", paths=((None, 0),), flags=1),
    18: _PWRITE,
    20: _WRITEV,
    40: _SENDFILE,
    74: _SYNC,
    75: _SYNC,
    76: _TRUNCATE,
    77: _FTRUNCATE,
    82: Call("rename", paths=((None, 0), (None, 1))),
    86: Call("link", paths=((None, 0), (None, 1))),
    87: Call("unlink", paths=((None, 0),)),
    257: _OPENAT,
    263: _UNLINKAT,
    264: _RENAMEAT,
    265: _LINKAT,
    285: _FALLOCATE,
    296: _PWRITEV,
    316: _RENAMEAT,
    326: _COPY,
}
AARCH64 = {
    35: _UNLINKAT,
    37: _LINKAT,
    38: _RENAMEAT,
    45: _TRUNCATE,
    46: _FTRUNCATE,
    47: _FALLOCATE,
    56: _OPENAT,
    64: _WRITE,
    66: _WRITEV,
    68: _PWRITE,
    70: _PWRITEV,
    71: _SENDFILE,
    82: _SYNC,
    83: _SYNC,
    276: _RENAMEAT,
    285: _COPY,
}
# Kernel's mark of the processor, calls, and which words of the registers are the arguments 0 … 5.
PROCESSORS = {
    "x86_64": (0xC000003E, X86_64, (14, 13, 12, 7, 9, 8)),
    "aarch64": (0xC00000B7, AARCH64, (0, 1, 2, 3, 4, 5)),
}


def available() -> str | None:
    """Why processes cannot be traced here; None if they can."""
    if sys.platform != "linux":
        return f"system calls are traced on Linux only, not on {sys.platform}"
    if platform.machine() not in PROCESSORS or sys.maxsize < 2**32:
        return f"system calls are traced on x86_64 and aarch64 only, not on {platform.machine()}"
    pid = os.fork()
    if pid == 0:
        try:
            traced()
            os._exit(0)
        except BaseException:
            os._exit(1)
    try:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return "tracing is refused here (a container, or the kernel's settings)"
        ptrace(SETOPTIONS, pid, 0, OPTIONS)
        ptrace(CONT, pid)
        _, status = os.waitpid(pid, 0)
        return None if status == 0 else "a filter of system calls is refused here"
    except OSError as error:
        return f"tracing is refused here ({error})"
    finally:
        if not os.WIFEXITED(status) and not os.WIFSIGNALED(status):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> int:
    """The system call.

    Raises
    ------
    OSError
        If it is refused.
    """
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.restype = ctypes.c_long
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    result: int = call(request, pid, address, data)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request}: {os.strerror(number)}")
    return result


def traced() -> None:
    """Of a child: wait for the parent to trace it, then stop at calls that change files."""
    ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    program = _filter()
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    given = Program(len(program) // 8, ctypes.addressof(code))
    control = ctypes.CDLL(None, use_errno=True).prctl
    control.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    for words in (
        (NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (SET_FILTER, FILTER_MODE, ctypes.addressof(given), 0, 0),
    ):
        if control(*words) < 0:
            raise OSError(ctypes.get_errno(), "prctl")


def _filter() -> bytes:
    """A classic BPF program: stop at the calls of the table, let all others pass."""
    mark, calls, _ = PROCESSORS[platform.machine()]
    load, equal, any_bit, give = 0x20, 0x15, 0x45, 0x06

    def word(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, k)

    lines = [word(load, ARCHITECTURE), word(equal, mark, 1, 0), word(give, LET)]
    lines.append(word(load, NUMBER))
    for number, call in calls.items():
        if call.flags is None:
            lines += [word(equal, number, 0, 1), word(give, STOP)]
        else:
            # Most files are opened to be read: those do not stop.
            lines += [
                word(equal, number, 0, 4),
                word(load, ARGUMENTS + 8 * call.flags),
                word(any_bit, CREATES, 0, 1),
                word(give, STOP),
                word(give, LET),
            ]
    return b"".join([*lines, word(give, LET)])


def arguments(thread: int) -> tuple[int, list[int]]:
    """Number and arguments of the call at which a thread has stopped, before it is carried out."""
    info = _information(thread)
    number, *values = struct.unpack_from("<7Q", info, 24)
    return number, values


def result(thread: int) -> int:
    """What the call has returned at whose end a thread has stopped: negative for an error."""
    value: int = struct.unpack_from("<q", _information(thread), 24)[0]
    return value


def _information(thread: int) -> bytes:
    buffer = ctypes.create_string_buffer(88)
    ptrace(GET_SYSCALL_INFO, thread, len(buffer), ctypes.addressof(buffer))
    return buffer.raw


def set_argument(thread: int, index: int, value: int) -> None:
    """Change an argument of the call at which a thread has stopped."""
    places = PROCESSORS[platform.machine()][2]
    words = (ctypes.c_uint64 * 64)()

    class Span(ctypes.Structure):
        _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    span = Span(ctypes.addressof(words), ctypes.sizeof(words))
    ptrace(GETREGSET, thread, NT_PRSTATUS, ctypes.addressof(span))
    words[places[index]] = value
    ptrace(SETREGSET, thread, NT_PRSTATUS, ctypes.addressof(span))


def text_at(process: int, address: int) -> str:
    """A path in the memory of a stopped process."""
    found = b""
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        while b"\0" not in found:
            # Never across a page: the next one may not be there.
            found += memory.read(4096 - (address + len(found)) % 4096)
    return os.fsdecode(found.partition(b"\0")[0])
