"""Probability laws as quantile functions: every law maps u in (0, 1) to a value, monotonically.

Three kinds are enough. :class:`Continuous` is a standard law on a linear or logarithmic scale, :class:`Truncated` a
continuous law renormalised to an interval, and :class:`Mixture` everything with weights or atoms: a fixed value is a
mixture of one atom, a choice among modes a mixture of several, a triangular law a mixture of two betas. The functions
at the end of the module make them from the parameters of a prior file, and refuse what cannot be a law.

Numbers near 1 lose the upper tail (``1 - 1e-20 == 1``), so that inside this module a probability is a pair (u, v) with
u + v = 1, and each law inverts whichever is smaller.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

UNREACHED = 2.0**-54
"""Probability too small for any draw to fall into: doubles in (0, 1) keep at least this far from 1, samplers from 0."""

WEIGHTS_TOLERANCE = 1e-9
"""How far a list of weights may be from summing to 1."""

PARTS_HIGH = 256
"""Most continuous parts of a mixture: each cumulative function is computed for every draw."""

MASS_LOW = 1e-250
"""Smallest probability of an interval to which a law can be cut: with less, its own tails underflow."""

_GRID_PART, _GRID_ALL = 8193, 65536  # points of a mixture's grid: for each part, but about this many at most


class Unusable(ValueError):  # noqa: N818
    """A parameter cannot be used; the reader of the file adds where it stands.

    Parameters
    ----------
    key : str
        Name of the parameter, with dots on the way to an inner one (``components.0.high``); empty for the whole entry.
    why : str
        What is wrong, as the end of a sentence.
    remedy : str
        What would be accepted.
    """

    def __init__(self, key: str, why: str, remedy: str = "") -> None:  # noqa: D107 (the class says it)
        self.key = key
        self.why = why
        self.remedy = remedy
        super().__init__(f"{key} {why}. {remedy}")


# --------------------------------------------------------------------------------------------- standard laws


class Standard(ABC):
    """A law without location and scale, on the real line unless it says otherwise.

    Only the lower tail is written down: the upper tail is the lower tail of the reflected law.
    """

    kind = ""
    """Name of the law, where its shape is all there is to it; empty for one that is given by tables."""

    mirror = 0.0
    """Reflection takes z to ``mirror - z``."""

    mean: float = 0.0

    breaks: tuple[float, ...] = ()
    """Probabilities at which the quantile function jumps or bends."""

    is_explicit: bool = True
    """Whether the quantile function is a formula, and not itself an inversion."""

    @property
    def shape(self) -> tuple[float, ...]:
        """Parameters of its shape."""
        return tuple(vars(self).values())

    @property
    def reflected(self) -> Standard:
        """Law of ``mirror - Z``; the law itself when it is symmetric."""
        return self

    @abstractmethod
    def cdf(self, z: Array) -> Array:
        """P(Z <= z)."""

    @abstractmethod
    def pdf(self, z: Array) -> Array:
        """Density at z."""

    @abstractmethod
    def ppf(self, p: Array) -> Array:
        """Value with probability p below it."""

    def mean_exp(self, scale: float) -> float:
        """E exp(scale Z), for the laws that are used on a logarithmic scale."""
        raise NotImplementedError


@dataclass(frozen=True)
class _Normal(Standard):
    kind = "normal"

    def cdf(self, z: Array) -> Array:
        from scipy.special import ndtr

        return np.asarray(ndtr(z))

    def pdf(self, z: Array) -> Array:
        return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    def ppf(self, p: Array) -> Array:
        from scipy.special import ndtri

        return np.asarray(ndtri(p))

    def mean_exp(self, scale: float) -> float:
        with np.errstate(over="ignore"):
            return float(np.exp(0.5 * scale * scale))


@dataclass(frozen=True)
class _Uniform(Standard):
    kind = "uniform"
    mirror = 1.0
    mean = 0.5

    def cdf(self, z: Array) -> Array:
        return np.clip(z, 0.0, 1.0)

    def pdf(self, z: Array) -> Array:
        return np.where((z >= 0.0) & (z <= 1.0), 1.0, 0.0)

    def ppf(self, p: Array) -> Array:
        return p

    def mean_exp(self, scale: float) -> float:
        return math.expm1(scale) / scale


@dataclass(frozen=True)
class _Beta(Standard):
    a: float
    b: float
    kind = "beta"
    mirror = 1.0

    @property
    def mean(self) -> float:  # type: ignore[override]
        return self.a / (self.a + self.b)

    @property
    def reflected(self) -> Standard:
        return _Beta(self.b, self.a)

    def cdf(self, z: Array) -> Array:
        from scipy.special import betainc

        return np.asarray(betainc(self.a, self.b, np.clip(z, 0.0, 1.0)))

    def pdf(self, z: Array) -> Array:
        from scipy.special import betaln, xlog1py, xlogy

        inside = np.clip(z, 0.0, 1.0)
        log_density = xlogy(self.a - 1.0, inside) + xlog1py(self.b - 1.0, -inside) - betaln(self.a, self.b)
        return np.where(inside == z, np.exp(log_density), 0.0)

    @property
    def is_explicit(self) -> bool:  # type: ignore[override]
        return 1.0 in (self.a, self.b)

    def ppf(self, p: Array) -> Array:
        from scipy.special import betaincinv

        if self.b == 1.0:
            return np.asarray(p ** (1.0 / self.a))
        if self.a == 1.0:
            return -np.expm1(np.log1p(-p) / self.b)
        return np.asarray(betaincinv(self.a, self.b, p))


@dataclass(frozen=True)
class _StudentT(Standard):
    df: float
    kind = "student_t"
    is_explicit = False

    @property
    def mean(self) -> float:  # type: ignore[override]
        return 0.0 if self.df > 1.0 else math.nan

    def cdf(self, z: Array) -> Array:
        from scipy.special import stdtr

        return np.asarray(stdtr(self.df, z))

    def pdf(self, z: Array) -> Array:
        half = 0.5 * (self.df + 1.0)
        log_norm = math.lgamma(half) - math.lgamma(0.5 * self.df) - 0.5 * math.log(self.df * math.pi)
        return np.exp(log_norm - half * np.log1p(z * z / self.df))

    def ppf(self, p: Array) -> Array:
        from scipy.special import stdtrit

        return np.asarray(stdtrit(self.df, p))


# ------------------------------------------------------------------------------------------------------ laws


@dataclass(frozen=True)
class Distribution(ABC):
    """The law of one quantity, in the quantity's unit.

    Parameters
    ----------
    words : str
        The law in words, for tables.
    """

    words: str

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Smallest closed interval with probability 1."""

    @property
    def reach(self) -> tuple[float, float]:
        """Smallest and largest value that a draw can have: the quantiles :data:`UNREACHED` from 0 and from 1."""
        low, high = self._quantile(np.array([UNREACHED, 1.0]), np.array([1.0, UNREACHED]))
        return float(low), float(high)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Values with a probability of their own, as (value, probability), in rising order."""
        return ()

    @property
    def constant(self) -> float | None:
        """The value, when there is only one."""
        return self.atoms[0][0] if len(self.atoms) == 1 and self.support[0] == self.support[1] else None

    def describe(self) -> str:
        """The law in words, e.g. ``"uniform from -0.4 to -0.1"``.

        Returns
        -------
        str
            Numbers as in the file; derived ones to three digits.
        """
        return self.words

    def ppf(self, u: ArrayLike) -> Array:
        """Quantile function, the smallest x with P(X <= x) >= u.

        Parameters
        ----------
        u : array_like
            Probabilities in (0, 1), any shape.

        Returns
        -------
        ndarray of float64
            Same shape; rising with u. Each value depends on its own u alone, not on the rest of the array.
        """
        points = np.asarray(u, dtype=np.float64)
        flat = points.ravel()
        return self._quantile(flat, 1.0 - flat).reshape(points.shape)

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x).

        Parameters
        ----------
        x : array_like
            Values in the quantity's unit.

        Returns
        -------
        ndarray of float64
            Probabilities.
        """

    @abstractmethod
    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small.

        Parameters
        ----------
        x : array_like
            Values in the quantity's unit.

        Returns
        -------
        ndarray of float64
            Probabilities.
        """

    @abstractmethod
    def pdf(self, x: ArrayLike) -> Array:
        """Density of the part without atoms; it integrates to 1 minus the probability of the atoms.

        Parameters
        ----------
        x : array_like
            Values in the quantity's unit.

        Returns
        -------
        ndarray of float64
            Density per unit of the quantity.
        """

    @abstractmethod
    def mean(self) -> float:
        """Expected value; ``nan`` where it does not exist (Student t with df <= 1).

        Returns
        -------
        float
            In the quantity's unit.
        """

    @abstractmethod
    def _quantile(self, u: Array, v: Array) -> Array:
        """Quantile at u = 1 - v; the smaller of the two is the accurate one."""


@dataclass(frozen=True)
class Continuous(Distribution):
    """A standard law, moved and scaled, on a linear or a logarithmic scale.

    Parameters
    ----------
    words : str
        The law in words.
    standard : Standard
        Law of z in ``x = location + scale z``, or of its logarithm.
    location, scale : float
        On the scale named by ``is_log``.
    ends : tuple of float
        Support, as stated (``exp(log(low))`` need not be ``low``).
    is_log : bool
        Whether ``location + scale z`` is the natural logarithm of x.
    """

    standard: Standard
    location: float
    scale: float
    ends: tuple[float, float] = (-math.inf, math.inf)
    is_log: bool = False

    @property
    def support(self) -> tuple[float, float]:
        """Smallest closed interval with probability 1."""
        return self.ends

    @property
    def is_explicit(self) -> bool:
        """Whether its quantile function is a formula."""
        return self.standard.is_explicit

    def _z(self, x: ArrayLike) -> Array:
        values = np.asarray(x, dtype=np.float64)
        if self.is_log:
            with np.errstate(divide="ignore"):
                values = np.log(np.maximum(values, 0.0))
        return (values - self.location) / self.scale

    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x)."""
        return self.standard.cdf(self._z(x))

    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small."""
        return self.standard.reflected.cdf(self.standard.mirror - self._z(x))

    def pdf(self, x: ArrayLike) -> Array:
        """Density."""
        density = self.standard.pdf(self._z(x)) / self.scale
        if not self.is_log:
            return density
        values = np.asarray(x, dtype=np.float64)
        return np.divide(density, values, out=np.zeros_like(density), where=values > 0.0)

    def mean(self) -> float:
        """Expected value."""
        if self.is_log:
            return math.exp(self.location) * self.standard.mean_exp(self.scale)
        return self.location + self.scale * self.standard.mean

    def _quantile(self, u: Array, v: Array) -> Array:
        lower = u <= v
        z = np.empty_like(u)
        z[lower] = self.standard.ppf(u[lower])
        z[~lower] = self.standard.mirror - self.standard.reflected.ppf(v[~lower])
        x = self.location + self.scale * z
        if self.is_log:
            with np.errstate(over="ignore"):
                x = np.exp(x)
        return np.clip(x, *self.ends)  # against rounding past a stated end


@dataclass(frozen=True)
class Truncated(Distribution):
    """A continuous law given that it lies in an interval: renormalised, without atoms at the ends.

    Parameters
    ----------
    words : str
        The law in words.
    base : Continuous
        The law before truncation.
    low, high : float
        The interval, inside the support of ``base``.
    """

    base: Continuous
    low: float
    high: float

    @property
    def support(self) -> tuple[float, float]:
        """The interval."""
        return self.low, self.high

    @property
    def is_explicit(self) -> bool:
        """Whether its quantile function is a formula."""
        return self.base.is_explicit

    @cached_property
    def mass(self) -> float:
        """Probability of the interval before truncation."""
        return _probability(self.base, self.low, self.high)

    @cached_property
    def _below(self) -> float:
        return float(self.base.cdf(self.low))

    @cached_property
    def _above(self) -> float:
        return float(self.base.sf(self.high))

    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x)."""
        inside = np.clip(np.asarray(x, dtype=np.float64), self.low, self.high)
        if self._below <= 0.5:
            part = self.base.cdf(inside) - self._below
        else:  # the interval lies in the upper tail
            part = self.base.sf(self.low) - self.base.sf(inside)
        return np.clip(part / self.mass, 0.0, 1.0)

    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small."""
        inside = np.clip(np.asarray(x, dtype=np.float64), self.low, self.high)
        if self._above <= 0.5:
            part = self.base.sf(inside) - self._above
        else:  # the interval lies in the lower tail
            part = self.base.cdf(self.high) - self.base.cdf(inside)
        return np.clip(part / self.mass, 0.0, 1.0)

    def pdf(self, x: ArrayLike) -> Array:
        """Density."""
        values = np.asarray(x, dtype=np.float64)
        return np.where((values >= self.low) & (values <= self.high), self.base.pdf(values) / self.mass, 0.0)

    def mean(self) -> float:
        """Expected value, the integral of the quantile function: by the tanh-sinh rule (about 1e-12 relative), or
        piece by piece where it is made of pieces.
        """
        if math.isnan(self.base.mean()) and math.isinf(self.high - self.low):
            return math.nan
        if self.base.standard.breaks:
            at = (np.array(self.base.standard.breaks) - self._below) / self.mass
            edges = np.unique(np.clip([0.0, *at, 1.0], 0.0, 1.0))
            nodes, weights = np.polynomial.legendre.leggauss(16)
            u = edges[:-1, np.newaxis] + np.diff(edges)[:, np.newaxis] * (0.5 + 0.5 * nodes)
            values = self._quantile(u.ravel(), 1.0 - u.ravel()).reshape(u.shape)
            return float(np.sum(np.diff(edges) * (values @ (0.5 * weights))))
        step = 1.0 / 64.0
        t = np.arange(-4.25, 4.25 + step / 2.0, step)
        u, v = _logistic(math.pi * np.sinh(t)), _logistic(-math.pi * np.sinh(t))
        weights = u * v * math.pi * np.cosh(t) * step
        return float(np.sum(weights * self._quantile(u, v)))

    def _quantile(self, u: Array, v: Array) -> Array:
        x = self.base._quantile(self._below + u * self.mass, self._above + v * self.mass)
        return np.clip(x, self.low, self.high)  # against rounding past an end


@dataclass(frozen=True)
class Mixture(Distribution):
    """Continuous laws and atoms with weights; inverted through its own cumulative function.

    Parameters
    ----------
    words : str
        The law in words.
    parts : tuple of (float, Continuous or Truncated)
        Weights and laws of the continuous part.
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
        quantiles = [part._quantile(_logistic(logit), _logistic(-logit)) for _, part in self.parts]
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
    laws: tuple[tuple[float, Continuous | Truncated | None], ...]

    def quantile(self, u: Array, v: Array) -> Array:
        """Quantile at u = 1 - v, each tail counted from its own end."""
        lower = u <= v
        last = len(self.laws) - 1
        piece = np.where(lower, np.searchsorted(self.upto[1:], u), np.searchsorted(-self.beyond[1:], -v))
        x = np.empty_like(u)
        for k, (value, part) in enumerate(self.laws):
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


