"""The force between two vortices, in each reading of the fixed-vortex problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike

from gl_reference.checks import Reading, check_reading
from gl_reference.confocal import ConfocalPair, confocal_pair
from gl_reference.lattice import LatticePair, lattice_pair
from gl_reference.obstacle.minimum import MinimumPair, minimum_pair
from gl_reference.radial import single_vortex
from potentials.base import Array
from potentials.checks import check_positive, real_array, shown
from potentials.critical import mu_from


@dataclass(frozen=True)
class PairSolution:
    """Force and energy of one pair.

    Attributes
    ----------
    n1, n2, mu, d, reading
        What was asked; d in λ.
    force, force_error : float
        Ω in Ω₀, positive = repulsion, and an upper estimate of its numerical error.
    energy, energy_error : float
        ∫F/π in ε₀ (of E_w in the `coulomb` reading), and an upper estimate of its error.
    interaction_energy : float
        Energy less that of the two vortices alone, in ε₀.
    """

    n1: int
    n2: int
    mu: float
    d: float
    reading: Reading
    force: float
    force_error: float
    energy: float
    energy_error: float
    interaction_energy: float


def solve_pair(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: float | None = None,
    *,
    kappa: float | None = None,
    reading: str = "coulomb",
    gauge_weight: float | None = None,
    tolerance: float | None = None,
    scheme: str | None = None,
    h: float | None = None,
) -> PairSolution:
    """Force and energy of vortices of windings n1 and n2, held at separation d.

    Parameters
    ----------
    n1, n2 : int
        Windings, nonzero.
    mu, kappa : float
        μ = √2 κ, one of the two; 0.1 … 20.
    d : float
        Separation in λ.
    reading : "coulomb", "lattice" or "minimum"
        How fixed vortices are understood; see docs/gl_reference.md. `minimum` takes windings 1
        and −1, and of a vortex and an antivortex the conventional state.
    gauge_weight
        `coulomb` only: w of the gauge term (default 1).
    tolerance
        `coulomb` and `minimum` only: relative accuracy of the force (default 1e-4 and 1e-3).
    scheme, h
        `lattice` only: discretisation (`gl_reference.lattice.SCHEMES`) and grid spacing in λ
        (default 0.1).

    Raises
    ------
    ValueError
        For anything outside the solver's range; the message names it.
    ConvergenceError
        Where the solver does not reach its tolerance.
    """
    value = mu_from(mu, kappa)
    how = check_reading(reading)
    if d is None:
        raise ValueError("d = None: give the separation in λ")
    options: dict[str, dict[str, Any]] = {
        "coulomb": {"gauge_weight": gauge_weight, "tolerance": tolerance},
        "lattice": {"scheme": scheme, "h": h},
        "minimum": {"tolerance": tolerance},
    }
    for reading_of, names in options.items():
        for name, given in names.items():
            if given is not None and name not in options[how]:
                raise ValueError(f"{name} = {shown(given)}: only for reading = {reading_of!r}")
    chosen = {name: given for name, given in options[how].items() if given is not None}
    found: LatticePair | ConfocalPair | MinimumPair
    if how == "lattice":
        found = lattice_pair(n1, n2, value, d, **chosen)
        alone = found.energy - found.interaction_energy
    else:
        solver = minimum_pair if how == "minimum" else confocal_pair
        found = solver(n1, n2, value, d, **chosen)
        alone = single_vortex(abs(n1), value).energy + single_vortex(abs(n2), value).energy
    return PairSolution(
        n1=n1,
        n2=n2,
        mu=value,
        d=float(d),
        reading=how,
        force=found.force,
        force_error=found.force_error,
        energy=found.energy,
        energy_error=found.energy_error,
        interaction_energy=found.energy - alone,
    )


class PairOptions(TypedDict, total=False):
    """What `solve_pair` takes by name."""

    kappa: float | None
    reading: str
    gauge_weight: float | None
    tolerance: float | None
    scheme: str | None
    h: float | None


@overload
def pair_force(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: float | None = None,
    **options: Unpack[PairOptions],
) -> float: ...
@overload
def pair_force(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: ArrayLike | None = None,
    **options: Unpack[PairOptions],
) -> float | Array: ...
def pair_force(
    n1: int,
    n2: int,
    mu: float | None = None,
    d: ArrayLike | None = None,
    **options: Unpack[PairOptions],
) -> float | Array:
    """Ω(d) in Ω₀, positive = repulsion; d in λ, a number or an array (same shape back).

    Parameters, options and errors as `solve_pair`.
    """
    if d is None:
        raise ValueError("d = None: give the separation in λ")
    separations = real_array("d", d)
    for one in separations.ravel():  # all, before the first is solved
        check_positive("d", one)
    found = [solve_pair(n1, n2, mu, float(one), **options) for one in separations.ravel()]
    forces = np.array([pair.force for pair in found])
    return forces.reshape(separations.shape) if separations.ndim else float(forces[0])
