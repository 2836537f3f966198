"""``mc-sie compare``, ``breakeven`` and ``structure`` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import INTERPRETED

from mc_sie import load_prior
from mc_sie.analysis.comparison import common_draws
from mc_sie.engine.hits import Hits
from mc_sie.events import parse_event
from mc_sie.report.folders import named_prior

FAST = ("--draws", "32" if INTERPRETED else "1024", "--quiet", "--event", "pace_initial > 20")


def test_compare_prints_a_reading_and_writes_a_folder(cli):
    status, out, _ = cli("compare", "davidson-2025", "davidson-houlden-2025", *FAST, "--out", "found")
    assert status == 0
    assert "a difference of" in out or "differ, too few" in out
    assert "the same points for all" in out
    names = {"sets", "changes", "bars", "mixed", "differences", "densities"}
    figures = {f"{stem}{ending}" for stem in ("waterfall", "densities") for ending in (".svg", ".png")}
    assert {path.name for path in Path("found").iterdir()} == {
        *(f"{name}.csv" for name in names), *figures, "compare.md", "record.json",
    }  # fmt: skip
    bars, changes = pd.read_csv("found/bars.csv"), pd.read_csv("found/changes.csv")
    assert bars["change"].sum() == pytest.approx(changes["change"].iloc[0], abs=1e-12)
    record = json.loads(Path("found/record.json").read_text())
    assert record["command"].startswith("mc-sie compare davidson-2025")
    assert [prior["digest"] for prior in record["priors"]] == [
        load_prior(name).digest for name in ("davidson-2025", "davidson-houlden-2025")
    ]
    assert set(record["files"]) >= {"bars.csv", "waterfall.svg"}
    text = Path("found/compare.md").read_text()
    assert "waterfall.svg" in text
    assert record["readings"][0] in text


def test_several_sets_have_a_figure_each(cli):
    status, out, _ = cli("compare", "davidson-2025", "epoch-2025", "economists", *FAST, "--out", "found")
    assert status == 0
    for name in ("epoch-2025", "economists"):
        assert Path(f"found/waterfall-{name}.svg").exists()
    assert "The sets" in out


def test_the_same_set_twice_is_said(cli):
    status, out, _ = cli("compare", "epoch-2025", "epoch-2025", *FAST, "--out", "found")
    assert status == 0
    assert "do not differ" in out
    assert Path("found/waterfall.svg").exists()
    assert not Path("found/densities.svg").exists()


def test_a_run_stands_for_the_prior_that_it_stored(cli):
    status, _, _ = cli("run", "epoch-2025", "--draws", "32", "--quiet", "--out", "mine")
    assert status == 0
    assert named_prior("mine").digest == load_prior("epoch-2025").digest
    status, out, _ = cli("compare", "davidson-2025", "mine", *FAST)
    assert status == 0
    assert "from davidson-2025 to epoch-2025" in out.lower()


def test_structure_prints_and_writes(cli):
    status, out, _ = cli("structure", "davidson-2025-explicit", *FAST, "--out", "found")
    assert status == 0
    assert "although [rho_long] is given" in out
    assert "no credence: a what-if" in out
    variants = pd.read_csv("found/variants.csv")
    assert set(variants["aspect"]) >= {"retraining mode", "limits", "routes", "cheaper experiments", "reconfiguration"}
    assert json.loads(Path("found/record.json").read_text())["variants"][1]["prob"] is None
    assert Path("found/structure.md").exists()


@pytest.mark.skipif(INTERPRETED, reason="the same as compiled, a hundred times slower")
def test_breakeven_prints_and_writes(cli):
    how = ("--quantity", "lam", "--quantity", "mode", "--target", "0.2", "--target", "0.5")
    status, out, _ = cli("breakeven", "davidson-houlden-2025", *how, *FAST, "--out", "found")
    assert status == 0
    assert "P = 20 %" in out
    assert "All credence on one retraining mode" in out
    values = pd.read_csv("found/values.csv")
    assert set(values["target"]) == {0.2, 0.5}
    assert set(values["quantity"]) == {"lam"}
    for name in ("breakeven.md", "breakeven.svg", "curves.csv", "changes.csv", "modes.csv", "record.json"):
        assert (Path("found") / name).exists()


@pytest.mark.skipif(INTERPRETED, reason="the same as compiled, a hundred times slower")
@pytest.mark.parametrize(
    ("command", "notes"),
    [
        (("structure", "davidson-2025"), {"continual: ", "from_scratch: ", "limits: ", "phi = 0: "}),
        (
            ("breakeven", "davidson-2025", "--quantity", "lam", "--quantity", "mode", "--target", "0.5"),
            {"lam, value: draws failed in ", "lam, median: draws failed in ", "lam, wider: ", "continual: "},
        ),
    ],
)
def test_draws_that_failed_are_said_with_the_bounds_that_they_leave(cli, monkeypatch, command, notes):
    honest = common_draws.hits_of_design

    def hits_of_design(*arguments, **options):
        found = honest(*arguments, **options)
        is_ok = np.arange(len(found.holds)) % 8 > 0
        return Hits(np.where(is_ok, 0, 4).astype(np.int8), found.holds & is_ok, None)

    monkeypatch.setattr(common_draws, "hits_of_design", hits_of_design)
    status, out, _ = cli(*command, *FAST, "--out", "found")
    assert status == 0
    prior, event = load_prior("davidson-2025"), parse_event(FAST[-1])
    answer = common_draws.common_draws(event, n_draws=1024).ask(prior)
    assert answer.n_failed == 128
    low, high = answer.hits.mean(), answer.hits.mean() + 1 / 8
    said = (
        "128 of 1,024 draws could not be simulated; counting them as misses or as hits, the probability lies between "
        f"{100 * low:.1f} % and {100 * high:.1f} %."
    )
    written = Path("found", f"{command[0]}.md").read_text(encoding="utf-8")
    for text in (out, written):
        assert f"\n{said}\n" in text
        assert {note for note in notes if f"\n* {note}" in text} == notes
    assert len(json.loads(Path("found/record.json").read_text(encoding="utf-8"))["notes"]) >= len(notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compare", "davidson-2025"), "compare is given one prior set"),
        (
            ("compare", "davidson-2025", "davidson-2026"),
            "is neither a shipped prior nor an existing file. Did you mean",
        ),
        (("compare", "davidson-2025", "epoch-2025", "--event", "months_to[5] < 500"), "trajectories end after 240"),
        (("compare", "davidson-2025", "epoch-2025", "--event", "nonsense"), "is not an event"),
        (("compare", "davidson-2025", "epoch-2025", "--orders", "1"), "--orders 1 is below 2"),
        (("compare", "davidson-2025", "epoch-2025", "--draws", "0"), "--draws 0"),
        (("breakeven", "davidson-2025", "--quantity", "roh"), "--quantity roh is no quantity. Did you mean 'rho'?"),
        (("breakeven", "davidson-2025", "--target", "1"), "--target 1 is not between 0 and 1"),
        (("breakeven", "nobody-2025"), "is neither a shipped prior nor an existing file"),
        (("structure", "davidson-2025", "--horizon-months", "0"), "--horizon-months 0"),
    ],
)
def test_bad_requests_leave_nothing_behind(cli, arguments, message):
    status, _, err = cli(*arguments, "--out", "found")
    assert status == 2
    assert message in " ".join(err.split())
    assert not list(Path().iterdir())


def test_an_existing_folder_is_refused_before_anything_runs(cli):
    Path("found").mkdir()
    status, _, err = cli("compare", "davidson-2025", "epoch-2025", "--out", "found")
    assert status == 2
    assert "--out found exists already" in err


@pytest.mark.parametrize(
    "command",
    [("compare", "economists"), ("breakeven", "--quantity", "lam", "--target", "0.5"), ("structure",)],
)
def test_a_set_given_evidence_is_asked_given_it_or_as_it_was_before(cli, command):
    name, *options = command
    status, out, err = cli(name, *options, "economists-evidence", "--draws", "512", "--out", "given", "--quiet")
    assert status == 0, err
    assert "effective sample size" in out
    assert "effective sample size" in Path("given", f"{name}.md").read_text(encoding="utf-8")
    without = ("--draws", "512", "--without-evidence", "--quiet")
    status, before, err = cli(name, *options, "economists-evidence", *without)
    assert status == 0, err
    assert "effective sample size" not in before
