"""Distributions given by numbers: histograms and tabulated quantile functions.

Both are one thing underneath, a quantile function in pieces: straight in each bin of a histogram, a monotone cubic
between the points of a table. As a :class:`~mc_sie.distributions.base.Standard` distribution it can be truncated, mixed
and put on a logarithmic scale like any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mc_sie.distributions.base import Array, Continuous, Standard, Unusable, rising_root

Cells = NDArray[np.intp]


@dataclass(frozen=True)
class Piecewise(Standard):
    """A quantile function in pieces, monotone and continuous but for gaps that have no probability.

    Parameters
    ----------
    probs : tuple of float
        From 0 to 1, rising, n + 1 of them.
    lows, highs : tuple of float
        Values at both ends of each of the n pieces.
    firsts, lasts : tuple of float
        Slopes at both ends of each piece, relative to the straight line through it, in (0, 3): a cubic has them, and
        rises. Both are 1 for a straight piece.
    """

    probs: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    firsts: tuple[float, ...]
    lasts: tuple[float, ...]

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Expected value, exact for the pieces."""
        inside = 0.5 + (self._first - self._last) / 12.0
        return float(np.sum(self._rises * (self._low + self._widths * inside)))

    @property
    def breaks(self) -> tuple[float, ...]:  # type: ignore[override]
        """Where one piece ends and the next begins."""
        return self.probs

    @cached_property
    def reflected(self) -> Standard:  # type: ignore[override]
        """Distribution of the negative value, without pieces so near 0 that reflected they do not differ from 1."""
        upto = 1.0 - self._at[::-1]
        kept = np.flatnonzero(np.diff(upto) > 0.0)
        columns = (-self._high[::-1], -self._low[::-1], self._last[::-1], self._first[::-1])
        return Piecewise(
            (*upto[kept].tolist(), 1.0),
            *(tuple(column[kept].tolist()) for column in columns),  # type: ignore[arg-type]
        )

    def cdf(self, z: Array) -> Array:
        """P(Z <= z)."""
        cell, share = self._place(z)
        return np.clip(self._at[cell] + self._rises[cell] * share, 0.0, 1.0)

    def pdf(self, z: Array) -> Array:
        """Density at z."""
        cell, share = self._place(z)
        inside = (z >= self._low[cell]) & (z <= self._high[cell])
        return np.where(inside, self._rises[cell] / (self._widths[cell] * self._slope(cell, share)), 0.0)

    def ppf(self, p: Array) -> Array:
        """Value with probability p below it."""
        cell = np.clip(np.searchsorted(self._at, p, side="left") - 1, 0, len(self.lows) - 1)
        return self._value(cell, np.clip((p - self._at[cell]) / self._rises[cell], 0.0, 1.0))

    def mean_exp(self, scale: float) -> float:
        """E exp(scale Z), by sixteen points in each piece."""
        nodes, weights = np.polynomial.legendre.leggauss(16)
        cells = np.repeat(np.arange(len(self.lows)), len(nodes))
        values = np.exp(scale * self._value(cells, np.tile(0.5 + 0.5 * nodes, len(self.lows))))
        return float(np.sum(np.repeat(self._rises, len(nodes)) * np.tile(0.5 * weights, len(self.lows)) * values))

    @cached_property
    def _at(self) -> Array:
        return np.array(self.probs)

    @cached_property
    def _rises(self) -> Array:
        return np.diff(self._at)

    @cached_property
    def _low(self) -> Array:
        return np.array(self.lows)

    @cached_property
    def _high(self) -> Array:
        return np.array(self.highs)

    @cached_property
    def _widths(self) -> Array:
        return self._high - self._low

    @cached_property
    def _first(self) -> Array:
        return np.array(self.firsts)

    @cached_property
    def _last(self) -> Array:
        return np.array(self.lasts)

    @cached_property
    def _is_straight(self) -> bool:
        return bool(np.all(self._first == 1.0) and np.all(self._last == 1.0))

    def _value(self, cell: Cells, share: Array) -> Array:
        return np.asarray(self._low[cell] + self._widths[cell] * self._risen(cell, share))

    def _risen(self, cell: Cells, share: Array) -> Array:
        """Share of a piece's width in value, for a share of its probability."""
        first = self._first[cell]
        last = self._last[cell]
        return np.asarray(share * (first + share * ((3.0 - 2.0 * first - last) + share * (first + last - 2.0))))

    def _slope(self, cell: Cells, share: Array) -> Array:
        first = self._first[cell]
        last = self._last[cell]
        return np.asarray(first + share * (2.0 * (3.0 - 2.0 * first - last) + share * 3.0 * (first + last - 2.0)))

    def _place(self, z: Array) -> tuple[Cells, Array]:
        """The piece in which each value lies (or before which, in a gap), and how far along it."""
        values = np.asarray(z, dtype=np.float64)
        cell = np.minimum(np.searchsorted(self._high, values, side="left"), len(self.lows) - 1)
        aim = np.clip((values - self._low[cell]) / self._widths[cell], 0.0, 1.0)
        if self._is_straight:
            return cell, aim
        share = rising_root(
            lambda share: self._risen(cell, share) - aim,
            lambda share: self._slope(cell, share),
            np.zeros_like(aim),
            np.ones_like(aim),
            1e-16,
            aim,
        )
        return cell, share


