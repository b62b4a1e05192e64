"""Flux exchange in time: the solver that fits the size, the shape and the accuracy asked for.

The equations are those of `graph` (R. Ma, Eq. 21), stiff as soon as regions differ: rates e^{−U/kT} span
decades. All solvers are scipy's and get the analytic Jacobian. Linear multistep and Runge–Kutta methods keep
Σ A_i B_i to rounding, inexact Newton steps included, because the columns of A·J sum to zero.

What they deliver was measured on 40 random networks of all laws (α to 80, areas over 4 decades, B_m over 3,
open and closed, clamped and extended, B_m crossed) at 12 times to 10⁸, against Radau at 2·10⁻¹³: the worst
error of any region, as a multiple of the tolerance that the solver was given, is 30 at 10⁻⁵, 50 at 10⁻⁹ and
80 at 10⁻¹² for LSODA, which controls its largest error, and 50, 130 and 370 for BDF, which controls the mean
square. So they are given that much less than is wanted. A field that has fallen by n powers of ten has
gathered error all the way: this is for fields above 10⁻⁸ of the largest.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import BDF, DOP853, LSODA, OdeSolver, Radau
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.sparse.linalg import splu

from vortexmd.checks import fits_memory, numbers, positive, shown
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray

LATEST = 1e300  # barriers make times of any length
METHODS = ("dense", "banded", "sparse", "explicit", "radau")
LARGEST_RTOL = 1e-2
# Below it only methods of small networks deliver.
TIGHT_RTOL = 1e-10
SMALLEST_RTOL = 1e-12
SMALL = 64
# Multiplications of one banded factorisation, from which on sparse elimination is faster.
BANDED_WORK = 2e8
# The longest solutions that were seen take a tenth of it.
MOST_STEPS = 300_000
# Over times so short, in units of the fastest rate there is, fields are linear in time to rounding.
NO_TIME = 1e-17
# An explicit method is tried this many steps where the accuracy makes implicit ones slow.
EXPLICIT_STEPS = 2000
TITLES = {
    "dense": "LSODA",
    "banded": "LSODA, banded",
    "sparse": "BDF, sparse",
    "explicit": "DOP853",
    "radau": "Radau",
}
# How much tighter than wanted, see above.
TIGHTER = {"dense": 100.0, "banded": 100.0, "sparse": 300.0, "explicit": 10.0, "radau": 3.0}


class SolverError(RuntimeError):
    """The equations could not be solved to the accuracy asked for."""


def integrate(
    graph: ExchangeGraph,
    b0: ArrayLike,
    times: ArrayLike,
    rtol: float,
    atol: float | None = None,
    method: str | None = None,
) -> tuple[NDArray[np.float64], str]:
    """The fields of all regions at `times`, and which solver found them.

    Parameters
    ----------
    graph
        The equations.
    b0
        (R,) fields at t = 0, 0 or more.
    times
        (T,) rising, 0 or more.
    rtol
        Relative error of every field at every time, 10⁻¹² to 10⁻²; below 10⁻¹⁰ for networks of up to 64
        regions.
    atol
        Fields need not be known better than this; by default 10⁻²⁰ of the largest field about, so that a
        region that is nearly empty keeps its digits too.
    method
        None chooses. ``"dense"``: LSODA with a full Jacobian; ``"banded"``: LSODA on the regions renumbered
        by reverse Cuthill–McKee; ``"sparse"``: BDF with sparse elimination; ``"explicit"``: DOP853, for
        networks that are not stiff; ``"radau"``: Radau IIA, the most accurate of the implicit ones and slow.

    Returns
    -------
    b, solver
        (T, R) fields, and the solver in words.

    Raises
    ------
    ValueError
        Bad times, tolerances or method; temperature 0; under `above_b_max` = "raise", a region whose field
        comes to exceed B_m.
    SolverError
        The solver gave up, or a field came out negative by more than the tolerance.
    """
    b0 = np.asarray(b0, dtype=float)
    times = rising_times(times)
    graph.laws.refuse_frozen()
    rtol, method = _tolerance(rtol, len(graph), method)
    floor = _floor(graph, b0, atol)
    fits_memory("times", len(times), 32.0 * len(times) * len(graph))
    if times[-1] == 0:
        return b0[None, :].copy(), "none: the start alone"
    if times[-1] * fastest_rate(graph) < NO_TIME and (b0 <= graph.laws.b_max).all():
        # Nothing bends so soon, and solvers may never end over times next to zero.
        return b0 + times[:, None] * graph.rates(b0), "none: the slope at the start"
    plan = _plan(graph, rtol, method)
    if plan.order is not None:
        graph, b0 = _renumbered(graph, plan.order), b0[plan.order]
    out = np.empty((len(times), len(graph)))
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        name = _run(plan, graph, b0, times, rtol, floor, out)
    if plan.order is not None:
        unordered = np.empty_like(out)
        unordered[:, plan.order] = out
        out = unordered
    return _not_negative(out, floor, name), name


def rising_times(times: ArrayLike) -> NDArray[np.float64]:
    """`times` as a (T,) array; ValueError unless finite, 0 or more and rising."""
    t = np.atleast_1d(numbers("times", times, "rising numbers, 0 or more"))
    if t.ndim != 1 or t.size == 0:
        raise ValueError(f"times: shape {t.shape}; give at least one number, in a row")
    wrong = t[~((t >= 0) & (t <= LATEST))]
    if wrong.size:
        raise ValueError(f"times: {wrong[0]}; give finite numbers, 0 or more, at most {LATEST:g}")
    falling = np.flatnonzero(np.diff(t) <= 0)
    if falling.size:
        k = int(falling[0])
        raise ValueError(f"times[{k + 1}] = {t[k + 1]:g} does not exceed times[{k}] = {t[k]:g}")
    return t


def check_rtol(rtol: float) -> float:
    """`rtol`, or a ValueError where it is beyond what the solvers deliver."""
    rtol = positive("rtol", rtol)
    if not SMALLEST_RTOL <= rtol <= LARGEST_RTOL:
        raise ValueError(f"rtol = {rtol:g}: give {SMALLEST_RTOL:g} to {LARGEST_RTOL:g}")
    return rtol


def _tolerance(rtol: float, regions: int, method: str | None) -> tuple[float, str | None]:
    rtol = check_rtol(rtol)
    if method is not None and not (isinstance(method, str) and method in METHODS):
        raise ValueError(f"method = {shown(method)}: give one of {', '.join(METHODS)}, or None")
    tightest = method in ("explicit", "radau") or (method is None and regions <= SMALL)
    if rtol < TIGHT_RTOL and not tightest:
        raise ValueError(
            f"rtol = {rtol:g}: method = {method!r} with {regions} regions reaches {TIGHT_RTOL:g}; "
            f"method = 'explicit' (not stiff) or 'radau' (slow) go further"
        )
    return rtol, method


def _floor(graph: ExchangeGraph, b0: NDArray[np.float64], atol: float | None) -> float:
    """The absolute tolerance."""
    if atol is not None:
        return positive("atol", atol)
    largest = max(float(b0.max()), graph.outside_flux if graph.open else 0.0)
    return 1e-20 * (largest or float(graph.laws.b_max.min()))


def fastest_rate(graph: ExchangeGraph) -> float:
    """The largest rate of any field below B_m: laws are steepest there."""
    total = graph.exchange().sum(axis=1) + graph.outside_conductance
    return float((total * graph.laws.slope(graph.laws.b_max) / graph.area).max())


@dataclass(frozen=True)
class _Plan:
    """Which solvers, one after the other, on the regions in which order."""

    methods: tuple[str, ...]
    order: NDArray[np.int64] | None = None
    bandwidth: int = 0


def _plan(graph: ExchangeGraph, rtol: float, method: str | None) -> _Plan:
    n = len(graph)
    if method is None and rtol < TIGHT_RTOL:
        return _Plan(("explicit", "radau"))
    if method is None and n <= SMALL:
        return _Plan(("dense",))
    if method in ("dense", "explicit", "radau"):
        return _Plan((method,))
    links = csr_array(graph.exchange())
    order = reverse_cuthill_mckee(links, symmetric_mode=True).astype(np.int64)
    place = np.argsort(order)
    i, j = links.nonzero()
    width = int(np.abs(place[i] - place[j]).max(initial=0))
    if method == "banded" or (method is None and n * width**2 <= BANDED_WORK and 2 * width < n):
        return _Plan(("banded",), order, width)
    return _Plan(("sparse",))


def _renumbered(graph: ExchangeGraph, order: NDArray[np.int64]) -> ExchangeGraph:
    place = np.argsort(order)
    return replace(
        graph,
        area=graph.area[order],
        laws=LawArray([graph.laws.laws[k] for k in order], graph.laws.above_b_max),
        pairs=place[graph.pairs],
        outside_conductance=graph.outside_conductance[order],
    )


def _run(
    plan: _Plan,
    graph: ExchangeGraph,
    b: NDArray[np.float64],
    times: NDArray[np.float64],
    rtol: float,
    floor: float,
    out: NDArray[np.float64],
) -> str:
    """Fill `out` (T, R); the solvers that it took, in words."""
    watch = None
    if graph.laws.above_b_max == "raise":
        # Below B_m the two are the same; a trial step of the solver may look beyond.
        watch = _Watch(graph.laws.b_max, rtol, plan.order)
        watch.start(b)
        graph = replace(graph, laws=LawArray(graph.laws.laws, "clamp"))
    done = int(times[0] == 0)
    out[:done] = b
    time = 0.0
    name = ""
    for method in plan.methods:
        name += (", then " if name else "") + TITLES[method]
        steps = None if method == plan.methods[-1] else EXPLICIT_STEPS
        given = {"rtol": rtol / TIGHTER[method], "atol": floor}
        solver = _solver(method, graph, time, b, times[-1], given, plan.bandwidth)
        done = _march(solver, times, out, done, steps, watch, name)
        time, b = solver.t, solver.y
        if done == len(times):
            break
    return name


def _solver(
    method: str,
    graph: ExchangeGraph,
    time: float,
    b: NDArray[np.float64],
    end: float,
    given: dict[str, Any],
    width: int,
) -> OdeSolver:
    """scipy's solver of one method, at its start; `given` are its tolerances, `width` that of the band."""

    def rates(_: float, b: NDArray[np.float64]) -> NDArray[np.float64]:
        return graph.rates(b)

    def sparse(_: float, b: NDArray[np.float64]) -> Any:
        return graph.jacobian(b)

    def dense(_: float, b: NDArray[np.float64]) -> NDArray[np.float64]:
        return graph.jacobian(b).toarray()

    if method == "explicit":
        return DOP853(rates, time, b, end, **given)
    if method == "radau":
        return Radau(rates, time, b, end, jac=dense, **given)
    if method == "sparse":
        return _SparseBDF(rates, time, b, end, jac=sparse, **given)
    if method == "banded":
        bands = _packed(graph, width)
        return LSODA(rates, time, b, end, jac=bands, lband=width, uband=width, **given)
    return LSODA(rates, time, b, end, jac=dense, **given)


