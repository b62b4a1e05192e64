"""Whole vortices counted: stationary laws and sampled hops against master equations and closed forms."""

from __future__ import annotations

from functools import cache
from math import log2

import numpy as np

from vortexmd import flux_exchange as fx
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.flux_networks import MA, figure_3, free
from vortexmd.validation.samples import mean, variance
from vortexmd.validation.two_regions import TwoRegions, moments, plain_flux

QUANTUM = 1.0
# Kind, α, B_m and area of the two regions.
LAWS = (("linear", 5.0, 20.0, 1.0), ("logarithmic", 3.0, 30.0, 2.0))
START = (24, 6)


def checks() -> list[Check]:
    """Checks of stationary laws and samples; part of the area flux."""
    return [*counting_checks(), *sampling_checks()]


# ---------------------------------------------------------------------- stationary laws


def counting_checks() -> list[Check]:
    """Whole vortices in the long run."""
    average, spread = moments(_counted().stationary())
    return [
        Check(
            "stationary mean of the count of region 0, 30 vortices in two regions",
            "second method: detailed balance of neighbouring states, by plain products",
            "",
            average,
            1e-9,
            lambda: float(_pair().stationary(30, QUANTUM).count_mean[0]),
        ),
        Check(
            "stationary variance of the count of region 0, 30 vortices in two regions",
            "second method: detailed balance of neighbouring states, by plain products",
            "",
            spread,
            1e-9,
            lambda: float(_pair().stationary(30, QUANTUM).count_variance[0]),
        ),
        Check(
            "without barriers: variance of one of three counts, 40 vortices, areas 1 : 2.5 : 0.5",
            "exact: multinomial, Np(1 − p)",
            "",
            40.0 * 0.25 * 0.75,
            1e-9,
            lambda: float(_three_free().stationary(40, 1.0).count_variance[0]),
        ),
        Check(
            "without barriers, open: variance of the count over AB_a/Φ₀",
            "exact: Poisson's law, 1",
            "",
            1.0,
            1e-10,
            _poisson_ratio,
        ),
        Check(
            "order in 1/N of the bias of the stationary mean field",
            "exact: van Kampen's expansion, 1",
            "",
            1.0,
            0.01,
            _bias_order,
            note="From N = 640 and 1280; the exponent tends to 1 as 1/N.",
        ),
        Check(
            "linear-noise variance of the count over the exact one, 4000 vortices",
            "exact: χ₁χ₂/(χ₁ + χ₂), χ = AW/Φ₀W′, up to O(1/N)",
            "",
            1.0,
            5e-3,
            _linear_noise_ratio,
        ),
    ]


def _pair() -> fx.FluxNetwork:
    """Two regions of the laws and areas of LAWS; c = 1."""
    regions = [
        fx.Region(area, fx.ActivationLaw(kind, u0=alpha, b_max=b_max))
        for kind, alpha, b_max, area in LAWS
    ]
    return fx.FluxNetwork(regions, [fx.Interface(0, 1, length=2.0)], 1.0, 1.0)


def _leave(region: int, count: int) -> float:
    """Rate of hops out of `region` with so many vortices in it, c = 1 and Φ₀ = 1."""
    kind, alpha, b_max, area = LAWS[region]
    return plain_flux(kind, alpha, b_max, count / area)


def _counted() -> TwoRegions:
    return TwoRegions(sum(START), _leave)


def _three_free() -> fx.FluxNetwork:
    regions = [fx.Region(area, free(20.0)) for area in (1.0, 2.5, 0.5)]
    faces = [fx.Interface(0, 1, 1.0), fx.Interface(1, 2, 2.0), fx.Interface(0, 2, 0.5)]
    return fx.FluxNetwork(regions, faces, 1.0, 1.0)


def _poisson_ratio() -> float:
    net = fx.FluxNetwork([fx.Region(2.0, free(20.0))], [], 1.0, 1.0, fx.Outside(5.0, {0: 1.0}))
    law = net.stationary(None, 1.0)
    return float(law.count_variance[0] / 10.0)


def _bias_order() -> float:
    net = _pair()
    exact = net.equilibrium([12.0, 12.0]).b[0]
    bias = [abs(float(net.stationary(n, 36.0 / n).mean[0]) - exact) for n in (640, 1280)]
    return log2(bias[0] / bias[1])


def _linear_noise_ratio() -> float:
    net, n = _pair(), 4000
    noise = net.linear_noise(net.equilibrium([12.0, 12.0]).b, 36.0 / n)
    return float(noise[0, 0] / net.stationary(n, 36.0 / n).count_variance[0])


# ---------------------------------------------------------------------- sampled hops


def sampling_checks() -> list[Check]:
    """Whole vortices hop by hop, from (24, 6) vortices in the two regions."""
    average, spread = moments(_counted().stationary())
    checks_in_time = [
        Check(
            f"sampled {word} of the count of region 0 at t = {time}",
            "second method: the master equation of the 31 states (expm)",
            "",
            moments(_counted().after(time, START[0]))[which],
            0.0,
            lambda time=time, which=which: _sampled(time)[which],  # type: ignore[misc]
            note="4000 runs.",
            sample="runs",
        )
        for time in (0.2, 1.0)
        for which, word in enumerate(("mean", "variance"))
    ]
    return [
        *checks_in_time,
        Check(
            "sampled mean of the count of region 0 long after",
            "exact: the product form",
            "",
            average,
            0.0,
            lambda: _sampled(200.0)[0],
            note="4000 runs.",
            sample="runs",
        ),
        Check(
            "sampled variance of the count of region 0 long after",
            "exact: the product form",
            "",
            spread,
            0.0,
            lambda: _sampled(200.0)[1],
            note="4000 runs.",
            sample="runs",
        ),
        Check(
            "sampled mean field of Fig. 3 at εt = 1, 20 000 vortices a region",
            MA + "Fig. 3, linear law, digits by arbitrary precision, and a bias O(1/N)",
            "G",
            16.46991505922,
            20.0 / 20_000,
            _sampled_figure,
            quick=False,
            note="The tolerance is one vortex.",
        ),
        Check(
            "change of the number of vortices in 4000 sampled runs, the largest",
            "exact: a closed network keeps them",
            "",
            0.0,
            0.0,
            _count_drift,
            sample="runs",
        ),
    ]


@cache
def _runs() -> fx.FluxSample:
    b0 = [START[k] / LAWS[k][3] for k in range(2)]
    return _pair().sample(b0, [0.2, 1.0, 200.0], QUANTUM, 4_000, 3, allow_above=True)


def _sampled(time: float) -> tuple[Measured, Measured]:
    """Mean and variance of the count of region 0, with their standard errors."""
    runs = _runs()
    assert runs.counts is not None
    counts = runs.counts[:, list(runs.times).index(time), 0]
    return mean(counts), variance(counts)


def _sampled_figure() -> Measured:
    runs = figure_3("linear", 1.0).sample([20.0, 20.0], [1.0], 20.0 / 20_000, 200, 5)
    return Measured(float(runs.mean[0, 0]), float(runs.standard_error[0, 0]))


def _count_drift() -> float:
    runs = _runs()
    assert runs.counts is not None
    return float(np.abs(runs.counts.sum(axis=2) - sum(START)).max())
