"""The fastest stretch of a trajectory: the shortest time for k OOM, the largest gain in w months.

On a continuous timeline, both have the same condition: the slowness dt/de is equal at the two ends of the window. Where
the slowness first falls and then rises along the trajectory (always so for one autonomous route with rho <= 0, whose
log pace is concave), only one window satisfies it and it straddles the fastest moment. Elsewhere every crossing is
tried. From scratch, effective compute moves in jumps and windows run from deployment to deployment.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.model.growth import Law
from mc_sie.model.timeline import (
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    OOMS,
    Workspace,
    ln_slowness_at,
    locate,
    months_at_ooms,
    ooms_at_months,
    step_with,
)
from mc_sie.quantities import TIE_OOMS

_NOISE = 1e-9  # relative differences of slowness below this do not count as a change of direction


@njit
def valley(work: Workspace, n_grid: int) -> tuple[int, bool]:
    """Where the slowness is least, and whether it only falls before and only rises after.

    Parameters
    ----------
    work : Workspace
        Grid filled.
    n_grid : int
        Grid points.

    Returns
    -------
    bottom : int
        Grid index of the least slowness.
    is_single : bool
        Whether there is no second valley.
    """
    bottom = 0
    for i in range(n_grid):
        if work.grid[i, G_LN_SLOWNESS] < work.grid[bottom, G_LN_SLOWNESS]:
            bottom = i
    for i in range(1, n_grid):
        rise = work.grid[i, G_LN_SLOWNESS] - work.grid[i - 1, G_LN_SLOWNESS]
        if (i <= bottom and rise > _NOISE) or (i > bottom and rise < -_NOISE):
            return bottom, False
    return bottom, True


@njit
def drift(law: Law, work: Workspace, n_steps: int, axis: int, width: float, start: float) -> float:
    """By how much the slowness is larger at the end of a window than at its start, in logarithms."""
    step, theta = locate(law, work, n_steps, axis, start)
    step2, theta2 = locate(law, work, n_steps, axis, start + width)
    return ln_slowness_at(law, work, step2, theta2) - ln_slowness_at(law, work, step, theta)


@njit
def balanced_start(law: Law, work: Workspace, n_steps: int, axis: int, width: float, low: float, high: float) -> float:
    """Start between low and high of a window whose two ends are equally slow.

    Parameters
    ----------
    law, work, n_steps
        The timeline.
    axis : int
        MONTHS or OOMS, in which ``width``, ``low`` and ``high`` are given.
    width : float
        Width of the window.
    low, high : float
        Bracket: moving the window on from ``low`` improves it, from ``high`` it does not.

    Returns
    -------
    float
        The start; ``low`` or ``high`` itself where the bracket has no crossing. The window's length is stationary
        there, so that an error d in the start changes it by d^2 only.
    """
    f_low = drift(law, work, n_steps, axis, width, low)
    if f_low >= 0.0:
        return low
    f_high = drift(law, work, n_steps, axis, width, high)
    if f_high <= 0.0:
        return high
    side = 0
    for _ in range(60):
        middle = (low * f_high - high * f_low) / (f_high - f_low)
        if not (middle > low and middle < high):
            middle = 0.5 * (low + high)
        f = drift(law, work, n_steps, axis, width, middle)
        if f <= 0.0:
            low, f_low = middle, f
            if side == -1:
                f_high *= 0.5
            side = -1
        else:
            high, f_high = middle, f
            if side == 1:
                f_low *= 0.5
            side = 1
        if high - low < 1e-13 * width or abs(f) < 1e-5:
            break
    return middle


@njit
def merit(law: Law, work: Workspace, n_steps: int, axis: int, width: float, start: float) -> float:
    """Length in the other axis of the window that starts there, with the sign that makes smaller better."""
    if axis == OOMS:
        return months_at_ooms(law, work, n_steps, start + width) - months_at_ooms(law, work, n_steps, start)
    return ooms_at_months(law, work, n_steps, start) - ooms_at_months(law, work, n_steps, start + width)


@njit
def best_merit(
    law: Law, work: Workspace, n_steps: int, n_grid: int, bottom: int, is_single: bool, axis: int, width: float
) -> float:
    """The best window of a width on a continuous timeline.

    Parameters
    ----------
    law, work, n_steps, n_grid
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
    Crossings are spotted on the grid, with the slowness interpolated linearly between its points, and then solved for
    on the timeline itself in a bracket one grid interval wider on either side. With a single valley, only windows that
    contain its bottom can be stationary.
    """
    column = G_OOMS if axis == OOMS else G_MONTHS
    grid = work.grid
    low, high = 0.0, max(0.0, grid[n_grid - 1, column] - width)
    if is_single:
        low = max(0.0, min(high, grid[max(0, bottom - 1), column] - width))
        high = min(high, grid[min(n_grid - 1, bottom + 1), column])
    if is_single:
        before, after = bracket(grid, column, n_grid, width, low, high)
        start = balanced_start(law, work, n_steps, axis, width, before, after)
        if (start == before and before > low) or (start == after and after < high):  # the grid misled: start over
            start = balanced_start(law, work, n_steps, axis, width, low, high)
        return merit(law, work, n_steps, axis, width, start)
    best = math.inf
    for shift in (0.0, width):  # windows that start at a grid point, then those that end at one
        at_start, at_end = 0, 0
        improving = True
        previous = low
        for i in range(-1, n_grid + 1):
            start = low if i < 0 else high if i == n_grid else grid[i, column] - shift
            if (start <= low and i >= 0 and i < n_grid) or (start >= high and i < n_grid):
                continue
            at_start = interval_with(grid, column, n_grid, at_start, start)
            at_end = interval_with(grid, column, n_grid, at_end, start + width)
            worsens = i == n_grid or interpolated(grid, column, at_end, start + width) >= interpolated(
                grid, column, at_start, start
            )
            if improving and worsens:
                gap = max(start - previous, grid[at_start + 1, column] - grid[at_start, column])
                before, after = max(low, previous - gap), min(high, start + gap)
                if drift(law, work, n_steps, axis, width, before) >= 0.0:  # the other side of a summit
                    before = previous
                if drift(law, work, n_steps, axis, width, after) <= 0.0:
                    after = start
                found = balanced_start(law, work, n_steps, axis, width, before, after)
                best = min(best, merit(law, work, n_steps, axis, width, found))
            improving = not worsens
            previous = start
    return best


@njit
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


@njit
def interval_with(grid: NDArray[np.float64], column: int, n_grid: int, i: int, x: float) -> int:
    """Index, from i on, of the grid interval in which x lies."""
    while i + 2 < n_grid and grid[i + 1, column] < x:
        i += 1
    return i


@njit
def interpolated(grid: NDArray[np.float64], column: int, i: int, x: float) -> float:
    """Logarithm of the slowness at x, by linear interpolation in grid interval i."""
    span = grid[i + 1, column] - grid[i, column]
    part = (x - grid[i, column]) / span if span > 0.0 else 0.0
    return grid[i, G_LN_SLOWNESS] + part * (grid[i + 1, G_LN_SLOWNESS] - grid[i, G_LN_SLOWNESS])


@njit
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


@njit
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
