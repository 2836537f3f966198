"""Probabilities too small for plain sampling, by importance sampling on the latent uniforms.

A search first climbs towards the event, and what it finds only shapes a proposal: a density on the unit cube that puts
most draws where the event happens. The estimate comes from fresh draws of that proposal, each weighted by how much
rarer the prior makes it, so that it is unbiased whatever the search found; only its error depends on the search.

Search
    The cube is cut into cells by what is categorical (retraining mode, member of a pool). In each, two independent
    populations climb a ladder of levels of a continuous score of closeness [1]_: the quarter of the worlds nearest to
    the event survives, is copied, and is moved by Metropolis steps that keep the prior above that level. A cell is
    given up when even its last level is too improbable to matter.
Proposal
    A mixture: a tenth is the prior itself, so that no weight exceeds ten; the rest are components, each a product of
    histograms along axes of the latent normal space of its cell. How many, and whether along the quantities' own axes
    or along principal axes (the standard normal law looks the same along either), is what would
    estimate best from the other population. Each component has a wider twin, halfway to the prior.
Estimate
    The mean of weight times hit in independent randomisations of the same Sobol' points as elsewhere; their spread
    is the error.

References
----------
.. [1] Au, S.-K. & Beck, J. L. (2001). Estimation of small failure probabilities in high dimensions by subset
       simulation. Probabilistic Engineering Mechanics 16(4): 263-277.
.. [2] Zhang, J. & Stephens, M. A. (2009). A new and efficient estimation method for the generalized Pareto
       distribution. Technometrics 51(3): 316-325.
.. [3] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. Journal
       of Machine Learning Research 25(72): 1-58.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.analysis.estimates import (
    BOUND_LEVEL,
    RARE_HITS,
    Estimate,
    estimate_from_counts,
    replicate_se,
    student_t,
)
from mc_sie.analysis.precision import Precision
from mc_sie.analysis.summary import sentence
from mc_sie.engine.run import DRAWS_DEFAULT, Progress, check_horizon, simulate_points
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Event, parse_event
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODES, N_DIMENSIONS, PRIOR_SET_DIMENSION, QUANTITIES
from mc_sie.sampling import N_REPLICATES_DEFAULT, Design, plan, points

Array = NDArray[np.float64]
Points = Mapping[str, Array]

PRIOR_SHARE = 0.1
"""Share of the draws that come from the prior itself; no weight exceeds its inverse."""

COMMON = 0.01
"""Above this probability plain sampling is as good."""

PARETO_K_HIGH = 0.7
"""Above this the largest weights follow so heavy a tail that errors cannot be trusted (Vehtari et al.)."""

ESS_LOW = 100.0
"""With a smaller effective number of hits the error itself is poorly known."""

BEYOND, BEYOND_HIGH = 30.0, 0.05
"""Hits of so many times the typical weight lie where the search did not lead; the largest share they may make."""

HITS_KEPT = 2**18
"""Hits whose worlds are kept."""

SCHEMES = ("sobol", "philox")
"""Schemes whose designs can grow."""

_N_PLAIN = 2**14  # draws of the prior with which the search begins
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
_COMPONENTS = (1, 2, 3, 4, 6, 8)  # numbers of components tried in a cell
_WIDER_SHARE = 0.15  # share of a component's draws that a wider twin makes
_MARGIN = 1e-3  # least distance of the outer bins from the extreme worlds, in standard deviations
_OUTER_HIGH = 0.01  # most mass beyond the extreme worlds of a histogram
_ROUND = 2**16  # draws taken together in the last stage
_TINY = 2.0**-53
_PICK_DIMENSION = N_DIMENSIONS  # chooses the component; the first dimension that no quantity has
_SEARCH_REPLICATE = 2**31  # random numbers of the search have addresses beyond those of any run


# --- How near a world is to an event ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Closeness:
    """A continuous score that rises towards an event, and what must be simulated for it.

    Times are inf for all worlds that never get there, which says nothing of how near they come. The gain by the time
    asked about does, so that it takes their place.
    """

    levels: tuple[float, ...]
    widths: tuple[float, ...]
    score: Callable[[Outcomes], Array]

    @classmethod
    def of(cls, event: Event) -> _Closeness:
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
class _World:
    """The model as a function of the unit cube, with a count of how often it was asked."""

    prior: PriorSet
    event: Event
    horizon_months: float
    threads: int | None
    closeness: _Closeness = field(init=False)
    n_asked: int = 0

    def __post_init__(self) -> None:
        self.closeness = _Closeness.of(self.event)

    def score(self, uniforms: Points) -> tuple[Array, NDArray[np.bool_]]:
        """Closeness of each point (inf for a hit, -inf if it could not be simulated), and whether it was simulated."""
        levels, widths = self.closeness.levels, self.closeness.widths
        _, outcomes = simulate_points(self.prior, uniforms, self.horizon_months, levels, widths, threads=self.threads)
        self.n_asked += len(outcomes)
        score = self.closeness.score(outcomes)
        score = np.where(self.event.holds(outcomes), np.inf, np.clip(score, -1e300, 1e300))
        return np.where(outcomes.is_ok, score, -np.inf), outcomes.is_ok


def _dimension(name: str) -> int:
    return PRIOR_SET_DIMENSION if name not in QUANTITIES else QUANTITIES[name].dimension


@dataclass
class _Numbers:
    """Uniform numbers for the search: independent, and the same on any machine."""

    seed: int
    n_taken: int = 0

    def take(self, n: int, n_columns: int) -> Array:
        """Numbers in (0, 1), shape (n, n_columns)."""
        design = Design("philox", self.seed, 2**32, 2**24)
        start = (_SEARCH_REPLICATE + self.n_taken) * design.n_per_replicate
        self.n_taken += 1
        return np.stack([points(design, column, start, start + n) for column in range(n_columns)], axis=1)


# --- Cells: what is categorical --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    """A box of the cube in which everything categorical is settled.

    Attributes
    ----------
    label : str
        Member of the pool and retraining mode, in words.
    box : dict of str to (float, float)
        Interval of each categorical dimension.
    names : tuple of str
        Dimensions that matter in it.
    """

    label: str
    box: dict[str, tuple[float, float]]
    names: tuple[str, ...]

    @property
    def mass(self) -> float:
        """Prior probability."""
        return math.prod(high - low for low, high in self.box.values())

    def contains(self, uniforms: Points) -> NDArray[np.bool_]:
        """Which points lie in it."""
        inside = np.ones(next(iter(uniforms.values())).size, dtype=bool)
        for name, (low, high) in self.box.items():
            inside &= (uniforms[name] > low) & (uniforms[name] <= high)
        return inside

    def place(self, prior: PriorSet, own: Array, rest: Array) -> dict[str, Array]:
        """Points in it: ``own`` of shape (n, d) in the order of ``names``, ``rest`` of shape (n, D) for all others."""
        placed = {name: rest[:, column] for column, name in enumerate(prior.dimensions)}
        for name, (low, high) in self.box.items():
            placed[name] = np.clip(low + (high - low) * placed[name], np.nextafter(low, 1.0), high)
        placed.update({name: own[:, column] for column, name in enumerate(self.names)})
        return placed


def _cells(prior: PriorSet) -> list[_Cell]:
    if not prior.members:
        return _mode_cells(prior, "", {})
    found, low = [], 0.0
    for place, (member, weight) in enumerate(prior.members):
        high = 1.0 if place == len(prior.members) - 1 else low + weight
        found += _mode_cells(member, member.name, {"prior_set": (low, high)})
        low = high
    return found


def _mode_cells(prior: PriorSet, label: str, box: dict[str, tuple[float, float]]) -> list[_Cell]:
    names = tuple(name for name in prior.dimensions if name != "mode")
    if "mode" not in prior.dimensions:
        code = prior.entries["mode"].distribution.constant
        return [_Cell(f"{label} {MODES[int(code or 0.0)]}".strip(), box, names)]
    atoms = prior.entries["mode"].distribution.atoms
    edges = [0.0, *np.cumsum([share for _, share in atoms[:-1]]).tolist(), 1.0]
    return [
        _Cell(f"{label} {MODES[int(code)]}".strip(), box | {"mode": (edges[place], edges[place + 1])}, names)
        for place, (code, share) in enumerate(atoms)
        if share > 0.0
    ]


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


@dataclass(frozen=True)
class _Found:
    """What the search found in one cell: hits of each population, and the probability within the cell."""

    cell: _Cell
    hits: list[Array]
    prob: float


def _search(world: _World, cells: list[_Cell], numbers: _Numbers) -> tuple[list[_Found], int]:
    """Worlds in which the event holds, by cell, and the hits among plain draws of the prior."""
    from scipy.special import ndtri

    prior = world.prior
    plain = dict(zip(prior.dimensions, numbers.take(_N_PLAIN, len(prior.dimensions)).T, strict=True))
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
            placed = cell.place(prior, _own(prior, cell, more), more)
            own = np.concatenate([own, _own(prior, cell, more)])
            values = np.concatenate([values, world.score(placed)[0]])
        z = ndtri(own)
        populations += [_Population(place, z[pilot::_N_PILOTS], values[pilot::_N_PILOTS]) for pilot in range(_N_PILOTS)]
    _climb(world, cells, populations, n_each, numbers)
    found = []
    for place, cell in enumerate(cells):
        here = [population for population in populations if population.cell == place]
        prob = sum(math.exp(population.log_prob) for population in here if population.is_done) / _N_PILOTS
        if prob > 0.0:
            found.append(_Found(cell, [population.z for population in here if population.is_done], prob))
    return found, n_hits


def _own(prior: PriorSet, cell: _Cell, numbers: Array) -> Array:
    """Columns of the cell's dimensions."""
    return numbers[:, [prior.dimensions.index(name) for name in cell.names]]


