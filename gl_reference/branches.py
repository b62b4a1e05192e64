"""Vortex and antivortex: one state or two? d_E and d_A in every reading, beside the paper's fits.

Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Sec. IV.4 and Fig. 11. How vortices
are held decides whether there is a string state at all (docs/gl_reference.md): `minimum` has it,
`lattice`, the paper's own grid, has it at a cost that depends on h, `coulomb` has not.

>>> from gl_reference.branches import vav_branches
>>> print(vav_branches(1.7).summary())
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from gl_reference.checks import check_list, check_range
from gl_reference.lattice import PAPER_SCHEME
from gl_reference.lattice_branches import Branch, lattice_branches
from gl_reference.lattice_layout import check_step
from gl_reference.lattice_states import PAPER_SPACING, check_free, coulomb_returns
from gl_reference.obstacle import minimum_branches
from gl_reference.pair import solve_pair
from gl_reference.radial import single_vortex
from gl_reference.table_files import check_folder, write_csv, write_whole
from potentials.checks import check_flag, shown
from potentials.critical import annihilation_separation, mu_from, stability_separation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BranchReading = Literal["minimum", "lattice", "coulomb"]

MU_RANGE = (0.3, 2.5)  # of the paper's fits
# Separations of the single branch of `coulomb`: parts of the paper's d_A and d_E, and how many.
COULOMB_FIRST, COULOMB_LAST, COULOMB_COUNT = 0.15, 1.6, 32
COULOMB_TOLERANCE = 1e-3
# Where its absence of a string is shown: part of the paper's d_A, and h in λ (times max(1, μ)).
SHOWN_AT, SHOWN_WITH = 0.8, 0.2
COLUMNS = ("mu", "reading", "h", "state", "d", "energy", "interaction_energy", "force")
FILES = ("branches.csv", "summary.txt", "summary.json")


@dataclass(frozen=True, eq=False)
class ReadingBranches:
    """What one reading says.

    Attributes
    ----------
    reading : str
    scheme : str
        Discretisation of `lattice`; empty for readings without a grid.
    h : float
        Its spacing in λ; NaN for readings without a grid.
    conventional : Branch
    string : Branch or None
        None where there is no such state.
    d_E, d_E_error, d_A, d_A_error : float
        In λ; NaN without a string. Of `lattice` the errors are those on its grid, not those of it.
    string_end : float
        The last separation at which the string is stable; infinite where it was not lost as far
        as it was followed.
    note : str
        What else there is to say.
    """

    reading: BranchReading
    scheme: str
    h: float
    conventional: Branch
    string: Branch | None
    d_E: float
    d_E_error: float
    d_A: float
    d_A_error: float
    string_end: float
    note: str

    @property
    def interaction_at_d_E(self) -> float:
        """Interaction energy of both states at d_E in ε₀; NaN without a string."""
        if self.string is None:
            return math.nan
        found = np.interp(self.d_E, self.conventional.d, self.conventional.interaction_energy)
        return float(found)

    @property
    def hysteresis(self) -> float:
        """Over how many λ of d both states are stable: from d_A to where the string is lost."""
        return self.string_end - self.d_A


@dataclass(frozen=True, eq=False)
class Branches:
    """Conventional and string states of vortex and antivortex, by reading.

    Attributes
    ----------
    mu : float
    readings : tuple of ReadingBranches
    paper_d_E, paper_d_A : float
        The paper's fits, in λ.
    """

    mu: float
    readings: tuple[ReadingBranches, ...]
    paper_d_E: float
    paper_d_A: float

    def __getitem__(self, reading: str) -> ReadingBranches:
        """One reading; KeyError where it was not asked for."""
        for one in self.readings:
            if one.reading == reading:
                return one
        raise KeyError(f"{reading}: not among {', '.join(one.reading for one in self.readings)}")

    def summary(self) -> str:
        """A table for the terminal: d_E and d_A of each reading beside the paper's."""
        lines = [
            f"vortex and antivortex at mu = {self.mu:.6g} (kappa = {self.mu / math.sqrt(2):.5g})",
            f"  {'reading':<22}{'d_E':>16}{'d_A':>16}{'E(d_E)':>10}{'both stable':>16}",
            f"  {'paper (fits)':<22}{self.paper_d_E:>16.2f}{self.paper_d_A:>16.2f}",
        ]
        for one in self.readings:
            name = one.reading + ("" if math.isnan(one.h) else f" (h = {one.h:g})")
            if one.string is None:
                lines.append(f"  {name:<22}{'none':>16}{'none':>16}")
                continue
            d_E = _with_error(one.d_E, one.d_E_error)
            d_A = _with_error(one.d_A, one.d_A_error)
            unlost = math.isinf(one.string_end)
            both = f"from {one.d_A:.2f}" if unlost else f"{one.d_A:.2f} … {one.string_end:.2f}"
            lines.append(f"  {name:<22}{d_E:>16}{d_A:>16}{one.interaction_at_d_E:>10.4f}{both:>16}")
        lines += [f"  {one.reading}: {one.note}" for one in self.readings if one.note]
        lines.append("lengths in λ; E: interaction energy where both states have it, in ε₀")
        return "\n".join(lines)

    def to_json(self) -> str:
        """The figures of the summary as JSON; what does not exist as null."""
        rows = [
            {
                "reading": one.reading,
                "scheme": one.scheme or None,
                "h": _finite(one.h),
                "d_E": _finite(one.d_E),
                "d_E_error": _finite(one.d_E_error),
                "d_A": _finite(one.d_A),
                "d_A_error": _finite(one.d_A_error),
                "interaction_energy_at_d_E": _finite(one.interaction_at_d_E),
                "string_end": _finite(one.string_end),
                "hysteresis": _finite(one.hysteresis),
                "note": one.note,
            }
            for one in self.readings
        ]
        paper = {"d_E": self.paper_d_E, "d_A": self.paper_d_A}
        whole = {"mu": self.mu, "paper": paper, "readings": rows}
        return json.dumps(whole, indent=1, ensure_ascii=False)

    def save(self, folder: str | os.PathLike[str], overwrite: bool = False) -> list[Path]:
        """Write branches.csv, summary.txt and summary.json; returns their paths.

        Raises FileExistsError where one is there and `overwrite` is not set, and ValueError for a
        folder that cannot be written into.
        """
        path = check_files(folder, overwrite)
        rows = [row for one in self.readings for row in branch_rows(self.mu, one)]
        write_csv(path / FILES[0], COLUMNS, rows, digits=10)
        write_whole(path / FILES[1], self.summary() + "\n")
        write_whole(path / FILES[2], self.to_json() + "\n")
        return [path / name for name in FILES]

    def plot(self) -> Figure:
        """Energy and |force| of all branches against d, d_E and d_A marked: Fig. 11 (a, b)."""
        from gl_reference.figure_branches import draw_branches

        return draw_branches(self)


