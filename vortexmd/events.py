"""What happened to single vortices: the records that `Simulation.events` and files keep."""

from __future__ import annotations

from dataclasses import dataclass

EVENT_KINDS = ("annihilation", "merging", "entry", "exit", "hop")
# Those that can lead from one pinning region to another, or to or from the outside of all.
HOPPING_KINDS = ("hop", "entry", "exit")
OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Parameters
    ----------
    kind
        ``"annihilation"``: vortex and antivortex meet, and what is left of their windings, if
        anything, goes on as a new vortex; ``"merging"``: two of one sign become a giant vortex;
        ``"entry"``, ``"exit"``: through an open side; ``"hop"``: a thermally activated jump
        between pinning regions.
    step, time
        When (time in τ).
    ids
        Whom it befell: one id or two.
    windings
        Their winding numbers before the event, as many.
    position
        Where, (x, y) in λ, folded into the box; of a hop or an entry by hopping, where it landed.
    product_id, product_winding
        The vortex that came of it; None and 0 if none did.
    regions
        From which pinning region to which, of hops and of entries and exits by hopping; −1 is the
        outside. None for all else.

    Raises
    ------
    ValueError
        If the kind is not one of the five, ids and windings are not one or two each, or regions are
        not two or go with another kind.
    """

    kind: str
    step: int
    time: float
    ids: tuple[int, ...]
    windings: tuple[int, ...]
    position: tuple[float, float]
    product_id: int | None = None
    product_winding: int = 0
    regions: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.kind not in EVENT_KINDS:
            raise ValueError(f"event.kind = {self.kind!r}: give one of {', '.join(EVENT_KINDS)}")
        if len(self.ids) not in (1, 2) or len(self.windings) != len(self.ids):
            raise ValueError(
                f"event.ids = {self.ids!r}, windings = {self.windings!r}: give one of each, or two"
            )
        if self.regions is not None and (
            self.kind not in HOPPING_KINDS or len(self.regions) != 2 or min(self.regions) < OUTSIDE
        ):
            raise ValueError(
                f"event.regions = {self.regions!r}: give (from, to), {OUTSIDE} being the outside, of "
                f"{', '.join(HOPPING_KINDS)} only, not of kind {self.kind!r}"
            )
