"""What came of one crash: what had been acknowledged before it, what was still there, how it ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One crash and what followed.

    Parameters
    ----------
    scenario
        Name of the run that was crashed.
    kind
        ``"random"`` (a signal at a random time), ``"syscall"`` (SIGKILL at the n-th system call that
        writes), or ``"power"`` (power loss: what was not synced is gone).
    detail
        Which signal and when, which call, in a few words.
    acknowledged
        Frames whose `write` had returned before the crash; at a power loss, those up to the last
        checkpoint that was certain to be on the disk.
    kept
        Of those, frames that could be read before the run was resumed, after kills with the bits of the
        uninterrupted run.
    lost
        The others.
    equal
        Whether the finished files equal those of the uninterrupted run.
    problem
        What went wrong, in one line; empty if nothing did.
    run
        Which run it belongs to, where one is crashed several times; empty if it has one of its own.
    events, events_lost
        Rows of the event log: acknowledged, and those of them that were gone.
    signal
        Name of the one that hit the run; empty if none did.
    """

    scenario: str
    kind: str
    detail: str
    acknowledged: int
    kept: int
    lost: int
    equal: bool
    problem: str = ""
    run: str = ""
    events: int = 0
    events_lost: int = 0
    signal: str = ""
