"""Where the other route of research becomes the better one within a solved panel."""

from __future__ import annotations

import math

from mc_sie._jit import inlined, part
from mc_sie.model.chebyshev import N_NODES, NODES, FloatArray, read
from mc_sie.model.law import CONTINUAL, FROM_SCRATCH, Law, ln_route, route_lead, software_and_room, software_at_u
from mc_sie.model.panels import EXPLICIT, MAX_SWITCHES, NEAR, Setting, Start, kind_of
from mc_sie.model.rootfinding import golden_points
from mc_sie.model.workspace import MONTHS, SECOND, Nodes
from mc_sie.units import LN_10

OVERTAKEN = 1e-11
"""The other route is the better one from this lead in ln R on."""

NEVER_GOOD = -2.0
"""In place of a position up to which a panel is good."""


# in place: as calls of their own, this and its like made the kernel 2 to 6 % slower
@inlined
def good_up_to(
    law: Law, setting: Setting, start: Start, length: float, nodes: Nodes, series: FloatArray, n_switches: int
) -> float:
    """Position up to which a solved panel keeps to the better route: 1 as a rule, NEVER_GOOD from its start on.

    ``n_switches`` counts the changes of route since the last panel that was kept.
    """
    x = overtaking(law, setting, start, length, nodes, series)
    if not x < 1.0:
        return 1.0
    if 0.5 * length * (1.0 + x) > NEAR:
        return x
    if n_switches < MAX_SWITCHES:
        return NEVER_GOOD
    # level routes, of which rounding prefers one after the other: the panel is good on either
    return 1.0


@part
def overtaking(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes, series: FloatArray) -> float:
    """Position in a solved panel at which the other route becomes the better one; 2 when it does not.

    The lead is looked at in the nodes, and where it comes close to 0 between them its maximum is searched for: two
    routes may cross and cross back (the fourth of ``telling_rows`` does, and its deployments came 4e-5 months late).
    """
    if math.isnan(law.rho2) or setting.held:
        return 2.0
    before = -math.inf
    last = -math.inf
    for j in range(N_NODES):
        lead = lead_at_node(law, setting, start.u + 0.5 * length * (1.0 + NODES[j]), nodes, j)
        if lead > OVERTAKEN:
            return overtaken(law, setting, start, length, series, NODES[max(0, j - 1)], NODES[j])
        if last > before and last > lead and j > 1:  # it came close: was it ahead in between?
            top = largest_lead(law, setting, start, length, series, NODES[j - 2], NODES[j])
            if lead_read(law, setting, start, length, series, top) > OVERTAKEN:
                return overtaken(law, setting, start, length, series, NODES[j - 2], top)
        before = last
        last = lead
    return 2.0


@part
def lead_at(law: Law, setting: Setting, u: float, months: float, second: float) -> float:
    """Lead in ln R of the other route over the route in use, at a state."""
    if law.mode == CONTINUAL:
        software = software_and_room(u - second, law.limit).software
        return route_lead(law, setting.route, software, second, months)
    software = software_at_u(law.mode, law.limit, u).software
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
def lead_read(law: Law, setting: Setting, start: Start, length: float, series: FloatArray, x: float) -> float:
    """As :func:`lead_at`, at a position x in [-1, 1] of a solved panel."""
    second = 0.0
    if law.mode == CONTINUAL:
        second = read(series[SECOND], x)
    return lead_at(law, setting, start.u + 0.5 * length * (1.0 + x), read(series[MONTHS], x), second)


@part
def largest_lead(
    law: Law, setting: Setting, start: Start, length: float, series: FloatArray, low: float, high: float
) -> float:
    """Position between two others at which the other route's lead is largest, by golden sections."""
    for _ in range(40):  # down to 4e-9 of the range: at a maximum that is rounding of the lead
        left, right = golden_points(low, high)
        at_left = lead_read(law, setting, start, length, series, left)
        if at_left > lead_read(law, setting, start, length, series, right):
            high = right
        else:
            low = left
    return 0.5 * (low + high)


@part
def overtaken(
    law: Law, setting: Setting, start: Start, length: float, series: FloatArray, low: float, high: float
) -> float:
    """Position between two others, the second with the other route ahead, from which on it is, by bisection."""
    while high - low > 1e-14:
        middle = 0.5 * (low + high)
        if middle == low or middle == high:  # no number lies between
            break
        if lead_read(law, setting, start, length, series, middle) > OVERTAKEN:
            high = middle
        else:
            low = middle
    return high
