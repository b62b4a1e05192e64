"""Whole vortices hopping between regions one at a time, in a compiled loop: Gillespie's direct method.

D. T. Gillespie, J. Phys. Chem. 81, 2340 (1977). The rates at which regions are left are the leaves of a tree
in which every node is the sum of its four children, summed afresh at each change: unlike a running sum it
cannot drift, however far the rates fall, and it is a function of the counts alone.

The outside is node R of the graph: it is left at a constant rate and its count is not kept. All loops stand
in this file, because numba's cache does not follow calls into others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Why `advance` returned.
DONE, PAUSED, UNCOVERED, ABOVE, UNBOUNDED = 0, 1, 2, 3, 4
# What `state` holds: which run of the block, its next event (−1: not begun), the next time to record, the
# region that the return is about.
RUN, EVENT, RECORD, REGION = 0, 1, 2, 3


class Rates(NamedTuple):
    """How fast regions are left: windows of tables that follow the counts, and how to fill them.

    Attributes
    ----------
    low, table
        (R,), (R, width): region i is left at the rate table[i, N_i − low[i]], 1/time; NaN forbids that count.
    most
        No region holds more vortices; −1: no bound.
    quantum, scale
        (R,) Φ₀/A_i, the field of one vortex; Σ_j c_ij/Φ₀, the rate over W.
    power, alpha, b_max
        (R,) m, α and B_m of the laws; `power` is NaN where the law is a function.
    clamp
        U ≥ 0 above B_m.
    allowed
        (R,) fields above this are forbidden.
    """

    low: NDArray[np.int64]
    table: NDArray[np.float64]
    most: int
    quantum: NDArray[np.float64]
    scale: NDArray[np.float64]
    power: NDArray[np.float64]
    alpha: NDArray[np.float64]
    b_max: NDArray[np.float64]
    clamp: bool
    allowed: NDArray[np.float64]


class Plan(NamedTuple):
    """What a block of runs has in common.

    Attributes
    ----------
    counts
        (R,) vortices at the start.
    times
        (T,) when to record.
    insertion
        Rate at which vortices come in from outside, all together.
    seed, stream, first_run
        Key and counter of the random numbers; the block's runs are first_run, first_run + 1, ….
    """

    counts: NDArray[np.int64]
    times: NDArray[np.float64]
    insertion: float
    seed: np.uint64
    stream: np.uint32
    first_run: int


class Records(NamedTuple):
    """What a block of n runs leaves: counts (n, T, R), entered and left (n, T), events (n,)."""

    counts: NDArray[np.int64]
    entered: NDArray[np.int64]
    left: NDArray[np.int64]
    events: NDArray[np.int64]


@njit(cache=True, nogil=True, error_model="numpy")
def exchange_flux(b, power, alpha, b_max, clamp):
    """W(B) at B > 0: `laws.LawArray.flux` of one region."""
    if alpha == 0.0 or (clamp and b > b_max):
        return b
    if power == -1.0:
        u = alpha * (1.0 - b / b_max)
    elif power == 0.0:
        u = alpha * np.log(b_max / b)
    else:
        u = alpha * np.expm1(power * np.log(b_max / b)) / power
    return b * np.exp(-u)


@njit(cache=True, nogil=True, error_model="numpy")
def window_start(rates, count):
    """First count of a window around `count`."""
    width = rates.table.shape[1]
    low = count - width // 2
    if rates.most >= 0:
        low = min(low, rates.most + 1 - width)
    return max(0, low)


@njit(cache=True, nogil=True, error_model="numpy")
def cover(rates, i, count):
    """Move the window of region i to around `count`; False where the law is a function."""
    if np.isnan(rates.power[i]):
        return False
    low = window_start(rates, count)
    rates.low[i] = low
    for k in range(rates.table.shape[1]):
        b = (low + k) * rates.quantum[i]
        rate = 0.0
        if b > rates.allowed[i]:
            rate = np.nan
        elif b > 0.0:
            w = exchange_flux(b, rates.power[i], rates.alpha[i], rates.b_max[i], rates.clamp)
            rate = rates.scale[i] * w
        rates.table[i, k] = rate
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _make_room(rates, counts, source, target):
    """Move windows such that a hop stays in them; the region that this cannot be done for, or −1."""
    n, width = rates.table.shape
    drained = source < n and counts[source] == rates.low[source]
    if drained and not cover(rates, source, counts[source] - 1):
        return source
    filled = target < n and counts[target] + 1 == rates.low[target] + width
    if filled and not cover(rates, target, counts[target] + 1):
        return target
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def uniforms(seed, stream, run, event):
    """Three uniform numbers of 40, 48 and 40 bits, the first in (0, 1], the others in [0, 1).

    Philox4x32-10 on counter (run, event low, event high, stream), the rounds of `random_numbers.philox4x32`.
    """
    low = np.uint64(0xFFFFFFFF)
    x0, x1 = np.uint64(run) & low, np.uint64(event) & low
    x2, x3 = np.uint64(event) >> np.uint64(32), np.uint64(stream)
    key0, key1 = seed & low, seed >> np.uint64(32)
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * x0
        p1 = np.uint64(0xCD9E8D57) * x2
        x0, x1, x2, x3 = (
            (p1 >> np.uint64(32)) ^ x1 ^ key0,
            p1 & low,
            (p0 >> np.uint64(32)) ^ x3 ^ key1,
            p0 & low,
        )
        key0 = (key0 + np.uint64(0x9E3779B9)) & low
        key1 = (key1 + np.uint64(0xBB67AE85)) & low
    a = (x0 << np.uint64(8)) | (x3 >> np.uint64(24))
    b = (x1 << np.uint64(16)) | ((x3 >> np.uint64(8)) & np.uint64(0xFFFF))
    c = (x2 << np.uint64(8)) | (x3 & np.uint64(0xFF))
    return (
        (np.float64(np.int64(a)) + 1.0) * 2.0**-40,
        np.float64(np.int64(b)) * 2.0**-48,
        np.float64(np.int64(c)) * 2.0**-40,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_children(tree, node):
    c = 4 * node + 1
    tree[node] = (tree[c] + tree[c + 1]) + (tree[c + 2] + tree[c + 3])


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_above(tree, a, b):
    """Renew the sums on the way from leaves `a` and `b` to the root."""
    while a > 0:
        a, b = (a - 1) >> 2, (b - 1) >> 2
        _sum_children(tree, a)
        if b != a:
            _sum_children(tree, b)


@njit(cache=True, nogil=True, error_model="numpy")
def _descend(tree, first_leaf, x):
    """The leaf on which `x` falls, 0 ≤ x < the root's sum, with the leaves side by side."""
    node = 0
    while node < first_leaf:
        c = 4 * node + 1
        s1 = tree[c]
        s2 = s1 + tree[c + 1]
        s3 = s2 + tree[c + 2]
        if x < s2:
            if x < s1:
                node = c
            else:
                node, x = c + 1, x - s1
        elif x < s3:
            node, x = c + 2, x - s2
        else:
            node, x = c + 3, x - s3
    return node


