"""Pinning regions that exchange flux: what they are, and what can be asked of them.

R. Ma, "Flux exchange between contacting pinning regions". The names of users' scripts; the equations are in
`graph`, their solutions in the modules beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import LARGEST, flag, measure, measure_or_zero, numbers, shown
from vortexmd.flux_exchange.approximate import ApproximateSolution, approximate_solution
from vortexmd.flux_exchange.constructors import Constructors
from vortexmd.flux_exchange.equilibrium import Equilibrium, equilibrium
from vortexmd.flux_exchange.flux_sample import FluxSample
from vortexmd.flux_exchange.parts import (
    FluxExchangeWarning,
    Interface,
    Outside,
    Region,
    assemble,
)
from vortexmd.flux_exchange.phase_portrait import PhasePortrait, phase_portrait
from vortexmd.flux_exchange.sampling import sample
from vortexmd.flux_exchange.solution import FluxSolution
from vortexmd.flux_exchange.solver import integrate, rising_times
from vortexmd.flux_exchange.stationary import StationaryLaw, linear_noise, stationary
from vortexmd.flux_exchange.surface import two_stage

SURFACES = ("full", "two_stage")


def _listed(name: str, values: Any) -> tuple[Any, ...]:
    try:
        return tuple(values)
    except TypeError:
        raise ValueError(f"{name} = {shown(values)}: give a list") from None


class FluxNetwork(Constructors):
    """Pinning regions that exchange vortices by thermally activated hops.

        A_i dB_i/dt = −Σ_j c_ij (W_i − W_j) − c_ie (W_i − W_e),
        c_ij = ½ L_ij s ν₀,   W_i = B_i e^{−U_i(B_i)/kT}

    (R. Ma, Eqs. 3–5, 21, 23). Any units that agree with each other: lengths, times and fields.

    Parameters
    ----------
    regions
        R of them.
    interfaces
        Where they touch, each pair once.
    attempt_rate
        ν₀, 1/time.
    hop_distance
        s, length.
    outside
        What surrounds the sample; None for a closed one.
    above_b_max
        What holds where B > B_m: ``"clamp"`` (default: U ≥ 0, a hop at every attempt), ``"extend"`` (the
        formula goes on, U < 0: the paper's equations as printed) or ``"raise"``.
    temperature
        Needed where a law is given by `u0_energy`.

    Raises
    ------
    ValueError
        Naming the field, the value and what is allowed.

    Warns
    -----
    FluxExchangeWarning
        If some regions are not connected to others, or B_a exceeds some B_m.
    """

    def __init__(
        self,
        regions: Sequence[Region],
        interfaces: Iterable[Interface],
        attempt_rate: float,
        hop_distance: float,
        outside: Outside | None = None,
        *,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ):
        self.regions: tuple[Region, ...] = _listed("regions", regions)
        self.interfaces: tuple[Interface, ...] = _listed("interfaces", interfaces)
        self.attempt_rate = measure("attempt_rate", attempt_rate)
        self.hop_distance = measure("hop_distance", hop_distance)
        if temperature is not None:
            temperature = measure_or_zero("temperature", temperature)
        self.outside = outside
        self.above_b_max = above_b_max
        self.temperature = temperature
        self.graph = assemble(
            self.regions,
            self.interfaces,
            self.attempt_rate,
            self.hop_distance,
            outside,
            above_b_max,
            temperature,
        )
        self._warn()

    def _warn(self) -> None:
        count, label = self.graph.components()
        if count > 1:
            warnings.warn(
                f"interfaces: the regions fall into {count} parts that exchange nothing (region "
                f"{int(np.flatnonzero(label != label[0])[0])} is not connected to region 0); each comes to "
                f"an equilibrium of its own",
                FluxExchangeWarning,
                stacklevel=3,
            )
        if self.graph.open and self.outside is not None:
            lowest = float(self.graph.laws.b_max.min())
            if self.outside.b_applied > lowest:
                warnings.warn(
                    f"outside.b_applied = {self.outside.b_applied:g} exceeds the smallest B_m, {lowest:g}: "
                    f"that region is driven to where vortices flow and the law ends",
                    FluxExchangeWarning,
                    stacklevel=3,
                )

    def __len__(self) -> int:
        return len(self.regions)

    def __repr__(self) -> str:
        sides = "closed" if self.outside is None else f"open to {self.outside.b_applied:g}"
        return f"<FluxNetwork: {len(self)} regions, {len(self.interfaces)} interfaces, {sides}>"

    def names(self) -> list[str]:
        """What to call the regions in legends."""
        return [region.name or f"region {k}" for k, region in enumerate(self.regions)]

    def fields(
        self, name: str, value: ArrayLike, *, allow_above: bool = False
    ) -> NDArray[np.float64]:
        """`value` as (R,) fields; ValueError naming `name` if it is not that.

        With `allow_above`, fields may exceed B_m at the start.
        """
        b = numbers(name, value, f"{len(self)} fields")
        flag("allow_above", allow_above)
        if b.shape != (len(self),):
            raise ValueError(f"{name}: {b.shape} fields for {len(self)} regions; give one a region")
        wrong = np.flatnonzero(~((b >= 0) & (b <= LARGEST)))
        if wrong.size:
            raise ValueError(
                f"{name}[{wrong[0]}] = {b[wrong[0]]}: give a finite field, 0 or more, at most {LARGEST:g}"
            )
        b_max = self.graph.laws.b_max
        above = np.flatnonzero(b > b_max)
        if above.size and not allow_above:
            k = above[0]
            raise ValueError(
                f"{name}[{k}] = {b[k]:g} exceeds B_m = {b_max[k]:g}, where vortices flow and do not hop; "
                f"allow_above=True starts there all the same (above_b_max = {self.above_b_max!r})"
            )
        return b

    def bulk_and_layer(self) -> tuple[int, int]:
        """Which region is the bulk and which the surface layer; ValueError unless these two are all."""
        open_ = np.flatnonzero(self.graph.outside_conductance)
        if len(self) != 2 or len(open_) != 1:
            raise ValueError(
                f"surface: {self!r} with {len(open_)} regions at the outside is no bulk behind a surface "
                f"layer; make the network by FluxNetwork.cylinder"
            )
        layer = int(open_[0])
        return 1 - layer, layer

    @property
    def surface_fraction(self) -> float:
        """a, the share of the area that touches the outside; 1 − (1 − δ/R)² of a cylinder (Eq. 24)."""
        area = self.graph.area
        return float(area[self.graph.outside_conductance > 0].sum() / area.sum())

    def solve(
        self,
        b0: ArrayLike,
        times: ArrayLike,
        rtol: float = 1e-8,
        atol: float | None = None,
        method: str | None = None,
        *,
        surface: str = "full",
        allow_above: bool = False,
    ) -> FluxSolution:
        """The fields in time.

        Parameters
        ----------
        b0
            (R,) fields at t = 0.
        times
            (T,) times, rising, 0 or more.
        rtol
            Relative error of every field, 10⁻¹² to 10⁻².
        atol
            Fields need not be known better than this; by default far below any field there is.
        method
            None chooses by size and shape; else see `solver.integrate`.
        surface
            ``"full"``: Eq. 23 as it stands; ``"two_stage"``: Eq. 22 while the surface layer of a `cylinder`
            holds more than its B_m.
        allow_above
            Start above B_m, where vortices flow; the layer of two stages may in any case.

        Raises
        ------
        ValueError
            Naming the argument; or the region and the time, if `above_b_max` = "raise" and a field exceeds
            B_m.
        SolverError
            If the solver gives up.
        """
        if not isinstance(surface, str) or surface not in SURFACES:
            raise ValueError(f"surface = {shown(surface)}: give one of {', '.join(SURFACES)}")
        times = rising_times(times)
        if surface == "full":
            b0 = self.fields("b0", b0, allow_above=allow_above)
            b, solver = integrate(self.graph, b0, times, rtol, atol, method)
            return FluxSolution(self, times, b, solver, rtol)
        bulk, layer = self.bulk_and_layer()
        if method is not None:
            raise ValueError(f"method = {shown(method)}: does not go with surface = 'two_stage'")
        b0 = self.fields("b0", b0, allow_above=True)
        if not allow_above:
            below = b0.copy()
            below[layer] = 0.0
            self.fields("b0", below)
        b, switch = two_stage(self.graph, bulk, layer, b0, times, rtol, atol)
        return FluxSolution(self, times, b, "LSODA, two stages", rtol, surface, switch)

    def equilibrium(self, b0: ArrayLike, *, allow_above: bool = False) -> Equilibrium:
        """Where the fields `b0` (R,) end: one W in all regions that are connected (Eqs. 12–14)."""
        return equilibrium(self.graph, self.fields("b0", b0, allow_above=allow_above))

    def approximate(
        self,
        b0: ArrayLike,
        times: ArrayLike,
        source: int = 0,
        *,
        fraction: float = 0.01,
        horizon: float = inf,
        allow_above: bool = False,
    ) -> ApproximateSolution:
        """Two regions, only what leaves `source` kept (Eqs. 15–20), and when that is off by `fraction`.

        See `approximate.approximate` and `approximate.departure_time`.
        """
        b0 = self.fields("b0", b0, allow_above=allow_above)
        return approximate_solution(self.graph, b0, times, source, fraction, horizon)

    def phase_portrait(
        self, starts: ArrayLike, limits: tuple[float, float] | None = None, arrows: int = 15
    ) -> PhasePortrait:
        """Lines, flow and equilibria in the plane of two fields; see `phase_portrait.phase_portrait`."""
        return phase_portrait(self.graph, starts, limits, arrows)

    def sample(
        self,
        b0: ArrayLike,
        times: ArrayLike,
        flux_quantum: float,
        n_runs: int = 1,
        seed: int = 0,
        *,
        threads: int | None = None,
        keep: str = "runs",
        allow_above: bool = False,
    ) -> FluxSample:
        """Whole vortices, hop by hop: an exact sample of the stochastic process; see `sampling.sample`."""
        b0 = self.fields("b0", b0, allow_above=allow_above)
        return sample(self.graph, b0, times, flux_quantum, n_runs, seed, threads=threads, keep=keep)

    def stationary(
        self,
        total_count: int | Sequence[int] | None,
        flux_quantum: float,
        *,
        covariance: bool = False,
    ) -> StationaryLaw:
        """The exact law to which the counts of whole vortices settle; see `stationary.stationary`."""
        return stationary(self.graph, total_count, flux_quantum, covariance=covariance)

    def linear_noise(self, b: ArrayLike, flux_quantum: float) -> NDArray[np.float64]:
        """(R, R) covariance of the counts around an equilibrium, for large counts; see `stationary`."""
        return linear_noise(self.graph, self.fields("b", b, allow_above=True), flux_quantum)
