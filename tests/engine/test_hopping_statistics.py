"""Hops in the box against the exact count process of the same geometry, and where the two must part.

Well mixed vortices (a thermal step longer than a region, no forces) follow the count-level process with the
conductances of the hops themselves; every comparison is of means over independent runs, in standard errors.
"""

import numpy as np
import pytest

import vortexmd as vmd
from vortexmd import flux_exchange as fx

WEAK = fx.ActivationLaw("linear", u0=1.0, b_max=2.0)
STRONG = fx.ActivationLaw("logarithmic", u0=1.5, b_max=3.0)
TIMES = np.array([60, 180, 500])


def rectangles(cells, boundary="reflecting"):
    box = vmd.Box((max(c[2] for c in cells), max(c[3] for c in cells)), boundary)
    return vmd.Regions.rectangles(cells, box=box)


def cut_square():
    """Three triangles and a kite: slanted walls that meet in one point."""
    return vmd.Regions.polygons(
        [
            [[0, 0], [6, 0], [2, 3]],
            [[6, 0], [6, 6], [2, 3]],
            [[6, 6], [0, 6], [0, 0], [2, 3]],
        ],
        box=vmd.Box((6.0, 6.0), "reflecting"),
    )


# name: regions, laws, vortices in each at the start, options
CASES = {
    "two squares": (
        rectangles([[0, 0, 4, 4], [4, 0, 8, 4]]),
        [WEAK, STRONG],
        [24, 4],
        {"hop_distance": 1.0},
    ),
    "narrow strip": (
        rectangles([[0, 0, 4, 4], [4, 0, 4.6, 4], [4.6, 0, 8, 4]]),
        [WEAK, STRONG, WEAK],
        [20, 0, 4],
        {"hop_distance": 1.0, "effective": True},
    ),
    "corner of three": (
        rectangles([[0, 0, 3, 3], [3, 0, 6, 3], [0, 3, 6, 6]]),
        [WEAK, STRONG, WEAK],
        [12, 2, 10],
        {"hop_distance": 0.9, "effective": True},
    ),
    "slanted walls": (
        cut_square(),
        [WEAK, STRONG, WEAK],
        [10, 6, 8],
        {"hop_distance": 0.8, "effective": True},
    ),
    "open box": (
        rectangles([[0, 0, 4, 4], [4, 0, 8, 4]], ("open", "reflecting")),
        [WEAK, STRONG],
        [20, 4],
        {"hop_distance": 1.0, "outside": fx.Outside(0.6, entry_barrier=0.3)},
    ),
    "periodic": (
        rectangles([[0, 0, 4, 5], [4, 0, 8, 5]], "periodic"),
        [WEAK, STRONG],
        [24, 4],
        {"hop_distance": 1.0},
    ),
}


def rule(name, **more):
    regions, laws, counts, options = CASES[name]
    settings = {"attempt_rate": 0.04, "record_events": False, **options, **more}
    return vmd.ArrheniusHopping(regions, laws, **settings), counts


def spread(regions, counts, rng):
    """Positions with so many vortices in each region, evenly."""
    found = [np.empty((0, 2))]
    for region, count in enumerate(counts):
        have = 0
        while have < count:
            r = rng.uniform(0, 1, (1, 2)) * regions.box.lengths
            if regions.label(r)[0] == region:
                found.append(r)
                have += 1
    return np.concatenate(found)


def well_mixed_run(hops, counts, seed):
    """(T, R) counts at TIMES: vortices without forces that forget their places from step to step."""
    rng = np.random.default_rng(seed)
    start = vmd.Vortices(spread(hops.regions, counts, rng), 1, hops.regions.box)
    sim = vmd.Simulation(
        start, None, dt=1.0, temperature=18.0, seed=seed, reactions=[hops], threads=1
    )
    seen = []
    for steps in np.diff(TIMES, prepend=0):
        sim.run(int(steps))
        seen.append(sim.hopping.counts)
    return seen


def compare(name, runs):
    """Standard errors between the box and the count process: of means, and of variances."""
    hops, counts = rule(name)
    box = np.array([well_mixed_run(hops, counts, seed) for seed in range(runs)], dtype=float)
    network = hops.network(effective=True)
    sample = network.sample(
        b0=np.array(counts) / hops.regions.area,
        times=TIMES.astype(float),
        flux_quantum=1.0,
        n_runs=20 * runs,
        seed=11,
    )
    exact = np.asarray(sample.counts, dtype=float)
    means = (box.mean(axis=0) - exact.mean(axis=0)) / np.sqrt(
        box.var(axis=0, ddof=1) / runs + exact.var(axis=0, ddof=1) / len(exact)
    )
    # The variance of a sample variance, from the fourth moment of the larger sample.
    centred = exact - exact.mean(axis=0)
    fourth, second = (centred**4).mean(axis=0), (centred**2).mean(axis=0)
    errors = np.sqrt((fourth - second**2) * (1 / runs + 1 / len(exact)))
    variances = (box.var(axis=0, ddof=1) - exact.var(axis=0, ddof=1)) / errors
    return means, variances


