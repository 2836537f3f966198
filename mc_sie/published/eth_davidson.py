"""Eth & Davidson (2025), "Will AI R&D Automation Cause a Software Intelligence Explosion?", Forethought, 26 March 2025.

r is the number of software doublings for each doubling of cumulative research. With research effort proportional to
software and no stepping on toes, each doubling takes ``2^(1/r - 1)`` times as long as the one before.
"""

from __future__ import annotations

import math

from mc_sie.published.our_law import relative_time
from mc_sie.published.verdicts import Target
from mc_sie.units import DAYS_PER_MONTH

SOURCE = "Eth & Davidson 2025"
_DAYS_PER_YEAR = 365.0


def doubling_times(r: float, first: float, n: int) -> list[float]:
    """Times of n successive software doublings at returns r, in the unit of the first one's time."""
    return [first * 2.0 ** (i * (1.0 / r - 1.0)) for i in range(n)]


def doublings_within(r: float, first: float, span: float) -> float:
    """Whole doublings that fit into a span of time, as the essay counts them; inf where infinitely many do."""
    ratio = 2.0 ** (1.0 / r - 1.0)
    if ratio < 1.0 and first / (1.0 - ratio) <= span:
        return math.inf
    n = 0
    left = span
    step = first
    while step <= left:
        n += 1
        left -= step
        step *= ratio
    return float(n)


def r_from_papers(before: float, after: float) -> float:
    """Returns implied by a toy in which each generation needs ``after / before`` times the papers of the last.

    Software doubles while cumulative research grows by that factor, so ``r = ln 2 / ln(after / before)``.
    """
    return math.log(2.0) / math.log(after / before)


def paper_times(before: float, after: float, first: float, n: int) -> list[float]:
    """Times of the doublings in the paper-counting toy: the papers grow by a factor, the researchers double."""
    return [first * (after / before / 2.0) ** i for i in range(n)]


def law_days(r: float, first_days: float, doublings: float) -> float:
    """Days until software has doubled so often in our law, continuously, its first doubling taking ``first_days``."""
    return first_days * relative_time(r, doublings, software_doubling_months=1.0, horizon_months=12000.0)


def targets() -> list[Target]:
    """Numbers that the essay printed."""
    rows = []
    for r, printed in ((0.7, ("41", "55", "74", "100")), (3.0, ("19", "12", "7.6", "4.8"))):
        for i, days in enumerate(printed):
            ours = doubling_times(r, DAYS_PER_MONTH, i + 2)[-1]
            law = law_days(r, DAYS_PER_MONTH, i + 2.0) - law_days(r, DAYS_PER_MONTH, i + 1.0)
            rows.append(
                Target(
                    SOURCE,
                    f"days of doubling {i + 2} after a first of a month, r = {r:g}",
                    days,
                    ours,
                    reason="a month of 30.44 days; 30 days would give other digits",
                    law=law,
                )
            )
    rows += [
        Target(SOURCE, "factor from one doubling time to the next, r = 0.7", "1.35", 2.0 ** (1.0 / 0.7 - 1.0)),
        Target(SOURCE, "factor from one doubling time to the next, r = 3", "0.63", 2.0 ** (1.0 / 3.0 - 1.0)),
        Target(
            SOURCE,
            "software growth in just under a year after a first doubling of a month, r = 0.7, x",
            "30",
            2.0 ** doublings_within(0.7, DAYS_PER_MONTH, _DAYS_PER_YEAR),
            "reproduced",
            "five whole doublings, 32x, in 301 days; about 30",
            is_about=True,
        ),
        Target(
            SOURCE,
            "doublings in a year after a first of 3 days, r = 0.9",
            "30",
            doublings_within(0.9, 3.0, _DAYS_PER_YEAR),
            reason="they end on day 340",
        ),
        Target(SOURCE, "r of the toy with 2, 6, 18 papers", "0.63", r_from_papers(2, 6)),
        Target(SOURCE, "months of its second doubling", "3", paper_times(2, 6, 2.0, 3)[1]),
        Target(SOURCE, "months of its third doubling", "4.5", paper_times(2, 6, 2.0, 3)[2]),
        Target(
            SOURCE,
            "r of the toy with 2, 3 papers, in the figure",
            "1.72",
            r_from_papers(2, 3),
            "not reproduced",
            "ln 2 / ln 1.5 = 1.7095; the figure's text has 1.72, the body 1.71",
            "text",
        ),
        Target(SOURCE, "r of the toy with 2, 3 papers", "1.71", r_from_papers(2, 3)),
        Target(SOURCE, "months of its second doubling, 2, 3 papers", "1.5", paper_times(2, 3, 2.0, 2)[1]),
        Target(SOURCE, "months of its third doubling, 2, 3 papers", "1.125", paper_times(2, 3, 2.0, 3)[2]),
        Target(SOURCE, "months to infinity of that toy", "8", 2.0 / (1.0 - 3 / 2 / 2)),
        Target(SOURCE, "r of the toy with 2, 4 papers", "1", r_from_papers(2, 4)),
        Target(SOURCE, "months of all runs, each 0.9 of the last, first 2", "20", 2.0 / (1.0 - 0.9)),
        Target(SOURCE, "months of all runs, each 0.75 of the last, first 2", "8", 2.0 / (1.0 - 0.75)),
    ]
    return rows