def histogram(edges: Sequence[float], chips: Sequence[float], *, is_log: bool = False) -> Continuous:
    """Chips on bins, as in a roulette elicitation; rising edges, one more than bins, and only the chips' shares matter.

    A bin without chips has no probability. With ``is_log`` values within a bin are equally likely in every factor
    rather than in every step.
    """
    _check_rising("edges", edges, is_log)
    if len(chips) != len(edges) - 1:
        why = f"has {len(chips)}, for {len(edges) - 1} bins"
        raise Unusable("chips", why, "Give a number for each bin: one fewer than edges.")
    total = math.fsum(chips)
    if total <= 0.0:
        raise Unusable("chips", "has none", "Put at least one chip down.")
    scaled = list(edges)
    words = f"histogram of {total:g} chips in {len(chips)} bins from {edges[0]:g} to {edges[-1]:g}"
    if is_log:
        scaled = [math.log(edge) for edge in edges]
        words += ", even in factors"
    filled = [place for place, chip in enumerate(chips) if chip > 0.0]
    upto = np.cumsum([0.0, *(chips[place] for place in filled)]) / math.fsum(chips)
    upto[-1] = 1.0  # the sum of the shares may round
    straight = (1.0,) * len(filled)
    distribution = Piecewise(
        tuple(upto.tolist()),
        tuple(scaled[place] for place in filled),
        tuple(scaled[place + 1] for place in filled),
        straight,
        straight,
    )
    ends = (float(edges[filled[0]]), float(edges[filled[-1] + 1]))
    return Continuous(words, distribution, 0.0, 1.0, ends, is_log)


def tabulated(probs: Sequence[float], values: Sequence[float], *, is_log: bool = False) -> Continuous:
    """A distribution through points of its quantile function, which rise from its lower end at 0 to its upper end at 1.

    Between the points a monotone cubic in the probability, of the logarithm with ``is_log``.
    """
    if len(probs) != len(values):
        raise Unusable("x", f"has {len(values)}, for {len(probs)} in p", "Give one value for each probability.")
    _check_rising("p", probs, False)
    _check_rising("x", values, is_log)
    if probs[0] != 0.0 or probs[-1] != 1.0:
        remedy = "Say where the distribution ends: the first probability is 0 and the last is 1."
        raise Unusable("p", f"goes from {probs[0]:g} to {probs[-1]:g}, not from 0 to 1", remedy)
    words = f"tabulated at {len(probs)} points from {values[0]:.3g} to {values[-1]:.3g}"
    at = np.array(probs)
    scaled = np.array(values)
    if is_log:
        scaled = np.log(values)
    slopes = _joined_slopes(np.diff(at), np.diff(scaled))
    return Continuous(words, _cubic(at, scaled, slopes), 0.0, 1.0, (float(values[0]), float(values[-1])), is_log)


def _joined_slopes(rises: Array, widths: Array) -> Array:
    """A slope at each point, from the pieces beside it, with which a cubic through rising points rises.

    References
    ----------
    Fritsch, F. N. & Butland, J. (1984). A method for constructing local monotone piecewise cubic interpolants. SIAM
    Journal on Scientific and Statistical Computing 5(2).
    """
    straight = widths / rises
    one = straight[:-1]
    other = straight[1:]
    share = (rises[:-1] + 2.0 * rises[1:]) / (3.0 * (rises[:-1] + rises[1:]))
    inner = one * other / (share * other + (1.0 - share) * one)
    return np.concatenate([straight[:1], inner, straight[-1:]])


def _cubic(probs: Array, values: Array, slopes: Array) -> Piecewise:
    """Pieces with the given slopes at their ends; straight ones where a cubic with these might not rise."""
    straight = np.diff(values) / np.diff(probs)
    with np.errstate(all="ignore"):
        first = slopes[:-1] / straight
        last = slopes[1:] / straight
        sound = (first > 0.0) & (first < 3.0) & (last > 0.0) & (last < 3.0)
    columns = (probs, values[:-1], values[1:], np.where(sound, first, 1.0), np.where(sound, last, 1.0))
    return Piecewise(*(tuple(column.tolist()) for column in columns))


def _check_rising(key: str, numbers: Sequence[float], is_log: bool) -> None:
    if len(numbers) < 2:
        raise Unusable(key, f"has {len(numbers)}", "Give at least two.")
    for place in range(1, len(numbers)):
        if not numbers[place - 1] < numbers[place]:
            why = f"is not above the one before, {numbers[place - 1]:g}"
            raise Unusable(f"{key}.{place}", why, "Put them in rising order.")
    if is_log and numbers[0] <= 0.0:
        raise Unusable(f"{key}.0", "is not above 0", 'A logarithmic scale needs numbers above 0: use scale = "linear".')
