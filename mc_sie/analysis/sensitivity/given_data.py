"""P(event | input) for one input at a time, and nearly every measure of importance that follows from that one curve.

Draws are sorted into levels of an input: equal-mass bins of its own distribution (for independent inputs those of its
latent uniform), a level of its own for each atom, each category, and for "not given". Sums over draws by level and
randomisation are all that is kept; every measure is a function of them, with its error from leaving out one
randomisation at a time (:mod:`mc_sie.stats.jackknife`). The order of the draws does not matter.

========================  ==============================================================================================
measure                   equals, with p(x) = P(event | x) and p its mean
========================  ==============================================================================================
``first_order``           Var p(X) / p (1 - p), the first-order Sobol' index [1]_
``brier_gain``            Var p(X)
``bits``                  H(p) - E H(p(X)), mutual information
``delta``                 E abs(p(X) - p), Borgonovo's delta of a 0/1 outcome [2]_
``ks``                    sup abs(F(x given the event) - F(x given none); over sets of levels where they have no order
``decision_value``        E max(0, p(X) - c (1 - p(X))) - max(0, p - c (1 - p)), EVPPI of acting or not [3]_
========================  ==============================================================================================

References
----------
.. [1] Plischke, E., Borgonovo, E. & Smith, C. L. (2013). Global sensitivity measures from given data. European Journal
       of Operational Research 226(3): 536-550.
.. [2] Borgonovo, E., Hazen, G. B. & Plischke, E. (2016). A common rationale for global sensitivity measures and their
       estimation. Risk Analysis 36(10): 1871-1895.
.. [3] Strong, M., Oakley, J. E. & Brennan, A. (2014). Estimating multiparameter partial expected value of perfect
       information from a probabilistic sensitivity analysis sample. Medical Decision Making 34(3): 311-326.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mc_sie.analysis.sensitivity.bins import Levels, default_bins, hit_columns, levels_of, tabulate
from mc_sie.engine.batches import n_threads
from mc_sie.engine.sample import Sample
from mc_sie.errors import InputError
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.stats.estimates import RARE_HITS, estimate_from_counts, estimate_weighted, in_percent, weighted_upper
from mc_sie.stats.jackknife import Array, Jackknifed, TooFewError, jackknife, quotient

EVENT_MEASURES = ("first_order", "brier_gain", "bits", "delta", "ks", "decision_value")
"""Measures of a 0/1 outcome, in the order of the tables."""

FLOORED = ("bits", "delta", "ks")
"""Measures that noise alone makes positive: they come with a floor that an input without effect stays below."""

READINGS = {
    "first_order": "share of the Brier uncertainty that learning this input alone would remove",
    "brier_gain": "expected improvement of a forecaster's quadratic (Brier) score from learning it",
    "bits": "bits that it tells about the event: the expected gain of a logarithmic score",
    "delta": "average shift of the probability on learning it",
    "ks": "how far its distribution with the event lies from that without it: 0 the same, 1 apart",
    "decision_value": "expected value of knowing it to whoever must act or not (EVPPI), in units of acting rightly",
}
"""Meaning of each measure, in a phrase."""

N_NULL = 40
"""Permutations behind the floor: what an input without effect stays below."""

NULL_PROB = 0.95
"""Probability with which an input without effect stays below its floor."""


# --- Measures of sums by level ---------------------------------------------------------------------------------------


def event_measures(sums: Array, loss_ratio: float, *, is_ordered: bool = True) -> Array:
    """Every measure of a 0/1 outcome, in the order of :data:`EVENT_MEASURES`, shape (..., 6).

    From sums of weights and of weights of hits by level, shape (..., L, 2). The bias from noise is still in them.
    """
    weight = sums[..., 0]
    hit = sums[..., 1]
    total = weight.sum(axis=-1)
    hits = hit.sum(axis=-1)
    share = quotient(weight, total[..., None])
    prob = quotient(hits, total)
    given = np.where(weight > 0.0, quotient(hit, weight), prob[..., None])
    among = quotient(hit, hits[..., None]) - quotient(weight - hit, (total - hits)[..., None])
    brier = np.sum(share * given**2, axis=-1) - prob**2
    bits = _entropy(prob) - np.sum(share * _entropy(given), axis=-1)
    delta = np.sum(share * np.abs(given - prob[..., None]), axis=-1)
    if is_ordered:
        ks = np.abs(np.cumsum(among, axis=-1)).max(axis=-1)
    else:  # over sets of levels: the total variation distance
        ks = 0.5 * np.abs(among).sum(axis=-1)
    acting = np.sum(share * np.maximum(0.0, given - loss_ratio * (1.0 - given)), axis=-1)
    value = acting - np.maximum(0.0, prob - loss_ratio * (1.0 - prob))
    return np.stack([quotient(brier, prob * (1.0 - prob)), brier, bits, delta, ks, value], axis=-1)


def _entropy(prob: Array) -> Array:
    """Entropy of a 0/1 outcome, bits."""
    from scipy.special import xlog1py, xlogy

    return np.asarray(-(xlogy(prob, prob) + xlog1py(1.0 - prob, -prob)) / math.log(2.0))


def _null(table: Array, rng: np.random.Generator, loss_ratio: float, *, is_ordered: bool) -> Array:
    """The floor of each measure: hits fall on draws at random, within each randomisation."""
    drawn = np.stack(
        [
            rng.multivariate_hypergeometric(
                row[:, 0].astype(np.int64), int(row[:, 1].sum()), N_NULL, method="marginals"
            )
            for row in table
        ],
        axis=1,
    )
    return _floor([np.stack([table[..., 0], hits], axis=-1) for hits in drawn], loss_ratio, is_ordered=is_ordered)


def _null_weighted(
    levels: Levels,
    groups: NDArray[np.intp],
    columns: Sequence[Array | None],
    rng: np.random.Generator,
    loss_ratio: float,
) -> Array:
    """The floor where draws have weights: levels change places among the draws of each randomisation."""
    tables = []
    by_group = np.argsort(groups, kind="stable")
    for _ in range(N_NULL):
        shuffled = np.empty_like(levels.codes)
        shuffled[by_group] = levels.codes[np.lexsort((rng.random(len(groups)), groups))]
        tables.append(tabulate(shuffled, len(levels), groups, columns))
    return _floor(tables, loss_ratio, is_ordered=levels.is_ordered)


def _floor(tables: Sequence[Array], loss_ratio: float, *, is_ordered: bool) -> Array:
    """Quantile of every measure over tables in which the input has no effect."""

    def measures(sums: Array) -> Array:
        return event_measures(sums, loss_ratio, is_ordered=is_ordered)

    found = [jackknife(table, measures).value for table in tables]
    return np.asarray(np.quantile(found, NULL_PROB, axis=0, method="higher"))


# --- Curves and measures of a sample ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curves:
    """P(event | input) and the measures that follow from it, for each input.

    Attributes
    ----------
    measures : pandas.DataFrame
        One row an input and a measure: ``quantity``, ``measure``, ``value`` (bias from noise taken away), ``se``,
        ``low``, ``high`` (two-sided 90 %, Student's t), ``floor`` (what an input without effect stays below with
        probability 95 %; nan where there is none), ``reading``.
    levels : pandas.DataFrame
        One row an input and a level: ``quantity``, ``kind``, ``label``, ``x_low``, ``x_middle``, ``x_high``, ``share``
        of the draws' weight, ``prob``, ``se``, ``low``, ``high``, ``interval``
        (``t``, or a 95 % bound where hits or misses are fewer than 30, of weighted draws effectively), ``n_draws``.
    """

    measures: pd.DataFrame
    levels: pd.DataFrame

    def measure(self, name: str) -> pd.DataFrame:
        """Rows of one measure, by quantity."""
        return self.measures[self.measures["measure"] == name].set_index("quantity")


def curves(
    inputs: Mapping[str, ArrayLike],
    hits: ArrayLike,
    groups: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    words: Mapping[str, Sequence[str]] | None = None,
    loss_ratio: float = 1.0,
    n_bins: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Curves:
    """Curves and measures of draws, however they were made.

    Inputs are by name, nan where one is not given; ``hits`` says in which draws the event holds, ``groups`` the
    replicate of each draw, from 0; at least two. Importance weights are not negative. ``words`` are names of the
    categories of each categorical input. ``loss_ratio`` is the c of ``decision_value``, ``n_bins`` the number of equal-
    mass bins, ``seed`` that of the permutations; ``threads`` changes no result.

    An InputError when the event does not hold and fail in two replicates each, there are fewer draws than bins, the
    loss ratio is not positive or weights cannot be used.
    """
    check_loss_ratio(loss_ratio)
    holds = np.asarray(hits, dtype=np.bool_)
    group = np.asarray(groups, dtype=np.intp)
    weight = as_weights(weights)
    n_bins = _checked(holds, group, weight, n_bins)
    chosen = words or {}

    def one(number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        name = list(inputs)[number]
        levels = levels_of(inputs[name], n_bins, chosen.get(name))
        rng = np.random.default_rng([seed, number])  # of its own, so that threads change nothing
        frames = _event_frames(levels, holds, group, weight, loss_ratio, rng)
        for frame in frames:
            frame.insert(0, "quantity", name)
        return frames

    with ThreadPoolExecutor(n_threads(threads)) as pool:
        found = list(pool.map(one, range(len(inputs))))
    measures, levels = (pd.concat(parts, ignore_index=True) for parts in zip(*found, strict=True))
    return Curves(measures, levels)


def as_weights(weights: ArrayLike | None) -> Array | None:
    """Weights as an array, or None where all draws count alike."""
    if weights is None:
        return None
    return np.asarray(weights, dtype=np.float64)


def check_loss_ratio(loss_ratio: float) -> None:
    """Refuse a loss ratio that is no positive number."""
    if not 0.0 < loss_ratio < math.inf:
        why = "is not a positive number"
        raise InputError(
            f"loss_ratio = {loss_ratio:g}", why, "It is the cost of acting in vain over the gain of acting rightly."
        )


def check_both(hits: NDArray[np.bool_], groups: NDArray[np.integer[Any]], weights: ArrayLike | None = None) -> None:
    """Refuse an event that does not hold in some draws and fail in others of at least two replicates.

    Nothing can drive what is always the same, and no error is known of what one replicate alone has seen. The
    TooFewError has the bound on the probability, for which the weights are.
    """
    if min(len(np.unique(groups[hits])), len(np.unique(groups[~hits]))) > 1:
        return
    n = len(hits)
    n_hits = int(hits.sum())
    if weights is None:
        found = estimate_from_counts(np.array([n_hits, 0]), np.array([n, 0]), "sobol")
        bound = f"binomial 95 % bound: {in_percent(found)}"
    else:
        weight = np.asarray(weights, dtype=np.float64)
        bound = f"95 % bound: {in_percent(estimate_weighted(hits, np.ones(n, dtype=bool), weight, 1))}"
    remedy = "Ask about a nearer event, or take more draws."
    if 2 * n_hits <= n:
        remedy = "Ask about a nearer event, take more draws, or see which worlds lead there with `mc-sie run --rare`."
    if n_hits == 0:
        seen = f"holds in none of the {n:,} draws"
    elif n_hits == n:
        seen = f"holds in every one of the {n:,} draws"
    elif 2 * n_hits <= n:
        seen = f"holds in {n_hits:,} of the {n:,} draws, all of one randomisation"
    else:
        seen = f"fails in {n - n_hits:,} of the {n:,} draws, all of one randomisation"
    unknown = "no error is known of what drives it"
    if n_hits in (0, n):
        unknown = "nothing tells which input drives it"
    raise TooFewError("the event", f"{seen} ({bound}), so that {unknown}", remedy)


def _checked(hits: NDArray[np.bool_], groups: NDArray[np.intp], weight: Array | None, n_bins: int | None) -> int:
    """Number of bins, after everything has been checked."""
    n = len(hits)
    if weight is None:
        check_both(hits, groups)
    else:
        if not (np.isfinite(weight).all() and (weight >= 0.0).all() and weight.any()):
            why = "are not all finite and at least 0, with one above 0"
            raise InputError("weights", why, "Drop draws without one.")
        counted = weight > 0.0
        check_both(hits[counted], groups[counted], weight[counted])
    if n_bins is None:
        n_bins = default_bins(n)
    if n_bins > n:
        raise InputError(f"{n} draws", f"are fewer than the {n_bins} bins they are sorted into", "Take more draws.")
    return n_bins


def _event_frames(
    levels: Levels,
    hits: NDArray[np.bool_],
    groups: NDArray[np.intp],
    weight: Array | None,
    loss_ratio: float,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measures of an event, and P(event | level) with its error or bound."""
    n = len(levels)
    columns = hit_columns(hits, weight)
    table = tabulate(levels.codes, n, groups, columns)
    if weight is None:
        squares = table.sum(axis=0)
        floor = _null(table, rng, loss_ratio, is_ordered=levels.is_ordered)
    else:
        squares = tabulate(levels.codes, n, np.zeros_like(groups), (weight**2, weight**2 * hits))[0]
        floor = _null_weighted(levels, groups, columns, rng, loss_ratio)
    found = jackknife(table, lambda sums: event_measures(sums, loss_ratio, is_ordered=levels.is_ordered))
    floor = np.where([name in FLOORED for name in EVENT_MEASURES], floor, np.nan)
    frame = _level_frame(levels, table)
    frame["low"] = frame["low"].clip(lower=0.0)
    frame["high"] = frame["high"].clip(upper=1.0)
    sums = table.sum(axis=0)
    ess_hits = np.nan_to_num(quotient(sums[:, 1] ** 2, squares[:, 1]))
    ess_misses = np.nan_to_num(quotient((sums[:, 0] - sums[:, 1]) ** 2, squares[:, 0] - squares[:, 1]))
    for level in np.flatnonzero((ess_hits < RARE_HITS) | (ess_misses < RARE_HITS)):
        among = levels.codes == level
        kept = np.ones(int(among.sum())) if weight is None else weight[among]
        for name, value in _bound(hits[among], kept).items():
            frame.loc[level, name] = value
        if weight is None:
            frame.loc[level, "interval"] = frame.loc[level, "interval"].replace("effective", "binomial")
    return _measure_frame(found, floor), frame


