"""Readings of draws: stated and proposed, with evidence, in pools, of outcomes; and what cannot be read."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from mc_sie import Reading, load_prior, measure, sample_of, simulate
from mc_sie.analysis.sensitivity.information_value import sample_value
from mc_sie.analysis.sensitivity.measurement import MEASURE_READINGS
from mc_sie.analysis.sensitivity.proposals import PROPOSALS
from mc_sie.errors import InputError
from mc_sie.events import parse_event

EVENT = "best_window_months[3] < 24"


@pytest.fixture(scope="module")
def proposed(simulation):
    return measure(simulation, event=EVENT)


def test_every_proposal_is_valued_and_ranked(proposed):
    frame = proposed.readings
    assert set(frame["title"]) == {proposal.title for proposal in PROPOSALS.values()}
    assert frame["brier_gain"].is_monotonic_decreasing
    assert frame["source"].str.len().gt(0).all()
    assert proposed.sentences[0].startswith(f"Most worth measuring: {frame['title'][0]}. The reading would remove ")
    assert set(frame.loc[frame["is_late"], "of"]) == {"pace_initial", "months_to[1]"}
    assert proposed.sentences[-1].startswith("Next: ")
    late = replace(proposed, readings=frame.assign(is_late=frame.index < 2))
    assert late.sentences[-1].startswith(f"Of what can be read before automation: {frame['title'][2]} ")
    assert (frame["after_low"] <= frame["after_high"]).all()
    assert list(proposed.tables) == ["readings", "by_error"]
    assert len(proposed.by_error) == 12 * len(frame)
    assert list(proposed.shown_readings["reading"]) == list(frame["title"])
    assert {name for names in MEASURE_READINGS for name in names.split(", ")} < set(frame.columns)


def test_perfect_knowledge_is_what_the_sensitivity_says(simulation, proposed):
    """EVPPI of r and of lam beside :mod:`information_value`, which knows no readings."""
    value = sample_value(sample_of(simulation, parse_event(EVENT)))
    value = value[value["measure"] == "brier_gain"].set_index("what")
    for name in ("r", "lam", "software_doubling_months"):
        row = proposed.readings[proposed.readings["of"] == name].iloc[0]
        assert row["perfect"] == pytest.approx(value.loc[name, "value"], abs=1e-12)
        # what bins hide comes to the error here, at most 2.5 times their width where P goes from 0 to 1 in 32 of them
        hidden = math.sqrt(max(row["perfect_se"] ** 2 - value.loc[name, "se"] ** 2, 0.0))
        assert row["perfect_se"] > (1.0 - 1e-9) * value.loc[name, "se"]
        assert hidden < 2.5 / 32**2 + 1e-3


def test_what_is_fixed_is_said_to_be_worth_nothing(proposed):
    row = proposed.readings[proposed.readings["of"] == "alpha_compute"].iloc[0]
    assert row["perfect"] == 0.0
    assert math.isnan(row["share"])
    assert PROPOSALS["cost_share"].title in proposed.notes[-1]


def test_a_name_with_an_error_is_one_reading(simulation):
    one = measure(simulation, "r", sd_log=0.3, event=EVENT).readings
    several = measure(simulation, [Reading("lam", sd_log=0.3), Reading("r", sd_log=0.3)], event=EVENT).readings
    assert list(one["title"]) == ["r, sd_log 0.3"]
    assert (
        measure(simulation, [Reading("r", sd_log=0.3), Reading("rho", sd=0.1)], event=EVENT)
        .sentences[-1]
        .startswith("Next: ")
    )
    both = several.set_index("title").loc["r, sd_log 0.3"]
    assert one.iloc[0]["brier_gain"] == both["brier_gain"]
    assert "source" not in one


def test_a_prior_set_is_simulated_with_what_its_readings_need(simulation):
    design = simulation.design
    how = {"n_draws": design.n_draws, "seed": design.seed, "n_replicates": design.n_replicates, "event": EVENT}
    found = measure(simulation.prior, "months_to[2.5]", sd_log=0.2, **how)
    again = measure(simulation, "months_to[2.5]", sd_log=0.2, event=EVENT)
    assert found.readings.equals(again.readings)
    assert found.answer == again.answer


def test_a_reading_of_the_events_own_outcome_settles_it(simulation):
    found = measure(simulation, "best_window_months[3]", sd_log=1e-9, event=EVENT).readings.iloc[0]
    assert found["share"] == pytest.approx(1.0)


def test_a_reading_beyond_the_horizon_is_as_good_as_never(simulation):
    """The event is "never"; a reading within the horizon excludes it, one beyond leaves never among slow readings."""
    months = simulation.outcomes.months_to[:, list(simulation.outcomes.levels).index(8.0)]
    found = measure(simulation, "months_to[8]", sd_log=2.0, event="months_to[8] > 1e9").readings.iloc[0]
    finite = months[np.isfinite(months)]
    never = 1.0 - len(finite) / len(months)
    read_beyond = never + (1.0 - never) * ndtr((np.log(finite) - math.log(240.0)) / 2.0).mean()
    assert never - never**2 == pytest.approx(found["perfect"], abs=1e-4)
    assert never**2 / read_beyond - never**2 == pytest.approx(found["brier_gain"], abs=4.0 * found["brier_gain_se"])


def test_weighted_draws_count_by_weight(simulation):
    """Weights of 0 and 1 are the draws that are kept."""
    sample = sample_of(simulation, parse_event(EVENT))
    kept = sample.draws["lam"] > 0.5
    weighted = type(sample)(**{**vars(sample), "weights": kept.astype(float)})
    alone = type(sample)(**{**vars(sample), "is_ok": sample.is_ok & kept})
    one, two = (measure(given, "r", sd_log=0.4).readings.iloc[0] for given in (weighted, alone))
    assert one["brier_gain"] == pytest.approx(
        two["brier_gain"], abs=4.0 * (one["brier_gain_se"] + two["brier_gain_se"])
    )
    assert one["perfect"] > 0.0


def test_evidence_and_pools_are_read_like_any_set(pooled):
    found = measure(pooled)
    assert len(found.readings) == len(PROPOSALS)
    assert found.readings["brier_gain_low"].max() > 0.0
    given = simulate(load_prior("economists-evidence"), 1024, n_replicates=8)
    assert given.weights is not None
    read = measure(given, "r_total", sd_log=0.3, event="best_window_months[2] < 24")
    assert read.answer.prob == pytest.approx(np.average(read.sample.hits, weights=given.weights))
    assert np.isfinite(read.readings["brier_gain_se"]).all()


def test_failed_draws_are_left_out_and_named(failing):
    found = measure(failing, "r", sd_log=0.3, event=EVENT)
    assert "could not be simulated" in found.notes[0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"of": "speedup_initial", "sd_log": 0.3}, "speedup_initial is absent from "),
        ({"of": "months_to[2.7]", "sd_log": 0.3}, "months_to[2.7] is not among the outcomes of these draws"),
        ({"of": "best_gain_ooms[500]", "sd": 0.3}, "but trajectories end after 240. Give horizon_months = 500"),
        ({"of": "rho", "sd_log": 0.3}, "sd_log of rho cannot be stated"),
        ({"of": []}, "of names nothing to read"),
        ({"sd": 0.3}, "sd is given beside readings"),
        ({"of": "mode", "sd": 0.3}, "the reading of mode has no error on a scale"),
        ({"of": "r", "sd_log": 0.3, "loss_ratio": 0.0}, "loss_ratio = 0 is not a positive number"),
        ({"of": "r", "sd_log": 0.3, "event": "best_window_months[8] < 0.001"}, "the event holds in none of the"),
    ],
)
def test_what_cannot_be_read_is_refused(simulation, ask, message):
    with pytest.raises(InputError) as refused:
        measure(simulation, **({"event": EVENT} | ask))
    assert message in str(refused.value)
