"""What arrays an object holds, and how much of each is in memory."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Objects that are looked into, besides tuples, lists and dicts.
OWN = ("vortexmd.", "potentials.")


def held(root: Any) -> dict[str, NDArray]:
    """All arrays that `root` refers to, each once and whole, under where it was met first."""
    found: dict[str, NDArray] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", root)]
    # The shallowest name is the plainest one.
    while waiting:
        name, thing = waiting.pop(0)
        while isinstance(thing, np.ndarray) and isinstance(thing.base, np.ndarray):
            thing = thing.base
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.ndarray):
            found[name.strip(".")] = thing
        else:
            waiting += [(f"{name}.{key}", part) for key, part in _parts(thing)]
    return found


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(thing, "_fields"):
        yield from zip(thing._fields, thing, strict=True)
    elif isinstance(thing, list | tuple):
        yield from ((str(k), part) for k, part in enumerate(thing))
    elif isinstance(thing, dict):
        yield from ((str(key), part) for key, part in thing.items())
    elif type(thing).__module__.startswith(OWN):
        yield from ((key.lstrip("_"), part) for key, part in vars(thing).items())


def in_memory(array: NDArray) -> int:
    """Bytes of an array whose pages have been touched (Linux): room that was never needed takes none.

    Raises
    ------
    OSError
        If the system does not tell.
    """
    page = mmap.PAGESIZE
    first, end = array.ctypes.data, array.ctypes.data + array.nbytes
    # Pages that it has for itself; what is smaller is counted whole.
    start, stop = -(-first // page) * page, end // page * page
    if stop <= start:
        return array.nbytes
    pages = np.zeros((stop - start) // page, dtype=np.uint8)
    library = ctypes.CDLL(None, use_errno=True)
    place = ctypes.c_void_p(pages.ctypes.data)
    if library.mincore(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), place):
        raise OSError(ctypes.get_errno(), "mincore")
    return int((pages & 1).sum()) * page + (start - first) + (end - stop)


def table(root: Any, n: int, least: float = 0.5) -> dict[str, dict[str, Any]]:
    """Bytes for each of `n` vortices of all arrays with at least `least` of them: room, and in memory."""
    rows: dict[str, dict[str, Any]] = {
        name: {
            "dtype": str(array.dtype),
            "room": array.nbytes / n,
            "in_memory": in_memory(array) / n,
        }
        for name, array in held(root).items()
        if array.nbytes >= least * n
    }
    return dict(sorted(rows.items(), key=lambda item: -item[1]["in_memory"]))
