"""``vortexmd validate``: measure what the program computes against exact and published numbers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

FAILURE = 1
JSON_FILE, MARKDOWN_FILE = "validation.json", "validation.md"


def add_commands(commands: Any) -> None:
    """Put ``validate`` among the command line's `commands`."""
    validate = commands.add_parser(
        "validate",
        help="check every computed number that is known exactly or published",
        description="Check every computed number that is known exactly or published.",
        epilog=f"Writes FOLDER/{JSON_FILE} for programs and FOLDER/{MARKDOWN_FILE} for people; stopped by "
        "Ctrl-C or SIGTERM, with the checks that were done. Exit code: 0 all checks pass, 1 one does not, "
        "2 nothing was measured as the arguments or FOLDER do not do, 130 stopped.",
    )
    validate.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("validation"),
        metavar="FOLDER",
        help=f"for {JSON_FILE} and {MARKDOWN_FILE}; default validation",
    )
    validate.add_argument("--force", action="store_true", help="replace files of somebody else")
    validate.add_argument("--quick", action="store_true", help="only what takes less than a second")
    validate.add_argument("--only", nargs="+", metavar="AREA", help="only these; --list names them")
    validate.add_argument("--list", action="store_true", help="list the checks and end")
    validate.add_argument("--jobs", type=int, help="processes; default one a core")
    validate.add_argument("--json", action="store_true", help="print JSON instead of the table")
    validate.set_defaults(command=_validate)


def _validate(arguments: argparse.Namespace) -> int:
    from vortexmd.validation import suite

    areas = arguments.only or suite.AREAS
    if arguments.list:
        return _list(arguments, suite.select(areas, arguments.quick))
    return _measure(arguments, areas)


def _list(arguments: argparse.Namespace, chosen: list[Any]) -> int:
    if arguments.json:
        rows = [
            {"area": area, "name": check.name, "source": check.source, "quick": check.quick}
            for area, check in chosen
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for area, check in chosen:
        print(f"{area:16}  {'quick' if check.quick else '     '}  {check.name:56}  {check.source}")
    print(f"{len(chosen)} checks, {sum(check.quick for _, check in chosen)} of them quick")
    return 0


def _measure(arguments: argparse.Namespace, areas: Any) -> int:
    from gl_reference.row_runner import cores
    from vortexmd.job import Interrupted
    from vortexmd.provenance import provenance
    from vortexmd.validation import report, suite

    planned = [(area, check.name) for area, check in suite.select(areas, arguments.quick)]
    jobs = cores() if arguments.jobs is None else arguments.jobs
    if jobs < 1:
        raise ValueError(f"jobs = {jobs}: give at least 1, or leave --jobs out")
    _check_files(arguments.output, arguments.force)
    about = provenance()
    if not arguments.json:
        print(report.header(), flush=True)
    outcomes = []

    def take(outcome: Any) -> None:
        outcomes.append(outcome)
        if not arguments.json:
            print(report.line(outcome), flush=True)

    stopped = False
    try:
        suite.run(areas, quick=arguments.quick, jobs=jobs, report=take)
    except KeyboardInterrupt:
        if not outcomes:
            raise Interrupted(
                "validate: stopped before a check was done; nothing written"
            ) from None
        stopped = True
    outcomes.sort(key=lambda outcome: planned.index((outcome.area, outcome.check.name)))
    data = report.as_data(outcomes, len(planned), arguments.quick, about)
    page = report.as_markdown(outcomes, len(planned), arguments.quick, about)
    files = _write(arguments.output, report.as_json(data), page)
    if stopped:
        done = f"{len(outcomes)} of {len(planned)} checks done, written to {arguments.output}"
        raise Interrupted(f"validate: stopped, {done}")
    if arguments.json:
        print(report.as_json(data), end="")
    else:
        print(f"\n{report.summary(outcomes)}\n{', '.join(map(str, files))}")
    return 0 if data["failed"] == 0 else FAILURE


def _check_files(folder: Path, force: bool) -> None:
    """Make the folder; refuse to replace files that are not of an earlier validation."""
    from gl_reference.table_files import check_folder

    check_folder(folder)
    for name in (JSON_FILE, MARKDOWN_FILE):
        path = folder / name
        if path.is_dir():
            raise IsADirectoryError(f"output {path}: a folder; choose another FOLDER for -o")
        if path.exists() and not force and not _is_ours(path):
            raise FileExistsError(
                f"output {path}: exists and is not of a validation; choose another FOLDER for -o, or "
                "pass --force"
            )


def _is_ours(path: Path) -> bool:
    from vortexmd.validation.report import PROGRAM, TITLE

    text = path.read_text(encoding="utf-8", errors="replace")
    if path.name == MARKDOWN_FILE:
        return text.startswith(f"# {TITLE}\n")
    try:
        data = json.loads(text)
    except ValueError:
        return False
    return isinstance(data, dict) and data.get("program") == PROGRAM


def _write(folder: Path, data: str, page: str) -> list[Path]:
    from gl_reference.table_files import write_whole

    files = [folder / JSON_FILE, folder / MARKDOWN_FILE]
    for path, text in zip(files, (data, page), strict=True):
        write_whole(path, text)
    return files
