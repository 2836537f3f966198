"""Shapley effects given evidence: inputs that were independent before it and are not any more.

Every point is a draw given the evidence. Its inputs become known one by one in an order of its own; what is not known
yet is drawn given what is. For evidence about quantities that is cheap, since no trajectory need be followed for its
likelihood: many candidates are drawn from the prior, the unknown inputs of the point itself among them, and one is
chosen in proportion to the likelihood. Done a few times over, that leaves the distribution given the evidence exactly
as it is, and all but forgets where it began (iterated sampling importance resampling [1]_).

References
----------
.. [1] Andrieu, C., Lee, A. & Vihola, M. (2018). Uniform ergodicity of the iterated conditional SMC and geometric
       ergodicity of particle Gibbs samplers. Bernoulli 24(2): 842-872.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.importance.common_points import EvidencePoints
from mc_sie.analysis.importance.proposal import Numbers
from mc_sie.analysis.importance.tempering import log_likelihoods
from mc_sie.analysis.sensitivity.indices import (
    HALF_WIDTH_HIGH,
    READINGS,
    EventFunction,
    Function,
    Indices,
    prior_groups,
)
from mc_sie.engine.sample import Sample
from mc_sie.priors import PriorSet
from mc_sie.stats.jackknife import Array, TooFewError, is_settled, jackknife, quotient

N_POINTS = 2**12
"""Most points: each takes some hundreds of likelihoods a step."""

N_CANDIDATES = 64
"""Candidates from the prior among which the unknown inputs of a point are chosen."""

N_ROUNDS = 3
"""Times that they are chosen anew: with candidates worth ten, one in a thousand points stays where it began."""

LogLikelihood = Callable[[Mapping[str, Array]], Array]
"""From independent uniforms by name, shape (n,), to the log-likelihood of the evidence, shape (n,)."""


def why_not(prior: PriorSet) -> str:
    """Why a set has no Shapley effects given its evidence; empty where it has."""
    if any(item.subject.is_outcome for item in prior.evidence):
        return "evidence about an outcome, whose likelihood takes a trajectory for every candidate"
    if any(member.dependence.names for member, _ in prior.plain_sets):
        return "correlations beside evidence, whose candidates would have to keep them"
    return ""


def indices_given(sample: Sample, n_draws: int, threads: int | None = None) -> tuple[Indices, int]:
    """Shapley effects of the inputs of a set given its evidence, and of its groups of inputs; and runs that failed.

    Event, seed, replicates and horizon are those of the sample; ``n_draws`` are runs of the model in all. First-order,
    total and second-order indices, which are those of independent inputs, are left out. Runs that failed count as draws
    without the event. A TooFewError when the event does not differ between points in at least two replicates, or the
    effective sample size of the common points is too small.
    """
    prior, design = sample.prior, sample.design
    groups = prior_groups(prior)
    n_points = min(n_draws // (len(prior.dimensions) + len(groups) + 2), N_POINTS)
    n_each = max(n_points // design.n_replicates, 2)
    points = EvidencePoints.around([prior], design, sample.horizon_months, threads)
    weighted = points.ask(prior, sample.event, threads=threads)
    if not weighted.worth.is_common:
        raise TooFewError(prior.name, "is so far from its prior given the evidence that no points stand for it")
    numbers = Numbers(design.seed)
    x = drawn_given(points.uniforms, weighted.weights, design.n_replicates, n_each, numbers)
    x = {name: x[name] for name in prior.dimensions}
    function = EventFunction(prior, sample.event, sample.horizon_months, threads)

    def log_likelihood(uniforms: Mapping[str, Array]) -> Array:
        return np.asarray(log_likelihoods(prior, prior.values(uniforms), None).sum(axis=1))

    frames = []
    for label, players in (("quantity", {name: [name] for name in prior.dimensions}), ("group", groups)):
        sums = effects(function, log_likelihood, x, list(players.values()), design.n_replicates, numbers)
        if np.count_nonzero(sums.any(axis=1)) < 2:
            raise TooFewError("the event", f"does not differ between {len(x[prior.dimensions[0]]):,} draws")
        frames.append(_frame(label, list(players), sums))
    inputs, in_groups = frames
    in_groups.insert(1, "members", [", ".join(names) for names in groups.values()])
    n_runs = len(x[prior.dimensions[0]]) * (len(prior.dimensions) + len(groups) + 2)
    return Indices(
        inputs, in_groups, pd.DataFrame(columns=["quantity", "other"]), np.empty(0), n_runs
    ), function.n_failed


def _frame(label: str, names: list[str], sums: Array) -> pd.DataFrame:
    """Shares of the uncertainty by player, as in the tables of designed indices."""

    def shares(parts: Array) -> Array:
        return quotient(parts, parts.sum(axis=1, keepdims=True))

    found = jackknife(sums, shares)
    converged = is_settled(sums, shares) & (found.half <= HALF_WIDTH_HIGH)
    columns = {label: names, "index": "shapley", **found.columns(), "converged": converged}
    return pd.DataFrame({**columns, "reading": READINGS["shapley"]})


def drawn_given(
    uniforms: Mapping[str, Array], weights: Array, n_replicates: int, n_each: int, numbers: Numbers
) -> dict[str, Array]:
    """Equally weighted draws given evidence, resampled from weighted ones within each replicate.

    ``n_each`` in each replicate, in random order.
    """
    by_replicate = weights.reshape(n_replicates, -1)
    marks = numbers.take(n_replicates * n_each, 1)[:, 0].reshape(n_replicates, n_each)
    rows = []
    for place, own in enumerate(by_replicate):
        cumulated = np.cumsum(own)
        found = np.searchsorted(cumulated, marks[place] * cumulated[-1], side="right")
        rows.append(place * len(own) + np.minimum(found, len(own) - 1))
    chosen = np.concatenate(rows)
    return {name: values[chosen] for name, values in uniforms.items()}


def effects(
    function: Function,
    log_likelihood: LogLikelihood,
    points: Mapping[str, Array],
    players: Sequence[Sequence[str]],
    n_replicates: int,
    numbers: Numbers,
) -> Array:
    """Uncertainty that each player takes off by becoming known, summed over each replicate, shape (R, players).

    In units of the variance of the outcome, times the draws of a replicate. ``points`` are draws given the evidence,
    replicate by replicate; every input belongs to one player.
    """
    names = [name for player in players for name in player]
    player_of = np.array([place for place, player in enumerate(players) for _ in player])
    x = np.stack([points[name] for name in names])
    n = x.shape[1]
    order = np.argsort(numbers.take(n, len(players)), axis=1)
    when = np.argsort(order, axis=1).T[player_of]  # step at which each input of each point becomes known
    last = np.asarray(function(dict(zip(names, x, strict=True))))
    left = np.zeros((len(players) + 1, n))
    for known in range(len(players)):
        y = _redrawn(log_likelihood, names, x, when < known, numbers)
        left[known] = 0.5 * (np.asarray(function(dict(zip(names, y, strict=True)))) - last) ** 2
    gains = left[:-1] - left[1:]
    replicate = np.repeat(np.arange(n_replicates), n // n_replicates)
    cells = (replicate[:, None] * len(players) + order).T
    sums = np.bincount(cells.ravel(), weights=gains.ravel(), minlength=n_replicates * len(players))
    return sums.astype(np.float64).reshape(n_replicates, len(players))


def _redrawn(
    log_likelihood: LogLikelihood, names: Sequence[str], x: Array, is_known: NDArray[np.bool_], numbers: Numbers
) -> Array:
    """Points with what is not known drawn given what is, shape (d, n)."""
    d, n = x.shape
    y = x.copy()
    log_here = np.asarray(log_likelihood(dict(zip(names, y, strict=True))))
    for _ in range(N_ROUNDS):
        best = log_here + _gumbel(numbers, n)
        chosen, log_chosen = y, log_here
        for _ in range(N_CANDIDATES):
            candidate = np.where(is_known, x, numbers.take(n, d).T)
            log_candidate = np.asarray(log_likelihood(dict(zip(names, candidate, strict=True))))
            score = log_candidate + _gumbel(numbers, n)  # the largest is each with probability as its likelihood
            is_better = score > best
            best = np.where(is_better, score, best)
            chosen = np.where(is_better, candidate, chosen)
            log_chosen = np.where(is_better, log_candidate, log_chosen)
        y, log_here = chosen, log_chosen
    return y


def _gumbel(numbers: Numbers, n: int) -> Array:
    return -np.log(-np.log(numbers.take(n, 1)[:, 0]))
