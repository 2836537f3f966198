"""The fastest stretch of a trajectory: the shortest time for k OOM, the largest gain in w months.

On a continuous trajectory, both have the same condition: the slowness dt/de is equal at the two ends of the window.
Where the slowness first falls and then rises along the trajectory (always so for one autonomous route with rho <= 0,
whose log pace is concave), only one window satisfies it and it straddles the fastest moment. Elsewhere every crossing
is tried. From scratch, effective compute moves in jumps and windows run from deployment to deployment.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import FloatArray, read
from mc_sie.model.continuous import Trajectory
from mc_sie.model.crossings import Ends, best_by_crossings, range_of_starts, signed_length, u_on_grid
from mc_sie.model.dense_output import (
    OOMS,
    UNRESOLVED,
    ln_slowness_at,
    locate,
    months_between,
    ooms_at,
    panel_with,
    position_in,
)
from mc_sie.model.law import CONTINUAL, SHORTENING, Law, software_and_room, software_at_u
from mc_sie.model.panels import TIMED, kind_of
from mc_sie.model.valley import Valley
from mc_sie.model.window_continuation import Window, only_length, straight_window
from mc_sie.model.workspace import G_LN_SLOWNESS, G_MONTHS, G_OOMS, MONTHS, P_U, SECOND, SECOND_SLOPE, Workspace
from mc_sie.quantities import TIE_OOMS
from mc_sie.units import LN_10


class WindowEnd(NamedTuple):
    """One end of a window: its position along the window's axis and across it, ln(dt/de), and slopes in u."""

    along: float
    along_slope: float
    across: float
    slowness_log: float
    slowness_slope: float


@part
def window_end(law: Law, work: Workspace, n_panels: int, axis: int, u: float) -> WindowEnd:
    """End of a window at a coordinate; not for the kind TIMED. Arguments as in :func:`best_window`."""
    panel = panel_with(work, n_panels, u)
    x = position_in(work, panel, u)
    series = work.series[panel]
    second = read(series[SECOND], x)
    second_slope = read(series[SECOND_SLOPE], x)
    months = read(series[MONTHS], x)
    if law.mode == CONTINUAL:
        z = u - second
        software, room = software_and_room(z, law.limit)
        if z >= law.u_hold:
            software = law.software_hold
            room = 0.0
        slowness_log = -law.ln_accumulation - LN_10 * (software - second)
        slowness_slope = LN_10 * (second_slope - room * (1.0 - second_slope))
        ooms = second
        ooms_slope = second_slope
    else:
        at = software_at_u(law.mode, law.limit, u)
        ooms = at.software
        ooms_slope = at.room
        if law.mode == SHORTENING:  # u is software itself
            ooms_slope = 1.0
        slowness_log = -law.ln_speed - second
        slowness_slope = -second_slope
    if axis == MONTHS:
        return WindowEnd(months, ooms_slope * exp(slowness_log), ooms, slowness_log, slowness_slope)
    return WindowEnd(ooms, ooms_slope, months, slowness_log, slowness_slope)


@part
def balanced_window(
    law: Law, work: Workspace, n_panels: int, axis: int, width: float, u_start: float, u_end: float
) -> Window:
    """Window of a width whose ends are equally slow, by Newton's method in the coordinates of both ends.

    Its length is nan where the iteration does not find a least window. With l = ln(dt/de) and w the position along the
    axis, the two equations are ``l_2 - l_1 = 0`` and ``w_2 - w_1 = width``. The window is least where their determinant
    ``l_2' w_1' - l_1' w_2'`` is positive. The length changes at each end by the integral of e^l (or e^-l, in OOM) over
    the last step, taken to second order, so that one below 5e-4 OOM is the last: an error d in the ends of the window
    changes its length by d^2 only.
    """
    last = work.panels[n_panels, P_U]
    for _ in range(12):
        at_start = window_end(law, work, n_panels, axis, u_start)
        at_end = window_end(law, work, n_panels, axis, u_end)
        imbalance = at_end.slowness_log - at_start.slowness_log
        excess = at_end.along - at_start.along - width
        determinant = at_end.slowness_slope * at_start.along_slope - at_start.slowness_slope * at_end.along_slope
        if not determinant > 0.0:  # stationary, but not least; or nan
            break
        step_start = (excess * at_end.slowness_slope - imbalance * at_end.along_slope) / determinant
        step_end = (excess * at_start.slowness_slope - imbalance * at_start.along_slope) / determinant
        u_start = u_start + step_start
        u_end = u_end + step_end
        if not (u_start >= 0.0 and u_end <= last and u_start < u_end):  # Newton's method has left the trajectory
            break
        if abs(step_start) + abs(step_end) < 5e-4:
            sign = -1.0
            if axis == OOMS:
                sign = 1.0
            grown_end = step_end * at_end.along_slope
            grown_start = grown_end + excess
            change_end = grown_end + 0.5 * sign * grown_end * step_end * at_end.slowness_slope
            change_start = grown_start + 0.5 * sign * grown_start * step_start * at_start.slowness_slope
            by_width = exp(sign * at_end.slowness_log)
            length = at_end.across - at_start.across
            length += by_width * change_end - exp(sign * at_start.slowness_log) * change_start
            if axis == OOMS and length < UNRESOLVED * max(1.0, at_end.across):
                length = signed_length(law, work, n_panels, axis, Ends(u_start, u_end, 0.0))
            start_by_width = -at_end.slowness_slope / determinant
            end_by_width = -at_start.slowness_slope / determinant
            return straight_window(length, width, u_start, u_end, by_width, start_by_width, end_by_width)
    return only_length(math.nan)


