"""The equations of ``retraining`` solved on one panel of the coordinate u, as series of ``chebyshev``.

Three kinds of equations (``panels.kind_of``):

* EXPLICIT (``quadrature``): ``d ln M/du`` is known at the nodes; its integral gives ln M, and ``dt/du`` from that gives
  the time. No iteration. Kinks of the damped exponent (where x changes sign in the modes ``shortening``) are found
  beforehand, and the panel ends there.
* TIMED (reconfiguration): ``dt/du = F(u, t)``; PATH (mode continual): ``de/du = f(u, e, t)``. Collocation at the
  nodes, solved by Newton's method in function space: with J the derivative of the right side y' = F(u, y) with
  respect to y and r the residual of ``y = y_0 + int F``, the correction d solves ``d = r + int J d``, that is

      d(u) = r(u) + e^A(u) int e^-A J r du,       A = int J du,

  three integrals and no linear system. Where both e and t enter (continual with reconfiguration), the two corrections
  are worked out by turns.

Research keeps to one route throughout a panel, so that the functions fitted are smooth; ``route_switch`` finds where
the other route becomes the better one, and the panel is cut there.
"""

from __future__ import annotations

import math

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, FloatArray, fit, integrate
from mc_sie.model.elementary import branchless_exp
from mc_sie.model.law import FROM_SCRATCH, Law, RouteLaw, on_route, rho_of, software_and_room
from mc_sie.model.panels import EXPLICIT, TIMED, Setting, Start, kind_of
from mc_sie.model.quadrature import fill_explicit, fill_explicit_months, fill_held
from mc_sie.model.retraining import heading, heading_at, ln_research, ln_research_by_time, months_slope_log
from mc_sie.model.workspace import MONTHS, MONTHS_SLOPE, SECOND, SECOND_SLOPE, Nodes
from mc_sie.units import LN_10

TOLERANCE = 1e-10
"""Error that a panel may make: OOM, natural logarithms and months, relative to the component where it is large."""

MAX_SWEEPS = 12
"""Corrections after which a panel counts as too long."""


@part
def solve_panel(
    law: Law, setting: Setting, start: Start, length: float, nodes: Nodes, series: FloatArray
) -> tuple[float, float]:
    """Length and error of one panel, on which the equations are solved; ``nodes`` and ``series`` receive the solution.

    The panel is shorter than asked for where it ends at a kink. The error is in units of the tolerance: at most 1 for a
    good panel, inf or nan where no solution was found.
    """
    kind = kind_of(law)
    if setting.held:
        fill_held(law, start, length, nodes)
    elif kind == EXPLICIT:
        length = fill_explicit(law, setting, start, length, nodes)
    elif kind == TIMED:
        if not fill_timed(law, setting, start, length, nodes):
            return length, math.inf
    elif not fill_path(law, setting, start, length, nodes):
        return length, math.inf
    second = 0.0
    if kind != TIMED:
        second = fit(nodes.second_slope, length, start.second, series[SECOND_SLOPE], series[SECOND])
        second /= TOLERANCE * max(1.0, 0.1 * abs(nodes.second[LAST]))
    if kind == EXPLICIT:  # only after that fit, so that the processor has something to do while it waits for ln M
        fill_explicit_months(start, length, nodes)
    error = fit(nodes.months_slope, length, start.months, series[MONTHS_SLOPE], series[MONTHS])
    # relative where the component is large; but time beyond the horizon must not loosen that of time before it
    error /= TOLERANCE * max(1.0, min(nodes.months[LAST], law.horizon))
    if second > error or second != second:  # either may be nan, and then the panel is not solved
        error = second
    return length, error


