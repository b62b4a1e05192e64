"""The first 48 bytes of an HDF5 file: was it closed, is all of it there.

HDF5 File Format Specification 3.0, section II.A (superblock versions 2 and 3).
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Signature; version, sizes of offsets and lengths, consistency flags; addresses of base, extension,
# end of file, root group; checksum.
SUPERBLOCK = struct.Struct("<8s4B4QI")
FLAGS, END = 11, 28
WRITING_SWMR = 4
MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Header:
    """What the superblock says.

    Parameters
    ----------
    writing
        A program has the file open for writing, or was killed while it had.
    swmr
        In SWMR mode, so that it can be read all the same.
    end
        The number of bytes that belong to the file.
    truncated
        It has fewer.
    damaged
        What it says does not have its checksum.
    """

    writing: bool
    swmr: bool
    end: int
    truncated: bool
    damaged: bool = False


def read_header(path: Path) -> Header:
    """What the superblock of a file says.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, ValueError
        If there is no such file, or it is not an HDF5 file such as we make.
    """
    if not path.exists():
        raise FileNotFoundError(f"trajectory {path}: no such file")
    if path.is_dir():
        raise IsADirectoryError(f"trajectory {path}: a folder; give a file")
    with open(path, "rb") as file:
        head = file.read(SUPERBLOCK.size)
    if not head.startswith(SIGNATURE):
        raise ValueError(f"trajectory {path}: not an HDF5 file")
    if len(head) < SUPERBLOCK.size:
        return Header(False, False, SUPERBLOCK.size, True)
    _, version, offsets, _, flags, _, _, end, _, checksum = SUPERBLOCK.unpack(head)
    if version < 3 or offsets != 8:
        raise ValueError(f"trajectory {path}: an HDF5 file, but not a vortexmd trajectory")
    # Looked at after the header was read: a file that is being written only grows.
    truncated = path.stat().st_size < end
    damaged = lookup3(head[:-4]) != checksum
    return Header(bool(flags), bool(flags & WRITING_SWMR), end, truncated, damaged)


class PatchedFile(h5py.File):
    """A file open for reading, some of whose bytes are taken for others; `close` closes it.

    Parameters
    ----------
    path
        The file.
    patches
        What is to stand where: bytes by address. The superblock says besides that the file is closed.

    Raises
    ------
    OSError
        If HDF5 cannot open it so.
    """

    def __init__(self, path: Path, patches: Mapping[int, bytes]):
        self._bytes = _Patched(path, patches)
        try:
            super().__init__(self._bytes, "r")
        except OSError:
            self._bytes.close()
            raise

    def close(self) -> None:
        """Close it."""
        super().close()
        self._bytes.close()


class KilledFile(PatchedFile):
    """The file of a killed SWMR writer, open for reading.

    Such a file is consistent, but HDF5 opens it in SWMR mode only, and there meets damage by waiting
    for a writer to mend it: for hours, deaf to Ctrl-C. Read as if it had been closed it says so at
    once.
    """

    def __init__(self, path: Path):
        super().__init__(path, {})


class _Patched(io.FileIO):
    """The bytes of a file but for patches, with a superblock that says that it is closed."""

    def __init__(self, path: Path, patches: Mapping[int, bytes]):
        super().__init__(path, "rb")
        head = bytearray(super().read(SUPERBLOCK.size))
        if len(head) < SUPERBLOCK.size:
            super().close()
            raise OSError("cut short")
        head[FLAGS] = 0
        # The kill may have come after data were written and before the superblock knew of them.
        head[END : END + 8] = struct.pack("<Q", path.stat().st_size)
        head[-4:] = struct.pack("<I", lookup3(bytes(head[:-4])))
        self._patches = sorted({**patches, 0: bytes(head)}.items())
        self._starts = [start for start, _ in self._patches]
        self.seek(0)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any file, but for the patches."""
        start = self.tell()
        n = super().readinto(buffer)
        # They do not overlap: the last one before `start` may reach beyond it.
        for k in range(max(0, bisect_right(self._starts, start) - 1), len(self._patches)):
            at, patch = self._patches[k]
            if at >= start + n:
                break
            first, last = max(at, start), min(at + len(patch), start + n)
            if first < last:
                memoryview(buffer)[first - start : last - start] = patch[first - at : last - at]
        return n


def lookup3(key: bytes) -> int:
    """Bob Jenkins's hash (lookup3.c, 2006), as HDF5 uses it for checksums."""
    words = struct.unpack(f"<{-(-len(key) // 4)}I", key + bytes(-len(key) % 4))
    a = b = c = (0xDEADBEEF + len(key)) & MASK
    last = max(0, -(-len(words) // 3) - 1) * 3
    for k in range(0, last, 3):
        a, b, c = (a + words[k]) & MASK, (b + words[k + 1]) & MASK, (c + words[k + 2]) & MASK
        for turns in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & MASK) ^ _rotate(c, turns[0])
            c = (c + b) & MASK
            b = ((b - a) & MASK) ^ _rotate(a, turns[1])
            a = (a + c) & MASK
            c = ((c - b) & MASK) ^ _rotate(b, turns[2])
            b = (b + a) & MASK
    tail = (*words[last:], 0, 0, 0)
    a, b, c = (a + tail[0]) & MASK, (b + tail[1]) & MASK, (c + tail[2]) & MASK
    c = ((c ^ b) - _rotate(b, 14)) & MASK
    a = ((a ^ c) - _rotate(c, 11)) & MASK
    b = ((b ^ a) - _rotate(a, 25)) & MASK
    c = ((c ^ b) - _rotate(b, 16)) & MASK
    a = ((a ^ c) - _rotate(c, 4)) & MASK
    b = ((b ^ a) - _rotate(a, 14)) & MASK
    return ((c ^ b) - _rotate(b, 24)) & MASK


def _rotate(x: int, k: int) -> int:
    return ((x << k) | (x >> (32 - k))) & MASK
