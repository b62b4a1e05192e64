"""The references of configuration files: ``python -m vortexmd.config_reference [flux]``."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

from vortexmd.config import AnnealTable, OutputTable, RunTable, StartTable

# One example of every type that [pair_force], [pair_friction], [[external]] and [[reactions]] take.
EXAMPLES = {
    "pair_force": {
        "GLFit": "mu = 1.7                 # or kappa = …; 0.2 … 2.5, or extrapolate = true\n"
        'source = "table"         # or "formula"',
        "London": "f0 = 2.0                 # Ω₀; 2 is London's force\n"
        "cutoff = 6.0             # λ; every potential takes it",
        "Log": "q = 1.0                  # Ω₀λ\n"
        "cutoff = 10.0            # λ; in a periodic box it needs one",
        "Pearl": "f0 = 2.0                 # Ω₀\n"
        "pearl_length = 5.0       # 2λ²/thickness, in λ\ncutoff = 20.0",
        "GLTable": "mu = 1.7                 # or kappa = …; 0.2 … 10",
        "GLDynamic": "mu = 1.7                 # or kappa = …; 0.4 … 2.5\n"
        "s = 1.0                  # relaxation rate of A: 1/normal conductivity; 0.1 … 10",
        "TwoBessel": "mu = 1.2\nn1 = 1\nn2 = 1                   # gamma1, gamma2 = [ , ]: beyond the table",
        "GLPair": 'kind = "V-V"             # or "V-GV", "V-AV": one law for all\nmu = 1.7',
        "Tabulated": "r = [0.0, 1.0, 2.0, 3.0, 4.0]      # λ; or file = … with two columns\n"
        "force = [0.0, 0.1, 0.05, 0.01, 0.0]  # Ω₀",
        "Interaction": "laws = [\n"
        '    { pair = [1, 1], type = "GLFit", mu = 1.7 },\n'
        '    { pair = [1, -1], type = "London" },\n'
        "]",
        "Sum": 'parts = [\n    { type = "London", f0 = 2.0 },\n'
        '    { type = "Scaled", factor = -0.5, part = { type = "London" } },\n]',
    },
    "pair_friction": {
        "GLDynamic": "mu = 1.7                 # or kappa = …; as in [pair_force]\n"
        "s = 1.0                  # relaxation rate of A: 1/normal conductivity",
        "TabulatedFriction": "d = [0.25, 0.5, 1.0, 2.0, 4.0, 6.0]      # λ; or file = … with two columns\n"
        "gamma = [0.01, 0.04, 0.2, 0.6, 0.95, 0.99]  # γ(d); ∝ d² below the first\n"
        "n1 = 1\nn2 = 1                   # the windings it is for; other pairs have γ = 1",
        "FrictionByPair": "laws = [\n"
        '    { pair = [1, 1], type = "TabulatedFriction", d = [1, 2, 3, 4], gamma = [0.2, 0.6, 0.9, 1] },\n'
        '    { pair = [1, -1], type = "TabulatedFriction", d = [1, 2, 3, 4], gamma = [0.3, 0.8, 0.9, 1] },\n'
        "]",
    },
    "external": {
        "UniformDrive": "force = [0.1, 0.0]       # Ω₀, on a vortex of winding +1; −1 feels the opposite",
        "SinusoidalDrive": "amplitude = [0.1, 0.0]   # Ω₀\nfrequency = 0.01         # 1/τ\nphase = 0.0",
        "HarmonicTrap": "k = [0.0, 0.05]          # ε₀/λ², one number or [kx, ky]; 0 along periodic axes",
        "GaussianPins": 'arrangement = "random"   # or "square", "triangular"\n'
        "n = 20\ndepth = 0.1              # ε₀\nradius = 0.3             # λ\n"
        "min_distance = 1.0       # λ, random only, like seed\nseed = 2",
        "ParabolicPins": "positions = [[10.0, 10.0], [30.0, 20.0]]  # λ\n"
        "depth = 0.1              # ε₀\nradius = 0.5             # λ",
    },
    "reactions": {
        "Annihilation": "mu = 1.7                 # at d_A(mu); or distance = 0.5, in λ",
        "Merging": "distance = 0.3           # λ\nmax_winding = 2",
        "ArrheniusHopping": "laws = [                 # one a region, or one for all; B in vortices per λ²\n"
        '    { kind = "linear", u0 = 3.0, b_max = 1.0 },        # u0 = U₀/kT; or u0_energy in ε₀\n'
        '    { kind = "logarithmic", u0 = 5.0, b_max = 2.0 },   # or "inverse_power" with exponent\n'
        "]\n"
        "attempt_rate = 0.1       # ν₀ in 1/τ\n"
        "hop_distance = 0.5       # s in λ\n"
        'above_b_max = "clamp"    # or "extend", "raise", "flow"\n'
        "effective = false        # true: regions narrower than s; conductances of the hops themselves\n"
        "weigh_energy = false     # true: by min(1, exp(−ΔE/kT)) too\n"
        "min_distance = 0.1       # λ: no hop ends nearer to another vortex\n"
        "allow_above = false      # true: regions may begin above b_max\n"
        "record_events = true     # false: tallies alone\n"
        "# outside = { b_applied = 0.1, entry_barrier = 0.0 }   # beyond open ends, which need it\n\n"
        "[regions]                # that part the box, without gaps\n"
        "rectangles = [[0.0, 0.0, 20.0, 20.0], [20.0, 0.0, 40.0, 20.0]]   # x0, y0, x1, y1 in λ\n"
        "# polygons = [[[0.0, 0.0], [40.0, 0.0], [0.0, 20.0]], …]         # corners in λ\n"
        '# raster = "labels.npy"                # or a text file, or [[0, 1], [0, 2], …]: labels[ix][iy]\n'
        "# regions = [0, 1]       # which region each rectangle or polygon belongs to; default one each\n"
        "# background = true      # what they leave is one more region\n"
        'names = ["weak", "strong"]',
    },
}


def reference() -> str:
    """The reference of every table and key, in Markdown, with an example of each."""
    lines = [
        "# Configuration files",
        "",
        "A run is a TOML file; `vortexmd run FILE.toml` runs it. Units: length λ, force Ω₀ = ε₀/λ, energy",
        "ε₀, time τ = ηλ/Ω₀. Keys not marked as required may be left out. This page is made from the",
        "program (`python -m vortexmd.config_reference`).",
        "",
    ]
    for name, cls in (
        ("start", StartTable),
        ("run", RunTable),
        ("run.anneal", AnnealTable),
        ("output", OutputTable),
    ):
        lines += table_lines(name, cls)
    for name, title, text in (
        (
            "pair_force",
            "[pair_force]",
            "One of these; the arguments are explained in docs/potentials.md.",
        ),
        (
            "pair_friction",
            "[pair_friction]",
            "Friction of a pair's relative motion by its separation, one of these, at temperature 0 only:\n"
            "the separation goes as dd/dt = 2Ω/γ(d), γ = 1 being constant friction.",
        ),
        ("external", "[[external]]", "Any number of these; all forces add up."),
        ("reactions", "[[reactions]]", "Any number of these."),
    ):
        lines += [f"## {title}", "", text, ""]
        for kind, example in EXAMPLES[name].items():
            lines += ["```toml", title, f'type = "{kind}"', example, "```", ""]
    return "\n".join(lines[:-1]) + "\n"


def table_lines(name: str, cls: Any, title: str | None = None) -> list[str]:
    """The section of one table: what it is, and every key with an example, what it means and its default."""
    title = title or f"[{name}]"
    lines = [f"## {title}", "", cls.__doc__ or "", "", "```toml", title]
    for f in dataclasses.fields(cls):
        note = "" if f.default in (None, dataclasses.MISSING) else f" (default: {_toml(f.default)})"
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            note = " (required)"
        setting = f"{f.name} = {f.metadata['example']}"
        lines.append(f"{setting:<40} # {f.metadata['doc']}{note}")
    return [*lines, "```", ""]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


if __name__ == "__main__":
    from vortexmd.flux_command import reference as flux_reference

    print(flux_reference.reference() if sys.argv[1:] == ["flux"] else reference(), end="")
