"""Networks of common shapes: two regions, chains, grids, a cylinder with its surface, and regions of a box.

Functions behind the constructors of `FluxNetwork`; each gives the arguments of it. R. Ma, Eqs. 3, 5 (two
regions), 21 (any number) and 23 (cylinder).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.checks import flag, measure, measure_or_zero, numbers, shown, whole
from vortexmd.flux_exchange.laws import ActivationLaw
from vortexmd.flux_exchange.parts import MAX_REGIONS, Interface, Outside, Region

Laws = ActivationLaw | Sequence[ActivationLaw]


class Parts(NamedTuple):
    """The arguments of `FluxNetwork`."""

    regions: list[Region]
    interfaces: list[Interface]
    attempt_rate: float
    hop_distance: float
    outside: Outside | None


class Geometry(Protocol):
    """What is asked of `vortexmd.Regions`."""

    @property
    def names(self) -> Sequence[str]: ...
    @property
    def area(self) -> NDArray[np.float64]: ...
    @property
    def width(self) -> NDArray[np.float64]: ...
    def __len__(self) -> int: ...
    def interfaces(self) -> list[tuple[int, int, float]]: ...
    def open_lengths(self) -> dict[int, float]: ...
    def hop_areas(self, hop_distance: float, /) -> tuple[Any, NDArray[np.float64]]: ...


def two_regions(p: ActivationLaw, q: ActivationLaw, epsilon: float, gamma: float) -> Parts:
    """Regions p and q of areas 1 and γ, joined so that ε_pq = ε."""
    epsilon, gamma = measure_or_zero("epsilon", epsilon), measure("gamma", gamma)
    regions = [Region(1.0, p, "p"), Region(gamma, q, "q")]
    # ε_pq = ½ L s ν₀ / A_p with ν₀ = 2, s = A_p = 1.
    return Parts(regions, [Interface(0, 1, epsilon)], 2.0, 1.0, None)


def chain(
    laws: Laws,
    cells: int | None,
    cell_width: ArrayLike,
    height: float,
    attempt_rate: float,
    hop_distance: float,
    outside: Outside | None,
    periodic: bool,
) -> Parts:
    """Cells side by side along x: a grid of one row."""
    if cells is None:
        if isinstance(laws, ActivationLaw):
            raise ValueError("cells: missing; give how many, or one law a cell")
        cells = len(_each_law(laws))
    return grid(
        (cells, 1),
        (cell_width, height),
        laws,
        attempt_rate,
        hop_distance,
        outside,
        (periodic, False),
        open_axes=(True, False),
    )


def grid(
    shape: Sequence[int],
    cell: Sequence[ArrayLike],
    laws: Laws,
    attempt_rate: float,
    hop_distance: float,
    outside: Outside | None,
    periodic: Sequence[bool],
    open_axes: tuple[bool, bool] = (True, True),
) -> Parts:
    """Rectangles in columns and rows; cell (x, y) is region x·ny + y."""
    nx, ny = (whole("shape", n, 1, MAX_REGIONS) for n in _two("shape", shape))
    if nx * ny > MAX_REGIONS:
        raise ValueError(f"shape = {(nx, ny)}: {nx * ny} cells; {MAX_REGIONS} are the most")
    periodic = [flag(f"periodic[{k}]", axis) for k, axis in enumerate(_two("periodic", periodic))]
    width = _sides("cell[0]", _two("cell", cell)[0], nx)
    height = _sides("cell[1]", cell[1], ny)
    _fits(hop_distance, min(width.min(), height.min()), "cell")
    number = np.arange(nx * ny).reshape(nx, ny)
    joined = [(number[:-1], number[1:], height), (number[:, :-1], number[:, 1:], width[:, None])]
    if periodic[0] and nx > 1:
        joined.append((number[-1], number[0], height))
    if periodic[1] and ny > 1:
        joined.append((number[:, -1], number[:, 0], width))
    lengths: dict[tuple[int, int], float] = {}
    for i, j, length in joined:
        long = np.broadcast_to(length, i.shape)
        for pair in zip(i.ravel().tolist(), j.ravel().tolist(), long.ravel().tolist(), strict=True):
            # Two cells round a ring meet twice.
            key = (min(pair[:2]), max(pair[:2]))
            lengths[key] = lengths.get(key, 0.0) + pair[2]
    if isinstance(outside, Outside) and outside.lengths is None:
        open_ = np.zeros((nx, ny))
        for axis, side in ((0, height), (1, width[:, None])):
            if open_axes[axis] and not periodic[axis]:
                ends = np.moveaxis(open_, axis, 0)
                long = np.moveaxis(np.broadcast_to(side, (nx, ny)), axis, 0)
                ends[0] += long[0]
                ends[-1] += long[-1]
        outside = _opened(outside, dict(enumerate(open_.ravel().tolist())), "periodic")
    return Parts(
        _regions(np.outer(width, height).ravel(), laws),
        [Interface(i, j, length) for (i, j), length in lengths.items()],
        attempt_rate,
        hop_distance,
        outside,
    )


def cylinder(
    radius: float,
    layer: float,
    bulk: ActivationLaw,
    surface: ActivationLaw,
    attempt_rate: float,
    hop_distance: float,
    outside: Outside,
) -> Parts:
    """Bulk and surface layer of a cylinder (Eqs. 23, 24): A_b = π(R − δ)², A_s = π(2R − δ)δ."""
    radius, layer = measure("radius", radius), measure("layer", layer)
    if layer >= radius:
        raise ValueError(
            f"layer = {layer:g}: give a thickness δ of more than 0 and less than the radius, {radius:g}"
        )
    inner = radius - layer
    _fits(hop_distance, min(layer, 2.0 * inner), "layer")
    regions = [
        Region(pi * inner**2, bulk, "bulk"),
        Region(pi * (2.0 * radius - layer) * layer, surface, "surface"),
    ]
    outside = _opened(outside, {1: 2.0 * pi * radius}, "radius")
    return Parts(regions, [Interface(0, 1, 2.0 * pi * inner)], attempt_rate, hop_distance, outside)


def from_regions(
    regions: Geometry,
    laws: Laws,
    attempt_rate: float,
    hop_distance: float,
    outside: Outside | None,
    effective: bool,
) -> Parts:
    """Regions of a box, with the lengths of their interfaces or those that the hops see."""
    hop_distance = measure("hop_distance", hop_distance)
    if not all(hasattr(regions, name) for name in ("area", "width", "open_lengths", "hop_areas")):
        raise ValueError(f"regions = {shown(regions)}: give vortexmd.Regions")
    if flag("effective", effective):
        areas, out = regions.hop_areas(hop_distance)
        pairs = areas.tocoo()
        faces = [
            Interface(int(i), int(j), float(area) / hop_distance)
            for i, j, area in zip(pairs.row, pairs.col, pairs.data, strict=True)
            if i < j and area > 0
        ]
        sides = {int(k): float(out[k]) / hop_distance for k in np.flatnonzero(out)}
    else:
        narrow = int(np.argmin(regions.width))
        _fits(
            hop_distance,
            float(regions.width[narrow]),
            f"region {narrow}",
            "; effective=True takes the conductances of the hops as they are",
        )
        faces = [Interface(int(i), int(j), float(length)) for i, j, length in regions.interfaces()]
        sides = regions.open_lengths()
    if outside is None and sides:
        raise ValueError(
            "outside: missing; the box is open: give Outside(b_applied) (0.0 for none), or close its sides"
        )
    if outside is not None:
        outside = _opened(outside, sides, "regions.box.boundary")
    return Parts(
        _regions(regions.area, laws, regions.names), faces, attempt_rate, hop_distance, outside
    )


def _two(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or len(value) != 2:
        raise ValueError(f"{name} = {shown(value)}: give two values, for x and y")
    return value


def _sides(name: str, value: ArrayLike, n: int) -> NDArray[np.float64]:
    """(n,) lengths of cells from one, or one each."""
    sides = numbers(name, value, "lengths")
    if sides.shape not in ((), (n,)):
        raise ValueError(f"{name}: {sides.shape} lengths for {n} cells; give one, or one each")
    for side in np.unique(sides):
        measure(name, float(side))
    return np.broadcast_to(sides, (n,))


def _fits(hop_distance: float, narrowest: float, where: str, remedy: str = "") -> None:
    distance = measure("hop_distance", hop_distance)
    if distance > narrowest * (1.0 + 1e-12):
        raise ValueError(
            f"hop_distance = {distance:g} exceeds the narrowest width, {narrowest:.6g} ({where}): hops "
            f"would pass over it; give a shorter one{remedy}"
        )


def _opened(outside: Any, lengths: dict[int, float], why: str) -> Outside:
    """The outside with the lengths that the geometry gives."""
    if not isinstance(outside, Outside):
        raise ValueError(f"outside = {shown(outside)}: give an Outside, or None")
    if outside.lengths is not None:
        raise ValueError("outside.lengths: follow from the geometry; leave them out")
    open_ = {k: length for k, length in lengths.items() if length > 0}
    if not open_:
        raise ValueError(f"outside: no side is open ({why}); leave it out, or open one")
    return Outside(outside.b_applied, open_, outside.entry_barrier)


def _each_law(laws: Any) -> list[ActivationLaw]:
    try:
        return list(laws)
    except TypeError:
        raise ValueError(
            f"laws = {shown(laws)}: give an ActivationLaw, or a list of them"
        ) from None


def _regions(
    area: NDArray[np.float64], laws: Laws, names: Sequence[str] | None = None
) -> list[Region]:
    """A region each, with one law for all or a law each."""
    n = len(area)
    each = [laws] * n if isinstance(laws, ActivationLaw) else _each_law(laws)
    if len(each) != n:
        raise ValueError(f"laws: {len(each)} for {n} regions; give one, or one a region")
    return [
        Region(float(a), law, None if names is None else names[k])
        for k, (a, law) in enumerate(zip(area, each, strict=True))
    ]
