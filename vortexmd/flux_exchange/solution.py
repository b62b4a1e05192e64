"""A solution of the equations of flux exchange, and what is read off it (R. Ma, Eq. 24)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.flux_exchange.laws import LawArray
from vortexmd.flux_exchange.surface import liquid_rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vortexmd.flux_exchange.network import FluxNetwork


@dataclass(frozen=True)
class FluxSolution:
    """Fields of all regions in time.

    Parameters
    ----------
    network
        What was solved.
    times
        (T,) times.
    b
        (T, R) fields.
    solver
        Which solver found them.
    rtol
        Relative tolerance of the fields.
    surface
        ``"full"``: Eq. 23 throughout; ``"two_stage"``: Eq. 22 while the layer holds more than its B_m.
    switch_time
        When the second of two stages began; None if there was but one.
    """

    network: FluxNetwork
    times: NDArray[np.float64]
    b: NDArray[np.float64]
    solver: str
    rtol: float
    surface: str = "full"
    switch_time: float | None = None

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Fields against time; options as for `vortexmd.plotting.flux.plot_fields`."""
        from vortexmd.plotting.flux import plot_fields

        return plot_fields(self, ax, **options)

    @property
    def total_flux(self) -> NDArray[np.float64]:
        """(T,) Σ A_i B_i, field times area."""
        return self.b @ self.network.graph.area

    @property
    def mean_field(self) -> NDArray[np.float64]:
        """(T,) B_t = Σ A_i B_i / Σ A_i, what a measurement over the whole sample sees (Eq. 24)."""
        return self.total_flux / float(self.network.graph.area.sum())

    @property
    def rates(self) -> NDArray[np.float64]:
        """(T, R) dB_i/dt, the right-hand side of the equations at the fields `b`."""
        graph = self.network.graph
        if graph.laws.above_b_max == "raise":
            # A field that rests at B_m may lie beyond it by the tolerance.
            graph = replace(graph, laws=LawArray(graph.laws.laws, "clamp"))
        rates = np.array([graph.rates(b) for b in self.b])
        for k in np.flatnonzero(self._liquid()):
            rates[k] = liquid_rates(graph, *self.network.bulk_and_layer(), self.b[k])
        return rates

    def _liquid(self) -> NDArray[np.bool_]:
        """(T,) whether the surface layer is liquid (Eq. 22)."""
        if self.surface == "full":
            return np.zeros(len(self.times), dtype=bool)
        _, layer = self.network.bulk_and_layer()
        return self.b[:, layer] > self.network.graph.laws.b_max[layer]

    @property
    def relaxation_rate(self) -> NDArray[np.float64]:
        """(T,) −d ln B_t / d ln t, from the equations and not from differences; 0 at t = 0."""
        return _logarithmic_rate(self.times, self.total_flux, self.rates @ self.network.graph.area)

    @property
    def relaxation_rates(self) -> NDArray[np.float64]:
        """(T, R) −d ln B_i / d ln t of every region; 0 where there is no field."""
        return _logarithmic_rate(self.times[:, None], self.b, self.rates)


def _logarithmic_rate(
    times: NDArray[np.float64], value: NDArray[np.float64], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    return -times * np.divide(rate, value, out=np.zeros_like(rate), where=value > 0)
