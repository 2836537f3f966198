"""One trajectory of a mode in which effective compute rises continuously: following it, and reading it anywhere.

A trajectory is kept as a list of panels, on each of which months, effective compute and ln M are series in the
coordinate u. A position on it is a panel and a u. Some nodes of every panel are also kept by their values: the grid, on
which everything is first looked for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, is_reached, read, solve, solve_between, step_factor
from mc_sie.model.collocation import (
    EXPLICIT,
    MAX_SWITCHES,
    PATH,
    TIMED,
    Setting,
    Start,
    is_at_start,
    kind_of,
    logistic,
    on_other_route,
    overtaking,
    solve_panel,
)
from mc_sie.model.elementary import ln_near_one
from mc_sie.model.law import (
    CONTINUAL,
    NONE,
    SHORTENING,
    Law,
    better_route,
    coordinate,
    difficulty,
    held_software,
    ln_pace,
    ln_route,
    on_route,
    rho_of,
    software_and_room,
    software_at_u,
)
from mc_sie.model.retraining import damped, heading_at, ln_research_by_time, pace_exponent
from mc_sie.model.rootfinding import bracket_between, false_position, narrowed
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.workspace import (
    G_LN_PACE,
    G_LN_SLOWNESS,
    G_MONTHS,
    G_MONTHS_SLOPE,
    G_OOMS,
    G_SECOND_SLOPE,
    G_SOFTWARE,
    G_U,
    MAX_PANELS,
    MONTHS,
    MONTHS_SLOPE,
    P_GRID,
    P_LENGTH,
    P_MONTHS,
    P_OOMS,
    P_PER_HALF,
    P_U,
    SECOND,
    SECOND_SLOPE,
    Nodes,
    Workspace,
)
from mc_sie.quantities import TOP_OOMS
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

GOES_ON = -1
"""In place of a reason why a trajectory ends."""

MAX_TRIES = 5000
"""Panels that may be tried."""

FIRST_LENGTH = 4.0
FIRST_LENGTH_RECONFIGURED = 0.4
"""Lengths of the first panel that is tried, OOM: at most, in modes but none, and under reconfiguration."""

REACH = 7.0
REACH_RATE = 0.75
REACH_TURN = 0.5
"""First panel of mode none: REACH / (REACH_RATE + abs(rate) + REACH_TURN abs(turn)) OOM, with the rates at which
ln(dt/du) and the log odds of labour's share change. That was the longest good one in 400 draws, to a sixth."""

PATH_REACH = 4.0
PATH_REACH_LATER = 2.2
PATH_RATE = 0.5
"""Panels of mode continual: PATH_REACH / (PATH_RATE + abs(rate)) OOM at first, with the rate at which the logarithm
of its odds changes, and later ones no shorter than PATH_REACH_LATER allows. The first was the longest good one, to a
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

GAUSS_NODES, GAUSS_WEIGHTS = legendre.leggauss(8)
"""Gauss and Legendre's rule for one piece: the ends, where software may come to be held, are not among its nodes."""

GRID_STRIDE = 3
"""Every third node of a panel is on the grid; of the first panel in mode continual every one, because the pace can fall
and rise there before it falls for good."""