def _climb(world: _World, cells: list[_Cell], populations: list[_Population], n_each: int, numbers: _Numbers) -> None:
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


def _move(world: _World, cells: list[_Cell], moving: list[_Population], numbers: _Numbers) -> None:
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
        some = _own(prior, cell, chosen[rows]) < 1.5 / n_own
        far = np.where(how[rows, 1] < 0.3, 1.0, 0.5 * how[rows, 2] + 0.05)
        near = np.minimum(1.0, one.scale * (0.3 + 1.4 * how[rows, 2]))
        b = np.where(is_wide[:, None], near[:, None], np.where(some, far[:, None], 0.0))
        z = np.sqrt(1.0 - b * b) * one.z + b * ndtri(_own(prior, cell, noise[rows]))
        own = np.clip(ndtr(z), _TINY, 1.0 - _TINY)
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


# --- The proposal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Histogram:
    """A piecewise constant density on (0, 1).

    Attributes
    ----------
    edges : array of shape (B + 1,)
        From 0 to 1.
    masses : array of shape (B,)
        Positive, with sum 1.
    """

    edges: Array
    masses: Array

    @classmethod
    def fitted(cls, values: Array) -> _Histogram:
        """Bins that hold equally many of the values, and one beyond each extreme that holds little."""
        from scipy.special import ndtr, ndtri

        n = len(values)
        ordered = np.sort(np.clip(values, _TINY, 1.0 - _TINY))
        n_bins = int(np.clip(round(1.3 * n ** (1.0 / 3.0)), 4, 16))
        cuts = np.quantile(ordered, np.arange(1, n_bins) / n_bins)
        ends = ndtri(np.array([ordered[0], cuts[0], cuts[-1], ordered[-1]]))
        low = ndtr(ends[0] - max(0.5 * (ends[1] - ends[0]), _MARGIN))
        high = ndtr(ends[3] + max(0.5 * (ends[3] - ends[2]), _MARGIN))
        edges = np.unique(np.clip([0.0, low, *cuts, high, 1.0], 0.0, 1.0))
        counts = np.histogram(ordered, edges)[0] + 0.5
        outer = np.zeros(len(counts), dtype=bool)
        outer[0], outer[-1] = edges[1] <= ordered[0], edges[-2] >= ordered[-1]
        little = np.clip(0.25 * np.diff(edges), min(2.0 / n, _OUTER_HIGH), _OUTER_HIGH)
        masses = np.where(outer, little, 0.0)
        masses += (1.0 - masses.sum()) * np.where(outer, 0.0, counts) / counts[~outer].sum()
        return cls(edges, masses / masses.sum())

    def density(self, values: Array) -> Array:
        """Density relative to the uniform law."""
        heights = self.masses / np.diff(self.edges)
        place = np.searchsorted(self.edges, values, side="left") - 1
        return np.asarray(heights[np.clip(place, 0, len(heights) - 1)])

    @property
    def tempered(self) -> _Histogram:
        """The same with the square root of its heights: halfway to the uniform law."""
        roots = np.sqrt(self.masses * np.diff(self.edges))
        return _Histogram(self.edges, roots / roots.sum())

    def quantile(self, u: Array) -> Array:
        """Quantile function."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.masses)])
        cumulated[-1] = 1.0
        place = np.clip(np.searchsorted(cumulated, u, side="left") - 1, 0, len(self.masses) - 1)
        part = np.clip((u - cumulated[place]) / (cumulated[place + 1] - cumulated[place]), 0.0, 1.0)
        low, high = self.edges[place], self.edges[place + 1]
        return np.asarray(np.clip(low + part * (high - low), _TINY, 1.0 - _TINY))


@dataclass(frozen=True)
class _Component:
    """A product of histograms along axes of the latent normal space of a cell.

    Attributes
    ----------
    share : float
        Share of the draws of the cell's components.
    rotation : array of shape (d, d) or None
        Axes as columns; None for the quantities' own.
    axes : dict of int to _Histogram
        Histograms of the axes that differ from the prior.
    """

    share: float
    rotation: Array | None
    axes: dict[int, _Histogram]

    def along(self, own: Array) -> Array:
        """Coordinates of points along the axes, again uniform under the prior."""
        from scipy.special import ndtr, ndtri

        if self.rotation is None:
            return own
        return np.asarray(ndtr(np.einsum("ni,ij->nj", ndtri(own), self.rotation)))

    def density(self, own: Array) -> Array:
        """Density relative to the prior within the cell."""
        along = self.along(own)
        product = np.ones(len(own))
        for axis, histogram in self.axes.items():
            product *= histogram.density(along[:, axis])
        return product

    def place(self, u: Array) -> Array:
        """Points of the component from uniform numbers, both of shape (n, d)."""
        from scipy.special import ndtr, ndtri

        along = u.copy()
        for axis, histogram in self.axes.items():
            along[:, axis] = histogram.quantile(u[:, axis])
        if self.rotation is None:
            return along
        z = np.einsum("nj,ij->ni", ndtri(along), self.rotation)
        return np.asarray(np.clip(ndtr(z), _TINY, 1.0 - _TINY))


def _with_wider(parts: Sequence[_Component]) -> list[_Component]:
    """The components, and a share of each with its histograms tempered.

    Between a component and the prior lies a wide gap: a few hits just outside the one, with the weights of the other,
    would make most of the error. The wider twins fill it.
    """
    narrow = [replace(part, share=part.share * (1.0 - _WIDER_SHARE)) for part in parts]
    wider = [
        replace(
            part,
            share=part.share * _WIDER_SHARE,
            axes={axis: histogram.tempered for axis, histogram in part.axes.items()},
        )
        for part in parts
    ]
    return [*narrow, *wider]


@dataclass(frozen=True)
class _Proposal:
    """A density on the cube: a share of the prior, and components by cell.

    Attributes
    ----------
    prior : PriorSet
        What the cube stands for.
    prior_share : float
        Share of the prior itself; 1 when there are no components.
    parts : tuple of (_Cell, _Component)
        Components, whose shares sum to 1.
    """

    prior: PriorSet
    prior_share: float
    parts: tuple[tuple[_Cell, _Component], ...]

    def place(self, uniforms: Points, pick: Array) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """Points of the proposal from uniform numbers, and which of them are draws of the prior."""
        rest = np.stack([uniforms[name] for name in self.prior.dimensions], axis=1)
        placed = rest.copy()
        shares = [self.prior_share, *((1.0 - self.prior_share) * part.share for _, part in self.parts)]
        which = np.searchsorted(np.cumsum(shares)[:-1], pick, side="right")
        for number, (cell, part) in enumerate(self.parts, start=1):
            rows = np.flatnonzero(which == number)
            if len(rows):
                own = part.place(_own(self.prior, cell, rest[rows]))
                there = cell.place(self.prior, own, rest[rows])
                placed[rows] = np.stack([there[name] for name in self.prior.dimensions], axis=1)
        return dict(zip(self.prior.dimensions, placed.T.copy(), strict=True)), which == 0

    def densities(self, uniforms: Points) -> Array:
        """Density of each component relative to the prior, shape (n_parts, n)."""
        n = next(iter(uniforms.values())).size
        found = np.zeros((len(self.parts), n))
        rows_of: dict[str, NDArray[np.intp]] = {}
        for number, (cell, part) in enumerate(self.parts):
            if cell.label not in rows_of:
                rows_of[cell.label] = np.flatnonzero(cell.contains(uniforms))
            rows = rows_of[cell.label]
            own = np.stack([uniforms[name][rows] for name in cell.names], axis=1)
            found[number, rows] = part.density(own) / cell.mass
        return found

    def weights(self, uniforms: Points) -> Array:
        """Density of the prior relative to that of the proposal."""
        if not self.parts:
            return np.ones(next(iter(uniforms.values())).size)
        shares = np.array([part.share for _, part in self.parts])
        total = np.zeros(next(iter(uniforms.values())).size)
        for share, density in zip(shares, self.densities(uniforms), strict=True):
            total += share * density
        return np.asarray(1.0 / (self.prior_share + (1.0 - self.prior_share) * total))

    def record(self) -> dict[str, Any]:
        """The proposal as plain values."""
        return {
            "prior_share": self.prior_share,
            "components": [
                {
                    "cell": cell.label,
                    "share": (1.0 - self.prior_share) * part.share,
                    "dimensions": list(cell.names),
                    "rotation": None if part.rotation is None else part.rotation.tolist(),
                    "axes": {
                        str(axis) if part.rotation is not None else cell.names[axis]: {
                            "edges": histogram.edges.tolist(),
                            "masses": histogram.masses.tolist(),
                        }
                        for axis, histogram in part.axes.items()
                    },
                }
                for cell, part in self.parts
            ],
        }


def _fit_cell(found: _Found, numbers: _Numbers) -> list[_Component]:
    """Components for the hits of a cell: as many, and along such axes, as serve the other population best.

    The mean of 1/q over worlds in which the event holds is the variance of the estimate, up to a constant.
    """
    hits = found.hits if len(found.hits) > 1 else [found.hits[0][0::2], found.hits[0][1::2]]
    if not found.cell.names:
        return [_Component(1.0, None, {})]
    best, chosen = math.inf, (1, False)
    for n_components in _COMPONENTS:
        if n_components > 1 and len(hits[0]) < 32 * n_components:
            break
        labels = [_clusters(part, n_components, numbers) for part in hits]
        for rotated in (False, True):
            excess = 0.0
            for place, train in enumerate(hits):
                fit = _with_wider(_fitted(train, labels[place], rotated, hits[1 - place]))
                excess += float((1.0 / np.maximum(_density(fit, hits[1 - place]), 1e-12)).mean())
            if excess < 0.95 * best:  # what is no better in earnest is not worth the parameters
                best, chosen = excess, (n_components, rotated)
    n_components, rotated = chosen
    together = np.concatenate(hits)
    return _fitted(together, _clusters(together, n_components, numbers), rotated, together)


def _density(parts: Sequence[_Component], z: Array) -> Array:
    from scipy.special import ndtr

    own = np.clip(ndtr(z), _TINY, 1.0 - _TINY)
    total = np.zeros(len(z))
    for part in parts:
        total += part.share * part.density(own)
    return total


def _fitted(z: Array, labels: NDArray[np.intp], rotated: bool, test: Array) -> list[_Component]:
    """One component a cluster; axes along which a histogram does not predict the test set keep the prior."""
    from scipy.special import ndtr

    parts = []
    test_labels = _nearest(test, np.stack([z[labels == label].mean(axis=0) for label in np.unique(labels)]))
    for place, label in enumerate(np.unique(labels)):
        mine, other = z[labels == label], test[test_labels == place]
        rotation = _principal_axes(mine) if rotated else None
        bare = _Component(len(mine) / len(z), rotation, {})
        own, theirs = (bare.along(np.clip(ndtr(part), _TINY, 1.0 - _TINY)) for part in (mine, other))
        axes = {}
        for axis in range(z.shape[1]):
            histogram = _Histogram.fitted(own[:, axis])
            if len(other) < 8 or np.log(histogram.density(theirs[:, axis])).mean() > 10.0 / len(mine):
                axes[axis] = histogram
        parts.append(replace(bare, axes=axes))
    return parts


def _principal_axes(z: Array) -> Array | None:
    """Orthogonal axes along which the worlds are uncorrelated, each in the place of the quantity nearest to it."""
    from scipy.optimize import linear_sum_assignment

    deviations = z - z.mean(axis=0)
    covariance = np.einsum("ni,nj->ij", deviations, deviations) / max(1, len(z) - 1)
    sd = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / np.outer(sd, sd)
    covariance = np.where(np.abs(correlation) > 6.0 / math.sqrt(len(z)), covariance, 0.0)
    np.fill_diagonal(covariance, sd * sd)
    if np.count_nonzero(covariance) == len(sd):
        return None
    _, axes = np.linalg.eigh(covariance)
    rows, columns = linear_sum_assignment(-np.abs(axes))
    ordered = axes[:, columns[np.argsort(rows)]]
    return np.asarray(ordered * np.where(np.diag(ordered) < 0.0, -1.0, 1.0))


def _nearest(z: Array, centres: Array) -> NDArray[np.intp]:
    distances = np.stack([((z - centre) ** 2).sum(axis=1) for centre in centres])
    return np.asarray(distances.argmin(axis=0))


def _clusters(z: Array, n_clusters: int, numbers: _Numbers) -> NDArray[np.intp]:
    """Labels from 0 by k-means, from starts that lie far apart; a cluster of fewer than 16 joins the nearest."""
    centres = z[:1]
    draws = numbers.take(n_clusters, 1)[:, 0]
    for draw in draws[1:]:
        squared = np.stack([((z - centre) ** 2).sum(axis=1) for centre in centres]).min(axis=0)
        cumulated = np.cumsum(squared)
        centres = np.vstack([centres, z[min(np.searchsorted(cumulated, draw * cumulated[-1]), len(z) - 1)]])
    for _ in range(20):
        labels = _nearest(z, centres)
        kept = [label for label in range(len(centres)) if (labels == label).sum() >= min(16, len(z))]
        moved = np.stack([z[labels == label].mean(axis=0) for label in kept])
        if moved.shape == centres.shape and np.array_equal(moved, centres):
            break
        centres = moved
    return _nearest(z, centres)


def _shaped(world: _World, found: list[_Found], numbers: _Numbers) -> _Proposal:
    """The proposal that the search suggests, its shares set by a trial."""
    prior = world.prior
    if not found:
        return _Proposal(prior, 1.0, ())
    masses = np.array([one.cell.mass * one.prob for one in found])
    parts: list[tuple[_Cell, _Component]] = []
    for one, mass in zip(found, masses / masses.sum(), strict=True):
        parts += [(one.cell, replace(part, share=part.share * mass)) for part in _with_wider(_fit_cell(one, numbers))]
    proposal = _Proposal(prior, PRIOR_SHARE, tuple(parts))
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


# --- The estimate ----------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    """What the last stage has seen so far."""

    n_replicates: int
    hits: list[list[Array]] = field(default_factory=list)
    failed: list[list[float]] = field(default_factory=list)
    n_per_replicate: int = 0
    n_failed: int = 0
    n_plain: int = 0
    n_kept_per_replicate: int = 0
    n_kept: int = 0
    kept: list[pd.DataFrame] = field(default_factory=list)
    uniforms: list[dict[str, Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hits = [[] for _ in range(self.n_replicates)]
        self.failed = [[] for _ in range(self.n_replicates)]

    def weights(self, replicate: int) -> Array:
        return np.concatenate(self.hits[replicate]) if self.hits[replicate] else np.empty(0)


def _take(
    world: _World, design: Design, proposal: _Proposal, tally: _Tally, stop: int, progress: Progress | None
) -> None:
    """Go on to ``stop`` draws in each replicate."""
    prior, n_replicates = world.prior, design.n_replicates
    step = max(1, _ROUND // n_replicates)
    for start in range(tally.n_per_replicate, stop, step):
        end = min(start + step, stop)

        def of(dimension: int, start: int = start, end: int = end) -> Array:
            firsts = range(0, design.n_draws, design.n_per_replicate)
            return np.concatenate([points(design, dimension, first + start, first + end) for first in firsts])

        placed, is_plain = proposal.place(
            {name: of(_dimension(name)) for name in prior.dimensions}, of(_PICK_DIMENSION)
        )
        asked = world.event
        done = tally.n_per_replicate * n_replicates

        def shifted(n: int, _: int, done: int = done) -> None:
            assert progress is not None
            progress(done + n, stop * n_replicates)

        draws, outcomes = simulate_points(
            prior, placed, world.horizon_months, asked.levels, asked.widths, threads=world.threads,
            progress=shifted if progress else None,
        )  # fmt: skip
        hit, failed = asked.holds(outcomes), ~outcomes.is_ok
        rows = np.flatnonzero(hit | failed)
        weights = np.zeros(len(hit))
        weights[rows] = proposal.weights({name: values[rows] for name, values in placed.items()})
        replicate = np.repeat(np.arange(n_replicates, dtype=np.int32), end - start)
        for number in range(n_replicates):
            part = slice(number * (end - start), (number + 1) * (end - start))
            tally.hits[number].append(weights[part][hit[part]])
            tally.failed[number] += weights[part][failed[part]].tolist()
        tally.n_failed += int(failed.sum())
        tally.n_plain += int(is_plain.sum())
        if tally.n_kept_per_replicate == tally.n_per_replicate and tally.n_kept + int(hit.sum()) <= HITS_KEPT:
            tally.kept.append(_hits_frame(world, replicate, weights, hit, draws, outcomes))
            tally.uniforms.append({name: values[hit] for name, values in placed.items()})
            tally.n_kept += int(hit.sum())
            tally.n_kept_per_replicate = end
        tally.n_per_replicate = end


def _hits_frame(
    world: _World,
    replicate: NDArray[np.int32],
    weights: Array,
    hit: NDArray[np.bool_],
    draws: Mapping[str, NDArray[np.generic]],
    outcomes: Outcomes,
) -> pd.DataFrame:
    """The worlds in which the event holds, with their weights."""
    columns: dict[str, Any] = {"replicate": replicate[hit], "weight": weights[hit]}
    for name, values in draws.items():
        if name == "mode":
            columns[name] = pd.Categorical.from_codes(values[hit], MODES)
        elif name == "prior_set":
            columns[name] = pd.Categorical.from_codes(values[hit], [member.name for member, _ in world.prior.members])
        else:
            columns[name] = values[hit]
    event = world.event
    named = event.outcome if event.index is None else f"{event.outcome}[{event.index:g}]"
    columns[named] = outcomes.values(event.outcome, event.index)[hit]
    for name in ("first_year_ooms", "pace_initial", "pace_peak", "effective_end_ooms"):
        columns[name] = outcomes.values(name)[hit]
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class Rare:
    """The probability of a rare event by importance sampling. Made by :func:`estimate_rare`.

    Attributes
    ----------
    prior : PriorSet
        What is asked of.
    event : Event
        What is asked about.
    design : Design
        Scheme, seed and sizes of the last stage.
    horizon_months : float
        End of each trajectory at the latest.
    answer : Estimate
        The probability: among draws that could be simulated, with a 90 % t interval from the replicates. ``n_hits``
        counts the hits without their weights. Where nothing was hit, the exact 95 % bound from the draws that came
        from the prior itself.
    n_search : int
        Draws that the search and the trial took; they are not part of the estimate.
    n_plain : int
        Draws that came from the prior itself, of which ``n_plain_search`` in the search.
    n_plain_search : int
        Plain draws with which the search began.
    n_failed : int
        Draws of the last stage that could not be simulated.
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
    doubts : tuple of str
        Reasons why the interval may be too narrow.
    shifts : pandas.DataFrame
        What hits look like: ``quantity``, ``meaning``, ``prior`` and ``hits`` in words, ``distance`` (the largest
        difference between the two cumulative functions), furthest first.
    hits : pandas.DataFrame
        Worlds in which the event holds, of the first ``n_kept_per_replicate`` draws of each replicate: ``replicate``,
        ``weight``, quantities and main outcomes.
    n_kept_per_replicate : int
        See there.
    proposal : dict
        The proposal as plain values.
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
    ess_hits: float
    largest_share: float
    beyond_share: float
    pareto_k: float
    n_plain_needed: float
    doubts: tuple[str, ...]
    shifts: pd.DataFrame
    hits: pd.DataFrame
    n_kept_per_replicate: int
    proposal: dict[str, Any]
    sentence: str
    wall_seconds: float

    @property
    def gain(self) -> float:
        """Plain draws that the same error would take, for each draw that was made, the search included."""
        return self.n_plain_needed / (self.design.n_draws + self.n_search)

    @property
    def is_found(self) -> bool:
        """Whether the search found the event."""
        return bool(self.proposal["components"])

    def _repr_html_(self) -> str:
        """The sentences and what hits look like, for notebooks."""
        return f"<p>{self.sentence} {self.method}</p>{self.shifts.to_html(index=False)}"

    @property
    def method(self) -> str:
        """How the answer was found, how well, and what plain sampling would have taken."""
        drawn = f"{self.design.n_draws:,} draws after a search of {self.n_search:,}"
        if not self.is_found:
            return (
                f"Importance sampling found no way to the event: {drawn}, all of them from the prior itself. "
                f"The answer is that of plain sampling."
            )
        text = f"Importance sampling: {drawn}"
        if self.answer.n_hits == 0:
            return f"{text}; none of them hit, so that only the {self.n_plain:,} from the prior itself bound it."
        ess = f"{self.ess_hits:,.0f}" if self.ess_hits >= 10.0 else f"{self.ess_hits:.1f}"
        text += f"; {self.answer.n_hits:,} hits, worth {ess} of equal weight"
        if not 0.0 < self.n_plain_needed < math.inf:
            return f"{text}."
        needed = f"{self.n_plain_needed:,.0f}" if self.n_plain_needed < 1e6 else f"{self.n_plain_needed:.1e}"
        text += f". Plain sampling needs about {needed} draws for the same error"
        if self.answer.prob > COMMON:
            return f"{text}; an event as common as this can as well be asked about without --rare."
        times = f"{float(f'{self.gain:.2g}'):,.0f}" if self.gain >= 10.0 else f"{self.gain:.2g}"
        return f"{text}, {times} times as many."


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
        What to ask about.
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
        For what :func:`mc_sie.simulate` refuses, a Latin hypercube, or a prior in which nothing is random.

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
    if scheme == "lhs":
        why = "has no importance sampling: its strata are those of the prior"
        raise InputError("--scheme lhs with --rare", why, f"Use {' or '.join(SCHEMES)}.")
    small = plan(n_draws, scheme=scheme, seed=seed, n_replicates=n_replicates)
    check_horizon(horizon_months)
    event.check_horizon(horizon_months)
    if not prior.dimensions:
        raise InputError("--rare", f"has nothing to search: {prior.name} fixes every quantity", "Leave it out.")
    wanted = precision or Precision()
    world = _World(prior, event, horizon_months, threads)
    numbers = _Numbers(seed)
    found, n_plain_hits = _search(world, _cells(prior), numbers)
    proposal = _shaped(world, found, numbers)
    largest = small.n_per_replicate
    while wanted.is_asked and 2 * largest * n_replicates <= max_draws:
        largest *= 2
    full = replace(small, n_per_replicate=largest)
    tally = _Tally(n_replicates)
    while True:
        size = max(small.n_per_replicate, 2 * tally.n_per_replicate)
        _take(world, full, proposal, tally, size, progress)
        answer = _estimate(tally, proposal, scheme, n_plain_hits)
        if size >= largest or wanted.is_reached(answer, n_replicates):
            break
    design = replace(small, n_per_replicate=tally.n_per_replicate)
    weights = np.concatenate([tally.weights(number) for number in range(n_replicates)])
    return _result(world, design, proposal, tally, answer, weights, time.perf_counter() - started)


