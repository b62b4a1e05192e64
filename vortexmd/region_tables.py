"""Pinning regions and activation laws from the tables of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vortexmd.box import Box
from vortexmd.config import ConfigError
from vortexmd.description import construct
from vortexmd.flux_exchange import ActivationLaw
from vortexmd.regions import Regions

SHAPES = ("rectangles", "polygons", "raster")


def make_regions(data: Mapping[str, Any], box: Box | None = None) -> Regions:
    """The regions of a [regions] table.

    Parameters
    ----------
    data
        One of rectangles, polygons, raster (labels, or the name of a file with them), and what the
        constructor of that shape takes; `lengths` and `boundary` of a box, where none is given.
    box
        The box that they part.

    Raises
    ------
    ConfigError
        Naming the key.
    """
    given = [shape for shape in SHAPES if shape in data]
    if len(given) != 1:
        raise ConfigError(f"regions: give one of {', '.join(SHAPES)}")
    arguments = dict(data)
    if box is not None:
        arguments["box"] = box
    elif "lengths" in arguments:
        lengths = arguments.pop("lengths")
        boundary = arguments.pop("boundary", "reflecting")
        arguments["box"] = construct(
            Box, {"lengths": lengths, "boundary": boundary}, "regions.lengths"
        )
    elif "boundary" in arguments:
        raise ConfigError("regions.boundary: goes with regions.lengths")
    if given == ["raster"]:
        arguments["labels"] = _raster(arguments.pop("raster"))
    return construct(getattr(Regions, given[0]), arguments, "regions")


def _raster(value: Any) -> Any:
    """Labels as the file gives them, or named by it: .npy, or a text file whose lines run in x."""
    if not isinstance(value, str):
        return value
    try:
        return np.load(value) if Path(value).suffix == ".npy" else np.loadtxt(value, dtype=int).T
    except (OSError, ValueError, EOFError) as error:
        raise ConfigError(f"regions.raster = {value!r}: {error}") from None


def make_laws(value: Any, where: str) -> Any:
    """A law, or a list of laws, from tables; `where` names them in messages."""
    if isinstance(value, list):
        return [make_laws(item, f"{where}[{k}]") for k, item in enumerate(value)]
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} = {value!r}: give a table {{ kind = …, u0 = …, b_max = … }}")
    if "function" in value:
        raise ConfigError(f"{where}.function: a Python function needs a Python script")
    return construct(ActivationLaw, value, where)
