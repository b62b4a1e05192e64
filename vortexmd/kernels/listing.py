"""Slot order and the list of neighbours: folding, sorting, and the chunks of slots near each vortex.

Vortices are kept in *slot order*: by row (a strip across the box), by species within a row, by narrow cell
along the row within a species, by id within a cell. What is near in space is then near in memory: partners
of one species in one row are one run of slots. A vortex meets those of its own row behind it, and those of
the rows above; so each pair is met once. The first rows are repeated behind the last slot, where the rows
close into a ring, so that "above" never needs a modulo.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from vortexmd.kernels import compiled
from vortexmd.kernels.bits import highest_bit, lowest_bit, multiply_add
from vortexmd.kernels.vector import near_bits_double, near_bits_single

# What numbers of the list may lose by rounding: relative margin of its reach.
MARGIN = 1e-5
# Slots that a vector may run over the end of what counts.
SPILL = 16


class Rows(NamedTuple):
    """How the box is cut. "Across" counts rows (axis `major`), "along" cells within a row."""

    major: int
    count: int  # type: ignore[assignment]
    """Rows."""
    columns: int
    """Cells along a row."""
    species: int
    origin_across: float
    """λ, as all lengths here."""
    origin_along: float
    height: float
    width: float
    length_across: float
    """Of the box, for periodic axes; else inf."""
    length_along: float
    above: int
    """How many rows above its own a vortex can reach."""
    ring: int
    """1 if the last row's neighbour is the first."""
    single: int
    """1 if all later rows are looked through, whatever their distance: too few for the above."""
    exact: int
    """1 if distances must be taken from the positions: rows or cells are larger than whole-number coordinates
    can tell apart."""
    period_across: float
    """After which whole-number coordinates repeat themselves, in λ."""
    period_along: float


class PairList(NamedTuple):
    """Who is near whom; all arrays are filled in place.

    Of slot i in block k, the partners of species b are the chunks start[m] … start[m + 1] − 1 with
    m = i·S + b + k: slots chunk[c] … chunk[c] + lanes − 1 as far as their bits in mask[c] are set. Slots from
    N on are those of the first rows again.
    """

    cell_start: NDArray[np.int32]
    """(rows·S·columns + 1,) first slot of each cell."""
    edges: NDArray[np.int64]
    """(B + 1,) first slot of each block."""
    row_edges: NDArray[np.int64]
    """(B + 1,) first row of each block."""
    halo: NDArray[np.int64]
    """(B,) slots behind a block that its vortices can reach."""
    buffers: NDArray[np.int64]
    """(B + 1,) where the forces that a block finds begin in the buffers."""
    ghosts: NDArray[np.int64]
    """(1,) how many slots are repeated behind the last one."""
    start: NDArray[np.int32]
    chunk: NDArray[np.int32]
    mask: NDArray[np.integer]
    room: float
    """Chunks for each slot."""


@compiled()
def fold(positions, rest, image, lengths, turning, first, last):
    """Fold slots first … last − 1 into the box along axes that are `turning`; rounding goes to the rest.

    As `Box.wrap` and `Population.fold` have it.
    """
    for axis in range(2):
        if not turning[axis]:
            continue
        length = lengths[axis]
        for i in range(first, last):
            x = positions[i, axis]
            turns = np.floor(x / length)
            if turns == 0.0 and x < length:
                continue
            folded = x - turns * length
            if folded >= length:
                folded = 0.0
                turns += 1.0
            if folded < 0.0:
                folded = 0.0
            taken = turns * length
            plain = x - taken
            back = plain - x
            lost = (x - (plain - back)) - (taken + back)
            rest[i, axis] += (plain - folded) + lost
            positions[i, axis] = folded
            image[i, axis] += np.int32(turns)