class Trajectory(NamedTuple):
    """Counts and codes of a trajectory that stands in a workspace.

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


class PanelEnd(NamedTuple):
    """Position at which the trajectory leaves a panel.

    Attributes
    ----------
    x : float
        In [-1, 1].
    end : int
        Why the trajectory ends there, or GOES_ON.
    is_held : bool
        Software has come to its limit or cap, and training goes on (mode continual).
    """

    x: float
    end: int
    is_held: bool


@part
def follow(law: Law, work: Workspace) -> Trajectory:
    """Trajectory until effective compute reaches 20 OOM, the horizon comes or software stands still.

    Parameters
    ----------
    law : Law
        The draw, in any mode but from_scratch.
    work : Workspace
        Receives the panels and the grid.

    Returns
    -------
    Trajectory
        Counts and codes.

    Notes
    -----
    Panel by panel: solve it, shorter if need be; cut it where the other route takes over, where software is held or
    where the trajectory ends; record it; choose the length of the next one.
    """
    start = Start(0.0, 0.0, law.ln_pace_start)
    if law.mode == CONTINUAL:
        start = Start(0.0, 0.0, 0.0)
    setting = Setting(better_route(law, 0.0, 0.0, 0.0), 0.0, False)
    h = first_length(law, setting.route)
    n = 0
    n_moving = 0
    n_switches = 0  # of the route since the last panel that was kept
    n_grid = put_state_on_grid(law, work, n, start, 0.0, 0.0)
    for _ in range(MAX_TRIES):
        if n == MAX_PANELS:
            break
        if law.mode != CONTINUAL:
            h = min(h, law.u_hold - start.u)  # where software is held, u ends
        wanted = h
        series = work.series[n]
        h, error = solve_panel(law, setting, start, h, work.nodes, series)
        if not error <= 1.0:  # nan, where there is no solution, counts as too large
            h *= step_factor(error)
            if h < COLLAPSED * start.u and is_standstill(law, start):
                return ended(work, n, n_grid, n_moving, start, END_HORIZON)
            if start.u + h == start.u:  # no shorter panel is left
                break
            continue

        x_switch = overtaking(law, setting, start, h, work.nodes, series)
        is_switch = x_switch < 1.0
        if is_switch and is_at_start(h, x_switch):
            if n_switches < MAX_SWITCHES:
                setting = on_other_route(setting)
                n_switches += 1
                continue
            # level routes, of which rounding prefers one after the other: the panel is good on either
            is_switch = False
        x = 1.0
        if is_switch:
            x = x_switch
        at = panel_end(law, setting, start, h, x, work.nodes, series)

        n_grid = put_panel_on_grid(law, work, n, n_grid, start, h, at.x)
        start = state_at_end(law, start, h, at, work.nodes, series)
        n_grid = put_end_on_grid(law, work, n, n_grid, start, at.x)
        n += 1
        if not setting.held:
            n_moving = n_grid
        if at.end != GOES_ON:
            return ended(work, n, n_grid, n_moving, start, at.end)

        n_switches = 0
        if at.is_held:
            setting = Setting(setting.route, 0.0, True)
        elif is_switch and at.x == x_switch:
            setting = on_other_route(setting)
            n_switches = 1
        h = next_length(law, setting, start, h, wanted, error, at.x == 1.0, work.nodes)
    return Trajectory(n, n_grid, n_moving, END_HORIZON, TOO_MANY_STEPS)


@part
def panel_end(
    law: Law, setting: Setting, start: Start, h: float, x: float, nodes: Nodes, series: FloatArray
) -> PanelEnd:
    """Position at which the trajectory leaves a solved panel that is good up to ``x``, and why."""
    end = GOES_ON
    if nodes.months[LAST] >= law.horizon and (x == 1.0 or read(series[MONTHS], x) >= law.horizon):
        x = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], h, law.horizon)
        end = END_HORIZON
    if law.mode == CONTINUAL:
        return panel_end_continual(law, setting, start, h, PanelEnd(x, end, False), nodes, series)
    if end == GOES_ON and x == 1.0 and start.u + h >= law.u_hold:
        end = END_LIMIT
        if law.software_hold >= TOP_OOMS:
            end = END_TOP
    return PanelEnd(x, end, False)


@part
def panel_end_continual(
    law: Law, setting: Setting, start: Start, h: float, at: PanelEnd, nodes: Nodes, series: FloatArray
) -> PanelEnd:
    """The earlier of a panel's end so far and of two that only mode continual has.

    There e is known by its series only, and software may be held long before e comes to the top: the trajectory then
    goes on, with training that accumulates.
    """
    if read(series[SECOND], at.x) >= TOP_OOMS:
        x = solve(nodes.second, nodes.second_slope, series[SECOND], series[SECOND_SLOPE], h, TOP_OOMS)
        at = PanelEnd(x, END_TOP, False)
    if setting.held:
        return at
    # last, since it comes before either: z = u - e has passed its end by then
    if start.u + 0.5 * h * (1.0 + at.x) - read(series[SECOND], at.x) >= law.u_hold:
        return PanelEnd(hold_position(law, start, h, series, at.x), GOES_ON, True)
    return at


@part
def put_panel_on_grid(law: Law, work: Workspace, n: int, n_grid: int, start: Start, h: float, x_end: float) -> int:
    """Number of grid points after the nodes of panel n that lie before its end; the panel is noted in its table."""
    nodes = work.nodes
    panel = work.panels[n]
    panel[P_U] = start.u
    panel[P_LENGTH] = h
    panel[P_PER_HALF] = 2.0 / h
    panel[P_MONTHS] = start.months
    panel[P_OOMS] = work.grid[n_grid - 1, G_OOMS]
    panel[P_GRID] = n_grid - 1
    # the last point was put there before its slopes on this panel were known
    work.grid[n_grid - 1, G_MONTHS_SLOPE] = nodes.months_slope[0]
    work.grid[n_grid - 1, G_SECOND_SLOPE] = nodes.second_slope[0]
    stride = GRID_STRIDE
    if law.mode == CONTINUAL and n == 0:  # the last two of ``telling_rows`` lose their peak between two points else
        stride = 1
    for j in range(stride, N_NODES - 1, stride):
        if NODES[j] < x_end:
            n_grid = put_node_on_grid(law, work, n_grid, start.u + 0.5 * h * (1.0 + NODES[j]), nodes, j)
    return n_grid


@part
def state_at_end(law: Law, start: Start, h: float, at: PanelEnd, nodes: Nodes, series: FloatArray) -> Start:
    """State at the end of a panel; the horizon and the top are met exactly, not to the error of a series."""
    if not at.x < 1.0:
        return Start(start.u + h, nodes.months[LAST], nodes.second[LAST])
    months = law.horizon
    if at.end != END_HORIZON:
        months = read(series[MONTHS], at.x)
    second = TOP_OOMS
    if at.end != END_TOP:
        second = read(series[SECOND], at.x)
    return Start(start.u + 0.5 * h * (1.0 + at.x), months, second)


@part
def put_end_on_grid(law: Law, work: Workspace, n: int, n_grid: int, at: Start, x: float) -> int:
    """Number of grid points after the state at the end of panel n, at the position x."""
    nodes = work.nodes
    series = work.series[n]
    if x < 1.0:
        slope = read(series[MONTHS_SLOPE], x)
        return put_state_on_grid(law, work, n_grid, at, slope, read(series[SECOND_SLOPE], x))
    if kind_of(law) == EXPLICIT and at.u < law.u_hold:
        return put_node_on_grid(law, work, n_grid, at.u, nodes, LAST)
    # from the law itself: an iteration knows the pace to its own error, and at u_hold software stays where it is
    return put_state_on_grid(law, work, n_grid, at, nodes.months_slope[LAST], nodes.second_slope[LAST])


@part
def ended(work: Workspace, n: int, n_grid: int, n_moving: int, at: Start, end: int) -> Trajectory:
    """Trajectory of n panels that ends at a state, which is noted behind the last of them."""
    work.panels[n, P_U] = at.u
    work.panels[n, P_MONTHS] = at.months
    work.panels[n, P_OOMS] = work.grid[n_grid - 1, G_OOMS]
    work.panels[n, P_GRID] = n_grid - 1
    return Trajectory(n, n_grid, n_moving, end, OK)


@part
def next_length(
    law: Law, setting: Setting, at: Start, h: float, wanted: float, error: float, is_whole: bool, nodes: Nodes
) -> float:
    """Length of the next panel to try, OOM of u.

    Parameters
    ----------
    law, setting, at
        The draw and the start of the next panel.
    h, wanted, error : float
        Length of the last panel, what was asked for, and its error in units of the tolerance.
    is_whole : bool
        It was kept to its end.
    nodes : Nodes
        Its state.
    """
    to_horizon = math.inf
    if is_whole:
        to_horizon = length_to_horizon(law, at.months, nodes.months_slope[LAST], slope_rate(law, h, nodes))
        if is_reached(to_horizon, h, error):
            return to_horizon
    length = h * step_factor(error)
    if h < wanted:  # it ended at a kink, which says nothing of how smooth the functions are behind it
        length = max(length, wanted)
    if law.mode == CONTINUAL and not setting.held and is_whole and law.reconfiguration_rate == 0.0:
        rate = (nodes.odds[LAST] - nodes.odds[LAST - 1]) / (0.5 * h * (1.0 - NODES[LAST - 1]))
        length = max(length, PATH_REACH_LATER / (PATH_RATE + abs(rate)))
    if to_horizon < length:  # it may be nan
        return to_horizon
    return length


@part
def slope_rate(law: Law, h: float, nodes: Nodes) -> float:
    """d ln(dt/du)/du at the end of a panel: from the law where it is known there, else between the last two nodes."""
    if kind_of(law) == EXPLICIT:
        rate = -nodes.second_slope[LAST]
        if law.mode != SHORTENING:
            rate -= 1.0 / law.limit
        return rate
    rise = math.log(nodes.months_slope[LAST] / nodes.months_slope[LAST - 1])
    return rise / (0.5 * h * (1.0 - NODES[LAST - 1]))


@part
def is_standstill(law: Law, at: Start) -> bool:
    """True where software stands still from a state to the horizon, and no panel is short enough to be solved.

    Under reconfiguration to worse substitutes research output falls with time: the slower software is, the slower it
    becomes, so that time runs to infinity at a finite level of software (``STALLED`` in the tests of the whole domain).
    The distance that software still moves is about as long as the panels have become. A bound on it confirms that: the
    pace only falls, so that in steps of time that double the pace at the start of each is the largest in it.
    """
    if kind_of(law) != TIMED:
        return False
    software, _, _ = software_at_u(law.mode, law.limit, at.u)
    months = at.months
    step = STANDSTILL / law.reconfiguration_rate
    remaining = 0.0
    while months < law.horizon:
        remaining += step * exp(law.ln_speed + ln_pace(law, at.u, software, software, months))
        months += step
        step *= 2.0
    return remaining < STANDSTILL


@part
def first_length(law: Law, route: int) -> float:
    """Length of the first panel to try, OOM of u."""
    if law.reconfiguration_rate > 0.0:
        return FIRST_LENGTH_RECONFIGURED
    if law.mode == CONTINUAL:
        at = heading_at(law, route, 0.0, 0.0, 0.0)
        rate = at.by_z + at.tilt * logistic(at.odds_log)
        return min(FIRST_LENGTH, PATH_REACH / (PATH_RATE + abs(rate)))
    on = on_route(law, route)
    longest = FIRST_LENGTH
    rate = -damped(law.mode, pace_exponent(on, 0.0, 1.0, 0.0, 1.0), 1.0)
    if law.mode != SHORTENING:
        rate -= 1.0 / law.limit
    if law.mode == NONE:
        turn = on.rho * (on.labour - on.compute)
        longest = REACH / (REACH_RATE + abs(rate) + REACH_TURN * abs(turn))
    length = length_to_horizon(law, 0.0, exp(-law.ln_speed - law.ln_pace_start), rate)
    if length < longest:  # it may be nan
        return length
    return longest


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
    length = (PAST_HORIZON * law.horizon - months) / slope
    if rate == 0.0:
        return length
    rise = rate * length
    if rise > -1.0:
        return ln_near_one(1.0 + rise, rise) / rate
    return math.inf  # dt/du falls so fast that the horizon never comes


@part
def hold_position(law: Law, start: Start, h: float, series: FloatArray, high: float) -> float:
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
    """Number of grid points after a state of the trajectory has been appended."""
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
    """Number of grid points after node j of the panel in progress, which lies at the coordinate u."""
    at = Start(u, nodes.months[j], nodes.second[j])
    slope = nodes.months_slope[j]
    return put_on_grid(law, work, n_grid, at, nodes.software[j], nodes.ln_pace[j], slope, nodes.second_slope[j])


@part
def put_state_on_grid(
    law: Law, work: Workspace, n_grid: int, at: Start, months_slope: float, second_slope: float
) -> int:
    """Number of grid points after a state between nodes, or one where software has come to be held."""
    if law.mode == CONTINUAL:
        z = min(at.u - at.second, law.u_hold)
        software = held_software(law, z)
        ln_m = ln_pace(law, z, software, at.second, at.months)
    else:
        software = held_software(law, at.u)
        ln_m = at.second
        if kind_of(law) != EXPLICIT:
            ln_m = ln_pace(law, at.u, software, software, at.months)
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
        if abs(months - before) <= 1e-7 * months:
            break
        n_pieces *= 2
    return months


@part
def months_slope_at(law: Law, work: Workspace, panel: int, u: float) -> float:
    """dt/du at a position, from the law and not from the series of time."""
    slowness_log = ln_slowness_at(law, work, panel, u)
    if kind_of(law) != PATH:
        _, _, ln_slope = software_at_u(law.mode, law.limit, u)
        return exp(ln_slope + slowness_log)
    if work.panels[panel, P_U] - work.panels[panel, P_OOMS] >= law.u_hold * (1.0 - 1e-12):  # it is held on this panel
        return exp(slowness_log)
    z, software = software_at(law, work, panel, u)
    effective = ooms_at(law, work, panel, u)
    months = months_at(law, work, panel, u)
    at = heading_at(law, better_route(law, software, effective, months), z, effective, months)
    share = logistic(at.odds_log)
    return exp(slowness_log + min(at.odds_log, 0.0)) * max(share, 1.0 - share)


@part
def software_at(law: Law, work: Workspace, panel: int, u: float) -> tuple[float, float]:
    """Software at a position, as coordinate of ``software_at_u`` and in OOM."""
    if law.mode == CONTINUAL:
        u -= read(work.series[panel, SECOND], position_in(work, panel, u))
    if u >= law.u_hold:
        return law.u_hold, law.software_hold
    return u, software_at_u(law.mode, law.limit, u)[0]


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
def step_with(table: FloatArray, column: int, n_intervals: int, value: float) -> int:
    """Index of the interval (step, or part of the grid) of a growing column of a table in which a value lies."""
    low = 0
    high = n_intervals - 1
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
        The trajectory.
    axis : int
        MONTHS or OOMS.
    value : float
        Between the axis's first and last value on the trajectory.

    Returns
    -------
    panel : int
        Index of the panel.
    u : float
        Coordinate.
    """
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
    """Read off when and where effective compute takes each of some values.

    Parameters
    ----------
    law, work, n_panels
        The trajectory.
    levels : array of shape (K,)
        Positive, OOM; quickest where they grow.
    effective : float
        Effective compute at the end.
    months_to, positions : array of shape (K,)
        Receive the months, and the coordinate; inf where it is not reached.

    Notes
    -----
    Where the coordinate follows from software, all are found in one loop first, which is vectorised.
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
        if months_to[i] < UNRESOLVED:
            months_to[i] = months_between(law, work, 0, 0.0, panel, positions[i])


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


@part
def peak(law: Law, work: Workspace, n_panels: int, n_moving: int, is_single: bool) -> tuple[float, float, float]:
    """Largest pace while software moves, and when.

    Parameters
    ----------
    law, work, n_panels : Law, Workspace, int
        The trajectory, its grid filled.
    n_moving : int
        Grid points at which software moves.
    is_single : bool
        The slowness has one valley only. Where it mirrors the pace, that has one peak.

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
    is solved for within the panel: a maximum is flat, so that values do not tell where it is.
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
def pace_slope_on_grid(law: Law, work: Workspace, panel: int, i: int, route: int) -> float:
    """d ln M / du at a grid point, on the panel and the route of an interval that it ends."""
    if kind_of(law) == EXPLICIT and math.isnan(law.rho2):
        return work.grid[i, G_SECOND_SLOPE]
    return ln_pace_slope_at(law, work, panel, work.grid[i, G_U], route)


@part
def peak_between(law: Law, work: Workspace, n_panels: int, i: int) -> float:
    """Coordinate between grid points i and i + 1 at which the pace stops rising; -1 where there is none."""
    low = work.grid[i, G_U]
    high = work.grid[i + 1, G_U]
    middle = 0.5 * (low + high)
    panel = panel_with(work, n_panels, middle)
    route = 0
    if not math.isnan(law.rho2):
        _, software = software_at(law, work, panel, middle)
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
