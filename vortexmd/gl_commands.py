"""``vortexmd gl …``: the Ginzburg-Landau reference solver on the command line."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FAILURE = 1


def add_commands(commands: Any) -> None:
    """Put ``gl`` and what it offers among the command line's `commands`."""
    gl = commands.add_parser("gl", help="solve Ginzburg-Landau theory: vortices, pairs, tables")
    kinds = gl.add_subparsers(required=True, metavar="WHAT")

    vortex = kinds.add_parser("vortex", help="one vortex: energy, tails, H_c1")
    _add_mu(vortex)
    vortex.add_argument("--n", type=int, default=1, help="winding number; default 1")
    vortex.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="draw the profiles")
    vortex.add_argument("--force", action="store_true", help="replace the picture")
    vortex.add_argument("--json", action="store_true", help="print JSON")
    vortex.set_defaults(command=_reporting(_vortex))

    pair = kinds.add_parser("pair", help="force and energy of two vortices held in place")
    _add_mu(pair)
    pair.add_argument("--n1", type=int, default=1, help="winding of the first; default 1")
    pair.add_argument("--n2", type=int, default=1, help="winding of the second; default 1")
    pair.add_argument("--d", type=float, required=True, help="separation in λ")
    pair.add_argument("--reading", default="coulomb", help="coulomb (default), lattice or minimum")
    pair.add_argument("--gauge-weight", type=float, help="coulomb: w of the gauge term; default 1")
    pair.add_argument(
        "--tolerance", type=float, help="relative, of the force; default 1e-4, minimum 1e-3"
    )
    pair.add_argument("--scheme", help="lattice: discretisation")
    pair.add_argument("--h", type=float, help="lattice: grid spacing in λ; default 0.1")
    pair.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="draw the fields")
    pair.add_argument("--force", action="store_true", help="replace the picture")
    pair.add_argument("--json", action="store_true", help="print JSON")
    pair.set_defaults(command=_reporting(_pair))

    dynamic = kinds.add_parser("dynamic", help="force and friction of two vortices in free motion")
    _add_mu(dynamic)
    dynamic.add_argument("--kind", default="V-V", help="V-V (default), V-AV, or V-GV below mu = 1")
    dynamic.add_argument("--s", type=float, help="relaxation rate of A; default 1")
    dynamic.add_argument("--h", type=float, help="grid spacing in λ; default by mu")
    dynamic.add_argument("--margin", type=float, help="to the edge of the grid in λ; default by mu")
    dynamic.add_argument(
        "--tolerance", type=float, help="error of one time step; default 1e-6, 1e-8 … 1e-4"
    )
    dynamic.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="draw the curves")
    dynamic.add_argument("--csv", type=Path, metavar="OUT.csv", help="write all separations")
    dynamic.add_argument("--force", action="store_true", help="replace the files")
    dynamic.add_argument("--json", action="store_true", help="print JSON")
    dynamic.set_defaults(command=_reporting(_dynamic))

    branches = kinds.add_parser("branches", help="vortex and antivortex: two states, d_E and d_A")
    _add_mu(branches)
    branches.add_argument(
        "--readings", nargs="+", metavar="NAME", help="minimum, lattice, coulomb; default all"
    )
    branches.add_argument("--scheme", help="lattice: discretisation without a gauge term")
    branches.add_argument("--h", type=float, help="lattice: grid spacing in λ; default 0.1")
    branches.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="draw the branches")
    branches.add_argument("--folder", type=Path, help="write CSV, text and JSON there")
    branches.add_argument("--force", action="store_true", help="replace the files")
    branches.add_argument("--json", action="store_true", help="print JSON")
    branches.set_defaults(command=_reporting(_branches))

    tables = kinds.add_parser("tables", help="regenerate and judge the paper's Tables 1-5")
    tables.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="default gl_tables, gl_tables_quick"
    )
    tables.add_argument("--force", action="store_true", help="replace tables of other settings")
    tables.add_argument("--quick", action="store_true", help="check six rows")
    tables.add_argument("--mu", type=float, nargs="+", help="only these μ (any in 0.1 … 20)")
    tables.add_argument("--kind", nargs="+", help="only these: V-V, V-GV, V-AV")
    tables.add_argument("--tolerance", type=float, help="relative, of the forces; default 1e-4")
    tables.add_argument("--jobs", type=int, help="processes; default one a core")
    tables.add_argument("--json", action="store_true", help="print JSON")
    tables.set_defaults(command=_reporting(_tables))

    figures = kinds.add_parser("figures", help="redraw the paper's Figs. 1-13")
    figures.add_argument("-o", "--output", type=Path, default=Path("figures"), metavar="FOLDER")
    figures.add_argument("--only", type=int, nargs="+", metavar="N", help="only these figures")
    figures.add_argument("--force", action="store_true", help="replace figures that are there")
    figures.add_argument("--jobs", type=int, default=2, help="processes; default 2")
    figures.set_defaults(command=_reporting(_figures))

    validate = kinds.add_parser("validate", help="judge the forces of a run's frame")
    validate.add_argument("file", type=Path, metavar="RUN.h5")
    validate.add_argument("--frame", type=int, default=-1, help="which frame; default the last")
    validate.add_argument(
        "--window", type=float, required=True, metavar="W", help="side of the square in λ"
    )
    validate.add_argument(
        "--centre", type=float, nargs=2, metavar=("X", "Y"), help="default the middle vortex"
    )
    _add_mu(validate)
    validate.add_argument("--margin", type=float, help="of inner vortices; default mean spacing")
    validate.add_argument("--most", type=int, help="refuse more vortices than this; default 20")
    validate.add_argument("--tolerance", type=float, help="relative; default 1e-3")
    validate.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="draw the window")
    validate.add_argument("--force", action="store_true", help="replace the picture")
    validate.add_argument("--json", action="store_true", help="print JSON")
    validate.set_defaults(command=_reporting(_validate))


