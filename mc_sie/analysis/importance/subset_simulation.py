"""Subset simulation: the search for draws in which a rare event holds, and the proposal that it shapes [1]_.

The cube is cut into cells by what is categorical (retraining mode, member of a pool). In each, two independent
populations of draws advance towards the event by stages. A continuous importance function says how near a draw is; at
each stage the nearest quarter survives, is copied, and is moved by Metropolis steps that keep the prior above the
threshold of the stage. A cell is given up when even its last stage is too improbable to matter.

The proposal is a mixture: a tenth is the prior itself, so that no weight exceeds ten; the rest are components, each a
product of histograms along axes of the latent normal space of its cell. How many, and whether along the quantities' own
axes or along principal axes (the standard normal distribution is the same along either), is what would estimate best
from the other population. Each component has a wider twin, halfway to the prior.

References
----------
.. [1] Au, S.-K. & Beck, J. L. (2001). Estimation of small failure probabilities in high dimensions by subset
       simulation. Probabilistic Engineering Mechanics 16(4): 263-277.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mc_sie.analysis.importance import crank_nicolson
from mc_sie.analysis.importance.proposal import (
    TINY,
    Cell,
    Component,
    Found,
    Numbers,
    Points,
    Proposal,
    fit_cell,
    own_columns,
    with_wider,
)
from mc_sie.analysis.importance.tempering import log_likelihoods, next_step, resampled, with_marks
from mc_sie.engine.run import simulate_points
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.stats.estimates import RARE_HITS

Array = NDArray[np.float64]

PRIOR_SHARE = 0.1
"""Share of the draws that come from the prior itself; no weight exceeds its inverse."""

GIVEN_SHARE = 0.5
"""Share of the draws that serve what the prior expects of the evidence, by which the probability is divided."""

N_PLAIN = 2**14
"""Draws of the prior with which the search begins."""

_N_PARTICLES = 2**11  # draws that advance together, shared among the populations
_N_POPULATION_LOW = 128
_N_POPULATION_HIGH = 1024
_N_PILOTS = 2  # independent populations in each cell
_SURVIVORS = 0.25  # share that survives a stage
_N_MOVES = 6  # Metropolis steps of every draw in a stage
_N_MOVES_LAST = 12  # and in the last one, where copies must part before a proposal is fitted to them
_STUCK = 4  # stages without progress after which a population gives up
_LOG_PROB_LOW = math.log(1e-15)  # rarer than this a uniform cannot resolve
_NEGLIGIBLE = 1e-4  # share of the probability found elsewhere below which a cell is given up
_N_TRIAL = 2**13  # draws of the proposal that set the shares of its components
_N_SHARE_STEPS = 10  # steps of the fixed-point iteration for these shares
_SHARE_FIRST = 0.3  # part of a share that stays what the search said


# --- How near a draw is to an event ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportanceFunction:
    """A continuous score that rises towards an event, and what must be simulated for it.

    Times are inf for all draws that never get there, which says nothing of how near they come. The gain by the time
    asked about does, so that it takes their place.
    """

    # gains (OOM) and windows (months) that the score reads from the outcomes
    levels: tuple[float, ...]
    widths: tuple[float, ...]
    score: Callable[[Outcomes], Array]  # from outcomes to one number a draw

    @classmethod
    def of(cls, event: Event) -> ImportanceFunction:
        """The importance function of an event of one condition; InputError for one of several."""
        one = event.single
        if one is None:
            why = "has several conditions, and a search needs one number that rises towards the event"
            raise InputError(f"event = {str(event)!r}", why, "Ask about one of them, or take plain draws.")
        k = one.index
        is_time_below = one.is_below and one.threshold > 0.0 and k is not None
        if is_time_below and one.outcome == "best_window_months":
            assert k is not None
            return cls((k,), (one.threshold,), lambda outcomes: outcomes.values("best_gain_ooms", one.threshold))
        if is_time_below and one.outcome == "months_to":
            assert k is not None
            rungs = tuple(k * j / 8.0 for j in range(1, 8))
            return cls((*rungs, k), (), lambda outcomes: _gain_by(outcomes, one.threshold))
        sign = -1.0 if one.is_below else 1.0
        return cls(event.levels, event.widths, lambda outcomes: sign * outcomes.values(one.outcome, k))


def _gain_by(outcomes: Outcomes, months: float) -> Array:
    """Effective compute gained by some time, OOM, interpolated between the times at which levels are reached."""
    gain = np.zeros(len(outcomes))
    before = np.zeros(len(outcomes))
    level_before = 0.0
    for level, reached in zip(outcomes.levels, outcomes.months_to.T, strict=True):
        with np.errstate(invalid="ignore"):  # a level that is never reached, after another such
            part = np.clip((months - before) / np.maximum(reached - before, 1e-12), 0.0, 1.0)
        gain = np.where(before < months, level_before + (level - level_before) * part, gain)
        before = reached
        level_before = level
    return gain + 1e-6 * outcomes.effective_end_ooms  # tells draws apart that gain nothing until then


@dataclass
class Simulator:
    """The importance function of an event on the unit cube, with a count of the points that were simulated."""

    prior: PriorSet
    event: Event
    horizon_months: float
    threads: int | None
    importance: ImportanceFunction = field(init=False)
    n_simulated: int = 0

    def __post_init__(self) -> None:
        """Choose the importance function."""
        self.importance = ImportanceFunction.of(self.event)

    def score(self, uniforms: Points) -> tuple[Array, Array]:
        """Importance of each point (inf for a hit, -inf if it could not be simulated), and its log-likelihood."""
        levels, widths = with_marks(self.prior, self.importance.levels, self.importance.widths)
        draws, outcomes = simulate_points(
            self.prior, uniforms, self.horizon_months, levels, widths, threads=self.threads
        )
        self.n_simulated += len(outcomes)
        score = np.clip(self.importance.score(outcomes), -1e300, 1e300)
        score = np.where(self.event.holds(outcomes), np.inf, score)
        log_likelihood = np.zeros(len(outcomes))
        if self.prior.evidence:
            log_likelihood = log_likelihoods(self.prior, draws, outcomes).sum(axis=1)
        return np.where(outcomes.is_ok, score, -np.inf), log_likelihood


# --- The search ------------------------------------------------------------------------------------------------------


@dataclass
class _Population:
    """Draws of one cell on their way to the event."""

    cell: int  # index of its cell
    z: Array  # latent normals of the cell's dimensions, shape (n, d)
    score: Array  # shape (n,): importance; inf for a hit
    log_likelihood: Array  # shape (n,): of the evidence; 0 where there is none
    power: float = 0.0  # power of the likelihood that it has been moved to
    log_prob: float = 0.0  # log of the probability, within the cell, of the stage it has reached
    threshold: float = -math.inf  # score of that stage
    length: float = crank_nicolson.LENGTH_FIRST  # length of its steps
    n_stuck: int = 0
    is_done: bool = False
    is_lost: bool = False

    def take(self, rows: NDArray[np.intp]) -> None:
        """Keep these draws, in this order, and as often as they are named."""
        self.z = self.z[rows]
        self.score = self.score[rows]
        self.log_likelihood = self.log_likelihood[rows]

    def temper(self, offset: float) -> None:
        """Raise the power of the likelihood as far as half of the draws' worth allows, and resample."""
        top = float(self.log_likelihood.max())
        if top == -math.inf:
            self.is_lost = True
            return
        step = next_step(self.log_likelihood[None, :], 1.0 - self.power)
        self.power = 1.0 if self.power + step > 1.0 - 1e-9 else self.power + step
        weights = np.exp(step * (self.log_likelihood - top))
        self.log_prob += math.log(weights.mean()) + step * top
        self.take(resampled(weights[None, :], np.array([offset])))

    def advance(self, n: int, numbers: Array) -> None:
        """Set the threshold of the next stage, and let the survivors have n copies."""
        ordered = np.sort(self.score)[::-1]
        n_top = min(math.ceil(_SURVIVORS * n), len(ordered))
        threshold = float(ordered[n_top - 1])
        if (self.score >= threshold).mean() > 0.5 and ordered[0] > threshold:
            # Many share a value, as times that are never reached do: without this the stage would repeat itself.
            threshold = float(self.score[self.score > threshold].min())
        survivors = np.flatnonzero(self.score >= threshold)
        if threshold > self.threshold:
            self.n_stuck = 0
        else:
            self.n_stuck += 1
        self.threshold = threshold
        if len(survivors) == len(self.score) and not math.isinf(threshold):
            self.n_stuck += 1
        self.log_prob += math.log(len(survivors) / len(self.score))
        order = survivors[np.argsort(numbers[: len(survivors)], kind="stable")]
        self.take(np.resize(order, n))
        self.is_lost = self.n_stuck >= _STUCK or self.log_prob < _LOG_PROB_LOW or threshold == -math.inf