def _logistic(t: Array) -> Array:
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-t))


def _probability(law: Continuous | Truncated, low: float, high: float) -> float:
    """P(low <= X <= high), from whichever tail the interval lies in."""
    below, above = float(law.cdf(low)), float(law.sf(high))
    if below > 0.5:
        return float(law.sf(low)) - above
    if above > 0.5:
        return float(law.cdf(high)) - below
    return 1.0 - below - above


# --------------------------------------------------------------------------------- from parameters to a law


def fixed(value: float, words: str | None = None) -> Mixture:
    """One value with certainty.

    Parameters
    ----------
    value : float
        In the quantity's unit; ``inf`` for no limit.
    words : str, optional
        The law in words.

    Returns
    -------
    Mixture
        Of one atom.
    """
    if math.isnan(value):
        raise Unusable("value", "is not a number")
    return Mixture(words or f"exactly {value:g}", (), ((float(value), 1.0),))


def uniform(low: float, high: float) -> Continuous:
    """Equally likely anywhere between two ends.

    Parameters
    ----------
    low, high : float
        Ends, in the quantity's unit; ``low < high``.

    Returns
    -------
    Continuous
        Uniform on [low, high].
    """
    check_ends(low, high)
    return Continuous(f"uniform from {low:g} to {high:g}", _Uniform(), low, high - low, (low, high))


