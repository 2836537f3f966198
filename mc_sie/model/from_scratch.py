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
    Setting,
    Start,
    is_at_start,
    kind_of,
    on_other_route,
    overtaking,
    solve_panel,
)
from mc_sie.model.law import Law, better_route, held_software, ln_pace, software_and_room
from mc_sie.model.retraining import forgone_ooms, offered_ooms, run_months
from mc_sie.model.rootfinding import bracket_between, false_position, golden_points, narrowed, newton_in
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.workspace import (
    G_LN_PACE,
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    MAX_DEPLOYMENTS,
    MONTHS,
    MONTHS_SLOPE,
    SECOND,
    Workspace,
)
from mc_sie.quantities import TIE_OOMS, TOP_OOMS
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

_MAX_STEPS = 20_000
_FIRST_LENGTH = 0.5  # OOM
_PLOTTED = 6  # points of a closed-form stretch that are recorded for plots

IN_TIME, OFFERED, HELD, FAILED = range(4)
"""Why a stretch between events ended: time is up, a run is worth starting, software is held, no step is possible."""

GOES_ON = -1
"""It has not ended: it goes on in the next panel."""

MARGIN, PACE = range(2)
"""Functions that are watched within a panel: the margin of a run, ln M."""


class Generations(NamedTuple):
    """Results of one trajectory of mode from_scratch.

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
def frozen_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law; -inf at the limit itself."""
    if z >= law.u_hold and law.software_hold >= law.limit:
        return -math.inf
    return ln_pace(law, z, held_software(law, z), deployed, months)


