"""Many steps in one call: lists, pair forces, drives, traps, wells, noise and update, on all threads.

Every thread runs `burst` with its own number. Work is shared out by blocks of slots, whichever thread is free
taking the next one; each phase ends at a barrier. Blocks and the order of every sum depend on the state
alone, and whatever decides how to go on is read by all threads from the same numbers, so that all leave
together and the bits do not depend on how many there are.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from vortexmd.kernels import compiled
from vortexmd.kernels.bits import add_atomically, pause, read_atomically
from vortexmd.kernels.listing import fold, list_block, row_edges, sort, whole_numbers
from vortexmd.kernels.noise import normal_pairs
from vortexmd.kernels.pairs import add_up, any_close, block_forces
from vortexmd.kernels.update import accept, add_compensated, mirror_noise, propose
from vortexmd.kernels.wells import Wells, add_well_forces

# Why a burst ended: it is done; somebody must make the list, give it room, or give close pairs room; vortices
# react; some have left; a step was refused before anybody moved.
DONE, LIST, ROOM, CLOSE, REACT, LEFT, REFUSED = range(7)
# Rows whose forces and noise stand in scratch at a time.
PIECE = 1024
# Turns that a thread waits for the others before it lets the system run somebody else.
PATIENCE = 4000
# Numbers that threads share: who has come to the barrier, how often it has opened, next blocks, and room.
ARRIVED, OPENED, NEXT, SHARED, SYNC = 0, 8, 16, 48, 64

if os.name == "posix":
    _give_way = types.ExternalFunction("sched_yield", types.int32())
else:

    @compiled()
    def _give_way():
        """Elsewhere threads wait in earnest."""


class Slots(NamedTuple):
    """The population's arrays, and scratch of as many rows."""

    positions: NDArray[np.float64]
    reference: NDArray[np.float64]
    rest: NDArray[np.float64]
    image: NDArray[np.int32]
    winding: NDArray[np.int64]
    ids: NDArray[np.int64]
    species: NDArray[np.int16]
    mirrors: NDArray[np.float64]
    """(N, 2, 2), or (0, 2, 2) where nothing reflects."""
    noise: NDArray[np.float64]
    """(N, 2) of the present step, where it is valid."""
    moves: NDArray[np.float64]
    key: NDArray[np.int32]
    order: NDArray[np.int32]


class BoxSides(NamedTuple):
    """The box."""

    lengths: NDArray[np.float64]
    """(2,) λ."""
    ends: NDArray[np.int64]
    """(2,) codes of `vortexmd.integrators.SIDES`."""
    turning: NDArray[np.bool_]
    """(2,) whether it is periodic."""


class Around(NamedTuple):
    """What surrounds the vortices."""

    mobility: NDArray[np.float64]
    """(S,) 1/η of each species."""
    drives: NDArray[np.float64]
    """(D, 5): force on winding +1 in Ω₀ along x and y; its frequency in 1/τ and phase; 1 if it swings."""
    traps: NDArray[np.float64]
    """(T, 4): stiffness along x and y in ε₀/λ², centre in λ."""
    pinned: int
    """1 if there are wells."""
    wells: Wells


class Course(NamedTuple):
    """What is to be done, and what of it has been done before."""

    step: int
    last: int
    seed: int
    stream: int
    dt: float
    time: float
    """At `origin`, in τ."""
    origin: int
    temperature: float
    ramp_first: int
    ramp_steps: int
    """0: the temperature stays."""
    ramp_start: float
    ramp_end: float
    averaged: int
    """1 for Leimkuhler–Matthews."""
    limit: float
    """λ²: larger displacements are refused."""
    listed: int
    """1 if there are pairs to find."""
    remake: int
    """1 if the list may be made anew here: rows stay as they are."""
    slack: float
    valid: int
    found: int
    noisy: int
    """1 if the noise of the present step is there."""
    checked: int
    """1 if reactions have been looked for at the present positions."""
    reacting: int


@compiled()
def wait(sync, threads):
    """Go on once all threads are here."""
    if threads == 1:
        return
    opened = read_atomically(sync, OPENED)
    if add_atomically(sync, ARRIVED, 1) == threads - 1:
        add_atomically(sync, ARRIVED, -threads)
        add_atomically(sync, OPENED, 1)
        return
    turns = 0
    while read_atomically(sync, OPENED) == opened:
        turns += 1
        if turns < PATIENCE:
            pause()
        else:
            _give_way()


