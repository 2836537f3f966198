"""Draws that are counted and forgotten tell the same as draws that are kept, whoever counts them."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior, simulate, summarise
from mc_sie.analysis.probability.summary import QUANTILES, curve_table, summarise_counts
from mc_sie.engine.counts import CURVE_BINS, SUM_UNIT, TABLE_LEVELS, CountSpec
from mc_sie.engine.run import uniforms_of
from mc_sie.engine.streaming import Job, Streamed, count_batch, stream
from mc_sie.events import parse_event
from mc_sie.sampling import plan
from mc_sie.stats import quantile_sketch
from mc_sie.stats.estimates import RARE_HITS

N_REPLICATES = 4
N_DRAWS = 64 if INTERPRETED else 4096
EVENT = parse_event("best_window_months[5] < 12")
PRIORS = ("davidson-2025", "agnostic")


def job_of(name: str, n_draws: int = N_DRAWS, *, scheme: str = "sobol", batch: int = 16) -> Job:
    prior = load_prior(name)
    spec = CountSpec(EVENT, TABLE_LEVELS, (4.0, 12.0), 240.0, tuple(prior.dimensions))
    return Job(prior, plan(n_draws, scheme=scheme, seed=4, n_replicates=N_REPLICATES), spec, batch)


@pytest.fixture(scope="module", params=PRIORS)
def both(request):
    """A simulation that keeps its draws, and the same counted."""
    job = job_of(request.param, batch=64)
    kept = simulate(job.prior, N_DRAWS, seed=4, n_replicates=N_REPLICATES, levels=TABLE_LEVELS)
    return kept, stream(job)


def test_tables_are_the_same_to_the_last_bit(both):
    kept, streamed = both
    one, other = summarise(kept, EVENT), summarise_counts(streamed)
    assert one.sentence == other.sentence
    assert one.answer == other.answer
    assert one.from_start == other.from_start
    for name in ("thresholds", "modes", "statuses"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.statuses.attrs == other.statuses.attrs


def test_quantiles_are_within_the_stated_error(both):
    kept, streamed = both
    exact = summarise(kept, EVENT).quantiles
    sketched = summarise_counts(streamed).quantiles
    pd.testing.assert_frame_equal(
        exact[["outcome", "unit", "share_reached"]], sketched[["outcome", "unit", "share_reached"]]
    )
    for prob in QUANTILES:
        column = f"q{100 * prob:02.0f}"
        np.testing.assert_allclose(sketched[column], exact[column], rtol=quantile_sketch.RELATIVE_ERROR * (1 + 1e-9))


def test_no_gain_of_a_window_beyond_the_horizon_is_in_a_table():
    prior = load_prior("davidson-2025")
    spec = CountSpec(EVENT, TABLE_LEVELS, (4.0, 12.0), 6.0, tuple(prior.dimensions))
    counted = stream(Job(prior, plan(64, seed=4, n_replicates=4), spec, 16))
    kept = simulate(prior, 64, seed=4, n_replicates=4, levels=TABLE_LEVELS, horizon_months=6.0)
    event = parse_event("best_window_months[5] < 6")
    for summary in (
        summarise(kept, event),
        summarise_counts(replace(counted, spec=replace(spec, event=event))),
    ):
        outcomes = set(summary.quantiles["outcome"])
        assert {"best_gain_ooms[4]", "months_to[5]", "pace_peak"} <= outcomes
        assert not [name for name in outcomes if "year" in name or name == "best_gain_ooms[12]"]


def test_sums_and_curves_are_those_of_the_draws(both):
    kept, streamed = both
    asked, rows = streamed.spec, streamed.rows
    total = asked.view(rows, "sums").sum(axis=0) * SUM_UNIT
    gains = [kept.outcomes.first_year_ooms, *kept.outcomes.best_gain_ooms.T]
    np.testing.assert_allclose(total, [gain.sum() for gain in gains], atol=N_DRAWS * SUM_UNIT)
    curves = curve_table(asked, rows, streamed.design.scheme)
    assert (curves.groupby("quantity")["n_draws"].sum() == N_DRAWS).all()
    uniforms = uniforms_of(kept.prior, kept.design, 0, N_DRAWS)
    hits = EVENT.holds(kept.outcomes)
    np.testing.assert_array_equal(asked.view(rows, "hits")[:, 0], hits.reshape(N_REPLICATES, -1).sum(axis=1))
    for name, part in curves.groupby("quantity"):
        place = (uniforms[name] * CURVE_BINS).astype(int)
        counted = np.bincount(place, weights=hits, minlength=CURVE_BINS)
        np.testing.assert_allclose(np.nan_to_num(part["prob"]) * part["n_draws"], counted, atol=1e-9)
        np.testing.assert_array_equal(part["n_hits"], counted)
    rarer = np.minimum(curves["n_hits"], curves["n_draws"] - curves["n_hits"])
    assert INTERPRETED or {"t, 90 %", "binomial upper, 95 %"} <= set(curves["interval"])
    assert (curves["se"].isna() == (rarer < RARE_HITS)).all()  # no error from few hits, and never one of 0
    assert (curves["se"].dropna() > 0.0).all()
    drawn = curves[curves["n_draws"] > 0]  # of few draws some bins hold none
    assert (drawn["low"] < drawn["high"]).all()


@pytest.mark.parametrize("scheme", ["sobol", "philox"])
def test_threads_and_batches_change_no_count(scheme):
    plain = stream(job_of("agnostic", scheme=scheme, batch=N_DRAWS), threads=1)
    for threads, batch in ((2, 16), (3, 10), (2, N_DRAWS)):
        other = stream(job_of("agnostic", scheme=scheme, batch=batch), threads=threads)
        np.testing.assert_array_equal(plain.rows, other.rows)
        assert other.design == plain.design


@pytest.mark.parametrize("text", ["best_window_months[5] < 12", "best_window_months[3] >= 6", "pace_peak > 20"])
def test_a_run_that_takes_only_the_event_counts_the_same_hits(both, text):
    """Most of its draws are decided by bounds, the others by the kernel."""
    event = parse_event(text)
    asked = replace(both[1].spec, event=event)
    job = Job(both[1].prior, both[1].design, asked, 64)
    streamed = stream(job)
    whole = streamed.rows
    only = replace(job, spec=replace(asked, only_event=True), batch=48)
    streamed_only = stream(only, threads=2)
    counted = streamed_only.rows
    for name in ("statuses", "modes", "modes_ok", "modes_hit", "hits", "curves"):
        np.testing.assert_array_equal(only.spec.view(counted, name), asked.view(whole, name), err_msg=name)
    assert asked.view(whole, "hits")[:, 0].sum() > 0
    assert only.spec.n_counts < 0.2 * asked.n_counts
    summary = summarise_counts(streamed_only)
    assert summary.sentence == summarise_counts(streamed).sentence
    assert len(summary.thresholds) == len(summary.quantiles) == 0


class Stopping(Executor):
    """Does its work at once, and is interrupted after some batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def submit(self, function, /, *arguments):
        future: Future = Future()
        self.left -= 1
        if self.left < 0:
            future.set_exception(KeyboardInterrupt())
        else:
            future.set_result(function(*arguments))
        return future


