"""Every public constructor of vortexmd, each argument given what it should not be.

It works, and what it makes can be shown, described and made again; or one ValueError names the argument.
"""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vortexmd as vmd
from tests.input.arguments import BOX, LAW, OPEN, SHARES, TWO, some
from tests.input_physics.catalogue import faults, report
from vortexmd.description import describe, restore

HALVES = [[0.0, 0.0, 10.0, 6.0], [0.0, 6.0, 10.0, 12.0]]
REGIONS = vmd.Regions.rectangles(HALVES, BOX)


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


def test_arguments_that_do_not_exist_or_are_missing_are_pythons_own_errors():
    for make, good, _ in MAKERS.values():
        with pytest.raises(TypeError, match="unexpected keyword"):
            make(**good, quite_another=1)
    for make in (vmd.Box, vmd.UniformDrive, vmd.GaussianPins, vmd.Merging, vmd.random_vortices):
        with pytest.raises(TypeError, match="missing"):
            make()


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
