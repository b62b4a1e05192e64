"""Files that must survive: one writer at a time, room before writing, atomic replacement."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import shutil
import sys
import time
from pathlib import Path

ATTEMPTS = 6

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def check_folder(path: Path, what: str) -> None:
    """Refuse a path that no file can be made at.

    Raises
    ------
    OSError
        Naming the folder: it does not exist, cannot be written, or the path is itself a folder.
    """
    folder = path.absolute().parent
    if path.is_dir():
        raise IsADirectoryError(f"{what} {path}: a folder; give a file name")
    if path.exists() and not path.is_file():
        raise OSError(f"{what} {path}: a device or a pipe; give the name of a file")
    if not folder.is_dir():
        raise FileNotFoundError(f"{what} {path}: the folder {folder} does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise PermissionError(
            f"{what} {path}: the folder {folder} cannot be written; choose another"
        )


def check_output(path: Path, force: bool) -> None:
    """Refuse a file that the command line may not write.

    Raises
    ------
    OSError
        Where none can be made (`check_folder`), or one is there and `force` is not set.
    """
    check_folder(path, "output")
    if path.exists() and not force:
        raise FileExistsError(f"output {path}: exists; choose another, or pass --force")


def check_picture(path: Path, force: bool) -> None:
    """`check_output`, and a ValueError for a name whose ending matplotlib cannot write."""
    check_output(path, force)
    from matplotlib.backend_bases import FigureCanvasBase

    if path.suffix.removeprefix(".") not in FigureCanvasBase.get_supported_filetypes():
        raise ValueError(f"output = {path}: give a name that ends in .png, .pdf or .svg")


def beside(path: Path, suffix: str) -> Path:
    """A hidden file of ours in the same folder, named after `path`."""
    return path.with_name(f".{path.name}.{suffix}")


def set_aside(path: Path) -> Path:
    """Rename a damaged file to ``….damaged`` (with a number, where that is taken); the new name.

    Of a link, the file itself.
    """
    path = Path(os.path.realpath(path))
    new = free_name(path, "damaged")
    os.rename(path, new)
    sync_folder(path)
    return new


def free_name(path: Path, suffix: str) -> Path:
    """`path` with a suffix, and a number where there is such a file."""
    new, k = path.with_name(f"{path.name}.{suffix}"), 1
    while new.exists():
        k += 1
        new = path.with_name(f"{path.name}.{suffix}{k}")
    return new


def replace(temporary: Path, path: Path) -> None:
    """Put a finished file in the place of `path`: synced, then renamed, at once or not at all."""
    sync(temporary)
    os.replace(temporary, path)
    sync_folder(path)


def sync_folder(path: Path) -> None:
    """Make a rename in the folder of `path` last through a power loss (where the system can)."""
    if os.name != "posix":
        return
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def place_new(temporary: Path, path: Path) -> None:
    """As `replace`, where no file may be yet.

    Raises
    ------
    FileExistsError
        If somebody else has made one meanwhile.
    """
    sync(temporary)
    try:
        # A link fails if the name is taken; a rename would silently take its place.
        os.link(temporary, path)
        temporary.unlink()
    except FileExistsError:
        raise
    except OSError:
        # No hard links on this file system.
        if path.exists():
            raise FileExistsError(
                errno.EEXIST, "made meanwhile by another program", str(path)
            ) from None
        os.rename(temporary, path)
    sync_folder(path)


def make_room(path: Path, size: int) -> None:
    """An empty file at `path`, where `size` bytes can be written.

    Raises
    ------
    OSError
        If they cannot; no file is left.
    """
    # Never truncated: after a kill in `place_new`, the old name may be a second one of a finished file.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        reserve(descriptor, path, 0, size)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Make the contents of a closed file last through a power loss."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def reserve(descriptor: int, path: Path, offset: int, size: int) -> None:
    """Make sure that `size` bytes can be written from `offset` on, whatever runs out.

    HDF5 crashes the whole process when the disk or the quota is full in the middle of a flush, so
    that the room is claimed from the system before HDF5 is asked to write.

    Raises
    ------
    OSError
        If there is no room: disk full, quota, or a limit on file sizes.
    """
    if os.fstat(descriptor).st_size >= offset + size:
        return
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, offset, size)
            return
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(
                error.errno,
                f"{os.strerror(error.errno or 0)}: no room for {size:,} bytes",
                str(path),
            ) from None
    # The file system cannot claim room ahead: the best there is is to look.
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, f"disk full: no room for {size:,} bytes", str(path))


class WriterLock:
    """Only one process writes a file: a lock that the system drops when its holder dies.

    HDF5 cannot tell a file that is being written from one whose writer was killed (it drops its own
    lock as SWMR begins, and the marks in the file stay after a kill). A lock file beside the data
    can: it is held, not merely there.

    Parameters
    ----------
    path
        The file to be written.

    Raises
    ------
    BlockingIOError
        If another writer, here or in another process, has it.
    """

    def __init__(self, path: Path):
        # Beside the file itself, where the path is a link.
        self._path = beside(Path(os.path.realpath(path)), "lock")
        for attempt in range(ATTEMPTS):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(self._descriptor)
            except BlockingIOError:
                holder = os.read(self._descriptor, 200).decode(errors="replace")
                os.close(self._descriptor)
            except OSError:
                # No locks on this file system: going on unguarded is better than not at all.
                break
            else:
                if same_file(self._descriptor, self._path):
                    break
                # Its last holder has just taken the file away; make a new one.
                holder = ""
                os.close(self._descriptor)
            # Perhaps it was only somebody looking whether it is held.
            time.sleep(0.02 * attempt)
        else:
            raise BlockingIOError(
                errno.EWOULDBLOCK,
                f"being written by {holder or 'another process'}; wait for it to end, or stop it",
                str(path),
            )
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"process {os.getpid()} on {platform.node()}".encode())

    def release(self) -> None:
        """Let the next one write."""
        # Taken away before it is let go: whoever waits on the old file finds it gone.
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)
        with contextlib.suppress(OSError):
            # Where an open file cannot be taken away.
            if sys.platform == "win32":
                self._path.unlink()


def is_locked(path: Path) -> bool | None:
    """Whether somebody writes the file now; None if this file system cannot tell."""
    try:
        descriptor = os.open(beside(Path(os.path.realpath(path)), "lock"), os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        _lock(descriptor, shared=True)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False


def same_file(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that now stands under a name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, *, shared: bool = False) -> None:
    if sys.platform == "win32":
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EWOULDBLOCK, "locked") from error
    else:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
