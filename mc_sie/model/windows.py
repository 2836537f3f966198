"""The fastest stretch of a trajectory: the shortest time for k OOM, the largest gain in w months.

On a continuous trajectory, both have the same condition: the slowness dt/de is equal at the two ends of the window.
Where the slowness first falls and then rises along the trajectory (always so for one autonomous route with rho <= 0,
whose log pace is concave), only one window satisfies it and it straddles the fastest moment. Elsewhere every crossing
is tried. From scratch, effective compute moves in jumps and windows run from deployment to deployment.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import read
from mc_sie.model.collocation import TIMED, kind_of
from mc_sie.model.continuous import (
    OOMS,
    UNRESOLVED,
    Trajectory,
    ln_slowness_at,
    locate,
    months_at,
    months_between,
    ooms_at,
    panel_with,
    position_in,
    step_with,
)
from mc_sie.model.law import CONTINUAL, NONE, SHORTENING, Law, software_and_room, software_at_u
from mc_sie.model.rootfinding import bracket_between, false_position, narrowed
from mc_sie.model.workspace import (
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_U,
    MONTHS,
    P_U,
    SECOND,
    SECOND_SLOPE,
    Workspace,
)
from mc_sie.quantities import TIE_OOMS
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

_NOISE = 1e-9  # relative differences of slowness below this do not count as a change of direction

W_MONTHS, W_START, W_END, W_START_SLOPE, W_END_SLOPE = range(5)
"""Columns of the table of windows: months, coordinates of both ends, and how these move with the months."""


class Valley(NamedTuple):
    """The course of the slowness along a trajectory, as its grid shows it.

    Attributes
    ----------
    bottom : int
        Grid index of the least slowness.
    is_single : bool
        It only falls before and only rises after.
    not_back, back : float
        Coordinates between which it comes back to what it was at the start: a window from the start that ends at
        ``back`` or later is the best of its width, one that ends at ``not_back`` or earlier is not. Both are inf where
        this is not known; there every window is looked for.
    """

    bottom: int
    is_single: bool
    not_back: float
    back: float


@part
def valley(law: Law, work: Workspace, n_grid: int) -> Valley:
    """Where a trajectory is fastest.

    Parameters
    ----------
    law, work : Law, Workspace
        The draw, and its grid filled.
    n_grid : int
        Grid points.

    Returns
    -------
    Valley
        What the grid shows.
    """
    grid = work.grid
    bottom = 0
    for i in range(n_grid):
        if grid[i, G_LN_SLOWNESS] < grid[bottom, G_LN_SLOWNESS]:
            bottom = i
    for i in range(1, n_grid):
        rise = grid[i, G_LN_SLOWNESS] - grid[i - 1, G_LN_SLOWNESS]
        if (i <= bottom and rise > _NOISE) or (i > bottom and rise < -_NOISE):
            return Valley(bottom, False, math.inf, math.inf)
    if kind_of(law) == TIMED:
        return Valley(bottom, True, math.inf, math.inf)
    i = max(1, bottom)  # before the first point it may fall and rise unseen
    while i < n_grid and grid[i, G_LN_SLOWNESS] < grid[0, G_LN_SLOWNESS]:
        i += 1
    if i == n_grid:
        return Valley(bottom, True, grid[i - 1, G_U], math.inf)
    return Valley(bottom, True, grid[i - 1, G_U], grid[i, G_U])


@part
def narrowed_valley(law: Law, work: Workspace, trajectory: Trajectory, shape: Valley, u: float) -> Valley:
    """Valley that tells more of where the slowness is back, if a coordinate lies where that is not known."""
    if u <= shape.not_back or u >= shape.back:
        return shape
    slowness_log = ln_slowness_at(law, work, panel_with(work, trajectory.n_panels, u), u)
    if slowness_log >= work.grid[0, G_LN_SLOWNESS]:
        return Valley(shape.bottom, shape.is_single, shape.not_back, u)
    return Valley(shape.bottom, shape.is_single, u, shape.back)


class Ends(NamedTuple):
    """The two ends of a window.

    Attributes
    ----------
    u_start, u_end : float
        Their coordinates.
    drift : float
        By how much the slowness is larger at the end than at the start, in logarithms: where it is negative, a later
        window is better.
    """

    u_start: float
    u_end: float
    imbalance: float


@part
def starting_at(
    law: Law, work: Workspace, n_panels: int, axis: int, width: float, u: float, along: float, slowness_log: float
) -> Ends:
    """The window that starts at a coordinate, with its position along the axis and ln(dt/de) there."""
    panel, u_end = locate(law, work, n_panels, axis, along + width)
    return Ends(u, u_end, ln_slowness_at(law, work, panel, u_end) - slowness_log)


@part
def ending_at(
    law: Law, work: Workspace, n_panels: int, axis: int, width: float, u: float, along: float, slowness_log: float
) -> Ends:
    """The window that ends at a coordinate, with its position along the axis and ln(dt/de) there."""
    panel, u_start = locate(law, work, n_panels, axis, along - width)
    return Ends(u_start, u, slowness_log - ln_slowness_at(law, work, panel, u_start))


@part
def balanced_ends(law: Law, work: Workspace, n_panels: int, axis: int, width: float, low: Ends, high: Ends) -> Ends:
    """The window whose ends are equally slow, between two others.

    Parameters
    ----------
    law, work, n_panels
        The trajectory.
    axis : int
        MONTHS or OOMS, in which ``width`` is given.
    width : float
        Width of the windows.
    low, high : Ends
        A later window is better than ``low``, and an earlier one better than ``high``.

    Returns
    -------
    Ends
        The window; ``low`` or ``high`` itself where that is not so. The window's length is stationary there, so that an
        error d in its ends changes it by d^2 only.

    Notes
    -----
    False position (Illinois) in the coordinate of the end that has farther to go. Where software explodes time
    hardly passes, and does not tell the coordinate; the other end, where time does pass, follows from the first.
    """
    if low.imbalance >= 0.0:
        return low
    if high.imbalance <= 0.0:
        return high
    by_start = high.u_start - low.u_start >= high.u_end - low.u_end
    if by_start:
        bracket = bracket_between(low.u_start, high.u_start, low.imbalance, high.imbalance)
    else:
        bracket = bracket_between(low.u_end, high.u_end, low.imbalance, high.imbalance)
    ends = low
    for _ in range(60):
        u = false_position(bracket)
        panel = panel_with(work, n_panels, u)
        if axis == OOMS:
            along = ooms_at(law, work, panel, u)
        else:
            along = months_at(law, work, panel, u)
        slowness_log = ln_slowness_at(law, work, panel, u)
        if by_start:
            ends = starting_at(law, work, n_panels, axis, width, u, along, slowness_log)
        else:
            ends = ending_at(law, work, n_panels, axis, width, u, along, slowness_log)
        bracket = narrowed(bracket, u, ends.imbalance, ends.imbalance <= 0.0)
        if bracket.high - bracket.low < 1e-13 * (1.0 + bracket.high) or abs(ends.imbalance) < 1e-5:
            break
    return ends


@part
def signed_length(law: Law, work: Workspace, n_panels: int, axis: int, ends: Ends) -> float:
    """Months that a window of some OOM takes, or minus the OOM gained in one of some months: smaller is better."""
    panel = panel_with(work, n_panels, ends.u_start)
    panel_end = panel_with(work, n_panels, ends.u_end)
    if axis == OOMS:
        return months_between(law, work, panel, ends.u_start, panel_end, ends.u_end)
    return ooms_at(law, work, panel, ends.u_start) - ooms_at(law, work, panel_end, ends.u_end)


class Window(NamedTuple):
    """A best window.

    Attributes
    ----------
    length : float
        In the other axis than its width.
    width, u_start, u_end : float
        Its width and the coordinates of its ends; u_start = -1 where they were not solved for.
    length_by_width, start_by_width, end_by_width : float
        How its length grows and its ends move as its width grows.
    gap, start_bend, start_twist, end_bend, end_twist : float
        How that changes: from the window before it, narrower by ``gap``; 0 where there was none.
    """

    length: float
    width: float
    u_start: float
    u_end: float
    length_by_width: float
    start_by_width: float
    end_by_width: float
    gap: float
    start_bend: float
    start_twist: float
    end_bend: float
    end_twist: float


@part
def straight_window(
    length: float, width: float, u_start: float, u_end: float, by_width: float, start: float, end: float
) -> Window:
    """A window without the one before it; the last three are the derivatives of length and ends by the width."""
    return Window(length, width, u_start, u_end, by_width, start, end, 0.0, 0.0, 0.0, 0.0, 0.0)


@part
def only_length(length: float) -> Window:
    """A window of which no more than its length is known."""
    return straight_window(length, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0)


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
        ooms, room, _ = software_at_u(law.mode, law.limit, u)
        ooms_slope = room
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

    Parameters
    ----------
    law, work, n_panels, axis, width
        As in :func:`best_window`.
    u_start, u_end : float
        First guess.

    Returns
    -------
    Window
        Its length is nan where the iteration does not find a least window.

    Notes
    -----
    With l = ln(dt/de) and w the position along the axis, the two equations are ``l_2 - l_1 = 0`` and ``w_2 - w_1 =
    width``. The window is least where their determinant ``l_2' w_1' - l_1' w_2'`` is positive. The length changes at
    each end by the integral of e^l (or e^-l, in OOM) over the last step, taken to second order, so that one below 5e-4
    OOM is the last: an error d in the ends of the window changes its length by d^2 only.
    """
    last = work.panels[n_panels, P_U]
    for _ in range(12):
        a = window_end(law, work, n_panels, axis, u_start)
        b = window_end(law, work, n_panels, axis, u_end)
        imbalance = b.slowness_log - a.slowness_log
        excess = b.along - a.along - width
        determinant = b.slowness_slope * a.along_slope - a.slowness_slope * b.along_slope
        if not determinant > 0.0:  # stationary, but not least; or nan
            break
        step_start = (excess * b.slowness_slope - imbalance * b.along_slope) / determinant
        step_end = (excess * a.slowness_slope - imbalance * a.along_slope) / determinant
        u_start = u_start + step_start
        u_end = u_end + step_end
        if not (u_start >= 0.0 and u_end <= last and u_start < u_end):  # Newton's method has left the trajectory
            break
        if abs(step_start) + abs(step_end) < 5e-4:
            sign = -1.0
            if axis == OOMS:
                sign = 1.0
            grown_end = step_end * b.along_slope
            grown_start = grown_end + excess
            change_end = grown_end + 0.5 * sign * grown_end * step_end * b.slowness_slope
            change_start = grown_start + 0.5 * sign * grown_start * step_start * a.slowness_slope
            by_width = exp(sign * b.slowness_log)
            length = b.across - a.across
            length += by_width * change_end - exp(sign * a.slowness_log) * change_start
            if axis == OOMS and length < UNRESOLVED * max(1.0, b.across):
                length = signed_length(law, work, n_panels, axis, Ends(u_start, u_end, 0.0))
            start_by_width = -b.slowness_slope / determinant
            end_by_width = -a.slowness_slope / determinant
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
    """The best window of a width on a continuous trajectory, unless it is known to start at 0 (:class:`Valley`).

    Parameters
    ----------
    law, work, line
        The trajectory.
    shape : Valley
        Of the slowness.
    axis : int
        OOMS: shortest time for ``width`` OOM. MONTHS: largest gain in ``width`` months.
    width : float
        Not more than the trajectory's extent along the axis.
    u_start, u_end : float
        First guess at its ends; negative where there is none.

    Returns
    -------
    Window
        Its length in months, or in OOM.

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
    column = G_MONTHS
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
def narrowest_window(law: Law, work: Workspace, n_grid: int, bottom: int, u_peak: float, ln_pace: float) -> Window:
    """The window of no width at the bottom of the valley.

    In mode none that is where the pace is largest, and nothing bends there; elsewhere it is about where a parabola
    through the grid has it.

    Parameters
    ----------
    law, work, n_grid
        The trajectory.
    bottom : int
        Grid index of the least slowness.
    u_peak, ln_pace : float
        From :func:`mc_sie.model.continuous.peak`.

    Returns
    -------
    Window
        Without ends where the bottom is an end of the trajectory.
    """
    if bottom == 0 or bottom == n_grid - 1:
        return only_length(0.0)
    if law.mode == NONE and u_peak >= 0.0:
        _, room, _ = software_at_u(law.mode, law.limit, u_peak)
        by_width = 0.5 / room
        slowness = exp(-law.ln_speed - ln_pace)
        return straight_window(0.0, 0.0, u_peak, u_peak, slowness, -by_width, by_width)
    grid = work.grid
    u = grid[bottom, G_U]
    before = u - grid[bottom - 1, G_U]
    after = grid[bottom + 1, G_U] - u
    fall = (grid[bottom - 1, G_LN_SLOWNESS] - grid[bottom, G_LN_SLOWNESS]) / before
    rise = (grid[bottom + 1, G_LN_SLOWNESS] - grid[bottom, G_LN_SLOWNESS]) / after
    if not fall + rise > 0.0:
        return only_length(0.0)
    u += 0.5 * (fall * after - rise * before) / (fall + rise)
    by_width = 0.5 * (before + after) / (grid[bottom + 1, G_OOMS] - grid[bottom - 1, G_OOMS])
    slowness = exp(grid[bottom, G_LN_SLOWNESS])
    return straight_window(0.0, 0.0, u, u, slowness, -by_width, by_width)


@part
def guessed_ends(near: Window, width: float) -> tuple[float, float]:
    """Ends of a window of some width: by the cubic through the last two windows, or the tangent to the last.

    Negative where the last window tells nothing of its ends.
    """
    if near.u_start < 0.0:
        return -1.0, -1.0
    wider = width - near.width
    square = wider * wider
    start_bend = near.start_bend + (wider + near.gap) * near.start_twist
    end_bend = near.end_bend + (wider + near.gap) * near.end_twist
    start = near.u_start + wider * near.start_by_width + square * start_bend
    end = near.u_end + wider * near.end_by_width + square * end_bend
    return start, end


@part
def with_curvature(window: Window, near: Window) -> Window:
    """A window with the derivatives that guess the next one to third order, from the one before it."""
    gap = window.width - near.width
    if gap == 0.0 or near.u_start < 0.0:
        return window
    start = window.u_start - near.u_start
    end = window.u_end - near.u_end
    per_square = 1.0 / (gap * gap)
    per_cube = 1.0 / (gap * gap * gap)
    return Window(
        window.length,
        window.width,
        window.u_start,
        window.u_end,
        window.length_by_width,
        window.start_by_width,
        window.end_by_width,
        gap,
        (gap * window.start_by_width - start) * per_square,
        (gap * (window.start_by_width + near.start_by_width) - 2.0 * start) * per_cube,
        (gap * window.end_by_width - end) * per_square,
        (gap * (window.end_by_width + near.end_by_width) - 2.0 * end) * per_cube,
    )


@part
def note_window(windows: FloatArray, n: int, window: Window) -> int:
    """Number of windows from which windows by months start, after one by OOM has been noted if its ends are known."""
    if n < windows.shape[0] and window.u_start >= 0.0:
        row = windows[n]
        row[W_MONTHS] = window.length
        row[W_START] = window.u_start
        row[W_END] = window.u_end
        row[W_START_SLOPE] = window.start_by_width / window.length_by_width
        row[W_END_SLOPE] = window.end_by_width / window.length_by_width
        n += 1
    return n


@part
def ends_by_months(windows: FloatArray, n: int, months: float) -> tuple[float, float]:
    """Ends of the window that takes some months, guessed from those by OOM.

    The shortest time for some OOM and the largest gain in that time are one window. Between two, the guess is the cubic
    with their ends and slopes; with one only, its tangent. Negative where there is none.
    """
    if n == 0:
        return -1.0, -1.0
    if n == 1:
        first = windows[0]
        return first[W_START] + months * first[W_START_SLOPE], first[W_END] + months * first[W_END_SLOPE]
    i = 1
    while i < n - 1 and windows[i, W_MONTHS] < months:
        i += 1
    start = cubic_between(windows[i - 1], windows[i], W_START, W_START_SLOPE, months)
    return start, cubic_between(windows[i - 1], windows[i], W_END, W_END_SLOPE, months)


@part
def cubic_between(before: FloatArray, after: FloatArray, value: int, slope: int, months: float) -> float:
    """Value in some months by the cubic with the values and slopes of two windows, which stand in these columns."""
    gap = after[W_MONTHS] - before[W_MONTHS]
    part_way = (months - before[W_MONTHS]) / gap
    rest = 1.0 - part_way
    whole = part_way * part_way * (3.0 - 2.0 * part_way)
    bent = part_way * rest * rest * gap
    bent_back = part_way * part_way * rest * gap
    return before[value] + whole * (after[value] - before[value]) + bent * before[slope] - bent_back * after[slope]


@part
def share_of_interval(grid: FloatArray, column: int, i: int, value: float) -> float:
    """Part of grid interval i that lies before a value of a growing column; 0 where the column stands still."""
    span = grid[i + 1, column] - grid[i, column]
    if span > 0.0:
        return (value - grid[i, column]) / span
    return 0.0


@part
def u_on_grid(grid: FloatArray, column: int, n_grid: int, value: float) -> float:
    """Coordinate at which a growing column of the grid takes a value, by linear interpolation."""
    i = step_with(grid, column, n_grid - 1, value)
    return grid[i, G_U] + share_of_interval(grid, column, i, value) * (grid[i + 1, G_U] - grid[i, G_U])


@part
def best_by_crossings(
    law: Law, work: Workspace, n_panels: int, n_grid: int, bottom: int, is_single: bool, axis: int, width: float
) -> float:
    """Signed length of the best window of a width on a continuous trajectory.

    Parameters
    ----------
    law, work, n_panels, n_grid
        The trajectory and its grid.
    bottom, is_single
        From :func:`valley`.
    axis : int
        OOMS: shortest time for ``width`` OOM. MONTHS: largest gain in ``width`` months.
    width : float
        Not more than the trajectory's extent along the axis.

    Returns
    -------
    float
        Months, or minus the OOM gained.

    Notes
    -----
    With a single valley, only windows that contain its bottom can be stationary: their crossing is spotted on the grid,
    with the slowness interpolated linearly between its points, and solved for on the trajectory itself. Elsewhere the
    windows that start or end at a grid point are gone through, and between two of which the later should come earlier
    and the earlier later the stationary one is solved for. Two such changes between neighbouring grid points can be
    missed.
    """
    column = G_MONTHS
    if axis == OOMS:
        column = G_OOMS
    grid = work.grid
    end = n_grid - 1
    u_last = work.panels[n_panels, P_U]
    first = starting_at(law, work, n_panels, axis, width, 0.0, 0.0, grid[0, G_LN_SLOWNESS])
    last = ending_at(law, work, n_panels, axis, width, u_last, grid[end, column], grid[end, G_LN_SLOWNESS])
    if is_single:
        latest = max(0.0, grid[end, column] - width)
        low = max(0.0, min(latest, grid[max(0, bottom - 1), column] - width))
        high = min(latest, grid[min(end, bottom + 1), column])
        before, after = range_of_starts(grid, column, n_grid, width, low, high)
        early = window_from(law, work, n_panels, axis, width, before, latest, first, last)
        late = window_from(law, work, n_panels, axis, width, after, latest, first, last)
        if (early.imbalance >= 0.0 and before > low) or (late.imbalance <= 0.0 and after < high):
            # the grid misled: start over
            early = window_from(law, work, n_panels, axis, width, low, latest, first, last)
            late = window_from(law, work, n_panels, axis, width, high, latest, first, last)
        return signed_length(law, work, n_panels, axis, balanced_ends(law, work, n_panels, axis, width, early, late))
    best = min(signed_length(law, work, n_panels, axis, first), signed_length(law, work, n_panels, axis, last))
    # windows that start at a grid point, then those that end at one: without these, two of ``telling_rows`` lost 17 OOM
    for starts_on_grid in (True, False):
        u_low = first.u_end
        u_high = last.u_end
        if starts_on_grid:
            u_low = first.u_start
            u_high = last.u_start
        before_it = first
        for i in range(n_grid + 1):
            here = last
            if i < n_grid:
                u = grid[i, G_U]
                along = grid[i, column]
                slowness_log = grid[i, G_LN_SLOWNESS]
                if not (u > u_low and u < u_high):
                    continue
                if starts_on_grid:
                    here = starting_at(law, work, n_panels, axis, width, u, along, slowness_log)
                else:
                    here = ending_at(law, work, n_panels, axis, width, u, along, slowness_log)
            if before_it.imbalance < 0.0 and here.imbalance >= 0.0:
                ends = balanced_ends(law, work, n_panels, axis, width, before_it, here)
                best = min(best, signed_length(law, work, n_panels, axis, ends))
            before_it = here
    return best


@part
def window_from(
    law: Law,
    work: Workspace,
    n_panels: int,
    axis: int,
    width: float,
    start: float,
    latest: float,
    first: Ends,
    last: Ends,
) -> Ends:
    """The window from a position along the axis, of those from 0 and from the latest one that there is."""
    if start <= 0.0:
        return first
    if start >= latest:
        return last
    panel, u = locate(law, work, n_panels, axis, start)
    return starting_at(law, work, n_panels, axis, width, u, start, ln_slowness_at(law, work, panel, u))


@part
def range_of_starts(
    grid: FloatArray, column: int, n_grid: int, width: float, low: float, high: float
) -> tuple[float, float]:
    """Narrow range of starts around the one window in [low, high] whose ends look equally slow on the grid."""
    whole_low = low
    whole_high = high
    for _ in range(6):
        start = 0.5 * (low + high)
        i = step_with(grid, column, n_grid - 1, start)
        j = step_with(grid, column, n_grid - 1, start + width)
        if interpolated(grid, column, j, start + width) >= interpolated(grid, column, i, start):
            high = start
        else:
            low = start
    gap = high - low
    return max(whole_low, low - gap), min(whole_high, high + gap)


@part
def interpolated(grid: FloatArray, column: int, i: int, x: float) -> float:
    """Logarithm of the slowness at x, by linear interpolation in grid interval i."""
    rise = grid[i + 1, G_LN_SLOWNESS] - grid[i, G_LN_SLOWNESS]
    return grid[i, G_LN_SLOWNESS] + share_of_interval(grid, column, i, x) * rise


@part
def shortest_between_deployments(deployments: FloatArray, n: int, ooms: float) -> float:
    """Shortest time between two deployments that are at least so many OOM apart.

    Parameters
    ----------
    deployments : array of shape (>= n, 2)
        Months and effective compute, both growing; deployment 0 included.
    n : int
        Number of deployments, deployment 0 included.
    ooms : float
        k.

    Returns
    -------
    float
        Months, or inf.
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
