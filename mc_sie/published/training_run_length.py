"""Sevilla, Besiroglu, Dudney & Ho (2022, corrected June 2023), "The longest training run", Epoch.

A run that ends on a given date locks in the hardware, the budget and the algorithms of its first day. Longer runs do
more computation with worse ingredients; effective compute ``L e^(-g L)`` is largest at a length of 1/g.
"""

from __future__ import annotations

import math

from mc_sie.published.verdicts import Target
from mc_sie.units import MONTHS_PER_YEAR

SOURCE = "Sevilla et al. 2022"
GROWTH = {"hardware": 0.281, "spending": 1.03, "software": 0.541}
"""Growth per year of price-performance, budgets and algorithmic efficiency."""


def best_run_years(growth: float) -> float:
    """Length of the run with the most effective compute, found by search.

    Parameters
    ----------
    growth : float
        Total growth of the ingredients per year, positive.

    Returns
    -------
    float
        Years.
    """
    from scipy.optimize import minimize_scalar

    def lost(length: float) -> float:
        return growth * length - math.log(length)

    return float(minimize_scalar(lost, bounds=(1e-3, 1e3), method="bounded", options={"xatol": 1e-10}).x)


def targets() -> list[Target]:
    """What the article printed."""
    hardware, spending, software = GROWTH["hardware"], GROWTH["spending"], GROWTH["software"]
    rounded = "the growth rates are printed rounded; 1/g within their rounding"
    return [
        Target(
            SOURCE,
            "best run length, years: hardware grows",
            "3.55",
            best_run_years(hardware),
            "reproduced",
            rounded,
            about=0.005,
        ),
        Target(SOURCE, "best run length, years: hardware and software", "1.22", best_run_years(hardware + software)),
        Target(
            SOURCE,
            "best run length, months: hardware and spending",
            "9.12",
            MONTHS_PER_YEAR * best_run_years(hardware + spending),
            "reproduced",
            rounded,
            about=0.005,
        ),
        Target(
            SOURCE,
            "best run length, months: all three",
            "6.49",
            MONTHS_PER_YEAR * best_run_years(hardware + spending + software),
            "reproduced",
            rounded,
            about=0.005,
        ),
    ]
