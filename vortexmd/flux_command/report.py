"""Solutions of a flux-exchange file in figures: the table of ``vortexmd flux``, its JSON, its CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.flux_command.build import Case
from vortexmd.flux_command.config import FluxConfig
from vortexmd.flux_command.solve import Result
from vortexmd.flux_exchange.approximate import ApproximateSolution
from vortexmd.flux_exchange.flux_sample import FluxSample

# Rows and columns of the printed table.
MOST_ROWS, MOST_COLUMNS = 6, 6


def as_data(config: FluxConfig, results: Sequence[Result]) -> dict[str, Any]:
    """Everything that is printed, as plain data; what is infinite or unknown is None."""
    return {
        "units": {
            "field": config.units.field,
            "time": config.units.time,
            "length": config.units.length,
        },
        "vary": None if config.curves is None else config.curves.vary,
        "cases": [_about(config, result) for result in results],
    }


def _about(config: FluxConfig, result: Result) -> dict[str, Any]:
    solution, case = result.solution, result.case
    rows = shown(solution.times)
    about: dict[str, Any] = {
        "panel": config.panel[case.panel].title if config.panel else None,
        "value": None if config.curves is None else config.curves.values[case.curve],
        "start": case.b0.tolist(),
        "regions": case.network.names(),
        "times": solution.times[rows].tolist(),
        "b": solution.b[rows].tolist(),
        "total_field": solution.mean_field[rows].tolist(),
        "relaxation_rate": solution.relaxation_rate[rows].tolist(),
        "equilibrium": result.equilibrium.tolist(),
        "switch_time": _finite(solution.switch_time),
        "solver": solution.solver,
    }
    if result.approximation is not None:
        about["approximation_holds_until"] = _finite(result.approximation.departure_time)
    if result.sample is not None:
        about["sample_mean"] = result.sample.mean[rows].tolist()
        variance = result.sample.variance[rows]
        about["sample_variance"] = [[_finite(v) for v in row] for row in variance]
    return about


def as_text(config: FluxConfig, results: Sequence[Result]) -> str:
    """The same for reading."""
    return "\n\n".join(_paragraph(config, result) for result in results)


def _paragraph(config: FluxConfig, result: Result) -> str:
    solution, units = result.solution, config.units
    lines = _table(config, result)
    if title(config, result.case):
        lines.insert(0, title(config, result.case))
    if solution.switch_time is not None:
        lines.append(
            f"the layer pins from t = {solution.switch_time:.6g} {units.time} on (B_s = B_sm)"
        )
    if result.approximation is not None:
        lines.append(_held(config, result.approximation, solution.network.names()))
    if result.sample is not None:
        lines.append(_sampled(result.sample))
    return "\n".join(lines)


def _table(config: FluxConfig, result: Result) -> list[str]:
    """Fields at some times and in equilibrium; of many regions the smallest and the largest."""
    solution, units = result.solution, config.units
    names = solution.network.names()
    many = len(names) > MOST_COLUMNS
    shows_total, shows_rate = solution.network.graph.open or many, solution.network.graph.open
    columns = [f"{name} / {units.field}" for name in (("smallest", "largest") if many else names)]
    columns += shows_total * [f"B_t / {units.field}"] + shows_rate * ["−dlnB_t/dlnt"]
    total, rate = solution.mean_field, solution.relaxation_rate
    table = [[f"t / {units.time}", *columns]]
    for k in shown(solution.times):
        numbers = [solution.times[k], *_fields(solution.b[k], many)]
        numbers += shows_total * [total[k]] + shows_rate * [rate[k]]
        table.append([f"{number:.6g}" for number in numbers])
    last = [f"{number:.6g}" for number in _fields(result.equilibrium, many)]
    table.append(["equilibrium", *last, *[""] * (len(table[0]) - 1 - len(last))])
    widths = [max(map(len, column)) + 3 for column in zip(*table, strict=True)]
    return [
        "".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _held(config: FluxConfig, closed_form: ApproximateSolution, names: Sequence[str]) -> str:
    """How long the approximate solution holds, in words."""
    until, percent = closed_form.departure_time, 100 * closed_form.fraction
    source = names[closed_form.source]
    words = f"approximate solution: {source} true to {percent:.3g} %"
    if not isfinite(until):
        return f"{words} at all these times"
    return f"{words} up to t = {until:.4g} {config.units.time}"


def _sampled(sample: FluxSample) -> str:
    """Mean and spread of the last fields, in words."""
    last = [
        f"{mean:.6g} ± {np.sqrt(variance):.2g}"
        for mean, variance in zip(sample.mean[-1], sample.variance[-1], strict=True)
    ]
    if len(last) > MOST_COLUMNS:
        last = [*last[:MOST_COLUMNS], "…"]
    return (
        f"whole vortices of flux {sample.flux_quantum:g}, {sample.n_runs} runs: "
        f"{', '.join(last)} in the end"
    )


def title(config: FluxConfig, case: Case) -> str:
    """Which case it is: its panel, varied value and start."""
    words = [config.panel[case.panel].title] if config.panel else []
    if config.curves is not None:
        words.append(f"{config.curves.title or config.curves.vary} =")
    return " ".join([*words, case.label]).strip()


def shown(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which times are printed: all of a few, else some from the first to the last."""
    count = len(times)
    return np.unique(np.linspace(0, count - 1, min(count, MOST_ROWS)).round().astype(np.int64))


