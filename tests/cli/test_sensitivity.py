"""``mc-sie sensitivity`` as a user types it: what it prints and writes, and what it says to bad input."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from tests_settings import INTERPRETED

CHEAP = "davidson-houlden-2025"
SMALL = ("--draws", "32768", "--quiet")
DESIGNED = {"indices.csv", "groups.csv", "interactions.csv"}
TABLES = {"ranking.csv", "measures.csv", "curves.csv", "value.csv", "pair.csv", "boxes.csv", "worlds.csv"}

compiled = pytest.mark.skipif(INTERPRETED, reason="the same numbers as compiled, a hundred times slower")


@pytest.fixture
def run(cli, here):
    """A run's folder with draws."""
    status, _, err = cli("run", CHEAP, "--draws", "4096", "--quiet", "--out", "mine", "--seed", "5")
    assert status == 0, err
    return "mine"


@compiled
def test_a_prior_is_ranked_and_written(cli, here):
    status, out, err = cli("sensitivity", CHEAP, *SMALL, "--out", "found")
    assert status == 0, err
    assert "What drives the probability (Shapley effects, out of 100 %): " in out
    assert "Most worth researching: " in out
    assert "Worlds with " in out
    assert "Fixed, hence without effect: rho" in out
    assert "points of the same design as the draws (seed 0, prior " in out
    folder = here / "found"
    names = {path.name for path in folder.iterdir()}
    assert names >= TABLES | DESIGNED | {"trajectories.csv", "record.json"}
    assert {f"{name}{end}" for name in ("ranking", "curves", "pair", "worlds") for end in (".svg", ".png")} < names
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    assert record["prior"]["name"] == CHEAP
    assert record["command"] == f"mc-sie sensitivity {CHEAP} {' '.join(SMALL)} --out found"
    assert record["n_evaluations"] > 0
    assert record["readings"]["bits"].startswith("bits that it tells")
    assert set(record["files"]) == names - {"record.json"}
    for name, digest in record["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    ranking = pd.read_csv(folder / "ranking.csv")
    assert set(ranking["quantity"]) == {"r", "lam", "limit_ooms", "speedup_initial"}
    assert ranking["shapley"].sum() == pytest.approx(1.0)


@compiled
def test_a_run_is_analysed_from_its_draws(cli, here, run):
    status, out, _ = cli("sensitivity", run, *SMALL, "--curves-only", "--loss-ratio", "0.2", "--out", "found")
    assert status == 0
    assert "Shapley" not in out
    assert "is above 16.7 % (loss ratio 0.2)" in out
    assert not DESIGNED & {path.name for path in (here / "found").iterdir()}
    record = json.loads((here / "found" / "record.json").read_text(encoding="utf-8"))
    assert record["design"]["seed"] == 5
    assert record["n_evaluations"] == 0
    draws = pd.read_parquet(here / run / "draws.parquet")
    levels = pd.read_csv(here / "found" / "curves.csv")
    r = levels[levels["quantity"] == "r"]
    assert (r["prob"] * r["n_draws"]).sum() == pytest.approx(draws["event"].sum(), rel=1e-6)


@compiled
def test_designed_indices_of_a_run_rerun_its_prior_with_its_seed(cli, here, run):
    status, out, _ = cli("sensitivity", f"{run}/run.json", *SMALL)
    assert status == 0
    assert "points of the same design as the draws (seed 5, prior " in out


@compiled
def test_another_event_is_asked_of_a_run(cli, here, run):
    status, out, _ = cli("sensitivity", run, *SMALL, "--curves-only", "--event", "first_year_ooms > 3")
    assert status == 0
    assert "Probability that first_year_ooms is above 3 OOM" in out
    status, _, err = cli("sensitivity", run, "--event", "best_window[2.5] < 6")
    assert status == 2
    assert "has no column best_window_months_2.5" in err


@compiled
def test_a_changed_or_broken_file_of_draws_is_refused(cli, here, run):
    path = here / run / "draws.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    status, _, err = cli("sensitivity", run, "--curves-only")
    assert status == 2
    assert "draws.parquet has changed since the run was written" in err
    record = json.loads((here / run / "run.json").read_text(encoding="utf-8"))
    record["files"]["draws.parquet"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (here / run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    status, _, err = cli("sensitivity", run, "--curves-only")
    assert status == 2
    assert "draws.parquet is not what a run has written (Arrow" in err


@compiled
def test_a_run_without_draws_is_refused(cli, here):
    assert cli("run", CHEAP, "--draws", "1024", "--quiet", "--no-draws", "--out", "counted")[0] == 0
    status, _, err = cli("sensitivity", "counted")
    assert status == 2
    assert "kept no draws" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "prior 'nobody' is neither a shipped prior nor an existing file"),
        ((CHEAP, "--loss-ratio", "0"), "--loss-ratio 0 is not a positive number"),
        ((CHEAP, "--loss-ratio", "-1"), "--loss-ratio -1 is not a positive number"),
        ((CHEAP, "--draws", "0"), "--draws 0 is out of range"),
        ((CHEAP, "--event", "nonsense"), "--event 'nonsense' is not an event"),
        ((CHEAP, "--threads", "0"), "--threads 0 is below 1"),
        ((CHEAP, "--out", "."), "--out . exists already"),
        ((CHEAP, "--event", "months_to[5] < 300"), "asks about 300 months, but trajectories end after 240"),
    ],
)
def test_bad_input_is_refused_before_anything_is_simulated(cli, here, monkeypatch, arguments, message):
    import mc_sie.analysis.sensitivity.study

    def never(*_args, **_named):
        raise AssertionError("simulated")

    monkeypatch.setattr(mc_sie.analysis.sensitivity.study, "simulate", never)
    status, _, err = cli("sensitivity", *arguments)
    assert status == 2
    assert message in err


