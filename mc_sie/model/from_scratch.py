"""One trajectory of mode ``from_scratch``: generations of training runs, each frozen at its start.

Between events the deployed system stands still, so time is an integral over software. A run starts at the first moment
at which it would raise effective compute by Delta, ends after tau, and only then changes the labour.

Where software reaches research only through deployed systems (psi = phi = 0, no reconfiguration), research output R
stands still with them, the pace falls as ``10^(-beta z)`` and a stretch from z_0 has the closed form

    t - t_0 = (e^(c (z - z_0)) - 1) / (c v),        c = beta ln 10 - 1/D,    v = dz/dt at z_0.

Elsewhere a stretch is solved on panels, like the other modes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, read, solve, step_factor
from mc_sie.model.collocation import (
    EXPLICIT,
    MAX_SWITCHES,
    MONTHS,
    MONTHS_SLOPE,
    NEAR,
    SECOND,
    Setting,
    Start,
    kind_of,
    overtaking,
    solve_panel,
)
from mc_sie.model.continuous import (
    G_LN_PACE,
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    MAX_DEPLOYMENTS,
    Workspace,
)
from mc_sie.model.law import Law, better_route, ln_pace, software_and_room
from mc_sie.model.retraining import forgone_ooms, offered_ooms, run_months
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.quantities import TIE_OOMS, TOP_OOMS
from mc_sie.units import LN_10

_MAX_STEPS = 20_000
_FIRST_LENGTH = 0.5  # OOM
_PLOTTED = 6  # points of a closed-form stretch that are recorded for plots

IN_TIME, OFFERED, HELD, FAILED = range(4)
"""Why a stretch between events ended: time is up, a run is worth starting, software is held, no step is possible."""


MARGIN, PACE = range(2)
"""What is watched within a panel."""


class Generations(NamedTuple):
    """What one trajectory of mode from_scratch came to.

    Attributes
    ----------
    n_deployments : int
        Deployments after deployment 0; their times and gains are in the workspace.
    n_grid : int
        Grid points recorded for plotting; 0 when the grid overflowed.
    software, months : float
        s in OOM and time at the end of the trajectory.
    ln_pace_peak, months_to_peak : float
        Largest pace up to the last deployment while software moves, and when.
    end, status : int
        Codes of ``status``.
    """

    n_deployments: int
    n_grid: int
    software: float
    months: float
    ln_pace_peak: float
    months_to_peak: float
    end: int
    status: int


class State(NamedTuple):
    """Where a trajectory stands: coordinate, time, step length to try, steps used."""

    z: float
    months: float
    step: float
    n_steps: int


class Panel(NamedTuple):
    """Where a panel starts and how long it is."""

    u: float
    length: float


class Peak(NamedTuple):
    """Largest pace so far and when."""

    ln_pace: float
    months: float


@part
def software_held(law: Law, z: float) -> float:
    """Software in OOM at z; exactly its limit or cap once it is held there."""
    return law.software_hold if z >= law.u_hold else software_and_room(z, law.limit)[0]


@part
def frozen_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law; -inf at the limit itself."""
    if z >= law.u_hold and law.software_hold >= law.limit:
        return -math.inf
    return ln_pace(law, z, software_held(law, z), deployed, months)


