"""The fastest stretch of a trajectory: the shortest time for k OOM, the largest gain in w months.

On a continuous timeline, both have the same condition: the slowness dt/de is equal at the two ends of the window. Where
the slowness first falls and then rises along the trajectory (always so for one autonomous route with rho <= 0, whose
log pace is concave), only one window satisfies it and it straddles the fastest moment. Elsewhere every crossing is
tried. From scratch, effective compute moves in jumps and windows run from deployment to deployment.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import read
from mc_sie.model.collocation import MONTHS, SECOND, SECOND_SLOPE, TIMED, kind_of
from mc_sie.model.continuous import (
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_U,
    OOMS,
    P_U,
    UNRESOLVED,
    Timeline,
    Workspace,
    ln_slowness_at,
    locate,
    months_at,
    months_between,
    ooms_at,
    panel_with,
    position_in,
    step_with,
)
from mc_sie.model.law import CONTINUAL, NONE, SHORTENING, Law, place, software_and_room
from mc_sie.quantities import TIE_OOMS
from mc_sie.units import LN_10

_NOISE = 1e-9  # relative differences of slowness below this do not count as a change of direction


class Valley(NamedTuple):
    """The course of the slowness along a trajectory, as its grid shows it.

    Attributes
    ----------
    bottom : int
        Grid index of the least slowness.
    is_single : bool
        Whether it only falls before and only rises after.
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
    bottom, lowest = 0, grid[0, G_LN_SLOWNESS]
    for i in range(n_grid):
        if grid[i, G_LN_SLOWNESS] < lowest:
            bottom, lowest = i, grid[i, G_LN_SLOWNESS]
    before = grid[0, G_LN_SLOWNESS]
    for i in range(1, n_grid):
        rise = grid[i, G_LN_SLOWNESS] - before
        before = grid[i, G_LN_SLOWNESS]
        if (i <= bottom and rise > _NOISE) or (i > bottom and rise < -_NOISE):
            return Valley(bottom, False, math.inf, math.inf)
    if kind_of(law) == TIMED:
        return Valley(bottom, True, math.inf, math.inf)
    i = max(1, bottom)  # before the first point it may fall and rise unseen
    while i < n_grid and grid[i, G_LN_SLOWNESS] < grid[0, G_LN_SLOWNESS]:
        i += 1
    return Valley(bottom, True, grid[i - 1, G_U], grid[i, G_U] if i < n_grid else math.inf)


