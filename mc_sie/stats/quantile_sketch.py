"""Quantiles of numbers that are not kept: counts in bins of equal ratio, so that sketches add up exactly.

A positive number x falls into the bin ``ceil(log(x)/log(g))``, whose middle is within a relative error of
``(g - 1)/(g + 1)`` of everything in it; a quantile of the sketch is therefore within that of the order statistic [1]_.
Zero, infinite and very small or large numbers have bins of their own. Counts are whole numbers: any split of the draws,
in any order, gives the same sketch.

References
----------
.. [1] Masson, C., Rim, J. E. & Lee, H. K. (2019). DDSketch: a fast and fully-mergeable quantile sketch with
       relative-error guarantees. PVLDB 12(12).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit

RELATIVE_ERROR = 0.005
"""Largest relative error of a quantile between :data:`LOW` and :data:`HIGH`."""

LOW = 1e-6
"""Lower end of the bins; smaller positive numbers count as this one."""

HIGH = 1e15
"""Upper end of the bins; larger numbers count as this one."""

_RATIO = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)
_PER_LOG = 1.0 / math.log(_RATIO)
_FIRST = math.ceil(math.log(LOW) * _PER_LOG)
_N_POSITIVE = math.ceil(math.log(HIGH) * _PER_LOG) - _FIRST + 1

N_BINS = _N_POSITIVE + 2
"""Bins of a sketch: one for zero, those of positive numbers, one for inf."""


@njit
def bin_of(value: float) -> int:
    """Bin of a number, from 0 (zero) to ``N_BINS - 1`` (inf).

    Parameters
    ----------
    value : float
        Zero or positive, inf allowed, no nan.

    Returns
    -------
    int
        The bin.
    """
    if value <= 0.0:
        return 0
    if math.isinf(value):
        return N_BINS - 1
    return min(max(math.ceil(math.log(value) * _PER_LOG) - (_FIRST - 1), 1), _N_POSITIVE)


@njit
def add_to(counts: NDArray[np.int64], values: NDArray[np.float64], amounts: NDArray[np.int64]) -> None:
    """Add some numbers to a sketch.

    Parameters
    ----------
    counts : array of shape (N_BINS,), int64
        The sketch, added to.
    values : array of shape (n,)
        Numbers.
    amounts : array of shape (n,), int64
        How often each counts; one that does not count may be nan.
    """
    for i in range(values.shape[0]):
        if amounts[i] > 0:
            counts[bin_of(values[i])] += amounts[i]


def quantile(counts: NDArray[np.int64], prob: float) -> float:
    """An order statistic, to the relative error of the sketch.

    Parameters
    ----------
    counts : array of shape (N_BINS,), int64
        The sketch.
    prob : float
        Probability in (0, 1).

    Returns
    -------
    float
        nan of an empty sketch; inf where the order statistic is.
    """
    total = int(counts.sum())
    if total == 0:
        return math.nan
    rank = max(1, math.ceil(prob * total - 1e-9))
    index = int(np.searchsorted(np.cumsum(counts), rank))
    if index == 0:
        return 0.0
    if index == N_BINS - 1:
        return math.inf
    return _middle(index)


def _middle(index: int) -> float:
    """Number that is within the relative error of everything in a bin of positive numbers."""
    return 2.0 * math.exp((index + _FIRST - 1) / _PER_LOG) / (1.0 + _RATIO)


def largest(counts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """The largest positive finite numbers of a sketch, n of them if there are so many, rising."""
    found: list[float] = []
    for index in np.flatnonzero(counts[1:-1])[::-1] + 1:
        found += [_middle(int(index))] * min(int(counts[index]), n - len(found))
        if len(found) == n:
            break
    return np.array(found[::-1])


def upper_edges() -> NDArray[np.float64]:
    """Upper end of each bin: 0, the powers of the ratio, inf; shape (N_BINS,)."""
    powers = np.arange(1, _N_POSITIVE + 1) + (_FIRST - 1)
    return np.concatenate([[0.0], np.exp(powers / _PER_LOG), [math.inf]])


def share_finite(counts: NDArray[np.int64]) -> float:
    """Share of the numbers that are finite."""
    total = int(counts.sum())
    if total == 0:
        return math.nan
    return float(counts[:-1].sum() / total)
