"""`vortexmd.flux_exchange`: every argument of every constructor and method is checked by name."""

from __future__ import annotations

import inspect
from math import inf, nan

import numpy as np
import pytest

from tests.input_physics.catalogue import ARRAYS, BAD, faults, outcome, report
from vortexmd import Box, Regions
from vortexmd import flux_exchange as fx

LAW = fx.ActivationLaw("linear", u0=5.0, b_max=20.0)
OTHER = fx.ActivationLaw("logarithmic", u0=3.0, b_max=30.0)
WARM = fx.ActivationLaw("linear", u0_energy=5.0, b_max=20.0)
PAIR = fx.FluxNetwork.two_regions(LAW, OTHER, epsilon=0.01)
OPEN = fx.FluxNetwork.chain(
    LAW, 1.0, 1.0, 0.5, cells=3, outside=fx.Outside(b_applied=2.0), above_b_max="extend"
)
CYLINDER = {
    "radius": 2.0,
    "layer": 0.2,
    "bulk": OTHER,
    "surface": LAW,
    "attempt_rate": 1e3,
    "hop_distance": 0.01,
    "b_applied": 1.0,
    "entry_barrier": 0.5,
    "above_b_max": "clamp",
    "temperature": 1.0,
}
SURFACE = fx.FluxNetwork.cylinder(**CYLINDER)
BOX = Box((8.0, 4.0), boundary=("open", "reflecting"))
PARTS = Regions.rectangles([[0.0, 0.0, 4.0, 4.0], [4.0, 0.0, 8.0, 4.0]], box=BOX)
NETWORK = {"attempt_rate": 1.0, "hop_distance": 0.5, "above_b_max": "raise", "temperature": 2.0}

