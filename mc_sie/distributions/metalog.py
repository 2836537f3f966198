"""Metalogs: the smooth, one-humped distribution that has stated quantiles exactly, between bounds where there are any.

The quantile function is a sum of as many terms as there are quantiles, linear in its coefficients, so that quantiles
determine it by one system of equations. It is taken on the scale that the bounds suggest: the value itself, the
logarithm of the distance from one bound, or the log-odds between two. Not every set of quantiles has one that rises
throughout and has a single hump: :func:`metalog` refuses the others, and says what would do.

References
----------
Keelin, T. W. (2016). The metalog distributions. Decision Analysis 13(4), 243-277.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from mc_sie.distributions.base import Array, Continuous, Standard, Unusable, logistic, mean_of_quantiles, rising_root
from mc_sie.distributions.fitting import in_order

_TERMS = ((0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1))
"""Powers of u - 1/2 and of the log-odds of u in each term, in Keelin's order."""

TERMS_HIGH = len(_TERMS)
"""Most quantiles: more are a table."""

_LOG_ODDS = np.sinh(np.linspace(-7.4, 7.4, 2001))  # to +-818: beyond that probabilities underflow
_WITHIN = np.linspace(-40.0, 40.0, 4001)  # log-odds beyond which every term is a straight line
_ROUNDING = 1e-9  # of a logarithm of the density
_N_TRIED = 60  # values between two quantiles, or bounds, in the search for what would do


