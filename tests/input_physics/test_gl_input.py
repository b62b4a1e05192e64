"""`gl_reference`: what cannot be solved is refused before anything is solved or written."""

from __future__ import annotations

import inspect
import sys
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest

import gl_reference as gl
from gl_reference.branches import Branches
from tests.input_physics.catalogue import ARRAYS, BAD, faults, outcome, report

# Everything that solves, wherever it has been imported to.
SOLVERS = (
    "splu",
    "spsolve",
    "solveh_banded",
    "solve_banded",
    "solve_radial",
    "_vortex",
    "_solve_taubes",
    "string_state",
    "_series",
    "follow",
    "solve_rows",
    "_draw",
)


class Solving(Exception):
    """The first solution has begun: the arguments have been taken."""


@pytest.fixture
def nothing_is_solved(monkeypatch, tmp_path):
    """Solvers raise `Solving`; the working folder is an empty one."""

    def begins(*arguments, **options):
        raise Solving

    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "gl_reference":
            for solver in SOLVERS:
                if hasattr(module, solver):
                    monkeypatch.setattr(module, solver, begins)
    monkeypatch.chdir(tmp_path)


PLACES = {
    "nothing": [],
    "one row": [0.0, 1.0],
    "three columns": [[0.0, 1.0, 2.0]],
    "with nan": [[0.0, nan], [1.0, 0.0]],
    "with inf": [[0.0, 0.0], [inf, 0.0]],
    "huge": [[0.0, 0.0], [1e308, -1e308]],
    "of text": [["0", "1"]],
    "ragged": [[0.0, 1.0], [2.0]],
    "of complex": [[1j, 0.0]],
    "of objects": [[None, 0.0]],
}
PAIR = {"n1": 1, "n2": -1, "mu": 1.7, "d": 2.0}
# What is asked, and what of the bad values it takes all the same: None where that means the default.
CALLS = {
    "single_vortex": ({"n": 2, "mu": 1.7}, {("n", "minus one")}),
    "single_vortex ": ({"kappa": 1.2}, set()),
    "lower_critical_field": ({"mu": 1.7}, set()),
    "vortex_friction": ({"n": 2, "mu": 1.7, "s": 1.0}, {("n", "minus one")}),
    "solve": (
        {
            "positions": [[-3.0, 0.0], [0.0, 0.0], [3.0, 0.0]],
            "winding": 1,
            "mu": 1.7,
            "reading": "coulomb",
            "gauge_weight": 1.0,
            "tolerance": 1e-3,
            "domain": (40.0, 40.0),
            "method": "mesh",
            "estimate_error": False,
            "scheme": None,
            "h": None,
        },
        {
            ("winding", "minus one"),
            ("domain", "None"),
            ("scheme", "None"),
            ("h", "None"),
            ("estimate_error", "true"),
            ("estimate_error", "false"),
        },
    ),
    "solve ": (
        {
            "positions": [[-2.0, 0.0], [2.0, 0.0]],
            "winding": [1, -1],
            "mu": 1.7,
            "reading": "lattice",
            "scheme": "collocated",
            "h": 0.2,
            "domain": (30.0, 30.0),
        },
        {("winding", "minus one"), ("scheme", "None"), ("h", "None"), ("domain", "None")},
    ),
    "solve_pair": (
        {**PAIR, "gauge_weight": 1.0, "tolerance": 1e-3},
        {
            ("n1", "minus one"),
            ("n2", "minus one"),
            ("gauge_weight", "None"),
            ("tolerance", "None"),
        },
    ),
    "solve_pair ": (
        {**PAIR, "reading": "lattice", "scheme": "staggered", "h": 0.2},
        {("n1", "minus one"), ("n2", "minus one"), ("scheme", "None"), ("h", "None")},
    ),
    "pair_force": (
        {**PAIR, "reading": "minimum", "tolerance": 1e-3},
        {
            ("n1", "minus one"),
            ("n2", "minus one"),
            ("tolerance", "None"),
            ("d", "list"),
            ("d", "array"),
            ("d", "empty"),
        },
    ),
    "minimum_pair": (
        {**PAIR, "tolerance": 1e-3, "state": "conventional", "start": None},
        {("n1", "minus one"), ("n2", "minus one"), ("start", "None")},
    ),
    "near_critical": (
        {"positions": [[-1.0, 0.0], [1.0, 0.0]], "winding": [1, 2], "tolerance": 1e-6},
        {("winding", "minus one")},
    ),
    "near_critical_pair": (
        {"n1": 1, "n2": 2, "d": 2.0, "tolerance": 1e-6},
        {("d", "tiny")},
    ),
    "moduli_friction": (
        {"d": 2.0},
        {
            ("d", "inf"),
            ("d", "zero"),
            ("d", "minus zero"),
            ("d", "huge"),
            ("d", "tiny"),
            ("d", "past int64"),
            ("d", "list"),
            ("d", "empty"),
            ("d", "array"),
        },
    ),
    "dynamic_pair": (
        {**PAIR, "s": 1.0, "d": [1.0, 2.0], "h": 0.1, "margin": 8.0, "tolerance": 1e-5},
        {
            ("n1", "minus one"),
            ("n2", "minus one"),
            ("d", "None"),
            ("d", "list"),
            ("d", "array"),
            ("h", "None"),
            ("margin", "None"),
        },
    ),
    "string_energy": ({"mu_d": 2.0}, {("mu_d", "list"), ("mu_d", "array"), ("mu_d", "empty")}),
    "string_force": ({"mu_d": 2.0}, {("mu_d", "list"), ("mu_d", "array"), ("mu_d", "empty")}),
    "vav_branches": (
        {
            "mu": 1.7,
            "readings": ["lattice"],
            "scheme": "collocated-free",
            "h": 0.2,
            "progress": False,
        },
        {("progress", "true"), ("progress", "false")},
    ),
    "run_tables": (
        {
            "folder": "tables",
            "mus": [1.7],
            "kinds": ["V-V"],
            "tolerance": 1e-3,
            "jobs": 1,
            "quick": False,
            "progress": False,
            "separations": None,
            "overwrite": False,
        },
        {
            ("folder", "text"),
            ("folder", "a number in text"),
            ("folder", "lines"),
            ("mus", "None"),
            ("jobs", "None"),
            ("separations", "None"),
            *((flag, f) for flag in ("quick", "progress", "overwrite") for f in ("true", "false")),
        }
        # The quick check has its own μ.
        - {("quick", "true")},
    ),
    "draw_figures": (
        {
            "folder": "figures",
            "only": [1],
            "tolerance": 1e-3,
            "progress": False,
            "jobs": 1,
            "overwrite": False,
        },
        {
            ("folder", "text"),
            ("folder", "a number in text"),
            ("folder", "lines"),
            ("only", "None"),
            *((flag, f) for flag in ("progress", "overwrite") for f in ("true", "false")),
        },
    ),
    "load_generated": ({"name": "forces_vv"}, set()),
}
# Other words for an argument: what is refused is one of its parts, or what it is taken together with.
CALLED = {
    "mu": ("exactly one", "kappa"),
    "kappa": ("exactly one", "mu ="),
    "h": ("positions",),
    "quick": ("mus",),
    "n1": ("winding",),
    "n2": ("winding",),
    "mus": ("mu ",),
}