@part
def moving_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law up to the moment at which software is held."""
    return ln_pace(law, z, software_and_room(z, law.limit)[0], deployed, months)


@part
def margin(law: Law, deployed: float, z: float, months: float) -> float:
    """By how many OOM a run started now would exceed the smallest gain worth a run."""
    offer = offered_ooms(law, software_held(law, z), frozen_ln_pace(law, deployed, z, months))
    return offer - deployed - law.generation_gain


@part
def watched(law: Law, deployed: float, panel: Panel, series: NDArray[np.float64], x: float, what: int) -> float:
    """The margin of a run (MARGIN) or ln M (PACE) at a position in a panel."""
    u = panel.u + 0.5 * panel.length * (1.0 + x)
    months = read(series[MONTHS], x)
    if what == MARGIN:
        return margin(law, deployed, u, months)
    return moving_ln_pace(law, deployed, u, months)


@part
def largest_inside(
    law: Law, deployed: float, panel: Panel, series: NDArray[np.float64], low: float, high: float, what: int
) -> float:
    """Position in a panel, between low and high, at which what is watched is largest; by golden sections."""
    for _ in range(45):
        left, right = high - 0.6180339887498949 * (high - low), low + 0.6180339887498949 * (high - low)
        if watched(law, deployed, panel, series, left, what) < watched(law, deployed, panel, series, right, what):
            low = left
        else:
            high = right
    return 0.5 * (low + high)


@part
def margin_at_node(law: Law, deployed: float, panel: Panel, work: Workspace, j: int) -> float:
    """The margin of a run at a node of the panel in progress."""
    u = panel.u + 0.5 * panel.length * (1.0 + NODES[j])
    nodes = work.nodes
    if u >= law.u_hold:
        return margin(law, deployed, u, nodes.months[j])
    return offered_ooms(law, nodes.software[j], nodes.ln_pace[j]) - deployed - law.generation_gain


@part
def first_offer(law: Law, deployed: float, panel: Panel, work: Workspace, used: float) -> float:
    """Position in the panel in progress at which a run first becomes worth starting; 2 when it does not up to ``used``.

    Notes
    -----
    The margin need not be monotone: it is looked at in the nodes, and where one of them exceeds its neighbours
    the maximum beside it is searched for.
    """
    series = work.series[0]
    before, last = -math.inf, -math.inf
    for j in range(1, N_NODES):
        low, high = NODES[j - 1], min(used, NODES[j])
        if low >= used:
            break
        if high < NODES[j]:
            value = watched(law, deployed, panel, series, high, MARGIN)
        else:
            value = margin_at_node(law, deployed, panel, work, j)
        if value < 0.0 and last > before and last > value:
            low = NODES[max(0, j - 2)]
            top = largest_inside(law, deployed, panel, series, low, high, MARGIN)
            at_top = watched(law, deployed, panel, series, top, MARGIN)
            if at_top >= 0.0:
                value, high = at_top, top
        if value >= 0.0:
            return crossing(law, deployed, panel, series, low, high)
        before, last = last, value
    return 2.0


@part
def crossing(law: Law, deployed: float, panel: Panel, series: NDArray[np.float64], low: float, high: float) -> float:
    """Position between low and high from which on the margin is not negative, by false position, then bisection."""
    f_low = watched(law, deployed, panel, series, low, MARGIN)
    f_high = watched(law, deployed, panel, series, high, MARGIN)
    if f_low >= 0.0:
        return low
    side = 0
    for i in range(80):
        middle = (low * f_high - high * f_low) / (f_high - f_low)
        if i > 12 or not (middle > low and middle < high):
            middle = 0.5 * (low + high)
        f = watched(law, deployed, panel, series, middle, MARGIN)
        if f >= 0.0:
            high, f_high = middle, f
            if side == 1:
                f_low *= 0.5
            side = 1
        else:
            low, f_low = middle, f
            if side == -1:
                f_high *= 0.5
            side = -1
        if abs(f) < 1e-14:
            return middle
        if high - low < 1e-15:
            break
    return high


@part
def raise_peak(law: Law, deployed: float, z: float, months: float, best: Peak) -> Peak:
    """The larger of a peak so far and the pace at a moment."""
    ln_m = moving_ln_pace(law, deployed, z, months)
    return Peak(ln_m, months) if ln_m > best.ln_pace + 1e-12 else best


@part
def peak_inside(law: Law, deployed: float, panel: Panel, work: Workspace, used: float, best: Peak) -> Peak:
    """The larger of a peak so far and the largest pace within the panel in progress up to ``used``.

    The pace is compared at the nodes and at ``used``; beside the largest a maximum is searched for, unless the pace
    falls away from the end of the range that is the largest.
    """
    series = work.series[0]
    top, before = used, NODES[0]
    top_value = watched(law, deployed, panel, series, used, PACE)
    after = used
    for j in range(N_NODES):
        if NODES[j] >= used:
            break
        before = NODES[j] if top == used else before
        if work.nodes.ln_pace[j] >= top_value:
            top, top_value = NODES[j], work.nodes.ln_pace[j]
            before, after = NODES[max(0, j - 1)], min(used, NODES[j + 1])
    if top_value <= best.ln_pace - 1e-2:
        return best
    at = top
    if before < top < after:
        at = largest_inside(law, deployed, panel, series, before, after, PACE)
    else:
        inwards = top + 1e-3 * ((after if top == before else before) - top)
        if watched(law, deployed, panel, series, inwards, PACE) > top_value:
            at = largest_inside(law, deployed, panel, series, before, after, PACE)
    for x in (top, at):
        u = (
            law.u_hold
            if x == 1.0 and panel.u + panel.length >= law.u_hold
            else panel.u + 0.5 * panel.length * (1.0 + x)
        )
        best = raise_peak(law, deployed, u, read(series[MONTHS], x), best)
    return best


@part
def record(law: Law, work: Workspace, n_grid: int, deployed: float, z: float, months: float) -> int:
    """Append a point of the trajectory to the grid, for plots; returns the new length, or 0 once it overflows."""
    if n_grid == 0 or n_grid >= work.grid.shape[0]:
        return 0
    software = software_held(law, z)
    moving = z < law.u_hold
    work.grid[n_grid, G_MONTHS] = months
    work.grid[n_grid, G_OOMS] = deployed
    work.grid[n_grid, G_SOFTWARE] = software
    work.grid[n_grid, G_LN_SLOWNESS] = math.nan
    work.grid[n_grid, G_LN_PACE] = ln_pace(law, z, software, deployed, months) if moving else -math.inf
    return n_grid + 1


@part
def stands_still(law: Law) -> bool:
    """Whether research output stands still as long as the deployed system does."""
    return law.psi == 0.0 and law.phi == 0.0 and law.reconfiguration_rate == 0.0


@part
def closed_stretch(
    law: Law, work: Workspace, state: State, deployed: float, ln_m: float, months_stop: float, idle: bool, n_grid: int
) -> tuple[State, int, int]:
    """:func:`stretch` where research output stands still, in closed form.

    Notes
    -----
    The pace only falls, so that a run becomes more worth starting as time goes by: both s and tau grow.
    """
    rate = LN_10 * law.beta - 1.0 / law.limit  # c
    slowness = max(1e-300, exp(-law.ln_speed - ln_m - state.z / law.limit))  # dt/dz at the start
    # how far software comes in the time that there is: z - z_0 = log1p(c v (t - t_0)) / c
    way = (months_stop - state.months) / slowness
    if rate != 0.0:
        way = math.log1p(rate * way) / rate if rate * way > -1.0 else math.inf
    reason, months = IN_TIME, months_stop
    if state.z + way >= law.u_hold:
        way, reason = law.u_hold - state.z, HELD
        months = state.months + slowness * (math.expm1(rate * way) / rate if rate != 0.0 else way)
    if idle:
        offer = offered_after(law, deployed, state.z, ln_m, way)
        if offer <= way:
            way, reason = offer, OFFERED
            months = state.months + slowness * (math.expm1(rate * way) / rate if rate != 0.0 else way)
    if n_grid > 0:
        for i in range(1, _PLOTTED):
            part = way * i / _PLOTTED
            there = state.months + slowness * (math.expm1(rate * part) / rate if rate != 0.0 else part)
            n_grid = record(law, work, n_grid, deployed, state.z + part, there)
    z = law.u_hold if reason == HELD else state.z + way
    return State(z, months, state.step, state.n_steps), reason, record(law, work, n_grid, deployed, z, months)


@part
def offered_after(law: Law, deployed: float, z: float, ln_m: float, way: float) -> float:
    """How far from z software must come until a run is worth starting, if at most ``way``; else inf. R stands still.

    The margin grows along the way, smoothly but for the two corners of the rule for tau: Newton's method in a
    shrinking bracket.
    """
    if way == math.inf:
        way = 1e6 if math.isinf(law.limit) else 50.0 * law.limit
    decay, wanted = LN_10 * law.beta, deployed + law.generation_gain
    if offered_ooms(law, software_held(law, z + way), ln_m - decay * way) < wanted:
        return math.inf
    low, high, x = 0.0, way, 0.0
    for _ in range(100):
        software, room = software_and_room(z + x, law.limit)
        forgone = forgone_ooms(law, ln_m - decay * x)
        miss = software + forgone - wanted
        is_free = forgone < 0.0 and forgone > law.floor_ooms
        slope = room + (law.shortening_exponent * law.beta if is_free else 0.0)
        if miss < 0.0:
            low = x
        else:
            high = x
        guess = x - miss / slope if slope > 0.0 else -1.0
        if guess >= low and guess <= high:
            if abs(guess - x) <= 1e-9:
                return guess
        else:
            guess = 0.5 * (low + high)
            if high - low <= 1e-15 * (1.0 + z):
                return high
        x = guess
    return high


@part
def stretch(
    law: Law,
    work: Workspace,
    state: State,
    deployed: float,
    ln_m: float,
    months_stop: float,
    idle: bool,
    peak: Peak,
    n_grid: int,
) -> tuple[State, int, Peak, int]:
    """Let software improve with a fixed deployed system until the next event.

    Parameters
    ----------
    law, work : Law, Workspace
        The draw and the work arrays; ``work.series[0]`` holds the panel in progress.
    state : State
        Where the trajectory stands.
    deployed, ln_m : float
        a in OOM, and ln of the pace at the start.
    months_stop : float
        Stop then at the latest.
    idle : bool
        Stop when a run becomes worth starting.
    peak : Peak
        Largest pace so far.
    n_grid : int
        Grid points recorded so far.

    Returns
    -------
    state : State
        Where it stands now.
    reason : int
        IN_TIME, OFFERED, HELD or FAILED.
    peak : Peak
        Updated.
    n_grid : int
        Updated.
    """
    if stands_still(law):
        state, reason, n_grid = closed_stretch(law, work, state, deployed, ln_m, months_stop, idle, n_grid)
        return state, reason, peak, n_grid  # the pace has only fallen
    nodes, series = work.nodes, work.series[0]
    h, n_steps = state.step, state.n_steps
    software, _ = software_and_room(state.z, law.limit)
    setting = Setting(better_route(law, software, deployed, state.months), deployed, False)
    start = Start(state.z, state.months, ln_m if kind_of(law) == EXPLICIT else 0.0)
    n_switches = 0
    while n_steps < _MAX_STEPS:
        n_steps += 1
        h = min(h, law.u_hold - start.u)
        h, error = solve_panel(law, setting, start, h, nodes, series)
        if not error <= 1.0:
            h *= step_factor(error)
            if start.u + h == start.u:
                # time passes, software does not: the whole rest of the stretch is a standstill
                return State(start.u, months_stop, _FIRST_LENGTH, n_steps), IN_TIME, peak, n_grid
            continue
        used, reason = 1.0, -1
        x = overtaking(law, setting, start, h, nodes, series)
        changes = x < 1.0
        if changes:
            if 0.5 * h * (1.0 + x) <= NEAR:
                if n_switches < MAX_SWITCHES:
                    setting = Setting(1 - setting.route, deployed, False)
                    n_switches += 1
                    continue
                changes = False
            else:
                used = x
        if nodes.months[LAST] >= months_stop and (used == 1.0 or read(series[MONTHS], used) >= months_stop):
            used = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], h, months_stop)
            reason = IN_TIME
        elif used == 1.0 and start.u + h >= law.u_hold:
            reason = HELD
        panel = Panel(start.u, h)
        if idle:
            offer = first_offer(law, deployed, panel, work, used)
            if offer <= used:
                used, reason = offer, OFFERED
        peak = peak_inside(law, deployed, panel, work, used, peak)
        months = months_stop if reason == IN_TIME else max(start.months, read(series[MONTHS], used))
        u = law.u_hold if reason == HELD else start.u + 0.5 * h * (1.0 + used)
        n_grid = record(law, work, n_grid, deployed, u, months)
        next_h = h * step_factor(error)
        if reason >= 0:
            return State(u, months, min(next_h, max(1.5 * (u - state.z), 1e-3)), n_steps), reason, peak, n_grid
        n_switches = 0
        if changes:
            setting = Setting(1 - setting.route, deployed, False)
            n_switches = 1
        h = next_h
        start = Start(u, months, read(series[SECOND], used) if kind_of(law) == EXPLICIT else 0.0)
    return State(start.u, start.months, h, n_steps), FAILED, peak, n_grid


@part
def months_of_offer_when_held(law: Law, deployed: float, months: float) -> float:
    """When a run becomes worth starting although software is held; inf when it does not before the horizon.

    Notes
    -----
    At the limit M = 0 and nothing changes any more. At the 40 OOM cap the pace still sets tau, and reconfiguration
    moves it, in one direction only.
    """
    if margin(law, deployed, law.u_hold, months) >= 0.0:
        return months
    if law.reconfiguration_rate == 0.0 or margin(law, deployed, law.u_hold, law.horizon) < 0.0:
        return math.inf
    low, high = months, law.horizon
    for _ in range(80):
        middle = 0.5 * (low + high)
        if margin(law, deployed, law.u_hold, middle) >= 0.0:
            high = middle
        else:
            low = middle
    return high


@part
def follow_generations(law: Law, work: Workspace, recorded: bool) -> Generations:
    """Simulate training runs from scratch until one reaches 20 OOM, the horizon comes or no further run can pay.

    Parameters
    ----------
    law : Law
        The draw, in mode from_scratch.
    work : Workspace
        Receives the deployments, and the grid.
    recorded : bool
        Whether to fill the grid, for plots.

    Returns
    -------
    Generations
        Counts, final software, peak pace, codes.
    """
    deployments = work.deployments
    deployments[0, 0], deployments[0, 1] = 0.0, 0.0
    n = 1
    state = State(0.0, 0.0, _FIRST_LENGTH, 0)
    deployed = 0.0
    held = False
    peak = Peak(law.ln_pace_start, 0.0)
    n_grid = record(law, work, 1 if recorded else 0, deployed, 0.0, 0.0)
    ln_m = frozen_ln_pace(law, deployed, state.z, state.months)
    end, status = END_HORIZON, TOO_MANY_STEPS
    while n < MAX_DEPLOYMENTS:
        # (bool(): a function is compiled once more for every literal that it is called with)
        # idle: wait until a run is worth starting
        pending = peak
        if offered_ooms(law, software_held(law, state.z), ln_m) - deployed - law.generation_gain < 0.0:
            z = state.z
            if not held:
                idle = bool(True)  # noqa: UP018
                state, reason, pending, n_grid = stretch(
                    law, work, state, deployed, ln_m, law.horizon, idle, pending, n_grid
                )
                if reason == FAILED:
                    end, status = END_HORIZON, TOO_MANY_STEPS
                    break
                if reason == IN_TIME:
                    end, status = END_HORIZON, OK
                    break
                held = state.z >= law.u_hold
            if held:
                start = months_of_offer_when_held(law, deployed, state.months)
                if math.isinf(start):
                    end, status = END_LIMIT, OK
                    break
                state = State(state.z, start, state.step, state.n_steps)
            if stands_still(law) and not held:
                ln_m -= LN_10 * law.beta * (state.z - z)
            else:
                ln_m = frozen_ln_pace(law, deployed, state.z, state.months)
        # a run starts: its algorithms are frozen now
        reached = offered_ooms(law, software_held(law, state.z), ln_m)
        finished = state.months + run_months(law, ln_m)
        stop = min(finished, law.horizon)
        if not held:
            idle = bool(False)  # noqa: UP018
            state, reason, pending, n_grid = stretch(law, work, state, deployed, ln_m, stop, idle, pending, n_grid)
            if reason == FAILED:
                end, status = END_HORIZON, TOO_MANY_STEPS
                break
            held = state.z >= law.u_hold
        state = State(state.z, stop, state.step, state.n_steps)
        if finished > law.horizon:
            end, status = END_HORIZON, OK
            break
        deployed = reached
        deployments[n, 0], deployments[n, 1] = finished, deployed
        n += 1
        ln_m = frozen_ln_pace(law, deployed, state.z, finished)
        peak = pending if held or ln_m <= pending.ln_pace + 1e-12 else Peak(ln_m, finished)
        n_grid = record(law, work, n_grid, deployed, state.z, finished)
        if deployed >= TOP_OOMS - TIE_OOMS:
            end, status = END_TOP, OK
            break
    return finish(law, n, n_grid, state, peak, end, status)


@part
def finish(law: Law, n: int, n_grid: int, state: State, peak: Peak, end: int, status: int) -> Generations:
    """Put the outcome of a trajectory together."""
    software = software_held(law, state.z)
    return Generations(n - 1, n_grid, software, state.months, peak.ln_pace, peak.months, end, status)
