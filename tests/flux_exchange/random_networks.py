"""Random networks, and the paper's formulas once more, for tests of what holds in every network."""

import numpy as np

from vortexmd.flux_exchange import ActivationLaw
from vortexmd.flux_exchange.graph import ExchangeGraph
from vortexmd.flux_exchange.laws import LawArray

KINDS = ("linear", "logarithmic", "inverse_power")


def random_laws(rng, n, strongest=30.0):
    """Laws of all kinds, α from none to `strongest`, B_m over a decade."""
    laws = []
    for _ in range(n):
        kind = KINDS[rng.integers(3)]
        exponent = {"exponent": rng.uniform(0.3, 1.5)} if kind == "inverse_power" else {}
        u0 = rng.uniform(0.0, strongest)
        laws.append(ActivationLaw(kind, u0=u0, b_max=10 ** rng.uniform(1, 2), **exponent))
    return laws


def random_graph(rng, n, *, above="clamp", strongest=30.0):
    """A closed connected network of unequal regions: a random tree and some interfaces more."""
    tree = [(int(rng.integers(k)), k) for k in range(1, n)]
    more = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.2]
    pairs = np.array(sorted(set(tree + more))).reshape(-1, 2)
    return ExchangeGraph(
        area=10 ** rng.uniform(-1, 1, n),
        laws=LawArray(random_laws(rng, n, strongest), above),
        pairs=pairs,
        conductance=10 ** rng.uniform(-1, 0, len(pairs)),
        outside_conductance=np.zeros(n),
        outside_flux=0.0,
    )


def graph_of(laws, *, area=None, conductance=1.0, outside=None, outside_flux=0.0, above="clamp"):
    """A row of regions."""
    n = len(laws)
    return ExchangeGraph(
        area=np.ones(n) if area is None else np.array(area, dtype=float),
        laws=LawArray(laws, above),
        pairs=np.column_stack((np.arange(n - 1), np.arange(1, n))),
        conductance=np.full(n - 1, float(conductance)),
        outside_conductance=np.zeros(n) if outside is None else np.array(outside, dtype=float),
        outside_flux=outside_flux,
    )


def flux_density(law, b, above="clamp"):
    """W of one region by Eqs. 4, 6, 7 and the inverse power, written out."""
    b = np.asarray(b, dtype=float)
    if law.kind == "linear":
        u = law.u0 * (1 - b / law.b_max)
    elif law.kind == "logarithmic":
        u = law.u0 * np.log(law.b_max / b)
    else:
        u = law.u0 / law.exponent * ((law.b_max / b) ** law.exponent - 1)
    if above == "clamp":
        u = np.where(b > law.b_max, 0.0, u)
    return b * np.exp(-u)
