"""One trajectory of a mode in which effective compute rises continuously, kept so that it can be read anywhere.

A timeline is a list of panels, on each of which months, effective compute and ln M are series in the coordinate u. A
position on it is a panel and a u.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import (
    LAST,
    N_NODES,
    N_TERMS,
    NODES,
    is_reached,
    read,
    solve,
    solve_between,
    step_factor,
)
from mc_sie.model.collocation import (
    EXPLICIT,
    MAX_SWITCHES,
    MONTHS,
    MONTHS_SLOPE,
    N_SERIES,
    NEAR,
    NODES_TYPE,
    ORBITAL,
    SECOND,
    SECOND_SLOPE,
    TIMED,
    Nodes,
    Setting,
    Start,
    kind_of,
    logistic,
    overtaking,
    solve_panel,
)
from mc_sie.model.elementary import ln_near_one
from mc_sie.model.law import (
    CONTINUAL,
    LAW_TYPE,
    NONE,
    SHORTENING,
    Law,
    better_route,
    coordinate,
    course,
    difficulty,
    ln_pace,
    ln_route,
    place,
    rho_of,
    software_and_room,
)
from mc_sie.model.retraining import damped, ln_research_by_time, orbit, pace_exponent
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.quantities import TOP_OOMS
from mc_sie.units import LN_10

MAX_PANELS = 512
"""Panels that one trajectory may have; the hardest corners of the domain take about a quarter of it."""

MAX_TRIES = 5000
"""Panels that may be tried."""

MAX_WINDOWS = 64
"""Windows by OOM from which those by months can start."""

MAX_DEPLOYMENTS = 2048
"""Room for the deployments of mode from_scratch: 20 OOM in gains of at least 0.01, and deployment 0."""

FIRST_LENGTH = 4.0
FIRST_LENGTH_RECONFIGURED = 0.4
"""Lengths of the first panel that is tried, OOM: at most, in modes but none, and under reconfiguration."""

REACH, REACH_RATE, REACH_TURN = 7.0, 0.75, 0.5
"""First panel of mode none: REACH / (REACH_RATE + abs(rate) + REACH_TURN abs(turn)) OOM, with the rates at which
ln(dt/du) and the log odds of labour's share change. That was the longest good one in 400 draws, to a sixth."""

ORBIT_REACH, ORBIT_REACH_LATER, ORBIT_RATE = 4.0, 2.2, 0.5
"""Panels of mode continual: ORBIT_REACH / (ORBIT_RATE + abs(rate)) OOM at first, with the rate at which the logarithm
of its odds changes, and later ones no shorter than ORBIT_REACH_LATER allows. The first was the longest good one, to a
tenth or two, in fifty draws with rates from 0.7 to 6; the second is often too short and seldom too long."""

OOMS = SECOND
"""The axis of effective compute, beside MONTHS. Passed on as int(OOMS): each literal would compile a function anew."""

COLLAPSED = 1e-12
"""A panel that has become so short, relative to u, asks whether software stands still."""

STANDSTILL = 1e-6
"""Software that moves by less until the horizon stands still, OOM; and the first step of time on the way there, in
units of that in which rho moves."""

PAST_HORIZON = 1.05
"""How far beyond the horizon the last panel is meant to come, in units of the horizon."""

UNRESOLVED = 1e-6
"""Durations below it are integrated anew, in months or relative to the time at which they end: two times are not known
well enough for their difference."""

MAX_PIECES = 256
"""Pieces into which such a duration is cut."""

PLACES, WEIGHTS = legendre.leggauss(8)
"""Of Gauss and Legendre, for one piece: the ends, where software may come to be held, are not among the places."""

P_U, P_LENGTH, P_PER_HALF, P_MONTHS, P_OOMS, P_GRID = range(6)
"""Columns of the table of panels: where each starts, also on the grid; how long its series are (the next may start
earlier), and 1 over half of that."""

