"""One trajectory of mode ``from_scratch``: generations of training runs, each frozen at its start.

Between events the deployed system stands still, so time is an integral over software. A run starts at the first moment
at which it would raise effective compute by Delta, ends after tau, and only then changes the labour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import njit
from mc_sie.model.dop853 import N_STAGES
from mc_sie.model.growth import Law, ln_pace, software_and_room
from mc_sie.model.retraining import N_STATES, offered_ooms, rates, run_months
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.stepping import FIRST_STEP, fill_dense, inside, kink_inside, solve_inside, step_factor, try_step
from mc_sie.model.timeline import (
    G_LN_PACE,
    G_LN_SLOWNESS,
    G_MONTHS,
    G_OOMS,
    G_SOFTWARE,
    MAX_DEPLOYMENTS,
    MONTHS,
    Workspace,
)
from mc_sie.quantities import TIE_OOMS, TOP_OOMS

_MAX_STEPS = 20_000
_SAMPLES = 4  # points of a step at which the start rule and the pace are looked at

IN_TIME, OFFERED, HELD, FAILED = range(4)
"""Why a stretch between events ended: time is up, a run is worth starting, software is held, no step is possible."""


MARGIN, PACE = range(2)
"""What is watched within a step."""


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


class Peak(NamedTuple):
    """Largest pace so far and when."""

    ln_pace: float
    months: float


@njit
def software_held(law: Law, z: float) -> float:
    """Software in OOM at z; exactly its limit or cap once it is held there."""
    return law.software_hold if z >= law.z_hold else software_and_room(z, law.limit)[0]


@njit
def frozen_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law; -inf at the limit itself."""
    if z >= law.z_hold and law.software_hold >= law.limit:
        return -math.inf
    return ln_pace(law, z, software_held(law, z), deployed, months)


