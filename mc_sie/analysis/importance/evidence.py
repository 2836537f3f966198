"""Effect of the evidence on a prior set: before and after, piece by piece, and how surprising each piece is.

Every subset of the evidence is a posterior of its own. All of them are estimated on the same draws, by weights, so that
their differences are known better than themselves; where the draws were placed by a proposal or by tempering, draws of
the prior are pooled with them and all are weighted against the mixture of the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.importance.conditioning import Conditioned
from mc_sie.analysis.importance.tempering import implied
from mc_sie.analysis.probability.summary import weighted_quantiles
from mc_sie.derived import DERIVED, subject_of
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import Simulation
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.priors import PriorSet
from mc_sie.priors.digest import plain
from mc_sie.quantities import MODES, QUANTITIES
from mc_sie.stats import shapley
from mc_sie.stats.estimates import (
    RARE_HITS,
    WeightedEstimate,
    effective_size,
    estimate_weighted,
    in_percent,
    jackknife_se,
    replicate_se,
)
from mc_sie.stats.pareto import k_high, pareto_k
from mc_sie.text.showing import Shown

Array = NDArray[np.float64]

N_ITEMS_HIGH = 12
"""Most pieces of evidence that are taken apart: every one of 2^12 subsets is a posterior."""

QUANTILES = (0.05, 0.50, 0.95)
"""Quantiles of the inputs, before and after."""

N_LABOUR = 49
"""Factors of labour at which the pace is drawn."""

_INPUT_COLUMNS = [
    *("quantity", "unit", "meaning"),
    *(f"{which}_q{100 * prob:02.0f}" for which in ("prior", "posterior") for prob in QUANTILES),
    *("se_posterior_q50", "moved_to"),
]
_SHARE_COLUMNS = ["quantity", "value", "prior", "posterior", "se_posterior"]


@dataclass(frozen=True, repr=False)
class EvidenceReport(Shown):
    """Prior and posterior side by side. Made by :func:`evidence`.

    Attributes
    ----------
    prior : PriorSet
        The set, with its evidence.
    event : Event
        The event.
    before, after : WeightedEstimate
        Its probability without any and with all of the evidence.
    n_failed : int
        Draws of the prior that could not be simulated.
    bounds_before, bounds_after : tuple of float
        Between which the two probabilities lie, with such draws counted as misses or as hits.
    inputs : pandas.DataFrame
        One row a number that is random or that the evidence is about: ``quantity``, ``unit``, ``meaning``,
        ``prior_q05`` ... ``prior_q95``, ``posterior_q05`` ... ``posterior_q95``, ``se_posterior_q50``, and
        ``moved_to``, the probability that the prior gave to values up to the posterior's median.
    shares : pandas.DataFrame
        Shares of what is categorical, before and after: ``quantity``, ``value``, ``prior``, ``posterior``,
        ``se_posterior``.
    items : pandas.DataFrame
        One row a piece of evidence: ``name``, ``words``; how surprising it is: ``satisfied`` (share of the prior, with
        ``se_satisfied``; see :meth:`~mc_sie.priors.evidence.Evidence.holds`), ``expected_likelihood`` (the likelihood
        that the prior expects, of the best possible, with ``se_``) and ``predictive`` (for a value the two-sided
        prior-predictive p, for an interval or a bound the probability of it); ``pareto_k`` and ``ess_share`` of the
        prior's draws given it alone; what it does to the probability: ``prob_alone`` and ``added`` (given it alone,
        against none), ``prob_without`` and ``removed`` (given all the others, against all), and ``shapley``, which sum
        to ``after - before``, each with ``se_``.
    n_draws : int
        Draws that all of this stands on.
    pareto_k : float
        Largest k-hat of the posteriors given all, one, or all but one of the pieces.
    ess_low : float
        Smallest effective sample size of any subset.
    warnings : tuple of str
        Reasons not to trust the errors.
    samples : dict of str to array
        Draws behind the figure: ``weight_before`` and ``weight_after``, and every row of ``inputs`` by name.
    """

    prior: PriorSet
    event: Event
    before: WeightedEstimate
    after: WeightedEstimate
    n_failed: int
    bounds_before: tuple[float, float]
    bounds_after: tuple[float, float]
    inputs: pd.DataFrame
    shares: pd.DataFrame
    items: pd.DataFrame
    n_draws: int
    pareto_k: float
    ess_low: float
    warnings: tuple[str, ...]
    samples: dict[str, Array]

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Probability before and after."""
        return (f"{self.prior.name}: {in_percent(self.before)} before, {in_percent(self.after)} given the evidence",)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Quantities before and after, and what each piece does."""
        return (self.inputs, self.items)


@dataclass(frozen=True)
class _Common:
    """Draws that every subset of the evidence is estimated on; by replicate along the first axis."""

    draws: dict[str, NDArray[Any]]  # quantities and subjects of the evidence, shape (n,)
    # draws in which the event holds, and those that could be simulated, shape (n,)
    hits: NDArray[np.bool_]
    is_ok: NDArray[np.bool_]
    base: Array  # weight of the prior, shape (n,)
    log_likelihood: Array  # of each piece, shape (n, n_items)
    n_replicates: int  # randomisations, each n / n_replicates draws in a row

    def weights(self, subset: int) -> Array:
        """Weights given a subset of the evidence, by its bits, on a scale at which the largest likelihood is 1."""
        chosen = [place for place in range(self.log_likelihood.shape[1]) if subset >> place & 1]
        total = self.log_likelihood[:, chosen].sum(axis=1)
        return np.asarray(self.base * np.exp(total - total.max()))

    def sums(self, values: Array) -> Array:
        """Sums over the draws of each replicate."""
        return np.asarray(values.reshape(self.n_replicates, -1).sum(axis=1))


def evidence(
    simulation: Simulation, event: Event | str = HEADLINE, *, progress: Progress | None = None
) -> EvidenceReport:
    """Prior and posterior of a set given evidence, and the change shared out among the pieces.

    Parameters
    ----------
    simulation : Simulation
        From :func:`mc_sie.simulate`, of a set that states evidence.
    event : Event or str
        The event whose probability moves.
    progress : callable, optional
        Called with (subsets done, subsets in all).

    Returns
    -------
    EvidenceReport
        Tables and estimates.

    Raises
    ------
    InputError
        For a set that states no evidence, an event that does not parse, or more than twelve pieces of evidence.

    Notes
    -----
    With v(S) the probability given the subset S of the k pieces, the Shapley value of piece i is the mean of
    v(S with i) - v(S) over the orders in which the pieces may come. Standard errors of everything that is a difference
    are the delete-one-replicate jackknife's of that difference.
    """
    if isinstance(event, str):
        event = parse_event(event)
    event.check_horizon(simulation.horizon_months)
    prior = simulation.prior
    if not isinstance(simulation, Conditioned):
        raise InputError(prior.name, "states no evidence", "There is nothing to weigh.")
    n_items = len(prior.evidence)
    check_items(prior)
    common = _common(simulation, event)
    every = (1 << n_items) - 1
    kept = []
    kept_hits = []
    ess_low = math.inf
    for subset in range(every + 1):
        weights = np.where(common.is_ok, common.weights(subset), 0.0)
        kept.append(common.sums(weights))
        kept_hits.append(common.sums(np.where(common.hits, weights, 0.0)))
        ess_low = min(ess_low, effective_size(weights))
        if progress:
            progress(subset + 1, every + 1)
    totals = np.array(kept).T  # by replicate and subset
    hits = np.array(kept_hits).T
    values = hits.sum(axis=0) / totals.sum(axis=0)
    without = (hits.sum(axis=0) - hits) / (totals.sum(axis=0) - totals)  # all replicates but one
    shares = shapley.exact(np.column_stack([values, without.T]))
    rows = []
    for place, item in enumerate(prior.evidence):
        alone = 1 << place
        others = every ^ alone
        row: dict[str, Any] = {"name": item.name, "words": item.words, **_surprise(simulation, place)}
        row |= {"prob_alone": values[alone], "prob_without": values[others]}
        for name, first, second in (("added", alone, 0), ("removed", every, others)):
            row[name] = values[first] - values[second]
            row[f"se_{name}"] = float(jackknife_se(without[:, first] - without[:, second]))
        row["shapley"] = float(shares[place, 0])
        row["se_shapley"] = float(jackknife_se(shares[place, 1:]))
        rows.append(row)
    inputs, categories, samples = _inputs(prior, common, every)
    n = len(common.base)
    k = _worst_tail(common, n_items)
    before, after = (
        estimate_weighted(common.hits, common.is_ok, common.weights(subset), common.n_replicates)
        for subset in (0, every)
    )
    return EvidenceReport(
        prior=prior,
        event=event,
        before=before,
        after=after,
        n_failed=int((~simulation.before.outcomes.is_ok).sum()),
        bounds_before=_bounds(before.prob, simulation.failed_share_before),
        bounds_after=_bounds(after.prob, simulation.failed_share),
        inputs=inputs,
        shares=categories,
        items=pd.DataFrame(rows),
        n_draws=n,
        pareto_k=k,
        ess_low=ess_low,
        warnings=_warnings(k, n, ess_low),
        samples=samples,
    )


def _worst_tail(common: _Common, n_items: int) -> float:
    """Largest k-hat given all, one, or all but one of the pieces; nan where none is known."""
    every = (1 << n_items) - 1
    subsets = {every}
    for place in range(n_items):
        subsets |= {1 << place, every ^ 1 << place}
    tails = [pareto_k(common.weights(subset)) for subset in subsets]
    return max((k for k in tails if not math.isnan(k)), default=math.nan)


def _warnings(k: float, n_draws: int, ess_low: float) -> tuple[str, ...]:
    """Reasons not to trust the errors."""
    found = []
    if k > k_high(n_draws):
        tail = f"Pareto k-hat {k:.2f}, above {k_high(n_draws):.2f}"
        found.append(f"the weights of some subsets have a heavy tail ({tail})")
    if ess_low < 10 * RARE_HITS:
        found.append(f"for one subset the draws are worth only {ess_low:,.0f} of equal weight")
    return tuple(found)


def _bounds(prob: float, failed_share: float) -> tuple[float, float]:
    """Lowest and highest probability, when of some share of the draws nobody knows whether they hit."""
    if failed_share == 1.0:
        return 0.0, 1.0
    low = prob * (1.0 - failed_share)
    return low, low + failed_share


def check_items(prior: PriorSet) -> None:
    """Refuse more pieces of evidence than can be taken apart."""
    n_items = len(prior.evidence)
    if n_items > N_ITEMS_HIGH:
        why = f"states {n_items} pieces of evidence, and each of 2^{n_items} subsets is a posterior"
        raise InputError(prior.name, why, f"Leave some out: at most {N_ITEMS_HIGH} are taken apart.")


def _common(conditioned: Conditioned, event: Event) -> _Common:
    """The draws of a conditioned set and, where others than the prior's, those of the prior with them."""
    before = conditioned.before
    prior, n_replicates = conditioned.prior, conditioned.design.n_replicates
    is_prior = conditioned.method == "prior"
    parts: list[tuple[Simulation, Array]] = [(conditioned, conditioned.density)]
    if not is_prior:
        parts.append((before, conditioned.density_before))

    def joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
        """Several samples, replicate by replicate."""
        split = [array.reshape(n_replicates, -1, *array.shape[1:]) for array in arrays]
        together = np.concatenate(split, axis=1)
        return together.reshape(-1, *together.shape[2:])

    density = joined([part for _, part in parts])
    draws = {name: joined([one.draws[name] for one, _ in parts]) for name in conditioned.draws}
    of_items = []
    for item in prior.evidence:
        values = joined([implied(item, one.draws, one.outcomes) for one, _ in parts])
        draws[item.about] = values
        of_items.append(item.log_likelihood(values))
    return _Common(
        draws,
        joined([event.holds(one.outcomes) for one, _ in parts]),
        joined([one.outcomes.is_ok for one, _ in parts]),
        np.ones(len(density)) if is_prior else 1.0 / (0.5 + 0.5 * density),
        np.stack(of_items, axis=1),
        n_replicates,
    )


