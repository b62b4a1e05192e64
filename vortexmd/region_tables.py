"""Pinning regions and activation laws from the tables of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vortexmd.box import Box
from vortexmd.checks import shown
from vortexmd.config import ConfigError
from vortexmd.description import construct
from vortexmd.flux_exchange import ActivationLaw
from vortexmd.number_files import read_numbers
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
    if given != ["raster"]:
        return construct(getattr(Regions, given[0]), arguments, "regions")
    if "labels" in arguments:
        raise ConfigError("regions.labels: unknown key; did you mean regions.raster?")
    raster = arguments.pop("raster")
    arguments["labels"] = _raster(raster)
    try:
        return construct(Regions.raster, arguments, "regions")
    except ValueError as error:
        # Under the name that they have in the file.
        reason = str(error).replace("labels", "raster")
        file = f" (raster = {shown(raster)})" if isinstance(raster, str) else ""
        raise ConfigError(reason + file) from None


def _raster(value: Any) -> Any:
    """Labels as the file gives them, or named by it: .npy, or a text file whose lines run in x."""
    if not isinstance(value, str):
        return value
    numbers = read_numbers("regions.raster", value, int)
    return numbers if value.endswith(".npy") else numbers.T


def make_laws(value: Any, where: str) -> Any:
    """A law, or a list of laws, from tables; `where` names them in messages."""
    if isinstance(value, list):
        return [make_laws(item, f"{where}[{k}]") for k, item in enumerate(value)]
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"{where} = {shown(value)}: give a table {{ kind = …, u0 = …, b_max = … }}"
        )
    if "function" in value:
        raise ConfigError(f"{where}.function: a Python function needs a Python script")
    return construct(ActivationLaw, value, where)
