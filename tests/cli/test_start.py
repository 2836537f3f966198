"""What the first words of a command wait for: the modules that are imported before them, counted rather than timed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest
import typer

import mc_sie.cli
from mc_sie.cli.app import COMMANDS, app, load_commands
from mc_sie.cli.priors import priors_app

NUMERICAL = ("numpy", "scipy", "pandas", "numba", "pyarrow", "xarray", "arviz_base", "h5py", "matplotlib")
"""What no first word needs. (pydantic is not among them: typer reads arguments with it where it is installed.)"""

DRAWING = ("xarray", "arviz_base", "matplotlib")

WATCHED = """
import sys
from mc_sie.__main__ import main
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def imported(*arguments: str, **environment: str) -> set[str]:
    """Modules that a command has imported when it ends."""
    watched = WATCHED.replace("main()", f"sys.argv = ['mc-sie', *{list(arguments)!r}]; main()")
    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, timeout=100, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "idle"),
    [
        (["--version"], (*NUMERICAL, "pydantic", "rich", "mc_sie.cli.run", "mc_sie.priors", "mc_sie.storage.records")),
        (["--help"], (*NUMERICAL, "pydantic", "mc_sie.priors", "mc_sie.events")),
        (["run", "--help"], (*NUMERICAL, "mc_sie.priors", "mc_sie.cli.sensitivity")),
        (["priors", "list"], (*NUMERICAL, "mc_sie.priors.schema", "mc_sie.cli.run")),
        (["priors", "check", "davidson-2025"], ("pandas", "numba", "pyarrow", "mc_sie.sampling", *DRAWING)),
        (["priors", "show", "davidson-2025"], ("mc_sie.engine", "mc_sie.analysis", *DRAWING)),
        (["priors", "schema"], ("pandas", "numba", "pyarrow", "scipy", *DRAWING)),
    ],
)
def test_a_command_imports_nothing_that_it_does_not_use(arguments, idle):
    assert imported(*arguments).intersection(idle) == set()


def test_the_shell_completes_without_numbers():
    words = {"COMP_WORDS": "mc-sie run davidson-h", "COMP_CWORD": "2", "_MC_SIE_COMPLETE": "complete_bash"}
    assert imported(**words).isdisjoint((*NUMERICAL, "mc_sie.priors.schema"))


def test_a_command_imports_no_other():
    commands = {f"mc_sie.cli.{module}" for module in COMMANDS.values()}
    assert imported("run", "--help") & commands == {"mc_sie.cli.run"}


def test_every_command_stands_in_the_table_with_its_module():
    for module in iter_modules(mc_sie.cli.__path__, "mc_sie.cli."):
        import_module(module.name)
    functions = [command.callback for command in app.registered_commands]
    modules = {function.__name__: function.__module__ for function in functions}
    modules["priors"] = priors_app.registered_commands[0].callback.__module__
    assert modules == {name: f"mc_sie.cli.{module}" for name, module in COMMANDS.items()}


def test_help_lists_the_commands_in_the_order_of_the_table(cli):
    load_commands(reversed(COMMANDS))
    group = typer.main.get_command(app)
    assert group.list_commands(None) == list(COMMANDS)
    assert [group.get_command(None, name).name for name in COMMANDS] == list(COMMANDS)
    _, shown, _ = cli("--help")
    places = [shown.index(f"│ {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_a_mistyped_command_is_told_its_neighbour(cli):
    status, _, err = cli("sensitivty")
    assert status == 2
    assert "Did you mean 'sensitivity'?" in err
