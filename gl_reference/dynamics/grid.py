"""The grid of a pair that moves: one mirror image of the plane, fine where the vortices pass.

Lines are uniform (spacing h) up to a given distance and then widen smoothly; every line of a finer
grid of the family lies where the map of the coarser one puts it, so that errors fall as h².
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from potentials.base import Array

Mirror = Literal["conjugate", "even", "none"]

WIDEST = 5.0  # spacing far out, in h
GROWTH = 0.8  # of the spacing, in h, per λ on the way there


def _lines(fine: float, end: float, h: float) -> Array:
    """Coordinates from 0 to at least `end`: spacing h up to `fine`, then towards WIDEST h.

    With u the index times h, dx/du goes from 1 to WIDEST as a smooth step in u.
    """
    width = (WIDEST - 1) / GROWTH
    # x(u) = u + (WIDEST − 1)·∫ smooth step; a cubic ramp of length `width` beyond `fine`.
    count = math.ceil((end + WIDEST * width) / h)
    u = np.arange(count + 1) * h
    t = np.clip((u - fine) / width, 0.0, 1.0)
    ramp = t**3 - t**4 / 2
    beyond = np.maximum(u - fine - width, 0.0)
    x = u + (WIDEST - 1) * (width * ramp + beyond)
    return x[: int(np.searchsorted(x, end)) + 1]


@dataclass(frozen=True, eq=False)
class Grid:
    """Half or quarter plane with mirror lines y = 0 and, unless `left` is "none", x = 0.

    Nodes carry Ψ, links A, plaquettes B. Arrays of fields have one ghost line on every side.

    Attributes
    ----------
    x, y : (Nx,), (Ny,) arrays
        Lines in λ; y from 0, x from 0 or, without a mirror, symmetric about 0.
    left : "conjugate", "even" or "none"
        What the reflection x → −x does to Ψ: its conjugate (vortices of one sign), nothing
        (vortex and antivortex), or no such symmetry.
    """

    x: Array
    y: Array
    left: Mirror

    @classmethod
    def around(cls, reach: float, breadth: float, margin: float, h: float, left: Mirror) -> Grid:
        """A grid of spacing h for vortices that stay within |x| ≤ reach.

        Parameters
        ----------
        reach, breadth : float
            Half width and half height in λ of the uniform part, the latter about the axis.
        margin : float
            From there to the edge, λ.
        """
        half = _lines(reach, reach + margin, h)
        x = half if left != "none" else np.concatenate([-half[:0:-1], half])
        return cls(x, _lines(breadth, breadth + margin, h), left)

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Of the state: (Re Ψ, Im Ψ, A_x, A_y) with ghost lines."""
        return 4, len(self.x) + 2, len(self.y) + 2

    @cached_property
    def links(self) -> tuple[Array, Array]:
        """Lengths of the links along x and y, that of the ghost link before the first line first."""
        return (
            _with_ghosts(np.diff(self.x), self.left != "none"),
            _with_ghosts(np.diff(self.y), True),
        )

    @cached_property
    def inverse_links(self) -> tuple[Array, Array]:
        """1/length; 0 of links that lead out of the domain, where nothing is beyond."""
        return tuple(np.where(np.isfinite(a), 1.0 / a, 0.0) for a in self.links)  # type: ignore[return-value]

    @cached_property
    def widths(self) -> tuple[Array, Array]:
        """Distances between the middles of neighbouring links, of each line and its ghosts (1)."""
        return tuple(_dual(a) for a in self.links)  # type: ignore[return-value]

    @cached_property
    def weights(self) -> tuple[Array, Array]:
        """`widths` less what lies beyond mirror lines, times the number of images; 0 of ghosts."""
        inside = []
        for widths, images in zip(self.widths, self._images, strict=True):
            own = images * widths
            own[0] = own[-1] = 0.0
            if images == 2:
                own[1] /= 2
            inside.append(own)
        return inside[0], inside[1]

    @cached_property
    def link_weights(self) -> tuple[Array, Array]:
        """Lengths of the links inside, times the number of images; 0 of ghosts."""
        inside = []
        for lengths, images in zip(self.links, self._images, strict=True):
            own = np.where(np.isfinite(lengths), images * lengths, 0.0)
            own[0] = 0.0
            inside.append(own)
        return inside[0], inside[1]

    @property
    def _images(self) -> tuple[int, int]:
        return (1 if self.left == "none" else 2), 2


def _with_ghosts(inner: Array, mirrored: bool) -> Array:
    """Link lengths (N + 1,) with those before the first and after the last line."""
    first = inner[0] if mirrored else np.inf
    return np.concatenate([[first], inner, [np.inf]])


def _dual(links: Array) -> Array:
    """Widths (N + 2,) about the N lines and their two ghosts, whose width is 1."""
    finite = np.where(np.isfinite(links), links, 0.0)
    return np.concatenate([[1.0], (finite[:-1] + finite[1:]) / 2, [1.0]])
