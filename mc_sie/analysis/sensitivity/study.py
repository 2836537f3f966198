"""Sensitivity of the probability of an event to its inputs: all measures of one sample, in one object.

Curves, worth of information, boxes and typical draws come from the draws themselves; Shapley effects, Sobol' indices
and interactions come from further runs of the model on a design whose first block is, point for point, the design of
the draws. Both see the same joint distribution, and that is checked: the event must hold in the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.sensitivity.archetypes import archetypes
from mc_sie.analysis.sensitivity.given_data import READINGS as CURVE_READINGS
from mc_sie.analysis.sensitivity.given_data import Curves, as_weights, check_both, check_loss_ratio, sample_curves
from mc_sie.analysis.sensitivity.indices import READINGS as INDEX_READINGS
from mc_sie.analysis.sensitivity.indices import EventFunction, Indices, Space, designed, n_evaluations, prior_groups
from mc_sie.analysis.sensitivity.information_value import best_of, pair_map, sample_value
from mc_sie.analysis.sensitivity.scenario_discovery import REPLICATES_FOR_BOXES, box_sentence, sample_boxes
from mc_sie.analysis.sensitivity.shapley_given_evidence import indices_given, why_not
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import check_horizon
from mc_sie.engine.sample import Sample, sample_of
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, QUANTITIES, group
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan
from mc_sie.stats.estimates import RARE_HITS, Estimate, effective_size, share_in_percent
from mc_sie.stats.jackknife import TooFewError
from mc_sie.text.showing import Shown

DRAWS_DEFAULT = 2**20
"""Runs of the model when nothing else is asked for."""

SAMPLE_SHARE = 8
"""One in so many of them are draws of the prior, for the curves; the others are the design's."""

SAMPLE_DRAWS_LOW = 2**12
"""Draws below which no curve is worth drawing."""

MISMATCH_HIGH = 1e-3
"""Share of the draws in which a rerun may decide the event differently (rounding on another machine)."""

EFFECT_LARGE = 0.1
"""Share of the uncertainty from which an effect is called large."""

EFFECT_SMALL = 0.01
"""Share of the uncertainty below which an effect is called small."""

READINGS = {**CURVE_READINGS, **INDEX_READINGS}
"""Meaning of each number, in a phrase."""

NOT_CONVERGED = "Not converged"
"""First words of a note that warns of the numbers it stands with."""


