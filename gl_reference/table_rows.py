"""Solved rows of the tables: the forces of one kind of pair at one μ, computed once and kept.

Each row is a file of its own in the folder `rows`, written whole when it is done. Its name
carries what it was computed with, so that rows of other settings stay beside it untouched, and an
interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np

from gl_reference.confocal import ConfocalPair, confocal_pair
from gl_reference.curves import WINDINGS, ForceCurve, default_separations, fit_separations, simplest
from gl_reference.errors import ConvergenceError
from gl_reference.force_grid import SMALL_PART, largest_force
from gl_reference.table_files import write_whole
from potentials.base import Array
from potentials.critical import Kind, range_problem
from potentials.gl_fit import GLPair

FORMAT = 1  # of the row files; a change makes old ones invisible, not wrong
GAUGE_WEIGHTS = (0.1, 10.0)
# Libraries that would otherwise start as many threads as there are cores, in every process.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


class Interrupted(Exception):
    """A worker was told to stop before its row was done."""


@dataclass(frozen=True)
class Settings:
    """What a row is computed with: rows of other settings are other rows.

    `separations` are those given, or None for the default ones of each row; `every` keeps one of
    so many of these.
    """

    tolerance: float
    separations: tuple[float, ...] | None
    every: int
    version: str


@dataclass(frozen=True)
class Task:
    """One row to solve."""

    kind: Kind
    mu: float
    settings: Settings

    @property
    def separations(self) -> tuple[float, ...]:
        """Where the row is solved, in λ."""
        given = self.settings.separations or default_separations(self.kind, self.mu)
        return tuple(map(float, given[:: self.settings.every]))

    def file(self, folder: Path) -> Path:
        settings = self.settings
        stated = json.dumps(
            [FORMAT, self.kind, self.mu, settings.tolerance, settings.version, *self.separations]
        )
        digest = hashlib.sha256(stated.encode()).hexdigest()[:10]
        return folder / "rows" / f"{self.kind.replace('-', '')}_mu{self.mu:.6g}_{digest}.json"


@dataclass(frozen=True)
class SolvedRow:
    """Forces of one kind of pair at one μ.

    Attributes
    ----------
    kind, mu
        As in the tables.
    d, force, error : tuples
        Separations in λ, forces in Ω₀ (gauge weight 1) and their numerical uncertainty.
    probe : float
        The separation where the force differs most from the paper's law, within the range of its
        fit (for μ beyond the paper: where the force is largest).
    probe_forces : tuple
        The forces there at gauge weights 0.1 and 10.
    seconds : float
        What the row took.
    """

    kind: Kind
    mu: float
    d: tuple[float, ...]
    force: tuple[float, ...]
    error: tuple[float, ...]
    probe: float
    probe_forces: tuple[float, ...]
    seconds: float

    @property
    def curve(self) -> ForceCurve:
        """The row as a function of d."""
        d, force = np.array(self.d), np.array(self.force)
        # Close together V-GV forces can drown in their error: those of the wrong sign say nothing.
        right = force * simplest(self.kind, self.mu, d) > 0
        return ForceCurve(self.kind, self.mu, d[right], force[right])

    @classmethod
    def read(cls, file: Path) -> SolvedRow:
        """A row that was written before; ValueError where the file is not one."""
        try:
            fields: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            for name in ("d", "force", "error", "probe_forces"):
                fields[name] = tuple(fields[name])
            return cls(**fields)
        except (ValueError, KeyError, TypeError) as problem:
            raise ValueError(f"{file}: not a row of these tables ({problem}); remove it") from None


def _probe(kind: Kind, mu: float, d: Array, force: Array) -> int:
    """Which separation of the fits differs most from the paper's law (or has the largest force)."""
    compared = fit_separations(kind, mu, float(d[0]), float(d[-1]))
    if compared.size == 0:
        return int(np.argmax(np.abs(force)))
    inside = (d >= compared[0]) & (d <= compared[-1])
    known = range_problem(mu, kind) is None
    off = np.abs(force - GLPair(kind, mu).force(d)) if known else np.abs(force)
    return int(np.argmax(np.where(inside, off, -1.0)))