G_MONTHS, G_OOMS, G_SOFTWARE, G_LN_SLOWNESS, G_LN_PACE, G_U, G_MONTHS_SLOPE, G_SECOND_SLOPE = range(8)
"""Columns of the grid: time, e, s, ln(dt/de), ln M and u at some nodes of every panel; the slopes of time and of the
panel's second function in u, on the panel after the point."""

GRID_STRIDE = 3
"""Every third node of a panel is on the grid; of the first panel in mode continual every one, because the pace can fall
and rise there before it falls for good."""


class Workspace:
    """What one thread lends to one draw after another.

    Like :class:`~mc_sie.model.law.Law` a record: one pointer instead of sixty numbers on every call, and rows whose
    length the compiler knows.

    Attributes
    ----------
    law : record
        The law of motion of the draw.
    nodes : record
        State at the nodes of the panel in progress.
    series : array of shape (MAX_PANELS, N_SERIES, N_TERMS)
        Series of every panel.
    panels : array of shape (MAX_PANELS + 1, 6)
        Where each panel starts; the row after the last is the end of the trajectory.
    grid : array of shape (6 MAX_PANELS + N_NODES, 8)
        The trajectory at some nodes.
    windows : array of shape (MAX_WINDOWS, 5)
        Months and the coordinates of both ends of windows that were found, and how the ends move with the months.
    deployments : array of shape (MAX_DEPLOYMENTS, 2)
        Months and effective compute of each deployment.
    """

    law: Law
    nodes: Nodes
    series: NDArray[np.float64]
    panels: NDArray[np.float64]
    grid: NDArray[np.float64]
    windows: NDArray[np.float64]
    deployments: NDArray[np.float64]


def workspace_type(n_grid: int = 6 * MAX_PANELS + N_NODES) -> np.dtype[np.void]:
    """The record type of :class:`Workspace`, with room for so many points on the grid."""
    return np.dtype(
        [
            ("law", LAW_TYPE),
            ("nodes", NODES_TYPE),
            ("series", np.float64, (MAX_PANELS, N_SERIES, N_TERMS)),
            ("panels", np.float64, (MAX_PANELS + 1, 6)),
            ("grid", np.float64, (n_grid, 8)),
            ("windows", np.float64, (MAX_WINDOWS, 5)),
            ("deployments", np.float64, (MAX_DEPLOYMENTS, 2)),
        ],
        align=True,
    )


WORKSPACE_TYPE = workspace_type()
"""Half a megabyte."""


def new_workspace(kind: np.dtype[np.void] = WORKSPACE_TYPE) -> Workspace:
    """A fresh record of a workspace type, for one thread."""
    return cast(Workspace, np.zeros(1, kind).view(np.recarray)[0])


class Timeline(NamedTuple):
    """What was followed.

    Attributes
    ----------
    n_panels, n_grid : int
        Rows filled in ``work.panels`` and ``work.grid``.
    n_moving : int
        Grid points at which software moves.
    end, status : int
        END_TOP, END_HORIZON or END_LIMIT; OK or TOO_MANY_STEPS.
    """

    n_panels: int
    n_grid: int
    n_moving: int
    end: int
    status: int


