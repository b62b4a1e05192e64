"""The radial Ginzburg-Landau equations of one vortex, solved by spectral collocation.

Eqs. 5 and 6 of Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), for f(r) and
q(r) = 1 − a(r), lengths in λ:

    f'' + f'/r − n²q²f/r² − (μ²/2) f(f² − 1) = 0,    q'' − q'/r − f²q = 0,
    f(0) = 0, q(0) = 1, f(∞) = 1, q(∞) = 0.

Where μ is small q falls like e^{−r} over hundreds of λ, and the tail amplitudes need it to
relative, not absolute, precision. It is therefore written q = e^{−χ}v with χ = √(r² + c²) − c,
c the core radius, and v, which changes slowly, is solved for:

    v'' − (2χ' + 1/r)v' + (χ'² − χ'' + χ'/r − f²)v = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_banded
from scipy.special import k0e, k1e

from gl_reference.errors import ConvergenceError
from gl_reference.radial_mesh import (
    RadialMesh,
    core_radius,
    radial_mesh,
    read_only,
    reference_derivatives,
)
from potentials.base import Array

MAX_ITERATIONS = 60
TOLERANCE = 1e-8  # of the last Newton step; the error after it is about its square
LONGEST_STEP = 0.5  # of f in one iteration


@dataclass(frozen=True, eq=False)
class RadialFields:
    """A solution on its mesh, winding n ≥ 1; arrays are (K,) at the nodes `mesh.r`.

    Attributes
    ----------
    f : array
        |Ψ|.
    v : array
        e^χ q; q = 1 − a is the share of the flux outside r.
    """

    n: int
    mu: float
    mesh: RadialMesh
    f: Array
    v: Array

    def chi(self, r: Array) -> Array:
        """χ at any r ≥ 0."""
        c = core_radius(self.n, self.mu)
        return r * r / (np.hypot(r, c) + c)

    @cached_property
    def q(self) -> Array:
        """1 − a, to relative precision."""
        return self.v * np.exp(-self.chi(self.mesh.r))

    @cached_property
    def q_slope(self) -> Array:
        """q', to relative precision away from r = 0."""
        r = self.mesh.r
        chi_slope = r / np.hypot(r, core_radius(self.n, self.mu))
        return np.exp(-self.chi(r)) * (self.mesh.derivative(self.v) - chi_slope * self.v)

    @cached_property
    def field(self) -> Array:
        """B = −n q'/r in Φ₀/(2πλ²), to relative precision.

        Near r = 0, where that is 0/0, B = B(R) + ∫_r^R J instead (Ampère).
        """
        r = self.mesh.r
        outside = -self.n * self.q_slope[1:] / r[1:]
        inside = outside[-1] + self.mesh.integral_from_outside(self.current)
        return np.where(r < core_radius(self.n, self.mu), inside, np.append(0.0, outside))

    @cached_property
    def current(self) -> Array:
        """J_θ = n f²q/r in Φ₀/(2πμ₀λ³)."""
        return self.n * self.f * self.f_over_r * self.q

    @cached_property
    def f_over_r(self) -> Array:
        """f/r, at r = 0 its limit f'(0)."""
        first = self.mesh.derivative(self.f)[:1]
        return np.append(first, self.f[1:] / self.mesh.r[1:])

    @cached_property
    def energies(self) -> tuple[float, float, float]:
        """Energies of the gradient, the field and the condensate, in ε₀ (Eq. 9)."""
        slope = self.mesh.derivative(self.f)
        gradient = (slope**2 + (self.n * self.q * self.f_over_r) ** 2) / 2
        condensate = self.mu**2 / 8 * (1 - self.f**2) ** 2
        first, second, third = (
            2 * self.mesh.integrate(self.mesh.r * density)
            for density in (gradient, self.field**2 / 2, condensate)
        )
        return first, second, third


def solve_radial(n: int, mu: float, order: int) -> RadialFields:
    """The vortex of winding n ≥ 1 at μ on elements of the given order.

    Raises `ConvergenceError` where Newton's iteration does not arrive.
    """
    mesh = radial_mesh(n, mu, order)
    system = _Collocation(n, mu, mesh)
    # f ~ rⁿ rises at the edge of the core; q follows exactly from f. (tanh 40 is one.)
    f = np.tanh(np.minimum(1.2 * mesh.r / core_radius(n, mu), 40 ** (1 / n)) ** n)
    v = system.field_around(f)
    for _ in range(MAX_ITERATIONS):
        step_f, step_v = system.newton_step(f, v)
        largest = float(np.abs(step_f).max())
        damping = min(1.0, LONGEST_STEP / largest)
        f = f + damping * step_f
        v = v + damping * step_v
        if max(largest, float(np.abs(step_v / v).max())) < TOLERANCE:
            return RadialFields(n, mu, mesh, read_only(f), read_only(v))
    raise ConvergenceError(
        f"single vortex n = {n}, mu = {mu:.6g}: Newton's last step in f is {largest:.1e} after "
        f"{MAX_ITERATIONS} iterations; give a smaller |n| or a mu nearer to 1"
    )


