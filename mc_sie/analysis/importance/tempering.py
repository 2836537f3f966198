"""Likelihoods of evidence, and tempering: draws moved from the prior to the posterior as the likelihood is raised.

Sequential Monte Carlo as :mod:`mc_sie.analysis.importance.conditioning` describes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance import crank_nicolson
from mc_sie.analysis.importance.proposal import TINY, Numbers, Points
from mc_sie.engine.batches import Progress
from mc_sie.engine.run import simulate_points
from mc_sie.errors import InputError
from mc_sie.outcomes import Outcomes, marks_of
from mc_sie.priors import PriorSet
from mc_sie.priors.evidence import Evidence
from mc_sie.stats.estimates import effective_size

Array = NDArray[np.float64]
Draws = Mapping[str, NDArray[np.generic]]

_N_MOVES = 8  # Metropolis steps at each power of the likelihood
_N_MOVES_LAST = 24  # and at the last, where copies must part
_ESS_STEP = 0.5  # effective sample size after one step of tempering, as a share of the population
_N_STEPS_HIGH = 400  # powers after which tempering gives up


def with_marks(
    prior: PriorSet, levels: Sequence[float], widths: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Gains in OOM and windows in months, and with them those that the evidence of a set asks about."""
    marks = [marks_of(item.subject.name, item.subject.index) for item in prior.evidence if item.subject.is_outcome]
    all_levels = {*levels, *(level for of_item, _ in marks for level in of_item)}
    all_widths = {*widths, *(width for _, of_item in marks for width in of_item)}
    return tuple(sorted(all_levels)), tuple(sorted(all_widths))


def log_likelihoods(prior: PriorSet, draws: Draws, outcomes: Outcomes | None) -> Array:
    """Log-likelihood of every piece of evidence in every draw, shape (n, n_items).

    Outcomes are needed for evidence about outcomes, with its levels and widths. An InputError for evidence about a
    quantity that some draws do not have.
    """
    return np.stack([item.log_likelihood(implied(item, draws, outcomes)) for item in prior.evidence], axis=1)


def implied(item: Evidence, draws: Draws, outcomes: Outcomes | None) -> Array:
    """Value of the subject of a piece of evidence in every draw; arguments as :func:`log_likelihoods`."""
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
    """Refuse evidence that no draw satisfies, from :func:`log_likelihoods`.

    The InputError names the piece, or the pieces that no draw satisfies together.
    """
    n = len(by_item)
    excluding = []
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
    """Weights with mean 1 from their logarithms, one of them finite at least; and the logarithm of their mean."""
    top = float(log_weights.max())
    weights = np.exp(log_weights - top)
    mean = float(weights.mean())
    return weights / mean, top + math.log(mean)


@dataclass
class Likelihood:
    """The likelihood as a function of points in the unit cube, with a count of the points."""

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

    def log(self, uniforms: Points) -> Array:
        """Log-likelihood of points; trajectories are followed only where the evidence is about outcomes."""
        if any(item.subject.is_outcome for item in self.prior.evidence):
            return self.simulated(uniforms)[0]
        draws = self.prior.values(uniforms)
        self.n_asked += len(draws["rho"])
        return np.asarray(log_likelihoods(self.prior, draws, None).sum(axis=1))

    def simulated(
        self, uniforms: Points, progress: Progress | None = None
    ) -> tuple[Array, dict[str, NDArray[np.generic]], Outcomes]:
        """Log-likelihood of points, their draws and their outcomes."""
        draws, outcomes = simulate_points(
            self.prior, uniforms, self.horizon_months, self.levels, self.widths, threads=self.threads,
            batch=self.batch, progress=progress,
        )  # fmt: skip
        self.n_asked += len(draws["rho"])
        return log_likelihoods(self.prior, draws, outcomes).sum(axis=1), draws, outcomes


@dataclass(frozen=True)
class Tempered:
    """Draws of the posterior: latent normals of shape (populations, draws, dimensions)."""

    z: Array
    log_marginal: float


