"""Expected value of sample information (EVSI): what an imperfect reading is expected to do to the probability.

A reading is one more input: the subject in each draw plus an error from a dimension of the sequence that nothing else
uses. P(event | reading) and its measures are then those of :mod:`mc_sie.analysis.sensitivity.given_data`, with the same
levels and removal of noise, and perfect knowledge (EVPPI) is the reading without error [1]_. A subject that is infinite
(no ceiling, never within the horizon) gives an infinite reading, a level of its own.

Brier gains, and what follows from them, have an error beside that of the draws: within a bin P(event | reading) is
taken to be constant, so that the gain is too small by what it varies there. Where a subject decides the event alone,
its threshold lies inside one bin, and with quasi-random draws that is nearly the whole error. For P that rises or
falls throughout, the neighbours bound what a bin hides [2]_ (:func:`_hidden`).

References
----------
.. [1] Strong, M., Oakley, J. E., Brennan, A. & Breeze, P. (2015). Estimating the expected value of sample information
       using the probabilistic sensitivity analysis sample. Medical Decision Making 35(5): 570-583.
.. [2] Bhatia, R. & Davis, C. (2000). A better bound on the variance. American Mathematical Monthly 107(4): 353-357.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.sensitivity.bins import default_bins, hit_columns, levels_of, tabulate
from mc_sie.analysis.sensitivity.given_data import EVENT_MEASURES, event_measures
from mc_sie.derived import Subject, subject_of
from mc_sie.errors import InputError
from mc_sie.quantities import QUANTITIES
from mc_sie.stats.jackknife import Array, Jackknifed, jackknife, quotient

SCALES = ("sd", "sd_log", "sd_logit")
"""Scales of an error: in the unit of the subject, of its natural logarithm, of its logit."""

VALUES = ("brier_gain", "bits", "decision_value")
"""Measures of a reading that are also those of perfect knowledge."""

GRID: Array = np.exp2(np.arange(-6.0, 6.0))
"""Errors at which a reading is valued to find the half-way one, as multiples of the spread of the subject."""

POSTERIOR_PROBS = (0.05, 0.95)
"""Quantiles of the probability after the reading."""

_NORMAL_RANGE = 3.2897  # from the 5th to the 95th percentile of a normal distribution, in standard deviations
_SHARE_EDGE = 1e-6  # shares are kept so far from 0 and 1 where their logits are taken


@dataclass(frozen=True)
class Reading:
    """A measurement that somebody could make, with its error.

    Attributes
    ----------
    of : str
        Subject: a quantity, a derived quantity or an outcome, see :func:`mc_sie.derived.subject_of`.
    sd, sd_log, sd_logit : float or None
        Standard deviation of the error, which is normal in the subject's unit, in its natural logarithm (for what
        cannot be negative) or in its logit (for shares); exactly one is given.
    up_to : float
        Largest reading that the instrument tells from "beyond", in the subject's unit; for a time it is never later
        than the horizon of the simulation.

    Examples
    --------
    >>> Reading("r", sd_log=0.3).error
    0.3
    """

    of: str
    sd: float | None = None
    sd_log: float | None = None
    sd_logit: float | None = None
    up_to: float = field(default=math.inf, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse an unknown subject, and anything but one positive error; the remedy names the scale that fits."""
        subject = self.subject
        given = {scale: getattr(self, scale) for scale in SCALES if getattr(self, scale) is not None}
        natural = natural_scale(subject)
        if len(given) != 1:
            why = "states no error"
            if given:
                why = f"states more than one error: {', '.join(given)}"
            raise InputError(
                f"the reading of {self.of}", why, f"State one: {natural} fits it, such as {natural} = 0.3."
            )
        ((scale, error),) = given.items()
        if not 0.0 < error < math.inf:
            why = "is not a positive number"
            raise InputError(f"{scale} = {error:g}", why, f"It is the standard deviation of the reading of {self.of}.")
        if not self.up_to > 0.0:
            raise InputError(f"up_to = {self.up_to:g}", "is not a positive number", "It is the largest reading.")

    @property
    def words(self) -> str:
        """Subject and error, such as ``"r, sd_log 0.3"``."""
        return f"{self.of}, {self.scale} {self.error:g}"

    @property
    def subject(self) -> Subject:
        """Subject of the reading."""
        return subject_named(self.of)

    @property
    def scale(self) -> str:
        """Scale of the error, one of :data:`SCALES`."""
        return next(scale for scale in SCALES if getattr(self, scale) is not None)

    @property
    def error(self) -> float:
        """Standard deviation on that scale."""
        return float(getattr(self, self.scale))


