"""Counts of draws that are not kept: whole numbers only, so that any split and order give the same bits.

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
from mc_sie.events import Event
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
    """

    event: Event
    levels: tuple[float, ...]
    widths: tuple[float, ...]
    horizon_months: float
    dimensions: tuple[str, ...]
    only_event: bool = False

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
    def thresholds(self) -> tuple[tuple[str, Event], ...]:
        """Counting and event of each cell of the table of probabilities."""
        if self.only_event:
            return ()
        return tuple(
            (counted, Event(outcome, level, "<", months))
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
        """Place and shape of each kind of count in a row."""
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
        places = {}
        start = 0
        for name, shape in shapes.items():
            stop = start + int(np.prod(shape))
            places[name] = (slice(start, stop), shape)
            start = stop
        return places

    @cached_property
    def n_counts(self) -> int:
        """Length of a row."""
        return int(max(place.stop for place, _ in self.layout.values()))

    def view(self, rows: NDArray[np.int64], name: str) -> NDArray[np.int64]:
        """One kind of count of rows of shape (..., n_counts), by its name in :attr:`layout`; a view where it can be."""
        place, shape = self.layout[name]
        return rows[..., place].reshape(*rows.shape[:-1], *shape)


def outcomes_by_label(outcomes: Outcomes, labels: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """Outcomes of every draw by the labels of :attr:`CountSpec.quantiles`; nan where one could not be simulated."""
    found = []
    for label in labels:
        name, index = name_and_index(label)
        mark = None if index is None else float(index)
        found.append(outcomes.values(name, mark))
    return found


@njit
def count_below(values: NDArray[np.float64], bound: float) -> int:
    """Number of values below a bound; nan is not."""
    n = 0
    for i in range(values.shape[0]):
        n += values[i] < bound
    return n


@njit
def add_to_curve(
    curve: NDArray[np.int64], u: NDArray[np.float64], is_ok: NDArray[np.bool_], hits: NDArray[np.bool_]
) -> None:
    """Count the draws, and those in which the event holds, by equal-mass bins of a quantity's uniforms u in (0, 1)."""
    for i in range(u.shape[0]):
        place = int(u[i] * CURVE_BINS)  # u is below 1, so that the last bin holds the end
        curve[place, 0] += is_ok[i]
        curve[place, 1] += hits[i]


def count(
    spec: CountSpec,
    points: Mapping[str, NDArray[np.float64]],
    draws: Mapping[str, NDArray[np.generic]],
    outcomes: Outcomes,
) -> NDArray[np.int64]:
    """A row of counts of some draws, from their uniforms by dimension, their quantities and their outcomes."""
    twin = spec.twin
    hits = Hits(outcomes.status, spec.event.holds(outcomes), twin.holds(outcomes) if twin else None)
    row = count_hits(spec, points, draws, hits)
    thresholds = spec.view(row, "thresholds")
    for place, (_, event) in enumerate(spec.thresholds):
        thresholds[place] = count_below(outcomes.values(event.outcome, event.index), event.bound)
    # whole multiples of a unit: sums of floats would depend on the order of the batches
    gains = [outcomes.first_year_ooms, *outcomes.best_gain_ooms.T]
    spec.view(row, "sums")[:] = [np.rint(gain[hits.is_ok] / SUM_UNIT).astype(np.int64).sum() for gain in gains]
    sketches = spec.view(row, "sketches")
    labels = tuple(label for label, _ in spec.quantiles)
    for place, values in enumerate(outcomes_by_label(outcomes, labels)):
        quantile_sketch.add_to(sketches[place], values, hits.is_ok)
    return row


def count_hits(
    spec: CountSpec, points: Mapping[str, NDArray[np.float64]], draws: Mapping[str, NDArray[np.generic]], hits: Hits
) -> NDArray[np.int64]:
    """A row with the counts that need no more than indicators of the event; the others are 0."""
    row = np.zeros(spec.n_counts, dtype=np.int64)
    is_ok = hits.is_ok
    holds = hits.holds
    mode = draws["mode"]
    spec.view(row, "statuses")[:] = np.bincount(hits.status, minlength=len(STATUS_NAMES))
    for name, among in (("modes", np.ones_like(is_ok)), ("modes_ok", is_ok), ("modes_hit", holds)):
        spec.view(row, name)[:] = np.bincount(mode[among], minlength=len(MODES))
    n_hits = spec.view(row, "hits")
    n_hits[0] = holds.sum()
    if hits.holds_from_start is not None:
        n_hits[1] = hits.holds_from_start.sum()
    curves = spec.view(row, "curves")
    for place, name in enumerate(spec.dimensions):
        add_to_curve(curves[place], points[name], is_ok, holds)
    return row
