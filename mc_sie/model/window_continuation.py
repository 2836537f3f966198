"""First guesses at best windows, continued from those of the windows found before."""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import FloatArray
from mc_sie.model.law import NONE, Law, software_at_u
from mc_sie.model.workspace import G_LN_SLOWNESS, G_OOMS, G_U, Workspace

W_MONTHS, W_START, W_END, W_START_SLOPE, W_END_SLOPE = range(5)
"""Columns of the table of windows: months, coordinates of both ends, and how these move with the months."""


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


@part
def narrowest_window(law: Law, work: Workspace, n_grid: int, bottom: int, u_peak: float, ln_pace: float) -> Window:
    """The window of no width at the bottom of the valley; without ends where that is an end of the trajectory.

    In mode none the bottom is where the pace is largest (from :func:`~mc_sie.model.peak_pace.peak`), and nothing bends
    there; elsewhere it is about where a parabola through the grid has it.
    """
    if bottom == 0 or bottom == n_grid - 1:  # windows start or end with the trajectory, and none is balanced
        return only_length(0.0)
    if law.mode == NONE and u_peak >= 0.0:
        by_width = 0.5 / software_at_u(law.mode, law.limit, u_peak).room
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
    # vertex of the parabola through three points of ln(dt/de)
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
    if gap == 0.0 or near.u_start < 0.0:  # a level given twice, or nothing to compare with
        return window
    start = window.u_start - near.u_start
    end = window.u_end - near.u_end
    # Hermite: the cubic with the ends and slopes of both, written around the wider window
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
        # by months, not by OOM: the derivatives divided by that of the length
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
    i = 1  # beyond the last window its cubic with the one before it goes on
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
