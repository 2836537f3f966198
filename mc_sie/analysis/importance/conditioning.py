"""A prior set given evidence: draws with weights that show which worlds the evidence makes likely.

Every world has a likelihood: the product over the pieces of evidence of how likely each is in it
(:class:`~mc_sie.priors.evidence.Evidence`). Three ways to draw from what is left, the first that will do:

Draws of the prior
    weighted by their likelihood. They will do while the largest weights have a light tail (k-hat, [1]_) and the draws
    are worth at least three tenths of their number.
Draws of a proposal
    that was fitted to worlds found by tempering, weighted by likelihood times how much rarer or commoner the prior
    makes them. A tenth of them comes from the prior itself. What the search finds only shapes the proposal: the draws
    are fresh Sobol' points, so that their error is that of the replicates.
Tempering itself
    (sequential Monte Carlo [2]_): in each randomisation a population of worlds moves from the prior to the posterior as
    the likelihood is raised from the power 0 to 1, by steps at which the weights stay worth half of the worlds; after
    each it is resampled, and moved by Metropolis steps. The worlds are those of the latent normal space, so that atoms,
    modes and members of a pool need nothing special.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance import crank_nicolson
from mc_sie.analysis.importance.proposal import (
    PICK_DIMENSION,
    TINY,
    Found,
    Numbers,
    Points,
    Proposal,
    cells_of,
    dimension_of,
    fit_cell,
    own_columns,
    with_wider,
)
from mc_sie.engine.run import DRAWS_DEFAULT, Progress, Simulation, simulate, simulate_points
from mc_sie.errors import InputError
from mc_sie.outcomes import LEVELS_DEFAULT, WIDTHS_DEFAULT, Outcomes, marks_of
from mc_sie.priors import PriorSet
from mc_sie.priors.evidence import Evidence
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, points
from mc_sie.stats.estimates import effective_size
from mc_sie.stats.pareto import k_high, pareto_k

Array = NDArray[np.float64]
Draws = Mapping[str, NDArray[np.generic]]
Way = Literal["prior", "proposal", "tempering"]

WAYS: dict[Way, str] = {
    "prior": "draws of the prior, weighted by their likelihood",
    "proposal": "draws of a proposal fitted to worlds that tempering found",
    "tempering": "worlds moved from the prior to the posterior by tempering",
}
"""The ways to condition, in the order in which they are tried."""

ESS_SHARE_LOW = 0.3
"""Draws of the prior will do if they are worth at least this share of their number."""

ESS_LOW = 1000.0
"""Below this a doubt is raised: errors of the tails are then poorly known."""

PRIOR_SHARE = 0.1
"""Share of a proposal that is the prior itself."""

_N_POPULATIONS, _N_WORLDS = 8, 1024  # of the search that shapes a proposal
_N_WORLDS_LOW = 16  # fewest worlds of half the search from which a component of a cell is fitted
_N_MOVES, _N_MOVES_LAST = 8, 24  # Metropolis steps at each power of the likelihood, and at the last
_ESS_STEP = 0.5  # share of the worlds that the weights of one step are worth
_N_STEPS_HIGH = 400  # powers after which tempering gives up


@dataclass(frozen=True)
class Conditioned:
    """A prior set given its evidence. Made by :func:`condition`.

    Attributes
    ----------
    simulation : Simulation
        Draws with weights, and their outcomes.
    before : Simulation
        Draws of the set before the evidence, all of one weight.
    way : {"prior", "proposal", "tempering"}
        How the draws were made, see :data:`WAYS`.
    pareto_k : float
        Shape of the tail of the weights; nan for tempering, whose worlds have no weights.
    pareto_k_prior : float
        The same for draws of the prior, weighted by their likelihood.
    ess : float
        Draws of equal weight that these are worth; for tempering the different worlds among them.
    log_marginal : float
        Natural logarithm of the likelihood that the prior expects, on the scale of
        :meth:`~mc_sie.priors.evidence.Evidence.log_likelihood`.
    log_failed : float
        Natural logarithm of the part of that likelihood which may lie in draws that could not be simulated; -inf
        where all could. Evidence about outcomes that nobody knows counts with 1, the most that it can be.
    n_search : int
        Worlds that the search looked at.
    proposal : dict or None
        The proposal as plain values.
    density, density_before : array of shape (n,)
        Density of the law that :attr:`simulation` was drawn from, relative to the prior, at its draws and at those of
        :attr:`before`.
    """

    simulation: Simulation
    before: Simulation
    way: Way
    pareto_k: float
    pareto_k_prior: float
    ess: float
    log_marginal: float
    log_failed: float
    n_search: int
    proposal: dict[str, Any] | None
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
        simulated = float(np.average(self.simulation.outcomes.is_ok, weights=self.simulation.weights))
        with np.errstate(divide="ignore", over="ignore"):
            odds = np.exp(self.log_marginal + np.log(simulated) - self.log_failed)
        return float(1.0 / (1.0 + odds))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        found = []
        n = self.simulation.design.n_draws
        if self.pareto_k > k_high(n):
            found.append(f"the weights have a heavy tail (Pareto k-hat {self.pareto_k:.2f}, above {k_high(n):.2f})")
        if self.ess < ESS_LOW:
            found.append(f"the draws are worth only {self.ess:,.0f} of equal weight")
        is_unknown = any(item.subject.is_outcome for item in self.simulation.prior.evidence)
        if is_unknown and self.failed_share > 0.0:
            n_failed = int((~self.before.outcomes.is_ok).sum())
            found.append(
                f"{n_failed:,} draws of the prior could not be simulated, so that nobody knows what the evidence says "
                f"of them: given it they may be up to {100 * self.failed_share:.2g} % of all"
            )
        return tuple(found)

    @property
    def method(self) -> str:
        """How the draws were made, and how good they are, in a sentence."""
        tail = "" if math.isnan(self.pareto_k) else f", Pareto k-hat {max(self.pareto_k, -9.99):.2f}"
        worth = "different ones" if self.way == "tempering" else "of equal weight"
        text = f"Given the evidence: {WAYS[self.way]}, worth {self.ess:,.0f} {worth}{tail}"
        if self.way != "prior":
            text += f" (draws of the prior would have {self.pareto_k_prior:.2f})"
        return f"{text}. The prior expects a likelihood of {math.exp(self.log_marginal):.2g} of the best possible."


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
    way: Way | None = None,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Conditioned:
    """Draw from a prior set given its evidence, and simulate every draw.

    Parameters
    ----------
    prior : PriorSet
        With at least one piece of evidence.
    n_draws, seed, scheme, n_replicates, horizon_months, levels, widths, threads, batch, progress
        As in :func:`mc_sie.simulate`. Levels and widths that the evidence asks about are added.
    way : {"prior", "proposal", "tempering"}, optional
        How to draw; if not given, the first that will do.

    Returns
    -------
    Conditioned
        The same bits for the same seed, whatever the number of threads.

    Raises
    ------
    InputError
        For a set without evidence, evidence about what a draw does not have or about times beyond the horizon, or
        evidence that no draw satisfies.

    Examples
    --------
    >>> from mc_sie import load_prior
    >>> given = condition(load_prior("economists-evidence"))  # doctest: +SKIP
    """
    started = time.perf_counter()
    if not prior.evidence:
        raise InputError(prior.name, "states no evidence", "Add [[evidence]], or use mc_sie.simulate.")
    for item in prior.evidence:
        item.check_horizon(horizon_months)
    subjects = [item.subject for item in prior.evidence]
    asked = [marks_of(one.name, one.index) for one in subjects]
    levels = sorted({*levels, *(level for some, _ in asked for level in some)})
    widths = sorted({*widths, *(width for _, some in asked for width in some)})
    bare = prior.given(())
    before = simulate(
        bare, n_draws, seed=seed, scheme=scheme, n_replicates=n_replicates, horizon_months=horizon_months,
        levels=levels, widths=widths, threads=threads, batch=batch, progress=progress,
    )  # fmt: skip
    by_item = log_likelihoods(prior, before.draws, before.outcomes)
    check_satisfied(prior, by_item)
    log_likelihood = by_item.sum(axis=1)
    weights, log_marginal = normalised(log_likelihood)
    k = pareto_k(weights)
    n = before.design.n_draws
    plain = Conditioned(
        replace(before, prior=prior, weights=weights), before, "prior", k, k, effective_size(weights), log_marginal,
        _log_failed(prior, by_item, before.outcomes.is_ok), 0, None, np.ones(n), np.ones(n),
    )  # fmt: skip
    will_do = (k <= k_high(n) or math.isnan(k)) and plain.ess >= ESS_SHARE_LOW * n
    if way == "prior" or (way is None and will_do):
        return plain
    world = _World(prior, horizon_months, levels, widths, threads, batch)
    numbers = Numbers(seed)
    if way != "tempering":
        found = _tempered(world, _N_POPULATIONS, _N_WORLDS, numbers, None)
        proposal = _fitted_proposal(bare, found.z, numbers)
        drawn = _from_proposal(world, before.design, proposal, progress)
        weights, log_marginal = normalised(drawn.log_weights)
        k = pareto_k(weights)
        if way == "proposal" or k <= k_high(n):
            simulation = Simulation(
                prior, before.design, horizon_months, drawn.draws, drawn.outcomes, time.perf_counter() - started,
                weights,
            )  # fmt: skip
            return replace(
                plain, simulation=simulation, way="proposal", pareto_k=k, ess=effective_size(weights),
                log_marginal=log_marginal, n_search=world.n_asked, proposal=proposal.record(),
                density=1.0 / drawn.prior_weights,
                density_before=1.0 / proposal.weights(_plain_points(bare, before.design)),
            )  # fmt: skip
    design = before.design
    found = _tempered(world, design.n_replicates, design.n_per_replicate, numbers, progress)
    log_l, draws, outcomes = world.looked_at(world.uniforms(found.z.reshape(n, -1)), is_simulated=True)
    assert outcomes is not None
    simulation = Simulation(
        prior, design, horizon_months, dict(draws), outcomes, time.perf_counter() - started, np.ones(n)
    )
    n_different = len(np.unique(found.z.reshape(n, -1), axis=0))
    return replace(
        plain, simulation=simulation, way="tempering", pareto_k=math.nan, ess=float(n_different),
        log_marginal=found.log_marginal, n_search=world.n_asked, density=np.exp(log_l - found.log_marginal),
        density_before=np.exp(log_likelihood - found.log_marginal),
    )  # fmt: skip


def log_likelihoods(prior: PriorSet, draws: Draws, outcomes: Outcomes | None) -> Array:
    """Log-likelihood of every piece of evidence in every draw.

    Parameters
    ----------
    prior : PriorSet
        States the evidence.
    draws : mapping of str to array of shape (n,)
        Quantities.
    outcomes : Outcomes, optional
        For evidence about outcomes, with its levels and widths.

    Returns
    -------
    array of shape (n, n_items)
        See :meth:`~mc_sie.priors.evidence.Evidence.log_likelihood`.

    Raises
    ------
    InputError
        For evidence about a quantity that some draws do not have.
    """
    return np.stack([item.log_likelihood(implied(item, draws, outcomes)) for item in prior.evidence], axis=1)


def _log_failed(prior: PriorSet, by_item: Array, is_ok: NDArray[np.bool_]) -> float:
    """Logarithm of the mean over all draws of the largest likelihood that those which failed can have."""
    known = [place for place, item in enumerate(prior.evidence) if not item.subject.is_outcome]
    largest = np.where(is_ok, -np.inf, by_item[:, known].sum(axis=1))
    top = float(largest.max())
    return top + math.log(float(np.exp(largest - top).mean())) if top > -math.inf else top


def implied(item: Evidence, draws: Draws, outcomes: Outcomes | None) -> Array:
    """What every draw implies for the subject of a piece of evidence; arguments as :func:`log_likelihoods`."""
    subject = item.subject
    if subject.is_outcome:
        assert outcomes is not None
        return outcomes.values(subject.name, subject.index)
    values = subject.values(draws)
    absent = int(np.isnan(values).sum())
    if absent:
        why = f"is about {subject.name}, which {absent:,} of {len(values):,} draws do not have"
        remedy = "Give the quantity a prior in every member and mode, or leave the evidence out."
        raise InputError(f"{item.origin}: evidence {item.name!r}", why, remedy)
    return values


def check_satisfied(prior: PriorSet, by_item: Array) -> None:
    """Refuse evidence that no draw satisfies.

    Parameters
    ----------
    prior : PriorSet
        States the evidence.
    by_item : array of shape (n, n_items)
        From :func:`log_likelihoods`.

    Raises
    ------
    InputError
        Naming the piece, or the pieces that no draw satisfies together.
    """
    n, excluding = len(by_item), []
    for item, column in zip(prior.evidence, by_item.T, strict=True):
        if np.isneginf(column).all():
            why = f"is satisfied by none of {n:,} draws of {prior.name}: {item.words}"
            raise InputError(f"{item.origin}: evidence {item.name!r}", why, "Widen it, or the prior.")
        if np.isneginf(column).any():
            excluding.append(repr(item.name))
    if np.isneginf(by_item.sum(axis=1)).all():
        why = f"holds pieces of evidence ({', '.join(excluding)}) that no draw of {n:,} satisfies together"
        raise InputError(prior.name, why, "Widen them, or the prior.")


def normalised(log_weights: Array) -> tuple[Array, float]:
    """Weights with mean 1, and the logarithm of the mean that they had.

    Parameters
    ----------
    log_weights : array of shape (n,)
        At least one finite.

    Returns
    -------
    tuple of (array of shape (n,), float)
        Weights and log mean.
    """
    top = float(log_weights.max())
    weights = np.exp(log_weights - top)
    mean = float(weights.mean())
    return weights / mean, top + math.log(mean)


# --- Tempering -------------------------------------------------------------------------------------------------------


@dataclass
class _World:
    """The likelihood as a function of the unit cube, with a count of how often it was asked."""

    prior: PriorSet
    horizon_months: float
    levels: Sequence[float]
    widths: Sequence[float]
    threads: int | None
    batch: int | None
    n_asked: int = 0

    def uniforms(self, z: Array) -> dict[str, Array]:
        """Points of the cube from latent normals of shape (n, d)."""
        from scipy.special import ndtr

        u = np.clip(ndtr(z), TINY, 1.0 - TINY)
        return {name: u[:, column].copy() for column, name in enumerate(self.prior.dimensions)}

    def looked_at(
        self, uniforms: Points, *, is_simulated: bool = False, progress: Progress | None = None
    ) -> tuple[Array, dict[str, NDArray[np.generic]], Outcomes | None]:
        """Log-likelihood of points, their draws, and their outcomes if asked for or needed."""
        outcomes = None
        if is_simulated or any(item.subject.is_outcome for item in self.prior.evidence):
            draws, outcomes = simulate_points(
                self.prior, uniforms, self.horizon_months, self.levels, self.widths, threads=self.threads,
                batch=self.batch, progress=progress,
            )  # fmt: skip
        else:
            draws = dict(self.prior.values(uniforms))
        self.n_asked += len(draws["rho"])
        return log_likelihoods(self.prior, draws, outcomes).sum(axis=1), draws, outcomes


@dataclass(frozen=True)
class _Tempered:
    """Worlds of the posterior: latent normals of shape (populations, worlds, dimensions)."""

    z: Array
    log_marginal: float


def _tempered(
    world: _World, n_populations: int, n_worlds: int, numbers: Numbers, progress: Progress | None
) -> _Tempered:
    """Populations of worlds on their way from the prior to the posterior, each on its own but in step."""
    from scipy.special import ndtri

    n, d = n_populations * n_worlds, len(world.prior.dimensions)
    z = ndtri(numbers.take(n, d))
    log_l = world.looked_at(world.uniforms(z))[0]
    power, log_marginal, scale = 0.0, np.zeros(n_populations), crank_nicolson.LENGTH_FIRST
    for _ in range(_N_STEPS_HIGH):
        by_population = log_l.reshape(n_populations, n_worlds)
        if np.isneginf(by_population.max(axis=1)).any():
            why = f"is so unlikely that one of {n_populations} populations of {n_worlds:,} worlds found none it allows"
            raise InputError(f"evidence of {world.prior.name}", why, "Widen it, or the prior, or take more draws.")
        step = _next_step(by_population, 1.0 - power)
        power = 1.0 if power + step > 1.0 - 1e-9 else power + step
        top = by_population.max(axis=1, keepdims=True)
        weights = np.exp(step * (by_population - top))
        log_marginal += np.log(weights.mean(axis=1)) + step * top[:, 0]
        chosen = _resampled(weights, numbers.take(n_populations, 1)[:, 0])
        z, log_l = z[chosen], log_l[chosen]
        for _ in range(_N_MOVES_LAST if power == 1.0 else _N_MOVES):
            z, log_l, scale = _moved(world, z, log_l, power, scale, numbers)
        if progress:
            progress(round(power * n), n)
        if power == 1.0:
            mean = float(np.log(np.exp(log_marginal - log_marginal.max()).mean()) + log_marginal.max())
            return _Tempered(z.reshape(n_populations, n_worlds, d), mean)
    why = f"is out of reach: after {_N_STEPS_HIGH} steps of tempering its power is {power:.2g}, not 1"
    raise InputError(f"evidence of {world.prior.name}", why, "Widen it, or the prior.")


def _next_step(log_l: Array, left: float) -> float:
    """How far the power may rise while every population stays worth half of its worlds."""

    def is_worth(step: float) -> bool:
        weights = np.exp(step * (log_l - log_l.max(axis=1, keepdims=True)))
        return all(effective_size(one) >= _ESS_STEP * possible for one, possible in zip(weights, alive, strict=True))

    alive = np.isfinite(log_l).sum(axis=1)  # a hard bound excludes the rest at any power
    if is_worth(left):
        return left
    low, high = 0.0, left
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_worth(middle) else (low, middle)
    return max(low, 1e-9)


def _resampled(weights: Array, offsets: Array) -> NDArray[np.intp]:
    """Rows of the worlds that survive, systematic resampling in each population of shape (populations, worlds)."""
    n_populations, n_worlds = weights.shape
    rows = []
    for place in range(n_populations):
        cumulated = np.cumsum(weights[place])
        marks = (np.arange(n_worlds) + offsets[place]) / n_worlds * cumulated[-1]
        rows.append(place * n_worlds + np.minimum(np.searchsorted(cumulated, marks, side="right"), n_worlds - 1))
    return np.concatenate(rows)


def _moved(
    world: _World, z: Array, log_l: Array, power: float, scale: float, numbers: Numbers
) -> tuple[Array, Array, float]:
    """One Metropolis step of every world, which keeps prior times likelihood to a power."""
    n, d = z.shape
    noise, chosen, how = numbers.take(n, d), numbers.take(n, d), numbers.take(n, crank_nicolson.N_CHOICES + 1)
    trial, is_wide = crank_nicolson.trial(z, noise, chosen, how, scale)
    trial_log_l = world.looked_at(world.uniforms(trial))[0]
    accepted = np.log(how[:, -1]) < power * (trial_log_l - log_l)
    scale = crank_nicolson.tuned(scale, accepted, is_wide)
    return np.where(accepted[:, None], trial, z), np.where(accepted, trial_log_l, log_l), scale


# --- A proposal ------------------------------------------------------------------------------------------------------


def _fitted_proposal(prior: PriorSet, z: Array, numbers: Numbers) -> Proposal:
    """A proposal shaped by worlds of shape (populations, worlds, dimensions)."""
    from scipy.special import ndtr

    n = z.shape[0] * z.shape[1]
    halves = [half.reshape(-1, z.shape[2]) for half in (z[0::2], z[1::2])]
    parts = []
    for cell in cells_of(prior):
        inside = []
        for half in halves:
            u = np.clip(ndtr(half), TINY, 1.0 - TINY)
            rows = cell.contains(dict(zip(prior.dimensions, u.T, strict=True)))
            inside.append(own_columns(prior, cell, half[rows]))
        share = sum(map(len, inside)) / n
        if min(map(len, inside)) >= _N_WORLDS_LOW:
            fitted = with_wider(fit_cell(Found(cell, inside, share), numbers))
            parts += [(cell, replace(part, share=part.share * share)) for part in fitted]
    total = sum(part.share for _, part in parts)
    if not parts:
        return Proposal(prior, 1.0, ())
    return Proposal(prior, PRIOR_SHARE, tuple((cell, replace(part, share=part.share / total)) for cell, part in parts))


@dataclass(frozen=True)
class _Drawn:
    """Draws of a proposal, the weights of the prior there, and the logarithms of those given the evidence."""

    draws: dict[str, NDArray[np.generic]]
    outcomes: Outcomes
    prior_weights: Array
    log_weights: Array


def _plain_points(prior: PriorSet, design: Design) -> dict[str, Array]:
    """Every point of a design, by name of the dimension."""
    return {name: points(design, dimension_of(name), 0, design.n_draws) for name in prior.dimensions}


def _from_proposal(world: _World, design: Design, proposal: Proposal, progress: Progress | None) -> _Drawn:
    """Every draw of a design, placed by a proposal."""
    pick = points(design, PICK_DIMENSION, 0, design.n_draws)
    placed, _ = proposal.place(_plain_points(world.prior, design), pick)
    log_l, draws, outcomes = world.looked_at(placed, is_simulated=True, progress=progress)
    assert outcomes is not None
    weights = proposal.weights(placed)
    return _Drawn(draws, outcomes, weights, log_l + np.log(weights))