@part
def follow(law: Law, work: Workspace) -> Timeline:
    """Integrate a trajectory until effective compute reaches 20 OOM, the horizon comes or software stands still.

    Parameters
    ----------
    law : Law
        The draw, in any mode but from_scratch.
    work : Workspace
        Receives the panels and the grid.

    Returns
    -------
    Timeline
        Counts and codes.
    """
    continual = law.mode == CONTINUAL
    nodes = work.nodes
    start = Start(0.0, 0.0, 0.0 if continual else law.ln_pace_start)
    setting = Setting(better_route(law, 0.0, 0.0, 0.0), 0.0, False)
    h = first_length(law, setting.route)
    n, n_moving = 0, 0
    n_grid = put_state_on_grid(law, work, n, start, 0.0, 0.0)
    n_switches = 0
    for _ in range(MAX_TRIES):
        if n == MAX_PANELS:
            break
        if not continual:
            h = min(h, law.u_hold - start.u)
        series, wanted = work.series[n], h
        h, error = solve_panel(law, setting, start, h, nodes, series)
        if not error <= 1.0:
            h *= step_factor(error)
            if h < COLLAPSED * start.u and is_standstill(law, start):
                end_at(work, n, start, n_grid)
                return Timeline(n, n_grid, n_moving, END_HORIZON, OK)
            if start.u + h == start.u:
                break
            continue
        u_end, x_end, end = start.u + h, 1.0, -1
        x = overtaking(law, setting, start, h, nodes, series)
        changes = x < 1.0
        if changes:
            if 0.5 * h * (1.0 + x) <= NEAR:
                if n_switches < MAX_SWITCHES:
                    setting = Setting(1 - setting.route, 0.0, False)
                    n_switches += 1
                    continue
                changes = False
            else:
                x_end = x
        holds = False
        if nodes.months[LAST] >= law.horizon and (x_end == 1.0 or read(series[MONTHS], x_end) >= law.horizon):
            x_end = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], h, law.horizon)
            end = END_HORIZON
        if continual:
            if read(series[SECOND], x_end) >= TOP_OOMS:
                x_end = solve(nodes.second, nodes.second_slope, series[SECOND], series[SECOND_SLOPE], h, TOP_OOMS)
                end = END_TOP
            if not setting.held and start.u + 0.5 * h * (1.0 + x_end) - read(series[SECOND], x_end) >= law.u_hold:
                x_end = hold_position(law, start, h, series, x_end)
                end = -1
                holds = True
        elif end < 0 and x_end == 1.0 and u_end >= law.u_hold:
            end = END_TOP if law.software_hold >= TOP_OOMS else END_LIMIT

        work.panels[n, P_U] = start.u
        work.panels[n, P_LENGTH] = h
        work.panels[n, P_PER_HALF] = 2.0 / h
        work.panels[n, P_MONTHS] = start.months
        work.panels[n, P_OOMS] = work.grid[n_grid - 1, G_OOMS]
        work.panels[n, P_GRID] = n_grid - 1
        work.grid[n_grid - 1, G_MONTHS_SLOPE] = nodes.months_slope[0]
        work.grid[n_grid - 1, G_SECOND_SLOPE] = nodes.second_slope[0]
        stride = 1 if continual and n == 0 else GRID_STRIDE
        for j in range(stride, N_NODES - 1, stride):
            if NODES[j] < x_end:
                n_grid = put_node_on_grid(law, work, n_grid, start.u + 0.5 * h * (1.0 + NODES[j]), nodes, j)
        if x_end < 1.0:
            months = law.horizon if end == END_HORIZON else read(series[MONTHS], x_end)
            second = TOP_OOMS if end == END_TOP and continual else read(series[SECOND], x_end)
            start = Start(start.u + 0.5 * h * (1.0 + x_end), months, second)
            months_slope, second_slope = read(series[MONTHS_SLOPE], x_end), read(series[SECOND_SLOPE], x_end)
            n_grid = put_state_on_grid(law, work, n_grid, start, months_slope, second_slope)
        else:
            start = Start(u_end, nodes.months[LAST], nodes.second[LAST])
            if kind_of(law) != EXPLICIT or u_end >= law.u_hold:
                months_slope, second_slope = nodes.months_slope[LAST], nodes.second_slope[LAST]
                n_grid = put_state_on_grid(law, work, n_grid, start, months_slope, second_slope)
            else:
                n_grid = put_node_on_grid(law, work, n_grid, u_end, nodes, LAST)
        n += 1
        if not setting.held:
            n_moving = n_grid
        if end >= 0:
            end_at(work, n, start, n_grid)
            return Timeline(n, n_grid, n_moving, end, OK)
        n_switches = 0
        if holds:
            setting = Setting(setting.route, 0.0, True)
        elif changes and x_end == x:
            setting = Setting(1 - setting.route, 0.0, False)
            n_switches = 1
        way = math.inf
        if x_end == 1.0:
            slope = nodes.months_slope[LAST]
            if kind_of(law) == EXPLICIT:
                rate = -nodes.second_slope[LAST] - (0.0 if law.mode == SHORTENING else 1.0 / law.limit)
            else:
                rate = math.log(slope / nodes.months_slope[LAST - 1]) / (0.5 * h * (1.0 - NODES[LAST - 1]))
            way = length_to_horizon(law, start.months, slope, rate)
            if is_reached(way, h, error):
                h = way
                continue
        longer = h * step_factor(error)
        if h < wanted:  # it was cut short at a kink
            longer = max(longer, wanted)
        if continual and not setting.held and x_end == 1.0 and law.reconfiguration_rate == 0.0:
            rate = (nodes.odds[LAST] - nodes.odds[LAST - 1]) / (0.5 * h * (1.0 - NODES[LAST - 1]))
            longer = max(longer, ORBIT_REACH_LATER / (ORBIT_RATE + abs(rate)))
        h = longer
        if way < h:  # it may be nan
            h = way
    return Timeline(n, n_grid, n_moving, END_HORIZON, TOO_MANY_STEPS)