def solve_row(task: Task, stop: Event | None = None) -> SolvedRow:
    """Solve one row; `Interrupted` where `stop` is set in between."""
    start = time.perf_counter()
    n1, n2 = WINDINGS[task.kind]
    tolerance = task.settings.tolerance
    small = SMALL_PART * largest_force(n1, n2, task.mu)

    def solved(d: float, weight: float = 1.0) -> ConfocalPair:
        if stop is not None and stop.is_set():
            raise Interrupted
        return confocal_pair(
            n1, n2, task.mu, d, gauge_weight=weight, tolerance=tolerance, small_force=small
        )

    separations = task.separations
    pairs = [solved(d) for d in separations]
    forces = tuple(pair.force for pair in pairs)
    probe = separations[_probe(task.kind, task.mu, np.array(separations), np.array(forces))]
    return SolvedRow(
        task.kind,
        task.mu,
        separations,
        forces,
        tuple(pair.force_error for pair in pairs),
        probe,
        tuple(solved(probe, weight).force for weight in GAUGE_WEIGHTS),
        time.perf_counter() - start,
    )


# ---------------------------------------------------------------- many rows
_stop: Event | None = None


def _start_worker(stop: Event) -> None:
    import signal

    global _stop
    _stop = stop
    # The terminal sends Ctrl-C to all; the parent alone answers, by setting `stop`.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _solve_and_keep(task: Task, folder: Path) -> SolvedRow:
    row = solve_row(task, _stop)
    file = task.file(folder)
    write_whole(file, json.dumps(asdict(row)))
    return row


@contextmanager
def _single_threads() -> Iterator[None]:
    """Processes started inside use one thread each."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _in_processes(tasks: Sequence[Task], folder: Path, jobs: int) -> Iterator[Future[SolvedRow]]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with (
        _single_threads(),
        ProcessPoolExecutor(jobs, context, _start_worker, (stop,)) as pool,
    ):
        futures = [pool.submit(_solve_and_keep, task, folder) for task in tasks]
        try:
            yield from as_completed(futures)
        except BaseException:
            stop.set()  # solves in progress end, those that have not begun never will
            pool.shutdown(cancel_futures=True)
            raise


def _in_this_process(tasks: Sequence[Task], folder: Path) -> Iterator[Future[SolvedRow]]:
    for task in tasks:
        future: Future[SolvedRow] = Future()
        try:
            future.set_result(_solve_and_keep(task, folder))
        except ConvergenceError as error:
            future.set_exception(error)
        yield future


def solve_rows(tasks: Sequence[Task], folder: Path, jobs: int, progress: bool) -> list[SolvedRow]:
    """Rows of all tasks in their order: read where there, otherwise solved and kept in `folder`.

    A row that fails does not stop the others; then its `ConvergenceError` is raised. With
    `progress` a bar runs on a terminal. Ctrl-C ends the workers after their present solve.
    """
    from tqdm import tqdm

    (folder / "rows").mkdir(exist_ok=True)
    missing = [task for task in tasks if not task.file(folder).exists()]
    failed: BaseException | None = None
    with tqdm(
        total=len(tasks),
        initial=len(tasks) - len(missing),
        unit="row",
        disable=None if progress else True,
    ) as bar:
        # V-GV rows take longest: they go first, so that no process is left alone with one.
        queue = sorted(missing, key=lambda task: task.kind != "V-GV")
        run = (
            _in_this_process(queue, folder)
            if jobs == 1 or len(queue) < 2
            else _in_processes(queue, folder, min(jobs, len(queue)))
        )
        for future in run:
            failed = failed or future.exception()
            bar.update()
    if failed is not None:
        raise failed
    return [SolvedRow.read(task.file(folder)) for task in tasks]
