"""Named conversions between the units of the field.

Times are calendar time. One OOM (order of magnitude) is a factor of ten, one doubling a factor of two. Every
conversion the project makes stands here under a name, so that no bare 12 or 0.30103 appears elsewhere.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

MONTHS_PER_YEAR = 12.0
"""Calendar months in a year."""

DAYS_PER_MONTH = 365.25 / 12.0
"""Mean calendar days in a month (30.4375)."""

LN_10 = math.log(10.0)
"""Natural logarithms in one OOM."""

OOMS_PER_DOUBLING = math.log10(2.0)
"""OOM in one doubling."""

LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS = 8.0
"""Labour-equivalent doublings in one "year of progress" of Davidson & Houlden (2025): software doubles every 3 months
in labour-equivalent units (4 doublings a year) and is half of all progress, hence 4 / 0.5."""


def years_of_progress(ooms: ArrayLike, labour_per_efficiency: ArrayLike) -> NDArray[np.float64]:
    """Gains in Davidson & Houlden's years of recent progress, the unit in which their readers think.

    Parameters
    ----------
    ooms : array_like
        Gain in OOM of training efficiency.
    labour_per_efficiency : array_like
        mu, doublings of labour-equivalents per doubling of training efficiency.

    Returns
    -------
    array
        ``mu ooms / (8 log10(2))`` years, each of eight labour-equivalent doublings.
    """
    doublings = np.asarray(labour_per_efficiency) * np.asarray(ooms) / OOMS_PER_DOUBLING
    return np.asarray(doublings / LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS, dtype=np.float64)


def rho_from_sigma(sigma: ArrayLike) -> NDArray[np.float64]:
    """Substitution parameter of a positive elasticity of substitution, ``rho = (sigma - 1)/sigma``."""
    return np.asarray(1.0 - 1.0 / np.asarray(sigma, dtype=np.float64))


def sigma_from_rho(rho: ArrayLike) -> NDArray[np.float64]:
    """Elasticity of substitution of a substitution parameter below 1, ``sigma = 1/(1 - rho)``."""
    return np.asarray(1.0 / (1.0 - np.asarray(rho, dtype=np.float64)))
