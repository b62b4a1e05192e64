"""Reactions: annihilation and merging of two vortices that come close.

Each reaction says which pairs of windings react, what they leave, and at what distance. The engine
looks for such pairs after every step, takes the closest first (ties by id), and lets each vortex
react once a step. What is left is a new vortex with a new id: the winding of an id never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import potentials
from vortexmd.checks import measure, positive, whole
from vortexmd.events import Event
from vortexmd.population import Population


class Reaction:
    """Two vortices closer than `distance` (λ) become one, or none; or hops (`vortexmd.hopping`)."""

    kind: str
    distance: float | None

    @property
    def brings(self) -> tuple[int, ...]:
        """Windings that may come from outside."""
        return ()

    def product(self, n1: int, n2: int) -> int | None:
        """The winding that n1 and n2 leave (0: nothing), or None if they do not react."""
        raise NotImplementedError


@dataclass(frozen=True)
class Annihilation(Reaction):
    """Vortices of opposite sign annihilate; windings add, so +2 and −1 leave +1.

    Parameters
    ----------
    distance
        λ. Left out, it is the paper's d_A(μ), where a vortex and an antivortex join in a string
        (Chaves et al., Phys. Rev. B 83, 054516 (2011), §V; `potentials.annihilation_separation`).
    mu, kappa
        μ = √2 κ, for d_A. Give one of `distance`, `mu`, `kappa`.

    Notes
    -----
    A vortex that is left stands where the one of larger |n| stood; d_A, a result for ±1, is used for
    every pair of opposite signs.
    """

    distance: float | None = None
    mu: float | None = None
    kappa: float | None = None
    kind = "annihilation"

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.distance, self.mu, self.kappa)) != 1:
            raise ValueError("annihilation: give one of distance, mu, kappa")
        if self.distance is None:
            try:
                if self.kappa is None:
                    mu = positive("mu", self.mu)
                    distance = float(potentials.annihilation_separation(mu))
                else:
                    kappa = positive("kappa", self.kappa)
                    distance = float(potentials.annihilation_separation(kappa=kappa))
            except ValueError as error:
                raise ValueError(f"annihilation: {error}") from None
            object.__setattr__(self, "mu", None)
            object.__setattr__(self, "kappa", None)
            object.__setattr__(self, "distance", distance)
        distance = measure("annihilation.distance", self.distance)
        object.__setattr__(self, "distance", distance)

    def product(self, n1: int, n2: int) -> int | None:
        return n1 + n2 if n1 * n2 < 0 else None


@dataclass(frozen=True)
class Merging(Reaction):
    """Vortices of the same sign merge into a giant vortex: in type I they attract and join.

    Parameters
    ----------
    distance
        λ, below which they merge.
    max_winding
        Largest |n| that may form.

    Notes
    -----
    The giant vortex stands at the winding-weighted middle. Merging is a model of ours for type I, not
    of the paper, which stops at the attraction.
    """

    distance: float
    max_winding: int = 2
    kind = "merging"

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", measure("merging.distance", self.distance))
        whole("merging.max_winding", self.max_winding, 2, 100)

    def product(self, n1: int, n2: int) -> int | None:
        return n1 + n2 if n1 * n2 > 0 and abs(n1 + n2) <= self.max_winding else None


def reachable_windings(start: Iterable[int], reactions: Sequence[Reaction]) -> list[int]:
    """Every winding that is there or that reactions can make, sorted."""
    known = {int(n) for n in start} | _brought(reactions)
    while True:
        made = {
            reaction.product(n1, n2) for reaction in reactions for n1 in known for n2 in known
        } - {None, 0}
        if made <= known:
            return sorted(known)
        known |= made  # type: ignore[arg-type]


def _brought(reactions: Sequence[Reaction]) -> set[int]:
    return {n for reaction in reactions for n in reaction.brings}


def meeting_pairs(counts: Mapping[int, int], reactions: Sequence[Reaction]) -> set[tuple[int, int]]:
    """The pairs of windings that can meet, for which a force is needed.

    Two of a kind can meet only if there are two, or if a reaction makes more.
    """
    windings = reachable_windings(counts, reactions)
    made = {r.product(n1, n2) for r in reactions for n1 in windings for n2 in windings}
    made |= _brought(reactions)
    if sum(counts.values()) < 2 and not _brought(reactions):
        return set()
    return {
        (n1, n2)
        for n1 in windings
        for n2 in windings
        if n1 < n2 or (n1 == n2 and (counts.get(n1, 0) > 1 or n1 in made))
    }


def reaction_distances(
    windings: NDArray[np.int64], reactions: Sequence[Reaction]
) -> NDArray[np.float64]:
    """(S, S) λ: below this a pair of species reacts; 0 where it never does."""
    distances = np.zeros((len(windings), len(windings)))
    for a, n1 in enumerate(windings.tolist()):
        for b, n2 in enumerate(windings.tolist()):
            for reaction in reactions:
                if reaction.product(n1, n2) is not None:
                    distances[a, b] = max(distances[a, b], reaction.distance or 0.0)
    return distances


def choose(
    pairs: NDArray[np.int64], separations: NDArray[np.float64], ids: NDArray[np.int64]
) -> list[tuple[int, int, float]]:
    """Who reacts with whom: closest first, each vortex once; (slot of lower id, other, distance)."""
    low = np.minimum(ids[pairs[:, 0]], ids[pairs[:, 1]])
    high = np.maximum(ids[pairs[:, 0]], ids[pairs[:, 1]])
    taken: set[int] = set()
    chosen = []
    for k in np.lexsort((high, low, separations)):
        i, j = (int(slot) for slot in pairs[k])
        if i in taken or j in taken:
            continue
        taken |= {i, j}
        chosen.append(
            (i, j, float(separations[k])) if ids[i] < ids[j] else (j, i, float(separations[k]))
        )
    return chosen


def carry_out(
    here: Population,
    pairs: NDArray[np.int64],
    separations: NDArray[np.float64],
    reactions: Sequence[Reaction],
    step: int,
    time: float,
) -> list[Event]:
    """Let pairs react: those who go are taken out of `here`, products put in.

    Parameters
    ----------
    here
        The population.
    pairs, separations
        (P, 2) slots and (P,) λ: every pair near enough for one of the reactions.
    reactions
        The first one that takes a pair at its distance is carried out.
    step, time
        For the events.
    """
    events: list[Event] = []
    gone: list[int] = []
    made: list[tuple[int, NDArray[np.float64]]] = []
    for i, j, separation in choose(pairs, separations, here.ids):
        n1, n2 = int(here.winding[i]), int(here.winding[j])
        reaction = next(
            r
            for r in reactions
            if r.product(n1, n2) is not None and separation < (r.distance or 0.0)
        )
        product = reaction.product(n1, n2) or 0
        where = place(n1, n2, here.positions[i], here.positions[j], here.box.minimum_image)
        where = here.box.wrap(where[None])[0][0]
        events.append(
            Event(
                kind=reaction.kind,
                step=step,
                time=time,
                ids=(int(here.ids[i]), int(here.ids[j])),
                windings=(n1, n2),
                position=(float(where[0]), float(where[1])),
                product_id=here.next_id + len(made) if product else None,
                product_winding=product,
            )
        )
        gone += [i, j]
        if product:
            made.append((product, where))
    here.remove(np.array(gone))
    for product, where in made:
        here.insert(product, where)
    return events


def place(
    n1: int, n2: int, r1: NDArray, r2: NDArray, minimum_image: Callable[[NDArray], NDArray]
) -> NDArray[np.float64]:
    """Where the reaction happens, and where its product stands, in λ.

    Same signs: the winding-weighted middle. Opposite signs: the vortex of larger |n|, and the plain
    middle for an equal pair, of which nothing is left.
    """
    toward = minimum_image(r2 - r1)
    if n1 * n2 > 0:
        return r1 + toward * n2 / (n1 + n2)
    if abs(n1) == abs(n2):
        return r1 + 0.5 * toward
    return r1 if abs(n1) > abs(n2) else r1 + toward