class _Collocation:
    """The equations at the nodes, for f and v, as band matrices in solve_banded's layout.

    Row i + order − j, column j of a band holds the coefficient of unknown j in equation i.
    """

    def __init__(self, n: int, mu: float, mesh: RadialMesh) -> None:
        self.n, self.mu, self.mesh = n, mu, mesh
        r = mesh.r
        c = core_radius(n, mu)
        root = np.hypot(r, c)
        slope = r / root
        inner = np.ones(len(r), dtype=bool)  # not an end of an element
        inner[:: mesh.order] = False
        self._inner = inner
        # χ'² − χ'' + χ'/r
        self._attraction = np.where(inner, slope**2 - c * c / root**3 + 1 / root, 0.0)
        self._twist = np.zeros_like(r)  # n²q²/(r²v²)
        self._twist[inner] = (n * np.exp(-(root - c)[inner]) / r[inner]) ** 2
        one_over_r = 1 / mesh.nodes[:, 1:-1, None]
        self._f_band = self._linear_band(one_over_r, far_slope=None)
        # At R the tail is q ∝ r K₁(r).
        self._v_band = self._linear_band(
            -2 * mesh.split(slope)[:, 1:-1, None] - one_over_r,
            far_slope=float(slope[-1] - k0e(r[-1]) / k1e(r[-1])),
        )

    def _linear_band(self, first_factor: Array, far_slope: float | None) -> Array:
        """u'' + first_factor·u' inside the elements, u' continuous between them.

        At r = 0 the row is u, at R it is u or, given `far_slope`, u' − far_slope·u.
        """
        mesh, p = self.mesh, self.mesh.order
        first, second = reference_derivatives(p)
        half = mesh.half[:, None, None]
        columns = p * np.arange(len(mesh.half))[:, None] + np.arange(p + 1)
        band = np.zeros((2 * p + 1, len(mesh.r)))

        def add(rows: np.ndarray, cols: np.ndarray, values: Array) -> None:
            np.add.at(band, (p + rows - cols, cols), values)

        add(
            columns[:, 1:-1, None],
            columns[:, None, :],
            second[1:-1] / half**2 + first_factor * first[1:-1] / half,
        )
        add(columns[:-1, -1:], columns[:-1], (first[-1] / half[:, 0])[:-1])
        add(columns[1:, :1], columns[1:], (-first[0] / half[:, 0])[1:])
        band[p, 0] = 1.0
        if far_slope is None:
            band[p, -1] = 1.0
        else:
            add(columns[-1:, -1:], columns[-1:], (first[-1] / half[:, 0])[-1:])
            band[p, -1] -= far_slope
        return band

    def field_around(self, f: Array) -> Array:
        """The v that solves its (linear) equation for a given f."""
        p = self.mesh.order
        band = self._v_band.copy()
        band[p] += self._attraction - np.where(self._inner, f * f, 0.0)
        right = np.zeros(len(f))
        right[0] = 1.0
        v = np.asarray(solve_banded((p, p), band, right, overwrite_ab=True))
        v[0] = 1.0  # but for rounding
        return v

    def newton_step(self, f: Array, v: Array) -> tuple[Array, Array]:
        """Newton's corrections of f and v."""
        p = self.mesh.order
        condensate = np.where(self._inner, self.mu**2 / 2, 0.0)
        screening = np.where(self._inner, f * f, 0.0)
        f_factor = condensate * (1 - f * f) - self._twist * v * v
        v_factor = self._attraction - screening

        residual = np.empty(2 * len(f))
        residual[0::2] = _times(self._f_band, f) + f_factor * f
        residual[1::2] = _times(self._v_band, v) + v_factor * v
        residual[1] -= 1.0  # v(0) = 1
        residual[-2] -= 1.0  # f(R) = 1

        # Unknowns interleaved: f₀, v₀, f₁, v₁, …; equal unknowns couple at even distances.
        width = 2 * p + 1
        band = np.zeros((2 * width + 1, 2 * len(f)))
        band[1::2, 0::2] = self._f_band
        band[1::2, 1::2] = self._v_band
        band[width, 0::2] += f_factor - 2 * condensate * f * f
        band[width, 1::2] += v_factor
        band[width - 1, 1::2] = -2 * self._twist * v * f
        band[width + 1, 0::2] = np.where(self._inner, -2 * f * v, 0.0)
        step = solve_banded((width, width), band, -residual, overwrite_ab=True, overwrite_b=True)
        step[:2] = 0.0  # given at r = 0, but for rounding
        return step[0::2], step[1::2]


def _times(band: Array, x: Array) -> Array:
    """A band matrix in solve_banded's layout times x."""
    half_width = len(band) // 2
    padded = np.zeros(len(x) + 2 * half_width)
    for row, coefficients in enumerate(band):
        padded[row : row + len(x)] += coefficients * x
    return padded[half_width : half_width + len(x)]
