"""The equations of ``retraining`` solved on one panel of the coordinate u, as series of ``chebyshev``.

Three kinds of equations (:func:`kind_of`):

* EXPLICIT: ``d ln M/du`` is known at the nodes; its integral gives ln M, and ``dt/du`` from that gives the time. No
  iteration. Kinks of the damped exponent (where x changes sign in the modes ``shortening``) are found beforehand, and
  the panel ends there.
* TIMED (reconfiguration): ``dt/du = F(u, t)``; PATH (mode continual): ``de/du = f(u, e, t)``. Collocation at the
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

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, fit, integrate, read
from mc_sie.model.elementary import exp_and_expm1
from mc_sie.model.law import (
    CONTINUAL,
    FROM_SCRATCH,
    NONE,
    SHORTENING,
    Law,
    RouteLaw,
    ln_route,
    on_route,
    rho_of,
    route_lead,
    software_and_room,
    software_at_u,
)
from mc_sie.model.retraining import (
    damped,
    heading,
    heading_at,
    ln_research,
    ln_research_by_time,
    months_slope_log,
    pace_exponent,
)
from mc_sie.model.rootfinding import bracket_between, false_position, golden_points, narrowed
from mc_sie.model.workspace import MONTHS, MONTHS_SLOPE, SECOND, SECOND_SLOPE, Nodes
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

EXPLICIT, TIMED, PATH = range(3)
"""Kinds of equations."""

TOLERANCE = 1e-10
"""Error that a panel may make: OOM, natural logarithms and months, relative to the component where it is large."""

MAX_SWEEPS = 12
"""Corrections after which a panel counts as too long."""

NEAR = 1e-9
"""A kink so close behind the start of a panel does no harm in it, OOM."""

OVERTAKEN = 1e-11
"""The other route is the better one from this lead in ln R on."""

MAX_SWITCHES = 2
"""Changes of route that are made at one coordinate: there, and back where the other one had come level only."""


class Start(NamedTuple):
    """State at the start of a panel: coordinate, time, and ln M (EXPLICIT) or e (PATH)."""

    u: float
    months: float
    second: float


class Setting(NamedTuple):
    """Circumstances that stay the same throughout a panel.

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
def on_other_route(setting: Setting) -> Setting:
    """Setting after research has changed its route."""
    return Setting(1 - setting.route, setting.deployed, False)


@part
def is_at_start(h: float, x: float) -> bool:
    """True for a position so close to the start of a panel that no panel can end there."""
    return 0.5 * h * (1.0 + x) <= NEAR


@part
def kind_of(law: Law) -> int:
    """EXPLICIT, TIMED or PATH."""
    if law.mode == CONTINUAL:
        return PATH
    if law.reconfiguration_rate > 0.0:
        return TIMED
    return EXPLICIT