@compiled()
def share(sync, counter):
    """The next block that nobody has taken."""
    return add_atomically(sync, NEXT + 8 * counter, 1)


@compiled()
def put_back(me, sync, counter):
    """Let all blocks be taken again, by the next phase but one at the earliest."""
    if me == 0:
        add_atomically(sync, NEXT + 8 * counter, -read_atomically(sync, NEXT + 8 * counter))


@compiled()
def permute(me, threads, sync, array, scratch, order):
    """Bring the rows of an (N, W) array into order; `scratch` has its shape."""
    n, width = array.shape
    first, last = n * me // threads, n * (me + 1) // threads
    for i in range(first, last):
        j = order[i]
        for k in range(width):
            scratch[i, k] = array[j, k]
    wait(sync, threads)
    copy(scratch, first, last, array)
    wait(sync, threads)


@compiled()
def copy(rows, first, last, out):
    """Rows first … last − 1 of (N, W) arrays; a slice would bring numba's messages about shapes with it."""
    for i in range(first, last):
        for k in range(rows.shape[1]):
            out[i, k] = rows[i, k]


@compiled()
def make_list(
    me, threads, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
):
    """Fold, sort and list; `needed` (B,) gets the chunks a slot of each block. True if there was room."""
    n = len(slots.ids)
    first, last = n * me // threads, n * (me + 1) // threads
    fold(slots.positions, slots.rest, slots.image, box.lengths, box.turning, first, last)
    wait(sync, threads)
    if me == 0:
        same = sort(
            slots.positions,
            slots.ids,
            slots.species,
            rows,
            slots.key,
            slots.order,
            pairs.cell_start,
        )
        row_edges(rows, pairs)
        sync[SHARED] = same
    wait(sync, threads)
    if not sync[SHARED]:
        scratch = slots.moves.reshape(-1)
        two, one = slots.moves.view(np.int64), scratch.view(np.int64)[:n].reshape(n, 1)
        permute(me, threads, sync, slots.positions.view(np.int64), two, slots.order)
        permute(me, threads, sync, slots.rest.view(np.int64), two, slots.order)
        permute(me, threads, sync, slots.image.view(np.int64), one, slots.order)
        permute(me, threads, sync, slots.winding.reshape(n, 1), one, slots.order)
        permute(me, threads, sync, slots.ids.reshape(n, 1), one, slots.order)
        tiny = scratch.view(np.int16)[:n].reshape(n, 1)
        permute(me, threads, sync, slots.species.reshape(n, 1), tiny, slots.order)
        if len(slots.mirrors) > 0:
            # Two rows of moves for one of mirrors.
            halves = slots.mirrors.reshape(n, 4)
            for half in range(2):
                for i in range(first, last):
                    j = slots.order[i]
                    slots.moves[i, 0] = halves[j, 2 * half]
                    slots.moves[i, 1] = halves[j, 2 * half + 1]
                wait(sync, threads)
                for i in range(first, last):
                    halves[i, 2 * half] = slots.moves[i, 0]
                    halves[i, 2 * half + 1] = slots.moves[i, 1]
                wait(sync, threads)
    copy(slots.positions, first, last, slots.reference)
    wait(sync, threads)
    return list_all(
        me, threads, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
    )


@compiled()
def list_all(
    me, threads, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
):
    """The list of all blocks, from the reference; see `make_list`."""
    place(me, threads, sync, slots.reference, rows, pairs, qa, qb)
    blocks = len(pairs.halo)
    k = share(sync, 3)
    while k < blocks:
        chunks = list_block(
            k, slots.reference, slots.species, rows, reach, kind_of, qa, qb, pairs, lanes, vector
        )
        # One more for the rounding of where a block's part begins and ends.
        needed[k] = (chunks + 1) / max(1, pairs.edges[k + 1] - pairs.edges[k])
        k = share(sync, 3)
    wait(sync, threads)
    put_back(me, sync, 3)
    enough = True
    for k in range(blocks):
        enough = enough and needed[k] <= pairs.room
    return enough


