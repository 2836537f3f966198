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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp, ln_ces_and_share
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, fit, read
from mc_sie.model.collocation import Setting, Start, fill_exponents
from mc_sie.model.elementary import exp_and_expm1, ln_near_one
from mc_sie.model.law import CONTINUAL, NONE, SHORTENING, Law, RouteLaw, on_route, software_at_u
from mc_sie.model.retraining import damped, pace_exponent
from mc_sie.model.workspace import SECOND, SECOND_SLOPE, Nodes
from mc_sie.quantities import SOFTWARE_CAP_OOMS, TOP_OOMS
from mc_sie.units import LN_10

FloatArray = NDArray[np.float64]

NOT_BELOW, BELOW, OPEN = range(3)
"""Answers: the time is not below the threshold; it is; the bounds do not tell."""

CLEARANCE = 1e-6
"""A bound decides only if it clears the threshold by so much of it: far more than rounding."""

RESOLVED = 1e-9
"""Thresholds below it, in months, are left to the kernel: such a window is a difference of times that are not known
better, and next to a singularity rounding may put it on the other side."""

BALANCED = 0.03
"""Difference of ln(dt/ds) between the ends of a window that counts as balanced: the rest is bounded, to its square."""

MAX_STEPS = 20
"""Steps towards the balanced window after which the draw is left open."""

SERIES_SAFETY = 3.0
"""The series of ln M in mode shortening is taken to be wrong by this times what :func:`series_miss` finds."""

BETWEEN = -np.cos(np.pi * (np.arange(LAST) + 0.5) / LAST)
GAPS = np.diff(NODES)
"""Positions in [-1, 1] halfway between the nodes (in the angle), and how far apart the nodes are there."""


class Slowness(NamedTuple):
    """Slowness of software at a level of it.

    Attributes
    ----------
    slowness_log, slope : float
        l = ln(dt/ds), and dl/ds.
    """

    slowness_log: float
    slope: float