@part
def fill_timed(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes) -> bool:
    """True if the iteration for the nodes of a panel of the kind TIMED converged.

    The first guess lets the logarithm of dt/du change at its initial rate. The law is evaluated twice as a rule: once
    a correction is below 1e-4, relative to the time in which rho moves, dt/du follows t to second order; one below
    1e-6 is the last.
    """
    # dt/du at the start, and a little later by a step of Euler's
    route_law = on_route(law, setting.route)
    deployed_if_frozen = math.nan
    if law.mode == FROM_SCRATCH:
        deployed_if_frozen = setting.deployed
    first = months_slope_log(law, setting.route, start.u, setting.deployed, start.months)[0]
    step = 1e-3 * length
    ahead = start.months + step * exp(first)
    rate = (months_slope_log(law, setting.route, start.u + step, setting.deployed, ahead)[0] - first) / step
    for j in range(N_NODES):
        nodes.rho[j] = route_law.rho
        nodes.software[j] = software_and_room(start.u + 0.5 * length * (1.0 + NODES[j]), route_law.limit).software
        nodes.months_slope[j] = branchless_exp(first + min(rate * 0.5 * length * (1.0 + NODES[j]), 50.0))
    integrate(nodes.months_slope, length, start.months, nodes.months)
    change = math.inf
    n_exact = 0
    for _ in range(MAX_SWEEPS):
        exact = n_exact < 2 or not change < 1e-4  # the second evaluation tells how tilt changes: nodes.bend
        if exact:
            fill_slopes(route_law, deployed_if_frozen, start.u, length, nodes)
        for j in range(N_NODES):
            d = nodes.residual[j]
            if exact:
                nodes.bend[j] = (nodes.by_time[j] - nodes.tilt[j]) / d if n_exact > 0 and d != 0.0 else 0.0
                nodes.odds[j] = nodes.slowness[j]
                nodes.tilt[j] = nodes.by_time[j]
            else:
                nodes.odds[j] += d * (nodes.tilt[j] + 0.5 * d * nodes.bend[j])
                nodes.tilt[j] += d * nodes.bend[j]
            nodes.months_slope[j] = branchless_exp(nodes.odds[j])
            nodes.jacobian[j] = nodes.months_slope[j] * nodes.tilt[j]
        if exact:
            n_exact += 1
        if change < 1e-6:
            integrate(nodes.months_slope, length, start.months, nodes.months)
            fill_pace(law, start, length, nodes)
            return True
        is_new = bool(True)  # noqa: UP018 (a literal would compile the function once more)
        correct(nodes, nodes.months, nodes.months_slope, length, start.months, is_new)
        change = 0.0
        for j in range(N_NODES):
            correction = nodes.residual[j]
            nodes.months[j] += correction
            change = max(change, abs(correction) * max(law.reconfiguration_rate, 1.0 / max(1.0, nodes.months[j])))
            if not abs(correction) < 1e6:  # it runs away, or is nan: the panel is too long
                return False
    return False


@part
def fill_slopes(route_law: RouteLaw, deployed: float, start: float, length: float, nodes: Nodes) -> None:
    """ln(dt/du) at the nodes of a panel of the kind TIMED, and its derivative by time; deployed is nan where a = s."""
    fill_rho(route_law, nodes)
    is_frozen = not math.isnan(deployed)
    for j in range(N_NODES):
        level = deployed if is_frozen else nodes.software[j]
        nodes.ln_route[j], nodes.share[j] = ln_research(route_law, nodes.rho[j], nodes.software[j], level)
    for j in range(N_NODES):
        u = start + 0.5 * length * (1.0 + NODES[j])
        software = nodes.software[j]
        ln_r = nodes.ln_route[j]
        share = nodes.share[j]
        level = deployed if is_frozen else software
        nodes.slowness[j] = -u / route_law.limit - route_law.ln_speed - ln_r + LN_10 * route_law.beta * u
        nodes.by_time[j] = -ln_research_by_time(route_law, nodes.rho[j], software, level, ln_r, share)


@part
def fill_pace(law: Law, start: Start, length: float, nodes: Nodes) -> None:
    """ln M at the nodes of a panel of the kind TIMED, from dt/du = (ds/du) / (g M)."""
    for j in range(N_NODES):
        u = start.u + 0.5 * length * (1.0 + NODES[j])
        nodes.ln_pace[j] = -u / law.limit - law.ln_speed - nodes.odds[j]


