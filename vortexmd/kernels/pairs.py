"""Pair forces and energies of one block of slots, over its list of neighbours.

The laws come in three kinds, told apart by their types: `SingleLaws` and `DoubleLaws` for the vector code of
`vortexmd.kernels.vector`, `PlainLaws` for loops that run on any processor and follow any table. Each pair is
met once: what a block finds for its own vortices and for those of the rows behind it goes to buffers of its
own, and `add_up` adds what two blocks have found. So no two threads write to one place, and every sum is
made in the same order, whatever the threads.

Pairs nearer than a law's polynomials reach, or near enough to react, are set aside as *close*: their forces
are taken from the fine tables at the positions themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.extending import overload
from numpy.typing import NDArray

from vortexmd.kernels import compiled
from vortexmd.kernels.bits import lowest_bit
from vortexmd.kernels.vector import chunk_forces_double, chunk_forces_single

PLAIN_LANES = 8
# Chunks that plain loops take at a time.
PLAIN_CHUNKS = 32
# No sum is reordered: sums stay as written.
_FAST = {"contract", "nsz"}


class SingleLaws(NamedTuple):
    """Rows for the float32 vector code, one a kind of pair: see `vortexmd.vector_tables`."""

    single: NDArray[np.float32]


class DoubleLaws(NamedTuple):
    """Rows for the float64 vector code, one a kind of pair."""

    double: NDArray[np.float64]


class PlainLaws(NamedTuple):
    """What the plain loops need beyond the fine tables."""

    near2: NDArray[np.float64]
    """(kinds,) λ²: nearer pairs are close ones."""


class FineTables(NamedTuple):
    """The tables of `vortexmd.pair_tables`."""

    force: NDArray[np.float64]
    """(T, bins, 4) coefficients of F/r."""
    bits: int
    octave: int
    """The lowest one."""
    cutoff: float
    """λ: nothing acts beyond."""
    law_of: NDArray[np.int64]
    """(kinds,) the table of each kind of pair."""


class ClosePairs(NamedTuple):
    """Pairs set aside, block by block."""

    lines: NDArray[np.int32]
    """(B, 3·(room + 1)): slot, first slot of a chunk, bits."""
    count: NDArray[np.int64]  # type: ignore[assignment]
    """(B, 2): lines in use; room. As many as there is room for mean: not all are there."""


@compiled()
def block_forces(k, positions, species, rows, kind_of, qa, qb, pairs, fa, fb, laws, fine, close):
    """Find the forces between the pairs of block k; (along, across) to the buffers fa, fb.

    Parameters
    ----------
    k
        The block.
    positions
        (N, 2) λ.
    species
        (N,).
    rows, pairs
        `Rows` and `PairList`.
    kind_of
        (S, S) kind of pair between two species.
    qa, qb
        Whole-number coordinates of the positions.
    fa, fb
        Buffers in Ω₀; the block's part is overwritten.
    laws
        `SingleLaws`, `DoubleLaws` or `PlainLaws`.
    fine
        `FineTables`.
    close
        `ClosePairs`; the block's are overwritten.
    """
    first, _last = pairs.edges[k], pairs.edges[k + 1]
    shift = pairs.buffers[k] - first
    fa[pairs.buffers[k] : pairs.buffers[k + 1]] = 0.0
    fb[pairs.buffers[k] : pairs.buffers[k + 1]] = 0.0
    lines, count = close.lines[k], close.count[k]
    count[0] = 0
    _runs(k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count)
    _close_forces(k, positions, species, rows, kind_of, shift, fa, fb, fine, close)


def _runs(k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count):
    """The forces of all runs of a block, by the type of the laws."""


@overload(_runs)
def _runs_of(k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count):
    if laws.instance_class is PlainLaws:

        def runs(k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count):
            _plain_runs(
                k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count
            )

        return runs
    single = laws.instance_class is SingleLaws
    run = chunk_forces_single if single else chunk_forces_double
    number, turn = (np.float32, 2.0**-32) if single else (np.float64, 2.0**-64)

    def vector_runs(
        k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count
    ):
        first, last = pairs.edges[k], pairs.edges[k + 1]
        start, chunk, mask, table = pairs.start, pairs.chunk, pairs.mask, laws[0]
        scale_a, scale_b = number(rows.period_along * turn), number(rows.period_across * turn)
        if rows.species == 1:
            # The law stays in its registers.
            kind = kind_of[0, 0]
            for i in range(first, last):
                force_a, force_b = run(
                    qa, qb, fa, fb, shift, chunk, mask, start[i + k], start[i + k + 1], qa[i], qb[i],
                    table, kind, scale_a, scale_b, lines, count, i,
                )  # fmt: skip
                fa[i + shift] += force_a
                fb[i + shift] += force_b
        else:
            for i in range(first, last):
                for b in range(rows.species):
                    m = i * rows.species + b + k
                    if start[m] == start[m + 1]:
                        continue
                    force_a, force_b = run(
                        qa, qb, fa, fb, shift, chunk, mask, start[m], start[m + 1], qa[i], qb[i],
                        table, kind_of[species[i], b], scale_a, scale_b, lines, count, i,
                    )  # fmt: skip
                    fa[i + shift] += force_a
                    fb[i + shift] += force_b

    return vector_runs


@compiled(fastmath=_FAST)
def _plain_runs(k, species, rows, kind_of, shift, qa, qb, pairs, fa, fb, laws, fine, lines, count):
    """As the vector code does it, from the fine tables: for any processor, and any law."""
    scale_a, scale_b = rows.period_along * 2.0**-64, rows.period_across * 2.0**-64
    drop = 52 - fine.bits
    lowest = np.int64(fine.octave + 1023) << fine.bits
    below = (np.int64(1) << drop) - 1
    one = np.int64(1023) << 52
    floor2, cutoff2 = 2.0**fine.octave, fine.cutoff * fine.cutoff
    bins = fine.force.shape[1]
    coefficients = fine.force.reshape(-1, 4)
    start, chunk, mask, near, law_of = pairs.start, pairs.chunk, pairs.mask, laws.near2, fine.law_of
    room = PLAIN_CHUNKS * PLAIN_LANES + 1
    da, db, squared, pull = np.empty(room), np.empty(room), np.empty(room), np.empty(room)
    where = np.empty(room, np.int64)
    for i in range(pairs.edges[k], pairs.edges[k + 1]):
        a, b = qa[i], qb[i]
        sum_a = sum_b = 0.0
        for other in range(rows.species):
            m = i * rows.species + other + k
            kind = kind_of[species[i], other]
            near2, base = near[kind], law_of[kind] * bins - lowest
            for piece in range(start[m], start[m + 1], PLAIN_CHUNKS):
                # Three short loops: who is within the cutoff, without a branch; the law; the sums.
                number = np.int64(0)
                for c in range(piece, min(piece + PLAIN_CHUNKS, start[m + 1])):
                    begin, bits, who = np.int64(chunk[c]), np.int64(mask[c]), np.int64(0)
                    for lane in range(PLAIN_LANES):
                        j = begin + lane
                        along = np.float64(a - qa[j]) * scale_a
                        across = np.float64(b - qb[j]) * scale_b
                        s = along * along + across * across
                        counted = (bits >> lane) & 1
                        too_near = counted & np.int64(s < near2)
                        who |= too_near << lane
                        da[number], db[number], squared[number] = along, across, s
                        where[number] = j + shift
                        # Written always, kept if it acts: no branch to mispredict.
                        number += (counted - too_near) & np.int64(s < cutoff2)
                    if who != 0:
                        line = 3 * count[0]
                        lines[line], lines[line + 1], lines[line + 2] = i, begin, who
                        if count[0] < count[1]:
                            count[0] += 1
                for n in range(number):
                    pattern = np.float64(max(squared[n], floor2)).view(np.int64)
                    row = base + (pattern >> drop)
                    t = np.int64((pattern & below) | one).view(np.float64) - 1.0
                    pull[n] = coefficients[row, 0] + t * (
                        coefficients[row, 1] + t * (coefficients[row, 2] + t * coefficients[row, 3])
                    )
                for n in range(number):
                    force_a, force_b = pull[n] * da[n], pull[n] * db[n]
                    sum_a += force_a
                    sum_b += force_b
                    fa[where[n]] -= force_a
                    fb[where[n]] -= force_b
        fa[i + shift] += sum_a
        fb[i + shift] += sum_b


@compiled(fastmath=_FAST)
def _close_forces(k, positions, species, rows, kind_of, shift, fa, fb, fine, close):
    """Add the forces of a block's close pairs to its buffers."""
    n = positions.shape[0]
    drop = 52 - fine.bits
    lowest = np.int64(fine.octave + 1023) << fine.bits
    below = (np.int64(1) << drop) - 1
    one = np.int64(1023) << 52
    floor2, cutoff2 = 2.0**fine.octave, fine.cutoff * fine.cutoff
    lines = close.lines[k]
    for line in range(close.count[k, 0]):
        i, begin = np.int64(lines[3 * line]), np.int64(lines[3 * line + 1])
        bits = np.int64(lines[3 * line + 2])
        while bits != 0:
            j = begin + lowest_bit(bits)
            bits &= bits - 1
            other = j - n if j >= n else j
            da, db = separation(i, other, positions, rows)
            s = da * da + db * db
            if s >= cutoff2:
                continue
            table = fine.force[fine.law_of[kind_of[species[i], species[other]]]]
            pattern = np.float64(max(s, floor2)).view(np.int64)
            c = table[(pattern >> drop) - lowest]
            t = np.int64((pattern & below) | one).view(np.float64) - 1.0
            pull = c[0] + t * (c[1] + t * (c[2] + t * c[3]))
            fa[i + shift] += pull * da
            fb[i + shift] += pull * db
            fa[j + shift] -= pull * da
            fb[j + shift] -= pull * db


