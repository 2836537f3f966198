"""Chan, Mindermann et al. (2026), "What if automating AI R&D triggers an intelligence explosion?", arXiv 2609.36054.

The example: each doubling of algorithmic efficiency multiplies the pace by 2^0.39, and the first takes 4.5 months.
"""

from __future__ import annotations

import math

from mc_sie.published.our_law import relative_time
from mc_sie.published.verdicts import Target
from mc_sie.units import MONTHS_PER_YEAR

SOURCE = "Chan, Mindermann et al. 2026"
EXPONENT = 0.39
FIRST_MONTHS = 4.5


def months_to_pace(factor: float, exponent: float = EXPONENT, first_months: float = FIRST_MONTHS) -> float:
    """Months until the pace has grown by a factor above 1.

    Sum of the geometric sequence of doubling times over ``log2(factor)/exponent`` doublings, the last one in part.
    """
    ratio = math.pow(2.0, -exponent)
    doublings = math.log2(factor) / exponent
    return first_months * (1.0 - math.pow(ratio, doublings)) / (1.0 - ratio)


def targets() -> list[Target]:
    """Numbers that the paper printed."""
    ours = months_to_pace(10.0)
    doublings = math.log2(10.0) / EXPONENT
    law = FIRST_MONTHS * relative_time(1.0 / (1.0 - EXPONENT), doublings)
    return [
        Target(SOURCE, "pace after one doubling, x", "1.31", 2.0**EXPONENT),
        Target(SOURCE, "each doubling takes, % of the one before", "76", 100.0 * 2.0**-EXPONENT),
        Target(SOURCE, "doublings to ten times the pace", "8.5", doublings, is_printed=False),
        Target(
            SOURCE,
            "months to ten times the pace",
            "17.1",
            ours,
            is_printed=False,
            law=law,
            reason="the first doubling as a whole takes 4.5 months; were it the doubling time at the initial "
            f"pace: {4.5 * 0.9 / (EXPONENT * math.log(2.0)):.1f}",
        ),
        Target(
            SOURCE,
            "years to ten times the pace",
            "1.5",
            ours / MONTHS_PER_YEAR,
            "reproduced",
            "17.1 months, in round words about a year and a half",
            is_about=True,
            law=law / MONTHS_PER_YEAR,
        ),
    ]
