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
"""With fewer hits (or misses) there is a bound and no error; where only some replicate has none, a bound beside it."""

BOUND_LEVEL = 0.95
"""Level of every one-sided bound, and of either end of a two-sided interval."""


@dataclass(frozen=True)
class Estimate:
    """A probability with its Monte Carlo error.

    Attributes
    ----------
    prob : float
        Share of the simulated draws of which the event is true.
    se : float
        Monte Carlo standard error; nan where too few draws hit or missed.
    low, high : float
        Interval: two-sided at 90 % (``t`` from the replicates, or ``wilson`` for plain Monte Carlo), or one-sided at
        95 % where hits or misses are rare. That bound is the binomial one of Clopper & Pearson: exact for plain Monte
        Carlo, and for Sobol' points as good as the hits are binomial.
    interval : {"t", "wilson", "binomial upper", "binomial lower", "effective upper", "effective lower"}
        Kind of the interval; ``effective`` bounds are those of weighted draws.
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
        """True where a one-sided bound is given."""
        return self.interval.endswith(("upper", "lower"))

    @property
    def has_error(self) -> bool:
        """True where the standard error is known."""
        return not math.isnan(self.se)

    @property
    def interval_in_words(self) -> str:
        """Kind and level of the interval, as tables have it."""
        if self.is_rare:
            return f"{self.interval}, 95 %"
        return f"{self.interval}, 90 %"

    @property
    def bound_in_words(self) -> str:
        """Kind of a bound and what it rests on."""
        return f"binomial 95 % bound: {self.n_hits:,} of {self.n_draws:,} draws"


@dataclass(frozen=True)
class WeightedEstimate(Estimate):
    """A probability from weighted draws.

    Attributes
    ----------
    ess : float
        Effective sample size, ``(sum w)^2 / sum w^2``.
    ess_rarer : float
        Effective sample size of the hits alone, or of the misses where those are rarer. Bounds, ``effective upper`` or
        ``effective lower``, rest on them.
    """

    ess: float
    ess_rarer: float

    @property
    def bound_in_words(self) -> str:
        """Kind of a bound and what it rests on; draws of a proposal are not counted, since they are not the prior's."""
        rarer = "hits" if self.interval.endswith("upper") else "misses"
        return f"95 % bound: {rarer} worth {self.ess_rarer:.3g} of equal weight among draws worth {self.ess:,.0f}"


def estimate_probability(
    hits: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    n_replicates: int,
    scheme: str,
    weights: NDArray[np.float64] | None = None,
) -> Estimate:
    """Probability of an event, with its Monte Carlo error.

    Parameters
    ----------
    hits : array of shape (n,), bool
        Draws of which the event is true, replicate by replicate.
    counted : array of shape (n,), bool
        Draws that count (they were simulated, and belong to the case asked about).
    n_replicates : int
        Independent randomisations, of n / n_replicates draws each.
    scheme : str
        Sampling scheme; plain Monte Carlo (``philox``) gets a Wilson interval.
    weights : array of shape (n,), optional
        Weights, of which :func:`estimate_weighted` then takes account.

    Returns
    -------
    Estimate
        nan where no draw counts.
    """
    if weights is not None:
        return estimate_weighted(hits, counted, weights, n_replicates)
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
    total = int(n_hits.sum())
    drawn = int(n_draws.sum())
    if drawn == 0:
        return Estimate(math.nan, math.nan, math.nan, math.nan, "t", 0, 0)
    prob = total / drawn
    rarer = n_hits if total <= drawn - total else n_draws - n_hits
    se = math.nan
    if rarer.sum() >= RARE_HITS and n_draws.min() > 0:
        se = max(replicate_se(n_hits / n_draws), least_se(len(n_draws), drawn / len(n_draws)))
    if rarer.sum() < RARE_HITS or rarer.min() == 0:
        if rarer is n_hits:
            return Estimate(prob, se, 0.0, _binomial_upper(total, drawn), "binomial upper", total, drawn)
        return Estimate(prob, se, 1.0 - _binomial_upper(drawn - total, drawn), 1.0, "binomial lower", total, drawn)
    if scheme == "philox":
        low, high = _wilson(prob, drawn)
        return Estimate(prob, se, low, high, "wilson", total, drawn)
    half = student_t(len(n_draws) - 1) * se
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
    sums = (WeightSums.of(array, n_replicates) for array in (kept, hit, kept - hit))
    return estimate_from_sums(*sums, largest=float(kept.max()))