@compiled()
def sort(positions, ids, species, rows, key, order, cell_start):
    """Fill `order` (N,) and `cell_start`; `key` (N,) is scratch. Returns whether the order is as it was."""
    n = positions.shape[0]
    across, along = rows.major, 1 - rows.major
    per_height, per_width = 1.0 / rows.height, 1.0 / rows.width
    last_row, last_column = rows.count - 1, rows.columns - 1
    for i in range(n):
        row = (positions[i, across] - rows.origin_across) * per_height
        column = (positions[i, along] - rows.origin_along) * per_width
        row = min(max(row, 0.0), np.float64(last_row))
        column = min(max(column, 0.0), np.float64(last_column))
        key[i] = (np.int64(row) * rows.species + species[i]) * rows.columns + np.int64(column)
    cell_start[:] = 0
    for i in range(n):
        cell_start[key[i] + 1] += 1
    for c in range(cell_start.shape[0] - 1):
        cell_start[c + 1] += cell_start[c]
    for i in range(n):
        c = key[i]
        order[cell_start[c]] = i
        cell_start[c] += 1
    # Each start has moved to the next one.
    for c in range(cell_start.shape[0] - 1, 0, -1):
        cell_start[c] = cell_start[c - 1]
    cell_start[0] = 0
    as_it_was = True
    for c in range(cell_start.shape[0] - 1):
        first, last = cell_start[c], cell_start[c + 1]
        # By shrinking strides (Ciura's, and on by 9/4); most cells need the last one alone.
        stride = 1
        while 9 * stride < 4 * (last - first):
            stride = 9 * stride // 4 + 1
        while stride > 0:
            for k in range(first + stride, last):
                moving = order[k]
                slot = k
                while slot >= first + stride and ids[order[slot - stride]] > ids[moving]:
                    order[slot] = order[slot - stride]
                    slot -= stride
                order[slot] = moving
            stride = 4 * stride // 9
        for k in range(first, last):
            as_it_was = as_it_was and order[k] == k
    return as_it_was


@compiled()
def row_edges(rows, pairs):
    """Cut the rows into blocks of about equal numbers of vortices, once the cells are filled.

    What the vortices of a block reach ends in the next block: each has as many rows at least.
    """
    each = rows.species * rows.columns
    n = np.int64(pairs.cell_start[rows.count * each])
    blocks = len(pairs.halo)
    least = max(1, rows.above)
    row = 0
    for k in range(1, blocks):
        row += least
        while row < rows.count - least * (blocks - k) and (
            np.int64(pairs.cell_start[row * each]) * blocks < n * k
        ):
            row += 1
        pairs.row_edges[k] = row
    pairs.row_edges[0], pairs.row_edges[blocks] = 0, rows.count
    for k in range(blocks + 1):
        pairs.edges[k] = pairs.cell_start[pairs.row_edges[k] * each]
    pairs.ghosts[0] = pairs.cell_start[rows.above * each] if rows.ring else 0
    for k in range(blocks):
        end = pairs.row_edges[k + 1]
        reached = np.int64(pairs.cell_start[min(end + rows.above, rows.count) * each])
        if k == blocks - 1:
            reached = n + pairs.ghosts[0]
        pairs.halo[k] = 0 if rows.single else reached - pairs.edges[k + 1]
        # Vectors may run over the end of what counts.
        size = pairs.edges[k + 1] - pairs.edges[k] + pairs.halo[k] + SPILL
        pairs.buffers[k + 1] = pairs.buffers[k] + size


@compiled()
def whole_numbers(positions, rows, first, last, along, across):
    """Coordinates of slots first … last − 1 as whole numbers that repeat themselves with the periods."""
    _whole_numbers(positions.reshape(-1), rows, first, last, along, across)


def _whole_numbers(flat, rows, first, last, along, across):
    """By the type of the numbers to fill."""


