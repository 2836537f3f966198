"""The application, and the options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

T = TypeVar("T")

_LONGEST = 5000  # characters of one argument: the longest path has 4096


class _Door(TyperGroup):
    """The commands, closed to arguments that are blank (a shell variable that is not set) or endless."""

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


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from mc_sie.storage.store import version_of

        typer.echo(f"mc-sie {version_of('mc-sie')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


priors_app = typer.Typer(help="List, show, check, import and start prior sets.", no_args_is_help=True)
app.add_typer(priors_app, name="priors")


def whole_number(text: str | int) -> int:
    """A whole number as people write it: 1000000, 1,000,000, 1e6 or 2^20."""
    from mc_sie.text.numerals import parse_whole

    return text if isinstance(text, int) else _read(text, parse_whole)


def number(text: str | float) -> float:
    """A number in the digits 0 to 9, with a decimal point."""
    from mc_sie.text.numerals import parse_number

    return float(text) if isinstance(text, int | float) else _read(text, parse_number)


whole_option = partial(typer.Option, parser=whole_number, metavar="N")
number_option = partial(typer.Option, parser=number, metavar="X")
"""Options with a number; typer's own reading takes foreign digits and underscores."""


def _read(text: str, parse: Callable[[str], T]) -> T:
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