def check_files(folder: str | os.PathLike[str], overwrite: bool) -> Path:
    """The folder that `Branches.save` may write into; errors as there."""
    path = check_folder(folder)
    there = [name for name in FILES if (path / name).exists()]
    if there and not overwrite:
        raise FileExistsError(
            f"folder = {str(path)!r}: holds {', '.join(there)}; choose another, or overwrite them "
            "(--force)"
        )
    return path


def branch_rows(mu: float, one: ReadingBranches) -> list[tuple[object, ...]]:
    """Lines of a table with `COLUMNS`."""
    states = {"conventional": one.conventional, "string": one.string}
    return [
        (mu, one.reading, one.h, name, *map(float, point))
        for name, branch in states.items()
        if branch is not None
        for point in zip(
            branch.d, branch.energy, branch.interaction_energy, branch.force, strict=True
        )
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _with_error(value: float, error: float) -> str:
    """As 4.281 ± 0.004, the error to one digit."""
    digits = min(4, max(2, -math.floor(math.log10(error)))) if error > 0 else 4
    return f"{value:.{digits}f} ± {max(error, 10.0**-digits):.{digits}f}"


# -------------------------------------------------------------------- the readings
def _of_minimum(mu: float, scheme: str, h: float, progress: bool) -> ReadingBranches:
    found = minimum_branches(mu)
    alone = 2 * single_vortex(1, mu).energy
    conventional, string = (
        Branch(one.d, one.energy, one.energy - alone, one.force)
        for one in (found.conventional, found.string)
    )
    return ReadingBranches(
        reading="minimum",
        scheme="",
        h=math.nan,
        conventional=conventional,
        string=string,
        d_E=found.d_E,
        d_E_error=found.d_E_error,
        d_A=found.d_A,
        d_A_error=found.d_A_error,
        string_end=math.inf,
        note="",
    )


def _of_lattice(mu: float, scheme: str, h: float, progress: bool) -> ReadingBranches:
    found = lattice_branches(mu, scheme=scheme, h=h, progress=progress)
    end = found.string_end
    followed = found.string.d[-1]
    return ReadingBranches(
        reading="lattice",
        scheme=scheme,
        h=h,
        conventional=found.conventional,
        string=found.string,
        d_E=found.d_E,
        d_E_error=found.d_E_error,
        d_A=found.d_A,
        d_A_error=found.d_A_error,
        string_end=math.inf if end is None else end[0],
        note=(
            f"errors are those on this grid; scheme {scheme!r}; its string "
            + (
                f"is stable at least to {followed:.2f}"
                if end is None
                else f"breaks at {end[1]:.2f}"
            )
        ),
    )


def _of_coulomb(mu: float, scheme: str, h: float, progress: bool) -> ReadingBranches:
    nearest = COULOMB_FIRST * annihilation_separation(mu)
    d = np.geomspace(nearest, COULOMB_LAST * stability_separation(mu), COULOMB_COUNT)
    pairs = [
        solve_pair(1, -1, mu, one, reading="coulomb", tolerance=COULOMB_TOLERANCE) for one in d
    ]
    shown = coulomb_returns(mu, SHOWN_AT * annihilation_separation(mu), h=SHOWN_WITH / max(1.0, mu))
    apart = abs(shown.energy_reached - shown.energy_conventional)
    return ReadingBranches(
        reading="coulomb",
        scheme="",
        h=math.nan,
        conventional=Branch(
            d,
            np.array([pair.energy for pair in pairs]),
            np.array([pair.interaction_energy for pair in pairs]),
            np.array([pair.force for pair in pairs]),
        ),
        string=None,
        d_E=math.nan,
        d_E_error=math.nan,
        d_A=math.nan,
        d_A_error=math.nan,
        string_end=math.nan,
        note=(
            f"one branch; started as a string at d = {shown.d:.2f} it returns to the conventional "
            f"state (energies {apart:.0e} ε₀ apart)"
        ),
    )


_READINGS: dict[str, Callable[[float, str, float, bool], ReadingBranches]] = {
    "minimum": _of_minimum,
    "lattice": _of_lattice,
    "coulomb": _of_coulomb,
}


def reading_branches(
    reading: BranchReading,
    mu: float,
    scheme: str = PAPER_SCHEME,
    h: float = PAPER_SPACING,
    progress: bool = False,
) -> ReadingBranches:
    """The branches of one reading; parameters and errors as `vav_branches`."""
    return _READINGS[reading](mu, scheme, h, progress)


def vav_branches(
    mu: float | None = None,
    *,
    kappa: float | None = None,
    readings: Sequence[str] = get_args(BranchReading),
    scheme: str = PAPER_SCHEME,
    h: float = PAPER_SPACING,
    progress: bool = False,
) -> Branches:
    """Conventional and string states of vortex and antivortex, d_E and d_A, in each reading.

    One core: a minute at μ = 1.7, two and a half at μ = 0.6; halving h costs `lattice` five times.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two; 0.3 … 2.5, where the paper's fits hold.
    readings : sequence of "minimum", "lattice", "coulomb"
    scheme : str
        Discretisation of `lattice`: one of `gl_reference.lattice.SCHEMES` without a gauge term. The
        default is nearest to the paper; "plaquette-free" is gauge-invariant, and nears the `minimum`.
    h : float
        Its spacing in λ; the paper's is 0.1.
    progress : bool
        Show bars on a terminal.

    Raises
    ------
    ValueError
        For anything outside these ranges, and readings that do not exist, come twice or not at all.
    ConvergenceError
        Where a solver does not converge, or branches do not cross.
    """
    value = check_range("mu", mu_from(mu, kappa), *MU_RANGE)
    names = _check_readings(readings)
    check_flag("progress", progress)
    check_free(scheme)
    spacing = check_step(h, value)
    if "lattice" not in names and (scheme != PAPER_SCHEME or spacing != PAPER_SPACING):
        raise ValueError(f"scheme = {scheme!r}, h = {h!r}: only for the reading 'lattice'")
    return Branches(
        mu=value,
        readings=tuple(reading_branches(name, value, scheme, spacing, progress) for name in names),
        paper_d_E=stability_separation(value),
        paper_d_A=annihilation_separation(value),
    )


def _check_readings(readings: Sequence[str]) -> list[BranchReading]:
    known: tuple[BranchReading, ...] = get_args(BranchReading)
    names = [readings] if isinstance(readings, str) else check_list("readings", readings)
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"readings: {shown(name)} is not one of {', '.join(map(repr, known))}")
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"readings = {shown(names)}: give each of {', '.join(map(repr, known))} once"
        )
    return [one for name in names for one in known if one == name]