@njit
def moving_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law up to the moment at which software is held."""
    return ln_pace(law, z, software_and_room(z, law.limit)[0], deployed, months)


@njit
def margin(law: Law, deployed: float, z: float, months: float) -> float:
    """By how many OOM a run started now would exceed the smallest gain worth a run."""
    offer = offered_ooms(law, software_held(law, z), frozen_ln_pace(law, deployed, z, months))
    return offer - deployed - law.generation_gain


@njit
def watched(law: Law, deployed: float, work: Workspace, u: float, h: float, theta: float, what: int) -> float:
    """The margin of a run (MARGIN) or ln M (PACE) at a fraction of the last step."""
    months = inside(work.dense[0], MONTHS, theta)
    if what == MARGIN:
        return margin(law, deployed, u + theta * h, months)
    return moving_ln_pace(law, deployed, u + theta * h, months)


@njit
def largest_inside(
    law: Law, deployed: float, work: Workspace, u: float, h: float, low: float, high: float, what: int
) -> float:
    """Fraction of the last step, between low and high, at which what is watched is largest; by golden sections."""
    for _ in range(45):
        left, right = high - 0.6180339887498949 * (high - low), low + 0.6180339887498949 * (high - low)
        if watched(law, deployed, work, u, h, left, what) < watched(law, deployed, work, u, h, right, what):
            low = left
        else:
            high = right
    return 0.5 * (low + high)


@njit
def first_offer(law: Law, deployed: float, work: Workspace, u: float, h: float, used: float) -> float:
    """Fraction of the last step at which a run first becomes worth starting; 2 when it does not.

    Notes
    -----
    The margin need not be monotone: it is looked at in several points, and where one of them exceeds its neighbours
    the maximum beside it is searched for.
    """
    before, last = -math.inf, -math.inf
    for i in range(1, _SAMPLES + 1):
        low, high = used * (i - 1) / _SAMPLES, used * i / _SAMPLES
        value = watched(law, deployed, work, u, h, high, MARGIN)
        if value < 0.0 and last > before and last > value:
            low = used * max(0, i - 2) / _SAMPLES
            top = largest_inside(law, deployed, work, u, h, low, high, MARGIN)
            at_top = watched(law, deployed, work, u, h, top, MARGIN)
            if at_top >= 0.0:
                value, high = at_top, top
        if value >= 0.0:
            for _ in range(60):
                middle = 0.5 * (low + high)
                if watched(law, deployed, work, u, h, middle, MARGIN) >= 0.0:
                    high = middle
                else:
                    low = middle
            return high
        before, last = last, value
    return 2.0


@njit
def raise_peak(law: Law, deployed: float, z: float, months: float, best: Peak) -> Peak:
    """The larger of a peak so far and the pace at a moment."""
    ln_m = moving_ln_pace(law, deployed, z, months)
    return Peak(ln_m, months) if ln_m > best.ln_pace + 1e-12 else best


@njit
def peak_inside(law: Law, deployed: float, work: Workspace, u: float, h: float, used: float, best: Peak) -> Peak:
    """The larger of a peak so far and the largest pace within the last step."""
    if law.psi == 0.0 and law.phi == 0.0 and law.reconfiguration_rate == 0.0:
        return best  # with the deployed system frozen the pace can only fall
    top = 0
    top_value = -math.inf
    for i in range(_SAMPLES + 1):
        value = watched(law, deployed, work, u, h, used * i / _SAMPLES, PACE)
        if value > top_value:
            top, top_value = i, value
    if top_value <= best.ln_pace - 1e-2:
        return best
    low, high = used * max(0, top - 1) / _SAMPLES, used * min(_SAMPLES, top + 1) / _SAMPLES
    inner = largest_inside(law, deployed, work, u, h, low, high, PACE)
    for theta in (used * top / _SAMPLES, inner):
        best = raise_peak(law, deployed, u + theta * h, inside(work.dense[0], MONTHS, theta), best)
    return best


@njit
def record(law: Law, work: Workspace, n_grid: int, deployed: float, z: float, months: float) -> int:
    """Append a point of the trajectory to the grid, for plots; returns the new length, or 0 once it overflows."""
    if n_grid == 0 or n_grid >= work.grid.shape[0]:
        return 0
    software = software_held(law, z)
    moving = z < law.z_hold
    work.grid[n_grid, G_MONTHS] = months
    work.grid[n_grid, G_OOMS] = deployed
    work.grid[n_grid, G_SOFTWARE] = software
    work.grid[n_grid, G_LN_SLOWNESS] = math.nan
    work.grid[n_grid, G_LN_PACE] = ln_pace(law, z, software, deployed, months) if moving else -math.inf
    return n_grid + 1


@njit
def stretch(
    law: Law, work: Workspace, state: State, deployed: float, months_stop: float, idle: bool, peak: Peak, n_grid: int
) -> tuple[State, int, Peak, int]:
    """Let software improve with a fixed deployed system until the next event.

    Parameters
    ----------
    law, work : Law, Workspace
        The draw and the work arrays; ``work.dense[0]`` holds the step in progress.
    state : State
        Where the trajectory stands.
    deployed : float
        a in OOM.
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
    y, y_new, k, dense = work.y, work.y_new, work.k, work.dense[0]
    u, months, h, n_steps = state.z, state.months, state.step, state.n_steps
    for c in range(N_STATES):
        y[c] = 0.0
    y[MONTHS] = months
    k[0, 0], k[0, 1], k[0, 2] = rates(law, False, deployed, u, y[0], y[1], y[2])
    while n_steps < _MAX_STEPS:
        n_steps += 1
        h = min(h, law.z_hold - u)
        error = try_step(law, False, deployed, u, h, y, k, y_new)
        if not error <= 1.0:
            h *= step_factor(error)
            if u + h == u:
                # time passes, software does not: the whole rest of the stretch is a standstill
                return State(u, months_stop, FIRST_STEP, n_steps), IN_TIME, peak, n_grid
            continue
        fill_dense(law, False, deployed, u, h, y, y_new, k, dense)
        kink = kink_inside(law, deployed, u, h, dense)
        if kink < 1.0:
            h *= kink
            continue
        used, reason = 1.0, -1
        if y_new[MONTHS] >= months_stop:
            used, reason = solve_inside(dense, MONTHS, months_stop, 1.0), IN_TIME
        elif u + h >= law.z_hold:
            reason = HELD
        if idle:
            offer = first_offer(law, deployed, work, u, h, used)
            if offer <= used:
                used, reason = offer, OFFERED
        peak = peak_inside(law, deployed, work, u, h, used, peak)
        months = months_stop if reason == IN_TIME else inside(dense, MONTHS, used)
        next_h = h * step_factor(error)
        u = law.z_hold if reason == HELD else u + used * h
        n_grid = record(law, work, n_grid, deployed, u, months)
        if reason >= 0:
            return State(u, months, min(next_h, max(h, FIRST_STEP)), n_steps), reason, peak, n_grid
        h = next_h
        y[MONTHS] = y_new[MONTHS]
        for c in range(N_STATES):
            k[0, c] = k[N_STAGES, c]
    return State(u, months, h, n_steps), FAILED, peak, n_grid


