"""Arrhenius hops inside the box: rates of one vortex, exclusion, conservation, geometry.

Standard errors are those of counting, or of blocks.
"""

from __future__ import annotations

from functools import cache
from math import exp, pi, sqrt

import numpy as np

import vortexmd as vmd
from vortexmd import flux_exchange as fx
from vortexmd.validation import hopping_statistics
from vortexmd.validation.check import Check, Measured
from vortexmd.validation.hopping_boxes import (
    FREE,
    STRONG,
    WEAK,
    halves,
    hops_of,
    law_flux,
    mixed,
    squares,
)
from vortexmd.validation.samples import block_mean, mean


def checks() -> list[Check]:
    """All checks of this area."""
    return [*rate_checks(), *rule_checks(), *geometry_checks(), *hopping_statistics.checks()]


# ---------------------------------------------------------------------- one vortex


def rate_checks() -> list[Check]:
    """One vortex, frozen beside a wall: it hops there and back."""
    area = 4.0
    return [
        Check(
            "hops of one vortex over a wall, per τ, linear law",
            "exact: ½ν₀e^{−U(1/A)/kT}",
            "1/τ",
            0.5 * 4.0 * exp(-1.2 * (1.0 - 1.0 / (area * 2.0))),
            0.0,
            lambda: _frozen_rate(fx.ActivationLaw("linear", u0=1.2, b_max=2.0)),
        ),
        Check(
            "hops of one vortex over a wall, per τ, logarithmic law",
            "exact: ½ν₀e^{−U(1/A)/kT}",
            "1/τ",
            0.5 * 4.0 * (1.0 / (area * 2.0)) ** 0.5,
            0.0,
            lambda: _frozen_rate(fx.ActivationLaw("logarithmic", u0=0.5, b_max=2.0)),
        ),
        Check(
            "hops of one vortex over a wall, per τ, barrier 0.3 ε₀ at kT = 0.2",
            "exact: ½ν₀e^{−U₀(1 − B/B_m)/kT}",
            "1/τ",
            0.5 * 4.0 * exp(-1.5 * (1.0 - 1.0 / (area * 2.0))),
            0.0,
            lambda: _warm_rate(fx.ActivationLaw("linear", u0_energy=0.3, b_max=2.0), 0.2),
            note="Friction so high that the vortex stays beside the wall.",
        ),
        Check(
            "hops of one vortex in a cell narrower than s, per τ, no barrier",
            "exact: four directions at ½ν₀",
            "1/τ",
            4.0,
            0.0,
            _four_ways,
        ),
        Check(
            "variance of the number of hops in 5 τ over its mean",
            "exact: Poisson's law, 1",
            "",
            1.0,
            0.0,
            _hop_noise,
            quick=False,
            note="8000 windows.",
        ),
        Check(
            "share of time of one vortex in the weaker of two regions",
            "exact: detailed balance, r₁/(r₀ + r₁) of the rates of leaving",
            "",
            _share(),
            0.0,
            _two_level,
            quick=False,
        ),
    ]


def _lone(law: fx.ActivationLaw | list[fx.ActivationLaw], **options: float) -> vmd.Simulation:
    """One vortex half a hop from the wall between two regions of 2 λ × 2 λ."""
    regions = halves(4.0, 2.0)
    hops = vmd.ArrheniusHopping(regions, law, 4.0, 0.5, record_events=False)
    start = vmd.Vortices([[1.75, 1.0]], 1, regions.box)
    settings = {"dt": 2.0, "seed": 1, **options}
    return vmd.Simulation(start, None, reactions=[hops], **settings)  # type: ignore[arg-type]


def _hops(sim: vmd.Simulation) -> int:
    return sum(hops_of(sim).tallies.values())


def _expect_hops(sim: vmd.Simulation) -> None:
    """Raise where too few vortices hopped to have tested anything."""
    if _hops(sim) < 100:
        raise RuntimeError(f"only {_hops(sim)} hops: nothing was tested")


def _counted(sim: vmd.Simulation, steps: int) -> Measured:
    """Hops per τ; independent ones have the variance of their number."""
    sim.run(steps)
    hops = _hops(sim)
    return Measured(hops / sim.time, sqrt(hops) / sim.time)


def _frozen_rate(law: fx.ActivationLaw) -> Measured:
    return _counted(_lone(law), 5_000)


def _warm_rate(law: fx.ActivationLaw, temperature: float) -> Measured:
    return _counted(_lone(law, temperature=temperature, friction=1e9), 5_000)


def _four_ways() -> Measured:
    labels = np.arange(36).reshape(6, 6)
    box = vmd.Box((3.0, 3.0))
    regions = vmd.Regions.raster(labels, box=box)
    hops = vmd.ArrheniusHopping(regions, FREE, 2.0, 0.7, effective=True, record_events=False)
    start = vmd.Vortices([[1.3, 1.3]], 1, box)
    return _counted(vmd.Simulation(start, None, dt=2.0, reactions=[hops], seed=2), 1_000)


def _hop_noise() -> Measured:
    sim = _lone(FREE, dt=5.0, seed=3)
    ends = [0]
    for _ in range(8_000):
        sim.run(1)
        ends.append(_hops(sim))
    n = np.diff(ends).astype(float)
    return mean((n - 10.0) ** 2 / 10.0)


def _share() -> float:
    leave = [law_flux(law, 0.25) for law in (WEAK, STRONG)]
    return leave[1] / (leave[0] + leave[1])


