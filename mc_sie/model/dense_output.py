"""Dense output: a continuous trajectory read at any position, and positions found from what is read there.

A position is a panel and a coordinate u in it.
"""

from __future__ import annotations

import math

from numpy.polynomial import legendre

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import FloatArray, read, solve_between
from mc_sie.model.collocation import logistic
from mc_sie.model.law import CONTINUAL, SHORTENING, Law, better_route, coordinate, difficulty, ln_pace, software_at_u
from mc_sie.model.panels import EXPLICIT, PATH, kind_of
from mc_sie.model.retraining import heading_at
from mc_sie.model.workspace import (
    G_MONTHS,
    G_MONTHS_SLOPE,
    G_OOMS,
    G_SECOND_SLOPE,
    G_U,
    MONTHS,
    P_GRID,
    P_LENGTH,
    P_MONTHS,
    P_OOMS,
    P_PER_HALF,
    P_U,
    SECOND,
    Workspace,
)
from mc_sie.units import LN_10

OOMS = SECOND
"""The axis of effective compute, beside MONTHS. Passed on as int(OOMS): each literal would compile a function anew."""

UNRESOLVED = 1e-6
"""Durations below it are integrated anew, in months or relative to the time at which they end: two times are not known
well enough for their difference."""

MAX_PIECES = 256
"""Pieces into which such a duration is cut."""

GAUSS_NODES, GAUSS_WEIGHTS = legendre.leggauss(8)
"""Gauss and Legendre's rule for one piece: the ends, where software may come to be held, are not among its nodes."""


@part
def position_in(work: Workspace, panel: int, u: float) -> float:
    """Position x in [-1, 1] of a coordinate in a panel."""
    return (u - work.panels[panel, P_U]) * work.panels[panel, P_PER_HALF] - 1.0


@part
def step_with(table: FloatArray, column: int, n_intervals: int, value: float) -> int:
    """Index of the interval (step, or part of the grid) of a growing column of a table in which a value lies."""
    low = 0
    high = n_intervals - 1
    while low < high:  # bisection: the last row that does not exceed the value
        middle = (low + high + 1) // 2
        if table[middle, column] <= value:
            low = middle
        else:
            high = middle - 1
    return low


@part
def panel_with(work: Workspace, n_panels: int, u: float) -> int:
    """Index of the panel in which a coordinate lies."""
    return step_with(work.panels, P_U, n_panels, u)


@part
def software_at(law: Law, work: Workspace, panel: int, u: float) -> tuple[float, float]:
    """Software at a position, as coordinate of ``software_at_u`` and in OOM."""
    if law.mode == CONTINUAL:
        u -= read(work.series[panel, SECOND], position_in(work, panel, u))
    if u >= law.u_hold:
        return law.u_hold, law.software_hold
    return u, software_at_u(law.mode, law.limit, u).software


@part
def ooms_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Effective compute e at a position."""
    if law.mode == CONTINUAL:
        return read(work.series[panel, SECOND], position_in(work, panel, u))
    return software_at(law, work, panel, u)[1]


@part
def ln_pace_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Natural logarithm of the pace M at a position."""
    x = position_in(work, panel, u)
    if kind_of(law) == EXPLICIT:
        return read(work.series[panel, SECOND], x)
    z, software = software_at(law, work, panel, u)
    deployed = software
    if law.mode == CONTINUAL:
        deployed = read(work.series[panel, SECOND], x)
    return ln_pace(law, z, software, deployed, read(work.series[panel, MONTHS], x))


@part
def ln_slowness_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Natural logarithm of dt/de, months per OOM of effective compute, at a position."""
    if law.mode == CONTINUAL:
        software = software_at(law, work, panel, u)[1]
        return -law.ln_accumulation - LN_10 * (software - ooms_at(law, work, panel, u))
    return -law.ln_speed - ln_pace_at(law, work, panel, u)


@part
def months_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Time at a position."""
    return read(work.series[panel, MONTHS], position_in(work, panel, u))


@part
def months_between(law: Law, work: Workspace, panel: int, u: float, panel_end: int, u_end: float) -> float:
    """Months between two positions, the second one not before the first; never negative."""
    end = months_at(law, work, panel_end, u_end)
    months = end - months_at(law, work, panel, u)
    if months < UNRESOLVED * max(1.0, end):  # a difference of two nearly equal times: windows of 1e-17 months are tests
        months = 0.0
        low = u
        for i in range(panel, panel_end):
            high = work.panels[i + 1, P_U]
            months += months_within(law, work, i, low, high)
            low = high
        months += months_within(law, work, panel_end, low, u_end)
    return months