def _estimate(tally: _Tally, proposal: _Proposal, scheme: str, n_plain_hits: int) -> Estimate:
    n, n_replicates = tally.n_per_replicate, tally.n_replicates
    counts = np.array([len(tally.weights(number)) for number in range(n_replicates)])
    n_hits, n_ok = int(counts.sum()), n * n_replicates - tally.n_failed
    n_failed = np.array([len(part) for part in tally.failed])
    if not proposal.parts and n_hits > 0:
        return estimate_from_counts(counts, n - n_failed, scheme)
    if n_hits == 0:  # the draws of the prior bound it, those of the search among them
        pooled = np.array([n_plain_hits]), np.array([tally.n_plain + _N_PLAIN])
        return replace(estimate_from_counts(*pooled, scheme), prob=0.0, n_hits=0)
    hits = np.array([math.fsum(tally.weights(number)) for number in range(n_replicates)]) / n
    lost = np.array([math.fsum(part) for part in tally.failed]) / n
    left = 1.0 - math.fsum(lost) / n_replicates
    prob = math.fsum(hits) / n_replicates / left
    se = replicate_se((hits - prob * (1.0 - lost)) / left)
    half = student_t(n_replicates - 1) * se
    return Estimate(prob, se, max(0.0, prob - half), min(1.0, prob + half), "t", n_hits, n_ok)