def tempered(
    likelihood: Likelihood, n_populations: int, n_each: int, numbers: Numbers, progress: Progress | None
) -> Tempered:
    """Populations of draws moved from the prior to the posterior, each on its own but by the same powers."""
    from scipy.special import ndtri

    n = n_populations * n_each
    d = len(likelihood.prior.dimensions)
    z = ndtri(numbers.take(n, d))
    log_l = likelihood.log(likelihood.uniforms(z))
    power = 0.0
    log_marginal = np.zeros(n_populations)
    scale = crank_nicolson.LENGTH_FIRST
    for _ in range(_N_STEPS_HIGH):
        by_population = log_l.reshape(n_populations, n_each)
        if np.isneginf(by_population.max(axis=1)).any():
            why = f"is so unlikely that one of {n_populations} populations of {n_each:,} draws found none it allows"
            raise InputError(f"evidence of {likelihood.prior.name}", why, "Widen it, or the prior, or take more draws.")
        step = next_step(by_population, 1.0 - power)
        power += step
        if power > 1.0 - 1e-9:
            power = 1.0  # exactly, so that the last weights are those of the posterior
        top = by_population.max(axis=1, keepdims=True)
        weights = np.exp(step * (by_population - top))
        log_marginal += np.log(weights.mean(axis=1)) + step * top[:, 0]
        chosen = resampled(weights, numbers.take(n_populations, 1)[:, 0])
        z = z[chosen]
        log_l = log_l[chosen]
        for _ in range(_N_MOVES_LAST if power == 1.0 else _N_MOVES):
            z, log_l, scale = _moved(likelihood, z, log_l, power, scale, numbers)
        if progress:
            progress(round(power * n), n)
        if power == 1.0:
            mean = float(np.log(np.exp(log_marginal - log_marginal.max()).mean()) + log_marginal.max())
            return Tempered(z.reshape(n_populations, n_each, d), mean)
    why = f"is out of reach: after {_N_STEPS_HIGH} steps of tempering its power is {power:.2g}, not 1"
    raise InputError(f"evidence of {likelihood.prior.name}", why, "Widen it, or the prior.")


def next_step(log_l: Array, left: float) -> float:
    """Largest step of the power at which the effective sample size of every population stays half of its size."""

    def is_worth(step: float) -> bool:
        weights = np.exp(step * (log_l - log_l.max(axis=1, keepdims=True)))
        return all(effective_size(one) >= _ESS_STEP * possible for one, possible in zip(weights, alive, strict=True))

    alive = np.isfinite(log_l).sum(axis=1)  # a hard bound excludes the rest at any power
    if is_worth(left):
        return left
    low, high = 0.0, left
    for _ in range(40):
        middle = 0.5 * (low + high)
        if is_worth(middle):
            low = middle
        else:
            high = middle
    return max(low, 1e-9)


def resampled(weights: Array, offsets: Array) -> NDArray[np.intp]:
    """Draws that survive systematic resampling, each population by itself: weights of shape (populations, draws).

    Offsets in (0, 1), one a population.
    """
    n_populations, n_each = weights.shape
    rows = []
    for place in range(n_populations):
        cumulated = np.cumsum(weights[place])
        marks = (np.arange(n_each) + offsets[place]) / n_each * cumulated[-1]
        rows.append(place * n_each + np.minimum(np.searchsorted(cumulated, marks, side="right"), n_each - 1))
    return np.concatenate(rows)


def _moved(
    likelihood: Likelihood, z: Array, log_l: Array, power: float, scale: float, numbers: Numbers
) -> tuple[Array, Array, float]:
    """Draws, their log-likelihoods and the step length after one step that keeps prior times likelihood to a power."""
    n, d = z.shape
    noise = numbers.take(n, d)
    chosen = numbers.take(n, d)
    how = numbers.take(n, crank_nicolson.N_CHOICES + 1)
    trial, is_wide = crank_nicolson.trial(z, noise, chosen, how, scale)
    trial_log_l = likelihood.log(likelihood.uniforms(trial))
    accepted = np.log(how[:, -1]) < power * (trial_log_l - log_l)
    scale = crank_nicolson.tuned(scale, accepted, is_wide)
    z = np.where(accepted[:, None], trial, z)
    log_l = np.where(accepted, trial_log_l, log_l)
    return z, log_l, scale
