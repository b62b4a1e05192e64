"""Objects as plain data: what is written can be read back, and nothing else gets in."""

import json

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from potentials.pair_friction import FrictionByPair, TabulatedFriction
from vortexmd.description import describe, restore

R = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
BOX = vmd.Box((10.0, 12.0), ("periodic", "open"))
FRICTION = TabulatedFriction([0.5, 1.0, 2.0, 4.0], [0.1, 0.3, 0.8, 1.0])
OBJECTS = [
    pot.GLFit(1.7),
    pot.GLFit(kappa=0.5, source="formula", cutoff=9.0),
    pot.GLPair("V-AV", 1.7),
    pot.London(1.0, cutoff=5.0),
    pot.Log(0.3),
    pot.Pearl(pearl_length=3.0),
    pot.GLTable(1.4, 1, 2),
    pot.GLDynamic(1.4, 2.0),
    pot.TwoBessel(1.2, 1, 2, gamma1=(-1.0, -2.0), gamma2=(-1.5, -2.5)),
    pot.Tabulated(R, np.exp(-(R**2))),
    -1.0 * pot.London() + pot.Log(2.0),
    pot.Interaction({(1, 1): pot.GLFit(1.7), (1, -1): -1.0 * pot.London(), (2, 1): pot.Log()}),
    vmd.UniformDrive((1.0, 0.0)),
    vmd.SinusoidalDrive((1.0, 0.5), 0.1, 0.2),
    vmd.HarmonicTrap((0.0, 1.0), center=(5.0, 6.0)),
    vmd.GaussianPins.random(3, depth=1.0, radius=0.2, box=BOX),
    vmd.ParabolicPins([[1.0, 2.0], [3.0, 4.0]], [0.1, 0.2], [0.3, 0.4]),
    vmd.Annihilation(mu=1.7),
    vmd.Merging(0.3, max_winding=3),
    BOX,
    FRICTION,
    FrictionByPair({(1, 1): FRICTION, (1, -1): FRICTION}),
    None,
]


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: type(thing).__name__)
def test_round_trip_through_json(thing):
    back = restore(json.loads(json.dumps(describe(thing))), "thing")
    assert type(back) is type(thing) and back == thing
    if isinstance(thing, pot.Potential):
        # The default cutoff stays a default: it may be another one for another pair.
        assert back.arguments()["cutoff"] == thing.arguments()["cutoff"]


def test_functions_are_named_and_refused():
    law = pot.FromFunction(lambda r: np.exp(-r))
    data = json.loads(json.dumps(describe(law)))
    with pytest.raises(ValueError, match=r"pair_force.*Python function.*pass pair_force="):
        restore(data, "pair_force")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"type": "Londn"}, "did you mean 'London'"),
        ({"type": "os.system", "f0": "rm"}, "not known"),
        ({"type": "London", "f00": 1.0}, "did you mean law.f0"),
        ({"type": "London", "f0": "x"}, "f0"),
        ({"type": "UniformDrive"}, "force: missing"),
        ({"f0": 1.0}, "type = None: not known"),
    ],
)
def test_bad_descriptions_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        restore(data, "law")
