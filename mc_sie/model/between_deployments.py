"""Software between two deployments of mode from_scratch, while the deployed system stands still.

Where software reaches research only through deployed systems (psi = phi = 0, no reconfiguration), research output R
stands still with them, the pace falls as ``10^(-beta z)`` and a stretch from z_0 has the closed form

    t - t_0 = (e^(c (z - z_0)) - 1) / (c v),        c = beta ln 10 - 1/D,    v = dz/dt at z_0.

Elsewhere a stretch is solved on panels, like the other modes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, FloatArray, read, solve, step_factor
from mc_sie.model.collocation import solve_panel
from mc_sie.model.law import Law, better_route, held_software, ln_pace, software_and_room
from mc_sie.model.panels import EXPLICIT, GOES_ON, Setting, Start, kind_of, on_other_route
from mc_sie.model.route_switch import NEVER_GOOD, good_up_to
from mc_sie.model.run_start import PACE, Panel, first_offer, largest_inside, moving_ln_pace, offered_after, watched
from mc_sie.model.workspace import (
    G_LN_PACE,
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    MONTHS,
    MONTHS_SLOPE,
    SECOND,
    Workspace,
)
from mc_sie.units import LN_10

MAX_TRIES = 20_000
"""Panels that may be tried on one trajectory, which has up to 2,000 stretches."""

FIRST_LENGTH = 0.5
"""Length of the first panel that is tried, OOM."""

N_PLOTTED = 6
"""Points of a closed-form stretch that are recorded for plots."""

IN_TIME, OFFERED, HELD, FAILED = range(4)
"""Why a stretch between events ended: time is up, a run is worth starting, software is held, no step is possible."""


class Peak(NamedTuple):
    """Largest pace so far and when."""

    ln_pace: float
    months: float


class State(NamedTuple):
    """Where a trajectory stands: coordinate, time, panel length to try, panels tried, peak, grid points recorded."""

    z: float
    months: float
    length: float
    n_tries: int
    peak: Peak
    n_grid: int


@part
def first_state(law: Law, work: Workspace, recorded: bool) -> State:
    """State on the day of automation."""
    n_grid = record(law, work, int(recorded), 0.0, 0.0, 0.0)
    return State(0.0, 0.0, FIRST_LENGTH, 0, Peak(law.ln_pace_start, 0.0), n_grid)


@part
def waited(state: State, months: float) -> State:
    """State at a later time, software unchanged."""
    return State(state.z, months, state.length, state.n_tries, state.peak, state.n_grid)


@part
def stretch(
    law: Law, work: Workspace, state: State, deployed: float, ln_m: float, months_stop: float, idle: bool
) -> tuple[State, int]:
    """Software improves with a fixed deployed system until the next event: the state there, and the reason.

    ``deployed`` is a in OOM, ``ln_m`` ln of the pace at the start. It stops at ``months_stop`` at the latest (IN_TIME),
    when software is held (HELD) and, if the machine is ``idle``, when a run becomes worth starting (OFFERED).
    ``work.series[0]`` holds the panel in progress.
    """
    if stands_still(law):
        return closed_stretch(law, work, state, deployed, ln_m, months_stop, idle)
    nodes = work.nodes
    series = work.series[0]
    length = state.length
    n_tries = state.n_tries
    peak = state.peak
    n_grid = state.n_grid
    software = software_and_room(state.z, law.limit).software
    setting = Setting(better_route(law, software, deployed, state.months), deployed, False)
    is_explicit = kind_of(law) == EXPLICIT
    start = Start(state.z, state.months, 0.0)
    if is_explicit:
        start = Start(state.z, state.months, ln_m)
    n_switches = 0  # of the route since the last panel that was kept
    while n_tries < MAX_TRIES:
        n_tries += 1
        length = min(length, law.u_hold - start.u)
        length, error = solve_panel(law, setting, start, length, nodes, series)
        if not error <= 1.0:  # nan, where there is no solution, counts as too large
            length *= step_factor(error)
            if start.u + length == start.u:
                # time passes, software does not: the whole rest of the stretch is a standstill
                return State(start.u, months_stop, FIRST_LENGTH, n_tries, peak, n_grid), IN_TIME
            continue

        x_good = good_up_to(law, setting, start, length, nodes, series, n_switches)
        if x_good == NEVER_GOOD:
            setting = on_other_route(setting)
            n_switches += 1
            continue
        panel = Panel(start.u, length)
        x, reason = stretch_end(law, work, start, deployed, panel, x_good, months_stop, idle)
        peak = peak_inside(law, deployed, panel, work, x, peak)
        months = months_stop
        if reason != IN_TIME:
            months = max(start.months, read(series[MONTHS], x))
        z = start.u + 0.5 * length * (1.0 + x)
        if reason == HELD:
            z = law.u_hold  # exactly
        n_grid = record(law, work, n_grid, deployed, z, months)
        length *= step_factor(error)
        if reason != GOES_ON:
            # stretches that follow one another are about as long: a longer panel would be tried in vain
            length = min(length, max(1.5 * (z - state.z), 1e-3))
            return State(z, months, length, n_tries, peak, n_grid), reason

        n_switches = 0
        if x_good < 1.0:
            setting = on_other_route(setting)
            n_switches = 1
        start = Start(z, months, 0.0)
        if is_explicit:
            start = Start(z, months, read(series[SECOND], x))
    return State(start.u, start.months, length, n_tries, peak, n_grid), FAILED


@part
def stretch_end(
    law: Law, work: Workspace, start: Start, deployed: float, panel: Panel, x: float, months_stop: float, idle: bool
) -> tuple[float, int]:
    """Position at which a stretch leaves a solved panel that is good up to ``x``, and the reason or GOES_ON."""
    nodes = work.nodes
    series = work.series[0]
    reason = GOES_ON
    if nodes.months[LAST] >= months_stop and (x == 1.0 or read(series[MONTHS], x) >= months_stop):
        length = panel.length
        x = solve(nodes.months, nodes.months_slope, series[MONTHS], series[MONTHS_SLOPE], length, months_stop)
        reason = IN_TIME
    elif x == 1.0 and start.u + panel.length >= law.u_hold:
        reason = HELD
    if idle:
        offer = first_offer(law, deployed, panel, work, x)
        if offer <= x:
            return offer, OFFERED
    return x, reason


@part
def stands_still(law: Law) -> bool:
    """True if research output stands still as long as the deployed system does."""
    return law.psi == 0.0 and law.phi == 0.0 and law.reconfiguration_rate == 0.0


@part
def closed_stretch(
    law: Law, work: Workspace, state: State, deployed: float, ln_m: float, months_stop: float, idle: bool
) -> tuple[State, int]:
    """:func:`stretch` where research output stands still, in closed form: the pace only falls, so no peak."""
    rate = LN_10 * law.beta - 1.0 / law.limit  # c
    # 1/v, dt/dz at the start; not 0, since months are divided by it
    slowness = max(1e-300, exp(-law.ln_speed - ln_m - state.z / law.limit))
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
    n_grid = state.n_grid
    if n_grid > 0:
        for i in range(1, N_PLOTTED):
            here = length * i / N_PLOTTED
            there = state.months + months_along(slowness, rate, here)
            n_grid = record(law, work, n_grid, deployed, state.z + here, there)
    z = state.z + length
    if reason == HELD:
        z = law.u_hold  # exactly
    n_grid = record(law, work, n_grid, deployed, z, months)
    return State(z, months, state.length, state.n_tries, state.peak, n_grid), reason


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
def raise_peak(law: Law, deployed: float, z: float, months: float, best: Peak) -> Peak:
    """The larger of a peak so far and the pace at a moment."""
    ln_m = moving_ln_pace(law, deployed, z, months)
    if ln_m > best.ln_pace + 1e-12:  # rounding must not move a peak
        return Peak(ln_m, months)
    return best


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
