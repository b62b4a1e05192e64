"""Networks that exchange flux: laws, solutions, equilibria, against closed forms and the paper's figures.

R. Ma, "Flux exchange between contacting pinning regions": its equations and figures, quadratures of them.
"""

from __future__ import annotations

from functools import cache
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.linalg import expm

from vortexmd import flux_exchange as fx
from vortexmd.validation import flux_counts, flux_surfaces
from vortexmd.validation.check import Check
from vortexmd.validation.flux_networks import MA, figure_3, free
from vortexmd.validation.two_regions import plain_flux

Array = NDArray[np.float64]

# B_p of Fig. 3 at τ = εt, converged in arbitrary precision elsewhere.
FIGURE_3 = {
    "linear": {0.1: 18.80619672154, 1.0: 16.46991505922, 100.0: 10.91537486937},
    "logarithmic": {0.1: 18.81484573112, 1.0: 16.62475792286, 100.0: 12.28206192851},
}
EQUILIBRIUM = {
    "linear": (3.743049187515e-12, 39.999999999996),
    "logarithmic": (0.275574691691, 39.724425308309),
}


def checks() -> list[Check]:
    """All checks of this area."""
    return [
        *law_checks(),
        *figure_checks(),
        *solution_checks(),
        *flux_surfaces.checks(),
        *flux_counts.checks(),
    ]


# ---------------------------------------------------------------------- laws


def law_checks() -> list[Check]:
    """W = B e^{−U/kT} at B = 10, B_m = 20, α = 15."""
    table = [
        ("linear", None, 10.0 * exp(-7.5)),
        ("logarithmic", None, 10.0 / 2.0**15),
        ("inverse_power", 0.5, 10.0 * exp(-30.0 * (sqrt(2.0) - 1.0))),
        ("inverse_power", 1.0, 10.0 * exp(-15.0)),
    ]
    return [
        Check(
            f"exchange flux density at half of B_m, {kind.replace('_', ' ')} law"
            + (f", m = {m}" if m else ""),
            MA + "Eqs. 1, 6, 7: B e^{−U/kT}",
            "G",
            value,
            1e-13 * value,
            lambda kind=kind, m=m: float(  # type: ignore[misc]
                fx.ActivationLaw(kind, u0=15.0, b_max=20.0, exponent=m).flux(10.0)
            ),
        )
        for kind, m, value in table
    ]


# ---------------------------------------------------------------------- the paper's figures


def figure_checks() -> list[Check]:
    """Figs. 2 and 3."""
    curves = [
        Check(
            f"Fig. 3, {kind} law: B_p at εt = {tau:g}",
            MA + "Eq. 3, Fig. 3; digits by arbitrary precision elsewhere",
            "G",
            value,
            1e-9,
            lambda kind=kind, tau=tau: float(  # type: ignore[misc]
                figure_3(kind, 0.1).solve([20.0, 20.0], [tau / 0.1], rtol=1e-11).b[0, 0]
            ),
        )
        for kind, values in FIGURE_3.items()
        for tau, value in values.items()
    ]
    ends = [
        Check(
            f"Fig. 3, {kind} law: equilibrium of region {'pq'[region]}",
            MA + "Eqs. 12–14, root in 40 digits",
            "G",
            value,
            1e-9 * value,
            lambda kind=kind, region=region: float(  # type: ignore[misc]
                figure_3(kind, 0.1).equilibrium([20.0, 20.0]).b[region]
            ),
        )
        for kind, values in EQUILIBRIUM.items()
        for region, value in enumerate(values)
    ]
    lines = [
        Check(
            f"Fig. 2: slope of the phase portrait at γ = {gamma}",
            MA + "Eqs. 10, 11: dB_p/dB_q = −γ",
            "",
            -gamma,
            1e-9,
            lambda gamma=gamma: _slope(gamma),  # type: ignore[misc]
        )
        for gamma in (0.5, 2.0)
    ]
    collapse = Check(
        "Fig. 3, linear law: B_p at ε = 0.5 and 0.001 s⁻¹ and equal εt = 1, difference",
        "exact: solutions depend on εt alone",
        "G",
        0.0,
        1e-9,
        lambda: float(np.diff(_fig3_at_one()).item()),
    )
    return [*curves, *ends, *lines, collapse]


def _slope(gamma: float) -> float:
    b = figure_3("linear", 0.1, gamma).solve([20.0, 10.0], [0.0, 300.0], rtol=1e-10).b
    return float((b[1, 0] - b[0, 0]) / (b[1, 1] - b[0, 1]))


def _fig3_at_one() -> list[float]:
    return [
        float(figure_3("linear", eps).solve([20.0, 20.0], [1.0 / eps], rtol=1e-11).b[0, 0])
        for eps in (0.5, 0.001)
    ]


# ---------------------------------------------------------------------- solutions


