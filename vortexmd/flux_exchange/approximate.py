"""Two regions while only one of them gives: the closed forms of R. Ma, Eqs. 15–20, and how long they hold.

The flux that the `source` region gets back is left out,

    dB/dt = −ε B e^{−U(B)/kT},    ε = c/A   (Eq. 15; the paper's case (2) is p ↔ q),

and the partner follows from the conservation of flux, Eq. 11. In z = (α/m)(B_m/B)^m this is
e^z dz/z = m ε e^{α/m} dt, so that with the exponential integral Ei and h(z) = e^{−z} Ei(z)

    ε t = e^u [h(z) − h(z₀) e^{z₀ − z}] / m,    u = U/kT = z − α/m.

For the linear law, m = −1, z = −x, x = αB/B_m, it is Eq. 18 in closed form: E₁(x) = E₁(x₀) + ε e^{−α} t. (The
series that the paper prints cancels to nothing beyond x ≈ 12.) The scaled h neither under- nor overflows, and
the root is bracketed and sought in ln B. The logarithmic law is Eq. 20 and α = 0 an exponential.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expi

from vortexmd.checks import LARGEST, numbers, positive, shown, whole
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.solver import integrate, rising_times

# Beyond this argument so many terms of the asymptotic series of Ei are exact to rounding.
_ASYMPTOTIC = 50.0
_TERMS = 24
# A fall of ln B that takes any double to zero, and the halvings that find one inside it to rounding.
_DEEP = 1500.0
_HALVINGS = 70
# Large, and safe to multiply by a few.
_HUGE = 1e300
# Departures: how good the full solution has to be, relative to `fraction`, and where it is looked at.
_MARGIN = 1e-6
_TIGHTEST = 1e-11
_PER_DECADE = 16
_PIECE = 48


@dataclass(frozen=True)
class ApproximateSolution:
    """The fields of two regions of which one only gives.

    Parameters
    ----------
    times
        (T,).
    b
        (T, 2) fields.
    source
        The region whose outgoing flux is kept, 0 or 1.
    departure_time
        When the source field is first off by `fraction` of the full solution; ∞ if it never is.
    fraction
        The relative deviation that counts as departure.
    """

    times: NDArray[np.float64]
    b: NDArray[np.float64]
    source: int
    departure_time: float
    fraction: float


def approximate(
    graph: ExchangeGraph, b0: ArrayLike, times: ArrayLike, source: int = 0
) -> NDArray[np.float64]:
    """Fields while only what leaves `source` is kept (Eqs. 15–20, with Eq. 11 for the partner).

    Parameters
    ----------
    graph
        Two regions, closed; the source's law of the family (linear, logarithmic, inverse power).
    b0
        (2,) fields at time 0. Above B_m the source empties as the graph's `above_b_max` says: "clamp" at the
        rate ε down to B_m, "extend" by the formula.
    times
        (T,) times, rising, 0 or more.
    source
        0 or 1.

    Returns
    -------
    ndarray
        (T, 2) fields, in the unit of `b0`.

    Raises
    ------
    ValueError
        If the network is not two closed regions, the source's law has no closed form, or a number is wrong.
    """
    start = _start(graph, b0, source)
    t = rising_times(times)
    drop = _Emptying.of(graph, start, source).drop(t)
    b = np.empty((len(t), 2))
    with np.errstate(under="ignore"):
        b[:, source] = start[source] * np.exp(-drop)
    lost = -start[source] * np.expm1(-drop)
    b[:, 1 - source] = start[1 - source] + lost * graph.area[source] / graph.area[1 - source]
    return b


def approximate_solution(
    graph: ExchangeGraph,
    b0: ArrayLike,
    times: ArrayLike,
    source: int = 0,
    fraction: float = 0.01,
    horizon: float = inf,
) -> ApproximateSolution:
    """`approximate` together with how long it holds (`departure_time`); arguments and errors are theirs."""
    b = approximate(graph, b0, times, source)
    departure = departure_time(graph, b0, source, fraction, horizon)
    return ApproximateSolution(rising_times(times), b, source, departure, fraction)


def departure_time(
    graph: ExchangeGraph,
    b0: ArrayLike,
    source: int = 0,
    fraction: float = 0.01,
    horizon: float = inf,
) -> float:
    """The first time at which the approximate source field is off by `fraction` of the full solution.

    The approximation empties the source for good, so that it leaves every full solution that ends above
    zero. With b = min(B(0), B_∞) and W = max(W_q(0), W_∞) the source never holds less than b and never gets
    back more than ε W per time. The departure therefore lies between t = fraction·b/(ε W) and the time at
    which the closed form has come down to (1 − fraction) b: it is searched for between the two, in ln t.

    Parameters
    ----------
    graph, b0, source
        As in `approximate`.
    fraction
        |B_approximate − B|/B that counts, 1e-6 … 0.99.
    horizon
        The latest time of interest.

    Returns
    -------
    float
        The time, to about 1e-5 of itself; ∞ if it is beyond `horizon` (or beyond any double).

    Raises
    ------
    ValueError
        As `approximate` does, and for a `fraction` or `horizon` out of range.
    """
    start = _start(graph, b0, source)
    fraction = positive("fraction", fraction)
    if not 1e-6 <= fraction <= 0.99:
        raise ValueError(f"fraction = {fraction:g}: give a number from 1e-6 to 0.99")
    if not (isinstance(horizon, float) and horizon == inf):
        horizon = positive("horizon", horizon)
    if start[source] == 0:
        return 0.0 if graph.rates(start)[source] > 0 else inf
    closed_form = _Emptying.of(graph, start, source)
    window = _window(graph, start, source, fraction, closed_form)
    if window is None:
        return inf
    first, last, least = window
    last = min(last, horizon)
    if last <= first:
        return inf
    return _crossing(graph, start, source, fraction, closed_form, (first, last), least)


def two_fields(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """`value` as (2,) fields; ValueError naming `name` unless they are finite and 0 or more."""
    b = numbers(name, value, "two fields")
    if b.shape != (2,) or not ((b >= 0) & (b <= LARGEST)).all():
        raise ValueError(f"{name} = {shown(value)}: give two finite fields, 0 … {LARGEST:g}")
    return b


def _start(graph: ExchangeGraph, b0: ArrayLike, source: int) -> NDArray[np.float64]:
    """(2,) checked starting fields of a network that the closed forms cover."""
    if len(graph) != 2 or graph.open:
        what = "an open network" if graph.open else f"{len(graph)} regions"
        raise ValueError(f"graph: {what}; the approximate solutions are of two closed regions")
    whole("source", source, 0, 1)
    if graph.laws.laws[source].function is not None:
        raise ValueError(
            "law.kind = 'function': no closed form; give the source a linear, logarithmic or "
            "inverse_power law, or solve the full equations"
        )
    start = two_fields("b0", b0)
    # Has its say on fields above B_m: an error with above_b_max = "raise".
    graph.laws.factor(start)
    return start


def _window(
    graph: ExchangeGraph,
    start: NDArray[np.float64],
    source: int,
    fraction: float,
    closed_form: _Emptying,
) -> tuple[float, float, float] | None:
    """Times before and after the departure and the least the source ever holds; None if that is never."""
    end = equilibrium(graph, start).b
    back = max(float(graph.laws.flux(b)[1 - source]) for b in (start, end)) * closed_form.rate
    least = float(min(start[source], end[source]))
    if back == 0 or least == 0:
        return None
    # Half, and a little beyond: the ends must not be the departure itself.
    first = max(0.5 * fraction * least / back, 1.0 / _HUGE)
    fall = log(start[source] / least) - log1p(-fraction * (1 + 1e-4))
    return first, closed_form.time(fall), least


def _crossing(
    graph: ExchangeGraph,
    start: NDArray[np.float64],
    source: int,
    fraction: float,
    closed_form: _Emptying,
    window: tuple[float, float],
    least: float,
) -> float:
    """The first time in `window` at which the deviation exceeds `fraction`; ∞ if there is none."""
    rtol = max(fraction * _MARGIN, _TIGHTEST)
    atol = rtol * least

    def look(
        later: NDArray[np.float64], begin: float, state: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By how much `fraction` is exceeded `later` than `begin`, and the fields there."""
        b, _ = integrate(graph, state, later, rtol, atol)
        approximation = start[source] * np.exp(-closed_form.drop(begin + later))
        return np.abs(1.0 - approximation / b[:, source]) - fraction, b

    def excess(later: float, begin: float, state: NDArray[np.float64]) -> float:
        return float(look(np.array([later]), begin, state)[0][0])

    # Piece by piece: many departures come long before the last time that is possible.
    begin, state = 0.0, start
    count = 2 + int(_PER_DECADE * (np.log10(window[1]) - np.log10(window[0])))
    for piece in np.array_split(np.geomspace(*window, count), 1 + count // _PIECE):
        over, b = look(piece - begin, begin, state)
        if over.max() >= 0:
            k = int(np.argmax(over >= 0))
            if k:
                begin, state = float(piece[k - 1]), b[k - 1]
            until = float(piece[k])
            if excess(until - begin, begin, state) <= 0:
                # It is there, to the accuracy of two solutions that start at different times.
                return until
            later = brentq(excess, 0.0, until - begin, args=(begin, state), xtol=1e-9 * until)
            return float(begin + later)
        begin, state = float(piece[-1]), b[-1]
    return inf


@dataclass(frozen=True)
class _Emptying:
    """A region that only gives, as the fall d = ln(B(0)/B(t)) against time.

    Parameters
    ----------
    rate
        ε.
    power, alpha
        m and α of the law.
    free
        The part of d that lies above B_m and is not hindered ("clamp").
    log_b
        ln(B/B_m) at the end of it; −∞ for an empty region.
    """

    rate: float
    power: float
    alpha: float
    free: float
    log_b: float

    @classmethod
    def of(cls, graph: ExchangeGraph, start: NDArray[np.float64], source: int) -> _Emptying:
        laws = graph.laws
        log_b = log(start[source] / laws.b_max[source]) if start[source] else -inf
        free = max(log_b, 0.0) if laws.above_b_max == "clamp" else 0.0
        rate = float(graph.conductance.sum() / graph.area[source])
        return cls(rate, float(laws.power[source]), float(laws.alpha[source]), free, log_b - free)

    def drop(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """d at `times`, by halving a bracket: d rises with t, and never faster than at the start."""
        if self.log_b == -inf:
            return np.zeros(len(times))
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            free = np.minimum(self.rate * times, self.free)
            log_time = np.log(self.rate * times - free)
            if self.power == 0 and self.alpha > 0:
                # Eq. 20.
                ratio = log_time + np.log(self.alpha) + self.alpha * self.log_b
                return free + np.logaddexp(0.0, ratio) / self.alpha
            low = np.zeros(len(times))
            high = np.minimum(np.exp(log_time - self._barrier), _DEEP)
        if self.alpha == 0:
            return free + high
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            late = self._log_time(middle) > log_time
            low, high = np.where(late, low, middle), np.where(late, middle, high)
        return free + high

    def time(self, drop: float) -> float:
        """t at which d = `drop` (t more than 0); 1e300 at most."""
        free = min(drop, self.free)
        log_time = float(self._log_time(np.array([drop - free]))[0])
        with np.errstate(over="ignore", under="ignore"):
            return float(min((free + np.exp(log_time)) / self.rate, _HUGE))

    @property
    def _bend(self) -> float:
        """α (B_m/B)^m at the end of the free fall."""
        with np.errstate(over="ignore"):
            return float(min(self.alpha * np.exp(-self.power * self.log_b), _HUGE))

    @property
    def _barrier(self) -> float:
        """U/kT at the end of the free fall."""
        if self.power == 0:
            return -self.alpha * self.log_b
        with np.errstate(over="ignore"):
            high = self.alpha / self.power * np.expm1(-self.power * self.log_b)
        return float(min(high, _HUGE))

    def _log_time(self, drop: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln εt since the end of the free fall, against the fall of ln B since then."""
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            if self.alpha == 0:
                return np.log(drop)
            if self.power == 0:
                rise = self.alpha * drop
                return self._barrier + rise + np.log(-np.expm1(-rise)) - np.log(self.alpha)
            m = self.power
            z = self._bend / m
            rise = np.minimum(z * np.expm1(m * drop), _HUGE)
            # Not z + rise, which loses a field that has become small.
            later = np.clip(z * np.exp(m * drop), -_HUGE, _HUGE)
            spent = (_scaled_ei(later) - _scaled_ei(np.array(z)) * np.exp(-rise)) / m
            # Rounding may leave a little below nothing where the fall is lost in it.
            return self._barrier + rise + np.log(np.maximum(spent, 0.0))


def _scaled_ei(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """e^{−z} Ei(z) for real z, and so −e^x E₁(x) at z = −x; neither under- nor overflows."""
    z = np.asarray(z, dtype=float)
    near = np.clip(z, -_ASYMPTOTIC, _ASYMPTOTIC)
    far = np.where(np.abs(z) > _ASYMPTOTIC, z, np.inf)
    series = np.ones(z.shape)
    for n in range(_TERMS, 0, -1):
        series = 1.0 + series * (n / far)
    return np.where(np.isinf(far), np.exp(-near) * expi(near), series / far)
