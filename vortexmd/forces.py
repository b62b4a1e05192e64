"""Pair forces and energies over the neighbour list, block by block, on any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd import neighbors
from vortexmd.pair_tables import LOWEST_OCTAVE, PairTables
from vortexmd.population import Population

# No reassociation that could depend on anything but the order of the list: sums stay as written.
FAST = {"contract", "nsz"}


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
    reach
        Distance in λ up to which pairs must be found (cutoff, or a reaction's if that is longer); 0 for
        none at all.
    skin
        What the list holds beyond `reach`, in λ.
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
    """

    def __init__(
        self, here: Population, tables: PairTables, reach: float, skin: float, threads: int
    ):
        self.tables = tables
        self.reach = reach
        self.skin = skin
        self.generation = 0
        self._here = here
        self._lengths = np.array(here.box.lengths)
        self._half = np.where(here.box.periodic, 0.5 * self._lengths, np.inf)
        self._round = float(np.where(here.box.periodic, self._lengths, np.inf).min())
        self._blocks: list[neighbors.BlockPairs] = []
        self._cells: neighbors.Cells | None = None
        self._cell_start = np.zeros(1, dtype=np.int64)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.population_changed()

    def population_changed(self) -> None:
        """Rows were added, taken out, or set."""
        self.species = np.searchsorted(self.tables.windings, self._here.winding)
        self.generation += 1
        self.valid = False

    def positions_changed(self, moved: float) -> None:
        """Nobody is further than `moved` (λ) from where he was when the list was made."""
        if not moved <= 0.5 * self.skin:
            self.valid = False
        if self.reach == 0 and moved > self._round:
            # No list will ever fold them: positions far round the box would lose digits.
            self._here.fold()
            self._here.reference = self._here.positions.copy()
            self.generation += 1

    def ensure(self) -> None:
        """Make the list, unless it is valid or nobody needs one."""
        if self.valid or self.reach == 0:
            return
        here, reach = self._here, self.reach + self.skin
        here.fold()
        cells = neighbors.cut_cells(here.positions, here.box, reach)
        here.reorder(neighbors.slot_order(here.positions, here.ids, cells)[0])
        here.reference = here.positions.copy()
        self.population_changed()
        self._list()

    def restore(self, valid: bool) -> None:
        """After rows were set to what they were before: the same list as then, from the reference."""
        self.population_changed()
        if valid and self.reach > 0:
            self._list()

    def _list(self) -> None:
        """List the neighbours of the reference positions."""
        here, reach = self._here, self.reach + self.skin
        positions = here.reference
        cells = neighbors.cut_cells(positions, here.box, reach)
        cell_start = neighbors.slot_order(positions, here.ids, cells)[1]
        self._cells, self._cell_start = cells, cell_start
        edges = neighbors.block_edges(len(here))

        def block(k: int) -> neighbors.BlockPairs:
            first, last = int(edges[k]), int(edges[k + 1])
            return neighbors.list_pairs(positions, cell_start, cells, reach, first, last)

        self._blocks = list(self._map(block, range(len(edges) - 1)))
        self.valid = True

    def slot_cells(self) -> neighbors.SlotCells:
        """The cells behind the list, as long as it is valid."""
        cells = self._cells
        if cells is None:
            nothing = (0, (1, 1), (0.0, 0.0), (1.0, 1.0), (False, False))
            return neighbors.SlotCells(
                False, self._cell_start, *nothing, self._here.reference, self.skin
            )
        return neighbors.SlotCells(
            self.valid,
            self._cell_start,
            cells.major,
            (int(cells.count[0]), int(cells.count[1])),
            (float(cells.origin[0]), float(cells.origin[1])),
            (float(cells.width[0]), float(cells.width[1])),
            (bool(cells.periodic[0]), bool(cells.periodic[1])),
            self._here.reference,
            0.5 * self.skin,
        )

    def add_forces(self, out: NDArray[np.float64]) -> None:
        """Add the pair force on each vortex, in Ω₀ and slot order, to `out` (N, 2)."""
        if self.tables.cutoff == 0:
            return
        self.ensure()
        tables, here = self.tables, self._here

        def block(pairs: neighbors.BlockPairs) -> None:
            _add_pair_forces(
                here.positions,
                self.species,
                pairs.start,
                pairs.middle,
                pairs.neighbors,
                pairs.first,
                pairs.last,
                self._lengths,
                self._half,
                tables.index,
                tables.force,
                tables.bits,
                LOWEST_OCTAVE,
                tables.cutoff**2,
                out,
            )

        self.each_block(block)

    def each_block(self, work: Callable[[neighbors.BlockPairs], None]) -> None:
        """Call `work` for each block of the list, which must be valid, on the threads."""
        for _ in self._map(work, self._blocks):
            pass

    def energy(self, *, whole: bool = False) -> float:
        """Pair energy of all vortices, in ε₀: that of the switched forces, or the law's own (U·S)."""
        if self.tables.cutoff == 0:
            return 0.0
        self.ensure()
        tables, here = self.tables, self._here

        def block(pairs: neighbors.BlockPairs) -> float:
            return _pair_energy(
                here.positions,
                self.species,
                pairs.start,
                pairs.middle,
                pairs.neighbors,
                pairs.first,
                pairs.last,
                self._lengths,
                self._half,
                tables.index,
                tables.whole_energy if whole else tables.energy,
                tables.bits,
                LOWEST_OCTAVE,
                tables.cutoff**2,
            )

        return float(sum(self._map(block, self._blocks)))

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
            (S, S) in λ; 0 where a pair of species does not count.

        Returns
        -------
        pairs : (P, 2) slots
        separations : (P,) in λ
        """
        present = np.unique(self.species)
        if not distance[np.ix_(present, present)].any():
            return np.empty((0, 2), dtype=np.int64), np.empty(0)
        self.ensure()
        here = self._here

        def block(pairs: neighbors.BlockPairs) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
            return _close_pairs(
                here.positions,
                self.species,
                pairs.start,
                pairs.neighbors,
                pairs.first,
                pairs.last,
                self._lengths,
                self._half,
                distance**2,
            )

        found = list(self._map(block, self._blocks))
        return np.concatenate([p for p, _ in found]), np.concatenate([r for _, r in found])

    def _map(self, work: Callable[[Any], Any], items: Any) -> Iterator[Any]:
        """Results in the order of the items; a pool only where there is more than one."""
        if self._pool is None or len(items) < 2:
            return map(work, items)
        return self._pool.map(work, items)


# The kernels repeat the few lines that find a separation and a bin: a helper in another file would
# leave stale code in numba's cache.


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _add_pair_forces(
    positions,
    species,
    start,
    middle,
    partners,
    first,
    last,
    lengths,
    half,
    index,
    table,
    bits,
    octave,
    cutoff2,
    out,
):
    """Three short loops a vortex, so that all but the last become vector code.

    Separations; F/r from the table, without a branch; then the sum and the reaction on partners.
    """
    shift = 52 - bits
    lowest = np.int64(octave + 1023) << bits
    below = (np.int64(1) << shift) - 1
    one = np.int64(1023) << 52
    floor2 = 2.0**octave
    bins = table.shape[1]
    coefficients = table.reshape(-1, 4)
    several = table.shape[0] > 2
    lx = lengths[0]
    ly = lengths[1]
    per_x = 1.0 / lx if half[0] < np.inf else 0.0
    per_y = 1.0 / ly if half[1] < np.inf else 0.0
    longest = 0
    for k in range(last - first):
        longest = max(longest, start[k + 1] - start[k])
    dx = np.empty(longest)
    dy = np.empty(longest)
    pull = np.empty(longest)
    base = np.full(longest, bins - lowest)
    for i in range(first, last):
        x = positions[i, 0]
        y = positions[i, 1]
        begin = start[i - first]
        n = start[i - first + 1] - begin
        for k in range(n):
            j = partners[begin + k]
            ax = x - positions[j, 0]
            ay = y - positions[j, 1]
            dx[k] = ax - lx * np.rint(ax * per_x)
            dy[k] = ay - ly * np.rint(ay * per_y)
        if several:
            row = index[species[i]]
            for k in range(n):
                base[k] = row[species[partners[begin + k]]] * bins - lowest
        for k in range(n):
            s = dx[k] * dx[k] + dy[k] * dy[k]
            pattern = np.float64(min(max(s, floor2), cutoff2)).view(np.int64)
            b = base[k] + (pattern >> shift)
            t = np.int64((pattern & below) | one).view(np.float64) - 1.0
            f = coefficients[b, 0] + t * (
                coefficients[b, 1] + t * (coefficients[b, 2] + t * coefficients[b, 3])
            )
            pull[k] = f if s < cutoff2 else 0.0
        fx = 0.0
        fy = 0.0
        shared = middle[i - first] - begin
        for k in range(shared):
            j = partners[begin + k]
            gx = pull[k] * dx[k]
            gy = pull[k] * dy[k]
            fx += gx
            fy += gy
            out[j, 0] -= gx
            out[j, 1] -= gy
        for k in range(shared, n):
            fx += pull[k] * dx[k]
            fy += pull[k] * dy[k]
        out[i, 0] += fx
        out[i, 1] += fy


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _pair_energy(
    positions,
    species,
    start,
    middle,
    partners,
    first,
    last,
    lengths,
    half,
    index,
    table,
    bits,
    octave,
    cutoff2,
):
    shift = 52 - bits
    lowest = np.int64(octave + 1023) << bits
    below = (np.int64(1) << shift) - 1
    one = np.int64(1023) << 52
    floor2 = 2.0**octave
    total = 0.0
    for i in range(first, last):
        row = index[species[i]]
        energy = 0.0
        for k in range(start[i - first], start[i - first + 1]):
            j = partners[k]
            dx = positions[i, 0] - positions[j, 0]
            dy = positions[i, 1] - positions[j, 1]
            # Several boxes apart, perhaps, where the skin is longer than the box.
            if abs(dx) > half[0]:
                dx -= lengths[0] * np.rint(dx / lengths[0])
            if abs(dy) > half[1]:
                dy -= lengths[1] * np.rint(dy / lengths[1])
            s = dx * dx + dy * dy
            if s < cutoff2:
                pattern = np.float64(max(s, floor2)).view(np.int64)
                c = table[row[species[j]], (pattern >> shift) - lowest]
                t = np.int64((pattern & below) | one).view(np.float64) - 1.0
                u = c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])))
                # A pair across two blocks is met twice.
                energy += u if k < middle[i - first] else 0.5 * u
        total += energy
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
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


@njit(cache=True, nogil=True, error_model="numpy")
def _close_pairs(positions, species, start, partners, first, last, lengths, half, distance2):
    found = np.empty((16, 2), dtype=np.int64)
    separation = np.empty(16)
    n = 0
    for i in range(first, last):
        row = distance2[species[i]]
        for k in range(start[i - first], start[i - first + 1]):
            j = partners[k]
            limit = row[species[j]]
            if limit <= 0.0:
                continue
            dx = positions[i, 0] - positions[j, 0]
            dy = positions[i, 1] - positions[j, 1]
            # Several boxes apart, perhaps, where the skin is longer than the box.
            if abs(dx) > half[0]:
                dx -= lengths[0] * np.rint(dx / lengths[0])
            if abs(dy) > half[1]:
                dy -= lengths[1] * np.rint(dy / lengths[1])
            s = dx * dx + dy * dy
            # Across two blocks the pair stands on both sides: take it once.
            if s < limit and (j > i):
                if n == found.shape[0]:
                    found = np.concatenate((found, np.empty_like(found)))
                    separation = np.concatenate((separation, np.empty_like(separation)))
                found[n, 0] = i
                found[n, 1] = j
                separation[n] = np.sqrt(s)
                n += 1
    return found[:n], separation[:n]