@compiled()
def place(me, threads, sync, positions, rows, pairs, qa, qb):
    """Whole-number coordinates of all slots, and of those that are repeated."""
    n = len(positions)
    whole_numbers(positions, rows, n * me // threads, n * (me + 1) // threads, qa, qb)
    wait(sync, threads)
    if me == 0:
        repeat(pairs, n, qa, qb)
    wait(sync, threads)


@compiled()
def repeat(pairs, n, qa, qb):
    """The first rows' coordinates again, behind the last slot."""
    ghosts = pairs.ghosts[0]
    for i in range(ghosts):
        qa[n + i] = qa[i]
        qb[n + i] = qb[i]


@compiled()
def find_forces(me, threads, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close):
    """The pair forces of all blocks; False if there were more close pairs than there is room for."""
    blocks = len(pairs.halo)
    k = share(sync, 0)
    while k < blocks:
        block_forces(
            k, slots.positions, slots.species, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close
        )  # fmt: skip
        k = share(sync, 0)
    wait(sync, threads)
    put_back(me, sync, 0)
    enough = True
    for k in range(blocks):
        enough = enough and close.count[k, 0] < close.count[k, 1]
    return enough


@compiled()
def place_and_find(
    me, threads, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close
):
    """The pair forces at the present positions, as `find_forces`."""
    place(me, threads, sync, slots.positions, rows, pairs, qa, qb)
    return find_forces(
        me, threads, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close
    )


@compiled()
def add_fields(positions, winding, around, push_x, push_y, out):
    """Add drives, traps and wells in Ω₀ to `out` (N, 2)."""
    if push_x != 0.0 or push_y != 0.0:
        for i in range(len(winding)):
            n = np.float64(winding[i])
            out[i, 0] += n * push_x
            out[i, 1] += n * push_y
    for t in range(len(around.traps)):
        kx, ky = around.traps[t, 0], around.traps[t, 1]
        cx, cy = around.traps[t, 2], around.traps[t, 3]
        for i in range(len(winding)):
            out[i, 0] -= kx * (positions[i, 0] - cx)
            out[i, 1] -= ky * (positions[i, 1] - cy)
    if around.pinned:
        add_well_forces(positions, 0, len(positions), around.wells, out)


@compiled()
def push(around, time):
    """Force of all drives on winding +1 at a time, in Ω₀."""
    x = y = 0.0
    for d in range(len(around.drives)):
        strength = 1.0
        if around.drives[d, 4] != 0.0:
            strength = np.sin(2.0 * np.pi * around.drives[d, 2] * time + around.drives[d, 3])
        x += strength * around.drives[d, 0]
        y += strength * around.drives[d, 1]
    return x, y


@compiled()
def propose_block(k, slots, around, rows, pairs, fa, fb, course, step, temperature, noisy, scratch):
    """The moves of block k; its largest squared displacement, NaN if there is one."""
    forces, turned, later = scratch[0], scratch[1], scratch[2]
    nothing = later[:0]
    time = course.time + (step - course.origin) * course.dt
    push_x, push_y = push(around, time)
    worst = 0.0
    for first in range(pairs.edges[k], pairs.edges[k + 1], PIECE):
        last = min(first + PIECE, pairs.edges[k + 1])
        m = last - first
        here, f = slots.positions[first:last], forces[:m]
        # Not a literal, which would be a type of its own and compile what it is handed to again.
        zero = np.int64(0)
        if course.listed:
            add_up(k, rows, pairs, fa, fb, first, last, f)
        else:
            f[:] = 0.0
        add_fields(here, slots.winding[first:last], around, push_x, push_y, f)
        noise, r = slots.noise[first:last], nothing
        if temperature > 0.0:
            ids, seed = slots.ids[first:last], np.uint64(course.seed)
            stream = np.uint32(course.stream)
            if not noisy:
                normal_pairs(seed, np.uint64(step), stream, ids, zero, m, noise)
            if course.averaged:
                r = later[:m]
                normal_pairs(seed, np.uint64(step + 1), stream, ids, zero, m, r)
        now, then = noise, r
        if temperature > 0.0 and len(slots.mirrors) > 0:
            mirror_noise(slots.mirrors[first:last], noise, r, zero, m, turned[:m])
            now, then = turned[:m], nothing
        size = propose(
            f, now, then, around.mobility, slots.species[first:last], course.dt, temperature,
            slots.rest[first:last], zero, m, slots.moves[first:last],
        )[1]  # fmt: skip
        if temperature > 0.0 and course.averaged:
            # The second half of this step's noise is the first half of the next one's.
            copy(r, 0, m, noise)
        if not size <= worst:
            worst = size
            if size != size:
                break
    return worst


@compiled()
def burst(
    me, threads, sync, slots, box, around, rows, pairs, reach, kind_of, distance2, qa, qb, fa, fb, laws,
    fine, close, lanes, vector, course, needed, parts, drift, drift_rest, end,
):  # fmt: skip
    """Make steps until `course.last`, or until something is not to be done here.

    Parameters
    ----------
    me, threads, sync
        Which thread this is, of how many; the (64,) int64 that they share, zeros at first.
    slots, box, around, rows, pairs, laws, fine, close, course
        See their types.
    reach
        (kinds,) λ with the skin.
    kind_of, distance2
        (S, S) kind of pair, and square of the distance of their reaction in λ².
    qa, qb, fa, fb
        Whole-number coordinates, and buffers of forces.
    lanes, vector
        As for `listing.list_block`.
    needed
        (B,) scratch: chunks a slot.
    parts
        (B, 7) scratch.
    drift, drift_rest
        (2, 2) as `vortexmd.integrators.accept` has them.
    end
        (8,) written by thread 0: why it ended (`DONE` …); the steps made; the largest squared distance from
        the reference in λ², −1 if nobody has moved; whether list, forces and noise hold; how often the list
        was made; whether reactions have been looked for.
    """
    blocks, n = len(pairs.halo), len(slots.ids)
    scratch = np.empty((3, PIECE, 2))
    step, valid, found, noisy = course.step, course.valid, course.found, course.noisy
    checked, placed, reordered = course.checked, 0, 0
    moved = -1.0
    why = DONE
    while True:
        if step >= course.last and not (course.reacting and not checked):
            break
        if course.listed and not valid:
            if not course.remake:
                # Rows will move.
                why, noisy = LIST, 0
                break
            reordered += 1
            noisy = found = 0
            moved = 0.0
            if not make_list(
                me, threads, sync, slots, box, rows, pairs, reach, kind_of, qa, qb, lanes, vector, needed
            ):  # fmt: skip
                why = ROOM
                break
            valid = placed = 1
        if course.listed and not found:
            if not placed:
                place(me, threads, sync, slots.positions, rows, pairs, qa, qb)
                placed = 1
            if not find_forces(
                me, threads, sync, slots, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close
            ):
                why = CLOSE
                break
            found = 1
        if course.reacting and not checked:
            if any_close(close, slots.positions, slots.species, rows, distance2):
                why = REACT
                break
            checked = 1
            if step >= course.last:
                break
        temperature = course.temperature
        if course.ramp_steps > 0:
            done = (step - course.ramp_first) / course.ramp_steps
            temperature = course.ramp_end
            if done < 1.0:
                temperature = course.ramp_start + (course.ramp_end - course.ramp_start) * done
        k = share(sync, 1)
        while k < blocks:
            parts[k, 0] = propose_block(
                k, slots, around, rows, pairs, fa, fb, course, step, temperature, noisy, scratch
            )
            k = share(sync, 1)
        wait(sync, threads)
        put_back(me, sync, 1)
        refused = False
        for k in range(blocks):
            refused = refused or not parts[k, 0] <= course.limit
        if refused:
            why = REFUSED
            noisy = 0
            break
        noisy = 1 if course.averaged and temperature > 0.0 else 0
        k = share(sync, 2)
        while k < blocks:
            first, last = pairs.edges[k], pairs.edges[k + 1]
            parts[k, 1], parts[k, 2] = accept(
                slots.positions, slots.moves, slots.winding, slots.reference, box.lengths, box.ends,
                slots.mirrors, slots.rest, first, last, parts[k, 3:7].reshape(2, 2),
            )  # fmt: skip
            if course.listed:
                whole_numbers(slots.positions, rows, first, last, qa, qb)
                if k == 0:
                    repeat(pairs, n, qa, qb)
            k = share(sync, 2)
        wait(sync, threads)
        put_back(me, sync, 2)
        step += 1
        found, checked, placed = 0, 0, 1
        moved, leaving = 0.0, 0.0
        for k in range(blocks):
            moved = max(moved, parts[k, 1])
            leaving += parts[k, 2]
        if me == 0 and n > 0:
            for row in range(2):
                for axis in range(2):
                    total = 0.0
                    for k in range(blocks):
                        total += parts[k, 3 + 2 * row + axis]
                    add_compensated(drift, drift_rest, row, axis, total / n)
        if not np.sqrt(moved) <= course.slack:
            valid = 0
            if not course.listed:
                break
        if leaving > 0.0:
            why = LEFT
            break
    # Nobody may overwrite what others still read of the last phase.
    wait(sync, threads)
    if me == 0:
        end[0], end[1], end[2] = why, step - course.step, moved
        end[3], end[4], end[5], end[6] = valid, found, noisy, reordered
        end[7] = checked
    return why