@part
def end_at(work: Workspace, n: int, at: Start, n_grid: int) -> None:
    """Note behind the last panel where the trajectory ends."""
    work.panels[n, P_U] = at.u
    work.panels[n, P_MONTHS] = at.months
    work.panels[n, P_OOMS] = work.grid[n_grid - 1, G_OOMS]
    work.panels[n, P_GRID] = n_grid - 1


@part
def is_standstill(law: Law, at: Start) -> bool:
    """Whether software stands still from a state to the horizon, where no panel is short enough to be solved.

    Under reconfiguration to worse substitutes research output falls with time: the slower software is, the slower it
    becomes, so that time runs to infinity at a finite level of software. What is left of the way there is about as long
    as the panels have become, as a bound on it confirms: the pace only falls, so that in steps of time that double the
    pace at the start of each is the largest in it.
    """
    if kind_of(law) != TIMED:
        return False
    software, _, _ = place(law.mode, law.limit, at.u)
    way, months, step = 0.0, at.months, STANDSTILL / law.reconfiguration_rate
    while months < law.horizon:
        way += step * exp(law.ln_speed + ln_pace(law, at.u, software, software, months))
        months += step
        step *= 2.0
    return way < STANDSTILL


@part
def first_length(law: Law, route: int) -> float:
    """Length of the first panel to try, OOM of u."""
    if law.reconfiguration_rate > 0.0:
        return FIRST_LENGTH_RECONFIGURED
    if law.mode == CONTINUAL:
        at = orbit(law, route, 0.0, 0.0, 0.0)
        rate = at.by_z + at.tilt * logistic(at.odds_log)
        return min(FIRST_LENGTH, ORBIT_REACH / (ORBIT_RATE + abs(rate)))
    on, most = course(law, route), FIRST_LENGTH
    rate = -damped(law.mode, pace_exponent(on, 0.0, 1.0, 0.0, 1.0), 1.0)
    if law.mode != SHORTENING:
        rate -= 1.0 / law.limit
    if law.mode == NONE:
        turn = on.rho * (on.labour - on.compute)
        most = REACH / (REACH_RATE + abs(rate) + REACH_TURN * abs(turn))
    way = length_to_horizon(law, 0.0, exp(-law.ln_speed - law.ln_pace_start), rate)
    return way if way < most else most


@part
def length_to_horizon(law: Law, months: float, slope: float, rate: float) -> float:
    """Length of a panel that comes to the horizon, if dt/du goes on to change at the rate at which it changes now.

    A panel that comes far beyond it is wasted: there time grows so fast that no series follows it.

    Parameters
    ----------
    law : Law
        The draw.
    months, slope, rate : float
        Time at the start of the panel, dt/du and d ln(dt/du)/du.

    Returns
    -------
    float
        OOM, possibly inf. Where the pace is log-concave, the panel does come to the horizon.
    """
    way = (PAST_HORIZON * law.horizon - months) / slope
    if rate == 0.0:
        return way
    rise = rate * way
    return ln_near_one(1.0 + rise, rise) / rate if rise > -1.0 else math.inf


