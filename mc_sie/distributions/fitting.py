"""From two or three stated quantiles, or a mean and an interval, to the parameters of a named family.

The family is always named, never guessed. Two quantiles determine a family of two parameters exactly. Three numbers are
fitted by least squares on the family's own scale (logarithms for lognormal and loguniform), and refused when the family
cannot come close to all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mc_sie.distributions import families
from mc_sie.distributions.base import Distribution, Unusable

MISS_ALLOWED = 0.05
"""Largest miss of a fitted quantile, as a share of the spread of the given ones."""

PROB_LOW = 1e-12
"""Smallest probability on either side of a stated quantile, or outside an interval on each side."""

LEVEL_LOW = 0.01
"""Smallest probability of an interval: a narrower one says where the middle is, not how wide the distribution."""

_TOO_EXTREME = ("is too near 0 or 1", f"Keep a probability of {PROB_LOW:g} on either side.")

FittedFamily = Literal["normal", "lognormal", "uniform", "loguniform", "beta", "student_t"]
"""Families that quantiles can be turned into."""

_LOGARITHMIC = ("lognormal", "loguniform")
_LOG_HIGH = 230.0  # exp of it is 1e100
_SHAPE_LOW = -9.0  # logarithms of a beta's a and b
_SHAPE_HIGH = 16.0


@dataclass(frozen=True)
class Fit:
    """A family that has, or nearly has, the stated quantiles.

    Attributes
    ----------
    distribution : Distribution
        The member of the family.
    values : tuple of float
        Its quantiles at the stated probabilities, in the quantity's unit.
    miss_share : float
        Largest distance of one of them from what was stated, as a share (0-1) of the spread of the stated ones, on the
        family's own scale.
    miss_points : float
        Largest distance of the probability below a stated quantile from the one it was stated for, percentage points.
    miss_mean : float
        Distance of the mean from a stated one, as a share (0-1) of the stated interval's width.
    """

    distribution: Distribution
    values: tuple[float, ...]
    miss_share: float
    miss_points: float
    miss_mean: float = 0.0


def probability(key: str) -> float:
    """Probability that a quantile's name stands for, ``q`` and decimals: ``"q05"`` is 0.05, ``"q975"`` is 0.975.

    Refused is what is no such name, has one digit, which may mean per cent or a tenth, or is too near 0 or 1 to be
    drawn.
    """
    digits = key[1:]
    if not (key.startswith("q") and digits.isascii() and digits.isdigit() and digits.strip("0")):
        remedy = "Write q and the decimals of a probability between 0 and 1: q05 for 5 %, q50, q95, q975 for 97.5 %."
        raise Unusable(f"quantiles.{key}", "is not named like a quantile", remedy)
    if len(digits) == 1:
        remedy = f"Write q0{digits} for {digits} %, or q{digits}0 for {digits}0 %."
        raise Unusable(f"quantiles.{key}", "may mean either of two quantiles", remedy)
    found = float(f"0.{digits}")
    if not PROB_LOW <= found <= 1.0 - PROB_LOW:
        raise Unusable(f"quantiles.{key}", *_TOO_EXTREME)
    return found


def fit(
    family: FittedFamily,
    quantiles: Mapping[str, float],
    *,
    df: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Fit:
    """The distribution of a family that has the stated quantiles.

    Parameters
    ----------
    family : str
        One of :data:`FittedFamily`.
    quantiles : mapping of str to float
        Two or three, named as in :func:`probability`, in the quantity's unit.
    df : float, optional
        Degrees of freedom, for ``student_t``.
    low, high : float
        Ends of the interval, for ``beta``.

    Returns
    -------
    Fit
        Exact for two quantiles (to rounding; a beta to 1e-9 of the spread).

    Raises
    ------
    Unusable
        When the quantiles are not in order, lie where the family has no values, or are three that the family misses by
        more than :data:`MISS_ALLOWED` of their spread.

    Notes
    -----
    All families but the beta are ``location + scale z`` on their own scale, with z of a standard distribution: a
    straight line through the points (z at p, value), exact for two and by least squares for three.
    """
    names, probs, values = in_order(quantiles, 3)
    for name, value in zip(names, values, strict=True):
        _check_value(family, f"quantiles.{name}", value, low, high, "interval")
    if family == "beta":
        distribution = _beta(probs, values, low, high)
    else:
        distribution = _line(family, probs, values, df)

    fitted = distribution.ppf(probs)
    scale = _scale_of(family)
    misses = np.abs(scale(fitted) - scale(values)) / (scale(values[-1]) - scale(values[0]))
    worst = int(np.argmax(misses))
    allowed = 1e-9  # two quantiles determine the family
    if len(values) == 3:
        allowed = MISS_ALLOWED
    if not misses[worst] <= allowed:
        why = f"cannot have those quantiles: the nearest has {names[worst]} = {fitted[worst]:.4g}"
        remedy = 'fit = "metalog" may have them exactly; or name another family, state two quantiles, use a mixture.'
        raise Unusable("fit", f"{why}, given {values[worst]:g}", remedy)
    return Fit(distribution, tuple(fitted.tolist()), float(misses[worst]), _points(distribution, probs, values))


def fit_interval(
    family: FittedFamily,
    mean: float,
    interval: tuple[float, float],
    *,
    level: float = 0.9,
    df: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Fit:
    """The distribution of a family that comes nearest to a mean and an equal-tailed interval.

    Parameters
    ----------
    family : str
        One of :data:`FittedFamily`.
    mean : float
        In the quantity's unit.
    interval : tuple of float
        Its ends, in the quantity's unit.
    level : float
        Probability of the interval, in (0, 1).
    df : float, optional
        Degrees of freedom above 1, for ``student_t``.
    low, high : float
        Ends of all values, for ``beta``.

    Returns
    -------
    Fit
        Of least squares over the three numbers, on the family's own scale.

    Raises
    ------
    Unusable
        When the ends are not in order, a number lies where the family has no values, or the family misses one of them
        by more than :data:`MISS_ALLOWED` of the interval.

    Notes
    -----
    The search starts from the distribution that has the interval.
    """
    from scipy.optimize import least_squares

    if not LEVEL_LOW <= level <= 1.0 - 2.0 * PROB_LOW:
        remedy = f"Give at least {LEVEL_LOW:g}, and leave {PROB_LOW:g} outside on each side."
        raise Unusable("level", "is too near 0 or 1", remedy)
    if not interval[0] < interval[1]:
        raise Unusable("interval", "does not rise", "Write it as [low, high].")
    if df is not None and df <= 1.0:
        raise Unusable("df", "is not above 1", "Without that a Student t has no mean: state quantiles.")
    for key, value in (("interval.0", interval[0]), ("mean", mean), ("interval.1", interval[1])):
        _check_value(family, key, value, low, high, "range")
    probs = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    ends = np.array(interval)
    scale = _scale_of(family)
    aims = scale(np.array([*interval, mean]))
    width = float(aims[1] - aims[0])

    def misses(distribution: Distribution) -> NDArray[np.float64]:
        return np.asarray((scale(np.array([*distribution.ppf(probs), distribution.mean()])) - aims) / width)

    # what is searched: of a beta the logarithms of its shape, of others the ends, moved by shares of the interval
    if family == "beta":
        start = _beta_logs(probs, (ends - low) / (high - low))
    else:
        start = np.zeros(2)
        z = _z_of(family, probs, df)

    def distribution_of(found: NDArray[np.float64]) -> Distribution:
        if family != "beta":
            return _line_through(family, z, aims[:2] + width * found, df)
        a, b = np.exp(np.clip(found, _SHAPE_LOW - 1.0, _SHAPE_HIGH + 1.0)).tolist()
        return families.beta(a, b, low, high)

    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(misses(distribution_of(start))).all():
            raise _outside_computing("mean and interval")
        distribution = distribution_of(
            least_squares(lambda found: misses(distribution_of(found)), start, xtol=1e-12, ftol=1e-14, gtol=1e-14).x
        )
    missed = np.abs(misses(distribution))
    fitted = distribution.ppf(probs)
    if not missed.max() <= MISS_ALLOWED:
        why = f"cannot have that mean and interval: the nearest has mean {distribution.mean():.4g}, interval"
        remedy = 'Name another family, or leave the mean out: family = "quantiles" with the ends of the interval.'
        raise Unusable("fit", f"{why} {fitted[0]:.4g} to {fitted[1]:.4g}", remedy)
    miss_mean = abs(distribution.mean() - mean) / (interval[1] - interval[0])
    return Fit(distribution, tuple(fitted.tolist()), float(missed.max()), _points(distribution, probs, ends), miss_mean)


def _check_value(family: FittedFamily, key: str, value: float, low: float, high: float, range_is: str) -> None:
    """Refuse a number where the family has no values."""
    if family in _LOGARITHMIC and value <= 0.0:
        raise Unusable(key, "is not above 0", f"A {family} has positive values only.")
    if family == "beta" and not low < value < high:
        remedy = "Its values lie strictly between low and high (0 and 1 unless stated)."
        raise Unusable(key, f"is not inside the beta's {range_is}, {low:g} to {high:g}", remedy)


def _scale_of(family: FittedFamily) -> Callable[[Any], Any]:
    """The family's own scale, on which misses are measured."""
    if family in _LOGARITHMIC:
        return np.log
    return np.asarray


