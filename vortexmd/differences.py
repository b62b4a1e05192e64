"""In which entry two descriptions differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def first_difference(old: str, new: str) -> str:
    """The first entry in which two descriptions, as JSON text, differ, with both values."""
    before, after = (dict(_leaves(json.loads(text), "")) for text in (old, new))
    for key in [*before, *(key for key in after if key not in before)]:
        a, b = before.get(key, "nothing"), after.get(key, "nothing")
        if a != b:
            return f"{key}: {_short(a)} in the file, {_short(b)} now"
    return "the nesting of its entries"


def _leaves(data: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict) and data:
        for key, item in data.items():
            yield from _leaves(item, f"{where}.{key}" if where else key)
    elif isinstance(data, list) and data:
        for k, item in enumerate(data):
            yield from _leaves(item, f"{where}[{k}]")
    else:
        yield where, json.dumps(data)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
