"""The published fits of pair forces as `potentials` has them, against the paper's tables and formulas.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), typed in here anew. What the
fits are worth is another question (docs/potentials.md, docs/gl_reference.md): d_c, Ω_max, d_A and d_E,
say, are compared with the paper's formulas, not with the peaks and branches that these stand for.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from scipy.special import k1

import potentials as pot
from vortexmd.validation.check import Check

PAPER = "Chaves 2011"
ROUNDING = 1e-12  # relative, of the same formula evaluated twice

# Rows of Tables 1 and 3: μ, η₁ … η₄, and the separation at which they are compared.
TABLE_1 = (
    (0.2, 6.564e-7, 5.13e-7, 6.135, -83.611, 6.0),
    (0.6, 4.474e-4, 1.222e-4, 4.440, -1.538, 4.0),
    (0.9, 8.46e-3, 1.79e-3, 3.544, 0.943, 3.0),
    (1.1, 1.546e-2, 3.88e-3, 3.489, 1.049, 3.0),
    (1.7, 6.136e-2, 2.121e-2, 3.320, 1.304, 2.0),
    (2.5, 0.199, 9.866e-2, 3.254, 1.581, 1.5),
)
TABLE_3 = (
    (0.2, 1.495e-9, 6.073e-10, 8.440, -443.65, 8.0),
    (0.6, 1.083e-5, 1.230e-6, 6.199, -8.372, 5.0),
    (0.9, 1.54e-3, 1.196e-4, 4.706, 0.942, 4.0),
    (1.7, 2.813e-2, 4.57e-3, 4.095, 1.304, 2.8),
    (2.5, 0.1255, 3.245e-2, 3.861, 1.581, 2.0),
)
# Of Table 5: μ, Δ₁, Δ₂.
TABLE_5 = ((0.3, 156.948, 0.4203), (1.0, 6.357, 6.357), (1.7, 3.632, 43.173), (2.5, 2.983, 277.742))
# Of Tables 2 and 4, the columns for μ ≤ 0.5 and for μ > 1: A, B, C of η₁, η₂, η₃ and (type I) η₄.
TABLE_2_LOW = (
    (5.977, -1.092, -1.191),
    (13.845, -0.6218, -1.373),
    (4.79, 12.542, -11.183),
    (-3.677, -8.663e-2, -4.244),
)
TABLE_2_HIGH = (
    (-0.9404, -74.584, -4.221e-2),
    (-0.9843, -379.321, -1.057e-2),
    (3.234, 1.849, -1.804),
    (0.0, 1.0, 0.5),
)
TABLE_4_HIGH = (
    (-0.5785, -14.199, -0.3514),
    (-0.5461, -18.823, -0.3461),
    (3.761, 3.748, -1.442),
    (0.0, 1.0, 0.5),
)


def checks() -> list[Check]:
    """All of them: rows of the tables, formulas in mu, separations and peaks."""
    return [*_tables(), *_formulas(), *_separations()]


def rounded(name: str, source: str, unit: str, expected: float, measure: Any) -> Check:
    """A check of a formula that the program evaluates as well: equal to rounding."""
    return Check(name, source, unit, float(expected), ROUNDING * abs(float(expected)), measure)


# ------------------------------------------------------------------ the paper's fits
def _tables() -> list[Check]:
    found = []
    for kind, table, rows in (("V-V", 1, TABLE_1), ("V-GV", 3, TABLE_3)):
        for mu, eta1, eta2, eta3, eta4, d in rows:
            # In type II η₄ is √μ, which the table rounds: docs/potentials.md.
            eta4 = math.sqrt(mu) if mu > 1 else eta4
            found.append(
                rounded(
                    f"GLFit: force of {kind} at mu = {mu:g}, d = {d:g}",
                    f"{PAPER}, Eq. 17 with its row of Table {table}",
                    "Ω₀",
                    _equation_17(mu, (eta1, eta2, eta3, eta4), d),
                    partial(_fit, kind, mu, d),
                )
            )
    for mu, delta1, delta2 in TABLE_5:
        found.append(
            rounded(
                f"GLFit: force of V-AV at mu = {mu:g}, d = 6",
                f"{PAPER}, Eq. 21 with its row of Table 5",
                "Ω₀",
                -delta1 * k1(6.0) - delta2 * k1(6.0 * mu),
                partial(_fit, "V-AV", mu, 6.0),
            )
        )
    return found


def _formulas() -> list[Check]:
    found = [
        rounded(
            f"GLFit, formula: force of {kind} at mu = {mu:g}, d = {d:g}",
            f"{PAPER}, Eqs. 17 and 18 with Table {table}",
            "Ω₀",
            _equation_17(mu, _equation_18(mu, columns), d),
            partial(_fit, kind, mu, d, "formula"),
        )
        for kind, table, columns, mu, d in (
            ("V-V", 2, TABLE_2_LOW, 0.4, 5.0),
            ("V-V", 2, TABLE_2_HIGH, 1.7, 2.0),
            ("V-GV", 4, TABLE_4_HIGH, 1.7, 2.8),
        )
    ]
    found += [
        rounded(
            "GLFit, formula: force of V-AV at mu = 1.7, d = 5",
            f"{PAPER}, Eqs. 22 and 23",
            "Ω₀",
            -(2.879 + 3.415 * 1.7**-3.166) * k1(5.0)
            + (0.2258 - 1.044 * math.exp(1.866 * 1.7)) * 1.7 * k1(8.5),
            partial(_fit, "V-AV", 1.7, 5.0, "formula"),
        ),
        Check(
            "GLFit: force of V-V at mu = 1, d = 3",
            "exact: no force at the Bogomolny point",
            "Ω₀",
            0.0,
            1e-15,
            partial(_fit, "V-V", 1.0, 3.0),
        ),
        Check(
            "GLFit: forces of the wrong sign, 47 mu in 0.2 … 2.5, 400 d",
            "exact: vortices attract below mu = 1 and repel above",
            "",
            0.0,
            0.5,
            _wrong_signs,
        ),
    ]
    return found


def _separations() -> list[Check]:
    source = f"{PAPER}, Sec. IV"
    found = []
    for mu in (0.6, 1.7, 2.5):
        d_c = 22.203 * (1 + 10.504 * mu) ** -0.774
        d_c_giant = 25.043 * (1 + 6.632 * mu) ** -0.8862
        peak = 0.0961 * mu * (mu - 1) / (1 + 0.2863 * mu) ** 1.341
        peak_giant = 0.1709 * mu * (mu - 1) / (1 + 1.854 * mu) ** 0.6087
        d_e = 0.337 + 31.249 * (1 + 10.264 * mu) ** -0.6855
        d_a = 0.337 + 12.222 * (1 + 2.461 * mu) ** -0.7931
        for name, unit, expected, measure in (
            ("d_c of V-V", "λ", d_c, partial(pot.peak_separation, mu)),
            ("d_c of V-GV", "λ", d_c_giant, partial(pot.peak_separation, mu, "V-GV")),
            ("Ω_max of V-V", "Ω₀", peak, partial(pot.peak_force, mu)),
            ("Ω_max of V-GV", "Ω₀", peak_giant, partial(pot.peak_force, mu, "V-GV")),
            ("d_E", "λ", d_e, partial(pot.stability_separation, mu)),
            ("d_A", "λ", d_a, partial(pot.annihilation_separation, mu)),
        ):
            found.append(rounded(f"{name} at mu = {mu:g}", source, unit, expected, measure))
    density = partial(pot.upper_critical_density, 2.0)
    found.append(
        rounded("n_c2 at mu = 2", "exact: μ²/4π (H_c2)", "λ⁻²", 1 / math.pi, density),
    )
    return found


# ------------------------------------------------------------------ formulas typed anew
def _equation_17(mu: float, eta: tuple[float, ...], d: float) -> float:
    envelope = eta[0] * d ** eta[2] / (1 + eta[1] * d ** (eta[2] + 0.5))
    return envelope * (eta[3] * math.exp(-d) - math.sqrt(mu) * math.exp(-mu * d))


def _equation_18(mu: float, columns: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    (a1, b1, c1), (a2, b2, c2), (a3, b3, c3), (a4, b4, c4) = columns
    return (
        math.exp(b1 * (mu**c1 + a1)),
        math.exp(b2 * (mu**c2 + a2)),
        a3 + b3 * math.exp(c3 * mu),
        a4 + b4 * mu**c4,
    )


def _fit(kind: Any, mu: float, d: float, source: Any = "table") -> float:
    return float(pot.GLPair(kind, mu, source=source).force(d))


def _wrong_signs() -> float:
    r = np.geomspace(1e-3, 500, 400)
    wrong = 0
    for mu in np.linspace(0.2, 2.5, 47):
        for kind in ("V-V", "V-GV"):
            force = pot.GLPair(kind, float(mu)).force(r)  # type: ignore[arg-type]
            wrong += int(np.count_nonzero(np.sign(force) != np.sign(round(mu - 1, 12))))
    return float(wrong)
