"""Every public constructor and function of vortexmd, each argument given what it should not be.

It works, and what it makes can be shown, described and made again; or one ValueError names the argument.
"""

import copy
import json
import os
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot
import vortexmd as vmd
from tests.input_physics.catalogue import ARRAYS, BAD, faults, report
from vortexmd.description import describe, restore
from vortexmd.flux_exchange import ActivationLaw

BOX = vmd.Box((10.0, 12.0))
OPEN = vmd.Box((10.0, 12.0), "open")
TWO = vmd.Vortices([[1.0, 1.0], [4.0, 4.0]], 1, BOX)
LAW = ActivationLaw("linear", u0=1.0, b_max=0.5)
HALVES = [[0.0, 0.0, 10.0, 6.0], [0.0, 6.0, 10.0, 12.0]]
REGIONS = vmd.Regions.rectangles(HALVES, BOX)

VALUES = {
    **BAD,
    **ARRAYS,
    "a number in an array": np.array(2.0),
    "pairs": [[1.0, 2.0], [3.0, 4.0]],
    "pairs with true": [[1.0, True]],
    "pairs of text": [["1", "2"]],
    "pairs with nan": [[nan, 1.0]],
    "pairs without end": [[inf, 1.0]],
    "huge pairs": [[1e308, -1e308]],
    "tiny pairs": [[5e-324, 5e-324]],
    "two": (1.0, 2.0),
    "two texts": ("1", "2"),
    "two and true": (1.0, True),
    "two huge": (1e308, 1e308),
    "two tiny": (5e-324, 5e-324),
    "three": (1, 2, 3),
    "a generator": (x for x in (1.0, 2.0)),
    "a function": lambda r: r,
    "a box": BOX,
    "vortices": TWO,
    "a law": LAW,
    "a reaction": vmd.Annihilation(distance=0.5),
    "a drive": vmd.UniformDrive((0.1, 0.0)),
    "a class of reactions": vmd.Annihilation,
    "a potential": pot.London(f0=1.0, cutoff=4.0),
    "a dict by winding": {1: 0.5, -1: 0.5},
    "a dict by nan": {nan: 1.0},
    "a dict by text": {"1": 1.0},
    "a dict to nan": {1: nan},
    "a dict to text": {1: "1"},
    "unsigned": np.array([2**64 - 1], dtype=np.uint64),
    "small unsigned": np.array([[0, 1], [1, 0]], dtype=np.uint8),
    "a long list": [1.0] * 10_000,
    "a thousand million": 10**9,
    "a fraction": 2.5,
    "a long text": "x" * 10_000,
    "a path": "no/such/file",
    "NUL": "a\0b",
}


# Each everyday test takes another fifth of them, the long one all.
SHARES = [pytest.param(None, marks=pytest.mark.slow, id="all"), pytest.param(5, id="some")]


def some(share, name):
    """All values, or a part of them that depends on the name."""
    first = sum(name.encode())
    return VALUES if share is None else dict(list(VALUES.items())[first % share :: share])


def show(made):
    """The fault of something made: it cannot be shown, described, or made again as it was."""
    if not isinstance(repr(made), str):
        return "no repr"
    if isinstance(made, vmd.Vortices):
        sound = np.isfinite(made.positions).all() and np.isfinite(made.unwrapped).all()
        return None if sound and np.isfinite(made.density) else "not finite"
    if type(made).__name__ == "FunctionForce":
        return None
    described = json.loads(json.dumps(describe(made), allow_nan=False))
    again = restore(described, "it")
    return None if again == made else f"{made!r} comes back as {again!r}"


