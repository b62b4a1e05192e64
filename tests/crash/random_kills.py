"""Runs stopped by signals at random times, again and again, each time continued by the same command."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash import witness
from tests.crash.compare import run_differences
from tests.crash.result import Result
from tests.crash.scenarios import CHECKPOINT, Scenario
from tests.crash.whole import LIMIT_S, STDERR, Process, Start, held, last_words, start
from tests.crash.witness import Entry
from vortexmd.checkpoint import newest

POLL_S = 0.0005
MOST_IN_A_ROW = 4
# How many commands may end by themselves for each that is stopped.
PATIENCE = 10
STOPPED = 130
# What is sent, and how often.
SIGNALS = {signal.SIGKILL: 14, signal.SIGTERM: 3, signal.SIGINT: 3}


@dataclass(frozen=True)
class Moment:
    """When to send a signal: so many seconds after the first entry of a kind from a step on.

    Parameters
    ----------
    what
        Of the entry, as `witness` notes it.
    step
        The entry's step is that or a later one.
    delay
        In s.
    """

    what: str
    step: int
    delay: float

    def __str__(self) -> str:
        at = f" at step {self.step}" if self.step else ""
        return f"{1000 * self.delay:.1f} ms after {self.what}{at}"


@dataclass(frozen=True)
class Life:
    """How long the parts of an uninterrupted run take, in s, and its last frame's step."""

    startup: float
    running: float
    closing: float
    last: int

    @classmethod
    def of(cls, entries: list[Entry]) -> Life:
        """From its log."""
        frames = [entry for entry in entries if entry.what == "frame"]
        begin, end = entries[0].time, entries[-1].time
        return cls(
            startup=frames[0].time - begin,
            running=frames[-1].time - frames[0].time,
            closing=end - frames[-1].time,
            last=frames[-1].step,
        )

    def draw(self, rng: random.Random, done: int) -> Moment:
        """A moment in the life of a command that goes on from step `done`.

        A third is spread over all of that life; the others over what is over fast: start-up, opening
        (creation, recovery), frames, checkpoints, the end.
        """
        target = rng.randint(min(done + 1, self.last), self.last)
        ahead = self.running * (1 - done / max(1, self.last))
        moments = {
            Moment("begin", 0, rng.uniform(0, self.startup + ahead + self.closing)): 6,
            Moment("begin", 0, rng.uniform(0, self.startup)): 1,
            Moment("opening", 0, rng.uniform(0, 0.06)): 4,
            Moment("frame", target, rng.uniform(0, 0.003)): 3,
            Moment("saving", target, rng.uniform(0, 0.015)): 3,
            Moment("frame", self.last, rng.uniform(0, self.closing)): 2,
        }
        return rng.choices(list(moments), list(moments.values()))[0]


def random_kills(
    scenario: Scenario, folder: Path, whole: Path, count: int, seed: int, start: Start = start
) -> list[Result]:
    """Stop runs of a scenario `count` times in all, each run up to `MOST_IN_A_ROW` times.

    Parameters
    ----------
    scenario
        What to run.
    folder
        Each run gets a folder in it, which goes again if nothing was wrong.
    whole
        Folder of the uninterrupted run.
    count, seed
        How many signals to send, and when: drawn.
    start
        How a command is started.

    Returns
    -------
    list of Result
        One for each signal that hit a living process; and one with a problem for a command that failed
        without one, and where too few signals hit.
    """
    rng = random.Random(f"{scenario.name} {seed}")
    results: list[Result] = []
    for k in range(PATIENCE * count):
        if len(results) >= count:
            break
        most = min(rng.randint(1, MOST_IN_A_ROW), count - len(results))
        results += _Run(scenario, folder / f"random-{k}", whole, rng, start).all(most)
    if len(results) < count:
        problem = f"only {len(results)} of {count} signals hit in {PATIENCE * count} runs"
        results.append(_untouched(scenario, problem))
    return results


def _untouched(scenario: Scenario, problem: str = "") -> Result:
    """What to report of no signal at all."""
    return Result(scenario.name, "random", "no signal", 0, 0, 0, False, problem)


