"""``run --rare``: what it prints, writes and refuses."""

import json

import pandas as pd
import pytest
from tests_settings import CHEAP, INTERPRETED, SMALL, everything

from mc_sie.cli.app import with_flags


@pytest.fixture
def small_search(monkeypatch):
    from mc_sie.analysis.importance import subset_simulation

    for name, value in {"N_PLAIN": 256, "_N_PARTICLES": 64, "_N_POPULATION_LOW": 32, "_N_TRIAL": 128}.items():
        monkeypatch.setattr(subset_simulation, name, value)


def test_run_rare_prints_the_answer_and_writes_the_hits(cli, here, small_search):
    asked = ("run", CHEAP, "--rare", "--horizon-months", "12", "--event", "first_year_ooms > 6", *SMALL)
    status, out, err = cli(*asked, "--out", "mine")
    assert status == 0, err
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    assert record["method"] == "importance sampling"
    assert record["sentence"] in out
    assert with_flags(record["method_in_words"]) in out
    assert "Importance sampling: " in out
    assert "prior_share" in record["proposal"]
    hits = pd.read_parquet(here / "mine" / "hits.parquet")
    assert (hits["first_year_ooms"] > 6).all()
    assert hits["weight"].sum() / record["design"]["n_draws"] == pytest.approx(record["answer"]["prob"])
    assert everything(here / "mine") == {"run.json", "hits.parquet", "shifts.csv"}
    assert set(record["files"]) == {"hits.parquet", "shifts.csv"}


def test_run_rare_that_finds_nothing_says_so(cli, here, small_search):
    status, out, _ = cli("run", CHEAP, "--rare", "--horizon-months", "1", "--event", "pace_initial > 1e9", *SMALL)
    assert status == 0
    assert "binomial 95 % bound: 0 of" in out
    assert "found no way to the event" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--no-draws",), "--no-draws is for draws of the prior, and --rare takes others"),
        (("--all-outcomes",), "--all-outcomes is for draws of the prior"),
    ],
)
def test_run_rare_refuses_what_it_cannot_do(cli, here, options, message):
    status, _, err = cli("run", CHEAP, "--rare", *options, *SMALL)
    assert status == 2
    assert message in " ".join(err.split())
    assert everything(here) == set()


@pytest.mark.skipif(INTERPRETED, reason="a pilot of sixteen thousand draws")
def test_run_rare_given_evidence_and_without(cli, here, small_search):
    asked = ("run", "economists-evidence", "--rare", *SMALL)
    status, out, err = cli(*asked, "--out", "mine")
    assert status == 0, err
    assert "given 4 pieces of evidence" in out
    assert "given the evidence the draws are worth" in " ".join(out.split())
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    assert record["answer"]["ess"] > 0.1 * record["design"]["n_draws"]
    assert cli("verify", "mine")[0] == 0
    status, out, _ = cli(*asked, "--without-evidence", "--out", "bare")
    assert status == 0
    assert "of evidence" not in out