@dataclass(frozen=True)
class WeightSums:
    """Sums of the weights of some draws.

    Attributes
    ----------
    by_replicate : array of shape (R,)
        Sum in each replicate.
    total, squares : float
        Sum of all weights, and of their squares.
    n : int
        Draws whose weight is positive.
    """

    by_replicate: NDArray[np.float64]
    total: float
    squares: float
    n: int

    @classmethod
    def of(cls, weights: NDArray[np.float64], n_replicates: int) -> WeightSums:
        """Sums of weights that stand replicate by replicate."""
        by_replicate = weights.reshape(n_replicates, -1).sum(axis=1)
        squares = float(np.square(weights).sum())
        return cls(by_replicate, float(weights.sum()), squares, int(np.count_nonzero(weights)))

    @property
    def ess(self) -> float:
        """Effective sample size, ``(sum w)^2 / sum w^2``; 0 where no weight is positive."""
        if self.squares == 0.0:
            return 0.0
        return self.total**2 / self.squares


def estimate_from_sums(kept: WeightSums, hit: WeightSums, miss: WeightSums, *, largest: float) -> WeightedEstimate:
    """Probability of an event from sums of weights.

    Parameters
    ----------
    kept, hit, miss : WeightSums
        Of the draws that count, of those in which the event holds, and of the others.
    largest : float
        Largest weight of a draw that counts.

    Returns
    -------
    WeightedEstimate
        As of :func:`estimate_weighted`.
    """
    if not kept.by_replicate.sum() > 0.0:
        return WeightedEstimate(math.nan, math.nan, math.nan, math.nan, "t", 0, 0, 0.0, 0.0)
    n_replicates = len(kept.by_replicate)
    total = kept.by_replicate.sum()
    prob = float(hit.by_replicate.sum() / total)
    is_upper = prob <= 0.5
    rarer = hit if is_upper else miss
    others = total - kept.by_replicate
    se = math.nan
    if rarer.ess >= RARE_HITS and others.min() > 0.0:
        without = (hit.by_replicate.sum() - hit.by_replicate) / others
        se = max(float(jackknife_se(without)), least_se(n_replicates, kept.ess / n_replicates))
    known = hit.n, kept.n, kept.ess, rarer.ess
    if math.isnan(se) or (rarer.by_replicate == 0.0).any():
        bound = _upper_of_sums(rarer, kept, largest)
        if is_upper:
            return WeightedEstimate(prob, se, 0.0, bound, "effective upper", *known)
        return WeightedEstimate(prob, se, 1.0 - bound, 1.0, "effective lower", *known)
    half = student_t(n_replicates - 1) * se
    return WeightedEstimate(prob, se, max(0.0, prob - half), min(1.0, prob + half), "t", *known)


def effective_size(weights: NDArray[np.float64]) -> float:
    """Effective sample size of weighted draws, ``(sum w)^2 / sum w^2``; 0 where no weight is positive."""
    squares = float(np.square(weights).sum())
    if squares == 0.0:
        return 0.0
    return float(weights.sum()) ** 2 / squares


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
    size = float(np.abs(array).max(initial=0.0))
    if 1e150 < size < math.inf:  # a ceiling of the pace can be so large that its square is beyond all floats
        return replicate_se(array / size) * size
    return float(array.std(ddof=1) / math.sqrt(len(array)))


def least_se(n_replicates: int, n_per_replicate: float) -> float:
    """Smallest standard error of a share that the agreement of replicates can show.

    Parameters
    ----------
    n_replicates : int
        Independent randomisations, R.
    n_per_replicate : float
        Draws in each, n; effective ones where draws are weighted.

    Returns
    -------
    float
        ``(1 - 0.05^(1/R)) / (n t)``, with t Student's quantile of R - 1 degrees of freedom.

    Notes
    -----
    Hits are whole numbers. R replicates that all count the same leave open, at 95 % to either side, that a share
    ``1 - 0.05^(1/R)`` of replicates (about 3/R, the rule of three) would count a draw more, or less. The interval of
    this standard error reaches just so far.
    """
    unseen = 1.0 - math.pow(1.0 - BOUND_LEVEL, 1.0 / n_replicates)
    return unseen / n_per_replicate / student_t(n_replicates - 1)