def loguniform(low: float, high: float) -> Continuous:
    """Equally likely in every factor between two positive ends.

    Parameters
    ----------
    low, high : float
        Ends, in the quantity's unit; ``0 < low < high``.

    Returns
    -------
    Continuous
        Its logarithm is uniform.
    """
    if low <= 0.0:
        raise Unusable(
            "low", "is not above 0", "A loguniform needs 0 < low < high; with 0 or less inside, use uniform."
        )
    check_ends(low, high)
    words = f"loguniform from {low:g} to {high:g}"
    return Continuous(words, _Uniform(), math.log(low), math.log(high / low), (low, high), is_log=True)


def normal(mean: float, sd: float) -> Continuous:
    """Normal.

    Parameters
    ----------
    mean, sd : float
        In the quantity's unit; ``sd > 0``.

    Returns
    -------
    Continuous
        On the whole line.
    """
    return Continuous(f"normal, mean {mean:g}, sd {sd:g}", _Normal(), mean, sd)


def lognormal(median: float, sd_log: float) -> Continuous:
    """Lognormal.

    Parameters
    ----------
    median : float
        In the quantity's unit, above 0.
    sd_log : float
        Standard deviation of the natural logarithm, above 0.

    Returns
    -------
    Continuous
        On the positive numbers.
    """
    law = Continuous("", _Normal(), math.log(median), sd_log, (0.0, math.inf), is_log=True)
    q05, q95 = law.ppf([0.05, 0.95])
    return replace(law, words=f"lognormal, median {median:g}, 90 % {q05:.3g} to {q95:.3g}")


