"""True lengths of the interfaces of a label raster: the shortest line between the pixels' centres.

Counting pixel edges overestimates a slanted line by up to √2 at every resolution. Here an interface is cut
into chains of edges, from one meeting point of regions to the next, and a chain is as long as the shortest
line that leaves every pixel centre on its own side (the minimum-length polygon of J. Sklansky, R. L. Chazin
and B. J. Hansen, IEEE Trans. Comput. C-21, 260 (1972)): its error falls with the pixel size on lines and
smooth curves. Two rules keep what that would lose. A right angle between two straight runs of CORNER pixels
or more, which no straight line has, is a corner and stays one, so that rectangles are exact. And a closed
chain is no shorter than a circle of its area. The line is found by the funnel algorithm (D. T. Lee,
F. P. Preparata, Networks 14, 393 (1984)).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd.regions.walls import total

# Pixels of the two straight runs that make a right angle a corner.
CORNER = 2


def raster_lengths(
    labels: NDArray[np.int32], pixel: tuple[float, float], periodic: tuple[bool, bool]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs (I, 2) of regions that touch, i < j, sorted, and their lengths (I,) in λ.

    Parameters
    ----------
    labels
        (nx, ny) region of each pixel.
    pixel
        Its sides in λ.
    periodic
        Whether each axis closes on itself.
    """
    nx, ny = labels.shape
    # A rim of no region where the box ends, so that chains end there.
    framed = np.full((nx + 2, ny + 2), -1, dtype=np.int32)
    framed[1:-1, 1:-1] = labels
    if periodic[0]:
        framed[0, 1:-1], framed[-1, 1:-1] = labels[-1], labels[0]
    if periodic[1]:
        framed[:, 0], framed[:, -1] = framed[:, -2], framed[:, 1]
    visited = np.zeros((nx + 1, ny + 1, 2), dtype=np.bool_)
    edges = int((framed[1:] != framed[:-1]).sum() + (framed[:, 1:] != framed[:, :-1]).sum())
    steps = np.empty(edges + 1, dtype=np.int8)
    pairs = np.empty((edges + 1, 2), dtype=np.int64)
    lengths = np.empty(edges + 1)
    period = np.array([nx if periodic[0] else 0, ny if periodic[1] else 0])
    found = _trace(framed, period, np.array(pixel), visited, steps, pairs, lengths)
    return total(np.sort(pairs[:found], axis=1), lengths[:found])


@njit(cache=True, error_model="numpy")
def _run(direction):
    """One pixel east, north, west or south: directions 0 … 3."""
    if direction == 0:
        return 1, 0
    if direction == 1:
        return 0, 1
    if direction == 2:
        return -1, 0
    return 0, -1


@njit(cache=True, error_model="numpy")
def _hands(i, j, direction, framed):
    """Labels on the left and on the right of the edge that leaves vertex (i, j)."""
    # In the framed raster, vertex (i, j) has the pixels i, i + 1 and j, j + 1 around it.
    if direction == 0:
        return framed[i + 1, j + 1], framed[i + 1, j]
    if direction == 1:
        return framed[i, j + 1], framed[i + 1, j + 1]
    if direction == 2:
        return framed[i, j], framed[i, j + 1]
    return framed[i + 1, j], framed[i, j]


@njit(cache=True, error_model="numpy")
def _edge(i, j, direction):
    """Where an edge is remembered: the vertex at its west or south end, and 0 if level, 1 if upright."""
    if direction == 0:
        return i, j, 0
    if direction == 1:
        return i, j, 1
    if direction == 2:
        return i - 1, j, 0
    return i, j - 1, 1


@njit(cache=True, error_model="numpy")
def _changes(i, j, framed):
    """How many of the four edges of a vertex lie between different labels."""
    changes = 0
    for direction in range(4):
        left, right = _hands(i, j, direction, framed)
        if left != right:
            changes += 1
    return changes


