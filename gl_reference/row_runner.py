"""Many rows of solutions: side by side in processes, each kept as a file when it is done.

Ctrl-C ends the work after the solutions in progress; what is done stays, and the next run goes on
from there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gl_reference.errors import ConvergenceError
from gl_reference.table_files import write_whole

Row = TypeVar("Row", covariant=True)

# Libraries that would otherwise start as many threads as there are cores, in every process.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


MOST_JOBS = 1024


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Interrupted(Exception):
    """A worker was told to stop before its row was done."""


class RowTask(Protocol[Row]):
    """A row to be solved: a dataclass instance of plain values, once it is."""

    @property
    def heavy(self) -> bool: ...

    def file(self, folder: Path) -> Path: ...

    def solve(self, stop: Event | None = None) -> Row: ...

    def read(self, file: Path) -> Row: ...


_stop: Event | None = None


def _start_worker(stop: Event) -> None:
    import signal

    global _stop
    _stop = stop
    # The terminal sends Ctrl-C to all; the parent alone answers, by setting `stop`.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _solve_and_keep(task: RowTask[Any], folder: Path) -> None:
    write_whole(task.file(folder), json.dumps(asdict(task.solve(_stop))))


@contextmanager
def single_threads() -> Iterator[None]:
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


def _in_processes(tasks: Sequence[RowTask[Any]], folder: Path, jobs: int) -> Iterator[Future[None]]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with (
        single_threads(),
        ProcessPoolExecutor(jobs, context, _start_worker, (stop,)) as pool,
    ):
        try:
            futures = [pool.submit(_solve_and_keep, task, folder) for task in tasks]
            yield from as_completed(futures)
        except BaseException:
            stop.set()  # solves in progress end, those that have not begun never will
            pool.shutdown(cancel_futures=True)
            raise


def _in_this_process(tasks: Sequence[RowTask[Any]], folder: Path) -> Iterator[Future[None]]:
    for task in tasks:
        future: Future[None] = Future()
        try:
            _solve_and_keep(task, folder)
            future.set_result(None)
        except ConvergenceError as error:
            future.set_exception(error)
        yield future


def solve_rows(tasks: Sequence[RowTask[Row]], folder: Path, jobs: int, progress: bool) -> list[Row]:
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
        # The longest go first, so that no process is left alone with one.
        queue = sorted(missing, key=lambda task: not task.heavy)
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
    return [task.read(task.file(folder)) for task in tasks]
