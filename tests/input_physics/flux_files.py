"""Flux-exchange files for the tests of bad input: as data, as TOML, and what `vortexmd flux` makes of one."""

from __future__ import annotations

import csv
import json
import warnings
from math import isfinite
from pathlib import Path
from typing import Any

from vortexmd.cli import main
from vortexmd.flux_exchange import FluxExchangeWarning

LINEAR = {"kind": "linear", "u0": 5.0, "b_max": 20.0}
POWER = {"kind": "inverse_power", "u0": 3.0, "b_max": 30.0, "exponent": 0.5}
NOTHING_DRAWN = {"kind": "none"}

# Small problems that use every table and key between them.
FILES: dict[str, dict[str, Any]] = {
    "two regions": {
        "network": {
            "kind": "two_regions",
            "epsilon": 0.01,
            "gamma": 2.0,
            "above_b_max": "clamp",
            "temperature": 0.5,
            "p": {"kind": "linear", "u0_energy": 2.0, "b_max": 20.0},
            "q": POWER,
        },
        "start": {"b": [20.0, 10.0], "allow_above": False},
        "times": {"values": [0.0, 1.0, 100.0]},
        "solve": {
            "rtol": 1e-6,
            "method": "dense",
            "surface": "full",
            "approximate": True,
            "source": 0,
            "fraction": 0.01,
        },
        "figure": {**NOTHING_DRAWN, "time_scale": "log", "title": "two"},
        "units": {"field": "G", "time": "s", "length": "cm"},
    },
    "listed": {
        "network": {
            "kind": "listed",
            "attempt_rate": 0.2,
            "hop_distance": 1.0,
            "regions": [
                {"name": "left", "area": 1.0, "law": LINEAR},
                {"name": "right", "area": 2.0, "law": POWER},
            ],
            "interfaces": [{"between": ["left", "right"], "length": 1.0}],
            "outside": {"b_applied": 5.0, "lengths": {"left": 1.0}, "entry_barrier": 1.0},
        },
        "start": {"b": [[10.0, 10.0], [0.0, 5.0]]},
        "times": {"first": 0.1, "last": 100.0, "number": 5, "spacing": "log"},
        "sample": {"flux_quantum": 0.5, "n_runs": 3, "seed": 1},
        "figure": NOTHING_DRAWN,
    },
    "chain": {
        "network": {
            "kind": "chain",
            "laws": LINEAR,
            "cells": 4,
            "cell_width": 1.0,
            "height": 1.0,
            "attempt_rate": 1.0,
            "hop_distance": 0.5,
            "periodic": False,
            "outside": {"b_applied": 0.0},
        },
        "start": {"b": 10.0},
        "times": {"values": [1.0, 10.0]},
        "curves": {"vary": "network.height", "values": [1.0, 2.0], "title": "L"},
        "panel": [{"title": "one", "network": {"cells": 3}, "start": {"b": 5.0}}],
        "figure": NOTHING_DRAWN,
    },
    "grid": {
        "network": {
            "kind": "grid",
            "shape": [2, 3],
            "cell": [1.0, 2.0],
            "laws": [LINEAR] * 6,
            "attempt_rate": 1.0,
            "hop_distance": 0.5,
            "periodic": [True, False],
        },
        "start": {"b": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]},
        "times": {"values": [1.0, 10.0]},
        "figure": NOTHING_DRAWN,
    },
    "cylinder": {
        "network": {
            "kind": "cylinder",
            "radius": 2.0,
            "layer": 0.2,
            "bulk": {"kind": "logarithmic", "u0": 5.0, "b_max": 1000.0},
            "surface": {"kind": "linear", "u0": 5.0, "b_max": 200.0},
            "attempt_rate": 1e3,
            "hop_distance": 0.01,
            "b_applied": 1.0,
            "entry_barrier": 0.5,
        },
        "start": {"b": 1000.0},
        "times": {"first": 1e-6, "last": 1.0, "number": 4},
        "solve": {"surface": "two_stage"},
        "figure": NOTHING_DRAWN,
    },
    "geometry": {
        "network": {
            "kind": "geometry",
            "laws": [LINEAR, POWER],
            "attempt_rate": 1.0,
            "hop_distance": 0.5,
            "effective": True,
            "outside": {"b_applied": 1.0},
        },
        "regions": {
            "rectangles": [[0.0, 0.0, 4.0, 4.0], [4.0, 0.0, 8.0, 4.0]],
            "lengths": [8.0, 4.0],
            "boundary": ["open", "reflecting"],
            "names": ["weak", "strong"],
        },
        "start": {"b": [3.0, 3.0]},
        "times": {"values": [1.0, 10.0]},
        "figure": NOTHING_DRAWN,
    },
}


class Raw(str):
    """TOML as it stands."""


def toml(value: Any) -> str:
    """`value` as TOML; a whole file from a dictionary of tables."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def document(data: dict[str, Any]) -> str:
    """A file of tables as TOML, one key a line."""
    return "\n".join(f"{name} = {toml(value)}" for name, value in data.items()) + "\n"


def judged(file: Path, capsys: Any, names: tuple[str, ...] = ()) -> str | None:
    """What is wrong with how `vortexmd flux` took a file; None for a refusal or a finite answer.

    Sound is: exit 1 or 2, one line on stderr that begins with ``vortexmd: `` and holds one of `names`, and
    nothing written; or exit 0 and a table of finite numbers.
    """
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FluxExchangeWarning)
        try:
            code = main(["flux", str(file), "-o", str(file.with_suffix(".csv"))])
        except Exception as error:  # whatever would be a traceback
            capsys.readouterr()
            return f"{type(error).__name__}: {error!s:.200}"
    said = capsys.readouterr()
    after = {path: path.read_bytes() for path in file.parent.iterdir()}
    if code == 0:
        fault = not_finite(file.with_suffix(".csv"))
        for path in after.keys() - before.keys():
            path.unlink()
        return fault
    lines = said.err.splitlines()
    if code not in (1, 2) or len(lines) != 1 or not lines[0].startswith("vortexmd: "):
        return f"exit {code}: {said.err!r:.300}"
    if said.out or after != before:
        return f"wrote {said.out!r:.60} {sorted(p.name for p in after.keys() - before.keys())}"
    if names and not any(name in lines[0].removeprefix(f"vortexmd: {file}") for name in names):
        return f"does not name {' or '.join(names)}: {lines[0]!r:.200}"
    return None


def not_finite(table: Path) -> str | None:
    """What in a CSV table is no finite number, words of panels and curves apart."""
    with open(table, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, cell in row.items():
                # A sample of one run has no spread, and regions that a case lacks no field.
                if cell == "" or "/" not in name or "s.d." in name:
                    continue
                if not isfinite(float(cell)):
                    return f"{name} = {cell}"
    return None