@compiled
def test_seed_and_horizon_of_a_run_are_settled(cli, here, run):
    for option in (("--seed", "3"), ("--horizon-months", "60")):
        status, _, err = cli("sensitivity", run, *option)
        assert status == 2
        assert f"{' '.join(option)}" in err
        assert "is settled by the run mine" in err


@compiled
def test_a_handful_of_hits_ranks_nothing(cli, here):
    event = ("--event", "best_gain_ooms[7] >= 2.8")
    status, out, _ = cli("run", "economists", "--draws", "4096", *event, "--only-event", "--quiet", "--out", "few")
    assert status == 0
    status, out, err = cli("sensitivity", "few", "--quiet", "--out", "found")
    assert (status, err) == (0, "")  # no warning of NumPy's either: here they are errors
    assert "Only 3 of 4,096 draws see the event, too few to say what drives it" in out
    assert "What drives the probability" not in out
    assert set(pd.read_csv(here / "found" / "ranking.csv")["effect"]) == {"unknown"}
    assert "has no effect" not in out


@compiled
def test_a_design_that_sees_too_little_costs_the_indices_only(cli, here):
    assert cli("run", CHEAP, "--draws", "4096", "--seed", "5", "--quiet", "--out", "mine")[0] == 0
    status, out, err = cli("sensitivity", "mine", "--draws", "2048", "--event", "first_year_ooms > 17.9", "--quiet")
    assert (status, err) == (0, "")
    assert "Not converged: no Shapley effects and no total indices, because in their design the outcome" in out
    assert "Value of learning the truth of an input" in out


@compiled
def test_an_event_that_never_happens_is_said_to_be_so(cli, here):
    status, _, err = cli("sensitivity", CHEAP, *SMALL, "--event", "months_to[20] < 0.01")
    assert status == 2
    assert "holds in none of the 4,096 draws (binomial 95 % bound: below 0.074 %)" in err
    assert "--rare" in err
