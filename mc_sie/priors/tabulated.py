"""Laws that are given by numbers: histograms, tabulated quantile functions, and logarithmic pools.

All three are one thing underneath, a quantile function in pieces: straight in each bin of a histogram, a monotone cubic
between the points of a table. As a :class:`~mc_sie.priors.families.Standard` law it can be truncated, mixed and put on
a logarithmic scale like any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mc_sie.priors.families import (
    UNREACHED,
    Array,
    Continuous,
    Distribution,
    Mixture,
    Standard,
    Unusable,
    fixed,
    mixture,
)

Cells = NDArray[np.intp]

POOL_TOLERANCE = 1e-8
"""Error in probability to which a logarithmic pool is tabulated."""

_TAIL_TOLERANCE = 1e-4  # the same relative to the smaller tail
_ROUNDS_HIGH = 40
_REACH = 60.0  # logit of the outermost quantiles of the experts that the table of a pool starts from
_N_START = 241


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
        """Law of the negative value; pieces too near 0 to differ from 1 once they are reflected are left out."""
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
        """Share of the way up a piece, for a share of the way along it."""
        first, last = self._first[cell], self._last[cell]
        return np.asarray(share * (first + share * ((3.0 - 2.0 * first - last) + share * (first + last - 2.0))))

    def _slope(self, cell: Cells, share: Array) -> Array:
        first, last = self._first[cell], self._last[cell]
        return np.asarray(first + share * (2.0 * (3.0 - 2.0 * first - last) + share * 3.0 * (first + last - 2.0)))

    def _place(self, z: Array) -> tuple[Cells, Array]:
        """The piece in which each value lies (or before which, in a gap), and how far along it."""
        values = np.asarray(z, dtype=np.float64)
        cell = np.minimum(np.searchsorted(self._high, values, side="left"), len(self.lows) - 1)
        aim = np.clip((values - self._low[cell]) / self._widths[cell], 0.0, 1.0)
        if self._is_straight:
            return cell, aim
        low, high, share = np.zeros_like(aim), np.ones_like(aim), aim.copy()
        for _ in range(60):  # Newton steps inside a bracket that shrinks
            excess = self._risen(cell, share) - aim
            low, high = np.where(excess <= 0.0, share, low), np.where(excess >= 0.0, share, high)
            step = share - excess / self._slope(cell, share)
            better = np.where((step > low) & (step < high), step, 0.5 * (low + high))
            if np.all(np.abs(better - share) <= 1e-16):
                break
            share = better
        return cell, share


def histogram(edges: Sequence[float], chips: Sequence[float], *, is_log: bool = False) -> Continuous:
    """Chips on bins, as in a roulette elicitation.

    Parameters
    ----------
    edges : sequence of float
        Rising, in the quantity's unit, one more than bins.
    chips : sequence of float
        Chips on each bin, at least 0; only their shares matter.
    is_log : bool
        Whether values within a bin are equally likely in every factor rather than in every step.

    Returns
    -------
    Continuous
        A bin without chips has no probability.
    """
    _check_rising("edges", edges, is_log)
    if len(chips) != len(edges) - 1:
        why = f"has {len(chips)}, for {len(edges) - 1} bins"
        raise Unusable("chips", why, "Give a number for each bin: one fewer than edges.")
    total = math.fsum(chips)
    if total <= 0.0:
        raise Unusable("chips", "has none", "Put at least one chip down.")
    scaled = [math.log(edge) if is_log else edge for edge in edges]
    filled = [place for place, chip in enumerate(chips) if chip > 0.0]
    upto = np.cumsum([0.0, *(chips[place] for place in filled)]) / math.fsum(chips)
    upto[-1] = 1.0
    straight = (1.0,) * len(filled)
    law = Piecewise(
        tuple(upto.tolist()),
        tuple(scaled[place] for place in filled),
        tuple(scaled[place + 1] for place in filled),
        straight,
        straight,
    )
    ends = (float(edges[filled[0]]), float(edges[filled[-1] + 1]))
    words = f"histogram of {total:g} chips in {len(chips)} bins from {edges[0]:g} to {edges[-1]:g}"
    return Continuous(f"{words}{', even in factors' if is_log else ''}", law, 0.0, 1.0, ends, is_log)


def tabulated(probs: Sequence[float], values: Sequence[float], *, is_log: bool = False) -> Continuous:
    """A law through stated points of its quantile function.

    Parameters
    ----------
    probs : sequence of float
        From 0 to 1, rising.
    values : sequence of float
        Quantiles there, rising, in the quantity's unit; the first and last are the ends.
    is_log : bool
        Whether the logarithm is interpolated.

    Returns
    -------
    Continuous
        Between the points a monotone cubic in the probability.
    """
    if len(probs) != len(values):
        raise Unusable("x", f"has {len(values)}, for {len(probs)} in p", "Give one value for each probability.")
    _check_rising("p", probs, False)
    _check_rising("x", values, is_log)
    if probs[0] != 0.0 or probs[-1] != 1.0:
        remedy = "Say where the law ends: the first probability is 0 and the last is 1."
        raise Unusable("p", f"goes from {probs[0]:g} to {probs[-1]:g}, not from 0 to 1", remedy)
    words = f"tabulated at {len(probs)} points from {values[0]:.3g} to {values[-1]:.3g}"
    at, scaled = np.array(probs), np.log(values) if is_log else np.array(values)
    slopes = _joined_slopes(np.diff(at), np.diff(scaled))
    law = _cubic(at, scaled[:-1], scaled[1:], slopes[:-1], slopes[1:])
    return Continuous(words, law, 0.0, 1.0, (float(values[0]), float(values[-1])), is_log)


def _joined_slopes(rises: Array, widths: Array) -> Array:
    """A slope at each point, from the pieces beside it, with which a cubic through rising points rises.

    References
    ----------
    Fritsch, F. N. & Butland, J. (1984). A method for constructing local monotone piecewise cubic interpolants. SIAM
    Journal on Scientific and Statistical Computing 5(2).
    """
    straight = widths / rises
    one, other = straight[:-1], straight[1:]
    share = (rises[:-1] + 2.0 * rises[1:]) / (3.0 * (rises[:-1] + rises[1:]))
    inner = one * other / (share * other + (1.0 - share) * one)
    return np.concatenate([straight[:1], inner, straight[-1:]])


def _cubic(probs: Array, lows: Array, highs: Array, at_lows: Array, at_highs: Array) -> Piecewise:
    """Pieces with the given slopes at their ends; straight ones where a cubic with these might not rise."""
    straight = (highs - lows) / np.diff(probs)
    with np.errstate(all="ignore"):
        first, last = at_lows / straight, at_highs / straight
        sound = (first > 0.0) & (first < 3.0) & (last > 0.0) & (last < 3.0)
    columns = (probs, lows, highs, np.where(sound, first, 1.0), np.where(sound, last, 1.0))
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


# ------------------------------------------------------------------------------------------- logarithmic pools


def logarithmic_pool(weighted: Iterable[tuple[float, Distribution]]) -> Distribution:
    """The law whose density is proportional to the product of the experts' densities, each to the power of its weight.

    Parameters
    ----------
    weighted : iterable of (float, Distribution)
        Weights that sum to 1, and the experts' laws.

    Returns
    -------
    Distribution
        A table with an error of about :data:`POOL_TOLERANCE` in probability, said in its words; with atoms where all
        experts have them.

    Raises
    ------
    Unusable
        When no value is possible under all of them, or when only some have an atom or a density: one expert's zero is
        everybody's, and between a probability and a density there is no product.

    Notes
    -----
    Densities are integrated by Gauss-Legendre rules between quantiles of the experts. A piece is halved until its
    middle lies where it should, within the tolerance and within 10^-4 of the smaller tail, and until both halves have
    the mass of the whole. On an atom the product is one of probabilities; both kinds are normalised together, which
    does not depend on the measure that the densities refer to, because the weights sum to 1.
    """
    experts = [(weight, law) for weight, law in weighted if weight > 0.0]
    total = math.fsum(weight for weight, _ in experts)
    experts = [(weight / total, law) for weight, law in experts]
    words = "logarithmic pool: " + ", ".join(f"{100.0 * weight:.3g} % {law.describe()}" for weight, law in experts)
    atoms = _common_atoms(experts)
    dense = [_has_density(law) for _, law in experts]
    if any(dense) and not all(dense):
        why = f"has a density, but the {experts[dense.index(False)][1].describe()} has none"
        raise Unusable(f"components.{dense.index(True)}", why, "Pool values with values, or use a linear pool.")
    if not any(dense):
        mass = math.fsum(prob for _, prob in atoms)
        return mixture([(prob / mass, fixed(value)) for value, prob in atoms], words)
    table, mass, error = _pooled_density(experts)
    words += f" (tabulated, within {error:.0e} in probability)"
    if not atoms:
        return Continuous(words, table.standard, 0.0, 1.0, table.ends, table.is_log)
    whole = mass + math.fsum(prob for _, prob in atoms)
    return mixture([(mass / whole, table), *((prob / whole, fixed(value)) for value, prob in atoms)], words)


def _common_atoms(experts: Sequence[tuple[float, Distribution]]) -> list[tuple[float, float]]:
    """Atoms with the weighted product of their probabilities."""
    probs = [dict(law.atoms) for _, law in experts]
    for place, own in enumerate(probs):
        for value in own:
            for other in probs:
                if value not in other:
                    lacking = experts[probs.index(other)][1].describe()
                    why = f"gives {value:g} a probability of its own, but the {lacking} does not"
                    raise Unusable(f"components.{place}", why, "Give it to all or none, or use a linear pool.")
    return [
        (value, math.prod(own[value] ** weight for own, (weight, _) in zip(probs, experts, strict=True)))
        for value in probs[0]
    ]


def _has_density(law: Distribution) -> bool:
    return bool(law.parts) if isinstance(law, Mixture) else True


def _pooled_density(experts: Sequence[tuple[float, Distribution]]) -> tuple[Continuous, float, float]:
    """The table of the pooled continuous part, its mass before normalising, and its error in probability."""
    parts = [part for _, law in experts for part in _parts(law)]
    low = max(min(part.support[0] for part in _parts(law)) for _, law in experts)
    high = min(max(part.support[1] for part in _parts(law)) for _, law in experts)
    if not low < high:
        why = f"have no value in common: one ends at {high:g}, another begins at {low:g}"
        raise Unusable("components", why, "Widen one of them, or use a linear pool, which keeps both.")
    is_log = low >= 0.0 and all(getattr(getattr(part, "base", part), "is_log", False) for part in parts)

    logit = np.linspace(-_REACH, _REACH, _N_START)
    lower, upper = 1.0 / (1.0 + np.exp(-logit)), 1.0 / (1.0 + np.exp(logit))
    grid = np.concatenate([*(part._quantile(lower, upper) for part in parts), *(_corners(part) for part in parts)])
    grid = np.unique(np.clip(grid[np.isfinite(grid)], low, high))
    grid = np.log(grid[grid > 0.0]) if is_log else grid

    def density(y: Array) -> Array:
        x = np.exp(y) if is_log else y
        with np.errstate(divide="ignore", invalid="ignore"):  # at a corner one may be 0 and another inf
            logs = sum(weight * np.log(law.pdf(x)) for weight, law in experts)
            return np.exp(logs + y) if is_log else np.exp(logs)

    grid = _thinned(grid, _masses(density, grid[:-1], grid[1:]))
    for _ in range(_ROUNDS_HIGH):
        masses = _masses(density, grid[:-1], grid[1:])
        mass = math.fsum(masses)
        if mass <= 0.0:
            raise Unusable("components", "have no value in common", "Use a linear pool, which keeps all of them.")
        law, used = _law_of(grid, masses / mass, density(grid) / mass)
        middle = law._value(np.arange(len(law.lows)), np.full(len(law.lows), 0.5))
        left, right = _masses(density, law._low, middle) / mass, _masses(density, middle, law._high) / mass
        tail = np.minimum(law._at[1:], 1.0 - law._at[:-1])
        off, lost = 0.5 * np.abs(left - right), np.abs(left + right - masses[used] / mass)
        bad = (off > np.minimum(POOL_TOLERANCE, _TAIL_TOLERANCE * tail)) | (lost > 1e-3 * POOL_TOLERANCE)
        bad &= (middle > law._low) & (middle < law._high)
        if not bad.any():
            break
        grid = np.unique(np.concatenate([grid, middle[bad]]))
    values = np.append(law._low, law._high[-1])
    values = np.exp(values) if is_log else values
    ends = (float(values[0]), float(values[-1]))
    return Continuous("", law, 0.0, 1.0, ends, is_log), mass, float(off.max() + lost.sum())


def _parts(law: Distribution) -> list[Distribution]:
    return [part for _, part in law.parts] if isinstance(law, Mixture) else [law]


def _corners(part: Distribution) -> Array:
    """Where a density jumps or bends: ends, and the edges of bins."""
    base = getattr(part, "base", part)
    edges = np.array(part.support)
    if isinstance(base, Continuous) and isinstance(base.standard, Piecewise):
        inner = np.array([*base.standard.lows, *base.standard.highs])
        edges = np.concatenate([edges, np.exp(inner) if base.is_log else inner])
    return edges


def _masses(density: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Integral of a density over each interval, by twelve points."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = 0.5 * (high - low)
    points = (0.5 * (low + high))[:, np.newaxis] + half[:, np.newaxis] * nodes
    return np.asarray(half * (density(points) @ weights))


def _thinned(grid: Array, masses: Array) -> Array:
    """Grid points without those that lie in each other's way: a piece has a thousandth of the smaller tail."""
    below = np.concatenate([[0.0], np.cumsum(masses)])
    above = np.concatenate([np.cumsum(masses[::-1])[::-1], [0.0]])
    kept = [0]
    for place in range(1, len(grid) - 1):
        if below[place] - below[kept[-1]] > 1e-3 * min(below[place], above[kept[-1]]):
            kept.append(place)
    return grid[[*kept, len(grid) - 1]]


def _law_of(grid: Array, shares: Array, density: Array) -> tuple[Piecewise, Cells]:
    """The table through the cumulated shares with the density at each point, and which cells of the grid it has."""
    below = np.concatenate([[0.0], np.cumsum(shares)])
    above = np.concatenate([np.cumsum(shares[::-1])[::-1], [0.0]])
    probs = np.where(below <= 0.5, below, 1.0 - above)
    first = int(np.flatnonzero(below <= UNREACHED)[-1])
    last = int(np.flatnonzero(above <= UNREACHED)[0])
    probs[first], probs[last] = 0.0, 1.0
    used = first + np.flatnonzero(np.diff(probs[first : last + 1]) > 0.0)  # a gap has no probability
    with np.errstate(divide="ignore"):
        slopes = 1.0 / density
    upto = np.append(probs[used], 1.0)
    return _cubic(upto, grid[used], grid[used + 1], slopes[used], slopes[used + 1]), used
