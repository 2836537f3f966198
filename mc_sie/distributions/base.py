"""Distributions of one number as quantile functions: each maps u in (0, 1) to a value, monotonically.

:class:`Continuous` is a standard distribution on a linear or logarithmic scale, :class:`Truncated` a continuous one
renormalised to an interval; everything with weights or atoms is a :class:`~mc_sie.distributions.mixture.Mixture`.

Numbers near 1 lose the upper tail (``1 - 1e-20 == 1``), so that inside this package a probability is a pair (u, v) with
u + v = 1, and each distribution inverts whichever is smaller.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

UNREACHED = 2.0**-54
"""Probability too small for any draw to fall into: doubles in (0, 1) keep at least this far from 1, samplers from 0."""


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


class Standard(ABC):
    """A distribution without location and scale, on the real line unless it says otherwise.

    Only the lower tail is written down: the upper tail is the lower tail of the reflected distribution.
    """

    kind = ""
    """Name of the distribution, where its shape is all there is to it; empty for one that is given by tables."""

    mirror = 0.0
    """Reflection takes z to ``mirror - z``."""

    mean: float = 0.0

    breaks: tuple[float, ...] = ()
    """Probabilities at which the quantile function jumps or bends."""

    is_explicit: bool = True
    """True where the quantile function is a formula, and not itself an inversion."""

    @property
    def shape(self) -> tuple[float, ...]:
        """Parameters of its shape."""
        return tuple(vars(self).values())

    @property
    def reflected(self) -> Standard:
        """Distribution of ``mirror - Z``; the distribution itself when it is symmetric."""
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
        """E exp(scale Z), for the distributions that are used on a logarithmic scale."""
        raise NotImplementedError


@dataclass(frozen=True)
class Distribution(ABC):
    """The distribution of one quantity, in the quantity's unit.

    Parameters
    ----------
    words : str
        The distribution in words, for tables.
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
        if len(self.atoms) == 1 and self.support[0] == self.support[1]:
            return self.atoms[0][0]
        return None

    def describe(self) -> str:
        """The distribution in words, e.g. ``"uniform from -0.4 to -0.1"``; derived numbers to three digits."""
        return self.words

    def ppf(self, u: ArrayLike) -> Array:
        """Quantile function, the smallest x with P(X <= x) >= u, for probabilities in (0, 1) of any shape.

        Rises with u. Each value depends on its own u alone, not on the rest of the array.
        """
        points = np.asarray(u, dtype=np.float64)
        flat = points.ravel()
        return self._quantile(flat, 1.0 - flat).reshape(points.shape)

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x), for values in the quantity's unit."""

    @abstractmethod
    def sf(self, x: ArrayLike) -> Array:
        """P(X > x), accurate where it is small."""

    @abstractmethod
    def pdf(self, x: ArrayLike) -> Array:
        """Density per unit of the part without atoms; it integrates to 1 minus the probability of the atoms."""

    @abstractmethod
    def mean(self) -> float:
        """Expected value in the quantity's unit; ``nan`` where it does not exist (Student t with df <= 1)."""

    @abstractmethod
    def _quantile(self, u: Array, v: Array) -> Array:
        """Quantile at u = 1 - v; the smaller of the two is the accurate one."""