# A constructor, arguments that it takes, and by name.
MAKERS = {
    "ActivationLaw": (
        fx.ActivationLaw,
        {"kind": "inverse_power", "u0": 5.0, "b_max": 20.0, "exponent": 0.5},
    ),
    "ActivationLaw of an energy": (
        fx.ActivationLaw,
        {"kind": "linear", "u0_energy": 5.0, "b_max": 20.0},
    ),
    "ActivationLaw.from_function": (
        fx.ActivationLaw.from_function,
        {"function": lambda b: 1.0 - b / 20.0, "b_max": 20.0},
    ),
    "ActivationLaw.at": (WARM.at, {"temperature": 1.0}),
    "ActivationLaw.energy": (OTHER.energy, {"b": 3.0}),
    "ActivationLaw.flux": (LAW.flux, {"b": 3.0, "above_b_max": "clamp"}),
    "Region": (fx.Region, {"area": 1.0, "law": LAW, "name": "left"}),
    "Interface": (fx.Interface, {"i": 0, "j": 1, "length": 1.0}),
    "Outside": (fx.Outside, {"b_applied": 1.0, "lengths": {0: 1.0}, "entry_barrier": 1.0}),
    "FluxNetwork": (
        fx.FluxNetwork,
        {
            "regions": [fx.Region(1.0, WARM), fx.Region(2.0, LAW)],
            "interfaces": [fx.Interface(0, 1, 1.0)],
            "outside": fx.Outside(1.0, {0: 1.0}),
            **NETWORK,
        },
    ),
    "two_regions": (
        fx.FluxNetwork.two_regions,
        {
            "p": LAW,
            "q": WARM,
            "epsilon": 0.01,
            "gamma": 2.0,
            "above_b_max": "clamp",
            "temperature": 1.0,
        },
    ),
    "chain": (
        fx.FluxNetwork.chain,
        {
            "laws": [LAW, WARM],
            "cell_width": 1.0,
            "cells": 2,
            "height": 1.0,
            "periodic": False,
            "outside": fx.Outside(1.0),
            **NETWORK,
        },
    ),
    "grid": (
        fx.FluxNetwork.grid,
        {
            "shape": (2, 1),
            "cell": (1.0, 2.0),
            "laws": WARM,
            "periodic": (True, False),
            "outside": fx.Outside(1.0),
            **NETWORK,
        },
    ),
    "cylinder": (fx.FluxNetwork.cylinder, CYLINDER),
    "from_regions": (
        fx.FluxNetwork.from_regions,
        {"regions": PARTS, "laws": WARM, "outside": fx.Outside(1.0), "effective": True, **NETWORK},
    ),
}
METHODS = {
    "fields": (PAIR.fields, {"name": "b0", "value": [1.0, 2.0], "allow_above": False}),
    "solve": (
        PAIR.solve,
        {
            "b0": [10.0, 20.0],
            "times": [0.0, 1.0, 2.0],
            "rtol": 1e-6,
            "atol": 1e-9,
            "method": "dense",
            "surface": "full",
            "allow_above": False,
        },
    ),
    "solve, two stages": (
        SURFACE.solve,
        {
            "b0": [20.0, 30.0],
            "times": [0.0, 0.1],
            "rtol": 1e-6,
            "atol": 1e-9,
            "surface": "two_stage",
        },
    ),
    "equilibrium": (PAIR.equilibrium, {"b0": [10.0, 20.0], "allow_above": True}),
    "approximate": (
        PAIR.approximate,
        {
            "b0": [10.0, 20.0],
            "times": [0.0, 1.0],
            "source": 1,
            "fraction": 0.01,
            "horizon": 10.0,
            "allow_above": False,
        },
    ),
    "phase_portrait": (
        PAIR.phase_portrait,
        {"starts": [[10.0, 20.0], [1.0, 2.0]], "limits": (30.0, 30.0), "arrows": 3},
    ),
    "sample": (
        OPEN.sample,
        {
            "b0": [10.0, 5.0, 1.0],
            "times": [0.0, 1.0],
            "flux_quantum": 0.5,
            "n_runs": 2,
            "seed": 1,
            "threads": 1,
            "keep": "runs",
            "allow_above": False,
        },
    ),
    "stationary": (PAIR.stationary, {"total_count": 20, "flux_quantum": 0.5, "covariance": True}),
    "linear_noise": (
        PAIR.linear_noise,
        {"b": PAIR.equilibrium([10.0, 20.0]).b, "flux_quantum": 0.5},
    ),
}
# Other words for an argument.
CALLED = {
    "cells": ("laws", "shape"),
    "cell_width": ("cell", "hop_distance"),
    "height": ("cell", "hop_distance"),
    "cell": ("hop_distance",),
    "radius": ("layer", "region.area", "hop_distance"),
    "layer": ("hop_distance",),
    "shape": ("laws",),
    "p": ("law",),
    "q": ("law",),
    "bulk": ("law",),
    "surface": ("law", "surface"),
    "laws": ("law",),
    "temperature": ("temperature",),
    "regions": ("interfaces", "laws"),
    "value": ("b0",),
    "allow_above": ("b0",),
    "interfaces": ("regions",),
    "i": ("interface:",),
    "j": ("interface:",),
    "u0": ("temperature",),
    # The equilibrium that they are no part of.
    "b": ("W differs",),
    "attempt_rate": ("hop_distance",),
}
LISTS = {
    "too few": [1.0],
    "too many": [1.0, 2.0, 3.0, 4.0],
    "with nan": [1.0, nan, 2.0],
    "with inf": [inf, 1.0, 2.0],
    "with a negative": [1.0, -1.0, 2.0],
    "falling": [3.0, 2.0, 1.0],
    "twice": [1.0, 1.0, 1.0],
    "rows": [[1.0, 2.0, 3.0]],
    "words": ["1.0", "2.0", "3.0"],
    "truth": [True, False, True],
    "mixed": [1.0, None, 2.0],
    "huge": [1e308, 1e308, 1e308],
    "tiny": [5e-324, 1e-323, 1.5e-323],
}


def usable(made):
    """What is wrong with what a constructor or a method let pass: all of it has to be numbers."""
    if isinstance(made, fx.ActivationLaw) and made.u0 is not None:
        values = made.flux([0.0, 1e-30, 1.0, 1e30])
        return None if np.isfinite(values).all() else f"W = {values}"
    if isinstance(made, fx.FluxNetwork):
        rates = made.graph.rates(0.5 * made.graph.laws.b_max)
        return None if np.isfinite(rates).all() else f"rates {rates}"
    values = next((getattr(made, n) for n in ("b", "mean", "ends") if hasattr(made, n)), None)
    if isinstance(made, np.ndarray):
        values = made
    return None if values is None or np.isfinite(values).all() else f"gives {values}"


