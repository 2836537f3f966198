"""Counts of draws that are not kept: whole numbers only, so that any split and order give the same bits.

Draws that evidence weights are counted in three layers: their number, their weights and the squares of these, both as
whole multiples of :data:`WEIGHT_UNIT`.

There is one row of 64-bit counts for each replicate. A batch of draws adds to one row, in a single
operation, so that an interruption never finds half of a batch; how many draws a row holds is the sum of its statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mc_sie._jit import njit
from mc_sie.engine.hits import Hits
from mc_sie.events import Condition, Event
from mc_sie.outcomes import OUTCOME_KINDS, STATUS_NAMES, Outcomes, as_text, name_and_index, window_months
from mc_sie.quantities import MODES
from mc_sie.stats import quantile_sketch

WINDOWS_MONTHS = (1.0, 4.0, 12.0, 24.0, 60.0)
"""Windows of the table of probabilities, months."""

TABLE_LEVELS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 12.0, 16.0)
"""Gains of the table of probabilities, OOM."""

COUNTINGS = (("best window", "best_window_months"), ("from day one", "months_to"))
"""Countings of a gain, and the outcome of each."""

CURVE_BINS = 64
"""Equal-mass bins of each random quantity's own uniform, for the curves P(event | quantity)."""

SUM_UNIT = 2.0**-24
"""Gains are summed as whole multiples of this, OOM."""

WEIGHT_UNIT = 2.0**-20
"""Weights, which are near 1, are summed as whole multiples of this, and so are their squares."""

WEIGHT_HIGH = 2.0**16
"""A larger weight counts as this one, so that no sum overflows."""

LAYERED = ("statuses", "modes", "modes_ok", "modes_hit", "hits", "thresholds", "curves")
"""Counts that have all three layers where draws are weighted; sums and sketches have weights alone."""


