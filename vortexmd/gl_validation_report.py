"""What `validate_frame` found, as plain data and as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.description import describe

if TYPE_CHECKING:
    from vortexmd.gl_validation import FrameValidation

# Name in the data, and how the text calls it.
ERRORS = {
    "additivity": "additivity: pairs of GL − GL",
    "pair_law": "pair law: MD − pairs of GL",
    "together": "together: MD − GL",
    "left_out": "left out of the window, MD",
}
# Ratios below are sums' rounding.
ROUNDING = 1e-12


def figures(found: FrameValidation) -> dict[str, Any]:
    """Everything as plain data; None where a ratio to zero would stand."""
    vortices = [
        {
            "id": int(found.ids[k]),
            "winding": int(found.winding[k]),
            "position": found.positions[k].tolist(),
            "inner": bool(found.inner[k]),
            "force_gl": found.force_gl[k].tolist(),
            "force_pairs": found.force_pairs[k].tolist(),
            "force_md": found.force_md[k].tolist(),
            "force_md_all": found.force_md_all[k].tolist(),
            "pair_scale": float(found.pair_scale[k]),
        }
        for k in range(len(found.ids))
    ]
    net = _rms(found, found.force_gl)
    scale = float(np.sqrt((found.pair_scale[found.judged] ** 2).mean()))
    largest = float(np.abs(found.pair_strength[found.judged]).max())
    sizes = {name: _rms(found, vectors) for name, vectors in _errors(found).items()}
    known = found.force_error + found.pairs_error
    return {
        "step": found.step,
        "time": found.time,
        "mu": found.mu,
        "pair_force": describe(found.pair_force),
        "window": found.window,
        "centre": found.centre.tolist(),
        "margin": found.margin,
        "tolerance": found.tolerance,
        "vortices": vortices,
        "inner": int(found.inner.sum()),
        "judged": "inner" if found.inner.any() else "all",
        "rms_force_gl": net,
        "rms_pair_scale": scale,
        "largest_pair_force": largest,
        "errors": {
            name: {
                "rms": size,
                "of_net_force": _ratio(size, net, known),
                "of_pair_scale": _ratio(size, scale, known),
                "of_largest_pair_force": _ratio(size, largest, known),
            }
            for name, size in sizes.items()
        },
        "force_error": found.force_error,
        "pairs_error": found.pairs_error,
        "additivity_resolved": bool(sizes["additivity"] > math.sqrt(2) * known),
        "energy": {
            "gl": found.energy_gl,
            "pairs": found.energy_pairs,
            "md": found.energy_md,
            "error": found.energy_error,
            "pairs_over_gl": _ratio(found.energy_pairs, found.energy_gl, found.energy_error),
            "md_over_gl": _ratio(found.energy_md, found.energy_gl, found.energy_error),
        },
        "notes": list(found.notes),
    }


def as_text(found: FrameValidation) -> str:
    """A table of the vortices, the errors' sizes, energies and notes."""
    about = figures(found)
    lines = [*_heading(found), "", *_table(found), "", *_sizes(found, about), "", *_energies(about)]
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join(lines)


def _heading(found: FrameValidation) -> list[str]:
    x, y = found.centre
    return [
        f"step {found.step}, t = {found.time:.6g} τ: {len(found.ids)} vortices in a window of "
        f"{found.window:g} × {found.window:g} λ² around ({x:.6g}, {y:.6g}), {found.inner.sum()} of them "
        f"inner (*: {found.margin:.3g} λ or more from its edge)",
        f"GL   this cluster alone, held in place, mu = {found.mu:.6g}, reading coulomb; numerical error "
        f"± {found.force_error:.0e} Ω₀",
        f"MD   {found.pair_force!r}, cutoff {found.pair_force.cutoff:.4g} λ and switch as in the run",
    ]


