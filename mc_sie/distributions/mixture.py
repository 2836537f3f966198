"""Mixtures: continuous distributions and atoms with weights, inverted through their own cumulative function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        """Signed probability of the continuous part: P(X <= x), or in the upper tail -P(X > x). Both rise with x."""
        signed = np.zeros_like(x)
        for weight, part in self.parts:
            if upper:
                signed -= weight * part.sf(x)
            else:
                signed += weight * part.cdf(x)
        return signed

    def _quantile(self, u: Array, v: Array) -> Array:
        if self._pieces:
            return self._pieces.quantile(u, v)
        lower = u <= v
        x = np.empty_like(u)
        x[lower] = self._invert(u[lower], upper=False)
        x[~lower] = self._invert(-v[~lower], upper=True)
        return x

    def __getstate__(self) -> dict[str, Any]:
        """State for other processes, without the tables, which are large and easily made again."""
        return {name: value for name, value in vars(self).items() if name not in ("_grid", "_lower", "_upper")}

    @cached_property
    def _pieces(self) -> _Pieces | None:
        """Parts and atoms one after the other; None where they overlap or a part has no explicit quantile function."""
        pieces = [_Piece(*part.support, weight, part) for weight, part in self.parts]
        pieces += [_Piece(value, value, weight, None) for value, weight in self.points]
        pieces.sort(key=lambda piece: (piece.low, piece.high))
        if any(following.low < piece.high for piece, following in pairwise(pieces)):
            return None
        if not all(part.is_explicit for _, part in self.parts):
            return None
        return _Pieces(tuple(pieces))

    @cached_property
    def _grid(self) -> Array:
        """Quantiles of every part, the ends of their supports and all atoms."""
        n_points = min(_GRID_PART, _GRID_ALL // max(len(self.parts), 1) + 1)
        logit = np.linspace(-115.0, 115.0, n_points)  # probabilities from 1e-50 to 1 - 1e-50
        columns = [part._quantile(logistic(logit), logistic(-logit)) for _, part in self.parts]
        columns += [np.array(part.support) for _, part in self.parts]
        smooth = np.concatenate([*columns, np.array([])])
        return np.unique(np.concatenate([smooth[np.isfinite(smooth)], [value for value, _ in self.points]]))

    @cached_property
    def _lower(self) -> _Cells:
        return self._cells(upper=False)

    @cached_property
    def _upper(self) -> _Cells:
        return self._cells(upper=True)

    def _cells(self, *, upper: bool) -> _Cells:
        x = self._grid
        jumps = np.zeros_like(x)
        jumps[np.isin(x, [value for value, _ in self.points])] = [prob for _, prob in self.points]
        # Probability of the atoms up to x, or minus that of the atoms beyond x. Differences of sums would round, and
        # leave a sliver of probability between two atoms.
        if upper:
            atoms = -_sums_beyond(jumps)
        else:
            atoms = _sums_before(jumps)
        smooth = np.maximum.accumulate(self._smooth(x, upper=upper))
        at = smooth + atoms[1:]
        before = smooth + atoms[:-1]

        with np.errstate(all="ignore"):
            width = np.diff(x)
            rise = before[1:] - at[:-1]
            nudge = 1e-7 * width  # densities jump at the grid's points: take them just inside the cell
            slopes = np.stack([rise / (width * self.pdf(x[:-1] + nudge)), rise / (width * self.pdf(x[1:] - nudge))])
            # A cubic with slopes in [0, 3] rises; elsewhere, as beside a pole of the density, a straight line will do.
            first, last = np.where(np.all((slopes >= 0.0) & (slopes <= 3.0), axis=0), slopes, 1.0)
        return _Cells(x, at, before, atoms[:-1], first, 3.0 - 2.0 * first - last, first + last - 2.0)

    def _invert(self, signed: Array, *, upper: bool) -> Array:
        """Value at each signed probability of one tail, see :meth:`_smooth`."""
        cells = self._lower
        if upper:
            cells = self._upper
        end = np.minimum(np.searchsorted(cells.at, signed), cells.x.size - 1)
        x = cells.x[end]
        # Above the probability just before the cell's end lies its atom; the grid's own ends stand for what is beyond.
        is_smooth = (signed <= cells.before[end]) & (end > 0)
        x[is_smooth & np.isinf(x)] = cells.x[np.isfinite(cells.x)][-1:]
        todo = np.flatnonzero(is_smooth & np.isfinite(cells.x[end]))
        if todo.size:
            x[todo] = self._solved(signed[todo], end[todo], cells, upper=upper)
        return x

    def _solved(self, signed: Array, end: NDArray[np.intp], cells: _Cells, *, upper: bool) -> Array:
        """Roots inside the cells that end at some points of the grid: a cubic start, then Newton in a bracket."""
        x = np.empty_like(signed)
        todo = np.arange(signed.size)
        low = cells.x[end - 1]
        high = cells.x[end]
        target = signed - cells.atoms[end]
        width = last = high - low
        share = (signed - cells.at[end - 1]) / (cells.before[end] - cells.at[end - 1])
        guess = low + width * share * (cells.c1[end - 1] + share * (cells.c2[end - 1] + share * cells.c3[end - 1]))
        while True:
            excess = self._smooth(guess, upper=upper) - target
            low = np.where(excess < 0.0, guess, low)
            high = np.where(excess < 0.0, high, guess)
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
            todo, target, width, last = (column[going] for column in (todo, target, width, step))
            low, high, guess = (column[going] for column in (low, high, better))


@dataclass(frozen=True)
class _Piece:
    """A part or an atom (then ``part`` is None) with its ends and its weight."""

    low: float
    high: float
    weight: float
    part: Continuous | Truncated | None


@dataclass(frozen=True)
class _Pieces:
    """Parts and atoms that follow one another."""

    pieces: tuple[_Piece, ...]

    @cached_property
    def _before(self) -> Array:
        """Probability before each piece, and 1 or what rounding makes of it."""
        return _sums_before(np.array([piece.weight for piece in self.pieces]))

    @cached_property
    def _beyond(self) -> Array:
        """Probability of each piece and all behind it, and 0."""
        return _sums_beyond(np.array([piece.weight for piece in self.pieces]))

    def quantile(self, u: Array, v: Array) -> Array:
        """Quantile at u = 1 - v, each tail counted from its own end."""
        lower = u <= v
        place = np.where(lower, np.searchsorted(self._before[1:], u), np.searchsorted(-self._beyond[1:], -v))
        place = np.minimum(place, len(self.pieces) - 1)  # against rounding at the end
        x = np.empty_like(u)
        for k, piece in enumerate(self.pieces):
            here = np.flatnonzero(place == k)
            if piece.part is None:
                x[here] = piece.high
            elif here.size:
                below = np.where(lower[here], u[here] - self._before[k], self._beyond[k] - v[here])
                above = np.where(lower[here], self._before[k + 1] - u[here], v[here] - self._beyond[k + 1])
                x[here] = piece.part._quantile(*np.clip(np.stack([below, above]) / piece.weight, 0.0, 1.0))
        return x


@dataclass(frozen=True)
class _Cells:
    """One tail of a mixture on its grid, with a cubic start in each cell.

    Attributes
    ----------
    x : array of shape (n,)
        Points of the grid.
    at, before : array of shape (n,)
        Signed probability at each point, and just before it.
    atoms : array of shape (n,)
        The part of ``before`` that is that of atoms.
    c1, c2, c3 : array of shape (n - 1,)
        Coefficients of the share of a cell's width by the share of its probability.
    """

    x: Array
    at: Array
    before: Array
    atoms: Array
    c1: Array
    c2: Array
    c3: Array


def _sums_before(weights: Array) -> Array:
    """Sum of all weights before each place, and of all of them."""
    return np.concatenate([[0.0], np.cumsum(weights)])


def _sums_beyond(weights: Array) -> Array:
    """Sum of the weight at each place and all behind it, and 0; summed from the end, so that small ones count."""
    return np.concatenate([[0.0], np.cumsum(weights[::-1])])[::-1]