@dataclass(frozen=True)
class CountSpec:
    """Specification of what is counted, and the place of each count in a row.

    Attributes
    ----------
    event : Event
        The event.
    levels, widths : tuple of float
        Gains and windows that are simulated.
    horizon_months : float
        End of each trajectory.
    dimensions : tuple of str
        Random quantities, for the curves.
    only_event : bool
        Nothing is taken but indicators of the event, so that most draws need no trajectory.
    is_weighted : bool
        Draws have weights.
    """

    event: Event
    levels: tuple[float, ...]
    widths: tuple[float, ...]
    horizon_months: float
    dimensions: tuple[str, ...]
    only_event: bool = False
    is_weighted: bool = False

    @cached_property
    def twin(self) -> Event | None:
        """The event counted from day one, where that was simulated."""
        twin = self.event.from_start
        if self.only_event:
            return twin
        if twin and set(twin.levels) <= set(self.levels) and set(twin.widths) <= set(self.widths):
            return twin
        return None

    @cached_property
    def thresholds(self) -> tuple[tuple[str, Condition], ...]:
        """Counting and condition of each cell of the table of probabilities."""
        if self.only_event:
            return ()
        return tuple(
            (counted, Condition(outcome, level, "<", months))
            for counted, outcome in COUNTINGS
            for level in TABLE_LEVELS
            if level in self.levels
            for months in WINDOWS_MONTHS
            if months <= self.horizon_months
        )

    @cached_property
    def quantiles(self) -> tuple[tuple[str, str], ...]:
        """Label and unit of each outcome whose quantiles are reported; no gain of a window longer than the horizon."""
        if self.only_event:
            return ()
        marks: dict[str, list[float | None]] = {
            "months_to": [level for level in TABLE_LEVELS if level in self.levels],
            "first_year_ooms": [None],
            "best_gain_ooms": list(self.widths),
            "pace_initial": [None],
            "pace_peak": [None],
            "pace_ceiling": [None],
        }
        found = [
            (name if mark is None else f"{name}[{as_text(mark)}]", OUTCOME_KINDS[name].unit)
            for name, several in marks.items()
            for mark in several
            if window_months(name, mark) <= self.horizon_months
        ]
        if window_months("first_year_progress_years") <= self.horizon_months:
            found.append(("first_year_progress_years", "years"))
            if 12.0 in self.widths:
                found.append(("best_year_progress_years", "years"))
        return tuple(found)

    @cached_property
    def layout(self) -> dict[str, tuple[slice, tuple[int, ...]]]:
        """Place of each kind of count in a row, and its shape with the layers first."""
        shapes = {
            "statuses": (len(STATUS_NAMES),),
            "modes": (len(MODES),),
            "modes_ok": (len(MODES),),
            "modes_hit": (len(MODES),),
            "hits": (2,),
            "thresholds": (len(self.thresholds),),
            "sums": (0 if self.only_event else 1 + len(self.widths),),
            "curves": (len(self.dimensions), CURVE_BINS, 2),
            "sketches": (len(self.quantiles), quantile_sketch.N_BINS),
        }
        if self.is_weighted:
            shapes["tail"] = (quantile_sketch.N_BINS,)  # sketch of the weights, for their tail
        places = {}
        start = 0
        for name, shape in shapes.items():
            n_layers = 3 if self.is_weighted and name in LAYERED else 1
            stop = start + n_layers * int(np.prod(shape))
            places[name] = (slice(start, stop), (n_layers, *shape))
            start = stop
        return places

    @property
    def weight_layer(self) -> int:
        """Layer that says how much draws count."""
        return int(self.is_weighted)

    @cached_property
    def n_counts(self) -> int:
        """Length of a row."""
        return int(max(place.stop for place, _ in self.layout.values()))

    def view(self, rows: NDArray[np.int64], name: str, layer: int = 0) -> NDArray[np.int64]:
        """One kind of count of rows of shape (..., n_counts), by its name in :attr:`layout`; a view where it can be.

        Layer 0 holds numbers of draws, 1 their weights, 2 the squares of these.
        """
        return np.asarray(self.layers(rows, name)[layer])

    def layers(self, rows: NDArray[np.int64], name: str) -> NDArray[np.int64]:
        """All layers of one kind of count of some rows: :meth:`view` with another dimension in front."""
        place, shape = self.layout[name]
        return np.moveaxis(rows[..., place].reshape(*rows.shape[:-1], *shape), rows.ndim - 1, 0)


