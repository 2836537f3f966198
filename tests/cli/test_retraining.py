"""``mc-sie retraining`` as a user types it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tests_settings import INTERPRETED

FAST = ("--draws", "32" if INTERPRETED else "512", "--quiet")


def test_it_prints_and_writes(cli):
    status, out, err = cli("retraining", "davidson-2025", *FAST, "--out", "found")
    assert status == 0, err
    assert "Without retraining the probability is" in out
    assert "Davidson (2025) beside this" in out
    assert {path.name for path in Path("found").iterdir()} == {
        "cases.csv", "essay.csv", "record.json", "retraining.md", "retraining.png", "retraining.svg",
    }  # fmt: skip
    record = json.loads(Path("found/record.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("mc-sie retraining davidson-2025")
    assert len(record["cases"]) == len(pd.read_csv("found/cases.csv")) == 11
    text = Path("found/retraining.md").read_text(encoding="utf-8")
    assert "retraining.svg" in text
    assert "only without" in text


@pytest.mark.skipif(INTERPRETED, reason="the same as compiled, a hundred times slower")
@pytest.mark.parametrize("without", [(), ("--without-evidence",)])
def test_a_set_given_evidence_is_asked_given_it_or_as_it_was_before(cli, without):
    status, out, err = cli("retraining", "economists-evidence", *FAST, *without)
    assert status == 0, err
    assert ("effective sample size" in out) == (not without)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--horizon-months", "0"), "--horizon-months 0"),
        (("--draws", "0"), "--draws 0"),
        (("--event", "months_to[5] < 500"), "trajectories end after 240"),
    ],
)
def test_bad_requests_leave_nothing_behind(cli, arguments, message):
    status, _, err = cli("retraining", "davidson-2025", *arguments, "--out", "found")
    assert status == 2
    assert message in " ".join(err.split())
    assert not list(Path().iterdir())
