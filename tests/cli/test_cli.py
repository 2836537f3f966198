"""The commands as a user types them: what they print and write, and what they say to bad input."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests_settings import DATA, INTERPRETED

import mc_sie.engine.run
import mc_sie.storage.store

SMALL = ("--draws", "64", "--replicates", "4", "--quiet") if INTERPRETED else ("--draws", "1024", "--quiet")
CHEAP = "davidson-houlden-2025"


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# --- What works ---


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


def test_run_without_a_name_takes_the_next_free_one(cli, here):
    for _ in range(2):
        assert cli("run", CHEAP, *SMALL)[0] == 0
    assert {path.name for path in (here / "runs").iterdir()} == {CHEAP, f"{CHEAP}-2"}


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


def test_run_doubles_the_draws_until_the_error_is_reached(cli, here):
    start = ("--draws", "64", "--quiet")
    status, out, _ = cli("run", CHEAP, *start, "--target-se", "0.1", "--out", "reached")
    assert status == 0
    record = json.loads((here / "reached" / "run.json").read_text(encoding="utf-8"))
    bound = float(re.search(r"--target-se 0.1 is reached: (\S+) is the 90 % bound", out).group(1))
    assert bound < 0.1
    if record["answer"]["se"] is not None:
        assert bound == pytest.approx(record["answer"]["se"] * 1.2018, rel=0.1)  # sqrt(31 / chi2_0.1(31)) = 1.2018
    status, out, _ = cli("run", CHEAP, *start, "--target-se", "1e-6", "--max-draws", "128", "--out", "not")
    assert status == 0
    assert "--target-se 1e-06 is not reached: " in out
    assert "with 128 draws; --max-draws stops there." in out
    assert json.loads((here / "not" / "run.json").read_text(encoding="utf-8"))["design"]["n_draws"] == 128


def test_run_reports_draws_that_could_not_be_simulated(cli, here, monkeypatch):
    honest = mc_sie.engine.run.simulate

    def simulate(*args, **kwargs):
        simulation = honest(*args, **kwargs)
        status = simulation.outcomes.status.copy()
        status[::8] = 4
        return replace(simulation, outcomes=replace(simulation.outcomes, status=status))

    monkeypatch.setattr("mc_sie.cli.run_draws.simulate", simulate)
    status, out, _ = cli("run", CHEAP, *SMALL)
    n = int(SMALL[1])
    assert status == 0
    assert f"{n // 8} of {n:,} draws could not be simulated; counting them as misses or as hits" in out
    assert "too_many_steps" in out
    assert "all simulated" not in out


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


def test_evaluate_reproduces_the_golden_columns(cli, here):
    status, _, err = cli("evaluate", str(DATA / "law_of_motion.csv"), "-o", "x.csv")
    assert status == 0
    assert "200 rows written to x.csv" in err
    frame = pd.read_csv("x.csv")
    given = [column for column in frame if column.startswith("given_")]
    assert len(given) == 7
    for column in given:
        stored, ours = frame[column], frame[column.removeprefix("given_")]
        if column == "given_n_deployments":
            np.testing.assert_array_equal(stored.isna(), ours.isna())
            np.testing.assert_array_equal(stored.dropna(), ours.dropna())
            continue
        np.testing.assert_array_equal(np.isinf(stored), np.isinf(ours))
        finite = np.isfinite(stored)
        close = np.isclose(ours[finite], stored[finite], rtol=1e-6, atol=1e-6)
        if "window" in column:  # below 0.01 months, next to a finite-time singularity, windows count as equal
            close |= (stored[finite] < 0.01) & (ours[finite] < 0.01)
        assert close.all(), column


def test_evaluate_prints_to_standard_output(cli, here):
    Path("t.csv").write_text("rho,r\n0,1.2\n")
    status, out, _ = cli("evaluate", "t.csv")
    assert status == 0
    header, row = out.strip().split("\n")
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert values["status"] == "ok"
    assert float(values["pace_initial"]) == pytest.approx(30.0)
    assert everything(here) == {"t.csv"}


def test_evaluate_counts_rows_that_failed(cli, here):
    Path("t.csv").write_text("rho,r,rho_long\n0,1.2,0\n0,1.2,\n")
    status, _, err = cli("evaluate", "t.csv", "-o", "x.csv")
    assert status == 0
    assert "1 of 2 rows could not be simulated; see the column 'status'." in err


def test_trajectory_prints_writes_and_draws(cli, here):
    arguments = ("--set", "rho=-0.1", "--set", "mode=continual", "--csv", "t.csv", "--plot", "t.svg")
    status, out, _ = cli("trajectory", "davidson-2025", *arguments)
    assert status == 0
    assert "medians, mode continual" in out
    assert "rho = -0.1" in out
    frame = pd.read_csv("t.csv")
    assert list(frame) == ["months", "software_ooms", "effective_ooms", "pace", "deployments"]
    assert frame["months"].is_monotonic_increasing
    assert f"{len(frame)} points written to t.csv" in out
    assert Path("t.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert everything(here) == {"t.csv", "t.svg"}


def test_a_trajectory_starts_at_zero_and_not_at_what_rounding_leaves(cli, here):
    assert cli("trajectory", "davidson-2025", "--set", "mode=continual", "--csv", "t.csv")[0] == 0
    start = pd.read_csv("t.csv").loc[0, ["months", "software_ooms", "effective_ooms"]]
    assert (start == 0.0).all()


def test_trajectory_from_scratch_shows_deployments(cli, here):
    status, out, _ = cli("trajectory", "davidson-2025", "-s", "mode=from_scratch", "--plot", "t.PNG")
    assert status == 0
    assert "deployments" in out
    assert Path("t.PNG").read_bytes().startswith(b"\x89PNG")


def test_the_same_figure_is_the_same_file(cli, here):
    for name in ("a.svg", "b.svg"):
        assert cli("trajectory", CHEAP, "--plot", name)[0] == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


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


def test_correlations_are_shown_as_stated_and_as_achieved(cli, tmp_path):
    pair = '[[correlation]]\nbetween = ["{}", "{}"]\nspearman = {}\nsource = "a survey"\njudgement = "a guess"\n'
    text = 'title = "t"\nextends = "davidson-2025"\n'
    pairs = [("r", "limit_ooms", 0.9), ("r", "lam", 0.9), ("lam", "limit_ooms", -0.9), ("rho", "r", 0.2)]
    (tmp_path / "mine.toml").write_text(text + "".join(pair.format(*one) for one in pairs))
    status, out, err = cli("priors", "show", "mine.toml")
    assert status == 0
    assert "Spearman correlations (Gaussian copula on the ranks)" in out
    assert ", exact" in out
    assert "(Monte Carlo SE 0.0" in out
    assert "r and limit_ooms: a survey" in out
    assert "a guess" in out
    assert "the correlations cannot all hold together" in err
    assert "r and limit_ooms from 0.900 to " in err
    assert "Spearman" not in cli("priors", "show", "davidson-2025")[1]


def test_a_table_of_priors_becomes_a_file_that_never_overwrites(cli, tmp_path):
    (tmp_path / "beliefs.csv").write_text("quantity,family,low,high,unit,source\nrho,uniform,-0.4,-0.1,1,mine\n")
    status, out, _ = cli("priors", "import", "beliefs.csv", "-o", "sub.toml", "--extends", "epoch-2025")
    assert (status, "sub.toml written; digest " in out) == (0, True)
    assert 'title = "beliefs"' in (tmp_path / "sub.toml").read_text()
    assert cli("priors", "check", "sub.toml")[0] == 0
    status, out, err = cli("priors", "import", "beliefs.csv", "-o", "sub.toml", "--extends", "epoch-2025")
    assert status == 2
    assert "sub.toml exists already" in err
    status, _, err = cli("priors", "import", "beliefs.csv", "-o", "own.toml")
    assert status == 2
    assert "beliefs.csv does not say what r is" in err
    assert not (tmp_path / "own.toml").exists()
    (tmp_path / "below").mkdir()
    assert cli("priors", "import", "beliefs.csv", "-o", "below/x.toml", "--extends", "sub.toml", "--title", "B")[0] == 0
    assert 'extends = "../sub.toml"' in (tmp_path / "below" / "x.toml").read_text()
    assert "is a pool" in cli("priors", "import", "beliefs.csv", "-o", "y.toml", "--extends", "agnostic")[2]


def test_priors_are_listed_shown_and_exported(cli):
    from mc_sie import load_prior, shipped_priors

    status, out, _ = cli("priors", "list")
    assert status == 0
    for name in shipped_priors():
        assert f"{name} " in out
        assert load_prior(name).title in out
    status, out, _ = cli("priors", "show", "davidson-2025", "--density")
    assert status == 0
    assert "loguniform from 0.4 to 3.6" in out
    assert "█" in out
    assert "r: Davidson & Houlden 2025" in out
    status, out, _ = cli("priors", "show", "davidson-2025", "--json")
    assert json.loads(out) == load_prior("davidson-2025").to_dict()
    status, out, _ = cli("priors", "schema")
    assert json.loads(out)["type"] == "object"


def test_a_new_prior_file_is_fine_and_runs_as_it_is(cli, here):
    assert cli("priors", "new", "first.toml")[0] == 0
    assert cli("priors", "check", "first.toml")[:2] == (0, cli("priors", "check", "first.toml")[1])
    assert "first.toml: fine; " in cli("priors", "check", "first.toml")[1]
    assert cli("run", "first.toml", *SMALL)[0] == 0


def test_a_new_prior_file_finds_the_one_it_extends_from_its_own_folder(cli, here):
    Path("sub").mkdir()
    assert cli("priors", "new", "first.toml")[0] == 0
    assert cli("priors", "new", "sub/second.toml", "--extends", "first.toml")[0] == 0
    assert 'extends = "../first.toml"' in Path("sub/second.toml").read_text(encoding="utf-8")
    assert cli("priors", "check", "sub/second.toml")[0] == 0


@pytest.mark.parametrize("written", ["1024", "1,024", "1_024", "1024.0", "2^10", "2**10", "1.024e3"])
def test_draws_are_read_as_people_write_them(written):
    from mc_sie.cli.app import whole_number

    assert whole_number(written) == 1024


def test_the_version_can_be_asked_for(cli):
    import mc_sie

    assert cli("--version")[:2] == (0, f"mc-sie {mc_sie.__version__}\n")


def test_priors_are_shown_line_by_line_where_there_is_no_room_for_a_table(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = cli("priors", "show", "davidson-2025")
    assert status == 0
    assert (
        "r (r) [1]: loguniform from 0.4 to 3.6\n    p1 0.409, p5 0.446, p50 1.2, p95 3.23, p99 3.52, mean 1.46\n" in out
    )
    assert "…" not in out


def test_a_missing_file_is_told_apart_from_a_misspelt_set(cli):
    assert "`mc-sie priors new FILE` starts a prior file" in cli("run", "my beliefs.toml")[2]
    assert "Did you mean 'epoch-2025'?" in cli("run", "epoch-2052.toml")[2]


def test_shipped_sets_are_completed_by_the_shell(tmp_path):
    words = {"COMP_WORDS": "mc-sie run davidson-h", "COMP_CWORD": "2", "_MC_SIE_COMPLETE": "complete_bash"}
    program = "import sys; sys.argv = ['mc-sie']; from mc_sie.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | words, capture_output=True, text=True)
    assert done.stdout.split() == ["davidson-houlden-2025"]


def test_check_takes_a_shipped_name(cli):
    status, out, _ = cli("priors", "check", "agnostic")
    assert status == 0
    assert "agnostic: fine; a pool of " in out


# --- Bad input: status 2, where, what, why, what to do, and nothing written ---

RUN = ("run", CHEAP, "--out", "new/run")
BAD = {
    "no draws": ((*RUN, "--draws", "0"), "--draws 0 is out of range", "Give a whole number, at least 1."),
    "too many draws": ((*RUN, "--draws", "9" * 15), f"--draws {'9' * 15} is above", "at most 2^32 draws."),
    "draws and a half": ((*RUN, "--draws", "1.5"), "'--draws': '1.5' is no whole number", "1000000, 1e6 or 2^20"),
    "draws as text": ((*RUN, "--draws", "abc"), "'--draws': 'abc' is no whole number", "1000000, 1e6 or 2^20"),
    "negative seed": ((*RUN, "--seed", "-1"), "--seed -1 is out of range", "from 0 to 18446744073709551615."),
    "seed of 65 bits": ((*RUN, "--seed", str(2**64)), f"--seed {2**64} is out of range", "from 0 to"),
    "error of 0": ((*RUN, "--target-se", "0"), "--target-se 0 is not between 0 and 1.", "tenth of a percentage point"),
    "negative error": ((*RUN, "--target-se", "-1"), "--target-se -1 is not between 0 and 1.", "0.001 is"),
    "error of nan": ((*RUN, "--target-se", "nan"), "'nan' is not a number", "decimal point"),
    "error of inf": ((*RUN, "--target-se", "inf"), "--target-se inf is not between 0 and 1.", "0.001 is"),
    "max below draws": (
        (*RUN, "--target-se", "0.01", "--max-draws", "100"),
        "--max-draws 100 is below the 131072 draws to start with.",
        "Raise it, or lower --draws.",
    ),
    "horizon of 0": (
        (*RUN, "--horizon-months", "0"),
        "--horizon-months 0 is not in (0, 12000].",
        "the default is 240.",
    ),
    "negative horizon": ((*RUN, "--horizon-months", "-5"), "--horizon-months -5 is not in", "Give a number of months"),
    "horizon of nan": ((*RUN, "--horizon-months", "nan"), "'nan' is not a number", "decimal point"),
    "horizon of inf": ((*RUN, "--horizon-months", "inf"), "--horizon-months inf is not in", "Give a number of months"),
    "horizon before the event": (
        (*RUN, "--horizon-months", "6"),
        "asks about 12 months, but trajectories end after 6.",
        "Ask about less, or give --horizon-months 12.",
    ),
    "no threads": ((*RUN, "--threads", "0"), "--threads 0 is below 1.", "Leave it out to use every processor."),
    "unknown scheme": ((*RUN, "--scheme", "nonsense"), "--scheme nonsense is not a sampling scheme.", "Known: sobol,"),
    "scheme in capitals": ((*RUN, "--scheme", "Sobol"), "--scheme Sobol is not a sampling scheme.", "mean 'sobol'?"),
    "one replicate": ((*RUN, "--replicates", "1"), "--replicates 1 is out of range", "at least 2."),
    "unknown option": ((*RUN, "--nonsense"), "No such option: --nonsense", "run -h' for help."),
    "event that does not parse": (
        (*RUN, "--event", "best_window_months[5] = 12"),
        "--event 'best_window_months[5] = 12' is not an event",
        "Write it like 'best_window_months[5] < 12'.",
    ),
    "event with unknown outcome": (
        (*RUN, "--event", "best_windwo[5] < 12"),
        "names no outcome: 'best_windwo' is unknown.",
        "Did you mean 'best_window'?",
    ),
    "event without index": ((*RUN, "--event", "months_to < 12"), "lacks the index of months_to", "'months_to[5] < 12'"),
    "event with index 0": ((*RUN, "--event", "months_to[0] < 12"), "has the index 0, outside (0, 20] OOM.", "20 OOM."),
    "event with index 25": ((*RUN, "--event", "months_to[25] < 12"), "has the index 25, outside (0, 20]", "20 OOM."),
    "event with index nan": ((*RUN, "--event", "months_to[nan] < 12"), "the index is 'nan', which is not", "Write it"),
    "event with threshold nan": ((*RUN, "--event", "months_to[5] < nan"), "'nan', which is not a number.", "Write it"),
    "unknown prior": (
        ("run", "davidson-2052", "--out", "new/run"),
        "prior 'davidson-2052' is neither a shipped prior nor an existing file.",
        "Did you mean 'davidson-2025'?",
    ),
    "prior that is a folder": (("run", "folder", "--out", "new/run"), "folder is a folder,", "path of a .toml file."),
    "output that exists": (
        ("run", CHEAP, "--out", "folder"),
        "--out folder exists already, and a run never overwrites another.",
        "Name a folder that does not exist.",
    ),
    "output that is a file": (("run", CHEAP, "--out", "file"), "--out file exists already", "Name a folder"),
    "output with a file in its path": (
        ("run", CHEAP, "--out", "file/run"),
        "--out file/run cannot be written: Not a directory.",
        "Name another place",
    ),
    "output in /proc": (("run", CHEAP, "--out", "/proc/x"), "--out /proc/x cannot be written: ", "Name another place"),
    "table that is missing": (("evaluate", "no.csv"), "no.csv cannot be read: No such file", "Give the path of a CSV"),
    "table that is a folder": (("evaluate", "folder"), "folder is a folder, not a table.", "Give the path of a CSV"),
    "table with a bad cell": (
        ("evaluate", "bad.csv", "-o", "new.csv"),
        "bad.csv: row 1 (line 2), column 'rho' = 1 is outside [-50, 1).",
        "rho: CES substitution parameter",
    ),
    "table over itself": (("evaluate", "good.csv", "-o", "good.csv"), "--output good.csv is the input", "Name another"),
    "table into a missing folder": (
        ("evaluate", "good.csv", "-o", "no/x.csv"),
        "--output no/x.csv cannot be written: there is no folder no.",
        "Make it first.",
    ),
    "table into a folder": (("evaluate", "good.csv", "-o", "folder"), "--output folder is a folder.", "Name a file."),
    "table into /proc": (
        ("evaluate", "good.csv", "-o", "/proc/x.csv"),
        "--output /proc/x.csv cannot be",
        "Name another",
    ),
    "table without threads": (("evaluate", "good.csv", "--threads", "0"), "--threads 0 is below 1.", "Leave it out"),
    "nonsense set": (("trajectory", "--set", "nonsense"), "--set nonsense is not name=value.", "Write it like --set"),
    "unknown quantity set": (("trajectory", "--set", "roh=0"), "'roh' is unknown.", "Did you mean 'rho'?"),
    "value outside its domain": (("trajectory", "--set", "rho=1"), "--set rho = 1 is outside [-50, 1).", "rho: CES"),
    "half a pair": (
        ("trajectory", "--set", "rho_long=0"),
        "two quantities that belong together",
        "give both or neither",
    ),
    "unknown figure": (
        ("trajectory", "--plot", "x.gif"),
        "--plot x.gif has the ending '.gif'.",
        "Use .svg, .png or .pdf",
    ),
    "figure in a missing folder": (("trajectory", "--plot", "no/x.svg"), "there is no folder no.", "Make it first."),
    "figure in /proc": (
        ("trajectory", "--plot", "/proc/x.svg"),
        "--plot /proc/x.svg cannot be written",
        "Name another",
    ),
    "points into a folder": (("trajectory", "--csv", "folder"), "--csv folder is a folder.", "Name a file."),
    "trajectory without end": (("trajectory", "--horizon-months", "inf"), "--horizon-months inf is", "default is 240."),
    "headlines without draws": (
        ("headlines", "--draws", "0", "--out", "new"),
        "--draws 0 is out of range",
        "at least 1.",
    ),
    "headlines into a file": (
        ("headlines", "--out", "file"),
        "--out file exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "headlines into a folder": (
        ("headlines", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "evidence into a folder": (
        ("evidence", "economists-evidence", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "a reproduction into a folder": (
        ("reproduce", "--out", "folder"),
        "--out folder exists already, and a run never overwrites another",
        "Name a folder that does not exist",
    ),
    "check of a missing file": (
        ("priors", "check", "no.toml"),
        "prior 'no.toml' is neither a shipped",
        "`mc-sie priors list` names the shipped sets.",
    ),
    "check of a bad file": (
        ("priors", "check", "bad.toml"),
        "bad.toml: [rho] high = -0.5 is below low = -0.1.",
        "Put the smaller number in low.",
    ),
    "check of Latin-1": (
        ("priors", "check", "latin.toml"),
        "latin.toml: byte 10 (0xe9) is not UTF-8.",
        "Save the file",
    ),
    "show of a bad name": (
        ("priors", "show", "epoch-2052"),
        "prior 'epoch-2052' is neither",
        "Did you mean 'epoch-2025'?",
    ),
    "new over another": (("priors", "new", "bad.toml"), "bad.toml exists already.", "Name a file that does not exist."),
    "new in a missing folder": (("priors", "new", "no/x.toml"), "there is no folder no.", "Make it first."),
    "new in /proc": (("priors", "new", "/proc/x.toml"), "/proc/x.toml cannot be written: ", "Name another place"),
    "new on a pool": (
        ("priors", "new", "x.toml", "--extends", "agnostic"),
        "agnostic is a pool, which has no entries to inherit.",
        "Start from a member: davidson-2025, ",
    ),
    "new on an unknown base": (
        ("priors", "new", "x.toml", "--extends", "epoch"),
        "prior 'epoch' is neither",
        "Did you",
    ),
    "unknown command": (("rnu",), "No such command 'rnu'", "for help."),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_nothing_written(cli, here, case):
    arguments, why, remedy = BAD[case]
    Path("folder").mkdir()
    Path("file").touch()
    Path("good.csv").write_text("rho,r\n0,1.2\n")
    Path("bad.csv").write_text("rho,r\n1,1.2\n")
    head = 'title = "t"\nextends = "davidson-2025"\n[rho]\nfamily = "uniform"\n'
    Path("bad.toml").write_text(head + 'low = -0.1\nhigh = -0.5\nunit = "1"\nsource = "me"\n')
    Path("latin.toml").write_bytes(b'title="caf\xe9"\n')
    before = {path: Path(path).read_bytes() for path in everything(here) if Path(path).is_file()}
    names = everything(here)
    status, out, err = cli(*arguments)
    message = " ".join(err.replace("│", " ").split())
    assert status == 2
    assert why in message
    assert remedy in message
    assert "Traceback" not in err
    assert out == ""
    assert everything(here) == names
    assert {path: Path(path).read_bytes() for path in before} == before


def test_more_draws_than_memory_are_refused(cli, here, monkeypatch):
    def simulate(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("mc_sie.cli.run_draws.simulate", simulate)
    status, _, err = cli("run", CHEAP, "--draws", "1000000000", "--out", "new/run", "--quiet")
    assert status == 2
    assert "--draws 1000000000 needs more memory than there is. Ask for fewer draws, or count them" in err
    assert everything(here) == set()


# --- Interrupted ---


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("where", [(mc_sie.engine.run, "fill"), (mc_sie.storage.store, "digest_of")])
def test_an_interrupt_leaves_nothing_half_written(cli, here, monkeypatch, number, status, where):
    def interrupted(*args, **kwargs):
        os.kill(os.getpid(), number)
        time.sleep(0.05)

    monkeypatch.setattr(*where, interrupted)
    assert cli("run", CHEAP, *SMALL, "--out", "new/run", "--threads", "1")[0::2] == (
        status,
        "mc-sie: interrupted; nothing half-written is left\n",
    )
    assert everything(here) == set()


@pytest.mark.skipif(INTERPRETED, reason="a batch takes minutes, and an interrupt waits for it")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_in_progress_can_be_interrupted(here, number, status):
    command = [sys.executable, "-m", "mc_sie", "run", CHEAP, "--draws", "2000000", "--out", "new/run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "rounded up" in process.stderr.readline()  # said just before the simulation starts
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=90)
    assert process.returncode == status
    assert "interrupted; nothing half-written is left" in err
    assert "Traceback" not in err
    assert everything(here) == set()


# --- As a program of its own ---


def python_m(*arguments: str, flags: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "mc_sie", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        env={**os.environ, **environment},
    )


def test_a_clean_run_warns_of_nothing(here):
    python_m("run", CHEAP, *SMALL)  # so that the next finds compiled code
    done = python_m("run", "davidson-2025", *SMALL, flags=("-W", "error"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Results: runs/davidson-2025/" in done.stdout


def test_bad_input_is_told_to_the_shell(here):
    done = python_m("run", CHEAP, "--draws", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mc-sie: --draws 0 is out of range")


def test_a_terminal_without_blocks_is_no_reason_to_fail(here):
    done = python_m("priors", "show", "davidson-2025", "--density", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2588" in done.stdout


READ_NO_FURTHER = {
    "sensitivity": ("sensitivity", CHEAP, "--draws", "2048", "--out", "folder"),
    "compare": ("compare", CHEAP, "davidson-2025", "--draws", "256", "--out", "folder"),
    "breakeven": ("breakeven", CHEAP, "--quantity", "r", "--draws", "256", "--out", "folder"),
    "structure": ("structure", CHEAP, "--draws", "256", "--out", "folder"),
    "evidence": ("evidence", "economists-evidence", "--draws", "2048", "--out", "folder"),
    "headlines": ("headlines", "--draws", "64", "--out", "folder"),
    "reproduce": ("reproduce", "--source", "sevilla", "--out", "folder"),
    "run": ("run", CHEAP, "--draws", "256", "--out", "folder"),
    "run --no-draws": ("run", CHEAP, "--draws", "256", "--no-draws", "--out", "folder"),
    "run --rare": ("run", CHEAP, "--draws", "2048", "--rare", "--event", "best_window[16] < 4", "--out", "folder"),
    "explore": ("explore", CHEAP, "--draws", "512", "--out", "page.html"),
    "trajectory": ("trajectory", CHEAP, "--csv", "table.csv", "--plot", "figure.svg"),
}


@pytest.mark.skipif(INTERPRETED, reason="every command that writes, with draws enough for each")
@pytest.mark.parametrize("case", READ_NO_FURTHER)
def test_what_was_asked_for_is_written_though_nobody_reads_on(cli, here, monkeypatch, case):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    arguments = READ_NO_FURTHER[case]
    _, _, err = cli(*arguments, "--quiet") if case != "trajectory" else cli(*arguments)
    assert err == ""
    for place in arguments[1:]:
        if place in ("folder", "page.html", "table.csv", "figure.svg"):
            assert (here / place).exists()


def test_a_closed_pipe_is_no_error(here):
    command = f"{sys.executable} -m mc_sie priors show davidson-2025 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith("Davidson (2025)")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output_is_said_in_one_line(here):
    Path("t.csv").write_text("rho,r\n0,1.2\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mc_sie", "evaluate", "t.csv"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=100,
        )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    assert Path("/dev/full").is_char_device()


# --- Rare events ---


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
    assert record["method_in_words"] in out
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