def search(simulator: Simulator, cells: list[Cell], numbers: Numbers) -> tuple[list[Found], int]:
    """Draws in which the event holds, for each cell in which a population arrived, and the hits among plain draws.

    There are :data:`N_PLAIN` plain draws of the prior.
    """
    from scipy.special import ndtri

    prior = simulator.prior
    plain = dict(zip(prior.dimensions, numbers.take(N_PLAIN, len(prior.dimensions)).T, strict=True))
    score, log_likelihood = simulator.score(plain)
    n_hits = int((score == np.inf).sum())
    n_each = _population_size(len(cells))
    populations = []
    for place, cell in enumerate(cells):
        rows = np.flatnonzero(cell.contains(plain))
        own = np.empty((len(rows), 0))
        if cell.names:
            own = np.stack([plain[name][rows] for name in cell.names], axis=1)
        values, logs = score[rows], log_likelihood[rows]
        lacking = _N_PILOTS * n_each - len(rows)
        if lacking > 0:  # the plain draws leave a rare cell nearly empty
            more = numbers.take(lacking, len(prior.dimensions))
            own_more = own_columns(prior, cell, more)
            own = np.concatenate([own, own_more])
            values_more, logs_more = simulator.score(cell.place(prior, own_more, more))
            values = np.concatenate([values, values_more])
            logs = np.concatenate([logs, logs_more])
        z = ndtri(own)
        for first in range(_N_PILOTS):
            mine = slice(first, None, _N_PILOTS)
            populations.append(_Population(place, z[mine], values[mine], logs[mine]))
    if prior.evidence:
        _temper_all(simulator, cells, populations, numbers)
    _advance_all(simulator, cells, populations, n_each, numbers)
    found = []
    for place, cell in enumerate(cells):
        arrived = [population for population in populations if population.cell == place and population.is_done]
        prob = sum(math.exp(population.log_prob) for population in arrived) / _N_PILOTS
        if prob > 0.0:
            found.append(Found(cell, [population.z for population in arrived], prob))
    return found, n_hits