@part
def solve_panel(
    law: Law, setting: Setting, start: Start, h: float, nodes: Nodes, series: FloatArray
) -> tuple[float, float]:
    """Length and error of one panel, on which the equations are solved.

    Parameters
    ----------
    law, setting, start
        The draw and the start of the panel.
    h : float
        Length to try, OOM of u.
    nodes : Nodes
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
    elif not fill_path(law, setting, start, h, nodes):
        return h, math.inf
    second = 0.0
    if kind != TIMED:
        second = fit(nodes.second_slope, h, start.second, series[SECOND_SLOPE], series[SECOND])
        second /= TOLERANCE * max(1.0, 0.1 * abs(nodes.second[LAST]))
    if kind == EXPLICIT:  # only after that fit, so that the processor has something to do while it waits for ln M
        fill_explicit_months(start, h, nodes)
    error = fit(nodes.months_slope, h, start.months, series[MONTHS_SLOPE], series[MONTHS])
    # relative where the component is large; but time beyond the horizon must not loosen that of time before it
    error /= TOLERANCE * max(1.0, min(nodes.months[LAST], law.horizon))
    if second > error or second != second:  # either may be nan, and then the panel is not solved
        error = second
    return h, error


@part
def fill_held(law: Law, start: Start, h: float, nodes: Nodes) -> None:
    """Nodes of a panel on which software stands still and training accumulates: de/du = 1."""
    for j in range(N_NODES):
        effective = start.second + 0.5 * h * (1.0 + NODES[j])
        nodes.second[j] = effective
        nodes.second_slope[j] = 1.0
        nodes.software[j] = law.software_hold
        nodes.ln_pace[j] = -math.inf
        nodes.months_slope[j] = exp(-law.ln_accumulation - LN_10 * (law.software_hold - effective))
    integrate(nodes.months_slope, h, start.months, nodes.months)


@part
def fill_explicit(law: Law, setting: Setting, start: Start, h: float, nodes: Nodes) -> float:
    """Length of a panel of the kind EXPLICIT, up to the first kink, after ln M at its nodes has been filled in."""
    fill_exponents(law, setting, start, h, nodes)
    if law.mode != NONE and law.mode != FROM_SCRATCH:
        for j in range(1, N_NODES):
            before = nodes.scratch_2[j - 1]
            exponent = nodes.scratch_2[j]
            if exponent * before < 0.0:
                low = start.u + 0.5 * h * (1.0 + NODES[j - 1])
                high = start.u + 0.5 * h * (1.0 + NODES[j])
                kink = sign_change(law, setting, low, high, before, exponent)
                # the second derivative of ln M jumps there: a panel across it would be wrong by 1e-7
                if kink > start.u + NEAR:
                    h = kink - start.u
                    fill_exponents(law, setting, start, h, nodes)
                    break
    integrate(nodes.second_slope, h, start.second, nodes.second)
    return h


@part
def fill_explicit_months(start: Start, h: float, nodes: Nodes) -> None:
    """Time at the nodes of such a panel, from dt/du = (ds/du) / (g M)."""
    for j in range(N_NODES):
        nodes.months_slope[j], _ = exp_and_expm1(nodes.scratch[j] - nodes.second[j])
        nodes.ln_pace[j] = nodes.second[j]
    integrate(nodes.months_slope, h, start.months, nodes.months)


@part
def fill_exponents(law: Law, setting: Setting, start: Start, h: float, nodes: Nodes) -> None:
    """Fill in all that is known at the nodes of a panel of the kind EXPLICIT before anything is integrated.

    In one loop a transcendental function and nothing that depends on the mode: each mode takes the loops it needs.
    """
    mode = law.mode
    on = on_route(law, setting.route)
    ln_speed = law.ln_speed
    u_start = start.u
    # int(): a function is compiled once more for every literal that it is called with
    if mode == SHORTENING:
        for j in range(N_NODES):
            u = u_start + 0.5 * h * (1.0 + NODES[j])
            nodes.software[j], nodes.room[j], ln_slope = software_at_u(int(SHORTENING), on.limit, u)
            nodes.scratch[j] = ln_slope - ln_speed
    else:
        for j in range(N_NODES):
            u = u_start + 0.5 * h * (1.0 + NODES[j])
            nodes.software[j], nodes.room[j], ln_slope = software_at_u(int(NONE), on.limit, u)
            nodes.scratch[j] = ln_slope - ln_speed
    if mode == FROM_SCRATCH:
        for j in range(N_NODES):
            exponent = pace_exponent(on, nodes.software[j], nodes.room[j], setting.deployed, on.psi)
            nodes.second_slope[j] = damped(int(NONE), exponent, 1.0)
    elif mode == NONE:
        for j in range(N_NODES):
            exponent = pace_exponent(on, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.second_slope[j] = damped(int(NONE), exponent, 1.0)
    elif mode == SHORTENING:
        for j in range(N_NODES):
            exponent = pace_exponent(on, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.scratch_2[j] = exponent
            nodes.second_slope[j] = damped(int(SHORTENING), exponent, nodes.room[j])
    else:
        for j in range(N_NODES):
            exponent = pace_exponent(on, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.scratch_2[j] = exponent
            nodes.second_slope[j] = damped(mode, exponent, nodes.room[j])


@part
def sign_change(law: Law, setting: Setting, low: float, high: float, at_low: float, at_high: float) -> float:
    """Coordinate between low and high at which the exponent of the pace changes sign, by false position (Illinois).

    ``at_low`` and ``at_high`` are the exponent's values there.
    """
    on = on_route(law, setting.route)
    is_frozen = law.mode == FROM_SCRATCH
    labour_share = 1.0
    if is_frozen:
        labour_share = on.psi
    sign = math.copysign(1.0, at_low)
    bracket = bracket_between(low, high, at_low, at_high)
    u = low
    for _ in range(60):
        u = false_position(bracket)
        software, room, _ = software_at_u(law.mode, law.limit, u)
        deployed = software
        if is_frozen:
            deployed = setting.deployed
        exponent = pace_exponent(on, software, room, deployed, labour_share)
        bracket = narrowed(bracket, u, exponent, exponent * sign > 0.0)
        if abs(exponent) < 1e-14 or bracket.high - bracket.low < 1e-13 * (1.0 + bracket.high):
            break
    return u


@part
def fill_timed(law: Law, setting: Setting, start: Start, h: float, nodes: Nodes) -> bool:
    """True if the iteration for the nodes of a panel of the kind TIMED converged.

    The first guess lets the logarithm of dt/du change at its initial rate. The law is evaluated twice as a rule: once
    a correction is below 1e-4, relative to the time in which rho moves, dt/du follows t to second order; one below
    1e-6 is the last.
    """
    # dt/du at the start, and a little later by a step of Euler's
    on = on_route(law, setting.route)
    deployed_if_frozen = math.nan
    if law.mode == FROM_SCRATCH:
        deployed_if_frozen = setting.deployed
    first, _ = months_slope_log(law, setting.route, start.u, setting.deployed, start.months)
    step = 1e-3 * h
    ahead = start.months + step * exp(first)
    rate = (months_slope_log(law, setting.route, start.u + step, setting.deployed, ahead)[0] - first) / step
    for j in range(N_NODES):
        nodes.rho[j] = on.rho
        nodes.software[j], _ = software_and_room(start.u + 0.5 * h * (1.0 + NODES[j]), on.limit)
        nodes.months_slope[j], _ = exp_and_expm1(first + min(rate * 0.5 * h * (1.0 + NODES[j]), 50.0))
    integrate(nodes.months_slope, h, start.months, nodes.months)
    change = math.inf
    n_exact = 0
    for _ in range(MAX_SWEEPS):
        exact = n_exact < 2 or not change < 1e-4  # the second evaluation tells how tilt changes: nodes.bend
        if exact:
            fill_slopes(on, deployed_if_frozen, start.u, h, nodes)
        for j in range(N_NODES):
            d = nodes.residual[j]
            if exact:
                nodes.bend[j] = (nodes.by_time[j] - nodes.tilt[j]) / d if n_exact > 0 and d != 0.0 else 0.0
                nodes.odds[j] = nodes.slowness[j]
                nodes.tilt[j] = nodes.by_time[j]
            else:
                nodes.odds[j] += d * (nodes.tilt[j] + 0.5 * d * nodes.bend[j])
                nodes.tilt[j] += d * nodes.bend[j]
            nodes.months_slope[j], _ = exp_and_expm1(nodes.odds[j])
            nodes.jacobian[j] = nodes.months_slope[j] * nodes.tilt[j]
        if exact:
            n_exact += 1
        if change < 1e-6:
            integrate(nodes.months_slope, h, start.months, nodes.months)
            fill_pace(law, start, h, nodes)
            return True
        is_new = bool(True)  # noqa: UP018 (a literal would compile the function once more)
        correct(nodes, nodes.months, nodes.months_slope, h, start.months, is_new)
        change = 0.0
        for j in range(N_NODES):
            correction = nodes.residual[j]
            nodes.months[j] += correction
            change = max(change, abs(correction) * max(law.reconfiguration_rate, 1.0 / max(1.0, nodes.months[j])))
            if not abs(correction) < 1e6:  # it runs away, or is nan: the panel is too long
                return False
    return False


@part
def fill_slopes(on: RouteLaw, deployed: float, start: float, h: float, nodes: Nodes) -> None:
    """ln(dt/du) at the nodes of a panel of the kind TIMED, and its derivative by time; deployed is nan where a = s."""
    fill_rho(on, nodes)
    is_frozen = not math.isnan(deployed)
    for j in range(N_NODES):
        level = deployed if is_frozen else nodes.software[j]
        nodes.ln_route[j], nodes.share[j] = ln_research(on, nodes.rho[j], nodes.software[j], level)
    for j in range(N_NODES):
        u = start + 0.5 * h * (1.0 + NODES[j])
        software = nodes.software[j]
        ln_r = nodes.ln_route[j]
        share = nodes.share[j]
        level = deployed if is_frozen else software
        nodes.slowness[j] = -u / on.limit - on.ln_speed - ln_r + LN_10 * on.beta * u
        nodes.by_time[j] = -ln_research_by_time(on, nodes.rho[j], software, level, ln_r, share)


@part
def fill_pace(law: Law, start: Start, h: float, nodes: Nodes) -> None:
    """ln M at the nodes of a panel of the kind TIMED, from dt/du = (ds/du) / (g M)."""
    for j in range(N_NODES):
        u = start.u + 0.5 * h * (1.0 + NODES[j])
        nodes.ln_pace[j] = -u / law.limit - law.ln_speed - nodes.odds[j]


@part
def correct(nodes: Nodes, y: FloatArray, slope: FloatArray, h: float, start: float, is_new: bool) -> None:
    """Newton's correction of a solution y with derivative ``slope``, received in the residual's row.

    Where the Jacobian is not new since the last correction, neither is the exponential of its integral.
    """
    integrate(slope, h, start, nodes.residual)
    if is_new:
        integrate(nodes.jacobian, h, 0.0, nodes.growth)
        for j in range(N_NODES):
            growth, _ = exp_and_expm1(nodes.growth[j])
            nodes.growth[j] = growth
            nodes.weight[j] = nodes.jacobian[j] / growth
    for j in range(N_NODES):
        nodes.residual[j] -= y[j]
        nodes.turn[j] = nodes.weight[j] * nodes.residual[j]
    integrate(nodes.turn, h, 0.0, nodes.scratch)
    for j in range(N_NODES):
        nodes.residual[j] += nodes.growth[j] * nodes.scratch[j]


@part
def correct_both(on: RouteLaw, start: Start, h: float, nodes: Nodes) -> None:
    """Newton's correction of e and of the time where f depends on the time; that of e in the residual's row.

    The linear equations are solved by turns, e's with the time's correction given (as in :func:`correct`) and the
    time's with e's, until neither moves; each turn is a few integrals and no evaluation of the law.
    """
    integrate(nodes.second_slope, h, start.second, nodes.defect)
    integrate(nodes.jacobian, h, 0.0, nodes.growth)
    for j in range(N_NODES):
        software = nodes.software[j]
        effective = nodes.second[j]
        ln_r = nodes.ln_route[j]
        share = nodes.share[j]
        nodes.by_time[j] = -ln_research_by_time(on, nodes.rho[j], software, effective, ln_r, share)
        nodes.growth[j], _ = exp_and_expm1(nodes.growth[j])
        nodes.defect[j] -= effective
        nodes.shift[j] = nodes.months_residual[j]
        nodes.residual[j] = 0.0
    for _ in range(MAX_SWEEPS):
        moved = 0.0
        for j in range(N_NODES):
            share = nodes.second_slope[j]
            nodes.scratch[j] = share * (1.0 - share) * nodes.by_time[j] * nodes.shift[j]
        integrate(nodes.scratch, h, 0.0, nodes.turn)
        for j in range(N_NODES):
            nodes.turn[j] += nodes.defect[j]
            nodes.scratch[j] = nodes.jacobian[j] * nodes.turn[j] / nodes.growth[j]
        integrate(nodes.scratch, h, 0.0, nodes.scratch_2)
        for j in range(N_NODES):
            correction = nodes.turn[j] + nodes.growth[j] * nodes.scratch_2[j]
            moved = max(moved, abs(correction - nodes.residual[j]))
            nodes.residual[j] = correction
            rest = 1.0 - nodes.second_slope[j]
            by_effective = rest * nodes.tilt[j] + LN_10 * (1.0 + nodes.room[j])
            change_log = by_effective * correction + rest * nodes.by_time[j] * nodes.shift[j]
            nodes.scratch[j] = nodes.months_slope[j] * change_log
        integrate(nodes.scratch, h, 0.0, nodes.turn)
        for j in range(N_NODES):
            shift = nodes.months_residual[j] + nodes.turn[j]
            moved = max(moved, abs(shift - nodes.shift[j]) * on.reconfiguration_rate)
            nodes.shift[j] = shift
        if not moved > 1e-12:  # far below what the correction itself is good to; or nan
            break
    for j in range(N_NODES):
        nodes.months[j] += nodes.shift[j]


@part
def fill_path(law: Law, setting: Setting, start: Start, h: float, nodes: Nodes) -> bool:
    """True if the iteration for the nodes of a panel of the kind PATH converged.

    The first guess lets the odds of f change at their initial rate. The law is evaluated twice as a rule: once a
    correction is below 1e-3, the odds follow e to second order (an error of the order of its cube). After one below
    2e-4 a last one, of the order of its square, is worked out with the Jacobian of the one before, and f and the time
    follow it to second order.
    """
    autonomous = law.reconfiguration_rate == 0.0
    on = on_route(law, setting.route)
    rho = rho_of(law, setting.route, start.months)
    for j in range(N_NODES):
        nodes.rho[j] = rho
    first = heading_at(law, setting.route, start.u - start.second, start.second, start.months)
    # w along the path: by z, and by e for the share f that is e
    share = logistic(first.odds_log)
    rate = first.by_z + first.tilt * share
    months_per = exp(first.slowness_log + min(first.odds_log, 0.0)) * max(share, 1.0 - share)
    for j in range(N_NODES):
        x = 0.5 * h * (1.0 + NODES[j])
        nodes.second_slope[j] = logistic(first.odds_log + min(max(rate * x, -50.0), 50.0))
        nodes.months[j] = start.months + months_per * x
    integrate(nodes.second_slope, h, start.second, nodes.second)

    change = math.inf
    for _ in range(MAX_SWEEPS):
        exact = not change < 1e-3 or not autonomous  # under reconfiguration f depends on the time, too
        is_last = change < 2e-4
        if not autonomous:
            is_last = change < 3e-5
        if exact:
            if not autonomous:
                fill_rho(on, nodes)
            fill_headings(on, start.u, h, nodes)
        else:
            shift_nodes(law.limit, nodes)
        if autonomous:
            correct(nodes, nodes.second, nodes.second_slope, h, start.second, not is_last)
        shift = 0.0
        if is_last or not autonomous:
            if autonomous:
                shift_nodes(law.limit, nodes)
            for j in range(N_NODES):
                share = nodes.second_slope[j]
                # dt/du = f dt/de; of f and 1 - f the larger is a factor, so that neither end of the odds overflows
                slowness, _ = exp_and_expm1(nodes.slowness[j] + min(nodes.odds[j], 0.0))
                nodes.months_slope[j] = slowness * max(share, 1.0 - share)
            integrate(nodes.months_slope, h, start.months, nodes.months_residual)
            for j in range(N_NODES):
                nodes.months_residual[j] -= nodes.months[j]
                shift = max(shift, abs(nodes.months_residual[j]) * law.reconfiguration_rate)
        if is_last and shift < 1e-9:
            integrate(nodes.second_slope, h, start.second, nodes.second)
            for j in range(N_NODES):
                nodes.months[j] += nodes.months_residual[j]
                z = start.u + 0.5 * h * (1.0 + NODES[j]) - nodes.second[j]
                nodes.ln_pace[j] = -nodes.slowness[j] - nodes.odds[j] - law.ln_speed - z / law.limit
            return True
        if not autonomous:
            correct_both(on, start, h, nodes)
        change = 0.0
        for j in range(N_NODES):
            nodes.second[j] += nodes.residual[j]
            change = max(change, abs(nodes.residual[j]))
            if not abs(nodes.residual[j]) < 1e2:  # it runs away, or is nan: the panel is too long
                return False
    return False


@part
def fill_headings(on: RouteLaw, start: float, h: float, nodes: Nodes) -> None:
    """The law at every node of an PATH panel that starts at a coordinate.

    In one loop a transcendental function, so that the processor works on all nodes at once: one function waits for the
    other.
    """
    for j in range(N_NODES):
        z = start + 0.5 * h * (1.0 + NODES[j]) - nodes.second[j]
        nodes.software[j], nodes.room[j] = software_and_room(z, on.limit)
    for j in range(N_NODES):
        nodes.ln_route[j], nodes.share[j] = ln_research(on, nodes.rho[j], nodes.software[j], nodes.second[j])
    for j in range(N_NODES):
        effective = nodes.second[j]
        z = start + 0.5 * h * (1.0 + NODES[j]) - effective
        at = heading(
            on, nodes.rho[j], z, effective, nodes.software[j], nodes.room[j], nodes.ln_route[j], nodes.share[j]
        )
        nodes.odds[j] = at.odds_log
        nodes.tilt[j] = at.tilt
        nodes.bend[j] = at.bend
        nodes.slowness[j] = at.slowness_log
    for j in range(N_NODES):
        along = logistic(nodes.odds[j])
        nodes.second_slope[j] = along
        nodes.jacobian[j] = along * (1.0 - along) * nodes.tilt[j]


@part
def fill_rho(on: RouteLaw, nodes: Nodes) -> None:
    """Substitution parameter at the times of the nodes, under reconfiguration."""
    if on.reconfiguration_rate > 0.0:
        for j in range(N_NODES):
            left, _ = exp_and_expm1(-on.reconfiguration_rate * nodes.months[j])
            nodes.rho[j] = on.rho_long + (on.rho - on.rho_long) * left


@part
def shift_nodes(limit: float, nodes: Nodes) -> None:
    """Let what is kept of the law at the nodes of an PATH panel follow small changes of e to second order."""
    for j in range(N_NODES):
        d = nodes.residual[j]
        odds = nodes.odds[j] + d * (nodes.tilt[j] + 0.5 * d * nodes.bend[j])
        tilt = nodes.tilt[j] + d * nodes.bend[j]
        nodes.odds[j] = odds
        nodes.tilt[j] = tilt
        along = logistic(odds)
        nodes.second_slope[j] = along
        nodes.jacobian[j] = along * (1.0 - along) * tilt
        moved = d * nodes.room[j] * (1.0 + 0.5 * d / limit)
        nodes.software[j] -= moved
        nodes.slowness[j] += LN_10 * (d + moved)
        nodes.room[j] += moved / limit


@inlined
def logistic(x: float) -> float:
    """1 / (1 + e^-x)."""
    power, _ = exp_and_expm1(-x)
    return 1.0 / (1.0 + power)


@part
def lead_at(law: Law, setting: Setting, u: float, months: float, second: float) -> float:
    """Lead in ln R of the other route over the route in use, at a state."""
    if law.mode == CONTINUAL:
        software, _ = software_and_room(u - second, law.limit)
        return route_lead(law, setting.route, software, second, months)
    software, _, _ = software_at_u(law.mode, law.limit, u)
    deployed = software
    if law.mode == FROM_SCRATCH:
        deployed = setting.deployed
    return route_lead(law, setting.route, software, deployed, months)


@part
def lead_at_node(law: Law, setting: Setting, u: float, nodes: Nodes, j: int) -> float:
    """As :func:`lead_at`, at a node of a solved panel, where ln R of the route in use mostly follows from ln M."""
    months = nodes.months[j]
    software = nodes.software[j]
    z = u
    deployed = software
    if law.mode == CONTINUAL:
        z = u - nodes.second[j]
        deployed = nodes.second[j]
    elif law.mode == FROM_SCRATCH:
        deployed = setting.deployed
    if kind_of(law) == EXPLICIT:  # ln M is an integral, or damped
        return route_lead(law, setting.route, software, deployed, months)
    ln_r = nodes.ln_pace[j] - law.ln_pace_scale + LN_10 * law.beta * z
    lead = ln_route(law, 1 - setting.route, software, deployed, months)[0] - ln_r
    if lead > OVERTAKEN:
        # where the routes are level that difference is rounding of ln M, and they would change for ever
        # (test_routes_that_are_level_are_not_changed_for_ever)
        return route_lead(law, setting.route, software, deployed, months)
    return lead


@part
def lead_read(law: Law, setting: Setting, start: Start, h: float, series: FloatArray, x: float) -> float:
    """As :func:`lead_at`, at a position x in [-1, 1] of a solved panel."""
    second = 0.0
    if law.mode == CONTINUAL:
        second = read(series[SECOND], x)
    return lead_at(law, setting, start.u + 0.5 * h * (1.0 + x), read(series[MONTHS], x), second)


@part
def overtaking(law: Law, setting: Setting, start: Start, h: float, nodes: Nodes, series: FloatArray) -> float:
    """Position in a solved panel at which the other route becomes the better one; 2 when it does not.

    The lead is looked at in the nodes, and where it comes close to 0 between them its maximum is searched for: two
    routes may cross and cross back (the fourth of ``telling_rows`` does, and its deployments came 4e-5 months late).
    """
    if math.isnan(law.rho2) or setting.held:
        return 2.0
    before = -math.inf
    last = -math.inf
    for j in range(N_NODES):
        lead = lead_at_node(law, setting, start.u + 0.5 * h * (1.0 + NODES[j]), nodes, j)
        if lead > OVERTAKEN:
            return overtaken(law, setting, start, h, series, NODES[max(0, j - 1)], NODES[j])
        if last > before and last > lead and j > 1:  # it came close: was it ahead in between?
            top = largest_lead(law, setting, start, h, series, NODES[j - 2], NODES[j])
            if lead_read(law, setting, start, h, series, top) > OVERTAKEN:
                return overtaken(law, setting, start, h, series, NODES[j - 2], top)
        before = last
        last = lead
    return 2.0


@part
def largest_lead(
    law: Law, setting: Setting, start: Start, h: float, series: FloatArray, low: float, high: float
) -> float:
    """Position between two others at which the other route's lead is largest, by golden sections."""
    for _ in range(40):
        left, right = golden_points(low, high)
        at_left = lead_read(law, setting, start, h, series, left)
        if at_left > lead_read(law, setting, start, h, series, right):
            high = right
        else:
            low = left
    return 0.5 * (low + high)


@part
def overtaken(law: Law, setting: Setting, start: Start, h: float, series: FloatArray, low: float, high: float) -> float:
    """Position between two others, the second with the other route ahead, from which on it is, by bisection."""
    while high - low > 1e-14:
        middle = 0.5 * (low + high)
        if middle == low or middle == high:
            break
        if lead_read(law, setting, start, h, series, middle) > OVERTAKEN:
            high = middle
        else:
            low = middle
    return high
