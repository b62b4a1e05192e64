"""Networks and starts from the tables of a flux-exchange file: one case a panel, curve and start."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.config import ConfigError, table
from vortexmd.description import construct
from vortexmd.flux_command.config import MOST_CASES, FluxConfig, StartTable
from vortexmd.flux_exchange import FluxNetwork, Interface, Outside, Region
from vortexmd.region_tables import make_laws, make_regions
from vortexmd.regions import Regions

# What [network] may be, and which constructor its keys go to.
CONSTRUCTORS: dict[str, Callable[..., FluxNetwork]] = {
    "listed": FluxNetwork,
    "two_regions": FluxNetwork.two_regions,
    "chain": FluxNetwork.chain,
    "grid": FluxNetwork.grid,
    "cylinder": FluxNetwork.cylinder,
    "geometry": FluxNetwork.from_regions,
}
LAWS = ("p", "q", "bulk", "surface", "laws")


@dataclass(frozen=True)
class Case:
    """One problem to solve.

    Parameters
    ----------
    network
        What is solved.
    b0
        (R,) the fields at t = 0.
    panel
        Number of the panel it is drawn in.
    curve
        Number of the varied value, 0 if there is none.
    start
        Number of the start.
    value
        The varied value in words, "" if there is none.
    label
        The same, and the start where there are several.
    """

    network: FluxNetwork
    b0: NDArray[np.float64]
    panel: int
    curve: int
    start: int
    value: str
    label: str


def cases(config: FluxConfig) -> list[Case]:
    """Every case of a file, with every value checked: panels × varied values × starts.

    Raises
    ------
    ConfigError
        Naming the table, the key and the remedy.
    """
    panels = [(f"panel[{k}].", p.network, p.start) for k, p in enumerate(config.panel)]
    regions = None if config.regions is None else make_regions(config.regions)
    values = [None] if config.curves is None else config.curves.values
    found: list[Case] = []
    for panel, (where, network, start) in enumerate(panels or [("", {}, {})]):
        for curve, value in enumerate(values):
            data = {
                "network": _merged(config.network, network),
                "start": _merged(dataclasses.asdict(config.start), start),
            }
            try:
                if config.curves is not None:
                    _put(data, config.curves.vary, value)
                found += _cases_of(config, data, regions, panel, curve, value)
            except ValueError as error:
                raise ConfigError(f"{where}{error}") from None
            if len(found) > MOST_CASES:
                raise ConfigError(f"curves.values: more than {MOST_CASES} solutions; give fewer")
    return found


def _cases_of(
    config: FluxConfig,
    data: dict[str, Any],
    regions: Regions | None,
    panel: int,
    curve: int,
    value: Any,
) -> list[Case]:
    """The cases of one panel and varied value: one a start."""
    network = make_network(data["network"], regions)
    if len(network) != 2 or network.graph.open:
        for key, asked in (
            ("figure.kind = 'phase_portrait'", config.figure.kind == "phase_portrait"),
            ("solve.approximate", config.solve.approximate),
        ):
            if asked:
                raise ConfigError(f"{key}: goes with two regions that are closed, not {network!r}")
    start: StartTable = table(StartTable, data["start"], "start.")
    several = isinstance(start.b, list) and bool(start.b) and isinstance(start.b[0], list)
    starts: list[Any] = start.b if several and isinstance(start.b, list) else [start.b]
    # The first stage of two begins with a layer above its B_m.
    above = start.allow_above or config.solve.surface == "two_stage"
    found = []
    for k, b in enumerate(starts):
        if isinstance(b, (int, float)):
            b = [b] * len(network)
        name = f"start.b[{k}]" if several else "start.b"
        b0 = network.fields(name, b, allow_above=above)
        varied = "" if config.curves is None else _words(value)
        words = [varied] if varied else []
        if several:
            words.append("B(0) = " + _words(b))
        found.append(Case(network, b0, panel, curve, k, varied, ", ".join(words)))
    return found


def make_network(data: Mapping[str, Any], regions: Regions | None = None) -> FluxNetwork:
    """The network of a [network] table, `regions` those of kind = "geometry".

    Raises
    ------
    ValueError
        Naming the key, or saying what the constructor refuses.
    """
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in CONSTRUCTORS:
        raise ConfigError(f"network.kind = {kind!r}: give one of {', '.join(CONSTRUCTORS)}")
    arguments = {name: value for name, value in data.items() if name != "kind"}
    for name in LAWS:
        if name in arguments:
            if name != "laws" and isinstance(arguments[name], list):
                raise ConfigError(f"network.{name}: give one law, a table, not a list")
            arguments[name] = make_laws(arguments[name], f"network.{name}")
    names: dict[str, int] = {}
    if kind == "geometry":
        if regions is None:
            raise ConfigError(
                "regions: missing; network.kind = 'geometry' needs the table [regions]"
            )
        if "regions" in arguments:
            raise ConfigError("network.regions: with kind = 'geometry' they stand in [regions]")
        arguments["regions"] = regions
    elif kind == "listed":
        listed = _regions(arguments)
        names = {region.name or str(k): k for k, region in enumerate(listed)}
        arguments.update(regions=listed, interfaces=_interfaces(arguments, names))
    if "outside" in arguments:
        arguments["outside"] = _outside(arguments["outside"], names)
    return construct(CONSTRUCTORS[kind], arguments, "network")


def _regions(arguments: Mapping[str, Any]) -> list[Region]:
    """Regions that are written out."""
    regions = []
    for k, item in enumerate(_tables(arguments, "regions")):
        where = f"network.regions[{k}]"
        if "law" in item:
            if isinstance(item["law"], list):
                raise ConfigError(f"{where}.law: give one law, a table, not a list")
            item = {**item, "law": make_laws(item["law"], f"{where}.law")}
        regions.append(construct(Region, item, where))
    return regions


def _interfaces(arguments: Mapping[str, Any], names: Mapping[str, int]) -> list[Interface]:
    """Interfaces that are written out, between regions by name or number."""
    interfaces = []
    for k, item in enumerate(_tables(arguments, "interfaces")):
        where = f"network.interfaces[{k}]"
        between = item.get("between")
        if not isinstance(between, list) or len(between) != 2:
            raise ConfigError(f"{where}.between: give two regions, by name or number from 0")
        rest = {name: value for name, value in item.items() if name != "between"}
        if "i" in rest or "j" in rest:
            raise ConfigError(f"{where}.i: give between = [ , ]")
        i, j = (_number(region, names, f"{where}.between") for region in between)
        interfaces.append(construct(Interface, {"i": i, "j": j, **rest}, where))
    return interfaces


def _outside(data: Any, names: Mapping[str, int]) -> Outside:
    """What surrounds the sample; its lengths may name their regions."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"network.outside = {data!r}: give a table {{ b_applied = … }}")
    arguments = dict(data)
    if "lengths" in data:
        where, lengths = "network.outside.lengths", data["lengths"]
        if not isinstance(lengths, Mapping):
            raise ConfigError(f"{where} = {lengths!r}: give a table {{ region = length, … }}")
        arguments["lengths"] = {_number(r, names, where): length for r, length in lengths.items()}
    return construct(Outside, arguments, "network.outside")


