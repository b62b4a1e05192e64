"""Ways in which storage spoils a file: each takes its bytes and gives others, by chance but repeatably."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

SECTOR, PAGE = 512, 4096
# (offset, size) of stretches of a file that a change is to hit.
Targets = Sequence[tuple[int, int]]
Mutation = Callable[[bytearray, random.Random, Targets], None]


def _place(data: bytearray, draw: random.Random, targets: Targets) -> int:
    """An offset: in half of all cases in one of the targets, else anywhere."""
    if targets and draw.random() < 0.5:
        offset, size = draw.choice(targets)
        return offset + draw.randrange(size)
    return draw.randrange(len(data))


def bit(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """One bit flipped."""
    data[_place(data, draw, targets)] ^= 1 << draw.randrange(8)


def byte(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """One byte turned into another."""
    data[_place(data, draw, targets)] ^= draw.randrange(1, 256)


def bits(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """A few bits here and there."""
    for _ in range(draw.randint(2, 20)):
        bit(data, draw, targets)


def noise(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """A stretch of noise."""
    start = _place(data, draw, targets)
    end = min(len(data), start + draw.randint(2, 200))
    data[start:end] = draw.randbytes(end - start)


def ones(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """Eight bytes of ones: −1, or no address."""
    start = _place(data, draw, targets) // 8 * 8
    data[start : start + 8] = b"\xff" * len(data[start : start + 8])


def sector(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """A sector of the disk zeroed."""
    start = _place(data, draw, targets) // SECTOR * SECTOR
    data[start : start + SECTOR] = bytes(len(data[start : start + SECTOR]))


def page(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """A page of memory that never was written."""
    start = _place(data, draw, targets) // PAGE * PAGE
    data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))


def swap(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """Two pages that went to each other's place."""
    if len(data) < 2 * PAGE:
        return byte(data, draw, targets)
    a, b = (start * PAGE for start in draw.sample(range(len(data) // PAGE), 2))
    data[a : a + PAGE], data[b : b + PAGE] = data[b : b + PAGE], data[a : a + PAGE]


def cut(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """The tail gone."""
    del data[draw.randrange(len(data)) :]


def extended(data: bytearray, draw: random.Random, targets: Targets) -> None:
    """Garbage behind the end."""
    data += draw.randbytes(draw.randint(1, 5000))


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (bit, byte, bits, noise, ones, sector, page, swap, cut, extended)
}


def damaged(original: bytes, name: str, seed: int, targets: Targets = ()) -> bytes:
    """The file after one mutation."""
    data = bytearray(original)
    MUTATIONS[name](data, random.Random(f"{name} {seed}"), targets)
    return bytes(data)