MAKERS = {
    "Box": (vmd.Box, {"lengths": (10.0, 12.0), "boundary": ("open", "free")}, {}),
    "Vortices": (
        vmd.Vortices,
        {
            "positions": [[1.0, 1.0], [4.0, 4.0]],
            "winding": [1, -1],
            "box": BOX,
            "ids": [3, 5],
            "image": [[0, 0], [1, -1]],
            "step": 3,
            "time": 0.5,
        },
        # How many there are of one is told by the other.
        {"positions": ("winding",)},
    ),
    "random_vortices": (
        vmd.random_vortices,
        {"n": 20, "density": 0.5, "winding": {1: 0.5, -1: 0.5}, "min_distance": 0.5, "seed": 1},
        {"density": ("min_distance",), "n": ("density",)},
    ),
    "random_vortices in a box": (
        vmd.random_vortices,
        {"n": 20, "box": OPEN, "winding": 2},
        {},
    ),
    "triangular_lattice": (
        vmd.triangular_lattice,
        {"n": 12, "density": 0.1, "winding": -1},
        {"n": ("density",)},
    ),
    "square_lattice": (
        vmd.square_lattice,
        {"n": 9, "density": 0.1, "winding": 1},
        {"n": ("density",)},
    ),
    "UniformDrive": (vmd.UniformDrive, {"force": (0.1, 0.0)}, {}),
    "SinusoidalDrive": (
        vmd.SinusoidalDrive,
        {"amplitude": (0.1, 0.0), "frequency": 1.0, "phase": 0.0},
        {},
    ),
    "HarmonicTrap": (vmd.HarmonicTrap, {"k": (0.1, 0.2), "center": (1.0, 2.0)}, {}),
    "from_function": (
        vmd.ExternalForce.from_function,
        {
            "force": lambda r: r,
            "energy": lambda r: r[:, 0],
            "couples_to_winding": True,
            "time_dependent": False,
        },
        {},
    ),
    "Annihilation": (vmd.Annihilation, {"distance": 0.5}, {}),
    "Annihilation by mu": (vmd.Annihilation, {"mu": 1.0}, {}),
    "Annihilation by kappa": (vmd.Annihilation, {"kappa": 1.0}, {"kappa": ("mu",)}),
    "Merging": (vmd.Merging, {"distance": 0.5, "max_winding": 3}, {}),
    "ArrheniusHopping": (
        vmd.ArrheniusHopping,
        {
            "regions": REGIONS,
            "laws": [LAW, LAW],
            "attempt_rate": 1.0,
            "hop_distance": 0.5,
            "above_b_max": "clamp",
            "outside": 0.1,
            "effective": False,
            "weigh_energy": False,
            "min_distance": 0.1,
            "allow_above": False,
            "record_events": True,
        },
        {},
    ),
    "Regions": (
        vmd.Regions,
        {
            "box": BOX,
            "corners": [[[0, 0], [10, 0], [10, 6], [0, 6]]],
            "region_of": [0],
            "names": ("low", "rest"),
            "background": True,
            "labels": None,
        },
        {
            "corners": ("polygons",),
            "region_of": ("regions",),
            "labels": ("regions", "pixel"),
            "background": ("belong to none", "names"),
        },
    ),
    "Regions.rectangles": (
        vmd.Regions.rectangles,
        {
            "rectangles": HALVES,
            "box": BOX,
            "names": ("a", "b"),
            "background": False,
            "regions": [0, 1],
        },
        {"rectangles": ("regions",), "box": ("rectangles",), "background": ("names",)},
    ),
    "Regions.polygons": (
        vmd.Regions.polygons,
        {
            "polygons": [[[0, 0], [10, 0], [10, 6], [0, 6]]],
            "box": BOX,
            "names": ("low", "rest"),
            "regions": [0],
            "background": True,
        },
        {"background": ("belong to none", "names"), "box": ("polygons",)},
    ),
    "Regions.raster": (
        vmd.Regions.raster,
        {"labels": [[0, 1], [1, 0]], "pixel": 0.5, "names": ("a", "b")},
        {"labels": ("names", "regions"), "pixel": ("box",)},
    ),
}
for pins in (vmd.GaussianPins, vmd.ParabolicPins):
    wells = {"depth": 1.0, "radius": 0.5, "box": BOX}
    more = {"depth": ("shape",), "radius": ("shape",)}
    MAKERS |= {
        pins.__name__: (
            pins,
            {"positions": [[1.0, 1.0], [2.0, 2.0]], **wells},
            {"positions": ("depth",)},
        ),
        f"{pins.__name__}.random": (
            pins.random,
            {"n": 5, **wells, "seed": 1, "min_distance": 0.5},
            {"n": ("min_distance",), **more},
        ),
        f"{pins.__name__}.square": (pins.square, {"n": 30, **wells}, {"box": ("pins.n",)}),
        f"{pins.__name__}.triangular": (pins.triangular, {"n": 12, **wells}, {"box": ("pins.n",)}),
    }


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", MAKERS)
def test_each_argument_is_taken_whole_or_refused_by_name(name, share):
    make, good, called = MAKERS[name]
    show(make(**good))
    found = faults(make, good, values=some(share, name), called=called, use=show)
    assert not found, report(found)


