"""Trajectories, read as they are needed: of finished runs, running ones, and killed ones.

>>> trajectory = vmd.load("run.h5")
>>> len(trajectory), trajectory[-1], trajectory[::10].mean_velocity

No file is kept open between two calls, so that a trajectory never stands in the way of the run that
writes it. In a ``with`` block it is, which is faster for many small reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, overload

import h5py
import numpy as np
from numpy.typing import NDArray

from vortexmd import checksums, h5md, region_records
from vortexmd.appender import read_changes
from vortexmd.checks import file_path
from vortexmd.copying import telling_damage
from vortexmd.description import naming
from vortexmd.events import Event
from vortexmd.frames import events_from, read_arrays, read_frame
from vortexmd.h5md import SERIES
from vortexmd.recovery import open_to_read
from vortexmd.vortices import Vortices

if TYPE_CHECKING:
    from vortexmd.hopping import ArrheniusHopping
    from vortexmd.regions import Regions

# Vortex-frames read in one go while iterating.
BLOCK = 2**20
MOST_FRAMES = 256


def load(path: str | Path) -> Trajectory:
    """Open a trajectory file.

    Parameters
    ----------
    path
        An H5MD file that a `TrajectoryWriter` has made, is making, or was killed over.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is not HDF5, not one of ours, or truncated.
    """
    return Trajectory(path)


class Trajectory:
    """A sequence of `Vortices`, with series of what was measured along it.

    ``len``, indexing (from the end too), iteration; a slice is another `Trajectory` with those frames
    only. As many frames as were complete when it was opened, or last refreshed.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load`.
    """

    def __init__(self, path: str | Path):
        self.path = Path(os.path.abspath(file_path("path", path)))
        # Opening a pipe would wait for somebody to write into it.
        if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):
            raise ValueError(f"trajectory {self.path}: a device or a pipe; give a file")
        self._handle: h5py.File | None = None
        self._run: str | None = None
        # Which frames of the file these are; `_whole` is all of them.
        self._frames = range(0)
        self._whole = self._frames
        self.refresh()

    # ------------------------------------------------------------------ the sequence

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, key: int) -> Vortices: ...
    @overload
    def __getitem__(self, key: slice) -> Trajectory: ...
    def __getitem__(self, key: int | slice) -> Vortices | Trajectory:
        if isinstance(key, slice):
            part = object.__new__(Trajectory)
            part.__dict__.update(self.__dict__, _frames=self._frames[key], _handle=None)
            return part
        frame = self._row(key)
        with self._reading() as file:
            return read_frame(file, self._layout, self._extent.width, frame)

    def _row(self, frame: int) -> int:
        """Where one of these frames stands in the file."""
        try:
            return self._frames[frame]
        except IndexError:
            raise IndexError(f"frame {frame}: {self.path} has {len(self)} here") from None

    def __iter__(self) -> Iterator[Vortices]:
        for block in self._blocks():
            with self._reading() as file:
                width = self._extent.width
                frames = [read_frame(file, self._layout, width, k) for k in block]
            yield from frames

    def _blocks(self) -> Iterator[range]:
        """These frames of the file in pieces that are read in one go."""
        step = min(MOST_FRAMES, max(1, BLOCK // max(1, self._extent.width)))
        for start in range(0, len(self), step):
            yield self._frames[start : start + step]

    def __repr__(self) -> str:
        if not len(self):
            return f"<Trajectory {self.path}: no frames>"
        steps, count = self.steps, self.count
        return (
            f"<Trajectory {self.path}: {len(self)} frames, steps {steps[0]} … {steps[-1]}, "
            f"{count[0]} vortices at first, {count[-1]} at last>"
        )

    # ------------------------------------------------------------------ the file

    def __enter__(self) -> Trajectory:
        self._handle = open_to_read(self.path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the file alone until it is needed again."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def refresh(self) -> int:
        """Take in what has been written since; returns the number of frames.

        Raises
        ------
        ValueError
            If this is a slice, or the file has been replaced by another run's.
        """
        if self._whole is not self._frames:
            raise ValueError(
                "trajectory: a slice stays as it is; refresh the whole one and slice again"
            )
        if self._handle is not None:
            # It may belong to a file that has since been mended under the same name.
            self.close()
            self._handle = open_to_read(self.path)
        with self._reading() as file:
            h5md.check_ours(file, self.path)
            self._layout = h5md.layout_of(file)
            if file.swmr_mode:
                # Opened anew or not: HDF5 remembers what it saw if the file is open elsewhere here.
                for table in self._layout.tables:
                    for column in table.values():
                        file[column.path].refresh()
            self._extent = h5md.extent(file)
            self.provenance: dict[str, Any] = h5md.read_json(file, h5md.PROVENANCE)
            self._run = str(self.provenance["run"])
        self._frames = self._whole = range(self._extent.frames)
        return len(self)

    @contextmanager
    def _reading(self) -> Iterator[h5py.File]:
        file = open_to_read(self.path) if self._handle is None else self._handle
        try:
            with telling_damage(self.path):
                if self._run and self._run != str(h5md.read_json(file, h5md.PROVENANCE)["run"]):
                    raise ValueError(
                        f"trajectory {self.path}: replaced by another run since it was loaded; load it "
                        f"again"
                    )
                yield file
        finally:
            if file is not self._handle:
                file.close()

    # ------------------------------------------------------------------ series

    def series(self, name: str) -> NDArray[Any]:
        """One of the series by name: (T,), or (T, 2) for displacements.

        ``energy``, ``pair_energy``, ``external_energy`` (ε₀), ``temperature`` (ε₀), ``count``,
        ``displacement``, ``winding_displacement`` (λ).

        Raises
        ------
        ValueError
            If there is no such series.
        """
        if name not in SERIES:
            raise ValueError(f"series {name!r}: give one of {', '.join(SERIES)}")
        return self._column(name)

    def _column(self, name: str) -> NDArray[Any]:
        backwards = self._frames.step < 0
        frames = self._frames[::-1] if backwards else self._frames
        with self._reading() as file:
            seals = checksums.Seals(file, self._layout, frames)
            # They have one checksum together.
            names = h5md.ALL_SERIES if self._layout.checksums else {name} - {"step"}
            rows = {n: checksums.pick(file[self._layout.frames[n].path], frames) for n in names}
            seals.check_rows("series", rows)
        values: NDArray[Any] = seals.steps if name == "step" else rows[name]
        return values[::-1] if backwards else values

    @property
    def steps(self) -> NDArray[np.int64]:
        """(T,) steps."""
        return self._column("step")

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) times in τ."""
        return self._column("time")

    @property
    def energy(self) -> NDArray[np.float64]:
        """(T,) total energy in ε₀: pairs and external potentials."""
        return self.series("energy")

    @property
    def pair_energy(self) -> NDArray[np.float64]:
        """(T,) pair energy in ε₀."""
        return self.series("pair_energy")

    @property
    def external_energy(self) -> NDArray[np.float64]:
        """(T,) energy in external potentials in ε₀."""
        return self.series("external_energy")

    @property
    def temperature(self) -> NDArray[np.float64]:
        """(T,) k_BT in ε₀."""
        return self.series("temperature")

    @property
    def count(self) -> NDArray[np.int64]:
        """(T,) number of vortices of any winding."""
        return self.series("count")

    @property
    def displacement(self) -> NDArray[np.float64]:
        """(T, 2) mean displacement of a vortex since the start, summed over steps, in λ."""
        return self.series("displacement")

    @property
    def winding_displacement(self) -> NDArray[np.float64]:
        """(T, 2) the same of winding × displacement, in λ."""
        return self.series("winding_displacement")

    @property
    def mean_velocity(self) -> NDArray[np.float64]:
        """(T, 2) mean velocity of a vortex in λ/τ, averaged since the frame before; the first is NaN.

        Δ(displacement)/Δt between consecutive frames, so that no step in between is missed.
        """
        return self._rate(self.displacement)

    @property
    def winding_velocity(self) -> NDArray[np.float64]:
        """(T, 2) mean of winding × velocity in λ/τ since the frame before; the first is NaN.

        The electric field is E = Φ₀ n ẑ × ⟨winding · v⟩, n vortices per area (that is, E = B × v).
        """
        return self._rate(self.winding_displacement)

    def _rate(self, displacement: NDArray[np.float64]) -> NDArray[np.float64]:
        rate = np.full(displacement.shape, np.nan)
        rate[1:] = np.diff(displacement, axis=0) / np.diff(self.times)[:, None]
        return rate

    # ------------------------------------------------------------------ the run

    @property
    def events(self) -> list[Event]:
        """Every event in the file, in order (of a slice: of the whole file all the same)."""
        with self._reading() as file:
            columns, stop = self._layout.events, self._extent.events
            rows = {name: file[c.path][:stop] for name, c in columns.items()}
            checksums.check_events(rows, self._layout)
            try:
                return events_from(rows)
            except ValueError as error:
                raise OSError(f"events: {error}") from None

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration that the run began with, as `Simulation.description` gave it."""
        with self._reading() as file:
            return h5md.read_description(file)

    @property
    def changes(self) -> list[tuple[int, dict[str, Any]]]:
        """What was changed between one `run` and the next: the step, and the configuration from it on.

        A change that leaves the configuration as it was concerns the state: a temperature set anew, or
        a minimisation.
        """
        with self._reading() as file:
            changes = read_changes(file, self._extent)
            return [(c.step, h5md.description_of(c.text, h5md.CHANGE_TEXT)) for c in changes]

    # ------------------------------------------------------------------ pinning regions

    @property
    def regions(self) -> Regions | None:
        """The `Regions` that the box is parted into; None without.

        Raises
        ------
        ValueError
            If they change between these frames: a slice of those before or after has one partition.
        """
        with naming(f"trajectory {self.path}"):
            return region_records.regions_of(self) if self._layout.regions else None

    @property
    def hopping(self) -> ArrheniusHopping | None:
        """The `ArrheniusHopping` of the run; None without.

        Raises
        ------
        ValueError
            If it changes between these frames, or rests on a Python function, which no file holds.
        """
        with naming(f"trajectory {self.path}"):
            return region_records.hopping_of(self) if self._layout.regions else None

    @property
    def has_regions(self) -> bool:
        """Whether the file keeps which pinning region each vortex stands in."""
        return self._layout.regions

    def region_labels(self, frame: int) -> NDArray[np.int32]:
        """(N,) the region of each vortex of frame `frame`, rows as in ``self[frame]``; −1: in none.

        Raises
        ------
        IndexError
            If there is no such frame.
        ValueError
            If the run has no regions.
        """
        self._need_regions()
        row = self._row(frame)
        with self._reading() as file:
            one, width = range(row, row + 1), self._extent.width
            _, arrays = read_arrays(file, self._layout, width, one, "id", "region")
        ids, labels = arrays["id"][0], arrays["region"][0]
        there = ids >= 0
        return labels[there][np.argsort(ids[there])]

    @property
    def region_counts(self) -> NDArray[np.int64]:
        """(T, R) vortices in each region: Σ|n|, so that a giant vortex counts as its flux quanta.

        Raises
        ------
        ValueError
            If the run has no regions, or they change between these frames.
        """
        self._need_regions()
        number = len(self.regions or ())
        parts = [np.empty((0, number), dtype=np.int64)]
        for block in self._blocks():
            rows = range(min(block), max(block) + 1, abs(block.step))
            with self._reading() as file:
                _, arrays = read_arrays(
                    file, self._layout, self._extent.width, rows, "id", "region", "charge"
                )
            if arrays["region"].max(initial=-1) >= number:
                raise ValueError(f"trajectory {self.path}: vortices in more regions than {number}")
            part = region_records.counts(arrays["region"], arrays["charge"], number)
            parts.append(part if block.step > 0 else part[::-1])
        return np.concatenate(parts)

    def _need_regions(self) -> None:
        if not self.has_regions:
            raise ValueError(f"trajectory {self.path}: of a run without pinning regions")
