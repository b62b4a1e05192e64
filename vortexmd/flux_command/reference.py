"""The reference of flux-exchange files: ``python -m vortexmd.config_reference flux``."""

from __future__ import annotations

from textwrap import fill

from vortexmd.config_reference import table_lines
from vortexmd.flux_command.config import (
    CurvesTable,
    FigureTable,
    PanelTable,
    SampleTable,
    SolveTable,
    StartTable,
    TimesTable,
    UnitsTable,
)

# One example of every kind of network; the keys are those of the constructors of FluxNetwork.
NETWORKS = {
    "two_regions": (
        "Two regions p and q by the paper's coefficients.",
        "epsilon = 0.01                       # ε_pq = ½ L s ν₀/A_p, 1/time; 0 parts them\n"
        "gamma = 1.0                          # ε_pq/ε_qp = A_q/A_p (default: 1.0)\n"
        'p = { kind = "linear", u0 = 15.0, b_max = 20.0 }\n'
        'q = { kind = "logarithmic", u0 = 75.0, b_max = 100.0 }',
    ),
    "listed": (
        "Any regions and interfaces, written out. Interfaces and the outside name regions by name, or by "
        "number from 0.",
        "attempt_rate = 0.2                   # ν₀, 1/time\n"
        "hop_distance = 1.0                   # s, length\n"
        "outside = { b_applied = 5.0, lengths = { left = 1.0 } }  # entry_barrier = U_e/kT; default: closed\n"
        "[[network.regions]]\n"
        'name = "left"\n'
        "area = 1.0                           # length²\n"
        'law = { kind = "linear", u0 = 15.0, b_max = 20.0 }\n'
        "[[network.regions]]\n"
        'name = "right"\n'
        "area = 2.0\n"
        'law = { kind = "inverse_power", u0 = 10.0, b_max = 30.0, exponent = 0.5 }\n'
        "[[network.interfaces]]\n"
        'between = ["left", "right"]\n'
        "length = 1.0",
    ),
    "chain": (
        "Cells in a row, `height` the length of their interfaces.",
        'laws = { kind = "logarithmic", u0 = 10.0, b_max = 100.0 }\n'
        "cells = 20                           # how many; not with a list of laws\n"
        "cell_width = 1.0                     # length, or one a cell\n"
        "height = 1.0                         # length (default: 1.0)\n"
        "attempt_rate = 1.0                   # ν₀, 1/time\n"
        "hop_distance = 0.5                   # s, length\n"
        "periodic = false\n"
        "outside = { b_applied = 0.0 }        # both ends; default: closed",
    ),
    "grid": (
        "Cells in columns and rows; the cell of column x and row y is region x·ny + y.",
        "shape = [8, 4]                       # nx, ny\n"
        "cell = [1.0, 2.0]                    # width and height, lengths\n"
        'laws = { kind = "logarithmic", u0 = 10.0, b_max = 100.0 }\n'
        "attempt_rate = 1.0                   # ν₀, 1/time\n"
        "hop_distance = 0.5                   # s, length\n"
        "periodic = [false, true]\n"
        "outside = { b_applied = 0.0 }        # all sides that are not periodic; default: closed",
    ),
    "cylinder": (
        "The bulk and the surface layer of a cylinder, and the outside (Eqs. 22–24).",
        "radius = 2.0                         # R, length\n"
        "layer = 0.2                          # δ, length\n"
        'bulk = { kind = "logarithmic", u0 = 20.0, b_max = 1000.0 }\n'
        'surface = { kind = "linear", u0 = 40.0, b_max = 200.0 }\n'
        "attempt_rate = 1e9                   # ν₀, 1/time\n"
        "hop_distance = 0.01                  # s, length\n"
        "b_applied = 0.0                      # B_a, field\n"
        "entry_barrier = 0.0                  # U_e/kT (default: 0.0, the paper's)",
    ),
    "geometry": (
        "Regions by their shapes, which the table [regions] gives: `rectangles`, `polygons` or `raster` "
        "(labels of pixels, [ix][iy], or the name of a .npy or text file of them: lines run in x, the first "
        "at y = 0), and the other arguments of that constructor of `Regions`; `lengths` and `boundary` give "
        'the box. Sides whose boundary is "open" touch the outside.',
        "attempt_rate = 1.0                   # ν₀, 1/time\n"
        "hop_distance = 0.5                   # s, length\n"
        "effective = false                    # true: for corners, slants and regions narrower than s\n"
        "outside = { b_applied = 0.0 }        # where the box is open\n"
        "laws = [\n"
        '    { kind = "linear", u0 = 15.0, b_max = 20.0 },\n'
        '    { kind = "linear", u0 = 75.0, b_max = 100.0 },\n'
        "]\n"
        "[regions]\n"
        "rectangles = [[0.0, 0.0, 4.0, 4.0], [4.0, 0.0, 8.0, 4.0]]  # x0, y0, x1, y1\n"
        "lengths = [8.0, 4.0]                 # of the box; default: what the shapes cover\n"
        'boundary = ["open", "reflecting"]    # with lengths (default: "reflecting")\n'
        'names = ["weak", "strong"]',
    ),
}


def reference() -> str:
    """The reference of every table and key, in Markdown, with an example of each."""
    lines = [
        "# Flux-exchange files",
        "",
        "A flux-exchange problem is a TOML file; `vortexmd flux FILE.toml` solves it, prints a table, and",
        "writes `FILE.csv` (a row a time, a column a field; units in the head) and the figure `FILE.png`.",
        "Units: any that agree; [units] names them. Keys not marked as required may be left out. This page",
        "is made from the program (`python -m vortexmd.config_reference flux`).",
        "",
        "## [network]",
        "",
        "One of these kinds; the keys are the arguments of the `FluxNetwork` constructor of that name, and",
        '`above_b_max = "clamp" | "extend" | "raise"` goes with each. A law is a table: `kind`, one of',
        '"linear", "logarithmic", "inverse_power"; `u0` = U₀/kT; `b_max` = B_m; `exponent` = m of the',
        "inverse power. With `u0_energy` instead of `u0` the network takes a `temperature`. `laws` is one",
        "law for all or a list.",
        "",
    ]
    for kind, (text, example) in NETWORKS.items():
        lines += [
            fill(text, 105),
            "",
            "```toml",
            "[network]",
            f'kind = "{kind}"',
            example,
            "```",
            "",
        ]
    for name, cls in (
        ("start", StartTable),
        ("times", TimesTable),
        ("solve", SolveTable),
        ("sample", SampleTable),
        ("curves", CurvesTable),
        ("panel", PanelTable),
        ("figure", FigureTable),
        ("units", UnitsTable),
    ):
        lines += table_lines(name, cls, "[[panel]]" if name == "panel" else None)
    return "\n".join(lines[:-1]) + "\n"