@compiled()
def separation(i, j, positions, rows):
    """The shortest way from slot j to slot i, along and across, in λ."""
    along, across = 1 - rows.major, rows.major
    da = positions[i, along] - positions[j, along]
    db = positions[i, across] - positions[j, across]
    if rows.length_along < np.inf:
        da -= rows.length_along * np.rint(da / rows.length_along)
    if rows.length_across < np.inf:
        db -= rows.length_across * np.rint(db / rows.length_across)
    return da, db


@compiled()
def add_up(k, rows, pairs, fa, fb, first, last, out):
    """Forces (x, y) on slots first … last − 1 of block k, to rows 0 … last − first − 1 of `out`."""
    flat = out.reshape(-1)
    a, b = 1 - rows.major, rows.major
    start = pairs.buffers[k] - pairs.edges[k]
    for i in range(first, last):
        flat[2 * (i - first) + a] = fa[i + start]
        flat[2 * (i - first) + b] = fb[i + start]
    # The block before, round the ring if need be, has met the first of them from below.
    blocks = len(pairs.halo)
    before = k - 1 if k > 0 else blocks - 1
    reached = pairs.edges[k] + pairs.halo[before] if k > 0 or rows.ring else pairs.edges[k]
    start = pairs.buffers[before] + pairs.edges[before + 1] - pairs.edges[before] - pairs.edges[k]
    for i in range(first, min(last, reached)):
        flat[2 * (i - first) + a] += fa[i + start]
        flat[2 * (i - first) + b] += fb[i + start]


