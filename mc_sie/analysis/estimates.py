"""Estimates from independent randomisations, each with its Monte Carlo error, and how they are written.

The error of an estimate is the spread between replicates, never ``sqrt(p (1 - p) / n)``: with quasi-random points that
would be too large by a factor that nobody knows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

INTERVAL_LEVEL = 0.90
"""Level of every two-sided interval, equal-tailed (5th to 95th percentile), the field's convention."""

RARE_HITS = 30
"""With fewer hits (or misses), or a replicate that has none, an exact bound is given instead of an error."""

BOUND_LEVEL = 0.95
"""Level of the exact one-sided bound."""


@dataclass(frozen=True)
class Estimate:
    """A probability and how well it is known.

    Attributes
    ----------
    prob : float
        Share of the simulated draws of which the event is true.
    se : float
        Monte Carlo standard error; nan where too few draws hit or missed.
    low, high : float
        Interval: two-sided at 90 % (``t`` from the replicates, or ``wilson`` for plain Monte Carlo), or one-sided at
        95 % (``exact upper``, ``exact lower``) where hits or misses are rare.
    interval : {"t", "wilson", "exact upper", "exact lower", "effective upper", "effective lower"}
        Kind of the interval.
    n_hits, n_draws : int
        Hits, and draws that were simulated.
    """

    prob: float
    se: float
    low: float
    high: float
    interval: str
    n_hits: int
    n_draws: int

    @property
    def is_rare(self) -> bool:
        """Whether only a bound can be given."""
        return self.interval.endswith(("upper", "lower"))


@dataclass(frozen=True)
class WeightedEstimate(Estimate):
    """A probability from weighted draws.

    Attributes
    ----------
    ess : float
        Draws of equal weight that these are worth, ``(sum w)^2 / sum w^2``. A bound (``effective upper`` or
        ``effective lower``) is the exact one for so many draws.
    """

    ess: float


def estimate_probability(
    hits: NDArray[np.bool_], counted: NDArray[np.bool_], n_replicates: int, scheme: str
) -> Estimate:
    """Probability of an event, with its Monte Carlo error.

    Parameters
    ----------
    hits : array of shape (n,), bool
        Of which draws the event is true, replicate by replicate.
    counted : array of shape (n,), bool
        Which draws count (they were simulated, and belong to the case asked about).
    n_replicates : int
        Independent randomisations, of n / n_replicates draws each.
    scheme : str
        Sampling scheme; plain Monte Carlo (``philox``) gets a Wilson interval.

    Returns
    -------
    Estimate
        nan where no draw counts.
    """
    by_replicate = hits.reshape(n_replicates, -1), counted.reshape(n_replicates, -1)
    return estimate_from_counts((by_replicate[0] & by_replicate[1]).sum(axis=1), by_replicate[1].sum(axis=1), scheme)


def estimate_from_counts(n_hits: NDArray[np.int64], n_draws: NDArray[np.int64], scheme: str) -> Estimate:
    """Probability of an event from the hits in each independent randomisation.

    Parameters
    ----------
    n_hits, n_draws : array of shape (R,), int64
        Hits, and draws that count, in each replicate.
    scheme : str
        Sampling scheme; plain Monte Carlo (``philox``) gets a Wilson interval.

    Returns
    -------
    Estimate
        nan where no draw counts.
    """
    total, drawn = int(n_hits.sum()), int(n_draws.sum())
    if drawn == 0:
        return Estimate(math.nan, math.nan, math.nan, math.nan, "t", 0, 0)
    prob = total / drawn
    misses = n_draws - n_hits
    rarer = n_hits if total <= drawn - total else misses
    if rarer.sum() < RARE_HITS or rarer.min() == 0:
        if rarer is n_hits:
            return Estimate(prob, math.nan, 0.0, _exact_upper(total, drawn), "exact upper", total, drawn)
        return Estimate(prob, math.nan, 1.0 - _exact_upper(drawn - total, drawn), 1.0, "exact lower", total, drawn)
    shares = n_hits / n_draws
    se = replicate_se(shares)
    if scheme == "philox":
        low, high = _wilson(prob, drawn)
        return Estimate(prob, se, low, high, "wilson", total, drawn)
    half = student_t(len(shares) - 1) * se
    return Estimate(prob, se, max(0.0, prob - half), min(1.0, prob + half), "t", total, drawn)


