"""The grammar of events, what they select, and how they are put into words."""

import dataclasses
import math
import time

import numpy as np
import pytest
from blank import blank_outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from mc_sie import load_prior, simulate
from mc_sie.derived import subject_of
from mc_sie.engine.hits import hits_of_design
from mc_sie.errors import InputError
from mc_sie.events import HEADLINE, Condition, parse_event
from mc_sie.outcomes import OUTCOME_KINDS

INDEXED = [kind.name for kind in OUTCOME_KINDS.values() if kind.index_unit]
PLAIN = [kind.name for kind in OUTCOME_KINDS.values() if not kind.index_unit]


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("best_window_months[5] < 12", Condition("best_window_months", 5.0, "<", 12.0)),
        ("  months_to[ 2.5 ]<=6 ", Condition("months_to", 2.5, "<=", 6.0)),
        ("best_window[20]>=1e1", Condition("best_window_months", 20.0, ">=", 10.0)),
        ("from_start[5] < 12", Condition("months_to", 5.0, "<", 12.0)),
        ("best_gain_ooms[24] >= 5", Condition("best_gain_ooms", 24.0, ">=", 5.0)),
        ("pace_peak > 3", Condition("pace_peak", None, ">", 3.0)),
        ("doublings_per_pace_doubling < -2", Condition("doublings_per_pace_doubling", None, "<", -2.0)),
        ("months_to_peak <= 0", Condition("months_to_peak", None, "<=", 0.0)),
    ],
)
def test_an_event_is_outcome_comparison_number(text, event):
    assert parse_event(text).single == event


def test_the_headline_is_five_orders_of_magnitude_in_under_a_year():
    assert parse_event(HEADLINE).single == Condition("best_window_months", 5.0, "<", 12.0)


@given(
    st.one_of(
        st.tuples(st.sampled_from(INDEXED), st.floats(1e-9, 20.0), st.floats(0.0, 1e6)),
        st.tuples(st.sampled_from(PLAIN), st.none(), st.floats(0.0, 1e300)),
    ),
    st.sampled_from(["<", "<=", ">", ">="]),
)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_the_text_of_an_event_reads_back_as_the_same_event(stated, comparison):
    outcome, index, threshold = stated
    event = Condition(outcome, index, comparison, threshold)
    assert parse_event(str(event)).single == event


