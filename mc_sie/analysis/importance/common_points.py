"""Common points for prior sets given evidence: one proposal for all of them, and each set's own weights.

The prior's own points are a poor place to condition on: evidence leaves a tenth of them or less. So a proposal is
fitted, once, to each of the sets that are given; every set that is then asked sees the same points of these proposals,
in equal parts, with weights of its own: its likelihood, times how much rarer or commoner the prior makes the point
[1]_. A tenth of each proposal is the prior itself, so that no set is far from all points.

References
----------
.. [1] Owen, A. B. & Zhou, Y. (2000). Safe and effective importance sampling. Journal of the American Statistical
       Association 95(449): 135-143.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.conditioning import Conditioned
from mc_sie.analysis.importance.drawing import simulate
from mc_sie.analysis.importance.proposal import PICK_DIMENSION, Proposal, dimension_of
from mc_sie.analysis.importance.tempering import check_satisfied, log_likelihoods, normalised, with_marks
from mc_sie.engine.batches import Progress
from mc_sie.engine.hits import hits_of_points
from mc_sie.engine.run import simulate_points
from mc_sie.events import Event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design, points
from mc_sie.stats.estimates import effective_size
from mc_sie.stats.pareto import k_high, pareto_k

Array = NDArray[np.float64]

ESS_SHARE_LOW = 0.02
"""Least effective sample size on the common points, as a share of them; below it a set gets draws of its own."""

ESS_SHARE_EQUAL = 0.1
"""Effective sample size, as a share of the points, from which k-hat need not be asked.

