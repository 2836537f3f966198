"""Errors of anything that is computed from sums over independent randomisations, by leaving out one at a time.

With quasi-random points only whole randomisations are independent, so that they are the groups that are left out; any
other grouping misses the error by an order of magnitude. What a statistic is off by because its ingredients are noisy
falls as one over their number, and leaving one out tells how much, so that the same numbers take the bias away: for a
variance of means exactly (products of noise within a randomisation cancel), for smooth statistics to second order.

References
----------
.. [1] Efron, B. & Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9(3): 586-596.
.. [2] Plischke, E., Borgonovo, E. & Smith, C. L. (2013). Global sensitivity measures from given data. European Journal
       of Operational Research 226(3): 536-550.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie.errors import InputError
from mc_sie.stats.estimates import jackknife_se, student_t

Array = NDArray[np.float64]

_THREE_SIGMA = 0.99865  # probability of a normal distribution below three standard deviations


class TooFewError(InputError):
    """Fewer than two randomisations tell anything: leaving one out could leave nothing."""


@dataclass(frozen=True)
class Jackknifed:
    """Numbers with their errors, all of one shape.

    Attributes
    ----------
    value : ndarray
        With the bias of noise taken away.
    se : ndarray
        Monte Carlo standard error.
    half : ndarray
        Half the width of the two-sided 90 % interval (Student's t).
    """

    value: Array
    se: Array
    half: Array

    @property
    def low(self) -> Array:
        """Lower end of the two-sided 90 % interval; not cut off at 0."""
        return self.value - self.half

    @property
    def high(self) -> Array:
        """Upper end of the two-sided 90 % interval."""
        return self.value + self.half

    def columns(self, name: str = "value") -> dict[str, Array]:
        """Columns of a table: the numbers by a name, ``se``, ``low`` and ``high``."""
        return {name: self.value, "se": self.se, "low": self.low, "high": self.high}


def jackknife(sums: Array, statistic: Callable[[Array], Array]) -> Jackknifed:
    """A statistic of sums, its bias from noise taken away, with its error.

    Parameters
    ----------
    sums : ndarray, shape (R, ...)
        Sums over the draws of each of R independent randomisations, R at least 2.
    statistic : callable
        From sums over draws, shape (m, ...), to m rows of statistics, shape (m, ...).

    Returns
    -------
    Jackknifed
        Of the shape of one row of statistics. Sums of statistics that are constant (shares that add up to 1) stay so.
    """
    n_groups = len(sums)
    total = sums.sum(axis=0)
    whole = np.asarray(statistic(total[None]))[0]
    without = np.asarray(statistic(total[None] - sums))
    value = n_groups * whole - (n_groups - 1) * without.mean(axis=0)
    se = jackknife_se(without)
    return Jackknifed(value, se, student_t(n_groups - 1) * se)


def quotient(above: Array, below: Array) -> Array:
    """A ratio of sums, for statistics: nan, not known, where nothing is left below the line.

    Parameters
    ----------
    above, below : ndarray
        Sums, of shapes that go together; those below the line are not negative.

    Returns
    -------
    ndarray
        ``above / below``.
    """
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=np.asarray(below) > 0.0))


def is_settled(sums: Array, statistic: Callable[[Array], Array]) -> NDArray[np.bool_]:
    """True for each statistic on which two halves of the randomisations agree.

    Parameters
    ----------
    sums, statistic
        As for :func:`jackknife`.

    Returns
    -------
    ndarray of bool
        True where the halves differ by no more than three standard errors of their difference. False with fewer than
        four randomisations, which cannot be halved, and where a half tells nothing.
    """
    from scipy.special import stdtrit

    half = len(sums) // 2
    if half < 2:
        return np.zeros(np.asarray(statistic(sums[:1])).shape[1:], dtype=bool)
    first = jackknife(sums[:half], statistic)
    second = jackknife(sums[half:], statistic)
    factor = float(stdtrit(len(sums) - 2, _THREE_SIGMA))
    return np.asarray(np.abs(first.value - second.value) <= factor * np.hypot(first.se, second.se))
