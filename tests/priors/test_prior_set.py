"""Prior sets: values at points, reparametrisations, pools, digests, and sets made from others."""

import json
import math

import numpy as np
import pytest
from prior_texts import HEAD, ONE, POOL, RHO, TWO, N, R, entry, points

import mc_sie.priors as priors
from mc_sie.errors import InputError
from mc_sie.priors import load_prior
from mc_sie.quantities import MODEL_QUANTITIES, MODES


def test_a_set_shows_itself_in_one_line_and_in_a_notebook_whole():
    prior, pooled = priors.load_prior("davidson-2025"), priors.load_prior("agnostic")
    assert repr(prior).startswith("<PriorSet davidson-2025: Davidson (2025): the author's bottom line; 13 quantities")
    assert "a pool of " in repr(pooled)
    shown = prior._repr_html_()
    assert shown.count("<tr>") == 1 + len(prior.entries)
    assert "loguniform from 0.4 to 3.6" in shown
    assert "-0.2 &lt; rho &lt; 0" in shown
    assert "epoch-2025" in pooled._repr_html_()


R_OF_ANOTHER_NAME = priors.entry("r", {"family": "uniform", "low": 0.5, "high": 0.9}, unit="1", source="s")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roh": None}, "roh is no quantity. Did you mean 'rho'?"),
        ({5: None}, "5 is no quantity."),
        ({"rho": 0.1}, "rho = 0.1 is no entry. Make one with mc_sie.priors.entry("),
        ({"rho": R_OF_ANOTHER_NAME}, "changes['rho'] is an entry of r. Write {'r': ...}."),
        (5, "changes = 5 is no mapping from quantities to entries."),
        ("rho", "changes = 'rho' is no mapping from quantities to entries."),
    ],
)
def test_what_is_no_entry_replaces_none(changes, message):
    with pytest.raises(InputError) as error:
        load_prior("davidson-2025").replaced(changes)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("correlations", "message"), [(5, "is no sequence"), ([5], "correlations: 5 is no correlation")]
)
def test_what_is_no_correlation_correlates_nothing(correlations, message):
    with pytest.raises(InputError, match=message):
        load_prior("davidson-2025").replaced({}, correlations=correlations)


@pytest.mark.parametrize("evidence", [5, [5], "poll"])
def test_what_is_no_evidence_conditions_nothing(evidence):
    with pytest.raises(InputError, match="is no list of evidence"):
        load_prior("davidson-2025").given(evidence)


def test_values_have_every_quantity_in_its_type(load):
    prior = load(HEAD + RHO + R + entry("mode", "family = 'categorical'\nvalues = { continual = 0.75, none = 0.25 }"))
    u = points(prior)
    values = prior.values(u)
    assert tuple(values) == MODEL_QUANTITIES
    assert {array.shape for array in values.values()} == {(N,)}
    assert values["mode"].dtype == np.int8
    assert all(array.dtype == np.float64 for name, array in values.items() if name != "mode")
    np.testing.assert_allclose(values["rho"], -0.4 + 0.3 * u["rho"])
    np.testing.assert_allclose(values["r"], 0.4 * 9.0 ** u["r"])
    np.testing.assert_array_equal(values["mode"], np.where(u["mode"] <= 0.25, 0, MODES.index("continual")))
    assert np.all(values["limit_ooms"] == math.inf)
    assert np.all(np.isnan(values["rho_long"]))
    assert np.all(values["labour_multiplier"] == 900.0)


def test_modes_are_cut_in_the_fixed_order_whatever_the_file_says(load):
    values = "{ from_scratch = 0.2, continual = 0.3, shortening = 0.4, none = 0.1 }"
    prior = load(HEAD + RHO + R + entry("mode", f"family = 'categorical'\nvalues = {values}"))
    u = {name: np.array([0.05, 0.3, 0.6, 0.9]) for name in prior.dimensions}
    assert [MODES[code] for code in prior.values(u)["mode"]] == ["none", "shortening", "continual", "from_scratch"]
    assert prior.entries["mode"].distribution.describe() == (
        "10 % none, 40 % shortening, 30 % continual, 20 % from_scratch"
    )


def test_a_fixed_mode_is_not_random(load):
    prior = load(HEAD + RHO + R + entry("mode", 'family = "fixed"\nvalue = "continual"'))
    assert "mode" not in prior.dimensions
    assert np.all(prior.values(points(prior))["mode"] == MODES.index("continual"))
    assert prior.entries["mode"].distribution.describe() == "continual"


def test_a_set_without_uncertainty_needs_no_points(load):
    prior = load(HEAD + entry("rho", 'family = "fixed"\nvalue = 0') + entry("r", 'family = "fixed"\nvalue = 2'))
    assert prior.dimensions == ()
    assert {name: array.shape for name, array in prior.values({}).items()} == dict.fromkeys(MODEL_QUANTITIES, (1,))
    assert prior.values({"rho": np.full(7, 0.5)})["r"].tolist() == [2.0] * 7
    assert prior.quantiles("rho", [0.1, 0.9]).tolist() == [0.0, 0.0]


