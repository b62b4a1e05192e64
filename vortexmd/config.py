"""What a run is, as a TOML file says it: the tables, read and checked.

Every table is a frozen dataclass whose fields carry an example and a line of documentation;
`config_reference` makes ``docs/configuration.md`` from them, `build` a simulation.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vortexmd.box import BOUNDARIES
from vortexmd.checks import number, shown, whole
from vortexmd.description import check_keys, describe
from vortexmd.integrators import INTEGRATORS
from vortexmd.simulation import CHECKPOINT_SECONDS, MAX_STEPS

T = TypeVar("T")
KINDS = ("random", "triangular", "square", "file")
# No run needs more; beyond, parsing takes minutes and tables exhaust Python's stack.
LARGEST_FILE = 2**24
DEEPEST = 20
# A key of more parts than any table is deep: the time that parsing takes grows with their square. Only
# where keys begin: comments and strings may say anything.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
LONG_KEY = re.compile(
    rf"(?m)(?:^[ \t]*+\[{{0,2}}|[{{,])[ \t]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}"
)
# Bytes, of 255 that file systems take: ours beside the output have longer names.
LONGEST_NAME = 200
# Keys whose value names a file to read.
FILE_KEYS = ("file", "raster")


class ConfigError(ValueError):
    """A configuration file that does not say what a run needs."""


def key(default: Any, example: str, doc: str) -> Any:
    """A field with an example in TOML and its documentation; `...` for one that must be given."""
    metadata = {"example": example, "doc": doc}
    if default is ...:
        return field(metadata=metadata)
    if isinstance(default, (list, dict)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class StartTable:
    """The starting configuration."""

    kind: str = key(..., '"random"', f"one of {', '.join(KINDS)}")
    n: int | None = key(None, "400", "number of vortices (all kinds but file)")
    density: float | None = key(None, "0.05", "vortices per λ²; the box follows from it")
    lengths: list[float] | None = key(
        None, "[80.0, 40.0]", "random: box sides in λ, instead of density"
    )
    boundary: list[str] | str | None = key(
        None,
        '["periodic", "open"]',
        f"with lengths: {', '.join(BOUNDARIES)}; one word, or one an axis; default periodic",
    )
    fits_lattice: bool = key(
        False, "true", "random: give the box the sides that a triangular lattice of n fits"
    )
    winding: int | dict[str, float] = key(
        1, '{ "+1" = 0.9, "-1" = 0.1 }', "one winding number, or (random) the fraction of each"
    )
    min_distance: float = key(
        0.0, "3.0", "random: smallest separation in λ; 0 gives Poisson points"
    )
    seed: int = key(0, "1", "random: seed of the draw")
    file: str | None = key(None, '"before.h5"', "file: the trajectory whose frame to start from")
    frame: int = key(-1, "-1", "file: which frame; -1 is the last")


@dataclass(frozen=True)
class AnnealTable:
    """A linear change of the temperature."""

    to_temperature: float = key(..., "0.0", "k_BT in ε₀ at the end")
    steps: int | None = key(
        None, "8_000", "over this many steps from the start; default all of run.steps"
    )


@dataclass(frozen=True)
class RunTable:
    """How to run."""

    steps: int = key(..., "10_000", "number of steps")
    dt: float = key(..., "0.2", "time step in τ = ηλ/Ω₀")
    temperature: float = key(0.0, "1e-3", "k_BT in ε₀ (at the start, with anneal)")
    seed: int = key(0, "7", "seed of the thermal noise")
    anneal: AnnealTable | None = key(None, "{ to_temperature = 0.0 }", "a linear ramp, see below")
    minimize: bool = key(False, "true", "slide to the nearest energy minimum before the first step")
    integrator: str = key(
        "leimkuhler-matthews", '"leimkuhler-matthews"', f"one of {', '.join(INTEGRATORS)}"
    )
    friction: float | dict[str, float] = key(
        1.0, "1.0", 'η, one for all, or by winding: { "1" = 1.0, "2" = 2.0 }'
    )
    precision: str = key(
        "double", '"mixed"', "of the pair forces: double, or mixed, twice as fast and right to 1e-5"
    )
    threads: int | None = key(
        None, "2", "at most this many; default one a processor; the bits do not depend on it"
    )
    skin: float | None = key(None, "1.0", "of the neighbour list, in λ")
    max_displacement: float | None = key(
        None, "0.5", "no vortex may move further in one step, in λ"
    )
    checkpoint_seconds: float = key(CHECKPOINT_SECONDS, "60.0", "save a checkpoint that often")


@dataclass(frozen=True)
class OutputTable:
    """What to write."""

    file: str | None = key(None, '"run.h5"', "trajectory; default: the TOML file's name with .h5")
    every: int = key(100, "100", "a frame every so many steps")
    dtype: str = key("float64", '"float64"', "positions as float64 or float32")
    compression: str | int | None = key("gzip", '"gzip"', "gzip, or a level 0 … 9")


@dataclass(frozen=True)
class Config:
    """A whole run."""

    start: StartTable = key(..., "", "the starting configuration")
    run: RunTable = key(..., "", "how to run")
    output: OutputTable = key(OutputTable(), "", "what to write")
    pair_force: dict[str, Any] | None = key(
        None, "", "a potential; without the table vortices do not interact"
    )
    pair_friction: dict[str, Any] | None = key(
        None, "", "friction of a pair's relative motion by its separation; default constant"
    )
    external: list[dict[str, Any]] = key([], "", "[[external]]: drives, traps, pins")
    reactions: list[dict[str, Any]] = key([], "", "[[reactions]]")
    regions: dict[str, Any] | None = key(
        None, "", "pinning regions of the box, between which vortices hop (ArrheniusHopping)"
    )

    def canonical(self) -> dict[str, Any]:
        """The run as plain data, without what has no effect on its result."""
        data = dataclasses.asdict(self)
        del data["run"]["threads"], data["run"]["checkpoint_seconds"], data["output"]["file"]
        # Runs of before there were these go on as they are.
        if self.pair_friction is None:
            del data["pair_friction"]
        if self.run.precision == "double":
            del data["run"]["precision"]
        return describe(data)


def read(path: Path) -> Config:
    """The configuration in a TOML file.

    Raises
    ------
    ConfigError
        If the file is missing, not TOML, too large, or has an unknown key (the nearest known one is
        suggested), a missing one, a wrong type, or a number that is not finite.
    """
    return read_as(Config, path, _check)


def read_as(cls: type[T], path: Path, check: Callable[[T], None]) -> T:
    """`read` for any kind of file: `cls` holds its tables, `check` says what one key says of another."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"{path}: not a run file: more than {LARGEST_FILE >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
        if LONG_KEY.search(text):
            raise ConfigError(f"{path}: a key of more than {DEEPEST} parts")
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not a TOML file: brackets within brackets, too deep") from None
    try:
        _check_depth(data)
        config: T = table(cls, data, "")
        check(config)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    return config


def keep_inputs(config: Config, path: Path, written: Path) -> None:
    """Refuse to write over what a run reads: its own file, a start, a table.

    Raises
    ------
    ConfigError
        If `written` is the configuration file `path` or one of those named in it.
    """
    read = [("the configuration itself", str(path)), *_files(dataclasses.asdict(config), "")]
    for name, file in read:
        try:
            same = written.samefile(file)
        except (OSError, ValueError):
            continue
        if same:
            raise ConfigError(
                f"output.file: {written} is {name}, which the run reads; give another name, there or "
                f"with -o"
            )


def _files(data: Any, where: str) -> Iterator[tuple[str, str]]:
    """(dotted key, file) of every file that a configuration reads."""
    if isinstance(data, list):
        for k, item in enumerate(data):
            yield from _files(item, f"{where}[{k}]")
    elif isinstance(data, dict):
        for key, value in data.items():
            name = f"{where}.{key}" if where else key
            if key in FILE_KEYS and isinstance(value, str) and where != "output":
                yield name, value
            yield from _files(value, name)


def _check_depth(data: Any) -> None:
    """ConfigError where tables and lists stand deeper in one another than any run needs."""
    level = [data]
    for _ in range(DEEPEST):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
    if level:
        raise ConfigError(f"tables and lists within one another: more than {DEEPEST} deep")


def _check(config: Config) -> None:
    """What one key says about another."""
    run, output = config.run, config.output
    whole("run.steps", run.steps, 0, MAX_STEPS)
    if output.file is not None and not _is_file_name(output.file):
        raise ConfigError(
            f"output.file = {shown(output.file)}: give a file name of at most {LONGEST_NAME} bytes, or "
            f"leave it out"
        )
    whole("output.every", output.every, 1, MAX_STEPS)
    if run.anneal and run.anneal.steps is not None and not 0 < run.anneal.steps <= run.steps:
        raise ConfigError(
            f"run.anneal.steps = {shown(run.anneal.steps)}: give 1 … run.steps = {run.steps}"
        )
    if run.anneal and run.anneal.to_temperature < 0:
        raise ConfigError(
            f"run.anneal.to_temperature = {run.anneal.to_temperature}: give 0 or more"
        )
    hottest = max(run.temperature, run.anneal.to_temperature if run.anneal else 0.0)
    if config.pair_friction is not None and hottest > 0:
        raise ConfigError(
            f"pair_friction: for temperature 0 only, and it reaches {hottest:g} (run.temperature, "
            f"run.anneal); noise consistent with a mobility that depends on the configuration is not "
            f"offered"
        )
    if not run.checkpoint_seconds > 0:
        raise ConfigError(f"run.checkpoint_seconds = {run.checkpoint_seconds}: give more than 0")


def _is_file_name(name: str) -> bool:
    return 0 < len(Path(name).name.encode()) <= LONGEST_NAME and "\0" not in name


def table(cls: Any, data: Any, where: str) -> Any:
    """`data` as an instance of a table class; `where` is "" or "run." and so on."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where[:-1]} = {shown(data)}: give a table, [{where[:-1]}]")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    check_keys(data, fields, where)
    hints = typing.get_type_hints(cls)
    values = {}
    for name, f in fields.items():
        if name in data:
            values[name] = _value(hints[name], data[name], where + name)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}{name}: missing ({f.metadata['doc']})")
    return cls(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    """`value` if it fits the type, numbers finite, tables made."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        origin = typing.get_origin(option) or option
        if dataclasses.is_dataclass(option):
            return table(option, value, where + ".")
        if origin is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return number(where, value, sys.float_info.max)
        if origin is int and isinstance(value, int) and not isinstance(value, bool):
            return value
        if origin in (str, bool) and isinstance(value, origin):
            return value
        if origin in (list, dict) and isinstance(value, origin):
            inner = typing.get_args(option)[-1]
            if inner is Any:
                return value
            if origin is list:
                return [_value(inner, item, f"{where}[{k}]") for k, item in enumerate(value)]
            return {key: _value(inner, item, f"{where}.{key}") for key, item in value.items()}
    raise ConfigError(f"{where} = {shown(value)}: give {_words(hint)}")


def _words(hint: Any) -> str:
    """A type in the user's words."""
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
    words = []
    for option in typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,):
        origin = typing.get_origin(option) or option
        if origin is types.NoneType:
            continue
        if origin is list:
            inner = typing.get_args(option)[0]
            words.append("a list of tables" if typing.get_origin(inner) is dict else "a list")
        else:
            words.append(names.get(origin, "a table"))
    return " or ".join(words)
