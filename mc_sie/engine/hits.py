"""Event indicators only: bounds decide most draws, the kernel the rest.

Most draws are far from the threshold of an event about a window or a time from the start, and bounds decide them in a
fraction of the time that a trajectory takes (:mod:`mc_sie.model.event_bounds`). The answers are those of
:func:`mc_sie.simulate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mc_sie.engine.batches import Progress, Rows, run_rows
from mc_sie.engine.cpu import CODES, Processor
from mc_sie.engine.kernel import empty_outcomes, fill, kernel_table
from mc_sie.engine.run import check_unconditioned, uniforms_of
from mc_sie.events import Event
from mc_sie.model.event_bounds import BELOW, OPEN
from mc_sie.model.status import OK
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design

BATCH_HITS = 2**14
"""Draws that a thread takes at a time, if there are enough: deciding is quick, and every batch has its own cost."""


@dataclass(frozen=True)
class Hits:
    """Indicators of an event in every draw.

    Attributes
    ----------
    status : array of shape (n,), int8
        Status codes.
    holds : array of shape (n,), bool
        True where the event holds; False in a draw that could not be simulated.
    holds_from_start : array of shape (n,), bool, or None
        True where the event holds counted from the day of automation; None where that was not asked.
    """

    status: NDArray[np.int8]
    holds: NDArray[np.bool_]
    holds_from_start: NDArray[np.bool_] | None

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        """True for the draws that could be simulated."""
        return np.asarray(self.status == OK)


def hits_of_batch(
    prior: PriorSet,
    uniforms: Mapping[str, NDArray[np.float64]],
    n: int,
    horizon_months: float,
    event: Event,
    processor: Processor,
    *,
    with_twin: bool = False,
) -> tuple[dict[str, NDArray[np.generic]], Hits]:
    """Quantities and event indicators of n points of the unit cube, decided on the calling thread.

    ``with_twin`` asks also about the event counted from the day of automation, if there is such a one. No other thread
    may use the processor meanwhile.
    """
    rows = {name: np.broadcast_to(array, n) for name, array in prior.values(uniforms).items()}
    return rows, _hits(rows, n, horizon_months, event, processor, with_twin)


def hits_of_points(
    prior: PriorSet,
    uniforms: Mapping[str, NDArray[np.float64]],
    horizon_months: float,
    event: Event,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Hits:
    """Event indicators of given points of the unit cube, as :func:`~mc_sie.engine.run.simulate_points` takes them."""
    n = next(iter(uniforms.values())).size

    def rows_of(start: int, stop: int) -> dict[str, NDArray[np.generic]]:
        return prior.values({name: array[start:stop] for name, array in uniforms.items()})

    return hits_of(rows_of, n, horizon_months, event, threads=threads, progress=progress)


def hits_of_design(
    prior: PriorSet,
    design: Design,
    horizon_months: float,
    event: Event,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Hits:
    """Event indicators of all draws of a design, in its order; of a set that states no evidence."""
    check_unconditioned(prior, "hits_of_design")

    def rows_of(start: int, stop: int) -> dict[str, NDArray[np.generic]]:
        return prior.values(uniforms_of(prior, design, start, stop))

    return hits_of(rows_of, design.n_draws, horizon_months, event, threads=threads, progress=progress)


def hits_of(
    rows_of: Callable[[int, int], Rows],
    n: int,
    horizon_months: float,
    event: Event,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Hits:
    """Event indicators of rows of quantities, in their order.

    Parameters
    ----------
    rows_of : callable
        Given the number of the first row and that after the last: every quantity of ``KERNEL_COLUMNS`` but the horizon
        by its code name, one number a row or one for all; ``mode`` as codes.
    n : int
        Rows.
    horizon_months : float
        End of each trajectory.
    event : Event
        Event that is asked about.
    threads, progress
        As in :func:`mc_sie.simulate`.
    """
    status = np.empty(n, dtype=np.int8)
    holds = np.empty(n, dtype=bool)

    def store(rows: Rows, here: slice, processor: Processor) -> None:
        n_here = here.stop - here.start
        rows = {name: np.broadcast_to(array, n_here) for name, array in rows.items()}
        hits = _hits(rows, n_here, horizon_months, event, processor, False)
        status[here] = hits.status
        holds[here] = hits.holds

    run_rows(rows_of, n, store, threads=threads, largest=BATCH_HITS, progress=progress)
    return Hits(status, holds, None)


def _hits(rows: Rows, n: int, horizon_months: float, event: Event, processor: Processor, with_twin: bool) -> Hits:
    """Statuses and indicators of some rows: bounds decide most of them, the kernel follows those left open."""
    events = [event]
    if with_twin and event.from_start:
        events.append(event.from_start)
    status = np.zeros(n, dtype=np.int8)
    holds = np.zeros((len(events), n), dtype=bool)
    is_open = np.ones(n, dtype=bool)
    one = event.single
    if one is not None and one.outcome in ("best_window_months", "months_to"):
        table, codes = kernel_table(rows, n, horizon_months)
        answers = np.empty((n, 2), dtype=np.int8)
        with np.errstate(all="ignore"):
            processor.decide(table, one.index, one.bound, one.outcome != "months_to", answers, codes)
        # a bound that does not decide leaves all of a draw's events to its trajectory
        answers = answers[:, : len(events)]  # of a time from the start both are the same
        is_open = (answers == OPEN).any(axis=1)
        status[:] = codes[:, CODES.index("status")]
        for row, answer in zip(holds, answers.T, strict=True):
            row[:] = (answer == BELOW) == one.is_below
    left = np.flatnonzero(is_open)  # an event of another outcome, or of several, has left them all open
    if left.size:
        levels = sorted({level for each in events for level in each.levels})
        outcomes = empty_outcomes(left.size, levels, event.widths)
        open_rows = {name: array[left] for name, array in rows.items()}
        fill(outcomes, slice(0, left.size), open_rows, horizon_months, processor)
        status[left] = outcomes.status
        for row, each in zip(holds, events, strict=True):
            row[left] = each.holds(outcomes)
    holds &= status == OK
    return Hits(status, holds[0], holds[1] if len(events) == 2 else None)
