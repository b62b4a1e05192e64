"""The first 48 bytes of an HDF5 file: was it closed, is all of it there.

HDF5 File Format Specification 3.0, section II.A (superblock versions 2 and 3).
"""

from __future__ import annotations

import io
import struct
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
    """

    writing: bool
    swmr: bool
    end: int
    truncated: bool


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
    _, version, offsets, _, flags, _, _, end, _, _ = SUPERBLOCK.unpack(head)
    if version < 3 or offsets != 8:
        raise ValueError(f"trajectory {path}: an HDF5 file, but not a vortexmd trajectory")
    # Looked at after the header was read: a file that is being written only grows.
    return Header(bool(flags), bool(flags & WRITING_SWMR), end, path.stat().st_size < end)


class KilledFile(h5py.File):
    """The file of a killed SWMR writer, open for reading.

    Such a file is consistent, but HDF5 opens it in SWMR mode only, and there meets damage by waiting
    for a writer to mend it: for hours, deaf to Ctrl-C. Read as if it had been closed it says so at
    once.
    """

    def __init__(self, path: Path):
        self._bytes = _AsIfClosed(path)
        try:
            super().__init__(self._bytes, "r")
        except OSError:
            self._bytes.close()
            raise

    def close(self) -> None:
        """Close it."""
        super().close()
        self._bytes.close()


class _AsIfClosed(io.FileIO):
    """The bytes of a file, with a superblock that says that it is closed."""

    def __init__(self, path: Path):
        super().__init__(path, "rb")
        head = bytearray(super().read(SUPERBLOCK.size))
        head[FLAGS] = 0
        # The kill may have come after data were written and before the superblock knew of them.
        head[END : END + 8] = struct.pack("<Q", path.stat().st_size)
        head[-4:] = struct.pack("<I", lookup3(bytes(head[:-4])))
        self._head = bytes(head)
        self.seek(0)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any file, but for the superblock."""
        start = self.tell()
        n = super().readinto(buffer)
        patch = self._head[start : start + n]
        if patch:
            memoryview(buffer)[: len(patch)] = patch
        return n


def lookup3(key: bytes) -> int:
    """Bob Jenkins's hash (lookup3.c, 2006) of whole 4-byte words, as HDF5 uses it for checksums."""
    words = struct.unpack(f"<{len(key) // 4}I", key)
    a = b = c = (0xDEADBEEF + len(key)) & MASK
    while len(words) > 3:
        a, b, c = (a + words[0]) & MASK, (b + words[1]) & MASK, (c + words[2]) & MASK
        words = words[3:]
        for turns in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & MASK) ^ _rotate(c, turns[0])
            c = (c + b) & MASK
            b = ((b - a) & MASK) ^ _rotate(a, turns[1])
            a = (a + c) & MASK
            c = ((c - b) & MASK) ^ _rotate(b, turns[2])
            b = (b + a) & MASK
    tail = (*words, 0, 0, 0)
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
