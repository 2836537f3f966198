"""The equations of ``retraining`` solved on one panel of the coordinate u, as series of ``panels``.

Three kinds of law, told apart by :func:`kind_of`:

* EXPLICIT: ``d ln M/du`` is known at the nodes; its integral gives ln M, and ``dt/du`` from that gives the time. No
  iteration. Kinks of the damped exponent (where x changes sign in the modes ``shortening``) are found beforehand, and
  the panel ends there.
* TIMED (reconfiguration): ``dt/du = F(u, t)``; ORBITAL (mode continual): ``de/du = f(u, e, t)``. Collocation at the
  nodes, solved by Newton's method in function space: with J the derivative of the right side y' = F(u, y) with
  respect to y and r the residual of ``y = y_0 + int F``, the correction d solves ``d = r + int J d``, that is

      d(u) = r(u) + e^A(u) int e^-A J r du,       A = int J du,

  three integrals and no linear system. Where both e and t enter (continual with reconfiguration), the two corrections
  are worked out by turns.

Research keeps to one route throughout a panel, so that the functions fitted are smooth; :func:`overtaking` finds
where the other route becomes the better one, and the panel is cut there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.growth import CONTINUAL, FROM_SCRATCH, NONE, Law, ln_route, place, route_lead, software_and_room
from mc_sie.model.panels import LAST, N_NODES, NODES, fit, integrate, read
from mc_sie.model.retraining import damped, ln_route_by_time, months_slope_log, orbit, pace_exponent
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

EXPLICIT, TIMED, ORBITAL = range(3)
"""Kinds of equations."""

TOLERANCE = 1e-10
"""Error that a panel may make: OOM, natural logarithms and months, relative to the component where it is large."""

MAX_SWEEPS = 12
"""Corrections after which a panel counts as too long."""

NEAR = 1e-9
"""A kink so close behind the start of a panel does no harm in it, OOM."""

OVERTAKEN = 1e-11
"""The other route is the better one from this lead in ln R on."""

MONTHS, MONTHS_SLOPE, SECOND, SECOND_SLOPE = range(4)
"""Rows of a panel's series and of its values at the nodes: time; ln M (EXPLICIT) or e (ORBITAL); their derivatives."""

SOFTWARE, LN_PACE = 4, 5
"""Further rows of values at the nodes: s and ln M."""

_RESIDUAL, _JACOBIAN, _GROWTH, _SCRATCH, _ODDS, _TILT, _BEND, _SLOWNESS, _ROOM = range(6, 15)
_DEFECT, _MONTHS_RESIDUAL, _SHIFT, _TURN, _BY_TIME, _LN_ROUTE, _SHARE, _SCRATCH_2 = range(15, 23)

N_SERIES = 4
N_ROWS = 23


class Start(NamedTuple):
    """State at the start of a panel: coordinate, time, and ln M (EXPLICIT) or e (ORBITAL)."""

    u: float
    months: float
    second: float


class Setting(NamedTuple):
    """What stays the same throughout a panel.

    Attributes
    ----------
    route : int
        The route of research in use.
    deployed : float
        a in OOM, read in mode from_scratch only.
    held : bool
        Software stands at its limit or cap (mode continual only).
    """

    route: int
    deployed: float
    held: bool


@part
def kind_of(law: Law) -> int:
    """EXPLICIT, TIMED or ORBITAL."""
    if law.mode == CONTINUAL:
        return ORBITAL
    return TIMED if law.reconfiguration_rate > 0.0 else EXPLICIT


