"""Proposals for importance sampling: densities on the latent uniforms, shaped by what a search has found.

The cube is cut into cells by what is categorical (retraining mode, member of a pool). A proposal is a mixture of the
prior itself, so that weights are bounded, and of components in the cells, each a product of histograms along axes of
the latent normal space. :mod:`mc_sie.analysis.importance.rare` and
:mod:`mc_sie.analysis.importance.conditioning` search by different methods and share this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mc_sie.priors import PriorSet
from mc_sie.quantities import MODES, N_DIMENSIONS, PRIOR_SET_DIMENSION, QUANTITIES
from mc_sie.sampling import Design, points

Array = NDArray[np.float64]
Points = Mapping[str, Array]

TINY = 2.0**-53
"""Least distance of a placed point from 0 and 1."""

PICK_DIMENSION = N_DIMENSIONS
"""Dimension that chooses the component: the first that no quantity has."""

_COMPONENTS = (1, 2, 3, 4, 6, 8)  # numbers of components tried in a cell
_WIDER_SHARE = 0.15  # share of a component's draws that a wider twin makes
_MARGIN = 1e-3  # least distance of the outer bins from the extreme draws, in standard deviations
_OUTER_HIGH = 0.01  # most mass beyond the extreme draws of a histogram
_SEARCH_REPLICATE = 2**31  # random numbers of a search have addresses beyond those of any run


# --- Cells: what is categorical --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A box of the cube in which everything categorical is settled."""

    label: str  # member of the pool and retraining mode, in words
    box: dict[str, tuple[float, float]]  # interval of each categorical dimension
    names: tuple[str, ...]  # dimensions that matter in it

    @property
    def mass(self) -> float:
        """Prior probability."""
        return math.prod(high - low for low, high in self.box.values())

    def contains(self, uniforms: Points) -> NDArray[np.bool_]:
        """True for the points that lie in it."""
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


def cells_of(prior: PriorSet) -> list[Cell]:
    """The cells of a prior set, one for each retraining mode in each member of a pool."""
    if not prior.members:
        return _mode_cells(prior, "", {})
    found = []
    low = 0.0
    for number, (member, weight) in enumerate(prior.members, start=1):
        high = low + weight
        if number == len(prior.members):  # against rounding of the sum
            high = 1.0
        found += _mode_cells(member, member.name, {"prior_set": (low, high)})
        low = high
    return found


def _mode_cells(prior: PriorSet, label: str, box: dict[str, tuple[float, float]]) -> list[Cell]:
    names = tuple(name for name in prior.dimensions if name != "mode")
    if "mode" not in prior.dimensions:
        code = prior.entries["mode"].distribution.constant
        return [Cell(f"{label} {MODES[int(code or 0.0)]}".strip(), box, names)]
    atoms = prior.entries["mode"].distribution.atoms
    edges = [0.0, *np.cumsum([share for _, share in atoms[:-1]]).tolist(), 1.0]
    return [
        Cell(f"{label} {MODES[int(code)]}".strip(), box | {"mode": (edges[place], edges[place + 1])}, names)
        for place, (code, share) in enumerate(atoms)
        if share > 0.0
    ]


@dataclass(frozen=True)
class Found:
    """Hits of each population in one cell, and the probability of the event within the cell."""

    cell: Cell
    hits: list[Array]
    prob: float


def own_columns(prior: PriorSet, cell: Cell, numbers: Array) -> Array:
    """Columns of the cell's dimensions."""
    return numbers[:, [prior.dimensions.index(name) for name in cell.names]]


def dimension_of(name: str) -> int:
    """Permanent dimension of the sampler for a latent dimension of a prior set."""
    if name in QUANTITIES:
        return QUANTITIES[name].dimension
    return PRIOR_SET_DIMENSION


@dataclass
class Numbers:
    """Uniform numbers for the search: independent, and the same on any machine."""

    seed: int
    n_taken: int = 0

    def take(self, n: int, n_columns: int) -> Array:
        """Numbers in (0, 1), shape (n, n_columns)."""
        design = Design("philox", self.seed, 2**32, 2**24)
        start = (_SEARCH_REPLICATE + self.n_taken) * design.n_per_replicate
        self.n_taken += 1
        return np.stack([points(design, column, start, start + n) for column in range(n_columns)], axis=1)