@njit
def months_of_offer_when_held(law: Law, deployed: float, months: float) -> float:
    """When a run becomes worth starting although software is held; inf when it does not before the horizon.

    Notes
    -----
    At the limit M = 0 and nothing changes any more. At the 40 OOM cap the pace still sets tau, and reconfiguration
    moves it, in one direction only.
    """
    if margin(law, deployed, law.z_hold, months) >= 0.0:
        return months
    if law.reconfiguration_rate == 0.0 or margin(law, deployed, law.z_hold, law.horizon) < 0.0:
        return math.inf
    low, high = months, law.horizon
    for _ in range(80):
        middle = 0.5 * (low + high)
        if margin(law, deployed, law.z_hold, middle) >= 0.0:
            high = middle
        else:
            low = middle
    return high


@njit
def follow_generations(law: Law, work: Workspace) -> Generations:
    """Simulate training runs from scratch until one reaches 20 OOM, the horizon comes or no further run can pay.

    Parameters
    ----------
    law : Law
        The draw, in mode from_scratch.
    work : Workspace
        Receives the deployments, and the grid for plots.

    Returns
    -------
    Generations
        Counts, final software, peak pace, codes.
    """
    deployments = work.deployments
    deployments[0, 0], deployments[0, 1] = 0.0, 0.0
    n = 1
    state = State(0.0, 0.0, FIRST_STEP, 0)
    deployed = 0.0
    held = False
    peak = Peak(law.ln_pace_start, 0.0)
    n_grid = record(law, work, 1, deployed, 0.0, 0.0)
    for column in range(work.grid.shape[1]):
        work.grid[0, column] = work.grid[1, column]
    while n < MAX_DEPLOYMENTS:
        # idle: wait until a run is worth starting
        pending = peak
        if margin(law, deployed, state.z, state.months) < 0.0:
            if not held:
                state, reason, pending, n_grid = stretch(law, work, state, deployed, law.horizon, True, pending, n_grid)
                if reason == FAILED:
                    return finish(law, n, n_grid, state, peak, END_HORIZON, TOO_MANY_STEPS)
                if reason == IN_TIME:
                    return finish(law, n, n_grid, state, peak, END_HORIZON, OK)
                held = reason == HELD
            if held:
                start = months_of_offer_when_held(law, deployed, state.months)
                if math.isinf(start):
                    return finish(law, n, n_grid, state, peak, END_LIMIT, OK)
                state = State(state.z, start, state.step, state.n_steps)
        # a run starts: its algorithms are frozen now
        ln_m = frozen_ln_pace(law, deployed, state.z, state.months)
        reached = offered_ooms(law, software_held(law, state.z), ln_m)
        finished = state.months + run_months(law, ln_m)
        stop = min(finished, law.horizon)
        if not held:
            state, reason, pending, n_grid = stretch(law, work, state, deployed, stop, False, pending, n_grid)
            if reason == FAILED:
                return finish(law, n, n_grid, state, peak, END_HORIZON, TOO_MANY_STEPS)
            held = reason == HELD
        state = State(state.z, stop, state.step, state.n_steps)
        if finished > law.horizon:
            return finish(law, n, n_grid, state, peak, END_HORIZON, OK)
        deployed = reached
        deployments[n, 0], deployments[n, 1] = finished, deployed
        n += 1
        peak = pending if held else raise_peak(law, deployed, state.z, finished, pending)
        n_grid = record(law, work, n_grid, deployed, state.z, finished)
        if deployed >= TOP_OOMS - TIE_OOMS:
            return finish(law, n, n_grid, state, peak, END_TOP, OK)
    return finish(law, n, n_grid, state, peak, END_HORIZON, TOO_MANY_STEPS)


@njit
def finish(law: Law, n: int, n_grid: int, state: State, peak: Peak, end: int, status: int) -> Generations:
    """Put the outcome of a trajectory together."""
    software = software_held(law, state.z)
    return Generations(n - 1, n_grid, software, state.months, peak.ln_pace, peak.months, end, status)