@part
def solve_panel(
    law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray, series: FloatArray
) -> tuple[float, float]:
    """Solve the equations on one panel.

    Parameters
    ----------
    law, setting, start
        The draw and the start of the panel.
    h : float
        Length to try, OOM of u.
    nodes : array of shape (N_ROWS, N_NODES)
        Receives the state at the nodes and its derivatives.
    series : array of shape (N_SERIES, N_TERMS)
        Receives the same as series.

    Returns
    -------
    h : float
        Length of the panel: shorter than asked for where it ends at a kink.
    error : float
        In units of the tolerance: at most 1 for a good panel, inf or nan where no solution was found.
    """
    kind = kind_of(law)
    if setting.held:
        fill_held(law, start, h, nodes)
    elif kind == EXPLICIT:
        h = fill_explicit(law, setting, start, h, nodes)
    elif kind == TIMED:
        if not fill_timed(law, setting, start, h, nodes):
            return h, math.inf
    elif not fill_orbital(law, setting, start, h, nodes):
        return h, math.inf
    error = fit(nodes[MONTHS_SLOPE], h, start.months, series[MONTHS_SLOPE], series[MONTHS])
    # relative where the component is large; but time beyond the horizon must not loosen that of time before it
    error /= max(1.0, min(nodes[MONTHS, LAST], law.horizon))
    if kind != TIMED:
        second = fit(nodes[SECOND_SLOPE], h, start.second, series[SECOND_SLOPE], series[SECOND])
        second /= max(1.0, 0.1 * abs(nodes[SECOND, LAST]))
        if second > error or second != second:  # either may be nan, which max would lose on a GPU
            error = second
    return h, error / TOLERANCE


@part
def fill_held(law: Law, start: Start, h: float, nodes: FloatArray) -> None:
    """Nodes of a panel on which software stands still and training accumulates: de/du = 1."""
    for j in range(N_NODES):
        effective = start.second + 0.5 * h * (1.0 + NODES[j])
        nodes[SECOND, j] = effective
        nodes[SECOND_SLOPE, j] = 1.0
        nodes[SOFTWARE, j] = law.software_hold
        nodes[LN_PACE, j] = -math.inf
        nodes[MONTHS_SLOPE, j] = exp(-law.ln_accumulation - LN_10 * (law.software_hold - effective))
    integrate(nodes[MONTHS_SLOPE], h, start.months, nodes[MONTHS])


@part
def fill_explicit(law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray) -> float:
    """Nodes of a panel on which the exponent of the pace is a known function of u; returns its length."""
    is_damped = law.mode != NONE and law.mode != FROM_SCRATCH
    for attempt in range(2):
        kink = -1.0
        before = 0.0
        for j in range(N_NODES):
            u = start.u + 0.5 * h * (1.0 + NODES[j])
            software, room, ln_slope = place(law, u)
            exponent = pace_exponent(law, setting.route, software, room, setting.deployed)
            if is_damped and attempt == 0 and j > 0 and exponent * before < 0.0:
                kink = sign_change(law, setting, start.u + 0.5 * h * (1.0 + NODES[j - 1]), u, before, exponent)
                if kink > start.u + NEAR:
                    break
                kink = -1.0
            before = exponent
            nodes[SECOND_SLOPE, j] = damped(law, exponent, room)
            nodes[SOFTWARE, j] = software
            nodes[_SCRATCH, j] = ln_slope - law.ln_speed
        if kink < 0.0:
            break
        h = kink - start.u
    integrate(nodes[SECOND_SLOPE], h, start.second, nodes[SECOND])
    for j in range(N_NODES):
        nodes[MONTHS_SLOPE, j] = exp(nodes[_SCRATCH, j] - nodes[SECOND, j])
        nodes[LN_PACE, j] = nodes[SECOND, j]
    integrate(nodes[MONTHS_SLOPE], h, start.months, nodes[MONTHS])
    return h


@part
def sign_change(law: Law, setting: Setting, low: float, high: float, at_low: float, at_high: float) -> float:
    """Coordinate between low and high at which the exponent of the pace changes sign, by false position (Illinois).

    ``at_low`` and ``at_high`` are the exponent's values there.
    """
    sign = 1.0 if at_low > 0.0 else -1.0
    side = 0
    u = low
    for _ in range(60):
        u = (low * at_high - high * at_low) / (at_high - at_low)
        if not (u > low and u < high):
            u = 0.5 * (low + high)
        software, room, _ = place(law, u)
        exponent = pace_exponent(law, setting.route, software, room, setting.deployed)
        if exponent * sign > 0.0:
            low, at_low = u, exponent
            if side == -1:
                at_high *= 0.5
            side = -1
        else:
            high, at_high = u, exponent
            if side == 1:
                at_low *= 0.5
            side = 1
        if abs(exponent) < 1e-14 or high - low < 1e-13 * (1.0 + high):
            break
    return u