def estimate_weighted(
    hits: NDArray[np.bool_], counted: NDArray[np.bool_], weights: NDArray[np.float64], n_replicates: int
) -> WeightedEstimate:
    """Probability of an event from weighted draws: the weighted share of the hits.

    Parameters
    ----------
    hits, counted : array of shape (n,), bool
        As in :func:`estimate_probability`.
    weights : array of shape (n,)
        At least 0, on any scale.
    n_replicates : int
        Independent randomisations, of n / n_replicates draws each.

    Returns
    -------
    WeightedEstimate
        nan where no weight counts.

    Notes
    -----
    A ratio of two sums, both of which vary: its error is the delete-one-replicate jackknife's.
    """
    kept = np.where(counted, weights, 0.0)
    hit = np.where(hits, kept, 0.0)
    miss = kept - hit
    n_hits, n_draws = int(np.count_nonzero(hit)), int(np.count_nonzero(kept))
    totals, parts = (array.reshape(n_replicates, -1).sum(axis=1) for array in (kept, hit))
    if not totals.sum() > 0.0:
        return WeightedEstimate(math.nan, math.nan, math.nan, math.nan, "t", 0, 0, 0.0)
    prob, ess = float(parts.sum() / totals.sum()), effective_size(kept)
    is_upper = prob <= 0.5
    rarer = (hit if is_upper else miss).reshape(n_replicates, -1)
    if effective_size(rarer) < RARE_HITS or (rarer.max(axis=1) == 0.0).any():
        bound = _exact_upper((prob if is_upper else 1.0 - prob) * ess, ess)
        if is_upper:
            return WeightedEstimate(prob, math.nan, 0.0, bound, "effective upper", n_hits, n_draws, ess)
        return WeightedEstimate(prob, math.nan, 1.0 - bound, 1.0, "effective lower", n_hits, n_draws, ess)
    without = (parts.sum() - parts) / (totals.sum() - totals)
    se = float(jackknife_se(without))
    half = student_t(n_replicates - 1) * se
    return WeightedEstimate(prob, se, max(0.0, prob - half), min(1.0, prob + half), "t", n_hits, n_draws, ess)


def effective_size(weights: NDArray[np.float64]) -> float:
    """Draws of equal weight that weighted draws are worth, ``(sum w)^2 / sum w^2``; 0 where no weight is positive."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0.0 else 0.0


def jackknife_se(without: ArrayLike) -> NDArray[np.float64]:
    """Standard error from estimates that leave out one replicate each.

    Parameters
    ----------
    without : array_like of shape (R, ...)
        Estimates from all replicates but one.

    Returns
    -------
    ndarray of shape (...)
        ``sqrt((R - 1)/R sum (x_r - mean x)^2)``.
    """
    array = np.asarray(without, dtype=np.float64)
    return np.asarray(np.sqrt((len(array) - 1) / len(array) * np.square(array - array.mean(axis=0)).sum(axis=0)))


def replicate_se(values: ArrayLike) -> float:
    """Standard error of the mean of independent replicates.

    Parameters
    ----------
    values : array_like of shape (R,)
        One estimate a replicate.

    Returns
    -------
    float
        ``sd / sqrt(R)``.
    """
    array = np.asarray(values, dtype=np.float64)
    return float(array.std(ddof=1) / math.sqrt(len(array)))


def student_t(df: int) -> float:
    """Quantile of Student's t that makes a two-sided interval of :data:`INTERVAL_LEVEL`."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + INTERVAL_LEVEL / 2.0))


def se_bound_factor(n_replicates: int) -> float:
    """By how much a standard error from R replicates may be too small, at 90 %: ``sqrt((R-1) / chi2_{0.1, R-1})``."""
    from scipy.special import gammaincinv

    df = n_replicates - 1
    return math.sqrt(df / (2.0 * float(gammaincinv(df / 2.0, 0.1))))


def error_bound(estimate: Estimate, n_replicates: int) -> float:
    """How large the standard error of an estimate may be, at 90 %.

    Parameters
    ----------
    estimate : Estimate
        A probability.
    n_replicates : int
        Randomisations behind it.

    Returns
    -------
    float
        Where only a bound on the probability is given, the width that it leaves; inf where no draw counts.
    """
    if estimate.n_draws == 0:
        return math.inf
    return estimate.high - estimate.low if estimate.is_rare else estimate.se * se_bound_factor(n_replicates)


def _exact_upper(n_hits: float, n_draws: float) -> float:
    """Clopper-Pearson upper bound on a probability; 3/n for no hits (the rule of three). Effective numbers will do."""
    from scipy.special import betaincinv

    return 1.0 if n_hits >= n_draws else float(betaincinv(n_hits + 1, n_draws - n_hits, BOUND_LEVEL))


