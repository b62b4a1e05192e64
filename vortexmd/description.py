"""Objects as plain data and back: what files and checkpoints say of a run, and what TOML says.

A potential, pinning array, drive or reaction becomes ``{"type": "GLFit", "mu": 2.0, …}``, one key a
constructor argument, and the same dictionary makes it again. Nothing is ever executed but these
constructors.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

import potentials
from potentials.pair_friction import FrictionByPair, TabulatedFriction
from vortexmd.box import Box
from vortexmd.checks import SHOWN, shown
from vortexmd.external import HarmonicTrap, SinusoidalDrive, UniformDrive
from vortexmd.flux_exchange import ActivationLaw, Outside
from vortexmd.hopping import ArrheniusHopping
from vortexmd.pinning import GaussianPins, ParabolicPins
from vortexmd.reactions import Annihilation, Merging
from vortexmd.regions import Regions

POTENTIALS = {
    name: value
    for name, value in vars(potentials).items()
    if inspect.isclass(value)
    and issubclass(value, potentials.Potential)
    and name[0].isupper()
    and not inspect.isabstract(value)
}
PAIR_FRICTIONS = {
    "TabulatedFriction": TabulatedFriction,
    "FrictionByPair": FrictionByPair,
    # Potentials that know the friction that goes with them.
    **{name: law for name, law in POTENTIALS.items() if hasattr(law, "pair_friction")},
}
EXTERNALS = {
    cls.__name__: cls
    for cls in (UniformDrive, SinusoidalDrive, HarmonicTrap, GaussianPins, ParabolicPins)
}
REACTIONS = {cls.__name__: cls for cls in (Annihilation, Merging, ArrheniusHopping)}
PARTS = {cls.__name__: cls for cls in (Box, Regions, ActivationLaw, Outside)}
KNOWN: dict[str, Any] = {**POTENTIALS, **PAIR_FRICTIONS, **EXTERNALS, **REACTIONS, **PARTS}


def describe(value: Any) -> Any:
    """`value` as JSON-able data; a function leaves only its name."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: describe(item) for key, item in value.items()}
        return [[describe(key), describe(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, (potentials.Potential, FrictionByPair)):
        return {"type": type(value).__name__, **describe(value.arguments())}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return {"type": type(value).__name__, **describe(fields)}
    return {"function": getattr(value, "__qualname__", type(value).__name__)}


def restore(data: Any, field: str) -> Any:
    """What `describe` was given.

    Parameters
    ----------
    data
        A description.
    field
        What it is, for the error message.

    Raises
    ------
    ValueError
        If it names an unknown type, an unknown argument (the nearest known one is suggested), a
        value its constructor refuses, or a Python function, which no file can hold.
    """
    if isinstance(data, list):
        return [restore(item, field) for item in data]
    if not isinstance(data, dict):
        return data
    # An object may have an argument of this name; a function alone has no type.
    if "function" in data and "type" not in data:
        raise ValueError(
            f"{field}: it rests on the Python function {data['function']!r}, which a file cannot "
            f"hold; pass {field}= when resuming"
        )
    arguments = {key: restore(item, field) for key, item in data.items() if key != "type"}
    cls = lookup(data.get("type"), KNOWN, field)
    if cls in (potentials.Interaction, FrictionByPair):
        arguments["laws"] = {tuple(pair): law for pair, law in arguments["laws"]}
    return construct(cls, arguments, field)


def lookup(name: Any, known: Mapping[str, Any], field: str) -> Any:
    """The class of that name; ValueError with the nearest one if there is none."""
    if not isinstance(name, str) or name not in known:
        hint = difflib.get_close_matches(name[:SHOWN], known, n=1) if isinstance(name, str) else []
        raise ValueError(
            f"{field}.type = {shown(name)}: not known"
            + (f"; did you mean {hint[0]!r}?" if hint else "")
            + f" (known: {', '.join(sorted(known))})"
        )
    return known[name]


def check_keys(keys: Iterable[str], known: Iterable[str], where: str) -> None:
    """ValueError at the first key that is not known, with the nearest one that is.

    `where` stands before the key: ``""`` or ``"run."``.
    """
    known = list(known)
    for key in keys:
        if key not in known:
            hint = difflib.get_close_matches(key[:SHOWN], known, n=1)
            name = key if key.isprintable() and len(key) <= SHOWN else shown(key)
            raise ValueError(
                f"{where}{name}: unknown key"
                + (f"; did you mean {where}{hint[0]}?" if hint else "")
                + f" (known: {', '.join(known)})"
            )


def construct(make: Any, arguments: Mapping[str, Any], field: str) -> Any:
    """Call a constructor; its complaints, and unknown or missing arguments, name the field."""
    signature = inspect.signature(make)
    known = [name for name in signature.parameters if name != "self"]
    check_keys(arguments, known, f"{field}.")
    for key, value in arguments.items():
        if isinstance(value, bool) and not isinstance(signature.parameters[key].default, bool):
            raise ValueError(f"{field}.{key} = {value}: true and false are not for this key")
    for name, parameter in signature.parameters.items():
        required = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if required and name not in arguments:
            raise ValueError(f"{field}.{name}: missing")
    try:
        return make(**arguments)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{field}: {error}") from None


@contextmanager
def naming(owner: str) -> Iterator[None]:
    """What is wrong with things made again from a file, as one line that begins with that file."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        line = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(line if line.startswith(owner) else f"{owner}: {line}") from None
