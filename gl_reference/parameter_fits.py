"""Fits of parameters as functions of μ: Eqs. 18 and 22, and peak separation and force.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). Each form has two
coefficients a, b that enter linearly (or do in its logarithm) and one number c that does not. It is
fitted in variables that stay independent where the printed ones degenerate (for c → 0, B → ∞ while
Bc stays finite), and translated afterwards. All values count alike whatever their magnitude, as in
the paper (its range 3 is reproduced only so): Eq. 18 is loose where η₁ and η₂ are smallest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from gl_reference.errors import ConvergenceError
from gl_reference.fits import Fit, judged
from potentials.base import Array
from potentials.gl_tables import Etas

# The three ranges of Eq. 18, as the columns of Tables 2 and 4 name them.
RANGES = ("mu_below_0.5", "mu_0.5_to_1", "mu_above_1")
SPAN = (-8.0, 8.0)  # of c, where not stated otherwise
SCANNED = 161  # values of c that are tried for a start
DETERMINED = 0.05  # largest standard error of a value that Eq. 22 is fitted to
NO_ERRORS = (0.0, 0.0, 0.0)
UNKNOWN = (math.nan, math.nan, math.nan)


def range_of(mu: float) -> str:
    """The column of Tables 2 and 4 that μ belongs to; μ = 0.5 is in the first."""
    return RANGES[0] if mu <= 0.5 else RANGES[1] if mu < 1 else RANGES[2]


# ---------------------------------------------------------------- shapes and least squares
def _power(x: Array, c: float) -> Array:
    """(x^c − 1)/c, which is ln x at c = 0."""
    result: Array = np.log(x) if c == 0 else np.expm1(c * np.log(x)) / c
    return result


def _exponential(x: Array, c: float) -> Array:
    """(e^{cx} − 1)/c, which is x at c = 0."""
    result: Array = x if c == 0 else np.expm1(c * x) / c
    return result


def _bent(x: Array, c: float) -> Array:
    """ln(1 + e^c x)."""
    result: Array = np.log1p(math.exp(c) * x)
    return result


class _Solved(NamedTuple):
    """(a, b, c), residuals (N,), Jacobian (N, 3), and whether c ended on the bound of its span."""

    inner: Array
    residual: Array
    jacobian: Array
    bound: bool


def _fit(
    law: str,
    shape: Callable[[Array, float], Array],
    span: tuple[float, float],
    x: Array,
    y: Array,
    *,
    factor: Array | float = 1.0,
    exponential: bool = False,
) -> _Solved:
    """(a, b, c) of y = factor·[a + b shape(x, c)].

    With `exponential` the bracket is the exponent: y = factor·exp[…]. Starts from the best of a
    scan of c over `span`, with a and b solved for (in ln y, weighted to count y to first order).
    """

    def model(p: Array) -> Array:
        inside = p[0] + p[1] * shape(x, p[2])
        result: Array = factor * (np.exp(inside) if exponential else inside)
        return result

    ratio = y / factor
    target = np.log(ratio) if exponential else ratio
    weights = y if exponential else factor * np.ones_like(y)
    best, least = np.zeros(3), math.inf
    for c in np.linspace(*span, SCANNED):
        columns = np.column_stack([np.ones_like(x), shape(x, c)]) * weights[:, None]
        pair, *_ = np.linalg.lstsq(columns, target * weights, rcond=None)
        misfit = float(np.sum((columns @ pair - target * weights) ** 2))
        if misfit < least:
            best, least = np.array([*pair, c]), misfit
    scale = float(np.abs(y).max())
    result = least_squares(
        lambda p: (model(p) - y) / scale,
        best,
        jac="3-point",
        x_scale="jac",
        bounds=([-np.inf, -np.inf, span[0]], [np.inf, np.inf, span[1]]),
        ftol=1e-13,
        xtol=1e-13,
        gtol=1e-13,
        max_nfev=2000,
    )
    if result.status <= 0:
        raise ConvergenceError(
            f"{law}: no convergence in 2000 steps (residual {np.abs(result.fun).max():.1e} of the "
            "largest value); give more values of mu"
        )
    return _Solved(
        result.x, y - model(result.x), np.asarray(result.jac) * scale, bool(result.active_mask[2])
    )


def _in_print(
    law: str,
    names: Sequence[str],
    printed: Callable[[Array], Array],
    solved: _Solved,
) -> Fit:
    """The fit in the paper's parameters, which are `printed` as functions of (a, b, c).

    Where c ended on its bound the form does not follow the values: all parameters count as fixed.
    """
    inner, residual, jacobian, bound = solved
    steps = np.diag(1e-6 * np.maximum(np.abs(inner), 1e-3))
    change = np.column_stack(
        [(printed(inner + step) - printed(inner - step)) / (2 * step.sum()) for step in steps]
    )
    values = dict(zip(names, printed(inner).tolist(), strict=True))
    fit = judged(law, values, residual, jacobian @ np.linalg.inv(change))
    if bound:
        return replace(fit, errors=UNKNOWN, fixed=tuple(names))
    return fit


def _sum_form(p: Array) -> Array:
    """A, B, C of A + B x^C (or A + B e^{Cx}) from a + b (x^c − 1)/c."""
    a, b, c = p
    return np.array([a - b / c, b / c, c])


def _product_form(p: Array) -> Array:
    """A, B, C of B (x^C + A) from a + b (x^c − 1)/c."""
    a, b, c = p
    return np.array([a * c / b - 1, b / c, c])


def _points(mu: ArrayLike, values: ArrayLike, name: str) -> tuple[Array, Array]:
    x, y = np.asarray(mu, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size < 3 or np.unique(x).size < x.size or not (x > 0).all():
        raise ValueError(f"mu = {x}: give at least 3 different positive values")
    if y.shape != x.shape or not np.isfinite(y).all():
        raise ValueError(f"{name} = {y}: give one finite number for each of the {x.size} mu")
    return x, y


# ---------------------------------------------------------------- the paper's forms
def fit_eq18(rows: Sequence[Etas]) -> dict[str, Fit]:
    """Fits of η₁ … η₄ as functions of μ in one range: Eqs. 18a-d, under "eta1" … "eta4".

        η₁ = exp[B₁(μ^{C₁} + A₁)], η₂ alike, η₃ = A₃ + B₃ e^{C₃μ}, η₄ = A₄ + B₄ μ^{C₄}

    In type II η₄ = √μ is exact and not fitted. Raises ValueError for less than 3 rows, and for
    rows of more than one range.
    """
    mu = np.array([row.mu for row in rows])
    if len({range_of(m) for m in mu}) > 1:
        raise ValueError(f"mu = {mu}: rows of more than one range of Eq. 18; fit each range alone")
    fits = {}
    for i, name in ((1, "eta1"), (2, "eta2")):
        x, y = _points(mu, [row[i] for row in rows], name)
        solved = _fit(f"Eq. 18, {name}", _power, SPAN, x, y, exponential=True)
        names = (f"A{i}", f"B{i}", f"C{i}")
        fits[name] = _in_print(f"Eq. 18, {name}", names, _product_form, solved)
    x, y = _points(mu, [row.eta3 for row in rows], "eta3")
    solved = _fit("Eq. 18, eta3", _exponential, (-40.0, 8.0), x, y)
    fits["eta3"] = _in_print("Eq. 18, eta3", ("A3", "B3", "C3"), _sum_form, solved)
    fits["eta4"] = _fit_eta4(mu, np.array([row.eta4 for row in rows]))
    return fits


def _fit_eta4(mu: Array, eta4: Array) -> Fit:
    names = ("A4", "B4", "C4")
    if mu[0] > 1:
        off = eta4 - np.sqrt(mu)
        nu = float(off @ off / mu.size)
        return Fit("Eq. 18, eta4", names, (0.0, 1.0, 0.5), NO_ERRORS, nu, 1.0, names)
    x, y = _points(mu, eta4, "eta4")
    solved = _fit("Eq. 18, eta4", _power, (-12.0, 8.0), x, y)
    return _in_print("Eq. 18, eta4", names, _sum_form, solved)


def determined(fits: Sequence[Fit], name: str) -> list[bool]:
    """Which fits know a parameter to 5 %: Δ₁ for small μ and both Δ at μ = 1 are not."""
    return [fit.error(name) <= DETERMINED * abs(fit[name]) for fit in fits]


def fit_eq22a(mu: ArrayLike, delta1: ArrayLike) -> Fit:
    """Fit of Δ₁ = a + b μ^c to arrays (N ≥ 3,); ValueError otherwise."""
    x, y = _points(mu, delta1, "delta1")
    return _in_print("Eq. 22a", ("a", "b", "c"), _sum_form, _fit("Eq. 22a", _power, SPAN, x, y))


def fit_eq22b(mu: ArrayLike, delta2: ArrayLike) -> Fit:
    """Fit of Δ₂/μ = a + b e^{cμ} to arrays (N ≥ 3,); ValueError otherwise.

    Fitting Δ₂/μ, not Δ₂, comes nearer to the printed coefficients from the printed table.
    """
    x, y = _points(mu, delta2, "delta2")
    solved = _fit("Eq. 22b", _exponential, SPAN, x, y / x)
    return _in_print("Eq. 22b", ("a", "b", "c"), _sum_form, solved)


def fit_peak_separation(mu: ArrayLike, d_c: ArrayLike) -> Fit:
    """Fit of d_c = a (1 + bμ)^c to peak separations (N ≥ 3,) in λ; ValueError for bad input."""
    x, y = _points(mu, d_c, "d_c")
    if not (y > 0).all():
        raise ValueError(f"d_c = {y.min():g}: separations are positive")
    return _bent_fit("d_c", x, y, np.ones_like(x))


def fit_peak_force(mu: ArrayLike, omega_max: ArrayLike) -> Fit:
    """Fit of Ω_max = a μ(μ−1) (1 + bμ)^c to peak forces (N ≥ 3,) in Ω₀.

    Raises ValueError for bad input, and where a force has the wrong sign for its μ.
    """
    x, y = _points(mu, omega_max, "omega_max")
    factor = x * (x - 1)
    if not (y * factor > 0).all():
        wrong = x[np.argmin(y * factor > 0)]
        raise ValueError(f"omega_max at mu = {wrong:g}: attraction below mu = 1, repulsion above")
    return _bent_fit("Omega_max", x, y, factor)


def _bent_fit(law: str, x: Array, y: Array, factor: Array) -> Fit:
    solved = _fit(law, _bent, SPAN, x, y, factor=factor, exponential=True)
    return _in_print(
        law, ("a", "b", "c"), lambda p: np.array([math.exp(p[0]), math.exp(p[2]), p[1]]), solved
    )