@pytest.mark.parametrize("name", MAKERS)
def test_constructors_take_or_refuse_by_name(name):
    make, good = MAKERS[name]
    values = {**BAD, **LISTS} if name.endswith((".energy", ".flux")) else BAD
    found = faults(make, good, values=values, called=CALLED, use=usable)
    # At B = 0 the energy of the logarithmic law is infinite.
    found = [fault for fault in found if not (name == "ActivationLaw.energy" and "gives" in fault)]
    assert not found, report(found)


@pytest.mark.parametrize("name", METHODS)
def test_methods_take_or_refuse_by_name(name):
    method, good = METHODS[name]
    found = faults(method, good, values=BAD, called=CALLED, use=usable)
    lists = {
        key: value for key, value in good.items() if isinstance(value, (list, tuple, np.ndarray))
    }
    rest = {key: value for key, value in good.items() if key not in lists}
    found += faults(
        lambda **given: method(**{**rest, **given}), lists, values=LISTS, called=CALLED, use=usable
    )
    assert not found, report(found)


def test_every_public_class_is_tried():
    results = {
        "ApproximateSolution",
        "Equilibrium",
        "FluxExchangeWarning",
        "FluxSample",
        "FluxSolution",
        "PhasePortrait",
        "SolverError",
        "StationaryLaw",
    }
    assert set(fx.__all__) - results == {name for name in MAKERS if name in fx.__all__}
    public = {
        name
        for name, _ in inspect.getmembers(fx.FluxNetwork, callable)
        if not name.startswith("_") and name not in ("names", "bulk_and_layer")
    }
    # Made through `from_regions`, with the shapes that `Regions` checks.
    assert public - {"from_polygons", "from_raster"} == {n.split(",")[0] for n in METHODS} | {
        name for name in MAKERS if name in public
    }


@pytest.mark.parametrize("mode", ["clamp", "extend", "raise"])
@pytest.mark.parametrize("kind", ["linear", "logarithmic", "inverse_power"])
@pytest.mark.parametrize("u0", [0.0, 1e-300, 1e9, 1e300, 1e308])
def test_extreme_laws_exchange_or_are_refused(kind, u0, mode):
    exponent = 1e3 if kind == "inverse_power" else None
    law = fx.ActivationLaw(kind, u0=u0, b_max=1e-30, exponent=exponent)
    net = fx.FluxNetwork.two_regions(law, LAW, epsilon=1e30, gamma=1e-30, above_b_max=mode)
    for call in (
        lambda: net.solve([1e-30, 20.0], [0.0, 1e-40, 1e-3], rtol=1e-3).b,
        lambda: net.equilibrium([0.0, 20.0]).b,
        lambda: net.approximate([1e-30, 1.0], [0.0, 1.0]).b,
    ):
        given, fault = outcome(call, ("u0", "temperature", "above_b_max"))
        fault = None if fault and fault.startswith("SolverError") else fault
        assert fault is None
        assert given is None or np.isfinite(given).all()


def test_endless_sampling_is_refused():
    fast = fx.FluxNetwork.two_regions(LAW, OTHER, epsilon=1e25)
    with pytest.raises(ValueError, match=r"times, n_runs: some .* hops"):
        fast.sample([10.0, 10.0], [1.0], 1.0)
    with pytest.raises(ValueError, match=r"flux_quantum = .* at most 2\^52"):
        PAIR.sample([10.0, 10.0], [1.0], 1e-25)
    with pytest.raises(ValueError, match="GiB"):
        PAIR.sample([10.0, 10.0], np.arange(1.0, 1e4), 1.0, n_runs=10**8)


def test_what_a_sample_is_asked():
    runs = OPEN.sample([10.0, 5.0, 1.0], [0.0, 1.0], 0.5, n_runs=3)
    found = faults(runs.covariance, {"k": 1})
    found += faults(runs.quantiles, {"q": [0.5]}, values={**BAD, **ARRAYS, **LISTS})
    assert not found, report(found)


def _fails(b):
    raise KeyError("no")


@pytest.mark.parametrize(
    "function",
    [
        _fails,
        lambda: 1.0,
        lambda b: None,
        lambda b: "text",
        lambda b: b + 1j,
        lambda b: 1.0,
        lambda b: np.full(b.shape, nan),
        lambda b: 100 * b,
        lambda b: b[:3],
    ],
)
def test_laws_of_the_users(function):
    with pytest.raises(ValueError, match=r"law\.function"):
        fx.ActivationLaw.from_function(function, 20.0)
