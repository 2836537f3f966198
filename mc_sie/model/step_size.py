"""Step size control: how long the next panel of a continuous trajectory is tried."""

from __future__ import annotations

import math

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import LAST, NODES, is_reached, step_factor
from mc_sie.model.collocation import logistic
from mc_sie.model.elementary import ln_near_one
from mc_sie.model.law import CONTINUAL, NONE, SHORTENING, Law, ln_pace, on_route, software_at_u
from mc_sie.model.panels import EXPLICIT, TIMED, Setting, Start, kind_of
from mc_sie.model.retraining import damped, heading_at, pace_exponent
from mc_sie.model.workspace import Nodes

FIRST_LENGTH = 4.0
FIRST_LENGTH_RECONFIGURED = 0.4
"""Lengths of the first panel that is tried, OOM: at most, in modes but none, and under reconfiguration."""

REACH = 7.0
REACH_RATE = 0.75
REACH_TURN = 0.5
"""First panel of mode none: REACH / (REACH_RATE + abs(rate) + REACH_TURN abs(turn)) OOM, with the rates at which
ln(dt/du) and the log odds of labour's share change. That was the longest good one in 400 draws, to a sixth."""

PATH_REACH = 4.0
PATH_REACH_LATER = 2.2
PATH_RATE = 0.5
"""Panels of mode continual: PATH_REACH / (PATH_RATE + abs(rate)) OOM at first, with the rate at which the logarithm
of its odds changes, and later ones no shorter than PATH_REACH_LATER allows. The first was the longest good one, to a
tenth or two, in fifty draws with rates from 0.7 to 6; the second is often too short and seldom too long."""

STANDSTILL = 1e-6
"""Software that moves by less until the horizon stands still, OOM; and the first step of time on the way there, in
units of that in which rho moves."""

PAST_HORIZON = 1.05
"""How far beyond the horizon the last panel is meant to come, in units of the horizon."""


@part
def first_length(law: Law, route: int) -> float:
    """Length of the first panel to try, OOM of u."""
    if law.reconfiguration_rate > 0.0:
        return FIRST_LENGTH_RECONFIGURED
    if law.mode == CONTINUAL:
        at = heading_at(law, route, 0.0, 0.0, 0.0)
        rate = at.by_z + at.tilt * logistic(at.odds_log)
        return min(FIRST_LENGTH, PATH_REACH / (PATH_RATE + abs(rate)))
    route_law = on_route(law, route)
    longest = FIRST_LENGTH
    rate = -damped(law.mode, pace_exponent(route_law, 0.0, 1.0, 0.0, 1.0), 1.0)
    if law.mode != SHORTENING:
        rate -= 1.0 / law.limit
    if law.mode == NONE:  # it was measured in this mode only
        turn = route_law.rho * (route_law.labour - route_law.compute)
        longest = REACH / (REACH_RATE + abs(rate) + REACH_TURN * abs(turn))
    length = length_to_horizon(law, 0.0, exp(-law.ln_speed - law.ln_pace_start), rate)
    if length < longest:  # it may be nan
        return length
    return longest


@part
def next_length(
    law: Law, setting: Setting, at: Start, length: float, wanted: float, error: float, is_whole: bool, nodes: Nodes
) -> float:
    """Length of the next panel to try, OOM of u, from the last one, what was asked for it, and its error.

    ``is_whole``: the last panel was kept to its end. Errors are in units of the tolerance.
    """
    to_horizon = math.inf
    if is_whole:
        to_horizon = length_to_horizon(law, at.months, nodes.months_slope[LAST], slope_rate(law, length, nodes))
        if is_reached(to_horizon, length, error):
            return to_horizon
    proposed = length * step_factor(error)
    if length < wanted:  # it ended at a kink, which says nothing of how smooth the functions are behind it
        proposed = max(proposed, wanted)
    if law.mode == CONTINUAL and not setting.held and is_whole and law.reconfiguration_rate == 0.0:
        rate = (nodes.odds[LAST] - nodes.odds[LAST - 1]) / (0.5 * length * (1.0 - NODES[LAST - 1]))
        proposed = max(proposed, PATH_REACH_LATER / (PATH_RATE + abs(rate)))
    if to_horizon < proposed:  # it may be nan
        return to_horizon
    return proposed


@part
def slope_rate(law: Law, length: float, nodes: Nodes) -> float:
    """d ln(dt/du)/du at the end of a panel: from the law where it is known there, else between the last two nodes."""
    if kind_of(law) == EXPLICIT:
        rate = -nodes.second_slope[LAST]
        if law.mode != SHORTENING:
            rate -= 1.0 / law.limit
        return rate
    rise = math.log(nodes.months_slope[LAST] / nodes.months_slope[LAST - 1])
    return rise / (0.5 * length * (1.0 - NODES[LAST - 1]))


@part
def length_to_horizon(law: Law, months: float, slope: float, rate: float) -> float:
    """Length of a panel that comes to the horizon, if dt/du goes on to change at the rate at which it changes now.

    A panel that comes far beyond it is wasted: there time grows so fast that no series follows it. In OOM, possibly
    inf; ``slope`` is dt/du, ``rate`` d ln(dt/du)/du. Where the pace is log-concave, the panel does come to the horizon.
    """
    length = (PAST_HORIZON * law.horizon - months) / slope
    if rate == 0.0:
        return length
    rise = rate * length
    if rise > -1.0:
        return ln_near_one(1.0 + rise, rise) / rate
    return math.inf  # dt/du falls so fast that the horizon never comes


@part
def is_standstill(law: Law, at: Start) -> bool:
    """True where software stands still from a state to the horizon, and no panel is short enough to be solved.

    Under reconfiguration to worse substitutes research output falls with time: the slower software is, the slower it
    becomes, so that time runs to infinity at a finite level of software (``STALLED`` in the tests of the whole domain).
    The distance that software still moves is about as long as the panels have become. A bound on it confirms that: the
    pace only falls, so that in steps of time that double the pace at the start of each is the largest in it.
    """
    if kind_of(law) != TIMED:
        return False
    software = software_at_u(law.mode, law.limit, at.u).software
    months = at.months
    step = STANDSTILL / law.reconfiguration_rate
    remaining = 0.0
    while months < law.horizon:  # few steps, since they double
        remaining += step * exp(law.ln_speed + ln_pace(law, at.u, software, software, months))
        months += step
        step *= 2.0
    return remaining < STANDSTILL
