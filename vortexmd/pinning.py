"""Pinning wells: Gaussian and parabolic, at given, random or lattice sites.

A vortex feels every image of every well. They are sorted here, once for a box; the loops over them are in
`vortexmd.kernels.wells`. The cost does not grow with their number at a given density.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.checks import LARGEST, SMALLEST, fits_memory, numbers, shown, whole
from vortexmd.external import ExternalForce
from vortexmd.kernels.wells import (
    GAUSSIAN,
    LANES,
    LOG2_E,
    PARABOLIC,
    Wells,
    add_well_forces,
    well_energies,
)
from vortexmd.lattices import BYTES_EACH, MAX_VORTICES, TRIANGULAR, random_vortices
from vortexmd.vortices import MAX_TURNS

# exp(-6²) = 2e-16: nothing of a Gaussian well is left beyond six radii.
GAUSSIAN_REACH = 6.0
# How far a lattice of pins may be strained to fit a box, in relative spacing.
MAX_STRAIN = 0.05
# Wells and their images across periodic sides, at most.
MAX_WELLS = 10**7
# A cell's wells are looked for this much farther than they reach: distances are rounded.
SLACK = 1 + 1e-9
# Where nothing can be felt, and yet no square overflows into what is not a number.
NOWHERE = 1e100
# Wells in reach from which on thinner strips, and so more copies, are worth their room in the caches.
MANY = 32


@dataclass(frozen=True, eq=False)
class _Pins(ExternalForce):
    """What the two kinds of wells share."""

    positions: NDArray[np.float64]
    depth: float | NDArray[np.float64]
    radius: float | NDArray[np.float64]
    box: Box | None = None

    kind: ClassVar[int]
    reach_in_radii: ClassVar[float]

    def __post_init__(self) -> None:
        positions = numbers("pins.positions", self.positions, "finite numbers in λ, shape (M, 2)")
        if positions.size == 0:
            positions = positions.reshape(0, 2)
        if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
            raise ValueError(
                f"pins.positions = {shown(self.positions)}: give finite numbers in λ, shape (M, 2)"
            )
        if (np.abs(positions) > LARGEST).any():
            raise ValueError(f"pins.positions = {shown(self.positions)}: at most {LARGEST:g} λ")
        for name, positive in (("depth", False), ("radius", True)):
            what = "lengths in λ" if positive else "energies in ε₀"
            value = numbers(f"pins.{name}", getattr(self, name), what)
            if value.shape not in ((), (len(positions),)):
                raise ValueError(
                    f"pins.{name}: shape {value.shape}, one number or {len(positions)}"
                )
            low = SMALLEST if positive else -LARGEST
            if not ((value >= low) & (value <= LARGEST)).all():
                raise ValueError(
                    f"pins.{name} = {shown(getattr(self, name))}: give {what} from {low:g} to {LARGEST:g}"
                )
            value.setflags(write=False)
            object.__setattr__(self, name, float(value) if value.ndim == 0 else value)
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)
        if self.box is not None:
            _check_box(self.box)
            far = np.abs(positions) > MAX_TURNS * np.array(self.box.lengths)
            k = int(np.argmax(far.any(axis=1))) if len(positions) else 0
            if (far & self.box.periodic).any():
                raise ValueError(
                    f"pins.positions[{k}] = {positions[k]}: more than {MAX_TURNS:.0e} times round the box "
                    f"{self.box.lengths}"
                )
            outside = np.flatnonzero(~self.box.contains(self.box.wrap(positions)[0]))
            if outside.size:
                k = outside[0]
                raise ValueError(f"pins.positions[{k}] = {positions[k]}: outside the box")

    def __len__(self) -> int:
        return len(self.positions)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and np.array_equal(self.positions, other.positions)  # type: ignore[attr-defined]
            and np.array_equal(self.depth, other.depth)  # type: ignore[attr-defined]
            and np.array_equal(self.radius, other.radius)  # type: ignore[attr-defined]
            and self.box == other.box  # type: ignore[attr-defined]
        )

    @classmethod
    def random(
        cls,
        n: int,
        *,
        depth: float,
        radius: float,
        box: Box,
        seed: int = 0,
        min_distance: float = 0.0,
    ) -> Self:
        """`n` wells at random places of the box, at least `min_distance` (λ) apart."""
        _check_box(box)
        n = _count(n)
        sites = random_vortices(n, box=box, min_distance=min_distance, seed=seed).positions
        return cls(sites, depth, radius, box)

    @classmethod
    def square(cls, n: int, *, depth: float, radius: float, box: Box) -> Self:
        """`n` wells on a square lattice that fits the box; ValueError if none does within 5 %."""
        columns, rows = _fit(n, box, "square")
        x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
        sites = np.column_stack((x.ravel(), y.ravel())) * np.array(box.lengths)
        return cls(sites, depth, radius, box)

    @classmethod
    def triangular(cls, n: int, *, depth: float, radius: float, box: Box) -> Self:
        """`n` wells on a triangular lattice, rows along x, that fits the box to 5 %."""
        columns, rows = _fit(n, box, "triangular")
        column, row = np.meshgrid(np.arange(columns), np.arange(rows))
        x = (column + 0.5 * (row % 2) + 0.25) / columns
        y = (row + 0.5) / rows
        sites = np.column_stack((x.ravel(), y.ravel())) * np.array(box.lengths)
        return cls(sites, depth, radius, box)

    def bind(self, box: Box) -> ExternalForce:
        if self.box is not None and self.box != box:
            raise ValueError(
                f"pins.box = {self.box!r}: the simulation's box is another one, {box!r}; "
                f"pass box=start.box when making the pins"
            )
        return BoundPins(replace(self, box=box))


class GaussianPins(_Pins):
    """Wells U = −depth·exp(−r²/radius²); the force peaks at 0.857764 depth/radius.

    Parameters
    ----------
    positions
        (M, 2) in λ.
    depth
        ε₀, one for all or (M,); negative makes a hill.
    radius
        λ, one for all or (M,).
    box
        The box they were made for; a simulation in another box refuses them.

    Raises
    ------
    ValueError
        Naming the field.
    """

    kind = GAUSSIAN
    reach_in_radii = GAUSSIAN_REACH


class ParabolicPins(_Pins):
    """Wells U = −depth·(1 − r²/radius²) for r < radius, 0 beyond; the force ends with a jump.

    Parameters and errors are those of `GaussianPins`; the largest force is 2·depth/radius, at the rim.
    """

    kind = PARABOLIC
    reach_in_radii = 1.0


class BoundPins(ExternalForce):
    """Wells with their images, sorted for the vortices of one box."""

    def __init__(self, pins: _Pins):
        assert pins.box is not None
        lengths = np.array(pins.box.lengths)
        periodic = np.array(pins.box.periodic)
        radius = np.broadcast_to(np.asarray(pins.radius, dtype=float), (len(pins),))
        depth = np.broadcast_to(np.asarray(pins.depth, dtype=float), (len(pins),))
        reach = float(pins.reach_in_radii * radius.max(initial=0.0))
        most = np.where(periodic, np.ceil(reach / lengths), 0.0)
        wells = len(pins) * float(np.prod(2 * most + 1))
        if wells > MAX_WELLS:
            raise ValueError(
                f"pins.radius = {radius.max():g}: with their images across the periodic sides of "
                f"{pins.box.lengths} the wells count {wells:.3g}, and {MAX_WELLS:.0e} is the most; give "
                f"smaller or fewer ones"
            )
        sites, which = pins.box.wrap(pins.positions)[0], np.arange(len(pins))
        felt = SLACK * pins.reach_in_radii * radius
        # Where vortices are found once folded: along other axes than periodic ones, anywhere.
        low, high = np.zeros(2), lengths.copy()
        for axis in (0, 1):
            if periodic[axis]:
                turns = np.arange(-most[axis], most[axis] + 1)
                shift = np.repeat(turns * lengths[axis], len(sites))
                sites, which = np.tile(sites, (len(turns), 1)), np.tile(which, len(turns))
                sites[:, axis] += shift
                away = np.maximum(-sites[:, axis], sites[:, axis] - lengths[axis])
                near = away <= felt[which]
                sites, which = sites[near], which[near]
            elif len(sites):
                low[axis] = (sites[:, axis] - felt[which]).min()
                high[axis] = (sites[:, axis] + felt[which]).max()
        #: What the compiled loops of a step are told of them.
        self.wells = _sorted(
            sites,
            radius[which],
            depth[which],
            pins.kind,
            pins.reach_in_radii,
            (low, high),
            np.where(periodic, lengths, 0.0),
        )

    def add_forces(self, positions: NDArray, winding: NDArray, time: float, out: NDArray) -> None:
        add_well_forces(positions, 0, len(positions), self.wells, out)

    def energy(self, positions: NDArray, winding: NDArray, time: float) -> float:
        energies = np.zeros(len(positions))
        well_energies(positions, 0, len(positions), self.wells, energies)
        return float(energies.sum())


def _sorted(
    sites: NDArray,
    radius: NDArray,
    depth: NDArray,
    kind: int,
    reach_in_radii: float,
    span: tuple[NDArray, NDArray],
    period: NDArray,
) -> Wells:
    """Wells, images among them, as the loops want them.

    Parameters
    ----------
    sites
        (M, 2) in λ, with `radius` (λ) and `depth` (ε₀), (M,).
    kind, reach_in_radii
        As in the classes of pins.
    span
        Lower and upper ends (2,) of where vortices feel something, in λ.
    period
        (2,) in λ, 0 along axes that are not periodic.
    """
    low, high = span
    reach = SLACK * reach_in_radii * radius
    # Far out the reach itself may be lost in rounding.
    size = np.maximum(high - low, reach.max(initial=0.0))
    columns, rows = _grid(size, reach)
    per_length = np.array([columns, rows]) / size

    def cells(places: NDArray, axis: int, number: int) -> NDArray[np.int64]:
        # The loops' own arithmetic: it never decreases with the place, so that no well is missed.
        return np.clip((places - low[axis]) * per_length[axis], 0, number - 1).astype(np.int64)

    bottom_row = cells(sites[:, 1] - reach, 1, rows)
    copies = cells(sites[:, 1] + reach, 1, rows) - bottom_row + 1
    well = np.repeat(np.arange(len(sites)), copies)
    row = np.arange(len(well)) - np.repeat(np.cumsum(copies) - copies - bottom_row, copies)
    order = np.lexsort((sites[well, 0], row))
    well, row = well[order], row[order]

    # How far a well is felt along its strip: half a chord, at the height where the strip is nearest to it.
    x, y = sites[well].T
    edge = low[1] + row / per_length[1]
    away = np.maximum(edge - y, y - (edge + 1 / per_length[1]))
    away = np.maximum(away - 8 * np.finfo(float).eps * np.abs(span).max(), 0.0)
    felt = np.sqrt(np.maximum(reach[well] ** 2 - away**2, 0.0))
    # The run of a cell: from the first well that reaches it to the last one.
    leftmost = row * columns + cells(x - felt, 0, columns)
    rightmost = row * columns + cells(x + felt, 0, columns)
    cell = np.arange(rows * columns)
    first = np.searchsorted(np.maximum.accumulate(rightmost), cell, side="left")
    end = np.searchsorted(np.minimum.accumulate(leftmost[::-1])[::-1], cell, side="right")
    blocks = -(-np.maximum(end - first, 0) // LANES)
    runs = np.column_stack((first + LANES * (cell // columns), blocks)).astype(np.int32)

    place = np.arange(len(well)) + LANES * row
    room = len(well) + LANES * rows
    scale = -(LOG2_E if kind == GAUSSIAN else 1.0) / radius**2
    pull = 2.0 * depth / radius**2
    alike = len(sites) > 0 and np.ptp(radius) == 0 and np.ptp(depth) == 0

    def laid_out(values: NDArray, filler: float) -> NDArray[np.float64]:
        out = np.full(room, filler)
        out[place] = values[well]
        return out

    return Wells(
        x=laid_out(sites[:, 0], NOWHERE),
        y=laid_out(sites[:, 1], NOWHERE),
        scale=np.full(LANES, scale[0]) if alike else laid_out(scale, -1.0),
        pull=np.full(LANES, pull[0]) if alike else laid_out(pull, 0.0),
        runs=runs,
        each=0 if alike else 1,
        kind=kind,
        columns=columns,
        rows=rows,
        left=float(low[0]),
        bottom=float(low[1]),
        columns_per_length=float(per_length[0]),
        rows_per_length=float(per_length[1]),
        period_x=float(period[0]),
        period_y=float(period[1]),
        turns_x=float(1 / period[0]) if period[0] else 0.0,
        turns_y=float(1 / period[1]) if period[1] else 0.0,
    )


def _grid(size: NDArray, reach: NDArray) -> tuple[int, int]:
    """Columns and rows of cells for wells of reaches (M,) in an area of size (2,), both in λ.

    Rows as high as a well reaches give each well three copies, half as high ones five. There are not many
    more cells than wells, nor so many rows that the room between them counts.
    """
    typical = float(reach.mean()) if len(reach) else float(size.max())
    most = 4 * len(reach) + 64
    wells_in_reach = len(reach) * float(np.prod(np.minimum(1.0, 3 * typical / size)))
    height, width = typical * (0.5 if wells_in_reach > MANY else 1.0), 0.25 * typical
    crowd = sqrt(max(1.0, (size[0] / width) * (size[1] / height) / most))
    rows = int(min(max(size[1] / (height * crowd), 1.0), len(reach) / 4 + 16))
    columns = int(min(max(size[0] / width, 1.0), most / rows))
    return columns, rows


def _count(n: int) -> int:
    n = whole("pins.n", n, 1, MAX_VORTICES)
    fits_memory("pins.n", n, BYTES_EACH * float(n))
    return n


def _check_box(box: Any) -> None:
    if not isinstance(box, Box):
        raise ValueError(f"pins.box = {shown(box)}: give the simulation's Box, as in box=start.box")


def _fit(n: int, box: Box, kind: str) -> tuple[int, int]:
    """(columns, rows) of a lattice of n sites whose spacings fit the box."""
    _check_box(box)
    n = _count(n)
    step, shape = (2, TRIANGULAR) if kind == "triangular" else (1, 1.0)
    most = 8 * n + 64
    slope = box.lengths[0] * shape / box.lengths[1]
    # A column at least, and no more sites than `most`.
    rows = np.arange(step, min(4.0 * n + 8, 2 * sqrt(most / slope) + 2), step)
    ideal = slope * rows
    columns = np.concatenate((np.maximum(1.0, np.floor(ideal)), np.floor(ideal) + 1))
    strain = np.abs(np.log(columns / np.tile(ideal, 2)))
    rows = np.tile(rows, 2)
    good = np.flatnonzero((strain <= MAX_STRAIN) & (columns * rows <= most))
    sites = (columns * rows)[good]
    fitting = good[sites == n]
    if not fitting.size:
        below, above = sites[sites < n], sites[sites > n]
        nearest = [*below[np.argsort(below)[-1:]], *above[np.argsort(above)[:1]]]
        named = " or ".join(f"{m:.0f}" for m in nearest)
        raise ValueError(
            f"pins.n = {n}: a {kind} lattice of {n} wells does not fit the box {box.lengths} within "
            f"{MAX_STRAIN:.0%}" + (f"; n = {named} does" if named else "")
        )
    best = fitting[np.lexsort((rows[fitting], columns[fitting], strain[fitting]))[0]]
    return int(columns[best]), int(rows[best])
