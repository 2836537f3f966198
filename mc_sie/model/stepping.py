"""One adaptive step of the integrator along a trajectory, and reading inside it.

The coefficients are those of ``dop853``, the equations those of ``retraining``. The work arrays are lent by the caller,
one set a thread, so that nothing is allocated per draw.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.model.dop853 import (
    DENSE_WEIGHTS,
    ERROR_3,
    ERROR_5,
    N_DENSE,
    N_STAGES,
    N_STAGES_DENSE,
    NODES,
    STAGE_WEIGHTS,
)
from mc_sie.model.growth import CONTINUAL, FROM_SCRATCH, NONE, Law, route_lead, software_and_room
from mc_sie.model.retraining import rates

FloatArray = NDArray[np.float64]

FIRST_STEP = 0.1
"""Length of the first step that is tried, OOM."""

KINK_SAMPLES = 8
"""Points of a step at which the two routes are compared."""

NEAR_KINK = 1e-7
"""A change of route so close behind the start of a step does no harm in it, OOM."""

TOLERANCE = 1e-10
"""Local error that a step may make: OOM, natural logarithms and months, relative to the component where it is large."""


@njit
def fill_stage(law: Law, held: bool, deployed: float, u: float, h: float, y: FloatArray, k: FloatArray, i: int) -> None:
    """Evaluate stage i of a step from u of length h and store its derivatives in ``k[i]``.

    Components that the equations of the mode do not read are not mixed: a pure quadrature mixes none.
    """
    months, second, z = y[0], y[1], y[2]
    if law.reconfiguration_rate > 0.0:
        months += h * mixed(STAGE_WEIGHTS[i], k, 0, i)
    if law.mode != NONE and law.mode != FROM_SCRATCH:
        second += h * mixed(STAGE_WEIGHTS[i], k, 1, i)
    if law.mode == CONTINUAL:
        z += h * mixed(STAGE_WEIGHTS[i], k, 2, i)
    k[i, 0], k[i, 1], k[i, 2] = rates(law, held, deployed, u + NODES[i] * h, months, second, z)


@njit
def mixed(weights: FloatArray, k: FloatArray, c: int, n: int) -> float:
    """Weighted sum of the first n stages of component c."""
    total = 0.0
    for j in range(n):
        total += weights[j] * k[j, c]
    return total


@njit
def n_moving_states(law: Law) -> int:
    """Components of the state that a mode integrates: time; the damped pace; or effective compute and software."""
    if law.mode == CONTINUAL:
        return 3
    return 1 if law.mode == NONE or law.mode == FROM_SCRATCH else 2


@njit
def try_step(
    law: Law, held: bool, deployed: float, u: float, h: float, y: FloatArray, k: FloatArray, y_new: FloatArray
) -> float:
    """Try a step and estimate its error.

    Parameters
    ----------
    law, held, deployed
        As in :func:`mc_sie.model.retraining.rates`.
    u, h : float
        Start and length of the step.
    y : array of shape (3,)
        State at u.
    k : array of shape (16, 3)
        Work; row 0 holds the derivatives at u. Rows up to 12 are filled.
    y_new : array of shape (3,)
        Receives the state at u + h.

    Returns
    -------
    float
        Error in units of the tolerance: at most 1 for a good step, nan or inf where the equations overflowed.
    """
    for i in range(1, N_STAGES):
        fill_stage(law, held, deployed, u, h, y, k, i)
    n_states = n_moving_states(law)
    for c in range(n_states):
        y_new[c] = y[c] + h * mixed(STAGE_WEIGHTS[N_STAGES], k, c, N_STAGES)
    k[N_STAGES, 0], k[N_STAGES, 1], k[N_STAGES, 2] = rates(law, held, deployed, u + h, y_new[0], y_new[1], y_new[2])

    square5 = 0.0
    square3 = 0.0
    for c in range(n_states):
        error5 = mixed(ERROR_5, k, c, N_STAGES + 1)
        error3 = mixed(ERROR_3, k, c, N_STAGES + 1)
        # relative where the component is large; but time beyond the horizon must not loosen that of time before it
        size = min(y_new[c], law.horizon) if c == 0 else 0.1 * abs(y_new[c])
        scale = TOLERANCE * max(1.0, size)
        square5 += error5 / scale * (error5 / scale)
        square3 += error3 / scale * (error3 / scale)
    if square5 == 0.0:
        return 0.0
    return abs(h) * square5 / math.sqrt((square5 + 0.01 * square3) * n_states)


@njit
def step_factor(error: float) -> float:
    """By how much the next step may be longer, from the error of this one in units of the tolerance."""
    if not error < math.inf:
        return 0.1
    return min(8.0, max(0.01, 0.9 * error**-0.125)) if error > 0.0 else 8.0


@njit
def fill_dense(
    law: Law,
    held: bool,
    deployed: float,
    u: float,
    h: float,
    y: FloatArray,
    y_new: FloatArray,
    k: FloatArray,
    dense: FloatArray,
) -> None:
    """Coefficients of the dense output of an accepted step.

    Parameters
    ----------
    law, held, deployed, u, h, y, k
        As in :func:`try_step`, after it.
    y_new : array of shape (3,)
        State at the end of the step.
    dense : array of shape (3, 8)
        Receives the coefficients, to be read by :func:`inside`.
    """
    for i in range(N_STAGES + 1, N_STAGES_DENSE):
        fill_stage(law, held, deployed, u, h, y, k, i)
    for c in range(n_moving_states(law)):
        rise = y_new[c] - y[c]
        dense[c, 0] = y[c]
        dense[c, 1] = rise
        dense[c, 2] = h * k[0, c] - rise
        dense[c, 3] = 2.0 * rise - h * (k[N_STAGES, c] + k[0, c])
        for i in range(4):
            dense[c, 4 + i] = h * mixed(DENSE_WEIGHTS[i], k, c, N_STAGES_DENSE)


@njit
def inside(dense: FloatArray, c: int, theta: float) -> float:
    """State component c at a fraction theta of the step."""
    rest = 1.0 - theta
    value = dense[c, N_DENSE - 1] * theta
    value = (value + dense[c, 6]) * rest
    value = (value + dense[c, 5]) * theta
    value = (value + dense[c, 4]) * rest
    value = (value + dense[c, 3]) * theta
    value = (value + dense[c, 2]) * rest
    return dense[c, 0] + (value + dense[c, 1]) * theta


@njit
def value_and_slope_inside(dense: FloatArray, c: int, theta: float) -> tuple[float, float]:
    """State component c at a fraction theta of the step, and its derivative with respect to theta."""
    rest = 1.0 - theta
    value, slope = dense[c, N_DENSE - 1] * theta, dense[c, N_DENSE - 1]
    value += dense[c, 6]
    value, slope = value * rest, slope * rest - value
    value += dense[c, 5]
    value, slope = value * theta, slope * theta + value
    value += dense[c, 4]
    value, slope = value * rest, slope * rest - value
    value += dense[c, 3]
    value, slope = value * theta, slope * theta + value
    value += dense[c, 2]
    value, slope = value * rest, slope * rest - value
    value += dense[c, 1]
    return dense[c, 0] + value * theta, slope * theta + value


@njit
def solve_inside(dense: FloatArray, c: int, value: float, high: float) -> float:
    """Fraction of the step at which a growing state component takes a value.

    Parameters
    ----------
    dense : array of shape (3, 8)
        The step.
    c : int
        Component, non-decreasing along the step.
    value : float
        Sought, between the component's values at 0 and at ``high``.
    high : float
        Fraction of the step up to which it is looked for.

    Returns
    -------
    float
        theta in [0, high], by Newton's method kept inside a shrinking bracket.
    """
    low = 0.0
    rise = inside(dense, c, high) - dense[c, 0]
    theta = high * (value - dense[c, 0]) / rise if rise > 0.0 else 0.5 * high
    theta = min(max(theta, low), high)
    for _ in range(60):
        found, slope = value_and_slope_inside(dense, c, theta)
        miss = found - value
        if miss < 0.0:
            low = theta
        else:
            high = theta
        guess = theta - miss / slope if slope > 0.0 else -1.0
        if guess > low and guess < high:
            if abs(guess - theta) <= 1e-7:  # Newton's next correction would be of the order of its square
                return guess
        else:
            guess = 0.5 * (low + high)
            if high - low <= 1e-14:
                return guess
        theta = guess
    return theta


@njit
def route_lead_inside(law: Law, deployed: float, u: float, h: float, dense: FloatArray, theta: float) -> float:
    """Lead of the second route at a fraction theta of a step, as in :func:`mc_sie.model.growth.route_lead`."""
    z = inside(dense, 2, theta) if law.mode == CONTINUAL else u + theta * h
    software, _ = software_and_room(z, law.limit)
    if law.mode == CONTINUAL:
        deployed = inside(dense, 1, theta)
    elif law.mode != FROM_SCRATCH:
        deployed = software
    return route_lead(law, software, deployed, inside(dense, 0, theta))


@njit
def kink_inside(law: Law, deployed: float, u: float, h: float, dense: FloatArray) -> float:
    """Fraction of a step at which research changes from one route to the other; 1 when it does not.

    Parameters
    ----------
    law : Law
        The draw.
    deployed : float
        a in OOM, read in mode from_scratch only.
    u, h : float
        Start and length of the step.
    dense : array of shape (3, 8)
        Its dense output.

    Returns
    -------
    float
        A fraction just past the change. The pace has a kink there, at which a step of high order should end.
    """
    if math.isnan(law.rho2):
        return 1.0
    sign = 1.0 if route_lead_inside(law, deployed, u, h, dense, 0.0) > 0.0 else -1.0
    before, last = math.inf, math.inf
    low, high = 0.0, 1.0
    found = False
    for i in range(1, KINK_SAMPLES + 1):
        low, high = (i - 1) / KINK_SAMPLES, i / KINK_SAMPLES
        lead = sign * route_lead_inside(law, deployed, u, h, dense, high)
        if lead > 0.0 and last < before and last < lead:  # the routes come close: do they touch in between?
            left, right = max(0, i - 2) / KINK_SAMPLES, high
            for _ in range(30):
                at_left, at_right = right - 0.618034 * (right - left), left + 0.618034 * (right - left)
                lead_left = sign * route_lead_inside(law, deployed, u, h, dense, at_left)
                if lead_left < sign * route_lead_inside(law, deployed, u, h, dense, at_right):
                    right = at_right
                else:
                    left = at_left
            middle = 0.5 * (left + right)
            if sign * route_lead_inside(law, deployed, u, h, dense, middle) < 0.0:
                low, high, lead = max(0, i - 2) / KINK_SAMPLES, middle, -1.0
        if lead <= 0.0:
            found = True
            break
        before, last = last, lead
    if not found:
        return 1.0
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if sign * route_lead_inside(law, deployed, u, h, dense, middle) > 0.0:
            low = middle
        else:
            high = middle
    return high if high < 1.0 - 1e-6 and high * h > NEAR_KINK else 1.0
