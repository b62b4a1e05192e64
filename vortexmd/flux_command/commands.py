"""``vortexmd flux FILE.toml``: solve flux exchange, print, write a table and draw."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FAILURE = 1


def add_commands(commands: Any) -> None:
    """Put ``flux`` among the command line's `commands`."""
    flux = commands.add_parser(
        "flux", help="solve flux exchange of pinning regions, from a TOML file"
    )
    flux.add_argument("file", type=Path, metavar="FILE.toml")
    flux.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="OUT.csv and OUT.png; default FILE's name"
    )
    flux.add_argument("--force", action="store_true", help="replace what is there")
    flux.add_argument("--json", action="store_true", help="print JSON")
    flux.add_argument("--quiet", action="store_true", help="print nothing but errors")
    flux.set_defaults(command=_flux)


def _flux(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from vortexmd.files import beside, check_output, check_picture, replace
    from vortexmd.flux_command import config as flux_config
    from vortexmd.flux_command import report as flux_report
    from vortexmd.flux_command.build import cases
    from vortexmd.flux_command.draw import draw
    from vortexmd.flux_command.solve import solve
    from vortexmd.flux_exchange.solver import SolverError

    config = flux_config.read(arguments.file)
    table, picture = _outputs(arguments)
    draws = config.figure.kind != "none"
    check_output(table, arguments.force)
    if draws:
        check_picture(picture, arguments.force)
    try:
        todo = cases(config)
        bar = sys.stderr.isatty() and not arguments.quiet and len(todo) > 1
        results = [solve(case, config) for case in tqdm(todo, leave=False, disable=not bar)]
        figure = draw(config, results) if draws else None
    except SolverError as error:
        print(f"vortexmd: {arguments.file}: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILURE
    except ValueError as error:
        raise ValueError(f"{arguments.file}: {error}") from None
    # Whole files only: a stop in the middle leaves what was there.
    temporary = beside(table, "new")
    flux_report.write_csv(temporary, config, results)
    replace(temporary, table)
    if figure is not None:
        temporary = beside(picture, "new" + picture.suffix)
        figure.savefig(temporary)
        replace(temporary, picture)
    if arguments.json:
        about = flux_report.as_data(config, results)
        about["files"] = [str(table)] + ([str(picture)] if draws else [])
        print(json.dumps(about, indent=1))
    elif not arguments.quiet:
        print(flux_report.as_text(config, results))
        print(f"\n{table}" + (f", {picture}" if draws else ""))
    return 0


def _outputs(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """The table and the picture: OUT.csv and OUT.png, whatever ending OUT has."""
    output = arguments.output or Path(arguments.file.with_suffix("").name)
    if output.suffix in (".csv", ".png", ".pdf", ".svg"):
        ending = ".png" if output.suffix == ".csv" else output.suffix
        return output.with_suffix(".csv"), output.with_suffix(ending)
    return output.with_name(output.name + ".csv"), output.with_name(output.name + ".png")