def write_csv(path: Path, config: FluxConfig, results: Sequence[Result]) -> None:
    """A row a case and time, a column a quantity, each with its unit in the head.

    Columns: the panel, the varied value, the number of the start (those that the file has); the time; the
    field of every region; B_t = ΣA_iB_i/ΣA_i; −d ln B_t/d ln t; then, where they were asked for, the
    approximate fields and mean and standard deviation of the sampled ones. Regions that a case lacks are
    left empty.
    """
    starts = any(result.case.start for result in results)
    tables = [_columns(config, result, starts) for result in results]
    names = list(dict.fromkeys(name for table in tables for name in table))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for table, result in zip(tables, results, strict=True):
            columns = [table.get(name, "") for name in names]
            for t in range(len(result.solution.times)):
                writer.writerow(c if isinstance(c, str) else repr(float(c[t])) for c in columns)


def _columns(
    config: FluxConfig, result: Result, starts: bool
) -> dict[str, str | NDArray[np.float64]]:
    """The columns of one case: (T,) numbers, or the word that all its rows share."""
    solution, case, field = result.solution, result.case, config.units.field
    columns: dict[str, str | NDArray[np.float64]] = {}
    if config.panel:
        columns["panel"] = config.panel[case.panel].title
    if config.curves is not None:
        value = config.curves.values[case.curve]
        columns[config.curves.vary] = case.value if isinstance(value, (list, dict)) else str(value)
    if starts:
        columns["start"] = str(case.start)
    columns[f"t / {config.units.time}"] = solution.times
    names = case.network.names()
    # Regions of one name keep a column each.
    names = [f"{n} ({k})" if names.count(n) > 1 else n for k, n in enumerate(names)]
    parts = {"": solution.b}
    if result.approximation is not None:
        parts[" approximate"] = result.approximation.b
    if result.sample is not None:
        parts[" sample mean"] = result.sample.mean
        parts[" sample s.d."] = np.sqrt(result.sample.variance)
    for word, b in parts.items():
        for name, column in zip(names, b.T, strict=True):
            columns[f"{name}{word} / {field}"] = column
        if not word:
            columns[f"B_t / {field}"] = solution.mean_field
            columns["-dlnB_t/dlnt"] = solution.relaxation_rate
    return columns


def _fields(b: NDArray[np.float64], many: bool) -> list[float]:
    return [float(b.min()), float(b.max())] if many else b.tolist()


def _finite(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)
