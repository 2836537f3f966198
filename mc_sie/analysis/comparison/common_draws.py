"""One event put to several prior sets on common points, and the change of its probability with its error.

Common points make a change far better known than either answer: its error is the spread of the replicates' changes.
A set that states evidence is asked given it, on points of a proposal that all such sets share
(:mod:`mc_sie.analysis.importance.common_points`); one that states none, on those of the design.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.common_points import EvidencePoints, Worth, check_subjects
from mc_sie.analysis.importance.conditioning import ESS_LOW
from mc_sie.engine.batches import Progress, n_threads
from mc_sie.engine.hits import hits_of_design
from mc_sie.engine.run import DRAWS_DEFAULT, check_horizon, check_prior_set, uniforms_of
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan
from mc_sie.stats.estimates import (
    RARE_HITS,
    Estimate,
    decimals,
    estimate_from_counts,
    estimate_probability,
    failed_of_counts,
    least_se,
    replicate_se,
    student_t,
)
from mc_sie.stats.jackknife import quotient


@dataclass(frozen=True)
class Answer:
    """The event in the draws of one prior set."""

    prior: PriorSet
    design: Design  # the same points for every set that is asked
    # draws in which the event is true, and those that could be simulated, shape (n,)
    hits: NDArray[np.bool_]
    is_ok: NDArray[np.bool_]
    # shape (n,): weight of each draw given the set's evidence, with mean 1; None where it states none
    weights: NDArray[np.float64] | None = None
    # natural logarithm of the likelihood of the evidence that the set expects before it; 0 without any
    log_marginal: float = 0.0
    worth: Worth | None = None  # effective sample size of the weighted draws; None without evidence

    @cached_property
    def draws(self) -> dict[str, NDArray[np.generic]]:
        """Quantities of every draw by code name, drawn again; before any evidence."""
        n = self.design.n_draws
        drawn = self.prior.values(uniforms_of(self.prior, self.design, 0, n))
        return {name: np.broadcast_to(array, n) for name, array in drawn.items()}

    @cached_property
    def estimate(self) -> Estimate:
        """The probability with its error or bound."""
        design = self.design
        return estimate_probability(self.hits, self.is_ok, design.n_replicates, design.scheme, self.weights)

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Hits and simulated draws in each independent randomisation, shape (R, 2).

        Given evidence the sums of their weights, relative to what a draw of likelihood 1 before it would count: the
        sums of different sets are on one scale.
        """
        counts = np.stack([self.hits & self.is_ok, self.is_ok]).astype(np.float64)
        if self.weights is not None:
            counts *= self.weights * math.exp(self.log_marginal)
        return np.asarray(counts.reshape(2, self.design.n_replicates, -1).sum(axis=2).T)

    @property
    def by_replicate(self) -> NDArray[np.float64]:
        """The probability in each independent randomisation, shape (R,)."""
        return quotient(self.sums[:, 0], self.sums[:, 1])

    @property
    def ess(self) -> float:
        """Effective sample size: the number of draws without evidence."""
        if self.worth is None:
            return float(self.design.n_draws)
        return self.worth.ess

    @property
    def n_failed(self) -> int:
        """Draws that could not be simulated."""
        return int((~self.is_ok).sum())

    @property
    def failed_in_words(self) -> str:
        """How many draws failed, and the bounds that they leave on the probability; empty where none did."""
        if self.weights is not None and self.n_failed:  # what evidence says of a draw is not known where it failed
            return f"{self.n_failed:,} of {self.design.n_draws:,} draws could not be simulated."
        return failed_of_counts(int(self.hits.sum()), self.n_failed, self.design.n_draws)

    def columns(self) -> dict[str, object]:
        """The answer as columns of a table, with ``ess`` where draws have weights."""
        columns = {**vars(self.estimate), "interval": self.estimate.interval_in_words, "n_failed": self.n_failed}
        if self.worth is not None:
            columns["ess"] = self.ess
            del columns["ess_rarer"]
        return columns


