"""``run`` of a set given evidence, and ``evidence``: what they print, write and refuse."""

import json

import pandas as pd
import pytest
from tests_settings import INTERPRETED

from mc_sie.errors import EXIT_BAD_INPUT
from mc_sie.events import parse_event
from mc_sie.storage.runs import read_run

SMALL = ("--draws", "4096", "--replicates", "8", "--quiet")

pytestmark = pytest.mark.skipif(INTERPRETED, reason="thousands of trajectories")


def test_run_of_a_set_given_evidence_writes_weights_and_how(cli, here):
    status, out, _ = cli("run", "economists-evidence", *SMALL, "--draws", "16384", "--out", "given")
    assert status == 0
    assert ", given 4 pieces of evidence; " in out
    assert "Given the evidence: draws of a proposal fitted to draws that tempering found" in out
    record = json.loads((here / "given/run.json").read_text())
    assert record["sentence"] in " ".join(out.split())
    assert record["evidence"]["way"] == "proposal"
    assert record["evidence"]["pareto_k"] < 0.7
    assert record["evidence"]["ess"] > 1000
    assert record["evidence"]["proposal"]["components"]
    assert [item["name"] for item in record["prior"]["evidence"]] == record["evidence"]["items"]
    frame = pd.read_parquet(here / "given/draws.parquet")
    assert frame["weight"].mean() == pytest.approx(1.0)
    sample = read_run(here / "given").sample
    assert sample.weights.tolist() == frame["weight"].tolist()
    assert "weight" not in sample.outcomes
    share = sample.weights[sample.hits].sum() / sample.weights.sum()
    assert record["answer"]["prob"] == pytest.approx(share)
    assert "ess" in pd.read_csv(here / "given/thresholds.csv")


def test_a_set_without_evidence_has_no_weights(cli, here):
    status, _, _ = cli("run", "davidson-2025", "--draws", "64", "--quiet", "--out", "plain")
    assert status == 0
    assert "weight" not in pd.read_parquet(here / "plain/draws.parquet")
    assert "evidence" not in json.loads((here / "plain/run.json").read_text())
    assert read_run(here / "plain", parse_event("months_to[5] < 12")).sample.weights is None


def test_evidence_shows_both_sides_and_writes_tables_and_figure(cli, here):
    status, out, _ = cli("evidence", "economists-evidence", *SMALL, "--out", "weighed")
    assert status == 0
    for words in (
        "before;",
        "given 4 pieces of evidence",
        "Shapley",
        "prior-predictive p",
        "max_speed is at least 10 x",
    ):
        assert words in out
    items = pd.read_csv(here / "weighed/evidence_items.csv")
    record = json.loads((here / "weighed/evidence.json").read_text())
    change = record["after"]["prob"] - record["before"]["prob"]
    assert items["shapley"].sum() == pytest.approx(change, abs=1e-9)
    names = {path.name for path in (here / "weighed").iterdir()}
    assert names == {
        "evidence.json", "evidence.svg", "evidence.png",
        *(f"evidence_{table}.csv" for table in ("inputs", "shares", "items")),
    }  # fmt: skip


def test_evidence_of_a_set_without_any_is_refused(cli):
    status, _, err = cli("evidence", "economists", *SMALL)
    assert status == EXIT_BAD_INPUT
    assert "economists states no evidence" in err


def test_show_prints_the_evidence(cli):
    status, out, _ = cli("priors", "show", "economists-evidence")
    assert status == 0
    assert "max_speed is at least 10 x" in out
    assert "already used by davidson-2025" in out
