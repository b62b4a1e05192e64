"""The command line: ``vortexmd run | info | plot | export | flux | gl``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vortexmd import __version__, gl_commands, interrupts
from vortexmd.flux_command import commands as flux_commands
from vortexmd.validation import command as validation_command

# A user's mistake; a run that failed, has used its hours, was stopped by a signal.
MISTAKE, FAILURE, OUT_OF_TIME, STOPPED = 2, 1, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code: 0 done, 2 a mistake of the user's, 1 a failed run.

    3 is a run that has used its hours, 130 one that was stopped; the same command goes on with both.
    """
    arguments = _parser().parse_args(argv)
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    command: Callable[[argparse.Namespace], int] = arguments.command
    from vortexmd.job import Interrupted, OutOfTime
    from vortexmd.pair_friction import MobilityError
    from vortexmd.simulation import UnstableStepError
    from vortexmd.trajectory import TrajectoryMismatchError

    try:
        with interrupts.terms_as_ctrl_c():
            return command(arguments)
    except Interrupted as stop:
        print(f"vortexmd: {stop}", file=sys.stderr)
        return STOPPED
    except OutOfTime as stop:
        print(f"vortexmd: {stop}", file=sys.stderr)
        return OUT_OF_TIME
    except KeyboardInterrupt:
        print("vortexmd: interrupted", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader of our output has gone (`vortexmd info … | head`): not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (
        ValueError,
        OSError,
        UnstableStepError,
        MobilityError,
        TrajectoryMismatchError,
    ) as error:
        print(f"vortexmd: {' '.join(_text(error).split())}", file=sys.stderr)
        return MISTAKE
    except MemoryError:
        print(
            "vortexmd: out of memory; use fewer vortices or regions, or a shorter cutoff",
            file=sys.stderr,
        )
        return FAILURE


def _text(error: Exception) -> str:
    """What an error says, the system's own without their numbers."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vortexmd", description="Molecular dynamics of vortices in superconductors."
    )
    parser.add_argument("--version", action="version", version=f"vortexmd {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a TOML file; again, to continue after a stop")
    run.add_argument("file", type=Path, metavar="FILE.toml")
    run.add_argument("-o", "--output", type=Path, metavar="OUT.h5", help="trajectory to write")
    run.add_argument("--force", action="store_true", help="start over, replacing what is there")
    run.add_argument(
        "--extend", type=int, default=0, metavar="STEPS", help="go on so far beyond run.steps"
    )
    run.add_argument("--max-hours", type=float, metavar="H", help="stop after so long; exit code 3")
    run.add_argument(
        "--new-seed",
        type=int,
        metavar="SEED",
        help="branch off: from this run's checkpoint on under another seed, into -o",
    )
    run.add_argument(
        "--from",
        type=Path,
        dest="origin",
        metavar="RUN.h5.chk",
        help="the checkpoint to branch off from",
    )
    run.add_argument("--quiet", action="store_true", help="say nothing but errors")
    run.set_defaults(command=_run)

    info = commands.add_parser("info", help="what a trajectory holds")
    info.add_argument("file", type=Path, metavar="RUN.h5")
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(command=_info)

    plot = commands.add_parser("plot", help="draw configuration, energy, velocity and order")
    plot.add_argument("file", type=Path, metavar="RUN.h5")
    plot.add_argument("-o", "--output", type=Path, metavar="OUT.png", help="default RUN.png")
    plot.add_argument("--frame", type=int, default=-1, help="which frame; default the last")
    plot.add_argument(
        "--trails", type=int, default=0, metavar="K", help="paths of the last K frames"
    )
    plot.add_argument("--dpi", type=int, default=150)
    plot.add_argument("--force", action="store_true", help="replace the picture")
    plot.set_defaults(command=_plot)

    export = commands.add_parser("export", help="write extended XYZ, for OVITO and ASE")
    export.add_argument("file", type=Path, metavar="RUN.h5")
    export.add_argument("output", type=Path, metavar="OUT.xyz")
    export.add_argument("--force", action="store_true", help="replace the file")
    export.set_defaults(command=_export)

    flux_commands.add_commands(commands)
    gl_commands.add_commands(commands)
    validation_command.add_commands(commands)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from vortexmd import config as configuration
    from vortexmd import job
    from vortexmd.files import check_output
    from vortexmd.kernels import announced
    from vortexmd.reader import load
    from vortexmd.report import summary

    config = configuration.read(arguments.file)
    own = Path(config.output.file or arguments.file.with_suffix(".h5").name)
    output = arguments.output or own
    check_output(output, force=True)
    for written in (output, job.checkpoint_path(output)):
        configuration.keep_inputs(config, arguments.file, written)
    origin = arguments.origin or job.checkpoint_path(own)
    if arguments.new_seed is None and arguments.origin is not None:
        raise ValueError("--from: goes with --new-seed")
    into = job.checkpoint_path(output)
    if arguments.new_seed is not None and os.path.realpath(origin) == os.path.realpath(into):
        raise ValueError("--new-seed: a branch is written to a file of its own; give one with -o")
    options = job.Options(
        force=arguments.force,
        extend=arguments.extend,
        max_hours=arguments.max_hours,
        new_seed=arguments.new_seed,
        origin=origin,
        progress=sys.stderr.isatty() and not arguments.quiet,
    )
    say = (lambda line: None) if arguments.quiet else (lambda line: print(line, flush=True))
    began = time.monotonic()
    with announced((lambda: None) if arguments.quiet else _say_compiling):
        complete = job.run(config, output, options, say=say)
    if complete is not None:
        say(f"{output}: the run is complete ({complete}); --force starts it over")
        return 0
    with load(output) as trajectory:
        about = summary(trajectory)
    sixfold = about["sixfold_fraction"]
    order = "" if sixfold is None else f"six-fold fraction {sixfold:.3f}, "
    say(
        f"{output}: {about['frames']} frames to step {about['step']}, {about['vortices']} vortices, "
        f"{order}{time.monotonic() - began:.1f} s"
    )
    return 0


def _say_compiling() -> None:
    """Why nothing happens for a while; not among what a run tells on standard output."""
    print(
        "vortexmd: compiling for this machine, once (about half a minute) …",
        file=sys.stderr,
        flush=True,
    )


def _info(arguments: argparse.Namespace) -> int:
    from vortexmd.reader import load
    from vortexmd.report import as_text, summary

    with load(arguments.file) as trajectory:
        about = summary(trajectory)
    print(json.dumps(about, indent=1) if arguments.json else as_text(about))
    return 0


def _plot(arguments: argparse.Namespace) -> int:
    import matplotlib

    matplotlib.use("Agg")
    from vortexmd.checks import whole
    from vortexmd.files import check_picture
    from vortexmd.plotting import plot_run
    from vortexmd.reader import load
    from vortexmd.report import pins_of

    output = arguments.output or arguments.file.with_suffix(".png")
    whole("--dpi", arguments.dpi, 1, 1200)
    check_picture(output, arguments.force)
    with load(arguments.file) as trajectory:
        _check_frame(trajectory, arguments.frame)
        pins = pins_of(trajectory, trajectory[arguments.frame].step)
        figure = plot_run(trajectory, arguments.frame, trails=arguments.trails, pins=pins)
        figure.savefig(output, dpi=arguments.dpi)
    print(output)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from vortexmd.export import write_extxyz
    from vortexmd.files import check_output
    from vortexmd.reader import load

    if arguments.output.suffix not in (".xyz", ".extxyz"):
        raise ValueError(f"output = {arguments.output}: extended XYZ ends in .xyz or .extxyz")
    check_output(arguments.output, arguments.force)
    with load(arguments.file) as trajectory:
        write_extxyz(trajectory, arguments.output, overwrite=arguments.force)
        print(f"{arguments.output}: {len(trajectory)} frames")
    return 0


def _check_frame(trajectory: Any, frame: int) -> None:
    count = len(trajectory)
    if not -count <= frame < count:
        raise ValueError(f"--frame = {frame}: the trajectory has {count} frames, 0 … {count - 1}")


def _show_warning(message: Any, category: Any, filename: Any, lineno: Any, *rest: Any) -> None:
    """A warning of ours as one line; others as Python shows them, minus the source."""
    print(f"vortexmd: warning: {' '.join(str(message).split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