@dataclass(frozen=True)
class CommonDraws:
    """An event, and the points on which prior sets are asked about it. Made by :func:`common_draws`."""

    event: Event
    design: Design
    horizon_months: float
    threads: int | None
    given: EvidencePoints | None = None  # points for sets that state evidence; None where there are none such

    def ask(self, prior: PriorSet, *, progress: Progress | None = None) -> Answer:
        """The event in the draws of a prior set on the common points, given its evidence if it states any.

        An InputError for evidence that no draw satisfies, or about a quantity that some draws do not have.
        """
        if prior.evidence:
            given = self.given
            if given is None:
                given = EvidencePoints.around([prior], self.design, self.horizon_months, self.threads)
            found = given.ask(prior, self.event, threads=self.threads, progress=progress)
            return Answer(prior, self.design, found.hits, found.is_ok, found.weights, found.log_marginal, found.worth)
        hits = hits_of_design(
            prior, self.design, self.horizon_months, self.event, threads=self.threads, progress=progress
        )
        return Answer(prior, self.design, hits.holds, hits.is_ok)

    @property
    def in_words(self) -> str:
        """Draws, seed and horizon, for the foot of a table, and why a run may give another number."""
        design = self.design
        drawn = f"{design.n_draws:,} draws ({design.scheme}, {design.n_replicates} randomisations, seed {design.seed})"
        text = f"{drawn} for each set, the same points for all, to {self.horizon_months:g} months."
        if design.n_draws >= DRAWS_DEFAULT:
            return text
        return f"{text} `mc-sie run` takes {DRAWS_DEFAULT:,} of this sequence: its probability is the more exact one."


def common_draws(
    event: Event | str = HEADLINE,
    *,
    n_draws: int,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    priors: Sequence[PriorSet] = (),
    threads: int | None = None,
) -> CommonDraws:
    """An event and common points, checked before anything is simulated.

    ``priors`` are sets around which points are laid for sets given evidence, if any of them states some; sets that are
    asked later, with other priors or evidence, are asked on the same points. All else is as in :func:`mc_sie.simulate`.
    An InputError for an event that does not parse or asks about a time beyond the horizon, or sizes that cannot be
    used.
    """
    if isinstance(event, str):
        event = parse_event(event)
    check_horizon(horizon_months)
    event.check_horizon(horizon_months)
    n_threads(threads)
    design = plan(n_draws, scheme=scheme, seed=seed, n_replicates=n_replicates)
    for prior in priors:
        check_prior_set(prior, "common_draws")
        for item in prior.evidence:
            item.check_horizon(horizon_months)
        check_subjects(prior)
    given = None
    if any(prior.evidence for prior in priors):
        given = EvidencePoints.around(priors, design, horizon_months, threads)
    return CommonDraws(event, design, horizon_months, threads, given)


@dataclass(frozen=True)
class Change:
    """By how much a probability changes, or a part of such a change."""

    change: float  # after minus before, on the scale from 0 to 1
    se: float
    # two-sided 90 % t interval from the replicates; or, where fewer than `.estimates.RARE_HITS` draws change, a 95 %
    # bound on the size of the change: it cannot exceed the probability that a draw changes, which is bounded as that of
    # a rare event
    low: float
    high: float
    interval: str  # "t" or "binomial"
    # draws of which the event becomes true or stops being true; given evidence the effective number of those with it,
    # since a change of their weights is enough
    n_changed: int

    @property
    def is_rare(self) -> bool:
        """True where too few draws change for an error: there is only a bound."""
        return self.interval == "binomial"

    def columns(self) -> dict[str, object]:
        """The change as columns of a table."""
        return vars(self) | {"interval": f"{self.interval}, {'95' if self.is_rare else '90'} %"}


