"""All outcomes of one draw, from one pass over its trajectory."""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import FloatArray
from mc_sie.model.continuous import Trajectory, follow
from mc_sie.model.dense_output import OOMS, locate, ooms_at, ooms_at_months, read_levels
from mc_sie.model.from_scratch import follow_generations
from mc_sie.model.law import Law, doublings_per_pace_doubling, pace_ceiling, research_exponent
from mc_sie.model.peak_pace import peak
from mc_sie.model.status import END_HORIZON, OK
from mc_sie.model.valley import Valley, narrowed_valley, valley
from mc_sie.model.window_continuation import (
    Window,
    ends_by_months,
    guessed_ends,
    narrowest_window,
    note_window,
    with_curvature,
)
from mc_sie.model.windows import best_window, largest_between_deployments, shortest_between_deployments
from mc_sie.model.workspace import G_MONTHS, G_OOMS, G_SOFTWARE, MONTHS, Workspace
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


@part
def failed(status: int) -> Summary:
    """The summary of a draw that cannot be simulated."""
    nan = math.nan
    return Summary(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, False, 0, END_HORIZON, status)


@part
def summary(
    law: Law,
    first_year: float,
    ln_pace_peak: float,
    months_to_peak: float,
    software: float,
    effective: float,
    months: float,
    n_deployments: int,
    end: int,
) -> Summary:
    """The summary of a trajectory, of which the law alone says some."""
    exponent = research_exponent(law, 0.0) - law.beta
    return Summary(
        first_year,
        exp(law.ln_pace_start),
        exp(ln_pace_peak),
        months_to_peak,
        pace_ceiling(law),
        doublings_per_pace_doubling(exponent, False),
        doublings_per_pace_doubling(exponent, True),
        software,
        effective,
        months,
        math.isfinite(law.limit) and software >= LIMIT_REACHED_SHARE * law.limit,
        n_deployments,
        end,
        OK,
    )


@part
def simulate_generations(
    law: Law,
    levels: FloatArray,
    widths: FloatArray,
    work: Workspace,
    months_to: FloatArray,
    best_window_months: FloatArray,
    best_gain_ooms: FloatArray,
) -> Summary:
    """Outcomes of one trajectory of mode from_scratch; arguments as in :func:`simulate_continuous`."""
    run = follow_generations(law, work, False)
    if run.status != OK:
        return failed(run.status)
    deployments = work.deployments
    n = run.n_deployments
    first_year = 0.0
    for j in range(n + 1):  # e grows: the last deployment of the year counts
        if deployments[j, 0] <= MONTHS_PER_YEAR:
            first_year = min(TOP_OOMS, deployments[j, 1])
    for i in range(levels.shape[0]):
        months_to[i] = math.inf
        for j in range(n, 0, -1):  # backwards, so that the first one to reach the level stays
            if deployments[j, 1] >= levels[i] - TIE_OOMS:
                months_to[i] = deployments[j, 0]
        best_window_months[i] = shortest_between_deployments(deployments, n + 1, levels[i])
    for i in range(widths.shape[0]):
        best_gain_ooms[i] = min(TOP_OOMS, largest_between_deployments(deployments, n + 1, widths[i]))
    effective = min(TOP_OOMS, deployments[n, 1])
    return summary(
        law, first_year, run.ln_pace_peak, run.months_to_peak, run.software, effective, run.months, n, run.end
    )