def _result(
    world: _World, design: Design, proposal: _Proposal, tally: _Tally, answer: Estimate, weights: Array, seconds: float
) -> Rare:
    total = float(weights.sum())
    ess = total * total / float((weights * weights).sum()) if total > 0.0 else 0.0
    beyond = 0.0
    if total > 0.0:
        typical = float(np.median(weights))
        beyond = float(weights[weights > BEYOND * typical].sum()) / total
    largest = float(weights.max()) / total if total > 0.0 else math.nan
    k = pareto_k(weights)
    needed = answer.prob * (1.0 - answer.prob) / answer.se**2 if answer.se > 0.0 else math.nan
    kept = pd.concat(tally.kept, ignore_index=True) if tally.kept else pd.DataFrame()
    shifts = _shifts(world.prior, kept, tally.uniforms)
    rare = Rare(
        prior=world.prior,
        event=world.event,
        design=design,
        horizon_months=world.horizon_months,
        answer=answer,
        n_search=world.n_asked,
        n_plain=tally.n_plain + _N_PLAIN,
        n_plain_search=_N_PLAIN,
        n_failed=tally.n_failed,
        ess_hits=ess,
        largest_share=largest,
        beyond_share=beyond,
        pareto_k=k,
        n_plain_needed=needed,
        doubts=(),
        shifts=shifts,
        hits=kept.loc[:, _is_varying(kept)] if len(kept) else kept,
        n_kept_per_replicate=tally.n_kept_per_replicate,
        proposal=proposal.record(),
        sentence=sentence(answer, None),
        wall_seconds=seconds,
    )
    is_bound = answer.is_rare or not proposal.parts
    without = sum(len(tally.weights(number)) == 0 for number in range(design.n_replicates))
    return rare if is_bound else replace(rare, doubts=_doubts(rare, without))