def test_every_public_name_is_tried():
    tried = {name.split()[0].split(".")[0] for name in MAKERS}
    elsewhere = {
        # Not made by users, of other tests, or tried below.
        *("Event", "DensityWarning", "ClippedFrictionWarning", "FluxExchangeWarning"),
        *("MobilityError", "UnstableStepError", "Trajectory", "FrameValidation"),
        *("flux_exchange", "validate_frame", "validate", "ExternalForce"),
        *("Simulation", "TrajectoryWriter", "load"),
    }
    public = {name for name in vmd.__all__ if name[0].isupper() or callable(getattr(vmd, name))}
    assert public - tried - elsewhere == set()


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


def test_arguments_that_do_not_exist_or_are_missing_are_pythons_own_errors():
    for make, good, _ in MAKERS.values():
        with pytest.raises(TypeError, match="unexpected keyword"):
            make(**good, quite_another=1)
    for make in (vmd.Box, vmd.UniformDrive, vmd.GaussianPins, vmd.Merging, vmd.random_vortices):
        with pytest.raises(TypeError, match="missing"):
            make()


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


ANY_NUMBER = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(width=32).map(np.float32),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
)


@settings(max_examples=40)
@given(
    lengths=st.tuples(ANY_NUMBER, ANY_NUMBER),
    boundary=st.sampled_from(["periodic", "open", "free"]),
)
def test_any_box(lengths, boundary):
    """A box is refused, or its area and all that is measured in it are numbers."""
    try:
        box = vmd.Box(lengths, boundary)
    except ValueError as error:
        assert "box.lengths" in str(error)
        return
    assert np.isfinite(box.area) and box.area > 0
    assert restore(json.loads(json.dumps(describe(box))), "box") == box
    points = np.array([[0.0, 0.0], box.lengths]) / 2
    assert np.isfinite(box.minimum_image(points)).all()
    assert np.isfinite(vmd.Vortices(points, 1, box).density)


@settings(max_examples=40)
@given(
    position=st.tuples(ANY_NUMBER, ANY_NUMBER),
    winding=ANY_NUMBER,
    ids=ANY_NUMBER,
    time=ANY_NUMBER,
    step=ANY_NUMBER,
)
def test_any_vortex(position, winding, ids, time, step):
    """A vortex is refused by the name of a field, or it is what was given, folded."""
    try:
        one = vmd.Vortices([position], winding, BOX, ids=[ids], time=time, step=step)
    except ValueError as error:
        assert any(name in str(error) for name in ("positions", "winding", "ids", "time", "step"))
        return
    assert one.winding[0] == winding and one.ids[0] == ids and one.step == step
    assert BOX.contains(one.positions).all()
    far = np.abs(np.array(position, dtype=float)).max()
    assert np.allclose(one.unwrapped[0], np.array(position, dtype=float), atol=1e-9 + 1e-12 * far)


@settings(max_examples=40)
@given(force=st.tuples(ANY_NUMBER, ANY_NUMBER), k=ANY_NUMBER, depth=ANY_NUMBER, radius=ANY_NUMBER)
def test_any_external_force(force, k, depth, radius):
    """Forces are refused by name, or are finite wherever a vortex may be."""
    for make, names in (
        (lambda: vmd.UniformDrive(force), ["force"]),
        (lambda: vmd.HarmonicTrap(k), ["k ="]),
        (lambda: vmd.GaussianPins([[1.0, 1.0]], depth, radius), ["pins.depth", "pins.radius"]),
    ):
        try:
            field = make().bind(OPEN)
        except ValueError as error:
            assert any(name in str(error) for name in names), error
            continue
        out = np.zeros((2, 2))
        field.add_forces(TWO.positions, TWO.winding, 0.0, out)
        assert np.isfinite(out).all()
        assert np.isfinite(field.energy(TWO.positions, TWO.winding, 0.0))