class _Run:
    """One run, stopped and continued until it is complete."""

    def __init__(
        self, scenario: Scenario, folder: Path, whole: Path, rng: random.Random, start: Start
    ):
        self._scenario, self._folder, self._whole = scenario, folder, whole
        self._rng, self._start = rng, start
        self._life = Life.of(witness.read(whole / witness.LOG))
        self._log = folder / witness.LOG
        self._results: list[Result] = []

    def all(self, kills: int) -> list[Result]:
        """Stop it up to `kills` times, then let it end, and compare."""
        self._scenario.prepare(self._folder)
        complete = False
        for _ in range(kills):
            complete = self._stop_once()
            if complete:
                break
        problem = "" if complete else self._finish()
        found = [problem] if problem else run_differences(self._scenario, self._folder, self._whole)
        if found and not self._results:
            # It went wrong without being touched.
            self._results.append(_untouched(self._scenario))
        results = [replace(r, equal=not found, run=self._folder.name) for r in self._results]
        if found:
            text = "; ".join(filter(None, [results[-1].problem, *found[:3]]))
            results[-1] = replace(results[-1], problem=text)
        if not any(r.problem or r.lost or r.events_lost for r in results):
            shutil.rmtree(self._folder)
        return results

    def _stop_once(self) -> bool:
        """Go on and send a signal at a moment that is drawn; True if the command ended before, well."""
        already = witness.length(self._log)
        done = max((e.step for e in witness.read(self._log) if e.what == "saved"), default=0)
        moment = self._life.draw(self._rng, done)
        number = self._rng.choices(list(SIGNALS), list(SIGNALS.values()))[0]
        process = self._start(self._scenario, self._folder)
        if _await(process, self._log, already, moment):
            sent = signal.Signals(number).name
            detail = f"{sent} {moment}"
            process.send_signal(number)
        else:
            sent, detail = "", f"no signal (before {moment.what})"
        code = _end(process)
        if code is None:
            self._note(sent, detail, f"still there after {LIMIT_S} s")
        elif sent:
            entries = witness.read(self._log, already)
            problem = "" if number == signal.SIGKILL else self._check_end(code, entries)
            self._note(sent, detail, problem)
        elif code:
            self._note(sent, detail, f"ends with {code}: {last_words(self._folder)}")
        return not sent and code == 0

    def _finish(self) -> str:
        """Let it end; what goes wrong."""
        code = _end(self._start(self._scenario, self._folder))
        if code is None:
            return f"not complete after {LIMIT_S} s"
        return f"resumed, it ends with {code}: {last_words(self._folder)}" if code else ""

    def _note(self, sent: str, detail: str, problem: str) -> None:
        """A result, from what is there now."""
        there = held(self._scenario, self._folder, self._whole)
        self._results.append(
            Result(
                scenario=self._scenario.name,
                kind="random",
                detail=detail,
                acknowledged=there.frames,
                kept=there.frames - there.frames_lost,
                lost=there.frames_lost,
                equal=False,
                problem="; ".join(filter(None, [problem, there.problem])),
                events=there.events,
                events_lost=there.events_lost,
                signal=sent,
            )
        )

    def _check_end(self, code: int, entries: list[Entry]) -> str:
        """What is wrong with how a command ended after a signal that it can answer."""
        steps = [entry.step for entry in entries if entry.what == "frame"]
        if code == 0 or not steps or max(steps) == self._life.last:
            # Done already, not yet at work, or at its end.
            return ""
        if not self._scenario.is_script:
            text = (self._folder / STDERR).read_text(errors="replace")
            if code != STOPPED or len(text.splitlines()) != 1:
                return f"ends with {code}, not {STOPPED} and one line: {text.strip()!r}"
        try:
            step = newest(self._folder / CHECKPOINT)[1]["step"]
        except (OSError, ValueError) as error:
            return str(error)
        return f"checkpoint of step {step} only" if step < max(steps) else ""


def _end(process: Process) -> int | None:
    """A process's exit code once it has ended; None if it had to be killed for that."""
    try:
        return process.wait(LIMIT_S)
    except (subprocess.TimeoutExpired, TimeoutError):
        process.send_signal(signal.SIGKILL)
        process.wait()
        return None


def _await(process: Process, log: Path, already: int, moment: Moment) -> bool:
    """Wait for a moment; whether it has come and the process still lives then."""
    until = time.monotonic() + LIMIT_S
    seen = already
    while True:
        ended = process.poll() is not None
        now = witness.length(log)
        due = [
            entry
            for entry in (witness.read(log, seen) if now > seen else [])
            if entry.what == moment.what and entry.step >= moment.step
        ]
        seen = max(seen, now)
        if due:
            break
        if ended or time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    time.sleep(max(0.0, due[0].time + moment.delay - time.monotonic()))
    return process.poll() is None