def _bound(hits: NDArray[np.bool_], weights: Array) -> dict[str, float | str]:
    """P(event | level) with a one-sided bound, as columns of a row."""
    prob = float(quotient(weights[hits].sum(), weights.sum()))
    if prob > 0.5:
        low = 1.0 - weighted_upper(np.where(hits, 0.0, weights), weights)
        return {"prob": prob, "se": np.nan, "low": low, "high": 1.0, "interval": "effective lower"}
    high = weighted_upper(np.where(hits, weights, 0.0), weights)
    return {"prob": prob, "se": np.nan, "low": 0.0, "high": high, "interval": "effective upper"}


def given_level(sums: Array) -> Array:
    """Mean of what is summed in the second column, by level: of hits P(event | level)."""
    return quotient(sums[..., 1], sums[..., 0])


def _measure_frame(found: Jackknifed, floor: Array) -> pd.DataFrame:
    """One row a measure."""
    readings = [READINGS[name] for name in EVENT_MEASURES]
    return pd.DataFrame({"measure": EVENT_MEASURES, **found.columns(), "floor": floor, "reading": readings})


def _level_frame(levels: Levels, table: Array) -> pd.DataFrame:
    """One row a level, each with a t interval."""
    weight = table[..., 0].sum(axis=0)
    columns = {
        "kind": levels.kinds,
        "label": levels.labels,
        "x_low": levels.low,
        "x_middle": levels.middle,
        "x_high": levels.high,
        "share": weight / weight.sum(),
        **jackknife(table, given_level).columns("prob"),
        "interval": "t",
        "n_draws": np.bincount(levels.codes, minlength=len(levels)).astype(np.int64),
    }
    return pd.DataFrame(columns)