@njit(cache=True, error_model="numpy")
def _home(i, j, period):
    """The vertex that stands for itself and its periodic copies."""
    if period[0] > 0:
        i = i % period[0]
    if period[1] > 0:
        j = j % period[1]
    return i, j


@njit(cache=True, error_model="numpy")
def _wall(i, j, direction, framed, visited, period):
    """Whether an edge leads on between two regions, and has not been walked."""
    left, right = _hands(i, j, direction, framed)
    if left == right or left < 0 or right < 0:
        return False
    dx, dy = _run(direction)
    if period[0] > 0 and i == 0 and dx < 0:
        i = period[0]
    if period[1] > 0 and j == 0 and dy < 0:
        j = period[1]
    a, b, upright = _edge(i, j, direction)
    return not visited[a, b, upright]


@njit(cache=True, error_model="numpy")
def _trace(framed, period, pixel, visited, steps, pairs, lengths):
    """Walk every interface once: chains between meeting points first, then closed ones."""
    found = 0
    for closed in range(2):
        for i in range(visited.shape[0]):
            for j in range(visited.shape[1]):
                if (period[0] > 0 and i == period[0]) or (period[1] > 0 and j == period[1]):
                    continue
                if closed == 0 and _changes(i, j, framed) == 2:
                    continue
                for direction in range(4):
                    if not _wall(i, j, direction, framed, visited, period):
                        continue
                    left, right = _hands(i, j, direction, framed)
                    n = _walk(i, j, direction, framed, period, visited, steps)
                    pairs[found, 0] = left
                    pairs[found, 1] = right
                    lengths[found] = _chain_length(steps[:n], closed == 1, pixel)
                    found += 1
    return found


@njit(cache=True, error_model="numpy")
def _walk(i, j, direction, framed, period, visited, steps):
    """Follow a chain from a vertex to the next meeting point, or round to itself; the number of its edges."""
    first_i, first_j = i, j
    n = 0
    while True:
        dx, dy = _run(direction)
        # Along the far seam the edge is kept with its copy at the near one.
        if period[0] > 0 and dx < 0 and i == 0:
            i = period[0]
        if period[1] > 0 and dy < 0 and j == 0:
            j = period[1]
        a, b, upright = _edge(i, j, direction)
        visited[a, b, upright] = True
        steps[n] = direction
        n += 1
        i, j = _home(i + dx, j + dy, period)
        if (i == first_i and j == first_j) or _changes(i, j, framed) != 2:
            return n
        back = (direction + 2) % 4
        for turn in range(4):
            if turn != back:
                left, right = _hands(i, j, turn, framed)
                if left != right:
                    direction = turn
                    break


@njit(cache=True, error_model="numpy")
def _chain_length(steps, closed, pixel):
    """Length of a chain in λ; `closed`: nothing fixes the vertex where it begins and ends."""
    n = steps.shape[0]
    corner = _corners(steps, closed)
    first = 0
    while first < n and not corner[first]:
        first += 1
    if closed and first < n:
        steps = np.concatenate((steps[first:], steps[:first]))
        corner = np.concatenate((corner[first:], corner[:first]))
    if closed and first == n:
        # No corner: a bend of the line itself is a better beginning than any vertex.
        length, gate, hand = _taut(steps, -1, pixel)
        if gate >= 0:
            steps = np.concatenate((steps[gate:], steps[:gate]))
            length, gate, hand = _taut(steps, hand, pixel)
    else:
        length = 0.0
        begin = 0
        for end in range(1, n + 1):
            if end == n or corner[end]:
                length += _taut(steps[begin:end], -1, pixel)[0]
                begin = end
    return max(length, _circle(steps, pixel))


@njit(cache=True, error_model="numpy")
def _corners(steps, closed):
    """Whether the vertex before each step is the right angle of two straight runs."""
    n = steps.shape[0]
    corner = np.zeros(n, dtype=np.bool_)
    for k in range(0 if closed else 1, n):
        if steps[k] == steps[k - 1]:
            continue
        straight = True
        for m in range(1, CORNER):
            before, after = k - 1 - m, k + m
            if not closed and (before < 0 or after >= n):
                straight = False
                break
            if steps[before] != steps[k - 1] or steps[after % n] != steps[k]:
                straight = False
                break
        corner[k] = straight
    return corner


