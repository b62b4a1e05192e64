"""Networks: what is refused, what constructors make of shapes, solutions and what is read off them."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from random_networks import flux_density
from scipy.fft import dct, idct
from scipy.integrate import solve_ivp
from scipy.sparse import coo_array

from vortexmd.flux_exchange import (
    ActivationLaw,
    FluxExchangeWarning,
    FluxNetwork,
    Interface,
    Outside,
    Region,
)

LAW = ActivationLaw("linear", u0=15.0, b_max=20.0)
STRONG = ActivationLaw("logarithmic", u0=75.0, b_max=100.0)
PAIR = [Region(1.0, LAW, "weak"), Region(2.0, STRONG)]


def pair(**given):
    return FluxNetwork(PAIR, [Interface(0, 1, 3.0)], 0.4, 0.5, **given)


def test_conductance_is_half_the_length_times_the_speed():
    """c = ½ L s ν₀; ε_pq = c/A_p, ε_qp = c/A_q (Eqs. 3, 5)."""
    graph = pair().graph
    c = 0.5 * 3.0 * 0.5 * 0.4
    w = flux_density(LAW, 12.0) - flux_density(STRONG, 30.0)
    np.testing.assert_allclose(graph.rates(np.array([12.0, 30.0])), [-c * w, c / 2 * w], rtol=1e-13)


def test_outside_is_a_region_without_end():
    """−c_ie (W_i − B_a e^{−U_e/kT})."""
    outside = Outside(4.0, {1: 2.0}, entry_barrier=1.5)
    graph = pair(outside=outside).graph
    closed = pair().graph
    b = np.array([12.0, 90.0])
    more = graph.rates(b) - closed.rates(b)
    into = 0.5 * 2.0 * 0.5 * 0.4 * (4 * np.exp(-1.5) - flux_density(STRONG, 90.0)) / 2.0
    np.testing.assert_allclose(more, [0.0, into], rtol=1e-12)


def test_paper_coefficients():
    """ε_pq = ε and γ = ε_pq/ε_qp, read off the exchange without barriers."""
    free = ActivationLaw("linear", u0=0.0, b_max=100.0)
    net = FluxNetwork.two_regions(free, free, epsilon=0.03, gamma=2.5)
    np.testing.assert_allclose(net.graph.rates(np.array([10.0, 0.0])), [-0.3, 0.3 / 2.5])
    assert net.names() == ["p", "q"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parted = FluxNetwork.two_regions(LAW, STRONG, epsilon=0.0)
    np.testing.assert_array_equal(parted.solve([20, 20], [0, 1e6]).b, 20.0)
    np.testing.assert_allclose(parted.equilibrium([20, 20]).b, 20.0, rtol=1e-12)


def test_cylinder():
    """Coefficients of the paper's Eq. 23 in closed form, and its area ratio (Eq. 24)."""
    radius, layer, s, rate = 3.0, 0.4, 0.05, 7.0
    net = FluxNetwork.cylinder(
        radius,
        layer,
        bulk=STRONG,
        surface=LAW,
        attempt_rate=rate,
        hop_distance=s,
        b_applied=6.0,
        entry_barrier=0.7,
    )
    inner, ring = radius - layer, (2 * radius - layer) * layer
    b = np.array([80.0, 15.0])
    w_b, w_s, w_e = flux_density(STRONG, 80.0), flux_density(LAW, 15.0), 6 * np.exp(-0.7)
    eps_bs, eps_sb, eps_se = s * rate / inner, inner * s * rate / ring, radius * s * rate / ring
    expected = [-eps_bs * (w_b - w_s), -eps_sb * (w_s - w_b) - eps_se * (w_s - w_e)]
    np.testing.assert_allclose(net.graph.rates(b), expected, rtol=1e-13)
    a = 1 - (1 - layer / radius) ** 2
    assert net.surface_fraction == pytest.approx(a, rel=1e-14)
    solution = net.solve(b, [0.0, 5.0])
    mean = (1 - a) * solution.b[:, 0] + a * solution.b[:, 1]
    np.testing.assert_allclose(solution.mean_field, mean, rtol=1e-14)
    assert net.names() == ["bulk", "surface"]