@compiled()
def any_close(close, positions, species, rows, distance2):
    """Whether some close pair is nearer than its species' distance, squared (S, S) in λ²."""
    n = positions.shape[0]
    for k in range(close.count.shape[0]):
        lines = close.lines[k]
        for line in range(close.count[k, 0]):
            i, begin = np.int64(lines[3 * line]), np.int64(lines[3 * line + 1])
            bits = np.int64(lines[3 * line + 2])
            while bits != 0:
                j = begin + lowest_bit(bits)
                bits &= bits - 1
                j = j - n if j >= n else j
                da, db = separation(i, j, positions, rows)
                if da * da + db * db < distance2[species[i], species[j]]:
                    return True
    return False


@compiled()
def close_pairs(close, positions, species, rows, distance2):
    """(pairs (P, 2) of slots, separations (P,) in λ) nearer than their species' distance, as above."""
    n = positions.shape[0]
    room = 0
    for k in range(close.count.shape[0]):
        room += 16 * close.count[k, 0]
    found, apart = np.empty((room, 2), np.int64), np.empty(room)
    used = 0
    for k in range(close.count.shape[0]):
        lines = close.lines[k]
        for line in range(close.count[k, 0]):
            i, begin = np.int64(lines[3 * line]), np.int64(lines[3 * line + 1])
            bits = np.int64(lines[3 * line + 2])
            while bits != 0:
                j = begin + lowest_bit(bits)
                bits &= bits - 1
                j = j - n if j >= n else j
                da, db = separation(i, j, positions, rows)
                s = da * da + db * db
                if s < distance2[species[i], species[j]]:
                    found[used, 0], found[used, 1] = min(i, j), max(i, j)
                    apart[used] = np.sqrt(s)
                    used += 1
    return found[:used], apart[:used]