@part
def moving_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law up to the moment at which software is held."""
    return ln_pace(law, z, software_and_room(z, law.limit)[0], deployed, months)


@part
def margin(law: Law, deployed: float, z: float, months: float) -> float:
    """Margin of a run: OOM by which one that starts now would exceed the smallest gain worth a run."""
    offer = offered_ooms(law, held_software(law, z), frozen_ln_pace(law, deployed, z, months))
    return offer - deployed - law.generation_gain


@part
def watched(law: Law, deployed: float, panel: Panel, series: FloatArray, x: float, what: int) -> float:
    """The margin of a run (MARGIN) or ln M (PACE) at a position in a panel."""
    u = panel.u + 0.5 * panel.length * (1.0 + x)
    months = read(series[MONTHS], x)
    if what == MARGIN:
        return margin(law, deployed, u, months)
    return moving_ln_pace(law, deployed, u, months)


@part
def largest_inside(
    law: Law, deployed: float, panel: Panel, series: FloatArray, low: float, high: float, what: int
) -> float:
    """Position in a panel, between low and high, at which what is watched is largest, by golden sections."""
    for _ in range(45):
        left, right = golden_points(low, high)
        at_left = watched(law, deployed, panel, series, left, what)
        if at_left < watched(law, deployed, panel, series, right, what):
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
    before = -math.inf
    last = -math.inf
    for j in range(1, N_NODES):
        low = NODES[j - 1]
        high = min(used, NODES[j])
        if low >= used:
            break
        if high < NODES[j]:
            value = watched(law, deployed, panel, series, high, MARGIN)
        else:
            value = margin_at_node(law, deployed, panel, work, j)
        if value >= 0.0:
            return crossing(law, deployed, panel, series, low, high)
        if last > before and last > value:  # it has passed a maximum, which may have been an offer
            low = NODES[max(0, j - 2)]
            top = largest_inside(law, deployed, panel, series, low, high, MARGIN)
            if watched(law, deployed, panel, series, top, MARGIN) >= 0.0:
                return crossing(law, deployed, panel, series, low, top)
        before = last
        last = value
    return 2.0


@part
def crossing(law: Law, deployed: float, panel: Panel, series: FloatArray, low: float, high: float) -> float:
    """Position between low and high from which on the margin is not negative, by false position, then bisection."""
    at_low = watched(law, deployed, panel, series, low, MARGIN)
    at_high = watched(law, deployed, panel, series, high, MARGIN)
    if at_low >= 0.0:
        return low
    bracket = bracket_between(low, high, at_low, at_high)
    for i in range(80):
        x = false_position(bracket)
        if i > 12:  # next to a corner of the rule for tau, chords may close in slowly
            x = 0.5 * (bracket.low + bracket.high)
        value = watched(law, deployed, panel, series, x, MARGIN)
        bracket = narrowed(bracket, x, value, value < 0.0)
        if abs(value) < 1e-14:
            return x
        if bracket.high - bracket.low < 1e-15:
            break
    return bracket.high


@part
def raise_peak(law: Law, deployed: float, z: float, months: float, best: Peak) -> Peak:
    """The larger of a peak so far and the pace at a moment."""
    ln_m = moving_ln_pace(law, deployed, z, months)
    if ln_m > best.ln_pace + 1e-12:  # rounding must not move a peak
        return Peak(ln_m, months)
    return best


@part
def peak_inside(law: Law, deployed: float, panel: Panel, work: Workspace, used: float, best: Peak) -> Peak:
    """The larger of a peak so far and the largest pace within the panel in progress up to ``used``.

    The pace is compared at the nodes and at ``used``; beside the largest a maximum is searched for, unless the pace
    falls away from the end of the range that is the largest.
    """
    series = work.series[0]
    top = used
    top_value = watched(law, deployed, panel, series, used, PACE)
    before = NODES[0]
    after = used
    for j in range(N_NODES):
        if NODES[j] >= used:
            break
        if top == used:
            before = NODES[j]
        if work.nodes.ln_pace[j] >= top_value:
            top = NODES[j]
            top_value = work.nodes.ln_pace[j]
            before = NODES[max(0, j - 1)]
            after = min(used, NODES[j + 1])
    if top_value <= best.ln_pace - 1e-2:  # so far below it that no search is worth while
        return best
    if before < top < after or rises_inwards(law, deployed, panel, series, top, top_value, before, after):
        at = largest_inside(law, deployed, panel, series, before, after, PACE)
    else:
        at = top
    best = raise_peak_at(law, deployed, panel, series, top, best)
    return raise_peak_at(law, deployed, panel, series, at, best)


@part
def rises_inwards(
    law: Law, deployed: float, panel: Panel, series: FloatArray, end: float, at_end: float, low: float, high: float
) -> bool:
    """True if the pace rises from one end of a range towards the other."""
    other = low
    if end == low:
        other = high
    return watched(law, deployed, panel, series, end + 1e-3 * (other - end), PACE) > at_end


@part
def raise_peak_at(law: Law, deployed: float, panel: Panel, series: FloatArray, x: float, best: Peak) -> Peak:
    """The larger of a peak so far and the pace at a position in a panel."""
    u = panel.u + 0.5 * panel.length * (1.0 + x)
    if x == 1.0 and panel.u + panel.length >= law.u_hold:
        u = law.u_hold  # exactly
    return raise_peak(law, deployed, u, read(series[MONTHS], x), best)


@part
def record(law: Law, work: Workspace, n_grid: int, deployed: float, z: float, months: float) -> int:
    """Number of grid points after a point of the trajectory, for plots; 0 once the grid overflows."""
    if n_grid == 0 or n_grid >= work.grid.shape[0]:
        return 0
    software = held_software(law, z)
    row = work.grid[n_grid]
    row[G_MONTHS] = months
    row[G_OOMS] = deployed
    row[G_SOFTWARE] = software
    row[G_LN_SLOWNESS] = math.nan
    row[G_LN_PACE] = -math.inf
    if z < law.u_hold:
        row[G_LN_PACE] = ln_pace(law, z, software, deployed, months)
    return n_grid + 1


@part
def stands_still(law: Law) -> bool:
    """True if research output stands still as long as the deployed system does."""
    return law.psi == 0.0 and law.phi == 0.0 and law.reconfiguration_rate == 0.0


@part
def months_along(slowness: float, rate: float, length: float) -> float:
    """Months in which software comes some length, from dt/dz at the start and the rate c at which it grows."""
    if rate == 0.0:
        return slowness * length
    return slowness * (math.expm1(rate * length) / rate)


@part
def length_in(slowness: float, rate: float, months: float) -> float:
    """Length that software comes in some months, possibly inf; arguments as in :func:`months_along`."""
    length = months / slowness
    if rate == 0.0:
        return length
    if rate * length > -1.0:
        return math.log1p(rate * length) / rate
    return math.inf  # z is infinite before then: software is at D


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
    length = length_in(slowness, rate, months_stop - state.months)
    reason = IN_TIME
    months = months_stop
    if state.z + length >= law.u_hold:
        length = law.u_hold - state.z
        reason = HELD
        months = state.months + months_along(slowness, rate, length)
    if idle:
        offer = offered_after(law, deployed, state.z, ln_m, length)
        if offer <= length:
            length = offer
            reason = OFFERED
            months = state.months + months_along(slowness, rate, length)
    if n_grid > 0:
        for i in range(1, _PLOTTED):
            here = length * i / _PLOTTED
            there = state.months + months_along(slowness, rate, here)
            n_grid = record(law, work, n_grid, deployed, state.z + here, there)
    z = state.z + length
    if reason == HELD:
        z = law.u_hold  # exactly
    return State(z, months, state.step, state.n_steps), reason, record(law, work, n_grid, deployed, z, months)


@part
def offered_after(law: Law, deployed: float, z: float, ln_m: float, longest: float) -> float:
    """Length that software must come from z until a run is worth starting, if at most ``longest``; else inf.

    Research output stands still. The margin grows along z, smoothly but for the two corners of the rule for tau:
    Newton's method in a shrinking bracket.
    """
    if longest == math.inf:
        longest = 1e6
        if law.limit < math.inf:
            longest = 50.0 * law.limit  # software is at D to rounding by then
    decay = LN_10 * law.beta
    wanted = deployed + law.generation_gain
    if offered_ooms(law, held_software(law, z + longest), ln_m - decay * longest) < wanted:
        return math.inf
    low = 0.0
    high = longest
    x = 0.0
    for _ in range(100):
        software, room = software_and_room(z + x, law.limit)
        forgone = forgone_ooms(law, ln_m - decay * x)
        miss = software + forgone - wanted
        slope = room
        if forgone < 0.0 and forgone > law.floor_ooms:  # between the corners tau grows with z
            slope += law.shortening_exponent * law.beta
        if miss < 0.0:
            low = x
        else:
            high = x
        guess, is_newton = newton_in(low, high, x, miss, slope)
        if is_newton and abs(guess - x) <= 1e-9:
            return guess
        if not is_newton and high - low <= 1e-15 * (1.0 + z):
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
    """Software improves with a fixed deployed system until the next event: where that leaves the trajectory.

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
    nodes = work.nodes
    series = work.series[0]
    h = state.step
    n_steps = state.n_steps
    software, _ = software_and_room(state.z, law.limit)
    setting = Setting(better_route(law, software, deployed, state.months), deployed, False)
    is_explicit = kind_of(law) == EXPLICIT
    start = Start(state.z, state.months, 0.0)
    if is_explicit:
        start = Start(state.z, state.months, ln_m)
    n_switches = 0  # of the route since the last panel that was kept
    while n_steps < _MAX_STEPS:
        n_steps += 1
        h = min(h, law.u_hold - start.u)
        h, error = solve_panel(law, setting, start, h, nodes, series)
        if not error <= 1.0:  # nan, where there is no solution, counts as too large
            h *= step_factor(error)
            if start.u + h == start.u:
                # time passes, software does not: the whole rest of the stretch is a standstill
                return State(start.u, months_stop, _FIRST_LENGTH, n_steps), IN_TIME, peak, n_grid
            continue

        x_switch = overtaking(law, setting, start, h, nodes, series)
        is_switch = x_switch < 1.0
        if is_switch and is_at_start(h, x_switch):
            if n_switches < MAX_SWITCHES:
                setting = on_other_route(setting)
                n_switches += 1
                continue
            is_switch = False  # the routes are level: as in ``continuous.follow``
        x = 1.0
        if is_switch:
            x = x_switch
        panel = Panel(start.u, h)
        x, reason = stretch_end(law, work, start, deployed, panel, x, months_stop, idle)
        peak = peak_inside(law, deployed, panel, work, x, peak)
        months = months_stop
        if reason != IN_TIME:
            months = max(start.months, read(series[MONTHS], x))
        u = start.u + 0.5 * h * (1.0 + x)
        if reason == HELD:
            u = law.u_hold
        n_grid = record(law, work, n_grid, deployed, u, months)
        next_h = h * step_factor(error)
        if reason != GOES_ON:
            # stretches that follow one another are about as long: a longer panel would be tried in vain
            return State(u, months, min(next_h, max(1.5 * (u - state.z), 1e-3)), n_steps), reason, peak, n_grid

        n_switches = 0
        if is_switch:
            setting = on_other_route(setting)
            n_switches = 1
        h = next_h
        start = Start(u, months, 0.0)
        if is_explicit:
            start = Start(u, months, read(series[SECOND], x))
    return State(start.u, start.months, h, n_steps), FAILED, peak, n_grid