@part
def looked_at(law: Law, work: Workspace, line: Timeline, shape: Valley, u: float) -> Valley:
    """The same after a look at a coordinate, if that lies where it is not known whether the slowness is back."""
    if u <= shape.not_back or u >= shape.back:
        return shape
    is_back = ln_slowness_at(law, work, panel_with(work, line.n_panels, u), u) >= work.grid[0, G_LN_SLOWNESS]
    return Valley(shape.bottom, shape.is_single, shape.not_back if is_back else u, u if is_back else shape.back)


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
    drift: float


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
        The timeline.
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
        error d in its place changes it by d^2 only.

    Notes
    -----
    False position (Illinois) in the coordinate of the end that has the longer way to go. Where software explodes time
    hardly passes, and a time does not tell the place; the other end, where time does pass, follows from the first.
    """
    if low.drift >= 0.0:
        return low
    if high.drift <= 0.0:
        return high
    by_start = high.u_start - low.u_start >= high.u_end - low.u_end
    u_low = low.u_start if by_start else low.u_end
    u_high = high.u_start if by_start else high.u_end
    f_low, f_high, side = low.drift, high.drift, 0
    found = low
    for _ in range(60):
        u = (u_low * f_high - u_high * f_low) / (f_high - f_low)
        if not (u > u_low and u < u_high):
            u = 0.5 * (u_low + u_high)
        panel = panel_with(work, n_panels, u)
        along = ooms_at(law, work, panel, u) if axis == OOMS else months_at(law, work, panel, u)
        slowness_log = ln_slowness_at(law, work, panel, u)
        if by_start:
            found = starting_at(law, work, n_panels, axis, width, u, along, slowness_log)
        else:
            found = ending_at(law, work, n_panels, axis, width, u, along, slowness_log)
        f = found.drift
        if f <= 0.0:
            u_low, f_low = u, f
            if side == -1:
                f_high *= 0.5
            side = -1
        else:
            u_high, f_high = u, f
            if side == 1:
                f_low *= 0.5
            side = 1
        if u_high - u_low < 1e-13 * (1.0 + u_high) or abs(f) < 1e-5:
            break
    return found


@part
def signed_length(law: Law, work: Workspace, n_panels: int, axis: int, ends: Ends) -> float:
    """Months that a window of some OOM takes, or minus the OOM gained in one of some months: smaller is better."""
    panel, panel_end = panel_with(work, n_panels, ends.u_start), panel_with(work, n_panels, ends.u_end)
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
def only_length(length: float) -> Window:
    """A window of which no more than its length is known."""
    return Window(length, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class View(NamedTuple):
    """What a window's end sees: its position along the window's axis and across it, ln(dt/de), and slopes in u."""

    along: float
    along_slope: float
    across: float
    slowness_log: float
    slowness_slope: float


@part
def view(law: Law, work: Workspace, n_panels: int, axis: int, u: float) -> View:
    """The view from a coordinate; not for the kind TIMED. Arguments as in :func:`best_window`."""
    panel = panel_with(work, n_panels, u)
    x = position_in(work, panel, u)
    series = work.series[panel]
    second, second_slope, months = read(series[SECOND], x), read(series[SECOND_SLOPE], x), read(series[MONTHS], x)
    if law.mode == CONTINUAL:
        z = u - second
        held = z >= law.u_hold
        software, room = software_and_room(z, law.limit)
        if held:
            software, room = law.software_hold, 0.0
        slowness_log = -law.ln_accumulation - LN_10 * (software - second)
        slowness_slope = LN_10 * (second_slope - room * (1.0 - second_slope))
        ooms, ooms_slope = second, second_slope
    else:
        ooms, room, _ = place(law.mode, law.limit, u)
        ooms_slope = 1.0 if law.mode == SHORTENING else room
        slowness_log, slowness_slope = -law.ln_speed - second, -second_slope
    if axis == MONTHS:
        return View(months, ooms_slope * exp(slowness_log), ooms, slowness_log, slowness_slope)
    return View(ooms, ooms_slope, months, slowness_log, slowness_slope)


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
    OOM is the last: an error d in the place of the window changes its length by d^2 only.
    """
    last = work.panels[n_panels, P_U]
    for _ in range(12):
        a, b = view(law, work, n_panels, axis, u_start), view(law, work, n_panels, axis, u_end)
        tilt, excess = b.slowness_log - a.slowness_log, b.along - a.along - width
        determinant = b.slowness_slope * a.along_slope - a.slowness_slope * b.along_slope
        if not determinant > 0.0:
            break
        step_start = (excess * b.slowness_slope - tilt * b.along_slope) / determinant
        step_end = (excess * a.slowness_slope - tilt * a.along_slope) / determinant
        u_start, u_end = u_start + step_start, u_end + step_end
        if not (u_start >= 0.0 and u_end <= last and u_start < u_end):
            break
        if abs(step_start) + abs(step_end) < 5e-4:
            sign = 1.0 if axis == OOMS else -1.0
            grown_end = step_end * b.along_slope
            grown_start = grown_end + excess
            change_end = grown_end + 0.5 * sign * grown_end * step_end * b.slowness_slope
            change_start = grown_start + 0.5 * sign * grown_start * step_start * a.slowness_slope
            by_width = exp(sign * b.slowness_log)
            length = b.across - a.across
            length += by_width * change_end - exp(sign * a.slowness_log) * change_start
            if axis == OOMS and length < UNRESOLVED * max(1.0, b.across):
                panel, panel_end = panel_with(work, n_panels, u_start), panel_with(work, n_panels, u_end)
                length = months_between(law, work, panel, u_start, panel_end, u_end)
            by_start, by_end = -b.slowness_slope / determinant, -a.slowness_slope / determinant
            return Window(length, width, u_start, u_end, by_width, by_start, by_end, 0.0, 0.0, 0.0, 0.0, 0.0)
    return only_length(math.nan)


