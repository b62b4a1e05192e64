"""Files of the regenerated tables: written whole or not at all, read back, shipped with us.

Tables have the columns of the paper's (`potentials/data`): plain CSV with one header line.
"""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from potentials.checks import shown

SHIPPED = files("gl_reference") / "data"
PRINTED = files("potentials") / "data"


def write_whole(path: Path, text: str) -> None:
    """Write `text` under a temporary name beside `path`, then rename: never half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """`folder`, made where it is missing; ValueError where it cannot be written into."""
    if not isinstance(folder, (str, os.PathLike)) or not str(folder):
        raise ValueError(f"folder = {shown(folder)}: give a folder's name")
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:  # the latter of names with a NUL
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"folder = {shown(str(path))}: cannot be written into ({reason}); name another"
        ) from None
    return path


def _cell(value: object, digits: int) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{digits}g}"
    return "" if value is None else str(value)


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], digits: int = 6
) -> None:
    """One table; numbers to `digits` digits, NaN and None as empty cells."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value, digits) for value in row])
    write_whole(path, text.getvalue())


def _load(folder: Traversable, name: str) -> list[dict[str, str]]:
    stem = name.removesuffix(".csv") if isinstance(name, str) else ""
    there = sorted(
        entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv")
    )
    if stem not in there:
        raise ValueError(f"name = {shown(name)}: give one of {', '.join(there)}")
    text = (folder / f"{stem}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def load_generated(name: str) -> list[dict[str, str]]:
    """Rows of a regenerated table that ships with this package, under the names of its columns.

    `name` as "table1_vv_eq17" or "forces_vgv" (with or without ".csv"); ValueError for others,
    with the list of those that exist. Empty cells are "".
    """
    return _load(SHIPPED, name)


def load_printed(name: str) -> list[dict[str, str]]:
    """Rows of one of the paper's tables, alike."""
    return _load(PRINTED, name)
