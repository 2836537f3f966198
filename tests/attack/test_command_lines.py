"""Command lines that nobody would type on purpose: a documented exit status and a short message, never a traceback."""

from __future__ import annotations

import os
import typing
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mc_sie.cli import app
from mc_sie.cli.app import load_commands, number, whole_number
from mc_sie.cli.priors import priors_app
from mc_sie.errors import McSieError
from mc_sie.text.numerals import parse_number, parse_whole

STATUSES = {0, 2, 3}
"""Done, something the user can put right, and a run whose draws do not answer for another prior."""

LONGEST_MESSAGE = 4500  # characters: a message shortens what it repeats
TINY = ("--draws", "64", "--replicates", "2", "--only-event", "--quiet")

load_commands()
COMMANDS = {
    **{(command.callback.__name__,): command.callback for command in app.registered_commands},
    **{("priors", command.name): command.callback for command in priors_app.registered_commands},
}

POSITIONS = {
    "compare": ("davidson-2025", "nowhere.toml"),
    "evaluate": ("nowhere.csv",),
    "explore": ("nowhere.toml",),
    "headlines": ("--out", "file"),
    "reproduce": ("--out", "file"),
    "resume": ("folder",),
    "reweight": ("folder", "--prior", "nowhere.toml"),
    "verify": ("folder",),
}
"""What stands beside an option so that no command computes anything; else a prior that does not exist."""


def options_of(callback) -> dict[str, typer.models.OptionInfo]:
    """The options of a command by their flags."""
    hints = typing.get_type_hints(callback, include_extras=True)
    found = {}
    for name, hint in hints.items():
        info = next((part for part in typing.get_args(hint)[1:] if isinstance(part, typer.models.OptionInfo)), None)
        if info is not None:
            flag = next(
                (text for text in info.param_decls or () if text.startswith("--")), f"--{name.replace('_', '-')}"
            )
            found[flag] = info
    return found


def has_number(hint: object) -> bool:
    """Whether an annotation is of numbers, or of lists of them, or optional ones."""
    return hint in (int, float) or any(has_number(part) for part in typing.get_args(hint) if part is not bool)


NUMERIC = [
    (command, flag, info.parser)
    for command, callback in COMMANDS.items()
    for flag, info in options_of(callback).items()
    if info.parser in (number, whole_number)
]

