"""The mesh of a pair with slits: one conformal map that straightens all ends of the slits.

The quarter plane x, y ≥ 0 with a slit from a to b on the x axis is the image of a rectangle,

    x + iy = a sn(t + is | m),   0 ≤ t ≤ K(m),  0 ≤ s ≤ K'(m),   m = (a/b)²,

(Abramowitz and Stegun, ch. 16): s = 0 is the axis from 0 to a, t = K the slit, s = K' the axis
beyond b, t = 0 the y axis, and infinity the corner t = 0, s = K'. At a and b the conditions on Ψ
change and it varies as √r; in t + is the change sits at a right angle, where Ψ is analytic. So
spectral elements converge exponentially, whether or not the free end is where it belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ellipj, ellipk, ellipkm1, elliprf

from gl_reference.confocal_mesh import Axis
from potentials.base import Array

WIDEST_ELEMENT = 0.9  # in t and s
POLE = 1.0  # an element's length is this share of its distance from infinity, at most
WIDENING = 2.0  # an element's length doubles at this many core sizes from the slit
SAMPLES = 160  # of t and s, where the width that is allowed is looked up


def _complement(a: float, b: float) -> float:
    """1 − m, exact for the shortest slits."""
    return (b - a) * (b + a) / b**2


def _periods(a: float, b: float) -> tuple[float, float]:
    """K and K'."""
    m1 = _complement(a, b)
    return float(ellipkm1(m1)), float(ellipk(m1))


def inverse_map(a: float, b: float, z: np.ndarray) -> tuple[Array, Array]:
    """t and s, from 0 to 1, of points z (any shape) with x, y ≥ 0; see `slit_map`."""
    K, K1 = _periods(a, b)
    ratio = z / a + 1e-300j  # just above the cuts of R_F
    w = ratio * elliprf(1 - ratio**2, 1 - (a / b) ** 2 * ratio**2, 1.0)
    return np.clip(abs(w.real) / K, 0, 1), np.clip(abs(w.imag) / K1, 0, 1)


def slit_map(a: float, b: float, t: Array, s: Array) -> tuple[np.ndarray, np.ndarray]:
    """z and dz/dw at w = tK + isK', for t and s from 0 to 1 that broadcast; complex.

    Infinite at t = 0, s = 1.
    """
    m1, (K, K1) = _complement(a, b), _periods(a, b)
    sn, cn, dn = ellipj(t * K, 1 - m1)[:3]
    sn1, cn1, dn1 = ellipj(s * K1, m1)[:3]
    cn[t == 1], cn1[s == 1], dn[t == 1] = 0.0, 0.0, np.sqrt(m1)
    m = 1 - m1
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 / (cn1**2 + m * (sn * sn1) ** 2)
        z = a * scale * (sn * dn1 + 1j * cn * dn * sn1 * cn1)
        of_cn = scale * (cn * cn1 - 1j * sn * dn * sn1 * dn1)
        of_dn = scale * (dn * cn1 * dn1 - 1j * m * sn * cn * sn1)
        return z, a * of_cn * of_dn


