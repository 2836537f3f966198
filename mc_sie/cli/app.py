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
priors_app = typer.Typer(help="List, show, check, import and start prior sets.", no_args_is_help=True)
app.add_typer(priors_app, name="priors")

Threads = Annotated[int | None, typer.Option(help="Threads; every processor if not given. Changes no result.")]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Count on a Dask cluster, e.g. tcp://host:8786. Changes no result."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Prior = Annotated[
    str, typer.Argument(help="A shipped prior set (see 'mc-sie priors list') or the path of a TOML file.")
]
