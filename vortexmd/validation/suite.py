"""The validation as a whole: which areas there are, and running their checks."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from importlib import import_module

from vortexmd.validation.check import Check, Outcome, judge

# Each is a module beside this one whose `checks()` lists its numbers; loaded when it is asked for.
AREAS = (
    "pair_forces",
    "published_fits",
    "ginzburg_landau",
    "vortex_pairs",
    "dynamics",
    "thermal",
    "lattice_energies",
    "structure",
    "flux",
    "hopping",
)
Report = Callable[[Outcome], None]


def checks_of(area: str) -> list[Check]:
    """The checks of one of `AREAS`; a single one that fails where they cannot be listed."""
    try:
        found: list[Check] = import_module(f"vortexmd.validation.{area}").checks()
    except Exception as error:
        # Damaged data or a library that is missing: a number of this area cannot even be named.
        found = [Check("list of the checks", "", "", 0.0, 1.0, partial(_raise, error))]
    return found


def _raise(error: Exception) -> float:
    raise error


def select(areas: Sequence[str] = AREAS, quick: bool = False) -> list[tuple[str, Check]]:
    """The checks of some areas, in the order of `AREAS`; `quick` leaves the long ones out.

    Raises
    ------
    ValueError
        For an area that does not exist, or if nothing is left to check.
    """
    for area in areas:
        if area not in AREAS:
            near = get_close_matches(area, AREAS, 1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"area {area!r}: none of {', '.join(AREAS)}{meant}")
    chosen = [
        (area, check)
        for area in AREAS
        if area in areas
        for check in checks_of(area)
        if check.quick or not quick
    ]
    if not chosen:
        raise ValueError(
            f"areas = {' '.join(areas)}: no {'quick ' if quick else ''}check in them; name others"
        )
    return chosen


def run(
    areas: Sequence[str] = AREAS,
    *,
    quick: bool = False,
    report: Report = lambda outcome: None,
    jobs: int = 1,
) -> list[Outcome]:
    """Measure and judge.

    Parameters
    ----------
    areas
        Some of `AREAS`.
    quick
        Only the checks that take less than a second.
    report
        Told of every outcome as soon as there is one; in the order of `select` for one process.
    jobs
        Processes; each uses one thread.

    Returns
    -------
    list of Outcome
        In the order of `select`. A check that raises, or whose process dies, is a failed one.

    Raises
    ------
    ValueError
        As `select`, and for fewer processes than one.
    """
    if jobs < 1:
        raise ValueError(f"jobs = {jobs}: give at least 1")
    chosen = select(areas, quick)
    if jobs == 1 or len(chosen) == 1:
        outcomes = []
        for area, check in chosen:
            outcomes.append(judge(area, check))
            report(outcomes[-1])
        return outcomes
    return _in_processes(chosen, report, min(jobs, len(chosen)))


def _in_processes(chosen: list[tuple[str, Check]], report: Report, jobs: int) -> list[Outcome]:
    # One task for the checks of one sample, which a second process would draw again. The long ones begin
    # first, so that no process is left alone with one.
    tasks: dict[tuple[str, str, str], list[int]] = {}
    for k in sorted(range(len(chosen)), key=lambda k: chosen[k][1].quick):
        area, check = chosen[k]
        tasks.setdefault((area, check.sample, "" if check.sample else check.name), []).append(k)
    outcomes: dict[int, Outcome] = {}
    with _workers(jobs) as pool:
        futures: dict[Future[list[Figures]], list[int]] = {}
        for (area, *_), members in tasks.items():
            names = [chosen[k][1].name for k in members]
            futures[pool.submit(_judge_named, area, names)] = members
        for future in as_completed(futures):
            members = futures[future]
            found = _outcomes(future, [chosen[k] for k in members])
            for k, outcome in zip(members, found, strict=True):
                outcomes[k] = outcome
                report(outcome)
    return [outcomes[k] for k in range(len(chosen))]


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each that end with this one, whatever ends it."""
    from gl_reference.row_runner import single_threads

    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with single_threads(), ProcessPoolExecutor(jobs, context, _start_worker) as pool:
        try:
            yield pool
        except BaseException:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


def _start_worker() -> None:
    # Ctrl-C reaches every process of the terminal: ours end without a word, the first one speaks.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


# An outcome without its check, whose `measure` cannot be sent between processes.
Figures = tuple[float | None, float, float, bool, float, str]


def _judge_named(area: str, names: list[str]) -> list[Figures]:
    checks = {check.name: check for check in checks_of(area)}
    return [_figures(judge(area, checks[name])) for name in names]


def _figures(found: Outcome) -> Figures:
    return (
        found.measured,
        found.standard_error,
        found.allowed,
        found.passed,
        found.seconds,
        found.error,
    )


def _outcomes(future: Future[list[Figures]], chosen: list[tuple[str, Check]]) -> list[Outcome]:
    try:
        figures = future.result()
    except BrokenProcessPool:
        problem = "a process of the validation was killed or ran out of memory; try fewer --jobs"
        return [
            Outcome(area, check, None, 0.0, check.tolerance, False, 0.0, problem)
            for area, check in chosen
        ]
    return [Outcome(area, check, *row) for (area, check), row in zip(chosen, figures, strict=True)]