def _is_varying(frame: pd.DataFrame) -> list[bool]:
    """Columns that say something: not absent from all hits."""
    return [not frame[name].isna().all() for name in frame]


def _doubts(rare: Rare, n_without: int) -> tuple[str, ...]:
    """Reasons not to trust the error."""
    found = []
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


def pareto_k(weights: Array) -> float:
    """Shape of the generalised Pareto law that fits the largest importance weights.

    Parameters
    ----------
    weights : array of shape (n,)
        Positive weights.

    Returns
    -------
    float
        Below 0.5 the variance exists, above 0.7 errors are not to be trusted; nan with fewer than 25 weights, and
        -inf when the largest are all alike.

    Notes
    -----
    The tail is the largest ``min(n / 5, 3 sqrt n)`` weights; the fit is that of Zhang & Stephens [2]_ with the weak
    prior towards 0.5 of Vehtari et al. [3]_. Weights that are bounded have no heavy tail in the limit: k-hat says
    whether these are enough draws for the limit to be near.
    """
    n = len(weights)
    if n < 25:
        return math.nan
    n_tail = math.ceil(min(0.2 * n, 3.0 * math.sqrt(n)))
    ordered = np.sort(weights)
    excess = ordered[n - n_tail :] - ordered[n - n_tail - 1]
    excess = excess[excess > 0.0]
    if len(excess) < 5 or excess[-1] < 1e-9 * ordered[-1]:
        return -math.inf
    m = len(excess)
    count = 30 + int(math.sqrt(m))
    grid = 1.0 - np.sqrt(count / (np.arange(1, count + 1) - 0.5))
    grid = grid / (3.0 * excess[int(m / 4 + 0.5) - 1]) + 1.0 / excess[-1]
    shapes = np.log1p(-grid[:, None] * excess).mean(axis=1)
    logs = m * (np.log(-grid / shapes) - shapes - 1.0)
    share = 1.0 / np.exp(logs - logs[:, None]).sum(axis=1)
    at = float((grid * share).sum() / share.sum())
    k = float(np.log1p(-at * excess).mean())
    return (m * k + 10 * 0.5) / (m + 10)


