"""Networks by their shape: the constructors of `FluxNetwork`.

What the paper names (R. Ma, Eqs. 3, 5, 23), rows and grids of cells, and regions of a box. The geometry is
that of `builders`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from vortexmd.flux_exchange import builders
from vortexmd.flux_exchange.builders import Laws
from vortexmd.flux_exchange.laws import ActivationLaw
from vortexmd.flux_exchange.parts import FluxExchangeWarning, Interface, Outside, Region

if TYPE_CHECKING:
    from vortexmd.box import Box


class Constructors:
    """Class methods that make networks; `above_b_max` and `temperature` are those of `FluxNetwork`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            regions: Sequence[Region],
            interfaces: Sequence[Interface],
            attempt_rate: float,
            hop_distance: float,
            outside: Outside | None = None,
            *,
            above_b_max: str = "clamp",
            temperature: float | None = None,
        ) -> None: ...

    @classmethod
    def two_regions(
        cls,
        p: ActivationLaw,
        q: ActivationLaw,
        *,
        epsilon: float,
        gamma: float = 1.0,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ) -> Self:
        """Regions p and q by the paper's coefficients (Eqs. 3, 5, 10).

        Parameters
        ----------
        p, q
            Their laws.
        epsilon
            ε_pq = ½ L s ν₀/A_p, 1/time; 0 parts them.
        gamma
            γ = ε_pq/ε_qp = A_q/A_p, with A_p = 1.
        """
        parts = builders.two_regions(p, q, epsilon, gamma)
        with warnings.catch_warnings():
            if epsilon == 0:
                # Parted because that was asked for.
                warnings.simplefilter("ignore", FluxExchangeWarning)
            return cls(*parts, above_b_max=above_b_max, temperature=temperature)

    @classmethod
    def chain(
        cls,
        laws: Laws,
        cell_width: ArrayLike,
        attempt_rate: float,
        hop_distance: float,
        *,
        cells: int | None = None,
        height: float = 1.0,
        periodic: bool = False,
        outside: Outside | None = None,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ) -> Self:
        """Cells in a row, which for narrow cells tends to ∂B/∂t = ½ ν₀ s a ∂²W/∂x².

        That is a nonlinear diffusion whose coefficient depends on the width a of the cells: Eqs. 25–27 of the
        paper are not an equivalence.

        Parameters
        ----------
        laws
            One for all, then with `cells`, or one a cell.
        cell_width
            a, length, or one a cell; the hop distance must not exceed it.
        height
            L of every interface, length.
        periodic
            The last cell touches the first.
        outside
            `Outside(b_applied)`: both ends touch it; with `lengths`, those cells do.
        """
        parts = builders.chain(
            laws, cells, cell_width, height, attempt_rate, hop_distance, outside, periodic
        )
        return cls(*parts, above_b_max=above_b_max, temperature=temperature)

    @classmethod
    def grid(
        cls,
        shape: Sequence[int],
        cell: Sequence[ArrayLike],
        laws: Laws,
        attempt_rate: float,
        hop_distance: float,
        *,
        periodic: Sequence[bool] = (False, False),
        outside: Outside | None = None,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ) -> Self:
        """Rectangular cells in columns and rows.

        Parameters
        ----------
        shape
            (nx, ny); the cell of column x and row y is region x·ny + y.
        cell
            (width, height), lengths; each one number, or one a column (nx,) and one a row (ny,).
        laws
            One for all, or one a cell.
        periodic
            Whether opposite sides touch, along x and along y.
        outside
            `Outside(b_applied)`: all sides that are not periodic touch it; with `lengths`, those cells do.
        """
        parts = builders.grid(shape, cell, laws, attempt_rate, hop_distance, outside, periodic)
        return cls(*parts, above_b_max=above_b_max, temperature=temperature)

    @classmethod
    def cylinder(
        cls,
        radius: float,
        layer: float,
        *,
        bulk: ActivationLaw,
        surface: ActivationLaw,
        attempt_rate: float,
        hop_distance: float,
        b_applied: float = 0.0,
        entry_barrier: float = 0.0,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ) -> Self:
        """The bulk (region 0) and the surface layer (region 1) of a cylinder, and the outside (Eq. 23).

        Parameters
        ----------
        radius, layer
            R and δ, lengths, 0 < δ < R.
        bulk, surface
            The laws.
        b_applied
            B_a, the field outside.
        entry_barrier
            U_e/kT of vortices that come in; the paper has none.
        """
        outside = Outside(b_applied, entry_barrier=entry_barrier)
        parts = builders.cylinder(radius, layer, bulk, surface, attempt_rate, hop_distance, outside)
        return cls(*parts, above_b_max=above_b_max, temperature=temperature)

    @classmethod
    def from_regions(
        cls,
        regions: builders.Geometry,
        laws: Laws,
        attempt_rate: float,
        hop_distance: float,
        outside: Outside | None = None,
        *,
        effective: bool = False,
        above_b_max: str = "clamp",
        temperature: float | None = None,
    ) -> Self:
        """The network of a labelled partition of a box (`vortexmd.Regions`).

        Parameters
        ----------
        regions
            The partition.
        laws
            One for all, or one a region.
        outside
            `Outside(b_applied)` where the box is open.
        effective
            Take the conductances that hops of ±s along the axes have, ½ν₀M_ij with M_ij the area from which
            they lead from i to j, and not ½Lsν₀: exact for slants, corners and regions narrower than s.
        """
        parts = builders.from_regions(regions, laws, attempt_rate, hop_distance, outside, effective)
        return cls(*parts, above_b_max=above_b_max, temperature=temperature)

    @classmethod
    def from_polygons(
        cls,
        polygons: Sequence[Any],
        laws: Laws,
        attempt_rate: float,
        hop_distance: float,
        outside: Outside | None = None,
        *,
        box: Box | None = None,
        **options: Any,
    ) -> Self:
        """`from_regions` of `Regions.polygons(polygons, box)`; further options as there."""
        from vortexmd.regions import Regions

        regions = Regions.polygons(polygons, box=box)
        return cls.from_regions(regions, laws, attempt_rate, hop_distance, outside, **options)

    @classmethod
    def from_raster(
        cls,
        labels: ArrayLike,
        laws: Laws,
        attempt_rate: float,
        hop_distance: float,
        outside: Outside | None = None,
        *,
        box: Box | None = None,
        pixel: Any = None,
        **options: Any,
    ) -> Self:
        """`from_regions` of `Regions.raster(labels, box, pixel)`; further options as there."""
        from vortexmd.regions import Regions

        regions = Regions.raster(labels, box=box, pixel=pixel)
        return cls.from_regions(regions, laws, attempt_rate, hop_distance, outside, **options)
