"""What any argument of vortexmd may be given in place of the right one, and right ones that tests share."""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest

import potentials as pot
import vortexmd as vmd
from tests.input_physics.catalogue import ARRAYS, BAD
from vortexmd.flux_exchange import ActivationLaw

BOX = vmd.Box((10.0, 12.0))
OPEN = vmd.Box((10.0, 12.0), "open")
TWO = vmd.Vortices([[1.0, 1.0], [4.0, 4.0]], 1, BOX)
LAW = ActivationLaw("linear", u0=1.0, b_max=0.5)

VALUES = {
    **BAD,
    **ARRAYS,
    "a number in an array": np.array(2.0),
    "a fraction of whole numbers": Fraction(1, 2),
    "numpy's true": np.True_,
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
