"""Vortices among pinning regions, in compiled loops: which region, walls they cannot pass, hops.

The partition comes as a `RegionGrid`: cells that know their label, or the polygons that may hold a point, and
the walls near them. All loops stand in this file, because numba's cache does not follow calls into others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# What lies behind a wall at the end of an axis.
OUTSIDE, INSULATED = -1, -2
# A path of more straight legs than this, from wall to wall or over a `margin`, is given up: the vortex
# stays where it is.
MOST_LEGS = 10_000
# λ: a path that ends so near to a wall is looked at closely, for rounding.
TOUCH = 1e-9


class RegionGrid(NamedTuple):
    """A partition of the box as `locate` and `confine` read it.

    Cells are numbered ix·cells[1] + iy; points are folded into the box along periodic axes first.

    Attributes
    ----------
    lengths, periodic
        Of the box, in λ; of its axes.
    cells, width
        Number of cells along each axis; their sides in λ.
    uniform
        (C,) the region of the whole cell, or −1 where there may be several.
    clearance
        (C,) λ: no wall is nearer than this to any point of the cell.
    margin
        λ: the walls listed for a cell are all those nearer than this to any of its points.
    near_start, near, near_ends
        (C + 1,), (K,), (K, 4): of cell c, walls near[near_start[c]:near_start[c + 1]], and where their ends
        lie as seen from there, in λ: those of the wall, or of a periodic copy.
    walls, sides
        (W, 4) x1, y1, x2, y2 in λ; (W, 2) the region on the left and on the right of that direction, OUTSIDE
        behind an open end of the box, INSULATED behind a reflecting one.
    candidate_start, candidates
        (C + 1,), (K',): the polygons that may hold a point of the cell.
    corner_start, corners
        (P + 1,), (V, 2) λ: polygon p has corners[corner_start[p]:corner_start[p + 1]].
    region_of
        (P,) which region a polygon belongs to.
    background
        The region of points in no polygon, or −1.
    pixels
        (nx, ny) labels of a raster; (0, 0) if the partition is made of polygons.
    """

    # Tuples, not arrays: an array of a tuple is a counted reference, which costs as much as all the rest.
    lengths: tuple[float, float]
    periodic: tuple[bool, bool]
    cells: tuple[int, int]
    width: tuple[float, float]
    uniform: NDArray[np.int32]
    clearance: NDArray[np.float64]
    margin: float
    near_start: NDArray[np.int64]
    near: NDArray[np.int32]
    near_ends: NDArray[np.float64]
    walls: NDArray[np.float64]
    sides: NDArray[np.int32]
    candidate_start: NDArray[np.int64]
    candidates: NDArray[np.int32]
    corner_start: NDArray[np.int64]
    corners: NDArray[np.float64]
    region_of: NDArray[np.int32]
    background: int
    pixels: NDArray[np.int32]


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(value, length, periodic):
    if periodic and (value < 0.0 or value >= length):
        value -= np.floor(value / length) * length
        # Rounding can give the length itself; the box is half open.
        if value >= length or value < 0.0:
            value = 0.0
    return value


@njit(cache=True, nogil=True, error_model="numpy")
def _cell(x, y, grid):
    """Cell of a folded point; points beyond an end belong to the last cell before it."""
    ix = min(max(int(x / grid.width[0]), 0), grid.cells[0] - 1)
    iy = min(max(int(y / grid.width[1]), 0), grid.cells[1] - 1)
    return ix * grid.cells[1] + iy


@njit(cache=True, nogil=True, error_model="numpy")
def _holds(x, y, corners, first, last):
    """Whether a polygon holds a point; a point on a shared edge is in exactly one of the two."""
    inside = False
    j = last - 1
    for i in range(first, last):
        # From the lower corner up, so that both neighbours of an edge compute the same crossing.
        a, b = (i, j) if corners[i, 1] < corners[j, 1] else (j, i)
        if corners[a, 1] <= y < corners[b, 1]:
            across = corners[a, 0] + (y - corners[a, 1]) / (corners[b, 1] - corners[a, 1]) * (
                corners[b, 0] - corners[a, 0]
            )
            if x < across:
                inside = not inside
        j = i
    return inside


@njit(cache=True, nogil=True, error_model="numpy")
def locate(x, y, grid):
    """Region of a point in λ; −1 beyond an end of the box."""
    x = _fold(x, grid.lengths[0], grid.periodic[0])
    y = _fold(y, grid.lengths[1], grid.periodic[1])
    if not (0.0 <= x <= grid.lengths[0] and 0.0 <= y <= grid.lengths[1]):
        return OUTSIDE
    # The far end of an axis belongs to the box, but to no polygon's half-open interior.
    x = min(x, np.nextafter(grid.lengths[0], 0.0))
    y = min(y, np.nextafter(grid.lengths[1], 0.0))
    if grid.pixels.shape[0] > 0:
        nx, ny = grid.pixels.shape
        ix = min(int(x / grid.lengths[0] * nx), nx - 1)
        iy = min(int(y / grid.lengths[1] * ny), ny - 1)
        return grid.pixels[ix, iy]
    c = _cell(x, y, grid)
    if grid.uniform[c] >= 0:
        return grid.uniform[c]
    for k in range(grid.candidate_start[c], grid.candidate_start[c + 1]):
        p = grid.candidates[k]
        if _holds(x, y, grid.corners, grid.corner_start[p], grid.corner_start[p + 1]):
            return grid.region_of[p]
    if grid.background >= 0:
        return grid.background
    # In a crack that rounding left between two slanted edges: the nearest wall's own region.
    nearest = np.inf
    found = grid.region_of[grid.candidates[grid.candidate_start[c]]]
    for k in range(grid.near_start[c], grid.near_start[c + 1]):
        w = grid.near[k]
        x1, y1 = grid.near_ends[k, 0], grid.near_ends[k, 1]
        ex, ey = grid.near_ends[k, 2] - x1, grid.near_ends[k, 3] - y1
        t = min(max(((x - x1) * ex + (y - y1) * ey) / (ex * ex + ey * ey), 0.0), 1.0)
        gap = (x - x1 - t * ex) ** 2 + (y - y1 - t * ey) ** 2
        if gap < nearest and grid.sides[w, 0] >= 0:
            nearest = gap
            found = grid.sides[w, 0]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def label_all(positions, grid, out):
    """Region of each of the positions (N, 2) in λ, written to `out` (N,) int32."""
    (lx, ly), (turns_x, turns_y) = grid.lengths, grid.periodic
    (columns, rows), (width_x, width_y) = grid.cells, grid.width
    uniform = grid.uniform
    whole = grid.pixels.shape[0] == 0
    for i in range(positions.shape[0]):
        x = _fold(positions[i, 0], lx, turns_x)
        y = _fold(positions[i, 1], ly, turns_y)
        found = -1
        if whole and 0.0 <= x < lx and 0.0 <= y < ly:
            ix, iy = min(int(x / width_x), columns - 1), min(int(y / width_y), rows - 1)
            found = uniform[ix * rows + iy]
        # The call with a whole grid costs more than all this.
        out[i] = found if found >= 0 else locate(x, y, grid)


@njit(cache=True, nogil=True, error_model="numpy")
def wall_distances(positions, grid, out):
    """λ from each of the positions (N, 2) to the nearest wall, `margin` at most, written to `out` (N,)."""
    (lx, ly), (turns_x, turns_y) = grid.lengths, grid.periodic
    (columns, rows), (width_x, width_y) = grid.cells, grid.width
    near_start, near_ends = grid.near_start, grid.near_ends
    for i in range(positions.shape[0]):
        x = _fold(positions[i, 0], lx, turns_x)
        y = _fold(positions[i, 1], ly, turns_y)
        ix = min(max(int(x / width_x), 0), columns - 1)
        iy = min(max(int(y / width_y), 0), rows - 1)
        c = ix * rows + iy
        gap2 = grid.margin**2
        for k in range(near_start[c], near_start[c + 1]):
            dx, dy = x - near_ends[k, 0], y - near_ends[k, 1]
            ex, ey = near_ends[k, 2] - near_ends[k, 0], near_ends[k, 3] - near_ends[k, 1]
            t = min(max((dx * ex + dy * ey) / (ex * ex + ey * ey), 0.0), 1.0)
            gap2 = min(gap2, (dx - t * ex) ** 2 + (dy - t * ey) ** 2)
        out[i] = max(np.sqrt(gap2) - TOUCH, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def confine(positions, moves, mirrors, flowing, reference, distances, grid):
    """Bend displacements so that no vortex passes a wall: each is reflected like light.

    Straight paths with mirror reflection keep a uniform density uniform and every path reversible, whatever
    the shape of a region (Liouville). A vortex whose noise is correlated from step to step needs its noise
    mirrored with it.

    Parameters
    ----------
    positions
        (N, 2) in λ.
    moves
        (N, 2) in λ, changed in place.
    mirrors
        (N, 2, 2): the orthogonal matrix that has turned each vortex's noise so far, changed in place.
    flowing
        (R,) regions above B_m whose walls are open both ways; all False to keep everybody in.
    reference, distances
        (N, 2), (N,): no wall is nearer to a vortex's reference than its distance, in λ. Who begins and ends
        within that disc meets none.
    grid
        The partition.

    Returns
    -------
    How many have passed a wall of a flowing region.
    """
    passed = 0
    # Taken out once: arrays in a tuple are counted references.
    (lx, ly), (turns_x, turns_y) = grid.lengths, grid.periodic
    (columns, rows), (width_x, width_y) = grid.cells, grid.width
    clearance, margin = grid.clearance, grid.margin
    near_start, near_ends = grid.near_start, grid.near_ends
    for i in range(positions.shape[0]):
        vx, vy = moves[i, 0], moves[i, 1]
        ax, ay = positions[i, 0] - reference[i, 0], positions[i, 1] - reference[i, 1]
        disc2 = distances[i] ** 2
        if ax * ax + ay * ay < disc2 and (ax + vx) ** 2 + (ay + vy) ** 2 < disc2:
            continue
        size2 = vx * vx + vy * vy
        x = _fold(positions[i, 0], lx, turns_x)
        y = _fold(positions[i, 1], ly, turns_y)
        ix = min(max(int(x / width_x), 0), columns - 1)
        iy = min(max(int(y / width_y), 0), rows - 1)
        c = ix * rows + iy
        if size2 < clearance[c] ** 2:
            continue
        meets = size2 > margin * margin
        for k in range(near_start[c], near_start[c + 1]):
            dx, dy = x - near_ends[k, 0], y - near_ends[k, 1]
            ex, ey = near_ends[k, 2] - near_ends[k, 0], near_ends[k, 3] - near_ends[k, 1]
            # On which side of the wall's line the path begins and ends.
            first = ex * dy - ey * dx
            second = first + ex * vy - ey * vx
            touch = TOUCH * (abs(ex) + abs(ey))
            # Without branches, which nobody could predict.
            meets |= not ((first > touch) & (second > touch) | (first < -touch) & (second < -touch))
        if meets:
            passed += _bend(i, x, y, positions, moves, mirrors, flowing, grid)
    return passed


@njit(cache=True, nogil=True, error_model="numpy")
def _bend(i, x0, y0, positions, moves, mirrors, flowing, grid):
    """`confine` for vortex i, folded to (x0, y0), which may meet a wall; how many walls it has passed."""
    lx, ly = grid.lengths[0], grid.lengths[1]
    vx, vy = moves[i, 0], moves[i, 1]
    here = locate(x0, y0, grid)
    x, y = x0, y0
    passed = 0
    straight = True
    # Boxes taken off on the way.
    off_x, off_y = 0.0, 0.0
    m00, m01, m10, m11 = 1.0, 0.0, 0.0, 1.0
    arrived = False
    for _ in range(MOST_LEGS):
        size = np.sqrt(vx * vx + vy * vy)
        if size == 0.0:
            arrived = True
            break
        reach = min(1.0, grid.margin / size)
        best = reach
        wall = -1
        c = _cell(x, y, grid)
        for k in range(grid.near_start[c], grid.near_start[c + 1]):
            x1, y1 = grid.near_ends[k, 0], grid.near_ends[k, 1]
            ex, ey = grid.near_ends[k, 2] - x1, grid.near_ends[k, 3] - y1
            # (x, y) + t v = (x1, y1) + q e; towards the left of the wall where det > 0.
            det = ex * vy - ey * vx
            w = grid.near[k]
            home = here == grid.sides[w, 0] if det > 0.0 else here == grid.sides[w, 1]
            # Along the wall, or away from it: so that none is met twice running.
            if det == 0.0 or home:
                continue
            t = (ey * (x - x1) - ex * (y - y1)) / det
            if t < 0.0 or t >= best:
                continue
            q = (vy * (x - x1) - vx * (y - y1)) / det
            if 0.0 <= q <= 1.0:
                best = t
                wall = w
        x += best * vx
        y += best * vy
        vx *= 1.0 - best
        vy *= 1.0 - best
        if wall < 0:
            if reach == 1.0:
                arrived = True
                break
        else:
            straight = False
            left, right = grid.sides[wall, 0], grid.sides[wall, 1]
            beyond = right if here == left else left
            opened = flowing[here] or (beyond >= 0 and flowing[beyond])
            if opened and beyond != INSULATED:
                here = beyond
                passed += 1
                if beyond == OUTSIDE:
                    x += vx
                    y += vy
                    arrived = True
                    break
            else:
                ex = grid.walls[wall, 2] - grid.walls[wall, 0]
                ey = grid.walls[wall, 3] - grid.walls[wall, 1]
                norm = 1.0 / np.sqrt(ex * ex + ey * ey)
                nx, ny = -ey * norm, ex * norm
                along = 2.0 * (vx * nx + vy * ny)
                vx -= along * nx
                vy -= along * ny
                a, b = nx * m00 + ny * m10, nx * m01 + ny * m11
                m00 -= 2.0 * nx * a
                m10 -= 2.0 * ny * a
                m01 -= 2.0 * nx * b
                m11 -= 2.0 * ny * b
        fx = _fold(x, lx, grid.periodic[0])
        fy = _fold(y, ly, grid.periodic[1])
        off_x += x - fx
        off_y += y - fy
        x, y = fx, fy
    if not straight:
        moves[i, 0] = x + off_x - x0
        moves[i, 1] = y + off_y - y0
    # Through a corner, or a crack of rounding: stay, and try again with the next noise. What is asked is
    # where the sum as it will be stored lies.
    if not arrived or (
        here >= 0
        and locate(positions[i, 0] + moves[i, 0], positions[i, 1] + moves[i, 1], grid) != here
    ):
        moves[i, 0] = 0.0
        moves[i, 1] = 0.0
        return 0
    if not (m00 == 1.0 and m11 == 1.0):
        a, b = mirrors[i, 0, 0], mirrors[i, 1, 0]
        mirrors[i, 0, 0] = m00 * a + m01 * b
        mirrors[i, 1, 0] = m10 * a + m11 * b
        a, b = mirrors[i, 0, 1], mirrors[i, 1, 1]
        mirrors[i, 0, 1] = m00 * a + m01 * b
        mirrors[i, 1, 1] = m10 * a + m11 * b
    return passed


class Activation(NamedTuple):
    """The laws of the regions and what they are filled with, as `attempt_hops` reads and updates them.

    Attributes
    ----------
    area, b_max, alpha, power
        (R,) as in `flux_exchange.laws`; `power` is NaN where a table stands for the law.
    clamp
        Whether U ≥ 0 holds above B_m.
    table_row, table
        (R,) row of a law from a function, or −1; (rows, K) its e^{−U/kT} at k quanta.
    quanta, number
        (R,) flux quanta, Σ|n|, and vortices in each region; updated.
    factor
        (R,) e^{−U/kT} now; updated.
    exposure
        (R,) ∫ number · e^{−U/kT} dt in τ; added to.
    """

    area: NDArray[np.float64]
    b_max: NDArray[np.float64]
    alpha: NDArray[np.float64]
    power: NDArray[np.float64]
    clamp: bool
    table_row: NDArray[np.int64]
    table: NDArray[np.float64]
    quanta: NDArray[np.int64]
    number: NDArray[np.int64]
    factor: NDArray[np.float64]
    exposure: NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def arrhenius_factor(region, activation):
    """e^{−U/kT} of a region as full as it is now."""
    quanta = activation.quanta[region]
    row = activation.table_row[region]
    if row >= 0:
        return activation.table[row, quanta]
    b = quanta / activation.area[region]
    b_max = activation.b_max[region]
    alpha = activation.alpha[region]
    m = activation.power[region]
    if alpha == 0.0 or (activation.clamp and b >= b_max):
        return 1.0
    if b == 0.0 and m >= 0.0:
        return 0.0
    if m == -1.0:
        return np.exp(-alpha * (1.0 - b / b_max))
    x = np.log(b_max / b)
    if m == 0.0:
        return np.exp(-alpha * x)
    return np.exp(-alpha * np.expm1(m * x) / m)


@njit(cache=True, nogil=True, error_model="numpy")
def all_factors(activation):
    """Bring `factor` of every region up to date."""
    for region in range(activation.factor.shape[0]):
        activation.factor[region] = arrhenius_factor(region, activation)


# Why `attempt_hops` comes back.
DONE, MORE_NUMBERS, ENTRY, EXIT, WEIGH = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True, error_model="numpy")
def change_content(region, vortices, quanta, time, since, activation):
    """Put vortices (and flux quanta) into a region, or take them out, at `time`."""
    activation.exposure[region] += (
        (time - since[region]) * activation.number[region] * activation.factor[region]
    )
    since[region] = time
    activation.number[region] += vortices
    activation.quanta[region] += quanta
    activation.factor[region] = arrhenius_factor(region, activation)


@njit(cache=True, nogil=True, error_model="numpy")
def _crowded(x, y, but, positions, grid, distance, slots, sorted_):
    """Whether some vortex other than `but` is nearer to a point than a distance.

    `slots` are the `SlotCells` of the neighbour list; unless `sorted_` they do not hold, and all vortices are
    looked at.
    """
    lx, ly = grid.lengths
    # Positions may have left a periodic box since they were last folded.
    per_x = 1.0 / lx if grid.periodic[0] else 0.0
    per_y = 1.0 / ly if grid.periodic[1] else 0.0
    reach = distance + slots.slack
    beside_a = int(np.ceil(reach / slots.width[0])) if sorted_ else 0
    beside_b = int(np.ceil(reach / slots.width[1])) if sorted_ else 0
    # Cells that are met twice, around a short axis, are more than all.
    look = sorted_ and 2 * beside_a < slots.cells[0] and 2 * beside_b < slots.cells[1]
    rows = columns = kinds = 1
    row = column = 0
    if look:
        x = _fold(x, lx, grid.periodic[0])
        y = _fold(y, ly, grid.periodic[1])
        a, b = (x, y) if slots.major == 0 else (y, x)
        row = min(max(int((a - slots.origin[0]) / slots.width[0]), 0), slots.cells[0] - 1)
        column = min(max(int((b - slots.origin[1]) / slots.width[1]), 0), slots.cells[1] - 1)
        rows, columns, kinds = 2 * beside_a + 1, 2 * beside_b + 1, slots.species
    for da in range(rows * kinds):
        for db in range(columns):
            first, last = 0, positions.shape[0]
            if look:
                r, c = row + da // kinds - beside_a, column + db - beside_b
                if slots.periodic[0]:
                    r %= slots.cells[0]
                if slots.periodic[1]:
                    c %= slots.cells[1]
                if not (0 <= r < slots.cells[0] and 0 <= c < slots.cells[1]):
                    continue
                cell = (r * kinds + da % kinds) * slots.cells[1] + c
                first = slots.start[cell]
                last = slots.start[cell + 1]
            for j in range(first, last):
                dx = x - positions[j, 0]
                dx -= lx * np.rint(dx * per_x)
                if abs(dx) < distance:
                    dy = y - positions[j, 1]
                    dy -= ly * np.rint(dy * per_y)
                    if dx * dx + dy * dy < distance * distance and j != but:
                        return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def attempt_hops(
    positions,
    winding,
    grid,
    open_ends,
    rate,
    distance,
    entry_rate,
    min_distance,
    slots,
    weigh,
    begin,
    end,
    numbers,
    since,
    activation,
    who,
    regions,
    when,
    points,
    drift,
):
    """Exact stochastic hops over interfaces between two times, vortices otherwise at rest.

    Every vortex attempts a displacement ±s along the axes, each at the rate ½ν₀e^{−U/kT} of its region; it is
    carried out only if the region changes. Attempts are drawn from the largest rate there is and thinned, so
    that the process is exact and nobody near an interface has to be looked for.

    Parameters
    ----------
    positions, winding
        (N, 2) λ, changed in place; (N,).
    grid
        The partition.
    open_ends
        (2,) whether vortices can leave at the ends of an axis.
    rate, distance
        ν₀ in 1/τ, s in λ.
    entry_rate
        Vortices per τ that come in through all open ends.
    min_distance
        λ: no hop or entry begins or ends nearer than this to another vortex.
    slots
        The `SlotCells` of the neighbour list; not valid once rows have changed.
    weigh
        Come back before every hop, for its energy to be weighed.
    begin, end
        Times in τ.
    numbers
        (K, 4) uniform in (0, 1]: one row an attempt.
    since
        (R,) up to when `exposure` has been added up.
    activation
        The regions; content, factors and exposure are updated.
    who, regions, when, points
        (K,), (K, 2), (K,), (K, 2) written: slot (−1 for a newcomer), region before and after (OUTSIDE), time,
        and landing point in λ of each hop.
    drift
        (2, 2), added to: the mean of Δr and of n·Δr over the vortices, in λ.

    Returns
    -------
    why : DONE, MORE_NUMBERS, ENTRY or EXIT (the last one recorded), or WEIGH (one more is recorded, but
        neither carried out nor counted)
    time : how far it came
    used : rows of `numbers` used up
    hops : how many were recorded
    chance : WEIGH: a uniform number in (0, 1] that is independent of all else
    """
    lx, ly = grid.lengths
    n = positions.shape[0]
    bound = 0.0
    for region in range(activation.factor.shape[0]):
        bound = max(bound, activation.factor[region])
    time = begin
    sorted_ = slots.valid
    hops = 0
    for k in range(numbers.shape[0]):
        hopping = 2.0 * rate * n * bound
        total = hopping + entry_rate
        if total == 0.0:
            return DONE, end, k, hops, 0.0
        time -= np.log(numbers[k, 0]) / total
        if time >= end:
            return DONE, end, k, hops, 0.0
        pick = numbers[k, 1] * total
        if pick > hopping:
            # Along the open ends, one after the other, and a depth below s.
            along = numbers[k, 2] * (2.0 * ly * open_ends[0] + 2.0 * lx * open_ends[1])
            depth = numbers[k, 3] * distance
            if open_ends[0] and along <= 2.0 * ly:
                x = depth if along <= ly else lx - depth
                y = along if along <= ly else along - ly
            else:
                along -= 2.0 * ly * open_ends[0]
                y = depth if along <= lx else ly - depth
                x = along if along <= lx else along - lx
            there = locate(x, y, grid)
            if min_distance > 0.0 and _crowded(
                x, y, -1, positions, grid, min_distance, slots, sorted_
            ):
                continue
            change_content(there, 1, 1, time, since, activation)
            who[hops] = -1
            regions[hops, 0] = OUTSIDE
            regions[hops, 1] = there
            when[hops] = time
            points[hops, 0] = x
            points[hops, 1] = y
            return ENTRY, time, k + 1, hops + 1, 0.0
        i = min(int(pick / hopping * n), n - 1)
        x, y = positions[i, 0], positions[i, 1]
        here = locate(x, y, grid)
        chance = (
            numbers[k, 3] * bound / activation.factor[here] if activation.factor[here] > 0 else 2.0
        )
        if chance > 1.0:
            continue
        direction = min(int(4.0 * numbers[k, 2]), 3)
        axis = direction // 2
        step = distance if direction % 2 == 0 else -distance
        if axis == 0:
            x += step
        else:
            y += step
        there = locate(x, y, grid)
        if there == here or (there == OUTSIDE and not open_ends[axis]):
            continue
        # Both ends of a hop have to be free: what could not be undone would break detailed balance.
        if min_distance > 0.0 and (
            _crowded(
                positions[i, 0], positions[i, 1], i, positions, grid, min_distance, slots, sorted_
            )
            or (
                there != OUTSIDE
                and _crowded(x, y, i, positions, grid, min_distance, slots, sorted_)
            )
        ):
            continue
        who[hops] = i
        regions[hops, 0] = here
        regions[hops, 1] = there
        when[hops] = time
        points[hops, 0] = x
        points[hops, 1] = y
        if weigh:
            return WEIGH, time, k + 1, hops, chance
        quanta = abs(winding[i])
        positions[i, axis] += step
        if sorted_:
            # Not if somebody may be further from his cell than it takes to find him.
            ax, ay = (
                positions[i, 0] - slots.reference[i, 0],
                positions[i, 1] - slots.reference[i, 1],
            )
            sorted_ = ax * ax + ay * ay <= slots.slack**2
        drift[0, axis] += step / n
        drift[1, axis] += winding[i] * step / n
        change_content(here, -1, -quanta, time, since, activation)
        bound = max(bound, activation.factor[here])
        hops += 1
        if there == OUTSIDE:
            return EXIT, time, k + 1, hops, 0.0
        change_content(there, 1, quanta, time, since, activation)
        bound = max(bound, activation.factor[there])
    return MORE_NUMBERS, time, numbers.shape[0], hops, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def finish_exposure(time, since, activation):
    """Add up the exposure of every region to `time`."""
    for region in range(since.shape[0]):
        activation.exposure[region] += (
            (time - since[region]) * activation.number[region] * activation.factor[region]
        )
        since[region] = time
