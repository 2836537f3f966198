"""A run done again from its own record: the same numbers, or which ones drifted."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from mc_sie import load_prior, simulate, summarise
from mc_sie.report import verification
from mc_sie.storage.runs import write_run

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


@pytest.mark.parametrize("options", [(), ("--no-draws",)], ids=["kept", "counted"])
def test_a_run_of_a_file_that_was_warned_about_comes_back(cli, options):
    """Warnings name the file as it was typed, wherever the run is verified from."""
    text = (
        'title = "Mine"\nextends = "davidson-2025"\n[r]\nfamily = "fixed"\nvalue = 1.2\nunit = "1"\nsource = "a test"\n'
    )
    Path("mine.toml").write_text(text, encoding="utf-8")
    status, _, err = cli("run", "mine.toml", "--draws", "1024", "--out", "run", "--quiet", *options)
    assert (status, "warning: mine.toml" in err) == (0, True)
    status, out, _ = cli("verify", "run/run.json", "--quiet")
    assert status == 0, out


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


def test_a_run_in_which_nothing_varies_comes_back(cli):
    prior = load_prior("davidson-houlden-2025")
    lines = ['title = "One world"', 'extends = "davidson-houlden-2025"']
    for name in prior.dimensions:
        median = float(prior.quantiles(name, [0.5])[0])
        unit = prior.entries[name].unit
        lines += [f"[{name}]", 'family = "fixed"', f"value = {median!r}", f'unit = "{unit}"', 'source = "me"']
    Path("one.toml").write_text("\n".join(lines))
    status, _, err = cli("run", "one.toml", "--no-draws", "--draws", "1024", "--out", "run", "--quiet")
    assert status == 0, err
    assert Path("run/curves.csv").read_text().strip() == ""
    status, out, err = cli("verify", "run")
    assert (status, err) == (0, "")
    assert "numbers come back" in out


@pytest.mark.parametrize("options", [(), ("--no-draws",)])
def test_nothing_that_was_taken_off_the_list_passes(cli, options):
    assert cli("run", "davidson-2025", "--draws", "2048", "--out", "run", "--quiet", *options)[0] == 0
    record = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps({**record, "files": {}}))
    status, out, err = cli("verify", "run")
    assert (status, out) == (2, "")
    assert "is not among the files that run.json lists" in err
    for path in Path("run").iterdir():
        if path.name != "run.json":
            path.unlink()
    status, out, err = cli("verify", "run")
    assert (status, out) == (2, "")
    assert "run.json: files lists no " in err


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run's folder."""
    drawn = simulate(load_prior("davidson-2025"), 1024)
    return write_run(tmp_path_factory.mktemp("kept") / "run", drawn, summarise(drawn), command="mc-sie run")


@pytest.mark.parametrize("what", ["se", "low", "high", "prob", "interval", "sentence"])
def test_the_record_s_own_answer_is_compared(cli, kept, monkeypatch, what):
    monkeypatch.setattr(verification, "_done_again", lambda *_: kept)  # which the tests above show that it is
    shutil.copytree(kept, "run")
    assert cli("verify", "run")[0] == 0
    record = json.loads(Path("run/run.json").read_text())
    if what == "sentence":
        record["sentence"] = "25.0 % (Monte Carlo SE 0.0 points)."
    else:
        record["answer"][what] = "exact" if what == "interval" else 0.99 * record["answer"][what]
    Path("run/run.json").write_text(json.dumps(record))
    status, out, _ = cli("verify", "run")
    assert status == 1
    assert "run.json" in out
    assert what in out