@njit(cache=True, nogil=True, error_model="numpy")
def _begin(plan, rates, counts, tree):
    """Set a run to its start; the region whose rate the tables do not hold, or −1."""
    n = counts.shape[0]
    first_leaf = (tree.shape[0] - 1) // 4
    for i in range(n):
        counts[i] = plan.counts[i]
        inside = 0 <= counts[i] - rates.low[i] < rates.table.shape[1]
        if not (inside or cover(rates, i, counts[i])):
            return i
        tree[first_leaf + i] = rates.table[i, counts[i] - rates.low[i]]
    tree[first_leaf + n] = plan.insertion
    for node in range(first_leaf - 1, -1, -1):
        _sum_children(tree, node)
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def _channel(channels, node, u):
    """Where a vortex goes that leaves `node`, for u in [0, 1)."""
    first = channels.start[node]
    x = u * np.float64(channels.start[node + 1] - first)
    k = np.int64(x)
    e = first + k
    if x - np.float64(k) >= channels.accept[e]:
        e = channels.alias[e]
    return channels.target[e]


@njit(cache=True, nogil=True, error_model="numpy")
def _record(records, run, first, last, counts, tally):
    for k in range(first, last):
        records.counts[run, k, :] = counts
        records.entered[run, k] = tally[0]
        records.left[run, k] = tally[1]


