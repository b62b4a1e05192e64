"""Trajectories for other programs: extended XYZ, which OVITO and ASE read.

Frames may differ in their number of vortices, down to none; OVITO and ASE follow. MDAnalysis does
not: its XYZ reader takes the number of the first frame for all. Without a word it then counts the
frames wrongly, ends loops early, and gives parts of one frame for another. Give it the H5MD file
itself instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from vortexmd.files import beside, check_folder, replace
from vortexmd.reader import Trajectory
from vortexmd.vortices import Vortices

# ASE takes symbols of the elements only, so that the kinds of vortices go by look-alikes: V for
# vortex, At for antivortex, Gd for giant, Ag for antigiant. The winding column has the number.
VORTEX, ANTIVORTEX, GIANT, ANTIGIANT = "V", "At", "Gd", "Ag"


def write_extxyz(
    trajectory: Trajectory | Sequence[Vortices],
    path: str | Path,
    frames: slice = slice(None),
    *,
    overwrite: bool = False,
) -> None:
    """Write frames as extended XYZ.

    Each frame has ``Lattice`` (L_z = 1), ``pbc`` per axis, ``boundary`` in our own words, ``step`` and
    ``time`` in its comment line, and per vortex ``species`` (V: winding +1, At: −1, Gd: giant, Ag:
    giant antivortex), ``pos`` (λ, z = 0; 17 digits, which lose nothing), ``id``, ``winding`` and, in a run
    with pinning regions, ``region`` (−1: in none).

    Parameters
    ----------
    trajectory
        What `load` gives, or a list of `Vortices`.
    path
        The file, ``.xyz`` or ``.extxyz`` by custom.
    frames
        Which frames: ``slice(None, None, 10)`` for every tenth.
    overwrite
        Replace an existing file, once the new one is complete.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is not given.
    OSError
        If the folder cannot be written.
    ValueError
        If it is the trajectory's own file.
    """
    target = Path(os.path.realpath(path))
    check_folder(target, "export")
    if isinstance(trajectory, Trajectory) and target == Path(os.path.realpath(trajectory.path)):
        raise ValueError(f"export {path}: this is the trajectory itself; choose another name")
    if target.exists() and not overwrite:
        raise FileExistsError(f"export {path}: exists; choose another name or pass overwrite=True")
    temporary = beside(target, "writing")
    try:
        with open(temporary, "w", encoding="ascii", newline="\n") as file:
            for vortices, labels in _with_regions(trajectory[frames]):
                _write_frame(file, vortices, labels)
        replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _with_regions(
    frames: Trajectory | Sequence[Vortices],
) -> Iterator[tuple[Vortices, NDArray[np.int32] | None]]:
    if not (isinstance(frames, Trajectory) and frames.has_regions):
        yield from ((vortices, None) for vortices in frames)
        return
    # Held open, because labels are read frame by frame.
    with frames:
        for k, vortices in enumerate(frames):
            yield vortices, frames.region_labels(k)


def _write_frame(file: IO[str], vortices: Vortices, labels: NDArray[np.int32] | None) -> None:
    lx, ly = vortices.box.lengths
    pbc = " ".join("FT"[periodic] for periodic in (*vortices.box.periodic, False))
    file.write(
        f"{len(vortices)}\n"
        f'Lattice="{lx!r} 0 0 0 {ly!r} 0 0 0 1" '
        f"Properties=species:S:1:pos:R:3:id:I:1:winding:I:1{'' if labels is None else ':region:I:1'} "
        f'pbc="{pbc}" boundary="{" ".join(vortices.box.boundary)}" '
        f"step={vortices.step} time={vortices.time!r}\n"
    )
    giant = np.abs(vortices.winding) > 1
    species = np.where(
        vortices.winding > 0, np.where(giant, GIANT, VORTEX), np.where(giant, ANTIGIANT, ANTIVORTEX)
    )
    last = repeat("") if labels is None else (f" {label}" for label in labels.tolist())
    rows = zip(
        species.tolist(),
        vortices.positions.tolist(),
        vortices.ids.tolist(),
        vortices.winding.tolist(),
        last,
        strict=False,
    )
    file.writelines(f"{s} {x!r} {y!r} 0 {i} {n}{end}\n" for s, (x, y), i, n, end in rows)
