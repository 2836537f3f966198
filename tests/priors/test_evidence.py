"""Evidence in prior files: what is read, inherited and refused, and how likely each piece makes a world."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mc_sie.analysis.importance.conditioning import condition
from mc_sie.errors import InputError
from mc_sie.priors import load_prior, prior_from_dict
from mc_sie.priors.evidence import KEYS, Evidence

HEAD = 'title = "t"\nbottlenecks = "counted once"\nextends = "economists"\n'


def piece(**changes):
    """A piece of evidence as TOML; None takes a key away."""
    keys = {
        "name": "poll", "about": "pace_at_compute[0.1]", "likelihood": "lognormal", "value": 0.5, "sd_log": 0.4,
        "unit": "x", "source": "s",
    } | changes  # fmt: skip
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
    return "\n".join(["[[evidence]]", *lines, ""])


MISTAKES = {
    "unknown subject": (
        piece(about="pace_at_compte[0.1]"),
        "evidence[0].about = \"pace_at_compte[0.1]\" is nothing that a draw implies. Did you mean 'pace_at_compute'?",
    ),
    "index on what has none": (
        piece(about="max_speed[3]"),
        "evidence[0].about = \"max_speed[3]\" puts an index on max_speed, which has none. Write 'max_speed'.",
    ),
    "index missing": (
        piece(about="months_to", unit="months"),
        'evidence[0].about = "months_to" needs an index in OOM, above 0 and at most 20. '
        "Write it like 'months_to[5]'.",
    ),
    "unit": (
        piece(unit="%"),
        'evidence[0].unit = "%" is not the unit of pace_at_compute, "x". Write unit = "x".',
    ),
    "negative sd": (piece(sd_log=-1.0), "evidence[0].sd_log = -1.0 is not above 0. Give a larger number."),
    "no error": (
        piece(likelihood="at_least", sd_log=None),
        "evidence[0] does not say how good it is: it has no sd or sd_log. Give one.",
    ),
    "two errors": (
        piece(likelihood="at_most", sd=1.0),
        "evidence[0].sd_log = 0.4 is given beside sd. Both say how good the reading is: keep one of them.",
    ),
    "ends reversed": (
        piece(likelihood="interval", value=None, low=2, high=1),
        "evidence[0].high = 1 is below low = 2. Put the smaller number in low.",
    ),
    "key of another likelihood": (
        piece(low=1.0),
        'evidence[0].low = 1.0 is not a key of likelihood = "lognormal". It needs value, and sd_log.',
    ),
    "value missing": (piece(value=None), "evidence[0] has no value. It needs value, and sd_log."),
    "not positive": (
        piece(value=-1.0),
        "evidence[0].value = -1.0 is not above 0. A reading with sd_log is a positive number; or give sd.",
    ),
    "unknown likelihood": (
        piece(likelihood="lognormul"),
        "evidence[0].likelihood = \"lognormul\" is not one of the names. Did you mean 'lognormal'?",
    ),
    "unknown key": (
        piece(valeu=1.0),
        "evidence[0].valeu = 1.0 is not a key of a piece of evidence. Did you mean 'value'?",
    ),
    "no source": (
        piece(source=None),
        "evidence[0] has no source. A piece of evidence needs name, about, likelihood, unit, source.",
    ),
    "a name twice": (
        piece() + piece(),
        'evidence[1].name = "poll" is the name of another piece. Give each its own name.',
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained(load, name):
    text, message = MISTAKES[name]
    with pytest.raises(InputError) as caught:
        load(HEAD + text)
    assert str(caught.value) == f"mine.toml: {message}"


def test_a_set_without_evidence_has_the_digest_it_had():
    assert load_prior("davidson-houlden-2025").digest.startswith("ec262bdd699a")
    assert load_prior("agnostic").given(()).digest == load_prior("agnostic").digest


def test_the_digest_sees_numbers_and_neither_names_prose_nor_order(load):
    one, two = piece(), piece(name="other", value=0.6)
    first = load(HEAD + one + two).digest
    assert load(HEAD + two + one).digest == first
    assert load(HEAD + piece(name="renamed", source="elsewhere") + two).digest == first
    assert load(HEAD + piece(sd_log=0.5) + two).digest != first
    bare = load(HEAD + one + two).given(())
    assert bare.digest == load_prior("economists").digest
    assert not bare.evidence


@pytest.mark.parametrize("name", ["economists-evidence", "agnostic-evidence"])
def test_without_its_evidence_a_set_is_what_it_was(name):
    prior = load_prior(name)
    bare = prior.without_evidence()
    assert not bare.evidence
    assert bare.digest == prior.given(()).digest != prior.digest
    assert bare.given(prior.evidence).digest == prior.digest
    assert bare.without_evidence() is bare


def test_evidence_is_inherited_and_replaced_by_name(load):
    base = HEAD + piece() + piece(name="kept", value=0.7)
    child = 'title = "c"\nextends = "base.toml"\n' + piece(value=0.3) + piece(name="new", value=0.9)
    values = {item.name: item.parameters["value"] for item in load(child, base=base).evidence}
    assert values == {"poll": 0.3, "kept": 0.7, "new": 0.9}


def test_evidence_stays_when_quantities_change(load):
    prior = load(HEAD + piece())
    assert prior.pinned("alpha_compute", 0.3).evidence == prior.evidence
    assert prior.pinned("alpha_compute", 0.3).digest != prior.digest


def test_a_record_gives_the_evidence_back(load):
    prior = load(HEAD + piece(already_used_by=["epoch-2025"], judgement="ours") + piece(name="b", value=0.7))
    record = json.loads(json.dumps(prior.to_dict()))
    found = prior_from_dict(record, "run.json")
    assert found.to_dict() == prior.to_dict()
    assert found.evidence == prior.evidence
    record["evidence"][0]["parameters"]["value"] = 0.9
    with pytest.raises(InputError, match="describes a prior set of digest"):
        prior_from_dict(record, "run.json")


def test_a_pool_is_conditioned_as_a_whole(load):
    pool = 'title = "p"\n[pool]\nmembers = { "economists" = 0.5, "epoch-2025" = 0.5 }\nsource = "s"\n'
    prior = load(pool + piece())
    assert prior.evidence[0].name == "poll"
    assert prior.given(()).digest == load(pool).digest
    assert prior_from_dict(prior.to_dict(), "x").evidence == prior.evidence
    with pytest.raises(InputError, match=r"is conditioned on evidence \(poll\)\. A pool is conditioned as a whole"):
        load('title = "p"\n[pool]\nmembers = { "base.toml" = 1 }\nsource = "s"\n', base=HEAD + piece())


def test_evidence_that_a_belief_was_made_with_is_counted_twice(load):
    used = piece(about="max_speed", already_used_by=["davidson-2025"])
    twice = load(HEAD.replace("economists", "davidson-2025") + used)
    assert len(twice.warnings) == 1
    assert "evidence 'poll' is counted twice: it bears on rho, which is that of davidson-2025" in twice.warnings[0]
    # the economists descend from davidson-2025 too, but their sigma is their own
    assert load(HEAD + used).warnings == ()
    pool = 'title = "p"\n[pool]\nmembers = { "economists" = 0.5, "davidson-2025" = 0.5 }\nsource = "s"\n'
    assert len(load(pool + used).warnings) == 1


def evidence(likelihood, **parameters):
    return Evidence("n", "max_speed", likelihood, parameters, "x", "s", None, (), "o")


def test_likelihoods_are_those_of_the_textbook():
    x = np.array([0.3, 1.0, 2.5, 10.0, 400.0])
    for piece_, expected in (
        (evidence("normal", value=2.0, sd=3.0), stats.norm.pdf(x, 2.0, 3.0) / stats.norm.pdf(0.0, 0.0, 3.0)),
        (evidence("lognormal", value=2.0, sd_log=0.5), np.exp(-0.5 * (np.log(x / 2.0) / 0.5) ** 2)),
        (evidence("at_least", value=2.0, sd=1.5), stats.norm.cdf((x - 2.0) / 1.5)),
        (evidence("at_most", value=2.0, sd_log=0.5), stats.norm.sf(np.log(x / 2.0) / 0.5)),
        (evidence("interval", low=1.0, high=2.5), (x >= 1.0) & (x <= 2.5)),
        (
            evidence("interval", low=1.0, high=2.5, sd_log=0.7),
            stats.norm.cdf(np.log(x) / 0.7) - stats.norm.cdf(np.log(x / 2.5) / 0.7),
        ),
    ):
        np.testing.assert_allclose(np.exp(piece_.log_likelihood(x)), expected, rtol=1e-9, atol=1e-15)
    assert set(KEYS) == {"normal", "lognormal", "at_least", "at_most", "interval"}


def test_infinite_and_missing_values_have_a_likelihood():
    values = np.array([np.inf, -np.inf, np.nan, 0.0])
    for piece_, expected in (
        (evidence("at_least", value=10.0, sd_log=0.5), [0.0, -np.inf, -np.inf, -np.inf]),
        (evidence("at_most", value=10.0, sd_log=0.5), [-np.inf, 0.0, -np.inf, 0.0]),
        (evidence("lognormal", value=10.0, sd_log=0.5), [-np.inf, -np.inf, -np.inf, -np.inf]),
        (evidence("interval", low=1.0, high=2.0), [-np.inf, -np.inf, -np.inf, -np.inf]),
        (evidence("interval", low=1.0, high=2.0, sd=0.1), [-np.inf, -np.inf, -np.inf, stats.norm.logsf(10.0)]),
    ):
        np.testing.assert_allclose(piece_.log_likelihood(values), expected, rtol=1e-9)


def test_a_reading_far_from_an_interval_keeps_its_digits():
    far = evidence("interval", low=1.0, high=2.0, sd=0.01).log_likelihood(np.array([3.0, 0.0]))
    assert far[0] == pytest.approx(stats.norm.logsf(100.0), rel=1e-6)
    assert far[1] == pytest.approx(stats.norm.logsf(100.0), rel=1e-6)


def test_what_holds_and_what_a_prior_would_have_read():
    values = np.array([1.0, 2.0, 9.0])
    assert evidence("at_least", value=2.0, sd=1.0).holds(values).tolist() == [False, True, True]
    assert evidence("at_most", value=2.0, sd=1.0).holds(values).tolist() == [True, True, False]
    assert evidence("interval", low=1.5, high=3.0).holds(values).tolist() == [False, True, False]
    assert evidence("normal", value=2.0, sd=0.6).holds(values).tolist() == [True, True, False]
    np.testing.assert_allclose(
        evidence("normal", value=2.0, sd=0.5).predictive(values), stats.norm.cdf([2.0, 0.0, -14.0])
    )


def test_evidence_that_no_draw_satisfies_is_refused(load):
    sizes = {"n_draws": 64, "n_replicates": 4}
    prior = load(HEAD + piece(about="max_speed", likelihood="interval", value=None, sd_log=None, low=1e6, high=1e7))
    with pytest.raises(InputError, match=r"mine\.toml: evidence 'poll' is satisfied by none of 64 draws of mine"):
        condition(prior, **sizes)
    hard = {"likelihood": "interval", "value": None, "sd_log": None}
    both = piece(about="rho", unit="1", low=-50.0, high=-1.0, **hard)
    both += piece(name="other", about="sigma", unit="1", low=0.6, high=0.9, **hard)
    with pytest.raises(InputError, match=r"\('poll', 'other'\) that no draw of 64 satisfies together"):
        condition(load(HEAD + both), **sizes)


def test_evidence_about_what_some_draws_do_not_have_is_refused(load):
    prior = load(HEAD + piece(about="speedup_initial", value=5.0))
    with pytest.raises(InputError, match="is about speedup_initial, which 64 of 64 draws do not have"):
        condition(prior, 64, n_replicates=4)
    with pytest.raises(InputError, match="states no evidence"):
        condition(load_prior("economists"), 64)


@pytest.mark.parametrize(
    ("about", "likelihood", "parameters", "needed"),
    [
        ("months_to[5]", "at_most", {"value": 600.0, "sd": 1.0}, 606),
        ("months_to[5]", "at_most", {"value": 230.0, "sd": 50.0}, 495),
        ("months_to[5]", "at_least", {"value": 200.0, "sd": 10.0}, 253),
        ("months_to[5]", "normal", {"value": 400.0, "sd": 60.0}, 718),
        ("months_to[5]", "interval", {"low": 100.0, "high": 500.0}, 500),
        ("best_window_months[5]", "lognormal", {"value": 100.0, "sd_log": 0.5}, 1416),
        ("months_to_peak", "interval", {"low": 1.0, "high": 200.0, "sd_log": 0.1}, 340),
        ("months_end", "at_most", {"value": 241.0, "sd": 0.001}, 242),
        ("best_gain_ooms[300]", "at_least", {"value": 5.0, "sd": 1.0}, 300),
    ],
)
def test_evidence_about_times_beyond_the_horizon_is_refused_as_events_are(about, likelihood, parameters, needed):
    """Draws that get there later would count as those that never do: 20.4 % where 17.0 % is right."""
    item = replace(evidence(likelihood, **parameters), about=about)
    with pytest.raises(InputError, match=f"trajectories end after 240. Give --horizon-months {needed}."):
        item.check_horizon(240.0)
    item.check_horizon(float(needed))
    with pytest.raises(InputError, match="evidence 'n'"):
        condition(load_prior("davidson-2025").given([item]), 64, horizon_months=0.9 * needed)


def test_the_first_year_takes_a_year():
    item = replace(evidence("at_least", value=1.0, sd=0.1), about="first_year_ooms")
    with pytest.raises(InputError, match="asks about 12 months, but trajectories end after 6"):
        item.check_horizon(6.0)
    item.check_horizon(12.0)


def test_a_gain_above_the_end_of_a_trajectory_is_refused():
    item = replace(evidence("at_least", value=25.0, sd=5.0), about="best_gain_ooms[12]")
    with pytest.raises(InputError, match="is about a gain of 25 OOM, but a trajectory is followed to 20"):
        item.check_horizon(240.0)


@pytest.mark.parametrize("likelihood", KEYS)
@pytest.mark.parametrize("error", [{"sd": 3.0}, {"sd_log": 0.2}])
def test_beyond_where_a_likelihood_settles_it_is_that_of_never(likelihood, error):
    if next(iter(error)) not in KEYS[likelihood].errors:
        pytest.skip("not a key of it")
    reading = {"low": 10.0, "high": 40.0} if likelihood == "interval" else {"value": 40.0}
    item = evidence(likelihood, **reading, **error)
    later = np.array([1.0, 1.5, 10.0, math.inf]) * item.settled_above
    likely = np.exp(item.log_likelihood(later))
    assert np.ptp(likely) < 1e-6
    assert np.ptp(np.exp(item.log_likelihood([0.8 * item.settled_above, math.inf]))) > 1e-6  # and no later than needed


def test_evidence_that_says_next_to_nothing_about_a_time_takes_no_horizon():
    item = replace(evidence("at_most", value=100.0, sd_log=200.0), about="months_to[5]")
    with pytest.raises(InputError, match="A horizon is at most 12,000 months: state a smaller error"):
        item.check_horizon(240.0)


def test_the_words_say_what_was_measured(load):
    prior = load(HEAD + piece())
    assert prior.evidence[0].words == "pace_at_compute[0.1] is 0.5 x, give or take a factor of 1.49"
    assert evidence("interval", low=1.0, high=2.0).words == "max_speed lies between 1 and 2 x"
    assert evidence("at_least", value=10.0, sd=2.0).words == "max_speed is at least 10 x, sd 2 x"
    assert math.isfinite(prior.evidence[0].log_likelihood([0.5])[0])


@pytest.mark.parametrize(
    ("likelihood", "parameters", "distribution"),
    [
        ("normal", {"value": 1.0, "sd": 0.5}, stats.norm(3.0, 0.5)),
        ("lognormal", {"value": 1.0, "sd_log": 0.4}, stats.lognorm(0.4, scale=3.0)),
    ],
)
def test_a_predicted_reading_is_the_subject_with_the_error_of_the_reading(likelihood, parameters, distribution):
    item = Evidence("e", "pace_initial", likelihood, parameters, "x", "s", None, (), "here")
    readings = item.predicted(np.full(2000, 3.0), np.random.default_rng(1))
    assert stats.kstest(readings, distribution.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("likelihood", "parameters", "prob"),
    [
        ("at_least", {"value": 3.5, "sd": 0.5}, stats.norm.sf(1.0)),
        ("at_most", {"value": 3.5, "sd": 0.5}, stats.norm.cdf(1.0)),
        ("interval", {"low": 2.0, "high": 4.0}, 1.0),
        ("interval", {"low": 4.0, "high": 5.0}, 0.0),
    ],
)
def test_a_predicted_bound_is_satisfied_as_often_as_its_likelihood_says(likelihood, parameters, prob):
    item = Evidence("e", "pace_initial", likelihood, parameters, "x", "s", None, (), "here")
    satisfied = item.predicted(np.full(10_000, 3.0), np.random.default_rng(1))
    assert set(np.unique(satisfied)) <= {0, 1}
    assert satisfied.mean() == pytest.approx(prob, abs=4 * math.sqrt(prob * (1 - prob) / 10_000))