def _surprise(conditioned: Conditioned, place: int) -> dict[str, float]:
    """How well one piece of evidence agrees with the prior, from draws of the prior."""
    before = conditioned.before
    n_replicates = before.design.n_replicates
    item = conditioned.prior.evidence[place]
    values = implied(item, before.draws, before.outcomes)
    log_likelihood = item.log_likelihood(values)
    likelihood, scaled = np.exp(log_likelihood), np.exp(log_likelihood - log_likelihood.max())
    found: dict[str, float] = {}
    for name, array in (("satisfied", item.holds(values)), ("expected_likelihood", likelihood)):
        found[name] = float(array.mean())
        found[f"se_{name}"] = replicate_se(array.reshape(n_replicates, -1).mean(axis=1))
    below = float(item.predictive(values).mean())
    found["predictive"] = 2.0 * min(below, 1.0 - below) if item.is_value else below
    found["pareto_k"] = pareto_k(scaled)
    found["ess_share"] = effective_size(scaled) / len(scaled)
    return found


def _inputs(prior: PriorSet, common: _Common, every: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Array]]:
    """Quantiles of numbers and shares of categories, before and after, and the draws behind them."""
    weights = {"prior": common.weights(0), "posterior": common.weights(every)}
    samples: dict[str, Array] = {"weight_before": weights["prior"], "weight_after": weights["posterior"]}
    rows, shares = [], []
    asked = [item.about for item in prior.evidence]
    for name in dict.fromkeys([*common.draws, *asked]):
        if name in ("mode", "prior_set"):
            words = MODES if name == "mode" else tuple(member.name for member, _ in prior.members)
            shares += [row for code, word in enumerate(words) for row in _share(common, weights, name, code, word)]
            continue
        values = np.asarray(common.draws[name], dtype=np.float64)
        given = ~np.isnan(values)
        if not given.any() or values[given].min() == values[given].max():
            continue
        samples[name] = values
        subject = next((item.subject for item in prior.evidence if item.about == name), None)
        source = subject or DERIVED.get(name) or QUANTITIES[name]
        row: dict[str, Any] = {"quantity": name, "unit": source.unit, "meaning": source.meaning}
        kept = {which: np.where(given, weight, 0.0) for which, weight in weights.items()}
        for which, weight in kept.items():
            for prob, value in zip(QUANTILES, weighted_quantiles(values, weight, QUANTILES), strict=True):
                row[f"{which}_q{100 * prob:02.0f}"] = value
        split = (array.reshape(common.n_replicates, -1) for array in (values, kept["posterior"]))
        medians = [weighted_quantiles(part, weight, (0.5,))[0] for part, weight in zip(*split, strict=True)]
        row["se_posterior_q50"] = replicate_se(medians) if np.isfinite(medians).all() else math.nan
        reached = kept["prior"][values <= row["posterior_q50"]].sum() / kept["prior"].sum()
        rows.append(row | {"moved_to": float(reached)})
    return pd.DataFrame(rows, columns=_INPUT_COLUMNS), pd.DataFrame(shares, columns=_SHARE_COLUMNS), samples