def test_grid():
    """3 columns of unequal width and 2 rows, periodic along y, open along x, by hand."""
    net = FluxNetwork.grid(
        (3, 2),
        ([1.0, 2.0, 4.0], 0.5),
        LAW,
        attempt_rate=2.0,
        hop_distance=0.5,
        periodic=(False, True),
        outside=Outside(1.0),
    )
    np.testing.assert_allclose([r.area for r in net.regions], [0.5, 0.5, 1, 1, 2, 2])
    # Two rows round a ring meet twice.
    expected = {(0, 1): 2, (2, 3): 4, (4, 5): 8, (0, 2): 0.5, (1, 3): 0.5, (2, 4): 0.5, (3, 5): 0.5}
    assert {(f.i, f.j): f.length for f in net.interfaces} == expected
    assert net.outside.lengths == {0: 0.5, 1: 0.5, 4: 0.5, 5: 0.5}
    corner = FluxNetwork.grid((2, 2), (1.0, 3.0), LAW, 2.0, 0.5, outside=Outside(0.0))
    assert corner.outside.lengths == {k: 4.0 for k in range(4)}
    ring = FluxNetwork.grid((4, 3), (1.0, 1.0), LAW, 2.0, 0.5, periodic=(True, True))
    assert len(ring.interfaces) == 24


def test_chain():
    """Both ends open; a ring; given ends."""
    row = FluxNetwork.chain([LAW, STRONG, LAW], 2.0, 1.0, 0.1, height=5.0, outside=Outside(3.0))
    assert [(f.i, f.j, f.length) for f in row.interfaces] == [(0, 1, 5.0), (1, 2, 5.0)]
    assert row.outside.lengths == {0: 5.0, 2: 5.0}
    assert [r.area for r in row.regions] == [10.0] * 3
    assert row.regions[1].law is STRONG
    ring = FluxNetwork.chain(LAW, 2.0, 1.0, 0.1, cells=5, periodic=True)
    assert len(ring.interfaces) == 5
    one_end = FluxNetwork.chain(LAW, 2.0, 1.0, 0.1, cells=3, outside=Outside(3.0, {2: 1.0}))
    assert one_end.outside.lengths == {2: 1.0}


def continuum(law, start, length, diffusivity, time, modes=96):
    """∂B/∂t = D ∂²W/∂x² between insulated ends, by cosines: B at the Gauss points of [0, L]."""
    k = np.pi * np.arange(modes) / length

    def rates(_, b):
        return diffusivity * idct(-(k**2) * dct(flux_density(law, b)))

    x = (np.arange(modes) + 0.5) / modes * length
    found = solve_ivp(rates, (0, time), start(x), method="LSODA", rtol=1e-11, atol=1e-11)
    coefficients = dct(found.y[:, -1]) / modes
    coefficients[0] *= 0.5
    return lambda at: np.cos(np.outer(at, k)) @ coefficients