def beta(a: float, b: float, low: float = 0.0, high: float = 1.0) -> Mixture:
    """Beta on an interval.

    Parameters
    ----------
    a, b : float
        Shape, above 0.
    low, high : float
        Ends, in the quantity's unit; ``low < high``.

    Returns
    -------
    Mixture
        On [low, high]; a mixture of one part, because its grid inverts a beta twice as fast as SciPy does.
    """
    check_ends(low, high)
    words = f"beta({a:g}, {b:g}) from {low:g} to {high:g}"
    return mixture([(1.0, Continuous(words, _Beta(a, b), low, high - low, (low, high)))], words)


def triangular(low: float, peak: float, high: float) -> Mixture:
    """Triangular.

    Parameters
    ----------
    low, peak, high : float
        In the quantity's unit; ``low <= peak <= high`` and ``low < high``.

    Returns
    -------
    Mixture
        Its two sides are betas, (2, 1) and (1, 2).
    """
    _check_peak(low, peak, high)
    sides = []
    if low < peak:
        sides.append(((peak - low) / (high - low), beta(2.0, 1.0, low, peak)))
    if peak < high:
        sides.append(((high - peak) / (high - low), beta(1.0, 2.0, peak, high)))
    return mixture(sides, f"triangular from {low:g} to {high:g}, peak {peak:g}")