@dataclass(frozen=True)
class SlitMesh:
    """Spectral elements on the rectangle, less those around infinity.

    Attributes
    ----------
    a, b : float
        Ends of the slit in λ, 0 < a < b.
    t, s : Axis
        In units of K and K', from 0 to 1.
    cut : (int, int)
        The elements i < cut[0], j ≥ cut[1] hold infinity and are left out.
    """

    a: float
    b: float
    t: Axis
    s: Axis
    cut: tuple[int, int]

    @cached_property
    def periods(self) -> tuple[float, float]:
        """K and K'."""
        return _periods(self.a, self.b)

    @property
    def shape(self) -> tuple[int, int]:
        """Nodes in t and in s."""
        return len(self.t.nodes), len(self.s.nodes)

    @cached_property
    def _map(self) -> tuple[np.ndarray, np.ndarray]:
        z, dz = slit_map(self.a, self.b, self.t.nodes[:, None], self.s.nodes)
        dz[-1, 0] = dz[-1, -1] = 0.0
        far = ~np.isfinite(z)
        z[far], dz[far] = np.inf, 0.0
        return z, dz

    @property
    def z(self) -> np.ndarray:
        """x + iy of the nodes, complex (t, s); infinite at the corner that is left out."""
        return self._map[0]

    @property
    def dz(self) -> np.ndarray:
        """dz/dw of the nodes; its modulus squared is the area element."""
        return self._map[1]

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Elements (in t, in s) that belong to the mesh."""
        kept = np.ones((len(self.t.breaks) - 1, len(self.s.breaks) - 1), dtype=bool)
        kept[: self.cut[0], self.cut[1] :] = False
        return kept

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Nodes on the edge of the mesh or beyond."""
        outside = np.zeros(self.shape, dtype=bool)
        outside[: self.cut[0] * self.t.order + 1, self.cut[1] * self.s.order :] = True
        return outside

    @cached_property
    def elements(self) -> NDArray[np.int64]:
        """Node numbers of each element (E, order + 1 in t, order + 1 in s)."""
        across = self.shape[1]
        inner = np.arange(self.t.order + 1)
        i, j = np.nonzero(self.kept)
        rows = i[:, None] * self.t.order + inner
        columns = j[:, None] * self.s.order + inner
        return rows[:, :, None] * across + columns[:, None, :]

    @cached_property
    def widths(self) -> tuple[Array, Array]:
        """Lengths of each element (E,) in t·K and in s·K'."""
        i, j = np.nonzero(self.kept)
        K, K1 = self.periods
        return np.diff(self.t.breaks)[i] * K, np.diff(self.s.breaks)[j] * K1

    def moved(self, a: float, b: float) -> SlitMesh:
        """The same elements around another slit."""
        return SlitMesh(a, b, self.t, self.s, self.cut)

    def locate(self, z: np.ndarray) -> tuple[Array, Array]:
        """t and s (in units of K and K') of points x + iy (any shape) with x, y ≥ 0."""
        return inverse_map(self.a, self.b, z)

    def derivative(self, t: Array, s: Array) -> np.ndarray:
        """dz/dw at points t, s (P,), in units of K and K'; complex."""
        return slit_map(self.a, self.b, t, s)[1]


def build_mesh(a: float, b: float, mu: float, *, order: int, margin: float) -> SlitMesh:
    """A mesh for a slit from a to b at μ that reaches at least `margin` (λ) beyond the slit."""
    core = min(1.0, 1 / mu)
    t_cut, s_cut = _cut(a, b, margin)
    fine = (np.arange(SAMPLES) + 0.5) / SAMPLES
    t = np.append(fine * t_cut, t_cut + fine * (1 - t_cut))
    s = np.append(fine * s_cut, s_cut + fine * (1 - s_cut))
    z, dz = slit_map(a, b, t[:, None], s)
    distance = abs(z - np.clip(z.real, a, b))
    allowed = core + distance / WIDENING
    wanted = abs(dz) / allowed
    wanted[:SAMPLES, SAMPLES:] = 0.0
    K, K1 = _periods(a, b)
    # Beyond the cut corner infinity is no nearer than the corner itself.
    pole_t = np.where(t > t_cut, POLE / (K * t), 0.0)
    pole_s = np.where(s < s_cut, POLE / (K1 * (1 - s)), 0.0)
    of_t = K * np.maximum(wanted.max(axis=1), 1 / WIDEST_ELEMENT + pole_t)
    of_s = K1 * np.maximum(wanted.max(axis=0), 1 / WIDEST_ELEMENT + pole_s)
    near_t, far_t = _breaks(0.0, t_cut, of_t[:SAMPLES]), _breaks(t_cut, 1.0, of_t[SAMPLES:])
    near_s, far_s = _breaks(0.0, s_cut, of_s[:SAMPLES]), _breaks(s_cut, 1.0, of_s[SAMPLES:])
    return SlitMesh(
        a,
        b,
        Axis(np.append(near_t, far_t[1:]), order),
        Axis(np.append(near_s, far_s[1:]), order),
        (len(near_t) - 1, len(near_s) - 1),
    )


def _cut(a: float, b: float, margin: float) -> tuple[float, float]:
    """t and s (in units of K and K') where the corner that holds infinity is cut off."""
    reach = b + margin
    while True:
        t, _ = inverse_map(a, b, np.array(reach + 0j))
        _, s = inverse_map(a, b, np.array(1j * reach))
        corner = slit_map(a, b, np.array([t]), np.array([s]))[0][0]
        if abs(corner - min(max(corner.real, a), b)) >= margin:
            return float(t), float(s)
        reach *= 1.1


def _breaks(low: float, high: float, density: Array) -> Array:
    """Ends of elements from low to high whose widths are about 1/density at most."""
    count = np.append(0.0, np.cumsum(density)) * (high - low) / len(density)
    elements = max(1, int(np.ceil(count[-1])))
    grid = np.linspace(low, high, len(count))
    return np.interp(np.linspace(0.0, count[-1], elements + 1), count, grid)
