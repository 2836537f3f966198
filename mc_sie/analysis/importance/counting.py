"""Counts of draws of any prior set: weighted by its evidence where it states any, as they come where it does not.

A pilot (:func:`pilot`) chooses between draws of the prior and draws of a fitted proposal, and gives the weights their
scale. Each draw that follows stands alone, so that batches may be counted anywhere and in any number. Tempering has no
such form: it moves whole populations, which must be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.conditioning import Conditioned, Method, Weighted, condition
from mc_sie.analysis.importance.proposal import PICK_DIMENSION, Points, Proposal
from mc_sie.analysis.importance.tempering import Draws, log_likelihoods, with_marks
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.engine.counts import WEIGHT_HIGH, WEIGHT_UNIT, CountSpec, whole_weights
from mc_sie.engine.run import uniforms_of
from mc_sie.engine.streaming import Job, Streamed, stream
from mc_sie.errors import InputError
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design, points
from mc_sie.stats import quantile_sketch
from mc_sie.stats.estimates import Estimate
from mc_sie.stats.pareto import pareto_k_of_tail, tail_size

Array = NDArray[np.float64]

PILOT_DRAWS = 2**14
"""Draws of the pilot."""


def pilot(
    prior: PriorSet,
    *,
    seed: int,
    horizon_months: float,
    levels: Sequence[float],
    widths: Sequence[float],
    threads: int | None = None,
) -> Conditioned:
    """A few draws given the evidence, by the first method that will do of those whose draws stand alone.

    That is ``prior`` or ``proposal``; an InputError where only tempering will do.
    """
    methods: tuple[Method, ...] = ("prior", "proposal")
    for method in methods:
        drawn = condition(
            prior, PILOT_DRAWS, seed=seed, horizon_months=horizon_months, levels=levels, widths=widths, method=method,
            threads=threads,
        )  # fmt: skip
        if drawn.is_enough:
            return drawn
    why = f"is too sharp for draws that stand alone (the weights of a fitted proposal have k-hat {drawn.pareto_k:.2f})"
    remedy = "Keep the draws, so that they can be moved to it by tempering (mc-sie run PRIOR, or mc_sie.simulate)."
    raise InputError(f"the evidence of {prior.name}", why, remedy)


def log_weights(
    prior: PriorSet,
    proposal: Proposal | None,
    uniforms: Points,
    draws: Draws,
    is_ok: NDArray[np.bool_],
    outcomes: Outcomes | None,
) -> Array:
    """Logarithm of likelihood times prior over proposal; of a failed draw, the most that this may be."""
    by_item = log_likelihoods(prior, draws, outcomes)
    for place, item in enumerate(prior.evidence):
        if item.subject.is_outcome:
            by_item[~is_ok, place] = 0.0  # nobody knows its outcomes
    total = by_item.sum(axis=1)
    if proposal is not None:
        total += np.log(proposal.weights(uniforms))
    return np.asarray(total)


@dataclass(frozen=True)
class ByLikelihood:
    """Placing and weighting of draws by a proposal and the likelihood of the evidence."""

    prior: PriorSet
    proposal: Proposal | None  # distribution of the draws; the prior itself if None
    log_scale: float  # logarithm of the weight that counts as 1: that which the pilot expects
    # of the pilot
    method: Method
    pareto_k_prior: float
    n_search: int
    before: Estimate  # probability of the event before the evidence, by the pilot

    @property
    def needs_outcomes(self) -> bool:
        """True where some evidence is about outcomes."""
        return any(item.subject.is_outcome for item in self.prior.evidence)

    def points(self, design: Design, start: int, stop: int) -> dict[str, Array]:
        """Coordinates in the unit cube of some draws of a design, by name of the dimension."""
        plain = uniforms_of(self.prior, design, start, stop)
        if self.proposal is None:
            return plain
        return self.proposal.place(plain, points(design, PICK_DIMENSION, start, stop))[0]

    def weights(
        self, points: Points, draws: Draws, is_ok: NDArray[np.bool_], outcomes: Outcomes | None
    ) -> NDArray[np.int64]:
        """Whole weights of draws; of those that could not be simulated, the most that they may be."""
        log_weight = log_weights(self.prior, self.proposal, points, draws, is_ok, outcomes)
        return whole_weights(np.exp(log_weight - self.log_scale))


@dataclass(frozen=True, kw_only=True, repr=False)
class GivenCounts(Weighted, Streamed):
    """Counts of draws of a prior set given its evidence, and how good their weights are.

    Attributes
    ----------
    method, pareto_k, pareto_k_prior, ess, log_marginal, n_search, proposal
        As of a :class:`~mc_sie.Conditioned`; ``pareto_k_prior`` and ``n_search`` are those of the pilot, and so is
        :attr:`before`.
    n_capped : int
        Draws whose weight was more than :data:`~mc_sie.engine.counts.WEIGHT_HIGH` times what the pilot expects.
    """

    method: Method
    pareto_k: float
    pareto_k_prior: float
    ess: float
    log_marginal: float
    n_search: int
    proposal: Proposal | None
    n_capped: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        if self.n_capped == 0:
            return super().warnings
        capped = f"{self.n_capped:,} weights were cut at {WEIGHT_HIGH:,.0f} times the typical one"
        return (*super().warnings, capped)


def count_job(
    prior: PriorSet, design: Design, spec: CountSpec, max_draws: int | None = None, *, threads: int | None = None
) -> Job:
    """A job for :func:`count_draws`, after a pilot where the set states evidence; the same for the same seed.

    ``design`` is the smallest design, ``max_draws`` the most draws (those of the design if not given), ``threads`` are
    those of the pilot. Gains and windows that the evidence asks about are added to ``spec``. An InputError for evidence
    that only tempering can follow, and for what :func:`mc_sie.simulate` refuses.
    """
    most = max_draws or design.n_draws
    if not prior.evidence:
        return Job.growing(prior, design, spec, most)
    levels, widths = with_marks(prior, spec.levels, spec.widths)
    spec = replace(spec, levels=levels, widths=widths)
    first = pilot(
        prior, seed=design.seed, horizon_months=spec.horizon_months, levels=levels, widths=widths, threads=threads
    )
    before = estimate_event(first.before, spec.event)
    scale = ByLikelihood(
        prior, first.proposal, first.log_marginal, first.method, first.pareto_k_prior, first.n_search, before
    )
    return Job.growing(prior, design, spec, most, scale)


def count_draws(job: Job, rows: NDArray[np.int64] | None = None, **how: Any) -> Streamed:
    """Counts of a design, whose draws are simulated and forgotten; for evidence with diagnostics of the weights.

    ``rows``, shape (R, n_counts), are counts to go on from; ``how`` is as in :func:`mc_sie.engine.streaming.stream`.
    """
    counted = stream(job, rows, **how)
    if not isinstance(job.weighting, ByLikelihood):
        return counted
    weighting, spec = job.weighting, job.spec
    _, weights, squares = spec.layers(counted.rows, "modes_ok").sum(axis=(1, 2))
    n_ok = spec.view(counted.rows, "statuses")[:, 0].sum()
    ess, log_marginal = 0.0, -math.inf
    if weights > 0:
        ess = float(weights) ** 2 * WEIGHT_UNIT / float(squares)
        log_marginal = weighting.log_scale + math.log(weights * WEIGHT_UNIT / n_ok)
    tail = spec.view(counted.rows, "tail").sum(axis=0)
    n_tail = tail_size(int(tail.sum()))
    pareto_k = math.nan
    if n_tail:
        pareto_k = pareto_k_of_tail(quantile_sketch.largest(tail, n_tail + 1))
    return GivenCounts(
        **{name: getattr(counted, name) for name in ("prior", "design", "spec", "rows", "wall_seconds")},
        before=weighting.before,
        method=weighting.method,
        pareto_k=pareto_k,
        pareto_k_prior=weighting.pareto_k_prior,
        ess=ess,
        log_marginal=log_marginal,
        n_search=weighting.n_search,
        proposal=weighting.proposal,
        n_capped=int(tail[quantile_sketch.bin_of(WEIGHT_HIGH) :].sum()),
    )