def solution_checks() -> list[Check]:
    """Exact solutions, conservation, extremes."""
    return [
        Check(
            "two regions without barriers: B_p at t = 3, γ = 4, ε = 0.3",
            "exact: B_p − B_q decays at the rate ε(1 + 1/γ)",
            "G",
            18.0 + 32.0 * exp(-0.375 * 3.0),
            1e-8,
            lambda: float(
                fx.FluxNetwork.two_regions(free(100.0), free(100.0), epsilon=0.3, gamma=4.0)
                .solve([50.0, 10.0], [3.0], rtol=1e-10)
                .b[0, 0]
            ),
        ),
        Check(
            "six cells without barriers in a row, ends open to B_a = 7: largest difference of fields",
            "exact: the exponential of the Laplacian (expm)",
            "G",
            0.0,
            1e-7,
            _matrix_exponential,
        ),
        *[
            Check(
                f"time at which the solution of Fig. 3, {kind} law, is where it is at εt = 1000",
                "exact: t = ∫ dB_p/ε(W_q − W_p), quadrature",
                "1/ε",
                1000.0,
                1e-5,
                lambda kind=kind: _time_again(kind, 1000.0),  # type: ignore[misc]
                note="The solution is asked for to 10⁻¹⁰; d ln t/d ln B is some 20.",
            )
            for kind in ("linear", "logarithmic")
        ],
        Check(
            "ΣA_iB_i of 64 unequal closed regions to t = 10⁶, largest relative change",
            "exact: flux is conserved",
            "",
            0.0,
            1e-13,
            _flux_drift,
            sample="grid",
        ),
        Check(
            "rises of max W and falls of min W along 64 closed regions, beyond 10⁻⁸",
            "exact: the extremes close in",
            "",
            0.0,
            0.0,
            _extremes,
            sample="grid",
        ),
        Check(
            "spread of ln W over 64 closed regions in equilibrium",
            MA + "Eqs. 12–14: one W",
            "",
            0.0,
            1e-9,
            _equilibrium_spread,
            sample="grid",
        ),
        Check(
            "a spreading heap under the logarithmic law of α = 1: field at its middle, 160 cells",
            "exact: Barenblatt's solution of ∂B/∂t = D ∂²B²/∂x², D = ½ν₀sa/B_m",
            "G",
            _barenblatt(0.0, HEAP[1]),
            2e-3,
            _heap,
            quick=False,
            note="Cells of width a are off by some (a/x_front)² of the field and its edge.",
        ),
    ]


def _matrix_exponential() -> float:
    net = fx.FluxNetwork.chain(free(100.0), 2.0, 1.0, 0.5, cells=6, outside=fx.Outside(7.0))
    # ε = ½Lsν₀/A = 1/8 on every face.
    laplacian = np.diag(np.full(6, -2.0)) + np.diag(np.ones(5), 1) + np.diag(np.ones(5), -1)
    b0 = np.array([50.0, 3.0, 20.0, 0.0, 80.0, 11.0])
    found = net.solve(b0, [0.5, 5.0, 50.0], rtol=1e-10).b
    exact = [7.0 + expm(0.125 * t * laplacian) @ (b0 - 7.0) for t in (0.5, 5.0, 50.0)]
    return float(np.abs(found - exact).max())


def _time_again(kind: str, tau: float) -> float:
    end = float(figure_3(kind, 1.0).solve([20.0, 20.0], [tau], rtol=1e-10).b[0, 0])

    def slowness(b: float) -> float:
        return 1.0 / (plain_flux(kind, 75.0, 100.0, 40.0 - b) - plain_flux(kind, 15.0, 20.0, b))

    return float(quad(slowness, 20.0, end, epsabs=0, epsrel=1e-11, limit=400)[0])


@cache
def _grid() -> fx.FluxNetwork:
    """8 × 8 cells of unequal sides, laws of all kinds."""
    rng = np.random.default_rng(7)
    laws = [
        fx.ActivationLaw(
            ("linear", "logarithmic", "inverse_power")[k % 3],
            u0=float(rng.uniform(2, 20)),
            b_max=float(rng.uniform(20, 60)),
            exponent=1.0 if k % 3 == 2 else None,
        )
        for k in range(64)
    ]
    cell = (rng.uniform(1, 3, 8), rng.uniform(1, 3, 8))
    return fx.FluxNetwork.grid((8, 8), cell, laws, 2.0, 0.5)


@cache
def _grid_solution() -> fx.FluxSolution:
    b0 = np.random.default_rng(8).uniform(5, 19, 64)
    return _grid().solve(b0, np.concatenate(([0.0], np.geomspace(1e-2, 1e6, 25))), rtol=1e-9)


def _flux_drift() -> float:
    total = _grid_solution().total_flux
    return float(np.abs(total / total[0] - 1.0).max())


def _extremes() -> float:
    laws = [region.law for region in _grid().regions]
    b = _grid_solution().b
    w = np.array([law.flux(b[:, k]) for k, law in enumerate(laws)])
    top, bottom = w.max(axis=0), w.min(axis=0)
    up = np.diff(top) > 1e-8 * top[:-1]
    down = np.diff(bottom) < -1e-8 * bottom[:-1]
    return float(up.sum() + down.sum())


def _equilibrium_spread() -> float:
    b = _grid().equilibrium(_grid_solution().b[0]).b
    w = [float(r.law.flux(x)) for r, x in zip(_grid().regions, b, strict=True)]
    return float(np.ptp(np.log(w)))


# Times between which the heap spreads, and the amplitude of Barenblatt's profile.
HEAP = (1.0, 30.0)
AMPLITUDE = 10.0


def _barenblatt(x: float, t: float) -> float:
    """t^{−1/3}(C − x²t^{−2/3}/12D)₊ at D = 1."""
    return t ** (-1 / 3) * max(AMPLITUDE - x * x * t ** (-2 / 3) / 12.0, 0.0)


def _heap() -> float:
    # D = ½ν₀sa/B_m = 1: the front goes from 11 to 34.
    width, cells, b_max = 0.5, 160, 20.0
    law = fx.ActivationLaw("logarithmic", u0=1.0, b_max=b_max)
    rate = 2.0 * b_max / (width * width)
    net = fx.FluxNetwork.chain(law, width, rate, width, cells=cells)
    x = (np.arange(cells) + 0.5 - 0.5 * cells) * width
    b0 = [_barenblatt(float(at), HEAP[0]) for at in x]
    b = net.solve(b0, [HEAP[1] - HEAP[0]], rtol=1e-8).b[0]
    return float(0.5 * (b[cells // 2] + b[cells // 2 - 1]))
