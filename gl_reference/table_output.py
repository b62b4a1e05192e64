"""The regenerated tables as files: in the paper's layout, and beside each the comparison.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011). Files, in one folder:

    forces_vv.csv, forces_vgv.csv, forces_vav.csv      Ω(d) as solved
    table1_vv_eq17.csv … table5_vav_eq21.csv           columns of `potentials/data`
    comparison_table1.csv … comparison_table5.csv      parameter by parameter
    verdicts.csv                                       force by force: does the row agree?
    peaks.csv, peak_fits.csv, eq22.csv                 d_c(μ), Ω_max(μ), Δ₁(μ), Δ₂(μ) and their fits
    asymptotics.csv                                    Eqs. 15 and 16, Eq. 15 beside Eq. 10
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gl_reference.curves import WINDINGS, ForceCurve
from gl_reference.fits import Fit
from gl_reference.parameter_fits import (
    RANGES,
    determined,
    fit_eq18,
    fit_eq22a,
    fit_eq22b,
    fit_peak_force,
    fit_peak_separation,
    range_of,
)
from gl_reference.radial import single_vortex
from gl_reference.table_files import load_printed, write_csv
from gl_reference.table_rows import SolvedRow
from gl_reference.verdicts import Verdict, ends_of_curve, law, printed_row
from potentials.critical import Kind, peak_force, peak_separation, range_problem
from potentials.gl_tables import Etas

SHORT: dict[Kind, str] = {"V-V": "vv", "V-GV": "vgv", "V-AV": "vav"}
ROW_TABLE: dict[Kind, str] = {
    "V-V": "table1_vv_eq17",
    "V-GV": "table3_vgv_eq17",
    "V-AV": "table5_vav_eq21",
}
FORMULA_TABLE: dict[Kind, str] = {"V-V": "table2_vv_eq18", "V-GV": "table4_vgv_eq18"}
VARIANCE_UNIT: dict[Kind, float] = {"V-V": 1e-8, "V-GV": 1e-8, "V-AV": 1e-9}
COMPARED = ("ours", "standard_error", "paper", "difference", "percent")

# As printed below Figs. 1 and 5, and Eq. 22; (a, b, c) of `gl_reference.parameter_fits`.
PRINTED_PEAKS: dict[tuple[Kind, str], tuple[float, float, float]] = {
    ("V-V", "d_c"): (22.203, 10.504, -0.774),
    ("V-V", "Omega_max"): (0.0961, 0.2863, -1.341),
    ("V-GV", "d_c"): (25.043, 6.632, -0.8862),
    ("V-GV", "Omega_max"): (0.1709, 1.854, -0.6087),
}
PRINTED_EQ22 = {"Delta1": (2.879, 3.415, -3.166), "Delta2": (-0.2258, 1.044, 1.866)}


def write_tables(folder: Path, rows: Sequence[SolvedRow], verdicts: Sequence[Verdict]) -> None:
    """Write all files for rows and their verdicts (same order); those of other kinds stay."""
    for kind in SHORT:
        of_kind = [row for row in rows if row.kind == kind]
        judged = [verdict for verdict in verdicts if verdict.kind == kind]
        if not of_kind:
            continue
        write_csv(
            folder / f"forces_{SHORT[kind]}.csv",
            ("mu", "d", "force", "error"),
            (
                (row.mu, d, force, float(f"{error:.1e}"))
                for row in of_kind
                for d, force, error in zip(row.d, row.force, row.error, strict=True)
            ),
            digits=12,
        )
        _write_rows(folder, kind, judged)
        if kind == "V-AV":
            _write_eq22(folder, judged)
        else:
            _write_eq18(folder, kind, judged)
    _write_verdicts(folder, verdicts)
    _write_peaks(folder, verdicts)
    _write_asymptotics(folder, [row for row in rows if row.kind != "V-AV"])


def _compared(fit: Fit, name: str, paper: float) -> tuple[float, ...]:
    ours = fit[name]
    return ours, fit.error(name), paper, ours - paper, 100 * (ours / paper - 1) if paper else 0.0


def _write_rows(folder: Path, kind: Kind, verdicts: Sequence[Verdict]) -> None:
    unit = VARIANCE_UNIT[kind]
    names = verdicts[0].fit.names
    write_csv(
        folder / f"{ROW_TABLE[kind]}.csv",
        ("mu", *names, f"variance_{unit:.0e}".replace("e-0", "e-")),
        ((v.mu, *v.fit.values, v.fit.variance / unit) for v in verdicts),
    )
    lines = []
    for verdict in verdicts:
        row = printed_row(kind, verdict.mu)
        printed = row[1:] if row is not None else (math.nan,) * len(names)
        for name, paper in zip(names, printed, strict=True):
            lines.append((verdict.mu, name, *_compared(verdict.fit, name, paper)))
    write_csv(
        folder / f"comparison_{ROW_TABLE[kind].split('_')[0]}.csv",
        ("mu", "parameter", *COMPARED),
        lines,
    )


def _write_eq18(folder: Path, kind: Kind, verdicts: Sequence[Verdict]) -> None:
    """Table 2 or 4; ranges of μ with less than three rows stay empty."""
    found: dict[tuple[str, str], Fit] = {}
    for column in RANGES:
        rows = [Etas(v.mu, *v.fit.values) for v in verdicts if range_of(v.mu) == column]
        if len(rows) >= 3:
            for fit in fit_eq18(rows).values():
                found.update({(name, column): fit for name in fit.names})
    printed = {row["parameter"]: row for row in load_printed(FORMULA_TABLE[kind])}
    write_csv(
        folder / f"{FORMULA_TABLE[kind]}.csv",
        ("parameter", *RANGES),
        (
            (name, *(found[name, c][name] if (name, c) in found else None for c in RANGES))
            for name in printed
        ),
    )
    write_csv(
        folder / f"comparison_{FORMULA_TABLE[kind].split('_')[0]}.csv",
        ("range", "parameter", *COMPARED, "condition"),
        (
            (column, name, *_compared(fit, name, float(printed[name][column])), fit.condition)
            for (name, column), fit in found.items()
        ),
    )


def _write_eq22(folder: Path, verdicts: Sequence[Verdict]) -> None:
    """Eq. 22, from the rows that determine Δ₁ and Δ₂."""
    lines: list[tuple[object, ...]] = []
    for quantity, fit_of in (("Delta1", fit_eq22a), ("Delta2", fit_eq22b)):
        known = determined([v.fit for v in verdicts], quantity)
        rows = [v for v, is_known in zip(verdicts, known, strict=True) if is_known]
        if len(rows) >= 3:
            fit = fit_of([v.mu for v in rows], [v.fit[quantity] for v in rows])
            for name, paper in zip(fit.names, PRINTED_EQ22[quantity], strict=True):
                lines.append((quantity, name, *_compared(fit, name, paper)))
    if lines:
        write_csv(folder / "eq22.csv", ("quantity", "parameter", *COMPARED), lines)


def _write_verdicts(folder: Path, verdicts: Sequence[Verdict]) -> None:
    write_csv(
        folder / "verdicts.csv",
        (
            "kind",
            "mu",
            "verdict",
            "deviation_percent",
            "at_d",
            "largest_force",
            "fit_deviation_percent",
            "variance",
            "paper_variance",
            "gauge_0.1_percent",
            "gauge_10_percent",
            "gauge_at_d",
            "error_percent",
            "grid_deviation_percent",
            "condition",
            "evidence",
        ),
        (
            (
                v.kind,
                v.mu,
                v.word,
                100 * v.deviation,
                v.deviation_at,
                v.scale,
                100 * v.fit_deviation,
                v.fit.variance,
                v.paper_variance,
                100 * v.gauge_shift[0],
                100 * v.gauge_shift[1],
                v.probe,
                100 * v.numerical_error,
                100 * v.grid_deviation,
                v.fit.condition,
                v.evidence,
            )
            for v in verdicts
        ),
        digits=4,
    )


def _write_peaks(folder: Path, verdicts: Sequence[Verdict]) -> None:
    lines: list[tuple[object, ...]] = []
    fits: list[tuple[object, ...]] = []
    for kind in ("V-V", "V-GV"):
        of_kind = [v for v in verdicts if v.kind == kind]
        for v in of_kind:
            assert v.peak is not None
            covered = range_problem(v.mu, kind) is None
            formula = (peak_separation(v.mu, kind), peak_force(v.mu, kind)) if covered else None
            lines.append((kind, v.mu, *v.peak, *_table_peak(v), *(formula or (None, None))))
        if len(of_kind) >= 3:
            mus = [v.mu for v in of_kind]
            for quantity, fit_of, values in (
                ("d_c", fit_peak_separation, [v.peak[0] for v in of_kind if v.peak]),
                ("Omega_max", fit_peak_force, [v.peak[1] for v in of_kind if v.peak]),
            ):
                fit = fit_of(mus, values)
                for name, paper in zip(fit.names, PRINTED_PEAKS[kind, quantity], strict=True):
                    fits.append((kind, quantity, name, *_compared(fit, name, paper)))
    if lines:
        columns = (
            "d_c",
            "Omega_max",
            "d_c_table",
            "Omega_max_table",
            "d_c_paper",
            "Omega_max_paper",
        )
        write_csv(folder / "peaks.csv", ("kind", "mu", *columns), lines, digits=8)
    if fits:
        write_csv(folder / "peak_fits.csv", ("kind", "quantity", "parameter", *COMPARED), fits)


def _table_peak(verdict: Verdict) -> tuple[float | None, float | None]:
    """The peak of the printed row's Eq. 17."""
    row = printed_row(verdict.kind, verdict.mu)
    if row is None or verdict.peak is None:
        return None, None
    d = np.geomspace(0.3, 3.0, 60) * verdict.peak[0]
    fit = Fit("Eq. 17", verdict.fit.names, tuple(row[1:]), (0.0,) * 4, math.nan, math.nan)
    return ForceCurve(verdict.kind, verdict.mu, d, law(verdict.kind, verdict.mu, fit, d)).peak()


def _write_asymptotics(folder: Path, rows: Sequence[SolvedRow]) -> None:
    """Eqs. 15 and 16; beside Eq. 15 the γ, δ that Eq. 10 gives at infinity (μ < 2)."""
    lines = []
    for row in rows:
        close, far = ends_of_curve(row)
        first, second = (single_vortex(n, row.mu) for n in WINDINGS[row.kind])
        product = first.gamma1 * second.gamma1
        windings = first.n * second.n
        lines.append(
            (
                row.kind,
                row.mu,
                *_with_errors(close),
                *_with_errors(far),
                2 * product * math.sqrt(math.pi / 2),
                windings * first.gamma2 * second.gamma2 / product,
            )
        )
    if lines:
        fitted = [f"{name}{end}" for name in ("p", "q", "gamma", "delta") for end in ("", "_error")]
        columns = ("kind", "mu", *fitted, "gamma_eq10", "delta_eq10")
        write_csv(folder / "asymptotics.csv", columns, lines)


def _with_errors(fit: Fit | None) -> tuple[float | None, ...]:
    """Both parameters, each followed by its standard error."""
    if fit is None:
        return (None,) * 4
    return fit.values[0], fit.errors[0], fit.values[1], fit.errors[1]
