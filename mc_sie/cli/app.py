"""The application, and the options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from mc_sie.errors import CombinedInputError, InputError, McSieError

T = TypeVar("T")

COMMANDS = {
    "run": "run",
    "resume": "run",
    "netcdf": "netcdf",
    "sensitivity": "sensitivity",
    "measure": "measure",
    "compare": "compare",
    "breakeven": "compare",
    "structure": "compare",
    "retraining": "retraining",
    "evidence": "evidence",
    "report": "report",
    "verify": "report",
    "explore": "explore",
    "evaluate": "law",
    "trajectory": "law",
    "headlines": "published",
    "reproduce": "published",
    "priors": "priors",
}
"""Modules of this package by the command that each adds when it is imported, in the order of ``--help``."""

_LONGEST = 5000  # characters of one argument: the longest path has 4096

FLAGS = {
    "all_outcomes": "--all-outcomes",
    "curves_only": "--curves-only",
    "estimate_rare": "--rare",
    "horizon_months": "--horizon-months",
    "loss_ratio": "--loss-ratio",
    "max_draws": "--max-draws",
    "n_draws": "--draws",
    "n_replicates": "--replicates",
    "order_pairs": "--orders",
    "rel_se": "--rel-se",
    "target_se": "--target-se",
    "without_evidence": "--without-evidence",
    "write_streamed": "--no-draws",
}
"""Flags by the argument of the library that they set, for names that mean nothing else: wherever a message has them."""

FLAGS_OF_WORDS = {
    "address": "--scheduler",
    "event": "--event",
    "extends": "--extends",
    "folder": "--out",
    "model": "--model",
    "out": "--out",
    "output": "--output",
    "plot": "--plot",
    "quantities": "--quantity",
    "scheduler": "--scheduler",
    "scheme": "--scheme",
    "sd": "--sd",
    "sd_log": "--sd-log",
    "sd_logit": "--sd-logit",
    "seed": "--seed",
    "settings": "--set",
    "source": "--source",
    "targets": "--target",
    "threads": "--threads",
}
"""Flags by argument, for names that are words besides: only where a message begins with one, or gives it a value."""

_KEYS_OF_PRIOR_FILES = {"extends", "sd", "sd_log", "source"}  # messages may tell somebody to write "extends = ..."
_WORDS_WITH_A_VALUE = FLAGS_OF_WORDS.keys() - _KEYS_OF_PRIOR_FILES

_NOT_QUOTED = r"""(?<![\w'"`.\[-])"""  # inside quotes, brackets and longer names: a user's own text, or a column
_NAMED = re.compile(rf"""{_NOT_QUOTED}({"|".join(FLAGS)})(?: =)?(?![\w'"`\]])""")
_GIVEN = re.compile(rf"{_NOT_QUOTED}({'|'.join(sorted(_WORDS_WITH_A_VALUE))}) = ")
_NAMED_FIRST = re.compile(rf"({'|'.join([*FLAGS, *FLAGS_OF_WORDS])}) (?:= )?(?=\S)")


def with_flags(text: str) -> str:
    """A sentence of the library in the words of the command line: its flags instead of the library's arguments.

    Parameters
    ----------
    text : str
        Such as ``"Raise max_draws, or lower n_draws."``; text that names flags already stays as it is.

    Returns
    -------
    str
        ``"Raise --max-draws, or lower --draws."``
    """
    text = _NAMED.sub(lambda found: FLAGS[found[1]], text)
    return _GIVEN.sub(lambda found: f"{FLAGS_OF_WORDS[found[1]]} ", text)


def message_of(error: McSieError) -> str:
    """The message of an error as the command line prints it.

    Parameters
    ----------
    error : McSieError
        Raised by the library, which names arguments, or by a command, which names flags.

    Returns
    -------
    str
        With flags: ``n_draws = 0 is below 1`` becomes ``--draws 0 is below 1``.
    """
    if not isinstance(error, InputError) or isinstance(error, CombinedInputError):  # files have no arguments
        return str(error)
    named = _NAMED_FIRST.match(error.where)
    where = error.where
    if named:
        where = f"{(FLAGS | FLAGS_OF_WORDS)[named[1]]} {error.where[named.end() :]}"
    elif error.where in FLAGS:
        where = FLAGS[error.where]
    return str(InputError(where, with_flags(error.why), with_flags(error.remedy)))


def load_commands(names: Iterable[str] = COMMANDS) -> None:
    """Import the modules of some commands, which add themselves to :data:`app`."""
    for name in names:
        import_module(f"mc_sie.cli.{COMMANDS[name]}")


class _Door(TyperGroup):
    """The commands, each imported when it is called, or all for a list of them.

    Closed to arguments that are blank (a shell variable that is not set) or endless.
    """

    def get_command(self, ctx: Any, name: str) -> Any:
        """A command; None where there is no such command, for which all are imported to suggest one."""
        self._load([name] if name in COMMANDS else COMMANDS)
        return super().get_command(ctx, name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, in the order of ``--help``."""
        self._load(COMMANDS)
        return list(COMMANDS)

    def _load(self, names: Iterable[str]) -> None:
        """Import the commands that are not among ours yet, and take over all that the application then has."""
        missing = [name for name in names if name not in self.commands]
        if missing:
            load_commands(missing)
            self.commands = typer.main.get_group(app).commands

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse such arguments wherever they stand, before any of them is read."""
        for place, argument in enumerate(args, start=1):
            if not argument.strip():
                raise typer.BadParameter(f"argument {place} is blank. Leave it out, or check the variable behind it.")
            if len(argument) > _LONGEST:
                raise typer.BadParameter(f"argument {place} has {len(argument):,} characters. Give a shorter one.")
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="mc-sie",
    cls=_Door,
    help="How likely is a software intelligence explosion, and what does that depend on?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from mc_sie.storage.versions import version_of

        typer.echo(f"mc-sie {version_of('mc-sie')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def whole_number(text: str | int) -> int:
    """A whole number as people write it: 1000000, 1,000,000, 1e6 or 2^20."""
    from mc_sie.text.numerals import parse_whole

    if isinstance(text, int):  # typer hands defaults through the parser, too
        return text
    return _read(text, parse_whole)


def number(text: str | float) -> float:
    """A number in the digits 0 to 9, with a decimal point."""
    from mc_sie.text.numerals import parse_number

    if isinstance(text, int | float):
        return float(text)
    return _read(text, parse_number)


whole_option = partial(typer.Option, parser=whole_number, metavar="N")
number_option = partial(typer.Option, parser=number, metavar="X")
"""Options with a number; typer's own reading takes foreign digits and underscores."""


def _read(text: str, parse: Callable[[str], T]) -> T:
    """The number that an option states, or typer's own refusal with the reason and the remedy."""
    from mc_sie.errors import shortened

    try:
        return parse(text)
    except ValueError as error:
        why, remedy = error.args
        raise typer.BadParameter(f"{shortened(repr(text))} {why}. {remedy}") from None


Threads = Annotated[
    int | None,
    whole_option(help="Threads; every processor if not given. Changes no result."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Count on a Dask cluster, e.g. tcp://host:8786. Changes no result."),
]
WithoutEvidence = Annotated[
    bool, typer.Option("--without-evidence", help="Ask of the prior as it was before its evidence.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def _shipped_beginning(text: str) -> list[str]:
    """Shipped prior sets, for the shell's completion; files it completes itself."""
    from mc_sie.priors import shipped_priors

    return [name for name in shipped_priors() if name.startswith(text)]


Prior = Annotated[
    str,
    typer.Argument(
        metavar="PRIOR",
        autocompletion=_shipped_beginning,
        help="A shipped prior set (see 'mc-sie priors list') or the path of a TOML file.",
    ),
]