@pytest.mark.parametrize(
    ("text", "why", "remedy"),
    [
        ("", "is not an event", "Write it like 'best_window_months[5] < 12'."),
        ("foo", "is not an event", "Write it like"),
        ("best_window_months[5] <", "is not an event", "Write it like"),
        ("best_window_months[5] = 12", "is not an event", "Write it like"),
        ("best_window_months[5] == 12", "is not an event", "Write it like"),
        ("12 > best_window_months[5]", "is not an event", "Write it like"),
        ("best_window[5][6] < 12", "is not an event", "Write it like"),
        ("best_window[5] << 12", "'< 12', which is not a number", "Write it like"),
        ("best_window[5] < 12 and", "is not an event", "Write it like"),
        ("or pace_peak > 3", "is not an event", "Write it like"),
        ("best_window[5] < 12 or pace_peek > 3", "names no outcome: 'pace_peek' is unknown", "Did you mean"),
        ("(best_window[5] < 12)", "is not an event", "Write it like"),
        ("best_window[5] < 12 months", "'12 months', which is not a number", "Write it like"),
        ("best_window[5] < 1_2", "'1_2', which is not a number", "Write it like"),
        ("pace_peak > ٣", "'٣', which is not a number", "Write it like"),
        ("best_window[abc] < 12", "the index is 'abc', which is not a number", "Write it like"),
        ("best_window[] < 12", "the index is '', which is not a number", "Write it like"),
        ("best_window[nan] < 12", "the index is 'nan', which is not a number", "Write it like"),
        ("best_window[5] < nan", "'nan', which is not a number", "Write it like"),
        ("best_window[5] < inf", "the number after the comparison is not finite", "Write it like"),
        ("best_window[5] < 1e999", "'1e999', which is outside what can be computed with", "Write it like"),
        ("best_window[5 < 12", "is not an event", "Write it like"),
        ("best window[5] < 12", "is not an event", "Write it like"),
        ("best_window < 12", "lacks the index of best_window_months, in OOM", "'best_window_months[5] < 12'"),
        ("best_window[0] < 12", "has the index 0, outside (0, 20] OOM", "20 OOM"),
        ("best_window[-1] < 12", "has the index -1, outside (0, 20] OOM", "20 OOM"),
        ("best_window[25] < 12", "has the index 25, outside (0, 20] OOM", "20 OOM"),
        ("best_gain_ooms[0] > 3", "has the index 0", "longer than 0 months"),
        ("best_gain_ooms[inf] > 3", "the index is not finite", "Write it like"),
        ("best_window[5] < -3", "compares a time with -3 months", "Times count from 0."),
        ("pace_peak[3] > 2", "puts an index on pace_peak, which has none", "Write 'pace_peak > 2'."),
        ("best_windwo[5] < 12", "names no outcome: 'best_windwo' is unknown", "Did you mean 'best_window'?"),
        ("status > 0", "names no outcome: 'status' is unknown", "Known: months_to, "),
    ],
)
def test_what_is_no_event_is_refused_with_reason_and_remedy(text, why, remedy):
    with pytest.raises(InputError) as caught:
        parse_event(text)
    assert caught.value.where == f"event = {text!r}"
    assert why in caught.value.why
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "best_window_months[5] < 12",
            "software alone raises effective training compute by at least 5 OOM in less than a year",
        ),
        (
            "months_to[2.5] <= 6",
            "software alone raises effective training compute by at least 2.5 OOM within 6 months, "
            "counted from the day of automation",
        ),
        (
            "best_window[1] < 1",
            "software alone raises effective training compute by at least 1 OOM in less than 1 month",
        ),
        ("best_gain_ooms[4] >= 3", "best_gain_ooms[4 months] is at least 3 OOM"),
        ("pace_peak > 100", "pace_peak is above 100x"),
        ("n_deployments <= 2", "n_deployments is at most 2"),
    ],
)
def test_an_event_reads_as_the_end_of_a_sentence(text, words):
    assert parse_event(text).in_words == words


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("best_window_months[5] < 12", "months_to[5] < 12"),
        ("best_gain_ooms[12] >= 3", "first_year_ooms >= 3"),
        ("best_gain_ooms[4] >= 3", None),
        ("months_to[5] < 12", None),
        ("pace_peak > 3", None),
    ],
)
def test_the_twin_counts_from_the_day_of_automation(text, twin):
    found = parse_event(text).from_start
    assert (None if found is None else str(found)) == twin


@pytest.mark.parametrize("text", ["best_window_months[5] < 300", "months_to[5] > 241", "best_gain_ooms[360] > 3"])
def test_an_event_beyond_the_horizon_is_refused(text):
    event = parse_event(text)
    event.check_horizon(360.0)
    with pytest.raises(InputError, match=r"but trajectories end after 240\. Ask about less, or give horizon_months = "):
        event.check_horizon(240.0)


@pytest.mark.parametrize("text", ["best_window[5] < 240", "pace_peak > 1000", "effective_end_ooms > 500"])
def test_an_event_decided_by_the_end_is_not_refused(text):
    parse_event(text).check_horizon(240.0)


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("<", [True, False, False, False]),
        ("<=", [True, True, False, False]),
        (">", [False, False, True, False]),
        (">=", [False, True, True, False]),
    ],
)
def test_an_event_holds_where_the_comparison_does_and_never_in_a_failed_draw(comparison, expected):
    outcomes = blank_outcomes(4, (1.0, 5.0), (12.0,))
    outcomes.months_to[:, 1] = [11.0, 12.0, math.inf, math.nan]
    outcomes.status[3] = 1
    event = Condition("months_to", 5.0, comparison, 12.0)
    assert event.holds(outcomes).tolist() == expected
    if comparison == ">":  # whatever stands in the arrays of a draw that was not simulated
        outcomes.months_to[3] = 99.0
        outcomes.n_deployments[3] = 7
        assert not event.holds(outcomes)[3]
        assert not parse_event("n_deployments > 3").holds(outcomes)[3]


