"""Means and variances of samples with their standard errors."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from vortexmd.validation.check import Measured


def mean(sample: ArrayLike) -> Measured:
    """Mean of independent numbers, and its standard error."""
    values = np.asarray(sample, dtype=float).ravel()
    return Measured(float(values.mean()), float(values.std(ddof=1) / sqrt(values.size)))


def block_mean(series: ArrayLike, blocks: int = 50) -> Measured:
    """Mean of a series in time and its standard error, from `blocks` longer than the series' memory."""
    values = np.asarray(series, dtype=float)
    size = len(values) // blocks
    return mean(values[-size * blocks :].reshape(blocks, size).mean(axis=1))


def variance(sample: ArrayLike) -> Measured:
    """Variance of independent numbers, and its standard error."""
    values = np.asarray(sample, dtype=float).ravel()
    squares = (values - values.mean()) ** 2
    return Measured(float(values.var(ddof=1)), float(squares.std(ddof=1) / sqrt(values.size)))