def _wilson(prob: float, n: int) -> tuple[float, float]:
    """Wilson's score interval at :data:`INTERVAL_LEVEL`."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + INTERVAL_LEVEL / 2.0))
    centre = (prob + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(prob * (1 - prob) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def in_percent(estimate: Estimate) -> str:
    """A probability in percent, with no digit beyond its error, or its exact bound.

    Parameters
    ----------
    estimate : Estimate
        The probability.

    Returns
    -------
    str
        ``"12.8 %"``, ``"below 0.02 %"`` or ``"above 99.9 %"``.
    """
    if math.isnan(estimate.prob):
        return "no draws"
    if estimate.interval.endswith("upper"):
        return f"below {_two_digits(100 * estimate.high)} %"
    if estimate.interval.endswith("lower"):
        return f"above {100 - float(_two_digits(100 * (1 - estimate.low))):.12g} %"
    return f"{100 * estimate.prob:.{decimals(100 * estimate.se)}f} %"


def failed_in_words(n_failed: int, n_draws: int, low: float, high: float) -> str:
    """How many draws failed, and the bounds that they leave on the probability.

    Parameters
    ----------
    n_failed, n_draws : int
        Draws that could not be simulated, and all draws.
    low, high : float
        The probability if the event held in none, and in every one, of those that failed.

    Returns
    -------
    str
        Empty where no draw failed.
    """
    if n_failed == 0:
        return ""
    digits = max(1, decimals(100 * (high - low)) + 1)  # so many that the bounds differ
    return (
        f"{n_failed:,} of {n_draws:,} draws could not be simulated; counting them as misses or as hits, the "
        f"probability lies between {100 * low:.{digits}f} % and {100 * high:.{digits}f} %."
    )


def se_in_points(estimate: Estimate) -> str:
    """The standard error in percentage points, to one significant digit."""
    points = 100 * estimate.se
    return f"{points:.{decimals(points)}f}"


def decimals(error: float) -> int:
    """Decimals that an error leaves meaningful: those of its first significant digit.

    Parameters
    ----------
    error : float
        Standard error, in the unit in which the number is printed.

    Returns
    -------
    int
        0 or more; 1 for an error of 0, which says nothing about the digits.
    """
    if not error > 0.0 or math.isinf(error):
        return 1
    digits = -math.floor(math.log10(error))
    return max(0, digits if round(error * 10**digits, 0) < 10 else digits - 1)


def _two_digits(value: float) -> str:
    """A bound to two significant digits, rounded up so that it stays a bound."""
    if value <= 0.0:
        return "0"
    scale = 10 ** (1 - math.floor(math.log10(value)))
    return f"{math.ceil(value * scale - 1e-9) / scale:.10g}"


def with_error(value: float, se: float) -> str:
    """A number with its Monte Carlo error, and no digit beyond it.

    Parameters
    ----------
    value, se : float
        In the unit in which they are printed.

    Returns
    -------
    str
        ``"12.3 (0.4)"``; ``"0"`` alone where not one draw says otherwise, nothing where the value is not known.
    """
    if math.isnan(value):
        return ""
    if value == se == 0.0:
        return "0"
    digits = decimals(se)
    return f"{round(value, digits) + 0.0:.{digits}f} ({se:.{digits}f})"  # never minus zero


def share_in_percent(share: float, se: float) -> str:
    """A share of variance with its error, with no digit beyond it.

    Parameters
    ----------
    share, se : float
        On the scale from 0 to 1.

    Returns
    -------
    str
        ``"12.3 % (SE 0.4)"``, or ``"not known"``.
    """
    if math.isnan(share):
        return "not known"
    if not se > 0.0:
        return f"{100 * share:.3g} %"
    digits = decimals(100 * se)
    return f"{100 * share:.{digits}f} % (SE {100 * se:.{digits}f})"


def one_in(prob: float) -> str:
    """A probability as a natural frequency.

    Parameters
    ----------
    prob : float
        Between 0 and 1.

    Returns
    -------
    str
        ``"about 1 in 8"``, or ``"about 3 in 5"`` where one in a whole number would be off by more than a tenth, or
        ``"all but about 1 in 40"``.
    """
    if prob <= 0.0 or prob >= 1.0 or math.isnan(prob):
        return "never" if prob <= 0.0 else "always" if prob >= 1.0 else "unknown"
    if prob <= 0.22:
        n = round(1 / prob)
        return f"about 1 in {n if n < 100 else float(f'{1 / prob:.2g}'):,.0f}"
    if prob > 0.95:
        return f"all but {one_in(1.0 - prob)}"
    below = min(((abs(prob - k / n), n, k) for n in (2, 3, 4, 5, 6, 8, 10) for k in range(1, n)), default=(0.0, 1, 1))
    return f"about {below[2]} in {below[1]}"