@pytest.mark.parametrize("name", ["two squares", "narrow strip", "open box"])
def test_a_well_mixed_box_follows_the_count_process(name):
    means, variances = compare(name, runs=40)
    assert np.abs(means).max() < 3.0
    assert np.abs(variances).max() < 4.5


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES))
def test_a_well_mixed_box_follows_the_count_process_closely(name):
    means, variances = compare(name, runs=600)
    assert np.abs(means).max() < 3.0
    assert np.abs(variances).max() < 4.5


def test_the_nominal_conductance_of_a_narrow_strip_is_wrong():
    """What c_eff is for: hops reach over the strip, and the nominal network knows nothing of it."""
    hops, _ = rule("narrow strip")
    effective = hops.network(effective=True)
    joined = {(face.i, face.j) for face in effective.interfaces}
    assert (0, 2) in joined
    with pytest.raises(ValueError, match="hop_distance"):
        hops.network(effective=False)


def test_detailed_balance_no_current_goes_round_a_corner():
    """At equilibrium hops i → j and j → i are equally many on each pair: no cycle carries a current."""
    hops, counts = rule("corner of three", attempt_rate=0.5)
    rng = np.random.default_rng(0)
    start = vmd.Vortices(spread(hops.regions, counts, rng), 1, hops.regions.box)
    sim = vmd.Simulation(start, None, dt=1.0, temperature=18.0, seed=4, reactions=[hops], threads=1)
    sim.run(300)
    before = dict(sim.hopping.tallies)
    sim.run(6000)
    for i, j in ((0, 1), (1, 2), (0, 2)):
        there, back = (sim.hopping.tallies[pair] - before.get(pair, 0) for pair in ((i, j), (j, i)))
        assert there + back > 500
        assert abs(there - back) < 4.5 * np.sqrt(there + back)


def test_at_the_stationary_state_the_box_has_the_product_form():
    """Mean and variance of the counts after long mixing, against the exact law; decorrelated samples."""
    hops, counts = rule("two squares", attempt_rate=0.4)
    network = hops.network(effective=True)
    exact = network.stationary(sum(counts), flux_quantum=1.0)
    rng = np.random.default_rng(1)
    start = vmd.Vortices(spread(hops.regions, counts, rng), 1, hops.regions.box)
    sim = vmd.Simulation(start, None, dt=0.2, temperature=90.0, seed=9, reactions=[hops], threads=1)
    sim.run(500)
    seen = []
    for _ in range(300):
        sim.run(60)
        seen.append(sim.hopping.counts[0])
    seen = np.array(seen, dtype=float)
    # Blocks take what correlation is left into account.
    blocks = seen.reshape(30, 10).mean(axis=1)
    error = blocks.std(ddof=1) / np.sqrt(len(blocks))
    assert abs(seen.mean() - exact.count_mean[0]) < 4.0 * error
    squares = ((seen - exact.count_mean[0]) ** 2).reshape(30, 10).mean(axis=1)
    assert abs(squares.mean() - exact.count_variance[0]) < 4.0 * squares.std(ddof=1) / np.sqrt(30)


def test_slow_mixing_empties_the_layer():
    """Hops faster than diffusion refills: the layer at the interface depletes, as the physics demands.

    One region full, one empty and cold, so that nobody returns. Frozen vortices: only those that begin within
    s of the wall can go, once each, n L s of them; then the layer is empty for good. Fast ones keep it full.
    """
    regions = rectangles([[0, 0, 10, 10], [10, 0, 20, 10]])
    cold = fx.ActivationLaw("linear", u0=300.0, b_max=1e3)
    free = fx.ActivationLaw("linear", u0=0.0, b_max=1e3)
    hops = vmd.ArrheniusHopping(
        regions, [free, cold], attempt_rate=2.0, hop_distance=0.5, record_events=False
    )
    n = 2000
    rng = np.random.default_rng(6)
    start = vmd.Vortices(rng.uniform(0, 10, (n, 2)), 1, regions.box)
    results = {}
    for temperature in (0.0, 0.02, 50.0):
        sim = vmd.Simulation(
            start, None, dt=0.02, temperature=temperature, seed=1, reactions=[hops], threads=1
        )
        assert sim.hopping.layer_occupancy()[0, 1] == pytest.approx(1.0, abs=4.5 / np.sqrt(100))
        sim.run(600)
        results[temperature] = (
            sim.hopping.tallies[0, 1],
            sim.hopping.layer_occupancy()[0, 1],
            sim.hopping.mixing()[0, 1],
        )
    in_layer = int((start.positions[:, 0] >= 9.5).sum())
    assert results[0.0][:2] == (in_layer, 0.0)
    assert results[0.0][2] < 0.15
    # Diffusion refills some: r s²/D = 12.5.
    assert in_layer < results[0.02][0] < results[50.0][0]
    assert results[0.02][2] < 0.5
    hopped, _, mixing = results[50.0]
    assert mixing == pytest.approx(1.0, abs=4.5 / np.sqrt(hopped))
