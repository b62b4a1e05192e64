"""The numbers of the areas dynamics to hopping: all pass, and each kind fails when the physics is off."""

from functools import cache

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from vortexmd.validation import check as checking
from vortexmd.validation import (
    dynamics,
    flux,
    hopping,
    lattice_energies,
    structure,
    suite,
    thermal,
    two_regions,
)
from vortexmd.validation.samples import block_mean, mean, variance

AREAS = {
    "dynamics": dynamics,
    "thermal": thermal,
    "lattice_energies": lattice_energies,
    "structure": structure,
    "flux": flux,
    "hopping": hopping,
}
ALL = [(area, check) for area, module in AREAS.items() for check in module.checks()]
# Those of the quick ones that are left to the slow tests: together they take some seconds.
LONGER = (
    "annihilation under K₁",
    "Shapiro",
    "mean velocity on a washboard",
    "critical force",
    "⟨r²⟩",
    "c₆₆/n",
    "square lattice under K₀",
    "random vortices",
    "square lattice with",
    "vortices of 2000",
    "over a wall, per τ",
    "number of hops",
    "share of time",
    "pairs nearer",
    "entering",
)


def titled(pairs):
    return [pytest.param(area, check, id=f"{area}: {check.name}") for area, check in pairs]


# More than one test asks for some.
judged = cache(checking.judge)


def passes(area, check):
    outcome = judged(area, check)
    assert outcome.passed, (
        f"{check.name}: measured {outcome.measured} ± {outcome.standard_error}, expected "
        f"{check.expected} within {outcome.allowed} {outcome.error}"
    )


SHORT = [
    (area, check)
    for area, check in ALL
    if check.quick and not any(word in check.name for word in LONGER)
]


@pytest.mark.parametrize(("area", "check"), titled(SHORT))
def test_short_numbers(area, check):
    passes(area, check)


@pytest.mark.slow
@pytest.mark.parametrize(("area", "check"), titled(ALL))
def test_all_numbers(area, check):
    passes(area, check)


@pytest.mark.slow
@pytest.mark.parametrize(("area", "check"), titled(ALL))
def test_samples_are_large_enough_to_tell(area, check):
    """What chance may do to a number is less than a tenth of it."""
    outcome = judged(area, check)
    chance = checking.STANDARD_ERRORS * outcome.standard_error
    assert check.expected == 0 or chance < 0.1 * abs(check.expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("area", "check"), titled(pair for pair in ALL if pair[1].name.startswith("order in Δt"))
)
def test_one_order_in_the_step_is_told_from_the_next(area, check):
    assert judged(area, check).allowed < 1


# How the source of a number begins, or who published it.
KINDS = ("exact: ", "exact limit: ", "exact to first order", "second method: ", "separate ")
AUTHORS = ("R. Ma", "Chaves", "Hilhorst", "Brakke", "Hu,", "Brandt", "Vega", "Manton")


def test_every_number_is_accounted_for():
    everything = [check for area in suite.AREAS for check in suite.checks_of(area)]
    for check in everything:
        assert np.isfinite(check.expected) and np.isfinite(check.tolerance)
        assert check.tolerance >= 0
        known = any(name in check.source for name in AUTHORS)
        assert known or check.source.startswith(KINDS), f"{check.name}: {check.source}"
    assert len(everything) >= 200
    assert sum(check.quick for check in everything) >= len(everything) / 2


# ---------------------------------------------------------------------- a check must be able to fail


def failing(area, words):
    """How many of the checks whose names hold `words` fail, and how many there are."""
    chosen = [check for check in AREAS[area].checks() if words in check.name]
    assert chosen
    return sum(not checking.judge(area, check).passed for check in chosen), len(chosen)


def weaker(cls, name, factor):
    """`cls.name`, a method that gives numbers, with the numbers scaled."""
    method = getattr(cls, name)
    return lambda self, *given: factor * method(self, *given)


def test_a_force_off_by_one_per_cent_fails(monkeypatch):
    for name in ("_force", "_energy"):
        monkeypatch.setattr(pot.London, name, weaker(pot.London, name, 1.01))
    assert failing("dynamics", "V–AV collapse under K₁") == (1, 1)
    assert failing("dynamics", "two like vortices under K₁") == (1, 1)
    assert failing("dynamics", "ring of 4 vortices") == (1, 1)
    failed, number = failing("lattice_energies", "energy per vortex of the triangular")
    assert failed == number


def test_a_temperature_off_by_a_tenth_fails(monkeypatch):
    make = vmd.Simulation.__init__

    def warmer(self, *given, temperature=0.0, **options):
        make(self, *given, temperature=1.1 * temperature, **options)

    monkeypatch.setattr(vmd.Simulation, "__init__", warmer)
    assert failing("thermal", "variance in a trap") == (2, 2)
    assert failing("thermal", "mean square displacement") == (2, 2)


def test_a_wrong_drive_fails(monkeypatch):
    monkeypatch.setattr(
        vmd.UniformDrive,
        "bind",
        lambda self, box: vmd.UniformDrive(tuple(1.002 * np.array(self.force))),
    )
    assert failing("dynamics", "drift of winding") == (3, 3)
    assert failing("dynamics", "critical force of one") == (1, 1)


def test_a_wrong_barrier_fails(monkeypatch):
    """The laws' own U, one part in a thousand too high."""
    from vortexmd.flux_exchange.laws import LawArray

    monkeypatch.setattr(LawArray, "energy", weaker(LawArray, "energy", 1.001))
    failed, number = failing("flux", "exchange flux density")
    assert failed == number == 4
    failed, number = failing("flux", "Fig. 3, logarithmic law: B_p")
    assert failed == number == 3