def subject_named(of: str) -> Subject:
    """Subject by its name; an InputError says what is wrong with a name that is none, or a category's."""
    if of == "mode":
        why = "has no error on a scale: it is one of several categories"
        remedy = "Ask mc_sie.sensitivity (mc-sie sensitivity) what learning it is worth."
        raise InputError("the reading of mode", why, remedy)
    try:
        return subject_of(of)
    except ValueError as error:
        raise InputError(f"the reading of {of}", *error.args) from None


def natural_scale(subject: Subject) -> str:
    """Scale of :data:`SCALES` on which errors of a subject are naturally stated: that of the quantity, or by unit."""
    if subject.name in QUANTITIES:
        return {"log": "sd_log", "logit": "sd_logit", "linear": "sd"}[QUANTITIES[subject.name].scale]
    if subject.unit in ("x", "months", "OOM/year"):
        return "sd_log"
    return "sd"


def on_scale(scale: str, values: Array, of: str) -> Array:
    """Values on one of :data:`SCALES`, ends of the scale as infinities; ``of`` names the subject in an InputError."""
    if scale == "sd":
        return values
    low = float(values.min())
    high = float(values.max())
    if low < 0.0:
        why = f"cannot be stated: {of} is down to {low:.3g} among the draws"
        raise InputError(f"{scale} of {of}", why, "State sd, in its unit.")
    with np.errstate(divide="ignore"):
        if scale == "sd_log":
            return np.log(values)
        if high > 1.0:
            why = f"cannot be stated: {of} is up to {high:.3g} among the draws, and a logit is of a share"
            raise InputError(f"{scale} of {of}", why, "State sd_log or sd.")
        return np.asarray(np.log(values) - np.log1p(-values))


@dataclass(frozen=True)
class ReadingValue:
    """Value of a reading, with errors from independent randomisations."""

    # measures `VALUES` of the reading (EVSI) and of perfect knowledge (EVPPI), shape (3,). Errors of Brier gains, here
    # and below, include what bins hide
    reading: Jackknifed
    perfect: Jackknifed
    # expected absolute shift of the probability, and the probability after the reading at `POSTERIOR_PROBS`, shape (3,)
    after: Jackknifed
    # Brier gain of the reading over that of perfect knowledge; nan where the latter is not known to be above 0
    share: float
    share_se: float
    # error at which a reading is worth half of perfect knowledge; nan where no error of the grid brackets it
    half: float
    half_se: float
    errors: Array  # errors of the grid, shape (K,)
    by_error: Jackknifed  # Brier gain at each, shape (K,)