@pytest.mark.parametrize(
    "law",
    [
        ActivationLaw("linear", u0=0.0, b_max=20.0),
        ActivationLaw("linear", u0=3.0, b_max=20.0),
        ActivationLaw("logarithmic", u0=2.0, b_max=20.0),
    ],
)
def test_chains_tend_to_a_nonlinear_diffusion(law):
    """Cells of width a at fixed ½ν₀sa against a spectral solution of the continuum: the error falls as a²."""
    length, diffusivity, time = 2.0, 0.7, 0.3

    def start(x):
        return 9.0 + 6.0 * np.cos(np.pi * x / length)

    exact = continuum(law, start, length, diffusivity, time)
    errors = []
    for cells in (8, 16, 32, 64):
        a = length / cells
        s = 0.5 * a
        net = FluxNetwork.chain(law, a, 2 * diffusivity / (s * a), s, cells=cells, height=0.3)
        x = (np.arange(cells) + 0.5) * a
        b = net.solve(start(x), [time], rtol=1e-9).b[0]
        errors.append(np.abs(b - exact(x)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] < 2e-3
    np.testing.assert_allclose(orders[-2:], 2.0, atol=0.1)


def test_chain_without_barriers_conducts_heat():
    """α = 0: the cosine decays as e^{−D(π/L)²t}."""
    law = ActivationLaw("linear", u0=0.0, b_max=20.0)
    cells, length = 100, 1.0
    a = length / cells
    net = FluxNetwork.chain(law, a, 2.0 / (0.5 * a * a), 0.5 * a, cells=cells)
    x = (np.arange(cells) + 0.5) * a
    b = net.solve(5 + np.cos(np.pi * x), [0.1], rtol=1e-9).b[0]
    # The second difference has 1 − (πa)²/12 of the eigenvalue.
    np.testing.assert_allclose(b, 5 + np.cos(np.pi * x) * np.exp(-0.1 * np.pi**2), atol=1e-4)


def test_chain_spreads_as_barenblatt_found():
    """Logarithmic law: the porous medium equation and its point source, m = 1 + α = 2, from t = 1 to 4.

    B = t^{−1/3} (C − x²/(12 t^{2/3}))₊ solves ∂B/∂t = ∂²(B²)/∂x²; its front makes the order one.
    """
    law = ActivationLaw("logarithmic", u0=1.0, b_max=20.0)

    def profile(x, t):
        return t ** (-1 / 3) * np.maximum(1.0 - x**2 / (12 * t ** (2 / 3)), 0.0)

    errors = []
    for cells in (50, 100, 200):
        a = 16.0 / cells
        # W = B²/B_m: the unit of D∂²W is made 1 by D = B_m.
        net = FluxNetwork.chain(law, a, 2 * 20.0 / (0.5 * a * a), 0.5 * a, cells=cells)
        x = (np.arange(cells) + 0.5) * a - 8.0
        b = net.solve(profile(x, 1.0), [3.0], rtol=1e-8).b[0]
        errors.append(np.abs(b - profile(x, 4.0)).sum() * a)
    assert errors[-1] < 2e-3
    assert errors[0] / errors[-1] > 4.0


class Halves:
    """A box of 4 × 2 cut at x = 1, its left end open: what `Regions` is asked for, by hand."""

    names = ("left", "right")
    area = np.array([2.0, 6.0])
    width = np.array([1.0, 2.0])
    box = SimpleNamespace(boundary=("open", "reflecting"))

    def __init__(self, open_=True):
        self.open = open_

    def __len__(self):
        return 2

    def interfaces(self):
        return [(0, 1, 2.0)]

    def open_lengths(self):
        return {0: 2.0} if self.open else {}

    def hop_areas(self, s):
        """Hops of ±s along x from either side; from the left region all of it within min(s, 1)."""
        over = 2.0 * s
        out = np.array([over, 0.0]) if self.open else np.zeros(2)
        return coo_array(np.array([[3.0, over], [over, 9.0]])), out


def test_regions_of_a_box():
    net = FluxNetwork.from_regions(Halves(), [LAW, STRONG], 2.0, 0.5, Outside(5.0))
    assert net.names() == ["left", "right"]
    assert net.interfaces == (Interface(0, 1, 2.0),)
    assert net.outside == Outside(5.0, {0: 2.0})
    # Where hops see the true lengths the two agree.
    effective = FluxNetwork.from_regions(
        Halves(), [LAW, STRONG], 2.0, 0.5, Outside(5.0), effective=True
    )
    b = np.array([10.0, 50.0])
    np.testing.assert_allclose(effective.graph.rates(b), net.graph.rates(b), rtol=1e-13)
    closed = FluxNetwork.from_regions(Halves(False), LAW, 2.0, 0.5)
    assert closed.outside is None


def test_polygons_and_rasters_are_regions():
    """A square cut in two, given as polygons and as pixels: one network."""
    left, right = ([[x, 0], [x + 1, 0], [x + 1, 2], [x, 2]] for x in (0, 1))
    polygons = FluxNetwork.from_polygons([left, right], [LAW, STRONG], 2.0, 0.5)
    labels = np.repeat([[0], [1]], 2, axis=1)
    raster = FluxNetwork.from_raster(labels, [LAW, STRONG], 2.0, 0.5, pixel=1.0)
    by_hand = FluxNetwork([Region(2.0, LAW), Region(2.0, STRONG)], [Interface(0, 1, 2.0)], 2.0, 0.5)
    b = np.array([10.0, 50.0])
    for net in (polygons, raster):
        np.testing.assert_allclose(net.graph.rates(b), by_hand.graph.rates(b), rtol=1e-12)
    effective = FluxNetwork.from_raster(
        labels, [LAW, STRONG], 2.0, 0.5, pixel=1.0, effective=True, above_b_max="extend"
    )
    np.testing.assert_allclose(effective.graph.rates(b), by_hand.graph.rates(b), rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hop_distance": 1.2}, r"hop_distance = 1.2 exceeds .* 1 \(region 0\).*effective=True"),
        ({"hop_distance": 0.0, "effective": True}, "hop_distance = 0.0"),
        ({"outside": None}, r"outside: missing; the box is open: give Outside\(b_applied\)"),
        ({"regions": Halves(False)}, "outside: no side is open"),
        ({"outside": Outside(1.0, {0: 1.0})}, "outside.lengths: follow from the geometry"),
        ({"outside": 1.0}, "outside = 1.0: give an Outside"),
        ({"laws": [LAW] * 3}, "laws: 3 for 2 regions"),
    ],
)
def test_regions_refused(given, message):
    arguments = {
        "regions": Halves(),
        "laws": LAW,
        "attempt_rate": 1.0,
        "hop_distance": 0.5,
        "outside": Outside(1.0),
    }
    with pytest.raises(ValueError, match=message):
        FluxNetwork.from_regions(**{**arguments, **given})


