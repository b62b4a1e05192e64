"""Rows, blocks, the order of the slots, and the list: every pair once, and work that is linear in N."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

import potentials as pot
import vortexmd as vmd
from vortexmd import neighbors, pair_kinds
from vortexmd.forces import PairForces
from vortexmd.kernels import listing
from vortexmd.kernels.vector import DOUBLE, SINGLE
from vortexmd.pair_kinds import PRECISIONS, sort_kinds
from vortexmd.pair_tables import build_tables
from vortexmd.population import Population

CUTOFF, SKIN = 2.5, 0.9
REACH = CUTOFF + SKIN
LAW = pot.London(f0=1.0, cutoff=CUTOFF)
CODES = ("double", "mixed", "plain")
PARAMS = ("double", "mixed", pytest.param("plain", marks=pytest.mark.slow))
pytestmark = pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")


@pytest.fixture(params=PARAMS)
def code(request, monkeypatch):
    """The precision; or "plain": double on a processor without vector code."""
    if request.param == "plain":
        monkeypatch.setattr(pair_kinds, "has_vector_code", lambda: False)
    return request.param


def pair_list(start, code="double", *, threads=1):
    """The engine's list of a configuration, made."""
    precision = "double" if code == "plain" else code
    windings = np.unique(start.winding).tolist()
    tables = build_tables(LAW, windings, [(a, b) for a in windings for b in windings])
    none = np.zeros((len(windings), len(windings)))
    kinds = sort_kinds(tables, none, none, precision)
    pairs = PairForces(Population.of(start), tables, kinds, SKIN, threads)
    pairs.ensure()
    return pairs


def scattered(n, lengths, boundary="periodic", *, seed=1, winding=1):
    r = np.random.default_rng(seed).random((n, 2)) * lengths
    return vmd.Vortices(r, winding, vmd.Box(lengths, boundary))


def listed(pairs):
    """(P, 2) slots of all pairs that the list holds, as it holds them."""
    found = []
    made, lanes, species = pairs.pairs, pairs.kinds.lanes, pairs.rows.species
    for k in range(len(made.halo)):
        first, last = (int(edge) for edge in made.edges[k : k + 2])
        start = made.start[first * species + k : last * species + k + 1].astype(int)
        owner = np.repeat(np.repeat(np.arange(first, last), species), np.diff(start))
        chunk, mask = made.chunk[start[0] : start[-1]], made.mask[start[0] : start[-1]].astype(int)
        which, lane = np.nonzero(mask[:, None] >> np.arange(lanes) & 1)
        found.append(np.column_stack((owner[which], chunk[which] + lane)))
    return np.concatenate(found) % len(pairs.species)


def near(start, distance):
    """The set of pairs of ids within a distance, by a k-d tree."""
    box = start.box
    sides = [length if p else 0.0 for length, p in zip(box.lengths, box.periodic, strict=True)]
    tree = cKDTree(start.positions, boxsize=sides if any(box.periodic) else None)
    found = start.ids[tree.query_pairs(distance, output_type="ndarray")]
    return {(min(a, b), max(a, b)) for a, b in found.tolist()}


def by_id(pairs, slots):
    ids = pairs._here.ids[slots]
    return [(min(a, b), max(a, b)) for a, b in ids.tolist()]


def clumps(boundary):
    """Crowded cells, and some alone."""
    rng = np.random.default_rng(3)
    spots = rng.random((6, 2)) * [40.0, 30.0]
    r = np.concatenate([spot + 0.3 * rng.random((45, 2)) for spot in spots])
    r = np.concatenate((r, rng.random((40, 2)) * [40.0, 30.0]))
    return vmd.Vortices(np.minimum(r, [39.99, 29.99]), 1, vmd.Box((40.0, 30.0), boundary))


def remote(boundary, scale):
    """Groups in a box whose cells are far larger than the reach."""
    rng = np.random.default_rng(4)
    r = np.concatenate((rng.random((50, 2)) * 6, rng.random((8, 2)) * scale))
    side = scale if boundary == "periodic" else 1.0
    return vmd.Vortices(r, 1, vmd.Box((side, side), boundary))