@overload(_whole_numbers)
def _whole_numbers_of(flat, rows, first, last, along, across):
    if along.dtype == types.int32:

        def fill(flat, rows, first, last, along, across):
            a, b = 1 - rows.major, rows.major
            p, q = rows.period_along, rows.period_across
            per_p, per_q = 1.0 / p, 1.0 / q
            for i in range(first, last):
                x, y = flat[2 * i + a], flat[2 * i + b]
                # Exact, as far as whole turns go: no digits are lost far from the origin.
                u = multiply_add(-np.floor(x * per_p), p, x) * per_p
                v = multiply_add(-np.floor(y * per_q), q, y) * per_q
                along[i] = np.int32(np.int64(np.floor(u * 4294967296.0)))
                across[i] = np.int32(np.int64(np.floor(v * 4294967296.0)))
    else:

        def fill(flat, rows, first, last, along, across):
            a, b = 1 - rows.major, rows.major
            p, q = rows.period_along, rows.period_across
            per_p, per_q = 1.0 / p, 1.0 / q
            for i in range(first, last):
                x, y = flat[2 * i + a], flat[2 * i + b]
                u = multiply_add(-np.floor(x * per_p), p, x) * per_p
                v = multiply_add(-np.floor(y * per_q), q, y) * per_q
                # 53 bits of the fraction of a turn.
                along[i] = np.int64(u * 9007199254740992.0) << np.int64(11)
                across[i] = np.int64(v * 9007199254740992.0) << np.int64(11)

    return fill


@compiled(forceinline=True)
def near_bits(i, j, qa, qb, scale_a, scale_b, limit, positions, rows, lanes, vector):
    """Which of the slots from j on are near slot i: bits of an int64.

    By whole-number coordinates, in vector code where `vector` is a tuple of something; or by the positions
    themselves, if `rows.exact`.
    """
    if rows.exact:
        return _near_exactly(i, j, positions, rows, limit, lanes)
    return _near(i, j, qa, qb, scale_a, scale_b, limit, lanes, vector)


@compiled()
def _near_exactly(i, j, positions, rows, limit, lanes):
    n = positions.shape[0]
    bits = np.int64(0)
    for lane in range(lanes):
        other = (j + lane) % n
        s = 0.0
        for axis in range(2):
            d = positions[i, axis] - positions[other, axis]
            length = rows.length_across if axis == rows.major else rows.length_along
            if length < np.inf:
                d -= length * np.rint(d / length)
            s += d * d
        if s < limit:
            bits |= np.int64(1) << lane
    return bits


def _near(i, j, qa, qb, scale_a, scale_b, limit, lanes, vector):
    """By the type of the coordinates, and of `vector`."""


@overload(_near, inline="always")
def _near_of(i, j, qa, qb, scale_a, scale_b, limit, lanes, vector):
    if isinstance(vector, types.BaseTuple) and len(vector) == 0:

        def near(i, j, qa, qb, scale_a, scale_b, limit, lanes, vector):
            bits = np.int64(0)
            for lane in range(lanes):
                a = np.float64(qa[i] - qa[j + lane]) * scale_a
                b = np.float64(qb[i] - qb[j + lane]) * scale_b
                bits |= np.int64(a * a + b * b < limit) << lane
            return bits

        return near
    single = qa.dtype == types.int32
    found, number = (near_bits_single, np.float32) if single else (near_bits_double, np.float64)

    def vector_near(i, j, qa, qb, scale_a, scale_b, limit, lanes, vector):
        return found(qa, qb, j, qa[i], qb[i], number(scale_a), number(scale_b), number(limit))

    return vector_near


