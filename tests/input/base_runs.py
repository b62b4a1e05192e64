"""Run files that are right, tiny and quick, and how to spoil them: what the tests of input start from."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator
from math import isinf, isnan
from typing import Any

# Every key of every table that goes with the kind of run stands in one of them at least.
LATTICE: dict[str, Any] = {
    "start": {"kind": "triangular", "n": 12, "density": 0.1, "winding": 1},
    "pair_force": {"type": "London", "f0": 1.0, "cutoff": 4.0},
    "run": {
        "steps": 2,
        "dt": 0.01,
        "temperature": 0.01,
        "seed": 3,
        "minimize": False,
        "integrator": "euler-maruyama",
        "friction": 1.0,
        "precision": "mixed",
        "threads": 1,
        "skin": 0.8,
        "max_displacement": 0.5,
        "checkpoint_seconds": 60.0,
        "anneal": {"to_temperature": 0.0, "steps": 2},
    },
    "output": {"file": "run.h5", "every": 1, "dtype": "float64", "compression": "gzip"},
}
GAS: dict[str, Any] = {
    "start": {
        "kind": "random",
        "n": 10,
        "density": 0.02,
        "fits_lattice": False,
        "winding": {"+1": 0.5, "-1": 0.5},
        "min_distance": 1.5,
        "seed": 1,
    },
    "pair_force": {"type": "GLFit", "mu": 1.0, "source": "table", "cutoff": 8.0},
    "reactions": [{"type": "Annihilation", "distance": 1.0}],
    "run": {"steps": 2, "dt": 0.01, "friction": {"1": 1.0, "-1": 1.5}},
    "output": {"every": 1, "file": "run.h5"},
}
HOPPING: dict[str, Any] = {
    "start": {"kind": "random", "n": 8, "lengths": [20.0, 20.0], "boundary": "periodic", "seed": 1},
    "regions": {
        "rectangles": [[0.0, 0.0, 20.0, 10.0], [0.0, 10.0, 20.0, 20.0]],
        "names": ["weak", "strong"],
        "background": False,
        "regions": [0, 1],
    },
    "reactions": [
        {
            "type": "ArrheniusHopping",
            "laws": [
                {"kind": "linear", "u0": 1.0, "b_max": 0.08},
                {"kind": "inverse_power", "u0_energy": 1.0, "b_max": 0.2, "exponent": 0.5},
            ],
            "attempt_rate": 0.5,
            "hop_distance": 1.0,
            "above_b_max": "clamp",
            "effective": False,
            "weigh_energy": True,
            "min_distance": 0.1,
            "allow_above": True,
            "record_events": True,
        }
    ],
    "run": {"steps": 2, "dt": 0.1, "temperature": 0.5},
    "output": {"every": 1, "file": "run.h5"},
}
STRIP: dict[str, Any] = {
    "start": {
        "kind": "random",
        "n": 6,
        "lengths": [12.0, 10.0],
        "boundary": ["periodic", "open"],
        "seed": 2,
    },
    "external": [
        {"type": "UniformDrive", "force": [0.1, 0.0]},
        {"type": "SinusoidalDrive", "amplitude": [0.0, 0.1], "frequency": 0.5, "phase": 0.1},
        {"type": "HarmonicTrap", "k": [0.0, 0.1], "center": [6.0, 5.0]},
        {
            "type": "GaussianPins",
            "positions": [[1.0, 1.0], [5.0, 5.0]],
            "depth": 0.1,
            "radius": 0.5,
        },
        {
            "type": "ParabolicPins",
            "arrangement": "random",
            "n": 3,
            "depth": 0.1,
            "radius": 0.5,
            "seed": 1,
            "min_distance": 0.5,
        },
        {"type": "GaussianPins", "arrangement": "square", "n": 30, "depth": 0.1, "radius": 0.5},
    ],
    "reactions": [{"type": "Merging", "distance": 0.2, "max_winding": 2}],
    "run": {"steps": 2, "dt": 0.01},
    "output": {"every": 1, "file": "run.h5"},
}
RASTER: dict[str, Any] = {
    "start": {"kind": "square", "n": 9, "density": 0.09, "winding": 1},
    "regions": {"raster": [[0, 0], [1, 1]], "names": ["left", "right"]},
    "reactions": [
        {
            "type": "ArrheniusHopping",
            "laws": {"kind": "logarithmic", "u0": 1.0, "b_max": 0.5},
            "attempt_rate": 0.5,
            "hop_distance": 1.0,
        }
    ],
    "run": {"steps": 2, "dt": 0.1, "temperature": 0.1},
    "output": {"every": 1, "file": "run.h5"},
}
POLYGONS: dict[str, Any] = {
    "start": {
        "kind": "random",
        "n": 5,
        "lengths": [10.0, 10.0],
        "boundary": ["reflecting", "open"],
        "seed": 4,
    },
    "regions": {
        "polygons": [[[0.0, 0.0], [10.0, 0.0], [10.0, 5.0], [0.0, 5.0]]],
        "background": True,
    },
    "reactions": [
        {
            "type": "ArrheniusHopping",
            "laws": {"kind": "linear", "u0": 1.0, "b_max": 0.5},
            "attempt_rate": 0.5,
            "hop_distance": 1.0,
            "outside": {"b_applied": 0.02, "entry_barrier": 0.5},
        }
    ],
    "run": {"steps": 2, "dt": 0.1, "temperature": 0.1},
    "output": {"every": 1, "file": "run.h5"},
}
FRICTION: dict[str, Any] = {
    "start": {"kind": "random", "n": 5, "lengths": [10.0, 10.0], "boundary": "open", "seed": 4},
    "pair_force": {"type": "London", "f0": 1.0, "cutoff": 3.0},
    "pair_friction": {
        "type": "TabulatedFriction",
        "d": [0.5, 1.0, 2.0, 3.0],
        "gamma": [0.9, 0.95, 0.99, 1.0],
    },
    "run": {"steps": 2, "dt": 0.01},
    "output": {"every": 1, "file": "run.h5"},
}
BASES = {
    "lattice": LATTICE,
    "gas": GAS,
    "hopping": HOPPING,
    "strip": STRIP,
    "raster": RASTER,
    "polygons": POLYGONS,
    "friction": FRICTION,
}

Place = tuple[str | int, ...]


def places(data: Any, here: Place = ()) -> Iterator[Place]:
    """Where each value of nested tables and lists stands, tables and lists included."""
    if here:
        yield here
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from places(value, (*here, key))
        else:
            yield (*here, key)


def changed(data: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """A copy with another value somewhere."""
    copied = copy.deepcopy(data)
    parent(copied, place)[place[-1]] = value
    return copied


def without(data: dict[str, Any], place: Place) -> dict[str, Any]:
    """A copy with one value left out."""
    copied = copy.deepcopy(data)
    del parent(copied, place)[place[-1]]
    return copied


def parent(data: Any, place: Place) -> Any:
    """The table or list that holds a place."""
    for key in place[:-1]:
        data = data[key]
    return data


def as_toml(value: Any) -> str:
    """Plain data as TOML: one key a line, what is nested inline."""
    return "".join(f"{quoted(key)} = {inline(item)}\n" for key, item in value.items())


def inline(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        if isnan(value) or isinf(value):
            return str(value)
        text = repr(value)
        return text if set(text) & set(".e") else text + ".0"
    if isinstance(value, (int, datetime.date)):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {inline(v)}" for key, v in value.items()) + "}"
    return "[" + ", ".join(inline(item) for item in value) + "]"


def quoted(text: str) -> str:
    """A TOML string."""
    return (
        '"'
        + "".join(
            f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 or c in '"\\' else c for c in text
        )
        + '"'
    )
