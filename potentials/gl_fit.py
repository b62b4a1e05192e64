"""The Ginzburg-Landau fits as potentials: `GLFit` for all pairs, `GLPair` for one kind.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 17-18, 21-22.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from potentials import gl_laws
from potentials.base import (
    CUTOFF,
    Array,
    CutoffField,
    Potential,
    UncoveredPairError,
    canonical_pair,
)
from potentials.checks import check_choice, check_flag
from potentials.critical import Kind, annihilation_separation, mu_from, range_problem
from potentials.gl_tables import formula_deltas, formula_etas
from potentials.quadrature import decay_radius, peak
from potentials.radial_law import RadialLaw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Source = Literal["table", "formula"]

KIND_OF_PAIR: dict[tuple[int, int], Kind] = {(1, 1): "V-V", (1, 2): "V-GV", (1, -1): "V-AV"}
FURTHEST = (0.1, 5.0)  # half and twice the fitted range


class FitRangeWarning(UserWarning):
    """A printed fit is used where it contradicts the theory it was fitted to."""


def _check_mu(mu: float, kind: Kind, extrapolate: bool, error: type[ValueError]) -> None:
    if not check_flag("extrapolate", extrapolate):
        problem = range_problem(mu, kind)
        if problem:
            raise error(problem)
    elif not FURTHEST[0] <= mu <= FURTHEST[1]:
        raise error(
            f"mu = {mu:.6g}: even extrapolated the fits end at {FURTHEST[0]} … {FURTHEST[1]}; "
            "use London for large mu"
        )


@dataclass(frozen=True, repr=False, init=False)
class GLPair(RadialLaw):
    """The fitted force of one kind of Ginzburg-Landau pair, as a law of r alone.

    V-V (two vortices) and V-GV (a vortex and one of winding 2), Eq. 17, bounded, zero at r = 0:

        F = η₁ r^{η₃} / (1 + η₂ r^{η₃+½}) · (η₄ e^{−r} − √μ e^{−μr});

    V-AV (a vortex and an antivortex), Eq. 21, attractive, diverging at r = 0 (below the
    annihilation distance d_A it is the same formula; no such pair exists there):

        F = −Δ₁ K₁(r) − Δ₂ K₁(μr).

    Energies are the integral of the force, good to 1e-12 of the largest.

    Parameters
    ----------
    kind : "V-V", "V-GV" or "V-AV"
    mu, kappa : float
        μ = √2 κ, one of the two: 0.2 … 2.5, V-AV 0.3 … 2.5.
    source : "table" or "formula"
        See `GLFit`.
    extrapolate : bool
        Allow μ outside the fits, 0.1 … 5.
    cutoff : float, optional
        In λ. Default where |F| falls below 1e-4 of its peak (V-AV: of |F(d_A)|, the strongest
        that such a pair feels); at μ = 1, where V-V and V-GV vanish, the limit of the
        neighbouring cutoffs.

    Covers (1, 1) only, being of r alone; `potentials.Interaction` takes it for any pair.
    Raises ValueError for the above. Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B
    83, 054516 (2011).
    """

    kind: Kind
    mu: float
    source: Source = "table"
    extrapolate: bool = False
    cutoff: CutoffField = CUTOFF

    def __init__(
        self,
        kind: Kind,
        mu: float | None = None,
        *,
        kappa: float | None = None,
        source: Source = "table",
        extrapolate: bool = False,
        cutoff: float | None = None,
    ) -> None:
        check_choice("kind", kind, get_args(Kind))
        check_choice("source", source, get_args(Source))
        value = mu_from(mu, kappa)
        _check_mu(value, kind, extrapolate, ValueError)
        _set(self, kind=kind, mu=value, source=source, extrapolate=extrapolate, cutoff=cutoff)
        if source == "formula" and kind != "V-AV":
            etas = formula_etas(kind, value)
            if value < 1 and etas.eta4 > math.sqrt(value):
                warnings.warn(
                    f"mu = {value:.6g}: Eq. 18 as printed repels at short range here, where "
                    f"{kind} pairs attract; use source='table'",
                    FitRangeWarning,
                    stacklevel=2,
                )

    def _shape(self, r: Array) -> Array:
        """F; at μ = 1, where Eq. 17 vanishes, the limit of F/(μ − 1)."""
        if self.kind == "V-AV":
            if self.source == "formula":
                return gl_laws.eq21(formula_deltas(self.mu), r)
            return gl_laws.eq21_between_rows(self.mu, r)
        if self.source == "formula":
            return gl_laws.eq17(formula_etas(self.kind, self.mu), r)
        return gl_laws.eq17_between_rows(self.kind, self.mu, r)

    @property
    def _vanishes(self) -> bool:
        return self.mu == 1 and self.kind != "V-AV"

    def _force(self, r: Array) -> Array:
        return np.zeros_like(r) if self._vanishes else self._shape(r)

    @property
    def _core(self) -> float:  # type: ignore[override]
        if self.kind != "V-AV":
            return 0.0
        if self.source == "formula":
            return gl_laws.eq21_core(formula_deltas(self.mu))
        return gl_laws.eq21_core_between_rows(self.mu)

    def plot(self, ax: Axes | None = None, r: ArrayLike | None = None) -> Axes:
        """As `Potential.plot`; V-AV by default from d_A on, where such pairs exist."""
        if r is None and self.kind == "V-AV":
            start = annihilation_separation(self.mu, extrapolate=True)
            r = np.linspace(start, 4 * start, 600)
        return super().plot(ax, r)

    def _default_cutoff(self) -> float:
        if self.kind == "V-AV":
            nearest = annihilation_separation(self.mu, extrapolate=True)
            strongest = float(self._shape(np.array([nearest]))[0])
            return decay_radius(self._shape, strongest, nearest)
        where, largest = peak(self._shape)
        return decay_radius(self._shape, largest, where)


@dataclass(frozen=True, repr=False, init=False)
class GLFit(Potential):
    """Ginzburg-Landau vortices by the paper's fits, for each pair of windings they cover.

    `pair(1, 1)` is V-V and `pair(1, 2)` V-GV (Eq. 17), `pair(1, -1)` V-AV (Eq. 21), each with
    its equal under exchange and common sign flip; see `GLPair` for the formulas. `force`,
    `energy`, `cutoff` are those of (1, 1). Other pairs raise `UncoveredPairError`.

    Parameters
    ----------
    mu, kappa : float
        μ = √2 κ, one of the two: 0.2 … 2.5; V-AV only for 0.3 … 2.5 (`pair(1, -1)` refuses
        below).
    source : "table" or "formula"
        "table" (default): Tables 1, 3 and 5, exactly at their rows except that η₄ = √μ in type
        II (the tables round it), and between rows a spline in μ of the logarithm of the force
        (`potentials.gl_laws`), which keeps the sign, the zero at μ = 1 and the tails. A row left
        out is restored from the others to 2.0 % of the peak of |F| (V-V), 2.9 % (V-GV), and
        4.7 % of |F(d_A)| at all r > d_A (V-AV, where Table 5 scatters); for 1.3 ≤ μ ≤ 2.4 to
        0.2 %, 0.5 % and 3 %.
        "formula": Eqs. 18 (Tables 2, 4) and 22 as printed, with their faults
        (docs/potentials.md); a `FitRangeWarning` where the sign is wrong: V-V for 0.871 < μ < 1,
        V-GV for 0.855 < μ < 1.
    extrapolate : bool
        Allow μ outside the fits, 0.1 … 5. "table": smooth continuation with the right sign; the
        energy at contact, which is known exactly, comes out right to 3 % at μ = 0.15 and 3, and
        to 20 % at 0.1 and 5 (V-AV: Eq. 22, scaled to meet the last row; unchecked). "formula":
        the printed formulas.
    cutoff : float, optional
        In λ, for every pair. Default: each pair's own, see `GLPair`.

    Raises ValueError for the above. Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B
    83, 054516 (2011).

    >>> round(GLFit(1.7).force(2.0), 4)
    0.0627
    """

    mu: float
    source: Source = "table"
    extrapolate: bool = False
    cutoff: CutoffField = CUTOFF

    def __init__(
        self,
        mu: float | None = None,
        *,
        kappa: float | None = None,
        source: Source = "table",
        extrapolate: bool = False,
        cutoff: float | None = None,
    ) -> None:
        check_choice("source", source, get_args(Source))
        value = mu_from(mu, kappa)
        _check_mu(value, "V-V", extrapolate, ValueError)
        _set(self, mu=value, source=source, extrapolate=extrapolate, cutoff=cutoff)
        self._vortices  # noqa: B018  (warns now, not at the first force, where Eq. 18 fails)

    @cached_property
    def _vortices(self) -> GLPair:
        return self._of_kind("V-V")

    def _of_kind(self, kind: Kind) -> GLPair:
        return GLPair(
            kind,
            self.mu,
            source=self.source,
            extrapolate=self.extrapolate,
            cutoff=self._given_cutoff,
        )

    def pair(self, n1: int, n2: int) -> Potential:
        kind = KIND_OF_PAIR.get(canonical_pair(n1, n2))
        if kind is None:
            raise UncoveredPairError(
                f"windings ({n1}, {n2}): the GL fits cover (1, 1), (1, 2) and (1, -1), in either "
                "order and with either common sign; give other pairs a law of their own with "
                "potentials.Interaction"
            )
        if kind == "V-V":
            return self._vortices
        _check_mu(self.mu, kind, self.extrapolate, UncoveredPairError)
        return self._of_kind(kind)

    def _for_key(self, n1: int, n2: int) -> Potential:
        return self.pair(n1, n2)

    def _force(self, r: Array) -> Array:
        return self._vortices._force(r)

    def _energy(self, r: Array) -> Array:
        return self._vortices._energy(r)

    def _energy_offset(self) -> float:
        return self._vortices._energy_offset()

    def _fourier(self, k: Array) -> Array:
        return self._vortices._fourier(k)

    def _tail(self, cutoff: float) -> float:
        return self._vortices._tail(cutoff)

    def _default_cutoff(self) -> float:
        return self._vortices.cutoff


def _set(potential: Potential, **values: object) -> None:
    """Fill the fields of a frozen potential."""
    for name, value in values.items():
        object.__setattr__(potential, name, value)