def cylinder(**given):
    arguments = {
        "radius": 2.0,
        "layer": 0.2,
        "bulk": STRONG,
        "surface": LAW,
        "attempt_rate": 1.0,
        "hop_distance": 0.1,
    }
    return FluxNetwork.cylinder(**{**arguments, **given})


def chain(**given):
    arguments = {
        "laws": LAW,
        "cell_width": 1.0,
        "attempt_rate": 1.0,
        "hop_distance": 0.5,
        "cells": 3,
    }
    return FluxNetwork.chain(**{**arguments, **given})


def grid(**given):
    arguments = {
        "shape": (2, 3),
        "cell": (1.0, 2.0),
        "laws": LAW,
        "attempt_rate": 1.0,
        "hop_distance": 0.5,
    }
    return FluxNetwork.grid(**{**arguments, **given})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Region(0.0, LAW), "region.area = 0.0"),
        (lambda: Region(-1.0, LAW), "region.area = -1.0"),
        (lambda: Region(np.nan, LAW), "region.area = nan"),
        (lambda: Region(1.0, "linear"), "region.law = 'linear': give an ActivationLaw"),
        (lambda: Region(1.0, LAW, 3), "region.name = 3"),
        (lambda: Interface(0, 1, -1.0), "interface.length = -1.0"),
        (lambda: Interface(0, 1, np.inf), "interface.length = inf"),
        (lambda: Interface(2, 2, 1.0), "interface: region 2 with itself"),
        (lambda: Interface(0.5, 1, 1.0), "interface.i = 0.5"),
        (lambda: Interface(0, -1, 1.0), "interface.j = -1"),
        (lambda: Outside(-1.0), "outside.b_applied = -1.0"),
        (lambda: Outside(np.nan), "outside.b_applied = nan"),
        (lambda: Outside(1.0, entry_barrier=-1.0), "outside.entry_barrier = -1.0"),
        (lambda: Outside(1.0, {0: -1.0}), r"outside.lengths\[0\] = -1.0"),
        (lambda: FluxNetwork([], [], 1.0, 1.0), "regions: none"),
        (lambda: FluxNetwork([LAW], [], 1.0, 1.0), r"regions\[0\] = .*give a Region"),
        (lambda: FluxNetwork(PAIR, [(0, 1)], 1.0, 1.0), r"interfaces\[0\] = .*give an Interface"),
        (lambda: FluxNetwork(PAIR, [Interface(0, 2, 1.0)], 1.0, 1.0), "region 2 does not exist"),
        (
            lambda: FluxNetwork(PAIR, [Interface(0, 1, 1.0), Interface(1, 0, 2.0)], 1.0, 1.0),
            r"interfaces\[1\]: regions 0 and 1 are joined already",
        ),
        (lambda: FluxNetwork(PAIR, [Interface(0, 1, 1.0)], 0.0, 1.0), "attempt_rate = 0.0"),
        (lambda: FluxNetwork(PAIR, [Interface(0, 1, 1.0)], 1.0, -1.0), "hop_distance = -1.0"),
        (lambda: pair(outside=3.0), "outside = 3.0: give an Outside"),
        (lambda: pair(outside=Outside(1.0)), "outside.lengths: missing"),
        (lambda: pair(outside=Outside(1.0, {5: 1.0})), "outside.lengths: region 5 does not exist"),
        (lambda: pair(above_b_max="flow"), "above_b_max = 'flow'"),
        (
            lambda: FluxNetwork(
                [Region(1.0, ActivationLaw("linear", u0_energy=1.0, b_max=1.0))], [], 1.0, 1.0
            ),
            "temperature: missing",
        ),
        (lambda: FluxNetwork.two_regions(LAW, LAW, epsilon=-1.0), "epsilon = -1.0"),
        (lambda: FluxNetwork.two_regions(LAW, LAW, epsilon=1.0, gamma=0.0), "gamma = 0.0"),
        (lambda: cylinder(layer=2.0), "layer = 2: give a thickness"),
        (lambda: cylinder(layer=0.0), "layer = 0.0"),
        (lambda: cylinder(layer=-0.1), "layer = -0.1"),
        (lambda: cylinder(radius=np.inf), "radius = inf"),
        (lambda: cylinder(b_applied=-1.0), "outside.b_applied = -1.0"),
        (lambda: cylinder(hop_distance=0.3), r"hop_distance = 0.3 exceeds .* 0.2 \(layer\)"),
        (lambda: chain(cells=None), "cells: missing"),
        (lambda: chain(cells=2.5), "shape = 2.5"),
        (lambda: chain(cell_width=0.0), r"cell\[0\] = 0.0"),
        (lambda: chain(hop_distance=1.5), "hop_distance = 1.5 exceeds"),
        (lambda: chain(laws=[LAW, LAW]), "laws: 2 for 3 regions"),
        (lambda: chain(periodic=True, outside=Outside(0.0)), "outside: no side is open"),
        (lambda: grid(shape=(0, 3)), "shape = 0"),
        (lambda: grid(shape=4), "shape = 4: give two values"),
        (lambda: grid(cell=(1.0, [1.0, 2.0])), r"cell\[1\]: \(2,\) lengths for 3 cells"),
        (lambda: grid(cell=(np.nan, 1.0)), r"cell\[0\] = nan"),
        (lambda: grid(periodic="xy"), "periodic = 'xy'"),
        (lambda: grid(periodic=(1, 0)), r"periodic\[0\] = 1: give true or false"),
        (lambda: grid(hop_distance=1.5), "exceeds the narrowest width, 1 "),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("b0", "message"),
    [
        ([1.0], r"b0: \(1,\) fields for 2 regions"),
        ("full", "b0 = 'full': give 2 fields"),
        ([1.0, -1e-9], r"b0\[1\] = -1e-09: give a finite field"),
        ([np.nan, 1.0], r"b0\[0\] = nan"),
        ([1.0, np.inf], r"b0\[1\] = inf"),
        ([20.1, 1.0], r"b0\[0\] = 20.1 exceeds B_m = 20.*allow_above=True"),
    ],
)
def test_starts_refused(b0, message):
    for ask in (lambda: pair().solve(b0, [1.0]), lambda: pair().equilibrium(b0)):
        with pytest.raises(ValueError, match=message):
            ask()


