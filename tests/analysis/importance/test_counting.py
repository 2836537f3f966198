"""Counts of draws given evidence: right in closed form, and the same as of draws that are kept."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pieces import conjugate, months, piece, prob_pace_above
from tests_settings import INTERPRETED

from mc_sie import InputError, load_prior, simulate, summarise
from mc_sie.analysis.importance import counting
from mc_sie.analysis.importance.counting import count_draws, count_job, pilot
from mc_sie.analysis.probability.summary import estimate_event, event_estimate, summarise_counts
from mc_sie.engine.counts import TABLE_LEVELS, CountSpec
from mc_sie.engine.streaming import Job, stream
from mc_sie.events import parse_event
from mc_sie.sampling import plan
from mc_sie.stats.quantile_sketch import RELATIVE_ERROR

pytestmark = pytest.mark.skipif(INTERPRETED, reason="a pilot of sixteen thousand draws")

HEADLINE = parse_event("best_window_months[5] < 12")
PACE = parse_event("pace_initial > 30")
N, R = 4096, 16


def job_of(prior, event=HEADLINE, *, n=N, only_event=False, **how) -> Job:
    spec = CountSpec(event, TABLE_LEVELS, (4.0, 12.0), 240.0, tuple(prior.dimensions), only_event)
    if only_event:
        spec = replace(spec, levels=event.levels, widths=event.widths)
    return count_job(prior, plan(n, seed=3, n_replicates=R), spec, **how)


def kept(prior, method, n=N):
    return simulate(prior, n, seed=3, n_replicates=R, levels=TABLE_LEVELS, method=method)


@pytest.mark.parametrize("only_event", [False, True])
def test_a_conjugate_case_with_correlated_priors_has_its_closed_form(tmp_path, only_event):
    prior = conjugate(tmp_path)
    counted = count_draws(job_of(prior, PACE, n=16_384, only_event=only_event))
    found = summarise_counts(counted)
    assert abs(found.answer.prob - prob_pace_above(30.0)) < 4.0 * found.answer.se
    assert found.answer.se < 0.01
    assert abs(found.before.prob - prob_pace_above(30.0, is_given=False)) < 4.0 * found.before.se
    assert "given 1 piece of evidence" in found.sentence
    # The reading is normal with the variances of prior and error, relative to one that hits the value itself.
    gap, variance = math.log(9.0 / 6.0), 0.3**2 + 0.2**2
    expected = -0.5 * gap**2 / variance + 0.5 * math.log(0.2**2 / variance)
    assert counted.log_marginal == pytest.approx(expected, abs=0.02)
    assert 0.1 * N < counted.ess < counted.design.n_draws
    assert not counted.warnings


@pytest.mark.parametrize("name", ["economists-evidence", "agnostic-evidence"])
def test_shipped_sets_give_the_tables_of_draws_that_are_kept(name):
    prior = load_prior(name)
    job = job_of(prior)
    counted = count_draws(job)
    simulation = kept(prior, counted.method)
    ours, theirs = summarise_counts(counted), summarise(simulation)
    assert ours.answer.prob == pytest.approx(theirs.answer.prob, abs=1e-7)
    assert ours.answer.se == pytest.approx(theirs.answer.se, rel=1e-4)
    assert (ours.answer.n_hits, ours.answer.n_draws) == (theirs.answer.n_hits, theirs.answer.n_draws)
    for table, ours_too in ((theirs.thresholds, ours.thresholds), (theirs.modes, ours.modes)):
        # A bound uses the largest weight, of which the sketch knows 0.5 %.
        pd.testing.assert_frame_equal(table, ours_too, rtol=RELATIVE_ERROR, atol=1e-7)
    columns = ["share_reached", "q05", "q50", "q95"]
    np.testing.assert_allclose(ours.quantiles[columns], theirs.quantiles[columns], rtol=1.5 * RELATIVE_ERROR, atol=1e-7)
    assert counted.ess == pytest.approx(simulation.ess, rel=1e-4)
    assert counted.pareto_k == pytest.approx(simulation.pareto_k, abs=0.1)
    assert counted.log_marginal == pytest.approx(simulation.log_marginal, abs=1e-4)
    assert ours.statuses.attrs["prob_low"] == pytest.approx(theirs.statuses.attrs["prob_low"], abs=1e-7)


def test_evidence_about_outcomes_weighs_draws_by_their_trajectories():
    prior = load_prior("davidson-2025").given([piece("first_year_ooms", "normal", unit="OOM", value=2.0, sd=2.0)])
    answers = []
    for only_event in (False, True):
        job = job_of(prior, only_event=only_event)
        assert job.weighting.needs_outcomes
        counted = count_draws(job)
        answers.append(summarise_counts(counted).answer)
    answers.append(estimate_event(kept(prior, counted.method), HEADLINE))
    for one in answers[1:]:
        assert one.prob == pytest.approx(answers[0].prob, abs=1e-6)
        assert one.se == pytest.approx(answers[0].se, rel=1e-3)


def test_gains_and_windows_that_evidence_asks_about_are_simulated():
    prior = load_prior("davidson-2025").given([piece("best_gain_ooms[7]", "normal", unit="OOM", value=2.0, sd=2.0)])
    assert 7.0 in job_of(prior).spec.widths


def test_batches_threads_and_interruptions_change_no_count(tmp_path):
    prior = conjugate(tmp_path)
    job = replace(job_of(prior, PACE, n=1024), batch=64)
    whole = count_draws(job, threads=1)
    assert job.weighting.log_scale == job_of(prior, PACE, n=1024).weighting.log_scale
    for batch, threads in ((16, 2), (10, 1)):
        np.testing.assert_array_equal(whole.rows, count_draws(replace(job, batch=batch), threads=threads).rows)
    saved = []

    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(job, threads=1, progress=stop, checkpoint=lambda rows: saved.append(rows.copy()))
    assert 0 < job.n_batches(saved[-1]) < job.n_rounds * R
    np.testing.assert_array_equal(count_draws(job, saved[-1], threads=2).rows, whole.rows)


def test_a_run_grows_until_its_error_is_small_enough(tmp_path):
    job = job_of(conjugate(tmp_path), PACE, n=512, only_event=True, max_draws=2**15)

    def is_enough(rows):
        return event_estimate(job.spec, rows, "sobol").se < 0.01

    counted = count_draws(job, is_enough=is_enough)
    assert 512 < counted.design.n_draws < 2**15
    assert summarise_counts(counted).answer.se < 0.01


def test_evidence_that_excludes_draws_counts_the_others():
    prior = load_prior("davidson-2025").given([piece("rho", "interval", unit="1", low=-0.2, high=0.0)])
    counted = count_draws(job_of(prior))
    simulation = kept(prior, counted.method)
    ours, theirs = summarise_counts(counted).answer, estimate_event(simulation, HEADLINE)
    assert ours.n_draws == theirs.n_draws < N
    assert ours.prob == pytest.approx(theirs.prob, abs=1e-6)


def test_where_only_tempering_will_do_the_error_names_it(monkeypatch):
    prior = months(value=9.0, sd_log=0.1)
    monkeypatch.setattr(counting, "PILOT_DRAWS", 512)
    monkeypatch.setattr("mc_sie.analysis.importance.conditioning.k_high", lambda n: -9.0)
    with pytest.raises(InputError, match=r"is too sharp for draws that stand alone .* by tempering"):
        pilot(prior, seed=0, horizon_months=240.0, levels=(5.0,), widths=(12.0,))


def test_a_set_without_evidence_is_counted_as_it_was():
    prior = load_prior("economists-evidence").without_evidence()
    job = job_of(prior, n=512)
    assert job.weighting is None
    np.testing.assert_array_equal(count_draws(job).rows, stream(job).rows)
    with pytest.raises(InputError, match="states evidence, and the job has no weighting"):
        Job.growing(load_prior("economists-evidence"), job.design, job.spec, 512)
