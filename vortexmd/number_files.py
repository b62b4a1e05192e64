"""Tables of numbers in files that a configuration names: read, and nothing in them obeyed.

Regular files of this machine alone: numpy itself would fetch addresses, unpack archives and wait for pipes.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.checks import shown

# Bytes; more is no table that anybody made for a run.
LARGEST = 2**30


def regular_file(where: str, name: Any) -> Path:
    """The file of that name; ValueError naming the key `where` if there is none, or it is a device."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"{where} = {shown(name)}: give the name of a file")
    path = Path(name)
    try:
        # False for what is not there, for folders, pipes and devices.
        regular, there = path.is_file(), path.exists()
    except OSError as error:
        raise ValueError(f"{where} = {shown(name)}: {error.strerror}") from None
    if not regular:
        what = "not a regular file" if there else "no such file"
        raise ValueError(f"{where} = {shown(name)}: {what}")
    return path


def read_numbers(where: str, name: Any, dtype: type) -> NDArray[Any]:
    """The numbers of a .npy file, or of a text file (.csv: with commas, else with blanks).

    Parameters
    ----------
    where
        The key, for messages.
    name
        The file.
    dtype
        Of the numbers of a text file.

    Raises
    ------
    ValueError
        Naming the key and the file: if it is missing, not regular, too large, empty, or holds anything but
        numbers.
    """
    path = regular_file(where, name)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"more than {LARGEST >> 30} GiB")
        if path.suffix == ".npy":
            with open(path, "rb") as data:
                return np.lib.format.read_array(data, allow_pickle=False)
        with open(path, encoding="utf-8") as text, warnings.catch_warnings():
            # Of an empty file; said below.
            warnings.simplefilter("ignore", UserWarning)
            numbers: NDArray[Any] = np.loadtxt(
                text, dtype, delimiter="," if path.suffix == ".csv" else None
            )
    except (OSError, ValueError, EOFError, OverflowError, MemoryError, RecursionError) as error:
        # The first line: numpy goes on with advice for its own callers.
        reason = str(error).split("\n")[0] or "too large, or nested too deep"
        raise ValueError(f"{where} = {shown(name)}: {reason}") from None
    if numbers.size == 0:
        raise ValueError(f"{where} = {shown(name)}: empty; give a table of numbers")
    return numbers