@dataclass(frozen=True)
class Continuous(Distribution):
    """A standard distribution, moved and scaled, on a linear or a logarithmic scale.

    Parameters
    ----------
    words : str
        The distribution in words.
    standard : Standard
        Distribution of z in ``x = location + scale z``, or of its logarithm.
    location, scale : float
        On the scale named by ``is_log``.
    ends : tuple of float
        Support, as stated (``exp(log(low))`` need not be ``low``).
    is_log : bool
        True where ``location + scale z`` is the natural logarithm of ``x - shift``.
    shift : float
        Added to all values, after the scale.
    """

    standard: Standard
    location: float
    scale: float
    ends: tuple[float, float] = (-math.inf, math.inf)
    is_log: bool = False
    shift: float = 0.0

    @property
    def support(self) -> tuple[float, float]:
        """Smallest closed interval with probability 1."""
        return self.ends

    @property
    def is_explicit(self) -> bool:
        """True where its quantile function is a formula."""
        return self.standard.is_explicit

    def _z(self, x: ArrayLike) -> Array:
        values = np.asarray(x, dtype=np.float64) - self.shift
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
        values = np.asarray(x, dtype=np.float64) - self.shift
        return np.divide(density, values, out=np.zeros_like(density), where=values > 0.0)

    def mean(self) -> float:
        """Expected value."""
        if self.is_log:
            return self.shift + math.exp(self.location) * self.standard.mean_exp(self.scale)
        return self.shift + self.location + self.scale * self.standard.mean

    def _quantile(self, u: Array, v: Array) -> Array:
        lower = u <= v
        z = np.empty_like(u)
        z[lower] = self.standard.ppf(u[lower])
        z[~lower] = self.standard.mirror - self.standard.reflected.ppf(v[~lower])
        x = self.location + self.scale * z
        if self.is_log:
            with np.errstate(over="ignore"):
                x = np.exp(x)
        return np.clip(x + self.shift, *self.ends)  # against rounding past a stated end


@dataclass(frozen=True)
class Truncated(Distribution):
    """A continuous distribution given that it lies in an interval: renormalised, without atoms at the ends.

    Parameters
    ----------
    words : str
        The distribution in words.
    base : Continuous
        The distribution before truncation.
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
        """True where its quantile function is a formula."""
        return self.base.is_explicit

    @cached_property
    def mass(self) -> float:
        """Probability of the interval before truncation."""
        return probability_between(self.base, self.low, self.high)

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
        return mean_of_quantiles(self._quantile)

    def _quantile(self, u: Array, v: Array) -> Array:
        x = self.base._quantile(self._below + u * self.mass, self._above + v * self.mass)
        return np.clip(x, self.low, self.high)  # against rounding past an end


def mean_of_quantiles(quantile: Callable[[Array, Array], Array], t_high: float = 4.25) -> float:
    """Integral of a quantile function of (u, v), by the tanh-sinh rule; tails beyond exp(-pi sinh t_high) are left out.

    References
    ----------
    Takahasi, H. & Mori, M. (1974). Double exponential formulas for numerical integration. Publications of the RIMS 9.
    """
    step = 1.0 / 64.0
    t = np.arange(-t_high, t_high + step / 2.0, step)  # u = 1/(1 + exp(-pi sinh t)), even steps in t
    u = logistic(math.pi * np.sinh(t))
    v = logistic(-math.pi * np.sinh(t))
    weights = u * v * math.pi * np.cosh(t) * step
    return float(np.sum(weights * quantile(u, v)))


def rising_root(
    excess: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    low: Array,
    high: Array,
    tolerance: float,
    start: Array | None = None,
) -> Array:
    """Roots of rising functions, one in each bracket: Newton steps inside brackets that shrink.

    Parameters
    ----------
    excess, slope : callable
        The functions and their derivatives, all at once.
    low, high : ndarray of float64
        Ends of the brackets.
    tolerance : float
        Step, in units of the root or of its size where that is larger, at which all end.
    start : ndarray of float64, optional
        Where to begin; the middle if not given.

    Returns
    -------
    ndarray of float64
        The roots.
    """
    root = 0.5 * (low + high) if start is None else start
    for _ in range(60):
        above = excess(root)
        low = np.where(above <= 0.0, root, low)
        high = np.where(above >= 0.0, root, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = root - above / slope(root)
        better = np.where((newton > low) & (newton < high), newton, 0.5 * (low + high))
        if np.all(np.abs(better - root) <= tolerance * np.maximum(1.0, np.abs(root))):
            break
        root = better
    return root


def logistic(t: Array) -> Array:
    """Probability with log-odds t; that of -t is its complement, to the last digit."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-t))


def probability_between(distribution: Continuous | Truncated, low: float, high: float) -> float:
    """P(low <= X <= high), from whichever tail the interval lies in: accurate also where it is small."""
    below = float(distribution.cdf(low))
    above = float(distribution.sf(high))
    if below > 0.5:  # in the upper tail 1 - below has lost its digits
        return float(distribution.sf(low)) - above
    if above > 0.5:
        return float(distribution.cdf(high)) - below
    return 1.0 - below - above
