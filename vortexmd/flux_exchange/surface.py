"""Bulk, surface layer and outside: the liquid stage of the layer, and the geometry of the measured field.

R. Ma, Eqs. 22–24. While the layer holds more than its maximum, B_s > B_sm, it is liquid: nothing hops back
into the bulk, and what the bulk loses flows out without a barrier,

    A_b dB_b/dt = −c_bs W_b                                     (Eq. 22)
    A_s dB_s/dt =  c_bs W_b − c_se (B_s − W_e).

At B_s = B_sm the full system (Eq. 23) takes over. Both systems agree on the direction of the switch: with the
layer at B_sm, its dB_s/dt is greater by c_bs B_sm/A_s when it is liquid, so that a field that rises through
B_sm goes on rising and one that falls goes on falling. It never comes back: it fell with
c_bs W_b < c_se (B_sm − W_e), from then on W_b is at most max(W_b, B_sm) as of the switch, and to rise through
B_sm it needs

    c_bs W_b > c_bs B_sm + c_se (B_sm − W_e).

A layer that starts at or below B_sm becomes liquid under the same condition only, W_b > 2 B_sm at least where
B_a = 0. No sample that was cooled in a uniform field ≤ min(B_bm, B_sm), the paper's start, ever meets it: the
liquid stage is one of samples whose layer starts above B_sm.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

from vortexmd.checks import positive
from vortexmd.flux_exchange.approximate import two_fields
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.solver import (
    MOST_STEPS,
    NO_TIME,
    SolverError,
    check_rtol,
    fastest_rate,
    integrate,
    rising_times,
)

# How much tighter the liquid stage is integrated than asked, so that the switch is as good as the fields:
# over 150 random cylinders it came out true to 0.2 rtol, from 1e-4 to 1e-8.
_TIGHTER = 0.003
_TIGHTEST = 3e-14
# Absolute tolerance where none is given, relative to `rtol` and the largest field.
_SMALL = 1e-9


def two_stage(
    graph: ExchangeGraph,
    bulk: int,
    layer: int,
    b0: ArrayLike,
    times: ArrayLike,
    rtol: float = 1e-8,
    atol: float | None = None,
) -> tuple[NDArray[np.float64], float | None]:
    """Fields of bulk and layer, with the layer liquid while B_s > B_sm (Eq. 22) and Eq. 23 otherwise.

    A layer that starts at or below B_sm has no liquid stage, unless the bulk floods it (see the module). With
    W_e ≥ B_sm a liquid layer stays so and Eq. 22 empties the bulk against the field outside: the paper's
    first stage is for samples in a field below B_sm.

    Parameters
    ----------
    graph
        Two regions, of which `layer` touches the outside and `bulk` does not.
    bulk, layer
        Which is which: 0 and 1, or 1 and 0.
    b0
        (2,) fields at time 0, region by region.
    times
        (T,) rising, 0 or more.
    rtol
        Relative tolerance of the fields.
    atol
        Absolute tolerance, in the unit of fields; by default far below any field of interest.

    Returns
    -------
    b
        (T, 2) fields.
    switch_time
        When the liquid stage ended and the full system took over; None if there was none or it goes on.

    Raises
    ------
    ValueError
        If the network is not a bulk behind a layer, or a number is wrong.
    SolverError
        If the liquid stage cannot be integrated.
    """
    state, t = _checked(graph, bulk, layer, b0, times)
    system = _Layered(graph, bulk, layer)
    graph.laws.refuse_frozen()
    rtol = check_rtol(rtol)
    if atol is not None:
        atol = positive("atol", atol)
    else:
        atol = rtol * _SMALL * float(max(state.max(), graph.outside_flux, np.finfo(float).tiny))
    tight = max(rtol * _TIGHTER, _TIGHTEST)
    b = np.empty((len(t), 2))
    if t[-1] * fastest_rate(graph) < NO_TIME:
        # Solvers may never end over times next to zero.
        b[:] = state
        return b, None
    now, done, switch = 0.0, 0, None
    liquid = bool(state[layer] > system.top)
    while done < len(t):
        if not liquid and not system.floods(state):
            b[done:], _ = integrate(graph, state, t[done:] - now, rtol, atol)
            break
        inside, event = system.until_switch(liquid, state, now, t[done:], tight, atol)
        b[done : done + len(inside)] = inside
        done += len(inside)
        if event is None:
            break
        now, state = event
        if liquid:
            switch = now
        liquid = not liquid
    return b, switch


def liquid_rates(
    graph: ExchangeGraph, bulk: int, layer: int, b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(2,) dB/dt at fields `b` (2,) while the layer is liquid: Eq. 22, and what flows through the layer."""
    lost = float(graph.conductance.sum()) * graph.laws.flux(_capped(graph, layer, b))[bulk]
    gain = np.empty(2)
    gain[bulk] = -lost
    gain[layer] = lost - graph.outside_conductance[layer] * (b[layer] - graph.outside_flux)
    return gain / graph.area