@part
def best_window(
    law: Law,
    work: Workspace,
    line: Timeline,
    shape: Valley,
    axis: int,
    width: float,
    u_start: float,
    u_end: float,
) -> Window:
    """The best window of a width on a continuous timeline, unless it is known to start at 0 (:class:`Valley`).

    Parameters
    ----------
    law, work, line
        The timeline.
    shape : Valley
        Of the slowness.
    axis : int
        OOMS: shortest time for ``width`` OOM. MONTHS: largest gain in ``width`` months.
    width : float
        Not more than the timeline's extent along the axis.
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
    n_panels, n_grid, grid = line.n_panels, line.n_grid, work.grid
    bottom, is_single = shape.bottom, shape.is_single
    sign = 1.0 if axis == OOMS else -1.0
    if not is_single or kind_of(law) == TIMED:
        return only_length(sign * best_by_crossings(law, work, n_panels, n_grid, bottom, is_single, axis, width))
    at_start, at_end = grid[0, G_LN_SLOWNESS], grid[n_grid - 1, G_LN_SLOWNESS]
    if u_start >= 0.0 and u_end <= work.panels[n_panels, P_U]:
        found = balanced_window(law, work, n_panels, axis, width, u_start, u_end)
        if not math.isnan(found.length):
            return found
    column = G_OOMS if axis == OOMS else G_MONTHS
    span = grid[n_grid - 1, column]
    if at_end < at_start:
        panel, u = locate(law, work, n_panels, axis, span - width)
        if ln_slowness_at(law, work, panel, u) >= at_end:
            if axis == OOMS:
                end = work.panels[n_panels, P_U]
                return only_length(months_between(law, work, panel, u, n_panels - 1, end))
            return only_length(grid[n_grid - 1, G_OOMS] - ooms_at(law, work, panel, u))
    low = max(0.0, grid[max(0, bottom - 1), column] - width)
    high = min(span - width, grid[min(n_grid - 1, bottom + 1), column])
    low, high = bracket(grid, column, n_grid, width, low, high)
    u_start, u_end = u_on_grid(grid, column, n_grid, low), u_on_grid(grid, column, n_grid, high + width)
    found = balanced_window(law, work, n_panels, axis, width, u_start, u_end)
    if math.isnan(found.length):
        return only_length(sign * best_by_crossings(law, work, n_panels, n_grid, bottom, is_single, axis, width))
    return found


@part
def narrowest_window(law: Law, work: Workspace, n_grid: int, bottom: int, u_peak: float, ln_pace: float) -> Window:
    """The window of no width at the bottom of the valley.

    In mode none that is where the pace is largest, and nothing bends there; elsewhere it is about where a parabola
    through the grid has it.

    Parameters
    ----------
    law, work, n_grid
        The timeline.
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
        _, room, _ = place(law.mode, law.limit, u_peak)
        by_width, slowness = 0.5 / room, exp(-law.ln_speed - ln_pace)
        return Window(0.0, 0.0, u_peak, u_peak, slowness, -by_width, by_width, 0.0, 0.0, 0.0, 0.0, 0.0)
    grid = work.grid
    u = grid[bottom, G_U]
    before, after = u - grid[bottom - 1, G_U], grid[bottom + 1, G_U] - u
    fall = (grid[bottom - 1, G_LN_SLOWNESS] - grid[bottom, G_LN_SLOWNESS]) / before
    rise = (grid[bottom + 1, G_LN_SLOWNESS] - grid[bottom, G_LN_SLOWNESS]) / after
    if not fall + rise > 0.0:
        return only_length(0.0)
    u += 0.5 * (fall * after - rise * before) / (fall + rise)
    by_width = 0.5 * (before + after) / (grid[bottom + 1, G_OOMS] - grid[bottom - 1, G_OOMS])
    slowness = exp(grid[bottom, G_LN_SLOWNESS])
    return Window(0.0, 0.0, u, u, slowness, -by_width, by_width, 0.0, 0.0, 0.0, 0.0, 0.0)


