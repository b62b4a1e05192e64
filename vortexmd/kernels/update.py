"""The integrator's two halves of a step, `vortexmd.integrators`, on a range of slots.

(N, 2) arrays are run through as flat ones, in blocks that stay in the first cache; each loop is short enough
to run in vector lanes. Nothing is contracted or reordered: what a slot gets does not depend on where the
slots are cut.
"""

from __future__ import annotations

import numpy as np

from vortexmd.kernels import compiled
from vortexmd.kernels.noise import bits_of, float_of

# Rows at a time.
BLOCK = 256
# Without their sign bit, the bits of floats are in the order of their sizes, NaN last.
_NO_SIGN = np.int64(0x7FFFFFFFFFFFFFFF)
_NAN = np.int64(0x7FF8000000000000)


@compiled()
def propose(forces, now, later, mobility, species, dt, temperature, rest, first, last, out):
    """Displacements F Δt/η + √(2k_BT Δt/η) R of the vortices in slots first … last − 1.

    Parameters
    ----------
    forces
        (N, 2) in Ω₀.
    now, later
        (N, 2) standard normal numbers of this step and the next: R is their mean (Leimkuhler–Matthews), or
        `now` where `later` is (0, 2) (Euler–Maruyama). Not read at temperature 0.
    mobility
        (S,) 1/η of each species.
    species
        (N,) species of each vortex.
    dt, temperature
        Δt in τ, k_BT in ε₀.
    rest
        (N, 2) in λ, added.
    first, last
        Slots.
    out
        (N, 2) in λ, rows first … last − 1 overwritten.

    Returns
    -------
    worst : slot with the largest displacement (or the first that is not a number), −1 if there is none
    largest : its square in λ²
    """
    kinds = mobility.shape[0]
    rates = mobility * dt
    amplitudes = np.empty(kinds)
    alike = True
    for kind in range(kinds):
        amplitudes[kind] = np.sqrt(2.0 * temperature * dt * mobility[kind])
        alike = alike and mobility[kind] == mobility[0]
    # Of the block's coordinates.
    rate, amplitude = np.empty(2 * BLOCK), np.empty(2 * BLOCK)
    if alike and kinds > 0:
        rate[:] = rates[0]
        amplitude[:] = amplitudes[0]
    largest, block = np.int64(-1), first
    for start in range(first, last, BLOCK):
        count = min(BLOCK, last - start)
        f, r, o = rows(forces, start, count), rows(rest, start, count), rows(out, start, count)
        if not alike:
            kind_of = species[start : start + count]
            for i in range(count):
                rate[2 * i] = rate[2 * i + 1] = rates[kind_of[i]]
                amplitude[2 * i] = amplitude[2 * i + 1] = amplitudes[kind_of[i]]
        if temperature > 0.0:
            mix(now, later, start, count, o)
            for k in range(2 * count):
                o[k] = rate[k] * f[k] + amplitude[k] * o[k] + r[k]
        else:
            for k in range(2 * count):
                o[k] = rate[k] * f[k] + r[k]
        size = np.int64(-1)
        for i in range(count):
            size = max(size, squared(o[2 * i], o[2 * i + 1]))
        if size > largest:
            largest, block = size, start
    if largest < 0:
        return -1, -1.0
    count = min(BLOCK, last - block)
    o = rows(out, block, count)
    worst = count
    for i in range(count):
        worst = min(worst, i if squared(o[2 * i], o[2 * i + 1]) >= largest else count)
    return block + worst, float_of(largest)


