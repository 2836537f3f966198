"""A run done again from its own record: the same numbers, or which ones drifted."""

import json
from pathlib import Path

import pandas as pd
import pytest

RUNS = {
    "kept": ("--event", "best_window[2.5] < 11.5"),
    "levels and windows of its own": ("--event", "best_gain_ooms[7] >= 3", "--horizon-months", "60", "--all-outcomes"),
    "plain Monte Carlo": ("--scheme", "philox", "--seed", "7"),
    "counted": ("--no-draws",),
    "rare": ("--rare", "--event", "best_window[16] < 4"),
}


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS.keys())
def test_a_run_comes_back(cli, options):
    status, _, err = cli("run", "economists", "--draws", "4096", "--out", "run", "--quiet", *options)
    assert status == 0, err
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    status, out, err = cli("verify", "run", "--quiet")
    assert (status, err) == (0, "")
    assert "numbers come back" in out
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before
    assert cli("verify", "run/run.json")[0] == 0


def test_drift_is_shown_and_exits_with_1(cli):
    assert cli("run", "davidson-2025", "--draws", "4096", "--out", "run", "--quiet")[0] == 0
    record = json.loads(Path("run/run.json").read_text())
    record["design"]["seed"] = 5  # as if another generator had made the numbers
    Path("run/run.json").write_text(json.dumps(record))
    status, out, _ = cli("verify", "run")
    assert status == 1
    assert "drifted" in out
    assert {"modes.csv", "thresholds.csv"} <= set(out.split())


def test_another_version_of_a_library_is_said(cli):
    assert cli("run", "davidson-2025", "--draws", "2048", "--out", "run", "--quiet")[0] == 0
    record = json.loads(Path("run/run.json").read_text())
    record["versions"]["numpy"] = "1.0"
    Path("run/run.json").write_text(json.dumps(record))
    status, _, err = cli("verify", "run")
    assert status == 0
    assert "numpy was 1.0, and is " in err


def test_what_cannot_be_verified_is_refused(cli):
    status, _, err = cli("verify", "nowhere")
    assert (status, "nowhere/run.json is not there" in err) == (2, True)
    assert cli("run", "davidson-2025", "--draws", "2048", "--out", "run", "--quiet")[0] == 0
    table = pd.read_csv("run/modes.csv")
    table.to_csv("run/modes.csv", index=False, float_format="%.3f")
    status, _, err = cli("verify", "run")
    assert status == 2
    assert "run/modes.csv has changed since the run was written" in err
    assert "Traceback" not in err