def test_starts_above_b_max_that_are_wanted():
    """Clamped: W_p = B_p above B_m."""
    net = pair()
    solution = net.solve([25.0, 10.0], [0.0, 1e-6], allow_above=True)
    c = 0.5 * 3.0 * 0.5 * 0.4
    assert solution.b[1, 0] == pytest.approx(25.0 - 25.0 * c * 1e-6, rel=1e-12)
    assert net.equilibrium([25.0, 10.0], allow_above=True).b[0] < 20.0


def test_unconnected_parts_are_told():
    with pytest.warns(FluxExchangeWarning, match="fall into 2 parts .*region 1 is not connected"):
        FluxNetwork(PAIR, [], 1.0, 1.0)
    with pytest.warns(FluxExchangeWarning, match="fall into 2 parts"):
        FluxNetwork(PAIR, [Interface(0, 1, 0.0)], 1.0, 1.0)


def test_strong_fields_outside_are_told():
    with pytest.warns(
        FluxExchangeWarning, match=r"outside.b_applied = 30 exceeds the smallest B_m, 20"
    ):
        pair(outside=Outside(30.0, {1: 1.0}))


def test_network_in_words():
    net = pair(outside=Outside(4.0, {1: 2.0}))
    assert repr(net) == "<FluxNetwork: 2 regions, 1 interfaces, open to 4>"
    assert repr(pair()).endswith("closed>")
    assert net.names() == ["weak", "region 1"]