@part
def hold_position(law: Law, start: Start, h: float, series: NDArray[np.float64], high: float) -> float:
    """Position in a panel of mode continual at which software reaches its limit or cap, by bisection (it is rare)."""
    low = -1.0
    for _ in range(60):
        x = 0.5 * (low + high)
        if start.u + 0.5 * h * (1.0 + x) - read(series[SECOND], x) >= law.u_hold:
            high = x
        else:
            low = x
    return high


@part
def put_on_grid(
    law: Law,
    work: Workspace,
    n_grid: int,
    at: Start,
    software: float,
    ln_m: float,
    months_slope: float,
    second_slope: float,
) -> int:
    """Append a state of the trajectory to the grid; returns the new length."""
    row = work.grid[n_grid]
    if law.mode == CONTINUAL:
        row[G_OOMS] = at.second
        row[G_LN_SLOWNESS] = -law.ln_accumulation - LN_10 * (software - at.second)
    else:
        row[G_OOMS] = software
        row[G_LN_SLOWNESS] = -law.ln_speed - ln_m
    row[G_MONTHS] = at.months
    row[G_SOFTWARE] = software
    row[G_LN_PACE] = ln_m
    row[G_U] = at.u
    row[G_MONTHS_SLOPE] = months_slope
    row[G_SECOND_SLOPE] = second_slope
    return n_grid + 1


@part
def put_node_on_grid(law: Law, work: Workspace, n_grid: int, u: float, nodes: Nodes, j: int) -> int:
    """The same of a node of the panel in progress, at the coordinate u."""
    at = Start(u, nodes.months[j], nodes.second[j])
    software, ln_m = nodes.software[j], nodes.ln_pace[j]
    return put_on_grid(law, work, n_grid, at, software, ln_m, nodes.months_slope[j], nodes.second_slope[j])


@part
def put_state_on_grid(
    law: Law, work: Workspace, n_grid: int, at: Start, months_slope: float, second_slope: float
) -> int:
    """The same of a state between nodes, or where software has come to be held."""
    if law.mode == CONTINUAL:
        z = min(at.u - at.second, law.u_hold)
        software = law.software_hold if z >= law.u_hold else software_and_room(z, law.limit)[0]
        ln_m = ln_pace(law, z, software, at.second, at.months)
    else:
        software = law.software_hold if at.u >= law.u_hold else place(law.mode, law.limit, at.u)[0]
        ln_m = at.second if kind_of(law) == EXPLICIT else ln_pace(law, at.u, software, software, at.months)
    return put_on_grid(law, work, n_grid, at, software, ln_m, months_slope, second_slope)


@part
def position_in(work: Workspace, panel: int, u: float) -> float:
    """Position x in [-1, 1] of a coordinate in a panel."""
    return (u - work.panels[panel, P_U]) * work.panels[panel, P_PER_HALF] - 1.0


@part
def panel_with(work: Workspace, n_panels: int, u: float) -> int:
    """Index of the panel in which a coordinate lies."""
    return step_with(work.panels, P_U, n_panels, u)