@part
def best_window(
    law: Law,
    work: Workspace,
    trajectory: Trajectory,
    shape: Valley,
    axis: int,
    width: float,
    u_start: float,
    u_end: float,
) -> Window:
    """The best window of a width on a continuous trajectory, unless that is known to start at 0 (:class:`Valley`).

    Parameters
    ----------
    axis : int
        OOMS: shortest time for ``width`` OOM. MONTHS: largest gain in ``width`` months.
    width : float
        Not more than the trajectory's extent along the axis.
    u_start, u_end : float
        First guess at its ends; negative where there is none.

    Notes
    -----
    With a single valley the best window ends with the trajectory if it is no faster there; else it is the one window
    with ends that are equally slow.
    """
    n_panels = trajectory.n_panels
    n_grid = trajectory.n_grid
    grid = work.grid
    bottom = shape.bottom
    if not shape.is_single or kind_of(law) == TIMED:
        return by_crossings(law, work, trajectory, shape, axis, width)
    # most often: the window before it tells where about this one is
    if u_start >= 0.0 and u_end <= work.panels[n_panels, P_U]:
        window = balanced_window(law, work, n_panels, axis, width, u_start, u_end)
        if not math.isnan(window.length):
            return window
    column = G_MONTHS  # no guess, or one that led nowhere: from the grid
    if axis == OOMS:
        column = G_OOMS
    span = grid[n_grid - 1, column]
    at_end = grid[n_grid - 1, G_LN_SLOWNESS]
    if at_end < grid[0, G_LN_SLOWNESS]:  # it may end where the trajectory does
        panel, u = locate(law, work, n_panels, axis, span - width)
        if ln_slowness_at(law, work, panel, u) >= at_end:
            if axis == OOMS:
                end = work.panels[n_panels, P_U]
                return only_length(months_between(law, work, panel, u, n_panels - 1, end))
            return only_length(grid[n_grid - 1, G_OOMS] - ooms_at(law, work, panel, u))
    # it contains the bottom of the valley: from the grid, about where it starts
    low = max(0.0, grid[max(0, bottom - 1), column] - width)
    high = min(span - width, grid[min(n_grid - 1, bottom + 1), column])
    low, high = range_of_starts(grid, column, n_grid, width, low, high)
    u_start = u_on_grid(grid, column, n_grid, low)
    u_end = u_on_grid(grid, column, n_grid, high + width)
    window = balanced_window(law, work, n_panels, axis, width, u_start, u_end)
    if math.isnan(window.length):
        return by_crossings(law, work, trajectory, shape, axis, width)
    return window


@part
def by_crossings(law: Law, work: Workspace, trajectory: Trajectory, shape: Valley, axis: int, width: float) -> Window:
    """The best window as :func:`best_by_crossings` finds it, of which only the length is kept."""
    n_panels = trajectory.n_panels
    n_grid = trajectory.n_grid
    length = best_by_crossings(law, work, n_panels, n_grid, shape.bottom, shape.is_single, axis, width)
    if axis == OOMS:
        return only_length(length)
    return only_length(-length)


@part
def shortest_between_deployments(deployments: FloatArray, n: int, ooms: float) -> float:
    """Shortest months between two deployments that are at least so many OOM apart, or inf.

    Deployments are rows of months and effective compute, both growing; n of them, deployment 0 included.
    """
    ooms -= TIE_OOMS  # ten gains of 0.5 are 5, whatever the rounding of their sum
    best = math.inf
    i = 0
    for j in range(1, n):
        while i + 1 < j and deployments[j, 1] - deployments[i + 1, 1] >= ooms:
            i += 1
        if deployments[j, 1] - deployments[i, 1] >= ooms:
            best = min(best, deployments[j, 0] - deployments[i, 0])
    return best


@part
def largest_between_deployments(deployments: FloatArray, n: int, months: float) -> float:
    """Largest gain between two deployments at most so many months apart, in OOM (0 if there is none).

    Four runs of 3 months end 12 months apart whatever the rounding of their sum, hence the tolerance.
    """
    months *= 1.0 + 1e-12
    best = 0.0
    i = 0
    for j in range(1, n):
        while deployments[j, 0] - deployments[i, 0] > months:
            i += 1
        best = max(best, deployments[j, 1] - deployments[i, 1])
    return best
