"""What a simulation says, against counting by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from blank import blank_outcomes
from pieces import conditioned, months

from mc_sie.analysis.probability.summary import (
    QUANTILES,
    TABLE_LEVELS,
    WINDOWS_MONTHS,
    estimate_event,
    estimates_of,
    quantile_table,
    sentence,
    status_table,
    summarise,
    threshold_table,
    weighted_quantiles,
)
from mc_sie.engine.sample import sample_of
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, parse_event
from mc_sie.model.status import STATUSES
from mc_sie.quantities import MODES
from mc_sie.stats.estimates import (
    RARE_HITS,
    Estimate,
    WeightedEstimate,
    estimate_probability,
)


@pytest.fixture
def made(simulation):
    """Eight draws in two replicates, with outcomes written by hand."""
    outcomes = blank_outcomes(8, (1.0, 5.0), (12.0,))
    outcomes.mode[:] = [0, 3, 0, 3, 0, 3, 0, 3]
    outcomes.best_window_months[:, 1] = [3, 11, 12, 40, 2, math.inf, 11.9, 30]
    outcomes.months_to[:, 1] = [30, 11, 50, 60, 2, math.inf, 70, 80]
    outcomes.best_window_months[:, 0] = outcomes.months_to[:, 0] = 0.5
    outcomes.first_year_ooms[:] = range(8)
    outcomes.best_gain_ooms[:, 0] = range(10, 18)
    outcomes.pace_initial[:] = 2.0
    outcomes.pace_peak[:] = 3.0
    outcomes.pace_ceiling[:] = math.inf
    outcomes.labour_per_efficiency[:] = 2.0
    design = replace(simulation.design, n_replicates=2, n_per_replicate=4)
    draws = {"mode": outcomes.mode, "labour_per_efficiency": outcomes.labour_per_efficiency}
    return replace(simulation, outcomes=outcomes, design=design, draws=draws)


def test_the_answer_is_the_share_of_draws_in_which_the_event_holds(made):
    summary = summarise(made)  # 3, 11, 2 and 11.9 months are below 12; 12 is not
    assert summary.answer.prob == 4 / 8
    assert (summary.answer.n_hits, summary.answer.n_draws) == (4, 8)
    assert summary.from_start is not None
    assert summary.from_start.prob == 2 / 8
    assert str(summary.event) == "best_window_months[5] < 12"


def test_an_event_may_be_given_as_text_or_parsed(made):
    text, parsed = (summarise(made, event) for event in ("months_to[5] < 12", parse_event("months_to[5] < 12")))
    assert vars(text.answer) == pytest.approx(vars(parsed.answer), nan_ok=True)
    assert summarise(made, "months_to[5] < 12").from_start is None


def test_the_twin_from_day_one_is_left_out_where_it_was_not_simulated(made):
    assert summarise(made, "best_gain_ooms[12] >= 14").from_start.prob == 0.0
    assert summarise(made, "pace_peak > 1").from_start is None


def test_an_event_that_was_not_simulated_or_lies_beyond_the_horizon_is_refused(made):
    with pytest.raises(InputError, match="was not simulated"):
        summarise(made, "best_window[4] < 12")
    with pytest.raises(InputError, match="trajectories end after 240"):
        summarise(made, "best_window[5] < 300")


def test_thresholds_are_counted_draw_by_draw(simulation):
    table = threshold_table(simulation)
    simulated = [level for level in TABLE_LEVELS if level in (1, 3, 5, 8)]
    assert len(table) == 2 * len(simulated) * len(WINDOWS_MONTHS)
    outcomes = simulation.outcomes
    for row in table.itertuples():
        array = {"best window": outcomes.best_window_months, "from day one": outcomes.months_to}[row.counted]
        column = [1, 2.5, 3, 5, 8].index(row.ooms)
        hits = sum(months < row.months for months in array[:, column])
        assert (row.n_hits, row.n_draws) == (hits, len(outcomes))
        assert row.prob == hits / len(outcomes)
        assert row.low <= row.prob <= row.high
        assert row.interval in ("t, 90 %", "binomial upper, 95 %", "binomial lower, 95 %")
        assert math.isnan(row.se) == (min(hits, row.n_draws - hits) < RARE_HITS)


def test_a_rise_in_exactly_the_window_is_not_in_less_than_it(made):
    table = threshold_table(made).set_index(["counted", "ooms", "months"])["n_hits"]
    assert table["best window", 5.0, 12.0] == 4  # 3, 11, 2 and 11.9 months, not 12
    assert table["from day one", 5.0, 60.0] == 4  # 30, 11, 50 and 2 months, not 60


def test_thresholds_rise_with_the_window_and_fall_with_the_gain(simulation):
    table = threshold_table(simulation)
    by_window = table.pivot_table(index=["counted", "ooms"], columns="months", values="prob").to_numpy()
    assert (np.diff(by_window, axis=1) >= 0).all()
    by_gain = table.pivot_table(index=["counted", "months"], columns="ooms", values="prob").to_numpy()
    assert (np.diff(by_gain, axis=1) <= 0).all()
    best = table[table["counted"] == "best window"]["prob"].to_numpy()
    assert (best >= table[table["counted"] == "from day one"]["prob"].to_numpy()).all()


def test_windows_beyond_the_horizon_are_left_out(simulation):
    assert set(threshold_table(replace(simulation, horizon_months=12.0))["months"]) == {1.0, 4.0, 12.0}
    empty = threshold_table(replace(simulation, horizon_months=0.5))
    assert len(empty) == 0
    assert "prob" in empty


def test_quantiles_are_order_statistics_and_never_mix_inf(made):
    table = quantile_table(made).set_index("outcome")
    # sorted months to 5 OOM: 2 11 30 50 60 70 80 inf; inverted CDF: the ceil(8 p)-th
    assert table.loc["months_to[5]", [f"q{100 * q:02.0f}" for q in QUANTILES]].tolist() == [2, 11, 50, 70, math.inf]
    assert table.loc["months_to[5]", "share_reached"] == 7 / 8
    assert table.loc["months_to[5]", "unit"] == "months"
    # medians of the replicates: 2nd of (11 30 50 60) and of (2 70 80 inf): 30 and 70, so that the error is 40 / 2
    assert table.loc["months_to[5]", "se_q50"] == pytest.approx(20.0)
    assert math.isnan(table.loc["months_to[5]", "se_q95"])
    assert table.loc["pace_ceiling", "share_reached"] == 0.0
    assert table.loc["first_year_ooms", "q50"] == 3.0
    assert table.loc["best_gain_ooms[12]", "q95"] == 17.0
    # with mu = 2 a year of progress, 8 labour-equivalent doublings, is 4 log10(2) = 1.20412 OOM of training efficiency
    assert table.loc["first_year_progress_years", "q50"] == pytest.approx(3.0 / 1.2041199826559248)
    assert table.loc["best_year_progress_years", "unit"] == "years"


def test_modes_are_counted_apart(simulation):
    event = parse_event("best_window[5] < 12")
    table = summarise(simulation, event).modes.set_index("mode")
    assert list(table.index) == ["none", "shortening", "continual", "from_scratch"]
    held = event.holds(simulation.outcomes)
    for name, row in table.iterrows():
        among = simulation.draws["mode"] == MODES.index(name)
        assert row["share"] == among.mean()
        assert row["prob"] == held[among].mean()
        assert row["n_draws"] == among.sum()
    assert (table["share"] * table["prob"]).sum() == pytest.approx(held.mean())


# --- Draws that could not be simulated ---


def test_failed_draws_are_counted_by_status(failing):
    table = summarise(failing).statuses.set_index("status")
    n, counts = len(failing.outcomes), np.bincount(failing.outcomes.status)
    assert list(table.index) == ["ok", "too_many_steps", "not_finite"]
    assert table["n_draws"].tolist() == [counts[0], counts[4], counts[5]]
    assert table["n_draws"].sum() == n
    assert table.loc["not_finite", "meaning"] == STATUSES[5].meaning
    assert table.loc["not_finite", "remedy"] == STATUSES[5].remedy


def test_failed_draws_leave_bounds_on_the_probability(failing):
    event = parse_event("best_window[3] < 24")
    ok = failing.outcomes.is_ok
    hits, n, failed = event.holds(failing.outcomes).sum(), len(ok), (~ok).sum()
    bounds = status_table(failing, event).attrs
    assert bounds["prob_low"] == hits / n
    assert bounds["prob_high"] == pytest.approx((hits + failed) / n)
    answer = summarise(failing, event).answer
    assert answer.n_draws == n - failed
    assert answer.prob == hits / (n - failed)
    assert bounds["prob_low"] < answer.prob < bounds["prob_high"]


def test_without_failed_draws_the_bounds_meet(simulation):
    summary = summarise(simulation)
    assert summary.statuses["status"].tolist() == ["ok"]
    assert summary.statuses.attrs["prob_low"] == summary.statuses.attrs["prob_high"] == summary.answer.prob


def test_quantiles_are_of_the_draws_that_were_simulated(failing):
    table = quantile_table(failing).set_index("outcome")
    ok = failing.outcomes.is_ok
    expected = np.quantile(failing.outcomes.first_year_ooms[ok], QUANTILES, method="inverted_cdf")
    assert table.loc["first_year_ooms", [f"q{100 * q:02.0f}" for q in QUANTILES]].tolist() == expected.tolist()
    assert table.loc["first_year_ooms", "share_reached"] == 1.0


def test_a_simulation_in_which_everything_failed_says_so(simulation):
    outcomes = replace(simulation.outcomes, status=np.full(len(simulation.outcomes), 5, dtype=np.int8))
    summary = summarise(replace(simulation, outcomes=outcomes))
    assert summary.sentence == "No draw could be simulated."
    assert summary.statuses["n_draws"].tolist() == [0, len(outcomes)]
    assert (summary.statuses.attrs["prob_low"], summary.statuses.attrs["prob_high"]) == (0.0, 1.0)
    assert estimates_of(summary.modes) == ["no draws"] * 4
    assert quantile_table(replace(simulation, outcomes=outcomes))["q50"].isna().all()


# --- In words ---

SURE = Estimate(0.128347, 0.00123, 0.12, 0.13, "t", 1283, 10_000)
RARE = Estimate(0.0002, math.nan, 0.0, 0.000467, "binomial upper", 2, 10_000)


def test_the_sentence_is_the_one_that_was_agreed():
    from_start = Estimate(0.10412, 0.0011, 0.1, 0.11, "t", 1041, 10_000)
    expected = "12.8 % (Monte Carlo SE 0.1 points, about 1 in 8; 10.4 % counted from day one)."
    assert sentence(SURE, from_start) == expected
    assert sentence(SURE, None) == "12.8 % (Monte Carlo SE 0.1 points, about 1 in 8)."


def test_a_rare_event_is_never_zero_plus_or_minus_zero():
    expected = "Below 0.047 % (binomial 95 % bound: 2 of 10,000 draws; 12.8 % counted from day one)."
    assert sentence(RARE, SURE) == expected


def test_an_estimate_that_is_known_stands_beside_its_bound():
    both = Estimate(0.0014, 0.0002, 0.0, 0.0017, "binomial upper", 180, 131_072)
    expected = (
        "0.14 %, below 0.17 % (Monte Carlo SE 0.02 points, about 1 in 710; binomial 95 % bound: 180 of 131,072 draws)."
    )
    assert sentence(both, None) == expected


def test_a_bound_from_weighted_draws_speaks_of_what_they_are_worth():
    found = WeightedEstimate(0.002, math.nan, 0.0, 0.0123, "effective upper", 312, 131_072, 40_000.0, 3.217)
    expected = "Below 1.3 % (95 % bound: hits worth 3.22 of equal weight among draws worth 40,000)."
    assert sentence(found, None) == expected


def test_an_error_of_a_point_is_singular():
    assert "Monte Carlo SE 1 point, " in sentence(replace(SURE, se=0.0101), None)
    assert "Monte Carlo SE 2 points, " in sentence(replace(SURE, se=0.0201), None)


def test_a_table_is_written_like_its_estimates(simulation):
    table = threshold_table(simulation)
    texts = estimates_of(table)
    assert len(texts) == len(table)
    for text, row in zip(texts, table.itertuples(), strict=True):
        is_bound = math.isnan(row.se)
        expected = row.prob if not is_bound else row.high if row.low == 0.0 else row.low
        assert ("<" in text, ">" in text) == (is_bound and row.low == 0.0, is_bound and row.high == 1.0)
        assert float(text.lstrip("<>")) == pytest.approx(100 * expected, rel=0.1, abs=0.5)


def test_a_notebook_shows_the_sentence_and_the_table(simulation):
    html = summarise(simulation)._repr_html_()
    assert summarise(simulation).sentence in html
    assert "<table" in html


def test_the_error_comes_from_the_replicates(simulation):
    event = parse_event("best_window[3] < 24")
    held = event.holds(simulation.outcomes)
    answer = summarise(simulation, event).answer
    n = simulation.design.n_replicates
    assert answer == estimate_probability(held, np.ones(len(held), dtype=bool), n, "sobol")
    assert isinstance(summarise(simulation, event).thresholds, pd.DataFrame)
    if answer.interval == "t":
        assert answer.se == pytest.approx(held.reshape(n, -1).mean(axis=1).std(ddof=1) / math.sqrt(n))


def test_weighted_quantiles_are_those_of_repeated_values():
    values, weights = np.array([3.0, 1.0, np.inf, 2.0]), np.array([2.0, 1.0, 1.0, 0.0])
    repeated = np.array([1.0, 3.0, 3.0, np.inf])
    probs = (0.2, 0.25, 0.5, 0.75, 0.8)
    expected = np.quantile(repeated, probs, method="inverted_cdf")
    np.testing.assert_array_equal(weighted_quantiles(values, weights, probs), expected)


def test_the_summary_of_weighted_draws_says_what_it_is_given():
    found = conditioned(months(value=5.0, sd_log=0.2))
    summary = summarise(found)
    assert isinstance(summary.answer, WeightedEstimate)
    assert ", given 1 piece of evidence; " in summary.sentence
    assert summary.sentence.endswith(" before.")
    assert summary.before.prob == estimate_event(found.before, parse_event(HEADLINE)).prob
    assert "ess" in summary.thresholds
    assert summary.modes["share"].sum() == pytest.approx(1.0)
    assert summary.statuses.attrs["prob_low"] == pytest.approx(summary.answer.prob)
    sample = sample_of(found, parse_event(HEADLINE))
    np.testing.assert_array_equal(sample.weights, found.weights)
    assert sample_of(found.before, parse_event(HEADLINE)).weights is None
