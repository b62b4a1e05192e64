"""Simulations, their methods, writers and `load`, each argument given what it should not be.

Taken, it runs, and what is refused leaves everything as it was; one ValueError names the argument.
"""

import copy
import os
from math import inf, nan

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from tests.input.arguments import SHARES, TWO, VALUES, some
from tests.input_physics.catalogue import faults, report
from vortexmd.description import describe


def simulation(**arguments):
    return vmd.Simulation(
        **{"start": TWO, "pair_force": pot.London(f0=1.0, cutoff=4.0), "dt": 0.01} | arguments
    )


# What Simulation takes; whether it then runs is asked too.
OPTIONS = {
    "start": TWO,
    "pair_force": pot.London(f0=1.0, cutoff=4.0),
    "dt": 0.01,
    "temperature": 0.1,
    "seed": 1,
    "external": [],
    "reactions": [],
    "integrator": "euler-maruyama",
    "friction": {1: 1.0},
    "pair_friction": None,
    "precision": "double",
    "threads": 1,
    "skin": 0.8,
    "max_displacement": 0.5,
}


def runs(sim):
    """The fault of a simulation that has been taken: it does not run, or nowhere."""
    try:
        sim.run(2)
    except vmd.UnstableStepError:
        return None
    except ValueError as error:
        return None if "step" in str(error) or "spot" in str(error) else str(error)
    state = sim.state
    sound = np.isfinite(state.positions).all() and len(state) <= 2
    return None if sound else f"positions {state.positions}"


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("argument", OPTIONS)
def test_simulations_take_each_argument_or_refuse_it_by_name(argument, share):
    called = {"friction": ("winding",), "external": ("HarmonicTrap",)}
    found = faults(
        lambda **changed: vmd.Simulation(**{**OPTIONS, **changed}),
        {argument: OPTIONS[argument]},
        values=some(share, argument),
        called=called,
        use=runs,
    )
    assert not found, report(found)


SETTERS = {
    "dt": 0.01,
    "temperature": 0.1,
    "external": [vmd.UniformDrive((0.1, 0.0))],
    "reactions": [vmd.Annihilation(distance=0.1)],
}


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", SETTERS)
def test_what_is_set_later_is_checked_as_at_first_and_nothing_half_done(name, share):
    sim, values = simulation(temperature=0.1), some(share, name)
    setattr(sim, name, SETTERS[name])
    before = describe(getattr(sim, name))

    def set_it(**value):
        changed = copy.copy(sim)
        setattr(changed, name, value[name])
        return changed

    found = faults(set_it, {name: SETTERS[name]}, values=values)
    assert not found, report(found)
    for value in values.values():
        if name != "reactions" or not isinstance(value, vmd.Annihilation):
            try:
                setattr(sim, name, value)
            except ValueError:
                assert describe(getattr(sim, name)) == before
            else:
                setattr(sim, name, SETTERS[name])
    sim.run(2)


METHODS = {
    "run": {"steps": 1, "progress": False, "checkpoint_seconds": 60.0, "max_hours": 1.0},
    "set_ramp": {"to_temperature": 0.0, "steps": 3},
    "anneal": {"to_temperature": 0.0, "steps": 3},
    "minimize": {"force_tolerance": 1e-3, "max_iterations": 5},
}
# Runs of so many steps are right, and not for a test.
ENDLESS = ("past int64", "a thousand million")


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("method", METHODS)
def test_methods_take_each_argument_or_refuse_it_by_name(method, share):
    values = {what: value for what, value in some(share, method).items() if what not in ENDLESS}
    found = faults(
        lambda **arguments: getattr(simulation(pair_force=None), method)(**arguments),
        METHODS[method],
        values=values,
    )
    assert not found, report(found)


def test_writers_take_each_argument_or_refuse_it_by_name(tmp_path):
    good = {
        "path": tmp_path / "run.h5",
        "every": 1,
        "dtype": "float32",
        "compression": 4,
        "overwrite": False,
        "resume": False,
    }
    found = faults(
        vmd.TrajectoryWriter,
        good,
        values=VALUES,
        called={"path": ("trajectory",)},
        use=lambda writer: None if writer.every >= 1 else "every",
    )
    assert not found, report(found)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", VALUES)
def test_load_refuses_what_is_no_file(what):
    if isinstance(VALUES[what], (int, np.integer)) and not isinstance(VALUES[what], bool):
        pytest.skip("a number may be an open file's")
    with pytest.raises((ValueError, OSError)):
        vmd.load(VALUES[what])


def test_load_does_not_wait_for_pipes_and_devices(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", "/dev/null", tmp_path):
        with pytest.raises((ValueError, OSError)):
            vmd.load(path)


@pytest.mark.parametrize(
    "returned",
    [
        None,
        "text",
        1.0,
        [[1.0]],
        [[True, False]] * 2,
        [[nan, 0.0]] * 2,
        [[inf, 0.0]] * 2,
        [[1j, 0]] * 2,
    ],
)
def test_functions_that_return_nonsense_stop_the_run_with_a_name(returned):
    sim = simulation(external=[vmd.ExternalForce.from_function(lambda r: returned)])
    with pytest.raises(ValueError, match="ExternalForce force"):
        sim.run(1)
