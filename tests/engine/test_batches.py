"""Rows batch by batch: every row once, in its place, whatever the batches and threads."""

import numpy as np
import pytest

from mc_sie import InputError
from mc_sie.engine.batches import BATCH_LEAST, in_batches, n_threads, ranges_of, run_rows


@pytest.mark.parametrize(
    ("n", "batch", "threads"), [(1000, 7, 3), (1000, None, 2), (5, None, 4), (0, None, 2), (1, 1, 1)]
)
def test_ranges_hold_every_row_once(n, batch, threads):
    ranges = ranges_of(n, batch, threads)
    assert [row for start, stop in ranges for row in range(start, stop)] == list(range(n))


def test_batches_are_small_enough_for_every_thread_and_not_too_small():
    assert len(ranges_of(100_000, None, 8)) >= 8
    assert ranges_of(2 * BATCH_LEAST, None, 64) == [(0, BATCH_LEAST), (BATCH_LEAST, 2 * BATCH_LEAST)]
    assert ranges_of(10**6, None, 1, largest=1000)[0] == (0, 1000)


@pytest.mark.parametrize("threads", [1, 3])
def test_each_row_goes_to_its_place_and_no_processor_serves_two(threads):
    stored = np.zeros(1000)
    busy = set()

    def store(rows, here, processor):
        assert id(processor) not in busy
        busy.add(id(processor))
        stored[here] += rows["x"]
        busy.remove(id(processor))

    done = []
    run_rows(
        lambda start, stop: {"x": np.arange(start, stop)}, len(stored), store,
        threads=threads, batch=13, progress=lambda n, total: done.append((n, total)),
    )  # fmt: skip
    np.testing.assert_array_equal(stored, np.arange(len(stored)))
    assert done[0] == (0, 1000)
    assert done[-1] == (1000, 1000)
    assert done == sorted(done)


def test_the_first_error_ends_the_work():
    seen = []

    def one(start, _):
        seen.append(start)
        raise ValueError(str(start))

    with pytest.raises(ValueError, match="0"):
        in_batches(one, [(start, start + 1) for start in range(1000)], 1, None)
    assert len(seen) < 10


def test_a_thread_is_the_least():
    with pytest.raises(InputError, match=r"^threads = 0 is below 1\. Leave it out to use every processor\."):
        n_threads(0)
    with pytest.raises(InputError, match=r"^batch = 0 is below 1\."):
        ranges_of(10, 0, None)
    assert n_threads(None) >= 1
