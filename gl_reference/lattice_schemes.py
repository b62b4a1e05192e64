"""Ways to put the equations of fixed vortices on a uniform grid.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011) say "finite differences" and no
more; these span the natural choices. A scheme's gauge weight w is that of (w/2)(∇·A)² in the
energy it minimises: with w = 1 its equation for A is −∇²A + f²Q = 0, with w = 0 it is Eq. 13b
as printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from potentials.checks import check_choice


@dataclass(frozen=True)
class Scheme:
    """One discretisation.

    Attributes
    ----------
    description : str
    layout : "staggered" or "collocated"
        A_x on the links along x, A_y on those along y, B on the plaquettes; or all on the nodes.
    vortices : "node" or "plaquette"
        Where vortices sit: on nodes, where f = 0; or in the middle of plaquettes, f free.
    velocity : "midpoint" or "integral"
        V in the middle of a link, or its mean over the link (the phase difference over h).
    gauge_weight : float
        w.
    energy : "same" or "central"
        The energy reported: the one that is minimised, or Eq. 12 with central differences.
    """

    description: str
    layout: Literal["staggered", "collocated"]
    vortices: Literal["node", "plaquette"] = "node"
    velocity: Literal["midpoint", "integral"] = "midpoint"
    gauge_weight: float = 1.0
    energy: Literal["same", "central"] = "same"


SPECIFICATIONS = {
    "staggered": Scheme(
        "A on links, vortices on nodes, V at link middles, −∇²A (w = 1)", "staggered"
    ),
    "staggered-integral": Scheme(
        "A on links, vortices on nodes, V averaged over links, −∇²A (w = 1)",
        "staggered",
        velocity="integral",
    ),
    "plaquette": Scheme(
        "A on links, vortices in plaquettes, V averaged over links, −∇²A (w = 1)",
        "staggered",
        vortices="plaquette",
        velocity="integral",
    ),
    "collocated": Scheme("all on nodes, vortices on nodes, −∇²A (w = 1)", "collocated"),
    "staggered-free": Scheme(
        "A on links, vortices on nodes, V at link middles, ∇×∇×A (w = 0)",
        "staggered",
        gauge_weight=0.0,
    ),
    "plaquette-free": Scheme(
        "A on links, vortices in plaquettes, V averaged over links, ∇×∇×A (w = 0): gauge-invariant",
        "staggered",
        vortices="plaquette",
        velocity="integral",
        gauge_weight=0.0,
    ),
    "collocated-free": Scheme(
        "Eq. 13 as printed, all on nodes, ∇×∇×A (w = 0), energy whose gradient that is",
        "collocated",
        gauge_weight=0.0,
    ),
    "collocated-central": Scheme(
        "Eq. 13 as printed, all on nodes, ∇×∇×A (w = 0), Eq. 12 by central differences",
        "collocated",
        gauge_weight=0.0,
        energy="central",
    ),
}

# Name → what it does, for users.
SCHEMES = {name: scheme.description for name, scheme in SPECIFICATIONS.items()}


def find_scheme(name: str) -> Scheme:
    """The scheme of this name, or a ValueError that lists those that exist."""
    check_choice("scheme", name, tuple(SPECIFICATIONS))
    return SPECIFICATIONS[name]
