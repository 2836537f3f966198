"""Numbers of options, the version, and the library's errors in the words of the command line."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import mc_sie
from mc_sie.cli import app
from mc_sie.cli.app import FLAGS, FLAGS_OF_WORDS, load_commands, message_of, whole_number, with_flags
from mc_sie.errors import InputError, McSieError


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("n_draws = 0", "is below 1", "Raise n_draws."), "--draws 0 is below 1. Raise --draws."),
        (InputError("n_draws 0", "is below 1"), "--draws 0 is below 1."),
        (InputError("--draws 0", "is below 1"), "--draws 0 is below 1."),
        (InputError("event 'pace'", "is not an event"), "--event 'pace' is not an event."),
        (InputError("seed = -1", "is below 0"), "--seed -1 is below 0."),
        (InputError("settings rho = 7", "is outside [-50, 1)"), "--set rho = 7 is outside [-50, 1)."),
        (
            InputError("run", "kept no draws (write_streamed or estimate_rare)"),
            "run kept no draws (--no-draws or --rare).",
        ),
        (
            InputError("event 'x'", "is late", "Ask about less, or give horizon_months = 300."),
            "--event 'x' is late. Ask about less, or give --horizon-months 300.",
        ),
        (
            InputError("run.json", "cannot be asked again: event = 'often' is not an event"),
            "run.json cannot be asked again: --event 'often' is not an event.",
        ),
        (McSieError("n_draws = 0"), "n_draws = 0"),
    ],
)
def test_an_error_names_the_flag_that_sets_the_argument(error, message):
    assert message_of(error) == message


@pytest.mark.parametrize(
    "error",
    [
        InputError("seed", "states no evidence", "Take economists-evidence."),  # a prior set of this name
        InputError("a.csv: row 3, column 'n_draws' = 5", "names no quantity: 'n_draws' is unknown"),
        InputError("mine.toml: [rho] source = n_draws", "is short"),
        InputError("mine.toml: source = 3", "is not text", "Write extends = 'davidson-2025'."),
    ],
)
def test_what_a_user_named_like_an_argument_stays(error):
    assert message_of(error) == str(error)


def test_sentences_of_the_library_name_flags():
    assert with_flags("target_se 0.001 is reached (n_draws).") == "--target-se 0.001 is reached (--draws)."


def test_errors_of_storage_and_reports_name_no_flags():
    told = []
    package = Path(mc_sie.__file__).parent
    for path in sorted([*package.glob("storage/*.py"), *package.glob("report/**/*.py")]):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("InputError", "unwritable"):
                texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
                told += [(path.name, text) for text in texts if re.search(r"(?<![\w-])--[a-z]", str(text))]
    assert told == []


def test_every_flag_of_the_table_exists():
    load_commands()
    commands = [command.callback for command in app.registered_commands]
    flags = set()
    for callback in commands:
        flags |= {f"--{name.replace('_', '-')}" for name in inspect.signature(callback).parameters}
        flags |= set(re.findall(r"--[a-z-]+", inspect.getsource(callback)))
    assert {*FLAGS.values(), *FLAGS_OF_WORDS.values(), "--extends"} - flags == {"--extends"}  # of the priors commands


@pytest.mark.parametrize("written", ["1024", "1,024", "1_024", "1024.0", "2^10", "2**10", "1.024e3"])
def test_draws_are_read_as_people_write_them(written):
    assert whole_number(written) == 1024


def test_the_version_can_be_asked_for(cli):
    assert cli("--version")[:2] == (0, f"mc-sie {mc_sie.__version__}\n")
