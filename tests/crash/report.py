"""What the crashes came to: a table by scenario, one summary, JSON and Markdown."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.crash.result import Result
from tests.crash.scenarios import SCENARIOS
from vortexmd.provenance import processor

KINDS = {"random": "at random times", "syscall": "at write calls", "power": "power losses"}
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
HEADINGS = (
    "run",
    *KINDS.values(),
    "frames acknowledged",
    "lost",
    "events acknowledged",
    "lost",
    "runs resumed",
    "equal",
)


ABOUT = """# Kills and power failures

`python -m tests.crash --kills 100` from a checkout starts the runs named below, with the commands that
users give, and stops each of them: by a signal at a random time of its life, by `kill -9` before or
after one of its system calls that write (while the file is made, at its first frames, as its chunk
indexes grow, at renames of checkpoints, anywhere), or by a power failure, modelled as the loss of any
pages and names that were not synced. Every time the same command goes on, often to be stopped again. A
frame is acknowledged when `TrajectoryWriter.write` has returned; it is lost if it cannot be read, with
its own bits, before the run goes on. In the end all files are compared with those of an uninterrupted
run, bit for bit: every dataset, attribute and chunk shape, and the last checkpoint."""


def is_failure(result: Result) -> bool:
    """Whether anything was lost, went wrong or differs."""
    return bool(result.lost or result.events_lost or result.problem) or not result.equal


def tally(results: Iterable[Result]) -> dict[str, Any]:
    """Counts over results: crashes by kind, signals, frames and event rows, runs and how many ended equal."""
    results = list(results)
    runs: dict[tuple, bool] = {}
    for k, result in enumerate(results):
        key = (result.scenario, result.kind, result.run or k)
        runs[key] = runs.get(key, True) and result.equal
    return {
        "crashes": {kind: sum(r.kind == kind for r in results) for kind in KINDS},
        "signals": {name: sum(r.signal == name for r in results) for name in SIGNALS},
        "frames": {
            "acknowledged": sum(r.acknowledged for r in results),
            "kept": sum(r.kept for r in results),
            "lost": sum(r.lost for r in results),
        },
        "events": {
            "acknowledged": sum(r.events for r in results),
            "kept": sum(r.events - r.events_lost for r in results),
            "lost": sum(r.events_lost for r in results),
        },
        "runs": len(runs),
        "equal": sum(runs.values()),
        "failures": sum(map(is_failure, results)),
    }


def summary(results: list[Result], seconds: float) -> str:
    """One paragraph, with a verdict at its end."""
    count = tally(results)
    crashes, frames, events = count["crashes"], count["frames"], count["events"]
    signals = ", ".join(f"{number} {name}" for name, number in count["signals"].items())
    verdict = "nothing lost, all equal" if not count["failures"] else f"{count['failures']} FAILED"
    return (
        f"{sum(count['signals'].values())} signals ({signals}; {crashes['random']} at random times, "
        f"{crashes['syscall']} at write calls) and "
        f"{crashes['power']} power losses in {count['runs']} runs: {count['equal']} runs resumed to the "
        f"same bits; {frames['acknowledged']} frames acknowledged, {frames['kept']} kept, "
        f"{frames['lost']} lost; {events['acknowledged']} event rows acknowledged, {events['kept']} "
        f"kept, {events['lost']} lost; {seconds:.0f} s: {verdict}"
    )


def rows(results: list[Result]) -> list[list[str]]:
    """A row of the table for each scenario, and one for all."""
    names = [name for name in SCENARIOS if any(r.scenario == name for r in results)]
    table = [_row(name, [r for r in results if r.scenario == name]) for name in names]
    return [*table, _row("all", results)]


def _row(name: str, results: list[Result]) -> list[str]:
    count = tally(results)
    numbers = [
        *count["crashes"].values(),
        count["frames"]["acknowledged"],
        count["frames"]["lost"],
        count["events"]["acknowledged"],
        count["events"]["lost"],
        count["runs"],
        count["equal"],
    ]
    return [name, *map(str, numbers)]


def as_text(results: list[Result], seconds: float) -> str:
    """Table, failures and summary for a terminal."""
    table = [list(HEADINGS), *rows(results)]
    widths = [max(len(row[k]) for row in table) for k in range(len(HEADINGS))]
    lines = [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]
    wrong = [f"FAILED {line}" for line in _failures(results)]
    return "\n".join([*lines, "", *wrong, summary(results, seconds)])


def as_markdown(results: list[Result], seconds: float) -> str:
    """The same as a page."""
    lines = [
        *ABOUT.splitlines(),
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" + "|---:" * (len(HEADINGS) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in rows(results)),
        "",
        f"{summary(results, seconds)}. {processor()}, {platform.system()}.",
        "",
        "The runs:",
        "",
        *(f"- `{s.name}`: {s.about}" for s in SCENARIOS.values()),
    ]
    wrong = _failures(results)
    if wrong:
        lines += ["", "Failed:", "", *(f"- {line}" for line in wrong)]
    return "\n".join(lines) + "\n"


def write_json(path: Path, results: list[Result], seconds: float, seed: int) -> None:
    """Counts and every single crash."""
    names = dict.fromkeys(r.scenario for r in results)
    data = {
        "seed": seed,
        "seconds": round(seconds, 1),
        "processor": processor(),
        "system": platform.system(),
        "all": tally(results),
        "scenarios": {n: tally(r for r in results if r.scenario == n) for n in names},
        "crashes": [asdict(r) for r in results],
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _failures(results: list[Result]) -> list[str]:
    return [
        f"{r.scenario} {r.run}, {r.kind}, {r.detail}: {_what(r)}" for r in results if is_failure(r)
    ]


def _what(result: Result) -> str:
    found = [result.problem] if result.problem else []
    if result.lost:
        found.append(f"{result.lost} frames lost")
    if result.events_lost:
        found.append(f"{result.events_lost} event rows lost")
    return "; ".join(found) or "differs in the end, see the last crash of this run"