def test_relaxation_rates_are_logarithmic_slopes():
    """−d ln B/d ln t against differences of a tight solution; 0 at t = 0 and of closed samples."""
    net = cylinder(b_applied=2.0)
    times = np.array([0.0, 1.0, 30.0, 1e3])
    solution = net.solve([90.0, 15.0], times, rtol=1e-9)
    h = 1e-3
    around = np.sort(np.concatenate([times[1:] * np.exp(k * h) for k in (-2, -1, 1, 2)]))
    near = net.solve([90.0, 15.0], around, rtol=1e-10)

    def slope(values):
        log = np.log(values).reshape(3, 4)
        return -(log[:, 0] - 8 * log[:, 1] + 8 * log[:, 2] - log[:, 3]) / (12 * h)

    np.testing.assert_allclose(
        solution.relaxation_rate[1:], slope(near.mean_field), rtol=1e-5, atol=1e-8
    )
    for k in range(2):
        np.testing.assert_allclose(
            solution.relaxation_rates[1:, k], slope(near.b[:, k]), rtol=1e-5, atol=1e-8
        )
    assert solution.relaxation_rate[0] == 0.0
    np.testing.assert_array_equal(solution.relaxation_rates[0], 0.0)
    closed = pair().solve([20.0, 10.0], times)
    np.testing.assert_allclose(closed.relaxation_rate, 0.0, atol=1e-14)
    assert closed.switch_time is None
    # No field, no rate.
    np.testing.assert_array_equal(pair().solve([0.0, 0.0], [0.0, 1.0]).relaxation_rates, 0.0)


def test_liquid_layer_has_rates_of_its_own():
    """Two stages: slopes of both fields while the layer is liquid, by differences."""
    net = cylinder(surface=ActivationLaw("linear", u0=5.0, b_max=20.0))
    times = np.array([0.05, 0.1])
    assert net.solve([90.0, 60.0], [1e3], surface="two_stage").switch_time > 0.2
    solution = net.solve([90.0, 60.0], times, surface="two_stage", rtol=1e-10)
    h = 1e-3
    around = np.sort(np.concatenate([times * np.exp(-h), times * np.exp(h)]))
    near = net.solve([90.0, 60.0], around, surface="two_stage", rtol=1e-11)
    slope = -np.diff(np.log(near.b), axis=0)[::2] / (2 * h)
    np.testing.assert_allclose(solution.relaxation_rates, slope, rtol=1e-4)
    total = -np.diff(np.log(near.mean_field))[::2] / (2 * h)
    np.testing.assert_allclose(solution.relaxation_rate, total, rtol=1e-4)


def test_two_stages_are_for_a_layer():
    with pytest.raises(ValueError, match=r"no bulk behind a surface layer.*FluxNetwork.cylinder"):
        pair().solve([20.0, 20.0], [1.0], surface="two_stage")
    with pytest.raises(ValueError, match="surface = 'liquid': give one of full, two_stage"):
        pair().solve([20.0, 20.0], [1.0], surface="liquid")
    with pytest.raises(ValueError, match="method = 'dense': does not go"):
        cylinder().solve([20.0, 20.0], [1.0], method="dense", surface="two_stage")
    # The layer may start above its B_m, the bulk not.
    cylinder().solve([90.0, 50.0], [1.0], surface="two_stage")
    with pytest.raises(ValueError, match=r"b0\[0\] = 120 exceeds"):
        cylinder().solve([120.0, 50.0], [1.0], surface="two_stage")


def test_entry_barrier_and_field_outside():
    """A sample in a field fills itself up to W = B_a e^{−U_e/kT} (the paper's U_e is 0)."""
    for barrier in (0.0, 2.0):
        net = cylinder(b_applied=4.0, entry_barrier=barrier, surface=STRONG)
        end = net.solve([0.0, 0.0], [1e9], rtol=1e-8).b[0]
        w = [flux_density(STRONG, x) for x in end]
        np.testing.assert_allclose(w, 4.0 * np.exp(-barrier), rtol=1e-6)
        np.testing.assert_allclose(net.equilibrium([0.0, 0.0]).b, end, rtol=1e-7)


def test_more_cells_than_fit_are_refused_before_any_is_made():
    law = ActivationLaw("linear", u0=1.0, b_max=1.0)
    with pytest.raises(
        ValueError, match=r"shape = \(100000, 100000\): 10000000000 cells; 10000000"
    ):
        FluxNetwork.grid((100_000, 100_000), (1.0, 1.0), law, 1.0, 0.1)