@part
def months_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Time at a position."""
    return read(work.series[panel, MONTHS], position_in(work, panel, u))


@part
def months_between(law: Law, work: Workspace, panel: int, u: float, panel_end: int, u_end: float) -> float:
    """Months between two positions, the second one not before the first; never negative."""
    end = months_at(law, work, panel_end, u_end)
    months = end - months_at(law, work, panel, u)
    if months < UNRESOLVED * max(1.0, end):
        months = 0.0
        for i in range(panel, panel_end + 1):
            low = u if i == panel else work.panels[i, P_U]
            high = u_end if i == panel_end else work.panels[i + 1, P_U]
            months += months_within(law, work, i, low, high)
    return months


@part
def months_within(law: Law, work: Workspace, panel: int, low: float, high: float) -> float:
    """Months between two coordinates of a panel: the integral of dt/du, over more and more pieces."""
    months, n_pieces = -1.0, 1
    while n_pieces <= MAX_PIECES:
        before, months = months, 0.0
        half = 0.5 * (high - low) / n_pieces
        for i in range(n_pieces):
            for j in range(PLACES.shape[0]):
                months += half * WEIGHTS[j] * months_slope_at(law, work, panel, low + half * (2 * i + 1.0 + PLACES[j]))
        if abs(months - before) <= 1e-7 * months:
            break
        n_pieces *= 2
    return months


@part
def months_slope_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """dt/du at a position, from the law and not from the series of time."""
    slowness_log = ln_slowness_at(law, work, panel, u)
    if kind_of(law) != ORBITAL:
        _, _, ln_slope = place(law.mode, law.limit, u)
        return exp(ln_slope + slowness_log)
    if work.panels[panel, P_U] - work.panels[panel, P_OOMS] >= law.u_hold * (1.0 - 1e-12):  # it is held on this panel
        return exp(slowness_log)
    z, software = software_at(law, work, panel, u)
    effective, months = ooms_at(law, work, panel, u), months_at(law, work, panel, u)
    at = orbit(law, better_route(law, software, effective, months), z, effective, months)
    share = logistic(at.odds_log)
    return exp(slowness_log + min(at.odds_log, 0.0)) * max(share, 1.0 - share)


@part
def software_at(law: Law, work: Workspace, panel: int, u: float) -> tuple[float, float]:
    """Software at a position, as coordinate of ``place`` and in OOM."""
    if law.mode == CONTINUAL:
        u -= read(work.series[panel, SECOND], position_in(work, panel, u))
    if u >= law.u_hold:
        return law.u_hold, law.software_hold
    return u, place(law.mode, law.limit, u)[0]


@part
def ln_pace_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Natural logarithm of the pace M at a position."""
    x = position_in(work, panel, u)
    if kind_of(law) == EXPLICIT:
        return read(work.series[panel, SECOND], x)
    z, software = software_at(law, work, panel, u)
    deployed = read(work.series[panel, SECOND], x) if law.mode == CONTINUAL else software
    return ln_pace(law, z, software, deployed, read(work.series[panel, MONTHS], x))


