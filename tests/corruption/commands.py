"""A command of ``vortexmd`` in a folder of files, some of them spoiled."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from tests.trajectory.trajectory_fake import contents
from vortexmd.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, standard error and output, files by SHA-256 of their bytes.

    `result` is what `contents` finds in ``run.h5``, reduced to one digest; None if it cannot be read.
    """

    code: int | str
    error: str
    printed: str
    files: dict[str, str]
    result: str | None


def execute(files: dict[str, bytes], arguments: list[str]) -> Outcome:
    """Run a command among these files."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        os.chdir(folder)
        try:
            code, error, printed = _run(arguments)
            left = {p.name: digest(p.read_bytes()) for p in Path(folder).iterdir() if p.is_file()}
            return Outcome(code, error, printed, left, _result(Path(folder) / "run.h5"))
        finally:
            os.chdir(before)


def _run(arguments: list[str]) -> tuple[int | str, str, str]:
    error, printed = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stderr(error),
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        try:
            code: int | str = main(arguments)
        except Exception as failure:
            code = f"traceback: {type(failure).__name__}: {failure}"
    return code, error.getvalue(), printed.getvalue()


def digest(data: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(data).hexdigest()


def _result(path: Path) -> str | None:
    try:
        return digest(repr(sorted(contents(path).items())).encode())
    except Exception:
        return None
