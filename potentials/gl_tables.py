"""Fit parameters of Eqs. 17, 18, 21 and 22: Tables 1-5 and the printed formulas for them.

Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011).
"""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from potentials.base import Array

_ETA_TABLE = {"V-V": "table1_vv_eq17.csv", "V-GV": "table3_vgv_eq17.csv"}
_ETA_FORMULA = {"V-V": "table2_vv_eq18.csv", "V-GV": "table4_vgv_eq18.csv"}
_DELTA_TABLE = "table5_vav_eq21.csv"


class Etas(NamedTuple):
    """Parameters of Eq. 17 at one μ."""

    mu: float
    eta1: float
    eta2: float
    eta3: float
    eta4: float


class Deltas(NamedTuple):
    """Parameters of Eq. 21 at one μ."""

    mu: float
    delta1: float
    delta2: float


def _read(name: str) -> list[dict[str, str]]:
    text = (files("potentials") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@lru_cache
def printed_etas(kind: str) -> tuple[Etas, ...]:
    """Tables 1 (V-V) and 3 (V-GV) as printed."""
    return tuple(
        Etas(*(float(row[name]) for name in ("mu", "eta1", "eta2", "eta3", "eta4")))
        for row in _read(_ETA_TABLE[kind])
    )


@lru_cache
def table_etas(kind: str) -> tuple[Etas, ...]:
    """Tables 1 and 3 with η₄ = √μ in type II.

    The tables print √μ to three decimals there; with the rounded value the force has the wrong
    sign as d → 0.
    """
    return tuple(
        row._replace(eta4=math.sqrt(row.mu)) if row.mu > 1 else row for row in printed_etas(kind)
    )


@lru_cache
def table_deltas() -> tuple[Deltas, ...]:
    """Table 5 as printed."""
    return tuple(
        Deltas(float(row["mu"]), float(row["Delta1"]), float(row["Delta2"]))
        for row in _read(_DELTA_TABLE)
    )


def row_mus(kind: str) -> Array:
    """The tabulated μ of one kind of pair."""
    rows = table_deltas() if kind == "V-AV" else table_etas(kind)
    return np.array([row.mu for row in rows])


@lru_cache
def formula_etas(kind: str, mu: float) -> Etas:
    """Eqs. 18 with Table 2 (V-V) or 4 (V-GV), as printed; range 1 up to and with μ = 0.5."""
    column = "mu_below_0.5" if mu <= 0.5 else "mu_0.5_to_1" if mu < 1 else "mu_above_1"
    p = {row["parameter"]: float(row[column]) for row in _read(_ETA_FORMULA[kind])}
    return Etas(
        mu=mu,
        eta1=math.exp(p["B1"] * (mu ** p["C1"] + p["A1"])),
        eta2=math.exp(p["B2"] * (mu ** p["C2"] + p["A2"])),
        eta3=p["A3"] + p["B3"] * math.exp(p["C3"] * mu),
        # Range 3 is μ^0.5: written as √ so that it cancels exactly against Eq. 17's √μ.
        eta4=math.sqrt(mu) if mu >= 1 else p["A4"] + p["B4"] * mu ** p["C4"],
    )


def formula_deltas(mu: float) -> Deltas:
    """Eq. 22 as printed."""
    delta1 = 2.879 + 3.415 * mu**-3.166
    delta2 = mu * (-0.2258 + 1.044 * math.exp(1.866 * mu))
    return Deltas(mu, delta1, delta2)