@part
def fill_timed(law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray) -> bool:
    """Nodes of a panel of the kind TIMED; returns whether the iteration converged.

    The first guess lets the logarithm of dt/du change at its initial rate. The law is evaluated twice as a rule: once
    a correction is below 1e-4, relative to the time in which rho moves, dt/du follows t to second order; one below
    1e-6 is the last.
    """
    first, _ = months_slope_log(law, setting.route, start.u, setting.deployed, start.months)
    step = 1e-3 * h
    ahead = start.months + step * exp(first)
    rate = (months_slope_log(law, setting.route, start.u + step, setting.deployed, ahead)[0] - first) / step
    for j in range(N_NODES):
        nodes[MONTHS_SLOPE, j] = exp(first + min(rate * 0.5 * h * (1.0 + NODES[j]), 50.0))
    integrate(nodes[MONTHS_SLOPE], h, start.months, nodes[MONTHS])
    change, n_exact = math.inf, 0
    for _ in range(MAX_SWEEPS):
        exact = n_exact < 2 or not change < 1e-4
        for j in range(N_NODES):
            d = nodes[_RESIDUAL, j]
            if exact:
                u = start.u + 0.5 * h * (1.0 + NODES[j])
                slope_log, tilt = months_slope_log(law, setting.route, u, setting.deployed, nodes[MONTHS, j])
                nodes[_BEND, j] = (tilt - nodes[_TILT, j]) / d if n_exact > 0 and d != 0.0 else 0.0
                nodes[_ODDS, j], nodes[_TILT, j] = slope_log, tilt
            else:
                nodes[_ODDS, j] += d * (nodes[_TILT, j] + 0.5 * d * nodes[_BEND, j])
                nodes[_TILT, j] += d * nodes[_BEND, j]
            nodes[MONTHS_SLOPE, j] = exp(nodes[_ODDS, j])
            nodes[_JACOBIAN, j] = nodes[MONTHS_SLOPE, j] * nodes[_TILT, j]
        if exact:
            n_exact += 1
        if change < 1e-6:
            integrate(nodes[MONTHS_SLOPE], h, start.months, nodes[MONTHS])
            fill_pace(law, start, h, nodes)
            return True
        is_new = bool(True)  # noqa: UP018 (a literal would compile the function once more)
        correct(nodes, nodes[MONTHS], nodes[MONTHS_SLOPE], h, start.months, is_new)
        change = 0.0
        for j in range(N_NODES):
            correction = nodes[_RESIDUAL, j]
            nodes[MONTHS, j] += correction
            change = max(change, abs(correction) * max(law.reconfiguration_rate, 1.0 / max(1.0, nodes[MONTHS, j])))
            if not abs(correction) < 1e6:
                return False
    return False


@part
def fill_pace(law: Law, start: Start, h: float, nodes: FloatArray) -> None:
    """Software and ln M at the nodes of a panel of the kind TIMED in mode none, from dt/du = (ds/du) / (g M)."""
    for j in range(N_NODES):
        software, _, ln_slope = place(law, start.u + 0.5 * h * (1.0 + NODES[j]))
        nodes[SOFTWARE, j] = software
        nodes[LN_PACE, j] = ln_slope - law.ln_speed - nodes[_ODDS, j]