@part
def months_within(law: Law, work: Workspace, panel: int, low: float, high: float) -> float:
    """Months between two coordinates of a panel: the integral of dt/du, over more and more pieces."""
    months = -1.0
    n_pieces = 1
    while n_pieces <= MAX_PIECES:
        before = months
        months = 0.0
        half = 0.5 * (high - low) / n_pieces
        for i in range(n_pieces):
            for j in range(GAUSS_NODES.shape[0]):
                months += (
                    half
                    * GAUSS_WEIGHTS[j]
                    * months_slope_at(law, work, panel, low + half * (2 * i + 1.0 + GAUSS_NODES[j]))
                )
        if abs(months - before) <= 1e-7 * months:  # the finer of the two is better still, by far
            break
        n_pieces *= 2
    return months


@part
def months_slope_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """dt/du at a position, from the law and not from the series of time."""
    slowness_log = ln_slowness_at(law, work, panel, u)
    if kind_of(law) != PATH:
        return exp(software_at_u(law.mode, law.limit, u).ln_slope + slowness_log)
    if work.panels[panel, P_U] - work.panels[panel, P_OOMS] >= law.u_hold * (1.0 - 1e-12):  # it is held on this panel
        return exp(slowness_log)
    z, software = software_at(law, work, panel, u)
    effective = ooms_at(law, work, panel, u)
    months = months_at(law, work, panel, u)
    at = heading_at(law, better_route(law, software, effective, months), z, effective, months)
    share = logistic(at.odds_log)
    return exp(slowness_log + min(at.odds_log, 0.0)) * max(share, 1.0 - share)


@part
def locate(law: Law, work: Workspace, n_panels: int, axis: int, value: float) -> tuple[int, float]:
    """Panel and coordinate at which time (axis MONTHS) or effective compute (OOMS) takes a value on the trajectory."""
    last = work.panels[n_panels, P_U]
    if axis == OOMS and law.mode != CONTINUAL:  # e = s, and u follows from software
        u = last
        if value < law.software_hold:
            u = min(last, coordinate(law, value))
        return panel_with(work, n_panels, u), u
    if axis == MONTHS:
        column = P_MONTHS
        on_grid = G_MONTHS
        slope = G_MONTHS_SLOPE
    else:
        column = P_OOMS
        on_grid = G_OOMS
        slope = G_SECOND_SLOPE
    if value >= work.panels[n_panels, column] * (1.0 - 1e-14):  # the end: next to a singularity it cannot be solved for
        return n_panels - 1, last
    panel = step_with(work.panels, column, n_panels, value)
    grid = work.grid
    i = int(work.panels[panel, P_GRID])
    i_end = int(work.panels[panel + 1, P_GRID])
    while i + 1 < i_end and grid[i + 1, on_grid] <= value:
        i += 1
    series = work.series[panel]
    length = work.panels[panel, P_LENGTH]
    x = solve_between(
        series[axis],
        series[axis + 1],
        length,
        value,
        position_in(work, panel, grid[i, G_U]),
        position_in(work, panel, grid[i + 1, G_U]),
        grid[i, on_grid],
        grid[i + 1, on_grid],
        grid[i, slope],
        grid[i + 1, slope],
    )
    return panel, work.panels[panel, P_U] + 0.5 * length * (1.0 + x)


@part
def ooms_at_months(law: Law, work: Workspace, n_panels: int, months: float) -> float:
    """Effective compute after so many months, within the trajectory."""
    panel, u = locate(law, work, n_panels, int(MONTHS), months)
    return ooms_at(law, work, panel, u)


@part
def read_levels(
    law: Law,
    work: Workspace,
    n_panels: int,
    levels: FloatArray,
    effective: float,
    months_to: FloatArray,
    positions: FloatArray,
) -> None:
    """Read off when and where effective compute takes each of some levels: months and coordinates, else inf.

    ``effective`` is effective compute at the end. Quickest where the levels grow. Where the coordinate follows from
    software, all are found in one loop first, which is vectorised.
    """
    last = work.panels[n_panels, P_U]
    limit = law.limit
    end = law.software_hold
    if law.mode == SHORTENING or math.isinf(limit):
        for i in range(levels.shape[0]):
            u = last
            if levels[i] < end:
                u = min(last, levels[i])
            positions[i] = u
    elif law.mode != CONTINUAL:
        for i in range(levels.shape[0]):
            u = difficulty(levels[i] if levels[i] < end else 0.0, limit)
            positions[i] = u if levels[i] < end and u < last else last
    panel = 0
    for i in range(levels.shape[0]):
        months_to[i] = math.inf
        if levels[i] > effective:
            positions[i] = math.inf
            continue
        if law.mode == CONTINUAL:
            panel, positions[i] = locate(law, work, n_panels, int(OOMS), levels[i])
        elif positions[i] < work.panels[panel, P_U]:  # the levels do not grow
            panel = panel_with(work, n_panels, positions[i])
        else:
            while panel < n_panels - 1 and work.panels[panel + 1, P_U] <= positions[i]:
                panel += 1
        months_to[i] = months_at(law, work, panel, positions[i])
        if months_to[i] < UNRESOLVED:  # the series' own rounding is of that size
            months_to[i] = months_between(law, work, 0, 0.0, panel, positions[i])
