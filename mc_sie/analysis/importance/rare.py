"""Probabilities too small for plain sampling, by importance sampling on the latent uniforms.

A search (:mod:`mc_sie.analysis.importance.subset_simulation`) shapes a proposal: a density on the unit cube that puts
most draws where the event happens. The estimate comes from fresh draws of that proposal, each weighted by how much
rarer the prior makes it, so that it is unbiased whatever the search found; only its error depends on the search. It is
the mean of weight times hit in independent randomisations of the same Sobol' points as elsewhere; their spread is the
error.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.importance import subset_simulation
from mc_sie.analysis.importance.counting import log_weights, pilot
from mc_sie.analysis.importance.hits_table import shifts_of
from mc_sie.analysis.importance.proposal import PICK_DIMENSION, Numbers, Proposal, cells_of, dimension_of
from mc_sie.analysis.importance.subset_simulation import Simulator
from mc_sie.analysis.importance.tempering import with_marks
from mc_sie.analysis.probability.summary import sentence
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import DRAWS_DEFAULT, check_horizon, check_prior_set, simulate_points
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.priors.prior_set import POOL_DIMENSION
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan, points
from mc_sie.stats.estimates import (
    Estimate,
    WeightedEstimate,
    WeightSums,
    effective_size,
    estimate_from_counts,
    estimate_from_sums,
    failed_in_words,
    replicate_se,
    student_t,
)
from mc_sie.stats.pareto import PARETO_K_HIGH, pareto_k
from mc_sie.stats.stopping import Precision
from mc_sie.text.showing import Shown

Array = NDArray[np.float64]

COMMON = 0.01
"""Above this probability plain sampling is as good."""

ESS_LOW = 100.0
"""With a smaller effective number of hits the error itself is poorly known."""

BEYOND = 30.0
"""Hits of so many times the typical weight lie where the search did not lead."""

BEYOND_HIGH = 0.05
"""Largest share of the probability that such hits may make."""

HITS_KEPT = 2**18
"""Most hits that are kept as rows of a table."""

_ROUND = 2**16  # draws taken together in the last stage


# --- The estimate ----------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    """Weights of the hits and of the failed draws so far, by replicate."""

    n_replicates: int
    # for each replicate the weights of its hits (arrays) and of its failed draws (numbers)
    hits: list[list[Array]] = field(default_factory=list)
    failed: list[list[float]] = field(default_factory=list)
    n_per_replicate: int = 0  # draws of each replicate so far
    n_failed: int = 0
    n_plain: int = 0
    # draws of each replicate whose hits are in ``kept``, and those hits
    n_kept_per_replicate: int = 0
    n_kept: int = 0
    # of a set that states evidence, sums over the draws that could be simulated, round by round
    given: list[WeightSums] = field(default_factory=list)
    largest: float = 0.0
    # hits as rows of a table, with the uniforms of each in ``uniforms``
    kept: list[pd.DataFrame] = field(default_factory=list)
    uniforms: list[dict[str, Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hits = [[] for _ in range(self.n_replicates)]
        self.failed = [[] for _ in range(self.n_replicates)]

    def weights(self, replicate: int) -> Array:
        """Weights of the hits of one replicate."""
        return np.concatenate([np.empty(0), *self.hits[replicate]])

    @property
    def sums_given(self) -> WeightSums:
        """Sums over all draws so far that could be simulated."""
        by_replicate = np.sum([part.by_replicate for part in self.given], axis=0)
        squares = math.fsum(part.squares for part in self.given)
        return WeightSums(by_replicate, float(by_replicate.sum()), squares, sum(part.n for part in self.given))

    @property
    def sums_hits(self) -> WeightSums:
        """Sums over the hits so far."""
        weights = [self.weights(number) for number in range(self.n_replicates)]
        by_replicate = np.array([math.fsum(one) for one in weights])
        pooled = np.concatenate(weights)
        return WeightSums(by_replicate, math.fsum(pooled), math.fsum(pooled**2), len(pooled))


@dataclass(frozen=True)
class _Stage:
    """The last stage: what is drawn from, and the logarithm of the weight that counts as 1."""

    simulator: Simulator
    design: Design
    proposal: Proposal
    log_scale: float


def _take(stage: _Stage, tally: _Tally, stop: int, progress: Progress | None) -> None:
    """Go on to ``stop`` draws in each replicate."""
    design = stage.design
    step = max(1, _ROUND // design.n_replicates)
    for start in range(tally.n_per_replicate, stop, step):
        shifted = None
        if progress is not None:
            done = start * design.n_replicates

            def shifted(n: int, _: int, done: int = done) -> None:
                progress(done + n, stop * design.n_replicates)

        _take_round(stage, tally, (start, min(start + step, stop)), shifted)


def _take_round(stage: _Stage, tally: _Tally, ends: tuple[int, int], progress: Progress | None) -> None:
    """Place, simulate and count the draws from ``ends[0]`` up to ``ends[1]`` of every replicate."""
    simulator, design, proposal = stage.simulator, stage.design, stage.proposal
    prior = simulator.prior
    event = simulator.event
    start, end = ends
    firsts = range(0, design.n_draws, design.n_per_replicate)

    def uniforms(dimension: int) -> Array:
        return np.concatenate([points(design, dimension, first + start, first + end) for first in firsts])

    by_name = {name: uniforms(dimension_of(name)) for name in prior.dimensions}
    placed, is_plain = proposal.place(by_name, uniforms(PICK_DIMENSION))
    levels, widths = with_marks(prior, event.levels, event.widths)
    draws, outcomes = simulate_points(
        prior, placed, simulator.horizon_months, levels, widths, threads=simulator.threads, progress=progress
    )
    hit = event.holds(outcomes)
    failed = ~outcomes.is_ok
    weights = np.zeros(len(hit))
    if prior.evidence:
        weights = np.exp(log_weights(prior, proposal, placed, draws, outcomes.is_ok, outcomes) - stage.log_scale)
        hit &= weights > 0.0
        simulated = np.where(failed, 0.0, weights)
        tally.given.append(WeightSums.of(simulated, design.n_replicates))
        tally.largest = max(tally.largest, float(simulated.max()))
    else:
        # Densities cost more than trajectories: only draws that count get a weight.
        rows = np.flatnonzero(hit | failed)
        weights[rows] = proposal.weights({name: values[rows] for name, values in placed.items()})
    for number in range(design.n_replicates):
        part = slice(number * (end - start), (number + 1) * (end - start))
        tally.hits[number].append(weights[part][hit[part]])
        tally.failed[number] += weights[part][failed[part]].tolist()
    tally.n_failed += int(failed.sum())
    tally.n_plain += int(is_plain.sum())
    n_hits = int(hit.sum())
    # Kept are the hits of the first draws of every replicate, without a gap: once a round does not fit, none follows.
    if tally.n_kept_per_replicate == tally.n_per_replicate and tally.n_kept + n_hits <= HITS_KEPT:
        replicate = np.repeat(np.arange(design.n_replicates, dtype=np.int32), end - start)
        tally.kept.append(_hits_frame(simulator, replicate, weights, hit, draws, outcomes))
        tally.uniforms.append({name: values[hit] for name, values in placed.items()})
        tally.n_kept += n_hits
        tally.n_kept_per_replicate = end
    tally.n_per_replicate = end


def _hits_frame(
    simulator: Simulator,
    replicate: NDArray[np.int32],
    weights: Array,
    hit: NDArray[np.bool_],
    draws: Mapping[str, NDArray[np.generic]],
    outcomes: Outcomes,
) -> pd.DataFrame:
    """The draws in which the event holds, with their weights and main outcomes."""
    words = {"mode": MODES, POOL_DIMENSION: [member.name for member, _ in simulator.prior.members]}
    columns: dict[str, Any] = {"replicate": replicate[hit], "weight": weights[hit]}
    for name, values in draws.items():
        columns[name] = values[hit]
        if name in words:
            columns[name] = pd.Categorical.from_codes(values[hit], words[name])
    for one in simulator.event.conditions:
        columns[one.subject] = outcomes.values(one.outcome, one.index)[hit]
    for name in ("first_year_ooms", "pace_initial", "pace_peak", "effective_end_ooms"):
        columns[name] = outcomes.values(name)[hit]
    return pd.DataFrame(columns)


@dataclass(frozen=True, repr=False)
class Rare(Shown):
    """The probability of a rare event by importance sampling. Made by :func:`estimate_rare`.

    Attributes
    ----------
    prior : PriorSet
        The set.
    event : Event
        The event.
    design : Design
        Scheme, seed and sizes of the last stage.
    horizon_months : float
        End of each trajectory at the latest.
    answer : Estimate
        The probability: among draws that could be simulated, with a 90 % t interval from the replicates. ``n_hits``
        counts the hits without their weights. Where nothing was hit, the binomial 95 % bound from the draws that came
        from the prior itself.
    n_search : int
        Draws that the search and the trial took; they are not part of the estimate.
    n_plain : int
        Draws that came from the prior itself, of which ``n_plain_search`` in the search.
    n_plain_search : int
        Plain draws with which the search began.
    n_failed : int
        Draws of the last stage that could not be simulated.
    share_failed : float
        Their share of the prior.
    ess_hits : float
        Effective number of hits, ``(sum w)^2 / sum w^2``.
    largest_share : float
        Share of the probability that the draw with the largest weight makes.
    beyond_share : float
        Share of the probability from hits of more than 30 times the typical weight: where the search did not lead.
    pareto_k : float
        Shape of the tail of the weights among hits; nan where there are too few to say.
    n_plain_needed : float
        Plain draws that would have the same standard error.
    warnings : tuple of str
        Reasons why the interval may be too narrow.
    shifts : pandas.DataFrame
        What hits look like: ``quantity``, ``meaning``, ``prior`` and ``hits`` in words, ``distance`` (the largest
        difference between the two cumulative functions), furthest first.
    hits : pandas.DataFrame
        Draws in which the event holds, of the first ``n_kept_per_replicate`` of each replicate: ``replicate``,
        ``weight``, quantities and main outcomes.
    n_kept_per_replicate : int
        Draws of each replicate whose hits are kept.
    proposal : dict
        The proposal as plain values.
    is_found : bool
        True where the search found the event.
    sentence : str
        The answer in one sentence.
    wall_seconds : float
        Time it took.
    """

    prior: PriorSet
    event: Event
    design: Design
    horizon_months: float
    answer: Estimate
    n_search: int
    n_plain: int
    n_plain_search: int
    n_failed: int
    share_failed: float
    ess_hits: float
    largest_share: float
    beyond_share: float
    pareto_k: float
    n_plain_needed: float
    warnings: tuple[str, ...]
    shifts: pd.DataFrame
    hits: pd.DataFrame
    n_kept_per_replicate: int
    proposal: dict[str, Any]
    is_found: bool
    sentence: str
    wall_seconds: float

    @property
    def gain(self) -> float:
        """Plain draws that the same error would take, for each draw that was made, the search included."""
        return self.n_plain_needed / (self.design.n_draws + self.n_search)

    @property
    def failed_in_words(self) -> str:
        """How many draws failed, and the bounds that they leave on the probability; empty where none did."""
        low = self.answer.prob * (1.0 - self.share_failed)
        return failed_in_words(self.n_failed, self.design.n_draws, low, low + self.share_failed)

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Answer and method."""
        return (self.sentence, self.method)

    @property
    def shown_tables(self) -> tuple[pd.DataFrame, ...]:
        """Differences between hits and the prior."""
        return (self.shifts,)

    @property
    def method(self) -> str:
        """How the answer was found, how well, and what plain sampling would have taken."""
        drawn = f"{self.design.n_draws:,} draws after a search of {self.n_search:,}"
        source = "the prior itself"
        if isinstance(self.answer, WeightedEstimate):
            source = "a proposal that serves the evidence"
            drawn += f"; given the evidence the draws are worth {_count(self.answer.ess)} of equal weight"
        if not self.is_found:
            return (
                f"Importance sampling found no way to the event: {drawn}, all of them from {source}. "
                f"The answer is that of plain sampling."
            )
        text = f"Importance sampling: {drawn}"
        if self.answer.n_hits == 0 and self.prior.evidence:
            return f"{text}; none of them hit."
        if self.answer.n_hits == 0:
            return f"{text}; none of them hit, so that only the {self.n_plain:,} from the prior itself bound it."
        text += f"; {self.answer.n_hits:,} hits, worth {_count(self.ess_hits)} of equal weight"
        if not 0.0 < self.n_plain_needed < math.inf:
            return f"{text}."
        needed = f"{self.n_plain_needed:,.0f}"
        if self.n_plain_needed >= 1e6:
            needed = f"{self.n_plain_needed:.1e}"
        text += f". Plain sampling needs about {needed} draws for the same error"
        if self.answer.prob > COMMON:
            return f"{text}; an event as common as this can as well be asked about without estimate_rare."
        times = f"{self.gain:.2g}"
        if self.gain >= 10.0:
            times = f"{float(times):,.0f}"
        return f"{text}, {times} times as many."


