"""Cells and lists: linear in N, blocks, and the order of the slots."""

from itertools import pairwise

import numpy as np
import pytest

import vortexmd as vmd
from vortexmd import neighbors

REACH = 3.4


def listed(n, lengths, boundary="periodic"):
    """(pairs listed, pairs looked at) for n random vortices, block by block."""
    box = vmd.Box(lengths, boundary)
    state = vmd.random_vortices(n, box=box, seed=1)
    cells = neighbors.cut_cells(state.positions, box, REACH)
    order, start = neighbors.slot_order(state.positions, state.ids, cells)
    positions = state.positions[order]
    edges = neighbors.block_edges(n)
    pairs = sum(
        neighbors.list_pairs(positions, start, cells, REACH, int(a), int(b)).neighbors.size
        for a, b in pairwise(edges)
    )
    occupancy = np.diff(start).reshape(cells.count)
    reach = [2 if count > 1 else 0 for count in cells.count]
    around = sum(
        np.roll(occupancy, (i, j), (0, 1))
        for i in range(-reach[0], reach[0] + 1)
        for j in range(-reach[1], reach[1] + 1)
    )
    return pairs, int((occupancy * around).sum())


def test_work_grows_with_n_not_with_its_square():
    """At one density: listed and inspected pairs per vortex stay the same from 10³ to 10⁵."""
    per_vortex = []
    for n in (1_000, 10_000, 100_000):
        side = np.sqrt(n)
        pairs, candidates = listed(n, (side, side))
        per_vortex.append((pairs / n, candidates / n))
    (first, seen), (last, seen_last) = per_vortex[0], per_vortex[-1]
    disk = np.pi * REACH**2
    # Half the disk each, and the other half too where a pair straddles two blocks.
    assert 0.45 * disk < first < 0.75 * disk and last < 1.1 * first
    # 25 cells of at least (reach/2)²: at most a few disks full are looked at.
    assert seen_last < 1.15 * seen and seen < 2.6 * disk


@pytest.mark.parametrize("lengths", [(5_000.0, 8.0), (8.0, 5_000.0), (20_000.0, 2.0)])
def test_strips_are_cut_along_their_length(lengths):
    n = 10_000
    pairs, candidates = listed(n, lengths, "open")
    per_length = n / max(lengths)
    assert candidates / n < 2.5 * 2 * REACH * per_length
    assert pairs / n <= 0.75 * 2 * REACH * per_length


def test_a_nearly_empty_box_has_no_more_cells_than_it_needs():
    box = vmd.Box((1e6, 1e6))
    cells = neighbors.cut_cells(np.array([[1.0, 1.0], [5e5, 5e5]]), box, REACH)
    assert np.prod(cells.count) < 1000


@pytest.mark.parametrize("n", [0, 1, 2047, 4095, 4096, 4097, 6143, 6144, 10**5, 10**6])
def test_blocks_cover_everybody_once(n):
    edges = neighbors.block_edges(n)
    assert edges[0] == 0 and edges[-1] == n and np.all(np.diff(edges) >= 0)
    assert len(edges) - 1 <= neighbors.MAX_BLOCKS
    if n < 2 * neighbors.MIN_BLOCK:
        assert len(edges) == 2


def test_slot_order_depends_on_positions_and_ids_only():
    """Whatever the order of the rows: by cell, within a cell by id, crowded cells too."""
    rng = np.random.default_rng(2)
    box = vmd.Box((30.0, 20.0))
    r = np.concatenate((rng.random((300, 2)) * box.lengths, 5 + rng.random((200, 2))))
    ids = rng.permutation(10_000)[:500]
    seen = []
    for _ in range(3):
        rows = rng.permutation(500)
        cells = neighbors.cut_cells(r[rows], box, REACH)
        order, start = neighbors.slot_order(r[rows], ids[rows], cells)
        seen.append(ids[rows][order])
        for a, b in pairwise(start):
            assert np.all(np.diff(seen[-1][a:b]) > 0)
    assert np.array_equal(seen[0], seen[1]) and np.array_equal(seen[0], seen[2])
