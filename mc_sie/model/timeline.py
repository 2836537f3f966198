"""One trajectory of a mode in which effective compute rises continuously, kept so that it can be read anywhere.

A timeline is the list of integration steps with their dense output: months, effective compute, software and pace as
functions of one another, for every mode but ``from_scratch``. Positions on it are (step, fraction of the step).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.model.dop853 import N_DENSE, N_STAGES, N_STAGES_DENSE
from mc_sie.model.growth import CONTINUAL, LAW_TYPE, NONE, Law, difficulty, ln_pace, software_and_room
from mc_sie.model.retraining import N_STATES, rates
from mc_sie.model.status import END_HORIZON, END_LIMIT, END_TOP, OK, TOO_MANY_STEPS
from mc_sie.model.stepping import FIRST_STEP, fill_dense, inside, kink_inside, solve_inside, step_factor, try_step
from mc_sie.quantities import TOP_OOMS
from mc_sie.units import LN_10

MAX_STEPS = 1024
"""Steps that one trajectory may take; the hardest corners of the domain take about a third of it."""

MAX_DEPLOYMENTS = 2048
"""Room for the deployments of mode from_scratch: 20 OOM in gains of at least 0.01, and deployment 0."""

MONTHS, SECOND, Z, U = range(4)
"""Columns of the nodes: time; e (continual) or ln M - ln f0 (shortening); z; the coordinate of integration."""

OOMS = SECOND
"""The axis of effective compute, beside MONTHS."""

G_MONTHS, G_OOMS, G_SOFTWARE, G_LN_SLOWNESS, G_LN_PACE = range(5)
"""Columns of the grid: time, e, s, ln(dt/de) and ln M at the ends and the middle of every step."""


class Workspace(NamedTuple):
    """Arrays that one thread lends to one draw after another.

    Attributes
    ----------
    law : record array of shape (1,)
        The law of motion of the draw.
    y, y_new : array of shape (3,)
        State at the start and end of the step in progress.
    k : array of shape (16, 3)
        Its stages.
    dense : array of shape (MAX_STEPS, 3, 8)
        Dense output of every step.
    nodes : array of shape (MAX_STEPS + 1, 4)
        State and coordinate between the steps.
    lengths : array of shape (MAX_STEPS, 2)
        Length of each step, and the fraction of it that was used.
    grid : array of shape (2 MAX_STEPS + 1, 5)
        The trajectory at the ends and middle of every step.
    deployments : array of shape (MAX_DEPLOYMENTS, 2)
        Months and effective compute of each deployment.
    """

    law: NDArray[np.void]
    y: NDArray[np.float64]
    y_new: NDArray[np.float64]
    k: NDArray[np.float64]
    dense: NDArray[np.float64]
    nodes: NDArray[np.float64]
    lengths: NDArray[np.float64]
    grid: NDArray[np.float64]
    deployments: NDArray[np.float64]


def new_workspace() -> Workspace:
    """Fresh work arrays for one thread.

    Returns
    -------
    Workspace
        About 400 kB.
    """
    return Workspace(
        np.zeros(1, LAW_TYPE).view(np.recarray),
        np.zeros(N_STATES),
        np.zeros(N_STATES),
        np.zeros((N_STAGES_DENSE, N_STATES)),
        np.zeros((MAX_STEPS, N_STATES, N_DENSE)),
        np.zeros((MAX_STEPS + 1, 4)),
        np.zeros((MAX_STEPS, 2)),
        np.zeros((2 * MAX_STEPS + 1, 5)),
        np.zeros((MAX_DEPLOYMENTS, 2)),
    )


@njit
def follow(law: Law, work: Workspace) -> tuple[int, int, int, int]:
    """Integrate a trajectory until effective compute reaches 20 OOM, the horizon comes or software stands still.

    Parameters
    ----------
    law : Law
        The draw, in any mode but from_scratch.
    work : Workspace
        Receives the steps.

    Returns
    -------
    n_steps : int
        Steps taken.
    n_moving : int
        Those of them during which software moved.
    end : int
        END_TOP, END_HORIZON or END_LIMIT.
    status : int
        OK or TOO_MANY_STEPS.
    """
    y, y_new, k = work.y, work.y_new, work.k
    continual = law.mode == CONTINUAL
    held = False
    n, n_moving = 0, 0
    u, h = 0.0, FIRST_STEP
    for c in range(N_STATES):
        y[c] = 0.0
    for c in range(4):
        work.nodes[0, c] = 0.0
    k[0, 0], k[0, 1], k[0, 2] = rates(law, held, 0.0, u, y[0], y[1], y[2])
    while n < MAX_STEPS:
        if not continual:
            h = min(h, law.z_hold - u)
        error = try_step(law, held, 0.0, u, h, y, k, y_new)
        if not error <= 1.0:
            h *= step_factor(error)
            if u + h == u:
                break
            continue
        dense = work.dense[n]
        fill_dense(law, held, 0.0, u, h, y, y_new, k, dense)
        kink = kink_inside(law, 0.0, u, h, dense)
        if kink < 1.0:
            h *= kink
            continue

        used, end = 1.0, -1
        holds = False
        if y_new[MONTHS] >= law.horizon:
            used, end = solve_inside(dense, MONTHS, law.horizon, 1.0), END_HORIZON
        if continual:
            if inside(dense, SECOND, used) >= TOP_OOMS:
                used, end = solve_inside(dense, SECOND, TOP_OOMS, used), END_TOP
            if not held and inside(dense, Z, used) >= law.z_hold:
                used, end = solve_inside(dense, Z, law.z_hold, used), -1
                holds = True
        elif end < 0 and u + h >= law.z_hold:
            end = END_TOP if law.software_hold >= TOP_OOMS else END_LIMIT

        if used < 1.0:
            for c in range(N_STATES):
                y_new[c] = inside(dense, c, used)
        if end == END_HORIZON:
            y_new[MONTHS] = law.horizon
        elif end == END_TOP and continual:
            y_new[SECOND] = TOP_OOMS
        work.lengths[n, 0], work.lengths[n, 1] = h, used
        u += used * h
        n += 1
        if not held:
            n_moving = n
        for c in range(N_STATES):
            y[c] = y_new[c]
            work.nodes[n, c] = y_new[c]
        work.nodes[n, U] = u
        if end >= 0:
            return n, n_moving, end, OK
        if holds:
            held = True
            k[0, 0], k[0, 1], k[0, 2] = rates(law, held, 0.0, u, y[0], y[1], y[2])
            h = FIRST_STEP
        else:
            for c in range(N_STATES):
                k[0, c] = k[N_STAGES, c]
            h *= step_factor(error)
    return n, n_moving, END_HORIZON, TOO_MANY_STEPS


@njit
def software_at(law: Law, work: Workspace, step: int, theta: float) -> tuple[float, float]:
    """Software at a position, as coordinate z and in OOM."""
    if law.mode == CONTINUAL:
        z = inside(work.dense[step], Z, theta)
    else:
        z = work.nodes[step, U] + theta * work.lengths[step, 0]
    if z >= law.z_hold:
        return law.z_hold, law.software_hold
    return z, software_and_room(z, law.limit)[0]


@njit
def ln_pace_at(law: Law, work: Workspace, step: int, theta: float) -> float:
    """Natural logarithm of the pace M at a position."""
    second = inside(work.dense[step], SECOND, theta)
    if law.mode != NONE and law.mode != CONTINUAL:
        return law.ln_pace_start + second
    z, software = software_at(law, work, step, theta)
    deployed = second if law.mode == CONTINUAL else software
    return ln_pace(law, z, software, deployed, inside(work.dense[step], MONTHS, theta))


@njit
def ln_slowness_at(law: Law, work: Workspace, step: int, theta: float) -> float:
    """Natural logarithm of dt/de, months per OOM of effective compute, at a position."""
    if law.mode == CONTINUAL:
        _, software = software_at(law, work, step, theta)
        return -law.ln_accumulation - LN_10 * (software - inside(work.dense[step], SECOND, theta))
    return -law.ln_speed - ln_pace_at(law, work, step, theta)


@njit
def ooms_at(law: Law, work: Workspace, step: int, theta: float) -> float:
    """Effective compute e at a position."""
    if law.mode == CONTINUAL:
        return inside(work.dense[step], SECOND, theta)
    return software_at(law, work, step, theta)[1]


@njit
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


@njit
def locate(law: Law, work: Workspace, n_steps: int, axis: int, value: float) -> tuple[int, float]:
    """Position at which time or effective compute takes a value.

    Parameters
    ----------
    law, work, n_steps
        The timeline.
    axis : int
        MONTHS or OOMS.
    value : float
        Between the axis's first and last value on the timeline.

    Returns
    -------
    step : int
        Index of the step.
    theta : float
        Fraction of it.
    """
    if axis == OOMS and law.mode != CONTINUAL:
        last = work.nodes[n_steps, U]
        u = last if value >= law.software_hold else min(last, difficulty(value, law.limit))
        step = step_with(work.nodes, U, n_steps, u)
        return step, (u - work.nodes[step, U]) / work.lengths[step, 0]
    if value >= work.nodes[n_steps, axis] * (1.0 - 1e-14):  # the end: next to a singularity it cannot be solved for
        return n_steps - 1, work.lengths[n_steps - 1, 1]
    step = step_with(work.nodes, axis, n_steps, value)
    return step, solve_inside(work.dense[step], axis, value, work.lengths[step, 1])


@njit
def months_at_ooms(law: Law, work: Workspace, n_steps: int, ooms: float) -> float:
    """Months until effective compute has risen by so many OOM, within the timeline."""
    step, theta = locate(law, work, n_steps, OOMS, ooms)
    return inside(work.dense[step], MONTHS, theta)


@njit
def ooms_at_months(law: Law, work: Workspace, n_steps: int, months: float) -> float:
    """Effective compute after so many months, within the timeline."""
    step, theta = locate(law, work, n_steps, MONTHS, months)
    return ooms_at(law, work, step, theta)


@njit
def fill_grid(law: Law, work: Workspace, n_steps: int) -> int:
    """Read the timeline at the ends and the middle of every step.

    Parameters
    ----------
    law, work, n_steps
        The timeline; ``work.grid`` receives the readings.

    Returns
    -------
    int
        Number of grid points, ``2 n_steps + 1``.
    """
    n_grid = 2 * n_steps + 1
    for i in range(n_grid):
        step = min(i // 2, n_steps - 1)
        theta = 0.5 * (i - 2 * step) * work.lengths[step, 1]
        months = inside(work.dense[step], MONTHS, theta)
        z, software = software_at(law, work, step, theta)
        if law.mode == CONTINUAL:
            effective = inside(work.dense[step], SECOND, theta)
            ln_m = ln_pace(law, z, software, effective, months)
            ln_slowness = -law.ln_accumulation - LN_10 * (software - effective)
        else:
            effective = software
            if law.mode == NONE:
                ln_m = ln_pace(law, z, software, software, months)
            else:
                ln_m = law.ln_pace_start + inside(work.dense[step], SECOND, theta)
            ln_slowness = -law.ln_speed - ln_m
        work.grid[i, G_MONTHS] = months
        work.grid[i, G_OOMS] = effective
        work.grid[i, G_SOFTWARE] = software
        work.grid[i, G_LN_SLOWNESS] = ln_slowness
        work.grid[i, G_LN_PACE] = ln_m
    return n_grid


@njit
def peak(law: Law, work: Workspace, n_moving: int) -> tuple[float, float]:
    """Largest pace while software moves, and when.

    Parameters
    ----------
    law, work : Law, Workspace
        The timeline, its grid filled.
    n_moving : int
        Steps during which software moves.

    Returns
    -------
    ln_pace : float
        ln of the largest M.
    months : float
        The earliest time at which it is reached.
    """
    best = 0
    for i in range(2 * n_moving + 1):
        if work.grid[i, G_LN_PACE] > work.grid[best, G_LN_PACE] + 1e-12:  # rounding must not move a plateau's start
            best = i
    top, months = work.grid[best, G_LN_PACE], work.grid[best, G_MONTHS]
    if best == 0 and counted_pace(law, work, n_moving, 0.01) < top:
        return top, months
    # Brent's search for the maximum between the neighbours, positions counted in steps (halves are middles)
    low, high = 0.5 * max(0, best - 1), 0.5 * min(2 * n_moving, best + 1)
    x, f_x = 0.5 * best, top
    if x <= low or x >= high:
        x = 0.5 * (low + high)
        f_x = counted_pace(law, work, n_moving, x)
    second, f_second, third, f_third = x, f_x, x, f_x
    last, before = 0.0, 0.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if abs(x - middle) + 0.5 * (high - low) < 2e-9:
            break
        p, q = 0.0, 0.0
        if abs(before) > 1e-9:
            a = (x - second) * (f_third - f_x)
            b = (x - third) * (f_second - f_x)
            p = (x - third) * b - (x - second) * a
            q = 2.0 * (b - a)
            p, q = (-p, q) if q > 0.0 else (p, -q)
        if abs(p) < abs(0.5 * q * before) and p > q * (low - x) and p < q * (high - x):
            before, last = last, p / q
        else:
            before = (high if x < middle else low) - x
            last = 0.3819660112501051 * before
        moved = x + (last if abs(last) > 1e-9 else math.copysign(1e-9, last))
        f = counted_pace(law, work, n_moving, moved)
        if f >= f_x:
            low, high = (x, high) if moved >= x else (low, x)
            third, f_third, second, f_second, x, f_x = second, f_second, x, f_x, moved, f
        else:
            low, high = (moved, high) if moved < x else (low, moved)
            if f >= f_second or second == x:
                third, f_third, second, f_second = second, f_second, moved, f
            elif f >= f_third or third == x or third == second:
                third, f_third = moved, f
    if f_x > top + 1e-12:
        step = min(int(x), n_moving - 1)
        return f_x, inside(work.dense[step], MONTHS, (x - step) * work.lengths[step, 1])
    return top, months


@njit
def counted_pace(law: Law, work: Workspace, n_steps: int, position: float) -> float:
    """Natural logarithm of the pace at a position counted in steps, e.g. 2.5 in the middle of the third."""
    step = min(int(position), n_steps - 1)
    return ln_pace_at(law, work, step, (position - step) * work.lengths[step, 1])
