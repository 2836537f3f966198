"""Panels of the kind EXPLICIT, on which ln M and the time are plain integrals, and panels of held software."""

from __future__ import annotations

import math

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import N_NODES, NODES, integrate
from mc_sie.model.elementary import branchless_exp
from mc_sie.model.law import FROM_SCRATCH, NONE, SHORTENING, Law, on_route, software_at_u
from mc_sie.model.panels import NEAR, Setting, Start
from mc_sie.model.retraining import damped, pace_exponent
from mc_sie.model.rootfinding import bracket_between, false_position, narrowed
from mc_sie.model.workspace import Nodes
from mc_sie.units import LN_10


@part
def fill_held(law: Law, start: Start, length: float, nodes: Nodes) -> None:
    """Nodes of a panel on which software stands still and training accumulates: de/du = 1."""
    for j in range(N_NODES):
        effective = start.second + 0.5 * length * (1.0 + NODES[j])
        nodes.second[j] = effective
        nodes.second_slope[j] = 1.0
        nodes.software[j] = law.software_hold
        nodes.ln_pace[j] = -math.inf  # whatever the law says: nothing moves
        # dt/de, from dE/dt = chi 10^s / tau_0 (docs/model.md)
        nodes.months_slope[j] = exp(-law.ln_accumulation - LN_10 * (law.software_hold - effective))
    integrate(nodes.months_slope, length, start.months, nodes.months)


@part
def fill_explicit(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes) -> float:
    """Length of a panel of the kind EXPLICIT, up to the first kink, after ln M at its nodes has been filled in."""
    fill_exponents(law, setting, start, length, nodes)
    if law.mode != NONE and law.mode != FROM_SCRATCH:
        for j in range(1, N_NODES):
            before = nodes.scratch_2[j - 1]
            exponent = nodes.scratch_2[j]
            if exponent * before < 0.0:
                low = start.u + 0.5 * length * (1.0 + NODES[j - 1])
                high = start.u + 0.5 * length * (1.0 + NODES[j])
                kink = sign_change(law, setting, low, high, before, exponent)
                # the second derivative of ln M jumps there: a panel across it would be wrong by 1e-7
                if kink > start.u + NEAR:
                    length = kink - start.u
                    fill_exponents(law, setting, start, length, nodes)
                    break
    integrate(nodes.second_slope, length, start.second, nodes.second)
    return length


@part
def fill_explicit_months(start: Start, length: float, nodes: Nodes) -> None:
    """Time at the nodes of such a panel, from dt/du = (ds/du) / (g M)."""
    for j in range(N_NODES):
        nodes.months_slope[j] = branchless_exp(nodes.scratch[j] - nodes.second[j])
        nodes.ln_pace[j] = nodes.second[j]
    integrate(nodes.months_slope, length, start.months, nodes.months)


@part
def fill_exponents(law: Law, setting: Setting, start: Start, length: float, nodes: Nodes) -> None:
    """Fill in all that is known at the nodes of a panel of the kind EXPLICIT before anything is integrated.

    In one loop a transcendental function and nothing that depends on the mode: each mode takes the loops it needs.
    """
    mode = law.mode
    route_law = on_route(law, setting.route)
    ln_speed = law.ln_speed
    u_start = start.u
    # int(): a function is compiled once more for every literal that it is called with
    if mode == SHORTENING:
        for j in range(N_NODES):
            u = u_start + 0.5 * length * (1.0 + NODES[j])
            nodes.software[j], nodes.room[j], ln_slope = software_at_u(int(SHORTENING), route_law.limit, u)
            nodes.scratch[j] = ln_slope - ln_speed
    else:
        for j in range(N_NODES):
            u = u_start + 0.5 * length * (1.0 + NODES[j])
            nodes.software[j], nodes.room[j], ln_slope = software_at_u(int(NONE), route_law.limit, u)
            nodes.scratch[j] = ln_slope - ln_speed
    if mode == FROM_SCRATCH:
        for j in range(N_NODES):
            exponent = pace_exponent(route_law, nodes.software[j], nodes.room[j], setting.deployed, route_law.psi)
            nodes.second_slope[j] = damped(int(NONE), exponent, 1.0)
    elif mode == NONE:
        for j in range(N_NODES):
            exponent = pace_exponent(route_law, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.second_slope[j] = damped(int(NONE), exponent, 1.0)
    elif mode == SHORTENING:
        for j in range(N_NODES):
            exponent = pace_exponent(route_law, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.scratch_2[j] = exponent
            nodes.second_slope[j] = damped(int(SHORTENING), exponent, nodes.room[j])
    else:
        for j in range(N_NODES):
            exponent = pace_exponent(route_law, nodes.software[j], nodes.room[j], nodes.software[j], 1.0)
            nodes.scratch_2[j] = exponent
            nodes.second_slope[j] = damped(mode, exponent, nodes.room[j])


@part
def sign_change(law: Law, setting: Setting, low: float, high: float, at_low: float, at_high: float) -> float:
    """Coordinate between low and high at which the exponent of the pace changes sign, by false position (Illinois).

    ``at_low`` and ``at_high`` are the exponent's values there.
    """
    route_law = on_route(law, setting.route)
    is_frozen = law.mode == FROM_SCRATCH
    labour_share = 1.0
    if is_frozen:
        labour_share = route_law.psi
    sign = math.copysign(1.0, at_low)  # it may fall or rise, and false position wants to know which end is which
    bracket = bracket_between(low, high, at_low, at_high)
    u = low
    for _ in range(60):
        u = false_position(bracket)
        at = software_at_u(law.mode, law.limit, u)
        deployed = at.software
        if is_frozen:
            deployed = setting.deployed
        exponent = pace_exponent(route_law, at.software, at.room, deployed, labour_share)
        bracket = narrowed(bracket, u, exponent, exponent * sign > 0.0)
        if abs(exponent) < 1e-14 or bracket.high - bracket.low < 1e-13 * (1.0 + bracket.high):
            break
    return u
