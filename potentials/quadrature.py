"""Energies, transforms and cutoffs of laws that are known by their force alone.

Everything starts from F(r), so that −dU/dr = F holds to the accuracy of the quadrature:

    U(r)  = ∫_r^∞ F dr'                              (energy)
    Û(k)  = 2π∫U J₀(kr) r dr = π∫F r² [2J₁(kr)/kr] dr (transform; by parts)
    π∫_c^∞ U r dr = (π/2)∫_c^∞ F (r² − c²) dr         (dropped tail; by parts)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev, legendre
from scipy.optimize import brentq, minimize_scalar
from scipy.special import j1

from potentials.base import Array

ForceFunction = Callable[[Array], Array]

DEGREE = 16
# Not below 1e-12: far out, where F ~ e^{−r}, the rounding of r alone gives r·1e-16.
ACCURACY = 1e-11
MAX_PANELS = 20_000
NARROWEST = 1e-12  # in ln r; a jump of the force is pinned down to this, then accepted
RADII = (1e-8, 1e9)  # where the law is tabulated; its local power law continues it outside
GAUSS_X, GAUSS_W = legendre.leggauss(16)
MAX_NODES = 4_000_000  # of one transform, about 32 MB a column

_NODES = chebyshev.chebpts1(DEGREE + 1)
_FIT = np.linalg.inv(chebyshev.chebvander(_NODES, DEGREE))


class RadialForce:
    """U(r), Û(k) and the tail of a given force, by piecewise Chebyshev series in ln r.

    Parameters
    ----------
    force : callable
        F on a 1-d array of positive radii; smooth, or with a few jumps.
    floor : float
        Panels are halved until the series of r·F is good to ACCURACY of its size on the panel,
        or to `floor` times its largest size anywhere. 0 keeps the tail right to relative
        accuracy; a floor near 1e-14 forgives rounding errors in the force.

    Raises ValueError where the force is not finite, where it will not be resolved, or where it
    falls no faster than 1/r (no energy that vanishes at infinity).
    """

    def __init__(self, force: ForceFunction, floor: float = 0.0) -> None:
        self._force = force
        edges = np.log(np.geomspace(*RADII, 58))
        size = np.abs(self._integrand(edges))
        alive = np.flatnonzero(size > 1e-250)
        edges = edges[: alive[-1] + 2] if alive.size else edges[:2]
        self._edges, self._series = self._resolve(edges, max(floor * float(size.max()), 1e-290))
        self._low, self._high = math.exp(self._edges[0]), math.exp(self._edges[-1])
        self._low_power = self._power(self._low, 2 * self._low)
        self._high_power = self._power(self._high / 1.01, self._high)
        high_force = self._at(self._high)
        if high_force != 0 and self._high_power <= 1 + 1e-6:
            raise ValueError(
                "the force falls no faster than 1/r, so no energy vanishes at infinity; "
                "pass energy= as well"
            )
        outer = high_force * self._high / (self._high_power - 1) if high_force else 0.0
        integrals = np.sum(self._series, axis=0)  # every T_n(1) is 1
        self._right = outer + np.append(np.cumsum(integrals[::-1])[::-1][1:], 0.0)
        self._left = float(self._right[0] + integrals[0])
        self._integrals = integrals

    def _integrand(self, ln_r: Array) -> Array:
        r = np.exp(ln_r)
        values = r * self._force(r)
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueError(f"force(r = {r[bad][0]:g}) is not finite")
        return values

    def _at(self, r: float) -> float:
        return float(self._force(np.array([r]))[0])

    def _power(self, a: float, b: float) -> float:
        """p of the local power law F ∝ r^{−p} between a < b."""
        fa, fb = abs(self._at(a)), abs(self._at(b))
        return math.log(fa / fb) / math.log(b / a) if fa > 0 and fb > 0 else 0.0

    def _resolve(self, edges: Array, floor: float) -> tuple[Array, Array]:
        """Panels, and per panel the Chebyshev series of ∫ r F d(ln r) from its left end."""
        left, right = edges[:-1], edges[1:]
        kept_left, kept = [], []
        count = 0
        while left.size:
            count += left.size
            if count > MAX_PANELS:
                raise ValueError(
                    "the force is too rough or oscillates too far out to be integrated; "
                    "pass energy= as well"
                )
            half = 0.5 * (right - left)
            points = (left + half) + np.multiply.outer(_NODES, half)
            values = self._integrand(points.ravel()).reshape(points.shape)
            series = _FIT @ values
            error = np.abs(series[-3:]).max(axis=0)
            good = error <= np.maximum(ACCURACY * np.abs(values).max(axis=0), floor)
            good |= half < NARROWEST
            kept_left.append(left[good])
            kept.append(chebyshev.chebint(series[:, good], lbnd=-1, axis=0) * half[good])
            middle = (left + half)[~good]
            left, right = (
                np.concatenate([left[~good], middle]),
                np.concatenate([middle, right[~good]]),
            )
        all_left = np.concatenate(kept_left)
        order = np.argsort(all_left)
        return np.append(all_left[order], edges[-1]), np.concatenate(kept, axis=1)[:, order]

    def energy(self, r: Array) -> Array:
        """U(r) for positive radii."""
        ln_r = np.log(r)
        panel = np.clip(
            np.searchsorted(self._edges, ln_r, side="right") - 1, 0, self._right.size - 1
        )
        width = self._edges[panel + 1] - self._edges[panel]
        t = np.clip(2 * (ln_r - self._edges[panel]) / width - 1, -1, 1)
        inside = _clenshaw(self._series[:, panel], t)
        result = self._right[panel] + self._integrals[panel] - inside
        below, above = r < self._low, r > self._high
        result[below] = self._left + self._below(ln_r[below])
        if above.any():
            result[above] = self._right[-1] * np.exp(
                (1 - self._high_power) * (ln_r[above] - self._edges[-1])
            )
        return result

    def _below(self, ln_r: Array) -> Array:
        """∫_r^low F dr by the power law that holds at the lowest radius."""
        depth = ln_r - self._edges[0]
        amplitude = self._at(self._low) * self._low
        exponent = 1 - self._low_power
        if abs(exponent) < 1e-7:
            return -amplitude * depth
        return -amplitude * np.expm1(exponent * depth) / exponent

    def energy_offset(self, core: float) -> float:
        """lim_{r→0} U(r) + core·ln r, infinite where the force diverges faster than 1/r."""
        if core:
            return self._left + core * math.log(self._low)
        amplitude = self._at(self._low) * self._low
        if amplitude == 0:
            return self._left
        if self._low_power >= 1 - 1e-6:
            return math.copysign(math.inf, amplitude)
        return self._left + amplitude / (1 - self._low_power)

    def fourier(self, k: Array) -> Array:
        """Û(k) for k ≥ 0; ValueError for a force that diverges as r⁻³ or faster."""
        if self._low_power >= 3 - 1e-6:
            raise ValueError("fourier: the force diverges too fast at r = 0 to have a transform")
        edges = np.concatenate([[0.0], np.exp(self._edges)])
        reach = np.abs(_moments(self._force, edges))
        outside = np.cumsum(reach[::-1])[::-1]
        last = int(np.count_nonzero(outside > 1e-13 * outside[0]))
        return fourier_by_force(self._force, edges[: max(last, 1) + 1], k)

    def tail(self, cutoff: float) -> float:
        """π∫_cutoff^∞ U r dr; inf where F falls no faster than r⁻³."""
        force, power = self._at(max(cutoff, self._high)), self._high_power
        beyond = 0.0
        if force != 0:
            if power <= 3 + 1e-6:
                return math.inf
            r = max(cutoff, self._high)
            beyond = force * r * (r * r / (power - 3) - cutoff * cutoff / (power - 1))
        if cutoff >= self._high:
            return 0.5 * math.pi * beyond
        edges = np.exp(self._edges)
        edges = np.concatenate([[cutoff], edges[edges > cutoff]])
        inside = np.sum(_moments(self._force, edges, cutoff))
        return 0.5 * math.pi * (float(inside) + beyond)


def _clenshaw(series: Array, t: Array) -> Array:
    """Σ series[n, i] T_n(t[i])."""
    b1, b2 = np.zeros_like(t), np.zeros_like(t)
    for coefficient in series[:0:-1]:
        b1, b2 = 2 * t * b1 - b2 + coefficient, b1
    return t * b1 - b2 + series[0]


def _gauss(edges: Array) -> tuple[Array, Array]:
    half = 0.5 * np.diff(edges)
    points = (edges[:-1] + half) + np.multiply.outer(GAUSS_X, half)
    return points, np.multiply.outer(GAUSS_W, half)


def _moments(force: ForceFunction, edges: Array, cutoff: float = 0.0) -> Array:
    """∫ F (r² − cutoff²) dr over each panel."""
    r, weight = _gauss(edges)
    values = force(r.ravel()).reshape(r.shape)
    return np.sum(weight * values * (r - cutoff) * (r + cutoff), axis=0)


def fourier_by_force(force: ForceFunction, edges: Array, k: Array) -> Array:
    """π∫F r² [2J₁(kr)/kr] dr on panels over which F is smooth."""
    wanted = np.maximum(1, np.ceil(np.diff(edges) * k.max() / 6.0))
    if wanted.sum() * GAUSS_X.size > MAX_NODES:
        raise ValueError(
            f"fourier at k = {k.max():g}: the force reaches too far for this k; use smaller k"
        )
    pieces = wanted.astype(np.int64)
    step = np.repeat(np.diff(edges) / pieces, pieces)
    first = np.cumsum(pieces) - pieces
    fine = np.repeat(edges[:-1], pieces) + step * (
        np.arange(pieces.sum()) - np.repeat(first, pieces)
    )
    points, weights = _gauss(np.append(fine, edges[-1]))
    r = points.ravel()
    weighted = math.pi * weights.ravel() * force(r) * r * r
    result = np.empty_like(k)
    chunk = max(1, MAX_NODES // r.size)
    for start in range(0, k.size, chunk):
        x = np.maximum(np.multiply.outer(k[start : start + chunk], r), 1e-30)
        result[start : start + chunk] = (2 * j1(x) / x) @ weighted
    return result


def decay_radius(force: ForceFunction, reference: float, start: float) -> float:
    """The radius ≥ start beyond which |F| stays below 1e-4·reference (inf if it never does)."""
    threshold = 1e-4 * abs(reference)
    r = np.geomspace(start, RADII[1], 2400)
    above = np.flatnonzero(np.abs(_numbers(force, r)) >= threshold)
    if above.size == 0:
        return start
    last = int(above[-1])
    if last == r.size - 1:
        return math.inf

    def excess(x: float) -> float:
        return float(abs(force(np.array([x]))[0])) - threshold

    return float(brentq(excess, r[last], r[last + 1]))


def peak(force: ForceFunction) -> tuple[float, float]:
    """Where |F| of a bounded law is largest, and how large it is there."""
    r = np.append(1e-12, np.geomspace(1e-4, 1e4, 1600))
    best = int(np.argmax(np.abs(_numbers(force, r))))
    found = minimize_scalar(
        lambda x: -abs(float(force(np.array([x]))[0])),
        bounds=(r[max(best - 1, 0)], r[min(best + 1, r.size - 1)]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(found.x), -float(found.fun)


def _numbers(force: ForceFunction, r: Array) -> Array:
    """F(r); ValueError where it is not a number, from which no cutoff can be read off."""
    values = force(r)
    bad = np.isnan(values)
    if bad.any():
        raise ValueError(f"force(r = {r[bad][0]:g}) is not a number, so no default; give cutoff=")
    return values
