"""``python -m tests.crash --kills 100``: crash runs of every kind, resume, compare, count what is lost."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.crash import campaign, report
from tests.crash.scenarios import SCENARIOS

# For ten kills at random times.
SYSCALLS, POWER = 5, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 if nothing was lost and every run ended with the same bits, else 1."""
    options = _parser().parse_args(arguments)
    names = options.scenario or list(SCENARIOS)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        results = campaign.crash(names, folder, _plan(options), options.seed, options.processes)
    except BaseException:
        print(f"what there is so far stands in {folder}")
        raise
    seconds = time.monotonic() - began
    print(report.as_text(results, seconds))
    if options.json:
        report.write_json(options.json, results, seconds, options.seed)
    if options.markdown:
        options.markdown.write_text(report.as_markdown(results, seconds), encoding="utf-8")
    if any(map(report.is_failure, results)):
        print(f"what failed stands in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _plan(options: argparse.Namespace) -> dict[campaign.Way, int]:
    """How many crashes of which kind: `--kills` at random times, and the other two besides."""
    syscalls = 0 if options.no_syscalls else -(-options.kills * SYSCALLS // 10)
    power = 0 if options.no_power else -(-options.kills * POWER // 10)
    return {
        campaign.at_random: options.kills,
        campaign.at_calls: syscalls,
        campaign.without_power: power,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    add = parser.add_argument
    add(
        "--kills",
        type=_count,
        default=100,
        metavar="N",
        help="so many at random times; default 100",
    )
    add("--scenario", nargs="+", choices=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    add("--seed", type=int, default=1, metavar="S", help="of the moments; default 1")
    add("--no-syscalls", action="store_true", help="no kills at write calls")
    add("--no-power", action="store_true", help="no power losses")
    add("--processes", type=_count, default=os.cpu_count() or 1, metavar="P", help="side by side")
    add("--json", type=Path, metavar="FILE", help="counts and every crash")
    add("--markdown", type=Path, metavar="FILE", help="the table, as the documentation shows it")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value}: give 1 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
