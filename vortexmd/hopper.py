"""Hops between pinning regions in a running simulation.

What `hopping.ArrheniusHopping` asks for, carried out: counts and fields of the regions, hops drawn exactly
between two times, walls that reflect, tallies and how well the layers along the interfaces are mixed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import exp, inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.events import Event
from vortexmd.flux_exchange import FluxExchangeWarning, Outside
from vortexmd.flux_exchange.laws import FROZEN, LawArray
from vortexmd.hopping import ArrheniusHopping
from vortexmd.neighbors import SlotCells
from vortexmd.population import Population
from vortexmd.random_numbers import HOPS, uniform_rows
from vortexmd.regions.kernels import (
    DONE,
    ENTRY,
    EXIT,
    OUTSIDE,
    WEIGH,
    Activation,
    all_factors,
    attempt_hops,
    change_content,
    confine,
    finish_exposure,
    wall_distances,
)

# Random numbers of the second half of a step begin here, those of the first at 0.
SECOND_HALF = 2**30
# Numbers are drawn for so many attempts at once, at most.
MOST_ATTEMPTS = 2**16
MOST_ATTEMPTS_A_STEP = 1e7


class Hopper:
    """Hops in a running simulation: `Simulation.hopping`.

    Parameters
    ----------
    rule
        What the user asked for, within the simulation's box.
    here
        The population.
    seed
        The simulation's.
    min_distance
        λ, where the rule leaves it open.

    Attributes
    ----------
    rule, regions
        The rule and its regions.
    tallies
        ``{(from, to): hops}`` so far; −1 is the outside.
    flows
        The same for walls that molecular dynamics has carried vortices through (``above_b_max="flow"``).
    exposure
        (R,) ∫ N_i e^{−U_i/kT} dt so far, in τ: what the hops would be in proportion to, were all well mixed.
    min_distance
        λ: nearer to another no hop ends, unless the rule says otherwise.
    """

    def __init__(self, rule: ArrheniusHopping, here: Population, seed: int, min_distance: float):
        self.rule = rule
        self.regions = rule.regions
        self.tallies: dict[tuple[int, int], int] = {}
        self.flows: dict[tuple[int, int], int] = {}
        self._here = here
        self._seed = seed
        self.min_distance = min_distance
        self._grid = self.regions.grid
        self._open = np.array([word == "open" for word in here.box.boundary])
        ends = 2.0 * np.array(here.box.lengths)[::-1][self._open].sum()
        self._entry_rate = (
            0.5 * rule.attempt_rate * rule.hop_distance * float(ends) * rule.outside_flux
        )
        count = len(self.regions)
        # "raise" and "flow" are looked after elsewhere; what hops, hops as clamped.
        self._above = "extend" if rule.above_b_max == "extend" else "clamp"
        self._since = np.zeros(count)
        self._temperature: float | None = None
        self._started = False
        # Distances of the references from the walls, and of which generation of rows they are.
        self._discs, self._discs_of = np.empty(0), -1
        # At the temperature 1, where barriers given as energies are α.
        laws = LawArray([law.at(1.0) for law in rule.region_laws], self._above)
        self._energies = np.flatnonzero([law.u0_energy is not None for law in rule.region_laws])
        self._barriers = laws.alpha[self._energies].copy()
        self._custom = laws.custom
        self._activation = Activation(
            area=np.array(self.regions.area, dtype=np.float64),
            b_max=laws.b_max,
            alpha=laws.alpha,
            power=laws.power,
            clamp=self._above == "clamp",
            table_row=np.full(count, -1),
            table=np.zeros((0, 0)),
            quanta=np.zeros(count, dtype=np.int64),
            number=np.zeros(count, dtype=np.int64),
            factor=np.zeros(count),
            exposure=np.zeros(count),
        )

    # ------------------------------------------------------------------ what there is

    @property
    def exposure(self) -> NDArray[np.float64]:
        """See the class."""
        return self._activation.exposure.copy()

    @property
    def counts(self) -> NDArray[np.int64]:
        """(R,) flux quanta Σ|n| in each region now."""
        return self._activation.quanta.copy()

    @property
    def fields(self) -> NDArray[np.float64]:
        """(R,) B_i now, in vortices per λ²."""
        return self._activation.quanta / self._activation.area

    def labels(self, positions: NDArray[np.float64]) -> NDArray[np.int32]:
        """Region of each of the positions (N, 2) in λ."""
        return self.regions.label(positions)

    def layer_occupancy(self) -> dict[tuple[int, int], float]:
        """How full the layer along each interface is now, against an even spread over the region.

        n_layer/(n L s) on the side of i for hops to j, for every pair that hops join, OUTSIDE (−1) included;
        1 on average where molecular dynamics mixes fast, less where hops have emptied the layer. NaN where
        the region is empty.
        """
        here = self._here
        start = self.labels(here.positions)
        expected = self._reach()
        found: dict[tuple[int, int], int] = dict.fromkeys(expected, 0)
        for axis in range(2):
            for sign in (1.0, -1.0):
                landed = here.positions.copy()
                landed[:, axis] += sign * self.rule.hop_distance
                end = self.labels(landed)
                leaves = (end != start) & ((end != OUTSIDE) | self._open[axis])
                pairs, times = np.unique(
                    np.stack((start[leaves], end[leaves])), axis=1, return_counts=True
                )
                for (i, j), n in zip(pairs.T.tolist(), times.tolist(), strict=True):
                    found[i, j] = found.get((i, j), 0) + n
        density = self._activation.number / self._activation.area
        return {
            (i, j): found[i, j] / (density[i] * area) if density[i] > 0 else float("nan")
            for (i, j), area in expected.items()
        }

    def mixing(self) -> dict[tuple[int, int], float]:
        """Hops so far against what well mixed vortices would have made in the same fields.

        The layer occupancy as the hops themselves have met it, averaged over the run; its standard error
        is its value over the root of the tally. NaN where none were to be expected.
        """
        rate = 0.5 * self.rule.attempt_rate * self._activation.exposure / self._activation.area
        return {
            (i, j): self.tallies.get((i, j), 0) / (rate[i] * area) if rate[i] > 0 else float("nan")
            for (i, j), area in self._reach().items()
        }

    def _reach(self) -> dict[tuple[int, int], float]:
        """Area of i, once a direction, from which hops land in j (−1: outside), for all pairs, in λ²."""
        areas, outward = self.regions.hop_areas(self.rule.hop_distance)
        table = areas.tocoo()
        reach = {
            (int(i), int(j)): float(a)
            for i, j, a in zip(table.row, table.col, table.data, strict=True)
            if i != j and a > 0
        }
        reach.update({(int(i), OUTSIDE): float(outward[i]) for i in np.flatnonzero(outward > 0)})
        return reach

    # ------------------------------------------------------------------ what a step does

    def check_start(self, dt: float, temperature: float) -> None:
        """Refuse a start above B_m that was not asked for, and more attempts a step than can be made.

        Once, before the first step of length `dt` (τ): later, fields may exceed B_m as the laws have it.
        """
        if self._started:
            return
        if not self.rule.allow_above and self.rule.above_b_max != "flow":
            self._check_fields("start", "allow_above=True starts there all the same")
        self._set_temperature(temperature)
        attempts = self._attempts(dt)
        if attempts > MOST_ATTEMPTS_A_STEP:
            raise ValueError(
                f"hopping.attempt_rate = {self.rule.attempt_rate:g} per τ: {attempts:.2g} attempts a step, "
                f"none would ever end (at most {MOST_ATTEMPTS_A_STEP:g}); is it in 1/τ? Lower it, or dt"
            )
        lowest = float(self._activation.b_max.min())
        outside = self.rule.outside
        if isinstance(outside, Outside) and outside.b_applied > lowest:
            warnings.warn(
                f"hopping.outside: B_a = {outside.b_applied:g} exceeds the smallest B_m, {lowest:g}: that "
                f"region is driven to where vortices flow and the law ends",
                FluxExchangeWarning,
                stacklevel=5,
            )
        self._started = True

    def recount(self) -> None:
        """Somebody else has moved, added or removed vortices."""
        a, count = self._activation, len(self.regions)
        labels = self.labels(self._here.positions)
        inside = labels >= 0
        a.number[:] = np.bincount(labels[inside], minlength=count)
        a.quanta[:] = np.bincount(
            labels[inside], np.abs(self._here.winding[inside]), minlength=count
        ).astype(np.int64)
        self._temperature = None

    def confine(self, moves: NDArray[np.float64], generation: int) -> bool:
        """Bend the displacements (N, 2) so that nobody passes a wall; True if walls were open and passed.

        `generation` tells when rows or references have changed, as that of `PairForces`.
        """
        a, here = self._activation, self._here
        assert here.mirrors is not None
        flowing = np.zeros(len(self.regions), dtype=bool)
        if self.rule.above_b_max == "flow":
            flowing = a.quanta / a.area > a.b_max
        before = self.labels(here.positions) if flowing.any() else None
        if self._discs_of != generation:
            self._discs_of, self._discs = generation, np.empty(len(here))
            wall_distances(here.reference, self._grid, self._discs)
        passed = confine(
            here.positions,
            moves,
            here.mirrors,
            flowing,
            here.reference,
            self._discs,
            self._grid,
        )
        if passed == 0 or before is None:
            return False
        after = self.labels(here.positions + moves)
        crossed = before != after
        _add(self.flows, np.stack((before[crossed], after[crossed]), axis=1))
        return True

    def advance(
        self,
        begin: float,
        end: float,
        step: int,
        half: int,
        temperature: float,
        energy_change: Callable[[int, NDArray[np.float64]], float],
        population_changed: Callable[[], None],
        slots: SlotCells,
        drift: NDArray[np.float64],
    ) -> tuple[list[Event], float]:
        """Hops between two times, everybody otherwise at rest.

        Parameters
        ----------
        begin, end
            In τ.
        step, half
            The step in which they fall, and which half of it: what the random numbers depend on.
        temperature
            k_BT in ε₀.
        energy_change
            Of moving a slot to a point (2,), in ε₀.
        population_changed
            Called after vortices have left or entered, before energies are asked for.
        slots
            The cells of the neighbour list.
        drift
            As in `attempt_hops`.

        Returns
        -------
        events : the hops, if they are recorded
        moved : largest distance of a vortex that has hopped from its reference, in λ
        """
        here, rule = self._here, self.rule
        self._since[:] = begin
        row, moved, changed = half * SECOND_HALF, 0.0, False
        events: list[Event] = []
        why = -1
        while why != DONE:
            self._set_temperature(temperature)
            size = self._room(end - begin)
            numbers = uniform_rows(self._seed, step, HOPS, row, size)
            who = np.empty(size, dtype=np.int64)
            regions = np.empty((size, 2), dtype=np.int64)
            when, points = np.empty(size), np.empty((size, 2))
            why, begin, used, hops, chance = attempt_hops(
                here.positions,
                here.winding,
                self._grid,
                self._open,
                rule.attempt_rate,
                rule.hop_distance,
                self._entry_rate,
                self.min_distance if rule.min_distance is None else rule.min_distance,
                slots,
                rule.weigh_energy,
                begin,
                end,
                numbers,
                self._since,
                self._activation,
                who,
                regions,
                when,
                points,
                drift,
            )
            row += used
            if why == WEIGH:
                change = 0.0
                if regions[hops, 1] != OUTSIDE:
                    if changed:
                        population_changed()
                        changed = False
                    change = energy_change(int(who[hops]), points[hops])
                if change > 0 and (temperature == 0 or chance > exp(-change / temperature)):
                    continue
                slots = slots._replace(valid=False)
                self._carry(int(who[hops]), regions[hops], points[hops], when[hops], drift)
                hops += 1
                why = EXIT if regions[hops - 1, 1] == OUTSIDE else WEIGH
            if why == ENTRY:
                here.insert(1, points[hops - 1])
                who[hops - 1] = len(here) - 1
            _add(self.tallies, regions[:hops])
            if rule.record_events:
                events += self._events(
                    step + 1 - half, who[:hops], regions[:hops], when[:hops], points[:hops]
                )
            if hops:
                away = here.positions[who[:hops]] - here.reference[who[:hops]]
                moved = max(moved, sqrt(float((away**2).sum(axis=1).max())))
            if why in (ENTRY, EXIT):
                slots = slots._replace(valid=False)
            if why == EXIT:
                here.remove(who[hops - 1 : hops])
            changed |= why in (ENTRY, EXIT)
        if changed:
            population_changed()
        finish_exposure(end, self._since, self._activation)
        if rule.above_b_max == "raise":
            self._check_fields(f"step {step}", "above_b_max = 'clamp', 'extend' or 'flow' goes on")
        return events, moved

    def _carry(
        self,
        slot: int,
        regions: NDArray[np.int64],
        point: NDArray[np.float64],
        time: float,
        drift: NDArray[np.float64],
    ) -> None:
        """Carry out a hop that has been weighed."""
        here = self._here
        jump = (point - here.positions[slot]) / len(here)
        drift[0] += jump
        drift[1] += here.winding[slot] * jump
        here.positions[slot] = point
        quanta = abs(int(here.winding[slot]))
        change_content(regions[0], -1, -quanta, time, self._since, self._activation)
        if regions[1] != OUTSIDE:
            change_content(regions[1], 1, quanta, time, self._since, self._activation)

    def _room(self, interval: float) -> int:
        """How many attempts to draw numbers for at once."""
        expected = self._attempts(interval)
        return int(min(MOST_ATTEMPTS, expected + 4.0 * sqrt(expected) + 8.0))

    def _attempts(self, interval: float) -> float:
        """Attempts to be expected in an interval (τ): all vortices at the rate of the fastest region."""
        fastest = float(self._activation.factor.max(initial=0.0))
        rate = 2.0 * self.rule.attempt_rate * len(self._here) * fastest + self._entry_rate
        return rate * interval

    def _set_temperature(self, temperature: float) -> None:
        """Bring alphas, tables and factors up to date, where the temperature or the contents have changed."""
        a = self._activation
        # Tables of laws from functions reach as far as everybody in one region.
        outgrown = self._custom.size and a.table.shape[1] < 2 + int(a.quanta.sum())
        if self._temperature == temperature and not outgrown:
            return
        self._temperature = temperature
        if self._energies.size:
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                alpha = np.where(self._barriers > 0, self._barriers / temperature, 0.0)
            a.alpha[self._energies] = np.minimum(alpha, FROZEN)
        if outgrown:
            quanta = np.arange(1.0, 2.0 * (2 + int(a.quanta.sum())))
            a.table_row[self._custom] = np.arange(len(self._custom))
            rows = [
                LawArray([self.rule.region_laws[k]], self._above).factor(quanta / a.area[k])
                for k in self._custom
            ]
            self._activation = a._replace(table=np.insert(np.array(rows), 0, 0.0, axis=1))
        all_factors(self._activation)

    def _check_fields(self, when: str, remedy: str) -> None:
        a = self._activation
        above = np.flatnonzero(self.fields > a.b_max)
        if above.size:
            k = int(above[0])
            raise ValueError(
                f"{when}: region {k} holds {a.quanta[k]} vortices, B = {self.fields[k]:.4g} per λ², above "
                f"its B_m = {a.b_max[k]:.4g}, where vortices flow; {remedy}"
            )

    def _events(
        self,
        step: int,
        who: NDArray[np.int64],
        regions: NDArray[np.int64],
        when: NDArray[np.float64],
        points: NDArray[np.float64],
    ) -> list[Event]:
        here = self._here
        where = here.box.wrap(points)[0]
        events = []
        for k, slot in enumerate(who.tolist()):
            pair = (int(regions[k, 0]), int(regions[k, 1]))
            kind = "entry" if pair[0] == OUTSIDE else "exit" if pair[1] == OUTSIDE else "hop"
            events.append(
                Event(
                    kind=kind,
                    step=step,
                    time=float(when[k]),
                    ids=(int(here.ids[slot]),),
                    windings=(int(here.winding[slot]),),
                    position=(float(where[k, 0]), float(where[k, 1])),
                    regions=pair,
                )
            )
        return events

    # ------------------------------------------------------------------ checkpoints

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps besides the population, as plain data."""
        return {
            "tallies": [[*pair, n] for pair, n in self.tallies.items()],
            "flows": [[*pair, n] for pair, n in self.flows.items()],
            "exposure": self._activation.exposure.tolist(),
            "started": self._started,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave; ValueError if it is that of other regions."""
        if len(state["exposure"]) != len(self.regions):
            raise ValueError(
                f"reactions: {len(self.regions)} regions for a run that was saved with "
                f"{len(state['exposure'])}; give those, or set sim.reactions after resuming"
            )
        self.tallies = {(i, j): n for i, j, n in state["tallies"]}
        self.flows = {(i, j): n for i, j, n in state["flows"]}
        self._activation.exposure[:] = state["exposure"]
        self._started = state["started"]
        self.recount()


def _add(tallies: dict[tuple[int, int], int], pairs: NDArray[np.integer]) -> None:
    """Count hops (H, 2) into tallies."""
    if len(pairs) == 0:
        return
    kinds, numbers = np.unique(pairs, axis=0, return_counts=True)
    for (i, j), n in zip(kinds.tolist(), numbers.tolist(), strict=True):
        tallies[i, j] = tallies.get((i, j), 0) + n


def exclusion_distance(
    force: Callable[[NDArray[np.float64]], NDArray[np.float64]], longest: float
) -> float:
    """λ: below this a repulsion exceeds `longest` (Ω₀); 0 where it never does, up to 1 λ."""
    if longest == inf:
        return 0.0
    r = np.geomspace(1e-6, 1.0, 601)
    strong = np.flatnonzero(np.abs(force(r)) > longest)
    return float(r[strong[-1]]) if strong.size else 0.0