@compiled()
def list_block(block, positions, species, rows, reach, kind_of, qa, qb, pairs, lanes, vector):
    """Fill the list of a block.

    Parameters
    ----------
    block
        Its number.
    positions
        (N, 2) λ, in slot order, folded: those by which they were sorted.
    species
        (N,).
    rows
        `Rows`.
    reach
        (kinds,) λ: how far each kind of pair is listed; kind 0 is not.
    kind_of
        (S, S).
    qa, qb
        Whole-number coordinates along and across.
    pairs
        `PairList`, to be filled.
    lanes
        Slots of a chunk.
    vector
        See `near_bits`.

    Returns
    -------
    int
        How many chunks there are: more than there is room for, and the list is not complete.
    """
    n = positions.shape[0]
    first, last = pairs.edges[block], pairs.edges[block + 1]
    chunk, mask, start, cell_start = pairs.chunk, pairs.mask, pairs.start, pairs.cell_start
    begin = np.int64(pairs.room * first)
    used, room = begin, np.int64(pairs.room * last)
    across, along = rows.major, 1 - rows.major
    columns = rows.columns
    bits_of_turn = 2.0**32 if lanes == 16 else 2.0**64
    every = (np.int64(1) << lanes) - 1
    per_width = 1.0 / rows.width
    scale_a, scale_b = rows.period_along / bits_of_turn, rows.period_across / bits_of_turn
    row, row_end = pairs.row_edges[block], first
    row -= 1
    turning = rows.length_along < np.inf
    for i in range(first, last):
        # Empty rows have no slots.
        while i >= row_end:
            row += 1
            row_end = np.int64(cell_start[(row + 1) * rows.species * columns])
        x = positions[i, along] - rows.origin_along
        y = positions[i, across] - rows.origin_across
        a = species[i]
        rows_on = rows.count - 1 - row if rows.single else rows.above
        for b in range(rows.species):
            start[i * rows.species + b + block] = used
            kind = kind_of[a, b]
            if kind == 0:
                continue
            far = reach[kind]
            limit = far * far * (1.0 + MARGIN)
            for step in range(rows_on + 1):
                other, ghosts = row + step, np.int64(0)
                if other >= rows.count:
                    if rows.ring == 0:
                        break
                    other -= rows.count
                    ghosts = n
                # Species after its own in its own row, and all in the rows above.
                if step == 0 and b < a:
                    continue
                gap = (row + step) * rows.height - y
                if rows.single and rows.length_across < np.inf:
                    back = y + rows.length_across - (row + step + 1) * rows.height
                    gap = min(gap, back)
                gap = max(gap - MARGIN * rows.height, 0.0)
                if gap >= far:
                    continue
                half = np.sqrt(far * far - gap * gap) + MARGIN * far
                low = np.int64(np.floor(max((x - half) * per_width, -2.0 * columns)))
                high = np.int64(np.floor(min((x + half) * per_width, 3.0 * columns)))
                line = (other * rows.species + b) * columns
                # In the row, then round its left end, then round its right one.
                for piece in range(3):
                    c0, c1 = max(low, 0), min(high, columns - 1)
                    if piece > 0:
                        if not turning or high - low + 1 >= columns:
                            break
                        if piece == 1:
                            c0, c1 = low + columns, columns - 1
                        else:
                            c0, c1 = 0, high - columns
                    elif turning and high - low + 1 >= columns:
                        c0, c1 = 0, columns - 1
                    if c0 > c1:
                        continue
                    j = np.int64(cell_start[line + c0]) + ghosts
                    end = np.int64(cell_start[line + c1 + 1]) + ghosts
                    if step == 0 and b == a:
                        j = max(j, np.int64(i + 1))
                    # From the first to the last that is near; in between only few are not.
                    while j < end:
                        bits = near_bits(
                            i, j, qa, qb, scale_a, scale_b, limit, positions, rows, lanes, vector
                        )
                        if bits != 0:
                            j += lowest_bit(bits)
                            break
                        j += lanes
                    while j < end:
                        # The vector that ends with the last slot; what lies before j is near, or cut off.
                        k = max(end - lanes, 0)
                        bits = near_bits(
                            i, k, qa, qb, scale_a, scale_b, limit, positions, rows, lanes, vector
                        )
                        bits &= (np.int64(1) << (end - k)) - 1
                        if bits != 0:
                            end = k + highest_bit(bits) + 1
                            break
                        end = k
                    while j < end:
                        bits = every if end - j >= lanes else (np.int64(1) << (end - j)) - 1
                        if rows.exact:
                            # Who is not near might seem so, a period further.
                            bits &= near_bits(
                                i,
                                j,
                                qa,
                                qb,
                                scale_a,
                                scale_b,
                                limit,
                                positions,
                                rows,
                                lanes,
                                vector,
                            )
                        if used < room:
                            chunk[used] = j
                            mask[used] = bits
                        used += 1
                        j += lanes
    start[last * rows.species + block] = used
    return used - begin
