"""What the evidence does to a prior set: its tables add up, and say what conditioning on each subset gives."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from pieces import conditioned, piece, three_pieces
from tests_settings import INTERPRETED

from mc_sie import InputError, evidence, load_prior, summarise
from mc_sie.analysis.importance.evidence import evidence_record, labour_curves
from mc_sie.analysis.importance.tempering import log_likelihoods
from mc_sie.engine.run import simulate_prior
from mc_sie.events import HEADLINE, parse_event
from mc_sie.report.folders import write_evidence

SURE = 4.5  # standard errors; some fifty comparisons, of which none may fail by chance


@pytest.fixture(scope="module")
def report():
    return evidence(conditioned(three_pieces()))


def test_shapley_values_sum_exactly_and_an_inert_piece_has_none(report):
    assert report.items["shapley"].sum() == pytest.approx(report.after.prob - report.before.prob, abs=1e-14)
    inert = report.items.set_index("name").loc["inert"]
    for measure in ("added", "removed", "shapley"):
        assert abs(inert[measure]) < 1e-9
    assert inert["satisfied"] == 1.0
    assert inert["expected_likelihood"] == pytest.approx(1.0)


@pytest.mark.skipif(INTERPRETED, reason="too few draws")
def test_every_subset_is_what_conditioning_on_it_gives(report):
    prior = three_pieces()
    rows = report.items.set_index("name")
    for item, others in (("poll", [1, 2]), ("floor", [0, 2])):
        chosen = [prior.evidence[place] for place in range(3) if place not in others]
        alone = summarise(conditioned(prior.given(chosen), seed=9)).answer
        assert abs(rows.loc[item, "prob_alone"] - alone.prob) < SURE * alone.se * math.sqrt(2.0)
        rest = summarise(conditioned(prior.given([prior.evidence[place] for place in others]), seed=9)).answer
        assert abs(rows.loc[item, "prob_without"] - rest.prob) < SURE * rest.se * math.sqrt(2.0)


def test_before_and_after_are_the_prior_and_the_posterior(report):
    found = conditioned(three_pieces())
    assert abs(report.after.prob - summarise(found).answer.prob) < 4.0 * report.after.se + 1e-12
    row = report.inputs.set_index("quantity").loc["alpha_compute"]
    assert row["prior_q50"] == pytest.approx(0.475, abs=0.02)
    assert row["posterior_q50"] < 0.35
    assert row["moved_to"] < 0.35
    assert set(report.shares["quantity"]) == {"mode"}
    text = json.dumps(evidence_record(report), allow_nan=False)
    assert json.loads(text)["event"] == HEADLINE


def test_a_surprising_piece_says_so():
    prior = load_prior("economists-evidence").given([piece("pace_at_compute[0.1]", value=40.0, sd_log=0.1)])
    found = evidence(conditioned(prior, method="tempering"))
    assert found.items["satisfied"][0] == 0.0
    assert found.items["predictive"][0] < 1e-3
    assert found.items["expected_likelihood"][0] < 1e-6


@pytest.fixture
def some_fail(monkeypatch):
    """Draws of the prior in which every seventh trajectory fails, as the engine leaves them."""

    def with_failures(*arguments, **options):
        found = simulate_prior(*arguments, **options)
        outcomes = found.outcomes
        failed = np.arange(len(outcomes)) % 7 == 3
        arrays = {name: getattr(outcomes, name).copy() for name in ("status", "best_window_months", "months_to")}
        arrays["status"][failed] = 4
        arrays["best_window_months"][failed] = arrays["months_to"][failed] = np.nan
        return replace(found, outcomes=replace(outcomes, **arrays))

    monkeypatch.setattr("mc_sie.analysis.importance.conditioning.simulate_prior", with_failures)


@pytest.mark.parametrize("about", ["pace_at_compute[0.1]", "best_window_months[5]"])
def test_draws_that_failed_are_counted_and_bound_the_probability(some_fail, about):
    """The bounds are those of counting each with the largest weight it can have, as a miss or as a hit."""
    item = piece(about, value=0.5 if about == "pace_at_compute[0.1]" else 30.0, sd_log=0.3)
    found = conditioned(load_prior("davidson-2025").given([item]), method="prior")
    weighed = evidence(found)
    is_ok = found.before.outcomes.is_ok
    hits = parse_event(HEADLINE).holds(found.before.outcomes)
    assert weighed.n_failed == np.sum(~is_ok) > 0
    assert weighed.bounds_before == pytest.approx((hits.mean(), (hits | ~is_ok).mean()))
    likely = np.exp(log_likelihoods(found.prior, found.before.draws, found.before.outcomes)[:, 0])
    if about != "pace_at_compute[0.1]":
        assert not likely[~is_ok].any()
        likely[~is_ok] = 1.0  # nobody knows
    expected = [np.average(one, weights=likely) for one in (hits, hits | ~is_ok)]
    assert weighed.bounds_after == pytest.approx(expected)
    assert weighed.bounds_after[0] <= weighed.after.prob <= weighed.bounds_after[1]
    assert evidence_record(weighed)["n_failed"] == weighed.n_failed
    said = any("nobody knows what the evidence says of them" in doubt for doubt in found.warnings)
    assert said == (about != "pace_at_compute[0.1]")


def test_where_all_can_be_simulated_the_bounds_are_the_probability(report):
    assert report.n_failed == 0
    assert report.bounds_before == (report.before.prob,) * 2
    assert report.bounds_after == (report.after.prob,) * 2


def test_a_set_in_which_nothing_varies_has_a_table_without_rows(tmp_path):
    values = {"rho": -0.1, "r": 1.2, "lam": 0.6, "limit_ooms": 14.0, "software_doubling_months": 6.0, "mode": "none"}
    values |= {"training_months": 3.0, "training_floor_months": 0.1, "retraining_compute_share": 0.5}
    items = [
        piece("pace_at_compute[0.1]", "normal", value=0.4, sd=0.1),
        piece("best_window_months[3]", name="other", unit="months", value=20, sd_log=0.3),
    ]
    prior = load_prior("davidson-2025")
    for name, value in values.items():
        prior = prior.pinned(name, value)
    prior = prior.given(items)
    weighed = evidence(conditioned(prior), "best_window[3] < 24")
    assert (len(weighed.inputs), len(weighed.shares), len(weighed.items)) == (0, 0, 2)
    assert "posterior_q50" in weighed.inputs
    write_evidence(weighed, tmp_path / "written")
    assert len(list((tmp_path / "written").iterdir())) == 6


def test_more_pieces_than_can_be_taken_apart_are_refused():
    many = [piece("rho", "normal", name=str(place), unit="1", value=-0.5, sd=1.0) for place in range(13)]
    with pytest.raises(InputError, match="states 13 pieces of evidence"):
        evidence(conditioned(load_prior("davidson-2025").given(many), 64))


def test_the_pace_over_labour_is_that_of_the_draws_before_and_after():
    prior = load_prior("davidson-2025-evidence")
    drawn = conditioned(prior)
    curves = labour_curves(drawn)
    labour = curves["labour"].to_numpy()
    # the readings lie inside, and 1 is where all paces are 1
    assert labour[0] <= 0.004
    assert labour[-1] >= 40.0
    for name in ("before_q05", "before_q95", "after_q05", "after_q95"):
        at_one = np.interp(0.0, np.log(labour), np.log(curves[name]))
        assert abs(at_one) < 0.02, name
    row = curves.iloc[-1]
    lam, rho = drawn.before.draws["lam"], drawn.before.draws["rho"]
    # alpha = 1/2: R = ((1 + X^rho)/2)^(1/rho)
    x = labour[-1] ** lam
    smooth = np.where(rho == 0.0, 1e-9, rho)
    pace = (0.5 + 0.5 * x**smooth) ** (1.0 / smooth)
    assert row["before_q50"] == pytest.approx(np.median(pace), rel=1e-3)


def test_a_set_without_evidence_on_labour_has_no_such_curves():
    prior = load_prior("davidson-2025").given([piece("max_speed", value=10.0, sd_log=1.0)])
    assert labour_curves(conditioned(prior)).empty
