"""Ginzburg-Landau pair forces as pure functions: Eqs. 17 and 21, and their way between rows.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011).

**Interpolation in μ.** At each fixed separation d the force between the rows of a table is

    V-V, V-GV:  F(d; μ) = √μ (e^{−d} − e^{−μd}) · exp S(μ; d),
    V-AV:       F(d; μ) = F₂₂(d; μ) · exp S(μ; d),

with S a cubic spline in μ (C²) through the values that the rows give; F₂₂ is Eq. 21 with the
printed Eq. 22. The first factor carries the sign (attraction below μ = 1, none at 1, repulsion
above), the zero at μ = 1 to first order, and the exponential tails on both sides, so that S is
a smooth function even across the missing row μ = 1. The spline is not-a-knot for Eq. 17;
natural for V-AV, whose rows scatter. Being linear in the rows it is a set of weights.

Beyond the tables (only on request) S goes on linearly in ln μ below and in 1/μ above for Eq. 17;
for V-AV it stays constant: Eq. 22, scaled to meet the last row. The sign is right in all.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import k1e

from potentials.base import Array
from potentials.gl_tables import (
    Deltas,
    Etas,
    formula_deltas,
    row_mus,
    table_deltas,
    table_etas,
)

ON_A_ROW = 1e-12  # relative distance in μ at which a row itself is meant


def spline_weights(mus: Array, mu: float, kind: str) -> Array:
    """Weights of the rows `mus` in S(μ): the cardinal splines at μ."""
    on_row = np.flatnonzero(np.abs(mus - mu) <= ON_A_ROW * mus)
    if on_row.size:
        return np.eye(mus.size)[on_row[0]]
    inside = min(max(mu, mus[0]), mus[-1])
    spline = CubicSpline(
        mus, np.eye(mus.size), bc_type="natural" if kind == "V-AV" else "not-a-knot"
    )
    weights: Array = spline(inside)
    if inside != mu and kind != "V-AV":
        reach = math.log(mu / inside) if mu < inside else 1 - inside / mu
        weights = weights + spline(inside, 1) * inside * reach
    return weights


@lru_cache
def _weights(kind: str, mu: float) -> tuple[tuple[int, float], ...]:
    """(row, weight) of the rows that matter: one on a row, all between rows."""
    weights = spline_weights(row_mus(kind), mu, kind)
    return tuple((int(i), float(weights[i])) for i in np.flatnonzero(weights))


# ------------------------------------------------------------------ V-V and V-GV, Eq. 17
def split(mu: float, d: Array) -> Array:
    """e^{−d} − e^{−μd} without cancellation; at μ = 1 its slope in μ, d e^{−d}, instead.

    The slope gives the shape of the force where the force itself vanishes.
    """
    if mu == 1:
        return d * np.exp(-d)
    decay = np.exp(-min(1.0, mu) * d)
    return math.copysign(1.0, mu - 1) * decay * -np.expm1(-abs(mu - 1) * d)


def log_prefactor(etas: Etas, d: Array) -> Array:
    """ln of η₁ d^{η₃} / (1 + η₂ d^{η₃+½})."""
    ln_d = np.log(d)
    return (
        math.log(etas.eta1)
        + etas.eta3 * ln_d
        - np.logaddexp(0.0, math.log(etas.eta2) + (etas.eta3 + 0.5) * ln_d)
    )


def eq17(etas: Etas, d: Array) -> Array:
    """Eq. 17; at μ = 1 with η₄ = 1 (force zero) the limit of F/(μ − 1): see `split`."""
    root = math.sqrt(etas.mu)
    tails = root * split(etas.mu, d) + (etas.eta4 - root) * np.exp(-d)
    return np.exp(log_prefactor(etas, d)) * tails


def _log_scaled(etas: Etas, d: Array) -> Array:
    """S of one row: ln of Eq. 17 over √μ (e^{−d} − e^{−μd})."""
    excess = 1 - etas.eta4 / math.sqrt(etas.mu)  # ≥ 0, and 0 in type II
    result = log_prefactor(etas, d)
    if excess:
        x = (1 - etas.mu) * d
        result = result + np.log1p(excess * np.exp(-x) / -np.expm1(-x))
    return result


def eq17_between_rows(kind: str, mu: float, d: Array) -> Array:
    """V-V or V-GV force at any μ; at μ = 1, where it vanishes, the limit of F/(μ − 1)."""
    exponent = sum(w * _log_scaled(table_etas(kind)[row], d) for row, w in _weights(kind, mu))
    return math.sqrt(mu) * split(mu, d) * np.exp(exponent)


# ------------------------------------------------------------------ V-AV, Eq. 21
def _delta_rows(mu: float) -> list[tuple[Deltas, float]]:
    return [(table_deltas()[row], weight) for row, weight in _weights("V-AV", mu)]


def eq21(deltas: Deltas, d: Array) -> Array:
    """Eq. 21: −Δ₁K₁(d) − Δ₂K₁(μd)."""
    return -_eq21_scaled(deltas, d) * np.exp(-min(1.0, deltas.mu) * d)


def _eq21_scaled(deltas: Deltas, d: Array) -> Array:
    """|F| e^{min(1, μ) d}, which never underflows."""
    mu, slowest = deltas.mu, min(1.0, deltas.mu)
    return deltas.delta1 * k1e(d) * np.exp(-(1 - slowest) * d) + deltas.delta2 * k1e(
        mu * d
    ) * np.exp(-(mu - slowest) * d)


def eq21_core(deltas: Deltas) -> float:
    """lim_{d→0} F·d of Eq. 21."""
    return -(deltas.delta1 + deltas.delta2 / deltas.mu)


def eq21_between_rows(mu: float, d: Array) -> Array:
    """V-AV force at any μ."""
    exponent = sum(
        w * np.log(_eq21_scaled(row, d) / _eq21_scaled(formula_deltas(row.mu), d))
        for row, w in _delta_rows(mu)
    )
    return eq21(formula_deltas(mu), d) * np.exp(exponent)


def eq21_core_between_rows(mu: float) -> float:
    """lim_{d→0} F·d of `eq21_between_rows`."""
    exponent = sum(
        w * math.log(eq21_core(row) / eq21_core(formula_deltas(row.mu)))
        for row, w in _delta_rows(mu)
    )
    return eq21_core(formula_deltas(mu)) * math.exp(exponent)
