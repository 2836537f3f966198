"""The largest pace on a continuous trajectory."""

from __future__ import annotations

import math

from mc_sie._jit import part
from mc_sie.model.chebyshev import read
from mc_sie.model.dense_output import ln_pace_at, months_at, ooms_at, panel_with, position_in, software_at
from mc_sie.model.law import CONTINUAL, Law, better_route, ln_route, on_route, rho_of, software_and_room, software_at_u
from mc_sie.model.panels import EXPLICIT, TIMED, kind_of
from mc_sie.model.retraining import ln_research_by_time
from mc_sie.model.rootfinding import bracket_between, false_position, narrowed
from mc_sie.model.workspace import (
    G_LN_PACE,
    G_MONTHS,
    G_SECOND_SLOPE,
    G_U,
    MONTHS,
    MONTHS_SLOPE,
    SECOND,
    SECOND_SLOPE,
    Workspace,
)
from mc_sie.units import LN_10


@part
def peak(law: Law, work: Workspace, n_panels: int, n_moving: int, is_single: bool) -> tuple[float, float, float]:
    """ln of the largest pace while software moves, the earliest months at which it is reached, and the coordinate.

    The coordinate is that of a zero of d ln M/du, -1 where it is a point of the grid. ``is_single``: the slowness has
    one valley only, and where it mirrors the pace, that has one peak. Beside every grid point that is higher than its
    neighbours, and not far below the highest, the zero is solved for: a maximum is flat, so that values do not tell
    where it is.
    """
    grid = work.grid
    best = 0
    for i in range(n_moving):
        if grid[i, G_LN_PACE] > grid[best, G_LN_PACE] + 1e-12:  # rounding must not move a plateau's start
            best = i
    top = grid[best, G_LN_PACE]
    months = grid[best, G_MONTHS]
    at = -1.0
    first = 0
    last = n_moving
    if is_single and law.mode != CONTINUAL:  # dt/de mirrors the pace: one peak
        first = best
        last = best + 1
    highest = top
    for i in range(first, last):
        value = grid[i, G_LN_PACE]
        # a peak is taken to rise by less than a tenth above the grid: what is lower is not the largest
        if value < highest - 0.1 or (i > 0 and grid[i - 1, G_LN_PACE] > value):
            continue
        if i + 1 < n_moving and grid[i + 1, G_LN_PACE] > value:
            continue
        for left in range(max(0, i - 1), min(n_moving - 1, i + 1)):
            u = peak_between(law, work, n_panels, left)
            if u >= 0.0:
                panel = panel_with(work, n_panels, u)
                value = ln_pace_at(law, work, panel, u)
                if value > top + 1e-12:
                    top = value
                    months = months_at(law, work, panel, u)
                    at = u
    return top, months, at


@part
def peak_between(law: Law, work: Workspace, n_panels: int, i: int) -> float:
    """Coordinate between grid points i and i + 1 at which the pace stops rising; -1 where there is none."""
    low = work.grid[i, G_U]
    high = work.grid[i + 1, G_U]
    middle = 0.5 * (low + high)  # tells the panel and the route: the ends belong to two
    panel = panel_with(work, n_panels, middle)
    route = 0
    if not math.isnan(law.rho2):
        software = software_at(law, work, panel, middle)[1]
        route = better_route(law, software, ooms_at(law, work, panel, middle), months_at(law, work, panel, middle))
    at_low = pace_slope_on_grid(law, work, panel, i, route)
    if not at_low > 0.0:
        return -1.0
    at_high = pace_slope_on_grid(law, work, panel, i + 1, route)
    if not at_high < 0.0:
        return -1.0
    bracket = bracket_between(low, high, at_low, at_high)
    u = low
    for _ in range(60):
        u = false_position(bracket)
        slope = ln_pace_slope_at(law, work, panel, u, route)
        bracket = narrowed(bracket, u, slope, slope > 0.0)
        if abs(slope) < 1e-11 or bracket.high - bracket.low < 1e-12 * (1.0 + bracket.high):
            break
    return u


@part
def pace_slope_on_grid(law: Law, work: Workspace, panel: int, i: int, route: int) -> float:
    """d ln M / du at a grid point, on the panel and the route of an interval that it ends."""
    if kind_of(law) == EXPLICIT and math.isnan(law.rho2):
        return work.grid[i, G_SECOND_SLOPE]
    return ln_pace_slope_at(law, work, panel, work.grid[i, G_U], route)


@part
def ln_pace_slope_at(law: Law, work: Workspace, panel: int, u: float, route: int) -> float:
    """d ln M / du at a position, on one route of research."""
    x = position_in(work, panel, u)
    series = work.series[panel]
    kind = kind_of(law)
    if kind == EXPLICIT:
        return read(series[SECOND_SLOPE], x)
    is_timed = law.reconfiguration_rate > 0.0
    months = 0.0
    if is_timed:
        months = read(series[MONTHS], x)
    if kind == TIMED:
        software, room, _ = software_at_u(law.mode, law.limit, u)
        deployed = software
        deployed_slope = room
        path = 1.0  # dz/du
    else:
        deployed = read(series[SECOND], x)
        deployed_slope = read(series[SECOND_SLOPE], x)
        software, room = software_and_room(u - deployed, law.limit)
        path = 1.0 - deployed_slope
    ln_r, share = ln_route(law, route, software, deployed, months)
    labour = law.lam * law.mu * (law.psi * room * path + (1.0 - law.psi) * deployed_slope)
    slope = LN_10 * (share * labour + (1.0 - share) * law.phi * room * path - law.beta * path)
    if is_timed:
        rho = rho_of(law, route, months)
        by_time = ln_research_by_time(on_route(law, route), rho, software, deployed, ln_r, share)
        slope += by_time * read(series[MONTHS_SLOPE], x)
    return slope
