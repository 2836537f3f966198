"""How the commands talk: text, tables, warnings, refusals and progress bars, on a terminal or into a pipe."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from mc_sie.text.escaping import visible

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.text import Text

    from mc_sie.engine.batches import Progress

WIDE = 120
"""Columns from which a table has room for sentences."""


def refuse(where: str, why: str, remedy: str) -> NoReturn:
    """Stop with an error of the user's: where, why, and what to do."""
    from mc_sie.errors import InputError

    raise InputError(where, why, remedy) from None


def warn(warnings: Iterable[str]) -> None:
    """Say what may be meant but looks like a mistake, on standard error."""
    for warning in warnings:
        say(f"warning: {warning}", err=True, style="yellow")


def counted(n: int, noun: str) -> str:
    """``"1 row"``, ``"1,200 rows"``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def say(what: Any, *, err: bool = False, style: str | None = None) -> None:
    """Print text as it is (prior files may hold square brackets, which are no markup), or something of rich's."""
    from rich.text import Text

    console = console_of(err=err)
    console.print(what, style=style, soft_wrap=isinstance(what, str | Text) and not console.is_terminal)


@cache
def _console_class() -> type[Console]:
    """rich's console, which lets no control character of a title, a key or a record through to the terminal."""
    from rich.console import Console

    class VisibleConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # all text passes here: lines, titles, cells
            return super().render_str(visible(text), **options)

    return VisibleConsole


def console_of(*, err: bool = False) -> Console:
    """Where text goes: as wide as the terminal, or as $COLUMNS says where there is none."""
    stream = sys.stderr if err else sys.stdout
    asked = os.environ.get("COLUMNS", "")
    width = None if stream.isatty() else int(asked) if re.fullmatch("[1-9][0-9]{0,3}", asked) else 160
    return _console_class()(stderr=err, highlight=False, markup=False, emoji=False, width=width)


def print_headed(head: str, rest: str) -> None:
    """A line that begins in bold."""
    from rich.text import Text

    say(Text.assemble((visible(head), "bold"), visible(rest)))


def print_table(frame: pd.DataFrame, title: str | None, digits: int = 4) -> None:
    """A frame as a table, numbers to some significant digits."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        table.add_column(str(column), overflow="fold", justify="right" if frame[column].dtype.kind in "fi" else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{cell + 0.0:.{digits}g}" if isinstance(cell, float) else str(cell) for cell in row))
    say(table)


@contextmanager
def progress_bar(
    quiet: bool, doing: str = "simulating", unit: str = "draws", *, is_here: bool = True
) -> Iterator[Progress | None]:
    """A progress bar with rate and time left, on a terminal; and word of what is compiled here first."""
    if is_here:
        from mc_sie.engine.compiling import announce_compiling, compile_beside

        announce_compiling(say=functools.partial(say, err=True))
        compile_beside()
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console_of(err=True),
        transient=True,
    ) as bar:
        task = bar.add_task(visible(doing), rate="")

        def report(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=done,
                total=total,
                rate=f"{speed:,.{0 if speed >= 10 else 1}f} {unit}/s" if speed else "",
            )

        yield report
