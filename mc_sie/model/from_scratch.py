"""One trajectory of mode ``from_scratch``: generations of training runs, each frozen at its start.

Between events the deployed system stands still, so time is an integral over software. A run starts at the first moment
at which it would raise effective compute by Delta, ends after tau, and only then changes the labour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.between_deployments import (
    FAILED,
    HELD,
    IN_TIME,
    OFFERED,
    Peak,
    State,
    first_state,
    record,
    stands_still,
    stretch,
    waited,
)
from mc_sie.model.law import Law, held_software
from mc_sie.model.retraining import offered_ooms, run_months
from mc_sie.model.run_start import frozen_ln_pace, months_of_offer_when_held
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.workspace import MAX_DEPLOYMENTS, Workspace
from mc_sie.quantities import TIE_OOMS, TOP_OOMS
from mc_sie.units import LN_10


class Generations(NamedTuple):
    """Results of one trajectory of mode from_scratch.

    Deployments after deployment 0, whose times and gains are in the workspace; grid points recorded, 0 when the grid
    overflowed; software and time at the end of the trajectory; the largest pace up to the last deployment while
    software moves, and when; codes of ``status``.
    """

    n_deployments: int
    n_grid: int
    software: float
    months: float
    ln_pace_peak: float
    months_to_peak: float
    end: int
    status: int


@part
def follow_generations(law: Law, work: Workspace, recorded: bool) -> Generations:
    """Trajectory of training runs from scratch until one reaches 20 OOM, the horizon comes or no further run can pay.

    Deployments go to the workspace; where it is ``recorded``, so do points of the trajectory, for plots.
    """
    deployments = work.deployments
    deployments[0, 0] = 0.0
    deployments[0, 1] = 0.0
    n_deployments = 1  # the initial system is deployment 0
    deployed = 0.0
    state = first_state(law, work, recorded)
    peak = state.peak  # up to the last deployment: what comes after it counts from the next one on
    ln_m = frozen_ln_pace(law, deployed, state.z, state.months)
    end = END_HORIZON
    status = TOO_MANY_STEPS
    while n_deployments < MAX_DEPLOYMENTS:
        state, ln_m, reason = wait_for_offer(law, work, state, deployed, ln_m)
        # a run starts: its algorithms are frozen now
        reached = offered_ooms(law, held_software(law, state.z), ln_m)
        finished = state.months + run_months(law, ln_m)
        if reason == OFFERED:
            state, reason = train(law, work, state, deployed, ln_m, finished)
        if reason == FAILED:
            break
        if reason == HELD:
            end = END_LIMIT
        if reason != OFFERED or finished > law.horizon:  # there is no run, or it is not deployed any more
            status = OK
            break

        # it ends: the labour changes
        deployed = reached
        deployments[n_deployments, 0] = finished
        deployments[n_deployments, 1] = deployed
        n_deployments += 1
        ln_m = frozen_ln_pace(law, deployed, state.z, finished)
        state = deployed_state(law, work, state, deployed, ln_m)
        peak = state.peak
        if deployed >= TOP_OOMS - TIE_OOMS:
            end = END_TOP
            status = OK
            break
    software = held_software(law, state.z)
    return Generations(n_deployments - 1, state.n_grid, software, state.months, peak.ln_pace, peak.months, end, status)


@part
def wait_for_offer(law: Law, work: Workspace, state: State, deployed: float, ln_m: float) -> tuple[State, float, int]:
    """State and ln M when a run is worth starting, and OFFERED; or where it ends without one, and the reason.

    The reason is IN_TIME at the horizon, HELD where no run ever will be worth starting, or FAILED.
    """
    if not offered_ooms(law, held_software(law, state.z), ln_m) - deployed - law.generation_gain < 0.0:
        return state, ln_m, OFFERED
    z = state.z
    if z < law.u_hold:
        idle = bool(True)  # noqa: UP018 (a function is compiled once more for every literal that it is called with)
        state, reason = stretch(law, work, state, deployed, ln_m, law.horizon, idle)
        if reason == FAILED or reason == IN_TIME:
            return state, ln_m, reason
    if state.z >= law.u_hold:  # software is held, and only the length of a run can still change
        start = months_of_offer_when_held(law, deployed, state.months)
        if math.isinf(start):
            return state, ln_m, HELD
        state = waited(state, start)
    elif stands_still(law):
        return state, ln_m - LN_10 * law.beta * (state.z - z), OFFERED
    return state, frozen_ln_pace(law, deployed, state.z, state.months), OFFERED


@part
def train(law: Law, work: Workspace, state: State, deployed: float, ln_m: float, finished: float) -> tuple[State, int]:
    """State when a run has ended or the horizon has come, and OFFERED, or FAILED."""
    stop = min(finished, law.horizon)
    if state.z < law.u_hold:
        idle = bool(False)  # noqa: UP018
        state, reason = stretch(law, work, state, deployed, ln_m, stop, idle)
        if reason == FAILED:
            return state, FAILED
    return waited(state, stop), OFFERED


@part
def deployed_state(law: Law, work: Workspace, state: State, deployed: float, ln_m: float) -> State:
    """State just after a deployment: the pace may have jumped to a peak, while software moves."""
    peak = state.peak
    if state.z < law.u_hold and ln_m > peak.ln_pace + 1e-12:
        peak = Peak(ln_m, state.months)
    n_grid = record(law, work, state.n_grid, deployed, state.z, state.months)
    return State(state.z, state.months, state.length, state.n_tries, peak, n_grid)
