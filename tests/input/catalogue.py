"""Values that a field may be given in place of the right one: wrong types, numbers without end."""

from __future__ import annotations

import datetime
from math import inf, nan
from typing import Any

CODE = "__import__('os').system('touch executed')"

# What TOML can say.
VALUES: dict[str, Any] = {
    "true": True,
    "nan": nan,
    "inf": inf,
    "-inf": -inf,
    "0": 0,
    "0.0": 0.0,
    "-0.0": -0.0,
    "-1": -1,
    "-1.0": -1.0,
    "1": 1,
    "2.5": 2.5,
    "1e308": 1e308,
    "-1e308": -1e308,
    "1e30": 1e30,
    "1e9": 1e9,
    "5e-324": 5e-324,
    "1e-300": 1e-300,
    "1e-30": 1e-30,
    "10**9": 10**9,
    "2**63": 2**63,
    "10**30": 10**30,
    "-10**30": -(10**30),
    "10**400": 10**400,
    "text": "some",
    "number in text": "1",
    "no text": "",
    "long text": "x" * 10_000,
    "two lines": "one\ntwo",
    "NUL": "a\0b",
    "code": CODE,
    "format": "{0.__class__.__mro__}",
    "pipe": "| touch executed",
    "date": datetime.date(2026, 1, 1),
    "time": datetime.datetime(2026, 1, 1, 12, 0),
    "empty list": [],
    "list of an empty list": [[]],
    "one": [1.0],
    "two": [1.0, 2.0],
    "three": [1.0, 2.0, 3.0],
    "zeros": [0.0, 0.0],
    "negatives": [-1.0, -1.0],
    "not numbers": [nan, nan],
    "infinities": [inf, -inf],
    "huge": [1e308, -1e308],
    "tiny": [5e-324, 5e-324],
    "whole and huge": [10**400, 10**30],
    "booleans": [True, False],
    "texts": ["1", "2"],
    "mixed": [1.0, "a", True, {}],
    "ragged": [[1.0], [1.0, 2.0]],
    "nested": [[[1.0, 2.0]]],
    "empty table": {},
    "table": {"a": 1, "type": "none"},
}
