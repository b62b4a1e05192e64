"""`potentials`: arguments are checked when a law is made, radii when it is asked."""

from __future__ import annotations

import inspect
from math import inf, nan

import numpy as np
import pytest

import potentials as pot
from tests.input_physics.catalogue import ARRAYS, BAD, faults, outcome, report

DECAY = {"r": [0.0, 0.5, 1.0, 2.0, 3.0], "force": [1.0, 0.7, 0.3, 0.1, 0.0]}
FRICTION = {"d": [0.1, 0.5, 1.0, 2.0, 4.0], "gamma": [0.01, 0.2, 0.6, 0.9, 1.0], "n1": 1, "n2": 1}


def falling(r):
    """A force for `FromFunction`."""
    return np.exp(-r)


# A constructor and arguments that it takes, by name of the law.
GOOD = {
    "London": (pot.London, {"f0": 2.0, "cutoff": 8.0}),
    "Log": (pot.Log, {"q": 1.0, "cutoff": 8.0}),
    "Pearl": (pot.Pearl, {"f0": 2.0, "pearl_length": 3.0, "cutoff": 8.0}),
    "TwoBessel": (
        pot.TwoBessel,
        {
            "mu": 1.7,
            "n1": 1,
            "n2": -1,
            "gamma1": (-1.0, -1.0),
            "gamma2": (-1.0, -1.0),
            "cutoff": 8.0,
        },
    ),
    "GLFit": (pot.GLFit, {"mu": 1.7, "source": "table", "extrapolate": False, "cutoff": 8.0}),
    "GLPair": (
        pot.GLPair,
        {"kind": "V-AV", "mu": 1.7, "source": "table", "extrapolate": True, "cutoff": 8.0},
    ),
    "GLTable": (pot.GLTable, {"mu": 1.7, "n1": 1, "n2": 2, "cutoff": 8.0}),
    "GLDynamic": (pot.GLDynamic, {"mu": 1.7, "s": 1.0, "n1": 1, "n2": 1, "cutoff": 8.0}),
    "Tabulated": (pot.Tabulated, {**DECAY, "cutoff": 2.0, "scales_with_winding": False}),
    "FromFunction": (
        pot.FromFunction,
        {"force": falling, "energy": falling, "cutoff": 8.0, "scales_with_winding": True},
    ),
    "Interaction": (pot.Interaction, {"laws": {(1, 1): pot.London()}, "cutoff": 8.0}),
    "Scaled": (pot.Scaled, {"factor": 2.0, "part": pot.London(), "cutoff": 8.0}),
    "PairLaw": (pot.PairLaw, {"part": pot.London(), "cutoff": 8.0}),
    "Sum": (pot.Sum, {"parts": (pot.London(), pot.Log()), "cutoff": 8.0}),
    "TabulatedFriction": (pot.TabulatedFriction, FRICTION),
    "FrictionByPair": (
        pot.FrictionByPair,
        {"laws": {(1, 1): pot.TabulatedFriction(**FRICTION)}},
    ),
}
LAWS = {
    **{
        name: make(**good) for name, (make, good) in GOOD.items() if issubclass(make, pot.Potential)
    },
    "weak": pot.London(f0=5e-324),
    "strong": pot.London(f0=1e100),
    "strong log": pot.Log(q=-1e100),
    "thick": pot.Pearl(f0=1e100, pearl_length=1e-100),
    "thin": pot.Pearl(f0=1.0, pearl_length=1e100),
    "wide core": pot.TwoBessel(1e-100, gamma1=(-1e40, -1.0), gamma2=(-1.0, -1e-300)),
    "critical": pot.GLTable(1.0),
    "type I": pot.GLFit(0.4),
    "sum": pot.London() + pot.Log() - 3.0 * pot.Pearl(pearl_length=2.0),
    "bare function": pot.FromFunction(falling),
    "no force": 0.0 * pot.London(),
}
# Energies that are known only where the law may reach: their refusals name no argument but the law.
MESSAGES = {
    "laws": ("windings", "key"),
    "mu": ("give exactly one",),
    "r": ("radii",),
    "d": ("separations",),
}


def of_law(law):
    """What is wrong with a law that a constructor let pass: it has to be usable everywhere."""
    if isinstance(law, pot.PairFriction):
        gamma = law.relative_friction(1, 1, ARRAYS["ends"])
        return None if ((gamma >= 0) & (gamma <= 1.3)).all() else f"γ = {gamma}"
    r = ARRAYS["ends"]
    for what in ("force", "energy"):
        values = getattr(law, what)(r)
        if np.isnan(values).any() or not np.isfinite(values[2:8]).all():
            return f"{what} = {values}"
    if not law.cutoff > 0:
        return f"cutoff = {law.cutoff}"
    tail = law.tail_energy()
    return "tail_energy is not a number" if np.isnan(tail) else None