@part
def guessed_ends(near: Window, width: float) -> tuple[float, float]:
    """Ends of a window of some width: by the cubic through the last two windows, or the tangent to the last.

    Negative where the last window tells nothing of its ends.
    """
    if near.u_start < 0.0:
        return -1.0, -1.0
    wider = width - near.width
    square = wider * wider
    start = (
        near.u_start + wider * near.start_by_width + square * (near.start_bend + (wider + near.gap) * near.start_twist)
    )
    end = near.u_end + wider * near.end_by_width + square * (near.end_bend + (wider + near.gap) * near.end_twist)
    return start, end


@part
def curved(found: Window, near: Window) -> Window:
    """A window with what it takes to guess the next one to third order, from the one that was found before it."""
    gap = found.width - near.width
    if gap == 0.0 or near.u_start < 0.0:
        return found
    start, end = found.u_start - near.u_start, found.u_end - near.u_end
    per_square, per_cube = 1.0 / (gap * gap), 1.0 / (gap * gap * gap)
    return Window(
        found.length,
        found.width,
        found.u_start,
        found.u_end,
        found.length_by_width,
        found.start_by_width,
        found.end_by_width,
        gap,
        (gap * found.start_by_width - start) * per_square,
        (gap * (found.start_by_width + near.start_by_width) - 2.0 * start) * per_cube,
        (gap * found.end_by_width - end) * per_square,
        (gap * (found.end_by_width + near.end_by_width) - 2.0 * end) * per_cube,
    )


@part
def note_window(windows: NDArray[np.float64], n: int, found: Window) -> int:
    """Append a window by OOM, if its ends are known, to those from which windows by months start; returns how many."""
    if n < windows.shape[0] and found.u_start >= 0.0:
        windows[n, 0], windows[n, 1], windows[n, 2] = found.length, found.u_start, found.u_end
        windows[n, 3] = found.start_by_width / found.length_by_width
        windows[n, 4] = found.end_by_width / found.length_by_width
        n += 1
    return n


@part
def ends_by_months(windows: NDArray[np.float64], n: int, months: float) -> tuple[float, float]:
    """Ends of the window that takes some months, guessed from those that were found by OOM.

    The shortest time for some OOM and the largest gain in that time are one window. Between two, the guess is the cubic
    with their ends and slopes; with one only, its tangent. Negative where there is none.
    """
    if n == 0:
        return -1.0, -1.0
    if n == 1:
        return windows[0, 1] + months * windows[0, 3], windows[0, 2] + months * windows[0, 4]
    i = 1
    while i < n - 1 and windows[i, 0] < months:
        i += 1
    gap = windows[i, 0] - windows[i - 1, 0]
    part = (months - windows[i - 1, 0]) / gap
    rest = 1.0 - part
    whole, bent, bent_back = part * part * (3.0 - 2.0 * part), part * rest * rest * gap, part * part * rest * gap
    return (
        windows[i - 1, 1]
        + whole * (windows[i, 1] - windows[i - 1, 1])
        + bent * windows[i - 1, 3]
        - bent_back * windows[i, 3],
        windows[i - 1, 2]
        + whole * (windows[i, 2] - windows[i - 1, 2])
        + bent * windows[i - 1, 4]
        - bent_back * windows[i, 4],
    )


@part
def u_on_grid(grid: NDArray[np.float64], column: int, n_grid: int, value: float) -> float:
    """Coordinate at which a growing column of the grid takes a value, by linear interpolation."""
    i = step_with(grid, column, n_grid - 1, value)
    span = grid[i + 1, column] - grid[i, column]
    part = (value - grid[i, column]) / span if span > 0.0 else 0.0
    return grid[i, G_U] + part * (grid[i + 1, G_U] - grid[i, G_U])


