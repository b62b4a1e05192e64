"""Pinning wells: Gaussian and parabolic, at given, random or lattice sites.

A vortex feels every image of every well, found through cells of wells: the cost does not grow with
their number at a given density.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vortexmd.box import Box
from vortexmd.checks import LARGEST, SMALLEST, fits_memory, numbers, shown, whole
from vortexmd.external import ExternalForce
from vortexmd.lattices import BYTES_EACH, MAX_VORTICES, TRIANGULAR, random_vortices
from vortexmd.vortices import MAX_TURNS

# exp(-6²) = 2e-16: nothing of a Gaussian well is left beyond six radii.
GAUSSIAN_REACH = 6.0
# How far a lattice of pins may be strained to fit a box, in relative spacing.
MAX_STRAIN = 0.05
# Wells and their images across periodic sides, at most.
MAX_WELLS = 10**7


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
        return _BoundPins(replace(self, box=box))


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

    kind = 0
    reach_in_radii = GAUSSIAN_REACH


class ParabolicPins(_Pins):
    """Wells U = −depth·(1 − r²/radius²) for r < radius, 0 beyond; the force ends with a jump.

    Parameters and errors are those of `GaussianPins`; the largest force is 2·depth/radius, at the rim.
    """

    kind = 1
    reach_in_radii = 1.0


class _BoundPins(ExternalForce):
    """Wells with their images, sorted into cells of one box."""

    def __init__(self, pins: _Pins):
        assert pins.box is not None
        lengths = np.array(pins.box.lengths)
        periodic = np.array(pins.box.periodic)
        self.kind = pins.kind
        radius = np.broadcast_to(np.asarray(pins.radius, dtype=float), (len(pins),))
        depth = np.broadcast_to(np.asarray(pins.depth, dtype=float), (len(pins),))
        reach = float(pins.reach_in_radii * radius.max(initial=0.0)) or 1.0
        sites = pins.box.wrap(pins.positions)[0]
        most = np.where(periodic, np.ceil(reach / lengths), 0.0)
        wells = len(pins) * float(np.prod(2 * most + 1))
        if wells > MAX_WELLS:
            raise ValueError(
                f"pins.radius = {radius.max():g}: with their images across the periodic sides of "
                f"{pins.box.lengths} the wells count {wells:.3g}, and {MAX_WELLS:.0e} is the most; give "
                f"smaller or fewer ones"
            )
        turns = [np.arange(-m, m + 1) for m in most]
        images = np.array([(i, j) for i in turns[0] for j in turns[1]]) * lengths
        sites = (sites[None] + images[:, None]).reshape(-1, 2)
        radius, depth = np.tile(radius, len(images)), np.tile(depth, len(images))
        low = np.where(periodic, -reach, sites.min(axis=0, initial=np.inf) - reach)
        high = np.where(periodic, lengths + reach, sites.max(axis=0, initial=-np.inf) + reach)
        if len(sites) == 0:
            low, high = np.zeros(2), lengths
        near = np.all((sites >= low) & (sites <= high), axis=1)
        sites, radius, depth = sites[near], radius[near], depth[near]
        # Cells no narrower than the reach, and not many more of them than wells.
        crowd = sqrt(max(1.0, float(np.prod((high - low) / reach)) / (4.0 * len(sites) + 16)))
        # One axis alone may have as many cells as both should.
        cells = np.clip(np.floor((high - low) / (reach * crowd)), 1, 4 * len(sites) + 16)
        self.count = cells.astype(np.int64)
        self.origin, self.width = low, (high - low) / self.count
        cell = np.clip(((sites - low) / self.width).astype(np.int64), 0, self.count - 1)
        flat = cell[:, 1] * self.count[0] + cell[:, 0]
        order = np.argsort(flat, kind="stable")
        self.cell_start = np.searchsorted(flat[order], np.arange(np.prod(self.count) + 1))
        self.sites, self.radius, self.depth = sites[order], radius[order], depth[order]
        self.fold = np.where(periodic, lengths, np.inf)

    def add_forces(self, positions: NDArray, winding: NDArray, time: float, out: NDArray) -> None:
        self._wells(positions, out, np.empty(0))

    def energy(self, positions: NDArray, winding: NDArray, time: float) -> float:
        energies = np.zeros(len(positions))
        self._wells(positions, np.empty((0, 2)), energies)
        return float(energies.sum())

    def _wells(self, positions: NDArray, forces: NDArray, energies: NDArray) -> None:
        _wells(
            positions,
            self.sites,
            self.depth,
            self.radius,
            self.kind,
            self.cell_start,
            self.count,
            self.origin,
            self.width,
            self.fold,
            forces,
            energies,
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _wells(
    positions,
    sites,
    depth,
    radius,
    kind,
    cell_start,
    count,
    origin,
    width,
    fold,
    forces,
    energies,
):
    """Add forces where there is room for them, else energies; kind 0 Gaussian, 1 parabolic."""
    want_forces = forces.shape[0] > 0
    for i in range(positions.shape[0]):
        x = positions[i, 0]
        y = positions[i, 1]
        if fold[0] < np.inf:
            x -= fold[0] * np.floor(x / fold[0])
        if fold[1] < np.inf:
            y -= fold[1] * np.floor(y / fold[1])
        cx = int(np.floor((x - origin[0]) / width[0]))
        cy = int(np.floor((y - origin[1]) / width[1]))
        for row in range(max(cy - 1, 0), min(cy + 2, count[1])):
            if cx + 1 < 0 or cx - 1 >= count[0]:
                continue
            first = cell_start[row * count[0] + max(cx - 1, 0)]
            last = cell_start[row * count[0] + min(cx + 1, count[0] - 1) + 1]
            for k in range(first, last):
                dx = x - sites[k, 0]
                dy = y - sites[k, 1]
                q = (dx * dx + dy * dy) / (radius[k] * radius[k])
                if kind == 0:
                    if q > 36.0:
                        continue
                    well = depth[k] * np.exp(-q)
                    slope = well
                else:
                    if q >= 1.0:
                        continue
                    well = depth[k] * (1.0 - q)
                    slope = depth[k]
                if want_forces:
                    pull = 2.0 * slope / (radius[k] * radius[k])
                    forces[i, 0] -= pull * dx
                    forces[i, 1] -= pull * dy
                else:
                    energies[i] -= well


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
