"""The command line as a user meets it, inside the tests' process: what it says, leaves behind and returns.

Nothing may hang or eat the machine: a clock interrupts what takes too long, and memory is limited.
"""

from __future__ import annotations

import contextlib
import functools
import io
import resource
import signal
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from vortexmd import build, cli, job
from vortexmd.trajectory import TrajectoryWriter

# Seconds; a case takes a few hundredths, the first one compiles.
PATIENCE = 120
# Bytes beyond what the process has: nothing here needs a tenth of it.
ROOM = 4 * 2**30
# Longer runs are built and not carried out.
MOST_STEPS = 100
# Making the parser takes longer than most refusals.
PARSER = functools.cache(cli._parser)


@dataclass(frozen=True)
class Answer:
    """Exit code and the lines on stderr: errors, and warnings of ours."""

    code: int
    errors: list[str]
    warnings: list[str]

    @property
    def text(self) -> str:
        """The one error line."""
        return self.errors[0] if self.errors else ""

    @property
    def clean(self) -> bool:
        """Whether it is success in silence, or one line of ours with the code of a mistake."""
        if self.code == 0:
            return not self.errors
        one = len(self.errors) == 1 and self.errors[0].startswith("vortexmd: ")
        return one and self.code in (1, 2)


def ask(*arguments: str | Path) -> Answer:
    """``vortexmd`` with these arguments; whatever escapes from it escapes from here."""
    heard = io.StringIO()
    with (
        limits(),
        mock.patch.object(cli, "_parser", PARSER),
        warnings.catch_warnings(),
        contextlib.redirect_stderr(heard),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        # Ours become lines; those of numpy and scipy are faults of ours.
        warnings.simplefilter("always")
        for foreign in (RuntimeWarning, DeprecationWarning, ResourceWarning, BytesWarning):
            warnings.simplefilter("error", foreign)
        code = cli.main([str(argument) for argument in arguments])
    lines = heard.getvalue().splitlines()
    mild = [line for line in lines if line.startswith("vortexmd: warning: ")]
    return Answer(code, [line for line in lines if line not in mild], mild)


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """An end to what hangs, and to what wants all memory."""

    def give_up(number: int, frame: Any) -> None:
        raise TimeoutError(f"no end after {PATIENCE} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + ROOM, hard))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def only_build(monkeypatch: pytest.MonkeyPatch, above: int = -1) -> None:
    """Let ``vortexmd run`` make simulation and writer, and stop there, in runs of more than `above` steps."""
    carried_out = job.run

    def run(config: Any, output: Path, options: Any, **rest: Any) -> str | None:
        if config.run.steps <= above:
            return carried_out(config, output, options, **rest)
        build.simulation(config)
        table = config.output
        TrajectoryWriter(
            output, every=table.every, dtype=table.dtype, compression=table.compression
        )
        return "built"

    monkeypatch.setattr(job, "run", run)