def pert(low: float, peak: float, high: float) -> Mixture:
    """PERT: a smooth triangular, the beta whose mean is (low + 4 peak + high)/6.

    Parameters
    ----------
    low, peak, high : float
        In the quantity's unit; ``low <= peak <= high`` and ``low < high``.

    Returns
    -------
    Mixture
        On [low, high], see :func:`beta`.
    """
    _check_peak(low, peak, high)
    a, b = 1.0 + 4.0 * (peak - low) / (high - low), 1.0 + 4.0 * (high - peak) / (high - low)
    return replace(beta(a, b, low, high), words=f"PERT from {low:g} to {high:g}, peak {peak:g}")


def student_t(location: float, scale: float, df: float) -> Continuous:
    """Student t.

    Parameters
    ----------
    location, scale : float
        In the quantity's unit; ``scale > 0``.
    df : float
        Degrees of freedom, above 0. There is no mean at 1 or below.

    Returns
    -------
    Continuous
        On the whole line.
    """
    words = f"Student t, location {location:g}, scale {scale:g}, df {df:g}"
    return Continuous(words, _StudentT(df), location, scale)


def mixture(weighted: Iterable[tuple[float, Distribution]], words: str | None = None) -> Mixture:
    """Several laws with weights.

    Parameters
    ----------
    weighted : iterable of (float, Distribution)
        Weights that sum to 1, and laws; mixtures among them are taken apart.
    words : str, optional
        The law in words.

    Returns
    -------
    Mixture
        Parts of weight 0 are left out.

    Raises
    ------
    Unusable
        For more than :data:`PARTS_HIGH` parts.
    """
    pairs = [(weight, law) for weight, law in weighted if weight > 0.0]
    total = math.fsum(weight for weight, _ in pairs)
    parts: list[tuple[float, Continuous | Truncated]] = []
    points: dict[float, float] = {}
    for weight, law in pairs:
        share = weight / total
        if isinstance(law, Mixture):
            parts += [(share * inner, part) for inner, part in law.parts]
            for value, prob in law.points:
                points[value] = points.get(value, 0.0) + share * prob
        elif isinstance(law, Continuous | Truncated):
            parts.append((share, law))
    if len(parts) > PARTS_HIGH:
        why = f"make {len(parts):,} laws together, more than {PARTS_HIGH}"
        raise Unusable("components", why, "Put those that are much alike together, or tabulate their quantiles.")
    if words is None:
        words = "mixture: " + ", ".join(f"{100.0 * weight / total:.3g} % {law.describe()}" for weight, law in pairs)
    return Mixture(words, tuple(parts), tuple(sorted(points.items())))


