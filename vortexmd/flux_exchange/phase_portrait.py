"""Phase portrait of two regions: straight lines that end on one curve (R. Ma, Eqs. 10–14, Fig. 2).

What region p loses region q gains, A_p dB_p = −A_q dB_q, so that every solution stays on its line

    B_p(t) = −γ [B_q(t) − B_q(0)] + B_p(0),    γ = ε_pq/ε_qp = A_q/A_p    (Eqs. 10, 11)

whatever the laws, and runs along it to where W_p(B_p) = W_q(B_q) (Eqs. 12–14). W rises, so that this curve
rises and meets every line once. p is region 0 and q region 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import measure, numbers, pair, whole
from vortexmd.flux_exchange.approximate import two_fields
from vortexmd.flux_exchange.equilibrium import equilibrium
from vortexmd.flux_exchange.graph import ExchangeGraph

# Room beyond the outermost point of any line.
_MARGIN = 1.1
_CURVE_POINTS = 200


@dataclass(frozen=True)
class PhasePortrait:
    """Where the solutions of two regions run in the plane of B_p and B_q.

    Parameters
    ----------
    gamma
        γ = ε_pq/ε_qp.
    starts, ends
        (S, 2) fields (B_p, B_q) at which the lines begin, and the equilibria in which they end.
    limits
        The largest B_p and B_q that are shown; the smallest are 0.
    grid
        (n,) B_p and (n,) B_q at which the flow is given, the middles of n even steps up to `limits`.
    direction
        (n, n, 2) unit vectors along (dB_p/dt, dB_q/dt) at ``grid[0][i], grid[1][j]``; 0 where nothing moves,
        NaN above B_m if the graph's `above_b_max` is "raise".
    curve
        (K, 2) points of W_p(B_p) = W_q(B_q), rising from (0, 0).
    """

    gamma: float
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    limits: tuple[float, float]
    grid: tuple[NDArray[np.float64], NDArray[np.float64]]
    direction: NDArray[np.float64]
    curve: NDArray[np.float64]

    def line(self, k: int, b_q: ArrayLike) -> NDArray[np.float64]:
        """B_p on the line of start `k` where region q has the fields `b_q` (Eq. 11)."""
        b_p, b_q0 = self.starts[k]
        return np.asarray(b_p - self.gamma * (np.asarray(b_q, dtype=float) - b_q0))


def phase_portrait(
    graph: ExchangeGraph,
    starts: ArrayLike,
    limits: tuple[float, float] | None = None,
    arrows: int = 15,
) -> PhasePortrait:
    """The lines from `starts` to their equilibria, the flow around them and the curve of all equilibria.

    Parameters
    ----------
    graph
        Two regions that are joined, closed to the outside.
    starts
        (S, 2) fields (B_p, B_q), or one such pair.
    limits
        The largest B_p and B_q to show; by default a tenth beyond the lines.
    arrows
        n, the points of the grid per axis, 2 … 200.

    Raises
    ------
    ValueError
        If the network is not two joined regions without an outside, or a number is wrong.
    """
    if len(graph) != 2 or graph.open or not graph.conductance.sum() > 0:
        what = "an open network" if graph.open else f"{len(graph)} regions, or parted ones"
        raise ValueError(f"graph: {what}; a phase portrait is of two joined regions, closed")
    whole("arrows", arrows, 2, 200)
    begin = _starts(starts)
    ends = np.array([equilibrium(graph, b).b for b in begin])
    if limits is None:
        top = _MARGIN * np.maximum(begin, ends).max(axis=0)
        limits = (float(top[0]) or 1.0, float(top[1]) or 1.0)
    else:
        top_p, top_q = pair("limits", limits)
        limits = (measure("limits[0]", top_p), measure("limits[1]", top_q))
    middle = (np.arange(arrows) + 0.5) / arrows
    grid = (limits[0] * middle, limits[1] * middle)
    return PhasePortrait(
        gamma=float(graph.area[1] / graph.area[0]),
        starts=begin,
        ends=ends,
        limits=limits,
        grid=grid,
        direction=_directions(graph, *grid),
        curve=_equilibrium_curve(graph, limits),
    )


def _starts(starts: ArrayLike) -> NDArray[np.float64]:
    """(S, 2) checked fields, S at least 1."""
    rows = np.atleast_2d(numbers("starts", starts, "pairs of fields (B_p, B_q)"))
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"starts: shape {np.shape(starts)}; give pairs of fields (B_p, B_q)")
    return np.array([two_fields(f"starts[{k}]", row) for k, row in enumerate(rows)])


def _directions(
    graph: ExchangeGraph, b_p: NDArray[np.float64], b_q: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, n, 2) unit vectors along dB/dt on a grid."""
    velocity = np.full((len(b_p), len(b_q), 2), np.nan)
    b_max = graph.laws.b_max if graph.laws.above_b_max == "raise" else np.full(2, np.inf)
    for i, p in enumerate(b_p):
        for j, q in enumerate(b_q):
            b = np.array([p, q])
            if (b <= b_max).all():
                velocity[i, j] = graph.rates(b)
    speed = np.hypot(velocity[..., 0], velocity[..., 1])
    return velocity / np.where(speed == 0, 1.0, speed)[..., None]


def _equilibrium_curve(graph: ExchangeGraph, limits: tuple[float, float]) -> NDArray[np.float64]:
    """(K, 2) equilibria up to `limits`, at even steps of either field, so that no bend is lost."""
    laws = graph.laws
    most = np.array(limits)
    if laws.above_b_max == "raise":
        most = np.minimum(most, laws.b_max)
    # Regions side by side: column k holds the steps of region k.
    steps = most * np.arange(1, _CURVE_POINTS + 1)[:, None] / _CURVE_POINTS
    log_w = np.array([np.log(b) - laws.energy(b) for b in steps])
    if laws.above_b_max == "clamp":
        log_w = np.where(steps > laws.b_max, np.log(steps), log_w)
    points = np.array([laws.inverse(w) for w in np.sort(log_w, axis=None)])
    inside = (points <= most * (1.0 + 1e-12)).all(axis=1)
    return np.vstack((np.zeros(2), points[inside]))
