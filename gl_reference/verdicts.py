"""One row of a table, regenerated and held against the paper's.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Tables 1, 3 and 5. What
counts is the force itself: parameters of Eqs. 17 and 21 can differ widely and give the same force.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gl_reference.curves import fit_separations
from gl_reference.fits import Fit, fit_eq15, fit_eq16, fit_eq17, fit_eq21, variance
from gl_reference.table_files import load_generated
from gl_reference.table_rows import SolvedRow
from potentials.base import Array
from potentials.critical import Kind
from potentials.gl_laws import Etas, eq17, eq21
from potentials.gl_tables import Deltas, table_deltas, table_etas

# Largest deviation of force, of the row's largest force, for which a row is said to agree.
AGREES = 0.04
# Eqs. 15 and 16 are fitted where forces are known to this (relative), in these ranges:
WELL_KNOWN = 1e-2
TAIL_FROM = 6.0  # λ, over min(1, μ)
HEAD_TO = 0.25  # of the peak's distance


@dataclass(frozen=True)
class Verdict:
    """One row: our fit, and how far the paper's force is from ours.

    All deviations are shares of `scale`.

    Attributes
    ----------
    kind, mu
        As in the tables.
    fit : Fit
        Eq. 17 (V-V, V-GV) or 21 (V-AV), fitted to our forces.
    scale : float
        The largest |Ω| in the compared range, in Ω₀.
    peak : (float, float) or None
        d_c in λ and Ω_max in Ω₀; None for V-AV, which has no peak.
    fit_deviation : float
        The largest |Ω_fit − Ω|: what the form of the law leaves.
    deviation, deviation_at : float
        The largest |Ω_paper − Ω| and its separation in λ; NaN where the paper has no such row.
    paper_variance : float
        ν (Eq. 14) of the paper's parameters on our forces.
    gauge_shift : (float, float)
        (|Ω(w)| − |Ω(1)|) at `probe` (λ) for gauge weights w = 0.1 and 10.
    probe : float
        Where that was taken: the solved separation that differs most from the paper.
    numerical_error : float
        The largest error of a force.
    grid_deviation : float
        |Ω_paper − Ω_grid| at `deviation_at` with Ω_grid from Eq. 13 as
        printed on a grid of 0.1 λ (`gl_reference.lattice_evidence`); NaN where it was not solved.
    """

    kind: Kind
    mu: float
    fit: Fit
    scale: float
    peak: tuple[float, float] | None
    fit_deviation: float
    deviation: float
    deviation_at: float
    paper_variance: float
    gauge_shift: tuple[float, float]
    probe: float
    numerical_error: float
    grid_deviation: float

    @property
    def word(self) -> str:
        """ "agrees", "differs", or "not in the paper"."""
        if math.isnan(self.deviation):
            return "not in the paper"
        return "agrees" if self.deviation <= AGREES else "differs"

    @property
    def evidence(self) -> str:
        """What a deviation comes from, as far as this row's own numbers say."""
        parts = [f"the fitted form leaves {self.fit_deviation:.1%}"]
        if self.fit.alternative is not None:
            etas = self.fit.alternative
            parts.append(f"a second minimum at eta4 = {etas['eta4']:.3g} fits as well")
        low, high = self.gauge_shift
        parts.append(f"gauge weights 0.1 and 10 move |force| by {low:+.1%} and {high:+.1%}")
        if not math.isnan(self.grid_deviation):
            parts.append(
                f"with A free on a grid of 0.1 λ the paper is met to {self.grid_deviation:.1%}"
            )
        if self.numerical_error > 1e-3:
            parts.append(f"forces are known to {self.numerical_error:.1%}")
        return "; ".join(parts)


def law(kind: Kind, mu: float, fit: Fit, d: Array) -> Array:
    """The fitted force at separations d, in Ω₀."""
    if kind == "V-AV":
        return eq21(Deltas(mu, *fit.values), d)
    return eq17(Etas(mu, *fit.values), d)


def printed_row(kind: Kind, mu: float) -> Etas | Deltas | None:
    """The row of Table 1, 3 or 5 (η₄ = √μ in type II), or None."""
    rows: tuple[Etas | Deltas, ...] = table_deltas() if kind == "V-AV" else table_etas(kind)
    return next((row for row in rows if math.isclose(row.mu, mu, rel_tol=1e-9)), None)


def judge(row: SolvedRow) -> Verdict:
    """Fit one row of forces and hold it against the paper's."""
    curve = row.curve
    d = fit_separations(row.kind, row.mu, float(curve.d[0]), float(curve.d[-1]))
    force = curve(d)
    scale = float(np.abs(force).max())
    fit = (fit_eq21 if row.kind == "V-AV" else fit_eq17)(row.mu, d, force)
    off = np.abs(law(row.kind, row.mu, fit, d) - force) / scale

    printed = printed_row(row.kind, row.mu)
    paper_off = np.full(d.shape, math.nan)
    paper_variance = math.nan
    if printed is not None:
        paper = eq21(printed, d) if isinstance(printed, Deltas) else eq17(printed, d)
        paper_off = np.abs(paper - force) / scale
        paper_variance = variance(force, paper, len(fit.names) - len(fit.fixed))
    worst = int(np.argmax(paper_off))
    at_probe = abs(curve(row.probe))
    low, high = ((abs(force) - at_probe) / scale for force in row.probe_forces)
    return Verdict(
        row.kind,
        row.mu,
        fit,
        scale,
        None if row.kind == "V-AV" else curve.peak(),
        float(off.max()),
        float(paper_off[worst]),
        float(d[worst]) if printed is not None else math.nan,
        paper_variance,
        (low, high),
        row.probe,
        max(row.error) / scale,
        _grid_deviation(row.kind, row.mu),
    )


def _grid_deviation(kind: Kind, mu: float) -> float:
    for row in _lattice_evidence():
        if row["kind"] == kind and math.isclose(float(row["mu"]), mu, rel_tol=1e-9):
            return float(row["lattice_percent"]) / 100
    return math.nan


@lru_cache(maxsize=1)
def _lattice_evidence() -> list[dict[str, str]]:
    return load_generated("lattice_evidence")


def ends_of_curve(row: SolvedRow) -> tuple[Fit | None, Fit | None]:
    """Eq. 16 fitted close together and Eq. 15 far apart; None where there are too few forces.

    Close: d up to a quarter of d_c. Far: from 6 λ/min(1, μ). Both only where the force is known
    to 1 %, and for kinds that have a peak.
    """
    d, force, error = map(np.array, (row.d, row.force, row.error))
    known = error <= WELL_KNOWN * np.abs(force)
    head = known & (d <= HEAD_TO * row.curve.peak()[0])
    tail = known & (d >= TAIL_FROM / min(1.0, row.mu))
    close = fit_eq16(d[head], force[head]) if head.sum() >= 3 else None
    far = fit_eq15(row.mu, d[tail], force[tail]) if tail.sum() >= 3 else None
    return close, far