def _share(common: _Common, weights: dict[str, Array], name: str, code: int, word: str) -> list[dict[str, Any]]:
    """One row of the table of shares; none for what is never drawn, or always."""
    among = np.asarray(common.draws[name] == code)
    if not among.any() or among.all():
        return []
    row: dict[str, Any] = {"quantity": name, "value": word}
    for which, weight in weights.items():
        parts, totals = (w.reshape(common.n_replicates, -1).sum(axis=1) for w in (np.where(among, weight, 0.0), weight))
        row[which] = float(parts.sum() / totals.sum())
        row[f"se_{which}"] = float(jackknife_se((parts.sum() - parts) / (totals.sum() - totals)))
    return [{key: row[key] for key in _SHARE_COLUMNS}]


def labour_curves(simulation: Simulation) -> pd.DataFrame:
    """Pace before automation over labour at fixed experiment compute, before and after the evidence.

    One row a factor of labour: ``labour``, and quantiles of the pace over the draws, ``before_q05`` ... ``before_q95``,
    ``after_q05`` ... ``after_q95``, x. No rows for a set without evidence on ``pace_at_labour``.
    """
    items = [item for item in simulation.prior.evidence if item.subject.name == "pace_at_labour"]
    if not items or not isinstance(simulation, Conditioned):
        return pd.DataFrame()
    assert simulation.weights is not None  # a conditioned sample has them
    asked = [float(item.subject.index or 1.0) for item in items]
    # as far beyond the evidence as it is itself from 1, and at least two orders of magnitude either way
    low, high = min(0.01, *asked) / 2.0, 2.0 * max(100.0, *asked)
    samples = {
        "before": (simulation.before.draws, np.ones(simulation.before.design.n_draws)),
        "after": (simulation.draws, simulation.weights),
    }
    rows = []
    for labour in np.geomspace(low, high, N_LABOUR).tolist():
        row = {"labour": labour}
        subject = subject_of(f"pace_at_labour[{labour!r}]")
        for which, (draws, weights) in samples.items():
            quantiles = weighted_quantiles(subject.values(draws), weights, QUANTILES)
            row |= {f"{which}_q{100 * prob:02.0f}": value for prob, value in zip(QUANTILES, quantiles, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows)


def evidence_record(report: EvidenceReport) -> dict[str, Any]:
    """A report as plain values, ready for JSON: infinite is the text ``"inf"``, not defined None."""
    return {
        "prior": report.prior.to_dict(),
        "event": str(report.event),
        "before": plain(vars(report.before)),
        "after": plain(vars(report.after)),
        "n_failed": report.n_failed,
        "bounds_before": plain(report.bounds_before),
        "bounds_after": plain(report.bounds_after),
        "n_draws": report.n_draws,
        "pareto_k": plain(report.pareto_k),
        "ess_low": plain(report.ess_low),
        "doubts": list(report.warnings),
        "items": plain(report.items.to_dict("records")),
        "inputs": plain(report.inputs.to_dict("records")),
        "shares": plain(report.shares.to_dict("records")),
    }