def taken(call):
    """Faults of a call's bad arguments, and which of them it took."""
    good, accepted = CALLS[call]
    function = getattr(gl, call.strip())
    found = []
    for fault in faults(function, good, called=CALLED):
        argument, what = fault.split(": ")[0].split(" = ", 1)
        if "Solving" in fault and (argument, what) in accepted:
            continue
        found.append(fault)
    return found


@pytest.mark.parametrize("call", CALLS)
def test_bad_values_are_refused_before_the_first_solution(call, nothing_is_solved):
    found = taken(call)
    assert not found, report(found)


@pytest.mark.parametrize(
    "call", [c for c in CALLS if c not in ("load_generated", "moduli_friction")]
)
def test_good_values_reach_the_solver(call, nothing_is_solved):
    with pytest.raises(Solving):
        getattr(gl, call.strip())(**CALLS[call][0])


def test_every_public_function_is_tried():
    functions = {name for name in gl.__all__ if inspect.isfunction(getattr(gl, name))}
    assert functions == {call.strip() for call in CALLS}


@pytest.mark.parametrize("call", ["solve", "near_critical"])
@pytest.mark.parametrize("argument", ["positions", "winding"])
def test_malformed_vortices(call, argument, nothing_is_solved):
    good, _ = CALLS[call]
    values = PLACES
    if argument == "winding":
        values = {
            "too many": [1] * 7,
            "with zero": [1, 0, 1],
            "fractional": [1.5, 1.0, 1.0],
            "with nan": [nan, 1.0, 1.0],
            "of text": ["1", "1", "1"],
            "of truth": [True, True, True],
            "huge": [10**400] * 3,
            "many": [1001] * 3,
            "ragged": [[1], [1, 2]],
            "rows": [[1, 1, 1]],
        }
    found = faults(
        lambda **one: getattr(gl, call)(**{**good, **one}),
        {argument: good[argument]},
        values=values,
    )
    assert not found, report(found)


