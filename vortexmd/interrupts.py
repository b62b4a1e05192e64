"""Ctrl-C and requests to end, taken at the end of a step instead of in the middle of one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# What a program does that has set up nothing of its own.
ORDINARY: dict[int, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


@contextmanager
def taken(stop: Callable[[], None], *, ordinary_only: bool = False) -> Iterator[list[int]]:
    """SIGINT and SIGTERM call `stop`; a second one ends the program at once.

    Parameters
    ----------
    stop
        Asks the work to end at the next good moment.
    ordinary_only
        Leave a signal alone for which the program has a handler of its own.

    Yields
    ------
    list of int
        The signals that came; empty where none did. Outside the main thread Python has no signals, and
        nothing is done.
    """
    came: list[int] = []
    before: dict[int, Any] = {}

    def handle(number: int, frame: Any) -> None:
        came.append(number)
        for each in before:
            signal.signal(each, ORDINARY[each])
        stop()

    if threading.current_thread() is threading.main_thread():
        for number, ordinary in ORDINARY.items():
            present = signal.getsignal(number)
            # One that is ignored is meant to be, as Ctrl-C is by jobs in the background.
            if present is ordinary or not (ordinary_only or present in (signal.SIG_IGN, None)):
                before[number] = signal.signal(number, handle)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terms_as_ctrl_c() -> Iterator[None]:
    """A request to end (SIGTERM) raises KeyboardInterrupt: what is open is closed, what is done kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def deliver(number: int) -> None:
    """Do with a signal that was taken what would have been done with it at once."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    os.kill(os.getpid(), number)
