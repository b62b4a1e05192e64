"""Samples of whole vortices, against the master equation, random walkers and the product form.

Draws repeat (fixed seeds), so that a test passes or fails for good. Bounds on statistics were set before: a
right program passes each with the probability given, in sum above 0.999.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from master_equation import MasterEquation
from scipy.linalg import expm
from scipy.stats import chi2

from vortexmd import flux_exchange as fx
from vortexmd.flux_exchange import rate_windows, sampling
from vortexmd.flux_exchange import sampling_kernel as kernel
from vortexmd.flux_exchange.channels import build_aliases
from vortexmd.flux_exchange.sampling import sample, whole_counts
from vortexmd.flux_exchange.solver import integrate
from vortexmd.flux_exchange.stationary import stationary
from vortexmd.random_numbers import SSA, philox4x32

LINEAR = fx.ActivationLaw("linear", u0=5.0, b_max=20.0)
LOG = fx.ActivationLaw("logarithmic", u0=3.0, b_max=30.0)
POWER = fx.ActivationLaw("inverse_power", u0=1.0, b_max=25.0, exponent=0.5)
FREE = fx.ActivationLaw("linear", u0=0.0, b_max=20.0)
CORNER = [(0, 1, 1.0), (1, 2, 2.0), (0, 2, 0.5)]
# A standard normal number is beyond this once in 150 000 draws.
Z = 4.5


def network(laws, faces, areas=None, outside=None, above="clamp", temperature=None):
    areas = np.ones(len(laws)) if areas is None else areas
    return fx.FluxNetwork(
        [fx.Region(float(a), law) for a, law in zip(areas, laws, strict=True)],
        [fx.Interface(*face) for face in faces],
        2.0,
        1.0,
        outside,
        above_b_max=above,
        temperature=temperature,
    )


def z_of_mean(values, expected):
    """How many standard errors the mean over the first axis is off."""
    return (values.mean(axis=0) - expected) / (values.std(axis=0, ddof=1) / np.sqrt(len(values)))


# Random numbers, choices -----------------------------------------------------------------------------


def test_the_stream_is_that_of_philox():
    seed, run, event = 0x0123456789ABCDEF, 77, (5 << 32) + 9
    w = [int(x) for x in philox4x32(run, 9, 5, SSA, seed & 0xFFFFFFFF, seed >> 32)]
    found = kernel.uniforms(np.uint64(seed), np.uint32(SSA), run, event)
    assert found[0] * 2**40 == (w[0] << 8 | w[3] >> 24) + 1
    assert found[1] * 2**48 == w[1] << 16 | (w[3] >> 8 & 0xFFFF)
    assert found[2] * 2**40 == w[2] << 8 | w[3] & 0xFF


@settings(max_examples=60)
@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=30))
def test_aliases_give_every_neighbour_its_weight(weights):
    weight = np.array(weights)
    n = len(weight)
    accept, alias = np.empty(n), np.empty(n, dtype=np.int64)
    build_aliases(np.array([0, n]), weight, accept, alias)
    share = accept + np.bincount(alias, 1.0 - accept, n)
    np.testing.assert_allclose(share / n, weight / weight.sum(), atol=1e-15, rtol=1e-9)
    assert ((accept >= 0) & (accept <= 1)).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 64))
def test_the_tree_finds_the_leaf_of_a_running_sum(seed, n):
    rng = np.random.default_rng(seed)
    rates = rng.integers(0, 5, 64).astype(float)
    rates[n:] = 0.0
    rates[0] += 1.0
    tree = np.concatenate((np.zeros(21), rates))
    for node in range(20, -1, -1):
        kernel._sum_children(tree, node)
    assert tree[0] == rates.sum()
    # Whole numbers and a half: no rounding, no ties.
    for x in np.arange(rates.sum()) + 0.5:
        assert kernel._descend(tree, 21, x) - 21 == np.searchsorted(np.cumsum(rates), x)


# Exact laws ------------------------------------------------------------------------------------------


def test_without_a_barrier_vortices_are_independent_walkers():
    areas = np.array([1.0, 2.0, 0.5])
    net = network([FREE] * 3, CORNER, areas)
    times = np.array([0.05, 0.3, 1.0, 20.0])
    n_runs, n = 20_000, 40
    found = sample(net.graph, [n, 0.0, 0.0], times, 1.0, n_runs, seed=11)
    walk = np.zeros((3, 3))
    for i, j, length in CORNER:
        walk[j, i] += length / areas[i]
        walk[i, j] += length / areas[j]
    walk -= np.diag(walk.sum(axis=0))
    for k, t in enumerate(times):
        p = expm(walk * t)[:, 0]
        counts = found.counts[:, k].astype(float)
        # 12 means, 24 second moments: 0.999 that none is beyond Z.
        assert np.abs(z_of_mean(counts, n * p)).max() < Z
        off = counts - n * p
        exact = n * (np.diag(p) - np.outer(p, p))
        for i in range(3):
            assert np.abs(z_of_mean(off[:, [i]] * off, exact[i])).max() < Z


def test_events_of_free_walkers_come_at_a_constant_rate():
    # Two equal regions without barriers: 30 vortices leave at rate 1 each, a Poisson process.
    net = network([FREE, FREE], [(0, 1, 1.0)])
    events = sample(net.graph, [30.0, 0.0], [2.0], 1.0, 20_000, seed=2).events.astype(float)
    assert abs(z_of_mean(events, 60.0)) < Z
    assert abs(z_of_mean((events - 60.0) ** 2, 60.0)) < Z


@pytest.mark.parametrize("above", ["clamp", "extend"])
@pytest.mark.parametrize(
    ("laws", "faces", "areas", "start", "quantum", "times"),
    [
        # Both start above B_m, where the two choices differ.
        ([LINEAR, LOG], [(0, 1, 1.0)], [1.0, 2.0], (12, 4), 2.0, [0.03, 0.3, 3.0]),
        ([POWER, LINEAR, LOG], CORNER, [1.0, 0.7, 1.3], (6, 2, 0), 5.0, [0.1, 1.0, 10.0]),
    ],
)
def test_the_law_of_counts_follows_the_master_equation(
    laws, faces, areas, start, quantum, times, above
):
    net = network(laws, faces, areas, above=above)
    b0 = np.array(start) * quantum / areas
    n_runs = 20_000
    found = sample(net.graph, b0, times, quantum, n_runs, seed=5)
    master = MasterEquation(net, quantum, sum(start))
    code = (sum(start) + 1) ** np.arange(len(laws))
    order = np.argsort(master.states @ code)
    for k, t in enumerate(times):
        p = master.at(t, start)
        which = order[np.searchsorted((master.states @ code)[order], found.counts[:, k] @ code)]
        seen = np.bincount(which, minlength=len(p))
        # States that are hardly ever seen are counted together.
        often = n_runs * p > 5
        expected = np.append(n_runs * p[often], n_runs * p[~often].sum())
        seen = np.append(seen[often], seen[~often].sum())
        assert seen[expected < 1e-9].sum() == 0
        seen, expected = seen[expected > 1e-9], expected[expected > 1e-9]
        chi_square = ((seen - expected) ** 2 / expected).sum()
        # Exceeded once in 10⁵.
        assert chi_square < chi2.isf(1e-5, len(seen) - 1)


def test_long_runs_come_to_the_product_form():
    areas = np.array([1.0, 2.0, 0.5])
    net = network([LINEAR, LOG, POWER], CORNER, areas)
    b0, quantum, n_runs = [15.0, 15.0, 15.0], 1.0, 8000
    # Relaxation takes some 1/ε·dB/dW, here below 3.
    found = sample(net.graph, b0, [60.0], quantum, n_runs, seed=3)
    exact = stationary(net.graph, int(found.initial_counts.sum()), quantum, covariance=True)
    counts = found.counts[:, 0].astype(float)
    off = counts - exact.count_mean
    # 3 means, 9 second moments.
    assert np.abs(z_of_mean(counts, exact.count_mean)).max() < Z
    for i in range(3):
        assert np.abs(z_of_mean(off[:, [i]] * off, exact.covariance[i])).max() < Z
    # And the spread is less than that of independent vortices, by far more than its error.
    assert (found.count_variance[0] < 0.8 * found.count_mean[0]).all()


def test_an_open_sample_balances_what_comes_and_goes():
    outside = fx.Outside(12.0, {0: 1.0, 2: 0.5}, entry_barrier=0.5)
    net = network([LINEAR, LOG, POWER], CORNER, [1.0, 2.0, 0.5], outside)
    quantum, n_runs, times = 1.0, 4000, [40.0, 50.0]
    found = sample(net.graph, [2.0, 3.0, 4.0], times, quantum, n_runs, seed=8)
    total = found.counts.sum(axis=2)
    np.testing.assert_array_equal(total, found.initial_counts.sum() + found.entered - found.left)
    exact = stationary(net.graph, None, quantum, covariance=True)
    for k in range(2):
        counts = found.counts[:, k].astype(float)
        off = counts - exact.count_mean
        assert np.abs(z_of_mean(counts, exact.count_mean)).max() < Z
        for i in range(3):
            assert np.abs(z_of_mean(off[:, [i]] * off, exact.covariance[i])).max() < Z
    # Entries are a Poisson process; in the stationary state exits are one too (Burke's theorem).
    came, went = np.diff(found.entered)[:, 0], np.diff(found.left)[:, 0]
    rate = 10.0 * 1.5 * 12.0 * np.exp(-0.5)
    for number in (came.astype(float), went.astype(float)):
        assert abs(z_of_mean(number, rate)) < Z
        assert abs(z_of_mean((number - rate) ** 2, rate)) < Z


# The mean and the equations --------------------------------------------------------------------------


def test_exact_means_tend_to_the_equations_as_one_over_n():
    # No sampling noise: the master equation against the differential equations.
    net = network([LINEAR, fx.ActivationLaw("linear", u0=8.0, b_max=40.0)], [(0, 1, 1.0)])
    times = np.array([0.1, 1.0, 10.0])
    mean_field, _ = integrate(net.graph, [16.0, 16.0], times, 1e-11)
    bias = []
    for total in (32, 64, 128, 256):
        quantum = 32.0 / total
        master = MasterEquation(net, quantum, total)
        start = (total // 2, total // 2)
        means = [master.at(t, start) @ master.states[:, 0] * quantum for t in times]
        bias.append(np.array(means) - mean_field[:, 0])
    order = np.log2(np.array(bias[:-1]) / np.array(bias[1:]))
    # The exponent tends to 1 with an error of order 1/N: halved from row to row, removed by extrapolation.
    np.testing.assert_allclose(order[-1], 1.0, atol=0.02)
    np.testing.assert_allclose(2 * order[-1] - order[-2], 1.0, atol=2e-3)


def test_sampled_means_tend_to_the_equations_as_one_over_n():
    net = network([LINEAR, fx.ActivationLaw("linear", u0=5.0, b_max=40.0)], [(0, 1, 1.0)])
    times, n_runs = [10.0], 40_000
    mean_field, _ = integrate(net.graph, [16.0, 16.0], times, 1e-10)
    totals = np.array([8, 16, 32, 64])
    bias, error = [], []
    for total in totals:
        found = sample(net.graph, [16.0, 16.0], times, 32.0 / total, n_runs, seed=int(total))
        bias.append(mean_field[0, 0] - found.mean[0, 0])
        error.append(found.standard_error[0, 0])
    weight = np.array(bias) / np.array(error)
    assert weight.min() > 10
    fit, covariance = np.polyfit(np.log(totals), np.log(bias), 1, w=weight, cov="unscaled")
    spread = np.sqrt(covariance[0, 0])
    assert spread < 0.04
    assert abs(fit[0] + 1.0) < 4 * spread


def test_a_hundred_thousand_vortices_follow_the_equations():
    net = network([LINEAR, LOG], [(0, 1, 1.0)], [1.0, 2.0])
    times, quantum, n_runs = [0.05, 0.5], 20.0 / 50_000, 8
    found = sample(net.graph, [20.0, 5.0], times, quantum, n_runs, seed=1)
    mean_field, _ = integrate(net.graph, found.initial_fields, times, 1e-9)
    # Tables of rates are much narrower than this.
    assert np.abs(found.counts[0, -1] - found.initial_counts).max() > 2 * rate_windows.MAX_WIDTH
    # Linear noise: less than √N vortices; the mean of eight runs to within 5 of its standard errors.
    off = np.abs(found.count_mean - mean_field * np.array([1.0, 2.0]) / quantum)
    assert (off < 5 * np.sqrt(found.count_mean / n_runs)).all()


# What must not change the counts ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def corner():
    return network([LINEAR, LOG, POWER], CORNER, [1.0, 2.0, 0.5], fx.Outside(9.0, {1: 1.0}))


B0 = np.array([15.0, 4.0, 20.0])
TIMES = [0.0, 0.2, 0.7, 2.0]


@pytest.fixture(scope="module")
def reference(corner):
    return sample(corner.graph, B0, TIMES, 0.5, 6, seed=42, threads=1)


def test_runs_do_not_depend_on_how_many_there_are(corner, reference):
    more = sample(corner.graph, B0, TIMES, 0.5, 25, seed=42)
    np.testing.assert_array_equal(more.counts[:6], reference.counts)
    np.testing.assert_array_equal(more.events[:6], reference.events)
    assert len({run.tobytes() for run in more.counts[:, -1]}) > 15


def test_runs_do_not_depend_on_threads(corner, reference):
    threaded = sample(corner.graph, B0, TIMES, 0.5, 6, seed=42, threads=3)
    for name in ("counts", "entered", "left", "events", "count_mean", "count_variance"):
        np.testing.assert_array_equal(getattr(threaded, name), getattr(reference, name))


def test_runs_do_not_depend_on_which_times_are_recorded(corner, reference):
    fewer = sample(corner.graph, B0, [0.7, 5.0], 0.5, 6, seed=42)
    np.testing.assert_array_equal(fewer.counts[:, 0], reference.counts[:, 2])
    np.testing.assert_array_equal(reference.counts[:, 0], np.tile(reference.initial_counts, (6, 1)))


def test_runs_do_not_depend_on_windows_and_pauses(corner, reference, monkeypatch):
    monkeypatch.setattr(rate_windows, "MAX_ENTRIES", 12)
    monkeypatch.setattr(rate_windows, "MIN_WIDTH", 4)
    monkeypatch.setattr(sampling, "BUDGET", 7)
    monkeypatch.setattr(sampling, "BLOCK_BYTES", 200)
    narrow = sample(corner.graph, B0, TIMES, 0.5, 6, seed=42, threads=2)
    np.testing.assert_array_equal(narrow.counts, reference.counts)
    np.testing.assert_array_equal(narrow.events, reference.events)
    # Windows of laws from functions are moved elsewhere.
    own = fx.ActivationLaw.from_function(lambda b: 5.0 * (1.0 - b / 20.0), 20.0)
    net = network([own, LOG, POWER], CORNER, [1.0, 2.0, 0.5], fx.Outside(9.0, {1: 1.0}))
    again = sample(net.graph, B0, TIMES, 0.5, 6, seed=42)
    np.testing.assert_array_equal(again.counts, reference.counts)


def test_runs_do_not_depend_on_the_order_of_interfaces(reference):
    faces = [(2, 0, 0.5), (2, 1, 2.0), (0, 1, 1.0)]
    net = network([LINEAR, LOG, POWER], faces, [1.0, 2.0, 0.5], fx.Outside(9.0, {1: 1.0}))
    again = sample(net.graph, B0, TIMES, 0.5, 6, seed=42)
    np.testing.assert_array_equal(again.counts, reference.counts)


def test_seeds_are_independent(corner, reference):
    other = sample(corner.graph, B0, TIMES, 0.5, 6, seed=43)
    assert (other.counts[:, 1:] != reference.counts[:, 1:]).any(axis=(1, 2)).all()


def test_moments_are_those_of_the_runs(corner):
    kept = sample(corner.graph, B0, TIMES, 0.5, 300, seed=1)
    moments = sample(corner.graph, B0, TIMES, 0.5, 300, seed=1, keep="moments", threads=2)
    assert moments.counts is None
    np.testing.assert_array_equal(moments.count_mean, kept.count_mean)
    np.testing.assert_array_equal(moments.count_variance, kept.count_variance)
    np.testing.assert_allclose(kept.mean, kept.fields.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(kept.variance, kept.fields.var(axis=0, ddof=1), rtol=1e-10)
    np.testing.assert_allclose(np.diag(kept.covariance(3)), kept.variance[3], rtol=1e-10)
    np.testing.assert_allclose(kept.standard_error, np.sqrt(kept.variance / 300), rtol=1e-12)
    assert kept.quantiles([0.1, 0.5, 0.9]).shape == (3, 4, 3)
    np.testing.assert_array_equal(kept.quantiles(0.5), np.median(kept.fields, axis=0))
    for ask in (
        lambda: moments.fields,
        lambda: moments.covariance(0),
        lambda: moments.quantiles(0.5),
    ):
        with pytest.raises(ValueError, match="keep='runs'"):
            ask()


def test_laws_from_functions_give_the_same_runs(corner, reference):
    own = fx.ActivationLaw.from_function(lambda b: 5.0 * (1.0 - b / 20.0), 20.0)
    net = network([own, LOG, POWER], CORNER, [1.0, 2.0, 0.5], fx.Outside(9.0, {1: 1.0}))
    again = sample(net.graph, B0, TIMES, 0.5, 6, seed=42)
    np.testing.assert_array_equal(again.counts, reference.counts)


# Conservation, rounding, limits ----------------------------------------------------------------------


@settings(max_examples=30)
@given(
    b0=st.lists(st.floats(0.0, 20.0), min_size=3, max_size=3),
    quantum=st.floats(0.05, 3.0),
    seed=st.integers(0, 2**64 - 1),
)
def test_vortices_are_conserved_and_never_negative(b0, quantum, seed):
    net = network([LINEAR, LOG, POWER], CORNER, [1.0, 2.0, 0.5])
    found = sample(net.graph, b0, [0.3, 3.0], quantum, 3, seed)
    assert (found.counts.sum(axis=2) == found.initial_counts.sum()).all()
    assert (found.counts >= 0).all()
    assert not found.entered.any()
    assert not found.left.any()


@settings(max_examples=80)
@given(
    b0=st.lists(st.floats(0.0, 100.0), min_size=5, max_size=5),
    quantum=st.floats(0.01, 50.0),
)
def test_rounding_keeps_the_flux_of_every_part(b0, quantum):
    with pytest.warns(fx.FluxExchangeWarning):
        net = network([LINEAR] * 5, [(0, 1, 1.0), (2, 3, 1.0), (3, 4, 1.0)], [1, 2, 3, 4, 5])
    exact = np.array(b0) * np.arange(1, 6) / quantum
    counts = whole_counts(net.graph, b0, quantum)
    assert (np.abs(counts - exact) < 1.0 + 1e-9).all()
    for part in ([0, 1], [2, 3, 4]):
        assert abs(counts[part].sum() - exact[part].sum()) <= 0.5 + 1e-9


@settings(max_examples=60)
@given(
    b=st.floats(1e-3, 60.0),
    alpha=st.floats(0.0, 80.0),
    kind=st.sampled_from(["linear", "logarithmic", "inverse_power"]),
    clamp=st.booleans(),
)
def test_compiled_rates_are_those_of_the_law(b, alpha, kind, clamp):
    exponent = 0.7 if kind == "inverse_power" else None
    law = fx.ActivationLaw(kind, u0=alpha, b_max=20.0, exponent=exponent)
    expected = float(law.flux(b, "clamp" if clamp else "extend"))
    found = kernel.exchange_flux(b, law.power, alpha, 20.0, clamp)
    # U may be large: its last digits are those of W.
    assert found == pytest.approx(expected, rel=1e-11)


def test_whole_fields_stay_as_they_are():
    net = network([LINEAR] * 3, CORNER, [0.1, 0.7, 0.3])
    np.testing.assert_array_equal(whole_counts(net.graph, [3.0, 0.3, 11.0], 0.1), [3, 2, 33])


def test_nothing_moves_at_temperature_zero():
    frozen = fx.ActivationLaw("linear", u0_energy=1.0, b_max=20.0)
    net = network([frozen, frozen], [(0, 1, 1.0)], temperature=0.0)
    found = sample(net.graph, [10.0, 2.0], [1.0, 1e12], 1.0, 2)
    assert not found.events.any()
    np.testing.assert_array_equal(found.counts, np.broadcast_to([10, 2], (2, 2, 2)))


def test_an_empty_network_fills_from_outside_only():
    closed = network([LINEAR, LOG], [(0, 1, 1.0)])
    assert not sample(closed.graph, [0.0, 0.0], [5.0], 1.0).events.any()
    opened = network([LINEAR, LOG], [(0, 1, 1.0)], outside=fx.Outside(10.0, {0: 1.0}))
    found = sample(opened.graph, [0.0, 0.0], [5.0], 1.0)
    assert found.entered[0, 0] > 20


def test_a_region_without_neighbours_keeps_its_vortices():
    with pytest.warns(fx.FluxExchangeWarning):
        net = network([FREE] * 3, [(0, 1, 1.0)])
    found = sample(net.graph, [5.0, 5.0, 5.0], [10.0], 1.0, 4)
    assert (found.counts[:, 0, 2] == 5).all()
    alone = sample(network([FREE], []).graph, [5.0], [10.0], 1.0)
    assert alone.events[0] == 0


def test_interfaces_of_length_zero_carry_nothing():
    net_faces = [(0, 1, 1.0), (1, 2, 0.0)]
    with pytest.warns(fx.FluxExchangeWarning):
        net = network([FREE] * 3, net_faces)
    found = sample(net.graph, [5.0, 5.0, 5.0], [10.0], 1.0, 4)
    assert (found.counts[:, 0, 2] == 5).all()


def test_one_run_has_no_spread():
    net = network([FREE, FREE], [(0, 1, 1.0)])
    found = sample(net.graph, [5.0, 5.0], [1.0], 1.0)
    assert np.isnan(found.variance).all()
    assert np.isnan(found.standard_error).all()
    with pytest.raises(ValueError, match="two runs or more"):
        found.covariance(0)
    assert "1 runs, 1 times, 2 regions" in repr(found)


def test_rates_that_fall_by_many_orders_stay_exact():
    # From 2000 a unit of time to 4e-15: a running sum of the rates would have lost them in its rounding.
    steep = fx.ActivationLaw("linear", u0=80.0, b_max=2000.0)
    net = network([steep, steep], [(0, 1, 1.0)])
    found = sample(net.graph, [2000.0, 0.0], [1e19], 1.0, 300, seed=9)
    exact = stationary(net.graph, 2000, 1.0)
    counts = found.counts[:, 0, 0].astype(float)
    assert abs(z_of_mean(counts, exact.count_mean[0])) < Z
    assert abs(z_of_mean((counts - exact.count_mean[0]) ** 2, exact.count_variance[0])) < Z
    assert found.events.mean() > 10_000


# Errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": []}, "times"),
        ({"times": [1.0, 1.0]}, "times"),
        ({"times": [2.0, 1.0]}, "times"),
        ({"times": [-1.0, 1.0]}, "times"),
        ({"times": [0.0, np.inf]}, "times"),
        ({"times": "soon"}, "times"),
        ({"flux_quantum": 0.0}, "flux_quantum = 0.0"),
        ({"flux_quantum": -1.0}, "flux_quantum = -1.0"),
        ({"flux_quantum": np.nan}, "flux_quantum = nan"),
        ({"flux_quantum": 1e-17}, "flux_quantum = 1e-17: .* vortices"),
        ({"n_runs": 0}, "n_runs = 0"),
        ({"n_runs": 1.5}, "n_runs = 1.5"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**64}, "seed"),
        ({"threads": 0}, "threads = 0"),
        ({"keep": "all"}, "keep = 'all': give one of runs, moments"),
        ({"n_runs": 2**31}, "keep='moments'"),
        ({"n_runs": 2**31, "keep": "moments"}, "ask for fewer runs or times$"),
    ],
)
def test_bad_arguments_are_named(corner, change, message):
    good = {"b0": B0, "times": [1.0], "flux_quantum": 0.5}
    with pytest.raises(ValueError, match=message):
        sample(corner.graph, **{**good, **change})


def test_above_b_max_raises_naming_region_and_run():
    net = network([LINEAR, LOG], [(0, 1, 1.0)], above="raise")
    with pytest.raises(
        ValueError, match=r"region 0 of run \d comes above its B_m with 21 vortices"
    ):
        sample(net.graph, [20.0, 30.0], [50.0], 1.0, 4, threads=2)
    with pytest.raises(ValueError, match=r"b0\[0\]: 21 whole vortices make B = 21"):
        sample(net.graph, [20.6, 5.4], [1.0], 1.0)
    # Filled to B_m is not above it, and far below it nothing is noticed.
    clamped = network([LINEAR, LOG], [(0, 1, 1.0)])
    low = [sample(n.graph, [5.0, 5.0], [5.0], 0.1, 3).counts for n in (net, clamped)]
    np.testing.assert_array_equal(*low)


def test_rates_without_bound_are_refused():
    wild = fx.ActivationLaw("linear", u0=900.0, b_max=1.0)
    net = network([wild, wild], [(0, 1, 1.0)], above="extend")
    with pytest.raises(ValueError, match="run 0: the rate of hops is not finite"):
        sample(net.graph, [50.0, 0.0], [1.0], 1.0)


def test_a_law_that_is_no_number_somewhere_is_named():
    own = fx.ActivationLaw.from_function(lambda b: np.where(b > 25.0, np.nan, 5.0 - b / 4.0), 20.0)
    net = network([FREE, own], [(0, 1, 1.0)], above="extend")
    with pytest.raises(ValueError, match=r"regions\[1\].law: U is not a number at B = 26"):
        sample(net.graph, [20.0, 20.0], [1.0], 1.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_all_threads(monkeypatch, threads):
    net = network([FREE, FREE], [(0, 1, 1.0)])
    calls = []

    def endless(plan, *rest):
        calls.append(plan.first_run)
        if plan.first_run == 0:
            raise KeyboardInterrupt
        return kernel.PAUSED

    monkeypatch.setattr(sampling.kernel, "advance", endless)
    with pytest.raises(KeyboardInterrupt):
        sample(net.graph, [5.0, 5.0], [1.0], 1.0, 4, threads=threads)
    assert 0 in calls