@dataclass(frozen=True, repr=False)
class Sensitivity(Shown):
    """Sensitivity of the probability of an event to its inputs.

    Attributes
    ----------
    sample : Sample
        The draws and the event.
    answer : Estimate
        Its probability.
    loss_ratio : float
        c of the decision: acting in vain costs so much, in units of what acting rightly gains.
    curves : Curves
        P(event | input) and its measures, by input and level.
    indices : Indices or None
        Shapley effects, Sobol' indices, interactions; None where only curves were asked for.
    value : pandas.DataFrame
        Expected value of information about inputs, pairs and groups.
    top_pair : tuple of str or None
        The two inputs that matter most together.
    pair_map : pandas.DataFrame
        P(event | those two).
    boxes : pandas.DataFrame
        Conditions under which the event is likely.
    archetypes, trajectories : pandas.DataFrame
        Typical draws with the event.
    fixed : tuple of str
        Stated quantities that do not vary, and so have no effect.
    notes : tuple of str
        How this was made, and warnings.
    """

    sample: Sample
    answer: Estimate
    loss_ratio: float
    curves: Curves
    indices: Indices | None
    value: pd.DataFrame
    top_pair: tuple[str, str] | None
    pair_map: pd.DataFrame
    boxes: pd.DataFrame
    archetypes: pd.DataFrame
    trajectories: pd.DataFrame
    fixed: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Drivers in sentences."""
        return self.sentences

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Inputs by importance."""
        return (self.ranking,)

    @property
    def ranking(self) -> pd.DataFrame:
        """One row an input, the most important first, every number with its error.

        Columns ``quantity``, ``group``, ``role`` (``stated`` or ``derived``), then ``shapley``, ``total``,
        ``first_order``, ``brier_gain``, ``bits``, ``delta``, ``ks`` and ``decision_value``, each with ``_se``, ``_low``
        and ``_high`` (``bits``, ``delta`` and ``ks`` also with ``_floor``), and ``effect``: ``distinguishable from
        zero`` with its size (large from 10 % of the uncertainty, small below 1 %); ``none`` where no point of the
        design noticed it; ``not distinguishable from zero`` between; ``through others`` where, in a pool or under
        correlations, it only tells of inputs that have one; ``unknown`` where fewer than 30 draws see the event, or do
        not. First-order indices are those of the curves.
        """
        rows: dict[str, dict[str, Any]] = {}
        measures = self.curves.measures
        for row in measures.itertuples(index=False):
            found = rows.setdefault(
                row.quantity, {"quantity": row.quantity, "group": group(row.quantity), "role": row.role}
            )
            found |= _cells(row.measure, row)
            if not math.isnan(row.floor):
                found[f"{row.measure}_floor"] = row.floor
        if self.indices is not None:
            for row in self.indices.inputs.itertuples(index=False):
                if row.index != "first_order":
                    rows[row.quantity] |= _cells(row.index, row)
        frame = pd.DataFrame(list(rows.values()))
        is_tied = bool(self.sample.prior.members) or bool(self.sample.prior.dependence.names)
        frame["effect"] = "unknown"
        if self.is_known:
            frame["effect"] = [_effect(row, is_tied) for row in rows.values()]
        by = "first_order" if self.indices is None else "shapley"
        order = ["shapley", "total", "first_order", "brier_gain", "bits", "delta", "ks", "decision_value"]
        kept = [name for one in order for name in frame.columns if name == one or name.startswith(f"{one}_")]
        frame = frame[["quantity", "group", "role", *kept, "effect"]]
        return frame.sort_values(by, ascending=False, na_position="last", ignore_index=True)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name, one row an answer; those that are empty are left out."""
        found = {
            "ranking": self.ranking,
            "measures": self.curves.measures,
            "curves": self.curves.levels,
            "value": self.value,
            "pair": self.pair_map,
            "boxes": self.boxes.drop(columns="box", errors="ignore"),
            "worlds": self.archetypes,
            "trajectories": self.trajectories,
        }
        if self.indices is not None:
            found |= {
                "indices": self.indices.inputs,
                "groups": self.indices.groups,
                "interactions": self.indices.pairs,
            }
        return {name: frame for name, frame in found.items() if len(frame)}

    @property
    def readings(self) -> dict[str, str]:
        """Meaning of each measure and index, in a phrase."""
        return READINGS

    @property
    def is_known(self) -> bool:
        """True where enough draws see the event, and enough do not, for errors that can be trusted."""
        return self.sample.n_telling >= RARE_HITS

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences on what matters most, what is most worth researching, and when the event is likely.

        One sentence that says why not where too few draws see the event.
        """
        if not self.is_known:
            return (self._unknown_sentence,)
        found = []
        if self.indices is not None:
            effects = self.indices.index("shapley").sort_values("value", ascending=False)
            several = [f"{name} {_percent(row)}" for name, row in effects.head(3).iterrows()]
            found.append(f"What drives the probability (Shapley effects, out of 100 %): {', '.join(several)}.")
        single = best_of(self.value, "brier_gain")
        pair = best_of(self.value, "brier_gain", ("pair", "group"))
        if single is not None:
            spread = self.answer.prob * (1.0 - self.answer.prob)
            text = (
                f"Most worth researching: {single['what']}, which alone would remove {_percent(single, spread)} of the "
                "expected quadratic (Brier) loss"
            )
            if pair is not None:
                text += f"; together {pair['what']} would remove {_percent(pair, spread)}"
            found.append(text + ".")
        found.append(self._decision_sentence)
        for number, (_, row) in enumerate(self.boxes.iterrows()):
            found.append(box_sentence(row, self.answer.prob, is_further=number > 0))
        return tuple(found)

    @property
    def _unknown_sentence(self) -> str:
        """Sentence for a sample in which too few draws see the event, or do not."""
        see = "see the event"
        more = "Take more draws, or see which worlds lead there with `mc-sie run --rare`."
        if self.answer.prob > 0.5:
            see = "do not see the event"
            more = "Take more draws."
        return (
            f"Only {self.sample.n_telling:,} of {int(self.sample.is_ok.sum()):,} draws {see}, too few to say what "
            f"drives it: the errors below are themselves poorly known. {more}"
        )

    @property
    def _decision_sentence(self) -> str:
        """Input with the largest expected value of information for a decision to act or not."""
        threshold = self.loss_ratio / (1.0 + self.loss_ratio)
        acts = f"For a decision to act when the probability is above {100 * threshold:.3g} % (loss ratio"
        acts += f" {self.loss_ratio:g})"
        best = best_of(self.value, "decision_value")
        if best is None:
            return f"{acts} no single answer is known to be worth anything: none moves it across that line often."
        return f"{acts} {best['what']} is most worth knowing: {_percent(best)} of what acting rightly gains."


