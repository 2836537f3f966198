"""Probabilities over all gains and windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.run import Simulation
from mc_sie.events import Condition
from mc_sie.units import MONTHS_PER_YEAR

GAINS_OOMS = tuple(float(gain) for gain in np.arange(1, 33) / 2.0)
"""Gains at which the exceedance curve is taken, OOM."""

MAP_WINDOWS_MONTHS = (1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 60.0)
"""Windows of the map, months."""


def exceedance_table(simulation: Simulation, gains_ooms: Sequence[float] = GAINS_OOMS) -> pd.DataFrame:
    """P(effective compute rises by at least k OOM within twelve months), for many k.

    ``counted`` (``best year``, ``first year``), ``ooms``, and the fields of an :class:`~mc_sie.Estimate`; empty where
    trajectories end within the year. The width of 12 months must have been simulated.
    """
    if simulation.horizon_months < MONTHS_PER_YEAR:
        return pd.DataFrame()
    rows = []
    for counted, outcome, index in (
        ("best year", "best_gain_ooms", MONTHS_PER_YEAR),
        ("first year", "first_year_ooms", None),
    ):
        for gain in gains_ooms:
            estimate = estimate_event(simulation, Condition(outcome, index, ">=", gain))
            rows.append({"counted": counted, "ooms": gain, **asdict(estimate)})
    return pd.DataFrame(rows)


def threshold_map(simulation: Simulation, windows_months: Sequence[float] = MAP_WINDOWS_MONTHS) -> pd.DataFrame:
    """P(at least k OOM in less than w months, best window), for every simulated k and every w up to the horizon.

    ``ooms``, ``months``, and the fields of an :class:`~mc_sie.Estimate`.
    """
    return pd.DataFrame(
        [
            {
                "ooms": level,
                "months": months,
                **asdict(estimate_event(simulation, Condition("best_window_months", level, "<", months))),
            }
            for level in map(float, simulation.outcomes.levels)
            for months in windows_months
            if months <= simulation.horizon_months
        ]
    )