@pytest.mark.parametrize("separations", [[1.0, 2.0, nan], [2.0, -1.0], [1.0, 0.0], [2.0, inf]])
def test_all_separations_are_checked_before_the_first(separations, nothing_is_solved):
    with pytest.raises(ValueError, match="d = "):
        gl.pair_force(1, 1, 1.7, separations)
    with pytest.raises(ValueError, match="mu_d = "):
        gl.string_energy(separations)


@pytest.mark.parametrize(
    "arguments",
    [
        {"mus": [1.7, nan]},
        {"mus": [1.7, 1.0]},
        {"mus": [1.7, "2"]},
        {"mus": []},
        {"kinds": "V-V"},
        {"kinds": ["V-V", "V-VV"]},
        {"kinds": [["V-V"]]},
        {"separations": [1.0, 2.0]},
        {"separations": [1.0, 2.0, 3.0, 4.0, 5.0, nan, 7.0]},
        {"separations": [1.0, 2.0, 3.0, 4.0, 5.0, 4.0, 7.0]},
        {"jobs": 10**6},
        {"folder": ""},
        {"folder": "a\0b"},
        {"folder": "a" * 300},
    ],
    ids=repr,
)
def test_tables_leave_nothing_behind(arguments, nothing_is_solved):
    good, _ = CALLS["run_tables"]
    with pytest.raises(ValueError, match=next(iter(arguments))):
        gl.run_tables(**{**good, **arguments})
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [{"only": [14]}, {"only": [True]}, {"only": [1.0]}, {"only": []}]
)
def test_figures_leave_nothing_behind(arguments, nothing_is_solved):
    good, _ = CALLS["draw_figures"]
    with pytest.raises(ValueError, match="only"):
        gl.draw_figures(**{**good, **arguments})
    assert list(Path().iterdir()) == []


def test_folders_that_are_files(nothing_is_solved):
    Path("file").write_text("mine")
    for call in ("run_tables", "draw_figures"):
        with pytest.raises(ValueError, match="folder = 'file': cannot be written into"):
            getattr(gl, call)(**{**CALLS[call][0], "folder": "file"})
    with pytest.raises(ValueError, match="folder = 'file'"):
        Branches(1.7, (), 1.0, 1.0).save("file")
    assert Path("file").read_text() == "mine"


def test_profiles_at_any_radius():
    vortex = gl.single_vortex(1, 1.7)
    found = []
    for method in ("amplitude", "flux_fraction", "field", "current"):
        for what, value in {**ARRAYS, **BAD}.items():
            given, fault = outcome(lambda m=method, v=value: getattr(vortex, m)(v), ("r =", "r:"))
            if fault is None and given is not None:
                good = np.shape(given) == np.shape(value) and np.isfinite(given).all()
                fault = None if good else f"gives {given}"
            if fault is not None:
                found.append(f"{method}({what}): {fault}")
    assert not found, report(found)


def test_fields_at_any_point():
    solution = gl.solve([[0.0, 0.0]], 1, 1.7)
    found = []
    for argument in ("x", "y"):
        for what, value in {**ARRAYS, **BAD}.items():
            point = {"x": 1.0, "y": 1.0, argument: value}
            given, fault = outcome(lambda p=point: solution.sample(**p), argument)
            if fault is None and given is not None:
                good = all(np.isfinite(part).all() for part in given)
                fault = None if good else f"gives {given}"
            if fault is not None:
                found.append(f"{argument} = {what}: {fault}")
    assert not found, report(found)