@pytest.mark.parametrize(("comparison", "holds"), [("<", False), ("<=", True), (">", False), (">=", True)])
@pytest.mark.parametrize("months", [12.0, math.nextafter(12.0, 0), math.nextafter(12.0, 99), sum([0.1] * 120)])
def test_a_tie_stays_a_tie_whatever_its_rounding(comparison, holds, months):
    outcomes = blank_outcomes(1, (5.0,), (12.0,))
    outcomes.months_to[:] = months
    assert Condition("months_to", 5.0, comparison, 12.0).holds(outcomes)[0] == holds


@pytest.mark.parametrize("threshold", [0.0, 1e-12, 0.25, -3.0])
def test_ties_are_relative_to_the_threshold(threshold):
    """A window of 1e-17 months is longer than none: `<= 0` held for 3.66 % of the draws of a set in which none is."""
    near = threshold + np.array([-1e-3, -1e-10, 0.0, 1e-10, 1e-3]) * (abs(threshold) or 1e-14)
    is_tied = np.array([False, True, True, True, False]) if threshold else np.array([False, False, True, False, False])
    is_less, is_more = near < threshold, near > threshold
    for comparison, expected in (
        ("<", is_less & ~is_tied),
        ("<=", is_less | is_tied),
        (">", is_more & ~is_tied),
        (">=", is_more | is_tied),
    ):
        assert (Condition("pace_peak", None, comparison, threshold).holds_of(near) == expected).all(), comparison


def test_an_event_names_what_must_be_simulated_for_it():
    assert parse_event("best_window[2.5] < 6").levels == (2.5,)
    assert parse_event("best_window[2.5] < 6").widths == ()
    assert parse_event("best_gain_ooms[7] > 6").levels == ()
    assert parse_event("best_gain_ooms[7] > 6").widths == (7.0,)
    assert parse_event("pace_peak > 6").levels == parse_event("pace_peak > 6").widths == ()


def test_an_event_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse_event(HEADLINE).threshold = 3.0


@pytest.mark.parametrize("kind", OUTCOME_KINDS.values(), ids=lambda kind: kind.name)
def test_every_outcome_can_be_asked_about_and_is_counted_alike_everywhere(kind):
    index = {"OOM": "[3]", "months": "[7]", None: ""}[kind.index_unit]
    prior = load_prior("davidson-2025")
    probe = parse_event(f"{kind.name}{index} > 0")
    how = {"levels": probe.levels, "widths": probe.widths}
    simulation = simulate(prior, 128, seed=5, n_replicates=2, **how)
    values = simulation.outcomes.values(kind.name, probe.single.index)
    event = parse_event(f"{kind.name}{index} >= {np.median(values[np.isfinite(values)]) if kind.unit != '1' else 1}")
    holds = event.holds(simulation.outcomes)
    np.testing.assert_array_equal(holds, values >= event.single.bound)
    np.testing.assert_array_equal(hits_of_design(prior, simulation.design, 240.0, event).holds, holds)
    assert event.single.column in simulation.outcomes.to_frame()
    assert kind.name in event.in_words or kind.name in ("months_to", "best_window_months")
    assert subject_of(f"{kind.name}{index}").unit == kind.unit


