"""What a network is made of: regions, where they touch, what is outside, and their equations.

R. Ma, "Flux exchange between contacting pinning regions": Eqs. 3, 5, 21 and 23 put together from the parts
that users name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vortexmd.checks import measure, measure_or_zero, not_negative, shown, whole
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import ActivationLaw, LawArray

MAX_REGIONS = 10_000_000


class FluxExchangeWarning(UserWarning):
    """A network whose answer needs care: unconnected parts, or a field above some B_m outside."""


@dataclass(frozen=True)
class Region:
    """A pinning region.

    Parameters
    ----------
    area
        A, in the unit of length squared (λ² in molecular dynamics).
    law
        How hard it is to leave.
    name
        For legends and messages.
    """

    area: float
    law: ActivationLaw
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "area", measure("region.area", self.area))
        if not isinstance(self.law, ActivationLaw):
            raise ValueError(f"region.law = {shown(self.law)}: give an ActivationLaw")
        if self.name is not None and not isinstance(self.name, str):
            raise ValueError(f"region.name = {shown(self.name)}: give a string")


@dataclass(frozen=True)
class Interface:
    """Where two regions touch: `i` and `j`, positions in the list of regions, and the length L_ij."""

    i: int
    j: int
    length: float

    def __post_init__(self) -> None:
        for name in ("i", "j"):
            whole(f"interface.{name}", getattr(self, name), 0, MAX_REGIONS)
        object.__setattr__(self, "length", measure_or_zero("interface.length", self.length))
        if self.i == self.j:
            raise ValueError(f"interface: region {self.i} with itself; give two regions")


@dataclass(frozen=True)
class Outside:
    """What surrounds the sample.

    Parameters
    ----------
    b_applied
        B_a, the field outside, 0 or more.
    lengths
        L_ie of each region that touches the outside, by its number. Networks that are made from a geometry
        know it: leave it out.
    entry_barrier
        U_e/kT that a vortex from outside has to overcome; 0 is the paper's.
    """

    b_applied: float
    lengths: Mapping[int, float] | None = None
    entry_barrier: float = 0.0

    def __post_init__(self) -> None:
        # Fields may be as small as they like.
        b_applied = not_negative("outside.b_applied", self.b_applied)
        if b_applied:
            measure("outside.b_applied", b_applied, low=0.0)
        object.__setattr__(self, "b_applied", b_applied)
        barrier = not_negative("outside.entry_barrier", self.entry_barrier)
        object.__setattr__(self, "entry_barrier", barrier)
        if self.lengths is not None and not isinstance(self.lengths, Mapping):
            raise ValueError(
                f"outside.lengths = {shown(self.lengths)}: give {{region: length of its open side, …}}"
            )
        for region, length in (self.lengths or {}).items():
            whole("outside.lengths: region", region, 0, MAX_REGIONS)
            measure_or_zero(f"outside.lengths[{region}]", length)

    @property
    def flux(self) -> float:
        """W_e = B_a e^{−U_e/kT}, in the unit of fields."""
        return float(self.b_applied * np.exp(-float(self.entry_barrier)))


def assemble(
    regions: Sequence[Region],
    interfaces: Sequence[Interface],
    attempt_rate: float,
    hop_distance: float,
    outside: Outside | None,
    above_b_max: str,
    temperature: float | None,
) -> ExchangeGraph:
    """The equations of these parts, c_ij = ½ L_ij s ν₀; ValueError where they do not fit together."""
    if not regions:
        raise ValueError("regions: none; give at least one Region")
    for k, region in enumerate(regions):
        if not isinstance(region, Region):
            raise ValueError(f"regions[{k}] = {shown(region)}: give a Region")
    _check_interfaces(interfaces, len(regions))
    half = 0.5 * hop_distance * attempt_rate
    return ExchangeGraph(
        area=np.array([region.area for region in regions], dtype=float),
        laws=LawArray([region.law.at(temperature) for region in regions], above_b_max),
        pairs=np.array([(f.i, f.j) for f in interfaces], dtype=np.int64).reshape(-1, 2),
        conductance=half * np.array([f.length for f in interfaces], dtype=float),
        outside_conductance=half * _open_lengths(outside, len(regions)),
        outside_flux=0.0 if outside is None else outside.flux,
    )


def _check_interfaces(interfaces: Sequence[Interface], n: int) -> None:
    seen: set[tuple[int, int]] = set()
    for k, face in enumerate(interfaces):
        if not isinstance(face, Interface):
            raise ValueError(f"interfaces[{k}] = {shown(face)}: give an Interface")
        pair = (min(face.i, face.j), max(face.i, face.j))
        if pair[1] >= n:
            raise ValueError(
                f"interfaces[{k}]: region {pair[1]} does not exist; there are {n}, numbered from 0"
            )
        if pair in seen:
            raise ValueError(
                f"interfaces[{k}]: regions {pair[0]} and {pair[1]} are joined already; add the lengths up"
            )
        seen.add(pair)


def _open_lengths(outside: Outside | None, n: int) -> np.ndarray:
    """(R,) L_ie."""
    lengths = np.zeros(n)
    if outside is None:
        return lengths
    if not isinstance(outside, Outside):
        raise ValueError(f"outside = {shown(outside)}: give an Outside, or None")
    if outside.lengths is None:
        raise ValueError("outside.lengths: missing ({region: length of its open side, …})")
    for region, length in outside.lengths.items():
        if region >= n:
            raise ValueError(
                f"outside.lengths: region {region} does not exist; there are {n}, numbered from 0"
            )
        lengths[region] = length
    return lengths