def _table(found: FrameValidation) -> list[str]:
    """One line a vortex, forces in a power of ten that suits them."""
    largest = max(
        float(np.abs(forces).max())
        for forces in (found.force_gl, found.force_pairs, found.force_md, found.pair_strength)
    )
    power = math.floor(math.log10(largest)) if largest > 0 else 0
    unit = "Ω₀" if power == 0 else f"10^{power} Ω₀"
    lines = [
        f"net forces in {unit}; errors are vectors, their sizes here",
        f"{'id':>7}    n         x         y   {'F_GL':^17}   {'pairs of GL':^17}   {'F_MD':^17}   "
        f"additivity  pair law",
    ]
    for k, row in enumerate(found.positions):
        mark = "*" if found.inner[k] else " "
        vectors = [
            f"{forces[k, 0] / 10.0**power:8.4f} {forces[k, 1] / 10.0**power:8.4f}"
            for forces in (found.force_gl, found.force_pairs, found.force_md)
        ]
        sizes = [
            float(np.hypot(*error[k])) / 10.0**power
            for error in (found.additivity_error, found.law_error)
        ]
        lines.append(
            f"{found.ids[k]:>7}{mark} {found.winding[k]:+3d} {row[0]:9.3f} {row[1]:9.3f}   "
            f"{'   '.join(vectors)}   {sizes[0]:10.4f}  {sizes[1]:8.4f}"
        )
    return lines


def _sizes(found: FrameValidation, about: dict[str, Any]) -> list[str]:
    """Root mean squares of the errors, and what they are to be measured by."""
    whom = "the inner vortices" if about["judged"] == "inner" else "all vortices"
    lines = [
        f"root mean squares over {whom}, in Ω₀",
        f"  net force, GL                    {about['rms_force_gl']:10.3e}",
        f"  pair forces, √(Σ_j F_ij²)        {about['rms_pair_scale']:10.3e}   what these pair forces "
        f"would add up to in random directions",
        f"  largest pair force               {about['largest_pair_force']:10.3e}",
        f"  {'error':32} {'rms':>10}   of net force   of pair forces   of the largest",
    ]
    for name, text in ERRORS.items():
        error = about["errors"][name]
        ratios = [
            _percent(error[f"of_{of}"]) for of in ("net_force", "pair_scale", "largest_pair_force")
        ]
        lines.append(
            f"  {text:32} {error['rms']:10.3e}   {ratios[0]:>12}   {ratios[1]:>14}   {ratios[2]:>14}"
        )
    known = found.force_error + found.pairs_error
    verdict = "" if about["additivity_resolved"] else ": additivity holds as far as this can tell"
    lines.append(f"  the solver's own error, estimated{known:10.3e}{verdict}")
    return lines


def _energies(about: dict[str, Any]) -> list[str]:
    energy, count = about["energy"], len(about["vortices"])
    names = {"gl": "GL", "pairs": "pairs of GL", "md": "MD"}
    lines = [f"interaction energy per vortex, in ε₀ (± {energy['error'] / count:.0e})"]
    for name, text in names.items():
        ratio = "" if name == "gl" else f"   {_percent(energy[f'{name}_over_gl'])} of GL's"
        lines.append(f"  {text:12} {energy[name] / count:+.6f}{ratio}")
    return lines


def _errors(found: FrameValidation) -> dict[str, NDArray[np.float64]]:
    return {
        "additivity": found.additivity_error,
        "pair_law": found.law_error,
        "together": found.total_error,
        "left_out": found.force_md_all - found.force_md,
    }


def _rms(found: FrameValidation, vectors: NDArray[np.float64]) -> float:
    """Root mean square length of those vectors (N, 2) that are judged."""
    return float(np.sqrt((vectors[found.judged] ** 2).sum(axis=1).mean()))


def _ratio(size: float, scale: float, error: float) -> float | None:
    """None where the scale is lost in its own error."""
    return size / scale if abs(scale) > error else None


def _percent(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return "0 %" if abs(ratio) < ROUNDING else f"{100 * ratio:.4g} %"
