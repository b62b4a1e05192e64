"""Which cells of a regular grid a straight stretch comes near: the search behind every list of walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """Every whole number of many ranges first … last (inclusive, empty if last < first).

    Returns
    -------
    which : (K,) the range each number comes from
    number : (K,)
    """
    count = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(first)), count)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return which, first[which] + offset


def cells_near(
    ends: NDArray[np.float64],
    reach: float,
    count: NDArray[np.int64],
    width: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells that stretches may come within `reach` of: all such cells, and a few beside them.

    Parameters
    ----------
    ends
        (S, 4) x1, y1, x2, y2.
    reach
        More than 0, so that rounding leaves no cell out.
    count, width
        (2,) of the cells; cell (ix, iy) has the number ix·count[1] + iy.

    Returns
    -------
    which : (K,) stretch
    cell : (K,) a cell near it
    """
    x1, y1, x2, y2 = ends.T
    first, last = _indices(np.minimum(x1, x2), np.maximum(x1, x2), reach, count[0], width[0])
    which, ix = ranges(first, last)
    # The part of each stretch that passes this column of cells, as parameters 0 … 1 along it.
    x, dx = x1[which], (x2 - x1)[which]
    slope = 1.0 / np.where(np.abs(dx) > 1e-12 * reach, dx, np.inf)
    begin = (ix * width[0] - reach - x) * slope
    end = ((ix + 1) * width[0] + reach - x) * slope
    upright = slope == 0.0
    begin = np.where(upright, 0.0, np.clip(begin, 0.0, 1.0))
    end = np.where(upright, 1.0, np.clip(end, 0.0, 1.0))
    y, dy = y1[which], (y2 - y1)[which]
    a, b = y + begin * dy, y + end * dy
    first, last = _indices(np.minimum(a, b), np.maximum(a, b), reach, count[1], width[1])
    column, iy = ranges(first, last)
    return which[column], ix[column] * count[1] + iy


def _indices(
    low: NDArray, high: NDArray, reach: float, count: int, width: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last cell along an axis that [low − reach, high + reach] touches."""
    first = np.maximum(np.floor((low - reach) / width), 0).astype(np.int64)
    last = np.minimum(np.floor((high + reach) / width), count - 1).astype(np.int64)
    return first, last


def cut(lengths: NDArray[np.float64], number: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(count (2,), width (2,)) of about `number` cells, as square as they come."""
    shape = np.sqrt(number * lengths / lengths[::-1])
    count = np.clip(np.rint(shape), 1, number).astype(np.int64)
    return count, lengths / count
