"""The search for worlds in which a rare event holds, and the proposal that it shapes.

The cube is cut into cells by what is categorical (retraining mode, member of a pool). In each, two independent
populations climb a ladder of levels of a continuous score of closeness [1]_: the quarter of the worlds nearest to
the event survives, is copied, and is moved by Metropolis steps that keep the prior above that level. A cell is
given up when even its last level is too improbable to matter.

The proposal is a mixture: a tenth is the prior itself, so that no weight exceeds ten; the rest are components, each a
product of histograms along axes of the latent normal space of its cell. How many, and whether along the quantities' own
axes or along principal axes (the standard normal law looks the same along either), is what would estimate best from the
other population. Each component has a wider twin, halfway to the prior.

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
from mc_sie.engine.run import simulate_points
from mc_sie.events import Event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.stats.estimates import RARE_HITS

Array = NDArray[np.float64]

PRIOR_SHARE = 0.1
"""Share of the draws that come from the prior itself; no weight exceeds its inverse."""

N_PLAIN = 2**14
"""Draws of the prior with which the search begins."""

_N_PARTICLES = 2**11  # worlds that climb together, shared among the populations
_N_POPULATION_LOW, _N_POPULATION_HIGH = 128, 1024
_N_PILOTS = 2  # independent populations in each cell
_SURVIVORS = 0.25  # share that survives a level
_N_MOVES, _N_MOVES_LAST = 6, 12  # Metropolis steps of every world on a level, and on the last one
_ACCEPTED = 0.3  # share of steps that the step length is tuned for
_STUCK = 4  # levels without progress after which a population gives up
_LOG_PROB_LOW = math.log(1e-15)  # rarer than this a uniform cannot resolve
_NEGLIGIBLE = 1e-4  # share of the probability found elsewhere below which a cell is given up
_N_TRIAL = 2**13  # draws of the proposal that set the shares of its components


# --- How near a world is to an event ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closeness:
    """A continuous score that rises towards an event, and what must be simulated for it.

    Times are inf for all worlds that never get there, which says nothing of how near they come. The gain by the time
    asked about does, so that it takes their place.
    """

    levels: tuple[float, ...]
    widths: tuple[float, ...]
    score: Callable[[Outcomes], Array]

    @classmethod
    def of(cls, event: Event) -> Closeness:
        """The score of an event."""
        sign = 1.0 if event.comparison in (">", ">=") else -1.0
        threshold, k = event.threshold, event.index

        def distance(outcomes: Outcomes) -> Array:
            return sign * outcomes.values(event.outcome, k)

        if sign < 0.0 and threshold > 0.0 and k is not None:
            if event.outcome == "best_window_months":
                return cls((k,), (threshold,), lambda outcomes: outcomes.values("best_gain_ooms", threshold))
            if event.outcome == "months_to":
                rungs = tuple(k * j / 8.0 for j in range(1, 8))
                return cls((*rungs, k), (), lambda outcomes: _gain_by(outcomes, threshold))
        return cls(event.levels, event.widths, distance)


def _gain_by(outcomes: Outcomes, months: float) -> Array:
    """Effective compute gained by some time, in OOM, from the times at which levels are reached."""
    gain = np.zeros(len(outcomes))
    before, level_before = np.zeros(len(outcomes)), 0.0
    for level, reached in zip(outcomes.levels, outcomes.months_to.T, strict=True):
        with np.errstate(invalid="ignore"):  # a level that is never reached, after another such
            part = np.clip((months - before) / np.maximum(reached - before, 1e-12), 0.0, 1.0)
        gain = np.where(before < months, level_before + (level - level_before) * part, gain)
        before, level_before = reached, level
    return gain + 1e-6 * outcomes.effective_end_ooms


@dataclass
class World:
    """The model as a function of the unit cube, with a count of how often it was asked."""

    prior: PriorSet
    event: Event
    horizon_months: float
    threads: int | None
    closeness: Closeness = field(init=False)
    n_asked: int = 0

    def __post_init__(self) -> None:
        """Find the score."""
        self.closeness = Closeness.of(self.event)

    def score(self, uniforms: Points) -> tuple[Array, NDArray[np.bool_]]:
        """Closeness of each point (inf for a hit, -inf if it could not be simulated), and whether it was simulated."""
        levels, widths = self.closeness.levels, self.closeness.widths
        _, outcomes = simulate_points(self.prior, uniforms, self.horizon_months, levels, widths, threads=self.threads)
        self.n_asked += len(outcomes)
        score = self.closeness.score(outcomes)
        score = np.where(self.event.holds(outcomes), np.inf, np.clip(score, -1e300, 1e300))
        return np.where(outcomes.is_ok, score, -np.inf), outcomes.is_ok


# --- The search ------------------------------------------------------------------------------------------------------


@dataclass
class _Population:
    """Worlds of one cell on their way to the event.

    Attributes
    ----------
    cell : int
        Where it lives.
    z : array of shape (n, d)
        Latent normals of the cell's dimensions.
    score : array of shape (n,)
        Closeness; inf for a hit.
    log_prob : float
        Log of the probability, within the cell, of the level it has reached.
    scale : float
        Length of its steps.
    """

    cell: int
    z: Array
    score: Array
    log_prob: float = 0.0
    level: float = -math.inf
    scale: float = 0.6
    n_stuck: int = 0
    is_done: bool = False
    is_lost: bool = False

    def climb(self, n: int, numbers: Array) -> None:
        """Set the next level, and let the survivors have n copies."""
        ordered = np.sort(self.score)[::-1]
        n_top = min(math.ceil(_SURVIVORS * n), len(ordered))
        level = float(ordered[n_top - 1])
        if (self.score >= level).mean() > 0.5 and ordered[0] > level:  # many share a value: take those above it
            level = float(self.score[self.score > level].min())
        survivors = np.flatnonzero(self.score >= level)
        self.n_stuck = 0 if level > self.level else self.n_stuck + 1
        self.level = level
        if len(survivors) == len(self.score) and not math.isinf(level):
            self.n_stuck += 1
        self.log_prob += math.log(len(survivors) / len(self.score))
        order = survivors[np.argsort(numbers[: len(survivors)], kind="stable")]
        chosen = np.resize(order, n)
        self.z, self.score = self.z[chosen], self.score[chosen]
        self.is_lost = self.n_stuck >= _STUCK or self.log_prob < _LOG_PROB_LOW or level == -math.inf


def search(world: World, cells: list[Cell], numbers: Numbers) -> tuple[list[Found], int]:
    """Worlds in which the event holds, by cell, and the hits among plain draws of the prior."""
    from scipy.special import ndtri

    prior = world.prior
    plain = dict(zip(prior.dimensions, numbers.take(N_PLAIN, len(prior.dimensions)).T, strict=True))
    score, _ = world.score(plain)
    n_hits = int((score == np.inf).sum())
    n_each = 1 << int(math.log2(_N_PARTICLES / (_N_PILOTS * len(cells)))) if len(cells) < _N_PARTICLES else 1
    n_each = min(max(n_each, _N_POPULATION_LOW), _N_POPULATION_HIGH)
    populations = []
    for place, cell in enumerate(cells):
        rows = np.flatnonzero(cell.contains(plain))
        own = np.stack([plain[name][rows] for name in cell.names], axis=1) if cell.names else np.empty((len(rows), 0))
        values = score[rows]
        lacking = _N_PILOTS * n_each - len(rows)
        if lacking > 0:
            more = numbers.take(lacking, len(prior.dimensions))
            placed = cell.place(prior, own_columns(prior, cell, more), more)
            own = np.concatenate([own, own_columns(prior, cell, more)])
            values = np.concatenate([values, world.score(placed)[0]])
        z = ndtri(own)
        populations += [_Population(place, z[pilot::_N_PILOTS], values[pilot::_N_PILOTS]) for pilot in range(_N_PILOTS)]
    _climb(world, cells, populations, n_each, numbers)
    found = []
    for place, cell in enumerate(cells):
        here = [population for population in populations if population.cell == place]
        prob = sum(math.exp(population.log_prob) for population in here if population.is_done) / _N_PILOTS
        if prob > 0.0:
            found.append(Found(cell, [population.z for population in here if population.is_done], prob))
    return found, n_hits


def _climb(world: World, cells: list[Cell], populations: list[_Population], n_each: int, numbers: Numbers) -> None:
    """Let all populations climb together, level by level, until each has arrived or given up."""
    while active := [one for one in populations if not (one.is_done or one.is_lost)]:
        order = numbers.take(len(active) * max(len(one.score) for one in active), 1)[:, 0].reshape(len(active), -1)
        for one, row in zip(active, order, strict=True):
            one.climb(n_each, row)
        reached = sum(cells[one.cell].mass * math.exp(one.log_prob) for one in populations if one.is_done)
        for one in active:
            if cells[one.cell].mass * math.exp(one.log_prob) < _NEGLIGIBLE * reached:
                one.is_lost = True
        moving = [one for one in active if not one.is_lost]
        arrived = [one for one in moving if one.level == math.inf]
        for step in range(_N_MOVES_LAST if arrived else _N_MOVES):
            _move(world, cells, moving if step < _N_MOVES else arrived, numbers)
        for one in arrived:
            one.is_done = True


def _move(world: World, cells: list[Cell], moving: list[_Population], numbers: Numbers) -> None:
    """One Metropolis step of every world: it keeps the prior above the level of its population.

    ``z' = sqrt(1 - b^2) z + b xi`` leaves the normal law as it is for any b, even one for each dimension. Half of the
    steps move all dimensions a little, half a few of them far.
    """
    from scipy.special import ndtr, ndtri

    if not moving:
        return
    prior, n_dims = world.prior, len(world.prior.dimensions)
    total = sum(len(one.score) for one in moving)
    noise, chosen, how = numbers.take(total, n_dims), numbers.take(total, n_dims), numbers.take(total, 3)
    proposals, start = [], 0
    parts: list[dict[str, Array]] = []
    for one in moving:
        cell, rows = cells[one.cell], slice(start, start + len(one.score))
        start = rows.stop
        n_own = max(1, len(cell.names))
        is_wide = how[rows, 0] < 0.5
        some = own_columns(prior, cell, chosen[rows]) < 1.5 / n_own
        far = np.where(how[rows, 1] < 0.3, 1.0, 0.5 * how[rows, 2] + 0.05)
        near = np.minimum(1.0, one.scale * (0.3 + 1.4 * how[rows, 2]))
        b = np.where(is_wide[:, None], near[:, None], np.where(some, far[:, None], 0.0))
        z = np.sqrt(1.0 - b * b) * one.z + b * ndtri(own_columns(prior, cell, noise[rows]))
        own = np.clip(ndtr(z), TINY, 1.0 - TINY)
        parts.append(cell.place(prior, own, chosen[rows]))
        proposals.append((z, is_wide))
    score, _ = world.score({name: np.concatenate([part[name] for part in parts]) for name in prior.dimensions})
    start = 0
    for one, (z, is_wide) in zip(moving, proposals, strict=True):
        new = score[start : start + len(z)]
        start += len(z)
        accepted = new >= one.level
        one.z = np.where(accepted[:, None], z, one.z)
        one.score = np.where(accepted, new, one.score)
        if is_wide.any():
            one.scale = float(np.clip(one.scale * math.exp(accepted[is_wide].mean() - _ACCEPTED), 0.02, 1.0))


def shaped(world: World, found: list[Found], numbers: Numbers) -> Proposal:
    """The proposal that the search suggests, its shares set by a trial."""
    prior = world.prior
    if not found:
        return Proposal(prior, 1.0, ())
    masses = np.array([one.cell.mass * one.prob for one in found])
    parts: list[tuple[Cell, Component]] = []
    for one, mass in zip(found, masses / masses.sum(), strict=True):
        parts += [(one.cell, replace(part, share=part.share * mass)) for part in with_wider(fit_cell(one, numbers))]
    proposal = Proposal(prior, PRIOR_SHARE, tuple(parts))
    drawn = numbers.take(_N_TRIAL, len(prior.dimensions) + 1)
    uniforms, _ = proposal.place(dict(zip(prior.dimensions, drawn.T, strict=False)), drawn[:, -1])
    hits = np.flatnonzero(world.score(uniforms)[0] == np.inf)
    if len(hits) < RARE_HITS:
        return proposal
    there = {name: values[hits] for name, values in uniforms.items()}
    weights, densities = proposal.weights(there), proposal.densities(there)
    first = shares = np.array([part.share for _, part in parts])
    for _ in range(10):
        responsible = shares[:, None] * densities
        responsible /= np.maximum(responsible.sum(axis=0), 1e-300)
        shares = (responsible * weights).sum(axis=1)
        shares = 0.7 * shares / shares.sum() + 0.3 * first
    return replace(
        proposal,
        parts=tuple((cell, replace(part, share=float(s))) for (cell, part), s in zip(parts, shares, strict=True)),
    )
