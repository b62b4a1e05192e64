"""Laws made of Bessel functions and the logarithm: London, Log, TwoBessel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import k0, k1

from potentials.base import (
    CUTOFF,
    Array,
    CutoffField,
    Potential,
    UncoveredPairError,
    canonical_pair,
)
from potentials.checks import check_length, check_number, check_strength, shown
from potentials.critical import mu_from
from potentials.quadrature import decay_radius
from potentials.tail_amplitudes import table_amplitudes

LARGEST_AMPLITUDE = 1e40  # products of two, times two windings, stay below the largest strength
LN2_MINUS_EULER = math.log(2.0) - float(np.euler_gamma)  # K0(x) → −ln x + this


@dataclass(frozen=True, repr=False)
class London(Potential):
    """London vortices, the limit μ → ∞:  F = f0 K₁(r),  U = f0 K₀(r).

    Parameters
    ----------
    f0 : float
        Strength in Ω₀. 2 is London's own law Φ₀²/(2πμ₀λ²) K₀(r/λ): in the reduced units
        (ε₀ = Φ₀²/4πμ₀λ²) it is Eq. 10 with γ₁ = 0, γ₂ = −1. May be negative (attraction).
    cutoff : float, optional
        In λ; default where F falls below 1e-4 F(1).

    Any windings: the force scales with n₁n₂. Raises ValueError for an f0 that is not finite.
    Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eq. 10.
    """

    f0: float = 2.0
    cutoff: CutoffField = CUTOFF

    _scales_with_product = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "f0", check_strength("f0", self.f0))

    @property
    def _core(self) -> float:  # type: ignore[override]
        return self.f0

    def _energy_offset(self) -> float:
        return self.f0 * LN2_MINUS_EULER

    def _force(self, r: Array) -> Array:
        return self.f0 * k1(r)

    def _energy(self, r: Array) -> Array:
        return self.f0 * k0(r)

    def _fourier(self, k: Array) -> Array:
        return 2 * math.pi * self.f0 / (k * k + 1)

    def _tail(self, cutoff: float) -> float:
        return math.pi * self.f0 * _bessel_tail(cutoff)

    def _default_cutoff(self) -> float:
        return decay_radius(k1, float(k1(1.0)), 1.0)


@dataclass(frozen=True, repr=False)
class Log(Potential):
    """Logarithmic (unscreened) vortices:  F = q/r,  U = −q ln r.

    The energy is zero at r = 1 λ, not at infinity, where it goes to −∞ (q > 0). The law is too
    long-ranged to be cut, so that the default cutoff is inf and `tail_energy` is inf.

    Parameters
    ----------
    q : float
        Strength in Ω₀λ; q = f0 joins `London(f0)` and `Pearl(f0, …)` at small r.
    cutoff : float, optional
        In λ; default inf.

    Any windings: the force scales with n₁n₂. Raises ValueError for a q that is not finite.
    Source: the limit r ≪ λ of London's law.
    """

    q: float = 1.0
    cutoff: CutoffField = CUTOFF

    _scales_with_product = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", check_strength("q", self.q))

    @property
    def _core(self) -> float:  # type: ignore[override]
        return self.q

    @property
    def _far_log(self) -> float:  # type: ignore[override]
        return self.q

    def _energy_offset(self) -> float:
        return 0.0

    def _force(self, r: Array) -> Array:
        return self.q / r

    def _energy(self, r: Array) -> Array:
        return -self.q * np.log(r)

    def _fourier(self, k: Array) -> Array:
        return 2 * math.pi * self.q / (k * k) if self.q else np.zeros_like(k)

    def _tail(self, cutoff: float) -> float:
        return math.inf

    def _default_cutoff(self) -> float:
        return math.inf


@dataclass(frozen=True, repr=False, init=False)
class TwoBessel(Potential):
    """Ginzburg-Landau vortices far apart (Eq. 10), for one pair of windings:

        F = 2 [n₁n₂ γ₂⁽¹⁾γ₂⁽²⁾ K₁(r) − μ γ₁⁽¹⁾γ₁⁽²⁾ K₁(μr)],
        U = 2 [n₁n₂ γ₂⁽¹⁾γ₂⁽²⁾ K₀(r) − γ₁⁽¹⁾γ₁⁽²⁾ K₀(μr)].

    It holds to 1-2 % for r ≳ 6 λ and is not the interaction at short range, where it diverges
    while the true force vanishes.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two; 0 < μ < 2. From μ = 2 on γ₁ does not exist: the tail of the
        order parameter is then driven by the field (∝ K₁², e^{−2r}).
    n1, n2 : int
        The windings, nonzero.
    gamma1, gamma2 : (float, float), optional
        Tail amplitudes of the two vortices, f = 1 + γ₁K₀(μr) and a = 1 + γ₂ r K₁(r), all
        negative. Default: from the solved radial equations, tabulated for |n| ≤ 3 and
        0.1 ≤ μ ≤ 1.95 and interpolated to 1e-6; elsewhere they must be given. As μ → 2 γ₁
        diverges like (2 − μ)^−½ and f meets its tail ever farther out: at r = 8 λ it is
        0.98 of it at μ = 1.7 and 0.69 at 1.95 (n = 1).
    cutoff : float, optional
        In λ; default where |F| falls below 1e-4 |F(1)|.

    Covers (n1, n2) only (in either order, with either common sign). Raises ValueError for the
    above. Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eq. 10.
    """

    mu: float
    n1: int
    n2: int
    gamma1: tuple[float, float]
    gamma2: tuple[float, float]
    cutoff: CutoffField = CUTOFF

    def __init__(
        self,
        mu: float | None = None,
        n1: int = 1,
        n2: int = 1,
        *,
        gamma1: tuple[float, float] | None = None,
        gamma2: tuple[float, float] | None = None,
        kappa: float | None = None,
        cutoff: float | None = None,
    ) -> None:
        value = check_length("mu", mu_from(mu, kappa))
        if value >= 2:
            raise ValueError(
                f"mu = {value}: Eq. 10 needs mu < 2; from 2 on the tail of the order parameter "
                "is driven by the field and gamma1 does not exist (use GLFit)"
            )
        canonical_pair(n1, n2)
        if gamma1 is None or gamma2 is None:
            first, second = zip(*(table_amplitudes(n, value) for n in (n1, n2)), strict=True)
            gamma1 = first if gamma1 is None else gamma1
            gamma2 = second if gamma2 is None else gamma2
        for name, item in (
            ("mu", value),
            ("n1", int(n1)),
            ("n2", int(n2)),
            ("gamma1", _amplitudes("gamma1", gamma1)),
            ("gamma2", _amplitudes("gamma2", gamma2)),
            ("cutoff", cutoff),
        ):
            object.__setattr__(self, name, item)

    @property
    def _field(self) -> float:
        return 2 * self.n1 * self.n2 * self.gamma2[0] * self.gamma2[1]

    @property
    def _condensate(self) -> float:
        return 2 * self.gamma1[0] * self.gamma1[1]

    @property
    def _core(self) -> float:  # type: ignore[override]
        return self._field - self._condensate

    def _energy_offset(self) -> float:
        log_mu = math.log(self.mu)
        return self._core * LN2_MINUS_EULER + self._condensate * log_mu

    def pair(self, n1: int, n2: int) -> Potential:
        if canonical_pair(n1, n2) == canonical_pair(self.n1, self.n2):
            return self
        raise UncoveredPairError(
            f"windings ({n1}, {n2}): {self!r} covers only ({self.n1}, {self.n2}); the gammas "
            "depend on the windings; combine several with potentials.Interaction"
        )

    def _for_key(self, n1: int, n2: int) -> Potential:
        return self.pair(n1, n2)

    def _force(self, r: Array) -> Array:
        return self._field * k1(r) - self.mu * self._condensate * k1(self.mu * r)

    def _energy(self, r: Array) -> Array:
        return self._field * k0(r) - self._condensate * k0(self.mu * r)

    def _fourier(self, k: Array) -> Array:
        field = self._field / (k * k + 1)
        return 2 * math.pi * (field - self._condensate / (k * k + self.mu**2))

    def _tail(self, cutoff: float) -> float:
        condensate = self._condensate * _bessel_tail(self.mu * cutoff) / self.mu**2
        return math.pi * (self._field * _bessel_tail(cutoff) - condensate)

    def _default_cutoff(self) -> float:
        reference = float(self._force(np.array([1.0]))[0])
        scale = abs(self._field) + abs(self._condensate)
        if abs(reference) > 1e-12 * scale:
            return decay_radius(self._force, reference, 1.0)
        # The two terms cancel (μ = 1): the cutoff of the longer-ranged one serves.
        rate = min(1.0, self.mu)
        return decay_radius(lambda r: k1(rate * r), float(k1(rate)), 1.0)


def _bessel_tail(x: float) -> float:
    """∫_x^∞ K₀(t) t dt = x K₁(x)."""
    return x * float(k1(x))


def _amplitudes(name: str, values: tuple[float, float]) -> tuple[float, float]:
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {shown(values)}: give two numbers, one per vortex") from None
    pair = (check_number(name, first), check_number(name, second))
    if max(pair) >= 0 or min(pair) < -LARGEST_AMPLITUDE:
        raise ValueError(
            f"{name} = {shown(values)}: both must be negative (f and a approach 1 from below), and "
            f"{-LARGEST_AMPLITUDE:g} or more"
        )
    return pair