@part
def correct(nodes: FloatArray, y: FloatArray, slope: FloatArray, h: float, start: float, is_new: bool) -> None:
    """Newton's correction of a solution y with derivative ``slope``, received in the residual's row.

    Where the Jacobian is not new since the last correction, neither is the exponential of its integral.
    """
    integrate(slope, h, start, nodes[_RESIDUAL])
    if is_new:
        integrate(nodes[_JACOBIAN], h, 0.0, nodes[_GROWTH])
        for j in range(N_NODES):
            nodes[_GROWTH, j] = exp(nodes[_GROWTH, j])
            nodes[_JACOBIAN, j] /= nodes[_GROWTH, j]
    for j in range(N_NODES):
        nodes[_RESIDUAL, j] -= y[j]
        nodes[_TURN, j] = nodes[_JACOBIAN, j] * nodes[_RESIDUAL, j]
    integrate(nodes[_TURN], h, 0.0, nodes[_SCRATCH])
    for j in range(N_NODES):
        nodes[_RESIDUAL, j] += nodes[_GROWTH, j] * nodes[_SCRATCH, j]


@part
def correct_both(law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray) -> None:
    """Newton's correction of e and of the time where f depends on the time; that of e in the residual's row.

    The linear equations are solved by turns, e's with the time's correction given (as in :func:`correct`) and the
    time's with e's, until neither moves; each turn is a few integrals and no evaluation of the law.
    """
    integrate(nodes[SECOND_SLOPE], h, start.second, nodes[_DEFECT])
    integrate(nodes[_JACOBIAN], h, 0.0, nodes[_GROWTH])
    for j in range(N_NODES):
        nodes[_DEFECT, j] -= nodes[SECOND, j]
        nodes[_GROWTH, j] = exp(nodes[_GROWTH, j])
        nodes[_SHIFT, j] = nodes[_MONTHS_RESIDUAL, j]
        nodes[_RESIDUAL, j] = 0.0
        by_time = 0.0
        if setting.route == 0:
            ln_r, share = nodes[_LN_ROUTE, j], nodes[_SHARE, j]
            by_time = -ln_route_by_time(law, nodes[SOFTWARE, j], nodes[SECOND, j], nodes[MONTHS, j], ln_r, share)
        nodes[_BY_TIME, j] = by_time
    for _ in range(MAX_SWEEPS):
        moved = 0.0
        for j in range(N_NODES):
            share = nodes[SECOND_SLOPE, j]
            nodes[_SCRATCH, j] = share * (1.0 - share) * nodes[_BY_TIME, j] * nodes[_SHIFT, j]
        integrate(nodes[_SCRATCH], h, 0.0, nodes[_TURN])
        for j in range(N_NODES):
            nodes[_TURN, j] += nodes[_DEFECT, j]
            nodes[_SCRATCH, j] = nodes[_JACOBIAN, j] * nodes[_TURN, j] / nodes[_GROWTH, j]
        integrate(nodes[_SCRATCH], h, 0.0, nodes[_SCRATCH_2])
        for j in range(N_NODES):
            correction = nodes[_TURN, j] + nodes[_GROWTH, j] * nodes[_SCRATCH_2, j]
            moved = max(moved, abs(correction - nodes[_RESIDUAL, j]))
            nodes[_RESIDUAL, j] = correction
            rest = 1.0 - nodes[SECOND_SLOPE, j]
            by_effective = rest * nodes[_TILT, j] + LN_10 * (1.0 + nodes[_ROOM, j])
            change_log = by_effective * correction + rest * nodes[_BY_TIME, j] * nodes[_SHIFT, j]
            nodes[_SCRATCH, j] = nodes[MONTHS_SLOPE, j] * change_log
        integrate(nodes[_SCRATCH], h, 0.0, nodes[_TURN])
        for j in range(N_NODES):
            shift = nodes[_MONTHS_RESIDUAL, j] + nodes[_TURN, j]
            moved = max(moved, abs(shift - nodes[_SHIFT, j]) * law.reconfiguration_rate)
            nodes[_SHIFT, j] = shift
        if not moved > 1e-12:
            break
    for j in range(N_NODES):
        nodes[MONTHS, j] += nodes[_SHIFT, j]