def _two_level() -> Measured:
    sim = _lone([WEAK, STRONG], dt=5.0, seed=4)
    seen = []
    for _ in range(40_000):
        sim.run(1)
        seen.append(float(hops_of(sim).counts[0]))
    return block_mean(seen)


# ---------------------------------------------------------------------- what hops never do


def rule_checks() -> list[Check]:
    """Exclusion, conservation, bookkeeping."""
    return [
        Check(
            "pairs nearer than min_distance = 0.4 λ in 2000 steps of frozen vortices that hop",
            "exact: such hops are not carried out, 0",
            "",
            0.0,
            0.0,
            _too_near,
        ),
        Check(
            "change of the number of vortices in a closed box, the largest",
            "exact: flux is conserved, 0",
            "",
            0.0,
            0.0,
            lambda: _books()[0],
            sample="books",
        ),
        Check(
            "count of a region less what its tallies say, the largest",
            "exact: N(t) = N(0) + in − out",
            "",
            0.0,
            0.0,
            lambda: _books()[1],
            sample="books",
        ),
        Check(
            "vortices that molecular dynamics carried over a wall in 500 steps without hops",
            "exact: walls reflect, 0",
            "",
            0.0,
            0.0,
            _leaks,
        ),
        Check(
            "hops out of a frozen full region, over the vortices within s of its wall",
            "exact: each of them goes once, and none returns from behind e^{300}",
            "",
            1.0,
            0.0,
            _emptied_layer,
        ),
    ]


def _too_near() -> float:
    regions = halves(12.0, 6.0, ("periodic", "periodic"))
    hops = vmd.ArrheniusHopping(regions, FREE, 1.0, 1.0, min_distance=0.4, record_events=False)
    start = vmd.random_vortices(90, box=regions.box, min_distance=0.45, seed=5)
    sim = vmd.Simulation(start, None, dt=0.1, reactions=[hops], seed=5)
    near = 0
    for _ in range(40):
        sim.run(50)
        d = regions.box.minimum_image(sim.state.positions[:, None] - sim.state.positions[None])
        r = np.hypot(d[..., 0], d[..., 1])[np.triu_indices(90, 1)]
        near += int((r < 0.4).sum())
    _expect_hops(sim)
    return float(near)


@cache
def _books() -> tuple[float, float]:
    sim = mixed(squares(0.4), (24, 4), seed=6)
    first = hops_of(sim).counts
    lost = wrong = 0
    for _ in range(50):
        sim.run(10)
        counts, tallies = hops_of(sim).counts, hops_of(sim).tallies
        lost = max(lost, abs(int(counts.sum() - first.sum())))
        net = tallies.get((1, 0), 0) - tallies.get((0, 1), 0)
        wrong = max(wrong, abs(int(counts[0] - first[0]) - net))
    _expect_hops(sim)
    return float(lost), float(wrong)


def _leaks() -> float:
    still = fx.ActivationLaw("linear", u0=500.0, b_max=1e3)
    regions = halves(8.0, 4.0)
    hops = vmd.ArrheniusHopping(regions, still, 1e-9, 1.0, record_events=False)
    sim = mixed(hops, (100, 100), seed=7)
    before = sim.region_labels
    sim.run(500)
    assert before is not None and sim.region_labels is not None
    return float((sim.region_labels != before).sum())


def _emptied_layer() -> float:
    cold = fx.ActivationLaw("linear", u0=300.0, b_max=1e3)
    regions = halves(20.0, 10.0)
    hops = vmd.ArrheniusHopping(regions, [FREE, cold], 2.0, 0.5, record_events=False)
    r = np.random.default_rng(8).uniform(0.0, 10.0, (2_000, 2))
    sim = vmd.Simulation(vmd.Vortices(r, 1, regions.box), None, dt=0.1, reactions=[hops], seed=8)
    sim.run(400)
    return hops_of(sim).tallies[0, 1] / int((r[:, 0] >= 9.5).sum())


# ---------------------------------------------------------------------- geometry


def geometry_checks() -> list[Check]:
    """Areas from which hops lead over an interface, M_ij = Ls(|cos θ| + |sin θ|)."""
    return [
        Check(
            "area from which hops cross a straight wall of 4 λ, s = 0.5",
            "exact: Ls",
            "λ²",
            2.0,
            1e-12,
            lambda: _crossing(0.0),
        ),
        Check(
            "area from which hops cross a wall along the diagonal, over Ls",
            "exact: |cos θ| + |sin θ| = √2 at 45°, times 1 − s/a for the corners",
            "",
            sqrt(2.0) * (1.0 - 0.5 / 4.0),
            1e-9,
            lambda: _crossing(pi / 4.0) / (4.0 * sqrt(2.0) * 0.5),
            note="A square of side a = 4 λ, s = 0.5: some hops within s of its corners lead out of it.",
        ),
    ]


def _crossing(angle: float) -> float:
    """λ²: of a square of 4 λ cut upright in two, or along its diagonal."""
    box = vmd.Box((4.0, 4.0), ("reflecting", "reflecting"))
    if angle == 0.0:
        parts = [[[0, 0], [2, 0], [2, 4], [0, 4]], [[2, 0], [4, 0], [4, 4], [2, 4]]]
    else:
        parts = [[[0, 0], [4, 0], [4, 4]], [[0, 0], [4, 4], [0, 4]]]
    areas = vmd.Regions.polygons(parts, box=box).hop_areas(0.5)[0]
    return float(areas[0, 1])
