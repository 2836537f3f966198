"""From two or three stated quantiles to the parameters of a named family.

The family is always named, never guessed. Two quantiles determine a family of two parameters exactly. Three are fitted
by least squares on the family's own scale (logarithms for lognormal and loguniform), and refused when the family cannot
come close to all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mc_sie.priors import families
from mc_sie.priors.families import Distribution, Unusable

MISS_ALLOWED = 0.05
"""Largest miss of a fitted quantile, as a share of the spread of the given ones."""

FittedFamily = Literal["normal", "lognormal", "uniform", "loguniform", "beta", "student_t"]
"""Families that quantiles can be turned into."""

_LOGARITHMIC = ("lognormal", "loguniform")


@dataclass(frozen=True)
class Fit:
    """A family that has, or nearly has, the stated quantiles.

    Attributes
    ----------
    distribution : Distribution
        The law.
    values : tuple of float
        Its quantiles at the stated probabilities, in the quantity's unit.
    miss_share : float
        Largest distance of one of them from what was stated, as a share (0-1) of the spread of the stated ones, on the
        family's own scale.
    """

    distribution: Distribution
    values: tuple[float, ...]
    miss_share: float


def probability(key: str) -> float:
    """Probability that a quantile's name stands for: ``q`` and decimals.

    Parameters
    ----------
    key : str
        ``"q05"`` is 0.05, ``"q975"`` is 0.975, ``"q5"`` is 0.5.

    Returns
    -------
    float
        In (0, 1).

    Raises
    ------
    Unusable
        When it is no such name.
    """
    digits = key[1:]
    if not (key.startswith("q") and digits.isascii() and digits.isdigit() and int(digits) > 0):
        remedy = "Write q and the decimals of a probability between 0 and 1: q05 for 5 %, q50, q95, q975 for 97.5 %."
        raise Unusable(f"quantiles.{key}", "is not named like a quantile", remedy)
    return float(f"0.{digits}")


def fit(
    family: FittedFamily,
    quantiles: Mapping[str, float],
    *,
    df: float | None = None,
    low: float = 0.0,
    high: float = 1.0,
) -> Fit:
    """The law of a family that has the stated quantiles.

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
    All families but the beta are ``location + scale z`` on their own scale, with z of a standard law: a straight line
    through the points (z at p, value), exact for two and by least squares for three.
    """
    names, probs, values = _in_order(quantiles)
    is_log = family in _LOGARITHMIC
    for name, value in zip(names, values, strict=True):
        if is_log and value <= 0.0:
            raise Unusable(f"quantiles.{name}", "is not above 0", f"A {family} has positive values only.")
        if family == "beta" and not low < value < high:
            remedy = "Its values lie strictly between low and high (0 and 1 unless stated)."
            raise Unusable(f"quantiles.{name}", f"is not inside the beta's interval, {low:g} to {high:g}", remedy)
    law = _beta(probs, values, low, high) if family == "beta" else _line(family, probs, values, df)

    fitted = law.ppf(probs)
    scale: Callable[[Any], Any] = np.log if is_log else np.asarray
    misses = np.abs(scale(fitted) - scale(values)) / (scale(values[-1]) - scale(values[0]))
    worst = int(np.argmax(misses))
    if not misses[worst] <= (MISS_ALLOWED if len(values) == 3 else 1e-9):
        why = f"cannot have those quantiles: the nearest has {names[worst]} = {fitted[worst]:.4g}"
        remedy = "Name another family, state two quantiles only, or use a mixture."
        raise Unusable("fit", f"{why}, given {values[worst]:g}", remedy)
    return Fit(law, tuple(fitted.tolist()), float(misses[worst]))


def _in_order(quantiles: Mapping[str, float]) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Names, probabilities and values by rising probability."""
    if len(quantiles) not in (2, 3):
        raise Unusable("quantiles", f"has {len(quantiles)}, not two or three", "State two or three quantiles.")
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
    if family == "student_t":
        assert df is not None
        z = families.student_t(0.0, 1.0, df).ppf(probs)
    else:
        z = families.normal(0.0, 1.0).ppf(probs) if family.endswith("normal") else probs
    y = np.log(values) if family in _LOGARITHMIC else values
    z_mean, y_mean = float(np.mean(z)), float(np.mean(y))
    scale = float(np.sum((z - z_mean) * (y - y_mean)) / np.sum((z - z_mean) ** 2))
    location = y_mean - scale * z_mean
    match family:
        case "normal":
            return families.normal(location, scale)
        case "lognormal":
            return families.lognormal(math.exp(location), scale)
        case "uniform":
            return families.uniform(location, location + scale)
        case "loguniform":
            return families.loguniform(math.exp(location), math.exp(location + scale))
        case _:
            return families.student_t(location, scale, df or 0.0)


def _beta(probs: NDArray[np.float64], values: NDArray[np.float64], low: float, high: float) -> Distribution:
    """The beta on an interval that has the outer quantiles; with three, the one nearest to all of them.

    P(X <= x) falls with a and rises with b. So for each a one b gives the upper quantile, and along these pairs, which
    grow narrower with a, the probability below the lower quantile falls: two nested searches that cannot go astray.
    """
    from scipy.optimize import brentq, least_squares
    from scipy.special import betainc, betaincinv

    shares = (values - low) / (high - low)
    smallest, largest = -9.0, 16.0  # logarithms of a and b

    def root(rising: Callable[[float], float]) -> float:
        if rising(smallest) >= 0.0:
            return smallest
        return largest if rising(largest) <= 0.0 else float(brentq(rising, smallest, largest, xtol=1e-14, rtol=1e-14))

    def b_log(a_log: float) -> float:
        return root(lambda b_log: betainc(math.exp(a_log), math.exp(b_log), shares[-1]) - probs[-1])

    a_log = root(lambda a_log: probs[0] - betainc(math.exp(a_log), math.exp(b_log(a_log)), shares[0]))
    shape_log = np.array([a_log, b_log(a_log)])
    if len(values) == 3:
        spread = shares[-1] - shares[0]
        shape_log = least_squares(
            lambda shape_log: (betaincinv(*np.exp(shape_log), probs) - shares) / spread,
            shape_log,
            bounds=(smallest - 1.0, largest + 1.0),
            xtol=1e-12,
            ftol=1e-12,
        ).x
    a, b = np.exp(shape_log).tolist()
    return families.beta(a, b, low, high)