@part
def best_by_crossings(
    law: Law, work: Workspace, n_panels: int, n_grid: int, bottom: int, is_single: bool, axis: int, width: float
) -> float:
    """Signed length of the best window of a width on a continuous timeline.

    Parameters
    ----------
    law, work, n_panels, n_grid
        The timeline and its grid.
    bottom, is_single
        From :func:`valley`.
    axis : int
        OOMS: shortest time for ``width`` OOM. MONTHS: largest gain in ``width`` months.
    width : float
        Not more than the timeline's extent along the axis.

    Returns
    -------
    float
        Months, or minus the OOM gained.

    Notes
    -----
    With a single valley, only windows that contain its bottom can be stationary: their crossing is spotted on the grid,
    with the slowness interpolated linearly between its points, and solved for on the timeline itself. Elsewhere the
    windows that start or end at a grid point are gone through, and between two of which the later should come earlier
    and the earlier later the stationary one is solved for. Two such changes between neighbouring grid points can be
    missed.
    """
    column = G_OOMS if axis == OOMS else G_MONTHS
    grid, end = work.grid, n_grid - 1
    first = starting_at(law, work, n_panels, axis, width, 0.0, 0.0, grid[0, G_LN_SLOWNESS])
    u_last = work.panels[n_panels, P_U]
    last = ending_at(law, work, n_panels, axis, width, u_last, grid[end, column], grid[end, G_LN_SLOWNESS])
    if is_single:
        latest = max(0.0, grid[end, column] - width)
        low = max(0.0, min(latest, grid[max(0, bottom - 1), column] - width))
        high = min(latest, grid[min(end, bottom + 1), column])
        before, after = bracket(grid, column, n_grid, width, low, high)
        early = window_from(law, work, n_panels, axis, width, before, latest, first, last)
        late = window_from(law, work, n_panels, axis, width, after, latest, first, last)
        if (early.drift >= 0.0 and before > low) or (late.drift <= 0.0 and after < high):  # the grid misled: start over
            early = window_from(law, work, n_panels, axis, width, low, latest, first, last)
            late = window_from(law, work, n_panels, axis, width, high, latest, first, last)
        return signed_length(law, work, n_panels, axis, balanced_ends(law, work, n_panels, axis, width, early, late))
    best = min(signed_length(law, work, n_panels, axis, first), signed_length(law, work, n_panels, axis, last))
    for starts_on_grid in (True, False):  # windows that start at a grid point, then those that end at one
        u_low = first.u_start if starts_on_grid else first.u_end
        u_high = last.u_start if starts_on_grid else last.u_end
        before_it = first
        for i in range(n_grid + 1):
            here = last
            if i < n_grid:
                u, along, slowness_log = grid[i, G_U], grid[i, column], grid[i, G_LN_SLOWNESS]
                if not (u > u_low and u < u_high):
                    continue
                if starts_on_grid:
                    here = starting_at(law, work, n_panels, axis, width, u, along, slowness_log)
                else:
                    here = ending_at(law, work, n_panels, axis, width, u, along, slowness_log)
            if before_it.drift < 0.0 and here.drift >= 0.0:
                found = balanced_ends(law, work, n_panels, axis, width, before_it, here)
                best = min(best, signed_length(law, work, n_panels, axis, found))
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
def bracket(
    grid: NDArray[np.float64], column: int, n_grid: int, width: float, low: float, high: float
) -> tuple[float, float]:
    """Narrow range of starts around the one window in [low, high] whose ends look equally slow on the grid."""
    whole_low, whole_high = low, high
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
def interpolated(grid: NDArray[np.float64], column: int, i: int, x: float) -> float:
    """Logarithm of the slowness at x, by linear interpolation in grid interval i."""
    span = grid[i + 1, column] - grid[i, column]
    part = (x - grid[i, column]) / span if span > 0.0 else 0.0
    return grid[i, G_LN_SLOWNESS] + part * (grid[i + 1, G_LN_SLOWNESS] - grid[i, G_LN_SLOWNESS])


@part
def shortest_between_deployments(deployments: NDArray[np.float64], n: int, ooms: float) -> float:
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
    ooms -= TIE_OOMS
    best = math.inf
    i = 0
    for j in range(1, n):
        while i + 1 < j and deployments[j, 1] - deployments[i + 1, 1] >= ooms:
            i += 1
        if deployments[j, 1] - deployments[i, 1] >= ooms:
            best = min(best, deployments[j, 0] - deployments[i, 0])
    return best


@part
def largest_between_deployments(deployments: NDArray[np.float64], n: int, months: float) -> float:
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