@part
def decide(
    law: Law, ooms: float, months: float, with_window: bool, nodes: Nodes, series: FloatArray
) -> tuple[int, int]:
    """Answers for the best window and for the one from the start: does e rise by some OOM in less than some months?

    Parameters
    ----------
    law : Law
        The draw.
    ooms : float
        Width k of the window.
    months : float
        Threshold.
    with_window : bool
        The best window is asked about; else only the one that starts at 0.
    nodes : Nodes
        Room for the numbers at some levels of software.
    series : array of shape (N_SERIES, N_TERMS)
        Room for series.

    Returns
    -------
    window, from_start : int
        NOT_BELOW, BELOW or OPEN. ``window`` is that of the start where it was not asked about.
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
    on = on_route(law, 0)
    mode = law.mode
    top = min(TOP_OOMS, law.limit)
    doubt = 0.0  # about ln M
    if mode == SHORTENING:
        fill_exponents(law, Setting(0, 0.0, False), Start(0.0, 0.0, 0.0), top, nodes)
        ln_start = law.ln_speed + law.ln_pace_start
        fit(nodes.second_slope, top, ln_start, series[SECOND_SLOPE], series[SECOND])
        doubt = SERIES_SAFETY * series_miss(on, top, nodes, series)
        if not doubt < 0.1:  # so large that bounds say little, or nan
            return OPEN, OPEN
    enough = months * (1.0 - CLEARANCE - 2.0 * doubt)
    at_most = months * (1.0 + CLEARANCE + 2.0 * doubt)

    start = 0.0
    shorter = 0.0
    if with_window:
        window = nearly_balanced(on, mode, top, series, ooms)
        if window.least - window.shorter > at_most:
            return NOT_BELOW, NOT_BELOW  # nor is the one from the start, which is longer
        start = window.start
        shorter = window.shorter
    low, high = window_bounds(on, mode, top, series, nodes, start, ooms)
    answer = OPEN
    if low - shorter > at_most:
        answer = NOT_BELOW
    elif high < enough:
        before = months_before_at_most(on, mode, top, series, start)
        if (before + high) * (1.0 + CLEARANCE + 2.0 * doubt) < law.horizon:
            answer = BELOW
    if start == 0.0 or answer == NOT_BELOW:
        return answer, answer

    low, high = window_bounds(on, mode, top, series, nodes, 0.0, ooms)
    from_start = OPEN
    if low > at_most:
        from_start = NOT_BELOW
    elif high < enough and high * (1.0 + CLEARANCE + 2.0 * doubt) < law.horizon:
        from_start = BELOW
    return answer, from_start


@part
def months_before_at_most(on: RouteLaw, mode: int, top: float, series: FloatArray, start: float) -> float:
    """Upper bound on the months until a window starts: along the chord of l from 0 to there."""
    if start == 0.0:
        return 0.0
    first = slowness_at(on, mode, top, series, 0.0)
    here = slowness_at(on, mode, top, series, start)
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
    on = on_route(law, 0)
    top = min(SOFTWARE_CAP_OOMS, law.limit)
    at_most = months * (1.0 + CLEARANCE)
    per_month = LN_10 * exp(law.ln_accumulation)
    until = law.horizon
    if not with_window:
        until = min(at_most, law.horizon)
    ahead = math.log10(1.0 + per_month * until)
    on = faster(on, ahead)
    need = ooms + math.log10(-math.expm1(-LN_10 * ooms) / (per_month * at_most))
    if need > top * (1.0 + CLEARANCE):
        return NOT_BELOW
    if not (need > 0.0 and need < top):  # hardly any software is needed, or rounding decides
        return OPEN
    gap = 0.0
    if with_window:
        gap = max(0.0, (-least_slowness(on, top, series, need) - law.ln_accumulation) / LN_10)
    if not gap < need:  # software may be so far ahead that the window says nothing of its pace
        return OPEN
    start = 0.0
    shorter = 0.0
    if with_window:
        window = nearly_balanced(on, NONE, top, series, need - gap)
        if window.least - window.shorter > at_most:
            return NOT_BELOW
        start = window.start
        shorter = window.shorter
    low, _ = window_bounds(on, NONE, top, series, nodes, max(start, gap), need - gap)
    if low - shorter > at_most:
        return NOT_BELOW
    return OPEN


@part
def faster(on: RouteLaw, ahead: float) -> RouteLaw:
    """The law of mode none with a deployed system that is some OOM ahead of software: more labour from the start."""
    ln_labour = on.ln_labour + on.labour * (1.0 - on.psi) * ahead
    return RouteLaw(
        on.rho,
        on.alpha,
        on.limit,
        on.beta,
        ln_labour,
        on.labour,
        on.psi,
        on.compute,
        on.labour_exponent,
        on.compute_exponent,
        on.ln_speed,
        on.ln_accumulation,
        on.rho_long,
        on.reconfiguration_rate,
    )


@part
def least_slowness(on: RouteLaw, top: float, series: FloatArray, ooms: float) -> float:
    """A lower bound on ln(dt/ds) up to ``top`` in mode none, from its tangents at the ends of a balanced window."""
    start = nearly_balanced(on, NONE, top, series, ooms).start
    a = slowness_of_law(on, start)
    b = slowness_of_law(on, start + ooms)
    if a.slope >= 0.0:
        return a.slowness_log - a.slope * start
    if b.slope <= 0.0:
        return b.slowness_log + b.slope * (top - start - ooms)
    x = (a.slowness_log - b.slowness_log + b.slope * ooms) / (b.slope - a.slope)
    return a.slowness_log + a.slope * x


class NearBest(NamedTuple):
    """A window that is nearly the best.

    Attributes
    ----------
    start : float
        Where it starts, OOM.
    shorter : float
        By how much the best one may be shorter, months; nan where that is not known.
    least : float
        A quick lower bound on the months that it takes, from the tangents to l at its ends.
    """

    start: float
    shorter: float
    least: float


@part
def nearly_balanced(on: RouteLaw, mode: int, top: float, series: FloatArray, ooms: float) -> NearBest:
    """A window that is nearly the best; the one at 0 where every other is slower.

    Parameters
    ----------
    on, mode, top, series
        As in :func:`slowness_at`.
    ooms : float
        Its width.

    Returns
    -------
    Nearly
        The window.
    """
    start = 0.0
    low = 0.0
    high = top - ooms
    for _ in range(MAX_STEPS):
        a = slowness_at(on, mode, top, series, start)
        b = slowness_at(on, mode, top, series, start + ooms)
        imbalance = b.slowness_log - a.slowness_log
        # slower throughout, or faster
        is_end = (start == 0.0 and imbalance >= 0.0) or (start == top - ooms and imbalance <= 0.0)
        if is_end or abs(imbalance) < BALANCED:
            slow_a = exp(a.slowness_log)
            slow_b = exp(b.slowness_log)
            half = 0.5 * ooms
            least = half * (slow_a * tangent_mean(half * a.slope) + slow_b * tangent_mean(-half * b.slope))
            if is_end:
                return NearBest(start, 0.0, least)
            steepness = -a.slope
            if imbalance < 0.0:
                steepness = b.slope
            shorter = math.nan
            if steepness > 0.0:
                shorter = abs(imbalance * (slow_a - slow_b)) / steepness
            return NearBest(start, shorter, least)
        if imbalance < 0.0:
            low = start
        else:
            high = start
        bend = b.slope - a.slope
        guess = top
        if bend > 0.0:
            guess = start - imbalance / bend
        if not (guess > low and guess < high):
            if guess >= high and high == top - ooms and top < on.limit:
                guess = high  # the end itself may be the best, unless time there is infinite
            else:
                guess = 0.5 * (low + high)
        start = guess
    return NearBest(start, math.nan, 0.0)


@inlined
def tangent_mean(change: float) -> float:
    """At most the mean of e^y between y = 0 and y = change: the series of (e^c - 1) / c, cut short."""
    rise = max(0.0, change)
    more = rise * rise * ((1 / 6 + rise * (1 / 24)) + rise * rise * (1 / 120 + rise * (1 / 720 + rise * (1 / 5040))))
    return max(0.0, 1.0 + 0.5 * change) + more


@inlined
def slowness_at(on: RouteLaw, mode: int, top: float, series: FloatArray, software: float) -> Slowness:
    """Slowness at a level of software.

    Parameters
    ----------
    on : RouteLaw
        The draw.
    mode : int
        NONE, where the law is used; or SHORTENING.
    top : float
        Software up to which the series reaches.
    series : array of shape (N_SERIES, N_TERMS)
        In mode shortening, ln(g M) and its derivative over [0, top].
    software : float
        s in OOM.

    Returns
    -------
    Slowness
        ln(dt/ds) and its slope.
    """
    if mode == NONE:
        return slowness_of_law(on, software)
    return slowness_of_series(on, top, series, software)


@inlined
def slowness_of_law(on: RouteLaw, software: float) -> Slowness:
    """Slowness in mode none."""
    per_limit = 1.0 / on.limit
    room = 1.0 - software * per_limit
    ln_r, share = ln_ces_and_share(on.ln_labour + on.labour * software, on.compute * software, on.rho, on.alpha)
    steepness = LN_10 * on.beta
    harder = software if math.isinf(on.limit) else -on.limit * ln_near_one(room, -software * per_limit)
    slope = steepness / room - (on.labour * share + on.compute * (1.0 - share))
    return Slowness(steepness * harder - on.ln_speed - ln_r, slope)


@part
def slowness_of_series(on: RouteLaw, top: float, series: FloatArray, software: float) -> Slowness:
    """Slowness in mode shortening: its slope is the law's own, which may be far from the series'."""
    return Slowness(-read(series[SECOND], 2.0 * software / top - 1.0), -damped_slope(on, software))


@inlined
def damped_slope(on: RouteLaw, software: float) -> float:
    """d ln M / ds in mode shortening."""
    _, room, _ = software_at_u(SHORTENING, on.limit, software)
    return damped(SHORTENING, pace_exponent(on, software, room, software, 1.0), room)


@inlined
def chord_mean(left: float, right: float) -> float:
    """At least the mean of e^l over a stretch with these values at its ends, where l is convex.

    It is at most that along the chord of l, the logarithmic mean of the two, which is below ``(2 G + A) / 3`` with
    their geometric and arithmetic means (Carlson 1972).
    """
    return (2.0 * math.sqrt(left * right) + 0.5 * (left + right)) * (1.0 / 3.0)


@part
def series_miss(on: RouteLaw, top: float, nodes: Nodes, series: FloatArray) -> float:
    """About how far the series of ln M in mode shortening is off where it is worst.

    Parameters
    ----------
    on : RouteLaw
        The draw.
    top : float
        Software up to which the series reaches.
    nodes : Nodes
        Room for the numbers at some levels of software.
    series : array of shape (N_SERIES, N_TERMS)
        ln(g M) and its derivative over [0, top].

    Returns
    -------
    float
        In units of ln M; nan where the law gives none.

    Notes
    -----
    The derivative is compared with the law halfway between the nodes that the series was made from, and the
    differences are added up from 0 on: the largest sum counts. The size of the last terms would not do. Where x changes
    sign the derivative has a jump in its second derivative and the terms fall slowly; where research turns sharply from
    one input to the other, two terms can be 0 by chance and the series be wrong by several per cent. A search of the
    domain for the worst laws found errors of up to 2.7 times the sum (1.8 for ``labour_multiplier`` above 1e-6).
    """
    half = 0.5 * top
    for j in range(LAST):
        nodes.turn[j] = damped_slope(on, half * (1.0 + BETWEEN[j]))
    total = 0.0
    largest = 0.0
    for j in range(LAST):
        total += half * GAPS[j] * (nodes.turn[j] - read(series[SECOND_SLOPE], BETWEEN[j]))
        if not abs(total) <= largest:  # nan is kept
            largest = abs(total)
    return largest


@part
def window_bounds(
    on: RouteLaw, mode: int, top: float, series: FloatArray, nodes: Nodes, start: float, ooms: float
) -> tuple[float, float]:
    """Bounds on the months that a window takes.

    Parameters
    ----------
    on, mode, top, series
        As in :func:`slowness_at`.
    nodes : Nodes
        Room for the numbers at some levels of software.
    start, ooms : float
        Where the window starts, and its width.

    Returns
    -------
    low, high : float
        In months, or both inf.

    Notes
    -----
    At N levels a distance d apart. Above, the chords of l (:func:`chord_mean`). Below, the tangents: over the stretch
    of d around one with slope l', e^l takes at least ``d e^l sinh(y) / y`` with ``y = l' d / 2``, and the series of
    sinh(y)/y has no negative term; for the half stretches at the ends see :func:`tangent_mean`.
    """
    step = ooms / (N_NODES - 1)
    if mode == NONE:
        for j in range(N_NODES):
            at = slowness_of_law(on, start + step * j)
            nodes.scratch[j] = at.slowness_log
            nodes.turn[j] = 0.5 * step * at.slope
    else:
        for j in range(N_NODES):
            at = slowness_of_series(on, top, series, start + step * j)
            nodes.scratch[j] = at.slowness_log
            nodes.turn[j] = 0.5 * step * at.slope
    low = 0.0
    high = 0.0
    for j in range(N_NODES):
        nodes.growth[j], _ = exp_and_expm1(nodes.scratch[j])
        square = nodes.turn[j] * nodes.turn[j]
        nodes.weight[j] = nodes.growth[j] * (1.0 + square * (1 / 6 + square * (1 / 120)))
    for j in range(1, LAST):
        low += nodes.weight[j]
    for j in range(LAST):
        high += chord_mean(nodes.growth[j], nodes.growth[j + 1])
    low += 0.5 * (nodes.growth[0] * tangent_mean(nodes.turn[0]) + nodes.growth[LAST] * tangent_mean(-nodes.turn[LAST]))
    return step * low, step * high
