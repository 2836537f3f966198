"""The best window wherever the slowness goes: every window with equally slow ends is tried."""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.chebyshev import FloatArray
from mc_sie.model.dense_output import (
    OOMS,
    ln_slowness_at,
    locate,
    months_at,
    months_between,
    ooms_at,
    panel_with,
    step_with,
)
from mc_sie.model.law import Law
from mc_sie.model.rootfinding import bracket_between, false_position, narrowed
from mc_sie.model.workspace import G_LN_SLOWNESS, G_MONTHS, G_OOMS, G_U, P_U, Workspace


class Ends(NamedTuple):
    """Coordinates of the two ends of a window, and by how much ln(dt/de) is larger at its end than at its start.

    Where that imbalance is negative, a later window is better.
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
    """The window whose ends are equally slow, between one that should come later and one that should come earlier.

    ``low`` or ``high`` itself where that is not so. The window's length is stationary there, so that an error d in its
    ends changes it by d^2 only. False position (Illinois) in the coordinate of the end that has farther to go: where
    software explodes time hardly passes, and does not tell the coordinate; the other end, where time does pass, follows
    from the first.
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
            break  # what is left of the imbalance enters the length by its square
    return ends


@part
def signed_length(law: Law, work: Workspace, n_panels: int, axis: int, ends: Ends) -> float:
    """Months that a window of some OOM takes, or minus the OOM gained in one of some months: smaller is better."""
    panel = panel_with(work, n_panels, ends.u_start)
    panel_end = panel_with(work, n_panels, ends.u_end)
    if axis == OOMS:
        return months_between(law, work, panel, ends.u_start, panel_end, ends.u_end)
    return ooms_at(law, work, panel, ends.u_start) - ooms_at(law, work, panel_end, ends.u_end)


@part
def best_by_crossings(
    law: Law, work: Workspace, n_panels: int, n_grid: int, bottom: int, is_single: bool, axis: int, width: float
) -> float:
    """Signed length of the best window of a width, at most the trajectory's extent along the axis (MONTHS or OOMS).

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
        best = around_bottom(law, work, n_panels, n_grid, bottom, axis, column, width, first, last)
        return signed_length(law, work, n_panels, axis, best)
    shortest = min(signed_length(law, work, n_panels, axis, first), signed_length(law, work, n_panels, axis, last))
    # windows that start at a grid point, then those that end at one: without these, two of ``telling_rows`` lost 17 OOM
    for starts_on_grid in (True, False):
        u_low = first.u_end
        u_high = last.u_end
        if starts_on_grid:
            u_low = first.u_start
            u_high = last.u_start
        before = first
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
            if before.imbalance < 0.0 and here.imbalance >= 0.0:  # a least one lies between; from + to - a longest
                ends = balanced_ends(law, work, n_panels, axis, width, before, here)
                shortest = min(shortest, signed_length(law, work, n_panels, axis, ends))
            before = here
    return shortest


@part
def around_bottom(
    law: Law,
    work: Workspace,
    n_panels: int,
    n_grid: int,
    bottom: int,
    axis: int,
    column: int,
    width: float,
    first: Ends,
    last: Ends,
) -> Ends:
    """The balanced window that contains the bottom of a single valley, between the first and the last there is."""
    grid = work.grid
    end = n_grid - 1
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
    return balanced_ends(law, work, n_panels, axis, width, early, late)


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
    for _ in range(6):  # to 1/64 of the range, which is what linear interpolation may be good for
        start = 0.5 * (low + high)
        i = step_with(grid, column, n_grid - 1, start)
        j = step_with(grid, column, n_grid - 1, start + width)
        if interpolated(grid, column, j, start + width) >= interpolated(grid, column, i, start):
            high = start
        else:
            low = start
    gap = high - low  # kept on either side, for what the grid gets wrong
    return max(whole_low, low - gap), min(whole_high, high + gap)


@part
def interpolated(grid: FloatArray, column: int, i: int, x: float) -> float:
    """Logarithm of the slowness at x, by linear interpolation in grid interval i."""
    rise = grid[i + 1, G_LN_SLOWNESS] - grid[i, G_LN_SLOWNESS]
    return grid[i, G_LN_SLOWNESS] + share_of_interval(grid, column, i, x) * rise


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