def _points(distribution: Distribution, probs: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Largest miss in probability, percentage points."""
    return float(100.0 * np.abs(distribution.cdf(values) - probs).max())


def in_order(quantiles: Mapping[str, float], most: int) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Names, probabilities and values of two quantiles or more by rising probability."""
    if not 2 <= len(quantiles) <= most:
        allowed = {3: "two or three"}.get(most, f"two to {most}")
        raise Unusable("quantiles", f"has {len(quantiles)}, not {allowed}", f"State {allowed} quantiles.")
    rising = sorted((probability(name), name, value) for name, value in quantiles.items())
    for (prob, name, value), (next_prob, next_name, next_value) in pairwise(rising):
        if prob == next_prob:
            raise Unusable(f"quantiles.{name}", f"is the same quantile as {next_name}", "State it once.")
        if not value < next_value:
            remedy = "Quantiles rise with their probability."
            raise Unusable(f"quantiles.{name}", f"is not below {next_name} = {next_value:g}", remedy)
    return [name for _, name, _ in rising], np.array([p for p, _, _ in rising]), np.array([v for _, _, v in rising])


def _line(
    family: FittedFamily, probs: NDArray[np.float64], values: NDArray[np.float64], df: float | None
) -> Distribution:
    """The member of a location-scale family whose quantiles lie nearest."""
    z = _z_of(family, probs, df)
    return _line_through(family, z, _scale_of(family)(values), df)


def _z_of(family: FittedFamily, probs: NDArray[np.float64], df: float | None) -> NDArray[np.float64]:
    """Quantiles of the standard distribution of a location-scale family."""
    if family == "student_t":
        assert df is not None
        return families.student_t(0.0, 1.0, df).ppf(probs)
    if family.endswith("normal"):
        return families.normal(0.0, 1.0).ppf(probs)
    return probs


def _line_through(
    family: FittedFamily, z: NDArray[np.float64], y: NDArray[np.float64], df: float | None
) -> Distribution:
    """The distribution of the straight line nearest to some points, on the family's own scale."""
    z_mean = float(np.mean(z))
    y_mean = float(np.mean(y))
    scale = float(np.sum((z - z_mean) * (y - y_mean)) / np.sum((z - z_mean) ** 2))
    location = y_mean - scale * z_mean
    match family:
        case "normal":
            return families.normal(location, scale)
        case "lognormal":
            return families.lognormal(_exp(location), scale)
        case "uniform":
            return families.uniform(location, location + scale)
        case "loguniform":
            return families.loguniform(_exp(location), _exp(location + scale))
        case _:
            return families.student_t(location, scale, df or 0.0)


def _exp(log: float) -> float:
    """A parameter from its logarithm, refused where it is too large or too small to be computed with."""
    if not abs(log) <= _LOG_HIGH:
        raise _outside_computing("quantiles")
    return math.exp(log)


def _outside_computing(stated: str) -> Unusable:
    why = f"cannot have that {stated}: its parameters are outside what can be computed"
    return Unusable("fit", why, "Name another family, or bring the numbers closer together.")


def _beta(probs: NDArray[np.float64], values: NDArray[np.float64], low: float, high: float) -> Distribution:
    """The beta on an interval that has the outer quantiles; with three, the one nearest to all of them."""
    from scipy.optimize import least_squares
    from scipy.special import betaincinv

    shares = (values - low) / (high - low)
    shape_log = _beta_logs(probs, shares)
    if len(values) == 3:
        spread = shares[-1] - shares[0]
        shape_log = least_squares(
            lambda shape_log: (betaincinv(*np.exp(shape_log), probs) - shares) / spread,
            shape_log,
            bounds=(_SHAPE_LOW - 1.0, _SHAPE_HIGH + 1.0),
            xtol=1e-12,
            ftol=1e-12,
        ).x
    a, b = np.exp(shape_log).tolist()
    return families.beta(a, b, low, high)


def _beta_logs(probs: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of a and b of the beta on [0, 1] that has the first and the last of some quantiles.

    P(X <= x) falls with a and rises with b. So for each a one b gives the upper quantile, and along these pairs, which
    grow narrower with a, the probability below the lower quantile falls: two nested searches that cannot go astray.
    """
    from scipy.optimize import brentq
    from scipy.special import betainc

    def root(rising: Callable[[float], float]) -> float:
        if rising(_SHAPE_LOW) >= 0.0:
            return _SHAPE_LOW
        if rising(_SHAPE_HIGH) <= 0.0:
            return _SHAPE_HIGH
        return float(brentq(rising, _SHAPE_LOW, _SHAPE_HIGH, xtol=1e-14, rtol=1e-14))

    def b_log(a_log: float) -> float:
        return root(lambda b_log: betainc(math.exp(a_log), math.exp(b_log), shares[-1]) - probs[-1])

    a_log = root(lambda a_log: probs[0] - betainc(math.exp(a_log), math.exp(b_log(a_log)), shares[0]))
    return np.array([a_log, b_log(a_log)])
