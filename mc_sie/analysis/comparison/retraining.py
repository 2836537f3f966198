"""The cost of retraining: the same draws with and without it, by retraining mode and length of the first run.

The question of Davidson (2025), "Will the Need to Retrain AI Models from Scratch Block a Software Intelligence
Explosion?". All credence is put on each mode in turn, on the same points; what was gained, and when, is compared draw
by draw with the same draw without retraining.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.comparison.common_draws import (
    Answer,
    CommonDraws,
    change_between,
    common_draws,
    evidence_notes,
    steps,
)
from mc_sie.analysis.comparison.structure import failures
from mc_sie.analysis.probability.summary import weighted_quantiles
from mc_sie.engine.batches import Progress
from mc_sie.engine.pace_doubling import doublings_to_double_pace
from mc_sie.engine.run import check_prior_set, simulate_points, simulate_prior
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event
from mc_sie.priors import PriorSet, fixed_entry
from mc_sie.priors.acting import acting
from mc_sie.priors.describing import mode_shares
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES, QUANTITIES
from mc_sie.sampling import N_REPLICATES_DEFAULT
from mc_sie.stats.estimates import RARE_HITS, Estimate, label, replicate_se
from mc_sie.text.showing import Shown
from mc_sie.units import DAYS_PER_MONTH

Array = NDArray[np.float64]

DRAWS_DEFAULT = 2**15
"""Draws for each case when nothing else is asked for."""

RUN_DAYS = (30.0, 100.0, 270.0)
"""Lengths of the first training run that are tried: the essay's two, and about the longest that pays in 2027 (nine
months: Sevilla et al. 2022)."""

GAIN_OOMS = 5.0
"""Gain of which the delay is taken where the event is not about a gain."""

N_FOLLOWED = 2**11
"""Most draws of a case whose pace is followed to its first doubling."""

PROBS = (0.05, 0.5, 0.95)
"""Quantiles of the delay and of N."""


@dataclass(frozen=True, repr=False)
class Retraining(Shown):
    """The cost of retraining.

    Attributes
    ----------
    common : CommonDraws
        Event, points and horizon.
    prior : PriorSet
        The set.
    gain_ooms : float
        Gain of which the delay is taken: that of the event, or :data:`GAIN_OOMS`.
    answer : Answer
        What the set answers as it is.
    cases : pandas.DataFrame
        One row a mode and length of the first run, nan where it was not run or is not known:

        * ``mode``, ``run_days`` (nan as in the prior), ``credence`` of the mode, ``remark``;
        * the probability with its error, ``n_failed``;
        * ``change`` against no retraining in the same draws, ``se_change``, ``low_change``, ``high_change``,
          ``interval_change``, ``n_changed``;
        * the delay, the ratio of the times to the gain, as ``delay_q05`` ... ``delay_q95`` with ``se_delay_q05`` ...;
          as ``hit_delay_q05`` ... in the draws that have the event without retraining;
        * ``n_both``, ``n_only_without``, ``n_only_with``, ``n_neither``: draws (given evidence: their weights) by
          whether they gain so much with and without retraining;
        * N as ``doublings_q05`` ... with ``se_doublings_q05`` ..., and ``share_doubling``: of the draws whose pace
          doubles without retraining those in which it does with it.
    notes : tuple of str
        How the quantiles are to be read, and in which cases draws failed.
    """

    common: CommonDraws
    prior: PriorSet
    gain_ooms: float
    answer: Answer
    cases: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What retraining does to the probability and to the time, in words."""
        as_in_prior = self.cases[self.cases["run_days"].isna() & self.cases["prob"].notna()]
        without = as_in_prior[as_in_prior["mode"] == "none"].iloc[0]
        others = as_in_prior[as_in_prior["mode"] != "none"].sort_values("prob")
        if not len(others):
            return ()
        low, high = others.iloc[0], others.iloc[-1]
        span = (
            f"Without retraining the probability is {_said(without)}; with it, from {_said(low)} (mode {low['mode']}) "
            f"to {_said(high)} (mode {high['mode']})."
        )
        slowest = others.sort_values("delay_q50", na_position="first").iloc[-1]
        if math.isnan(slowest["delay_q50"]):
            return (span,)
        mode = slowest["mode"]
        delay = f"Slowest is mode {mode}: {self.gain_ooms:g} OOM {_times(slowest['delay_q50'])} in the median draw"
        if math.isnan(slowest["hit_delay_q50"]):
            return (span, f"{delay}.")
        where = f"where the event holds without retraining they {_times(slowest['hit_delay_q50'])}"
        return (span, f"{delay}; {where}.")

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Set and event, what was found, and what is to be noted."""
        return (f"{self.prior.name}: {self.common.event}", *self.sentences, *self.notes)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """The cases."""
        return (self.cases,)


def _said(row: pd.Series[Any]) -> str:
    """The probability of a case with its error or bound."""
    interval = row["interval"].split(",")[0]
    ends = (row["prob"], row["se"], row["low"], row["high"])
    return label(Estimate(*ends, interval, row["n_hits"], row["n_draws"]))


def _times(ratio: float) -> str:
    if math.isinf(ratio):
        return "are never gained"
    return f"take {ratio:.2g} times as long"


def retraining(
    prior: PriorSet,
    *,
    event: Event | str = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Retraining:
    """The probability, the time and N without retraining and in each mode of it.

    Parameters
    ----------
    prior : PriorSet
        A set or a pool. Of a pool every member is given the mode; members that cannot have it are left out, on both
        sides of the comparison.
    event : Event or str
        The event. Where it is about a gain, the delay is that of the same gain.
    n_draws : int
        Draws for each case.
    seed, scheme, n_replicates, horizon_months, threads, progress
        As in :func:`mc_sie.simulate`.

    Returns
    -------
    Retraining
        Each mode with the first training run as long as in the prior; and of :data:`RUN_DAYS`, in the modes in which
        its length acts.

    Raises
    ------
    InputError
        For an event or sizes that cannot be used.

    Notes
    -----
    Quantiles of the delay are over the draws that reach the gain without retraining, by the end of the simulation; the
    ratio is infinite where only these do. N is the number of software doublings by the time the pace is first twice
    that of day one, over draws in which it doubles without retraining, from the first :data:`N_FOLLOWED` draws. Given
    evidence every case has its own weights, and both sides of a ratio are the same draw with the weight that it has
    with retraining.
    """
    check_prior_set(prior, "retraining")
    common = common_draws(
        event, n_draws=n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        priors=[prior], threads=threads,
    )  # fmt: skip
    gain = (*common.event.levels, GAIN_OOMS)[0]
    cases = list(_cases(prior))
    done = _Done(common, gain, progress, 2 + len(cases))
    answer = common.ask(prior, progress=steps(progress, 0, done.total))
    shares = mode_shares(prior)
    rows = []
    for case in cases:
        row = {"mode": case.mode, "run_days": case.run_days, "credence": shares.get(MODES.index(case.mode), 0.0)}
        if case.prior is not None and case.base is not None:
            row |= _compared(done.followed(case.base), done.followed(case.prior))
        rows.append(row | {"remark": case.remark})
    table = pd.DataFrame(rows)
    is_not_run = table["prob"].isna()
    table.loc[is_not_run, ["n_hits", "n_draws", "n_failed", "n_changed"]] = 0
    table.loc[is_not_run, ["interval", "interval_change"]] = ""
    table = table.astype(dict.fromkeys(("n_hits", "n_draws", "n_failed", "n_changed"), int))
    worths = [one.answer.worth for one in done.by_digest.values()]
    notes = (
        f"Delay: time to gain {gain:g} OOM with retraining over that without it, draw by draw, over the draws that "
        f"gain so much without it within {horizon_months:g} months; never where they do not with it.",
        "N: doublings of software by the time the pace has doubled, over the draws in which it doubles without "
        f"retraining; from {min(n_draws, N_FOLLOWED):,} draws.",
        *failures(table.assign(case=labels_of(table)), "case"),
        *evidence_notes(worths, common.design.n_draws, "cases"),
    )
    return Retraining(common, prior, gain, answer, table, notes)


# ----------------------------------------------------------------------------------------------------- cases


@dataclass(frozen=True)
class _Case:
    """A mode and a length of the first run; the sets with and without retraining are None where it cannot be run."""

    mode: str
    run_days: float
    prior: PriorSet | None
    base: PriorSet | None
    remark: str


def _cases(prior: PriorSet) -> Iterator[_Case]:
    """Every mode as in the prior, and with first runs of the other lengths where these act."""
    for mode in MODES:
        able, remark = _able(prior, mode)
        if able is None:
            yield _Case(mode, math.nan, None, None, remark)
            continue
        base = able.pinned("mode", "none", f"{prior.name}: none")
        changed = able.pinned("mode", mode, f"{prior.name}: {mode}")
        idle = ""
        if mode != "none":
            idle = acting(changed, "training_months").words.removeprefix("no effect, because it ")
        if idle:
            idle = f"the length of runs {idle}"
        yield _Case(mode, math.nan, changed, base, "; ".join(filter(None, (remark, idle))))
        if mode not in QUANTITIES["training_months"].modes:
            continue
        for days in RUN_DAYS:
            months = fixed_entry("training_months", days / DAYS_PER_MONTH)
            try:
                yield _Case(mode, days, changed.replaced({"training_months": months}), base, remark)
            except InputError as error:
                yield _Case(mode, days, None, None, error.why)


def _able(prior: PriorSet, mode: str) -> tuple[PriorSet | None, str]:
    """The set, or of a pool the members, that can have a mode, and a remark on the others."""
    kept: list[tuple[PriorSet, float]] = []
    refused: dict[str, str] = {}  # why, by the member
    for member, weight in prior.plain_sets:
        try:
            member.pinned("mode", mode)
            kept.append((member, weight))
        except InputError as error:
            refused[member.name] = error.why
    if not refused:
        return prior, ""
    if not kept:
        return None, next(iter(refused.values()))
    remark = f"without {', '.join(refused)}, which cannot have it"
    if len(kept) == 1:
        return kept[0][0].given(prior.evidence), remark
    whole = math.fsum(weight for _, weight in kept)
    members = tuple((member, weight / whole) for member, weight in kept)
    return replace(prior, members=members).replaced({}), remark


# ------------------------------------------------------------------------------------------------ comparison


@dataclass(frozen=True)
class _Followed:
    """One set on the common points: the event, the time to the gain, and N in some of the draws."""

    answer: Answer
    months: Array
    doublings: Array
    places: NDArray[np.int64]  # draws that have an N

    @property
    def is_common(self) -> bool:
        """False for a set whose answer comes from draws of its own."""
        return self.answer.worth is None or self.answer.worth.is_common


class _Done:
    """Sets that were followed, each once."""

    def __init__(self, common: CommonDraws, gain: float, progress: Progress | None, total: int) -> None:
        self.common, self.gain, self.progress, self.total = common, gain, progress, total
        self.by_digest: dict[str, _Followed] = {}

    def followed(self, prior: PriorSet) -> _Followed:
        """A set on the common points."""
        if prior.digest not in self.by_digest:
            self.by_digest[prior.digest] = self._follow(prior, 1 + len(self.by_digest))
        return self.by_digest[prior.digest]

    def _follow(self, prior: PriorSet, n_done: int) -> _Followed:
        common, design = self.common, self.common.design
        progress = steps(self.progress, min(n_done, self.total - 1), self.total)
        answer = common.ask(prior)
        if prior.evidence and common.given is not None:
            draws, outcomes = simulate_points(
                prior, common.given.uniforms_for(prior), common.horizon_months, (self.gain,), (),
                threads=common.threads, progress=progress,
            )  # fmt: skip
        else:
            drawn = simulate_prior(
                prior, design.n_draws, seed=design.seed, scheme=design.scheme, n_replicates=design.n_replicates,
                horizon_months=common.horizon_months, levels=(self.gain,), widths=(),
                threads=common.threads, progress=progress,
            )  # fmt: skip
            draws, outcomes = drawn.draws, drawn.outcomes
        per_replicate = max(1, min(design.n_per_replicate, N_FOLLOWED // design.n_replicates))
        places = np.arange(design.n_draws).reshape(design.n_replicates, -1)[:, :per_replicate].ravel()
        rows = {name: np.broadcast_to(array, design.n_draws)[places] for name, array in draws.items()}
        doublings = doublings_to_double_pace(rows, len(places), common.horizon_months)
        return _Followed(answer, outcomes.values("months_to", self.gain), doublings, places)


def _compared(base: _Followed, case: _Followed) -> dict[str, object]:
    """One row: the answer of a case, and what it changes against the same draws without retraining."""
    change = change_between(base.answer, case.answer)
    row: dict[str, object] = {**case.answer.columns(), "change": change.change}
    row |= {f"{name}_change": getattr(change, name) for name in ("se", "low", "high")}
    row |= {"interval_change": change.columns()["interval"], "n_changed": change.n_changed}
    if not base.is_common or not case.is_common:  # the two are different draws
        return row
    design = case.answer.design
    weights = case.answer.weights
    if weights is None:
        weights = np.ones(design.n_draws)
    n_replicates = design.n_replicates
    row |= _ratio_columns("delay", case.months, base.months, weights, n_replicates)
    hit = np.where(base.answer.hits, weights, 0.0)
    row |= _ratio_columns("hit_delay", case.months, base.months, hit, n_replicates)
    is_ok = ~np.isnan(base.months) & ~np.isnan(case.months)
    without = np.isfinite(base.months)
    with_it = np.isfinite(case.months)
    groups = {
        "n_both": without & with_it,
        "n_only_without": without & ~with_it,
        "n_only_with": ~without & with_it,
        "n_neither": ~without & ~with_it,
    }
    row |= {name: float(weights[group & is_ok].sum()) for name, group in groups.items()}
    some = weights[case.places]
    doubles = np.isfinite(base.doublings) & ~np.isnan(case.doublings)
    row |= _quantile_columns("doublings", case.doublings, np.where(doubles, some, 0.0), n_replicates)
    whole = float(some[doubles].sum())
    row["share_doubling"] = math.nan
    if whole > 0.0:
        row["share_doubling"] = float(some[doubles & np.isfinite(case.doublings)].sum()) / whole
    return row


def _ratio_columns(name: str, after: Array, before: Array, weights: Array, n_replicates: int) -> dict[str, object]:
    """Quantiles of a ratio over the draws in which what is below the line is finite."""
    is_counted = np.isfinite(before) & ~np.isnan(after)
    ratio = np.divide(after, before, out=np.full(len(after), math.nan), where=is_counted)
    return _quantile_columns(name, ratio, np.where(is_counted, weights, 0.0), n_replicates)


def _quantile_columns(name: str, values: Array, weights: Array, n_replicates: int) -> dict[str, object]:
    """Quantiles of weighted values with errors from the replicates; nan where too few draws count."""
    columns = [f"{name}_q{100 * prob:02.0f}" for prob in PROBS]
    if (weights > 0.0).sum() < RARE_HITS:
        return dict.fromkeys((*columns, *(f"se_{column}" for column in columns)), math.nan)
    pairs = zip(values.reshape(n_replicates, -1), weights.reshape(n_replicates, -1), strict=True)
    by_replicate = np.array([weighted_quantiles(part, weight, PROBS) for part, weight in pairs])
    row: dict[str, object] = dict(zip(columns, weighted_quantiles(values, weights, PROBS).tolist(), strict=True))
    for column, found in zip(columns, by_replicate.T, strict=True):
        row[f"se_{column}"] = replicate_se(found) if np.isfinite(found).all() else math.nan
    return row


def labels_of(cases: pd.DataFrame) -> list[str]:
    """Names of the cases in :attr:`Retraining.cases`, for tables and figures: ``"continual, 100 days"``."""
    names = []
    for mode, days in zip(cases["mode"], cases["run_days"], strict=True):
        names.append(mode if math.isnan(days) else f"{mode}, {days:g} days")
    return names
