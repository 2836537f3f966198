"""The page's data: one JSON of what Python knows."""

import json
import math

import pytest

from mc_sie.explorer.data import first_sentence, page_data, proposal_of, stored_proposals
from mc_sie.priors import load_prior
from mc_sie.priors.shipped import shipped_priors
from mc_sie.quantities import HORIZON_MONTHS_DEFAULT, MODEL_QUANTITIES, MODES, QUANTITIES
from mc_sie.sampling import N_REPLICATES_DEFAULT


@pytest.fixture(scope="module")
def data():
    return page_data()


def test_it_is_json_and_small(data):
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    assert json.loads(text) == data
    assert len(text) < 150_000  # of the page's megabyte


def test_facts_are_those_of_the_tables(data):
    assert (data["horizon"], data["replicates"]) == (HORIZON_MONTHS_DEFAULT, N_REPLICATES_DEFAULT)
    assert data["modes"] == list(MODES)
    assert list(data["quantities"]) == list(QUANTITIES)
    for name, row in data["quantities"].items():
        assert (float(row["low"]), float(row["high"])) == (QUANTITIES[name].low, QUANTITIES[name].high)
        assert (row["unit"], row["determines"]) == (QUANTITIES[name].unit, QUANTITIES[name].determined)


def test_six_quantities_and_the_mode_come_first(data):
    tiers = {name: data["quantities"][name]["tier"] for name in MODEL_QUANTITIES}
    first = {name for name, tier in tiers.items() if tier == "first"}
    assert first == {"rho", "r", "lam", "limit_ooms", "mode", "training_months", "software_doubling_months"}
    assert {name for name, tier in tiers.items() if tier == "extension"} == {
        name for name in MODEL_QUANTITIES if QUANTITIES[name].optional
    }
    assert data["quantities"]["max_speed"]["tier"] == "first"  # it is another way to state rho


def test_every_shipped_set_has_a_sentence_and_its_record(data):
    assert list(data["sets"]) == list(shipped_priors())
    for name, row in data["sets"].items():
        prior = load_prior(name)
        assert row["title"] == prior.title
        assert row["sentence"].endswith((".", "!", "?"))
        assert " ".join(prior.description.split()).startswith(row["sentence"])
        assert 0.0 <= row["prob"] < 1.0
        assert row["se"] is None or 0.0 < row["se"] < 0.01
        assert row["label"].endswith(("%", ")"))
        assert (row["isPool"], row["hasEvidence"]) == (bool(prior.members), bool(prior.evidence))
        assert row["isShipped"]


def test_first_sentences():
    assert first_sentence("About r. And\nmore.") == "About r."
    assert (
        first_sentence("About 1.5 OOM (Smith et al. 2025),\ni.e. much. More.")
        == "About 1.5 OOM (Smith et al. 2025), i.e. much."
    )


def test_numbers_that_json_does_not_know_come_back(node, data):
    script = """
    const { reviveData } = await import(page("prior.js"));
    reviveData(input);
    reviveData(input);
    const { limit_ooms, rho } = input.quantities;
    return [limit_ooms.high, limit_ooms.default, rho.low, input.sets.economists.title];
    """
    assert node(script, data) == [math.inf, math.inf, -50.0, data["sets"]["economists"]["title"]]


def test_a_set_whose_draws_will_do_needs_no_proposal():
    assert "davidson-2025-evidence" not in stored_proposals()
    assert proposal_of(load_prior("davidson-2025-evidence")) is None