@part
def fill_orbital(law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray) -> bool:
    """Nodes of a panel of the kind ORBITAL; returns whether the iteration converged.

    The first guess lets the odds of f change at their initial rate. The law is evaluated twice as a rule: once a
    correction is below 1e-3, the odds follow e to second order (an error of the order of its cube). After one below
    2e-4 a last one, of the order of its square, is worked out with the Jacobian of the one before, and f and the time
    follow it to first order.
    """
    autonomous = law.reconfiguration_rate == 0.0
    first = orbit(law, setting.route, start.u - start.second, start.second, start.months)
    share = logistic(first.odds_log)
    rate = first.by_z + first.tilt * share
    months_per = exp(first.slowness_log + min(first.odds_log, 0.0)) * max(share, 1.0 - share)
    for j in range(N_NODES):
        x = 0.5 * h * (1.0 + NODES[j])
        nodes[SECOND_SLOPE, j] = logistic(first.odds_log + min(max(rate * x, -50.0), 50.0))
        nodes[MONTHS, j] = start.months + months_per * x
    integrate(nodes[SECOND_SLOPE], h, start.second, nodes[SECOND])

    change = math.inf
    for _ in range(MAX_SWEEPS):
        exact = not change < 1e-3 or not autonomous
        is_last = change < (2e-4 if autonomous else 3e-5)
        for j in range(N_NODES):
            if exact:
                effective = nodes[SECOND, j]
                u = start.u + 0.5 * h * (1.0 + NODES[j])
                at = orbit(law, setting.route, u - effective, effective, nodes[MONTHS, j])
                nodes[_ODDS, j] = at.odds_log
                nodes[_TILT, j] = at.tilt
                nodes[_BEND, j] = at.bend
                nodes[_SLOWNESS, j] = at.slowness_log
                nodes[_ROOM, j] = at.room
                nodes[SOFTWARE, j] = at.software
                nodes[_LN_ROUTE, j], nodes[_SHARE, j] = at.ln_r, at.share
            else:
                shift_nodes(law, nodes, j, nodes[_RESIDUAL, j])
            share = logistic(nodes[_ODDS, j])
            nodes[SECOND_SLOPE, j] = share
            if not is_last or not autonomous:
                nodes[_JACOBIAN, j] = share * (1.0 - share) * nodes[_TILT, j]
        if autonomous:
            correct(nodes, nodes[SECOND], nodes[SECOND_SLOPE], h, start.second, not is_last)
        shift = 0.0
        if is_last or not autonomous:
            for j in range(N_NODES):
                if autonomous:
                    d, share = nodes[_RESIDUAL, j], nodes[SECOND_SLOPE, j]
                    nodes[SECOND_SLOPE, j] += d * share * (1.0 - share) * nodes[_TILT, j]
                    shift_nodes(law, nodes, j, d)
                odds, share = nodes[_ODDS, j], nodes[SECOND_SLOPE, j]
                nodes[MONTHS_SLOPE, j] = exp(nodes[_SLOWNESS, j] + min(odds, 0.0)) * max(share, 1.0 - share)
            integrate(nodes[MONTHS_SLOPE], h, start.months, nodes[_MONTHS_RESIDUAL])
            for j in range(N_NODES):
                nodes[_MONTHS_RESIDUAL, j] -= nodes[MONTHS, j]
                shift = max(shift, abs(nodes[_MONTHS_RESIDUAL, j]) * law.reconfiguration_rate)
        if is_last and shift < 1e-9:
            integrate(nodes[SECOND_SLOPE], h, start.second, nodes[SECOND])
            for j in range(N_NODES):
                nodes[MONTHS, j] += nodes[_MONTHS_RESIDUAL, j]
                z = start.u + 0.5 * h * (1.0 + NODES[j]) - nodes[SECOND, j]
                nodes[LN_PACE, j] = -nodes[_SLOWNESS, j] - nodes[_ODDS, j] - law.ln_speed - z / law.limit
            return True
        if not autonomous:
            correct_both(law, setting, start, h, nodes)
        change = 0.0
        for j in range(N_NODES):
            nodes[SECOND, j] += nodes[_RESIDUAL, j]
            change = max(change, abs(nodes[_RESIDUAL, j]))
            if not abs(nodes[_RESIDUAL, j]) < 1e2:
                return False
    return False