@pytest.mark.parametrize("name", GOOD)
def test_constructors_take_or_refuse_by_name(name):
    make, good = GOOD[name]
    called = {"n1": ("winding",), "n2": ("winding",), **MESSAGES}
    found = faults(make, good, called=called, use=of_law)
    assert not found, report(found)


def test_every_public_class_is_tried():
    abstract = {"Potential", "PairFriction"}
    classes = {n for n in pot.__all__ if inspect.isclass(getattr(pot, n))}
    warnings_and_errors = {n for n in classes if issubclass(getattr(pot, n), Exception)}
    assert classes - warnings_and_errors - abstract == set(GOOD)


@pytest.mark.parametrize("name", ["TwoBessel", "GLFit", "GLPair", "GLTable", "GLDynamic"])
def test_kappa_takes_the_place_of_mu(name):
    make, good = GOOD[name]
    good = {key: value for key, value in good.items() if key != "mu"} | {"kappa": 1.2}
    found = faults(make, good, called={"kappa": ("mu",), "n1": ("winding",), "n2": ("winding",)})
    assert not found, report(found)
    with pytest.raises(ValueError, match="exactly one"):
        make(**good, mu=1.7)


@pytest.mark.parametrize("name", LAWS)
def test_methods_at_any_separation(name):
    law = LAWS[name]
    found = []
    for method in ("force", "energy", "fourier", "uncertainty"):
        if not hasattr(law, method):
            continue
        argument = "k" if method == "fourier" else "r"
        for what, value in {**ARRAYS, **BAD}.items():
            # Transforms by quadrature and of laws without energy say so.
            names = (f"{argument} ", f"{argument}:", "fourier at k", "pass energy=")
            given, fault = outcome(lambda m=method, v=value: getattr(law, m)(v), names)
            if fault is None and given is not None:
                fault = _unlike(given, value, method)
            if fault is not None:
                found.append(f"{method}({what}): {fault}")
    assert not found, report(found)


def _unlike(given, value, method):
    """Results have the shape of what was asked, and are finite but at the ends."""
    array = np.asarray(value, dtype=float)
    if np.shape(given) != array.shape:
        return f"shape {np.shape(given)}"
    if np.isnan(given).any() and method != "fourier":
        return f"gives {given}"
    inside = (array >= 1e-30) & (array <= 1e12)
    return None if np.isfinite(np.asarray(given)[inside]).all() else f"gives {given}"


@pytest.mark.parametrize("name", LAWS)
def test_windings_tails_factors_and_sums(name):
    law = LAWS[name]
    found = []
    for what, value in BAD.items():
        calls = {
            "pair n1": (lambda v=value: law.pair(v, 1), "winding"),
            "pair n2": (lambda v=value: law.pair(1, v), "winding"),
            "covers": (lambda v=value: law.covers(v, 1), "winding"),
            "tail_energy": (lambda v=value: law.tail_energy(v), "cutoff"),
        }
        for call, (function, names) in calls.items():
            _, fault = outcome(function, names)
            if fault is not None:
                found.append(f"{call}({what}): {fault}")
        for call, function in {
            "times": lambda v=value: law * v,
            "plus": lambda v=value: law + v,
            "minus": lambda v=value: law - v,
        }.items():
            _, fault = outcome(function, "factor")
            # Python's own word for operands that do not go together.
            if fault is not None and not fault.startswith("TypeError: "):
                found.append(f"{call}({what}): {fault}")
    assert not found, report(found)


def test_plot_refuses_what_it_cannot_draw():
    import matplotlib.pyplot as plt

    law = pot.London()
    found = []
    for what, value in {**BAD, **ARRAYS}.items():
        for argument in ("ax", "r"):
            _, fault = outcome(lambda a=argument, v=value: law.plot(**{a: v}), f"{argument} ")
            if fault is not None:
                found.append(f"{argument} = {what}: {fault}")
    plt.close("all")
    # Rows of nothing are drawn as nothing, and one bad entry is named.
    assert not [line for line in found if "r:" not in line and "r = " not in line], report(found)


