"""One trajectory of a mode in which effective compute rises continuously, followed panel by panel.

A trajectory is kept as a list of panels, on each of which months, effective compute and ln M are series in the
coordinate u. Some nodes of every panel are also kept by their values: the grid, on which everything is first looked
for.
"""

from __future__ import annotations

from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, FloatArray, read, solve, step_factor
from mc_sie.model.collocation import solve_panel
from mc_sie.model.law import CONTINUAL, Law, better_route, held_software, ln_pace
from mc_sie.model.panels import EXPLICIT, GOES_ON, Setting, Start, kind_of, on_other_route
from mc_sie.model.route_switch import NEVER_GOOD, good_up_to
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.step_size import first_length, is_standstill, next_length
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

MAX_TRIES = 5000
"""Panels that may be tried."""

COLLAPSED = 1e-12
"""A panel that has become so short, relative to u, asks whether software stands still."""

GRID_STRIDE = 3
"""Every third node of a panel is on the grid; of the first panel in mode continual every one, because the pace can fall
and rise there before it falls for good."""


class Trajectory(NamedTuple):
    """Rows filled in ``work.panels`` and ``work.grid``, grid points at which software moves, codes of ``status``."""

    n_panels: int
    n_grid: int
    n_moving: int
    end: int
    status: int


class PanelEnd(NamedTuple):
    """Position in [-1, 1] at which the trajectory leaves a panel, and why it ends there, or GOES_ON.

    ``is_held``: software has come to its limit or cap, and training goes on (mode continual).
    """

    x: float
    end: int
    is_held: bool


@part
def follow(law: Law, work: Workspace) -> Trajectory:
    """Trajectory until effective compute reaches 20 OOM, the horizon comes or software stands still.

    Panel by panel: solve it, shorter if need be; cut it where the other route takes over, where software is held or
    where the trajectory ends; record it; choose the length of the next one. For any mode but from_scratch.
    """
    start = Start(0.0, 0.0, law.ln_pace_start)
    if law.mode == CONTINUAL:
        start = Start(0.0, 0.0, 0.0)
    setting = Setting(better_route(law, 0.0, 0.0, 0.0), 0.0, False)
    length = first_length(law, setting.route)
    n_panels = 0
    n_moving = 0
    n_switches = 0  # of the route since the last panel that was kept
    n_grid = 0
    n_grid = put_state_on_grid(law, work, n_grid, start, 0.0, 0.0)
    for _ in range(MAX_TRIES):
        if n_panels == MAX_PANELS:
            break
        if law.mode != CONTINUAL:
            length = min(length, law.u_hold - start.u)  # where software is held, u ends
        wanted = length
        series = work.series[n_panels]
        length, error = solve_panel(law, setting, start, length, work.nodes, series)
        if not error <= 1.0:  # nan, where there is no solution, counts as too large
            length *= step_factor(error)
            if length < COLLAPSED * start.u and is_standstill(law, start):
                return ended(work, n_panels, n_grid, n_moving, start, END_HORIZON)
            if start.u + length == start.u:  # no shorter panel is left
                break
            continue

        x_good = good_up_to(law, setting, start, length, work.nodes, series, n_switches)
        if x_good == NEVER_GOOD:
            setting = on_other_route(setting)
            n_switches += 1
            continue
        at = panel_end(law, setting, start, length, x_good, work.nodes, series)

        n_grid = put_panel_on_grid(law, work, n_panels, n_grid, start, length, at.x)
        start = state_at_end(law, start, length, at, work.nodes, series)
        n_grid = put_end_on_grid(law, work, n_panels, n_grid, start, at.x)
        n_panels += 1
        if not setting.held:
            n_moving = n_grid
        if at.end != GOES_ON:
            return ended(work, n_panels, n_grid, n_moving, start, at.end)

        n_switches = 0
        if at.is_held:
            setting = Setting(setting.route, 0.0, True)
        elif x_good < 1.0 and at.x == x_good:  # nothing ended the panel before the other route took over
            setting = on_other_route(setting)
            n_switches = 1
        length = next_length(law, setting, start, length, wanted, error, at.x == 1.0, work.nodes)
    return Trajectory(n_panels, n_grid, n_moving, END_HORIZON, TOO_MANY_STEPS)


