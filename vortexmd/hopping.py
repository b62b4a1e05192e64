"""Thermally activated hops between pinning regions, inside the molecular dynamics box.

R. Ma, "Flux exchange between contacting pinning regions", Eqs. 1–5, for vortices that have places. Regions
are a partition of the box. Molecular dynamics moves vortices within them: interfaces reflect, else
Brownian motion would carry vortices past the barrier. What crosses is activated: every vortex attempts
displacements ±s along the axes, each of the four at the rate ½ν₀e^{−U_i(B_i)/kT} of its region, and one is
carried out if it changes the region. The kernel is symmetric, so that detailed balance holds for any
geometry, and the flux through a straight interface is ½ n L s ν₀ e^{−U}, the paper's.

A step is hops(Δt/2), molecular dynamics (Δt), hops(Δt/2): symmetric, with one evaluation of forces. Hops
are drawn exactly; the fields B_i follow every one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vortexmd.box import Box
from vortexmd.checks import flag, measure, measure_or_zero, not_negative, shown
from vortexmd.flux_exchange import ActivationLaw, FluxNetwork, Outside
from vortexmd.flux_exchange.laws import ABOVE_B_MAX
from vortexmd.reactions import Reaction
from vortexmd.regions import Regions


@dataclass(frozen=True)
class ArrheniusHopping(Reaction):
    """Hops between pinning regions at Arrhenius rates; goes into ``Simulation(reactions=[…])``.

    A region's field is B_i = N_i/A_i in vortices per λ² (Φ₀ = 1), N_i the flux quanta in it, Σ|n|: a giant
    vortex counts |n|, an antivortex like a vortex. U_i(B_i)/kT comes from the region's law.

    Parameters
    ----------
    regions
        A partition of the box.
    laws
        One activation law for all regions, or one each; b_max in vortices per λ². A law by `u0_energy`
        (ε₀) follows the temperature of the simulation.
    attempt_rate
        ν₀ in 1/τ.
    hop_distance
        s in λ; at most the width of the narrowest region, unless `effective`.
    above_b_max
        Where B_i > B_m: ``"clamp"`` (default) U ≥ 0; ``"extend"`` the formula goes on; ``"raise"`` an error;
        ``"flow"`` as clamp, and the region's walls are open to molecular dynamics both ways meanwhile
        (vortices flow: not for comparison with `network`).
    outside
        The field beyond the open ends of the box, B_a in vortices per λ², or an `Outside` with an entry
        barrier. Required if an axis is open; vortices then leave and enter by hops alone.
    effective
        Take regions narrower than s, and let `network` use the kernel's own conductances.
    weigh_energy
        Carry a hop between regions out with probability min(1, e^{−ΔE/kT}), ΔE the change of pair and
        external energy. Off by default: a law U(B) already holds the repulsion.
    min_distance
        λ: a hop that begins or ends nearer than this to another vortex is not carried out. Default 0
        for forces that stay finite; for diverging ones the distance at which a step would throw the two
        too far apart.
    allow_above
        Start with regions above B_m.
    record_events
        Keep every hop in `Simulation.events` and the trajectory; tallies are kept in any case.

    Raises
    ------
    ValueError
        Naming the field.
    """

    regions: Regions
    laws: ActivationLaw | Sequence[ActivationLaw]
    attempt_rate: float
    hop_distance: float
    above_b_max: str = "clamp"
    outside: Outside | float | None = None
    effective: bool = False
    weigh_energy: bool = False
    min_distance: float | None = None
    allow_above: bool = False
    record_events: bool = True
    kind = "hop"
    distance = None

    def __post_init__(self) -> None:
        if not isinstance(self.regions, Regions):
            raise ValueError(
                f"hopping.regions = {shown(self.regions)}: give Regions, as Regions.rectangles makes"
            )
        laws = self.laws
        if isinstance(laws, ActivationLaw):
            laws = (laws,) * len(self.regions)
        if not isinstance(laws, Sequence) or isinstance(laws, str):
            raise ValueError(
                f"hopping.laws = {shown(laws)}: give an ActivationLaw, or a list of one a region"
            )
        laws = tuple(laws)
        if len(laws) != len(self.regions):
            raise ValueError(
                f"hopping.laws: {len(laws)} for {len(self.regions)} regions; give one, or one a region"
            )
        for k, law in enumerate(laws):
            if not isinstance(law, ActivationLaw):
                raise ValueError(f"hopping.laws[{k}] = {shown(law)}: give an ActivationLaw")
        object.__setattr__(self, "laws", laws)
        for name in ("attempt_rate", "hop_distance"):
            object.__setattr__(self, name, measure(f"hopping.{name}", getattr(self, name)))
        known = isinstance(self.above_b_max, str) and self.above_b_max in (*ABOVE_B_MAX, "flow")
        if not known:
            raise ValueError(
                f"hopping.above_b_max = {shown(self.above_b_max)}: give one of {', '.join(ABOVE_B_MAX)}, flow"
            )
        if self.min_distance is not None:
            nearest = measure_or_zero("hopping.min_distance", self.min_distance)
            object.__setattr__(self, "min_distance", nearest)
        for name in ("effective", "weigh_energy", "allow_above", "record_events"):
            object.__setattr__(self, name, flag(f"hopping.{name}", getattr(self, name)))
        outside = self.outside
        if outside is not None and not isinstance(outside, Outside):
            outside = Outside(not_negative("hopping.outside", outside))
        if outside is not None and outside.lengths is not None:
            raise ValueError(
                "hopping.outside.lengths: follow from the open ends of the box; leave them out"
            )
        object.__setattr__(self, "outside", outside)
        narrow = int(np.argmin(self.regions.width))
        if not self.effective and self.hop_distance > self.regions.width[narrow]:
            raise ValueError(
                f"hopping.hop_distance = {self.hop_distance:g} exceeds the width of region {narrow}, "
                f"{self.regions.width[narrow]:.4g} λ: hops would pass over it; shorten it, or pass "
                f"effective=True to use the conductances of the hops as they are"
            )
        if self.hop_distance >= min(self.regions.box.lengths):
            raise ValueError(
                f"hopping.hop_distance = {self.hop_distance:g}: give less than the sides of the box, "
                f"{self.regions.box.lengths}"
            )

    def product(self, n1: int, n2: int) -> int | None:
        """Hops make nothing of two vortices."""
        return None

    @property
    def region_laws(self) -> tuple[ActivationLaw, ...]:
        """(R,) the law of each region."""
        return tuple(self.laws)  # type: ignore[arg-type]

    @property
    def outside_flux(self) -> float:
        """W_e beyond the open ends, in vortices per λ²; 0 without an outside."""
        return self.outside.flux if isinstance(self.outside, Outside) else 0.0

    @property
    def brings(self) -> tuple[int, ...]:
        """Vortices enter as +1."""
        return (1,) if self.outside_flux > 0 else ()

    def within(self, box: Box) -> ArrheniusHopping:
        """The same, its regions parts of `box`; ValueError if they do not fit or the outside is missing."""
        rule = replace(self, regions=self.regions.within(box))
        opened = "open" in box.boundary
        if opened and rule.outside is None:
            raise ValueError(
                "hopping.outside: missing; the box is open, and hops reach beyond it: give the field there "
                "in vortices per λ² (0.0 for none), or make the axis reflecting"
            )
        if not opened and rule.outside is not None:
            raise ValueError(
                f"hopping.outside: no axis of the box is open ({' / '.join(box.boundary)}); leave it out, "
                f"or open one"
            )
        return rule

    def network(
        self, *, effective: bool | None = None, temperature: float | None = None
    ) -> FluxNetwork:
        """The `FluxNetwork` of the same regions: what well mixed vortices follow on average.

        In the box of the regions: made without one they are closed by reflecting ends, even where the
        simulation is periodic; ``sim.hopping.rule.network()`` has the simulation's box.

        Parameters
        ----------
        effective
            Conductances of the hops as they are (corners, slants, narrow regions), not ½Lsν₀ of the
            interfaces; default as this object's.
        temperature
            k_BT in ε₀, for laws by `u0_energy`.

        Raises
        ------
        ValueError
            With ``above_b_max="flow"``, which the equations do not know.
        """
        if self.above_b_max == "flow":
            raise ValueError(
                "above_b_max = 'flow': one-sided flow has no counterpart in the network; use 'clamp' to "
                "compare"
            )
        return FluxNetwork.from_regions(
            self.regions,
            self.region_laws,
            attempt_rate=self.attempt_rate,
            hop_distance=self.hop_distance,
            outside=self.outside,  # type: ignore[arg-type]
            effective=self.effective if effective is None else effective,
            above_b_max=self.above_b_max,
            temperature=temperature,
        )