def test_gains_beyond_software_and_in_years_are_those_of_the_table():
    simulation = simulate(load_prior("davidson-2025"), 128, seed=5, n_replicates=2)
    frame, ok = simulation.outcomes.to_frame(), simulation.outcomes.is_ok
    beyond = frame["effective_end_ooms"] - frame["software_end_ooms"]
    for text, values in (
        ("accumulated_training_ooms > 0.5", beyond > 0.5),
        # mu is 2 in this set: a year of progress is 4 log10(2) OOM
        ("best_year_progress_years > 3", frame["best_gain_ooms_12"] > 12 * math.log10(2)),
        ("first_year_progress_years <= 3", frame["first_year_ooms"] <= 12 * math.log10(2)),
    ):
        holds = parse_event(text).holds(simulation.outcomes)
        np.testing.assert_array_equal(holds, values & ok)
        assert 0 < holds.sum() < len(holds)
    assert parse_event("best_year_progress_years > 3").in_words == "best_year_progress_years is above 3 years"


def test_the_best_year_is_not_asked_about_in_half_a_year():
    with pytest.raises(InputError, match=r"asks about 12 months, but trajectories end after 6"):
        parse_event("best_year_progress_years > 3").check_horizon(6.0)


@pytest.mark.parametrize("text", [" " * 3000, "a" * 100_000, "months_to" + " " * 100_000 + "x", "[" * 100_000, 5, None])
def test_what_is_no_event_is_refused_at_once_and_in_few_words(text):
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        parse_event(text)
    assert time.process_time() - began < 0.5  # processor seconds; a pattern that goes back and forth takes minutes
    assert len(str(caught.value)) < 1000


def test_several_conditions_hold_together_and_closer_than_apart():
    """``a or b and c`` is ``a or (b and c)``, as everywhere."""
    event = parse_event("pace_peak > 30 or months_to[5]<12 and limit_reached>=1")
    assert str(event) == "pace_peak > 30 or months_to[5] < 12 and limit_reached >= 1"
    assert parse_event(str(event)) == event
    assert (event.levels, event.widths) == ((5.0,), ())
    assert event.columns == ("pace_peak", "months_to_5", "limit_reached")
    assert event.from_start is None
    outcomes = blank_outcomes(8, (5.0,), (12.0,))
    bits = np.array([[number >> place & 1 for place in range(3)] for number in range(8)], dtype=bool)
    outcomes.pace_peak[:] = np.where(bits[:, 0], 31.0, 29.0)
    outcomes.months_to[:, 0] = np.where(bits[:, 1], 11.0, np.inf)
    outcomes.limit_reached[:] = bits[:, 2]
    assert event.holds(outcomes).tolist() == (bits[:, 0] | bits[:, 1] & bits[:, 2]).tolist()


def test_of_several_conditions_each_counts_from_day_one_that_can():
    event = parse_event("best_window_months[5] < 12 and pace_peak > 30")
    assert str(event.from_start) == "months_to[5] < 12 and pace_peak > 30"
    assert event.in_words == (
        "software alone raises effective training compute by at least 5 OOM in less than a year and pace_peak is above "
        "30x"
    )
    with pytest.raises(InputError, match="asks about 300 months, but trajectories end after 240"):
        parse_event("pace_peak > 30 or months_to[5] < 300").check_horizon(240.0)


def test_several_conditions_are_counted_as_they_are_simulated():
    prior = load_prior("davidson-2025")
    event = parse_event("best_window_months[5] < 12 and pace_peak > 30 or first_year_ooms > 6")
    simulation = simulate(prior, 512, n_replicates=4, levels=event.levels, widths=event.widths)
    hits = hits_of_design(prior, simulation.design, 240.0, event)
    np.testing.assert_array_equal(hits.holds, event.holds(simulation.outcomes))
    outcomes = simulation.outcomes
    both = (outcomes.best_window_months[:, 0] < 12.0) & (outcomes.pace_peak > 30.0)
    np.testing.assert_array_equal(hits.holds, both | (outcomes.first_year_ooms > 6.0))
    assert 0 < hits.holds.sum() < 512
