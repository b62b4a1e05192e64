"""Where the time of a step goes: its phases one by one, on a running simulation's own arrays.

`breakdown` calls the compiled phases of `vortexmd.kernels.burst` themselves, many times in one call so that
what Python takes to enter them does not count. Making a list is measured from the state in which the run
comes to it, and counts as often as the run makes one. Displacements are found with Δt = 0 there, which takes
as long and moves nobody. Beside the phases, in turns with them, the run itself is timed: what it takes beyond
their sum (barriers, caches that other phases have filled, Python between bursts) is ``other``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import vortexmd as vmd
from benchmarks.peers.workload import FRAME_EVERY, clocked, frame_seconds, ours, start_state
from vortexmd.kernels import compiled
from vortexmd.kernels.burst import (
    PIECE,
    SYNC,
    Slots,
    find_forces,
    list_all,
    make_list,
    place,
    propose_block,
    repeat,
)
from vortexmd.kernels.listing import whole_numbers
from vortexmd.kernels.update import accept

# The layer of `benchmarks.peers.workload` that each is.
WORKLOADS = {"plain": "plain", "full": "drive"}
PHASES = ("sort", "segments", "pairs", "pins", "noise", "update", "write")
# Vortices that a phase goes over in one call, about.
VISITS = 400_000
# Of a timed run; and its steps: some lists at least.
RUN_VISITS = 1_000_000
STEPS = (60, 2000)
FRAMES = 3


@compiled()
def make_lists(
    times, from_scratch, sync, before, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
):  # fmt: skip
    """Bring the slots to where they were `before` a list was due, and make it if `from_scratch`."""
    for _ in range(times):
        slots.positions[:] = before.positions
        slots.rest[:] = before.rest
        slots.image[:] = before.image
        slots.winding[:] = before.winding
        slots.ids[:] = before.ids
        slots.species[:] = before.species
        if from_scratch:
            make_list(
                0, 1, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
            )  # fmt: skip


@compiled()
def fill_lists(
    times, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
):  # fmt: skip
    """Make the list of slots that are in order."""
    for _ in range(times):
        list_all(0, 1, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed)


@compiled()
def find_pairs(times, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close):
    """Find the pair forces."""
    for _ in range(times):
        find_forces(0, 1, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close)


@compiled()
def find_moves(times, slots, around, rows, pairs, fa, fb, course, noisy, scratch):
    """Find the displacements; the largest."""
    largest = 0.0
    for turn in range(times):
        for k in range(len(pairs.halo)):
            size = propose_block(
                k, slots, around, rows, pairs, fa, fb, course, course.step + turn, course.temperature,
                noisy, scratch,
            )  # fmt: skip
            largest = max(largest, size)
    return largest


@compiled()
def carry_out(times, slots, box, rows, pairs, qa, qb, drift):
    """Carry out the displacements, and bring the whole numbers up to date."""
    for _ in range(times):
        for k in range(len(pairs.halo)):
            first, last = pairs.edges[k], pairs.edges[k + 1]
            accept(
                slots.positions, slots.moves, slots.winding, slots.reference, box.lengths, box.ends,
                slots.mirrors, slots.rest, first, last, drift,
            )  # fmt: skip
            whole_numbers(slots.positions, rows, first, last, qa, qb)
            if k == 0:
                repeat(pairs, len(slots.ids), qa, qb)


def copied(slots: Slots) -> Slots:
    """The same in arrays of their own."""
    return Slots._make(array.copy() for array in slots)


def before_next_list(sim: vmd.Simulation) -> Slots:
    """Run until a list is made; a copy of what it was made from."""
    pairs = sim._pairs
    pairs.ensure()
    generation = pairs.generation
    while True:
        before = copied(pairs.slots())
        sim.run(1)
        if pairs.generation != generation:
            return before


def clock_phases(sim: vmd.Simulation) -> dict[str, float]:
    """CPU ns a vortex of what is to be told apart, once through; `sim` runs on to its next list."""
    before = before_next_list(sim)
    pairs, kinds = sim._pairs, sim._pairs.kinds
    around = sim._around
    assert around is not None
    # As the step has it, but nobody moves.
    course = sim._course(sim.step)._replace(dt=0.0)
    rows, listed, close = pairs.working()
    qa, qb = pairs.whole_numbers
    fa, fb = pairs.buffers
    slots, sync = pairs.slots(), np.zeros(SYNC, dtype=np.int64)
    needed, scratch = np.zeros(len(listed.halo)), np.empty((3, PIECE, 2))
    reach = pairs.listed_reach, kinds.kind_of, qa, qb, kinds.lanes, kinds.vector, needed
    again = copied(before)
    times = max(1, VISITS // len(slots.ids))
    calm = around._replace(pinned=0)

    def ns(phase: Callable[..., Any], *arguments: Any) -> float:
        # At first once: compiled, and in the caches.
        phase(1, *arguments)
        began = time.process_time()
        phase(times, *arguments)
        return 1e9 * (time.process_time() - began) / times / len(slots.ids)

    lists = partial(ns, make_lists)
    moves = partial(ns, find_moves)
    states, box = (sync, before, again), (pairs.sides, rows, listed)
    step = rows, listed, fa, fb, course
    found = {
        "restored": lists(False, *states, *box, *reach),
        "remade": lists(True, *states, *box, *reach),
        "segments": ns(fill_lists, sync, slots, *box, *reach),
    }
    place(0, 1, sync, slots.positions, rows, listed, qa, qb)
    table = kinds.laws, kinds.fine, close
    found["pairs"] = ns(
        find_pairs, sync, slots, rows, kinds.kind_of, qa, qb, listed, fa, fb, *table
    )
    found["propose"] = moves(slots, calm, *step, 1, scratch)
    found["with noise"] = moves(slots, calm, *step, 0, scratch)
    found["with pins"] = moves(slots, around, *step, 1, scratch)
    found["accept"] = ns(carry_out, slots, *box, qa, qb, np.zeros((2, 2)))
    return found


def breakdown(n: int, precision: str, workload: str, rounds: int) -> dict[str, Any]:
    """What the phases of a step take on one thread.

    Parameters
    ----------
    n
        About how many vortices.
    precision
        Of the engine.
    workload
        ``"plain"`` is what other programs run; ``"full"`` has two windings, a well per vortex, a drive, and a
        frame of a trajectory every 1000 steps.
    rounds
        The best of so many is taken, of each for itself.

    Returns
    -------
    dict
        ``ns``: CPU ns a vortex and step of each of `PHASES` and ``other``; ``whole``: of a step, measured by
        itself; ``parts`` of the update; ``list_ns``: ns a vortex and *list*; ``lists_per_step``.
    """
    sim = ours(start_state(n), precision=precision, layer=WORKLOADS[workload])
    count = len(sim.state)
    steps = int(np.clip(RUN_VISITS / n, *STEPS))
    sim.run(steps // 2)
    best: dict[str, float] = {}
    lists = 0
    for _ in range(rounds):
        generation = sim._pairs.generation
        found = {"whole": 1e9 * clocked(sim.run, steps)[0] / count}
        lists += sim._pairs.generation - generation
        for name, value in (found | clock_phases(sim)).items():
            best[name] = min(best.get(name, np.inf), value)
    frame = 0.0
    if workload == "full":
        with tempfile.TemporaryDirectory() as folder:
            frame = 1e9 * min(frame_seconds(sim, Path(folder), FRAMES)) / FRAME_EVERY / count
    often = lists / (rounds * steps)
    sort = best["remade"] - best["restored"] - best["segments"]
    ns = {
        "sort": often * sort,
        "segments": often * best["segments"],
        "pairs": best["pairs"],
        "pins": best["with pins"] - best["propose"] if workload == "full" else 0.0,
        "noise": best["with noise"] - best["propose"],
        "update": best["propose"] + best["accept"],
        "write": frame,
    }
    whole = best["whole"] + frame
    ns["other"] = whole - sum(ns.values())
    return {
        "n": count,
        "precision": precision,
        "workload": workload,
        "forces": sim._pairs.kinds.code,
        "ns": ns,
        "whole": whole,
        "parts": {name: best[name] for name in ("propose", "accept")},
        "list_ns": {"sort": sort, "segments": best["segments"]},
        "lists_per_step": often,
        "steps": steps,
        "rounds": rounds,
    }