@part
def panel_end(
    law: Law, setting: Setting, start: Start, length: float, x: float, nodes: Nodes, series: FloatArray
) -> PanelEnd:
    """Position at which the trajectory leaves a solved panel that is good up to ``x``, and why."""
    end = GOES_ON
    if nodes.months[LAST] >= law.horizon and (x == 1.0 or read(series[MONTHS], x) >= law.horizon):
        x = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], length, law.horizon)
        end = END_HORIZON
    if law.mode == CONTINUAL:
        return panel_end_continual(law, setting, start, length, PanelEnd(x, end, False), nodes, series)
    if end == GOES_ON and x == 1.0 and start.u + length >= law.u_hold:
        end = END_LIMIT
        if law.software_hold >= TOP_OOMS:
            end = END_TOP
    return PanelEnd(x, end, False)


@part
def panel_end_continual(
    law: Law, setting: Setting, start: Start, length: float, at: PanelEnd, nodes: Nodes, series: FloatArray
) -> PanelEnd:
    """The earlier of a panel's end so far and of two that only mode continual has.

    There e is known by its series only, and software may be held long before e comes to the top: the trajectory then
    goes on, with training that accumulates.
    """
    if read(series[SECOND], at.x) >= TOP_OOMS:
        x = solve(nodes.second, nodes.second_slope, series[SECOND], series[SECOND_SLOPE], length, TOP_OOMS)
        at = PanelEnd(x, END_TOP, False)
    if setting.held:
        return at
    # last, since it comes before either: z = u - e has passed its end by then
    if start.u + 0.5 * length * (1.0 + at.x) - read(series[SECOND], at.x) >= law.u_hold:
        return PanelEnd(hold_position(law, start, length, series, at.x), GOES_ON, True)
    return at


@part
def put_panel_on_grid(law: Law, work: Workspace, n: int, n_grid: int, start: Start, length: float, x_end: float) -> int:
    """Number of grid points after the nodes of panel n that lie before its end; the panel is noted in its table."""
    nodes = work.nodes
    panel = work.panels[n]
    panel[P_U] = start.u
    panel[P_LENGTH] = length
    panel[P_PER_HALF] = 2.0 / length
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
            n_grid = put_node_on_grid(law, work, n_grid, start.u + 0.5 * length * (1.0 + NODES[j]), nodes, j)
    return n_grid


@part
def state_at_end(law: Law, start: Start, length: float, at: PanelEnd, nodes: Nodes, series: FloatArray) -> Start:
    """State at the end of a panel; the horizon and the top are met exactly, not to the error of a series."""
    if not at.x < 1.0:
        return Start(start.u + length, nodes.months[LAST], nodes.second[LAST])
    months = law.horizon
    if at.end != END_HORIZON:
        months = read(series[MONTHS], at.x)
    second = TOP_OOMS
    if at.end != END_TOP:
        second = read(series[SECOND], at.x)
    return Start(start.u + 0.5 * length * (1.0 + at.x), months, second)


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
def ended(work: Workspace, n_panels: int, n_grid: int, n_moving: int, at: Start, end: int) -> Trajectory:
    """Trajectory of some panels that ends at a state, which is noted behind the last of them."""
    work.panels[n_panels, P_U] = at.u
    work.panels[n_panels, P_MONTHS] = at.months
    work.panels[n_panels, P_OOMS] = work.grid[n_grid - 1, G_OOMS]
    work.panels[n_panels, P_GRID] = n_grid - 1
    return Trajectory(n_panels, n_grid, n_moving, end, OK)


@part
def hold_position(law: Law, start: Start, length: float, series: FloatArray, high: float) -> float:
    """Position in a panel of mode continual at which software reaches its limit or cap, by bisection (it is rare)."""
    low = -1.0
    for _ in range(60):
        x = 0.5 * (low + high)
        if start.u + 0.5 * length * (1.0 + x) - read(series[SECOND], x) >= law.u_hold:
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