def test_a_wrong_attempt_rate_fails(monkeypatch):
    make = vmd.ArrheniusHopping
    monkeypatch.setattr(
        vmd,
        "ArrheniusHopping",
        lambda regions, laws, rate, s, **options: make(regions, laws, 1.3 * rate, s, **options),
    )
    assert failing("hopping", "one vortex over a wall, per τ, linear") == (1, 1)
    assert failing("hopping", "cell narrower than s") == (1, 1)


# ---------------------------------------------------------------------- the yardsticks themselves


def test_standard_errors():
    rng = np.random.default_rng(1)
    sample = rng.normal(3.0, 2.0, 40_000)
    found = mean(sample)
    assert found.standard_error == pytest.approx(0.01, rel=0.02)
    assert abs(found.value - 3.0) < 4 * found.standard_error
    spread = variance(sample)
    # The variance of a normal sample's variance is 2σ⁴/n.
    assert spread.standard_error == pytest.approx(np.sqrt(2 / 40_000) * 4, rel=0.05)
    assert abs(spread.value - 4.0) < 4 * spread.standard_error


def test_blocks_see_the_memory_of_a_series():
    """x' = ½x + ξ: the mean of n has σ = 2σ_ξ/√n, √3 times that of independent numbers of its spread."""
    rng = np.random.default_rng(2)
    x = np.zeros(200_001)
    for k, kick in enumerate(rng.normal(size=200_000)):
        x[k + 1] = 0.5 * x[k] + kick
    assert block_mean(x[1:], 400).standard_error == pytest.approx(2 / np.sqrt(200_000), rel=0.15)


def test_two_regions_without_barrier_are_binomial():
    """Independent vortices: each is in region 0 with p = ½(1 + e^{−2ct})."""
    pair = two_regions.TwoRegions(12, lambda region, count: 0.3 * count)
    p = 0.5 * (1 + np.exp(-2 * 0.3 * 0.7))
    average, spread = two_regions.moments(pair.after(0.7, 12))
    assert average == pytest.approx(12 * p, rel=1e-12)
    assert spread == pytest.approx(12 * p * (1 - p), rel=1e-12)
    average, spread = two_regions.moments(pair.stationary())
    assert (average, spread) == pytest.approx((6.0, 3.0), rel=1e-12)


def transfer_matrix_velocity(drive, temperature, dt, scheme, cells=200):
    """⟨F − sin x⟩ over the stationary law of the scheme's own Markov chain, on a grid of the period.

    Leimkuhler–Matthews: y' = y + ΔtF(x) + σξ with x = y + ½σξ the position, hence y' = 2x − y + ΔtF(x).
    """
    y = 2 * np.pi * np.arange(cells) / cells
    sigma = np.sqrt(2 * temperature * dt)

    def force(x):
        return drive - np.sin(x)

    chain = np.zeros((cells, cells))
    for turn in range(-2, 3):
        after = y[:, None] + 2 * np.pi * turn
        if scheme == "euler-maruyama":
            chain += np.exp(-((after - (y + dt * force(y))) ** 2) / (2 * sigma**2))
            continue
        x = 0.5 * (after + y)
        for _ in range(30):
            x = 0.5 * (after + y - dt * force(x))
        chain += np.exp(-((x - y) ** 2) / (0.5 * sigma**2)) / (2 - dt * np.cos(x))
    chain /= chain.sum(axis=0)
    system = np.vstack((chain - np.eye(cells), np.ones(cells)))
    law = np.linalg.lstsq(system, np.append(np.zeros(cells), 1.0), rcond=None)[0]
    if scheme == "euler-maruyama":
        return law @ force(y)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    at = force(y[:, None] + 0.5 * sigma * nodes) @ (weights / weights.sum())
    return law @ at


@pytest.mark.parametrize("scheme", ["euler-maruyama", "leimkuhler-matthews"])
@pytest.mark.parametrize(("drive", "temperature"), [(0.5, 0.5), (1.0, 0.2), (1.0, 1.0)])
def test_what_the_schemes_make_of_transport(scheme, drive, temperature):
    """The tolerances of the washboard at T > 0 cover the schemes' own errors, and are not far above."""
    from vortexmd.validation import thermal_waves as waves

    exact = waves.washboard_velocity(drive, temperature)
    step = waves.TRANSPORT_STEP[scheme]
    errors = [
        transfer_matrix_velocity(drive, temperature, dt, scheme) - exact for dt in (step, 2 * step)
    ]
    order = 2 if scheme == "euler-maruyama" else 1
    assert np.log2(abs(errors[1] / errors[0])) == pytest.approx(order, abs=0.1)
    if (drive, temperature) == (1.0, 1.0) or scheme == "euler-maruyama":
        assert abs(errors[0]) < 1.01 * waves.TRANSPORT_ERROR[scheme] * temperature


def test_washboard_without_barrier_or_drive():
    """F ≫ 1: v = F − 1/2F; kT ≫ 1: linear response F/I₀(1/kT)²."""
    from scipy.special import i0

    from vortexmd.validation.thermal_waves import washboard_velocity

    assert washboard_velocity(30.0, 1.0) == pytest.approx(30.0 - 1 / 60.0, rel=1e-5)
    assert washboard_velocity(1e-4, 0.4) == pytest.approx(1e-4 / i0(2.5) ** 2, rel=1e-6)
    assert washboard_velocity(1.5, 0.01) == pytest.approx(np.sqrt(1.25), rel=1e-3)
