"""The ``priors`` commands: list, show, check, import and start prior sets."""

import json
from pathlib import Path

from tests_settings import SMALL


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
    from mc_sie.analysis.comparison.headlines import recorded

    status, out, _ = cli("priors", "list")
    assert status == 0
    labels = recorded().set_index("name")["label"]
    for name in shipped_priors():
        line = " ".join(next(line for line in out.splitlines() if line.startswith(f"{name} ")).split())
        assert line == f"{name} {labels[name]} {load_prior(name).title}"
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


def test_check_takes_a_shipped_name(cli):
    status, out, _ = cli("priors", "check", "agnostic")
    assert status == 0
    assert "agnostic: fine; a pool of " in out