def _count(n: float) -> str:
    """An effective number of draws, with a decimal where it is small."""
    if n >= 10.0:
        return f"{n:,.0f}"
    return f"{n:.1f}"


def estimate_rare(
    prior: PriorSet,
    event: Event | str = HEADLINE,
    n_draws: int = DRAWS_DEFAULT,
    *,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    precision: Precision | None = None,
    max_draws: int = 2**22,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Rare:
    """Probability of a rare event, by importance sampling.

    Parameters
    ----------
    prior : PriorSet
        From :func:`mc_sie.priors.load_prior`.
    event : Event or str
        The event.
    n_draws : int
        Draws of the last stage; the search takes some 10^5 more, the rarer the event the more.
    seed : int
        The same seed gives the same bits, whatever the number of threads.
    scheme : {"sobol", "philox"}
        Sampling scheme of the last stage.
    n_replicates : int
        Independent randomisations, from whose spread the standard error comes.
    horizon_months : float
        End of each trajectory at the latest.
    precision : Precision, optional
        Double the draws of the last stage until this is reached.
    max_draws : int
        Most draws of the last stage when doubling.
    threads : int, optional
        Threads; all processors if not given.
    progress : callable, optional
        Called with (draws done, draws in all) of the last stage.

    Returns
    -------
    Rare
        The estimate and its diagnostics.

    Raises
    ------
    InputError
        For what :func:`mc_sie.simulate` refuses, or a prior in which nothing is random.

    Notes
    -----
    With points u of density q relative to the prior, ``P = E_q[1{hit} / q(u)]``. A region that the search missed is
    seen by the prior's share of the draws only; the estimate is unbiased all the same, but if the region is so
    improbable that none of those draws falls into it, nothing shows that it is missing.

    Examples
    --------
    >>> from mc_sie import load_prior
    >>> rare = estimate_rare(load_prior("economists"), "best_window[8] < 12")  # doctest: +SKIP
    """
    started = time.perf_counter()
    if isinstance(event, str):
        event = parse_event(event)
    check_prior_set(prior, "estimate_rare")
    small = plan(n_draws, scheme=scheme, seed=seed, n_replicates=n_replicates)
    check_horizon(horizon_months)
    event.check_horizon(horizon_months)
    if not prior.dimensions:
        why = f"has nothing to search: {prior.name} fixes every quantity"
        raise InputError("estimate_rare", why, "Leave it out.")
    wanted = precision or Precision()
    wanted.check_replicates(n_replicates)
    for item in prior.evidence:
        item.check_horizon(horizon_months)
    simulator = Simulator(prior, event, horizon_months, threads)
    numbers = Numbers(seed)
    base, log_scale = _base(prior, event, horizon_months, seed, threads)
    found, n_plain_hits = subset_simulation.search(simulator, cells_of(prior), numbers)
    proposal = subset_simulation.shaped(simulator, found, numbers, base)
    largest = small.n_per_replicate
    while wanted.is_asked and 2 * largest * n_replicates <= max_draws:
        largest *= 2
    stage = _Stage(simulator, replace(small, n_per_replicate=largest), proposal, log_scale)
    tally = _Tally(n_replicates)
    while True:
        size = max(small.n_per_replicate, 2 * tally.n_per_replicate)
        _take(stage, tally, size, progress)
        if prior.evidence:
            answer: Estimate = _estimate_given(tally, is_found=bool(found))
        else:
            answer = _estimate(tally, proposal, scheme, n_plain_hits)
        if size >= largest or wanted.is_reached(answer, n_replicates):
            break
    design = replace(small, n_per_replicate=tally.n_per_replicate)
    return _result(replace(stage, design=design), tally, answer, bool(found), time.perf_counter() - started)


def _base(
    prior: PriorSet, event: Event, horizon_months: float, seed: int, threads: int | None
) -> tuple[Proposal, float]:
    """A proposal of draws given the evidence, and the logarithm of the likelihood that the prior expects."""
    nothing = Proposal(prior, 1.0, ())
    if not prior.evidence:
        return nothing, 0.0
    first = pilot(
        prior, seed=seed, horizon_months=horizon_months, levels=event.levels, widths=event.widths, threads=threads
    )
    return first.proposal or nothing, first.log_marginal


def _estimate(tally: _Tally, proposal: Proposal, scheme: str, n_plain_hits: int) -> Estimate:
    """Probability among the draws that could be simulated, with its error or bound."""
    n = tally.n_per_replicate
    n_replicates = tally.n_replicates
    counts = np.array([len(tally.weights(number)) for number in range(n_replicates)])
    n_hits = int(counts.sum())
    if not proposal.parts and n_hits > 0:  # every draw came from the prior: plain sampling
        n_failed = np.array([len(part) for part in tally.failed])
        return estimate_from_counts(counts, n - n_failed, scheme)
    if n_hits == 0:  # the draws of the prior bound it, those of the search among them
        n_plain = np.array([tally.n_plain + subset_simulation.N_PLAIN])
        return replace(estimate_from_counts(np.array([n_plain_hits]), n_plain, scheme), prob=0.0, n_hits=0)
    hits = np.array([math.fsum(tally.weights(number)) for number in range(n_replicates)]) / n
    lost = np.array([math.fsum(part) for part in tally.failed]) / n
    prob, se, low, high = _ratio(hits, 1.0 - lost, 1.0 - math.fsum(lost) / n_replicates)
    return Estimate(prob, se, low, high, "t", n_hits, n * n_replicates - tally.n_failed)


def _estimate_given(tally: _Tally, *, is_found: bool) -> WeightedEstimate:
    """Probability given the evidence: the weight of the hits over that of all draws."""
    kept, hit = tally.sums_given, tally.sums_hits
    miss = WeightSums(
        kept.by_replicate - hit.by_replicate, kept.total - hit.total, kept.squares - hit.squares, kept.n - hit.n
    )
    plain = estimate_from_sums(kept, hit, miss, largest=tally.largest)
    if not is_found or hit.n == 0:
        return plain
    n = tally.n_per_replicate
    prob, se, low, high = _ratio(hit.by_replicate / n, kept.by_replicate / n, kept.total / n / tally.n_replicates)
    return replace(plain, prob=prob, se=se, low=low, high=high, interval="t", ess_rarer=hit.ess)


def _ratio(hits: Array, kept: Array, kept_mean: float) -> tuple[float, float, float, float]:
    """Ratio of two means of replicates with its error, by its linear terms, and interval."""
    n_replicates = len(hits)
    prob = math.fsum(hits) / n_replicates / kept_mean
    se = replicate_se((hits - prob * kept) / kept_mean)
    half = student_t(n_replicates - 1) * se
    return prob, se, max(0.0, prob - half), min(1.0, prob + half)


def _result(stage: _Stage, tally: _Tally, answer: Estimate, is_found: bool, seconds: float) -> Rare:
    """The estimate with its diagnostics."""
    simulator, design, proposal = stage.simulator, stage.design, stage.proposal
    weights = np.concatenate([tally.weights(number) for number in range(design.n_replicates)])
    total = float(weights.sum())
    beyond = 0.0
    largest = math.nan
    if total > 0.0:
        beyond = float(weights[weights > BEYOND * float(np.median(weights))].sum()) / total
        largest = float(weights.max()) / total
    needed = math.nan
    if answer.se > 0.0:
        needed = answer.prob * (1.0 - answer.prob) / answer.se**2
    kept = pd.DataFrame()
    if tally.kept:
        kept = pd.concat(tally.kept, ignore_index=True)
    failed = math.fsum(weight for part in tally.failed for weight in part)
    n_weighted = float(design.n_draws)
    if simulator.prior.evidence:
        n_weighted = tally.sums_given.total + failed
    rare = Rare(
        prior=simulator.prior,
        event=simulator.event,
        design=design,
        horizon_months=simulator.horizon_months,
        answer=answer,
        n_search=simulator.n_simulated,
        n_plain=tally.n_plain + subset_simulation.N_PLAIN,
        n_plain_search=subset_simulation.N_PLAIN,
        n_failed=tally.n_failed,
        share_failed=failed / n_weighted,
        ess_hits=effective_size(weights),
        largest_share=largest,
        beyond_share=beyond,
        pareto_k=pareto_k(weights),
        n_plain_needed=needed,
        warnings=(),
        shifts=shifts_of(simulator.prior, kept, tally.uniforms),
        hits=kept.dropna(axis="columns", how="all"),
        n_kept_per_replicate=tally.n_kept_per_replicate,
        proposal=proposal.record(),
        is_found=is_found,
        sentence=sentence(answer, None, None, len(simulator.prior.evidence)),
        wall_seconds=seconds,
    )
    if answer.is_rare or not is_found:  # a bound rests on the draws of the prior, whatever the weights
        return rare
    n_without = sum(len(tally.weights(number)) == 0 for number in range(design.n_replicates))
    return replace(rare, warnings=_warnings(rare, n_without))


def _warnings(rare: Rare, n_without: int) -> tuple[str, ...]:
    """Reasons not to trust the error."""
    found = []
    if isinstance(rare.answer, WeightedEstimate) and rare.answer.ess < ESS_LOW:
        found.append(f"given the evidence the draws are worth only {rare.answer.ess:.1f} of equal weight")
    if rare.ess_hits < ESS_LOW:
        found.append(f"the hits are worth only {rare.ess_hits:.1f} of equal weight")
    if n_without:
        found.append(f"{n_without} of {rare.design.n_replicates} randomisations have no hit")
    if rare.pareto_k > PARETO_K_HIGH:
        found.append(f"the weights of the hits have a heavy tail (Pareto k-hat {rare.pareto_k:.2f})")
    if rare.largest_share > 0.1:
        found.append(f"one draw makes {100 * rare.largest_share:.0f} % of the probability")
    if rare.beyond_share > BEYOND_HIGH:
        found.append(f"{100 * rare.beyond_share:.0f} % of the probability lies where the search did not lead")
    if rare.answer.se > 0.3 * rare.answer.prob:
        found.append("the randomisations differ widely")
    return tuple(found)
