"""Hops in the box against the exact count process of the same geometry, and where the two must part.

Well mixed vortices (a thermal step longer than a region, no forces) follow the count-level process with the
conductances of the hops themselves; every comparison is of means over independent runs, in standard errors.
"""

import numpy as np
import pytest

import vortexmd as vmd
from benchmarks.hopping_agreement import CASES, compare, mixed, rectangles, rule
from vortexmd import flux_exchange as fx


def check(name, runs):
    row = compare(name, runs)
    assert np.abs(row["means_in_errors"]).max() < 3.0
    assert np.abs(row["variances_in_errors"]).max() < 4.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["two squares", pytest.param("narrow strip", marks=pytest.mark.slow), "open box"]
)
def test_a_well_mixed_box_follows_the_count_process(name):
    check(name, runs=40)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES))
def test_a_well_mixed_box_follows_the_count_process_closely(name):
    check(name, runs=600)


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
    sim = mixed(hops, counts, seed=4)
    sim.run(300)
    before = dict(sim.hopping.tallies)
    sim.run(6000)
    for i, j in ((0, 1), (1, 2), (0, 2)):
        there, back = (sim.hopping.tallies[pair] - before.get(pair, 0) for pair in ((i, j), (j, i)))
        assert there + back > 500
        assert abs(there - back) < 4.5 * np.sqrt(there + back)


@pytest.mark.parametrize(
    ("attempt_rate", "dt", "min_distance"),
    [(0.4, 0.2, 0.0), pytest.param(5.0, 1.0, 0.0, marks=pytest.mark.slow), (1.5, 0.2, 0.4)],
)
def test_at_the_stationary_state_the_box_has_the_product_form(attempt_rate, dt, min_distance):
    """Mean and variance of the counts after long mixing, against the exact law, for short and long steps.

    Hops that are not carried out, because somebody is near at either end, keep detailed balance.
    """
    hops, counts = rule("two squares", attempt_rate=attempt_rate, min_distance=min_distance)
    network = hops.network(effective=True)
    exact = network.stationary(sum(counts), flux_quantum=1.0)
    sim = mixed(hops, counts, seed=9, dt=dt)
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
    for temperature in (0.0, 0.02, 2000.0):
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
    assert in_layer < results[0.02][0] < results[2000.0][0]
    assert results[0.02][2] < 0.5
    hopped, _, mixing = results[2000.0]
    assert mixing == pytest.approx(1.0, abs=4.5 / np.sqrt(hopped))
