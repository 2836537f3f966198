"""P by structural variant, and the share of variance that lies between variants."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests_settings import INTERPRETED

from mc_sie import InputError, load_prior, simulate, structure
from mc_sie.analysis.probability.summary import estimate_event
from mc_sie.distributions import families as f
from mc_sie.events import HEADLINE, parse_event
from mc_sie.priors import Entry
from mc_sie.report.tables import aspects_table
from mc_sie.stats.estimates import share_in_percent

pytestmark = pytest.mark.skipif(INTERPRETED, reason="many reruns: the same as compiled, a hundred times slower")

DRAWS = 4096
HOW = {"n_draws": DRAWS, "n_replicates": 32, "seed": 6}


@pytest.fixture(scope="module")
def author():
    return structure(load_prior("davidson-2025"), **HOW)


def of(found, aspect, variant):
    rows = found.variants
    (row,) = rows[(rows["aspect"] == aspect) & (rows["variant"] == variant)].itertuples()
    return row


def test_every_mode_is_run_on_the_same_points_and_those_without_credence_are_marked(author):
    prior = load_prior("davidson-2025")
    for name, credence in (("shortening", 0.3), ("none", 0.1), ("shortening_accelerating_only", 0.0)):
        row = of(author, "retraining mode", name)
        alone = simulate(prior.pinned("mode", name), DRAWS, n_replicates=HOW["n_replicates"], seed=6)
        assert row.prob == estimate_event(alone, parse_event(HEADLINE)).prob
        assert row.credence == credence
        assert (row.remark == "no credence: a what-if") == (credence == 0.0)


def test_the_share_is_what_direct_calculation_gives(author):
    rows = [of(author, "retraining mode", name) for name in ("none", "shortening", "continual", "from_scratch")]
    probs, credences = np.array([row.prob for row in rows]), np.array([row.credence for row in rows])
    average = credences @ probs
    direct = credences @ (probs - average) ** 2 / (average * (1.0 - average))
    row = author.aspects.set_index("aspect").loc["retraining mode"]
    assert row["average"] == pytest.approx(average, rel=1e-12)
    assert row["n_variants"] == len(rows)
    assert abs(row["share"] - direct) <= row["se"]  # the jackknife takes a little bias away
    assert row["low"] <= row["share"] <= row["high"]


def test_the_average_over_variants_is_the_answer_of_the_set(author):
    row = author.aspects.set_index("aspect").loc["retraining mode"]
    answer = author.answer.estimate
    assert abs(row["average"] - answer.prob) < 4.0 * math.hypot(row["se_average"], answer.se)


def test_the_error_of_the_share_covers_over_seeds():
    prior = load_prior("davidson-2025")
    rows = []
    for seed in range(20):
        found = structure(prior, event="first_year_ooms > 3", **(HOW | {"seed": seed, "n_draws": 2048}))
        rows.append(found.aspects.set_index("aspect").loc["retraining mode"])
    shares, errors = np.array([row["share"] for row in rows]), np.array([row["se"] for row in rows])
    ratio = shares.var(ddof=1) / np.mean(errors**2)
    assert 0.25 < ratio < 2.8  # F(19, 620) between 0.1 % and 99.9 %, and the jackknife's own bias


def test_refused_variants_are_said():
    found = structure(load_prior("davidson-2025-explicit"), event="pace_initial > 10", **HOW)
    row = of(found, "retraining mode", "shortening")
    assert math.isnan(row.prob)
    assert "although [rho_long] is given" in row.remark
    assert of(found, "routes", "two").credence == 1.0
    assert of(found, "routes", "one").remark == "no credence: a what-if"
    assert of(found, "cheaper experiments", "phi between").credence == 1.0
    found = structure(load_prior("davidson-2025"), event="pace_initial > 10", **HOW)
    assert "there is no law to run" in of(found, "routes", "two").remark
    assert "there is no law to run" in of(found, "reconfiguration", "some").remark


def test_limits_are_split_by_their_own_law():
    prior = load_prior("davidson-houlden-2025")
    law = f.mixture([(0.75, f.uniform(6.0, 16.0)), (0.25, f.fixed(math.inf))])
    entry = Entry("limit_ooms", "test", {}, "OOM", "test", None, "test", law)
    found = structure(prior.replaced({"limit_ooms": entry}), event="best_window[5] < 12", **HOW)
    limited, free = of(found, "limits", "limits"), of(found, "limits", "none")
    assert (limited.credence, free.credence) == (0.75, 0.25)
    assert free.prob > limited.prob
    row = found.aspects.set_index("aspect").loc["limits"]
    assert row["average"] == pytest.approx(0.75 * limited.prob + 0.25 * free.prob, abs=1e-12)
    answer = found.answer.estimate
    assert abs(row["average"] - answer.prob) < 4.0 * math.hypot(row["se_average"], answer.se)
    never = structure(prior.pinned("limit_ooms", math.inf), event="pace_initial > 10", **HOW)
    assert "no finite limit is given" in of(never, "limits", "limits").remark


def test_phi_may_have_values_of_its_own_at_both_ends():
    prior = load_prior("davidson-houlden-2025")
    law = f.mixture([(0.5, f.uniform(0.0, 1.0)), (0.3, f.fixed(0.0)), (0.2, f.fixed(1.0))])
    entry = Entry("experiment_efficiency_share", "test", {}, "1", "test", None, "test", law)
    found = structure(prior.replaced({entry.name: entry}), event="first_year_ooms > 2", **HOW)
    rows = found.variants[found.variants["aspect"] == "cheaper experiments"]
    np.testing.assert_allclose(rows["credence"], [0.3, 0.5, 0.2])
    assert rows["prob"].is_monotonic_increasing


def test_a_pool_is_split_exactly_by_its_members():
    base = load_prior("agnostic")
    one, other = load_prior("davidson-houlden-2025"), load_prior("economists").pinned("mode", "continual")
    pool = replace(base, members=((one, 0.3), (other, 0.7))).replaced({}, "pool")
    found = structure(pool, **HOW)
    assert of(found, "prior set", "economists").credence == pytest.approx(0.7)
    row = found.aspects.set_index("aspect").loc["prior set"]
    answer = found.answer.estimate
    assert abs(row["average"] - answer.prob) < 4.0 * math.hypot(row["se_average"], answer.se)
    p = of(found, "prior set", "davidson-houlden-2025").prob
    average = 0.3 * p
    assert row["share"] == pytest.approx(0.3 * 0.7 * p * p / (average * (1.0 - average)), rel=0.02)
    mode = of(found, "retraining mode", "none")  # only one member has it: the pool given the mode is that member
    assert (mode.credence, mode.prob) == (pytest.approx(0.3), p)


def test_an_event_beyond_the_horizon_is_refused():
    with pytest.raises(InputError, match="trajectories end after 240"):
        structure(load_prior("davidson-2025"), event="months_to[5] < 500", **HOW)


@pytest.mark.parametrize(("event", "bound"), [("best_window[16] < 0.01", "below"), ("pace_peak > 0", "above")])
def test_where_all_draws_agree_no_share_is_known_and_the_average_is_a_bound(event, bound):
    found = structure(load_prior("davidson-2025"), event=event, **HOW)
    row = found.aspects.set_index("aspect").loc["retraining mode"]
    assert row[["share", "se", "low", "high"]].isna().all()
    assert row["remark"] == "too few draws hit, or miss, to tell"
    shown = aspects_table(found).set_index("aspect").loc["retraining mode"]
    assert shown["share of the variance between them"] == "not known"
    assert shown["average of the variants"].startswith(bound)


def test_shares_carry_no_digit_beyond_their_error():
    assert share_in_percent(math.nan, math.nan) == "not known"
    assert share_in_percent(0.12345, 0.0041) == "12.3 % (SE 0.4)"
    assert share_in_percent(0.0, 0.0) == "0 %"