@part
def stretch_end(
    law: Law, work: Workspace, start: Start, deployed: float, panel: Panel, x: float, months_stop: float, idle: bool
) -> tuple[float, int]:
    """Position at which a stretch leaves a solved panel that is good up to ``x``, and the reason or GOES_ON."""
    nodes = work.nodes
    series = work.series[0]
    reason = GOES_ON
    if nodes.months[LAST] >= months_stop and (x == 1.0 or read(series[MONTHS], x) >= months_stop):
        h = panel.length
        x = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], h, months_stop)
        reason = IN_TIME
    elif x == 1.0 and start.u + panel.length >= law.u_hold:
        reason = HELD
    if idle:
        offer = first_offer(law, deployed, panel, work, x)
        if offer <= x:
            return offer, OFFERED
    return x, reason


@part
def months_of_offer_when_held(law: Law, deployed: float, months: float) -> float:
    """Months at which a run becomes worth starting although software is held; inf when none does before the horizon.

    Notes
    -----
    At the limit M = 0 and nothing changes any more. At the 40 OOM cap the pace still sets tau, and reconfiguration
    moves it, in one direction only.
    """
    if margin(law, deployed, law.u_hold, months) >= 0.0:
        return months
    if law.reconfiguration_rate == 0.0 or margin(law, deployed, law.u_hold, law.horizon) < 0.0:
        return math.inf
    low = months
    high = law.horizon
    for _ in range(80):
        middle = 0.5 * (low + high)
        if margin(law, deployed, law.u_hold, middle) >= 0.0:
            high = middle
        else:
            low = middle
    return high


