"""Bounds on the time that a window of software takes, where ln(dt/ds) is convex in software."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mc_sie._jit import inlined, part
from mc_sie.model.ces import exp, ln_ces_and_share
from mc_sie.model.chebyshev import LAST, N_NODES, NODES, FloatArray, read
from mc_sie.model.elementary import branchless_exp, ln_near_one
from mc_sie.model.law import NONE, SHORTENING, RouteLaw, software_at_u
from mc_sie.model.retraining import damped, pace_exponent
from mc_sie.model.workspace import SECOND, SECOND_SLOPE, Nodes
from mc_sie.units import LN_10

BALANCED = 0.03
"""Difference of ln(dt/ds) between the ends of a window that counts as balanced: the rest is bounded, to its square."""

MAX_STEPS = 20
"""Steps towards the balanced window after which the draw is left open."""

BETWEEN = -np.cos(np.pi * (np.arange(LAST) + 0.5) / LAST)
GAPS = np.diff(NODES)
"""Positions in [-1, 1] halfway between the nodes (in the angle), and how far apart the nodes are there."""


class Slowness(NamedTuple):
    """l = ln(dt/ds) and dl/ds at a level of software."""

    slowness_log: float
    slope: float


@inlined
def slowness_at(route_law: RouteLaw, mode: int, top: float, series: FloatArray, software: float) -> Slowness:
    """Slowness at a level of software: by the law in mode NONE, by a series in mode SHORTENING.

    The series are those of ln(g M) and its derivative over [0, top].
    """
    if mode == NONE:
        return slowness_of_law(route_law, software)
    return slowness_of_series(route_law, top, series, software)


@inlined
def slowness_of_law(route_law: RouteLaw, software: float) -> Slowness:
    """Slowness in mode none."""
    per_limit = 1.0 / route_law.limit
    room = 1.0 - software * per_limit
    ln_r, share = ln_ces_and_share(
        route_law.ln_labour + route_law.labour * software, route_law.compute * software, route_law.rho, route_law.alpha
    )
    steepness = LN_10 * route_law.beta
    harder = software if math.isinf(route_law.limit) else -route_law.limit * ln_near_one(room, -software * per_limit)
    slope = steepness / room - (route_law.labour * share + route_law.compute * (1.0 - share))
    return Slowness(steepness * harder - route_law.ln_speed - ln_r, slope)


@part
def slowness_of_series(route_law: RouteLaw, top: float, series: FloatArray, software: float) -> Slowness:
    """Slowness in mode shortening: its slope is the law's own, which may be far from the series'."""
    return Slowness(-read(series[SECOND], 2.0 * software / top - 1.0), -damped_slope(route_law, software))


@inlined
def damped_slope(route_law: RouteLaw, software: float) -> float:
    """d ln M / ds in mode shortening."""
    room = software_at_u(SHORTENING, route_law.limit, software).room
    return damped(SHORTENING, pace_exponent(route_law, software, room, software, 1.0), room)


@part
def series_miss(route_law: RouteLaw, top: float, nodes: Nodes, series: FloatArray) -> float:
    """About how far the series of ln M in mode shortening is off where it is worst; nan where the law gives none.

    The derivative is compared with the law halfway between the nodes that the series was made from, and the differences
    are added up from 0 on: the largest sum counts. The size of the last terms would not do. Where x changes sign the
    derivative has a jump in its second derivative and the terms fall slowly; where research turns sharply from one
    input to the other, two terms can be 0 by chance and the series be wrong by several per cent. A search of the domain
    for the worst laws found errors of up to 2.7 times the sum (1.8 for ``labour_multiplier`` above 1e-6).
    """
    half = 0.5 * top
    for j in range(LAST):
        nodes.turn[j] = damped_slope(route_law, half * (1.0 + BETWEEN[j]))
    total = 0.0
    largest = 0.0
    for j in range(LAST):
        total += half * GAPS[j] * (nodes.turn[j] - read(series[SECOND_SLOPE], BETWEEN[j]))
        if not abs(total) <= largest:  # nan is kept
            largest = abs(total)
    return largest


class NearBest(NamedTuple):
    """A window that is nearly the best: its start in OOM, and by how many months the best may be shorter (or nan).

    ``least`` is a quick lower bound on the months that it takes, from the tangents to l at its ends.
    """

    start: float
    shorter: float
    least: float


@part
def nearly_balanced(route_law: RouteLaw, mode: int, top: float, series: FloatArray, ooms: float) -> NearBest:
    """A window of a width that is nearly the best; the one at 0 where every other is slower."""
    start = 0.0
    low = 0.0
    high = top - ooms
    for _ in range(MAX_STEPS):
        at_start = slowness_at(route_law, mode, top, series, start)
        at_end = slowness_at(route_law, mode, top, series, start + ooms)
        imbalance = at_end.slowness_log - at_start.slowness_log
        # slower throughout, or faster
        is_end = (start == 0.0 and imbalance >= 0.0) or (start == top - ooms and imbalance <= 0.0)
        if is_end or abs(imbalance) < BALANCED:
            slow_a = exp(at_start.slowness_log)
            slow_b = exp(at_end.slowness_log)
            half = 0.5 * ooms
            least = half * (slow_a * tangent_mean(half * at_start.slope) + slow_b * tangent_mean(-half * at_end.slope))
            if is_end:
                return NearBest(start, 0.0, least)
            steepness = -at_start.slope
            if imbalance < 0.0:
                steepness = at_end.slope
            shorter = math.nan
            if steepness > 0.0:
                shorter = abs(imbalance * (slow_a - slow_b)) / steepness
            return NearBest(start, shorter, least)
        if imbalance < 0.0:
            low = start
        else:
            high = start
        bend = at_end.slope - at_start.slope
        guess = top
        if bend > 0.0:
            guess = start - imbalance / bend
        if not (guess > low and guess < high):  # Newton's step has left what is known: halve it
            if guess >= high and high == top - ooms and top < route_law.limit:
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
def chord_mean(left: float, right: float) -> float:
    """At least the mean of e^l over a stretch with these values at its ends, where l is convex.

    It is at most that along the chord of l, the logarithmic mean of the two, which is below ``(2 G + A) / 3`` with
    their geometric and arithmetic means (Carlson 1972).
    """
    return (2.0 * math.sqrt(left * right) + 0.5 * (left + right)) * (1.0 / 3.0)


@part
def window_bounds(
    route_law: RouteLaw, mode: int, top: float, series: FloatArray, nodes: Nodes, start: float, ooms: float
) -> tuple[float, float]:
    """Bounds on the months that a window takes, or both inf; ``nodes`` lend room for the numbers.

    At N levels a distance d apart. Above, the chords of l (:func:`chord_mean`). Below, the tangents: over the stretch
    of d around one with slope l', e^l takes at least ``d e^l sinh(y) / y`` with ``y = l' d / 2``, and the series of
    sinh(y)/y has no negative term; for the half stretches at the ends see :func:`tangent_mean`.
    """
    step = ooms / (N_NODES - 1)
    if mode == NONE:  # a loop for each mode, so that both are vectorised
        for j in range(N_NODES):
            at = slowness_of_law(route_law, start + step * j)
            nodes.scratch[j] = at.slowness_log
            nodes.turn[j] = 0.5 * step * at.slope
    else:
        for j in range(N_NODES):
            at = slowness_of_series(route_law, top, series, start + step * j)
            nodes.scratch[j] = at.slowness_log
            nodes.turn[j] = 0.5 * step * at.slope
    low = 0.0
    high = 0.0
    for j in range(N_NODES):
        nodes.growth[j] = branchless_exp(nodes.scratch[j])
        square = nodes.turn[j] * nodes.turn[j]
        # 1 + y^2/6 + y^4/120, at most sinh(y)/y
        nodes.weight[j] = nodes.growth[j] * (1.0 + square * (1 / 6 + square * (1 / 120)))
    for j in range(1, LAST):
        low += nodes.weight[j]
    for j in range(LAST):
        high += chord_mean(nodes.growth[j], nodes.growth[j + 1])
    # half a stretch at either end, on one side of its tangent only
    low += 0.5 * (nodes.growth[0] * tangent_mean(nodes.turn[0]) + nodes.growth[LAST] * tangent_mean(-nodes.turn[LAST]))
    return step * low, step * high


@part
def least_slowness(route_law: RouteLaw, top: float, series: FloatArray, ooms: float) -> float:
    """A lower bound on ln(dt/ds) up to ``top`` in mode none, from its tangents at the ends of a balanced window."""
    start = nearly_balanced(route_law, NONE, top, series, ooms).start
    at_start = slowness_of_law(route_law, start)
    at_end = slowness_of_law(route_law, start + ooms)
    if at_start.slope >= 0.0:
        return at_start.slowness_log - at_start.slope * start
    if at_end.slope <= 0.0:
        return at_end.slowness_log + at_end.slope * (top - start - ooms)
    x = (at_start.slowness_log - at_end.slowness_log + at_end.slope * ooms) / (at_end.slope - at_start.slope)
    return at_start.slowness_log + at_start.slope * x