def _population_size(n_cells: int) -> int:
    """Draws of each population: a power of two, so that all cells together have about the same number."""
    n = 1
    if n_cells < _N_PARTICLES:
        n = 1 << int(math.log2(_N_PARTICLES / (_N_PILOTS * n_cells)))
    return min(max(n, _N_POPULATION_LOW), _N_POPULATION_HIGH)


def _temper_all(simulator: Simulator, cells: list[Cell], populations: list[_Population], numbers: Numbers) -> None:
    """Move all populations from the prior to the posterior, each within its cell, before any advances to the event.

    The other order would lose what the evidence makes of the cells: one that has most hits of the prior may have none
    that the evidence allows.
    """
    while rising := [one for one in populations if one.power < 1.0 and not one.is_lost]:
        offsets = numbers.take(len(rising), 1)[:, 0]
        for one, offset in zip(rising, offsets, strict=True):
            one.temper(float(offset))
        for _ in range(_N_MOVES):
            _move(simulator, cells, [one for one in rising if not one.is_lost], numbers)
    # Only relations between cells matter; the most probable one stands where a cell of the prior does.
    highest = max((one.log_prob for one in populations if not one.is_lost), default=0.0)
    for one in populations:
        one.log_prob -= highest


def _advance_all(
    simulator: Simulator, cells: list[Cell], populations: list[_Population], n_each: int, numbers: Numbers
) -> None:
    """Let all populations advance together, stage by stage, until each has arrived or given up."""
    while active := [one for one in populations if not (one.is_done or one.is_lost)]:
        order = numbers.take(len(active) * max(len(one.score) for one in active), 1)[:, 0].reshape(len(active), -1)
        for one, row in zip(active, order, strict=True):
            one.advance(n_each, row)
        reached = sum(cells[one.cell].mass * math.exp(one.log_prob) for one in populations if one.is_done)
        for one in active:
            if cells[one.cell].mass * math.exp(one.log_prob) < _NEGLIGIBLE * reached:
                one.is_lost = True
        moving = [one for one in active if not one.is_lost]
        arrived = [one for one in moving if one.threshold == math.inf]
        for _ in range(_N_MOVES):
            _move(simulator, cells, moving, numbers)
        if arrived:
            for _ in range(_N_MOVES_LAST - _N_MOVES):
                _move(simulator, cells, arrived, numbers)
        for one in arrived:
            one.is_done = True