@compiled()
def block_pairs(k, positions, species, rows, kind_of, pairs, reach2, first_of, partner):
    """The pairs of block k nearer than their kinds' reach (kinds,), squared in λ², one by one.

    Partners of slot i go to partner[first_of[i − first]] …; the number of them all is returned, and where
    `partner` is too short the rest is not written.
    """
    n = positions.shape[0]
    first, last = pairs.edges[k], pairs.edges[k + 1]
    number, used = rows.species, np.int64(0)
    for i in range(first, last):
        first_of[i - first] = used
        for b in range(number):
            m = i * number + b + k
            limit = reach2[kind_of[species[i], b]]
            for c in range(pairs.start[m], pairs.start[m + 1]):
                bits = np.int64(pairs.mask[c])
                while bits != 0:
                    j = np.int64(pairs.chunk[c]) + lowest_bit(bits)
                    bits &= bits - 1
                    j = j - n if j >= n else j
                    da, db = separation(i, j, positions, rows)
                    if da * da + db * db < limit:
                        if used < len(partner):
                            partner[used] = j
                        used += 1
    first_of[last - first] = used
    return used


@compiled(fastmath=_FAST)
def block_energy(k, positions, species, rows, kind_of, pairs, fine, energy):
    """Pair energy of block k in ε₀, from tables `energy` (T, bins, 5) of the same bins as the forces'."""
    n = positions.shape[0]
    first, last = pairs.edges[k], pairs.edges[k + 1]
    number = rows.species
    drop = 52 - fine.bits
    lowest = np.int64(fine.octave + 1023) << fine.bits
    below = (np.int64(1) << drop) - 1
    one = np.int64(1023) << 52
    floor2, cutoff2 = 2.0**fine.octave, fine.cutoff * fine.cutoff
    total = 0.0
    for i in range(first, last):
        sum_i = 0.0
        for b in range(number):
            m = i * number + b + k
            table = energy[fine.law_of[kind_of[species[i], b]]]
            for chunk in range(pairs.start[m], pairs.start[m + 1]):
                bits = np.int64(pairs.mask[chunk])
                while bits != 0:
                    j = np.int64(pairs.chunk[chunk]) + lowest_bit(bits)
                    bits &= bits - 1
                    j = j - n if j >= n else j
                    da, db = separation(i, j, positions, rows)
                    s = da * da + db * db
                    if s < cutoff2:
                        pattern = np.float64(max(s, floor2)).view(np.int64)
                        c = table[(pattern >> drop) - lowest]
                        t = np.int64((pattern & below) | one).view(np.float64) - 1.0
                        sum_i += c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])))
        total += sum_i
    return total