# --- The proposal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Histogram:
    """A piecewise constant density on (0, 1)."""

    edges: Array  # from 0 to 1, shape (B + 1,)
    masses: Array  # positive, with sum 1, shape (B,)

    @classmethod
    def fitted(cls, values: Array) -> Histogram:
        """Bins that hold equally many of the values, and one beyond each extreme that holds little."""
        from scipy.special import ndtr, ndtri

        n = len(values)
        ordered = np.sort(np.clip(values, TINY, 1.0 - TINY))
        n_bins = int(np.clip(round(1.3 * n ** (1.0 / 3.0)), 4, 16))
        cuts = np.quantile(ordered, np.arange(1, n_bins) / n_bins)
        ends = ndtri(np.array([ordered[0], cuts[0], cuts[-1], ordered[-1]]))
        low = ndtr(ends[0] - max(0.5 * (ends[1] - ends[0]), _MARGIN))
        high = ndtr(ends[3] + max(0.5 * (ends[3] - ends[2]), _MARGIN))
        edges = np.unique(np.clip([0.0, low, *cuts, high, 1.0], 0.0, 1.0))
        counts = np.histogram(ordered, edges)[0] + 0.5
        outer = np.zeros(len(counts), dtype=bool)
        outer[0] = edges[1] <= ordered[0]
        outer[-1] = edges[-2] >= ordered[-1]
        little = np.clip(0.25 * np.diff(edges), min(2.0 / n, _OUTER_HIGH), _OUTER_HIGH)
        masses = np.where(outer, little, 0.0)
        masses += (1.0 - masses.sum()) * np.where(outer, 0.0, counts) / counts[~outer].sum()
        return cls(edges, masses / masses.sum())

    def density(self, values: Array) -> Array:
        """Density relative to the uniform distribution."""
        heights = self.masses / np.diff(self.edges)
        place = np.searchsorted(self.edges, values, side="left") - 1
        return np.asarray(heights[np.clip(place, 0, len(heights) - 1)])

    @property
    def tempered(self) -> Histogram:
        """The histogram with the square root of its heights: halfway to the uniform distribution."""
        roots = np.sqrt(self.masses * np.diff(self.edges))
        return Histogram(self.edges, roots / roots.sum())

    def quantile(self, u: Array) -> Array:
        """Quantile function."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.masses)])
        cumulated[-1] = 1.0
        place = np.clip(np.searchsorted(cumulated, u, side="left") - 1, 0, len(self.masses) - 1)
        part = np.clip((u - cumulated[place]) / (cumulated[place + 1] - cumulated[place]), 0.0, 1.0)
        low = self.edges[place]
        high = self.edges[place + 1]
        return np.asarray(np.clip(low + part * (high - low), TINY, 1.0 - TINY))


@dataclass(frozen=True)
class Component:
    """A product of histograms along axes of the latent normal space of a cell."""

    share: float  # share of the draws of the cell's components
    rotation: Array | None  # shape (d, d): axes as columns; None for the quantities' own
    axes: dict[int, Histogram]  # histograms of the axes that differ from the prior

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
        return np.asarray(np.clip(ndtr(z), TINY, 1.0 - TINY))


def with_wider(parts: Sequence[Component]) -> list[Component]:
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
class Proposal:
    """A density on the cube: a share of the prior, and components by cell."""

    prior: PriorSet  # the set whose latent uniforms the cube holds
    prior_share: float  # share of the prior itself; 1 when there are no components
    parts: tuple[tuple[Cell, Component], ...]  # components, whose shares sum to 1

    def place(self, uniforms: Points, pick: Array) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """Points of the proposal from uniform numbers, and which of them are draws of the prior."""
        rest = np.stack([uniforms[name] for name in self.prior.dimensions], axis=1)
        placed = rest.copy()
        shares = [self.prior_share, *((1.0 - self.prior_share) * part.share for _, part in self.parts)]
        which = np.searchsorted(np.cumsum(shares)[:-1], pick, side="right")
        for number, (cell, part) in enumerate(self.parts, start=1):
            rows = np.flatnonzero(which == number)
            if len(rows):
                own = part.place(own_columns(self.prior, cell, rest[rows]))
                there = cell.place(self.prior, own, rest[rows])
                placed[rows] = np.stack([there[name] for name in self.prior.dimensions], axis=1)
        return dict(zip(self.prior.dimensions, placed.T.copy(), strict=True)), which == 0

    def densities(self, uniforms: Points) -> Array:
        """Density of each component relative to the prior, shape (n_parts, n)."""
        n = next(iter(uniforms.values())).size
        found = np.zeros((len(self.parts), n))
        every = np.stack([uniforms[name] for name in self.prior.dimensions], axis=1)
        rows_of: dict[str, NDArray[np.intp]] = {}
        for number, (cell, part) in enumerate(self.parts):
            if cell.label not in rows_of:
                rows_of[cell.label] = np.flatnonzero(cell.contains(uniforms))
            rows = rows_of[cell.label]
            own = own_columns(self.prior, cell, every[rows])
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

    def mixed(self, share: float, parts: Sequence[tuple[Cell, Component]]) -> Proposal:
        """A mixture of this proposal, with some share, and of components whose shares sum to 1."""
        prior_share = share * self.prior_share
        if prior_share == share:  # the prior alone
            return Proposal(self.prior, share, tuple(parts))
        own = share * (1.0 - self.prior_share) / (1.0 - prior_share)
        mine = [(cell, replace(part, share=own * part.share)) for cell, part in self.parts]
        others = [(cell, replace(part, share=(1.0 - own) * part.share)) for cell, part in parts]
        return Proposal(self.prior, prior_share, (*mine, *others))

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


def fit_cell(found: Found, numbers: Numbers) -> list[Component]:
    """Components for the hits of a cell: as many, and along such axes, as serve the other population best.

    The mean of 1/q over draws in which the event holds is the variance of the estimate, up to a constant.
    """
    hits = found.hits if len(found.hits) > 1 else [found.hits[0][0::2], found.hits[0][1::2]]
    if not found.cell.names:
        return [Component(1.0, None, {})]
    best = math.inf
    chosen = (1, False)
    for n_components in _COMPONENTS:
        if n_components > 1 and len(hits[0]) < 32 * n_components:
            break
        labels = [_clusters(part, n_components, numbers) for part in hits]
        for rotated in (False, True):
            excess = 0.0
            for place, train in enumerate(hits):
                fit = with_wider(_fitted(train, labels[place], rotated, hits[1 - place]))
                excess += float((1.0 / np.maximum(_density(fit, hits[1 - place]), 1e-12)).mean())
            if excess < 0.95 * best:  # what is no better in earnest is not worth the parameters
                best = excess
                chosen = (n_components, rotated)
    n_components, rotated = chosen
    together = np.concatenate(hits)
    return _fitted(together, _clusters(together, n_components, numbers), rotated, together)


def _density(parts: Sequence[Component], z: Array) -> Array:
    """Density of a mixture relative to the prior within the cell."""
    from scipy.special import ndtr

    own = np.clip(ndtr(z), TINY, 1.0 - TINY)
    total = np.zeros(len(z))
    for part in parts:
        total += part.share * part.density(own)
    return total


def _fitted(z: Array, labels: NDArray[np.intp], rotated: bool, test: Array) -> list[Component]:
    """One component a cluster; axes along which a histogram does not predict the test set keep the prior."""
    from scipy.special import ndtr

    parts = []
    test_labels = _nearest(test, np.stack([z[labels == label].mean(axis=0) for label in np.unique(labels)]))
    for place, label in enumerate(np.unique(labels)):
        mine = z[labels == label]
        other = test[test_labels == place]
        rotation = principal_axes(mine) if rotated else None
        bare = Component(len(mine) / len(z), rotation, {})
        own, theirs = (bare.along(np.clip(ndtr(part), TINY, 1.0 - TINY)) for part in (mine, other))
        axes = {}
        for axis in range(z.shape[1]):
            histogram = Histogram.fitted(own[:, axis])
            if len(other) < 8 or np.log(histogram.density(theirs[:, axis])).mean() > 10.0 / len(mine):
                axes[axis] = histogram
        parts.append(replace(bare, axes=axes))
    return parts


def principal_axes(z: Array) -> Array | None:
    """Orthogonal axes along which the draws are uncorrelated, each in the place of the quantity nearest to it."""
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
    """Index of the nearest centre."""
    distances = np.stack([((z - centre) ** 2).sum(axis=1) for centre in centres])
    return np.asarray(distances.argmin(axis=0))


def _clusters(z: Array, n_clusters: int, numbers: Numbers) -> NDArray[np.intp]:
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
