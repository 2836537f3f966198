"""Events that bounds decide without a trajectory: effective compute rises by k OOM in less than some months.

For one autonomous route with rho <= 0 and deployed systems kept up to date, ln M is a concave function of software s,
so that the slowness ``dt/ds = e^l``, ``l = -ln(g M)``, has a convex logarithm. The time that a window takes is the
integral of e^l over it, and convexity bounds it on both sides from values at a few levels of software: below by the
tangents to l, above by its chords. In modes none and shortening e = s, and few draws lie so close to the threshold that
the bounds leave them open; in mode continual a law that is nowhere slower (:func:`decide_continual`) tells which draws
are too slow.

The window looked at is about the one with equal slowness at both ends. With F = l(a + k) - l(a) there, the best window
starts within ``abs(F) / l'`` of a, l' being the steepness of the end that it moves away from (the convex l rises at
least so fast beyond it), so that it is at most ``(abs(F) / l') abs(e^l(a) - e^l(a + k))`` shorter.
"""

from __future__ import annotations

import math

from mc_sie._jit import part
from mc_sie.model.ces import exp
from mc_sie.model.chebyshev import FloatArray, fit
from mc_sie.model.law import CONTINUAL, NONE, SHORTENING, Law, RouteLaw, on_route
from mc_sie.model.panels import Setting, Start
from mc_sie.model.quadrature import fill_exponents
from mc_sie.model.slowness_bounds import least_slowness, nearly_balanced, series_miss, slowness_at, window_bounds
from mc_sie.model.workspace import SECOND, SECOND_SLOPE, Nodes
from mc_sie.quantities import SOFTWARE_CAP_OOMS, TOP_OOMS
from mc_sie.units import LN_10

NOT_BELOW, BELOW, OPEN = range(3)
"""Answers: the time is not below the threshold; it is; the bounds do not tell."""

CLEARANCE = 1e-6
"""A bound decides only if it clears the threshold by so much of it: far more than rounding."""

RESOLVED = 1e-9
"""Thresholds below it, in months, are left to the kernel: such a window is a difference of times that are not known
better, and next to a singularity rounding may put it on the other side."""

SERIES_SAFETY = 3.0
"""The series of ln M in mode shortening is taken to be wrong by this times what :func:`series_miss` finds."""


@part
def decide(
    law: Law, ooms: float, months: float, with_window: bool, nodes: Nodes, series: FloatArray
) -> tuple[int, int]:
    """Answers for the best window and for the one from the start: does e rise by some OOM in less than some months?

    NOT_BELOW, BELOW or OPEN. Where only the window from the start is asked about, both answers are its. ``nodes`` and
    ``series`` lend room for numbers at some levels of software.
    """
    if law.rho > 0.0 or not math.isnan(law.rho2) or law.reconfiguration_rate > 0.0:  # ln M need not be concave
        return OPEN, OPEN
    if months < RESOLVED:
        return OPEN, OPEN
    if law.mode == CONTINUAL:
        answer = decide_continual(law, ooms, months, with_window, nodes, series)
        return answer, answer
    if law.mode == NONE or law.mode == SHORTENING:
        return decide_current(law, ooms, months, with_window, nodes, series)
    return OPEN, OPEN  # one-sided damping has a kink where the pace turns; from scratch e moves in jumps


@part
def decide_current(
    law: Law, ooms: float, months: float, with_window: bool, nodes: Nodes, series: FloatArray
) -> tuple[int, int]:
    """Answers in the modes none and shortening, where e = s; arguments as in :func:`decide`.

    Notes
    -----
    A window may end with the trajectory: at 20 OOM, at D, or at the horizon. Without the horizon it can only be
    shorter, so that nothing changes where it is too long; where it is short enough, its end must come before the
    horizon.
    """
    if law.limit < ooms * (1.0 - CLEARANCE):  # software never rises so far
        return NOT_BELOW, NOT_BELOW
    if law.limit < ooms * (1.0 + CLEARANCE):
        return OPEN, OPEN
    route_law = on_route(law, 0)
    mode = law.mode
    top = min(TOP_OOMS, law.limit)
    doubt = 0.0  # about ln M
    if mode == SHORTENING:
        fill_exponents(law, Setting(0, 0.0, False), Start(0.0, 0.0, 0.0), top, nodes)
        ln_start = law.ln_speed + law.ln_pace_start
        fit(nodes.second_slope, top, ln_start, series[SECOND_SLOPE], series[SECOND])
        doubt = SERIES_SAFETY * series_miss(route_law, top, nodes, series)
        if not doubt < 0.1:  # so large that bounds say little, or nan
            return OPEN, OPEN
    enough = months * (1.0 - CLEARANCE - 2.0 * doubt)
    at_most = months * (1.0 + CLEARANCE + 2.0 * doubt)

    start = 0.0
    shorter = 0.0
    if with_window:
        window = nearly_balanced(route_law, mode, top, series, ooms)
        if window.least - window.shorter > at_most:
            return NOT_BELOW, NOT_BELOW  # nor is the one from the start, which is longer
        start = window.start
        shorter = window.shorter
    low, high = window_bounds(route_law, mode, top, series, nodes, start, ooms)
    answer = OPEN
    if low - shorter > at_most:
        answer = NOT_BELOW
    elif high < enough:
        before = months_before_at_most(route_law, mode, top, series, start)
        if (before + high) * (1.0 + CLEARANCE + 2.0 * doubt) < law.horizon:
            answer = BELOW
    if start == 0.0 or answer == NOT_BELOW:
        return answer, answer

    low, high = window_bounds(route_law, mode, top, series, nodes, 0.0, ooms)
    from_start = OPEN
    if low > at_most:
        from_start = NOT_BELOW
    elif high < enough and high * (1.0 + CLEARANCE + 2.0 * doubt) < law.horizon:
        from_start = BELOW
    return answer, from_start


