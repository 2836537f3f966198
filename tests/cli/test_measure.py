"""``mc-sie measure`` as a user types it: what it prints and writes, and what it says to bad input."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from tests_settings import INTERPRETED

CHEAP = "davidson-houlden-2025"
SMALL = ("--draws", "8192", "--quiet")

compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


@compiled
def test_proposals_are_ranked_and_written(cli, here):
    status, out, err = cli("measure", CHEAP, *SMALL, "--out", "found")
    assert status == 0, err
    assert "Most worth measuring: " in out
    assert "paid speedruns on fixed hardware" in out
    assert "Worth nothing here, because the prior leaves no doubt about it: " in out
    names = {path.name for path in (here / "found").iterdir()}
    assert names == {"readings.csv", "by_error.csv", "readings.svg", "readings.png", "record.json"}
    record = json.loads((here / "found" / "record.json").read_text(encoding="utf-8"))
    assert record["method"] == "measure"
    assert record["prior"]["name"] == CHEAP
    assert record["command"] == f"mc-sie measure {CHEAP} {' '.join(SMALL)} --out found"
    frame = pd.read_csv(here / "found" / "readings.csv")
    assert frame["brier_gain"].is_monotonic_decreasing
    assert frame["error_source"].notna().all()


@compiled
def test_readings_have_one_error_or_one_each(cli, here):
    shared = ("measure", CHEAP, *SMALL, "--of", "r", "--of", "lam")
    status, out, err = cli(*shared, "--sd-log", "0.3")
    assert status == 0, err
    assert "r, sd_log 0.3" in out
    assert "lam, sd_log 0.3" in out
    _, out, _ = cli(*shared, "--sd-log", "0.3", "--sd-log", "0.5")
    assert "lam, sd_log 0.5" in out


@compiled
def test_a_run_is_read_from_its_draws(cli, here):
    assert cli("run", CHEAP, "--draws", "4096", "--quiet", "--out", "mine")[0] == 0
    status, out, err = cli("measure", "mine", "--quiet", "--of", "pace_initial", "--sd-log", "0.3")
    assert status == 0, err
    assert "pace_initial, sd_log 0.3" in out
    status, _, err = cli("measure", "mine", "--seed", "3")
    assert status == 2
    assert "--seed 3 is settled by the run mine" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--of", "r"), "--of r has no error. Give one, such as --sd-log 0.3."),
        (("--of", "rho"), "--of rho has no error. Give one, such as --sd 0.3."),
        (("--of", "r", "--sd", "1", "--sd-log", "1"), "has errors of several kinds (--sd, --sd-log)"),
        (("--of", "r", "--sd-log", "1", "--sd-log", "2"), "--sd-log is given 2 times for 1 readings"),
        (("--sd-log", "1"), "--sd-log is the error of a reading, but nothing is read"),
        (("--of", "r", "--sd-log", "0"), "--sd-log 0 is not a positive number"),
        (("--of", "pace", "--sd", "1"), "the reading of pace is nothing that a draw implies"),
        (("--of", "months_to", "--sd", "1"), "needs an index in OOM"),
        (("--of", "r", "--sd-log", "x"), "'x' is not a number"),
        (("--of", "r", "--sd-log", "1", "--loss-ratio", "0"), "--loss-ratio 0 is not a positive number"),
    ],
)
def test_what_cannot_be_read_is_refused(cli, arguments, message):
    status, out, err = cli("measure", CHEAP, *arguments)
    assert status == 2
    assert out == ""
    assert message in " ".join(err.replace("│", " ").split())


@compiled
def test_an_error_on_a_scale_that_does_not_fit_names_the_flag(cli):
    status, _, err = cli("measure", "davidson-2025", *SMALL, "--of", "rho", "--sd-log", "0.3")
    assert status == 2
    assert "--sd-log of rho cannot be stated" in err
