"""The named families: from parameters to a distribution, or a refusal of what cannot be one.

Three kinds are enough. A fixed value is a mixture of one atom, a choice among modes a mixture of several, a triangular
distribution a mixture of two betas; all others are a standard distribution on a linear or logarithmic scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from mc_sie.distributions.base import (
    UNREACHED,
    Array,
    Continuous,
    Distribution,
    Standard,
    Truncated,
    Unusable,
    probability_between,
)
from mc_sie.distributions.mixture import PARTS_HIGH, Mixture

WEIGHTS_TOLERANCE = 1e-9
"""How far a list of weights may be from summing to 1."""

MASS_LOW = 1e-250
"""Smallest probability of an interval to which a distribution can be cut: with less, its own tails underflow."""


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
        if self.df > 1.0:
            return 0.0
        return math.nan

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


# ---------------------------------------------------------------------------- from parameters to a distribution


def fixed(value: float, words: str | None = None) -> Mixture:
    """One value with certainty; ``inf`` for no limit."""
    if math.isnan(value):
        raise Unusable("value", "is not a number")
    return Mixture(words or f"exactly {value:g}", (), ((float(value), 1.0),))


def uniform(low: float, high: float) -> Continuous:
    """Equally likely anywhere between two ends, ``low < high``."""
    check_ends(low, high)
    return Continuous(f"uniform from {low:g} to {high:g}", _Uniform(), low, high - low, (low, high))


def loguniform(low: float, high: float) -> Continuous:
    """Equally likely in every factor between two positive ends: the logarithm is uniform."""
    if low <= 0.0:
        raise Unusable(
            "low", "is not above 0", "A loguniform needs 0 < low < high; with 0 or less inside, use uniform."
        )
    check_ends(low, high)
    words = f"loguniform from {low:g} to {high:g}"
    return Continuous(words, _Uniform(), math.log(low), math.log(high / low), (low, high), is_log=True)


def normal(mean: float, sd: float) -> Continuous:
    """Normal."""
    return Continuous(f"normal, mean {mean:g}, sd {sd:g}", _Normal(), mean, sd)


def lognormal(median: float, sd_log: float) -> Continuous:
    """Lognormal; ``sd_log`` is the standard deviation of the natural logarithm."""
    distribution = Continuous("", _Normal(), math.log(median), sd_log, (0.0, math.inf), is_log=True)
    q05, q95 = distribution.ppf([0.05, 0.95])
    return replace(distribution, words=f"lognormal, median {median:g}, 90 % {q05:.3g} to {q95:.3g}")


def shifted_lognormal(shift: float, median: float, sd_log: float) -> Continuous:
    """A number plus a lognormal.

    Parameters
    ----------
    shift : float
        Lower end, in the quantity's unit.
    median, sd_log : float
        Of what lies above it, as for :func:`lognormal`.

    Returns
    -------
    Continuous
        On the numbers above the shift.
    """
    above = lognormal(median, sd_log)
    words = f"{shift:g} + {above.describe()}"
    return replace(above, words=words, shift=shift, ends=(shift, math.inf))


def beta(a: float, b: float, low: float = 0.0, high: float = 1.0) -> Mixture:
    """Beta between two ends; a mixture of one part, because its grid inverts a beta twice as fast as SciPy does."""
    check_ends(low, high)
    words = f"beta({a:g}, {b:g}) from {low:g} to {high:g}"
    return mixture([(1.0, Continuous(words, _Beta(a, b), low, high - low, (low, high)))], words)


def triangular(low: float, peak: float, high: float) -> Mixture:
    """Triangular, ``low <= peak <= high``: its two sides are betas, (2, 1) and (1, 2)."""
    _check_peak(low, peak, high)
    sides = []
    if low < peak:
        sides.append(((peak - low) / (high - low), beta(2.0, 1.0, low, peak)))
    if peak < high:
        sides.append(((high - peak) / (high - low), beta(1.0, 2.0, peak, high)))
    return mixture(sides, f"triangular from {low:g} to {high:g}, peak {peak:g}")


def pert(low: float, peak: float, high: float) -> Mixture:
    """PERT: a smooth triangular, the beta whose mean is (low + 4 peak + high)/6."""
    _check_peak(low, peak, high)
    a = 1.0 + 4.0 * (peak - low) / (high - low)
    b = 1.0 + 4.0 * (high - peak) / (high - low)
    return replace(beta(a, b, low, high), words=f"PERT from {low:g} to {high:g}, peak {peak:g}")


def student_t(location: float, scale: float, df: float) -> Continuous:
    """Student t; there is no mean where df is 1 or below."""
    words = f"Student t, location {location:g}, scale {scale:g}, df {df:g}"
    return Continuous(words, _StudentT(df), location, scale)


def mixture(weighted: Iterable[tuple[float, Distribution]], words: str | None = None) -> Mixture:
    """Several distributions with weights that sum to 1; mixtures among them are taken apart.

    Parts of weight 0 are left out, more than :data:`PARTS_HIGH` refused.
    """
    pairs = [(weight, distribution) for weight, distribution in weighted if weight > 0.0]
    total = math.fsum(weight for weight, _ in pairs)
    parts: list[tuple[float, Continuous | Truncated]] = []
    points: dict[float, float] = {}
    for weight, distribution in pairs:
        share = weight / total
        if isinstance(distribution, Mixture):
            parts += [(share * inner, part) for inner, part in distribution.parts]
            for value, prob in distribution.points:
                points[value] = points.get(value, 0.0) + share * prob
        elif isinstance(distribution, Continuous | Truncated):
            parts.append((share, distribution))
    if len(parts) > PARTS_HIGH:
        why = f"make {len(parts):,} distributions together, more than {PARTS_HIGH}"
        raise Unusable("components", why, "Put those that are much alike together, or tabulate their quantiles.")
    if words is None:
        words = "mixture: " + ", ".join(
            f"{100.0 * weight / total:.3g} % {distribution.describe()}" for weight, distribution in pairs
        )
    return Mixture(words, tuple(parts), tuple(sorted(points.items())))


def truncated(distribution: Distribution, low: float | None, high: float | None) -> Distribution:
    """A distribution given that it lies in a closed interval, renormalised; None leaves a side as it is.

    Parts and atoms of a mixture that lie outside are gone.
    """
    if low is None and high is None:
        return distribution
    left, right = -math.inf, math.inf
    if low is not None:
        left = low
    if high is not None:
        right = high
    if left >= right:
        raise Unusable("truncate_low", f"is not below truncate_high = {right:g}", "Put the smaller number first.")
    kept = _restricted(distribution, left, right)
    if kept is None:
        key = "truncate_high"
        if low is not None:
            key = "truncate_low"
        raise Unusable(
            key, f"leaves nothing of the {distribution.describe()}", "Choose an interval that has probability."
        )
    interval = f"between {left:g} and {right:g}"
    if high is None:
        interval = f"above {left:g}"
    elif low is None:
        interval = f"below {right:g}"
    return replace(kept[1], words=f"{distribution.describe()}, truncated to {interval}")


def _restricted(distribution: Distribution, low: float, high: float) -> tuple[float, Distribution] | None:
    """Probability of an interval and the distribution within it; None where there is nothing."""
    if isinstance(distribution, Mixture):
        inner = [(weight, _restricted(part, low, high)) for weight, part in distribution.parts]
        kept = [(weight * found[0], found[1]) for weight, found in inner if found is not None]
        kept += [(prob, fixed(value)) for value, prob in distribution.points if low <= value <= high]
        total = math.fsum(weight for weight, _ in kept)
        kept = [(weight, part) for weight, part in kept if weight >= UNREACHED * total]  # no draw falls into the others
        if total <= MASS_LOW:
            return None
        return total, mixture(kept)
    assert isinstance(distribution, Continuous | Truncated)
    low = max(low, distribution.support[0])
    high = min(high, distribution.support[1])
    if low >= high:
        return None
    prob = probability_between(distribution, low, high)
    if prob <= MASS_LOW:
        return None
    if isinstance(distribution, Truncated):  # a cut of a cut is one cut
        return prob, replace(distribution, low=low, high=high)
    return prob, Truncated(distribution.words, distribution, low, high)


def check_weights(key: str, weights: Iterable[float]) -> None:
    """Refuse weights whose sum is off 1 by more than :data:`WEIGHTS_TOLERANCE`; ``key`` is where they stand."""
    total = math.fsum(weights)
    if abs(total - 1.0) > WEIGHTS_TOLERANCE:
        raise Unusable(key, f"has weights that sum to {total:.10g}, not 1", "Make the weights sum to 1.")


def check_ends(low: float, high: float) -> None:
    """Refuse ends unless ``low < high``."""
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