def change_of(
    pooled: float, by_replicate: NDArray[np.float64], n_changed: int, n_draws: int, *, further_se: float = 0.0
) -> Change:
    """A change with its error, or with a bound where few draws change.

    ``pooled`` comes from all draws together, ``by_replicate``, shape (R,), from each replicate; ``n_changed`` of
    ``n_draws`` draws change. ``further_se`` is a standard error from another source, independent of the draws.
    """
    spread = replicate_se(by_replicate)
    if n_changed < RARE_HITS:
        bound = estimate_from_counts(np.array([n_changed]), np.array([n_draws]), "sobol").high
        return Change(pooled, math.hypot(spread, further_se), -bound, bound, "binomial", n_changed)
    if spread < 1e-12:  # replicates that agree, to rounding: a draw more or less in one of them may go unseen
        spread = least_se(len(by_replicate), n_draws / len(by_replicate))
    se = math.hypot(spread, further_se)
    half = student_t(len(by_replicate) - 1) * se
    return Change(pooled, se, pooled - half, pooled + half, "t", n_changed)


def change_between(before: Answer, after: Answer) -> Change:
    """The change from one answer to another on the same common draws, with the error of the difference."""
    changed = after.hits ^ before.hits
    if before.weights is not None or after.weights is not None:
        changed = after.hits | before.hits
    worth = min(before.ess, after.ess) / before.design.n_draws
    return change_of(
        after.estimate.prob - before.estimate.prob,
        after.by_replicate - before.by_replicate,
        int(worth * changed.sum()),
        int(worth * before.design.n_draws),
    )


def evidence_notes(worths: Iterable[Worth | None], n_draws: int, what: str = "sets") -> list[str]:
    """Sentences on answers given evidence: effective sample sizes, and how many have draws of their own.

    ``worths`` has :attr:`Answer.worth` of each answer, behind which are ``n_draws`` draws; ``what`` was asked, in the
    plural. No sentence where no answer is given evidence.
    """
    given = [worth for worth in worths if worth is not None]
    if not given:
        return []
    low = min(worth.ess for worth in given)
    high = max(worth.ess for worth in given)
    size = f"{low:,.0f}"
    if round(low) != round(high):
        size += f" to {high:,.0f}"
    notes = [f"Given the evidence: weighted draws, effective sample size {size} of {n_draws:,}."]
    n_own = sum(not worth.is_common for worth in given)
    if n_own:
        notes.append(
            f"{n_own:,} of {len(given):,} {what} lie so far from the common points, given the evidence, that they got "
            "draws of their own: changes to them have larger errors."
        )
    if low < ESS_LOW:
        notes.append(f"Draws worth less than {ESS_LOW:,.0f} leave the errors themselves poorly known: take more.")
    return notes


def in_points(change: float, se: float) -> str:
    """A change, on the scale from 0 to 1, in percentage points with its sign, and no digit beyond its error.

    Such as ``"+14.1"``; ``"0"`` for a change that is nothing in every replicate.
    """
    if change == 0.0 and se == 0.0:
        return "0"
    text = f"{100 * change:+.{decimals(100 * se)}f}"
    if float(text) == 0.0:
        return text.removeprefix("+")
    return text


def within_points(change: Change) -> str:
    """A change in points with its error, ``"+14.1 (SE 0.2)"``, or the bound, ``"0 (at most 0.005)"``."""
    if change.is_rare:
        text = "0"
        if change.change:
            text = in_points(change.change, change.high / 2.0)
        return f"{text} (at most {100 * change.high:.1g})"
    return f"{in_points(change.change, change.se)} (SE {points_of(change.se)})"


def points_of(se: float) -> str:
    """A standard error in percentage points, to one significant digit."""
    return f"{100 * se:.{decimals(100 * se)}f}"


def steps(progress: Progress | None, done: int, total: int) -> Progress | None:
    """The progress of one of several reruns, in draws, as part of the whole; ``done`` of ``total`` came before."""
    if progress is None:
        return None
    return lambda part, whole: progress(done * whole + part, total * whole)


def distinct_names(priors: Sequence[PriorSet]) -> list[str]:
    """Names of some sets, the second of one name with a number behind it."""
    names: list[str] = []
    for prior in priors:
        n_before = sum(earlier.name == prior.name for earlier in priors[: len(names)])
        name = prior.name
        if n_before:
            name += f" ({n_before + 1})"
        names.append(name)
    return names