# --- What hits look like ---------------------------------------------------------------------------------------------


def _shifts(prior: PriorSet, hits: pd.DataFrame, uniforms: list[dict[str, Array]]) -> pd.DataFrame:
    """Quantities among hits against the prior, furthest first."""
    columns = ["quantity", "meaning", "prior", "hits", "distance"]
    if not len(hits):
        return pd.DataFrame(columns=columns)
    weights = hits["weight"].to_numpy()
    ranks = [prior.ranks(part) for part in uniforms]
    rows = []
    for name in prior.dimensions:
        u = np.concatenate([part[name] for part in ranks])
        order = np.argsort(u, kind="stable")
        reached = np.cumsum(weights[order]) / weights.sum()
        distance = float(np.abs(reached - u[order]).max())
        if name in ("mode", "prior_set"):
            before, after = _by_category(prior, hits, name)
            meaning = QUANTITIES[name].meaning if name in QUANTITIES else "which member of the pool"
            rows.append((name, meaning, before, after, distance))
            continue
        shown = next((other for other in prior.entries if QUANTITIES[other].determines == name), name)
        values = hits[shown].to_numpy()
        given = ~np.isnan(values)
        if not given.any():
            continue
        low, high = _weighted_quantiles(values[given], weights[given], (0.05, 0.95))
        before_low, before_high = prior.quantiles(shown, (0.05, 0.95))
        quantity = QUANTITIES[shown]
        unit = "" if quantity.unit == "1" else f" {quantity.unit}"
        rows.append(
            (
                shown,
                quantity.meaning,
                f"{before_low:.3g} to {before_high:.3g}{unit}",
                f"{low:.3g} to {high:.3g}{unit}",
                distance,
            )
        )
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("distance", ascending=False, kind="stable", ignore_index=True)