def _packed(
    graph: ExchangeGraph, width: int
) -> Callable[[float, NDArray[np.float64]], NDArray[np.float64]]:
    """The Jacobian by diagonals, as LSODA wants it."""
    pattern = graph.jacobian(graph.laws.b_max).tocoo()
    row, column = pattern.row - pattern.col + width, pattern.col
    shape = (2 * width + 1, len(graph))

    def jacobian(_: float, b: NDArray[np.float64]) -> NDArray[np.float64]:
        bands = np.zeros(shape)
        bands[row, column] = graph.jacobian(b).data
        return bands

    return jacobian


class _SparseBDF(BDF):
    """scipy's BDF with an elimination for these matrices.

    1 − hJ is a column diagonally dominant M-matrix in flux variables: it needs no pivots, and an ordering for
    symmetric patterns leaves half the entries that scipy's default does.
    """

    def __init__(self, *args: Any, **given: Any):
        super().__init__(*args, **given)

        def factorise(matrix: Any) -> Any:
            self.nlu += 1
            return splu(
                matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )

        self.lu = factorise


class _Watch:
    """Stops a solution where a field comes to exceed its B_m."""

    def __init__(
        self, b_max: NDArray[np.float64], rtol: float, order: NDArray[np.int64] | None
    ) -> None:
        # Fields are known to rtol; a region at B_m may rest there.
        self.limit = b_max * (1.0 + rtol)
        self.b_max = b_max
        self.order = order

    def start(self, b: NDArray[np.float64]) -> None:
        over = np.flatnonzero(b > self.limit)
        if over.size:
            self._stop(int(over[0]), 0.0)

    def step(self, solver: OdeSolver) -> None:
        over = np.flatnonzero(solver.y > self.limit)
        if not over.size:
            return
        course = solver.dense_output()

        def excess(time: float, k: int) -> float:
            return float(course(time)[k] - self.limit[k])

        before = solver.t_old
        when = [
            brentq(excess, before, solver.t, args=(k,)) if excess(before, k) < 0 else before
            for k in over.tolist()
        ]
        first = int(np.argmin(when))
        self._stop(int(over[first]), float(when[first]))

    def _stop(self, k: int, time: float) -> None:
        number = k if self.order is None else int(self.order[k])
        raise ValueError(
            f"region {number}: B comes to exceed B_m = {self.b_max[k]:g}, where vortices flow, at "
            f"t = {time:.6g}; above_b_max = 'clamp' or 'extend' goes on"
        )


