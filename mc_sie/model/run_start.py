"""When a training run from scratch becomes worth starting."""

from __future__ import annotations

import math
from typing import NamedTuple

from mc_sie._jit import part
from mc_sie.model.chebyshev import N_NODES, NODES, FloatArray, read
from mc_sie.model.law import Law, held_software, ln_pace, software_and_room
from mc_sie.model.retraining import forgone_ooms, offered_ooms
from mc_sie.model.rootfinding import bracket_between, false_position, golden_points, narrowed, newton_in
from mc_sie.model.workspace import MONTHS, Workspace
from mc_sie.units import LN_10

MARGIN, PACE = range(2)
"""Functions that are watched within a panel: the margin of a run, ln M."""


class Panel(NamedTuple):
    """Where a panel starts and how long it is."""

    u: float
    length: float


@part
def margin(law: Law, deployed: float, z: float, months: float) -> float:
    """Margin of a run: OOM by which one that starts now would exceed the smallest gain worth a run."""
    offer = offered_ooms(law, held_software(law, z), frozen_ln_pace(law, deployed, z, months))
    return offer - deployed - law.generation_gain


@part
def frozen_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law; -inf at the limit itself."""
    if z >= law.u_hold and law.software_hold >= law.limit:
        return -math.inf
    return ln_pace(law, z, held_software(law, z), deployed, months)


@part
def margin_at_node(law: Law, deployed: float, panel: Panel, work: Workspace, j: int) -> float:
    """The margin of a run at a node of the panel in progress."""
    u = panel.u + 0.5 * panel.length * (1.0 + NODES[j])
    nodes = work.nodes
    if u >= law.u_hold:  # the node has the law's pace there; held at D, software has none
        return margin(law, deployed, u, nodes.months[j])
    return offered_ooms(law, nodes.software[j], nodes.ln_pace[j]) - deployed - law.generation_gain


@part
def first_offer(law: Law, deployed: float, panel: Panel, work: Workspace, used: float) -> float:
    """Position in the panel in progress at which a run first becomes worth starting; 2 when it does not up to ``used``.

    Notes
    -----
    The margin need not be monotone: it is looked at in the nodes, and where one of them exceeds its neighbours
    the maximum beside it is searched for.
    """
    series = work.series[0]
    before = -math.inf
    last = -math.inf
    for j in range(1, N_NODES):
        low = NODES[j - 1]
        high = min(used, NODES[j])
        if low >= used:
            break
        if high < NODES[j]:
            value = watched(law, deployed, panel, series, high, MARGIN)
        else:
            value = margin_at_node(law, deployed, panel, work, j)
        if value >= 0.0:
            return crossing(law, deployed, panel, series, low, high)
        if last > before and last > value:  # it has passed a maximum, which may have been an offer
            low = NODES[max(0, j - 2)]
            top = largest_inside(law, deployed, panel, series, low, high, MARGIN)
            if watched(law, deployed, panel, series, top, MARGIN) >= 0.0:
                return crossing(law, deployed, panel, series, low, top)
        before = last
        last = value
    return 2.0


@part
def crossing(law: Law, deployed: float, panel: Panel, series: FloatArray, low: float, high: float) -> float:
    """Position between low and high from which on the margin is not negative, by false position, then bisection."""
    at_low = watched(law, deployed, panel, series, low, MARGIN)
    at_high = watched(law, deployed, panel, series, high, MARGIN)
    if at_low >= 0.0:
        return low
    bracket = bracket_between(low, high, at_low, at_high)
    for i in range(80):
        x = false_position(bracket)
        if i > 12:  # next to a corner of the rule for tau, chords may close in slowly
            x = 0.5 * (bracket.low + bracket.high)
        value = watched(law, deployed, panel, series, x, MARGIN)
        bracket = narrowed(bracket, x, value, value < 0.0)
        if abs(value) < 1e-14:
            return x
        if bracket.high - bracket.low < 1e-15:
            break
    return bracket.high


@part
def offered_after(law: Law, deployed: float, z: float, ln_m: float, longest: float) -> float:
    """Length that software must come from z until a run is worth starting, if at most ``longest``; else inf.

    Research output stands still. The margin grows along z, smoothly but for the two corners of the rule for tau:
    Newton's method in a shrinking bracket.
    """
    if longest == math.inf:
        longest = 1e6
        if law.limit < math.inf:
            longest = 50.0 * law.limit  # software is at D to rounding by then
    decay = LN_10 * law.beta
    wanted = deployed + law.generation_gain
    if offered_ooms(law, held_software(law, z + longest), ln_m - decay * longest) < wanted:
        return math.inf
    low = 0.0
    high = longest
    x = 0.0
    for _ in range(100):
        software, room = software_and_room(z + x, law.limit)
        forgone = forgone_ooms(law, ln_m - decay * x)
        miss = software + forgone - wanted
        slope = room
        if forgone < 0.0 and forgone > law.floor_ooms:  # between the corners tau grows with z
            slope += law.shortening_exponent * law.beta
        if miss < 0.0:
            low = x
        else:
            high = x
        guess, is_newton = newton_in(low, high, x, miss, slope)
        if is_newton and abs(guess - x) <= 1e-9:
            return guess
        if not is_newton and high - low <= 1e-15 * (1.0 + z):
            return high
        x = guess
    return high


@part
def months_of_offer_when_held(law: Law, deployed: float, months: float) -> float:
    """Months at which a run becomes worth starting although software is held; inf when none does before the horizon.

    Notes
    -----
    At the limit M = 0 and nothing changes any more. At the 40 OOM cap the pace still sets tau, and reconfiguration
    moves it, in one direction only.
    """
    if margin(law, deployed, law.u_hold, months) >= 0.0:
        return months
    if law.reconfiguration_rate == 0.0 or margin(law, deployed, law.u_hold, law.horizon) < 0.0:
        return math.inf
    low = months
    high = law.horizon
    for _ in range(80):  # bisection to the last bit: it is rare
        middle = 0.5 * (low + high)
        if margin(law, deployed, law.u_hold, middle) >= 0.0:
            high = middle
        else:
            low = middle
    return high


@part
def watched(law: Law, deployed: float, panel: Panel, series: FloatArray, x: float, what: int) -> float:
    """The margin of a run (MARGIN) or ln M (PACE) at a position in a panel."""
    u = panel.u + 0.5 * panel.length * (1.0 + x)
    months = read(series[MONTHS], x)
    if what == MARGIN:
        return margin(law, deployed, u, months)
    return moving_ln_pace(law, deployed, u, months)


@part
def moving_ln_pace(law: Law, deployed: float, z: float, months: float) -> float:
    """ln M by the law up to the moment at which software is held."""
    return ln_pace(law, z, software_and_room(z, law.limit).software, deployed, months)


@part
def largest_inside(
    law: Law, deployed: float, panel: Panel, series: FloatArray, low: float, high: float, what: int
) -> float:
    """Position in a panel, between low and high, at which what is watched is largest, by golden sections."""
    for _ in range(45):  # down to 4e-10 of the range
        left, right = golden_points(low, high)
        at_left = watched(law, deployed, panel, series, left, what)
        if at_left < watched(law, deployed, panel, series, right, what):
            low = left
        else:
            high = right
    return 0.5 * (low + high)