def test_sigma_shares_the_dimension_of_rho(load):
    prior = load(HEAD + entry("sigma", 'family = "uniform"\nlow = 0.5\nhigh = 2') + R)
    assert prior.dimensions == ("rho", "r")
    assert "rho" not in prior.entries
    u = points(prior)
    values = prior.values(u)
    np.testing.assert_allclose(values["sigma"], 0.5 + 1.5 * u["rho"])
    np.testing.assert_allclose(values["rho"], 1.0 - 1.0 / values["sigma"])
    exact = 1.0 - 1.0 / (0.5 + 1.5 * np.array([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(prior.quantiles("rho", [0.05, 0.5, 0.95]), exact, atol=1e-3)
    assert prior.mean("rho") == pytest.approx(1.0 - math.log(4.0) / 1.5, abs=1e-4)
    assert prior.quantiles("sigma", [0.5]) == pytest.approx(1.25, rel=1e-14)
    assert prior.mean("sigma") == pytest.approx(1.25, rel=1e-14)


def test_max_speed_gives_rho_by_the_alpha_of_the_same_draw(load):
    alpha = entry("alpha_compute", 'family = "uniform"\nlow = 0.2\nhigh = 0.8')
    prior = load(HEAD + entry("max_speed", 'family = "loguniform"\nlow = 10\nhigh = 100') + alpha + R)
    assert prior.dimensions == ("rho", "r", "alpha_compute")
    values = prior.values(points(prior))
    np.testing.assert_allclose(values["alpha_compute"] ** (1.0 / values["rho"]), values["max_speed"], rtol=1e-10)
    # E ln(alpha) E 1/ln(max_speed), both uniform underneath.
    mean_log_alpha = (0.8 * math.log(0.8) - 0.8 - 0.2 * math.log(0.2) + 0.2) / 0.6
    exact = mean_log_alpha * math.log(2.0) / math.log(10.0)
    assert prior.mean("rho") == pytest.approx(exact, abs=1e-3)


def test_no_limit_on_speed_means_cobb_douglas(load):
    prior = load(HEAD + entry("max_speed", 'family = "fixed"\nvalue = inf') + R)
    rho = prior.values(points(prior))["rho"]
    assert np.all(rho == 0.0)
    assert not np.signbit(rho).any()


def test_r_total_is_deflated_by_the_shares_of_the_same_draw(load):
    more = entry("alpha_compute", 'family = "uniform"\nlow = 0.2\nhigh = 0.8')
    more += entry("labour_per_efficiency", 'family = "uniform"\nlow = 1.7\nhigh = 2.5')
    prior = load(HEAD + RHO + entry("r_total", 'family = "uniform"\nlow = 0.5\nhigh = 3') + more)
    values = prior.values(points(prior))
    expected = (1.0 - values["alpha_compute"]) * values["labour_per_efficiency"] * values["r_total"]
    np.testing.assert_allclose(values["r"], expected)
    assert prior.mean("r") == pytest.approx(0.5 * 2.1 * 1.75, abs=2e-3)
    assert tuple(values) == (*MODEL_QUANTITIES, "r_total")


def test_asking_for_what_is_not_given_is_an_error(load):
    prior = load(HEAD + RHO + R)
    with pytest.raises(InputError, match="speedup_initial is not given by mine"):
        prior.mean("speedup_initial")
    with pytest.raises(InputError, match=r"rhoo is not given by mine. Did you mean 'rho'\?"):
        prior.quantiles("rhoo", [0.5])


def test_values_stay_inside_excluded_bounds(load):
    prior = load(HEAD + RHO + R + entry("alpha_compute", 'family = "beta"\na = 5\nb = 0.2'))
    u = {name: np.array([1e-16, 0.5, 1.0 - 1.2e-16]) for name in prior.dimensions}
    alpha = prior.values(u)["alpha_compute"]
    assert alpha[-1] == np.nextafter(1.0, 0.0)


def test_a_pool_draws_whole_sets_at_the_same_points(load):
    pool = load(POOL, one=ONE, two=TWO)
    one, two = load_prior("one.toml"), load_prior("two.toml")
    assert [(member.name, weight) for member, weight in pool.members] == [("one", 0.25), ("two", 0.75)]
    assert pool.entries == {}
    assert pool.dimensions == ("rho", "r", "mode", "speedup_initial", "prior_set")
    u = points(pool)
    values = pool.values(u)
    assert tuple(values) == (*MODEL_QUANTITIES, "sigma", "prior_set")
    assert values["prior_set"].dtype == np.int16
    assert values["mode"].dtype == np.int8
    np.testing.assert_array_equal(values["prior_set"], u["prior_set"] > 0.25)
    for index, member in enumerate((one, two)):
        rows = values["prior_set"] == index
        alone = member.values(u)
        for name in MODEL_QUANTITIES:
            np.testing.assert_array_equal(values[name][rows], alone[name][rows])
    assert np.all(np.isnan(values["sigma"][values["prior_set"] == 0]))


def test_a_pool_implies_the_mixture_of_its_members(load):
    pool = load(POOL, one=ONE, two=TWO)
    one, two = load_prior("one.toml"), load_prior("two.toml")
    assert pool.mean("rho") == pytest.approx(0.25 * one.mean("rho") + 0.75 * two.mean("rho"), abs=2e-4)
    probs = np.array([0.05, 0.5, 0.95])
    q = pool.quantiles("rho", probs)
    below = 0.25 * np.clip((q + 0.4) / 0.3, 0, 1) + 0.75 * np.clip((1.0 / (1.0 - q) - 0.5) / 0.4, 0, 1)
    np.testing.assert_allclose(below, probs, atol=1e-3)
    assert pool.mean("speedup_initial") == pytest.approx(one.mean("speedup_initial"), rel=1e-2)


def test_pools_and_warnings_of_members_are_reported_once(load):
    doubtful = ONE.replace('bottlenecks = "counted once"\n', "")
    pool = load(POOL, one=doubtful, two=TWO)
    assert len(pool.warnings) == 1
    assert pool.warnings[0].startswith("one.toml: rho below 0")


def test_the_digest_sees_numbers_and_not_prose(load):
    first = load(HEAD + RHO + R)
    assert len(first.digest) == 64
    prose = HEAD.replace("A title", "Another") + 'description = "d"\ncitations = ["c"]\n'
    again = prose + R.replace("a source", "b") + RHO.replace("a source", "c") + '\njudgement = "ours"\n'
    assert load(again).digest == first.digest
    assert load(HEAD + RHO.replace("-0.4", "-4e-1") + R).digest == first.digest
    stated_default = entry("lam", 'family = "fixed"\nvalue = 1')
    assert load(HEAD + RHO + R + stated_default).digest == first.digest
    assert load(f'{HEAD}extends = "base.toml"\n', base=HEAD + RHO + R).digest == first.digest
    different = [
        HEAD + RHO.replace("-0.4", "-0.41") + R,
        HEAD + RHO + R.replace("loguniform", "uniform"),
        HEAD + RHO.replace("high = -0.1", "high = -0.1\ntruncate_high = -0.2") + R,
        HEAD + RHO + R + entry("mode", 'family = "fixed"\nvalue = "continual"'),
    ]
    digests = {load(text).digest for text in different}
    assert len(digests) == len(different)
    assert first.digest not in digests


def test_the_digest_of_a_pool_sees_members_and_weights(load):
    first = load(POOL, one=ONE, two=TWO).digest
    assert load(POOL.replace('"s"', '"another"'), one=ONE.replace("A title", "B"), two=TWO).digest == first
    assert load(POOL.replace("0.25", "0.26").replace("0.75", "0.74"), one=ONE, two=TWO).digest != first
    assert load(POOL, one=ONE.replace("-0.4", "-0.5"), two=TWO).digest != first


def test_the_dictionary_is_plain_json_with_sources(load):
    prior = load(HEAD + RHO + R)
    found = json.loads(json.dumps(prior.to_dict(), allow_nan=False))
    assert found["digest"] == prior.digest
    assert found["entries"]["rho"] == {
        "family": "uniform",
        "parameters": {"low": -0.4, "high": -0.1},
        "unit": "1",
        "source": "a source",
        "judgement": None,
        "origin": "mine.toml",
        "words": "uniform from -0.4 to -0.1",
    }
    assert found["entries"]["limit_ooms"]["parameters"] == {"value": "inf"}
    pool = json.loads(json.dumps(load(POOL, one=ONE, two=TWO).to_dict(), allow_nan=False))
    assert [member["weight"] for member in pool["members"]] == [0.25, 0.75]
    assert "speedup_initial" in pool["members"][0]["prior"]["entries"]


def test_a_pinned_quantity_takes_the_place_of_what_determined_it():
    base = load_prior("economists")
    pinned = base.pinned("rho", -0.2, "mine")
    assert pinned.name == "mine"
    assert "sigma" not in pinned.entries
    points = {name: np.array([0.3, 0.6]) for name in base.dimensions}
    before, after = base.values(points), pinned.values(points)
    assert (after["rho"] == -0.2).all()
    for name, values in after.items():
        if name != "rho":
            np.testing.assert_array_equal(values, before[name])
    assert pinned.replaced({"sigma": base.entries["sigma"]}).digest == base.digest
    assert base.pinned("mode", "continual").values(points)["mode"].tolist() == [MODES.index("continual")] * 2


def test_in_a_pool_every_member_is_changed():
    pool = load_prior("agnostic").pinned("r", 1.3)
    assert all(member.entries["r"].distribution.constant == 1.3 for member, _ in pool.members)
    assert pool.digest != load_prior("agnostic").digest


def test_a_value_that_cannot_be_pinned_is_refused():
    prior = load_prior("davidson-2025")
    for quantity, value, words in (
        ("rho", 2.0, "is above 1"),
        ("mode", "sometimes", "Known: none"),
        ("lambda", 1.0, "is no quantity"),
    ):
        with pytest.raises(InputError, match=words):
            prior.pinned(quantity, value)
