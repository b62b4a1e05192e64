"""What happened to single vortices: the records that `Simulation.events` and files keep."""

from __future__ import annotations

from dataclasses import dataclass

EVENT_KINDS = ("annihilation", "merging", "entry", "exit", "hop")


@dataclass(frozen=True)
class Event:
    """One event.

    Parameters
    ----------
    kind
        ``"annihilation"``: vortex and antivortex meet, and what is left of their windings, if
        anything, goes on as a new vortex; ``"merging"``: two of one sign become a giant vortex;
        ``"entry"``, ``"exit"``: through an open side; ``"hop"``: a thermally activated jump
        between regions.
    step, time
        When (time in τ).
    ids
        Whom it befell: one id or two.
    windings
        Their winding numbers before the event, as many.
    position
        Where, (x, y) in λ, folded into the box.
    product_id, product_winding
        The vortex that came of it; None and 0 if none did.

    Raises
    ------
    ValueError
        If the kind is not one of the five, or ids and windings are not one or two each.
    """

    kind: str
    step: int
    time: float
    ids: tuple[int, ...]
    windings: tuple[int, ...]
    position: tuple[float, float]
    product_id: int | None = None
    product_winding: int = 0

    def __post_init__(self) -> None:
        if self.kind not in EVENT_KINDS:
            raise ValueError(f"event.kind = {self.kind!r}: give one of {', '.join(EVENT_KINDS)}")
        if len(self.ids) not in (1, 2) or len(self.windings) != len(self.ids):
            raise ValueError(
                f"event.ids = {self.ids!r}, windings = {self.windings!r}: give one of each, or two"
            )
