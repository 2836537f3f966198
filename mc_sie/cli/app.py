"""The application, and the options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="mc-sie",
    help="How likely is a software intelligence explosion, and what does that depend on?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from mc_sie.store import version_of

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

Threads = Annotated[int | None, typer.Option(help="Threads; every processor if not given. Changes no result.")]
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


def whole_number(text: str | int) -> int:
    """A whole number as people write it: 1000000, 1,000,000, 1e6 or 2^20."""
    plain = str(text).replace(",", "").replace("_", "").replace("**", "^").strip()
    base, power, exponent = plain.partition("^")
    try:
        found = int(base) ** min(int(exponent), 99) if power else float(plain)
        if found == int(found):
            return int(plain) if plain.lstrip("+-").isdecimal() else int(found)
    except (ValueError, OverflowError):
        pass
    raise typer.BadParameter(f"{text!r} is no whole number: write 1000000, 1e6 or 2^20.")
