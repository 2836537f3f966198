"""``headlines``, ``reproduce`` and ``evaluate --model davidson-houlden``: what they print, write and refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import DATA, INTERPRETED, everything

from mc_sie.published import davidson_houlden, govai
from mc_sie.published.verdicts import Target

ROW = "option,f,r0,limit_years,p\nbase,8,1.2,11,0.3\n"


def test_the_public_codes_runs_come_back_from_a_table(cli):
    status, _, err = cli("evaluate", "--model", "davidson-houlden", str(DATA / "davidson_houlden.csv"), "-o", "x.csv")
    assert status == 0
    assert "400 rows written to x.csv" in err
    frame = pd.read_csv("x.csv")
    assert list(frame["draw"][:2]) == [0, 1]
    for name in davidson_houlden.OUTCOMES:
        np.testing.assert_allclose(frame[name], frame[f"given_{name}"], rtol=1e-9, err_msg=name)


def test_a_table_with_every_option(cli):
    text = "option,f,r0,limit_years,p,note\n" + "".join(f"{name},8,1.2,11,0.3,x\n" for name in davidson_houlden.OPTIONS)
    Path("t.csv").write_text(text)
    status, out, _ = cli("evaluate", "t.csv", "--model", "davidson-houlden")
    assert status == 0
    assert len(out.strip().split("\n")) == 1 + len(davidson_houlden.OPTIONS)
    assert "retraining_fixed" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ROW.replace("base", "bse"),
            "t.csv: row 1 (line 2), column 'option' = 'bse' is no option of the simulator. Did",
        ),
        (ROW.replace("8", "0"), "column 'f' = 0 is outside (0, 1000]. f: initial speed-up"),
        (ROW.replace("1.2", ""), "column 'r0' is empty. r0: initial returns"),
        (ROW.replace("11", "eleven"), "column 'limit_years' = 'eleven' is not a number."),
        (ROW.replace("0.3", "nan"), "column 'p' = "),
        (ROW.replace("limit_years", "limit_year"), "column 'limit_year' is not an input. Did you mean 'limit_years'?"),
        ("option,f,r0,limit_years\nbase,8,1.2,11\n", "t.csv has no column 'p'. p: lambda times the labour share."),
        ("option,f,r0,limit_years,p,t_last,given_t_last\nbase,8,1.2,11,0.3,1,1\n", "would both become 'given_t_last'"),
    ],
)
def test_bad_tables_name_row_and_column(cli, text, message):
    Path("t.csv").write_text(text)
    status, _, err = cli("evaluate", "t.csv", "--model", "davidson-houlden", "-o", "x.csv")
    assert status == 2
    assert message in err
    assert not Path("x.csv").exists()


def test_an_unknown_model_is_refused(cli):
    Path("t.csv").write_text(ROW)
    status, _, err = cli("evaluate", "t.csv", "--model", "davidson-holden")
    assert status == 2
    assert "--model davidson-holden is no model. Did you mean 'davidson-houlden'?" in err


def test_reproduce_prints_a_source_and_ends_well(cli):
    status, out, _ = cli("reproduce", "--source", "mindermann", "--quiet")
    assert status == 0
    assert "17.1" in out
    assert "All 5 verdicts are those on record." in out
    status, out, _ = cli("reproduce", "--source", "retraining", "--differing", "--quiet")
    assert "months to infinity" in out
    assert "N with retraining" not in out


def test_reproduce_fails_when_a_verdict_changes(cli, monkeypatch):
    found = govai.targets()
    monkeypatch.setattr(govai, "targets", lambda: [replace(found[0], ours=1.2), *found[1:]])
    status, _, err = cli("reproduce", "--source", "mindermann", "--quiet")
    assert status == 1
    assert "changed: Chan, Mindermann et al. 2026: pace after one doubling, x: exact before, not reproduced now" in err


@pytest.mark.skipif(INTERPRETED, reason="thousands of draws of the simulator")
def test_reproduce_writes_the_table_and_the_figures(cli, monkeypatch):
    status, _, _ = cli("reproduce", "--source", "sevilla", "--out", "p", "--quiet")
    assert status == 0
    assert {path.name for path in Path("p").iterdir()} == {"published.csv", "published.md"}
    assert "| best run length, years: hardware grows | source | 3.55 | 3.559 |" in Path("p/published.md").read_text()
    # of the simulator a sixty-fourth of the draws; what the whole table says is tested beside its verdicts
    monkeypatch.setattr("mc_sie.published.targets.DRAWS_DEFAULT", 2**14)
    few = [Target(davidson_houlden.SOURCE, "number", "1", 1.0)]
    monkeypatch.setattr("mc_sie.published.targets.all_targets", lambda *_, **__: few)
    status, _, _ = cli("reproduce", "--source", "houlden", "--out", "q", "--quiet")
    assert status == 0
    written = {path.name for path in Path("q").iterdir()}
    tables = {"published.csv", "published.md", "steps_to_the_law.csv", "finer_steps.csv", "horizon.csv"}
    assert written == tables | {f"{name}.{end}" for name in ("exceedance", "single_run") for end in ("svg", "png")}
    assert not any("mathdefault" in path.read_text(encoding="utf-8") for path in Path("q").glob("*.svg"))
    steps = pd.read_csv("q/steps_to_the_law.csv")
    np.testing.assert_allclose(steps["as_coded"] + steps["all"], steps["continuous"], atol=2e-4)


@pytest.mark.parametrize("width", ["", "0", "wide"])
def test_a_width_that_is_none_is_not_taken(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    status, out, err = cli("priors", "list")
    assert status == 0, err
    assert "davidson-2025" in out


@pytest.mark.parametrize("width", ["80", "160"])
def test_reasons_are_readable_in_any_width(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    status, out, _ = cli("reproduce", "--source", "sevilla", "--quiet")
    assert status == 0
    assert "not reproduced" in out
    assert "software to" in out
    assert max(map(len, out.split("\n"))) <= int(width)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--source", "nobody"), "--source nobody is in no source's name. Known: Davidson 2025 (bottlenecks),"),
        (("--out", "/proc/x"), "--out /proc/x cannot be written"),
        (("--threads", "0"), "--threads 0 is below 1."),
    ],
)
def test_reproduce_refuses_what_it_cannot_do(cli, arguments, message):
    status, _, err = cli("reproduce", *arguments)
    assert status == 2
    assert message in err


def test_headlines_set_every_shipped_set_side_by_side(cli, here):
    if INTERPRETED:
        pytest.skip("ten simulations")
    status, out, _ = cli("headlines", "--draws", "64", "--out", "new/folder", "--quiet")
    assert status == 0
    from mc_sie import shipped_priors

    frame = pd.read_csv("new/folder/headlines.csv")
    assert set(frame["name"]) == set(shipped_priors())
    assert frame["prob"].is_monotonic_decreasing
    for name, answer in zip(frame["name"], frame["answer"], strict=True):
        assert name in out
        assert answer.split(" (")[0] in out
    assert everything(here / "new") == {"folder", *(f"folder/headlines.{end}" for end in ("csv", "svg", "png"))}
