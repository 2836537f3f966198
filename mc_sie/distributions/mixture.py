"""Mixtures: continuous distributions and atoms with weights, inverted through their own cumulative function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mc_sie.distributions.base import Array, Continuous, Distribution, Truncated, logistic

PARTS_HIGH = 256
"""Most continuous parts of a mixture: each cumulative function is computed for every draw."""

_GRID_PART = 8193  # points of the grid for each part,
_GRID_ALL = 65_536  # but about this many at most


@dataclass(frozen=True)
class Mixture(Distribution):
    """Continuous distributions and atoms with weights; inverted through its own cumulative function.

    Parameters
    ----------
    words : str
        The distribution in words.
    parts : tuple of (float, Continuous or Truncated)
        Weights and distributions of the continuous part.
    points : tuple of (float, float)
        Atoms as (value, probability), in rising order. ``inf`` may be one.

    Notes
    -----
    No second random number picks a component: one u gives one x, so that x rises with u. Where the parts follow one
    another, as the sides of a triangle do, u lies in one of them and its own quantile function answers. Where they
    overlap, the cumulative function is put on a grid made of quantiles of every part, which encloses each u in a cell
    where all parts are smooth; a cubic through the cell gives a start and Newton steps, kept inside a shrinking
    bracket, the rest. Tests compare with plain bisection.
    """

    parts: tuple[tuple[float, Continuous | Truncated], ...]
    points: tuple[tuple[float, float], ...]

    @property
    def support(self) -> tuple[float, float]:
        """Smallest closed interval with probability 1."""
        ends = [part.support for _, part in self.parts] + [(value, value) for value, _ in self.points]
        return min(low for low, _ in ends), max(high for _, high in ends)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Values with a probability of their own."""
        return self.points

    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x)."""
        values = np.asarray(x, dtype=np.float64)
        return self._smooth(values, upper=False) + sum(p * (values >= a) for a, p in self.points)

    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small."""
        values = np.asarray(x, dtype=np.float64)
        return -self._smooth(values, upper=True) + sum(p * (values < a) for a, p in self.points)

    def pdf(self, x: ArrayLike) -> Array:
        """Density of the part without atoms."""
        values = np.asarray(x, dtype=np.float64)
        density = np.zeros_like(values)
        for weight, part in self.parts:
            density += weight * part.pdf(values)
        return density

    def mean(self) -> float:
        """Expected value."""
        return sum(weight * part.mean() for weight, part in self.parts) + sum(p * a for a, p in self.points)

    def _smooth(self, x: Array, *, upper: bool) -> Array:
        """Level of the continuous part: its P(X <= x), or -P(X > x) in the upper tail. Both rise with x."""
        level = np.zeros_like(x)
        for weight, part in self.parts:
            level += -weight * part.sf(x) if upper else weight * part.cdf(x)
        return level

    def _quantile(self, u: Array, v: Array) -> Array:
        if self._pieces:
            return self._pieces.quantile(u, v)
        lower = u <= v
        x = np.empty_like(u)
        x[lower] = self._invert(u[lower], upper=False)
        x[~lower] = self._invert(-v[~lower], upper=True)
        return x

    def __getstate__(self) -> dict[str, Any]:
        """What travels to other processes: not the tables, which are large and easily made again."""
        return {name: value for name, value in vars(self).items() if name not in ("_grid", "_lower", "_upper")}

    @cached_property
    def _pieces(self) -> _Pieces | None:
        """Parts and atoms one after the other, if none overlaps another and all have explicit quantile functions."""
        pieces: list[tuple[float, float, float, Continuous | Truncated | None]] = [
            (*part.support, weight, part) for weight, part in self.parts
        ]
        pieces += [(value, value, weight, None) for value, weight in self.points]
        pieces.sort(key=lambda piece: piece[:2])
        if any(low < high for (_, high, *_), (low, *_) in pairwise(pieces)):
            return None
        if not all(part.is_explicit for _, part in self.parts):
            return None
        weights = np.array([weight for *_, weight, _ in pieces])
        upto = np.concatenate([[0.0], np.cumsum(weights)])
        beyond = np.concatenate([[0.0], np.cumsum(weights[::-1])])[::-1]
        return _Pieces(weights, upto, beyond, tuple((high, part) for _, high, _, part in pieces))

    @cached_property
    def _grid(self) -> Array:
        n_points = min(_GRID_PART, _GRID_ALL // max(len(self.parts), 1) + 1)
        logit = np.linspace(-115.0, 115.0, n_points)  # probabilities from 1e-50 to 1 - 1e-50
        quantiles = [part._quantile(logistic(logit), logistic(-logit)) for _, part in self.parts]
        smooth = np.concatenate([*quantiles, *(part.support for _, part in self.parts)]) if self.parts else np.array([])
        return np.unique(np.concatenate([smooth[np.isfinite(smooth)], [value for value, _ in self.points]]))

    @cached_property
    def _lower(self) -> _Cells:
        return self._cells(upper=False)

    @cached_property
    def _upper(self) -> _Cells:
        return self._cells(upper=True)

    def _cells(self, *, upper: bool) -> _Cells:
        x = self._grid
        at_atoms = np.isin(x, [a for a, _ in self.points])
        jumps = np.zeros_like(x)
        jumps[at_atoms] = [p for _, p in self.points]
        # Probability of the atoms up to x, or minus that of the atoms beyond x. Differences of sums would round, and
        # leave a sliver of probability between two atoms.
        upto = np.concatenate([[0.0], np.cumsum(jumps)])
        beyond = np.concatenate([[0.0], np.cumsum(jumps[::-1])])[::-1]
        atoms = -beyond if upper else upto
        smooth = np.maximum.accumulate(self._smooth(x, upper=upper))
        at, before = smooth + atoms[1:], smooth + atoms[:-1]

        with np.errstate(all="ignore"):
            width, rise = np.diff(x), before[1:] - at[:-1]
            nudge = 1e-7 * width  # densities jump at the grid's points: take them just inside the cell
            slopes = np.stack([rise / (width * self.pdf(x[:-1] + nudge)), rise / (width * self.pdf(x[1:] - nudge))])
            # A cubic with slopes in [0, 3] rises; elsewhere, as beside a pole of the density, a straight line will do.
            first, last = np.where(np.all((slopes >= 0.0) & (slopes <= 3.0), axis=0), slopes, 1.0)
        return _Cells(x, at, before, atoms[:-1], first, 3.0 - 2.0 * first - last, first + last - 2.0)

    def _invert(self, level: Array, *, upper: bool) -> Array:
        cells = self._upper if upper else self._lower
        end = np.minimum(np.searchsorted(cells.at, level), cells.x.size - 1)
        x = cells.x[end]
        # Above the level just before the cell's end lies its atom; the grid's own ends stand for what is beyond them.
        smooth = (level <= cells.before[end]) & (end > 0)
        x[smooth & np.isinf(x)] = cells.x[np.isfinite(cells.x)][-1:]
        todo = np.flatnonzero(smooth & np.isfinite(cells.x[end]))
        if todo.size == 0:
            return x
        end = end[todo]
        low, high = cells.x[end - 1], cells.x[end]
        target = level[todo] - cells.atoms[end]
        width = last = high - low
        s = (level[todo] - cells.at[end - 1]) / (cells.before[end] - cells.at[end - 1])
        guess = low + width * s * (cells.c1[end - 1] + s * (cells.c2[end - 1] + s * cells.c3[end - 1]))
        while True:
            excess = self._smooth(guess, upper=upper) - target
            low, high = np.where(excess < 0.0, guess, low), np.where(excess < 0.0, high, guess)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                newton = guess - excess / self.pdf(guess)
            # Halve the bracket where Newton leaves it or does not halve its steps: one or the other must end.
            steady = (newton > low) & (newton < high) & (np.abs(newton - guess) <= 0.5 * last)
            better = np.where(steady, newton, low + 0.5 * (high - low))
            # What is left is rounding of the cumulative function, which may point out of the bracket.
            settled = (excess == 0.0) | (np.abs(newton - guess) <= 1e-13 * width)
            better = np.where(settled, guess, better)
            step = np.abs(better - guess)
            # A Newton step errs by about its square over the cell's width; a bracket ends where floats do.
            done = settled | (steady & (step <= 1e-7 * width)) | (better == low) | (better == high)
            x[todo[done]] = better[done]
            going = ~done
            if not going.any():
                return x
            todo, target, width, last = todo[going], target[going], width[going], step[going]
            low, high, guess = low[going], high[going], better[going]


@dataclass(frozen=True)
class _Pieces:
    """Parts and atoms that follow one another: probability of each, of all before and of all behind, and itself, an
    atom as its value.
    """

    weights: Array
    upto: Array
    beyond: Array
    distributions: tuple[tuple[float, Continuous | Truncated | None], ...]

    def quantile(self, u: Array, v: Array) -> Array:
        """Quantile at u = 1 - v, each tail counted from its own end."""
        lower = u <= v
        last = len(self.distributions) - 1
        piece = np.where(lower, np.searchsorted(self.upto[1:], u), np.searchsorted(-self.beyond[1:], -v))
        x = np.empty_like(u)
        for k, (value, part) in enumerate(self.distributions):
            here = np.flatnonzero(piece == k) if k < last else np.flatnonzero(piece >= k)  # against rounding at the end
            if part is None:
                x[here] = value
            elif here.size:
                below = np.where(lower[here], u[here] - self.upto[k], self.beyond[k] - v[here])
                above = np.where(lower[here], self.upto[k + 1] - u[here], v[here] - self.beyond[k + 1])
                x[here] = part._quantile(*np.clip(np.stack([below, above]) / self.weights[k], 0.0, 1.0))
        return x


@dataclass(frozen=True)
class _Cells:
    """One tail of a mixture on its grid: levels at the points and just before them, and a cubic start in each cell."""

    x: Array
    at: Array
    before: Array
    atoms: Array
    c1: Array
    c2: Array
    c3: Array