# --- Samples of the model --------------------------------------------------------------------------------------------


def varying(sample: Sample) -> dict[str, NDArray[np.generic]]:
    """Inputs that are not the same in every draw, derived ones too, by code name; only draws that were simulated.

    ``mode`` and ``prior_set`` are codes.
    """
    ok = sample.is_ok
    found = {}
    for name, array in sample.draws.items():
        kept = array[ok]
        is_first = (kept == kept[:1]) | (np.isnan(kept) & np.isnan(kept[:1]))
        if not is_first.all():
            found[name] = kept
    return found


def words_of(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Names of the categories of a sample's categorical inputs."""
    return {"mode": MODES, POOL_DIMENSION: tuple(member.name for member, _ in sample.prior.members)}


def is_derived(sample: Sample, name: str) -> bool:
    """True for an input that follows from others that are stated (r from r_total, rho from sigma or max_speed).

    In a pool, whose members may state different ones, those that every member has (r, rho) stand for all.
    """
    if sample.prior.members:
        return name in QUANTITIES and QUANTITIES[name].determines is not None
    return name in {QUANTITIES[other].determines for other in sample.draws if other in QUANTITIES}


def sample_curves(
    sample: Sample,
    *,
    weights: ArrayLike | None = None,
    loss_ratio: float = 1.0,
    n_bins: int | None = None,
    threads: int | None = None,
) -> Curves:
    """Curves and measures of every input of a sample that varies, stated or derived.

    Both frames have the column ``role``: ``stated`` or ``derived``. Draws that could not be simulated are left out;
    weights are of all draws. All else is as in :func:`curves`. An InputError also where nothing varies.
    """
    inputs = varying(sample)
    if not inputs:
        raise InputError(sample.prior.name, "has no input that varies", "There is nothing to be sensitive to.")
    ok = sample.is_ok
    found = curves(
        inputs,
        sample.hits[ok],
        sample.replicate[ok],
        weights=None if weights is None else np.asarray(weights)[ok],
        words=words_of(sample),
        loss_ratio=loss_ratio,
        n_bins=n_bins,
        seed=sample.design.seed,
        threads=threads,
    )
    for frame in (found.measures, found.levels):
        frame["role"] = ["derived" if is_derived(sample, name) else "stated" for name in frame["quantity"]]
    return found
