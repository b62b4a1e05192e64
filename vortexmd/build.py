"""A simulation from the tables of a configuration file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import potentials
from potentials.pair_friction import FrictionByPair, PairFriction, TabulatedFriction
from vortexmd.box import Box
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
            friction = {_winding("run.friction", key): eta for key, eta in run.friction.items()}
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
            threads=run.threads,
            skin=run.skin,
            max_displacement=run.max_displacement,
        )
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from None
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
        raise ConfigError(f"start.kind = {table.kind!r}: give one of {', '.join(KINDS)}")
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
        winding = {_winding("start.winding", key): part for key, part in table.winding.items()}
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
            raise ConfigError(f"start.lengths = {table.lengths}: give two numbers in λ")
        boundary: Any = table.boundary or "periodic"
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
    try:
        with load(table.file) as trajectory:
            frame = trajectory[table.frame]
    except IndexError:
        raise ConfigError(f"start.frame = {table.frame}: {table.file} has no such frame") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"start.file = {table.file!r}: {error}") from None
    # A run of its own: it counts steps and turns from 0, the vortices keep their ids.
    return Vortices(frame.positions, frame.winding, frame.box, frame.ids)


def _winding(where: str, key: str) -> int:
    try:
        return int(key)
    except ValueError:
        raise ConfigError(f"{where}: the key {key!r} is not a winding number") from None


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
        if "r" in arguments or "force" in arguments:
            raise ConfigError(f"{where}.file: give either a file, or r and force")
        columns = _two_columns(arguments.pop("file"), where, "r in λ and force in Ω₀")
        arguments["r"], arguments["force"] = columns
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
        if "d" in arguments or "gamma" in arguments:
            raise ConfigError(f"{where}.file: give either a file, or d and gamma")
        columns = _two_columns(arguments.pop("file"), where, "d in λ and γ")
        arguments["d"], arguments["gamma"] = columns
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
        numbers = isinstance(pair, list) and all(isinstance(n, int) for n in pair)
        if not numbers or len(pair) != 2:
            raise ConfigError(f"{where}.laws[{k}].pair: give two winding numbers, [1, -1]")
        if tuple(pair) in made:
            raise ConfigError(f"{where}.laws[{k}].pair = {pair}: given twice")
        made[tuple(pair)] = make(law, f"{where}.laws[{k}]")
    return made


def _two_columns(file: Any, where: str, what: str) -> NDArray[np.float64]:
    """(2, N): the columns of a text file."""
    if not isinstance(file, str):
        raise ConfigError(f"{where}.file = {file!r}: give the name of a file")
    try:
        columns: NDArray[np.float64] = np.loadtxt(
            file, delimiter="," if file.endswith(".csv") else None
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where}.file = {file!r}: {error}") from None
    if columns.ndim != 2 or columns.shape[1] != 2:
        raise ConfigError(f"{where}.file = {file!r}: give two columns, {what}")
    return columns.T


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
    if arrangement not in ARRANGEMENTS:
        raise ConfigError(
            f"{where}.arrangement = {arrangement!r}: give one of {', '.join(ARRANGEMENTS)}, or "
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
        raise ConfigError(f"{where} = {table!r}: give a table")
    if "type" not in table:
        raise ConfigError(f"{where}.type: missing")
    arguments = {key: value for key, value in table.items() if key != "type"}
    for key, value in arguments.items():
        if isinstance(value, float) and value != value:
            raise ConfigError(f"{where}.{key} = nan: give a number")
    return arguments