def _add_mu(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mu", type=float, help="μ = √2 κ")
    parser.add_argument("--kappa", type=float, help="κ, instead of μ")


def _reporting(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """`command`, with an iteration or a comparison that failed said in one line."""

    def run(arguments: argparse.Namespace) -> int:
        from gl_reference import ConvergenceError, TablesMismatchError

        try:
            return command(arguments)
        except (ConvergenceError, TablesMismatchError) as error:
            print(f"vortexmd: {error}", file=sys.stderr)
            return FAILURE

    return run


def _given(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Those of the named options that the user gave."""
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _print(about: dict[str, Any], lines: list[str], as_json: bool) -> None:
    if as_json:
        plain = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in about.items()
        }
        print(json.dumps(plain, indent=1))
    else:
        print("\n".join(lines))


def _vortex(arguments: argparse.Namespace) -> int:
    from gl_reference import lower_critical_field, single_vortex
    from vortexmd.files import check_picture

    if arguments.output is not None:
        check_picture(arguments.output, arguments.force)
    vortex = single_vortex(arguments.n, **_given(arguments, "mu", "kappa"))
    about = {
        "n": vortex.n,
        "mu": vortex.mu,
        "energy": vortex.energy,
        "energy_error": vortex.energy_error,
        "gamma1": vortex.gamma1,
        "gamma1_error": vortex.gamma1_error,
        "gamma1_reason": vortex.gamma1_reason,
        "gamma2": vortex.gamma2,
        "gamma2_error": vortex.gamma2_error,
        "lower_critical_field": lower_critical_field(vortex.mu),
    }
    if vortex.gamma1_reason is None:
        gamma1 = f"{vortex.gamma1:.8f} ± {vortex.gamma1_error:.0e}"
    else:
        gamma1 = f"none: {vortex.gamma1_reason}"
    lines = [
        f"vortex of winding {vortex.n} at mu = {vortex.mu:.6g} (kappa = {vortex.mu / math.sqrt(2):.6g})",
        f"energy    {vortex.energy:.10f} ε₀",
        f"gamma1    {gamma1}",
        f"gamma2    {vortex.gamma2:.8f} ± {vortex.gamma2_error:.0e}",
        f"H_c1      {about['lower_critical_field']:.8f} Φ₀/2πμ₀λ²   "
        f"(H_c {vortex.mu / 2:.6g}, H_c2 {vortex.mu**2 / 2:.6g})",
    ]
    _print(about, lines, arguments.json)
    if arguments.output is not None:
        vortex.plot().savefig(arguments.output, dpi=150)
    return 0


def _pair(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from gl_reference import solve, solve_pair
    from vortexmd.files import check_picture

    if arguments.output is not None:
        if arguments.reading == "minimum":
            raise ValueError(
                f"output = {arguments.output}: no picture of the reading 'minimum'; leave -o out, or "
                "give --reading coulomb"
            )
        check_picture(arguments.output, arguments.force)
    options = _given(
        arguments, "mu", "kappa", "reading", "gauge_weight", "tolerance", "scheme", "h"
    )
    pair = solve_pair(arguments.n1, arguments.n2, d=arguments.d, **options)
    lines = [
        f"windings {pair.n1} and {pair.n2} at d = {pair.d:.6g} λ, mu = {pair.mu:.6g}, "
        f"reading {pair.reading}",
        f"force                {pair.force:.8f} ± {pair.force_error:.0e} Ω₀   "
        f"({'repulsion' if pair.force > 0 else 'attraction'})",
        f"energy               {pair.energy:.8f} ± {pair.energy_error:.0e} ε₀",
        f"interaction energy   {pair.interaction_energy:.8f} ε₀",
    ]
    _print(asdict(pair), lines, arguments.json)
    if arguments.output is not None:
        positions = [[-pair.d / 2, 0.0], [pair.d / 2, 0.0]]
        solution = solve(positions, [pair.n1, pair.n2], **options)
        solution.plot().savefig(arguments.output, dpi=150)
    return 0


def _dynamic(arguments: argparse.Namespace) -> int:
    from gl_reference import dynamic_pair
    from gl_reference.curves import WINDINGS
    from vortexmd.files import check_output, check_picture

    if arguments.kind not in WINDINGS:
        raise ValueError(f"kind = {arguments.kind!r}: give one of {', '.join(WINDINGS)}")
    if arguments.output is not None:
        check_picture(arguments.output, arguments.force)
    if arguments.csv is not None:
        check_output(arguments.csv, arguments.force)
        if arguments.output is not None and arguments.csv.absolute() == arguments.output.absolute():
            raise ValueError(f"csv = {arguments.csv}: the picture's name too; give another")
    options = _given(arguments, "mu", "kappa", "s", "h", "margin", "tolerance")
    pair = dynamic_pair(*WINDINGS[arguments.kind], **options)
    print(json.dumps(pair.to_dict(), indent=1) if arguments.json else pair.summary())
    if arguments.csv is not None:
        pair.write_csv(arguments.csv)
    if arguments.output is not None:
        pair.plot().savefig(arguments.output)
    return 0


def _branches(arguments: argparse.Namespace) -> int:
    from gl_reference import vav_branches
    from gl_reference.branches import check_files
    from vortexmd.files import check_picture

    if arguments.output is not None:
        check_picture(arguments.output, arguments.force)
    if arguments.folder is not None:
        check_files(arguments.folder, arguments.force)
    options = _given(arguments, "mu", "kappa", "readings", "scheme", "h")
    found = vav_branches(progress=True, **options)
    print(found.to_json() if arguments.json else found.summary())
    if arguments.folder is not None:
        found.save(arguments.folder, overwrite=arguments.force)
    if arguments.output is not None:
        found.plot().savefig(arguments.output)
    return 0


def _tables(arguments: argparse.Namespace) -> int:
    from gl_reference.tables import run_tables

    options = _given(arguments, "tolerance", "jobs")
    if arguments.mu is not None:
        options["mus"] = arguments.mu
    if arguments.kind is not None:
        options["kinds"] = arguments.kind
    folder = arguments.output or Path("gl_tables_quick" if arguments.quick else "gl_tables")
    result = run_tables(
        folder, quick=arguments.quick, progress=True, overwrite=arguments.force, **options
    )
    print(result.to_json() if arguments.json else result.summary())
    return 0


def _figures(arguments: argparse.Namespace) -> int:
    from gl_reference.figures import draw_figures

    for path in draw_figures(
        arguments.output,
        only=arguments.only,
        progress=True,
        jobs=arguments.jobs,
        overwrite=arguments.force,
    ):
        print(path)
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from vortexmd.files import check_picture
    from vortexmd.gl_validation import frame_of_run, validate_frame

    if arguments.output is not None:
        check_picture(arguments.output, arguments.force)
    vortices, law = frame_of_run(arguments.file, arguments.frame)
    options = _given(arguments, "centre", "mu", "kappa", "margin", "most", "tolerance")
    found = validate_frame(
        vortices, law, window=arguments.window, progress=sys.stderr.isatty(), **options
    )
    print(json.dumps(found.to_dict(), indent=1) if arguments.json else found.summary())
    if arguments.output is not None:
        found.plot().savefig(arguments.output)
    return 0
