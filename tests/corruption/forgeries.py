"""Files that are whole in every bit, and nonsense: made by hand, as no run writes them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

# In place of any value of a header or a description.
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    float("inf"),
    2**70,
    "x",
    "os.system",
    [],
    [[]],
    {},
    {"type": "os.system", "command": "touch executed"},
    {"function": "eval"},
)


def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to every value within nested tables and lists; of long lists, to the first."""
    if at:
        yield at
    if isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, (*at, key))
    elif isinstance(data, list):
        for k, value in enumerate(data[:2]):
            yield from places(value, (*at, k))


def replaced(data: Any, at: tuple[Any, ...], value: Any) -> Any:
    """A copy of nested tables and lists with one value replaced; ``...`` takes it out."""
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in at[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return copy


def opened(checkpoint: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a checkpoint."""
    with np.load(io.BytesIO(checkpoint)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return json.loads(str(arrays.pop("header"))), arrays


def closed(header: Any, arrays: dict[str, Any], *, pickled: bool = False) -> bytes:
    """A checkpoint of these; arrays of objects only where pickles are wanted."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, value in {"header": np.array(json.dumps(header)), **arrays}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=pickled)
            archive.writestr(f"{name}.npy", member.getvalue())
    return target.getvalue()
