"""What a trajectory holds, in figures: `vortexmd info`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np

from vortexmd import analysis
from vortexmd.description import naming, restore

# Of more pinning regions, only the range of their counts is told.
MOST_REGIONS = 8


def summary(trajectory: Any) -> dict[str, Any]:
    """The figures of `vortexmd info` as plain data.

    Parameters
    ----------
    trajectory
        A `Trajectory` with at least one frame.

    Returns
    -------
    dict
        Frames, steps and times; box; numbers of vortices by winding at the first and last frame; density
        and n_c2 (per λ²); energy per vortex (ε₀); structure of the last frame (P₆, |ψ₆|, mean
        occupancy); vortices in each pinning region, None without any; events by kind.

    Raises
    ------
    ValueError
        If there is no frame.
    """
    if len(trajectory) == 0:
        raise ValueError(f"{trajectory}: no frame yet")
    first, last = trajectory[0], trajectory[-1]
    parameters = configuration_at(trajectory, int(last.step))
    mu = _mu(parameters.get("pair_force"))
    return {
        "frames": len(trajectory),
        "first_step": int(first.step),
        "step": int(last.step),
        "time": float(last.time),
        "box": list(last.box.lengths),
        "boundary": list(last.box.boundary),
        "vortices_at_start": len(first),
        "vortices": len(last),
        "windings": {f"{n:+d}": c for n, c in sorted(Counter(last.winding.tolist()).items())},
        "density": last.density,
        "upper_critical_density": None if mu is None else mu**2 / (4 * pi),
        "energy_per_vortex": _finite(trajectory.energy[-1] / len(last)) if len(last) else None,
        "temperature": float(trajectory.temperature[-1]),
        "sixfold_fraction": _structure(analysis.sixfold_fraction, last),
        "hexatic_order": _structure(analysis.global_hexatic_order, last),
        "mean_occupancy": _structure(analysis.mean_occupancy, last),
        "regions": _regions(trajectory[-1:]),
        "events": dict(Counter(event.kind for event in trajectory.events)),
        "pair_force": _one_line(parameters.get("pair_force")),
        "pair_friction": _one_line(parameters.get("pair_friction")),
        "external": [_one_line(field) for field in parameters.get("external", [])],
        "reactions": [_one_line(reaction) for reaction in parameters.get("reactions", [])],
        "dt": parameters.get("dt"),
        "seed": parameters.get("seed"),
    }


def as_text(about: dict[str, Any]) -> str:
    """`summary` for reading."""
    lx, ly = about["box"]
    critical = about["upper_critical_density"]
    energy = about["energy_per_vortex"]
    windings = ", ".join(f"{count} of {n}" for n, count in about["windings"].items())
    lines = [
        ("frames", f"{about['frames']}, steps {about['first_step']} … {about['step']}"),
        ("time", f"{about['time']:.6g} τ (dt = {about['dt']} τ, seed {about['seed']})"),
        ("box", f"{lx:.6g} × {ly:.6g} λ², {' / '.join(about['boundary'])}"),
        (
            "vortices",
            f"{about['vortices']} ({windings or 'none'}); {about['vortices_at_start']} at first",
        ),
        (
            "density",
            f"{about['density']:.6g} per λ²"
            + (f"; n_c2 = {critical:.4g}" if critical is not None else ""),
        ),
        ("energy", "–" if energy is None else f"{energy:.8g} ε₀ per vortex"),
        ("temperature", f"{about['temperature']:.6g} ε₀"),
        ("six-fold fraction", _figure(about["sixfold_fraction"])),
        ("hexatic order |ψ₆|", _figure(about["hexatic_order"])),
        ("mean occupancy", _figure(about["mean_occupancy"]) + "  (1: single; more: clusters)"),
        ("regions", _regions_line(about["regions"])),
        ("events", ", ".join(f"{c} {kind}" for kind, c in about["events"].items()) or "none"),
        ("pair force", about["pair_force"] or "none"),
        ("pair friction", about["pair_friction"] or "constant"),
        ("external", "; ".join(about["external"]) or "none"),
        ("reactions", "; ".join(about["reactions"]) or "none"),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)


def configuration_at(trajectory: Any, step: int) -> dict[str, Any]:
    """The description that holds at a step: what was changed between two runs counts from there on."""
    held = trajectory.parameters
    for since, description in trajectory.changes:
        if since <= step:
            held = description
    return held


def pins_of(trajectory: Any, step: int) -> list[Any]:
    """The pinning arrays at a step of a run."""
    with naming(f"trajectory {trajectory.path}"):
        return [
            restore(field, "external")
            for field in configuration_at(trajectory, step).get("external", [])
            if field.get("type") in ("GaussianPins", "ParabolicPins")
        ]


def _regions(last: Any) -> list[dict[str, Any]] | None:
    """Name and vortices of each pinning region at the last frame."""
    regions = last.regions
    if regions is None:
        return None
    counts = last.region_counts[0].tolist()
    return [{"name": n, "vortices": c} for n, c in zip(regions.names, counts, strict=True)]


def _regions_line(regions: list[dict[str, Any]] | None) -> str:
    if regions is None:
        return "none"
    if len(regions) <= MOST_REGIONS:
        return ", ".join(f"{region['vortices']} in {region['name']}" for region in regions)
    counts = [region["vortices"] for region in regions]
    return f"{len(regions)}, with {min(counts)} … {max(counts)} vortices each"


def _mu(law: Any) -> float | None:
    """μ of a described potential, its parts included, if there is one."""
    if isinstance(law, dict):
        if isinstance(law.get("mu"), float):
            return law["mu"]
        law = list(law.values())
    if isinstance(law, list):
        return next((mu for mu in map(_mu, law) if mu is not None), None)
    return None


def _one_line(data: Any) -> str:
    """A described object as it would be written in a script; long arrays are only counted."""
    if not isinstance(data, dict):
        if isinstance(data, list) and len(data) > 3:
            return f"[{len(data)} entries]"
        if isinstance(data, list):
            return f"[{', '.join(_one_line(item) for item in data)}]"
        return f"{data:.6g}" if isinstance(data, float) else str(data)
    shown = (
        f"{key}={_one_line(v)}"
        for key, v in data.items()
        if key not in ("type", "box", "regions") and v is not None and v is not False
    )
    return f"{data.get('type', 'function')}({', '.join(shown)})"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _structure(measure: Callable[[Any], float], last: Any) -> float | None:
    """A measure of a frame, None in boxes too long and narrow to find neighbours in."""
    try:
        return _finite(measure(last))
    except ValueError:
        return None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