def reading_value(
    values: Array,
    noise: Array,
    error: float,
    hits: NDArray[np.bool_],
    groups: NDArray[np.intp],
    *,
    weights: Array | None = None,
    loss_ratio: float = 1.0,
    up_to: float = math.inf,
) -> ReadingValue:
    """Value of a reading, from values on the scale of its normal error; they may be infinite.

    ``noise`` are standard normal numbers, independent of everything else, ``error`` is the standard deviation of the
    reading, ``groups`` the replicate of each draw. Readings above ``up_to`` say only that they are.
    """
    n_bins = default_bins(len(values))
    columns = hit_columns(hits, weights)

    def table(read: Array) -> tuple[Array, float]:
        levels = levels_of(read, n_bins)
        sums = tabulate(levels.codes, len(levels), groups, columns)
        return sums, _hidden(sums, np.array([kind == "bin" for kind in levels.kinds]))

    def read_with(error: float) -> tuple[Array, float]:
        read = values + error * noise
        read[read > up_to] = np.inf
        return table(read)

    wanted = [EVENT_MEASURES.index(name) for name in VALUES]

    def measures(sums: Array) -> Array:
        return event_measures(sums, loss_ratio)[..., wanted]

    spread = _spread(values, weights)
    errors = spread * GRID
    tables, hidden = zip(*(table(values), read_with(error), *map(read_with, errors)), strict=True)
    known, read = tables[:2]
    perfect = _with_hidden(jackknife(known, measures), np.array([hidden[0], 0.0, 0.0]))
    reading = _with_hidden(jackknife(read, measures), np.array([hidden[1], 0.0, 0.0]))
    share = share_se = half = half_se = math.nan
    gains = _Gains(tables, np.array(hidden), loss_ratio)
    by_error = gains.combined(np.eye(len(tables))[:, 2:])
    if perfect.low[0] > 0.0:
        share = float(reading.value[0] / perfect.value[0])
        share_se = float(gains.combined(_unit(len(tables), {1: 1.0, 0: -share})).se / perfect.value[0])
        half, half_se = _half_way(errors, by_error.value / perfect.value[0], gains, perfect.value[0])
    return ReadingValue(
        reading, perfect, _after(read, reading.value[0]), share, share_se, half, half_se, errors, by_error
    )


class _Gains:
    """Brier gains of several tables together, for errors of differences between them."""

    def __init__(self, tables: Sequence[Array], hidden: Array, loss_ratio: float) -> None:
        self.hidden = hidden
        self.sums = np.concatenate(tables, axis=1)
        self.ends = np.cumsum([table.shape[1] for table in tables])[:-1]
        self.loss_ratio = loss_ratio

    def combined(self, factors: Array) -> Jackknifed:
        """Linear combinations of the gains, factors of shape (tables,) or (tables, m)."""

        def statistic(sums: Array) -> Array:
            column = EVENT_MEASURES.index("brier_gain")
            parts = np.split(sums, self.ends, axis=1)
            return np.stack([event_measures(part, self.loss_ratio)[..., column] for part in parts], axis=-1) @ factors

        # each table hides between nothing and its bound, so that a difference is off by no more than the larger one
        parts = np.abs(factors) * self.hidden.reshape(-1, *[1] * (factors.ndim - 1))
        return _with_hidden(jackknife(self.sums, statistic), parts.max(axis=0))


def _hidden(sums: Array, is_bin: NDArray[np.bool_]) -> float:
    """Brier gain that bins hide at most, if P(event | reading) rises or falls throughout.

    P inside a bin then lies between the means of its neighbours, beyond the last of them between there and 0 or 1, and
    what has mean m between a and b has a variance of at most (b - m) (m - a). The bound is met by a threshold inside
    the bin; a straight line through it hides a twelfth. Noise makes both factors' products too small, and the
    jackknife takes that away.
    """
    whole = sums.sum(axis=0)
    given = quotient(whole[:, 1], whole[:, 0])
    if len(given) < 2 or not is_bin.any():
        return 0.0
    ends = np.array([given[0] > given[1], given[-1] > given[-2]], dtype=np.float64)

    def bound(sums: Array) -> Array:
        weight = sums[..., 0]
        prob = quotient(sums[..., 1], weight)
        outer = np.broadcast_to(ends, (*prob.shape[:-1], 2))
        padded = np.concatenate([outer[..., :1], prob, outer[..., 1:]], axis=-1)
        width = (padded[..., :-2] - prob) * (prob - padded[..., 2:])
        share = quotient(weight, weight.sum(axis=-1, keepdims=True))
        return np.asarray(np.nansum(np.where(is_bin, share * width, 0.0), axis=-1))

    return max(float(jackknife(sums, bound).value), 0.0)