@part
def simulate_continuous(
    law: Law,
    levels: FloatArray,
    widths: FloatArray,
    work: Workspace,
    months_to: FloatArray,
    best_window_months: FloatArray,
    best_gain_ooms: FloatArray,
) -> Summary:
    """Outcomes of one trajectory of any other mode.

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
    trajectory = follow(law, work)
    if trajectory.status != OK:
        return failed(trajectory.status)
    n_panels = trajectory.n_panels
    n_grid = trajectory.n_grid
    shape = valley(law, work, n_grid)
    ln_pace_peak, months_to_peak, u_peak = peak(law, work, n_panels, trajectory.n_moving, shape.is_single)
    months = work.grid[n_grid - 1, G_MONTHS]  # before the horizon where software stands still from then on
    effective = work.grid[n_grid - 1, G_OOMS]

    # the coordinates at which the gains are reached are put where their windows will be
    read_levels(law, work, n_panels, levels, effective, months_to, best_window_months)
    narrowest = narrowest_window(law, work, n_grid, shape.bottom, u_peak, ln_pace_peak)
    shape, n_windows = fill_windows(law, work, trajectory, shape, narrowest, levels, months_to, best_window_months)
    put_in_order(levels, months_to, best_window_months)
    # after the windows by OOM, from which those by months are guessed
    first_year = fill_gains(law, work, trajectory, shape, n_windows, widths, best_gain_ooms)

    if months <= MONTHS_PER_YEAR:
        first_year = effective
    elif math.isnan(first_year):
        first_year = ooms_at_months(law, work, n_panels, MONTHS_PER_YEAR)
    if trajectory.end == END_HORIZON:
        months = law.horizon
    software = work.grid[n_grid - 1, G_SOFTWARE]
    return summary(law, first_year, ln_pace_peak, months_to_peak, software, effective, months, 0, trajectory.end)


# in place: as calls of their own, this and its like made the kernel 2 to 6 % slower
@inlined
def fill_windows(
    law: Law,
    work: Workspace,
    trajectory: Trajectory,
    shape: Valley,
    narrowest: Window,
    levels: FloatArray,
    months_to: FloatArray,
    best_window_months: FloatArray,
) -> tuple[Valley, int]:
    """Put the shortest times in place of the coordinates at which gains are reached from the start.

    Each window is guessed from the one before it, the first from ``narrowest``. Returns what has become known of the
    valley, and the number of windows noted.
    """
    effective = work.grid[trajectory.n_grid - 1, G_OOMS]
    window = narrowest
    n_windows = note_window(work.windows, 0, window)
    for i in range(levels.shape[0]):
        if levels[i] > effective:
            continue
        u = best_window_months[i]
        best_window_months[i] = months_to[i]
        shape = narrowed_valley(law, work, trajectory, shape, u)
        if u < shape.above_from:  # else the window from the start is the best
            start, end = guessed_ends(window, levels[i])
            best = best_window(law, work, trajectory, shape, int(OOMS), levels[i], start, end)
            best_window_months[i] = best.length
            if best.u_start >= 0.0:
                window = with_curvature(best, window)
                n_windows = note_window(work.windows, n_windows, window)
    return shape, n_windows


# in place: as calls of their own, this and its like made the kernel 2 to 6 % slower
@inlined
def fill_gains(
    law: Law,
    work: Workspace,
    trajectory: Trajectory,
    shape: Valley,
    n_windows: int,
    widths: FloatArray,
    best_gain_ooms: FloatArray,
) -> float:
    """Fill in the largest gains within some months; the whole trajectory's where it is no longer than that.

    Returns the gain of the first year where a window is that wide, so that it need not be solved for again; else nan.
    """
    first_year = math.nan
    months = work.grid[trajectory.n_grid - 1, G_MONTHS]
    for i in range(widths.shape[0]):
        if widths[i] >= months:
            best_gain_ooms[i] = work.grid[trajectory.n_grid - 1, G_OOMS]
            continue
        panel, u = locate(law, work, trajectory.n_panels, int(MONTHS), widths[i])
        best_gain_ooms[i] = ooms_at(law, work, panel, u)
        if widths[i] == MONTHS_PER_YEAR:
            first_year = best_gain_ooms[i]
        shape = narrowed_valley(law, work, trajectory, shape, u)
        if u < shape.above_from:
            start, end = ends_by_months(work.windows, n_windows, widths[i])
            best = best_window(law, work, trajectory, shape, int(MONTHS), widths[i], start, end)
            # a gain is never less than that from the start, whatever rounding makes of the window
            best_gain_ooms[i] = max(best_gain_ooms[i], best.length)
    return first_year


@part
def put_in_order(levels: FloatArray, months_to: FloatArray, best_window_months: FloatArray) -> None:
    """Let no time be longer than one that contains it, in which rounding and the error of the series may make it.

    The time from the start to k + 1 OOM contains that to k OOM, and a window of k + 1 OOM contains one of k OOM; the
    window from the start is a window. Levels that do not grow are left as they are.
    """
    longest_to = math.inf
    longest_window = math.inf
    level = math.inf
    for i in range(levels.shape[0] - 1, -1, -1):  # from the top: a longer time bounds all shorter ones
        if levels[i] <= level:
            months_to[i] = min(months_to[i], longest_to)
            best_window_months[i] = min(best_window_months[i], longest_window)
        best_window_months[i] = min(best_window_months[i], months_to[i])
        longest_to = months_to[i]
        longest_window = best_window_months[i]
        level = levels[i]
