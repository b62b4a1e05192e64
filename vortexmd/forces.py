"""Pair forces and energies within a population: the list of neighbours, kept valid, and what runs over it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf, isinf
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd import neighbors
from vortexmd.integrators import SIDES
from vortexmd.kernels import listing
from vortexmd.kernels import pairs as loops
from vortexmd.kernels.burst import SYNC, BoxSides, Slots, list_all, make_list, place_and_find
from vortexmd.kernels.listing import PairList, Rows
from vortexmd.kernels.pairs import ClosePairs
from vortexmd.kernels.vector import SINGLE
from vortexmd.pair_kinds import PairKinds
from vortexmd.pair_tables import LOWEST_OCTAVE, PairTables
from vortexmd.population import Population

# What a list that has proved too short gets beyond what it needed.
SPARE = 1.05
NO_MIRRORS = np.empty((0, 2, 2))


class PairForces:
    """The pair forces within a population.

    Holds the neighbour list and keeps it valid: whoever changes positions or rows says so
    (`positions_changed`, `population_changed`), and whatever needs the list makes it anew first if it
    must. The list is a function of the positions at that moment, so that it does not matter who asked,
    and looking at a run does not change it.

    Parameters
    ----------
    here
        The population; its rows are brought into slot order when the list is made.
    tables
        The tabulated pair forces.
    kinds
        How they act between the species (`pair_kinds.sort_kinds`).
    skin
        What the list holds beyond the reach of each kind, in λ.
    threads
        How many threads work on the blocks.

    Attributes
    ----------
    species
        (N,) row of each vortex in the tables.
    generation
        Counts how often rows have changed or moved: what was computed row by row before is void.
    valid
        Whether the list holds for the present positions.
    reach
        λ up to which pairs must be found; 0 for none at all.
    slack
        λ that a vortex may move before the list is made anew.
    """

    def __init__(
        self,
        here: Population,
        tables: PairTables,
        kinds: PairKinds,
        skin: float,
        threads: int,
    ):
        self.tables, self.kinds = tables, kinds
        self.reach = float(kinds.reach.max())
        self.skin = inf if isinf(self.reach) else skin
        self.slack = 0.5 * self.skin
        self.generation = 0
        self.threads = threads
        self._here = here
        self._lengths = np.array(here.box.lengths)
        self.sides = BoxSides(
            self._lengths,
            np.array([SIDES[word] for word in here.box.boundary]),
            np.array(here.box.periodic),
        )
        self._half = np.where(here.box.periodic, 0.5 * self._lengths, np.inf)
        self.round_trip = float(np.where(here.box.periodic, self._lengths, np.inf).min())
        self._size = -1
        self.noise = self.moves = np.empty((0, 2))
        self.key = self.order = np.empty(0, dtype=np.int32)
        self.rows: Rows | None = None
        self._room = self._close_room = 0.0
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self.population_changed()

    def population_changed(self) -> None:
        """Rows were added, taken out, or set."""
        winding = self._here.winding
        self.species = np.searchsorted(self.tables.windings, winding).astype(np.int16)
        self.generation += 1
        self.valid = self.found = False
        if self._size != len(winding):
            self._size, self.rows = len(winding), None

    def positions_changed(self, moved: float) -> None:
        """Nobody is further than `moved` (λ) from where he was when the list was made."""
        self.found = False
        if not moved <= self.slack:
            self.valid = False
        if self.reach == 0 and moved > self.round_trip:
            # No list will ever fold them: positions far round the box would lose digits.
            self._here.fold()
            self._here.reference = self._here.positions.copy()
            self.generation += 1

    # ------------------------------------------------------------------ the list

    def ensure(self) -> None:
        """Make the list, unless it is valid or nobody needs one."""
        if self.valid or self.reach == 0:
            return
        self._cut(self._here.positions)
        self.generation += 1
        self._fill(make_list)

    def restore(self, valid: bool) -> None:
        """After rows were set to what they were before: the same list as then, from the reference."""
        self.population_changed()
        if not valid or self.reach == 0:
            return
        slots, rows = self.slots(), self._cut(self._here.reference)
        same = listing.sort(
            slots.reference,
            slots.ids,
            slots.species,
            rows,
            slots.key,
            slots.order,
            self.pairs.cell_start,
        )
        # Else they come from another version, and the list is made anew.
        if same:
            listing.row_edges(rows, self.pairs)
            self._fill(list_all)

    def _cut(self, positions: NDArray[np.float64]) -> Rows:
        """Rows for these positions, and arrays for them."""
        here, kinds, n = self._here, self.kinds, len(positions)
        reach = float(self.listed_reach.max()) if self.reach > 0 else 0.0
        species = max(1, len(self.tables.windings))
        rows = neighbors.cut_rows(positions, here.box, reach, species, kinds.lanes)
        if isinf(self.reach):
            # Nobody is ever too far, but whole-number coordinates hold for a while only.
            self.slack = max(rows.period_along, rows.period_across) / 8
        if rows == self.rows:
            return rows
        if self.rows is None:
            area = rows.height * rows.count * rows.width * rows.columns
            self._room = max(self._room, neighbors.expected_room(n, area, reach, rows, kinds.lanes))
        self.rows = rows
        self.pairs = neighbors.empty_list(n, rows, self._room, kinds.lanes)
        blocks = len(self.pairs.halo)
        single = kinds.lanes == SINGLE.count
        whole, real = (np.int32, np.float32) if single else (np.int64, np.float64)
        # As much as can ever be needed; what is not costs nothing.
        size = 2 * n + listing.SPILL
        self.whole_numbers = np.zeros(size, whole), np.zeros(size, whole)
        size = 2 * n + blocks * listing.SPILL
        self.buffers = np.empty(size, real), np.empty(size, real)
        self._make_close()
        return rows

    def _fill(self, make: Any) -> None:
        """Fill the list by `kernels.burst.make_list` or `list_all`, with as much room as it takes."""
        kinds = self.kinds
        reach = self.listed_reach
        needed = np.zeros(len(self.pairs.halo))
        while not all(
            self.together(
                make,
                self.slots(),
                self.sides,
                self.rows,
                self.pairs,
                reach,
                kinds.kind_of,
                *self.whole_numbers,
                kinds.lanes,
                kinds.vector,
                needed,
            )
        ):
            self.more_room(float(needed.max()))
        self.valid, self.found = True, False

    @property
    def listed_reach(self) -> NDArray[np.float64]:
        """(kinds,) λ: how far the list reaches."""
        return self.kinds.reach + (self.skin if self.reach < inf else 0.0)

    def more_room(self, needed: float) -> None:
        """Room for so many chunks a slot."""
        self._room = needed * SPARE + 0.1
        n, lanes = len(self._here), self.kinds.lanes
        assert self.rows is not None
        larger = neighbors.empty_list(n, self.rows, self._room, lanes)
        self.pairs = self.pairs._replace(chunk=larger.chunk, mask=larger.mask, room=larger.room)

    def _make_close(self) -> None:
        """Room for close pairs."""
        blocks = len(self.pairs.halo)
        room = int(max(self._close_room, 0.2) * (len(self._here) // blocks)) + 64
        self.close = ClosePairs(
            np.zeros((blocks, 3 * (room + 1)), dtype=np.int32),
            np.array([[0, room]] * blocks, dtype=np.int64),
        )

    def enlarge_close(self) -> None:
        """More room for close pairs, after there was too little."""
        self._close_room = max(0.5, 2 * self._close_room)
        self._make_close()

    def slot_cells(self) -> neighbors.SlotCells:
        """The cells behind the list, as long as it is valid."""
        if not self.valid or self.rows is None:
            nothing = (1, 0, (1, 1), (0.0, 0.0), (1.0, 1.0), (False, False))
            return neighbors.SlotCells(
                False, np.zeros(1, dtype=np.int32), *nothing, self._here.reference, 0.0
            )
        rows, periodic = self.rows, self._here.box.periodic
        return neighbors.SlotCells(
            True,
            self.pairs.cell_start,
            rows.species,
            rows.major,
            (rows.count, rows.columns),
            (rows.origin_across, rows.origin_along),
            (rows.height, rows.width),
            (bool(periodic[rows.major]), bool(periodic[1 - rows.major])),
            self._here.reference,
            self.slack,
        )

    # ------------------------------------------------------------------ forces and energies

    def find(self) -> None:
        """Find the forces of all pairs, and the close ones, at the present positions."""
        self.ensure()
        if self.found or self.reach == 0:
            return
        kinds = self.kinds
        while not all(
            self.together(
                place_and_find,
                self.slots(),
                self.rows,
                kinds.kind_of,
                *self.whole_numbers,
                self.pairs,
                *self.buffers,
                kinds.laws,
                kinds.fine,
                self.close,
            )
        ):
            self.enlarge_close()
        self.found = True

    def write_forces(self, out: NDArray[np.float64]) -> None:
        """Write the pair force on each vortex, in Ω₀ and slot order, to `out` (N, 2)."""
        if self.tables.cutoff == 0:
            out[:] = 0.0
            return
        self.find()
        edges = self.pairs.edges

        def block(k: int) -> None:
            first, last = int(edges[k]), int(edges[k + 1])
            loops.add_up(k, self.rows, self.pairs, *self.buffers, first, last, out[first:last])

        self._map(block, range(len(edges) - 1))

    def energy(self, *, whole: bool = False) -> float:
        """Pair energy of all vortices, in ε₀: that of the switched forces, or the law's own (U·S)."""
        if self.tables.cutoff == 0:
            return 0.0
        self.ensure()
        here, kinds, tables = self._here, self.kinds, self.tables

        def block(k: int) -> float:
            return loops.block_energy(
                k,
                here.positions,
                self.species,
                self.rows,
                kinds.kind_of,
                self.pairs,
                kinds.fine,
                tables.whole_energy if whole else tables.energy,
            )

        return float(sum(self._map(block, range(len(self.pairs.halo)))))

    def energy_at(self, slot: int, point: NDArray[np.float64]) -> float:
        """Pair energy in ε₀ that the vortex in `slot` would have with all others at `point` (2,) in λ."""
        tables, here = self.tables, self._here
        if tables.cutoff == 0:
            return 0.0
        return _energy_at(
            slot,
            point,
            here.positions,
            self.species,
            self._lengths,
            self._half,
            tables.index,
            tables.energy,
            tables.bits,
            LOWEST_OCTAVE,
            tables.cutoff**2,
        )

    def close_pairs(
        self, distance: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Pairs nearer than a distance set by their species.

        Parameters
        ----------
        distance
            (S, S) in λ, at most what the kinds of pairs were made for; 0 where a pair does not count.

        Returns
        -------
        pairs : (P, 2) slots, the lower one first
        separations : (P,) in λ
        """
        present = np.unique(self.species)
        if not distance[np.ix_(present, present)].any():
            return np.empty((0, 2), dtype=np.int64), np.empty(0)
        self.find()
        return loops.close_pairs(
            self.close, self._here.positions, self.species, self.rows, distance**2
        )

    def pairs_within(self, reach: float) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Pairs of the valid list no further apart than `reach` (λ) when it was made, each once.

        Partners of slot i are partners[start[i]:start[i + 1]].
        """
        here, kinds = self._here, self.kinds
        if self.reach == 0:
            return np.zeros(len(here) + 1, dtype=np.int64), np.empty(0, dtype=np.int32)
        reach2 = np.full(len(kinds.reach), reach * reach)
        starts, partners = [], []
        used = 0
        for k in range(len(self.pairs.halo)):
            first = np.empty(int(self.pairs.edges[k + 1] - self.pairs.edges[k]) + 1, dtype=np.int64)
            found = np.empty(32 * len(first), dtype=np.int32)
            while True:
                number = loops.block_pairs(
                    k,
                    here.reference,
                    self.species,
                    self.rows,
                    kinds.kind_of,
                    self.pairs,
                    reach2,
                    first,
                    found,
                )
                if number <= len(found):
                    break
                found = np.empty(number, dtype=np.int32)
            starts.append(first[:-1] + used)
            partners.append(found[:number])
            used += number
        return np.concatenate([*starts, [used]]), np.concatenate(partners)

    # ------------------------------------------------------------------ for compiled loops

    def working(self) -> tuple[Rows, PairList, ClosePairs]:
        """Rows, list and room for close pairs; valid or not, and blocks alone where nothing is listed."""
        if self.rows is None:
            if self.reach > 0:
                self.ensure()
            else:
                rows = self._cut(self._here.positions)
                edges = neighbors.even_edges(len(self._here))
                self.pairs = neighbors.empty_list(len(self._here), rows, 0.0, self.kinds.lanes)
                blocks = len(edges) - 1
                self.pairs = self.pairs._replace(edges=edges, halo=np.zeros(blocks, dtype=np.int64))
        assert self.rows is not None
        return self.rows, self.pairs, self.close

    def went_on(self, valid: bool, found: bool, lists: int) -> None:
        """What holds after compiled steps, and how many lists they have made."""
        self.valid, self.found = valid and self.reach > 0, found
        self.generation += lists

    def slots(self) -> Slots:
        """The population's arrays and scratch, for `kernels.burst`."""
        here, n = self._here, len(self._here)
        if self.noise.shape != (n, 2):
            self.noise, self.moves = np.empty((n, 2)), np.empty((n, 2))
        if self.key.shape != (n,):
            self.key, self.order = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
        return Slots(
            here.positions,
            here.reference,
            here.rest,
            here.image,
            here.winding,
            here.ids,
            self.species,
            NO_MIRRORS if here.mirrors is None else here.mirrors,
            self.noise,
            self.moves,
            self.key,
            self.order,
        )

    def _map(self, work: Callable[[int], Any], items: range) -> list[Any]:
        """Results in the order of the items, on all threads."""
        if self.threads == 1 or len(items) < 2:
            return [work(item) for item in items]

        def part(me: int, threads: int, _: Any) -> list[Any]:
            return [work(item) for item in items[me::threads]]

        parts = self.together(part)
        return [parts[k % self.threads][k // self.threads] for k in range(len(items))]

    def together(self, work: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Let every thread do ``work(thread, threads, sync, *arguments)``; their results.

        `sync` are zeros that all threads share.
        """
        sync = np.zeros(SYNC, dtype=np.int64)
        if self._pool is None:
            return [work(0, 1, sync, *arguments)]
        others = [
            self._pool.submit(work, me, self.threads, sync, *arguments)
            for me in range(1, self.threads)
        ]
        try:
            mine = work(0, self.threads, sync, *arguments)
        finally:
            # Nobody may be left at work on these arrays.
            rest = [other.result() for other in others]
        return [mine, *rest]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _energy_at(slot, point, positions, species, lengths, half, index, table, bits, octave, cutoff2):
    shift = 52 - bits
    lowest = np.int64(octave + 1023) << bits
    below = (np.int64(1) << shift) - 1
    one = np.int64(1023) << 52
    floor2 = 2.0**octave
    row = index[species[slot]]
    energy = 0.0
    for j in range(positions.shape[0]):
        dx = point[0] - positions[j, 0]
        dy = point[1] - positions[j, 1]
        # The point may lie boxes away from positions that were folded since.
        if half[0] < np.inf:
            dx -= lengths[0] * np.rint(dx / lengths[0])
        if half[1] < np.inf:
            dy -= lengths[1] * np.rint(dy / lengths[1])
        s = dx * dx + dy * dy
        if s < cutoff2 and j != slot:
            pattern = np.float64(max(s, floor2)).view(np.int64)
            c = table[row[species[j]], (pattern >> shift) - lowest]
            t = np.int64((pattern & below) | one).view(np.float64) - 1.0
            energy += c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])))
    return energy