@part
def follow_generations(law: Law, work: Workspace, recorded: bool) -> Generations:
    """Trajectory of training runs from scratch until one reaches 20 OOM, the horizon comes or no further run can pay.

    Parameters
    ----------
    law : Law
        The draw, in mode from_scratch.
    work : Workspace
        Receives the deployments, and the grid.
    recorded : bool
        Fill the grid, for plots.

    Returns
    -------
    Generations
        Counts, final software, peak pace, codes.
    """
    deployments = work.deployments
    deployments[0, 0] = 0.0
    deployments[0, 1] = 0.0
    n = 1
    deployed = 0.0
    is_held = False
    state = State(0.0, 0.0, _FIRST_LENGTH, 0)
    peak = Peak(law.ln_pace_start, 0.0)
    n_grid = record(law, work, int(recorded), deployed, 0.0, 0.0)
    ln_m = frozen_ln_pace(law, deployed, state.z, state.months)
    end = END_HORIZON
    status = TOO_MANY_STEPS
    # bool(): a function is compiled once more for every literal that it is called with
    waits = bool(True)  # noqa: UP018
    trains = bool(False)  # noqa: UP018
    while n < MAX_DEPLOYMENTS:
        pending = peak  # counts from the next deployment on
        if offered_ooms(law, held_software(law, state.z), ln_m) - deployed - law.generation_gain < 0.0:
            # wait until a run is worth starting
            z = state.z
            if not is_held:
                state, reason, pending, n_grid = stretch(
                    law, work, state, deployed, ln_m, law.horizon, waits, pending, n_grid
                )
                if reason == FAILED:
                    break
                if reason == IN_TIME:
                    status = OK
                    break
                is_held = state.z >= law.u_hold
            if is_held:
                start = months_of_offer_when_held(law, deployed, state.months)
                if math.isinf(start):
                    end = END_LIMIT
                    status = OK
                    break
                state = State(state.z, start, state.step, state.n_steps)
            if stands_still(law) and not is_held:
                ln_m -= LN_10 * law.beta * (state.z - z)
            else:
                ln_m = frozen_ln_pace(law, deployed, state.z, state.months)

        # a run starts: its algorithms are frozen now
        reached = offered_ooms(law, held_software(law, state.z), ln_m)
        finished = state.months + run_months(law, ln_m)
        stop = min(finished, law.horizon)
        if not is_held:
            state, reason, pending, n_grid = stretch(law, work, state, deployed, ln_m, stop, trains, pending, n_grid)
            if reason == FAILED:
                break
            is_held = state.z >= law.u_hold
        state = State(state.z, stop, state.step, state.n_steps)
        if finished > law.horizon:
            status = OK
            break

        # it ends: the labour changes
        deployed = reached
        deployments[n, 0] = finished
        deployments[n, 1] = deployed
        n += 1
        ln_m = frozen_ln_pace(law, deployed, state.z, finished)
        peak = pending
        if not is_held and ln_m > pending.ln_pace + 1e-12:
            peak = Peak(ln_m, finished)
        n_grid = record(law, work, n_grid, deployed, state.z, finished)
        if deployed >= TOP_OOMS - TIE_OOMS:
            end = END_TOP
            status = OK
            break
    software = held_software(law, state.z)
    return Generations(n - 1, n_grid, software, state.months, peak.ln_pace, peak.months, end, status)