@njit(cache=True, nogil=True, error_model="numpy")
def _run(plan, channels, rates, state, clock, counts, tally, tree, records, last_event):
    """Carry one run on to its last time, or to what stops it: why it stopped."""
    n, n_times = counts.shape[0], plan.times.shape[0]
    low, table = rates.low, rates.table
    width, first_leaf = table.shape[1], (tree.shape[0] - 1) // 4
    run, event, record, now = state[RUN], state[EVENT], state[RECORD], clock[0]
    reason = DONE
    while record < n_times:
        if event >= last_event:
            reason = PAUSED
            break
        if not tree[0] < np.inf:
            reason = UNBOUNDED
            break
        u_time, u_node, u_channel = uniforms(plan.seed, plan.stream, plan.first_run + run, event)
        # Where nothing can move, the next event is never.
        then = now - np.log(u_time) / tree[0] if tree[0] > 0.0 else np.inf
        if plan.times[record] < then:
            first = record
            while record < n_times and plan.times[record] < then:
                record += 1
            _record(records, run, first, record, counts, tally)
            continue
        leaf = _descend(tree, first_leaf, u_node * tree[0])
        if tree[leaf] == 0.0:
            # Rounding took us past the last node that can be left: draw again.
            event += 1
            continue
        source = leaf - first_leaf
        target = _channel(channels, source, u_channel)
        drained = source < n and counts[source] == low[source]
        if drained or (target < n and counts[target] + 1 == low[target] + width):
            missing = _make_room(rates, counts, source, target)
            if missing >= 0:
                state[REGION] = missing
                reason = UNCOVERED
                break
        if target < n:
            rate = table[target, counts[target] + 1 - low[target]]
            if np.isnan(rate):
                state[REGION] = target
                reason = ABOVE
                break
            counts[target] += 1
            tree[first_leaf + target] = rate
        else:
            tally[1] += 1
        if source < n:
            counts[source] -= 1
            tree[leaf] = table[source, counts[source] - low[source]]
        else:
            tally[0] += 1
        _sum_above(tree, leaf, first_leaf + target)
        records.events[run] += 1
        event += 1
        now = then
    state[EVENT], state[RECORD], clock[0] = event, record, now
    return reason


@njit(cache=True, nogil=True, error_model="numpy")
def advance(plan, channels, rates, state, clock, counts, tally, tree, records, budget):
    """Carry a block of runs on, the one in progress by at most `budget` events.

    Parameters
    ----------
    plan, channels
        What is simulated.
    rates
        Windows are moved where counts leave them, but for laws from functions.
    state, clock, counts, tally, tree
        (4,), (1,), (R,), (2,), (nodes,): the run in progress; state = (0, −1, 0, 0) begins.
    records
        Filled.

    Returns
    -------
    int
        DONE; PAUSED (budget used up); UNCOVERED (the window of region state[REGION] is to be moved around
        its count); ABOVE (that region must not gain another); UNBOUNDED (a rate is infinite). Nothing of an
        event that cannot be carried out is kept: a new call draws it again, the same.
    """
    used = 0
    while state[RUN] < records.events.shape[0]:
        if state[EVENT] < 0:
            missing = _begin(plan, rates, counts, tree)
            if missing >= 0:
                state[REGION] = missing
                return UNCOVERED
            clock[0] = 0.0
            state[EVENT] = state[RECORD] = tally[0] = tally[1] = records.events[state[RUN]] = 0
        before = state[EVENT]
        reason = _run(
            plan,
            channels,
            rates,
            state,
            clock,
            counts,
            tally,
            tree,
            records,
            before + budget - used,
        )
        if reason != DONE:
            return reason
        # Even a run without events takes time.
        used += state[EVENT] - before + 1
        state[RUN] += 1
        state[EVENT] = -1
        if used >= budget:
            return PAUSED
    return DONE