@part
def months_before_at_most(route_law: RouteLaw, mode: int, top: float, series: FloatArray, start: float) -> float:
    """Upper bound on the months until a window starts: along the chord of l from 0 to there."""
    if start == 0.0:
        return 0.0
    first = slowness_at(route_law, mode, top, series, 0.0)
    here = slowness_at(route_law, mode, top, series, start)
    fall = first.slowness_log - here.slowness_log
    mean = 1.0
    if fall != 0.0:
        mean = -math.expm1(-fall) / fall
    return start * exp(first.slowness_log) * mean


@part
def decide_continual(law: Law, ooms: float, months: float, with_window: bool, nodes: Nodes, series: FloatArray) -> int:
    """Answer in mode continual: NOT_BELOW where a law that is nowhere slower is too slow, else OPEN.

    Notes
    -----
    With c = chi / tau_0, dE/dt = c 10^s and s never falling, ``E <= 1 + c t 10^s``, so that up to a time t_max the
    deployed system is at most q = log10(1 + c t_max) OOM ahead of software, and the pace at most that with a = s + q,
    which is a law of mode none.

    A window of k OOM and w months takes software to at least ``s_2 = e_1 + log10((10^k - 1) / (c w))``, its E growing
    by at most ``c w 10^s_2``. Software may be ahead of e_1 when it starts, by gamma = s_1 - e_1 <= s_1. The gap grows
    by g M - (c / ln 10) 10^gamma: it stays below G, where the two are equal at the largest pace. So software rises by
    at least ``s_2 - e_1`` less G, and starts from at least G where the gap is that large: a smaller gap means a window
    that contains this one.
    """
    route_law = on_route(law, 0)
    top = min(SOFTWARE_CAP_OOMS, law.limit)
    at_most = months * (1.0 + CLEARANCE)
    per_month = LN_10 * exp(law.ln_accumulation)
    until = law.horizon
    if not with_window:
        until = min(at_most, law.horizon)
    ahead = math.log10(1.0 + per_month * until)
    route_law = faster(route_law, ahead)
    need = ooms + math.log10(-math.expm1(-LN_10 * ooms) / (per_month * at_most))
    if need > top * (1.0 + CLEARANCE):
        return NOT_BELOW
    if not (need > 0.0 and need < top):  # hardly any software is needed, or rounding decides
        return OPEN
    gap = 0.0
    if with_window:
        gap = max(0.0, (-least_slowness(route_law, top, series, need) - law.ln_accumulation) / LN_10)
    if not gap < need:  # software may be so far ahead that the window says nothing of its pace
        return OPEN
    start = 0.0
    shorter = 0.0
    if with_window:
        window = nearly_balanced(route_law, NONE, top, series, need - gap)
        if window.least - window.shorter > at_most:
            return NOT_BELOW
        start = window.start
        shorter = window.shorter
    low = window_bounds(route_law, NONE, top, series, nodes, max(start, gap), need - gap)[0]
    if low - shorter > at_most:
        return NOT_BELOW
    return OPEN


@part
def faster(route_law: RouteLaw, ahead: float) -> RouteLaw:
    """The law of mode none with a deployed system that is some OOM ahead of software: more labour from the start."""
    ln_labour = route_law.ln_labour + route_law.labour * (1.0 - route_law.psi) * ahead
    return RouteLaw(
        route_law.rho,
        route_law.alpha,
        route_law.limit,
        route_law.beta,
        ln_labour,
        route_law.labour,
        route_law.psi,
        route_law.compute,
        route_law.labour_exponent,
        route_law.compute_exponent,
        route_law.ln_speed,
        route_law.ln_accumulation,
        route_law.rho_long,
        route_law.reconfiguration_rate,
    )
