"""``run``: what it prints and writes, whatever is asked."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import CHEAP, SMALL


def test_run_prints_the_answer_and_writes_the_folder(cli, here):
    status, out, err = cli("run", CHEAP, *SMALL, "--out", "mine", "--seed", "3")
    assert status == 0
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    assert record["command"] == f"mc-sie run {CHEAP} {' '.join(SMALL)} --out mine --seed 3"
    assert record["design"]["seed"] == 3
    assert record["sentence"] in out
    assert "at least 5 OOM in less than a year:" in out
    assert "counted from day one" in out
    assert "Results: mine/" in out
    assert "16 OOM" in out  # the table
    assert "all simulated to 240 months" in out
    assert "error" not in err.lower()


def test_run_asks_about_any_event(cli, here):
    status, out, _ = cli("run", CHEAP, *SMALL, "--event", "months_to[2.5] < 6", "--out", "mine", "--all-outcomes")
    assert status == 0
    assert "at least 2.5 OOM in less than 6 months, counted from the day of automation:" in out
    frame = pd.read_parquet(here / "mine" / "draws.parquet")
    np.testing.assert_array_equal(frame["event"], frame["months_to_2.5"] < 6)
    record = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    assert record["event"] == "months_to[2.5] < 6"
    assert record["answer"]["n_hits"] == frame["event"].sum()


@pytest.mark.parametrize("event", ["best_window_months[5] < 12", "best_gain_ooms[7] >= 3", "pace_peak > 20"])
@pytest.mark.parametrize("kept", [(), ("--no-draws",)])
def test_run_takes_only_the_event_when_that_is_all(cli, here, event, kept):
    records = []
    for only in ((), ("--only-event",)):
        status, _, _ = cli("run", CHEAP, *SMALL, "--event", event, *kept, *only, "--out", f"run{len(only)}")
        assert status == 0
        records.append(json.loads((here / f"run{len(only)}" / "run.json").read_text(encoding="utf-8")))
    assert records[0]["answer"] == records[1]["answer"]
    assert len(records[1]["levels"]) + len(records[1]["widths"]) == event.count("[")
    assert cli("verify", "run1")[0] == 0


def test_run_says_when_draws_are_rounded_up(cli, here):
    _, _, err = cli("run", CHEAP, "--draws", "40", "--replicates", "4", "--quiet")
    assert "--draws 40 is rounded up to 64" in err
    _, _, err = cli("run", CHEAP, "--draws", "64", "--replicates", "4", "--quiet")
    assert "rounded" not in err


def test_run_takes_plain_monte_carlo(cli, here):
    status, out, _ = cli("run", CHEAP, *SMALL, "--scheme", "philox")
    assert status == 0
    assert "(philox, " in out


def test_run_takes_a_file_of_ones_own(cli, here):
    Path("mine.toml").write_text(
        'title = "Mine [rho] [/x] :smile:"\nextends = "davidson-houlden-2025"\n[r]\nfamily = "fixed"\n'
        'value = 2.0\nunit = "1"\nsource = "me [Smith 2020] [/bold]"\n'
    )
    status, out, _ = cli("run", "mine.toml", *SMALL)
    assert status == 0
    assert "Mine [rho] [/x] :smile: (mine)" in out
    assert (here / "runs" / "mine" / "run.json").is_file()
    status, out, _ = cli("priors", "show", "mine.toml")
    assert status == 0
    assert "Mine [rho] [/x] :smile: (mine, " in out
    assert "r: me [Smith 2020] [/bold]" in out