@njit(cache=True, error_model="numpy")
def _circle(steps, pixel):
    """Circumference of the circle of the area that a chain encloses; 0 if its ends differ."""
    x, y, doubled = 0, 0, 0
    for k in range(steps.shape[0]):
        dx, dy = _run(steps[k])
        doubled += x * dy - y * dx
        x += dx
        y += dy
    if x != 0 or y != 0:
        return 0.0
    return np.sqrt(2.0 * np.pi * abs(doubled) * pixel[0] * pixel[1])


@njit(cache=True, error_model="numpy")
def _turn(ax, ay, bx, by, cx, cy):
    """Positive if c is on the left of the line from a to b."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@njit(cache=True, error_model="numpy")
def _taut(steps, hand, pixel):
    """The shortest line that keeps the pixels' centres of a chain on its left and on its right.

    Each edge is a gate from the centre of its left pixel to that of its right one.

    Parameters
    ----------
    steps
        (n,) directions.
    hand
        −1: from the chain's first vertex to its last. 0 or 1: from the left or right end of the first gate to
        the same point one period on.
    pixel
        Sides in λ.

    Returns
    -------
    Length in λ, and the gate and the hand of the bend in the middle (−1 if the line is straight).
    """
    n = steps.shape[0]
    # Twice the coordinates in pixels: centres are whole numbers too, and turns exact. The end is a gate.
    gates = np.empty((n + 1, 4), dtype=np.int64)
    x, y = 0, 0
    for k in range(n):
        dx, dy = _run(steps[k])
        gates[k, 0] = x + dx - dy
        gates[k, 1] = y + dy + dx
        gates[k, 2] = x + dx + dy
        gates[k, 3] = y + dy - dx
        x += 2 * dx
        y += 2 * dy
    ax, ay = (0, 0) if hand < 0 else (gates[0, 2 * hand], gates[0, 2 * hand + 1])
    gates[n, 0] = gates[n, 2] = ax + x
    gates[n, 1] = gates[n, 3] = ay + y
    bends = np.empty((n + 1, 2), dtype=np.int64)
    found = 0
    length = 0.0
    lx, ly, rx, ry = ax, ay, ax, ay
    left = right = -1
    k = 0
    while k <= n:
        gx, gy = gates[k, 2], gates[k, 3]
        if _turn(ax, ay, rx, ry, gx, gy) >= 0:
            if (rx == ax and ry == ay) or _turn(ax, ay, lx, ly, gx, gy) < 0:
                rx, ry, right = gx, gy, k
            else:
                length += np.hypot((lx - ax) * pixel[0], (ly - ay) * pixel[1])
                bends[found, 0] = left
                bends[found, 1] = 0
                found += 1
                ax, ay = rx, ry = lx, ly
                k = left + 1
                right = left
                continue
        gx, gy = gates[k, 0], gates[k, 1]
        if _turn(ax, ay, lx, ly, gx, gy) <= 0:
            if (lx == ax and ly == ay) or _turn(ax, ay, rx, ry, gx, gy) > 0:
                lx, ly, left = gx, gy, k
            else:
                length += np.hypot((rx - ax) * pixel[0], (ry - ay) * pixel[1])
                bends[found, 0] = right
                bends[found, 1] = 1
                found += 1
                ax, ay = lx, ly = rx, ry
                k = right + 1
                left = right
                continue
        k += 1
    length += np.hypot((gates[n, 0] - ax) * pixel[0], (gates[n, 1] - ay) * pixel[1])
    half = found // 2
    gate, side = (bends[half, 0], bends[half, 1]) if found > 0 else (-1, -1)
    return 0.5 * length, gate, side