@pytest.mark.parametrize("scheme", ["sobol", "philox"])
def test_an_interrupted_run_goes_on_to_the_same_counts(scheme):
    job = job_of("davidson-2025", 64, scheme=scheme, batch=4)
    whole = stream(job, threads=1)
    for after in (0, 1, 5, 15):
        saved: list[np.ndarray] = []
        with pytest.raises(KeyboardInterrupt):
            stream(job, executor=Stopping(after), checkpoint=lambda rows, saved=saved: saved.append(rows.copy()))
        assert job.n_batches(saved[-1]) == after
        resumed = stream(job, saved[-1], threads=2)
        np.testing.assert_array_equal(resumed.rows, whole.rows)


@pytest.mark.skipif(INTERPRETED, reason="processes compile for themselves")
def test_processes_count_like_threads():
    job = job_of("davidson-houlden-2025", 256, batch=16)
    with ProcessPoolExecutor(2) as pool:
        other = stream(job, executor=pool)
    np.testing.assert_array_equal(stream(job).rows, other.rows)


def test_a_run_that_ends_early_is_a_smaller_run():
    prior = load_prior("davidson-2025")
    small = job_of("davidson-2025", 64)
    job = Job.growing(prior, small.design, small.spec, 256)
    assert job.design.n_draws == 256
    streamed = stream(job, is_enough=lambda rows: job.n_drawn(rows)[0] >= 32)
    assert streamed.design == replace(small.design, n_per_replicate=32)
    np.testing.assert_array_equal(streamed.rows, stream(replace(small, design=streamed.design)).rows)


def test_draws_that_cannot_be_simulated_are_counted_apart(failing):
    from mc_sie.engine.counts import count

    prior, outcomes = failing.prior, failing.outcomes
    asked = CountSpec(EVENT, tuple(outcomes.levels), tuple(outcomes.widths), 240.0, ())
    row = count(asked, {}, failing.draws, outcomes)
    statuses = asked.view(row, "statuses")
    assert statuses[0] == outcomes.is_ok.sum()
    assert statuses.sum() == len(outcomes)
    assert asked.view(row, "sketches").sum() == statuses[0] * len(asked.quantiles)
    assert asked.view(row, "modes_ok").sum() == statuses[0]
    assert prior is not None


def test_a_batch_is_a_pure_function_of_its_number():
    job = job_of("agnostic", 64)
    np.testing.assert_array_equal(count_batch(job, 3), count_batch(job, 3))
    assert isinstance(stream(job), Streamed)