def _tables(arguments: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = arguments.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ConfigError(f"network.{name}: give tables, [[network.{name}]]")
    return items


def _number(region: Any, names: Mapping[str, int], where: str) -> int:
    """A region's number from its name or number."""
    if isinstance(region, int) and not isinstance(region, bool):
        return region
    if isinstance(region, str) and region in names:
        return names[region]
    if isinstance(region, str) and region.isdecimal():
        return int(region)
    known = f" (known: {', '.join(names)})" if names else "; give its number, from 0"
    raise ConfigError(f"{where}: {region!r} is no region{known}")


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `base` in which `changes` hold, tables inside it key by key."""
    result = copy.deepcopy(dict(base))
    for name, value in changes.items():
        old = result.get(name)
        both = isinstance(old, dict) and isinstance(value, Mapping)
        result[name] = _merged(old, value) if both and old is not None else copy.deepcopy(value)
    return result


def _put(data: Any, path: str, value: Any) -> None:
    """Set the key that a dotted path names; numbers count in lists."""
    *parents, last = path.split(".")
    for part in parents:
        try:
            data = data[int(part)] if isinstance(data, list) else data[part]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ConfigError(f"curves.vary = {path!r}: there is no {part!r} in the file") from None
    if isinstance(data, list) and last.isdecimal() and int(last) < len(data):
        data[int(last)] = value
    elif isinstance(data, dict):
        data[last] = value
    else:
        raise ConfigError(f"curves.vary = {path!r}: there is no {last!r} in the file")


def _words(value: Any) -> str:
    """A varied value as a legend shows it."""
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_words, value))})"
    if isinstance(value, Mapping):
        return ", ".join(_words(item) for item in value.values())
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)