@part
def correct(nodes: Nodes, y: FloatArray, slope: FloatArray, length: float, start: float, is_new: bool) -> None:
    """Newton's correction of a solution y with derivative ``slope``, received in the residual's row.

    Where the Jacobian is not new since the last correction, neither is the exponential of its integral.
    """
    integrate(slope, length, start, nodes.residual)
    if is_new:
        integrate(nodes.jacobian, length, 0.0, nodes.growth)
        for j in range(N_NODES):
            growth = branchless_exp(nodes.growth[j])
            nodes.growth[j] = growth
            nodes.weight[j] = nodes.jacobian[j] / growth
    for j in range(N_NODES):
        nodes.residual[j] -= y[j]
        nodes.turn[j] = nodes.weight[j] * nodes.residual[j]
    integrate(nodes.turn, length, 0.0, nodes.scratch)
    for j in range(N_NODES):
        nodes.residual[j] += nodes.growth[j] * nodes.scratch[j]


@part
def correct_both(route_law: RouteLaw, start: Start, length: float, nodes: Nodes) -> None:
    """Newton's correction of e and of the time where f depends on the time; that of e in the residual's row.

    The linear equations are solved by turns, e's with the time's correction given (as in :func:`correct`) and the
    time's with e's, until neither moves; each turn is a few integrals and no evaluation of the law.
    """
    integrate(nodes.second_slope, length, start.second, nodes.defect)
    integrate(nodes.jacobian, length, 0.0, nodes.growth)
    for j in range(N_NODES):
        software = nodes.software[j]
        effective = nodes.second[j]
        ln_r = nodes.ln_route[j]
        share = nodes.share[j]
        nodes.by_time[j] = -ln_research_by_time(route_law, nodes.rho[j], software, effective, ln_r, share)
        nodes.growth[j] = branchless_exp(nodes.growth[j])
        nodes.defect[j] -= effective
        nodes.shift[j] = nodes.months_residual[j]
        nodes.residual[j] = 0.0
    for _ in range(MAX_SWEEPS):
        moved = 0.0
        for j in range(N_NODES):
            share = nodes.second_slope[j]
            nodes.scratch[j] = share * (1.0 - share) * nodes.by_time[j] * nodes.shift[j]
        integrate(nodes.scratch, length, 0.0, nodes.turn)
        for j in range(N_NODES):
            nodes.turn[j] += nodes.defect[j]
            nodes.scratch[j] = nodes.jacobian[j] * nodes.turn[j] / nodes.growth[j]
        integrate(nodes.scratch, length, 0.0, nodes.scratch_2)
        for j in range(N_NODES):
            correction = nodes.turn[j] + nodes.growth[j] * nodes.scratch_2[j]
            moved = max(moved, abs(correction - nodes.residual[j]))
            nodes.residual[j] = correction
            rest = 1.0 - nodes.second_slope[j]
            by_effective = rest * nodes.tilt[j] + LN_10 * (1.0 + nodes.room[j])
            change_log = by_effective * correction + rest * nodes.by_time[j] * nodes.shift[j]
            nodes.scratch[j] = nodes.months_slope[j] * change_log
        integrate(nodes.scratch, length, 0.0, nodes.turn)
        for j in range(N_NODES):
            shift = nodes.months_residual[j] + nodes.turn[j]
            moved = max(moved, abs(shift - nodes.shift[j]) * route_law.reconfiguration_rate)
            nodes.shift[j] = shift
        if not moved > 1e-12:  # far below what the correction itself is good to; or nan
            break
    for j in range(N_NODES):
        nodes.months[j] += nodes.shift[j]


@part
def fill_path(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes) -> bool:
    """True if the iteration for the nodes of a panel of the kind PATH converged.

    The law is evaluated twice as a rule: once a correction is below 1e-3, the odds follow e to second order (an error
    of the order of its cube). After one below 2e-4 a last one, of the order of its square, is worked out with the
    Jacobian of the one before, and f and the time follow it to second order.
    """
    autonomous = law.reconfiguration_rate == 0.0
    route_law = on_route(law, setting.route)
    guess_path(law, setting, start, length, nodes)
    change = math.inf
    for _ in range(MAX_SWEEPS):
        exact = not change < 1e-3 or not autonomous  # under reconfiguration f depends on the time, too
        is_last = change < 2e-4
        if not autonomous:
            is_last = change < 3e-5
        if exact:
            if not autonomous:
                fill_rho(route_law, nodes)
            fill_headings(route_law, start.u, length, nodes)
        else:
            shift_nodes(law.limit, nodes)
        if autonomous:
            correct(nodes, nodes.second, nodes.second_slope, length, start.second, not is_last)
        shift = 0.0
        if is_last or not autonomous:
            if autonomous:
                shift_nodes(law.limit, nodes)
            shift = fill_path_months(law, start, length, nodes)
        if is_last and shift < 1e-9:
            integrate(nodes.second_slope, length, start.second, nodes.second)
            for j in range(N_NODES):
                nodes.months[j] += nodes.months_residual[j]
                z = start.u + 0.5 * length * (1.0 + NODES[j]) - nodes.second[j]
                nodes.ln_pace[j] = -nodes.slowness[j] - nodes.odds[j] - law.ln_speed - z / law.limit
            return True
        if not autonomous:
            correct_both(route_law, start, length, nodes)
        change = 0.0
        for j in range(N_NODES):
            nodes.second[j] += nodes.residual[j]
            change = max(change, abs(nodes.residual[j]))
            if not abs(nodes.residual[j]) < 1e2:  # it runs away, or is nan: the panel is too long
                return False
    return False