CASES = {
    "nobody near": lambda: vmd.Vortices([[1.0, 1.0], [9.0, 9.0]], 1, vmd.Box((20.0, 20.0))),
    "square": lambda: scattered(600, (26.0, 27.0)),
    "sparse": lambda: scattered(150, (60.0, 61.0)),
    "dense": lambda: scattered(250, (8.0, 9.0)),
    "two cutoffs wide": lambda: scattered(60, (5.0, 5.0)),
    "hardly a ring": lambda: scattered(150, (10.3, 10.2)),
    "long": lambda: scattered(500, (700.0, 5.0)),
    "tall": lambda: scattered(500, (5.1, 90.0)),
    "strip": lambda: scattered(400, (50.0, 8.0), ("periodic", "open")),
    "other strip": lambda: scattered(400, (50.0, 8.0), ("open", "periodic")),
    "walls": lambda: scattered(400, (20.0, 21.0), "reflecting"),
    "free": lambda: scattered(400, (20.0, 21.0), "free"),
    "clumps": lambda: clumps("periodic"),
    "free clumps": lambda: clumps("free"),
    "far apart": lambda: remote("free", 1e7),
    "in a huge box": lambda: remote("periodic", 1e6),
    "three species": lambda: scattered(
        500, (21.0, 22.0), winding=np.random.default_rng(1).choice([1, -1, 2], 500)
    ),
}


def every_case():
    """Each case in one code, and in the others in the slow tests."""
    cases = [
        pytest.param(case, code, marks=[] if k % 3 == c else pytest.mark.slow)
        for k, case in enumerate(CASES)
        for c, code in enumerate(CODES)
    ]
    return pytest.mark.parametrize(("case", "code"), cases, indirect=["code"])


@every_case()
def test_the_list_holds_every_pair_once(case, code, monkeypatch):
    """All within reach of the list, none twice, in one block and in many; the few others are not far."""
    start = CASES[case]()
    within = {reach: near(start, reach) for reach in (CUTOFF, REACH)}
    for least in (16, 10**6):
        monkeypatch.setattr(neighbors, "MIN_BLOCK", least)
        pairs = pair_list(start, code)
        held = by_id(pairs, listed(pairs))
        assert len(set(held)) == len(held)
        assert within[REACH] <= set(held)
        for reach, expected in within.items():
            starts, partners = pairs.pairs_within(reach)
            slots = np.repeat(np.arange(len(start)), np.diff(starts))
            found = by_id(pairs, np.column_stack((slots, partners)))
            assert len(set(found)) == len(found)
            assert set(found) == expected


@pytest.mark.parametrize(
    "width", [5.0, 5.5, 6.79, 6.81, 8.49, 8.51, 10.1, 10.21, 13.59, 13.61, 17.0]
)
def test_few_rows_are_all_looked_through_more_close_into_a_ring(width, code):
    """Twice the reach is 6.8 λ: below, partners are met either way round."""
    for density in (0.4, 2.0):
        start = scattered(int(density * width * (width + 0.1)), (width, width + 0.1))
        pairs = pair_list(start, code)
        held = by_id(pairs, listed(pairs))
        assert len(set(held)) == len(held) and near(start, REACH) <= set(held)
        rows = pairs.rows
        assert rows.single != rows.ring and rows.ring == (rows.count > 2 * rows.above)
        assert rows.above * rows.height >= min(REACH, (rows.count - 1) * rows.height)


def test_all_pairs_of_a_force_without_end(code):
    start = scattered(90, (20.0, 3.0), "free")
    tables = build_tables(pot.Log(), [1], [(1, 1)])
    kinds = sort_kinds(tables, np.zeros((1, 1)), np.zeros((1, 1)), PRECISIONS[code == "mixed"])
    pairs = PairForces(Population.of(start), tables, kinds, 1.0, 1)
    pairs.ensure()
    held = by_id(pairs, listed(pairs))
    assert len(held) == len(set(held)) == 90 * 89 // 2


# ------------------------------------------------------------------ cost


@pytest.mark.parametrize("precision", PRECISIONS)
def test_work_grows_with_n_not_with_its_square(precision):
    """At one density: chunks per vortex, and slots in them, stay the same from 10³ to 10⁵."""
    chunks, slots = [], []
    for n in (1_000, 10_000, 100_000):
        pairs = pair_list(scattered(n, (np.sqrt(n), np.sqrt(n))), precision)
        used = np.sum(
            [pairs.pairs.start[pairs.pairs.edges[1:] + range(len(pairs.pairs.halo))]]
            - np.floor(pairs.pairs.room * pairs.pairs.edges[:-1])
        )
        chunks.append(used / n)
        slots.append(used * pairs.kinds.lanes / n)
        cells = pairs.rows.count * pairs.rows.columns
        assert cells < 4 * n + 64
    # Half of a disk around each, and less than one chunk too many for each of 3 or 4 runs.
    disk = 0.5 * np.pi * REACH**2
    assert disk < slots[0] < disk + 3.5 * pairs.kinds.lanes
    assert chunks[1] == pytest.approx(chunks[0], rel=0.05)
    assert chunks[2] == pytest.approx(chunks[1], rel=0.02)


