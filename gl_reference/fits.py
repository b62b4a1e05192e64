"""Fits of the paper's laws to force curves: Eqs. 15, 16, 17 and 21.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). The laws themselves
are evaluated by `potentials.gl_laws`; the fits of their parameters as functions of μ are in
`gl_reference.parameter_fits`.

Eqs. 17 and 21 are fitted as in the paper: all points count alike in Ω. Eqs. 15 and 16, which the
paper shows on logarithmic scales, are fitted to relative deviations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import OptimizeResult, least_squares, nnls
from scipy.special import expit, k1

from gl_reference.errors import ConvergenceError
from potentials.base import Array
from potentials.checks import check_positive
from potentials.gl_laws import Etas, eq17, split

# Generic starts of Eq. 17: exponents η₃, and crossovers η₂^{−1/(η₃+½)} over the peak's distance.
START_EXPONENTS = (2.5, 3.5, 5.0, 7.0, 9.0)
START_CROSSOVERS = (0.5, 1.0, 2.0, 4.0, 8.0)
# 1 − η₄/√μ is kept below this: beyond it the √μ e^{−μd} term of Eq. 17 is lost in the fit.
LARGEST_EXCESS = 1e8
# Minima of the variance within this factor of the lowest are taken as equally good.
NEARLY_LOWEST = 4.0


@dataclass(frozen=True)
class Fit:
    """Parameters of one law, fitted.

    Attributes
    ----------
    law : str
        The equation, as "Eq. 17".
    names, values, errors : tuple
        Parameters and their standard errors: by how much each may move, the others following,
        before the variance grows by one part in (N − N_p). 0 for fixed ones; NaN where there are
        no more points than parameters.
    variance : float
        ν = Σ(G − G_fit)²/(N − N_p), Eq. 14 (NaN without spare points), in the data's unit squared.
    condition : float
        Condition of the Jacobian with columns scaled to one: 1 for independent parameters; where
        it is above about 1000, only combinations of them are determined by the data.
    fixed : tuple of str
        Parameters that were not free, or ended on a bound.
    alternative : Fit, optional
        The fit of the lowest variance, where another one was preferred.
    """

    law: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    variance: float
    condition: float
    fixed: tuple[str, ...] = ()
    alternative: Fit | None = None

    def __getitem__(self, name: str) -> float:
        return self.values[self.names.index(name)]

    def error(self, name: str) -> float:
        """Standard error of one parameter."""
        return self.errors[self.names.index(name)]


def variance(data: ArrayLike, fitted: ArrayLike, parameters: int) -> float:
    """ν of Eq. 14; NaN where there are no more points than parameters."""
    residual = np.asarray(data, dtype=np.float64) - np.asarray(fitted, dtype=np.float64)
    spare = residual.size - parameters
    return float(residual.ravel() @ residual.ravel() / spare) if spare > 0 else math.nan


def judged(
    law: str,
    parameters: dict[str, float],
    residual: Array,
    jacobian: Array,
    fixed: tuple[str, ...] = (),
    weights: Array | None = None,
) -> Fit:
    """A `Fit` from residuals (N,) and their derivatives by the parameters (N, P).

    `weights` (N,) are those that the minimised residuals carried; `residual` and `jacobian` come
    without. The covariance is that of least squares, scaled by the variance.
    """
    free = [i for i, name in enumerate(parameters) if name not in fixed]
    nu = variance(residual, np.zeros_like(residual), len(free))
    weights = np.ones_like(residual) if weights is None else weights
    weighted = jacobian[:, free] * weights[:, None]
    lengths = np.linalg.norm(weighted, axis=0)
    # A parameter that moves nothing has no direction to scale, and an infinite error.
    scaled = weighted / np.where(lengths > 0, lengths, 1.0)
    _, singular, directions = np.linalg.svd(scaled, full_matrices=False)
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else math.inf
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        spread = np.sqrt(((directions / singular[:, None]) ** 2).sum(axis=0)) / lengths
        weighted_nu = variance(residual * weights, np.zeros_like(residual), len(free))
        errors = np.zeros(len(parameters))
        errors[free] = spread * math.sqrt(weighted_nu)
    return Fit(
        law,
        tuple(parameters),
        tuple(map(float, parameters.values())),
        tuple(map(float, errors)),
        nu,
        condition,
        fixed,
    )


def _curve(d: ArrayLike, force: ArrayLike, at_least: int) -> tuple[Array, Array]:
    """Separations (N,) and forces (N,), checked."""
    x, y = np.asarray(d, dtype=np.float64), np.asarray(force, dtype=np.float64)
    if x.ndim != 1 or x.size < at_least:
        raise ValueError(f"d: {x.shape}; give at least {at_least} separations in one row")
    if not (np.isfinite(x).all() and (x > 0).all() and (np.diff(x) > 0).all()):
        raise ValueError("d: separations must be positive, finite and increasing")
    if y.shape != x.shape:
        raise ValueError(f"force: {y.shape} for {x.size} separations; give one for each")
    if not np.isfinite(y).all():
        raise ValueError(f"force[{int(np.argmin(np.isfinite(y)))}]: must be finite")
    if not y.any():
        raise ValueError("force: all zero; there is nothing to fit")
    return x, y


def _one_sign(d: Array, force: Array, law: str) -> None:
    if force.min() < 0 < force.max() or not force.all():
        where = float(d[np.argmax(force * np.sign(force[0]) <= 0)])
        raise ValueError(f"force: changes sign or vanishes at d = {where:g}; {law} does neither")


def _not_critical(mu: float) -> float:
    value = check_positive("mu", mu)
    if value == 1:
        raise ValueError("mu = 1: vortices do not act on each other there; nothing to fit")
    return value


def fit_eq15(mu: float, d: ArrayLike, force: ArrayLike) -> Fit:
    """Fit of Ω = γ d^{−½} (δ e^{−d} − √μ e^{−μd}), the form far apart, to relative deviations.

    Parameters: `d` (N ≥ 3,) in λ, those of the tail only; `force` (N,) in Ω₀, of one sign.
    γ carries Ω₀ λ^{½}. Raises ValueError for μ = 1 and bad curves.
    """
    mu = _not_critical(mu)
    x, y = _curve(d, force, 3)
    _one_sign(x, y, "Eq. 15")
    terms = np.column_stack([np.exp(-x), -math.sqrt(mu) * np.exp(-mu * x)]) / np.sqrt(x)[:, None]
    weights = 1 / np.abs(y)
    (product, gamma), *_ = np.linalg.lstsq(terms * weights[:, None], y * weights, rcond=None)
    delta = product / gamma
    jacobian = np.column_stack([terms @ [delta, 1.0], gamma * terms[:, 0]])
    fitted = terms @ [product, gamma]
    return judged("Eq. 15", {"gamma": gamma, "delta": delta}, y - fitted, jacobian, weights=weights)


def fit_eq16(d: ArrayLike, force: ArrayLike) -> Fit:
    """Fit of Ω = p d^q, the form close together, to ln|Ω|: a straight line in ln d.

    Parameters: `d` (N ≥ 2,) in λ, the smallest only; `force` (N,) in Ω₀, of one sign.
    Raises ValueError for bad curves.
    """
    x, y = _curve(d, force, 2)
    _one_sign(x, y, "Eq. 16")
    q, ln_p = np.polyfit(np.log(x), np.log(np.abs(y)), 1)
    p = math.copysign(math.exp(ln_p), y[0])
    fitted = p * x**q
    jacobian = np.column_stack([fitted / p, fitted * np.log(x)])
    return judged("Eq. 16", {"p": p, "q": q}, y - fitted, jacobian, weights=1 / np.abs(y))


def fit_eq21(mu: float, d: ArrayLike, force: ArrayLike) -> Fit:
    """Fit of Ω = −Δ₁K₁(d) − Δ₂K₁(μd), vortex and antivortex.

    At μ = 1 only Δ₁ + Δ₂ is determined; the two come out equal, as in the paper's table.

    Parameters: `d` (N ≥ 3,) in λ; `force` (N,) in Ω₀. Raises ValueError for bad curves.
    """
    mu = check_positive("mu", mu)
    x, y = _curve(d, force, 3)
    terms = -np.column_stack([k1(x), k1(mu * x)])
    (delta1, delta2), *_ = np.linalg.lstsq(terms, y, rcond=None)
    residual = y - terms @ [delta1, delta2]
    return judged("Eq. 21", {"Delta1": delta1, "Delta2": delta2}, residual, terms)


# ---------------------------------------------------------------- Eq. 17
# Inside the fit Eq. 17 is written with parameters that hardly correlate: the amplitude a at the
# crossover, ln of the crossover D itself, η₃, and t = ln(1 + s) with η₄ = √μ (1 − s), s ≥ 0:
#
#     Ω = a · u^{η₃}/(1 + u^{η₃+½}) · √μ (e^{−d} − e^{−μd} − s e^{−d}),   u = d/D.


def _etas(mu: float, a: float, ln_crossover: float, eta3: float, t: float) -> Etas:
    eta1 = a * math.exp(-eta3 * ln_crossover)
    eta2 = math.exp(-(eta3 + 0.5) * ln_crossover)
    return Etas(mu, eta1, eta2, eta3, math.sqrt(mu) * (1 - math.expm1(t)))


def _inner_jacobian(x: Array, mu: float, d: Array) -> Array:
    """Derivatives (N, 4) of Eq. 17 by a, ln D, η₃ and t."""
    a, ln_crossover, eta3, t = x
    u = np.log(d) - ln_crossover
    beyond = expit((eta3 + 0.5) * u)  # share of the second term in the denominator
    shape = np.exp(eta3 * u - np.logaddexp(0.0, (eta3 + 0.5) * u))
    tails = math.sqrt(mu) * (split(mu, d) - math.expm1(t) * np.exp(-d))
    force = a * shape * tails
    return np.column_stack(
        [
            shape * tails,
            force * ((eta3 + 0.5) * beyond - eta3),
            force * u * (1 - beyond),
            -a * shape * math.sqrt(mu) * np.exp(t - d),
        ]
    )


def _outer_jacobian(etas: Etas, d: Array) -> Array:
    """Derivatives (N, 4) of Eq. 17 by η₁, η₂, η₃ and η₄."""
    force = eq17(etas, d)
    beyond = expit(math.log(etas.eta2) + (etas.eta3 + 0.5) * np.log(d))
    power = np.exp(etas.eta3 * np.log(d)) * (1 - beyond)
    return np.column_stack(
        [
            force / etas.eta1,
            -force * beyond / etas.eta2,
            force * np.log(d) * (1 - beyond),
            etas.eta1 * power * np.exp(-d),
        ]
    )


def _starts(mu: float, d: Array, force: Array) -> list[Array]:
    """For each η₃ the best of several crossovers, with the amplitudes solved for: the starts."""
    at_peak = math.log(float(d[np.argmax(np.abs(force))]))
    starts = []
    for eta3 in START_EXPONENTS:
        best, least = None, math.inf
        for crossover in START_CROSSOVERS:
            ln_crossover = at_peak + math.log(crossover)
            u = np.log(d) - ln_crossover
            shape = math.sqrt(mu) * np.exp(eta3 * u - np.logaddexp(0.0, (eta3 + 0.5) * u))
            columns = [shape * split(mu, d)]
            if mu < 1:
                columns.append(-shape * np.exp(-d))
            amplitudes, misfit = nnls(np.column_stack(columns), force)
            a = max(float(amplitudes[0]), 1e-6 * float(amplitudes.max()))
            if a > 0 and misfit < least:
                t = math.log1p(float(amplitudes[1]) / a) if mu < 1 else 0.0
                best, least = np.array([a, ln_crossover, eta3, t]), misfit
        if best is not None:
            starts.append(best)
    return starts


def _polished(mu: float, d: Array, force: Array, start: Array) -> OptimizeResult:
    """The least squares of Eq. 17 next to a start, in the inner parameters."""
    scale = float(np.abs(force).max())
    free = slice(0, 4 if mu < 1 else 3)

    def full(inner: Array) -> Array:
        return inner if mu < 1 else np.append(inner, 0.0)

    result = least_squares(
        lambda p: (eq17(_etas(mu, *full(p)), d) - force) / scale,
        start[free],
        jac=lambda p: _inner_jacobian(full(p), mu, d)[:, free] / scale,
        bounds=(
            np.array([0.0, -10.0, 0.0, 0.0])[free],
            np.array([np.inf, 10.0, 40.0, math.log(LARGEST_EXCESS)])[free],
        ),
        x_scale="jac",
        ftol=1e-14,
        xtol=1e-14,
        gtol=1e-14,
        max_nfev=400,
    )
    result.x = full(result.x)
    return result


def fit_eq17(mu: float, d: ArrayLike, force: ArrayLike) -> Fit:
    """Fit of Eq. 17 to a V-V or V-GV force curve, from several generic starts.

        Ω = η₁ d^{η₃} / (1 + η₂ d^{η₃+½}) · (η₄ e^{−d} − √μ e^{−μd})

    In type II η₄ = √μ is fixed, as in the paper's tables; in type I η₄ ≤ √μ, so that the force
    never changes sign. For μ ≤ 0.5 the variance often has two minima of nearly the same depth, one
    with η₄ far below zero. Of those within a factor 4 of the lowest the one with η₄ nearest √μ is
    taken, which is the one that continues to μ → 1; the lowest is then the `alternative`.

    Parameters
    ----------
    mu : float
        μ = √2 κ, not 1.
    d, force : (N ≥ 6,) arrays
        Separations in λ, increasing; forces in Ω₀.

    Raises ValueError for bad curves and for one that repels in type I or attracts in type II;
    `ConvergenceError` where no start converges.
    """
    mu = _not_critical(mu)
    x, y = _curve(d, force, 6)
    starts = _starts(mu, x, y)
    if not starts:
        wrong = "repels" if mu < 1 else "attracts"
        raise ValueError(f"force: {wrong} at mu = {mu:.6g}, which Eq. 17 cannot; check its sign")
    found = [result for start in starts if (result := _polished(mu, x, y, start)).status > 0]
    if not found:
        raise ConvergenceError(
            f"Eq. 17 at mu = {mu:.6g}: none of {len(starts)} starts converged in 400 steps; give "
            "more separations around the peak of the force"
        )
    lowest = min(found, key=lambda result: result.cost)
    # The share η₄ of equal fits is told apart by its inner parameter t, 0 at η₄ = √μ.
    chosen = min(
        (result for result in found if result.cost <= NEARLY_LOWEST * lowest.cost),
        key=lambda result: (round(result.x[3], 6), result.cost),
    )
    other = None if math.isclose(chosen.x[3], lowest.x[3], abs_tol=1e-3) else lowest
    return _eq17_fit(mu, x, y, chosen, None if other is None else _eq17_fit(mu, x, y, other))


def _eq17_fit(
    mu: float, d: Array, force: Array, result: OptimizeResult, alternative: Fit | None = None
) -> Fit:
    etas = _etas(mu, *result.x)
    bound = mu > 1 or result.active_mask[3] != 0
    fit = judged(
        "Eq. 17",
        dict(zip(("eta1", "eta2", "eta3", "eta4"), etas[1:], strict=True)),
        force - eq17(etas, d),
        _outer_jacobian(etas, d),
        fixed=("eta4",) if bound else (),
    )
    return replace(fit, alternative=alternative)
