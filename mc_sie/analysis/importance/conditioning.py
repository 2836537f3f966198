"""Draws of a prior set given evidence, with weights that show which of them the evidence makes likely.

Every draw has a likelihood: the product over the pieces of evidence of how likely each is in it
(:class:`~mc_sie.priors.evidence.Evidence`). There are three methods, of which the first that will do is taken:

Draws of the prior
    weighted by their likelihood. They will do while the largest weights have a light tail (k-hat, [1]_) and the
    effective sample size is at least three tenths of the number of draws.
Draws of a proposal
    that was fitted to draws found by tempering, weighted by likelihood times how much rarer or commoner the prior
    makes them. A tenth of them comes from the prior itself. What the search finds only shapes the proposal: the draws
    are fresh Sobol' points, so that their error is that of the replicates.
Tempering itself
    (sequential Monte Carlo [2]_): in each replicate a population of draws moves from the prior to the posterior as
    the likelihood is raised from the power 0 to 1, by steps at which the effective sample size stays half of the
    population; after each it is resampled, and moved by Metropolis steps. The draws are those of the latent normal
    space, so that atoms, modes and members of a pool need nothing special.

References
----------
.. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. Journal
       of Machine Learning Research 25(72): 1-58.
.. [2] Del Moral, P., Doucet, A. & Jasra, A. (2006). Sequential Monte Carlo samplers. Journal of the Royal Statistical
       Society B 68(3): 411-436.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance.proposal import (
    PICK_DIMENSION,
    TINY,
    Found,
    Numbers,
    Proposal,
    cells_of,
    dimension_of,
    fit_cell,
    own_columns,
    with_wider,
)
from mc_sie.analysis.importance.tempering import (
    Likelihood,
    check_satisfied,
    log_likelihoods,
    normalised,
    tempered,
    with_marks,
)
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import DRAWS_DEFAULT, Simulation, simulate_prior
from mc_sie.errors import InputError
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, points
from mc_sie.stats.estimates import effective_size
from mc_sie.stats.pareto import k_high, pareto_k

Array = NDArray[np.float64]
Method = Literal["prior", "proposal", "tempering"]

METHODS: dict[Method, str] = {
    "prior": "draws of the prior, weighted by their likelihood",
    "proposal": "draws of a proposal fitted to draws that tempering found",
    "tempering": "draws moved from the prior to the posterior by tempering",
}
"""Methods of conditioning, in the order in which they are tried, and their descriptions."""

ESS_SHARE_LOW = 0.3
"""Least effective sample size of draws of the prior, as a share of their number, with which they will do."""

ESS_LOW = 1000.0
"""Effective sample size below which there is a warning: errors of the tails are then poorly known."""

PRIOR_SHARE = 0.1
"""Share of a proposal that is the prior itself."""

_N_POPULATIONS = 8  # of the search that shapes a proposal
_POPULATION = 1024  # draws in each
_COMPONENT_DRAWS_LOW = 16  # fewest draws of half the search from which a component of a cell is fitted


class Weighted:
    """Diagnostics of draws that evidence weights, kept or counted."""

    prior: PriorSet
    design: Design
    method: Method
    pareto_k: float
    pareto_k_prior: float
    ess: float
    log_marginal: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        found = []
        k_limit = k_high(self.design.n_draws)
        if self.pareto_k > k_limit:
            found.append(f"the weights have a heavy tail (Pareto k-hat {self.pareto_k:.2f}, above {k_limit:.2f})")
        if self.ess < ESS_LOW:
            found.append(f"the draws are worth only {self.ess:,.0f} of equal weight")
        return tuple(found)

    @property
    def method_in_words(self) -> str:
        """The method and its diagnostics in a sentence."""
        worth = "different ones" if self.method == "tempering" else "of equal weight"
        text = f"Given the evidence: {METHODS[self.method]}, worth {self.ess:,.0f} {worth}"
        if not math.isnan(self.pareto_k):
            text += f", Pareto k-hat {max(self.pareto_k, -9.99):.2f}"
        if self.method != "prior":
            text += f" (draws of the prior would have {self.pareto_k_prior:.2f})"
        return f"{text}. The prior expects a likelihood of {math.exp(self.log_marginal):.2g} of the best possible."

    @property
    def is_enough(self) -> bool:
        """True where the weights are equal enough for the draws to do."""
        n = self.design.n_draws
        has_light_tail = math.isnan(self.pareto_k) or self.pareto_k <= k_high(n)
        # A fitted proposal is held to the tail of its weights alone.
        return has_light_tail and (self.method == "proposal" or self.ess >= ESS_SHARE_LOW * n)


@dataclass(frozen=True, kw_only=True, repr=False)
class Conditioned(Weighted, Simulation):
    """A simulation of a prior set given its evidence: draws with weights, and how good these are.

    Attributes
    ----------
    before : Simulation
        Draws of the set before the evidence, all of one weight.
    method : {"prior", "proposal", "tempering"}
        Method by which the draws were made, see :data:`METHODS`.
    pareto_k : float
        Shape of the tail of the weights; nan for tempering, whose draws have no weights.
    pareto_k_prior : float
        Shape of the tail for draws of the prior, weighted by their likelihood.
    ess : float
        Effective sample size; for tempering the number of different draws.
    log_marginal : float
        Natural logarithm of the likelihood that the prior expects, on the scale of
        :meth:`~mc_sie.priors.evidence.Evidence.log_likelihood`.
    log_failed : float
        Natural logarithm of the part of that likelihood which may lie in draws that could not be simulated; -inf
        where all could. Evidence about outcomes that nobody knows counts with 1, the most that it can be.
    n_search : int
        Draws that the search looked at.
    proposal : Proposal or None
        The proposal, where the method is that.
    density, density_before : array of shape (n,)
        Density of the distribution that was drawn from, relative to the prior, at these draws and at those of
        :attr:`before`.
    """

    before: Simulation
    method: Method
    pareto_k: float
    pareto_k_prior: float
    ess: float
    log_marginal: float
    log_failed: float
    n_search: int
    proposal: Proposal | None
    density: Array
    density_before: Array

    @property
    def failed_share_before(self) -> float:
        """Share of the draws of the prior that could not be simulated."""
        return float(1.0 - self.before.outcomes.is_ok.mean())

    @property
    def failed_share(self) -> float:
        """Largest share that draws which could not be simulated can have given the evidence."""
        if self.log_failed == -math.inf:
            return 0.0
        simulated = float(np.average(self.outcomes.is_ok, weights=self.weights))
        with np.errstate(divide="ignore", over="ignore"):
            odds = np.exp(self.log_marginal + np.log(simulated) - self.log_failed)
        return float(1.0 / (1.0 + odds))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        is_unknown = any(item.subject.is_outcome for item in self.prior.evidence)
        if not is_unknown or self.failed_share == 0.0:
            return super().warnings
        n_failed = int((~self.before.outcomes.is_ok).sum())
        unknown = (
            f"{n_failed:,} draws of the prior could not be simulated, so that nobody knows what the evidence says "
            f"of them: given it they may be up to {100 * self.failed_share:.2g} % of all"
        )
        return (*super().warnings, unknown)


def condition(
    prior: PriorSet,
    n_draws: int = DRAWS_DEFAULT,
    *,
    seed: int = 0,
    scheme: str = "sobol",
    n_replicates: int = N_REPLICATES_DEFAULT,
    horizon_months: float = HORIZON_MONTHS_DEFAULT,
    levels: Sequence[float] = LEVELS_DEFAULT,
    widths: Sequence[float] = WIDTHS_DEFAULT,
    method: Method | None = None,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Conditioned:
    """Draws of a prior set given its evidence, every one simulated; arguments as in :func:`mc_sie.simulate`.

    Levels and widths that the evidence asks about are added. ``method`` is the first that will do if not given.
    Identical bits for the same seed, whatever the number of threads. An InputError for a set without evidence, evidence
    about what a draw does not have or about times beyond the horizon, or evidence that no draw satisfies.
    """
    started = time.perf_counter()
    if not prior.evidence:
        raise InputError(prior.name, "states no evidence", "Add [[evidence]], or leave the method out.")
    for item in prior.evidence:
        item.check_horizon(horizon_months)
    levels, widths = with_marks(prior, levels, widths)
    before = simulate_prior(
        prior.given(()), n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        levels=levels, widths=widths, threads=threads, batch=batch, progress=progress,
    )  # fmt: skip
    given = _by_weighting(prior, before)
    if method == "prior" or (method is None and given.is_enough):
        return given
    likelihood = Likelihood(prior, horizon_months, levels, widths, threads, batch)
    numbers = Numbers(seed)
    if method != "tempering":
        drawn = _by_proposal(given, likelihood, numbers, progress)
        if method == "proposal" or drawn.is_enough:
            return replace(drawn, wall_seconds=time.perf_counter() - started)
    drawn = _by_tempering(given, likelihood, numbers, progress)
    return replace(drawn, wall_seconds=time.perf_counter() - started)


# --- The three methods -----------------------------------------------------------------------------------------------


def _by_weighting(prior: PriorSet, before: Simulation) -> Conditioned:
    """Draws of the prior, weighted by their likelihood."""
    by_item = log_likelihoods(prior, before.draws, before.outcomes)
    check_satisfied(prior, by_item)
    weights, log_marginal = normalised(by_item.sum(axis=1))
    k = pareto_k(weights)
    n = before.design.n_draws
    return Conditioned(
        prior=prior,
        design=before.design,
        horizon_months=before.horizon_months,
        draws=before.draws,
        outcomes=before.outcomes,
        wall_seconds=before.wall_seconds,
        weights=weights,
        before=before,
        method="prior",
        pareto_k=k,
        pareto_k_prior=k,
        ess=effective_size(weights),
        log_marginal=log_marginal,
        log_failed=_log_failed(prior, by_item, before.outcomes.is_ok),
        n_search=0,
        proposal=None,
        density=np.ones(n),
        density_before=np.ones(n),
    )


def _by_proposal(
    given: Conditioned, likelihood: Likelihood, numbers: Numbers, progress: Progress | None
) -> Conditioned:
    """Draws of a proposal that is fitted to a search, in place of weighted draws of the prior."""
    bare, design = given.before.prior, given.design
    searched = tempered(likelihood, _N_POPULATIONS, _POPULATION, numbers, None)
    proposal = _fitted_proposal(bare, searched.z, numbers)
    plain_points = {name: points(design, dimension_of(name), 0, design.n_draws) for name in bare.dimensions}
    placed, _ = proposal.place(plain_points, points(design, PICK_DIMENSION, 0, design.n_draws))
    log_likelihood, draws, outcomes = likelihood.simulated(placed, progress)
    prior_weights = proposal.weights(placed)
    weights, log_marginal = normalised(log_likelihood + np.log(prior_weights))
    return replace(
        given,
        draws=draws,
        outcomes=outcomes,
        weights=weights,
        method="proposal",
        pareto_k=pareto_k(weights),
        ess=effective_size(weights),
        log_marginal=log_marginal,
        n_search=likelihood.n_asked,
        proposal=proposal,
        density=1.0 / prior_weights,
        density_before=1.0 / proposal.weights(plain_points),
    )


def _by_tempering(
    given: Conditioned, likelihood: Likelihood, numbers: Numbers, progress: Progress | None
) -> Conditioned:
    """Draws that tempering moves to the posterior, in place of weighted draws of the prior."""
    design, before = given.design, given.before
    searched = tempered(likelihood, design.n_replicates, design.n_per_replicate, numbers, progress)
    z = searched.z.reshape(design.n_draws, -1)
    log_likelihood, draws, outcomes = likelihood.simulated(likelihood.uniforms(z))
    log_before = log_likelihoods(given.prior, before.draws, before.outcomes).sum(axis=1)
    return replace(
        given,
        draws=draws,
        outcomes=outcomes,
        weights=np.ones(design.n_draws),
        method="tempering",
        pareto_k=math.nan,
        ess=float(len(np.unique(z, axis=0))),
        log_marginal=searched.log_marginal,
        n_search=likelihood.n_asked,
        proposal=None,
        density=np.exp(log_likelihood - searched.log_marginal),
        density_before=np.exp(log_before - searched.log_marginal),
    )


def _log_failed(prior: PriorSet, by_item: Array, is_ok: NDArray[np.bool_]) -> float:
    """Logarithm of the mean over all draws of the largest likelihood that those which failed can have."""
    known = [place for place, item in enumerate(prior.evidence) if not item.subject.is_outcome]
    largest = np.where(is_ok, -np.inf, by_item[:, known].sum(axis=1))
    top = float(largest.max())
    if top == -math.inf:
        return top
    return top + math.log(float(np.exp(largest - top).mean()))


# --- A proposal ------------------------------------------------------------------------------------------------------


def _fitted_proposal(prior: PriorSet, z: Array, numbers: Numbers) -> Proposal:
    """Proposal shaped by draws of shape (populations, draws, dimensions)."""
    from scipy.special import ndtr

    n = z.shape[0] * z.shape[1]
    # Two halves of populations that never met, as Found has them from two independent searches.
    halves = [half.reshape(-1, z.shape[2]) for half in (z[0::2], z[1::2])]
    parts = []
    for cell in cells_of(prior):
        inside = []
        for half in halves:
            u = np.clip(ndtr(half), TINY, 1.0 - TINY)
            rows = cell.contains(dict(zip(prior.dimensions, u.T, strict=True)))
            inside.append(own_columns(prior, cell, half[rows]))
        share = sum(map(len, inside)) / n
        if min(map(len, inside)) >= _COMPONENT_DRAWS_LOW:
            fitted = with_wider(fit_cell(Found(cell, inside, share), numbers))
            parts += [(cell, replace(part, share=part.share * share)) for part in fitted]
    total = sum(part.share for _, part in parts)
    if not parts:
        return Proposal(prior, 1.0, ())
    return Proposal(prior, PRIOR_SHARE, tuple((cell, replace(part, share=part.share / total)) for cell, part in parts))