def student_t(df: int) -> float:
    """Quantile of Student's t that makes a two-sided interval of :data:`INTERVAL_LEVEL`."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + INTERVAL_LEVEL / 2.0))


def se_bound_factor(n_replicates: int) -> float:
    """Factor by which a standard error from R replicates may be short, at 90 %: ``sqrt((R-1) / chi2_{0.1, R-1})``."""
    from scipy.special import gammaincinv

    df = n_replicates - 1
    return math.sqrt(df / (2.0 * float(gammaincinv(df / 2.0, 0.1))))


def error_bound(estimate: Estimate, n_replicates: int) -> float:
    """Upper bound on the standard error of an estimate, at 90 %.

    Parameters
    ----------
    estimate : Estimate
        A probability.
    n_replicates : int
        Randomisations behind it.

    Returns
    -------
    float
        Where only a bound on the probability is known, the width that it leaves; inf where no draw counts.
    """
    if estimate.n_draws == 0:
        return math.inf
    if not estimate.has_error:
        return estimate.high - estimate.low
    return estimate.se * se_bound_factor(n_replicates)


def _binomial_upper(n_hits: int, n_draws: int) -> float:
    """Clopper-Pearson upper bound on a probability; 3/n for no hits (the rule of three)."""
    from scipy.special import betaincinv

    if n_hits >= n_draws:
        return 1.0
    return float(betaincinv(n_hits + 1, n_draws - n_hits, BOUND_LEVEL))


def weighted_upper(hit: NDArray[np.float64], kept: NDArray[np.float64]) -> float:
    """Upper bound on a probability from the effective number of hits, an unseen one of the largest weight included.

    Parameters
    ----------
    hit, kept : array of shape (n,)
        Weights of the hits (0 elsewhere), and of all draws that count.

    Returns
    -------
    float
        At :data:`BOUND_LEVEL`; 1 where no weight is positive.

    Notes
    -----
    The bound of Fay & Feuer on weighted sums of counts, which is conservative [1]_, with the beta distribution in place
    of the gamma, so that equal weights give Clopper & Pearson's.

    References
    ----------
    .. [1] Fay, M. P. & Feuer, E. J. (1997). Confidence intervals for directly standardized rates: a method based on the
           gamma distribution. Statistics in Medicine 16(7): 791-801.
    """
    return _upper_of_sums(WeightSums.of(hit, 1), WeightSums.of(kept, 1), float(kept.max()))


def _upper_of_sums(hit: WeightSums, kept: WeightSums, largest: float) -> float:
    """:func:`weighted_upper` from sums, and the largest weight that counts."""
    from scipy.special import betaincinv

    if largest == 0.0:
        return 1.0
    with_unseen = hit.total + largest
    prob = with_unseen / (kept.total + largest)
    n_hits = with_unseen**2 / (hit.squares + largest**2)
    if prob >= 1.0:
        return 1.0
    return float(betaincinv(n_hits, n_hits * (1.0 - prob) / prob, BOUND_LEVEL))


def _wilson(prob: float, n: int) -> tuple[float, float]:
    """Wilson's score interval at :data:`INTERVAL_LEVEL`."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + INTERVAL_LEVEL / 2.0))
    centre = (prob + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(prob * (1 - prob) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def in_percent(estimate: Estimate) -> str:
    """A probability in percent, with no digit beyond its error, and its bound where there is one.

    Parameters
    ----------
    estimate : Estimate
        The probability.

    Returns
    -------
    str
        ``"12.8 %"``, ``"below 0.02 %"``, ``"above 99.9 %"``, or ``"0.14 %, below 0.17 %"`` where both are known.
    """
    if math.isnan(estimate.prob):
        return "no draws"
    parts = []
    if estimate.has_error:
        parts.append(f"{100 * estimate.prob:.{decimals(100 * estimate.se)}f} %")
    if estimate.interval.endswith("upper"):
        parts.append(f"below {_two_digits(100 * estimate.high)} %")
    if estimate.interval.endswith("lower"):
        parts.append(f"above {100 - float(_two_digits(100 * (1 - estimate.low))):.12g} %")
    return ", ".join(parts)


def failed_in_words(n_failed: int, n_draws: int, low: float, high: float) -> str:
    """Sentence on draws that failed, and the bounds that they leave on the probability.

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


def failed_of_counts(n_hits: int, n_failed: int, n_draws: int) -> str:
    """:func:`failed_in_words` of draws that count alike: hits, draws that failed, and all draws."""
    return failed_in_words(n_failed, n_draws, n_hits / n_draws, (n_hits + n_failed) / n_draws)


def se_in_points(estimate: Estimate) -> str:
    """The standard error in percentage points, to one significant digit."""
    points = 100 * estimate.se
    return f"{points:.{decimals(points)}f}"


def label(estimate: Estimate) -> str:
    """A probability and its Monte Carlo error in a few characters, for figures and tables."""
    if estimate.has_error:
        return f"{in_percent(estimate)} (SE {se_in_points(estimate)})"
    return in_percent(estimate)


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
    if math.isnan(prob):
        return "unknown"
    if prob <= 0.0:
        return "never"
    if prob >= 1.0:
        return "always"
    if prob <= 0.22:
        n = float(round(1 / prob))
        if n >= 100:  # to two digits
            n = float(f"{1 / prob:.2g}")
        return f"about 1 in {n:,.0f}"
    if prob > 0.95:
        return f"all but {one_in(1.0 - prob)}"
    below = min(((abs(prob - k / n), n, k) for n in (2, 3, 4, 5, 6, 8, 10) for k in range(1, n)), default=(0.0, 1, 1))
    return f"about {below[2]} in {below[1]}"
