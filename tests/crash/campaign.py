"""All crashes of a campaign: which scenario how often in which way, several side by side."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from tests.crash.compare import run_differences
from tests.crash.random_kills import random_kills
from tests.crash.report import KINDS
from tests.crash.result import Result
from tests.crash.scenarios import SCENARIOS
from tests.crash.whole import run_whole

# (scenario, folder, how many, seed) to what came of it.
Way = Callable[[str, Path, int, int], list[Result]]


def crash(
    names: Sequence[str], folder: Path, plan: dict[Way, int], seed: int, processes: int
) -> list[Result]:
    """Crash scenarios, several side by side.

    Parameters
    ----------
    names
        Of the scenarios.
    folder
        Where; runs that went wrong stay there.
    plan
        How often to crash in which way, all scenarios together.
    seed
        Of all that is drawn.
    processes
        How many at once.

    Raises
    ------
    RuntimeError
        If an uninterrupted run fails, or does not repeat itself.
    """
    tasks = [
        (way, name, count)
        for way, total in plan.items()
        for name, count in zip(names, _shares(total, len(names)), strict=True)
        if count
    ]
    results: list[Result] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin) as pool:
        for future in _shown([pool.submit(prepare, name, folder) for name in names], "whole runs"):
            future.result()
        futures = [pool.submit(way, name, folder, count, seed) for way, name, count in tasks]
        for future in _shown(futures, "crashes"):
            results += future.result()
    order, kinds = list(SCENARIOS), list(KINDS)
    return sorted(results, key=lambda r: (order.index(r.scenario), kinds.index(r.kind)))


def prepare(name: str, folder: Path) -> None:
    """Make a scenario's uninterrupted run, twice: they must not differ, and the first one may compile.

    Raises
    ------
    RuntimeError
        If it fails, or the two differ.
    """
    scenario = SCENARIOS[name]
    first = run_whole(scenario, folder / name / "first")
    found = run_differences(scenario, run_whole(scenario, folder / name / "whole"), first)
    if found:
        raise RuntimeError(f"{name}: two uninterrupted runs differ: {'; '.join(found[:3])}")
    shutil.rmtree(first)


def at_random(name: str, folder: Path, count: int, seed: int) -> list[Result]:
    """Signals at random times."""
    here = folder / name
    return random_kills(SCENARIOS[name], here / "random", here / "whole", count, seed)


def at_calls(name: str, folder: Path, count: int, seed: int) -> list[Result]:
    """SIGKILL at chosen system calls that write; those can be watched on Linux only.

    In turns among those that make the file, write its first frames, extend its chunk indexes, rename, and
    among all; before the call is carried out, or as it has returned. (A kill does not cut a write: the
    system lets what it has begun on a page come to its end. Losing power may, see `without_power`.)
    """
    from tests.crash.syscall_kills import call_count, syscall_kills

    scenario, here = SCENARIOS[name], folder / name
    calls = call_count(scenario, here / "calls")
    rng = random.Random(f"{name} {seed}")
    groups = [
        calls.creation,
        calls.renames,
        calls.first_frames,
        calls.index_growth,
        range(1, int(calls) + 1),
    ]
    # Where one starts differs, so that few crashes of many scenarios come to all.
    first = rng.randrange(len(groups))
    results: list[Result] = []
    for k in range(count):
        n = rng.choice(groups[(first + k) % len(groups)] or groups[-1])
        after = rng.random() < 0.5
        place = here / f"syscall-{k}"
        results += syscall_kills(scenario, place, here / "whole", [n], after=after)
    return results


def without_power(name: str, folder: Path, count: int, seed: int) -> list[Result]:
    """Power losses, of what the system calls have left; on Linux only."""
    from tests.crash.power_loss import power_losses

    here = folder / name
    return power_losses(SCENARIOS[name], here / "power", here / "whole", count, seed)


def _begin() -> None:
    """In each process: bars without a lock between processes, which killed forks would leave behind."""
    tqdm.set_lock(threading.RLock())


def _shares(total: int, parts: int) -> list[int]:
    """A number in nearly equal parts, the larger ones first."""
    return [total // parts + (k < total % parts) for k in range(parts)]


def _shown(futures: list[Future], what: str) -> Iterator[Future]:
    """Futures as they are done, with a bar on a terminal."""
    done = as_completed(futures)
    yield from tqdm(done, total=len(futures), desc=what, disable=None, unit="task")