@dataclass(frozen=True)
class Metalog(Standard):
    """A metalog distribution, unbounded, bounded on one side, or on both.

    Parameters
    ----------
    coefficients : tuple of float
        Of the terms.
    low, high : float
        Bounds, infinite where there is none.
    """

    coefficients: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf

    @cached_property
    def reflected(self) -> Standard:  # type: ignore[override]
        """Distribution of the negative value: terms that are odd in the log-odds keep their sign."""
        signs = [-((-1.0) ** (power + is_log)) for power, is_log in _TERMS]
        turned = tuple(sign * one for sign, one in zip(signs, self.coefficients, strict=False))
        return Metalog(turned, -self.high, -self.low)

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Expected value; infinite where one side is without bound and its tail that of a power of 1 or less."""
        first, last = self._tail_slopes
        if math.isinf(self.high) and math.isfinite(self.low) and last >= 1.0:
            return math.inf
        if math.isinf(self.low) and math.isfinite(self.high) and first >= 1.0:
            return -math.inf
        return mean_of_quantiles(lambda u, v: np.where(u <= v, self.ppf(u), -self.reflected.ppf(v)), 6.0)

    def cdf(self, z: Array) -> Array:
        """P(Z <= z)."""
        return logistic(self._log_odds(z))

    def pdf(self, z: Array) -> Array:
        """Density at z."""
        values = np.asarray(z, dtype=np.float64)
        inside = (values > self.low) & (values < self.high)
        density = np.zeros_like(values)
        density[inside] = np.exp(self._log_density(self._log_odds(values[inside])))
        return density

    def ppf(self, p: Array) -> Array:
        """Value with probability p below it."""
        with np.errstate(divide="ignore"):
            odds = np.clip(np.log(p) - np.log1p(-p), _LOG_ODDS[0], _LOG_ODDS[-1])
        x = _value(self._position(odds), self.low, self.high)
        return np.where(p <= 0.0, self.low, np.where(p >= 1.0, self.high, x))

    @property
    def flaw(self) -> str | None:
        """What is wrong with it as a distribution; None where it rises throughout and has one hump."""
        if min(*self._tail_slopes, float(np.min(self._slope(_WITHIN)))) <= 0.0:
            return "no metalog"
        heights = self._log_density(_WITHIN)
        peak = int(np.argmax(heights))
        for side in (heights[: peak + 1], heights[peak:][::-1]):
            if np.any(np.maximum.accumulate(side) - side > _ROUNDING):
                return "only a metalog of several humps"
        return None

    def _position(self, odds: Array) -> Array:
        """Place on the scale of the bounds, by the log-odds of the probability below."""
        share = logistic(odds) - 0.5
        parts = (a * share**power * odds**is_log for a, (power, is_log) in self._with_powers)
        return np.asarray(sum(parts, np.zeros_like(odds)))

    def _slope(self, odds: Array) -> Array:
        """Derivative of the place by the log-odds."""
        share = logistic(odds) - 0.5
        bend = logistic(odds) * logistic(-odds)
        found = np.zeros_like(odds)
        for a, (power, is_log) in self._with_powers:
            if power:
                found += a * power * share ** (power - 1) * bend * odds**is_log
            if is_log:
                found += a * share**power
        return found

    @property
    def _with_powers(self) -> list[tuple[float, tuple[int, int]]]:
        return list(zip(self.coefficients, _TERMS, strict=False))

    @property
    def _tail_slopes(self) -> tuple[float, float]:
        """The slope in the far lower and upper tail, where the place is a straight line in the log-odds."""
        logs = [(a, power) for a, (power, is_log) in self._with_powers if is_log]
        return sum(a * (-0.5) ** power for a, power in logs), sum(a * 0.5**power for a, power in logs)

    def _log_density(self, odds: Array) -> Array:
        log_bend = -np.abs(odds) - 2.0 * np.log1p(np.exp(-np.abs(odds)))
        with np.errstate(divide="ignore", invalid="ignore"):
            by_place = log_bend - np.log(self._slope(odds))
        return by_place - _log_stretch(self._position(odds), self.low, self.high)

    @cached_property
    def _places(self) -> Array:
        return self._position(_LOG_ODDS)

    def _log_odds(self, z: ArrayLike) -> Array:
        """Log-odds of the probability below a value: Newton steps from the cell of a table that holds it."""
        values = np.asarray(z, dtype=np.float64)
        aim = np.clip(_place(values, self.low, self.high), self._places[0], self._places[-1])
        cell = np.clip(np.searchsorted(self._places, aim) - 1, 0, len(_LOG_ODDS) - 2)
        found = rising_root(
            lambda odds: self._position(odds) - aim, self._slope, _LOG_ODDS[cell], _LOG_ODDS[cell + 1], 1e-15
        )
        return np.where(values <= self.low, -math.inf, np.where(values >= self.high, math.inf, found))


def metalog(quantiles: Mapping[str, float], low: float = -math.inf, high: float = math.inf) -> Continuous:
    """The metalog with as many terms as there are quantiles, which has them exactly.

    Parameters
    ----------
    quantiles : mapping of str to float
        Two to :data:`TERMS_HIGH`, named as in :func:`mc_sie.distributions.fitting.probability`, in the quantity's unit.
    low, high : float
        Bounds, infinite where there is none.

    Returns
    -------
    Continuous
        Smooth, with a single hump (which may lie at a bound).

    Raises
    ------
    Unusable
        When the quantiles are not in order or not between the bounds, or no metalog with one hump has them; the remedy
        names the nearest value of one of them, or a bound, with which there is one.
    """
    names, probs, values = in_order(quantiles, TERMS_HIGH)
    for name, value in zip(names, values, strict=True):
        if not low < value < high:
            remedy = "Quantiles lie strictly between low and high, which are the ends of the domain unless given."
            raise Unusable(f"quantiles.{name}", f"is not between low = {low:g} and high = {high:g}", remedy)
    found = _through(probs, values, low, high)
    flaw = found.flaw
    if flaw is not None:
        place, remedy = _what_would_do(names, probs, values, low, high)
        raise Unusable(f"quantiles.{names[place]}", f"cannot be met with the others: {flaw} has them", remedy)
    stated = ", ".join(f"{name} = {value:g}" for name, value in zip(names, values, strict=True))
    ends = {(False, False): "", (True, False): f" above {low:g}", (False, True): f" below {high:g}"}
    bounded = ends.get((math.isfinite(low), math.isfinite(high)), f" between {low:g} and {high:g}")
    return Continuous(f"metalog{bounded} with {stated}", found, 0.0, 1.0, (low, high))


def _through(probs: Array, values: Array, low: float, high: float) -> Metalog:
    """The metalog that has some quantiles, sound or not."""
    odds = np.log(probs) - np.log1p(-probs)
    terms = [(probs - 0.5) ** power * odds**is_log for power, is_log in _TERMS[: len(probs)]]
    return Metalog(tuple(np.linalg.solve(np.array(terms).T, _place(values, low, high)).tolist()), low, high)


def _what_would_do(names: list[str], probs: Array, values: Array, low: float, high: float) -> tuple[int, str]:
    """The quantile that has to move least, on the scale of the bounds, and what else would do."""
    places = _place(values, low, high)
    span = places[-1] - places[0]
    around = np.concatenate([[places[0] - span], places, [places[-1] + span]])
    best = (math.inf, len(values) // 2, 0.0)  # the middle one, where no single one can be moved

    def is_sound(place: int, to: float) -> bool:
        moved = _value(np.where(np.arange(len(places)) == place, to, places), low, high)
        return bool(np.all(np.diff(moved) > 0.0)) and _through(probs, moved, low, high).flaw is None

    for place, stated in enumerate(places):
        for to in np.linspace(around[place], around[place + 2], _N_TRIED + 2)[1:-1]:
            if abs(to - stated) < best[0] and is_sound(place, to):
                best = (abs(to - stated), place, float(to))
    distance, place, to = best
    remedies = []
    if math.isfinite(distance):
        off = float(places[place])
        is_up = to > off
        for _ in range(20):  # nearer to what was stated
            middle = 0.5 * (off + to)
            if is_sound(place, middle):
                to = middle
            else:
                off = middle
        would = _rounded(float(_value(np.array([to]), low, high)[0]), is_up=is_up)
        remedies.append(f"{names[place]} = {would:.3g} would go with them.")
    for key, bound in _nearer_bounds(probs, values, low, high).items():
        remedies.append(f"With {key} = {bound:g} there is one for all of them.")
    return place, " ".join([*remedies, "Or state fewer quantiles, or a mixture."])


def _rounded(value: float, *, is_up: bool) -> float:
    """Three digits, rounded away from where there is no metalog."""
    unit = 10.0 ** (math.floor(math.log10(abs(value) or 1.0)) - 2)
    if is_up:
        return math.ceil(value / unit) * unit
    return math.floor(value / unit) * unit


def _nearer_bounds(probs: Array, values: Array, low: float, high: float) -> dict[str, float]:
    """The loosest bound on each side, nearer than the one there is, with which a metalog has the quantiles."""
    found = {}
    for distance in (values[-1] - values[0]) * np.geomspace(10.0, 0.01, _N_TRIED):
        lower = float(f"{values[0] - distance:.2g}")
        upper = float(f"{values[-1] + distance:.2g}")
        if "low" not in found and low < lower < values[0] and _through(probs, values, lower, high).flaw is None:
            found["low"] = lower
        if "high" not in found and values[-1] < upper < high and _through(probs, values, low, upper).flaw is None:
            found["high"] = upper
    return found


def _place(x: Array, low: float, high: float) -> Array:
    """Values on the scale of their bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if math.isfinite(low) and math.isfinite(high):
            return np.asarray(np.log(np.maximum(x - low, 0.0)) - np.log(np.maximum(high - x, 0.0)))
        if math.isfinite(low):
            return np.asarray(np.log(np.maximum(x - low, 0.0)))
        if math.isfinite(high):
            return -np.log(np.maximum(high - x, 0.0))
    return x


def _value(y: Array, low: float, high: float) -> Array:
    """The inverse of :func:`_place`."""
    with np.errstate(over="ignore"):
        if math.isfinite(low) and math.isfinite(high):
            return low + (high - low) * logistic(y)
        if math.isfinite(low):
            return low + np.exp(y)
        if math.isfinite(high):
            return high - np.exp(-y)
    return y


def _log_stretch(y: Array, low: float, high: float) -> Array:
    """Logarithm of the derivative of :func:`_value`."""
    if math.isfinite(low) and math.isfinite(high):
        return math.log(high - low) - np.abs(y) - 2.0 * np.log1p(np.exp(-np.abs(y)))
    if math.isfinite(low):
        return y
    if math.isfinite(high):
        return -y
    return np.zeros_like(y)