def _move(simulator: Simulator, cells: list[Cell], moving: list[_Population], numbers: Numbers) -> None:
    """One Metropolis step of every draw, which keeps the prior above the threshold of its population."""
    from scipy.special import ndtr

    if not moving:
        return
    prior = simulator.prior
    n_dims = len(prior.dimensions)
    total = sum(len(one.score) for one in moving)
    noise = numbers.take(total, n_dims)
    dimensions = numbers.take(total, n_dims)
    choices = numbers.take(total, crank_nicolson.N_CHOICES + bool(prior.evidence))
    trials = []
    parts: list[dict[str, Array]] = []
    start = 0
    for one in moving:
        cell = cells[one.cell]
        rows = slice(start, start + len(one.score))
        start = rows.stop
        own_noise = own_columns(prior, cell, noise[rows])
        own_dimensions = own_columns(prior, cell, dimensions[rows])
        z, is_wide = crank_nicolson.trial(one.z, own_noise, own_dimensions, choices[rows], one.length)
        own = np.clip(ndtr(z), TINY, 1.0 - TINY)
        parts.append(cell.place(prior, own, dimensions[rows]))
        trials.append((rows, z, is_wide))
    placed = {name: np.concatenate([part[name] for part in parts]) for name in prior.dimensions}
    score, log_likelihood = simulator.score(placed)
    for one, (rows, z, is_wide) in zip(moving, trials, strict=True):
        accepted = score[rows] >= one.threshold
        if prior.evidence:
            accepted &= np.log(choices[rows, -1]) < one.power * (log_likelihood[rows] - one.log_likelihood)
        one.z = np.where(accepted[:, None], z, one.z)
        one.score = np.where(accepted, score[rows], one.score)
        one.log_likelihood = np.where(accepted, log_likelihood[rows], one.log_likelihood)
        one.length = crank_nicolson.tuned(one.length, accepted, is_wide)


def shaped(simulator: Simulator, found: list[Found], numbers: Numbers, base: Proposal) -> Proposal:
    """The proposal that a search suggests, its shares set by a trial, mixed with one that serves the prior.

    ``base`` is the prior itself; for a set that states evidence, a proposal of draws given it. Where nothing was found,
    it is all there is.
    """
    prior = simulator.prior
    if not found:
        return base
    masses = np.array([one.cell.mass * one.prob for one in found])
    parts: list[tuple[Cell, Component]] = []
    for one, mass in zip(found, masses / masses.sum(), strict=True):
        parts += [(one.cell, replace(part, share=part.share * mass)) for part in with_wider(fit_cell(one, numbers))]
    share = GIVEN_SHARE if prior.evidence else PRIOR_SHARE
    proposal = base.mixed(share, parts)
    drawn = numbers.take(_N_TRIAL, len(prior.dimensions) + 1)
    uniforms, _ = proposal.place(dict(zip(prior.dimensions, drawn.T, strict=False)), drawn[:, -1])
    score, log_likelihood = simulator.score(uniforms)
    hits = np.flatnonzero((score == np.inf) & (log_likelihood > -np.inf))
    if len(hits) < RARE_HITS:
        return proposal
    among_hits = {name: values[hits] for name, values in uniforms.items()}
    weights = proposal.weights(among_hits)
    if prior.evidence:
        weights *= np.exp(log_likelihood[hits] - log_likelihood[hits].max())
    densities = proposal.densities(among_hits)[-len(parts) :]
    # Each share moves to the part of the probability that its component makes, as in the EM algorithm for a mixture.
    first = np.array([part.share for _, part in parts])
    shares = first
    for _ in range(_N_SHARE_STEPS):
        responsible = shares[:, None] * densities
        responsible /= np.maximum(responsible.sum(axis=0), 1e-300)
        shares = (responsible * weights).sum(axis=1)
        shares = (1.0 - _SHARE_FIRST) * shares / shares.sum() + _SHARE_FIRST * first
    return base.mixed(
        share, [(cell, replace(part, share=float(s))) for (cell, part), s in zip(parts, shares, strict=True)]
    )
