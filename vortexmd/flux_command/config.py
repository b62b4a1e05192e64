"""What a flux-exchange problem is, as a TOML file says it: the tables of ``vortexmd flux``.

Every table is a frozen dataclass, read and documented as those of `vortexmd.config`; `build` makes networks
from them. The keys of [network] are the arguments of the `FluxNetwork` constructor that its `kind` names.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.checks import positive, whole
from vortexmd.config import ConfigError, key, read_as

SPACINGS = ("log", "linear")
FIGURES = ("fields", "phase_portrait", "surface", "none")
MOST_TIMES = 1_000_000
# Solutions in one file: more than anybody reads in one figure.
MOST_CASES = 1000


@dataclass(frozen=True)
class StartTable:
    """The fields at t = 0."""

    b: float | list[Any] = key(
        ..., "[20.0, 20.0]", "one field a region, one number for all, or several starts [[…], […]]"
    )
    allow_above: bool = key(False, "true", "fields above B_m may be given")


@dataclass(frozen=True)
class TimesTable:
    """When the fields are wanted: a list, or so many times between two."""

    values: list[float] | None = key(None, "[0.1, 1.0, 10.0]", "the times, rising")
    first: float | None = key(None, "1e-3", "or the first time,")
    last: float | None = key(None, "1e6", "the last,")
    number: int = key(200, "200", "how many")
    spacing: str = key("log", '"log"', f"and how they are spaced: {', '.join(SPACINGS)}")

    def array(self) -> NDArray[np.float64]:
        """(T,) the times."""
        if self.values is not None:
            return np.array(self.values, dtype=float)
        space = np.geomspace if self.spacing == "log" else np.linspace
        return space(self.first or 0.0, self.last or 0.0, self.number)


@dataclass(frozen=True)
class SolveTable:
    """How to solve the equations."""

    rtol: float = key(1e-8, "1e-8", "relative tolerance of every field")
    method: str | None = key(None, '"BDF"', "of FluxNetwork.solve; default by size")
    surface: str = key("full", '"two_stage"', "full, or two_stage (a cylinder: Eq. 22, then 23)")
    approximate: bool = key(
        False, "true", "two regions: also the approximate solutions (Eqs. 15–20)"
    )
    source: int = key(0, "0", "the region whose outgoing flux they keep, 0 or 1")
    fraction: float = key(0.01, "0.01", "they hold while the source's field is true to this")


@dataclass(frozen=True)
class SampleTable:
    """Whole vortices: an ensemble of the exact stochastic process, drawn as a band."""

    flux_quantum: float = key(..., "0.05", "flux of one vortex, field × length²")
    n_runs: int = key(100, "100", "how many runs")
    seed: int = key(0, "1", "of the random numbers")


@dataclass(frozen=True)
class CurvesTable:
    """One solution for each of several values of one key."""

    vary: str = key(..., '"network.epsilon"', "which key, with its table")
    values: list[Any] = key(..., "[0.0, 0.01, 0.1]", "what it takes")
    title: str | None = key(None, '"ε / s⁻¹"', "over the legend; default the key")


@dataclass(frozen=True)
class PanelTable:
    """One panel of the figure each, with what differs in it."""

    title: str = key(..., '"logarithmic law"', "over the panel")
    network: dict[str, Any] = key(
        {}, '{ p = { kind = "logarithmic" } }', "keys that take the place of those of [network]"
    )
    start: dict[str, Any] = key({}, "{ b = [10.0, 10.0] }", "and of [start]")


@dataclass(frozen=True)
class FigureTable:
    """What to draw."""

    kind: str = key("fields", '"fields"', f"one of {', '.join(FIGURES)}")
    time_scale: str = key("log", '"log"', "fields: log or linear")
    title: str | None = key(None, '"Flux exchange"', "over the figure")


@dataclass(frozen=True)
class UnitsTable:
    """Names of the units that all numbers of the file are in, for labels; any that agree."""

    field: str = key("G", '"G"', "of fields")
    time: str = key("s", '"s"', "of times")
    length: str = key("cm", '"µm"', "of lengths")


@dataclass(frozen=True)
class FluxConfig:
    """A whole flux-exchange problem."""

    network: dict[str, Any] = key(..., "", "the regions and what joins them")
    start: StartTable = key(..., "", "the fields at t = 0")
    times: TimesTable = key(..., "", "when the fields are wanted")
    regions: dict[str, Any] | None = key(None, "", "network.kind = geometry: the regions' shapes")
    solve: SolveTable = key(SolveTable(), "", "how to solve")
    sample: SampleTable | None = key(None, "", "whole vortices")
    curves: CurvesTable | None = key(None, "", "several values of one key")
    panel: list[PanelTable] = key([], "", "[[panel]]: several panels")
    figure: FigureTable = key(FigureTable(), "", "what to draw")
    units: UnitsTable = key(UnitsTable(), "", "names of the units")


def read(path: Path) -> FluxConfig:
    """The problem in a TOML file.

    Raises
    ------
    ConfigError
        As `vortexmd.config.read`.
    """
    return read_as(FluxConfig, path, _check)


def _check(config: FluxConfig) -> None:
    """What a key may be, and what one says about another."""
    if (config.regions is not None) != (config.network.get("kind") == "geometry"):
        raise ConfigError("regions: goes with network.kind = 'geometry', and that with [regions]")
    _check_times(config.times)
    _check_figure(config)
    whole("solve.source", config.solve.source, 0, 1)
    positive("solve.fraction", config.solve.fraction)
    if config.sample is not None:
        positive("sample.flux_quantum", config.sample.flux_quantum)
        whole("sample.n_runs", config.sample.n_runs, 1, 10_000_000)
        whole("sample.seed", config.sample.seed, 0, 2**64 - 1)
    if config.curves is not None:
        if not 1 <= len(config.curves.values) <= MOST_CASES:
            raise ConfigError(f"curves.values: {len(config.curves.values)}; give 1 … {MOST_CASES}")
        if config.curves.vary.split(".")[0] not in ("network", "start"):
            raise ConfigError(
                f"curves.vary = {config.curves.vary!r}: give a key of [network] or [start], such as "
                f"'network.epsilon'"
            )


def _check_figure(config: FluxConfig) -> None:
    figure = config.figure
    _one_of("figure.kind", figure.kind, FIGURES)
    _one_of("figure.time_scale", figure.time_scale, SPACINGS)
    against_log_time = figure.kind == "surface" or (figure.kind, figure.time_scale) == (
        "fields",
        "log",
    )
    if against_log_time and not config.times.array().max() > 0:
        raise ConfigError(f"times: none above 0, which figure.kind = {figure.kind!r} needs")
    if figure.kind == "surface":
        if config.network.get("kind") != "cylinder":
            raise ConfigError("figure.kind = 'surface': goes with network.kind = 'cylinder'")
        if config.panel:
            raise ConfigError(
                "figure.kind = 'surface': goes without [[panel]]; vary a key by [curves]"
            )


def _check_times(times: TimesTable) -> None:
    if times.values is not None:
        for name in ("first", "last"):
            if getattr(times, name) is not None:
                raise ConfigError(f"times.values, times.{name}: give one of the two")
        if not 1 <= len(times.values) <= MOST_TIMES:
            raise ConfigError(f"times.values: {len(times.values)} times; give 1 … {MOST_TIMES}")
        return
    for f in dataclasses.fields(times)[1:3]:
        if getattr(times, f.name) is None:
            raise ConfigError(f"times.{f.name}: missing (or give times.values, a list)")
    first, last = float(times.first or 0.0), float(times.last or 0.0)
    whole("times.number", times.number, 2, MOST_TIMES)
    _one_of("times.spacing", times.spacing, SPACINGS)
    if times.spacing == "log":
        positive("times.first", first)
    if not 0 <= first < last:
        raise ConfigError(f"times.first = {first}, times.last = {last}: give 0 ≤ first < last")


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{name} = {value!r}: give one of {', '.join(known)}")