def outcomes_by_label(outcomes: Outcomes, labels: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """Outcomes of every draw by the labels of :attr:`CountSpec.quantiles`; nan where one could not be simulated."""
    found = []
    for label in labels:
        name, index = name_and_index(label)
        mark = None if index is None else float(index)
        found.append(outcomes.values(name, mark))
    return found


@njit
def sum_below(values: NDArray[np.float64], bound: float, amounts: NDArray[np.int64]) -> int:
    """Sum of the amounts of draws whose value is below a bound; nan is not."""
    total = 0
    for i in range(values.shape[0]):
        if values[i] < bound:
            total += amounts[i]
    return total


@njit
def add_by(
    totals: NDArray[np.int64], codes: NDArray[np.int8], among: NDArray[np.bool_], amounts: NDArray[np.int64]
) -> None:
    """Add the amounts of some draws to the totals of their codes; exact, as ``bincount`` with weights is not."""
    for i in range(codes.shape[0]):
        if among[i]:
            totals[codes[i]] += amounts[i]


@njit
def add_to_curve(
    curve: NDArray[np.int64],
    u: NDArray[np.float64],
    counted: NDArray[np.bool_],
    hits: NDArray[np.bool_],
    amounts: NDArray[np.int64],
) -> None:
    """Add the amounts of draws, and of those in which the event holds, by equal-mass bins of a quantity's uniforms."""
    for i in range(u.shape[0]):
        place = int(u[i] * CURVE_BINS)  # u is below 1, so that the last bin holds the end
        if counted[i]:
            curve[place, 0] += amounts[i]
        if hits[i]:
            curve[place, 1] += amounts[i]


def whole_weights(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Weights as multiples of :data:`WEIGHT_UNIT`, at most :data:`WEIGHT_HIGH`; one that is positive stays so."""
    whole = np.rint(np.minimum(weights, WEIGHT_HIGH) / WEIGHT_UNIT).astype(np.int64)
    return np.maximum(whole, weights > 0.0)


def _layers(n: int, weights: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], ...]:
    """What each of n draws adds to each layer."""
    ones = np.ones(n, dtype=np.int64)
    if weights is None:
        return (ones,)
    squares = np.rint((weights * WEIGHT_UNIT) ** 2 / WEIGHT_UNIT).astype(np.int64)
    return ones, weights, squares


def count(
    spec: CountSpec,
    points: Mapping[str, NDArray[np.float64]],
    draws: Mapping[str, NDArray[np.generic]],
    outcomes: Outcomes,
    weights: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """A row of counts of some draws, from their uniforms by dimension, their quantities and their outcomes.

    ``weights`` are those of :func:`whole_weights`; of a draw that could not be simulated, the most that it may be.
    """
    twin = spec.twin
    hits = Hits(outcomes.status, spec.event.holds(outcomes), twin.holds(outcomes) if twin else None)
    row = count_hits(spec, points, draws, hits, weights)
    if spec.only_event:
        return row
    layers = _layers(len(hits.status), weights)
    counted = _counted(hits, weights)
    for place, (_, cell) in enumerate(spec.thresholds):
        values = np.where(counted, outcomes.values(cell.outcome, cell.index), np.nan)
        for layer, amounts in enumerate(layers):
            spec.view(row, "thresholds", layer)[place] = sum_below(values, cell.bound, amounts)
    amounts = np.where(counted, layers[0] if weights is None else weights, 0)
    scale = 1.0 if weights is None else WEIGHT_UNIT
    gains = [outcomes.first_year_ooms, *outcomes.best_gain_ooms.T]
    factors = scale * amounts[counted] / SUM_UNIT
    spec.view(row, "sums")[:] = [np.rint(gain[counted] * factors).astype(np.int64).sum() for gain in gains]
    sketches = spec.view(row, "sketches")
    labels = tuple(label for label, _ in spec.quantiles)
    for place, values in enumerate(outcomes_by_label(outcomes, labels)):
        quantile_sketch.add_to(sketches[place], values, amounts)
    return row


def _counted(hits: Hits, weights: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """True for the draws that count: they could be simulated, and have a weight."""
    if weights is None:
        return hits.is_ok
    return hits.is_ok & (weights > 0)


def count_hits(
    spec: CountSpec,
    points: Mapping[str, NDArray[np.float64]],
    draws: Mapping[str, NDArray[np.generic]],
    hits: Hits,
    weights: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """A row with the counts that need no more than indicators of the event; the others are 0."""
    row = np.zeros(spec.n_counts, dtype=np.int64)
    every = np.ones(len(hits.status), dtype=bool)
    counted = _counted(hits, weights)
    holds = hits.holds & counted
    mode = np.asarray(draws["mode"], dtype=np.int8)
    for layer, amounts in enumerate(_layers(len(every), weights)):
        # Statuses and modes are of all draws, so that how far a run has come is the sum of its statuses.
        add_by(spec.view(row, "statuses", layer), hits.status, every, amounts)
        for name, among in (("modes", every), ("modes_ok", counted), ("modes_hit", holds)):
            add_by(spec.view(row, name, layer), mode, among, amounts)
        n_hits = spec.view(row, "hits", layer)
        n_hits[0] = amounts[holds].sum()
        if hits.holds_from_start is not None:
            n_hits[1] = amounts[hits.holds_from_start & counted].sum()
        curves = spec.view(row, "curves", layer)
        for place, name in enumerate(spec.dimensions):
            add_to_curve(curves[place], points[name], counted, holds, amounts)
    if weights is not None:
        quantile_sketch.add_to(spec.view(row, "tail"), np.asarray(weights * WEIGHT_UNIT), counted.astype(np.int64))
    return row
