"""Pareto k-hat: the shape of the tail of importance weights, which says how far they can be trusted.

References
----------
.. [1] Zhang, J. & Stephens, M. A. (2009). A new and efficient estimation method for the generalized Pareto
       distribution. Technometrics 51(3): 316-325.
.. [2] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. Journal
       of Machine Learning Research 25(72): 1-58.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PARETO_K_HIGH = 0.7
"""Above this errors cannot be trusted however many draws there are (Vehtari et al.)."""


def k_high(n_draws: int) -> float:
    """Largest k-hat at which so many weights may be trusted: ``min(1 - 1/log10 n, 0.7)`` (Vehtari et al.)."""
    if n_draws <= 10:
        return 0.0
    return min(1.0 - 1.0 / math.log10(n_draws), PARETO_K_HIGH)


def pareto_k(weights: Array) -> float:
    """Shape of the generalised Pareto distribution that fits the largest importance weights.

    Parameters
    ----------
    weights : array of shape (n,)
        Positive weights.

    Returns
    -------
    float
        Below 0.5 the variance exists, above 0.7 errors are not to be trusted; nan with fewer than 25 weights, and
        -inf when the largest are all alike.

    Notes
    -----
    The tail is the largest ``min(n / 5, 3 sqrt n)`` weights; the fit is that of Zhang & Stephens [1]_ with the weak
    prior towards 0.5 of Vehtari et al. [2]_. Weights that are bounded have no heavy tail in the limit: k-hat says
    whether these are enough draws for the limit to be near.
    """
    n_tail = tail_size(len(weights))
    if n_tail == 0:
        return math.nan
    return pareto_k_of_tail(np.sort(weights)[-n_tail - 1 :])


def tail_size(n: int) -> int:
    """Number of the largest of n weights that are their tail; 0 where there are too few to say."""
    if n < 25:
        return 0
    return math.ceil(min(0.2 * n, 3.0 * math.sqrt(n)))


def pareto_k_of_tail(ordered: Array) -> float:
    """:func:`pareto_k` from the weight below the tail and those of the tail, in rising order."""
    excess = ordered[1:] - ordered[0]
    excess = excess[excess > 1e-9 * ordered[-1]]  # weights that are equal but for rounding are no tail
    if len(excess) < 5:
        return -math.inf
    m = len(excess)
    count = 30 + int(math.sqrt(m))
    grid = 1.0 - np.sqrt(count / (np.arange(1, count + 1) - 0.5))
    grid = grid / (3.0 * excess[int(m / 4 + 0.5) - 1]) + 1.0 / excess[-1]
    shapes = np.log1p(-grid[:, None] * excess).mean(axis=1)
    logs = m * (np.log(-grid / shapes) - shapes - 1.0)
    with np.errstate(over="ignore"):  # a share of 0
        share = 1.0 / np.exp(logs - logs[:, None]).sum(axis=1)
    at = float((grid * share).sum() / share.sum())
    k = float(np.log1p(-at * excess).mean())
    return (m * k + 10 * 0.5) / (m + 10)