FUNCTIONS = {
    "peak_separation": {"mu": 1.7, "kind": "V-V", "extrapolate": False},
    "peak_force": {"mu": 1.7, "kind": "V-GV", "extrapolate": True},
    "annihilation_separation": {"mu": 1.7, "extrapolate": True},
    "stability_separation": {"mu": 1.7, "extrapolate": False},
    "upper_critical_density": {"mu": 1.7},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_mu(name):
    def finite(value):
        return None if np.isfinite(value).all() else f"gives {value}"

    function, good = getattr(pot, name), FUNCTIONS[name]
    called = {"mu": ("give exactly one",)}
    found = faults(function, good, values={**BAD, **ARRAYS}, called=called, use=finite)
    kappas = {**{k: v for k, v in good.items() if k != "mu"}, "kappa": 1.2}
    called = {"kappa": ("give exactly one", "mu")}
    found += faults(function, kappas, values={**BAD, **ARRAYS}, called=called, use=finite)
    assert not found, report(found)


def test_every_public_function_is_tried():
    functions = {n for n in pot.__all__ if inspect.isfunction(getattr(pot, n))}
    assert functions == set(FUNCTIONS)


COLUMNS = {
    "too few": [1.0, 2.0],
    "falling": [3.0, 2.0, 1.0, 0.5, 0.0],
    "twice": [0.0, 1.0, 1.0, 2.0, 3.0],
    "with nan": [0.0, 1.0, nan, 2.0, 3.0],
    "with inf": [0.0, 1.0, 2.0, 3.0, inf],
    "huge": [0.0, 1.0, 2.0, 3.0, 1e308],
    "far": [0.0, 1.0, 2.0, 3.0, 1e9],
    "negative": [-1.0, 0.0, 1.0, 2.0, 3.0],
    "tiny": [0.0, 5e-324, 1e-323, 1.5e-323, 2e-323],
    "near": [1.0, 1.0 + 1e-15, 1.0 + 2e-15, 1.0 + 3e-15, 1.0 + 4e-15],
    "near and small": [1e-160, 2e-160, 3e-160, 4e-160, 5e-160],
    "rows": [[0.0, 1.0, 2.0, 3.0, 4.0]],
    "nested": [0.0, [1.0], 2.0, 3.0, 4.0],
    "words": ["a", "b", "c", "d", "e"],
    "other length": [0.0, 1.0, 2.0, 3.0],
    "zeros": [0.0, 0.0, 0.0, 0.0, 0.0],
    "strong": [1e100, -1e100, 1e100, -1e100, 1e100],
    "weak": [5e-324, 0.0, 5e-324, 0.0, 0.0],
}


@pytest.mark.parametrize("name", ["Tabulated", "TabulatedFriction"])
def test_tables_of_any_numbers(name):
    make, good = GOOD[name]
    good = {key: value for key, value in good.items() if key != "cutoff"}
    columns = [key for key, value in good.items() if isinstance(value, list)]
    called = {columns[0]: (columns[1],), columns[1]: (columns[0],)}
    found = []
    for column in columns:
        only = {column: good[column]}
        rest = {key: value for key, value in good.items() if key != column}
        found += faults(
            lambda rest=rest, **one: make(**rest, **one),
            only,
            values=COLUMNS,
            called=called,
            use=of_law,
        )
    assert not found, report(found)


def _fails(r):
    raise KeyError("no")


def _hidden(r):
    return np.sqrt(np.where(r < 3, 3.0 - r, nan))


USERS = {
    "a constant": lambda r: 1.0,
    "of one shape": lambda r: np.ones(3),
    "nothing": lambda r: None,
    "complex": lambda r: r + 1j,
    "text": lambda r: np.full(r.shape, "1.0"),
    "nan": lambda r: np.full(r.shape, nan),
    "inf": lambda r: np.full(r.shape, inf),
    "raises": _fails,
    "no arguments": lambda: 1.0,
    "nan further out": _hidden,
    "zero": lambda r: 0 * r,
    "constant": lambda r: 0 * r + 1,
    "growing": lambda r: r,
    "slow": lambda r: 1 / r,
    "steep": lambda r: r**-6.0,
    "overflows": lambda r: np.exp(1 / r**2),
    "oscillates": lambda r: np.sin(1e6 * r),
    "truth": lambda r: r > 1,
}


@pytest.mark.parametrize("what", USERS)
def test_functions_of_the_users(what):
    found = []
    for arguments in ({"force": USERS[what]}, {"force": falling, "energy": USERS[what]}):
        law, fault = outcome(lambda a=arguments: pot.FromFunction(**a), tuple(arguments))
        found += [] if fault is None else [fault]
        if law is None:
            continue
        for use in (
            lambda law=law: law.cutoff,
            lambda law=law: law.force(ARRAYS["ends"]),
            lambda law=law: law.energy(ARRAYS["ends"]),
            lambda law=law: law.tail_energy(3.0),
            lambda law=law: law.fourier(1.0),
            lambda law=law: law.pair(1, 1),
        ):
            _, fault = outcome(use, ("force", "energy", "cutoff", "fourier"))
            found += [] if fault is None else [fault]
    assert not found, report(found)
