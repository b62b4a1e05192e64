"""How hard it is to leave a pinning region: activation energy against internal field.

R. Ma, "Flux exchange between contacting pinning regions", Eqs. 1, 6, 7. A vortex in a region of internal
field B hops at the rate ν₀ e^{−U(B)/kT}. The three laws of the paper are one family,

    U(B)/kT = (α/m) [(B_m/B)^m − 1],    α = U₀/kT,

with m = −1 the linear law α(1 − B/B_m), m → 0 the logarithmic law α ln(B_m/B), and m > 0 the inverse power
(the paper prints (B_bm/B_m)^μ, a misprint of (B_bm/B_b)^μ). All that the exchange of flux needs is the
exchange flux density

    W(B) = B e^{−U(B)/kT},    W′(B) = (1 + α (B_m/B)^m) e^{−U(B)/kT} > 0,

which rises strictly, with W(B_m) = B_m. W and W′ go to 0 with B under the logarithmic law too (α > 0), so
that solutions are unique there: the paper says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import wrightomega

from vortexmd.checks import LARGEST, measure, measure_or_zero, not_negative, numbers, shown

KINDS = ("linear", "logarithmic", "inverse_power")
# What a vortex does above B_m, where the formula gives U < 0. "flow" is for molecular dynamics only.
ABOVE_B_MAX = ("clamp", "extend", "raise")

# m of the inverse power: smaller ones are the logarithmic law to rounding, larger ones overflow.
EXPONENTS = (1e-12, 1e3)
# Beyond this U₀/kT logarithms of rates lose their last useful digits.
MAX_ALPHA = 1e9
# α at temperature 0, where nothing hops at all; a finite number keeps 0·∞ away.
FROZEN = 1e300


@dataclass(frozen=True)
class ActivationLaw:
    """Activation energy of one pinning region against its internal field.

    Parameters
    ----------
    kind
        ``"linear"`` U₀(1 − B/B_m) (Eq. 6), ``"logarithmic"`` U₀ ln(B_m/B) (Eq. 7) or ``"inverse_power"``
        (U₀/m)[(B_m/B)^m − 1]; `from_function` makes laws of your own.
    u0
        α = U₀/kT, 0 or more. Give this or `u0_energy`.
    b_max
        B_m, the field above which vortices flow, in the unit of all fields (any one: gauss, or vortices per
        λ² in molecular dynamics).
    exponent
        m of the inverse power, more than 0.
    u0_energy
        U₀ as an energy, in the unit of the temperature that `at` is given: α then follows the temperature.
    function
        U/kT of a law of one's own, B ↦ U(B)/kT; set by `from_function`.

    Raises
    ------
    ValueError
        Naming the argument.
    """

    kind: str
    u0: float | None = None
    b_max: float | None = None
    exponent: float | None = None
    u0_energy: float | None = None
    function: Callable[[NDArray[np.float64]], ArrayLike] | None = None

    def __post_init__(self) -> None:
        if self.b_max is None:
            raise ValueError("law.b_max: missing (B_m, the field above which vortices flow)")
        object.__setattr__(self, "b_max", measure("law.b_max", self.b_max))
        if not isinstance(self.kind, str):
            raise ValueError(f"law.kind = {shown(self.kind)}: give one of {', '.join(KINDS)}")
        if self.kind == "function":
            if not callable(self.function):
                raise ValueError("law.kind = 'function': use ActivationLaw.from_function(U, b_max)")
            if self.u0 is not None or self.u0_energy is not None or self.exponent is not None:
                raise ValueError("law.u0: a law from a function takes b_max alone")
            return
        if self.kind not in KINDS:
            raise ValueError(f"law.kind = {shown(self.kind)}: give one of {', '.join(KINDS)}")
        if self.function is not None:
            raise ValueError(f"law.function: does not go with kind = {self.kind!r}")
        if (self.u0 is None) == (self.u0_energy is None):
            raise ValueError("law.u0, law.u0_energy: give one of the two")
        for name in ("u0", "u0_energy"):
            if getattr(self, name) is not None:
                value = not_negative(f"law.{name}", getattr(self, name))
                object.__setattr__(self, name, value)
        if self.kind == "inverse_power":
            if self.exponent is None:
                raise ValueError("law.exponent: missing (m of the inverse power, more than 0)")
            exponent = measure("law.exponent", self.exponent, *EXPONENTS)
            object.__setattr__(self, "exponent", exponent)
        elif self.exponent is not None:
            raise ValueError(f"law.exponent: does not go with kind = {self.kind!r}")

    @classmethod
    def from_function(
        cls, function: Callable[[NDArray[np.float64]], ArrayLike], b_max: float
    ) -> ActivationLaw:
        """A law of one's own.

        Parameters
        ----------
        function
            U(B)/kT of an array of fields, 0 < B. B e^{−U} must rise with B, as it does wherever U falls.
        b_max
            The field at which U becomes 0; above it `above_b_max` decides.

        Raises
        ------
        ValueError
            If the exchange flux density does not rise on a grid from B_m/10⁶ to B_m, or U is not a number.
        """
        law = cls("function", b_max=b_max, function=function)
        b = np.geomspace(1e-6, 1.0, 601) * float(b_max)
        try:
            u = numbers("law.function", function(b), "U/kT as numbers")
        except Exception as problem:  # whatever the user's function raises
            raise ValueError(
                f"law.function: fails on an array of fields ({problem!s:.200})"
            ) from problem
        if u.shape != b.shape or np.isnan(u).any():
            raise ValueError(
                f"law.function: must give U/kT as an array of the shape of B, not {u.shape} with "
                f"{int(np.isnan(u).sum())} NaN"
            )
        with np.errstate(under="ignore"):
            w = np.log(b) - u
        falling = np.flatnonzero(np.diff(w[np.isfinite(w)]) <= 0)
        if falling.size:
            where = b[np.isfinite(w)][falling[0]]
            raise ValueError(
                f"law.function: B·exp(−U) does not rise at B = {where:.6g}; the equations need a law under "
                f"which a fuller region loses more"
            )
        return law

    def at(self, temperature: float | None) -> ActivationLaw:
        """The law with α fixed: `u0_energy` divided by the temperature (its unit), 0 giving α = ∞.

        Raises
        ------
        ValueError
            If the law needs a temperature and none is given.
        """
        if self.u0_energy is None:
            return self
        if temperature is None:
            raise ValueError(
                "temperature: missing; a law is given by u0_energy (or give u0 = U₀/kT)"
            )
        temperature = measure_or_zero("temperature", temperature)
        if temperature == 0:
            alpha = inf if self.u0_energy > 0 else 0.0
            return replace(self, u0=min(alpha, FROZEN), u0_energy=None)
        return replace(self, u0=min(self.u0_energy / temperature, FROZEN), u0_energy=None)

    @property
    def power(self) -> float:
        """m of the family: −1 linear, 0 logarithmic, `exponent`."""
        return {"linear": -1.0, "logarithmic": 0.0}.get(self.kind, self.exponent or 0.0)

    def energy(self, b: ArrayLike) -> NDArray[np.float64]:
        """U/kT at fields `b` ≥ 0, by the formula alone (negative above B_m)."""
        fields = _given_fields(b)
        return LawArray([self]).energy(np.atleast_1d(fields)).reshape(fields.shape)

    def flux(self, b: ArrayLike, above_b_max: str = "clamp") -> NDArray[np.float64]:
        """The exchange flux density W(B) = B e^{−U/kT}, in the unit of fields."""
        laws = LawArray([self], above_b_max)
        fields = _given_fields(b)
        return laws.flux(np.atleast_1d(fields)).reshape(fields.shape)


def _given_fields(b: ArrayLike) -> NDArray[np.float64]:
    """`b` as fields of any shape; ValueError unless they are finite and 0 or more."""
    fields = numbers("b", b, "fields, 0 or more")
    wrong = fields[~((fields >= 0) & (fields <= LARGEST))]
    if wrong.size:
        raise ValueError(f"b: {wrong.flat[0]}; give finite fields, 0 … {LARGEST:g}")
    return fields


class LawArray:
    """The laws of all regions, evaluated side by side.

    Every method takes fields (R,) or, if all regions share one law, an array of any length.

    Parameters
    ----------
    laws
        One a region, with α fixed (`ActivationLaw.at`).
    above_b_max
        ``"clamp"``: U ≥ 0, hops never exceed the attempt rate; ``"extend"``: the formula as it is (the
        paper's equations); ``"raise"``: an error.

    Attributes
    ----------
    power, alpha, b_max
        (R,) m, α and B_m; for laws from functions `power` is NaN.
    """

    def __init__(self, laws: Sequence[ActivationLaw], above_b_max: str = "clamp"):
        if not isinstance(above_b_max, str) or above_b_max not in ABOVE_B_MAX:
            raise ValueError(
                f"above_b_max = {shown(above_b_max)}: give one of {', '.join(ABOVE_B_MAX)}"
            )
        for law in laws:
            if law.u0_energy is not None:
                law.at(None)
        self.above_b_max = above_b_max
        self.laws = tuple(laws)
        self.custom = np.flatnonzero([law.function is not None for law in laws])
        self.power = np.array(
            [np.nan if law.function else law.power for law in laws], dtype=np.float64
        )
        self.alpha = np.array([0.0 if law.u0 is None else law.u0 for law in laws], dtype=np.float64)
        self.b_max = np.array([law.b_max for law in laws], dtype=np.float64)
        self._linear = self.power == -1.0
        self._logarithmic = self.power == 0.0

    def __len__(self) -> int:
        return len(self.laws)

    def refuse_frozen(self) -> None:
        """ValueError at temperature 0 and next to it, where W is a step and has no slope."""
        if (self.alpha >= FROZEN).any():
            raise ValueError(
                "temperature = 0: below B_m nothing hops, ever (u0 = U₀/kT = ∞); give a temperature above 0"
            )
        highest = float(self.alpha.max(initial=0.0))
        if highest > MAX_ALPHA:
            raise ValueError(
                f"law.u0 = {highest:.3g}: below B_m nothing hops, ever; give at most {MAX_ALPHA:g}, or a "
                f"higher temperature"
            )

    def energy(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """U/kT by the formula; ∞ at B = 0 for m ≥ 0 (α > 0)."""
        b = np.asarray(b, dtype=float)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            x = np.log(self.b_max) - np.log(b)
            # expm1 keeps small exponents from cancelling; the linear law is exact as it stands.
            m = np.where(self._linear | self._logarithmic | np.isnan(self.power), 1.0, self.power)
            u = self.alpha * np.where(
                self._linear,
                1.0 - b / self.b_max,
                np.where(self._logarithmic, x, np.expm1(m * x) / m),
            )
        u = np.where(self.alpha == 0, 0.0, u)
        for k in self.custom:
            where = ... if len(self) == 1 else k
            u[where] = np.asarray(self.laws[k].function(b[where]), dtype=float)  # type: ignore[misc]
        return u

    def factor(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """e^{−U/kT} with what `above_b_max` says, the Arrhenius factor of every hop."""
        u = self.energy(b)
        above = b > self.b_max
        if above.any():
            if self.above_b_max == "clamp":
                u = np.where(above, 0.0, u)
            elif self.above_b_max == "raise":
                k = int(np.flatnonzero(above)[0])
                raise ValueError(
                    f"region {k}: B = {float(b[k]):.6g} exceeds B_m = "
                    f"{float(np.broadcast_to(self.b_max, b.shape)[k]):.6g}, where vortices flow; "
                    f"above_b_max = 'clamp' or 'extend' goes on"
                )
        with np.errstate(under="ignore", over="ignore"):
            return np.exp(-u)

    def flux(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """W(B), in the unit of fields; odd in B, so that rounding below 0 stays harmless."""
        size = np.abs(b)
        with np.errstate(under="ignore"):
            return np.sign(b) * size * self.factor(size)

    def slope(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """W′(B), without unit."""
        b = np.abs(b)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore", under="ignore"):
            factor = self.factor(b)
            m = np.where(np.isnan(self.power), 0.0, self.power)
            bent = 1.0 + self.alpha * np.exp(m * (np.log(self.b_max) - np.log(b)))
            slope = np.where(factor > 0, bent * factor, 0.0)
            # The linear law at B = 0, where the logarithm fails.
            slope = np.where(np.isnan(slope), factor, slope)
        for k in self.custom:
            where = ... if len(self) == 1 else k
            size = np.asarray(b[where], dtype=float)
            step = 1e-5 * np.maximum(size, 1e-3 * self.b_max[k])
            low, high = np.maximum(size - step, 1e-12 * self.b_max[k]), size + step
            part = LawArray([self.laws[k]], "extend")
            bend = np.asarray(part.flux(np.atleast_1d(high)) - part.flux(np.atleast_1d(low)))
            slope[where] = (bend / np.atleast_1d(high - low)).reshape(size.shape)
        if self.above_b_max == "clamp":
            slope = np.where(b > self.b_max, 1.0, slope)
        return slope

    def inverse(self, log_w: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """(R,) the fields at which W = w, by Wright's ω function.

        Parameters
        ----------
        log_w
            ln w, one for all or (R,); a logarithm, because w underflows long before the fields do.
        """
        log_w = np.broadcast_to(np.asarray(log_w, dtype=float), self.alpha.shape)
        log_bm = np.log(self.b_max)
        alpha = np.where(self.alpha > 0, self.alpha, 1.0)
        m = np.where(self._logarithmic | np.isnan(self.power), 1.0, self.power)
        with np.errstate(under="ignore", over="ignore"):
            x = np.log(alpha) + alpha + m * (log_bm - log_w)
            z = wrightomega(x)
            # ln y from ω + ln ω = x where ω is small, so that tiny fields keep their digits.
            log_y = np.where(z > 1.0, np.log(np.maximum(z, 1.0)), x - z) - np.log(alpha)
            log_b = np.where(
                self._logarithmic,
                (log_w + self.alpha * log_bm) / (1.0 + self.alpha),
                log_bm - log_y / m,
            )
            log_b = np.where(self.alpha == 0, log_w, log_b)
            if self.above_b_max == "clamp":
                log_b = np.where(log_w > log_bm, log_w, log_b)
            for k in self.custom:
                log_b[k] = self._invert(int(k), float(log_w[k]))
            return np.exp(log_b)

    def _invert(self, k: int, log_w: float) -> float:
        """ln B of a law from a function: a root."""
        part = LawArray([self.laws[k]], "extend" if self.above_b_max == "extend" else "clamp")

        def excess(log_b: float) -> float:
            b = np.array([np.exp(log_b)])
            u = part.energy(b)[0]
            if part.above_b_max == "clamp" and b[0] > part.b_max[0]:
                u = 0.0
            return float(max(log_b - u - log_w, -1e300))

        low = high = float(np.log(self.b_max[k]))
        width = 1.0
        while excess(high) < 0:
            high += width
        while excess(low) > 0 and isfinite(low):
            low -= width
            width *= 2.0
        return float(brentq(excess, low, high, xtol=1e-15, rtol=8.9e-16, maxiter=500))