def _with_hidden(found: Jackknifed, hidden: Array) -> Jackknifed:
    """Numbers whose errors include what bins hide of them."""
    wider = np.hypot(found.se, hidden)
    ratio = np.divide(wider, found.se, out=np.ones_like(wider), where=found.se > 0.0)
    return Jackknifed(found.value, wider, np.where(found.se > 0.0, found.half * ratio, found.half + hidden))


def _unit(n: int, factors: dict[int, float]) -> Array:
    """Factors of a linear combination, 0 where none is given."""
    found = np.zeros(n)
    for place, factor in factors.items():
        found[place] = factor
    return found


def _half_way(errors: Array, shares: Array, gains: _Gains, perfect: float) -> tuple[float, float]:
    """Error at which the share of perfect knowledge is one half, and its standard error; nan where there is none.

    The logit of the share is close to linear in the logarithm of the error: where knowledge moves the probability a
    little, the share is 1 / (1 + (error / spread)^2). Between neighbours of the grid it is taken to be so.
    """
    below = np.flatnonzero((shares[:-1] >= 0.5) & (shares[1:] < 0.5))
    if len(below) == 0:
        return math.nan, math.nan
    place = below[0]
    kept = np.clip(shares[place : place + 2], _SHARE_EDGE, 1.0 - _SHARE_EDGE)
    logits = np.log(kept / (1.0 - kept))
    step = math.log(errors[place + 1] / errors[place])
    slope = float(logits[1] - logits[0]) / step
    along = float(logits[0] / (logits[0] - logits[1]))
    half = float(errors[place] * math.exp(along * step))
    n = gains.ends.size + 1
    se = gains.combined(_unit(n, {2 + place: 1.0 - along, 3 + place: along, 0: -0.5})).se / perfect
    return half, float(half * se / abs(slope / 4.0))  # at one half a share changes by a quarter of its logit


def _spread(values: Array, weights: Array | None) -> float:
    """Spread of the finite values as a standard deviation, by percentiles, which far tails do not move."""
    finite = np.isfinite(values)
    kept = values[finite]
    if len(kept) == 0:
        return 1.0
    given = np.ones(len(kept))
    if weights is not None:
        given = weights[finite]
    order = np.argsort(kept, kind="stable")
    shares = np.cumsum(given[order]) / given.sum()
    low, high = kept[order][np.searchsorted(shares, POSTERIOR_PROBS)]
    if high > low:
        return float(high - low) / _NORMAL_RANGE
    # most draws share one value; a subject that is the same in every draw has no spread, and any error will do
    return float(kept.std()) or 1.0


def _after(table: Array, gain: float) -> Jackknifed:
    """Expected absolute shift of the probability, and quantiles of the probability after the reading.

    Levels hold finitely many draws, whose noise would spread the probabilities. Deviations from the mean are scaled
    down so that their variance is the Brier gain, from which noise is taken away.
    """
    column = EVENT_MEASURES.index("brier_gain")
    raw = float(event_measures(table.sum(axis=0), 1.0)[column])
    factor = math.sqrt(min(max(gain / raw, 0.0), 1.0)) if raw > 0.0 else 0.0

    def statistic(sums: Array) -> Array:
        return np.stack([_shift_and_quantiles(part, factor) for part in sums])

    # quantiles are not smooth, so that taking the bias away would only add noise: with none taken, low stays below high
    return replace(jackknife(table, statistic), value=statistic(table.sum(axis=0)[None])[0])


def _shift_and_quantiles(sums: Array, factor: float) -> Array:
    """Mean absolute shift and quantiles of P(event | level), from sums of shape (L, 2)."""
    weight, hit = sums[sums[:, 0] > 0.0].T
    prob = hit.sum() / weight.sum()
    given = prob + factor * (quotient(hit, weight) - prob)
    order = np.argsort(given, kind="stable")
    middles = (np.cumsum(weight[order]) - 0.5 * weight[order]) / weight.sum()
    shift = float(weight @ np.abs(given - prob) / weight.sum())
    return np.array([shift, *np.interp(POSTERIOR_PROBS, middles, given[order])])
