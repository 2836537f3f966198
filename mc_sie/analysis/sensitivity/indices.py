"""Shares of the uncertainty of an outcome that inputs are responsible for: alone, with others, and in fair shares.

Everything is estimated on designed points, by running the model again. Two independent blocks of coordinates, A and B,
come from one low-discrepancy sequence of twice the dimension; points that take some coordinates from A and the rest
from B tell how much those coordinates decide ("pick-freeze").

``first_order``, ``total``
    Sobol' indices: what an input decides alone, and what it decides together with any others. With correlated priors
    they are those of the copula's *independent* latent variables, in the order of the quantities: what a quantity adds
    to those before it.
``shapley``
    Shapley effects [1]_: the variance of E[outcome | inputs known], shared out fairly as inputs become known one by one
    in random order. They respect correlations (what is not known yet is drawn given what is, exactly, from the Gaussian
    copula), are never negative and add up to 100 %. Every point of the design walks from B to A in an order of its own,
    so that no inner sample is needed [2]_, and the shares of each randomisation are an independent estimate.

A function of the model is anything that takes independent uniforms by name and returns one number a point. Each
randomisation gives sums; ratios of sums and their errors are by leaving out one randomisation at a time.

References
----------
.. [1] Song, E., Nelson, B. L. & Staum, J. (2016). Shapley effects for global sensitivity analysis: theory and
       computation. SIAM/ASA Journal on Uncertainty Quantification 4(1): 1060-1083.
.. [2] Goda, T. (2021). A simple algorithm for global sensitivity analysis with Shapley effects. Reliability Engineering
       & System Safety 213: 107702.
.. [3] Saltelli, A. et al. (2010). Variance based sensitivity analysis of model output. Computer Physics Communications
       181(2): 259-270.
.. [4] Saltelli, A. (2002). Making best use of model evaluations to compute sensitivity indices. Computer Physics
       Communications 145(2): 280-297.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mc_sie.engine.batches import Progress
from mc_sie.engine.hits import hits_of_points
from mc_sie.errors import InputError
from mc_sie.events import Event
from mc_sie.priors import PriorSet
from mc_sie.quantities import PRIOR_SET_DIMENSION, QUANTITIES, group
from mc_sie.sampling import SECOND_BLOCK, Design, points
from mc_sie.stats.jackknife import Array, TooFewError, is_settled, jackknife, quotient

Function = Callable[[Mapping[str, Array]], Array]
"""From independent uniforms, shape (n,), by name, to one number a point, shape (n,)."""

INDICES = ("shapley", "first_order", "total")
"""Kinds of index, in the order of the tables."""

READINGS = {
    "shapley": "fair share of the uncertainty: shares of all inputs add up to 100 %",
    "first_order": "share of the uncertainty that learning this input alone would remove",
    "total": "share of the uncertainty that would be left if everything but this input were known",
    "interaction": "share of the uncertainty that two inputs decide only together, beyond what each decides alone",
}
"""Meaning of each index, in a phrase."""

HALF_WIDTH_HIGH = 0.03
"""An index has not converged while its 90 % interval reaches further than so much to either side."""

_UNREACHED = 2.0**-54  # nearer to 0 than any uniform of the sampler


@dataclass(frozen=True)
class Space:
    """The random inputs of a function."""

    names: tuple[str, ...]  # inputs by name
    dimensions: tuple[int, ...]  # permanent dimension of each in the low-discrepancy sequence
    # correlation matrix of the inputs' latent standard normals. The function is given *independent* uniforms, whose
    # normals its lower triangular root turns into correlated ones, shape (d, d)
    matrix: Array

    @classmethod
    def independent(cls, names: Sequence[str]) -> Space:
        """Independent inputs on the first dimensions of the sequence."""
        return cls(tuple(names), tuple(range(len(names))), np.eye(len(names)))

    @classmethod
    def of(cls, prior: PriorSet) -> Space:
        """The latent dimensions of a prior set that are random.

        A pool of sets with correlations of their own has no one copula: its players are the independent latent
        variables that its members share.
        """
        names = prior.dimensions
        matrix = np.eye(len(names))
        places = np.array([names.index(name) for name in prior.dependence.names], dtype=np.intp)
        matrix[np.ix_(places, places)] = prior.dependence.matrix
        dimensions = (QUANTITIES[name].dimension if name in QUANTITIES else PRIOR_SET_DIMENSION for name in names)
        return cls(names, tuple(dimensions), matrix)

    @property
    def is_dependent(self) -> bool:
        """True where some inputs are correlated."""
        return bool((self.matrix != np.eye(len(self.names))).any())


@dataclass(frozen=True)
class Indices:
    """Designed indices of a function.

    Attributes
    ----------
    inputs : pandas.DataFrame
        One row an input and an index: ``quantity``, ``index``, ``value``, ``se``, ``low``, ``high`` (two-sided 90 %,
        Student's t), ``converged`` (the halves of the randomisations agree and the interval is narrow), ``reading``.
    groups : pandas.DataFrame
        The same for groups of inputs: ``group``, ``members``, ...
    pairs : pandas.DataFrame
        ``quantity``, ``other`` and their ``interaction``, the second-order Sobol' index, with its error.
    outcome : ndarray, shape (n,)
        The function at the points of block A, those of an ordinary run with the same design.
    n_evaluations : int
        Points at which the function was asked.
    """

    inputs: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame
    outcome: Array
    n_evaluations: int

    def index(self, name: str) -> pd.DataFrame:
        """Rows of one index, by quantity."""
        return self.inputs[self.inputs["index"] == name].set_index("quantity")

    @property
    def unconverged(self) -> list[str]:
        """Inputs and groups whose Shapley effect has not converged."""
        rows = [*zip(self.inputs["quantity"], self.inputs["index"], self.inputs["converged"], strict=True)]
        rows += [*zip(self.groups["group"], self.groups["index"], self.groups["converged"], strict=True)]
        return list(dict.fromkeys(name for name, index, is_fine in rows if index == "shapley" and not is_fine))


@dataclass
class EventFunction:
    """Indicator of an event as a function of independent uniforms: 1 or 0."""

    prior: PriorSet
    event: Event
    horizon_months: float
    threads: int | None = None
    n_failed: int = 0  # points so far that could not be simulated; they count as 0

    def __call__(self, uniforms: Mapping[str, Array]) -> Array:
        """Simulate points; 1 where the event holds."""
        hits = hits_of_points(self.prior, uniforms, self.horizon_months, self.event, threads=self.threads)
        self.n_failed += int((~hits.is_ok).sum())
        return hits.holds.astype(np.float64)


def n_evaluations(space: Space, groups: Mapping[str, Sequence[str]] | None = None) -> int:
    """Evaluations of the function for each point of the design; groups as for :func:`designed`.

    About three an input, and three a group where a group has several members.
    """

    def walk(n: int) -> int:
        if space.is_dependent:
            return n - 1
        return max(n - 3, 0)  # the first step and the last are evaluations for the Sobol' indices

    d = len(space.names)
    together = _partition(space, groups)
    shared = sum(len(places) == 1 for places in together.values())
    n = 2 + 2 * d + walk(d)
    if shared < len(together):
        n += 2 * (len(together) - shared) + walk(len(together))
    return n


def designed(
    function: Function,
    space: Space,
    design: Design,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Indices:
    """Sobol' indices, Shapley effects and interactions of a function of random inputs.

    ``design`` has the points of block A; those of block B come from further dimensions of the same sequence, and the
    function is asked at :func:`n_evaluations` times as many. Inputs that are in none of the ``groups`` are groups of
    their own. Shapley effects of all inputs add up to 1 exactly, and so do those of all groups. An InputError when
    there is no input, or the outcome does not differ between the blocks in at least two replicates.
    """
    names = space.names
    d = len(names)
    if d == 0:
        raise InputError("sensitivity", "has no input that varies", "There is nothing to be sensitive to.")
    a = np.stack([points(design, dimension, 0, design.n_draws) for dimension in space.dimensions])
    b = np.stack([points(design, dimension + SECOND_BLOCK, 0, design.n_draws) for dimension in space.dimensions])
    total = n_evaluations(space, groups) * design.n_draws
    done = 0

    def ask(columns: Array) -> Array:
        nonlocal done
        outcome = np.asarray(function(dict(zip(names, columns, strict=True))), dtype=np.float64)
        done += design.n_draws
        if progress:
            progress(done, total)
        return outcome

    f_a = ask(a)
    f_b = ask(b)
    _check_varies(design, f_a, f_b)

    def swapped(places: Sequence[int]) -> tuple[Array, Array]:
        """A with some coordinates from B, and B with those from A."""
        chosen = np.isin(np.arange(d), places)[:, None]
        return ask(np.where(chosen, b, a)), ask(np.where(chosen, a, b))

    singles: dict[str, tuple[int, ...]] = {name: (place,) for place, name in enumerate(names)}
    together = _partition(space, groups)
    alone = {places: swapped(places) for places in singles.values()}
    by_design = _Frames(design, f_a, f_b)
    order = _orders(design, len(singles))
    steps = _walk(ask, space, a, b, list(singles.values()), order, [f_a, f_b], alone)
    inputs = by_design.frame("quantity", singles, alone, order, steps, space)
    if len(together) < len(names):
        alone |= {places: swapped(places) for places in together.values() if len(places) > 1}
        order = _orders(design, len(together))
        steps = _walk(ask, space, a, b, list(together.values()), order, [f_a, f_b], alone)
        in_groups = by_design.frame("group", together, alone, order, steps, space)
    else:  # every group has one member
        titles = {names[places[0]]: title for title, places in together.items()}
        in_groups = inputs.rename(columns={"quantity": "group"}).replace({"group": titles})
    members = {title: ", ".join(names[place] for place in places) for title, places in together.items()}
    in_groups.insert(1, "members", in_groups["group"].map(members))
    return Indices(inputs, in_groups, by_design.pairs(names, alone), f_a, done)


def _check_varies(design: Design, f_a: Array, f_b: Array) -> None:
    """Refuse an outcome that does not differ between the blocks in at least two randomisations."""
    n_differing = np.count_nonzero((f_a != f_b).reshape(design.n_replicates, -1).any(axis=1))
    if n_differing > 1:
        return
    if (f_a == f_a[0]).all() and (f_b == f_a[0]).all():
        why = f"is {f_a[0]:g} at each of {2 * design.n_draws:,} points"
    else:
        seen = "one randomisation" if n_differing else "no randomisation"
        why = f"differs between the blocks of {design.n_draws:,} points in {seen}, and two are needed"
    raise TooFewError("the outcome", why, "Take more draws.")


def prior_groups(prior: PriorSet) -> dict[str, list[str]]:
    """Latent dimensions of a prior set that are random, by group of :data:`~mc_sie.quantities.GROUPS`."""
    found: dict[str, list[str]] = {}
    for name in prior.dimensions:
        found.setdefault(group(name), []).append(name)
    return found


def _partition(space: Space, groups: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[int, ...]]:
    """Places of the inputs in each group."""
    found = {title: tuple(space.names.index(name) for name in names) for title, names in (groups or {}).items()}
    taken = {place for places in found.values() for place in places}
    return found | {name: (place,) for place, name in enumerate(space.names) if place not in taken}


def _orders(design: Design, n_players: int) -> NDArray[np.intp]:
    """An order of the players for each point, shape (n, K): independent numbers, the same on any machine."""
    numbers = replace(design, scheme="philox")
    columns = [points(numbers, place, 0, design.n_draws) for place in range(n_players)]
    return np.argsort(np.stack(columns, axis=1), axis=1)


def _walk(
    ask: Callable[[Array], Array],
    space: Space,
    a: Array,
    b: Array,
    players: Sequence[tuple[int, ...]],
    order: NDArray[np.intp],
    ends: Sequence[Array],
    alone: Mapping[tuple[int, ...], tuple[Array, Array]],
) -> Array:
    """The function on the way from B to A as players become known in order, shape (K + 1, n)."""
    n = len(order)
    n_players = len(players)
    f_a, f_b = ends
    position = np.argsort(order, axis=1)  # of each player in the order
    when = np.empty((len(space.names), n), dtype=np.intp)
    for player, places in enumerate(players):
        when[list(places)] = position[:, player]
    steps = np.empty((n_players + 1, n))
    steps[0] = f_b
    steps[-1] = f_a
    between = range(1, n_players)
    if space.is_dependent:
        copula = _Conditional(space, a, b, when)
        for k in between:
            steps[k] = ask(copula.known(k))
        return steps
    rows = np.arange(n)
    for k in between:
        if k == 1:  # all of B but the first player
            steps[k] = np.stack([alone[places][1] for places in players])[order[:, 0], rows]
        elif k == n_players - 1:  # all of A but the last player
            steps[k] = np.stack([alone[places][0] for places in players])[order[:, -1], rows]
        else:
            steps[k] = ask(np.where(when < k, a, b))
    return steps


class _Conditional:
    """Points whose first few coordinates, in an order of each point's own, are those of A, the rest drawn given them.

    Along that order the latent normals are ``L e`` with independent innovations e and the triangular root L of the
    reordered matrix. Innovations of A for what is known and of B for the rest give exactly the conditional
    distribution.
    """

    def __init__(self, space: Space, a: Array, b: Array, when: NDArray[np.intp]) -> None:
        from scipy.special import ndtri

        self.a = a
        self.b = b
        self.when = when
        off = (space.matrix != np.eye(len(space.names))).any(axis=0)
        self.places = np.flatnonzero(off)
        matrix = space.matrix[np.ix_(self.places, self.places)]
        self.root = np.linalg.cholesky(matrix)
        self.order = np.argsort(when[self.places], axis=0, kind="stable").T  # shape (n, m)
        self.roots = np.linalg.cholesky(matrix[self.order[:, :, None], self.order[:, None, :]])
        z_a, z_b = ((self.root @ ndtri(block[self.places])).T for block in (a, b))
        self.innovations_a, self.innovations_b = (
            np.linalg.solve(self.roots, np.take_along_axis(z, self.order, axis=1)[:, :, None])[:, :, 0]
            for z in (z_a, z_b)
        )

    def known(self, k: int) -> Array:
        """Independent uniforms of the points at which the first k players are known, shape (d, n)."""
        from scipy.special import ndtr

        columns = np.where(self.when < k, self.a, self.b)
        is_known = np.take_along_axis(self.when[self.places].T, self.order, axis=1) < k
        innovations = np.where(is_known, self.innovations_a, self.innovations_b)
        ordered = np.einsum("nij,nj->ni", self.roots, innovations)
        z = np.empty_like(ordered)
        np.put_along_axis(z, self.order, ordered, axis=1)
        columns[self.places] = np.clip(ndtr(np.linalg.solve(self.root, z.T)), _UNREACHED, 1.0 - 2.0 * _UNREACHED)
        return columns


@dataclass(frozen=True)
class _Frames:
    """Tables from the outcomes at both blocks of the design."""

    design: Design
    f_a: Array
    f_b: Array

    def sums(self, values: Sequence[Array]) -> Array:
        """Sums over each randomisation, shape (R, number of values)."""
        return np.stack([value.reshape(self.design.n_replicates, -1).sum(axis=1) for value in values], axis=1)

    def frame(
        self,
        label: str,
        players: Mapping[str, tuple[int, ...]],
        alone: Mapping[tuple[int, ...], tuple[Array, Array]],
        order: NDArray[np.intp],
        steps: Array,
        space: Space,
    ) -> pd.DataFrame:
        """Shapley effects, first-order and total indices of some players."""
        f_a = self.f_a
        f_b = self.f_b
        ab, ba = (np.stack([alone[places][side] for places in players.values()]) for side in (0, 1))
        first = 0.5 * (f_a * ba + f_b * ab) - f_a * f_b
        total = 0.25 * ((f_a - ab) ** 2 + (f_b - ba) ** 2)
        moments = self._moments()

        effects = self._effects(order, steps, space)
        shares: dict[str, tuple[Array, Callable[[Array], Array]]] = {
            "shapley": (effects, lambda sums: quotient(sums, sums.sum(axis=1, keepdims=True))),
            "first_order": (self.sums([*moments, *first]), _share),
            "total": (self.sums([*moments, *total]), _share),
        }
        found = {kind: jackknife(*given) for kind, given in shares.items()}
        settled = {kind: is_settled(*given) for kind, given in shares.items()}
        rows: list[dict[str, Any]] = [
            {
                label: name,
                "index": kind,
                "value": found[kind].value[place],
                "se": found[kind].se[place],
                "low": found[kind].low[place],
                "high": found[kind].high[place],
                "converged": bool(settled[kind][place] and found[kind].half[place] <= HALF_WIDTH_HIGH),
                "reading": READINGS[kind],
            }
            for place, name in enumerate(players)
            for kind in INDICES
        ]
        return pd.DataFrame(rows)

    def _effects(self, order: NDArray[np.intp], steps: Array, space: Space) -> Array:
        """Uncertainty that each player takes off by becoming known, summed over each randomisation, (R, K)."""
        last = steps[-1]
        if space.is_dependent:
            left = 0.5 * (steps - last) ** 2
            gains = left[:-1] - left[1:]
        else:  # the mean of the walk from B to A and of the same walk back, which is less noisy
            gains = 0.5 * np.diff(steps, axis=0) * (last - steps[0])
        n_replicates = self.design.n_replicates
        n_players = order.shape[1]
        cells = (self.design.replicate[:, None] * n_players + order).T
        sums = np.bincount(cells.ravel(), weights=gains.ravel(), minlength=n_replicates * n_players)
        return sums.astype(np.float64).reshape(n_replicates, n_players)

    def _moments(self) -> list[Array]:
        """1, the outcome and its square, for the variance."""
        return [np.ones_like(self.f_a), 0.5 * (self.f_a + self.f_b), 0.5 * (self.f_a**2 + self.f_b**2)]

    def pairs(self, names: Sequence[str], alone: Mapping[tuple[int, ...], tuple[Array, Array]]) -> pd.DataFrame:
        """Second-order indices: two points that share exactly two coordinates, less what each decides alone."""
        chosen = list(combinations(range(len(names)), 2))
        if not chosen:
            return pd.DataFrame(columns=["quantity", "other", "interaction", "se", "low", "high", "reading"])
        f_a = self.f_a
        f_b = self.f_b
        values = []
        for i, j in chosen:
            (ab_i, ba_i), (ab_j, ba_j) = alone[(i,)], alone[(j,)]
            singly = f_a * (ba_i + ba_j) + f_b * (ab_i + ab_j)
            values.append(0.5 * (ba_i * ab_j + ba_j * ab_i - singly) + f_a * f_b)
        found = jackknife(self.sums([*self._moments(), *values]), _share)
        return pd.DataFrame(
            {
                "quantity": [names[i] for i, _ in chosen],
                "other": [names[j] for _, j in chosen],
                **found.columns("interaction"),
                "reading": READINGS["interaction"],
            }
        )


def _share(sums: Array) -> Array:
    """Shares of the variance, from sums of 1, the outcome and its square in the first three columns."""
    variance = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 0]  # times the number of points
    return quotient(sums[:, 3:], variance[:, None])
