"""Named conversions between the units of the field.

Times are calendar time. One OOM (order of magnitude) is a factor of ten, one doubling a factor of two. Every
conversion the project makes stands here under a name, so that no bare 12 or 0.30103 appears elsewhere.
"""

from __future__ import annotations

import math

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


def ooms_from_years_of_progress(years: float, labour_per_efficiency: float) -> float:
    """Software OOM in so many Davidson & Houlden years of progress.

    Parameters
    ----------
    years : float
        Years of recent overall progress, each of eight labour-equivalent doublings.
    labour_per_efficiency : float
        mu, doublings of labour-equivalents per doubling of training efficiency.

    Returns
    -------
    float
        OOM of software (training) efficiency, ``8 years log10(2) / mu``.
    """
    return LABOUR_DOUBLINGS_PER_YEAR_OF_PROGRESS * years * OOMS_PER_DOUBLING / labour_per_efficiency
