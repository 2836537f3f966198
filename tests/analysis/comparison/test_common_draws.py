"""Changes on common draws, and how they are written."""

from __future__ import annotations

import numpy as np
import pytest

from mc_sie import load_prior
from mc_sie.analysis.comparison.common_draws import (
    Answer,
    change_between,
    change_of,
    common_draws,
    distinct_names,
    in_points,
    points_of,
    steps,
    within_points,
)
from mc_sie.errors import InputError
from mc_sie.sampling import plan
from mc_sie.stats.estimates import replicate_se


def test_changes_are_written_without_digits_beyond_their_error():
    assert in_points(0.14132, 0.0012) == "+14.1"
    assert in_points(-0.14132, 0.00012) == "-14.13"
    assert in_points(0.0, 0.0) == "0"
    assert in_points(0.0001, 0.02) == "0"
    assert points_of(0.0012) == "0.1"
    by_replicate = np.full(16, 0.01) + np.linspace(-1, 1, 16) * 1e-3
    assert within_points(change_of(0.01, by_replicate, 40, 4096)) == "+1.00 (SE 0.02)"
    rare = change_of(0.001, by_replicate, 4, 4096)
    assert rare.is_rare
    assert rare.high == pytest.approx(0.002233, rel=2e-3)  # Clopper-Pearson for 4 of 4,096 at 95 %
    assert within_points(rare) == "+0.1 (at most 0.2)"
    assert change_of(0.01, by_replicate, 40, 4096, further_se=0.02).se == pytest.approx(0.02, rel=1e-3)


def test_a_change_is_known_from_the_changes_of_the_replicates():
    prior = load_prior("davidson-houlden-2025")
    common = common_draws("first_year_ooms > 2", n_draws=256, n_replicates=4)
    before, after = (common.ask(one) for one in (prior, prior.pinned("r", 0.8)))
    change = change_between(before, after)
    differences = after.by_replicate - before.by_replicate
    assert change.change == after.estimate.prob - before.estimate.prob
    assert change.n_changed == np.sum(before.hits != after.hits) >= 30
    assert change.se == pytest.approx(replicate_se(differences))
    assert before.failed_in_words == ""


def test_draws_that_failed_are_said_with_the_bounds_they_leave():
    design = plan(64, n_replicates=4)
    is_ok = np.arange(64) % 8 != 0
    answer = Answer(load_prior("economists"), design, is_ok & (np.arange(64) < 16), is_ok)
    assert answer.n_failed == 8
    assert answer.failed_in_words.startswith("8 of 64 draws could not be simulated")
    assert "between 21.9 % and 34.4 %" in answer.failed_in_words
    assert answer.columns()["n_draws"] == 56


def test_the_second_set_of_one_name_has_a_number():
    prior = load_prior("economists")
    assert distinct_names([prior, prior, load_prior("epoch-2025"), prior]) == [
        "economists", "economists (2)", "epoch-2025", "economists (3)",
    ]  # fmt: skip


def test_progress_of_reruns_is_that_of_the_whole():
    seen = []
    steps(lambda done, total: seen.append((done, total)), 2, 4)(5, 10)
    assert seen == [(25, 40)]
    assert steps(None, 0, 1) is None


@pytest.mark.parametrize(("event", "horizon"), [("nonsense", 240.0), ("months_to[5] < 24", 12.0)])
def test_what_cannot_be_asked_is_refused_before_anything_runs(event, horizon):
    with pytest.raises(InputError):
        common_draws(event, n_draws=64, n_replicates=4, horizon_months=horizon)