The squares of n weights that sum to 1 then sum to at most ``10 / n``, so that the largest is at most ``sqrt(10 / n)``:
5 % for 4096 draws. No one draw decides an answer, whatever the tail beyond.
"""

_N_PROBES = 64  # draws that show whether a set has what evidence is about


class Worth(NamedTuple):
    """Effective sample size and tail of weighted draws."""

    ess: float  # effective sample size
    # False where the common points were worth too little given the evidence, and the set got draws of its own
    is_common: bool


@dataclass(frozen=True)
class Weighted:
    """An event in weighted draws of a prior set given its evidence."""

    # draws in which the event holds, and those that could be simulated, shape (n,)
    hits: NDArray[np.bool_]
    is_ok: NDArray[np.bool_]
    weights: Array  # with mean 1, shape (n,)
    log_marginal: float  # natural logarithm of the likelihood that the set expects before its evidence
    worth: Worth


@dataclass(frozen=True)
class EvidencePoints:
    """Points of the unit cube for sets given evidence. Made by :meth:`around`."""

    design: Design  # the points that proposals turn into others
    horizon_months: float
    # shape (n,): points by name of the dimension; those of the design in every other dimension
    uniforms: Mapping[str, Array]
    prior_weights: Array  # density of the prior relative to that of the points, shape (n,)

    @classmethod
    def around(
        cls, priors: Iterable[PriorSet], design: Design, horizon_months: float, threads: int | None = None
    ) -> EvidencePoints:
        """Points fitted to those of some sets that state evidence.

        For a single set they are the points of :func:`mc_sie.simulate`; those of the design where they are good enough
        for every set. Raises what :func:`~mc_sie.analysis.importance.conditioning.condition` does.
        """
        given = {prior.digest: prior for prior in priors if prior.evidence}
        proposals = [_proposal_of(prior, design, horizon_months, threads) for prior in given.values()]
        uniforms, prior_weights = placed(proposals, design)
        return cls(design, horizon_months, uniforms, prior_weights)

    def uniforms_for(self, prior: PriorSet) -> dict[str, Array]:
        """Common points of a set by name of the dimension, those of the design where nothing was fitted to it."""
        uniforms = dict(self.uniforms)
        for name in prior.dimensions:
            if name not in uniforms:
                uniforms[name] = points(self.design, dimension_of(name), 0, self.design.n_draws)
        return uniforms

    def ask(
        self, prior: PriorSet, event: Event, *, threads: int | None = None, progress: Progress | None = None
    ) -> Weighted:
        """The event in draws of a set given its evidence.

        On the common points where their effective sample size is large enough, else on draws of
        :func:`mc_sie.simulate`.
        """
        n = self.design.n_draws
        uniforms = self.uniforms_for(prior)
        outcomes: Outcomes | None = None
        if any(item.subject.is_outcome for item in prior.evidence):
            levels, widths = with_marks(prior, event.levels, event.widths)
            draws, outcomes = simulate_points(
                prior, uniforms, self.horizon_months, levels, widths, threads=threads, progress=progress
            )
            hits, is_ok = event.holds(outcomes), outcomes.is_ok
        else:  # the event alone is faster: bounds decide most draws
            draws = prior.values(uniforms)
            found = hits_of_points(prior, uniforms, self.horizon_months, event, threads=threads, progress=progress)
            hits, is_ok = found.holds, found.is_ok
        by_item = log_likelihoods(prior, {name: np.broadcast_to(array, n) for name, array in draws.items()}, outcomes)
        check_satisfied(prior, by_item)
        weights, log_marginal = normalised(by_item.sum(axis=1) + np.log(self.prior_weights))
        if _is_enough(weights):
            return Weighted(hits, is_ok, weights, log_marginal, Worth(effective_size(weights), True))
        drawn = _drawn(
            prior, self.design, self.horizon_months, threads, with_marks(prior, event.levels, event.widths), progress
        )
        assert drawn.weights is not None
        hits, is_ok = event.holds(drawn.outcomes), drawn.outcomes.is_ok
        return Weighted(hits, is_ok, drawn.weights, drawn.log_marginal, Worth(drawn.ess, False))


def check_subjects(prior: PriorSet) -> None:
    """Refuse evidence about a quantity that some draws of a set do not have, before anything is simulated."""
    about_quantities = [item for item in prior.evidence if not item.subject.is_outcome]
    if about_quantities:
        design = Design("philox", 0, 1, _N_PROBES)
        names = prior.dimensions or ("rho",)
        draws = prior.values({name: points(design, dimension_of(name), 0, _N_PROBES) for name in names})
        log_likelihoods(prior.given(about_quantities), draws, None)


def placed(proposals: Sequence[Proposal], design: Design) -> tuple[dict[str, Array], Array]:
    """Points of several proposals in equal parts, and the density of the prior relative to theirs.

    At least one proposal, of any prior sets; they turn the points of the design into others.
    """
    n = design.n_draws
    names = dict.fromkeys(name for proposal in proposals for name in proposal.prior.dimensions)
    uniforms = {name: points(design, dimension_of(name), 0, n) for name in names}
    pick = points(design, PICK_DIMENSION, 0, n) * len(proposals)
    which = np.minimum(pick.astype(int), len(proposals) - 1)
    for place, proposal in enumerate(proposals):
        rows = np.flatnonzero(which == place)
        plain = {name: uniforms[name][rows] for name in proposal.prior.dimensions}
        moved, _ = proposal.place(plain, pick[rows] - place)
        for name, column in moved.items():
            uniforms[name][rows] = column
    density = np.mean([1.0 / proposal.weights(uniforms) for proposal in proposals], axis=0)
    return uniforms, 1.0 / density


def _is_enough(weights: Array) -> bool:
    """True for weights so equal that their tail does not matter, and for less equal ones with a light tail."""
    share = effective_size(weights) / len(weights)
    if share >= ESS_SHARE_EQUAL:
        return True
    return share >= ESS_SHARE_LOW and pareto_k(weights) <= k_high(len(weights))


def _proposal_of(prior: PriorSet, design: Design, horizon_months: float, threads: int | None) -> Proposal:
    """The proposal of a set: the prior itself where its draws do."""
    drawn = _drawn(prior, design, horizon_months, threads, ((), ()))
    if drawn.method == "tempering":  # which has no points to share: its proposal is better than the prior all the same
        drawn = _drawn(prior, design, horizon_months, threads, ((), ()), method="proposal")
    return drawn.proposal or Proposal(drawn.before.prior, 1.0, ())


def _drawn(
    prior: PriorSet,
    design: Design,
    horizon_months: float,
    threads: int | None,
    marks: tuple[Sequence[float], Sequence[float]],
    progress: Progress | None = None,
    method: str | None = None,
) -> Conditioned:
    """Draws of a set given its evidence on points of the design."""
    drawn = simulate(
        prior,
        design.n_draws,
        seed=design.seed,
        scheme=design.scheme,
        n_replicates=design.n_replicates,
        horizon_months=horizon_months,
        levels=marks[0],
        widths=marks[1],
        method=method,  # type: ignore[arg-type]
        threads=threads,
        progress=progress,
    )
    assert isinstance(drawn, Conditioned)
    return drawn