def _checked(
    graph: ExchangeGraph, bulk: int, layer: int, b0: ArrayLike, times: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starting fields and times as arrays, once they and the network are what two stages need."""
    if len(graph) != 2 or sorted((bulk, layer)) != [0, 1]:
        raise ValueError(
            f"graph: {len(graph)} regions, bulk = {bulk!r}, layer = {layer!r}; two stages are for two "
            f"regions, 0 and 1, of which one is the layer"
        )
    if graph.outside_conductance[layer] == 0 or graph.outside_conductance[bulk] > 0:
        raise ValueError(
            f"graph: region {layer}, the layer, has to touch the outside, and region {bulk}, the bulk, "
            f"must not"
        )
    return two_fields("b0", b0), rising_times(times)


@dataclass(frozen=True)
class _Layered:
    """The equations of both stages and the change from one to the other."""

    graph: ExchangeGraph
    bulk: int
    layer: int

    @property
    def top(self) -> float:
        """B_sm."""
        return float(self.graph.laws.b_max[self.layer])

    def floods(self, state: NDArray[np.float64]) -> bool:
        """Whether a layer at or below B_sm can rise above it: W_b never exceeds its value now, or B_sm."""
        inner = float(self.graph.conductance.sum())
        outer = float(self.graph.outside_conductance[self.layer])
        w_bulk = max(float(self.graph.laws.flux(self._capped(state))[self.bulk]), self.top)
        return inner * w_bulk > (inner + outer) * self.top - outer * self.graph.outside_flux

    def until_switch(
        self,
        liquid: bool,
        start: NDArray[np.float64],
        begin: float,
        times: NDArray[np.float64],
        rtol: float,
        atol: float,
    ) -> tuple[NDArray[np.float64], tuple[float, NDArray[np.float64]] | None]:
        """One stage: (n, 2) fields at those of `times` (n) before its end, and the end, or None."""

        def switch(_: float, b: NDArray[np.float64]) -> float:
            return float(b[self.layer] - self.top)

        switch.terminal = True  # type: ignore[attr-defined]
        switch.direction = -1 if liquid else 1  # type: ignore[attr-defined]
        here = np.broadcast_to(start, (int(np.searchsorted(times, begin, side="right")), 2))
        times = times[len(here) :]
        if times.size == 0:
            return here, None
        rates, jacobian = self._equations(liquid)
        asked = count()

        def counted(_: float, b: NDArray[np.float64]) -> NDArray[np.float64]:
            if next(asked) > MOST_STEPS:
                raise SolverError(f"surface layer: {MOST_STEPS} steps taken; ask for a larger rtol")
            return rates(b)

        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
            # LSODA says what went wrong in a warning and then fails.
            warnings.simplefilter("ignore", UserWarning)
            found = solve_ivp(
                counted,
                (begin, float(times[-1])),
                start,
                method="LSODA",
                t_eval=times,
                events=switch,
                jac=lambda _, b: jacobian(b),
                rtol=rtol,
                atol=atol,
            )
        if not (found.success and np.isfinite(found.y).all()):
            raise SolverError(f"surface layer: {found.message} Ask for a larger rtol.")
        fields = np.vstack((here, np.reshape(found.y, (2, -1)).T))
        if found.t_events[0].size == 0:
            return fields, None
        end = found.y_events[0][0].copy()
        end[self.layer] = self.top
        when = float(found.t_events[0][0])
        return fields, (when, end)

    def _equations(
        self, liquid: bool
    ) -> tuple[
        Callable[[NDArray[np.float64]], NDArray[np.float64]],
        Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ]:
        """dB/dt (2,) and its Jacobian (2, 2) in one stage."""
        graph, bulk, layer = self.graph, self.bulk, self.layer
        if not liquid:
            return (
                lambda b: graph.rates(self._capped(b)),
                lambda b: graph.jacobian(self._capped(b)).toarray(),
            )
        inner, outer = float(graph.conductance.sum()), float(graph.outside_conductance[layer])

        def jacobian(b: NDArray[np.float64]) -> NDArray[np.float64]:
            loss = inner * graph.laws.slope(self._capped(b))[bulk]
            by_field = np.zeros((2, 2))
            by_field[bulk, bulk], by_field[layer, bulk] = -loss, loss
            by_field[layer, layer] = -outer
            return by_field / graph.area[:, None]

        return lambda b: liquid_rates(graph, bulk, layer, b), jacobian

    def _capped(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        return _capped(self.graph, self.layer, b)


def _capped(graph: ExchangeGraph, layer: int, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """`b` with the layer at B_sm at most, where its law ends: a solver's step may look beyond."""
    capped = b.copy()
    capped[layer] = min(b[layer], graph.laws.b_max[layer])
    return capped