@part
def shift_nodes(law: Law, nodes: FloatArray, j: int, d: float) -> None:
    """Let what is kept of the law at a node of an ORBITAL panel follow a small change d of e to second order."""
    nodes[_ODDS, j] += d * (nodes[_TILT, j] + 0.5 * d * nodes[_BEND, j])
    nodes[_TILT, j] += d * nodes[_BEND, j]
    moved = d * nodes[_ROOM, j] * (1.0 + 0.5 * d / law.limit)
    nodes[SOFTWARE, j] -= moved
    nodes[_SLOWNESS, j] += LN_10 * (d + moved)
    nodes[_ROOM, j] += moved / law.limit


@part
def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + math.exp(min(-x, 700.0)))


@part
def lead_at(law: Law, setting: Setting, u: float, months: float, second: float) -> float:
    """By how much ln R of the other route exceeds that of the route in use, at a state."""
    if law.mode == CONTINUAL:
        software, _ = software_and_room(u - second, law.limit)
        return route_lead(law, setting.route, software, second, months)
    software, _, _ = place(law, u)
    return route_lead(law, setting.route, software, setting.deployed if law.mode == FROM_SCRATCH else software, months)


@part
def lead_at_node(law: Law, setting: Setting, u: float, nodes: FloatArray, j: int) -> float:
    """The same at a node of a solved panel, where ln R of the route in use mostly follows from ln M."""
    months, second, software = nodes[MONTHS, j], nodes[SECOND, j], nodes[SOFTWARE, j]
    if law.mode == CONTINUAL:
        z, deployed = u - second, second
    elif law.mode == FROM_SCRATCH:
        z, deployed = u, setting.deployed
    else:
        z, deployed = u, software
    if kind_of(law) == EXPLICIT:  # ln M is an integral, or damped
        return route_lead(law, setting.route, software, deployed, months)
    ln_r = nodes[LN_PACE, j] - law.ln_pace_scale + LN_10 * law.beta * z
    return ln_route(law, 1 - setting.route, software, deployed, months)[0] - ln_r


@part
def lead_read(law: Law, setting: Setting, start: Start, h: float, series: FloatArray, x: float) -> float:
    """The same at a position x in [-1, 1] of a solved panel."""
    second = read(series[SECOND], x) if law.mode == CONTINUAL else 0.0
    return lead_at(law, setting, start.u + 0.5 * h * (1.0 + x), read(series[MONTHS], x), second)


@part
def overtaking(law: Law, setting: Setting, start: Start, h: float, nodes: FloatArray, series: FloatArray) -> float:
    """Position in a solved panel at which the other route becomes the better one; 2 when it does not.

    The lead is looked at in the nodes, and where it comes close to 0 between them its maximum is searched for: two
    routes may cross and cross back.
    """
    if math.isnan(law.rho2) or setting.held:
        return 2.0
    before, last = -math.inf, -math.inf
    for j in range(N_NODES):
        lead = lead_at_node(law, setting, start.u + 0.5 * h * (1.0 + NODES[j]), nodes, j)
        low, high = NODES[max(0, j - 1)], NODES[j]
        if lead <= OVERTAKEN and last > before and last > lead and j > 1:  # it came close: was it ahead in between?
            left, right = NODES[j - 2], NODES[j]
            for _ in range(40):
                at_left, at_right = right - 0.618034 * (right - left), left + 0.618034 * (right - left)
                lead_left = lead_read(law, setting, start, h, series, at_left)
                if lead_left > lead_read(law, setting, start, h, series, at_right):
                    right = at_right
                else:
                    left = at_left
            middle = 0.5 * (left + right)
            if lead_read(law, setting, start, h, series, middle) > OVERTAKEN:
                low, high, lead = NODES[j - 2], middle, 1.0
        if lead > OVERTAKEN:
            while high - low > 1e-14:
                middle = 0.5 * (low + high)
                if middle == low or middle == high:
                    break
                if lead_read(law, setting, start, h, series, middle) > OVERTAKEN:
                    high = middle
                else:
                    low = middle
            return high
        before, last = last, lead
    return 2.0