def _march(
    solver: OdeSolver,
    times: NDArray[np.float64],
    out: NDArray[np.float64],
    done: int,
    steps: int | None,
    watch: _Watch | None,
    name: str,
) -> int:
    """Step until all of `times` are in `out` or `steps` are taken; how many are in."""
    taken = 0
    while done < len(times) and taken != steps:
        with warnings.catch_warnings():
            # LSODA says what went wrong in a warning and then fails.
            warnings.simplefilter("ignore", UserWarning)
            message = solver.step()
        taken += 1
        if taken > MOST_STEPS:
            message = f"{MOST_STEPS} steps taken"
        if message or solver.status == "failed" or not np.isfinite(solver.y).all():
            raise SolverError(
                f"{name} gave up at t = {solver.t:.6g}: {message or 'a field is not finite'}; a larger rtol "
                f"or another method ({', '.join(METHODS)}) may get through"
            )
        if watch is not None:
            watch.step(solver)
        if times[done] <= solver.t:
            course = solver.dense_output()
            while done < len(times) and times[done] <= solver.t:
                out[done] = course(times[done])
                done += 1
    return done


def _not_negative(b: NDArray[np.float64], floor: float, name: str) -> NDArray[np.float64]:
    """Fields with what the tolerance lets fall below 0 lifted to 0."""
    lowest = float(b.min())
    if lowest < -100.0 * floor:
        raise SolverError(f"{name}: a field came out at {lowest:.3g}; give a smaller rtol or atol")
    return np.maximum(b, 0.0)
