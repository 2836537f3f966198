"""Greenblatt (2025), median progress in the first year after full automation of AI R&D.

Median 6 OOM of effective compute (25th percentile 2.5, 75th 12), with compute that grows 3.5x within the year. Each OOM
is worth three times the copies, 1.25 times the speed and twenty times the rank among researchers.
"""

from __future__ import annotations

import math

import numpy as np

from mc_sie.analysis.importance.drawing import simulate
from mc_sie.priors import load_prior
from mc_sie.published.verdicts import Target
from mc_sie.stats.estimates import replicate_se

SOURCE = "Greenblatt 2025"
RANK_PER_OOM = 20.0
_DRAWS = 2**13


def targets() -> list[Target]:
    """Numbers that he wrote."""
    simulation = simulate(load_prior("davidson-2025"), _DRAWS, levels=(5.0,))
    gains = simulation.outcomes.first_year_ooms.reshape(simulation.design.n_replicates, -1)
    rows = [
        Target(
            SOURCE,
            "OOM of rank among researchers that 6 OOM of effective compute are worth",
            "8",
            6.0 * math.log10(RANK_PER_OOM),
        )
    ]
    for share, printed in ((0.25, "2.5"), (0.5, "6"), (0.75, "12")):
        rows.append(
            Target(
                SOURCE,
                f"OOM of effective compute in the first year, {share:.0%} quantile",
                printed,
                float(np.nanquantile(gains, share)),
                "not reproduced",
                "not comparable: his are all-things-considered numbers with 3.5x more compute within the year; ours is "
                "software alone under davidson-2025",
                se=replicate_se(np.nanquantile(gains, share, axis=1)),
            )
        )
    return rows
