"""Whether an event holds, draw by draw, for those who ask nothing else.

Most draws are far from the threshold of an event about a window or a time from the start, and bounds decide them in a
fraction of the time that a trajectory takes (:mod:`mc_sie.model.event_bounds`). The kernel follows the others.
The answers
are those of :func:`mc_sie.engine.run.simulate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from mc_sie.engine.cpu import CODES, Processor
from mc_sie.engine.run import (
    Progress,
    check_unconditioned,
    fill,
    in_batches,
    kernel_table,
    lent,
    n_threads,
    ranges_of,
    uniforms_of,
)
from mc_sie.events import Event
from mc_sie.model.event_bounds import BELOW, OPEN
from mc_sie.model.status import OK
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design

BATCH_HITS = 2**14
"""Draws that a thread takes at a time, if there are enough: deciding is quick, and every batch has its own cost."""

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Hits:
    """In which draws an event holds.

    Attributes
    ----------
    status : array of shape (n,), int8
        Status codes.
    holds : array of shape (n,), bool
        Whether the event holds; False in a draw that could not be simulated.
    holds_from_start : array of shape (n,), bool, or None
        The same of the event counted from the day of automation, if it was asked about.
    """

    status: NDArray[np.int8]
    holds: NDArray[np.bool_]
    holds_from_start: NDArray[np.bool_] | None

    @property
    def is_ok(self) -> NDArray[np.bool_]:
        """Which draws could be simulated."""
        return np.asarray(self.status == OK)


def hits_of_range(
    prior: PriorSet,
    design: Design,
    start: int,
    stop: int,
    horizon_months: float,
    event: Event,
    processor: Processor,
    *,
    with_twin: bool = False,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.generic]], Hits]:
    """Ask some draws of a design, on the calling thread.

    Parameters
    ----------
    prior : PriorSet
        What is drawn from.
    design : Design
        Scheme, seed and sizes.
    start, stop : int
        Draws ``start`` to ``stop - 1``.
    horizon_months : float
        End of each trajectory.
    event : Event
        What is asked.
    processor : Processor
        What decides; no other thread may use it meanwhile.
    with_twin : bool
        Ask also about the event counted from the day of automation, if there is such a one.

    Returns
    -------
    points : dict of str to array of shape (stop - start,)
        Uniforms by dimension.
    draws : dict of str to array of shape (stop - start,)
        Quantities.
    hits : Hits
        The answers.
    """
    n = stop - start
    uniforms = uniforms_of(prior, design, start, stop)
    rows = {name: np.broadcast_to(array, n) for name, array in prior.values(uniforms).items()}
    return uniforms, rows, _hits(rows, n, horizon_months, event, processor, with_twin)


def hits_of_points(
    prior: PriorSet,
    uniforms: Mapping[str, NDArray[np.float64]],
    horizon_months: float,
    event: Event,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Hits:
    """Ask given points of the unit cube, however they were chosen.

    Parameters
    ----------
    prior : PriorSet
        What turns them into quantities.
    uniforms : mapping of str to array of shape (n,)
        In (0, 1), by name of the dimension; every one of ``prior.dimensions``.
    horizon_months : float
        End of each trajectory.
    event : Event
        What is asked.
    threads, progress
        As in :func:`mc_sie.engine.run.simulate`.

    Returns
    -------
    Hits
        The answers.
    """
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
    """Ask all draws of a design.

    Parameters
    ----------
    prior : PriorSet
        What is drawn from.
    design : Design
        Scheme, seed and sizes.
    horizon_months, event, threads, progress
        As in :func:`hits_of_points`.

    Returns
    -------
    Hits
        The answers, in the order of the design.
    """
    check_unconditioned(prior, "hits_of_design")

    def rows_of(start: int, stop: int) -> dict[str, NDArray[np.generic]]:
        return prior.values(uniforms_of(prior, design, start, stop))

    return hits_of(rows_of, design.n_draws, horizon_months, event, threads=threads, progress=progress)


def hits_of(
    rows_of: Callable[[int, int], Arrays],
    n: int,
    horizon_months: float,
    event: Event,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Hits:
    """Ask rows of quantities.

    Parameters
    ----------
    rows_of : callable
        Given the number of the first row and that after the last: every quantity of ``KERNEL_COLUMNS`` but the horizon
        by its code name, one number a row or one for all; ``mode`` as codes.
    n : int
        Rows.
    horizon_months, event, threads, progress
        As in :func:`hits_of_points`.

    Returns
    -------
    Hits
        The answers.
    """
    status, holds = np.empty(n, dtype=np.int8), np.empty(n, dtype=bool)
    ranges = ranges_of(0, n, None, threads, largest=BATCH_HITS)
    n_workers = min(n_threads(threads), len(ranges))
    processors: SimpleQueue[Processor] = SimpleQueue()
    for _ in range(n_workers):
        processors.put(Processor())

    def one(start: int, stop: int) -> None:
        rows = {name: np.broadcast_to(array, stop - start) for name, array in rows_of(start, stop).items()}
        with lent(processors) as processor:
            hits = _hits(rows, stop - start, horizon_months, event, processor, False)
        status[start:stop], holds[start:stop] = hits.status, hits.holds

    in_batches(one, ranges, n_workers, progress)
    return Hits(status, holds, None)


def _hits(rows: Arrays, n: int, horizon_months: float, event: Event, processor: Processor, with_twin: bool) -> Hits:
    """Ask some rows: by bounds first, and by the kernel those that are left open."""
    twin = event.from_start if with_twin else None
    asked = (event, twin) if twin else (event,)
    status, holds = np.zeros(n, dtype=np.int8), np.zeros((len(asked), n), dtype=bool)
    is_open = np.ones(n, dtype=bool)
    if event.outcome in ("best_window_months", "months_to"):
        table, codes = kernel_table(rows, n, horizon_months)
        answers = np.empty((n, 2), dtype=np.int8)
        with np.errstate(all="ignore"):
            processor.decide(table, event.index, event.bound, event.outcome != "months_to", answers, codes)
        answers = answers[:, : len(asked)]  # of a time from the start both are the same
        is_open = (answers == OPEN).any(axis=1)
        status[:] = codes[:, CODES.index("status")]
        for one, answer in zip(holds, answers.T, strict=True):
            one[:] = (answer == BELOW) == event.is_below
    left = np.flatnonzero(is_open)
    if left.size:
        levels, widths = ({*event.levels, *(twin.levels if twin else ())}, {*event.widths})
        outcomes = Outcomes.empty(left.size, np.array(sorted(levels)), np.array(sorted(widths)))
        fill(
            outcomes,
            slice(0, left.size),
            {name: array[left] for name, array in rows.items()},
            horizon_months,
            processor,
        )
        status[left] = outcomes.status
        for one, each in zip(holds, asked, strict=True):
            one[left] = each.holds(outcomes)
    holds &= status == OK
    return Hits(status, holds[0], holds[1] if twin else None)
