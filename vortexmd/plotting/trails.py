"""The paths of vortices, cut where they cross a periodic side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vortexmd.box import Box
from vortexmd.plotting.trajectory_like import TrajectoryLike


def wrap_trails(
    trails: Sequence[ArrayLike], box: Box
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unwrapped polylines as straight pieces that all lie in the box.

    Parameters
    ----------
    trails
        Polylines (K, 2) in λ, unwrapped; rows of NaN are gaps.
    box
        Periodic axes fold the paths; others leave them.

    Returns
    -------
    pieces : (S, 2, 2), start and end of each, λ
    age : (S,), 0 for the start of its trail, 1 for its end

    Raises
    ------
    ValueError
        If a trail is not of shape (K, 2).
    """
    starts, ends, ages = [np.empty((0, 2))], [np.empty((0, 2))], [np.empty(0)]
    for k, trail in enumerate(trails):
        path = np.asarray(trail, dtype=float)
        if path.ndim != 2 or path.shape[1] != 2:
            raise ValueError(f"trails[{k}]: shape {path.shape}, expected (K, 2)")
        if len(path) > 1:
            whole = np.isfinite(path[:-1]).all(axis=1) & np.isfinite(path[1:]).all(axis=1)
            starts.append(path[:-1][whole])
            ends.append(path[1:][whole])
            ages.append((np.arange(1, len(path)) / (len(path) - 1))[whole])
    start, end, age = np.concatenate(starts), np.concatenate(ends), np.concatenate(ages)
    for axis in np.flatnonzero(box.periodic):
        start, end, parent = _cut(start, end, int(axis), box.lengths[axis])
        age = age[parent]
    for axis in np.flatnonzero(box.periodic):
        length = box.lengths[axis]
        turns = np.floor((start[:, axis] + end[:, axis]) / 2 / length) * length
        start[:, axis] -= turns
        end[:, axis] -= turns
    return np.stack((start, end), axis=1), age


def _cut(
    start: NDArray[np.float64], end: NDArray[np.float64], axis: int, length: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Segments cut at every multiple of `length`; also the segment each piece comes from."""
    first, last = np.floor(start[:, axis] / length), np.floor(end[:, axis] / length)
    crossings = np.abs(last - first).astype(np.int64)
    parent = np.repeat(np.arange(len(start)), crossings + 1)
    piece = np.arange(len(parent)) - np.repeat(
        np.cumsum(crossings + 1) - crossings - 1, crossings + 1
    )
    upward = (last > first)[parent]
    a, b = start[parent], end[parent]
    run = np.where(a[:, axis] == b[:, axis], 1.0, b[:, axis] - a[:, axis])

    def place(k: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where along a segment, from 0 to 1, its crossing number k (from 1) lies."""
        side = first[parent] + np.where(upward, k, 1 - k)
        return (side * length - a[:, axis]) / run

    begin = np.where(piece == 0, 0.0, place(piece))[:, None]
    finish = np.where(piece == crossings[parent], 1.0, place(piece + 1))[:, None]
    return a + begin * (b - a), a + finish * (b - a), parent


def recent_trails(trajectory: TrajectoryLike, frame: int, length: int) -> list[NDArray[np.float64]]:
    """Unwrapped paths over the last `length` frames of the vortices that are there at `frame`.

    Parameters
    ----------
    trajectory, frame
        Frame number from 0 on.
    length
        How many frames to go back.

    Returns
    -------
    list of N arrays (K, 2) in λ, NaN where a vortex was not yet there
    """
    ids = trajectory[frame].ids
    first = max(0, frame - length)
    paths = np.full((len(ids), frame - first + 1, 2), np.nan)
    for k in range(first, frame + 1):
        state = trajectory[k]
        _, now, then = np.intersect1d(ids, state.ids, return_indices=True)
        paths[now, k - first] = state.unwrapped[then]
    return list(paths)
