"""A simulation from the tables of a configuration file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import potentials
from potentials.pair_friction import FrictionByPair, PairFriction, TabulatedFriction
from vortexmd.box import Box
from vortexmd.checks import shown
from vortexmd.config import KINDS, Config, ConfigError, StartTable
from vortexmd.description import (
    EXTERNALS,
    PAIR_FRICTIONS,
    POTENTIALS,
    REACTIONS,
    construct,
    lookup,
)
from vortexmd.external import ExternalForce
from vortexmd.flux_exchange import Outside
from vortexmd.hopping import ArrheniusHopping
from vortexmd.lattices import random_vortices, square_lattice, triangular_lattice
from vortexmd.number_files import read_numbers, regular_file
from vortexmd.pinning import GaussianPins, ParabolicPins
from vortexmd.reactions import Reaction
from vortexmd.reader import load
from vortexmd.region_tables import make_laws, make_regions
from vortexmd.simulation import Simulation
from vortexmd.vortices import Vortices

ARRANGEMENTS = ("random", "square", "triangular")


def simulation(config: Config) -> Simulation:
    """The simulation that a configuration describes, at step 0, with every value checked.

    Raises
    ------
    ConfigError
        Naming the table, the key and the remedy.
    """
    try:
        start = _start(config.start)
        run = config.run
        friction: float | dict[int, float]
        if isinstance(run.friction, Mapping):
            friction = _by_winding("run.friction", run.friction)
        else:
            friction = run.friction
        sim = Simulation(
            start,
            potential(config),
            dt=run.dt,
            temperature=run.temperature,
            seed=run.seed,
            external=[
                _external(table, f"external[{k}]", start.box)
                for k, table in enumerate(config.external)
            ],
            reactions=_reactions(config, start.box),
            integrator=run.integrator,
            friction=friction,
            pair_friction=_pair_friction(config),
            precision=run.precision,
            threads=run.threads,
            skin=run.skin,
            max_displacement=run.max_displacement,
        )
    except ConfigError:
        raise
    except ValueError as error:
        reason = str(error)
        if config.start.density and reason.startswith("box.lengths"):
            # The box follows from the density, which is what the file gives.
            reason = f"start.density = {config.start.density}: {reason}"
        raise ConfigError(reason) from None
    sim.configuration = config.canonical()
    return sim


def potential(config: Config) -> potentials.Potential | None:
    """The pair force of a configuration."""
    return None if config.pair_force is None else _potential(config.pair_force, "pair_force")


def _start(table: StartTable) -> Vortices:
    """The starting configuration; which keys go with which kind is checked here."""
    allowed = {
        "random": {
            *("n", "density", "lengths", "boundary", "fits_lattice"),
            *("winding", "min_distance", "seed"),
        },
        "triangular": {"n", "density", "winding"},
        "square": {"n", "density", "winding"},
        "file": {"file", "frame"},
    }
    if table.kind not in KINDS:
        raise ConfigError(f"start.kind = {shown(table.kind)}: give one of {', '.join(KINDS)}")
    for f in dataclasses.fields(table):
        given = f.name != "kind" and getattr(table, f.name) != f.default
        if given and f.name not in allowed[table.kind]:
            raise ConfigError(f"start.{f.name}: does not go with kind = {table.kind!r}")
    if table.kind == "file":
        return _from_file(table)
    if table.n is None:
        raise ConfigError("start.n: missing (number of vortices)")
    try:
        if table.kind != "random":
            if table.density is None:
                raise ConfigError("start.density: missing (vortices per λ²)")
            if isinstance(table.winding, dict):
                raise ConfigError(
                    f"start.winding: one winding number with kind = {table.kind!r}; mixtures are for "
                    f"kind = 'random'"
                )
            make = triangular_lattice if table.kind == "triangular" else square_lattice
            return make(table.n, table.density, winding=table.winding)
        return _random(table)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"start.{error}") from None


def _random(table: StartTable) -> Vortices:
    assert table.n is not None
    winding: int | dict[int, float]
    if isinstance(table.winding, dict):
        winding = _by_winding("start.winding", table.winding)
    else:
        winding = table.winding
    box = None
    if table.fits_lattice:
        if table.density is None or table.lengths is not None:
            raise ConfigError("start.fits_lattice: goes with density, without lengths")
        box = triangular_lattice(table.n, table.density).box
    elif table.lengths is not None:
        if table.density is not None:
            raise ConfigError("start.density, start.lengths: give one of the two")
        if len(table.lengths) != 2:
            raise ConfigError(f"start.lengths = {shown(table.lengths)}: give two numbers in λ")
        boundary: Any = "periodic" if table.boundary is None else table.boundary
        box = Box((table.lengths[0], table.lengths[1]), boundary)
    elif table.boundary is not None:
        raise ConfigError("start.boundary: goes with start.lengths")
    return random_vortices(
        table.n,
        None if box is not None else table.density,
        box=box,
        winding=winding,
        min_distance=table.min_distance,
        seed=table.seed,
    )


def _from_file(table: StartTable) -> Vortices:
    if table.file is None:
        raise ConfigError("start.file: missing (a trajectory)")
    path = regular_file("start.file", table.file)
    try:
        with load(path) as trajectory:
            frame = trajectory[table.frame]
    except IndexError:
        raise ConfigError(
            f"start.frame = {shown(table.frame)}: {table.file} has no such frame"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"start.file = {table.file!r}: {error}") from None
    # A run of its own: it counts steps and turns from 0, the vortices keep their ids.
    return Vortices(frame.positions, frame.winding, frame.box, frame.ids)


def _by_winding(where: str, table: Mapping[str, float]) -> dict[int, float]:
    """A table by winding number, "+1" and "1" the same."""
    values: dict[int, float] = {}
    for key, value in table.items():
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", key):
            raise ConfigError(f"{where}: the key {shown(key)} is not a winding number")
        if int(key) in values:
            raise ConfigError(f"{where}: the winding {int(key)} is given twice")
        values[int(key)] = value
    return values


def _potential(table: Mapping[str, Any], where: str) -> potentials.Potential:
    """A potential from its table; sums and Interactions hold tables of their own."""
    arguments = _arguments(table, where)
    name = table["type"]
    if name == "FromFunction":
        raise ConfigError(f"{where}.type = 'FromFunction': a Python function needs a Python script")
    cls = lookup(name, POTENTIALS, where)
    if name == "Interaction":
        arguments["laws"] = _by_pair(arguments.get("laws"), where, _potential)
    elif name == "Sum":
        parts = arguments.get("parts")
        if not isinstance(parts, list):
            raise ConfigError(f"{where}.parts: give a list of tables, [{{ type = …, … }}, …]")
        arguments["parts"] = [_potential(p, f"{where}.parts[{k}]") for k, p in enumerate(parts)]
    elif "part" in arguments:
        arguments["part"] = _potential(arguments["part"], f"{where}.part")
    elif name == "Tabulated" and "file" in arguments:
        return _from_columns(cls, arguments, where, ("r", "force"))
    return construct(cls, arguments, where)


def _pair_friction(config: Config) -> PairFriction | None:
    """The friction of pairs; a potential that knows its own stands for that."""
    table, where = config.pair_friction, "pair_friction"
    if table is None:
        return None
    arguments = _arguments(table, where)
    cls = lookup(table["type"], PAIR_FRICTIONS, where)
    if cls is FrictionByPair:
        arguments["laws"] = _by_pair(arguments.get("laws"), where, _friction_table)
    elif issubclass(cls, PairFriction):
        return _friction_table(table, where)
    made = construct(cls, arguments, where)
    if isinstance(made, PairFriction):
        return made
    if config.pair_force is not None and config.pair_force.get("type") == table["type"]:
        # Force and friction of one theory belong to one superconductor.
        law = _potential(config.pair_force, "pair_force").arguments() | {"cutoff": None}
        if law != made.arguments() | {"cutoff": None}:
            raise ConfigError(
                f"{where}: {made!r} is not what [pair_force] says; give both the same mu and s"
            )
    friction: PairFriction = made.pair_friction()
    return friction


def _friction_table(table: Mapping[str, Any], where: str) -> Any:
    """γ(d) of one winding pair."""
    arguments = _arguments(table, where)
    cls = lookup(table["type"], {"TabulatedFriction": TabulatedFriction}, where)
    if "file" in arguments:
        return _from_columns(cls, arguments, where, ("d", "gamma"))
    return construct(cls, arguments, where)


def _by_pair(
    laws: Any, where: str, make: Callable[[Mapping[str, Any], str], Any]
) -> dict[tuple, Any]:
    """What `make` makes of each of a list of tables with a key `pair`, by pair."""
    if not isinstance(laws, list) or not all(isinstance(law, dict) for law in laws):
        raise ConfigError(
            f"{where}.laws: give a list of tables, [{{ pair = [1, 1], type = …, … }}, …]"
        )
    made = {}
    for k, law in enumerate(laws):
        law = dict(law)
        pair = law.pop("pair", None)
        numbers = isinstance(pair, list) and all(type(n) is int for n in pair)
        if not numbers or len(pair) != 2:
            raise ConfigError(f"{where}.laws[{k}].pair: give two winding numbers, [1, -1]")
        if tuple(pair) in made:
            raise ConfigError(f"{where}.laws[{k}].pair = {shown(pair)}: given twice")
        made[tuple(pair)] = make(law, f"{where}.laws[{k}]")
    return made


def _from_columns(cls: Any, arguments: dict[str, Any], where: str, names: tuple[str, str]) -> Any:
    """What `cls` makes with the two columns of a file in the place of two arguments."""
    first, second = names
    if first in arguments or second in arguments:
        raise ConfigError(f"{where}.file: give either a file, or {first} and {second}")
    file = arguments.pop("file")
    columns: NDArray[np.float64] = read_numbers(f"{where}.file", file, float)
    if columns.ndim != 2 or columns.shape[1] != 2:
        raise ConfigError(f"{where}.file = {shown(file)}: give two columns, {first} and {second}")
    made = arguments | {first: columns[:, 0], second: columns[:, 1]}
    try:
        return construct(cls, made, where)
    except ValueError as error:
        reason = str(error).removeprefix(f"{where}: ")
        raise ConfigError(f"{where}: {reason} (file = {shown(file)})") from None


def _external(table: Mapping[str, Any], where: str, box: Box) -> ExternalForce:
    arguments = _arguments(table, where)
    cls = lookup(table["type"], EXTERNALS, where)
    if cls not in (GaussianPins, ParabolicPins):
        return construct(cls, arguments, where)
    if "box" in arguments:
        raise ConfigError(f"{where}.box: the box is that of [start]; leave it out")
    arguments["box"] = box
    if "positions" in arguments:
        return construct(cls, arguments, where)
    arrangement = arguments.pop("arrangement", None)
    if not isinstance(arrangement, str) or arrangement not in ARRANGEMENTS:
        raise ConfigError(
            f"{where}.arrangement = {shown(arrangement)}: give one of {', '.join(ARRANGEMENTS)}, or "
            f"positions = [[x, y], …]"
        )
    return construct(getattr(cls, arrangement), arguments, where)


def _reactions(config: Config, box: Box) -> list[Reaction]:
    """The reactions; hops get the regions of the box, laws and outside made of their tables."""
    reactions: list[Reaction] = []
    for k, table in enumerate(config.reactions):
        where = f"reactions[{k}]"
        arguments = _arguments(table, where)
        cls = lookup(table["type"], REACTIONS, where)
        if cls is ArrheniusHopping:
            arguments = _hopping(arguments, config, box, where)
        reactions.append(construct(cls, arguments, where))
    if config.regions is not None and not any(isinstance(r, ArrheniusHopping) for r in reactions):
        raise ConfigError(
            "regions: nothing hops between them; add [[reactions]] with type = 'ArrheniusHopping'"
        )
    return reactions


def _hopping(arguments: dict[str, Any], config: Config, box: Box, where: str) -> dict[str, Any]:
    if "regions" in arguments:
        raise ConfigError(f"{where}.regions: they stand in a table of their own, [regions]")
    if config.regions is None:
        raise ConfigError(f"{where}: hops need pinning regions; add a table [regions]")
    for name in ("lengths", "boundary", "box"):
        if name in config.regions:
            raise ConfigError(f"regions.{name}: the box is that of [start]; leave it out")
    made = {**arguments, "regions": make_regions(config.regions, box)}
    if "laws" in made:
        made["laws"] = make_laws(made["laws"], f"{where}.laws")
    if isinstance(made.get("outside"), Mapping):
        made["outside"] = construct(Outside, made["outside"], f"{where}.outside")
    return made


def _arguments(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A table without its type; no NaN anywhere in it, and no booleans where numbers belong."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} = {shown(table)}: give a table")
    if "type" not in table:
        raise ConfigError(f"{where}.type: missing")
    arguments = {key: value for key, value in table.items() if key != "type"}
    for key, value in arguments.items():
        if isinstance(value, float) and value != value:
            raise ConfigError(f"{where}.{key} = nan: give a number")
    return arguments