NUMBERS = [
    *("nan", "inf", "-inf", "-0", "0", "-1", "1.5", "1e3", "2^-1", "0^-1", "0^0", "2^99999999999", "10^10^10", "1__0"),
    *(
        "1,5",
        "1,000",
        "1_000",
        "٣",
        "\uff13",
        "²",
        "0x10",
        "true",
        "1e400",
        "1e-400",
        "1e999999999",
        "+",
        "-",
        ".",
        "1.",
        "%s",
    ),
    *("1e18", "1e29", "18446744073709551616", "9" * 4000, "1 000", "{}", "[rho]", "\x1b[31m", "5e-324", "1e308", "½"),
]
EVENTS = [
    *("x", " " * 3000, "a" * 4000, "[" * 4000, "best_window[5] < 1e400", "best_window[" + "9" * 4000 + "] < 1", "<<<<"),
    *("best_window[5]<٣", "pace_peak > 1e-400", "best_window[5] < 12\n", "pace_peak > nan", "best_window[5] < 1,000"),
    *(
        "months_to[5] < 1e300",
        "best_gain_ooms[1e300] > 1",
        "best_year_progress_years > 3",
        "n_deployments[1] > 0",
        "\x00",
    ),
]
PATHS = ["file", "folder", "folder/x", "file/x", "nowhere", ".", "..", "/", "/dev/null", "a/../b", "-", "\x00", "x y"]
SOURCES = [*PATHS, "davidson-2025", "mine.toml", "good.csv", "bad.csv", "broken.toml", "davidson-2052"]
SETTINGS = [
    "rho=-0.2",
    "rho=",
    "=",
    "rho==1",
    "rho=٣",
    "rho=1e400",
    "mode=1",
    "mode=continual",
    "rho=1__0",
    "horizon_months=5",
]


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory):
    """A folder with a few files, good and bad, to stand in."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("attack")
    os.chdir(folder)
    Path("folder").mkdir()
    Path("file").write_text("")
    Path("mine.toml").write_text('title = "mine"\nextends = "davidson-2025"\n')
    Path("broken.toml").write_text("rho = [[[[")
    Path("good.csv").write_text("rho,r\n-0.1,1.2\n")
    Path("bad.csv").write_text('quantity;family;value\nrho;"fixed;1.000\n')
    yield folder
    os.chdir(before)


def asked(arguments: list[str]) -> tuple[int, str]:
    """Exit status and all output of a command line; an error that nobody foresaw fails the test with its traceback."""
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, McSieError):  # the program's door prints it and exits with 2
        return 2, f"{result.output}mc-sie: {result.exception}"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"mc-sie {arguments}") from result.exception
    return result.exit_code, result.output


fuzzed = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_every_option_with_a_number_is_read_by_the_one_parser():
    for command, callback in COMMANDS.items():
        for name, hint in typing.get_type_hints(callback, include_extras=True).items():
            if name != "return" and has_number(typing.get_args(hint)[0] if typing.get_args(hint) else hint):
                info = typing.get_args(hint)[1]
                assert info.parser in (number, whole_number), (command, name)
    assert len(NUMERIC) > 40


@given(st.sampled_from(NUMERIC), st.sampled_from(NUMBERS) | st.text(max_size=8))
@settings(fuzzed, max_examples=500)
def test_a_number_that_is_none_is_refused_by_every_option(option, text):
    command, flag, parser = option
    beside = POSITIONS.get(command[-1], ("nowhere.toml",))
    status, output = asked([*command, *beside, f"{flag}={text}"])
    assert status == 2
    assert len(output) < LONGEST_MESSAGE
    try:
        (parse_whole if parser is whole_number else parse_number)(text)
    except ValueError:
        assert "Invalid value" in output, output


@given(
    st.sampled_from([command for command, callback in COMMANDS.items() if "--event" in options_of(callback)]),
    st.sampled_from(EVENTS) | st.text(max_size=30),
)
@settings(fuzzed, max_examples=150)
def test_an_event_that_is_none_is_refused_by_every_command(command, text):
    beside = POSITIONS.get(command[-1], ("davidson-2025",))
    cheap = ["--draws", "0"] if "--draws" in options_of(COMMANDS[command]) else []
    status, output = asked([*command, *beside, *cheap, f"--event={text}"])
    assert status == 2
    assert len(output) < LONGEST_MESSAGE


@given(st.sampled_from(sorted(COMMANDS)), st.data())
@settings(fuzzed, max_examples=500)
def test_a_random_command_line_ends_with_a_documented_status(command, data):
    options = options_of(COMMANDS[command])
    words: list[str] = data.draw(st.lists(st.sampled_from(SOURCES) | st.text(max_size=6), max_size=3))
    values = {
        "--event": st.sampled_from(EVENTS),
        "--set": st.sampled_from(SETTINGS),
        **dict.fromkeys(("--out", "--output", "--plot", "--csv", "--record"), st.sampled_from(PATHS)),
    }
    for flag in data.draw(st.lists(st.sampled_from(sorted(options)), max_size=3)) if options else ():
        if options[flag].parser in (number, whole_number):
            value = data.draw(st.sampled_from(NUMBERS))
        elif flag in ("--serve", "--shipped", "--scheduler"):  # a server, every set, and a network
            continue
        elif options[flag].param_decls:
            value = None
        else:
            value = data.draw(values.get(flag, st.sampled_from(SOURCES)))
        words += [flag] if value is None else [flag, value]
    if "--draws" in options:
        words += ["--draws", "0"]  # whatever else is right, nothing heavy is computed
    if command == ("reproduce",):
        words += ["--threads", "0"]
    status, output = asked([*command, *words])
    assert status in STATUSES or (command == ("priors", "new") and status == 1)
    assert len(output) < LONGEST_MESSAGE or status == 0


@given(
    st.sampled_from(EVENTS), st.sampled_from(NUMBERS), st.sampled_from(PATHS), st.sampled_from(["--no-draws", "--rare"])
)
@settings(fuzzed, max_examples=60)
def test_a_tiny_run_ends_with_a_documented_status(event, seed, out, how):
    status, output = asked(["run", "mine.toml", *TINY, f"--event={event}", f"--seed={seed}", "--out", out, how])
    assert status in STATUSES
    assert len(output) < LONGEST_MESSAGE or status == 0


@given(
    st.lists(st.sampled_from(SETTINGS) | st.text(max_size=10), max_size=3),
    st.sampled_from(["240", *NUMBERS]),
    st.sampled_from(PATHS),
)
@settings(fuzzed, max_examples=100)
def test_a_trajectory_ends_with_a_documented_status(stated, horizon, path):
    words = [word for setting in stated for word in ("--set", setting)]
    status, _ = asked(["trajectory", *words, f"--horizon-months={horizon}", "--csv", path])
    assert status in STATUSES


@pytest.mark.parametrize("blank", ["", " ", "\t\n", " " * 3000])
@pytest.mark.parametrize("before", [("run",), ("resume",), ("run", "--event"), ("priors", "check"), ("evaluate", "-o")])
def test_a_blank_argument_is_refused_wherever_it_stands(before, blank):
    status, output = asked([*before, blank])
    assert status == 2
    assert f"argument {len(before) + 1} is blank" in output


def test_an_endless_argument_is_refused_without_being_repeated():
    for words in (["run", "x" * 10**6], ["x" * 10**6], ["run", f"--{'x' * 10**6}"], ["run", "--seed", "9" * 10**6]):
        status, output = asked(words)
        assert status == 2
        assert len(output) < LONGEST_MESSAGE


@pytest.mark.parametrize("place", [".", "/", "..", "folder/.."])
def test_a_folder_without_a_name_is_no_interrupted_run(place):
    status, output = asked(["resume", place])
    assert status == 2
    assert "is no interrupted run" in output


@pytest.mark.parametrize("columns", ["0", "-5", "٣", "9" * 4000, "1e9", "999999999", "abc"])
def test_a_width_of_the_terminal_that_is_none_is_passed_over(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert asked(["trajectory"])[0] == 0
