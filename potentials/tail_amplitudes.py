"""The tail amplitudes γ₁, γ₂ of one vortex, from the table that ships with this package.

f → 1 + γ₁K₀(μr) and a → 1 + γ₂ r K₁(r), Eq. 7 of Chaves, Peeters, Farias, Milošević, Phys.
Rev. B 83, 054516 (2011). The table comes from `gl_reference`, which solves the radial equations.
"""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from importlib.resources import files

import numpy as np
from scipy.interpolate import CubicSpline

TABLE = "tail_amplitudes.csv"
TABLE_WINDINGS = (1, 2, 3)
# Above, γ₁ is still tabulated, but f is not near its tail γ₁K₀ before r ~ 1/(2 − μ).
TABLE_RANGE = (0.1, 1.95)


@lru_cache
def _splines(n: int) -> tuple[CubicSpline, CubicSpline]:
    """ln(−γ₁√(2 − μ)) against −√(2 − μ), and ln(−γ₂) against −1/√μ: smooth up to the ends.

    −γ₁ → (π/4)n²γ₂²/√(2 − μ) as μ → 2; ln(−γ₂) ∝ √(n/μ), the core radius, as μ → 0.
    """
    text = (files("potentials") / "data" / TABLE).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = [row for row in csv.DictReader(lines) if int(row["n"]) == n]
    mu = np.array([float(row["mu"]) for row in rows])
    gamma2 = np.array([float(row["gamma2"]) for row in rows])
    gamma1 = np.array([float(row["gamma1"]) for row in rows if row["gamma1"]])
    root = np.sqrt(2 - mu[: len(gamma1)])
    return (
        CubicSpline(-root, np.log(-gamma1 * root)),
        CubicSpline(-1 / np.sqrt(mu), np.log(-gamma2)),
    )


def table_amplitudes(n: int, mu: float) -> tuple[float, float]:
    """γ₁ and γ₂ of winding n at μ, good to 1e-6, both negative.

    Raises ValueError outside |n| ≤ 3, 0.1 ≤ μ ≤ 1.95.
    """
    low, high = TABLE_RANGE
    if abs(n) not in TABLE_WINDINGS or not low <= mu <= high:
        raise ValueError(
            f"winding {n}, mu = {mu:.6g}: the table of tail amplitudes covers |n| ≤ "
            f"{TABLE_WINDINGS[-1]} and {low} ≤ mu ≤ {high}; give gamma1=(…, …) and "
            "gamma2=(…, …), as from gl_reference.single_vortex(n, mu)"
        )
    first, second = _splines(abs(n))
    root = math.sqrt(2 - mu)
    gamma1 = -math.exp(float(first(-root))) / root
    return gamma1, -math.exp(float(second(-1 / math.sqrt(mu))))