def sensitivity(
    source: PriorSet | Sample,
    event: str | Event = HEADLINE,
    *,
    n_draws: int = DRAWS_DEFAULT,
    seed: int = 0,
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    loss_ratio: float = 1.0,
    curves_only: bool = False,
    weights: ArrayLike | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Sensitivity of the probability of an event: Shapley effects, Sobol' indices, value of information, boxes.

    Parameters
    ----------
    source : PriorSet or Sample
        A prior set, which is simulated (given its evidence, if it states any), or draws that there are already (their
        event, seed, horizon and weights then count).
    event : str or Event
        The event, for a prior set.
    n_draws : int
        Runs of the model in all. An eighth of them are draws of the prior (none where draws are given).
    seed, n_replicates, horizon_months
        As in :func:`mc_sie.simulate`, for a prior set.
    loss_ratio : float
        What acting in vain costs, in units of what acting rightly gains.
    curves_only : bool
        No further runs of the model: neither Shapley effects nor total indices.
    weights : array_like of shape (n,), optional
        Importance weights of given draws. There are no designed indices then.
    threads : int, optional
        Threads; changes no result.
    progress : callable, optional
        Called with runs done and runs in all.

    Returns
    -------
    Sensitivity
        Frames with one row an answer.

    Raises
    ------
    InputError
        When nothing varies, fewer than two randomisations tell anything of the event, the loss ratio is not positive,
        there are too few draws, or the model decides the event otherwise than when the draws were made.
    """
    check_loss_ratio(loss_ratio)
    is_given = weights is None  # weights from elsewhere are not those of the evidence
    if isinstance(source, Sample):
        prior = source.prior
        drawn = source.design
        bar = _Bar(progress, 0)
        if weights is None:
            weights = source.weights
    else:
        prior = source
        drawn = sample_design(n_draws, n_replicates, seed)
        bar = _Bar(progress, drawn.n_draws)
    if not prior.dimensions:
        raise InputError(prior.name, "has no input that varies", "There is nothing to be sensitive to.")
    design = None
    if not curves_only and weights is None and not prior.evidence:
        design = index_design(prior, drawn, n_draws)
        bar.total += design.n_draws * n_evaluations(Space.of(prior), prior_groups(prior))
    if isinstance(source, Sample):
        sample = source
    else:
        sample = _drawn(prior, event, drawn, horizon_months, threads, bar)
        if weights is None:
            weights = sample.weights
    ok = sample.is_ok
    weights = as_weights(weights)
    check_both(sample.hits[ok], sample.replicate[ok], None if weights is None else weights[ok])
    found = sample_curves(sample, weights=weights, loss_ratio=loss_ratio, threads=threads)
    notes: list[str] = []
    if sample.failed_in_words:
        notes.append(f"{sample.failed_in_words} Here they are left out.")
    if weights is not None:
        notes.append(
            f"Draws have weights, effective sample size {effective_size(weights):,.0f} of {len(weights):,}: the "
            "probability, curves and worth of information are weighted; there are no total indices and no boxes, and "
            "typical draws are those without weights."
        )
    if sample.design.n_replicates < REPLICATES_FOR_BOXES:
        notes.append("No boxes: with fewer than four randomisations none are left to count in.")
    indices = None
    if design:
        try:
            indices, more = _designed(sample, design, threads, bar)
            notes += more
        except TooFewError as error:  # the design has fewer points than there are draws
            notes.append(f"{NOT_CONVERGED}: no Shapley effects and no total indices, because in their design {error}")
    elif is_given and prior.evidence and not curves_only:
        indices, more = _given_evidence(sample, n_draws, threads)
        notes += more
    value = sample_value(sample, weights=weights, loss_ratio=loss_ratio)
    top = _top_pair(value, indices)
    grid = pd.DataFrame()
    if top:
        grid = pair_map(sample, *top, weights=weights)
    boxes = pd.DataFrame()
    can_count = weights is None and sample.design.n_replicates >= REPLICATES_FOR_BOXES
    if can_count and sample.n_telling >= RARE_HITS:
        boxes = sample_boxes(sample)
    typical, trajectories = archetypes(sample)
    return Sensitivity(
        sample=sample,
        answer=replace(sample, weights=weights).answer,
        loss_ratio=loss_ratio,
        curves=found,
        indices=indices,
        value=value,
        top_pair=top,
        pair_map=grid,
        boxes=boxes,
        archetypes=typical,
        trajectories=trajectories,
        fixed=tuple(name for name, entry in prior.entries.items() if entry.distribution.constant is not None),
        notes=tuple(notes),
    )


@dataclass
class _Bar:
    """Runs done so far, over both kinds of runs."""

    progress: Progress | None
    total: int
    before: int = 0

    def __call__(self, done: int, total: int) -> None:
        """Report what is done of one kind."""
        if self.progress:
            self.progress(self.before + done, self.total)
        if done == total:
            self.before += total


def sample_design(n_draws: int, n_replicates: int = N_REPLICATES_DEFAULT, seed: int = 0) -> Design:
    """Design of the draws behind the curves, for so many runs of the model in all."""
    asked = plan(n_draws, seed=seed, n_replicates=n_replicates)
    return plan(max(asked.n_draws // SAMPLE_SHARE, SAMPLE_DRAWS_LOW), seed=seed, n_replicates=n_replicates)


def index_design(prior: PriorSet, drawn: Design, n_draws: int) -> Design:
    """Points of block A of the indices: the first of each replicate of the draws, as many as the runs allow.

    Sobol' points with the seed and the replicates of the draws, at least two in each. The number of random inputs
    decides how many of the ``n_draws`` runs of the model a point takes.
    """
    each = n_evaluations(Space.of(prior), prior_groups(prior))
    per_replicate = max(2, n_draws // (each * drawn.n_replicates))
    n = 1 << (per_replicate.bit_length() - 1)
    if drawn.scheme == "sobol":  # block A begins with the draws themselves, and ends with them at the latest
        n = min(n, drawn.n_per_replicate)
    return Design("sobol", drawn.seed, drawn.n_replicates, n)


def _drawn(
    prior: PriorSet, event: str | Event, design: Design, horizon_months: float, threads: int | None, bar: _Bar
) -> Sample:
    """Draws of a prior set, given its evidence if it states any."""
    if isinstance(event, str):
        event = parse_event(event)
    check_horizon(horizon_months)
    event.check_horizon(horizon_months)
    how: dict[str, Any] = {
        "seed": design.seed,
        "n_replicates": design.n_replicates,
        "horizon_months": horizon_months,
        "levels": event.levels,
        "widths": event.widths,
        "threads": threads,
        "progress": bar,
    }
    return sample_of(simulate(prior, design.n_draws, **how), event)


def _designed(sample: Sample, design: Design, threads: int | None, bar: _Bar) -> tuple[Indices, list[str]]:
    """Indices on the joint distribution of the draws, and notes on them."""
    prior = sample.prior
    space = Space.of(prior)
    function = EventFunction(prior, sample.event, sample.horizon_months, threads)
    indices = designed(function, space, design, groups=prior_groups(prior), progress=bar)
    check_same_joint(sample, design, indices)
    notes = [
        f"Shapley effects and total indices: {design.n_draws:,} points of the same design as the draws (seed"
        f" {design.seed}, prior {prior.digest[:12]}), {indices.n_evaluations:,} runs of the model."
    ]
    if function.n_failed:
        notes.append(f"{function.n_failed:,} of them could not be simulated and count as draws without the event.")
    if space.is_dependent:
        notes.append(
            "Priors are correlated. Shapley effects respect that; total, first-order and second-order indices by "
            "design are those of the copula's independent latent variables: what a quantity adds to those before it."
        )
    elif prior.members:
        notes.append(
            "A pool: Shapley effects and total indices are those of the independent variables behind the draws, which "
            "set it is and where in that set's distribution each quantity lies. What a quantity tells alone is about "
            "its value, which also tells which set it comes from, and can be much more."
        )
    return _by_stated_names(indices, prior, notes), notes


def _given_evidence(sample: Sample, n_draws: int, threads: int | None) -> tuple[Indices | None, list[str]]:
    """Shapley effects given evidence and notes on them, or why there are none and what comes nearest."""
    nearest = (
        "The nearest: what each input tells alone, here, and the Shapley effects of the set before its evidence "
        "(without_evidence)."
    )
    if reason := why_not(sample.prior):
        return None, [f"No Shapley effects: {reason}. {nearest}"]
    try:
        indices, n_failed = indices_given(sample, n_draws, threads)
    except TooFewError as error:
        return None, [f"{NOT_CONVERGED}: no Shapley effects, because {error} {nearest}"]
    notes = [
        f"Shapley effects are given the evidence, which ties the inputs together: {indices.n_evaluations:,} runs of "
        "the model. An input that the event does not hang on has a share where it tells of one that does. Total "
        "indices are those of independent inputs, and there are none."
    ]
    if n_failed:
        notes.append(f"{n_failed:,} of them could not be simulated and count as draws without the event.")
    return _by_stated_names(indices, sample.prior, notes), notes


def _by_stated_names(indices: Indices, prior: PriorSet, notes: list[str]) -> Indices:
    """Indices by the quantities as they are stated; notes which have not converged."""
    if indices.unconverged:
        notes.append(
            f"{NOT_CONVERGED}: the Shapley effects of {', '.join(indices.unconverged)} (the halves of the "
            "randomisations disagree, or the interval is wider than 3 points either way). Take more draws."
        )
    stated = stated_names(prior)
    inputs = indices.inputs.replace({"quantity": stated})
    pairs = indices.pairs.replace({"quantity": stated, "other": stated})
    in_groups = indices.groups.assign(
        members=[", ".join(stated.get(name, name) for name in text.split(", ")) for text in indices.groups["members"]]
    )
    return replace(indices, inputs=inputs, pairs=pairs, groups=in_groups)


def check_same_joint(sample: Sample, design: Design, indices: Indices) -> None:
    """Refuse indices of another joint distribution than that of the draws.

    Block A begins with the very points of the draws where these are Sobol' points: the event must hold in the same
    ones.
    """
    if sample.design.scheme != design.scheme:
        return
    n = design.n_per_replicate
    drawn = sample.hits.reshape(sample.design.n_replicates, -1)[:, :n]
    again = indices.outcome.reshape(design.n_replicates, n) > 0.5
    n_other = int((drawn != again).sum())
    if n_other > MISMATCH_HIGH * design.n_draws:
        why = (
            f"does not come back: in {n_other:,} of {design.n_draws:,} draws the model now decides the event otherwise"
        )
        raise InputError(sample.prior.name, why, "Run it again with this version, or ask for --curves-only.")


def stated_names(prior: PriorSet) -> Mapping[str, str]:
    """For each latent dimension of a set that is stated in another coordinate, the quantity that is stated."""
    return {determined: name for name in prior.entries if (determined := QUANTITIES[name].determines) is not None}


def _top_pair(value: pd.DataFrame, indices: Indices | None) -> tuple[str, str] | None:
    """The two inputs with the largest Shapley effects, or those whose pair is worth most."""
    if indices is not None and len(indices.index("shapley")) > 1:
        first, second = indices.index("shapley").sort_values("value", ascending=False).index[:2]
        return str(first), str(second)
    pairs = value[(value["kind"] == "pair") & (value["measure"] == "brier_gain")]
    if pairs.empty:
        return None
    first, second = pairs.loc[pairs["value"].idxmax(), "members"].split(", ")
    return first, second


def _cells(name: str, row: Any) -> dict[str, float]:
    """A number with its error and interval, as columns."""
    return {name: row.value, f"{name}_se": row.se, f"{name}_low": row.low, f"{name}_high": row.high}


def _effect(row: Mapping[str, Any], is_tied: bool) -> str:
    """The effect of an input in words, by its total index, or where there is none by what its curve alone shows.

    In a pool, and under correlations, an input can tell of others and so of the event without having an effect.
    """
    is_seen = row["bits"] > row["bits_floor"] and row["first_order_low"] > 0.0
    if "total" not in row:
        if is_seen:
            return _distinguishable(row["first_order"])
    elif row["total_low"] > 0.0:
        return _distinguishable(row["total"])
    elif is_tied and is_seen:
        return "through others"
    elif row["total"] == 0.0 and row["total_se"] == 0.0:
        return "none"
    return "not distinguishable from zero"


def _distinguishable(share: float) -> str:
    """Words for an effect that is there, which says nothing of its size, and for its size."""
    size = "moderate"
    if share >= EFFECT_LARGE:
        size = "large"
    if share < EFFECT_SMALL:
        size = "small"
    return f"distinguishable from zero, {size}"


def _percent(row: Any, whole: float = 1.0) -> str:
    """A value and its error as a share of a whole, in percent."""
    return share_in_percent(row["value"] / whole, row["se"] / whole)