def _by_category(prior: PriorSet, hits: pd.DataFrame, name: str) -> tuple[str, str]:
    """Shares of the modes or members that are among the hits, in the prior and among hits, in words."""
    shares = hits.groupby(name, observed=True)["weight"].sum() / hits["weight"].sum()
    before: dict[str, float] = {}
    for cell in _cells(prior):
        key = cell.label.split(" ")[0 if name == "prior_set" else -1]
        before[key] = before.get(key, 0.0) + cell.mass
    after = {key: float(shares.get(key, 0.0)) for key in before}
    shown = sorted((key for key in before if after[key] >= 0.0005), key=lambda key: -after[key])
    return _in_percent(before, shown), _in_percent(after, shown)


def _in_percent(shares: Mapping[str, float], keys: Sequence[str]) -> str:
    return ", ".join(f"{key} {100 * shares[key]:.{0 if shares[key] >= 0.0995 else 1}f} %" for key in keys)


def _weighted_quantiles(values: Array, weights: Array, probs: Sequence[float]) -> Array:
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    at = np.searchsorted(cumulated, np.asarray(probs) * cumulated[-1])
    return np.asarray(values[order][np.clip(at, 0, len(values) - 1)])


assert BOUND_LEVEL == 0.95, "the docstring of Rare says so"
