"""The structures of an HDF5 file that a power failure has torn, seen as if they were whole.

A trajectory grows in place: as frames are added, lengths in object headers and entries in chunk indexes
are filled in, and the checksums at their ends follow. Whatever of that reached the disk, what had been
synced before stands in it still; but a block of which one page is new and another old has no longer its
checksum, and HDF5 refuses all of it. Here such blocks get the checksum of what they hold, and entries that
lead nowhere are taken out. That makes no lost frame good: what is then read must be held against the
checksums of the frames themselves.

HDF5 File Format Specification 3.0: IV.A.1.b (object headers), VII.D (extensible array index).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py

from vortexmd import h5md
from vortexmd.superblock import KilledFile, PatchedFile, lookup3

UNDEFINED = 2**64 - 1
NOWHERE = b"\xff" * 8
CONTINUATION, LAYOUT = 0x10, 0x08
CHUNKED, EXTENSIBLE_ARRAY = 2, 4
# What HDF5 makes all extensible arrays of chunks with: bits of a number of elements, elements in the index
# block, in the smallest data block, pointers in the smallest super block, bits of elements per page.
BITS, INLINE, LEAST, POINTERS, PAGE_BITS = 32, 4, 16, 4, 10
PAGE = 1 << PAGE_BITS
# Of the s-th group of data blocks: how many there are, and how many elements each has. The index block
# points to those of the first few groups itself, and to a super block for each of the others.
GROUPS = [(1 << s // 2, LEAST << (s + 1) // 2) for s in range(1 + BITS - (LEAST.bit_length() - 1))]
DIRECT = 2 * (POINTERS.bit_length() - 1)
SUM = 4
# Bytes of a block of an index before its contents: signature, version, client, address of the header.
PREFIX = 4 + 1 + 1 + 8
# Of super blocks and data blocks, besides: the number of their first element.
NUMBERED = PREFIX + BITS // 8


class RepairedFile(PatchedFile):
    """A trajectory whose growing datasets are torn, open for reading; see above for what that is worth.

    Raises
    ------
    OSError
        If it cannot be read even so.
    """

    def __init__(self, path: Path):
        layout = h5md.Layout(regions=True, checksums=True)
        names = {column.path for table in layout.tables for column in table.values()}
        super().__init__(path, repairs(path, {*names, h5md.CHANGE_TEXT}))


def repairs(path: Path, names: Iterable[str]) -> dict[int, bytes]:
    """What must stand where in a file for the structures of datasets to be whole, by address.

    Parameters
    ----------
    path
        The file.
    names
        The datasets; those that are not there are left out. No other object is touched: they do not
        change once they are made, and what is wrong with them is no power failure.

    Raises
    ------
    OSError
        If the groups that hold them are damaged, or what is there is no dataset.
    """
    with KilledFile(path) as file:
        addresses = {address for name in names for address in _addresses(file, name)}
    with open(path, "rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as data:
        repair = _Repair(data)
        for address in sorted(addresses):
            try:
                repair.header(address)
            except (IndexError, struct.error):
                raise OSError(f"the object at byte {address} leads out of the file") from None
    return repair.patches


def _addresses(file: h5py.File, name: str) -> Iterator[int]:
    """Where the header of a dataset stands, which is not opened; nothing if there is none."""
    folder, _, last = name.rpartition("/")
    try:
        group = file[folder]
        if not isinstance(group, h5py.Group):
            raise OSError(f"/{folder} is no group")
        if not group.id.links.exists(last.encode()):
            return
        link = group.id.links.get_info(last.encode())
    except KeyError:
        return
    except RuntimeError as error:
        raise OSError(f"the group /{folder} cannot be read ({error})") from None
    if link.type == h5py.h5l.TYPE_HARD:
        yield link.u


class _Repair:
    """Goes through blocks and collects what must be changed in them."""

    def __init__(self, data: mmap.mmap):
        self._data = data
        self.patches: dict[int, bytes] = {}

    def header(self, address: int) -> None:
        """An object header and all that it leads to."""
        data = self._data
        if data[address : address + 4] != b"OHDR" or data[address + 4] != 2:
            raise OSError(f"no object at byte {address}")
        flags = data[address + 5]
        at = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        length = int.from_bytes(data[at : at + width], "little")
        at += width
        spans = [(address, at, at + length)]
        seen = set()
        while spans:
            start, at, end = spans.pop()
            if start in seen:
                raise OSError(f"the object at byte {address} leads in a circle")
            seen.add(start)
            block = bytearray(data[start:end])
            while at + 4 <= end:
                kind, size = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
                at += 6 if flags & 0x04 else 4
                body = data[at : at + size]
                at += size
                if kind == CONTINUATION:
                    there, length = struct.unpack_from("<QQ", body)
                    if data[there : there + 4] != b"OCHK":
                        raise OSError(f"the object at byte {address} is incomplete")
                    spans.append((there, there + 4, there + length - SUM))
                elif kind == LAYOUT:
                    block[at - size - start : at - start] = self._layout(body)
            self._seal(start, block)

    def _layout(self, body: bytes) -> bytes:
        """Where a dataset's chunks are; nowhere, if their index never reached the disk."""
        if body[0] < 4 or body[1] != CHUNKED:
            return body
        index = 5 + body[3] * body[4]
        if body[index] != EXTENSIBLE_ARRAY:
            return body
        index += 6
        (address,) = struct.unpack_from("<Q", body, index)
        if address == UNDEFINED or self._index(address):
            return body
        return body[:index] + NOWHERE + body[index + 8 :]

    def _index(self, address: int) -> bool:
        """An extensible array: its header, index block, super blocks and data blocks; False if none."""
        head = bytearray(self._data[address : address + 72 - SUM])
        shape = bytes((BITS, INLINE, LEAST, POINTERS, PAGE_BITS))
        if head[:4] != b"EAHD" or head[7:12] != shape or not 8 <= head[6] <= 20:
            return False
        self._seal(address, head)
        self._element = head[6]
        (block,) = struct.unpack_from("<Q", head, 60)
        if block == UNDEFINED:
            return True
        if self._data[block : block + 4] != b"EAIB":
            return False
        head = bytearray(self._data[block : block + PREFIX])
        head += self._elements(block + PREFIX, INLINE)
        for count, elements in GROUPS[:DIRECT]:
            for _ in range(count):
                head += self._data_block(block + len(head), elements)
        for count, elements in GROUPS[DIRECT:]:
            head += self._super_block(block + len(head), count, elements)
        self._seal(block, head)
        return True

    def _super_block(self, pointer: int, count: int, elements: int) -> bytes:
        """The address at `pointer`, or none if no super block is there; what is there is repaired."""
        pages = -(-elements // PAGE) if elements > PAGE else 0
        start = NUMBERED + count * -(-pages // 8)
        address = self._address(pointer, b"EASB", start + 8 * count + SUM)
        if address == UNDEFINED:
            return NOWHERE
        head = bytearray(self._data[address : address + start])
        for _ in range(count):
            head += self._data_block(address + len(head), elements)
        self._seal(address, head)
        return struct.pack("<Q", address)

    def _data_block(self, pointer: int, elements: int) -> bytes:
        """The same of a data block; of more elements than a page has, each page has its checksum."""
        pages = elements // PAGE if elements > PAGE else 0
        start = NUMBERED
        length = start + elements * self._element + (1 + pages if pages else 1) * SUM
        address = self._address(pointer, b"EADB", length)
        if address == UNDEFINED:
            return NOWHERE
        head = bytearray(self._data[address : address + start])
        if not pages:
            self._seal(address, head + self._elements(address + start, elements))
            return struct.pack("<Q", address)
        self._seal(address, head)
        at = address + start + SUM
        for _ in range(pages):
            page = self._elements(at, PAGE)
            self._seal(at, page)
            at += len(page) + SUM
        return struct.pack("<Q", address)

    def _elements(self, at: int, count: int) -> bytearray:
        """Entries for chunks: those that never reached the disk, zeros, lead nowhere."""
        found = bytearray(self._data[at : at + count * self._element])
        for k in range(0, len(found), self._element):
            if not any(found[k : k + 8]):
                found[k : k + 8] = NOWHERE
        return found

    def _address(self, pointer: int, signature: bytes, length: int) -> int:
        """What stands at `pointer`, if a block of that kind is there."""
        address: int = struct.unpack_from("<Q", self._data, pointer)[0]
        inside = address + length <= len(self._data)
        there = inside and self._data[address : address + 4] == signature
        return address if there else UNDEFINED

    def _seal(self, address: int, block: bytearray) -> None:
        """Let a block stand in the file with its checksum after it."""
        whole = bytes(block) + struct.pack("<I", lookup3(bytes(block)))
        if self._data[address : address + len(whole)] != whole:
            self.patches[address] = whole