@part
def guess_path(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes) -> None:
    """First guess at a panel of the kind PATH: the odds of f, and the time, change at their initial rates."""
    rho = rho_of(law, setting.route, start.months)
    for j in range(N_NODES):
        nodes.rho[j] = rho
    first = heading_at(law, setting.route, start.u - start.second, start.second, start.months)
    # w along the path: by z, and by e for the share f that is e
    share = logistic(first.odds_log)
    rate = first.by_z + first.tilt * share
    months_per = exp(first.slowness_log + min(first.odds_log, 0.0)) * max(share, 1.0 - share)
    for j in range(N_NODES):
        x = 0.5 * length * (1.0 + NODES[j])
        nodes.second_slope[j] = logistic(first.odds_log + min(max(rate * x, -50.0), 50.0))
        nodes.months[j] = start.months + months_per * x
    integrate(nodes.second_slope, length, start.second, nodes.second)


@part
def fill_path_months(law: Law, start: Start, length: float, nodes: Nodes) -> float:
    """Largest correction of the time at the nodes, relative to the time in which rho moves; all go to their row."""
    shift = 0.0
    for j in range(N_NODES):
        share = nodes.second_slope[j]
        # dt/du = f dt/de; of f and 1 - f the larger is a factor, so that neither end of the odds overflows
        slowness = branchless_exp(nodes.slowness[j] + min(nodes.odds[j], 0.0))
        nodes.months_slope[j] = slowness * max(share, 1.0 - share)
    integrate(nodes.months_slope, length, start.months, nodes.months_residual)
    for j in range(N_NODES):
        nodes.months_residual[j] -= nodes.months[j]
        shift = max(shift, abs(nodes.months_residual[j]) * law.reconfiguration_rate)
    return shift


@part
def fill_headings(route_law: RouteLaw, start: float, length: float, nodes: Nodes) -> None:
    """The law at every node of an PATH panel that starts at a coordinate.

    In one loop a transcendental function, so that the processor works on all nodes at once: one function waits for the
    other.
    """
    for j in range(N_NODES):
        z = start + 0.5 * length * (1.0 + NODES[j]) - nodes.second[j]
        nodes.software[j], nodes.room[j] = software_and_room(z, route_law.limit)
    for j in range(N_NODES):
        nodes.ln_route[j], nodes.share[j] = ln_research(route_law, nodes.rho[j], nodes.software[j], nodes.second[j])
    for j in range(N_NODES):
        effective = nodes.second[j]
        z = start + 0.5 * length * (1.0 + NODES[j]) - effective
        at = heading(
            route_law, nodes.rho[j], z, effective, nodes.software[j], nodes.room[j], nodes.ln_route[j], nodes.share[j]
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
def fill_rho(route_law: RouteLaw, nodes: Nodes) -> None:
    """Substitution parameter at the times of the nodes, under reconfiguration."""
    if route_law.reconfiguration_rate > 0.0:
        for j in range(N_NODES):
            left = branchless_exp(-route_law.reconfiguration_rate * nodes.months[j])
            nodes.rho[j] = route_law.rho_long + (route_law.rho - route_law.rho_long) * left


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
    power = branchless_exp(-x)
    return 1.0 / (1.0 + power)
