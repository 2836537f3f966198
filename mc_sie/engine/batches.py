"""Rows taken batch by batch on a few threads: the one loop that drives the kernel.

Every number has an address, so that neither the number of threads nor the size of a batch changes a bit of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from mc_sie.engine.compiling import announce_compiling, n_processors
from mc_sie.engine.cpu import Processor
from mc_sie.engine.given import check_whole
from mc_sie.errors import InputError

BATCH_DEFAULT = 8192
"""Draws that a thread takes at a time, if there are enough for every thread."""

BATCH_LEAST = 256
"""Draws that a thread takes at the least, where there are too few to go round in whole batches."""

Progress = Callable[[int, int], None]
"""Called with the draws done and the draws in all."""

Rows = Mapping[str, NDArray[np.generic]]
"""Quantities of some draws by code name: one number a draw, or one for all."""


def run_rows(
    rows_of: Callable[[int, int], Rows],
    n: int,
    sink: Callable[[Rows, slice, Processor], None],
    *,
    threads: int | None = None,
    batch: int | None = None,
    largest: int = BATCH_DEFAULT,
    progress: Progress | None = None,
) -> None:
    """Make rows of quantities batch by batch, and hand each batch to whoever simulates or decides it.

    Parameters
    ----------
    rows_of : callable
        Given the number of the first row and that after the last, their quantities.
    n : int
        Rows.
    sink : callable
        Given the quantities of a batch, its place among all rows, and a processor that no other thread uses meanwhile;
        stores results in places of its own.
    threads : int, optional
        Threads; all processors if not given.
    batch : int, optional
        Rows in a batch; chosen if not given.
    largest : int
        Rows in a batch that is chosen, at the most.
    progress : callable, optional
        Called with (rows done, rows in all).
    """
    ranges = ranges_of(n, batch, threads, largest=largest)
    n_workers = min(n_threads(threads), len(ranges))
    if ranges:  # without rows nothing is compiled
        announce_compiling()
    processors: SimpleQueue[Processor] = SimpleQueue()
    for _ in range(n_workers):
        processors.put(Processor())

    def one(start: int, stop: int) -> None:
        rows = rows_of(start, stop)
        processor = processors.get()
        try:
            sink(rows, slice(start, stop), processor)
        finally:
            processors.put(processor)

    in_batches(one, ranges, n_workers, progress)


def n_threads(threads: int | None) -> int:
    """Threads to use: those asked for, at least 1, or one a processor. Anything else is an InputError."""
    if threads is None:
        return n_processors()
    check_whole("threads", threads)
    if threads < 1:
        raise InputError(f"threads = {threads}", "is below 1", "Leave it out to use every processor.")
    return threads


def ranges_of(n: int, batch: int | None, threads: int | None, *, largest: int = BATCH_DEFAULT) -> list[tuple[int, int]]:
    """First row and end of each batch, in the order of the rows.

    Where no batch is given, it is as large as is good for a batch, at most ``largest``, and so small that no thread is
    left without. Raises InputError for a batch that is no whole number of at least 1.
    """
    if batch is None:
        share = -(-n // (2 * n_threads(threads)))
        batch = min(largest, max(BATCH_LEAST, share))
    check_whole("batch", batch)
    if batch < 1:
        raise InputError(f"batch = {batch}", "is below 1", "Leave it out, and it is chosen.")
    return [(first, min(first + batch, n)) for first in range(0, n, batch)]


def in_batches(
    one: Callable[[int, int], None], ranges: list[tuple[int, int]], n_workers: int, progress: Progress | None
) -> None:
    """Call a function on every range of rows, a few at a time on threads; stop at the first error or interrupt.

    It is given start and stop, and writes its results to places of its own. ``progress`` is given rows done and rows in
    all.
    """
    total = sum(stop - start for start, stop in ranges)
    done = 0
    if progress:
        progress(0, total)
    waiting = iter(ranges)
    with ThreadPoolExecutor(max_workers=max(1, n_workers)) as pool:  # no rows are no work
        running: dict[Future[None], int] = {}
        try:
            while True:
                # Two ranges a thread, not all at once: an interrupt then waits for what is under way alone.
                while len(running) < 2 * n_workers and (span := next(waiting, None)) is not None:
                    running[pool.submit(one, *span)] = span[1] - span[0]
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done += running.pop(future)
                    future.result()
                if progress:
                    progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