def truncated(law: Distribution, low: float | None, high: float | None) -> Distribution:
    """A law given that it lies in an interval.

    Parameters
    ----------
    law : Distribution
        Any.
    low, high : float, optional
        Closed interval; ``None`` leaves that side as it is.

    Returns
    -------
    Distribution
        Renormalised; parts and atoms of a mixture that lie outside are gone.
    """
    if low is None and high is None:
        return law
    left, right = -math.inf if low is None else low, math.inf if high is None else high
    if left >= right:
        raise Unusable("truncate_low", f"is not below truncate_high = {right:g}", "Put the smaller number first.")
    kept = _restricted(law, left, right)
    if kept is None:
        key = "truncate_low" if low is not None else "truncate_high"
        raise Unusable(key, f"leaves nothing of the {law.describe()}", "Choose an interval that has probability.")
    interval = f"between {left:g} and {right:g}"
    if low is None or high is None:
        interval = f"above {left:g}" if high is None else f"below {right:g}"
    return replace(kept[1], words=f"{law.describe()}, truncated to {interval}")


def _restricted(law: Distribution, low: float, high: float) -> tuple[float, Distribution] | None:
    """Probability of an interval and the law within it; None where there is nothing."""
    if isinstance(law, Mixture):
        inner = [(weight, _restricted(part, low, high)) for weight, part in law.parts]
        kept = [(weight * found[0], found[1]) for weight, found in inner if found is not None]
        kept += [(prob, fixed(value)) for value, prob in law.points if low <= value <= high]
        total = math.fsum(weight for weight, _ in kept)
        kept = [(weight, part) for weight, part in kept if weight >= UNREACHED * total]  # no draw falls into the others
        return (total, mixture(kept)) if total > MASS_LOW else None
    assert isinstance(law, Continuous | Truncated)
    low, high = max(low, law.support[0]), min(high, law.support[1])
    prob = _probability(law, low, high) if low < high else 0.0
    base = law.base if isinstance(law, Truncated) else law
    return (prob, Truncated(law.words, base, low, high)) if prob > MASS_LOW else None


def check_weights(key: str, weights: Iterable[float]) -> None:
    """Refuse weights that do not sum to 1.

    Parameters
    ----------
    key : str
        Where they stand.
    weights : iterable of float
        At least 0 each.

    Raises
    ------
    Unusable
        When the sum is off by more than :data:`WEIGHTS_TOLERANCE`.
    """
    total = math.fsum(weights)
    if abs(total - 1.0) > WEIGHTS_TOLERANCE:
        raise Unusable(key, f"has weights that sum to {total:.10g}, not 1", "Make the weights sum to 1.")


def check_ends(low: float, high: float) -> None:
    """Refuse ends that are not in order.

    Parameters
    ----------
    low, high : float
        In the quantity's unit.

    Raises
    ------
    Unusable
        Unless ``low < high``.
    """
    if high < low:
        raise Unusable("high", f"is below low = {low:g}", "Put the smaller number in low.")
    if high == low:
        raise Unusable(
            "high", f"equals low = {low:g}", f'For a single value use family = "fixed" with value = {low:g}.'
        )


def _check_peak(low: float, peak: float, high: float) -> None:
    check_ends(low, high)
    if not low <= peak <= high:
        raise Unusable("peak", f"is not between low = {low:g} and high = {high:g}", "The peak lies between the ends.")
