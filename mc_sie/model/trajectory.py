"""All outcomes of one draw, from one pass over its trajectory."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.model.ces import exp
from mc_sie.model.generations import follow_generations
from mc_sie.model.growth import FROM_SCRATCH, Law, doublings_per_pace_doubling, pace_ceiling
from mc_sie.model.status import END_HORIZON, OK
from mc_sie.model.stepping import MONTHS
from mc_sie.model.timeline import (
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    OOMS,
    Workspace,
    follow,
    locate,
    months_at,
    ooms_at_months,
    peak,
)
from mc_sie.model.windows import (
    best_window,
    largest_between_deployments,
    only_length,
    shortest_between_deployments,
    valley,
)
from mc_sie.quantities import TIE_OOMS, TOP_OOMS
from mc_sie.units import MONTHS_PER_YEAR

LIMIT_REACHED_SHARE = 0.99
"""Software has reached its limit at this share of it."""


class Summary(NamedTuple):
    """The outcomes of one draw that are single numbers; see ``outcomes.py`` for their meaning and units."""

    first_year_ooms: float
    pace_initial: float
    pace_peak: float
    months_to_peak: float
    pace_ceiling: float
    doublings_per_pace_doubling: float
    doublings_per_pace_doubling_shortened: float
    software_end_ooms: float
    effective_end_ooms: float
    months_end: float
    limit_reached: bool
    n_deployments: int
    end: int
    status: int


@njit
def failed(status: int) -> Summary:
    """The summary of a draw that cannot be simulated."""
    nan = math.nan
    return Summary(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, False, 0, END_HORIZON, status)


@njit
def simulate_draw(
    law: Law,
    levels: NDArray[np.float64],
    widths: NDArray[np.float64],
    work: Workspace,
    months_to: NDArray[np.float64],
    best_window_months: NDArray[np.float64],
    best_gain_ooms: NDArray[np.float64],
) -> Summary:
    """Follow one trajectory and take every outcome from it.

    Parameters
    ----------
    law : Law
        The draw.
    levels : array of shape (K,)
        Gains k in OOM, positive.
    widths : array of shape (W,)
        Window widths w in months, positive.
    work : Workspace
        Work arrays.
    months_to, best_window_months : array of shape (K,)
        Receive the months until e >= k, and the shortest time in which e rises by k; inf where it does not.
    best_gain_ooms : array of shape (W,)
        Receives the largest rise of e within w months.

    Returns
    -------
    Summary
        The other outcomes; ``status`` is not OK where the integration failed, and then nothing else counts.
    """
    n_levels = levels.shape[0]
    n_widths = widths.shape[0]
    n_deployments = 0
    if law.mode == FROM_SCRATCH:
        run = follow_generations(law, work, False)
        if run.status != OK:
            return failed(run.status)
        n_deployments, end = run.n_deployments, run.end
        software, months = run.software, run.months
        ln_pace_peak, months_to_peak = run.ln_pace_peak, run.months_to_peak
        deployments = work.deployments
        effective = min(TOP_OOMS, deployments[n_deployments, 1])
        first_year = 0.0
        for j in range(n_deployments + 1):
            if deployments[j, 0] <= MONTHS_PER_YEAR:
                first_year = min(TOP_OOMS, deployments[j, 1])
        for i in range(n_levels):
            months_to[i] = math.inf
            for j in range(n_deployments, 0, -1):
                if deployments[j, 1] >= levels[i] - TIE_OOMS:
                    months_to[i] = deployments[j, 0]
            best_window_months[i] = shortest_between_deployments(deployments, n_deployments + 1, levels[i])
        for i in range(n_widths):
            best_gain_ooms[i] = min(TOP_OOMS, largest_between_deployments(deployments, n_deployments + 1, widths[i]))
    else:
        line = follow(law, work)
        if line.status != OK:
            return failed(line.status)
        n_panels, n_grid, end = line.n_panels, line.n_grid, line.end
        bottom, is_single = valley(work, n_grid)
        ln_pace_peak, months_to_peak = peak(law, work, n_panels, line.n_moving)
        months = law.horizon if end == END_HORIZON else work.grid[n_grid - 1, G_MONTHS]
        effective = work.grid[n_grid - 1, G_OOMS]
        software = work.grid[n_grid - 1, G_SOFTWARE]
        first_year = effective if months <= MONTHS_PER_YEAR else ooms_at_months(law, work, n_panels, MONTHS_PER_YEAR)
        window = only_length(0.0)
        for i in range(n_levels):
            months_to[i] = math.inf
            best_window_months[i] = math.inf
            if levels[i] <= effective:
                panel, u = locate(law, work, n_panels, int(OOMS), levels[i])
                months_to[i] = months_at(law, work, panel, u)
                window = best_window(law, work, line, bottom, is_single, int(OOMS), levels[i], panel, u, window)
                best_window_months[i] = window.length
        window = only_length(0.0)
        for i in range(n_widths):
            best_gain_ooms[i] = effective
            if widths[i] < months:
                panel, u = locate(law, work, n_panels, int(MONTHS), widths[i])
                window = best_window(law, work, line, bottom, is_single, int(MONTHS), widths[i], panel, u, window)
                best_gain_ooms[i] = window.length
    return Summary(
        first_year,
        exp(law.ln_pace_start),
        exp(ln_pace_peak),
        months_to_peak,
        pace_ceiling(law),
        doublings_per_pace_doubling(law, False),
        doublings_per_pace_doubling(law, True),
        software,
        effective,
        months,
        math.isfinite(law.limit) and software >= LIMIT_REACHED_SHARE * law.limit,
        n_deployments,
        end,
        OK,
    )