@part
def ln_slowness_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Natural logarithm of dt/de, months per OOM of effective compute, at a position."""
    if law.mode == CONTINUAL:
        _, software = software_at(law, work, panel, u)
        return -law.ln_accumulation - LN_10 * (software - ooms_at(law, work, panel, u))
    return -law.ln_speed - ln_pace_at(law, work, panel, u)


@part
def ooms_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """Effective compute e at a position."""
    if law.mode == CONTINUAL:
        return read(work.series[panel, SECOND], position_in(work, panel, u))
    return software_at(law, work, panel, u)[1]


@part
def step_with(table: NDArray[np.float64], column: int, n_intervals: int, value: float) -> int:
    """Index of the interval (step, or part of the grid) of a growing column of a table in which a value lies."""
    low, high = 0, n_intervals - 1
    while low < high:
        middle = (low + high + 1) // 2
        if table[middle, column] <= value:
            low = middle
        else:
            high = middle - 1
    return low


@part
def locate(law: Law, work: Workspace, n_panels: int, axis: int, value: float) -> tuple[int, float]:
    """Position at which time or effective compute takes a value.

    Parameters
    ----------
    law, work, n_panels
        The timeline.
    axis : int
        MONTHS or OOMS.
    value : float
        Between the axis's first and last value on the timeline.

    Returns
    -------
    panel : int
        Index of the panel.
    u : float
        Coordinate.
    """
    last = work.panels[n_panels, P_U]
    if axis == OOMS and law.mode != CONTINUAL:
        u = last if value >= law.software_hold else min(last, coordinate(law, value))
        return panel_with(work, n_panels, u), u
    column = P_MONTHS if axis == MONTHS else P_OOMS
    if value >= work.panels[n_panels, column] * (1.0 - 1e-14):  # the end: next to a singularity it cannot be solved for
        return n_panels - 1, last
    panel = step_with(work.panels, column, n_panels, value)
    grid, on_grid = work.grid, G_MONTHS if axis == MONTHS else G_OOMS
    slope = G_MONTHS_SLOPE if axis == MONTHS else G_SECOND_SLOPE
    i, i_end = int(work.panels[panel, P_GRID]), int(work.panels[panel + 1, P_GRID])
    while i + 1 < i_end and grid[i + 1, on_grid] <= value:
        i += 1
    low, high = position_in(work, panel, grid[i, G_U]), position_in(work, panel, grid[i + 1, G_U])
    series = work.series[panel]
    length = work.panels[panel, P_LENGTH]
    x = solve_between(
        series[axis],
        series[axis + 1],
        length,
        value,
        low,
        high,
        grid[i, on_grid],
        grid[i + 1, on_grid],
        grid[i, slope],
        grid[i + 1, slope],
    )
    return panel, work.panels[panel, P_U] + 0.5 * length * (1.0 + x)


@part
def ooms_at_months(law: Law, work: Workspace, n_panels: int, months: float) -> float:
    """Effective compute after so many months, within the timeline."""
    panel, u = locate(law, work, n_panels, int(MONTHS), months)
    return ooms_at(law, work, panel, u)


@part
def read_levels(
    law: Law,
    work: Workspace,
    n_panels: int,
    levels: NDArray[np.float64],
    effective: float,
    months_to: NDArray[np.float64],
    places: NDArray[np.float64],
) -> None:
    """When and where effective compute takes each of some values.

    Parameters
    ----------
    law, work, n_panels
        The timeline.
    levels : array of shape (K,)
        Positive, OOM; quickest where they grow.
    effective : float
        Effective compute at the end.
    months_to, places : array of shape (K,)
        Receive the months, and the coordinate; inf where it is not reached.

    Notes
    -----
    Where the coordinate follows from software, all are found in one loop first, which is vectorised.
    """
    last, limit, end = work.panels[n_panels, P_U], law.limit, law.software_hold
    if law.mode == SHORTENING or math.isinf(limit):
        for i in range(levels.shape[0]):
            places[i] = min(last, levels[i]) if levels[i] < end else last
    elif law.mode != CONTINUAL:
        for i in range(levels.shape[0]):
            u = difficulty(levels[i] if levels[i] < end else 0.0, limit)
            places[i] = u if levels[i] < end and u < last else last
    panel = 0
    for i in range(levels.shape[0]):
        months_to[i] = math.inf
        if levels[i] > effective:
            places[i] = math.inf
            continue
        if law.mode == CONTINUAL:
            panel, places[i] = locate(law, work, n_panels, int(OOMS), levels[i])
        elif places[i] < work.panels[panel, P_U]:
            panel = panel_with(work, n_panels, places[i])
        else:
            while panel < n_panels - 1 and work.panels[panel + 1, P_U] <= places[i]:
                panel += 1
        months_to[i] = months_at(law, work, panel, places[i])
        if months_to[i] < UNRESOLVED:
            months_to[i] = months_between(law, work, 0, 0.0, panel, places[i])


@part
def ln_pace_slope_at(law: Law, work: Workspace, panel: int, u: float, route: int) -> float:
    """d ln M / du at a position, on one route of research."""
    x = position_in(work, panel, u)
    series = work.series[panel]
    kind = kind_of(law)
    if kind == EXPLICIT:
        return read(series[SECOND_SLOPE], x)
    is_timed = law.reconfiguration_rate > 0.0
    months = read(series[MONTHS], x) if is_timed else 0.0
    if kind == TIMED:
        software, room, _ = place(law.mode, law.limit, u)
        deployed, path = software, 1.0
        deployed_slope = room
    else:
        deployed, deployed_slope = read(series[SECOND], x), read(series[SECOND_SLOPE], x)
        software, room = software_and_room(u - deployed, law.limit)
        path = 1.0 - deployed_slope
    ln_r, share = ln_route(law, route, software, deployed, months)
    labour = law.lam * law.mu * (law.psi * room * path + (1.0 - law.psi) * deployed_slope)
    slope = LN_10 * (share * labour + (1.0 - share) * law.phi * room * path - law.beta * path)
    if is_timed:
        on, rho = course(law, route), rho_of(law, route, months)
        slope += ln_research_by_time(on, rho, software, deployed, ln_r, share) * read(series[MONTHS_SLOPE], x)
    return slope


@part
def peak(law: Law, work: Workspace, n_panels: int, n_moving: int, is_single: bool) -> tuple[float, float, float]:
    """Largest pace while software moves, and when.

    Parameters
    ----------
    law, work, n_panels : Law, Workspace, int
        The timeline, its grid filled.
    n_moving : int
        Grid points at which software moves.
    is_single : bool
        Whether the slowness has one valley only. Where it mirrors the pace, that has one peak.

    Returns
    -------
    ln_pace : float
        ln of the largest M.
    months : float
        The earliest time at which it is reached.
    u : float
        Where, if that is a zero of d ln M/du; -1 where it is a point of the grid.

    Notes
    -----
    Beside every grid point that is higher than its neighbours, and not far below the highest, the zero of d ln M/du
    is solved for within the panel: a maximum is flat, so its place cannot be found from values.
    """
    grid = work.grid
    best = 0
    for i in range(n_moving):
        if grid[i, G_LN_PACE] > grid[best, G_LN_PACE] + 1e-12:  # rounding must not move a plateau's start
            best = i
    top, months, at = grid[best, G_LN_PACE], grid[best, G_MONTHS], -1.0
    highest = top
    is_mirrored = is_single and law.mode != CONTINUAL
    for i in range(best if is_mirrored else 0, best + 1 if is_mirrored else n_moving):
        value = grid[i, G_LN_PACE]
        if value < highest - 0.1 or (i > 0 and grid[i - 1, G_LN_PACE] > value):
            continue
        if i + 1 < n_moving and grid[i + 1, G_LN_PACE] > value:
            continue
        for left in range(max(0, i - 1), min(n_moving - 1, i + 1)):
            u = summit(law, work, n_panels, left)
            if u >= 0.0:
                panel = panel_with(work, n_panels, u)
                value = ln_pace_at(law, work, panel, u)
                if value > top + 1e-12:
                    top, months, at = value, months_at(law, work, panel, u), u
    return top, months, at


@part
def pace_slope_on_grid(law: Law, work: Workspace, panel: int, i: int, route: int) -> float:
    """d ln M / du at a grid point, on the panel and the route of an interval that it ends."""
    if kind_of(law) == EXPLICIT and math.isnan(law.rho2):
        return work.grid[i, G_SECOND_SLOPE]
    return ln_pace_slope_at(law, work, panel, work.grid[i, G_U], route)


@part
def summit(law: Law, work: Workspace, n_panels: int, i: int) -> float:
    """Coordinate between grid points i and i + 1 at which the pace stops rising; -1 where there is none."""
    low, high = work.grid[i, G_U], work.grid[i + 1, G_U]
    middle = 0.5 * (low + high)
    panel = panel_with(work, n_panels, middle)
    route = 0
    if not math.isnan(law.rho2):
        _, software = software_at(law, work, panel, middle)
        route = better_route(law, software, ooms_at(law, work, panel, middle), months_at(law, work, panel, middle))
    f_low = pace_slope_on_grid(law, work, panel, i, route)
    if not f_low > 0.0:
        return -1.0
    f_high = pace_slope_on_grid(law, work, panel, i + 1, route)
    if not f_high < 0.0:
        return -1.0
    side = 0
    u = low
    for _ in range(60):
        u = (low * f_high - high * f_low) / (f_high - f_low)
        if not (u > low and u < high):
            u = 0.5 * (low + high)
        f = ln_pace_slope_at(law, work, panel, u, route)
        if f > 0.0:
            low, f_low = u, f
            if side == -1:
                f_high *= 0.5
            side = -1
        else:
            high, f_high = u, f
            if side == 1:
                f_low *= 0.5
            side = 1
        if abs(f) < 1e-11 or high - low < 1e-12 * (1.0 + high):
            break
    return u