@pytest.mark.parametrize("lengths", [(5_000.0, 8.0), (8.0, 5_000.0), (20_000.0, 2.0)])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_strips_are_cut_along_their_length(lengths, precision):
    n = 10_000
    pairs = pair_list(scattered(n, lengths, "open"), precision)
    rows = pairs.rows
    assert rows.major == int(lengths[1] > lengths[0]) and REACH / 2 <= rows.height < 1.01 * REACH
    in_row = n * rows.height / max(lengths)
    # No more than the rows within reach are looked at.
    assert np.diff(pairs.pairs.row_edges).min() >= rows.above
    starts, partners = pairs.pairs_within(REACH)
    assert starts[-1] == len(partners) <= n * in_row * (rows.above + 1)
    assert len(pairs.pairs.halo) == min(neighbors.MAX_BLOCKS, n // neighbors.MIN_BLOCK)


@pytest.mark.parametrize("boundary", ["periodic", "open", "free"])
def test_a_nearly_empty_box_has_no_more_cells_than_it_needs(boundary):
    box = vmd.Box((1e6, 1e6), boundary)
    for n in (1, 2, 40):
        r = np.linspace(1.0, 9e5, n)[:, None] * [1.0, 0.7]
        rows = neighbors.cut_rows(r, box, REACH, 1, 16)
        assert rows.count * rows.columns <= 10 * n + 200
        assert rows.exact == (n > 1 or boundary != "free")


def test_lists_take_no_more_room_than_they_need():
    """An even spread fits into the first guess, which is not far too large."""
    for density in (0.1, 1.0, 5.0):
        side = np.sqrt(20_000 / density)
        pairs = pair_list(scattered(20_000, (side, side)))
        room = pairs._room
        guess = neighbors.expected_room(20_000, side**2, REACH, pairs.rows, pairs.kinds.lanes)
        assert room == pytest.approx(guess)
        used = np.max(
            (
                pairs.pairs.start[pairs.pairs.edges[1:] + range(len(pairs.pairs.halo))]
                - np.floor(room * pairs.pairs.edges[:-1])
            )
            / np.diff(pairs.pairs.edges)
        )
        assert 0.4 * room < used <= room


# ------------------------------------------------------------------ blocks


@pytest.mark.parametrize("n", [0, 1, 2047, 4096, 16_383, 10**5, 10**6])
def test_even_blocks_cover_everybody_once(n):
    edges = neighbors.even_edges(n)
    assert edges[0] == 0 and edges[-1] == n and np.all(np.diff(edges) >= 0)
    assert len(edges) - 1 <= neighbors.MAX_BLOCKS
    if n < 2 * neighbors.MIN_BLOCK:
        assert len(edges) == 2


def blocks_of(start, code="double"):
    pairs = pair_list(start, code)
    return pairs, pairs.pairs, pairs.rows


@pytest.mark.parametrize("boundary", ["periodic", "open", ("free", "periodic")])
@pytest.mark.parametrize("heap", [1.0, 6.0])
def test_blocks_are_whole_rows_and_reach_the_next_block_at_most(boundary, heap, monkeypatch):
    """Evenly spread or heaped up at one end: everybody in one block, partners in it or the next one."""
    monkeypatch.setattr(neighbors, "MIN_BLOCK", 16)
    rng = np.random.default_rng(6)
    r = rng.random((900, 2)) ** [heap, 1.0] * [200.0, 10.0]
    start = vmd.Vortices(r, 1, vmd.Box((200.0, 10.0), boundary))
    pairs, made, rows = blocks_of(start)
    blocks = len(made.halo)
    assert blocks >= 8
    assert made.edges[0] == 0 and made.edges[-1] == 900 and np.all(np.diff(made.edges) >= 0)
    assert made.row_edges[0] == 0 and made.row_edges[-1] == rows.count
    assert np.diff(made.row_edges).min() >= rows.above
    each = rows.species * rows.columns
    assert np.array_equal(made.edges, made.cell_start[made.row_edges * each])
    held = listed(pairs)
    of = np.searchsorted(made.edges, held, side="right") - 1
    apart = of[:, 1] - of[:, 0]
    allowed = {0, 1, 1 - blocks} if rows.ring else {0, 1}
    assert set(apart.tolist()) <= allowed
    for k in range(blocks):
        # Partners in the next block lie among the first ones, as many as its buffer has room for.
        beyond = held[(of[:, 0] == k) & (of[:, 1] != k), 1]
        following = made.edges[(k + 1) % blocks]
        assert np.all(beyond - following < made.halo[k])
        size = made.edges[k + 1] - made.edges[k] + made.halo[k]
        assert made.buffers[k + 1] - made.buffers[k] >= size


# ------------------------------------------------------------------ slot order


def sorted_slots(start, order, reach=REACH, lanes=16):
    """(ids in slot order, first slot of each cell) of a configuration whose rows stand in an order."""
    n = len(start)
    r, ids, winding = start.positions[order], start.ids[order], start.winding[order]
    kinds = np.unique(winding)
    species = np.searchsorted(kinds, winding).astype(np.int16)
    rows = neighbors.cut_rows(r, start.box, reach, len(kinds), lanes)
    cell_start = np.zeros(rows.count * rows.species * rows.columns + 1, dtype=np.int32)
    key, slots = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    same = listing.sort(r, ids, species, rows, key, slots, cell_start)
    assert same == np.array_equal(slots, np.arange(n))
    return ids[slots], cell_start, rows, r[slots], species[slots]


@pytest.mark.parametrize("boundary", ["periodic", "free", ("open", "periodic")])
def test_slot_order_depends_on_positions_and_ids_only(boundary):
    """Whatever the order of the rows: by row, species, cell, and by id within a cell, crowded or not."""
    rng = np.random.default_rng(2)
    r = np.concatenate((rng.random((300, 2)) * [30.0, 20.0], 5 + 0.2 * rng.random((200, 2))))
    winding = rng.choice([1, -1, 2], 500)
    start = vmd.Vortices(
        r, winding, vmd.Box((30.0, 20.0), boundary), ids=rng.permutation(10_000)[:500]
    )
    seen = []
    for _ in range(3):
        ids, cell_start, rows, places, species = sorted_slots(start, rng.permutation(500))
        seen.append(ids)
    assert np.array_equal(seen[0], seen[1]) and np.array_equal(seen[0], seen[2])
    assert np.diff(cell_start).max() > 32
    across, along = rows.major, 1 - rows.major
    row = np.floor((places[:, across] - rows.origin_across) / rows.height)
    column = np.floor((places[:, along] - rows.origin_along) / rows.width)
    row, column = np.minimum(row, rows.count - 1), np.minimum(column, rows.columns - 1)
    assert np.array_equal(np.lexsort((ids, column, species, row)), np.arange(500))
    cell = ((row * rows.species + species) * rows.columns + column).astype(int)
    expected = np.searchsorted(cell, np.arange(len(cell_start)))
    assert np.array_equal(cell_start, expected)


def test_rows_of_a_simulation_may_be_in_any_order():
    """The same forces to the bit, by id."""
    rng = np.random.default_rng(8)
    start = scattered(400, (21.0, 20.0))
    forces = []
    for order in (np.arange(400), rng.permutation(400)):
        again = vmd.Vortices(start.positions[order], 1, start.box, ids=start.ids[order])
        forces.append(vmd.Simulation(again, LAW, dt=1e-3, max_displacement=1.0).forces())
    assert np.array_equal(*forces)


def test_everybody_stands_in_his_cell_as_regions_look_him_up():
    pairs = pair_list(scattered(400, (21.0, 20.0)))
    cells = pairs.slot_cells()
    assert cells.valid and cells.start[-1] == 400
    major = cells.major
    for slot, place in enumerate(cells.reference):
        numbers = [
            min(int((place[axis] - cells.origin[k]) / cells.width[k]), cells.cells[k] - 1)
            for k, axis in enumerate((major, 1 - major))
        ]
        cell = numbers[0] * cells.species * cells.cells[1] + numbers[1]
        assert cells.start[cell] <= slot < cells.start[cell + 1]


# ------------------------------------------------------------------ whole numbers


@pytest.mark.parametrize("lanes", [SINGLE, DOUBLE])
@pytest.mark.parametrize("boundary", ["periodic", "free"])
def test_whole_numbers_keep_differences_in_boxes_of_any_size(lanes, boundary):
    """Relative coordinates: a pair's separation is right to units of the period, wherever it stands."""
    rng = np.random.default_rng(9)
    for side in (10.0, 300.0, 1e5):
        r = rng.random((200, 2)) * side
        r[1::2] = r[::2] + (rng.random((100, 2)) - 0.5) * 2 * REACH
        box = vmd.Box((side, side), boundary)
        if boundary == "periodic":
            r = box.wrap(r)[0]
        rows = neighbors.cut_rows(r, box, REACH, 1, lanes.count)
        whole = np.int32 if lanes is SINGLE else np.int64
        along, across = np.zeros(200, whole), np.zeros(200, whole)
        listing.whole_numbers(r, rows, 0, 200, along, across)
        unit = 2.0**-lanes.bits
        measured = np.empty((100, 2))
        with np.errstate(over="ignore"):
            measured[:, 1 - rows.major] = (along[::2] - along[1::2]) * unit * rows.period_along
            measured[:, rows.major] = (across[::2] - across[1::2]) * unit * rows.period_across
        exact = box.minimum_image(r[::2] - r[1::2])
        # One unit, of at most 53 bits, and what the product of position and scale is rounded by.
        allowed = max(rows.period_along, rows.period_across) * 2.0 ** -min(lanes.bits, 52)
        assert np.abs(measured - exact).max() <= allowed + 4 * side * 2.0**-52
