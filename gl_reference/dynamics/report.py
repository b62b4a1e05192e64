"""What `vortexmd gl dynamic` prints and writes of a pair in free motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gl_reference.errors import ConvergenceError
from gl_reference.moving_vortex import VortexFriction, vortex_friction
from gl_reference.pair import pair_force
from gl_reference.table_files import write_csv

if TYPE_CHECKING:
    from gl_reference.dynamics.pairs import DynamicPair

COLUMNS = (
    "d",
    "force",
    "force_error",
    "friction",
    "friction_error",
    "energy",
    "energy_error",
    "time",
    "split",
)
# Separations in the printed table, λ: as far as they were followed, and the two ends.
SHOWN = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0)


def as_dict(pair: DynamicPair) -> dict[str, Any]:
    """All numbers and curves as plain values."""
    about: dict[str, Any] = {
        name: getattr(pair, name) for name in ("n1", "n2", "mu", "s", "h", "friction_apart")
    }
    alone = _alone(pair)
    about["friction_alone"] = alone.friction
    about["bardeen_stephen"] = alone.bardeen_stephen
    about["u"] = alone.u
    return about | {name: getattr(pair, name).tolist() for name in COLUMNS}


def write_curves(pair: DynamicPair, path: Path) -> None:
    """CSV of the curves, a row a separation."""
    write_csv(path, COLUMNS, zip(*(getattr(pair, name).tolist() for name in COLUMNS), strict=True))


def summary(pair: DynamicPair) -> str:
    """The pair in words, and force and friction at some separations beside fixed vortices."""
    alone = _alone(pair)
    way = "opens" if pair.force[0] > 0 else "closes"
    lines = [
        f"windings {pair.n1} and {pair.n2} in free motion, mu = {pair.mu:.6g} "
        f"(kappa = {pair.mu / np.sqrt(2):.6g}), s = {pair.s:.6g}: the pair {way}",
        f"grids h = {pair.h:.4g} and {np.sqrt(2) * pair.h:.4g} λ, extrapolated to h = 0",
        f"one vortex alone: friction {alone.friction:.6f} Ω₀ t/λ "
        f"({alone.condensate / alone.friction:.0%} condensate, "
        f"{alone.normal / alone.friction:.0%} normal current), "
        f"{alone.friction / alone.bardeen_stephen:.3f} of Bardeen-Stephen, u = {alone.u:.4g}",
        "",
        "  d (λ)     Ω (Ω₀)       ±      η/η(apart)    ±      fixed (coulomb)    E (ε₀)",
    ]
    if pair.split.any():
        lines[-1] += "    split (λ)"
    for k in _shown(pair):
        d = float(pair.d[k])
        lines.append(
            f"{d:7.2f}  {pair.force[k]:+.6f}  {pair.force_error[k]:.1e}   "
            f"{pair.friction[k] / pair.friction_apart:9.5f}  "
            f"{pair.friction_error[k] / pair.friction_apart:.1e}     "
            f"{_fixed(pair, d):>10}      {pair.energy[k]:.5f}"
            + (f"    {pair.split[k]:8.3f}" if pair.split.any() else "")
        )
    peak = int(np.argmax(np.abs(pair.force)))
    lines += [
        "",
        f"largest force {pair.force[peak]:+.5f} Ω₀ at d = {pair.d[peak]:.2f} λ; "
        f"friction apart {pair.friction_apart:.6f} Ω₀ t/λ",
    ]
    return "\n".join(lines)


def _alone(pair: DynamicPair) -> VortexFriction:
    return vortex_friction(1, pair.mu, s=pair.s)


def _shown(pair: DynamicPair) -> list[int]:
    """Indices of the separations next to `SHOWN`."""
    wanted = [d for d in SHOWN if pair.d[0] < d < pair.d[-1]]
    return sorted({int(np.argmin(np.abs(pair.d - d))) for d in (pair.d[0], *wanted, pair.d[-1])})


def _fixed(pair: DynamicPair, d: float) -> str:
    """The force of the same vortices held in place."""
    try:
        return f"{pair_force(pair.n1, pair.n2, pair.mu, d):+.6f}"
    except ConvergenceError:
        return "–"