@compiled()
def accept(positions, moves, winding, reference, lengths, sides, mirrors, rest, first, last, drift):
    """Carry out the displacements of slots first … last − 1; bounce, and find who left.

    Parameters
    ----------
    positions
        (N, 2) in λ, moved in place; not folded along periodic axes.
    moves
        (N, 2) in λ.
    winding
        (N,).
    reference
        (N, 2) positions at the last rebuild of the neighbour list.
    lengths, sides
        (2,) λ; (2,) codes of `vortexmd.integrators.SIDES`.
    mirrors
        (N, 2, 2), changed in place where somebody bounces; (0, 2, 2) where nobody can.
    rest
        (N, 2) in λ, overwritten: position + move before, less the position now.
    first, last
        Slots.
    drift
        (2, 2), overwritten: the sums of Δr and of n·Δr over these slots, in λ. Their rounding depends on
        first and last alone.

    Returns
    -------
    moved : largest squared distance from the reference, λ², or NaN; 0 if there is no slot
    leaving : how many lie beyond an open end
    """
    walls = sides[0] == 1 or sides[1] == 1
    # Beyond which a vortex has left.
    x_low, x_high = (0.0, lengths[0]) if sides[0] == 2 else (-np.inf, np.inf)
    y_low, y_high = (0.0, lengths[1]) if sides[1] == 2 else (-np.inf, np.inf)
    # A sum for each of a block's coordinates.
    sums, weighted = np.zeros(2 * BLOCK), np.zeros(2 * BLOCK)
    steps, before = np.empty(2 * BLOCK), np.empty(2 * BLOCK)
    moved, leaving = np.int64(0), 0
    for start in range(first, last, BLOCK):
        count = min(BLOCK, last - start)
        p, m, r = rows(positions, start, count), rows(moves, start, count), rows(rest, start, count)
        if walls:
            for k in range(2 * count):
                before[k] = p[k]
        for k in range(2 * count):
            old, move = p[k], m[k]
            new = old + move
            carried = new - old
            r[k] = (old - (new - carried)) + (move - carried)
            p[k] = new
            steps[k] = carried
        if walls:
            for axis in range(2):
                if sides[axis] == 1:
                    bounce(p, before, steps, mirrors, start, axis, lengths[axis], r)
        if sides[0] == 2 or sides[1] == 2:
            for i in range(count):
                x, y = p[2 * i], p[2 * i + 1]
                leaving += (x < x_low) | (x > x_high) | (y < y_low) | (y > y_high)
        turns = winding[start : start + count]
        for i in range(count):
            n = np.float64(turns[i])
            sums[2 * i] += steps[2 * i]
            sums[2 * i + 1] += steps[2 * i + 1]
            weighted[2 * i] += n * steps[2 * i]
            weighted[2 * i + 1] += n * steps[2 * i + 1]
        origin = rows(reference, start, count)
        for i in range(count):
            moved = max(moved, squared(p[2 * i] - origin[2 * i], p[2 * i + 1] - origin[2 * i + 1]))
    drift[0, 0], drift[0, 1] = added_up(sums)
    drift[1, 0], drift[1, 1] = added_up(weighted)
    return float_of(moved), leaving


@compiled()
def bounce(p, before, steps, mirrors, start, axis, length, rest):
    """Fold a block's coordinates of an axis back between its reflecting ends."""
    for i in range(p.shape[0] // 2):
        k = 2 * i + axis
        new = p[k]
        if new < 0.0 or new > length:
            # Folded first: a step longer than the box bounces several times.
            bounces = int(np.floor(new / length))
            new = abs(new) % (2.0 * length)
            new = min(new, 2.0 * length - new)
            p[k] = new
            steps[k] = new - before[k]
            rest[k] = 0.0
            if bounces % 2 != 0:
                mirrors[start + i, axis, 0] = -mirrors[start + i, axis, 0]
                mirrors[start + i, axis, 1] = -mirrors[start + i, axis, 1]


@compiled()
def mirror_noise(mirrors, now, later, first, last, out):
    """The noise of slots first … last − 1 as the vortices' reflections have turned it.

    Parameters
    ----------
    mirrors
        (N, 2, 2).
    now, later
        (N, 2) as for `propose`: what is turned is R.
    first, last
        Slots.
    out
        (N, 2), rows first … last − 1 overwritten; may be `now`.
    """
    for start in range(first, last, BLOCK):
        count = min(BLOCK, last - start)
        o = rows(out, start, count)
        mix(now, later, start, count, o)
        m = mirrors.reshape(-1)[4 * start : 4 * (start + count)]
        for i in range(count):
            x, y = o[2 * i], o[2 * i + 1]
            o[2 * i] = m[4 * i] * x + m[4 * i + 1] * y
            o[2 * i + 1] = m[4 * i + 2] * x + m[4 * i + 3] * y


@compiled()
def add_compensated(total, rest, row, axis, value):
    """Add to total[row, axis] a value and what rounding has taken from it before, `rest`."""
    old = total[row, axis]
    value += rest[row, axis]
    new = old + value
    carried = new - old
    total[row, axis] = new
    rest[row, axis] = (old - (new - carried)) + (value - carried)


@compiled(forceinline=True)
def rows(array, start, count):
    """(2·count,) view of the rows from `start` of a (N, 2) array."""
    return array.reshape(-1)[2 * start : 2 * (start + count)]


@compiled(forceinline=True)
def squared(x, y):
    """The bits of x² + y², whose order as integers is theirs, anything that is no number on top."""
    # Largest integers are found in vector lanes; largest floats are not, for the sake of NaN.
    return min(bits_of(x * x + y * y) & _NO_SIGN, _NAN)


@compiled(forceinline=True)
def mix(now, later, start, count, out):
    """R of a block, from the noise of this step and, if there is any, of the next."""
    a = rows(now, start, count)
    if later.shape[0] == 0:
        for k in range(2 * count):
            out[k] = a[k]
    else:
        b = rows(later, start, count)
        for k in range(2 * count):
            out[k] = 0.5 * (a[k] + b[k])


@compiled()
def added_up(sums):
    """The two components of a block's sums, by halves."""
    width = BLOCK
    while width > 1:
        lower, upper = sums[:width], sums[width : 2 * width]
        for k in range(width):
            lower[k] += upper[k]
        width //= 2
    return sums[0], sums[1]
