"""Boxes parted in two between which vortices hop: what the checks of hopping share."""

from __future__ import annotations

import numpy as np

import vortexmd as vmd
from vortexmd import flux_exchange as fx
from vortexmd.hopper import Hopper
from vortexmd.validation.two_regions import plain_flux

WEAK = fx.ActivationLaw("linear", u0=1.0, b_max=2.0)
STRONG = fx.ActivationLaw("logarithmic", u0=1.5, b_max=3.0)
FREE = fx.ActivationLaw("linear", u0=0.0, b_max=1e3)
# kTΔt of thermal steps of 6 λ, in boxes of up to 8.
MIXING = 18.0


def halves(
    width: float, height: float, boundary: tuple[str, str] = ("reflecting", "reflecting")
) -> vmd.Regions:
    """A box (λ) parted in two by a line x = const."""
    box = vmd.Box((width, height), boundary)
    middle = 0.5 * width
    return vmd.Regions.rectangles([[0, 0, middle, height], [middle, 0, width, height]], box=box)


def law_flux(law: fx.ActivationLaw, b: float) -> float:
    """W of one of the laws above at a field b (vortices per λ²), by its formula."""
    assert law.u0 is not None and law.b_max is not None
    return plain_flux(law.kind, law.u0, law.b_max, b)


def squares(rate: float, min_distance: float = 0.0) -> vmd.ArrheniusHopping:
    """A weak and a strong square of 4 λ side by side, s = 1, ν₀ = `rate` (1/τ)."""
    return vmd.ArrheniusHopping(
        halves(8.0, 4.0),
        [WEAK, STRONG],
        rate,
        1.0,
        min_distance=min_distance,
        record_events=False,
    )


def mixed(
    hops: vmd.ArrheniusHopping, counts: tuple[int, int], seed: int, dt: float = 1.0
) -> vmd.Simulation:
    """Vortices that forget their places from step to step, so many in each half."""
    rng = np.random.default_rng(seed)
    box = hops.regions.box
    r = rng.uniform(0.0, 1.0, (sum(counts), 2)) * [0.5 * box.lengths[0], box.lengths[1]]
    r[counts[0] :, 0] += 0.5 * box.lengths[0]
    start = vmd.Vortices(r, 1, box)
    temperature = MIXING / dt
    return vmd.Simulation(
        start, None, dt=dt, temperature=temperature, seed=seed, reactions=[hops], threads=1
    )


def hops_of(sim: vmd.Simulation) -> Hopper:
    """Counts and tallies of a simulation that has hops."""
    assert sim.hopping is not None
    return sim.hopping
