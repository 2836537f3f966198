"""Simulation in constant memory: batch by batch, counted and forgotten.

Batches are numbered round by round: the first batch of every replicate, then the second of every replicate, and so on,
so that any number of whole rounds is a smaller design of the same kind. Their counts are added in this order, however
many workers count and wherever they run, so that what has been counted is always the draws up to some batch: enough to
go on from.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mc_sie.engine.batches import BATCH_DEFAULT, Progress, n_threads
from mc_sie.engine.compiling import announce_compiling
from mc_sie.engine.counts import CountSpec, count, count_hits
from mc_sie.engine.cpu import Processor
from mc_sie.engine.hits import BATCH_HITS, hits_of_batch
from mc_sie.engine.run import check_prior_set, simulate_batch, uniforms_of
from mc_sie.errors import InputError
from mc_sie.outcomes import Outcomes
from mc_sie.priors import PriorSet
from mc_sie.sampling import Design
from mc_sie.stats.estimates import Estimate
from mc_sie.text.showing import Shown

CHECKPOINT_SECONDS = 15.0
"""Time between checkpoints."""


class Weighting(Protocol):
    """How draws of a set that states evidence are placed and weighted; any process can do it."""

    @property
    def needs_outcomes(self) -> bool:
        """True where weights rest on outcomes, so that every draw is simulated."""

    def points(self, design: Design, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """Coordinates in the unit cube of some draws of a design, by name of the dimension."""

    def weights(
        self,
        points: Mapping[str, NDArray[np.float64]],
        draws: Mapping[str, NDArray[np.generic]],
        is_ok: NDArray[np.bool_],
        outcomes: Outcomes | None,
    ) -> NDArray[np.int64]:
        """Whole weights of draws; of those that could not be simulated, the most that they may be."""


@dataclass(frozen=True)
class Job:
    """A task for any worker: prior set, design, and what to count.

    Attributes
    ----------
    prior : PriorSet
        Prior set that is drawn from.
    design : Design
        Scheme, seed, replicates and the most draws in each.
    spec : CountSpec
        Specification of the counts.
    batch : int
        Draws in a batch; a power of two where designs are to be doubled.
    weighting : Weighting or None
        For a set that states evidence.
    """

    prior: PriorSet
    design: Design
    spec: CountSpec
    batch: int = BATCH_DEFAULT
    weighting: Weighting | None = None

    @classmethod
    def growing(
        cls, prior: PriorSet, design: Design, spec: CountSpec, max_draws: int, weighting: Weighting | None = None
    ) -> Job:
        """A job that may end once the design is done, and otherwise goes on doubling up to ``max_draws``.

        Raises InputError for a set that states evidence, without a weighting.
        """
        check_prior_set(prior, "Job.growing")
        if prior.evidence and weighting is None:
            raise InputError(prior.name, "states evidence, and the job has no weighting", "Make it with count_job.")
        spec = replace(spec, is_weighted=weighting is not None)
        largest_batch = BATCH_HITS if spec.only_event else BATCH_DEFAULT
        batch = min(largest_batch, design.n_per_replicate)
        largest = design.n_per_replicate
        while 2 * largest * design.n_replicates <= max_draws:
            largest *= 2
        return cls(prior, replace(design, n_per_replicate=largest), spec, batch, weighting)

    @property
    def n_rounds(self) -> int:
        """Batches in each replicate."""
        return -(-self.design.n_per_replicate // self.batch)

    def span(self, number: int) -> tuple[int, int, int]:
        """Replicate, first draw and end of a batch, counting draws within the replicate."""
        turn, replicate = divmod(number, self.design.n_replicates)
        start = turn * self.batch
        return replicate, start, min(start + self.batch, self.design.n_per_replicate)

    def ends_a_doubling(self, number: int) -> bool:
        """True before a batch when every replicate holds the same number of batches, a power of two."""
        turns, is_within = divmod(number, self.design.n_replicates)
        return turns > 0 and not is_within and turns & (turns - 1) == 0

    def empty(self) -> NDArray[np.int64]:
        """Counts before the first batch, shape (R, n_counts)."""
        return np.zeros((self.design.n_replicates, self.spec.n_counts), dtype=np.int64)

    def n_drawn(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draws counted in each replicate."""
        return np.asarray(self.spec.view(rows, "statuses").sum(axis=1))

    def n_batches(self, rows: NDArray[np.int64]) -> int:
        """Batches counted."""
        return int((-(-self.n_drawn(rows) // self.batch)).sum())


@dataclass(frozen=True, repr=False)
class Streamed(Shown):
    """A simulation whose draws were counted and not kept.

    Attributes
    ----------
    prior : PriorSet
        Prior set that was drawn from.
    design : Design
        Scheme, seed, and the sizes that were reached.
    spec : CountSpec
        Specification of the counts.
    rows : array of shape (R, n_counts), int64
        The counts, one row a replicate.
    wall_seconds : float
        Time it took, interruptions not counted.
    before : Estimate or None
        Probability of the event before the evidence, of a set that states any.
    """

    prior: PriorSet
    design: Design
    spec: CountSpec
    rows: NDArray[np.int64]
    wall_seconds: float
    before: Estimate | None = None

    @property
    def method_in_words(self) -> str:
        """How draws were weighted by evidence, in a sentence; empty where there is none."""
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the error."""
        return ()

    @property
    def shown_sentences(self) -> tuple[str, ...]:
        """Prior set, number of draws and event."""
        return (f"{self.prior.name}, {self.design.n_draws:,} draws counted, {self.spec.event}",)

    @property
    def horizon_months(self) -> float:
        """End of each trajectory."""
        return self.spec.horizon_months


_local = threading.local()


def count_batch(job: Job, number: int) -> NDArray[np.int64]:
    """Row of counts of one batch, to be added to that of its replicate; any process can make it."""
    replicate, start, stop = job.span(number)
    first = replicate * job.design.n_per_replicate
    spec, weighting = job.spec, job.weighting
    if not hasattr(_local, "processor"):  # half a megabyte for each thread, kept from batch to batch
        _local.processor = Processor()
    rows = first + start, first + stop
    points = weighting.points(job.design, *rows) if weighting else uniforms_of(job.prior, job.design, *rows)
    where = job.prior, points, stop - start, spec.horizon_months
    weights = None
    if spec.only_event and not (weighting and weighting.needs_outcomes):
        draws, hits = hits_of_batch(*where, spec.event, _local.processor, with_twin=True)
        if weighting:
            weights = weighting.weights(points, draws, hits.is_ok, None)
        return count_hits(spec, points, draws, hits, weights)
    draws, outcomes = simulate_batch(*where, spec.levels, spec.widths, _local.processor)
    if weighting:
        weights = weighting.weights(points, draws, outcomes.is_ok, outcomes)
    return count(spec, points, draws, outcomes, weights)


def stream(
    job: Job,
    rows: NDArray[np.int64] | None = None,
    *,
    executor: Executor | None = None,
    threads: int | None = None,
    n_ahead: int | Callable[[], int] | None = None,
    progress: Progress | None = None,
    checkpoint: Callable[[NDArray[np.int64]], None] | None = None,
    is_enough: Callable[[NDArray[np.int64]], bool] | None = None,
) -> Streamed:
    """Counts of a design, whose draws are simulated and forgotten.

    Parameters
    ----------
    job : Job
        Prior, design, and what to count.
    rows : array of shape (R, n_counts), int64, optional
        Counts to go on from.
    executor : concurrent.futures.Executor, optional
        Where batches are counted; a pool of threads of this process if not given.
    threads : int, optional
        Threads of that pool.
    n_ahead : int or callable, optional
        Batches that are under way at a time, or what says so as workers come and go; twice the threads if not given.
    progress : callable, optional
        Called with (draws done, draws in all).
    checkpoint : callable, optional
        Called with the counts every :data:`CHECKPOINT_SECONDS`, and when the simulation ends or is interrupted.
    is_enough : callable, optional
        Asked whenever every replicate holds a power of two of batches, the same number; the simulation ends when it
        says so.

    Returns
    -------
    Streamed
        Bit for bit the same for any executor, number of threads, batch, and interruptions.
    """
    started = time.perf_counter()
    counts = job.empty() if rows is None else rows.copy()
    n_workers = n_threads(threads)
    if executor is None:
        announce_compiling()  # workers elsewhere have caches of their own
    pool = executor or ThreadPoolExecutor(max_workers=n_workers)
    total = job.design.n_draws
    design = job.design
    waiting: deque[tuple[int, Future[NDArray[np.int64]]]] = deque()
    number = job.n_batches(counts)  # the next to be added: in order, whoever is done first
    following = number  # the next to be handed out
    last = job.n_rounds * design.n_replicates
    saved = time.monotonic()
    try:
        while True:
            # Asked before the next batch and not after the last one, so that a run that was interrupted between a
            # round and this question asks it when it goes on.
            if is_enough and job.ends_a_doubling(number) and is_enough(counts):
                design = replace(design, n_per_replicate=int(job.n_drawn(counts)[0]))
                break
            if number == last:
                break
            ahead = n_ahead() if callable(n_ahead) else n_ahead or 2 * n_workers
            while following < last and len(waiting) < ahead:
                waiting.append((following, pool.submit(count_batch, job, following)))
                following += 1
            number, future = waiting.popleft()
            result = future.result()
            counts[number % design.n_replicates] += result  # one operation: an interrupt comes before it or after it
            number += 1
            if progress:
                progress(int(job.n_drawn(counts).sum()), total)
            if checkpoint and time.monotonic() - saved > CHECKPOINT_SECONDS:
                checkpoint(counts)
                saved = time.monotonic()
    finally:
        if checkpoint:
            checkpoint(counts)
        for _, future in waiting:
            future.cancel()
        if executor is None:
            pool.shutdown(wait=False, cancel_futures=True)
    return Streamed(job.prior, design, job.spec, counts, time.perf_counter() - started)
